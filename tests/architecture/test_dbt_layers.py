"""The layers of the dbt project, held on the manifest that set-up builds with `dbt parse`."""

import json
import re
from pathlib import Path

import pytest
import yaml

from dagster_project.defs.null_tests import null_tests
from dagster_project.feeds import load_feeds
from dagster_project.memory import MEMORY, MEMORY_VARIABLE

DBT = Path(__file__).resolve().parents[2] / "dbt_models"
MANIFEST = DBT / "target" / "manifest.json"

LAYERS = ("staging", "intermediate", "marts", "people", "sync")
MAY_READ = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate", "seed"},
    "marts": {"staging", "intermediate", "marts", "seed"},
    "people": {"staging", "intermediate", "people"},
    "sync": {"marts", "people", "sync"},
}
# The largest relations are written once, as the facts people are promised: what is made of them reads those.
READ_BY_INTERMEDIATE = {"fct_orders", "fct_order_lines"}
NAMES = {
    "staging": r"stg_[a-z0-9]+__[a-z0-9_]+",
    "intermediate": r"int_[a-z0-9]+(_[a-z0-9]+)*_[a-z0-9]+(ed|en|ound|ing)",
    "marts": r"(dim|fct)_[a-z0-9_]+|(?!(stg|int|sync)_)[a-z0-9_]+",
    "people": r"(?!(stg|int|sync|dim|fct)_)[a-z0-9_]+",
    "sync": r"sync_[a-z0-9_]+",
}
CONTACT_COLUMNS = {
    "first_name", "last_name", "full_name", "email", "phone", "address", "birth_date", "contact", "value",
}  # fmt: skip


def _manifest() -> dict:
    if not MANIFEST.is_file():
        pytest.fail(f"{MANIFEST} is missing; build it with `make test`, or `dbt parse` in dbt_models")
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


def _layer(node: dict) -> str:
    return node["resource_type"] if node["resource_type"] != "model" else node["fqn"][1]


def violations(manifest: dict) -> list[str]:
    """Every breach of the layer rules, one line each; empty when the house is in order."""
    nodes = manifest["nodes"] | manifest["sources"]
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    found = []
    for key, model in models.items():
        layer, name = _layer(model), model["name"]
        if layer not in LAYERS:
            found.append(f"{name}: lies in {layer}, which is no layer")
            continue
        parents = [nodes[parent] for parent in model["depends_on"]["nodes"]]
        found += [
            f"{name}: a {layer} model reads {parent['name']} of {_layer(parent)}"
            for parent in parents
            if _layer(parent) not in MAY_READ[layer]
            and not (layer == "intermediate" and parent["name"] in READ_BY_INTERMEDIATE)
        ]
        if layer == "staging" and len(parents) != 1:
            found.append(f"{name}: a staging model reads one source, not {len(parents)}")
        if layer == "staging" and re.search(r"\bjoin\b", model["raw_code"]):
            found.append(f"{name}: a staging model joins nothing")
        if not re.fullmatch(NAMES[layer], name):
            found.append(f"{name}: not a name of layer {layer}")
        if not model["description"].startswith("One row per "):
            found.append(f"{name}: the description opens with the grain: 'One row per ...'")
        found += _promises(layer, model, [test for test in tests if test.get("attached_node") == key])
    return found


def _promises(layer: str, model: dict, tests: list[dict]) -> list[str]:
    name, columns = model["name"], model["columns"].values()
    if layer not in ("marts", "people", "sync"):
        return []
    found = []
    if not model["config"]["contract"]["enforced"]:
        found.append(f"{name}: its contract is not enforced")
    if not any(test["test_metadata"]["name"] in ("unique", "unique_combination") for test in tests):
        found.append(f"{name}: no test holds its grain")
    for column in columns:
        tagged = "pii" in column["config"].get("tags", [])
        if layer == "marts" and (tagged or column["name"] in CONTACT_COLUMNS):
            found.append(f"{name}.{column['name']}: personal data in an analysts' mart")
        if layer in ("people", "sync") and column["name"] in CONTACT_COLUMNS and not tagged:
            found.append(f"{name}.{column['name']}: personal data without the tag pii")
        if layer == "sync" and column["config"].get("meta", {}).get("publish") is not True:
            found.append(f"{name}.{column['name']}: leaves the house without `meta: {{publish: true}}`")
    fed_by = model["config"]["meta"].get("fed_by", []) if layer == "marts" else ["orders"]
    if not fed_by or set(fed_by) - load_feeds().keys():
        found.append(f"{name}: does not say which feeds its rows come from, or names one that is none: {fed_by}")
    if layer == "marts" and "as_of_date" not in model["columns"]:
        found.append(f"{name}: does not say as of which day it speaks")
    return found


