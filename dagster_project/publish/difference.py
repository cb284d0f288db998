"""What one destination is to have against what it acknowledged: the numbers for the guards, then the outbox.

Heavy work stays in DuckDB: a million profiles are compared by keyed hash without leaving it.
"""

from dataclasses import dataclass, replace

import duckdb

from dagster_project.errors import PublishError
from dagster_project.outbound import EVERYONE, Destination
from dagster_project.publish.guards import Difference
from dagster_project.publish.payload import HOME, KEY, NO_ATTRIBUTES, Profiles, set_aside
from dagster_project.publish.working import literal, quoted


@dataclass(frozen=True)
class Wish:
    """What a destination is to have: these audiences, these attributes, these people (a location's, or all)."""

    destination: Destination
    audiences: tuple[str, ...]
    attributes: tuple[str, ...]


def attributes_of(profiles: Profiles) -> tuple[str, ...]:
    return tuple(column for column in profiles.columns if column not in NO_ATTRIBUTES)


def of_location(profiles: Profiles, wish: Wish) -> Profiles:
    """What was set aside of a destination's own people alone: another shop's bad addresses are not its matter."""
    location = wish.destination.location
    if location is None:
        return profiles
    rejected, duplicates = set_aside(profiles.connection, location)
    return replace(profiles, rejected=rejected, duplicates=duplicates)


def want(profiles: Profiles, wish: Wish) -> None:
    """Tables of the working connection: wanted_members, wanted_profiles (record_hash, payload_hash)."""
    run = profiles.connection.execute
    location = wish.destination.location
    if location is not None and HOME not in profiles.columns:
        raise PublishError(
            f"destination {wish.destination.name}: location {location} cannot be told apart, as column "
            "home_location_id does not leave; mark it `meta: {publish: true}`"
        )
    at_home = f"and p.{HOME} = {literal(location)}" if location is not None else ""
    names = ", ".join(literal(audience) for audience in wish.audiences) or "null"
    run(
        f"""create or replace temp table wanted_members as
            select m.audience, m.record_hash, m.customer_id
            from allowed_members m join profiles p using (record_hash)
            where m.destination = {literal(wish.destination.name)} and m.audience in ({names}) {at_home}"""
    )
    cells = ", ".join(f"coalesce(cast({quoted(name)} as varchar), chr(30))" for name in wish.attributes) or "''"
    is_wanted = "(select record_hash from wanted_members)"
    run(
        f"""create or replace temp table wanted_profiles as
            select record_hash, md5(concat_ws(chr(31), customer_id, {KEY}, {cells})) as payload_hash
            from profiles where record_hash in {is_wanted}"""
    )


def scoped(profiles: Profiles, wish: Wish) -> Profiles:
    """The profiles of a wish as views `payload` and `audience_payload`, for destinations that take whole sets."""
    want(profiles, wish)
    run = profiles.connection.execute
    selected = ", ".join(quoted(column) for column in profiles.columns)
    members = "select record_hash from wanted_profiles"
    run(
        f"""create or replace temp view payload as
            select {selected} from profiles where record_hash in ({members}) order by {KEY}"""
    )
    run(
        f"""create or replace temp view audience_payload as
            select m.audience, p.{KEY}, m.customer_id from wanted_members m join profiles p using (record_hash)
            where m.audience <> {literal(EVERYONE)} order by m.audience, p.{KEY}"""
    )
    return replace(of_location(profiles, wish), rows=run("select count(*) from wanted_profiles").fetchone()[0])


def compare(profiles: Profiles, wish: Wish) -> dict[str, Difference]:
    """Audience -> difference, over the tables of `want`. Suppressed people do not count: that they leave is right."""
    run = profiles.connection.execute
    rows = run(
        f"""select coalesce(w.audience, a.audience), count(w.record_hash), count(a.record_hash),
                   count(*) filter (w.record_hash is null and {_leaves(wish)})
            from wanted_members w
            full join (select * from ledger.acknowledged
                       where audience <> '' and not list_contains($others, audience)
                           and record_hash not in (select record_hash from shared.suppressions)) a
              on w.audience = a.audience and w.record_hash = a.record_hash
            group by 1""",
        {"others": of_other_lists(profiles.connection, wish)},
    ).fetchall()
    found = {audience: (offered, before, removed) for audience, offered, before, removed in rows}
    differences = {}
    for audience in sorted({*wish.audiences, *found}):
        offered, before, removed = found.get(audience, (0, 0, 0))
        differences[audience] = Difference(offered, 0, before or None, removed)
    wanted, compared, changed = run(
        """select count(*), count(a.record_hash), count(*) filter (w.payload_hash <> a.payload_hash)
           from wanted_profiles w
           left join ledger.acknowledged a on a.audience = '' and a.record_hash = w.record_hash"""
    ).fetchone()
    # Another set of attributes changes every profile by somebody's will, so its changes are no accident.
    if _attributes_sent(profiles.connection) != ",".join(wish.attributes):
        changed = 0
    base = differences.get(EVERYONE, Difference(wanted, 0, compared or None))
    own = of_location(profiles, wish)
    differences[EVERYONE] = replace(base, rejected=len(own.rejected), changed=changed, duplicates=own.duplicates)
    return differences


