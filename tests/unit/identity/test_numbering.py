"""Lasting numbers, and what a night finds changed: a record counts as changed when anything said of it is."""

from dataclasses import asdict
from itertools import chain, product

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from dagster_project.identity import numbering
from dagster_project.identity.decisions import NONE, Decisions
from dagster_project.identity.kept import empty_kept
from dagster_project.identity.numbering import _in_common, number_records

ANA, ANA_AGAIN, BO, CY = ("Ana", 1), ("Ana", 2), ("Bo", 1), ("Cy", 1)
SAID = """record_no bigint, first_name varchar, seen bigint, priority tinyint, last_name varchar, email varchar,
    email_validity varchar, phone varchar, phone_validity varchar, address varchar, city varchar, postal_code varchar,
    birth_date date, payment_fingerprint varchar"""


@pytest.fixture
def con():
    with duckdb.connect() as con:
        empty_kept(con, None, "a mark")
        yield con


def night(con, decisions=NONE, **said) -> tuple[dict[str, int], set[str], set[int]]:
    """Of records by key, each a list of first names and how often each was said: their lasting numbers, who changed,
    and the numbers of those gone. What was found is kept."""
    con.execute("create or replace temp table records (record_no bigint, record_key varchar)")
    con.execute(f"create or replace temp table observed ({SAID})")
    for number, key in enumerate(sorted(said)):
        con.execute("insert into records values (?, ?)", [number, key])
        for name, seen in said[key]:
            con.execute("insert into observed (record_no, first_name, seen) values (?, ?, ?)", [number, name, seen])
    con.execute("drop table if exists odd_birth_dates")
    tonight = number_records(con, decisions)
    con.register("tonight", pa.table(asdict(tonight)))
    numbers = dict(con.execute("select record_key, known_no from numbered join records using (record_no)").fetchall())
    names = {number: key for key, number in numbers.items()}
    changed = {names[number] for (number,) in con.execute("from changed").fetchall()}
    gone = {number for (number,) in con.execute("from gone").fetchall()}
    con.execute("delete from kept.records")
    con.execute("insert into kept.records by name from tonight")
    return numbers, changed, gone


def test_numbers_last_and_new_ones_follow(con):
    assert night(con, b=[BO], c=[CY]) == ({"b": 0, "c": 1}, {"b", "c"}, set())
    assert night(con, a=[ANA], b=[BO], c=[CY]) == ({"a": 2, "b": 0, "c": 1}, {"a"}, set())
    assert night(con, a=[ANA], c=[CY]) == ({"a": 2, "c": 1}, set(), {0})
    assert night(con, a=[ANA], b=[BO], c=[CY]) == ({"a": 2, "b": 3, "c": 1}, {"b"}, set())
    assert night(con, c=[CY], d=[BO]) == ({"c": 1, "d": 4}, {"d"}, {2, 3})


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ([ANA, BO], [BO, ANA], False),
        ([ANA], [ANA_AGAIN], True),
        ([ANA, BO], [ANA, CY], True),
        ([ANA, ANA], [BO, BO], True),
        ([ANA], [ANA, ANA, ANA], True),
        ([ANA, BO], [ANA], True),
    ],
)
def test_whatever_is_said_counts_and_its_order_does_not(con, before, after, is_changed):
    night(con, a=before, c=[CY])
    assert night(con, a=after, c=[CY])[1] == ({"a"} if is_changed else set())


def test_sayings_that_change_places_change_both(con):
    night(con, a=[ANA], b=[BO], c=[CY])
    assert night(con, a=[BO], b=[ANA], c=[CY])[1] == {"a", "b"}


def test_whoever_a_decision_names_is_looked_at_when_it_comes_and_when_it_goes(con):
    everybody = {"a": [ANA], "b": [BO], "c": [CY]}
    night(con, **everybody)
    assert night(con, Decisions([(0, 2)], []), **everybody)[1] == {"a", "c"}
    assert night(con, Decisions([(0, 2)], []), **everybody)[1] == set()
    assert night(con, **everybody)[1] == {"a", "c"}
    assert night(con, **everybody)[1] == set(), "once it is gone"


def test_nobody_at_all_is_a_night_too(con):
    assert night(con) == ({}, set(), set())
    night(con, a=[ANA])
    assert night(con) == ({}, set(), {0})


def few_values():
    return chain.from_iterable(product(range(4), repeat=length) for length in range(4))


def test_what_two_lists_have_in_common_is_found_unless_one_says_something_twice():
    for one, other in product(few_values(), few_values()):
        found = _in_common(*(np.array(values, dtype=np.uint64) for values in (one, other)))
        if len(set(one)) < len(one) or len(set(other)) < len(other):
            assert found is None, (one, other)
        else:
            places = sorted(zip(*(places.tolist() for places in found), strict=True))
            assert places == [(place, other.index(value)) for place, value in enumerate(one) if value in other]


def test_two_records_whose_keys_have_one_hash_are_not_told_apart(con):
    night(con, a=[ANA], b=[BO])
    con.execute("update kept.records set key_hash = 1; drop table odd_birth_dates")
    assert number_records(con, NONE) is None


def test_where_nothing_is_kept_two_keys_of_one_hash_are_two_records(con, monkeypatch):
    monkeypatch.setattr(numbering, "_hash_records", lambda _: np.ones((2, 2), dtype=np.uint64))
    assert night(con, a=[ANA], b=[BO])[:2] == ({"a": 0, "b": 1}, {"a", "b"})
    con.execute("drop table odd_birth_dates")
    assert number_records(con, NONE) is None
