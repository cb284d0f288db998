"""dbt, run in this process: every model first, then every test, then what was found as a verdict.

Models are all built before any test judges them, so that a refused night still tells everything that is
wrong with it. Arguments are plain lists, so that they can be tested as values.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from dagster_project.defs.resources import DBT_PROJECT
from dagster_project.errors import WarehouseError
from dagster_project.home import Home
from dagster_project.seal import DBT_VERDICT, file_sha256

MANIFEST = DBT_PROJECT / "target" / "manifest.json"
HOME_VARIABLE = "REGULARS_HOME"


@dataclass(frozen=True)
class NodeResult:
    """One dbt node: `asset` is the model it built or tested, `status` dbt's own word (success, pass, fail ...)."""

    unique_id: str
    name: str
    resource_type: str
    asset: str
    status: str
    message: str

    @property
    def passed(self) -> bool:
        return self.status in ("success", "pass")


def dbt_arguments(command: str) -> list[str]:
    """The arguments of `dbt build` (models and seeds) or `dbt test` (data tests) for this project."""
    kinds = {"build": ["model", "seed"], "test": ["test"]}[command]
    where = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    return ["--quiet", "--no-use-colors", "--log-level-file", "none", command, *where] + [
        argument for kind in kinds for argument in ("--resource-type", kind)
    ]


def ensure_manifest() -> Path:
    """dbt's manifest, parsed now if set-up has not."""
    if not MANIFEST.is_file():
        _invoke(
            ["--quiet", "parse", "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)], DBT_PROJECT
        )
    return MANIFEST


def manifest() -> dict:
    return json.loads(ensure_manifest().read_text(encoding="utf-8"))


def alert_columns() -> dict[str, str]:
    """Column -> type of the churn_alerts mart, as its contract says."""
    node = next(n for n in manifest()["nodes"].values() if n["name"] == "churn_alerts")
    return {name: column["data_type"] for name, column in node["columns"].items()}


def build_marts(home: Home, run_id: str) -> list[NodeResult]:
    """Build and test the candidate, and write candidate/dbt_verdict.json with the hashes of what was tested.

    Raises WarehouseError when a model could not be built; failed tests are in the result.
    """
    built = _invoke(dbt_arguments("build"), home.root)
    broken = [node for node in built if not node.passed]
    if broken:
        names = ", ".join(f"{node.name} ({node.status})" for node in broken)
        raise WarehouseError(f"run {run_id}: dbt could not build {names}; {_first_line(broken[0].message)}")
    results = built + _invoke(dbt_arguments("test"), home.root)
    verdict = {
        "run_id": run_id,
        "results": [vars(node) for node in results if node.resource_type == "test"],
        "files": {
            path.relative_to(home.candidate).as_posix(): file_sha256(path)
            for path in (home.candidate_marts, home.candidate_people)
        },
    }
    (home.candidate / DBT_VERDICT).write_text(json.dumps(verdict, indent=1), encoding="utf-8")
    return results


def _invoke(arguments: list[str], home: Path) -> list[NodeResult]:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ[HOME_VARIABLE] = str(home)
    try:
        outcome = dbtRunner().invoke(arguments)
    finally:
        # dbt keeps its DuckDB open for the life of the process; the gate must be able to open the files.
        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise WarehouseError(f"dbt {arguments[0]}: {_first_line(str(outcome.exception))}") from outcome.exception
    return [_node(result) for result in getattr(outcome.result, "results", [])]


def _node(result) -> NodeResult:
    node = result.node
    tested = getattr(node, "attached_node", None) or next(iter(node.depends_on_nodes), node.unique_id)
    asset = node.name if node.resource_type != "test" else tested.split(".")[-1]
    return NodeResult(
        node.unique_id, node.name, str(node.resource_type), asset, str(result.status), result.message or ""
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "see the dbt log")
