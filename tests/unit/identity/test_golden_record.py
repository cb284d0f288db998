"""The golden record: each rule decides only where those before it leave a tie.

One night of a few people, each of whom has an e-mail of their own on all records; a test is about one or two of them.
"""

from datetime import date

import pytest


def record(record_id: str, name: str, **columns) -> dict:
    """A row of customers: `cem-1` is one of Cem's, and has his e-mail."""
    first, _, last = name.partition(" ")
    own = {"source_customer_id": record_id, "first_name": first, "last_name": last, "email": mail_of(record_id)}
    return own | columns


def order(record_id: str, day: str, **columns) -> dict:
    when = {"ordered_at": f"{day} 10:00", "business_date": day}
    return {"order_id": f"o-{record_id}", "source_customer_id": record_id} | when | columns


def form(record_id: str, first_name: str) -> dict:
    told = {"signed_up_at": "2026-01-01", "first_name": first_name, "last_name": "Form"}
    return {"signup_id": record_id, "email": mail_of(record_id)} | told


def mail_of(record_id: str) -> str:
    return f"{record_id.partition('-')[0]}@mail.example"


@pytest.fixture(scope="module")
def night(new_lake):
    lake = new_lake()
    lake.customers(
        record("ana-1", "Ana Diaz", phone="+12125550101"),
        record(
            "ana-2", "Ana Diaz", phone="12", phone_validity="invalid", sms_consent="granted", updated_at="2026-09-01"
        ),
        record("bob-1", "Bob Ray", phone="+12125550201"),
        record("cem-1", "Cem Kaya", phone="+12125550301"),
        record("eva-2", "Eva File", created_at="2025-01-01"),
        record("fay-1", "Fay Moss", city="Lynn", updated_at="2026-03-01"),
        record("fay-2", "Fay Moss", city="Salem", updated_at="2026-04-01"),
        record("gus-1", "Gus Berg", city="Lynn", updated_at="2026-03-01"),
        record("gus-2", "Gus Berg", city="Salem", updated_at="2026-04-01"),
        record("hal-1", "Hal Wolf", city="Lynn"),
        record("hal-2", "Hal Wolf", city="Lynn"),
        record("hal-3", "Hal Wolf", city="Salem"),
        record("hal-4", "Hal Wolf", region="MA"),
        record("hal-5", "Hal Wolf", region="Mass"),
        record("hal-6", "Hal Wolf", how_heard="web"),
        record("hal-7", "Hal Wolf", how_heard="ads"),
        record("ida-1", "Ida Zorn", birth_date="1980-05-17", household_size="3", updated_at="2026-03-01"),
        record("kim-1", "Kim York", account_kind="staff"),
        record("kim-2", "K. York", updated_at="2026-09-01"),
    )
    lake.orders(
        order("bob-1", "2026-02-01", phone="+12125550202"),
        order("cem-1", "2026-02-01", phone="+12125550302"),
        order("dee-1", "2026-05-01", email=mail_of("dee-1"), first_name="Dee", last_name="Till"),
        order("eva-1", "2026-05-01", email=mail_of("eva-1"), first_name="Eva", last_name="Till"),
        order("gus-1", "2026-05-01"),
        order("leo-1", "2026-02-01") | {"ordered_at": None},
    )
    lake.put("signups", [form("dee-2", "Dee"), form("eva-3", "Eva")])
    lake.put(
        "consents",
        [
            {
                "contact": "2125550302", "clean_contact": "+12125550302", "contact_kind": "phone",
                "contact_validity": "valid", "channel": "sms", "state": "granted", "at": "2026-02-01 10:00",
            }
        ],
    )  # fmt: skip
    lake.resolve()
    return lake


def winner(night, record_id: str, field: str) -> tuple:
    """(value, rule, losers) of the customer whose a record is."""
    customer_id = night.ids()[record_id]
    [audit] = [a for a in night.read("golden_record_audit") if (a["customer_id"], a["field"]) == (customer_id, field)]
    return golden(night, record_id)[field], audit["rule"], audit["losers"]


def golden(night, record_id: str) -> dict:
    return night.golden()[night.ids()[record_id]]


def test_everybody_is_one_customer(night):
    """Records of forms go by a hash of their contact, and are left out here."""
    ids = night.ids()
    customers = {(record_id.partition("-")[0], ids[record_id]) for record_id in ids if "-" in record_id}
    assert len(customers) == len(set(dict(customers).values())) == 11


def test_valid_before_consented(night):
    assert winner(night, "ana-1", "phone") == ("+12125550101", "valid", 1)


def test_consented_before_source_priority(night):
    """Cem has said that the number he gave at the till may be texted; Bob has said nothing."""
    assert winner(night, "bob-1", "phone") == ("+12125550201", "source_priority", 1)
    assert winner(night, "cem-1", "phone") == ("+12125550302", "consented", 1)


def test_source_priority_customers_then_signups_then_till(night):
    """Eva stands in the list of customers too, Dee only at the till and on a form."""
    assert winner(night, "dee-1", "last_name") == ("Form", "source_priority", 1)
    assert winner(night, "eva-1", "last_name") == ("File", "source_priority", 2)


def test_most_recently_confirmed_counts_a_visit_of_its_person(night):
    """Both wrote Lynn before Salem; Gus has since bought under the record that says Lynn."""
    assert winner(night, "fay-1", "city") == ("Salem", "most_recently_confirmed", 1)
    assert winner(night, "gus-1", "city") == ("Lynn", "most_recently_confirmed", 1)


def test_most_frequent_then_longest_then_lowest_key(night):
    assert winner(night, "hal-1", "city") == ("Lynn", "most_frequent", 1)
    assert winner(night, "hal-1", "region") == ("Mass", "longest", 1)
    value, rule, losers = winner(night, "hal-1", "how_heard")
    keys = {r["source_record_id"]: r["record_key"] for r in night.read("source_records")}
    assert (rule, losers) == ("lowest_key", 1)
    assert value == ("web" if keys["hal-6"] < keys["hal-7"] else "ads")
    audits = [a for a in night.read("golden_record_audit") if a["field"] == "how_heard" and a["losers"]]
    assert [a["source_record_key"] for a in audits] == [min(keys["hal-6"], keys["hal-7"])]


def test_an_only_value_and_a_missing_one(night):
    ida = golden(night, "ida-1")
    assert winner(night, "ida-1", "birth_date") == (date(1980, 5, 17), "only", 0)
    assert (ida["household_size"], ida["email_validity"], ida["phone"]) == (3, "valid", None)
    assert (ida["phone_validity"], ida["address_validity"]) == ("missing", "missing")
    assert (ida["email_confirmed_on"], ida["phone_confirmed_on"]) == (date(2026, 3, 1), None)
    assert (ida["account_kind"], ida["first_created_on"]) == ("person", date(2026, 1, 1))


def test_a_stated_account_kind_beats_the_default_and_a_name_beats_an_initial(night):
    assert winner(night, "kim-1", "account_kind") == ("staff", "valid", 1)
    assert winner(night, "kim-1", "first_name") == ("Kim", "valid", 1)


def test_everybody_has_a_golden_record_even_without_a_value(night):
    leo = golden(night, "leo-1")
    assert (leo["first_name"], leo["email"], leo["email_validity"]) == (None, None, "missing")
