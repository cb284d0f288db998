"""What becomes of good rows, bad rows and bad files."""

import gzip
from datetime import date, datetime
from decimal import Decimal

import pytest

from dagster_project.errors import NetworkError
from dagster_project.extract.check import check_landing

LINES = "order_id,line_id,ordered_at,quantity,net_amount,source_customer_id\n"
GOOD = LINES + "o1,1,2026-10-05T08:15:00,1,4.50,kate\no1,2,2026-10-05T08:15:00,2,3.00,kate\n"


def test_lines_land_typed_with_local_and_utc_time(zone) -> None:
    zone.put("shop_1/a.csv", GOOD)
    landed = zone.land()
    assert landed.as_of_date == date(2026, 10, 5)
    assert landed.run_id == "2026-10-05-1"
    # New York is four hours behind UTC in October.
    assert (
        zone.rows("order_lines", "location_id, ordered_at, event_local_at, business_date, kind, currency")
        == [("shop_1", datetime(2026, 10, 5, 12, 15), datetime(2026, 10, 5, 8, 15), date(2026, 10, 5), "sale", "USD")]
        * 2
    )
    assert zone.rows("order_lines", "net_amount") == [(Decimal("3.0000"),), (Decimal("4.5000"),)]


def test_an_offset_in_the_text_decides_the_instant(zone) -> None:
    zone.put("shop_1/a.csv", LINES + "o1,1,2026-10-05T23:30:00Z,1,4.50,\n")
    zone.land()
    assert zone.rows("order_lines", "ordered_at, event_local_at, business_date") == [
        (datetime(2026, 10, 5, 23, 30), datetime(2026, 10, 5, 19, 30), date(2026, 10, 5))
    ]


def test_any_iso_offset_is_understood(zone) -> None:
    instants = ["2026-10-05T23:30:00+00", "2026-10-05 23:30 UTC", "2026-10-05T19:30:00-04", "2026-10-06T01:30:00+0200"]
    zone.put("shop_1/a.csv", LINES + "".join(f"o{n},1,{at},1,4.50,\n" for n, at in enumerate(instants)))
    zone.land()
    assert zone.rows("order_lines", "distinct ordered_at") == [(datetime(2026, 10, 5, 23, 30),)]


def test_a_business_date_is_held_to_the_delivery_like_any_time(zone) -> None:
    header = "order_id,ordered_at,business_date,quantity,net_amount\n"
    zone.put(
        "shop_1/a.csv", header + "o1,2026-10-05,2099-01-01,1,4\no2,2026-10-05,1970-01-01,1,4\no3,2026-10-05,,1,4\n"
    )
    assert zone.land().as_of_date == date(2026, 10, 5)
    assert zone.ops('select row_number, "column" from rejected_rows order by 1') == [
        (2, "business_date"),
        (3, "business_date"),
    ]


def test_every_bad_row_is_named_with_column_and_reason_and_masked(zone) -> None:
    zone.put(
        "shop_1/a.csv",
        LINES
        + "o1,1,2026-10-05,1,4.50,\n"
        + ",2,2026-10-05,1,4.50,\n"
        + "o3,3,2026-13-45,1,4.50,\n"
        + "o4,4,2026-10-05,one,4.50,\n"
        + "o5,5,2026-10-05,1\n"
        + "o6,6,2099-01-01,1,4.50,\n",
    )
    landed = zone.land()
    entry = zone.entry(landed, "shop_1/a.csv")
    assert (entry.rows_read, entry.rows_landed, entry.rows_rejected) == (6, 1, 5)
    assert zone.ops('select row_number, "column", reason, value_masked from rejected_rows order by 1') == [
        (3, "order_id", "empty, but required", None),
        (4, "ordered_at", "not a time in ISO 8601", "9999-99-99"),
        (5, "quantity", "not a decimal", "xxx"),
        (6, None, "4 cells where the header has 6", None),
        (7, "ordered_at", "later than the file's delivery on 2026-11-01; check the till's clock", "9999-99-99"),
    ]
    # The till dated 2099 does not move the night.
    assert landed.as_of_date == date(2026, 10, 5)


