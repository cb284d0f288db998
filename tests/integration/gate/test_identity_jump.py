"""A jump of identity against yesterday refuses the seal until somebody has looked and says so in network.yaml."""

from datetime import date

import duckdb
import pytest

from dagster_project.defs.gate import refusal
from dagster_project.errors import GateRefused
from dagster_project.network import load_network
from dagster_project.validate import judge, seal
from dagster_project.validate.identity_guards import QUALITY
from tests.integration.gate.tiny_night import make_candidate, run_statuses

DAY = date(2026, 10, 31)
STEADY = {
    "over_merged_share": 0.001,
    "shared_identifiers": 10,
    "id_survival": 1.0,
    "consolidation_rate": 0.30,
    "cluster_density": 0.9,
}


def judged(night, run_id: str, acknowledged: date | None = None, customers: int = 120, **quality: float):
    """A night's verdict, identity having measured what is given; the rest as steady as ever."""
    make_candidate(night, run_id, customers=customers)
    measured = STEADY | quality
    cells = ", ".join(
        f"{value}::{'bigint' if isinstance(value, int) else 'double'} as {name}" for name, value in measured.items()
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (select date '{DAY}' as as_of_date, {customers}::bigint as customers, {cells})
                to '{night.home.candidate_state / QUALITY}' (format parquet)"""
        )
    return judge(night.home, run_id, night.project, acknowledged=acknowledged)


def sealed_and_published(night, run_id: str, **quality: float) -> None:
    assert judged(night, run_id, **quality).passed
    seal(night.home, run_id, "inputs", night.project)
    (night.home.root / "published").symlink_to(f"snapshots/{run_id}")


JUMPS = {
    # Shares against 0.001, 0.30 and 0.9; counts against 10: twice as many and 20 more are allowed.
    "over_merged_share": (0.0031, r"ids that look like several people: 0.31%, 0.10% before"),
    "consolidation_rate": (0.36, r"records that found another: 36.00%, 30.00% before"),
    "cluster_density": (0.69, r"ties held within customers: 69.00%, 90.00% before"),
    "shared_identifiers": (41, r"contacts shared by many: 41, 10 before"),
    "id_survival": (0.97, r"ids that live on: 97.00%, 98% expected"),
}


def test_a_jump_refuses_says_what_to_do_and_passes_once_acknowledged(night, home):
    sealed_and_published(night, "r1")
    verdict = judged(night, "r2", **{measure: value for measure, (value, _) in JUMPS.items()})
    assert {check.name for check in verdict.failed} == {f"identity.{measure}" for measure in JUMPS}
    details = {check.name.removeprefix("identity."): check.detail for check in verdict.failed}
    for measure, (_, told) in JUMPS.items():
        assert details[measure].startswith(told)
        assert details[measure].endswith("if it is right, set identity.acknowledged: 2026-10-31")
    with pytest.raises(GateRefused):
        seal(home, "r2", "inputs", night.project)
    assert run_statuses(night)[-1] == ("r2", "refused")
    # The last line of the run: what was found, where to look, which key to set to what.
    last_line = refusal(verdict)
    assert "marts.identity_events" in last_line
    assert "identity.acknowledged: 2026-10-31" in last_line

    # As network.yaml says it; another day's word does not count.
    (night.root / "network.yaml").write_text("identity: {acknowledged: 2026-10-31}\n")
    acknowledged = load_network(night.root / "network.yaml").identity.acknowledged
    assert not judged(night, "r3", date(2026, 10, 30), consolidation_rate=0.36).passed
    assert judged(night, "r4", acknowledged, consolidation_rate=0.36).passed
    seal(home, "r4", "inputs", night.project)
    assert run_statuses(night)[-1] == ("r4", "sealed")


def test_a_network_of_few_customers_cannot_jump(night, home):
    make_few = {"customers": 99}
    sealed_and_published(night, "r1", **make_few)
    assert judged(night, "r2", customers=99, consolidation_rate=0.9, id_survival=0.5).passed
