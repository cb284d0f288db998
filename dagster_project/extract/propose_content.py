"""What the cells of an undescribed export tell beyond its headers: keys that begin anew, rows that inherit, marks of
voids and refunds, words that stand for values, totals.

Each is proposed only on evidence; what cannot be seen is left to the person who corrects the proposal.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from unicodedata import combining, normalize

from dagster_project.feeds import SOURCES, Feed, read_yaml

Rule = str | dict
Cells = dict[str, list[str]]
# Receipt numbers that restart stand on several days for more than a few receipts around midnight.
REPEATED = 0.2
MAX_REGISTERS = 50
# No customer buys a twentieth of what a shop sells.
NOBODYS_SHARE = 0.05
# Countries have few rates of tax; amounts of tax are as many as prices.
FEW_RATES, MANY_ROWS = 5, 30
# A letter, nought, or from 2 to 30 percent; amounts of tax are mostly less.
_RATE = r"[A-Za-z]|0?|([2-9]|[12]\d|30?)([.,]\d+)?"


@cache
def vocabulary() -> dict:
    """sources/vocabulary.yaml."""
    return read_yaml(SOURCES / "vocabulary.yaml")


@cache
def header_words(kind: str) -> frozenset[str]:
    """The names of one of the vocabulary's kinds of headers, folded as `folded` does."""
    return frozenset(folded(name) for name in vocabulary()[kind])


def headers_of(rule: Rule) -> list[str]:
    """The headers a proposed rule reads."""
    if isinstance(rule, str):
        return [rule]
    named = rule.get("from", [h for case in rule.get("cases", []) for h in case["when"]])
    named = [named] if isinstance(named, str) else named
    return [*named, *rule.get("multiply", []), *rule.get("subtract", [])]


def words_of(name: str) -> list[str]:
    """A header or column name as lower-case words without accents: `N° Ticket` is no, ticket."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("#", " number ").replace("\u00b0", "o")
    bare = "".join(sign for sign in normalize("NFKD", apart.casefold()) if not combining(sign))
    return bare.translate(str.maketrans("_-./()?", "       ")).split()


def folded(name: str) -> str:
    """A name as its words, one blank between them."""
    return " ".join(words_of(name))


def rules_from_content(
    feed: Feed, columns: dict[str, Rule], cells: Cells, places: dict[str, str]
) -> tuple[dict, list[str]]:
    """Keys of the contract, `columns` among them, and what to say of them in comments."""
    columns, rules, told = dict(columns), {}, []
    if "ordered_at" in columns and len(headers_of(columns.get("order_id", {}))) == 1:
        number, day = headers_of(columns["order_id"])[0], headers_of(columns["ordered_at"])[0]
        key = _order_key(number, day, cells, {h for rule in columns.values() for h in headers_of(rule)})
        if len(key) > 1:
            columns["order_id"] = {"from": key, "complete": True, "separator": "-"}
            told.append(f"{number} alone names no receipt: it comes again with another {' or '.join(key[:-1])}")
        by, inherited = _inherited(number, key, cells)
        inherited = [header for header in inherited if header in _told_once(feed, columns)]
        if inherited:
            rules["fill_down"] = {"by": by[0] if len(by) == 1 else by, "columns": inherited}
            told.append(f"said only on the first row of each {number}: {', '.join(inherited)}")
        elif start := _start(number, key, cells):
            inherited = [h for h in _said_at(start, cells) if h in _told_once(feed, columns)]
            rules["fill_down"] = {"starts_at": start, "columns": inherited}
            told.append(f"a receipt begins where {start} is filled; only that row says {', '.join(inherited)}")
        if "line_id" in columns and not _is_unique([*key, *headers_of(columns["line_id"])], cells):
            told.append(f"{headers_of(columns.pop('line_id'))[0]} comes twice in one receipt: it is no line's id")
    if "source_customer_id" in columns and feed.name != "customers":
        nobody = _nobody(cells[headers_of(columns["source_customer_id"])[0]])
        if nobody:
            rules["placeholder_customer_ids"] = [nobody]
            told.append(f"{nobody} stands for customers nobody knows")
    if feed.name == "order_lines":
        columns |= _kind(columns, cells)
        told += _taxed(columns, cells)
    skip = _totals(cells)
    if skip:
        rules["skip"] = skip
    columns |= _valued(feed, columns, cells, places)
    return rules | {"columns": columns}, told


def _order_key(number: str, day: str, cells: Cells, used: set[str]) -> list[str]:
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


def _is_unique(headers: list[str], cells: Cells) -> bool:
    """Whether no two rows say the same under these headers, but for rows that repeat each other whole."""
    rows = {*zip(*cells.values(), strict=True)}
    place = [list(cells).index(header) for header in headers]
    return len({tuple(row[n] for n in place) for row in rows}) == len(rows)


def _nobody(ids: list[str]) -> str | None:
    """The id that fills the place of an unknown customer's: of noughts, nines or minus one, and on many rows."""
    seen = Counter(value.strip() for value in ids if re.fullmatch(r"0+|9+|-1", value.strip()))
    often = [value for value, count in seen.items() if count >= NOBODYS_SHARE * len(ids)]
    return often[0] if often else None


def _filled_down(numbers: list[str], days: list[str]) -> list[str]:
    filled, last = [], ("", "")
    for number, day in zip(numbers, days, strict=True):
        last = (number, day or (last[1] if number == last[0] else ""))
        filled.append(last[1])
    return filled


def _day(moment: str) -> str:
    return re.split(r"[ T]", moment.strip())[0]


def _inherited(number: str, key: list[str], cells: Cells) -> tuple[list[str], list[str]]:
    """The headers whose cells tell a receipt's rows, and those that only its first row fills."""
    # A day that stands on the first row only cannot tell the rows below it.
    by = [header for header in key if header == number or header not in _first_only([number], cells)]
    return by, [header for header in _first_only(by, cells) if header not in by]


