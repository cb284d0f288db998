"""Two customers made one by a steward's word, and the word taken back: every mart is as it was before."""

import shutil
from datetime import UTC, datetime

import duckdb
import pytest
from nights import Nights

from dagster_project.identity.decide import decide

# What tells the story of it, or lists periods that were closed by it.
HISTORY = {"identity_decisions", "identity_events"}


@pytest.fixture(scope="module")
def nights(demo, tmp_path_factory) -> Nights:
    """A copy of the demo network after its first night."""
    folder = tmp_path_factory.mktemp("decided")
    shutil.copytree(demo.file.parent, folder / "network", symlinks=True)
    return Nights(folder / "network" / "network.yaml", folder / "books")


def marts(nights: Nights) -> dict[str, list[tuple]]:
    """Every mart's rows in order; of customer_identities the periods that hold."""
    with duckdb.connect(str(nights.network.home.published / "marts.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        holding = {"customer_identities": "where valid_to is null"}
        return {
            name: connection.execute(
                f"select * from marts.marts.{name} {holding.get(name, '')} order by all"
            ).fetchall()
            for (name,) in names
        }


def different(before: dict, after: dict) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_a_merge_withdrawn_leaves_every_mart_row_for_row_as_before(nights):
    # The two best customers with an alert of their own: ids, alerts, scores, history and money are all at stake.
    one, other = (
        customer
        for (customer,) in nights.query(
            """select customer_id from churn_alerts join customer_360 using (customer_id)
               where outcome = 'open' and alert_type <> 'growing'
               group by 1 order by max(lifetime_net_amount) desc, 1 limit 2"""
        )
    )
    records = {
        customer: nights.query(
            f"""select source || '/' || coalesce(location_id, '') || '/' || source_record_id
                from customer_identities where customer_id = '{customer}' and valid_to is null
                order by record_key limit 1"""
        )[0][0]
        for customer in (one, other)
    }
    before = marts(nights)
    day = nights.query("select max(as_of_date) from dim_customers")

    decide(nights.network, "merge", one, other, "Jo Park", "the same person", datetime(2026, 11, 1, 9, tzinfo=UTC))
    assert nights.run().success
    merged = marts(nights)
    assert len(merged["dim_customers"]) == len(before["dim_customers"]) - 1
    assert {"churn_alerts", "rfm_scores", "customer_360", "fct_visits", "rfm_history"} <= different(before, merged)

    decide(
        nights.network, "withdraw", records[one], records[other], "Jo Park", "they are not",
        datetime(2026, 11, 1, 10, tzinfo=UTC),
    )  # fmt: skip
    assert nights.run().success
    assert nights.query("select max(as_of_date) from dim_customers") == day
    assert different(before, marts(nights)) == HISTORY
    assert [event for (event,) in nights.query("select event from identity_events order by event_no")] == [
        "merge",
        "withdrawal",
    ]
