"""Lasting numbers, and what a night finds changed: a record counts as changed when anything said of it is."""

import duckdb
import pytest

from dagster_project.identity.decisions import NONE, Decisions
from dagster_project.identity.kept import empty_kept
from dagster_project.identity.numbering import number_records

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
    number_records(con, decisions)
    numbers = dict(con.execute("select record_key, known_no from numbered join records using (record_no)").fetchall())
    names = {number: key for key, number in numbers.items()}
    changed = {names[number] for (number,) in con.execute("from changed").fetchall()}
    gone = {number for (number,) in con.execute("from gone").fetchall()}
    con.execute("delete from kept.records")
    con.execute(
        """insert into kept.records by name
           select known_no, record_key, digest from numbered join records using (record_no)"""
    )
    return numbers, changed, gone


def test_numbers_last_and_new_ones_follow(con):
    assert night(con, b=[BO], c=[CY]) == ({"b": 0, "c": 1}, {"b", "c"}, set())
    assert night(con, a=[ANA], b=[BO], c=[CY]) == ({"a": 2, "b": 0, "c": 1}, {"a"}, set())
    assert night(con, a=[ANA], c=[CY]) == ({"a": 2, "c": 1}, set(), {0})
    assert night(con, a=[ANA], b=[BO], c=[CY]) == ({"a": 2, "b": 3, "c": 1}, {"b"}, set())


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


def test_nobody_at_all_is_a_night_too(con):
    assert night(con) == ({}, set(), set())
    night(con, a=[ANA])
    assert night(con) == ({}, set(), {0})
