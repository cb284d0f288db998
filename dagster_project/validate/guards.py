"""The gate's own checks: what needs more than the candidate's tables to be seen."""

import duckdb

from dagster_project.home import Home
from dagster_project.seal import differences, few, file_sha256, read_manifest
from dagster_project.validate.checks import Check

# Below this many customers one day's share is chance: losing two of ten is no sign of a broken feed.
SMALL_NETWORK = 100


def candidate_is_what_dbt_tested(home: Home, dbt_verdict: dict) -> Check:
    """The files hold the bytes they held when dbt's tests had passed over them."""
    found = {
        name: file_sha256(home.candidate / name) for name in dbt_verdict["files"] if (home.candidate / name).is_file()
    }
    wrong = differences(dbt_verdict["files"], found)
    return _guard("candidate_is_what_dbt_tested", "candidate", not wrong, few(wrong))


def every_row_is_accounted_for(home: Home) -> Check:
    """Per landing file: rows read = landed + duplicate + rejected."""
    with duckdb.connect() as connection:
        files, wrong = connection.execute(
            """select count(*), count(*) filter (coalesce(rows_read, 0) <>
                   coalesce(rows_landed, 0) + coalesce(rows_duplicate, 0) + coalesce(rows_rejected, 0))
               from read_parquet(?)""",
            [str(home.ledger)],
        ).fetchone()
    detail = f"{wrong} of {files} files do not add up; see ops.files" if wrong else f"{files} files add up"
    return _guard("every_row_is_accounted_for", "ledger", not wrong, detail)


def landed_orders_reach_the_facts(home: Home, rows: dict[str, int]) -> Check:
    """fct_orders is not empty while current files hold receipts."""
    with duckdb.connect() as connection:
        landed = connection.execute(
            """select coalesce(sum(rows_landed), 0) from read_parquet(?)
               where status = 'landed' and feed in ('order_lines', 'orders')""",
            [str(home.ledger)],
        ).fetchone()[0]
    orders = rows.get("fct_orders", 0)
    detail = f"{landed} rows of receipts landed, {orders} orders"
    return _guard("landed_orders_reach_the_facts", "fct_orders", not landed or orders > 0, detail)


def customers_are_kept(home: Home, rows: dict[str, int], max_shrink: float) -> Check:
    """dim_customers lost at most max_shrink (a share) of the customers of the published set."""
    now = rows.get("dim_customers", 0)
    run = home.published_run()
    before = read_manifest(home.snapshots / run)["rows"].get("dim_customers", 0) if run else 0
    lost = before - now
    passed = before < SMALL_NETWORK or lost <= max_shrink * before
    detail = f"{before} customers published, {now} now"
    if not passed:
        detail += (
            f": {lost / before:.1%} fewer, {max_shrink:.1%} allowed; look for feeds that did not come, "
            "or raise publish.max_audience_shrink for this night"
        )
    return _guard("customers_are_kept", "dim_customers", passed, detail)


def _guard(name: str, asset: str, passed: bool, detail: str) -> Check:
    return Check(name, asset, "guard", passed, detail)
