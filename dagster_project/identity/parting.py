"""Where a customer falls apart: its weakest link, and who would be whom if two of its records were two people."""

from dagster_project.identity.cluster import grow
from dagster_project.identity.evidence import DECISION, RANKS, SCORE, Link


def weakest(links: list[Link], records: int) -> Link | None:
    """The weakest link without which the records fall apart: the weakest of the strongest spanning tree."""
    sides = list(range(records))

    def root(node: int) -> int:
        while sides[node] != node:
            node = sides[node]
        return node

    tree = []
    for edge in sorted(links, key=lambda one: one.strength, reverse=True):
        left, right = root(edge.left), root(edge.right)
        if left != right:
            sides[max(left, right)] = min(left, right)
            tree.append(edge)
    return tree[-1] if tree else None


def part(links: list[Link], records: int, apart: list[tuple[int, int]]) -> list[list[int]]:
    """The people that `records` records would be if those of every pair of `apart` were two, the largest first.

    As the night does it: ties in the order of their rules (see cluster.TIES_OF_TORN), then scores, each left out that
    would bring such a pair together. A night may score the parts anew, so a part may find another customer then.
    """
    by_rule = sorted(links, key=_turn)
    ties = [(one.left, one.right) for one in by_rule if one.rules[0] != DECISION]
    decided = [(one.left, one.right) for one in by_rule if one.rules[0] == DECISION]
    people: dict[int, list[int]] = {}
    for record_no, lowest in sorted(grow(range(records), ties, apart, decided).items()):
        people.setdefault(lowest, []).append(record_no)
    return sorted(people.values(), key=lambda one: (-len(one), one))


def _turn(one: Link) -> tuple:
    """When a night comes to a link."""
    first = RANKS.index(one.rules[0])
    if one.rules == [SCORE]:
        return (first, -one.bits, 0, one.left, one.right)
    names = [one.found[name] for name in ("first_name", "last_name") if name in one.found]
    agreed = sum(evidence.label == "same" and not evidence.is_derived for evidence in names)
    return (first, -agreed, -len(one.rules), one.left, one.right)


def across(links: list[Link], people: list[list[int]]) -> list[Link]:
    """The links from one of `people` (see part) to another, weakest first: without all of them they fall apart."""
    side_of = {record_no: number for number, side in enumerate(people) for record_no in side}
    return [one for one in links if side_of[one.left] != side_of[one.right]]
