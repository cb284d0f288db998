"""A steward's decisions: the last word on a pair of records counts, and outranks every rule and score."""

from dataclasses import dataclass

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import clean_files

Pair = tuple[int, int]


@dataclass(frozen=True)
class Decisions:
    """Pairs of record numbers, lower first, in the order they were decided."""

    together: list[Pair]
    apart: list[Pair]


NONE = Decisions([], [])


def read_decisions(con: duckdb.DuckDBPyConnection, home: Home) -> Decisions:
    """What stands decided. Also table `decided`: left_key, right_key, decision, for every pair ever decided.

    A decision counts at once, whatever the as-of date: it is about records, not about a business day. It names
    a record as the mart customer_identities does or as the source itself does; one about a record that is not
    there waits for it.
    """

    def named(alias: str, side: str) -> str:
        return f"""join ids {alias} on {alias}.source = d.{side}_source and {alias}.id = d.{side}_id
                   and ({alias}.scope = coalesce(d.{side}_location_id, '') or {alias}.scope = '')"""

    con.execute(
        f"""create temp table decided as
            with ids as (
                select record_no, record_key, source, scope, unnest(list_distinct([who, source_record_id])) as id
                from known_as),
            paired as (
                select distinct decision, decided_at, least(one.record_no, other.record_no) as left_no,
                       greatest(one.record_no, other.record_no) as right_no,
                       least(one.record_key, other.record_key) as left_key,
                       greatest(one.record_key, other.record_key) as right_key
                from {clean_files(home, "identity_decisions")} d {named("one", "left")} {named("other", "right")}
                where one.record_no <> other.record_no)
            select * from paired
            qualify row_number() over (
                partition by left_no, right_no
                order by decided_at desc, decision = 'withdraw' desc, decision desc) = 1"""
    )
    rows = con.execute(
        "select decision, left_no, right_no from decided order by decided_at, left_no, right_no"
    ).fetchall()
    return Decisions(
        [(left, right) for decision, left, right in rows if decision == "merge"],
        [(left, right) for decision, left, right in rows if decision == "separate"],
    )


def find_parted(con: duckdb.DuckDBPyConnection) -> None:
    """Table `parted`: customer_no, customer_id, other_no, other_id of any two customers whom a steward told apart."""
    con.execute(
        """create temp table parted as
           with pairs as (
               select left_no, right_no from decided where decision = 'separate'
               union all select right_no, left_no from decided where decision = 'separate')
           select distinct a.customer_no, a.customer_id, b.customer_no as other_no, b.customer_id as other_id
           from pairs join people a on a.record_no = left_no join people b on b.record_no = right_no
           where a.customer_no <> b.customer_no"""
    )
