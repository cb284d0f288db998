"""Workbooks: the one filled sheet of an .xlsx file, its cells as the text a CSV would hold.

A workbook is a zip of XML: it is looked through first, because a reader lays out a sheet's used area in full.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any
from xml.parsers import expat

import pyarrow as pa
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import (
    MAX_TITLE_ROWS,
    MAX_WHOLE_BYTES,
    MAX_WORKBOOK_CELLS,
    MAX_WORKBOOK_UNPACKED_BYTES,
    size_text,
)
from dagster_project.extract.tables import Number, Rows, Table, batches_of, header_of
from dagster_project.extract.titles import Fits, filled, header_place
from dagster_project.extract.unpacking import CHUNK, DAMAGED, Source, unpacked

_LAST_WHOLE = 1e15


def open_sheet(source: Source, fits: Fits | None = None) -> Table:
    """Look through a workbook; its header is the first filled row that is no title."""
    first = list(islice(_filled_rows(source), MAX_TITLE_ROWS + 1))
    if not first:
        raise UnreadableFile(f"{source.name}: a workbook without a filled sheet; ask for the export again")
    rows = [cells for _, cells in first]
    candidates = ((_names(row), [filled(above) for above in rows[:n]]) for n, row in enumerate(rows))
    place, cells = first[header_place(candidates, fits)]
    header = header_of(source.name, cells)
    return Table(
        source.name, header, partial(_stream, source, header, place), place + 1, partial(_starts, source, place)
    )


def _names(cells: list[str]) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in cells)


def _stream(source: Source, header: tuple[str, ...], place: int, headers: list[str], rows: Rows) -> Iterator[pa.Table]:
    records = (record for number, record in _filled_rows(source) if number > place)
    cells = ("a zero byte in a cell" if any("\0" in cell for cell in record) else record for record in records)
    yield from batches_of(source.name, header, cells, headers, rows)


def _starts(source: Source, place: int, rows: int) -> Iterator[int]:
    return (number for number, _ in _filled_rows(source) if number > place)


def _filled_rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """The rows of the filled sheet with their numbers; empty ones do not count."""
    data = b"".join(unpacked(source, MAX_WHOLE_BYTES))
    _look_through(source.name, data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        for position, sheet in enumerate(workbook.sheets_metadata):
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_index(position)
                if rows.height:
                    sheets.append(rows)
    except BaseException as error:
        # A panic of the reader is no Exception.
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        raise UnreadableFile(f"{source.name}: a damaged workbook ({type(error).__name__}); ask for it again") from error
    if len(sheets) > 1:
        raise UnreadableFile(f"{source.name}: {len(sheets)} filled sheets; deliver each as a file of its own")
    for rows in sheets:
        for number, row in enumerate(rows.iter_rows(), start=1):
            cells = [_cell(value) for value in row]
            if any(cells):
                yield number, cells


def _cell(value: Any) -> str:
    """A cell as a CSV holds it: dates in ISO 8601, whole numbers without a decimal point."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _LAST_WHOLE else Number(repr(value))
    if isinstance(value, dt.date):
        return _iso(value)
    if isinstance(value, dt.time):
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return str(value)


def _iso(day: dt.date) -> str:
    if not isinstance(day, dt.datetime):
        return day.isoformat()
    # A sheet counts days: seconds come back with a rest.
    moment = (day + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return moment.isoformat(" ") if moment.time() != dt.time() else moment.date().isoformat()


def _look_through(name: str, data: bytes) -> None:
    """Raise UnreadableFile when the workbook is damaged, locked, or lays out to more than allowed."""
    unpacked_bytes = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                raise UnreadableFile(f"{name}: this is no .xlsx workbook; save it as one, or as CSV")
            for info in archive.infolist():
                area = _UsedArea()
                with archive.open(info) as part:
                    while chunk := part.read(CHUNK):
                        unpacked_bytes += len(chunk)
                        if unpacked_bytes > MAX_WORKBOOK_UNPACKED_BYTES:
                            limit = size_text(MAX_WORKBOOK_UNPACKED_BYTES)
                            raise UnreadableFile(f"{name}: more than {limit} unpacked; deliver it as CSV")
                        if info.filename.endswith((".xml", ".rels")):
                            area.feed(chunk)
                        if area.cells > MAX_WORKBOOK_CELLS:
                            raise UnreadableFile(
                                f"{name}: a sheet of more than {MAX_WORKBOOK_CELLS:,} cells; deliver it as CSV"
                            )
    except (*DAMAGED, expat.ExpatError) as error:
        raise UnreadableFile(f"{name}: a damaged workbook ({type(error).__name__}); ask for it again") from error


class _UsedArea:
    """How many rows and columns a sheet's filled cells span, from its XML as it streams by."""

    def __init__(self) -> None:
        self.row = self.column = self.rows = self.columns = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._doctype

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk, False)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "row":
            self.row = _number(attributes.get("r", ""), self.row + 1)
            self.column = 0
        elif kind == "c":
            place = attributes.get("r", "")
            letters = place.rstrip("0123456789")
            self.column = _letters(letters) if letters.isalpha() and letters.isascii() else self.column + 1
            self.row = _number(place[len(letters) :], self.row)
        elif kind in ("v", "is", "f"):
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)

    def _doctype(self, *_: object) -> None:
        raise ValueError("a document type has no place in a sheet")


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


def _letters(text: str) -> int:
    column = 0
    for letter in text[:8].upper():
        column = column * 26 + ord(letter) - 64
    return column
