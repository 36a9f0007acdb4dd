"""Forms that overflow or lose digits, and how to write them instead.

Matching knows that sums and products commute. A form is only ever suggested after it
has been computed at the point in question and found right there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cgprimer.diff.stable import RULES
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import NAME, OPS, Op
from cgprimer.expr.syntax import parse_expression

FORMS: dict[str, str | tuple[str, str]] = {
    # more of exponentials and logarithms than the engine replaces by itself
    "log(exp(a) + exp(b) + exp(c))": (
        "max(a, b, c) + log(exp(a - max(a, b, c)) + exp(b - max(a, b, c)) "
        "+ exp(c - max(a, b, c)))",
        "log-sum-exp: take the largest exponent out",
    ),
    "log(exp(a) + exp(b))": (
        "max(a, b) + log1p(exp(-abs(a - b)))",
        "log-sum-exp: take the larger exponent out",
    ),
    "log(1 + exp(a))": "softplus(a)",
    "log(exp(a))": "a",
    "exp(a)/(exp(a) + exp(b))": ("sigmoid(a - b)", "a softmax of two"),
    "exp(a)/(1 + exp(a))": "sigmoid(a)",
    "1/(1 + exp(a))": "sigmoid(-a)",
    "log(sigmoid(a))": "-softplus(-a)",
    "log(1/(1 + exp(-a)))": "-softplus(-a)",
    "log(1 - sigmoid(a))": "-softplus(a)",
    "1 - sigmoid(a)": "sigmoid(-a)",
    "sigmoid(a)*(1 - sigmoid(a))": "sigmoid(a)*sigmoid(-a)",
    "log(cosh(a))": "abs(a) + log1p(exp(-2*abs(a))) - log(2)",
    "(exp(a) - exp(-a))/(exp(a) + exp(-a))": "tanh(a)",
    "(exp(2*a) - 1)/(exp(2*a) + 1)": "tanh(a)",
    "(exp(a) - exp(-a))/2": "sinh(a)",
    "(1 - exp(-a))/(1 + exp(-a))": "tanh(a/2)",
    "1 - tanh(a)^2": "1/cosh(a)^2",
    "cosh(a) - sinh(a)": "exp(-a)",
    "(exp(a) - 1)/a": ("1 + a/2 + a^2/6", "its series, for small arguments"),
    "log(1 + a)/a": ("1 - a/2 + a^2/3", "its series, for small arguments"),
    "log1p(a)/a": ("1 - a/2 + a^2/3", "its series, for small arguments"),
    "expm1(a)/a": ("1 + a/2 + a^2/6", "its series, for small arguments"),
    "exp(a)*exp(b)": "exp(a + b)",
    "exp(a)/exp(b)": "exp(a - b)",
    "exp(a) - exp(b)": "exp(b)*expm1(a - b)",
    "1 - exp(a)": "-expm1(a)",
    "exp(a) - 1": "expm1(a)",
    "log(1 - a)": "log1p(-a)",
    "log(1 + a)": "log1p(a)",
    "log(a) - log(b)": "log1p((a - b)/b)",
    "a*log(b)": ("xlogy(a, b)", "which is 0 where its first argument is 0"),
    # roots and squares
    "sqrt(a^2 + b^2)": (
        "max(abs(a), abs(b))*sqrt(1 + (min(abs(a), abs(b))/max(abs(a), abs(b)))^2)",
        "hypot: scale by the larger",
    ),
    "sqrt(a*a + b*b)": (
        "max(abs(a), abs(b))*sqrt(1 + (min(abs(a), abs(b))/max(abs(a), abs(b)))^2)",
        "hypot: scale by the larger",
    ),
    "sqrt(a^2)": "abs(a)",
    "sqrt(1 + a^2) - 1": "a^2/(sqrt(1 + a^2) + 1)",
    "sqrt(1 + a) - 1": "a/(sqrt(1 + a) + 1)",
    "1 - sqrt(1 - a^2)": "a^2/(1 + sqrt(1 - a^2))",
    "1 - sqrt(1 - a)": "a/(1 + sqrt(1 - a))",
    "a - sqrt(a^2 - b)": "b/(a + sqrt(a^2 - b))",
    "sqrt(a^2 + b) - a": "b/(sqrt(a^2 + b) + a)",
    "-b + sqrt(b^2 - c)": ("-c/(b + sqrt(b^2 - c))", "the conjugate"),
    "-b - sqrt(b^2 - c)": ("c/(sqrt(b^2 - c) - b)", "the conjugate"),
    "sqrt(a + b) - sqrt(a)": "b/(sqrt(a + b) + sqrt(a))",
    "sqrt(a) - sqrt(b)": ("(a - b)/(sqrt(a) + sqrt(b))", "the conjugate"),
    "a - sqrt(b)": ("(a^2 - b)/(a + sqrt(b))", "the conjugate"),
    "sqrt(a) - b": ("(a - b^2)/(sqrt(a) + b)", "the conjugate"),
    "a^2 - b^2": "(a - b)*(a + b)",
    "a*a - b*b": "(a - b)*(a + b)",
    "a^2 - 1": "(a - 1)*(a + 1)",
    "1 - a^2": "(1 - a)*(1 + a)",
    "(a + b)^2 - a^2": "b*(2*a + b)",
    "1/a - 1/(a + b)": "b/(a*(a + b))",
    "1/a - 1/b": "(b - a)/(a*b)",
    "a + b - a": "b",
    # trigonometry
    "(1 - cos(a))/a^2": ("2*(sin(a/2)/a)^2", "half the angle"),
    "1 - cos(a)": ("2*sin(a/2)^2", "half the angle"),
    "cos(a) - 1": ("-2*sin(a/2)^2", "half the angle"),
    "1 - cos(a)^2": "sin(a)^2",
    "1 - sin(a)^2": "cos(a)^2",
    "cos(a)^2 - sin(a)^2": "cos(2*a)",
    "cos(a) - cos(b)": "-2*sin((a + b)/2)*sin((a - b)/2)",
    "sin(a) - sin(b)": "2*cos((a + b)/2)*sin((a - b)/2)",
    "sin(a + b) - sin(a)": "2*cos(a + b/2)*sin(b/2)",
    "a - sin(a)": ("a^3/6 - a^5/120 + a^7/5040", "its series, for small arguments"),
    "sin(a) - a": ("-a^3/6 + a^5/120 - a^7/5040", "its series, for small arguments"),
    "sin(a)/a": ("1 - a^2/6 + a^4/120", "sinc: its series, for small arguments"),
    "1/a*sin(a)": ("1 - a^2/6 + a^4/120", "sinc: its series, for small arguments"),
    "(a*cos(a) - sin(a))/a^2": (
        "-a/3 + a^3/30",
        "the slope of sinc: its series, for small arguments",
    ),
    "sin(a)*(-(1/a)/a) + 1/a*cos(a)": (
        "-a/3 + a^3/30",
        "the slope of sinc: its series, for small arguments",
    ),
    "tan(a)/a": ("1 + a^2/3 + 2*a^4/15", "its series, for small arguments"),
}
"""Form → how to write it, perhaps with a word on it; special ones come first."""

NEAR = 40  # operations above a culprit; the forms are smaller than that


class Advice(NamedTuple):
    """`place` has the form `pattern`, with names as in `by`: write `replacement`.

    inside : the operations that make up the form.
    """

    place: Node
    pattern: Node
    replacement: Node
    by: dict[Node, Node]
    inside: frozenset[Node]
    why: str

    def written(self) -> Node:
        """The replacement, filled in."""
        return substitute([self.replacement], self.by)[0]


def advice(roots: Sequence[Node], culprit: Node) -> Iterator[Advice]:
    """Ways to write the forms in `roots` that the operation `culprit` is part of.

    The nearest form comes first, among those of one place the most special.
    """
    for node in _users(roots, culprit)[:NEAR]:
        yield from (found for found in forms_of(node) if culprit in found.inside)


def forms_of(node: Node) -> Iterator[Advice]:
    """The forms that end in the operation `node`; special ones first."""
    for pattern, replacement, why in _forms().get(node.op, ()):
        for by, inside in _matches(pattern, node, {}, frozenset()):
            yield Advice(node, pattern, replacement, by, inside, why)


def _users(roots: Sequence[Node], culprit: Node) -> list[Node]:
    """`culprit` and what is computed from it in `roots`, nearest first."""
    above = {culprit}
    found = []
    for node in postorder(roots):
        if node is culprit or any(arg in above for arg in node.args):
            above.add(node)
            found.append(node)
    return found


@functools.cache
def _forms() -> dict[Op, list[tuple[Node, Node, str]]]:
    """(pattern, replacement, word on it) by the operation at the top."""
    rules: dict[str, str | tuple[str, str]] = {**FORMS, **RULES}
    found: dict[Op, list[tuple[Node, Node, str]]] = {}
    for form, written in rules.items():
        text, why = (written, "") if isinstance(written, str) else written
        top = parse_expression(form)
        found.setdefault(top.op, []).append((top, parse_expression(text), why))
    return found


_COMMUTE = (OPS["add"], OPS["mul"], OPS["min"], OPS["max"])
Binding = dict[Node, Node]


def _matches(
    pattern: Node, node: Node, by: Binding, inside: frozenset[Node]
) -> Iterator[tuple[Binding, frozenset[Node]]]:
    """Ways to read `node` as `pattern`: what the names stand for, and the operations.

    Recursion follows the pattern, which is small.
    """
    if pattern.op is NAME:
        if by.get(pattern, node) is node:
            yield {**by, pattern: node}, inside
        return
    if pattern.op is not node.op or pattern.value != node.value:
        return
    inside = inside | {node}
    if not pattern.args:
        yield by, inside
        return
    orders = [node.args]
    if pattern.op in _COMMUTE:
        orders.append(node.args[::-1])
    for args in orders:
        ways = [(by, inside)]
        for part, arg in zip(pattern.args, args, strict=True):
            ways = [w for way in ways for w in _matches(part, arg, *way)]
        yield from ways
