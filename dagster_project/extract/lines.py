"""Where in its file a row stands: the line that an editor shows, of a workbook the row of the sheet.

Rows are numbered by their order. That tells their line where no row has several and none is blank; else the file is
gone through once more, for those few rows that somebody will look for.
"""

from collections.abc import Iterator

import numpy as np

from dagster_project.extract.tables import Table


def lines_of(table: Table, rows_read: int, numbers: np.ndarray) -> np.ndarray:
    """The line of each row, by its number (1 is the first data row)."""
    lines = numbers + (table.first_line - 1)
    starts = table.starts(rows_read) if len(numbers) else None
    if starts is None:
        return lines
    wanted = np.unique(numbers)
    found = wanted + (table.first_line - 1)
    place = 0
    for number, line in enumerate(starts, start=1):
        if number == wanted[place]:
            found[place] = line
            place += 1
            if place == len(wanted):
                break
    return found[np.searchsorted(wanted, numbers)]


def line_breaks(chunks: Iterator[bytes]) -> int:
    """How many lines a text has from its beginning to its last one that is not blank."""
    breaks = lines = 0
    after_return = False
    for chunk in chunks:
        text = chunk.removeprefix(b"\n") if after_return else chunk
        after_return = text.endswith(b"\r")
        filled = text.rstrip(b"\r\n")
        if filled:
            lines = breaks + _breaks(filled) + 1
        breaks += _breaks(text)
    return lines


def _breaks(text: bytes) -> int:
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
