"""Receipts whose number, time or customer stands on their first row alone, and cells that a workbook typed."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from workbook import workbook

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contract_language import FillDown
from dagster_project.extract.tables import ROW_NUMBER, Rows
from dagster_project.extract.whole_file import FIRST, Skipping, fill_down

HEAD = """name: kassa
source: kassa
feed: order_lines
recognise: [Bon, Datum, Klant, Aantal, Bedrag]
replace: [order_id]
"""
COLUMNS = """columns:
  order_id: Bon
  ordered_at: {from: Datum, formats: ["%d-%m-%Y %H:%M", "%d-%m-%Y"]}
  quantity: Aantal
  net_amount: {multiply: [Aantal, Bedrag], decimal_mark: ","}
  source_customer_id: {from: Klant, style: id}
"""
FILE = ["Bon", "Datum", "Klant", "Aantal", "Bedrag"]
FIRST_ROW_ALONE = "fill_down: {starts_at: Bon, columns: [Datum, Klant]}\n"


@pytest.fixture
def land(zone):
    """Land one file of the contract; what became of it."""

    def landed(contract: str, content: bytes | list[str], name: str = "a.csv"):
        (zone.folder / "sources").mkdir()
        (zone.folder / "sources/kassa.yaml").write_text(contract)
        text = content if isinstance(content, bytes) else "\n".join([";".join(FILE), *content, ""])
        zone.put(f"shop_1/{name}", text)
        return zone.entry(zone.land(), f"shop_1/{name}")

    return landed


def test_a_receipt_begins_where_its_number_is_filled(zone, land) -> None:
    rows = ["1;05-10-2026 08:00;71;1;4", ";;;2;3", "2;05-10-2026 08:05;;1;5", ";;;1;6", "3;05-10-2026 08:09;72;1;2"]
    assert land(HEAD + FIRST_ROW_ALONE + COLUMNS, rows).rows_landed == 5
    assert zone.rows("order_lines", "order_id, source_customer_id, minute(event_local_at)", "row_number") == [
        ("1", "71", 0),
        ("1", "71", 0),
        ("2", None, 5),
        ("2", None, 5),
        ("3", "72", 9),
    ]


def test_a_total_between_the_rows_of_a_receipt_belongs_to_none(zone, land) -> None:
    skip = "skip:\n  - {when: {Aantal: {is_in: [Totaal]}}, reason: the day's total}\n"
    rows = ["1;05-10-2026 08:00;71;1;4", ";05-10-2026;;Totaal;9", ";;;2;3", "2;05-10-2026 08:05;;1;5", ";;72;Totaal;9"]
    entry = land(HEAD + FIRST_ROW_ALONE + skip + COLUMNS, rows)
    assert (entry.rows_landed, entry.rows_rejected) == (3, 2)
    assert zone.rows("order_lines", "order_id, source_customer_id, row_number", "row_number") == [
        ("1", "71", 1),
        ("1", "71", 3),
        ("2", None, 4),
    ]


def test_a_total_is_no_first_row_of_a_receipt(zone, land) -> None:
    more = (
        "fill_down: {by: Bon, columns: [Datum]}\nskip:\n  - {when: {Klant: {is_in: [Totaal]}}, reason: total}\n"
        "also:\n  - feed: orders\n    rows: first\n    columns:\n      order_id: Bon\n"
        '      ordered_at: {from: Datum, formats: ["%d-%m-%Y %H:%M"]}\n      total_amount: Bedrag\n'
    )
    land(HEAD + more + COLUMNS, ["1;05-10-2026 08:00;71;1;4", "1;;;1;5", "1;;Totaal;1;9", "2;05-10-2026 09:00;;1;6"])
    assert zone.rows("orders", "order_id, total_amount::int", "order_id") == [("1", 4), ("2", 6)]


def test_what_is_skipped_for_a_word_on_its_first_row_is_skipped_whole(zone, land) -> None:
    skip = "skip:\n  - {when: {Klant: {is_in: [intern]}}, reason: for the house}\n"
    rows = [
        "1;05-10-2026 08:00;71;1;4",
        "2;05-10-2026 08:05;intern;1;5",
        ";;;2;3",
        ";;;1;2",
        "3;05-10-2026 08:09;;1;2",
        ";;;1;7",
    ]
    entry = land(HEAD + FIRST_ROW_ALONE + skip + COLUMNS, rows)
    assert (entry.rows_landed, entry.rows_rejected) == (3, 3)
    assert zone.rows("order_lines", "order_id, net_amount::int", "row_number") == [("1", 4), ("3", 2), ("3", 7)]


@pytest.mark.parametrize("border", range(1, 6))
def test_a_skipped_receipt_ends_where_it_ends_wherever_a_batch_does(border) -> None:
    said = ["71", "intern", "", "", "72", ""]
    told = pa.table({ROW_NUMBER: range(1, 7), "Bon": list("122233"), "Klant": said})
    rule = FillDown(by="Bon", columns=["Klant"])
    skipping = Skipping(rule, lambda rows: pc.equal(rows["Klant"].combine_chunks(), "intern"), {"Klant"})
    batches = iter([told.slice(0, border), told.slice(border)])
    filled = pa.concat_tables(fill_down("a.csv", batches, rule, Rows(), skipping))
    assert filled["Klant"].to_pylist() == ["71", "intern", "intern", "intern", "72", "72"]
    assert filled[FIRST].to_pylist() == [True, False, False, False, True, False]


@pytest.mark.parametrize("border", [1, 2, 3])
def test_a_rule_that_mixes_receipts_is_found_wherever_a_batch_ends(border) -> None:
    told = pa.table({ROW_NUMBER: [1, 2, 3], "Bon": ["1", "1", "1"], "Klant": ["", "71", "72"]})
    batches = iter([told.slice(0, border), told.slice(border)])
    with pytest.raises(UnreadableFile, match="'Klant' changes where 'Bon' stays the same"):
        list(fill_down("a.csv", batches, FillDown(by="Bon", columns=["Klant"]), Rows()))


@pytest.mark.parametrize(
    ("rule", "rows", "reason"),
    [
        (
            "{by: Klant, columns: [Bon, Datum]}",
            ["1;05-10-2026 08:00;71;1;4", ";;71;2;3", "2;05-10-2026 08:05;71;1;5"],
            "in row 4 'Bon' changes where 'Klant' stays the same",
        ),
        (
            "{by: Bon, columns: [Datum, Klant]}",
            ["1;05-10-2026 08:00;71;1;4", "1;;;2;3", "1;06-10-2026 08:05;;1;5"],
            "in row 4 'Datum' changes where 'Bon' stays the same",
        ),
        (
            "{by: Bon, columns: [Klant]}",
            ["1;05-10-2026 08:00;;1;4", "1;05-10-2026 08:00;71;2;3", "1;06-10-2026 08:05;72;1;5"],
            "in row 4 'Klant' changes where 'Bon' stays the same",
        ),
        (
            "{starts_at: Bon, columns: [Datum, Klant]}",
            ["1;05-10-2026 08:00;71;1;4", ";;72;2;3"],
            "in row 3 'Klant' changes where 'Bon' stays empty",
        ),
    ],
)
def test_rows_that_a_rule_takes_together_wrongly_set_the_file_aside(zone, land, rule, rows, reason) -> None:
    zone.put("shop_2/b.csv", ";".join(FILE) + "\n9;05-10-2026 08:00;80;1;1\n")
    entry = land(f"{HEAD}fill_down: {rule}\n{COLUMNS}", rows)
    assert (entry.status, entry.rows_landed) == ("rejected", 0)
    assert entry.reason.startswith(f"shop_1/a.csv: {reason}, so fill_down would")


def test_a_rule_may_repeat_what_its_rows_say_alike(zone, land) -> None:
    rows = ["1;05-10-2026 08:00; 71;1;4", "1;05-10-2026 08:00;71 ;2;3", "2;05-10-2026 08:00;72;1;5"]
    assert land(f"{HEAD}fill_down: {{by: Bon, columns: [Datum, Klant]}}\n{COLUMNS}", rows).rows_landed == 3


def test_numbers_and_dates_of_a_workbook_are_read_whatever_its_texts_look_like(zone, land) -> None:
    at = datetime(2026, 10, 5, 8, 15)
    sheet = [
        FILE,
        ["1", at, 71, 1.125, 4.0],
        ["2", at.date(), 71, 2, 2.25],
        ["3", "05-10-2026 09:30", 71, "1,5", "1.000,50"],
        ["4", "05-10-2026", 71, "0.500", 1],
    ]
    entry = land(HEAD + COLUMNS, workbook(sheet), "a.xlsx")
    assert (entry.rows_landed, entry.rows_rejected) == (3, 1)
    assert zone.rows("order_lines", "event_local_at, quantity, net_amount", "row_number") == [
        (at, Decimal("1.125"), Decimal("4.5")),
        (datetime(2026, 10, 5), Decimal(2), Decimal("4.5")),
        (datetime(2026, 10, 5, 9, 30), Decimal("1.5"), Decimal("1500.75")),
    ]
    assert zone.ops('select row_number, "column", reason from rejected_rows') == [(5, "quantity", "not a decimal")]


def test_two_digits_are_no_year_of_a_date_cell(zone, land) -> None:
    entry = land(HEAD + COLUMNS, ["1;05-10-26;71;1;4", "2;2026-10-05;71;1;4"])
    assert (entry.rows_landed, entry.rows_rejected) == (1, 1)
    assert zone.rows("order_lines", "cast(event_local_at as date)") == [(date(2026, 10, 5),)]


def test_a_key_made_of_a_date_is_the_same_in_a_workbook_and_a_csv(zone, land) -> None:
    key = COLUMNS.replace("order_id: Bon", 'order_id: {from: [Datum, Bon], complete: true, separator: "-"}')
    sheet = [FILE, ["1", datetime(2026, 10, 5, 8, 15), 71, 1, 4], ["2", datetime(2026, 10, 5, 8, 15, 30), 71, 1, 5]]
    zone.put("shop_1/2026-10-06/b.csv", ";".join(FILE) + "\n1;05-10-2026 08:15;71;1;4\n3;05-10-2026 08:15;72;1;6\n")
    assert land(HEAD + key, workbook(sheet), "a.xlsx").status == "landed"
    assert zone.rows("order_lines", "order_id, net_amount") == [
        ("2026-10-05 08:15:00-1", Decimal(4)),
        ("2026-10-05 08:15:00-3", Decimal(6)),
        ("2026-10-05 08:15:30-2", Decimal(5)),
    ]


DAY_AND_CLOCK = """name: kassa
source: kassa
feed: order_lines
recognise: [Bon, Dag, Tijd, Aantal, Bedrag]
replace: [order_id]
columns:
  order_id: {from: [Dag, Bon], complete: true, separator: "-"}
  ordered_at: {from: [Dag, Tijd], formats: ["%d/%m/%Y %H.%M"], date_order: from_file}
  quantity: Aantal
  net_amount: Bedrag
