"""Which rows make a source record, how it is named, and what waits for a later as-of date."""

import hashlib
import hmac
from datetime import date

import pytest

from dagster_project.errors import IdentityError

ANA, PHONE = "ana@mail.example", "+12125550199"
GUEST, PAYER, FORM, CLUB = (f"{name}@mail.example" for name in ("guest", "payer", "form", "club"))
PERSONAL = [
    "bob@mail.example", "+12125550101", "+1 (212) 555-0101", "212-555-0101", "020.7946.0958", "tel:+33 1 23 45 67 89",
    "Ana Diaz", "Zoë  Şen", "2125550101", "33123456789",
]  # fmt: skip
PLAIN = [
    "C1001", "17850", "123456789", "123456789012", "1234567890123456789", "9f86d081884c7d65", "cust 17850", "12-34",
    "8c5a1f0e-3b5d-4c9b-9d53-2f1a9f0b7c11",
]  # fmt: skip


def order(order_id: str, day: str = "2026-03-01", **columns) -> dict:
    return {"order_id": order_id, "ordered_at": f"{day} 10:00", "business_date": day} | columns


def hashed(contact: str) -> str:
    return hmac.new(b"test-key", contact.encode(), hashlib.sha256).hexdigest()[:32]


@pytest.fixture(scope="module")
def night(new_lake):
    """One night of records that have nothing to do with one another, a paragraph for each test."""
    lake = new_lake()
    customers, orders, lines = [], [], []

    customers += [customer("1")]
    orders += [order("told", source_customer_id="1"), order("unlisted", source_customer_id="2")]
    lake.customers(customer("1"), file_key="f2", location_id="l2")

    for key, location in (("f3", "l1"), ("f4", "l2")):
        lake.customers(customer("everywhere") | {"customer_id_scope": "network"}, file_key=key, location_id=location)

    orders += [
        order("by-mail", email=ANA, phone=PHONE),
        order("by-phone", phone=PHONE, email="ana@", email_validity="invalid"),
        order("name-only", first_name="Ana"),
        order("card-only", payment_fingerprint="fp1"),
    ]

    orders += [order("id-first", source_customer_id="lined")]
    lines += [order("id-first", line_id=line, email="lines@mail.example") for line in "12"]

    orders += [order("payer-knows", source_customer_id="ordered"), order("guest-pays", email=GUEST)]
    payment = {"paid_at": "2026-03-01 13:00", "event_local_at": "2026-03-01 09:00"}
    paid = [
        {"payment_id": "p1", "order_id": "payer-knows", "email": PAYER},
        {"payment_id": "p2", "order_id": "guest-pays", "email": PAYER},
        {"payment_id": "p3", "order_id": "paid-only", "email": PAYER},
        {"payment_id": "p4", "check_id": "check-only", "email": PAYER},
        {"payment_id": "p5", "email": PAYER},
        {"payment_id": "p6", "order_id": "named-only", "first_name": "Ana", "payment_fingerprint": "fp1"},
    ]
    lake.put("payments", [payment | columns for columns in paid])

    customers += [customer("signed-up", "Fay Moss", email=FORM)]
    forms = [("s1", "2026-02-01", "l1"), ("s2", "2026-02-05", "l2")]
    lake.put(
        "signups",
        [
            {"signup_id": signup, "signed_up_at": f"{day} 09:00", "email": FORM, "location_id": location}
            for signup, day, location in forms
        ],
    )

    customers += [customer("seen", created_at="2026-02-01", updated_at="2026-02-10")]
    orders += [order(f"on-{day}", day, source_customer_id="seen") for day in ("2026-01-15", "2026-04-02")]

    customers += [customer(customer_id) for customer_id in (*PERSONAL, *PLAIN)]
    orders += [order(f"personal-{n}", source_customer_id=customer_id) for n, customer_id in enumerate(PERSONAL)]

    customers += [customer(CLUB, "Gus Berg", email=CLUB)]
    orders += [order("of-the-club", email=CLUB)]

    lake.customers(*customers)
    lake.orders(*orders)
    lake.put("order_lines", lines)
    lake.resolve()
    return lake


def customer(record_id: str, name: str = "Ana Diaz", **columns) -> dict:
    first, _, last = name.partition(" ")
    return {"source_customer_id": record_id, "first_name": first, "last_name": last} | columns


def records(night, *record_ids: str) -> list[dict]:
    return [row for row in night.read("source_records") if row["source_record_id"] in record_ids]


def orders_of(night) -> dict[str, dict]:
    return {row["order_id"]: row for row in night.read("order_records")}


def test_one_record_per_source_location_and_id(night):
    keys = {(r["source"], r["location_id"], r["source_record_id"]): r["record_key"] for r in records(night, "1", "2")}
    assert keys == {
        ("square", location, record_id): hashlib.md5(f"square|{location}|{record_id}".encode()).hexdigest()
        for location, record_id in (("l1", "1"), ("l2", "1"), ("l1", "2"))
    }


