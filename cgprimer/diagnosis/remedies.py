"""Why an operation went wrong, in a phrase, and how to write it instead."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from cgprimer.diagnosis.operations import Computed, Operations, error
from cgprimer.diagnosis.stable_forms import Advice, advice, forms_of
from cgprimer.diff.sweep import partials
from cgprimer.errors import shorten
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.expr.show import show
from cgprimer.numeric.extended import Number, is_finite, values

LARGEST = float(np.finfo(np.float64).max)
HAIR = Fraction(1, 10**30)
SHARP = 1e-10  # a form that is suggested must be at least this right
_TRIGONOMETRIC = ("sin", "cos", "tan")
_DOMAINS = {
    "log": "the logarithm is real for positive numbers only",
    "log1p": "log1p is real above -1 only",
    "sqrt": "the square root is real from 0 on only",
    "arcsin": "arcsin is real between -1 and 1 only",
    "arccos": "arccos is real between -1 and 1 only",
    "xlogy": "the logarithm is real for positive numbers only",
}


def reason(
    op: str, args: list[tuple[float, Number]], value: float, exact: Number
) -> str:
    """Why the operation gave `value` instead of `exact`; `args` likewise in pairs."""
    numbers = [number for number, _ in args]
    if np.isnan(value):
        return _why_nan(op, numbers)
    if np.isinf(value):
        return _why_infinite(op, numbers, exact)
    if not is_finite(exact):
        return "the exact value is not a real number; this one comes from rounding"
    if any(number == 0 != true for number, true in args):
        return "an argument underflowed to 0"
    if op in ("add", "sub"):
        return "cancellation: what is left of the two numbers is their rounding"
    if op in _TRIGONOMETRIC and abs(numbers[0]) > 1:
        return "the argument is so large that its rounding spans much of a period"
    if op == "log" and abs(numbers[0] - 1) < 0.5:
        return "the argument is so near 1 that rounding it cut off what matters"
    return f"{op} magnifies the rounding of its argument"


def _why_nan(op: str, numbers: list[float]) -> str:
    if op == "div" and not any(numbers):
        return "0 divided by 0"
    if op == "mul":
        return "0 times infinity"
    if op == "pow":
        return f"{numbers[0]:.6g} has no real power {numbers[1]:.6g}"
    if op in _DOMAINS:
        return f"{_DOMAINS[op]}, not of {numbers[0 if op != 'xlogy' else 1]:.6g}"
    return f"{op} has no value for {', '.join(f'{x:.6g}' for x in numbers)}"


def _why_infinite(op: str, numbers: list[float], exact: Number) -> str:
    if is_finite(exact):
        if abs(exact) > LARGEST:
            return "overflow: beyond the largest double, 1.8e308"
        return "an argument underflowed to 0"
    if op in ("div", "pow") and 0 in numbers:
        return "division by 0"
    if op in ("log", "xlogy", "log1p"):
        return "the logarithm of 0"
    return "a pole, or far beyond the largest double"


_PLAIN = {
    "nan": "keep the argument inside the domain, or say what the value is there",
    "division": "keep the divisor away from 0",
    "logarithm": "keep the argument away from 0",
    "overflow": "scale the argument, or compute with logarithms",
    "cancellation": "rewrite the difference: factor it, expand it, or use a series",
    "large": "take whole periods off before the argument is rounded",
}


def remedy(operations: Operations, computed: Computed, node: Node, sample: int) -> str:
    """A form that is right at this sample, in the author's names; or plain advice."""
    place = operations.places[node]
    if place.kind != "value":
        better = _for_derivative(operations, computed, node, sample)
        if better:
            return better
    else:
        for found in advice(list(operations.bodies.values()), node):
            if _is_right(found, computed, sample):
                return _told(found, operations)
    return _plainly(computed, node, sample)


def _for_derivative(
    operations: Operations, computed: Computed, node: Node, sample: int
) -> str:
    """A form of the equation, or of all equations, whose derivative is right."""
    place = operations.places[node]
    wrt = str(place.wrt)
    root = operations.roots[place.kind, place.node, place.wrt]
    exact = _limit(computed, root, sample)
    body, inside = operations.bodies[place.node], dict[Node, Node]()
    if place.kind == "edge":
        body = operations.graph.equation(place.node).body
        inside = {name(v): of for v, of in operations.bodies.items()}
    for part in postorder([body]):
        for found in forms_of(part):
            better = substitute([body], {found.place: found.written()})[0]
            slope = partials(better, [name(wrt)])[name(wrt)]
            [slope] = substitute([slope], inside) if inside else [slope]
            doubles = computed.evaluate(postorder([slope]))[slope]
            if error(float(doubles[sample]), exact) < SHARP:
                return _told(found, operations)
    for found in advice([root], node):
        if _is_right(found, computed, sample):
            return f"by hand it can be had: {_told(found, operations)}"
    return ""


def _is_right(found: Advice, computed: Computed, sample: int) -> bool:
    """Whether the new form, in doubles, gives what the old one gives exactly."""
    written = found.written()
    doubles = computed.evaluate(postorder([written]))[written]
    exact = _limit(computed, found.place, sample)
    return error(float(doubles[sample]), exact) < SHARP


def _limit(computed: Computed, node: Node, sample: int) -> Number:
    """The exact value; for 0/0, the value a hair's breadth beside it."""
    exact = computed.exact[sample][node]
    if is_finite(exact):
        return exact
    finite = {k: v for k, v in computed.at(sample).items() if np.isfinite(v)}
    if not set(leaves(node)) <= set(finite):
        return exact
    beside = {key: Fraction(value) + HAIR for key, value in finite.items()}
    return values([node], beside)[node]


def _told(found: Advice, operations: Operations) -> str:
    """`write softplus(xx) for ln(1 + exp(xx))`."""
    named = {
        body: name(variable)
        for variable, body in operations.bodies.items()
        if body.args and body is not found.place
    }
    by = {key: substitute([node], named)[0] for key, node in found.by.items()}
    old, new = substitute([found.pattern, found.replacement], by)
    place = operations.places.get(found.place)
    text = f"write {shorten(show(new), 160)} for {shorten(show(old), 80)}"
    spread = not found.inside.isdisjoint(named)
    if spread and place and place.kind == "value":
        text += f", in one equation, for {place.node}"
    return text + (f": {found.why}" if found.why else "")


def _plainly(computed: Computed, node: Node, sample: int) -> str:
    value = float(computed.doubles[node][sample])
    args = [
        (float(computed.doubles[a][sample]), computed.exact[sample][a])
        for a in node.args
    ]
    why = reason(node.op.name, args, value, computed.exact[sample][node])
    for word, text in _PLAIN.items():
        if word in why or (word == "nan" and np.isnan(value)):
            return text
    return ""
