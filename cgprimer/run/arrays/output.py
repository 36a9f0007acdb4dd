"""One output of a graph with arrays as a function of everything that it depends on.

    graph, output, Entries ─▶ ArrayOutput: values (p,) ─▶ its value, and gradient (p,)

`fitting.fit.minimize` makes it small, without data.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cgprimer.graph.array_point import bind
from cgprimer.graph.graph import Graph
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.arrays.evaluation import derived_graph, kernel_of
from cgprimer.run.by_numpy import stepwise
from cgprimer.run.problem import Steps
from cgprimer.types import Array, Integers


class ArrayOutput:
    """An output as a function of inputs and parameters, all entries in one vector.

    entries : of the names that it is a function of. Raises GraphError for an output
    that is an array.
    """

    nonnegative = False

    def __init__(self, graph: Graph, output: str, entries: Entries) -> None:
        self.entries = entries
        derived = derived_graph(graph, output, tuple(entries.dims))
        sizes = tuple(bind(graph, entries.dims).sizes.items())
        wanted = output, *derived.outputs
        self.kernel = kernel_of(derived, sizes, frozenset(), wanted)

    def __len__(self) -> int:
        return 1

    def value(self, params: Array) -> float:
        """The output."""
        return self.value_and_gradient(params)[0]

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The output, and its gradient (p,)."""
        with np.errstate(all="ignore"):
            value, *slopes = self.kernel(self.entries.split(params))
        by_name = dict(zip(self.entries.dims, slopes, strict=True))
        return float(value), self.entries.join(by_name)

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step along the gradient; the value before each step (steps,)."""
        return stepwise(self.value_and_gradient, state, steps)

    def parts(self, order: Integers, batch: int) -> Iterator[Integers]:
        """An epoch as a whole."""
        yield order
