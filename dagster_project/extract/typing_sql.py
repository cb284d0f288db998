"""A contract becomes one SELECT that types a batch of text cells and says why a row cannot land.

The batch is a relation `batch` of VARCHAR columns named as the contract's headers, with columns of its own whose
names begin with a blank, which no header can: ` file_number`, ` file_key`, ` folder`, ` folder_date` and
` delivered_on` (DATE), ` first` (BOOLEAN, where the contract fills down) and ` row_number`. Known locations are
`known_locations(location_id, timezone, currency)`, zone names `zones(name, iana)`. Header names and values reach
SQL only quoted.
"""

from dagster_project.extract.cell_sql import condition_sql, instant_sql, text_sql, typed_sql, wall_sql
from dagster_project.extract.contract_language import Contract, ContractPart
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.extract.reject_sql import masked, reject_arms
from dagster_project.extract.sql_text import literal, quoted
from dagster_project.feeds import Column, Feed, load_feeds

# No zone in use changes its offset but at a half hour of local time.
_NO_TIME = "cast(null as timestamp)"
_HALF = "interval 30 minutes"
# How far a zone is ahead of UTC at a wall time, and at an instant.
_FROM_WALL = "{0} - cast(timezone(zone, {0}) as timestamp)"
_FROM_UTC = "timezone(zone, cast({0} as timestamptz)) - {0}"
_FIRST_OF_TWO = " ".join(
    f"when timezone(zone, utc - interval '{shift} minutes') = half then utc - interval '{shift} minutes'"
    for shift in (60, 30)
)


def typing_query(contract: Contract, header: tuple[str, ...]) -> str:
    """The SELECT over `batch`: `file_number`, the landed columns of the feed, `delivery_key` and `is_set_key`,
    then `reject_column`, `reject_reason` and `reject_value` (null when the row lands; the value masked)."""
    feed = load_feeds()[contract.feed]
    names = set(header)
    zone_header = next((r.zone_from for r in contract.columns.values() if r.zone_from in names), None)
    location = "raw.location_id" if feed.with_role("location") else "null"
    return f"""
with raw as (
    select " file_number" as file_number, {_file_key(contract)} as file_key, " folder" as folder,
        " delivered_on" as delivered_on, " row_number" as row_number, {_zone_text(contract, zone_header)} as zone_text,
        {_skip(contract, names)} as " skip",
        {_texts(feed, contract, names)}
    from batch
    where {_belongs(contract, names)}
), placed as (
    select raw.*, l.location_id as known_location_id, l.currency as known_currency,
        z.iana as given_zone, coalesce(z.iana, l.timezone, (select timezone from network_defaults)) as zone
    from raw
    left join known_locations l on l.location_id = {location}
    left join zones z on z.name = raw.zone_text
), typed as (
    select file_number, file_key, row_number, zone, placed as raw,
        {_typed(feed, contract)}
    from placed
){_clock(feed)}, judged as (
    select *, case {reject_arms(feed, contract, bool(zone_header))} end as rejection
    from {"timed" if _times(feed) else "typed"}
)
select file_number,
    {_landed(feed, contract)},
    rejection.col as reject_column, rejection.reason as reject_reason,
    {masked("rejection.val")} as reject_value
from judged
order by file_number, row_number
"""


def _file_key(contract: Contract) -> str:
    return f'" file_key" || {literal("-" + contract.part)}' if isinstance(contract, ContractPart) else '" file_key"'


def _zone_text(contract: Contract, zone_header: str | None) -> str:
    told = [f"nullif(trim({quoted(zone_header)}), '')"] if zone_header else []
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


def _texts(feed: Feed, contract: Contract, names: set[str]) -> str:
    texts = {c.name: text_sql(contract.columns.get(c.name), names, c, contract) for c in feed.columns}
    if feed.with_role("location"):
        own = f'case when " folder" <> {literal(HEADQUARTERS)} then " folder" end'
        texts["location_id"] = f"coalesce({texts['location_id']}, {own})"
    return ",\n        ".join(f"{text} as {quoted(name)}" for name, text in texts.items())


