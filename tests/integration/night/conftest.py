"""Whole nights on small networks."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from nights import Nights

from dagster_project.demo import write_demo

# Real data that is not the project's to carry: a folder beside the checkout, or wherever REGULARS_DATA says.
REAL_DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Nights:
    """A small demo network with every kind of till, after one good night."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder / "network", locations=10, people=300)
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
