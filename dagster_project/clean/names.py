"""Names as people write them: trimmed, folded, re-cased only where case carries nothing.

A full name is split by `nameparser` (titles, suffixes, "Last, First", particles such as "de la"). Two
or more plain words need no parser: first word and last word are what it would say.
"""

from functools import lru_cache

from nameparser import HumanName
from nameparser.config import CONSTANTS

from dagster_project.clean.contacts import MEMO, NOBODY


@lru_cache(1)
def _words_with_a_meaning() -> frozenset[str]:
    groups = (
        CONSTANTS.titles,
        CONSTANTS.first_name_titles,
        CONSTANTS.prefixes,
        CONSTANTS.suffix_acronyms,
        CONSTANTS.suffix_not_acronyms,
        CONSTANTS.conjunctions,
    )
    return frozenset(word for group in groups for word in group)


@lru_cache(MEMO)
def tidy_name(raw: str) -> str | None:
    """One name part, white space folded, cased when all upper or all lower; None when it names nobody."""
    value = " ".join(raw.split())
    if value.lower() in NOBODY or not any(c.isalpha() for c in value):
        return None
    return _cased(value) if value in (value.upper(), value.lower()) else value


@lru_cache(MEMO)
def split_name(raw: str) -> tuple[str | None, str | None]:
    """(first name, last name) of a full name; either may be None."""
    words = raw.split()
    if len(words) >= 2 and all(_is_plain(word) for word in words):
        return tidy_name(words[0]), tidy_name(words[-1])
    if tidy_name(raw) is None:
        return None, None
    parsed = HumanName(raw)
    return tidy_name(parsed.first), tidy_name(parsed.last)


def _is_plain(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word.lower() not in _words_with_a_meaning()


def _cased(value: str) -> str:
    cased, start = [], True
    for character in value:
        cased.append(character.upper() if start else character.lower())
        start = not character.isalpha()
    return "".join(cased)
