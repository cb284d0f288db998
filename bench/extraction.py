"""Extraction alone beside the parse it cannot do without: `python -m bench.extraction network.yaml out.json`."""

import json
import sys
from pathlib import Path
from time import process_time

from pyarrow import csv

from bench.plain_duckdb import TYPES


def main(network: str, out: str) -> None:
    """CPU seconds of one typed pyarrow parse per file, and of landing the same files into a fresh home."""
    from dagster_project.extract.nightly import extract_night
    from dagster_project.network import load_network

    loaded = load_network(Path(network))
    options = csv.ConvertOptions(column_types=TYPES, strings_can_be_null=True)
    started = process_time()
    for path in sorted(loaded.landing.glob("loc_*/20*.csv")):
        csv.read_csv(path, convert_options=options)
    parsed = process_time()
    extract_night(loaded)
    Path(out).write_text(json.dumps({"parse": parsed - started, "extract": process_time() - parsed}))


if __name__ == "__main__":
    main(*sys.argv[1:])
