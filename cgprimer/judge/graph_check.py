"""The check of a graph at points: its edges, its outputs, and all of them at once.

    graph, points ─▶ GraphCheck ─▶ EdgeCheck of each edge, OutputCheck of each output

Differences are taken when they are first asked for. Claims are held against them, one
set after another, without a new difference: by `check`, `compare` and `mutation`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.graph.graph import Graph
from cgprimer.judge.at_points import GraphAtPoints
from cgprimer.judge.edge_check import EdgeCheck
from cgprimer.judge.evidence import JudgedRow, judged_row
from cgprimer.judge.points import random_points
from cgprimer.judge.together import DIRECTIONS, evidence_along
from cgprimer.judge.total_check import OutputCheck
from cgprimer.keeping import lazy, memo
from cgprimer.types import Edge


def graph_check(
    graph: Graph,
    at: Mapping[str, ArrayLike] | None,
    points: int,
    rng: np.random.Generator | int | None,
) -> GraphCheck:
    """The check of a graph at the caller's points or, without any, at random ones."""
    # Of points that nobody asked for, half must decide; of the caller's own, all of
    # them.
    if at is not None:
        return GraphCheck(graph, at, given=True)
    random = random_points(graph, points, rng)
    return GraphCheck(graph, random, given=False)


class GraphCheck(GraphAtPoints):
    """A graph at points with the checks of its edges, in order, and of its outputs."""

    @lazy
    def edges(self) -> dict[Edge, EdgeCheck]:
        """The check of every edge, in topological order."""
        return {edge: EdgeCheck(self, edge) for edge in self.own}

    @lazy
    def outputs(self) -> dict[str, OutputCheck]:
        """The check of the total derivatives of every variable, as an output."""
        return {name: OutputCheck(self, name) for name in self.graph.order}

    def mixable(self, outputs: Collection[str]) -> set[str]:
        """What some outputs depend on, but not through a surrogate, which declares."""
        above, declared = set(outputs), set[str]()
        # A difference along a direction cannot leave out one way to the output: a name
        # with a surrogate on any of its ways is judged by itself.
        for node, wrt in reversed(self.own):
            if node in above:
                above.add(wrt)
                # All that lies below a surrogate gets there through it.
                if node in declared or self.surrogate((node, wrt)):
                    declared.add(wrt)
        return above - declared - set(outputs)

    @memo
    def mixture(self, outputs: tuple[str, ...], names: tuple[str, ...]) -> JudgedRow:
        """One row about many totals: slopes along directions that mix them all."""
        of = outputs[0] if len(outputs) == 1 else f"a mix of {len(outputs)} outputs"
        along = f"{DIRECTIONS} random directions of {len(names)} names"
        evidence = [evidence_along(self, outputs, names)]
        return JudgedRow(
            judged_row("direction", (of, along), None, evidence, given=self.given)
        )
