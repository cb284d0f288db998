"""One customer's records laid open: what each says of its person, and what it bought where and when."""

from typing import Any

import duckdb

from dagster_project.identity.lookup import output_of
from dagster_project.identity.match import find_ties
from dagster_project.identity.observations import TILL_FEEDS, clean_files, till_rows
from dagster_project.identity.profiles import COLUMNS, build_profiles
from dagster_project.network import Network


def open_case(con: duckdb.DuckDBPyConnection, network: Network, customer_id: str) -> list[dict[str, Any]]:
    """The customer's records, by record_no from 0. Leaves tables `records`, `observed`, `names` and `cased` on `con`.

    `cased` has profiles (profile_no, record_no, COLUMNS) of each record alone and, numbered -1 - profile_no and without
    a record_no, those of the groups of records that exact rules tie, as the night compared them.
    """
    con.execute(
        f"""create temp table records as
            select row_number() over (order by record_key) - 1 as record_no, i.record_key, i.source, i.location_id,
                   i.source_record_id, s.first_seen_date, s.last_seen_date
            from {output_of(network, "customer_identities")} i
            join {output_of(network, "source_records")} s using (record_key)
            where i.customer_id = ? and i.valid_to is null""",
        [customer_id],
    )
    con.execute(
        f"""create temp table observed as
            select r.record_no, v.* exclude (record_key, source, location_id, source_record_id)
            from {output_of(network, "record_values")} v join records r using (record_key)"""
    )
    con.execute(
        f"""create temp table nights as
            select * from {output_of(network, "profiles")}
            where cluster_no in (select exact_no from observed)"""
    )
    find_ties(con)
    _take_the_nights_word(con)
    con.execute("create temp table exact_clusters as select record_no, record_no as cluster_no from records")
    build_profiles(con)
    columns = ", ".join(COLUMNS)
    con.execute(
        f"""create temp table cased as
            select profile_no, record_no, {columns} from (
                select p.* replace (coalesce(a.tf, p.tf_first_name) as tf_first_name,
                                    coalesce(b.tf, p.tf_last_name) as tf_last_name,
                                    coalesce(a.known, p.is_known_first) as is_known_first,
                                    case when p.birth_date in (select birth_date from nights) then p.birth_date end
                                        as birth_date)
                from profiles p
                left join (select first_name, max(tf_first_name) as tf, bool_or(is_known_first) as known
                           from nights group by 1) a on a.first_name = p.first_name
                left join (select last_name, max(tf_last_name) as tf from nights group by 1) b
                  on b.last_name = p.last_name)
            union all
            select -1 - profile_no, null, {columns} from nights"""
    )
    rows = con.execute(
        """select *, (select min(exact_no) from observed o where o.record_no = r.record_no) as exact_no
           from records r order by record_no"""
    )
    return rows.to_arrow_table().to_pylist()


def _take_the_nights_word(con: duckdb.DuckDBPyConnection) -> None:
    """What only the whole network tells: whose name a nameless record bears, and which contacts have no weight."""
    con.execute(
        """update names set class = o.name_class
           from (select distinct record_no, name_class from observed) o where o.record_no = names.record_no"""
    )
    con.execute(
        """delete from identifiers where value not in (
               select email from nights where email is not null
               union all select phone from nights where phone is not null)"""
    )


def orders_of(network: Network) -> str:
    """SQL: record_key, source, location_id, order_id, named_id of every order of customer $id.

    `named_id` is a check's id where an export names the check alone; `order_id` is its order's, as in the marts.
    """
    home, place = network.home, "source, location_id"
    told = f"""select source_system as source, location_id, check_id, order_id, false as stands_in
               from {clean_files(home, "order_lines")}
               union all select source_system, location_id, check_id, order_id, order_id is null
               from {clean_files(home, "payments")}
               union all select source_system, location_id, check_id, null, order_id = check_id
               from {clean_files(home, "orders")}"""
    return f"""
        with mine as (select record_key, {place}, order_id as named_id
                      from {output_of(network, "order_records")} where customer_id = $id),
        checks as (select {place}, check_id as named_id, min(order_id) as order_id
                   from (select * replace (nullif(order_id, check_id) as order_id) from ({told}))
                   where ({place}, check_id) in (select ({place}, named_id) from mine)
                   group by all having bool_or(stands_in))
        select m.record_key, {place}, coalesce(c.order_id, m.named_id) as order_id, m.named_id
        from mine m left join checks c using ({place}, named_id)"""


def find_purchases(con: duckdb.DuckDBPyConnection, network: Network, customer_id: str) -> None:
    """Table `purchases`: record_no, location_id, order_no, day, of every order of the customer; needs `records`.

    Two records have one `order_no` where their checks or payments are of one order.
    """
    # The night has told already which orders are not yet to be counted.
    con.execute("create temp table run as select date '9999-12-31' as as_of_date")
    rows = " union all ".join(
        f"select source, location_id, order_id, business_date from ({till_rows(network.home, feed)})"
        for feed in TILL_FEEDS
    )
    con.execute(
        f"""create temp table purchases as
            select r.record_no, t.location_id, o.order_no, min(t.business_date) as day
            from ({rows}) t
            join (select *, dense_rank() over (order by source, location_id, order_id) as order_no
                  from ({orders_of(network)})) o
              on o.source = t.source and o.location_id is not distinct from t.location_id and o.named_id = t.order_id
            join records r using (record_key) group by all""",
        {"id": customer_id},
    )
