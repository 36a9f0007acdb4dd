"""A hint helps: what is suggested gains digits, measured by mpmath, or is not said."""

import functools
import math
import warnings

import mpmath
import numpy as np
import pytest
from unstable import CLASSICS, FAMILY

from cgprimer import (
    NonFiniteWarning,
    edge_partials,
    gradient,
    parse_graph,
)
from cgprimer.diagnosis import rewrite
from cgprimer.diagnosis.algebra.power_series import NoSeriesError
from cgprimer.diagnosis.algebra.series import _ANALYTIC, series
from cgprimer.diagnosis.algebra.squares import squares
from cgprimer.diagnosis.algebra.terms import Monomial, node_of, terms
from cgprimer.diagnosis.clamps import remove_guards
from cgprimer.diagnosis.diagnose import diagnose
from cgprimer.diagnosis.operations import Operations
from cgprimer.diagnosis.proposals.difference_rules import (
    FROM_ONE,
    HOLDS,
    ONES,
    POWER,
    RULES,
)
from cgprimer.diagnosis.sample import Sample
from cgprimer.diagnosis.verify import gains, holds
from cgprimer.diff import stable_forms
from cgprimer.diff.match import matches
from cgprimer.expr.node import fold, intern, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, OPS, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show

DIGITS = 450  # so many that 1 - sigmoid(800) is not 0
HAIR = mpmath.mpf(10) ** -40  # beside 0/0


def graph_at(equations, at):
    """The graph in which the names of the point are what they look like."""
    text = " ".join(equations)
    given = [n for n in at if n[0] != "x" and n in text]
    return parse_graph(equations, parameters=given)


# Numbers that have nothing to do with the package: numpy's, and mpmath's


def in_doubles(root, at):
    """The expression by numpy, one operation after another, as it is written."""
    with np.errstate(all="ignore"):
        return float(fold([root], functools.partial(_double, at))[root])


def _double(at, node, args):
    if node.op is NAME:
        return np.float64(at[node.value])
    return np.float64(node.value) if node.op is CONST else node.op.forward(*args)


EXACTLY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": lambda a, b: a**b,
    "abs": abs,
    "max": max,
    "min": min,
    "pi": lambda: +mpmath.pi,
    "arctan": mpmath.atan,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log(1 + mpmath.exp(a)),
    "expm1": lambda a: mpmath.exp(a) - 1,
    "log1p": lambda a: mpmath.log(1 + a),
    "xlogy": lambda a, b: a * mpmath.log(b) if a else mpmath.mpf(0),
}


def exactly(root, at):
    """The expression by mpmath; for 0/0, its value a hair's breadth beside."""

    def visit(node, args):
        if node.op is NAME:
            return mpmath.mpf(at[node.value])
        if node.op is CONST:
            return mpmath.mpf(node.value)
        return EXACTLY.get(node.op.name, getattr(mpmath, node.op.name, None))(*args)

    with mpmath.workdps(DIGITS):
        try:
            return fold([root], visit)[root]
        except ZeroDivisionError:
            return exactly(root, {n: mpmath.mpf(v) + HAIR for n, v in at.items()})


def lost(root, exact, at):
    """The relative error in doubles."""
    value = in_doubles(root, at)
    if not math.isfinite(value):
        return math.inf
    with mpmath.workdps(DIGITS):
        gap = abs(exact - value)
        return float(gap / abs(exact)) if gap > 1e-307 else 0.0


def measured(equations, at):
    """The first hint at a value: relative errors of the old and of the new form.

    The third is that of the last equation with all hints followed; None where the
    first hint is no formula.
    """
    graph = graph_at(equations, at)
    bodies = Operations(graph).bodies
    names = {name(text): body for text, body in bodies.items()}
    declared = [*graph.variable_number, *graph.parameters]
    follow, first = {}, None
    for row in diagnose(graph, at).rows:
        if row.kind == "value" and row.suggestion.startswith("write "):
            new, _, old = row.suggestion.removeprefix("write ").partition(" for ")
            old = old.partition(":")[0].partition(", in one equation")[0]
            assert new != old
            assert "--" not in new
            parts = [parse_expression(text, 0, declared) for text in (new, old)]
            new, old = substitute(parts, names)
            follow[old] = new
            exact = exactly(old, at)
            first = first or (lost(old, exact, at), lost(new, exact, at))
    root = list(bodies.values())[-1]
    [mended] = substitute([root], follow)
    return first and (*first, lost(mended, exactly(root, at), at))


def cases(table, mark=lambda number: ()):
    found = [
        (f"{key} at {i}", equations, at)
        for key, (equations, points) in table.items()
        for i, at in enumerate(points)
    ]
    return [
        pytest.param(equations, at, id=called, marks=mark(number))
        for number, (called, equations, at) in enumerate(found)
    ]


def check_hint(equations, at):
    found = measured(equations, at)
    assert found, "no formula"
    before, after, mended = found
    assert before > 1e-8
    assert after < 1e-12 or after < 1e-4 * before
    assert mended < 1e-11


