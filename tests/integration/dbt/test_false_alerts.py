"""Customers whose behaviour never changes are left alone, whatever happens around them.

The history is simulated apart from the pipeline, by pure chance at a coffee bar's rhythm, which is the hardest: one
location shuts for three weeks, one hardly asks who buys for six, a week of one is missing. The models' own SQL runs
night by night over it.
"""

from bench.alerts.nights import Nights
from bench.alerts.steady import RHYTHMS, alerted_a_month, steady_orders

JUDGED_NIGHTS = 75


def test_at_most_one_in_fifty_steady_customers_is_alerted_a_month(tmp_path) -> None:
    nights = Nights(tmp_path, steady_orders(RHYTHMS[0], people=240, days=720, judged=JUDGED_NIGHTS))
    on_the_first_night, in_a_month = alerted_a_month(nights, JUDGED_NIGHTS)
    assert in_a_month <= 0.02
    assert on_the_first_night <= 0.02
    kinds = nights.query("select distinct location_id, alert_type from candidate.marts.location_alerts")
    assert ("b", "capture_drop") in kinds
    # A bar that is met because nobody is ever alerted would say nothing.
    assert nights.alerts()
