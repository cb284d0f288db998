"""Restating: files that landed before are read again as if they had just come, and no others."""

from dataclasses import dataclass, replace
from datetime import date

import duckdb

from dagster_project.errors import RegularsError
from dagster_project.extract.ledger import Entry, read_ledger, write_ledger
from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.network import Network

# No landing has these rules, and no file this size: what is remembered passes neither for landed nor for its content.
FORGOTTEN = "restated"
_NO_SIZE = -1


@dataclass(frozen=True)
class Restated:
    """Files that the next landing reads again, and the rows they held; `whose` and `when` as they were asked for."""

    whose: str
    when: str
    paths: list[str]
    rows: int

    def __str__(self) -> str:
        return f"restating {len(self.paths):,} files with {self.rows:,} rows of {self.whose}{self.when}"


def forget(network: Network, location: str | None, first: date | None, last: date | None) -> Restated:
    """Make the next landing read again each file that holds rows of a location, or rows dated `first` to `last`
    (business dates, both included), or both; files set aside count for their location alone.

    Raises RegularsError when nothing is asked for, or no such file has landed.
    """
    if location is None and first is None and last is None:
        raise RegularsError("restate: say which location or which dates, as in LOCATION=shop_1 FROM=2026-10-01")
    entries = read_ledger(network.home)
    chosen = {e.file_path for e in entries if _concerns(network.home, e, location, first, last)}
    whose = location or "all locations"
    when = "" if first is None and last is None else f", {first or 'the beginning'} to {last or 'the end'}"
    if not chosen:
        raise RegularsError(f"restate: no file that has landed holds rows of {whose}{when}; see ops.files")
    restated = [e for e in entries if e.file_path in chosen]
    write_ledger(
        network.home,
        [replace(e, rules=FORGOTTEN, size=_NO_SIZE) if e.file_path in chosen else e for e in entries],
    )
    return Restated(whose, when, sorted(chosen), sum(e.rows_read for e in restated if not e.part))


def _concerns(home: Home, entry: Entry, location: str | None, first: date | None, last: date | None) -> bool:
    if entry.status == "deleted":
        return False
    landed = home.landed(entry.feed or "") / f"{entry.file_key}.parquet"
    if not (entry.is_current and landed.is_file()):
        return first is None and last is None and entry.location_id == location
    columns = load_feeds()[entry.feed or ""]
    day = "business_date" if "business_date" in columns.column_names else "cast(event_local_at as date)"
    conditions = ["true"]
    if location is not None and entry.location_id != location:
        conditions.append("location_id = $location" if columns.with_role("location") else "false")
    if first is not None:
        conditions.append(f"{day} >= $first")
    if last is not None:
        conditions.append(f"{day} <= $last")
    query = f"select 1 from read_parquet($path) where {' and '.join(conditions)} limit 1"
    given = {"path": str(landed), "location": location, "first": first, "last": last}
    return bool(duckdb.execute(query, {k: v for k, v in given.items() if f"${k}" in query}).fetchall())
