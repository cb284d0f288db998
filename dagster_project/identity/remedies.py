"""What a steward can do about a customer, in lines with whole commands: look, part or join, and take a word back."""

import shlex
from collections.abc import Iterator
from typing import Any

import duckdb

from dagster_project.identity.evidence import Link
from dagster_project.identity.lookup import name_of, output_of
from dagster_project.identity.review import EVIDENCE
from dagster_project.identity.standing import latest, words_of
from dagster_project.network import Network

# Why a pair is in identity_review.
REASONS = {
    "uncertain": "nearly one",
    "kept_apart": "one by their score, but joining them would bring two people together",
    "household_guard": "one by their score, but refused by the household guard",
    "contradiction": "one customer, by a tie between records of different e-mails and homes",
}
REVIEWED = 5


def command(network: Network, decision: str, left: str, right: str) -> str:
    """A whole call of make decide, for a shell."""
    names = f"LEFT={shlex.quote(left)} RIGHT={shlex.quote(right)}"
    given = f"NETWORK={shlex.quote(str(network.file))} DECISION={decision} {names}"
    return f'make decide {given} BY="<your name>" REASON="<why>"'


def tell_decisions(network: Network, records: list[dict[str, Any]]) -> Iterator[str]:
    """What stewards said of these records: what stands, how to take it back, and what waits for the next run."""
    words = words_of(network, {name_of(record) for record in records})
    counting = latest(words)
    shown = [word for word in words if word.effect in ("kept_apart", "joined", "overruled", "pending")]
    if shown:
        yield "\nWhat stewards decided about these records:"
    for word in shown:
        counts = counting[word.records] == word
        waits = "waits for the next run" if counts else "another word came after it"
        yield f"  {word}   ({waits if word.effect == 'pending' else word.effect.replace('_', ' ')})"
        if counts and word.decision != "withdraw":
            yield f"    to take it back: {command(network, 'withdraw', *sorted(word.records))}"


def tell_review(network: Network, customer_id: str, records: list[dict[str, Any]]) -> Iterator[str]:
    """The pairs of identity_review that the customer is in and about which nobody has said anything since."""
    found = duckdb.execute(
        f"""select left_customer_id, right_customer_id, left_record, right_record, probability, reason,
                   {", ".join(EVIDENCE)}
            from {output_of(network, "review_pairs")} where ? in (left_customer_id, right_customer_id)
            order by probability desc, left_record, right_record""",
        [customer_id],
    ).fetchall()
    said = {pair for pair, word in latest(words_of(network, {name_of(r) for r in records})).items()
            if word.decision != "withdraw"}  # fmt: skip
    pairs = [row for row in found if frozenset(row[2:4]) not in said]
    if pairs:
        yield "\nWaiting for a look, as in identity_review:"
    for left_id, right_id, left, right, probability, reason, *levels in pairs[:REVIEWED]:
        [other] = {left_id, right_id} - {customer_id} or {customer_id}
        compared = [
            f"{name.removesuffix('_evidence').replace('_', ' ')} {level.replace('_', ' ')}"
            for name, level in zip(EVIDENCE, levels, strict=True)
            if level != "not_known"
        ]
        whom = "itself" if other == customer_id else other
        scored = "" if other == customer_id else f", probability {probability:.4f}"
        yield f"  with {whom}: {REASONS[reason]}{scored}; {', '.join(compared)}"
        yield f"    if {left} and {right} are one person:"
        yield f"      {command(network, 'merge', left, right)}"
        yield "    if they are two: the same with DECISION=separate"
    if len(pairs) > REVIEWED:
        yield f"  ... and {len(pairs) - REVIEWED} less probable ones"


def tell_mending(network: Network, weak: Link | None, records: list[dict[str, Any]]) -> Iterator[str]:
    """How to part the customer at its weakest link, or to join its only record with others."""
    if weak is None:
        yield "\nOne record: nothing to part. To join it with another record or customer:"
        yield f"  {command(network, 'merge', name_of(records[0]), '<record or customer>')}"
        return
    yield f"\nThe weakest link is #{weak.left + 1} - #{weak.right + 1}."
    yield "If those two are not one person (for another pair, put its two records in):"
    yield f"  {command(network, 'separate', name_of(records[weak.left]), name_of(records[weak.right]))}"
    yield "It counts from the next run (make run). To take it back later: the same with DECISION=withdraw."
