"""What lies in the landing zone: every promised mess is really there, and the rest is sound."""

import csv
import gzip
import io
import re
from pathlib import Path

import pandas as pd
import pytest

UNREADABLE = {"truncated_gzip", "binary_garbage", "empty_file", "unknown_header"}


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def items(demo: Path, shop: str, overlapping: bool = False) -> dict[str, pd.DataFrame]:
    """The shop's monthly item files, or its re-exports around a month's end, by path."""
    mess = pd.read_parquet(demo / "truth/mess.parquet")
    again = set(mess.loc[mess["kind"].isin(["overlapping_export", "same_bytes_twice"]), "path"])
    files = {str(p.relative_to(demo / "landing")): p for p in sorted((demo / "landing" / shop).rglob("items-2*.csv"))}
    return {name: table(p) for name, p in files.items() if ((name in again) == overlapping) and "(1)" not in name}


def planted(demo: Path, kind: str) -> list[Path]:
    mess = pd.read_parquet(demo / "truth/mess.parquet")
    return [demo / "landing" / path for path in mess.loc[mess["kind"] == kind, "path"]]


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")


def readable(demo: Path) -> list[Path]:
    bad = {path for kind in UNREADABLE for path in planted(demo, kind)}
    return [p for p in sorted((demo / "landing").rglob("*")) if p.is_file() and p not in bad]


def test_nothing_of_the_truth_is_in_the_landing_zone(demo):
    assert {p.suffix for p in (demo / "landing").rglob("*") if p.is_file()} == {".csv", ".gz"}
    for path in readable(demo):
        assert not re.search("person_0|household_0|prospect_0", text_of(path)), path.name


def test_mail_addresses_are_example_ones_and_phones_fictional(demo):
    mails, phones = set(), set()
    for path in readable(demo):
        text = text_of(path)
        mails |= set(re.findall(r"@+([A-Za-z0-9.-]+)", text))
        phones |= set(re.findall(r"(?<![0-9.])\+1\d{3}(\d{3})\d{4}", text))
    assert mails == {"example.com", "example.org", "example.net"}
    assert phones == {"555"}


def test_row_counts_agree_with_the_truth(demo):
    exports = pd.read_parquet(demo / "truth/exports.parquet").set_index("path")
    counted = {
        str(path.relative_to(demo / "landing")): len(list(csv.reader(io.StringIO(text_of(path))))) - 1
        for path in readable(demo)
    }
    assert counted == exports.loc[list(counted), "rows"].to_dict()
    unread = exports.drop(index=list(counted))
    assert unread["rows"].sum() == 0
    assert len(exports) == sum(1 for p in (demo / "landing").rglob("*") if p.is_file())


def test_square_money_and_receipts_agree_with_the_truth(demo):
    """The monthly files of a shop, without the broken extra rows, are the truth's orders, refunds included."""
    rows = pd.concat(items(demo, "shop_2").values())
    cents = rows["Net Sales"].str.replace("[$,]", "", regex=True).astype(float).sum() * 100
    orders = pd.read_parquet(demo / "truth/orders.parquet")
    orders = orders[orders["location_id"] == "shop_2"]
    assert round(cents) == orders["sold_cents"].sum() + orders["refunded_cents"].sum()
    sold = rows[rows["Event Type"] == "Payment"]
    assert sold["Transaction ID"].nunique() == (orders["sold_cents"] > 0).sum()


