"""SQL that runs on DuckDB and on Spark alike: a lint over the models for what the two read differently.

What must differ has its place in macros/portable, which is exempt. Comments are not read.
"""

import re
from pathlib import Path

import pytest

DBT = Path(__file__).resolve().parents[2] / "dbt_models"
SQL = sorted(
    path
    for folder in ("models", "macros", "tests")
    for path in (DBT / folder).rglob("*.sql")
    if "portable" not in path.parts
)

TRAPS = {
    "a column in double quotes is a string on Spark": r'"[A-Za-z_]\w*"',
    "regexp_replace with 'g' gives NULL on Spark": r"\bregexp_replace\s*\(",
    "a backslash is an escape on Spark; write [0-9]": r"\\[dsw]",
    "concat with a NULL differs; use concat_ws or ||": r"\bconcat\s*\(",
    "a division differs in type and by zero; use the macro ratio": r"(?<![/*])/(?![/*])",
    "weekdays count from different days; use the macro iso_weekday": (
        r"\b(dayofweek|weekday|isodow|dow)\s*\(|\bextract\s*\(\s*(isodow|dow|dayofweek)"
    ),
    "a date plus an interval differs in type; use the macro add_days": r"\binterval\b",
    "days between dates are called differently; use the macro days_between": (
        r"\b(date_diff|datediff|date_add|date_sub)\s*\("
    ),
    "a quantile of decimals differs in type; cast to double inside": (
        r"\b(median|quantile|quantile_cont|percentile_cont)\s*\((?!\s*cast\([^()]*as double\))"
    ),
    "string_agg with an order fails on Spark": r"\b(string_agg|listagg|group_concat)\s*\(",
    "missing on Spark": (r"\b(sha256|strftime|strptime|epoch|epoch_ms|regexp_matches|list_value|arg_max|arg_min)\s*\("),
    "hash() differs; use md5": r"(?<![\w.])hash\s*\(",
    "varchar needs a length on Spark; use string": r"\b(varchar|text)\b(?!\s*\()",
    "qualify is unknown to Spark; rank in a CTE": r"\bqualify\b",
    "a cast by :: hides a cast that can fail": r"::",
    "a failing cast errors on one and is NULL on the other; use try_cast": (
        r"(?<!try_)\bcast\([^()]*(?:\([^()]*\)[^()]*)*\bas\s+(date|timestamp|boolean)\b"
    ),
    "unnest and generate_series differ; use the macros explode_*": r"\b(unnest|generate_series|range)\s*\(",
    "the clock is no input: as_of_date is": (r"\b(current_date|current_timestamp|now\s*\(|getdate\s*\(|today\s*\()"),
    "thresholds come from the parameters table": r"\b(var|env_var)\s*\(\s*'(?!audiences')",
}

STAGING_TRAPS = {
    "a failing cast errors on one and is NULL on the other; use try_cast": r"(?<!try_)\bcast\s*\(",
}


def _code(sql: str) -> str:
    sql = re.sub(r"\{#.*?#\}", " ", sql, flags=re.DOTALL)
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL).lower()


def _order_by_items(code: str) -> list[str]:
    """The expressions of every `order by`, each as it is written."""
    items = []
    for start in re.finditer(r"\border\s+by\b", code):
        depth, item = 0, ""
        for sign in code[start.end() :]:
            depth += (sign == "(") - (sign == ")")
            if depth < 0 or (depth == 0 and re.search(r"\b(limit|rows|range|union)\s$", item)):
                break
            if sign == "," and depth == 0:
                items.append(item)
                item = ""
            else:
                item += sign
        items.append(re.sub(r"\b(limit|rows|range|union)\s$", "", item))
    return [" ".join(item.split()) for item in items]


def traps_in(sql: str, staging: bool = False) -> list[str]:
    """What in this SQL the two engines read differently, in words."""
    code = _code(sql)
    told = [trap for trap, pattern in TRAPS.items() if re.search(pattern, code)]
    if staging:
        told += [trap for trap, pattern in STAGING_TRAPS.items() if re.search(pattern, code)]
    if any(not re.search(r"nulls (first|last)$", item) for item in _order_by_items(code)):
        told.append("NULLs sort differently; say nulls last")
    return told


def test_there_are_models_to_read():
    assert len(SQL) > 30


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.stem)
def test_sql_is_portable(path):
    assert traps_in(path.read_text(encoding="utf-8"), staging=path.parent.name == "staging") == []


def test_contracts_name_types_that_both_engines_know():
    for path in (DBT / "models").rglob("*.yml"):
        types = set(re.findall(r"data_type:\s*\"?([a-z]+)", path.read_text(encoding="utf-8").lower()))
        assert types <= {"string", "date", "timestamp", "decimal", "double", "bigint", "integer", "boolean"}, path.name


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select regexp_replace(a, '[0-9]', '', 'g') from t", "regexp_replace"),
        ('select "id" from t', "double quotes"),
        (r"select a like '\d' from t", "escape"),
        ("select row_number() over (order by a, b desc) from t", "nulls last"),
        ("select a from t order by a nulls last, b", "nulls last"),
        ("select concat('x', a) from t", "concat_ws"),
        ("select 1 / a from t", "ratio"),
        ("select dayofweek(a) from t", "iso_weekday"),
        ("select extract(isodow from a) from t", "iso_weekday"),
        ("select a + interval 1 day from t", "add_days"),
        ("select date_diff('day', a, b) from t", "days_between"),
        ("select median(a) from t", "cast to double"),
        ("select percentile_cont(0.5) within group (order by a nulls last) from t", "cast to double"),
        ("select string_agg(a, ',') from t", "string_agg"),
        ("select sha256(a) from t", "missing on Spark"),
        ("select strftime(a, '%Y') from t", "missing on Spark"),
        ("select strptime(a, '%Y') from t", "missing on Spark"),
        ("select epoch(a) from t", "missing on Spark"),
        ("select regexp_matches(a, 'x') from t", "missing on Spark"),
        ("select hash(a) from t", "md5"),
        ("select cast(a as varchar) from t", "needs a length"),
        ("select a from t qualify row_number() over (order by a nulls last) = 1", "qualify"),
        ("select a::date from t", "::"),
        ("select cast(a as date) from t", "try_cast"),
        ("select cast(coalesce(a, b) as timestamp) from t", "try_cast"),
        ("select unnest(a) from t", "explode"),
        ("select current_date from t", "clock"),
        ("select now() from t", "clock"),
        ("select {{ var('days') }} from t", "parameters"),
    ],
)
def test_each_trap_is_caught(sql, told):
    assert any(told in trap for trap in traps_in(sql)), traps_in(sql)


def test_a_cast_where_data_enters_must_be_a_try_cast():
    assert traps_in("select cast(a as bigint) as a from t", staging=True)
    assert not traps_in("select try_cast(a as bigint) as a from t", staging=True)


@pytest.mark.parametrize(
    "sql",
    [
        'select a -- 1 / 2, "x", current_date\nfrom t',
        "select cast(a as decimal(18, 4)), median(cast(a as double)), cast(a as string) from t",
        "select row_number() over (partition by a order by b desc nulls last, c nulls first) from t",
        "select concat_ws('|', a, b), md5(a), try_cast(a as date), row_hash(a) from t",
        "select {{ ratio('a', 'b') }}, date_trunc('month', a) from {{ ref('x') }}",
        "{# 1 / 2 #} select 1 as one from t",
    ],
)
def test_portable_sql_passes(sql):
    assert traps_in(sql) == []
