"""What a proposal makes of exports that name no receipt, no amount or no customer, and of a franchisor's own lists."""

import pytest
import yaml

from dagster_project.extract.propose import propose_contract


def cells(text: str) -> dict[str, list[str]]:
    header, *rows = [line.split(";") for line in text.strip().splitlines()]
    return {name: list(column) for name, column in zip(header, zip(*rows, strict=True), strict=True)}


def proposed(text: str, is_shared: bool = False, **named) -> dict:
    return yaml.safe_load(propose_contract(cells(text), is_shared, **named).text)


LINES = "Ticket;Date;Article;Qty;Price;Paid{}\n" + "".join(
    f"{n};2026-10-05;Tea;{n % 3 + 1};2.50;{(n % 3 + 1) * 2.5:.2f}{{}}\n" for n in range(6)
)


def test_what_is_quantity_times_price_is_the_amount_whatever_it_is_called() -> None:
    assert proposed(LINES.replace("{}", ""))["columns"]["net_amount"] == "Paid"


def test_where_no_column_is_quantity_times_price_the_amount_is_worked_out() -> None:
    columns = proposed(LINES.replace("{}", "").replace("0\n", "7\n"))["columns"]
    assert columns["net_amount"] == {"multiply": ["Qty", "Price"]}


def test_an_amount_after_discount_is_found_too() -> None:
    text = "Ticket;Date;Article;Qty;Price;Discount;Paid\n" + "".join(
        f"{n};2026-10-05;Tea;2;2,50;0,{n}0;4,{10 - n}0\n" for n in range(1, 7)
    )
    proposal = proposed(text)
    assert proposal["columns"]["net_amount"] == {"from": "Paid", "decimal_mark": ","}
    assert proposal["columns"]["discount_amount"] == {"from": "Discount", "decimal_mark": ","}


def test_rows_without_receipt_and_amount_are_a_customers_day_at_the_product_lists_prices() -> None:
    proposal = proposed("day;store_id;customer_id;product_id;quantity\n01-02-2026;7;12;3;2\n", is_shared=True)
    assert (proposal["feed"], proposal["priced_by"]) == ("order_lines", "products")
    assert proposal["columns"] == {
        "order_id": {"from": ["store_id", "customer_id", "day"], "complete": True, "separator": "/"},
        "ordered_at": {"from": "day", "formats": ["%d-%m-%Y"], "date_order": "from_file"},
        "product_id": "product_id",
        "quantity": "quantity",
        "source_customer_id": "customer_id",
        "location_id": "store_id",
    }


def test_a_line_number_that_comes_twice_in_a_receipt_is_no_id_and_nought_is_nobody() -> None:
    header = "transaction_id;transaction_date;line_id;customer_id;item;qty;amount\n"
    rows = "".join(f"{n};2026-10-0{day};1;{n * (n > 3)};Tea;1;4\n" for day in (5, 6) for n in range(1, 7))
    twice = "1;2026-10-05;1;0;Bun;1;3\n"
    proposal = proposed(header + rows + twice)
    assert proposal["columns"]["order_id"]["from"] == ["transaction_date", "transaction_id"]
    assert "line_id" not in proposal["columns"]
    assert proposal["placeholder_customer_ids"] == ["0"]
    # A row that repeats another whole is no second line.
    assert proposed(header + rows + rows.splitlines()[0] + "\n")["columns"]["line_id"] == "line_id"


def test_the_franchisors_own_lists_are_described_too() -> None:
    products = proposed(
        "product_id;product_category;product;current_wholesale_price;current_retail_price;promo\n1;Tea;Assam;2;4;N\n",
        is_shared=True,
    )
    assert products["feed"] == "products"
    assert products["columns"] == {
        "product_id": "product_id",
        "name": "product",
        "category": "product_category",
        "unit_cost": "current_wholesale_price",
        "list_price": "current_retail_price",
    }
    stores = proposed(
        "sales_outlet_id;sales_outlet_type;store_address;store_city;store_telephone\n3;retail;1 Elm St;Queens;555\n",
        is_shared=True,
    )
    assert stores["feed"] == "locations"
    assert stores["columns"] == {
        "location_id": "sales_outlet_id",
        "address": "store_address",
        "city": "store_city",
        "peer_group": "sales_outlet_type",
    }


def test_a_list_of_people_by_e_mail_alone_has_it_for_an_id_and_whole_names_for_names() -> None:
    proposal = proposed("E-Mail;First Name\nann@example.org;Ann Lee\nbob@example.org;Bob Day\n", is_shared=True)
    assert proposal["columns"] == {
        "source_customer_id": {"from": "E-Mail", "style": "lower"},
        "full_name": "First Name",
        "email": "E-Mail",
    }


@pytest.mark.parametrize("text", ["DATE\n01-01-1997\n", "region_id;sales_district;sales_region\n1;Lyon;West\n"])
def test_what_is_neither_is_said_to_be_neither(text: str) -> None:
    assert propose_contract(cells(text)).text.startswith("# Nothing in it looks like receipts")


WORDS = """\
Data;Scontrino;Tipo riga;Stato;Descrizione;Qtà;Importo
03/10/2026;1;VENDITA;EMESSO;Pane;1;3,40
;;VENDITA;;Latte;1;2,00
03/10/2026;2;VENDITA;ANNULLATO;Pane;1;3,40
;;VENDITA;;Latte;1;2,00
03/10/2026;3;VENDITA;ANNULLATO;Pane;1;3,40
;;RESO;;Latte;-1;-2,00
03/10/2026;;TOTALE GIORNO;;;;12,00
04/10/2026;4;VENDITA;EMESSO;Pane;1;3,40
"""


def test_words_for_voids_refunds_and_totals_are_found_in_whatever_column_has_few() -> None:
    proposal = proposed(WORDS)
    assert proposal["columns"]["kind"] == {
        "cases": [
            {"when": {"Stato": {"is_in": ["ANNULLATO"]}}, "then": "void"},
            {"when": {"Tipo riga": {"is_in": ["RESO"]}}, "then": "refund"},
        ],
        "otherwise": "sale",
    }
    assert proposal["fill_down"] == {"starts_at": "Data", "columns": ["Scontrino", "Stato"]}
    assert proposal["skip"] == [{"when": {"Tipo riga": {"matches": r"(?i)(totale)\b.*"}}, "reason": "a total"}]
