"""Which rows make a source record, how it is named, and what waits for a later as-of date."""

import hashlib
import hmac
from datetime import date

import pytest

from dagster_project.errors import IdentityError

MAIL, PHONE = "ana@mail.example", "+12125550101"


def order(order_id: str, day: str = "2026-03-01", **columns) -> dict:
    return {"order_id": order_id, "ordered_at": f"{day} 10:00", "business_date": day} | columns


def hashed(contact: str) -> str:
    return hmac.new(b"test-key", contact.encode(), hashlib.sha256).hexdigest()[:32]


def test_one_record_per_source_location_and_id(lake, person):
    lake.customers(person("1", "Ana Diaz"))
    lake.customers(person("1", "Bob Ray"), file_key="f2", location_id="l2")
    lake.orders(order("o1", source_customer_id="1"), order("o2", source_customer_id="2"))
    lake.resolve()
    records = lake.read("source_records")
    assert {(r["source"], r["location_id"], r["source_record_id"]) for r in records} == {
        ("square", "l1", "1"),
        ("square", "l2", "1"),
        ("square", "l1", "2"),
    }
    expected = hashlib.md5(b"square|l1|2").hexdigest()
    assert expected in {r["record_key"] for r in records}


def test_network_scope_makes_one_record_for_all_locations(lake, person):
    for key, location in (("f1", "l1"), ("f2", "l2")):
        lake.customers(person("1", "Ana Diaz") | {"customer_id_scope": "network"}, file_key=key, location_id=location)
    lake.resolve()
    assert [(r["location_id"], r["source_record_id"]) for r in lake.read("source_records")] == [(None, "1")]


def test_without_an_id_the_contact_is_the_record_and_its_id_a_keyed_hash(lake):
    lake.orders(
        order("by-mail", email=MAIL, phone=PHONE),
        order("by-phone", phone=PHONE, email="ana@", email_validity="invalid"),
        order("name-only", first_name="Ana"),
        order("card-only", payment_fingerprint="fp1"),
    )
    lake.resolve()
    assert {r["source_record_id"] for r in lake.read("source_records")} == {hashed(MAIL), hashed(PHONE)}
    orders = {r["order_id"]: r["customer_id"] for r in lake.read("order_records")}
    assert set(orders) == {"by-mail", "by-phone"}
    assert orders["by-mail"] == orders["by-phone"], "the first row says whose phone it is"
    for output in ("source_records", "customer_identities", "order_records"):
        assert not any(contact in str(lake.read(output)) for contact in (MAIL, PHONE))


def test_an_orders_id_counts_before_a_contact_on_its_lines(lake):
    lake.orders(order("o1", source_customer_id="1"))
    lake.put("order_lines", [order("o1", line_id="1", email=MAIL), order("o1", line_id="2", email=MAIL)])
    lake.resolve()
    ids = lake.ids()
    assert [(r["order_id"], r["customer_id"]) for r in lake.read("order_records")] == [("o1", ids["1"])]


def test_who_pays_is_known_by_the_payments_contact_and_stands_behind_who_ordered(lake):
    lake.orders(order("o1", source_customer_id="1"), order("o2", email="guest@example.com"))
    payment = {"paid_at": "2026-03-01 13:00", "event_local_at": "2026-03-01 09:00"}
    lake.put(
        "payments",
        [
            payment | {"payment_id": "p1", "order_id": "o1", "email": MAIL},
            payment | {"payment_id": "p2", "order_id": "o2", "email": MAIL},
            payment | {"payment_id": "p3", "order_id": "o3", "email": MAIL},
            payment | {"payment_id": "p4", "check_id": "c4", "email": MAIL},
            payment | {"payment_id": "p5", "email": MAIL},
            payment | {"payment_id": "p6", "order_id": "o6", "first_name": "Ana", "payment_fingerprint": "fp1"},
        ],
    )
    lake.resolve()
    ids = lake.ids()
    named = {r["order_id"]: (r["customer_id"], r["is_contact"], r["is_payer"]) for r in lake.read("order_records")}
    assert named == {
        "o1": (ids["1"], False, False),
        "o2": (ids[hashed("guest@example.com")], True, False),
        "o3": (ids[hashed(MAIL)], True, True),
        "c4": (ids[hashed(MAIL)], True, True),
    }
    [payer] = [r for r in lake.read("source_records") if r["source_record_id"] == hashed(MAIL)]
    assert (payer["first_seen_date"], payer["last_seen_date"]) == (date(2026, 3, 1), date(2026, 3, 1))


