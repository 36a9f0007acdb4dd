"""Operations of a caller's own: from formulas, from numpy code, and what goes wrong."""

import copy
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
from sympy import Rational
from written_out import WRITTEN_OUT

from cgprimer import (
    SGD,
    Adam,
    Dataset,
    LeastSquares,
    check_derivation,
    check_gradients,
    compare_partials,
    draw_graph,
    edge_partials,
    fit,
    generate,
    gradient,
    minimize,
    parse_graph,
    trace,
)
from cgprimer.diff.declare import custom_op
from cgprimer.diff.rules import local_partial
from cgprimer.errors import DifferenceError, ExpressionError, OpError, OptionError
from cgprimer.expr.custom import inexact_ops
from cgprimer.expr.node import postorder
from cgprimer.expr.ops import FUNCTIONS, OPS
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.from_sympy import from_sympy
from cgprimer.notation.latex import latex
from cgprimer.notation.text import show

X = np.array([-2.5, -0.4, 0.3, 1.7])


@pytest.fixture(autouse=True)
def _language_as_before():
    before = dict(OPS), dict(FUNCTIONS)
    yield
    for op in list(OPS.values()):
        if op.name not in before[0] and hasattr(op, "unregister"):
            op.unregister()
    assert before == (OPS, FUNCTIONS), "an operation was left behind"


def to_byte(ctx, a):
    byte = a.astype(np.uint8)
    ctx.save(error=a - byte)
    return byte


def add_error(ctx, grad):
    return grad + ctx.error


def quantise(**options):
    options = {"contract": "surrogate", **options}
    return custom_op("quantise", forward=to_byte, backward=add_error, **options)


def cube(wrong=0.0, **options):
    """a³·b by numpy code; `wrong` is added to the derivative by b."""

    def forward(ctx, a, b):
        ctx.save(a=a, b=b)
        return a**3 * b

    def backward(ctx, grad):
        return 3 * ctx.a**2 * ctx.b * grad, (ctx.a**3 + wrong) * grad

    return custom_op("cube", forward=forward, backward=backward, **options)


# Formulas.

FORMULAS = {
    "softsign(u) = u/(1 + abs(u))": lambda u: u / (1 + np.abs(u)),
    "swish(a) = a*sigmoid(a)": lambda a: a / (1 + np.exp(-a)),
    "mish(y) = y*tanh(ln(1 + exp(y)))": lambda y: y * np.tanh(np.log1p(np.exp(y))),
    "blend(b, a) = 2*b - a^2": lambda b, a: 2 * b - a**2,
    "norm3(p, q, r) = sqrt(p^2 + q^2 + r^2 + 1)": lambda p, q, r: np.sqrt(
        p * p + q * q + r * r + 1
    ),
}
ARGUMENTS = {"xx": X, "w": 0.7, "v": np.array([0.2, 1.1, -0.9, 2.0])}


def value(graph, at):
    """The first output, at those values of `at` that the graph has kept."""
    kept = (*graph.inputs, *graph.parameters)
    return graph.evaluate({n: v for n, v in at.items() if n in kept})[graph.outputs[0]]


def of_formula(text):
    op = custom_op(text)
    names = list(ARGUMENTS)[: op.arity]
    graph = parse_graph([f"xy = {op.name}({', '.join(names)})"])
    return op, graph, {name: ARGUMENTS[name] for name in names}


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_is_evaluated_derived_and_judged(text):
    op, graph, at = of_formula(text)
    expected = FORMULAS[text](*at.values())
    assert np.allclose(graph.evaluate(at)["xy"], expected, rtol=1e-14)
    one = {name: float(np.ravel(value)[-1]) for name, value in at.items()}
    assert isinstance(graph.evaluate(one)["xy"], float)
    report = compare_partials(graph, at)
    assert report.ok, str(report)
    assert {row.verdict for row in report.rows} == {"PASS"}
    symbolic = edge_partials(graph, at, method="symbolic")
    for method in ("adjoint", "finite"):
        for edge, value in edge_partials(graph, at, method=method).items():
            assert np.allclose(value, symbolic[edge], rtol=1e-6, atol=1e-8)
    assert op.contract == "exact"


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_to_second_order(text):
    _, graph, at = of_formula(text)
    first = gradient(graph, "xy", ["xx"])
    [slope] = first.outputs
    second = gradient(first, slope, ["xx"])
    h = 1e-5
    ahead, behind = (
        graph.gradient_at("xy", at | {"xx": X + side * h}, ["xx"])["xx"]
        for side in (1, -1)
    )
    found = value(second, at)
    assert np.allclose(found, (ahead - behind) / (2 * h), rtol=1e-6, atol=1e-8)


def test_formula_goes_to_sympy_and_back_and_is_printed():
    custom_op("softsign(u) = u/(1 + abs(u))", latex=r"\mathrm{{ss}}({0})")
    graph = parse_graph(["xy = w*softsign(xx) + 1"])
    body = graph.equation("xy").body
    assert show(body) == "w*softsign(xx) + 1"
    assert parse_expression(show(body)) is body
    assert show(from_sympy(graph.sympy("xy"))) == "w*softsign(xx) + 1"
    assert r"\mathrm{ss}(" in latex(body)
    assert graph.to_networkx("operations").nodes["xy:1"]["op"] == "softsign"
    assert float(graph.sympy("xy").subs({"w": 2, "xx": -3})) == pytest.approx(-0.5)


def test_formula_uses_its_stable_form():
    custom_op("soft(a) = ln(1 + exp(a))")
    graph = parse_graph(["xy = soft(xx)"])
    at = {"xx": np.array([-1000.0, 1000.0])}
    assert graph.evaluate(at)["xy"].tolist() == [0.0, 1000.0]
    assert graph.gradient_at("xy", at)["xx"].tolist() == [0.0, 1.0]


def test_formula_of_formulas_outlives_them():
    inner = custom_op("inner(a) = a^2 + abs(a)")
    custom_op("outer(a) = inner(a) + 1")
    graph = parse_graph(["xy = outer(xx)"])
    inner.unregister()
    report = compare_partials(graph, {"xx": 1.5})
    assert report.ok
    assert graph.evaluate({"xx": 1.5})["xy"] == 4.75
    assert compare_partials(graph, {"xx": 0.0}).rows[0].reason.startswith("at a kink")
    with pytest.raises(DifferenceError, match="not analytic"):
        edge_partials(graph, {"xx": 1.5}, method="finite", scheme="complex")


