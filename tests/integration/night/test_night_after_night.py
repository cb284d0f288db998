"""Real sales, night after night and all at once: the same, whichever way they came."""

import os
from pathlib import Path

from nights import Nights
from retail import lay_out, network_at

# Files delivered by the end of each night that is tried. REGULARS_NIGHTS=1 tries every night after the hundredth
# file, 4 every fourth.
DELIVERED = [100, 101, 219]
COMPARED = (
    "fct_orders",
    "fct_order_lines",
    "fct_visits",
    "dim_customers",
    "dim_locations",
    "dim_products",
    "dim_dates",
    "customer_identities",
    "customer_360",
    "rfm_scores",
    "rfm_cutoffs",
    "rfm_history",
    "rfm_movement",
    "rfm_segment_daily",
    "churn_alerts",
    "churn_alert_performance",
    "location_alerts",
    "location_action_list",
    "customer_value",
    "model_fits",
    "model_calibration",
    "sales_concentration",
    "second_visit",
    "cohort_retention",
    "tenure_dropoff",
    "lost_valued_customers",
    "home_location_history",
    "customer_timeline",
)


def by_source_record(nights: Nights, mart: str) -> list[tuple]:
    """A mart's rows with customers named by their source record, and alerts without their id, which is made of it."""
    names = {r[0] for r in nights.query(f"select column_name from (describe {mart})")}
    if "customer_id" not in names or mart == "customer_identities":
        hidden = "exclude (customer_id)" if "customer_id" in names else ""
        return nights.query(f"select * {hidden} from {mart} order by all")
    hidden = "customer_id, alert_id" if "alert_id" in names else "customer_id"
    return nights.query(
        f"""with names as (
                select customer_id, min(source_record_id) as source_record
                from customer_identities where valid_to is null group by 1)
            select n.source_record, m.* exclude ({hidden})
            from {mart} m left join names n using (customer_id) order by all"""
    )


def test_night_after_night_equals_all_at_once(online_retail: Path, tmp_path_factory) -> None:
    every = os.environ.get("REGULARS_NIGHTS")
    delivered = sorted({*range(100, 220, int(every)), 219}) if every else DELIVERED
    folder = tmp_path_factory.mktemp("nightly")
    nightly = Nights(network_at(folder), folder / "books")
    as_of_dates = []
    for files in delivered:
        lay_out(online_retail, folder / "landing", files)
        assert nightly.run().success
        as_of_dates.append(nightly.query("select max(as_of_date) from dim_customers")[0][0])
    # Each night knows one day more; what was over before is kept as it was published.
    told = nightly.ops("select detail from checks where check_name = 'rfm_history.months' order by run_id")
    assert told[1][0].startswith("0 month-ends computed anew"), told
    folder = tmp_path_factory.mktemp("replayed")
    lay_out(online_retail, folder / "landing", 219)
    for as_of_date in as_of_dates:
        replayed = Nights(network_at(folder, as_of_date.isoformat()), folder / "books")
        assert replayed.run().success
    for mart in COMPARED:
        assert by_source_record(nightly, mart) == by_source_record(replayed, mart), mart
