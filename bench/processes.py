"""A module run in a process of its own, and what that cost."""

import os
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
    with tempfile.TemporaryFile() as told:
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdout=told, stderr=told, env=environment, cwd=PROJECT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode:
            told.seek(max(0, told.tell() - 3000))
            raise BenchError(f"{module} {' '.join(arguments)}: {told.read().decode(errors='replace')}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}
