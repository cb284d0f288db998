"""Addresses and postal codes, brought to one spelling; whether they exist is not asked."""

import re
from functools import lru_cache

from dagster_project.clean.contacts import MEMO, NOBODY

_US_ZIP = re.compile(r"([0-9]{5})(?:[ -]?[0-9]{4})?")


def tidy_address(raw: str) -> str | None:
    """White space folded; None when it says nothing."""
    value = " ".join(raw.split())
    return None if value.lower() in NOBODY else value


@lru_cache(MEMO)
def tidy_postal_code(raw: str, country: str) -> str | None:
    """Upper case, single blanks; US codes as five digits (spreadsheets lose the leading zero)."""
    value = " ".join(raw.upper().split())
    if value.lower() in NOBODY:
        return None
    if country == "US":
        padded = value.zfill(5) if re.fullmatch("[0-9]{4}", value) else value
        zip_code = _US_ZIP.fullmatch(padded)
        return zip_code[1] if zip_code else value
    return value