def test_complex_step_goes_through_analytic_formulas():
    custom_op("swish(a) = a*sigmoid(a)")
    graph = parse_graph(["xy = swish(xx)"])
    at = {"xx": X}
    found = edge_partials(graph, at, method="finite", scheme="complex")
    exact = edge_partials(graph, at, method="adjoint")
    assert np.allclose(found["xy", "xx"], exact["xy", "xx"], rtol=1e-14)


# Formulas are run as if they were written out.

POINT = {"xx": 0.7, "w": 1.3, "v": 0.4}
MANY = {**POINT, "xx": X}


@contextmanager
def both(case):
    """The graph of a case with operations, and with their formulas in their place."""
    definitions, equations, written = WRITTEN_OUT[case]
    with ExitStack() as stack:
        for text in definitions:
            stack.enter_context(custom_op(text))
        yield parse_graph(equations), parse_graph(written)


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_formula_costs_and_means_what_it_does_written_out(case):
    with both(case) as (graph, written):
        for at in (POINT, MANY):
            for ask in ASKED.values():
                found, expected = (ask(g, at) for g in (graph, written))
                assert found.keys() == expected.keys()
                for key in found:
                    assert np.array_equal(found[key], expected[key]), (key, at)
        kernels = [g.table.shapes[0].forward.code for g in (graph, written)]
        assert len(kernels[0]) == len(kernels[1])


ASKED = {
    "values": lambda g, at: g.evaluate(at),
    "totals": lambda g, at: g.gradient_at(g.outputs[0], at),
    "adjoint": lambda g, at: edge_partials(g, at, method="adjoint"),
    "finite": lambda g, at: edge_partials(g, at, method="finite", scheme="ridders"),
}


@pytest.mark.every(3)
@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_formula_is_judged_as_it_is_written_out(case):
    with both(case) as (graph, written):
        found, expected = (compare_partials(g, POINT).rows for g in (graph, written))
        for row, other in zip(found, expected, strict=True):
            assert (row.edge, row.verdict, row.bound, row.finite, row.adjoint) == (
                other.edge, other.verdict, other.bound, other.finite, other.adjoint
            )  # fmt: skip
            assert row.symbolic == pytest.approx(other.symbolic, rel=1e-9)
        assert {row.verdict for row in found} == {"PASS"}
        checks = [check_gradients(g, at=POINT).verdict for g in (graph, written)]
        assert checks[0] == checks[1] != "FAIL"


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_formula_is_drawn_traced_and_printed_by_its_name(case):
    definitions = WRITTEN_OUT[case][0]
    with both(case) as (graph, written):
        op = OPS[re.match(r"\w+", definitions[-1])[0]]
        body = graph.equation("xy").body
        assert op in {node.op for node in postorder([body])}
        for text in (show(body), latex(body), str(trace(graph, POINT, output="xy"))):
            assert op.name in text
        symbols = graph.sympy("xy"), written.sympy("xy")
        assert op.name in str(symbols[0])
        at = POINT | {"xz": Rational(7, 10), "xx": Rational(7, 10)}
        values = [float(formula.subs(at)) for formula in symbols]
        assert values[0] == pytest.approx(values[1], rel=1e-8)
        traced = [trace(g, POINT, output="xy")["xx"].adjoint for g in (graph, written)]
        assert traced[0] == pytest.approx(traced[1], rel=1e-12)


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_gradient_graph_of_a_formula_is_that_of_it_written_out(case):
    with both(case) as (graph, written):
        first, other = (
            gradient(g, g.outputs[0], ["xx", "w"]) for g in (graph, written)
        )
        assert first.outputs == other.outputs
        assert value(first, MANY).tolist() == value(other, MANY).tolist()


@pytest.mark.parametrize("case", ["one argument", "formulas of formulas", "kinks"])
def test_formula_is_generated_and_fitted_as_it_is_written_out(case):
    with both(case) as (graph, written):
        results = []
        for g in (graph, written):
            data = generate(g, {"w": 1.3, "v": 0.4}, 50, noise=0.01, rng=0)
            found = fit(g, data, Adam(0.01), epochs=3, rng=0)
            results.append((data.targets[g.outputs[0]].tolist(), found.parameters))
        assert results[0] == results[1]


# contract → a derivative of a² + a that no sweep would give, and its values at 0 and 2
DECLARED = {
    "exact": ("(2*a^2 + a)/a", (np.nan, 5.0)),
    "surrogate": ("2*a + 100", (100.0, 104.0)),
    "straight-through": ("1", (1.0, 1.0)),
}


@pytest.mark.parametrize("contract", DECLARED)
@pytest.mark.parametrize("target", ["numpy", "auto"])
def test_declared_derivative_is_kept_where_the_value_is_written_out(contract, target):
    text, own = DECLARED[contract]
    at, own = np.array([0.0, 2.0]), np.array(own)
    custom_op("own(a) = a^2 + a", partials=[text], contract=contract)
    custom_op("triple(b) = 3*own(b)", contract=contract)
    for text, values, partials in [
        ("xy = own(xx)", at**2 + at, own),
        ("xy = w*own(xx) + xx", 2 * (at**2 + at) + at, 2 * own + 1),
        ("xy = w*triple(xx)", 6 * (at**2 + at), 6 * own),
        ("xy = own(own(xx)/w)", None, None),
    ]:
        graph = parse_graph([text])
        point = {"xx": at, "w": 2.0} if graph.parameters else {"xx": at}
        found, edges = graph.compile(target=target).values_and_partials(point)
        if values is not None:
            assert found["xy"].tolist() == values.tolist()
            wide = np.broadcast_to(edges["xy", "xx"], partials.shape)
            assert np.array_equal(wide, partials, equal_nan=True)
        total = graph.gradient_at("xy", point, ["xx"])["xx"]
        assert np.array_equal(
            total, np.broadcast_to(edges["xy", "xx"], 2), equal_nan=True
        )
        assert graph.table.shapes[0].is_inexact == (contract != "exact")


def test_formula_that_cancels_is_not_failed_for_the_rounding_of_its_parts():
    custom_op("lossy(a) = (a + 1e9) - 1e9", partials=["1"])
    [row] = compare_partials(parse_graph(["xy = sin(lossy(xx))"]), {"xx": 0.7}).rows
    assert row.verdict != "FAIL"
    assert row.bound > 0.01  # a step of 1e-5 beside 1e9 tells little


# Formulas of formulas of formulas.


