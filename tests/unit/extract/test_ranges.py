"""Numbers that lie outside what there is are read as none, and told like whatever cannot be read."""

from decimal import Decimal

SALE = "order_id,line_id,ordered_at,quantity,net_amount\no1,1,2026-10-05T08:00:00,1,4\n"


def test_a_score_outside_its_range_is_no_score_and_is_told_with_its_place(zone) -> None:
    """The mean of what landed is that of 0, 9 and 10, not of 99 and a rating upside down."""
    scores = ["0", "9", "10", "11", "-1", "99", "9.5", ""]
    rows = "".join(f"s{n},2026-10-05T08:00:00,{score}\n" for n, score in enumerate(scores))
    zone.put("hq/surveys.csv", "response_id,answered_at,score\n" + rows)
    zone.put("shop_1/a.csv", SALE)
    entry = zone.entry(zone.land(), "hq/surveys.csv")
    assert (entry.rows_landed, entry.rows_rejected, entry.values_unreadable) == (8, 0, 4)
    assert zone.rows("surveys", "count(*), avg(score)") == [(8, 19 / 3)]
    assert zone.ops('select file, row_number, "column", reason, value_masked from unreadable_values') == [
        ("hq/surveys.csv", 5, "score", "not an integer from 0 to 10", "99"),
        ("hq/surveys.csv", 6, "score", "not an integer from 0 to 10", "-9"),
        ("hq/surveys.csv", 7, "score", "not an integer from 0 to 10", "99"),
        ("hq/surveys.csv", 8, "score", "not an integer from 0 to 10", "9.9"),
    ]


def test_a_place_off_the_globe_is_no_place(zone) -> None:
    zone.put("hq/locations.csv", "location_id,latitude,longitude\nshop_1,40.7,-74.0\nshop_2,407,-180.1\n")
    zone.put("shop_1/a.csv", SALE)
    zone.land()
    assert zone.rows("locations", "location_id, latitude, longitude") == [
        ("shop_1", Decimal("40.7"), Decimal(-74)),
        ("shop_2", None, None),
    ]
    assert zone.ops('select "column", reason from unreadable_values order by 1') == [
        ("latitude", "not a decimal from -90 to 90"),
        ("longitude", "not a decimal from -180 to 180"),
    ]
