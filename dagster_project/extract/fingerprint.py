"""Whether a night would come to the same as the one published: its inputs, as one hash."""

import hashlib
import json
from pathlib import Path

from dagster_project.extract.ledger import read_ledger
from dagster_project.extract.listing import list_landing
from dagster_project.network import Network

_CODE = ("dagster_project", "dbt_models/models", "dbt_models/macros", "dbt_models/seeds", "expectations")
_CODE_SUFFIXES = {".py", ".sql", ".yaml", ".yml", ".csv", ".json"}


def input_fingerprint(network: Network, project_root: Path) -> str:
    """Hash of the landing zone's content, network.yaml, the network's own contracts and the project's code.

    Files that look as they did (size and time) are not opened.
    """
    remembered = {e.path: (e.size, e.modified_ns, e.sha256) for e in read_ledger(network.home)}
    digest = hashlib.sha256(json.dumps(network.model_dump(mode="json", exclude={"file"}), sort_keys=True).encode())
    for file in list_landing(network.landing, remembered):
        digest.update(f"{file.path}\0{file.sha256}\n".encode())
    folders = [network.own_sources, *(project_root / part for part in _CODE)]
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.suffix in _CODE_SUFFIXES):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
