"""The practical limit: the night's main results as one DuckDB script, without accounting, checks, ids or history.

`python -m bench.plain_duckdb landing out`: a typed parse of each location's months as one text, keys that collide
deduplicated, people joined by exact e-mail, then orders, lines, RFM, ABC, churn, P(alive) and a 360 as Parquet.
"""

import io
import sys
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import csv

from bench.repeat_purchase import p_alive

TYPES = {
    "order_id": pa.string(),
    "line_id": pa.int32(),
    "ordered_at": pa.timestamp("s"),
    "business_date": pa.date32(),
    "product_id": pa.string(),
    "quantity": pa.int32(),
    "net_amount": pa.decimal128(18, 4),
    "kind": pa.string(),
    "refunds_order_id": pa.string(),
    "source_customer_id": pa.string(),
}
# Mid-rank scores, ties together: share of customers worse plus half of those equal.
SCORE = """select {column} as v, least(5, {base} + cast(floor({steps} *
    (sum(n) over (order by {column} {direction}) - n / 2.0) / sum(n) over ()) as integer)) as score
    from (select {column}, count(*) as n from measures {where} group by 1)"""
SQL = """
create table collided as select location, order_id, line_id from lines group by all having count(*) > 1;
create table kept as
    select * from lines anti join collided using (location, order_id, line_id)
    union all
    (select distinct on (location, order_id, line_id) lines.* from lines
        semi join collided using (location, order_id, line_id)
        order by location, order_id, line_id, ordered_at desc);
create table people as select location, source_customer_id, dense_rank() over (order by email) as customer_id
    from customers;
create table orders as
    select location, coalesce(refunds_order_id, order_id) as order_id, min(ordered_at) as ordered_at,
        min(business_date) as business_date, sum(net_amount) as net_amount,
        sum(net_amount) filter (kind = 'refund') as refund_amount, count(*) as lines, max(source_customer_id) as buyer
    from kept group by 1, 2;
create table fct_orders as select o.* exclude (buyer), p.customer_id
    from orders o left join people p on p.location = o.location and p.source_customer_id = o.buyer;
create table visits as select customer_id, business_date as day, sum(net_amount) as net_amount
    from fct_orders where customer_id is not null group by 1, 2 having sum(net_amount) > 0;
create table measures as
    select customer_id, date '{today}' - max(day) as recency, count(*) as frequency, money as monetary,
        max(day) - min(day) as t_x, date '{today}' - min(day) as age
    from visits join (select customer_id, sum(net_amount) as money from fct_orders group by 1) using (customer_id)
    group by 1, money;
create table rfm_scores as
    with r as ({r}), m as ({m}), f as ({f} union all select 1, 1)
    select s.*, r.score as r_score, f.score as f_score, m.score as m_score
    from measures s join r on r.v = recency join f on f.v = frequency join m on m.v = monetary;
create table churn_alerts as
    with spent as (select customer_id, sum(net_amount) filter (day > date '{today}' - 90) as recent,
            sum(net_amount) filter (day <= date '{today}' - 90) / 4 as usual,
            count(*) filter (day <= date '{today}' - 90) as n
        from visits where day > date '{today}' - 450 group by 1)
    select *, coalesce(recent, 0) / usual as ratio from spent where n >= 3 and coalesce(recent, 0) / usual <= 0.6;
create table abc as
    with year as (select customer_id, sum(net_amount) as net from fct_orders
        where customer_id is not null and business_date > date '{today}' - interval 1 year group by 1),
    amounts as (select net, sum(net) as together from year where net > 0 group by 1),
    shares as (select net, (sum(together) over (order by net desc) - together) / sum(together) over () as before
        from amounts)
    select customer_id, net, case when before < 0.8 then 'A' when before < 0.95 then 'B' else 'C' end as abc_class
    from year left join shares using (net);
create table customer_360 as
    select s.*, abc.net, coalesce(abc_class, 'C') as abc_class, c.ratio, a.p_alive
    from rfm_scores s left join abc using (customer_id) left join churn_alerts c using (customer_id)
    left join alive a using (customer_id);
"""
RESULTS = ("fct_orders", "fct_order_lines", "rfm_scores", "churn_alerts", "customer_360")


def read_location(folder: Path) -> pa.Table:
    """All receipt lines of a location in one typed parse: the header of the first file, the bytes of all."""
    parts = [path.read_bytes() for path in sorted(folder.glob("20*.csv"))]
    text = parts[0] + b"".join(part[part.index(b"\n") + 1 :] for part in parts[1:])
    options = csv.ConvertOptions(column_types=TYPES, include_columns=list(TYPES), strings_can_be_null=True)
    return csv.read_csv(io.BytesIO(text), convert_options=options)


def main(landing: str, out: str, today: str = "2026-10-31") -> None:
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False})
    connection.execute(f"set temp_directory = '{target}/spill'")
    for number, folder in enumerate(sorted(Path(landing).glob("loc_*"))):
        arrived = read_location(folder)  # noqa: F841 - read by name below
        into = "insert into {0}" if number else "create table {0} as"
        connection.execute(f"{into.format('lines')} select {number} as location, * from arrived")
        known = csv.read_csv(folder / "customers.csv")  # noqa: F841 - read by name below
        columns = f"{number} as location, source_customer_id, email"
        connection.execute(f"{into.format('customers')} select {columns} from known")
    scores = {
        "r": SCORE.format(column="recency", base=1, steps=5, direction="desc", where=""),
        "m": SCORE.format(column="monetary", base=1, steps=5, direction="asc", where=""),
        "f": SCORE.format(column="frequency", base=2, steps=4, direction="asc", where="where frequency > 1"),
    }
    before, after = SQL.format(today=date.fromisoformat(today), **scores).split("create table customer_360", 1)
    connection.execute(before)
    history = connection.execute("select customer_id, frequency - 1 as x, t_x, age from measures").fetchnumpy()
    alive = pa.table(  # noqa: F841 - read by name below
        {"customer_id": history["customer_id"], "p_alive": p_alive(history["x"], history["t_x"], history["age"])}
    )
    connection.execute("create table customer_360" + after)
    connection.execute("create view fct_order_lines as select * from kept")
    for table in RESULTS:
        connection.execute(f"copy {table} to '{target / table}.parquet' (format parquet, compression zstd)")


if __name__ == "__main__":
    main(*sys.argv[1:])
