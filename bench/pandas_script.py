"""The same results as a practitioner writes them in pandas: `python -m bench.pandas_script landing out today`."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from bench.repeat_purchase import p_alive

TEXT = ("order_id", "product_id", "kind", "refunds_order_id", "source_customer_id")
TYPES = dict.fromkeys(TEXT, "str") | {"line_id": "int32", "quantity": "int32"}


def mid_rank(values: pd.Series, base: int, steps: int) -> pd.Series:
    """Scores with ties together: the share of worse ones plus half of the equal ones."""
    share = (values.rank(method="average") - 0.5) / len(values)
    return (base + np.floor(steps * share)).clip(upper=5).astype(int)


def read(landing: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    lines, customers = [], []
    for folder in sorted(landing.glob("loc_*")):
        for path in sorted(folder.glob("20*.csv")):
            part = pd.read_csv(path, dtype=TYPES, parse_dates=["ordered_at", "business_date"])
            lines.append(part.assign(location=folder.name))
        customers.append(pd.read_csv(folder / "customers.csv", dtype="str").assign(location=folder.name))
    return pd.concat(lines, ignore_index=True), pd.concat(customers, ignore_index=True)


def main(landing: str, out: str, today: str) -> None:
    target, day = Path(out), pd.Timestamp(today)
    target.mkdir(parents=True, exist_ok=True)
    lines, customers = read(Path(landing))
    lines = lines.sort_values("ordered_at").drop_duplicates(["location", "order_id", "line_id"], keep="last")
    customers["customer_id"] = customers["email"].rank(method="dense").astype(int)
    # Money in whole cents: sums of floats would not compare equal.
    lines["cents"] = (lines["net_amount"] * 100).round().astype("int64")
    lines["sold_as"] = lines["refunds_order_id"].fillna(lines["order_id"])
    grouped = lines.groupby(["location", "sold_as"], sort=False)
    orders = grouped.agg(
        ordered_at=("ordered_at", "min"),
        business_date=("business_date", "min"),
        cents=("cents", "sum"),
        lines=("cents", "size"),
        source_customer_id=("source_customer_id", "max"),
    ).reset_index()
    orders = orders.merge(
        customers[["location", "source_customer_id", "customer_id"]], on=["location", "source_customer_id"], how="left"
    )
    known = orders[orders["customer_id"].notna()]
    visits = known.groupby(["customer_id", "business_date"])["cents"].sum().reset_index()
    visits = visits[visits["cents"] > 0]
    by_customer = visits.groupby("customer_id")["business_date"]
    people = by_customer.agg(first="min", last="max", frequency="count")
    people["recency"] = (day - people["last"]).dt.days
    people["monetary"] = known.groupby("customer_id")["cents"].sum().reindex(people.index)
    people["r_score"] = mid_rank(-people["recency"], 1, 5)
    people["m_score"] = mid_rank(people["monetary"], 1, 5)
    people["f_score"] = 1
    again = people["frequency"] > 1
    people.loc[again, "f_score"] = mid_rank(people.loc[again, "frequency"], 2, 4)
    recent, before = day - pd.Timedelta(days=90), day - pd.Timedelta(days=450)
    baseline = visits[(visits["business_date"] > before) & (visits["business_date"] <= recent)]
    usual = baseline.groupby("customer_id")["cents"].agg(["sum", "count"])
    spent = visits[visits["business_date"] > recent].groupby("customer_id")["cents"].sum()
    ratio = spent.reindex(usual.index).fillna(0) / (usual["sum"] / 4)
    alerts = ratio[(usual["count"] >= 3) & (ratio <= 0.6)].rename("ratio")
    year = known[known["business_date"] > day - pd.DateOffset(years=1)].groupby("customer_id")["cents"].sum()
    together = year[year > 0].groupby(year[year > 0]).sum().sort_index(ascending=False)
    share_before = (together.cumsum() - together) / together.sum()
    classes = pd.cut(share_before, [-np.inf, 0.8, 0.95, np.inf], right=False, labels=["A", "B", "C"]).astype(str)
    people["abc_class"] = year.reindex(people.index).map(classes).fillna("C")
    span = (people["last"] - people["first"]).dt.days.to_numpy()
    age = (day - people["first"]).dt.days.to_numpy()
    people["p_alive"] = p_alive(people["frequency"].to_numpy() - 1, span, age)
    people["ratio"] = alerts.reindex(people.index)
    results = {"fct_orders": orders, "fct_order_lines": lines, "rfm_scores": people, "churn_alerts": alerts.to_frame()}
    for name, table in (results | {"customer_360": people}).items():
        table.reset_index().to_parquet(target / f"{name}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
