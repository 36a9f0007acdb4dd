"""A number that depends on arrays, and its gradient: what code is to a check.

leaves (arrays, names) ─▶ x (n,) ─▶ lines through x ─▶ f
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.code.rounding import Each
from cgprimer.keeping import lazy
from cgprimer.types import Array, Integers


@dataclass(frozen=True)
class Subject:
    """A number as a function of its leaves, which are arrays with names.

    call : takes a list of arrays, its own, shaped as `leaves`; returns a number.
    labels : one for each leaf. `names`, where they are given, one for each component.
    told : whether a sentence about the only leaf tells its name too.
    """

    name: str
    call: Callable[[list[NDArray[Any]]], float]
    leaves: tuple[NDArray[Any], ...]
    labels: tuple[str, ...]
    names: tuple[str, ...] = ()
    told: bool = False

    def __len__(self) -> int:
        return int(self.ends[-1])

    @lazy
    def ends(self) -> Integers:
        """Where each leaf ends in x."""
        return np.cumsum([leaf.size for leaf in self.leaves])

    @lazy
    def x(self) -> Array:
        """All components, (n,)."""
        return np.concatenate([leaf.ravel() for leaf in self.leaves]).astype(float)

    def again(self) -> float:
        """The number itself; what f raises there is the caller's to see."""
        return self.call(self.split(self.x))

    @lazy
    def here(self) -> float:
        """The same, kept."""
        return self.again()

    @lazy
    def scale(self) -> Array:
        """The size that every component usually has, for those that are 0: (n,)."""
        sizes = []
        for leaf in self.leaves:
            known = np.abs(leaf[leaf != 0])
            # A weight of 0 among weights of about 0.01 moves by 0.01, not by 1.
            usual = float(np.median(known)) if known.size else 1.0
            sizes.append(np.full(leaf.size, usual))
        return np.concatenate(sizes)

    @lazy
    def sizes(self) -> Array:
        """The size of every component, or the usual one where it is 0."""
        return np.where(self.x == 0, self.scale, np.abs(self.x))

    def part(self, k: int) -> slice:
        """Where leaf k is in x."""
        return slice(int(self.ends[k]) - self.leaves[k].size, int(self.ends[k]))

    def owner(self, i: int) -> int:
        """The leaf that component i is in."""
        return int(np.searchsorted(self.ends, i, side="right"))

    def split(self, x: Array) -> list[NDArray[Any]]:
        """The leaves that x stands for, copied."""
        return [
            x[self.part(k)].astype(leaf.dtype).reshape(leaf.shape)
            for k, leaf in enumerate(self.leaves)
        ]

    def wrt(self, i: int) -> str:
        """What component i is called: `W[0, 1]`."""
        if self.names:
            return self.names[i]
        k = self.owner(i)
        shape = self.leaves[k].shape
        if not shape:
            return self.labels[k]
        at = np.unravel_index(i - self.part(k).start, shape)
        return f"{self.labels[k]}[{', '.join(str(int(a)) for a in at)}]"

    def value(self, x: Array) -> float:
        """f at x; nan where Python code refuses a number."""
        try:
            return self.call(self.split(x))
        except (ArithmeticError, ValueError):
            return float("nan")

    def components(self, chosen: Integers) -> Each:
        """The lines along single components, by the value that each of them takes."""

        def point(k: int, value: float) -> Array:
            x = self.x.copy()
            x[chosen[k]] = value
            return x

        return self._each(point, self.x[chosen])

    def directions(self, along: Array) -> Each:
        """The lines through x along directions (m, n), by their parameter."""
        return self._each(lambda k, t: self.x + t * along[k], np.zeros(len(along)))

    def _each(self, point: Callable[[int, float], Array], start: Array) -> Each:
        def each(values: Array) -> Array:
            results = np.full(len(start), np.nan)
            for k in np.flatnonzero(~np.isnan(values)).tolist():
                # f at the point itself is known; many schemes ask for it again.
                same = values[k] == start[k]
                results[k] = self.here if same else self.value(point(k, values[k]))
            return results

        return each


@dataclass(frozen=True)
class ClaimedGradient:
    """The gradient (n,) claimed for a subject, and what is wrong beside its values.

    precision : of its numbers. wrong : what makes it FAIL, whatever its values.
    again : the same with other leaves, where it is code and not numbers.
    """

    values: Array
    precision: float
    remarks: tuple[str, ...] = ()
    wrong: str = ""
    again: Callable[[list[NDArray[Any]]], ClaimedGradient] | None = None


def index(names: Sequence[str], shown: int = 4, count: int = 0) -> str:
    """`x[0], x[1] and 3 more`; `count` : how many there are, if more than the names."""
    count = max(count, len(names))
    more = f" and {count - shown} more" if count > shown else ""
    return ", ".join(names[:shown]) + more
