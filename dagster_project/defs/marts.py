"""The dbt project as assets, with its tests as checks on the models they are about."""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from dagster_project.defs.dbt_build import NodeResult, alert_columns, build_marts, manifest
from dagster_project.defs.resources import NetworkResource, progress
from dagster_project.parameters import read_run
from dagster_project.warehouse.prepare import keep_alerts, prepare_warehouse


class LayerTranslator(DagsterDbtTranslator):
    """Groups models by their dbt layer, which is their schema."""

    def get_group_name(self, dbt_resource_props: dict) -> str:
        return dbt_resource_props["schema"]

    def get_asset_check_spec(self, asset_spec, manifest, unique_id, project):
        """Checks tell; the gate is what refuses, in the data, with everything that is wrong at once."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(blocking=False)


TRANSLATOR = LayerTranslator(settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))


def build_dbt_assets() -> dg.AssetsDefinition:
    """One Dagster asset per model and seed; reads dbt's manifest, so it is called when definitions load."""
    parsed = manifest()

    @dbt_assets(manifest=parsed, dagster_dbt_translator=TRANSLATOR, name="marts")
    def marts(network: NetworkResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        home = network.load().home
        prepare_warehouse(home, alert_columns())
        results = build_marts(home, read_run(home).run_id)
        keep_alerts(home)
        tests = [r for r in results if r.resource_type == "test"]
        progress.info(
            f"built {len(results) - len(tests)} models; {sum(t.passed for t in tests)} of {len(tests)} tests hold"
        )
        yield from dagster_events(parsed, results)

    return marts


def dagster_events(parsed: dict, results: list[NodeResult]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """dbt's results as Dagster knows them: models become materialisations, tests asset checks."""
    for result in results:
        if result.resource_type == "test":
            key = get_asset_check_key_for_test(parsed, TRANSLATOR, result.unique_id, None)
            if key:
                yield dg.AssetCheckResult(
                    passed=result.passed,
                    asset_key=key.asset_key,
                    check_name=key.name,
                    metadata={"status": result.status},
                )
        else:
            spec = TRANSLATOR.get_asset_spec(parsed, result.unique_id, None)
            yield dg.MaterializeResult(asset_key=spec.key)
