"""Shopify's order export: one row per line item, the order's own columns only on its first row.

Orders name their customer by e-mail, phone and billing name, never by id. Refunds are an amount.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan, Shop
from dagster_project.demo.receipts import cut, product_names, receipts_of

ORDERS = exporttext.header(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)


def shopify_exports(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    """Files with the newest order first, each order's lines in their order."""
    receipts = receipts_of(plan, shop, sales, records, record_of_order, never_every=150)
    orders, lines = receipts.orders, receipts.lines
    # Voided lines of a sale that stood are no part of the order any more.
    lines = lines[(lines["kind"] == "sale") | orders["is_never"].to_numpy()[lines["order"]]]
    lines = lines.assign(newest=-lines["order"]).sort_values(["newest", "position"], kind="stable", ignore_index=True)
    columns = _columns(plan, shop, orders.iloc[lines["order"]].reset_index(drop=True), lines)
    day = lines["day"].to_numpy()
    first = ~lines.duplicated("order").to_numpy()
    mess = {
        "cancelled_order": first & orders["is_never"].to_numpy()[lines["order"]],
        "order_on_first_row_only": ~first,
        "refund_as_amount": first & (orders["back"].to_numpy()[lines["order"]] > 0),
    }
    for start, end, content, which in cut(columns, day, plan.periods):
        yield Delivery(
            path=f"{shop.location_id}/orders_export_{plan.date(start)}_{plan.date(end - 1)}.csv",
            content=content,
            delivered=plan.delivered(shop.timezone, end - 1),
            rows=len(which),
            feed="order_lines",
            mess=tuple((kind, f"{mask[which].sum()} rows") for kind, mask in mess.items() if mask[which].any()),
        )


def moment(plan: Plan, shop: Shop, rows: pd.DataFrame, later: int = 0) -> np.ndarray:
    """`2026-05-14 11:23:45 -0400`."""
    zone = ZoneInfo(shop.timezone)
    noon = [datetime.combine(plan.date(day), datetime.min.time(), zone).replace(hour=12) for day in range(plan.days)]
    offsets = np.array([f" {at:%z}" for at in noon], dtype=object)
    day, second = rows["day"].to_numpy(), rows["second"].to_numpy() + later
    return plan.dates.astype(str).astype(object)[day] + " " + exporttext.clock(second) + offsets[day]


def apostrophe(values: np.ndarray) -> np.ndarray:
    """`'+31612345678`: how Shopify keeps a spreadsheet from taking it for a number."""
    return np.where(values == "", "", "'" + values)


def _columns(plan: Plan, shop: Shop, orders: pd.DataFrame, lines: pd.DataFrame) -> dict:
    """Both frames hold one row per line."""
    money = exporttext.plain_money
    receipt = orders["receipt"].to_numpy()
    total, back = orders["net"] + orders["tax"], orders["back"].to_numpy()
    never = orders["is_never"].to_numpy()
    created, phone = moment(plan, shop, orders), apostrophe(orders["phone"].to_numpy(dtype=object))
    status = np.where(back == 0, "paid", np.where(back >= total, "refunded", "partially_refunded"))
    order_id = 7_210_000_000_000 + shop.number * 10**9 + receipt
    of_order = {
        "Financial Status": np.where(never, "voided", status),
        "Paid at": np.where(never, "", created),
        "Fulfillment Status": np.where(never, "unfulfilled", "fulfilled"),
        "Fulfilled at": np.where(never, "", created),
        "Accepts Marketing": np.where((orders["email"] != "") & (orders["name_luck"] < 0.6), "yes", "no"),
        "Currency": "USD",
        "Subtotal": money(orders["net"]),
        "Shipping": "0.00",
        "Taxes": money(orders["tax"]),
        "Total": money(total),
        "Discount Amount": "0.00",
        "Created at": created,
        "Billing Name": orders["customer_name"],
        "Billing Phone": phone,
        "Cancelled at": np.where(never, moment(plan, shop, orders, 300), ""),
        "Payment Method": np.where(orders["card"] == "", "Cash", "Shopify Payments"),
        "Refunded Amount": money(back),
        "Outstanding Balance": "0.00",
        "Location": shop.name,
        "Id": exporttext.per_value(order_id, lambda value: f"'{value}"),
        "Risk Level": "Low",
        "Source": np.where(orders["second"] % 5 == 0, "web", "pos"),
        "Tax 1 Name": "State Tax 7.75%",
        "Tax 1 Value": money(orders["tax"]),
        "Phone": phone,
        "Receipt Number": exporttext.per_value(receipt, lambda value: f"{shop.number}-1-{value}"),
        "Payment ID": exporttext.per_value(receipt, lambda value: f"r{shop.number:02d}{value:09d}"),
    }
    first = ~lines.duplicated("order").to_numpy()
    of_line = {
        "Name": exporttext.per_value(receipt, lambda value: f"#{1000 + value}"),
        "Email": orders["email"],
        "Lineitem quantity": exporttext.per_value(lines["quantity"].to_numpy(), str),
        "Lineitem name": product_names(lines, " - "),
        "Lineitem price": money(lines["price"]),
        "Lineitem sku": catalogue.PRODUCT_IDS[lines["product"]],
        "Lineitem requires shipping": "false",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": "fulfilled",
        "Vendor": "Demo Coffee",
        "Lineitem discount": money(lines["discount"]),
    }
    once = {name: np.where(first, values, "") for name, values in of_order.items()}
    return dict.fromkeys(ORDERS, "") | once | of_line
