"""To sympy and back, and the symbolic face of every edge."""

import re

import numpy as np
import pytest
import sympy
from problems import KINKED, PROBLEMS, problem, relative
from test_ops import CALLED, points

from cgprimer import compare_partials, edge_partials, parse_graph
from cgprimer.errors import GraphError
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.ops import Op, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.graph.partial_texts import partial_text
from cgprimer.graph.shape import SYMPY
from cgprimer.notation.from_sympy import from_sympy
from cgprimer.notation.text import show
from cgprimer.notation.to_sympy import to_sympy

A, B = name("a"), name("b")


def value(root, at) -> float:
    with np.errstate(all="ignore"):
        [found] = Kernel([root], ["a", "b"])(*at, *[0.0] * (2 - len(at)))
    return float(found)


@pytest.mark.parametrize("op", CALLED, ids=lambda op: op.name)
def test_every_op_goes_to_sympy_and_comes_back(op: Op):
    node = op(*(A, B)[: op.arity])
    for real in (False, True):
        back = from_sympy(to_sympy(node, real=real))
        for at in points(op, 4):
            assert relative(value(back, at), value(node, at)) < 1e-14


@pytest.mark.parametrize("op", CALLED, ids=lambda op: op.name)
def test_sympy_itself_gets_the_same_number(op: Op):
    symbols = sympy.symbols("a b", real=True)[: op.arity]
    form = to_sympy(op(*(A, B)[: op.arity]), real=True)
    for at in points(op, 3):
        subs = dict(zip(symbols, map(sympy.Float, at), strict=True))
        found = form.subs(subs)
        if found.free_symbols == set() and not found.is_Float:
            found = found.rewrite("definition").evalf()
        assert float(found) == pytest.approx(
            value(op(*(A, B)[: op.arity]), at), rel=1e-12
        )


def test_functions_of_ours_have_definitions_for_sympy():
    x = sympy.Symbol("a", real=True)
    sigmoid = to_sympy(parse_expression("sigmoid(a)"), real=True)
    assert sigmoid.rewrite("definition") == 1 / (1 + sympy.exp(-x))
    assert sympy.diff(sigmoid, x) == sigmoid * (1 - sigmoid)
    assert sigmoid.subs(x, 0) == sympy.Rational(1, 2)


def test_the_right_side_is_plain_sympy():
    graph, _ = problem("canonical")
    cd, xx, xz = sympy.symbols("cd xx xz")
    assert graph.sympy("xw") == cd * xx + xz**3
    assert sympy.diff(graph.sympy("xw"), xz) == 3 * xz**2


@pytest.mark.parametrize("word", ["S", "I", "E", "N", "beta", "gamma", "zeta", "as"])
def test_names_of_sympy_stay_symbols(word: str):
    graph = parse_graph([f"xy={word}*xa^2"])
    assert graph.sympy("xy") == sympy.Symbol(word) * sympy.Symbol("xa") ** 2
    text = graph.partial("xy", "xa").text
    assert sorted(text.split("*")) == sorted(["2", word, "xa"])


@pytest.mark.every(3)
@pytest.mark.parametrize("key", PROBLEMS | KINKED)
def test_the_text_of_a_partial_reads_back_as_its_value(key: str):
    graph, at = problem(key)
    values = at | graph.evaluate(at)
    known = edge_partials(graph, at, method="adjoint")
    for node, wrt in graph.arcs:
        text = graph.partial(node, wrt).text
        declared = [n for n in values if n not in ("e",)]
        [again] = parse_graph(
            [f"q_={text}"], variables=declared, parameters=[]
        ).equations
        point = {n: values[n] for n in again.variables}
        found = parse_graph([f"q_={text}"], variables=declared).evaluate(point)["q_"]
        assert relative(found, known[node, wrt]) < 1e-11, (node, wrt, text)


FORMULAS = [
    ("xw=cd*xx+xz^3", "xz", "3*xz^2"),
    ("xy=exp(-xa^2)", "xa", "-2*xa*exp(-xa^2)"), ("xy=xa/xb", "xb", "-(xa/xb^2)"),
    ("xy=sqrt(xa)", "xa", "1/(2*sqrt(xa))"), ("xy=sin(xa)*xb", "xb", "sin(xa)"),
    ("xy=abs(xa)", "xa", "sign(xa)"), ("xy=relu(xa)", "xa", "step(xa)"),
    ("xy=softplus(xa)", "xa", "sigmoid(xa)"), ("xy=xa^b", "b", "xa^b*log(xa)"),
    ("xy=xa+xa^2", "xa", "2*xa + 1"),
    ("xy=relu(2)*xa", "xa", "2"), ("xy=step(-3)*xa", "xa", "0"),
    ("xy=sign(3)*xa", "xa", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "formula"), FORMULAS)
