"""One night in a process of its own, with what each stage cost: `python -m bench.night network.yaml out.json`.

A stage ends where the night says so in its progress lines; what follows the last one is the start-up's and
Dagster's own. Costs are seconds of wall and CPU time (children included) and the peak of resident memory in MiB.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

from bench.processes import forget_peak, peak_mib, run_module

# The first word of the line with which a stage ends -> the stage.
STAGES = {
    "landed": "extract",
    "cleaned": "clean",
    "found": "identity",
    "built": "dbt",
    "judged": "judge",
    "sealed": "seal",
    "published": "publish",
}


def run_night(network: Path) -> dict[str, dict[str, float]]:
    """Stage -> wall, cpu, peak_mib; the stage `night` is the whole process. Raises BenchError when the night fails."""
    out = network.parent / "night.json"
    whole = run_module("bench.night", str(network), str(out))
    return json.loads(out.read_text()) | {"night": whole}


class StageClock(logging.Handler):
    """Notes what was spent between the lines that end stages."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: dict[str, dict[str, float]] = {}
        self._wall, self._cpu = time.monotonic(), sum(os.times()[:4])
        forget_peak()

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage().split()
        stage = STAGES.get(words[0].lower())
        if stage is None or "of" in words[:3]:
            return
        wall, cpu = time.monotonic(), sum(os.times()[:4])
        spent = self.stages.setdefault(stage, {"wall": 0.0, "cpu": 0.0, "peak_mib": 0.0})
        spent["wall"] += wall - self._wall
        spent["cpu"] += cpu - self._cpu
        spent["peak_mib"] = max(spent["peak_mib"], peak_mib())
        self._wall, self._cpu = wall, cpu
        forget_peak()


def main(network: str, out: str) -> None:
    from dagster_project.cli.commands import run

    clock = StageClock()
    logger = logging.getLogger("regulars")
    logger.setLevel(logging.INFO)
    logger.addHandler(clock)
    run(Path(network))
    Path(out).write_text(json.dumps(clock.stages))


if __name__ == "__main__":
    main(*sys.argv[1:])