def fill_outbox(profiles: Profiles, wish: Wish) -> dict[str, int]:
    """Write the outbox anew and return action -> records. What the tool refused is left out until it changes."""
    run = profiles.connection.execute
    given = ", ".join(f"{literal(name)}, p.{quoted(name)}" for name in wish.attributes)
    customer = "p.customer_id" if "customer_id" in profiles.columns else f"p.{KEY}"
    run("begin")
    run("delete from ledger.outbox")
    run(
        f"""insert into ledger.outbox
            with refused as (select record_hash, payload_hash from ledger.refused where audience = ''),
            upserts as (
                select 0 as place, 'upsert' as action, '' as audience, w.record_hash, w.payload_hash
                from wanted_profiles w
                anti join ledger.acknowledged a
                    on a.audience = '' and a.record_hash = w.record_hash and a.payload_hash = w.payload_hash
                anti join refused r on r.record_hash = w.record_hash and r.payload_hash = w.payload_hash),
            additions as (
                select 1, 'add', w.audience, w.record_hash, 'member'
                from wanted_members w
                join wanted_profiles p on p.record_hash = w.record_hash
                anti join ledger.acknowledged a
                    on a.audience = w.audience and a.record_hash = w.record_hash and a.payload_hash = 'member'
                anti join ledger.refused r on r.audience = w.audience and r.record_hash = w.record_hash
                anti join refused r2 on r2.record_hash = w.record_hash and r2.payload_hash = p.payload_hash),
            sent as (select * from upserts union all select * from additions)
            select row_number() over (order by place, audience, sent.record_hash), action, audience, sent.record_hash,
                p.{KEY}, {customer}, case when action = 'upsert' then json_object({given})::varchar end, payload_hash
            from sent join profiles p using (record_hash)"""
    )
    run(
        f"""insert into ledger.outbox
            select (select coalesce(max(seq), 0) from ledger.outbox)
                    + row_number() over (order by a.audience, a.record_hash),
                'remove', a.audience, a.record_hash, a.email, a.customer_id, null, null
            from ledger.acknowledged a
            anti join wanted_members w on w.audience = a.audience and w.record_hash = a.record_hash
            where a.audience <> '' and {_leaves(wish)}"""
    )
    run(
        """insert into ledger.outbox
           select (select coalesce(max(seq), 0) from ledger.outbox) + row_number() over (order by r.record_hash),
               'erase', '', r.record_hash, r.email, coalesce(known.customer_id, r.customer_id, ''), null, r.requested_at
           from privacy_requests r
           anti join ledger.erased e on e.record_hash = r.record_hash and e.requested_at >= r.requested_at
           left join (select record_hash, min(customer_id) as customer_id from ledger.acknowledged group by 1) known
               on known.record_hash = r.record_hash
           where r.kind = 'erase'"""
    )
    run("commit")
    return dict(run("select action, count(*) from ledger.outbox group by 1").fetchall())


def of_other_lists(connection: duckdb.DuckDBPyConnection, wish: Wish) -> list[str]:
    """The audiences whose acknowledgements another list gave than the one they have in network.yaml, or have no more.

    What one list acknowledged says nothing of another. The former one keeps whom it has; it is not ours to change.
    """
    run, lists = connection.execute, wish.destination.lists
    known = dict(run("select name, value from ledger.meta where name like 'list.%'").fetchall())
    audiences = run("select distinct audience from ledger.acknowledged where audience <> ''").fetchall()
    return [
        audience
        for (audience,) in audiences
        if (lists and audience not in lists)
        or known.get(f"list.{audience}", lists.get(audience)) != lists.get(audience)
    ]


def heed_lists(connection: duckdb.DuckDBPyConnection, wish: Wish) -> None:
    """Audiences of other lists begin anew, and whose lists acknowledge from now on is kept."""
    run, lists = connection.execute, wish.destination.lists
    others = of_other_lists(connection, wish)
    for table in ("acknowledged", "refused"):
        run(f"delete from ledger.{table} where list_contains(?, audience)", [others])
    run("delete from ledger.meta where name like 'list.%'")
    run(
        "insert into ledger.meta select unnest(?::varchar[]), unnest(?::varchar[])",
        [[f"list.{audience}" for audience in lists], list(lists.values())],
    )


def remember_attributes(connection: duckdb.DuckDBPyConnection, wish: Wish) -> None:
    """Once all is sent: a set of attributes that only some profiles have yet is still a new one to the guards."""
    connection.execute("delete from ledger.meta where name = 'attributes'")
    connection.execute("insert into ledger.meta values ('attributes', ?)", [",".join(wish.attributes)])


def _leaves(wish: Wish) -> str:
    """Who is taken off a list they are not wanted on: everyone, or in mode upsert whoever may not be mailed."""
    is_mailable = "a.record_hash in (select record_hash from profiles)"
    return "true" if wish.destination.mode == "mirror" else f"not {is_mailable}"


def _attributes_sent(connection: duckdb.DuckDBPyConnection) -> str | None:
    row = connection.execute("select value from ledger.meta where name = 'attributes'").fetchone()
    return row[0] if row else None
