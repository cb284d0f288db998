"""The words of a contract, each on a file small enough to work out by hand."""

import re
from datetime import date, datetime
from decimal import Decimal

import pytest

from dagster_project.extract.fingerprint import waiting_fingerprint
from dagster_project.feeds import SOURCES
from dagster_project.parameters import read_run

HEAD = "name: own\nsource: own\nfeed: order_lines\nrecognise: [Bon, When, Qty, Sum]\n"
REQUIRED = "columns:\n  order_id: Bon\n  ordered_at: When\n  quantity: Qty\n  net_amount: Sum\n"
FILE = "Bon;When;Qty;Sum;More\n"


@pytest.fixture
def own(zone):
    """Put a contract and one file of rows `Bon;When;Qty;Sum;More` in place."""

    def put(contract: str, *rows: str) -> None:
        (zone.folder / "sources").mkdir(exist_ok=True)
        (zone.folder / "sources/own.yaml").write_text(contract)
        zone.put("shop_1/a.csv", FILE + "".join(f"{row}\n" for row in rows))

    return put


@pytest.mark.parametrize("lost", ["1.3E+18", "9,00E+06"])
def test_an_id_that_lost_digits_is_rejected(zone, own, lost) -> None:
    rule = "order_id: {from: Bon, style: id}"
    own(HEAD + REQUIRED.replace("order_id: Bon", rule), f"{lost};2026-10-05;1;4;", "7;2026-10-05;1;4;")
    zone.land()
    assert zone.ops("select row_number, reason from rejected_rows") == [
        (2, "an id in scientific notation has lost digits; export the column as text")
    ]


def test_a_receipt_lands_without_a_customer_id_that_a_spreadsheet_damaged(zone, own) -> None:
    filled = "fill_down: {by: Bon, columns: [More]}\n"
    own(HEAD + filled + REQUIRED + "  source_customer_id: {from: More, style: id}\n", "8;2026-10-05;1;6;0071")
    for number, lost in enumerate(["1.3E+18", "9,00E+06", "#NV", "#REF!", "#DIV/0!"]):
        zone.put(f"lost_{number}/a.csv", FILE + f"7;2026-10-05;1;4;{lost}\n7;2026-10-05;1;5;\n")
    zone.land()
    rows = zone.rows("order_lines", "order_id, net_amount::int, source_customer_id")
    assert rows == [("7", 4, None)] * 5 + [("7", 5, None)] * 5 + [("8", 6, "0071")]
    assert zone.ops('select "column", count(*) from unreadable_values group by 1') == [("source_customer_id", 10)]


def dated(order: str) -> str:
    return HEAD + REQUIRED.replace("When\n", f'{{from: When, formats: ["%d/%m/%Y"], date_order: {order}}}\n')


def test_one_date_tells_the_order_of_a_files_dates(zone, own) -> None:
    own(dated("from_file"), "o1;02/03/2026;1;4;", "o2;03/25/2026;1;4;")
    zone.land()
    assert zone.rows("order_lines", "business_date") == [(date(2026, 2, 3),), (date(2026, 3, 25),)]


def test_a_year_of_two_digits_read_as_one_of_four_is_told_as_such(zone, own) -> None:
    own(dated("day_first"), "o1;13/03/2026;1;4;", "o2;13/03/26;1;4;", "o3;13/03/1970;1;4;")
    zone.land()
    assert zone.ops("select row_number, reason from rejected_rows order by 1") == [
        (3, "a year of two digits, read as one of four; write %y for %Y in the contract's formats"),
        (4, "before 1990; check the till's clock"),
    ]


@pytest.mark.parametrize(
    ("dates", "status"),
    [
        # Read day first, 2 March would be 3 February, and the others no days at all.
        (["03/02/2026", "03/25/2026", "03/26/2026"], "rejected"),
        (["03/02/2026", "03/25/2026", "03/25/2026"], "landed"),
        (["03/02/2026", "25/03/2026", "03/25/2026", "03/26/2026"], "landed"),
    ],
)
def test_a_file_whose_dates_have_another_order_than_its_contracts_is_set_aside(zone, own, dates, status) -> None:
    own(dated("day_first"), *(f"o{n};{day};1;4;" for n, day in enumerate(dates)))
    zone.put("shop_1/before.csv", FILE + "b1;13/02/2026;1;4;\n")
    entry = zone.entry(zone.land(), "shop_1/a.csv")
    assert entry.status == status
    if status == "rejected":
        assert entry.reason == (
            "shop_1/a.csv: dates in 'When' have the month first, and the contract reads the day first; "
            "say date_order: from_file in the contract, or ask for the export as it was"
        )


