"""Overlap, re-delivery, replacement and deletion: rows count once, whatever comes in which order."""

LINES = "order_id,line_id,ordered_at,quantity,net_amount,customer_name\n"
SQUARE = (
    "Date,Time,Time Zone,Category,Item,Qty,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,"
    "Customer ID,Customer Name\n"
)


def square(day: int, transaction: str, name: str, items: list[str]) -> str:
    return "".join(
        f"2026-10-{day:02},08:00:00,Eastern Time (US & Canada),None,{item},1.0,$4.00,$0.00,$4.00,$0.32,"
        f"{transaction},p-{transaction},Payment,,{name}\n"
        for item in items
    )


FIRST = SQUARE + square(1, "t1", "", ["Tea", "Tea"]) + square(2, "t2", "", ["Coffee"])
SECOND = SQUARE + square(2, "t2", "Kate M", ["Coffee"]) + square(3, "t3", "", ["Bun"])


def test_the_newest_exports_lines_stand_for_a_payment(zone) -> None:
    zone.put("shop_1/first.csv", FIRST)
    zone.put("shop_1/second.csv", SECOND)
    landed = zone.land()
    assert zone.rows("order_lines", "order_id, product_name, customer_name") == [
        ("t1", "Tea", None),
        ("t1", "Tea", None),
        ("t2", "Coffee", "Kate M"),
        ("t3", "Bun", None),
    ]
    assert zone.entry(landed, "shop_1/first.csv").rows_duplicate == 1
    assert zone.entry(landed, "shop_1/second.csv").rows_duplicate == 0


def test_the_order_of_arrival_changes_nothing(make_zone) -> None:
    third = SQUARE + square(3, "t3", "", ["Bun", "Bun"]) + square(3, "t4", "", ["Tea"])
    outcomes = []
    files = [("a.csv", FIRST), ("b.csv", SECOND), ("c.csv", third)]
    for number, order in enumerate([files, files[::-1], files[1:] + files[:1]]):
        zone = make_zone(str(number))
        for name, content in order:
            zone.put(f"shop_1/{name}", content)
            landed = zone.land()
        counts = [(e.path, e.rows_landed, e.rows_duplicate) for e in landed.entries]
        outcomes.append((zone.rows("order_lines", "order_id, product_name, customer_name"), counts))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    # The two newest files end at the same instant: the hash decides between them, the same way every time.
    assert sum(rows for _, rows, _ in outcomes[0][1]) in (5, 6)


def test_a_line_with_an_id_is_replaced_by_its_newest_delivery(zone) -> None:
    zone.put("shop_1/a.csv", LINES + "o1,1,2026-10-01,1,4,\no1,2,2026-10-01,1,5,\n")
    zone.put("shop_1/b.csv", LINES + "o1,2,2026-10-01,1,6,\no2,1,2026-10-02,1,7,\n")
    zone.land()
    assert zone.rows("order_lines", "order_id, line_id, cast(net_amount as integer)") == [
        ("o1", "1", 4),
        ("o1", "2", 6),
        ("o2", "1", 7),
    ]


def test_identical_rows_within_one_file_are_lines_of_their_own(zone) -> None:
    zone.put("shop_1/a.csv", "order_id,ordered_at,quantity,net_amount\n" + "o1,2026-10-01,1,4\n" * 2)
    assert zone.entry(zone.land(), "shop_1/a.csv").rows_landed == 2


def test_the_same_content_twice_is_skipped_and_accounted_for(zone) -> None:
    zone.put("shop_1/a.csv", FIRST)
    zone.put("shop_1/copy of a.csv", FIRST)
    zone.put("shop_2/a.csv", FIRST)
    landed = zone.land()
    copy = zone.entry(landed, "shop_1/copy of a.csv")
    assert (copy.status, copy.rows_read, copy.rows_duplicate) == ("duplicate", 3, 3)
    assert zone.entry(landed, "shop_2/a.csv").rows_landed == 3


def test_new_content_under_the_same_path_replaces_the_old_rows(zone) -> None:
    zone.put("shop_1/a.csv", FIRST)
    zone.land()
    zone.put("shop_1/a.csv", SECOND)
    zone.land()
    assert {row[0] for row in zone.rows("order_lines", "order_id")} == {"t2", "t3"}


def test_a_deleted_files_rows_are_gone(zone) -> None:
    zone.put("shop_1/a.csv", FIRST)
    later = zone.put("shop_1/b.csv", SECOND)
    zone.land()
    later.unlink()
    landed = zone.land()
    assert [row[0] for row in zone.rows("order_lines", "order_id")] == ["t1", "t1", "t2"]
    assert zone.entry(landed, "shop_1/a.csv").rows_duplicate == 0
    gone = zone.entry(landed, "shop_1/b.csv")
    assert (gone.status, gone.rows_read) == ("deleted", 0)
    assert "shop_1/b.csv: gone from the landing zone" in gone.reason
    zone.put("shop_1/b.csv", SECOND)
    assert zone.entry(zone.land(), "shop_1/b.csv").rows_landed == 2


def test_a_customer_listed_again_counts_once_per_location(zone) -> None:
    header = "source_customer_id,first_name,updated_at\n"
    zone.put("shop_1/old.csv", header + "k1,Kat,2026-09-01\n")
    zone.put("shop_1/new.csv", header + "k1,Kate,2026-10-01\n")
    zone.put("shop_2/own.csv", header + "k1,Tom,2026-08-01\n")
    zone.put("shop_1/sales.csv", LINES + "o1,1,2026-10-01,1,4,\n")
    zone.land()
    assert zone.rows("customers", "location_id, first_name") == [("shop_1", "Kate"), ("shop_2", "Tom")]
