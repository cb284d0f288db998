"""Square's transaction exports: one row per tender, with its tip, fees and card; two layouts, years apart."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.plan import RAILS_ZONES, Plan, Shop
from dagster_project.demo.receipts import cut, dates

CURRENT = exporttext.header(
    "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,"
    "Total Collected,Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type,Tender Note,"
    "Fees,Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,"
    "Description,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Device Nickname,"
    "Third Party Fees,Deposit ID,Deposit Date,Deposit Details,Fee Percentage Rate,Fee Fixed Rate,Refund Reason,"
    "Discount Name,Transaction Status,Cash App,Order Reference ID,Fulfillment Note,Free Processing Applied,Channel,"
    "Unattributed Tips,Table Info,International Fee"
)
OLD = exporttext.header(
    "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,Total Collected,"
    "Source,Card,Card Entry Methods,Cash,Square Gift Card,Installment,Other Tender,Other Tender Type,"
    "Other Tender Note,Fees,Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,"
    "Staff ID,Details,Description,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,"
    "Device Nickname,Deposit ID,Deposit Date,Deposit Details,Fee Percentage Rate,Fee Fixed Rate,Refund Reason"
)
ZEROS = ("Service Charges", "Gift Card Sales", "Partial Refunds", "Square Gift Card", "Installment", "Other Tender")


def transaction_exports(plan: Plan, shop: Shop, lines: pd.DataFrame) -> Iterator[Delivery]:
    """`lines` are the shop's item lines, newest first; the old layout until a third of the time has passed."""
    rows = _tenders(lines)
    day = rows["day"].to_numpy()
    old = [period for period in plan.periods if period[0] < 0.35 * plan.days]
    for names, periods in ((OLD, old), (CURRENT, plan.periods[len(old) :])):
        form = "{1:02d}/{2:02d}/{0}" if names is OLD else "{0}-{1:02d}-{2:02d}"
        columns = _columns(plan, shop, rows, form)
        for start, end, content, which in cut({name: columns.get(name, "") for name in names}, day, periods):
            yield Delivery(
                path=f"{shop.location_id}/transactions/transactions-{plan.date(start)}-{plan.date(end - 1)}.csv",
                content=content,
                delivered=plan.delivered(shop.timezone, end - 1),
                rows=len(which),
                feed="orders",
                mess=(("drifted_layout", "MM/DD/YYYY, fewer columns"),) if names is OLD else (),
            )


def _tenders(lines: pd.DataFrame) -> pd.DataFrame:
    tenders = lines.drop_duplicates("payment").set_index("payment")
    amounts = ["gross", "given", "net", "tax"]
    tenders[amounts] = lines.groupby("payment")[amounts].sum().reindex(tenders.index)
    # The tip is given once: with the sale's first tender.
    sale = tenders["kind"] == "sale"
    given = sale & ~tenders["order"].where(sale).duplicated(keep="last")
    return tenders.assign(tip_cents=tenders["tip_cents"].where(given, 0)).reset_index()


def _columns(plan: Plan, shop: Shop, rows: pd.DataFrame, form: str) -> dict:
    money = exporttext.dollars
    by_card = (rows["card"] != "").to_numpy()
    total = (rows["net"] + rows["tax"] + rows["tip_cents"]).to_numpy()
    fee = np.where(by_card & (total > 0), np.round(total * 0.026).astype(int) + 10, 0)
    suffix = exporttext.per_value(rows["pan_suffix"].to_numpy(), lambda value: f"{value:04d}")
    refund = (rows["kind"] == "refund").to_numpy()
    return dict.fromkeys(ZEROS, "$0.00") | {
        "Date": dates(plan, rows["day"].to_numpy(), form),
        "Time": exporttext.clock(rows["second"].to_numpy()),
        "Time Zone": RAILS_ZONES[shop.timezone],
        "Gross Sales": money(rows["gross"]),
        "Discounts": money(rows["given"]),
        "Net Sales": money(rows["net"]),
        "Tax": money(rows["tax"]),
        "Tip": money(rows["tip_cents"]),
        "Total Collected": money(total),
        "Source": "Point of Sale",
        "Card": money(np.where(by_card, total, 0)),
        "Card Entry Methods": np.where(by_card, "Chip", ""),
        "Cash": money(np.where(by_card, 0, total)),
        "Fees": money(-fee),
        "Net Total": money(total - fee),
        "Transaction ID": rows["transaction"],
        "Payment ID": rows["payment"],
        "Card Brand": rows["card"],
        "PAN Suffix": np.where(by_card, suffix, ""),
        "Device Name": f"Square Terminal {1000 + 37 * shop.number}",
        "Device Nickname": "Counter",
        "Details": "https://app.squareup.com/dashboard/sales/transactions",
        "Event Type": np.where(refund, "Refund", "Payment"),
        "Location": shop.name,
        "Customer ID": rows["customer_id"],
        "Customer Name": rows["customer_name"],
        "Fee Percentage Rate": "2.6",
        "Fee Fixed Rate": "$0.10",
        "Refund Reason": np.where(refund, "Returned Goods", ""),
        "Transaction Status": "Complete",
    }
