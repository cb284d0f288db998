"""The suites speak of what dbt declares: a check on a column that is gone would refuse every night."""

from pathlib import Path

import pytest
import yaml

from dagster_project.seal import read_suites
from expectations.mart_columns import MART_COLUMNS, mart_columns_sql

PROJECT = Path(__file__).parents[3]
SUITES = {suite["mart"]: suite for suite in read_suites(PROJECT)}
MADE_UP = {MART_COLUMNS}


@pytest.fixture(scope="module")
def declared() -> dict[str, set[str]]:
    """Model -> the columns its contract declares."""
    models = {}
    for file in sorted((PROJECT / "dbt_models" / "models").rglob("*.yml")):
        for model in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("models", []):
            models[model["name"]] = {column["name"] for column in model.get("columns", [])}
    return models


@pytest.mark.parametrize("mart", sorted(SUITES))
def test_every_expectation_has_a_name_of_its_own_and_says_what_it_means(mart):
    expectations = SUITES[mart]["expectations"]
    names = [expectation["name"] for expectation in expectations]
    assert len(names) == len(set(names))
    assert all(expectation["description"] for expectation in expectations)
    assert (PROJECT / "expectations" / f"{mart}.json").is_file()


@pytest.mark.parametrize("mart", sorted(SUITES.keys() - MADE_UP))
def test_suites_name_columns_that_their_mart_declares(mart, declared):
    named = set()
    for expectation in SUITES[mart]["expectations"]:
        kwargs = expectation["kwargs"]
        named |= {kwargs["column"]} if "column" in kwargs else set(kwargs.get("column_list", []))
    assert named <= declared[mart]


def test_every_mart_that_is_built_has_a_suite():
    folder = PROJECT / "dbt_models" / "models"
    built = {path.stem for layer in ("marts", "sync") for path in (folder / layer).glob("*.sql")}
    assert built <= SUITES.keys()


def test_only_text_columns_of_marts_are_looked_through():
    tables = {
        "candidate.marts.a": [("name", "VARCHAR"), ("visits", "BIGINT")],
        "people_candidate.people.b": [("email", "VARCHAR")],
    }
    sql = mart_columns_sql(tables, "candidate.marts")
    assert sql.count("union all") == 1
    assert 'regexp_matches("name"' in sql
    assert "people_candidate" not in sql
