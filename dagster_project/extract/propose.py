"""A contract to start from, for a header that none describes: columns matched by name and by what they hold.

A proposal is for a person to correct. It never lands anything by itself.
"""

import re

import yaml

from dagster_project.feeds import Column, Feed, load_feeds

# Feeds a till or a tool exports; the franchisor writes the others in our own columns.
FEEDS = ("order_lines", "orders", "payments", "customers")
# Words that headers use -> words of ours, in the languages tills speak; compared after splitting into lower-case words.
SYNONYMS = {
    "order_id": "order id|order number|order no|receipt|receipt number|receipt no|transaction id|bill no|invoice|"
    "check number|ticket|bon|bon nr|bonnummer|bonnr|beleg|belegnummer|rechnungsnummer|kassabon|"
    "factuurnummer|ticket no|numero de ticket|recibo",
    "line_id": "line id|item line id|selection id",
    "check_id": "check id",
    "payment_id": "payment id|transaction id",
    "ordered_at": "date|order date|time|datetime|date time|created at|opened|timestamp|sold at|invoice date|bill date|"
    "datum|bondatum|belegdatum|zeitpunkt|datum tijd|fecha|date de vente|date heure",
    "paid_at": "paid at|payment date|paid date|date|zahldatum|betaaldatum|fecha de pago",
    "product_id": "product id|item id|sku|item code|product code|article|plu|artikel nr|artikelnummer|artikelnr|codigo|"
    "code article",
    "product_name": "product|item|item name|product name|description|article name|artikel|bezeichnung|produkt|"
    "omschrijving|articulo|producto|produit|designation",
    "category": "category|group|department|warengruppe|kategorie|artikelgroep|categorie|categoria|famille",
    "quantity": "quantity|qty|count|units|pieces|menge|anzahl|aantal|cantidad|quantite|qte",
    "unit_price": "unit price|price|price each|einzelpreis|preis|stukprijs|prijs|precio|precio unitario|prix|"
    "prix unitaire",
    "gross_amount": "gross|gross sales|gross amount|gross price",
    "discount_amount": "discount|discounts|discount amount|rebate|rabatt|nachlass|korting|descuento|remise",
    "net_amount": "net|net sales|net amount|net price|amount|line total|subtotal|total|summe|betrag|umsatz|gesamt|"
    "bedrag|totaal|importe|montant",
    "total_amount": "total|grand total|total collected|total amount",
    "tax_amount": "tax|vat|taxes|tax amount",
    "tip_amount": "tip|tips|gratuity|tip amount|trinkgeld|fooi|propina|pourboire",
    "amount": "amount|paid|amount paid|total",
    "refunded_amount": "refund|refund amount|refunded amount",
    "payment_type": "tender|method|payment method|payment type|type|zahlart|zahlungsart|betaalwijze|forma de pago|"
    "moyen de paiement",
    "source_customer_id": "customer id|client id|member id|guest id|loyalty id|customer no|card no|kd nr|kunden nr|"
    "kundennummer|klant|klantnummer|cliente|client no",
    "customer_name": "customer|customer name|guest|guest name|client|member|kundenname|kunde|klantnaam|nombre|"
    "nom du client",
    "customer_email": "email|e mail|customer email|guest email",
    "customer_phone": "phone|mobile|telephone|customer phone|guest phone|telefon|handy|telefoon|telefono",
    "first_name": "first name|given name|forename|vorname|voornaam|nombre|prenom",
    "last_name": "last name|surname|family name|nachname|achternaam|apellido|apellidos|nom",
    "full_name": "name|full name|customer name",
    "email": "email|e mail|email address|mail",
    "phone": "phone|mobile|telephone|phone number|cell|telefon|handy|telefoon|telefono",
    "address": "address|street|address 1|strasse|straße|adres|direccion|adresse|rue",
    "city": "city|town|ort|stadt|plaats|ciudad|ville",
    "region": "state|region|province",
    "postal_code": "zip|postal code|postcode|zip code|plz|postleitzahl|postcode|codigo postal|code postal",
    "birth_date": "birthday|birth date|date of birth|dob|geburtsdatum|geboortedatum|fecha de nacimiento|"
    "date de naissance",
    "created_at": "created|created at|joined|customer since|date created",
    "email_consent": "email consent|newsletter|marketing|opt in|accepts marketing",
    "channel": "channel|source|order type|dining option",
    "guests": "guests|covers",
    "currency": "currency",
    "location_id": "store|store id|shop|branch|location|outlet|filiale|filiaal|tienda|magasin",
    "kind": "type|event type",
    "line_number": "pos|position|line|line no|regel|linea|ligne",
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
_CLOCK = r"\d{1,2}:\d\d(:\d\d)?( [AaPp][Mm])?"
_NUMBER = re.compile(r"[^0-9A-Za-z]*[0-9][0-9.,' ]*[^0-9A-Za-z]*")


def propose_contract(cells: dict[str, list[str]], is_shared: bool = True) -> str:
    """YAML of a contract for a file with these headers and their first cells; nothing of a cell stands in it.

    `is_shared`: the file may hold several locations. In a location's own folder its rows are that location's,
    whatever the till calls it.
    """
    proposals = [(feed, _match(feed, cells, is_shared)) for feed in (load_feeds()[name] for name in FEEDS)]
    feed, columns = max(proposals, key=lambda p: (_required_found(*p), len(p[1])))
    missing = [c.name for c in feed.columns if c.required and c.name not in columns]
    used = {name: _headers(rule) for name, rule in columns.items()}
    contract = {
        "name": "my_pos",
        "source": "my_pos",
        "feed": feed.name,
        "recognise": [header for c in feed.columns if c.required for header in used.get(c.name, [])] or list(cells)[:5],
        "known": [header for header in cells if not any(header in headers for headers in used.values())],
        "columns": columns | dict.fromkeys(missing, "?"),
    }
    told = f"# no column found for: {', '.join(missing)}\n" if missing else ""
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, width=110)
    return f"# A contract to start from: save as sources/my_pos.yaml beside network.yaml and correct it.\n{told}{text}"


