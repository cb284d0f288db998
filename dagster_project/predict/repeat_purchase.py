"""BG/NBD and MBG/NBD: how often customers come while they do, and when they stop.

BG/NBD: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
MBG/NBD: Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base
analysis, IJRM 24(3). They differ in one thing, `early`: whether a customer can stop after the first visit already.
Both give, with j = x + early,

    L = Gamma(r+x) alpha^r / Gamma(r) · B(a, b+j) / B(a, b)
        · [(alpha+T)^-(r+x) + (j > 0) · a / (b+j-1) · (alpha+t_x)^-(r+x)].
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import minimize
from scipy.special import betainc, betaln, digamma, expit, gammaln

BG_NBD, MBG_NBD = "bg_nbd", "mbg_nbd"
MODELS = (BG_NBD, MBG_NBD)
# Natural logarithms of the parameters, alpha in units of the mean age; a fit that ends there has run away.
LOG_BOUND = 9.0
QUADRATURE_NODES = 32


@dataclass(frozen=True)
class Histories:
    """Distinct purchase histories, arrays of one length: repeat visits `x`, first to last `t_x`, first to now
    `t_age` (times in one unit of the caller's choice), and how many customers share each."""

    x: np.ndarray
    t_x: np.ndarray
    t_age: np.ndarray
    customers: np.ndarray


def distinct_rows(*columns: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Distinct rows of whole, non-negative numbers in ascending order, as columns of floats; how often each occurs;
    and the place of every row among them."""
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        keys = keys * (int(column.max(initial=0)) + 1) + column.astype(np.int64)
    _, first, place, times = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return [column[first].astype(float) for column in columns], times, place


@dataclass(frozen=True)
class RepeatPurchase:
    """A fitted model: visits while alive are Poisson with rates Gamma(r, alpha), and after a visit a customer
    stops with a probability that is Beta(a, b). alpha is in the time unit of the histories."""

    model: str
    r: float
    alpha: float
    a: float
    b: float

    @property
    def early(self) -> int:
        return int(self.model == MBG_NBD)

    def log_likelihood(self, histories: Histories) -> float:
        """Of all customers together."""
        value, _ = _log_likelihood(np.array([self.r, self.alpha, self.a, self.b]), self.early, _tables(histories))
        return float(value)

    def p_alive(self, histories: Histories) -> np.ndarray:
        """Probability that each customer has not stopped; 1 for one-time buyers of BG/NBD."""
        return 1 - expit(_log_odds_gone(np.array([self.r, self.alpha, self.a, self.b]), self.early, _tables(histories)))

    def p_no_purchase(self, histories: Histories, time: float) -> np.ndarray:
        """Probability of no visit in the `time` after t_age."""
        alive = self.p_alive(histories)
        alpha = self.alpha + histories.t_age
        return 1 - alive + alive * (alpha / (alpha + time)) ** (self.r + histories.x)

    def expected_visits(self, histories: Histories, time: float | np.ndarray) -> np.ndarray:
        """Expected visits in the `time` after t_age (one for all, or one per history).

        Given a stopping probability p the integral over time and rate is (1 - (alpha / (alpha + p t))^r) / p; over p
        it is done by Gauss-Jacobi quadrature, which has no poles where the published hypergeometric form has (a = 1).
        """
        expected = np.empty(len(histories.x))
        times = np.broadcast_to(np.asarray(time, dtype=float), expected.shape)
        for x in np.unique(histories.x):
            here = histories.x == x
            p, weight = _beta_nodes(self.a, self.b + x + self.early)
            alpha = (self.alpha + histories.t_age[here])[:, None]
            grown = np.log1p(p * times[here][:, None] / alpha)
            expected[here] = (-np.expm1(-(self.r + x) * grown) / p) @ weight
        return self.p_alive(histories) * expected

    def log_p_visits(self, histories: Histories, time: np.ndarray, visits: np.ndarray) -> np.ndarray:
        """Log probability of exactly `visits` in the `time` after t_age (both arrays, one entry per history).

        Who is alive goes on as a new customer of the same model with r + x, alpha + T and b + j.
        """
        alive = self.p_alive(histories)
        r, alpha, b = self.r + histories.x, self.alpha + histories.t_age, self.b + histories.x + self.early
        ended = time / (alpha + time)
        log_none = r * np.log1p(-ended)
        some = np.maximum(visits, 1)
        log_poisson = gammaln(r + some) - gammaln(r) - gammaln(some + 1) + log_none + some * np.log(ended)
        still = np.exp(betaln(self.a, b + some) - betaln(self.a, b) + log_poisson)
        stopped = np.exp(betaln(self.a + 1, b + some - 1) - betaln(self.a, b)) * betainc(some, r, ended)
        chance = np.where(visits == 0, 1 - alive + alive * np.exp(log_none), alive * (still + stopped))
        return np.log(np.maximum(chance, np.finfo(float).tiny))


def fit_repeat_purchase(histories: Histories, model: str, start: RepeatPurchase | None = None) -> RepeatPurchase | None:
    """The model of maximum likelihood, or None where there is none: a parameter runs away to zero or infinity, as
    when nobody comes twice or all customers are alike. `start` saves steps; it does not change what is found."""
    if not histories.x.any():
        return None
    scale = max(float(np.average(histories.t_age, weights=histories.customers)), 1e-9)
    units = np.array([1, scale, 1, 1])
    early, tables, everyone = int(model == MBG_NBD), _tables(histories), histories.customers.sum()

    def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = np.exp(logs) * units
        value, gradient = _log_likelihood(parameters, early, tables)
        return -value / everyone, -gradient * parameters / everyone

    first = np.array([start.r, start.alpha, start.a, start.b]) if start else np.array([1, 0.5 * scale, 0.5, 2])
    logs = np.clip(np.log(first / units), -LOG_BOUND + 1, LOG_BOUND - 1)
    bounds = [(-LOG_BOUND, LOG_BOUND)] * 4
    options = {"maxiter": 500, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(objective, logs, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    if not np.isfinite(found.fun) or np.abs(found.jac).max() > 1e-4 or np.abs(found.x).max() >= LOG_BOUND - 1e-6:
        return None
    return RepeatPurchase(model, *(float(value) for value in np.exp(found.x) * units))


@dataclass(frozen=True)
class _Tables:
    """Histories as places in the tables of their distinct x, t_x and t_age: logarithms are taken once per entry."""

    x: tuple[np.ndarray, np.ndarray]
    t_x: tuple[np.ndarray, np.ndarray]
    t_age: tuple[np.ndarray, np.ndarray]
    customers: np.ndarray


def _tables(histories: Histories) -> _Tables:
    x, t_x, t_age = (np.unique(values, return_inverse=True) for values in (histories.x, histories.t_x, histories.t_age))
    return _Tables(x, t_x, t_age, histories.customers)


def _log_odds_gone(parameters: np.ndarray, early: int, tables: _Tables) -> np.ndarray:
    r, alpha, a, b = parameters
    x, place = tables.x
    with np.errstate(divide="ignore", invalid="ignore"):
        log_share = np.where(x + early > 0, np.log(a) - np.log(b + x + early - 1), -np.inf)
    waited = np.log(alpha + tables.t_age[0])[tables.t_age[1]] - np.log(alpha + tables.t_x[0])[tables.t_x[1]]
    return log_share[place] + (r + x)[place] * waited


def _log_likelihood(parameters: np.ndarray, early: int, tables: _Tables) -> tuple[float, np.ndarray]:
    """Log-likelihood and its gradient by r, alpha, a and b."""
    r, alpha, a, b = parameters
    x, place = tables.x
    j = x + early
    age, seen = alpha + tables.t_age[0], alpha + tables.t_x[0]
    log_age, log_seen = np.log(age)[tables.t_age[1]], np.log(seen)[tables.t_x[1]]
    odds = _log_odds_gone(parameters, early, tables)
    gone = expit(odds)
    by_x = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + j) - betaln(a, b)
    log_likelihood = by_x[place] - (r + x)[place] * log_age + np.logaddexp(0, odds)

    waited = log_age - log_seen
    by_r = (digamma(r + x) - digamma(r) + np.log(alpha))[place] - log_age + gone * waited
    rates = 1 / age[tables.t_age[1]], 1 / seen[tables.t_x[1]]
    by_alpha = r / alpha + (r + x)[place] * (-rates[0] + gone * (rates[0] - rates[1]))
    by_a = (digamma(a + b) - digamma(a + b + j))[place] + gone / a
    by_b = digamma(b + j) - digamma(a + b + j) - digamma(b) + digamma(a + b)
    by_b = by_b[place] - gone * np.where(j > 0, 1 / np.where(j > 0, b + j - 1, 1), 0)[place]
    gradient = np.array([by @ tables.customers for by in (by_r, by_alpha, by_a, by_b)])
    return float(log_likelihood @ tables.customers), gradient


# The same for every span of time that a forecast looks ahead.
@lru_cache(maxsize=1024)
def _beta_nodes(a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes on (0, 1) and weights of an expectation over Beta(a, b): Golub & Welsch (1969), Jacobi's polynomials."""
    from scipy.linalg import eigh_tridiagonal

    n = np.arange(QUADRATURE_NODES, dtype=float)
    s, t = b - 1, a - 1
    total = 2 * n + s + t
    with np.errstate(divide="ignore", invalid="ignore"):
        diagonal = np.where(n == 0, (t - s) / (s + t + 2), (t * t - s * s) / (total * (total + 2)))
        k, total = n[1:], total[1:]
        square = 4 * k * (k + s) * (k + t) * (k + s + t) / (total**2 * (total + 1) * (total - 1))
    square[0] = 4 * (1 + s) * (1 + t) / ((2 + s + t) ** 2 * (3 + s + t))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(square))
    return np.clip((1 + nodes) / 2, 1e-15, 1), vectors[0] ** 2