@pytest.mark.slow
def test_deep_formulas_are_flat():
    custom_op("deep0(a) = a + sin(a)")
    for k in range(1, 200):
        custom_op(f"deep{k}(a) = 1 + deep{k - 1}(a)")
    graph = parse_graph(["xy = w*deep199(xx)"])
    at = {"xx": 0.5, "w": 2.0}
    assert graph.evaluate(at)["xy"] == pytest.approx(2 * (199.5 + np.sin(0.5)))
    for method in ("symbolic", "adjoint", "finite"):
        found = edge_partials(graph, at, method=method)
        assert found["xy", "xx"] == pytest.approx(2 + 2 * np.cos(0.5), rel=1e-6)


def test_shared_formulas_stay_shared():
    custom_op("both0(a) = a + sin(a)")
    for k in range(1, 60):  # a tree would have 2^60 leaves
        custom_op(f"both{k}(a) = both{k - 1}(a)/2 + tanh(both{k - 1}(a))/2")
    graph = parse_graph(["xy = w*both59(xx)"])
    assert len(graph.table.shapes[0].forward.code) == 2 + 4 * 59 + 1
    at = {"xx": 0.5, "w": 2.0}
    slope = edge_partials(graph, at, method="adjoint")["xy", "xx"]
    near = edge_partials(graph, at, method="finite", scheme="ridders")["xy", "xx"]
    assert slope == pytest.approx(near, rel=1e-9)
    compiled = graph.compile().values(at)["xy"]
    assert compiled == pytest.approx(graph.evaluate(at)["xy"], rel=1e-14)


@pytest.mark.slow
def test_formula_that_would_grow_without_end_is_refused():
    custom_op("grow0(a) = a + sin(a)")
    for k in range(1, 13):
        custom_op(f"grow{k}(a) = grow{k - 1}(grow{k - 1}(a))")
    with pytest.raises(OpError, match=r"out as \d+ operations\n  hint: write it as eq"):
        custom_op("grow13(a) = grow12(grow12(a))")


RIGHT = ["1/(1 + abs(a))^2", "(1 - abs(y))^2"]
WRONG = {
    "sign": "-1/(1 + abs(a))^2",
    "factor 2": "2/(1 + abs(a))^2",
    "1 % off": "1.01/(1 + abs(a))^2",
    "0.05 % off": "1.0005/(1 + abs(a))^2",
    "right on one side": "1/(1 + a)^2",
    "another function": "1 - tanh(a)^2",
    "nan": "ln(-1 - abs(a))",
}


def test_given_partials_are_held_against_derived_ones():
    for rule in RIGHT:
        with custom_op("f(a) = a/(1 + abs(a))", partials=[rule]) as op:
            graph = parse_graph(["xy = f(xx)"])
            found = graph.gradient_at("xy", {"xx": X})["xx"]
            assert np.allclose(found, 1 / (1 + np.abs(X)) ** 2, rtol=1e-14)
            assert "f" in OPS
            assert op is OPS["f"]
        assert "f" not in OPS


@pytest.mark.parametrize("name", WRONG)
def test_wrong_partial_is_refused(name):
    with pytest.raises(OpError) as refused:
        custom_op("f(a) = a/(1 + abs(a))", partials=[WRONG[name]])
    assert "the partial by 'a' is not the derivative: at a = " in str(refused.value)
    assert "  hint: the derivative is " in str(refused.value)
    assert "f" not in OPS


def test_partial_that_is_wrong_by_one_argument_is_named_in_the_callers_words():
    with pytest.raises(OpError) as refused:
        custom_op("f(p, q) = p*q", partials=["q", "q"])
    assert str(refused.value).startswith("'f': the partial by 'q' is not")
    assert "the derivative is p;" in str(refused.value)


def test_partial_that_cannot_be_checked_is_refused():
    with pytest.raises(OpError, match="nowhere finite in the domain"):
        custom_op("f(a) = sqrt(a - 10)", partials=["0.5/y"])
    custom_op("f(a) = sqrt(a - 10)", partials=["0.5/y"], domain=(11, 20))


# Numpy code with a saved context.


def test_class_as_decorator():
    @custom_op(name="quantise", contract="surrogate")
    class Quantise:
        def forward(ctx, a):
            return to_byte(ctx, a)

        def backward(ctx, grad):
            return add_error(ctx, grad)

    @custom_op
    class Double:
        @staticmethod
        def forward(ctx, a):
            return 2 * a

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    graph = parse_graph(["xy = w*quantise(xx)", "xz = double(xy)"])
    assert (Quantise.name, Double.name) == ("quantise", "double")
    assert graph.evaluate({"w": 3, "xx": 2.75})["xz"] == 12.0
    found = graph.gradient_at("xz", {"w": 3, "xx": 2.75})
    assert found == {"xx": 6.75, "w": 4.0}


@pytest.mark.parametrize("n", [None, 1, 5])
def test_pullback_gets_the_arriving_adjoint(n):
    quantise()
    graph = parse_graph(["xq = quantise(v*xx)", "xy = w*xq", "xz = xy^2 + xq"])
    x = 2.75 if n is None else np.linspace(0.3, 9.9, n)
    at = {"xx": x, "v": 1.5, "w": 3.0}
    byte = np.floor(1.5 * x)
    arriving = 2 * 9 * byte + 1
    share = arriving + (1.5 * x - byte)
    found = graph.gradient_at("xz", at)
    assert np.allclose(found["xx"], 1.5 * share, rtol=1e-15)
    assert np.allclose(found["v"], x * share, rtol=1e-15)
    assert np.allclose(found["w"], 2 * 3 * byte * byte, rtol=1e-15)
    names, as_graph = (*graph.inputs, *graph.parameters), gradient(graph, "xz")
    values = as_graph.evaluate(at)
    for name, output in zip(names, as_graph.outputs, strict=True):
        assert np.allclose(values[output], found[name], rtol=1e-15)
    assert isinstance(found["xx"], float) == (n is None)


def test_pullback_inside_an_equation_and_shared():
    quantise()
    at = {"xx": 2.6, "w": 3.0, "v": 2.0}
    graph = parse_graph(["xy = v*quantise(w*xx) + quantise(w*xx)^2"])
    arriving, error = 2.0 + 2 * 7, 3 * 2.6 - 7
    assert graph.gradient_at("xy", at)["xx"] == pytest.approx(3 * (arriving + error))
    edges = edge_partials(graph, at, method="adjoint")
    assert edges["xy", "xx"] == pytest.approx(3 * (arriving + error))
    assert edges["xy", "v"] == 7.0


