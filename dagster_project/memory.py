"""How much of the machine a night may take at once: a leaf, read by every room that opens a DuckDB of its own.

An engine without a limit takes four fifths of the machine before it spills. One engine is open at a time; with
Python, its libraries and Arrow a night stays under three times this. dbt's own limit stands in dbt_models/profiles.yml.
"""

from pathlib import Path

MEMORY = "450MB"


def bounded(spill: Path) -> dict[str, str]:
    """The configuration of an engine that spills into the folder `spill`, which DuckDB makes and removes."""
    return {"memory_limit": MEMORY, "temp_directory": str(spill)}