@pytest.mark.every(4)
@pytest.mark.parametrize(("equations", "at"), cases(CLASSICS))
def test_a_classic_gets_a_formula_that_gains_digits(equations, at):
    check_hint(equations, at)


MOSTLY_SLOW = cases(FAMILY, lambda number: pytest.mark.slow if number % 3 else ())


@pytest.mark.every(3)
@pytest.mark.parametrize(("equations", "at"), MOSTLY_SLOW)
def test_a_hint_is_a_formula_that_gains_digits(equations, at):
    check_hint(equations, at)


def test_the_classics_are_as_many_as_they_say():
    assert len(CLASSICS) == 27
    assert len(FAMILY) >= 60


# The same, written otherwise: none of these is in any table


def mirrored(node, args):
    back = args[::-1] if node.op.name in ("add", "mul") else args
    return intern(node.op, tuple(back), node.value) if args else node


def turned(node, args):
    """-b + a for a - b."""
    if node.op.name == "sub":
        return OPS["add"](OPS["neg"](args[1]), args[0])
    return intern(node.op, tuple(args), node.value) if args else node


def split(root):
    """One equation for every operation."""
    equations, names = [], {}
    for node in postorder([root]):
        names[node] = node
        if node.args:
            body = intern(node.op, tuple(names[arg] for arg in node.args), node.value)
            equations.append(f"xs{len(equations)} = {show(body)}")
            names[node] = name(f"xs{len(equations) - 1}")
    return equations


K = name("kk")
VARIANTS = {
    "scaled": lambda root: [f"xy = {show(OPS['mul'](K, root))}"],
    "scaled by a number": lambda root: [f"xy = {show(OPS['mul'](const(2.5), root))}"],
    "negated": lambda root: [f"xy = {show(OPS['neg'](root))}"],
    "mirrored": lambda root: [f"xy = {show(fold([root], mirrored)[root])}"],
    "turned": lambda root: [f"xy = {show(fold([root], turned)[root])}"],
    "inside": lambda root: [f"xy = exp(kk)*({show(root)})/kk"],
    "split": split,
}
ALONE = {k: v for k, v in {**CLASSICS, **FAMILY}.items() if len(v[0]) == 1}
WRITTEN_OTHERWISE = [(key, variant) for key in ALONE for variant in VARIANTS]


def check_variant(key, variant):
    [equation], (at, *_) = ALONE[key]
    root = parse_expression(equation.partition("=")[2])
    equations = VARIANTS[variant](root)
    if "kk" in equations[0]:
        at = {**at, "kk": 1.7}
    before, after, _ = measured(equations, at)
    assert after < 1e-12 or after < 1e-4 * before


@pytest.mark.every(3)
@pytest.mark.parametrize(("key", "variant"), WRITTEN_OTHERWISE[::29])
def test_a_form_is_known_however_it_is_written(key, variant):
    check_variant(key, variant)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "variant"), WRITTEN_OTHERWISE)
def test_every_form_is_known_however_it_is_written(key, variant):
    check_variant(key, variant)


def test_a_mean_that_has_a_name_is_called_by_it():
    names = [f"x{i}" for i in range(6)]
    squared = "+".join(f"{x}^2" for x in names)
    graph = parse_graph([f"xm = ({'+'.join(names)})/6", f"xv = ({squared})/6 - xm^2"])
    found = diagnose(graph, {x: 1e8 + i for i, x in enumerate(names)}).first
    away = " + ".join(f"({x} - xm)^2" for x in names)
    assert found.suggestion.startswith(f"write ({away})/6 for ")


def test_every_equation_of_a_chain_is_mended_by_itself():
    graph = parse_graph([f"x{i + 1} = (x{i} + 1e9) - 1e9" for i in range(5)])
    rows = [r for r in diagnose(graph, {"x0": 0.3}).rows if r.kind == "value"]
    assert rows[0].suggestion == "write x0 for x0 + 1000000000 - 1000000000"
    for row in rows:
        before = f"x{int(row.node[1:]) - 1}"
        assert row.suggestion.startswith(f"write {before} for {before} + 1000000000")


# How much is rewritten: the nearest form that mends all that can be mended

