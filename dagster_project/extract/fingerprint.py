"""Whether a night would come to the same as the one published: its inputs, as one hash."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from dagster_project.extract.ledger import read_ledger
from dagster_project.extract.listing import landing_paths, list_inputs
from dagster_project.extract.mirror import bring_in
from dagster_project.network import Network

_PROJECT = Path(__file__).resolve().parents[2]
_CODE = ("dagster_project", "dbt_models/models", "dbt_models/macros", "dbt_models/seeds", "expectations")
_CODE_SUFFIXES = {".py", ".sql", ".yaml", ".yml", ".csv", ".json"}


def fingerprint_of(network: Network, files: Iterable[tuple[str, str]]) -> str:
    """Hash of the files (path, sha256), network.yaml and what lies beside it, and the project's code."""
    digest = hashlib.sha256(json.dumps(network.model_dump(mode="json", exclude={"file"}), sort_keys=True).encode())
    for path, sha256 in sorted(files):
        digest.update(f"{path}\0{sha256}\n".encode())
    if network.own_segment_map.is_file():
        digest.update(network.own_segment_map.read_bytes())
    folders = [network.own_sources, network.own_audiences, *(_PROJECT / part for part in _CODE)]
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.suffix in _CODE_SUFFIXES):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def landing_fingerprint(network: Network) -> str:
    """Changes when a file comes, changes or goes; looks at names, sizes and times only."""
    bring_in(network)
    digest = hashlib.sha256()
    for path in landing_paths(network.landing):
        # A link's own time, and names as they are: a link to nowhere or an odd name stops no sensor.
        stat = path.lstat()
        digest.update(os.fsencode(path.relative_to(network.landing)))
        digest.update(f"\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def waiting_fingerprint(network: Network) -> str:
    """The fingerprint a night would have now. Files that look as they did (size and time) are not opened."""
    bring_in(network)
    remembered = {e.path: (e.size, e.modified_ns, e.sha256) for e in read_ledger(network.home)}
    return fingerprint_of(network, ((f.path, f.sha256) for f in list_inputs(network, remembered)))
