"""Forms that overflow or lose digits, and how to write them instead.

What follows from a rule for differences, powers, exponentials or series is not here.
A form is only ever suggested after it has been computed at the point in question and
found right there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

from cgprimer.diff.match import Match, heads, matches
from cgprimer.diff.stable import RULES
from cgprimer.expr.node import Node
from cgprimer.expr.ops import Op
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show

FORMS: dict[str, str | tuple[str, str]] = {
    # exponentials and logarithms, beyond what the engine replaces by itself
    "b*log(sigmoid(a)) + (1 - b)*log(1 - sigmoid(a))": (
        "b*a - softplus(a)",
        "cross-entropy from the logit",
    ),
    "b*softplus(-a) + (1 - b)*softplus(a)": (
        "softplus(a) - b*a",
        "cross-entropy from the logit",
    ),
    "log(exp(a) + exp(b) + exp(c))": (
        "max(a, b, c) + log(exp(a - max(a, b, c)) + exp(b - max(a, b, c)) "
        "+ exp(c - max(a, b, c)))",
        "log-sum-exp: take the largest exponent out",
    ),
    "log(exp(a) + exp(b))": (
        "max(a, b) + log1p(exp(-abs(a - b)))",
        "log-sum-exp: take the larger exponent out",
    ),
    "log(exp(a))": "a",
    "exp(a)/(exp(a) + exp(b))": ("sigmoid(a - b)", "a softmax of two"),
    "softplus(a) - a": "softplus(-a)",
    "log(exp(a) - 1) - a": "log1p(-exp(-a))",
    "1 - sigmoid(a)": "sigmoid(-a)",
    "1 - 1/(1 + exp(a))": "sigmoid(a)",
    "sigmoid(a)*(1 - sigmoid(a))": "sigmoid(a)*sigmoid(-a)",
    "log(cosh(a))": "abs(a) + log1p(exp(-2*abs(a))) - log(2)",
    "(exp(a) - exp(-a))/(exp(a) + exp(-a))": "tanh(a)",
    "(exp(2*a) - 1)/(exp(2*a) + 1)": "tanh(a)",
    "(1 - exp(-a))/(1 + exp(-a))": "tanh(a/2)",
    "exp(a) - exp(-a)": "2*sinh(a)",
    "exp(a) - 2 + exp(-a)": "4*sinh(a/2)^2",
    "sinh(a)/cosh(a)": "tanh(a)",
    "1 - tanh(a)": "2*sigmoid(-2*a)",
    "1 + tanh(a)": "2*sigmoid(2*a)",
    "1 - tanh(a)^2": "1/cosh(a)^2",
    "cosh(a) - sinh(a)": "exp(-a)",
    "cosh(a) - 1": ("2*sinh(a/2)^2", "half the argument"),
    "a*log(b)": ("xlogy(a, b)", "which is 0 where {a} is 0"),
    # roots
    "sqrt(a^2 + b^2)": (
        "max(abs(a), abs(b))*sqrt(1 + (min(abs(a), abs(b))/max(abs(a), abs(b)))^2)",
        "hypot: scale by the larger",
    ),
    "sqrt(a^2)": "abs(a)",
    "a^n/(a^n + b^n)": "1/(1 + (b/a)^n)",
    # trigonometry
    "1 - cos(a)": ("2*sin(a/2)^2", "half the angle"),
    "1 + cos(a)": ("2*cos(a/2)^2", "half the angle"),
    "1 - sin(a)": "cos(a)^2/(1 + sin(a))",
    "1 + sin(a)": "cos(a)^2/(1 - sin(a))",
    "1 - cos(a)^2": "sin(a)^2",
    "1 - sin(a)^2": "cos(a)^2",
    "cos(a)^2 - sin(a)^2": "cos(2*a)",
    "sin(a) - sin(b)": "2*cos((a + b)/2)*sin((a - b)/2)",
    "tan(a) - sin(a)": ("2*tan(a)*sin(a/2)^2", "half the angle"),
    "1/sin(a) - 1/tan(a)": ("tan(a/2)", "half the angle"),
    "pi/2 - arctan(a)": ("arctan(1/a)", "for positive {a}"),
    "pi/2 - arcsin(a)": "arccos(a)",
    "pi/2 - arccos(a)": "arcsin(a)",
}
"""Form → how to write it, perhaps with a word on it; special ones come first.

In a word, `{a}` stands for what a stands for.
"""


class Advice(NamedTuple):
    """What is found at `place` has the form `pattern`: write `replacement`."""

    place: Node
    pattern: Node
    replacement: Node
    found: Match
    why: str

    def written(self) -> Node:
        """The replacement, filled in."""
        return self.found.filled(self.replacement)

    def word(self) -> str:
        """What is to be said about it."""
        by = {str(key.value): show(node) for key, node in self.found.by.items()}
        return self.why.format(**by)


def forms_of(node: Node) -> Iterator[Advice]:
    """The forms that end in the operation `node`; special ones first."""
    for pattern, replacement, why in _forms().get(node.op, ()):
        for found in matches(pattern, node):
            yield Advice(node, pattern, replacement, found, why)


@functools.cache
def _forms() -> dict[Op, list[tuple[Node, Node, str]]]:
    """(pattern, replacement, word on it) by the operation at the top."""
    # Also the engine's own rules: what it computes instead is a form that can be
    # written.
    rules: dict[str, str | tuple[str, str]] = {**FORMS, **RULES}
    found: dict[Op, list[tuple[Node, Node, str]]] = {}
    for form, written in rules.items():
        text, why = (written, "") if isinstance(written, str) else written
        top = parse_expression(form)
        for op in heads(top):
            found.setdefault(op, []).append((top, parse_expression(text), why))
    return found
