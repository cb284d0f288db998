"""make decide says what a decision will do, refuses what would change nothing, and writes one small file."""

import csv
from datetime import UTC, datetime

import pytest

from dagster_project.errors import IdentityError
from dagster_project.identity.decide import decide
from dagster_project.identity.explain import explain

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def told(network, who: str) -> str:
    return "\n".join(explain(network, who))


def test_a_decision_is_one_row_in_a_file_of_its_own(lake, person, network):
    lake.customers(person("1", "Ana Diaz"), person("2", "Bob Ray"))
    lake.resolve()
    path = decide(network, "merge", "square/l1/1", lake.ids()["2"], "steward", "asked", NOW).path
    again = decide(network, "withdraw", "1", "2", "steward", "not she", NOW).path
    assert path.parent == again.parent == network.landing / "hq"
    assert path != again
    [row] = csv.DictReader(path.open())
    assert row == {
        "decision": "merge", "left_source": "square", "left_location_id": "l1", "left_id": "1",
        "right_source": "square", "right_location_id": "l1", "right_id": "2", "decided_by": "steward",
        "decided_at": "2026-11-01T09:30:00Z", "reason": "asked",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "left", "right", "told"),
    [
        ("join", "1", "2", "DECISION=join: one of merge, separate, withdraw"),
        ("merge", "9", "2", "LEFT: no such record or customer"),
        ("merge", "1", "", "RIGHT is missing"),
        ("merge", "1", "square/l1/1", "name two records"),
        ("withdraw", "1", "2", "nothing stands between square/l1/1 and square/l1/2"),
    ],
)
def test_a_word_that_is_not_understood_or_changes_nothing_is_named(lake, person, network, decision, left, right, told):
    lake.customers(person("1", "Ana Diaz"), person("2", "Bob Ray"))
    lake.resolve()
    with pytest.raises(IdentityError, match=told):
        decide(network, decision, left, right, "steward", "why", NOW)
    assert not (network.landing / "hq").exists()


def test_a_decision_without_a_reason_is_refused(lake, person, network):
    lake.customers(person("1", "Ana Diaz"), person("2", "Bob Ray"))
    lake.resolve()
    with pytest.raises(IdentityError, match="REASON is missing"):
        decide(network, "merge", "1", "2", "steward", " ", NOW)


def test_an_id_that_two_tills_gave_is_ambiguous(lake, person, network):
    lake.customers(person("1", "Ana Diaz"), person("2", "Bob Ray"))
    lake.customers(person("1", "Carla Sosa"), file_key="f2", location_id="l2")
    lake.resolve()
    with pytest.raises(IdentityError, match="LEFT: 2 records have this id"):
        decide(network, "merge", "1", "2", "steward", "why", NOW)


def test_a_separation_tells_beforehand_who_would_be_whom(lake, two_nancys, network):
    lines = decide(network, "separate", "1", "3", "Jo", "two towns", NOW).told
    assert lines[0] == f"Separates {lake.ids()['1']} (Nancy Whitfield: 4 records, 7 orders) into"
    larger, smaller = "\n".join(lines[:-1]).split("another customer:")
    both = [{r for r in "1234" if f"square/l1/{r}" in side} for side in (larger, smaller)]
    assert sorted(both, key=min) == [{"1", "2"}, {"3", "4"}]
    pending = told(network, "1")
    assert "square/l1/1 and square/l1/3 kept apart by Jo on 2026-11-01: two towns   (waits for the next run)" in pending
    with pytest.raises(IdentityError, match="said already"):
        decide(network, "separate", "3", "1", "Jo", "two towns", NOW)


def test_what_was_taken_back_before_a_night_stands_no_more(lake, two_nancys, network):
    decided = decide(network, "separate", "1", "3", "Jo", "two towns", NOW)
    assert "If that is not what you mean: make decide" in decided.told[-1]
    assert "DECISION=withdraw LEFT=square/l1/1 RIGHT=square/l1/3 BY=" in decided.told[-1]
    later = datetime(2026, 11, 1, 10, tzinfo=UTC)
    decide(network, "withdraw", "1", "3", "Jo", "a slip", later)
    text = told(network, "1")
    assert "kept apart by Jo on 2026-11-01: two towns   (another word came after it)" in text
    assert "taken back by Jo on 2026-11-01: a slip   (waits for the next run)" in text
    assert "to take it back" not in text
    with pytest.raises(IdentityError, match=r"nothing stands between square/l1/1 and square/l1/3$"):
        decide(network, "withdraw", "1", "3", "Jo", "twice", later)
    decide(network, "separate", "2", "4", "Jo", "two towns", later)
    with pytest.raises(IdentityError, match=r"; what stands is about square/l1/2 and square/l1/4$"):
        decide(network, "withdraw", "1", "3", "Jo", "twice", later)


@pytest.mark.parametrize("decision", ["separate", "merge"])
def test_a_customers_own_id_names_none_of_its_records(lake, two_nancys, network, decision):
    """Which of four records is meant would be a guess, and the one named might be left where it is."""
    customer = lake.ids()["1"]
    for record in "1234":
        with pytest.raises(IdentityError, match="name two"):
            decide(network, decision, record, customer, "Jo", "asked", NOW)
    assert not (network.landing / "hq").exists()


def landed(lake, path) -> dict:
    """The decision in a file of decide, as the night reads it."""
    [row] = csv.DictReader(path.open())
    return row | {"decided_at": row["decided_at"].replace("T", " ").removesuffix("Z")}


