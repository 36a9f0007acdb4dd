"""Every stated bound holds, and is worth having: on published data, and in hard cases.

`python tests/bench_bounds.py` prints these figures for all schemes.
"""

import math
from collections.abc import Callable

import bench_bounds
import numpy as np
import pytest
from problems import CANONICAL, CANONICAL_AT, PROBLEMS, problem

from cgprimer import compare_partials, edge_partials, parse_graph
from cgprimer.cli import main
from cgprimer.errors import DifferenceError
from cgprimer.graph.point import Point
from cgprimer.judge.differences import disturb, probe, ridders
from cgprimer.judge.differences.edges import differences
from cgprimer.judge.differences.finite import (
    SCHEMES,
    difference,
    second_difference,
)
from cgprimer.judge.differences.schemes import SECOND, Told

EPSILON = float(np.finfo(float).eps)
REAL = [scheme for scheme in SCHEMES if scheme != "complex"]

# Published data.

slow = pytest.mark.slow

published = pytest.mark.skipif(
    bench_bounds.is_absent(), reason="the published data sets are not there"
)


@published
@slow
@pytest.mark.parametrize("scheme", ["central", "ridders"])
def test_every_error_lies_within_its_bound_and_bounds_are_near(scheme: str):
    problems = bench_bounds.formulas() + bench_bounds.adbench()
    found = bench_bounds.figures(scheme, problems)
    assert found.cases == 2075
    assert found.outside == []
    assert 1 < found.median <= 100
    assert found.tightest > 1.5
    assert found.unbounded <= 0.01 * found.cases


@pytest.mark.every(4)
@published
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_keeps_its_bound(scheme: str):
    """On a part of the data: the command takes all of it."""
    found = bench_bounds.figures(scheme, bench_bounds.formulas()[::5])
    assert found.outside == []
    assert 1 < found.median <= 100


def test_the_figures_see_a_bound_that_is_too_small():
    graph = parse_graph(["out_ = xa^3"])
    known = {("out_", "xa"): [12.0]}
    case = bench_bounds.Problem("cube", graph, {"xa": np.array([2.0])}, known)

    def boastful(problem, scheme):
        [found] = bench_bounds.taken(problem, scheme).values()
        return {("out_", "xa"): difference_of(found.value + 1e-6, found.bound)}

    def difference_of(value, bound):
        zero = 0 * value
        return type(difference(np.sin, value))(value, bound, zero, zero, zero, zero)

    assert bench_bounds.figures("central", [case]).outside == []
    assert len(bench_bounds.figures("central", [case], boastful).outside) == 1


# Functions known by their values only.

HARD: dict[str, tuple[Callable, float, float]] = {
    "√x at 2e-6": (np.sqrt, 2e-6, 0.5 / math.sqrt(2e-6)),
    "√x at 2e-6, plain Python": (math.sqrt, 2e-6, 0.5 / math.sqrt(2e-6)),
    "ln x at 1e-8": (np.log, 1e-8, 1e8),
    "ln x at 1e-300": (np.log, 1e-300, 1e300),
    "x² at 1e9": (np.square, 1e9, 2e9),
    "sin x at 1e9": (np.sin, 1e9, math.cos(1e9)),
    "|x| beside its kink": (np.abs, 1e-7, 1.0),
    "|x| on its other side": (np.abs, -3e-9, -1.0),
    "|x - 1e9| beside its kink": (lambda x: np.abs(x - 1e9), 1e9 + 1e-3, 1.0),
    "relu(x - 1) beside its kink": (lambda x: np.maximum(x - 1, 0), 1 + 1e-9, 1.0),
    "exp(1e6·x) at 0": (lambda x: np.exp(1e6 * x), 0.0, 1e6),
    "1 + x² at 1e-8": (lambda x: 1 + x * x, 1e-8, 2e-8),
    "(x - 1)⁷ written out": (
        lambda x: x**7 - 7*x**6 + 21*x**5 - 35*x**4 + 35*x**3 - 21*x**2 + 7*x - 1,
        1.001, 7e-18,
    ),
    "x + 10⁸ - 10⁸": (lambda x: (1e8 + x) - 1e8, 1.0, 1.0),
    "x^1.5 at the edge": (lambda x: x**1.5, 0.0, 0.0),
    "a constant": (lambda x: 3.0, 2.0, 0.0),
}  # fmt: skip
VAGUE = {"x + 10⁸ - 10⁸"}


