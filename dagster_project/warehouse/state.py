"""What a night takes over from the published one, and what it leaves for the next.

Two kinds: state, which cannot be had otherwise (alerts as they were opened, sizes as they were published), lies in
state/<run>; what is only spared from being computed again is read from the published set itself.
"""

from pathlib import Path

import duckdb

from dagster_project.holdout import holdout_rule
from dagster_project.home import Home
from dagster_project.memory import bounded
from dagster_project.segment_map import read_segment_map

MONTHS = "rfm_months"
# Marts whose rows are state: the table `previous_<mart>` of schema lake.
STATE_MARTS = ("churn_alerts", "location_alerts", "location_action_list", "rfm_segment_daily")
# Marts of which every night adds its own rows to those of the nights before.
APPENDED = {
    "rfm_segment_daily": "as_of_date > today",
    "location_action_list": "as_of_date between today - 7 and today - 1",
}
# Marts read back from published/parquet, as long as the fingerprints that were kept with them say so.
KEPT_MARTS = ("rfm_history", "rfm_movement")
MONTH_COLUMNS = {"month_end": "DATE", "fingerprint": "VARCHAR", "is_kept": "BOOLEAN"}
SEGMENT_COLUMNS = {"r_score": "INTEGER", "f_score": "INTEGER", "rfm_segment": "VARCHAR", "segment_rank": "INTEGER"}


def recall_state(connection: duckdb.DuckDBPyConnection, home: Home, columns: dict[str, dict[str, str]]) -> None:
    """Create the tables `lake.previous_*`, empty before the first published night.

    `columns` is mart -> (column -> type) as the contracts of STATE_MARTS and KEPT_MARTS say; a column added since the
    last night is empty in its rows.
    """
    state = home.current_state()
    published = {mart: home.published / "parquet" / f"{mart}.parquet" for mart in KEPT_MARTS}
    are_kept = state is not None and all(path.is_file() for path in (state / f"{MONTHS}.parquet", *published.values()))
    shapes = {MONTHS: MONTH_COLUMNS} | {mart: columns[mart] for mart in (*STATE_MARTS, *KEPT_MARTS)}
    for name, shape in shapes.items():
        path = published.get(name) or (state and state / f"{name}.parquet")
        is_there = path and path.is_file() and (are_kept or name in STATE_MARTS)
        _recall(connection, f"previous_{name}", shape, literal(path) if is_there else None)


def keep_state(home: Home) -> None:
    """Take what the next night must know out of the candidate into the state that goes with it.

    Days that a replay of an earlier night does not know of stay published: they are kept beside its own.
    """
    with duckdb.connect(str(home.warehouse), read_only=True, config=bounded(home.spill)) as connection:
        connection.execute(f"attach {literal(home.candidate_marts)} as candidate (read_only)")
        for mart in STATE_MARTS:
            rows = f"select * from candidate.marts.{mart}"
            if mart in APPENDED:
                rows += f""" union all by name select p.* from lake.previous_{mart} as p
                    cross join (select as_of_date as today from lake.parameters) where {APPENDED[mart]}"""
            _write(connection, rows, home, mart)
        _write(connection, f"select {', '.join(MONTH_COLUMNS)} from intermediate.int_rfm_months_listed", home, MONTHS)


def history_counts(home: Home) -> dict[str, int]:
    """How many month-ends of the RFM history this night computed anew and kept."""
    with duckdb.connect() as connection:
        kept, anew = connection.execute(
            "select count(*) filter (is_kept), count(*) filter (not is_kept) from read_parquet(?)",
            [str(home.candidate_state / f"{MONTHS}.parquet")],
        ).fetchone()
    return {"months_recomputed": anew, "months_kept": kept}


def create_segment_map(connection: duckdb.DuckDBPyConnection, map_file: Path) -> None:
    """The table `lake.rfm_segments`: the network's own map, empty without one. Raises NetworkError."""
    connection.execute(f"create table lake.rfm_segments ({_shape(SEGMENT_COLUMNS)})")
    cells = read_segment_map(map_file)
    if cells:
        connection.executemany("insert into lake.rfm_segments values (?, ?, ?, ?)", cells)


def create_holdout_rule(connection: duckdb.DuckDBPyConnection, key: bytes, share: float) -> None:
    """The table `lake.holdout_rule` (salt, below): whose md5(salt|customer_id) begins with less is held out."""
    connection.execute("create table lake.holdout_rule as select ? as salt, ? as below", holdout_rule(key, share))


def literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _recall(connection: duckdb.DuckDBPyConnection, table: str, shape: dict[str, str], path: str | None) -> None:
    if path is None:
        connection.execute(f"create table lake.{table} ({_shape(shape)})")
        return
    rows = f"read_parquet({path})"
    there = {name for name, *_ in connection.execute(f"describe select * from {rows}").fetchall()}
    cells = [f"{name if name in there else 'null'}::{type_} as {name}" for name, type_ in shape.items()]
    connection.execute(f"create view lake.{table} as select {', '.join(cells)} from {rows}")


def _write(connection: duckdb.DuckDBPyConnection, rows: str, home: Home, name: str) -> None:
    target = literal(home.candidate_state / f"{name}.parquet")
    connection.execute(f"copy (select * from ({rows}) order by all) to {target} (format parquet)")


def _shape(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_ in columns.items())
