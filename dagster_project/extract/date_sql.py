"""Dates and times as SQL: what a text says on the wall's clock or as an instant, and a day as a key has it."""

import re
from collections.abc import Iterable

from dagster_project.extract.column_rule import ColumnRule
from dagster_project.extract.contract_language import Contract
from dagster_project.extract.sql_text import literal
from dagster_project.feeds import load_feeds

# Dates whose order is never in doubt.
_ISO = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M"]
_TIME = re.compile(r"%[HIMSpfTXR]")
# Header -> the formats its days are written in.
Dates = dict[str, tuple[str, ...]]
# Only behind a time of day: the -05 of 2026-10-05 is no offset.
_OFFSET = r"'.*[0-9]:[0-9.:]*[0-9] ?(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)'"


def wall_sql(text: str, rule: ColumnRule | None) -> str:
    """The time on the wall as written; NULL when the text names an instant instead."""
    if rule and rule.formats:
        return _wall(text, [f for f in formats_of(rule) if "%z" not in f.lower()])
    return f"case when {_has_offset(text)} then null else try_cast({text} as timestamp) end"


def _wall(text: str, formats: list[str]) -> str:
    # A reader writes a workbook's date cells in ISO 8601; the dashes keep two digits from being taken for a year.
    times = [f[len(day) :] for f in formats if (day := date_part(f)) != f]
    is_iso = f"substr({text}, 5, 1) = '-' and substr({text}, 8, 1) = '-'"
    iso = (
        f"case when {is_iso} then {_strptime(text, list(dict.fromkeys([*_ISO, *('%Y-%m-%d' + t for t in times)])))} end"
    )
    return f"coalesce({_strptime(text, formats)}, {iso})" if formats else iso


def date_part(written: str) -> str:
    """What stands before the time of day in a format."""
    time = _TIME.search(written)
    return written[: time.start()].rstrip(" T,") if time else written


def dates_of(contracts: Iterable[Contract]) -> Dates:
    """Header -> the formats its dates are written in, of the contracts of one file, whose date orders are told."""
    found: dict[str, tuple[str, ...]] = {}
    for contract in contracts:
        for name, rule in contract.columns.items():
            is_day = load_feeds()[contract.feed].column(name).type in ("timestamp", "date")
            if not is_day or not rule.from_ or not rule.formats:
                continue
            formats = [f for f in formats_of(rule) if "%z" not in f.lower()]
            parts = formats if isinstance(rule.from_, str) else [date_part(f) for f in formats]
            header = rule.from_headers[0]
            if all(parts) and len(formats) == len(rule.formats):
                found[header] = tuple(dict.fromkeys([*found.get(header, ()), *parts]))
    return found


def instant_sql(text: str, rule: ColumnRule | None) -> str | None:
    """The instant as UTC, where the text carries an offset; None when the formats never do."""
    formats = [f for f in (formats_of(rule) if rule else []) if "%z" in f.lower()]
    if formats:
        return f"cast({_strptime(text, formats)} as timestamp)"
    if rule and rule.formats:
        return None
    joined = rf"regexp_replace({text}, ' ?([+-][0-9]{{2}}):?([0-9]{{2}})$', '\1:\2')"
    return f"case when {_has_offset(text)} then cast(try_cast({joined} as timestamptz) as timestamp) end"


def _has_offset(text: str) -> str:
    """True, or null. Most times show by their end that they have none; CASE, unlike AND, asks only the others."""
    named = " or ".join(f"suffix({text}, '{name}')" for name in ("Z", "UTC", "GMT"))
    may = f"{named} or contains({text}, '+') or contains(right({text}, 6), '-')"
    asked = f"case when {may} then nullif(regexp_full_match({text}, {_OFFSET}), false) end"
    return f"case when contains({text}, ':') then {asked} end"


def formats_of(rule: ColumnRule) -> list[str]:
    """The rule's formats with day and month in the order it says."""
    if rule.date_order not in ("day_first", "month_first"):
        return list(rule.formats or [])
    return [_ordered(f, day_first=rule.date_order == "day_first") for f in rule.formats or []]


def _strptime(text: str, formats: list[str]) -> str:
    return f"try_strptime({text}, [{', '.join(literal(f) for f in formats)}])"


def _ordered(written: str, day_first: bool) -> str:
    day, month = written.find("%d"), written.find("%m")
    if day < 0 or month < 0 or (day < month) == day_first:
        return written
    return written.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def day_sql(cell: str, formats: tuple[str, ...]) -> str:
    """A date as a key has it: in ISO 8601, and with its time where the formats have one; as written if it is none."""
    shape = "%Y-%m-%d %H:%M:%S" if any(_TIME.search(f) for f in formats) else "%Y-%m-%d"
    return f"coalesce(strftime({_wall(cell, list(formats))}, {literal(shape)}), {cell})"
