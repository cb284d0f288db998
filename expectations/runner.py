"""Runs the suites over a candidate: one context, one read-only connection, SQL pushed down to DuckDB."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.engine import attached_engine, frozen_execution_engine, tables_of
from expectations.lean_import import import_great_expectations
from expectations.mart_columns import MART_COLUMNS, make_mart_columns
from expectations.orders_named import orders_named

DATABASES = {"marts": "candidate", "people": "people_candidate"}
# Counts only: the values behind them may not be told, and to look for them costs a second scan.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Result:
    """One expectation's outcome. name: <mart>.<expectation>; detail: counts only, never a value; orders: of the first
    rows that failed, where a row is an order or a line, its location and number."""

    name: str
    asset: str
    passed: bool
    detail: str
    orders: tuple[tuple[str, str], ...] = ()


def run_suites(folder: Path, marts_file: Path, people_file: Path) -> list[Result]:
    """Run every suite of a folder. A mart that is absent or an expectation that cannot be evaluated has failed."""
    suites = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    engine = attached_engine(marts_file, people_file)
    tables = tables_of(engine)
    if make_mart_columns(engine, tables, "candidate.marts", "candidate.ops"):
        tables[f"memory.main.{MART_COLUMNS}"] = []
    results = []
    with _datasource(engine) as datasource:
        for suite in suites:
            table = _table_of(suite)
            results += _run(datasource, suite, engine, table, tables[table]) if table in tables else _absent(suite)
    return results


def _table_of(suite: dict) -> str:
    database, schema = DATABASES[suite["database"]], suite.get("schema", suite["database"])
    return f"memory.main.{MART_COLUMNS}" if suite["mart"] == MART_COLUMNS else f"{database}.{schema}.{suite['mart']}"


@contextmanager
def _datasource(engine: Any) -> Iterator[Any]:
    """A throw-away GX datasource over the candidate's engine."""
    gx = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.datasource.fluent import SQLDatasource

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    SQLDatasource.execution_engine_override = frozen_execution_engine(engine)
    try:
        datasource = context.data_sources.add_sql(
            "candidate", connection_string="duckdb:///:memory:", create_temp_table=False
        )
        yield datasource
        datasource.get_execution_engine().close()
    finally:
        SQLDatasource.execution_engine_override = None
        engine.dispose()


def _run(datasource: Any, suite: dict, engine: Any, table: str, columns: list[tuple[str, str]]) -> list[Result]:
    import great_expectations as gx

    asset = datasource.add_query_asset(suite["mart"], query=f"select * from {table}")
    # A named batch definition would have the whole context written out as YAML once more.
    batch = asset.get_batch(asset.build_batch_request())
    expectations = [
        {"type": e["type"], "kwargs": e["kwargs"], "meta": {"check": e["name"]}} for e in suite["expectations"]
    ]
    validation = batch.validate(
        gx.ExpectationSuite(name=suite["mart"], expectations=expectations), result_format=RESULT_FORMAT
    )
    return [
        Result(
            name=f"{suite['mart']}.{outcome.expectation_config.meta['check']}",
            asset=suite["mart"],
            passed=bool(outcome.success),
            detail=_detail(outcome),
            orders=orders_named(engine, table, [name for name, _ in columns], outcome),
        )
        for outcome in sorted(validation.results, key=lambda o: o.expectation_config.meta["check"])
    ]


def _detail(outcome: Any) -> str:
    """Counts only: an exception's text, an observed value or an example can hold a cell."""
    result = outcome.result
    if "unexpected_count" in result:
        return f"{result['unexpected_count']} of {result['element_count']} rows"
    if outcome.expectation_config.type == "unexpected_rows_expectation" and "observed_value" in result:
        return f"{result['observed_value']} unexpected rows"
    if outcome.success:
        return ""
    if isinstance(result.get("observed_value"), int):
        return f"{result['observed_value']} rows"
    return "could not be evaluated: does the mart still have the columns this expectation names?"


def _absent(suite: dict) -> list[Result]:
    return [
        Result(f"{suite['mart']}.{e['name']}", suite["mart"], False, f"{suite['mart']} is not in the candidate")
        for e in suite["expectations"]
    ]
