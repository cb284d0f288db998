"""Clover's exports: orders, line items and payments. No sales file names a customer; a payment has the cardholder.

One row per unit sold, without an id of its own: two of the same coffee are two identical rows.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan, Shop
from dagster_project.demo.receipts import Receipts, clock12, cut, product_names, receipts_of

ORDERS = exporttext.header(
    "Order Date,Order ID,Invoice Number,Order Number,Order Type,Order Employee ID,Order Employee Name,"
    "Order Employee Custom ID,Note,Currency,Tax Amount,Tip,Service Charge,Discount,Order Total,Payments Total,"
    "Payment Note,Refunds Total,Manual Refunds Total,Tender,Credit Card Auth Code,Credit Card Transaction ID,"
    "Order Payment State"
)
LINES = exporttext.header(
    "Line Item Date,Order Employee ID,Order Employee Name,Order Employee Custom ID,Item ID,Item Product Code,Item SKU,"
    "Order ID,Item Name,Currency,Per Unit Quantity,Item Unit,Item Revenue,Modifiers,Modifiers Revenue,Total Revenue,"
    "Discounts,Total Discount,Order Discounts,Order Discount Proportion,Item Total,Item Tax Rate,Item Fee,Tax Amount,"
    "Item Total with Tax/Fee Amount,Refunded,Exchanged,Order Payment State,Service Charge"
)
PAYMENTS = exporttext.header(
    "Payment Date,Payment ID,External Payment ID,Invoice Number,Card Auth Code,Transaction #,Note,Tender,Card Brand,"
    "Card Number,Card Entry Type,Currency,Amount,Tax Amount,Tip Amount,Service Charge Amount,Customer Name,"
    "Payment Employee ID,Payment Employee Name,Payment Employee Custom ID,Order ID,Order Date,Order Employee ID,"
    "Order Employee Name,Order Employee Custom ID,Result,Device,# Refunds,Refund Amount,Custom Fields"
)
ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype="S1")
FALSE_TRUE = np.array(["false", "true"], dtype=object)


def clover_exports(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    receipts = receipts_of(plan, shop, sales, records, record_of_order, never_every=10**6)
    rng = plan.rng(f"clover {shop.location_id}")
    orders = receipts.orders.assign(
        order_id=clover_ids(rng, len(receipts.orders)), payment_id=clover_ids(rng, len(receipts.orders))
    )
    units = _units(Receipts(orders, receipts.lines))
    guests = (units["product"] < 0).to_numpy()
    tables = (
        ("Orders", "orders", _orders(plan, orders), orders["day"].to_numpy(), {}),
        ("LineItems", "order_lines", _lines(plan, shop, units), units["day"].to_numpy(), {"guest_item": guests}),
        ("Payments", "payments", _payments(plan, orders), orders["day"].to_numpy(),
         {"blank_tip": (orders["tip_cents"] == 0).to_numpy(), "refund_on_payment": (orders["back"] > 0).to_numpy()}),
    )  # fmt: skip
    for name, feed, columns, day, mess in tables:
        for start, end, content, which in cut(columns, day, plan.periods):
            yield Delivery(
                path=f"{shop.location_id}/{name}-{plan.date(start)}-{plan.date(end - 1)}.csv",
                content=content,
                delivered=plan.delivered(shop.timezone, end - 1),
                rows=len(which),
                feed=feed,
                mess=tuple((kind, f"{mask[which].sum()} rows") for kind, mask in mess.items() if mask[which].any()),
            )


def clover_ids(rng, count: int) -> np.ndarray:
    """Thirteen capital letters and digits."""
    return ALPHABET[rng.integers(0, 32, (count, 13))].view("S13").ravel().astype(str).astype(object)


def moment(plan: Plan, rows: pd.DataFrame, later: int = 0) -> np.ndarray:
    """`14-May-2026 11:23 AM`."""
    day = exporttext.per_value(rows["day"].to_numpy(), lambda d: f"{plan.date(d):%d-%b-%Y} ")
    return day + clock12(rows["second"].to_numpy() + later, "{:02d}")


def _units(receipts: Receipts) -> pd.DataFrame:
    """One row per unit, amounts shared out by the cent; a technical guest item on some orders; no voided lines."""
    lines = receipts.lines[receipts.lines["kind"] == "sale"]
    units = lines.loc[np.repeat(lines.index, lines["quantity"])]
    nth = units.groupby(["order", "position"]).cumcount()
    for name in ("gross", "discount", "net", "tax", "back"):
        whole = units[name] // units["quantity"]
        units[name] = whole + (nth < units[name] - whole * units["quantity"])
    receipt = receipts.orders["receipt"].to_numpy()
    at_table = receipts.orders.index[receipt % 40 == 0]
    guests = units[units["order"].isin(at_table)].drop_duplicates("order").assign(product=-1, modifier=-1, position=0)
    guests[["gross", "discount", "net", "tax", "back"]] = 0
    units = pd.concat([guests, units]).sort_values(["order", "position"], kind="stable", ignore_index=True)
    return units.assign(order_id=receipts.orders["order_id"].to_numpy()[units["order"]])


def _orders(plan: Plan, orders: pd.DataFrame) -> dict:
    money = exporttext.plain_money
    total = orders["net"] + orders["tax"]
    back = orders["back"].to_numpy()
    tip = orders["tip_cents"].to_numpy()
    return dict.fromkeys(ORDERS, "") | {
        "Order Date": moment(plan, orders),
        "Order ID": orders["order_id"],
        "Order Number": exporttext.per_value(orders["receipt"].to_numpy(), str),
        "Order Type": np.where(orders["second"] % 5 == 0, "Take Out", "For Here"),
        "Order Employee Name": "Employee",
        "Currency": "USD",
        "Tax Amount": money(orders["tax"]),
        "Tip": np.where(tip == 0, "", money(tip)),
        "Service Charge": "0.00",
        "Discount": money(-orders["discount"]),
        "Order Total": money(total),
        "Payments Total": money(total),
        "Refunds Total": money(back),
        "Manual Refunds Total": "0.00",
        "Tender": np.where(orders["card"] == "", "Cash", "Credit Card"),
        "Order Payment State": np.where(back == 0, "Paid", np.where(back >= total, "Refunded", "Partially Refunded")),
    }


def _lines(plan: Plan, shop: Shop, units: pd.DataFrame) -> dict:
    money = exporttext.plain_money
    product = units["product"].to_numpy()
    guest = product < 0
    modifier = np.where(units["modifier"] >= 0, catalogue.MODIFIER_CENTS[units["modifier"]], 0)
    item_id = exporttext.per_value(product, lambda value: catalogue.clover_item(shop.number, value))
    return dict.fromkeys(LINES, "") | {
        "Line Item Date": moment(plan, units),
        "Order Employee Name": "Employee",
        "Item ID": np.where(guest, "", item_id),
        "Item SKU": np.where(guest, "", catalogue.PRODUCT_IDS[product]),
        "Order ID": units["order_id"],
        "Item Name": np.where(guest, "# Guest", product_names(units, " ")),
        "Currency": "USD",
        "Item Revenue": money(units["gross"] - modifier),
        "Modifiers": np.array([*catalogue.MODIFIERS, ""], dtype=object)[units["modifier"]],
        "Modifiers Revenue": money(modifier),
        "Total Revenue": money(units["gross"]),
        "Discounts": np.where(units["discount"] == 0, "", "Staff"),
        "Total Discount": money(-units["discount"]),
        "Order Discounts": "",
        "Order Discount Proportion": "0.00",
        "Item Total": money(units["net"]),
        "Item Tax Rate": "0.0775",
        "Item Fee": "0.00",
        "Tax Amount": money(units["tax"]),
        "Item Total with Tax/Fee Amount": money(units["net"] + units["tax"]),
        "Refunded": FALSE_TRUE[(units["back"] > 0).astype(int)],
        "Exchanged": "false",
        "Order Payment State": "Paid",
        "Service Charge": "0.00",
    }


def _payments(plan: Plan, orders: pd.DataFrame) -> dict:
    money = exporttext.plain_money
    by_card = (orders["card"] != "").to_numpy()
    back, tip = orders["back"].to_numpy(), orders["tip_cents"].to_numpy()
    digits = exporttext.per_value(orders["pan_suffix"].to_numpy(), lambda value: f"xxxxxxxxxxxx{value:04d}")
    return dict.fromkeys(PAYMENTS, "") | {
        "Payment Date": moment(plan, orders, 60),
        "Payment ID": orders["payment_id"],
        "Transaction #": exporttext.per_value(orders["receipt"].to_numpy(), str),
        "Tender": np.where(by_card, "Credit Card", "Cash"),
        "Card Brand": np.where(by_card, orders["card"], ""),
        "Card Number": np.where(by_card, digits, ""),
        "Card Entry Type": np.where(by_card, "EMV_CONTACT", ""),
        "Currency": "USD",
        "Amount": money(orders["net"] + orders["tax"]),
        "Tax Amount": money(orders["tax"]),
        "Tip Amount": np.where(tip == 0, "", money(tip)),
        "Service Charge Amount": "",
        "Customer Name": np.where(by_card, orders["customer_name"], ""),
        "Payment Employee Name": "Employee",
        "Order ID": orders["order_id"],
        "Order Date": moment(plan, orders),
        "Result": "SUCCESS",
        "Device": "C010UQ00000000",
        "# Refunds": np.where(back == 0, "0", "1"),
        "Refund Amount": np.where(back == 0, "", money(back)),
    }
