"""Identity as assets: the tables that say which records are one person."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.landing import CLEAN
from dagster_project.defs.resources import NetworkResource, progress
from dagster_project.identity import resolve
from dagster_project.identity.retrain import retrain
from dagster_project.network import hash_key
from dagster_project.parameters import read_run
from dagster_project.warehouse.prepare import begin_candidate

TABLES = {
    "source_records": "One row per customer record of one till, list or contact.",
    "customer_identities": "One row per source record and validity period: which customer it belongs to, and why.",
    "retired_ids": "One row per customer id that lives no more and was inherited: who it is now.",
    "households": "One row per customer, with the household.",
    "review_pairs": "One row per pair of customers that a person should look at, with the evidence.",
    "identity_events": "One row per merge, split or withdrawal of customer ids.",
    "decision_effects": "One row per decision of a steward, with its effect.",
    "customer_records": "One row per customer id of a till or list, as it came, with its customer.",
    "order_records": "One row per order that has a customer.",
    "signup_records": "One row per sign-up that has a customer.",
    "golden_records": "One row per customer: the best of what its records say.",
    "golden_record_audit": "One row per customer and field: which record won, and by which rule.",
    "contact_points": "One row per customer and contact point, with the consent that belongs to it.",
}
SPECS = [
    dg.AssetSpec(
        ["lake", table],
        group_name="identity",
        deps=[*(spec.key for spec in CLEAN), ["lake", "parameters"]],
        description=description,
    )
    for table, description in TABLES.items()
]


@dg.multi_asset(name="identity", specs=SPECS)
def identity(network: NetworkResource) -> Iterator[dg.MaterializeResult]:
    loaded = network.claim()
    begin_candidate(loaded.home)
    summary = resolve(loaded.home, loaded, read_run(loaded.home).as_of_date, hash_key(loaded))
    progress.info(f"found {summary['customers']:,} customers in {summary['source_records']:,} records")
    for table in TABLES:
        yield dg.MaterializeResult(asset_key=["lake", table], metadata=summary)


@dg.op(description="Learn a matching model and tell how ids would change; it counts when network.yaml names it.")
def train_identity_model(network: NetworkResource) -> None:
    for line in retrain(network.load()):
        progress.info(line)


@dg.job(executor_def=dg.in_process_executor, description="A new matching model of the network's own records.")
def retrain_identity() -> None:
    train_identity_model()
