"""Customers of a small shop whose till stops telling who buys are not gone: the location's alert stands for them.

Thirty people come to a large shop every six days. At the small one eight orders a day are nobody's, and each of eight
regulars comes every 16 days: 15 orders a month are somebody's.
"""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from bench.alerts.nights import Nights

LAST = date(2026, 10, 31)
DAYS = 450
REGULARS = {f"small{n}" for n in range(8)}


def orders(
    seen_lately: set[str] = REGULARS, gone: frozenset[str] = frozenset(), is_small_shut: bool = False
) -> pa.Table:
    """Orders up to LAST. In the last 35 days the small till names only those in `seen_lately`, or sells nothing; who is
    `gone` does not come at all in that time."""
    rows = []
    for age in range(DAYS):
        day = LAST - timedelta(days=age)
        rows += [("large", f"large{n}", day) for n in range(30) if (age + n) % 6 == 0 and not (n < 3 and age < 60)]
        if is_small_shut and age < 35:
            continue
        rows += [("small", None, day)] * 8
        for n in range(8):
            person = f"small{n}"
            if (age + 2 * n) % 16 == 0 and not (person in gone and age < 35):
                rows.append(("small", person if person in seen_lately or age >= 35 else None, day))
    place, person, day = zip(*rows, strict=True)
    return pa.table(
        {
            "order_id": [f"o{n}" for n in range(len(rows))],
            "location_id": place,
            "customer_id": person,
            "business_date": day,
            "net_amount": pa.array([Decimal(5)] * len(rows), pa.decimal128(18, 2)),
        }
    )


@pytest.mark.parametrize(
    ("history", "through", "told", "alerted"),
    [
        pytest.param(orders(), LAST, set(), set(), id="all as ever"),
        pytest.param(orders(seen_lately=set()), LAST, {("small", "capture_drop")}, set(), id="nobody is told"),
        pytest.param(
            orders(seen_lately={"small0"}), LAST, {("small", "capture_drop")}, set(), id="one of eight is told"
        ),
        pytest.param(orders(is_small_shut=True), LAST, set(), set(), id="shut"),
        pytest.param(
            orders(is_small_shut=True),
            LAST - timedelta(days=35),
            {("small", "late_data")},
            set(),
            id="nothing delivered",
        ),
        pytest.param(orders(gone=frozenset({"small5"})), LAST, set(), {"small5"}, id="one of eight is gone"),
    ],
)
def test_a_small_till_that_tells_nobody_accuses_nobody(tmp_path, history, through, told, alerted) -> None:
    nights = Nights(tmp_path, history)
    nights.night(LAST, {"small": through})
    assert set(nights.query("select location_id, alert_type from candidate.marts.location_alerts")) == told
    open_alerts = {customer for customer, _, _, outcome, _ in nights.alerts() if outcome == "open"}
    assert open_alerts & REGULARS == alerted
    # Who stopped at the shop whose till goes on telling is called.
    assert {f"large{n}" for n in range(3)} <= open_alerts