def test_a_row_lands_without_an_optional_value_that_cannot_be_read_and_that_is_told(zone) -> None:
    header = "source_customer_id,first_name,birth_date,household_size,email_consent\n"
    rows = "c1,Kate,1980-02-30,many,granted\nc2,Ann,1980-02-29,2,\nc3,Bob,19 May,1,perhaps\n"
    zone.put("shop_1/customers.csv", header + rows)
    zone.put("shop_1/a.csv", GOOD)
    entry = zone.entry(zone.land(), "shop_1/customers.csv")
    assert (entry.rows_landed, entry.rows_rejected, entry.values_unreadable) == (2, 1, 2)
    assert zone.rows("customers", "source_customer_id, birth_date, household_size") == [
        ("c1", None, None),
        ("c2", date(1980, 2, 29), 2),
    ]
    # A word of consent is no such value: none is guessed, and the word before stands.
    assert zone.ops('select "column", reason from rejected_rows') == [
        ("email_consent", "not one of granted, denied, unknown")
    ]
    assert zone.ops('select file, "column", reason, value_masked from unreadable_values') == [
        ("shop_1/customers.csv", "birth_date", "not a date in ISO 8601", "9999-99-99"),
        ("shop_1/customers.csv", "household_size", "not an integer", "xxxx"),
    ]
    assert zone.ops("select values_unreadable from files where path = 'shop_1/customers.csv'") == [(2,)]
    told = list(check_landing(zone.network))
    assert any(line.endswith("lands without birth_date: not a date in ISO 8601") for line in told)
    zone.put("shop_1/customers.csv", header + rows.replace("02-30", "02-28").replace("many", "3"))
    zone.land()
    assert zone.ops("select * from unreadable_values") == []


def test_files_that_cannot_be_read_are_set_aside_and_the_others_go_on(zone) -> None:
    zone.put("shop_1/good.csv", GOOD)
    zone.put("shop_2/broken.csv.gz", gzip.compress(GOOD.encode())[:40])
    zone.put("shop_2/garbage.csv", b"\x00\x01\x02\xff")
    zone.put("shop_2/empty.csv", "")
    zone.put("shop_2/header_only.csv", LINES)
    zone.put("shop_2/timesheet.csv", "staff,hours\nAnn,8\n")
    zone.put("shop_2/no_amount.csv", "order_id,ordered_at,quantity\no1,2026-10-05,1\n")
    zone.put("shop_2/photo.png", b"\x89PNG")
    zone.put("stray.csv", GOOD)
    landed = zone.land()
    assert zone.entry(landed, "shop_1/good.csv").rows_landed == 2
    reasons = {e.path: e.reason for e in landed.set_aside}
    assert "cannot be decompressed" in reasons["shop_2/broken.csv.gz"]
    assert "no text file" in reasons["shop_2/garbage.csv"]
    assert "is empty" in reasons["shop_2/empty.csv"]
    assert "a header without rows" in reasons["shop_2/header_only.csv"]
    assert "no source contract knows this header" in reasons["shop_2/timesheet.csv"]
    assert "nearest is canonical_order_lines, without 'net_amount'" in reasons["shop_2/no_amount.csv"]
    assert "format not supported" in reasons["shop_2/photo.png"]
    assert "outside a location's folder" in reasons["stray.csv"]
    assert all(path in reason for path, reason in reasons.items())


def test_an_unknown_location_rejects_rows_until_the_feed_lists_it(zone) -> None:
    zone.put("hq/locations.csv", "location_id,name\nshop_1,Harbour\n")
    zone.put("shop_9/a.csv", GOOD)
    zone.put("hq/all.csv", "location_id," + GOOD.replace("\no1", "\nshop_1,o1"))
    landed = zone.land()
    assert zone.entry(landed, "shop_9/a.csv").rows_rejected == 2
    assert zone.entry(landed, "hq/all.csv").rows_landed == 2
    zone.put("hq/locations.csv", "location_id,name\nshop_1,Harbour\nshop_9,Station\n")
    assert zone.entry(zone.land(), "shop_9/a.csv").rows_landed == 2


