"""Many small files are typed in one query: planning one costs more than typing a day's export.

Files of one contract and header share a batch; each row carries its file, so that the result can be
handed back. Memory is bounded by the batch, not by the file or the number of files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import UnreadableFile
from dagster_project.extract.cell_sql import condition_sql
from dagster_project.extract.contract_language import Contract
from dagster_project.extract.date_sql import dates_of
from dagster_project.extract.landing_file import FileInLanding
from dagster_project.extract.ledger import Entry
from dagster_project.extract.listing import LandingFile
from dagster_project.extract.locations import Location
from dagster_project.extract.recognise import own_names
from dagster_project.extract.tables import ROW_NUMBER, Rows, stream_rows
from dagster_project.extract.typing_sql import typing_query
from dagster_project.extract.whole_file import Skipping, decide_dates, fill_down, undecided_dates

BATCH_ROWS = 100_000
BATCH_FILES = 200
# Unicode's space separators, which also SQL trims.
BLANKS = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


@dataclass(frozen=True)
class _Slice:
    """Some rows of one file, as text."""

    file: LandingFile
    landing: FileInLanding
    cells: pa.Table


@dataclass
class _Pending:
    """`queries`: the first feed's, then one per further feed of the same rows."""

    queries: list[str]
    slices: list[_Slice] = field(default_factory=list)
    complete: list[FileInLanding] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        rows = sum(piece.cells.num_rows for piece in self.slices)
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
            for batch in _known_cells(self.connection, landing, landing.rows):
                landing.look_at(batch, self._is_skipped)
                pending.slices.append(_Slice(file, landing, batch))
                if pending.is_full:
                    self._flush(pending)
                if landing.blank.path in self.entries:
                    return
        except UnreadableFile as reason:
            pending.slices = [piece for piece in pending.slices if piece.landing is not landing]
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
            told = [contract.with_date_orders(order) for contract, order in feeds]
            self._pending[key] = _Pending([typing_query(contract, header, dates_of(told)) for contract in told])
        return self._pending[key]

    def _date_orders(self, landing: FileInLanding) -> list[dict[str, str]]:
        """Per feed, the day/month order of its columns that leave it to the file: a look ahead, only for those."""
        return [
            decide_dates(c, landing.blank.path, _known_cells(self.connection, landing, Rows()))
            if undecided_dates(c)
            else {}
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

    def _type(self, queries: list[str], slices: list[_Slice]) -> None:
        if not slices:
            return
        self.connection.register("batch", _trimmed(_batch_of(slices)))
        # Every feed is typed before any is handed back: a value that fails costs nothing half-written.
        typed = [self.connection.execute(query).to_arrow_table() for query in queries]
        self.connection.unregister("batch")
        files = [piece.landing for piece in slices]
        for number, rows in enumerate(typed):
            self._hand_back(rows, files if number == 0 else [landing.parts[number - 1] for landing in files])

    def _hand_back(self, typed: pa.Table, takers: list[FileInLanding]) -> None:
        typed = _in_order(typed)
        numbers = typed["file_number"].to_numpy()
        starts = np.searchsorted(numbers, np.arange(len(takers)))
        ends = np.append(starts[1:], len(numbers))
        typed = typed.drop_columns(["file_number"])
        has_rejects = typed["reject_reason"].null_count < typed.num_rows
        for taker, start, end in zip(takers, starts, ends, strict=True):
            taker.take(typed.slice(start, end - start), has_rejects)

    def _type_one_by_one(self, pending: _Pending) -> None:
        """A value that the engine itself stumbles over costs its own file, not the batch."""
        by_file: dict[str, list[_Slice]] = {}
        for piece in pending.slices:
            by_file.setdefault(piece.landing.blank.path, []).append(piece)
        for path, slices in by_file.items():
            try:
                self._type(pending.queries, slices)
            except duckdb.Error as error:
                numbers = slices[0].cells[ROW_NUMBER]
                reason = UnreadableFile(
                    f"{path}: a value in row {numbers[0]} or after it cannot be typed ({type(error).__name__}); "
                    "ask for the export again"
                )
                self._set_aside(slices[0].landing, reason)
        pending.complete = [landing for landing in pending.complete if landing.blank.path not in self.entries]

    def _is_skipped(self, contract: Contract, rows: pa.Table) -> pa.Array:
        return _is_skipped(self.connection, contract, rows)

    def _set_aside(self, landing: FileInLanding, reason: UnreadableFile) -> None:
        landing.abandon()
        self.entries[landing.blank.path] = landing.blank.set_aside(str(reason), landing.contract.source)


def _known_cells(connection: duckdb.DuckDBPyConnection, landing: FileInLanding, rows: Rows) -> Iterator[pa.Table]:
    """The file's rows under the names its contract uses, what it fills down filled."""
    contract, header = landing.contract, landing.table.header
    names = {written: own for written, own in zip(header, own_names(header, contract), strict=True)}
    headers = [written for written, own in names.items() if own in contract.headers]
    own = [*(names[written] for written in headers), ROW_NUMBER]
    rows.with_comma = frozenset(written for written, own in names.items() if own in contract.with_comma)
    batches = (batch.rename_columns(own) for batch in stream_rows(landing.table, headers, rows))
    if contract.fill_down is None:
        return batches
    skipping = None
    if contract.skip:
        tested = {header for skip in contract.skip for header in skip.when}
        skipping = Skipping(contract.fill_down, lambda some: _is_skipped(connection, contract, some), tested)
    return fill_down(landing.blank.path, batches, contract.fill_down, rows, skipping)


def _is_skipped(connection: duckdb.DuckDBPyConnection, contract: Contract, rows: pa.Table) -> pa.Array:
    """Per row whether the contract skips it."""
    told = " or ".join(f"({condition_sql(skip.when, set(rows.column_names))})" for skip in contract.skip)
    connection.register("batch", _trimmed(rows))
    found = connection.execute(f'select ({told}) as is_skipped from batch order by "{ROW_NUMBER}"').fetchnumpy()
    connection.unregister("batch")
    return pa.array(np.ma.filled(found["is_skipped"], False))


def _trimmed(batch: pa.Table) -> pa.Table:
    """The batch without blanks around its cells; empty ones are null."""
    for number, field_ in enumerate(batch.schema):
        if field_.type == pa.string():
            cells = pc.utf8_trim(batch[field_.name], BLANKS)
            batch = batch.set_column(number, field_.name, pc.if_else(pc.equal(cells, ""), None, cells))
    return batch


def _in_order(typed: pa.Table) -> pa.Table:
    """Rows by file and row number, in one chunk. They mostly come so, but no engine promises it."""
    typed = typed.combine_chunks()
    place = typed["file_number"].to_numpy().astype(np.int64) << 32 | typed["row_number"].to_numpy()
    return typed if (np.diff(place) > 0).all() else typed.take(np.argsort(place, kind="stable"))


def _batch_of(slices: list[_Slice]) -> pa.Table:
    """The rows of all slices, with what each has of its file; ` file_number` is the slice's place."""
    cells = pa.concat_tables([piece.cells for piece in slices]).combine_chunks()
    place = pa.array(np.repeat(np.arange(len(slices), dtype=np.int32), [piece.cells.num_rows for piece in slices]))
    files = [piece.file for piece in slices]
    own = {
        " file_key": pa.array([file.file_key for file in files], pa.string()),
        " folder": pa.array([file.folder for file in files], pa.string()),
        " folder_date": pa.array([file.folder_date for file in files], pa.date32()),
        " delivered_on": pa.array([file.delivered_at.date() for file in files], pa.date32()),
    }
    for name, values in own.items():
        cells = cells.append_column(name, pa.DictionaryArray.from_arrays(place, values))
    return cells.append_column(" file_number", place)
