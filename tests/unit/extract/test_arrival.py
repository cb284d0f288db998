"""Who has delivered through when, and which day the night is about."""

import fcntl
from datetime import UTC, date, datetime

import duckdb
import pandas as pd
import pytest

from dagster_project import claim
from dagster_project.errors import NetworkError, RegularsError
from dagster_project.extract.arrival import latest_as_of
from dagster_project.network import load_network

HEADER = "location_id,order_id,line_id,ordered_at,quantity,net_amount\n"


def line(location: str, day: str, order: str) -> str:
    return f"{location},{order},1,{day}T08:00:00,1,10\n"


def through(zone) -> dict[str, date]:
    path = str(zone.network.home.arrival)
    return dict(duckdb.execute("select location_id, data_through_date from read_parquet(?)", [path]).fetchall())


def test_the_night_waits_for_four_fifths_of_the_sales() -> None:
    days = [date(2026, 10, d) for d in range(1, 11)]
    sales = pd.DataFrame(
        [("big", day, 79.0) for day in days[:8]] + [("small", day, 21.0) for day in days],
        columns=["location_id", "business_date", "sales"],
    )
    # On the 9th and 10th only `small` has come: 21 x 9 of 21 x 9 + 79 x 8 is a quarter of the sales.
    assert latest_as_of(sales, {"big": days[7], "small": days[9]}) == date(2026, 10, 8)
    # With 80% of the sales through the 8th, the others do not hold the night up.
    late = sales[(sales["location_id"] == "big") | (sales["business_date"] <= days[5])]
    late = late.assign(sales=late["sales"].where(late["location_id"] == "small", 112.0))
    assert latest_as_of(late, {"big": days[7], "small": days[5]}) == date(2026, 10, 8)


def test_a_shared_export_covers_its_locations_but_not_through_another_route(zone) -> None:
    zone.put("hq/locations.csv", "location_id\na\nb\n")
    zone.put("hq/all.csv", HEADER + line("a", "2026-01-01", "1") + line("b", "2025-12-20", "2"))
    zone.put("a/own.csv", HEADER.removeprefix("location_id,") + line("", "2026-03-01", "3").removeprefix(","))
    zone.land()
    assert through(zone) == {"a": date(2026, 3, 1), "b": date(2026, 1, 1)}


def test_no_night_is_about_a_day_after_the_newest_delivery(zone) -> None:
    rows = "".join(line("", f"2026-10-{day}", str(day)) for day in (25, 26, 27))
    zone.put("a/own.csv", HEADER + rows, delivered=datetime(2026, 10, 26, 18, tzinfo=UTC))
    assert zone.land().as_of_date == date(2026, 10, 26)


def test_the_newest_word_on_a_location_holds_for_its_rows(zone) -> None:
    zone.put("hq/z.csv", "location_id,timezone\na,America/New_York\n")
    zone.put("hq/20261001/a.csv", "location_id,timezone\na,America/Chicago\n")
    zone.put("a/own.csv", HEADER + line("", "2026-10-05", "1"))
    zone.land()
    assert zone.rows("order_lines", "ordered_at, currency") == [(datetime(2026, 10, 5, 13), "USD")]


def test_rows_rejected_as_later_than_their_delivery_are_judged_anew_when_it_comes_again(zone) -> None:
    text = HEADER + line("", "2026-10-01", "1") + line("", "2026-10-05", "2")
    zone.put("a/own.csv", text, delivered=datetime(2026, 10, 1, 20, tzinfo=UTC))
    assert zone.land().counts("order_lines")["rows_rejected"] == 1
    zone.put("a/own.csv", text, delivered=datetime(2026, 10, 6, 20, tzinfo=UTC))
    assert zone.land().counts("order_lines")["rows_rejected"] == 0


def test_the_same_file_again_in_a_later_folder_is_the_newest_word(zone) -> None:
    first, second = "product_id,unit_cost\np,1\n", "product_id,unit_cost\np,2\n"
    zone.put("a/own.csv", HEADER + line("", "2026-10-05", "1"))
    for folder, text in (("20261001", first), ("20261002", second), ("20261003", first)):
        zone.put(f"hq/{folder}/p.csv", text)
        zone.land()
    assert zone.rows("products", "cast(unit_cost as integer)") == [(1,)]


def test_the_lake_is_closed_to_others_and_one_process_holds_a_home(zone) -> None:
    zone.put("a/own.csv", HEADER + line("", "2026-10-05", "1"))
    zone.land()
    assert zone.network.home.lake.stat().st_mode & 0o077 == 0
    claim.claim_home(zone.network.home)
    claim.claim_home(zone.network.home)
    claim._held.clear()
    with (zone.network.home.root / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(RegularsError, match="another run is at work"):
            claim.claim_home(zone.network.home)


def test_a_home_that_reads_as_a_pattern_is_refused(tmp_path) -> None:
    (tmp_path / "network.yaml").write_text("paths: {home: 'net [1]'}\n")
    with pytest.raises(NetworkError, match="pattern"):
        load_network(tmp_path / "network.yaml")
