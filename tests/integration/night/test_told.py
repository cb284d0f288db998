"""What a night says in its last lines of a landing zone that is not what it seems."""

import pytest

from dagster_project.cli import commands
from dagster_project.errors import GateRefused

HEADER = "order_id,line_id,ordered_at,quantity,net_amount,source_customer_id\n"


def test_a_refused_night_tells_what_came_in_and_why_nobody_is_known(new_nights, monkeypatch, capsys) -> None:
    nights = new_nights()
    network = nights.network
    (network.file.parent / "sources").mkdir()
    (network.file.parent / "sources/till.yaml").write_text(
        "name: till\nsource: till\nfeed: order_lines\ncustomer_id_scope: network\nrecognise: [Bon, Day, Qty, Sum]\n"
        "columns: {order_id: Bon, ordered_at: Day, quantity: Qty, net_amount: Sum, source_customer_id: Card}\n"
    )
    shop = network.landing / "shop_1"
    shop.mkdir()
    rows = "".join(f"{i},2026-10-05,1,4,c{i}\n" for i in range(120))
    (shop / "monday.csv").write_text("Bon,Day,Qty,Sum,Card\n" + rows)
    monkeypatch.setenv("DAGSTER_HOME", str(network.file.parent))
    commands.run(network.file)
    assert "shop_1: one customer" not in capsys.readouterr().out
    (shop / "monday.csv").write_text("Bon,Day,Qty,Sum,Karte\n" + rows)
    with pytest.raises(GateRefused, match="refused"):
        commands.run(network.file)
    told = capsys.readouterr().out
    assert "till gone: Card in 1 files, such as shop_1/monday.csv: customers are not recognised without it" in told


def test_an_id_of_a_tenth_of_a_shops_sales_and_days_that_wait_are_told(new_nights, monkeypatch, capsys) -> None:
    nights = new_nights()
    shop = nights.network.landing / "shop_1"
    shop.mkdir()
    rows = "".join(f"o{i},1,2026-10-05T08:00:00,1,4,{'guest' if i < 20 else f'c{i}'}\n" for i in range(200))
    (shop / "monday.csv").write_text(HEADER + rows)
    (nights.network.landing / "shop_2").mkdir()
    (nights.network.landing / "shop_2/wednesday.csv").write_text(HEADER + "w1,1,2026-10-07T08:00:00,1,4,\n")
    monkeypatch.setenv("DAGSTER_HOME", str(nights.file.parent))
    commands.run(nights.file)
    told = capsys.readouterr().out
    assert "1 locations have sent days after 2026-10-05, up to 2026-10-07: these rows wait" in told
    assert "made 20 of 200 orders; if that is nobody, name its id under placeholder_customer_ids" in told
    assert "guest" not in told
