"""Toast, Clover, Shopify and Square's transactions: their quirks are there, and their money is the truth's."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def table(demo: Path, pattern: str) -> pd.DataFrame:
    """The rows of all files of the landing zone that the pattern finds, in the order of their paths."""
    files = sorted((demo / "landing").glob(pattern))
    assert files, pattern
    return pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in files], ignore_index=True)


def cents(money: pd.Series) -> pd.Series:
    return (money.replace("", "0").str.replace("[$,]", "", regex=True).astype(float) * 100).round().astype(int)


def truth(demo: Path, shop: str) -> pd.DataFrame:
    orders = pd.read_parquet(demo / "truth/orders.parquet")
    return orders[orders["location_id"] == shop]


def test_toast_lines_that_are_not_voided_are_the_truths_sales(every_till):
    lines = table(every_till, "shop_6/**/ItemSelectionDetails*.csv")
    voided = lines["Void?"] == "true"
    assert cents(lines.loc[~voided, "Net Price"]).sum() == truth(every_till, "shop_6")["sold_cents"].sum()
    assert (cents(lines.loc[voided, "Net Price"]) > 0).all()
    assert "1,013.00" in set(lines["Net Price"])
    assert lines["Item Selection Id"].is_unique
    assert lines["Order Id"].str.fullmatch("[0-9]{19}").all()
    assert lines["Tax"].str.fullmatch(r"[0-9]+\.[0-9]{8}").all()


def test_toast_refunds_stand_on_the_newest_row_of_a_payment(every_till):
    payments = table(every_till, "shop_6/**/PaymentDetails*.csv")
    refunded = payments.drop_duplicates("Payment Id", keep="last")["Refund Amount"]
    refunds = truth(every_till, "shop_6")["refunded_cents"]
    given = cents(refunded).sum()
    # The tax of 7.75% goes back too, rounded per line.
    assert given > 0
    assert abs(given + refunds.sum() * 1.0775) <= (refunds < 0).sum()


def test_toast_names_customers_on_checks_and_dates_by_folder(every_till):
    checks = table(every_till, "shop_6/**/CheckDetails*.csv")
    assert 0 < (checks["Customer Id"] != "").mean() < 0.6
    assert "Order Id" not in checks
    for folder in (every_till / "landing/shop_6").glob("40222/*"):
        opened = pd.read_csv(folder / "OrderDetails.csv", dtype=str)["Opened"]
        day = f"{int(folder.name[4:6])}/{int(folder.name[6:])}/{folder.name[2:4]} "
        assert opened.str.startswith(day).all()


def test_clover_units_add_up_to_the_truths_sales(every_till):
    lines = table(every_till, "shop_8/LineItems-*.csv")
    guests = lines["Item Name"] == "# Guest"
    assert cents(lines["Item Total"]).sum() == truth(every_till, "shop_8")["sold_cents"].sum()
    assert guests.any()
    assert (cents(lines.loc[guests, "Item Total"]) == 0).all()
    orders = table(every_till, "shop_8/Orders-*.csv")
    assert set(lines["Order ID"]) <= set(orders["Order ID"])
    assert orders["Order Date"].str.fullmatch(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d [AP]M").all()


def test_clover_names_cardholders_only_and_leaves_tips_blank(every_till):
    payments = table(every_till, "shop_8/Payments-*.csv")
    assert (payments["Tip Amount"] == "").any()
    assert (payments.loc[payments["Tender"] == "Cash", "Customer Name"] == "").all()
    assert (payments["Customer Name"] != "").any()
    assert not truth(every_till, "shop_8")["is_captured"].any()


def test_shopify_orders_that_stood_are_the_truths_sales(every_till):
    rows = table(every_till, "shop_10/orders_export_*.csv")
    first = rows["Total"] != ""
    assert (first == ~rows.duplicated("Name")).all()
    cancelled = rows["Name"].isin(rows.loc[rows["Cancelled at"] != "", "Name"])
    net = cents(rows["Lineitem price"]) * rows["Lineitem quantity"].astype(int) - cents(rows["Lineitem discount"])
    assert cancelled.any()
    assert net[~cancelled].sum() == truth(every_till, "shop_10")["sold_cents"].sum()
    of_order = net.groupby(rows["Name"], sort=False).sum()
    assert of_order.tolist() == cents(rows.loc[first, "Subtotal"]).tolist()
    assert rows.loc[first, "Id"].str.startswith("'").all()
    assert rows.loc[first, "Created at"].str.fullmatch(r".{10} .{8} -0[56]00").all()


def test_square_transactions_hold_the_tips_of_the_items_payments(every_till):
    transactions = table(every_till, "shop_11/transactions/*.csv")
    items = pd.concat([table(every_till, f"shop_11/{year}/items-*.csv") for year in (2025, 2026)])
    assert set(transactions["Payment ID"]) == set(items["Payment ID"])
    assert transactions["Payment ID"].is_unique
    orders = truth(every_till, "shop_11")
    assert cents(transactions["Net Sales"]).sum() == orders[["sold_cents", "refunded_cents"]].sum().sum()
    assert (cents(transactions["Tip"]) > 0).any()


@pytest.mark.parametrize("feed", ["campaigns", "leads", "surveys", "calendar", "expenses", "areas", "product_map"])
def test_headquarters_speak_of_known_locations(every_till, feed):
    rows = table(every_till, f"hq/{feed}*.csv")
    known = set(table(every_till, "hq/locations.csv")["location_id"]) | {""}
    assert set(rows.get("location_id", pd.Series([""]))) <= known


def test_a_stewards_decisions_are_true(every_till):
    decisions = table(every_till, "hq/identity_decisions.csv")
    records = pd.read_parquet(every_till / "truth/source_records.parquet").dropna(subset="source_record_id")
    person = records.set_index(["source", "location_id", "source_record_id"])["person_id"]
    left, right = (
        person.loc[
            list(decisions[[f"{side}_{part}" for part in ("source", "location_id", "id")]].itertuples(index=False))
        ]
        for side in ("left", "right")
    )
    same = left.to_numpy() == right.to_numpy()
    assert np.array_equal(same, decisions["decision"] != "separate")
    assert set(decisions["decision"]) == {"merge", "separate", "withdraw"}


def test_who_unsubscribed_took_consent_back_in_the_same_second(every_till):
    gone = table(every_till, "hq/engagement_*.csv").query("event == 'unsubscribed'")
    denied = table(every_till, "hq/consents.csv").query("state == 'denied'")
    assert set(zip(gone["contact"], gone["at"], strict=True)) <= set(zip(denied["contact"], denied["at"], strict=True))


def test_nothing_of_the_truth_is_in_any_tills_files(every_till):
    for path in (every_till / "landing").rglob("*.csv"):
        assert not re.search(b"person_0|household_0|prospect_0", path.read_bytes()), path.name
