"""What only a whole file can tell its rows: which day/month order its dates have, and what a row inherits.

Both work on cells as text, before a row is typed, and keep nothing but a row between batches.
"""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contract_language import Contract, FillDown
from dagster_project.extract.date_sql import formats_of
from dagster_project.extract.tables import ROW_NUMBER, Rows
from dagster_project.feeds import load_feeds

FIRST = " first"
SEVERAL = 2
_NUMBERS_FIRST = re.compile(r"%([dm])[-/. ]%[dm]")
_TWO_NUMBERS = r"^\s*(?P<a>[0-9]{1,2})[-/. ](?P<b>[0-9]{1,2})(?:[-/. ]|$)"


class DateOrder:
    """Evidence for one column: a number above 12 can only be a day. Counted in different dates, batch by batch."""

    def __init__(self) -> None:
        self.first_days = self.second_days = 0
        self.differ = False
        self.numbers: set[tuple[int, int]] = set()

    def see(self, texts: pa.Array | pa.ChunkedArray) -> None:
        found = pc.extract_regex(pc.unique(texts), _TWO_NUMBERS).drop_null()
        if not len(found):
            return
        first, second = (pc.cast(pc.struct_field(found, field), pa.int8()) for field in ("a", "b"))
        self.first_days += pc.sum(pc.greater(first, 12)).as_py()
        self.second_days += pc.sum(pc.greater(second, 12)).as_py()
        self.differ |= pc.any(pc.not_equal(first, second)).as_py()
        self.numbers |= set(zip(first.to_pylist(), second.to_pylist(), strict=True))

    def decide(self, name: str, header: str) -> str:
        """day_first or month_first. Raises UnreadableFile when the file does not tell."""
        if self.first_days and self.second_days:
            raise UnreadableFile(
                f"{name}: dates in {header!r} are written day first in some rows and month first in others; "
                "export them in one way"
            )
        if self.differ and not (self.first_days or self.second_days):
            raise UnreadableFile(
                f"{name}: no date in {header!r} tells whether the day or the month comes first; "
                "say date_order: day_first or month_first in the contract"
            )
        return "month_first" if self.second_days else "day_first"


class PinnedOrders:
    """Whether a file's dates have the order that the contract's formats read them in: of the other order only those
    could be read that name another day."""

    def __init__(self, contract: Contract) -> None:
        rules = [rule for section in (contract, *contract.also) for rule in section.columns.values()]
        events = [
            section.columns.get(load_feeds()[section.feed].event_at or "") for section in (contract, *contract.also)
        ]
        self._asked = {rule.from_headers[0] for rule in events if rule and rule.from_ and not rule.date_order}
        self._pinned = {
            rule.from_headers[0]: match[1] == "d"
            for rule in rules
            if rule.from_ and rule.date_order != "from_file"
            for match in [_NUMBERS_FIRST.match(next(iter(formats_of(rule)), ""))]
            if match
        }
        self._seen = {header: DateOrder() for header in self._pinned}

    def see(self, cells: pa.Table) -> None:
        """Take note of a batch; its columns are named as the contract does."""
        for header, order in self._seen.items():
            if header in cells.column_names:
                order.see(cells[header])

    def check(self, name: str) -> None:
        """Raise UnreadableFile when several dates can only be of the other order, and none of the contract's; or when
        those of what happened are one day of months in a row, days in a row in the other order, and none is said."""
        for header, is_day_first in self._pinned.items():
            seen = self._seen[header]
            right, wrong = (seen.first_days, seen.second_days)[:: 1 if is_day_first else -1]
            if wrong >= SEVERAL and not right:
                here, there = ("month", "day") if is_day_first else ("day", "month")
                raise UnreadableFile(
                    f"{name}: dates in {header!r} have the {here} first, and the contract reads the {there} first; "
                    "say date_order: from_file in the contract, or ask for the export as it was"
                )
            days, months = ({pair[place] for pair in seen.numbers} for place in (0, 1)[:: 1 if is_day_first else -1])
            in_a_row = len(months) > SEVERAL and max(months) - min(months) < len(months)
            if header in self._asked and len(days) == 1 and in_a_row:
                raise UnreadableFile(
                    f"{name}: dates in {header!r} are day {min(days)} of {len(months)} months in a row, or as many "
                    "days of one month written the other way round; say date_order in the contract: from_file, "
                    "day_first or month_first"
                )


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


