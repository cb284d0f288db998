"""Landing: every file of the landing zone is read once, and each of its rows accounted for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contracts import Contract, fingerprint, load_contracts
from dagster_project.extract.ledger import Entry, read_ledger, write_ledger
from dagster_project.extract.listing import LandingFile, list_landing
from dagster_project.extract.locations import Location, context_of, known_locations, reading_connection
from dagster_project.extract.reading import Rows, Table, open_table, stream_rows
from dagster_project.extract.recognise import drift_of, recognise
from dagster_project.extract.typing_sql import typing_query
from dagster_project.extract.writing import ParquetWriter
from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.network import Network

# Raised when landing itself would give other rows for the same bytes and contracts.
LANDING_VERSION = "1"
_FLUSH_EVERY = 200
REJECT_SCHEMA = pa.schema(
    [
        ("file_key", pa.string()),
        ("row_number", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("value_masked", pa.string()),
    ]
)


def land_files(network: Network, progress: Callable[[str], None] = lambda line: None) -> list[Entry]:
    """Bring `lake/landed/` and the ledger in line with the landing zone; the ledger's entries, by path.

    A file seen before is not opened; one that cannot be read is set aside with its reason. What a kill
    leaves undone is done by the next call.
    """
    home = network.home
    contracts = load_contracts(network.own_sources)
    rules = (
        f"{LANDING_VERSION}-{duckdb.__version__}-{fingerprint(contracts)}-{json.dumps(network.sources, sort_keys=True)}"
    )
    before = {entry.path: entry for entry in read_ledger(home)}
    files = list_landing(network.landing, {e.path: (e.size, e.modified_ns, e.sha256) for e in before.values()})
    landing = _Landing(network, contracts, rules, before)

    unique, doubles = _split_doubles(files)
    reopened = [f for f in unique if landing.remembered(f) is None]
    opened = {f.path: landing.recognise(f) for f in reopened}
    first = [f for f in unique if landing.feed_of(f, opened) == "locations"]
    with reading_connection(network, {}) as connection:
        for file in first:
            landing.land(file, opened, {}, connection)
    known = known_locations(network, landing.current_paths("locations"))

    rest = [f for f in unique if f not in first]
    fresh = [f for f in rest if not landing.keep(f, known)]
    with reading_connection(network, known) as connection:
        for number, file in enumerate(fresh, start=1):
            landing.land(file, opened, known, connection)
            if number % _FLUSH_EVERY == 0:
                write_ledger(home, landing.entries.values())
                progress(f"landed {number:,} of {len(fresh):,} new files")
    for file, original in doubles:
        landing.entries[file.path] = _double(file, landing.entries[original.path], rules)
    write_ledger(home, landing.entries.values())
    _remove_stale(home, {e.file_key for e in landing.entries.values() if e.is_current})
    return sorted(landing.entries.values(), key=lambda e: e.path)


class _Landing:
    """One pass over the landing zone: what is known of files before, and what they become now."""

    def __init__(self, network: Network, contracts: dict[str, Contract], rules: str, before: dict[str, Entry]):
        self.network, self.contracts, self.rules = network, contracts, rules
        self.before = {e.file_key: e for e in before.values() if e.rules == rules and e.status != "duplicate"}
        self.entries: dict[str, Entry] = {}

    def remembered(self, file: LandingFile) -> Entry | None:
        """The entry of the same content, when its landed rows are still there."""
        entry = self.before.get(file.file_key)
        if entry is None or (entry.is_current and not _landed_path(self.network.home, entry).is_file()):
            return None
        return replace(
            entry, path=file.path, size=file.size, modified_ns=file.modified_ns, folder_date=file.folder_date
        )

    def recognise(self, file: LandingFile) -> tuple[Table, Contract] | UnreadableFile:
        try:
            if not file.folder:
                raise UnreadableFile(
                    f"{file.path}: lies outside a location's folder; move it into <location_id>/ or hq/"
                )
            table = open_table(self.network.landing / file.path, file.path)
            pin = self.network.sources.get(file.folder)
            return table, recognise(file.path, table.header, self.contracts, pin)
        except UnreadableFile as reason:
            return reason

    def feed_of(self, file: LandingFile, opened: dict) -> str | None:
        entry = self.remembered(file)
        found = opened.get(file.path)
        return entry.feed if entry else found[1].feed if isinstance(found, tuple) else None

    def keep(self, file: LandingFile, known: dict[str, Location]) -> bool:
        """Keep what landed before, unless the locations it depends on have changed."""
        entry = self.remembered(file)
        if entry is None:
            return False
        mentioned = [attributes[0] for attributes in json.loads(entry.locations)]
        if context_of(mentioned, known) != entry.locations:
            return False
        self.entries[file.path] = entry
        return True

    def land(
        self, file: LandingFile, opened: dict, known: dict[str, Location], connection: duckdb.DuckDBPyConnection
    ) -> None:
        entry = self.remembered(file)
        if entry is not None and entry.feed == "locations":
            self.entries[file.path] = entry
            return
        found = opened.get(file.path) or self.recognise(file)
        blank = Entry(
            path=file.path,
            location_id=file.folder,
            sha256=file.sha256,
            size=file.size,
            modified_ns=file.modified_ns,
            file_key=file.file_key,
            folder_date=file.folder_date,
            rules=self.rules,
        )
        if isinstance(found, UnreadableFile):
            self.entries[file.path] = replace(blank, reason=str(found))
            return
        table, contract = found
        try:
            self.entries[file.path] = self._land_rows(file, blank, table, contract, known, connection)
        except UnreadableFile as reason:
            self.entries[file.path] = replace(blank, source=contract.source, contract=contract.name, reason=str(reason))

    def _land_rows(
        self,
        file: LandingFile,
        blank: Entry,
        table: Table,
        contract: Contract,
        known: dict[str, Location],
        connection: duckdb.DuckDBPyConnection,
    ) -> Entry:
        home, rows = self.network.home, Rows()
        headers = [name for name in dict.fromkeys(table.header) if name in contract.headers]
        query = typing_query(contract, table.header, file.folder, file.file_key, file.delivered_at)
        landed_path, rejected_path = (
            home.landed(contract.feed) / f"{file.file_key}.parquet",
            _rejected_path(home, file.file_key),
        )
        landed = ParquetWriter(landed_path, even_empty=True)
        rejected = ParquetWriter(rejected_path, even_empty=False)
        event_at = load_feeds()[contract.feed].event_at
        latest, mentioned = None, {file.folder} if contract.columns.get("location_id") is None else set()
        try:
            for batch in stream_rows(table, headers, rows):
                connection.register("batch", batch)
                typed = connection.execute(query).to_arrow_table()
                connection.unregister("batch")
                good = pc.is_null(typed["reject_reason"])
                bad = typed.filter(pc.invert(good)).select(
                    ["file_key", "row_number", "reject_column", "reject_reason", "reject_value"]
                )
                rejected.write(bad.rename_columns(REJECT_SCHEMA.names).cast(REJECT_SCHEMA))
                typed = typed.drop_columns(["reject_column", "reject_reason", "reject_value"])
                if "location_id" in typed.column_names:
                    mentioned.update(i for i in pc.unique(typed["location_id"]).to_pylist() if i)
                typed = typed.filter(good)
                if event_at and typed.num_rows:
                    latest = max(filter(None, [latest, pc.max(typed[event_at]).as_py()]), default=None)
                landed.write(typed)
            rejected.write(_malformed(file.file_key, rows, len(table.header)))
            if rows.read == 0:
                raise UnreadableFile(f"{file.path}: holds a header and no rows; nothing was sold, or the export failed")
            return replace(
                blank,
                source=contract.source,
                contract=contract.name,
                feed=contract.feed,
                status="landed",
                rows_read=rows.read,
                rows_landed=landed.finish(),
                rows_rejected=rejected.finish(),
                latest_event_at=latest,
                locations=context_of(list(mentioned), known),
                drift=json.dumps([[d.change, d.column] for d in drift_of(table.header, contract)]),
            )
        finally:
            landed.abandon()
            rejected.abandon()

    def current_paths(self, feed: str) -> list[Path]:
        return [_landed_path(self.network.home, e) for e in self.entries.values() if e.feed == feed and e.is_current]


def _malformed(file_key: str, rows: Rows, expected: int) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "file_key": file_key,
                "row_number": number,
                "column": None,
                "reason": f"{found} cells where the header has {expected}",
                "value_masked": None,
            }
            for number, found in rows.malformed
        ],
        schema=REJECT_SCHEMA,
    )


def _split_doubles(files: list[LandingFile]) -> tuple[list[LandingFile], list[tuple[LandingFile, LandingFile]]]:
    """Files by distinct content, the first path standing for it, and the others with their original."""
    first: dict[str, LandingFile] = {}
    doubles = []
    for file in files:
        original = first.setdefault(file.file_key, file)
        if original is not file:
            doubles.append((file, original))
    return list(first.values()), doubles


def _double(file: LandingFile, original: Entry, rules: str) -> Entry:
    return replace(
        original,
        path=file.path,
        size=file.size,
        modified_ns=file.modified_ns,
        folder_date=file.folder_date,
        rules=rules,
        status="duplicate",
        reason=f"the same content as {original.path}",
        rows_landed=0,
        rows_duplicate=original.rows_read,
        rows_rejected=0,
    )


def _landed_path(home: Home, entry: Entry) -> Path:
    return home.landed(entry.feed or "") / f"{entry.file_key}.parquet"


def _rejected_path(home: Home, file_key: str) -> Path:
    return home.rejected / f"{file_key}.parquet"


def _remove_stale(home: Home, current: set[str]) -> None:
    """Landed and rejected Parquet of files that are in the landing zone no more."""
    for path in [*home.lake.glob("landed/*/*"), *home.rejected.glob("*")]:
        if path.stem not in current:
            path.unlink()
