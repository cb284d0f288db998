"""The alert models' own SQL, compiled by dbt once and run for as many nights as wanted in one DuckDB.

Orders are given, not landed: everything from visits to churn_alerts and location_alerts is what a night would run.
"""

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.network import Network
from tests.integration.dbt.tiny_warehouse import build_tiny_warehouse

DBT = Path(__file__).resolve().parents[2] / "dbt_models"
WANTED = ("churn_alerts", "location_alerts")
GIVEN = ("fct_orders", "int_customers_summed")
ORDERS = """
create view candidate.marts.fct_orders as
select 'till' as source, location_id, order_id, customer_id, cast(business_date as timestamp) as ordered_at,
    cast(business_date as timestamp) as ordered_local_at, business_date, null as channel, null as campaign_id,
    p.as_of_date, net_amount, net_amount as gross_amount, 0::decimal(18, 4) as refund_amount,
    false as is_refund_only, false as is_void_only, order_id as order_key
from warehouse.main.orders cross join warehouse.lake.parameters as p where business_date <= p.as_of_date
"""


def compiled_models(folder: Path) -> list[tuple[str, str, bool]]:
    """(relation, SQL, is a view) of every model that the alerts need, in an order that works."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["REGULARS_HOME"] = str(folder)
    where = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", str(folder / "target")]
    select = ["--select", *(f"+{mart}" for mart in WANTED), "--exclude", "resource_type:test"]
    try:
        run = dbtRunner().invoke(["--log-level", "none", "--log-path", str(folder), "compile", *where, *select])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not run.success:
        raise RuntimeError(f"dbt could not compile the alert models: {run.exception}")
    nodes = {
        result.node.unique_id: result.node for result in run.result.results if result.node.resource_type == "model"
    }
    ordered: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in nodes and key not in ordered and nodes[key].name not in GIVEN:
            for parent in nodes[key].depends_on_nodes:
                visit(parent)
            ordered[key] = None

    for key, node in nodes.items():
        if node.name in WANTED:
            visit(key)
    return [(nodes[key].relation_name, nodes[key].compiled_code, nodes[key].name.startswith("stg_")) for key in ordered]


@dataclass
class Nights:
    """Nights over one history. `orders`: order_id, location_id, customer_id (or null), business_date, net_amount."""

    folder: Path
    orders: pa.Table
    network: Network = field(default_factory=lambda: Network(file=Path(os.devnull)))

    def __post_init__(self) -> None:
        people = [c for c in self.orders["customer_id"].unique().to_pylist() if c is not None]
        build_tiny_warehouse(
            self.folder,
            "2000-01-01",
            {"golden_records": [{"customer_id": person, "account_kind": "person"} for person in people]},
        )
        self._models = compiled_models(self.folder)
        self._db = duckdb.connect(str(self.folder / "warehouse.duckdb"))
        self._db.execute("set threads = 2")
        self._db.execute("attach ':memory:' as candidate")
        for schema in ("warehouse.staging", "warehouse.intermediate", "candidate.marts"):
            self._db.execute(f"create schema if not exists {schema}")
        for seed in ("churn_alert_types", "rfm_segments"):
            path = DBT / "seeds" / f"{seed}.csv"
            self._db.execute(f"create table warehouse.intermediate.{seed} as select * from read_csv('{path}')")
        self._db.register("given_orders", self.orders)
        self._db.execute("create table orders as select * from given_orders order by customer_id, business_date")
        self._db.execute(ORDERS)
        self._db.execute(
            """create view warehouse.intermediate.int_customers_summed as
               select customer_id, sum(net_amount) filter (where business_date > as_of_date - 365) as net_12m_amount
               from candidate.marts.fct_orders where customer_id is not null group by 1"""
        )
        for relation, sql, is_view in self._models:
            if is_view:
                self._db.execute(f"create view {relation} as {sql}")
        self.configure(self.network)

    def night(self, as_of: date, through: dict[str, date] | None = None) -> None:
        """Run one night; `through` is location -> last day its data covers, where that is not the night's own."""
        places = self._db.execute("select distinct location_id from orders").fetchall()
        self._db.execute("update warehouse.lake.parameters set as_of_date = ?", [as_of])
        self._db.execute("delete from warehouse.lake.arrival")
        rows = [(place, (through or {}).get(place, as_of)) for (place,) in places]
        self._db.executemany("insert into warehouse.lake.arrival values (?, ?)", rows)
        for relation, sql, is_view in self._models:
            if not is_view:
                self._db.execute(f"create or replace table {relation} as {sql}")
        for mart in WANTED:
            self._db.execute(f"delete from warehouse.lake.previous_{mart}")
            rows = f"select * exclude (as_of_date) from candidate.marts.{mart}"
            self._db.execute(f"insert into warehouse.lake.previous_{mart} by name {rows}")

    def query(self, sql: str, parameters: list | None = None) -> list[tuple]:
        return self._db.execute(sql, parameters or []).fetchall()

    def alerts(self) -> list[tuple]:
        """(customer_id, alert_type, opened_on, outcome, closed_on) of every alert so far."""
        columns = "customer_id, alert_type, opened_on, outcome, closed_on"
        return self.query(f"select {columns} from candidate.marts.churn_alerts order by all")

    def configure(self, network: Network) -> None:
        """From now on the thresholds of this network hold."""
        thresholds = network.thresholds()
        names = ", ".join(f"? as {name}" for name in thresholds)
        self._db.execute(
            f"""create or replace table warehouse.lake.parameters as
                select 'bench' as run_id, date '2000-01-01' as as_of_date, {names}""",
            list(thresholds.values()),
        )

    def forget(self) -> None:
        """The next night is a first one again."""
        for mart in WANTED:
            self._db.execute(f"delete from warehouse.lake.previous_{mart}")
