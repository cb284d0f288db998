"""A contract becomes one SELECT that types a batch of text cells and says why a row cannot land.

The batch is a relation `batch` of VARCHAR columns named as the contract's headers (trimmed, NULL when empty), with
columns of its own whose names begin with a blank, which no header can: ` file_number`, ` file_key`, ` folder`,
` folder_date` and ` delivered_on` (DATE), ` first` (BOOLEAN, where the contract fills down) and ` row_number`. Known
locations are `known_locations(location_id, timezone, currency)`, zone names `zones(name, iana)`. Header names and
values reach SQL only quoted.

Columns that a header does not have join as constants at the end: the feeds are wide, and most exports are not.
"""

from dagster_project.extract.cell_sql import condition_sql, is_absent, text_sql, typed_sql
from dagster_project.extract.clock_sql import NO_TIME, at, clock, within_years
from dagster_project.extract.contract_language import Contract, ContractPart
from dagster_project.extract.date_sql import Dates, instant_sql, wall_sql
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.extract.reject_sql import masked, may_be_unreadable, reject_arms, unreadable_values, written
from dagster_project.extract.sql_text import literal, quoted
from dagster_project.feeds import Column, Feed, load_feeds

_CARRIED = """file_number, file_key, row_number, folder, delivered_on, zone, known_location_id, known_currency,
        zone_text, given_zone, " skip\""""


def typing_query(contract: Contract, header: tuple[str, ...], dates: Dates) -> str:
    """The SELECT over `batch`, in any order: `file_number`, the landed columns of the feed, `delivery_key` and
    `is_set_key`, then `reject_column`, `reject_reason` and `reject_value` (masked; null when the row lands), and
    `unreadable`, a list of what a row lands without (col, reason, val; null when nothing). `dates`: see `dates_of`."""
    feed = load_feeds()[contract.feed]
    names = set(header)
    zone_header = next((r.zone_from for r in contract.columns.values() if r.zone_from in names), None)
    location = "raw.location_id" if feed.with_role("location") else "null"
    absent = [c for c in feed.columns if c.role != "location" and is_absent(contract.columns.get(c.name), names)]
    present = [c for c in feed.columns if c not in absent]
    times = [c for c in present if c.type == "timestamp"]
    unreadable = unreadable_values(feed, contract, absent)
    without = f",\n    {unreadable} as unreadable" if unreadable else ""
    return f"""
with raw as (
    select " file_number" as file_number, {_file_key(contract)} as file_key, " folder" as folder,
        " delivered_on" as delivered_on, " row_number" as row_number, {_zone_text(contract, zone_header)} as zone_text,
        {_skip(contract, names)} as " skip",
        {_texts(present, contract, names, dates)}
    from batch
    where {_belongs(contract, names)}
), placed as (
    select raw.*, l.location_id as known_location_id, l.currency as known_currency,
        z.iana as given_zone, coalesce(z.iana, l.timezone, (select timezone from network_defaults)) as zone
    from raw
    left join known_locations l on l.location_id = {location}
    left join zones z on z.name = raw.zone_text
), parsed as (
    select *, {_parsed(present, contract)}
    from placed
), typed as (
    select {_CARRIED},
        {_typed(present, contract)}
    from parsed
){clock(times)}, whole as (
    select *, {_constants(absent, contract)}
    from {"timed" if times else "typed"}
), judged as (
    select *, case {reject_arms(feed, contract, bool(zone_header), absent)} end as rejection
    from whole
)
select file_number,
    {_landed(feed, contract)},
    rejection.col as reject_column, rejection.reason as reject_reason,
    {masked("rejection.val")} as reject_value{without}
from judged
"""


def _file_key(contract: Contract) -> str:
    return f'" file_key" || {literal("-" + contract.part)}' if isinstance(contract, ContractPart) else '" file_key"'


def _zone_text(contract: Contract, zone_header: str | None) -> str:
    told = [quoted(zone_header)] if zone_header else []
    told += [literal(contract.zone)] if contract.zone else []
    return f"coalesce({', '.join(told)})" if told else "cast(null as varchar)"


def _skip(contract: Contract, names: set[str]) -> str:
    if isinstance(contract, ContractPart) or not contract.skip:
        return "cast(null as varchar)"
    whens = " ".join(
        f"when {condition_sql(s.when, names)} then {literal('skipped: ' + s.reason)}" for s in contract.skip
    )
    return f"case {whens} end"


def _belongs(contract: Contract, names: set[str]) -> str:
    """Which rows a feed is made of. The first feed takes all: what it skips it rejects by name."""
    told = ['" first"'] if contract.rows == "first" else []
    if isinstance(contract, ContractPart):
        told += [f"not ({condition_sql(skip.when, names)})" for skip in contract.skip]
    return " and ".join(told) or "true"


