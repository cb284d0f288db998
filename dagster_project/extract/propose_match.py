"""Which of a feed's columns an undescribed header holds: by the names in sources/vocabulary.yaml and by what the cells
could be."""

import re
from functools import cache

from dagster_project.extract.propose_words import Rule, folded, header_words, headers_of, is_rate, vocabulary, words_of
from dagster_project.feeds import Column, Feed

FORMATS = (
    ("%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
    ("%d-%m-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
    ("%d/%m/%y", r"\d{1,2}/\d{1,2}/\d\d"),
    ("%d.%m.%y", r"\d{1,2}\.\d{1,2}\.\d\d"),
    ("%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
    ("%Y.%m.%d", r"\d{4}\.\d{1,2}\.\d{1,2}"),
    ("%Y%m%d", r"(19|20)\d{6}"),
    ("%d-%b-%Y", r"\d{1,2}-[A-Za-z]{3}-\d{4}"),
    ("%d-%b-%y", r"\d{1,2}-[A-Za-z]{3}-\d\d"),
    ("%d %b %Y", r"\d{1,2} [A-Za-z]{3} \d{4}"),
    ("%b %d, %Y", r"[A-Za-z]{3} \d{1,2}, \d{4}"),
)
TIMES = (
    ("", ""),
    (" %H:%M:%S", r" \d{1,2}:\d\d:\d\d"),
    (" %H:%M", r" \d{1,2}:\d\d"),
    (" %H.%M.%S", r" \d{1,2}\.\d\d\.\d\d"),
    (" %H.%M", r" \d{1,2}\.\d\d"),
    (" %I:%M %p", r" \d{1,2}:\d\d [AaPp][Mm]"),
    (" %I:%M:%S %p", r" \d{1,2}:\d\d:\d\d [AaPp][Mm]"),
)
CERTAIN, SURE, LIKELY = 2.0, 1.5, 0.5
# A damaged cell or two make no other column of it.
MOST = 0.95
MAX_CHANNELS = 20
# Enough to see what a column holds; that numbers come again may take a month to see.
SAMPLE_ROWS = 5_000
# How canonical times are written: needs no format.
ISO = "ISO 8601"
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_CLOCK = r"\d{1,2}:\d\d(:\d\d)?( [AaPp][Mm])?"
_CLOCK_WITH_DOTS = r"([01]?\d|2[0-3])\.[0-5]\d(\.[0-5]\d)?"
_NUMBER = re.compile(r"[^0-9A-Za-z]*[0-9][0-9.,' ]*[^0-9A-Za-z]*")
_WHOLE_NAME = re.compile(r"[^\W\d_]+\.?,? [^\W\d_]")
Cells = dict[str, list[str]]


def match(feed: Feed, cells: Cells, is_shared: bool) -> tuple[dict[str, Rule], float]:
    """Feed column -> its rule, each header standing for one column, the likeliest pairs first; and how much was found,
    a likely name counting half of a sure one."""
    cells = {header: values[:SAMPLE_ROWS] for header, values in cells.items()}
    pairs = sorted(
        (-score, feed.column_names.index(column.name), header)
        for column in feed.columns
        if is_shared or column.role != "location"
        for header, values in cells.items()
        if (score := _name_score(feed, column.name, header)) >= (LIKELY if any(values) else CERTAIN)
        and _holds(column, header, values, score >= SURE)
    )
    matched: dict[str, Rule] = {}
    taken: set[str] = set()
    found = 0.0
    for negative, position, header in pairs:
        column = feed.columns[position]
        if column.name not in matched and header not in taken:
            matched[column.name] = _rule(column, header, cells[header])
            taken.add(header)
            found += min(-negative, 1.0)
    if "business_date" in matched and "ordered_at" not in matched:
        matched["ordered_at"] = matched.pop("business_date")
    for name, rule in matched.items():
        clock = next((h for h in cells if h not in taken and _is_clock(h, cells[h])), None)
        if feed.column(name).type == "timestamp" and clock and _lacks_time(rule, cells):
            matched[name] = _with_clock(rule, clock, cells[clock])
            taken.add(clock)
    return _with_commas(feed, {name: matched[name] for name in feed.column_names if name in matched}, cells), found


def _with_commas(feed: Feed, columns: dict[str, Rule], cells: Cells) -> dict[str, Rule]:
    """Where one column's decimal mark is surely a comma, it is every number's: 1,000 would be read as a thousand."""
    if not any(isinstance(rule, dict) and rule.get("decimal_mark") == "," for rule in columns.values()):
        return columns
    return {
        name: {"from": rule, "decimal_mark": ","}
        if isinstance(rule, str) and feed.column(name).type == "decimal" and any("," in v for v in cells[rule])
        else rule
        for name, rule in columns.items()
    }


def _is_clock(header: str, values: list[str]) -> bool:
    """Whether the cells are times of day: 8.05 is one only under a header that speaks of time."""
    filled = [v.strip() for v in values if v.strip()]
    is_said = folded(header) in header_words("clocks")
    shape = f"{_CLOCK}|{_CLOCK_WITH_DOTS}" if is_said else _CLOCK
    return bool(filled) and all(re.fullmatch(shape, v) for v in filled)


def _lacks_time(rule: Rule, cells: Cells) -> bool:
    return not any(re.search(r":\d\d|\d \d{1,2}\.\d\d", v) for header in headers_of(rule) for v in cells[header])


def _with_clock(rule: Rule, clock: str, values: list[str]) -> dict:
    """A date in one column and the time in another, as one moment."""
    dates = ["%Y-%m-%d"] if isinstance(rule, str) else rule["formats"]
    shapes = sorted({time for v in values for time, shape in TIMES if time and re.fullmatch(shape.strip(), v.strip())})
    joined = {"from": [*headers_of(rule), clock], "formats": [day + time for day in dates for time in shapes]}
    return (rule if isinstance(rule, dict) else {}) | joined


def _name_score(feed: Feed, column: str, header: str) -> float:
    if "%" in header:
        # A rate is no amount.
        return 0.0
    words, names = words_of(header), _names(feed.name, column)
    joined = {"".join(name) for name in names}
    if "".join(words) in joined:
        return CERTAIN
    # A store list's store_city is its city.
    if "".join(word for word in words if word not in _nouns(feed.name)) in joined:
        return SURE
    return max(len({*words} & {*name}) / len({*words, *name}) for name in names)


@cache
def _names(feed: str, column: str) -> list[list[str]]:
    """What a column may be called, as words."""
    known = vocabulary()["columns"]
    return [words_of(name) for name in (column, *known.get(f"{feed}.{column}", known.get(column, [])))]


@cache
def _nouns(feed: str) -> frozenset[str]:
    return frozenset(folded(noun) for noun in vocabulary()["nouns"].get(feed, []))


def _holds(column: Column, header: str, values: list[str], is_sure: bool) -> bool:
    """Whether the cells could be of the column's type; where its name is not sure, whether they look like it."""
    filled = [v.strip() for v in values if v.strip()]
    if not filled:
        return not column.required
    if column.type in ("decimal", "integer"):
        is_amount = not (column.name == "tax_amount" and is_rate(header, values))
        return is_amount and sum(_NUMBER.fullmatch(v) is not None for v in filled) >= MOST * len(filled)
    if column.type in ("timestamp", "date"):
        return any(_format(v) for v in filled)
    if column.type == "enum":
        means = vocabulary()["values"].get("consent" if column.name.endswith("_consent") else column.name, {})
        return is_sure or any(v.lower() in means or v.lower() in column.values for v in filled)
    return _reads_as(column, filled)


def _reads_as(column: Column, filled: list[str]) -> bool:
    """Whether texts look like the column's."""
    if column.role == "email":
        return any("@" in v for v in filled)
    if column.role == "source_customer_id":
        return sum(_WHOLE_NAME.match(v) is not None for v in filled) < len(filled) / 2
    if column.name == "channel":
        return not any(v[:1].isdigit() for v in filled) and len({*filled}) <= MAX_CHANNELS
    return not column.name.endswith("name") or any(not _NUMBER.fullmatch(v) for v in filled)


def _rule(column: Column, header: str, values: list[str]) -> Rule:
    filled = [v.strip() for v in values if v.strip()]
    if column.type in ("timestamp", "date"):
        formats = sorted({f for v in filled if (f := _format(v)) and f != ISO})
        if formats:
            # Where dots stand between the numbers, or the year comes first, the order is known.
            doubtful = any(re.match(r"%[dm][/-]%[dm]", f) for f in formats)
            return {"from": header, "formats": formats} | ({"date_order": "from_file"} if doubtful else {})
    if column.type == "decimal" and any(re.search(r",\d{1,2}\D*$", v) for v in filled):
        return {"from": header, "decimal_mark": ","}
    if column.name.endswith("_id") and any(re.fullmatch(r"'.*|\d+\.0|\d(\.\d+)?[eE]\+?\d+", v) for v in filled):
        return {"from": header, "style": "id"}
    return header


def _format(value: str) -> str | None:
    for day, day_shape in FORMATS:
        for time, time_shape in TIMES:
            if re.fullmatch(day_shape + time_shape, value):
                return day + time
    return ISO if _ISO.fullmatch(value) else None
