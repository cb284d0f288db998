"""SFTP and S3: whole sets for machines, in a folder per run that is written once and never again.

<url>/<destination>/<run_id>/ holds email_profiles.csv and .parquet, email_audiences likewise, and manifest.json,
which comes last: a folder without one is not complete. What was taken last is state/sync/<destination>.json; a set
with the same content is not sent again. Values are as they are: files for machines are never altered.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from dagster_project.errors import NetworkError
from dagster_project.home import Home
from dagster_project.network import credential, landing_options
from dagster_project.outbound import Destination
from dagster_project.publish.courier import DestinationStopped
from dagster_project.publish.destinations.file import PARQUET, write_files
from dagster_project.publish.payload import NAME, Profiles
from dagster_project.seal import MANIFEST, write_json

# Seconds for one file or question: a store that hangs is given up, and the next run begins it anew.
PATIENCE = 1800.0


@dataclass(frozen=True)
class Taken:
    """What a store took last: run, rows, file name -> SHA-256."""

    run_id: str
    rows: int
    files: dict[str, str]


def last_taken(home: Home, name: str) -> Taken | None:
    path = home.sync / f"{name}.json"
    return Taken(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def last_set(home: Home, name: str) -> Path:
    """The profiles a store took last, for the guards to compare with."""
    return home.sync / f"{name}.parquet"


def deliver(home: Home, destination: Destination, run_id: str, profiles: Profiles) -> bool:
    """Send the set unless the same content was taken before; whether it was sent. Raises DestinationStopped."""
    with tempfile.TemporaryDirectory(dir=home.sync) as folder:
        files = write_files(Path(folder), profiles, is_for_people=False)
        before = last_taken(home, destination.name)
        if before is not None and before.files == files:
            return False
        manifest = {"run_id": run_id, "destination": destination.name, "payload": NAME, "rows": profiles.rows}
        write_json(Path(folder) / MANIFEST, manifest | {"files": files})
        try:
            _upload(destination, run_id, Path(folder), files)
        except _failures() as error:
            raise DestinationStopped(
                f"destination {destination.name}: cannot be written ({type(error).__name__}); check url, keys and "
                "known_hosts, and publish again"
            ) from None
        os.replace(Path(folder) / PARQUET, last_set(home, destination.name))
    write_json(home.sync / f"{destination.name}.json", vars(Taken(run_id, profiles.rows, files)))
    return True


def preflight(destination: Destination) -> None:
    """Look at the folder, writing nothing. Raises DestinationStopped."""
    try:
        system, root = open_store(destination)
        system.exists(root, timeout=PATIENCE)
    except _failures() as error:
        raise DestinationStopped(
            f"destination {destination.name}: cannot be reached ({type(error).__name__}); "
            "check url, keys and known_hosts"
        ) from None


def open_store(destination: Destination) -> tuple[fsspec.AbstractFileSystem, str]:
    url = str(destination.url)
    # Opened anew: what another night listed is not remembered.
    return fsspec.url_to_fs(url, skip_instance_cache=True, **landing_options(url) | own_secret(destination))


def own_secret(destination: Destination) -> dict[str, str]:
    """A store's own password, or S3 access key, as its library takes it; nothing when it names none, and what holds for
    all of them does. Raises NetworkError when it is not set or is no access key."""
    if not destination.key_env:
        return {}
    secret = credential(destination)
    if destination.type != "s3":
        return {"password": secret}
    names, parts = ("key", "secret", "token"), secret.split(":")
    if not 2 <= len(parts) <= len(names) or not all(parts):
        raise NetworkError(
            f"destination {destination.name}: the environment variable {destination.key_env} is not an S3 access key; "
            "set it to <access key id>:<secret access key>, with :<session token> where there is one"
        )
    return dict(zip(names, parts, strict=False))


def _upload(destination: Destination, run_id: str, folder: Path, files: dict[str, str]) -> None:
    system, root = open_store(destination)
    target = f"{root.rstrip('/')}/{destination.name}/{run_id}"
    if system.exists(f"{target}/{MANIFEST}", timeout=PATIENCE):
        if json.loads(system.cat_file(f"{target}/{MANIFEST}", timeout=PATIENCE))["files"] != files:
            raise DestinationStopped(
                f"destination {destination.name}: run {run_id} lies there already with other content, and is never "
                "overwritten; move it away and publish again"
            )
        return
    system.makedirs(target, exist_ok=True, timeout=PATIENCE)
    for name in (*sorted(files), MANIFEST):
        _put(system, destination.type, folder / name, f"{target}/{name}")


def _put(system: Any, kind: str, source: Path, target: str) -> None:
    """SFTP: beside and renamed. S3: one request each, complete or not there; what a kill left of an unfinished run
    is written again until its manifest is there."""
    if kind == "s3":
        # The manifest says that a set is complete, so it is the one that must not be there.
        mode = "create" if source.name == MANIFEST else "overwrite"
        system.put_file(str(source), target, mode=mode, timeout=PATIENCE)
        return
    beside = f"{target}.new"
    system.put_file(str(source), beside, timeout=PATIENCE)
    if system.exists(target, timeout=PATIENCE):
        system.rm_file(target, timeout=PATIENCE)
    system.mv(beside, target, timeout=PATIENCE)


def _failures() -> tuple[type[Exception], ...]:
    from asyncssh import Error as SshError
    from botocore.exceptions import BotoCoreError, ClientError

    return (OSError, ValueError, SshError, BotoCoreError, ClientError)
