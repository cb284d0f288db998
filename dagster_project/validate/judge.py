"""Judging: a candidate's finishing touches, every check of it, and the verdict over the bytes that were judged."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.errors import GateRefused
from dagster_project.home import Home
from dagster_project.ops import update_ops
from dagster_project.seal import VERDICT, differences, few, hash_files, read_dbt_manifest, write_json
from dagster_project.validate import guards
from dagster_project.validate.checks import Check, dbt_checks, read_dbt_verdict
from dagster_project.validate.finish import close_to_others, export_parquet, finish_marts, finish_people, mart_rows
from dagster_project.validate.identity_guards import identity_is_steady
from dagster_project.validate.notes import empty_mart_notes, history_notes
from dagster_project.validate.origins import files_of_orders, told_orders


@dataclass(frozen=True)
class Verdict:
    """What was found about one candidate. files: relative path -> SHA-256; rows: mart -> row count."""

    run_id: str
    as_of_date: str
    checks: tuple[Check, ...]
    files: dict[str, str]
    rows: dict[str, int]

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        return not self.failed


def judge(
    home: Home, run_id: str, project_root: Path, max_audience_shrink: float = 0.10, acknowledged: date | None = None
) -> Verdict:
    """Finish the candidate, judge the bytes that result, and write candidate/verdict.json.

    A failed check is told, not raised. First dbt's verdict and the guards, on the files as dbt left them; then ops,
    views and Parquet are added and every file is hashed; then the suites look through what is published, opened for
    reading only, ops included. The hashes taken before them are the ones sealed.

    The published `ops.checks` therefore holds this run's checks except those of the suites (kind gx), which judge
    the very file it stands in, and all checks of earlier runs. manifest.json and ops.duckdb hold every one.
    Raises GateRefused when there is no candidate of this run to judge, or its files change while they are judged.
    """
    (home.candidate / VERDICT).unlink(missing_ok=True)
    dbt_verdict = read_dbt_verdict(home, run_id)
    for file in (home.candidate_marts, home.candidate_people, home.parameters, home.ledger):
        if not file.is_file():
            raise GateRefused(f"run {run_id}: {file} is missing, so there is nothing to judge; run the night again")
    as_of_date = _as_of_date(home)
    rows = mart_rows(home.candidate_marts)
    dbt_manifest = read_dbt_manifest(project_root)
    checks = [
        guards.candidate_is_what_dbt_tested(home, dbt_verdict),
        guards.every_row_is_accounted_for(home),
        guards.landed_orders_reach_the_facts(home, rows),
        guards.customers_are_kept(home, rows, max_audience_shrink),
        *identity_is_steady(home, acknowledged),
        *dbt_checks(dbt_verdict),
        *empty_mart_notes(home, rows, dbt_manifest),
        *history_notes(home),
    ]
    _record(home, run_id, checks)
    finish_marts(home, run_id, dbt_manifest)
    finish_people(home)
    export_parquet(home)
    close_to_others(home.candidate)
    files = hash_files(home.candidate)
    checks += _expectations(home, project_root)
    changed = differences(files, hash_files(home.candidate))
    if changed:
        raise GateRefused(
            f"run {run_id}: the candidate changed while it was judged: {few(changed)}; run the night again"
        )
    _record(home, run_id, checks)
    verdict = Verdict(run_id, as_of_date, tuple(checks), files, rows)
    write_json(home.candidate / VERDICT, asdict(verdict) | {"passed": verdict.passed})
    return verdict


def _expectations(home: Home, project_root: Path) -> list[Check]:
    from expectations.runner import run_suites

    results = run_suites(project_root / "expectations", home.candidate_marts, home.candidate_people)
    files = files_of_orders(home, {order for r in results for order in r.orders})
    return [Check(r.name, r.asset, "gx", r.passed, r.detail + told_orders(r.orders, files)) for r in results]


def _as_of_date(home: Home) -> str:
    with duckdb.connect() as connection:
        row = connection.execute("select as_of_date from read_parquet(?)", [str(home.parameters)]).fetchone()
    return row[0].isoformat()


def _record(home: Home, run_id: str, checks: list[Check]) -> None:
    columns = [[getattr(c, field) for c in checks] for field in ("name", "asset", "kind", "passed", "detail")]
    with update_ops(home) as connection:
        connection.execute("delete from checks where run_id = ?", [run_id])
        connection.execute(
            "insert into checks select ?, unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)", [run_id, *columns]
        )
