"""An array as a function of another, all else held: what differences are taken of.

    kernel, values at n samples ─▶ ArrayMap ─▶ slopes of entries, and along directions

∂y[i]/∂x[j] is the slope of entry i along entry j; Σ v·y along x + t·u has the slope
v'Ju. Both are functions of one number, of which `judge.differences` knows the slope and
how far it may be off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cgprimer.expr.dims import count
from cgprimer.judge.arrays.disturbed import terms_at
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.finite import difference
from cgprimer.judge.differences.schemes import Function, Told, rounding
from cgprimer.judge.slopes import Slope, slope
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array

AT_ONCE = 1 << 21  # numbers in all arrays of one call: 16 megabytes

Sizes = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ArrayMap:
    """`node` as a function of `wrt`, at `width` samples.

    kernel : returns `node`, with `wrt` and the names in `sampled` having samples.
    values : of all that it is given, (n, *dims) of those with samples.
    x : (n, *inside), where `wrt` is. told : whether operations tell all rounding.
    weights : (n, *dims of node), where the function is the sum of weights·node.
    """

    kernel: ArrayKernel
    values: Mapping[str, Array]
    sampled: frozenset[str]
    node: str
    wrt: str
    x: Array
    outside: Sizes
    inside: Sizes
    weight: int
    told: bool = True
    weights: Array | None = None

    @property
    def width(self) -> int:
        """The number of samples, n."""
        return len(self.x)

    @property
    def entries(self) -> int:
        """ToldEntries of the Jacobian of one sample."""
        return count(self.outside) * count(self.inside)

    def __call__(self, x: Array, kernel: ArrayKernel | None = None) -> Array:
        """The node (m, n, *outside) where `wrt` is x (m, n, *inside)."""
        many = max(1, AT_ONCE // (self.weight * self.width))
        parts = [
            self._some(x[k : k + many], kernel or self.kernel)
            for k in range(0, len(x), many)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _some(self, x: Array, kernel: ArrayKernel) -> Array:
        copies = len(x)
        given: dict[str, Any] = {}
        for name, value in self.values.items():
            if name in self.sampled:
                value = np.tile(value, (copies, *(1,) * (value.ndim - 1)))
            given[name] = value
        given[self.wrt] = x.reshape(copies * self.width, *self.inside)
        with np.errstate(all="ignore"):
            [result] = kernel(given)
        if self.weights is not None:
            return self._sum(np.asarray(result), copies)
        shape = (copies * self.width, *self.outside)
        full = np.broadcast_to(np.asarray(result), shape)
        return full.reshape(copies, self.width, *self.outside)

    def _sum(self, result: Array, copies: int) -> Array:
        assert self.weights is not None
        shape = (copies * self.width, *self.weights.shape[1:])
        full = np.broadcast_to(result, shape).reshape(copies, *self.weights.shape)
        products = (full * self.weights).reshape(copies, self.width, -1)
        total: Array = products.sum(axis=-1)
        return total

    # ToldEntries: t has the shape (…, entries of wrt, entries of node, n).

    def at_entries(self, columns: Sequence[int]) -> Array:
        """Where those entries of `wrt` are, for each entry of the node."""
        flat = self.x.reshape(self.width, -1)[:, list(columns)].T
        shape = (len(columns), count(self.outside), self.width)
        return np.array(np.broadcast_to(flat[:, None, :], shape))

    def along_entries(
        self, columns: Sequence[int], kernel: ArrayKernel | None = None
    ) -> Function:
        """f(t)[…, j, i, :]: entry i of the node where entry columns[j] is t."""

        def f(t: Any) -> Any:
            # The first steps are the same for all entries of the node: one call then
            # gives all of them.
            alike = np.array_equal(t, np.broadcast_to(t[..., :1, :], t.shape), True)
            moved = t[..., :1, :] if alike else t
            lead = moved.shape[:-3]
            copies = np.prod([*lead, *moved.shape[-3:-1]], dtype=int)
            x = np.array(
                np.broadcast_to(
                    self.x.reshape(self.width, -1), (copies, self.width, self._inside)
                )
            ).reshape(*lead, *moved.shape[-3:-1], self.width, self._inside)
            for k, j in enumerate(columns):
                x[..., k, :, :, j] = moved[..., k, :, :]
            y = self(x.reshape(copies, self.width, *self.inside), kernel)
            y = y.reshape(*moved.shape, count(self.outside))
            if alike:
                return np.moveaxis(y[..., 0, :, :], -1, -2)
            return np.moveaxis(np.diagonal(y, axis1=-3, axis2=-1), -1, -2)

        return f

    @property
    def _inside(self) -> int:
        return count(self.inside)

    def entry_slopes(self, columns: Sequence[int]) -> Slope:
        """∂node/∂wrt by some entries of `wrt`: (columns, entries of node, n)."""
        noise = self._told(lambda k: self.along_entries(columns, k))
        f, x = self.along_entries(columns), self.at_entries(columns)
        return slope(f, x, noise, stacks=True)

    def entry_differences(
        self,
        columns: Sequence[int],
        scheme: str,
        step: float | None,
        typical: float = 1.0,
    ) -> Difference:
        """The same by one scheme."""
        noise = rounding(self._told(lambda k: self.along_entries(columns, k)))
        f, x = self.along_entries(columns), self.at_entries(columns)
        return difference(f, x, scheme, step, noise, typical=typical, stacks=True)

    def weighed(self, by: Array) -> ArrayMap:
        """Σ by·node, with weights (n, *outside), as a function of `wrt`."""
        return replace(self, outside=(), weights=by)

    # Directions: t has the shape (…, directions, n).

    def along_directions(
        self, u: Array, v: Array, kernel: ArrayKernel | None = None, size: bool = False
    ) -> Function:
        """f(t)[…, d, :]: Σ v·node where wrt is x + t·u; u (d, n, *inside), v alike.

        size : the sum of the terms' sizes instead.
        """

        def f(t: Any) -> Any:
            axes = (1,) * len(self.inside)
            x = self.x + t.reshape(*t.shape, *axes) * u
            y = self(x.reshape(-1, self.width, *self.inside), kernel)
            products = v * y.reshape(*t.shape, *self.outside)
            products = np.abs(products) if size else products
            return products.reshape(*t.shape, -1).sum(axis=-1)

        return f

    def direction_slopes(self, u: Array, v: Array) -> Slope:
        """The slopes v'Ju: arrays (d, n)."""
        noise = self._told(lambda k: self.along_directions(u, v, k))
        sized = self.along_directions(u, v, size=True)
        whole = Told(lambda t: noise.at(t) + sized(t), noise.complete)
        f = self.along_directions(u, v)
        return slope(f, np.zeros(u.shape[:2]), whole, stacks=True)

    def _told(self, along: Callable[[ArrayKernel], Function]) -> Told:
        """Σ|terms| of such a function, for any values."""
        return Told(terms_at(along, self.kernel), self.told)
