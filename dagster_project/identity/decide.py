"""A steward's word as a feed: one decision, one small file at the front door, told in advance what it would do."""

import csv
import io
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.errors import IdentityError
from dagster_project.identity.case import open_case, orders_of
from dagster_project.identity.evidence import find_links
from dagster_project.identity.explain import counted
from dagster_project.identity.lookup import Record, find_record, name_of, output_of
from dagster_project.identity.model import model_of, prior
from dagster_project.identity.parting import across, part
from dagster_project.identity.remedies import command
from dagster_project.identity.standing import last_word, latest, words_of
from dagster_project.network import Network

DECISIONS = ("merge", "separate", "withdraw")
COLUMNS = (
    "decision", "left_source", "left_location_id", "left_id", "right_source", "right_location_id", "right_id",
    "decided_by", "decided_at", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Decided:
    """The file that holds the decision, and what it will do, in lines for whoever made it (personal data)."""

    path: Path
    told: list[str]


def decide(network: Network, decision: str, left: str, right: str, by: str, reason: str, at: datetime) -> Decided:
    """Write landing/hq/decisions-<time>.csv with one decision about two records.

    `left` and `right` are records written source/location/id, or customer ids, which stand for the customer's first
    record. Nothing is changed until the next run reads the file. Raises IdentityError when a word is not understood,
    a record is not known, the decision would change nothing, or the landing zone lies elsewhere.
    """
    if decision not in DECISIONS:
        raise IdentityError(f"DECISION={decision}: one of {', '.join(DECISIONS)}")
    if network.landing_url:
        raise IdentityError(f"{network.landing_url}: read only from here; deliver the decision as a file in hq/ there")
    if not reason.strip():
        raise IdentityError("REASON is missing: why, for whoever meets this decision later")
    one, other = find_record(network, left, "LEFT"), find_record(network, right, "RIGHT")
    if one == other:
        raise IdentityError(f"LEFT={left} RIGHT={right}: both are record {one}; name two records")
    told = _preview(network, decision, one, other, (left, right))
    return Decided(_write(network, decision, one, other, by, reason, at), told)


def _preview(network: Network, decision: str, one: Record, other: Record, as_named: tuple[str, str]) -> list[str]:
    """What the decision would do, and how to take it back. Raises IdentityError when that is nothing."""
    customers = [_customer_of(network, record) for record in (one, other)]
    standing = last_word(network, str(one), str(other))
    if decision == "withdraw":
        if standing is None:
            raise IdentityError(
                f"DECISION=withdraw: nothing stands between {one} and {other}{_others(network, customers)}"
            )
        return [f"Takes back: {standing}"]
    for side, name in zip(("LEFT", "RIGHT"), as_named, strict=True):
        if customers == [name, name]:
            raise IdentityError(
                f"{side}={name}: both are of this customer; name two of its records, as make explain prints them"
            )
    if standing is not None and standing.decision == decision:
        raise IdentityError(f"DECISION={decision}: said already: {standing}")
    return [*_outcome(network, decision, customers, one, other),
            f"If that is not what you mean: {command(network, 'withdraw', str(one), str(other))}"]  # fmt: skip


def _outcome(network: Network, decision: str, customers: list[str], one: Record, other: Record) -> list[str]:
    who = [f"  {_who(network, customer)}" for customer in dict.fromkeys(customers)]
    if decision == "separate" and len(who) == 1:
        return _sides(network, customers[0], one, other)
    if decision == "separate":
        return ["They are two customers already, and stay two whatever comes in:", *who]
    if len(who) == 1 and last_word(network, str(one), str(other)) is None:
        return ["They are one customer already, and stay one whatever comes in:", *who]
    return ["Makes one customer of", *who]


def _sides(network: Network, customer_id: str, one: Record, other: Record) -> list[str]:
    """Who would be whom after a separation."""
    model = model_of(network)
    with duckdb.connect() as con:
        records = open_case(con, network, customer_id)
        profiles = con.execute(f"select count(*) from {output_of(network, 'profiles')}").fetchall()[0][0]
        links = find_links(con, network, model, prior(profiles, model.duplicates), records)
    numbers = {name_of(record): record["record_no"] for record in records}
    cut = (numbers[str(one)], numbers[str(other)])
    lines = [f"Separates {_who(network, customer_id)} into"]
    sides = part(links, len(records), [cut])
    for number, side in enumerate(sides):
        lines.append(f"  {'the one that keeps the id' if number == 0 else 'another customer'}:")
        lines += [f"    {name_of(records[record_no])}" for record_no in side]
    yielding = [link for link in across(links, sides) if {link.left, link.right} != {*cut}]
    if yielding:
        lines.append("These links yield to the decision; is each record on its side?")
        lines += [
            f"    {name_of(records[link.left])} - {name_of(records[link.right])}  {link.bits:+.1f} bits"
            for link in reversed(yielding[-5:])
        ]
    return lines


def _who(network: Network, customer_id: str) -> str:
    name, city, records, orders = duckdb.execute(
        f"""select concat_ws(' ', first_name, last_name), city,
                   (select count(*) from {output_of(network, "customer_identities")}
                    where customer_id = $id and valid_to is null),
                   (select count(distinct (source, location_id, order_id)) from ({orders_of(network)}))
            from {output_of(network, "golden_records")} where customer_id = $id""",
        {"id": customer_id},
    ).fetchall()[0]
    known = ", ".join(word for word in (name, city) if word)
    return f"{customer_id} ({known + ': ' if known else ''}{counted(records, 'record')}, {counted(orders, 'order')})"


def _customer_of(network: Network, record: Record) -> str:
    rows = duckdb.execute(
        f"""select customer_id from {output_of(network, "customer_identities")} where valid_to is null
            and source = ? and coalesce(location_id, '') = ? and source_record_id = ?""",
        [record.source, record.location_id, record.source_record_id],
    ).fetchall()
    return rows[0][0]


def _others(network: Network, customers: list[str]) -> str:
    """The decisions that do stand about these customers, for an error."""
    rows = duckdb.execute(
        f"""select source, location_id, source_record_id from {output_of(network, "customer_identities")}
            where valid_to is null and list_contains(?, customer_id)""",
        [customers],
    ).to_arrow_table()
    words = latest(words_of(network, {name_of(row) for row in rows.to_pylist()})).values()
    pairs = sorted(" and ".join(sorted(word.records)) for word in words if word.decision != "withdraw")
    return f"; what stands is about {', '.join(pairs)}" if pairs else ""


def _write(network: Network, decision: str, one: Record, other: Record, by: str, reason: str, at: datetime) -> Path:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    row = (decision, one.source, one.location_id, one.source_record_id, other.source, other.location_id,
           other.source_record_id, by, stamp, reason)  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, row])
    folder = network.landing / "hq"
    folder.mkdir(parents=True, exist_ok=True)
    beside = network.home.root / "decision.new"
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(text.getvalue(), encoding="utf-8")
    name = f"decisions-{at:%Y%m%dT%H%M%SZ}"
    path = folder / f"{name}.csv"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.csv"
    os.replace(beside, path)
    return path
