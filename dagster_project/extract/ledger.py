"""The file ledger: what each file of the landing zone became. A cache; it can be rebuilt by landing again."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.home import Home
from dagster_project.lake_file import write_lake_file

ROW_COUNTS = ("rows_read", "rows_landed", "rows_duplicate", "rows_rejected")


@dataclass(frozen=True)
class Entry:
    """One file. rows_read = rows_landed + rows_duplicate + rows_rejected, always; `values_unreadable` counts what its
    landed rows do without.

    `status` is landed (`reason` says what is in doubt), duplicate (the same content stands elsewhere in its folder),
    rejected (set aside whole, see `reason`) or deleted (it was there once). What a file holds for a further feed has an
    entry of its own, whose `part` ends its path.
    """

    path: str
    location_id: str
    sha256: str
    size: int
    modified_ns: int
    file_key: str
    folder_date: date | None
    rules: str
    source: str | None = None
    contract: str | None = None
    feed: str | None = None
    status: str = "rejected"
    reason: str | None = None
    rows_read: int = 0
    rows_landed: int = 0
    rows_duplicate: int = 0
    rows_rejected: int = 0
    values_unreadable: int = 0
    latest_event_at: datetime | None = None
    locations: str = "[]"
    header: str = "[]"
    drift: str = "[]"
    part: str | None = None

    def set_aside(self, reason: str, source: str | None = None) -> "Entry":
        """The file as one that could not be read at all."""
        return replace(self, status="rejected", reason=reason, source=source)

    def deleted(self) -> "Entry":
        """The file as one that is gone from the landing zone: named, and its rows gone."""
        if self.status == "deleted":
            return self
        rows = f"{self.rows_landed:,} rows" if self.rows_landed != 1 else "row"
        told = f"gone from the landing zone, and its {rows} with it; put it back to have them again"
        if not self.rows_landed:
            told = "gone from the landing zone; none of its rows had been taken"
        counts = dict.fromkeys((*ROW_COUNTS, "values_unreadable"), 0)
        return replace(self, status="deleted", reason=f"{self.path}: {told}", **counts)

    @property
    def file_path(self) -> str:
        """The file's own path, also of a part."""
        return self.path.removesuffix(f" ({self.part})") if self.part else self.path

    @property
    def is_current(self) -> bool:
        return self.status == "landed"


_ARROW = {int: pa.int64(), date | None: pa.date32(), datetime | None: pa.timestamp("us")}
SCHEMA = pa.schema([(f.name, _ARROW.get(f.type, pa.string())) for f in fields(Entry)])


def read_ledger(home: Home) -> list[Entry]:
    """The entries of the last landing, by path; none before the first."""
    if not home.ledger.is_file():
        return []
    table = pq.read_table(home.ledger)
    if table.schema.names != SCHEMA.names:
        return []
    return [Entry(**row) for row in table.to_pylist()]


def write_ledger(home: Home, entries: Iterable[Entry]) -> None:
    """Replace the ledger in one rename."""
    by_path = sorted(entries, key=lambda e: e.path)
    columns = [pa.array([getattr(entry, field.name) for entry in by_path], field.type) for field in SCHEMA]
    write_lake_file(pa.table(columns, schema=SCHEMA), home.ledger)