def test_what_stands_is_told_with_the_command_that_takes_it_back(lake, two_nancys, network):
    one = landed(lake, decide(network, "separate", "1", "3", "Jo", "two towns", NOW).path)
    lake.put("identity_decisions", [one])
    lake.resolve()
    [row] = lake.read("decision_effects")
    ids = lake.ids()
    assert (row["effect"], row["is_in_force"]) == ("kept_apart", True)
    assert {row["left_customer_id"], row["right_customer_id"]} == {ids["1"], ids["3"]}
    for record in "14":
        text = told(network, ids[record])
        assert "kept apart by Jo on 2026-11-01: two towns   (kept apart)" in text
    assert "DECISION=withdraw LEFT=square/l1/1 RIGHT=square/l1/3 BY=" in text
    later = datetime(2026, 11, 2, tzinfo=UTC)
    withdrawn = decide(network, "withdraw", "3", "1", "Jo", "wrong", later)
    assert withdrawn.told[0].startswith("Takes back: square/l1/1 and square/l1/3 kept apart by Jo")
    lake.put("identity_decisions", [one, landed(lake, withdrawn.path)])
    lake.resolve()
    effects = [(row["decision"], row["effect"], row["is_in_force"]) for row in lake.read("decision_effects")]
    assert effects == [("separate", "superseded", False), ("withdraw", "taken_back", False)]
    assert "What stewards decided" not in told(network, "1")


@pytest.mark.parametrize("named", ["1", "2", "4"])
def test_whoever_took_a_name_over_is_parted_alone(lake, person, network, named):
    """From whichever Lucia a Khan without a first name is parted, the three Lucias stay one, as decide foretold."""
    phone = {"phone": "+12125550101"}
    lucias = [person(record, "Lucia Khan", **phone) for record in "124"]
    lake.customers(*lucias, person("3", None, last_name="Khan", **phone))
    lake.resolve()
    decided = decide(network, "separate", named, "3", "Jo", "his wife", NOW)
    foretold = [line.strip() for line in decided.told if line.startswith("    ")]
    assert sum("square/l1/3" in line for line in foretold) == 3, "alone on its side, and two more links yield"
    lake.put("identity_decisions", [landed(lake, decided.path)])
    lake.resolve()
    ids = lake.ids()
    assert ids["1"] == ids["2"] == ids["4"] != ids["3"]


@pytest.mark.parametrize("record", ["3", "4", "5"])
def test_an_initial_stays_with_its_family_when_one_without_is_parted(lake, person, network, record):
    """An Edward who tells no last name is parted from Edward Kumar: E. Kumar stays with him, whatever the ids are."""
    phone = {"phone": "+12125550101"}
    lake.customers(
        person("1", "Edward Kumar", **phone), person("2", "E. Kumar", **phone), person(record, "Edward", **phone)
    )
    lake.resolve()
    assert len(set(lake.ids().values())) == 1
    decided = decide(network, "separate", "1", record, "Jo", "his son", NOW)
    lake.put("identity_decisions", [landed(lake, decided.path)])
    lake.resolve()
    ids = lake.ids()
    assert ids["1"] == ids["2"] != ids[record]


def test_a_decision_about_a_record_that_is_not_there_waits(lake, two_nancys, network):
    row = {
        "decision": "merge", "left_source": "square", "left_location_id": "l1", "left_id": "1",
        "right_source": "square", "right_location_id": "l1", "right_id": "99", "decided_by": "Jo",
        "decided_at": "2026-10-01 10:00",
    }  # fmt: skip
    lake.put("identity_decisions", [row])
    lake.resolve()
    [found] = lake.read("decision_effects")
    assert (found["effect"], found["is_in_force"], found["left_record"]) == ("waiting", False, None)


def test_who_are_one_or_two_already_are_told_to_be(lake, two_nancys, person, network):
    lake.customers(person("5", "Ana Diaz"), file_key="f2")
    lake.resolve()
    assert decide(network, "merge", "1", "3", "Jo", "asked", NOW).told[0].startswith("They are one customer already")
    assert (
        decide(network, "separate", "1", "5", "Jo", "asked", NOW).told[0].startswith("They are two customers already")
    )


@pytest.mark.parametrize(("other", "contradicts"), [("sw1a1aa", False), ("EC2 9ZZ", True), ("#", False)])
def test_one_postal_code_in_two_spellings_contradicts_nobody(lake, person, other, contradicts):
    lake.customers(
        person("1", "Ana Diaz", phone="+17325550118", email="ana@mail.example", postal_code="SW1A 1AA"),
        person("2", "Ana Diaz", phone="+17325550118", email="diaz@mail.example", postal_code=other),
    )
    lake.resolve()
    assert len(set(lake.ids().values())) == 1
    assert [row["reason"] for row in lake.read("review_pairs")] == ["contradiction"] * contradicts


def test_a_customer_that_contradicts_itself_is_to_be_looked_at_until_decided(lake, two_nancys, network):
    text = told(network, "1")
    assert "with itself: one customer, by a tie between records of different e-mails and homes" in text
    assert "first name same, last name same, e" in text
    assert "DECISION=merge LEFT=square/l1/1 RIGHT=square/l1/3 BY=" in text
    [row] = lake.read("review_pairs")
    assert (row["left_customer_id"], row["reason"]) == (row["right_customer_id"], "contradiction")
    assert {row["left_record"], row["right_record"]} == {"square/l1/1", "square/l1/3"}
    compared = {name: row[f"{name}_evidence"] for name in ("first_name", "last_name", "phone", "email", "home")}
    assert compared == {
        "first_name": "same",
        "last_name": "same",
        "phone": "same",
        "email": "different",
        "home": "different",
    }
    decided = landed(lake, decide(network, "merge", "1", "3", "Jo", "asked", NOW).path)
    assert "Waiting for a look" not in told(network, "1")
    lake.put("identity_decisions", [decided])
    lake.resolve()
    assert lake.read("review_pairs") == []
