"""Ids that last: a cluster keeps the id most of its records had; ties go to the older id.

The registry is every period a source record ever belonged to an id: record_key, source, location_id,
source_record_id, customer_id, match_rule, match_probability, valid_from, valid_to (null while open; a
period ends on the day the next begins). A period that was replaced on the day it began has no length;
the registry keeps it, because no id may ever be given twice. Dates are business dates.

A record's first period begins when it was first seen, so that a night-by-night history and one run over
everything tell the same. A record that is gone (its file was deleted) keeps its closed periods, and its
vote, should it come back. An id that lives no more is never given to others; its own records may take it
up again.
"""

import hashlib
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


def persist_ids(con: duckdb.DuckDBPyConnection, registry: Path | None) -> int:
    """Tables `people` and `registry_now`; returns how many ids are new.

    `people` has record_no, customer_no (counts customers in the order of their ids), customer_id, match_rule,
    match_probability.
    Raises IdentityError when the registry cannot be read or contradicts itself.
    """
    _load_registry(con, registry)
    _rename_contacts(con)
    _keep_ids(con)
    _revive_ids(con)
    new = _give_new_ids(con)
    con.execute(
        """create temp table people as
           select c.record_no, k.customer_no, k.customer_id, c.match_rule, c.match_probability
           from clusters c
           join (select *, row_number() over (order by customer_id) as customer_no from kept_ids) k
             using (cluster_no)"""
    )
    _write_periods(con)
    return new


def _load_registry(con: duckdb.DuckDBPyConnection, registry: Path | None) -> None:
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


def _rename_contacts(con: duckdb.DuckDBPyConnection) -> None:
    """What an older registry named by a contact takes the hashed name it has today, and so keeps its id."""
    con.execute(
        """update registry set record_key = k.record_key, source_record_id = k.source_record_id
           from known_as k
           where not k.is_contact and k.source_record_id <> k.who
             and registry.record_key = md5(k.source || '|' || k.scope || '|' || k.who)"""
    )


def _keep_ids(con: duckdb.DuckDBPyConnection) -> None:
    """Table `kept_ids` (cluster_no, customer_id): the votes of the records, one id to one cluster.

    Most votes first, then the older id, then the lower id, then the cluster with the lowest record key.
    """
    con.execute(
        """create temp table votes as
           with latest as (
               select record_key, coalesce(restored.customer_id, ranked.customer_id) as customer_id from (
                   select *, row_number() over (
                       partition by record_key
                       order by valid_to is null desc, valid_from desc, valid_to desc, customer_id) as place
                   from registry) ranked
               left join restored using (record_key)
               where place = 1),
           ages as (select customer_id, min(valid_from) as since from registry group by 1),
           counted as (
               select c.cluster_no, l.customer_id, count(*) as votes
               from clusters c join records r using (record_no) join latest l using (record_key)
               group by all)
           select *, count(*) over (partition by cluster_no) = 1
                     and count(*) over (partition by customer_id) = 1 as is_undisputed
           from counted join ages using (customer_id)"""
    )
    con.execute("create temp table kept_ids as select cluster_no, customer_id from votes where is_undisputed")
    disputed = con.execute(
        """select cluster_no, customer_id from votes where not is_undisputed
           order by votes desc, since, customer_id, cluster_no"""
    ).fetchall()
    clusters, ids, kept = set(), set(), []
    for cluster_no, customer_id in disputed:
        if cluster_no not in clusters and customer_id not in ids:
            clusters.add(cluster_no)
            ids.add(customer_id)
            kept.append((cluster_no, customer_id))
    _insert_ids(con, kept)


def _revive_ids(con: duckdb.DuckDBPyConnection) -> None:
    """A cluster without an id takes up one that lives no more, if all who ever had it are its records: they are who
    they were, as after a separation that was withdrawn and made again."""
    con.execute(
        """insert into kept_ids
           with idless as (
               select c.cluster_no, r.record_key from clusters c join records r using (record_no)
               where not exists (select 1 from kept_ids k where k.cluster_no = c.cluster_no)),
           retired as (
               select distinct customer_id from registry semi join idless using (record_key)
               anti join kept_ids using (customer_id)),
           had as (
               select g.customer_id, c.cluster_no, count(distinct g.record_key) as records, min(g.valid_from) as since
               from registry g semi join retired using (customer_id)
               join records r using (record_key) join clusters c using (record_no) group by all)
           select cluster_no, customer_id from had
           where customer_id in (select customer_id from had group by 1 having count(*) = 1)
             and cluster_no in (select cluster_no from idless)
           qualify row_number() over (partition by cluster_no order by records desc, since, customer_id) = 1"""
    )


def _give_new_ids(con: duckdb.DuckDBPyConnection) -> int:
    """Ids for clusters that kept none: a hash of the lowest record key, salted where it was ever taken."""
    con.execute(
        """create temp table wanted as
           select cluster_no, r.record_key, 'c' || left(md5(r.record_key), 15) as customer_id
           from (select distinct cluster_no from clusters) c join records r on r.record_no = c.cluster_no
           where not exists (select 1 from kept_ids k where k.cluster_no = c.cluster_no)"""
    )
    count = con.execute("select count(*) from wanted").fetchall()[0][0]
    con.execute(
        """create temp table clashing as
           select cluster_no, record_key from wanted
           where customer_id in (select customer_id from registry)
              or customer_id in (select customer_id from wanted group by 1 having count(*) > 1)"""
    )
    con.execute(
        """insert into kept_ids
           select cluster_no, customer_id from wanted where cluster_no not in (select cluster_no from clashing)"""
    )
    clashing = con.execute("select cluster_no, record_key from clashing order by record_key").fetchall()
    if clashing:
        taken = {
            row[0]
            for row in con.execute("select customer_id from registry union select customer_id from kept_ids").fetchall()
        }
        _insert_ids(con, [(no, _free_id(key, taken)) for no, key in clashing])
    return count


def _free_id(record_key: str, taken: set[str]) -> str:
    salt = 0
    while (made := _hashed(f"{record_key}:{salt}")) in taken:
        salt += 1
    taken.add(made)
    return made


def _hashed(text: str) -> str:
    return "c" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15]


def _insert_ids(con: duckdb.DuckDBPyConnection, rows: list[tuple[int, str]]) -> None:
    if rows:
        con.executemany("insert into kept_ids values (?, ?)", rows)


def _write_periods(con: duckdb.DuckDBPyConnection) -> None:
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
