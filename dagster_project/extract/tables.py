"""What every format's reader gives: a header, and batches of text cells with the physical row numbers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import MAX_CELL, MAX_COLUMNS, MAX_MALFORMED, MAX_ROWS

# Headers are stripped, so a name that begins with a blank is never one of them.
ROW_NUMBER = " row_number"
_BATCH_ROWS = 20_000
_BATCH_CHARACTERS = 8 << 20


# A number written with a larger exponent is no amount, and would be as long as that.
_MAX_EXPONENT = 30


class Number(str):
    """A cell that is a number and no text: written with a point, whatever marks a decimal in its column's texts."""

    def with_comma(self) -> str:
        """As a text of a column whose decimal mark is a comma."""
        value = Decimal(str(self))
        return (f"{value:f}" if abs(value.adjusted()) < _MAX_EXPONENT else self).replace(".", ",")


@dataclass
class Rows:
    """What one pass over a file found: `read` physical rows, and those that fit no header (row number, reason).

    `first_line` is where in the file the first of them stands. Told before: `with_comma`, the headers whose numbers a
    pass shall write with a decimal comma, as their texts are.
    """

    read: int = 0
    malformed: list[tuple[int, str]] = field(default_factory=list)
    first_line: int = 1
    with_comma: frozenset[str] = frozenset()

    def line(self, number: int) -> int:
        """About where the row stands: no less, where rows above it are blank or have several lines."""
        return number + self.first_line - 1


@dataclass(frozen=True)
class Table:
    """A readable file: what messages call it, its header names, and `stream` for the rest (see stream_rows).

    `first_line` is where the first data row stands; `starts`, given the number of rows, tells where each one does, or
    None where each has one line.
    """

    name: str
    header: tuple[str, ...]
    stream: Callable[[list[str], Rows], Iterator[pa.Table]]
    first_line: int = 1
    starts: Callable[[int], Iterator[int] | None] = lambda rows: None


def header_of(name: str, cells: Iterable[str]) -> tuple[str, ...]:
    """Header names without blanks around them. Raises UnreadableFile when there are too many or one is unusable."""
    names = tuple(cell.strip().lstrip("\ufeff").strip() for cell in cells)
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile(f"{name}: more than {MAX_COLUMNS:,} columns; deliver only those the contract names")
    for position, column in enumerate(names, start=1):
        if "\0" in column or len(column) > MAX_CELL:
            raise UnreadableFile(f"{name}: the name of column {position} is no text; export it again")
    return names


def stream_rows(table: Table, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    """Batches of the named headers as strings, with ROW_NUMBER (1 is the first data row; blank lines do not count).

    A row that does not fit the header is left out and noted in `rows`; `rows` is complete when the
    iterator ends. Raises UnreadableFile when a limit is passed.
    """
    rows.first_line = table.first_line
    for batch in table.stream(headers, rows):
        _check_cells(table.name, batch, rows)
        check_rows(table.name, rows)
        yield batch
    check_rows(table.name, rows)


def check_rows(name: str, rows: Rows) -> None:
    """Raise UnreadableFile when too many rows, or too many malformed ones, were read."""
    if rows.read > MAX_ROWS:
        raise UnreadableFile(f"{name}: more than {MAX_ROWS:,} rows; deliver it in parts")
    if len(rows.malformed) > MAX_MALFORMED:
        raise UnreadableFile(
            f"{name}: more than {MAX_MALFORMED:,} rows do not fit the header, the first is row "
            f"{rows.line(rows.malformed[0][0]):,}; ask for the export again"
        )


def batches_of(
    table_name: str, header: tuple[str, ...], records: Iterable[list[str] | str], headers: list[str], rows: Rows
) -> Iterator[pa.Table]:
    """Batches of records that Python read: each the cells of a row, or the reason why it is none."""
    places = [header.index(name) for name in headers]
    commas = [number for number, name in enumerate(headers) if name in rows.with_comma]
    cells: list[list[str]] = []
    numbers: list[int] = []
    size = 0
    for record in records:
        rows.read += 1
        reason = record if isinstance(record, str) else _misfit(record, header)
        if reason:
            rows.malformed.append((rows.read, reason))
            check_rows(table_name, rows)
            continue
        wanted = [record[place] for place in places]
        for number in commas:
            cell = wanted[number]
            wanted[number] = cell.with_comma() if isinstance(cell, Number) else cell
        cells.append(wanted)
        numbers.append(rows.read)
        size += sum(map(len, wanted))
        if len(cells) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield _batch(headers, cells, numbers)
            cells, numbers, size = [], [], 0
    if cells:
        yield _batch(headers, cells, numbers)


def _misfit(record: list[str], header: tuple[str, ...]) -> str | None:
    return None if len(record) == len(header) else misfit(len(record), len(header))


def misfit(found: int, expected: int) -> str:
    """Why a row of `found` cells cannot land."""
    return f"{found} cells where the header has {expected}"


def _batch(headers: list[str], cells: list[list[str]], numbers: list[int]) -> pa.Table:
    columns = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
    return pa.table([*columns, pa.array(numbers, pa.int64())], names=[*headers, ROW_NUMBER])


def _check_cells(name: str, batch: pa.Table, rows: Rows) -> None:
    for column in batch.column_names:
        if column == ROW_NUMBER:
            continue
        chunks = batch[column].chunks
        # The offsets of a short column already show that no cell is too long.
        if all(chunk.nbytes <= MAX_CELL for chunk in chunks):
            continue
        numbers = batch[ROW_NUMBER].to_pylist() if _longest(batch[column]) > MAX_CELL else []
        for number, cell in zip(numbers, batch[column], strict=False):
            if len(cell.as_py() or "") > MAX_CELL:
                raise UnreadableFile(
                    f"{name}: row {rows.line(number):,}, column {column[:60]!r}: a cell of more than {MAX_CELL:,} "
                    "characters; ask for the export again"
                )


def _longest(column: pa.ChunkedArray) -> int:
    import pyarrow.compute as pc

    return pc.max(pc.utf8_length(column)).as_py() or 0
