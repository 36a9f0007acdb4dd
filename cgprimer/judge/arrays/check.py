"""`check_gradients` of a graph with arrays: every edge, every total, and claims.

graph, points, claims ─▶ ArraysAtPoint ─▶ WorstEntry of each ─▶ rows, causes ─▶ report

A claim of a total is judged with the right adjoints of other names in it: what is wrong
in it is its own mistake, not that of a claim it builds upon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import GraphError, PointError
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.claims import ArrayClaim, DimsMisfit
from cgprimer.judge.arrays.conform import conforms
from cgprimer.judge.arrays.derivatives import ArrayDerivative, ShareAt, ToldEntries
from cgprimer.judge.arrays.evidence import found
from cgprimer.judge.arrays.explain import ArrayCase, changes, explain
from cgprimer.judge.arrays.given_claims import array_claims
from cgprimer.judge.arrays.points import random_arrays, scalar_outputs
from cgprimer.judge.arrays.rows import (
    ArrayCheckReport,
    ArrayCheckRow,
    diagnosis,
    mended,
    misfit_row,
    row_of,
)
from cgprimer.judge.check import ROW
from cgprimer.judge.report import overall
from cgprimer.judge.verdict import FAIL, PASS
from cgprimer.keeping import lazy
from cgprimer.notation.progress import check_bar
from cgprimer.types import Edge

ENOUGH = 3  # samples that tell mistakes apart
NUMBERS = 12  # and so many entries do, of all samples together


def check_arrays(
    graph: Graph,
    at: Mapping[str, ArrayLike] | None,
    points: int,
    claims: Any,
    output: str | None,
    rng: np.random.Generator | int | None,
    progress: bool | None,
) -> ArrayCheckReport:
    """Judge every edge partial and every total derivative; see `check_gradients`."""
    read, of = array_claims(graph, claims or {}, output)
    given = at is not None
    at = random_arrays(graph, points, rng) if at is None else at
    here = ArraysAtPoint(graph, at, given)
    with check_bar("check", len(here.edges) + 1, ROW, progress) as tick:
        return report(ArrayCheck(here, read, output, of), tick)


def report(
    check: ArrayCheck, tick: Callable[[int], None] = lambda count: None
) -> ArrayCheckReport:
    """The report on one set of claims; no difference is taken twice."""
    rows, here = [], check.at
    for row in check.rows():
        rows.append(row)
        tick(1)
    verdict = overall(tuple(rows))
    wrong = [row for row in rows if row.verdict == FAIL]
    says = diagnosis(rows, here.width, here.given)
    first = wrong[0].edge if wrong else None
    return ArrayCheckReport(verdict, tuple(rows), first, says, {}, here.width)


class ArrayCheck:
    """A graph at a point, with claims about some of its derivatives."""

    def __init__(
        self,
        at: ArraysAtPoint,
        claims: Mapping[Edge, ArrayClaim],
        output: str | None,
        of: str | None,
    ) -> None:
        self.at, self.claims, self.output, self.of = at, claims, output, of
        for edge in claims:
            self._refuse(edge)

    def _refuse(self, edge: Edge) -> None:
        """GraphError for a claim about what has no derivative."""
        node, wrt = edge
        if wrt in self.at.indices:
            raise GraphError(
                f"{wrt!r} is the number of an entry: there is no ∂{node}/∂{wrt}"
            )
        if node == wrt or wrt not in self.at.below(node):
            raise GraphError(
                f"{node!r} is no function of {wrt!r}: leave that claim out"
            )
        if edge not in self.at.edges and self.at.dims(node):
            raise GraphError(
                f"{node!r} is an array: total derivatives are claimed of numbers"
            )

    def rows(self) -> Iterator[ArrayCheckRow]:
        """A row for every edge, then for every total."""
        about = dict(self.claims)
        for edge, one in self.at.edges.items():
            claim = None if edge[0] == self.output else about.pop(edge, None)
            yield self.row(one, claim)
        graph, at = self.at.graph, self.at
        outputs = [self.output] if self.output else scalar_outputs(graph)
        for output in dict.fromkeys([*outputs, *(node for node, _ in about)]):
            ends = [*graph.inputs, *graph.parameters]
            claimed = [wrt for node, wrt in about if node == output]
            # In the order of the sweep, the output first: a wrong adjoint is told
            # before what follows from it.
            order = [*reversed(graph.order), *graph.parameters]
            for wrt in order:
                if wrt in at.below(output) - {output} - at.indices and (
                    wrt in ends or wrt in claimed
                ):
                    yield self.row(at.total(output, wrt), about.get((output, wrt)))

    def row(self, one: ArrayDerivative, claim: ArrayClaim | None) -> ArrayCheckRow:
        """The row on a claim or, without one, on what our own rules give."""
        width = self.at.width
        if claim is None:
            return row_of(one, None, found(one), width)
        one = self.meant(one, claim)
        told = claim.values(one, self.of)
        if isinstance(told, DimsMisfit):
            says = conforms(one, told)
            change = next(changes(one, claim, self.of), None)
            # What fits as it stands has been said; else the change that makes it fit.
            if change and "is right" not in says:
                says = f"{says}; {change[1]}"
            return self._blamed(one, claim, misfit_row(one, claim, says, width))
        row = row_of(one, claim, found(one, told), width)
        return self._blamed(one, claim, row, told) if row.verdict == FAIL else row

    def meant(self, one: ArrayDerivative, claim: ArrayClaim) -> ArrayDerivative:
        """What a claim is about: a derivative, or what a name gets of an adjoint."""
        if one.kind == "edge" and claim.arrives(one.at) and self.of:
            edge = one.at.edges[one.edge]
            return ShareAt(edge, one.at.adjoints(self.of)[one.node].values)
        return one

    def _blamed(
        self,
        one: ArrayDerivative,
        claim: ArrayClaim,
        row: ArrayCheckRow,
        told: ToldEntries | None = None,
    ) -> ArrayCheckRow:
        """The row with what its claim looks like, and what to change it to."""
        if found(one).verdict != PASS:
            return row  # nothing is known that the claim could be held beside
        if told is not None:
            cause = explain(self._case(one, claim, told))
            row = replace(row, mistake=cause.kind, looks_like=cause.says)
        return mended(row, one.formula) if claim.node is not None else row

    def _case(
        self, one: ArrayDerivative, claim: ArrayClaim, told: ToldEntries
    ) -> ArrayCase:
        """The claim beside the truth, at enough points to tell mistakes apart."""
        case = ArrayCase(one, claim, told, self.of)
        # A claim that divides by the 100 of its batch is right at that size alone, so
        # other points are asked only where the given one has too few numbers.
        few = claim.everywhere and told.values.size < NUMBERS
        wide = self.wide if few else None
        # Nor where all numbers have one ratio: elsewhere a size may be another, or
        # targets not add up to 1, and what is told has to hold at the given point.
        ratio = case.wrong.constant()
        if wide is None or (ratio is not None and told.values.size > 1):
            return case
        other = self.meant(
            wide.total(*one.edge) if one.kind == "total" else wide.edges[one.edge],
            claim,
        )
        more = claim.values(other, self.of)
        if isinstance(more, DimsMisfit):
            return case
        wider = ArrayCase(other, claim, more, self.of)
        # A claim that is right elsewhere is wrong at the given points alone.
        if wider.wrong.agrees(wider.wrong.true):
            return case
        other_ratio = wider.wrong.constant()
        if None in (ratio, other_ratio) or np.isclose(ratio, other_ratio):  # type: ignore
            return wider
        return case

    @lazy
    def wide(self) -> ArraysAtPoint | None:
        """The graph at random points, or None where there are none, or enough here."""
        if self.at.width >= ENOUGH:
            return None
        try:
            more = random_arrays(self.at.graph, ENOUGH, np.random.default_rng(0))
            return ArraysAtPoint(self.at.graph, more, given=False)
        except PointError:
            return None
