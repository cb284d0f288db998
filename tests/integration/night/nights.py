"""Nights of one network with the real engines, in this process."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb

from dagster_project.definitions import build_defs
from dagster_project.defs.resources import NetworkResource
from dagster_project.network import Network, load_network


@dataclass
class Nights:
    """Runs nights of one network; Dagster's books stay in the folder given."""

    file: Path
    books: Path

    @property
    def network(self) -> Network:
        return load_network(self.file)

    def run(self, *assets: str) -> dg.ExecuteInProcessResult:
        """One night, or only the assets named; what stops it is in the result."""
        definitions = build_defs(network=NetworkResource(file=str(self.file)))
        self.books.mkdir(exist_ok=True)
        with dg.DagsterInstance.local_temp(str(self.books), self._overrides()) as instance:
            return definitions.resolve_job_def("nightly").execute_in_process(
                instance=instance,
                raise_on_error=False,
                asset_selection=[dg.AssetKey(asset.split("/")) for asset in assets] or None,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def _overrides(self) -> dict:
        """Dagster's books as dagster.yaml has them, the event log in this test's folder."""
        return {
            "event_log_storage": {
                "module": "dagster_project.defs.event_log",
                "class": "EventLog",
                "config": {"base_dir": str(self.books / "events")},
            },
            "compute_logs": {
                "module": "dagster._core.storage.noop_compute_log_manager",
                "class": "NoOpComputeLogManager",
            },
        }

    def query(self, sql: str) -> list[tuple]:
        """Rows of the published marts."""
        with duckdb.connect(str(self.network.home.published / "marts.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ops(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.network.home.ops), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def events(self) -> str:
        """Everything Dagster wrote down, as text."""
        text = []
        for path in sorted(self.books.rglob("*")):
            if path.suffix == ".db":
                with sqlite3.connect(path) as books:
                    text += list(books.iterdump())
            elif path.is_file():
                text.append(path.read_text(errors="replace"))
        return "\n".join(text)
