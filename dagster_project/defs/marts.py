"""The dbt project as assets, with one check per model that tells what dbt's tests found.

Predictions stand between two halves of it, so they are assets of the same step: facts, predictions, marts.
"""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, build_dbt_asset_specs

from dagster_project.audiences import Audience, usable_audiences
from dagster_project.defs.dbt_build import NodeResult, build_marts, customer_360_columns, manifest, mart_columns
from dagster_project.defs.dbt_docs import write_dbt_docs
from dagster_project.defs.resources import NetworkResource, progress
from dagster_project.locations import write_todays_lists
from dagster_project.network import Network
from dagster_project.parameters import read_run
from dagster_project.predict import predict_customers
from dagster_project.report import write_overview
from dagster_project.warehouse.measures import measure_marts
from dagster_project.warehouse.prepare import add_predictions, prepare_warehouse
from dagster_project.warehouse.state import history_counts, keep_state

CHECK = "dbt_tests"
PREDICTIONS = {
    "customer_predictions": "One row per customer with a visit: P(alive), expected visits and net of the next year.",
    "model_fits": "One row per scope (the network, each location) and model of repeat purchase, with its parameters.",
    "model_calibration": "One row per model and tenth of the customers: expected and actual visits of a time holdout.",
}
SUMMARIES = "int_visits_summarised"


# Where a layer's models stand that need predictions: its own group would lead there and back again.
AFTER_PREDICTIONS = {"staging": "predict", "intermediate": "marts"}


class LayerTranslator(DagsterDbtTranslator):
    """Groups models by their dbt layer, which is their schema, so that the groups too read from left to right.

    A mart that intermediate models read stands among them.
    """

    def __init__(self, parsed: dict):
        super().__init__()
        self._predicted = after_predictions(parsed)
        intermediate = [node for node in parsed["nodes"].values() if node["schema"] == "intermediate"]
        self._read = {parent for node in intermediate for parent in node["depends_on"].get("nodes", [])}

    def get_group_name(self, dbt_resource_props: dict) -> str:
        layer = dbt_resource_props["schema"]
        if dbt_resource_props["unique_id"] in self._predicted:
            return AFTER_PREDICTIONS.get(layer, layer)
        is_read = layer == "marts" and dbt_resource_props["unique_id"] in self._read
        return "intermediate" if is_read else layer


def after_predictions(parsed: dict) -> set[str]:
    """Unique ids of everything in dbt's manifest that needs predictions, however indirectly."""
    found: set[str] = set()
    ahead = [source for source, node in parsed["sources"].items() if node["name"] in PREDICTIONS]
    while ahead:
        children = set(parsed["child_map"].get(ahead.pop(), [])) - found
        found |= children
        ahead += children
    return found


def build_dbt_assets() -> dg.AssetsDefinition:
    """One asset per model and seed; reads dbt's manifest, so it is called when definitions load."""
    parsed = manifest()
    specs = build_dbt_asset_specs(manifest=parsed, dagster_dbt_translator=LayerTranslator(parsed))
    keys = {spec.key.path[-1]: spec.key for spec in specs}
    # One check a model, not one a test: every event costs Dagster as much as the test costs DuckDB.
    checks = [
        dg.AssetCheckSpec(CHECK, asset=keys[model], description=f"dbt tests: {', '.join(tests)}")
        for model, tests in tests_by_model(parsed).items()
    ]

    predictions = [
        dg.AssetSpec(["lake", name], group_name="predict", deps=[keys[SUMMARIES]], description=description)
        for name, description in PREDICTIONS.items()
    ]

    @dg.multi_asset(name="marts", specs=[*specs, *predictions], check_specs=checks)
    def marts(network: NetworkResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        loaded = network.claim()
        home = loaded.home
        prepare_warehouse(loaded, mart_columns())
        results = build_marts(home, read_run(home).run_id, lambda: predict(loaded), usable(loaded))
        keep_state(home)
        show(loaded)
        tests = [r for r in results if r.resource_type == "test"]
        models = len(results) - len(tests)
        progress.info(f"built {models} models; {sum(t.passed for t in tests)} of {len(tests)} dbt tests hold")
        measured = measure_marts(home)
        measured["rfm_history"] |= history_counts(home)
        for result in results:
            if result.resource_type != "test":
                yield dg.MaterializeResult(asset_key=keys[result.asset], metadata=measured.get(result.asset, {}))
            if result.name == SUMMARIES:
                yield from (dg.MaterializeResult(asset_key=spec.key) for spec in predictions)
        yield from check_results(keys, tests)

    return marts


def show(network: Network) -> None:
    """What people look at rather than query: each location's list, the network at a glance, dbt's documentation."""
    write_todays_lists(network.home)
    write_overview(network.home, network.network.name, network.network.currency)
    write_dbt_docs(network.home)


def predict(network: Network) -> None:
    """Between the halves: fit and score on what the first has summed up, and show it to the second."""
    told = predict_customers(network.home, network.value.discount_rate)
    add_predictions(network.home)
    progress.info(f"predicted {told['customers']:,} customers by {told['model']}")


def usable(network: Network) -> list[Audience]:
    """The audiences that can be told from what customer_360 has; one that cannot is named with its reason."""
    audiences, reasons = usable_audiences(network, customer_360_columns())
    for name, reason in reasons.items():
        progress.info(f"audience {name} is left out: its condition {reason}")
    return audiences


def tests_by_model(parsed: dict) -> dict[str, list[str]]:
    """Model -> its tests' names, as dbt attaches them."""
    attached: dict[str, list[str]] = {}
    for node in parsed["nodes"].values():
        if node["resource_type"] == "test":
            attached.setdefault(tested_node(node), []).append(node["name"])
    return {model: sorted(attached[model]) for model in sorted(attached)}


def tested_node(node: dict) -> str:
    """The model or seed a test is about: the one it is attached to, else the first it depends on."""
    return (node.get("attached_node") or node["depends_on"]["nodes"][0]).split(".")[2]


def check_results(keys: dict[str, dg.AssetKey], tests: list[NodeResult]) -> Iterator[dg.AssetCheckResult]:
    """One result per tested model. A failure tells here; what refuses is the gate, in the data."""
    for model in sorted({test.asset for test in tests}):
        failed = [test.name for test in tests if test.asset == model and not test.passed]
        yield dg.AssetCheckResult(
            passed=not failed,
            asset_key=keys[model],
            check_name=CHECK,
            metadata={"tests": sum(test.asset == model for test in tests), "failed": ", ".join(failed) or "none"},
        )
