"""Gradients checked: per edge and in total, with the place and kind of a mistake.

points ─▶ Witness (differences ± bounds) ─┐
claims ───────────────────────────────────┴▶ rows ─▶ first wrong edge ─▶ diagnosis
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.checking.blame import blame_edge, blame_totals
from cgprimer.checking.claims import Claim, Edge, read_claims
from cgprimer.checking.report import CheckReport, CheckRow, overall
from cgprimer.checking.sites import random_points
from cgprimer.checking.witness import Evidence, Witness
from cgprimer.errors import OptionError
from cgprimer.graph.graph import Graph
from cgprimer.numeric.verdict import (
    FAIL,
    INCONCLUSIVE,
    NARROW,
    PASS,
    REMARK,
    SHARP,
    SURROGATE,
    Judgement,
    judge,
)

Array = NDArray[np.float64]

SHARP_SECOND = 1e-2  # second differences are known to half as many digits
JUMP = 1e4  # a slope so much steeper than the function is on average is a jump
_ORDER = {"edge": 0, "kink": 0, "second": 1, "total": 2}
SEVERITY = {PASS: 0, SURROGATE: 0, INCONCLUSIVE: 1, FAIL: 2}


def check_gradients(
    graph: Graph,
    *,
    at: Mapping[str, ArrayLike] | None = None,
    points: int = 5,
    claims: Mapping[Edge, Any] | None = None,
    output: str | None = None,
    rng: np.random.Generator | int | None = None,
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

    The report is PASS only where every derivative is confirmed by differences; where
    they cannot tell it is INCONCLUSIVE, with the reason.

    >>> from cgprimer import parse_graph
    >>> graph = parse_graph(["xz = tanh(w*xa)"])
    >>> report = check_gradients(graph, claims={("xz", "w"): "xa"}, rng=0)
    >>> report.verdict, report.first_wrong
    ('FAIL', ('xz', 'w'))
    """
    if output is not None:
        [output] = graph.checked_outputs([output])
    if at is None:
        if not isinstance(points, int) or points < 1:
            raise OptionError(f"points={points!r}: at least one point is needed")
        random = random_points(graph, points, np.random.default_rng(rng))
        witness = Witness(graph, random, given=False)
    else:
        witness = Witness(graph, at, given=True)
    width = witness.width if at is not None else None
    return report(witness, read_claims(graph, claims, output, width), output)


def report(
    witness: Witness, claims: Mapping[Edge, Claim], output: str | None
) -> CheckReport:
    """The report on one set of claims, with the differences that are there already."""
    whole = {e[1]: claim for e, claim in claims.items() if e[0] == output}
    local = {e: claim for e, claim in claims.items() if e[0] != output}
    rows = tuple(_edge_rows(witness, local))
    outputs = (output,) if output else witness.graph.outputs
    for text in outputs:
        rows += tuple(_total_rows(witness, text, whole))
    verdict = overall(rows)
    first, diagnosis = _diagnosis(witness, rows, verdict, local, whole)
    return CheckReport(verdict, rows, first, diagnosis)


def _edge_rows(witness: Witness, claims: Mapping[Edge, Claim]) -> Iterator[CheckRow]:
    for edge in witness.edges:
        if edge in claims:
            yield from _rows_of(witness, edge, claims[edge])
            continue
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
    for kink in witness.kinks(edge, claim):
        at_kink = _kink_row(edge, claim, kink)
        if at_kink is not None:
            yield at_kink
    second = witness.second(edge, claim) if row.verdict == PASS else None
    if second is not None:
        yield _judged("second", edge, claim, [second], witness.given, SHARP_SECOND)


def at_point(one: Evidence, i: int, sharp: float = SHARP) -> Judgement:
    """The judgement at point `i`; a claim that is excused there is not condemned."""
    found = judge(float(one.claimed[i]), one.found, i, float(one.terms[i]), sharp)
    if found.verdict == FAIL and one.excused[i]:
        return Judgement(INCONCLUSIVE, f"{_slopes(one, i)}, {_but(one, i)}")
    return found


def _slopes(one: Evidence, i: int) -> str:
    left, right = (float(side[i]) for side in (one.found.left, one.found.right))
    return f"slopes {_short(left)} before, {_short(right)} after"


