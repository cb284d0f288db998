"""Restating reads again what was asked for and nothing else; files that vanish altogether stop the run."""

import os
from datetime import date

import pytest

from dagster_project.errors import RegularsError
from dagster_project.extract import land
from dagster_project.extract.restate import forget

LINES = "order_id,line_id,ordered_at,quantity,net_amount\n"


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The files that landing opens, by path."""
    names: list[str] = []
    open_table = land.open_table

    def watched(path, name, *more):
        names.append(name)
        return open_table(path, name, *more)

    monkeypatch.setattr(land, "open_table", watched)
    return names


@pytest.fixture
def two_shops(zone):
    for month in (8, 9, 10):
        for shop in ("shop_1", "shop_2"):
            zone.put(f"{shop}/2026-{month:02}.csv", LINES + f"o{month},1,2026-{month:02}-05,1,4\n")
    zone.put("hq/both.csv", "location_id," + LINES + "shop_1,h1,1,2026-10-06,1,4\nshop_2,h2,1,2026-08-06,1,4\n")
    zone.land()
    return zone


@pytest.mark.parametrize(
    ("location", "first", "last", "again"),
    [
        ("shop_1", None, None, ["hq/both.csv", "shop_1/2026-08.csv", "shop_1/2026-09.csv", "shop_1/2026-10.csv"]),
        (None, date(2026, 9, 1), date(2026, 9, 30), ["shop_1/2026-09.csv", "shop_2/2026-09.csv"]),
        ("shop_2", date(2026, 8, 6), date(2026, 9, 5), ["hq/both.csv", "shop_2/2026-09.csv"]),
        ("shop_1", date(2026, 10, 6), None, ["hq/both.csv"]),
    ],
)
def test_exactly_the_files_asked_for_are_read_again(two_shops, opened, location, first, last, again) -> None:
    before = two_shops.rows("order_lines", "*")
    restated = forget(two_shops.network, location, first, last)
    assert restated.paths == again
    two_shops.land()
    assert sorted(set(opened)) == again
    assert two_shops.rows("order_lines", "*") == before
    opened.clear()
    two_shops.land()
    assert opened == []


def test_content_that_changed_behind_an_unchanged_size_and_time_is_found(two_shops) -> None:
    path = two_shops.folder / "landing" / "shop_1" / "2026-09.csv"
    seen = path.stat()
    path.write_text(path.read_text().replace(",1,4", ",1,7"))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    two_shops.land()
    assert two_shops.rows("order_lines", "cast(net_amount as integer)", "1 desc")[0] == (4,)
    forget(two_shops.network, "shop_1", date(2026, 9, 1), date(2026, 9, 30))
    two_shops.land()
    assert two_shops.rows("order_lines", "cast(net_amount as integer)", "1 desc")[0] == (7,)


def test_a_file_set_aside_is_tried_again_for_its_location(two_shops, opened) -> None:
    two_shops.put("shop_2/broken.csv", "who,knows\n1,2\n")
    two_shops.land()
    opened.clear()
    assert "shop_2/broken.csv" in forget(two_shops.network, "shop_2", None, None).paths


def test_what_cannot_be_restated_is_said(two_shops) -> None:
    with pytest.raises(RegularsError, match="say which location or which dates"):
        forget(two_shops.network, None, None, None)
    with pytest.raises(RegularsError, match="no file that has landed holds rows of shop_9, 2026-01-01 to the end"):
        forget(two_shops.network, "shop_9", date(2026, 1, 1), None)


def test_a_location_whose_files_vanish_stops_the_run_until_it_is_acknowledged(two_shops) -> None:
    before = two_shops.rows("order_lines", "location_id, order_id")
    gone = list((two_shops.folder / "landing" / "shop_2").iterdir())
    for path in gone:
        path.unlink()
    told = r"all files of shop_2 \(3 files\) are gone.*vanished_locations: \[shop_2\]"
    with pytest.raises(RegularsError, match=told):
        two_shops.land()
    assert two_shops.rows("order_lines", "location_id, order_id") == before
    two_shops.file.write_text("vanished_locations: [shop_2]\n")
    two_shops.land()
    assert [row for row in two_shops.rows("order_lines", "location_id, order_id") if row[0] == "shop_2"] == [
        ("shop_2", "h2")
    ]
    # Acknowledged once, it is not asked again.
    two_shops.file.write_text("network:\n")
    two_shops.land()


def test_a_location_that_never_sent_a_row_may_go_unasked(two_shops) -> None:
    two_shops.put("shop_9/stray.csv", "who,knows\n1,2\n")
    two_shops.land()
    (two_shops.folder / "landing" / "shop_9" / "stray.csv").unlink()
    missed = two_shops.land().run_id
    assert two_shops.land().run_id != missed
    assert two_shops.ops("select gone_in from files where status = 'deleted'") == [(missed,)]
    assert two_shops.ops("select reason from files where status = 'deleted'") == [
        ("shop_9/stray.csv: gone from the landing zone; none of its rows had been taken",)
    ]
