"""Headers of tills in several languages, written with accents, signs and abbreviations; what each column is."""

import pytest
import yaml

from dagster_project.extract.propose import propose_contract

# Headers, the cells of one line, what is told of the amount's tax; and the columns that are found, by header.
TILLS = {
    "French": (
        "N° Ticket;Date;Heure;Article;Qté;PU TTC;Remise;Total TTC;Taux TVA;Carte fidélité",
        "{n};2{n}/10/2026;08:05;Pain;2;2,50;;5,00;5,5;F{n}",
        "net_of_rate: Taux TVA",
        "order_id=N° Ticket, ordered_at=Date+Heure, product_id=Article, quantity=Qté, unit_price=PU TTC, "
        "discount_amount=Remise, net_amount=Total TTC, source_customer_id=Carte fidélité",
    ),
    "Brazilian": (
        "Cupom;Data;Hora;Código;Descrição;Qtd;Vlr Unit;Desconto;Vlr Total;CPF;Cliente",
        "{n};2{n}/10/2026;08:05;77;Pão;2;2,50;0,00;5,00;1{n};Ana Lima",
        None,
        "order_id=Cupom, ordered_at=Data+Hora, product_id=Código, product_name=Descrição, quantity=Qtd, "
        "unit_price=Vlr Unit, discount_amount=Desconto, net_amount=Vlr Total, source_customer_id=CPF, "
        "customer_name=Cliente",
    ),
    "Italian": (
        "Scontrino;Data;Ora;Reparto;Descrizione;Q.tà;Prezzo;Sconto;Importo;Aliquota IVA;Tessera",
        "{n};2{n}/10/2026;8.05;Pane;Rosetta;2;2,50;0,00;5,00;10;9{n}",
        "net_of_rate: Aliquota IVA",
        "order_id=Scontrino, ordered_at=Data+Ora, category=Reparto, product_name=Descrizione, quantity=Q.tà, "
        "unit_price=Prezzo, discount_amount=Sconto, net_amount=Importo, source_customer_id=Tessera",
    ),
    "Spanish": (
        "Nº Factura;Fecha;Hora;Artículo;Uds;PVP;Dto;Importe;Socio",
        "{n};2{n}/10/2026;08:05;Pan;2;2,50;;5,00;9{n}",
        None,
        "order_id=Nº Factura, ordered_at=Fecha+Hora, product_name=Artículo, quantity=Uds, unit_price=PVP, "
        "discount_amount=Dto, net_amount=Importe, source_customer_id=Socio",
    ),
    "Japanese": (
        "伝票番号;日付;時刻;商品名;数量;単価;金額;会員番号",
        "{n};2026/10/2{n};08:05;パン;2;250;500;9{n}",
        None,
        "order_id=伝票番号, ordered_at=日付+時刻, product_name=商品名, quantity=数量, unit_price=単価, "
        "net_amount=金額, source_customer_id=会員番号",
    ),
    "American": (
        "Check #;Business Date;Close Time;Menu Item;Item Qty;Item Price;Net Sales;Tax;Guest Phone",
        "{n};10/2{n}/2026;8:05 AM;Latte;2;$2.50;$5.00;$0.4{n};2125550100",
        "subtract: [Tax]",
        "order_id=Check #, ordered_at=Business Date+Close Time, product_name=Menu Item, quantity=Item Qty, "
        "unit_price=Item Price, net_amount=Net Sales, tax_amount=Tax, customer_phone=Guest Phone",
    ),
}


@pytest.mark.parametrize("till", TILLS)
def test_each_column_is_found_by_its_name(till: str) -> None:
    header, line, tax, expected = TILLS[till]
    rows = [line.format(n=n).split(";") for n in range(1, 7)]
    cells = dict(zip(header.split(";"), map(list, zip(*rows, strict=True)), strict=True))
    text = propose_contract(cells, is_shared=False).text
    found = {}
    for name, rule in yaml.safe_load(text)["columns"].items():
        origin = rule if isinstance(rule, str) else rule["from"]
        found[name] = origin if isinstance(origin, str) else "+".join(origin)
    assert found == dict(pair.split("=") for pair in expected.split(", "))
    assert ("is without tax" in text) == bool(tax)
    assert tax is None or f"add `{tax}` there" in text
