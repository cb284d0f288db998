"""Why a row cannot land, as arms of one CASE: each gives the column, a reason a person can act on, and the value.
And which values a row lands without.

The reasons never quote a value; `masked` keeps only its shape.
"""

from dagster_project.extract.cell_sql import holds_ids
from dagster_project.extract.contract_language import Contract, ContractPart
from dagster_project.extract.date_sql import formats_of
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.extract.sql_text import literal, quoted
from dagster_project.feeds import Column, Feed

# A clock that lost its battery starts at 1970 or 1980.
EARLIEST_YEAR = 1990
_SHORT_YEAR = "a year of two digits, read as one of four; write %y for %Y in the contract's formats"


def may_be_unreadable(column: Column, contract: Contract) -> bool:
    """Whether a text of this column may be one that cannot be read."""
    return column.type != "text" or holds_ids(column, contract.columns.get(column.name))


def written(column: Column, contract: Contract) -> str:
    """The name under which the typing query keeps a column's text."""
    return quoted(f" written {column.name}" if may_be_unreadable(column, contract) else column.name)


def unreadable_values(feed: Feed, contract: Contract, absent: list[Column]) -> str | None:
    """A list of what a row that lands does without, as {col, reason, val}; None when no value can be left out."""
    spare = [c for c in feed.columns if c not in absent and is_spare(c, contract) and may_be_unreadable(c, contract)]
    if not spare:
        return None
    lost = {c: f"{written(c, contract)} is not null and {quoted(c.name)} is null" for c in spare}
    told = ", ".join(
        f"case when {condition} then {_told(c.name, _expected(c, contract), masked(written(c, contract)))} end"
        for c, condition in lost.items()
    )
    some = " or ".join(f"({condition})" for condition in lost.values())
    return f"case when rejection is null and ({some}) then list_filter([{told}], told -> told is not null) end"


def is_spare(column: Column, contract: Contract) -> bool:
    """Whether a row lands without a value of this column that cannot be read."""
    return column.spare and column.name not in (contract.replace or [])


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
        unknown = literal("unknown location; add it to the locations feed, or call the folder as that feed calls it")
        nowhere = "location_id is not null and known_location_id is null"
        arms.append(_reject(nowhere, "location_id", unknown, "location_id"))
        arms += _currency_arms(feed)
    for column in feed.columns:
        text = written(column, contract)
        if contract.requires(column):
            arms.append(_reject(f"{text} is null", column.name, literal("empty, but required"), "null"))
        if column not in absent and may_be_unreadable(column, contract) and not is_spare(column, contract):
            unreadable = f"{text} is not null and {quoted(column.name)} is null"
            arms.append(_reject(unreadable, column.name, _expected(column, contract), text))
    unknown_zone = literal("unknown time zone; an IANA or Rails name is expected")
    if feed.with_role("timezone"):
        arms.append(
            _reject(
                "timezone is not null and timezone not in (select name from zones)",
                "timezone",
                unknown_zone,
                "timezone",
            )
        )
    if has_zone:
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
        clock = literal(f"before {EARLIEST_YEAR}; check the till's clock")
        dated = [feed.column(feed.event_at), *(c for c in feed.columns if c.role == "business_date")]
        for column in (c for c in dated if c not in absent):
            name, day, text = column.name, quoted(column.name), written(column, contract)
            early = f"case when year({day}) < 100 then {literal(_SHORT_YEAR)} else {clock} end"
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
    return f"when {condition} then {_told(column, reason, value)}"


def _told(column: str, reason: str, value: str) -> str:
    return f"{{'col': {literal(column) if column else 'null::varchar'}, 'reason': {reason}, 'val': {value}}}"


def _expected(column: Column, contract: Contract) -> str:
    """The reason, as SQL, why a text of this column cannot be read."""
    rule = contract.columns[column.name]
    if column.type == "text":
        lost = "an id in scientific notation has lost digits; export the column as text"
        failed = "a spreadsheet's error where an id should be; correct the sheet and export it again"
        is_error = f"starts_with({written(column, contract)}, '#')"
        return f"case when {is_error} then {literal(failed)} else {literal(lost)} end"
    if column.type == "enum":
        return literal(f"not one of {', '.join([*(rule.values or {}), *column.values])}")
    if column.type in ("timestamp", "date") and rule.formats:
        return literal(f"not a {column.type} written as {' or '.join(formats_of(rule))}")
    if rule.net_of_rate:
        return literal(
            f"not a {column.type}, or no rate of tax in '{rule.net_of_rate}'; say what its words mean in rates"
        )
    told = {"timestamp": "not a time in ISO 8601", "date": "not a date in ISO 8601"}
    bounds = " from {} to {}".format(*column.between) if column.between else ""
    return literal(told.get(column.type, f"not {'an' if column.type == 'integer' else 'a'} {column.type}") + bounds)


def masked(value: str) -> str:
    """The shape of a value: letters as x, digits as 9, at most 24 characters."""
    letters = f"regexp_replace(cast({value} as varchar), '\\p{{L}}', 'x', 'g')"
    return f"left(regexp_replace({letters}, '[0-9]', '9', 'g'), 24)"
