"""BG/NBD and MBG/NBD against what was published, the textbook's formula, and simulation."""

import numpy as np
import pytest
from scipy.special import hyp2f1

from dagster_project.predict.choice import histories_of, holdout_of
from dagster_project.predict.forecast import tenths
from dagster_project.predict.repeat_purchase import (
    BG_NBD,
    MBG_NBD,
    MODELS,
    Histories,
    RepeatPurchase,
    distinct_rows,
    fit_repeat_purchase,
)

PUBLISHED = RepeatPurchase(BG_NBD, r=0.243, alpha=4.414, a=0.793, b=2.426)


def in_weeks(histories: Histories) -> Histories:
    return Histories(histories.x, histories.t_x / 7, histories.t_age / 7, histories.customers)


def one(x: float, t_x: float, t_age: float) -> Histories:
    return Histories(np.array([x]), np.array([t_x]), np.array([t_age]), np.array([1]))


def test_cdnow_is_estimated_as_published(cdnow) -> None:
    """Fader, Hardie & Lee (2005): r .243, alpha 4.414, a .793, b 2.426, log-likelihood -9582.4."""
    histories = in_weeks(histories_of(cdnow)[0])
    assert histories.customers.sum() == 2357
    fit = fit_repeat_purchase(histories, BG_NBD)
    assert [fit.r, fit.alpha, fit.a, fit.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=1e-3)
    assert fit.log_likelihood(histories) == pytest.approx(-9582.4, abs=0.1)
    assert fit.log_likelihood(histories) > PUBLISHED.log_likelihood(histories)


