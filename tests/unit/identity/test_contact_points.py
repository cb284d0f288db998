"""Consent belongs to the contact point: the later word wins, denied wins a tie, unknown is no word."""

from datetime import date

import pytest

MAIL, PHONE = "ana@mail.example", "+12125550101"


def point(lake, value: str = MAIL) -> dict:
    [found] = [row for row in lake.read("contact_points") if row["value"] == value]
    return found


def word(state: str, at: str, contact: str = MAIL, kind: str = "email", channel: str = "email") -> dict:
    return {
        "contact": contact, "clean_contact": contact, "contact_kind": kind, "contact_validity": "valid",
        "channel": channel, "state": state, "at": at, "basis": "express",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ([], "unknown"),
        ([word("granted", "2026-03-01 10:00")], "granted"),
        ([word("denied", "2026-03-01 10:00"), word("granted", "2026-03-02 10:00")], "granted"),
        ([word("granted", "2026-03-01 10:00"), word("denied", "2026-03-02 10:00")], "denied"),
        ([word("granted", "2026-03-01 10:00"), word("denied", "2026-03-01 10:00")], "denied"),
        ([word("granted", "2026-03-01 10:00"), word("denied", "2026-11-01 10:00")], "denied"),
        ([word("denied", "2026-03-01 10:00"), word("granted", "2026-11-01 10:00")], "denied"),
    ],
    ids=["no word", "one word", "later grant", "later denial", "tie", "late denial", "late grant"],
)
def test_the_later_word_wins_and_denied_wins_a_tie(lake, person, words, state):
    lake.customers(person("1", "Ana Diaz", email=MAIL, email_consent="unknown"))
    lake.put("consents", words)
    lake.resolve()
    assert point(lake)["consent_state"] == state


def test_words_come_from_the_file_the_form_and_the_consents_feed(lake, person):
    lake.customers(person("1", "Ana Diaz", email=MAIL, email_consent="denied", consent_at="2026-02-01 10:00"))
    lake.put(
        "signups",
        [{"signup_id": "s", "signed_up_at": "2026-02-02 10:00", "email": MAIL, "email_consent": "granted"}],
    )
    lake.resolve()
    assert (point(lake)["consent_state"], point(lake)["consent_basis"]) == ("granted", "express")
    lake.put("consents", [word("denied", "2026-02-03 10:00")])
    lake.resolve()
    assert point(lake)["consent_state"] == "denied"


@pytest.mark.parametrize(
    ("undated", "dated", "expected"),
    [("granted", "denied", "denied"), ("denied", "granted", "denied"), ("denied", "denied", "denied")],
)
@pytest.mark.parametrize("created_at", ["2026-01-01", None])
def test_leave_without_a_date_is_the_oldest_word_and_a_refusal_without_one_stands(
    lake, person, undated, dated, expected, created_at
):
    lake.customers(person("1", "Ana Diaz", email=MAIL, email_consent=undated, created_at=created_at))
    lake.put("consents", [word(dated, "2020-01-01 10:00")])
    lake.resolve()
    assert point(lake)["consent_state"] == expected


def test_a_later_visit_or_update_does_not_date_a_word(lake, person):
    subscribed = person("1", "Ana Diaz", email=MAIL, phone=PHONE, email_consent="granted", sms_consent="granted")
    lake.customers(subscribed | {"updated_at": "2026-10-05"})
    lake.put(
        "consents",
        [word("denied", "2026-10-01 10:00"), word("denied", "2026-10-01 10:00", PHONE, "phone", "sms")],
    )
    lake.resolve()
    assert [row["consent_state"] for row in lake.read("contact_points")] == ["denied", "denied"]


def test_a_refusal_in_a_till_whose_file_is_newer_than_the_as_of_date_counts_at_once(lake, person):
    refused = person("1", "Ana Diaz", email=MAIL, email_consent="denied", updated_at="2026-11-02")
    lake.customers(refused | {"consent_at": "2026-11-02 10:00"})
    lake.put("consents", [word("granted", "2026-10-01 10:00")])
    lake.resolve()
    assert point(lake)["consent_state"] == "denied"


@pytest.mark.parametrize(
    ("state", "channel", "expected"),
    [("granted", "sms", "granted"), ("granted", "call", "unknown"), ("denied", "call", "denied")],
)
def test_a_number_may_be_texted_only_by_a_word_for_texts_but_any_refusal_counts(lake, person, state, channel, expected):
    lake.customers(person("1", "Ana Diaz", phone=PHONE))
    lake.put("consents", [word(state, "2026-02-01 10:00", PHONE, "phone", channel)])
    lake.resolve()
    assert point(lake, PHONE)["consent_state"] == expected


def test_a_shared_contact_point_carries_its_word_to_both_people(lake, person):
    lake.customers(
        person("1", "Ana Diaz", email=MAIL, email_consent="denied", consent_at="2026-02-01"),
        person("2", "Bob Diaz", email=MAIL),
    )
    lake.resolve()
    assert [row["consent_state"] for row in lake.read("contact_points")] == ["denied", "denied"]


def test_every_value_is_kept_with_its_last_confirmation_and_one_is_golden(lake, person):
    lake.customers(
        person("1", "Ana Diaz", email=MAIL, phone=PHONE, updated_at="2026-03-01"),
        person("2", "Ana Diaz", email="old@mail.example", phone=PHONE),
        person("3", "Ana Diaz", phone=PHONE, email="ana@", email_validity="invalid"),
    )
    lake.resolve()
    rows = {r["value"]: (r["validity"], r["is_golden"], r["last_confirmed_on"]) for r in lake.read("contact_points")}
    assert rows == {
        MAIL: ("valid", True, date(2026, 3, 1)),
        "old@mail.example": ("valid", False, date(2026, 1, 1)),
        "ana@": ("invalid", False, date(2026, 1, 1)),
        PHONE: ("valid", True, date(2026, 3, 1)),
    }
