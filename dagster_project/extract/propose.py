"""A contract to start from, for a header that none describes: columns matched by name and by what they hold.

A proposal is for a person to correct. It never lands anything by itself. The words it goes by stand in
sources/vocabulary.yaml.
"""

import re

import yaml

from dagster_project.extract.propose_content import Rule, headers_of, is_rate, rules_from_content, vocabulary, words_of
from dagster_project.feeds import Column, Feed, load_feeds

# Feeds a till or a tool exports; the franchisor writes the others in our own columns.
FEEDS = ("order_lines", "orders", "payments", "customers")
FORMATS = (
    ("%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
    ("%d-%m-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
    ("%d/%m/%y", r"\d{1,2}/\d{1,2}/\d\d"),
    ("%d-%b-%Y", r"\d{1,2}-[A-Za-z]{3}-\d{4}"),
    ("%d-%b-%y", r"\d{1,2}-[A-Za-z]{3}-\d\d"),
)
TIMES = (
    ("", ""),
    (" %H:%M:%S", r" \d{1,2}:\d\d:\d\d"),
    (" %H:%M", r" \d{1,2}:\d\d"),
    (" %I:%M %p", r" \d{1,2}:\d\d [AaPp][Mm]"),
)
CERTAIN, LIKELY = 2.0, 0.5
# A damaged cell or two make no other column of it.
MOST = 0.95
# How canonical times are written: needs no format.
ISO = "ISO 8601"
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_CLOCK = r"\d{1,2}:\d\d(:\d\d)?( [AaPp][Mm])?"
_NUMBER = re.compile(r"[^0-9A-Za-z]*[0-9][0-9.,' ]*[^0-9A-Za-z]*")


def propose_contract(
    cells: dict[str, list[str]], is_shared: bool = True, places: dict[str, str] | None = None, name: str = "my_pos"
) -> str:
    """YAML of a contract for a file with these headers and their first cells; nothing of a cell stands in it but words
    of the vocabulary and the names of locations.

    `is_shared`: the file may hold several locations. In a location's own folder its rows are that location's,
    whatever the till calls it. `places`: the name of a location, in lower case -> its id.
    """
    proposals = [(feed, _match(feed, cells, is_shared)) for feed in (load_feeds()[name] for name in FEEDS)]
    feed, columns = max(proposals, key=lambda p: (_required_found(*p), len(p[1])))
    is_list = is_shared and feed.name == "customers"
    needed = [c.name for c in feed.columns if c.required or (c.role == "location" and is_shared and not is_list)]
    missing = [name for name in needed if name not in columns]
    rules, told = rules_from_content(feed, columns, cells, places or {})
    if is_list:
        rules["customer_id_scope"] = "network"
        told.append("source: that of the contract whose receipts name these customers, so that their ids are the same")
    columns = rules.pop("columns")
    used = {name: headers_of(rule) for name, rule in columns.items()}
    unused = [header for header in cells if not any(header in headers for headers in used.values())]
    contract = {
        "name": name,
        "source": "my_pos",
        "feed": feed.name,
        "recognise": list(dict.fromkeys(header for name in needed for header in used.get(name, []))) or list(cells)[:5],
        "known": unused,
        **rules,
        "columns": {name: columns[name] for name in feed.column_names if name in columns} | dict.fromkeys(missing, "?"),
    }
    told = [f"no column found for: {', '.join(missing)}"] * bool(missing) + told
    if unused:
        told.append(f"not used: {', '.join(unused)}; what matters of them needs a column below")
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, width=110)
    # A header may hold line breaks, which would end the comment.
    notes = "".join(f"# {' '.join(line.split())}\n" for line in told)
    return f"# A contract to start from: save as sources/{name}.yaml beside network.yaml and correct it.\n{notes}{text}"


def _match(feed: Feed, cells: dict[str, list[str]], is_shared: bool) -> dict[str, Rule]:
    """Feed column -> its rule; each header stands for one column, the likeliest pairs first."""
    pairs = sorted(
        (-score, feed.column_names.index(column.name), header)
        for column in feed.columns
        if is_shared or column.role != "location"
        for header, values in cells.items()
        if (score := _name_score(column.name, header)) >= (LIKELY if any(values) else CERTAIN)
        and _holds(column, header, values)
    )
    matched: dict[str, Rule] = {}
    taken: set[str] = set()
    for _, position, header in pairs:
        column = feed.columns[position]
        if column.name not in matched and header not in taken:
            matched[column.name] = _rule(column, header, cells[header])
            taken.add(header)
    for name, rule in matched.items():
        clock = next((h for h in cells if h not in taken and _is_clock(cells[h])), None)
        if feed.column(name).type == "timestamp" and clock and _lacks_time(rule, cells):
            matched[name] = _with_clock(rule, clock, cells[clock])
            taken.add(clock)
    return _with_commas(feed, {name: matched[name] for name in feed.column_names if name in matched}, cells)


def _with_commas(feed: Feed, columns: dict[str, Rule], cells: dict[str, list[str]]) -> dict[str, Rule]:
    """Where one column's decimal mark is surely a comma, it is every number's: 1,000 would be read as a thousand."""
    if not any(isinstance(rule, dict) and rule.get("decimal_mark") == "," for rule in columns.values()):
        return columns
    return {
        name: {"from": rule, "decimal_mark": ","}
        if isinstance(rule, str) and feed.column(name).type == "decimal" and any("," in v for v in cells[rule])
        else rule
        for name, rule in columns.items()
    }


def _is_clock(values: list[str]) -> bool:
    """Whether the cells are times of day."""
    filled = [v.strip() for v in values if v.strip()]
    return bool(filled) and all(re.fullmatch(_CLOCK, v) for v in filled)


def _lacks_time(rule: Rule, cells: dict[str, list[str]]) -> bool:
    return not any(re.search(r":\d\d", v) for header in headers_of(rule) for v in cells[header])


def _with_clock(rule: Rule, clock: str, values: list[str]) -> dict:
    """A date in one column and the time in another, as one moment."""
    dates = ["%Y-%m-%d"] if isinstance(rule, str) else rule["formats"]
    shapes = sorted({time for v in values for time, shape in TIMES if time and re.fullmatch(shape.strip(), v.strip())})
    joined = {"from": [*headers_of(rule), clock], "formats": [day + time for day in dates for time in shapes]}
    return (rule if isinstance(rule, dict) else {}) | joined


def _required_found(feed: Feed, columns: dict) -> float:
    required = [c.name for c in feed.columns if c.required]
    return sum(name in columns for name in required) / len(required)


def _name_score(column: str, header: str) -> float:
    if "%" in header:
        # A rate is no amount.
        return 0.0
    words = words_of(header)
    candidates = [words_of(column), *(name.split() for name in vocabulary()["columns"].get(column, []))]
    return max((CERTAIN if words == c else len({*words} & {*c}) / len({*words, *c}) for c in candidates), default=0)


def _holds(column: Column, header: str, values: list[str]) -> bool:
    """Whether the cells could be of the column's type."""
    filled = [v.strip() for v in values if v.strip()]
    if not filled:
        return not column.required
    if column.name == "tax_amount" and is_rate(header, values):
        return False
    if column.type in ("decimal", "integer"):
        return sum(_NUMBER.fullmatch(v) is not None for v in filled) >= MOST * len(filled)
    if column.type in ("timestamp", "date"):
        return any(_format(v) for v in filled)
    if column.role == "email":
        return any("@" in v for v in filled)
    return True


def _rule(column: Column, header: str, values: list[str]) -> Rule:
    filled = [v.strip() for v in values if v.strip()]
    if column.type in ("timestamp", "date"):
        formats = sorted({f for v in filled if (f := _format(v)) and f != ISO})
        if formats:
            # Where dots stand between the numbers, the day comes first.
            doubtful = any("%d" in f and "%m" in f and "." not in f for f in formats)
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
