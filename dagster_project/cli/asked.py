"""What a command is asked to work on, and what it says at once when too little is asked for."""

import os
from pathlib import Path

from dagster_project.errors import RegularsError
from dagster_project.network import NETWORK_VARIABLE, Network, load_network

PROJECT = Path(__file__).resolve().parents[2]
DEMO = PROJECT / "demo_network"
# Every kind of till, and nights of a size a network has; tests write smaller ones.
DEMO_SIZE = {"locations": 30, "people": 20_000}


def ask_for(example: str, **given: object) -> None:
    """Raises RegularsError naming what is empty among `given`, with `example`, a whole call of make."""
    if missing := [f"{name}=.." for name, value in given.items() if not value]:
        raise RegularsError(f"give {' '.join(missing)}, as in: {example}")


def network_of(file: Path | None) -> Network:
    """The network asked for, told to everything that is started from here; without a file the demo network that is
    there. Raises RegularsError when there is none."""
    if file is None and not (DEMO / "network.yaml").is_file():
        raise RegularsError("give NETWORK=path/network.yaml; there is no demo network here, which make run writes")
    chosen = file or DEMO / "network.yaml"
    os.environ[NETWORK_VARIABLE] = str(chosen.resolve())
    return load_network(chosen)


def network_to_run(file: Path | None) -> Network:
    """The network asked for; without a file the demo network, which is written when this version's is not there."""
    if file is None:
        from dagster_project.demo import write_demo

        written = write_demo(DEMO, **DEMO_SIZE)
        if not written.was_there:
            print(f"Wrote {written}")
    return network_of(file)
