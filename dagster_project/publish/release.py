"""The release: everything that leads to the swap and follows it on a night, and the way back.

Order on a night: verify the seal, ask the tools whom they must not mail, guard every destination, write files, swap,
send to the tools, record, prune. The swap is one rename of a link, and state/<run_id> is current because its run is
published, so marts and state change together. Tools are sent to after the swap: what they acknowledge is always of a
published run, and lies in state/sync, which describes them and is no part of any snapshot.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dagster_project.claim import claim_home
from dagster_project.errors import PublishError
from dagster_project.home import Home
from dagster_project.network import Network
from dagster_project.publish.courier import Pace
from dagster_project.publish.destinations import opened_tools
from dagster_project.publish.pending import clear_pending, mark_pending, pending_run
from dagster_project.publish.prepared import Prepared, preparing
from dagster_project.publish.punctual import lateness
from dagster_project.publish.records import (
    Delivery,
    is_recorded,
    record_deliveries,
    record_refused,
    record_rollback,
    refused_last,
    told,
)
from dagster_project.publish.rehearsal import rehearse
from dagster_project.publish.snapshots import kept, next_snapshot, prune, swap
from dagster_project.seal import (
    ROLLBACK,
    read_manifest,
    record_run,
    sealed_snapshots,
    settle_state,
    verify_sealed,
    withdrawn_up_to,
    write_json,
)


@dataclass(frozen=True)
class PublishResult:
    """published_run is what stands published now; replaced the run it took the place of, or None."""

    published_run: str | None
    replaced: str | None
    deliveries: tuple[Delivery, ...]
    message: str


def publish(
    home: Home, network: Network, project_root: Path, run_id: str | None = None, pace: Pace | None = None
) -> PublishResult:
    """Publish the newest sealed snapshot (or run_id's) if it is newer than the published one.

    With nothing newer it replaces nothing and sends only what a stopped delivery of the published run left over; a
    refused candidate is no snapshot and is never looked at, and after it nothing older goes by itself. Killed at any
    instant and called again, it ends as if it had not been. Raises SealBroken, or PublishError when a guard refuses:
    both before anything leaves or is swapped. Raises PublishError after the swap when a tool stopped taking: the rest
    waits for the next call.
    """
    claim_home(home)
    before = home.published_run()
    snapshot = next_snapshot(home, run_id)
    refused = refused_last(home) if run_id is None else None
    if snapshot is not None and refused not in (None, snapshot.name):
        message = f"nothing to publish: {refused} was refused, and {snapshot.name} is older; run again"
        return PublishResult(before, None, (), message)
    if snapshot is None:
        return _nothing_to_do(home, network, project_root, pace)
    manifest = verify_sealed(snapshot, project_root)
    settle_state(home, snapshot)
    with _preparing(home, network, project_root, snapshot, manifest, pace) as prepared:
        prepared.deliver_files()
        mark_pending(home, snapshot.name)
        swap(home, snapshot)
        record_run(home, snapshot.name, manifest["as_of_date"], "published", None)
        deliveries = prepared.send()
    record_deliveries(home, snapshot.name, deliveries)
    prune(home, network.publish.keep_last)
    late = lateness(home, network, snapshot.name)
    if late is not None:
        record_run(home, snapshot.name, manifest["as_of_date"], "published", late)
    _complete(home, snapshot.name, deliveries, late)
    sent = "; ".join([*map(told, deliveries), *([late] if late else [])]) or "no destinations"
    message = f"published {snapshot.name} (as of {manifest['as_of_date']}) in place of {before or 'nothing'}; {sent}"
    return PublishResult(snapshot.name, before, tuple(deliveries), message)


def finish_deliveries(home: Home, network: Network, project_root: Path, pace: Pace | None = None) -> list[Delivery]:
    """Send what a stopped or killed delivery of the published run left over; nothing when the last run was refused,
    or after a rollback."""
    published = home.published_run()
    if published is None or pending_run(home) != published or refused_last(home) is not None:
        return []
    claim_home(home)
    snapshot = home.snapshots / published
    manifest = verify_sealed(snapshot, None)
    with _preparing(home, network, project_root, snapshot, manifest, pace) as prepared:
        prepared.deliver_files()
        deliveries = prepared.send()
    record_deliveries(home, published, deliveries)
    _complete(home, published, deliveries)
    return deliveries


def rehearse_next(network: Network, project_root: Path) -> Iterator[str]:
    """What publishing would send now, line by line; of the published snapshot when none is newer."""
    home = network.home
    snapshot = next_snapshot(home, None) or (home.snapshots / str(home.published_run()))
    if not snapshot.is_dir():
        raise PublishError("nothing to publish: no run has been sealed; start the nightly job (make run does)")
    yield f"{snapshot.name} would send:"
    yield from rehearse(network, project_root, snapshot)


def rollback(home: Home, run_id: str) -> PublishResult:
    """Publish a kept snapshot again, with its state; nothing is delivered.

    The seal is verified against the checks required when it was sealed. Everything sealed up to now is
    withdrawn first, so that a kill in between leaves either set whole and neither returns by itself.
    """
    before = home.published_run()
    snapshot = kept(home, run_id)
    manifest = verify_sealed(snapshot, None)
    newest = read_manifest(sealed_snapshots(home)[-1])["sequence"]
    settle_state(home, snapshot)
    clear_pending(home)
    write_json(home.state / ROLLBACK, {"run_id": run_id, "withdrawn_up_to": max(newest, withdrawn_up_to(home))})
    if before == run_id:
        return PublishResult(
            run_id, None, (), f"{run_id} is published already; nothing older or newer kept returns by itself"
        )
    swap(home, snapshot)
    record_rollback(home, run_id, manifest["as_of_date"], before)
    message = (
        f"published {run_id} (as of {manifest['as_of_date']}) again for {before or 'nothing'}, its ids and alerts too. "
        "Nothing was delivered: do not load its audience files, people may have unsubscribed since. "
        "The next night's run publishes and delivers again"
    )
    return PublishResult(run_id, before, (), message)


def complete_record(home: Home) -> None:
    """Tell ops that the published run is published, when a kill right after the swap kept that from being told."""
    published = home.published_run()
    if published is not None and not is_recorded(home, published):
        record_run(home, published, read_manifest(home.snapshots / published)["as_of_date"], "published", None)


def _nothing_to_do(home: Home, network: Network, project_root: Path, pace: Pace | None) -> PublishResult:
    """Also completes what a kill right after the swap left undone."""
    published = home.published_run()
    if published is None:
        return PublishResult(None, None, (), "nothing to publish: no run has been sealed; nothing was sent or replaced")
    complete_record(home)
    deliveries = finish_deliveries(home, network, project_root, pace)
    prune(home, network.publish.keep_last)
    sent = "; ".join(told(delivery) for delivery in deliveries)
    what = f"nothing was replaced; {sent}" if deliveries else "nothing was sent or replaced"
    message = f"nothing to publish: no run sealed after {published}, which stays; {what}"
    return PublishResult(published, None, tuple(deliveries), message)


@contextmanager
def _preparing(
    home: Home, network: Network, project_root: Path, snapshot: Path, manifest: dict, pace: Pace | None
) -> Iterator[Prepared]:
    """Everything that can refuse, done before anything leaves; a refusal is told in ops, unless the run stands
    published already."""
    with ExitStack() as stack:
        try:
            tools = stack.enter_context(opened_tools(network, pace or Pace()))
            prepared = stack.enter_context(
                preparing(home, network, project_root, snapshot, manifest["as_of_date"], tools, pace or Pace())
            )
        except PublishError as refusal:
            if home.published_run() != snapshot.name:
                record_refused(home, snapshot.name, manifest["as_of_date"], str(refusal))
            raise
        yield prepared


def _complete(home: Home, run_id: str, deliveries: list[Delivery], late: str | None = None) -> None:
    """Nothing is pending any more, or raise what stopped, and how late it already is."""
    stopped = [delivery for delivery in deliveries if delivery.reason is not None]
    if not stopped:
        clear_pending(home)
        return
    lateness_told = f" ({late})" if late else ""
    raise PublishError(
        f"{run_id} is published{lateness_told}, but {'; '.join(f'{d.destination}: {d.reason}' for d in stopped)}. "
        "What was not acknowledged waits and is sent by the next run"
    )
