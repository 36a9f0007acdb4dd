"""A derivative by differences and how far it may be off: what every scheme results in.

value ± bound, slopes to either side ─▶ `finite`, and all who ask it
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cgprimer.types import Array


@dataclass(frozen=True)
class Difference:
    """A derivative by finite differences: `value` ± `bound`, elementwise.

    h : the step; for an extrapolated value, the longest it rests on.
    rounding : the part of the bound that is due to rounding, not to the step.
    left, right : the slopes to either side; they differ from `value` at a kink only.
    rough : how much the slope may change unseen, where f bends sharply near x.
    """

    value: Array
    bound: Array
    h: Array
    rounding: Array
    left: Array
    right: Array
    rough: Array | float = 0.0

    @property
    def kink(self) -> NDArray[np.bool_]:
        """Where the slopes to the left and right differ."""
        apart: NDArray[np.bool_] = self.left != self.right
        return apart & ~np.isnan(self.value)

    def __getitem__(self, index: int | slice | tuple[int, ...]) -> Difference:
        """The same for some of the elements."""
        every = (getattr(self, part.name) for part in fields(self))
        return Difference(*(np.broadcast_to(v, self.value.shape)[index] for v in every))


def choose(first: NDArray[np.bool_], one: Difference, two: Difference) -> Difference:
    """`one` where `first` holds, and `two` elsewhere."""
    pairs = ((getattr(d, part.name) for d in (one, two)) for part in fields(one))
    return Difference(*(np.where(first, *pair) for pair in pairs))
