"""Why these records are one customer: told to a person at a terminal, with personal data, and kept nowhere else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.identity.evidence import Link, find_links, living_id, open_case, weakest, weigh
from dagster_project.identity.golden_record import FIELDS
from dagster_project.identity.model import model_of, prior
from dagster_project.network import Network

SHOWN = ("first_name", "last_name", "email", "phone", "birth_date", "address", "city", "postal_code")
EXACT = {
    "decision": "a steward's decision",
    "email": "same e-mail and first name",
    "phone": "same phone and first name",
    "name_birth_date": "same name and birth date",
    "name_address": "same name and address",
    "splink": "a score",
}


def explain(network: Network, customer_id: str) -> Iterator[str]:
    """Lines about a customer as the last night resolved it; writes a picture of its weakest link into the home.

    Raises IdentityError when no night has run or nobody has this id.
    """
    home = network.home
    living = living_id(home, customer_id)
    if living != customer_id:
        yield f"{customer_id} lives no more: its records are {living}'s now."
    model = model_of(network)
    with duckdb.connect() as con:
        records = open_case(con, home, living)
        links = find_links(con, home)
        weak = weakest(links)
        ordered = [*([weak] if weak else []), *(one for one in links if one is not weak)]
        profiles = con.execute(f"select count(*) from '{home.identity / 'profiles.parquet'}'").fetchall()[0][0]
        picture = home.root / "explain" / f"{living}.svg"
        weigh(con, model, ordered, prior(profiles, model.duplicates), picture)
        yield from _records(con, living, records)
        yield from _links(ordered, records)
        yield from _golden(con, network, living)
    yield from _mend(network, weak, records, picture)


def _name(record: dict[str, Any]) -> str:
    return f"{record['source']}/{record['location_id'] or ''}/{record['source_record_id']}"


def _records(con: duckdb.DuckDBPyConnection, customer_id: str, records: list[dict[str, Any]]) -> Iterator[str]:
    yield f"Customer {customer_id}: {len(records)} record{'s' if len(records) > 1 else ''}"
    columns = ", ".join(f"list(distinct {c}::varchar order by {c}::varchar) filter ({c} is not null)" for c in SHOWN)
    said = con.execute(f"select record_no, {columns} from observed group by 1 order by 1").fetchall()
    for record, (_, *values) in zip(records, said, strict=True):
        seen = f"seen {record['first_seen_date']} to {record['last_seen_date']}"
        yield f"\n  #{record['number']}  {_name(record)}   {seen}"
        told = [f"{c.replace('_', ' ')}: {' | '.join(v)}" for c, v in zip(SHOWN, values, strict=True) if v]
        yield "      " + ("; ".join(told) or "says nothing of its person")


def _links(links: list[Link], records: list[dict[str, Any]]) -> Iterator[str]:
    if not links:
        return
    yield "\nWhat holds them together, the weakest link first (weights in bits: + speaks for one person, - against)"
    for one in links[:40]:
        left, right = records[one.left]["number"], records[one.right]["number"]
        rules = ", ".join(EXACT[rule] for rule in one.rules)
        against = f"   BUT their {' and '.join(one.differs)} differ" if one.differs else ""
        yield f"\n  #{left} - #{right}  {rules} (match_probability {one.probability:.4f}){against}"
        weights = [f"{name} {label} {bits:+.1f}" for name, (label, bits) in one.weights.items() if label != "not known"]
        if weights:
            yield "      " + ", ".join(weights)
    if len(links) > 40:
        yield f"  ... and {len(links) - 40} stronger ones"


def _golden(con: duckdb.DuckDBPyConnection, network: Network, customer_id: str) -> Iterator[str]:
    identity = network.home.identity
    golden = con.execute(f"select * from '{identity / 'golden_records.parquet'}' where customer_id = ?", [customer_id])
    row = golden.to_arrow_table().to_pylist()[0]
    audit = con.execute(
        f"""select field, rule, r.record_no + 1 from '{identity / "golden_record_audit.parquet"}' a
            left join records r on r.record_key = a.source_record_key where customer_id = ?""",
        [customer_id],
    ).fetchall()
    yield "\nThe golden record: which value counts, by which rule, and what it won against"
    rules = {field: (rule, number) for field, rule, number in audit}
    for field in FIELDS:
        if field.name not in rules or row.get(field.name) is None:
            continue
        rule, number = rules[field.name]
        losers = con.execute(
            f"""select list(distinct {field.name}::varchar order by {field.name}::varchar)
                from observed where {field.name}::varchar <> ?::varchar""",
            [row[field.name]],
        ).fetchall()[0][0]
        lost = f"; lost: {' | '.join(losers)}" if losers else ""
        yield f"  {field.name.replace('_', ' ')}: {row[field.name]}   ({rule}, from #{number}){lost}"


def _mend(network: Network, weak: Link | None, records: list[dict[str, Any]], picture: Path) -> Iterator[str]:
    command = f'make decide NETWORK="{network.file}"'
    if weak is None:
        yield "\nOne record: nothing to part. To join it with another record or customer:"
        yield f'  {command} DECISION=merge LEFT="{_name(records[0])}" RIGHT="<record or customer>"'
        return
    left, right = records[weak.left], records[weak.right]
    yield f"\nThe weakest link is #{left['number']} - #{right['number']}."
    if picture.is_file():
        yield f"Its weights as a picture: {picture}"
    yield "If those two are not one person (for another pair, put its two records in):"
    pair = f'LEFT="{_name(left)}" RIGHT="{_name(right)}"'
    yield f'  {command} DECISION=separate {pair} BY="<your name>" REASON="<why>"'
    yield "It counts from the next run (make run). To take it back later: the same with DECISION=withdraw."
