"""Lay a folder of Online Retail's daily files (`2010-12-01.csv.gz` ...) out as a landing zone.

    python examples/online_retail/lay_out.py FOLDER [FROM] [TO]

copies the files of that period (dates, both included) into `landing/hq/` beside this script, because
each holds several locations, and writes `landing/hq/locations.csv` with one location per country.
A second call adds what is new.
"""

import csv
import gzip
import io
import shutil
import sys
from datetime import date
from pathlib import Path

LANDING = Path(__file__).parent / "landing"


def lay_out(folder: Path, landing: Path, first: date = date.min, last: date = date.max) -> int:
    """Copy the daily files between two dates; returns how many lie in the landing zone now."""
    headquarters = landing / "hq"
    headquarters.mkdir(parents=True, exist_ok=True)
    files = [f for f in sorted(folder.glob("*.csv.gz")) if first <= date.fromisoformat(f.name[:10]) <= last]
    for file in files:
        shutil.copy2(file, headquarters / file.name)
    # All countries from the start, whichever days are laid out: a network knows its locations.
    countries = sorted({row["Country"] for file in folder.glob("*.csv.gz") for row in _rows(file)})
    lines = ["location_id,name", *(f"{country},{country}" for country in countries)]
    (headquarters / "locations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(list(headquarters.glob("*.csv.gz")))


def _rows(file: Path) -> csv.DictReader:
    return csv.DictReader(io.StringIO(gzip.decompress(file.read_bytes()).decode("utf-8")))


if __name__ == "__main__":
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(
            "usage: python examples/online_retail/lay_out.py FOLDER [FROM] [TO]   (FOLDER holds 2010-12-01.csv.gz ...)"
        )
    period = [date.fromisoformat(argument) for argument in sys.argv[2:4]]
    count = lay_out(Path(sys.argv[1]), LANDING, *period)
    print(f"{count} daily files and locations.csv are in {LANDING / 'hq'}")
    print("now: make run NETWORK=examples/online_retail/network.yaml")