def test_the_unit_of_time_changes_alpha_alone(cdnow) -> None:
    days = histories_of(cdnow)[0]
    for model in MODELS:
        by_day, by_week = fit_repeat_purchase(days, model), fit_repeat_purchase(in_weeks(days), model)
        assert [by_day.r, by_day.a, by_day.b] == pytest.approx([by_week.r, by_week.a, by_week.b], rel=1e-4)
        assert by_day.alpha == pytest.approx(7 * by_week.alpha, rel=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_cdnow_weeks_40_to_78_are_ranked_as_they_came(cdnow, model) -> None:
    """Measured elsewhere: .48, .96, 1.30 and 3.75 visits in the four highest tenths by expected visits."""
    holdout = holdout_of(cdnow)
    fit = fit_repeat_purchase(holdout.histories, model)
    expected = fit.expected_visits(holdout.histories, holdout.days)
    weights = holdout.histories.customers
    deciles = tenths(expected, weights)
    actual = [np.average(holdout.visits[deciles == d], weights=weights[deciles == d]) for d in (7, 8, 9, 10)]
    assert actual == sorted(actual)
    assert actual == pytest.approx([0.48, 0.96, 1.30, 3.75], abs=0.1)
    assert expected @ weights == pytest.approx(holdout.visits @ weights, rel=0.2)


def test_a_start_elsewhere_ends_in_the_same_place(cdnow) -> None:
    histories = histories_of(cdnow)[0]
    for model in MODELS:
        here = fit_repeat_purchase(histories, model)
        there = fit_repeat_purchase(histories, model, RepeatPurchase(model, 3, 200, 2, 1))
        assert there.log_likelihood(histories) == pytest.approx(here.log_likelihood(histories), abs=1e-4)
        assert [there.r, there.alpha, there.a, there.b] == pytest.approx([here.r, here.alpha, here.a, here.b], rel=1e-3)


@pytest.mark.parametrize("model", MODELS)
def test_expected_visits_equal_the_hypergeometric_form(model) -> None:
    """Equation 10 of Fader, Hardie & Lee (2005), and Batislam's likewise, with b + 1."""
    x, t_x, t_age = (
        np.array([0.0, 1, 2, 8, 60]),
        np.array([0.0, 3, 30.43, 38, 38.5]),
        np.array([38.86, 5, 38.86, 39, 39]),
    )
    histories = Histories(x, t_x, t_age, np.ones(5))
    fit = RepeatPurchase(model, 0.243, 4.414, 0.793, 2.426)
    b, r, alpha = fit.b + x + fit.early, fit.r + x, fit.alpha + t_age
    shrunk = (alpha / (alpha + 39)) ** r * hyp2f1(r, b, fit.a + b - 1, 39 / (alpha + 39))
    published = fit.p_alive(histories) * (fit.a + b - 1) / (fit.a - 1) * (1 - shrunk)
    assert fit.expected_visits(histories, 39) == pytest.approx(published, rel=1e-9)


def test_the_papers_own_example() -> None:
    """Fader, Hardie & Lee's spreadsheet (2005): x = 2, t_x = 30.43, T = 38.86 weeks gives 1.226 visits in 39 weeks."""
    assert PUBLISHED.expected_visits(one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=1e-3)


def test_one_time_buyers_are_alive_to_bg_nbd_and_decay_with_mbg_nbd() -> None:
    """By hand, MBG/NBD with r = a = b = 1, alpha = 10, T = 10: odds of having gone a / b · (20 / 10)^1 = 2."""
    assert PUBLISHED.p_alive(one(0, 0, 500))[0] == 1
    modified = RepeatPurchase(MBG_NBD, r=1, alpha=10, a=1, b=1)
    assert modified.p_alive(one(0, 0, 10))[0] == pytest.approx(1 / 3)
    assert modified.p_alive(one(0, 0, 500))[0] < 0.02


def test_no_purchase_by_hand() -> None:
    """MBG/NBD as above: alive 1/3; alive and silent for 20 more days 1/3 · 20 / 40, so 2/3 + 1/6."""
    modified = RepeatPurchase(MBG_NBD, r=1, alpha=10, a=1, b=1)
    assert modified.p_no_purchase(one(0, 0, 10), 20)[0] == pytest.approx(5 / 6)


@pytest.mark.parametrize("model", MODELS)
def test_chances_of_visits_add_up_to_one_and_to_their_expectation(model) -> None:
    fit = RepeatPurchase(model, 0.8, 20, 0.7, 3)
    histories = Histories(np.array([0.0, 1, 7]), np.array([0.0, 30, 200]), np.array([50.0, 90, 210]), np.ones(3))
    time, counts = np.full(3, 120.0), np.arange(400)
    chances = np.array([np.exp(fit.log_p_visits(histories, time, np.full(3, n))) for n in counts])
    assert chances.sum(axis=0) == pytest.approx(1)
    assert counts @ chances == pytest.approx(fit.expected_visits(histories, 120))
    assert chances[0] == pytest.approx(fit.p_no_purchase(histories, 120))


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_found_again_in_simulated_customers(model) -> None:
    rng = np.random.default_rng(7)
    true = RepeatPurchase(model, 1.2, 40, 0.8, 3.0)
    rows = []
    for rate, stop in zip(rng.gamma(true.r, 1 / true.alpha, 8000), rng.beta(true.a, true.b, 8000), strict=True):
        age, at, visits, last = rng.integers(100, 700), 0.0, 0, 0.0
        alive = not (true.early and rng.random() < stop)
        while alive and (at := at + rng.exponential(1 / rate)) < age:
            visits, last, alive = visits + 1, at, rng.random() >= stop
        rows.append((visits, round(last), age))
    columns, times, _ = distinct_rows(*np.array(rows).T)
    fit = fit_repeat_purchase(Histories(*columns, times), model)
    assert [fit.r, fit.alpha, fit.a, fit.b] == pytest.approx([true.r, true.alpha, true.a, true.b], rel=0.2)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "alike", [([0] * 40, [0] * 40, [100] * 40), ([4] * 40, [100] * 40, [100] * 40)], ids=["nobody again", "all equal"]
)
def test_a_fit_that_runs_away_is_none(model, alike) -> None:
    columns, times, _ = distinct_rows(*(np.array(values) for values in alike))
    assert fit_repeat_purchase(Histories(*columns, times), model) is None


def test_distinct_rows_are_sorted_counted_and_found_again() -> None:
    columns, times, place = distinct_rows(np.array([3, 0, 3, 1]), np.array([5, 0, 5, 2]))
    assert [list(column) for column in columns] == [[0, 1, 3], [0, 2, 5]]
    assert list(times) == [1, 1, 2]
    assert list(place) == [2, 0, 2, 1]
