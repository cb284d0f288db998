"""Whose order is it: one record per order, its customer id before its contact."""

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import till_rows


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
