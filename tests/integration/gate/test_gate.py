"""The gate and the publisher with real Great Expectations, DuckDB and files."""

import json
import os
import stat

import duckdb
import pytest

from dagster_project.errors import GateRefused, SealBroken
from dagster_project.ops import update_ops
from dagster_project.publish import publish, rollback
from dagster_project.seal import VERDICT, hash_files, required_checks, write_json
from dagster_project.validate import finish, judge, seal
from expectations import runner
from tests.integration.gate.tiny_night import make_candidate, read_verdict, run_statuses

HALF_OF_DIM_CUSTOMERS = "delete from marts.marts.dim_customers where customer_id > 'c002';"
NULL_KEY = "update marts.marts.fct_orders set order_key = null where order_key = 'o001';"


def failed_names(verdict) -> set[str]:
    return {check.name for check in verdict.failed}


def a_night(night, run_id, **spoiled) -> None:
    make_candidate(night, run_id, **spoiled)
    judge(night.home, run_id, night.project)
    seal(night.home, run_id, "inputs", night.project)


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


def test_the_suites_look_at_the_bytes_that_are_published(night, home, monkeypatch):
    make_candidate(night, "r1")
    seen = {}

    def look(folder, marts_file, people_file):
        seen.update(hash_files(home.candidate))
        return [runner.Result("x", "x", True, "")]

    monkeypatch.setattr(runner, "run_suites", look)
    verdict = judge(home, "r1", night.project)

    assert seen == verdict.files
    assert "parquet/fct_orders.parquet" in seen


def test_a_candidate_that_changes_while_the_suites_look_is_refused(night, home, monkeypatch):
    make_candidate(night, "r1")

    def change(folder, marts_file, people_file):
        flip_last_byte(marts_file)
        return []

    monkeypatch.setattr(runner, "run_suites", change)
    with pytest.raises(GateRefused, match=r"changed while it was judged: marts\.duckdb is changed"):
        judge(home, "r1", night.project)


def test_an_address_in_the_copy_of_ops_refuses(night, home, monkeypatch):
    make_candidate(night, "r1")
    with update_ops(home) as ops:
        ops.execute("insert into drift values ('l1/a.csv', 'till', 'appeared', 'ada@example.com', '')")
    monkeypatch.setattr(finish, "masked_sql", lambda name: name)

    verdict = judge(home, "r1", night.project)

    assert failed_names(verdict) == {"mart_columns.no_cell_looks_like_an_email"}


def test_what_is_restricted_is_closed_to_others(night, home):
    a_night(night, "r1")
    publish(home, night.network(), night.project)

    restricted = home.published.resolve() / "restricted"
    for path in (restricted, *restricted.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert {path.name for path in (restricted / "audiences" / "email_drop").iterdir()} == {
        "email_profiles.csv",
        "email_profiles.parquet",
        "manifest.json",
    }


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


def test_after_a_refusal_publishing_alone_replaces_and_sends_nothing(night, home):
    a_night(night, "r1")
    publish(home, night.network(), night.project)
    delivered = home.published.resolve() / "restricted" / "audiences" / "email_drop" / "email_profiles.csv"
    before = delivered.stat().st_mtime_ns
    make_candidate(night, "r2", marts=NULL_KEY)
    judge(home, "r2", night.project)
    with pytest.raises(GateRefused, match="order_key_is_given"):
        seal(home, "r2", "inputs", night.project)

    result = publish(home, night.network(), night.project)

    assert (result.published_run, result.replaced, result.deliveries) == ("r1", None, ())
    assert "nothing was sent or replaced" in result.message
    assert home.published_run() == "r1"
    assert delivered.stat().st_mtime_ns == before


def test_a_check_taken_out_of_the_verdict_refuses(night, home):
    make_candidate(night, "r1")
    judge(home, "r1", night.project)
    verdict = read_verdict(night)
    verdict["checks"] = [check for check in verdict["checks"] if check["name"] != "fct_orders.net_amount_is_given"]
    write_json(home.candidate / VERDICT, verdict)

    with pytest.raises(GateRefused, match=r"gx check fct_orders\.net_amount_is_given was not made"):
        seal(home, "r1", "inputs", night.project)


@pytest.mark.parametrize("file", ["marts.duckdb", "restricted/people.duckdb", "parquet/fct_orders.parquet"])
def test_a_byte_changed_after_the_judgement_refuses(night, home, file):
    make_candidate(night, "r1")
    judge(home, "r1", night.project)
    flip_last_byte(home.candidate / file)

    with pytest.raises(GateRefused, match=f"{file} is changed"):
        seal(home, "r1", "inputs", night.project)


def test_a_byte_changed_after_the_seal_is_not_published(night, home):
    a_night(night, "r1")
    flip_last_byte(home.snapshots / "r1" / "marts.duckdb")

    with pytest.raises(SealBroken, match=r"marts\.duckdb is changed"):
        publish(home, night.network(), night.project)
    assert home.published_run() is None


def test_a_candidate_changed_after_dbts_tests_is_refused(night, home):
    make_candidate(night, "r1")
    with duckdb.connect(str(home.candidate_marts)) as connection:
        connection.execute("delete from marts.marts.dim_locations where false; create table marts.marts.late (a int)")

    verdict = judge(home, "r1", night.project)

    assert failed_names(verdict) == {"candidate_is_what_dbt_tested"}


def test_rollback_publishes_a_kept_set_with_its_state_and_delivers_nothing(night, home):
    for run_id in ("r1", "r2"):
        a_night(night, run_id)
        publish(home, night.network(), night.project)

    result = rollback(home, "r1")

    assert (result.published_run, result.replaced, result.deliveries) == ("r1", "r2", ())
    assert home.current_state() == home.state / "r1"
    assert "nothing to publish" in publish(home, night.network(), night.project).message
    assert home.published_run() == "r1"
    a_night(night, "r3")
    assert publish(home, night.network(), night.project).published_run == "r3"
    assert run_statuses(night) == [
        ("r1", "published"),
        ("r2", "published"),
        ("r1", "rolled_back"),
        ("r3", "published"),
    ]


def test_a_reader_keeps_what_it_opened_through_the_swap(night, home):
    a_night(night, "r1")
    publish(home, night.network(keep_last=1), night.project)
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as reader:
        a_night(night, "r2", customers=5)
        publish(home, night.network(keep_last=1), night.project)

        assert not (home.snapshots / "r1").exists()
        assert reader.execute("select count(*) from dim_customers").fetchone() == (4,)
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as reader:
        assert reader.execute("select count(*) from dim_customers").fetchone() == (5,)


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


def flip_last_byte(path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


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
