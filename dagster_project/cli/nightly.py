"""The nightly job in this process: started, ended in words a person can act on, its deliveries finished."""

from pathlib import Path

from dagster_project.claim import claim_home
from dagster_project.cli.progress import stopped
from dagster_project.errors import GateRefused, RegularsError
from dagster_project.home import Home
from dagster_project.network import Network

HOME_TAG = "regulars/home"


def end_orphans(instance, home: Home) -> None:
    """Runs that Dagster believes to be at work in a home nobody holds were killed: say so, or they block the queue."""
    import dagster as dg

    at_work = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(statuses=at_work, tags={HOME_TAG: str(home.root)})):
        instance.report_run_failed(run, message="The process of this run was killed.")


def finish_deliveries(network: Network, project: Path) -> None:
    """What tools have not acknowledged of the published run is sent, though nothing new came in."""
    from dagster_project.publish import finish_deliveries as deliver

    for delivery in deliver(network.home, network, project):
        print(f"{delivery.destination} received {delivery.rows_sent} profiles that had waited")


def run_nightly(network: Network) -> None:
    """Run the job in this process and raise what stopped it."""
    import dagster as dg

    from dagster_project.definitions import build_defs

    claim_home(network.home)
    with dg.DagsterInstance.get() as instance:
        end_orphans(instance, network.home)
        try:
            result = (
                build_defs()
                .resolve_job_def("nightly")
                .execute_in_process(
                    instance=instance,
                    raise_on_error=False,
                    tags={HOME_TAG: str(network.home.root)},
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                )
            )
        except dg.DagsterExecutionInterruptedError:
            raise stopped() from None
    if not result.success:
        raise _failure(result)


def _failure(result) -> Exception:
    """What a failed run ends with: the first failure's own words, without Dagster's wrapping."""
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error.cause:
                error = error.cause
            if error.cls_name == "DagsterExecutionInterruptedError":
                return stopped()
            told = error.message.strip().partition(": ")[2] or error.message.strip()
            return GateRefused(told) if error.cls_name == GateRefused.__name__ else RegularsError(told)
    return RegularsError("the run failed before its first step; see the Dagster log")
