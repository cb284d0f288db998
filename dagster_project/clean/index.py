"""What of each landed file is clean: its fingerprint and counts, in `clean/index.parquet`."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.home import Home
from dagster_project.lake_file import write_lake_file

INDEX = pa.schema(
    [
        ("feed", pa.string()),
        ("file_key", pa.string()),
        ("fingerprint", pa.string()),
        ("rows", pa.int64()),
        ("invalid_emails", pa.int64()),
        ("invalid_phones", pa.int64()),
        ("invalid_contacts", pa.int64()),
    ]
)
COUNTS = ("rows", "invalid_emails", "invalid_phones", "invalid_contacts")


def _index_path(home: Home) -> Path:
    return home.lake / "clean" / "index.parquet"


def read_index(home: Home) -> dict[tuple[str, str], dict]:
    path = _index_path(home)
    if not path.is_file():
        return {}
    return {(row.pop("feed"), row.pop("file_key")): row for row in pq.read_table(path).to_pylist()}


def write_index(home: Home, index: dict[tuple[str, str], dict]) -> None:
    rows = [{"feed": feed, "file_key": file_key} | entry for (feed, file_key), entry in sorted(index.items())]
    write_lake_file(pa.Table.from_pylist(rows, schema=INDEX), _index_path(home))
