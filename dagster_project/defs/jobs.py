"""The nightly job and its schedule."""

import dagster as dg

from dagster_project.errors import GateRefused, PublishError, RegularsError
from dagster_project.ops import record_failure


@dg.failure_hook(required_resource_keys={"network"})
def tell_ops(context: dg.HookContext) -> None:
    """ops.runs says why a run stopped, whichever step it was; refusals are told where they are made."""
    error = context.op_exception
    if isinstance(error, GateRefused | PublishError):
        return
    # Only our own errors are known to hold no personal data.
    reason = str(error) if isinstance(error, RegularsError) else f"{type(error).__name__}; see the Dagster log"
    record_failure(context.resources.network.load().home, f"{context.op.name}: {reason}")


# One process: DuckDB's files have one writer, and a process per step would pay every import again.
NIGHTLY = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    hooks={tell_ops},
    description="One night: exports to published marts and audiences.",
)


def every_night(timezone: str) -> dg.ScheduleDefinition:
    """The nightly schedule, at the network's own three o'clock."""
    return dg.ScheduleDefinition(
        name="every_night",
        job=NIGHTLY,
        cron_schedule="0 3 * * *",
        execution_timezone=timezone,
        description="At three where the network is, when the last tills have exported.",
    )
