"""How much of the machine a night may take at once: a leaf, read by every room that opens a DuckDB of its own.

An engine without a limit takes four fifths of the machine before it spills. One engine is open at a time; with
Python, its libraries and Arrow a night stays under three times this. What cannot spill grows with a network, so
identity and dbt may have more where more has landed: dbt's limit reaches dbt_models/profiles.yml by its variable.
"""

from pathlib import Path

import duckdb

MEMORY = "450MB"
MEMORY_VARIABLE = "REGULARS_MEMORY"
_MB, _ROWS, _MB_PER_MILLION_ROWS = 450, 10_000_000, 15


def memory_for(ledger: Path) -> str:
    """The limit for what the ledger says has landed: MEMORY up to ten million rows, and from there with them."""
    if not ledger.is_file():
        return MEMORY
    with duckdb.connect() as connection:
        query = "select coalesce(sum(rows_landed), 0)::bigint from read_parquet(?)"
        rows = connection.execute(query, [str(ledger)]).fetchall()[0][0]
    return f"{_MB + max(0, rows - _ROWS) * _MB_PER_MILLION_ROWS // 1_000_000}MB"


def bounded(spill: Path, memory: str = MEMORY) -> dict[str, str]:
    """The configuration of an engine that spills into the folder `spill`, which DuckDB makes and removes.

    It keeps the blocks it frees for its next ones until it is closed: fetching each anew from the system is a tenth of
    a day's work. What it keeps no limit counts, so it may not be more where the limit is; and of more than four fifths
    of the machine's memory DuckDB dies without a word.
    """
    return {"memory_limit": memory, "block_allocator_memory": MEMORY, "temp_directory": str(spill)}
