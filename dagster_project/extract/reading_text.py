"""Delimited text: its rows.

Plain files stream through pyarrow. Files whose rows pyarrow cannot see (each row quoted whole, or a blank
between delimiter and quote) go through Python's csv module, more slowly and to the same account.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from dagster_project.errors import UnreadableFile
from dagster_project.extract.layout import Layout, layout_of, unwrap
from dagster_project.extract.limits import MAX_CELL, MAX_MALFORMED, MAX_ROW_BYTES, size_text
from dagster_project.extract.lines import line_breaks
from dagster_project.extract.tables import ROW_NUMBER, Rows, Table, batches_of, misfit
from dagster_project.extract.text import Text, open_text
from dagster_project.extract.titles import Fits
from dagster_project.extract.unpacking import CHUNK, ByteStream, Source

# Begins the line put behind a file's last one: it is seen as a row of its own unless a quote is still open.
_END = "\x1e"


def open_delimited(source: Source, fits: Fits | None = None) -> Table:
    """Look through a csv or tsv file; its rows are read later."""
    text = open_text(source)
    if not text.head.strip("\ufeff \t\r\n"):
        raise UnreadableFile(f"{source.name}: the file is empty; ask for the export again")
    layout = layout_of(text, fits)
    # Every file of a landing zone is looked at before the first is read: what is kept of one must be little.
    text = replace(text, head=text.head[: layout.skip])
    stream = _stream_python if layout.is_wrapped or layout.is_spaced else _stream_arrow
    return Table(
        source.name, layout.header, partial(stream, text, layout), layout.first_line, partial(_starts, text, layout)
    )


def _starts(text: Text, layout: Layout, rows: int) -> Iterator[int] | None:
    """The line each row begins on; None where each has a line of its own."""
    if line_breaks(text.utf8(layout.skip)) == rows:
        return None
    return _row_lines(text, layout)


def _row_lines(text: Text, layout: Layout) -> Iterator[int]:
    decoded = io.TextIOWrapper(io.BufferedReader(ByteStream(text.utf8(layout.skip)), CHUNK), "utf-8", newline="")
    reader = csv.reader(decoded, delimiter=layout.delimiter, skipinitialspace=layout.is_spaced)
    line = layout.first_line
    # Where a cell is longer than the module allows, the rows below it keep their order's numbers.
    with suppress(csv.Error):
        for record in reader:
            if record:
                yield line
            line = layout.first_line + reader.line_num


def _end(layout: Layout) -> str:
    """One cell more than the header, so that it never counts as a good row."""
    return _END + layout.delimiter * len(layout.header)


def _stream_arrow(text: Text, layout: Layout, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    name, width, end = text.source.name, len(layout.header), _end(layout)
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
                f"{name}: from row {rows.line(rows.read + 1):,} on no end of a row within {size_text(MAX_ROW_BYTES)}; "
                "a quote may never be closed. Ask for the export again"
            ) from error
    if len(rows.malformed) > MAX_MALFORMED:
        return
    # The end is seen as the row after all others, unless a quote swallowed it.
    if ended != [good + len(rows.malformed)]:
        raise _unclosed(name, rows.line(max([rows.read, *(number for number, _ in rows.malformed)])))
    rows.malformed.pop()
    rows.read = good + len(rows.malformed)


def _stream_python(text: Text, layout: Layout, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    yield from batches_of(text.source.name, layout.header, _records(text, layout), headers, rows)


def _records(text: Text, layout: Layout) -> Iterator[list[str]]:
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
                cells = unwrap(record[0], layout.delimiter)
                held = cells if len(cells) == len(layout.header) else record
            else:
                held = record
    except csv.Error as error:
        raise UnreadableFile(
            f"{name}: row {layout.first_line + number:,} or the one after: a cell of more than {MAX_CELL:,} "
            "characters, or a quote that is never closed; ask for the export again"
        ) from error
    if held != end:
        raise _unclosed(name, layout.first_line + number)


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


def _with_end(text: Text, layout: Layout) -> Iterator[bytes]:
    yield from text.utf8(layout.skip)
    yield f"\n{_end(layout)}\n".encode()


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
