"""Guards: what a delivery may differ from the one acknowledged before. They refuse before anything leaves.

A guard is set aside only by publish.overrides in network.yaml, with a name and a reason, and ops tells so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dagster_project.errors import PublishError
from dagster_project.outbound import EVERYONE, Guard, Override, PublishSection

# Under this many profiles a share says nothing (one of ten is 10%): only the guard on empty audiences holds there, and
# only where nobody is meant to come and go; a small shop may have nobody whose birthday is this month.
SMALL_AUDIENCE = 100
SUPPRESSIONS_HOURS = 24

Turnover = Literal["stable", "rolling", "calendar"]
# How many times publish.max_audience_shrink and publish.max_removals an audience may turn over in one night;
# None: not guarded, as when a month ends and every birthday with it.
TURNOVER: dict[Turnover, tuple[float, float | None]] = {"stable": (1, 1), "rolling": (5, 10), "calendar": (5, None)}
_SETTING = {
    "shrink": "max_audience_shrink",
    "removals": "max_removals",
    "changes": "max_changes",
    "rejects": "max_rejects",
}


@dataclass(frozen=True)
class Difference:
    """An audience against what the destination acknowledged last. acknowledged is None before the first delivery.

    People who may not be mailed any more are in none of the numbers: that they leave is no accident.
    """

    offered: int
    rejected: int
    acknowledged: int | None
    removed: int = 0
    changed: int = 0
    duplicates: int = 0


@dataclass(frozen=True)
class Finding:
    """A guard that refuses; told says what was found."""

    guard: Guard
    destination: str
    audience: str
    count: int
    total: int
    told: str
    override: Override | None = None


def findings(
    destination: str,
    difference: Difference,
    limits: PublishSection,
    audience: str = EVERYONE,
    turnover: Turnover = "stable",
) -> list[Finding]:
    """What refuses about one audience of one destination.

    Shares of removals, changes and shrink are of the acknowledged set; of rejects, of what the model offered.
    """
    found: list[Finding] = []
    before = difference.acknowledged
    total = difference.offered + difference.rejected

    def hold(guard: Guard, what: str, count: int, of: int, limit: float) -> None:
        if count > limit * of:
            told = (
                f"{count} of {of} profiles {what} ({count / of:.1%}), publish.{_SETTING[guard]} allows {limit:.1%}"
                + (f" for a {turnover} audience" if turnover != "stable" else "")
            )
            found.append(Finding(guard, destination, audience, count, of, told))

    if difference.duplicates:
        told = f"{difference.duplicates} profiles share an address with another"
        found.append(Finding("duplicate_keys", destination, audience, difference.duplicates, total, told))
    if before and not difference.offered and (turnover == "stable" or before >= SMALL_AUDIENCE):
        told = f"the audience is empty and had {before} profiles"
        return [*found, Finding("empty", destination, audience, 0, before, told)]
    if total >= SMALL_AUDIENCE:
        hold("rejects", "were rejected", difference.rejected, total, limits.max_rejects)
    if before is None or before < SMALL_AUDIENCE:
        return found
    shrink, removals = TURNOVER[turnover]
    hold("shrink", "fewer", before - difference.offered, before, min(1.0, shrink * limits.max_audience_shrink))
    if removals is not None:
        hold("removals", "would be removed", difference.removed, before, min(1.0, removals * limits.max_removals))
    hold("changes", "would change", difference.changed, before, limits.max_changes)
    return found


def judge_findings(found: Iterable[Finding], overrides: list[Override], as_of_date: date) -> list[Finding]:
    """The findings with the override that sets each aside, or none."""
    judged = []
    for one in found:
        override = next((o for o in overrides if o.covers(one.guard, one.destination, one.audience, as_of_date)), None)
        judged.append(Finding(**(vars(one) | {"override": override})))
    return judged


def refuse(judged: Iterable[Finding]) -> None:
    """Raise PublishError, naming guard, numbers and what to do, when a finding stands that nobody has set aside."""
    standing = [finding for finding in judged if finding.override is None]
    if not standing:
        return
    first = standing[0]
    of = f", audience {first.audience}" if first.audience != EVERYONE else ""
    more = f" (and {len(standing) - 1} more, see ops.sync_guards)" if len(standing) > 1 else ""
    raise PublishError(
        f"destination {first.destination}{of}: {first.told}; nothing was sent{more}. If it is right, say so under "
        f"publish.overrides in network.yaml: {{guard: {first.guard}, by: <name>, reason: <why>}}, and publish again"
    )
