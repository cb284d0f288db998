"""Square's item exports: a file a month or half-year per shop, in the layouts its shops really have."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.mess import with_broken_rows
from dagster_project.demo.names import GIVEN_NAMES, SURNAMES
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import RAILS_ZONES, Plan, Shop
from dagster_project.demo.records import hex_ids
from dagster_project.demo.transactions import transaction_exports

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
IDENTITY = ("Customer ID", "Customer Name")
MONEY = {"Gross Sales": "gross", "Discounts": "given", "Net Sales": "net", "Tax": "tax"}
BROKEN_ROWS = (("Date", "2026-02-30"), ("Date", ""), ("Qty", ""), ("Transaction ID", ""), ("Net Sales", "seven"))


def square_exports(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    """Item files, and from some shops the transactions beside them: only there are the tips."""
    lines = _item_rows(plan, shop, sales, records, record_of_order)
    if lines.empty:
        return
    yield from _item_exports(plan, shop, lines)
    if not shop.is_first and shop.style == 2:
        yield from transaction_exports(plan, shop, lines)


def _item_exports(plan: Plan, shop: Shop, lines: pd.DataFrame) -> Iterator[Delivery]:
    """A file per month or half-year, newest line first, and re-exports that repeat the days around a month's end."""
    every = _Texts(plan, shop, lines)
    starts = plan.month_starts
    months = list(pairwise(starts)) if shop.is_first else plan.periods
    months = [month for month in months if month[1] > lines["day"].min()]
    boundaries = sorted({months[at][0] for at in (len(months) // 8, len(months) // 2, len(months) - 1) if at > 0})
    wrong_clock = int(0.68 * plan.days)
    excel_month = min(4, len(months) - 1)
    for number, (start, end) in enumerate(months):
        part = lines[every.within(start, end)]
        if part.empty:
            continue
        changes, mess = {}, []
        if end in boundaries:
            unnamed = (part["day"] >= end - 9) & part["is_named_later"]
            changes = {name: np.where(unnamed, "", every.column(name, start, end)) for name in IDENTITY}
        if shop.style == 3 and start <= wrong_clock < end:
            wrong = (part["day"] == wrong_clock).to_numpy()
            changes["Date"] = np.where(wrong, "2099-01-01", every.column("Date", start, end))
            mess.append(("till_clock_2099", f"{wrong.sum()} lines of {plan.date(wrong_clock)} are dated 2099-01-01"))
        excel = shop.style == 3 and number == excel_month
        if excel:
            changes |= {name: exporttext.excel_dollars(part[source].to_numpy()) for name, source in MONEY.items()}
            mess.append(("saved_by_excel", "BOM, CRLF, `$8.00 ` and `($7.00)`"))
        broken = BROKEN_ROWS if shop.style == 1 and number == len(months) - 2 else ()
        mess += [("broken_row", f"{column} = {value!r}") for column, value in broken]
        names = _layout(plan, shop, start)
        if names != CURRENT:
            mess.append(("drifted_layout", _drift_note(names)))
        content = every.file(names, start, end, changes, broken, excel)
        yield _delivery(plan, shop, start, end, content, len(part) + len(broken), tuple(mess))
    for boundary in boundaries:
        start, end = max(0, boundary - 9), min(plan.days, boundary + 9)
        mess = [("overlapping_export", f"repeats {plan.date(start)} to {plan.date(end - 1)}, customers attached later")]
        rows = every.within(start, end)
        content = every.file(_layout(plan, shop, start), start, end)
        yield _delivery(plan, shop, start, end, content, rows.stop - rows.start, tuple(mess))


class _Texts:
    """A shop's lines as text, made once; a file is a slice of them."""

    def __init__(self, plan: Plan, shop: Shop, lines: pd.DataFrame):
        self.columns = _columns(plan, shop, lines)
        self.day = -lines["day"].to_numpy()  # newest first
        self.rows: dict[tuple, list[str]] = {}

    def within(self, start: int, end: int) -> slice:
        return slice(*np.searchsorted(self.day, [-end + 1, -start + 1], side="left").tolist())

    def column(self, name: str, start: int, end: int) -> np.ndarray:
        return self.columns[name][self.within(start, end)]

    def file(self, names, start, end, changes=None, broken=(), excel=False) -> bytes:
        """The lines of [start, end) under these names, with what differs in this one file."""
        if not changes and not broken:
            if tuple(names) not in self.rows:
                self.rows[tuple(names)] = exporttext.csv_rows(self._named(names), empty='""')
            return exporttext.csv_file(names, self.rows[tuple(names)][self.within(start, end)])
        columns = {name: self.column(name, start, end) for name in self.columns} | (changes or {})
        if broken:
            columns = with_broken_rows(columns, "Transaction ID", broken)
        content = exporttext.csv_bytes(self._named(names, columns), empty='""', newline="\r\n" if excel else "\n")
        return b"\xef\xbb\xbf" + content if excel else content

    def _named(self, names: list[str], columns: dict | None = None) -> dict:
        columns = columns or self.columns
        chosen = {name: columns[name] for name in names}
        if names == OLD:
            chosen["Date"] = exporttext.per_value(chosen["Date"], lambda text: f"{text[5:7]}/{text[8:]}/{text[:4]}")
        return chosen


def _delivery(plan: Plan, shop: Shop, start: int, end: int, content: bytes, rows: int, mess: tuple) -> Delivery:
    first, after = plan.date(start), plan.date(end - 1) + pd.Timedelta(days=1)
    year = f"{first:%Y}/" if shop.style == 2 else ""
    return Delivery(
        path=f"{shop.location_id}/{year}items-{first}-{after:%Y-%m-%d}.csv",
        content=content,
        delivered=plan.delivered(shop.timezone, end - 1),
        rows=rows,
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
    bought = orders.loc[lines["order"], ["card", "pan_suffix", "name_luck", "tip_cents"]].reset_index(drop=True)
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


def _columns(plan: Plan, shop: Shop, part: pd.DataFrame) -> dict:
    """Every column any layout has, as text."""
    count, product = len(part), part["product"].to_numpy()
    refund = (part["kind"] == "refund").to_numpy()
    has_card = (part["card"] != "").to_numpy()
    modifiers = np.array([*catalogue.MODIFIERS, ""], dtype=object)[part["modifier"]]
    columns = {name: np.full(count, "", dtype=object) for name in GROWN}
    columns |= {name: exporttext.dollars(part[source].to_numpy()) for name, source in MONEY.items()}
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
    columns["Customer ID"] = part["customer_id"].to_numpy(dtype=object)
    columns["Customer Name"] = part["customer_name"].to_numpy(dtype=object)
    columns["Unit"] = np.full(count, "ea", dtype=object)
    columns["Count"] = exporttext.per_value(part["quantity"].to_numpy(), str)
    columns["Itemization Type"] = np.full(count, "Physical Good", dtype=object)
    columns["Channel"] = np.full(count, shop.name, dtype=object)
    columns["Token"] = exporttext.per_value(product, lambda value: f"{shop.number}ITEM{value:02d}TOKEN000000000000")
    columns["Card Brand"] = np.where(has_card, part["card"], "").astype(object)
    suffix = exporttext.per_value(part["pan_suffix"].to_numpy(), lambda value: f"{value:04d}")
    columns["PAN Suffix"] = np.where(has_card, suffix, "").astype(object)
    return columns


def _layout(plan: Plan, shop: Shop, start: int) -> list[str]:
    """The columns this shop's files had at that time, in their order."""
    if shop.style == 2 and start < 0.35 * plan.days:
        return OLD
    if shop.style == 2 and start < 0.6 * plan.days:
        return WITHOUT_CARDS
    return GROWN if shop.style == 3 and start >= 0.8 * plan.days else CURRENT


def _drift_note(names: list[str]) -> str:
    if names == OLD:
        return "MM/DD/YYYY, columns moved, nine missing, Device Nickname extra"
    return "Token, Card Brand and PAN Suffix not there yet" if names == WITHOUT_CARDS else "Order Reference ID is new"
