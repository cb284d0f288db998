"""A fresh warehouse and candidate for one run; what a killed run left behind is removed."""

import shutil

import duckdb

from dagster_project.errors import WarehouseError
from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.network import Network, hash_key
from dagster_project.warehouse.state import create_holdout_rule, create_segment_map, literal, recall_state

IDENTITY_TABLES = (
    "source_records",
    "customer_identities",
    "retired_ids",
    "identity_events",
    "decision_effects",
    "households",
    "review_pairs",
    "customer_records",
    "order_records",
    "signup_records",
    "golden_records",
    "golden_record_audit",
    "contact_points",
)
PREDICTION_TABLES = ("customer_predictions", "model_fits", "model_calibration")


def begin_candidate(home: Home) -> None:
    """An empty candidate folder, closed to others, before identity writes the first of it."""
    shutil.rmtree(home.candidate, ignore_errors=True)
    home.candidate_people.parent.mkdir(parents=True)
    home.candidate_people.parent.chmod(0o700)
    home.candidate_state.mkdir(mode=0o700)


def prepare_warehouse(network: Network, mart_columns: dict[str, dict[str, str]]) -> None:
    """Create warehouse.duckdb anew, with schema `lake`: one view per table that dbt reads.

    `mart_columns` (mart -> column -> type) shapes what is taken over from the night before. Raises WarehouseError
    when an earlier stage has not written its files.
    """
    home = network.home
    for path in (
        home.warehouse,
        home.warehouse.with_suffix(".duckdb.wal"),
        home.candidate_marts,
        home.candidate_people,
    ):
        path.unlink(missing_ok=True)
    sources = {feed: home.clean(feed) / "*.parquet" for feed in load_feeds()}
    sources |= {"arrival": home.arrival, "parameters": home.parameters}
    sources |= {table: home.identity / f"{table}.parquet" for table in IDENTITY_TABLES}
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema lake")
        for table, path in sources.items():
            if "*" not in path.name and not path.is_file():
                raise WarehouseError(f"{path}: missing; run the stages before this one first (make run does)")
            connection.execute(f"create view lake.{table} as select * from read_parquet({literal(path)})")
        recall_state(connection, home, mart_columns)
        create_segment_map(connection, network.own_segment_map)
        create_holdout_rule(connection, hash_key(network), network.contact.holdout_share)
    home.warehouse.chmod(0o600)


def add_predictions(home: Home) -> None:
    """Show dbt what predict/ has written, in the warehouse that prepare_warehouse began."""
    with duckdb.connect(str(home.warehouse)) as connection:
        for table in PREDICTION_TABLES:
            path = literal(home.predictions / f"{table}.parquet")
            connection.execute(f"create or replace view lake.{table} as select * from read_parquet({path})")
