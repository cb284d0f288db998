"""The benchmark: what a night costs, beside what a user would otherwise write and what the machine allows.

`make bench [SIZE=100k]` writes a network of that many receipt lines, runs the night and the yardsticks over the
same files, compares their results, and prints a table; the figures go to a JSON file too. Here belong the network's
generator, the yardsticks (one plain DuckDB script, one of pandas, one of Polars) and the measuring. No test of the
project's behaviour: `tests/` runs the bench at its tiniest size and looks at results only, never at a clock.

A module of its own in this folder that exposes `measure(size: str, folder: Path) -> list[Row]` is run too and its
rows stand in the same table: that is the whole registry. `size` is a name of `network.SIZES`; `folder` is scratch.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, its value and unit, and the goal it has, if any."""

    what: str
    value: float
    unit: str
    goal: str = ""
    note: str = ""
