"""Lines that show how far a run is, and the last one of a run that somebody stops."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def progress() -> Iterator[None]:
    """Show the rooms' progress lines with the seconds since the start."""
    started = time.monotonic()

    class Elapsed(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"{time.monotonic() - started:6.1f}s  {record.getMessage()}"

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Elapsed())
    logger = logging.getLogger("regulars")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C ends the command in one line, whatever it was at."""
    try:
        yield
    except KeyboardInterrupt:
        raise stopped() from None


def stopped() -> typer.Exit:
    print("Stopped by you; what was published before still stands, and the next run starts over.")
    return typer.Exit(130)
