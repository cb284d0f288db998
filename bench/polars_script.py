"""The same results in Polars: `python -m bench.polars_script landing out today`."""

import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from bench.repeat_purchase import p_alive

SCHEMA = {
    "order_id": pl.String,
    "line_id": pl.Int32,
    "ordered_at": pl.Datetime,
    "business_date": pl.Date,
    "product_id": pl.String,
    "quantity": pl.Int32,
    "net_amount": pl.Float64,
    "kind": pl.String,
    "refunds_order_id": pl.String,
    "source_customer_id": pl.String,
}
KEY = ["location", "order_id", "line_id"]


def mid_rank(column: str, base: int, steps: int) -> pl.Expr:
    """Scores with ties together: the share of worse ones plus half of the equal ones."""
    share = (pl.col(column).rank("average") - 0.5) / pl.len()
    return pl.min_horizontal(base + (steps * share).floor(), pl.lit(5.0)).cast(pl.Int32)


def read(landing: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    lines, customers = [], []
    for number, folder in enumerate(sorted(landing.glob("loc_*"))):
        part = pl.read_csv(folder / "20*.csv", schema=SCHEMA)
        lines.append(part.with_columns(location=pl.lit(number, pl.Int32)))
        known = pl.read_csv(folder / "customers.csv", columns=["source_customer_id", "email"])
        customers.append(known.with_columns(location=pl.lit(number, pl.Int32)))
    return pl.concat(lines), pl.concat(customers)


def main(landing: str, out: str, today: str) -> None:
    target, day = Path(out), date.fromisoformat(today)
    target.mkdir(parents=True, exist_ok=True)
    lines, customers = read(Path(landing))
    # An empty cell in quotes is no value either.
    lines = lines.with_columns(
        cents=(pl.col("net_amount") * 100).round().cast(pl.Int64),
        sold_as=pl.when(pl.col("refunds_order_id") != "").then("refunds_order_id").otherwise("order_id"),
        source_customer_id=pl.when(pl.col("source_customer_id") != "").then("source_customer_id"),
    )
    if lines.select(pl.struct(KEY).n_unique()).item() < len(lines):
        lines = lines.sort("ordered_at").unique(KEY, keep="last")
    customers = customers.with_columns(customer_id=pl.col("email").rank("dense"))
    orders = lines.group_by("location", "sold_as").agg(
        pl.col("ordered_at", "business_date").min(),
        pl.col("cents").sum(),
        pl.len().alias("lines"),
        pl.col("source_customer_id").max(),
    )
    orders = orders.join(customers.drop("email"), on=["location", "source_customer_id"], how="left")
    known = orders.filter(pl.col("customer_id").is_not_null())
    visits = known.group_by("customer_id", "business_date").agg(pl.col("cents").sum()).filter(pl.col("cents") > 0)
    people = (
        visits.group_by("customer_id")
        .agg(first=pl.col("business_date").min(), last=pl.col("business_date").max(), frequency=pl.len())
        .join(known.group_by("customer_id").agg(monetary=pl.col("cents").sum()), on="customer_id")
        .with_columns(recency=(pl.lit(day) - pl.col("last")).dt.total_days())
        .with_columns(worse=-pl.col("recency"))
        .with_columns(r_score=mid_rank("worse", 1, 5), m_score=mid_rank("monetary", 1, 5))
    )
    again = people.filter(pl.col("frequency") > 1).select("customer_id", f_score=mid_rank("frequency", 2, 4))
    people = people.join(again, on="customer_id", how="left").with_columns(pl.col("f_score").fill_null(1))
    recent = pl.col("business_date") > day - timedelta(90)
    alerts = (
        visits.filter(pl.col("business_date") > day - timedelta(450))
        .group_by("customer_id")
        .agg(
            now=pl.col("cents").filter(recent).sum(),
            usual=pl.col("cents").filter(~recent).sum() / 4,
            n=(~recent).sum(),
        )
        .filter(pl.col("n") >= 3)
        .select("customer_id", ratio=pl.col("now") / pl.col("usual"))
        .filter(pl.col("ratio") <= 0.6)
    )
    year_ago = day.replace(year=day.year - 1)
    year = known.filter(pl.col("business_date") > year_ago).group_by("customer_id").agg(net=pl.col("cents").sum())
    amounts = (
        year.filter(pl.col("net") > 0).group_by("net").agg(together=pl.col("net").sum()).sort("net", descending=True)
    )
    amounts = amounts.with_columns(
        before=(pl.col("together").cum_sum() - pl.col("together")) / pl.col("together").sum()
    )
    in_class = pl.when(pl.col("before") < 0.8).then(pl.lit("A")).when(pl.col("before") < 0.95).then(pl.lit("B"))
    classes = year.join(amounts, on="net").select("customer_id", abc_class=in_class.otherwise(pl.lit("C")))
    people = people.join(classes, on="customer_id", how="left").with_columns(pl.col("abc_class").fill_null("C"))
    span = (people["last"] - people["first"]).dt.total_days().to_numpy()
    age = (pl.Series([day]) - people["first"]).dt.total_days().to_numpy()
    alive = p_alive(people["frequency"].cast(pl.Int64).to_numpy() - 1, span, age)
    people = people.with_columns(p_alive=pl.Series(alive)).join(alerts, on="customer_id", how="left")
    results = {"fct_orders": orders, "fct_order_lines": lines, "rfm_scores": people, "churn_alerts": alerts}
    for name, table in (results | {"customer_360": people}).items():
        table.write_parquet(target / f"{name}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
