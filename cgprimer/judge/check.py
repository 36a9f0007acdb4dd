"""Gradients checked: per edge and in total, with the place and kind of a mistake.

claims, read ─────────┐
points ─▶ GraphCheck ─┴▶ a row for each edge and total ─▶ stories of wrong totals
                            ─▶ all at one point ─▶ first wrong edge, diagnosis
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.interrupts import contained
from cgprimer.judge.claim import Claim, Claims
from cgprimer.judge.claims import read_claims
from cgprimer.judge.evidence import JudgedRow
from cgprimer.judge.graph_check import GraphCheck, graph_check
from cgprimer.judge.report import CheckReport, overall
from cgprimer.judge.stories.one_point import at_one_point
from cgprimer.judge.stories.sentences import diagnosis
from cgprimer.judge.stories.wrong_totals import blame_totals
from cgprimer.notation.progress import check_bar
from cgprimer.types import Edge

MANY = 2_000  # outputs × names × groups of equations: more take seconds, each alone
ROW = 2e-6  # seconds of an edge beside the calls that `bar` reckons with


@contained
def check_gradients(
    graph: Graph,
    *,
    at: Mapping[str, ArrayLike] | None = None,
    points: int = 5,
    claims: Mapping[Edge, Any] | Sequence[str] | None = None,
    output: str | None = None,
    rng: np.random.Generator | int | None = None,
    progress: bool | None = None,
) -> CheckReport:
    """Judge every edge partial, its derivative, and every total derivative.

    at : points of your own, numbers or arrays (n,); otherwise `points` random ones
        are drawn where the graph is finite. Kinks nearby are tried from both sides;
        what a claim is at a kink itself is a remark, unless that is one of your points.
    claims : (node, wrt) → somebody's ∂node/∂wrt: a formula in the names of that
        equation and the node itself, a number, an array with one value per point, or
        a Python function of keyword values. Edges without a claim are checked by our
        own rules.
    output : claims for (output, wrt) are then total derivatives, along all paths, in
        any names of the graph: a hand-written backpropagation.
    progress : a bar on standard error; by default on a terminal, where it takes long.

    Where there are thousands of total derivatives to check, and no claims about them,
    they are checked together, along a few random directions that mix them all.

    The report is PASS only where every derivative is confirmed by differences; where
    they cannot tell it is INCONCLUSIVE, with the reason.

    Where names are arrays, claims are arrays, functions of arrays or formulas in the
    language of arrays, also as lines of one text; `dxh` in them is d output / d xh. Up
    to 200 entries of a derivative are held against a difference each, larger ones along
    random directions; the rows say which, and name the entry that came out worst.

    >>> from cgprimer import parse_graph
    >>> graph = parse_graph(["xz = tanh(w*xa)"])
    >>> report = check_gradients(graph, claims={("xz", "w"): "xa"}, rng=0)
    >>> report.verdict, report.first_wrong
    ('FAIL', ('xz', 'w'))
    """
    takes.kind(Graph, graph=graph)
    if graph.sizing is not None:
        from cgprimer.judge.arrays.check import check_arrays

        return check_arrays(graph, at, points, claims, output, rng, progress)
    takes.mapping(claims=claims)
    # An array of claims is for points that its author knows; random ones nobody knows.
    width = None if at is None else Point.of(graph, at).width
    if output is not None:
        [output] = graph.checked_outputs([output])
    read = read_claims(graph, cast("Mapping[Edge, Any]", claims), output, width)
    check = graph_check(graph, at, points, rng)
    with check_bar("check", len(check.edges) + 1, ROW, progress) as tick:
        return report(check, read, output, tick)


def report(
    check: GraphCheck,
    claims: Mapping[Edge, Claim],
    output: str | None,
    tick: Callable[[int], None] = lambda count: None,
) -> CheckReport:
    """The report on one set of claims, with the differences that are there already.

    tick : called with 1 for every edge, and for the totals.
    """
    by_kind = Claims.of(claims, output)
    rows = [*_on_edges(check, by_kind, tick), *_on_totals(check, by_kind)]
    tick(1)
    with np.errstate(all="ignore"):  # guesses may overflow
        rows, stories = blame_totals(check, rows, by_kind.whole)
        verdict = overall(tuple(one.row for one in rows))
        shown, at = at_one_point(check, rows, by_kind)
        first, says = diagnosis(check, shown, verdict, stories, by_kind.whole)
    return CheckReport(verdict, shown, first, says, at, check.width)


def _on_edges(
    check: GraphCheck, claims: Claims, tick: Callable[[int], None]
) -> Iterator[JudgedRow]:
    for edge, one in check.edges.items():
        tick(1)
        yield from one.judge(claims.local.get(edge))


def _on_totals(check: GraphCheck, claims: Claims) -> Iterator[JudgedRow]:
    """A row for every total or, where they are many, one for all without a claim."""
    graph, together = check.graph, set[str]()
    outputs = (claims.output,) if claims.output else graph.outputs
    names = (*graph.inputs, *graph.parameters)
    # 10 outputs by 100 names are 1,000 differences of, say, 3 groups of equations each;
    # together there are as few as directions.
    if len(outputs) * len(names) * len(check.sweeps.groups) > MANY:
        together = check.mixable(outputs).intersection(names) - set(claims.whole)
    if together:
        yield check.mixture(outputs, tuple(n for n in names if n in together))
    if not claims.whole and len(together) == len(names):
        return
    for one in outputs:
        output = check.outputs[one]
        ends = [n for n in names if n in output.inside and n not in together]
        # Claims come last: a claim may be about a variable in the middle, which is no
        # end.
        for wrt in dict.fromkeys([*ends, *claims.whole]):
            claim = claims.whole.get(wrt)
            if claim is not None or wrt != output.output:
                yield output.judge(wrt, claim)
