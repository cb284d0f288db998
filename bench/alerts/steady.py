"""Customers whose behaviour never changes, in a network where everything else goes wrong.

Visits are drawn here, apart from the pipeline, and nothing is asked of any model. Three locations: one shuts for
three weeks, one stops asking who buys for six weeks, of one a week is missing.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.alerts.nights import Nights

# share of people, days between visits on average
COFFEE = ((0.03, 1.8), (0.07, 3.8), (0.20, 7.1), (0.45, 29.0), (0.25, 60.0))
SERVICE = ((0.25, 21.0), (0.50, 30.0), (0.25, 45.0))
LAST = date(2026, 10, 31)


@dataclass(frozen=True)
class Rhythm:
    """How people of a network come. regularity: shape of the gamma gaps; 1 is pure chance, 4 a habit."""

    name: str
    mix: tuple[tuple[float, float], ...]
    regularity: float


RHYTHMS = (Rhythm("daily coffee", COFFEE, 1.0), Rhythm("monthly service", SERVICE, 4.0))


def draw_visits(rhythm: Rhythm, people: int, days: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Per person the days of their visits, 0 to days - 1; three in five joined on the way."""
    shares = np.array([share for share, _ in rhythm.mix])
    gaps = np.array([gap for _, gap in rhythm.mix])[rng.choice(len(shares), people, p=shares / shares.sum())]
    gaps = gaps * rng.gamma(10, 0.1, people)
    starts = np.where(rng.random(people) < 0.6, rng.integers(0, int(0.75 * days), people), 0)
    visits = []
    for gap, start in zip(gaps, starts, strict=True):
        count = int(2 * (days - start) / gap) + 10
        at = start + rng.random() * gap + np.cumsum(rng.gamma(rhythm.regularity, gap / rhythm.regularity, count))
        visits.append(np.unique(at[at < days].astype(int)))
    return visits


def steady_orders(rhythm: Rhythm, people: int, days: int, judged: int, seed: int = 1) -> pa.Table:
    """Orders up to LAST. In the last `judged` days: `a` is shut for 21 days, of `b` 42 days hardly know who bought,
    and a week of `c` never arrives."""
    rng = np.random.default_rng(seed)
    visits = draw_visits(rhythm, people, days, rng)
    home = rng.integers(0, 3, people)
    spend = rng.gamma(4, 2.5, people)
    person = np.repeat(np.arange(people), [len(v) for v in visits])
    day = np.concatenate(visits)
    place = home[person]
    amount = spend[person] * rng.gamma(6, 1 / 6, len(person))
    passing = 25 * 3 * days
    person = np.concatenate([person, np.full(passing, -1)])
    day = np.concatenate([day, np.tile(np.repeat(np.arange(days), 25), 3)])
    place = np.concatenate([place, np.repeat(np.arange(3), 25 * days)])
    amount = np.concatenate([amount, 10 * rng.gamma(6, 1 / 6, passing)])
    begin = days - judged
    is_shut = (place == 0) & (day >= begin + judged // 6) & (day < begin + judged // 6 + 21)
    is_missing = (place == 2) & (day >= begin + judged // 3) & (day < begin + judged // 3 + 7)
    is_blind = (place == 1) & (day >= begin + judged // 4) & (day < begin + judged // 4 + 42)
    person = np.where(is_blind & (rng.random(len(person)) < 0.8), -1, person)
    there = ~(is_shut | is_missing)
    dates = np.array([LAST - timedelta(days=days - 1 - n) for n in range(days)])
    return pa.table(
        {
            "order_id": [f"o{n}" for n in np.flatnonzero(there)],
            "location_id": np.array(["a", "b", "c"], dtype=object)[place[there]],
            "customer_id": [None if p < 0 else f"p{p:05d}" for p in person[there]],
            "business_date": dates[day[there]],
            "net_amount": pa.array(amount[there].round(2)).cast(pa.decimal128(18, 2)),
        }
    )


def judge(rhythm: Rhythm, folder: Path, people: int, judged: int) -> tuple[float, float]:
    """As alerted_a_month, over a history drawn for it."""
    folder.mkdir(parents=True, exist_ok=True)
    return alerted_a_month(Nights(folder, steady_orders(rhythm, people, 720, judged)), judged)


def alerted_a_month(nights: Nights, judged: int) -> tuple[float, float]:
    """Run the last `judged` nights: the share of customers with an alert on the first of them, which tells of all the
    time before, and the share who are newly alerted in a month of 30 days after it, of any type."""
    begin = LAST - timedelta(days=judged - 1)
    for n in range(judged):
        nights.night(begin + timedelta(days=n))
    seen = nights.query("select count(distinct customer_id) from orders where business_date <= ?", [begin])[0][0]
    opened = {(customer, (opened_on - begin).days) for customer, _, opened_on, *_ in nights.alerts()}
    first = len({customer for customer, day in opened if day == 0}) / seen
    months = {(customer, (day - 1) // 30) for customer, day in opened if day > 0}
    return first, len(months) / seen / (judged / 30)
