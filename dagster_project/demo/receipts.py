"""One shop's receipts with their totals, what came back of them, and who they name.

Toast, Clover and Shopify export from these: unlike Square they write no line for a refund, and a
voided line stays in the export as a flag.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan, Shop

MONEY = ["gross", "discount", "net", "tax"]


@dataclass(frozen=True)
class Receipts:
    """orders: one row per receipt, oldest first. lines: sold and voided ones, `order` a row of orders.

    `back` is what was given back of an order or line, tax included; `back_day` and `back_second` when.
    """

    orders: pd.DataFrame
    lines: pd.DataFrame


def receipts_of(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray, never_every: int
) -> Receipts:
    """The shop's receipts, and among them one in `never_every` that never happened: `is_never`."""
    orders, lines = sales.of(shop)
    record = record_of_order[orders.index]
    first = orders.index[0] if len(orders) else 0
    lines = lines.assign(order=lines["order"] - first)
    orders = orders.reset_index(drop=True)
    who = records.iloc[np.maximum(record, 0)] if len(records) else records.reindex(np.zeros(len(orders)))
    for target, source in (("customer_id", "source_record_id"), ("email", "email"), ("phone", "phone")):
        orders[target] = np.where(record >= 0, who[source].to_numpy(), "")
    orders["email"] = np.where(orders["day"] >= np.where(record >= 0, who["email_since"], 0), orders["email"], "")
    full_name = (who["first_name"].str.strip() + " " + who["last_name"].str.strip()).str.strip().to_numpy()
    orders["customer_name"] = np.where(record >= 0, full_name, "")
    orders["is_never"] = False

    back = lines[lines["kind"] == "refund"]
    lines = lines[lines["kind"] != "refund"]
    given = -(back["net"] + back["tax"]).to_numpy()
    lines = lines.merge(back[["order", "position"]].assign(back=given), on=["order", "position"], how="left")
    lines = lines.assign(back=lines["back"].fillna(0).astype(int))
    orders, lines = _with_never(plan, shop, orders, lines, never_every)
    sold = lines[(lines["kind"] == "sale") | lines["order"].isin(orders.index[orders["is_never"]])]
    orders[MONEY] = sold.groupby("order")[MONEY].sum().reindex(orders.index, fill_value=0)
    orders["back"] = lines.groupby("order")["back"].sum().reindex(orders.index, fill_value=0)
    orders[["back_day", "back_second"]] = (
        back.groupby("order")[["day", "second"]].max().reindex(orders.index, fill_value=-1)
    )
    order = np.argsort(orders["day"].to_numpy() * 86_400 + orders["second"].to_numpy(), kind="stable")
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    lines = lines.assign(order=place[lines["order"]])
    lines = lines.sort_values(["order", "position"], kind="stable", ignore_index=True)
    return Receipts(orders.iloc[order].reset_index(drop=True), lines)


def _with_never(plan: Plan, shop: Shop, orders: pd.DataFrame, lines: pd.DataFrame, every: int):
    """Copies of some receipts, a minute later, that were voided or cancelled whole; one of them is dear."""
    start = int(plan.rng(f"never {shop.location_id}").integers(0, every))
    chosen = np.arange(start, len(orders), every)
    copies = orders.iloc[chosen].assign(is_never=True, tip_cents=0, pays_with_two=False)
    copies = copies.assign(second=copies["second"] + 60, receipt=len(orders) + 1 + np.arange(len(chosen)))
    own = lines[lines["order"].isin(chosen)]
    own = own.assign(order=len(orders) + np.searchsorted(chosen, own["order"]), kind="void", back=0)
    dear = own.index[:1]
    own.loc[dear, ["price", "gross", "net", "tax"]] = [101_300, 101_300, 101_300, 7851]
    own.loc[dear, ["quantity", "discount"]] = [1, 0]
    return pd.concat([orders, copies], ignore_index=True), pd.concat([lines, own], ignore_index=True)


def dates(plan: Plan, day: np.ndarray, form: str) -> np.ndarray:
    """The days' dates as text; `form` takes year, month and day, as in `{1:02d}/{2:02d}/{0}`."""
    return exporttext.per_value(day, lambda value: form.format(*plan.date(value).timetuple()[:3]))


def clock12(second: np.ndarray, hour: str = "{}") -> np.ndarray:
    """`5:18 PM`; with `hour="{:02d}"` `05:18 PM`."""
    minute = np.minimum(second, 86_399) // 60
    return exporttext.per_value(
        minute, lambda m: f"{hour.format((m // 60 + 11) % 12 + 1)}:{m % 60:02d} {'AM' if m < 720 else 'PM'}"
    )


def product_names(lines: pd.DataFrame, separator: str) -> np.ndarray:
    """`Latte - 16oz, Oat Milk`: the product with how it was made."""
    made = np.array([*(separator + name for name in catalogue.MODIFIERS), ""], dtype=object)[lines["modifier"]]
    return catalogue.PRODUCT_NAMES[lines["product"]] + made


def cut(
    columns: dict, day: np.ndarray, periods: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, bytes, np.ndarray]]:
    """The rows of each period that has any, as a file: (from, until, bytes, which rows); `day` is sorted."""
    rows = exporttext.csv_rows(columns)
    for start, end in periods:
        which = np.flatnonzero((day >= start) & (day < end))
        if len(which):
            yield start, end, exporttext.csv_file(columns, rows[which[0] : which[-1] + 1]), which
