"""One night's predictions: the customer summaries of the warehouse in, three Parquet files out."""

import os
from math import fsum
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from dagster_project.errors import WarehouseError
from dagster_project.home import Home
from dagster_project.predict.choice import (
    LAST_YEAR,
    Customers,
    Scope,
    fit_location,
    fit_network,
)
from dagster_project.predict.forecast import calibration, forecast
from dagster_project.predict.repeat_purchase import MODELS

SUMMARIES = "intermediate.int_visits_summarised"
PREDICTED = (
    "p_alive",
    "p_no_purchase_30d",
    "p_no_purchase_60d",
    "p_no_purchase_90d",
    "predicted_visits_365d",
    "predicted_visit_amount",
    "predicted_net_365d_amount",
    "discounted_net_365d_amount",
)
PREDICTIONS = pa.schema(
    [
        ("customer_id", pa.string()),
        *((name, pa.float64()) for name in PREDICTED),
        ("model", pa.string()),
        ("model_scope", pa.string()),
        ("fallback_reason", pa.string()),
    ]
)
FITS = pa.schema(
    [
        ("model_scope", pa.string()),
        ("model", pa.string()),
        ("is_chosen", pa.bool_()),
        ("chosen_by", pa.string()),
        ("fallback_reason", pa.string()),
        ("customers", pa.int64()),
        ("repeat_customers", pa.int64()),
        *((name, pa.float64()) for name in ("r", "alpha_days", "a", "b", "log_likelihood")),
        ("holdout_customers", pa.int64()),
        ("holdout_log_likelihood", pa.float64()),
        *((name, pa.float64()) for name in ("spend_p", "spend_q", "spend_gamma", "visits_spend_correlation")),
    ]
)
CALIBRATION = pa.schema(
    [
        ("model", pa.string()),
        ("decile", pa.int64()),
        ("customers", pa.int64()),
        ("predicted", pa.float64()),
        ("actual", pa.float64()),
        ("holdout_days", pa.int64()),
        ("is_chosen", pa.bool_()),
    ]
)


# The arrays are small: threads of BLAS would mostly wait for one another, and sums hang on how many there are.
@threadpool_limits.wrap(limits=1, user_api="blas")
def predict_customers(home: Home, discount_rate: float) -> dict[str, int | str]:
    """Read the summaries dbt built and write lake/predictions/: customer_predictions, model_fits, model_calibration.

    Returns what a person wants to see: how many customers were predicted, and by which model. Raises WarehouseError
    when the summaries are not there.
    """
    summaries, refund_share = _summaries(home)
    people = _customers(summaries)
    network = fit_network(people)
    names = sorted(set(people.location)) if len(set(people.location)) > 1 else []
    locations = [fit_location(name, people.at(people.location == name), network) for name in names]
    predicted = {name: np.full(len(people.x), np.nan) for name in PREDICTED}
    model, scope_name, reason = (np.full(len(people.x), None, dtype=object) for _ in range(3))
    for scope in locations or [network]:
        here = people.location == scope.name if locations else np.ones(len(people.x), dtype=bool)
        speaks = scope if scope.chosen else network
        reason[here] = scope.reason
        if speaks.chosen is None:
            told = _last_year(summaries, here)
        else:
            told = forecast(people.at(here), speaks, refund_share, discount_rate)
            reason[here] = scope.reason or (None if speaks.spend else "degenerate_spend_fit")
        for name, values in told.items():
            predicted[name][here] = values
        model[here], scope_name[here] = speaks.chosen or LAST_YEAR, speaks.name
    rounded = {name: pa.array(np.round(values, 9), from_pandas=True) for name, values in predicted.items()}
    told = {"model": model, "model_scope": scope_name, "fallback_reason": reason}
    table = pa.table({"customer_id": summaries["customer_id"]} | rounded | told, schema=PREDICTIONS)
    _write(table, home.predictions / "customer_predictions.parquet")
    fits = [row for scope in (network, *locations) for row in _fit_rows(scope)]
    _write(pa.Table.from_pylist(fits, schema=FITS), home.predictions / "model_fits.parquet")
    rows = pa.Table.from_pylist(calibration(people, network), schema=CALIBRATION)
    _write(rows, home.predictions / "model_calibration.parquet")
    own = sum(scope.chosen is not None for scope in locations)
    return {"customers": len(people.x), "model": network.chosen or LAST_YEAR, "locations_with_own_model": own}


def _summaries(home: Home) -> tuple[dict[str, np.ndarray], float]:
    """The summaries by column, customers in order of their ids, and what refunds leave of visits' net."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        try:
            rows = connection.execute(f"select * from {SUMMARIES} order by customer_id").arrow().read_all()
        except duckdb.CatalogException as error:
            raise WarehouseError(
                f"{home.warehouse}: {SUMMARIES} is missing, so nothing can be predicted; run the whole night"
            ) from error
    columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    visited = fsum(columns["visit_amount"])
    return columns, fsum(columns["net_amount"]) / visited if visited else 1.0


def _customers(columns: dict[str, np.ndarray]) -> Customers:
    named = {name: columns[name] for name in Customers.__dataclass_fields__ if name in columns}
    return Customers(location=columns["home_location_id"].astype(object), **named)


def _last_year(columns: dict[str, np.ndarray], here: np.ndarray) -> dict[str, np.ndarray]:
    """Without a model the next year is taken to be as the last one was; no probability is claimed."""
    visits, net = columns["visits_365d"][here].astype(float), columns["net_365d_amount"][here].astype(float)
    return {
        "predicted_visits_365d": visits,
        "predicted_net_365d_amount": net,
        "discounted_net_365d_amount": net,
    }


def _fit_rows(scope: Scope) -> list[dict]:
    rows = []
    for model in MODELS:
        fit = scope.fits.get(model)
        rows.append(
            {
                "model_scope": scope.name,
                "model": model,
                "is_chosen": model == scope.chosen,
                "chosen_by": scope.chosen_by,
                "fallback_reason": scope.reason,
                "customers": scope.customers,
                "repeat_customers": scope.repeat_customers,
                "holdout_customers": scope.holdout_customers,
                "log_likelihood": scope.likelihoods.get(model),
                "holdout_log_likelihood": scope.scores.get(model),
                "visits_spend_correlation": scope.correlation,
            }
            | ({"r": fit.r, "alpha_days": fit.alpha, "a": fit.a, "b": fit.b} if fit else {})
            | ({f"spend_{name}": value for name, value in vars(scope.spend).items()} if scope.spend else {})
        )
    return rows


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    pq.write_table(table, beside)
    os.replace(beside, path)
