"""Which model speaks for whom, and why not."""

from dataclasses import replace

import numpy as np
import pytest

from dagster_project.predict.choice import Customers, fit_location, fit_network
from dagster_project.predict.forecast import calibration, forecast, tenths
from dagster_project.predict.repeat_purchase import BG_NBD, MBG_NBD, MODELS, RepeatPurchase


@pytest.fixture(scope="module")
def coffee() -> Customers:
    """2,000 customers over two years, half of each location; the last 180 days are the holdout. Seeded."""
    rng = np.random.default_rng(11)
    rows = []
    for rate, stop in zip(rng.gamma(1.0, 1 / 30, 2000), rng.beta(1.0, 4.0, 2000), strict=True):
        first, at, visits = int(rng.integers(0, 700)), 0.0, [0]
        while (at := at + rng.exponential(1 / rate)) < 730 - first:
            visits.append(int(at))
            if rng.random() < stop:
                break
        days = np.array(visits) + first
        before = days[days <= 550]
        rows.append(
            (
                len(days) - 1, days[-1] - first, 730 - first,
                len(before) - 1, before[-1] - first if len(before) else 0, max(550 - first, 0),
                180, int((days > 550).sum()),
            )
        )  # fmt: skip
    columns = np.array(rows).T.astype(float)
    location = np.where(np.arange(2000) % 2 == 0, "east", "west").astype(object)
    return Customers(location, *columns, mean_amount=rng.gamma(6, 2, 2000))


@pytest.fixture(scope="module")
def network(coffee):
    return fit_network(coffee)


def test_the_likelier_on_the_holdout_is_chosen(network) -> None:
    assert network.chosen == max(network.scores, key=network.scores.get)
    assert network.chosen_by == "holdout"
    assert network.reason is None
    swapped = replace(network, chosen=min(network.scores, key=network.scores.get))
    assert network.scores[network.chosen] >= network.scores[swapped.chosen]


def test_too_few_customers_have_no_model(coffee) -> None:
    few = coffee.at(np.arange(2000) < 99)
    assert fit_network(few).reason == "few_customers_in_network"
    nobody = coffee.at(np.zeros(2000, dtype=bool))
    assert fit_network(nobody).chosen is None


def test_customers_all_alike_are_degenerate(make_customers) -> None:
    alike = make_customers([4] * 200, [100] * 200, [120] * 200)
    assert fit_network(alike).reason == "degenerate_network_fit"


def test_without_a_holdout_the_fit_decides(coffee) -> None:
    short = replace(coffee, holdout_days=np.zeros(2000))
    scope = fit_network(short)
    assert (scope.chosen_by, scope.scores) == ("fit", {})
    assert scope.chosen == max(scope.likelihoods, key=scope.likelihoods.get)
    assert fit_location("east", short.at(short.location == "east"), scope).reason == "no_holdout"


def test_a_location_speaks_for_itself_only_where_it_predicts_better(coffee, network) -> None:
    few = coffee.at(np.arange(2000) < 200)
    assert fit_location("east", few, network).reason == "few_customers"
    east = fit_location("east", coffee.at(coffee.location == "east"), network)
    assert (east.chosen is None) == (east.reason == "network_predicts_better")
    # Beside a network that takes everybody for gone after a visit, it is its own best judge.
    hasty = replace(network, held={network.chosen: RepeatPurchase(network.chosen, r=1, alpha=1000, a=5, b=1)})
    own = fit_location("west", coffee.at(coffee.location == "west"), hasty)
    assert own.chosen in MODELS
    assert own.reason is None


def test_no_network_model_is_no_location_model(coffee) -> None:
    few = coffee.at(np.arange(2000) < 50)
    assert fit_location("east", few, fit_network(few)).reason == "few_customers_in_network"


def test_the_holdout_is_predicted_in_total_and_in_order(coffee, network) -> None:
    rows = [row for row in calibration(coffee, network) if row["is_chosen"]]
    assert [row["decile"] for row in rows] == sorted(row["decile"] for row in rows)
    expected = sum(row["predicted"] * row["customers"] for row in rows)
    actual = sum(row["actual"] * row["customers"] for row in rows)
    assert expected == pytest.approx(actual, rel=0.1)
    assert rows[-1]["actual"] > rows[-2]["actual"] > rows[0]["actual"]


def test_a_year_ahead_is_discounted_and_refunds_come_off(coffee, network) -> None:
    told = forecast(coffee, network, net_per_visit_share=1.0, discount_rate=0.10)
    less = forecast(coffee, network, net_per_visit_share=0.9, discount_rate=0.0)
    assert less["predicted_net_365d_amount"] == pytest.approx(0.9 * told["predicted_net_365d_amount"])
    assert less["discounted_net_365d_amount"] == pytest.approx(less["predicted_net_365d_amount"])
    ratio = told["discounted_net_365d_amount"] / told["predicted_net_365d_amount"]
    assert ((ratio > 1.1**-1) & (ratio < 1)).all()
    assert (told["p_no_purchase_30d"] >= told["p_no_purchase_90d"]).all()
    assert (told["p_no_purchase_90d"] >= 1 - told["p_alive"] - 1e-12).all()


def test_the_order_of_customers_changes_nothing(coffee, network) -> None:
    shuffled = np.random.default_rng(3).permutation(2000)
    again = fit_network(coffee.at(shuffled))
    assert again.fits == network.fits
    assert again.scores == network.scores
    assert again.spend == network.spend
    assert again.correlation == network.correlation
    told, moved = (forecast(people, network, 1.0, 0.1) for people in (coffee, coffee.at(shuffled)))
    assert all((told[name][shuffled] == moved[name]).all() for name in told)
    assert set(again.fits) == {BG_NBD, MBG_NBD}


def test_tenths_by_hand() -> None:
    """Ten values stand in a tenth each; four that are equal share the middle of theirs."""
    assert list(tenths(np.arange(10.0), np.ones(10))) == list(range(1, 11))
    assert list(tenths(np.array([1.0, 2.0]), np.array([4, 6]))) == [3, 8]
