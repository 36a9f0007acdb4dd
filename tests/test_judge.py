"""One judge: families of equations × points × claims, right ones and wrong ones.

No wrong claim passes, wherever the function is zero and however large the number that
it is offset by; no right one fails, whatever kinks there are; and `compare_partials`
says of every edge what `check_gradients` says. Of the large families a part runs by
default, and all of them with `-m slow`.
"""

import itertools
import re

import numpy as np
import pytest
import sympy
from problems import FUNCTIONS, operations, vanishing

from cgprimer import check_gradients, compare_partials, edge_partials, parse_graph
from cgprimer.diff.declare import custom_op
from cgprimer.errors import PointError
from cgprimer.judge.check import report as report_on
from cgprimer.judge.claims import read_claims
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.points import random_points

PASS, FAIL, INCONCLUSIVE, REMARK = "PASS", "FAIL", "INCONCLUSIVE", "REMARK"
OPERATIONS = operations()
CASES = FUNCTIONS | OPERATIONS


def graph_of(text):
    return parse_graph([f"xf = {text}"])


def names_of(graph, at):
    """The part of a point that a graph needs."""
    known = (*graph.inputs, *graph.parameters)
    return {name: value for name, value in at.items() if name in known}


def some(first, second, every):
    """Every so many of the pairs; another one of the second each time."""
    pairs = enumerate(itertools.product(first, second))
    return [pair for i, pair in pairs if (i + i // len(second)) % every == 0]


# Where f is zero, or next to it.

VALUES = (0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6)


def wrong_claims(right):
    """Mistakes in every partial, as numbers: (name, number)."""
    others = [*list(right)[1:], *right]
    for (name, value), other in zip(right.items(), others, strict=False):
        claims = (2 * value, -value, 1.1 * value, 1.001 * value, value + 5, 0.0)
        for claim in (*claims, right[other]):
            if abs(claim - value) > 5e-4 * max(abs(claim), abs(value)):
                yield name, claim


@pytest.mark.every(4)
@pytest.mark.parametrize(("key", "value"), some(CASES, VALUES, 17))
def test_where_f_vanishes_right_claims_pass_and_wrong_ones_do_not(key, value):
    check_claims(key, value)


@pytest.mark.slow
@pytest.mark.parametrize("value", VALUES)
def test_where_f_vanishes_all_of_them(value):
    for key in CASES:
        check_claims(key, value)


def check_claims(key, value):
    """Right claims of a case shifted to `value` pass, wrong ones all fail."""
    text, point = CASES[key]
    graph = graph_of(vanishing(text, point, value))
    at = {f"x{i}": number for i, number in enumerate(point)}
    size = abs(graph_of(text).evaluate(at)["xf"])
    assert abs(graph.evaluate(at)["xf"] - value) <= 1e-15 * size
    right = graph.gradient_at("xf", at)
    check = GraphCheck(graph, at, given=True)
    claims = {("xf", name): slope for name, slope in right.items()}
    for output in (None, "xf"):
        report = report_on(check, read_claims(graph, claims, output, 1), output)
        assert {row.verdict for row in report.rows} == {PASS}, report
    assert compare_partials(graph, at).ok
    for name, claimed in wrong_claims(right):
        [claim] = read_claims(graph, {("xf", name): claimed}, None, 1).values()
        found = (
            check.edges["xf", name].evidence(claim),
            check.outputs["xf"].evidence(name, claim),
        )
        assert [one.judgements[0].verdict for one in found] == [FAIL] * 2, (name, claim)


# Offsets, zeros, kinks: both reports say the same of every edge.

OFFSETS = (0.0, 1e-12, 1e-6, 1.0, 1e3, 1e6, 1e9, 1e12)
FORMS = ("o + {}", "{} - o", "o*({})")
BODIES = (
    "sin(a*xa)", "cos(a*xa)", "xa^2", "a*xa", "tanh(xa)*a", "1/(xa + 3)", "abs(xa)*a",
    "relu(xa - a)", "step(xa)*a", "max(xa, a)", "xa^3 - a*xa", "sqrt(xa^2 + a^2)",
    "xa*sin(1/(xa^2 + 0.01))", "abs(xa - a)^1.5", "xlogy(xa^2, a)", "a*xa - a*xa",
    "abs(arcsin(xa/5))", "sqrt(abs(xa))", "log(abs(xa))", "relu(xa) - relu(-xa)",
    "sqrt(xa^4)", "exp(-1/abs(xa))",
)  # fmt: skip
PLACES = (
    (1.2, 0.5), (1.0, 0.0), (0.0, 1.0), (-1.3, 2.0), (1.0, 1.0), (1.0, np.pi / 2),
    (1e-8, 1e-8), (0.0, 0.0), (2.0, -1e-12), (3.0, 1e6),
)  # fmt: skip


SHIFTS = [form.replace("o", str(o)) for form in FORMS for o in OFFSETS]


@pytest.mark.every(4)
@pytest.mark.parametrize(("body", "shift"), some(BODIES, SHIFTS, 37))
def test_both_reports_say_the_same_of_every_edge(body, shift):
    check_agreement(shift.format(body), PLACES[len(body) % 2 :: 2])


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
def test_both_reports_say_the_same_everywhere(body):
    for shift in SHIFTS[BODIES.index(body) % 6 :: 6]:
        check_agreement(shift.format(body), PLACES)


def check_agreement(text, places):
    """Both reports on an equation, edge by edge; nothing in it is wrong."""
    graph = graph_of(text)
    for a, xa in places:
        at = names_of(graph, {"a": a, "xa": xa})
        check, edges = check_gradients(graph, at=at), compare_partials(graph, at)
        for row in edges.rows:
            assert row.verdict == check.row(row.node, row.wrt).verdict, (at, row)
            assert row.verdict != FAIL, (at, row)
        assert not check.failures, (at, check)


def test_the_two_reports_that_used_to_differ():
    graph, at = graph_of("1e9 + sin(a*xa)"), {"a": 1.2, "xa": 0.5}
    assert compare_partials(graph, at).ok
    assert check_gradients(graph, at=at).ok


@pytest.mark.every(3)
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e6, 1e9, 1e12])
@pytest.mark.parametrize(
    ("body", "slope"), [("sin(xa)", 1.0), ("1e-3*xa", 1e-3), ("1e-5*xa", 1e-5)]
)
def test_a_large_offset_lets_no_wrong_claim_pass(body, slope, offset):
    graph = graph_of(f"{offset} + {body}")
    for claim in (0.0, 2 * slope, -slope, 1e-9 * slope, slope + 5):
        report = check_gradients(graph, at={"xa": 0.0}, claims={("xf", "xa"): claim})
        assert report.row("xf", "xa").verdict != PASS, report


