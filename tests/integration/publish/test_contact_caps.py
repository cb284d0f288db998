"""Holdouts, contact caps and locations: who of an audience is sent, by whom, and how often."""

import hashlib

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from dagster_project.warehouse.state import create_holdout_rule
from tests.integration.publish.conftest import KEY, PACE, klaviyo, network_of

TWO_SHOPS = """
alter table people.sync.sync_email_profiles add column rfm_segment varchar;
alter table people.sync.sync_email_profiles add column home_location_id varchar;
update people.sync.sync_email_profiles set home_location_id = 'shop_1', rfm_segment = 'hibernating';
insert into people.sync.sync_email_audiences
    select 'lost_valued', customer_id, email from people.sync.sync_email_audiences where audience = 'champions';
"""
MOVED = TWO_SHOPS + "update people.sync.sync_email_profiles set home_location_id = 'shop_2' where customer_id = 'c001';"
ONE_CONTACT = {"contact": {"holdout_share": 0, "caps_per_28_days": {"default": 4, "hibernating": 1}}}


def marked(night, *columns: str) -> None:
    """Let further columns of the payload leave."""
    import json

    path = night.project / "dbt_models" / "target" / "manifest.json"
    manifest = json.loads(path.read_text())
    known = manifest["nodes"]["model.regulars.sync_email_profiles"]["columns"]
    known |= {name: {"name": name, "config": {"meta": {"publish": True}}} for name in columns}
    path.write_text(json.dumps(manifest))


def left_out(night, reason: str) -> set[str]:
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        query = "select destination || ' ' || audience || ' ' || customer_id from sync_left_out where reason = ?"
        return {row[0] for row in ops.execute(query, [reason]).fetchall()}


def test_holdouts_are_left_out_of_audiences_recorded_and_always_the_same(night, tool, sealed):
    network = network_of(night, klaviyo(tool), contact={"holdout_share": 0.3})
    customers = [f"c{number:03d}" for number in range(1, 200, 2)]
    # The very people that the alerts hold out, by the table that the alerts' SQL reads.
    with duckdb.connect() as lake:
        lake.execute("create schema lake")
        create_holdout_rule(lake, KEY.encode(), 0.3)
        ((salt, below),) = lake.execute("select salt, below from lake.holdout_rule").fetchall()
    held = {c for c in customers if hashlib.md5(f"{salt}|{c}".encode()).hexdigest()[:8] < below}
    for run_id in ("r1", "r2"):
        sealed(run_id, customers=200)
        publish(night.home, network, night.project, pace=PACE)
        assert tool.members("CHAMP1") == {f"{c}@example.com" for c in customers} - {f"{c}@example.com" for c in held}
    assert 15 < len(held) < 45
    assert left_out(night, "holdout") == {f"mail champions {c}" for c in held}
    assert len(tool.members("EVERY1")) == 200


def test_two_locations_share_one_budget_and_the_higher_priority_is_served_first(night, tool, sealed):
    marked(night, "rfm_segment", "home_location_id")
    lists = {"lost_valued": "LOST1", "champions": "CHAMP1"}
    network = network_of(
        night,
        klaviyo(tool, name="first", location="shop_1", lists=lists),
        klaviyo(tool, name="second", location="shop_2", lists={"champions": "OTHER2"}),
        **ONE_CONTACT,
    )
    sealed("r1", people=TWO_SHOPS)
    publish(night.home, network, night.project, pace=PACE)
    # One contact each: lost_valued has priority 10, champions 60.
    assert tool.members("LOST1") == {"c001@example.com", "c003@example.com"}
    assert tool.members("CHAMP1") == set()
    assert left_out(night, "contact_cap") == {"first champions c001", "first champions c003"}

    sealed("r2", people=MOVED)
    publish(night.home, network, night.project, pace=PACE)
    # She moved to the other shop; her one contact was spent by the first.
    assert tool.members("OTHER2") == set()
    assert "second champions c001" in left_out(night, "contact_cap")
    assert tool.members("LOST1") == {"c003@example.com"}


