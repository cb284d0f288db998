"""What starts a night besides the clock: files that came in or changed."""

import dagster as dg

from dagster_project.defs.jobs import NIGHTLY
from dagster_project.defs.resources import NetworkResource
from dagster_project.errors import RegularsError
from dagster_project.extract.fingerprint import landing_fingerprint


@dg.sensor(
    job=NIGHTLY,
    minimum_interval_seconds=300,
    description="Starts the nightly job when the landing zone has new, changed or deleted files that have settled.",
)
def landing_zone_changed(context: dg.SensorEvaluationContext, network: NetworkResource) -> dg.SensorResult:
    """The cursor holds two fingerprints: of the last look, and of the last night asked for.

    A night is asked for when two looks in a row see the same, so that files still being written are not read.
    """
    try:
        seen = landing_fingerprint(network.load())
    except RegularsError as error:
        return dg.SensorResult(skip_reason=str(error))
    last_look, _, last_night = (context.cursor or "|").partition("|")
    if seen == last_night:
        return dg.SensorResult(skip_reason="nothing new came in", cursor=f"{seen}|{seen}")
    if seen != last_look:
        return dg.SensorResult(
            skip_reason="files are coming in; waiting until they settle", cursor=f"{seen}|{last_night}"
        )
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen)], cursor=f"{seen}|{seen}")