# Kinks: what is right never fails, and mistakes still do.

KINKED = ("abs({})", "sign({})", "step({})", "relu({})", "min({}, 0.3)", "max(b, {})")
POLES = (
    "2.13*log(abs(xa))", "abs(xa)*log(abs(xa))", "abs(xa)/(xa^2)", "log(abs(sin(xa)))",
    "arctan(1/abs(xa))", "exp(-1/abs(xa))", "1/abs(xa)", "sqrt(abs(xa))", "abs(1/xa)",
    "log(relu(xa))", "abs(tan(xa))", "xlogy(abs(xa), abs(xa))", "abs(xa)^xa",
    "relu(log(abs(xa)))", "min(abs(xa), xa)", "abs(xa)*sign(xa)", "relu(xa)/xa",
)  # fmt: skip


def nested():
    """Every operation inside every one with a kink, and the other way round."""
    found = dict.fromkeys(POLES)
    for text, _ in OPERATIONS.values():
        text = text.replace("x0", "xa").replace("x1", "b")
        for kinked in KINKED:
            found[kinked.format(text)] = None
            for name in ("xa", "b"):
                inner = f"({kinked.format(name)})"
                found[re.sub(rf"\b{name}\b", inner, text)] = None
    return [text for text in found if re.search(r"\bxa\b", text)]


