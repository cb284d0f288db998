"""A damaged candidate is refused by the job, and publishing launched alone afterwards changes nothing."""

import duckdb
import pytest

HEADER = "order_id,line_id,ordered_at,quantity,net_amount,source_customer_id\n"
AFTER_DBT = ("snapshot", "published")


@pytest.fixture(scope="module")
def nights(new_nights):
    """One published night of 120 customers, and a second day waiting."""
    nights = new_nights()
    shop = nights.network.landing / "shop_1"
    shop.mkdir()
    rows = "".join(f"o{i},1,2026-10-05T08:00:00,1,4,c{i}\n" for i in range(120))
    (shop / "monday.csv").write_text(HEADER + rows)
    assert nights.run().success
    (shop / "tuesday.csv").write_text(HEADER + "t1,1,2026-10-06T08:00:00,1,5,c1\n")
    return nights


DAMAGES = {
    "null keys": "update marts.marts.dim_customers set customer_id = null where customer_id in "
    "(select customer_id from marts.marts.dim_customers order by 1 limit 3)",
    "half the customers gone": "delete from marts.marts.dim_customers where customer_id in "
    "(select customer_id from marts.marts.dim_customers order by 1 limit 60)",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_candidate_is_refused_and_nothing_moves(nights, damage, monkeypatch) -> None:
    from dagster_project.defs import marts

    home = nights.network.home
    before = (home.published_run(), sorted(p.name for p in home.state.iterdir()))
    keep_state = marts.keep_state

    def keep_and_damage(home) -> None:
        keep_state(home)
        with duckdb.connect(str(home.candidate_marts)) as connection:
            table = "marts.marts.dim_customers"
            connection.execute(f"create table damaged as select * from {table}; drop table {table}")
            connection.execute(f"create table {table} as select * from damaged; drop table damaged")
            connection.execute(DAMAGES[damage])

    monkeypatch.setattr(marts, "keep_state", keep_and_damage)
    result = nights.run()
    assert not result.success
    assert (home.published_run(), sorted(p.name for p in home.state.iterdir())) == before
    status, reason = nights.ops("select status, reason from runs order by started_at desc limit 1")[0]
    assert status == "refused"
    assert "candidate_is_what_dbt_tested" in reason
    failed = {name for (name,) in nights.ops("select check_name from checks where kind = 'gx' and not passed")}
    assert any(name.startswith("dim_customers.") for name in failed), failed

    audiences = sorted(p.stat().st_mtime_ns for p in (home.published / "restricted").rglob("*"))
    assert nights.run("published").success
    assert home.published_run() == before[0]
    assert sorted(p.stat().st_mtime_ns for p in (home.published / "restricted").rglob("*")) == audiences


def test_the_undamaged_candidate_passes(nights) -> None:
    assert nights.run().success
    assert nights.query("select count(*) from fct_orders") == [(121,)]


def test_a_run_that_stops_before_it_has_begun_is_told(nights) -> None:
    landing = nights.network.landing
    landing.rename(landing.with_name("away"))
    assert not nights.run().success
    status, reason = nights.ops("select status, reason from runs order by started_at desc limit 1")[0]
    assert (status, str(landing) in reason) == ("failed", True), reason
    landing.with_name("away").rename(landing)
