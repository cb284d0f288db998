"""How long a reserved contact counts, over the tables alone: 28 days, whoever a customer is by then."""

from datetime import date, timedelta

import duckdb
import pytest

from dagster_project.network_sections import ContactSection
from dagster_project.outbound import Destination
from dagster_project.publish.contacts import CAP_DAYS, allow_members, reserve_contacts, settle_contacts
from dagster_project.publish.difference import Wish
from dagster_project.publish.working import SHARED

DAY = date(2026, 11, 1)
ONE = ContactSection(holdout_share=0, caps_per_28_days={"default": 1})
NOBODY = "(from allowed_members limit 0)"


@pytest.fixture
def tables():
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as shared")
        connection.execute(SHARED)
        for table in (
            "profiles (record_hash varchar)",
            "members (audience varchar, record_hash varchar, customer_id varchar)",
            "contact_pressure (customer_id varchar, sender varchar, contacts_28d bigint)",
            "contact_wishes (customer_id varchar, wished_contacts_28d bigint)",
        ):
            connection.execute(f"create temp table {table}")
        connection.execute("create temp view reserved as from shared.reservations")
        connection.execute("insert into profiles values ('h1')")
        connection.execute("insert into members values ('a', 'h1', 'c1'), ('b', 'h1', 'c1')")
        yield connection


def allowed(tables, day: date, *audiences: str) -> list[str]:
    wish = Wish(Destination(name="mail", type="file"), audiences, ())
    allow_members(tables, [wish], {"a": 1, "b": 2}, ONE, b"key", day, ())
    return [one for (one,) in tables.execute("select audience from allowed_members order by 1").fetchall()]


@pytest.mark.parametrize(("days", "then"), [(0, []), (CAP_DAYS - 1, []), (CAP_DAYS, ["b"]), (-1, ["b"])])
def test_a_contact_counts_for_its_day_and_the_27_after(tables, days, then):
    assert allowed(tables, DAY, "a") == ["a"]
    reserve_contacts(tables, DAY)
    settle_contacts(tables, "mail", "allowed_members")
    assert allowed(tables, DAY + timedelta(days), "b") == then


def test_what_was_not_taken_is_given_back_and_what_was_taken_once_is_not(tables):
    allowed(tables, DAY, "a")
    reserve_contacts(tables, DAY)
    settle_contacts(tables, "mail", NOBODY)
    assert allowed(tables, DAY, "b") == ["b"]
    reserve_contacts(tables, DAY)
    settle_contacts(tables, "another", NOBODY)
    settle_contacts(tables, "mail", "allowed_members")
    settle_contacts(tables, "mail", NOBODY)
    assert allowed(tables, DAY, "a") == []


def test_a_night_that_is_published_again_reserves_once(tables):
    for _ in range(2):
        allowed(tables, DAY, "a", "b")
        reserve_contacts(tables, DAY)
    assert tables.execute("select count(*) from shared.reservations").fetchone() == (1,)


def test_what_no_window_reaches_any_more_is_forgotten(tables):
    allowed(tables, DAY, "a")
    reserve_contacts(tables, DAY)
    for later, kept in ((2 * CAP_DAYS, 2), (2 * CAP_DAYS + 1, 1)):
        allowed(tables, DAY + timedelta(later), "b")
        reserve_contacts(tables, DAY + timedelta(later))
        assert tables.execute("select count(*) from shared.reservations").fetchone() == (kept,)
