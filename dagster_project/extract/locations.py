"""Which locations are known, and in which zone and currency their tills write."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.extract.listing import landing_folders
from dagster_project.feeds import SOURCES
from dagster_project.network import Network
from dagster_project.network_sections import known_zone_names
from dagster_project.yaml_text import read_yaml


@dataclass(frozen=True)
class Location:
    location_id: str
    timezone: str
    currency: str


def known_locations(network: Network, landed: list[Path]) -> dict[str, Location]:
    """By id: the locations feed where it has come in, else the landing zone's folders.

    `landed` are the feed's files, the oldest delivery first: the newest word on a location holds.

    A location that leaves zone or currency empty has the network's.
    """
    zones = zone_names()
    default = network.network
    if not landed:
        folders = landing_folders(network.landing)
        return {name: Location(name, default.timezone, default.currency) for name in folders}
    known = {}
    for path in landed:
        rows = duckdb.execute(
            "select location_id, timezone, currency from read_parquet(?) order by row_number", [str(path)]
        ).fetchall()
        for location_id, zone, currency in rows:
            timezone = zones[zone] if zone else default.timezone
            known[location_id] = Location(location_id, timezone, currency or default.currency)
    return known


@cache
def zone_names() -> dict[str, str]:
    """Every name an export may give a time zone -> its IANA name."""
    others = read_yaml(SOURCES / "time_zones.yaml")
    return {name: name for name in known_zone_names()} | others


def context_of(location_ids: list[str], known: dict[str, Location]) -> str:
    """What landing a file with these locations depended on; when it changes, the file lands anew."""
    attributes = [[i, known[i].timezone, known[i].currency] if i in known else [i] for i in sorted(location_ids)]
    return json.dumps(attributes)


def reading_connection(network: Network, known: dict[str, Location]) -> duckdb.DuckDBPyConnection:
    """A connection for untrusted rows: it reaches no file, and its settings cannot be changed.

    One thread: two spend a quarter more on the same batch, and hand its rows back out of order.
    """
    connection = duckdb.connect(config={"threads": "1"})
    connection.execute("set TimeZone = 'UTC'")
    # Nothing is known of a batch's size: guessing, the optimizer would hash its wide rows rather than a list of zones.
    connection.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    zones = zone_names()
    tables = {
        "known_locations": {
            "location_id": list(known),
            "timezone": [location.timezone for location in known.values()],
            "currency": [location.currency for location in known.values()],
        },
        "zones": {"name": list(zones), "iana": list(zones.values())},
        "network_defaults": {"timezone": [network.network.timezone], "currency": [network.network.currency]},
    }
    for name, columns in tables.items():
        fields = [(column, pa.string()) for column in columns]
        connection.register("incoming", pa.table(columns, schema=pa.schema(fields)))
        connection.execute(f"create table {name} as select * from incoming")
        connection.unregister("incoming")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection
