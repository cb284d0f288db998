"""Publishing as an asset: the newest sealed snapshot, delivered and swapped in."""

from dataclasses import asdict

import dagster as dg

from dagster_project.defs.resources import PROJECT_ROOT, NetworkResource, progress
from dagster_project.publish import publish


@dg.asset(
    group_name="published",
    deps=["snapshot"],
    description="What analysts and destinations have: the newest sealed snapshot, swapped in by one rename.",
)
def published(network: NetworkResource) -> dg.MaterializeResult:
    loaded = network.claim()
    result = publish(loaded.home, loaded, PROJECT_ROOT)
    progress.info(result.message)
    told = [asdict(delivery) | {"rejected": len(delivery.rejected)} for delivery in result.deliveries]
    metadata = {"published_run": result.published_run or "none", "what": result.message}
    return dg.MaterializeResult(metadata=metadata | {"deliveries": dg.MetadataValue.json(told)})