def _start(number: str, key: list[str], cells: Cells) -> str | None:
    """The header of the key that a receipt's first row alone fills, where the number stands there alone; of several
    the one filled most often, as rows that are no receipt end the one above."""
    first = [bool(value.strip()) for value in cells[number]]
    often = {
        header: sum(bool(value.strip()) for value in cells[header])
        for header in key
        if all(value.strip() for value, is_first in zip(cells[header], first, strict=True) if is_first)
    }
    start = max(often, key=lambda header: often[header])
    below = len(first) - often[start]
    return start if often[start] > 1 and below >= REPEATED * len(first) else None


def _said_at(start: str, cells: Cells) -> list[str]:
    """The other headers that are filled where `start` is, and nowhere else."""
    return [
        header
        for header, values in cells.items()
        if header != start
        and any(v.strip() for v in values)
        and not any(v.strip() and not begun.strip() for v, begun in zip(values, cells[start], strict=True))
    ]


def _told_once(feed: Feed, columns: dict[str, Rule]) -> set[str]:
    """Headers of columns that a receipt has once: an amount's empty cell is none, and says nothing of the row above."""
    times_and_words = (name for name in columns if feed.column(name).type in ("text", "timestamp", "date"))
    return {header for name in times_and_words for header in headers_of(columns[name])}


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


def _taxed(columns: dict[str, Rule], cells: Cells) -> list[str]:
    """What to say where net_amount may be with tax: a column of tax or its rate stands beside it, or its own header
    says so."""
    if "net_amount" not in columns:
        return []
    net, tax = headers_of(columns["net_amount"])[0], headers_of(columns.get("tax_amount", {}))
    rate = next((header for header, values in cells.items() if is_rate(header, values)), None)
    is_with = header_words("taxed") & {*words_of(net)}
    if tax:
        remedy = f"add `subtract: [{tax[0]}]` there"
    elif rate:
        remedy = f"add `net_of_rate: {rate}` there"
    else:
        return [f"net_amount is without tax and {net} seems to be with it: subtract a column of the tax"] * bool(
            is_with
        )
    return [f"net_amount is without tax: if {net} is with it, {remedy}"]


def is_rate(header: str, values: list[str]) -> bool:
    """Whether a column tells a rate of tax: by its header, or as a tax that is one of few percentages on many rows."""
    words = words_of(header.replace("%", " % "))
    said = {"%", *header_words("rates")} & {*words}
    names = {folded(name) for name in vocabulary()["columns"]["tax_amount"]}
    if not names & {" ".join(word for word in words if word not in said), *words}:
        return False
    filled = [value.strip() for value in values if value.strip()]
    rates = {re.sub(r"([,.]0*)?\s*%?$", "", value) for value in filled}
    is_few = len(filled) >= MANY_ROWS and len(rates) <= FEW_RATES
    return bool(said) or (is_few and all(re.fullmatch(_RATE, rate) for rate in rates))


def _kind(columns: dict[str, Rule], cells: Cells) -> dict[str, Rule]:
    """Voids by their mark, refunds by their sign, where the till has no column of kinds."""
    if "kind" in columns:
        return {}
    used = {h for rule in columns.values() for h in headers_of(rule)}
    cases = []
    for header, values in cells.items():
        if header not in used and folded(header) in header_words("voids"):
            filled = {v.strip() for v in values} - {""}
            consent = vocabulary()["values"]["consent"]
            marks = sorted(v for v in filled if consent.get(v.lower()) == "granted")
            if filled and all(v.lower() in consent for v in filled):
                test = {"is_in": marks} if marks else {"is_true": True}
            elif sum(not v.strip() for v in values) > len(values) / 2:
                test = {"is_empty": False}
            else:
                continue
            cases.append({"when": {header: test}, "then": "void"})
    quantity = headers_of(columns["quantity"])[0] if "quantity" in columns else None
    if quantity and any(v.strip().startswith(("-", "\u2212")) or v.strip().endswith("-") for v in cells[quantity]):
        cases.append({"when": {quantity: {"is_negative": True}}, "then": "refund"})
    return {"kind": {"cases": cases, "otherwise": "sale"}} if cases else {}


def _totals(cells: Cells) -> list[dict]:
    """Rows that begin with a word for a total, by the header they begin under."""
    skips = []
    for header, values in list(cells.items())[:3]:
        begun = {" ".join(re.findall(r"[^\W\d_]+", v.lower())) for v in values if v.strip()}
        words = sorted(w for w in vocabulary()["totals"] if any(b == w or b.startswith(f"{w} ") for b in begun))
        if words:
            pattern = f"(?i)({'|'.join(words)})\\b.*"
            skips.append({"when": {header: {"matches": pattern}}, "reason": "a total"})
    return skips


def _valued(feed: Feed, columns: dict[str, Rule], cells: Cells, places: dict[str, str]) -> dict[str, Rule]:
    """Rules with what the words in the cells mean, for columns that list their values, and for locations."""
    valued: dict[str, Rule] = {}
    for name, rule in columns.items():
        column = feed.column(name)
        if not isinstance(rule, str) or not (column.type == "enum" or column.role == "location"):
            continue
        words = {v.strip() for v in cells[rule]} - {""}
        kind = "consent" if name.endswith("_consent") else name
        means = places if column.role == "location" else vocabulary()["values"].get(kind, {})
        values = {word: means[word.lower()] for word in sorted(words) if word.lower() in means}
        if values:
            valued[name] = {"from": rule, "values": values} | ({"otherwise": "unknown"} if kind == "consent" else {})
    return valued