EXTENT = {
    "a form of the table, beside what has none": (
        ["xy = -ln(1 - sigmoid(xx))*(xa*xb - xc*xd)"],
        {"xx": 50.0, "xa": 1.1, "xb": 1.3, "xc": 1.3, "xd": 1.1 + 1e-12},
        "write softplus(xx) for -log(1 - sigmoid(xx))",
    ),
    "a form of what is computed later": (
        ["xp = sigmoid(xz)", "xq = 1 - xp", "xl = -ln(xq)"], {"xz": 50.0},
        "write softplus(xz) for -log(1 - sigmoid(xz)), in one equation, for xl",
    ),
    "a form of what is computed later, by the second that is": (
        ["xp = sigmoid(xz)", "xq = 1 - xp", "xk = xq*(xa*xb - xc*xd)", "xl = -ln(xq)"],
        {"xz": 50.0, "xa": 1.1, "xb": 1.3, "xc": 1.3, "xd": 1.1 + 1e-12},
        "write softplus(xz) for -log(1 - sigmoid(xz)), in one equation, for xl",
    ),
    "the nearest form that all of what is computed later can use": (
        ["xp = sigmoid(xz)", "xq = 1 - xp", "xk = 2*xq", "xl = -ln(xq)"], {"xz": 50.0},
        "write sigmoid(-xz) for 1 - sigmoid(xz), in one equation, for xq",
    ),
    "a form spread over equations, of what has a name": (
        ["xs = xx^2", "xe = exp(xs)", "xt = 1 + xe", "xy = ln(xt)"], {"xx": 30.0},
        "write softplus(xs) for log(1 + exp(xs)), in one equation, for xy",
    ),
    "a form at the end of more equations than are looked at": (
        ["xq0 = a*xx", *(f"xq{i} = xq{i - 1} + sin(xx)/{i}" for i in range(1, 140)),
         "xe = exp(xq139)", "xt = 1 + xe", "xy = ln(xt)"], {"a": -41.0, "xx": 1.0},
        "write softplus(xq139) for log(1 + exp(xq139)), in one equation, for xy",
    ),
    "the first of several places": (
        ["xa = 1 - cos(xx)", "xb = exp(xa)", "xc = xb - 1", "xd = xc/xx^2"],
        {"xx": 1e-6}, "write 2*sin(xx/2)^2 for 1 - cos(xx): half the angle",
    ),
    "two series, and how far each holds": (
        ["xy = (xx - sin(xx))*(xw - tan(xw))"], {"xx": 1e-5, "xw": 1e-5},
        "write (xx^3/6 - xx^5/120 + xx^7/5040)*(-xw^3/3 - 2*xw^5/15 - 17*xw^7/315) for "
        "(xx - sin(xx))*(xw - tan(xw)): its series, for abs(xx) < 0.01 and "
        "abs(xw) < 0.003",
    ),
    "a rule with a condition, and a series": (
        ["xy = (arctan(xn + 1) - arctan(xn))*(xw - tan(xw))"], {"xn": 1e8, "xw": 1e-5},
        "write arctan(1/(1 + (xn + 1)*xn))*(-xw^3/3 - 2*xw^5/15 - 17*xw^7/315) for "
        "(arctan(xn + 1) - arctan(xn))*(xw - tan(xw)): where 1 + (xn + 1)*xn > 0; "
        "its series, for abs(xw) < 0.003",
    ),
    "one of two that a form is known for": (
        ["xy = (xx - sin(xx))*(xa*xb - xc*xd)"],
        {"xx": 1e-5, "xa": 1.1, "xb": 1.3, "xc": 1.3, "xd": 1.1 + 1e-12},
        "write xx^3/6 - xx^5/120 + xx^7/5040 for xx - sin(xx): its series, for "
        "abs(xx) < 0.01",
    ),
    "a clamp within a number": (
        ["xl = -ln(1 - min(sigmoid(xz), 1 - 1e-15))"], {"xz": 20.0},
        "write softplus(xz) for -log(1 - min(sigmoid(xz), 1 - 1e-15)): it needs no "
        "clamp",
    ),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("equations", "at", "suggestion"), EXTENT.values(), ids=EXTENT)
def test_as_much_is_rewritten_as_helps(equations, at, suggestion):
    assert diagnose(parse_graph(equations), at).first.suggestion == suggestion


# A hint that does not gain, or is another function, is not given

HARMFUL = {
    "another function": "a^2/3",
    "nearly the same function": "2*sin(a/2)^2 + 1e-25",
    "right at the point alone": "a^2/2 + (a - 1e-9)",
    "off by a few units in the last place": "2*sin(a/2)^2*1.000000000000004",
    "no gain": "-(cos(a) - 1)",
    "worse": "exp(log(1 - cos(a)))",
    "not finite": "2*sin(a/2)^2 + log(a - a)",
}


@pytest.mark.parametrize("written", HARMFUL.values(), ids=HARMFUL)
def test_a_form_that_does_not_help_is_dropped(written, monkeypatch):
    monkeypatch.setattr(
        stable_forms, "FORMS", (stable_forms.Form("1 - cos(a)", written),)
    )
    monkeypatch.setattr(rewrite, "proposals", lambda node, here: iter(()))
    stable_forms._by_operation.cache_clear()
    try:
        found = diagnose(parse_graph(["xy = 1 - cos(xx)"]), {"xx": 1e-9})
    finally:
        stable_forms._by_operation.cache_clear()
    assert found.first.suggestion == ""
    assert "hint" not in str(found)
    assert "loses 16 of its digits" in str(found)


