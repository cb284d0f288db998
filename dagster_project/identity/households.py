"""Households: a layer above people, who stay the people they are."""

import duckdb
import pyarrow as pa

from dagster_project.identity.cluster import components
from dagster_project.identity.comparable import comparable_address, comparable_postal_code, folded

# A number or an address of more customers than this is a shop's, an office's or a form's default.
MAX_HOUSEHOLD = 8
# Streets are spelt in many ways; two numbers are two houses.
HOUSE_NUMBER = "regexp_extract(address, '[0-9]+')"
POSTAL_CODE = comparable_postal_code("postal_code")


def find_households(con: duckdb.DuckDBPyConnection) -> None:
    """Table `households`: customer_id, household_id (named after its lowest customer id).

    One household: the same address and postal code, or the same phone and family name, unless a steward told the two
    apart or each has a known home of its own. Needs `golden_records` and `parted`.
    """
    con.execute(
        f"""create temp table doors as
            with numbered as (select row_number() over (order by customer_id) - 1 as no, * from golden_records),
            on_phone as (
                select no, customer_id, 'p' || phone || '|' || {folded("last_name")} as door,
                       case when address is not null then {POSTAL_CODE} || '|' || {HOUSE_NUMBER} end as house
                from numbered where phone_validity = 'valid' and last_name is not null),
            torn as (
                select a.no, a.door from on_phone a join parted using (customer_id)
                join on_phone b on b.customer_id = other_id and b.door = a.door),
            homes as (
                select door, min(house) as house, count(distinct house) as houses from on_phone group by door),
            keyed as (
                select no, 'a' || nullif({comparable_address("address")}, '') || '|' || {POSTAL_CODE} as door
                from numbered where door is not null
                union all
                -- Whose home is not known lives with the others, where these have one home only.
                select no, door || '|' || coalesce(on_phone.house, case when houses = 1 then homes.house end, '')
                from on_phone join homes using (door) anti join torn using (no, door))
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
