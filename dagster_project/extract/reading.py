"""Bytes become rows: decompress, find encoding and delimiter, and stream the cells as text.

Cells stay strings here; typing them is the contract's business. Raises UnreadableFile, naming the file
and what is wrong, when the file as a whole cannot be read.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from dagster_project.errors import UnreadableFile

DELIMITERS = (",", ";", "\t", "|")
FORMATS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
# Headers are stripped, so a name that begins with a blank is never one of them.
ROW_NUMBER = " row_number"
_HEAD = 1 << 16
_CHUNK = 1 << 20
_BLOCK = 1 << 23


@dataclass(frozen=True)
class Table:
    """A readable file: its header names as written, and how to stream the rest."""

    path: Path
    name: str
    header: tuple[str, ...]
    header_lines: int
    delimiter: str
    encoding: str


@dataclass
class Rows:
    """What one pass over a file found: `read` physical rows, and the malformed ones (row number, cells found)."""

    read: int = 0
    malformed: list[tuple[int, int]] = field(default_factory=list)


def open_table(path: Path, name: str) -> Table:
    """Look at a file's head; `name` is how messages call it."""
    if not path.name.lower().endswith(FORMATS):
        raise UnreadableFile(f"{name}: format not supported; deliver one of {', '.join(FORMATS)}")
    encoding = _encoding(path, name)
    head = _head(path, name, encoding)
    if not head.strip():
        raise UnreadableFile(f"{name}: the file is empty; ask for the export again")
    first = head.splitlines()[0]
    delimiter = max(DELIMITERS, key=lambda d: (first.count(d), -DELIMITERS.index(d)))
    reader = csv.reader(io.StringIO(head), delimiter=delimiter)
    header = next(row for row in reader if row)
    names = tuple(cell.strip().lstrip("\ufeff") for cell in header)
    return Table(path, name, names, reader.line_num, delimiter, encoding)


def stream_rows(table: Table, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    """Batches of the named headers as strings, with ROW_NUMBER (1 is the first data row).

    A row with too few or too many cells is left out and noted in `rows`; `rows` is complete when the
    iterator ends.
    """

    def note(row: pa_csv.InvalidRow) -> str:
        rows.malformed.append((row.number - table.header_lines, row.actual_columns))
        return "skip"

    columns = [f"c{i}" for i in range(len(table.header))]
    wanted = {name: columns[table.header.index(name)] for name in headers}
    try:
        # Only an unthreaded reader tells its handler the numbers of malformed rows.
        reader = pa_csv.open_csv(
            _stream(table.path),
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK,
                skip_rows=table.header_lines,
                column_names=columns,
                encoding=table.encoding,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=table.delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={column: pa.string() for column in columns},
                include_columns=list(wanted.values()),
                strings_can_be_null=False,
            ),
        )
        for batch in reader:
            numbers = _row_numbers(rows.read, batch.num_rows, rows.malformed)
            rows.read = int(numbers[-1]) if len(numbers) else rows.read
            arrays = [batch.column(wanted[name]) for name in headers]
            yield pa.table([*arrays, pa.array(numbers, pa.int64())], names=[*headers, ROW_NUMBER])
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{table.name}: cannot be read to its end ({_plain(error)}); ask for it again") from error
    rows.read = max([rows.read, *(number for number, _ in rows.malformed)])


def _row_numbers(start: int, count: int, malformed: list[tuple[int, int]]) -> np.ndarray:
    """The physical numbers of `count` good rows after `start`, stepping over malformed ones."""
    numbers = np.arange(start + 1, start + 1 + count + len(malformed))
    bad = [number for number, _ in malformed]
    return numbers[~np.isin(numbers, bad)][:count] if bad else numbers


def _stream(path: Path) -> pa.NativeFile:
    return pa.input_stream(str(path), compression="gzip" if path.suffix.lower() == ".gz" else None)


def _chunks(path: Path, name: str) -> Iterator[bytes]:
    try:
        with _stream(path) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise UnreadableFile(f"{name}: cannot be decompressed ({_plain(error)}); ask for it again") from error


def _encoding(path: Path, name: str) -> str:
    head = next(_chunks(path, name), b"")
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise UnreadableFile(f"{name}: this is no text file; export it as CSV")
    for encoding in ("utf-8", "cp1252"):
        if _decodes(path, name, encoding):
            return encoding
    raise UnreadableFile(f"{name}: the text is neither UTF-8, UTF-16 nor Windows-1252; export it as UTF-8")


def _decodes(path: Path, name: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(path, name):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _head(path: Path, name: str, encoding: str) -> str:
    decoder: Callable[..., str] = codecs.getincrementaldecoder(encoding)(errors="replace").decode
    return decoder(next(_chunks(path, name), b"")[:_HEAD]).lstrip("\ufeff")


def _plain(error: Exception) -> str:
    """An error's first line without cell contents, which parsers like to quote."""
    return str(error).splitlines()[0].split(":")[0][:80]
