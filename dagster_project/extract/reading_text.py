"""Delimited text: its delimiter, its header and its rows.

Plain files stream through pyarrow. Files whose rows pyarrow cannot see (each row quoted whole, or a blank
between delimiter and quote) go through Python's csv module, more slowly and to the same account.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import MAX_CELL, MAX_HEADER_BYTES, MAX_MALFORMED, MAX_ROW_BYTES, size_text
from dagster_project.extract.tables import ROW_NUMBER, Rows, Table, batches_of, header_of, misfit
from dagster_project.extract.text import Text, open_text
from dagster_project.extract.unpacking import CHUNK, ByteStream, Source

DELIMITERS = (",", ";", "\t", "|")
# Begins the line put behind a file's last one: it is seen as a row of its own unless a quote is still open.
_END = "\x1e"


@dataclass(frozen=True)
class _Layout:
    delimiter: str
    header: tuple[str, ...]
    # Characters before the first data row.
    skip: int
    # Rows are quoted whole: their one cell is a row.
    is_wrapped: bool = False
    # A blank stands between a delimiter and the quote after it.
    is_spaced: bool = False

    @property
    def end(self) -> str:
        """One cell more than the header, so that it never counts as a good row."""
        return _END + self.delimiter * len(self.header)


def open_delimited(source: Source) -> Table:
    """Look through a csv or tsv file; its rows are read later."""
    text = open_text(source)
    if not text.head.strip("\ufeff \t\r\n"):
        raise UnreadableFile(f"{source.name}: the file is empty; ask for the export again")
    layout = _layout(text)
    # Every file of a landing zone is looked at before the first is read: what is kept of one must be little.
    text = replace(text, head=text.head[: layout.skip])
    stream = _stream_python if layout.is_wrapped or layout.is_spaced else _stream_arrow
    return Table(source.name, layout.header, partial(stream, text, layout))


def _layout(text: Text) -> _Layout:
    name, head = text.source.name, text.head
    delimiter = max(DELIMITERS, key=lambda d: (len(_split(head, d)[0][0]), -DELIMITERS.index(d)))
    (first, second), skip = _split(head, delimiter)
    if not first or (skip >= len(head) and not text.is_whole):
        raise UnreadableFile(
            f"{name}: a header of more than {size_text(MAX_HEADER_BYTES)}, or a quote in it that is never closed; "
            "ask for the export again"
        )
    cells = first
    if len(first) == 1:
        delimiter, cells = max(((d, _unwrap(first[0], d)) for d in DELIMITERS), key=lambda found: len(found[1]))
        second = _split(head[skip:], delimiter)[0][0] if len(cells) > 1 else second
    if _filled(cells) == 1 and _filled(second) > 1:
        raise UnreadableFile(f"{name}: a title stands above the header; remove the lines above the column names")
    is_spaced = text.has_quotes and any(len(row) > 1 and _is_spaced(row) for row in (first, second))
    if is_spaced:
        (cells, second), skip = _split(head, delimiter, is_spaced)
    header = header_of(name, cells)
    is_wrapped = len(header) > 1 and len(second) == 1 and len(_unwrap(second[0], delimiter)) == len(header)
    return _Layout(delimiter, header, skip, is_wrapped, is_spaced)


def _split(head: str, delimiter: str, is_spaced: bool = False) -> tuple[tuple[list[str], list[str]], int]:
    """The first two rows of some text, empty where there is none, and where the first ends."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in io.StringIO(head, newline=""):
            taken += len(line)
            yield line

    rows = filter(None, csv.reader(lines(), delimiter=delimiter, skipinitialspace=is_spaced))
    try:
        first = next(rows, [])
    except csv.Error:
        return ([], []), len(head)
    skip = taken
    try:
        return (first, next(rows, [])), skip
    except csv.Error:
        return (first, []), skip


def _unwrap(cell: str, delimiter: str) -> list[str]:
    """The cells within a cell that is a whole row."""
    try:
        rows = list(csv.reader(io.StringIO(cell, newline=""), delimiter=delimiter))
    except csv.Error:
        return [cell]
    return rows[0] if len(rows) == 1 else [cell]


