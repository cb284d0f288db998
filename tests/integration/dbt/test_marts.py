"""The dbt project as a whole, on real DuckDB and a network of two locations and a few people.

Both locations sell something to nobody every day. `steady` comes every Monday to Main Street; `gone` did
until 2026-05-25; `mover` is a prospect; `harbour` bought once at the other location.
"""

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from tests.integration.dbt.tiny_warehouse import build_tiny_warehouse

PROJECT = Path(__file__).resolve().parents[3] / "dbt_models"
BEGIN, AS_OF = date(2025, 1, 6), date(2026, 10, 31)
PEOPLE = ("steady", "gone", "prospect", "harbour")


def _line(order_id: str, day: date, net: str, **more) -> dict:
    at = datetime.combine(day, time(15))
    line = dict(
        source_system="square", location_id="main", order_id=order_id, ordered_at=at, event_local_at=at,
        business_date=day, product_id="latte", quantity=1, net_amount=Decimal(net), kind="sale",
    )  # fmt: skip
    return line | more


def _night(as_of: date, extra: dict[str, list[dict]]) -> dict[str, list[dict]]:
    days = [BEGIN + timedelta(n) for n in range((as_of - BEGIN).days + 1)]
    lines = [_line(f"anon-{loc}-{day}", day, "4", location_id=loc) for day in days for loc in ("main", "harbour")]
    mondays = [day for day in days if day.isoweekday() == 1]
    lines += [_line(f"steady-{day}", day, "10", line_id="1") for day in mondays]
    lines += [_line(f"gone-{day}", day, "10", line_id="1") for day in mondays if day <= date(2026, 5, 25)]
    lines += [_line("harbour-1", date(2026, 9, 1), "20", location_id="harbour")]
    refund = dict(kind="refund", refunds_order_id="harbour-1")
    lines += [_line("refund-1", date(2026, 9, 2), "-5", location_id="harbour", **refund)]
    lines += [_line("future", as_of + timedelta(1), "99", product_id="future_product")]
    lines += extra.get("order_lines", [])
    return {
        "order_lines": lines,
        "order_records": [
            dict(source="square", location_id=line["location_id"], order_id=line["order_id"], customer_id=person)
            for line in lines
            for person in PEOPLE
            if line["order_id"].startswith(person)
        ],
        "golden_records": [
            dict(
                customer_id=person, account_kind="person", first_name=f"Given-{person}", last_name=f"Family-{person}",
                email=f"{person}@example.org", email_validity="valid", email_confirmed_on=as_of,
            )
            for person in PEOPLE
        ],
        "contact_points": [
            dict(
                customer_id=person, kind="email", value=f"{person}@example.org", validity="valid", is_golden=True,
                consent_state="denied" if person == "gone" else "granted",
            )
            for person in PEOPLE
        ],
        "locations": [dict(location_id="main", name="Main Street")],
        "arrival": [dict(location_id=loc, data_through_date=as_of) for loc in ("main", "harbour")],
    } | {table: rows for table, rows in extra.items() if table.startswith("previous_")}  # fmt: skip


