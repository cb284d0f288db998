"""What make calls: run, dev, check, explain, decide, rollback. Thin; the command that needs a heavy
library imports it.

Exit status: 0 done; 1 when a step failed or the gate refused, with the reason as the last line.
"""

import getpass
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.claim import claim_home
from dagster_project.errors import RegularsError
from dagster_project.home import Home
from dagster_project.network import NETWORK_VARIABLE, Network, load_network
from dagster_project.ops import masked

PROJECT = Path(__file__).resolve().parents[2]
DEMO = PROJECT / "demo_network"
# Every kind of till, and nights of a size a network has; tests write smaller ones.
DEMO_SIZE = {"locations": 30, "people": 20_000}
HOME_TAG = "regulars/home"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Regulars: from every till to judged marts and audiences.",
)
NetworkOption = Annotated[Path | None, typer.Option("--network", help="A network.yaml; without it the demo network.")]


@app.command()
def run(network: NetworkOption = None) -> None:
    """The nightly job: land, clean, identify, build, judge, seal, publish."""
    loaded = _network(network)
    from dagster_project.cli.summary import nothing_new, print_summary

    message = nothing_new(loaded)
    with _progress():
        if message is None:
            _run_nightly(loaded)
        else:
            _finish_deliveries(loaded)
    print_summary(loaded, message)


@app.command()
def rehearse(network: NetworkOption = None) -> None:
    """What publishing would send to each destination now, with masked samples; no request is made."""
    loaded = _network(network)
    from dagster_project.publish import rehearse_next

    for line in rehearse_next(loaded, PROJECT):
        print(line)


@app.command()
def dev(network: NetworkOption = None) -> None:
    """The Dagster UI with its daemon: schedules, sensors, the asset graph."""
    loaded = _network(network)
    import dagster as dg

    claim_home(loaded.home)
    with dg.DagsterInstance.get() as instance:
        end_orphans(instance, loaded.home)
    os.chdir(PROJECT)
    os.execv(str(Path(sys.executable).with_name("dagster")), ["dagster", "dev"])


@app.command()
def check(network: NetworkOption = None) -> None:
    """Validate network.yaml, say what each landing file would be read as, try the destinations; writes nothing."""
    loaded = _network(network)
    from dagster_project.extract.check import check_landing
    from dagster_project.publish import try_destinations

    print(f"{loaded.file}: valid")
    for line in check_landing(loaded):
        print(line)
    tried = try_destinations(loaded)
    for name, problem in tried:
        print(problem or f"destination {name}: ready")
    if failed := [name for name, problem in tried if problem]:
        raise RegularsError(f"{', '.join(failed)} would take nothing; see above")


@app.command()
def restate(
    network: NetworkOption = None,
    location: Annotated[str | None, typer.Option(help="Whose files, such as shop_1; all without it.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First business date.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last business date.")] = None,
) -> None:
    """Read a location's files, or those with rows of some days, again, and run the night on them."""
    loaded = _network(network)
    from dagster_project.cli.summary import print_summary
    from dagster_project.extract.restate import forget

    claim_home(loaded.home)
    restated = forget(loaded, location or None, first and first.date(), last and last.date())
    with _progress():
        for path in restated.paths:
            print(f"  again: {masked(path)}")
        _run_nightly(loaded)
    print_summary(loaded, None)
    print(f"Done {restated}.")


@app.command()
def explain(
    customer: Annotated[str, typer.Option(help="A customer_id, also one that lives no more.")],
    network: NetworkOption = None,
) -> None:
    """Why these records are one customer. Prints personal data, to this terminal only."""
    loaded = _network(network)
    from dagster_project.identity.explain import explain as explain_customer

    for line in explain_customer(loaded, customer):
        print(line)


@app.command()
def retrain(network: NetworkOption = None) -> None:
    """Learn a matching model from the network's own records, and tell how ids would change before they do."""
    loaded = _network(network)
    from dagster_project.identity.retrain import retrain as train_on_network

    for line in train_on_network(loaded):
        print(line)


@app.command()
def decide(
    decision: Annotated[str, typer.Option(help="merge, separate or withdraw.")],
    left: Annotated[str, typer.Option(help="A record as explain prints it, or a customer_id.")],
    right: Annotated[str, typer.Option(help="The other one.")],
    by: Annotated[str, typer.Option(help="Who decided.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    network: NetworkOption = None,
) -> None:
    """A steward's word about two records: one small file in landing/hq/, which the next run reads."""
    loaded = _network(network)
    from dagster_project.identity.decide import decide as write_decision

    who = by or getpass.getuser()
    path = write_decision(loaded, decision, left, right, who, reason, datetime.now(UTC))
    print(f"{path}: written. It counts from the next run: make run NETWORK={loaded.file}")


@app.command()
def rollback(
    run: Annotated[str, typer.Option(help="A kept snapshot, such as 2026-10-31-1.")], network: NetworkOption = None
) -> None:
    """Publish a kept snapshot again, with the state that belongs to it."""
    loaded = _network(network)
    from dagster_project.publish import rollback as roll_back

    claim_home(loaded.home)
    print(roll_back(loaded.home, run).message)


def _network(file: Path | None) -> Network:
    """The network asked for, told to everything that is started from here."""
    if file is None:
        from dagster_project.demo import write_demo

        written = write_demo(DEMO, **DEMO_SIZE)
        if not written.was_there:
            print(f"Wrote {written}")
        file = DEMO / "network.yaml"
    os.environ[NETWORK_VARIABLE] = str(file.resolve())
    return load_network(file)


def end_orphans(instance, home: Home) -> None:
    """Runs that Dagster believes to be at work in a home nobody holds were killed: say so, or they block the queue."""
    import dagster as dg

    at_work = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(statuses=at_work, tags={HOME_TAG: str(home.root)})):
        instance.report_run_failed(run, message="The process of this run was killed.")


def _finish_deliveries(network: Network) -> None:
    """What tools have not acknowledged of the published run is sent, though nothing new came in."""
    from dagster_project.publish import finish_deliveries

    for delivery in finish_deliveries(network.home, network, PROJECT):
        print(f"{delivery.destination} received {delivery.rows_sent} profiles that had waited")


def _run_nightly(network: Network) -> None:
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
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            raise _stopped() from None
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
                return _stopped()
            return RegularsError(error.message.strip().partition(": ")[2] or error.message.strip())
    return RegularsError("the run failed before its first step; see the Dagster log")


def _stopped() -> typer.Exit:
    print("Stopped by you; what was published before still stands, and the next run starts over.")
    return typer.Exit(130)


@contextmanager
def _progress() -> Iterator[None]:
    """Show the rooms' progress lines with the seconds since the start."""
    started = time.monotonic()

    class Elapsed(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"{time.monotonic() - started:6.1f}s  {record.getMessage()}"

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Elapsed())
    logger = logging.getLogger("regulars")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def main() -> None:
    try:
        app()
    except RegularsError as error:
        print(error)
        sys.exit(1)
    except PermissionError as error:
        print(f"{error.filename}: {error.strerror}; check paths.home and paths.landing in network.yaml")
        sys.exit(1)
