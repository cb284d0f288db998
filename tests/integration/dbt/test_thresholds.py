"""Every threshold of the alerts governs what it names and nothing else: one history, one key of the file at a time."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bench.alerts.nights import Nights
from bench.alerts.steady import LAST, Rhythm, steady_orders
from dagster_project.network import Network

LAPSES = {"lapsing", "lapsed", "lost_valued"}
SPENDING = {"declining", "critical"}
# key -> another value, and the types of alert it may change. A lapse goes before spending, so what governs lapses may
# free a spending alert or take its place; the two windows are those of a location's capture too.
GOVERNED = {
    "recent_days": (45, LAPSES | SPENDING | {"growing"}),
    "baseline_days": (200, LAPSES | SPENDING | {"growing"}),
    "min_visits": (8, LAPSES | SPENDING | {"growing"}),
    "declining_ratio": (0.45, {"declining"}),
    "critical_ratio": (0.59, SPENDING),
    "evidence": (0.6, SPENDING | {"growing"}),
    "lapse_warn_quantile": (0.3, LAPSES - {"lapsed", "lost_valued"} | SPENDING | {"growing"}),
    "lapse_quantile": (0.91, LAPSES),
    "lapse_min_days": (120, LAPSES | SPENDING | {"growing"}),
    "lost_valued_days": (1, {"lapsed", "lost_valued"}),
    "complaint_due_days": (9, set()),
    "complaint_lost_days": (1, {"valued_complainer"}),
}


WEEKLY = Rhythm("weekly", ((0.5, 4.0), (0.5, 9.0)), 3.0)


def churning_orders() -> pa.Table:
    """A quarter each comes no more since 20 to 60 days, comes less since 90 days (half or a fifth as often), came half
    as often before, and goes on as ever."""
    table = steady_orders(WEEKLY, people=240, days=720, judged=1, seed=3).to_pandas()
    known = table["customer_id"].notna()
    person = table["customer_id"].str[1:].fillna("0").astype(int)
    number = table.groupby("customer_id", dropna=False).cumcount()
    age = (pd.Timestamp(LAST) - pd.to_datetime(table["business_date"])).dt.days
    is_gone = (person % 4 == 0) & (age < 20 + person % 40)
    is_rarer = (person % 4 == 1) & (age < 90) & (number % np.where(person % 8 == 1, 2, 5) > 0)
    was_rarer = (person % 4 == 2) & (age >= 90) & (number % 2 > 0)
    return pa.Table.from_pandas(table[~(known & (is_gone | is_rarer | was_rarer))], preserve_index=False)


@pytest.fixture(scope="module")
def alerted(tmp_path_factory):
    """(thresholds of churn) -> alert type -> customers alerted on one first night."""
    nights = Nights(tmp_path_factory.mktemp("nights"), churning_orders())
    complaints = """insert into warehouse.lake.cases (case_id, location_id, order_id, kind, opened_at, event_local_at)
        select order_id, location_id, order_id, 'complaint', business_date - 10, business_date - 10 from orders
        where business_date > cast(? as date) - 4 and customer_id is not null"""
    nights.query(complaints, [LAST])
    nights.query(
        """insert into warehouse.lake.order_records (source, location_id, order_id, customer_id)
           select 'till', location_id, order_id, customer_id from orders where customer_id is not null"""
    )

    def run(**churn) -> dict[str, set]:
        nights.configure(Network(file=Path(os.devnull), churn=churn))
        nights.night(LAST)
        nights.forget()
        found: dict[str, set] = {}
        for customer, kind, due_in in nights.query(
            "select customer_id, alert_type, due_on - opened_on from candidate.marts.churn_alerts"
        ):
            found.setdefault(kind, set()).add((customer, due_in if kind == "valued_complainer" else None))
        return found

    return run


@pytest.fixture(scope="module")
def usual(alerted) -> dict[str, set]:
    return alerted()


def test_the_history_has_alerts_of_every_kind(usual) -> None:
    assert set(usual) == LAPSES | SPENDING | {"growing", "valued_complainer"}


@pytest.mark.parametrize("key", GOVERNED)
def test_a_threshold_changes_what_it_governs_and_nothing_else(alerted, usual, key) -> None:
    value, governed = GOVERNED[key]
    found = alerted(**{key: value})
    changed = {kind for kind in usual.keys() | found.keys() if usual.get(kind) != found.get(kind)}
    if key == "complaint_due_days":
        assert {due for _, due in found["valued_complainer"]} == {9}
        assert changed == {"valued_complainer"}
        return
    assert changed, "changes nothing"
    assert changed <= governed