@pytest.mark.parametrize(
    ("rule", "dates", "status"),
    [
        ('formats: ["%d/%m/%Y"]', ["11/01/2026", "11/02/2026", "11/03/2026"], "rejected"),
        ('formats: ["%m/%d/%Y"]', ["01/11/2026", "02/11/2026", "03/11/2026"], "rejected"),
        ('formats: ["%d/%m/%Y"], date_order: day_first', ["11/01/2026", "11/02/2026", "11/03/2026"], "landed"),
        ('formats: ["%d/%m/%Y"]', ["11/01/2026", "11/02/2026", "12/03/2026"], "landed"),
        ('formats: ["%d/%m/%Y"]', ["11/01/2026", "11/02/2026", "11/05/2026"], "landed"),
        ('formats: ["%d/%m/%Y"]', ["11/01/2026", "11/02/2026"], "landed"),
    ],
)
def test_one_day_of_several_months_in_a_row_is_asked_about(zone, own, rule, dates, status) -> None:
    contract = HEAD + REQUIRED.replace("When\n", f"{{from: When, {rule}}}\n")
    own(contract, *(f"o{n};{day};1;4;" for n, day in enumerate(dates)))
    zone.put("shop_1/before.csv", FILE + "b1;10/10/2025;1;4;\n")
    entry = zone.entry(zone.land(), "shop_1/a.csv")
    assert entry.status == status
    if status == "rejected":
        assert entry.reason.startswith("shop_1/a.csv: dates in 'When' are day 11 of 3 months in a row, or as many days")


def test_dates_that_do_not_tell_their_order_are_refused_unless_pinned(zone, own) -> None:
    own(dated("from_file"), "o1;02/03/2026;1;4;", "o2;04/04/2026;1;4;")
    zone.put("shop_2/good.csv", "order_id,ordered_at,quantity,net_amount\no1,2026-10-05,1,4\n")
    landed = zone.land()
    assert "say date_order: day_first or month_first" in zone.entry(landed, "shop_1/a.csv").reason
    own(dated("month_first"), "o1;02/03/2026;1;4;", "o2;04/04/2026;1;4;")
    zone.land()
    assert zone.rows("order_lines", "business_date", "business_date")[:1] == [(date(2026, 2, 3),)]


def test_both_orders_in_one_file_are_refused(zone, own) -> None:
    own(dated("from_file"), "o1;13/03/2026;1;4;", "o2;03/25/2026;1;4;")
    zone.put("shop_2/good.csv", "order_id,ordered_at,quantity,net_amount\no1,2026-10-05,1,4\n")
    assert "day first in some rows" in zone.entry(zone.land(), "shop_1/a.csv").reason


def test_wall_times_around_a_change_of_clocks(zone, own) -> None:
    # New York: 01:30 comes twice on 1 November 2026, 02:30 not at all on 8 March; an offset leaves no doubt.
    own(
        HEAD + REQUIRED,
        "a;2026-03-08T02:30:00;1;4;",
        "b;2026-10-31T01:30:00;1;4;",
        "c;2026-11-01T01:30:00;1;4;",
        "d;2026-11-01T01:30:00-05:00;1;4;",
    )
    zone.land()
    assert zone.rows("order_lines", "ordered_at", "order_id") == [
        (datetime(2026, 3, 8, 7, 30),),
        (datetime(2026, 10, 31, 5, 30),),
        (datetime(2026, 11, 1, 5, 30),),
        (datetime(2026, 11, 1, 6, 30),),
    ]


def test_skipped_rows_are_accounted_for(zone, own) -> None:
    skip = "skip:\n  - {when: {Bon: {is_in: [total]}}, reason: the day's total}\n"
    own(HEAD + skip + REQUIRED, "o1;2026-10-05;1;4;", "TOTAL;;1;4;")
    entry = zone.entry(zone.land(), "shop_1/a.csv")
    assert (entry.rows_landed, entry.rows_rejected) == (1, 1)
    assert zone.ops('select row_number, "column", reason from rejected_rows') == [(3, None, "skipped: the day's total")]