ASKED = (  # points of one's own: at the kinks, next to them, and far from them
    None, {"xa": 0.0, "b": 0.7}, {"xa": 0.3, "b": 0.3}, {"xa": -0.6, "b": 0.4},
    {"xa": 1e-9, "b": 0.5}, {"xa": 0.0, "b": 0.0},
    {"xa": np.array([0.0, -0.7]), "b": 0.3},
)  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("body", ["abs(xa)*a", "relu(xa)*a"])
@pytest.mark.parametrize("offset", ["1e11", "1e12", "3.2e12", "1e13"])
def test_a_kink_that_rounding_hides_condemns_nobody_and_vouches_for_nothing(
    body, offset
):
    graph = graph_of(f"{offset} + {body}")
    mean = {"abs(xa)*a": "0*a", "relu(xa)*a": "0.5*a"}[body]
    for xa in (-1e-6, -1e-12):
        at = {"a": 2.0, "xa": xa}
        assert check_gradients(graph, at=at).verdict != FAIL
        claimed = check_gradients(graph, at=at, claims={("xf", "xa"): mean})
        assert claimed.verdict != PASS


@pytest.mark.every(4)
@pytest.mark.parametrize(("text", "i"), some(nested(), range(len(ASKED)), 113))
def test_our_own_formulas_never_fail_at_any_kink(text, i):
    check_own_formula(text, ASKED[i])


@pytest.mark.slow
@pytest.mark.parametrize("i", range(len(ASKED)))
def test_our_own_formulas_never_fail_anywhere(i):
    for text in nested()[i::16]:
        check_own_formula(text, ASKED[i])


@pytest.mark.every(3)
@pytest.mark.parametrize("text", POLES[:6])
def test_where_f_is_not_finite_there_is_no_kink(text):
    for at in (None, {"xa": 0.0}, {"xa": 0.7}):
        check_own_formula(text, at)
    report = check_gradients(graph_of(text), rng=0)
    assert report.verdict == PASS, report


@pytest.mark.every(2)
@pytest.mark.parametrize("at", [None, {"xa": 0.0, "b": 0.7}])
@pytest.mark.parametrize(
    "text", ["step(xa)^b", "abs(xa)^b", "relu(xa)^(b + 1)*sin(b)", "abs(xa)^b/b"]
)
def test_nothing_times_the_logarithm_of_nothing_is_nothing(text, at):
    check_own_formula(text, at)


def check_own_formula(text, at):
    """Our own formula as a claim, partial and total, does not fail; mistakes do."""
    graph = graph_of(text)
    try:
        where = names_of(graph, at) if at else random_points(graph, 3, rng())
    except PointError:  # as of log(sign(xa) - 1)
        return
    check = GraphCheck(graph, where, given=bool(at))
    width = check.width if at else None
    texts = {edge: graph.partial(*edge).text for edge in graph.arcs}
    for output in (None, "xf"):
        claims = read_claims(graph, texts, output, width)
        report = report_on(check, claims, output)
        assert not report.failures, report
        for kink in (row for row in report.rows if row.kind == "kink"):
            assert np.isfinite(kink.slopes).all(), report
            assert np.isfinite(kink.claimed) or kink.verdict == REMARK, report
        assert "not at every point" not in report.diagnosis or any(
            row.reason for row in report.rows if row.kind in ("edge", "total")
        )
    for edge, right in texts.items():
        row = report.row(*edge, "total")
        zero = abs(row.claimed) < 1e-12
        for wrong in (f"2*({right})", f"-1.001*({right})", f"({right}) + 5")[
            2 * zero :
        ]:
            [claim] = read_claims(graph, {edge: wrong}, None, width).values()
            found = [
                one.judgements[i].verdict
                for one in check.edges[edge].everywhere(claim)
                for i in range(len(one.claimed))
            ]
            assert FAIL in found or row.verdict != PASS, (edge, wrong, found)


def rng():
    return np.random.default_rng(0)


# Where sympy has no formula of real numbers our own rules stand for it.

METHODS = ("symbolic", "adjoint")
NO_FORMULA = ("pow", "sqrt", "arcsin", "arccos")
AROUND = ("abs({})", "sign({})", "min({}, 0.3)", "max(b, {})", "abs({})*sin({})")


@pytest.mark.every(3)
@pytest.mark.parametrize(("key", "around"), some(OPERATIONS, AROUND, 7))
def test_there_is_a_formula_and_a_value_for_every_edge(key, around):
    check_formulas(key, around)


@pytest.mark.slow
@pytest.mark.parametrize("around", AROUND)
def test_there_is_a_formula_and_a_value_for_every_edge_everywhere(around):
    for key in OPERATIONS:
        check_formulas(key, around)


