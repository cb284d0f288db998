"""Which orders a failed expectation is about, so that somebody can look for them: an order's place and number tell
nothing of a person. Asked only of what failed."""

from typing import Any

NAMED = 3
_ORDER = {"location_id", "order_id"}


def orders_named(engine: Any, table: str, columns: list[str], outcome: Any) -> tuple[tuple[str, str], ...]:
    """(location_id, order_id) of the first orders whose rows fail; none where the table holds no orders.

    table: `<database>.<schema>.<table>` with these columns; outcome: one of GX's results.
    """
    if outcome.success or not columns or not set(columns) >= _ORDER:
        return ()
    with engine.connect() as connection:
        failing = _failing(connection, table, columns, outcome.expectation_config)
        if failing is None:
            return ()
        query = f"select distinct location_id, order_id from {table} where {failing} order by all limit {NAMED}"
        return tuple((str(place), str(order)) for place, order in connection.exec_driver_sql(query).fetchall())


def _failing(connection: Any, table: str, columns: list[str], expectation: Any) -> str | None:
    """The condition on a row that an expectation does not allow; None of one that is about no single row."""
    kwargs = expectation.kwargs
    column = f'"{kwargs["column"]}"' if kwargs.get("column") in columns else None
    if expectation.type == "expect_column_values_to_not_be_null" and column:
        return f"{column} is null"
    if expectation.type == "expect_column_values_to_be_between" and column:
        least, most = kwargs.get("min_value"), kwargs.get("max_value")
        bounds = [f"{column} < {least}"] * (least is not None) + [f"{column} > {most}"] * (most is not None)
        return " or ".join(bounds) or None
    if expectation.type == "unexpected_rows_expectation":
        query = kwargs["unexpected_rows_query"].replace("{batch}", f"(select * from {table})")
        found = connection.exec_driver_sql(f"select * from ({query}) limit 0").keys()
        key = next((name for name in found if name in columns), None)
        return f'"{key}" in (select "{key}" from ({query}))' if key else None
    return None
