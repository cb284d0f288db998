"""Which of a file's first rows is the header: tills and spreadsheets put titles above it."""

from collections.abc import Callable, Iterable
from itertools import islice

from dagster_project.extract.limits import MAX_TITLE_ROWS

Fits = Callable[[tuple[str, ...]], bool]


def header_place(candidates: Iterable[tuple[tuple[str, ...], list[int]]], fits: Fits | None) -> int:
    """The place of the header among the first rows: the first that fits a contract, else the likeliest.

    candidates: per row its cells as header names, and how many cells are filled in each row above it. A title fills
    at most half as many cells as the header below it: what fills more may be a record, and no record is passed over.
    """
    likely = 0
    for place, (header, above) in enumerate(islice(candidates, MAX_TITLE_ROWS + 1)):
        width = filled(header)
        if any(2 * cells > width for cells in above):
            continue
        if fits and fits(header):
            return place
        # Twice as wide as every title above it, the one before it included: the last such row is the likeliest.
        if place and width > 1:
            likely = place
    return likely


def filled(cells: Iterable[str]) -> int:
    return sum(1 for cell in cells if cell.strip("\ufeff \t\r\n"))
