"""Whether two ways came to the same: the yardsticks and the marts, a night and a rebuild."""

from pathlib import Path

import duckdb

# Per customer, in the order of no id: what every way must agree on. Money in cents.
MARTS = """
select s.recency_days, s.frequency, cast(s.monetary_amount * 100 as bigint), s.r_score, s.f_score, s.m_score,
    coalesce(v.abc_class, 'C')
from marts.marts.rfm_scores s left join marts.marts.customer_360 v using (customer_id)
"""
YARDSTICK = """
select cast(recency as bigint), cast(frequency as bigint), cast(monetary * {cents} as bigint), cast(r_score as integer),
    cast(f_score as integer), cast(m_score as integer), abc_class
from read_parquet('{folder}/customer_360.parquet')
"""
FACTS = {
    "fct_orders": "count(*), cast(sum({money}) as bigint)",
    "fct_order_lines": "count(*), cast(sum({money}) as bigint)",
}


def yardstick_differences(marts: Path, folder: Path, in_cents: bool) -> list[str]:
    """One line per result in which a yardstick's Parquet and the published marts differ.

    Compared are the number and sum of orders and lines, and of every customer its RFM measures and scores and its
    ABC class. Not compared are alerts and P(alive): the product's definitions ask more than one script holds.
    """
    money = "cents" if in_cents else "net_amount * 100"
    with duckdb.connect(str(marts), read_only=True) as connection:
        wrong = []
        for table, measures in FACTS.items():
            ours = connection.execute(f"select {measures.format(money='net_amount * 100')} from marts.marts.{table}")
            ours = ours.fetchall()
            file = f"read_parquet('{folder}/{table}.parquet')"
            theirs = connection.execute(f"select {measures.format(money=money)} from {file}").fetchall()
            if ours != theirs:
                wrong.append(f"{table}: {ours[0]} in the marts, {theirs[0]} in {folder.name}")
        theirs = YARDSTICK.format(folder=folder, cents=1 if in_cents else 100)
        lost, new = (_count(connection, f"({a}) except all ({b})") for a, b in ((MARTS, theirs), (theirs, MARTS)))
        if lost or new:
            wrong.append(f"customers: {lost} only in the marts, {new} only in {folder.name}")
        return wrong


def different_marts(one: Path, other: Path) -> list[str]:
    """One line per table of schema marts that two published sets do not share row for row."""
    spill = {"memory_limit": "4GB", "temp_directory": str(one.parent / "spill")}
    with duckdb.connect(config=spill) as connection:
        for name, file in (("one", one), ("other", other)):
            connection.execute(f"attach '{file}' as {name} (read_only)")
        tables = (
            "select table_name from duckdb_tables() where database_name = '{}' and schema_name = 'marts' order by 1"
        )
        names = [{row[0] for row in connection.execute(tables.format(d)).fetchall()} for d in ("one", "other")]
        wrong = [f"{table}: only in one of the two" for table in sorted(names[0] ^ names[1])]
        for table in sorted(names[0] & names[1]):
            sides = [f"select * from {d}.marts.{table}" for d in ("one", "other")]
            lost, new = (_count(connection, f"{a} except all {b}") for a, b in (sides, sides[::-1]))
            if lost or new:
                wrong.append(f"{table}: {lost} rows only in the first, {new} only in the second")
        return wrong


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return connection.execute(f"select count(*) from ({query})").fetchall()[0][0]
