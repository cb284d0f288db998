"""Guards and dbt's checks as values, worked by hand."""

import duckdb
import pytest

from dagster_project.errors import GateRefused
from dagster_project.home import Home
from dagster_project.seal import file_sha256, write_json
from dagster_project.validate import guards, judge
from dagster_project.validate.checks import dbt_checks, read_dbt_verdict
from dagster_project.validate.notes import empty_mart_notes


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path)
    home.lake.mkdir()
    home.candidate.mkdir()
    return home


def write_ledger(home, *files) -> None:
    """files: (path, feed, read, landed, duplicate, rejected), all landed."""
    rows = ", ".join(f"('{p}', '{f}', 'landed', {r}, {la}, {d}, {re})" for p, f, r, la, d, re in files)
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (select * from (values {rows})
                      as t(path, feed, status, rows_read, rows_landed, rows_duplicate, rows_rejected))
                to '{home.ledger}' (format parquet)"""
        )


def publish_with_customers(home, count) -> None:
    snapshot = home.snapshots / "r1"
    snapshot.mkdir(parents=True)
    write_json(snapshot / "manifest.json", {"rows": {"dim_customers": count}})
    home.published.symlink_to("snapshots/r1")


def test_every_file_adds_up(home):
    write_ledger(home, ("a.csv", "orders", 10, 7, 2, 1), ("b.csv", "orders", 3, 3, 0, 0))
    assert guards.every_row_is_accounted_for(home).passed


def test_one_lost_row_is_told(home):
    write_ledger(home, ("a.csv", "orders", 10, 7, 2, 0), ("b.csv", "orders", 3, 3, 0, 0))
    check = guards.every_row_is_accounted_for(home)
    assert not check.passed
    assert check.detail.startswith("1 of 2 files do not add up")


@pytest.mark.parametrize(
    ("feed", "orders", "passed"), [("orders", 0, False), ("orders", 1, True), ("customers", 0, True)]
)
def test_landed_orders_reach_the_facts(home, feed, orders, passed):
    write_ledger(home, ("a.csv", feed, 10, 10, 0, 0))
    assert guards.landed_orders_reach_the_facts(home, {"fct_orders": orders}).passed is passed


@pytest.mark.parametrize(
    ("before", "now", "passed"), [(200, 180, True), (200, 179, False), (99, 1, True), (100, 89, False)]
)
def test_customers_are_kept_within_the_allowed_shrink(home, before, now, passed):
    publish_with_customers(home, before)
    assert guards.customers_are_kept(home, {"dim_customers": now}, 0.10).passed is passed


def test_the_first_night_has_nothing_to_keep(home):
    assert guards.customers_are_kept(home, {"dim_customers": 0}, 0.10).passed


def test_the_candidate_is_compared_with_what_dbt_tested(home):
    (home.candidate / "marts.duckdb").write_bytes(b"marts")
    verdict = {"files": {"marts.duckdb": file_sha256(home.candidate / "marts.duckdb")}}
    assert guards.candidate_is_what_dbt_tested(home, verdict).passed

    (home.candidate / "marts.duckdb").write_bytes(b"other")
    assert guards.candidate_is_what_dbt_tested(home, verdict).detail == "marts.duckdb is changed"


@pytest.mark.parametrize(
    ("status", "message", "passed", "detail"),
    [
        ("pass", None, True, ""),
        ("warn", "Got 2 results, configured to warn if != 0", True, "warn: Got 2 results, configured to warn if != 0"),
        ("fail", "Got 1 result, configured to fail if != 0", False, "fail: Got 1 result, configured to fail if != 0"),
        ("error", "Could not convert string 'ada@example.com' to INT32", False, "error"),
        ("skipped", None, False, "skipped"),
    ],
)
def test_dbt_tests_become_checks_without_the_text_of_errors(status, message, passed, detail):
    result = {"unique_id": "test.a", "resource_type": "test", "asset": "x", "status": status, "message": message}
    (check,) = dbt_checks({"results": [result, {"unique_id": "model.x", "resource_type": "model"}]})
    assert (check.name, check.kind, check.passed, check.detail) == ("test.a", "dbt", passed, detail)


def test_another_runs_verdict_is_refused(home):
    write_json(home.candidate / "dbt_verdict.json", {"run_id": "r0"})
    with pytest.raises(GateRefused, match="the candidate is run r0's"):
        read_dbt_verdict(home, "r1")


@pytest.mark.parametrize(
    ("fed_by", "told"),
    [
        (["customers"], "empty: nothing has come in for customers"),
        (["engagement", "actions"], "empty: nothing has come in for engagement, actions"),
        # A till that sends lines alone is no till whose receipts are missing.
        (["order_lines", "orders"], "empty: no row meets its definition yet"),
    ],
)
def test_an_empty_mart_says_that_none_of_its_feeds_has_come_in(home, fed_by, told):
    write_ledger(home, ("a.csv", "order_lines", 1, 1, 0, 0))
    nodes = {
        "model.a": {"resource_type": "model", "name": "empty", "config": {"meta": {"fed_by": fed_by}}},
        "model.b": {"resource_type": "model", "name": "filled", "config": {"meta": {"fed_by": ["orders"]}}},
        "test.c": {"resource_type": "test", "name": "empty"},
    }
    (note,) = empty_mart_notes(home, {"empty": 0, "filled": 1}, {"nodes": nodes})
    assert (note.name, note.passed, note.detail) == ("empty.is_empty", True, told)


def test_without_the_candidates_files_there_is_nothing_to_judge(home, tmp_path):
    write_json(home.candidate / "dbt_verdict.json", {"run_id": "r1"})
    with pytest.raises(GateRefused, match=r"run r1: .*marts\.duckdb is missing"):
        judge(home, "r1", tmp_path)