def test_nonlinear_pullback_and_several_equations_of_one_shape():
    custom_op(
        "clip",
        forward=lambda ctx, a: a,
        backward=lambda ctx, grad: np.clip(grad, -1, 1),
        contract="surrogate",
    )
    graph = parse_graph(
        ["xa = clip(xp)", "xb = clip(xq)", "xc = clip(xr)", "xy = 0.3*xa - 7*xb"]
    )
    at = {"xp": 1.0, "xq": 2.0, "xr": 3.0}
    found = graph.gradient_at("xy", at)
    assert found == {"xp": 0.3, "xq": -1.0, "xr": 0.0}
    assert value(gradient(graph, "xy", ["xq"]), at) == -1.0


def test_backward_is_not_asked_where_no_adjoint_arrives():
    op = quantise()
    graph = parse_graph(["xa = quantise(w*xp)", "xb = quantise(v*xq)", "xy = 2*xb"])
    program = graph.program()
    values = program.forward(np.full((2, 1), 2.5), np.ones((2, 1)))
    row = graph.variable_number
    adjoints, shares = program.backward(
        values, np.ones((2, 1)), {row["xy"]: np.ones(1)}
    )
    assert adjoints[row["xp"], 0] == 0  # not the saved error: nothing arrived at xa
    assert adjoints[row["xq"], 0] == 2.5
    assert shares[:, 0].tolist() == [0.0, 2.5 * 2.5]
    only = parse_graph(["xa = quantise(w*xp)", "xy = 2*xq"], outputs=["xy"])
    before = op.calls.backward
    only.gradient_at("xy", {"xp": 1.0, "xq": 2.0, "w": 1.0}, ["xq"])
    assert op.calls.backward == before


def test_several_arguments_are_judged_each():
    for wrong, verdicts in ((0.0, ["PASS", "PASS"]), (0.01, ["PASS", "FAIL"])):
        with cube(wrong):
            graph = parse_graph(["xy = cube(xx, w)"])
            report = compare_partials(graph, {"xx": X, "w": 3.0})
            assert [row.verdict for row in report.rows] == verdicts, str(report)
            assert report.ok == (wrong == 0)
            found = graph.gradient_at("xy", {"xx": X, "w": 3.0})
            assert np.allclose(found["xx"], 9 * X**2, rtol=1e-15)
            assert np.allclose(found["w"], X**3 + wrong, rtol=1e-14)


def test_local_partial_is_what_an_adjoint_of_one_becomes():
    cube()
    body = parse_expression("cube(xx, w)")
    shown = [show(local_partial(body, i)) for i in (0, 1)]
    assert shown == ["cube_backward1(xx, w, 1)", "cube_backward2(xx, w, 1)"]


def test_none_says_that_an_argument_gets_nothing():
    custom_op(
        "scaled",
        forward=lambda ctx, a, b: a * b,
        backward=lambda ctx, grad: (grad, None),
        contract="surrogate",
    )
    graph = parse_graph(["xy = scaled(xx, w)"])
    assert graph.gradient_at("xy", {"xx": 2.0, "w": 3.0}) == {"xx": 1.0, "w": 0.0}


def test_code_with_formulas_for_its_derivative_goes_to_any_order():
    custom_op("cubed", forward=lambda ctx, u: u**3, partials=["3*u^2"])
    graph = parse_graph(["xy = w*cubed(xx)"])
    assert compare_partials(graph, {"xx": X, "w": 2.0}).ok
    assert graph.partial("xy", "xx").text == "3*w*xx^2"
    first = gradient(graph, "xy", ["xx"])
    second = gradient(first, first.outputs[0], ["xx"])
    assert np.allclose(second.evaluate({"xx": X, "w": 2.0})[second.outputs[0]], 12 * X)
    with pytest.raises(DifferenceError, match="cubed is not analytic"):
        edge_partials(graph, {"xx": 1.0, "w": 1.0}, method="finite", scheme="complex")


def test_kinks_of_code_are_not_called_mistakes():
    made = {"forward": lambda ctx, u: np.maximum(u, 1), "partials": ["step(u - 1)"]}
    for kinks, verdict in (("u - 1", "INCONCLUSIVE"), ("", "FAIL")):
        with custom_op("ramp", **made, kinks=kinks):
            graph = parse_graph(["xy = ramp(xx)"])
            [row] = compare_partials(graph, {"xx": 1.0}).rows
            assert row.verdict in {verdict, "INCONCLUSIVE"}
            assert "at a kink" in row.reason  # which differences see by themselves


# Contracts.


@pytest.mark.parametrize("contract", ["exact", "straight-through", "surrogate"])
def test_contract_decides_the_verdict(contract):
    quantise(contract=contract)
    graph = parse_graph(["xq = quantise(xh)", "xo = w*xq + v*quantise(xh)"])
    report = compare_partials(graph, {"xh": 2.75, "w": 0.5, "v": 1.0})
    verdicts = {row.edge: row.verdict for row in report.rows}
    edges = ["∂xq/∂xh", "∂xo/∂xh", "∂xo/∂w", "∂xo/∂xq", "∂xo/∂v"]
    declared = "FAIL" if contract == "exact" else "SURROGATE"
    assert [verdicts[e] for e in edges] == [declared, declared, "PASS", "PASS", "PASS"]
    assert report.ok == (contract != "exact")
    assert len(report.failures) == 2 * (contract == "exact")
    assert ("2 SURROGATE" in report.summary()) == (contract != "exact")
    row = next(row for row in report.rows if row.edge == "∂xq/∂xh")
    assert np.isnan(row.symbolic)
    assert (row.adjoint, row.formula) == (1.75, "quantise_backward(xh, 1)")
    assert "(sweep) 1.75" in str(report)
    if contract != "exact":
        assert row.reason == f"quantise is declared {contract}"
        assert "SURROGATE" in report._repr_html_()


def test_right_partial_under_a_contract_is_not_judged_either():
    cube(contract="surrogate")
    report = compare_partials(parse_graph(["xy = cube(xx, w)"]), {"xx": 1.5, "w": 2.0})
    assert [row.verdict for row in report.rows] == ["SURROGATE", "SURROGATE"]


