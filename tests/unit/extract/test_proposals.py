"""What a proposed contract says of the cells' evidence: worked out by hand from a few rows."""

import pytest
import yaml

from dagster_project.extract import propose

DAILY = """\
Datum;Kasse;Bon;Artikel;Menge;Rabatt;Betrag;Kunde;Storno;Kellner
03.10.2026;1;1;Tee;1;0,50;3,40;Ann;;Eva
03.10.2026;1;1;Brot;2;;2,00;;;Eva
03.10.2026;2;1;Tee;1;;3,40;Bob;;Kim
03.10.2026;2;1;Tee;1;;3,40;;;Kim
03.10.2026;1;2;Tee;-1;;-3,40;;;Eva
03.10.2026;2;2;Tee;1;;3,40;;S;Kim
04.10.2026;1;1;Tee;1;0,50;3,40;;;Eva
04.10.2026;2;2;Tee;1;;3,40;;;Kim
Tagessumme;;;;8;;19,00;;;
"""


def propose_contract(*given, **named) -> str:
    return propose.propose_contract(*given, **named).text


def cells(text: str) -> dict[str, list[str]]:
    header, *rows = [line.split(";") for line in text.splitlines()]
    return {name: list(column) for name, column in zip(header, zip(*rows, strict=True), strict=True)}


def test_receipt_numbers_that_begin_anew_each_day_and_register_get_a_key_of_all_three() -> None:
    text = propose_contract(cells(DAILY), is_shared=False)
    proposal = yaml.safe_load(text)
    assert proposal["columns"]["order_id"] == {
        "from": ["Datum", "Kasse", "Bon"],
        "complete": True,
        "separator": "-",
    }
    assert "# Bon alone names no receipt: it comes again with another Datum or Kasse" in text
    # Ann and Bob stand on the first row of their receipts only; so do discounts, which say nothing of other rows.
    assert proposal["fill_down"] == {"by": ["Datum", "Kasse", "Bon"], "columns": ["Kunde"]}
    assert proposal["columns"]["kind"] == {
        "cases": [
            {"when": {"Storno": {"is_in": ["S"]}}, "then": "void"},
            {"when": {"Menge": {"is_negative": True}}, "then": "refund"},
        ],
        "otherwise": "sale",
    }
    assert proposal["skip"] == [{"when": {"Datum": {"matches": r"(?i)(tagessumme)\b.*"}}, "reason": "a total"}]
    assert proposal["known"] == ["Kellner"]
    assert "# not used: Kellner;" in text
    assert not any(name in text for name in ("Ann", "Bob", "Eva", "Tee"))


def test_receipt_numbers_that_go_on_are_a_key_by_themselves() -> None:
    rows = "".join(f"{day:02}.10.2026;1;{day}{n};Tee;1;;3,40;;;Eva\n" for day in (3, 4, 5) for n in range(4))
    # One receipt around midnight stands on two days.
    text = propose_contract(cells(DAILY.splitlines()[0] + "\n" + rows + "05.10.2026;1;43;Tee;1;;3,40;;;Eva\n"), False)
    assert yaml.safe_load(text)["columns"]["order_id"] == "Bon"
    assert "fill_down" not in text


def test_a_list_of_the_whole_networks_customers_says_so_and_what_its_words_mean() -> None:
    text = propose_contract(
        {
            "Kundennummer": ["1", "2", "3"],
            "Vorname": ["Ann", "Bob", "Cy"],
            "Newsletter": ["ja", "Nein", "vielleicht"],
            "Stammfiliale": ["Altstadt", "Bahnhof", "Hafen"],
        },
        is_shared=True,
        places={"altstadt": "shop_1", "bahnhof": "shop_2"},
    )
    proposal = yaml.safe_load(text)
    assert (proposal["feed"], proposal["customer_id_scope"]) == ("customers", "network")
    assert proposal["columns"]["email_consent"] == {
        "from": "Newsletter",
        "values": {"ja": "granted", "Nein": "denied"},
        "otherwise": "unknown",
    }
    assert proposal["columns"]["location_id"] == {
        "from": "Stammfiliale",
        "values": {"Altstadt": "shop_1", "Bahnhof": "shop_2"},
    }
    assert "Ann" not in text


def test_a_shared_file_of_receipts_must_say_whose_they_are() -> None:
    text = propose_contract({"Bon": ["1"], "Datum": ["03.10.2026"], "Menge": ["1"], "Betrag": ["3,40"]})
    assert yaml.safe_load(text)["columns"]["location_id"] == "?"
    assert "# no column found for: location_id" in text


