"""The partial on every edge, three ways, and what each way refuses."""

import numpy as np
import pytest
from problems import (
    CANONICAL_AT,
    CANONICAL_PARTIALS,
    KINKED,
    PROBLEMS,
    problem,
    random_dag,
    relative,
    samples,
)

from cgprimer import edge_partials, parse_graph
from cgprimer.errors import DifferenceError, GraphError, OptionError, PointError
from cgprimer.graph.point import Point
from cgprimer.judge.differences.edges import differences
from cgprimer.judge.differences.finite import SCHEMES

EXACT = ("symbolic", "adjoint")


@pytest.mark.parametrize("method", [*EXACT, "finite"])
def test_canonical_partials(method: str):
    graph, at = problem("canonical")
    found = edge_partials(graph, at, method=method)
    assert list(found) == graph.arcs
    assert set(found) == set(CANONICAL_PARTIALS)
    close = 1e-14 if method in EXACT else 1e-8
    assert found == pytest.approx(CANONICAL_PARTIALS, rel=close, abs=1e-9)
    assert all(type(value) is float for value in found.values())


@pytest.mark.parametrize("key", PROBLEMS | KINKED)
def test_sympy_and_the_sweep_agree(key: str):
    graph, at = problem(key)
    symbolic, adjoint = (edge_partials(graph, at, method=m) for m in EXACT)
    assert list(symbolic) == list(adjoint) == graph.arcs
    for edge in symbolic:
        assert relative(symbolic[edge], adjoint[edge]) < 1e-12, edge


@pytest.mark.every(3)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("key", PROBLEMS)
def test_finite_differences_agree_within_their_bound(key: str, scheme: str):
    graph, at = problem(key)
    exact = edge_partials(graph, at, method="adjoint")
    found = differences(graph, Point.of(graph, at), scheme)
    values = edge_partials(graph, at, method="finite", scheme=scheme)
    for edge in exact:
        gap = abs(float(found[edge].value[0]) - exact[edge])
        assert gap <= 2 * float(found[edge].bound[0]) + 1e-15, edge
        assert values[edge] == pytest.approx(exact[edge], rel=1e-5, abs=1e-6), edge


@pytest.mark.parametrize("scheme", ["forward", "central", "five-point"])
@pytest.mark.parametrize("key", KINKED)
def test_finite_differences_work_beside_kinks(key: str, scheme: str):
    graph, at = problem(key)
    exact = edge_partials(graph, at, method="adjoint")
    found = edge_partials(graph, at, method="finite", scheme=scheme)
    assert found == pytest.approx(exact, rel=1e-6, abs=1e-6)


@pytest.mark.every(3)
@pytest.mark.parametrize("method", [*EXACT, "finite"])
@pytest.mark.parametrize("key", PROBLEMS)
def test_arrays_give_what_numbers_give(key: str, method: str):
    graph, at = problem(key)
    many = samples(at)
    if not any(isinstance(v, np.ndarray) for v in many.values()):
        return
    found = edge_partials(graph, many, method=method)
    assert all(column.shape == (5,) for column in found.values())
    for i in range(5):
        one = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in many.items()}
        single = edge_partials(graph, one, method=method)
        close = 1e-13 if method in EXACT else 1e-6
        row = {edge: float(column[i]) for edge, column in found.items()}
        assert row == pytest.approx(single, rel=close, abs=close / 10)


@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_agree_three_ways(seed: int):
    graph, at = random_dag(seed, 9)
    symbolic, adjoint = (edge_partials(graph, at, method=m) for m in EXACT)
    finite = edge_partials(graph, at, method="finite")
    assert symbolic == pytest.approx(adjoint, rel=1e-12, abs=1e-14)
    assert finite == pytest.approx(adjoint, rel=1e-7, abs=1e-8)


def test_a_step_may_be_given():
    graph = parse_graph(["xy=xa^2"])
    found = edge_partials(
        graph, {"xa": 3.0}, method="finite", scheme="forward", step=0.5
    )
    assert found == {("xy", "xa"): 6.5}


def test_constants_have_no_edges():
    graph, at = problem("constant")
    for method in (*EXACT, "finite"):
        assert edge_partials(graph, at, method=method) == {}