def _typed(feed: Feed, contract: Contract) -> str:
    columns = []
    for column in feed.columns:
        rule, text = contract.columns.get(column.name), f"placed.{quoted(column.name)}"
        if column.type == "timestamp":
            instant = instant_sql(text, rule) if rule else None
            wall = _within_years(wall_sql(text, rule)) if rule else _NO_TIME
            columns.append(f"{wall} as {quoted(column.name)}")
            columns.append(f"{_within_years(instant) if instant else _NO_TIME} as {_at(column)}")
        elif column.type == "date":
            instant = instant_sql(text, rule)
            day = f"coalesce({wall_sql(text, rule)}, {instant})" if instant else wall_sql(text, rule)
            columns.append(f"cast({_within_years(day)} as date) as {quoted(column.name)}")
        else:
            columns.append(f"{typed_sql(column, rule, text)} as {quoted(column.name)}")
    return ",\n        ".join(columns)


def _times(feed: Feed) -> list[Column]:
    return [column for column in feed.columns if column.type == "timestamp"]


def _at(column: Column) -> str:
    return quoted(f" {column.name}")


def _clock(feed: Feed) -> str:
    """CTE `timed`: every time as wall time and as UTC. Asking a zone's offset is dear: each half hour is asked once,
    and a day that begins and ends with one offset has it throughout.

    A wall time that comes twice (clocks go back) is the first of the two; one that never comes (clocks go
    forward) moves ahead by the hour that is missing.
    """
    times = _times(feed)
    if not times:
        return ""
    joins, columns = [], []
    for number, column in enumerate(times):
        name, at, wall, utc = quoted(column.name), _at(column), f"w{number}", f"u{number}"
        for clock, alias, time in (("walls", wall, name), ("instants", utc, at)):
            half = f"{alias}.half = time_bucket({_HALF}, typed.{time})"
            joins.append(f"left join {clock} {alias} on {alias}.zone = typed.zone and {half}")
        columns += [
            f"coalesce(typed.{name}, typed.{at} + {utc}.ahead) as {name}",
            f"coalesce(typed.{at}, typed.{name} - {wall}.ahead) as {at}",
        ]
    return f""", wall_halves as ({_halves([quoted(c.name) for c in times])}
), instant_halves as ({_halves([_at(c) for c in times])}
), walls as (
    select zone, half, case when steady is not null then steady
        else half - cast(case {_FIRST_OF_TWO} else utc end as timestamp) end as ahead
    from (
        select zone, half, steady, case when steady is null then timezone(zone, half) end as utc
        from wall_halves join ({_days("wall_halves", _FROM_WALL)}) using (zone, day)
    )
), instants as (
    select zone, half, case when steady is not null then steady else {_FROM_UTC.format("half")} end as ahead
    from instant_halves join ({_days("instant_halves", _FROM_UTC)}) using (zone, day)
), timed as (
    select typed.* exclude ({", ".join(f"{quoted(c.name)}, {_at(c)}" for c in times)}),
        {", ".join(columns)}
    from typed
    {" ".join(joins)}
)"""


def _halves(columns: list[str]) -> str:
    seen = " union all ".join(f"select zone, time_bucket({_HALF}, {column}) as half from typed" for column in columns)
    return f"select distinct zone, half, date_trunc('day', half) as day from ({seen}) where half is not null"


def _days(halves: str, ahead: str) -> str:
    """The days of some half hours, and how far the zone is ahead of UTC all day; null when that changes."""
    first, last = ahead.format("day"), ahead.format("(day + interval 1 day)")
    return f"""select zone, day, case when {first} = {last} then {first} end as steady
        from (select distinct zone, day from {halves})"""


def _within_years(moment: str) -> str:
    """A moment that survives a change of zone: 'infinity' and the year 290000 are no dates of a till."""
    return f"case when year({moment}) between 2 and 9998 then {moment} end"


def _landed(feed: Feed, contract: Contract) -> str:
    columns = []
    event = quoted(feed.event_at) if feed.event_at else "cast(null as timestamp)"
    for column in feed.columns:
        name = quoted(column.name)
        if column.type == "timestamp":
            columns.append(f"{_at(column)} as {name}")
        elif column.name == "business_date":
            columns.append(f"coalesce(business_date, cast({event} as date)) as business_date")
        elif column.role == "currency":
            columns.append(f"coalesce({name}, raw.known_currency) as {name}")
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
        parts = [_at(feed.column(c)) if feed.column(c).type == "timestamp" else quoted(c) for c in columns]
        return f"hash({', '.join([*owner, *parts])})"

    if contract.replace:
        return hashed(contract.replace), "true"
    if contract.rows == "first":
        return hashed(feed.replace), "false"
    unkeyed = " or ".join(f"{quoted(c)} is null" for c in feed.key)
    if feed.replace == feed.key:
        return hashed(feed.key), "false"
    return f"case when {unkeyed} then {hashed(feed.replace)} else {hashed(feed.key)} end", f"({unkeyed})"
