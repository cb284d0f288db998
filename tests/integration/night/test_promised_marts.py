"""The marts analysts were promised, held against the database of a demo night and against dbt's manifest."""

from pathlib import Path

import pytest
import yaml

from dagster_project.defs.dbt_build import manifest

PROMISED = yaml.safe_load((Path(__file__).parent / "promised_marts.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def models() -> dict[str, dict]:
    return {n["name"]: n for n in manifest()["nodes"].values() if n["resource_type"] == "model"}


def test_every_promised_mart_and_column_is_in_the_database(demo) -> None:
    found: dict[str, set[str]] = {}
    for mart, column in demo.query(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
    ):
        found.setdefault(mart, set()).add(column)
    missing = {mart: set(told["columns"]) - found.get(mart, set()) for mart, told in PROMISED.items()}
    assert {mart: columns for mart, columns in missing.items() if columns} == {}


def test_every_mart_says_as_of_which_day_it_speaks(demo) -> None:
    dated = {m for (m,) in demo.query("select table_name from duckdb_columns() where column_name = 'as_of_date'")}
    assert PROMISED.keys() <= dated


@pytest.mark.parametrize("mart", sorted(PROMISED))
def test_grain_is_tested_contract_enforced_and_everything_described(models, mart) -> None:
    model = models[mart]
    tests = [n for n in manifest()["nodes"].values() if n.get("attached_node") == model["unique_id"]]
    held = [
        test["test_metadata"]["kwargs"].get("columns") or [test["column_name"]]
        for test in tests
        if test["test_metadata"]["name"] in ("unique", "unique_combination")
    ]
    assert sorted(PROMISED[mart]["grain"]) in [sorted(columns) for columns in held]
    assert model["config"]["contract"]["enforced"]
    assert model["description"].startswith("One row per ")
    assert [name for name, column in model["columns"].items() if not column["description"]] == []


def test_the_grain_holds_in_the_data(demo) -> None:
    for mart, told in PROMISED.items():
        grain = ", ".join(told["grain"])
        again = f"select 1 from marts.marts.{mart} group by {grain} having count(*) > 1 limit 1"
        assert demo.query(again) == [], mart


def test_descriptions_stand_in_the_database_itself(demo, models) -> None:
    told = dict(demo.query("select table_name, comment from duckdb_tables() where schema_name = 'marts'"))
    shown = dict(
        demo.query("select view_name, comment from duckdb_views() where schema_name = 'main' and not internal")
    )
    columns = demo.query(
        "select table_name, column_name, comment from duckdb_columns() where schema_name <> 'ops' and not internal"
    )
    for mart in PROMISED:
        assert told[mart] == shown[mart] == " ".join(models[mart]["description"].split())
    assert [(mart, column) for mart, column, comment in columns if not comment] == []
