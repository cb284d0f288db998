"""Consent belongs to the contact point: the later word wins, denied wins a tie, unknown is no word."""

from datetime import date

import pytest

# Each case is one customer with a contact of their own, all in one night. What holds -> what the till's file says of
# the customer, words of the consents feed (state, day, channel), and what counts. A word of a form is told as `form`.
BY_MAIL = {
    "no word": ({"email_consent": "unknown"}, [], "unknown"),
    "one word": ({}, [("granted", "2026-03-01")], "granted"),
    "a later grant": ({}, [("denied", "2026-03-01"), ("granted", "2026-03-02")], "granted"),
    "a later denial": ({}, [("granted", "2026-03-01"), ("denied", "2026-03-02")], "denied"),
    "a tie": ({}, [("granted", "2026-03-01"), ("denied", "2026-03-01")], "denied"),
    "a denial after the as-of date": ({}, [("granted", "2026-03-01"), ("denied", "2026-11-01")], "denied"),
    "a grant after the as-of date": ({}, [("denied", "2026-03-01"), ("granted", "2026-11-01")], "denied"),
    "leave without a date is the oldest word": ({"email_consent": "granted"}, [("denied", "2020-01-01")], "denied"),
    "leave without any date is the oldest word": (
        {"email_consent": "granted", "created_at": None},
        [("denied", "2020-01-01")],
        "denied",
    ),
    "a refusal without a date stands": ({"email_consent": "denied"}, [("granted", "2020-01-01")], "denied"),
    "a refusal without any date stands": (
        {"email_consent": "denied", "created_at": None},
        [("granted", "2020-01-01")],
        "denied",
    ),
    "a refusal without a date and one with": ({"email_consent": "denied"}, [("denied", "2020-01-01")], "denied"),
    "an update does not date a word": (
        {"email_consent": "granted", "updated_at": "2026-10-05"},
        [("denied", "2026-10-01")],
        "denied",
    ),
    "a refusal in a file newer than the as-of date counts at once": (
        {"email_consent": "denied", "updated_at": "2026-11-02", "consent_at": "2026-11-02 10:00"},
        [("granted", "2026-10-01")],
        "denied",
    ),
    "a form's word after the file's": (
        {"email_consent": "denied", "consent_at": "2026-02-01 10:00", "form": "granted"},
        [],
        "granted",
    ),
    "a word after the form's": (
        {"email_consent": "denied", "consent_at": "2026-02-01 10:00", "form": "granted"},
        [("denied", "2026-02-03")],
        "denied",
    ),
}
# A number may be texted only by a word for texts; any refusal counts.
BY_PHONE = {
    "a grant of texts": ({}, [("granted", "2026-02-01", "sms")], "granted"),
    "a grant of calls": ({}, [("granted", "2026-02-01", "call")], "unknown"),
    "a refusal of calls": ({}, [("denied", "2026-02-01", "call")], "denied"),
    "an update does not date a word for texts": (
        {"sms_consent": "granted", "updated_at": "2026-10-05"},
        [("denied", "2026-10-01", "sms")],
        "denied",
    ),
}
MAILS = {case: f"{case.replace(' ', '-').replace(chr(39), '')}@mail.example" for case in BY_MAIL}
PHONES = {case: f"+121255502{n:02}" for n, case in enumerate(BY_PHONE)}
MAIL, PHONE, SHARED = "ana@mail.example", "+12125550101", "ours@mail.example"


def word(contact: str, state: str, day: str, channel: str = "email") -> dict:
    return {
        "contact": contact, "clean_contact": contact, "contact_kind": "email" if "@" in contact else "phone",
        "contact_validity": "valid", "channel": channel, "state": state, "at": f"{day} 10:00", "basis": "express",
    }  # fmt: skip


@pytest.fixture(scope="module")
def points(new_lake) -> list[dict]:
    """The contact points of one night."""
    lake, customers, forms, words = new_lake(), [], [], []
    for kind, cases, contacts in (("email", BY_MAIL, MAILS), ("phone", BY_PHONE, PHONES)):
        for n, (case, (columns, said, _)) in enumerate(cases.items()):
            own = {"source_customer_id": f"{kind}{n}", "first_name": "Ana", "last_name": "Diaz", kind: contacts[case]}
            customers.append(own | {name: value for name, value in columns.items() if name != "form"})
            words += [word(contacts[case], *told) for told in said]
            if "form" in columns:
                form = {"signup_id": f"s{n}", "signed_up_at": "2026-02-02 10:00", kind: contacts[case]}
                forms.append(form | {"email_consent": columns["form"]})
    rest = {"first_name": "Bea", "last_name": "Ray"}
    lake.customers(
        *customers,
        {"source_customer_id": "a", **rest, "email": MAIL, "phone": PHONE, "updated_at": "2026-03-01"},
        {"source_customer_id": "b", **rest, "email": "old@mail.example", "phone": PHONE},
        {"source_customer_id": "c", **rest, "email": "bea@", "email_validity": "invalid", "phone": PHONE},
        {"source_customer_id": "d", "first_name": "Cem", "last_name": "Kaya", "email": SHARED,
         "email_consent": "denied", "consent_at": "2026-02-01"},
        {"source_customer_id": "e", "first_name": "Dee", "last_name": "Kaya", "email": SHARED},
    )  # fmt: skip
    lake.put("signups", forms)
    lake.put("consents", words)
    lake.resolve()
    return lake.read("contact_points")


@pytest.mark.parametrize("case", [*BY_MAIL, *BY_PHONE])
def test_the_word_that_counts(points, case):
    contact = (MAILS | PHONES)[case]
    assert [row["consent_state"] for row in points if row["value"] == contact] == [(BY_MAIL | BY_PHONE)[case][2]]


def test_a_word_comes_with_its_basis(points):
    told = {row["value"]: row["consent_basis"] for row in points}
    assert told[MAILS["a form's word after the file's"]] == "express"


def test_a_shared_contact_point_carries_its_word_to_both_people(points):
    assert [row["consent_state"] for row in points if row["value"] == SHARED] == ["denied", "denied"]


def test_every_value_is_kept_with_its_last_confirmation_and_one_is_golden(points):
    [bea] = {row["customer_id"] for row in points if row["value"] == PHONE}
    rows = {
        r["value"]: (r["validity"], r["is_golden"], r["last_confirmed_on"]) for r in points if r["customer_id"] == bea
    }
    assert rows == {
        MAIL: ("valid", True, date(2026, 3, 1)),
        "old@mail.example": ("valid", False, date(2026, 1, 1)),
        "bea@": ("invalid", False, date(2026, 1, 1)),
        PHONE: ("valid", True, date(2026, 3, 1)),
    }
