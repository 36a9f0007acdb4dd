"""What of the losses the axes show: their scale, how far down, how far up.

runs that ended well ─▶ Extent ─▶ the others, as far as they stay in it

A run that diverged must not make the others look flat, nor single batches, of which
some fit by chance, the loss over all data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cgprimer.draw.series import where_known
from cgprimer.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MARGIN = 0.05  # of the axes, above and below the curves, as everywhere in matplotlib
STEADY = 0.1  # a loss that moves less than this share of itself looks as flat as it is
ROUNDING = 1e-9  # and a function, whose values mean nothing by their size, only less
DECADE = 10.0  # how far single batches are followed below what is to be seen …
ABOVE = 0.1  # … and runs that diverged above it, as a share of the axes
SMALLEST = 5e-324  # of all doubles


@dataclass(frozen=True)
class Extent:
    """Values from `low` to `high`; zeros at `floor` on a log scale, which is 0 else."""

    low: float
    high: float
    floor: float

    @classmethod
    def of(cls, decisive: Array, batches: Array) -> Extent:
        """From losses that are to be seen, and single batches around them."""
        if not decisive.size:
            return cls(0.0, 0.0, 0.0)
        floor = _floor(decisive)
        # Without a floor losses may be negative.
        low = float(max(decisive.min(), floor) if floor else decisive.min())
        high = float(batches.max(initial=decisive.max()))
        # A batch of one sample may be met to 1e-12: on a log scale it would push all
        # else up.
        near = batches[batches >= low / DECADE] if floor else batches
        return cls(float(near.min(initial=low)), high, floor)

    @property
    def ceiling(self) -> float:
        """How far up a run that diverged is followed."""
        ends = np.array([self.low, self.high])
        low, high = np.log10(ends) if self.floor else ends
        # In units of the axes: of decades on a log scale.
        top = high + ABOVE * ((high - low) or abs(high))
        return float(10**top if self.floor else top)

    def up_to(self, drawn: Array) -> Extent:
        """With room for all that is drawn after all."""
        return replace(self, high=float(drawn.max(initial=self.high)))

    def show(self, ax: Axes, least: float) -> None:
        """Set scale and limits; a linear axis spans `least` times the values."""
        if self.floor:
            ax.set_yscale("log")
        change = ax.transScale.transform
        low, high = change([(1, self.low), (1, self.high)])[:, 1]
        # Losses from 0.50 to 0.51 get axes of a tenth of their size, and look as level
        # as they are; on a log scale they span a decade anyway.
        span = max(abs(self.low), abs(self.high)) * least * (not self.floor)
        room = max(0.0, span - (high - low)) / 2
        pad = room + MARGIN * (high - low + 2 * room)
        ends = [(1, low - pad), (1, high + pad)]
        limits = ax.transScale.inverted().transform(ends)[:, 1]
        if pad > 0:
            ax.set_ylim(*(np.maximum(limits, SMALLEST) if self.floor else limits))


def _floor(finite: Array) -> float:
    """Where to draw zeros on a log scale; 0 if the scale should be linear."""
    positive = finite[finite > 0]
    if not positive.size or finite.min() < 0:
        return 0.0
    decades = np.log10(positive.max()) - np.log10(positive.min())
    # next to a smallest loss of 1e-320 there is no room for a lower one
    return max(positive.min() / 10, SMALLEST) if decades > 1 else 0.0


def every(losses: Sequence[Array]) -> Array:
    """All values that axes can hold."""
    y = np.concatenate([np.empty(0), *losses])
    return np.asarray(y[where_known(y)])
