"""Who really stopped, and who was told so: each alert type against two rules anybody could write.

Every rule is judged on the same customers, those with three visits or more, over the same nights. A flag is right when
its customer had stopped or declined by then; who comes back and is flagged again counts twice. Recall is over those who
stopped (spending alerts: declined; all together: either) at least 89 days before the last night. Lead is how many days
earlier than "no visit in 90 days" the same customer was flagged.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.alerts.nights import Nights
from bench.alerts.steady import LAST, RHYTHMS, draw_visits
from dagster_project.demo import write_demo

LAPSES = ("lapsing", "lapsed", "lost_valued")
SPENDING = ("declining", "critical")
JUDGED_DAYS, SILENT_DAYS, SEEN_DAYS = 240, 90, 89
Flags = list[tuple[str, date]]
Truth = dict[str, date]


@dataclass(frozen=True)
class Network:
    """A history with its truth: stopped and declined tell customer -> day."""

    name: str
    orders: pa.Table
    stopped: Truth
    declined: Truth


def coffee(folder: Path, people: int) -> Network:
    """The demo network: its own truth about who bought, stopped and declined."""
    write_demo(folder / "demo", people=people)
    truth = folder / "demo" / "truth"
    orders = pq.read_table(truth / "orders.parquet").to_pandas()
    persons = pq.read_table(truth / "people.parquet").to_pandas().set_index("person_id")
    given = pa.table(
        {
            "order_id": [f"o{n}" for n in range(len(orders))],
            "location_id": orders["location_id"],
            "customer_id": orders["person_id"].where(orders["is_captured"], None),
            "business_date": orders["business_date"],
            "net_amount": pa.array((orders["sold_cents"] + orders["refunded_cents"]) / 100).cast(pa.decimal128(18, 2)),
        }
    )
    told = {name: persons[name].dropna().to_dict() for name in ("stopped_on", "declined_on")}
    return Network("daily coffee (demo)", given, told["stopped_on"], told["declined_on"])


def service(people: int, days: int = 720, seed: int = 7) -> Network:
    """A monthly service: a third of its customers stop some day; some of the rest come 0.4 times as often."""
    rng = np.random.default_rng(seed)
    visits = draw_visits(RHYTHMS[1], people, days, rng)
    stops = np.where(rng.random(people) < 0.35, rng.integers(200, days, people), days)
    fades = np.where(
        (stops == days) & (rng.random(people) < 0.15),
        rng.integers(days - JUDGED_DAYS, days - SILENT_DAYS, people),
        days,
    )
    visits = [
        v[(v < stop) & ((v < fade) | (rng.random(len(v)) < 0.4))]
        for v, stop, fade in zip(visits, stops, fades, strict=True)
    ]
    person = np.repeat(np.arange(people), [len(v) for v in visits])
    day = np.concatenate([*visits, np.repeat(np.arange(days), 6)])
    person = np.concatenate([person, np.full(6 * days, -1)])
    dates = np.array([LAST - timedelta(days=days - 1 - n) for n in range(days)])
    given = pa.table(
        {
            "order_id": [f"o{n}" for n in range(len(day))],
            "location_id": np.where(person % 2 == 0, "a", "b"),
            "customer_id": [None if p < 0 else f"p{p:05d}" for p in person],
            "business_date": dates[day],
            "net_amount": pa.array(np.full(len(day), 60.0)).cast(pa.decimal128(18, 2)),
        }
    )
    stopped, declined = (
        {f"p{person:05d}": dates[day] for person, day in enumerate(changes) if day < days} for changes in (stops, fades)
    )
    return Network("monthly service", given, stopped, declined)


def rows(folder: Path, people: int = 900, step: int = 2) -> Iterator[dict]:
    """One row per network and rule: flagged, precision, recall, f1, median lead in days against silence of 90 days.

    A night is run every `step` days.
    """
    for number, network in enumerate((coffee(folder, people), service(people))):
        place = folder / f"nights_{number}"
        place.mkdir(parents=True, exist_ok=True)
        yield from judge(network, place, step)


def judge(network: Network, folder: Path, step: int) -> Iterator[dict]:
    begin = LAST - timedelta(days=JUDGED_DAYS)
    nights = Nights(folder, network.orders)
    for days in range(0, JUDGED_DAYS + 1, step):
        nights.night(begin + timedelta(days=days))
    visits = _visits(network.orders)
    silent = _silent(visits, begin, lambda days: SILENT_DAYS)
    by_habit = _silent(visits, begin, lambda days: max(1, 2 * median(np.diff(days).tolist())))
    stopped, declined = network.stopped, network.declined
    changed = stopped | declined
    slipping = _alerted(nights, LAPSES + SPENDING, begin)
    # rule -> its flags and whom it should have found
    rules: dict[str, tuple[Flags, Truth]] = {
        "no visit in 90 days": (silent, stopped),
        "2 x own median gap": (by_habit, stopped),
        "lapse alerts": (_alerted(nights, LAPSES, begin), stopped),
        "no visit in 90 days, stopped or declined": (silent, changed),
        "2 x own median gap, stopped or declined": (by_habit, changed),
        "all slipping alerts, stopped or declined": (slipping, changed),
    }
    rules |= {kind: (_alerted(nights, (kind,), begin), stopped) for kind in LAPSES}
    rules |= {kind: (_alerted(nights, (kind,), begin), declined) for kind in SPENDING}
    for rule, (flags, sought) in rules.items():
        yield {"network": network.name, "rule": rule} | _measures(flags, changed, sought, silent, visits, begin)


def _measures(flags: Flags, truth: Truth, sought: Truth, silent: Flags, visits, begin: date) -> dict:
    right = sum(customer in truth and truth[customer] <= day for customer, day in flags)
    until = LAST - timedelta(days=SEEN_DAYS)
    seen = {
        customer: day
        for customer, day in sought.items()
        if begin < day <= until and sum(visit < day for visit in visits.get(customer, [])) >= 3
    }
    found, found_silent = _found(flags, seen), _found(silent, seen)
    leads = [(found_silent[c] - found[c]).days for c in found if c in found_silent]
    precision = right / len(flags) if flags else None
    recall = len(found) / len(seen) if seen else None
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else None
    lead = median(leads) if leads else None
    return {"flagged": len(flags), "precision": precision, "recall": recall, "f1": f1, "lead_days": lead}


def _found(flags: Flags, sought: Truth) -> Truth:
    """The first flag of each customer sought, since their day."""
    first: Truth = {}
    for customer, day in sorted(flags, key=lambda flag: flag[1]):
        if customer in sought and day >= sought[customer]:
            first.setdefault(customer, day)
    return first


def _visits(orders: pa.Table) -> dict[str, list[date]]:
    known = orders.filter(pa.compute.is_valid(orders["customer_id"]))
    days: dict[str, set[date]] = {}
    for customer, day in zip(known["customer_id"].to_pylist(), known["business_date"].to_pylist(), strict=True):
        days.setdefault(customer, set()).add(day)
    return {customer: sorted(seen) for customer, seen in days.items()}


def _silent(visits: dict[str, list[date]], begin: date, limit: Callable[[list[int]], float]) -> Flags:
    """The days after `begin` on which a customer's silence went beyond the limit of their visits until then."""
    flags: Flags = []
    for customer, days in visits.items():
        ordinals = [day.toordinal() for day in days]
        for last in range(2, len(days)):
            flagged = days[last] + timedelta(days=int(limit(ordinals[: last + 1])) + 1)
            is_back = last + 1 < len(days) and days[last + 1] < flagged
            if not is_back and begin < flagged <= LAST:
                flags.append((customer, flagged))
    return flags


def _alerted(nights: Nights, kinds: tuple[str, ...], begin: date) -> Flags:
    """Alerts of these kinds opened after the first night; one that took over from another of them is no new flag."""
    alerts = [alert for alert in nights.alerts() if alert[1] in kinds]
    taken_over = {(customer, closed_on) for customer, _, _, outcome, closed_on in alerts if outcome == "superseded"}
    return [
        (customer, opened_on)
        for customer, _, opened_on, *_ in alerts
        if opened_on > begin and (customer, opened_on) not in taken_over
    ]
