"""A dry look at the landing zone: what each file would be read as. Writes nothing."""

from collections.abc import Iterator

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contracts import load_contracts
from dagster_project.extract.listing import list_landing
from dagster_project.extract.reading import open_table
from dagster_project.extract.recognise import drift_of, recognise
from dagster_project.network import Network


def check_landing(network: Network) -> Iterator[str]:
    """One line per file: its source and feed, and columns that drifted; or why it would be set aside."""
    contracts = load_contracts(network.own_sources)
    known = unknown = 0
    for file in list_landing(network.landing, {}):
        try:
            table = open_table(network.landing / file.path, file.path)
            contract = recognise(file.path, table.header, contracts, network.sources.get(file.folder))
        except UnreadableFile as reason:
            unknown += 1
            yield f"set aside  {reason}"
            continue
        known += 1
        drift = ", ".join(f"{d.change} {d.column!r}" for d in drift_of(table.header, contract))
        yield f"{contract.name}  {file.path}" + (f"  (drift: {drift})" if drift else "")
    yield f"{known} files recognised, {unknown} would be set aside; nothing was written"