def test_a_derived_key_needs_all_its_parts(zone, own) -> None:
    key = REQUIRED.replace("order_id: Bon", "order_id: {from: [Bon, When], separator: '-', complete: true}")
    own(HEAD + key, "7;2026-10-05;1;4;", ";2026-10-05;1;4;")
    zone.land()
    assert zone.rows("order_lines", "order_id") == [("7-2026-10-05",)]


def test_an_alias_stands_for_a_renamed_column_and_is_told(zone, own) -> None:
    own(HEAD + "aliases: {Sum: [Amount]}\nknown: [More]\n" + REQUIRED, "o1;2026-10-05;1;4;")
    zone.put("shop_1/a.csv", (FILE + "o1;2026-10-05;1;4;\n").replace("Sum", "Amount"))
    zone.land()
    assert zone.rows("order_lines", "net_amount") == [(Decimal(4),)]
    assert zone.ops("select change, column_name from drift") == [("renamed", "Amount")]


HEADER_AND_LINES = """
fill_down: {by: Bon, columns: [When, More]}
replace: [order_id]
columns: {order_id: Bon, ordered_at: When, quantity: Qty, net_amount: Sum, customer_name: More}
also:
  - feed: orders
    rows: first
    columns: {order_id: Bon, ordered_at: When, total_amount: Sum}
"""


def test_a_receipt_number_that_begins_anew_is_another_receipt(zone, own) -> None:
    own(
        HEAD
        + """
fill_down: {by: [When, Bon], columns: [More]}
replace: [order_id]
columns:
  order_id: {from: [When, Bon], complete: true, separator: "-"}
  ordered_at: When
  quantity: Qty
  net_amount: Sum
  customer_name: More
""",
        "1;2026-10-05;1;4;Kate",
        "1;2026-10-05;2;5;",
        "1;2026-10-06;1;6;",
    )
    zone.land()
    assert zone.rows("order_lines", "order_id, customer_name", "row_number") == [
        ("2026-10-05-1", "Kate"),
        ("2026-10-05-1", "Kate"),
        ("2026-10-06-1", None),
    ]


def test_one_file_becomes_lines_and_header(zone, own) -> None:
    own(HEAD + HEADER_AND_LINES, "1;2026-10-05;1;4;Kate", "1;;2;5;", "2;2026-10-06;1;6;", "2;;1;7;")
    landed = zone.land()
    assert zone.rows("order_lines", "order_id, business_date, customer_name, net_amount::int", "row_number") == [
        ("1", date(2026, 10, 5), "Kate", 4),
        ("1", date(2026, 10, 5), "Kate", 5),
        ("2", date(2026, 10, 6), None, 6),
        ("2", date(2026, 10, 6), None, 7),
    ]
    assert zone.rows("orders", "order_id, total_amount::int") == [("1", 4), ("2", 6)]
    assert zone.entry(landed, "shop_1/a.csv (orders)").rows_read == 2
    again = zone.land()
    assert [(e.path, e.rows_landed) for e in again.entries] == [(e.path, e.rows_landed) for e in landed.entries]
    assert waiting_fingerprint(zone.network) == read_run(zone.network.home).input_fingerprint


def test_the_worked_example_of_the_documentation_holds(zone) -> None:
    documentation = (SOURCES.parents[1] / "docs" / "sources.md").read_text()
    export, contract = re.findall(r"```(?:yaml)?\n(.+?)```", documentation, re.DOTALL)[:2]
    (zone.folder / "sources").mkdir()
    (zone.folder / "sources/kassa.yaml").write_text(contract)
    zone.put("leiden/verkoop.csv", export)
    zone.land()
    assert zone.rows("order_lines", "order_id, event_local_at, net_amount, kind, source_customer_id", "row_number") == [
        ("17850", datetime(2025, 12, 31, 14, 5), Decimal("6.50"), "sale", "0071"),
        ("17850", datetime(2025, 12, 31, 14, 5), Decimal("4.00"), "sale", "0071"),
        ("17851", datetime(2026, 1, 2, 9, 10), Decimal("3.20"), "void", None),
    ]
    assert zone.ops("select row_number, reason from rejected_rows") == [(5, "skipped: the day's total")]
    assert zone.ops("select * from drift") == []
