"""Why a mart is empty: read from dbt's models and the ledger, told in ops.checks."""

import duckdb

from dagster_project.home import Home
from dagster_project.validate.checks import Check


def empty_mart_notes(home: Home, rows: dict[str, int], dbt_manifest: dict) -> list[Check]:
    """One note per mart without rows: that none of the feeds it is made of (`fed_by` in dbt) has come in, or that no
    row of theirs is one of the mart."""
    with duckdb.connect() as connection:
        arrived = connection.execute(
            "select distinct feed from read_parquet(?) where status = 'landed' and rows_landed > 0", [str(home.ledger)]
        ).fetchall()
    arrived = {feed for (feed,) in arrived}
    models = [node for node in dbt_manifest["nodes"].values() if node["resource_type"] == "model"]
    fed_by = {model["name"]: model["config"]["meta"]["fed_by"] for model in models if rows.get(model["name"]) == 0}
    notes = []
    for mart, feeds in sorted(fed_by.items()):
        detail = (
            f"empty: nothing has come in for {', '.join(feeds)}"
            if arrived.isdisjoint(feeds)
            else "empty: no row meets its definition yet"
        )
        notes.append(Check(f"{mart}.is_empty", mart, "note", True, detail))
    return notes


def history_notes(home: Home) -> list[Check]:
    """How many month-ends of the RFM history were computed anew, and how many stand as they were published."""
    months = home.candidate_state / "rfm_months.parquet"
    if not months.is_file():
        return []
    with duckdb.connect() as connection:
        anew, kept = connection.execute(
            "select count(*) filter (not is_kept), count(*) filter (is_kept) from read_parquet(?)", [str(months)]
        ).fetchone()
    detail = f"{anew} month-ends computed anew, {kept} kept as they were: nothing they are made of has changed"
    return [Check("rfm_history.months", "rfm_history", "note", True, detail)]
