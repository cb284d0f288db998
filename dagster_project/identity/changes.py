"""Which records a night must look at again: those that changed, and all whom they can be tied to.

No rule looks beyond the records that a chain of common keys connects (neighbour_keys), but for facts of the whole
network: which contacts and birth dates carry no weight. Such a chain's records are a *component*. A component nobody of
which changed, came or went, and no key of which won or lost its weight, is tonight what it was.
"""

import duckdb
import numpy as np

from dagster_project.identity.arrays import columns, write_table
from dagster_project.identity.kept import LOOKED_AT
from dagster_project.identity.match import name_records, neighbour_keys
from dagster_project.identity.numbering import Numbers
from dagster_project.identity.weightless import OF_MANY, find_busy, judge_busy


def find_region(
    con: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, numbers: Numbers
) -> tuple[Numbers, bool]:
    """In `work` the tables `records`, `observed`, `names`, `contacts` and `homes` of the components to look at again,
    counted from 0 in the order of their keys, and `worthless` and `odd_birth_dates` of the network. For all
    connections `laid` (record_no, known_no), the same records.

    Returns their numbers, and whether anything that was kept of anybody is no more.
    """
    work.execute("create temp view odd_birth_dates as from kept.odd_birth_dates")
    laid = _lay_out(con, work, numbers, "changed")
    if not work.execute("select exists (from kept.records)").fetchall()[0][0]:
        _find_worthless(con, work)
        work.execute("insert into kept.worthless from worthless")
        work.execute("drop table worthless; create temp view worthless as from kept.worthless")
        return laid, False
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
    work.execute("create temp table reached as from kept.keys semi join touched using (key)")
    work.execute(f"create temp table nearby as {_components('kept.records', 'reached')}")
    work.execute("create table region as (from changed union select known_no from nearby) except from gone")
    laid = _lay_out(con, work, numbers, "region")
    _find_worthless(con, work)
    work.execute(
        """create temp table unlinking as
           select hash(kind, value) as key from kept.worthless intersect select hash(kind, value) from worthless"""
    )
    work.execute("delete from kept.worthless where hash(kind, value) in (from touched)")
    work.execute("insert into kept.worthless from worthless where hash(kind, value) in (from touched)")
    work.execute("drop table worthless; create temp view worthless as from kept.worthless")
    if work.execute("select exists (from reached semi join unlinking using (key))").fetchall()[0][0]:
        linked = _components("nearby", "(from reached anti join unlinking using (key))")
        work.execute(
            f"""create or replace table region as
                (from changed union select known_no from ({linked})) except from gone"""
        )
        laid = _lay_out(con, work, laid, "region", "laid_sayings")
    for table in ("touched", "reached", "nearby", "unlinking", "region"):
        work.execute(f"drop table {table}")
    return laid, forgotten


SAYING = f"hash({LOOKED_AT})"


def _components(records: str, some: str) -> str:
    """SQL: known_no, component of all of `records` whom keys connected last night with those of `some` (known_no)."""
    return f"""select known_no, component from {records} where component in (
                   select component from {records} semi join {some} using (known_no))"""


def _lay_out(
    con: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    numbers: Numbers,
    known: str,
    sayings: str = "observed",
) -> Numbers:
    """The records of table `known` (known_no) as a small network of its own in `work`; theirs of `numbers`, by which
    `sayings` counts records."""
    for table in ("names", "contacts", "homes"):
        work.execute(f"drop table if exists {table}")
    was_no = np.flatnonzero(np.isin(numbers.known_no, columns(work, f"select known_no from {known}")[0]))
    laid = numbers.at(was_no)
    write_table(con, "table laid", record_no=np.arange(len(was_no)), known_no=laid.known_no, was_no=was_no)
    con.execute(
        f"""create or replace table laid_sayings as
            select l.record_no, seen, {LOOKED_AT} from {sayings} o join laid l on l.was_no = o.record_no"""
    )
    work.execute("create or replace temp view records as from laid")
    work.execute("create or replace temp view observed as from laid_sayings")
    name_records(work)
    return laid


def _find_worthless(con: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection) -> None:
    """Table `worthless` in `work`; where a record comes from is read of those of whom it matters alone."""
    find_busy(work)
    work.execute(f"create table asked as select distinct record_no from {OF_MANY}")
    con.execute(
        """create table origins as
           select l.record_no, source, location_id
           from asked join laid l using (record_no) join records r on r.record_no = l.was_no"""
    )
    judge_busy(work, "origins")
    work.execute("drop table asked; drop table origins")
