"""The release: which snapshot is next, the swap that makes it the published one, and the way back.

Order on a night: verify the seal, guard every destination, deliver, record, swap, prune. The swap is one rename of
a link, and state/<run_id> is current because its run is published, so marts and state change together.

After a rollback the snapshots sealed up to then are withdrawn (state/rollback.json, written before the swap):
publish takes only what was sealed later, so a bad set does not come back by itself.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import PublishError
from dagster_project.home import Home
from dagster_project.network import Network, hash_key
from dagster_project.publish.destinations import DESTINATION_TYPES
from dagster_project.publish.guards import Difference, refuse_unlikely
from dagster_project.publish.payload import read_profiles
from dagster_project.publish.records import Delivery, is_recorded, record_deliveries, record_refused, record_rollback
from dagster_project.seal import (
    ROLLBACK,
    read_manifest,
    record_run,
    remove_halves,
    remove_snapshot,
    sealed_snapshots,
    settle_state,
    sync_folder,
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


def publish(home: Home, network: Network, project_root: Path, run_id: str | None = None) -> PublishResult:
    """Publish the newest sealed snapshot (or run_id's) if it is newer than the published one.

    With nothing newer it sends and replaces nothing, and says so; a refused candidate is no snapshot and is
    never looked at. Killed at any instant and called again, it ends as if it had not been.
    Raises SealBroken, or PublishError when a guard refuses: both before anything leaves or is swapped.
    """
    before = home.published_run()
    snapshot = _next_snapshot(home, run_id)
    if snapshot is None:
        return _nothing_to_do(home, network)
    manifest = verify_sealed(snapshot, project_root)
    settle_state(home, snapshot)
    try:
        deliveries = _deliver(home, network, project_root, snapshot)
    except PublishError as refusal:
        record_refused(home, snapshot.name, manifest["as_of_date"], str(refusal))
        raise
    record_deliveries(home, snapshot.name, deliveries)
    _swap(home, snapshot)
    record_run(home, snapshot.name, manifest["as_of_date"], "published", None)
    _prune(home, network.publish.keep_last)
    sent = "; ".join(f"{d.destination} received {d.rows_sent} profiles" for d in deliveries) or "no destinations"
    message = f"published {snapshot.name} (as of {manifest['as_of_date']}) in place of {before or 'nothing'}; {sent}"
    return PublishResult(snapshot.name, before, tuple(deliveries), message)


def rollback(home: Home, run_id: str) -> PublishResult:
    """Publish a kept snapshot again, with its state; nothing is delivered.

    The seal is verified against the checks required when it was sealed. Everything sealed up to now is
    withdrawn first, so that a kill in between leaves either set whole and neither returns by itself.
    """
    before = home.published_run()
    snapshot = _kept(home, run_id)
    manifest = verify_sealed(snapshot, None)
    newest = read_manifest(sealed_snapshots(home)[-1])["sequence"]
    settle_state(home, snapshot)
    write_json(home.state / ROLLBACK, {"run_id": run_id, "withdrawn_up_to": max(newest, withdrawn_up_to(home))})
    if before == run_id:
        return PublishResult(
            run_id, None, (), f"{run_id} is published already; nothing older or newer kept returns by itself"
        )
    _swap(home, snapshot)
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


def _next_snapshot(home: Home, run_id: str | None) -> Path | None:
    published = home.published_run()
    floor = max(withdrawn_up_to(home), read_manifest(home.snapshots / published)["sequence"] if published else 0)
    if run_id is None:
        newer = [path for path in sealed_snapshots(home) if read_manifest(path)["sequence"] > floor]
        return newer[-1] if newer else None
    snapshot = _kept(home, run_id)
    if run_id == published:
        return None
    if read_manifest(snapshot)["sequence"] <= floor:
        raise PublishError(
            f"run {run_id} is older than what was published, or withdrawn; only rollback publishes it again"
        )
    return snapshot


def _kept(home: Home, run_id: str) -> Path:
    kept = {path.name: path for path in sealed_snapshots(home)}
    if run_id not in kept:
        raise PublishError(f"run {run_id}: no sealed snapshot of it is kept; kept are {', '.join(kept) or 'none'}")
    return kept[run_id]


def _nothing_to_do(home: Home, network: Network) -> PublishResult:
    """Also completes what a kill right after the swap left undone."""
    published = home.published_run()
    if published is None:
        return PublishResult(None, None, (), "nothing to publish: no run has been sealed; nothing was sent or replaced")
    complete_record(home)
    _prune(home, network.publish.keep_last)
    message = f"nothing to publish: no run sealed after {published}, which stays; nothing was sent or replaced"
    return PublishResult(published, None, (), message)


def _deliver(home: Home, network: Network, project_root: Path, snapshot: Path) -> list[Delivery]:
    """Guard every destination, then deliver to each: a refusal by one keeps all from sending."""
    published = home.published_run()
    before = home.snapshots / published if published else None
    if not network.destinations:
        return []
    with ExitStack() as stack:
        profiles = stack.enter_context(read_profiles(snapshot, project_root, hash_key(network)))
        differences: dict[str, Difference] = {}
        for destination in network.destinations:
            difference = DESTINATION_TYPES[destination.type].compare(before, destination.name, profiles)
            refuse_unlikely(destination.name, difference, network.publish)
            differences[destination.name] = difference
        for destination in network.destinations:
            DESTINATION_TYPES[destination.type].deliver(snapshot, destination.name, profiles)
        return [
            Delivery(name, profiles.rows, difference.removed, profiles.rejected)
            for name, difference in differences.items()
        ]


def _swap(home: Home, snapshot: Path) -> None:
    """One rename: a reader of `published` sees the old set or the new one, whole."""
    beside = home.root / ".published.new"
    beside.unlink(missing_ok=True)
    beside.symlink_to(Path(home.snapshots.name) / snapshot.name, target_is_directory=True)
    os.replace(beside, home.published)
    sync_folder(home.root)


def _prune(home: Home, keep_last: int) -> None:
    """Keep the newest snapshots and, whatever its age, the published one; a reader keeps the file it has open."""
    remove_halves(home)
    for snapshot in sealed_snapshots(home)[:-keep_last]:
        if snapshot.name != home.published_run():
            remove_snapshot(home, snapshot)
