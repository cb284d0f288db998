"""A contract becomes one SELECT that types a batch of text cells and says why a row cannot land.

The batch is a relation `batch` of VARCHAR columns named as the headers, with columns of its own whose names
begin with a blank, which no header can: ` file_number`, ` file_key`, ` folder`, ` delivered_on` (DATE) and
` row_number`. Known locations are `known_locations(location_id, timezone, currency)`, zone names
`zones(name, iana)`. Header names and values reach SQL only quoted.
"""

from dagster_project.extract.contracts import Case, ColumnRule, Contract
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.feeds import Column, Feed, load_feeds

EARLIEST_YEAR = 1970


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


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
    select *, case {_rejects(feed, contract, bool(zone_header))} end as rejection
    from typed
)
select file_number,
    {_landed(feed, contract)},
    rejection.col as reject_column, rejection.reason as reject_reason,
    {_mask("rejection.val")} as reject_value
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
    if column.type == "timestamp":
        return f"{_local_time(text, rule)}"
    if column.type == "date":
        return f"cast({_local_time(text, rule)} as date)"
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


def _reject(condition: str, column: str, reason: str, value: str) -> str:
    struct = f"{{'col': {literal(column)}, 'reason': {reason}, 'val': {value}}}"
    return f"when {condition} then {struct}"


def _rejects(feed: Feed, contract: Contract, has_zone: bool) -> str:
    """The CASE arms that keep a row out, gravest first."""
    arms = []
    if feed.with_role("location"):
        in_folder = f"raw.folder <> {literal(HEADQUARTERS)}"
        other = "'another location than its folder ' || raw.folder"
        arms.append(_reject(f"{in_folder} and location_id <> raw.folder", "location_id", other, "location_id"))
        if feed.scope == "location" and contract.customer_id_scope == "location":
            empty = literal("empty, but this file holds several locations")
            arms.append(_reject("location_id is null", "location_id", empty, "null"))
        unknown = literal("unknown location; add it to the locations feed or correct the export")
        nowhere = "location_id is not null and raw.known_location_id is null"
        arms.append(_reject(nowhere, "location_id", unknown, "location_id"))
    for column in feed.columns:
        name, text = quoted(column.name), f"raw.{quoted(column.name)}"
        if column.required:
            arms.append(_reject(f"{text} is null", column.name, literal("empty, but required"), "null"))
        if column.type != "text" and column.name in contract.columns:
            arms.append(
                _reject(
                    f"{text} is not null and {name} is null", column.name, literal(_expected(column, contract)), text
                )
            )
    if feed.with_role("currency"):
        wrong = "currency is not null and currency <> raw.known_currency"
        reason = "'another currency than its location''s ' || raw.known_currency"
        arms.append(_reject(wrong, "currency", reason, "currency"))
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
                "raw.zone_text is not null and raw.given_zone is null",
                feed.event_at or "",
                unknown_zone,
                "raw.zone_text",
            )
        )
    if feed.event_at:
        event = quoted(feed.event_at)
        late = "'later than the file''s delivery on ' || raw.delivered_on || '; check the till''s clock'"
        arms.append(_reject(f"cast({event} as date) > raw.delivered_on + 1", feed.event_at, late, f"raw.{event}"))
        early = literal(f"before {EARLIEST_YEAR}; check the till's clock")
        arms.append(_reject(f"year({event}) < {EARLIEST_YEAR}", feed.event_at, early, f"raw.{event}"))
    return "\n        ".join(arms) if arms else "when false then {'col': '', 'reason': '', 'val': ''}"


def _expected(column: Column, contract: Contract) -> str:
    rule = contract.columns[column.name]
    if column.type == "enum":
        return f"not one of {', '.join([*(rule.values or {}), *column.values])}"
    if column.type in ("timestamp", "date") and rule.formats:
        return f"not a {column.type} written as {' or '.join(rule.formats)}"
    return {"timestamp": "not a time in ISO 8601", "date": "not a date in ISO 8601"}.get(
        column.type, f"not a {column.type}"
    )


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


def _mask(value: str) -> str:
    """The shape of a value: letters as x, digits as 9, at most 24 characters."""
    letters = f"regexp_replace(cast({value} as varchar), '\\p{{L}}', 'x', 'g')"
    return f"left(regexp_replace({letters}, '[0-9]', '9', 'g'), 24)"
