"""Sites: one equation as a function of its own names, at points.

    equations of one shape ─▶ SiteGroup, differenced in one call ─▶ a Site for each

An edge is judged where it stands: the equation's names are held at the values that
the whole graph gives them, and one of them moves. Around a kink a site is moved to
either side of it, whether or not the whole graph would go there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.graph.graph import Graph
from cgprimer.graph.shape import Shape
from cgprimer.judge.differences.edges import Alike, along, terms_along
from cgprimer.judge.differences.schemes import Function
from cgprimer.judge.rounding import partial_rounding
from cgprimer.judge.slopes import Slope, slope
from cgprimer.keeping import lazy, memo
from cgprimer.types import Array


@dataclass(frozen=True)
class Site:
    """The equation of `node` at n points: `slots` and `result` have shape (n,)."""

    node: str
    names: tuple[str, ...]
    shape: Shape
    slots: tuple[Array, ...]
    result: Array

    @lazy
    def values(self) -> dict[str, Array]:
        """The values of the equation's names, and of the variable it defines."""
        slots = (self.slots[i] for i in self.shape.names)
        return dict(zip(self.names, slots, strict=True)) | {self.node: self.result}

    def slot(self, wrt: str) -> int:
        """The slot that `wrt` fills."""
        return self.shape.names[self.names.index(wrt)]

    def along(self, wrt: str) -> Function:
        """The equation as a function of one name, the others held."""
        return along(self.shape.forward, self.slots, self.slot(wrt))

    def slope(self, wrt: str) -> Slope:
        """∂node/∂wrt by differences of this equation alone."""
        terms = terms_along(self.shape, self.slots, self.slot(wrt))
        return slope(self.along(wrt), self.values[wrt], terms)

    def partial(self, wrt: str) -> Array:
        """Our own partial, by the rules of the operations."""
        kernel = self.shape.partial_kernel((self.slot(wrt),))
        with np.errstate(all="ignore"):
            [partial] = kernel(*self.slots, self.result)
        return np.broadcast_to(partial, self.result.shape)

    def partial_terms(self, wrt: str) -> Array:
        """Σ|terms| of our own partial."""
        with np.errstate(all="ignore"):
            rows = partial_rounding(self.shape)(*self.slots)
        return np.broadcast_to(rows[self.names.index(wrt)], self.result.shape)

    def at(self, index: int) -> Site:
        """The site at one of its points only."""
        slots = tuple(slot[index : index + 1] for slot in self.slots)
        return replace(self, slots=slots, result=self.result[index : index + 1])

    def with_value(self, wrt: str, to: Array) -> Site:
        """The first point of the site, with the values `to` (m,) for `wrt`."""
        i = self.slot(wrt)
        slots = [np.broadcast_to(slot[:1], to.shape) for slot in self.slots]
        slots[i] = to
        there = replace(self, slots=tuple(slots))
        with np.errstate(all="ignore"):
            result = np.broadcast_to(there.along(wrt)(to), to.shape)
        return replace(there, result=result)


@dataclass(frozen=True, eq=False)
class SiteGroup:
    """All equations of one shape at the points, and differences of all of them."""

    equations: Alike

    def sites(self, graph: Graph) -> Iterator[Site]:
        """Each equation by itself, in their order here."""
        own = self.equations
        columns = own.at(range(len(own.slots)))
        for row, number in enumerate(own.equations.tolist()):
            node, names = graph.dependents[number], tuple(graph.table.names(number))
            slots = tuple(column[row] for column in columns)
            yield Site(node, names, own.shape, slots, own.results[row])

    def slope(self, row: int, slot: int, take: Callable[..., Slope] = slope) -> Slope:
        """The slope, or what else `take` gives, of one equation along one slot."""
        moved = next(slots for slots in self.equations.blocks if slot in slots)
        return self._slopes(moved, take)[moved.index(slot), row]

    @memo
    def _slopes(self, moved: tuple[int, ...], take: Callable[..., Slope]) -> Slope:
        # A layer of 100 equations of one shape is one call, and not a hundred.
        own = self.equations
        return take(own.along(moved), own.at(moved), own.terms(moved), stacks=True)
