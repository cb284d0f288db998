"""CDNOW's one-in-ten sample, which the models were published with."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from dagster_project.predict.choice import Customers

REAL_DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
FIRST_39_WEEKS_END = date(1997, 9, 30)


@pytest.fixture(scope="session")
def cdnow_days() -> dict[str, dict[date, float]]:
    """Customer -> day -> amount."""
    file = REAL_DATA / "cdnow" / "CDNOW_sample.txt"
    if not file.is_file():
        pytest.skip(f"no {file}; set REGULARS_DATA to the folder that holds cdnow/")
    customers: dict[str, dict[date, float]] = {}
    for line in file.read_text().splitlines():
        _, customer, day, _, amount = line.split()
        days = customers.setdefault(customer, {})
        bought = date.fromisoformat(day)
        days[bought] = days.get(bought, 0) + float(amount)
    return customers


@pytest.fixture(scope="session")
def cdnow(cdnow_days) -> Customers:
    """Weeks 1 to 39 as what is known, weeks 40 to 78 as the holdout; times in days."""
    rows = []
    for days in cdnow_days.values():
        known = sorted(day for day in days if day <= FIRST_39_WEEKS_END)
        rows.append(
            (len(known) - 1, (known[-1] - known[0]).days, (FIRST_39_WEEKS_END - known[0]).days, len(days) - len(known))
        )
    x, t_x, t_age, later = np.array(rows).T
    days = np.full(len(x), 39 * 7)
    return Customers(np.full(len(x), "all"), x, t_x, t_age, x, t_x, t_age, days, later, np.ones(len(x)))


@pytest.fixture
def make_customers() -> Callable[..., Customers]:
    """Customers of which only the histories matter: x, t_x, t_age, and optionally location, amount, holdout."""

    def make(x, t_x, t_age, location="l1", mean_amount=10.0, held=None, holdout_days=0, holdout_visits=0) -> Customers:
        x, t_x, t_age = (np.asarray(values, dtype=float) for values in (x, t_x, t_age))
        full = np.ones(len(x))
        held_x, held_t_x, held_t_age = held or (x, t_x, t_age)
        return Customers(
            np.full(len(x), location, dtype=object), x, t_x, t_age, held_x, held_t_x, held_t_age,
            full * holdout_days, full * holdout_visits, full * mean_amount,
        )  # fmt: skip

    return make
