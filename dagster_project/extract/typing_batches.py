"""Many small files are typed in one query: planning one costs more than typing a day's export.

Files of one contract and header share a batch; each row carries its file, so that the result can be
handed back. Memory is bounded by the batch, not by the file or the number of files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.errors import UnreadableFile
from dagster_project.extract.landing_file import FileInLanding
from dagster_project.extract.ledger import Entry
from dagster_project.extract.listing import LandingFile
from dagster_project.extract.locations import Location
from dagster_project.extract.recognise import own_names
from dagster_project.extract.tables import ROW_NUMBER, Rows, stream_rows
from dagster_project.extract.typing_sql import typing_query
from dagster_project.extract.whole_file import decide_dates, fill_down, undecided_dates

BATCH_ROWS = 100_000
BATCH_FILES = 200


@dataclass
class _Pending:
    """`queries`: the first feed's, then one per further feed of the same rows."""

    queries: list[str]
    slices: list[tuple[FileInLanding, pa.Table]] = field(default_factory=list)
    complete: list[FileInLanding] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        rows = sum(table.num_rows for _, table in self.slices)
        return rows >= BATCH_ROWS or len(self.complete) >= BATCH_FILES


class TypingBatches:
    """Feeds files through the typing queries; `entries` collects what became of each, by path."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, known: dict[str, Location]):
        self.connection, self.known = connection, known
        self.entries: dict[str, Entry] = {}
        self._pending: dict[tuple, _Pending] = {}

    def add(self, file: LandingFile, landing: FileInLanding) -> None:
        """Read one file to its end. When that fails, it is set aside whole and the others stay."""
        try:
            orders = self._date_orders(landing)
        except UnreadableFile as reason:
            self._set_aside(landing, reason)
            return
        pending = self._pending_for(landing, orders)
        try:
            for batch in _known_cells(landing, landing.rows):
                landing.look_at(batch)
                pending.slices.append((landing, _with_file(batch, file)))
                if pending.is_full:
                    self._flush(pending)
                if landing.blank.path in self.entries:
                    return
        except UnreadableFile as reason:
            pending.slices = [(other, table) for other, table in pending.slices if other is not landing]
            self._set_aside(landing, reason)
            return
        pending.complete.append(landing)
        if pending.is_full:
            self._flush(pending)

    def _pending_for(self, landing: FileInLanding, orders: list[dict[str, str]]) -> _Pending:
        header = own_names(landing.table.header, landing.contract)
        key = (landing.contract.name, header, tuple(tuple(sorted(o.items())) for o in orders))
        if key not in self._pending:
            feeds = zip([landing.contract, *landing.contract.parts], orders, strict=True)
            self._pending[key] = _Pending([typing_query(c.with_date_orders(o), header) for c, o in feeds])
        return self._pending[key]

    def _date_orders(self, landing: FileInLanding) -> list[dict[str, str]]:
        """Per feed, the day/month order of its columns that leave it to the file: a look ahead, only for those."""
        return [
            decide_dates(c, landing.blank.path, _known_cells(landing, Rows())) if undecided_dates(c) else {}
            for c in [landing.contract, *landing.contract.parts]
        ]

    def finish(self) -> dict[str, Entry]:
        """Type what is left; every file's entry."""
        for pending in self._pending.values():
            self._flush(pending)
        return self.entries

    def _flush(self, pending: _Pending) -> None:
        try:
            self._type(pending.queries, pending.slices)
        except duckdb.Error:
            self._type_one_by_one(pending)
        for landing in pending.complete:
            try:
                self.entries |= {f.blank.path: f.finish(self.known) for f in (landing, *landing.parts)}
            except UnreadableFile as reason:
                self._set_aside(landing, reason)
        pending.slices, pending.complete = [], []

    def _type(self, queries: list[str], slices: list[tuple[FileInLanding, pa.Table]]) -> None:
        if not slices:
            return
        files = [landing for landing, _ in slices]
        tables = [
            table.append_column(" file_number", pa.array(np.full(table.num_rows, number, dtype=np.int32)))
            for number, (_, table) in enumerate(slices)
        ]
        self.connection.register("batch", pa.concat_tables(tables))
        # Every feed is typed before any is handed back: a value that fails costs nothing half-written.
        typed = [self.connection.execute(query).to_arrow_table() for query in queries]
        self.connection.unregister("batch")
        for number, rows in enumerate(typed):
            self._hand_back(rows, files if number == 0 else [landing.parts[number - 1] for landing in files])

    def _hand_back(self, typed: pa.Table, takers: list[FileInLanding]) -> None:
        numbers = typed["file_number"].to_numpy()
        starts = np.searchsorted(numbers, np.arange(len(takers)))
        ends = np.append(starts[1:], len(numbers))
        typed = typed.drop_columns(["file_number"]).combine_chunks()
        for taker, start, end in zip(takers, starts, ends, strict=True):
            taker.take(typed.slice(start, end - start))

    def _type_one_by_one(self, pending: _Pending) -> None:
        """A value that the engine itself stumbles over costs its own file, not the batch."""
        by_file: dict[str, list[tuple[FileInLanding, pa.Table]]] = {}
        for landing, table in pending.slices:
            by_file.setdefault(landing.blank.path, []).append((landing, table))
        for path, slices in by_file.items():
            try:
                self._type(pending.queries, slices)
            except duckdb.Error as error:
                numbers = slices[0][1][ROW_NUMBER]
                reason = UnreadableFile(
                    f"{path}: a value in row {numbers[0]} or after it cannot be typed ({type(error).__name__}); "
                    "ask for the export again"
                )
                self._set_aside(slices[0][0], reason)
        pending.complete = [landing for landing in pending.complete if landing.blank.path not in self.entries]

    def _set_aside(self, landing: FileInLanding, reason: UnreadableFile) -> None:
        landing.abandon()
        self.entries[landing.blank.path] = landing.blank.set_aside(str(reason), landing.contract.source)


def _known_cells(landing: FileInLanding, rows: Rows) -> Iterator[pa.Table]:
    """The file's rows under the names its contract uses, what it fills down filled."""
    contract, header = landing.contract, landing.table.header
    names = {written: own for written, own in zip(header, own_names(header, contract), strict=True)}
    headers = [written for written, own in names.items() if own in contract.headers]
    own = [*(names[written] for written in headers), ROW_NUMBER]
    batches = (batch.rename_columns(own) for batch in stream_rows(landing.table, headers, rows))
    return fill_down(batches, contract.fill_down) if contract.fill_down else batches


def _with_file(batch: pa.Table, file: LandingFile) -> pa.Table:
    count = batch.num_rows
    own = {
        " file_key": pa.array([file.file_key], pa.string()),
        " folder": pa.array([file.folder], pa.string()),
        " folder_date": pa.array([file.folder_date], pa.date32()),
        " delivered_on": pa.array([file.delivered_at.date()], pa.date32()),
    }
    for name, value in own.items():
        repeated = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int8)), value)
        batch = batch.append_column(name, repeated)
    return batch
