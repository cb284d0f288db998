"""The registry: every period a source record ever belonged to an id.

Its columns are record_key, source, location_id, source_record_id, customer_id, match_rule, match_probability,
valid_from, valid_to (null while open; a period ends on the day the next begins). A period that was replaced on the day
it began has no length; the registry keeps it, because no id may ever be given twice. Dates are business dates.

A record's first period begins when it was first seen, so that a night-by-night history and one run over
everything tell the same. A record that is gone (its file was deleted) keeps its closed periods.
"""

from pathlib import Path

import duckdb

from dagster_project.errors import IdentityError

REGISTRY = "registry.parquet"
COLUMNS = {
    "record_key": "VARCHAR",
    "source": "VARCHAR",
    "location_id": "VARCHAR",
    "source_record_id": "VARCHAR",
    "customer_id": "VARCHAR",
    "match_rule": "VARCHAR",
    "match_probability": "DOUBLE",
    "valid_from": "DATE",
    "valid_to": "DATE",
}
# Every id that lives no more and who inherited it: the customer who holds most of its records now. Asks the whole
# registry, because an id of no length may have been published earlier the same day.
RETIRED_IDS = """
    with living as (select record_key, customer_id from registry_now where valid_to is null),
    heirs as (
        select r.customer_id, l.customer_id as living_customer_id, count(distinct r.record_key) as records
        from registry_now r join living l using (record_key)
        where r.customer_id not in (select customer_id from living)
        group by all)
    select customer_id, living_customer_id from heirs
    qualify row_number() over (partition by customer_id order by records desc, living_customer_id) = 1
    order by customer_id"""


def load_registry(con: duckdb.DuckDBPyConnection, registry: Path | None) -> None:
    """Table `registry` from the file, empty without one.

    Raises IdentityError when it cannot be read or contradicts itself.
    """
    columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    con.execute(f"create temp table registry ({columns})")
    if registry is None:
        return
    try:
        con.execute(f"insert into registry by name select {', '.join(COLUMNS)} from read_parquet(?)", [str(registry)])
    except duckdb.Error as error:
        raise IdentityError(f"{registry}: not a readable registry of ids; restore it from a backup") from error
    twice = con.execute(
        """select count(*) from (
               select record_key from registry where valid_to is null group by 1 having count(*) > 1)"""
    ).fetchall()[0][0]
    if twice:
        raise IdentityError(
            f"{registry}: {twice} source records have two open periods; restore the registry from a backup"
        )
    _rename_contacts(con)


def _rename_contacts(con: duckdb.DuckDBPyConnection) -> None:
    """What an older registry named by a contact takes the hashed name it has today, and so keeps its id."""
    con.execute(
        """update registry set record_key = k.record_key, source_record_id = k.source_record_id
           from known_as k
           where not k.is_contact and k.source_record_id <> k.who
             and registry.record_key = md5(k.source || '|' || k.scope || '|' || k.who)"""
    )


def write_periods(con: duckdb.DuckDBPyConnection) -> None:
    """Table `registry_now`: closes what changed or is gone, opens what is new, keeps the rest."""
    con.execute(
        f"""create temp table registry_now as
            with now_known as (
                select r.record_key, r.source, r.location_id, r.source_record_id, p.customer_id, p.match_rule,
                       p.match_probability, r.first_seen_date
                from records r join people p using (record_no)),
            before as (
                select b.* replace (
                           case when b.is_first then least(b.valid_from, n.first_seen_date) else b.valid_from end
                               as valid_from),
                       n.customer_id as id_now, n.match_rule as rule_now,
                       n.match_probability as probability_now
                from (select *, row_number() over (
                          partition by record_key order by valid_from, valid_to nulls last, customer_id) = 1
                          as is_first from registry) b
                left join now_known n using (record_key)),
            continued as (
                select * replace (
                    case when valid_to is null and id_now = customer_id then rule_now else match_rule end
                        as match_rule,
                    case when valid_to is null and id_now = customer_id then probability_now
                         else match_probability end as match_probability,
                    case when valid_to is null and id_now is distinct from customer_id
                         then greatest(valid_from, (select as_of_date from run)) else valid_to end as valid_to)
                from before),
            -- A period that ended today and begins again today never ended.
            reopened as (
                select * replace (
                    case when is_back then null else valid_to end as valid_to,
                    case when is_back then rule_now else match_rule end as match_rule,
                    case when is_back then probability_now else match_probability end as match_probability)
                from (
                    select *, customer_id = id_now and valid_to >= run.as_of_date
                              and not bool_or(valid_to is null) over (partition by record_key)
                              and row_number() over (partition by record_key, customer_id, valid_to
                                                     order by valid_from) = 1 as is_back
                    from continued cross join run)),
            ended as (
                select record_key, max(valid_to) as valid_to, bool_or(valid_to is null) as is_open
                from reopened group by record_key)
            select {", ".join(COLUMNS)} from reopened
            union all
            select n.record_key, n.source, n.location_id, n.source_record_id, n.customer_id, n.match_rule,
                   n.match_probability,
                   case when e.record_key is null then coalesce(n.first_seen_date, run.as_of_date)
                        else greatest(e.valid_to, run.as_of_date) end, null
            from now_known n cross join run left join ended e using (record_key)
            where not coalesce(e.is_open, false)"""
    )