def test_another_currency_than_the_locations_is_rejected(zone) -> None:
    header = "order_id,ordered_at,quantity,net_amount,currency\n"
    zone.put("shop_1/a.csv", header + "o1,2026-10-05,1,4,USD\no2,2026-10-05,1,4,CAD\n")
    zone.land()
    assert zone.ops('select row_number, "column", reason from rejected_rows') == [
        (3, "currency", "another currency than its location's USD")
    ]


def test_a_location_of_another_currency_is_set_aside_and_the_others_go_on(zone) -> None:
    zone.put("hq/locations.csv", "location_id,currency,timezone\nshop_1,CAD,America/Toronto\nshop_2,USD,\n")
    for shop in ("shop_1", "shop_2"):
        zone.put(f"{shop}/a.csv", "order_id,ordered_at,quantity,net_amount\no1,2026-10-05,1,4\n")
    zone.land()
    assert zone.rows("order_lines", "location_id") == [("shop_2",)]
    reason = (
        "its location sells in CAD, this network counts in USD; set network.currency in network.yaml, or give this "
        "location a network of its own"
    )
    assert zone.ops('select file, "column", reason from rejected_rows') == [("shop_1/a.csv", "location_id", reason)]


def test_encodings_and_delimiters(zone) -> None:
    text = GOOD.replace("kate", "zoë")
    zone.put("shop_1/bom.csv", b"\xef\xbb\xbf" + text.encode())
    zone.put("shop_2/latin.csv", text.encode("cp1252"))
    zone.put("shop_3/utf16.csv", text.encode("utf-16"))
    zone.put("shop_4/semicolon.csv", text.replace(",", ";"))
    zone.put("shop_5/tabs.tsv", text.replace(",", "\t"))
    zone.put("shop_6/zipped.csv.gz", gzip.compress(text.encode()))
    zone.land()
    found = zone.rows("order_lines", "location_id, source_customer_id, net_amount")
    assert found == sorted(
        (f"shop_{n}", "zoë", Decimal(amount)) for n in range(1, 7) for amount in ("3.0000", "4.5000")
    )


def test_contact_details_in_file_names_headers_and_reasons_do_not_reach_ops(zone) -> None:
    header = LINES.replace("\n", ",kate@example.com\n")
    zone.put(
        "shop_1/kate@example.com +12125550123 (1).csv",
        header + "o1,1,2026-13-45,1,4.50,,x\no2,1,2026-10-05,1,4.50,,x\n",
    )
    zone.put("shop_1/ana@example.com 2026-10-31.csv", "who,knows\n1,2\n")
    zone.land()
    told = zone.ops("select path, reason from files") + zone.ops("select file, reason, value_masked from rejected_rows")
    told += zone.ops("select path, column_name from drift")
    assert "example.com" not in str(told)
    assert "2125550123" not in str(told)
    assert zone.ops("select file from rejected_rows") == [("shop_1/[masked] [masked] (1).csv",)]
    assert ("[masked]",) in zone.ops("select column_name from drift where change = 'appeared'")
    [reason] = zone.ops("select reason from files where status = 'rejected'")
    assert reason[0].startswith("shop_1/[masked] 2026-10-31.csv: no source contract")


def test_a_pin_to_a_source_without_a_contract_is_refused_before_anything_lands(zone) -> None:
    zone.put("shop_1/a.csv", GOOD)
    zone.file.write_text("sources: {shop_1: sqare}\n")
    with pytest.raises(NetworkError, match=r"`sources\.shop_1` is 'sqare'; allowed: .*canonical.*square"):
        zone.land()
    with pytest.raises(NetworkError, match="sqare"):
        list(check_landing(zone.network))
    assert not zone.network.home.ledger.exists()


def test_a_file_that_ends_within_a_row_is_told_as_cut_off(zone) -> None:
    zone.put("shop_1/a.csv", LINES + "o1,1,2026-10-05,1,4.50,\no2,2,2026-1")
    zone.land()
    assert zone.ops("select row_number, reason from rejected_rows") == [
        (3, "3 cells where the header has 6; the file ends there and may be cut off: ask for it again")
    ]
