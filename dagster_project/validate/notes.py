"""Why a mart is empty: read from dbt's lineage and the ledger, told in ops.checks."""

import duckdb

from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.validate.checks import Check


def empty_mart_notes(home: Home, rows: dict[str, int], dbt_manifest: dict) -> list[Check]:
    """One note per mart without rows: which of the feeds it is made from have not come in."""
    with duckdb.connect() as connection:
        arrived = connection.execute(
            "select distinct feed from read_parquet(?) where status = 'landed' and rows_landed > 0", [str(home.ledger)]
        ).fetchall()
    arrived = {feed for (feed,) in arrived}
    notes = []
    for mart in sorted(mart for mart, count in rows.items() if not count):
        missing = sorted((_sources(dbt_manifest, mart) & load_feeds().keys()) - arrived)
        detail = (
            f"empty: nothing has come in for {', '.join(missing)}"
            if missing
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


def _sources(dbt_manifest: dict, mart: str) -> set[str]:
    """The dbt sources a mart descends from, whatever stands between."""
    nodes, sources = dbt_manifest["nodes"], dbt_manifest["sources"]
    open_ids = [key for key, node in nodes.items() if node["resource_type"] == "model" and node["name"] == mart]
    seen, found = set(open_ids), set()
    while open_ids:
        node_id = open_ids.pop()
        if node_id in sources:
            found.add(sources[node_id]["name"])
        parents = nodes.get(node_id, {}).get("depends_on", {}).get("nodes", [])
        open_ids += [parent for parent in parents if parent not in seen]
        seen.update(parents)
    return found