STABLE = [
    ("xy=ln(1 + exp(xa))", 800.0, 1.0), ("xy=ln(1 + exp(xa))", -800.0, 0.0),
    ("xy=softplus(xa)", 1000.0, 1.0), ("xy=softplus(xa)", -1000.0, 0.0),
    ("xy=sigmoid(xa)", 1000.0, 0.0), ("xy=sigmoid(xa)", -1000.0, 0.0),
    ("xy=tanh(xa)", 500.0, 0.0), ("xy=xa^2", 0.0, 0.0), ("xy=xa^  2", 0.0, 0.0),
    ("xy=xa^\t3", 0.0, 0.0), ("xy=xa ** 2", -0.5, -1.0), ("xy=xa^1", 0.0, 1.0),
    ("xy=abs(xa)", 0.0, 0.0), ("xy=relu(xa)", 0.0, 0.0), ("xy=xa*abs(xa)", 0.0, 0.0),
    ("xy=xlogy(xa, 2)", 0.0, 0.6931471805599453), ("xy=xa^0", 0.0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize("method", EXACT)
@pytest.mark.parametrize(("text", "at", "slope"), STABLE)
def test_slopes_where_a_naive_form_fails(
    text: str, at: float, slope: float, method: str
):
    found = edge_partials(parse_graph([text]), {"xa": at}, method=method)
    assert found["xy", "xa"] == pytest.approx(slope, rel=1e-14, abs=0)


NOT_ANALYTIC = ["abs", "sign", "relu", "step"]


@pytest.mark.parametrize("op", [*NOT_ANALYTIC, "min", "max"])
def test_the_complex_step_refuses_what_is_not_analytic(op: str):
    call = f"{op}(xa)" if op in NOT_ANALYTIC else f"{op}(xa, 2)"
    graph = parse_graph(["xz=xa^2", f"xy=3*{call}"])
    with pytest.raises(DifferenceError) as caught:
        edge_partials(graph, {"xa": 1.0}, method="finite", scheme="complex")
    assert str(caught.value) == (
        f"the complex step would be silently wrong for 'xy': {op} is not analytic\n"
        "  hint: use scheme='central' or 'ridders'"
    )


@pytest.mark.parametrize("step", [0, -1, float("nan"), 1e-300])
def test_steps_that_cannot_be(step: float):
    graph, at = problem("canonical")
    with pytest.raises(
        DifferenceError, match=r"not a positive number|lost in rounding"
    ):
        edge_partials(graph, at, method="finite", step=step)


def test_unknown_methods_and_schemes():
    graph, at = problem("canonical")
    with pytest.raises(OptionError) as caught:
        edge_partials(graph, at, method="symbolc")
    assert str(caught.value) == (
        "unknown method 'symbolc'\n  hint: did you mean 'symbolic'?"
    )
    with pytest.raises(DifferenceError, match="did you mean 'forward'"):
        edge_partials(graph, at, method="finite", scheme="foward")


def test_a_bad_point_is_refused_by_every_method():
    graph, _ = problem("canonical")
    for method in (*EXACT, "finite"):
        with pytest.raises(PointError, match="no value for the parameter cd"):
            edge_partials(
                graph,
                {k: v for k, v in CANONICAL_AT.items() if k != "cd"},
                method=method,
            )


def test_edges_at_the_edge_of_a_domain():
    graph = parse_graph(["xy=sqrt(xa)", "xz=log(xb)", "xw=arcsin(xc)"])
    at = {"xa": 1e-12, "xb": 1e-12, "xc": 1 - 1e-9}
    exact = edge_partials(graph, at, method="adjoint")
    found = edge_partials(graph, at, method="finite")
    assert found == pytest.approx(exact, rel=1e-4)


@pytest.mark.slow
def test_too_deep_for_sympy_is_left_to_our_own_rules():
    graph = parse_graph(["xy=" + "sin(" * 1_500 + "xa" + ")" * 1_500])
    found = edge_partials(graph, {"xa": 1.0})
    assert found.swept == {("xy", "xa")}
    assert found == edge_partials(graph, {"xa": 1.0}, method="adjoint")
    with pytest.raises(GraphError, match="nested too deeply for sympy"):
        graph.partial("xy", "xa")


ALIKE = ["{z} = tanh({p}*{x} + {q})*{x}", "{z} = sqrt({x}^2 + {p}) - {q}*abs({x} - 1)"]


@pytest.mark.every(3)
@pytest.mark.parametrize("scheme", ["forward", "central", "ridders"])
@pytest.mark.parametrize(("samples", "block"), [(None, 9), (3, 99), (3, 4), (3, 30)])
@pytest.mark.parametrize("form", ALIKE)
def test_equations_that_are_alike_are_taken_at_once(
    form, samples, block, scheme, monkeypatch
):
    """As one by one, to the last digit, however they are cut into blocks."""
    monkeypatch.setattr("cgprimer.judge.differences.edges.AT_ONCE", block)
    lines = [form.format(z=f"x{k}", x=f"x{k - 1}", p=f"p{k}", q="q") for k in (1, 2, 3)]
    graph = parse_graph(lines, outputs=["x3"])
    rng = np.random.default_rng(0)
    names = (*graph.inputs, *graph.parameters)
    at = {name: rng.uniform(0.5, 2, samples) for name in names}
    values = at | graph.evaluate(at)
    found = differences(graph, Point.of(graph, at), scheme)
    for line, node in zip(lines, graph.dependents, strict=True):
        alone = parse_graph([line])
        own = {n: values[n] for n in (*alone.inputs, *alone.parameters)}
        one = differences(alone, Point.of(alone, own), scheme)
        for edge in alone.arcs:
            assert edge[0] == node
            for part in ("value", "bound", "h", "left", "right"):
                ours, expected = (getattr(d[edge], part) for d in (found, one))
                assert np.array_equal(ours, expected, equal_nan=True), (edge, part)
