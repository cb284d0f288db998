"""A landing zone somewhere else: brought in whole, file by file, and read here like any other.

`paths.landing` may be a URL (`sftp://user@host/path`, `s3://bucket/path`). What is new or changed there is
fetched into the home's inbox, what is gone there goes here too; the other side is only read. Secrets come
from the environment and the ssh agent, never from network.yaml, and hosts must be in known_hosts.
"""

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from dagster_project.errors import RegularsError
from dagster_project.network import Network, landing_options

_INDEX = ".mirror.json"


def bring_in(network: Network) -> int:
    """Make `network.landing` the image of the landing zone's URL; the number of files fetched.

    Does nothing for a local folder. Raises RegularsError, naming the URL and what failed, when the other
    side cannot be listed or read; what was fetched before stays.
    """
    if network.landing_url is None:
        return 0
    inbox = network.landing
    inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = _read_index(inbox)
    try:
        system, root = fsspec.url_to_fs(network.landing_url, **landing_options(network.landing_url))
        found = {_relative(path, root): details for path, details in system.find(root, detail=True).items()}
        fetched = [name for name, details in found.items() if _fetch(system, details, inbox / name, known.get(name))]
    except _failures() as error:
        raise RegularsError(
            f"{network.landing_url}: cannot be read ({type(error).__name__}); check host, path and keys"
        ) from error
    for name in known.keys() - found.keys():
        (inbox / name).unlink(missing_ok=True)
    _write_index(inbox, {name: _mark(details) for name, details in found.items()})
    return len(fetched)


def _failures() -> tuple[type[Exception], ...]:
    """What the libraries raise when the other side cannot be reached or does not let us in."""
    from asyncssh import Error as SshError
    from botocore.exceptions import BotoCoreError

    return (OSError, ValueError, SshError, BotoCoreError)


def _relative(path: str, root: str) -> str:
    name = str(PurePosixPath("/" + path.lstrip("/")).relative_to("/" + root.strip("/")))
    if ".." in PurePosixPath(name).parts or name.startswith("/"):
        raise ValueError("a name that leads out of the landing zone")
    return name


def _mark(details: dict[str, Any]) -> str:
    """What tells a changed file: size, and its time or tag as the other side gives them."""
    tags = [details.get(key) for key in ("size", "mtime", "LastModified", "ETag")]
    return json.dumps([str(tag) for tag in tags])


def _fetch(system: fsspec.AbstractFileSystem, details: dict[str, Any], target: Path, mark: str | None) -> bool:
    """Fetch one file beside its place, and rename it there with the other side's time."""
    if mark == _mark(details) and target.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    system.get_file(details["name"], str(beside))
    modified = details.get("mtime") or details.get("LastModified")
    if modified is not None:
        seconds = modified.timestamp() if hasattr(modified, "timestamp") else float(modified)
        os.utime(beside, (seconds, seconds))
    os.replace(beside, target)
    return True


def _read_index(inbox: Path) -> dict[str, str]:
    path = inbox / _INDEX
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _write_index(inbox: Path, marks: dict[str, str]) -> None:
    beside = inbox / f"{_INDEX}.new"
    beside.write_text(json.dumps(marks, sort_keys=True), encoding="utf-8")
    os.replace(beside, inbox / _INDEX)
