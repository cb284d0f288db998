"""Checks as values, and the ones dbt made."""

import json
import re
from dataclasses import dataclass

from dagster_project.errors import GateRefused
from dagster_project.home import Home
from dagster_project.seal import DBT_VERDICT

# Only a count may be repeated: the text of a database error can quote a cell.
_COUNT = re.compile(r"Got \d+ results?, configured to (fail|warn) if [^a-zA-Z]*")


@dataclass(frozen=True)
class Check:
    """One check. kind: dbt | gx | guard | note (a note tells something and cannot fail); detail: counts only."""

    name: str
    asset: str
    kind: str
    passed: bool
    detail: str


def read_dbt_verdict(home: Home, run_id: str) -> dict:
    """candidate/dbt_verdict.json of this run. Raises GateRefused when it is absent or another run's."""
    path = home.candidate / DBT_VERDICT
    try:
        verdict = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateRefused(
            f"run {run_id}: {path} is not readable, so nothing was tested; run the night again"
        ) from error
    if verdict["run_id"] != run_id:
        raise GateRefused(f"run {run_id}: the candidate is run {verdict['run_id']}'s; run the night again")
    return verdict


def dbt_checks(verdict: dict) -> list[Check]:
    """dbt's data tests. A test that only warns has passed; its count stays readable."""
    return [
        Check(
            name=result["unique_id"],
            asset=result.get("asset") or "",
            kind="dbt",
            passed=result["status"] in ("pass", "warn"),
            detail=_detail(result),
        )
        for result in verdict["results"]
        if result["resource_type"] == "test"
    ]


def _detail(result: dict) -> str:
    if result["status"] == "pass":
        return ""
    count = _COUNT.search(result.get("message") or "")
    return f"{result['status']}: {count.group(0).strip()}" if count else result["status"]
