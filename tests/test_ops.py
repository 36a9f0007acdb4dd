"""Every operation of the table, against mpmath and sympy, to second order.

The tables iterate over `TABLE`, so a new operation is tested by being there; what it
needs here is one line in `REFERENCE`, without which its test says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from math import inf, nan, pi

import mpmath
import numpy as np
import pytest
import sympy
from matplotlib.text import Text

from cgprimer import (
    check_derivation,
    check_gradients,
    diagnose,
    draw_graph,
    gradient,
    parse_graph,
    trace,
)
from cgprimer.diff.rules import local_partial
from cgprimer.diff.sweep import partials
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node
from cgprimer.expr.ops import FORGET, FUNCTIONS, OPS, POSITIVE, TABLE, Op, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.notation.latex import latex
from cgprimer.notation.mathml import from_latex
from cgprimer.notation.text import show
from cgprimer.notation.to_sympy import to_sympy
from cgprimer.run.llvm import jit

DIGITS = 40
CLOSE = 1e-12
E40 = 4.248354255291589e-18  # exp(-40)
LN2 = 0.6931471805599453
A, B = name("a"), name("b")

REFERENCE: dict[str, Callable] = {
    "pi": lambda: mpmath.pi,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": mpmath.power,
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": lambda a: mpmath.log(1 + a),
    "expm1": lambda a: mpmath.exp(a) - 1,
    "sqrt": mpmath.sqrt,
    "xlogy": lambda a, b: a * mpmath.log(b),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log(1 + mpmath.exp(a)),
    "erf": mpmath.erf,
    "abs": abs,
    "sign": mpmath.sign,
    "relu": lambda a: max(a, mpmath.mpf(0)),
    "step": lambda a: mpmath.mpf(a > 0),
    "min": min,
    "max": max,
}
CALLED = [op for op in TABLE if op.arity]
RULES = [(op, i) for op in CALLED for i in range(op.arity)]


def reference(op: Op) -> Callable:
    """The independent function that `op` is held against."""
    assert op.name in REFERENCE, f"add {op.name!r} to REFERENCE in {__file__}"
    return REFERENCE[op.name]


def points(op: Op, count: int = 8) -> list[tuple[float, ...]]:
    """A fixed grid inside the domain; with a kink, the other side of it as well."""
    parts = (np.arange(count) + 0.437) / count
    axes = [(low + (high - low) * parts).tolist() for low, high in op.domain]
    inside = list(product(*axes))
    return inside + [tuple(-x for x in p) for p in inside if op.kinks]


def slope(op: Op, at: tuple[float, ...], orders: tuple[int, ...]) -> float:
    """The derivative of the reference at `at`, by differences in 40 digits."""
    with mpmath.workdps(DIGITS):
        where = tuple(map(mpmath.mpf, at))
        return float(mpmath.diff(reference(op), where, orders))


def assert_close(found: float, expected: float, what: str) -> None:
    assert abs(found - expected) <= CLOSE * abs(expected) + 1e-14, (
        f"{what} is {float(found)!r}, should be {expected!r}"
    )


def names(op: Op) -> tuple[Node, ...]:
    return (A, B)[: op.arity]


def run(root: Node, at: tuple) -> np.ndarray:
    """`root` at `at` = values of a, b: numbers, or arrays of one shape."""
    with np.errstate(all="ignore"):
        [value] = Kernel([root], ["a", "b"])(*at, *[0.0] * (2 - len(at)))
    return np.asarray(value, dtype=float)


def check_forward(op: Op) -> None:
    for at in points(op):
        with mpmath.workdps(DIGITS):
            expected = float(reference(op)(*map(mpmath.mpf, at)))
        assert_close(float(op.forward(*at)), expected, f"{op.name}{at}")


def check_partial(op: Op, i: int) -> None:
    root = partials(op(*names(op)), names(op))[names(op)[i]]
    for at in points(op):
        expected = slope(op, at, unit(op, i))
        assert_close(float(run(root, at)), expected, f"∂{op.name}/∂{'ab'[i]} at {at}")


def check_second(op: Op, i: int, j: int) -> None:
    first = partials(op(*names(op)), names(op))[names(op)[i]]
    second = partials(first, names(op))[names(op)[j]]
    orders = tuple(map(sum, zip(unit(op, i), unit(op, j), strict=True)))
    for at in points(op, 5):
        expected = slope(op, at, orders)
        what = f"∂²{op.name}/∂{'ab'[i]}∂{'ab'[j]} at {at}"
        assert_close(float(run(second, at)), expected, what)


def unit(op: Op, i: int) -> tuple[int, ...]:
    return tuple(int(k == i) for k in range(op.arity))


def named(items: list) -> dict:
    return {"argvalues": items, "ids": ["-".join(map(_label, item)) for item in items]}


def _label(part: object) -> str:
    return part.name if isinstance(part, Op) else str(part)


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_forward_is_the_function(op: Op):
    check_forward(op)


@pytest.mark.parametrize(("op", "i"), **named(RULES))
def test_rule_is_the_derivative(op: Op, i: int):
    check_partial(op, i)


@pytest.mark.parametrize(
    ("op", "i", "j"), **named([(op, i, j) for op, i in RULES for j in range(op.arity)])
)
def test_rule_can_be_differentiated_again(op: Op, i: int, j: int):
    check_second(op, i, j)


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_domain_has_an_interval_per_argument(op: Op):
    assert len(op.domain) == op.arity
    assert all(low < high for low, high in op.domain)


def changed(op: Op) -> Iterator[tuple[int, Op]]:
    """`op` with one rule broken, in all the ways that change its value."""
    for i, rule in enumerate(op.partials):
        for broken in (f"-({rule})", f"2*({rule})", f"({rule}) + 0.01"):
            if rule != "0" or "+" in broken:
                rules = (*op.partials[:i], broken, *op.partials[i + 1 :])
                yield i, replace(op, partials=rules)


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_a_broken_rule_is_caught(op: Op):
    for i, broken in changed(op):
        with pytest.raises(AssertionError, match=f"∂{op.name}/∂"):
            check_partial(broken, i)


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_a_broken_forward_is_caught(op: Op):
    for wrong in (lambda *x: -op.forward(*x), lambda *x: op.forward(*x) + 1e-9):
        with pytest.raises(AssertionError, match="should be"):
            check_forward(replace(op, forward=wrong))


def sympy_form(op: Op) -> sympy.Expr | None:
    """`op` in functions that sympy itself knows, where there are such."""
    if op.definition:
        return to_sympy(parse_expression(op.definition), real=True)
    if op.sympy is None:
        return None
    return op.sympy(sympy, *sympy.symbols("a b", real=True)[: op.arity])


@pytest.mark.parametrize(("op", "i"), **named(RULES))
def test_rule_agrees_with_sympy(op: Op, i: int):
    form = sympy_form(op)
    if form is None:
        assert op.name == "sign", "give the operation a definition"
        return
    symbols = sympy.symbols("a b", real=True)
    derivative = sympy.diff(form, symbols[i])
    root = local_partial(op(*names(op)), i)
    for at in points(op, 5):
        subs = dict(zip(symbols, map(sympy.Float, at), strict=False))
        expected = float(derivative.subs(subs).evalf(20))
        assert_close(float(run(root, at)), expected, f"∂{op.name}/∂{'ab'[i]} at {at}")


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_definition_is_the_same_function(op: Op):
    if op.definition:
        root = parse_expression(op.definition)
        for at in points(op):
            found = float(op.forward(*at))
            assert float(run(root, at)) == pytest.approx(found, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_arrays_give_what_numbers_give(op: Op):
    node = op(*names(op))
    roots = [node, *partials(node, names(op)).values()]
    every = points(op)
    columns = tuple(np.array(column) for column in zip(*every, strict=True))
    for root in roots:
        many = np.broadcast_to(run(root, columns), len(every))
        single = [float(run(root, at)) for at in every]
        np.testing.assert_allclose(many, single, rtol=4e-16, atol=0)


@pytest.mark.parametrize("op", [op for op in CALLED if op.analytic], ids=_label)
def test_analytic_ops_take_a_complex_step(op: Op):
    for i in range(op.arity):
        for at in points(op, 5):
            moved = [complex(x, 1e-20 * (k == i)) for k, x in enumerate(at)]
            found = float(np.imag(op.forward(*moved))) / 1e-20
            assert_close(found, slope(op, at, unit(op, i)), f"{op.name}{at}")


SPECIAL: list[tuple[str, float]] = [
    # powers
    ("0^0", 1), ("xa^0", 1), ("0^2", 0), ("(-0.5)^2", 0.25), ("-0.5^2", -0.25),
    ("(-2)^3", -8), ("(-2)^(-1)", -0.5), ("(-8)^(1/3)", nan), ("2^-1074", 5e-324),
    ("2^-1080", 0), ("0^-1", inf),
    # quotients
    ("1/0", inf), ("-1/0", -inf), ("0/0", nan), ("1/(-0.0)", -inf),
    # logarithms and roots
    ("log(0)", -inf), ("log(-1)", nan), ("ln(1)", 0), ("sqrt(0)", 0), ("sqrt(-1)", nan),
    ("log1p(-1)", -inf), ("log1p(1e-20)", 1e-20), ("expm1(1e-20)", 1e-20),
    ("expm1(-800)", -1), ("exp(-800)", 0),
    ("xlogy(0, 0)", 0), ("xlogy(0, 5)", 0), ("xlogy(1, 0)", -inf),
    # trigonometry
    ("arcsin(1)", pi / 2), ("arcsin(2)", nan), ("arccos(-1)", pi), ("acos(1)", 0),
    ("atan(1)", pi / 4), ("tan(0)", 0), ("sin(0)", 0), ("cos(0)", 1),
    # saturation
    ("sigmoid(1000)", 1), ("sigmoid(-1000)", 0), ("sigmoid(0)", 0.5),
    ("softplus(1000)", 1000), ("softplus(-1000)", 0), ("softplus(0)", LN2),
    ("tanh(1000)", 1), ("tanh(-1000)", -1), ("erf(1000)", 1), ("erf(-1000)", -1),
    # kinks
    ("abs(0)", 0), ("abs(-2)", 2), ("sign(0)", 0), ("sign(-3)", -1), ("sign(3)", 1),
    ("relu(0)", 0), ("relu(-1)", 0), ("relu(2)", 2),
    ("step(0)", 0), ("step(-1)", 0), ("step(1)", 1), ("step(1e-300)", 1),
    ("min(1, 2)", 1), ("max(1, 2)", 2), ("min(2, 2)", 2), ("max(1, 3, 2)", 3),
    ("min(4, 3, 5)", 3), ("pi", pi),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SPECIAL)
def test_special_values(text: str, expected: float):
    found = float(run(substituted(text), (0.7,)))
    assert found == expected or (np.isnan(found) and np.isnan(expected))
    assert np.signbit(found) == np.signbit(expected) or found != 0 or expected != 0


def substituted(text: str) -> Node:
    return parse_expression(text.replace("xa", "a"))


AT_INFINITY = {
    "exp": (0, inf), "log": (nan, inf), "log1p": (nan, inf), "expm1": (-1, inf),
    "sqrt": (nan, inf), "arctan": (-pi / 2, pi / 2), "sinh": (-inf, inf),
    "cosh": (inf, inf), "tanh": (-1, 1), "sigmoid": (0, 1), "softplus": (0, inf),
    "erf": (-1, 1), "abs": (inf, inf), "sign": (-1, 1), "relu": (0, inf),
    "step": (0, 1), "neg": (inf, -inf), "sin": (nan, nan), "cos": (nan, nan),
    "tan": (nan, nan), "arcsin": (nan, nan), "arccos": (nan, nan),
}  # fmt: skip


@pytest.mark.parametrize("op", [op for op in CALLED if op.arity == 1], ids=_label)
def test_limits_at_infinity(op: Op):
    assert op.name in AT_INFINITY, "add the limits of the operation to AT_INFINITY"
    root = op(A)
    found = [float(run(root, (x,))) for x in (-inf, inf)]
    np.testing.assert_allclose(found, AT_INFINITY[op.name], rtol=1e-15)


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_nan_is_never_swallowed(op: Op):
    for i in range(op.arity):
        at = [1.0] * op.arity
        at[i] = nan
        swallows = op.name == "pow" and i == 1  # 1^nan is 1 by IEEE 754
        assert np.isnan(float(run(op(*names(op)), tuple(at)))) or swallows


STABLE = [  # slopes where a naive form overflows or cancels
    ("softplus(a)", 1000, 1), ("softplus(a)", -1000, 0), ("softplus(a)", -40, E40),
    ("sigmoid(a)", 1000, 0), ("sigmoid(a)", -1000, 0), ("sigmoid(a)", -40, E40),
    ("tanh(a)", 1000, 0), ("log1p(a)", 1e-17, 1), ("expm1(a)", 1e-17, 1),
    ("arcsin(a)", 1 - 2**-40, 2**20 / (2 - 2**-40) ** 0.5), ("sqrt(a)", 1e-300, 5e149),
    ("abs(a)", 0, 0), ("sign(a)", 0, 0), ("relu(a)", 0, 0), ("step(a)", 0, 0),
    ("min(a, 0)", 0, 0.5), ("max(a, 0)", 0, 0.5), ("min(a, 1)", 0, 1),
    ("max(a, 1)", 0, 0), ("a^2", 0, 0), ("a^2", -0.5, -1), ("a^1", 0, 1),
    ("a^0", 0, 0), ("a^3", -2, 12), ("2^a", 0, LN2), ("0^a", 2, 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "expected"), STABLE)
def test_slopes_at_hard_points(text: str, at: float, expected: float):
    slope = partials(parse_expression(text), [A])[A]
    assert float(run(slope, (at,))) == pytest.approx(expected, rel=1e-12)


def test_log_of_one_plus_exp_to_second_order():
    """ln(1+eˣ): eˣ/(1+eˣ), then eˣ/(1+eˣ)², by differentiating the derivative."""
    root = parse_expression("softplus(a)")
    first = partials(root, [A])[A]
    second = partials(first, [A])[A]
    for at in (-3.0, -0.5, 0.0, 1.3, 5.0):
        e = np.exp(at)
        assert float(run(first, (at,))) == pytest.approx(e / (1 + e), rel=1e-13)
        assert float(run(second, (at,))) == pytest.approx(e / (1 + e) ** 2, rel=1e-13)
    for root in (first, second):
        assert np.isfinite(run(root, (np.array([-1000.0, 710.0, 1000.0]),))).all()


@pytest.mark.parametrize("op", CALLED, ids=_label)
def test_op_is_spelled_read_and_typeset(op: Op):
    node = op(*names(op))
    assert parse_expression(show(node)) is node
    assert "a" in latex(node)
    assert latex(node).count("{") == latex(node).count("}")


@pytest.mark.parametrize("spelling", FUNCTIONS)
def test_every_spelling_is_the_same_function(spelling: str):
    op = FUNCTIONS[spelling]
    call = f"{spelling}({', '.join('ab'[: op.arity])})"
    assert parse_expression(call) is op(*names(op))


def test_aliases():
    pairs = {alias: op.name for op in TABLE for alias in op.aliases}
    assert pairs == {"ln": "log", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}


def test_names_and_spellings_are_unique():
    spelled = [s for op in TABLE for s in (op.name, *op.aliases)]
    assert len(spelled) == len(set(spelled))
    assert list(OPS) == [op.name for op in TABLE]


TIDY = [
    ("add", "a", "0", "a"), ("add", "0", "a", "a"), ("add", "a", "a", "2*a"),
    ("add", "a", "-b", "a - b"), ("add", "2", "3", "5"), ("sub", "a", "0", "a"),
    ("sub", "0", "a", "-a"), ("sub", "a", "-b", "a + b"), ("mul", "a", "0", "0"),
    ("mul", "0", "a", "0"), ("mul", "1", "a", "a"), ("mul", "a", "1", "a"),
    ("mul", "a", "2", "2*a"), ("mul", "-a", "b", "-(a*b)"), ("mul", "-a", "-b", "a*b"),
    ("div", "0", "a", "0"), ("div", "a", "1", "a"), ("div", "-a", "b", "-(a/b)"),
    ("pow", "a", "0", "1"), ("pow", "a", "1", "a"), ("div", "1", "0", "1/0"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "left", "right", "expected"), TIDY)
def test_tidy(op: str, left: str, right: str, expected: str):
    found = tidy(OPS[op], parse_expression(left), parse_expression(right))
    assert show(found) == expected


FOLDED = {  # a number where it can be written exactly, else the operation
    "3*0.1": "0.3", "0.1 + 0.2": "0.3", "0.3 - 0.1": "0.2", "0.3/0.1": "3",
    "1/3": "1/3", "0/0": "0/0", "2^10": "1024", "2^63": "2^63", "10^(-3)": "0.001",
    "2^0.5": "2^0.5", "1^0.5": "1",
    "1e-200*1e-200": "1e-200*1e-200", "sqrt(4)": "2", "sqrt(0.01)": "0.1",
    "sqrt(2)": "sqrt(2)", "exp(0)": "1", "sigmoid(0)": "0.5", "log(1)": "0",
    "sin(1)": "sin(1)", "softplus(0)": "softplus(0)", "arccos(0)": "arccos(0)",
    "abs(0.3)": "0.3", "max(0.1, 0.3)": "0.3", "step(0.2)": "1",
    "a*(1/b)": "a/b", "(1/a)*b": "b/a", "a - a": "a - a",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FOLDED.items())
def test_constants_are_folded_where_that_is_exact(text: str, expected: str):
    node = parse_expression(text)
    args = [tidy(arg.op, *arg.args) if arg.args else arg for arg in node.args]
    assert show(tidy(node.op, *args)) == expected


@pytest.mark.parametrize("op", [op for op in CALLED if not op.rounds], ids=_label)
def test_what_does_not_round_gives_back_what_it_is_given(op: Op):
    for at in points(op):
        assert abs(op.forward(*at)) in {0.0, 1.0, *map(abs, at)}


def test_tidy_keeps_the_value():
    """Whatever is folded or dropped, the number stays what it was."""
    values = [-2.0, -1.0, 0.0, 1.0, 2.0]
    leaves = [A, B, OPS["neg"](A), OPS["neg"](B), *map(const, values)]
    at = (0.7, -1.3)
    for op in CALLED:
        for args in product(leaves, repeat=op.arity):
            raw, found = float(run(op(*args), at)), float(run(tidy(op, *args), at))
            dropped = np.isnan(raw) or np.isinf(raw)
            assert dropped or found == pytest.approx(raw, rel=1e-15, abs=0)


def test_minus_one_as_a_factor():
    assert show(tidy(OPS["mul"], const(-1.0), A)) == "-a"
    assert show(tidy(OPS["neg"], tidy(OPS["neg"], A))) == "a"


NEW = Op(
    "log2", np.log2, ("1/(a*log(2))",), lambda s, a: s.log(a, 2),
    r"\log_2\left({0}\right)", domain=(POSITIVE,), definition="log(a)/log(2)",
)  # fmt: skip


@pytest.fixture
def log2(monkeypatch: pytest.MonkeyPatch):
    """An entry more in the table, and nothing else."""
    monkeypatch.setitem(OPS, NEW.name, NEW)
    monkeypatch.setitem(FUNCTIONS, NEW.name, NEW)
    yield
    for forget in FORGET:
        forget()


@pytest.mark.usefixtures("log2")
def test_a_new_operation_is_one_entry():
    at = {"a": 2.0, "xa": 8.0}
    slope, bend = 2 * 6 / (8 * np.log(2)), 4 * (1 - np.log(8)) / (8 * np.log(2)) ** 2
    graph = parse_graph(["xy = a*log2(xa)^2"])
    assert graph.evaluate(at)["xy"] == pytest.approx(18)
    once = gradient(graph, "xy", ["xa"])
    twice = gradient(once, once.outputs[0], ["xa"])
    assert once.evaluate(at)[once.outputs[0]] == pytest.approx(slope)
    assert twice.evaluate(at)[twice.outputs[0]] == pytest.approx(bend)
    for target in ("numpy", "jit") if jit.available() else ("numpy",):
        values, partials = graph.compile(target=target).values_and_partials(at)
        assert values["xy"] == pytest.approx(18)
        assert partials["xy", "xa"] == pytest.approx(slope)
        values, _ = twice.compile(target=target).values_and_partials(at)
        assert values[twice.outputs[0]] == pytest.approx(bend)
    assert check_gradients(graph, at=at).verdict == "PASS"
    assert check_derivation("y = log2(x)\ndy/dx = 1/(x*log(2))").ok
    body = graph.equation("xy").body
    assert parse_expression(show(body)) is body
    assert r"\log_2" in latex(body)
    assert "<mn>2</mn>" in from_latex(latex(body))
    assert sympy.simplify(to_sympy(body).subs({"a": 2, "xa": 8})) == 18


@pytest.mark.usefixtures("log2")
def test_a_new_operation_is_written_out_drawn_and_diagnosed():
    at = {"a": 2.0, "xa": 8.0}
    graph = parse_graph(["xy = a*log2(xa)^2"])
    written = trace(graph, at)
    assert check_derivation(trace(graph).ascii()).ok
    assert "·(2*a*log2(xa)/(xa*log(2)))" in str(written)
    assert r"\log_2\left(\mathit{xa}\right)" in written.latex()
    assert "<msub><mi>log</mi><mn>2</mn></msub>" in written.html()
    axes = draw_graph(graph, at=at)
    drawn = {text.get_text() for text in axes.figure.findobj(Text)}
    assert {"18", "2.164"} <= drawn
    outside = str(diagnose(graph, at={"a": 2.0, "xa": -1.0}))
    assert "log2 has no value for -1" in outside
    assert "           ^^^^^^^^\n" in outside
