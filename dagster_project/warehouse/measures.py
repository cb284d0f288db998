"""What a person wants to see of a built mart at a glance: rows, and the sizes of its groups."""

import duckdb

from dagster_project.home import Home

# Mart -> the column whose groups are worth a look.
GROUPS = {
    "rfm_scores": "rfm_segment",
    "churn_alerts": "alert_type",
    "customer_360": "relationship_stage",
    "sync_email_audiences": "audience",
}


def measure_marts(home: Home) -> dict[str, dict[str, int]]:
    """Model -> `dagster/row_count` and, where groups say something, one count per group.

    Covers the candidate's two files. No value of a row is shown, only counts of published labels.
    """
    measured: dict[str, dict[str, int]] = {}
    for file in (home.candidate_marts, home.candidate_people):
        with duckdb.connect(str(file), read_only=True) as connection:
            for name, table in connection.execute(_TABLES).fetchall():
                count = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
                measured[name] = {"dagster/row_count": count}
                if group := GROUPS.get(name):
                    sizes = f"select coalesce({group}, 'none'), count(*) from {table} group by 1 order by 2 desc, 1"
                    measured[name] |= dict(connection.execute(sizes).fetchall())
    return measured


_TABLES = """
select table_name, format('"{}"."{}"."{}"', table_catalog, table_schema, table_name)
from information_schema.tables where table_type = 'BASE TABLE' order by 1
"""