class Skipping:
    """Which rows a contract's `skip` names. What it says of a filled-down header holds for the whole receipt: rows
    that take the header from the first of them are skipped with it."""

    def __init__(self, rule: FillDown, is_skipped: Callable[[pa.Table], pa.Array], tested: set[str]) -> None:
        """`is_skipped` tells it of rows as they are; `tested` are the headers it looks at."""
        self._rule, self._is_skipped = rule, is_skipped
        self._looks_at_repeated = not tested.isdisjoint(rule.repeated)
        self._above: pa.Table | None = None

    def split(self, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The next rows of the file that are records, and those that are skipped, as the contract's tests see them."""
        named = self._is_skipped(rows)
        if not self._looks_at_repeated:
            return rows.filter(pc.invert(named)), rows.filter(named)
        known = rows if self._above is None else pa.concat_tables([self._above, rows])
        first_of = pa.array(_first_of(known, self._rule))
        filled = known
        for header in [h for h in self._rule.repeated if h in known.column_names]:
            filled = _with(filled, header, _filled(known[header].combine_chunks(), first_of))
        filled = filled.slice(known.num_rows - rows.num_rows)
        inherited = pc.and_not(self._is_skipped(filled), named)
        self._above = known.slice(first_of[-1].as_py(), 1)
        record = pc.invert(pc.or_(named, inherited))
        return rows.filter(record), pa.concat_tables([rows.filter(named), filled.filter(inherited)])


def fill_down(
    name: str, batches: Iterator[pa.Table], rule: FillDown, rows_of: Rows, skipping: Skipping | None = None
) -> Iterator[pa.Table]:
    """Rows that belong to one above say again what only the first of them said; FIRST marks the first.

    A row that the contract skips, such as a total between receipts, belongs to none and says nothing to others. Raises
    UnreadableFile when a row says something else than the first: the rule takes rows together that are none.
    """
    carried: pa.Table | None = None
    for whole in batches:
        batch, aside = whole, whole.slice(0, 0)
        if skipping is not None and whole.num_rows:
            batch, aside = skipping.split(whole)
        if aside.num_rows:
            aside = aside.append_column(FIRST, pa.array(np.zeros(aside.num_rows, dtype=bool)))
        if not batch.num_rows:
            if aside.num_rows:
                yield aside.sort_by(ROW_NUMBER)
            continue
        rows = batch if carried is None else pa.concat_tables([carried, batch])
        starts = _first_of(rows, rule)
        first_of, is_first = pa.array(starts), starts == np.arange(rows.num_rows)
        first, told = first_of[-1].as_py(), []
        said = rows
        for header in [h for h in rule.repeated if h in rows.column_names]:
            own = rows[header].combine_chunks()
            is_empty = _is_empty(own)
            told += (first + np.flatnonzero(~is_empty[first:])[-1:]).tolist()
            _check_one_value(name, header, own, is_empty, starts, rule, rows, rows_of)
            rows = _with(rows, header, _filled(own, first_of))
        seen = 0 if carried is None else carried.num_rows
        carried = said.take(sorted({first, *told}))
        filled_rows = rows.append_column(FIRST, pa.array(is_first)).slice(seen)
        yield pa.concat_tables([filled_rows, aside]).sort_by(ROW_NUMBER) if aside.num_rows else filled_rows


def _first_of(rows: pa.Table, rule: FillDown) -> np.ndarray:
    """Per row the place of the first row of its receipt."""
    is_first = np.zeros(rows.num_rows, dtype=bool)
    is_first[0] = True
    if rule.starts_at:
        is_first[1:] = ~_is_empty(rows[rule.starts_at])[1:]
    for key in [] if rule.starts_at else rule.keys:
        by = rows[key].combine_chunks().to_numpy(zero_copy_only=False)
        is_first[1:] |= by[1:] != by[:-1]
    return np.maximum.accumulate(np.where(is_first, np.arange(rows.num_rows), 0))


def _filled(cells: pa.Array, first_of: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(_is_empty(cells)), cells.take(first_of), cells)


def _with(rows: pa.Table, header: str, cells: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(header), header, cells)


def _is_empty(cells: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return pc.equal(pc.utf8_trim_whitespace(cells), "").to_numpy(zero_copy_only=False)


def _check_one_value(
    name: str,
    header: str,
    own: pa.Array,
    is_empty: np.ndarray,
    first_of: np.ndarray,
    rule: FillDown,
    rows: pa.Table,
    rows_of: Rows,
) -> None:
    """Raise UnreadableFile at the first cell that differs from a filled one above it, among rows taken together."""
    place = np.arange(len(own))
    told = np.concatenate(([0], np.maximum.accumulate(np.where(is_empty, 0, place))[:-1]))
    may_differ = np.flatnonzero(~is_empty & (told >= first_of) & (first_of < place) & ~is_empty[told])
    texts = pc.utf8_trim_whitespace(own)
    differs = pc.not_equal(texts.take(pa.array(may_differ)), texts.take(pa.array(told[may_differ])))
    wrong = may_differ[differs.to_numpy(zero_copy_only=False)]
    if not len(wrong):
        return
    row = rows_of.line(rows[ROW_NUMBER][int(wrong[0])].as_py())
    keys = " and ".join(map(repr, rule.keys))
    taken = f"{keys} stays empty" if rule.starts_at else f"{keys} stays the same"
    raise UnreadableFile(
        f"{name}: in row {row:,} {header!r} changes where {taken}, so fill_down would give rows to a wrong receipt"
        "; name in fill_down.by every header that tells receipts apart, or, where a receipt's number stands on "
        "its first row alone, say starts_at instead of by; a column that every row fills itself has no place there"
    )
