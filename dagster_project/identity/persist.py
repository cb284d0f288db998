"""Ids that last: a cluster keeps the id most of its records had; ties go to the older id.

A record that is gone (its file was deleted) keeps its vote, should it come back. An id that lives no more is never
given to others; its own records may take it up again.
"""

import hashlib
from pathlib import Path

import duckdb

from dagster_project.identity.registry import load_registry, write_periods


def persist_ids(con: duckdb.DuckDBPyConnection, registry: Path | None) -> int:
    """Tables `people` and `registry_now`; returns how many ids are new.

    `people` has record_no, customer_no (counts customers in the order of their ids), customer_id, match_rule,
    match_probability.
    Raises IdentityError when the registry cannot be read or contradicts itself.
    """
    load_registry(con, registry)
    _keep_ids(con)
    _revive_ids(con)
    new = _give_new_ids(con)
    con.execute(
        """create temp table people as
           select c.record_no, k.customer_no, k.customer_id, c.match_rule::varchar as match_rule, c.match_probability
           from clusters c
           join (select *, row_number() over (order by customer_id) as customer_no from kept_ids) k
             using (cluster_no)"""
    )
    write_periods(con)
    return new


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
