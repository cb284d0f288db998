"""make explain finds whoever is meant and the weakest link, and says how to mend it."""

import re
from datetime import UTC, datetime

import duckdb
import pytest

from dagster_project.errors import IdentityError
from dagster_project.identity.case import open_case
from dagster_project.identity.decide import decide
from dagster_project.identity.evidence import find_links
from dagster_project.identity.explain import explain
from dagster_project.identity.model import model_of, prior
from dagster_project.identity.picture import waterfall


def test_the_wrong_link_is_named_with_the_command_that_parts_it(lake, person, network):
    """Records 1 and 2 are one woman; 3 is a namesake who was given her e-mail by mistake."""
    lake.customers(
        person("1", "Ana Diaz", email="ana@mail.example", phone="+12125550101", birth_date="1980-05-17"),
        person("2", "Ana Diaz", email="ana@mail.example", phone="+12125550101", birth_date="1980-05-17"),
        person("3", "Ana Moreno", email="ana@mail.example", phone="+12125550177", birth_date="1951-11-30"),
    )
    lake.resolve()
    [customer] = set(lake.ids().values())
    text = told(network, customer)
    numbers = {record: text.split(f"square/l1/{record} ")[0].rsplit("#", 1)[1].strip() for record in "123"}
    weakest = text.split("weakest link is ")[1].split(".")[0]
    assert f"#{numbers['3']}" in weakest
    assert "BUT their last names and birth dates differ" in text
    assert "DECISION=separate" in text
    assert "square/l1/3 " in text.split("DECISION=separate")[1]
    assert "last name: Diaz" in text
    assert "lost: Moreno" in text
    [picture] = (lake.home.root / "explain").glob("*.svg")
    assert "<svg" in picture.read_text()


def test_an_unknown_customer_is_named(lake, person, network):
    lake.customers(person("1", "Ana Diaz"))
    lake.resolve()
    with pytest.raises(IdentityError, match="CUSTOMER=c0: nobody has this id"):
        list(explain(network, "c0"))


def told(network, who: str) -> str:
    return "\n".join(explain(network, who))


def test_what_contradicts_a_link_is_told_and_the_weakest_is_marked(lake, two_nancys, network):
    text = told(network, lake.ids()["1"])
    [weak] = [line for line in text.splitlines() if "the weakest link:" in line]
    numbers = {record: text.split(f"square/l1/{record} ")[0].rsplit("#", 1)[1].strip() for record in "1234"}
    assert {f"#{numbers['1']}", f"#{numbers['3']}"} <= set(weak.split())
    assert "same phone and first name" in weak
    assert weak.endswith("<- the weakest link: without it they fall apart")
    assert "goes with the weakest link" not in text
    assert "BUT their e-mails and homes differ" in weak
    assert text.count("BUT") == 1
    assert "region: NJ" in text
    assert "None" not in text


def test_days_on_which_both_halves_bought_are_told(lake, two_nancys, network):
    """Of 1 and 2: the 1st, 2nd and 3rd. Of 3 and 4: the 2nd, 3rd and 9th."""
    text = told(network, lake.ids()["1"])
    assert "bought at l1: 3 days, 2026-10-01 to 2026-10-03" in text
    assert "4 orders on 3 days" in text
    assert "3 orders on 3 days" in text
    assert "On 2 days both sides bought, on 0 of them at different locations." in text


def test_an_order_that_names_two_records_is_one_order(lake, person, network):
    """Ana's check stands for order o1, which her phone paid. Check c2 is no order of another shop."""
    lake.customers(person("1", "Ana Diaz", phone="+12125550101"))
    day = {"business_date": "2026-10-01", "ordered_at": "2026-10-01 09:00:00"}
    lake.orders(
        day | {"order_id": "c1", "check_id": "c1", "source_customer_id": "1"},
        day | {"order_id": "c2", "check_id": "c2", "source_customer_id": "1"},
    )
    lake.put("order_lines", [day | {"order_id": "o1", "check_id": "c1"}])
    lake.put("order_lines", [day | {"order_id": "o2", "check_id": "c2"}], file_key="f2", location_id="l2")
    paid = {"paid_at": "2026-10-01 09:00:00", "phone": "+12125550101"}
    lake.put("payments", [paid | {"payment_id": "p1", "order_id": "o1", "check_id": "c1"}])
    lake.resolve()
    assert len(lake.read("order_records")) == 3
    text = told(network, "1")
    assert sorted(re.findall(r"#\d: (.* on .*)", text)) == ["1 order on 1 day", "2 orders on 1 day"]
    assert "Counted on both sides: 1 order that names both" in text
    assert "On no other day did both sides buy." in text
    [payer] = lake.ids().keys() - {"1"}
    told_by_decide = decide(network, "separate", "1", payer, "Jo", "asked", datetime(2026, 11, 1, tzinfo=UTC)).told
    assert "(Ana Diaz: 2 records, 2 orders)" in told_by_decide[0]


@pytest.mark.parametrize(
    "who", ["square/l1/3", "3", "ARTIST@mail.example", "(570) 555-0173", "+15705550173", "nancy whitfield"]
)
def test_a_customer_is_found_by_what_a_complaint_names(lake, two_nancys, network, who):
    assert told(network, who).startswith(f"Customer {lake.ids()['3']}: 4 records")


def test_several_of_one_phone_are_listed(lake, person, network):
    lake.customers(
        person("1", "Ana Diaz", phone="+12125550101", city="Elm"), person("2", "Bob Diaz", phone="+12125550101")
    )
    lake.resolve()
    ids = lake.ids()
    text = told(network, "212 555 0101")
    assert text.startswith("2 customers are known by that")
    assert f"{ids['1']}  Ana Diaz, Elm  (1 record)" in text
    assert f"this phone is also held by {ids['2']}" in told(network, ids["1"])


