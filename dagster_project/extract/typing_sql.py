"""A contract becomes one SELECT that types a batch of text cells and says why a row cannot land.

The batch is a relation `batch` of VARCHAR columns named as the headers, with columns of its own whose names
begin with a blank, which no header can: ` file_number`, ` file_key`, ` folder`, ` delivered_on` (DATE) and
` row_number`. Known locations are `known_locations(location_id, timezone, currency)`, zone names
`zones(name, iana)`. Header names and values reach SQL only quoted.
"""

from dagster_project.extract.contracts import Case, ColumnRule, Contract
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.extract.reject_sql import masked, reject_arms
from dagster_project.extract.sql_text import literal, quoted
from dagster_project.feeds import Column, Feed, load_feeds


def typing_query(contract: Contract, header: tuple[str, ...]) -> str:
    """The SELECT over `batch`: `file_number`, the landed columns of the feed, `delivery_key` and `is_set_key`,
    then `reject_column`, `reject_reason` and `reject_value` (null when the row lands; the value masked)."""
    feed = load_feeds()[contract.feed]
    names = set(header)
    texts = {c.name: _text(contract.columns.get(c.name), names, c, contract) for c in feed.columns}
    if feed.with_role("location"):
        own = f'case when " folder" <> {literal(HEADQUARTERS)} then " folder" end'
        texts["location_id"] = f"coalesce({texts['location_id']}, {own})"
    raw = ",\n        ".join(f"{text} as {quoted(name)}" for name, text in texts.items())
    zone_rule = contract.columns.get(feed.event_at or "")
    zone_header = zone_rule.zone_from if zone_rule and zone_rule.zone_from in names else None
    zone_text = f"nullif(trim({quoted(zone_header)}), '')" if zone_header else "null"
    location = "raw.location_id" if feed.with_role("location") else "null"
    typed = ",\n        ".join(f"{_typed(c, contract.columns.get(c.name))} as {quoted(c.name)}" for c in feed.columns)
    return f"""
with raw as (
    select " file_number" as file_number, " file_key" as file_key, " folder" as folder,
        " delivered_on" as delivered_on, " row_number" as row_number, {zone_text} as zone_text,
        {raw}
    from batch
), placed as (
    select raw.*, l.location_id as known_location_id, l.currency as known_currency,
        z.iana as given_zone, coalesce(z.iana, l.timezone, (select timezone from network_defaults)) as zone
    from raw
    left join known_locations l on l.location_id = {location}
    left join zones z on z.name = raw.zone_text
), typed as (
    select file_number, file_key, row_number, zone, placed as raw,
        {typed}
    from placed
), judged as (
    select *, case {reject_arms(feed, contract, bool(zone_header))} end as rejection
    from typed
)
select file_number,
    {_landed(feed, contract)},
    rejection.col as reject_column, rejection.reason as reject_reason,
    {masked("rejection.val")} as reject_value
from judged
order by file_number, row_number
"""


def _text(rule: ColumnRule | None, header: set[str], column: Column, contract: Contract) -> str:
    """The cell as trimmed text, NULL when empty: origin, then style and value map."""
    if rule is None or (rule.constant is None and not header.intersection(rule.headers)):
        return "cast(null as varchar)"
    text = f"nullif(trim({_origin(rule, header)}), '')"
    if rule.style == "whole_number":
        number = f"try_cast(try_cast({text} as double) as bigint)"
        text = f"case when {number} = try_cast({text} as double) then cast({number} as varchar) else {text} end"
    if rule.values:
        cases = " ".join(f"when {literal(k)} then {literal(v)}" for k, v in rule.values.items())
        text = f"nullif(case {text} {cases} else {text} end, '')"
    if column.role == "source_customer_id" and contract.placeholder_customer_ids:
        nobody = ", ".join(literal(i) for i in contract.placeholder_customer_ids)
        text = f"case when {text} not in ({nobody}) then {text} end"
    return text


def _origin(rule: ColumnRule, header: set[str]) -> str:
    if rule.constant is not None:
        return literal(rule.constant)
    if rule.cases is not None:
        whens = " ".join(f"when {_condition(case, header)} then {literal(case.then)}" for case in rule.cases)
        return f"case {whens} else {literal(rule.otherwise) if rule.otherwise is not None else 'null'} end"
    if rule.multiply:
        product = " * ".join(_decimal(_cell(h, header), rule) for h in rule.multiply)
        return f"cast({product} as varchar)"
    if isinstance(rule.from_, str):
        return _cell(rule.from_, header)
    cells = ", ".join(f"nullif(trim({_cell(h, header)}), '')" for h in rule.from_ or [])
    return f"concat_ws({literal(rule.separator)}, {cells})"