@pytest.mark.parametrize("scheme", REAL)
@pytest.mark.parametrize("key", HARD)
def test_bounds_hold_where_it_is_hard(key: str, scheme: str):
    f, x, slope = HARD[key]
    found = difference(f, np.float64(x), scheme)
    value, bound = float(found.value), float(found.bound)
    assert abs(value - slope) <= bound
    if scheme != "forward" and key not in VAGUE:
        assert bound <= 1e-3 * max(1, abs(slope))
        assert not found.kink


@pytest.mark.parametrize("key", HARD)
def test_ridders_is_among_the_most_accurate(key: str):
    f, x, _ = HARD[key]
    of = {s: float(difference(f, np.float64(x), s).bound) for s in REAL}
    if "beside" not in key:  # of a line, every difference is exact
        assert of["ridders"] <= 20 * min(of.values())
    assert of["ridders"] <= 3 * of["central"]


def test_ridders_reaches_the_accuracy_that_its_author_states():
    found = difference(lambda x: np.exp(x) * np.sin(x), np.float64(1.0), "ridders")
    slope = math.e * (math.sin(1) + math.cos(1))
    assert abs(float(found.value) - slope) <= 3e-15 * slope
    assert float(found.bound) <= 1e-12 * slope


def test_extrapolation_needs_its_columns(monkeypatch):
    """Without them Ridders' method is a central difference at too long a step."""
    x = np.float64(1.0)
    monkeypatch.setattr(ridders, "WORSE", 0.0)  # done after the second row
    stopped = difference(np.exp, x, "ridders", 0.1)
    monkeypatch.undo()
    whole = difference(np.exp, x, "ridders", 0.1)
    assert float(whole.bound) < 1e-12 < 1e-7 < float(stopped.bound)


@pytest.mark.parametrize("scheme", REAL)
def test_a_step_that_is_asked_for_has_an_honest_bound(scheme: str):
    """Also where it reaches over a kink that the difference itself cannot see."""
    for f, x, slope, step in (
        (np.abs, 1e-7, 1.0, 1e-6),
        (np.exp, 1.0, math.e, 1e-3),
        (np.exp, 1.0, math.e, 1e-12),
        (np.sqrt, 2e-6, 0.5 / math.sqrt(2e-6), 1e-6),
    ):
        found = difference(f, np.float64(x), scheme, step)
        assert abs(float(found.value) - slope) <= float(found.bound), (f, step)


def test_a_typical_size_moves_the_first_length():
    x = np.zeros(1)
    usual = difference(np.exp, x, "central").h
    small = difference(lambda x: np.exp(1e9 * x), x, "central", typical=1e-9)
    assert 1e-16 < float(small.h[0]) < 1e-12 < 1e-7 < float(usual[0])
    assert abs(float(small.value[0]) - 1e9) <= float(small.bound[0]) < 1.0


# Kinks.

KINKS: list[tuple[str, Callable, float, float, float]] = [
    ("relu", lambda x: np.maximum(x, 0), 0.0, 0.0, 1.0),
    ("abs", np.abs, 0.0, -1.0, 1.0),
    ("abs(x) + sin(x)", lambda x: np.abs(x) + np.sin(x), 0.0, 0.0, 2.0),
    ("abs(x - 1e9)", lambda x: np.abs(x - 1e9), 1e9, -1.0, 1.0),
    ("1e-6·abs(x) + x", lambda x: 1e-6 * np.abs(x) + x, 0.0, 1 - 1e-6, 1 + 1e-6),
    ("max(x, x²) at 1", lambda x: np.maximum(x, x * x), 1.0, 1.0, 2.0),
]


