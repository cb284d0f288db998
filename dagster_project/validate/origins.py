"""Where an order came from: the landing file that a person opens to look for it."""

from collections.abc import Iterable

import duckdb

from dagster_project.home import Home
from dagster_project.memory import bounded
from dagster_project.ops import masked

Order = tuple[str, str]
_FEEDS = ("order_lines", "orders")


def files_of_orders(home: Home, orders: Iterable[Order]) -> dict[Order, str]:
    """(location_id, order_id) -> the path of a landing file that holds it; without those that no file holds."""
    wanted = sorted(orders)
    files: dict[Order, str] = {}
    with duckdb.connect(config=bounded(home.spill)) as connection:
        for feed in _FEEDS if wanted and home.ledger.is_file() else ():
            paths = [str(path) for path in sorted(home.landed(feed).glob("*.parquet"))]
            if not paths:
                continue
            found = connection.execute(
                """select l.location_id, l.order_id, min(f.path)
                   from read_parquet($paths) as l join read_parquet($ledger) as f using (file_key)
                   where (l.location_id, l.order_id) in (select unnest($places), unnest($numbers))
                   group by all""",
                {
                    "paths": paths,
                    "ledger": str(home.ledger),
                    "places": [place for place, _ in wanted],
                    "numbers": [number for _, number in wanted],
                },
            ).fetchall()
            files = {(place, number): path for place, number, path in found} | files
    return files


def told_orders(orders: Iterable[Order], files: dict[Order, str]) -> str:
    """The end of a check's detail that names them; empty without any."""
    told = [
        f"order {number} of {place}{f' ({files[place, number]})' if (place, number) in files else ''}"
        for place, number in orders
    ]
    return masked(f": such as {', '.join(told)}") if told else ""
