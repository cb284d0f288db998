"""The sensor asks for one night per change of the landing zone, once the files have settled."""

import dagster as dg

from dagster_project.defs.resources import NetworkResource
from dagster_project.defs.sensors import landing_zone_changed

LINES = "order_id,line_id,ordered_at,quantity,net_amount\no1,1,2026-10-05T08:00:00,1,4\n"


def look(nights, cursor: str | None) -> tuple[int, str]:
    """Night requests of one evaluation, and the cursor it leaves."""
    context = dg.build_sensor_context(cursor=cursor, resources={"network": NetworkResource(file=str(nights.file))})
    result = landing_zone_changed(context)
    return len(result.run_requests or []), result.cursor


def test_a_night_is_asked_for_once_per_change_that_has_settled(new_nights) -> None:
    nights = new_nights()
    shop = nights.network.landing / "shop_1"
    shop.mkdir()
    (shop / "monday.csv").write_text(LINES)
    asked, cursor = look(nights, None)
    assert asked == 0
    asked, cursor = look(nights, cursor)
    assert asked == 1
    asked, cursor = look(nights, cursor)
    assert asked == 0
    (shop / "tuesday.csv").write_text(LINES.replace("o1", "o2"))
    asked, cursor = look(nights, cursor)
    assert asked == 0
    asked, cursor = look(nights, cursor)
    assert asked == 1


def test_a_missing_landing_zone_is_told(new_nights) -> None:
    nights = new_nights()
    nights.network.landing.rmdir()
    context = dg.build_sensor_context(resources={"network": NetworkResource(file=str(nights.file))})
    assert "no such folder" in str(landing_zone_changed(context).skip_reason)
