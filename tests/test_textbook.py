"""Derivatives as a textbook prints them: the same values, in shorter words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgprimer.diff.sweep import partials
from cgprimer.diff.textbook import textbook
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node
from cgprimer.expr.ops import TABLE, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show

DERIVATIVES = [  # text, and its derivative by a
    ("a^2", "2*a"), ("a^3", "3*a^2"), ("a/b", "1/b"), ("b/a", "-b/a^2"),
    ("1/a", "-1/a^2"), ("a^-2", "-2/a^3"), ("a^b", "b*a^(b - 1)"),
    ("b^a", "b^a*log(b)"), ("3*a^2*b", "6*b*a"), ("a^2/2", "a"), ("a/2", "0.5"),
    ("sqrt(a)", "1/(2*sqrt(a))"), ("log(a)", "1/a"), ("exp(a)", "exp(a)"),
    ("log(1 + exp(a))", "exp(a)/(1 + exp(a))"), ("-a*b", "-b"),
    ("b - cos(a)", "sin(a)"), ("-b*a + cos(a)", "-sin(a) - b"),
    ("a - a", "0"), ("sin(a)/a", "cos(a)/a - sin(a)/a^2"), ("b/(2*a)", "-b/(2*a^2)"),
    ("2*cos(a)/3", "-2*sin(a)/3"), ("0.1*a*3", "0.3"),
    ("a*b - b*sin(a)", "b - b*cos(a)"),
    ("tanh(a)", "1 - tanh(a)^2"), ("sigmoid(-a)", "-sigmoid(-a)*(1 - sigmoid(-a))"),
    ("erf(a)", "2*exp(-a^2)/sqrt(pi)"), ("(a - b)^2", "2*(a - b)"), ("b", "0"),
    ("arccos(a)", "-1/sqrt((1 - a)*(1 + a))"), ("1.5*a*b", "1.5*b"), ("a", "1"),
    ("exp(a)*exp(a)", "2*exp(a)^2"), ("a*(-b)", "-b"), ("b - a*b", "-b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "printed"), DERIVATIVES)
def test_derivative_reads_as_in_a_textbook(text: str, printed: str):
    a = name("a")
    assert show(textbook(partials(parse_expression(text), [a])[a])) == printed


OPERATIONS = [op for op in TABLE if op.arity]
LEAVES = [*map(name, "ab"), *map(const, (2.0, -3.0, 0.5, 1.0, 0.0, 1e-5, 0.1))]


def expressions() -> st.SearchStrategy[Node]:
    def larger(smaller: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.sampled_from(OPERATIONS).flatmap(
            lambda op: st.tuples(*[smaller] * op.arity).map(lambda args: op(*args))
        )

    return st.recursive(st.sampled_from(LEAVES), larger, max_leaves=8)


def value(root: Node) -> float:
    with np.errstate(all="ignore"):
        [found] = Kernel([root], "ab")(1.3, 0.7)
    return float(found)


@given(expressions())
def test_values_stay_the_same(root: Node):
    before, after = value(root), value(textbook(root))
    if np.isfinite(before) and abs(before) > 1e-9:
        assert after == pytest.approx(before, rel=1e-6)


def test_deep_expressions_need_no_recursion():
    root = name("a")
    for _ in range(5_000):
        root = parse_expression("sin(a)").op(root)
    assert textbook(root) is root
