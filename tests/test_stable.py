"""Stable forms: the author's text stays, its values and slopes stop overflowing."""

import mpmath
import numpy as np
import pytest

from cgprimer import NonFiniteWarning, edge_partials, gradient, parse_graph
from cgprimer.diff.stable import stable
from cgprimer.diff.stable_forms import taken_forms
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show

RULES = {form.written: form.better for form in taken_forms()}
NAIVE = {
    "log(1 + exp(a))": lambda a: mpmath.log(1 + mpmath.exp(a)),
    "exp(a)/(1 + exp(a))": lambda a: mpmath.exp(a) / (1 + mpmath.exp(a)),
    "1/(1 + exp(a))": lambda a: 1 / (1 + mpmath.exp(a)),
    "exp(a)/(1 + exp(a))^2": lambda a: mpmath.exp(a) / (1 + mpmath.exp(a)) ** 2,
    "log(1 + a)": lambda a: mpmath.log(1 + a),
    "exp(a) - 1": lambda a: mpmath.exp(a) - 1,
}
WRITTEN = [rule for rule in RULES if "sigmoid" not in rule]  # not sympy's own
HARD = {
    "log(1 + a)": [1e-18, -1e-12, 1e-9],
    "exp(a) - 1": [1e-18, -1e-12, 1e-9, -800.0],
}
FAR = [-1000.0, -710.0, -40.0, 40.0, 710.0, 1000.0]
MODERATE = [-0.9, -0.3, 0.1, 0.5, 1.7, 3.0]
ROUNDED = 4e-16  # the slope of a sigmoid, y·(1 - y), near y = 1
GRAPHS = {rule: parse_graph([f"xy = {rule}"], variables=["a"]) for rule in WRITTEN}


def truth(rule, points, order):
    with mpmath.workdps(450):
        slopes = [mpmath.diff(NAIVE[rule], mpmath.mpf(a), order) for a in points]
        return np.array(slopes, dtype=float)


def found(rule, points):
    """Values, first and second derivatives at `points`, each by a graph."""
    graphs = [GRAPHS[rule]]
    for _ in range(2):
        graphs.append(gradient(graphs[-1], *graphs[-1].outputs))
    return [g.evaluate({"a": np.array(points)})[g.outputs[0]] for g in graphs]


def test_every_rule_has_its_reference():
    assert list(NAIVE) == WRITTEN


@pytest.mark.parametrize("rule", WRITTEN)
def test_moderate_points_are_those_of_the_form_as_written(rule):
    for order, values in enumerate(found(rule, MODERATE)):
        assert values == pytest.approx(truth(rule, MODERATE, order), 4e-15, 1e-16)


@pytest.mark.parametrize("rule", WRITTEN)
def test_hard_points_are_right_where_the_form_as_written_is_not(rule):
    points = HARD.get(rule, FAR)
    value, *slopes = found(rule, points)
    assert value == pytest.approx(truth(rule, points, 0), rel=1e-15, abs=1e-300)
    for order, slope in enumerate(slopes, 1):
        assert slope == pytest.approx(truth(rule, points, order), 1e-14, ROUNDED)


@pytest.mark.parametrize(
    ("rule", "method"),
    [(rule, "adjoint") for rule in WRITTEN if rule not in HARD]
    + [(rule, "symbolic") for rule in WRITTEN if rule not in HARD and "^" not in rule],
)
def test_edge_partials_are_finite_far_out(rule, method):
    edge = edge_partials(GRAPHS[rule], {"a": np.array(FAR)}, method=method)["xy", "a"]
    assert edge == pytest.approx(truth(rule, FAR, 1), rel=1e-12, abs=ROUNDED)


@pytest.mark.parametrize("rule", WRITTEN)
def test_the_text_of_the_author_is_what_is_shown(rule):
    graph = GRAPHS[rule]
    assert str(graph) == f"xy = {rule}"
    assert graph.equation("xy").text == f"xy = {rule}"
    assert str(graph.equation("xy")) == f"xy = {rule}"
    assert "softplus" not in graph.partial("xy", "a").text
    assert show(stable(parse_expression(rule))) == RULES[rule]


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("ln(1 + exp(b*x + c))", "softplus(b*x + c)"),
        ("exp(-x)/(1 + exp(-x))^2", "sigmoid(-x)*sigmoid(x)"),
        ("2*log(1 + exp(x^2)) - 1", "2*softplus(x^2) - 1"),
        ("log(1 + exp(log(1 + exp(x))))", "softplus(softplus(x))"),
        ("1/(1 + exp(-(b - x)))", "sigmoid(b - x)"),
        ("exp(x)/(1 + exp(x)) + exp(b)/(1 + exp(b))", "sigmoid(x) + sigmoid(b)"),
        ("log(1 + x + b)", "log(1 + x + b)"),
        ("log(2 + exp(x))", "log(2 + exp(x))"),
        ("exp(x)/(1 + exp(b))", "exp(x)*sigmoid(-b)"),
        ("exp(b)/(2 + exp(b))", "exp(b)/(2 + exp(b))"),
        ("L/(1 + exp(-k*(x - m)))", "L*sigmoid(k*(x - m))"),
        ("exp(x)*b/(c*(exp(x) + 1))", "b*sigmoid(x)/c"),
        ("exp(a)/(1 + exp(x))", "exp(a)*sigmoid(-x)"),
        ("log(1 - 1/(1 + exp(-x)))", "-softplus(x)"),
        ("log(exp(x)/(exp(x) + 1))", "-softplus(-x)"),
        ("b*log(1 - sigmoid(2*x))", "b*(-softplus(2*x))"),
        ("log(2 - sigmoid(x))", "log(2 - sigmoid(x))"),
        ("-1 + exp(x)", "expm1(x)"),
        ("2*exp(x) - 2", "2*exp(x) - 2"),
        ("exp(x) - 2", "exp(x) - 2"),
        ("1 - exp(x)", "1 - exp(x)"),
        ("1/(1 - exp(-x))", "1/(1 - exp(-x))"),
    ],
)
def test_only_the_forms_themselves_are_replaced(text, stands_for):
    assert show(stable(parse_expression(text))) == stands_for


def test_an_expression_without_such_a_form_stays_the_same_object():
    root = parse_expression("a*x^2 + sin(b*x)")
    assert stable(root) is root


def test_a_form_spread_over_equations_is_reported_where_it_overflows():
    graph = parse_graph(["xe = exp(xx)", "xs = 1 + xe", "xy = ln(xs)"])
    with pytest.warns(NonFiniteWarning, match=r"^xe is inf$"):
        graph.evaluate({"xx": 1000.0})


def test_arrays_pass_through_as_numbers_do():
    graph = parse_graph(["xy = ln(1+exp(xx))"])
    far = np.array(FAR)
    assert graph.evaluate({"xx": far})["xy"] == pytest.approx(np.logaddexp(far, 0))
