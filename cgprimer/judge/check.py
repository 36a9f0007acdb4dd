"""Gradients checked: per edge and in total, with the place and kind of a mistake.

points ─▶ Witness (differences ± bounds) ─┐
claims ───────────────────────────────────┴▶ rows ─▶ first wrong edge ─▶ diagnosis
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.graph.graph import Graph
from cgprimer.interrupts import contained
from cgprimer.judge.claims import Claim, read_claims
from cgprimer.judge.mistakes.blame import blame_edge
from cgprimer.judge.mistakes.sentences import told
from cgprimer.judge.report import CheckReport, CheckRow
from cgprimer.judge.sites import checked_points, random_points
from cgprimer.judge.together import DIRECTIONS
from cgprimer.judge.verdict import (
    FAIL,
    INCONCLUSIVE,
    PASS,
    SHARP,
    SURROGATE,
)
from cgprimer.judge.witness import Evidence, Witness
from cgprimer.notation.bar import bar
from cgprimer.types import Array, Edge

SHARP_SECOND = 1e-2  # second differences are known to half as many digits
MANY = 2_000  # outputs × names × groups of equations: more take seconds, each alone
ROW = 2e-6  # seconds of an edge beside the calls that `bar` reckons with
SEVERITY = {PASS: 0, SURROGATE: 0, INCONCLUSIVE: 1, FAIL: 2}


@contained
def check_gradients(
    graph: Graph,
    *,
    at: Mapping[str, ArrayLike] | None = None,
    points: int = 5,
    claims: Mapping[Edge, Any] | None = None,
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

    >>> from cgprimer import parse_graph
    >>> graph = parse_graph(["xz = tanh(w*xa)"])
    >>> report = check_gradients(graph, claims={("xz", "w"): "xa"}, rng=0)
    >>> report.verdict, report.first_wrong
    ('FAIL', ('xz', 'w'))
    """
    takes.kind(Graph, graph=graph)
    takes.mapping(claims=claims)
    if output is not None:
        [output] = graph.checked_outputs([output])
    # Of points that nobody asked for, half must decide; of the caller's own, all of
    # them.
    if at is None:
        count = checked_points(points)
        random = random_points(graph, count, takes.generator(rng))
        witness = Witness(graph, random, given=False)
    else:
        witness = Witness(graph, at, given=True)
    # An array of claims is for points that its author knows; random ones nobody knows.
    width = witness.width if at is not None else None
    read = read_claims(graph, claims, output, width)
    with bar("check", len(witness.edges) + 1, ROW, progress) as tick:
        return report(witness, read, output, tick)


def report(
    witness: Witness,
    claims: Mapping[Edge, Claim],
    output: str | None,
    tick: Callable[[int], None] = lambda count: None,
) -> CheckReport:
    """The report on one set of claims, with the differences that are there already.

    tick : called with 1 for every edge, and for the totals.
    """
    whole = {e[1]: claim for e, claim in claims.items() if e[0] == output}
    local = {e: claim for e, claim in claims.items() if e[0] != output}
    rows = list(_edge_rows(witness, local, tick))
    outputs = (output,) if output else witness.graph.outputs
    rows += _all_totals(witness, outputs, whole)
    tick(1)
    return told(witness, rows, local, whole)


def _edge_rows(
    witness: Witness, claims: Mapping[Edge, Claim], tick: Callable[[int], None]
) -> Iterator[CheckRow]:
    for edge in witness.edges:
        tick(1)
        if edge in claims:
            yield from _rows_of(witness, edge, claims[edge])
            continue
        # What is found of our own derivative does not depend on the claims, and is kept
        # with the witness: thousands of sets of claims may be judged by one witness.
        if edge not in witness.rows:
            witness.rows[edge] = tuple(_rows_of(witness, edge, None))
        yield from witness.rows[edge]


def _rows_of(witness: Witness, edge: Edge, claim: Claim | None) -> Iterator[CheckRow]:
    declared = witness.surrogate(edge)
    if declared:
        yield _declared(witness, edge, claim, declared)
        return
    evidence = witness.edge(edge, claim)
    row = _judged("edge", edge, claim, evidence, witness.given)
    yield blame_edge(witness, row, claim) if row.verdict == FAIL else row
    # The formula is differentiated once more, and so are our own rules: right values
    # alone say nothing of that.
    second = witness.second(edge, claim) if row.verdict == PASS else None
    if second is not None:
        yield _judged("second", edge, claim, [second], witness.given, SHARP_SECOND)


