"""One file on its way into the lake: its two writers, what was seen of it, and the ledger's entry at the end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contract_language import Contract, ContractPart
from dagster_project.extract.drift import NewValues, columns_drifted, drift_text
from dagster_project.extract.ledger import Entry
from dagster_project.extract.lines import lines_of
from dagster_project.extract.locations import Location, context_of
from dagster_project.extract.tables import Rows, Table
from dagster_project.extract.whole_file import PinnedOrders
from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.lake_file import LakeFile, write_lake_file

# `line` is where in the file a row stands, for people to look for it.
REJECT_SCHEMA = pa.schema(
    [
        ("file_key", pa.string()),
        ("row_number", pa.int64()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("value_masked", pa.string()),
    ]
)
CUT_OFF = "; the file ends there and may be cut off: ask for it again"
_REJECT_COLUMNS = ["reject_column", "reject_reason", "reject_value"]
_UNREADABLE = "unreadable"


def part_path(path: str, part: ContractPart) -> str:
    """How the ledger calls what a file holds for a further feed."""
    return f"{path} ({part.part})"


def part_key(file_key: str, part: ContractPart) -> str:
    """The file key of what a file holds for a further feed."""
    return f"{file_key}-{part.part}"


@dataclass
class FileInLanding:
    """`blank` is the entry as far as it is known before reading. `parts` are the further feeds of the same rows,
    each with an entry of its own that counts the rows it is made of; `whole` counts the file's."""

    home: Home
    blank: Entry
    table: Table
    contract: Contract
    rows: Rows = field(default_factory=Rows)
    whole: Rows | None = None
    latest: datetime | None = None
    mentioned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        name = f"{self.blank.file_key}.parquet"
        self.landed = LakeFile(self.home.landed(self.contract.feed) / name, even_empty=True)
        self.rejected = LakeFile(self.home.rejected / name, even_empty=False)
        self.unreadable = LakeFile(self.home.unreadable / name, even_empty=False)
        self._noted: list[np.ndarray] = []
        self.new_values = NewValues(self.contract)
        self.orders = PinnedOrders(self.contract)
        self.parts = [
            FileInLanding(
                self.home,
                replace(
                    self.blank,
                    path=part_path(self.blank.path, part),
                    file_key=part_key(self.blank.file_key, part),
                    part=part.part,
                ),
                self.table,
                part,
                whole=self.rows,
            )
            for part in self.contract.parts
        ]

    def look_at(self, cells: pa.Table, is_skipped: Callable[[Contract, pa.Table], pa.Array]) -> None:
        """Note what is new in a batch of cells, and in which order its dates are, before it is typed."""
        self.orders.see(cells)
        for feed in (self, *self.parts):
            feed.new_values.see(cells, is_skipped)

    def take(self, typed: pa.Table, has_rejects: bool) -> None:
        """Write a typed slice of this file: good rows to the feed, the others to the rejects, and what the good ones do
        without to the unreadable values."""
        if isinstance(self.contract, ContractPart):
            self.rows.read += typed.num_rows
        if "location_id" in typed.column_names and self.contract.feed != "locations":
            self.mentioned.update(i for i in pc.unique(typed["location_id"]).to_pylist() if i)
        if has_rejects:
            good = pc.is_null(typed["reject_reason"])
            bad = typed.filter(pc.invert(good)).select(["file_key", "row_number", *_REJECT_COLUMNS])
            self._note(self.rejected, bad.rename_columns([n for n in REJECT_SCHEMA.names if n != "line"]))
            typed = typed.filter(good)
        typed = typed.drop_columns(_REJECT_COLUMNS)
        if _UNREADABLE in typed.column_names:
            if typed[_UNREADABLE].null_count < typed.num_rows:
                self._note(self.unreadable, _one_by_one(typed))
            typed = typed.drop_columns([_UNREADABLE])
        event_at = load_feeds()[self.contract.feed].event_at
        if event_at and typed.num_rows:
            seen = (self.latest, pc.max(typed[event_at]).as_py())
            self.latest = max((at for at in seen if at), default=None)
        self.landed.write(typed)

    def finish(self, known: dict[str, Location]) -> Entry:
        """Close both files and account for every row. Raises UnreadableFile when there was none."""
        is_part = isinstance(self.contract, ContractPart)
        if self.rows.read == 0 and not is_part:
            raise UnreadableFile(f"{self.blank.path}: a header without rows; nothing was sold, or the export failed")
        if self.rows.malformed and len(self.rows.malformed) == self.rows.read:
            raise UnreadableFile(
                f"{self.blank.path}: none of its {self.rows.read:,} rows can be read, the first because of "
                f"{self.rows.malformed[0][1]}; ask for the export again"
            )
        if not is_part:
            self.orders.check(self.blank.path)
        self._note(self.rejected, self._malformed())
        rejected, unreadable = self.rejected.finish(), self.unreadable.finish()
        self._correct_lines()
        drift = [] if is_part else columns_drifted(self.table.header, self.contract)
        return replace(
            self.blank,
            source=self.contract.source,
            contract=self.contract.name,
            feed=self.contract.feed,
            status="landed",
            rows_read=self.rows.read,
            rows_landed=self.landed.finish(),
            rows_rejected=rejected,
            values_unreadable=unreadable,
            latest_event_at=self.latest,
            locations=context_of(list(self.mentioned), known),
            header=json.dumps([] if is_part else self.table.header),
            drift=drift_text([*drift, *self.new_values.drift()]),
        )

    def abandon(self) -> None:
        """Leave nothing half-written."""
        self.landed.abandon()
        self.rejected.abandon()
        self.unreadable.abandon()
        for part in self.parts:
            part.abandon()

    def _note(self, file: LakeFile, rows: pa.Table) -> None:
        """Write down rows by their number, and by the line that most files have them on."""
        numbers = rows["row_number"].to_numpy()
        self._noted.append(numbers)
        lines = pa.array(numbers + (self.table.first_line - 1), pa.int64())
        file.write(rows.append_column("line", lines).select(REJECT_SCHEMA.names).cast(REJECT_SCHEMA))

    def _correct_lines(self) -> None:
        """Where rows of the file have several lines, or blank ones between them, look the noted ones up."""
        numbers = np.unique(np.concatenate(self._noted))
        lines = lines_of(self.table, (self.whole or self.rows).read, numbers) if len(numbers) else numbers
        if (lines == numbers + (self.table.first_line - 1)).all():
            return
        for file in (f for f in (self.rejected, self.unreadable) if f.rows):
            rows = pq.read_table(file.path, schema=REJECT_SCHEMA)
            found = lines[np.searchsorted(numbers, rows["row_number"].to_numpy())]
            write_lake_file(rows.set_column(REJECT_SCHEMA.get_field_index("line"), "line", pa.array(found)), file.path)

    def _malformed(self) -> pa.Table:
        schema = REJECT_SCHEMA.remove(REJECT_SCHEMA.get_field_index("line"))
        lines = [
            {
                "file_key": self.blank.file_key,
                "row_number": number,
                "reason": reason + (CUT_OFF if number == self.rows.read else ""),
            }
            for number, reason in self.rows.malformed
        ]
        return pa.Table.from_pylist(lines, schema=schema)


def _one_by_one(typed: pa.Table) -> pa.Table:
    """A row per unreadable value, under the names of the rejects."""
    lists = typed[_UNREADABLE].combine_chunks()
    of_row = typed.select(["file_key", "row_number"]).take(pc.list_parent_indices(lists))
    told = pc.list_flatten(lists)
    for part, name in {"col": "column", "reason": "reason", "val": "value_masked"}.items():
        of_row = of_row.append_column(name, pc.struct_field(told, part))
    return of_row
