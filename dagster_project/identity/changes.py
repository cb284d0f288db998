"""Which records a night must look at again: those that changed, and all whom they can be tied to.

No rule looks beyond the records that a chain of common keys connects (neighbour_keys), but for facts of the whole
network: which contacts and birth dates carry no weight. Such a chain's records are a *component*. A component nobody of
which changed, came or went, and no key of which won or lost its weight, is tonight what it was.
"""

import duckdb

from dagster_project.identity.kept import LOOKED_AT
from dagster_project.identity.match import name_records, neighbour_keys
from dagster_project.identity.weightless import find_worthless


def find_region(con: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection) -> bool:
    """In `work` the tables `records`, `observed`, `names`, `contacts` and `homes` of the components to look at again,
    counted from 0 in the order of their keys, and `worthless` and `odd_birth_dates` of the network. For all
    connections `laid` (record_no, known_no, record_key, source, location_id, digest), the same records.

    Returns whether anything that was kept of anybody is no more.
    """
    work.execute("create temp view odd_birth_dates as from kept.odd_birth_dates")
    if not work.execute("select exists (from kept.records)").fetchall()[0][0]:
        _lay_out(con, work, "changed")
        find_worthless(work)
        work.execute("insert into kept.worthless from worthless")
        work.execute("drop table worthless; create temp view worthless as from kept.worthless")
        return False
    _lay_out(con, work, "changed", NAMELESS)
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
    _lay_out(con, work, "region")
    find_worthless(work)
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
        _lay_out(con, work, "region", LAID, "laid_sayings")
    for table in ("touched", "reached", "nearby", "unlinking", "region"):
        work.execute(f"drop table {table}")
    return forgotten


SAYING = f"hash({LOOKED_AT})"
# The columns of records.
OWN = ("record_key", "source", "location_id")
# SQL: of whom the records of a table `known` are laid out.
EVERYBODY = "numbered join {known} using (known_no) join records using (record_no)"
LAID = "laid join {known} using (known_no)"
# To tell what they are connected by, nothing of the records themselves is read.
NAMELESS = f"(select *, {', '.join(f'null as {name}' for name in OWN)} from numbered) join {{known}} using (known_no)"


def _components(records: str, some: str) -> str:
    """SQL: known_no, component of all of `records` whom keys connected last night with those of `some` (known_no)."""
    return f"""select known_no, component from {records} where component in (
                   select component from {records} semi join {some} using (known_no))"""


def _lay_out(
    con: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    known: str,
    people: str = EVERYBODY,
    sayings: str = "observed",
) -> None:
    """The records of table `known` (known_no) as a small network of its own in `work`."""
    for table in ("names", "contacts", "homes"):
        work.execute(f"drop table if exists {table}")
    con.execute(
        f"""create or replace table laid as
            select row_number() over (order by record_no) - 1 as record_no, known_no, digest, record_no as was_no,
                   {", ".join(OWN)}
            from {people.format(known=known)}"""
    )
    con.execute(
        f"""create or replace table laid_sayings as
            select l.record_no, seen, {LOOKED_AT} from {sayings} o join laid l on l.was_no = o.record_no"""
    )
    work.execute("create or replace temp view records as from laid")
    work.execute("create or replace temp view observed as from laid_sayings")
    name_records(work)
