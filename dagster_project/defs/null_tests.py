"""dbt's not_null tests in one scan a model, instead of one dbt node a column: a node costs more than the scan.

The tests are those of dbt's manifest and so are their names. One that only warns stays with dbt; another
configuration (a `where`, a limit) cannot be excluded by itself, and leaves them all to dbt.
"""

import re

import duckdb

from dagster_project.errors import WarehouseError
from dagster_project.home import Home
from dagster_project.memory import bounded

DBT_EXCLUDES = "test_name:not_null,config.severity:error"
_PLAIN = {"where": None, "fail_calc": "count(*)", "error_if": "!= 0", "limit": None}


def null_tests(manifest: dict) -> dict[str, list[dict]]:
    """Relation -> its not_null tests that refuse (unique_id, name, column, asset); empty when one is no plain one."""
    nodes = manifest["nodes"]
    tests: dict[str, list[dict]] = {}
    for unique_id, node in nodes.items():
        if node["resource_type"] != "test" or (node.get("test_metadata") or {}).get("name") != "not_null":
            continue
        if node["config"]["severity"].lower() != "error":
            continue
        if any(str(node["config"].get(k)).lower() != str(plain).lower() for k, plain in _PLAIN.items()):
            return {}
        tested = nodes[node["attached_node"]]
        column = node["test_metadata"]["kwargs"]["column_name"]
        test = {"unique_id": unique_id, "name": node["name"], "column": column, "asset": tested["name"]}
        tests.setdefault(tested["relation_name"], []).append(test)
    return tests


def nulls_counted(home: Home, tests: dict[str, list[dict]]) -> dict[str, int]:
    """unique_id -> rows in which the test's column is null. Raises WarehouseError when a column is not there."""
    counted: dict[str, int] = {}
    with duckdb.connect(str(home.warehouse), read_only=True, config=bounded(home.spill)) as connection:
        for file, name in ((home.candidate_marts, "candidate"), (home.candidate_people, "people_candidate")):
            path = str(file).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for relation, of_model in tests.items():
            columns = [test["column"] for test in of_model]
            counts = ", ".join(f"count(*) filter (where {_name(column)} is null)" for column in columns)
            try:
                row = connection.execute(f"select {counts} from {relation}").fetchall()[0]
            except duckdb.Error as error:
                raise WarehouseError(
                    f"dbt's not_null tests of {relation}: does the model still have {', '.join(columns)}?"
                ) from error
            counted |= dict(zip((test["unique_id"] for test in of_model), row, strict=True))
    return counted


def _name(column: str) -> str:
    return column if re.fullmatch(r"\w+", column) else '"' + column.replace('"', '""') + '"'