def test_a_signup_is_one_prospect_record_per_contact_until_somebody_buys(lake, person):
    lake.put(
        "signups",
        [
            {"signup_id": "s1", "signed_up_at": "2026-02-01 09:00", "email": MAIL, "location_id": "l1"},
            {"signup_id": "s2", "signed_up_at": "2026-02-05 09:00", "email": MAIL, "location_id": "l2"},
        ],
    )
    lake.customers(person("1", "Ana Diaz", email=MAIL))
    lake.resolve()
    records = {r["source_record_id"]: r for r in lake.read("source_records")}
    signup = records[hashed(MAIL)]
    assert (signup["is_prospect_record"], signup["location_id"]) == (True, None)
    assert (signup["first_seen_date"], signup["last_seen_date"]) == (date(2026, 2, 1), date(2026, 2, 5))
    assert records["1"]["is_prospect_record"] is False
    assert len(lake.people()) == 1
    [customer_id] = set(lake.ids().values())
    assert [(r["signup_id"], r["customer_id"]) for r in lake.read("signup_records")] == [
        ("s1", customer_id),
        ("s2", customer_id),
    ]


def test_first_and_last_seen_span_the_file_and_the_orders(lake, person):
    lake.customers(person("1", created_at="2026-02-01", updated_at="2026-02-10"))
    lake.orders(order("o1", "2026-01-15", source_customer_id="1"), order("o2", "2026-04-02", source_customer_id="1"))
    lake.resolve()
    [record] = lake.read("source_records")
    assert (record["first_seen_date"], record["last_seen_date"]) == (date(2026, 1, 15), date(2026, 4, 2))


def test_what_is_dated_after_as_of_waits(lake, person):
    lake.customers(person("1", created_at="2026-10-31"), person("2", created_at="2026-11-01"))
    lake.orders(order("o1", "2026-10-31", source_customer_id="3"), order("o2", "2026-11-01", source_customer_id="4"))
    lake.put("signups", [{"signup_id": "s1", "signed_up_at": "2026-11-01 09:00", "email": MAIL}])
    lake.resolve(date(2026, 10, 31))
    assert set(lake.ids()) == {"1", "3"}
    assert {r["order_id"] for r in lake.read("order_records")} == {"o1"}
    lake.resolve(date(2026, 11, 1))
    assert set(lake.ids()) == {"1", "2", "3", "4", hashed(MAIL)}


def test_nothing_at_all_gives_empty_outputs(lake):
    assert lake.resolve()["source_records"] == 0
    for output in (
        "source_records",
        "customer_identities",
        "order_records",
        "golden_records",
        "contact_points",
    ):
        assert lake.read(output) == []


def test_clean_feeds_that_are_missing_are_named(lake):
    lake.remove("orders", "_empty")
    with pytest.raises(IdentityError, match="orders: no clean files of feed orders; run clean first"):
        lake.resolve()


def test_an_id_that_is_a_contact_or_a_name_is_published_as_a_keyed_hash(lake, person):
    personal = [
        "ana@mail.example", "+12125550101", "+1 (212) 555-0101", "212-555-0101", "020.7946.0958",
        "tel:+33 1 23 45 67 89", "Ana Diaz", "Zoë  Şen", "2125550101", "33123456789",
    ]  # fmt: skip
    lake.customers(*(person(customer_id, "Ana Diaz") for customer_id in personal))
    lake.orders(*(order(f"o{n}", source_customer_id=customer_id) for n, customer_id in enumerate(personal)))
    lake.resolve()
    published = {customer_id: hashed(f"id {customer_id}") for customer_id in personal}
    assert {r["source_record_id"]: r["record_key"] for r in lake.read("source_records")} == {
        record_id: hashlib.md5(f"square|l1|{record_id}".encode()).hexdigest() for record_id in published.values()
    }
    customers = lake.ids()
    assert {r["order_id"]: r["customer_id"] for r in lake.read("order_records")} == {
        f"o{n}": customers[published[customer_id]] for n, customer_id in enumerate(personal)
    }
    assert {r["source_customer_id"]: r["customer_id"] for r in lake.read("customer_records")} == {
        customer_id: customers[published[customer_id]] for customer_id in personal
    }
    for output in ("source_records", "customer_identities", "order_records"):
        assert not [customer_id for customer_id in personal if customer_id in str(lake.read(output))]


def test_a_plain_id_stays(lake, person):
    plain = {
        "C1001", "17850", "123456789", "123456789012", "1234567890123456789", "9f86d081884c7d65", "cust 17850", "12-34",
        "8c5a1f0e-3b5d-4c9b-9d53-2f1a9f0b7c11",
    }  # fmt: skip
    lake.customers(*(person(customer_id, "Ana Diaz") for customer_id in sorted(plain)))
    lake.resolve()
    assert set(lake.ids()) == plain


def test_a_contact_as_an_id_and_a_contact_without_an_id_are_two_records_of_one_person(lake, person):
    lake.customers(person(MAIL, "Ana Diaz", email=MAIL))
    lake.orders(order("o1", email=MAIL))
    lake.resolve()
    assert lake.people() == {frozenset({hashed(f"id {MAIL}"), hashed(MAIL)})}