def _match(feed: Feed, cells: dict[str, list[str]], is_shared: bool) -> dict[str, str | dict]:
    """Feed column -> its rule; each header stands for one column, the likeliest pairs first."""
    pairs = sorted(
        (-score, feed.column_names.index(column.name), header)
        for column in feed.columns
        if is_shared or column.role != "location"
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
    for name, rule in matched.items():
        clock = next((h for h in cells if h not in taken and _is_clock(cells[h])), None)
        if feed.column(name).type == "timestamp" and clock and _lacks_time(rule, cells):
            matched[name] = _with_clock(rule, clock, cells[clock])
            taken.add(clock)
    return {name: matched[name] for name in feed.column_names if name in matched}


def _headers(rule: str | dict) -> list[str]:
    named = rule if isinstance(rule, str) else rule["from"]
    return [named] if isinstance(named, str) else named


def _is_clock(values: list[str]) -> bool:
    """Whether the cells are times of day."""
    filled = [v.strip() for v in values if v.strip()]
    return bool(filled) and all(re.fullmatch(_CLOCK, v) for v in filled)


def _lacks_time(rule: str | dict, cells: dict[str, list[str]]) -> bool:
    return not any(re.search(r":\d\d", v) for header in _headers(rule) for v in cells[header])


def _with_clock(rule: str | dict, clock: str, values: list[str]) -> dict:
    """A date in one column and the time in another, as one moment."""
    dates = ["%Y-%m-%d"] if isinstance(rule, str) else rule["formats"]
    shapes = sorted({time for v in values for time, shape in TIMES if time and re.fullmatch(shape.strip(), v.strip())})
    joined = {"from": [*_headers(rule), clock], "formats": [day + time for day in dates for time in shapes]}
    return (rule if isinstance(rule, dict) else {}) | joined


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
