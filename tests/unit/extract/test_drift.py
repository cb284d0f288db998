"""What is noted when an export is not as it was: columns against the contract and the delivery before, new values."""

import duckdb

from dagster_project.cli.summary import what_happened
from dagster_project.extract.check import check_landing
from dagster_project.extract.drift import columns_moved

LINES = "order_id,line_id,ordered_at,quantity,net_amount,channel\n"
MOVED = "order_id,channel,line_id,ordered_at,quantity,net_amount\n"
SQUARE = (
    "Date,Time,Time Zone,Category,Item,Qty,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,"
    "Customer ID,Customer Name\n"
)


def square(day: int, event: str) -> str:
    return (
        f"2026-10-{day:02},08:00:00,Eastern Time (US & Canada),Hot,Tea,1.0,$4.00,$0.00,$4.00,$0.32,t{day},p{day},"
        f"{event},,\n"
    )


def test_the_fewest_columns_moved_are_named() -> None:
    assert columns_moved(["a", "b", "c", "d"], ["a", "b", "c", "d"]) == []
    assert columns_moved(["a", "b", "c", "d"], ["d", "a", "b", "c"]) == ["d"]
    assert columns_moved(["a", "b", "c"], ["new", "a", "c"]) == []
    assert columns_moved(["a", "b", "c", "d", "e"], ["b", "a", "c", "e", "d"]) in (["a", "d"], ["b", "e"], ["b", "d"])


def test_a_moved_column_is_told_against_the_delivery_before_whichever_came_first(make_zone) -> None:
    older, newer = LINES + "o1,1,2026-10-01,1,4,web\n", MOVED + "o2,web,1,2026-10-02,1,4\n"
    for name, order in (("one", (older, newer)), ("other", (newer, older))):
        zone = make_zone(name)
        for content in order:
            zone.put(f"shop_1/{'old' if content is older else 'new'}.csv", content)
            zone.land()
        # Another location's export has its own order of columns.
        zone.put("shop_2/a.csv", older)
        landed = zone.land()
        assert zone.ops("select path, change, column_name from drift") == [("shop_1/new.csv", "moved", "channel")]
        assert [(path, d.change) for path, d in landed.drift("order_lines")] == [("shop_1/new.csv", "moved")]


def test_a_value_that_the_map_does_not_know_is_told_beside_its_rejects(zone) -> None:
    zone.put("shop_1/items.csv", SQUARE + square(1, "Payment") + square(2, "refund") + square(3, "Exchange"))
    zone.land()
    assert zone.ops("select change, column_name, detail from drift where change = 'new_value'") == [
        ("new_value", "Event Type", "Exchange")
    ]
    assert "    drift: new_value 'Event Type' 'Exchange'" in list(check_landing(zone.network))


def test_what_skipped_rows_say_is_no_new_value(zone) -> None:
    (zone.folder / "sources").mkdir()
    (zone.folder / "sources/own.yaml").write_text(
        "name: own\nsource: own\nfeed: order_lines\nrecognise: [Bon, When, Qty, Sum, Art]\n"
        "skip:\n  - {when: {Art: {starts_with: Lade}}, reason: the drawer}\n"
        "columns: {order_id: Bon, ordered_at: When, quantity: Qty, net_amount: Sum, "
        "kind: {from: Art, values: {verkoop: sale}}}\n"
    )
    rows = ["1;2026-10-05;1;4;verkoop", "2;2026-10-05;1;4;Lade open", "3;2026-10-05;1;4;retour"]
    zone.put("leiden/a.csv", "\n".join(["Bon;When;Qty;Sum;Art", *rows, ""]))
    zone.land()
    assert zone.ops("select change, column_name, detail from drift") == [("new_value", "Art", "retour")]


def test_a_column_that_holds_something_else_than_before_tells_no_values(zone) -> None:
    people = ["Ann Lee", "Bob Day", "Cy Orr", "Di Poe", "Ed Ray", "Flo Sun", "ann@example.com"]
    zone.put("shop_1/items.csv", SQUARE + "".join(square(n, name) for n, name in enumerate(people, 1)))
    zone.put("shop_2/items.csv", SQUARE + square(1, "ann@example.com"))
    zone.put("shop_1/good.csv", SQUARE + square(1, "Payment"))
    zone.land()
    assert zone.ops("select path, detail from drift where change = 'new_value' order by 1") == [
        ("shop_1/items.csv", "more than 5 values"),
        ("shop_2/items.csv", "[masked]"),
    ]


def test_an_export_that_no_longer_says_who_bought_is_told_first(zone) -> None:
    (zone.folder / "sources").mkdir()
    (zone.folder / "sources/own.yaml").write_text(
        "name: own\nsource: own\nfeed: order_lines\nrecognise: [Bon, When, Qty, Sum]\ncolumns: {order_id: Bon, "
        "ordered_at: When, quantity: Qty, net_amount: Sum, product_name: Art, source_customer_id: Klant}\n"
    )
    zone.put("leiden/a.csv", "Bon;When;Qty;Sum;Klant\n1;2026-10-05;1;4;71\n")
    zone.put("zwolle/a.csv", "Bon;When;Qty;Sum;Art\n1;2026-10-05;1;4;Thee\n")
    zone.land()
    with duckdb.connect(str(zone.network.home.ops), read_only=True) as ops:
        assert what_happened(ops)["Columns that changed"] == [
            "own gone: Klant in 1 files, such as zwolle/a.csv: customers are not recognised without it",
            "own gone: Art in 1 files, such as leiden/a.csv",
        ]
