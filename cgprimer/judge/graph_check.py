"""The check of a graph at points: its edges, its outputs, and all of them at once.

    graph, points ─▶ GraphCheck ─▶ EdgeCheck of each edge, TotalCheck of each total

Differences are taken when they are first asked for. Claims are held against them, one
set after another, without a new difference: by `check`, `compare` and `mutation`.
"""

from __future__ import annotations

from collections.abc import Collection

from cgprimer.judge.at_points import GraphAtPoints
from cgprimer.judge.edge_check import EdgeCheck
from cgprimer.judge.evidence import JudgedRow, judged_row
from cgprimer.judge.together import DIRECTIONS, evidence_along
from cgprimer.judge.total_check import OutputCheck
from cgprimer.keeping import lazy, memo
from cgprimer.types import Edge


class GraphCheck(GraphAtPoints):
    """A graph at points with the checks of its edges, in order, and of its outputs."""

    @lazy
    def edges(self) -> dict[Edge, EdgeCheck]:
        """The check of every edge, in topological order."""
        return {edge: EdgeCheck(self, edge) for edge in self.own}

    @memo
    def output(self, name: str) -> OutputCheck:
        """The check of the total derivatives of one output."""
        return OutputCheck(self, name)

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
