"""Which records a night must look at again: those that changed, and all whom they can be tied to.

No rule looks beyond the records that a chain of common keys connects (neighbour_keys), but for facts of the whole
network: which contacts and birth dates carry no weight. Such a chain's records are a *component*. A component nobody of
which changed, came or went, and no key of which won or lost its weight, is tonight what it was.
"""

import duckdb

from dagster_project.identity.decisions import Decisions
from dagster_project.identity.kept import LOOKED_AT
from dagster_project.identity.match import name_records, neighbour_keys
from dagster_project.identity.weightless import find_odd_birth_dates, find_worthless


def number_records(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Table `numbered` (record_no, known_no, digest), and for all connections `changed` and `gone` (known_no).

    New is what kept.records has no key of; changed, what is said of it, or the weight of its birth date, or, where
    any decision changed, what a decision is about.
    """
    find_odd_birth_dates(con)
    con.execute(
        f"""create temp table numbered as
            with digests as (
                select record_no, sum(hash(seen, {LOOKED_AT}) >> 8) as digest from observed group by record_no)
            select r.record_no, k.known_no, r.digest, k.digest is distinct from r.digest as is_changed
            from (from records join digests using (record_no)) r full join kept.records k using (record_key)"""
    )
    con.execute("create or replace table gone as select known_no from numbered where record_no is null")
    con.execute(
        """create temp table arrived as
           select record_no, row_number() over (order by record_no) + (
                      select coalesce(max(known_no), -1) from kept.records) as known_no, digest, true as is_changed
           from numbered where known_no is null"""
    )
    con.execute("delete from numbered where record_no is null or known_no is null")
    con.execute("insert into numbered from arrived")
    con.execute("drop table arrived")
    con.execute(
        """create or replace table changed as
           with flipped as (
               (from odd_birth_dates except from kept.odd_birth_dates)
               union all (from kept.odd_birth_dates except from odd_birth_dates))
           select known_no from numbered where is_changed
           union
           select known_no from numbered join observed using (record_no) semi join flipped using (birth_date)"""
    )
    con.execute("delete from kept.odd_birth_dates")
    con.execute("insert into kept.odd_birth_dates from odd_birth_dates")
    _compare_decisions(con, decisions)


def _compare_decisions(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Decisions are few, and each may weigh on the next: where any changed, those concerned by any are looked at."""
    con.execute("create temp table given (place bigint, decision varchar, left_no bigint, right_no bigint)")
    for decision in ("together", "apart"):
        pairs = getattr(decisions, decision)
        if pairs:
            con.executemany("insert into given values (?, ?, ?, ?)", [(n, decision, *p) for n, p in enumerate(pairs)])
    con.execute(
        """create temp table decided_now as
           select place, decision, l.record_key as left_key, r.record_key as right_key
           from given join records l on l.record_no = left_no join records r on r.record_no = right_no"""
    )
    con.execute(
        """insert into changed
           with moved as (
               (from decided_now except from kept.decided) union all (from kept.decided except from decided_now)),
           concerned as (
               select unnest([left_key, right_key]) as record_key from (from decided_now union all from kept.decided)
               where exists (from moved))
           select known_no from numbered join records using (record_no) semi join concerned using (record_key)
           where known_no not in (from changed)"""
    )
    con.execute("delete from kept.decided")
    con.execute("insert into kept.decided from decided_now")
    con.execute("drop table given; drop table decided_now")


def find_region(con: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection) -> bool:
    """In `work` the tables `records`, `observed`, `names` and `contacts` of the components to look at again, counted
    from 0 in the order of their keys, and `worthless` and `odd_birth_dates` of the network. For all connections `laid`
    (record_no, known_no, record_key, source, location_id, digest), the same records.

    Returns whether anything that was kept of anybody is no more.
    """
    work.execute("create temp view odd_birth_dates as from kept.odd_birth_dates")
    _lay_out(con, work, "changed")
    if work.execute("select count(*) from kept.records").fetchall()[0][0] == 0:
        find_worthless(work)
        work.execute("insert into kept.worthless from worthless")
        work.execute("drop table worthless; create temp view worthless as from kept.worthless")
        return False
    forgotten = work.execute(
        f"""select exists (from gone) or exists (
                select known_no, saying from kept.sayings semi join changed using (known_no)
                except select known_no, {SAYING} from observed join laid using (record_no))"""
    ).fetchall()[0][0]
    work.execute(
        f"""create table touched as
            select key from kept.keys where known_no in (from changed union all from gone)
            union select key from ({neighbour_keys()})"""
    )
    nearby = _components("select known_no from kept.keys semi join touched using (key)")
    work.execute(f"create table region as (from changed union {nearby}) except from gone")
    _lay_out(con, work, "region")
    find_worthless(work)
    work.execute(
        """create temp table unlinking as
           select hash(kind, value) as key from kept.worthless intersect select hash(kind, value) from worthless"""
    )
    work.execute("delete from kept.worthless where hash(kind, value) in (from touched)")
    work.execute("insert into kept.worthless from worthless where hash(kind, value) in (from touched)")
    work.execute("drop table worthless; create temp view worthless as from kept.worthless")
    linked = _components("select known_no from kept.keys where key in (from touched except from unlinking)")
    work.execute(f"create or replace table region as (from changed union {linked}) except from gone")
    _lay_out(con, work, "region", LAID, "laid_sayings")
    work.execute("drop table touched; drop table unlinking; drop table region")
    return forgotten


SAYING = f"hash({LOOKED_AT})"
# SQL: of whom the records of a table `known` are laid out.
EVERYBODY = "(from numbered semi join {known} using (known_no)) join records using (record_no)"
LAID = "laid semi join {known} using (known_no)"


def _components(known: str) -> str:
    """SQL: known_no of all whom keys connected last night with those of SQL `known`."""
    return f"""select known_no from kept.records where component in (
                   select component from kept.records where known_no in ({known}))"""


def _lay_out(
    con: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    known: str,
    people: str = EVERYBODY,
    sayings: str = "observed",
) -> None:
    """The records of table `known` (known_no) as a small network of its own in `work`."""
    for table in ("names", "contacts"):
        work.execute(f"drop table if exists {table}")
    con.execute(
        f"""create or replace table laid as
            select row_number() over (order by record_no) - 1 as record_no, known_no, digest, record_no as was_no,
                   record_key, source, location_id
            from {people.format(known=known)}"""
    )
    con.execute(
        f"""create or replace table laid_sayings as
            select l.record_no, seen, {LOOKED_AT} from {sayings} o join laid l on l.was_no = o.record_no"""
    )
    work.execute("create or replace temp view records as from laid")
    work.execute("create or replace temp view observed as from laid_sayings")
    name_records(work)