also:
  - feed: payments
    columns:
      payment_id: {from: [Dag, Bon], complete: true, separator: "-"}
      order_id: {from: [Dag, Bon], complete: true, separator: "-"}
      paid_at: {from: [Dag, Tijd], formats: ["%d/%m/%Y %H.%M"], date_order: from_file}
      amount: Bedrag
"""
DAY_HEAD = "Bon;Dag;Tijd;Aantal;Bedrag\n"


def test_a_key_of_a_day_that_has_its_clock_beside_it_is_the_same_in_a_workbook_and_a_csv(zone, land) -> None:
    sheet = [DAY_HEAD.strip().split(";"), ["1", date(2026, 1, 31), "6.32", 1, 4.0]]
    zone.put("shop_1/2026-02-28/b.csv", DAY_HEAD + "1;31/01/2026;6.32;1;4\n1;01/02/2026;6.40;1;5\n")
    assert land(DAY_AND_CLOCK, workbook(sheet), "a.xlsx").status == "landed"
    assert zone.rows("order_lines", "order_id, net_amount::int, minute(event_local_at)") == [
        ("2026-01-31-1", 4, 32),
        ("2026-02-01-1", 5, 40),
    ]
    assert zone.rows("payments", "order_id") == [("2026-01-31-1",), ("2026-02-01-1",)]


def test_days_in_another_order_name_their_own_receipts(zone, land) -> None:
    """4 January and 1 April are both written 04/01/2026, in files that each tell their order."""
    zone.put("shop_1/april.csv", DAY_HEAD + "1;04/01/2026;8.00;1;7\n1;04/13/2026;8.00;1;8\n")
    land(DAY_AND_CLOCK, (DAY_HEAD + "1;04/01/2026;8.00;1;4\n1;13/01/2026;8.00;1;5\n").encode())
    assert zone.rows("order_lines", "order_id, net_amount::int") == [
        ("2026-01-04-1", 4),
        ("2026-01-13-1", 5),
        ("2026-04-01-1", 7),
        ("2026-04-13-1", 8),
    ]
