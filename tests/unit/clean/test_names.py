"""Names: case only where it carries nothing, and the split of a full name."""

import pytest
from nameparser import HumanName

from dagster_project.clean.names import split_name, tidy_name


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  ANA ", "Ana"),
        ("mary  ann", "Mary Ann"),
        ("o'brien", "O'Brien"),
        ("GARCIA-LOPEZ", "Garcia-Lopez"),
        ("McDonald", "McDonald"),
        ("ÁNGEL", "Ángel"),
        ("n/a", None),
        ("  ", None),
        ("123", None),
    ],
)
def test_tidy_name(raw, expected):
    assert tidy_name(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ana diaz", ("Ana", "Diaz")),
        ("DIAZ, ANA", ("Ana", "Diaz")),
        ("Ana M Diaz", ("Ana", "Diaz")),
        ("Ana Maria Diaz", ("Ana", "Diaz")),
        ("Dr. Ana de la Cruz Jr.", ("Ana", "de la Cruz")),
        ("Mr Smith", (None, "Smith")),
        ("Ana", ("Ana", None)),
        ("unknown", (None, None)),
        ("", (None, None)),
    ],
)
def test_split_name(raw, expected):
    assert split_name(raw) == expected


@pytest.mark.parametrize("first", ["Ana", "Jo", "Van", "Dr", "King", "Mary Ann"])
@pytest.mark.parametrize("last", ["Diaz", "Ma", "Jr", "Ray", "Do", "Bishop", "Santos Ray"])
def test_the_short_cut_for_plain_names_says_what_the_parser_says(first, last):
    parsed = HumanName(f"{first} {last}")
    assert split_name(f"{first} {last}") == (tidy_name(parsed.first), tidy_name(parsed.last))
