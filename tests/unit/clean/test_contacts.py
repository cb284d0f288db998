"""What counts as a valid e-mail or phone, and its comparable form."""

import email_validator
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.clean.contacts import judge_contact, judge_email, judge_phone


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Ana.Diaz@Mail.Example ", ("ana.diaz@mail.example", "valid")),
        ("ana@shop.test", ("ana@shop.test", "valid")),
        ("ana+club@mail.example", ("ana+club@mail.example", "valid")),
        ("jörg@mail.example", ("jörg@mail.example", "valid")),
        ("ana@", (None, "invalid")),
        ("ana@mail", (None, "invalid")),
        ("ana..d@mail.example", (None, "invalid")),
        ("ana@mail.invalid", (None, "invalid")),
        ("ana@mail,example", (None, "invalid")),
        ("no mail", (None, "invalid")),
        ("   ", (None, "missing")),
        ("N/A", (None, "missing")),
    ],
)
def test_email(raw, expected):
    assert judge_email(raw) == expected


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("(212) 555-0101", "US", ("+12125550101", "valid")),
        ("1-212-555-0101", "US", ("+12125550101", "valid")),
        ("+1 212 555 0101", "DE", ("+12125550101", "valid")),
        ("030 123456", "DE", ("+4930123456", "valid")),
        ("+49 30 123456", "US", ("+4930123456", "valid")),
        ("555-0101", "US", (None, "invalid")),
        ("0000000000", "US", (None, "invalid")),
        ("999-999-9999", "US", (None, "invalid")),
        ("(212) 222-2222", "US", (None, "invalid")),
        ("1234567890", "US", (None, "invalid")),
        ("call me", "US", (None, "invalid")),
        ("(212) 555-0101", "XX", (None, "invalid")),
        (" ", "US", (None, "missing")),
        ("none", "US", (None, "missing")),
    ],
)
def test_phone(raw, country, expected):
    assert judge_phone(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Ana@Mail.Example", ("ana@mail.example", "email", "valid")),
        ("ana@", (None, "email", "invalid")),
        ("212 555 0101", ("+12125550101", "phone", "valid")),
        ("somebody", (None, "unknown", "invalid")),
    ],
)
def test_contact_of_either_kind(raw, expected):
    assert judge_contact(raw, "US") == expected


LABEL = st.from_regex(r"[a-z0-9_+.-]{1,12}", fullmatch=True)
DOMAIN = st.lists(st.from_regex(r"[a-z0-9-]{1,6}", fullmatch=True), min_size=1, max_size=3).map(".".join)
ENDING = st.sampled_from(["example", "test", "com", "invalid", "local", "localhost", "onion", "arpa", "c", "c0m", ""])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.builds("{}@{}.{}".format, LABEL, DOMAIN, ENDING))
def test_the_short_cut_for_plain_addresses_says_what_the_library_says(address):
    try:
        expected = email_validator.validate_email(address, check_deliverability=False, test_environment=True)
        assert judge_email(address) == (expected.normalized.lower(), "valid")
    except email_validator.EmailNotValidError:
        assert judge_email(address) == (None, "invalid")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.from_regex(r"(\+?1[ .-]?)?\(?[0-9]{3}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}", fullmatch=True))
def test_the_short_cut_for_plain_numbers_says_what_the_library_says(written):
    value, validity = judge_phone(written, "US")
    if validity == "valid":
        parsed = phonenumbers.parse(written, "US")
        assert phonenumbers.is_possible_number(parsed)
        assert value == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