def _texts(present: list[Column], contract: Contract, names: set[str], dates: Dates) -> str:
    texts = {c.name: text_sql(contract.columns.get(c.name), names, c, contract, dates) for c in present}
    if "location_id" in texts:
        own = f'case when " folder" <> {literal(HEADQUARTERS)} then " folder" end'
        texts["location_id"] = f"coalesce({texts['location_id']}, {own})"
    return ",\n        ".join(f"{text} as {quoted(name)}" for name, text in texts.items())


def _parsed(present: list[Column], contract: Contract) -> str:
    """Per column the text as written and what it reads as; of a time what stands on the wall, and the instant."""
    columns = []
    for column in present:
        rule, text, read = contract.columns.get(column.name), quoted(column.name), _read(column)
        if may_be_unreadable(column, contract):
            columns.append(f"{text} as {written(column, contract)}")
        if column.type in ("timestamp", "date"):
            wall, instant = wall_sql(text, rule), instant_sql(text, rule) or NO_TIME
            columns.append(f"{wall} as {read}")
            columns.append(f"{instant} as {_read_at(column)}")
        else:
            columns.append(f"{typed_sql(column, rule, text)} as {read}")
    return ",\n        ".join(columns)


def _typed(present: list[Column], contract: Contract) -> str:
    columns = []
    for column in present:
        name, read, read_at = quoted(column.name), _read(column), _read_at(column)
        if may_be_unreadable(column, contract):
            columns.append(written(column, contract))
        if column.type == "timestamp":
            columns.append(f"{within_years(read)} as {name}")
            columns.append(f"{within_years(read_at)} as {at(column)}")
        elif column.type == "date":
            columns.append(f"cast({within_years(f'coalesce({read}, {read_at})')} as date) as {name}")
        else:
            columns.append(f"{read} as {name}")
    return ",\n        ".join(columns)


def _constants(absent: list[Column], contract: Contract) -> str:
    columns = ['null as " nothing"']
    for column in absent:
        value = literal(column.default) if column.default else f"cast(null as {column.sql_type})"
        columns.append(f"{value} as {quoted(column.name)}")
        if may_be_unreadable(column, contract):
            columns.append(f"cast(null as varchar) as {written(column, contract)}")
        if column.type == "timestamp":
            columns.append(f"{NO_TIME} as {at(column)}")
    return ", ".join(columns)


def _read(column: Column) -> str:
    return quoted(f" read {column.name}")


def _read_at(column: Column) -> str:
    return quoted(f" read at {column.name}")


def _landed(feed: Feed, contract: Contract) -> str:
    columns = []
    event = quoted(feed.event_at) if feed.event_at else "cast(null as timestamp)"
    for column in feed.columns:
        name = quoted(column.name)
        if column.type == "timestamp":
            columns.append(f"{at(column)} as {name}")
        elif column.name == "business_date":
            columns.append(f"coalesce(business_date, cast({event} as date)) as business_date")
        elif column.role == "currency":
            columns.append(f"coalesce({name}, known_currency) as {name}")
        else:
            columns.append(name)
    scope = "network" if feed.scope == "network" else contract.customer_id_scope
    keys, is_set = _delivery_key(feed, contract)
    return ",\n    ".join(
        [
            *columns,
            f"{event} as event_local_at",
            f"{literal(contract.source)} as source_system",
            f"{literal(scope)} as customer_id_scope",
            "file_key",
            "row_number",
            f"{keys} as delivery_key",
            f"{is_set} as is_set_key",
        ]
    )


def _delivery_key(feed: Feed, contract: Contract) -> tuple[str, str]:
    """(hash of the key under which a newer delivery replaces this row, whether that key names a set of rows)."""
    owner = [literal(feed.name), literal(contract.source)]
    per_location = feed.scope == "location" and not (
        feed.name == "customers" and contract.customer_id_scope == "network"
    )
    if per_location:
        owner.append("location_id")

    def hashed(columns: tuple[str, ...] | list[str]) -> str:
        # A feed's time counts as the instant it was, however it was written.
        parts = [at(feed.column(c)) if feed.column(c).type == "timestamp" else quoted(c) for c in columns]
        return f"hash({', '.join([*owner, *parts])})"

    if contract.replace:
        return hashed(contract.replace), "true"
    if contract.rows == "first":
        return hashed(feed.replace), "false"
    unkeyed = " or ".join(f"{quoted(c)} is null" for c in feed.key)
    if feed.replace == feed.key:
        return hashed(feed.key), "false"
    return f"case when {unkeyed} then {hashed(feed.replace)} else {hashed(feed.key)} end", f"({unkeyed})"
