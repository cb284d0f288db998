"""The cookbook's queries and the metric dictionary, run and checked on a demo night."""

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dagster_project.defs.dbt_build import manifest

DOCS = Path(__file__).resolve().parents[3] / "docs"
COOKBOOK = (DOCS / "cookbook.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^## (\d+\. .*?)$.*?```sql\n(.*?)```", COOKBOOK, re.DOTALL | re.MULTILINE)
# Nothing of the kind need have happened on a small network's first night.
MAY_BE_EMPTY = ("4.", "10.", "11.", "7.")


def test_there_are_twenty_questions() -> None:
    assert len(QUESTIONS) == 20


@pytest.mark.parametrize(("question", "sql"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_each_query_runs_and_answers(demo, question, sql) -> None:
    answers = [demo.query(statement) for statement in sql.split(";") if statement.strip()]
    assert answers
    assert answers[0] or question.startswith(MAY_BE_EMPTY)


def test_pandas_and_parquet_say_the_same(demo) -> None:
    published = demo.network.home.published
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as connection:
        table = connection.execute("from customer_value order by customer_id").df()
    beside = pd.read_parquet(published / "parquet" / "customer_value.parquet").sort_values("customer_id")
    assert len(table) == len(beside) > 100
    assert table["predicted_net_365d_amount"].sum() == pytest.approx(float(beside["predicted_net_365d_amount"].sum()))


def test_the_metric_dictionary_names_what_there_is() -> None:
    """Each line of docs/metrics.md names a mart and columns that its contract has."""
    columns = {n["name"]: n["columns"].keys() for n in manifest()["nodes"].values() if n["resource_type"] == "model"}
    rows = re.findall(
        r"^\| [^|]+ \| `(\w+)\.(\w+)` \|", (DOCS / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) > 30
    assert [(mart, column) for mart, column in rows if column not in columns.get(mart, ())] == []
