"""A fresh warehouse and candidate for one run; what a killed run left behind is removed."""

import shutil
from pathlib import Path

import duckdb

from dagster_project.errors import WarehouseError
from dagster_project.feeds import load_feeds
from dagster_project.home import Home

IDENTITY_TABLES = (
    "source_records",
    "customer_identities",
    "retired_ids",
    "customer_records",
    "order_records",
    "signup_records",
    "golden_records",
    "golden_record_audit",
    "contact_points",
)
PREDICTION_TABLES = ("customer_predictions", "model_fits", "model_calibration")
PREVIOUS_ALERTS = "previous_churn_alerts"
ALERT_STATE = "churn_alerts.parquet"


def begin_candidate(home: Home) -> None:
    """An empty candidate folder, closed to others, before identity writes the first of it."""
    shutil.rmtree(home.candidate, ignore_errors=True)
    home.candidate_people.parent.mkdir(parents=True)
    home.candidate_people.parent.chmod(0o700)
    home.candidate_state.mkdir(mode=0o700)


def prepare_warehouse(home: Home, alert_columns: dict[str, str]) -> None:
    """Create warehouse.duckdb anew, with schema `lake`: one view per table that dbt reads.

    `alert_columns` (name -> type) shapes the alerts of the runs before when there are none yet.
    Raises WarehouseError when an earlier stage has not written its files.
    """
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
            connection.execute(f"create view lake.{table} as select * from read_parquet({_literal(path)})")
        connection.execute(
            f"create table lake.{PREVIOUS_ALERTS} ({', '.join(f'{n} {t}' for n, t in alert_columns.items())})"
        )
        state = home.current_state()
        if state and (state / ALERT_STATE).is_file():
            alerts = f"select * from read_parquet({_literal(state / ALERT_STATE)})"
            connection.execute(f"insert into lake.{PREVIOUS_ALERTS} by name {alerts}")
    home.warehouse.chmod(0o600)


def add_predictions(home: Home) -> None:
    """Show dbt what predict/ has written, in the warehouse that prepare_warehouse began."""
    with duckdb.connect(str(home.warehouse)) as connection:
        for table in PREDICTION_TABLES:
            path = _literal(home.predictions / f"{table}.parquet")
            connection.execute(f"create or replace view lake.{table} as select * from read_parquet({path})")


def keep_alerts(home: Home) -> None:
    """Take the alerts out of the candidate's marts into the state that goes with it."""
    target = home.candidate_state / ALERT_STATE
    with duckdb.connect(str(home.candidate_marts), read_only=True) as connection:
        connection.execute(
            f"copy (select * from marts.marts.churn_alerts order by alert_id) to {_literal(target)} (format parquet)"
        )


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
