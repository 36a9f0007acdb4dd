"""The table of forms that overflow or lose digits, and how to write them instead.

    node ─ readings ─→ entries of the table that the node has the form of, filled in

A new form is one entry, and shows wherever the table is read: `stable` computes by the
entries that are `taken`, `run.running` finds them spread over equations, and
`diagnosis` proposes all of them. What follows from a rule for differences, powers,
exponentials or series is no entry; it is in `diagnosis`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cgprimer.diff.match import Match, heads, matches
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import Op
from cgprimer.expr.syntax import parse_expression
from cgprimer.grouping import grouped
from cgprimer.keeping import lazy
from cgprimer.notation.text import show


@dataclass(frozen=True)
class Form:
    """`written` has the same value as `better`, which is right where it is not.

    written, better : in the names a, b, c and n, which stand for any expression.
    word : what is said about it, in which `{a}` is what a stands for.
    positive : a name that has to be positive for the two to be equal, which is said.
    taken : the engine computes `better` unasked, at any point; so the two are equal
        for all real numbers, and `better` is nowhere the worse one. Other forms are
        only proposed, after they have been computed at the point and found right there.
    """

    written: str
    better: str
    word: str = ""
    positive: str = ""
    taken: bool = False

    @lazy
    def pattern(self) -> Node:
        """`written` as a node."""
        return parse_expression(self.written)

    @lazy
    def replacement(self) -> Node:
        """`better` as a node."""
        return parse_expression(self.better)


# Special ones come first, as the first that is right is taken. Of those at the end,
# exp overflows from 709.8 on, and 1 - sigmoid cancels to 0 from 37 on. The two with
# exp(2*a) or a square are the slope of exp(a)/(1 + exp(a)), as it is written by hand
# and as sympy gives it; by then its first term is a sigmoid already.
FORMS = (
    # exponentials and logarithms
    Form(
        "b*log(sigmoid(a)) + (1 - b)*log(1 - sigmoid(a))",
        "b*a - softplus(a)",
        "cross-entropy from the logit",
    ),
    Form(
        "b*softplus(-a) + (1 - b)*softplus(a)",
        "softplus(a) - b*a",
        "cross-entropy from the logit",
    ),
    Form(
        "log(exp(a) + exp(b) + exp(c))",
        "max(a, b, c) + log(exp(a - max(a, b, c)) + exp(b - max(a, b, c)) "
        "+ exp(c - max(a, b, c)))",
        "log-sum-exp: take the largest exponent out",
    ),
    Form(
        "log(exp(a) + exp(b))",
        "max(a, b) + log1p(exp(-abs(a - b)))",
        "log-sum-exp: take the larger exponent out",
    ),
    Form("log(exp(a))", "a"),
    Form("exp(a)/(exp(a) + exp(b))", "sigmoid(a - b)", "a softmax of two"),
    Form("softplus(a) - a", "softplus(-a)"),
    Form("log(exp(a) - 1) - a", "log1p(-exp(-a))"),
    Form("1 - sigmoid(a)", "sigmoid(-a)"),
    Form("1 - 1/(1 + exp(a))", "sigmoid(a)"),
    Form("sigmoid(a)*(1 - sigmoid(a))", "sigmoid(a)*sigmoid(-a)"),
    Form("log(cosh(a))", "abs(a) + log1p(exp(-2*abs(a))) - log(2)"),
    Form("(exp(a) - exp(-a))/(exp(a) + exp(-a))", "tanh(a)"),
    Form("(exp(2*a) - 1)/(exp(2*a) + 1)", "tanh(a)"),
    Form("(1 - exp(-a))/(1 + exp(-a))", "tanh(a/2)"),
    Form("exp(a) - exp(-a)", "2*sinh(a)"),
    Form("exp(a) - 2 + exp(-a)", "4*sinh(a/2)^2"),
    Form("sinh(a)/cosh(a)", "tanh(a)"),
    Form("1 - tanh(a)", "2*sigmoid(-2*a)"),
    Form("1 + tanh(a)", "2*sigmoid(2*a)"),
    Form("1 - tanh(a)^2", "1/cosh(a)^2"),
    Form("cosh(a) - sinh(a)", "exp(-a)"),
    Form("cosh(a) - 1", "2*sinh(a/2)^2", "half the argument"),
    Form("a*log(b)", "xlogy(a, b)", "which is 0 where {a} is 0"),
    # roots
    Form(
        "sqrt(a^2 + b^2)",
        "max(abs(a), abs(b))*sqrt(1 + (min(abs(a), abs(b))/max(abs(a), abs(b)))^2)",
        "hypot: scale by the larger",
    ),
    Form("sqrt(a^2)", "abs(a)"),
    Form("a^n/(a^n + b^n)", "1/(1 + (b/a)^n)"),
    # trigonometry
    Form("1 - cos(a)", "2*sin(a/2)^2", "half the angle"),
    Form("1 + cos(a)", "2*cos(a/2)^2", "half the angle"),
    Form("1 - sin(a)", "cos(a)^2/(1 + sin(a))"),
    Form("1 + sin(a)", "cos(a)^2/(1 - sin(a))"),
    Form("1 - cos(a)^2", "sin(a)^2"),
    Form("1 - sin(a)^2", "cos(a)^2"),
    Form("cos(a)^2 - sin(a)^2", "cos(2*a)"),
    Form("sin(a) - sin(b)", "2*cos((a + b)/2)*sin((a - b)/2)"),
    Form("tan(a) - sin(a)", "2*tan(a)*sin(a/2)^2", "half the angle"),
    Form("1/sin(a) - 1/tan(a)", "tan(a/2)", "half the angle"),
    Form("pi/2 - arctan(a)", "arctan(1/a)", positive="a"),
    Form("pi/2 - arcsin(a)", "arccos(a)"),
    Form("pi/2 - arccos(a)", "arcsin(a)"),
    # what the engine takes by itself
    Form("log(1 + exp(a))", "softplus(a)", taken=True),
    Form("exp(a)/(1 + exp(a))", "sigmoid(a)", taken=True),
    Form("1/(1 + exp(a))", "sigmoid(-a)", taken=True),
    Form("exp(a)/(1 + exp(a))^2", "sigmoid(a)*sigmoid(-a)", taken=True),
    Form("sigmoid(a) - exp(2*a)/(1 + exp(a))^2", "sigmoid(a)*sigmoid(-a)", taken=True),
    Form("log(sigmoid(a))", "-softplus(-a)", taken=True),
    Form("log(1 - sigmoid(a))", "-softplus(a)", taken=True),
    Form("log(1 + a)", "log1p(a)", taken=True),
    Form("exp(a) - 1", "expm1(a)", taken=True),
)


class Reading(NamedTuple):
    """One way to read a node as a form of the table."""

    form: Form
    match: Match

    def better(self) -> Node:
        """How to write the node."""
        return self.match.fill(self.form.replacement)

    def word(self) -> str:
        """What is to be said about it."""
        positive = self.form.positive
        word = f"for positive {{{positive}}}" if positive else self.form.word
        by = {str(key.value): show(node) for key, node in self.match.by.items()}
        return word.format(**by)


def readings(node: Node, *, taken: bool = False) -> Iterator[Reading]:
    """The forms that end in the operation `node`; special ones first.

    taken : only those that the engine takes, as they stand: 2*exp(x) - 2, a multiple
        of exp(a) - 1, is proposed to be written 2*expm1(x), but computed as written.
    """
    for form in _by_operation(taken).get(node.op, ()):
        for match in matches(form.pattern, node, scaled=not taken):
            yield Reading(form, match)


def taken_forms() -> list[Form]:
    """The forms that the engine takes by itself."""
    return [form for form in FORMS if form.taken]


@functools.cache
def telling_ops() -> frozenset[Op]:
    """The functions in the forms that the engine takes; each form has one of these."""
    parts = postorder(form.pattern for form in taken_forms())
    return frozenset(part.op for part in parts if part.op.arity and not part.op.symbol)


@functools.cache
def _by_operation(taken: bool) -> dict[Op, list[Form]]:
    """The forms by the operations that what has them can have at its top."""
    forms = taken_forms() if taken else FORMS
    return grouped((op, form) for form in forms for op in heads(form.pattern))
