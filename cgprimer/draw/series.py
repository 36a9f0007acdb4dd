"""Points of a curve: which of them are finite, their mean, and fewer of them.

x, y of shape (n,) ─▶ x, y
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgprimer.types import Array

ENDLESS = 1e150  # values from here on count as infinite; axes would overflow
POINTS = 4_000  # of a line: more than a screen has columns of pixels


class Series(NamedTuple):
    """Points of a curve, both of shape (n,)."""

    x: Array
    y: Array

    @property
    def last(self) -> int:
        """The last place with a finite value, -1 if there is none."""
        return int(max(np.flatnonzero(where_known(self.y)), default=-1))

    def with_floor(self, floor: float) -> Series:
        """As it is drawn: nan for what is infinite, nothing below a positive floor."""
        y = np.where(where_known(self.y), self.y, np.nan)
        return Series(self.x, np.maximum(y, floor) if floor else y)

    def below(self, ceiling: float, log: bool) -> Series:
        """Up to where the line through the points, on such axes, meets `ceiling`.

        >>> Series(np.arange(3.0), np.array([1.0, 2.0, 6.0])).below(3.0, log=False)
        Series(x=array([0.  , 1.  , 1.25]), y=array([1., 2., 3.]))
        """
        end = int(min(np.flatnonzero(self.y > ceiling), default=len(self.y)))
        if end in (0, len(self.y)):
            return self if end else NOTHING
        scale = np.log10 if log else np.asarray
        # An end of inf makes a share of nan or 0: the line then stops at the point
        # before.
        with np.errstate(all="ignore"):
            low, high, top = scale(np.array([*self.y[end - 1 : end + 1], ceiling]))
            share = np.nan_to_num((top - low) / (high - low))
        x = self.x[end - 1] + share * (self.x[end] - self.x[end - 1])
        return Series(np.append(self.x[:end], x), np.append(self.y[:end], ceiling))


NOTHING = Series(np.empty(0), np.empty(0))


def where_known(values: Array) -> NDArray[np.bool_]:
    """Where values are finite and small enough for axes."""
    return np.asarray(np.abs(values) < ENDLESS)


def running_mean(points: Series, window: int) -> Series:
    """The arithmetic mean of every `window` points in a row, x and y.

    Of very many, some: a running sum would carry the rounding of a first loss of 1e9
    to a last one of 1e-9.

    >>> running_mean(Series(np.arange(4.0), np.array([8.0, 4.0, 0.0, 2.0])), 2)
    Series(x=array([0.5, 1.5, 2.5]), y=array([6., 2., 1.]))
    """
    count = len(points.y) - window + 1
    if window < 1 or count < 1:
        return NOTHING
    y = points.with_floor(0.0).y
    starts = np.unique(np.linspace(0, count - 1, min(count, POINTS)).astype(int))
    # Each mean by itself, at no more than POINTS places, as a running sum is not exact.
    means = [[v[i : i + window].mean() for i in starts] for v in (points.x, y)]
    return Series(*map(np.array, means))


def thin(points: Series) -> Series:
    """Points that look the same: of very many, the least and greatest of each bin."""
    count = len(points.y)
    if count <= POINTS:
        return points
    kept = {0, count - 1}
    for part in np.array_split(np.arange(count), POINTS // 2):
        there = part[np.isfinite(points.y[part])]
        if len(there):
            y = points.y[there]
            # A spike of one step in a million must still be seen.
            kept |= {int(there[y.argmin()]), int(there[y.argmax()])}
    places = sorted(kept)
    return Series(points.x[places], points.y[places])
