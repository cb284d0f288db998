"""Whose order is it, and whose sign-up: one record each, a customer id before a contact."""

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import signup_rows, till_rows


def assign_orders(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `order_persons`: source, location_id, order_id, record_no; orders that point to nobody have no row."""
    rows = " union all ".join(
        f"""select t.source, t.location_id, t.order_id,
                   k.is_contact::bigint * (select count(*) from records) + k.record_no as rank
            from ({till_rows(home, feed)}) t join known_as k using (source, scope, who, is_contact)"""
        for feed in ("orders", "order_lines")
    )
    con.execute(
        f"""create temp table order_persons as
            select source, location_id, order_id, min(rank) % (select count(*) from records) as record_no
            from ({rows}) group by all"""
    )


def assign_signups(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `signup_persons`: source, signup_id, record_no; sign-ups without a usable contact have no row."""
    con.execute(
        f"""create temp table signup_persons as
            select distinct s.source, s.signup_id, k.record_no
            from ({signup_rows(home)}) s join known_as k using (source, scope, who, is_contact)"""
    )