@pytest.mark.parametrize("written", HARMFUL.values(), ids=HARMFUL)
def test_the_judge_of_forms_says_no(written):
    old, new = parse_expression("1 - cos(a)"), parse_expression(written)
    here = Sample({"a": 1e-9})
    is_right = lost(new, exactly(old, here.at), here.at) < 1e-12
    assert not (is_right and holds(old, new, here))
    assert holds(old, parse_expression("2*sin(a/2)^2"), here)


# Two forms, a point, and whether they are one function there and beside it

SAME = [
    ("1 - cos(x)", "2*sin(x/2)^2", {"x": 1e-9}, True),
    ("sqrt(1 - x^2)", "sqrt((1 - x)*(1 + x))", {"x": 1.0}, True),  # nan beside it
    ("log(x) + log(x)", "log(x^2)", {"x": 2.0}, True),
    ("x", "abs(x)", {"x": 0.0}, False),
    ("x", "-relu(-x)", {"x": 0.0}, False),
    ("x", "abs(x)", {"x": 1.0}, True),
    ("x^2", "x", {"x": 1.0}, False),
    ("a + b", "2*a", {"a": 1.0, "b": 1.0}, False),
    ("a*b", "a^2", {"a": 1.0, "b": 1.0}, False),
    ("x", "x + 0*log(-x)", {"x": 1.0}, False),
    ("log(-x)", "log(x)", {"x": 1.0}, False),
    ("x", "x*(1 + 1e-14)", {"x": 1.0}, False),
    ("x", "x + 1e-20", {"x": 1.0}, True),
    ("2*x", "x + 1e9 - 1e9 + x", {"x": 0.1}, False),  # the same, and worse
    ("x", "sqrt(x)^2", {"x": 2.0}, True),  # worse, but by rounding only
    ("x + 1e9 - 1e9", "x + 1e6 - 1e6", {"x": 1 / 3}, True),  # not right, but better
]
GAINED = [
    ("1 - cos(x)", "2*sin(x/2)^2", {"x": 1e-9}, True),
    ("1 - cos(x)", "2*sin(x/2)^2", {"x": 1.0}, False),  # is right as it is
    ("exp(x)/exp(x)", "1", {"x": 1000.0}, True),
    ("exp(x)/exp(x)", "exp(x)*exp(-x)", {"x": 1000.0}, False),
    (
        "x + 1e9 - 1e9",
        "x + 1e7 - 1e7",
        {"x": 1 / 3},
        False,
    ),  # wins not quite two digits
    ("x + 1e9 - 1e9", "x + 1e6 - 1e6", {"x": 1 / 3}, True),
]


@pytest.mark.parametrize(("old", "new", "at", "same"), SAME)
def test_two_forms_are_one_function(old, new, at, same):
    old, new = map(parse_expression, (old, new))
    assert holds(old, new, Sample(at)) is same


@pytest.mark.parametrize(("old", "new", "at", "gained"), GAINED)
def test_a_form_gains_two_digits_or_nothing(old, new, at, gained):
    old, new = map(parse_expression, (old, new))
    assert gains(old, new, Sample(at)) is gained


WITHOUT = {
    "overflow": ("xy = exp(xx)", {"xx": 1.2e7}),
    "a determinant": (
        "xy = xa*xb - xc*xd",
        {"xa": 1.1, "xb": 1.3, "xc": 1.3, "xd": 1.1 + 1e-12},
    ),
    "erfc, which is no operation": ("xy = 1 - erf(xx)", {"xx": 5.0}),
    "a large argument": ("xy = sin(b*xx)", {"b": 0.1, "xx": 1e17}),
    "a difference of what is rounded": (
        "xy = 3*xx - 1", {"xx": 1 / 3 + 1e-12},
    ),
    "1 + 1/x, which is 1": ("xy = (1 + 1/xx)^xx", {"xx": 1e300}),
    "better arguments that win less than two digits": (
        "xy = xa*xb - xc*xe - k*(1 - cos(xx))",
        {"xa": 1.1, "xb": 1.3, "xc": 1.3, "xe": 1.1 - 3e-4 / 1.3, "xx": 7e-3,
         "k": 12.244960204252783},
    ),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("equation", "at"), WITHOUT.values(), ids=WITHOUT)
def test_where_no_formula_is_known_none_is_made_up(equation, at):
    found = diagnose(graph_at([equation], at), at)
    first = found.first
    assert not any("write" in row.suggestion for row in found.rows)
    assert first.reason
    for recipe in ("factor it", "series", "whole periods", "rewrite"):
        assert recipe not in str(first)


@pytest.mark.parametrize(
    ("x", "exact"),
    [(1.2e7, "6.0651147e+5211533"), (1e300, "a number beyond 1e5553023288523357184")],
)
def test_a_huge_number_is_not_called_infinite(x, exact):
    found = diagnose(parse_graph(["xy = exp(xx)"]), {"xx": x}).first
    assert found.exact == exact
    assert found.reason.startswith("overflow: ")
    assert ("far" in found.reason) == (x > 1e100)
    assert diagnose(parse_graph(["xy = 1/xx"]), {"xx": 0.0}).first.exact == "infinite"


