"""dbt's not_null tests, counted in one scan a model."""

import duckdb
import pytest

from dagster_project.defs.null_tests import null_tests, nulls_counted
from dagster_project.errors import WarehouseError
from dagster_project.home import Home

PLAIN = {"where": None, "severity": "ERROR", "fail_calc": "count(*)", "error_if": "!= 0", "limit": None}


def manifest(*columns: str, **config: object) -> dict:
    """A model `orders` in the candidate with a not_null test on each column, and one unique test."""
    nodes = {
        f"test.not_null_{column}": {
            "resource_type": "test",
            "name": f"not_null_{column}",
            "attached_node": "model.orders",
            "config": PLAIN | config,
            "test_metadata": {"name": "not_null", "kwargs": {"column_name": column}},
        }
        for column in columns
    }
    nodes["test.unique_id"] = {"resource_type": "test", "test_metadata": {"name": "unique"}}
    nodes["test.singular"] = {"resource_type": "test"}
    model = {"resource_type": "model", "name": "orders", "relation_name": '"candidate"."marts"."orders"'}
    return {"nodes": nodes | {"model.orders": model}}


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path)
    home.candidate_people.parent.mkdir(parents=True)
    for file in (home.warehouse, home.candidate_marts, home.candidate_people):
        duckdb.connect(str(file)).close()
    with duckdb.connect(str(home.candidate_marts)) as connection:
        connection.execute("create schema marts.marts")
        connection.execute(
            "create table marts.marts.orders as from (values (1, 'a'), (2, null), (3, null)) t(id, channel)"
        )
    return home


def test_every_column_is_counted_and_nothing_else_is(home) -> None:
    counted = nulls_counted(home, null_tests(manifest("id", "channel")))
    assert counted == {"test.not_null_id": 0, "test.not_null_channel": 2}


@pytest.mark.parametrize("config", [{"where": "id > 1"}, {"limit": 1}, {"error_if": "> 5"}])
def test_a_test_with_a_configuration_of_its_own_leaves_all_to_dbt(config) -> None:
    assert null_tests(manifest("id", **config)) == {}


def test_a_test_that_only_warns_stays_with_dbt_alone() -> None:
    parsed = manifest("id", "channel")
    parsed["nodes"]["test.not_null_channel"]["config"]["severity"] = "WARN"
    assert [test["column"] for tests in null_tests(parsed).values() for test in tests] == ["id"]


def test_a_column_that_is_gone_is_named(home) -> None:
    with pytest.raises(WarehouseError, match="still have gone"):
        nulls_counted(home, null_tests(manifest("gone")))
