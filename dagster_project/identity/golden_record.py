"""The golden record: per customer and field, the one value that counts, and why.

The order of the rules: valid, then undisputed, then consented, then source priority (the customers feed,
sign-ups, what a till captured), then most recently confirmed, most frequently said, longest, lowest record
key. A value is as good as the best record that says it. A contact is disputed where somebody whom a steward
told apart from this customer holds it too: whose it is nobody knows, so one held alone comes first. Every
decision and the rule that made it is kept for audit.
"""

from dataclasses import dataclass

import duckdb

from dagster_project.identity.observations import confirmed_on

RULES = {
    "valid": "is_valid desc",
    "undisputed": "is_disputed",
    "consented": "is_consented desc",
    "source_priority": "priority",
    "most_recently_confirmed": "confirmed_on desc nulls last",
    "most_frequent": "seen desc",
    "longest": "length(value) desc",
    "lowest_key": "record_no, value",
}


@dataclass(frozen=True)
class Field:
    """One field of the golden record; `valid` is SQL over `observed` that says whether a value is worth having."""

    name: str
    type: str = "varchar"
    valid: str = "true"


NAME_IS_WHOLE = "length(regexp_replace({0}, '[^\\pL]', '', 'g')) > 1"
FIELDS = (
    # Tills say `person` by default: only another kind is a statement.
    Field("account_kind", valid="account_kind <> 'person'"),
    Field("first_name", valid=NAME_IS_WHOLE.format("first_name")),
    Field("last_name", valid=NAME_IS_WHOLE.format("last_name")),
    # An address that bounced for good reaches nobody, however well it is written.
    Field(
        "email",
        valid="email_validity = 'valid' and not coalesce(e.bounced_on >= coalesce(e.engaged_on, e.bounced_on), false)",
    ),
    Field("phone", valid="phone_validity = 'valid'"),
    Field("address", valid="postal_code is not null"),
    Field("city"),
    Field("region"),
    Field("postal_code"),
    Field("country"),
    Field("birth_date", "date"),
    Field("how_heard"),
    Field("preferred_channel"),
    Field("preferred_frequency"),
    Field("household_size", "bigint", valid="household_size > 0"),
)
JUDGED = ("email", "phone", "address")
FIELD_NAMES = "[" + ", ".join(f"'{field.name}'" for field in FIELDS) + "]"


def choose_golden_records(con: duckdb.DuckDBPyConnection) -> None:
    """Tables `golden_records` and `chosen` (the decisions); needs `observed`, `people`, `records`, `consent`,
    `parted`."""
    con.execute(
        """create temp table chosen (customer_no bigint, field_no tinyint, value varchar, is_valid boolean,
               confirmed_on date, rule varchar, record_no bigint, losers bigint)"""
    )
    counts = ", ".join(f"count({field.name})" for field in FIELDS)
    said = con.execute(f"select {counts} from observed").fetchall()[0]
    for number, field in enumerate(FIELDS):
        if said[number]:
            _choose(con, number, field)
    at = {field.name: f"f{number}" for number, field in enumerate(FIELDS)}
    values = [f"{at[field.name]}.value::{field.type} as {field.name}" for field in FIELDS[1:]]
    for name in JUDGED:
        judged = f"case when {at[name]}.is_valid then 'valid' when not {at[name]}.is_valid then 'invalid'"
        values.append(f"{judged} else 'missing' end as {name}_validity")
        values.append(f"{at[name]}.confirmed_on as {name}_confirmed_on")
    joins = " ".join(
        f"left join chosen {alias} on {alias}.customer_no = c.customer_no and {alias}.field_no = {number}"
        for number, alias in enumerate(at.values())
    )
    con.execute(
        f"""create temp table golden_records as
            with customers as (
                select p.customer_no, p.customer_id, min(r.first_seen_date) as first_created_on
                from people p join records r using (record_no) group by 1, 2),
            wide as (
                select c.customer_id, coalesce({at["account_kind"]}.value, 'person') as account_kind,
                       {", ".join(values)}, c.first_created_on
                from customers c {joins})
            select customer_id, account_kind, first_name, last_name, email, email_validity, phone,
                   phone_validity, address, address_validity, city, region, postal_code, country, birth_date,
                   how_heard, preferred_channel, preferred_frequency, household_size, email_confirmed_on,
                   phone_confirmed_on, address_confirmed_on, first_created_on
            from wide"""
    )


def _choose(con: duckdb.DuckDBPyConnection, number: int, field: Field) -> None:
    """Adds to `chosen`, per customer: the winning value, the first rule the runner-up loses by, the losers."""
    _collect_values(con, field)
    con.execute(
        f"""insert into chosen
            select customer_no, {number}, min(value), min(is_valid), min(confirmed_on), 'only',
                   min(record_no), 0
            from said group by customer_no having count(*) = 1"""
    )
    measures = ("is_valid", "is_disputed", "is_consented", "priority", "confirmed_on", "seen", "length(value)")
    lost_by = " ".join(
        f"when {measure} is distinct from lead({measure}) over ranking then '{rule}'"
        for rule, measure in zip(RULES, measures, strict=False)
    )
    con.execute(
        f"""insert into chosen
            with contested as (
                select * from said
                where customer_no in (select customer_no from said group by 1 having count(*) > 1)),
            ranked as (
                select *, row_number() over ranking as place,
                       count(*) over (partition by customer_no) as values_said,
                       case {lost_by} else 'lowest_key' end as rule
                from contested
                window ranking as (partition by customer_no order by {", ".join(RULES.values())}))
            select customer_no, {number}, value, is_valid, confirmed_on, rule, record_no, values_said - 1
            from ranked where place = 1"""
    )


def _collect_values(con: duckdb.DuckDBPyConnection, field: Field) -> None:
    """Table `said`: one row per customer and value of `field`, with everything the rules look at."""
    confirmed = confirmed_on("o", "r")
    consented = disputed = "false"
    consent = ""
    if field.name in ("email", "phone"):
        consented = "coalesce(bool_or(w.consent_state = 'granted'), false)"
        disputed = f"""(p.customer_no, o.{field.name}) in (
            select q.customer_no, theirs.{field.name} from parted q join people t on t.customer_no = q.other_no
            join observed theirs on theirs.record_no = t.record_no where theirs.{field.name} is not null)"""
        consent = f"""left join consent w on w.kind = '{field.name}' and w.value = o.{field.name}
                      left join engaged e on e.kind = '{field.name}' and e.value = o.{field.name}"""
    con.execute(
        f"""create or replace temp table said as
            select p.customer_no, o.{field.name}::varchar as value, bool_or({field.valid}) as is_valid,
                   bool_or({disputed}) as is_disputed, {consented} as is_consented, min(o.priority) as priority,
                   max({confirmed}) as confirmed_on, sum(o.seen) as seen,
                   min(struct_pack(p := o.priority, d := -epoch(coalesce({confirmed}, '0001-01-01')),
                                   r := o.record_no)).r as record_no
            from observed o join people p using (record_no)
            join (select record_no, last_seen_date from records) r using (record_no) {consent}
            where o.{field.name} is not null
            group by 1, 2"""
    )
