"""Who in an audience may be contacted: holdouts are left out, and one budget over all senders is kept.

A membership is one contact in 28 days. What a customer's segment allows (contact.caps_per_28_days), or their own wish
when that is less, is reserved in state for whoever sends: audiences of higher priority first, memberships that run
before new ones, and new ones of a destination that takes nothing tonight last. What a destination was to take and did
not is given back. Messages that went out count too, beyond those that a sender's memberships stand for. Whoever wants
none, or whose segment may have none, leaves at once; of two who became one, what either had is spent.
"""

from collections.abc import Collection
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.holdout import holdout_rule
from dagster_project.network_sections import ContactSection
from dagster_project.outbound import EVERYONE
from dagster_project.publish.difference import Wish
from dagster_project.publish.working import literal

CAP_DAYS = 28
_BUDGETS = {
    "contact_pressure": "customer_id varchar, sender varchar, contacts_28d bigint",
    "contact_wishes": "customer_id varchar, wished_contacts_28d bigint",
    "customer_id_redirects": "customer_id varchar, living_customer_id varchar",
}


def read_budgets(connection: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    """Tables contact_pressure, contact_wishes and customer_id_redirects out of a sealed snapshot's marts, empty where
    it has none; and view reserved, what was reserved for whoever a customer is today."""
    connection.execute(f"attach {literal(snapshot / 'marts.duckdb')} as marts_of_run (read_only)")
    there = "select count(*) from duckdb_tables() where database_name = 'marts_of_run' and table_name = ?"
    for mart, shape in _BUDGETS.items():
        connection.execute(f"create temp table {mart} ({shape})")
        if connection.execute(there, [mart]).fetchone()[0]:
            connection.execute(f"insert into {mart} by name select {_names(shape)} from marts_of_run.marts.{mart}")
    connection.execute("detach marts_of_run")
    connection.execute(
        """create or replace temp view reserved as
           select coalesce(d.living_customer_id, r.customer_id) as customer_id, destination, audience, reserved_on
           from shared.reservations r left join customer_id_redirects d on d.customer_id = r.customer_id"""
    )


def allow_members(
    connection: duckdb.DuckDBPyConnection,
    wishes: list[Wish],
    priorities: dict[str, int],
    contact: ContactSection,
    key: bytes,
    as_of_date: date,
    columns: tuple[str, ...],
    unreachable: Collection[str] = (),
) -> None:
    """Table allowed_members (destination, audience, record_hash, customer_id), and left_out with a reason, out of
    profiles, members and what read_budgets brought.

    Everybody is in email_profiles: it tells a tool who people are, and no campaign is sent to it by us.
    unreachable: destinations that take nothing tonight.
    """
    run = connection.execute
    run(
        """create or replace temp table requests (
               destination varchar, location varchar, audience varchar, priority int, is_reachable boolean)"""
    )
    for wish in wishes:
        name = wish.destination.name
        for audience in wish.audiences:
            run(
                "insert into requests values (?, ?, ?, ?, ?)",
                [name, wish.destination.location, audience, priorities.get(audience, 0), name not in unreachable],
            )
    run("create or replace temp table caps (segment varchar, cap int)")
    for segment, cap in contact.caps_per_28_days.items():
        run("insert into caps values (?, ?)", [segment, cap])
    home = "p.home_location_id" if "home_location_id" in columns else "cast(null as varchar)"
    segment = "p.rfm_segment" if "rfm_segment" in columns else "cast(null as varchar)"
    salt, below = holdout_rule(key, contact.holdout_share)
    run(
        f"""create or replace temp table asked as
            select r.destination, m.audience, m.record_hash, m.customer_id, r.priority, r.is_reachable,
                {segment} as segment,
                left(md5(concat_ws('|', '{salt}', m.customer_id)), 8) < '{below}' as is_holdout
            from members m join requests r using (audience) join profiles p using (record_hash)
            where m.audience <> '{EVERYONE}' and (r.location is null or r.location = {home})"""
    )
    run(
        f"""create or replace temp table weighed as
            with live as (
                select distinct customer_id, destination, audience from reserved
                where reserved_on > $1::date - {CAP_DAYS} and reserved_on <= $1::date),
            stood_for as (select customer_id, destination, count(*) as contacts from live group by all),
            spent as (
                select customer_id, sum(contacts) as contacts from (
                    select customer_id, count(*) as contacts
                    from live
                    anti join (select * from asked where not is_holdout) using (customer_id, destination, audience)
                    group by 1
                    union all
                    select p.customer_id, greatest(p.contacts_28d - coalesce(s.contacts, 0), 0)
                    from contact_pressure p
                    left join stood_for s on s.customer_id = p.customer_id and s.destination = p.sender)
                group by 1)
            select * exclude (has_one), has_one and cap > 0 as is_running from (
                select a.*, l.customer_id is not null as has_one,
                    coalesce(s.contacts, 0) + row_number() over (
                        partition by a.customer_id
                        order by l.customer_id is null, not a.is_reachable, a.priority, a.destination, a.audience
                    ) as contact,
                    least(
                        coalesce(c.cap, (select cap from caps where segment = 'default')), w.wished_contacts_28d
                    ) as cap
                from (select * from asked where not is_holdout) a
                left join live l using (customer_id, destination, audience)
                left join spent s using (customer_id)
                left join caps c on c.segment = a.segment
                left join contact_wishes w using (customer_id))""",
        [as_of_date],
    )
    run(
        f"""create or replace temp table allowed_members as
            select destination, audience, record_hash, customer_id from weighed where is_running or contact <= cap
            union all
            select r.destination, m.audience, m.record_hash, m.customer_id
            from members m join requests r using (audience) where audience = '{EVERYONE}'"""
    )
    run(
        """create or replace temp table left_out as
           select destination, audience, customer_id, 'holdout' as reason from asked where is_holdout
           union all
           select destination, audience, customer_id, 'contact_cap' from weighed
           where not is_running and contact > cap"""
    )


def reserve_contacts(connection: duckdb.DuckDBPyConnection, as_of_date: date) -> None:
    """Keep what was allowed as spent before anything is sent; reserved again for the same day it stands once. What no
    window can reach goes."""
    connection.execute(
        f"""insert into shared.reservations by name
            select distinct a.customer_id, a.destination, a.audience, $1::date as reserved_on, false as is_taken
            from allowed_members a
            anti join (select * from reserved where reserved_on > $1::date - {CAP_DAYS}) r
                using (customer_id, destination, audience)
            where a.audience <> '{EVERYONE}'""",
        [as_of_date],
    )
    connection.execute(f"delete from shared.reservations where reserved_on < $1::date - {2 * CAP_DAYS}", [as_of_date])


def settle_contacts(connection: duckdb.DuckDBPyConnection, destination: str, taken: str) -> None:
    """Once a destination was sent to: what it took stays spent; what it was to take and did not is given back.

    taken: an SQL relation of audience and record_hash.
    """
    wanted = f"""(select a.audience, a.customer_id, t.record_hash is not null as is_held
                  from allowed_members a left join {taken} t using (audience, record_hash)
                  where a.destination = $1)"""
    of_reservation = """where r.destination = $1 and not r.is_taken
                            and w.customer_id = r.customer_id and w.audience = r.audience"""
    run = connection.execute
    run(
        f"update shared.reservations r set is_taken = true from {wanted} w {of_reservation} and w.is_held",
        [destination],
    )
    run(f"delete from shared.reservations r using {wanted} w {of_reservation} and not w.is_held", [destination])


def _names(shape: str) -> str:
    return ", ".join(column.split()[0] for column in shape.split(", "))
