"""The only place that assembles. `build_defs` takes overrides, so that tests swap resources without patching."""

import dagster as dg

from dagster_project.defs.gate import build_gate
from dagster_project.defs.identity import identity, retrain_identity
from dagster_project.defs.jobs import NIGHTLY, every_night
from dagster_project.defs.landing import LANDING_ZONE, PREVIOUS, clean, extract
from dagster_project.defs.marts import build_dbt_assets
from dagster_project.defs.publishing import published
from dagster_project.defs.resources import NetworkResource
from dagster_project.defs.sensors import landing_zone_changed


def build_defs(**resources: object) -> dg.Definitions:
    """The whole pipeline; `resources` replace the default ones by name."""
    judged, snapshot = build_gate()
    network = resources.get("network", NetworkResource())
    return dg.Definitions(
        assets=[LANDING_ZONE, *PREVIOUS, extract, clean, identity, build_dbt_assets(), snapshot, published],
        asset_checks=[judged],
        jobs=[NIGHTLY, retrain_identity],
        schedules=[every_night(network.timezone())],
        sensors=[landing_zone_changed],
        executor=dg.in_process_executor,
        resources={"network": network} | resources,
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs()