@pytest.mark.parametrize(("x", "a"), [(3.0, math.pi / 3), (0.1, 1e17)])
def test_an_argument_is_called_large_only_where_it_is(x, a):
    first = diagnose(parse_graph(["xy = sin(a*xx)"]), {"xx": x, "a": a}).first
    assert (first.node, first.kind) == ("xy", "value")
    assert ("so large" in first.reason) == (a > 1e5)
    assert ("so near a zero of sin" in first.reason) == (a < 1e5)


def test_beyond_some_findings_no_hints_are_looked_for_and_it_is_said(monkeypatch):
    for module in ("diagnose", "report"):
        monkeypatch.setattr(f"cgprimer.diagnosis.{module}.HINTED", 3)
    graph = parse_graph([f"xy{i} = exp(xx*{i + 2}) - 1" for i in range(5)])
    found = diagnose(graph, {"xx": 1e-12})
    assert [bool(row.suggestion) for row in found.rows] == [True] * 3 + [False] * 2
    assert "5 go wrong (hints were looked for at 3), the first in xy0" in str(found)


@pytest.mark.every(4)
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("z", [33.0, 40.0, 700.0])
@pytest.mark.parametrize(
    "equations",
    [
        [
            "xp = min(max(sigmoid(xz), 1e-15), 1 - 1e-15)",
            "xl = -(y*log(xp) + (1 - y)*log(1 - xp))",
        ],
        [
            "xp = 1/(1 + exp(-xz))",
            "xl = -y*log(max(xp, 1e-12)) - (1 - y)*log(max(1 - xp, 1e-12))",
        ],
        ["xp = sigmoid(xz)", "xl = -(y*log(xp + 1e-9) + (1 - y)*log(1 - xp + 1e-9))"],
    ],
)
def test_a_clamped_probability_is_told_what_needs_no_clamp(equations, z, y):
    found = diagnose(parse_graph(equations, parameters=["y"]), {"xz": z, "y": y})
    hint = found.first.suggestion
    assert "softplus" in hint
    assert hint.endswith("it needs no clamp")
    if y < 1:
        assert hint.startswith("write softplus(xz) - y*xz for -")


@pytest.mark.every(2)
@pytest.mark.parametrize("z", [900.0, 5e3, 1e12, 1e300])
def test_a_logarithm_of_what_vanishes_is_known_exactly(z):
    graph = parse_graph(["xp = sigmoid(xz)", "xl = -log(1 - xp)"])
    found = diagnose(graph, {"xz": z}).first
    assert float(found.exact) == -z
    assert found.reason == "an argument underflowed to 0"
    assert found.suggestion.startswith("write softplus(xz) for -log(1 - sigmoid(xz))")
    assert diagnose(parse_graph(["xy = softplus(xx)"]), {"xx": z}).ok


@pytest.mark.slow
def test_roots_in_roots_do_not_grow_for_ever(monkeypatch):
    count, multiply = [0], Monomial.__mul__

    def counted(left, right):
        count[0] += 1
        return multiply(left, right)

    monkeypatch.setattr(Monomial, "__mul__", counted)
    graph = parse_graph(["xy = sqrt(xx + sqrt(xx)) - sqrt(xx)"])
    assert not diagnose(graph, {"xx": 1e14}).ok
    assert count[0] < 100_000  # without a limit on what is multiplied out, 15 times it


@pytest.mark.parametrize(
    "text",
    [
        "log(sigmoid(xx + 1e-7))",
        "log(sigmoid(max(xx, 1e-7)))",
        "log(sigmoid(xx)) + 1e-7",
        "log(sigmoid(xx) + 0.01)",
        "log(max(exp(-xx), 1e-9))",
        "max(sigmoid(xx), 2e-6)",
        "max(sigmoid(xx), 0)",
        "max(sigmoid(xx), -1e-9)",
        "max(sigmoid(xx), 1 - 1e-9)",
        "min(sigmoid(xx), 0.999998)",
        "min(sigmoid(xx), 1)",
        "min(sigmoid(xx), 2 - 1e-9)",
        "min(sigmoid(xx), 1e-9)",
        "min(sigmoid(xx), 1 - xx)",
        "sigmoid(xx) + 2e-6",
        "sigmoid(xx) - 1e-9",
        "sigmoid(xx)*1e-9",
    ],
)
def test_what_guards_no_probability_stays(text):
    assert remove_guards(parse_expression(text)) is parse_expression(text)


GUARDED = {
    "max(sigmoid(xx), 1e-6)": "sigmoid(xx)",
    "max(1e-6, sigmoid(xx))": "sigmoid(xx)",
    "min(sigmoid(xx), 0.999999)": "sigmoid(xx)",
    "min(1 - 1e-9, 1 - sigmoid(xx))": "1 - sigmoid(xx)",
    "1e-6 + sigmoid(xx)": "sigmoid(xx)",
    "min(max(sigmoid(xx), 1e-9), 1 - 1e-9)": "sigmoid(xx)",
    "max(1/(1 + exp(-xx)), 1e-9)": "1/(1 + exp(-xx))",
}


