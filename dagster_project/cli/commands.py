"""What make calls, a function a command. Thin: the command that needs a heavy library imports it.

Exit status: 0 done; 1 when a step failed or the gate refused, with the reason as the last line.
"""

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.claim import claim_home
from dagster_project.cli.asked import PROJECT, ask_for, network_of, network_to_run
from dagster_project.cli.nightly import end_orphans, finish_deliveries, run_nightly
from dagster_project.cli.progress import progress, stoppable
from dagster_project.errors import GateRefused, RegularsError
from dagster_project.network import Network
from dagster_project.ops import masked

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Regulars: from every till to judged marts and audiences.",
)
NetworkOption = Annotated[Path | None, typer.Option("--network", help="A network.yaml; without it the demo network.")]


@app.command()
@stoppable()
def run(network: NetworkOption = None) -> None:
    """The nightly job: land, clean, identify, build, judge, seal, publish."""
    loaded = network_to_run(network)
    from dagster_project.cli.summary import nothing_new, print_summary

    message = nothing_new(loaded)
    if message is None:
        _night(loaded)
    else:
        with progress():
            finish_deliveries(loaded, PROJECT)
    print_summary(loaded, message)


@app.command()
def rehearse(network: NetworkOption = None) -> None:
    """What publishing would send to each destination now, with masked samples; no request is made."""
    loaded = network_of(network)
    from dagster_project.publish import rehearse_next

    for line in rehearse_next(loaded, PROJECT):
        print(line)


@app.command()
def dev(network: NetworkOption = None) -> None:
    """The Dagster UI with its daemon: schedules, sensors, the asset graph."""
    loaded = network_to_run(network)
    import dagster as dg

    claim_home(loaded.home)
    with dg.DagsterInstance.get() as instance:
        end_orphans(instance, loaded.home)
    os.chdir(PROJECT)
    os.execv(str(Path(sys.executable).with_name("dagster")), ["dagster", "dev"])


@app.command()
def check(network: NetworkOption = None) -> None:
    """Validate network.yaml, say what each landing file would be read as, try the destinations; writes nothing."""
    loaded = network_of(network)
    from dagster_project.extract.check import check_landing
    from dagster_project.publish import try_destinations
    from dagster_project.seal import AUDIENCES

    print(f"{loaded.file}: valid")
    if left := loaded.left_american:
        country = loaded.network.country
        told = ", ".join(left)
        print(f"in doubt: network.country is {country}, but {told} by default; write what holds in {country}")
    for line in check_landing(loaded):
        print(line)
    tried = try_destinations(loaded)
    folders = {d.name: loaded.home.published / AUDIENCES / d.name for d in loaded.destinations if d.type == "file"}
    for name, problem in tried:
        place = f"; a night writes its audiences into {folders[name]}, and sends nothing" if name in folders else ""
        print(problem or f"destination {name}: ready{place}")
    if failed := [name for name, problem in tried if problem]:
        raise RegularsError(f"{', '.join(failed)} would take nothing; see above")


@app.command()
@stoppable()
def restate(
    network: NetworkOption = None,
    location: Annotated[str | None, typer.Option(help="Whose files, such as shop_1; all without it.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First business date.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last business date.")] = None,
) -> None:
    """Read a location's files, or those with rows of some days, again, and run the night on them."""
    days = "FROM=2026-10-01 TO=2026-10-31"
    ask_for(f"make restate NETWORK=path/network.yaml LOCATION=shop_1 {days}", LOCATION=location or first or last)
    loaded = network_of(network)
    from dagster_project.cli.summary import print_summary
    from dagster_project.extract.restate import forget

    claim_home(loaded.home)
    restated = forget(loaded, location or None, first and first.date(), last and last.date())
    for path in restated.paths:
        print(f"  again: {masked(path)}")
    _night(loaded)
    print_summary(loaded, None)
    print(f"Done {restated}.")


@app.command()
def explain(
    customer: Annotated[
        str, typer.Option(help="A customer_id, also one that lives no more; a record, an e-mail, a phone or a name.")
    ] = "",
    network: NetworkOption = None,
) -> None:
    """Why these records are one customer. Prints personal data, to this terminal only."""
    others = "or a customer_id, a record, a phone, a name"
    ask_for(f"make explain NETWORK=path/network.yaml CUSTOMER=kate@mail.example ({others})", CUSTOMER=customer)
    loaded = network_of(network)
    from dagster_project.identity.explain import explain as explain_customer

    try:
        for line in explain_customer(loaded, customer):
            print(line, flush=True)
    except BrokenPipeError:
        # Who reads the first lines only (head) has what they wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@app.command()
def retrain(network: NetworkOption = None) -> None:
    """Learn a matching model from the network's own records, and tell how ids would change before they do."""
    loaded = network_of(network)
    from dagster_project.identity.retrain import retrain as train_on_network

    for line in train_on_network(loaded):
        print(line)


@app.command()
def decide(
    decision: Annotated[str, typer.Option(help="merge, separate or withdraw.")] = "",
    left: Annotated[str, typer.Option(help="A record as explain prints it, or a customer_id.")] = "",
    right: Annotated[str, typer.Option(help="The other one.")] = "",
    by: Annotated[str, typer.Option(help="Who decided; your login without it.")] = "",
    reason: Annotated[str, typer.Option(help="Why; must be given.")] = "",
    network: NetworkOption = None,
) -> None:
    """A steward's word about two records: one small file in landing/hq/, which the next run reads."""
    ask_for(
        "make decide NETWORK=path/network.yaml DECISION=separate LEFT=square/shop_1/A1 RIGHT=toast/shop_2/B2 "
        'REASON="father and son"',
        DECISION=decision,
        LEFT=left,
        RIGHT=right,
        REASON=reason.strip(),
    )
    loaded = network_of(network)
    from dagster_project.identity.decide import decide as write_decision

    who = by or getpass.getuser()
    decided = write_decision(loaded, decision, left, right, who, reason, datetime.now(UTC))
    print("\n".join(decided.told))
    if not by:
        print(f"Decided by {who}, your login: BY=.. names somebody else.")
    print(f"{decided.path}: written. It counts from the next run: make run NETWORK={loaded.file}")


@app.command()
def rollback(
    run: Annotated[str, typer.Option(help="A kept snapshot, such as 2026-10-31-1.")] = "",
    network: NetworkOption = None,
) -> None:
    """Publish a kept snapshot again, with the state that belongs to it; without a run, say which are kept."""
    ask_for("make rollback NETWORK=path/network.yaml RUN=2026-10-30-1", RUN=run or network)
    loaded = network_of(network)
    from dagster_project.publish import rollback as roll_back

    claim_home(loaded.home)
    print(roll_back(loaded.home, run).message)


def _night(network: Network) -> None:
    """One night; of a refused one it is told what came in, which may be why."""
    try:
        with progress():
            run_nightly(network)
    except GateRefused:
        from dagster_project.cli.summary import print_arrivals

        print_arrivals(network)
        raise


def main() -> None:
    try:
        app()
    except RegularsError as error:
        print(error)
        sys.exit(1)
    except PermissionError as error:
        print(f"{error.filename}: {error.strerror}; check paths.home and paths.landing in network.yaml")
        sys.exit(1)