def test_canonical_money_agrees_with_the_truth(demo):
    months = [p for p in sorted((demo / "landing/shop_5/order_lines").iterdir()) if "first_try" not in p.name]
    lines = pd.concat(pd.read_csv(io.StringIO(text_of(p)), dtype=str, keep_default_na=False) for p in months)
    cents = lines.loc[lines["kind"] != "void", "net_amount"].astype(float).sum() * 100
    orders = pd.read_parquet(demo / "truth/orders.parquet")
    orders = orders[orders["location_id"] == "shop_5"]
    assert round(cents) == orders["sold_cents"].sum() + orders["refunded_cents"].sum()
    assert set(lines.loc[lines["kind"] == "refund", "refunds_order_id"]) <= set(orders["order_id"])
    assert lines["ordered_at"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[45]:00").all()


def test_overlapping_exports_repeat_payments_and_attach_customers_later(demo):
    first = pd.concat(items(demo, "shop_1").values())
    for again in items(demo, "shop_1", overlapping=True).values():
        key = ["Transaction ID", "Payment ID"]
        both = first.drop_duplicates(key).merge(again.drop_duplicates(key), on=key, suffixes=("", " again"))
        assert len(both) == len(again.drop_duplicates(key)) > 0
        unnamed = both["Customer ID"] == ""
        assert (unnamed & (both["Customer ID again"] != "")).any()
        assert (both.loc[~unnamed, "Customer ID"] == both.loc[~unnamed, "Customer ID again"]).all()


def test_refunds_are_negative_lines_with_a_payment_of_their_own(demo):
    rows = pd.concat(items(demo, "shop_1").values())
    refunds, sales = rows[rows["Event Type"] == "Refund"], rows[rows["Event Type"] == "Payment"]
    assert len(refunds) > 0
    assert refunds["Qty"].str.fullmatch(r"-\d\.0").all()
    assert refunds["Net Sales"].str.startswith("-$").all()
    assert refunds["Tax"].str.startswith("-$").all()
    assert not set(refunds["Payment ID"]) & set(sales["Payment ID"])
    assert set(refunds["Transaction ID"]) & set(sales["Transaction ID"])
    assert set(refunds["Transaction ID"]) - set(sales["Transaction ID"])


def test_identity_is_as_rare_as_on_real_receipts(demo):
    rows = pd.concat([*items(demo, "shop_1").values(), *items(demo, "shop_2").values()])
    assert 0.2 < (rows["Customer ID"] != "").mean() < 0.45
    assert 0.1 < (rows["Customer Name"] != "").mean() < 0.25


def test_layouts_drift_within_one_shop(demo):
    headers = [list(rows) for rows in items(demo, "shop_2").values()]
    assert headers[0] != headers[-1]
    assert sorted(set(headers[0]) - set(headers[-1])) == ["Device Nickname"]
    assert "Token" not in headers[0]
    assert headers[0].index("Event Type") < headers[0].index("Transaction ID") < headers[-1].index("Event Type")
    dates = [rows["Date"] for rows in items(demo, "shop_2").values()]
    assert dates[0].str.fullmatch(r"\d\d/\d\d/\d{4}").all()
    assert dates[-1].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert list(items(demo, "shop_3").values())[-1].columns[-1] == "Order Reference ID"


def test_a_copy_saved_by_excel_is_there(demo):
    (path,) = planted(demo, "saved_by_excel")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in path.read_bytes()
    money = table(path)["Net Sales"]
    assert money.str.fullmatch(r"\$[\d,.]+ |\(\$[\d,.]+\)").all()


def test_one_till_lives_in_2099_for_a_day(demo):
    (path,) = planted(demo, "till_clock_2099")
    dates = table(path)["Date"]
    assert 0 < dates.str.startswith("2099").sum() < len(dates) / 5


@pytest.mark.parametrize("shop", ["shop_1", "shop_4"])
def test_broken_rows_are_there_and_few(demo, shop):
    paths = {p for p in planted(demo, "broken_row") if shop in p.parts}
    (path,) = paths
    rows = table(path)
    broken = {
        "shop_1": lambda r: r["Date"].isin(["", "2026-02-30"]) | (r["Qty"] == "") | (r["Transaction ID"] == ""),
        "shop_4": lambda r: (r["quantity"] == "") | r["ordered_at"].str.contains("/") | (r["net_amount"] == "n/a"),
    }[shop](rows)
    assert 3 <= broken.sum() <= 5


def test_files_nobody_can_read_are_there(demo):
    (cut,) = planted(demo, "truncated_gzip")
    with pytest.raises(EOFError):
        gzip.decompress(cut.read_bytes())
    (garbage,) = planted(demo, "binary_garbage")
    assert b"\x00" in garbage.read_bytes()
    (empty,) = planted(demo, "empty_file")
    assert empty.stat().st_size == 0
    (timesheet,) = planted(demo, "unknown_header")
    assert table(timesheet).columns[0] == "Employee"
    (twice,) = planted(demo, "same_bytes_twice")
    assert twice.read_bytes() == twice.with_name(twice.name.replace(" (1)", "")).read_bytes()


def test_headquarters_names_an_unknown_location_and_a_tied_consent(demo):
    (signups,) = planted(demo, "unknown_location")
    known = set(table(demo / "landing/hq/locations.csv")["location_id"]) | {""}
    assert set(table(signups)["location_id"]) - known == {"shop_99"}
    consents = table(demo / "landing/hq/consents.csv")
    states = consents.groupby(["contact", "channel", "at"])["state"].nunique()
    assert (states == 2).sum() == 1
