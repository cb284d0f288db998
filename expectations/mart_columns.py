"""The made-up mart `mart_columns`: one row per column of every mart, and how many cells look like a contact."""

from typing import Any

from dagster_project.ops import EMAIL, EMAIL_OR_PHONE_SIGNS, PHONE

MART_COLUMNS = "mart_columns"


def mart_columns_sql(tables: dict[str, list[tuple[str, str]]], *schemas: str) -> str:
    """SQL of one row per column: mart, column_name, cells_like_email, cells_like_phone (0 for what is not text)."""
    rows = []
    for table, columns in tables.items():
        schema, _, mart = table.rpartition(".")
        if schema not in schemas:
            continue
        for column, type_ in columns:
            name = '"' + column.replace('"', '""') + '"'
            head = f"select '{mart}' as mart, '{column}' as column_name"
            if type_ == "VARCHAR":
                email, phone = (f"count(*) filter (regexp_matches({name}, '{pattern}'))" for pattern in (EMAIL, PHONE))
                # Most cells are keys: to look for a sign costs a fifth of the patterns, which cannot match without.
                signs = " or ".join(f"contains({name}, '{sign}')" for sign in EMAIL_OR_PHONE_SIGNS)
                rows.append(
                    f"{head}, {email} as cells_like_email, {phone} as cells_like_phone from {table} where {signs}"
                )
            else:
                rows.append(f"{head}, 0 as cells_like_email, 0 as cells_like_phone")
    return " union all ".join(rows)


def make_mart_columns(engine: Any, tables: dict[str, list[tuple[str, str]]], *schemas: str) -> bool:
    """Count once, into the connection's own memory. False when there is no mart to look at."""
    query = mart_columns_sql(tables, *schemas)
    if query:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"create table memory.main.{MART_COLUMNS} as {query}")
    return bool(query)
