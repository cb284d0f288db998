"""The made-up mart `mart_columns`: one row per column of every mart, and how many cells look like a contact."""

from typing import Any

MART_COLUMNS = "mart_columns"
# An address as people write it; a bare @ would call a product such as "2 @ 1.50" a person.
EMAIL = r"[^[:space:]@]+@[^[:space:]@]+\.[A-Za-z]{2,}"
PHONE = r"^\+[0-9]{8,15}$"


def mart_columns_sql(tables: dict[str, list[tuple[str, str]]], schema: str) -> str:
    """SQL of one row per column: mart, column_name, cells_like_email, cells_like_phone (0 for what is not text)."""
    rows = []
    for table, columns in tables.items():
        if not table.startswith(f"{schema}."):
            continue
        mart = table.removeprefix(f"{schema}.")
        for column, type_ in columns:
            name = '"' + column.replace('"', '""') + '"'
            head = f"select '{mart}' as mart, '{column}' as column_name"
            if type_ == "VARCHAR":
                email = f"count(*) filter (contains({name}, '@') and regexp_matches({name}, '{EMAIL}'))"
                phone = f"count(*) filter (starts_with({name}, '+') and regexp_matches({name}, '{PHONE}'))"
                rows.append(f"{head}, {email} as cells_like_email, {phone} as cells_like_phone from {table}")
            else:
                rows.append(f"{head}, 0 as cells_like_email, 0 as cells_like_phone")
    return " union all ".join(rows)


def make_mart_columns(engine: Any, tables: dict[str, list[tuple[str, str]]], schema: str) -> bool:
    """Count once, into the connection's own memory. False when there is no mart to look at."""
    query = mart_columns_sql(tables, schema)
    if query:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"create table memory.main.{MART_COLUMNS} as {query}")
    return bool(query)
