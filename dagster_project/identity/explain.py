"""Why these records are one customer: told to a person at a terminal, with personal data, and kept nowhere else."""

from collections.abc import Iterator
from typing import Any

import duckdb

from dagster_project.identity.case import find_purchases, open_case
from dagster_project.identity.evidence import SCORE, Link, find_links
from dagster_project.identity.golden_record import FIELDS
from dagster_project.identity.lookup import CUSTOMER_ID, find_customers, name_of, output_of
from dagster_project.identity.model import model_of, prior
from dagster_project.identity.parting import across, part, weakest
from dagster_project.identity.remedies import tell_decisions, tell_mending, tell_review
from dagster_project.network import Network

SHOWN = {
    "first_name": "first name", "last_name": "last name", "email": "e-mail", "phone": "phone",
    "birth_date": "birth date", "address": "address", "city": "city", "region": "region",
    "postal_code": "postal code", "payment_fingerprint": "card",
}  # fmt: skip
EXACT = {
    "decision": "a steward's decision",
    "email": "same e-mail",
    "phone": "same phone",
    "name_birth_date": "same name and birth date",
    "name_address": "same name and address",
    "splink": "a score",
}
# How a golden value was chosen, where its rule's name does not tell.
RULES = {"only": "the only value"}
LINKS_SHOWN = 40


def explain(network: Network, who: str) -> Iterator[str]:
    """Lines about the customer meant (see find_customers) as the last night resolved it, and a picture in the home.

    Raises IdentityError when no night has run or nobody is known by that.
    """
    customers = find_customers(network, who)
    if len(customers) > 1:
        yield from _choose(network, customers)
        return
    [living] = customers
    if CUSTOMER_ID.fullmatch(who) and living != who:
        yield f"{who} lives no more: its records are {living}'s now."
    model = model_of(network)
    with duckdb.connect() as con:
        records = open_case(con, network, living)
        profiles = con.execute(f"select count(*) from {output_of(network, 'profiles')}").fetchall()[0][0]
        links = find_links(con, network, model, prior(profiles, model.duplicates), records)
        find_purchases(con, network, living)
        weak = weakest(links, len(records))
        people = part(links, len(records), [(weak.left, weak.right)]) if weak else []
        yield from _records(con, living, records)
        if weak is not None:
            yield from _links(links, weak, across(links, people))
            yield from _sides(con, weak, people)
        yield from _golden(con, network, living)
    yield from tell_review(network, living, records)
    yield from tell_decisions(network, records)
    if weak is not None:
        from dagster_project.identity.picture import draw

        names = [f"#{number + 1} {name_of(records[number])}" for number in (weak.left, weak.right)]
        picture = network.home.root / "explain" / f"{living}.svg"
        draw(living, "the weakest link of its records", weak, names, picture)
        yield f"\nThe weakest link as a picture: {picture}"
    yield from tell_mending(network, weak, records)


def _choose(network: Network, customers: list[str]) -> Iterator[str]:
    yield f"{len(customers)} customers are known by that; explain one of them:"
    rows = duckdb.execute(
        f"""select g.customer_id, concat_ws(' ', g.first_name, g.last_name), g.city, count(*)
            from {output_of(network, "golden_records")} g join {output_of(network, "customer_identities")} i
              on i.customer_id = g.customer_id and i.valid_to is null
            where list_contains(?, g.customer_id) group by all order by 1 limit 20""",
        [customers],
    ).fetchall()
    for customer_id, name, city, count in rows:
        yield f"  {customer_id}  {', '.join(part for part in (name, city) if part)}  ({counted(count, 'record')})"
    if len(customers) > len(rows):
        yield f"  ... and {len(customers) - len(rows)} more"


def _records(con: duckdb.DuckDBPyConnection, customer_id: str, records: list[dict[str, Any]]) -> Iterator[str]:
    yield f"Customer {customer_id}: {counted(len(records), 'record')}"
    columns = ", ".join(f"list(distinct {c}::varchar order by {c}::varchar) filter ({c} is not null)" for c in SHOWN)
    said = con.execute(
        f"""select record_no, {columns}, any_value(case when class <> first_key and length(class) > 1 then class end)
            from observed join names using (record_no) group by 1 order by 1"""
    ).fetchall()
    bought = con.execute(
        """select record_no, list(format('{}: {} day{}, {} to {}', location_id, days, if(days = 1, '', 's'),
                                         first_day, last_day) order by days desc, location_id)
           from (select record_no, coalesce(location_id, '?') as location_id, count(distinct day) as days,
                        min(day) as first_day, max(day) as last_day from purchases group by all) group by 1"""
    ).fetchall()
    days = dict(bought)
    for record, (number, *values, adopted) in zip(records, said, strict=True):
        first, last = record["first_seen_date"], record["last_seen_date"]
        seen = f"   seen {first} to {last}" if first and last else ""
        yield f"\n  #{number + 1}  {name_of(record)}{seen}"
        told = [f"{label}: {' | '.join(v)}" for label, v in zip(SHOWN.values(), values, strict=True) if v]
        if adopted:
            told.append(f"taken for {adopted}, by the other records of its e-mail or phone")
        yield "      " + ("; ".join(told) or "says nothing of its person")
        yield "      " + (f"bought at {'; '.join(days[number])}" if number in days else "no orders")


