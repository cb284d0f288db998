"""Two people told apart by a steward: whose shared contact it is, and whether they live together."""

import pytest

from dagster_project.identity.explain import explain

PHONE, OWN = "+17325550118", "+15705550173"
HERE = {"email": "nancy@mail.example", "address": "17 Orchard Lane", "postal_code": "08820"}
THERE = {"email": "artist@mail.example", "address": "402 Quarry Street", "postal_code": "18510"}
APART = {
    "decision": "separate", "left_source": "square", "left_location_id": "l1", "left_id": "1",
    "right_source": "square", "right_location_id": "l1", "right_id": "3", "decided_by": "s",
    "decided_at": "2026-10-01 10:00",
}  # fmt: skip


def households(lake) -> dict[str, str]:
    """Record -> household."""
    homes = {row["customer_id"]: row["household_id"] for row in lake.read("households")}
    return {record: homes[customer] for record, customer in lake.ids().items()}


@pytest.fixture
def nancys(lake, person) -> None:
    """1 and 3 share a phone; 2 is 1 without one; 4, the same person as 3, has her own, which was confirmed earlier."""
    lake.customers(
        person("1", "Nancy Whitfield", phone=PHONE, **HERE),
        person("2", "Nancy Whitfield", **HERE),
        person("3", "Nancy Whitfield", phone=PHONE, updated_at="2026-10-10", **THERE),
        person("4", "Nancy Whitfield", phone=OWN, updated_at="2026-09-01", **THERE),
    )


def test_a_contact_of_both_sides_yields_to_one_a_person_holds_alone(lake, nancys):
    lake.resolve()
    assert len(set(lake.ids().values())) == 1
    assert {row["phone"] for row in lake.read("golden_records")} == {PHONE}
    lake.put("identity_decisions", [APART])
    lake.resolve()
    ids, golden = lake.ids(), lake.golden()
    assert ids["1"] != ids["3"] == ids["4"]
    assert golden[ids["3"]]["phone"] == OWN
    assert golden[ids["1"]]["phone"] == PHONE, "it is all she has"
    [rule] = [
        a["rule"] for a in lake.read("golden_record_audit") if (a["customer_id"], a["field"]) == (ids["3"], "phone")
    ]
    assert rule == "undisputed"


def test_a_familys_phone_is_nobodys_dispute(lake, person):
    lake.customers(
        person("1", "Ana Diaz", phone=PHONE, updated_at="2026-10-10", email="ana@mail.example"),
        person("2", "Ana Diaz", phone=OWN, updated_at="2026-09-01", email="ana@mail.example"),
        person("3", "Bob Diaz", phone=PHONE),
    )
    lake.resolve()
    assert lake.golden()[lake.ids()["1"]]["phone"] == PHONE


def test_who_was_told_apart_is_no_household_by_a_phone(lake, person):
    lake.customers(
        person("1", "Nancy Whitfield", phone=PHONE, email="nancy@mail.example"),
        person("3", "Nancy Whitfield", phone=PHONE, email="artist@mail.example"),
        person("5", "Carla Whitfield", phone=PHONE),
    )
    lake.put("identity_decisions", [APART])
    lake.resolve()
    home = households(lake)
    assert len({home["1"], home["3"], home["5"]}) == 3, "with which of the two Carla lives would be a guess"


def test_who_was_told_apart_may_share_a_house(lake, person):
    lake.customers(person("1", "Nancy Whitfield", phone=PHONE, **HERE), person("3", "Nancy Whitfield", **HERE))
    lake.put("identity_decisions", [APART])
    lake.resolve()
    assert lake.ids()["1"] != lake.ids()["3"]
    home = households(lake)
    assert home["1"] == home["3"]


def at(street: str, postal_code: str) -> dict:
    return {"address": street, "postal_code": postal_code}


@pytest.mark.parametrize(
    ("other", "together"),
    [
        (at("17 Orchard Ln", "08820"), True),
        ({}, True),
        ({"postal_code": "18510"}, True),
        (at("71 Oak Road", "08820"), False),
        (at("17 Orchard Ln", "18510"), False),
    ],
)
def test_a_phone_and_a_family_name_are_a_household_in_one_home(lake, person, other, together):
    home = at("17 Orchard Lane", "08820")
    lake.customers(person("1", "Ana Diaz", phone=PHONE, **home), person("2", "Bob Diaz", phone=PHONE, **other))
    lake.resolve()
    home = households(lake)
    assert (home["1"] == home["2"]) == together


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (at("17 Orchard Lane", "SW1A 1AA"), at("17 Orchard Lane", "sw1a1aa"), True),
        (at("17 Orchard Lane", "SW1A 1AA"), at("17 Orchard Lane", "EC2 9ZZ"), False),
        (at("/", "SW1A 1AA"), at("/", "SW1A 1AA"), False),
        (at("17 Orchard Lane", "#"), at("17 Orchard Lane", "#"), False),
    ],
)
def test_one_street_and_postal_code_are_a_household_and_tie_a_name_however_they_are_spelt(
    lake, person, one, other, together
):
    lake.customers(
        person("1", "Ana Diaz", **one),
        person("2", "Bob Lund", **other),
        person("3", "Ana Diaz", **other),
    )
    lake.resolve()
    home = households(lake)
    assert (home["1"] == home["2"]) == together
    rules = {row["source_record_id"]: row["match_rule"] for row in lake.read("customer_identities")}
    assert (rules["1"] == "name_address") == together


@pytest.mark.parametrize("lone", ["1", "2", "3", "4"])
def test_who_is_left_when_any_of_them_is_parted_is_still_tied(lake, person, network, lone):
    """Four records of one phone, of which any may be the one that the night counts from."""
    lake.customers(*(person(record, "Ana Diaz", phone=PHONE) for record in "1234"))
    others = [record for record in "1234" if record != lone]
    lake.put("identity_decisions", [APART | {"left_id": lone, "right_id": other} for other in others])
    lake.resolve()
    ids = lake.ids()
    assert ids[lone] not in {ids[other] for other in others}
    assert len({ids[other] for other in others}) == 1
    rules = {row["source_record_id"]: row["match_rule"] for row in lake.read("customer_identities")}
    assert rules == {lone: "single"} | dict.fromkeys(others, "phone")
    text = "\n".join(explain(network, ids[others[0]]))
    assert "same phone and first name" in text
    assert "nothing to part" not in text


@pytest.mark.parametrize("lone", ["1", "2", "3"])
def test_who_was_told_apart_waits_for_no_other_look(lake, person, lone):
    """Whichever of their records is most like one of the other's, the steward has spoken of the two people."""
    lake.customers(*(person(record, "Ana Diaz", phone=PHONE, email="ana@mail.example") for record in "123"))
    other = min({*"123"} - {lone})
    lake.put("identity_decisions", [APART | {"left_id": lone, "right_id": other}])
    lake.resolve()
    ids = lake.ids()
    assert ids[lone] != ids[other]
    assert lake.read("review_pairs") == []
