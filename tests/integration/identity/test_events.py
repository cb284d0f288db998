"""Events and ids: what a decision merges or parts, and what its withdrawal gives back."""

from datetime import date

import pytest

from dagster_project.identity.events import decided_events

DAY_1, DAY_2, DAY_3 = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)
MAIL, OTHER = "ana.diaz@mail.example", "bob.ray@mail.example"
OUTPUTS = (
    "golden_records",
    "contact_points",
    "golden_record_audit",
    "retired_ids",
    "order_records",
    "customer_records",
)


def word(decision: str, at: str, left: str = "1", right: str = "3") -> dict:
    return {
        "decision": decision, "left_source": "square", "left_location_id": "l1", "left_id": left,
        "right_source": "square", "right_location_id": "l1", "right_id": right, "decided_by": "s", "decided_at": at,
    }  # fmt: skip


def events(lake) -> list[tuple]:
    return [(e["event"], e["from_customer_id"], e["to_customer_id"], e["reason"]) for e in lake.read("identity_events")]


def open_periods(lake) -> list[dict]:
    return [row for row in lake.read("customer_identities") if row["valid_to"] is None]


@pytest.fixture
def two(lake, person) -> dict[str, str]:
    """Ana in records 1 and 2, Bob in 3 and 4; their ids after a first night."""
    lake.customers(
        person("1", "Ana Diaz", email=MAIL), person("2", "Ana Diaz", email=MAIL),
        person("3", "Bob Ray", email=OTHER), person("4", "Bob Ray", email=OTHER),
    )  # fmt: skip
    lake.resolve(DAY_1)
    ids = lake.ids()
    assert ids["1"] == ids["2"] != ids["3"] == ids["4"]
    assert events(lake) == []
    return ids


@pytest.mark.parametrize("days", [(DAY_1, DAY_1), (DAY_2, DAY_3)], ids=["on one day", "on later days"])
def test_withdrawing_a_merge_gives_everybody_their_id_back(lake, two, days):
    before = [lake.read(output) for output in OUTPUTS], open_periods(lake)
    lake.publish("one")
    lake.put("identity_decisions", [word("merge", "2026-10-01 10:00")])
    lake.resolve(days[0])
    [merged] = set(lake.ids().values())
    [gone] = set(two.values()) - {merged}
    assert events(lake) == [("merge", gone, merged, "decision")]
    assert lake.read("retired_ids") == [{"customer_id": gone, "living_customer_id": merged}]
    lake.publish("two")
    lake.resolve(days[0])
    assert len(events(lake)) == 1, "a second look finds no second event"
    lake.publish("two-again")
    lake.put("identity_decisions", [word("merge", "2026-10-01 10:00"), word("withdraw", "2026-10-01 11:00")])
    lake.resolve(days[1])
    assert lake.ids() == two
    assert events(lake)[1:] == [("withdrawal", merged, gone, "decision_withdrawn")]
    assert [lake.read(output) for output in OUTPUTS] == before[0]
    if days[0] == days[1]:
        assert open_periods(lake) == before[1]


def test_withdrawing_a_separation_brings_the_former_id_back(lake, two):
    lake.publish("one")
    lake.put("identity_decisions", [word("separate", "2026-10-01 10:00", "1", "2")])
    lake.resolve(DAY_2)
    apart = lake.ids()
    [kept, new] = sorted((apart["1"], apart["2"]), key=lambda one: one != two["1"])
    assert (kept, new not in two.values()) == (two["1"], True)
    assert events(lake) == [("split", kept, new, "decision")]
    lake.publish("two")
    lake.put(
        "identity_decisions", [word("separate", "2026-10-01 10:00", "1", "2"), word("withdraw", "2026-10-02", "1", "2")]
    )
    lake.resolve(DAY_3)
    assert lake.ids() == two
    lake.publish("three")
    again = [word("separate", "2026-10-01 10:00", "1", "2"), word("withdraw", "2026-10-02", "1", "2"),
             word("separate", "2026-10-03", "2", "1")]  # fmt: skip
    lake.put("identity_decisions", again)
    lake.resolve(date(2026, 10, 4))
    assert lake.ids() == apart, "the same records have the same id again"
    assert lake.read("retired_ids") == []


def test_a_night_tells_what_decisions_did_in_it_and_not_before(lake, two):
    lake.publish("one")
    lake.put("identity_decisions", [word("separate", "2026-10-01 10:00", "1", "2")])
    lake.resolve(DAY_2)
    [new] = set(lake.ids().values()) - set(two.values())
    states = lake.home.state
    lake.publish("two")
    told = [f"a separation took effect: {two['1']} -> {new} (1 record)"]
    assert decided_events(states / "two", states / "one") == told
    lake.resolve(DAY_3)
    lake.publish("three")
    assert decided_events(states / "three", states / "two") == []
    assert decided_events(states / "three", None) == told


def test_an_id_that_lives_no_more_is_never_given_to_others(lake, two, person):
    """The parted record comes back with company: hers are among those who had the id, the other's are not."""
    lake.publish("one")
    lake.put("identity_decisions", [word("merge", "2026-10-01 10:00")])
    lake.resolve(DAY_2)
    lake.publish("two")
    [living] = set(lake.ids().values())
    [gone] = set(two.values()) - {living}
    mine = sorted(record for record in two if two[record] == gone)
    lake.put("identity_decisions", [word("merge", "2026-10-01 10:00"), word("separate", "2026-10-02", *mine)])
    lake.resolve(DAY_3)
    assert gone not in lake.ids().values(), "of the two who had it, each is a part only"


def test_a_merge_by_new_data_tells_its_rule(lake, two, person):
    lake.publish("one")
    lake.customers(person("5", "Bob Ray", email=OTHER, phone="+12125550101"), file_key="f2")
    lake.customers(person("6", "Bob Ray", phone="+12125550101"), file_key="f3")
    lake.resolve(DAY_2)
    assert events(lake) == [], "a record that joins is no event"


def test_a_decision_holds_over_time(lake, two, person):
    lake.put("identity_decisions", [word("merge", "2026-10-01 10:00")])
    for day in (DAY_1, DAY_2, DAY_3):
        lake.resolve(day)
        lake.publish(f"night-{day}")
        assert len(set(lake.ids().values())) == 1
