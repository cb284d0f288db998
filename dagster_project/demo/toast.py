"""Toast's exports: nightly SFTP folders of the last weeks, and what was downloaded by hand before them.

One folder per business date with four files in it. Who bought stands on the check and the payment; a
refund on the payment; a void is a flag beside amounts that are still filled in.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan, Shop
from dagster_project.demo.receipts import Receipts, clock12, cut, dates, product_names, receipts_of

NIGHTLY_DAYS = 7
ORDERS = exporttext.header(
    "Location,Order Id,Order #,Checks,Opened,# of Guests,Tab Names,Server,Table,Revenue Center,Dining Area,Service,"
    "Dining Options,Discount Amount,Amount,Tax,Tip,Gratuity,Total,Voided,Paid,Closed,Duration (Opened to Paid),"
    "Order Source"
)
CHECKS = exporttext.header(
    "Customer Id,Customer,Customer Phone,Customer Email,Location Code,Opened Date,Opened Time,Item Description,Server,"
    "Tax,Tender,Check Id,Check #,Total,Customer Family,Table Size,Discount,Reason of Discount,Link"
)
PAYMENTS = exporttext.header(
    "Location,Payment Id,Order Id,Order #,Paid Date,Order Date,Check Id,Check #,Tab Name,Server,Table,Dining Area,"
    "Service,Dining Option,House Acct #,Amount,Tip,Gratuity,Total,Swiped Card Amount,Keyed Card Amount,"
    "Amount Tendered,Refunded,Refund Date,Refund Amount,Refund Tip Amount,Void User,Void Approver,Void Date,Status,"
    "Type,Cash Drawer,Card Type,Other Type,Email,Phone,Last 4 Card Digits,V/MC/D Fees,Room Info,Receipt,Source,"
    "Last 4 Gift Card Digits,First 5 Gift Card Digits"
)
ITEMS = exporttext.header(
    "Location,Order Id,Order #,Sent Date,Order Date,Check Id,Server,Table,Dining Area,Service,Dining Option,"
    "Item Selection Id,Item Id,Master Id,SKU,PLU,Menu Item,Menu Subgroup(s),Menu Group,Menu,Sales Category,"
    "Gross Price,Discount,Net Price,Qty,Tax,Void?,Deferred,Tax Exempt,Tax Inclusion Option,Dining Option Tax,Tab Name"
)
FEEDS = {
    "OrderDetails": "orders", "CheckDetails": "orders", "PaymentDetails": "payments",
    "ItemSelectionDetails": "order_lines",
}  # fmt: skip
CARD_TYPES = {"Visa": "VISA", "MasterCard": "MASTERCARD", "American Express": "AMEX", "Discover": "DISCOVER", "": ""}
FALSE_TRUE = np.array(["false", "true"], dtype=object)


def toast_exports(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    receipts = receipts_of(plan, shop, sales, records, record_of_order, never_every=400)
    nightly = max(0, plan.days - NIGHTLY_DAYS)
    by_hand = [(start, min(end, nightly)) for start, end in plan.periods if start < nightly]
    nights = [(day, day + 1) for day in range(nightly, plan.days)]
    for periods, is_nightly in ((by_hand, False), (nights, True)):
        for name, columns, day, mess in _tables(plan, shop, receipts, periods, is_nightly):
            for start, end, content, which in cut(columns, day, periods):
                last = plan.date(end - 1)
                folder = f"{40_000 + 37 * shop.number}/{last:%Y%m%d}" if is_nightly else "downloaded"
                stamp = "" if is_nightly else f"_{plan.date(start)}_{last}"
                yield Delivery(
                    path=f"{shop.location_id}/{folder}/{name}{stamp}.csv",
                    content=content,
                    delivered=plan.delivered(shop.timezone, end - 1),
                    rows=len(which),
                    feed=FEEDS[name],
                    mess=tuple((kind, f"{mask[which].sum()} rows") for kind, mask in mess.items() if mask[which].any()),
                )


def _tables(plan: Plan, shop: Shop, receipts: Receipts, periods: list, is_nightly: bool):
    """(file name, columns, day of each row, what is wrong with which rows) of the four files."""
    if not periods:
        return
    first, after = periods[0][0], periods[-1][1]
    orders = receipts.orders
    orders = orders[(orders["day"] >= first) & (orders["day"] < after)]
    lines = receipts.lines[receipts.lines["order"].isin(orders.index)]

    def moment(rows: pd.DataFrame, day: str = "day", second: str = "second") -> np.ndarray:
        at = np.maximum(rows[day].to_numpy(), 0)
        if is_nightly:
            return exporttext.per_value(at, lambda d: f"{plan.date(d):%-m/%-d/%y} ") + clock12(rows[second].to_numpy())
        return dates(plan, at, "{1:02d}/{2:02d}/{0} ") + exporttext.clock(np.maximum(rows[second].to_numpy(), 0))

    never = orders["is_never"].to_numpy()
    yield "OrderDetails", _orders(shop, orders, moment), orders["day"].to_numpy(), {"voided_order": never}
    paid = orders[~never]
    yield "CheckDetails", _checks(plan, shop, paid, lines), paid["day"].to_numpy(), {}
    bounds = np.array([start for start, _ in periods])
    payments = _payment_rows(receipts.orders, bounds, first, after)
    again = payments["is_again"].to_numpy()
    mess = {"refund_on_payment": (payments["back"] > 0).to_numpy(), "payment_again": again}
    yield "PaymentDetails", _payments(shop, payments, moment), payments["shown"].to_numpy(), mess
    void = (lines["kind"] == "void").to_numpy()
    yield "ItemSelectionDetails", _items(shop, orders, lines, moment), lines["day"].to_numpy(), {"void_flag": void}


def _ids(shop: Shop, kind: int, number: np.ndarray) -> np.ndarray:
    """Nineteen digits, more than a float can hold."""
    base = 1_300_000_000_000_000_000 + shop.number * 10**15 + kind * 10**14
    return (base + np.asarray(number, dtype="int64")).astype(str).astype(object)


def _orders(shop: Shop, orders: pd.DataFrame, moment) -> dict:
    money = exporttext.comma_money
    receipt = orders["receipt"].to_numpy()
    later = orders.assign(second=orders["second"] + 90)
    return dict.fromkeys(ORDERS, "") | {
        "Location": shop.name,
        "Order Id": _ids(shop, 1, receipt),
        "Order #": exporttext.per_value(receipt, str),
        "Checks": "1",
        "Opened": moment(orders),
        "# of Guests": "1",
        "Server": "Server A",
        "Service": np.where(orders["second"] < 11 * 3600, "Breakfast", "Lunch"),
        "Dining Options": np.where(orders["second"] % 5 == 0, "Take Out", "Dine In"),
        "Discount Amount": money(orders["discount"]),
        "Amount": money(orders["net"]),
        "Tax": money(orders["tax"]),
        "Tip": money(orders["tip_cents"]),
        "Gratuity": "0.00",
        "Total": money(orders["net"] + orders["tax"] + orders["tip_cents"]),
        "Voided": FALSE_TRUE[orders["is_never"].astype(int)],
        "Paid": moment(later),
        "Closed": moment(later),
        "Duration (Opened to Paid)": "0:01:30",
        "Order Source": np.where(orders["second"] % 5 == 0, "Online", "In store"),
    }


def _checks(plan: Plan, shop: Shop, orders: pd.DataFrame, lines: pd.DataFrame) -> dict:
    money = exporttext.comma_money
    receipt = orders["receipt"].to_numpy()
    bought = pd.Series(catalogue.PRODUCT_NAMES[lines["product"]], index=lines["order"].to_numpy())
    return dict.fromkeys(CHECKS, "") | {
        "Customer Id": orders["customer_id"],
        "Customer": orders["customer_name"],
        "Customer Phone": orders["phone"],
        "Customer Email": orders["email"],
        "Location Code": f"{shop.number:03d}",
        "Opened Date": exporttext.per_value(orders["day"].to_numpy(), lambda d: f"{plan.date(d):%m/%d/%y}"),
        "Opened Time": clock12(orders["second"].to_numpy(), "{:02d}"),
        "Item Description": bought[~bought.index.duplicated()].reindex(orders.index).to_numpy(),
        "Server": "Server A",
        "Tax": money(orders["tax"]),
        "Tender": np.where(orders["card"] == "", "Cash", "Credit"),
        "Check Id": _ids(shop, 2, receipt),
        "Check #": exporttext.per_value(receipt, str),
        "Total": money(orders["net"] + orders["tax"]),
        "Table Size": "0",
        "Discount": money(orders["discount"]),
    }


def _payment_rows(orders: pd.DataFrame, bounds: np.ndarray, first: int, after: int) -> pd.DataFrame:
    """One row per tender, and the row again in the file of the day its refund was made, when that is later.

    `shown` is the day of the file it stands in.
    """
    rows = orders[~orders["is_never"]].assign(part=1, is_again=False)
    rows["amount"] = rows["net"] + rows["tax"]
    half = rows["amount"] // 2 * rows["pays_with_two"]
    second = rows[rows["pays_with_two"]].assign(part=2, tip_cents=0, back=0, amount=half)
    rows = pd.concat([rows.assign(amount=rows["amount"] - half), second])
    rows["shown"] = rows["day"]
    own, returned = (np.searchsorted(bounds, rows[day], side="right") for day in ("day", "back_day"))
    late = (rows["back"] > 0) & (returned > own)
    again = rows[late].assign(is_again=True)
    again["shown"] = again["back_day"]
    rows.loc[late, "back"] = 0
    rows = pd.concat([rows, again])
    rows = rows[(rows["shown"] >= first) & (rows["shown"] < after)]
    return rows.sort_values(["shown", "day", "second", "receipt", "part"], kind="stable")


def _payments(shop: Shop, rows: pd.DataFrame, moment) -> dict:
    money = exporttext.comma_money
    receipt, card = rows["receipt"].to_numpy(), rows["card"].to_numpy()
    back = rows["back"].to_numpy()
    whole = back >= rows["amount"].to_numpy()
    by_card = card != ""
    total = money(rows["amount"] + rows["tip_cents"])
    digits = exporttext.per_value(rows["pan_suffix"].to_numpy(), lambda value: f"{value:04d}")
    return dict.fromkeys(PAYMENTS, "") | {
        "Location": shop.name,
        "Payment Id": _ids(shop, 3, 2 * receipt + rows["part"].to_numpy()),
        "Order Id": _ids(shop, 1, receipt),
        "Order #": exporttext.per_value(receipt, str),
        "Paid Date": moment(rows.assign(second=rows["second"] + 90)),
        "Order Date": moment(rows),
        "Check Id": _ids(shop, 2, receipt),
        "Check #": exporttext.per_value(receipt, str),
        "Server": "Server A",
        "Amount": money(rows["amount"]),
        "Tip": money(rows["tip_cents"]),
        "Gratuity": "0.00",
        "Total": total,
        "Swiped Card Amount": np.where(by_card, total, "0.00"),
        "Keyed Card Amount": "0.00",
        "Amount Tendered": np.where(by_card, "", total),
        "Refunded": np.where(back == 0, "None", np.where(whole, "Full", "Partial")),
        "Refund Date": np.where(back == 0, "", moment(rows, "back_day", "back_second")),
        "Refund Amount": np.where(back == 0, "", money(back)),
        "Refund Tip Amount": np.where(back == 0, "", "0.00"),
        "Status": np.where(by_card, "CAPTURED", ""),
        "Type": np.where(by_card, "Credit", "Cash"),
        "Card Type": exporttext.per_value(card, CARD_TYPES.get),
        "Email": np.where(rows["name_luck"] < 0.5, rows["email"], ""),
        "Phone": np.where(rows["name_luck"] < 0.5, rows["phone"], ""),
        "Last 4 Card Digits": np.where(by_card, digits, ""),
        "Source": "In store",
    }


def _items(shop: Shop, orders: pd.DataFrame, lines: pd.DataFrame, moment) -> dict:
    money = exporttext.comma_money
    receipt = orders["receipt"].reindex(lines["order"]).to_numpy()
    product = lines["product"].to_numpy()
    return dict.fromkeys(ITEMS, "") | {
        "Location": shop.name,
        "Order Id": _ids(shop, 1, receipt),
        "Order #": exporttext.per_value(receipt, str),
        "Sent Date": moment(lines),
        "Order Date": moment(lines),
        "Check Id": _ids(shop, 2, receipt),
        "Server": "Server A",
        "Item Selection Id": _ids(shop, 4, 10 * receipt + lines["position"].to_numpy()),
        "Item Id": exporttext.per_value(product, catalogue.toast_item),
        "Master Id": exporttext.per_value(product, lambda value: str(1_300_000_001_877_970_000 + value)),
        "SKU": catalogue.PRODUCT_IDS[product],
        "Menu Item": product_names(lines, ", "),
        "Menu Group": catalogue.CATEGORIES[product],
        "Menu": "All day",
        "Sales Category": catalogue.CATEGORIES[product],
        "Gross Price": money(lines["gross"]),
        "Discount": money(lines["discount"]),
        "Net Price": money(lines["net"]),
        "Qty": exporttext.per_value(lines["quantity"].to_numpy(), lambda value: f"{value}.0"),
        "Tax": exporttext.per_value(lines["tax"].to_numpy(), lambda value: f"{value / 100:.8f}"),
        "Void?": FALSE_TRUE[(lines["kind"] == "void").astype(int)],
        "Deferred": "false",
        "Tax Exempt": "false",
        "Tax Inclusion Option": "Tax Not Included",
        "Dining Option Tax": "No Effect",
    }
