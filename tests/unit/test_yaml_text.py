"""YAML as people mean it: what stands twice is told with both lines, and times of day stay what was written."""

import pytest

from dagster_project.yaml_text import parse_yaml


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: `a` stands here and on line 1"),
        ("a: 1\nb: 2\n'a': 1", "line 3: `a` stands here and on line 1"),
        ("a:\n  - {x: 1,\n     x: 2}", "line 3: `x` stands here and on line 2"),
        ("a: &a {x: 1}\nb: {<<: *a, y: 1,\n  y: 2}", "line 3: `y` stands here and on line 2"),
        ("a: 1\nb: [", "line 3: did not find"),
        ("a: !code x", "line 1: could not determine a constructor"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"^line \d+: ") as error:
        parse_yaml(text.encode())
    assert str(error.value).startswith(told)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="unacceptable character"):
        parse_yaml(b"a: \xff")


def test_what_a_mapping_takes_over_may_be_said_anew() -> None:
    """Also where the mapping taken over lies deeper than the one that takes it."""
    text = "x: {deep: &a {<<: &b {k: 1, l: 1}, k: 2}}\ny: {<<: *a, l: 3}\nz: *b"
    assert parse_yaml(text.encode()) == {"x": {"deep": {"k": 2, "l": 1}}, "y": {"k": 2, "l": 3}, "z": {"k": 1, "l": 1}}


def test_the_same_key_may_stand_in_two_mappings() -> None:
    assert parse_yaml(b"- {a: 1}\n- {a: 2, b: {a: 3}}") == [{"a": 1}, {"a": 2, "b": {"a": 3}}]


def test_times_of_day_are_what_was_written_and_numbers_are_numbers() -> None:
    written = b"[6:30, 06:30, 22:15, 6:30:59, 390, 0x10, 1.5, .inf, 1_000]"
    assert parse_yaml(written) == ["6:30", "06:30", "22:15", "6:30:59", 390, 16, 1.5, float("inf"), 1000]
