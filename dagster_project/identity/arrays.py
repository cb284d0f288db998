"""Between SQL and numpy: whole columns, one call each way."""

import duckdb
import numpy as np
import pyarrow as pa


def columns(con: duckdb.DuckDBPyConnection, query: str) -> tuple[np.ndarray, ...]:
    """What a query selects, an array a column; none of it may be null."""
    return tuple(column.to_numpy() for column in con.execute(query).to_arrow_table().columns)


def write_table(con: duckdb.DuckDBPyConnection, table: str, **values: np.ndarray) -> None:
    """`table`, such as "temp table found", anew from arrays of one length, by column."""
    con.register("written", pa.table(values))
    con.execute(f"create or replace {table} as from written")
    con.unregister("written")