@pytest.mark.parametrize("scheme", REAL)
@pytest.mark.parametrize(("name", "f", "x", "left", "right"), KINKS)
def test_a_kink_has_two_slopes_and_a_bound_that_spans_them(
    name: str, f: Callable, x: float, left: float, right: float, scheme: str
):
    found = difference(f, np.array([x]), scheme)
    assert found.kink.tolist() == [True]
    assert float(found.left[0]) == pytest.approx(left, rel=1e-4, abs=1e-4)
    assert float(found.right[0]) == pytest.approx(right, rel=1e-4, abs=1e-4)
    for slope in (left, right):
        assert abs(float(found.value[0]) - slope) <= float(found.bound[0])


@pytest.mark.parametrize("scheme", REAL)
def test_smooth_functions_have_no_kinks(scheme: str):
    x = np.concatenate([np.linspace(-3, 3, 61), [1e-9, -1e-300, 1e6, 1e9]])
    for f in (np.sin, np.arctan, lambda x: x * np.abs(x), lambda x: np.exp(-x * x)):
        found = difference(f, x, scheme)
        assert not found.kink.any()
        assert (found.left == found.right).all()


LENGTHS = [  # f changes on a length between |x| and 1: a bound that is as near as this
    ("sin", np.sin, 50.0, np.cos(50.0), "ridders", 1e-12),
    ("sin", np.sin, 50.0, np.cos(50.0), "central", 1e-9),
    ("sin", np.sin, 50.0, np.cos(50.0), "five-point", 1e-11),
    ("exp", lambda x: np.exp(-x), 30.0, -np.exp(-30.0), "five-point", 1e-24),
    ("long", lambda x: np.sin(x / 300), 1e5, np.cos(1e5 / 300) / 300, "ridders", 1e-12),
    ("long", lambda x: np.sin(x / 300), 1e5, np.cos(1e5 / 300) / 300, "central", 1e-9),
]


@pytest.mark.parametrize(("name", "f", "x", "slope", "scheme", "widest"), LENGTHS)
def test_lengths_between_x_and_one_are_tried(
    name: str, f: Callable, x: float, slope: float, scheme: str, widest: float
):
    found = difference(f, np.array([x]), scheme)
    assert abs(found.value[0] - slope) <= found.bound[0] < widest


LOST = [  # exp(x) loses most of its digits to c; over short steps it stands still
    ("central", 1e9), ("central", 10**9.5), ("central", 1e10), ("five-point", 1e11),
    ("five-point", 10**11.5), ("five-point", 1e12), ("ridders", 1e13),
    ("ridders", 10**13.5),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "c"), LOST)
def test_where_f_stands_still_by_rounding_a_slope_of_zero_is_not_sure(
    scheme: str, c: float
):
    found = difference(lambda x: np.exp(x) + c - c, np.array([1.0]), scheme)
    assert abs(found.value[0] - np.e) <= found.bound[0]


@pytest.mark.parametrize("f", [np.sign, lambda x: np.sqrt(np.abs(x)), np.cbrt])
def test_a_jump_or_a_cusp_has_no_slope(f: Callable):
    for scheme in REAL:
        found = difference(f, np.zeros(1), scheme)
        value, bound = float(found.value[0]), float(found.bound[0])
        assert bound > max(1, 0.5 * abs(value))


@pytest.mark.parametrize("scheme", REAL)
def test_a_slope_without_end_has_no_bound(scheme: str):
    found = difference(lambda x: np.sqrt(1 - x), np.array([1.0]), scheme)
    assert np.isinf(found.bound).all()


# Second derivatives.

TWICE: list[tuple[str, Callable, float, float]] = [
    ("exp", np.exp, 1.0, math.e),
    ("sin at 1e-8", np.sin, 1e-8, -1e-8),
    ("log at 1e-8", np.log, 1e-8, -1e16),
    ("sqrt at 2e-6", np.sqrt, 2e-6, -0.25 * 2e-6**-1.5),
    ("x^2.5 at the edge", lambda x: x**2.5, 0.0, 0.0),
    ("a line", lambda x: 3 * x + 1, 5.0, 0.0),
    ("x² at 1e9", np.square, 1e9, 2.0),
]


