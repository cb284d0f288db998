"""The nightly job and its schedule."""

import dagster as dg

# One process: DuckDB's files have one writer, and a process per step would pay every import again.
NIGHTLY = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
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
