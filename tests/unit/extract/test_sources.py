"""Every source that comes with the project, held against canonical rows worked out by hand.

golden/landing/ holds small exports in the vendors' real layouts with their quirks, golden/expected/ what
must come of each file, feed by feed. All land in one night, so that sources cannot disturb one another.
"""

import os
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.extract.ledger import Entry
from dagster_project.extract.nightly import extract_night
from dagster_project.home import Home
from dagster_project.network import load_network

GOLDEN = Path(__file__).parent / "golden"
DELIVERED = datetime(2026, 11, 1, 9, tzinfo=UTC).timestamp()
EXPECTED = {
    path: feeds
    for file in sorted((GOLDEN / "expected").glob("*.yaml"))
    for path, feeds in yaml.safe_load(file.read_text()).items()
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, Entry]]:
    folder = tmp_path_factory.mktemp("golden")
    shutil.copytree(GOLDEN / "landing", folder / "landing")
    for path in (folder / "landing").rglob("*"):
        os.utime(path, (DELIVERED, DELIVERED))
    (folder / "network.yaml").write_text("network:\n")
    network = load_network(folder / "network.yaml")
    return network.home, {entry.path: entry for entry in extract_night(network).entries}


def test_every_golden_file_has_its_expectation() -> None:
    files = {p.relative_to(GOLDEN / "landing").as_posix() for p in (GOLDEN / "landing").rglob("*.csv")}
    assert files == set(EXPECTED)


@pytest.mark.parametrize(
    ("path", "part"), [(path, part) for path, feeds in EXPECTED.items() for part in feeds], ids=str
)
def test_a_real_export_becomes_these_rows(night, path: str, part: str) -> None:
    home, entries = night
    expected = EXPECTED[path][part]
    entry = entries[path if part == next(iter(EXPECTED[path])) else f"{path} ({part})"]
    assert entry.reason is None
    columns = ", ".join(f'"{column}"' for column in expected["columns"])
    landed = home.landed(entry.feed) / f"{entry.file_key}.parquet"
    rows = duckdb.execute(f"select {columns} from read_parquet(?) order by row_number", [str(landed)]).fetchall()
    assert [[_plain(value) for value in row] for row in rows] == expected["rows"]
    rejected = expected.get("rejected", [])
    assert entry.rows_read == len(rows) + len(rejected)
    if rejected:
        found = duckdb.execute(
            'select row_number, "column", reason from read_parquet(?) order by row_number',
            [str(home.rejected / f"{entry.file_key}.parquet")],
        ).fetchall()
        assert [list(row) for row in found] == rejected


def _plain(value: object) -> str | None:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return None if value is None else str(value)