def test_straight_through_needs_no_backward():
    custom_op(
        "rounded", forward=lambda ctx, a: np.round(a), contract="straight-through"
    )
    custom_op("signed(a) = sign(a)", contract="straight-through")
    graph = parse_graph(["xy = w*rounded(xx) + v*signed(xx)"])
    found = graph.gradient_at("xy", {"xx": 1.6, "w": 3.0, "v": 0.25})
    assert found == {"xx": 3.25, "w": 2.0, "v": 1.0}
    first = gradient(graph, "xy", ["xx"])
    second = gradient(first, first.outputs[0], ["w"])
    assert value(second, {"xx": 1.6, "w": 3.0, "v": 0.25}) == 1.0
    report = compare_partials(graph, {"xx": 1.6, "w": 3.0, "v": 0.25})
    assert [row.verdict for row in report.rows] == ["PASS", "SURROGATE", "PASS"]


def test_surrogate_formula_keeps_its_word_and_passes_it_on():
    custom_op("hard(a) = step(a)", partials=["sigmoid(a)"], contract="surrogate")
    with pytest.raises(OpError, match="which is declared surrogate"):
        custom_op("twice(a) = 2*hard(a)")
    custom_op("twice(a) = 2*hard(a)", contract="surrogate")
    graph = parse_graph(["xy = twice(xx)"])
    found = graph.gradient_at("xy", {"xx": 0.0})["xx"]
    assert found == 1.0
    assert edge_partials(graph, {"xx": 0.0}, method="symbolic")["xy", "xx"] == 1.0
    body = parse_expression("w*twice(xx) + xx*v")
    assert [op.name for op in inexact_ops(body, "xx")] == ["twice"]
    assert inexact_ops(body, "v") == ()


# What is asked of numpy code beyond its first derivative.


def test_second_order_through_code_is_refused_by_name():
    quantise()
    graph = parse_graph(["xq = quantise(w*xx)", "xy = xq^2"])
    at = {"xx": 2.5, "w": 3.0}
    first = gradient(graph, "xy", ["xx"])
    asked = (
        lambda: gradient(first, first.outputs[0]),
        lambda: first.gradient_at(first.outputs[0], at),
        lambda: edge_partials(first, at, method="adjoint"),
    )
    for ask in asked:
        with pytest.raises(OpError) as refused:
            ask()
        assert str(refused.value) == (
            "'quantise' in the equation of d_xy_d_xx: its backward is numpy code and "
            "cannot be differentiated again: there is no second order through it\n"
            "  hint: give formulas for its derivative with partials=, or take finite "
            "differences of the gradient"
        )
        assert refused.value.variables == ("d_xy_d_xx",)


def test_gradient_graph_of_code_is_a_graph_like_any_other():
    cube()
    graph = parse_graph(["xy = cube(xx, w)"])
    first = gradient(graph, "xy", ["xx"])
    assert parse_graph(str(first)).evaluate({"xx": 2.0, "w": 3.0})["d_xy_d_xx"] == 36.0
    again = edge_partials(first, {"xx": 2.0, "w": 3.0}, method="finite")
    assert again["d_xy_d_xx", "xx"] == pytest.approx(36.0)
    alone = parse_graph(["xy = cube_backward1(xx, w, v)"])
    at = {"xx": 2.0, "w": 3.0, "v": 1.0}
    with pytest.raises(DifferenceError, match="cube_backward1 is not analytic"):
        edge_partials(alone, at, method="finite", scheme="complex")
    assert r"\operatorname{cube\_backward1}" in first._repr_latex_()
    assert pickle.loads(pickle.dumps(first)) == first


def test_symbolic_is_refused_by_name_where_only_code_knows():
    quantise()
    graph = parse_graph(["xy = w*quantise(xx)", "xz = v*xy"])
    at = {"xx": 2.5, "w": 3.0, "v": 1.0}
    for ask in (
        lambda: edge_partials(graph, at),
        lambda: graph.partial("xy", "xx"),
    ):
        with pytest.raises(OpError) as refused:
            ask()
        assert str(refused.value) == (
            "'quantise' in the equation of xy: there is no formula for its derivative, "
            "only numpy code\n  hint: use method='adjoint' or 'finite', or give it "
            "formulas with partials="
        )
    assert graph.partial("xy", "w").text == "quantise(xx)"
    assert str(graph.sympy("xy")) == "w*quantise(xx)"
    assert parse_graph([("xy", graph.sympy("xy"))]).evaluate({"xx": 2.5, "w": 3}) == {
        "xx": 2.5,
        "xy": 6.0,
    }


# As many arguments as anybody likes, wherever an operation may stand.

ARITIES = [
    ("f(p) = p^2 + sin(p)", "xa^2 + sin(xa)"),
    ("f(q, p) = q*p + p^2", "xa*xb + xb^2"),
    ("f(a, b, c) = a + b*c", "xa + xb*xc"),
    ("f(a, b, c, d) = a*b + c*d^2", "xa*xb + xc*xd^2"),
    ("f(y, b, x, a, c) = y*b + x*tanh(a) - c", "xa*xb + xc*tanh(xd) - xe"),
]


@pytest.mark.every(3)
@pytest.mark.parametrize(("formula", "body"), ARITIES)
def test_every_argument_is_known_everywhere(formula, body):
    names = ["xa", "xb", "xc", "xd", "xe"][: formula.partition("=")[0].count(",") + 1]
    call, at = f"f({', '.join(names)})", dict(zip(names, [*X, 0.6], strict=False))
    with custom_op(formula):
        graph, plain = parse_graph([f"xy = {call}"]), parse_graph([f"xy = {body}"])
        truth = edge_partials(plain, at)
        for method in ("symbolic", "adjoint"):
            assert edge_partials(graph, at, method=method) == pytest.approx(truth)
        numeric = edge_partials(graph, at, method="finite")
        assert numeric == pytest.approx(truth, rel=1e-6, abs=1e-6)
        assert graph.evaluate(at) == pytest.approx(plain.evaluate(at))
        reverse = str(trace(graph, at))
        lines = [f"y = {call}", f"y = {body}"]
        for wrt in names:
            right = plain.partial("xy", wrt).text
            claims = {("xy", wrt): right}
            report = check_gradients(graph, claims=claims, rng=0, points=1)
            assert report.row("xy", wrt).verdict == "PASS"
            claims = {("xy", wrt): f"2*({right})"}
            report = check_gradients(graph, claims=claims, rng=0, points=1)
            assert "it is 2 times the true derivative" in report.row("xy", wrt).note
            assert f"∂xy/∂{wrt}" in reverse
            lines += [f"dy/d{wrt} = {right}", f"dy/d{wrt} = 2*({right})"]
    with custom_op(formula):
        rows = check_derivation("\n".join(lines), rng=0).claims
    assert [row.verdict for row in rows] == ["PASS", *["PASS", "FAIL"] * len(names)]
    assert {row.symbolic for row in rows} == {"shown", ""}
    told = {row.remark for row in rows[2::2]} - {""}  # of two numbers nothing is said
    assert told == {"the right side is 2 times the left side"}


