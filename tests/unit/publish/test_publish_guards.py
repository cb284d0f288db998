"""Guards on what leaves, at their default limits: shrink 10%, removals 5%, changes 50%, rejects 2%."""

from datetime import date

import pytest

from dagster_project.errors import PublishError
from dagster_project.outbound import Override, PublishSection
from dagster_project.publish.guards import Difference, findings, judge_findings, refuse

LIMITS = PublishSection()
DAY = date(2026, 10, 31)


def refuse_unlikely(difference, overrides=(), **audience) -> None:
    refuse(judge_findings(findings("email_drop", difference, LIMITS, **audience), list(overrides), DAY))


@pytest.mark.parametrize(
    "difference",
    [
        Difference(offered=0, rejected=0, acknowledged=None),
        Difference(offered=0, rejected=0, acknowledged=0),
        Difference(offered=1000, rejected=20, acknowledged=None),
        Difference(offered=980, rejected=20, acknowledged=1000),
        Difference(offered=950, rejected=0, acknowledged=1000, removed=50),
        Difference(offered=1000, rejected=0, acknowledged=1000, changed=500),
        Difference(offered=1, rejected=98, acknowledged=99, removed=98, changed=1),
    ],
)
def test_within_the_limits_or_too_small_to_tell_it_leaves(difference):
    refuse_unlikely(difference)


REFUSED = [
    ("empty", Difference(0, 0, acknowledged=1), "the audience is empty and had 1 profiles"),
    ("shrink", Difference(899, 0, acknowledged=1000), "101 of 1000 profiles fewer .*max_audience_shrink allows 10.0%"),
    ("removals", Difference(1000, 0, acknowledged=1000, removed=51), "51 of 1000 .*max_removals allows 5.0%"),
    ("changes", Difference(1000, 0, acknowledged=1000, changed=501), "501 of 1000 .*max_changes allows 50.0%"),
    ("rejects", Difference(979, 21, acknowledged=None), "21 of 1000 .*max_rejects allows 2.0%"),
    ("duplicate_keys", Difference(10, 2, acknowledged=None, duplicates=2), "2 profiles share an address"),
]


@pytest.mark.parametrize(("guard", "difference", "told"), REFUSED)
def test_beyond_a_limit_it_is_refused_by_name_and_numbers(guard, difference, told):
    with pytest.raises(PublishError, match=rf"destination email_drop: {told}.*; nothing was sent.*guard: {guard}"):
        refuse_unlikely(difference)


@pytest.mark.parametrize(("guard", "difference", "told"), REFUSED)
def test_set_aside_with_a_name_and_a_reason_it_leaves(guard, difference, told):
    refuse_unlikely(difference, [Override(guard=guard, by="Jo Park", reason="a list was cleaned")])


@pytest.mark.parametrize(
    "override",
    [
        {"guard": "shrink"},
        {"destination": "another"},
        {"audience": "champions"},
        {"until": date(2026, 10, 30)},
    ],
)
def test_an_override_of_something_else_or_of_yesterday_changes_nothing(override):
    given = {"guard": "removals", "by": "Jo Park", "reason": "a list was cleaned"} | override
    with pytest.raises(PublishError, match="max_removals"):
        refuse_unlikely(Difference(1000, 0, acknowledged=1000, removed=51), [Override(**given)])


@pytest.mark.parametrize(
    ("turnover", "difference", "guards"),
    [
        # Ten times 5% may go from a rolling audience, everybody from a calendar one, when others come in their place.
        ("rolling", Difference(1000, 0, acknowledged=1000, removed=500), []),
        ("rolling", Difference(1000, 0, acknowledged=1000, removed=501), ["removals"]),
        ("calendar", Difference(900, 0, acknowledged=1000, removed=1000), []),
        # Five times 10% may be missing in the end from either.
        ("calendar", Difference(500, 0, acknowledged=1000, removed=1000), []),
        ("calendar", Difference(499, 0, acknowledged=1000, removed=1000), ["shrink"]),
        ("calendar", Difference(0, 0, acknowledged=1000, removed=1000), ["empty"]),
        # A small shop's month without a birthday is no accident, its empty list of champions may be.
        ("calendar", Difference(0, 0, acknowledged=3, removed=3), []),
        ("rolling", Difference(0, 0, acknowledged=99, removed=99), []),
        ("stable", Difference(0, 0, acknowledged=3, removed=3), ["empty"]),
    ],
)
def test_an_audience_may_turn_over_as_its_kind_does(turnover, difference, guards):
    found = findings("email_drop", difference, LIMITS, "birthday_month", turnover)
    assert [finding.guard for finding in found] == guards
