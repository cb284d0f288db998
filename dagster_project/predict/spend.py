"""Gamma-Gamma: what a visit of each customer is worth, between their own mean and everybody's.

Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value; Colombo & Jiang (1999). A visit's net is Gamma(p, v),
and v is Gamma(q, gamma) over customers, whatever their frequency: that independence is assumed, so it is measured.
"""

from dataclasses import dataclass
from math import fsum

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

LOG_BOUND = 9.0
# Where no model can be fitted, a customer's own mean weighs against everybody's as so many visits.
PRIOR_VISITS = 2.0


@dataclass(frozen=True)
class Spend:
    """Fitted Gamma-Gamma; `gamma` is in the currency of the spending."""

    p: float
    q: float
    gamma: float

    def expected(self, visits: np.ndarray, mean_amount: np.ndarray) -> np.ndarray:
        """Expected net of a next visit, given how many visits were seen and their mean."""
        return self.p * (self.gamma + visits * mean_amount) / (self.p * visits + self.q - 1)

    def log_likelihood(self, visits: np.ndarray, mean_amount: np.ndarray) -> float:
        return _log_likelihood(np.array([self.p, self.q, self.gamma]), visits, mean_amount)[0]


def fit_spend(visits: np.ndarray, mean_amount: np.ndarray) -> Spend | None:
    """Maximum likelihood over customers with positive `mean_amount` of `visits`; None where there is none, as when
    everybody spends alike, or where the expectation does not exist (q <= 1)."""
    if len(visits) == 0:
        return None
    visits, mean_amount = _in_order(visits, mean_amount)
    scale = float(mean_amount.mean())
    units = np.array([1, 1, scale])

    def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = np.exp(logs) * units
        value, gradient = _log_likelihood(parameters, visits, mean_amount)
        return -value / len(visits), -gradient * parameters / len(visits)

    options = {"maxiter": 500, "ftol": 1e-15, "gtol": 1e-9}
    first, bounds = np.log([2.0, 3.0, 1.0]), [(-LOG_BOUND, LOG_BOUND)] * 3
    found = minimize(objective, first, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    if not np.isfinite(found.fun) or np.abs(found.jac).max() > 1e-4 or np.abs(found.x).max() >= LOG_BOUND - 1e-6:
        return None
    spend = Spend(*(float(value) for value in np.exp(found.x) * units))
    return spend if spend.q > 1 else None


def shrunk_means(visits: np.ndarray, mean_amount: np.ndarray) -> np.ndarray:
    """The fallback: each own mean drawn to the mean of all visits with the weight of PRIOR_VISITS."""
    everybody = fsum(visits * mean_amount) / fsum(visits) if len(visits) else 0.0
    return (visits * mean_amount + PRIOR_VISITS * everybody) / (visits + PRIOR_VISITS)


def visits_spend_correlation(visits: np.ndarray, mean_amount: np.ndarray) -> float | None:
    """Pearson's correlation of frequency and mean spending, which Gamma-Gamma takes for zero; None when undefined."""
    if len(visits) < 3 or np.ptp(visits) == 0 or np.ptp(mean_amount) == 0:
        return None
    return float(np.corrcoef(*_in_order(visits, mean_amount))[0, 1])


def _in_order(visits: np.ndarray, mean_amount: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of floats hang on their order, and that of customers on their ids, which differ from home to home."""
    order = np.lexsort((mean_amount, visits))
    return visits[order], mean_amount[order]


def _log_likelihood(parameters: np.ndarray, n: np.ndarray, mean: np.ndarray) -> tuple[float, np.ndarray]:
    p, q, gamma = parameters
    # Logarithms of the gamma function hang on the number of visits alone: once per distinct number.
    distinct, place = np.unique(n, return_inverse=True)
    spent = n * mean
    log_total, log_spent = np.log(gamma + spent), np.log(spent)
    by_visits = gammaln(p * distinct + q) - gammaln(p * distinct) - gammaln(q) + q * np.log(gamma)
    value = by_visits[place] + p * n * log_spent - (p * n + q) * log_total - np.log(mean)
    slope = digamma(p * distinct + q)
    by_p = n * ((slope - digamma(p * distinct))[place] + log_spent - log_total)
    by_q = (slope - digamma(q) + np.log(gamma))[place] - log_total
    by_gamma = q / gamma - (p * n + q) / (gamma + spent)
    return float(value.sum()), np.array([by_p.sum(), by_q.sum(), by_gamma.sum()])