def test_network_scope_makes_one_record_for_all_locations(night):
    assert [row["location_id"] for row in records(night, "everywhere")] == [None]


def test_without_an_id_the_contact_is_the_record_and_its_id_a_keyed_hash(night):
    assert len(records(night, hashed(ANA), hashed(PHONE))) == 2
    orders = orders_of(night)
    assert orders.keys() & {"by-mail", "by-phone", "name-only", "card-only"} == {"by-mail", "by-phone"}
    customers = {orders[order_id]["customer_id"] for order_id in ("by-mail", "by-phone")}
    assert customers == {night.ids()[hashed(ANA)]}, "the first row says whose phone it is"
    assert night.ids()[hashed(PHONE)] in customers


def test_an_orders_id_counts_before_a_contact_on_its_lines(night):
    assert orders_of(night)["id-first"]["customer_id"] == night.ids()["lined"]


def test_who_pays_is_known_by_the_payments_contact_and_stands_behind_who_ordered(night):
    ids, orders = night.ids(), orders_of(night)
    of_payments = ("payer-knows", "guest-pays", "paid-only", "check-only", "named-only")
    named = {
        order_id: (orders[order_id]["customer_id"], orders[order_id]["is_contact"], orders[order_id]["is_payer"])
        for order_id in of_payments
        if order_id in orders
    }
    assert named == {
        "payer-knows": (ids["ordered"], False, False),
        "guest-pays": (ids[hashed(GUEST)], True, False),
        "paid-only": (ids[hashed(PAYER)], True, True),
        "check-only": (ids[hashed(PAYER)], True, True),
    }
    assert None not in orders
    [payer] = records(night, hashed(PAYER))
    assert (payer["first_seen_date"], payer["last_seen_date"]) == (date(2026, 3, 1), date(2026, 3, 1))


def test_a_signup_is_one_prospect_record_per_contact_until_somebody_buys(night):
    [signup], [listed] = records(night, hashed(FORM)), records(night, "signed-up")
    assert (signup["is_prospect_record"], signup["location_id"]) == (True, None)
    assert (signup["first_seen_date"], signup["last_seen_date"]) == (date(2026, 2, 1), date(2026, 2, 5))
    assert listed["is_prospect_record"] is False
    customer_id = night.ids()["signed-up"]
    assert night.ids()[hashed(FORM)] == customer_id
    assert [(r["signup_id"], r["customer_id"]) for r in night.read("signup_records")] == [
        ("s1", customer_id),
        ("s2", customer_id),
    ]


def test_first_and_last_seen_span_the_file_and_the_orders(night):
    [record] = records(night, "seen")
    assert (record["first_seen_date"], record["last_seen_date"]) == (date(2026, 1, 15), date(2026, 4, 2))


def test_an_id_that_is_a_contact_or_a_name_is_published_as_a_keyed_hash(night):
    published = {customer_id: hashed(f"id {customer_id}") for customer_id in PERSONAL}
    assert {r["source_record_id"]: r["record_key"] for r in records(night, *published.values())} == {
        record_id: hashlib.md5(f"square|l1|{record_id}".encode()).hexdigest() for record_id in published.values()
    }
    customers, orders = night.ids(), orders_of(night)
    assert [orders[f"personal-{n}"]["customer_id"] for n, _ in enumerate(PERSONAL)] == [
        customers[published[customer_id]] for customer_id in PERSONAL
    ]
    told = {r["source_customer_id"]: r["customer_id"] for r in night.read("customer_records")}
    assert {customer_id: told[customer_id] for customer_id in PERSONAL} == {
        customer_id: customers[published[customer_id]] for customer_id in PERSONAL
    }


def test_no_contact_and_no_name_stands_in_ids_or_keys(night):
    personal = [*PERSONAL, ANA, PHONE, GUEST, PAYER, FORM, CLUB]
    for output in ("source_records", "customer_identities", "order_records"):
        text = str(night.read(output))
        assert [value for value in personal if value in text] == []


def test_a_plain_id_stays(night):
    assert set(PLAIN) <= night.ids().keys()


def test_a_contact_as_an_id_and_a_contact_without_an_id_are_two_records_of_one_person(night):
    assert frozenset({hashed(f"id {CLUB}"), hashed(CLUB)}) in night.people()


def test_what_is_dated_after_as_of_waits(lake, person):
    lake.customers(person("1", created_at="2026-10-31"), person("2", created_at="2026-11-01"))
    lake.orders(order("o1", "2026-10-31", source_customer_id="3"), order("o2", "2026-11-01", source_customer_id="4"))
    lake.put("signups", [{"signup_id": "s1", "signed_up_at": "2026-11-01 09:00", "email": ANA}])
    lake.resolve(date(2026, 10, 31))
    assert set(lake.ids()) == {"1", "3"}
    assert {r["order_id"] for r in lake.read("order_records")} == {"o1"}
    lake.resolve(date(2026, 11, 1))
    assert set(lake.ids()) == {"1", "2", "3", "4", hashed(ANA)}


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
