"""Exports in the feeds' own column names: nightly CSV of one shop, monthly gzip of another."""

from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.mess import with_broken_rows
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan, Shop

NOON = time(12)
REASONS = np.array(["wrong item", "too cold", "changed mind", "wrong milk"], dtype=object)
BROKEN_LINES = (("ordered_at", "31/13/2026 08:00"), ("quantity", ""), ("net_amount", "n/a"))
# The second shop's export is narrower: no names, no business date, no line ids.
NARROW_LINES = exporttext.header(
    "order_id,line_number,ordered_at,product_id,quantity,net_amount,tax_amount,kind,refunds_order_id,source_customer_id"
)
NARROW_ORDERS = exporttext.header(
    "order_id,ordered_at,net_amount,tip_amount,total_amount,source_customer_id,payment_fingerprint"
)


def names_contact_only(orders: pd.DataFrame) -> pd.Series:
    """Orders that carry an e-mail or phone instead of a customer id (wide exports only)."""
    return orders["is_captured"] & (orders["name_luck"] > 0.94)


def sales_exports(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    """order_lines and orders per period: months, and single days in the last month of a wide export."""
    lines, orders = _rows(plan, shop, sales, records, record_of_order)
    periods = list(zip(plan.month_starts, plan.month_starts[1:], strict=False))
    wide = shop.style == 4
    if wide:
        start, end = periods.pop()
        periods += [(day, day + 1) for day in range(start, end)]
    for number, (start, end) in enumerate(periods):
        broken = BROKEN_LINES if wide and number == len(plan.month_starts) - 3 else ()
        yield from _files(plan, shop, lines, orders, start, end, broken=broken)
    if wide and plan.days > 30:
        yield from _files(plan, shop, lines, orders, plan.days - 15, plan.days - 10, again=True)


def _files(plan, shop, lines, orders, start, end, broken=(), again=False) -> Iterator[Delivery]:
    for feed, rows, columns_of in (("order_lines", lines, _line_columns), ("orders", orders, _order_columns)):
        part = rows[(rows["day"] >= start) & (rows["day"] < end)]
        if part.empty:
            continue
        columns = columns_of(plan, shop, part)
        mess: list[tuple[str, str]] = []
        if broken and feed == "order_lines":
            columns = with_broken_rows(columns, "order_id", broken)
            mess = [("broken_row", f"{column} = {value!r}") for column, value in broken]
        if again:
            mess = [("overlapping_export", f"repeats {plan.date(start)} to {plan.date(end - 1)}, as they were")]
        content = exporttext.csv_bytes(columns)
        narrow = shop.style == 5
        last = plan.date(end - 1)
        stamp = f"{plan.date(start):%Y-%m}" if end - start > 7 else f"{last:%Y-%m-%d}"
        yield Delivery(
            path=f"{shop.location_id}/{feed}/{feed}_{stamp}{'_again' if again else ''}.csv{'.gz' if narrow else ''}",
            content=exporttext.gzip_bytes(content) if narrow else content,
            delivered=plan.delivered(shop.timezone, end + 1 if again else end - 1),
            rows=len(part) + len(broken if feed == "order_lines" else ()),
            feed=feed,
            mess=tuple(mess),
        )


def _rows(plan, shop, sales, records, record_of_order) -> tuple[pd.DataFrame, pd.DataFrame]:
    """This shop's lines and orders, oldest first, with who they name."""
    orders, lines = sales.of(shop)
    orders = orders.copy()
    record = record_of_order[orders.index]
    contact_only = names_contact_only(orders).to_numpy() & (shop.style == 4)
    for target, source, shown in (
        ("source_customer_id", "source_record_id", ~contact_only),
        ("customer_email", "email", contact_only),
        ("customer_phone", "phone", contact_only),
    ):
        orders[target] = np.where((record >= 0) & shown, records[source].to_numpy()[record], "")
    full_name = (records["first_name"].str.strip() + " " + records["last_name"].str.strip()).str.strip().to_numpy()
    named = (record >= 0) & (orders["name_luck"] < 0.45)
    orders["customer_name"] = np.where(named, full_name[record], "")
    # Receipts are numbered from one in every shop: unique within a location only.
    orders["order_id"] = exporttext.per_value(orders["receipt"].to_numpy(), lambda value: f"{value:07d}")
    sold = lines[lines["kind"] == "sale"].groupby("order")[["net", "tax"]].sum()
    orders[["net", "tax"]] = sold.reindex(orders.index, fill_value=0)
    carried = ["order_id", "source_customer_id", "customer_email", "customer_phone", "customer_name"]
    lines = lines.join(orders[carried], on="order").sort_values(
        ["day", "second", "order", "kind", "position"], kind="stable", ignore_index=True
    )
    return lines, orders


def _times(plan: Plan, shop: Shop, part: pd.DataFrame) -> np.ndarray:
    """Local wall time; the narrow export adds the offset."""
    local = plan.dates.astype(str).astype(object)[part["day"]] + "T" + exporttext.clock(part["second"].to_numpy())
    if shop.style == 4:
        return local
    zone = ZoneInfo(shop.timezone)
    offsets = exporttext.per_value(
        part["day"].to_numpy(), lambda day: datetime.combine(plan.date(day), NOON, zone).isoformat()[-6:]
    )
    return local + offsets


def _line_columns(plan: Plan, shop: Shop, part: pd.DataFrame) -> dict[str, np.ndarray]:
    product, count = part["product"].to_numpy(), len(part)
    refund = (part["kind"] == "refund").to_numpy()
    order_id = part["order_id"].to_numpy()
    position = exporttext.per_value(part["position"].to_numpy(), str)
    # Two refunds of one receipt are two returns: the line's number keeps them apart.
    own_id = np.where(refund, "R" + order_id + "-" + position, order_id)
    columns = {
        "order_id": own_id,
        "line_id": own_id + "/" + position,
        "line_number": position,
        "ordered_at": _times(plan, shop, part),
        "business_date": plan.dates.astype(str).astype(object)[part["day"]],
        "product_id": catalogue.PRODUCT_IDS[product],
        "product_name": catalogue.PRODUCT_NAMES[product],
        "category": catalogue.CATEGORIES[product],
        "quantity": exporttext.per_value(part["quantity"].to_numpy(), str),
        "unit_price": exporttext.plain_money(part["price"]),
        "gross_amount": exporttext.plain_money(part["gross"]),
        "discount_amount": exporttext.plain_money(part["discount"]),
        "net_amount": exporttext.plain_money(part["net"]),
        "tax_amount": exporttext.plain_money(part["tax"]),
        "kind": part["kind"].to_numpy(),
        "channel": np.where(part["second"] % 5 == 0, "app", "counter"),
        "return_reason": np.where(refund, REASONS[product % len(REASONS)], ""),
        "refunds_order_id": np.where(refund, order_id, ""),
        "source_customer_id": part["source_customer_id"].to_numpy(),
        "customer_name": part["customer_name"].to_numpy(),
        "customer_email": part["customer_email"].to_numpy(),
        "customer_phone": part["customer_phone"].to_numpy(),
        "currency": np.full(count, "USD", dtype=object),
    }
    return columns if shop.style == 4 else {name: columns[name] for name in NARROW_LINES}


def _order_columns(plan: Plan, shop: Shop, part: pd.DataFrame) -> dict[str, np.ndarray]:
    suffix = exporttext.per_value(part["pan_suffix"].to_numpy(), lambda value: f"{value:04d}")
    card = part["card"].to_numpy()
    columns = {
        "order_id": part["order_id"].to_numpy(),
        "ordered_at": _times(plan, shop, part),
        "business_date": plan.dates.astype(str).astype(object)[part["day"]],
        "net_amount": exporttext.plain_money(part["net"]),
        "tip_amount": exporttext.plain_money(part["tip_cents"]),
        "total_amount": exporttext.plain_money(part["net"] + part["tax"] + part["tip_cents"]),
        "source_customer_id": part["source_customer_id"].to_numpy(),
        "customer_name": part["customer_name"].to_numpy(),
        "customer_email": part["customer_email"].to_numpy(),
        "customer_phone": part["customer_phone"].to_numpy(),
        "payment_fingerprint": np.where(card == "", "", card + " " + suffix),
        "channel": np.where(part["second"] % 5 == 0, "app", "counter"),
    }
    return columns if shop.style == 4 else {name: columns[name] for name in NARROW_ORDERS}