# Fits.


def test_fit_goes_through_a_pullback():
    cube()
    graph = parse_graph(["xy = cube(w*xx, v)"])
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 200)
    data = Dataset({"xx": x}, {"xy": 2 * x**3})
    for method in (Adam(0.05), LeastSquares()):
        found = fit(graph, data, method, epochs=60, rng=1, progress=False)
        w, v = found.parameters.values()
        assert w**3 * v == pytest.approx(2.0, rel=1e-3)
        assert "not determined separately" in found.message
        assert "declared" not in found.message


def test_fit_says_that_its_gradient_is_declared():
    quantise()
    graph = parse_graph(["xy = quantise(w*xx)"])
    data = Dataset({"xx": np.arange(1.0, 9.0)}, {"xy": np.arange(2.0, 18.0, 2)})
    found = fit(graph, data, Adam(0.01), epochs=3, rng=0, progress=False)
    assert "The gradient through quantise is a declared surrogate" in found.message
    assert found.rank is None
    low = minimize(graph, "xy", start={"xx": 2.0, "w": 3.0}, steps=2, progress=False)
    assert "declared surrogate" in low.message


def test_backward_that_is_never_asked_for_is_reported():
    quantise()
    graph = parse_graph(["xy = w*quantise(xx) + v"])
    data = Dataset({"xx": np.arange(1.0, 9.0)}, {"xy": np.arange(2.0, 18.0, 2)})
    found = fit(graph, data, Adam(0.01), epochs=3, rng=0, progress=False)
    told = "The backward of quantise was never asked for: no parameter lies before it."
    assert told in found.message + "."
    assert "declared" not in found.message
    assert found.rank == 2
    with quantise(replace=True) as op:
        before = parse_graph(["xy = quantise(w*xx)"])
        before.evaluate({"xx": 2.5, "w": 1.0})
        assert repr(op).endswith("called: forward once, backward never)")
        before.gradient_at("xy", {"xx": 2.5, "w": 1.0})
        assert op.calls.backward == 1  # for xx and for w together
        assert "never asked" not in fit(before, data, epochs=1, progress=False).message


COUNTED = {
    "before every parameter": ["xy = w*count(xx) + v"],
    "behind one": ["xy = count(w*xx) + v"],
    "in an inner equation, before": ["xm = count(xx)", "xy = w*xm + v"],
    "in an inner equation, behind": ["xm = w*xx", "xn = count(xm)", "xy = v*xn"],
    "of a number": ["xy = w*xx + v*count(2)"],
    "of a variable that is a number": ["xk = 2", "xy = w*xx + v*count(xk)"],
    "twice": ["xm = count(xx)", "xn = count(w*xm)", "xy = xn + v"],
    "in two equations of one shape": [
        "xm = w*xx", "xn = count(xm)", "xo = count(xx)", "xy = xn + v*xo",
    ],
    "where no target needs it": ["xm = count(w*xx)", "xy = w*xx + v"],
    "needed before, not needed behind": [
        "xm = count(w*xx)", "xn = count(xx)", "xy = w*xn + v",
    ],
}  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize("key", COUNTED)
def test_a_backward_is_said_to_be_never_asked_for_where_it_never_was(key):
    graph_texts, x = COUNTED[key], np.linspace(1, 2, 7)
    data = Dataset({"xx": x}, {"xy": x - 1})

    def ended(run):
        with custom_op(
            "count", forward=lambda ctx, a: a, backward=lambda ctx, g: g, replace=True
        ) as op:
            message = run(parse_graph(graph_texts, outputs=["xy"])).message
            return "backward of count was never asked for" in message, op.calls.backward

    for method in (Adam(0.01), SGD(0.01), LeastSquares()):
        said, calls = ended(
            lambda graph, method=method: fit(
                graph, data, method, epochs=2, rng=0, progress=False
            )
        )
        assert said == (calls == 0), method
    start = {"xx": 0.5, "w": 0.5, "v": 0.5}
    said, calls = ended(
        lambda graph: minimize(graph, "xy", start=start, steps=3, progress=False)
    )
    assert said == (calls == 0)


# Names.

BAD_NAMES = {
    "sin": "there is an operation 'sin' already: choose another name",
    "ln": "there is an operation 'ln' already: choose another name",
    "add": "there is an operation 'add' already: choose another name",
    "pi": "there is an operation 'pi' already: choose another name",
    "lambda": "'lambda' is a keyword of Python: choose another name",
    "2f": "'2f' cannot name an operation",
    "f g": "'f g' cannot name an operation",
    "häuser": "'häuser' cannot name an operation",
    "_f": "'_f' cannot name an operation",
    3: "3 cannot name an operation",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_name_that_cannot_be(name):
    with pytest.raises(OptionError) as refused:
        custom_op(name=name, forward=to_byte, backward=add_error)
    assert str(refused.value).startswith(BAD_NAMES[name])


def test_name_that_is_taken_by_another_custom_op():
    quantise()
    with pytest.raises(OptionError, match="pass replace=True"):
        quantise()
    with pytest.raises(OptionError, match="'quantise_backward' already"):
        custom_op("quantise_backward(a) = a")
    custom_op("f_backward(a) = a")
    with pytest.raises(OptionError, match="'f_backward' already"):
        custom_op("f", forward=to_byte, backward=add_error)
    assert "f" not in OPS


def test_replaced_name_means_the_new_one_and_old_graphs_stay():
    custom_op("f(a) = a^2")
    old = parse_graph(["xy = f(xx)"])
    assert old.partial("xy", "xx").text == "2*xx"
    custom_op("f(a) = a^3", replace=True)
    new = parse_graph(["xy = f(xx)"])
    assert (old.evaluate({"xx": 2.0})["xy"], new.evaluate({"xx": 2.0})["xy"]) == (4, 8)
    assert new.partial("xy", "xx").text == "3*xx^2"
    assert old.partial("xy", "xx").text == "2*xx"
    assert old != new


def test_failed_replacement_leaves_the_old_one():
    custom_op("g_backward(a) = a")
    custom_op("g(a) = a^2")
    with pytest.raises(OptionError, match="g_backward"):
        custom_op("g", forward=to_byte, backward=add_error, replace=True)
    assert parse_graph(["xy = g(xx)"]).evaluate({"xx": 3.0})["xy"] == 9.0


def test_unregistered_name_is_unknown_even_where_its_text_was_met_before():
    with custom_op("softsign(a) = a/(1 + abs(a))"):
        graph = parse_graph(["xy = softsign(w*xx)"])
        with pytest.raises(ExpressionError, match="did you mean 'softsign'"):
            parse_graph(["xy = sofsign(w*xx)"])
        with pytest.raises(ExpressionError, match="takes 1 argument, but 2 are given"):
            parse_graph(["xy = softsign(w, xx)"])
        with pytest.raises(ExpressionError, match="'softsign' is a function"):
            parse_graph(["xy = softsign*xx"])
    with pytest.raises(ExpressionError, match="unknown function 'softsign'"):
        parse_graph(["xy = softsign(w*xx)"])
    assert graph.gradient_at("xy", {"xx": 1.0, "w": 1.0})["xx"] == 0.25


def test_block_that_fails_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), cube():
        _ = 1 / 0
    assert "cube" not in OPS
    assert "cube_backward1" not in OPS


