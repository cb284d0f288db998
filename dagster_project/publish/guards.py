"""Guards: what a delivery may differ from the one acknowledged before. They refuse before anything leaves."""

from dataclasses import dataclass

from dagster_project.errors import PublishError
from dagster_project.network import PublishSection

# Under this many profiles a share says nothing (one of ten is 10%): only the guard on empty audiences holds there.
SMALL_AUDIENCE = 100


@dataclass(frozen=True)
class Difference:
    """A payload against what the destination acknowledged last. acknowledged is None before the first delivery."""

    offered: int
    rejected: int
    acknowledged: int | None
    removed: int = 0
    changed: int = 0


def refuse_unlikely(destination: str, difference: Difference, limits: PublishSection) -> None:
    """Raise PublishError, naming the guard, its numbers and what to do, when a delivery looks like an accident.

    Shares of removals, changes and shrink are of the acknowledged set; of rejects, of what the model offered.
    """
    before = difference.acknowledged
    total = difference.offered + difference.rejected
    if before and not difference.offered:
        raise PublishError(
            f"destination {destination}: the audience is empty and had {before} profiles; nothing was sent. "
            "Look at consents and sync_email_profiles of this run before you publish it"
        )
    if total >= SMALL_AUDIENCE:
        _hold(destination, "max_rejects", "were rejected", difference.rejected, total, limits.max_rejects)
    if before is None or before < SMALL_AUDIENCE:
        return
    _hold(destination, "max_audience_shrink", "fewer", before - difference.offered, before, limits.max_audience_shrink)
    _hold(destination, "max_removals", "would be removed", difference.removed, before, limits.max_removals)
    _hold(destination, "max_changes", "would change", difference.changed, before, limits.max_changes)


def _hold(destination: str, guard: str, what: str, count: int, total: int, limit: float) -> None:
    if count > limit * total:
        raise PublishError(
            f"destination {destination}: {count} of {total} profiles {what} ({count / total:.1%}), "
            f"publish.{guard} allows {limit:.1%}; "
            f"nothing was sent. If it is right, raise publish.{guard} in network.yaml and publish again"
        )
