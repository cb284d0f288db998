"""dbt, run in this process: every model first, then every test, then what was found as a verdict.

Models are all built before any test judges them, so that a refused night still tells everything that is
wrong with it. Arguments are plain lists, so that they can be tested as values.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.audiences import Audience
from dagster_project.defs.null_tests import DBT_EXCLUDES, null_tests, nulls_counted
from dagster_project.defs.resources import DBT_PROJECT
from dagster_project.errors import WarehouseError
from dagster_project.home import Home
from dagster_project.memory import MEMORY_VARIABLE, memory_for
from dagster_project.seal import DBT_VERDICT, file_sha256

TARGET = DBT_PROJECT / "target"
MANIFEST = TARGET / "manifest.json"
PARTIAL_PARSE = "partial_parse.msgpack"
PARSED = {".sql", ".yml", ".csv"}
HOME_VARIABLE = "REGULARS_HOME"
# Whatever descends from predictions is built after them; all the rest comes first.
PREDICTED = "source:lake.customer_predictions+ source:lake.model_fits+ source:lake.model_calibration+"


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
    """The arguments of `dbt parse`, `dbt build` (models and seeds) or `dbt test` (data tests) for this project."""
    kinds = {"parse": [], "build": ["model", "seed"], "test": ["test"]}[command]
    where = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    # What dbt would print is told by its results, in our words and without the values it likes to quote.
    return ["--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "none", command, *where] + [
        argument for kind in kinds for argument in ("--resource-type", kind)
    ]


def ensure_manifest() -> Path:
    """dbt's manifest, parsed anew when it is missing or older than the project's files."""
    sources = [path for path in DBT_PROJECT.rglob("*") if path.suffix in PARSED and TARGET not in path.parents]
    if not MANIFEST.is_file() or MANIFEST.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        # Written beside and renamed: the manifest says which checks there must be, also after a kill.
        beside = TARGET / "new"
        _invoke([*dbt_arguments("parse"), "--target-path", str(beside)], TARGET)
        for name in (PARTIAL_PARSE, MANIFEST.name):
            os.replace(beside / name, TARGET / name)
    return MANIFEST


def manifest() -> dict:
    return json.loads(ensure_manifest().read_text(encoding="utf-8"))


def mart_columns() -> dict[str, dict[str, str]]:
    """Mart -> its columns and their types, as its contract says."""
    models = [n for n in manifest()["nodes"].values() if n["resource_type"] == "model" and n["schema"] == "marts"]
    return {n["name"]: {name: column["data_type"] for name, column in n["columns"].items()} for n in models}


def customer_360_columns() -> dict[str, str]:
    """What an audience's condition may speak of: column -> type."""
    node = next(n for n in manifest()["nodes"].values() if n["name"] == "customer_360")
    return {name: column["data_type"] for name, column in node["columns"].items()} | {"birth_month": "bigint"}


def build_marts(home: Home, run_id: str, predict: Callable[[], None], audiences: list[Audience]) -> list[NodeResult]:
    """Build and test the candidate, and write candidate/dbt_verdict.json with the hashes of what was tested.

    `predict` is called between the models it reads and those that read it. Raises WarehouseError when a model could
    not be built; failed tests are in the result.
    """
    # A parse is good for every home; only the commands that run are told which one it is.
    parsed = _invoke(["--no-write-json", *dbt_arguments("parse")], TARGET)
    told = {"audiences": [{"name": one.name, "condition": one.condition} for one in audiences]}
    build = [*dbt_arguments("build"), "--vars", json.dumps(told)]
    built = _built(run_id, _invoke([*build, "--exclude", PREDICTED], home.root, parsed))
    predict()
    built += _built(run_id, _invoke([*build, "--select", PREDICTED], home.root, parsed))
    results = built + _tested(home, parsed)
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


def _tested(home: Home, parsed: object) -> list[NodeResult]:
    in_one_scan = null_tests(manifest())
    without = ["--exclude", DBT_EXCLUDES] if in_one_scan else []
    results = _results(_invoke([*dbt_arguments("test"), *without], home.root, parsed))
    nulls = nulls_counted(home, in_one_scan)
    return results + [
        NodeResult(
            test["unique_id"],
            test["name"],
            "test",
            test["asset"],
            "fail" if (found := nulls[test["unique_id"]]) else "pass",
            f"Got {found} results, configured to fail if != 0" if found else "",
        )
        for tests in in_one_scan.values()
        for test in tests
    ]


def _built(run_id: str, outcome: Any) -> list[NodeResult]:
    results = _results(outcome)
    broken = [node for node in results if not node.passed]
    if broken:
        names = ", ".join(f"{node.name} ({node.status})" for node in broken)
        raise WarehouseError(f"run {run_id}: dbt could not build {names}; {_told(broken[0].message)}")
    return results


def _invoke(arguments: list[str], home: Path, parsed: object = None) -> Any:
    """Run one dbt command on the project as `parsed` before, if given; dbt's own result object."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections, reset_adapters
    from dbt.cli.main import dbtRunner

    os.environ[HOME_VARIABLE] = str(home)
    os.environ[MEMORY_VARIABLE] = memory_for(Home(home).ledger)
    try:
        outcome = dbtRunner(manifest=parsed).invoke(["--no-write-json", *arguments] if parsed else arguments)
    finally:
        # dbt keeps its DuckDB open for the life of the process; the gate must be able to open the files.
        cleanup_connections()
        DuckDBConnectionManager.close_all_connections()
        reset_adapters()
    if isinstance(outcome.exception, dg.DagsterExecutionInterruptedError):
        raise outcome.exception
    if outcome.exception is not None:
        raise WarehouseError(f"dbt: {_told(str(outcome.exception))}") from outcome.exception
    return outcome.result


def _results(outcome: Any) -> list[NodeResult]:
    return [_node(result) for result in outcome.results]


def _node(result) -> NodeResult:
    node = result.node
    tested = getattr(node, "attached_node", None) or next(iter(node.depends_on_nodes), node.unique_id)
    asset = node.name if node.resource_type != "test" else tested.split(".")[2]
    return NodeResult(
        node.unique_id, node.name, str(node.resource_type), asset, str(result.status), result.message or ""
    )


def _told(text: str) -> str:
    """dbt's message in one line. Quoted parts are left out: databases like to quote the value that failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"'[^']*'", "'..'", " ".join(lines[:3])) or "see the dbt log"