@pytest.mark.parametrize("who", ["nobody@mail.example", "+12125550199", "Zoe Nobody", "9"])
def test_what_was_looked_for_in_vain_is_not_repeated(lake, two_nancys, network, who):
    with pytest.raises(IdentityError) as raised:
        told(network, who)
    assert who not in str(raised.value).replace("CUSTOMER", "")


def test_without_a_customer_the_error_says_what_to_name(lake, two_nancys, network):
    with pytest.raises(IdentityError, match="CUSTOMER is missing: a customer_id, a record"):
        told(network, "")


def test_bits_add_up_to_the_probability_of_the_night(lake, person, network):
    """A score of two groups of records is told as the night reckoned it: the evidence is spread over both."""
    lake.customers(
        person("1", "Robert Quine", email="quine@mail.example", phone="+12125550101"),
        person("2", "Robert Quine", email="quine@mail.example", address="4 Elm Street", postal_code="10001"),
        person("3", "Bob Quine", phone="+12125550101", email="bob.q@work.example"),
        person("4", "Bob Quine", email="bob.q@work.example", address="4 Elm Street", postal_code="10001"),
    )
    lake.resolve()
    [score] = [line for line in told(network, "1").splitlines() if "a score:" in line]
    [edge] = lake.read("record_edges")
    with duckdb.connect() as con:
        records = open_case(con, network, lake.ids()["1"])
        model = model_of(network)
        profiles = len(lake.read("profiles"))
        [link] = [one for one in find_links(con, network, model, prior(profiles, model.duplicates), records)
                  if one.rules == ["splink"]]  # fmt: skip
    assert round(link.probability, 6) == edge["probability"]
    assert f"{link.bits:+.1f} bits" in score
    assert [len(group) for group in link.groups] == [2, 2]
    assert [len(side) for side in link.found["phone"].says] == [1, 1]
    assert link.found["first_name"].label == "nickname"
    bars = waterfall(link)
    assert bars[-1]["to"] == pytest.approx(bars[-2]["to"]) == pytest.approx(link.bits)


def test_a_name_taken_from_other_records_is_marked(lake, person, network):
    lake.customers(
        person("1", "Abby Stone", email="abby@mail.example", phone="+12125550101"),
        person("2", email="abby@mail.example", phone="+12125550101"),
    )
    lake.resolve()
    text = told(network, "1")
    assert "taken for abby, by the other records of its e-mail or phone" in text
    assert "(derived): a side does not say it itself" in text
    assert re.search(r"first name same [-+][0-9.]+ \(derived\), e-mail same", text)
    assert "first name: Abby   (the only value, from" in text
    [picture] = (lake.home.root / "explain").glob("*.svg")
    assert "(derived)" in picture.read_text()
    assert re.search(r"#1 square/l1/\d and #2 square/l1/\d", picture.read_text())


def test_a_name_taken_from_other_records_holds_nobody(lake, person, network):
    """Lucia's own two records hang together more firmly, for all that the third tells a home as the first does."""
    phone = {"phone": "+12125550101"}
    lake.customers(
        person("1", "Lucia Khan", postal_code="02875", city="Warwick", **phone),
        person("2", "Lucia Khan", **phone),
        person("3", None, last_name="Khan", postal_code="02875", city="Warwick", **phone),
        *(person(f"x{n}", f"{2 * chr(97 + n)}on {3 * chr(97 + n)}er") for n in range(26)),
    )
    lake.resolve()
    text = told(network, "1")
    numbers = {record: text.split(f"square/l1/{record} ")[0].rsplit("#", 1)[1].strip() for record in "123"}
    marked = [line for line in text.splitlines() if "<-" in line]
    assert len(marked) == 2
    assert all(f"#{numbers['3']}" in line and " of its own" in line for line in marked)


def test_links_that_would_have_to_go_with_the_weakest_are_marked(lake, person, network):
    """The phone alone ties 3 to both of the others, who share an e-mail too: parting 3 takes both links."""
    lake.customers(
        person("1", "Ana Diaz", email="ana@mail.example", phone="+12125550101"),
        person("2", "Ana Diaz", email="ana@mail.example", phone="+12125550101"),
        person("3", "Ana Diaz", phone="+12125550101"),
    )
    lake.resolve()
    text = told(network, "1")
    numbers = {record: text.split(f"square/l1/{record} ")[0].rsplit("#", 1)[1].strip() for record in "123"}
    marked = [line for line in text.splitlines() if "<-" in line]
    assert all(f"#{numbers['3']}" in line for line in marked)
    goes, stays = marked
    assert goes.endswith("<- goes with the weakest link")
    assert stays.endswith("<- the weakest link: without it and the one that goes with it they fall apart")


def test_a_pair_of_identity_review_is_told_with_what_to_say_about_it(lake, person, network):
    """Two given names on one e-mail and one phone: the household guard keeps two what a score calls one."""
    lake.customers(
        person("1", "Ana Diaz", email="diaz@mail.example", phone="+12125550101", postal_code="10001"),
        person("2", "Bruno Diaz", email="diaz@mail.example", phone="+12125550101", postal_code="10001"),
    )
    lake.resolve()
    [row] = lake.read("review_pairs")
    ids = lake.ids()
    assert row["reason"] == "household_guard"
    for mine, theirs in (("1", "2"), ("2", "1")):
        text = told(network, mine).split("Waiting for a look, as in identity_review:\n")[1]
        assert text.startswith(f"  with {ids[theirs]}: one by their score, but refused by the household guard, probab")
        assert "first name different, last name same, email same, phone same" in text
        assert f"DECISION=merge LEFT={row['left_record']} RIGHT={row['right_record']} BY=" in text
