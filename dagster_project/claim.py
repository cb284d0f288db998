"""One run at a time in a home: whoever writes there holds its lock until the process ends."""

import fcntl
from typing import IO

from dagster_project.errors import RegularsError
from dagster_project.home import Home

_held: dict[str, IO[str]] = {}


def claim_home(home: Home) -> None:
    """Hold the home's lock. Does nothing when this process holds it already; the system frees it at its end.

    Raises RegularsError when another process is running a night here.
    """
    path = home.root / ".lock"
    if str(path) in _held:
        return
    home.root.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise RegularsError(f"{home.root}: another run is at work here; wait for it to end, or stop it") from error
    _held[str(path)] = lock