def test_an_unknown_header_gets_a_contract_to_start_from() -> None:
    proposal = propose_contract(
        {
            "Receipt No": ["17850.0", "17851.0"],
            "Date": ["31/12/2025 14:05", "01/01/2026 09:00"],
            "Item Name": ["Tea", "Bun"],
            "Qty": ["1", "2"],
            "Net Amount": ["3,50", "1.149,00"],
            "Guest Email": ["kate@example.com", ""],
            "Colour": ["red", "blue"],
        }
    )
    assert "feed: order_lines" in proposal
    assert "order_id:\n    from: Receipt No\n    style: id" in proposal
    assert "- '%d/%m/%Y %H:%M'\n    date_order: from_file" in proposal
    assert "net_amount:\n    from: Net Amount\n    decimal_mark: ','" in proposal
    assert "known:\n- Colour" in proposal
    assert "kate" not in proposal


RECEIPT_TOLD_ONCE = """\
Kasse;Bon nr.;Dato;Tid;Doktype;Kundekort;Varetekst;Antal;Beløb inkl. moms;Moms %
1;1;03-10-2026;08:01:10;SALG;K7;Te;1,000;34,00;25,00
;;;;SALG;;Brød;2,000;40,00;25,00
1;;03-10-2026;08:30:00;SKUFFE;;;;;
2;1;03-10-2026;08:40:05;RETUR;;Te;1,000;34,00;25,00
1;2;03-10-2026;09:01:10;SALG;;Te;3,000;102,00;25,00
2;2;03-10-2026;09:41:10;SALG;K9;Te;1,000;34,00;25,00
;;;;SALG;;Brød;0,250;5,00;25,00
Dagstotal;;03-10-2026;;;;;;215,00;
1;1;04-10-2026;08:01:10;SALG;;Te;1,000;34,00;25,00
;;;;SALG;;Te;1,000;34,00;25,00
2;2;04-10-2026;08:21:10;SALG;;Te;1,000;34,00;25,00
"""


def test_a_receipt_whose_number_stands_on_its_first_row_alone_begins_where_most_of_its_key_is_said() -> None:
    text = propose_contract(cells(RECEIPT_TOLD_ONCE), is_shared=False)
    proposal = yaml.safe_load(text)
    # The drawer and the day's total say a day too, and are none of the receipt's above.
    assert proposal["fill_down"] == {"starts_at": "Dato", "columns": ["Kasse", "Bon nr.", "Tid", "Kundekort"]}
    assert proposal["columns"]["order_id"]["from"] == ["Dato", "Kasse", "Bon nr."]
    assert proposal["columns"]["kind"] == {"from": "Doktype", "values": {"RETUR": "refund", "SALG": "sale"}}
    assert proposal["skip"] == [{"when": {"Kasse": {"matches": r"(?i)(dagstotal)\b.*"}}, "reason": "a total"}]


def test_a_comma_is_every_numbers_decimal_mark_and_a_rate_is_no_amount() -> None:
    text = propose_contract(cells(RECEIPT_TOLD_ONCE), is_shared=False)
    columns = yaml.safe_load(text)["columns"]
    # 1,000 teas are one.
    assert columns["quantity"] == {"from": "Antal", "decimal_mark": ","}
    assert "tax_amount" not in columns
    net = "# net_amount is without tax: if Beløb inkl. moms is with it, add `net_of_rate: Moms %` there"
    assert net in text


@pytest.mark.parametrize(("taxes", "remedy"), [((25, 12), "net_of_rate: Moms"), (range(40), "subtract: [Moms]")])
def test_a_tax_of_few_values_over_many_rows_is_a_rate(taxes, remedy) -> None:
    rows = [f"{n};2026-10-05;Te;1;{n + 5};{taxes[n % len(taxes)]}" for n in range(40)]
    text = propose_contract(cells("\n".join(["Bon nr.;Dato;Varetekst;Antal;Beløb;Moms", *rows, ""])), is_shared=False)
    assert f"# net_amount is without tax: if Beløb is with it, add `{remedy}` there" in text
    assert ("tax_amount" in yaml.safe_load(text)["columns"]) == remedy.startswith("subtract")


def test_a_header_of_two_lines_does_not_end_a_comment() -> None:
    table = cells(RECEIPT_TOLD_ONCE)
    table["Moms\n%"] = table.pop("Moms %")
    text = propose_contract(table, is_shared=False)
    assert yaml.safe_load(text)["known"] == ["Moms\n%"]
    assert "# not used: Moms %;" in text
