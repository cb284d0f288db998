"""SQLAlchemy over a candidate's two files, and GX's execution engine mended for DuckDB."""

from pathlib import Path
from typing import Any

from dagster_project.memory import bounded


def attached_engine(marts_file: Path, people_file: Path) -> Any:
    """An engine of one connection with both files attached read-only, named as dbt names them."""
    import sqlalchemy

    spill = marts_file.parent.with_suffix(".spill")
    engine = sqlalchemy.create_engine(
        "duckdb:///:memory:", poolclass=sqlalchemy.pool.StaticPool, connect_args={"config": bounded(spill)}
    )

    @sqlalchemy.event.listens_for(engine, "connect")
    def _attach(connection: Any, _record: Any) -> None:
        for file, name in ((marts_file, "candidate"), (people_file, "people_candidate")):
            literal = str(file).replace("'", "''")
            connection.execute(f"attach '{literal}' as {name} (read_only)")

    return engine


def tables_of(engine: Any) -> dict[str, list[tuple[str, str]]]:
    """`<database>.<schema>.<table>` -> its (column, type) pairs in order."""
    import sqlalchemy

    with engine.connect() as connection:
        rows = connection.execute(
            sqlalchemy.text(
                "select database_name || '.' || schema_name || '.' || table_name, column_name, data_type "
                "from duckdb_columns() where not internal order by 1, column_index"
            )
        ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, type_ in rows:
        tables.setdefault(table, []).append((column, type_))
    return tables


def frozen_execution_engine(engine: Any) -> type:
    """GX's SQL engine on `engine`; its results are read before the connection goes back.

    GX fetches after the connection closed, which duckdb-engine answers with IndexError.
    """
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.metrics.query_metrics.query_table.unexpected_rows_query_table import (
        UnexpectedRowsQueryTable,
    )

    # GX runs each query twice, to count rows and to fetch them; what is fetched may not be told anyway.
    UnexpectedRowsQueryTable._get_sqlalchemy_records_from_substituted_batch_subquery = lambda *_, **__: []

    class FrozenExecutionEngine(SqlAlchemyExecutionEngine):
        def __init__(self, **_ignored: Any) -> None:
            super().__init__(engine=engine, create_temp_table=False)

        def execute_query(self, query: Any) -> Any:
            with self.get_connection() as connection:
                return connection.execute(query).freeze()()

    return FrozenExecutionEngine