def _judged(
    kind: str,
    edge: Edge,
    claim: Claim | None,
    evidence: list[Evidence],
    given: bool,
    sharp: float = SHARP,
) -> CheckRow:
    """One row from all points: FAIL where one fails, PASS where enough decide.

    At the caller's own points every one must; of random ones, half.
    """
    ranked = []
    for where, one in enumerate(evidence):
        for i in range(len(one.claimed)):
            found = one.judged(i, sharp)
            gap = abs(float(one.claimed[i]) - float(one.found.value[i]))
            # nan beside a number is the largest gap there is.
            rank = SEVERITY[found.verdict], np.nan_to_num(gap, nan=np.inf)
            ranked.append((rank, where, i, found))
    rank, where, i, found = max(ranked, key=lambda item: item[0])
    # Evidence 0 is that at the points; what follows is beside kinks, and is no part of
    # the count of points that decide.
    at_points = [item for item in ranked if item[1] == 0]
    passed = sum(item[3].verdict == PASS for item in at_points)
    # Of five random points three must pass. A domain's edge or a wave too fast for one
    # of them then leaves no doubt about a derivative that the others confirm.
    needed = len(at_points) if given else (len(at_points) + 1) // 2
    reason = found.reason
    verdict = found.verdict
    if verdict == INCONCLUSIVE and passed >= needed:
        undecided = sum(item[3].verdict == INCONCLUSIVE for item in ranked)
        verdict, reason = PASS, f"undecided at {undecided} of {len(ranked)}"
    row = _row(kind, edge, claim, evidence[where], i)
    return replace(row, verdict=verdict, reason=reason, points=len(ranked))


def _row(
    kind: str, edge: Edge, claim: Claim | None, one: Evidence, i: int = 0
) -> CheckRow:
    """What is known at point `i`, not judged yet."""
    return CheckRow(
        kind,
        *edge,
        claim.text if claim else "",
        claim.where if claim else "",
        float(one.claimed[i]),
        float(one.found.value[i]),
        float(one.found.bound[i]),
        INCONCLUSIVE,
        "",
        1,
        {text: float(value[i]) for text, value in one.at.items()},
    )


def _declared(
    witness: Witness, edge: Edge, claim: Claim | None, declared: str
) -> CheckRow:
    """An edge through a surrogate: not judged, but a claim must be what is declared."""
    evidence = witness.edge(edge, claim)[:1]
    row = _judged("edge", edge, claim, evidence, witness.given)
    return _as_declared(row, evidence[0], witness.own[edge], declared)


def _as_declared(row: CheckRow, one: Evidence, own: Array, declared: str) -> CheckRow:
    if np.allclose(one.claimed, own, rtol=1e-9, atol=0, equal_nan=True):
        return replace(row, verdict=SURROGATE, reason=declared)
    says = f"{declared}, and the claim is another gradient than that"
    return replace(row, verdict=FAIL, reason=says)


def _all_totals(
    witness: Witness, outputs: tuple[str, ...], claims: Mapping[str, Claim]
) -> Iterator[CheckRow]:
    """A row for every total or, where they are many, one for all without a claim."""
    graph, together = witness.graph, set[str]()
    names = (*graph.inputs, *graph.parameters)
    # 10 outputs by 100 names are 1,000 differences of, say, 3 groups of equations each;
    # together there are DIRECTIONS of them.
    if len(outputs) * len(names) * len(graph.program().groups) > MANY:
        together = witness.mixable(outputs).intersection(names) - set(claims)
    if together:
        mixed = tuple(name for name in names if name in together)
        yield _judged_together(witness, outputs, mixed)
    for output in outputs if claims or len(together) < len(names) else ():
        yield from _total_rows(witness, output, claims, together)


def _total_rows(
    witness: Witness, output: str, claims: Mapping[str, Claim], skipped: set[str]
) -> Iterator[CheckRow]:
    graph = witness.graph
    inside = witness.below(output)
    ends = [n for n in (*graph.inputs, *graph.parameters) if n in inside]
    ends = [n for n in ends if n not in skipped]
    # Claims come last: a claim may be about a variable in the middle, which is no end.
    for wrt in dict.fromkeys([*ends, *claims]):
        if wrt in claims:
            yield _total_row(witness, output, wrt, claims[wrt])
        elif wrt != output:
            key = "total", output, wrt
            if key not in witness.rows:
                witness.rows[key] = (_total_row(witness, output, wrt, None),)
            yield from witness.rows[key]


def _judged_together(
    witness: Witness, outputs: tuple[str, ...], names: tuple[str, ...]
) -> CheckRow:
    """One row about many totals, as the slopes along directions that mix them all."""
    key = "direction", outputs, names
    if key not in witness.rows:
        of = outputs[0] if len(outputs) == 1 else f"a mix of {len(outputs)} outputs"
        told = f"{DIRECTIONS} random directions of {len(names)} names"
        evidence = [witness.together(outputs, names)]
        row = _judged("direction", (of, told), None, evidence, witness.given)
        witness.rows[key] = (row,)
    [row] = witness.rows[key]
    return row


def _total_row(
    witness: Witness, output: str, wrt: str, claim: Claim | None
) -> CheckRow:
    evidence = witness.total(output, wrt, claim)
    row = _judged("total", (output, wrt), claim, [evidence], witness.given)
    through = witness.surrogate_between(output, wrt)
    if through:
        declared = f"through {through}, where a gradient is declared, not derived"
        return _as_declared(row, evidence, witness.totals(output)[wrt], declared)
    return row
