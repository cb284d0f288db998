"""Links, odd names, and SQL in headers, folders and file names: a name is only a name, and nothing leads outside."""

import os

import pytest

HEADER = "order_id,ordered_at,quantity,net_amount,customer_name\n"
GOOD = HEADER + "o1,2026-10-05,1,4.50,Zuzana\n"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_links_and_odd_names_are_set_aside_by_name(zone, tmp_path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(GOOD)
    zone.put("shop_1/good.csv", GOOD)
    folder = tmp_path / "landing" / "shop_1"
    (folder / "out.csv").symlink_to(outside / "secret.csv")
    (folder / "nowhere.csv").symlink_to(outside / "gone.csv")
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "tree").symlink_to(outside)
    with open(os.fsencode(folder) + b"/caf\xe9.csv", "w") as file:
        file.write(GOOD)
    landed = zone.land()
    assert {e.path: e.reason.partition(": ")[2].partition(";")[0] for e in landed.set_aside} == {
        "shop_1/out.csv": "a link that leads out of the landing zone",
        "shop_1/nowhere.csv": "a link that leads to no file",
        "shop_1/loop.csv": "a link that leads to no file",
        "shop_1/tree": "a link that leads to no file",
        "shop_1/caf\\xe9.csv": "a name that is no UTF-8",
    }
    assert len(zone.rows("order_lines", "order_id")) == 1


def test_sql_and_our_own_names_in_headers_are_only_names(zone) -> None:
    odd = [
        'x"; drop table batch; --',
        "'); select 1; --",
        " file_key",
        "row_number",
        "file_number",
        "rejection",
        "raw",
        "*",
    ]
    header = HEADER.strip() + "," + ",".join('"' + name.replace('"', '""') + '"' for name in odd)
    zone.put("shop_1/a.csv", header + "\no1,2026-10-05,1,4.50,,a,b,c,d,e,f,g,h\n")
    landed = zone.land()
    assert zone.entry(landed, "shop_1/a.csv").rows_landed == 1
    assert zone.rows("order_lines", "row_number, order_id") == [(1, "o1")]
    appeared = {column for (column,) in zone.ops("select column_name from drift")}
    assert appeared == {name.strip() for name in odd}


def test_sql_in_folder_and_file_names_is_only_a_name(zone) -> None:
    for folder in ("o'brien", 'say "hi"', "a.b;c", "köln", "shop [1]*?", "hq'; --"):
        zone.put(f"{folder}/it's {{1}}.csv", GOOD)
    landed = zone.land()
    assert not landed.set_aside
    assert {row[0] for row in zone.rows("order_lines", "location_id")} == {
        "o'brien",
        'say "hi"',
        "a.b;c",
        "köln",
        "shop [1]*?",
        "hq'; --",
    }


def test_a_column_twice_is_refused_only_where_it_is_read(zone) -> None:
    zone.put("shop_1/read.csv", HEADER.strip() + ",quantity\no1,2026-10-05,1,4.50,,2\n")
    zone.put("shop_2/unread.csv", HEADER.strip() + ",note,note,,\no1,2026-10-05,1,4.50,,x,y,,\n")
    landed = zone.land()
    assert "'quantity' stands twice" in zone.entry(landed, "shop_1/read.csv").reason
    assert zone.entry(landed, "shop_2/unread.csv").rows_landed == 1
