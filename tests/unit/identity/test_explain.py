"""make explain finds the weakest link and says how to mend it; make decide writes one small file."""

import csv
from datetime import UTC, datetime

import pytest

from dagster_project.errors import IdentityError
from dagster_project.identity.decide import decide
from dagster_project.identity.explain import explain
from dagster_project.network import Network

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def network(lake) -> Network:
    return Network(file=lake.home.root / "network.yaml", paths={"home": "."})


def test_the_wrong_link_is_named_with_the_command_that_parts_it(lake, person, network):
    """Records 1 and 2 are one woman; 3 is a namesake who was given her e-mail by mistake."""
    lake.customers(
        person("1", "Ana Diaz", email="ana@mail.example", phone="+12125550101", birth_date="1980-05-17"),
        person("2", "Ana Diaz", email="ana@mail.example", phone="+12125550101", birth_date="1980-05-17"),
        person("3", "Ana Moreno", email="ana@mail.example", phone="+12125550177", birth_date="1951-11-30"),
    )
    lake.resolve()
    [customer] = set(lake.ids().values())
    told = "\n".join(explain(network, customer))
    numbers = {record: told.split(f"square/l1/{record} ")[0].rsplit("#", 1)[1].strip() for record in "123"}
    weakest = told.split("weakest link is ")[1].split(".")[0]
    assert f"#{numbers['3']}" in weakest
    assert "BUT their last names and birth dates differ" in told
    assert "DECISION=separate" in told
    assert '"square/l1/3"' in told.split("DECISION=separate")[1]
    assert "last name: Diaz" in told
    assert "lost: Moreno" in told
    [picture] = (lake.home.root / "explain").glob("*.svg")
    assert "<svg" in picture.read_text()


def test_an_unknown_customer_is_named(lake, person, network):
    lake.customers(person("1", "Ana Diaz"))
    lake.resolve()
    with pytest.raises(IdentityError, match="CUSTOMER=c0: nobody has this id"):
        list(explain(network, "c0"))


def test_a_decision_is_one_row_in_a_file_of_its_own(lake, person, network):
    lake.customers(person("1", "Ana Diaz"), person("2", "Bob Ray"))
    lake.resolve()
    path = decide(network, "merge", "square/l1/1", lake.ids()["2"], "steward", "asked", NOW)
    again = decide(network, "withdraw", "1", "2", "steward", "", NOW)
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
        ("merge", "9", "2", "LEFT=9: no such record or customer"),
        ("merge", "1", "", "RIGHT is missing"),
        ("merge", "1", "square/l1/1", "name two records"),
    ],
)
def test_a_word_that_is_not_understood_is_named(lake, person, network, decision, left, right, told):
    lake.customers(person("1", "Ana Diaz"), person("2", "Bob Ray"))
    lake.resolve()
    with pytest.raises(IdentityError, match=told):
        decide(network, decision, left, right, "steward", "", NOW)
