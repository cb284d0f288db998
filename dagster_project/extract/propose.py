"""A contract to start from, for a header that none describes: columns matched by name and by what they hold.

A proposal is for a person to correct. It never lands anything by itself.
"""

import re

import yaml

from dagster_project.feeds import Column, Feed, load_feeds

# Feeds a till or a tool exports; the franchisor writes the others in our own columns.
FEEDS = ("order_lines", "orders", "payments", "customers")
# Words that headers use -> words of ours; compared after splitting into lower-case words.
SYNONYMS = {
    "order_id": "order id|order number|order no|receipt|receipt number|"
    "receipt no|transaction id|bill no|invoice|check number|ticket",
    "line_id": "line id|item line id|selection id",
    "check_id": "check id",
    "payment_id": "payment id|transaction id",
    "ordered_at": "date|order date|time|datetime|date time|created at|opened|timestamp|sold at|invoice date|bill date",
    "paid_at": "paid at|payment date|paid date|date",
    "product_id": "product id|item id|sku|item code|product code|article|plu",
    "product_name": "product|item|item name|product name|description|article name",
    "category": "category|group|department",
    "quantity": "quantity|qty|count|units|pieces",
    "unit_price": "unit price|price|price each",
    "gross_amount": "gross|gross sales|gross amount|gross price",
    "discount_amount": "discount|discounts|discount amount|rebate",
    "net_amount": "net|net sales|net amount|net price|amount|line total|subtotal|total",
    "total_amount": "total|grand total|total collected|total amount",
    "tax_amount": "tax|vat|taxes|tax amount",
    "tip_amount": "tip|tips|gratuity|tip amount",
    "amount": "amount|paid|amount paid|total",
    "refunded_amount": "refund|refund amount|refunded amount",
    "payment_type": "tender|method|payment method|payment type|type",
    "source_customer_id": "customer id|client id|member id|guest id|loyalty id|customer no|card no",
    "customer_name": "customer|customer name|guest|guest name|client|member",
    "customer_email": "email|e mail|customer email|guest email",
    "customer_phone": "phone|mobile|telephone|customer phone|guest phone",
    "first_name": "first name|given name|forename",
    "last_name": "last name|surname|family name",
    "full_name": "name|full name|customer name",
    "email": "email|e mail|email address|mail",
    "phone": "phone|mobile|telephone|phone number|cell",
    "address": "address|street|address 1",
    "city": "city|town",
    "region": "state|region|province",
    "postal_code": "zip|postal code|postcode|zip code",
    "birth_date": "birthday|birth date|date of birth|dob",
    "created_at": "created|created at|joined|customer since|date created",
    "email_consent": "email consent|newsletter|marketing|opt in|accepts marketing",
    "channel": "channel|source|order type|dining option",
    "guests": "guests|covers",
    "currency": "currency",
    "location_id": "store|store id|shop|branch|location|outlet",
    "kind": "type|event type",
}
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
# How canonical times are written: needs no format.
ISO = "ISO 8601"
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_NUMBER = re.compile(r"[^0-9A-Za-z]*[0-9][0-9.,' ]*[^0-9A-Za-z]*")


def propose_contract(cells: dict[str, list[str]]) -> str:
    """YAML of a contract for a file with these headers and their first cells; nothing of a cell stands in it."""
    proposals = [(feed, _match(feed, cells)) for feed in (load_feeds()[name] for name in FEEDS)]
    feed, columns = max(proposals, key=lambda p: (_required_found(*p), len(p[1])))
    missing = [c.name for c in feed.columns if c.required and c.name not in columns]
    used = [rule if isinstance(rule, str) else rule["from"] for rule in columns.values()]
    contract = {
        "name": "my_pos",
        "source": "my_pos",
        "feed": feed.name,
        "recognise": [
            columns[c.name] if isinstance(columns[c.name], str) else columns[c.name]["from"]
            for c in feed.columns
            if c.required and c.name in columns
        ]
        or list(cells)[:5],
        "known": [header for header in cells if header not in used],
        "columns": columns | dict.fromkeys(missing, "?"),
    }
    told = f"# no column found for: {', '.join(missing)}\n" if missing else ""
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, width=110)
    return f"# A contract to start from: save as sources/my_pos.yaml beside network.yaml and correct it.\n{told}{text}"


def _match(feed: Feed, cells: dict[str, list[str]]) -> dict[str, str | dict]:
    """Feed column -> its rule; each header stands for one column, the likeliest pairs first."""
    pairs = sorted(
        (-score, feed.column_names.index(column.name), header)
        for column in feed.columns
        for header, values in cells.items()
        if (score := _name_score(column.name, header)) >= (LIKELY if any(values) else CERTAIN)
        and _holds(column, values)
    )
    matched: dict[str, str | dict] = {}
    taken: set[str] = set()
    for _, position, header in pairs:
        column = feed.columns[position]
        if column.name not in matched and header not in taken:
            matched[column.name] = _rule(column, header, cells[header])
            taken.add(header)
    return {name: matched[name] for name in feed.column_names if name in matched}


def _required_found(feed: Feed, columns: dict) -> float:
    required = [c.name for c in feed.columns if c.required]
    return sum(name in columns for name in required) / len(required)


def _name_score(column: str, header: str) -> float:
    words = _words(header)
    candidates = [_words(column), *(s.split() for s in SYNONYMS.get(column, "").split("|") if s)]
    return max((CERTAIN if words == c else len({*words} & {*c}) / len({*words, *c}) for c in candidates), default=0)


def _words(name: str) -> list[str]:
    return (
        re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
        .replace("#", " number ")
        .lower()
        .translate(str.maketrans("_-./()?", "       "))
        .split()
    )


def _holds(column: Column, values: list[str]) -> bool:
    """Whether the cells could be of the column's type."""
    filled = [v.strip() for v in values if v.strip()]
    if not filled:
        return not column.required
    if column.type in ("decimal", "integer"):
        return all(_NUMBER.fullmatch(v) for v in filled)
    if column.type in ("timestamp", "date"):
        return any(_format(v) for v in filled)
    if column.role == "email":
        return any("@" in v for v in filled)
    return True


def _rule(column: Column, header: str, values: list[str]) -> str | dict:
    filled = [v.strip() for v in values if v.strip()]
    if column.type in ("timestamp", "date"):
        formats = sorted({f for v in filled if (f := _format(v)) and f != ISO})
        if formats:
            doubtful = any("%d" in f and "%m" in f for f in formats)
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
