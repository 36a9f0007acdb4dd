"""What cgprimer itself computes where the author's form goes wrong.

    place, sample ─→ "cgprimer computes softplus(xx) instead: 1000 is right", or ""

The value of an equation comes from a program, an edge partial by the rules, a gradient
by a reverse sweep: each as a user gets it. Asked by `diagnose`.
"""

from __future__ import annotations

import numpy as np

from cgprimer.diagnosis.evaluation import Evaluation, error
from cgprimer.diagnosis.operations import Place
from cgprimer.diff.stable import stable
from cgprimer.judge.differences.edges import by_formula
from cgprimer.notation.text import show

SHARP = 1e-10  # relative error up to which the engine's number counts as right


def engine_remark(evaluation: Evaluation, place: Place, sample: int) -> str:
    """A note where the engine replaces the form by a stable one and is right."""
    root = evaluation.operations.roots[place.kind, place.node, place.wrt]
    value = _engine_value(evaluation, place, sample)
    # A remark is made only where the engine's own number is right.
    if error(value, evaluation.exact[sample][root]) > SHARP:
        return ""
    if place.kind != "value":
        return f"cgprimer computes it from stable forms: {value:.10g} is right"
    graph = evaluation.operations.graph
    form = stable(graph.running.equation(place.node).body)
    if form is graph.equation(place.node).body:
        return ""
    return f"cgprimer computes {show(form)} instead: {value:.10g} is right"


def _engine_value(evaluation: Evaluation, place: Place, sample: int) -> float:
    """The number at a place in one sample: of a value, a partial or a gradient."""
    graph, point = evaluation.operations.graph, evaluation.point
    program = graph.running.program()
    values = program.forward(point.inputs, point.parameters)
    if place.kind == "value":
        column = values[graph.variable_number[place.node]]
    elif place.kind == "edge":
        column = by_formula(graph, point, "adjoint")[place.node, str(place.wrt)]
    else:
        seed = {graph.variable_number[place.node]: np.ones(point.width)}
        adjoints, shares = program.backward(values, point.parameters, seed)
        column = graph.table.by_name(adjoints, shares)[str(place.wrt)]
    return float(np.broadcast_to(column, (point.width,))[sample])
