"""The seal: what makes a folder a snapshot, and how anyone can tell that it still is what was judged.

A leaf that the gate (which seals) and the publisher (which trusts nobody) both read. It knows files, hashes
and the list of checks that must be there; it judges nothing and delivers nothing.

A folder under `snapshots/` is a snapshot when it holds manifest.json:
    run_id, sequence (1 + the highest sealed so far), as_of_date, previous_run, input_fingerprint,
    rows {mart: count}, checks [{name, asset, kind, passed, detail}], required [[kind, name]],
    files {relative path: sha256}, state {file name: sha256},
    seal: sha256 over the canonical JSON of all the rest.
`restricted/audiences/` is not under the seal: destinations of type file receive there, after sealing.
"""

import hashlib
import json
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

from dagster_project.errors import SealBroken
from dagster_project.home import Home
from dagster_project.ops import update_ops

MANIFEST = "manifest.json"
VERDICT = "verdict.json"
DBT_VERDICT = "dbt_verdict.json"
STATE = "state"
ROLLBACK = "rollback.json"
AUDIENCES = Path("restricted") / "audiences"
UNSEALED = (MANIFEST, VERDICT, DBT_VERDICT)

# Checks that are neither dbt's nor Great Expectations': the gate itself makes them.
GUARDS = (
    "candidate_is_what_dbt_tested",
    "every_row_is_accounted_for",
    "landed_orders_reach_the_facts",
    "customers_are_kept",
)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Relative POSIX path -> SHA-256 of every file a seal covers. A link is refused: its bytes lie elsewhere."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_symlink():
            raise SealBroken(f"{path}: is a link, and a sealed set holds files only; remove it")
        if path.is_file() and str(relative) not in UNSEALED and not relative.is_relative_to(AUDIENCES):
            hashes[relative.as_posix()] = file_sha256(path)
    return hashes


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """One line per file that is missing, new or changed."""
    return [
        f"{name} is {'missing' if name not in found else 'new' if name not in expected else 'changed'}"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


def read_dbt_manifest(project_root: Path) -> dict:
    path = project_root / "dbt_models" / "target" / "manifest.json"
    if not path.is_file():
        raise SealBroken(f"{path}: no dbt manifest, so the required checks are unknown; build it with `dbt parse`")
    return json.loads(path.read_text(encoding="utf-8"))


def read_suites(project_root: Path) -> list[dict]:
    """The suites of expectations/, by file name."""
    folder = project_root / "expectations"
    suites = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if not suites:
        raise SealBroken(f"{folder}: no suites, so the required checks are unknown; restore expectations/*.json")
    return suites


def suite_check_name(suite: dict, expectation: dict) -> str:
    return f"{suite['mart']}.{expectation['name']}"


def required_checks(project_root: Path) -> set[tuple[str, str]]:
    """(kind, name) of every check a sealed set must have passed: dbt's enabled data tests, every
    expectation of every suite, and the gate's own guards. Never taken from a verdict."""
    nodes = read_dbt_manifest(project_root)["nodes"]
    tests = {("dbt", unique_id) for unique_id, node in nodes.items() if node["resource_type"] == "test"}
    expectations = {
        ("gx", suite_check_name(suite, expectation))
        for suite in read_suites(project_root)
        for expectation in suite["expectations"]
    }
    return tests | expectations | {("guard", name) for name in GUARDS}


def unmet(required: set[tuple[str, str]], checks: list[dict]) -> list[str]:
    """One line per required check that is absent, and per check of any kind that did not pass."""
    by_key = {(check["kind"], check["name"]): check for check in checks}
    absent = [f"{kind} check {name} was not made" for kind, name in sorted(required - by_key.keys())]
    failed = [
        f"{kind} check {name} failed" + (f" ({check['detail']})" if check["detail"] else "")
        for (kind, name), check in sorted(by_key.items())
        if check["passed"] is not True
    ]
    return absent + failed


def seal_of(manifest: dict) -> str:
    """SHA-256 over the canonical JSON of a manifest without its own seal."""
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify_sealed(snapshot: Path, project_root: Path | None) -> dict:
    """The manifest of a snapshot whose every byte and check is as it was judged.

    With a project the checks required today count; with None those required when it was sealed (a
    kept snapshot is not worse because a check was added since). Raises SealBroken.
    """
    manifest = read_manifest(snapshot)
    if manifest.get("seal") != seal_of(manifest) or manifest["run_id"] != snapshot.name:
        raise SealBroken(f"{snapshot / MANIFEST}: does not match its own seal; run the night again")
    state = snapshot.parent.parent / STATE / snapshot.name
    state = snapshot / STATE if (snapshot / STATE).is_dir() else state
    found_files = {name: sha for name, sha in hash_files(snapshot).items() if not name.startswith(f"{STATE}/")}
    wrong = differences(manifest["files"], found_files)
    wrong += [f"state: {line}" for line in differences(manifest["state"], hash_files(state))]
    required = {(kind, name) for kind, name in manifest["required"]}
    wrong += unmet(required if project_root is None else required_checks(project_root), manifest["checks"])
    if wrong:
        raise SealBroken(f"snapshot {snapshot.name} is not what was judged: {few(wrong)}; run the night again")
    return manifest


def few(lines: list[str], most: int = 5) -> str:
    return "; ".join(lines[:most]) + (f"; and {len(lines) - most} more" if len(lines) > most else "")


def read_manifest(snapshot: Path) -> dict:
    try:
        return json.loads((snapshot / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SealBroken(f"{snapshot / MANIFEST}: not readable, so {snapshot.name} is no snapshot: {error}") from error


def sealed_snapshots(home: Home) -> list[Path]:
    """Folders that are snapshots, oldest seal first. A folder without a manifest is a half and no snapshot."""
    if not home.snapshots.is_dir():
        return []
    sealed = [path for path in home.snapshots.iterdir() if (path / MANIFEST).is_file()]
    return sorted(sealed, key=lambda path: read_manifest(path)["sequence"])


def withdrawn_up_to(home: Home) -> int:
    """The highest sequence a rollback has withdrawn: no snapshot up to it is published by itself again."""
    path = home.state / ROLLBACK
    return json.loads(path.read_text(encoding="utf-8"))["withdrawn_up_to"] if path.is_file() else 0


def remove_snapshot(home: Home, snapshot: Path) -> None:
    """Manifest first: a kill in between leaves a half, which remove_halves knows for one."""
    (snapshot / MANIFEST).unlink(missing_ok=True)
    for folder in (home.state / snapshot.name, snapshot):
        if folder.is_dir():
            shutil.rmtree(folder)


def remove_halves(home: Home) -> None:
    """Remove what a killed removal left under snapshots/."""
    for path in sorted(home.snapshots.iterdir()) if home.snapshots.is_dir() else []:
        if path.is_dir() and not (path / MANIFEST).is_file():
            remove_snapshot(home, path)


def settle_state(home: Home, snapshot: Path) -> None:
    """Move a sealed set's state beside the others'; does nothing when it has been moved."""
    if (snapshot / STATE).is_dir():
        home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.rename(snapshot / STATE, home.state / snapshot.name)
        sync_folder(home.state)


def write_json(path: Path, content: dict) -> None:
    """Written beside, flushed to disk, renamed."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a rename to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def record_run(home: Home, run_id: str, as_of_date: date | str | None, status: str, reason: str | None) -> None:
    """Tell in ops.runs how far a run came. Statuses: running, refused, sealed, published; a rollback is a row apart."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with update_ops(home) as connection:
        known = connection.execute(
            "update runs set status = ?, reason = ?, ended_at = ? "
            "where run_id = ? and status <> 'rolled_back' returning 1",
            [status, reason, now, run_id],
        ).fetchall()
        if not known:
            connection.execute(
                "insert into runs values (?, ?, ?, ?, ?, ?)", [run_id, as_of_date, now, now, status, reason]
            )
