"""What the gate says of a candidate, with real Great Expectations, DuckDB and files."""

import json
import os

import duckdb
import pytest

from dagster_project.errors import GateRefused
from dagster_project.ops import update_ops
from dagster_project.publish import publish
from dagster_project.seal import required_checks
from dagster_project.validate import finish, judge, seal
from tests.integration.gate.tiny_night import NULL_KEY, make_candidate, read_verdict, run_statuses

HALF_OF_DIM_CUSTOMERS = "delete from marts.marts.dim_customers where customer_id > 'c002';"


def failed_names(verdict) -> set[str]:
    return {check.name for check in verdict.failed}


def test_a_good_candidate_is_judged_sealed_and_published(night, home):
    make_candidate(night, "2026-10-31-1")

    verdict = judge(home, "2026-10-31-1", night.project)
    assert failed_names(verdict) == set()
    assert required_checks(night.project) <= {(check.kind, check.name) for check in verdict.checks}

    manifest = seal(home, "2026-10-31-1", "inputs", night.project)
    assert manifest["rows"]["dim_customers"] == 4
    assert (manifest["previous_run"], manifest["sequence"], manifest["as_of_date"]) == (None, 1, "2026-10-31")
    assert not home.candidate.exists()

    result = publish(home, night.network(), night.project)
    assert (result.published_run, result.replaced) == ("2026-10-31-1", None)
    assert os.readlink(home.published) == "snapshots/2026-10-31-1"
    assert (home.current_state() / "registry.parquet").is_file()
    assert run_statuses(night) == [("2026-10-31-1", "published")]

    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from dim_customers").fetchone() == (4,)
        told = connection.execute("select count(*), bool_and(passed) from ops.checks").fetchone()
    # The suites judge the very file this table stands in; their results stand in the manifest and in ops.duckdb.
    assert told == (len([check for check in verdict.checks if check.kind != "gx"]), True)
    with duckdb.connect(str(home.ops), read_only=True) as connection:
        assert connection.execute("select count(*) from checks").fetchone() == (len(verdict.checks),)
    assert len(manifest["checks"]) == len(verdict.checks)


@pytest.mark.parametrize(
    ("spoiled", "refusing"),
    [
        ({"marts": NULL_KEY}, "fct_orders.order_key_is_given"),
        (
            {"marts": "insert into marts.marts.fct_orders from marts.marts.fct_orders limit 1;"},
            "fct_orders.order_key_is_unique",
        ),
        ({"marts": HALF_OF_DIM_CUSTOMERS}, "fct_orders.customers_are_known"),
        ({"marts": HALF_OF_DIM_CUSTOMERS}, "dim_customers.holds_exactly_the_open_identities"),
        (
            {"marts": "update marts.marts.dim_customers set is_prospect = true where customer_id = 'c001';"},
            "dim_customers.prospects_have_no_orders",
        ),
        ({"marts": "delete from marts.marts.fct_orders;"}, "landed_orders_reach_the_facts"),
        (
            {"marts": "update marts.marts.fct_orders set net_amount = 7.49 where order_key = 'o003';"},
            "fct_orders.net_equals_its_lines",
        ),
        (
            {"marts": "update marts.marts.fct_order_lines set business_date = date '2026-11-01';"},
            "fct_order_lines.rows_after_the_as_of_date_wait",
        ),
        (
            {"marts": "update marts.marts.fct_order_lines set product_name = 'for ada@example.com';"},
            "mart_columns.no_cell_looks_like_an_email",
        ),
        (
            {"marts": "update marts.marts.fct_order_lines set product_name = 'for Ada, (212) 555-0123';"},
            "mart_columns.no_cell_looks_like_a_phone",
        ),
        (
            {"marts": "alter table marts.marts.dim_customers add column birth_date date;"},
            "mart_columns.no_column_is_named_for_an_identifier",
        ),
        (
            {"marts": "update marts.marts.dim_customers set is_email_marketable = false where customer_id = 'c002';"},
            "sync_email_profiles.only_the_marketable_leave",
        ),
        (
            {"people": "update people.people.contact_points set consent_state = 'denied' where customer_id = 'c003';"},
            "sync_email_profiles.nobody_who_denied_leaves",
        ),
        (
            {"people": "update people.sync.sync_email_profiles set email = 'c001@example.com';"},
            "sync_email_profiles.email_is_unique",
        ),
        (
            {"marts": "alter table marts.marts.fct_orders rename column discount_amount to discount;"},
            "fct_orders.discount_amount_is_in_range",
        ),
        ({"marts": "drop table marts.marts.dim_locations;"}, "dim_locations.location_id_is_unique"),
    ],
)
def test_a_spoiled_candidate_is_refused_by_name(night, home, spoiled, refusing):
    make_candidate(night, "r1", **spoiled)

    verdict = judge(home, "r1", night.project)

    assert refusing in failed_names(verdict)
    with pytest.raises(GateRefused, match=r"refused by \d+ check"):
        seal(home, "r1", "inputs", night.project)
    assert run_statuses(night) == [("r1", "refused")]
    assert not home.snapshots.exists()


def test_a_refusal_names_the_order_its_location_and_its_file(night, home):
    lines = "marts.marts.fct_order_lines"
    numbered = f"alter table {lines} add column order_id varchar; update {lines} set order_id = order_key;"
    absurd = f"update {lines} set net_amount = 2000000 where order_line_key = 'o002-1';"
    make_candidate(night, "r1", marts=numbered + absurd)
    landed = home.landed("order_lines") / "key.parquet"
    landed.parent.mkdir(parents=True)
    duckdb.execute(f"copy (select 'l1' as location_id, 'o002' as order_id, 'key' as file_key) to '{landed}'")

    failed = {check.name: check.detail for check in judge(home, "r1", night.project).failed}

    told = failed["fct_order_lines.net_amount_is_not_absurd"]
    assert told == "1 of 8 rows: such as order o002 of l1 (l1/a.csv)"


def test_an_address_in_the_copy_of_ops_refuses(night, home, monkeypatch):
    make_candidate(night, "r1")
    with update_ops(home) as ops:
        ops.execute("insert into drift values ('l1/a.csv', 'till', 'appeared', 'ada@example.com', '')")
    monkeypatch.setattr(finish, "masked_sql", lambda name: name)

    verdict = judge(home, "r1", night.project)

    assert failed_names(verdict) == {"mart_columns.no_cell_looks_like_an_email"}


def test_no_address_reaches_verdict_manifest_or_ops(night, home):
    make_candidate(night, "r1", people="update people.sync.sync_email_profiles set email = 'c001@example.com';")
    judge(home, "r1", night.project)
    with pytest.raises(GateRefused) as refusal:
        seal(home, "r1", "inputs", night.project)

    with duckdb.connect(str(home.ops), read_only=True) as connection:
        told = (
            connection.execute("select * from checks").fetchall() + connection.execute("select * from runs").fetchall()
        )
    assert "@example.com" not in json.dumps(read_verdict(night)) + str(refusal.value) + str(told)
