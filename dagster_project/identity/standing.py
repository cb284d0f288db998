"""What stewards have said so far: what the last night made of it, and what waits in the landing zone for the next."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from dagster_project.identity.lookup import Record, output_of
from dagster_project.network import Network

# How a sentence tells each decision.
SAID = {"merge": "made one", "separate": "kept apart", "withdraw": "taken back"}


@dataclass(frozen=True)
class Word:
    """One decision about two records; `effect` as in the mart identity_decisions, or pending."""

    decision: str
    records: frozenset[str]
    by: str
    on: str
    reason: str
    effect: str

    def __str__(self) -> str:
        left, right = sorted(self.records)
        why = f": {self.reason}" if self.reason else ""
        return f"{left} and {right} {SAID[self.decision]} by {self.by} on {self.on[:10]}{why}"


def words_of(network: Network, records: set[str]) -> list[Word]:
    """Every word about one of the records (source/location/id), in the order they were given; the pending ones last."""
    heard = list(_night(network))
    known = {(word.decision, word.records, word.on) for word in heard}
    waiting = [word for word in _waiting(network) if (word.decision, word.records, word.on) not in known]
    return [word for word in [*heard, *waiting] if word.records & records]


def latest(words: list[Word]) -> dict[frozenset[str], Word]:
    """Of every two records the word that counts from the next night on, a withdrawal too."""
    ordered = sorted(words, key=lambda word: (word.on, word.decision == "withdraw", word.decision))
    return {word.records: word for word in ordered}


def last_word(network: Network, one: str, other: str) -> Word | None:
    """What counts of two records from the next night on; None when nothing does, or it was taken back."""
    last = latest(words_of(network, {one})).get(frozenset((one, other)))
    return last if last and last.decision != "withdraw" else None


def _night(network: Network) -> Iterator[Word]:
    rows = duckdb.execute(
        f"""select decision, left_record, right_record, decided_by,
                   strftime(decided_at, '%Y-%m-%dT%H:%M:%SZ'), coalesce(reason, ''), effect
            from {output_of(network, "decision_effects")} where left_record is not null order by decision_no"""
    ).fetchall()
    for decision, left, right, by, on, reason, effect in rows:
        yield Word(decision, frozenset((left, right)), by, on, reason, effect)


def _waiting(network: Network) -> Iterator[Word]:
    """What make decide has written; a landing zone that lies elsewhere is asked by the night alone."""
    if network.landing_url:
        return
    for path in sorted((network.landing / "hq").glob("decisions-????????T??????Z*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                left, right = (
                    str(Record(row[f"{side}_source"], row[f"{side}_location_id"], row[f"{side}_id"]))
                    for side in ("left", "right")
                )
                yield Word(row["decision"], frozenset((left, right)), row["decided_by"], row["decided_at"],
                           row["reason"], "pending")  # fmt: skip
