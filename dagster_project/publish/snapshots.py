"""The sealed snapshots that are kept: which is published next, the swap that publishes it, and which give way.

After a rollback the snapshots sealed up to then are withdrawn (state/rollback.json, written before the swap):
publish takes only what was sealed later, so a bad set does not come back by itself.
"""

import os
from pathlib import Path

from dagster_project.errors import PublishError
from dagster_project.home import Home
from dagster_project.seal import (
    read_manifest,
    remove_halves,
    remove_snapshot,
    sealed_snapshots,
    sync_folder,
    withdrawn_up_to,
)


def next_snapshot(home: Home, run_id: str | None) -> Path | None:
    """The newest snapshot that is newer than what is published and not withdrawn, or run_id's; None when there is none,
    or run_id is published. Raises PublishError when run_id is not kept, older, or withdrawn."""
    published = home.published_run()
    floor = max(withdrawn_up_to(home), read_manifest(home.snapshots / published)["sequence"] if published else 0)
    if run_id is None:
        newer = [path for path in sealed_snapshots(home) if read_manifest(path)["sequence"] > floor]
        return newer[-1] if newer else None
    snapshot = kept(home, run_id)
    if run_id == published:
        return None
    if read_manifest(snapshot)["sequence"] <= floor:
        raise PublishError(
            f"run {run_id} is older than what was published, or withdrawn; only rollback publishes it again"
        )
    return snapshot


def kept(home: Home, run_id: str) -> Path:
    """A run's snapshot. Raises PublishError naming those that are kept when it is none of them."""
    there = {path.name: path for path in sealed_snapshots(home)}
    if run_id not in there:
        missing = f"run {run_id}: no sealed snapshot of it is kept" if run_id else "RUN=.. says which snapshot"
        raise PublishError(f"{missing}; kept are {', '.join(there) or 'none'}")
    return there[run_id]


def swap(home: Home, snapshot: Path) -> None:
    """One rename: a reader of `published` sees the old set or the new one, whole.

    Raises PublishError when a folder stands where the link belongs.
    """
    if home.published.exists() and not home.published.is_symlink():
        raise PublishError(
            f"{home.published}: a folder where the link to what is published belongs, as in a home that was copied "
            "without its links; move it away and run again (cp -a keeps links)"
        )
    beside = home.root / ".published.new"
    beside.unlink(missing_ok=True)
    beside.symlink_to(Path(home.snapshots.name) / snapshot.name, target_is_directory=True)
    os.replace(beside, home.published)
    sync_folder(home.root)


def prune(home: Home, keep_last: int) -> None:
    """Keep the newest snapshots and, whatever its age, the published one; a reader keeps the file it has open."""
    remove_halves(home)
    for snapshot in sealed_snapshots(home)[:-keep_last]:
        if snapshot.name != home.published_run():
            remove_snapshot(home, snapshot)
