"""What a trace of a graph with arrays has beside that of numbers: shares, and values.

    graph ─ array_shares ─▶ name → formulas of the adjoints that arrive
    graph, values ─ array_numbers ─▶ (user, name) → what the name gets, as an array

`derivation.trace` asks, equation by equation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.diff.stable import stable_arrays
from cgprimer.errors import PointError
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node
from cgprimer.graph.array_edges import raw_shares
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import names_in
from cgprimer.run.arrays.evaluation import concrete, run, values_at
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Value


class ArrayNumbers:
    """The values of a graph with arrays at one point, and what its names get.

    Raises PointError where `at` is no point, or several.
    """

    def __init__(self, graph: Graph, at: Mapping[str, ArrayLike]) -> None:
        point = ArrayPoint.of(graph, at)
        if point.samples is not None:
            array = next(name for name in point.values if name in point.sampled)
            raise PointError(
                f"one point is wanted, but {array!r} has {point.samples} samples\n"
                f"  hint: take one of them, as in at | {{{array!r}: {array}[0]}}"
            )
        self.graph = graph
        self.bodies, self.sizing = concrete(graph, point.sizes)
        known = (*graph.order, *graph.parameters)
        self.values: dict[str, Value] = {
            name: _plain(value)
            for name, value in values_at(graph, point, known).items()
        }

    def shares(self, user: str, seed: Node, adjoint: Any) -> dict[str, Value]:
        """What each name in the equation of `user` gets of its adjoint."""
        names = names_in(self.graph, user)
        sizing = self.sizing.copy()
        sizing.names[str(seed.value)] = sizing.names[user]
        body = stable_arrays(self.bodies[user], sizing)
        found = raw_shares(body, names, seed, sizing, user)
        bodies = {f"of {name}": share for name, share in zip(names, found, strict=True)}
        given = {**self.values, str(seed.value): adjoint}
        given = {name: np.asarray(value) for name, value in given.items()}
        values = run(_kernel(bodies, sizing), given)
        return {
            name: _plain(np.broadcast_to(value, tuple(map(int, sizing.names[name]))))
            for name, value in zip(names, values, strict=True)
        }


def _kernel(bodies: Mapping[str, Node], sizing: Sizing) -> ArrayKernel:
    return ArrayKernel(bodies, list(bodies), sizing, frozenset())


def _plain(value: Any) -> Value:
    """A float, or an array that is read-only."""
    if not np.ndim(value):
        return float(value)
    array = np.array(value, dtype=float)
    array.flags.writeable = False
    return array
