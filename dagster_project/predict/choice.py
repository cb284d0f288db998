"""Which model speaks for whom: fitted for the network and for each location, chosen on a time holdout.

The last stretch of the data is held out; models fitted on what came before are compared by the likelihood of what
customers did in it. A location has a model of its own where it has customers enough and its own predicts them better
than the network's; whoever is without one is told why (`fallback_reason`).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from dagster_project.predict.repeat_purchase import (
    MODELS,
    Histories,
    RepeatPurchase,
    distinct_rows,
    fit_repeat_purchase,
)
from dagster_project.predict.spend import Spend, fit_spend, visits_spend_correlation

NETWORK_SCOPE = "network"
LAST_YEAR = "last_year"
# Fewer customers, or fewer who came again, and four parameters are mostly chance.
NETWORK_MINIMUM = (100, 30)
LOCATION_MINIMUM = (300, 100)
SHORTEST_HOLDOUT_DAYS = 28


@dataclass(frozen=True)
class Customers:
    """One entry per customer with a visit; days and counts are whole numbers, amounts in the network's currency.

    held_*: the same history up to the beginning of the holdout, -1 for `held_x` of who came later; `holdout_days`:
    how much of the holdout has arrived; `holdout_visits`: visits in it.
    """

    location: np.ndarray
    x: np.ndarray
    t_x: np.ndarray
    t_age: np.ndarray
    held_x: np.ndarray
    held_t_x: np.ndarray
    held_t_age: np.ndarray
    holdout_days: np.ndarray
    holdout_visits: np.ndarray
    mean_amount: np.ndarray

    def at(self, chosen: np.ndarray) -> "Customers":
        return Customers(**{name: values[chosen] for name, values in vars(self).items()})

    @property
    def in_holdout(self) -> np.ndarray:
        return (self.held_x >= 0) & (self.holdout_days >= SHORTEST_HOLDOUT_DAYS)


@dataclass(frozen=True)
class Holdout:
    """What is known of customers before the holdout, and the visits they then made (distinct rows)."""

    histories: Histories
    days: np.ndarray
    visits: np.ndarray

    def log_likelihood(self, model: RepeatPurchase) -> float:
        return float(model.log_p_visits(self.histories, self.days, self.visits) @ self.histories.customers)


@dataclass(frozen=True)
class Scope:
    """What was fitted for the network or one location.

    fits and held: model -> fitted on everything, and on what came before the holdout (degenerate fits are absent);
    likelihoods and scores: their log-likelihoods, of everything and of the holdout; chosen: the model that speaks
    here, None with a reason.
    """

    name: str
    customers: int
    repeat_customers: int
    holdout_customers: int = 0
    fits: dict[str, RepeatPurchase] = field(default_factory=dict)
    likelihoods: dict[str, float] = field(default_factory=dict)
    held: dict[str, RepeatPurchase] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    chosen: str | None = None
    chosen_by: str | None = None
    reason: str | None = None
    spend: Spend | None = None
    correlation: float | None = None


def histories_of(people: Customers) -> tuple[Histories, np.ndarray]:
    """Distinct histories to the last day known, and each customer's place among them."""
    columns, times, place = distinct_rows(people.x, people.t_x, people.t_age)
    return Histories(*columns, times), place


def holdout_of(people: Customers) -> Holdout:
    held = people.at(people.in_holdout)
    columns, times, _ = distinct_rows(
        held.held_x, held.held_t_x, held.held_t_age, held.holdout_days, held.holdout_visits
    )
    return Holdout(Histories(*columns[:3], times), columns[3], columns[4])


def fit_network(people: Customers) -> Scope:
    """The network's models; `chosen` is None when there is none to trust."""
    size = (len(people.x), int((people.x > 0).sum()))
    if size[0] < NETWORK_MINIMUM[0] or size[1] < NETWORK_MINIMUM[1]:
        return Scope(NETWORK_SCOPE, *size, reason="few_customers_in_network")
    return _chosen(_fitted(NETWORK_SCOPE, people, size, {}, NETWORK_MINIMUM[0]), "degenerate_network_fit")


def fit_location(name: str, people: Customers, network: Scope) -> Scope:
    """One location's own models; `chosen` is None where the network's is to be used, with the reason."""
    size = (len(people.x), int((people.x > 0).sum()))
    if network.chosen is None:
        return Scope(name, *size, reason=network.reason)
    if size[0] < LOCATION_MINIMUM[0] or size[1] < LOCATION_MINIMUM[1]:
        return Scope(name, *size, reason="few_customers")
    own = _chosen(_fitted(name, people, size, network.fits, LOCATION_MINIMUM[0]), "degenerate_fit")
    if own.chosen is None:
        return own
    if network.chosen not in network.scores or own.chosen not in own.scores:
        return _without_choice(own, "no_holdout")
    if holdout_of(people).log_likelihood(network.held[network.chosen]) >= own.scores[own.chosen]:
        return _without_choice(own, "network_predicts_better")
    return own


def _fitted(
    name: str, people: Customers, size: tuple[int, int], starts: dict[str, RepeatPurchase], fewest: int
) -> Scope:
    everything, _ = histories_of(people)
    holdout = holdout_of(people)
    in_holdout = int(people.in_holdout.sum())
    found = {model: fit_repeat_purchase(everything, model, starts.get(model)) for model in MODELS}
    fits = {model: fit for model, fit in found.items() if fit}
    held: dict[str, RepeatPurchase] = {}
    if in_holdout >= fewest:
        before = {model: fit_repeat_purchase(holdout.histories, model, fit) for model, fit in fits.items()}
        held = {model: fit for model, fit in before.items() if fit}
    visits, spent = people.x + 1.0, people.mean_amount > 0
    return Scope(
        name,
        *size,
        holdout_customers=in_holdout,
        fits=fits,
        likelihoods={model: fit.log_likelihood(everything) for model, fit in fits.items()},
        held=held,
        scores={model: holdout.log_likelihood(fit) for model, fit in held.items()},
        spend=fit_spend(visits[spent], people.mean_amount[spent]),
        correlation=visits_spend_correlation(visits[people.x > 0], people.mean_amount[people.x > 0]),
    )


def _chosen(scope: Scope, degenerate: str) -> Scope:
    """By likelihood on the holdout; without one, by likelihood of the fit. Ties go to the first of MODELS."""
    if not scope.fits:
        return replace(scope, reason=degenerate)
    compared, by = (scope.scores, "holdout") if scope.scores else (scope.likelihoods, "fit")
    return replace(scope, chosen=max(compared, key=compared.get), chosen_by=by)


def _without_choice(scope: Scope, reason: str) -> Scope:
    return replace(scope, chosen=None, chosen_by=None, reason=reason)
