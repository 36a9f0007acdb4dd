"""Printed expressions: short, read back as the same node, shared where they must be."""

import pytest

from cgprimer import parse_graph
from cgprimer.expr.node import Node, _table, postorder
from cgprimer.expr.ops import OPS, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import lines, show, tree_size

PRINTED = [  # text, and how it is printed
    ("cd*xx+xz^3", "cd*xx + xz^3"), ("a-(b-c)", "a - (b - c)"), ("a-b-c", "a - b - c"),
    ("(a*b)*c", "a*b*c"), ("a*(b*c)", "a*(b*c)"), ("a/(b*c)", "a/(b*c)"),
    ("(a/b)/c", "a/b/c"), ("a/(b/c)", "a/(b/c)"), ("(a+b)*c", "(a + b)*c"),
    ("(a^b)^c", "(a^b)^c"), ("a^(b^c)", "a^b^c"), ("(-a)^2", "(-a)^2"),
    ("-(a^2)", "-a^2"), ("-(a*b)", "-(a*b)"), ("(-a)*b", "-a*b"), ("a*(-b)", "a*(-b)"),
    ("a^(-b)", "a^-b"), ("a^(-b*c)", "a^(-b*c)"), ("a+(-b)", "a + (-b)"),
    ("-(-a)", "--a"), ("2*pi*a", "2*pi*a"), ("ln(a)", "log(a)"),
    ("max(a,b,c)", "max(max(a, b), c)"), ("a**2", "a^2"), ("+a", "a"),
    ("(a+b)^(c+d)", "(a + b)^(c + d)"), ("sin(a)^2", "sin(a)^2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "printed"), PRINTED)
def test_printed_form(text: str, printed: str):
    assert show(parse_expression(text)) == printed


NUMBERS = [
    (2.0, "2"), (0.5, "0.5"), (-3.0, "-3"), (0.0, "0"), (-0.0, "-0.0"), (1e-5, "1e-05"),
    (1e15, "1000000000000000.0"), (123456.0, "123456"), (0.1, "0.1"), (1e300, "1e+300"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_numbers_read_back_exactly(value: float, text: str):
    assert exact(value) == text
    assert float(text) == value


def test_equal_expressions_are_one_object_and_the_two_zeros_are_two():
    assert parse_expression("a*sin(b) + 2") is parse_expression("a * sin((b)) + 2.0")
    assert const(0.0) is const(0)
    assert const(0.0) is not const(-0.0)
    assert name("a") is not name("b")


def test_nodes_live_only_as_long_as_they_are_used():
    before = len(_table)
    node = parse_expression("exp(lives1 + 17.015625)*lives2")
    assert len(_table) == before + 6
    del node
    assert len(_table) == before


def test_negative_constants_are_bracketed_like_a_minus():
    minus_two, a = const(-2.0), name("a")
    assert show(OPS["mul"](a, minus_two)) == "a*(-2)"
    assert show(OPS["pow"](minus_two, a)) == "(-2)^a"
    assert show(OPS["sub"](a, minus_two)) == "a - (-2)"
    assert show(OPS["mul"](minus_two, a)) == "-2*a"


def doubled(leaf: str, times: int) -> Node:
    node = name(leaf)
    for _ in range(times):
        node = OPS["mul"](node, node)
    return node


def test_shared_expressions_are_listed_not_expanded():
    assert lines(doubled("a", 3)) == ["v1 = a*a", "v2 = v1*v1", "v2*v2"]
    text = show(doubled("a", 64))
    assert text.startswith("v1 = a*a; v2 = v1*v1; ")
    assert text.endswith("; v63*v63")
    assert tree_size(doubled("a", 10)) == 2**11 - 1


def test_a_listed_definition_never_takes_the_name_of_a_leaf():
    assert lines(doubled("v1", 2)) == ["v2 = v1*v1", "v2*v2"]


def test_thousands_of_shared_levels_are_printed():
    node = doubled("a", 3_000)
    assert len(lines(node)) == 3_000
    assert repr(node).startswith("Node(v1 = a*a; v2 = v1*v1")
    assert len(repr(node)) < 80


def test_long_chains_are_printed_in_full():
    text = show(parse_expression("+".join(["a"] * 5_000)))
    assert text.count("a") == 5_000
    assert len(postorder([parse_expression(text)])) == 5_000


def test_equations_and_graphs_print_as_equations():
    graph = parse_graph(["xy=2*xa", "xz =  xy^2"])
    assert str(graph) == "xy = 2*xa\nxz = xy^2"
    assert str(graph.equation("xz")) == "xz = xy^2"
    assert graph.equation("xz").text == "xz =  xy^2"


LATEX = [
    ("xw=alpha_1*x1", r"\mathit{xw} = \alpha_{1} \cdot x_{1}"),
    ("xy=-(xa+b)/c^2", r"\mathit{xy} = -\frac{\mathit{xa} + b}{c^{2}}"),
    ("xy=(xa-b)^-2", r"\mathit{xy} = \left(\mathit{xa} - b\right)^{-2}"),
    ("xy=xa-(b-c)", r"\mathit{xy} = \mathit{xa} - \left(b - c\right)"),
    (
        "xy=1e-5*abs(xa)",
        r"\mathit{xy} = 1 \cdot 10^{-5} \cdot \left|\mathit{xa}\right|",
    ),
    ("xy=a*(-b)", r"\mathit{xy} = a \cdot \left(-b\right)"),
]


@pytest.mark.parametrize(("text", "tex"), LATEX)
def test_latex(text: str, tex: str):
    [equation] = parse_graph([text]).equations
    assert equation._repr_latex_() == f"${tex}$"


def test_of_a_very_large_graph_a_notebook_shows_a_part():
    graph = parse_graph([f"x{i + 1} = a*x{i}" for i in range(5_000)])
    tex = graph._repr_latex_()
    assert tex.count("&=") == 100
    assert r"x_{5000} &= a" in tex
    assert r"&\text{4900 of 5000 rows are not shown}" in tex


def test_latex_of_a_graph_is_aligned():
    tex = parse_graph(["xy=2*xa", "xz=xy"])._repr_latex_()
    assert tex == (
        r"$$\begin{aligned}\mathit{xy} &= 2 \cdot \mathit{xa}\\"
        r"\mathit{xz} &= \mathit{xy}\end{aligned}$$"
    )