@pytest.mark.parametrize("scheme", SECOND)
@pytest.mark.parametrize(("name", "f", "x", "curvature"), TWICE)
def test_second_differences_keep_their_bound(
    name: str, f: Callable, x: float, curvature: float, scheme: str
):
    found = second_difference(f, np.array([x]), scheme=scheme)
    assert abs(float(found.value[0]) - curvature) <= float(found.bound[0])
    assert float(found.bound[0]) <= 1e-4 * max(1, abs(curvature))


def test_second_differences_see_where_the_curvature_jumps():
    found = second_difference(lambda x: x * np.abs(x), np.zeros(1))
    assert found.kink.all()
    assert float(found.left[0]) == pytest.approx(-2)
    assert float(found.right[0]) == pytest.approx(2)


@pytest.mark.every(8)
@published
@pytest.mark.parametrize("scheme", ["ridders", pytest.param("three-point", marks=slow)])
def test_second_differences_keep_their_bound_on_published_data(scheme: str):
    some = bench_bounds.curvatures()[::20]
    found = bench_bounds.figures(scheme, some, bench_bounds.taken_twice)
    assert found.outside == []
    assert 1 < found.median <= 100


# What rounding does to f.


def test_probing_finds_the_noise_that_is_there():
    """Noise of a known size, and none where the function is exact."""
    rng = np.random.default_rng(0)
    x = np.full(50, 1.0)
    for size in (1e-12, 1e-9, 1e-6):
        found, _ = probe.noise(
            lambda at, s=size: np.sin(at) + rng.uniform(-s, s, at.shape), x, x
        )
        assert (found > size).all()
        assert np.median(found) < 30 * size
    found, flat = probe.noise(lambda at: 2 * at, np.array([1.0]), np.array([1.0]))
    assert float(found[0]) < 1e-14
    assert not flat
    assert probe.noise(lambda at: 0 * at, np.array([1.0]), np.array([1.0]))[1]


CANCELS = {
    "xy = (10^8 + xa) - 10^8": ({"xa": 1.0}, 1.0),
    "xy = (10^8 + xa)^2 - 10^16": ({"xa": 1e-8}, 2e8),
    "xy = 1 - cos(xa)": ({"xa": 1e-6}, math.sin(1e-6)),
    "xy = (xa*cos(xa) - sin(xa))/xa^2": ({"xa": 1e-4}, -1 / 3 + 1e-9),
    "xy = (sqrt(xa^2)^3 + xa + 10^4) - 10^4": ({"xa": 0.0}, 1.0),  # nan terms there
    "xy = exp(100*xa)": ({"xa": 1.0}, 100 * math.exp(100)),
}


@pytest.mark.parametrize("scheme", REAL)
@pytest.mark.parametrize("text", CANCELS)
def test_edges_know_what_cancels_on_the_way(text: str, scheme: str):
    at, slope = CANCELS[text]
    graph = parse_graph([text])
    found = differences(graph, Point.of(graph, at), scheme)["xy", "xa"]
    assert abs(float(found.value[0]) - slope) <= float(found.bound[0])
    if scheme == "ridders":
        assert float(found.bound[0]) <= 1e-5 * abs(slope)


@pytest.mark.parametrize("side", [-1, 1])
def test_what_is_told_of_rounding_counts_to_both_sides(side: int):
    told = Told(lambda at: np.where(side * at > 0, 1e-3, 0.0))
    found = difference(np.sin, np.zeros(1), "central", 1e-2, told)
    assert 0.05 < float(found.rounding[0]) < 0.2  # 1e-3/√2 over the step


