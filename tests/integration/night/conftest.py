"""Whole nights with the real engines, in this process, on small networks."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dagster_project.definitions import build_defs
from dagster_project.defs.resources import NetworkResource
from dagster_project.demo import write_demo
from dagster_project.network import Network, load_network

# Real data that is not the project's to carry: a folder beside the checkout, or wherever REGULARS_DATA says.
REAL_DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))


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
        with dg.DagsterInstance.local_temp(str(self.books)) as instance:
            return definitions.resolve_job_def("nightly").execute_in_process(
                instance=instance,
                raise_on_error=False,
                asset_selection=[dg.AssetKey(asset.split("/")) for asset in assets] or None,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

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


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Nights:
    """A small demo network after one good night."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder / "network", people=300)
    nights = Nights(folder / "network" / "network.yaml", folder / "books")
    result = nights.run()
    assert result.success
    return nights


@pytest.fixture(scope="session")
def new_nights(tmp_path_factory) -> Callable[[str], Nights]:
    """Nights of a network whose landing zone the test fills."""

    def make(network_yaml: str = "network:\n") -> Nights:
        folder = tmp_path_factory.mktemp("network")
        (folder / "network").mkdir()
        (folder / "network" / "landing").mkdir()
        (folder / "network" / "network.yaml").write_text(network_yaml)
        return Nights(folder / "network" / "network.yaml", folder / "books")

    return make


@pytest.fixture(scope="session")
def online_retail() -> Path:
    folder = REAL_DATA / "online_retail"
    if not folder.is_dir():
        pytest.skip(f"no Online Retail files in {folder}; set REGULARS_DATA to the folder that holds online_retail/")
    return folder