def _but(one: Evidence, i: int) -> str:
    return f"but the rules give {one.claimed[i]:.6g} at this very point"


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
            found = at_point(one, i, sharp)
            gap = abs(float(one.claimed[i]) - float(one.found.value[i]))
            rank = SEVERITY[found.verdict], np.nan_to_num(gap, nan=np.inf)
            ranked.append((rank, where, i, found))
    rank, where, i, found = max(ranked, key=lambda item: item[0])
    at_points = [item for item in ranked if item[1] == 0]
    passed = sum(item[3].verdict == PASS for item in at_points)
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


def _kink_row(edge: Edge, claim: Claim | None, one: Evidence) -> CheckRow | None:
    """At a kink that nobody asked for a claim between the slopes is a subgradient.

    Any other is worth a remark. None at a jump, and where the equation or a slope is
    not finite: there is nothing to be claimed.
    """
    left, right = (float(side[0]) for side in (one.found.left, one.found.right))
    steep = max(abs(left), abs(right)) > JUMP * float(one.found.typical[0])
    found = judge(float(one.claimed[0]), one.found, 0, float(one.terms[0]), NARROW)
    if steep or (found.verdict == INCONCLUSIVE and left == right):
        return None
    verdict, reason = PASS, _slopes(one, 0)
    if found.verdict == FAIL:
        more = ": the claim is not between them" if claim else f", {_but(one, 0)}"
        verdict, reason = REMARK, reason + more
    return replace(
        _row("kink", edge, claim, one),
        verdict=verdict,
        reason=reason,
        slopes=(round(left, 9) + 0.0, round(right, 9) + 0.0),
    )


def _short(value: float) -> str:
    return f"{round(value, 9) + 0.0:.6g}"


def _total_rows(
    witness: Witness, output: str, claims: Mapping[str, Claim]
) -> Iterator[CheckRow]:
    graph = witness.graph
    inside = witness.below(output)
    ends = [n for n in (*graph.inputs, *graph.parameters) if n in inside]
    for wrt in dict.fromkeys([*ends, *claims]):
        if wrt in claims:
            yield _total_row(witness, output, wrt, claims[wrt])
        elif wrt != output:
            key = "total", output, wrt
            if key not in witness.rows:
                witness.rows[key] = (_total_row(witness, output, wrt, None),)
            yield from witness.rows[key]


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


def _diagnosis(
    witness: Witness,
    rows: tuple[CheckRow, ...],
    verdict: str,
    local: Mapping[Edge, Claim],
    whole: Mapping[str, Claim],
) -> tuple[Edge | None, str]:
    if verdict == PASS:
        return None, _praise(witness, rows)
    wrong = [row for row in rows if row.verdict == FAIL]
    if not wrong:
        doubtful = [row for row in rows if row.verdict == INCONCLUSIVE]
        if not doubtful:
            return None, "there is nothing here that could be judged"
        row = doubtful[0]
        more = f" (and {len(doubtful) - 1} more)" if len(doubtful) > 1 else ""
        return None, f"{row.derivative} could not be decided{more}: {row.reason}"
    if all(row.kind == "total" for row in wrong):
        return blame_totals(witness, wrong, whole)
    row = min(wrong, key=lambda row: _ORDER[row.kind])
    sentence = _sentence(witness, row, local.get(row.edge))
    others = {r.derivative for r in wrong if r.edge != row.edge}
    if others:
        sentence += f" Also wrong: {', '.join(sorted(others)[:6])}."
    return row.edge, sentence


def _sentence(witness: Witness, row: CheckRow, claim: Claim | None) -> str:
    node, wrt = row.edge
    found = row.looks_like or row.reason or f"{row.derivative} is not its derivative"
    text = f"∂{node}/∂{wrt} is the first wrong edge: {found}."
    if claim is None:
        return text
    where = f" ({claim.where})" if claim.where else ""
    return f"{text} Change {claim.text}{where} to {witness.formula(row.edge)}."


def _praise(witness: Witness, rows: tuple[CheckRow, ...]) -> str:
    passed = [row.kind for row in rows if row.verdict == PASS]
    edges, totals, kinks = (passed.count(kind) for kind in ("edge", "total", "kink"))
    kind = "given" if witness.given else "random"
    points = f"{_count(witness.width, f'{kind} point')}"
    more = f", and at {_count(kinks, 'kink')}" if kinks else ""
    declared = sum(row.verdict == SURROGATE for row in rows)
    aside = f"; {declared} are declared, not derived" if declared else ""
    return (
        f"{_count(edges, 'edge')} and {_count(totals, 'total')} agree with finite "
        f"differences at {points}{more}{aside}"
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"
