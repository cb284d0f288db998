"""Which published run's deliveries are not complete: state/sync/pending.json, from before the swap to their end."""

import json

from dagster_project.home import Home
from dagster_project.seal import sync_folder, write_json


def mark_pending(home: Home, run_id: str) -> None:
    home.sync.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(home.sync / "pending.json", {"run_id": run_id})


def clear_pending(home: Home) -> None:
    if (home.sync / "pending.json").is_file():
        (home.sync / "pending.json").unlink()
        sync_folder(home.sync)


def pending_run(home: Home) -> str | None:
    path = home.sync / "pending.json"
    return json.loads(path.read_text(encoding="utf-8"))["run_id"] if path.is_file() else None
