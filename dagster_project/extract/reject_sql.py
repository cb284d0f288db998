"""Why a row cannot land, as arms of one CASE: each gives the column, a reason a person can act on, and the value.

The reasons never quote a value; `masked` keeps only its shape.
"""

from dagster_project.extract.cell_sql import SCIENTIFIC, formats_of
from dagster_project.extract.contract_language import Contract, ContractPart
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.extract.sql_text import literal, quoted
from dagster_project.feeds import Column, Feed

# A clock that lost its battery starts at 1970 or 1980.
EARLIEST_YEAR = 1990


def written(column: Column) -> str:
    """The name under which the typing query keeps a column's text."""
    return quoted(column.name if column.type == "text" else f" written {column.name}")


def reject_arms(feed: Feed, contract: Contract, has_zone: bool, absent: list[Column]) -> str:
    """The CASE arms that keep a row out, gravest first; `absent` columns hold nothing that could be unreadable."""
    arms = []
    if contract.skip and not isinstance(contract, ContractPart):
        arms.append(_reject('" skip" is not null', "", '" skip"', "null"))
    if feed.with_role("location"):
        in_folder = f"folder <> {literal(HEADQUARTERS)}"
        other = "'another location than its folder ' || folder"
        arms.append(_reject(f"{in_folder} and location_id <> folder", "location_id", other, "location_id"))
        # A list of the whole network's customers belongs to no location; a sale always does.
        if feed.scope == "location" and not (feed.name == "customers" and contract.customer_id_scope == "network"):
            empty = literal("empty, but this file holds several locations")
            arms.append(_reject("location_id is null", "location_id", empty, "null"))
        unknown = literal("unknown location; add it to the locations feed or correct the export")
        nowhere = "location_id is not null and known_location_id is null"
        arms.append(_reject(nowhere, "location_id", unknown, "location_id"))
        arms += _currency_arms(feed)
    for column in feed.columns:
        name, text = quoted(column.name), written(column)
        if contract.requires(column):
            arms.append(_reject(f"{text} is null", column.name, literal("empty, but required"), "null"))
        rule = contract.columns.get(column.name)
        if column.type == "text" and rule and rule.style == "id" and column not in absent:
            lost = "an id in scientific notation has lost digits; export the column as text"
            arms.append(_reject(f"regexp_full_match({text}, {literal(SCIENTIFIC)})", column.name, literal(lost), text))
        if column.type != "text" and column not in absent:
            arms.append(
                _reject(
                    f"{text} is not null and {name} is null", column.name, literal(_expected(column, contract)), text
                )
            )
    if feed.with_role("timezone"):
        unknown_zone = literal("unknown time zone; an IANA or Rails name is expected")
        arms.append(
            _reject(
                "timezone is not null and timezone not in (select name from zones)",
                "timezone",
                unknown_zone,
                "timezone",
            )
        )
    if has_zone:
        unknown_zone = literal("unknown time zone; an IANA or Rails name is expected")
        arms.append(
            _reject(
                "zone_text is not null and given_zone is null",
                feed.event_at or "",
                unknown_zone,
                "zone_text",
            )
        )
    if feed.event_at:
        late = "'later than the file''s delivery on ' || delivered_on || '; check the till''s clock'"
        early = literal(f"before {EARLIEST_YEAR}; check the till's clock")
        dated = [feed.column(feed.event_at), *(c for c in feed.columns if c.role == "business_date")]
        for column in (c for c in dated if c not in absent):
            name, day, text = column.name, quoted(column.name), written(column)
            arms.append(_reject(f"cast({day} as date) > delivered_on + 1", name, late, text))
            arms.append(_reject(f"year({day}) < {EARLIEST_YEAR}", name, early, text))
    return "\n        ".join(arms) if arms else "when false then {'col': '', 'reason': '', 'val': ''}"


def _currency_arms(feed: Feed) -> list[str]:
    """Marts sum amounts over locations, and nothing here knows an exchange rate."""
    arms = []
    if feed.scope == "location" and feed.name != "customers":
        network = "(select currency from network_defaults)"
        foreign = (
            f"'its location sells in ' || known_currency || ', this network counts in ' || {network} || "
            "'; set network.currency in network.yaml, or give this location a network of its own'"
        )
        arms.append(_reject(f"known_currency <> {network}", "location_id", foreign, "location_id"))
    if feed.with_role("currency"):
        wrong = "currency is not null and currency <> known_currency"
        reason = "'another currency than its location''s ' || known_currency"
        arms.append(_reject(wrong, "currency", reason, "currency"))
    return arms


def _reject(condition: str, column: str, reason: str, value: str) -> str:
    struct = f"{{'col': {literal(column) if column else 'null::varchar'}, 'reason': {reason}, 'val': {value}}}"
    return f"when {condition} then {struct}"


def _expected(column: Column, contract: Contract) -> str:
    rule = contract.columns[column.name]
    if column.type == "enum":
        return f"not one of {', '.join([*(rule.values or {}), *column.values])}"
    if column.type in ("timestamp", "date") and rule.formats:
        return f"not a {column.type} written as {' or '.join(formats_of(rule))}"
    return {"timestamp": "not a time in ISO 8601", "date": "not a date in ISO 8601"}.get(
        column.type, f"not {'an' if column.type == 'integer' else 'a'} {column.type}"
    )


def masked(value: str) -> str:
    """The shape of a value: letters as x, digits as 9, at most 24 characters."""
    letters = f"regexp_replace(cast({value} as varchar), '\\p{{L}}', 'x', 'g')"
    return f"left(regexp_replace({letters}, '[0-9]', '9', 'g'), 24)"
