"""The check of totals: d output/d name by differences, and claims held against them.

output ─▶ OutputCheck: our own gradient, its rounding, differences of many names
             └─▶ for each name: claim ─▶ evidence ─▶ row
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from cgprimer.errors import NonFiniteWarning
from cgprimer.graph.accumulation import path_terms
from cgprimer.judge.arrival import mark
from cgprimer.judge.at_points import GraphAtPoints
from cgprimer.judge.claim import Claim
from cgprimer.judge.differences.edges import AT_ONCE
from cgprimer.judge.differences.whole import OutputFunction
from cgprimer.judge.evidence import Evidence, JudgedRow, declared_row, judged_row
from cgprimer.judge.slopes import Slope, slope, zero_slope
from cgprimer.keeping import lazy, memo
from cgprimer.types import Array


class OutputCheck:
    """All total derivatives of one output of a graph at points."""

    def __init__(self, at: GraphAtPoints, output: str) -> None:
        self.at, self.output = at, output

    @property
    def inside(self) -> set[str]:
        """Every name that the output depends on, and itself."""
        return self.at.below(self.output)

    @lazy
    def gradient(self) -> dict[str, Array]:
        """d output / d name by our own sweep, for every name below it."""
        at = self.at
        # Also by the variables in the middle: claims may be about any of them.
        wanted = [n for n in at.values if n in self.inside]
        names = (*at.graph.inputs, *at.graph.parameters)
        values = {name: at.values[name] for name in names}
        with warnings.catch_warnings():  # the report says it itself
            warnings.simplefilter("ignore", NonFiniteWarning)
            gradient = at.graph.gradient_at(self.output, values, wanted)
        return {name: np.asarray(value) for name, value in gradient.items()}

    @lazy
    def terms(self) -> dict[str, Array]:
        """Σ|terms| of every total derivative, counted over its paths."""
        one = {self.output: np.ones(self.at.width)}
        return path_terms(self.at.own, self.at.terms, one)

    def slope(self, wrt: str) -> Slope:
        """d output / d wrt by differences of the whole graph."""
        if wrt not in self.inside:
            return zero_slope(self.at.values[wrt])
        # Variables in the middle are in no block: they are cut loose from their
        # equations, one at a time.
        block = next((names for names in self._blocks if wrt in names), (wrt,))
        return self._slopes(block)[block.index(wrt)]

    @lazy
    def _blocks(self) -> list[tuple[str, ...]]:
        """Inputs and parameters, as many at a time as arrays have room for."""
        graph, values = self.at.graph, self.at.values
        ends = (*graph.inputs, *graph.parameters)
        names = [name for name in ends if name in self.inside]
        # Every name that is moved repeats all values of the graph.
        many = max(1, AT_ONCE // (len(values) * self.at.width))
        return [tuple(names[k : k + many]) for k in range(0, len(names), many)]

    @memo
    def _slopes(self, names: tuple[str, ...]) -> Slope:
        """d output / d name for several names, each moved by itself: (names, n)."""
        x = np.array([self.at.values[name] for name in names])
        whole = self._function
        return slope(whole.along(names), x, whole.terms(names), stacks=True)

    @lazy
    def _function(self) -> OutputFunction:
        return OutputFunction.of(self.at.graph, self.output, self.at.point)

    def evidence(self, wrt: str, claim: Claim | None) -> Evidence:
        """A claim, or without one our own total, beside differences."""
        at, zero = self.at, np.zeros(self.at.width)
        own = self.gradient.get(wrt, zero)
        claimed, terms = own, self.terms.get(wrt, zero)
        if claim is not None:
            claimed, terms = claim.values(at.values, at.width)
        names = (*at.graph.inputs, *at.graph.parameters, wrt)
        values = {name: at.values[name] for name in names}
        kinked = at.at_kinks(at.between(at.kink_masks, self.output, wrt))
        excused = at.excuses(claim, claimed, own, kinked)
        return Evidence(claimed, terms, self.slope(wrt), values, excused)

    def judge(self, wrt: str, claim: Claim | None) -> JudgedRow:
        """The row on a claim of d output / d wrt; on our own total it is made once."""
        return self._own_row(wrt) if claim is None else self._row(wrt, claim)

    @memo
    def _own_row(self, wrt: str) -> JudgedRow:
        own, misuses = self._row(wrt, None), self.at.misuses
        first = next(self.at.between(misuses, self.output, wrt), None)
        return replace(own, row=mark(own.row, misuses[first])) if first else own

    def _row(self, wrt: str, claim: Claim | None) -> JudgedRow:
        at, edge, one = self.at, (self.output, wrt), self.evidence(wrt, claim)
        row = judged_row("total", edge, claim, [one], given=at.given)
        through = next(at.between(at.surrogates, *edge), None)
        if through:
            declared = (
                f"through {through[0]}, where a gradient is declared, not derived"
            )
            row = declared_row(row, one, self.gradient[wrt], declared)
        return JudgedRow(row, one)
