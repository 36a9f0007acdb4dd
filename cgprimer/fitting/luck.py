"""How often noise alone would do as well: probabilities under "there is nothing".

gains, samples, parameters ─▶ p-value
"""

from __future__ import annotations

import numpy as np

from cgprimer.types import Array

FEW = 5  # residuals of one sign, below which the normal approximation is not one


def by_variance(left: float, constant: float, extra: int, free: int) -> float:
    """F test: a loss `left`, beside a `constant`'s, with `extra` more parameters.

    free : samples less parameters. Exact for squares and models linear in their
    parameters, a guide for others. Source: Seber & Lee, Linear Regression Analysis
    (2003) §4.3.
    """
    from scipy.special import fdtrc

    # A loss of 0 divides by 0: no noise is left.
    if left <= 0:
        return 0.0
    return float(fdtrc(extra, free, (constant - left) / extra / (left / free)))


def by_likelihood(gain: float, extra: int) -> float:
    """Likelihood ratio test: `gain` in ln L by `extra` more parameters.

    Source: Wilks, Ann. Math. Stat. 9 (1938).
    """
    from scipy.special import chdtrc

    return float(chdtrc(extra, 2 * gain))


def by_runs(left: Array) -> float:
    """Runs test: residuals (n,) in an order that means something, 0 left out.

    Too few runs of one sign are a trend, too many an oscillation that was missed.
    Source: Wald & Wolfowitz, Ann. Math. Stat. 11 (1940), the normal approximation.
    """
    above = left[left != 0] > 0
    count, plus = len(above), int(above.sum())
    minus = count - plus
    if min(plus, minus) < FEW:
        return 1.0
    runs = 1 + int((above[1:] != above[:-1]).sum())
    # Ten + and ten - have 11 runs on average, with a variance of 4.7.
    mean = 1 + 2 * plus * minus / count
    variance = (mean - 1) * (mean - 2) / (count - 1)
    return _two_sided_chance((runs - mean) / np.sqrt(variance))


def by_neighbours(left: Array) -> float:
    """Products of neighbours: residuals (n,) whose signs the targets themselves decide.

    Those of a label 0 or 1 are: where it is likely they come in runs, though the model
    is right. Their products have mean zero nevertheless.
    """
    if min((left > 0).sum(), (left < 0).sum()) < FEW:
        return 1.0
    # Residuals of right probabilities have mean 0 each, given all inputs: so have
    # products, whatever the signs of neighbours.
    products = left[1:] * left[:-1]
    return _two_sided_chance(products.sum() / np.sqrt((products**2).sum()))


def _two_sided_chance(deviations: float) -> float:
    """How often a normal number is as far off."""
    from scipy.special import erfc

    return float(erfc(abs(deviations) / np.sqrt(2)))
