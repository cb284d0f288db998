"""Households: a layer above people, who stay the people they are."""

import duckdb
import pyarrow as pa

from dagster_project.identity.cluster import components
from dagster_project.identity.match import folded
from dagster_project.identity.profiles import comparable_address

# A number or an address of more customers than this is a shop's, an office's or a form's default.
MAX_HOUSEHOLD = 8


def find_households(con: duckdb.DuckDBPyConnection) -> None:
    """Table `households`: customer_id, household_id (named after its lowest customer id).

    One household: the same address and postal code, or the same phone and family name. Needs `golden_records`.
    """
    con.execute(
        f"""create temp table doors as
            with numbered as (select row_number() over (order by customer_id) - 1 as no, * from golden_records),
            keyed as (
                select no, 'a' || {comparable_address("address")} || '|' || upper(postal_code) as door
                from numbered where address is not null and postal_code is not null
                union all
                select no, 'p' || phone || '|' || {folded("last_name")}
                from numbered where phone_validity = 'valid' and last_name is not null)
            select no, min(no) over (partition by door) as first_no from keyed
            qualify count(*) over (partition by door) between 2 and {MAX_HOUSEHOLD}"""
    )
    ids = con.execute("select customer_id from golden_records order by customer_id").to_arrow_table()["customer_id"]
    pairs = con.execute("select no, first_no from doors").fetchnumpy()
    heads = components(len(ids), pairs["no"], pairs["first_no"])
    con.register("found", pa.table({"customer_id": ids, "head": ids.take(pa.array(heads))}))
    con.execute("create temp table households as select customer_id, 'h' || substr(head, 2) as household_id from found")
    con.unregister("found")
    con.execute("drop table doors")
