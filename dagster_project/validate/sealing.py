"""Sealing: a passed candidate becomes a snapshot in one rename; any other is refused and told so in ops."""

import json
import os
from pathlib import Path

from dagster_project.errors import GateRefused, RegularsError
from dagster_project.home import Home
from dagster_project.seal import (
    DBT_VERDICT,
    MANIFEST,
    STATE,
    VERDICT,
    differences,
    few,
    hash_files,
    read_manifest,
    record_run,
    remove_halves,
    remove_snapshot,
    required_checks,
    seal_of,
    sealed_snapshots,
    settle_state,
    sync_file,
    sync_folder,
    unmet,
    verify_sealed,
    withdrawn_up_to,
    write_json,
)


def seal(home: Home, run_id: str, input_fingerprint: str, project_root: Path) -> dict:
    """Seal the judged candidate as snapshots/<run_id> and return its manifest.

    Reads the required checks from the dbt manifest and the suites, and every byte anew. Killed at any
    instant and called again, it ends in the same snapshot: the manifest is written last, and one rename
    of the whole folder makes it a snapshot. Raises GateRefused, told in ops.runs, when a check is absent
    or failed or a file is not as it was judged.
    """
    snapshot = home.snapshots / run_id
    remove_halves(home)
    if snapshot.is_dir() and not (home.candidate / VERDICT).is_file():
        settle_state(home, snapshot)
        manifest = verify_sealed(snapshot, project_root)
        if run_id != home.published_run():
            record_run(home, run_id, manifest["as_of_date"], "sealed", None)
        return manifest
    try:
        verdict = _passed_verdict(home, run_id, project_root)
        _make_way(home, snapshot)
    except RegularsError as refusal:
        record_refusal(home, run_id, str(refusal))
        raise
    manifest = _manifest(home, verdict, input_fingerprint, project_root)
    for name in verdict["files"]:
        sync_file(home.candidate / name)
    write_json(home.candidate / MANIFEST, manifest)
    home.snapshots.mkdir(parents=True, exist_ok=True)
    os.rename(home.candidate, snapshot)
    sync_folder(home.snapshots)
    for evidence in (VERDICT, DBT_VERDICT):
        (snapshot / evidence).unlink(missing_ok=True)
    settle_state(home, snapshot)
    record_run(home, run_id, manifest["as_of_date"], "sealed", None)
    return manifest


def record_refusal(home: Home, run_id: str, reason: str) -> None:
    """Tell in ops.runs that this run was refused, and why; what is published stays."""
    record_run(home, run_id, None, "refused", reason)


def _passed_verdict(home: Home, run_id: str, project_root: Path) -> dict:
    path = home.candidate / VERDICT
    try:
        verdict = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateRefused(
            f"run {run_id}: {path} is not readable, so nothing was judged; run the night again"
        ) from error
    if verdict["run_id"] != run_id:
        raise GateRefused(f"run {run_id}: the verdict is run {verdict['run_id']}'s; run the night again")
    changed = differences(verdict["files"], hash_files(home.candidate))
    if changed:
        raise GateRefused(f"run {run_id}: not the files that were judged: {few(changed)}; run the night again")
    wrong = unmet(required_checks(project_root), verdict["checks"])
    if wrong:
        raise GateRefused(
            f"run {run_id}: refused by {len(wrong)} check{'s' if len(wrong) > 1 else ''}: {few(wrong)}. "
            "What was published stays; ops.checks lists them all"
        )
    return verdict


def _make_way(home: Home, snapshot: Path) -> None:
    """A snapshot of this id that was sealed but never left (a killed night) gives way; another stands."""
    if not snapshot.is_dir():
        return
    newest = sealed_snapshots(home)[-1]
    if snapshot.name == home.published_run() or snapshot != newest:
        raise GateRefused(f"run {snapshot.name}: a snapshot of this id is sealed already; a run needs a new id")
    remove_snapshot(home, snapshot)


def _manifest(home: Home, verdict: dict, input_fingerprint: str, project_root: Path) -> dict:
    prefix = f"{STATE}/"
    files = verdict["files"]
    sequences = [read_manifest(path)["sequence"] for path in sealed_snapshots(home)]
    manifest = {
        "run_id": verdict["run_id"],
        "sequence": 1 + max([withdrawn_up_to(home), *sequences]),
        "as_of_date": verdict["as_of_date"],
        "previous_run": home.published_run(),
        "input_fingerprint": input_fingerprint,
        "rows": verdict["rows"],
        "checks": verdict["checks"],
        "required": sorted(list(check) for check in required_checks(project_root)),
        "files": {name: sha for name, sha in files.items() if not name.startswith(prefix)},
        "state": {name.removeprefix(prefix): sha for name, sha in files.items() if name.startswith(prefix)},
    }
    return manifest | {"seal": seal_of(manifest)}