def _dbt(home: Path, *arguments: str) -> None:
    folders = {"project": PROJECT, "profiles": PROJECT}
    options = [part for name, folder in folders.items() for part in (f"--{name}-dir", str(folder))]
    options += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    try:
        run = dbtRunner().invoke(["--quiet", *arguments, *options])
    finally:
        DuckDBConnectionManager.close_all_connections()
    failed = [r for r in getattr(run.result, "results", []) if r.status not in ("pass", "success", "no-op")]
    assert run.success, [f"{r.node.name}: {r.message}" for r in failed] or run.exception


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Builds a night: (as_of, extra rows, seed to shuffle rows by, dbt arguments) -> its home."""

    def _build(as_of, extra=None, seed=None, arguments=()) -> Path:
        home = tmp_path_factory.mktemp("home")
        rows = _night(as_of, extra or {})
        if seed is not None:
            for records in rows.values():
                random.Random(seed).shuffle(records)
        build_tiny_warehouse(home, as_of.isoformat(), rows)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGULARS_HOME", str(home))
            _dbt(home, "build", *arguments)
        return home

    return _build


WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def first_night(build) -> Path:
    return build(AS_OF)


def _rows(home: Path, query: str, file: str = "marts.duckdb") -> list[tuple]:
    connection = duckdb.connect(str(home / "candidate" / file), read_only=True)
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def _all_marts(home: Path) -> dict[str, list[tuple]]:
    names = [name for (name,) in _rows(home, "select table_name from duckdb_tables() where schema_name = 'marts'")]
    return {name: sorted(_rows(home, f"select * from marts.marts.{name}"), key=str) for name in names}


def test_every_model_test_and_unit_test_passes_and_customers_come_out_right(first_night):
    assert _rows(
        first_night,
        """select customer_id, visits, lifetime_net_amount, lifetime_refund_amount, relationship_stage, churn_alert_type
           from marts.marts.customer_360 order by 1""",
    ) == [
        ("gone", 73, Decimal(730), Decimal(0), "lapsed", "lapsed"),
        ("harbour", 1, Decimal(15), Decimal(5), "new", None),
        ("prospect", 0, Decimal(0), Decimal(0), "prospect", None),
        ("steady", 95, Decimal(950), Decimal(0), "active", None),
    ]


def test_rows_after_the_as_of_date_and_personal_data_are_in_no_mart(first_night):
    told = str(_all_marts(first_night))
    assert "steady" in told
    for unwanted in ("future", "@example.org", "Given-", "Family-"):
        assert unwanted not in told


def test_no_join_compares_every_row_with_every_other(first_night):
    """A condition on one side alone among the keys of a left join keeps DuckDB from hashing it: quadratic in lines."""
    with duckdb.connect(str(first_night / "warehouse.duckdb"), read_only=True) as connection:
        for file, name in (("marts.duckdb", "candidate"), ("restricted/people.duckdb", "people_candidate")):
            connection.execute(f"attach '{first_night}/candidate/{file}' as {name} (read_only)")
        slow, models = [], sorted((first_night / "target" / "compiled" / "regulars" / "models").glob("*/*.sql"))
        for path in models:
            plan = connection.execute(f"explain (format json) {path.read_text()}").fetchall()[0][1]
            joins = [join for join in _operators(json.loads(plan)) if join["name"].strip() == "BLOCKWISE_NL_JOIN"]
            slow += [path.stem for join in joins if " = " in join["extra_info"].get("Condition", "")]
    assert (len(models) > 80, slow) == (True, [])


def _operators(plans: list[dict]) -> Iterator[dict]:
    for operator in plans:
        yield operator
        yield from _operators(operator["children"])


def test_only_marketable_customers_are_for_the_email_tools(first_night):
    assert _rows(
        first_night,
        """select customer_id, email, home_location_name, recency_band, lifetime_net_band
           from people.sync.sync_email_profiles order by 1""",
        "restricted/people.duckdb",
    ) == [
        ("harbour", "harbour@example.org", None, "31_90_days", "under_100"),
        ("prospect", "prospect@example.org", None, "no_visit", "none"),
        ("steady", "steady@example.org", "Main Street", "0_30_days", "500_999"),
    ]


def test_an_alert_is_kept_recovers_on_return_and_a_past_day_replays(build, first_night):
    alerts = "select * from marts.marts.churn_alerts"
    columns = [name for name, *_ in _rows(first_night, f"describe {alerts}")]
    opened = [dict(zip(columns, row, strict=True)) for row in _rows(first_night, alerts)]
    assert [(a["customer_id"], a["opened_on"], a["outcome"]) for a in opened] == [("gone", AS_OF, "open")]

    next_week = AS_OF + timedelta(7)
    back = {"previous_churn_alerts": opened, "order_lines": [_line("gone-back", AS_OF + timedelta(2), "9")]}
    second = build(next_week, back, arguments=WITHOUT_TESTS)
    followed = _rows(second, "select alert_id, outcome, closed_on from marts.marts.churn_alerts")
    assert followed == [(opened[0]["alert_id"], "recovered", next_week)]

    closed = [dict(zip(columns, row, strict=True)) for row in _rows(second, alerts)]
    replayed = build(AS_OF, {"previous_churn_alerts": closed}, seed=7, arguments=WITHOUT_TESTS)
    assert _all_marts(replayed) == _all_marts(first_night)


def test_closed_months_are_computed_anew_only_from_where_an_order_changed(build, first_night):
    """An order of 2026-07-03 comes late: July to October change, the months before stand as they were."""
    months = "select month_end, fingerprint from warehouse.intermediate.int_rfm_months_listed"
    with duckdb.connect(str(first_night / "warehouse.duckdb"), read_only=True) as connection:
        fingerprints = [dict(month_end=m, fingerprint=f) for m, f in connection.execute(months).fetchall()]
    assert fingerprints[0]["month_end"] == date(2025, 4, 30)
    previous = {"previous_rfm_months": fingerprints}
    for mart in ("rfm_history", "rfm_movement"):
        rows = f"select * exclude (as_of_date) from marts.marts.{mart}"
        columns = [name for name, *_ in _rows(first_night, f"describe {rows}")]
        previous[f"previous_{mart}"] = [dict(zip(columns, row, strict=True)) for row in _rows(first_night, rows)]
    late = {"order_lines": [_line("gone-late", date(2026, 7, 3), "5")]}
    second = build(AS_OF, previous | late, arguments=WITHOUT_TESTS)
    with duckdb.connect(str(second / "warehouse.duckdb"), read_only=True) as connection:
        anew = "select month_end from warehouse.intermediate.int_rfm_months_listed where not is_kept order by 1"
        assert [str(month) for (month,) in connection.execute(anew).fetchall()] == [
            "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31",
        ]  # fmt: skip
    fresh = build(AS_OF, late, arguments=WITHOUT_TESTS)
    assert _all_marts(second) == _all_marts(fresh)
    assert _all_marts(second)["rfm_history"] != _all_marts(first_night)["rfm_history"]