def test_layers_hold_without_exception():
    assert violations(_manifest()) == []


def test_not_null_is_asked_in_one_scan_a_model():
    """One test with a configuration of its own would quietly give every one of them back to dbt, a node each."""
    manifest = _manifest()
    asked = [node for node in manifest["nodes"].values() if (node.get("test_metadata") or {}).get("name") == "not_null"]
    in_one_scan = [test["name"] for tests in null_tests(manifest).values() for test in tests]
    refuse = [test["name"] for test in asked if test["config"]["severity"].lower() == "error"]
    assert sorted(in_one_scan) == sorted(refuse) != []


def test_every_exposure_has_an_owner_and_every_sync_model_an_exposure():
    manifest = _manifest()
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    exposed = set()
    for exposure in manifest["exposures"].values():
        assert exposure["owner"].get("email"), exposure["name"]
        exposed |= set(exposure["depends_on"]["nodes"])
    sync = {key for key, node in models.items() if _layer(node) == "sync"}
    assert sync
    assert sync <= exposed


def _change(model: str, *path: str, to: object):
    def change(manifest: dict) -> None:
        place = manifest["nodes"][f"model.regulars.{model}"]
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_change("fct_visits", "depends_on", "nodes", to=["source.regulars.lake.orders"]), "reads orders"),
        (_change("int_visits_counted", "depends_on", "nodes", to=["model.regulars.fct_visits"]), "of marts"),
        (_change("stg_lake__orders", "raw_code", to="select 1 from a join b"), "joins nothing"),
        (_change("stg_lake__orders", "name", to="orders"), "not a name of layer"),
        (_change("dim_dates", "description", to="Dates."), "opens with the grain"),
        (_change("dim_dates", "config", "contract", "enforced", to=False), "not enforced"),
        (_change("dim_dates", "columns", "as_of_date", "name", to="email"), "analysts' mart"),
        (_change("dim_dates", "columns", to={}), "as of which day"),
        (_change("dim_dates", "config", "meta", to={}), "which feeds"),
        (_change("dim_dates", "config", "meta", to={"fed_by": ["receipts"]}), "which feeds"),
        (_change("golden_records", "columns", "email", "config", to={}), "without the tag pii"),
        (_change("sync_email_profiles", "columns", "email", "config", to={"tags": ["pii"]}), "publish"),
        (_change("fct_orders", "fqn", to=["regulars", "reports", "fct_orders"]), "is no layer"),
    ],
)  # fmt: skip
def test_a_breach_is_told(change, told):
    manifest = _manifest()
    change(manifest)
    assert any(told in line for line in violations(manifest))


def test_a_grain_without_a_test_is_told():
    manifest = _manifest()
    for node in manifest["nodes"].values():
        if node.get("attached_node") == "model.regulars.fct_visits":
            node["test_metadata"]["name"] = "not_null"
    assert violations(manifest) == ["fct_visits: no test holds its grain"]


def test_dbt_may_hold_in_memory_what_every_engine_of_a_night_may() -> None:
    profile = yaml.safe_load((DBT / "profiles.yml").read_text(encoding="utf-8"))["regulars"]
    told = f"{{{{ env_var('{MEMORY_VARIABLE}', '{MEMORY}') }}}}"
    assert [output["settings"]["memory_limit"] for output in profile["outputs"].values()] == [told]
