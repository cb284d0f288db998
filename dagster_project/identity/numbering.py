"""Which of tonight's records were there before, under which lasting number, and what changed of them."""

import duckdb
import numpy as np

from dagster_project.identity.arrays import columns, write_table
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.kept import LOOKED_AT
from dagster_project.identity.weightless import find_odd_birth_dates


def number_records(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Table `numbered` (record_no, known_no, digest), and for all connections `changed` and `gone` (known_no).

    New is what kept.records has no key of; changed, what is said of it, or the weight of its birth date, or, where
    any decision changed, what a decision is about.
    """
    find_odd_birth_dates(con)
    digests = _digest_records(con)
    record_no, known_no, was = columns(
        con,
        """select coalesce(r.record_no, -1), coalesce(k.known_no, -1), coalesce(k.digest, 0)
           from records r full join kept.records k using (record_key)""",
    )
    both = (record_no >= 0) & (known_no >= 0)
    numbers = np.full(len(digests), -1, dtype=np.int64)
    numbers[record_no[both]] = known_no[both]
    arrived = np.flatnonzero(numbers < 0)
    numbers[arrived] = known_no.max(initial=-1) + 1 + np.arange(len(arrived))
    differs = was[both] != digests[record_no[both]]
    write_table(con, "temp table numbered", record_no=np.arange(len(digests)), known_no=numbers, digest=digests)
    write_table(con, "table changed", known_no=np.concatenate([known_no[both][differs], numbers[arrived]]))
    write_table(con, "table gone", known_no=known_no[record_no < 0])
    _compare_birth_dates(con)
    _compare_decisions(con, decisions)


def _digest_records(con: duckdb.DuckDBPyConnection) -> np.ndarray:
    """By record_no, the sum of the hashes of all that is said of a record: the same in whatever order it stands."""
    digests = np.zeros(con.execute("select count(*) from records").fetchall()[0][0], dtype=np.uint64)
    np.add.at(digests, *columns(con, f"select record_no, hash(seen, {LOOKED_AT}) from observed"))
    return digests


def _compare_birth_dates(con: duckdb.DuckDBPyConnection) -> None:
    """Changed, too, is whoever is said to be born on a date that won or lost its weight."""
    con.execute(
        """insert into changed
           with flipped as (
               (from odd_birth_dates except from kept.odd_birth_dates)
               union all (from kept.odd_birth_dates except from odd_birth_dates))
           select distinct known_no from numbered join observed using (record_no) semi join flipped using (birth_date)
           where known_no not in (from changed)"""
    )
    con.execute("delete from kept.odd_birth_dates")
    con.execute("insert into kept.odd_birth_dates from odd_birth_dates")


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
