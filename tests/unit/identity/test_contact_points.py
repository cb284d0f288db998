"""Consent belongs to the contact point: the later word wins, denied wins a tie, unknown is no word."""

from datetime import date

import pytest

MAIL, PHONE = "ana@mail.example", "+12125550101"


def point(lake, value: str = MAIL) -> dict:
    [found] = [row for row in lake.read("contact_points") if row["value"] == value]
    return found


def states(lake) -> dict[str, str]:
    """Contact -> whether it may be used."""
    return {row["value"]: row["consent_state"] for row in lake.read("contact_points")}


def word(state: str, at: str, contact: str = MAIL, kind: str = "email", channel: str = "email") -> dict:
    return {
        "contact": contact, "clean_contact": contact, "contact_kind": kind, "contact_validity": "valid",
        "channel": channel, "state": state, "at": at, "basis": "express",
    }  # fmt: skip


def test_the_later_word_wins_and_denied_wins_a_tie(lake, person):
    said = {
        "no word": ([], "unknown"),
        "one word": ([("granted", "2026-03-01")], "granted"),
        "later grant": ([("denied", "2026-03-01"), ("granted", "2026-03-02")], "granted"),
        "later denial": ([("granted", "2026-03-01"), ("denied", "2026-03-02")], "denied"),
        "tie": ([("granted", "2026-03-01"), ("denied", "2026-03-01")], "denied"),
        "denial after the as-of date": ([("granted", "2026-03-01"), ("denied", "2026-11-01")], "denied"),
        "grant after the as-of date": ([("denied", "2026-03-01"), ("granted", "2026-11-01")], "denied"),
    }
    mails = {case: f"{case.replace(' ', '-')}@mail.example" for case in said}
    lake.customers(*(person(case, "Ana Diaz", email=mails[case], email_consent="unknown") for case in said))
    lake.put(
        "consents",
        [word(state, f"{day} 10:00", mails[case]) for case, (words, _) in said.items() for state, day in words],
    )
    lake.resolve()
    assert states(lake) == {mails[case]: state for case, (_, state) in said.items()}


def test_words_come_from_the_file_the_form_and_the_consents_feed(lake, person):
    later = "later@mail.example"
    refused = {"email_consent": "denied", "consent_at": "2026-02-01 10:00"}
    lake.customers(person("1", "Ana Diaz", email=MAIL, **refused), person("2", "Bob Ray", email=later, **refused))
    form = {"signed_up_at": "2026-02-02 10:00", "email_consent": "granted"}
    lake.put("signups", [form | {"signup_id": contact, "email": contact} for contact in (MAIL, later)])
    lake.put("consents", [word("denied", "2026-02-03 10:00", later)])
    lake.resolve()
    assert states(lake) == {MAIL: "granted", later: "denied"}
    assert point(lake)["consent_basis"] == "express"


@pytest.mark.parametrize("created_at", ["2026-01-01", None])
def test_leave_without_a_date_is_the_oldest_word_and_a_refusal_without_one_stands(lake, person, created_at):
    said = [("granted", "denied"), ("denied", "granted"), ("denied", "denied")]
    mails = [f"{undated}-then-{dated}@mail.example" for undated, dated in said]
    lake.customers(
        *(
            person(mail, "Ana Diaz", email=mail, email_consent=undated, created_at=created_at)
            for mail, (undated, _) in zip(mails, said, strict=True)
        )
    )
    words = [word(dated, "2020-01-01 10:00", mail) for mail, (_, dated) in zip(mails, said, strict=True)]
    lake.put("consents", words)
    lake.resolve()
    assert states(lake) == dict.fromkeys(mails, "denied")


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


def test_a_number_may_be_texted_only_by_a_word_for_texts_but_any_refusal_counts(lake, person):
    said = {"+12125550101": ("granted", "sms"), "+12125550102": ("granted", "call"), "+12125550103": ("denied", "call")}
    lake.customers(*(person(f"c{phone}", "Ana Diaz", phone=phone) for phone in said))
    lake.put(
        "consents",
        [word(state, "2026-02-01 10:00", phone, "phone", channel) for phone, (state, channel) in said.items()],
    )
    lake.resolve()
    assert states(lake) == {"+12125550101": "granted", "+12125550102": "unknown", "+12125550103": "denied"}


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
