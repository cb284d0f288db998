"""What a proposal makes of several columns where an export has none of its own: amounts, receipts' keys, ids, names."""

import re
from itertools import product

from dagster_project.extract.propose_words import Cells, Rule, headers_of
from dagster_project.feeds import Feed

# Cents are rounded line by line, and a damaged cell proves nothing.
MOST, CENTS = 0.95, 0.011
ENOUGH_ROWS = 5
# First names alone are seldom two; where tills ask for a whole name, many people give one.
SOME = 0.2


def fill_gaps(feed: Feed, columns: dict[str, Rule], cells: Cells) -> tuple[dict, list[str]]:
    """The contract's keys, `columns` among them, with what others of its columns make up for; and what to say of it."""
    columns, rules, told = dict(columns), {}, []
    if feed.name == "order_lines" and "quantity" in columns and "net_amount" not in columns:
        if "unit_price" in columns:
            columns["net_amount"], note = _amount(columns, cells)
            told.append(note)
        elif "product_id" in columns:
            rules["priced_by"] = "products"
            told.append("no amount is told: lines cost what the product list says (its list_price)")
    if feed.name in ("order_lines", "orders") and "order_id" not in columns and "ordered_at" in columns:
        whose = [columns[name] for name in ("location_id", "source_customer_id") if name in columns]
        if "source_customer_id" in columns:
            key = [header for rule in (*whose, columns["ordered_at"]) for header in headers_of(rule)]
            columns["order_id"] = {"from": key, "complete": True, "separator": "/"}
            told.append("no number of a receipt is told: what one customer bought at one time is taken for one receipt")
    if feed.name == "customers":
        if "source_customer_id" not in columns and "email" in columns:
            columns["source_customer_id"] = {"from": headers_of(columns["email"])[0], "style": "lower"}
            told.append("no customer's id is told: their e-mail stands for it")
        if "first_name" in columns and not {"last_name", "full_name"} & {*columns}:
            header = headers_of(columns["first_name"])[0]
            if _are_full_names(cells[header]):
                columns["full_name"] = columns.pop("first_name")
    return rules | {"columns": {name: columns[name] for name in feed.column_names if name in columns}}, told


def _amount(columns: dict[str, Rule], cells: Cells) -> tuple[Rule, str]:
    """The column that holds quantity x price, after discount where that is told, or how to work it out."""
    quantity, price = (headers_of(columns[name])[0] for name in ("quantity", "unit_price"))
    discount = headers_of(columns["discount_amount"])[:1] if "discount_amount" in columns else []
    has_comma = any(isinstance(columns[n], dict) and columns[n].get("decimal_mark") for n in ("quantity", "unit_price"))
    mark = {"decimal_mark": ","} if has_comma else {}
    taken = {header for rule in columns.values() for header in headers_of(rule)}
    numbers = {header: [_number(value, has_comma) for value in cells[header]] for header in cells}
    for header, less in product((h for h in cells if h not in taken), (discount, []) if discount else ([],)):
        if _is_product(numbers, header, quantity, price, less):
            rule = {"from": header, **mark} if mark else header
            return rule, f"net_amount: {header} is {quantity} x {price}{' less ' + less[0] if less else ''}"
    rule = {"multiply": [quantity, price]} | ({"subtract": discount} if discount else {}) | mark
    return rule, f"no amount is told: {quantity} x {price}{' less ' + discount[0] if discount else ''}"


def _is_product(
    numbers: dict[str, list[float | None]], header: str, quantity: str, price: str, less: list[str]
) -> bool:
    off = numbers[less[0]] if less else [0.0] * len(numbers[price])
    rows = zip(numbers[header], numbers[quantity], numbers[price], off, strict=True)
    told = [(a, q * p - (o or 0)) for a, q, p, o in rows if a is not None and q is not None and p is not None]
    fits = sum(abs(abs(amount) - abs(expected)) < CENTS for amount, expected in told)
    return len(told) >= ENOUGH_ROWS and fits >= MOST * len(told)


def _number(value: str, has_comma: bool) -> float | None:
    bare = re.sub(r"[^0-9.,-]", "", value)
    bare = bare.replace(".", "").replace(",", ".") if has_comma else bare.replace(",", "")
    try:
        return float(bare)
    except ValueError:
        return None


def _are_full_names(values: list[str]) -> bool:
    filled = [value.split() for value in values if value.strip()]
    return bool(filled) and sum(len(words) > 1 for words in filled) >= SOME * len(filled)