@pytest.mark.parametrize("text", GUARDED)
def test_a_guard_of_a_probability_goes(text):
    assert show(remove_guards(parse_expression(text))) == GUARDED[text]


# The rules behind the formulas, each held against mpmath

POINTS = [(0.3125, 0.28125), (0.8125, 0.125), (0.0625, 0.625)]  # u - v is exact


@pytest.mark.parametrize(("u", "v"), POINTS)
@pytest.mark.parametrize("f", RULES)
def test_a_difference_is_what_its_rule_says(f, u, v):
    at = {"u": u, "v": v, "d": u - v}
    difference = OPS["sub"](OPS[f](name("u")), OPS[f](name("v")))
    with mpmath.workdps(40):
        expected = exactly(difference, at)
        assert abs(exactly(parse_expression(RULES[f]), at) - expected) < 1e-30
        if f in HOLDS:
            assert exactly(parse_expression(HOLDS[f]), at) > 0


def test_powers_and_ones_are_what_their_rules_say():
    at = {"u": 0.75, "v": 0.625, "p": 2.3, "d": 0.125}
    expected = exactly(parse_expression("u^p - v^p"), at)
    assert abs(exactly(parse_expression(POWER), at) - expected) < 1e-30
    away = exactly(parse_expression(FROM_ONE), at)
    assert abs(away - exactly(parse_expression("(1 + d)^p - 1"), at)) < 1e-30
    for f, where in ONES.items():
        assert OPS[f].forward(where) == 1


@pytest.mark.parametrize("middle", ["0", "b"])
@pytest.mark.parametrize("f", _ANALYTIC)
def test_the_series_of_a_function_is_taylor_s(f, middle):
    at, function = {"b": 0.3, "x": 0}, OPS[f]
    if f == "log":
        middle = {"0": "1"}.get(middle, middle)
    argument = parse_expression(f"{middle} + x - x^2/3")
    found = series(function(argument), name("x"))
    with mpmath.workdps(40):
        wanted = mpmath.taylor(
            lambda x: exactly(function(argument), {**at, "x": x}), 0, 9
        )
        for k, coefficient in enumerate(found.c[: 10 - found.first]):
            value = exactly(node_of(coefficient), at)
            assert abs(value - wanted[k + found.first]) < 1e-20


QUOTIENTS = {
    "1/x - 1/tan(x)": [0, "1/3", 0, "1/45"],
    "1/(exp(x) - 1) - 1/x": ["-1/2", "1/12", 0, "-1/720"],
    "(1 + x)^n - 1 - n*x": [0, 0, "n^2/2 - n/2"],
    "sqrt(4*x^2 + x^4)": [0, "sqrt(4)"],
    "x^(3/2)/sqrt(x)": None,
}


@pytest.mark.parametrize("text", QUOTIENTS)
def test_the_series_of_a_quotient_may_begin_anywhere(text):
    if QUOTIENTS[text] is None:
        with pytest.raises(NoSeriesError):
            series(parse_expression(text), name("x"))
        return
    found = series(parse_expression(text), name("x"))
    for k, wanted in enumerate(QUOTIENTS[text]):
        own = found.c[k - found.first] if k >= found.first else []
        assert node_of(own) is node_of(terms(parse_expression(str(wanted))))


@pytest.mark.parametrize("reach", ["abs(xx) < 0.01", "abs(xn) > 200000"])
def test_a_series_holds_as_far_as_it_says(reach):
    """At the end of its range it has all digits; ten times beyond it has not."""
    text = "xx - sin(xx)" if "xx" in reach else "xn*log(1 + 1/xn) - 1"
    x, edge = reach[4:6], float(reach.split()[-1])
    near = 1e-5 if x == "xx" else 1e9
    hint = diagnose(parse_graph([f"xy = {text}"]), {x: near}).first.suggestion
    assert hint.endswith(f"its series, for {reach}")
    new = parse_expression(hint.removeprefix("write ").partition(" for ")[0])
    errors = [
        lost(new, exactly(parse_expression(text), {x: at}), {x: at})
        for at in (edge, edge * 10 if x == "xx" else edge / 10)
    ]
    assert errors[0] < 4e-16 < errors[1]


@pytest.mark.parametrize("text", ["a^2 - 2*a*b + 2*b^2", "a*b + b*c", "a^3 - b^3"])
def test_only_forms_that_vanish_where_all_are_equal_are_squares(text):
    assert squares(parse_expression(text)) is None


def test_terms_that_cancel_exactly_are_gone():
    for text, left in {
        "(x + h)^2 - x^2": "2*x*h + h^2",
        "(x + 1)*(x - 1) - x^2": "-1",
        "x/3 + x/3 + x/3 - x": "0",
        "0.1*x - x/10": "0.1*x - x/10",
    }.items():
        found = terms(parse_expression(text), multiply=True)
        assert found == terms(parse_expression(left))


