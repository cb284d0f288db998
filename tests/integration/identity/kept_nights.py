"""Nights of made-up records for the tests of what matching keeps: who is there, and every result row for row."""

from dataclasses import dataclass, field
from functools import cache

import duckdb
import pyarrow as pa

from dagster_project.identity.decisions import Decisions
from dagster_project.identity.matching import match
from dagster_project.identity.model import load_model
from dagster_project.identity.synthetic import write_people
from dagster_project.network_sections import IdentitySection

PEOPLE = 420
RESULTS = ("names", "ties", "exact_clusters", "profiles", "judged_scores", "edges", "clusters")


@cache
def people_table() -> pa.Table:
    con = duckdb.connect()
    write_people(con, PEOPLE)
    return con.execute("select * from records join observed using (record_no)").to_arrow_table()


@dataclass(frozen=True)
class Night:
    """Record key -> its row; and pairs of keys that a steward joined or parted."""

    rows: dict[str, dict]
    together: list[tuple[str, str]] = field(default_factory=list)
    apart: list[tuple[str, str]] = field(default_factory=list)


def matched(night: Night, memo=None, limits=None):
    """Every result, row for row."""
    return told(matching_of(night, memo, limits))


def matching_of(night: Night, memo=None, limits=None) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    numbers = {key: no for no, key in enumerate(sorted(night.rows))}
    rows = [night.rows[key] | {"record_no": no} for key, no in numbers.items()]
    table = pa.Table.from_pylist(rows, schema=people_table().schema)
    con.register("written", table)
    own = ("record_key", "source", "location_id")
    con.execute(f"create temp table records as select record_no, {', '.join(own)} from written")
    con.execute(f"create temp table observed as select * exclude ({', '.join(own)}) from written")
    pairs = (
        [tuple(sorted((numbers[a], numbers[b]))) for a, b in decided if a in numbers and b in numbers]
        for decided in (night.together, night.apart)
    )
    match(con, load_model(), limits or IdentitySection(), Decisions(*pairs), memo)
    return con


def told(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict]]:
    found = {name: con.execute(f"select * from {name} order by all").to_arrow_table().to_pylist() for name in RESULTS}
    con.close()
    return found
