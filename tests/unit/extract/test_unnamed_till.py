"""A till that no contract of the project names, by YAML alone: from what `check` proposes to rows that count."""

from datetime import datetime
from decimal import Decimal

import yaml

from dagster_project.extract.check import check_landing

# As the till writes it: Windows-1252, semicolons, decimal commas, a voided receipt whose amounts stay, a total below.
EXPORT = """\
Filiale;Bondatum;Uhrzeit;Bon-Nr.;Pos;Artikel;Warengruppe;Menge;Einzelpreis;Rabatt;Summe;Kd.-Nr.;Kundenname;E-Mail;Storno
Bremen Mitte;03.10.2026;09:15;B-117;1;Café Crème;Getränke;2;3,40 €;;6,80 €;00123;Jürgen Groß;jg@example.com;N
Bremen Mitte;03.10.2026;09:15;B-117;2;Franzbrötchen;Gebäck;1;2,20 €;-0,20 €;2,00 €;00123;Jürgen Groß;jg@example.com;N
Bremen Mitte;03.10.2026;09:31;B-118;1;Siebträger "Pro";Maschinen;1;1.149,00 €;;1.149,00 €;;;;N
Bremen Mitte;03.10.2026;10:02;B-119;1;Café Crème;Getränke;1;3,40 €;;3,40 €;0;;;J
Bremen Mitte;13.10.2026;11:47;B-120;1;Café Crème;Getränke;-1;3,40 €;;-3,40 €;00123;Jürgen Groß;jg@example.com;N
Summe;;;;;;;4;;;1.157,80 €;;;;
"""
NETWORK = "network: {currency: EUR, timezone: Europe/Berlin, country: DE}\n"
CORRECTIONS = {
    "name": "kassenfix",
    "source": "kassenfix",
    "placeholder_customer_ids": ["0"],
    "known": ["Filiale"],
}


def test_a_proposal_and_a_few_corrections_are_enough(zone) -> None:
    zone.file.write_text(NETWORK)
    zone.put("bremen/Kassenbericht Oktober.csv", EXPORT.encode("cp1252"))
    told = list(check_landing(zone.network))
    proposal = yaml.safe_load("\n".join(told[told.index("name: my_pos") : -1]))
    assert proposal["columns"]["ordered_at"] == {
        "from": ["Bondatum", "Uhrzeit"],
        "formats": ["%d.%m.%Y %H:%M"],
    }
    contract = proposal | CORRECTIONS
    contract["columns"] |= {"line_id": "Pos"}
    (zone.folder / "sources").mkdir()
    (zone.folder / "sources" / "kassenfix.yaml").write_text(yaml.safe_dump(contract, allow_unicode=True))
    zone.land()
    assert zone.rows("order_lines", "order_id, line_id, ordered_at, net_amount, kind, source_customer_id") == [
        ("B-117", "1", datetime(2026, 10, 3, 7, 15), Decimal("6.80"), "sale", "00123"),
        ("B-117", "2", datetime(2026, 10, 3, 7, 15), Decimal("2.00"), "sale", "00123"),
        ("B-118", "1", datetime(2026, 10, 3, 7, 31), Decimal("1149.00"), "sale", None),
        ("B-119", "1", datetime(2026, 10, 3, 8, 2), Decimal("3.40"), "void", None),
        ("B-120", "1", datetime(2026, 10, 13, 9, 47), Decimal("-3.40"), "refund", "00123"),
    ]
    assert zone.rows("order_lines", "distinct customer_name", "1 desc nulls last")[0] == ("Jürgen Groß",)
    assert zone.ops("select row_number, reason from rejected_rows") == [(7, "skipped: a total")]
    assert zone.ops("select * from drift") == []
