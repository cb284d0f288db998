"""What engines may hold grows with what has landed, beyond ten million rows."""

from pathlib import Path

import duckdb
import pytest

from dagster_project.memory import MEMORY, bounded, memory_for


@pytest.mark.parametrize(
    ("rows", "memory"), [(1, "450MB"), (10_000_000, "450MB"), (12_000_000, "480MB"), (40_000_000, "900MB")]
)
def test_identity_and_dbt_may_have_more_where_more_has_landed(tmp_path: Path, rows: int, memory: str) -> None:
    ledger = tmp_path / "ledger.parquet"
    with duckdb.connect() as connection:
        # Two files and one that was set aside.
        connection.execute(
            f"copy (select unnest([{rows} - 1, 1, null])::bigint as rows_landed) to '{ledger}' (format parquet)"
        )
    assert memory_for(ledger) == memory
    engine = bounded(tmp_path / "spill", memory)
    assert (engine["memory_limit"], engine["block_allocator_memory"]) == (memory, MEMORY), "what is freed counts twice"


def test_before_anything_landed_it_is_the_smallest(tmp_path: Path) -> None:
    assert memory_for(tmp_path / "ledger.parquet") == MEMORY == "450MB"