@pytest.mark.parametrize("key", NO_FORMULA)
def test_our_own_rules_stand_where_sympy_has_no_formula(key):
    check_formulas(key, "abs({})")


def check_formulas(key, around):
    """sympy's formulas, or ours, give what the sweep gives, as text as well."""
    text, point = OPERATIONS[key]
    text = text.replace("x0", "xa").replace("x1", "b")
    graph = graph_of(around.format(text, text))
    for factor in (1.0, 0.6, 1.1):
        at = dict(zip(("xa", "b"), (factor * point[0], *point[1:], 0.35), strict=False))
        at = names_of(graph, at)
        symbolic, own = (edge_partials(graph, at, method=m) for m in METHODS)
        report = compare_partials(graph, at)
        for row in report.rows:
            edge = row.node, row.wrt
            assert symbolic[edge] == pytest.approx(own[edge], rel=1e-12)
            assert row.verdict == PASS, row
            text = graph.partial(*edge).text
            claimed = parse_graph([f"xd = {text}"])
            value = float(claimed.evaluate(names_of(claimed, at))["xd"])
            assert value == pytest.approx(own[edge], rel=1e-12)
            ours = "our own rules" in row.reason
            assert ours == (key in NO_FORMULA and around[:3] == "abs")


@pytest.mark.parametrize("error", [TimeoutError, KeyboardInterrupt, MemoryError])
def test_what_interrupts_sympy_comes_out(monkeypatch, error):
    def interrupted(*args):
        raise error

    graph = graph_of("sin(cos(xa + 0.123))")
    monkeypatch.setattr(sympy, "diff", interrupted)
    with pytest.raises(error):
        edge_partials(graph, {"xa": 1.0})


def test_code_without_a_formula_passes_with_the_reason_only():
    def forward(ctx, a):
        ctx.save(a=a)
        return a**3

    with custom_op("cube", forward=forward, backward=lambda ctx, g: 3 * ctx.a**2 * g):
        report = compare_partials(graph_of("cube(xa) - 0.125"), {"xa": 0.5})
    [row] = report.rows
    assert row.verdict == PASS
    assert np.isnan(row.symbolic)
    assert row.reason == "only numpy code knows it: the sweep stands for it"
    assert "(sweep) 0.75" in str(report)


def test_a_formula_that_is_nan_at_the_point_is_said_to_be():
    rows = compare_partials(graph_of("xa^b"), {"xa": 0.0, "b": 2.0}).rows
    [row] = [row for row in rows if row.wrt == "b"]
    assert (row.formula, row.verdict, row.adjoint) == ("xa^b*log(xa)", PASS, 0.0)
    assert np.isnan(row.symbolic)
    assert row.reason == "sympy's formula is nan here: the sweep stands for it"


# Scales, zeros, poles.

SCALES = (1e-300, 1e-150, 1e-30, 1e-12, 1e12, 1e30, 1e150)
SCALED = ("s*sin(xa/s)", "sqrt(xa)*xb", "log(xa) - xb", "xa*xb/s", "tanh(xa/s)", "xa^2")


@pytest.mark.every(3)
@pytest.mark.parametrize(("text", "s"), some(SCALED, SCALES, 3))
def test_no_scale_makes_what_is_right_fail(text, s):
    graph = graph_of(text.replace("s*", f"{s}*").replace("/s", f"/{s}"))
    at = names_of(graph, {"xa": 0.7 * s, "xb": 2.0})
    report = check_gradients(graph, at=at)
    assert not report.failures, report
    assert compare_partials(graph, at).ok
    for edge in graph.arcs:
        twice = check_gradients(
            graph, at=at, claims={edge: 2 * report.row(*edge).claimed}
        )
        assert twice.row(*edge).verdict == FAIL, twice


def test_what_underflows_is_not_wrong():
    for s in (1e-200, 1e-250, 1e-300):
        report = check_gradients(graph_of("xa^2"), at={"xa": s})
        assert not report.failures, report


def test_the_rounding_of_every_partial_counts_in_a_total():
    graph = parse_graph(["xv = sin(1e6*xa)", "xw = xv*xb", "xf = 3*xw"])
    check = GraphCheck(graph, {"xa": 0.7, "xb": 1.0}, given=True)
    found = check.outputs["xf"].terms["xa"]
    assert found > 2e12 * abs(np.sin(0.7e6))  # of the argument of 1e6*cos(1e6*xa)


