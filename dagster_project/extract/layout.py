"""How a delimited text is laid out: where its header stands, its delimiter, and how its rows are quoted."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import MAX_HEADER_BYTES, size_text
from dagster_project.extract.tables import header_of
from dagster_project.extract.text import Text
from dagster_project.extract.titles import Fits, filled, header_place

DELIMITERS = (",", ";", "\t", "|")
# A line for spreadsheets, above all others.
_SEPARATOR = re.compile(r'\ufeff?"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Layout:
    """`skip` characters, and lines up to `first_line`, stand before the first data row."""

    delimiter: str
    header: tuple[str, ...]
    skip: int
    first_line: int
    # Rows are quoted whole: their one cell is a row.
    is_wrapped: bool = False
    # A blank stands between a delimiter and the quote after it.
    is_spaced: bool = False


def layout_of(text: Text, fits: Fits | None) -> Layout:
    """The layout of a text below its titles. Raises UnreadableFile when no header can be read."""
    told = _SEPARATOR.match(text.head)
    start, delimiter = (told.end(), told[1]) if told else (0, "")
    first = _layout_at(text, start, delimiter)
    if fits is not None and fits(first.header):
        return first
    layouts = [first]
    place = header_place(_candidates(text, start, delimiter, layouts), fits)
    return layouts[place]


def _candidates(
    text: Text, start: int, delimiter: str, layouts: list[Layout]
) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """What each of the first lines would be as a header, and how full the lines above it are; `layouts` gains them."""
    yield layouts[0].header, []
    lines: list[str] = []
    for end in _LINE_END.finditer(text.head, start):
        lines.append(text.head[start : end.end()])
        start = end.end()
        try:
            layout = _layout_at(text, start, delimiter)
        except UnreadableFile:
            return
        layouts.append(layout)
        yield layout.header, [filled(_cells(line, layout.delimiter)) for line in lines]


def _layout_at(text: Text, start: int, told: str) -> Layout:
    name, head = text.source.name, text.head[start:]
    delimiters = (told,) if told in DELIMITERS and len(_split(head, told)[0][0]) > 1 else DELIMITERS
    delimiter = max(delimiters, key=lambda d: (len(_split(head, d)[0][0]), -DELIMITERS.index(d)))
    (first, second), skip = _split(head, delimiter)
    if not first or (skip >= len(head) and not text.is_whole):
        raise UnreadableFile(
            f"{name}: a header of more than {size_text(MAX_HEADER_BYTES)}, or a quote in it that is never closed; "
            "ask for the export again"
        )
    cells = first
    if len(first) == 1:
        delimiter, cells = max(((d, unwrap(first[0], d)) for d in DELIMITERS), key=lambda found: len(found[1]))
        second = _split(head[skip:], delimiter)[0][0] if len(cells) > 1 else second
    is_spaced = text.has_quotes and any(len(row) > 1 and _is_spaced(row) for row in (first, second))
    if is_spaced:
        (cells, second), skip = _split(head, delimiter, is_spaced)
    header = header_of(name, cells)
    is_wrapped = len(header) > 1 and len(second) == 1 and len(unwrap(second[0], delimiter)) == len(header)
    skip += start
    first_line = len(_LINE_END.findall(text.head[:skip])) + 1
    return Layout(delimiter, header, skip, first_line, is_wrapped, is_spaced)


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


def unwrap(cell: str, delimiter: str) -> list[str]:
    """The cells within a cell that is a whole row."""
    try:
        rows = list(csv.reader(io.StringIO(cell, newline=""), delimiter=delimiter))
    except csv.Error:
        return [cell]
    return rows[0] if len(rows) == 1 else [cell]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _is_spaced(row: list[str]) -> bool:
    return all(cell.startswith(" ") for cell in row[1:] if cell)