def _cell(name: str, header: set[str]) -> str:
    return quoted(name) if name in header else "cast(null as varchar)"


def _condition(case: Case, header: set[str]) -> str:
    conditions = []
    for name, test in case.when.items():
        cell = f"trim({_cell(name, header)})"
        if test.is_in is not None:
            conditions.append(f"{cell} in ({', '.join(literal(v) for v in test.is_in)})")
        if test.starts_with is not None:
            conditions.append(f"starts_with({cell}, {literal(test.starts_with)})")
        if test.matches is not None:
            conditions.append(f"regexp_full_match({cell}, {literal(test.matches)})")
    return " and ".join(conditions)


def _decimal(text: str, rule: ColumnRule) -> str:
    thousands, mark = (",", ".") if rule.decimal_mark == "." else (".", ",")
    bare = f"regexp_replace({text}, '[^0-9eE.,()+-]', '', 'g')"
    plain = f"replace(replace({bare}, {literal(thousands)}, ''), {literal(mark)}, '.')"
    negative = f"'-' || translate({plain}, '()', '')"
    symbols = f"regexp_full_match({text}, '[(+-]*[^0-9A-Za-z]{{0,3}}[0-9.,]+[^0-9A-Za-z]{{0,4}}')"
    readable = f"case when {symbols} then case when starts_with({bare}, '(') then {negative} else {plain} end end"
    direct = f"try_cast({text} as decimal(18,4))" if rule.decimal_mark == "." else "cast(null as decimal(18,4))"
    return f"coalesce({direct}, try_cast({readable} as decimal(18,4)))"


def _typed(column: Column, rule: ColumnRule | None) -> str:
    text = f"placed.{quoted(column.name)}"
    if column.type == "enum":
        lowered = f"lower({text})"
        allowed = f"case when {lowered} in ({', '.join(literal(v) for v in column.values)}) then {lowered} end"
        return (
            f"case when {text} is null then {literal(column.default)} else {allowed} end" if column.default else allowed
        )
    if column.type in ("timestamp", "date"):
        return f"cast({_local_time(text, rule)} as {column.type})"
    if column.type == "decimal":
        return _decimal(text, rule or ColumnRule(constant=""))
    if column.type == "integer":
        return f"case when try_cast({text} as double) = try_cast({text} as bigint) then try_cast({text} as bigint) end"
    if column.type == "boolean":
        return f"try_cast({text} as boolean)"
    return text


_OFFSET = "'.*[0-9](Z|[+-][0-9]{2}:?[0-9]{2})'"


def _local_time(text: str, rule: ColumnRule | None) -> str:
    """Wall time: as written, or brought to the row's zone when the text carries an offset."""
    if rule and rule.formats:
        return f"try_strptime({text}, [{', '.join(literal(f) for f in rule.formats)}])"
    with_offset = f"timezone(zone, try_cast({text} as timestamptz))"
    return f"case when regexp_full_match({text}, {_OFFSET}) then {with_offset} else try_cast({text} as timestamp) end"


def _landed(feed: Feed, contract: Contract) -> str:
    columns = []
    for column in feed.columns:
        name = quoted(column.name)
        if column.type == "timestamp":
            columns.append(f"cast(timezone('UTC', timezone(zone, {name})) as timestamp) as {name}")
        elif column.name == "business_date":
            columns.append(f"coalesce(business_date, cast({feed.event_at} as date)) as business_date")
        elif column.role == "currency":
            columns.append(f"coalesce({name}, raw.known_currency) as {name}")
        else:
            columns.append(name)
    event = quoted(feed.event_at) if feed.event_at else "cast(null as timestamp)"
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
        return f"hash({', '.join([*owner, *(quoted(c) for c in columns)])})"

    if contract.replace:
        return hashed(contract.replace), "true"
    unkeyed = " or ".join(f"{quoted(c)} is null" for c in feed.key)
    if feed.replace == feed.key:
        return hashed(feed.key), "false"
    return f"case when {unkeyed} then {hashed(feed.replace)} else {hashed(feed.key)} end", f"({unkeyed})"