def test_formula(text: str, wrt: str, formula: str):
    partial = parse_graph([text]).partial("xw" if "xw" in text else "xy", wrt)
    assert partial.text == formula
    assert isinstance(partial.formula, sympy.Expr)
    assert all(s == sympy.Symbol(s.name) for s in partial.formula.free_symbols)


def test_partial_of_what_is_not_there():
    graph, _ = problem("canonical")
    with pytest.raises(GraphError) as caught:
        graph.partial("xw", "xa")
    assert str(caught.value) == (
        "the equation of 'xw' does not contain 'xa'\n  hint: it contains cd, xx, xz"
    )
    with pytest.raises(GraphError, match="'xa' is an input"):
        graph.partial("xa", "xw")


x, y = sympy.symbols("x y")
ACCEPTED = [
    (x + 2 * y, "x + 2*y"), (x - y, "x - y"), (x / y, "x/y"), (1 / x, "1/x"),
    (sympy.exp(x), "exp(x)"), (sympy.E, "exp(1)"), (sympy.pi * x, "pi*x"),
    (sympy.sqrt(x), "sqrt(x)"), (sympy.Rational(1, 3) * x, "x/3"), (x**-2, "1/x^2"),
    (sympy.Max(x, y, 1), None), (sympy.asin(x), "arcsin(x)"), (sympy.Abs(x), "abs(x)"),
    (sympy.Heaviside(x, 0), "step(x)"), (sympy.Float(0.1) * x, "0.1*x"),
    (sympy.tan(x) ** 2, "tan(x)^2"), (-x, "-x"), (sympy.Integer(7), "7"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "text"), ACCEPTED)
def test_from_sympy(expression: sympy.Expr, text: str | None):
    node = from_sympy(expression)
    assert text is None or show(node) == text
    at = {x: sympy.Float(0.7), y: sympy.Float(1.9)}
    expected = float(expression.subs(at))
    [found] = Kernel([node], ["x", "y"])(0.7, 1.9)
    assert found == pytest.approx(expected, rel=1e-14)


ROUND_TRIPS = """
a + b - c
a/(b*c)
a^b^c
(a^b)^c
-a^2
exp(-a^2)
log(a*b)
sin(a)^2
arctan(a/b)
abs(a - b)
max(a, b)
min(a, b)
sigmoid(a + b)
relu(a)
softplus(a)
sign(a)
step(a)
erf(a)
log1p(a)
expm1(a)
xlogy(a, b)
alpha_1*x1
1/3
1e-05*a
0.1*a
-(a/b)
-(a*b)
1/a^b
a - (b - c)  => a + c - b
a*(b*c)      => a*b*c
a/b/c        => a/(b*c)
a/(b/c)      => a*c/b
(-a)^2       => a^2
a^-b         => 1/a^b
2*a^-1       => 2/a
sqrt(a)^2    => a
exp(a)^2     => exp(2*a)
tanh(-a)     => -tanh(a)
2.5*pi       => 5*pi/2
a + (-b)     => a - b
"""  # and what comes back where sympy writes it another way


@pytest.mark.parametrize("line", ROUND_TRIPS.strip().split("\n"))
def test_to_sympy_and_back(line: str):
    text, _, back = (part.strip() for part in line.partition("=>"))
    form = to_sympy(parse_expression(text))
    node = from_sympy(form)
    assert show(node) == (back or text)
    assert to_sympy(node) == form


REFUSED = [
    sympy.gamma(x),
    sympy.I * x,
    sympy.oo,
    sympy.Integral(sympy.exp(x), x),
    x > 1,
]


@pytest.mark.parametrize("expression", REFUSED, ids=str)
def test_what_the_language_lacks_is_refused(expression: sympy.Basic):
    with pytest.raises(GraphError, match="has no counterpart in the language"):
        from_sympy(expression)


def test_long_sums_reach_sympy():
    graph = parse_graph(["xy=" + "+".join(f"a{i}*xa" for i in range(100))])
    assert graph.partial("xy", "a7").text == "xa"
    assert len(graph.sympy("xy").args) == 100


@pytest.mark.slow
def test_what_is_too_deep_for_sympy_is_refused_by_name():
    graph = parse_graph(["xy=" + "sin(" * 5_000 + "xa" + ")" * 5_000])
    with pytest.raises(GraphError, match="nested too deeply for sympy"):
        graph.partial("xy", "xa")
    assert np.isfinite(edge_partials(graph, {"xa": 0.5}, method="adjoint")["xy", "xa"])


# Formulas that are too long for sympy are left to our own rules.

TERMS = {
    "waves": "a{k}*sin(b{k}*xa)",
    "peaks": "a{k}*exp(-((xa - b{k})/c{k})^2)",
    "one name": "{k}.5*tanh({k}*xa + 0.1)",
    "kinks": "a{k}*abs(xa - b{k})",
    "powers": "a{k}*xa^b{k}",
}
AROUND = ["{}", "exp(-({})^2)", "1/(1 + abs({}))", "log(2 + ({})^2)*xb"]


