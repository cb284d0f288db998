"""Today's list as a location gets it: who may be called, and nothing that a page or a spreadsheet would run."""

import csv
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.locations import write_todays_lists
from dagster_project.locations.today import folder_name

MARTS = """
create schema marts.marts;
create table marts.marts.dim_locations as select * from (values
    ('l1', 'Main & Oak', date '2026-10-31', date '2026-10-31'), ('l2', null, date '2026-10-20', date '2026-10-31'),
    ('new', 'Not yet', null, date '2026-10-31')) as t(location_id, location_name, data_through_date, as_of_date);
create table marts.marts.dim_customers as select * from (values
    ('ann', 'valid', true, 'consent_unknown'), ('bob', 'valid', false, 'consent_unknown'),
    ('cat', 'stale', false, 'phone_stale'), ('dan', 'valid', false, 'privacy_request'))
    as t(customer_id, phone_status, is_email_marketable, sms_marketable_reason);
create table marts.marts.location_action_list as select * from (values
    ('l1', 1, 'ann', 'a1', 'a complaint waits for an answer', date '2026-10-30', date '2026-11-01'),
    ('l1', 2, 'bob', 'b1', '61 days without a visit, usually every 9', date '2026-08-31', date '2026-11-07'),
    ('l1', 3, 'cat', 'c1', 'spends 33 % of the usual', date '2026-10-29', date '2026-11-03'),
    ('l1', 4, 'dan', 'd1', 'spends 35 % of the usual', date '2026-10-29', date '2026-11-03'))
    as t(location_id, rank, customer_id, alert_id, why, last_visit_on, due_on);
create table marts.marts.location_alerts as select 'l2' as location_id, 'capture_drop' as alert_type,
    0.2 as identified_share, 0.4 as usual_share, date '2026-10-15' as opened_on, 'open' as outcome;
"""
PEOPLE = """
create schema people.people;
create table people.people.golden_records as select * from (values
    ('ann', '=cmd()', '<b>Lee</b>', '+12125550101', 'ann@example.org'),
    ('bob', 'Bob', null, '+12125550102', 'bob@example.org'),
    ('cat', 'Cat', 'Oh', '+12125550103', 'cat@example.org'),
    ('dan', 'Dan', 'Oh', '+12125550104', 'dan@example.org')) as t(customer_id, first_name, last_name, phone, email);
"""
WAREHOUSE = """
create schema warehouse.lake;
create table warehouse.lake.actions as select 'old_bob' as customer_id, 'do_not_call' as result;
create table warehouse.lake.retired_ids as select 'old_bob' as customer_id, 'bob' as living_customer_id;
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    home = Home(tmp_path)
    home.candidate_people.parent.mkdir(parents=True)
    for file, sql in ((home.candidate_marts, MARTS), (home.candidate_people, PEOPLE), (home.warehouse, WAREHOUSE)):
        with duckdb.connect(str(file)) as connection:
            connection.execute(sql)
    assert write_todays_lists(home) == 4
    return home.candidate / "restricted" / "locations"


def test_a_table_names_whom_to_call_and_how(written: Path) -> None:
    with (written / "l1" / "today.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["phone"], row["email"]) for row in rows] == [
        ("'=cmd() <b>Lee</b>", "'+12125550101", "ann@example.org"),
        ("Bob", "", ""),
        ("Cat Oh", "", ""),
        ("Dan Oh", "", ""),
    ]
    assert rows[1]["why"] == "61 days without a visit, usually every 9"


def test_a_page_shows_it_and_runs_nothing(written: Path) -> None:
    page = (written / "l1" / "today.html").read_text(encoding="utf-8")
    assert "Main &amp; Oak" in page
    assert "&lt;b&gt;Lee" in page
    assert "<b>Lee" not in page
    assert "bob@example.org" not in page


def test_an_empty_list_says_so_and_a_location_sees_only_its_own(written: Path) -> None:
    page = (written / "l2" / "today.html").read_text(encoding="utf-8")
    assert "Nobody needs a call today" in page
    assert "20% of sales, usually 40%" in page
    assert "Lee" not in page
    assert sorted(path.name for path in written.iterdir()) == ["l1", "l2"]


def test_no_id_leads_out_of_its_folder() -> None:
    assert [folder_name(name) for name in ("shop_1", "..", "a/../b", ".hidden")] == [
        "shop_1", "%2E.", "a%2F..%2Fb", "%2Ehidden",
    ]  # fmt: skip
