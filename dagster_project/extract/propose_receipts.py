"""Which rows of an undescribed export are one receipt: keys whose numbers begin anew, and what first rows alone say."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from dagster_project.extract.propose_words import Cells, folded, header_words

# Receipt numbers that restart stand on several days for more than a few receipts around midnight.
REPEATED = 0.2
MAX_REGISTERS = 50


def order_key(number: str, day: str, cells: Cells, used: set[str]) -> list[str]:
    """The headers that together name one receipt, its number last."""
    numbers, days = cells[number], [_day(value) for value in _filled_down(cells[number], cells[day])]
    registers = [
        header
        for header in cells
        if header not in used - {day, number}
        and folded(header) in header_words("registers")
        and 1 < len({*filter(None, cells[header])}) <= MAX_REGISTERS
    ]
    key = [day] if _repeats(zip(numbers, days, strict=True)) else []
    for header in registers:
        receipts = zip(numbers, days, strict=True) if key else ((n, "") for n in numbers)
        if _repeats(zip(receipts, cells[header], strict=True)):
            key.append(header)
    return [*key, number]


def _repeats(pairs: Iterable[tuple]) -> bool:
    """Whether many of the first stand with several of the second."""
    seen: dict[object, set] = defaultdict(set)
    for one, other in pairs:
        if one and other:
            seen[one].add(other)
    several = sum(len(others) > 1 for others in seen.values())
    return several >= 2 and several >= REPEATED * len(seen)


def is_unique(headers: list[str], cells: Cells) -> bool:
    """Whether no two rows say the same under these headers, but for rows that repeat each other whole."""
    rows = {*zip(*cells.values(), strict=True)}
    place = [list(cells).index(header) for header in headers]
    return len({tuple(row[n] for n in place) for row in rows}) == len(rows)


def _filled_down(numbers: list[str], days: list[str]) -> list[str]:
    filled, last = [], ("", "")
    for number, day in zip(numbers, days, strict=True):
        last = (number, day or (last[1] if number == last[0] else ""))
        filled.append(last[1])
    return filled


def _day(moment: str) -> str:
    return re.split(r"[ T]", moment.strip())[0]


def inherited(number: str, key: list[str], cells: Cells) -> tuple[list[str], list[str]]:
    """The headers whose cells tell a receipt's rows, and those that only its first row fills."""
    # A day that stands on the first row only cannot tell the rows below it.
    by = [header for header in key if header == number or header not in _first_only([number], cells)]
    return by, [header for header in _first_only(by, cells) if header not in by]


def start_of(number: str, key: list[str], cells: Cells) -> str | None:
    """The header of the key that a receipt's first row alone fills, where the number stands there alone; of several
    the one filled most often, as rows that are no receipt end the one above."""
    first = [bool(value.strip()) for value in cells[number]]
    often = {
        header: sum(bool(value.strip()) for value in cells[header])
        for header in key
        if all(value.strip() for value, is_first in zip(cells[header], first, strict=True) if is_first)
    }
    telling = [h for h in often if often[h] > 1 and len(first) - often[h] >= REPEATED * len(first)]
    return max(telling, key=lambda header: often[header], default=None)


def said_at(start: str, cells: Cells) -> list[str]:
    """The other headers that are filled where `start` is, and nowhere else."""
    return [
        header
        for header, values in cells.items()
        if header != start
        and any(v.strip() for v in values)
        and not any(v.strip() and not begun.strip() for v, begun in zip(values, cells[start], strict=True))
    ]


def _first_only(by: list[str], cells: Cells) -> list[str]:
    rows = list(zip(*(cells[header] for header in by), strict=True))
    follows = [False, *(before == row and any(row) for before, row in pairwise(rows))]
    leads = [not at and after for at, after in pairwise([*follows, False])]
    return [
        header
        for header, values in cells.items()
        if sum(bool(v.strip()) for v, lead in zip(values, leads, strict=True) if lead) > 1
        and not any(v.strip() for v, at in zip(values, follows, strict=True) if at)
    ]
