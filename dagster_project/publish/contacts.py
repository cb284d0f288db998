"""Who in an audience may be contacted: holdouts are left out, and one budget over all senders is kept.

A membership is one contact in 28 days. What a customer's segment allows (contact.caps_per_28_days) is reserved in
state, for whoever sends: audiences of higher priority first, memberships that run before new ones.
"""

from datetime import date

import duckdb

from dagster_project.holdout import holdout_rule
from dagster_project.network_sections import ContactSection
from dagster_project.outbound import EVERYONE
from dagster_project.publish.difference import Wish

CAP_DAYS = 28


def allow_members(
    connection: duckdb.DuckDBPyConnection,
    wishes: list[Wish],
    priorities: dict[str, int],
    contact: ContactSection,
    key: bytes,
    as_of_date: date,
    columns: tuple[str, ...],
) -> None:
    """Table allowed_members (destination, audience, record_hash, customer_id), and left_out with a reason.

    Everybody is in email_profiles: it tells a tool who people are, and no campaign is sent to it by us.
    """
    run = connection.execute
    run("create or replace temp table requests (destination varchar, location varchar, audience varchar, priority int)")
    for wish in wishes:
        for audience in wish.audiences:
            run(
                "insert into requests values (?, ?, ?, ?)",
                [wish.destination.name, wish.destination.location, audience, priorities.get(audience, 0)],
            )
    run("create or replace temp table caps (segment varchar, cap int)")
    for segment, cap in contact.caps_per_28_days.items():
        run("insert into caps values (?, ?)", [segment, cap])
    home = "p.home_location_id" if "home_location_id" in columns else "cast(null as varchar)"
    segment = "p.rfm_segment" if "rfm_segment" in columns else "cast(null as varchar)"
    salt, below = holdout_rule(key, contact.holdout_share)
    run(
        f"""create or replace temp table asked as
            select r.destination, m.audience, m.record_hash, m.customer_id, r.priority, {segment} as segment,
                left(md5(concat_ws('|', '{salt}', m.customer_id)), 8) < '{below}' as is_holdout
            from members m join requests r using (audience) join profiles p using (record_hash)
            where m.audience <> '{EVERYONE}' and (r.location is null or r.location = {home})"""
    )
    run(
        f"""create or replace temp table weighed as
            with live as (
                select distinct customer_id, destination, audience from shared.reservations
                where reserved_on > $1::date - {CAP_DAYS} and reserved_on <= $1::date),
            spent as (
                select customer_id, count(*) as contacts
                from live
                anti join (select * from asked where not is_holdout) using (customer_id, destination, audience)
                group by 1)
            select a.*, l.customer_id is not null as is_running,
                coalesce(s.contacts, 0) + row_number() over (
                    partition by a.customer_id
                    order by l.customer_id is null, a.priority, a.destination, a.audience) as contact,
                coalesce(c.cap, (select cap from caps where segment = 'default'), 4) as cap
            from (select * from asked where not is_holdout) a
            left join live l using (customer_id, destination, audience)
            left join spent s using (customer_id)
            left join caps c on c.segment = a.segment""",
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
    """Keep what was allowed as spent; reserved again for the same day it stands once. What no window can reach goes."""
    connection.execute(
        f"""insert into shared.reservations
            select distinct a.customer_id, a.destination, a.audience, $1::date from allowed_members a
            anti join (select * from shared.reservations where reserved_on > $1::date - {CAP_DAYS}) r
                using (customer_id, destination, audience)
            where a.audience <> '{EVERYONE}'""",
        [as_of_date],
    )
    connection.execute(f"delete from shared.reservations where reserved_on < $1::date - {2 * CAP_DAYS}", [as_of_date])