MATCHED = {
    "1 - cos(a)": ["1 - cos(x)", "-cos(x) + 1", "cos(x) - 1", "3 - 3*cos(x)",
                   "2*cos(x*y) - 2", "-0.5*cos(x) + 0.5", "cos(x)/3 - 1/3"],
    "exp(a) - exp(-a)": ["exp(2*x) - exp(-2*x)", "exp(x*y)/3 - exp(-y*x)/3"],
    "exp(a)/(1 + exp(a))": ["exp(x)/(exp(x) + 1)", "b*exp(-x)/(1 + exp(-x))",
                            "b/(1 + exp(x))*exp(x)/c", "exp(x*y)/(1 + exp(y*x))"],
    "b*log(sigmoid(a)) + (1 - b)*log(1 - sigmoid(a))": [
        "-(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))",
        "-y*log(sigmoid(z)) - (1 - y)*log(1 - sigmoid(z))",
        "(1 - y)*log(1 - sigmoid(z)) + log(sigmoid(z))*y",
    ],
}  # fmt: skip
DIFFERENT = {
    "1 - cos(a)": ["2 - cos(x)", "1 + cos(x)", "1 - cos(x) + x", "1 - sin(x)"],
    "exp(a)/(1 + exp(a))": ["exp(x)/(1 + exp(y))", "exp(x)/(2 + exp(x))", "exp(x)",
                            "exp(a)/(1 + exp(x))", "exp(x)/(1 + exp(a))"],
    "b*log(sigmoid(a)) + (1 - b)*log(1 - sigmoid(a))": [
        "y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(x))",
        "y*log(sigmoid(z)) + (2 - y)*log(1 - sigmoid(z))",
        "y*log(sigmoid(z)) - (1 - y)*log(1 - sigmoid(z))",
        "y*log(sigmoid(a)) + (1 - y)*log(1 - sigmoid(z))",
    ],
}  # fmt: skip


def ways(pattern, text):
    """Ways to read a text; what stands before a sum is not part of it."""
    node = parse_expression(text)
    node = node.args[0] if node.op.name == "neg" else node
    return list(matches(parse_expression(pattern), node))


@pytest.mark.parametrize("pattern", MATCHED)
def test_a_form_matches_in_any_order_sign_and_scale_and_is_then_equal(pattern):
    at = {"x": 0.3, "y": 0.7, "z": 1.1, "b": 2.0, "c": 3.0}
    for text in MATCHED[pattern]:
        node = parse_expression(text)
        inner = node.args[0] if node.op.name == "neg" else node
        found = ways(pattern, text)[0].fill(parse_expression(pattern))
        assert abs(exactly(found, at) - exactly(inner, at)) < 1e-15


@pytest.mark.parametrize("pattern", DIFFERENT)
def test_another_form_does_not_match(pattern):
    for text in DIFFERENT[pattern]:
        assert not ways(pattern, text)


# What is run in a stable form without being asked, over several equations, too

ABSOLUTE = (1e-300, 1e-300, 4e-16)  # the slope of a sigmoid, y·(1 - y), near y = 1
LOGITS = np.array([-800.0, -40.0, -3.0, -0.1, 0.0, 0.4, 2.0, 37.0, 800.0])
SIGMOIDS = ["sigmoid(xz)", "1/(1 + exp(-xz))", "exp(xz)/(exp(xz) + 1)"]
LOSSES = {
    "brackets": ["xl = -(y*log(xp) + (1 - y)*log(1 - xp))"],
    "signs": ["xl = -y*ln(xp) - (1 - y)*ln(1 - xp)"],
    "turned": ["xl = -((1 - y)*log(-xp + 1) + log(xp)*y)"],
    "logarithms": ["xa = log(xp)", "xb = log(1 - xp)", "xl = -(y*xa + (1 - y)*xb)"],
    "one by one": ["xq = 1 - xp", "xb = log(xq)", "xc = (1 - y)*xb", "xa = y*log(xp)",
                   "xl = -xa - xc"],
}  # fmt: skip
SPREAD = [[f"xp = {form}", *loss] for form in SIGMOIDS for loss in LOSSES.values()] + [
    ["xe = exp(-xz)", "xd = 1 + xe", "xp = 1/xd", *LOSSES["brackets"]],
    [f"xl = -y*log({SIGMOIDS[1]}) - (1 - y)*log(1 - {SIGMOIDS[0]})"],
]


def cross_entropy(z, y, order):
    """softplus(z) - y·z and its derivatives by z, right to the last digits."""
    with mpmath.workdps(800):
        e = mpmath.exp(mpmath.mpf(z))
        sigmoid = e / (1 + e)
        parts = (mpmath.log(1 + e) - y * mpmath.mpf(z), sigmoid - y)
        return float((*parts, sigmoid / (1 + e))[order])