def test_rounding_that_vanishes_at_the_point_only_is_counted():
    for xb, graph in itertools.product(
        (1e3, 1e5 + 0.3, 1e8 + 0.7),
        map(graph_of, ("a*xb - a*xc", "a*(xb + xc) - a*xb")),
    ):
        at = {"a": 0.0, "xb": xb, "xc": xb - 0.2}
        report = check_gradients(
            graph, at=at, claims={("xf", "a"): graph.gradient_at("xf", at)["a"]}
        )
        assert not report.failures, report


def test_of_a_pole_nothing_is_said():
    graph = graph_of("log(abs(xa))")
    for claim in (None, 0.0, "1/xa"):
        claims = {("xf", "xa"): claim} if claim is not None else None
        report = check_gradients(graph, at={"xa": 0.0}, claims=claims)
        assert {row.verdict for row in report.rows} == {INCONCLUSIVE}, report


@pytest.mark.every(2)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("text", ["xa^3", "abs(xa)", "exp(xa)*b", "min(xa, b)", "b/xa"])
def test_at_nan_and_infinity_nothing_is_decided(bad: float, text: str):
    graph = parse_graph([f"xy = {text}"])
    at = {"xa": bad} | ({"b": 2.0} if "b" in graph.parameters else {})
    for report in (compare_partials(graph, at), check_gradients(graph, at=at)):
        edge = next(row for row in report.rows if (row.node, row.wrt) == ("xy", "xa"))
        assert edge.verdict == INCONCLUSIVE
        assert str(report)


CONSTANTS = ("expm1(1e-6)/sin(xa)", "tan(arcsin(1)) - 0.8*xa",
             "log1p(1e-9)*xa^2", "sigmoid(sin(0.3)*1e-9)*xa")  # fmt: skip


@pytest.mark.parametrize("text", CONSTANTS)
def test_numbers_computed_from_numbers_are_rounded_too(text):
    for at in (None, {"xa": -0.7}):
        check_own_formula(text, at)
        assert compare_partials(graph_of(text), at or {"xa": 0.4}).failures == ()


@pytest.mark.parametrize(
    ("text", "right"),
    [("sin(xa)^2", "2*sin(xa)^3*cos(xa)/sin(xa)^2"), ("xa^2", "2*xa^2/xa")],
)
def test_a_formula_that_divides_nothing_by_nothing_is_not_called_wrong(text, right):
    graph, claims = graph_of(text), {("xf", "xa"): right}
    report = check_gradients(graph, at={"xa": 0.0}, claims=claims)
    assert report.verdict == INCONCLUSIVE
    says = "slopes 0 before, 0 after, but the formula gives nan at this very point"
    assert report.row("xf", "xa").reason == says
    for wrong in ("log(-1 - xa^2)", lambda xa: np.nan, np.nan):
        report = check_gradients(graph, at={"xa": 0.0}, claims={("xf", "xa"): wrong})
        assert report.verdict == FAIL


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e12])
def test_slopes_beside_a_kink_are_told_at_any_scale(scale):
    graph = graph_of(f"{scale}*relu(xa)")
    [kink] = [r for r in check_gradients(graph, rng=0).rows if r.kind == "kink"]
    assert kink.slopes == pytest.approx((0.0, scale), abs=1e-6 * scale)
    asked = check_gradients(graph, at={"xa": 0.0})
    assert f"the slope is 0 before, {scale:.6g} after" in asked.diagnosis


@pytest.mark.every(4)
@pytest.mark.parametrize("power", [1.5, 1.8])
@pytest.mark.parametrize("aside", [0.0, 1e-13, 1e-12, 1e-11])
def test_what_bends_too_sharply_to_be_seen_condemns_nobody(power, aside):
    at = {"xa": 0.3 * (1 + aside)}
    for text in (f"abs(xa - 0.3)^{power}", f"abs(xa - 0.3)^{power} + xa"):
        graph = graph_of(text)
        assert check_gradients(graph, at=at).verdict != FAIL
        claims = {("xf", "xa"): f"-({graph.partial('xf', 'xa').text}) - 3"}
        assert check_gradients(graph, at=at, claims=claims).verdict == FAIL
