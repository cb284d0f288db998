"""What the cells of an undescribed export tell beyond its headers: keys that begin anew, rows that inherit, marks of
voids and refunds, words that stand for values, totals.

Each is proposed only on evidence; what cannot be seen is left to the person who corrects the proposal.
"""

import re
from collections import Counter

from dagster_project.extract.propose_receipts import inherited, is_unique, order_key, said_at, start_of
from dagster_project.extract.propose_words import (
    Cells,
    Rule,
    folded,
    header_words,
    headers_of,
    is_rate,
    vocabulary,
    words_of,
)
from dagster_project.feeds import Feed

# No customer buys a twentieth of what a shop sells.
NOBODYS_SHARE = 0.05
# A column of kinds or states has few words; voids go before refunds, which they may be of.
FEW_WORDS = 12
KINDS = ("void", "refund", "fee")


def rules_from_content(
    feed: Feed, columns: dict[str, Rule], cells: Cells, places: dict[str, str]
) -> tuple[dict, list[str]]:
    """Keys of the contract, `columns` among them, and what to say of them in comments."""
    columns, rules, told = dict(columns), {}, []
    if feed.name == "order_lines":
        columns |= _kind(columns, cells)
    if "ordered_at" in columns and len(headers_of(columns.get("order_id", {}))) == 1:
        number, day = headers_of(columns["order_id"])[0], headers_of(columns["ordered_at"])[0]
        key = order_key(number, day, cells, {h for rule in columns.values() for h in headers_of(rule)})
        if len(key) > 1:
            columns["order_id"] = {"from": key, "complete": True, "separator": "-"}
            told.append(f"{number} alone names no receipt: it comes again with another {' or '.join(key[:-1])}")
        by, below = inherited(number, key, cells)
        below = [header for header in below if header in _told_once(feed, columns)]
        if below:
            rules["fill_down"] = {"by": by[0] if len(by) == 1 else by, "columns": below}
            told.append(f"said only on the first row of each {number}: {', '.join(below)}")
        elif start := start_of(number, list(dict.fromkeys([day, *key])), cells):
            below = [h for h in said_at(start, cells) if h in _told_once(feed, columns)]
            rules["fill_down"] = {"starts_at": start, "columns": below}
            told.append(f"a receipt begins where {start} is filled; only that row says {', '.join(below)}")
        if "line_id" in columns and not is_unique([*key, *headers_of(columns["line_id"])], cells):
            told.append(f"{headers_of(columns.pop('line_id'))[0]} comes twice in one receipt: it is no line's id")
    if "source_customer_id" in columns and feed.name != "customers":
        nobody = _nobody(cells[headers_of(columns["source_customer_id"])[0]])
        if nobody:
            rules["placeholder_customer_ids"] = [nobody]
            told.append(f"{nobody} stands for customers nobody knows")
    if feed.name == "order_lines":
        told += _taxed(columns, cells)
    skip = _totals(cells)
    if skip:
        rules["skip"] = skip
    columns |= _valued(feed, columns, cells, places)
    return rules | {"columns": columns}, told


def _nobody(ids: list[str]) -> str | None:
    """The id that fills the place of an unknown customer's: of noughts, nines or minus one, and on many rows."""
    seen = Counter(value.strip() for value in ids if re.fullmatch(r"0+|9+|-1", value.strip()))
    often = [value for value, count in seen.items() if count >= NOBODYS_SHARE * len(ids)]
    return often[0] if often else None


def _told_once(feed: Feed, columns: dict[str, Rule]) -> set[str]:
    """Headers of columns that a receipt has once: an amount's empty cell is none, and says nothing of the row above."""
    times_and_words = (name for name in columns if feed.column(name).type in ("text", "timestamp", "date", "enum"))
    return {header for name in times_and_words for header in headers_of(columns[name])}


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


def _kind(columns: dict[str, Rule], cells: Cells) -> dict[str, Rule]:
    """Voids by their mark or a word for them, refunds by a word or their sign; nothing where one column of kinds says
    all of it."""
    used = {h for name, rule in columns.items() if name != "kind" for h in headers_of(rule)}
    cases = []
    for header in [h for h in cells if h not in used]:
        cases += _marks(header, cells[header]) if folded(header) in header_words("voids") else []
        cases += _words_of_kinds(header, cells[header])
    own = headers_of(columns.get("kind", {}))
    if own and all([*case["when"]] == own for case in cases):
        return {}
    quantity = headers_of(columns["quantity"])[0] if "quantity" in columns else None
    is_told = any(case["then"] == "refund" for case in cases)
    if quantity and not is_told and any(re.match(r"\s*[-\u2212]|.*-\s*$", v) for v in cells[quantity]):
        cases.append({"when": {quantity: {"is_negative": True}}, "then": "refund"})
    cases.sort(key=lambda case: KINDS.index(case["then"]))
    return {"kind": {"cases": cases, "otherwise": "sale"}} if cases else {}


def _marks(header: str, values: list[str]) -> list[dict]:
    """What a column of voids marks them with: a yes, or whatever fills the few cells that are filled."""
    filled, consent = {v.strip() for v in values} - {""}, vocabulary()["values"]["consent"]
    if filled and all(v.lower() in consent for v in filled):
        marks = sorted(v for v in filled if consent[v.lower()] == "granted")
        return [{"when": {header: {"is_in": marks} if marks else {"is_true": True}}, "then": "void"}]
    if filled and sum(not v.strip() for v in values) > len(values) / 2:
        return [{"when": {header: {"is_empty": False}}, "then": "void"}]
    return []


def _words_of_kinds(header: str, values: list[str]) -> list[dict]:
    """Which of a column's few words mean that a row is no sale."""
    words = {v.strip() for v in values} - {""}
    if len(words) > FEW_WORDS:
        return []
    means = {folded(word): kind for word, kind in vocabulary()["values"]["kind"].items()}
    told = {kind: sorted(w for w in words if means.get(folded(w)) == kind) for kind in KINDS}
    return [{"when": {header: {"is_in": said}}, "then": kind} for kind, said in told.items() if said]


def _totals(cells: Cells) -> list[dict]:
    """Rows that begin with a word for a total, in one of the first columns or in one of few words."""
    skips = []
    for place, (header, values) in enumerate(cells.items()):
        filled = {v.strip() for v in values} - {""}
        if place > 2 and len(filled) > FEW_WORDS:
            continue
        begun = {" ".join(re.findall(r"[^\W\d_]+", v.lower())) for v in filled}
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
