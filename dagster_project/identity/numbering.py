"""Which of tonight's records were there before, under which lasting number, and what changed of them."""

from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np

from dagster_project.identity.arrays import columns, write_table
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.kept import LOOKED_AT
from dagster_project.identity.weightless import find_odd_birth_dates


@dataclass(frozen=True)
class Numbers:
    """By record_no, arrays of one length: a record's lasting number, the hash of its key, and the sum of the hashes of
    all that is said of it, which is the same in whatever order it stands."""

    known_no: np.ndarray
    key_hash: np.ndarray
    digest: np.ndarray

    @cached_property
    def record_no(self) -> np.ndarray:
        """By known_no; meaningless for those who are not there."""
        record_no = np.empty(self.known_no.max(initial=-1) + 1, dtype=np.int64)
        record_no[self.known_no] = np.arange(len(self.known_no))
        return record_no

    def in_order(self, known_no: np.ndarray) -> np.ndarray:
        """The same ones in the order of their records."""
        return self.known_no[np.sort(self.record_no[known_no])]

    def at(self, places: np.ndarray) -> "Numbers":
        return Numbers(self.known_no[places], self.key_hash[places], self.digest[places])


def number_records(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> Numbers | None:
    """The numbers of tonight's records, also as table `numbered` (record_no, known_no); and for all connections the
    tables `changed` and `gone` (known_no).

    New is what kept.records has no key of; changed, what is said of it, or the weight of its birth date, or, where
    any decision changed, what a decision is about. None where two keys have one hash (at ten million records, once in
    some 400,000 networks): what is kept cannot tell them apart. Where nothing is kept there is no need to.
    Nobody asks whether a record's source or location changed: its key is made of these (see source_records.py).
    """
    find_odd_birth_dates(con)
    key_hash, digest = _hash_records(con)
    kept_no, kept_hash, kept_digest = columns(con, "select known_no, key_hash, digest from kept.records")
    common = _in_common(key_hash, kept_hash) if len(kept_hash) else np.empty((2, 0), dtype=np.int64)
    if common is None:
        return None
    here, there = common
    known_no = np.full(len(key_hash), -1)
    known_no[here] = kept_no[there]
    arrived = np.flatnonzero(known_no < 0)
    known_no[arrived] = kept_no.max(initial=-1) + 1 + np.arange(len(arrived))
    differs = here[digest[here] != kept_digest[there]]
    write_table(con, "temp table numbered", record_no=np.arange(len(known_no)), known_no=known_no)
    write_table(con, "table changed", known_no=known_no[np.concatenate([differs, arrived])])
    write_table(con, "table gone", known_no=np.delete(kept_no, there))
    _compare_birth_dates(con)
    _compare_decisions(con, decisions)
    return Numbers(known_no, key_hash, digest)


def _hash_records(con: duckdb.DuckDBPyConnection) -> tuple[np.ndarray, np.ndarray]:
    """By record_no: key_hash and digest."""
    record_no, hashes = columns(con, "select record_no, hash(record_key) from records")
    key_hash, digest = np.zeros((2, len(record_no)), dtype=np.uint64)
    key_hash[record_no] = hashes
    np.add.at(digest, *columns(con, f"select record_no, hash(seen, {LOOKED_AT}) from observed"))
    return key_hash, digest


def _in_common(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Where the values that both arrays hold stand in each. None where an array holds one of its values twice."""
    both = np.concatenate([one, other])
    # Several times as fast as a join on the keys themselves.
    order = np.argsort(both)
    twice = np.flatnonzero(both[order[1:]] == both[order[:-1]])
    first, second = order[twice], order[twice + 1]
    here, there = np.minimum(first, second), np.maximum(first, second) - len(one)
    is_in_both = np.zeros((2, len(both)), dtype=bool)
    is_in_both[0, here] = is_in_both[1, there] = True
    if is_in_both[0, : len(one)].sum() < len(twice) or is_in_both[1, : len(other)].sum() < len(twice):
        return None
    return here, there


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