def _filled(cells: list[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _is_spaced(row: list[str]) -> bool:
    return all(cell.startswith(" ") for cell in row[1:] if cell)


def _stream_arrow(text: Text, layout: _Layout, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    name, width, end = text.source.name, len(layout.header), layout.end
    columns = [f"c{i}" for i in range(width)]
    wanted = [columns[layout.header.index(header)] for header in headers]
    ended: list[int] = []

    def note(row: pa_csv.InvalidRow) -> str:
        ended[:] = [row.number] if row.text == end else []
        lines = len(row.text.splitlines())
        over = f", over {lines} lines; a quote may be missing" if lines > 1 else ""
        rows.malformed.append((row.number, misfit(row.actual_columns, width) + over))
        return "skip" if len(rows.malformed) <= MAX_MALFORMED else "error"

    good = 0
    try:
        # Only an unthreaded reader tells its handler the numbers of malformed rows.
        reader = pa_csv.open_csv(
            _reader(_with_end(text, layout), text.size),
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=CHUNK, column_names=columns),
            parse_options=pa_csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={column: pa.string() for column in wanted},
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
        for batch in reader:
            good += batch.num_rows
            numbers = _row_numbers(rows.read, batch.num_rows, rows.malformed)
            rows.read = int(numbers[-1]) if len(numbers) else rows.read
            arrays = [batch.column(column) for column in wanted]
            yield pa.table([*arrays, pa.array(numbers, pa.int64())], names=[*headers, ROW_NUMBER])
    except pa.ArrowInvalid as error:
        if len(rows.malformed) <= MAX_MALFORMED:
            raise UnreadableFile(
                f"{name}: from row {rows.read + 1:,} on no end of a row within {size_text(MAX_ROW_BYTES)}; a quote may "
                "never be closed. Ask for the export again"
            ) from error
    if len(rows.malformed) > MAX_MALFORMED:
        return
    # The end is seen as the row after all others, unless a quote swallowed it.
    if ended != [good + len(rows.malformed)]:
        raise _unclosed(name, max([rows.read, *(number for number, _ in rows.malformed)]))
    rows.malformed.pop()
    rows.read = good + len(rows.malformed)


def _stream_python(text: Text, layout: _Layout, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    yield from batches_of(text.source.name, layout.header, _records(text, layout), headers, rows)


def _records(text: Text, layout: _Layout) -> Iterator[list[str]]:
    name = text.source.name
    decoded = io.TextIOWrapper(io.BufferedReader(ByteStream(_with_end(text, layout)), CHUNK), "utf-8", newline="")
    reader = csv.reader(bounded_lines(decoded, name), delimiter=layout.delimiter, skipinitialspace=layout.is_spaced)
    end = [_END, *[""] * len(layout.header)]
    number, held = 0, None
    try:
        for record in filter(None, reader):
            if held is not None:
                yield held
                number += 1
            if layout.is_wrapped and len(record) == 1 < len(layout.header):
                cells = _unwrap(record[0], layout.delimiter)
                held = cells if len(cells) == len(layout.header) else record
            else:
                held = record
    except csv.Error as error:
        raise UnreadableFile(
            f"{name}: row {number + 1:,} or the one after: a cell of more than {MAX_CELL:,} characters, or a quote "
            "that is never closed; ask for the export again"
        ) from error
    if held != end:
        raise _unclosed(name, number + 1)


def bounded_lines(decoded: io.TextIOBase, name: str) -> Iterator[str]:
    """The lines of a text, none longer than a row may be."""
    number = 0
    while line := decoded.readline(MAX_ROW_BYTES):
        number += 1
        if len(line) == MAX_ROW_BYTES:
            raise UnreadableFile(
                f"{name}: line {number:,} of the data is longer than {size_text(MAX_ROW_BYTES)}; ask for it again"
            )
        yield line


def _with_end(text: Text, layout: _Layout) -> Iterator[bytes]:
    yield from text.utf8(layout.skip)
    yield f"\n{layout.end}\n".encode()


def _reader(chunks: Iterator[bytes], size: int) -> pa.NativeFile | ByteStream:
    """A small file whole: calling back for it would cost more than parsing it."""
    return pa.BufferReader(b"".join(chunks)) if size <= CHUNK else ByteStream(chunks)


def _unclosed(name: str, last: int) -> UnreadableFile:
    return UnreadableFile(
        f"{name}: a quote opened in row {last:,} or before is never closed, so where rows end is unknown; ask for the "
        "export again"
    )


def _row_numbers(start: int, count: int, malformed: list[tuple[int, str]]) -> np.ndarray:
    """The physical numbers of `count` good rows after `start`, stepping over the malformed ones."""
    bad = [number for number, _ in malformed if number > start]
    numbers = np.arange(start + 1, start + 1 + count + len(bad))
    return numbers[~np.isin(numbers, bad)][:count] if bad and bad[0] <= start + count else numbers[:count]
