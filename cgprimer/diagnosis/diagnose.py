"""Where a computation goes wrong: the first operation that turns nan or inf, or loses
more than half its digits, and how to write it instead.

Every operation is computed as written, in doubles, and again in extended precision from
the same inputs. An operation is to blame where its arguments were still right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.diagnosis.by_entries import by_entries
from cgprimer.diagnosis.engine_values import engine_remark
from cgprimer.diagnosis.evaluation import EPSILON, Evaluation, error
from cgprimer.diagnosis.extended import HUGE, Number, context
from cgprimer.diagnosis.operations import Operations, Place
from cgprimer.diagnosis.reasons import GROWING, reason
from cgprimer.diagnosis.remedies import Remedies
from cgprimer.diagnosis.report import DIGITS, HINTED, Diagnosis, Finding
from cgprimer.expr.node import Node
from cgprimer.expr.spans import operation_span, span_in_equation
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.interrupts import contained
from cgprimer.notation.text import show

HALF = EPSILON**0.5  # a relative error beyond this is more than half the digits


@contained
def diagnose(graph: Graph, at: Mapping[str, ArrayLike]) -> Diagnosis:
    """Find the operations that turn nan or inf, or lose more than half their digits.

    at : name → number or array (n,) for every input and parameter. A graph with arrays
        is judged entry by entry, as `unrolled` writes it: xh[3] is xh_3.

    What the author wrote is judged, operation by operation; so are the edge partials
    and the gradient of every output, as a reverse sweep over what is written computes
    them. Where cgprimer itself computes from a stable form instead, the finding says
    so. Of many samples, the most suspect are looked at. Raises PointError for an `at`
    that does not fit.

    >>> from cgprimer import parse_graph
    >>> from cgprimer.diagnosis.diagnose import diagnose
    >>> diagnose(parse_graph(["xy = 1 - cos(xx)"]), {"xx": 1e-9}).first.suggestion
    'write 2*sin(xx/2)^2 for 1 - cos(xx): half the angle'
    """
    takes.kind(Graph, graph=graph)
    graph, at = by_entries(graph, at)
    point = Point.of(graph, at)
    evaluation = Evaluation(Operations(graph), point)
    places, wrong = evaluation.operations.places, _wrong(evaluation)
    remedies = Remedies(evaluation)
    first_come = enumerate(node for node in places if node in wrong)
    rows = tuple(
        _finding(remedies, node, wrong[node], number < HINTED)
        for number, node in first_come
    )
    finite = {name: np.isfinite(as_numbers(name, value)) for name, value in at.items()}
    given = tuple(name for name, each in finite.items() if not each.all())
    checked = len(evaluation.samples)
    return Diagnosis(rows, len(places), evaluation.width, checked, given)


def _wrong(evaluation: Evaluation) -> dict[Node, dict[int, float]]:
    """Operation → the samples where it goes wrong although its arguments are right."""
    errors: dict[Node, dict[int, float]] = {}
    wrong = {}
    for node in evaluation.order:
        errors[node] = _errors(node, evaluation)
        here = {
            sample: gap
            for sample, gap in errors[node].items()
            # Where an argument is wrong already, the blame lies there.
            if not any(sample in errors[arg] for arg in node.args)
        }
        if here and node in evaluation.operations.places:
            wrong[node] = here
    return wrong


def _errors(node: Node, evaluation: Evaluation) -> dict[int, float]:
    """Sample → relative error, where it is more than half the digits."""
    column = evaluation.doubles[node]
    failed = np.flatnonzero(~np.isfinite(column)).tolist()
    errors: dict[int, float] = dict.fromkeys(failed, np.inf)
    # nan and inf are looked for in every sample, lost digits in those of extended
    # precision.
    for sample, exact in evaluation.exact.items():
        gap = error(float(column[sample]), exact[node])
        if gap > HALF:
            errors[sample] = gap
    return errors


def _finding(
    remedies: Remedies, node: Node, here: Mapping[int, float], hinted: bool
) -> Finding:
    """The finding at the worst sample that was looked at.

    here : sample → relative error. hinted : whether to look for a formula.
    """
    operations, evaluation = remedies.operations, remedies.evaluation
    place = operations.places[node]
    worst = _worst(evaluation, node, here)
    value, exact = evaluation.both(node, worst)
    args = [evaluation.both(arg, worst) for arg in node.args]
    # 0^-1 is the one pole of these.
    is_huge = node.op.name in GROWING and all(number for number, _ in args)
    text, start, end = _source(operations.graph, place)
    return Finding(
        *place[:3],  # kind, node and wrt
        operation=text[start:end] if place.kind == "value" else show(place.operation),
        outcome="nan" if np.isnan(value) else "inf" if np.isinf(value) else "digits",
        value=value,
        exact=_short(exact, is_huge),
        lost=min(DIGITS, DIGITS + float(np.log10(here[worst]))),
        sample=None if evaluation.point.samples is None else worst,
        samples=len(here),
        reason=reason(node.op.name, args, value, exact),
        suggestion=remedies.remedy(node, worst) if hinted else "",
        engine=engine_remark(evaluation, place, worst),
        text=text,
        start=start,
        end=end,
    )


def _worst(evaluation: Evaluation, node: Node, here: Mapping[int, float]) -> int:
    """The sample in which an operation is furthest off."""
    # A sample that turned nan may not be among those looked at; some of such always
    # are.
    looked_at = [sample for sample in here if sample in evaluation.exact]
    column = evaluation.doubles[node]
    # nan and inf before lost digits, then the widest error, then the first.
    return max(looked_at, key=lambda s: (not np.isfinite(column[s]), here[s], -s))


def _source(graph: Graph, place: Place) -> tuple[str, int, int]:
    """The text in which the operation stands, and its span."""
    names = (*graph.variable_number, *graph.parameters)
    if place.kind == "value":
        text = graph.equation(place.node).text
        span = span_in_equation(text, place.operation, names)
        return (text, *(span or (text.find("=") + 1, len(text))))
    text = show(place.formula)
    return (text, *(operation_span(text, place.operation, 0, names) or (0, len(text))))


def _short(exact: Number, is_huge: bool) -> str:
    mp = context()
    if mp.isinf(exact) and is_huge:  # finite, yet beyond extended precision, too
        return f"a number beyond {'-' * (exact < 0)}1e{int(HUGE * np.log10(2))}"
    if not mp.isfinite(exact):
        return "not a real number" if mp.isnan(exact) else "infinite"
    return str(mp.nstr(exact, 8))