def long_sum(terms: str, around: str, count: int):
    text = " + ".join(TERMS[terms].format(k=k) for k in range(1, count + 1))
    graph = parse_graph([f"xy = {around.format(f'({text})/{count}')}"])
    names = (*graph.inputs, *graph.parameters)
    return graph, {n: 0.6 + 0.7 * ((i * 7) % 11) / 11 for i, n in enumerate(names)}


@pytest.fixture
def no_sympy(monkeypatch: pytest.MonkeyPatch):
    def asked(*_: object):
        raise AssertionError("sympy was asked")

    monkeypatch.setattr("cgprimer.notation.to_sympy.derivatives", asked)
    monkeypatch.setattr("cgprimer.graph.shape.SYMPY", 100)


@pytest.mark.every(5)
@pytest.mark.usefixtures("no_sympy")
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("terms", TERMS)
def test_a_long_formula_is_differentiated_by_our_own_rules(terms: str, around: str):
    graph, at = long_sum(terms, around, 30)
    found = edge_partials(graph, at)
    assert found.swept == set(graph.arcs) == set(found)
    assert found == edge_partials(graph, at, method="adjoint")
    report = compare_partials(graph, at)
    assert all(row.symbolic == row.adjoint for row in report.rows)
    passed = [row for row in report.rows if row.verdict == "PASS"]
    assert len(passed) > len(report.rows) / 2
    assert not report.failures
    says = "too long for sympy: our own rules stand for it"
    assert all(row.reason.startswith(says) for row in passed)


@pytest.mark.usefixtures("no_sympy")
def test_the_partial_of_a_long_formula_says_who_differentiated():
    graph, at = long_sum("peaks", "exp(-({})^2)", 8)
    own = graph.partial("xy", "b7")
    assert (own.by, len(own)) == ("sweep", 2)
    expected = edge_partials(graph, at, method="adjoint")["xy", "b7"]
    assert float(own.formula.subs(at)) == pytest.approx(expected, rel=1e-12)


def test_a_short_formula_is_sympys():
    graph, at = long_sum("peaks", "exp(-({})^2)", 5)
    assert graph.partial("xy", "b3").by == "sympy"
    assert edge_partials(graph, at).swept == set()
    assert not any("sympy" in row.reason for row in compare_partials(graph, at).rows)


@pytest.mark.slow
def test_which_formula_is_long_follows_from_its_length_alone():
    lengths = [
        (sum(shape.lengths), shape.asks_sympy)
        for n in range(1, 40)
        for shape in long_sum("peaks", "exp({})", n)[0].table.shapes
    ]
    assert lengths == sorted(lengths, key=lambda pair: (not pair[1], pair[0]))
    assert max(n for n, asked in lengths if asked) <= SYMPY
    assert min(n for n, asked in lengths if not asked) > SYMPY


def test_a_very_long_partial_is_told_by_its_length():
    graph, _ = long_sum("peaks", "exp(-({})^2)", 60)
    text, by_sympy = partial_text(graph, "xy", "b7")
    assert re.fullmatch(r"\(\d{3,} operations\)", text)
    assert not by_sympy
    graph, _ = long_sum("waves", "{}", 400)
    assert partial_text(graph, "xy", "b7") == ("a7*cos(b7*xa)*xa/400", False)


SHAPED = [
    "{z} = {a}*sin({x}) + {b}*{x}^2*{y}", "{z} = exp({a}*{x})/({b} + {y})",
    "{z} = 3*{x}*{a} + 0.5*{y}*{b}*{x}", "{z} = ({a}*{x} - {b}*{y})^3 - 2*{x}",
    "{z} = relu({a}*{x} + {b}*{y})*{y}", "{z} = {x}^{a}*{y}^{b}",
]  # fmt: skip


@pytest.mark.parametrize("form", SHAPED)
def test_texts_found_once_for_equations_that_are_alike_are_sympys(form: str):
    rng = np.random.default_rng(0)
    letters = [*"abcdpqrstuvwABKZ", "beta", "S", "n", "n000001"]
    lines = []
    for k in range(12):
        a, b = (f"{rng.choice(letters)}{i}" for i in (2 * k, 2 * k + 1))
        x, y = (f"x{rng.choice(letters)}{i}" for i in (2 * k, 2 * k + 1))
        constants = str(rng.integers(2, 9)), f"0.{rng.integers(1, 9)}"
        text = form.format(x=x, y=y, a=a, b=b, z=f"xz{k}")
        lines.append(
            text.replace("3*", f"{constants[0]}*", 1).replace("0.5", constants[1])
        )
    graph = parse_graph(lines)
    for node, wrt in graph.arcs:
        assert partial_text(graph, node, wrt) == (graph.partial(node, wrt).text, True)