@pytest.mark.every(4)
@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("equations", SPREAD, ids=lambda e: " ; ".join(e)[:60])
def test_cross_entropy_of_a_saturated_sigmoid_is_right(equations, y):
    graph = parse_graph(equations, ["xl"], parameters=["y"])
    at = {"xz": LOGITS, "y": y}
    wanted = [
        np.array([cross_entropy(z, y, order) for z in LOGITS]) for order in range(3)
    ]
    first = gradient(graph, "xl", ["xz"])
    second = gradient(first, first.outputs[0], ["xz"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonFiniteWarning)  # of xe = exp(800)
        found = [
            [graph.evaluate(at)["xl"], graph.compile(target="jit").values(at)["xl"]],
            [graph.gradient_at("xl", at, ["xz"])["xz"]],
            [second.evaluate(at)[second.outputs[0]]],
        ]
        found[1].append(first.evaluate(at)[first.outputs[0]])
    for right, values, rounded in zip(wanted, found, ABSOLUTE, strict=True):
        for value in values:
            assert value == pytest.approx(right, rel=1e-13, abs=rounded)


@pytest.mark.parametrize("equations", SPREAD, ids=lambda e: " ; ".join(e)[:60])
def test_at_ordinary_points_it_is_what_is_written(equations):
    """Within a few units in the last place of the terms that are added."""
    graph = parse_graph(equations, ["xl"], parameters=["y"])
    root = Operations(graph).bodies["xl"]
    for z in (-2.0, -0.7, 0.2, 1.3):
        at = {"xz": z, "y": 0.4}
        assert graph.evaluate(at)["xl"] == pytest.approx(in_doubles(root, at), 2e-15)


def test_a_fit_uses_what_is_spread_over_equations():
    """The gradient of the clamped classic is 0 at a logit of 40; here it is not."""
    texts = ["xz = a*xx", "xp = sigmoid(xz)", LOSSES["brackets"][0]]
    graph = parse_graph([*texts[:2], texts[2].replace("y", "xy")], ["xl"])
    data = {"xx": np.ones(4), "xy": np.array([0.0, 1.0, 0.0, 1.0])}
    for target in ("numpy", "jit"):
        program = graph.compile(target=target)
        objective = program.objective(data, {"xl": np.zeros(4)}, loss="mae")
        value, slope = objective.value_and_gradient([40.0])
        assert (value, slope[0]) == pytest.approx((20.0, 0.5))


def test_what_is_put_into_others_keeps_its_value_partials_and_adjoint():
    graph = parse_graph(SPREAD[0], ["xl"], parameters=["y"])
    assert graph.bypassed == {"xp"}
    assert graph.running.equation("xl").variables == ("xz",)
    assert graph.equation("xl").variables == ("xp",)
    at = {"xz": 0.7, "y": 0.3}
    p = graph.evaluate(at)["xp"]
    slope = -0.3 / p + 0.7 / (1 - p)
    edges = edge_partials(graph, at, method="adjoint")
    assert ("xl", "xz") not in edges
    assert edges["xl", "xp"] == pytest.approx(slope)
    assert graph.gradient_at("xl", at, ["xp"])["xp"] == pytest.approx(slope)
    both = graph.gradient_at("xl", at, ["xz", "xp", "y"])
    assert both["xz"] == pytest.approx(p - 0.3)
    assert list(both) == ["xz", "xp", "y"]
    by_p = gradient(graph, "xl", ["xp"])
    assert by_p.evaluate(at)[by_p.outputs[0]] == pytest.approx(slope)
    values, partials = graph.compile(target="jit").values_and_partials(at)
    assert partials["xl", "xp"] == pytest.approx(slope)
    assert values["xl"] == graph.evaluate(at)["xl"]


@pytest.mark.parametrize(
    "equations",
    [
        ["xz = sigmoid(a*xx)", "xh = (1 - xz)*xx + xz*tanh(xx)"],
        ["xe = exp(xx)", "xy = 1 + xe", "xq = xe/(2 + xe)"],
        ["xp = sigmoid(xx)", "xy = log(2 - xp)"],
        ["xy = a*xx + b"],
    ],
)
def test_a_graph_without_a_spread_form_is_run_as_it_is(equations):
    graph = parse_graph(equations)
    assert graph.running is graph
    assert not graph.bypassed


def test_many_equations_alike_are_looked_at_once(monkeypatch):
    import cgprimer.run.running as running

    count = []
    judge = running._Spread._judge
    monkeypatch.setattr(
        running._Spread,
        "_judge",
        lambda self, *args: count.append(1) or judge(self, *args),
    )
    loss = "-(y*log({p}) + (1 - y)*log(1 - {p}))"
    pairs = [
        (f"xp{i} = sigmoid(a{i}*x{i} + b)", f"xl{i} = {loss.format(p=f'xp{i}')}")
        for i in range(500)
    ]
    graph = parse_graph([text for pair in pairs for text in pair])
    assert len(graph.bypassed) == 500
    assert len(count) == 1
