"""BG/NBD as the yardsticks use it: one fit for the network, by maximum likelihood (Fader, Hardie & Lee 2005)."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln


def p_alive(x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> np.ndarray:
    """P(alive) per customer from repeat visits x, and the days from the first to the last visit and to today."""
    rows, back, weight = np.unique(
        np.stack([x, t_x, age]).astype(float), axis=1, return_inverse=True, return_counts=True
    )
    scale = max(rows[2].max(), 1.0)
    n, last, total = rows[0], rows[1] / scale, rows[2] / scale

    def terms(log_parameters: np.ndarray) -> tuple[np.ndarray, ...]:
        r, alpha, a, b = np.exp(np.clip(log_parameters, -10, 10))
        start = gammaln(r + n) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + n)
        start -= gammaln(b) + gammaln(a + b + n)
        alive = -(r + n) * np.log(alpha + total)
        gone = np.where(n > 0, np.log(a / (b + np.maximum(n, 1) - 1)) - (r + n) * np.log(alpha + last), -np.inf)
        return start, alive, gone

    def loss(log_parameters: np.ndarray) -> float:
        start, alive, gone = terms(log_parameters)
        return -float((weight * (start + np.logaddexp(alive, gone))).sum()) / weight.sum()

    found = minimize(loss, np.zeros(4), method="L-BFGS-B")
    _, alive, gone = terms(found.x)
    return (1 / (1 + np.exp(np.clip(gone - alive, -700, 700))))[back.ravel()]
