"""Cells as tills and spreadsheets write them: money, ids and signs, read or not read."""

from decimal import Decimal

import duckdb
import pytest

from dagster_project.extract import column_rule
from dagster_project.extract.cell_sql import condition_sql, decimal_sql, text_sql, typed_sql
from dagster_project.extract.column_rule import ColumnRule
from dagster_project.extract.contracts import load_contracts
from dagster_project.feeds import load_feeds


@pytest.mark.parametrize(
    ("mark", "written", "amount"),
    [
        (".", "($33.62)", "-33.62"),
        (".", "12.50-", "-12.5"),
        (".", "-$1,149.00 ", "-1149"),
        (".", "1'149.05", "1149.05"),
        (".", "£ 4.20", "4.2"),
        (".", "1,00,000.50", "100000.5"),
        (",", "399,00", "399"),
        (",", "€ 1.149,50", "1149.5"),
        (",", "1 149,50 kr", "1149.5"),
        (".", "4,50", None),
        (".", "1$50", None),
        (".", "(5", None),
        (",", "4.50", None),
        (",", "1.500", "1500"),
        (",", "0.500", None),
        (",", "00.500", None),
        (".", "0,500", None),
        (".", "0.500", "0.5"),
    ],
)
def test_money_is_read_as_tills_write_it_or_not_at_all(mark, written, amount) -> None:
    rule = ColumnRule(constant="", decimal_mark=mark, symbols=["kr"])
    [(found,)] = duckdb.execute(f"select {decimal_sql('cell', rule)} from (select ? as cell)", [written]).fetchall()
    assert found == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("amount", "rate", "net"),
    [
        ("34,00", "25", "27.2000"),
        ("34,00", "25,0 %", "27.2000"),
        ("34,00", "0.25", "27.2000"),
        ("10,00", "A", "8.4034"),
        ("-10,00", "b", "-9.3458"),
        ("10,00", "0", "10.0000"),
        ("10,00", "", "10.0000"),
        ("10,00", "C", None),
        ("10,00", "-19", None),
        ("10,00", "190", None),
        ("x", "19", None),
    ],
)
def test_a_rate_takes_the_tax_off_or_the_amount_cannot_be_read(amount, rate, net) -> None:
    rule = ColumnRule.model_validate(
        {"from": "Sum", "net_of_rate": "Rate", "rates": {"A": 19, "B": 7, "": 0}, "decimal_mark": ","}
    )
    contract, column = load_contracts()["square_items"], load_feeds()["order_lines"].column("net_amount")
    text = text_sql(rule, {"Sum", "Rate"}, column, contract)
    cells = 'select ? as "Sum", nullif(?, \'\') as "Rate"'
    [(found,)] = duckdb.execute(
        f"select {typed_sql(column, rule, 'net')} from (select {text} as net from ({cells}))", [amount, rate]
    ).fetchall()
    assert found == (Decimal(net) if net else None)


@pytest.mark.parametrize(
    ("written", "id_"),
    [
        ("'007", "007"),
        ("17850.0", "17850"),
        ("9e+05", "900000"),
        ("1300000015734303122", "1300000015734303122"),
        ("1.3E+18", "1.3E+18"),
        ("9000012,0", "9000012"),
        ("9,000012E+06", "9000012"),
        ("9.000012E+06", "9000012"),
        ("9,00E+06", "9,00E+06"),
        ("4,53E+15", "4,53E+15"),
        ("A-1,0", "A-1,0"),
    ],
)
def test_ids_are_what_they_were_before_a_spreadsheet(written, id_) -> None:
    feed = load_feeds()["order_lines"]
    contract = load_contracts()["canonical_order_lines"]
    rule = ColumnRule(**{"from": "cell", "style": "id"})
    text = text_sql(rule, {"cell"}, feed.column("order_id"), contract)
    assert duckdb.execute(f"select {text} from (select ? as cell)", [written]).fetchall() == [(id_,)]


@pytest.mark.parametrize(
    ("written", "is_negative"),
    [
        ("-0,5", True),
        ("-5,00 €", True),
        ("5,50- €", True),
        ("(5,50 €)", True),
        ("-1.005,50 €", True),
        ("-1,005.50", True),
        ("0,5", False),
        ("-0,00", False),
        ("1.005,50 €", False),
        ("-", False),
        (None, False),
    ],
)
def test_a_sign_is_seen_whichever_decimal_mark_is_written(written, is_negative) -> None:
    sql = condition_sql({"cell": column_rule.Test(is_negative=True)}, {"cell"})
    assert duckdb.execute(f"select {sql} from (select cast(? as varchar) as cell)", [written]).fetchall() == [
        (is_negative,)
    ]
