"""The marts analysts are told of (docs/marts.md), held against a demo night's database and dbt's manifest."""

import re
from pathlib import Path

import pytest

from dagster_project.defs.dbt_build import manifest

DOCS = Path(__file__).resolve().parents[3] / "docs"
# A heading with the mart's name, what one row is, and its columns: those that make a row unique in bold.
TOLD = re.findall(
    r"^### (\w+)\n\n(One row per .+?)\n\n(.+?)\n(?:\n|\Z)",
    (DOCS / "marts.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)
MARTS = {mart: (" ".join(row.split()), [c.strip() for c in columns.split(",")]) for mart, row, columns in TOLD}
COLUMNS = {mart: [column.strip("*") for column in columns] for mart, (_, columns) in MARTS.items()}
GRAIN = {
    mart: [column.strip("*") for column in columns if column.startswith("**")] for mart, (_, columns) in MARTS.items()
}


@pytest.fixture(scope="module")
def models() -> dict[str, dict]:
    return {n["name"]: n for n in manifest()["nodes"].values() if n["resource_type"] == "model"}


def test_every_mart_and_column_is_told_of_and_there(demo) -> None:
    found: dict[str, set[str]] = {}
    for mart, column in demo.query(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
    ):
        found.setdefault(mart, set()).add(column)
    assert {mart: set(columns) for mart, columns in COLUMNS.items()} == found


def test_every_mart_says_as_of_which_day_it_speaks(demo) -> None:
    dated = {m for (m,) in demo.query("select table_name from duckdb_columns() where column_name = 'as_of_date'")}
    assert MARTS.keys() <= dated


@pytest.mark.parametrize("mart", sorted(MARTS))
def test_grain_is_tested_contract_enforced_and_everything_described(models, mart) -> None:
    model = models[mart]
    tests = [n for n in manifest()["nodes"].values() if n.get("attached_node") == model["unique_id"]]
    held = [
        test["test_metadata"]["kwargs"].get("columns") or [test["column_name"]]
        for test in tests
        if test["test_metadata"]["name"] in ("unique", "unique_combination")
    ]
    assert sorted(GRAIN[mart]) in [sorted(columns) for columns in held]
    assert model["config"]["contract"]["enforced"]
    assert " ".join(model["description"].split()).startswith(MARTS[mart][0].rstrip("."))
    assert [name for name, column in model["columns"].items() if not column["description"]] == []


def test_the_grain_holds_in_the_data(demo) -> None:
    for mart, columns in GRAIN.items():
        again = f"select 1 from marts.marts.{mart} group by {', '.join(columns)} having count(*) > 1 limit 1"
        assert demo.query(again) == [], mart


def test_descriptions_stand_in_the_database_itself(demo, models) -> None:
    told = dict(demo.query("select table_name, comment from duckdb_tables() where schema_name = 'marts'"))
    shown = dict(
        demo.query("select view_name, comment from duckdb_views() where schema_name = 'main' and not internal")
    )
    columns = demo.query(
        "select table_name, column_name, comment from duckdb_columns() where schema_name <> 'ops' and not internal"
    )
    for mart in MARTS:
        assert told[mart] == shown[mart] == " ".join(models[mart]["description"].split())
    assert [(mart, column) for mart, column, comment in columns if not comment] == []


def test_what_descriptions_call_a_definition_is_defined() -> None:
    text = (DOCS / "definitions.md").read_text(encoding="utf-8")
    defined = {
        term.lower() for pair in re.findall(r"^## (.+)$|\*\*(.+?)\*\*", text, re.MULTILINE) for term in pair if term
    }
    nodes = [n for n in manifest()["nodes"].values() if n["resource_type"] == "model"]
    told = [n["description"] for n in nodes] + [c["description"] for n in nodes for c in n["columns"].values()]
    referred = {
        term for text in told for term in re.findall(r"\(definitions, (?:Value: )?([^);]+)", " ".join(text.split()))
    }
    assert len(referred) > 5
    assert {term for term in referred if term.lower() not in defined} == set()
