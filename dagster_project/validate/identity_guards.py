"""What identity looks like against yesterday: a jump refuses the seal until somebody has acknowledged it."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dagster_project.home import Home
from dagster_project.validate.checks import Check
from dagster_project.validate.guards import SMALL_NETWORK

QUALITY = "identity_quality.parquet"
# measure -> what it is called, the furthest it may be from yesterday's: down, up (shares; None: no matter).
JUMPS: dict[str, tuple[str, float | None, float | None]] = {
    "over_merged_share": ("ids that look like several people", None, 0.002),
    "consolidation_rate": ("records that found another", 0.05, 0.05),
    "cluster_density": ("ties held within customers", 0.2, None),
}
LEAST_SURVIVAL = 0.98
MOST_NEW_SHARED = 20


def identity_is_steady(home: Home, acknowledged: date | None) -> list[Check]:
    """One check per measure, with its number; the first night and a network of few customers cannot jump.

    `acknowledged` is the as-of date of a night whose jump somebody looked at and wants.
    """
    path = home.candidate_state / QUALITY
    if not path.is_file():
        return []
    now = _read(path)
    state = home.current_state()
    before = _read(state / QUALITY) if state and (state / QUALITY).is_file() else None
    is_judged = before is not None and before["customers"] >= SMALL_NETWORK and acknowledged != now["as_of_date"]
    checks = []
    for measure, (called, down, up) in JUMPS.items():
        then = before[measure] if before else now[measure]
        change = now[measure] - then
        jumped = (down is not None and change < -down) or (up is not None and change > up)
        checks.append(_check(measure, f"{called}: {now[measure]:.2%}, {then:.2%} before", jumped and is_judged, now))
    then = before["shared_identifiers"] if before else now["shared_identifiers"]
    told = f"contacts shared by many: {now['shared_identifiers']}, {then} before"
    jumped = now["shared_identifiers"] > 2 * then + MOST_NEW_SHARED
    checks.append(_check("shared_identifiers", told, jumped and is_judged, now))
    told = f"ids that live on: {now['id_survival']:.2%}, {LEAST_SURVIVAL:.0%} expected"
    checks.append(_check("id_survival", told, now["id_survival"] < LEAST_SURVIVAL and is_judged, now))
    return checks


def _check(measure: str, told: str, jumped: bool, now: dict[str, Any]) -> Check:
    if jumped:
        told += f": look at marts.identity_events; if it is right, set identity.acknowledged: {now['as_of_date']}"
    return Check(f"identity.{measure}", "customer_identities", "guard", not jumped, told)


def _read(path: Path) -> dict[str, Any]:
    return pq.read_table(path).to_pylist()[0]
