"""A wrong derivative at n points, beside the true one: what agrees, and the ratio."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cgprimer.types import Array

INF = float("inf")
MATCH = 1e-7  # relative; five random points do not agree so well by chance


@dataclass(frozen=True)
class Wrong:
    """A claim beside the truth: arrays (n,), `slack` for what is not known of it.

    where : at which points, for a sentence on a ratio that varies: `over 5 points`.
    """

    claimed: Array
    true: Array
    slack: Array
    where: str = ""

    def agrees(self, candidate: Array) -> bool:
        """Whether a mistake that gives `candidate` predicts the claim everywhere."""
        return bool(self.agreement(candidate))

    def agreement(self, candidates: Array) -> NDArray[np.bool_]:
        """The same for every row of an array (…, n); nan agrees with nothing."""
        size = np.maximum(np.abs(self.claimed), np.abs(candidates))
        with np.errstate(invalid="ignore"):  # inf - inf
            gap = np.abs(self.claimed - candidates)
        # inf = inf would make any infinite claim agree with any infinite candidate.
        near = (gap <= MATCH * size + self.slack) & np.isfinite(gap)  # not inf ≤ inf
        return np.asarray(near.all(axis=-1))

    def ratios(self) -> Array:
        """claimed / true where the truth is not zero."""
        # Beside a truth that is known to 10 % or worse a ratio says nothing.
        kept = np.abs(self.true) > 10 * self.slack + 1e-300
        claimed = np.where(np.abs(self.claimed) <= self.slack, 0.0, self.claimed)
        ratios: Array = claimed[kept] / self.true[kept]
        return ratios

    def span(self) -> tuple[float, float]:
        """The least and the largest ratio; inf where there is none."""
        ratios = self.ratios()
        return (float(ratios.min()), float(ratios.max())) if len(ratios) else (INF, INF)

    def constant(self) -> float | None:
        """claimed / true where it is the same everywhere."""
        ratios = self.ratios()
        if not len(ratios):
            return None
        middle = float(np.median(ratios))
        return middle if self.agrees(middle * self.true) else None


def fraction(ratio: float) -> str:
    """`2/3` where it is that, else six digits."""
    # Up to twelfths: 2/3 and 5/12 are seen as they were written, 0.7071 stays a number.
    near = Fraction(ratio).limit_denominator(12)
    return str(near) if abs(near - ratio) <= MATCH * abs(ratio) else f"{ratio:.6g}"
