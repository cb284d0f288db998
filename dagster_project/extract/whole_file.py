"""What only a whole file can tell its rows: which day/month order its dates have, and what a row inherits.

Both work on cells as text, before a row is typed, and keep nothing but a row between batches.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contract_language import Contract, FillDown

FIRST = " first"
_TWO_NUMBERS = r"^\s*(?P<a>[0-9]{1,2})[-/. ](?P<b>[0-9]{1,2})(?:[-/. ]|$)"


class DateOrder:
    """Evidence for one column: a number above 12 can only be a day."""

    def __init__(self) -> None:
        self.first_is_day = self.second_is_day = self.differ = False

    def see(self, texts: pa.Array | pa.ChunkedArray) -> None:
        found = pc.extract_regex(pc.unique(texts), _TWO_NUMBERS).drop_null()
        if not len(found):
            return
        first, second = (pc.cast(pc.struct_field(found, field), pa.int8()) for field in ("a", "b"))
        self.first_is_day |= pc.any(pc.greater(first, 12)).as_py()
        self.second_is_day |= pc.any(pc.greater(second, 12)).as_py()
        self.differ |= pc.any(pc.not_equal(first, second)).as_py()

    def decide(self, name: str, header: str) -> str:
        """day_first or month_first. Raises UnreadableFile when the file does not tell."""
        if self.first_is_day and self.second_is_day:
            raise UnreadableFile(
                f"{name}: dates in {header!r} are written day first in some rows and month first in others; "
                "export them in one way"
            )
        if self.differ and not (self.first_is_day or self.second_is_day):
            raise UnreadableFile(
                f"{name}: no date in {header!r} tells whether the day or the month comes first; "
                "say date_order: day_first or month_first in the contract"
            )
        return "month_first" if self.second_is_day else "day_first"


def undecided_dates(contract: Contract) -> dict[str, str]:
    """Feed column -> the header whose dates tell its order, of columns that say `date_order: from_file`."""
    return {
        name: header
        for name, rule in contract.columns.items()
        if rule.date_order == "from_file" and (header := next(iter(rule.headers), None))
    }


def decide_dates(contract: Contract, name: str, batches: Iterator[pa.Table]) -> dict[str, str]:
    """Feed column -> day_first or month_first, after one look at the dates of the whole file."""
    undecided = undecided_dates(contract)
    evidence = {header: DateOrder() for header in undecided.values()}
    for batch in batches:
        for header, order in evidence.items():
            if header in batch.column_names:
                order.see(batch[header])
    orders = {header: order.decide(name, header) for header, order in evidence.items()}
    return {column: orders[header] for column, header in undecided.items()}


def fill_down(batches: Iterator[pa.Table], rule: FillDown) -> Iterator[pa.Table]:
    """Rows that follow another with the same `by` say again what only the first of them said; FIRST marks the first."""
    carried: pa.Table | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        rows = batch if carried is None else pa.concat_tables([carried, batch])
        is_first = np.zeros(rows.num_rows, dtype=bool)
        is_first[0] = True
        for key in rule.keys:
            by = rows[key].combine_chunks().to_numpy(zero_copy_only=False)
            is_first[1:] |= by[1:] != by[:-1]
        first_of = pa.array(np.maximum.accumulate(np.where(is_first, np.arange(rows.num_rows), 0)))
        for header in [h for h in rule.columns if h in rows.column_names]:
            own = rows[header].combine_chunks()
            is_empty = pc.equal(pc.utf8_trim_whitespace(own), "")
            filled = pc.if_else(is_empty, own.take(first_of), own)
            rows = rows.set_column(rows.column_names.index(header), header, filled)
        seen = 0 if carried is None else 1
        carried = rows.slice(first_of[-1].as_py(), 1)
        yield rows.append_column(FIRST, pa.array(is_first)).slice(seen)
