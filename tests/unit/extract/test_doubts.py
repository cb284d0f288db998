"""Files that land though they may be wrong: nothing is kept out, everything is told."""

import pytest

from dagster_project.extract.check import check_landing

LINES = "order_id,ordered_at,quantity,net_amount\n"
PEOPLE = "source_customer_id,email,email_consent\n"


def test_the_same_bytes_under_two_locations_are_told(zone) -> None:
    for path in ("gouda/october.csv", "zeist/october.csv", "gouda/again.csv"):
        zone.put(path, LINES + "o1,2026-10-05,1,4\n")
    zone.put("zeist/own.csv", LINES + "o2,2026-10-05,1,4\n")
    reason = (
        "zeist/october.csv: holds the same bytes as a file of another location, and its rows count for both; "
        "one of them lies in the wrong folder: move it away; see gouda/again.csv"
    )
    assert f"    in doubt: {reason}" in list(check_landing(zone.network))
    landed = zone.land()
    assert {e.path: e.reason for e in landed.entries if e.is_current} == {
        "gouda/again.csv": None,
        "zeist/october.csv": reason,
        "zeist/own.csv": None,
    }
    assert zone.rows("order_lines", "location_id, order_id") == [("gouda", "o1"), ("zeist", "o1"), ("zeist", "o2")]
    (zone.folder / "landing/zeist/october.csv").unlink()
    assert [e.reason for e in zone.land().entries if e.is_current] == [None, None]


@pytest.fixture
def shop(zone):
    """A sale, so that the night has a day."""
    zone.put("shop_1/sales.csv", LINES + "o1,2026-10-05,1,4\n")
    return zone


def test_a_refusal_stands_where_no_date_tells_which_list_is_newer(shop) -> None:
    # Crossed, so that whichever list counts as newer is wrong about one of them.
    shop.put("shop_1/before.csv", PEOPLE + "1,k@example.org,granted\n2,j@example.org,denied\n")
    shop.put("shop_1/after.csv", PEOPLE + "1,k@example.org,denied\n2,j@example.org,granted\n")
    landed = shop.land()
    assert shop.rows("customers", "source_customer_id, email_consent") == [("1", "denied"), ("2", "denied")]
    assert shop.entry(landed, "shop_1/after.csv").reason.endswith("; see shop_1/before.csv")
    assert "put each into a folder called by its day" in shop.entry(landed, "shop_1/before.csv").reason


def test_refusals_of_two_channels_in_lists_of_one_age_all_stand(shop) -> None:
    columns = PEOPLE.replace("\n", ",sms_consent\n")
    shop.put("shop_1/mail.csv", columns + "1,k@example.org,denied,granted\n2,j@example.org,denied,denied\n")
    shop.put("shop_1/texts.csv", columns + "1,k@example.org,granted,denied\n2,j@example.org,granted,denied\n")
    shop.put("shop_1/leave.csv", columns + "1,k@example.org,granted,granted\n2,j@example.org,,\n")
    landed = shop.land()
    assert shop.rows("customers", "source_customer_id, email_consent, sms_consent") == [
        ("1", "denied", "granted"),
        ("1", "granted", "denied"),
        ("2", "denied", "denied"),
    ]
    counted = [shop.entry(landed, f"shop_1/{name}.csv") for name in ("mail", "texts", "leave")]
    assert [(e.rows_read, e.rows_landed, e.rows_duplicate) for e in counted] == [(2, 2, 0), (2, 1, 1), (2, 0, 2)]


@pytest.mark.parametrize("note", ["a", "b"])
def test_a_dated_folder_or_a_later_row_decides_before_a_refusal(shop, note) -> None:
    """Of the two cases the older list's hash sorts before the newer one's in one, after it in the other."""
    shop.put("shop_1/2026-09-30/people.csv", PEOPLE + f"1,{note}@example.org,denied\n")
    shop.put("shop_1/2026-10-31/people.csv", PEOPLE + f"1,{note}@example.org,denied\n1,k@example.org,granted\n")
    landed = shop.land()
    assert shop.rows("customers", "source_customer_id, email_consent") == [("1", "granted")]
    assert {e.reason for e in landed.entries} == {None}
