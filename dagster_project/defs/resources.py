"""What assets are given: the network they run for, and where the project itself lies."""

import logging
from pathlib import Path

import dagster as dg

from dagster_project.claim import claim_home
from dagster_project.network import Network, is_network_named, load_network, network_from_environment

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DBT_PROJECT = PROJECT_ROOT / "dbt_models"

# What a person at a terminal sees of a running night; the command line attaches a handler.
progress = logging.getLogger("regulars")


class NetworkResource(dg.ConfigurableResource):
    """The network.yaml of a run; the one that REGULARS_NETWORK names unless a file is given."""

    file: str = ""

    def load(self) -> Network:
        return load_network(self.file) if self.file else network_from_environment()

    def timezone(self) -> str:
        """Where the network is; UTC while no network is named, as when definitions are only looked at."""
        return self.load().network.timezone if self.file or is_network_named() else "UTC"

    def claim(self) -> Network:
        """The network, for writing: no other run is at work in its home while this process lives."""
        network = self.load()
        claim_home(network.home)
        return network
