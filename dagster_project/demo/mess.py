"""What goes wrong in real exports, planted where truth/mess.parquet says.

A broken row is always an extra row (a copy that never happened), and a broken file is always an extra
file, so that the truth about sales stays exact however much is rejected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from dagster_project.demo.exporttext import Delivery, csv_bytes
from dagster_project.demo.plan import Plan


def with_broken_rows(
    columns: Mapping[str, np.ndarray], key: str, broken: Sequence[tuple[str, str]]
) -> dict[str, np.ndarray]:
    """The columns with one more row per (column, value): the first row again, with a key of its own."""
    grown = {}
    for name, values in columns.items():
        extra = np.array([values[0]] * len(broken), dtype=object)
        for row, (column, value) in enumerate(broken):
            if name == column:
                extra[row] = value
            elif name == key:
                extra[row] = f"{values[0][:-2]}{row:02d}"
        grown[name] = np.concatenate([values.astype(object), extra])
    return grown


def plant_files(plan: Plan, deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
    """The deliveries, and among them the files nobody can or should read."""
    rng = plan.rng("mess")
    square = [shop for shop in plan.shops if shop.till == "square"]
    canonical = [shop for shop in plan.shops if shop.till == "canonical"]
    first_items: Delivery | None = None
    cut_from: Delivery | None = None
    for delivery in deliveries:
        if first_items is None and delivery.path.startswith("shop_1/") and delivery.feed == "order_lines":
            first_items = delivery
        if canonical and delivery.path.endswith(".gz") and delivery.feed == "order_lines":
            cut_from = delivery
        yield delivery

    late = plan.delivered(square[0].timezone, plan.days - 1)
    if first_items is not None:
        again = first_items.path.replace(".csv", " (1).csv")
        yield replace(first_items, path=again, mess=(("same_bytes_twice", f"the bytes of {first_items.path}"),))
    if cut_from is not None:
        cut = cut_from.content[: len(cut_from.content) // 2]
        path = cut_from.path.replace(".csv.gz", "_first_try.csv.gz")
        mess = (("truncated_gzip", f"half of {cut_from.path}, which came whole afterwards"),)
        yield replace(cut_from, path=path, content=cut, rows=0, mess=mess)
    yield Delivery(
        path=f"{square[-1].location_id}/items-export.csv",
        content=b"\x00\xff\xfe\x01" + rng.bytes(2048),
        delivered=late,
        mess=(("binary_garbage", "no text at all, named .csv"),),
    )
    yield Delivery(
        path=f"{square[0].location_id}/items-pending.csv",
        content=b"",
        delivered=late,
        mess=(("empty_file", "zero bytes"),),
    )
    yield Delivery(
        path=f"{square[0].location_id}/timesheet_{plan.last_day:%Y-%m}.csv",
        content=_timesheet(plan),
        delivered=late,
        mess=(("unknown_header", "a staff timesheet: no contract knows it"),),
    )


def _timesheet(plan: Plan) -> bytes:
    days = plan.dates[-14:].astype(str)
    staff = np.tile(["Barista 1", "Barista 2"], len(days))
    return csv_bytes(
        {
            "Employee": staff,
            "Shift Date": np.repeat(days, 2),
            "Clock In": np.tile(["06:00", "11:30"], len(days)),
            "Clock Out": np.tile(["12:00", "18:15"], len(days)),
            "Hours": np.tile(["6.00", "6.75"], len(days)),
        }
    )