def marts_of(*, sent: str = "", wishes: str = "") -> str:
    """What the marts say: 'customer sender contacts' of the last 28 days, and 'customer contacts' wished."""

    def rows(lines: str) -> str:
        return ", ".join(str(tuple(line.split())) for line in lines.strip().splitlines())

    made = [
        f"""create table marts.marts.{mart} as select * replace ({count}::bigint as {count})
            from (values {rows(lines)}) as t({columns}, {count});"""
        for mart, columns, count, lines in (
            ("contact_pressure", "customer_id, sender", "contacts_28d", sent),
            ("contact_wishes", "customer_id", "wished_contacts_28d", wishes),
        )
        if lines
    ]
    return "".join(made)


TWO_AUDIENCES = """
insert into people.sync.sync_email_audiences
    select 'lost_valued', customer_id, email from people.sync.sync_email_audiences where audience = 'champions';
"""


def test_messages_that_went_out_and_a_customers_own_wish_count_against_the_budget(night, tool, sealed):
    # Four contacts each. lost_valued has priority 10, champions 60.
    network = network_of(
        night,
        klaviyo(tool, lists={"lost_valued": "LOST1", "champions": "CHAMP1", "slipping": "SLIP1"}),
        contact={"holdout_share": 0, "caps_per_28_days": {"default": 4}},
    )
    sent = """
        c001 elsewhere 3
        c001 mail 1
        c003 elsewhere 2
        c003 location_l1 1"""
    wishes = """
        c005 1
        c007 0
        c009 9"""
    sealed("r1", customers=10, people=TWO_AUDIENCES, marts=marts_of(sent=sent, wishes=wishes))
    publish(night.home, network, night.project, pace=PACE)
    # c001: 3 + 1 of 4 are spent. c003: one is left. c005 wants one, c007 none; a wish for nine raises no cap.
    assert tool.members("LOST1") == {f"c00{n}@example.com" for n in (3, 5, 9)}
    assert tool.members("CHAMP1") == {"c009@example.com"}

    # c009's two memberships stand for what the tool has sent since: a third audience makes three contacts, not five.
    sent = """
        c009 mail 2
        c003 mail 1
        c003 elsewhere 3"""
    slipping = """insert into people.sync.sync_email_audiences
        select 'slipping', customer_id, email from people.sync.sync_email_profiles
        where customer_id in ('c003', 'c009');"""
    sealed("r2", customers=10, people=TWO_AUDIENCES + slipping, marts=marts_of(sent=sent, wishes=wishes))
    publish(night.home, network, night.project, pace=PACE)
    assert tool.members("SLIP1") == {"c009@example.com"}
    assert {"mail champions c003", "mail slipping c003"} <= left_out(night, "contact_cap")
    # A membership that runs goes on.
    assert "c003@example.com" in tool.members("LOST1")


def test_whoever_wants_no_contact_any_more_leaves_the_next_night(night, tool, sealed):
    network = network_of(night, klaviyo(tool), contact={"holdout_share": 0})
    sealed("r1")
    publish(night.home, network, night.project, pace=PACE)
    assert tool.members("CHAMP1") == {"c001@example.com", "c003@example.com"}
    sealed("r2", marts=marts_of(wishes="c001 0"))
    publish(night.home, network, night.project, pace=PACE)
    assert tool.members("CHAMP1") == {"c003@example.com"}
    assert "mail champions c001" in left_out(night, "contact_cap")


def test_what_either_of_two_had_is_spent_when_they_become_one(night, tool, sealed):
    # One contact each: c002 spends it on lost_valued, is merged into c001, who then would be a champion.
    network = network_of(
        night,
        klaviyo(tool, lists={"lost_valued": "LOST1", "champions": "CHAMP1"}),
        contact={"holdout_share": 0, "caps_per_28_days": {"default": 1}},
    )
    only = "delete from people.sync.sync_email_audiences; insert into people.sync.sync_email_audiences values "
    valued = only + "('lost_valued', 'c002', 'c002@example.com'), ('lost_valued', 'c004', 'c004@example.com')"
    sealed("r1", people=valued + ";")
    publish(night.home, network, night.project, pace=PACE)
    assert tool.members("LOST1") == {"c002@example.com", "c004@example.com"}
    merged = "delete from people.sync.sync_email_profiles where customer_id = 'c002';"
    redirects = """create table marts.marts.customer_id_redirects as
        select 'c002' as customer_id, 'c001' as living_customer_id;"""
    sealed("r2", people=valued + ", ('champions', 'c001', 'c001@example.com');" + merged, marts=redirects)
    publish(night.home, network, night.project, pace=PACE)
    assert tool.members("CHAMP1") == set()
    assert "mail champions c001" in left_out(night, "contact_cap")