def test_pickled_graph_needs_its_operation():
    op = cube()
    graph = parse_graph(["xy = cube(xx, w)"])
    data = pickle.dumps(graph)
    assert pickle.loads(data) == graph
    assert copy.deepcopy(graph) == graph
    op.unregister()
    with pytest.raises(OpError) as refused:
        pickle.loads(data)
    assert str(refused.value) == (
        "'cube': is not an operation here, but what is loaded was written with it\n"
        "  hint: run its custom_op first, as where it was saved"
    )
    error = pickle.loads(pickle.dumps(refused.value))
    assert (error.op, str(error)) == ("cube", str(refused.value))


# Code that does the wrong thing.


def ok(ctx, a):
    return a


def raising(ctx, a):
    raise KeyError("no table")


def in_place(ctx, a):
    a += 1
    return a


def saved_under_another_name(ctx, a):
    ctx.save(eror=a)
    return a


def set_on_the_context(ctx, a):
    ctx.error = a
    return a


rng = np.random.default_rng(0)
FORWARDS = {
    "raises": (raising, "its forward raised KeyError: 'no table'"),
    "mean": (
        lambda ctx, a: a.mean(),
        "forward returned a value of shape () where (3,)",
    ),
    "half": (lambda ctx, a: a[:1], "forward returned a value of shape (1,) where (3,)"),
    "none": (lambda ctx, a: None, "forward returned None\n  hint: return a value"),
    "text": (
        lambda ctx, a: ["a"] * 3,
        "forward returned a value of type <U1, not real",
    ),
    "complex": (lambda ctx, a: a * 1j, "a value of type complex128, not real numbers"),
    "in place": (in_place, "its forward raised ValueError"),
    "sets": (set_on_the_context, "write ctx.save(error=…) to keep a value"),
}
BACKWARDS = {
    "raises": (raising, "its backward raised KeyError: 'no table'"),
    "sum": (lambda ctx, g: g.sum(), "the share of 'a' of shape () where (3,)"),
    "two": (lambda ctx, g: (g, g), "returned 2 shares for 1 argument (a)"),
    "none": (lambda ctx, g: None, "backward returned None\n  hint: return the share"),
    "saves": (lambda ctx, g: ctx.save(b=g), "ctx.save is for the forward"),
    "unsaved": (lambda ctx, g: g + ctx.error, "the forward did not save 'error': it "),
    "no ctx": (lambda g: g, "its backward raised TypeError"),
}
AT = {"xx": np.array([0.5, 1.5, 2.5]), "w": 1.0}


@pytest.mark.parametrize("name", FORWARDS)
def test_forward_that_fails_is_named_with_its_variable(name):
    code, told = FORWARDS[name]
    custom_op("f", forward=code, backward=lambda ctx, g: g)
    graph = parse_graph(["xy = w*f(xx)"])
    with pytest.raises(OpError) as failed:
        graph.evaluate(AT)
    assert str(failed.value).startswith("'f' in the equation of xy: ")
    assert told in str(failed.value)
    assert failed.value.op == "f"
    assert (failed.value.__cause__ is not None) == ("raised" in str(failed.value))


@pytest.mark.parametrize("name", BACKWARDS)
def test_backward_that_fails_is_named_with_its_variable(name):
    code, told = BACKWARDS[name]
    custom_op("f", forward=ok, backward=code)
    graph = parse_graph(["xy = w*f(xx)"])
    for ask in (
        lambda: graph.gradient_at("xy", AT),
        lambda: edge_partials(graph, AT, method="adjoint"),
    ):
        with pytest.raises(OpError) as failed:
            ask()
        assert str(failed.value).startswith("'f' in the equation of xy: ")
        assert told in str(failed.value)
        assert (failed.value.__cause__ is not None) == ("raised" in str(failed.value))


def test_the_name_that_was_meant_is_suggested():
    custom_op("f", forward=saved_under_another_name, backward=add_error)
    with pytest.raises(OpError, match="it saved eror; did you mean 'eror'"):
        parse_graph(["xy = f(xx)"]).gradient_at("xy", {"xx": 1.0})


def test_forward_that_does_not_repeat_itself_is_refused():
    custom_op(
        "noisy", forward=lambda ctx, a: a + rng.normal(size=len(a)), backward=add_error
    )
    graph = parse_graph(["xy = noisy(xx)"])
    with pytest.raises(OpError, match="another result each time") as failed:
        graph.gradient_at("xy", {"xx": X})
    assert "in the equation of xy" in str(failed.value)


def test_code_is_not_run_by_the_parser():
    op = quantise()
    graph = parse_graph(["xy = xx*quantise(3.5)"])
    assert op.calls.forward == 0
    assert graph.evaluate({"xx": 2.0})["xy"] == 6.0
    assert graph.gradient_at("xy", {"xx": 2.0})["xx"] == 3.0


