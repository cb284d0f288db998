"""A module run in a process of its own, and what that cost."""

import os
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


class BenchError(Exception):
    """A part of the benchmark failed: names it, with the end of what it said."""


def run_module(module: str, *arguments: str) -> dict[str, float]:
    """wall and cpu in seconds (its children included) and peak_mib of resident memory."""
    environment = os.environ | {
        "PYTHONPATH": str(PROJECT),
        "DAGSTER_HOME": str(PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "GX_ANALYTICS_ENABLED": "false",
    }
    with tempfile.TemporaryFile() as told, tempfile.NamedTemporaryFile("r") as peak:
        command = [sys.executable, "-m", "bench.processes", peak.name, module, *arguments]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=told, stderr=told, env=environment, cwd=PROJECT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode:
            told.seek(max(0, told.tell() - 3000))
            raise BenchError(f"{module} {' '.join(arguments)}: {told.read().decode(errors='replace')}")
        return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mib": float(peak.read())}


def forget_peak() -> None:
    """Let the peak of resident memory begin anew, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mib() -> float:
    """The peak of resident memory since it was forgotten; since the process began where that cannot be."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _main(peak: str, module: str, *arguments: str) -> None:
    """Run the module and tell its own peak: what the system tells of a child counts its parent's from before."""
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    Path(peak).write_text(str(peak_mib()))


if __name__ == "__main__":
    _main(*sys.argv[1:])