def _links(links: list[Link], weak: Link, parting: list[Link]) -> Iterator[str]:
    """Every link, and which are `parting`: the weakest, and those that would have to go with it."""
    yield "\nWhat holds them together, the weakest first. One bit more doubles the odds of one person, one"
    yield f"less halves them. Before anything is compared there are {weak.prior:+.1f} bits; what is compared is added."
    shown = links[:LINKS_SHOWN] if weak in links[:LINKS_SHOWN] else [weak, *links[:LINKS_SHOWN]]
    if any(evidence.is_derived for one in shown for evidence in one.found.values()):
        yield "(derived): a side does not say it itself, but other records of its e-mail or phone do. Which link is"
        yield "weak is told by what a link has of its own."
    for one in shown:
        named = " and first name" if one.found["first_name"].label != "not known" else ""
        rules = ", ".join(EXACT[rule] + (named if rule in ("email", "phone") else "") for rule in one.rules)
        own = f", {one.own_bits:+.1f} of its own" if one.own_bits != one.bits else ""
        probability = f", probability {one.told_probability}" if one.rules == [SCORE] else ""
        against = f"   BUT their {_listed(one.differs)} differ" if one.differs else ""
        sides = " - ".join(_numbers(group) for group in one.groups)
        mark = _mark(one, weak, parting)
        yield f"\n  {sides}  {rules}: {one.bits:+.1f} bits{own}{probability}{against}{mark}"
        yield "      " + ", ".join([f"before {one.prior:+.1f}", *_evidence(one)])
    if len(links) > LINKS_SHOWN:
        yield f"  ... and {len(links) - LINKS_SHOWN} stronger ones"


def _mark(one: Link, weak: Link, parting: list[Link]) -> str:
    if one is not weak:
        return "   <- goes with the weakest link" if one in parting else ""
    others = len(parting) - 1
    with_it = f" and the {'one that goes' if others == 1 else f'{others} that go'} with it" if others else ""
    return f"   <- the weakest link: without it{with_it} they fall apart"


def _evidence(one: Link) -> Iterator[str]:
    for name, evidence in one.found.items():
        if evidence.label == "not known":
            continue
        note = ""
        if evidence.is_derived:
            note = " (derived)"
        elif any(len(says) < len(group) for says, group in zip(evidence.says, one.groups, strict=True)):
            note = f" ({_numbers(evidence.says[0])} - {_numbers(evidence.says[1])})"
        yield f"{SHOWN.get(name, name)} {evidence.label} {evidence.bits:+.1f}{note}"


def _sides(con: duckdb.DuckDBPyConnection, weak: Link, people: list[list[int]]) -> Iterator[str]:
    """What would be left on either side of the weakest link, and whether both were out on the same days."""
    yield f"\nWere #{weak.left + 1} and #{weak.right + 1} two people, there would be:"
    for side in people:
        days, orders = con.execute(
            "select count(distinct day), count(distinct order_no) from purchases where list_contains(?, record_no)",
            [side],
        ).fetchall()[0]
        yield f"  {_numbers(side)}: {counted(orders, 'order')} on {counted(days, 'day')}"
    if len(people) == 2:
        yield from _encounters(con, people)


def _encounters(con: duckdb.DuckDBPyConnection, people: list[list[int]]) -> Iterator[str]:
    """The orders that name both sides, and the days on which each bought something of its own."""
    both, apart, common = con.execute(
        """with bought as (select *, list_contains($1, record_no) as is_ours from purchases
                           where list_contains($1, record_no) or list_contains($2, record_no)),
           shared as (select order_no from bought group by 1 having count(distinct is_ours) = 2),
           days as (select list(distinct location_id) filter (is_ours) as ours,
                           list(distinct location_id) filter (not is_ours) as theirs
                    from bought where order_no not in (from shared) group by day)
           select count(*), count(*) filter (not list_has_any(ours, theirs)), (select count(*) from shared)
           from days where ours is not null and theirs is not null""",
        people,
    ).fetchall()[0]
    if common:
        named = f"{counted(common, 'order')} that name{'s' if common == 1 else ''} both"
        yield f"  Counted on both sides: {named}, as by who ordered and who paid."
    if both:
        yield f"  On {counted(both, 'day')} both sides bought, on {apart} of them at different locations."
    else:
        yield f"  On no {'other ' if common else ''}day did both sides buy."


def _golden(con: duckdb.DuckDBPyConnection, network: Network, customer_id: str) -> Iterator[str]:
    golden = con.execute(f"select * from {output_of(network, 'golden_records')} where customer_id = ?", [customer_id])
    row = golden.to_arrow_table().to_pylist()[0]
    audit = con.execute(
        f"""select field, rule, r.record_no + 1 from {output_of(network, "golden_record_audit")} a
            left join records r on r.record_key = a.source_record_key where customer_id = ?""",
        [customer_id],
    ).fetchall()
    points = output_of(network, "contact_points")
    held = con.execute(
        f"""select b.kind, list(b.customer_id order by b.customer_id)
            from {points} a join {points} b on b.kind = a.kind and b.value = a.value and b.customer_id <> a.customer_id
            where a.customer_id = ? and a.is_golden group by 1""",
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
        label = SHOWN.get(field.name, field.name.replace("_", " "))
        yield f"  {label}: {row[field.name]}   ({RULES.get(rule, rule.replace('_', ' '))}, from #{number}){lost}"
        for others in (others for kind, others in held if kind == field.name):
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            yield f"      this {label} is also held by {', '.join(others[:3])}{more}"


def _numbers(records: list[int]) -> str:
    shown = " ".join(f"#{record + 1}" for record in records[:6])
    return f"{shown} .. ({len(records)} records)" if len(records) > 6 else shown


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
