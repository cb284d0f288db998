"""Validity and the comparable form of one e-mail address or one phone number.

E-mail: RFC 5321/5322 syntax as the `email-validator` library judges it, without asking the DNS. The
whole address is lower-cased: no till or list in use distinguishes case before the @. Test and example
domains are valid syntax, so that a demo network can use addresses that reach nobody.

Phone: `phonenumbers` (Google's libphonenumber). Valid means *possible* (its country has numbers of that
length, area code included), not *assigned*: numbering plans move faster than the library, and its
stricter test refuses fictional and newly opened ranges. What tills collect as a refusal (one digit
repeated, 1234567890) is invalid all the same.
"""

import re
from functools import lru_cache

import email_validator
import phonenumbers

VALID, INVALID, MISSING = "valid", "invalid", "missing"
Judged = tuple[str | None, str]

MEMO = 1 << 16

# Plain addresses the library accepts unchanged; everything else is asked of the library itself.
_PLAIN_EMAIL = re.compile(
    r"(?=.{6,254}$)[a-z0-9_+-]{1,32}(?:\.[a-z0-9_+-]{1,20}){0,1}"
    r"@(?:[a-z0-9]{1,60}(?:-[a-z0-9]{1,2})?\.){1,3}(?!arpa$|invalid$|local$|localhost$|onion$)[a-z]{2,20}"
)
_PLAIN_NANP = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?([2-9][0-9]{2})[ .-]?([0-9]{4})")
_NANP_COUNTRIES = frozenset({"US", "CA"})
_COUNTED = ("0123456789", "1234567890", "123456789", "0987654321", "9876543210")
NOBODY = frozenset({"", "-", "--", "n/a", "na", "none", "null", "nan", "unknown"})


@lru_cache(MEMO)
def judge_email(raw: str) -> Judged:
    """(comparable address or None, valid | invalid | missing)."""
    value = raw.strip().lower()
    if value in NOBODY:
        return None, MISSING
    if _PLAIN_EMAIL.fullmatch(value):
        return value, VALID
    try:
        parsed = email_validator.validate_email(value, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        return None, INVALID
    return parsed.normalized.lower(), VALID


@lru_cache(MEMO)
def judge_phone(raw: str, country: str) -> Judged:
    """(E.164 or None, valid | invalid | missing); `country` reads a number without a country code."""
    value = raw.strip()
    if value.lower() in NOBODY:
        return None, MISSING
    plain = _PLAIN_NANP.fullmatch(value) if country in _NANP_COUNTRIES else None
    if plain:
        national = "".join(plain.groups())
        return (None, INVALID) if _is_refusal(national) else ("+1" + national, VALID)
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None, INVALID
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE or _is_refusal(str(number.national_number)):
        return None, INVALID
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), VALID


def judge_contact(raw: str, country: str) -> tuple[str | None, str, str]:
    """(comparable form or None, email | phone | unknown, validity) of a contact that may be either."""
    if "@" in raw:
        return (*_with_kind(judge_email(raw), "email"),)
    value, validity = judge_phone(raw, country)
    return value, "phone" if validity == VALID else "unknown", validity


def _with_kind(judged: Judged, kind: str) -> tuple[str | None, str, str]:
    return judged[0], kind, judged[1]


def _is_refusal(national: str) -> bool:
    return len(set(national)) == 1 or len(set(national[-7:])) == 1 or national in _COUNTED
