"""Many small files are typed in one query: planning one costs more than typing a day's export.

Files of one contract and header share a batch; each row carries its file, so that the result can be
handed back. Memory is bounded by the batch, not by the file or the number of files.
"""

from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.errors import UnreadableFile
from dagster_project.extract.landing_file import FileInLanding
from dagster_project.extract.ledger import Entry
from dagster_project.extract.listing import LandingFile
from dagster_project.extract.locations import Location
from dagster_project.extract.reading import stream_rows
from dagster_project.extract.typing_sql import typing_query

BATCH_ROWS = 100_000
BATCH_FILES = 200


@dataclass
class _Pending:
    query: str
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
        contract, header = landing.contract, landing.table.header
        pending = self._pending.setdefault((contract.name, header), _Pending(typing_query(contract, header)))
        headers = [name for name in dict.fromkeys(header) if name in contract.headers]
        try:
            for batch in stream_rows(landing.table, headers, landing.rows):
                pending.slices.append((landing, _with_file(batch, file)))
                if pending.is_full:
                    self._flush(pending)
        except UnreadableFile as reason:
            pending.slices = [(other, table) for other, table in pending.slices if other is not landing]
            self._set_aside(landing, reason)
            return
        pending.complete.append(landing)
        if pending.is_full:
            self._flush(pending)

    def finish(self) -> dict[str, Entry]:
        """Type what is left; every file's entry."""
        for pending in self._pending.values():
            self._flush(pending)
        return self.entries

    def _flush(self, pending: _Pending) -> None:
        if pending.slices:
            files = [landing for landing, _ in pending.slices]
            tables = [
                table.append_column(" file_number", pa.array(np.full(table.num_rows, number, dtype=np.int32)))
                for number, (_, table) in enumerate(pending.slices)
            ]
            self.connection.register("batch", pa.concat_tables(tables))
            typed = self.connection.execute(pending.query).to_arrow_table()
            self.connection.unregister("batch")
            numbers = typed["file_number"].to_numpy()
            starts = np.searchsorted(numbers, np.arange(len(files)))
            ends = np.append(starts[1:], len(numbers))
            typed = typed.drop_columns(["file_number"]).combine_chunks()
            for landing, start, end in zip(files, starts, ends, strict=True):
                landing.take(typed.slice(start, end - start))
        for landing in pending.complete:
            try:
                self.entries[landing.blank.path] = landing.finish(self.known)
            except UnreadableFile as reason:
                self._set_aside(landing, reason)
        pending.slices, pending.complete = [], []

    def _set_aside(self, landing: FileInLanding, reason: UnreadableFile) -> None:
        landing.abandon()
        self.entries[landing.blank.path] = landing.blank.set_aside(str(reason), landing.contract.source)


def _with_file(batch: pa.Table, file: LandingFile) -> pa.Table:
    count = batch.num_rows
    own = {
        " file_key": pa.array([file.file_key], pa.string()),
        " folder": pa.array([file.folder], pa.string()),
        " delivered_on": pa.array([file.delivered_at.date()], pa.date32()),
    }
    for name, value in own.items():
        repeated = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int8)), value)
        batch = batch.append_column(name, repeated)
    return batch