def test_disturbed_kernels_are_off_by_what_they_say():
    graph = parse_graph(["xy = exp(99.9*xa)"])
    [group] = graph.program().groups
    slots = [np.array([99.9]), np.array([1.1])]
    exact = float(group.shape.forward(*slots)[0][0])
    off = []
    for run in disturb.RUNS:
        [value] = disturb.disturbed_kernel(group.shape, run)(*slots)
        off.append(float(value[0]) / exact - 1)
    assert 100 * disturb.D < max(map(abs, off)) < 500 * disturb.D
    assert len(set(off)) > 1


def test_the_complex_step_is_refused_where_it_would_be_wrong():
    for f in (np.abs, lambda x: np.real(x) ** 2, lambda x: np.sin(x) * np.real(x)):
        with pytest.raises(DifferenceError, match="the function is not analytic"):
            difference(f, np.array([0.7]), "complex")
    with pytest.raises(DifferenceError, match="the complex step cannot be taken"):
        difference(np.cbrt, np.array([0.7]), "complex")
    found = difference(np.exp, np.array([0.7]), "complex")
    assert abs(float(found.value[0]) - math.exp(0.7)) <= float(found.bound[0]) < 1e-13


def test_a_function_that_is_not_elementwise_is_refused():
    with pytest.raises(DifferenceError, match="f must keep the shape"):
        difference(lambda x: np.append(x, 0), np.ones(3))
    with pytest.raises(ZeroDivisionError):
        difference(lambda x: 1 / 0, np.ones(3))


# Whole graphs.


@pytest.mark.every(6)
@pytest.mark.parametrize("scheme", REAL)
@pytest.mark.parametrize("key", PROBLEMS)
def test_differences_of_whole_graphs_meet_the_reverse_sweep(key: str, scheme: str):
    graph, at = problem(key)
    for output in graph.outputs if at else ():
        exact = graph.gradient_at(output, at)
        found = bench_bounds.taken_whole(graph, output, Point.of(graph, at), scheme)
        assert {name for name in exact if exact[name]} <= found.keys()
        for name, result in found.items():
            gap = abs(float(result.value[0]) - exact[name])
            assert gap <= float(result.bound[0]) + 1e-14 * abs(exact[name]), name


def test_differences_of_whole_graphs_at_samples():
    graph = parse_graph(CANONICAL)
    at = CANONICAL_AT | {"xa": np.array([0.5, -1.0, 2.0])}
    exact = graph.gradient_at("xw", at)
    point = Point.of(graph, at)
    found = bench_bounds.taken_whole(graph, "xw", point, "ridders")
    for name, result in found.items():
        assert result.value.shape == (3,)
        assert (np.abs(result.value - exact[name]) <= result.bound).all()
        assert (result.bound <= 1e-9 * (1 + np.abs(exact[name]))).all()


# Where users meet it.


def test_ridders_through_the_public_interface(capsys):
    graph = parse_graph(CANONICAL)
    exact = edge_partials(graph, CANONICAL_AT, method="adjoint")
    found = edge_partials(graph, CANONICAL_AT, method="finite", scheme="ridders")
    assert found == pytest.approx(exact, rel=1e-12)
    report = compare_partials(graph, CANONICAL_AT, scheme="ridders")
    assert report.ok
    assert max(row.bound for row in report.rows) < 1e-10
    at = [f"{name}={value}" for name, value in CANONICAL_AT.items()]
    assert main(["partials", *CANONICAL, "--scheme", "ridders", "--at", *at]) == 0
    assert "11 PASS" in capsys.readouterr().out


def test_typical_sizes_are_given_by_name():
    graph = parse_graph(["xy = sin(10^9*xa) + xb"])
    point = Point.of(graph, {"xa": 0.0, "xb": 0.0})
    found = differences(graph, point, typical={"xa": 1e-9})
    assert float(found["xy", "xa"].h[0]) < 1e-12 < float(found["xy", "xb"].h[0])
    for typical in ({"xq": 1.0}, {"xa": 0.0}, {"xa": -1.0}):
        with pytest.raises(DifferenceError, match="typical"):
            differences(graph, point, typical=typical)
