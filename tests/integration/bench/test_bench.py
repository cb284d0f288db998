"""The benchmark at its tiniest: what it compares must agree. No test looks at a clock."""

import json

import duckdb

from bench.__main__ import YARDSTICKS, bench_size, rows_of


def test_the_yardsticks_and_a_rebuild_agree_with_the_nights(tmp_path) -> None:
    told: list[str] = []
    found = bench_size("tiny", tmp_path / "bench", 1, told.append)
    assert found["differences"] == []
    assert found["lines"] == 4_000
    assert found["yardsticks"].keys() == YARDSTICKS.keys()
    for name in YARDSTICKS:
        customers = tmp_path / "bench" / name / "customer_360.parquet"
        assert duckdb.execute(f"select count(*) > 100 from '{customers}'").fetchall() == [(True,)], name
    assert json.loads(json.dumps(found)) == found
    goals = [row.what for row in rows_of(found, 0.0, None) if row.goal]
    assert len(goals) == 7
    assert len(told) == 9
