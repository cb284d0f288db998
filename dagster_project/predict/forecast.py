"""What a fitted scope says of its customers, and how what it said before the holdout compares with what came."""

import numpy as np

from dagster_project.predict.choice import Customers, Scope, histories_of, holdout_of
from dagster_project.predict.spend import shrunk_means

HORIZON_DAYS = 365
NO_PURCHASE_DAYS = (30, 60, 90)
# Discounting by the middle of a quarter is within 3 in 100,000 of discounting by the day at 10% a year.
STEPS = 4


def forecast(
    people: Customers, scope: Scope, net_per_visit_share: float, discount_rate: float
) -> dict[str, np.ndarray]:
    """Column -> one value per customer, of the next 365 days; amounts are net (sales), `discounted` present value.

    `net_per_visit_share`: what is left of visits' net after refunds that name no order; discount_rate: a year.
    """
    model = scope.fits[scope.chosen]
    histories, place = histories_of(people)
    ends = [HORIZON_DAYS * (step + 1) / STEPS for step in range(STEPS)]
    visits_by = [model.expected_visits(histories, end) for end in ends]
    steps = np.diff(np.array([np.zeros(len(histories.x)), *visits_by]), axis=0)
    middles = (np.array(ends) - HORIZON_DAYS / STEPS / 2) / HORIZON_DAYS
    present_visits = (1 + discount_rate) ** -middles @ steps
    amount = amounts(people, scope) * net_per_visit_share
    rest = {f"p_no_purchase_{days}d": model.p_no_purchase(histories, days)[place] for days in NO_PURCHASE_DAYS}
    return {
        "p_alive": model.p_alive(histories)[place],
        **rest,
        "predicted_visits_365d": visits_by[-1][place],
        "predicted_visit_amount": amount,
        "predicted_net_365d_amount": visits_by[-1][place] * amount,
        "discounted_net_365d_amount": present_visits[place] * amount,
    }


def amounts(people: Customers, scope: Scope) -> np.ndarray:
    """Expected net of a visit of each customer: Gamma-Gamma's, or means drawn to everybody's where it has no fit."""
    visits = people.x + 1.0
    if scope.spend is None:
        return shrunk_means(visits, people.mean_amount)
    return scope.spend.expected(visits, people.mean_amount)


def calibration(people: Customers, scope: Scope) -> list[dict]:
    """One row per model and tenth of the holdout's customers by expected visits, 10 the highest; ties share a tenth.

    predicted and actual are mean visits in the holdout. Empty without a holdout.
    """
    held = people.at(people.in_holdout)
    rows = []
    for model, fit in scope.held.items():
        holdout = holdout_of(people)
        expected = fit.expected_visits(holdout.histories, holdout.days)
        deciles = tenths(expected, holdout.histories.customers)
        for decile in np.unique(deciles):
            here = deciles == decile
            weights = holdout.histories.customers[here]
            rows.append(
                {
                    "model": model,
                    "decile": int(decile),
                    "customers": int(weights.sum()),
                    "predicted": float(np.average(expected[here], weights=weights)),
                    "actual": float(np.average(holdout.visits[here], weights=weights)),
                    "holdout_days": int(held.holdout_days.max()),
                    "is_chosen": model == scope.chosen,
                }
            )
    return rows


def tenths(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """1 to 10 by mid-rank share, each value standing for `times` customers; equal values share one."""
    distinct, place = np.unique(np.round(values, 9), return_inverse=True)
    customers = np.bincount(place, weights=times, minlength=len(distinct))
    share = (np.cumsum(customers) - customers / 2) / customers.sum()
    return np.minimum(10, 1 + np.floor(10 * share)).astype(int)[place]
