"""The extract stage of a night: land, settle deliveries, note arrival, and tell ops what happened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from dagster_project.errors import RegularsError
from dagster_project.extract.arrival import note_arrival
from dagster_project.extract.drift import Drift, drift_of, with_moves
from dagster_project.extract.fingerprint import fingerprint_of
from dagster_project.extract.land import land_files
from dagster_project.extract.ledger import ROW_COUNTS, Entry
from dagster_project.extract.mirror import bring_in
from dagster_project.extract.supersede import settle_deliveries
from dagster_project.home import Home
from dagster_project.memory import MEMORY
from dagster_project.network import Network
from dagster_project.ops import TABLES, masked, masked_sql, update_ops
from dagster_project.parameters import Run, write_parameters

# Of this process's own engine, which lives as long as it does: it would keep every landed file it read in memory.
ENGINE = (f"set memory_limit = '{MEMORY}'", "set enable_external_file_cache = false")


@dataclass(frozen=True)
class Landed:
    """What a night's extraction came to; entries by path."""

    run_id: str
    as_of_date: date
    entries: list[Entry]

    def counts(self, feed: str) -> dict[str, int]:
        """files, rows_read, rows_landed, rows_duplicate, rows_rejected and values_unreadable of one feed."""
        of_feed = [e for e in self.entries if e.feed == feed]
        names = (*ROW_COUNTS, "values_unreadable")
        return {"files": len(of_feed)} | {name: sum(getattr(e, name) for e in of_feed) for name in names}

    def drift(self, feed: str) -> list[tuple[str, Drift]]:
        """How the exports of one feed differ from what was expected: path and drift."""
        return [(e.path, d) for e in self.entries if e.feed == feed and e.is_current for d in drift_of(e)]

    @property
    def set_aside(self) -> list[Entry]:
        """Files that could not be read at all, with their reasons."""
        return [e for e in self.entries if e.status == "rejected"]


def extract_night(network: Network, progress: Callable[[str], None] = lambda line: None) -> Landed:
    """Land what is new, and begin a run: `lake/` complete, parameters written, ops told."""
    home = network.home
    # The lake holds contact details as tills wrote them.
    home.lake.mkdir(parents=True, exist_ok=True)
    home.lake.chmod(0o700)
    for setting in ENGINE:
        duckdb.execute(setting)
    fetched = bring_in(network)
    if fetched:
        progress(f"fetched {fetched:,} files from {network.landing_url}")
    entries = with_moves(settle_deliveries(home, land_files(network, progress)))
    try:
        as_of_date = note_arrival(network, entries)
    except RegularsError:
        with update_ops(home) as ops:
            _tell_files(ops, home, entries, None)
        raise
    with update_ops(home) as ops:
        run_id = _next_run(ops, home, as_of_date)
        _tell_files(ops, home, entries, run_id)
        ops.execute(
            "update runs set status = 'interrupted', reason = 'ended before it was judged' where status = 'running'"
        )
        ops.execute(
            "insert into runs values (?, ?, ?, null, 'running', null)",
            [run_id, as_of_date, datetime.now(UTC).replace(tzinfo=None)],
        )
    fingerprint = fingerprint_of(network, ((e.path, e.sha256) for e in entries if e.status != "deleted" and not e.part))
    write_parameters(network, Run(run_id, as_of_date, fingerprint))
    return Landed(run_id, as_of_date, entries)


def _next_run(ops: duckdb.DuckDBPyConnection, home: Home, as_of_date: date) -> str:
    """`<as_of_date>-<n>`, n counting the runs of that date, refused ones too."""
    begun = {path.name for path in home.snapshots.glob(f"{as_of_date}-*")}
    begun |= {row[0] for row in ops.execute("select run_id from runs").fetchall()}
    numbers = [int(run.rpartition("-")[2]) for run in begun if run.startswith(f"{as_of_date}-")]
    return f"{as_of_date}-{max(numbers, default=0) + 1}"


def _tell_files(ops: duckdb.DuckDBPyConnection, home: Home, entries: list[Entry], run_id: str | None) -> None:
    """ops.files, rejected_rows, unreadable_values and drift as they stand now: one row per file of the landing zone.

    A file that is gone says which run missed it first. A till may put an address into a file's name or a header cell;
    here it is masked, once for all who read ops.
    """
    drifted = [(masked(e.path), e.source, d.change, masked(d.column), d.detail) for e in entries for d in drift_of(e)]
    missed = dict(ops.execute("select path, gone_in from files where status = 'deleted'").fetchall())
    ops.execute("delete from files")
    ops.execute(
        f"""insert into files
           select {masked_sql("path")}, {masked_sql("location_id")}, sha256, source, feed, rows_read, rows_landed,
               rows_duplicate, rows_rejected, status, {masked_sql("reason")}, values_unreadable, null
           from read_parquet(?) order by path""",
        [str(home.ledger)],
    )
    gone = [masked(e.path) for e in entries if e.status == "deleted"]
    if gone:
        told = [missed.get(path) or run_id for path in gone]
        ops.execute(
            """update files set gone_in = gone.run_id from (select unnest(?) as path, unnest(?) as run_id) as gone
               where files.path = gone.path and files.status = 'deleted'""",
            [gone, told],
        )
    current = [e for e in entries if e.is_current]
    rejected = [e.file_key for e in current if e.rows_rejected]
    unreadable = [e.file_key for e in current if e.values_unreadable]
    _tell_rows(ops, home, "rejected_rows", [home.rejected / f"{key}.parquet" for key in rejected])
    _tell_rows(ops, home, "unreadable_values", [home.unreadable / f"{key}.parquet" for key in unreadable])
    ops.execute(f"create or replace table drift ({TABLES['drift']})")
    if drifted:
        ops.executemany("insert into drift values (?, ?, ?, ?, ?)", drifted)


def _tell_rows(ops: duckdb.DuckDBPyConnection, home: Home, table: str, paths: list[Path]) -> None:
    """What landing noted of single rows; of a row that a newer delivery replaced, nothing."""
    ops.execute(f"delete from {table}")
    if paths:
        ops.execute(
            f"""insert into {table}
               select {masked_sql("l.path")}, r.line, r."column", {masked_sql("r.reason")},
                   {masked_sql("r.value_masked")}
               from read_parquet($paths) r join read_parquet($ledger) l using (file_key)
               anti join read_parquet($superseded) s using (file_key, row_number)
               where l.status = 'landed' order by l.path, r.line, r."column" """,
            {"paths": [str(p) for p in paths], "ledger": str(home.ledger), "superseded": str(home.superseded)},
        )
