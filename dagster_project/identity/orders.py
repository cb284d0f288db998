"""Whose order is it, and whose sign-up: one record each, a customer id before a contact."""

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import TILL_FEEDS, signup_rows, till_rows


def assign_orders(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `order_persons`: source, location_id, order_id, record_no, is_contact, is_payer; orders that point to
    nobody have no row. An id counts before a contact, who ordered before who paid, then the lowest key."""
    rows = " union all ".join(
        f"""select t.source, t.location_id, t.order_id, k.record_no, k.is_contact, t.is_payer
            from ({till_rows(home, feed)}) t join known_as k using (source, scope, who, is_contact)
            where t.order_id is not null"""
        for feed in TILL_FEEDS
    )
    # One number to take the least of: cheaper than ranking every row of an order.
    con.execute(
        f"""create temp table order_persons as
            select source, location_id, order_id, place % people as record_no,
                   place // people >= 2 as is_contact, place // people % 2 = 1 as is_payer
            from (select source, location_id, order_id, people,
                         min((2 * is_contact::bigint + is_payer::bigint) * people + record_no) as place
                  from ({rows}), (select count(*) as people from records) group by all)"""
    )


def assign_signups(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `signup_persons`: source, signup_id, record_no; sign-ups without a usable contact have no row."""
    con.execute(
        f"""create temp table signup_persons as
            select distinct s.source, s.signup_id, k.record_no
            from ({signup_rows(home)}) s join known_as k using (source, scope, who, is_contact)"""
    )
