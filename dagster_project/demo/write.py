"""Writes the network: network.yaml, the landing zone and, beside them, the truth.

Everything goes into a folder beside the wanted one and is renamed when it is whole. A folder that
was written by the same generator with the same parameters is left as it is.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from dagster_project.demo.canonical import sales_exports
from dagster_project.demo.clover import clover_exports
from dagster_project.demo.conversations import conversation_exports
from dagster_project.demo.decisions import decision_exports
from dagster_project.demo.directories import directories
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.headquarters import draw_signups, headquarters_exports
from dagster_project.demo.mess import plant_files
from dagster_project.demo.orders import draw_sales
from dagster_project.demo.people import draw_people
from dagster_project.demo.plan import Plan
from dagster_project.demo.records import draw_records
from dagster_project.demo.shopify import shopify_exports
from dagster_project.demo.square import square_exports
from dagster_project.demo.surroundings import surrounding_exports
from dagster_project.demo.toast import toast_exports
from dagster_project.demo.truth import write_truth
from dagster_project.errors import NetworkError

GENERATOR_VERSION = 3
MARKER = ".demo.json"
SALES_EXPORTS = {
    "square": square_exports,
    "canonical": sales_exports,
    "toast": toast_exports,
    "clover": clover_exports,
    "shopify": shopify_exports,
}
SMALLEST = {"locations": 1, "people": 10, "days": 60}

NETWORK_YAML = """\
# The demo network: coffee shops that never were, written from a seed. The truth about it is in truth/.
# Every other key has its default; the README lists them.
network: {name: Demo Coffee, currency: USD, timezone: America/New_York, country: US}
"""


@dataclass(frozen=True)
class DemoSummary:
    """What the demo network holds; `was_there` when nothing had to be written."""

    folder: Path
    locations: int
    people: int
    source_records: int
    files: int
    orders: int
    order_lines: int
    first_day: date
    last_day: date
    was_there: bool

    def __str__(self) -> str:
        return (
            f"{self.folder}: {self.locations} locations, {self.people:,} people in {self.source_records:,} records, "
            f"{self.orders:,} orders, {self.order_lines:,} exported lines in {self.files:,} files, "
            f"{self.first_day} to {self.last_day}" + (" (as written before)" if self.was_there else "")
        )


def write_demo(
    folder: Path,
    seed: int = 20240101,
    locations: int = 5,
    people: int = 1000,
    days: int = 730,
    last_day: date = date(2026, 10, 31),
) -> DemoSummary:
    """Write the demo network into `folder`; the same arguments give the same bytes and file times.

    With other arguments landing/ and truth/ are replaced; network.yaml and home/ stay as they are.
    """
    folder = Path(folder)
    for name, given in (("locations", locations), ("people", people), ("days", days)):
        if given < SMALLEST[name]:
            raise NetworkError(f"demo: `{name}` is {given}; give at least {SMALLEST[name]}")
    plan = Plan(seed=seed, locations=locations, people=people, days=days, last_day=last_day)
    parameters = {"version": GENERATOR_VERSION, **asdict(plan), "last_day": str(last_day)}
    marker = folder / MARKER
    if marker.is_file():
        written = json.loads(marker.read_text())
        if written["parameters"] == parameters:
            return _summary(folder, plan, written["counts"], was_there=True)
    if folder.exists() and not marker.is_file() and any(folder.iterdir()):
        raise NetworkError(f"{folder}: holds something else than a demo network; give an empty or new folder")

    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    counts = _write(plan, beside)
    (beside / MARKER).write_text(json.dumps({"parameters": parameters, "counts": counts}, sort_keys=True))
    _swap(beside, folder)
    return _summary(folder, plan, counts, was_there=False)


def _swap(beside: Path, folder: Path) -> None:
    """The new landing zone and truth take the old ones' place.

    The marker says "unfinished" until all is in place, so that an interrupted swap is done again.
    """
    if not folder.exists():
        os.rename(beside, folder)
        return
    (folder / MARKER).write_text(json.dumps({"parameters": None}))
    if (folder / "network.yaml").exists():
        (beside / "network.yaml").unlink()
    for entry in sorted(beside.iterdir(), key=lambda path: path.name == MARKER):
        target = folder / entry.name
        if target.is_dir():
            shutil.rmtree(target)
        os.replace(entry, target)
    beside.rmdir()


def _write(plan: Plan, folder: Path) -> dict[str, int]:
    people = draw_people(plan)
    sales = draw_sales(plan, people)
    records, record_of_order = draw_records(plan, people, sales)
    signups = draw_signups(plan, people)

    def exports() -> Iterator[Delivery]:
        for shop in plan.shops:
            yield from SALES_EXPORTS[shop.till](plan, shop, sales, records, record_of_order)
            yield from directories(plan, shop, sales, records, record_of_order)
        yield from headquarters_exports(plan, signups)
        yield from conversation_exports(plan, people, sales, records, record_of_order, signups)
        yield from surrounding_exports(plan, sales, records)
        yield from decision_exports(plan, people, records)

    written = []
    # In a very small network a feed may have nothing to tell: no file then.
    for delivery in plant_files(plan, (delivery for delivery in exports() if delivery.rows)):
        path = folder / "landing" / delivery.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(delivery.content)
        stamp = int(delivery.delivered.timestamp())
        os.utime(path, (stamp, stamp))
        written.append((delivery.path, delivery.feed, delivery.rows, delivery.delivered, delivery.mess))
    (folder / "network.yaml").write_text(NETWORK_YAML)
    write_truth(plan, folder / "truth", people, sales, records, record_of_order, signups, written)
    return {
        "source_records": len(records),
        "files": len(written),
        "orders": len(sales.orders),
        "order_lines": sum(rows for _, feed, rows, _, _ in written if feed == "order_lines"),
    }


def _summary(folder: Path, plan: Plan, counts: dict[str, int], was_there: bool) -> DemoSummary:
    return DemoSummary(
        folder=folder,
        locations=plan.locations,
        people=plan.people,
        first_day=plan.first_day,
        last_day=plan.last_day,
        was_there=was_there,
        **counts,
    )
