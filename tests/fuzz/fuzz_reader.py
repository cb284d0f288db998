"""Damages exports at random and reads them: no crash, no hang, no row unaccounted for.

    PYTHONPATH=. .venv/bin/python tests/fuzz/fuzz_reader.py --seconds 600 [--seed 1] [--keep folder]

Seeds are the files in seeds/ beside this, and golden files and a demo network's exports where there are any. What
fails is written to --keep, and the last line counts it. Each file is opened and streamed; where it is plain
delimited text, its rows are compared with what Python's csv module finds. Every hundredth round lands a
zone of damaged files whole.
"""

import argparse
import csv
import gzip
import io
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from damage import damaged, seeds

from dagster_project.errors import RegularsError, UnreadableFile
from dagster_project.extract.lines import lines_of
from dagster_project.extract.listing import list_landing
from dagster_project.extract.nightly import extract_night
from dagster_project.extract.reading import open_table
from dagster_project.extract.tables import ROW_NUMBER, Rows, stream_rows
from dagster_project.network import load_network

HANG_SECONDS = 30
# Stands in cells of every seed, never in a header.
SECRET = "Zuzana"


def read_all(folder: Path, name: str, content: bytes) -> str:
    """Read one file as the pipeline would; what became of it. Raises AssertionError when rows are unaccounted for."""
    zone = folder / "landing"
    (zone / "shop_1").mkdir(parents=True, exist_ok=True)
    path = zone / "shop_1" / name
    path.write_bytes(content)
    outcomes, reasons = [], []
    try:
        for file in list_landing(zone, {}):
            try:
                outcomes.append(_read(zone / file.container, file.path, file.member, content))
            except UnreadableFile as reason:
                reasons.append((file.path, str(reason)))
                outcomes.append("set aside")
    finally:
        path.unlink()
    for named, reason in reasons:
        assert reason.startswith(named), f"no name in {reason[:200]!r}"
        assert len(reason) < len(named) + 400, "a reason of great length"
        assert SECRET not in reason.removeprefix(named), "a cell's value in a reason"
    assert outcomes, "the file vanished"
    return outcomes[0]


def _read(path: Path, name: str, member: str | None, content: bytes) -> str:
    table, rows, numbers = open_table(path, name, member, lambda header: "order_id" in header), Rows(), []
    headers = list(dict.fromkeys(h for h in table.header if h)) or [table.header[0]]
    for batch in stream_rows(table, headers, rows):
        numbers += batch[ROW_NUMBER].to_pylist()
    every = sorted([*numbers, *(number for number, _ in rows.malformed)])
    assert numbers == sorted(numbers), "rows out of order"
    assert every == list(range(1, rows.read + 1)), "rows unaccounted for"
    lines = lines_of(table, rows.read, np.arange(1, rows.read + 1))
    assert (np.diff(lines) > 0).all(), "rows on one line"
    stream = getattr(table.stream, "func", None)
    if member is None and stream is not None and stream.__name__ == "_stream_arrow":
        text, layout = table.stream.args[:2]
        plain = gzip.decompress(content) if path.suffix == ".gz" else content
        # A byte order mark behind the header belongs to no cell.
        plain_text = plain.decode(text.encoding)[layout.skip :].removeprefix("\ufeff")
        found = [row for row in csv.reader(io.StringIO(plain_text, newline=""), delimiter=layout.delimiter) if row]
        whole = plain.decode(text.encoding)
        last = whole.count("\n") + whole.count("\r") - whole.count("\r\n") + 1
        assert not len(lines) or lines[-1] <= last, "a row behind the file's end"
        assert len(found) == rows.read, f"csv finds {len(found)} rows, not {rows.read}"
        good = sum(len(row) == len(table.header) for row in found)
        assert good == len(numbers), f"csv finds {good} good rows, not {len(numbers)}"
        return "read, as csv does"
    return "read"


def land_all(folder: Path, files: list[tuple[str, bytes]]) -> None:
    """Land damaged files together. Raises AssertionError when a row or a file is unaccounted for."""
    (folder / "network.yaml").write_text("network:\n")
    for number, (name, content) in enumerate(files):
        path = folder / "landing" / f"shop_{number % 3}" / f"{number}_{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    network = load_network(folder / "network.yaml")
    with suppress(RegularsError):
        entries = extract_night(network).entries
        for e in entries:
            assert e.rows_read == e.rows_landed + e.rows_duplicate + e.rows_rejected, e.path
            is_empty = e.rows_read == 0 and e.status != "duplicate" and not e.part
            assert (e.status == "rejected") == is_empty, e.path
        landed = {e.file_path.partition("!")[0] for e in entries}
        assert len(landed) == len(files), "a file vanished"
    assert not list((folder / "home").rglob("*.new")), "something is half-written"


def fuzz(seed: int, rounds: int | None, seconds: float, keep: Path | None) -> Counter[str]:
    """Outcomes by kind; failures are counted as `FAILED <what>` and their files kept.

    A number of `rounds` uses seeds/ alone, and so replays exactly.
    """
    rng, files, outcomes = random.Random(seed), seeds(more=rounds is None), Counter()
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end and (rounds is None or done < rounds):
        done += 1
        batch = [damaged(rng, files) for _ in range(25)] if done % 100 == 0 else [damaged(rng, files)]
        signal.alarm(HANG_SECONDS)
        try:
            with tempfile.TemporaryDirectory() as folder:
                if len(batch) > 1:
                    land_all(Path(folder), batch)
                    outcomes["zone landed"] += 1
                else:
                    outcomes[read_all(Path(folder), *batch[0])] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"FAILED {type(error).__name__} {str(error)[:70]!r} at {Path(where.filename).name}:{where.lineno}"
            outcomes[what] += 1
            if keep and outcomes[what] <= 3:
                for number, (name, content) in enumerate(batch):
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{seed}_{done}_{number}_{name}").write_bytes(content)
                (keep / f"{seed}_{done}.txt").write_text(traceback.format_exc())
        finally:
            signal.alarm(0)
    return outcomes


def _hang(*_: object) -> None:
    raise AssertionError(f"no end within {HANG_SECONDS} seconds")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz_reader")
    given = options.parse_args()
    signal.signal(signal.SIGALRM, _hang)
    counted = fuzz(given.seed, None, given.seconds, given.keep)
    for what, count in counted.most_common():
        print(f"{count:8,}  {what}")
    failures = sum(count for what, count in counted.items() if what.startswith("FAILED"))
    print(f"{sum(counted.values()):,} rounds, {failures} failures" + (f"; see {given.keep}" if failures else ""))
    sys.exit(bool(failures))
