"""Square's item exports: one file a month per shop, in the layouts its shops really have."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.mess import with_broken_rows
from dagster_project.demo.names import GIVEN_NAMES, SURNAMES
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import RAILS_ZONES, Plan, Shop
from dagster_project.demo.records import hex_ids

CURRENT = exporttext.header(
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,"
    "Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,"
    "Customer Name,Customer Reference ID,Unit,Count,GTIN,Itemization Type,Fulfillment Note,Channel,Token,"
    "Card Brand,PAN Suffix"
)
WITHOUT_CARDS = CURRENT[:-3]
OLD = exporttext.header(
    "Date,Time,Time Zone,Event Type,Location,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,"
    "Discounts,Net Sales,Tax,Device Name,Device Nickname,Transaction ID,Payment ID,Notes,Details,Dining Option,"
    "Customer Name,Customer ID,Customer Reference ID"
)
GROWN = [*CURRENT, "Order Reference ID"]
CARD_NAMES = [f"{surname}/{given}".upper() for surname in SURNAMES[::5] for given in list(GIVEN_NAMES)[::3]]
MONEY = {"Gross Sales": "gross", "Discounts": "given", "Net Sales": "net", "Tax": "tax"}
BROKEN_ROWS = (("Date", "2026-02-30"), ("Date", ""), ("Qty", ""), ("Transaction ID", ""), ("Net Sales", "seven"))


def item_exports(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    """Monthly files, newest line first, and re-exports that repeat the days around a month's end."""
    lines = _item_rows(plan, shop, sales, records, record_of_order)
    if lines.empty:
        return
    months = list(zip(plan.month_starts, plan.month_starts[1:], strict=False))
    months = [month for month in months if month[1] > lines["day"].min()]
    boundaries = sorted({months[at][0] for at in (len(months) // 8, len(months) // 2, len(months) - 1) if at > 0})
    wrong_clock = int(0.68 * plan.days)
    excel_month = min(4, len(months) - 1)
    for number, (start, end) in enumerate(months):
        part = lines[(lines["day"] >= start) & (lines["day"] < end)]
        if part.empty:
            continue
        attached_later = [b for b in boundaries if b == end]
        unnamed = (part["day"] >= end - 9) & part["is_named_later"] & bool(attached_later)
        columns = _columns(plan, shop, part, unnamed.to_numpy(), excel=shop.style == 3 and number == excel_month)
        mess: list[tuple[str, str]] = []
        if shop.style == 1 and number == len(months) - 2:
            columns = with_broken_rows(columns, "Transaction ID", BROKEN_ROWS)
            mess += [("broken_row", f"{column} = {value!r}") for column, value in BROKEN_ROWS]
        if shop.style == 3 and start <= wrong_clock < end:
            wrong = (part["day"] == wrong_clock).to_numpy()
            columns["Date"] = np.where(wrong, "2099-01-01", columns["Date"])
            mess.append(("till_clock_2099", f"{wrong.sum()} lines of {plan.date(wrong_clock)} are dated 2099-01-01"))
        if shop.style == 3 and number == excel_month:
            mess.append(("saved_by_excel", "BOM, CRLF, `$8.00 ` and `($7.00)`"))
        columns = _layout(plan, shop, columns, start)
        if list(columns) != CURRENT:
            mess.append(("drifted_layout", _drift_note(list(columns))))
        yield _delivery(plan, shop, start, end, columns, tuple(mess))
    for boundary in boundaries:
        start, end = max(0, boundary - 9), min(plan.days, boundary + 9)
        part = lines[(lines["day"] >= start) & (lines["day"] < end)]
        columns = _layout(plan, shop, _columns(plan, shop, part, np.zeros(len(part), bool)), start)
        mess = [("overlapping_export", f"repeats {plan.date(start)} to {plan.date(end - 1)}, customers attached later")]
        yield _delivery(plan, shop, start, end, columns, tuple(mess))


def _delivery(plan: Plan, shop: Shop, start: int, end: int, columns: dict, mess: tuple) -> Delivery:
    excel = any(kind == "saved_by_excel" for kind, _ in mess)
    content = exporttext.csv_bytes(columns, empty='""', newline="\r\n" if excel else "\n")
    first, after = plan.date(start), plan.date(end - 1) + pd.Timedelta(days=1)
    year = f"{first:%Y}/" if shop.style == 2 else ""
    return Delivery(
        path=f"{shop.location_id}/{year}items-{first}-{after:%Y-%m-%d}.csv",
        content=b"\xef\xbb\xbf" + content if excel else content,
        delivered=plan.delivered(shop.timezone, end - 1),
        rows=len(columns["Date"]),
        feed="order_lines",
        mess=mess,
    )


def _item_rows(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> pd.DataFrame:
    """This shop's lines with what Square adds: ids, names, devices. Newest first."""
    rng = plan.rng(f"square {shop.location_id}")
    orders, lines = sales.of(shop)
    here = orders.index
    transaction = pd.Series(hex_ids(rng, len(here), 25) + "ZY", index=here)
    payment = pd.Series(hex_ids(rng, len(here), 25) + "ZY", index=here)
    second_payment = pd.Series(hex_ids(rng, len(here), 25) + "ZY", index=here)
    lines = lines[lines["kind"] != "void"].copy()
    refund = (lines["kind"] == "refund").to_numpy()
    own_transaction = refund & (rng.random(len(lines)) < 0.5)
    split = orders["pays_with_two"][lines["order"]].to_numpy() & (lines["position"] % 2 == 0).to_numpy()
    lines["transaction"] = np.where(own_transaction, hex_ids(rng, len(lines), 25) + "ZY", transaction[lines["order"]])
    lines["payment"] = np.where(split, second_payment[lines["order"]], payment[lines["order"]])
    lines["payment"] = np.where(refund, hex_ids(rng, len(lines), 25) + "ZY", lines["payment"])
    lines["record"] = record_of_order[lines["order"]]
    lines["given"] = -lines["discount"]
    bought = orders.loc[lines["order"], ["card", "pan_suffix", "name_luck"]].reset_index(drop=True)
    lines = pd.concat([lines.reset_index(drop=True), bought], axis=1)
    known = lines["record"] >= 0
    lines["is_named_later"] = known & (lines["name_luck"] % 0.1 > 0.08)
    lines["customer_id"] = np.where(known, records["source_record_id"].to_numpy()[lines["record"]], "")
    full_name = (records["first_name"].str.strip() + " " + records["last_name"].str.strip()).str.strip().to_numpy()
    lines["customer_name"] = np.where(known & (lines["name_luck"] < 0.45), full_name[lines["record"]], "")
    on_card = ~known & (lines["name_luck"] < 0.03) & (lines["card"] != "")
    # One name per card, as good as drawn: the card's digits pick it.
    digits = lines.loc[on_card, "pan_suffix"]
    lines.loc[on_card, "customer_name"] = [CARD_NAMES[digit % len(CARD_NAMES)] for digit in digits]
    return lines.sort_values(["day", "second", "order", "position"], ascending=False, kind="stable", ignore_index=True)


def _columns(plan: Plan, shop: Shop, part: pd.DataFrame, unnamed: np.ndarray, excel: bool = False) -> dict:
    """Every column any layout has, as text."""
    count, product = len(part), part["product"].to_numpy()
    money = exporttext.excel_dollars if excel else exporttext.dollars
    refund = (part["kind"] == "refund").to_numpy()
    has_card = (part["card"] != "").to_numpy()
    modifiers = np.array([*catalogue.MODIFIERS, ""], dtype=object)[part["modifier"]]
    columns = {name: np.full(count, "", dtype=object) for name in GROWN}
    columns |= {name: money(part[source].to_numpy()) for name, source in MONEY.items()}
    columns["Date"] = plan.dates.astype(str).astype(object)[part["day"]]
    columns["Time"] = exporttext.clock(part["second"].to_numpy())
    columns["Time Zone"] = np.full(count, RAILS_ZONES[shop.timezone], dtype=object)
    columns["Category"] = catalogue.CATEGORIES[product]
    columns["Item"] = catalogue.PRODUCT_NAMES[product]
    columns["Qty"] = exporttext.per_value(part["quantity"].to_numpy(), lambda value: f"{value}.0")
    columns["Price Point Name"] = np.where(modifiers == "", "Regular", "").astype(object)
    columns["SKU"] = np.where(shop.style == 3, "", catalogue.PRODUCT_IDS[product])
    columns["Modifiers Applied"] = modifiers
    columns["Transaction ID"] = part["transaction"].to_numpy()
    columns["Payment ID"] = part["payment"].to_numpy()
    columns["Device Name"] = np.full(count, f"Square Terminal {1000 + 37 * shop.number}", dtype=object)
    columns["Device Nickname"] = np.full(count, "Counter", dtype=object)
    columns["Details"] = np.full(count, "https://app.squareup.com/dashboard/sales/transactions", dtype=object)
    columns["Event Type"] = np.where(refund, "Refund", "Payment").astype(object)
    columns["Location"] = np.full(count, shop.name, dtype=object)
    columns["Customer ID"] = np.where(unnamed, "", part["customer_id"]).astype(object)
    columns["Customer Name"] = np.where(unnamed, "", part["customer_name"]).astype(object)
    columns["Unit"] = np.full(count, "ea", dtype=object)
    columns["Count"] = exporttext.per_value(part["quantity"].to_numpy(), str)
    columns["Itemization Type"] = np.full(count, "Physical Good", dtype=object)
    columns["Channel"] = np.full(count, shop.name, dtype=object)
    columns["Token"] = exporttext.per_value(product, lambda value: f"{shop.number}ITEM{value:02d}TOKEN000000000000")
    columns["Card Brand"] = np.where(has_card, part["card"], "").astype(object)
    suffix = exporttext.per_value(part["pan_suffix"].to_numpy(), lambda value: f"{value:04d}")
    columns["PAN Suffix"] = np.where(has_card, suffix, "").astype(object)
    return columns


def _layout(plan: Plan, shop: Shop, columns: dict, start: int) -> dict:
    """The columns in the order and with the dates this shop's files had at that time."""
    names = CURRENT
    if shop.style == 2 and start < 0.35 * plan.days:
        names = OLD
        columns["Date"] = exporttext.per_value(columns["Date"], lambda text: f"{text[5:7]}/{text[8:]}/{text[:4]}")
    elif shop.style == 2 and start < 0.6 * plan.days:
        names = WITHOUT_CARDS
    elif shop.style == 3 and start >= 0.8 * plan.days:
        names = GROWN
    return {name: columns[name] for name in names}


def _drift_note(names: list[str]) -> str:
    if names == OLD:
        return "MM/DD/YYYY, columns moved, nine missing, Device Nickname extra"
    return "Token, Card Brand and PAN Suffix not there yet" if names == WITHOUT_CARDS else "Order Reference ID is new"
