"""Where values go wrong: the operation, the sample, and what to write instead."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from problems import KINKED, PROBLEMS, problem, samples

from cgprimer import PointError, parse_graph
from cgprimer.cli import main
from cgprimer.diagnosis import extended
from cgprimer.diagnosis.diagnose import diagnose
from cgprimer.diagnosis.evaluation import CHECKED, error
from cgprimer.diagnosis.extended import context, decimal, values
from cgprimer.diagnosis.operations import Operations
from cgprimer.diagnosis.reasons import reason
from cgprimer.diagnosis.report import Diagnosis
from cgprimer.diff import stable_forms
from cgprimer.diff.stable import stable
from cgprimer.diff.stable_forms import FORMS, readings, taken_forms
from cgprimer.expr.node import fold, intern, leaves, postorder
from cgprimer.expr.ops import FUNCTIONS, OPS, name
from cgprimer.expr.spans import operation_span
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.report import plain
from cgprimer.notation.text import show


def found(texts, at, **options):
    texts = [texts] if isinstance(texts, str) else texts
    return diagnose(parse_graph(texts, **options), at)


# equation, point → what goes wrong, how, and what is said about it

CASES = {
    "softplus": (
        "xy = ln(1 + exp(xx))", {"xx": 1000.0}, "exp(xx)", "inf",
        "write softplus(xx) for log(1 + exp(xx))",
    ),
    "softplus, far left": (
        "xy = ln(exp(xx) + 1)", {"xx": -40.0}, "ln(exp(xx) + 1)", "digits",
        "write softplus(xx) for log(exp(xx) + 1)",
    ),
    "sigmoid": (
        "xy = exp(xx)/(1 + exp(xx))", {"xx": 800.0}, "exp(xx)", "inf",
        "write sigmoid(xx) for exp(xx)/(1 + exp(xx))",
    ),
    "log1p": (
        "xy = ln(1 + xx)", {"xx": 1e-12}, "ln(1 + xx)", "digits",
        "write log1p(xx) for log(1 + xx)",
    ),
    "expm1": (
        "xy = exp(xx) - 1", {"xx": 1e-12}, "exp(xx) - 1", "digits",
        "write expm1(xx) for exp(xx) - 1",
    ),
    "expm1, turned": (
        "xy = 1 - exp(xx)", {"xx": 1e-12}, "1 - exp(xx)", "digits",
        "write -expm1(xx) for 1 - exp(xx)",
    ),
    "log-sum-exp": (
        "xy = ln(exp(xa) + exp(xb))", {"xa": 1000.0, "xb": 999.0}, "exp(xa)", "inf",
        "write max(xa, xb) + log1p(exp(-abs(xa - xb))) for log(exp(xa) + exp(xb)): "
        "log-sum-exp: take the larger exponent out",
    ),
    "log-sum-exp of three": (
        "xy = ln(exp(xa) + exp(xb) + exp(xc))",
        {"xa": 1.0, "xb": 999.0, "xc": 2.0}, "exp(xb)", "inf",
        "write max(max(xa, xb), xc) + log(exp(xa - max(max(xa, xb), xc)) + "
        "exp(xb - max(max(xa, xb), xc)) + exp(xc - max(max(xa, xb), xc))) for "
        "log(exp(xa) + exp(xb) + exp(xc)): log-sum-exp: take the largest exponent out",
    ),
    "hypot": (
        "xy = sqrt(xa^2 + xb^2)", {"xa": 1e200, "xb": 1.0}, "xa^2", "inf",
        "write max(abs(xa), abs(xb))*sqrt(1 + (min(abs(xa), abs(xb))/max(abs(xa), "
        "abs(xb)))^2) for sqrt(xa^2 + xb^2): hypot: scale by the larger",
    ),
    "sinc at 0": (
        "xy = sin(xx)/xx", {"xx": 0.0}, "sin(xx)/xx", "nan",
        "write 1 - xx^2/6 + xx^4/120 for sin(xx)/xx: its series, for abs(xx) < 0.008",
    ),
    "half angle": (
        "xy = (1 - cos(xx))/xx^2", {"xx": 1e-9}, "1 - cos(xx)", "digits",
        "write 2*sin(xx/2)^2 for 1 - cos(xx): half the angle",
    ),
    "difference of squares": (
        "xy = a^2 - b^2", {"a": 1.3 + 1e-11, "b": 1.3}, "a^2 - b^2",
        "digits", "write (a - b)*(a + b) for a^2 - b^2",
    ),
    "conjugate": (
        "xy = xx - sqrt(xx^2 - 1)", {"xx": 1e9}, "xx - sqrt(xx^2 - 1)", "digits",
        "write 1/(xx + sqrt(xx^2 - 1)) for xx - sqrt(xx^2 - 1)",
    ),
    "quadratic formula": (
        "xy = (-b + sqrt(b^2 - 4*a*c))/(2*a)", {"a": 1.0, "b": 1e9, "c": 1.0},
        "-b + sqrt(b^2 - 4*a*c)", "digits",
        "write -4*a*c/(b + sqrt(b^2 - 4*a*c)) for -b + sqrt(b^2 - 4*a*c)",
    ),
    "roots": (
        "xy = sqrt(xx + 1) - sqrt(xx)", {"xx": 1e16}, "sqrt(xx + 1) - sqrt(xx)",
        "digits", "write 1/(sqrt(xx + 1) + sqrt(xx)) for sqrt(xx + 1) - sqrt(xx)",
    ),
    "logarithm of a sigmoid": (
        "xy = ln(1 - sigmoid(xx))", {"xx": 50.0}, "1 - sigmoid(xx)", "digits",
        "write -softplus(xx) for log(1 - sigmoid(xx))",
    ),
    "exp and back": (
        "xy = ln(exp(xx))", {"xx": -800.0}, "ln(exp(xx))", "inf",
        "write xx for log(exp(xx))",
    ),
    "a logarithm and what it nearly is": (
        "xy = xx - ln(exp(xx) - 1)", {"xx": 5000.0}, "exp(xx)", "inf",
        "write -log1p(-exp(-xx)) for xx - log(exp(xx) - 1)",
    ),
    "tanh by hand": (
        "xy = (exp(xx) - exp(-xx))/(exp(xx) + exp(-xx))", {"xx": 720.0}, "exp(xx)",
        "inf", "write tanh(xx) for (exp(xx) - exp(-xx))/(exp(xx) + exp(-xx))",
    ),
    "entropy": (
        "xy = -xp*ln(xp)", {"xp": 0.0}, "ln(xp)", "inf", None,
    ),
    "logarithm of a negative number": (
        "xy = ln(xx)", {"xx": -1.0}, "ln(xx)", "nan",
        "keep the argument inside the domain, or say what the value is there",
    ),
    "power of a negative number": (
        "xy = xx^p", {"xx": -2.0, "p": 0.5}, "xx^p", "nan",
        "keep the argument inside the domain, or say what the value is there",
    ),
    "division by zero": (
        "xy = 1/xx", {"xx": 0.0}, "1/xx", "inf", "keep the divisor away from 0",
    ),
    "logarithm of 0": (
        "xy = ln(xx)", {"xx": 0.0}, "ln(xx)", "inf", "keep the argument away from 0",
    ),
    "logarithm of 1 - 1": (
        "xy = log1p(xx)", {"xx": -1.0}, "log1p(xx)", "inf",
        "keep the argument away from 0",
    ),
    "logarithm of 0, times 2": (
        "xy = xlogy(2, xx)", {"xx": 0.0}, "xlogy(2, xx)", "inf",
        "keep the argument away from 0",
    ),
    "power of 0": (
        "xy = xx^p", {"xx": 0.0, "p": -2.0}, "xx^p", "inf",
        "keep the divisor away from 0",
    ),
    "power beyond all numbers": (
        "xy = xx^p", {"xx": 1e300, "p": 1e300}, "xx^p", "inf", "",
    ),
    "large argument": (
        "xy = sin(2*pi*xx)", {"xx": 1e15 + 0.125}, "sin(2*pi*xx)", "digits",
        "write sin(2*pi*(xx - 1000000000000000.0)) for sin(2*pi*xx): take whole "
        "periods off before the argument is rounded",
    ),
    "exp beyond all doubles": (
        "xy = exp(xx)", {"xx": 1.2e7}, "exp(xx)", "inf", "",
    ),
    "digits that no formula brings back": (
        "xy = xa*xb - xc*xd", {"xa": 1.1, "xb": 1.3, "xc": 1.3, "xd": 1.1 + 1e-12},
        "xa*xb - xc*xd", "digits", "",
    ),
}  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize("case", CASES)
def test_the_first_operation_that_goes_wrong_is_named(case):
    text, at, operation, outcome, suggestion = CASES[case]
    first = found(text, at).first
    assert first is not None
    assert (first.kind, first.node, first.wrt) == ("value", "xy", None)
    assert first.operation == operation
    assert first.text[first.start : first.end] == operation
    assert first.outcome == outcome
    if suggestion is not None:
        assert first.suggestion == suggestion


@pytest.mark.parametrize("case", [c for c in CASES if CASES[c][4]])
def test_what_is_suggested_is_right_at_the_point(case):
    """The suggested form, put in the place of the old one, is not complained of."""
    _, at, _, _, suggestion = CASES[case]
    new, separator, old = suggestion.removeprefix("write ").partition(" for ")
    if not separator or not suggestion.startswith("write "):
        return
    old = old.partition(":")[0]
    beside = {key: Fraction(value) + Fraction(1, 10**30) for key, value in at.items()}
    exact = values([parse_expression(old)], beside)[parse_expression(old)]
    graph = parse_graph([f"xy = {new}"], parameters=[n for n in at if n[0] != "x"])
    assert error(float(graph.evaluate(at)["xy"]), exact) < 1e-12


@pytest.mark.parametrize("key", [*PROBLEMS, *KINKED])
def test_a_healthy_graph_is_clean(key):
    graph, at = problem(key)
    report = diagnose(graph, samples(at))
    assert report.ok, str(report)
    assert report.first is None
    assert report.summary().endswith(
        "all finite, and all keep at least half their digits"
    )


@pytest.mark.parametrize("exponent", [2, 4, 6, 9, 11, 14])
def test_half_the_digits_is_where_the_line_is(exponent):
    """(a + b) - a loses one digit for every power of ten between a and b."""
    report = found("xd = (xa + xb) - xa", {"xa": 10.0**exponent, "xb": math.pi / 3})
    lost = [row.lost for row in report.rows]
    assert report.ok is (exponent < 7)
    if not report.ok:
        assert lost[0] == pytest.approx(exponent, abs=2)
        assert report.rows[0].suggestion == "write xb for xa + xb - xa"


def test_only_the_culprit_is_named_not_what_it_spoils():
    texts = ["xe = exp(xx)", "xs = 2*xe", "xt = xs/xe", "xu = ln(xt) + sin(xt)"]
    report = found(texts, {"xx": 1000.0})
    assert [row.where for row in report.rows if row.kind == "value"] == ["xe"]


def test_a_form_that_is_spread_over_equations_is_recognised():
    report = found(["xe = exp(xx)", "xs = 1 + xe", "xy = ln(xs)"], {"xx": -40.0})
    first = report.first
    assert first is not None
    assert (first.node, first.operation) == ("xy", "ln(xs)")
    assert first.suggestion == (
        "write softplus(xx) for log(1 + exp(xx)), in one equation, for xy"
    )
    assert first.engine.startswith("cgprimer computes softplus(xx) instead: 4.2")


def test_the_names_of_other_equations_are_used():
    report = found(["xq = a*xx^2", "xy = ln(1 + exp(xq))"], {"a": 1.0, "xx": 40.0})
    assert report.first.suggestion == "write softplus(xq) for log(1 + exp(xq))"


def test_a_form_that_would_be_wrong_here_is_not_suggested():
    """The series of sinc is for small arguments; this one is large."""
    first = found("xy = sin(b*xx)/(b*xx)", {"b": 0.1, "xx": 1e17}).first
    assert (first.operation, first.outcome) == ("sin(b*xx)", "digits")
    assert first.suggestion == ""


# What the engine does by itself


BY_HAND = {f.written: f.better for f in taken_forms() if "sigmoid" not in f.written}


@pytest.mark.parametrize("rule", BY_HAND)
def test_where_the_engine_has_replaced_the_form_it_is_said(rule):
    at = {"a": 1e-12 if rule in ("log(1 + a)", "exp(a) - 1") else 800.0}
    graph = parse_graph([f"xy = {rule}"], variables=["a"])
    rows = [row for row in diagnose(graph, at).rows if row.kind == "value"]
    value = graph.evaluate(at)["xy"]
    assert len(rows) == 1
    expected = f"cgprimer computes {BY_HAND[rule]} instead: {value:.10g} is right"
    assert rows[0].engine == expected


def test_what_the_engine_computes_as_written_gets_no_such_note():
    assert found("xy = 1 - cos(xx)", {"xx": 1e-9}).first.engine == ""


def test_what_the_engine_has_instead_is_told_of_values_edges_and_gradients():
    """Of each sample its own number, and nothing where that is not right either."""
    texts = ["xp = 1/(1 + exp(-xz))", "xl = ln(xp)"]
    report = found(texts, {"xz": np.array([30.0, -800.0, -40.0])})
    assert [(row.where, row.sample, row.engine) for row in report.rows] == [
        ("xp", 1, "cgprimer computes sigmoid(xz) instead: 0 is right"),
        ("xl", 1, "cgprimer computes -softplus(-xz) instead: -800 is right"),
        ("∂xl/∂xp", 1, ""),
        ("d xl/d xz", 1, "cgprimer computes it from stable forms: 1 is right"),
    ]


# Derivatives


def test_a_partial_that_cancels_is_found_though_the_value_is_right():
    report = found("xy = sin(xx)/xx", {"xx": 1e-7})
    first = report.first
    assert (first.kind, first.where) == ("edge", "∂xy/∂xx")
    assert first.suggestion == (
        "write 1 - xx^2/6 + xx^4/120 for sin(xx)/xx: its series, for abs(xx) < 0.008"
    )
    assert first.value / float(first.exact) - 1 == pytest.approx(6e-3, abs=2e-3)


def test_a_sum_over_paths_that_cancels_is_found_though_every_partial_is_right():
    texts = ["v1 = 1/xa", "v2 = sin(xa)", "v3 = v1*v2"]
    report = found(texts, {"xa": 1e-7})
    assert [row.where for row in report.rows] == ["d v3/d xa"]
    assert report.first.suggestion.startswith(
        "write 1 - xa^2/6 + xa^4/120 for 1/xa*sin(xa), in one equation, for v3"
    )
    assert found(texts, {"xa": 1.3}).ok


def test_a_saturated_slope_is_found():
    first = found("xy = tanh(xx)", {"xx": 20.0}).first
    assert (first.kind, first.operation) == ("edge", "1 - tanh(xx)^2")
    assert first.suggestion == (
        "by hand it can be had: write 1/cosh(xx)^2 for 1 - tanh(xx)^2"
    )
    assert first.engine == ""  # which loses the digits, too


def test_an_infinite_slope_is_found():
    first = found("xy = sqrt(xx)", {"xx": 0.0}).first
    assert (first.kind, first.outcome) == ("edge", "inf")
    assert first.reason == "division by 0"


def test_the_engine_s_stable_partial_is_told():
    report = found("xy = ln(1 + exp(xx))", {"xx": 800.0})
    assert len(report.rows) == 1  # exp(xx) spoils the partial, too, but is named once
    [row] = found("xy = 1/(1 + exp(-xx))", {"xx": -400.0}).rows
    assert (row.where, row.value) == ("∂xy/∂xx", 0.0)
    assert row.reason == "an argument underflowed to 0"
    assert row.engine.startswith("cgprimer computes it from stable forms: 1.9151")


# Samples


def test_the_worst_sample_and_its_index():
    xs = np.array([1.0, 1e-5, 1e-6, 3e-9, 2.0])
    row = found("xy = 1 - cos(xx)", {"xx": xs}).first
    assert (row.sample, row.samples) == (3, 3)
    assert row.lost == pytest.approx(15.65, abs=0.1)
    turned = found("xy = ln(xx) + 1", {"xx": np.array([1.0, -1.0, 1e-3, -2.0])}).first
    assert (turned.sample, turned.samples) == (1, 2)
    assert "nan" in str(turned)


def test_parameters_may_be_arrays_and_numbers_mix():
    at = {"xx": np.array([1.0, 2.0]), "b": 1000.0}
    row = found("xy = exp(b*xx)", at).first
    assert (row.sample, row.samples) == (0, 2)


@pytest.mark.parametrize("needle", [0, 4321, 9_999])
def test_one_bad_sample_among_many_is_found(needle):
    xs = np.random.default_rng(0).uniform(0.5, 1.0, 10_000)
    xs[needle] = 1e-6
    report = found("xy = 1 - cos(xx)", {"xx": xs})
    assert (report.samples, report.checked) == (10_000, CHECKED)
    assert report.first.sample == needle
    assert f"the {CHECKED} most suspect of 10000 samples" in report.summary()


def test_many_samples_that_fail_do_not_hide_one_that_loses_digits():
    xa, xb = np.ones(2_000), np.ones(2_000)
    xa[:1_500], xb[1_700] = -1.0, 1e-9
    report = found(["xy = ln(xa)", "xz = 1 - cos(xb)"], {"xa": xa, "xb": xb})
    rows = {row.node: row for row in report.rows if row.kind == "value"}
    assert (rows["xy"].samples, rows["xy"].sample) == (1_500, 0)
    assert (rows["xz"].samples, rows["xz"].sample) == (1, 1_700)
    assert report.checked == CHECKED


@pytest.mark.parametrize(
    ("most", "later"), [(0, ""), (1, "xb"), (3, "xb xc xd"), (9, "xb xc xd xe xf")]
)
def test_what_is_computed_later_comes_nearest_first(most, later):
    texts = ["xa = xx", "xb = xa^2", "xc = 2*xa", "xd = xb*xc", "xe = xd + xc",
             "xf = xe*xe", "xn = xx + 1"]  # fmt: skip
    operations = Operations(parse_graph(texts))
    assert operations.later("xa", most) == later.split()


# The report and the command

PRINTED = """\
exp(xx) turns infinite in the equation of xy

    xy = ln(1 + exp(xx))
                ^^^^^^^

    inf in doubles, 1.9700711e+434 exactly: overflow: beyond the largest double, 1.8e308
  hint: write softplus(xx) for log(1 + exp(xx))
  note: cgprimer computes softplus(xx) instead: 1000 is right"""


def test_the_finding_reads_aloud():
    report = found("xy = ln(1 + exp(xx))", {"xx": 1000.0})
    assert str(report.first) == PRINTED
    assert plain(report, 120).endswith(PRINTED)
    assert report.summary() == "4 operations: 1 goes wrong, the first in xy"
    assert not report.ok


# Why: each reason, and both sides of where one begins

REAL = "is real for positive numbers only, not of"
ROUNDED = "magnifies the rounding of its argument"
SPANS = "the argument is so large that its rounding spans much of a period"
UNDERFLOW = "an argument underflowed to 0"
OVERFLOW = "overflow: beyond the largest double, 1.8e308"
FAR = "overflow: far beyond the largest double, 1.8e308"
NEAR_ONE = "the argument is so near 1 that rounding it cut off what matters"
ALL = "that its rounding is all"
WHY = [
    ("ln(xx)", {"xx": -2.0}, f"the logarithm {REAL} -2"),
    ("xlogy(xa, xx)", {"xa": 2.0, "xx": -3.0}, f"the logarithm {REAL} -3"),
    ("log1p(xx)", {"xx": -2.0}, "log1p is real above -1 only, not of -2"),
    ("sqrt(xx)", {"xx": -2.0}, "the square root is real from 0 on only, not of -2"),
    ("arcsin(xx)", {"xx": 1.5}, "arcsin is real between -1 and 1 only, not of 1.5"),
    ("arccos(xx)", {"xx": -1.5}, "arccos is real between -1 and 1 only, not of -1.5"),
    ("xx^p", {"xx": -2.0, "p": 0.5}, "-2 has no real power 0.5"),
    ("xa/xx", {"xa": 0.0, "xx": 0.0}, "0 divided by 0"),
    ("1/xx", {"xx": 0.0}, "division by 0"),
    ("xx^p", {"xx": 0.0, "p": -1.0}, "division by 0"),
    ("ln(xx)", {"xx": 0.0}, "the logarithm of 0"),
    ("log1p(xx)", {"xx": -1.0}, "the logarithm of 0"),
    ("xlogy(2, xx)", {"xx": 0.0}, "the logarithm of 0"),
    ("exp(xx)", {"xx": 1000.0}, OVERFLOW),
    ("xa*xb", {"xa": 1e200, "xb": -1e200}, OVERFLOW),
    ("xa + xb", {"xa": 1.7e308, "xb": 1.7e308}, OVERFLOW),
    ("xx^p", {"xx": 10.0, "p": 400.0}, OVERFLOW),
    ("xx^p", {"xx": 1e300, "p": 1e300}, FAR),
    ("exp(xx)", {"xx": 1e300}, FAR),
    ("cosh(xx)", {"xx": 1e300}, FAR),
    ("ln(1 - sigmoid(xx))", {"xx": 900.0}, UNDERFLOW),
    ("exp(-xx)*k", {"xx": 800.0, "k": 1e300}, UNDERFLOW),
    ("xa + xb - xa", {"xa": 1e10, "xb": 1 / 3},
     "cancellation: what is left of the two numbers is their rounding"),
    ("sin(k*xx)", {"k": math.pi / 3, "xx": 3.0},
     f"the argument is so near a zero of sin {ALL}"),
    ("tan(k*xx)", {"k": math.pi / 3, "xx": 3.0},
     f"the argument is so near a zero of tan {ALL}"),
    ("tan(k*xx)", {"k": math.pi / 6, "xx": 3.0},
     f"the argument is so near a pole of tan {ALL}"),
    ("sin(k*xx)", {"k": 0.1, "xx": 1e17}, SPANS),
    ("ln(xa*xx)", {"xa": 1 / 3, "xx": 3.000000000001}, NEAR_ONE),
    ("arccos(k*xx)", {"k": 0.33333333333333, "xx": 3.0}, f"arccos {ROUNDED}"),
    ("log1p(k*xx)", {"k": -0.33333333333333, "xx": 3.0}, f"log1p {ROUNDED}"),
    ("tan(pi*xx)", {"xx": 0.5},
     "the exact value is not a real number; this one comes from rounding"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "why"), WHY, ids=lambda x: str(x)[:40])
def test_it_is_said_why_an_operation_goes_wrong(text, at, why):
    row, *_ = [r for r in found(f"xy = {text}", at).rows if r.kind == "value"]
    assert row.reason == why
    assert row.exact == "infinite" or why not in ("division by 0", "the logarithm of 0")


# Operation, arguments in doubles, what it gave, and what it should have given

LIMITS = [
    ("sin", [99_999.0], 1e-9, 2e-9, f"the argument is so near a zero of sin {ALL}"),
    ("sin", [100_000.0], 1e-9, 2e-9, SPANS),
    ("sin", [-100_000.0], 1e-9, 2e-9, SPANS),
    ("cos", [-1.1], 0.4, 0.5, f"the argument is so near a zero of cos {ALL}"),
    ("tan", [1.0], 1.5, 1.6, f"tan {ROUNDED}"),
    ("tan", [-1.1], -1.5, -1.6, f"the argument is so near a pole of tan {ALL}"),
    ("log", [1.49], 0.3, 0.4, NEAR_ONE),
    ("log", [0.51], -0.3, -0.4, NEAR_ONE),
    ("log", [1.5], 0.3, 0.4, f"log {ROUNDED}"),
    ("log", [0.5], -0.3, -0.4, f"log {ROUNDED}"),
    ("log", [0.0], -math.inf, -900.0, UNDERFLOW),
    ("exp", [1.0], math.inf, "1.8e308", OVERFLOW),
    ("exp", [1.0], -math.inf, "-1.8e308", OVERFLOW),
    ("tan", [1.0], math.inf, math.inf, "a pole, or far beyond the largest double"),
    ("pow", [2.0, 0.0], math.inf, math.inf, "division by 0"),
    ("mul", [2.0, 0.0], math.inf, math.inf, "a pole, or far beyond the largest double"),
    ("gamma", [-1.0, 2.0], math.nan, 1.0, "gamma has no value for -1, 2"),
    ("div", [1.0, 0.0], math.nan, math.nan, "div has no value for 1, 0"),
    ("log", [2.0], 3.0, math.inf,
     "the exact value is infinite; this one comes from rounding"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "args", "value", "exact", "why"), LIMITS)
def test_a_reason_begins_where_it_is_true(op, args, value, exact, why):
    pairs = [(number, context().mpf(number) or 1e-400) for number in args]
    assert reason(op, pairs, value, context().mpf(exact)) == why


# Equations, point, the row, and its first lines

READ = [
    (["xy = ln(xx) + 1"], {"xx": np.array([1.0, -1.0, 1e-3, -2.0])},
     ("xy", "ln(xx)", "nan", "not a real number", "16 of 16", "1 and 1 more"),
     "ln(xx) turns nan in the equation of xy, sample 1"),
    (["v1 = 1/xa", "v2 = sin(xa)", "v3 = v1*v2"], {"xa": 1e-7},
     ("d v3/d xa", "cos(xa)/xa - sin(xa)*(1/xa/xa)", "-3.3527613e-08",
      "-3.3333333e-8", "13 of 16", ""),
     "cos(xa)/xa - sin(xa)*(1/xa/xa) loses 13 of its digits in the gradient d v3/d xa"),
    (["xy = tanh(xx)"], {"xx": np.array([20.0, 1.0])},
     ("∂xy/∂xx", "1 - tanh(xx)^2", "0", "1.6993417e-17", "16 of 16", "0"),
     "1 - tanh(xx)^2 loses 16 of its digits in the partial ∂xy/∂xx, sample 0"),
    (["xy = sinh(xx)"], {"xx": -1e300},
     ("xy", "sinh(xx)", "-inf", "a number beyond -1e5553023288523357184", "16 of 16",
      ""),
     "sinh(xx) turns infinite in the equation of xy"),
    (["xy = 1 - cos(xx)"], {"xx": np.array([0.5, 1e-9, 3e-9])},
     ("xy", "1 - cos(xx)", "0", "5.0e-19", "16 of 16", "1 and 1 more"),
     "1 - cos(xx) loses 16 of its digits in the equation of xy, sample 1"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "at", "cells", "head"), READ)
def test_a_finding_is_a_row_and_a_sentence(equations, at, cells, head):
    first = found(equations, at).first
    assert first.cells() == (*cells, first.reason)
    assert str(first).startswith(f"{head}\n\n    {first.text}\n")


SUMMED = [
    ({"xx": 2.0, "xa": 1.0}, "4 operations: all finite, and all keep at least half "
     "their digits"),
    ({"xx": np.ones(2), "xa": 1.0}, "4 operations, 2 samples: all finite, and all keep "
     "at least half their digits"),
    ({"xx": math.nan, "xa": 1.0}, "xx is nan or inf as given. 4 operations: none goes "
     "wrong where what it is given is finite"),
    ({"xx": math.nan, "xa": math.inf}, "xx, xa are nan or inf as given. 4 operations: "
     "none goes wrong where what it is given is finite"),
    ({"xx": math.nan, "xa": -1.0}, "xx is nan or inf as given. 4 operations: 1 goes "
     "wrong, the first in xy"),
    ({"xx": 1000.0, "xa": -1.0}, "4 operations: 2 go wrong, the first in xy"),
]  # fmt: skip


@pytest.mark.parametrize(("at", "sentence"), SUMMED)
def test_a_diagnosis_is_summed_up(at, sentence):
    assert found("xy = exp(xx) + ln(xa)", at).summary() == sentence


def test_one_operation_is_one():
    sentence = found("xy = -xx", {"xx": 2.0}).summary()
    assert sentence.startswith("1 operation: all finite")


def test_rows_are_dictionaries_and_html():
    report = found("xy = ln(xx)", {"xx": -1.0})
    [row, *_] = report.to_dicts()
    assert row["operation"] == "ln(xx)"
    assert math.isnan(row["value"])
    assert report._repr_html_().count("<tr>") == 1 + len(report.rows)
    assert isinstance(report, Diagnosis)


def test_a_bad_point_is_refused():
    with pytest.raises(PointError, match="no value for the input xx"):
        found("xy = ln(xx)", {})


GONE = [  # sums of which no term is left, beside what goes wrong
    "log(xy - xy)*exp(1000*xx)",
    "log(2*xy - xy - xy)",
    "(cos(xy) - cos(xy))^-1 + xx",
    "log((xx + 1)^2 - xx^2 - 2*xx - 1)*xy",
    "xx^(xy - xy)*log(xy - xy)",
]


@pytest.mark.every(3)
@pytest.mark.parametrize("text", GONE)
@pytest.mark.parametrize("xx", [0.0, 1e-9, 1.0, 1e9])
def test_a_sum_of_which_nothing_is_left_is_diagnosed(text, xx):
    graph = parse_graph(["xy = 1 - cos(xx)", f"xz = {text}"])
    report = diagnose(graph, {"xx": xx})
    assert "xz" in {row.node for row in report.rows}


@pytest.mark.parametrize("text", ["xx/xx - 1 + 1/(xx - xx)", "exp(xx)/exp(xx)"])
def test_a_value_that_cancels_to_a_number_does_not_stop_a_diagnosis(text):
    assert diagnose(parse_graph([f"xy = {text}"]), {"xx": -745.0}).rows


def test_what_cancels_is_said_to_be_zero():
    first = diagnose(parse_graph(["xy = xx/xx - 1"]), {"xx": 0.0}).first
    assert first.suggestion == "write 0 for xx/xx - 1: all of its terms cancel"


def test_a_constant_equation_has_nothing_to_lose():
    assert found(["xy = 3", "xz = xy"], {}).ok


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["xy = xa^2", "--at", "xa=2"], 0, "all finite"),
        (["xy = ln(1 + exp(xa))", "--at", "xa=1000"], 1, "write softplus(xa)"),
        (["xy = 1/xa + ln(xa)", "--at", "xa=0", "--all"], 1, "the logarithm of 0"),
        (["xy = ln(", "--at", "xa=2"], 2, "the expression ends"),
        (["xy = xa", "--at", "xb=2"], 2, "unknown name 'xb'"),
        (["nowhere.txt"], 2, "cannot read"),
    ],
)
def test_the_command_says_by_its_code_what_it_found(arguments, code, said, capsys):
    assert main(["diagnose", *arguments]) == code
    out, err = capsys.readouterr()
    assert said in out + err


# The forms themselves: each says the same as what it replaces

POINT = {"a": 0.7310585, "b": 0.3140625, "c": 0.0187501, "n": 3.5}


def beside_one_another(form, at):
    """The exact values of a form and of what is to be written for it."""
    exact = values([form.pattern, form.replacement], at)
    return exact[form.pattern], exact[form.replacement]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_a_form_and_its_replacement_are_equal(form):
    old, new = beside_one_another(form, POINT)
    assert mpmath.isfinite(old)
    assert abs(old - new) <= abs(old) * 1e-20
    assert set(leaves(form.replacement)) <= set(leaves(form.pattern))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_a_form_is_equal_everywhere_unless_it_says_for_what(form):
    """Wherever the form is real, for any signs, of which only `positive` may matter."""
    for signs in itertools.product((1, -1), repeat=4):
        at = {k: s * v for s, (k, v) in zip(signs, POINT.items(), strict=True)}
        old, new = beside_one_another(form, at)
        if mpmath.isfinite(old):
            equal = abs(old - new) <= abs(old) * 1e-20
            assert equal == (not form.positive or at[form.positive] > 0)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_a_form_is_recognised_whatever_the_order_of_what_commutes(form):
    def mirrored(node, args):
        commutes = node.op.name in ("add", "mul", "max", "min")
        args = args[::-1] if commutes else args
        return intern(node.op, tuple(args), node.value) if args else node

    turned = fold([form.pattern], mirrored)[form.pattern]
    assert any(found.form is form for found in readings(turned))


@pytest.mark.parametrize("form", taken_forms(), ids=lambda form: form.written)
def test_what_the_engine_takes_is_proposed_as_well(form):
    """One entry shows in both: in what is computed, and in what is suggested."""
    assert stable(form.pattern) is stable(form.replacement)
    assert any(found.better() is form.replacement for found in readings(form.pattern))


def test_a_new_form_is_one_entry(monkeypatch):
    entry = stable_forms.Form("1 - cos(a)", "2*sin(a/2)^2", taken=True)
    # A shape that no other test has, as shapes keep their stable forms.
    text, root = "xy = erf(tan(1 - cos(xx)))", parse_expression("1 - cos(xx)")
    assert stable(root) is root
    monkeypatch.setattr(stable_forms, "FORMS", (entry,))
    caches = (stable_forms._by_operation, stable_forms.telling_ops)
    for cache in caches:
        cache.cache_clear()
    try:
        assert show(stable(root)) == "2*sin(xx/2)^2"
        first = found(text, {"xx": 1e-9}).first
    finally:
        for cache in caches:
            cache.cache_clear()
    assert first.suggestion == "write 2*sin(xx/2)^2 for 1 - cos(xx)"
    form = "erf(tan(2*sin(xx/2)^2))"
    assert first.engine.startswith(f"cgprimer computes {form} instead: 5.6418958")


def test_what_commutes_is_matched_either_way():
    for text in ("log(exp(x) + 1)", "log(1 + exp(x))"):
        written = [show(found.better()) for found in readings(parse_expression(text))]
        assert written[0] == "softplus(x)"
    assert not list(readings(parse_expression("log(2 + exp(x))")))
    assert not list(readings(parse_expression("exp(x)/(2 + exp(z))")))


# Extended precision and spans, which all of this stands on

EXACT = {
    "softplus(x)": lambda x: mpmath.log1p(mpmath.exp(x)),
    "log(1 + exp(x))": lambda x: mpmath.log1p(mpmath.exp(x)),
    "sigmoid(x)": lambda x: 1 / (1 + mpmath.exp(-x)),
    "1 - cos(x)": lambda x: 2 * mpmath.sin(x / 2) ** 2,
    "x^2 - (x + 1e-300)*x": lambda x: -mpmath.mpf(1e-300) * x,
    "sin(x)^2 + cos(x)^2 - 1": lambda x: mpmath.mpf(0),
    "tanh(x) + erf(x)": lambda x: mpmath.tanh(x) + mpmath.erf(x),
    "log(exp(30*x))": lambda x: 30 * x,
}


@pytest.mark.parametrize("x", [-700.0, -40.0, 1e-9, 0.7, 700.0, 1e12])
@pytest.mark.parametrize("text", EXACT)
def test_extended_precision_is_precise(text, x):
    node = parse_expression(text)
    with mpmath.workdps(700):
        truth = EXACT[text](mpmath.mpf(x))
        result = mpmath.mpf(values([node], {"x": x})[node])
        assert abs(result - truth) <= abs(truth) * mpmath.mpf(10) ** -20


# Text, x, and the rounds of 50, 100, 200, … digits until two share 25

ROUNDS = [
    ("1 + x", 0.5, 2),
    ("0*x", 0.5, 2),  # an exact zero is no cancellation
    ("relu(x)", -0.5, 2),
    ("max(min(x, 0), 0)", 0.5, 2),
    ("x - x", 0.5, 6),  # may be one, to the last
    ("1 - cos(x)", 1e-30, 3),
    ("1 - cos(x)", 1e-42, 4),  # rounds 2 and 3 share 16 digits
    ("1/(1 - cos(x))", 1e-42, 4),
]


@pytest.mark.parametrize(("text", "x", "rounds"), ROUNDS)
def test_digits_are_doubled_until_two_rounds_agree(text, x, rounds, monkeypatch):
    count, compute = [], extended._round
    monkeypatch.setattr(
        extended, "_round", lambda *args: count.append(1) or compute(*args)
    )
    values([parse_expression(text)], {"x": x})
    assert len(count) == rounds


@pytest.mark.parametrize("op", sorted({op.name for op in FUNCTIONS.values()}))
def test_extended_precision_agrees_with_doubles_where_they_are_good(op):
    node = OPS[op](*map(name, "ab"[: OPS[op].arity]))
    at = {"a": 0.375, "b": 0.8125}
    exact = values([node], at)[node]
    value = OPS[op].forward(*list(at.values())[: OPS[op].arity])
    assert float(value) == pytest.approx(float(exact), rel=4e-16)


def test_what_is_not_real_is_nan_and_what_is_huge_is_infinite():
    texts = ["log(-x)", "sqrt(-x)", "arcsin(2*x)", "(-x)^0.5", "(x - x)/(x - x)"]
    for node in map(parse_expression, texts):
        assert context().isnan(values([node], {"x": 1.0})[node])
    for text in ("1/(x - x)", "exp(exp(exp(10*x)))", "(10^300)^(10^300*x)"):
        node = parse_expression(text)
        assert context().isinf(values([node], {"x": 1.0})[node])
    node = parse_expression("exp(-exp(exp(10*x)))")
    assert values([node], {"x": 1.0})[node] == 0


# At x = 1: what is beyond 2^±2^64 is infinite or zero, what has no value is nan

BEYOND = {
    "exp(1e30*x)": "inf", "exp(-1e30*x)": "0", "cosh(-1e30*x)": "inf",
    "expm1(1e30*x)": "inf", "expm1(-1e30*x)": "-1",
    "sinh(1e30*x)": "inf", "sinh(-1e30*x)": "-inf",
    "2^(1e300*x)": "inf", "2^(-1e300*x)": "0", "(-2)^(1e300*x)": "inf",
    "0.5^(1e300*x)": "0", "0.5^(-1e300*x)": "inf",
    "exp(1e19*x)*exp(1e19*x)": "inf", "exp(1e19*x)*(-exp(1e19*x))": "-inf",
    "exp(-1e19*x)*exp(-1e19*x)": "0",
    "0^x": "0", "0^(1 - x)": "1", "0^(-x)": "inf", "(x - 1)/(x - 1)": "nan",
    "xlogy(x - 1, x - 1)": "0", "(x - 1)*log(x - 1)": "nan",
    "softplus(1e30*x)": "1e30", "softplus(-1e30*x)": "0",
    "sin(pi*x)": "0", "sin(exp(5000*x))": "nan",  # of which no digit is known …
    "sin(exp(5000*x))/1e100": "nan", "sin((1e300*x)^9)": "nan",  # … or none in time
}  # fmt: skip


@pytest.mark.parametrize("text", BEYOND)
def test_what_is_beyond_numbers_has_the_value_of_its_limit(text):
    node, wanted = parse_expression(text), mpmath.mpf(BEYOND[text])
    value = mpmath.mpf(values([node], {"x": 1.0})[node])
    assert value == wanted or (mpmath.isnan(value) and mpmath.isnan(wanted))


def test_numbers_are_read_as_doubles_or_as_decimals():
    node = parse_expression("0.1*3 - 0.3")
    assert values([node], {}, decimal)[node] == 0
    assert float(values([node], {})[node]) == pytest.approx(2.78e-17, rel=1e-2)


SPANNED = [
    "xy = ln(1 + exp(xx))",
    "y = (a+b)*c - -d^-e^f*g/h",
    "y = -a^2 + min(a, b*c)*2 - (3)",
    "y=a-b-c+ +d",
    "y = 2**-x*3",
    "y = a/(b+c)/d^2^3",
    "y = ((a))*((b+c))",
    "y = sin(-(a)*b) + max(a - b, -(c + d)/e)",
]


@pytest.mark.parametrize("text", SPANNED)
def test_the_span_of_an_operation_spells_that_operation(text):
    start = text.index("=") + 1
    for node in postorder([parse_expression(text, start)]):
        if node.args:
            span = operation_span(text, node, start)
            assert span is not None
            assert parse_expression(text[span[0] : span[1]]) is node
    assert operation_span(text, parse_expression("q*q"), start) is None


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("text", ["exp(xx)", "xx - xx", "ln(xx)*k", "k + 1"])
def test_what_is_given_as_nan_is_no_operations_fault(bad: float, text: str):
    report = found(
        f"xy = {text} + 0*xx", {"xx": bad} | ({"k": 2.0} if "k" in text else {})
    )
    assert report.given == ("xx",)
    assert not report.ok
    assert report.summary().startswith("xx is nan or inf as given. ")
    assert "all finite" not in str(report)