SLIPPING = """insert into people.sync.sync_email_audiences
    select 'slipping', customer_id, email from people.sync.sync_email_profiles where customer_id in ('c001', 'c002');
"""


def two_tools(tool, other):
    """lost_valued (priority 10) goes to the first, slipping (20) to the second."""
    return [
        klaviyo(tool, name="first", lists={"lost_valued": "LOST1"}),
        klaviyo(other, name="second", lists={"slipping": "SLIP1"}),
    ]


def test_a_contact_that_a_stopped_tool_did_not_take_is_given_back(night, tool, other, sealed):
    marked(night, "rfm_segment", "home_location_id")
    first, second = two_tools(tool, other)
    people = TWO_SHOPS + SLIPPING
    sealed("r1", people=people)
    tool.status_for["POST /api/profile-bulk-import-jobs"] = 403
    with pytest.raises(PublishError, match=r"first: .*403"):
        publish(night.home, network_of(night, first, second, **ONE_CONTACT), night.project, pace=PACE)
    # c002 is in one audience; c001's one contact was the first tool's.
    assert other.members("SLIP1") == {"c002@example.com"}
    sealed("r2", people=people)
    publish(night.home, network_of(night, second, **ONE_CONTACT), night.project, pace=PACE)
    assert other.members("SLIP1") == {"c001@example.com", "c002@example.com"}


def publish_while_the_first_is_stopped(night, network, tool) -> None:
    tool.status_for["GET /api/lists/LOST1"] = 403
    with pytest.raises(PublishError, match=r"first: .*403"):
        publish(night.home, network, night.project, pace=PACE)


def test_a_contact_that_a_tool_took_stays_spent_when_it_stops_later(night, tool, other, sealed):
    marked(night, "rfm_segment", "home_location_id")
    first, second = two_tools(tool, other)
    both = network_of(night, first, second, **ONE_CONTACT)
    sealed("r1", people=TWO_SHOPS)
    publish(night.home, both, night.project, pace=PACE)
    sealed("r2", people=TWO_SHOPS + SLIPPING)
    publish_while_the_first_is_stopped(night, both, tool)
    assert tool.members("LOST1") == {"c001@example.com", "c003@example.com"}
    assert other.members("SLIP1") == {"c002@example.com"}


def test_who_cannot_be_reached_tonight_is_served_last(night, tool, other, sealed):
    marked(night, "rfm_segment", "home_location_id")
    first, second = two_tools(tool, other)
    both = network_of(night, first, second, **ONE_CONTACT)
    sealed("r1", people=TWO_SHOPS + "delete from people.sync.sync_email_audiences;")
    publish(night.home, both, night.project, pace=PACE)
    sealed("r2", people=TWO_SHOPS + SLIPPING)
    publish_while_the_first_is_stopped(night, both, tool)
    assert other.members("SLIP1") == {"c001@example.com", "c002@example.com"}


def test_whom_a_tool_refused_gets_their_contact_back(night, tool, other, sealed):
    marked(night, "rfm_segment", "home_location_id")
    first, second = two_tools(tool, other)
    spoilt = "update people.sync.sync_email_profiles set email = 'refused@example.com' where customer_id = 'c001';"
    sealed("r1", people=TWO_SHOPS + SLIPPING + spoilt)
    publish(night.home, network_of(night, first, second, **ONE_CONTACT), night.project, pace=PACE)
    with duckdb.connect(str(night.home.sync / "shared.duckdb"), read_only=True) as shared:
        kept = shared.execute("select destination, customer_id, is_taken from reservations").fetchall()
    assert sorted(kept) == [("first", "c003", True), ("second", "c002", True)]
