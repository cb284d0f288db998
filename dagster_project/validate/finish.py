"""What a candidate gets before it is judged: ops, the analysts' views, Parquet, closed doors."""

from pathlib import Path

import duckdb

from dagster_project.home import Home
from dagster_project.memory import bounded
from dagster_project.ops import TABLES, masked_sql

MARTS = "select table_name from duckdb_tables() where database_name = 'marts' and schema_name = 'marts' order by 1"


def mart_rows(marts_file: Path) -> dict[str, int]:
    """Mart -> row count."""
    with duckdb.connect(str(marts_file), read_only=True) as connection:
        marts = [name for (name,) in connection.execute(MARTS).fetchall()]
        return {
            mart: connection.execute(f"select count(*) from marts.marts.{quoted(mart)}").fetchone()[0] for mart in marts
        }


def finish_marts(home: Home, run_id: str, dbt_manifest: dict) -> None:
    """Copy ops into the candidate and give every mart a view in `main`, so that `select * from customer_360` works;
    write dbt's descriptions into the database, where duckdb_tables() and duckdb_columns() show them as comments.

    Whoever reads the copy reads a sealed set, so this run stands there as sealed. What is in ops is masked already;
    masked here again, an ops.duckdb of an older version does not keep every night from passing.
    """
    with duckdb.connect(str(home.candidate_marts)) as connection:
        connection.execute(f"attach '{escaped(home.ops)}' as operations (read_only)")
        connection.execute("create schema if not exists marts.ops")
        for table in TABLES:
            columns = _masked(connection, table)
            connection.execute(f"create or replace table marts.ops.{table} as select {columns} from operations.{table}")
        connection.execute(
            "update marts.ops.runs set status = 'sealed' where run_id = ? and status = 'running'", [run_id]
        )
        for (mart,) in connection.execute(MARTS).fetchall():
            connection.execute(
                f"create or replace view marts.main.{quoted(mart)} as select * from marts.marts.{quoted(mart)}"
            )
        for statement in comments(dbt_manifest, [mart for (mart,) in connection.execute(MARTS).fetchall()]):
            connection.execute(statement)
        connection.execute("detach operations")
        connection.execute("checkpoint marts")


def finish_people(home: Home) -> None:
    """Give every table of people.duckdb a view in `main` too, so that `select * from golden_records` works."""
    tables = "select schema_name, table_name from duckdb_tables() where schema_name in ('people', 'sync') order by all"
    with duckdb.connect(str(home.candidate_people)) as connection:
        for schema, table in connection.execute(tables).fetchall():
            there = f"people.{quoted(schema)}.{quoted(table)}"
            connection.execute(f"create or replace view people.main.{quoted(table)} as select * from {there}")
        connection.execute("checkpoint people")


def comments(dbt_manifest: dict, marts: list[str]) -> list[str]:
    """`COMMENT ON` statements for these marts, their views and their columns, from what dbt says of them."""
    models = {n["name"]: n for n in dbt_manifest["nodes"].values() if n["resource_type"] == "model"}
    statements = []
    for mart in marts:
        model = models.get(mart, {})
        told = _literal(model.get("description", ""))
        statements += [
            f"comment on table marts.marts.{quoted(mart)} is {told}",
            f"comment on view marts.main.{quoted(mart)} is {told}",
        ]
        statements += [
            f"comment on column {schema}.{quoted(mart)}.{quoted(name)} is {_literal(column.get('description', ''))}"
            for schema in ("marts.marts", "marts.main")
            for name, column in model.get("columns", {}).items()
        ]
    return statements


def export_parquet(home: Home) -> None:
    """candidate/parquet/<mart>.parquet, the same rows as the mart."""
    folder = home.candidate / "parquet"
    folder.mkdir(exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    with duckdb.connect(str(home.candidate_marts), read_only=True, config=bounded(home.spill)) as connection:
        for (mart,) in connection.execute(MARTS).fetchall():
            target = escaped(folder / f"{mart}.parquet")
            options = "format parquet, compression zstd, compression_level 1"
            connection.execute(f"copy marts.marts.{quoted(mart)} to '{target}' ({options})")


def close_to_others(candidate: Path) -> None:
    """restricted/ and state/ are for the pipeline's user alone: folders 0700, files 0600."""
    for name in ("restricted", "state"):
        folder = candidate / name
        folder.mkdir(exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _literal(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _masked(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    columns = connection.execute(f"describe operations.{table}").fetchall()
    return ", ".join(
        f"{masked_sql(quoted(name))} as {quoted(name)}" if type_ == "VARCHAR" else quoted(name)
        for name, type_, *_ in columns
    )