BAD_CODE = {
    "no backward": ({"forward": ok}, OpError, "nothing says how it is differentiated"),
    "both": (
        {"forward": ok, "backward": ok, "partials": ["1"]},
        OpError,
        "say the same thing",
    ),
    "no ctx": ({"forward": lambda: 1, "backward": ok}, OpError, "takes 0 arguments"),
    "no argument": (
        {"forward": lambda ctx: 1, "backward": ok},
        OpError,
        "1 argument\n",
    ),
    "self": (
        {"forward": lambda self, ctx, a: a, "backward": ok},
        OpError,
        "no object is made of the class",
    ),
    "default": (
        {"forward": lambda ctx, a, rate=1: a, "backward": ok},
        OpError,
        "forward takes 'rate=1', so its arguments cannot be counted",
    ),
    "any number": (
        {"forward": lambda ctx, *a: a, "backward": ok},
        OpError,
        "forward takes '*a'",
    ),
    "partials": (
        {"forward": ok, "partials": ["1", "2"]},
        OpError,
        "partials= has 2 for 1 argument (a)",
    ),
    "other names": (
        {"forward": ok, "partials": ["2*b"]},
        ExpressionError,
        "'b' is no argument of 'f'\n\n    2*b\n      ^\n",
    ),
    "backward only": ({"backward": ok}, OptionError, "needs the forward"),
    "contract": (
        {"forward": ok, "backward": ok, "contract": "surogate"},
        OptionError,
        "unknown contract 'surogate'\n  hint: did you mean 'surrogate'?",
    ),
    "domain": ({"forward": ok, "backward": ok, "domain": (2, 1)}, OpError, "domain="),
    **{
        f"latex {text}": (
            {"forward": ok, "backward": ok, "latex": text},
            OptionError,
            "latex=",
        )
        for text in ("{1}", "{0.up}", "{0[up]}", "{", "{up}")
    },
}


@pytest.mark.parametrize("name", BAD_CODE)
def test_code_that_cannot_be_an_operation(name):
    options, kind, told = BAD_CODE[name]
    with pytest.raises(kind) as refused:
        custom_op("f", **options)
    assert told in str(refused.value)
    assert "f" not in OPS


BAD_FORMULAS = {
    "f = a^2": "the left side defines no operation\n\n    f = a^2\n    ^\n",
    "f() = 1": "the left side defines no operation",
    "f(a, 2) = a": "'2' cannot be the name of an argument",
    "f(a, a) = a": "two of its arguments are called 'a'",
    "f(sin) = 1": "'sin' cannot be the name of an argument",
    "f(a) = a*b": "'b' is no argument of 'f'\n\n    f(a) = a*b\n             ^\n",
    "f(a) = a*(": "the expression ends where a value is expected",
    "f(a) = f(a)": "unknown function 'f'",
    "f(a) = quantise(a)": "uses 'quantise', which is numpy code",
    "sin(a) = a": "there is an operation 'sin' already",
}


@pytest.mark.parametrize("text", BAD_FORMULAS)
def test_formula_that_cannot_be_an_operation(text):
    with quantise(), pytest.raises((OpError, OptionError, ExpressionError)) as refused:
        custom_op(text)
    assert BAD_FORMULAS[text] in str(refused.value)


def test_what_is_no_class_and_what_is_both():
    with pytest.raises(OptionError, match="no class with a forward"):
        custom_op(3)
    with pytest.raises(OptionError, match="no class with a forward"):
        custom_op("f")(to_byte)
    with pytest.raises(OptionError, match="is a whole definition"):
        custom_op("f(a) = a", backward=ok)
    with pytest.raises(OptionError, match="name= is needed"):
        custom_op(forward=ok, backward=ok)
    with pytest.raises(OpError, match="nothing says"):
        custom_op("f(a) = sign(a)", contract="surrogate")


# Threads, pictures.


def test_threads_do_not_meet():
    op = quantise()
    graph = parse_graph(["xq = quantise(w*xx)", "xy = xq^2"])

    def work(seed):
        x = np.random.default_rng(seed).uniform(0, 9, 300)
        found = graph.gradient_at("xy", {"xx": x, "w": 3.0}, ["xx"])["xx"]
        byte = np.floor(3 * x)
        return np.abs(found - 3 * (2 * byte + 3 * x - byte)).max()

    with ThreadPoolExecutor(8) as pool:
        worst = max(pool.map(work, range(64)))
    assert worst < 1e-12
    assert op.calls.backward == 64  # each with a forward of its own
    assert op.calls.forward >= 2 * 64


@pytest.mark.parametrize("at", [None, {"xp": 0.8, "u": 2.0, "w": 0.3, "b": 1.0}])
def test_surrogate_is_drawn_dashed_and_told(at):
    from matplotlib import pyplot as plt
    from matplotlib.patches import FancyArrowPatch

    quantise()
    graph = parse_graph(["xh = relu(b + u*xp)", "xk = quantise(xh)", "xo = (w + b)*xk"])
    axes = draw_graph(graph, at=at)
    arrows = [p for p in axes.patches if isinstance(p, FancyArrowPatch)]
    assert sorted(arrow.get_linestyle() for arrow in arrows) == ["-", "-", "--"]
    texts = [text.get_text() for text in axes.texts]
    assert "dashed: surrogate gradient of quantise" in texts
    assert ("(along it: what an adjoint of 1 becomes)" in texts) == (at is not None)
    if at is not None:  # 1.3 arrives at xk, and 2.6 - 2 is added to it
        assert "1.9" in texts
        assert "1.6" in texts
    plt.close(axes.figure)


def test_nothing_is_dashed_without_a_surrogate():
    from matplotlib import pyplot as plt

    custom_op("softsign(a) = a/(1 + abs(a))")
    axes = draw_graph(parse_graph(["xy = softsign(xx)"]))
    assert not any("dashed" in text.get_text() for text in axes.texts)
    plt.close(axes.figure)


def test_custom_operations_load_no_more_than_they_need():
    code = (
        "import sys; from cgprimer import parse_graph\n"
        "from cgprimer.diff.declare import custom_op\n"
        "custom_op('f(a) = a^2', partials=['2*a'])\n"
        "parse_graph(['xy = f(xx)']).gradient_at('xy', {'xx': 1.0})\n"
        "print([m for m in ('sympy', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


@pytest.mark.parametrize(
    "given",
    [{"name": "g"}, {"forward": abs}, {"backward": abs}, {"kinks": "a"}],
    ids=lambda given: next(iter(given)),
)
def test_a_formula_is_a_whole_definition(given):
    with pytest.raises(OptionError, match="is a whole definition"):
        custom_op("whole(a) = a^2", **given)
    assert "whole" not in OPS
