"""Gamma-Gamma against what was published, and by hand."""

from datetime import date

import numpy as np
import pytest

from dagster_project.predict.spend import Spend, fit_spend, shrunk_means, visits_spend_correlation


@pytest.fixture(scope="module")
def repeat_spending(cdnow_days) -> tuple[np.ndarray, np.ndarray]:
    """Number and mean of the repeat purchases in the first 39 weeks, of those who have some."""
    end = date(1997, 9, 30)
    spent = [[days[day] for day in sorted(days) if day <= end][1:] for days in cdnow_days.values()]
    spent = [amounts for amounts in spent if sum(amounts) > 0]
    return np.array([len(a) for a in spent], dtype=float), np.array([np.mean(a) for a in spent])


def test_cdnow_is_estimated_as_published(repeat_spending) -> None:
    """Fader & Hardie (2013): p 6.25, q 3.74, gamma 15.44 from 946 customers; correlation .11."""
    visits, means = repeat_spending
    assert len(visits) == 946
    fit = fit_spend(visits, means)
    assert [fit.p, fit.q, fit.gamma] == pytest.approx([6.25, 3.74, 15.44], abs=0.01)
    assert visits_spend_correlation(visits, means) == pytest.approx(0.11, abs=0.01)


def test_an_expected_visit_by_hand() -> None:
    """p 2, q 3, gamma 10; three visits of 20 on average: 2 · (10 + 60) / (6 + 3 - 1) = 17.5."""
    assert Spend(2, 3, 10).expected(np.array([3.0]), np.array([20.0]))[0] == 17.5


def test_equal_amounts_have_no_fit_and_means_are_shrunk_instead() -> None:
    assert fit_spend(np.full(50, 2.0), np.full(50, 9.0)) is None
    assert fit_spend(np.array([]), np.array([])) is None
    assert list(shrunk_means(np.array([2.0, 2.0]), np.array([4.0, 8.0]))) == [5.0, 7.0]


def test_the_correlation_of_customers_alike_is_undefined() -> None:
    assert visits_spend_correlation(np.full(5, 2.0), np.arange(5.0)) is None
    assert visits_spend_correlation(np.arange(2.0), np.arange(2.0)) is None
