"""The ways of running a graph, held against numpy and against each other.

The first tables iterate over `TABLE`, so a new operation is tested by being there. At
special points predictions are compared number by number. Derivatives there are only
held to be finite or not, one factor each, and not at all at subnormals: a rule such as
y' = a·(1/b) becomes a/b in compiled reverse code, which does not overflow where 1/b
does. Losses and sums are left out there: what is nan in one sample is nan in the sum.
"""

import copy
import functools
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import product
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np
import pytest
from verified import (
    check_layout,
    check_records,
    check_tape,
    check_text,
    check_workspace,
    everything_checked,
    unpack,
)
from written_out import WRITTEN_OUT

from cgprimer import custom_op, edge_partials, huber, parse_graph
from cgprimer.errors import FitError, NonFiniteWarning, OptionError, PointError
from cgprimer.expr.node import Node
from cgprimer.expr.ops import TABLE, Op, const, name
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of
from cgprimer.run.by_numpy import ByNumpy
from cgprimer.run.explanation import Explanation
from cgprimer.run.llvm import jit
from cgprimer.run.llvm.fused import Fused
from cgprimer.run.llvm.layout import DenseLayer
from cgprimer.run.llvm.whole import ExpandedGraph
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Problem, Runner, Steps
from cgprimer.run.update_rule import UpdateRule

pytest.importorskip("llvmlite", reason="llvmlite is not installed: no compiled code")

from cgprimer.run.llvm.by_shape import ByShape
from cgprimer.run.llvm.driver_writer import DriverRecord
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.group_writer import GroupRecord, WorkRecord
from cgprimer.run.llvm.lanes import NumberType
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.records import Int, Number, Pointer, kinds_of, pack
from cgprimer.run.llvm.tape import CODED, Move, Tape, TapeRecord

CLOSE = 1e-12
CALLED = [op for op in TABLE if op.arity]
ULPS = {"pow": 32}
OF_TWO_ZEROS = set() if platform.machine() == "x86_64" else {"min", "max", "relu"}
"""Where numpy itself picks either of 0.0 and -0.0, by what the processor has."""
COPIES = 9  # equations of one shape: one whole vector of them and a rest
SPECIAL = (
    nan, inf, -inf, 0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1e308, 1e200, -1e200, 1.0,
    -1.0,
)  # fmt: skip
PLAIN = UpdateRule(("rate",), (), "p - rate*g")
MOMENTUM = UpdateRule(("rate", "keep"), (("v", "keep*v + g"),), "p - rate*(g + keep*v)")


@pytest.fixture(autouse=True, scope="module")
def checker() -> Iterator[None]:
    """Whatever these tests have laid out and compiled is well-formed."""
    with everything_checked():
        yield


class Taped(ByShape):
    """Every shape by the interpreter."""

    def _worth(self, kind: Any) -> bool:
        return False


class Compiled(ByShape):
    """No shape by the interpreter."""

    def _worth(self, kind: Any) -> bool:
        return True


def fused(problem: Problem) -> Fused:
    return Fused(problem, ExpandedGraph(problem.sweeps.table, problem.sweeps.equations))


RUNNERS: dict[str, Callable[[Problem], Runner]] = {
    "fused": fused,
    "by shape": ByShape,
    "compiled": Compiled,
    "taped": Taped,
}


def problem_of(
    graph: Graph, count: int, seed: int = 0, targets: int = 3, **how: Any
) -> Problem:
    """Random data for the last few variables of a graph."""
    rng = np.random.default_rng(seed)
    inputs = {name: rng.uniform(-1, 1, count) for name in graph.inputs}
    wanted = {name: rng.uniform(0, 1, count) for name in graph.dependents[-targets:]}
    compiled = graph.compile(target="numpy")
    return compiled.objective(inputs, wanted, **how).problem


def start(problem: Problem, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, len(problem.parameters))


def assert_close(found: Any, expected: Any, what: str) -> None:
    expected = np.asarray(expected)
    floor = CLOSE * np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=floor, err_msg=what)


def assert_agree(runner: Runner, problem: Problem, params: np.ndarray) -> None:
    """Loss, gradient, predictions and Jacobians are those of numpy."""
    expected, everything = ByNumpy(problem), slice(0, problem.count)
    for rows in (None, np.arange(problem.count)[::-2].copy()):
        loss, gradient = runner.value_and_gradient(params, rows)
        loss_, gradient_ = expected.value_and_gradient(params, rows)
        assert_close(loss, loss_, "loss")
        assert_close(gradient, gradient_, "gradient")
    assert_close(
        runner.predictions(params), expected.predictions(params), "predictions"
    )
    for target in range(len(problem.rows)):
        found = runner.jacobian(params, target, everything)
        wanted = expected.jacobian(params, target, everything)
        assert_close(found, wanted, f"Jacobian of target {target}")


# Operations


def graph_of_op(op: Op, copies: int = COPIES) -> Graph:
    """xo0 = op(p0·xa, q0·xb), xo1 = …, as many equations of one shape."""
    bodies = {}
    for k in range(copies):
        factors = [(f"p{k}", "xa"), (f"q{k}", "xb")][: op.arity]
        bodies[f"xo{k}"] = op(*(multiplied(name(p), name(x)) for p, x in factors))
    known = ["xa", "xb"][: op.arity]
    names = [f"{letter}{k}" for k in range(copies) for letter in "pq"]
    return graph_of(bodies, list(bodies), names, known)


def multiplied(a: Node, b: Node) -> Node:
    [mul] = [op for op in TABLE if op.name == "mul"]
    return mul(a, b)


def op_problem(op: Op, points: np.ndarray, copies: int = COPIES) -> Problem:
    """Data for all variables of `graph_of_op`; points : (arity, n)."""
    graph = graph_of_op(op, copies)
    inputs = dict(zip(graph.inputs, points, strict=True))
    targets = {name: np.full(points.shape[1], 0.3) for name in graph.dependents}
    return graph.compile(target="numpy").objective(inputs, targets).problem


def ordinary(op: Op, count: int = 5) -> np.ndarray:
    """Points inside the domain; with a kink, the other side of it as well."""
    parts = (np.arange(count) + 0.437) / count
    axes = [low + (high - low) * parts for low, high in op.domain]
    inside = np.array(list(product(*axes))).T
    return np.hstack([inside, -inside]) if op.kinks else inside


def special(op: Op, points: Sequence[float] = SPECIAL) -> np.ndarray:
    return np.array(list(product(points, repeat=op.arity))).T


def assert_same(
    found: Any, expected: Any, ulps: int, points: np.ndarray, signs: bool = True
) -> None:
    """The same nan, infinities and zeros with their signs; a few ulp elsewhere."""
    with np.errstate(all="ignore"):
        exact = np.isnan(expected) | np.isinf(expected) | (expected == 0)
        gap = np.abs(found - expected) / np.spacing(np.abs(expected))
    same = found == expected
    same &= (np.signbit(found) == np.signbit(expected)) | (not signs)
    same |= np.isnan(found) & np.isnan(expected)
    good = np.where(exact, same, gap <= ulps)
    bad = np.argwhere(~good)
    assert not len(bad), "\n".join(
        f"at {points[:, j].tolist()}: {found[i, j]!r}, should be {expected[i, j]!r}"
        for i, j in bad[:5]
    )


TIERS = [(op, tier) for op in CALLED for tier in ("fused", "compiled", "taped")]
BY_OP = pytest.mark.parametrize(
    ("op", "tier"), TIERS, ids=[f"{op.name}-{tier}" for op, tier in TIERS]
)


@pytest.mark.every(3)
@BY_OP
def test_an_op_at_ordinary_points(op: Op, tier: str):
    for copies in (1, COPIES):
        if (tier, copies) == ("fused", COPIES):
            continue
        problem = op_problem(op, ordinary(op), copies)
        params = np.linspace(0.91, 0.99, len(problem.parameters))
        runner = RUNNERS[tier](problem)
        assert_agree(runner, problem, params)
        one = np.array([1])  # the lanes of one sample are equations
        found = runner.value_and_gradient(params, one)
        expected = ByNumpy(problem).value_and_gradient(params, one)
        for a, b in zip(found, expected, strict=True):
            assert_close(a, b, "one sample")


@pytest.mark.every(2)
@BY_OP
def test_an_op_at_special_points(op: Op, tier: str):
    points = special(op)
    copies = 1 if tier == "fused" else COPIES
    problem = op_problem(op, points, copies)
    params = np.ones(len(problem.parameters))
    with np.errstate(all="ignore"):
        expected = ByNumpy(problem).predictions(params)
    runner = RUNNERS[tier](problem)
    ulps, signs = ULPS.get(op.name, 8), op.name not in OF_TWO_ZEROS
    assert_same(runner.predictions(params), expected, ulps, points, signs)
    if isinstance(runner, ByShape):  # … and as a single sample, equations in lanes
        for j in range(points.shape[1]):
            runner.value_and_gradient(params, np.array([j]))
            values = runner._buffers(True).values[runner.layout.row[problem.rows]]
            here = slice(j, j + 1)
            assert_same(values, expected[:, here], ulps, points[:, here], signs)


@BY_OP
def test_slopes_of_an_op_at_special_points_are_of_the_same_kind(op: Op, tier: str):
    points = special(op, [x for x in SPECIAL if x == 0 or not abs(x) < 1e-300])
    problem = op_problem(op, points, 1)
    params = np.ones(len(problem.parameters))
    whole = slice(0, problem.count)
    with np.errstate(all="ignore"):
        expected = np.isfinite(ByNumpy(problem).jacobian(params, 0, whole))
    found = np.isfinite(RUNNERS[tier](problem).jacobian(params, 0, whole))
    bad = np.flatnonzero((found != expected).any(axis=1))
    assert not len(bad), points[:, bad].T[:5].tolist()


EXPONENTS = [-9, -8, -3, -2, -1, 0, 1, 2, 3, 5, 7, 8, 9, -0.5, 0.25, 2.5]
"""Not 0.5: numpy takes a root there, so that its (-inf)^0.5 is nan and not inf."""


@pytest.mark.parametrize("tier", RUNNERS)
def test_powers_by_numbers(tier: str):
    """Small whole powers are multiplied out."""
    [power] = [op for op in TABLE if op.name == "pow"]
    points = np.array([[*SPECIAL, 1.7, -1.7, 1e-30, -1e30, 1e-160, 3e100]])
    bodies = {
        f"xo{k}": power(multiplied(name("p"), name("xa")), const(float(n)))
        for k, n in enumerate(EXPONENTS)
    }
    graph = graph_of(bodies, list(bodies), ["p"], ["xa"])
    data = dict.fromkeys(bodies, np.zeros(points.shape[1]))
    problem = graph.compile().objective({"xa": points[0]}, data).problem
    with np.errstate(all="ignore"):
        expected = ByNumpy(problem).predictions(np.ones(1))
    found = RUNNERS[tier](problem).predictions(np.ones(1))
    assert_same(found, expected, 32, points)


# Graphs

FORMS = (
    "p*a + q*sin(b)", "p*a*b + q", "sin(p*a + q*b)", "p*a^2 + q*b^3",
    "p*tanh(a) + q*b", "p*sin(a) + q*sin(b)", "(p + q*a)*b", "p*a/(2 + b^2) + q",
)  # fmt: skip


def filled(form: str, **parts: str) -> str:
    return "".join(parts.get(c, c) if alone(form, i) else c for i, c in enumerate(form))


def alone(form: str, i: int) -> bool:
    """Whether a letter is a name of its own and no part of another."""
    around = form[max(0, i - 1) : i] + form[i + 1 : i + 2]
    return not any(c.isalpha() for c in around)


def distinct(k: int, a: str, b: str) -> str:
    """A body that differs in shape from that of every other k."""
    body, n = a, k + 1
    while n:
        form = FORMS[n % len(FORMS)]
        body = f"({filled(form, p=f'p{k}', q=f'q{k}', a=body, b=b)})"
        n //= len(FORMS)
    return f"tanh({body})"


def texts(kind: str, size: int, inputs: int = 4, seed: int = 0) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    names = [f"xi{i}" for i in range(inputs)]
    for k in range(size):
        reach = 4 if kind == "chain" else len(names)
        a, b = (names[-1 - int(i)] for i in rng.integers(0, reach, 2))
        if kind == "distinct":
            yield f"x{k} = {distinct(k, a, b)}"
        else:
            yield f"x{k} = tanh(p{k}*{a} + q{k}*sin({b}) + {a}*{b}^2)"
        names.append(f"x{k}")


def layered(*sizes: int, seed: int | None = None) -> list[str]:
    """A network of scalar equations; with a seed, terms in any order."""
    rng = np.random.default_rng(seed)
    found, before = [], [f"xi{i}" for i in range(sizes[0])]
    for depth, size in enumerate(sizes[1:], 1):
        own = [f"xh{depth}n{j}" for j in range(size)]
        order = rng.permutation(len(before)) if seed is not None else range(len(before))
        for j, node in enumerate(own):
            terms = [f"w{depth}r{j}c{i}*{before[i]}" for i in order]
            total = " + ".join([*terms, f"b{depth}r{j}"])
            last = depth == len(sizes) - 1
            found.append(f"{node} = {total if last else f'tanh({total})'}")
        before = own
        if seed is not None:
            rng.shuffle(found)
    return found


@functools.cache
def a_graph(kind: str, size: int) -> Graph:
    if kind == "network":
        wide = {3: (2, 2, 1), 60: (10, 24, 20, 16), 300: (9, 150, 130, 20)}[size]
        return parse_graph(layered(*wide))
    return parse_graph(list(texts(kind, size)))


KINDS, SIZES, COUNTS = (
    ("random", "chain", "distinct", "network"),
    (3, 60, 300),
    (1, 2, 7, 8, 9, 64, 1000),
)
GRAPHS = [
    (tier, kind, size)
    for kind, size in product(KINDS, SIZES)
    for tier in ("fused", "by shape", "taped", "compiled")
    if not (tier == "fused" and size > 3 and kind in ("distinct", "network"))
    and not (tier == "fused" and size > 60)
    and not (tier == "compiled" and size > 60)
]


@pytest.mark.every(10)
@pytest.mark.parametrize(("tier", "kind", "size"), GRAPHS)
def test_a_graph_gives_what_numpy_gives(tier: str, kind: str, size: int):
    graph = a_graph(kind, size)
    for count in COUNTS if size < 300 else (1, 9, 200):
        problem = problem_of(graph, count, targets=2)
        runner, params = RUNNERS[tier](problem), start(problem)
        if count < 64 or size == 3:
            assert_agree(runner, problem, params)
        else:
            loss, gradient = runner.value_and_gradient(params)
            loss_, gradient_ = ByNumpy(problem).value_and_gradient(params)
            assert_close(loss, loss_, "loss")
            assert_close(gradient, gradient_, "gradient")


def orders(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        "as they come": np.arange(count),
        "shuffled": rng.permutation(count),
        "shorter": rng.permutation(count)[: count // 2 + 1],
        "repeated": rng.integers(0, count, count + 5),
        "none": np.arange(0),
    }


@pytest.mark.every(5)
@pytest.mark.parametrize("tier", RUNNERS)
@pytest.mark.parametrize(
    ("kind", "size"), [("random", 3), ("chain", 20), ("network", 60)]
)
def test_an_epoch_steps_as_numpy_does(tier: str, kind: str, size: int):
    if (tier, kind) == ("fused", "network"):
        pytest.skip("no program makes one function of so much")
    problem = problem_of(a_graph(kind, size), 19)
    runner, expected = RUNNERS[tier](problem), ByNumpy(problem)
    for rule, batch, (title, order) in product(
        (PLAIN, MOMENTUM), (1, 3, 8, 64), orders(19).items()
    ):
        steps = -(-len(order) // batch)
        whole = np.array([[0.02, 0.5][: len(rule.settings)]])
        each = whole * np.linspace(1, 0.5, steps)[:, None]
        for settings in (whole, each) if title == "shuffled" else (each,):
            states = np.zeros((2, 1 + len(rule.memory), len(problem.parameters)))
            states[:, 0] = start(problem)
            for epoch in (1, 2):  # the second begins with what the first remembers
                losses, losses_ = (
                    each.epoch(state, Steps(rule, settings, order, batch)).copy()
                    for each, state in zip((runner, expected), states, strict=True)
                )
                what = f"epoch {epoch}, batches of {batch}, {title}"
                assert_close(losses, losses_, f"losses, {what}")
                assert_close(*states, f"state, {what}")


# Losses

CROSSED = Loss("fourth", lambda p, t: (p - t) ** 4, lambda p, t: 4 * (p - t) ** 3)
LOSS_KINDS: list[str | Loss] = ["mse", "mae", "huber", huber(0.1), "cross-entropy"]
LAYOUTS = [(w, s) for w in (False, True) for s in (False, True)]


def by_loss(
    loss: str | Loss, weighted: bool, scaled: bool, count: int = 21
) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    found: dict[str, Any] = {"loss": loss}
    if weighted:
        found["weights"] = rng.uniform(0, 2, count)
    if scaled:
        found["sigma"] = {f"x{k}": rng.uniform(0.5, 2, count) for k in (1, 2)}
    return found


@functools.cache
def classifier() -> Graph:
    return parse_graph(
        [
            "x0 = tanh(a*xi + b)",
            "x1 = sigmoid(c*x0 + a)",
            "x2 = sigmoid(x1*d - x0)",
        ]
    )


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "loss", LOSS_KINDS, ids=lambda loss: getattr(loss, "name", loss)
)
@pytest.mark.parametrize(("weighted", "scaled"), LAYOUTS)
def test_a_loss_is_the_same_everywhere(loss: Any, weighted: bool, scaled: bool):
    how = by_loss(loss, weighted, scaled)
    if loss == "cross-entropy" and scaled:
        with pytest.raises(FitError, match="sigma"):
            problem_of(classifier(), 21, targets=2, **how)
        return
    problem = problem_of(classifier(), 21, targets=2, **how)
    for make in RUNNERS.values():
        assert_agree(make(problem), problem, start(problem))


@pytest.mark.parametrize(("weighted", "scaled"), LAYOUTS)
def test_residuals_make_up_the_squared_error(weighted: bool, scaled: bool):
    how = by_loss("mse", weighted, scaled)
    inputs = {"xi": np.linspace(-1, 1, 21)}
    wanted = {"x1": np.linspace(0, 1, 21), "x2": np.cos(inputs["xi"])}
    at = np.array([0.3, -0.4, 0.8, 0.5])
    found = []
    for target in ("numpy", "auto"):
        objective = classifier().compile(target=target).objective(inputs, wanted, **how)
        r, jacobian = objective.residuals(at), objective.jacobian(at)
        loss, gradient = objective.value_and_gradient(at)
        assert objective.value(at) == loss
        assert_close(loss, r @ r / 21, "loss from residuals")
        assert_close(gradient, 2 * jacobian.T @ r / 21, "gradient from residuals")
        moved = objective.sgd_epoch(at, rate=0.1, batch=4, order=[3, 1, 1, 20, 7])
        found.append((r, jacobian, gradient, moved))
    for a, b in zip(*found, strict=True):
        assert_close(b, a, "jit against numpy")


@pytest.mark.parametrize("tier", RUNNERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_joint_loss_is_the_same_everywhere(tier: str, weighted: bool):
    graph = parse_graph(
        [*(f"x{k} = tanh(a{k}*xi + b{k})" for k in range(4)), "xd = a1*x0 + x1"]
    )
    rng = np.random.default_rng(5)
    inputs, raw = {"xi": rng.uniform(-1, 1, 21)}, rng.uniform(0, 1, (3, 21))
    wanted = dict(zip(["xd", "x2", "x3"], raw / raw.sum(axis=0), strict=True))
    how = by_loss("softmax-cross-entropy", weighted, False)
    problem = graph.compile(target="numpy").objective(inputs, wanted, **how).problem
    runner, expected = RUNNERS[tier](problem), ByNumpy(problem)
    assert_agree(runner, problem, start(problem))
    for batch, order in product((1, 4, 64), orders(21).values()):
        states = np.zeros((2, 1, len(problem.parameters)))
        states[:, 0] = start(problem)
        settings = np.full((-(-len(order) // batch), 1), 0.02)
        losses = [
            each.epoch(state, Steps(PLAIN, settings, order, batch)).copy()
            for each, state in zip((runner, expected), states, strict=True)
        ]
        assert_close(*losses, f"losses, batches of {batch}")
        assert_close(*states, f"state, batches of {batch}")


def test_a_loss_without_a_formula_is_left_to_numpy():
    inputs, wanted = {"xi": np.arange(3.0)}, {"x2": np.zeros(3)}
    objective = classifier().compile().objective(inputs, wanted, loss=CROSSED)
    assert isinstance(objective.runner, ByNumpy)


# Programs

PROGRAMS = {
    "fused": (list(texts("random", 12)), "fused"),
    "shapes": (list(texts("chain", 60)), "by shape"),
    "no input": (["xa = p*q", "xb = sin(xa) + 2", "xc = pi", "xd = xb"], "fused"),
    "no parameter": (["xb = xa^2 + 3", "xc = min(xb, xa)*pi"], "fused"),
}


def point_for(graph: Graph, arrays: str, count: int = 11) -> dict[str, Any]:
    """Values by kind of name: numbers, or arrays for inputs, parameters or some."""
    rng = np.random.default_rng(5)
    found: dict[str, Any] = {}
    for k, leaf in enumerate((*graph.inputs, *graph.parameters)):
        kind = "inputs" if leaf in graph.inputs else "parameters"
        wide = arrays in (kind, "all") or (arrays == "some" and k % 2 == 0)
        found[leaf] = rng.uniform(-1, 1, count) if wide else float(rng.uniform(-1, 1))
    return found


def assert_items(found: Mapping, expected: Mapping, what: str) -> None:
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        wide = np.broadcast_to(found[key], np.shape(value))
        np.testing.assert_allclose(
            wide, value, rtol=CLOSE, atol=CLOSE, err_msg=f"{what} {key}"
        )


@pytest.mark.parametrize("target", ["numpy", "jit"])
@pytest.mark.parametrize("key", PROGRAMS)
def test_values_and_partials(key: str, target: Any):
    lines, tier = PROGRAMS[key]
    graph = parse_graph(lines)
    program = graph.compile(target=target)
    assert program.explain().tier == ("numpy" if target == "numpy" else tier)
    for arrays in ("none", "inputs", "parameters", "some", "all"):
        at = point_for(graph, arrays)
        if key == "shapes" and arrays not in ("none", "some"):
            continue
        values, partials = program.values_and_partials(at)
        assert_items(program.values(at), graph.evaluate(at), "value")
        assert_items(values, graph.evaluate(at), "value")
        method = "adjoint" if key == "shapes" else "symbolic"  # sympy takes seconds
        expected = edge_partials(graph, at, method=method)
        assert_items(partials, expected, "partial")


@pytest.mark.parametrize("target", ["numpy", "jit"])
def test_reuse_gives_the_same_numbers(target: Any):
    graph = parse_graph(PROGRAMS["fused"][0])
    program = graph.compile(target=target)
    for count in (1, 7, 8, 600):
        at = point_for(graph, "inputs", count)
        kept = program.values_and_partials(at, reuse=True)[0]
        other = {leaf: np.multiply(value, 0.5) for leaf, value in at.items()}
        fresh = program.values_and_partials(other)
        again = program.values_and_partials(other, reuse=True)
        for a, b in zip(fresh, again, strict=True):
            for key in a:
                np.testing.assert_array_equal(a[key], b[key])
        if target == "jit":
            assert np.shares_memory(kept["x11"], again[0]["x11"])
            assert not np.shares_memory(fresh[0]["x11"], again[0]["x11"])


@pytest.mark.parametrize("target", ["numpy", "jit"])
@pytest.mark.parametrize(
    ("at", "message"),
    [
        (-1.0, "xb is nan$"),
        (0.0, "xb is -inf$"),
        ([1.0, -1.0, 2.0, 0.0], r"xb is nan in sample 1 \(and in 1 more\)"),
        ([1.0] * 8 + [-1.0], "xb is nan in sample 8$"),
        ([-1.0] + [1.0] * 8, "xb is nan in sample 0$"),
    ],
)
def test_the_first_bad_variable_is_named(target: Any, at: Any, message: str):
    program = parse_graph(["xb = log(xa)*p", "xc = xb + 1"]).compile(target=target)
    for run in (program.values, program.values_and_partials):
        with pytest.warns(NonFiniteWarning, match=message) as caught:
            run({"xa": at, "p": 1.0})
        assert len(caught) == 1


@pytest.mark.parametrize("target", ["numpy", "jit"])
def test_a_warning_points_at_the_caller(target: Any):
    program = parse_graph(["xb = log(xa)*p"]).compile(target=target)
    for run in (program.values, program.values_and_partials):
        with pytest.warns(NonFiniteWarning) as caught:
            run({"xa": -1.0, "p": 1.0})
        assert caught[0].filename == __file__


@pytest.mark.parametrize("target", ["numpy", "jit"])
@pytest.mark.parametrize("key", PROGRAMS)
def test_results_come_in_the_order_of_the_graph(key: str, target: Any):
    graph = parse_graph(PROGRAMS[key][0])
    values, partials = graph.compile(target=target).values_and_partials(
        point_for(graph, "inputs")
    )
    assert list(values) == list(graph.order)
    assert list(partials) == list(graph.arcs)


def test_big_numbers_and_bad_inputs_do_not_warn():
    program = parse_graph(["xb = p*1e308", "xc = step(xa)"]).compile()
    values = program.values({"xa": np.array([inf, -inf, 1.0]), "p": 1.0})
    assert values["xc"].tolist() == [1.0, 0.0, 1.0]


# Errors


def small(**how: Any) -> Objective:
    graph = parse_graph(["xb = p*xa + q"])
    data = {"xa": np.arange(4.0)}, {"xb": np.arange(4.0)}
    return graph.compile(**how).objective(*data)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"target": "gpu"}, "unknown target 'gpu'"),
        ({"target": "jot"}, "jit"),
        ({"threads": 0}, "threads is 0; a whole number from 1 is expected"),
        ({"threads": 1.5}, "threads"),
    ],
)
def test_bad_options(how: dict, message: str):
    with pytest.raises(OptionError, match=message):
        parse_graph(["xb = p*xa"]).compile(**how)


# Equations, and why they run as they do

MANY = " + ".join(f"x{i}" for i in range(750))  # 1499 nodes
FIT = "fit into one function"
TOO_MANY = "are too many for one function"
TIERS = [
    ([f"x{i + 1} = x{i} + a" for i in range(48)],
     f"48 equations of 144 operations {FIT}"),
    ([f"x{i + 1} = x{i} + a" for i in range(49)],
     f"49 equations of 147 operations {TOO_MANY}"),
    ([f"xy = sin({MANY})"], "1 equation of 1500 operations fits into one function"),
    (
        [f"xy = {MANY} + x750"],
        "1 equation of 1501 operations is too many for one function",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("equations", "reason"), TIERS, ids=["48", "49", "1500", "1501"]
)
def test_the_tier_goes_by_equations_and_operations(equations: list[str], reason: str):
    program = parse_graph(equations).compile()
    assert program.tier == ("by shape" if "too many" in reason else "fused")
    assert program.explain().reason == reason


def test_an_explanation_is_read_line_by_line():
    built = Explanation("fused", "few", 2, 1, 9, 4, 3, 1, 1234, 0.0123, ("f", "g"))
    assert (
        str(built)
        == """\
tier          fused: few
equations     2 of 1 shape
instructions  9 per sample, values alone
dense layers  4 found in objectives so far
machine code  3 functions, 1 from the cache, 1234 bytes, 12.3 ms to build
written out   f, g: run as the formulas that define them"""
    )
    bare = str(replace(built, functions=0, written_out=()))
    assert bare == "\n".join(str(built).splitlines()[:4])


def test_code_of_a_callers_own_is_left_to_numpy():
    def forward(ctx: Any, a: Any) -> Any:
        return np.cbrt(a)

    partial = ["1/(3*y^2)"]
    with custom_op("rootthree", forward=forward, partials=partial):
        graph = parse_graph(["xb = p*rootthree(xa)"])
        with pytest.raises(OptionError, match="no machine code for rootthree"):
            graph.compile(target="jit")
        program = graph.compile()
        assert (program.tier, "rootthree" in program.reason) == ("numpy", True)
        assert program.values({"xa": 8.0, "p": 3.0})["xb"] == pytest.approx(6)
        objective = program.objective({"xa": [8.0]}, {"xb": [1.0]})
        assert_close(objective.value_and_gradient([3.0])[1], [20.0], "gradient")


@contextmanager
def defined(texts: Sequence[str], **how: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for text in texts:
            stack.enter_context(custom_op(text, **how))
        yield


@pytest.mark.every(2)
@pytest.mark.parametrize("case", WRITTEN_OUT)
@pytest.mark.parametrize("tier", RUNNERS)
def test_custom_formula_runs_as_it_does_written_out(tier: str, case: str):
    definitions, equations, written = WRITTEN_OUT[case]
    found = []
    with defined(definitions):
        for lines in (equations, written):
            problem = problem_of(parse_graph(lines), 11)
            runner, params = RUNNERS[tier](problem), start(problem)
            loss, gradient = runner.value_and_gradient(params)
            found.append((loss, *gradient, *runner.predictions(params).ravel()))
        assert_agree(runner, problem, params)
    assert found[0] == found[1]


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_custom_formula_is_explained(case: str):
    definitions, equations, written = WRITTEN_OUT[case]
    with defined(definitions):
        explained, other = (
            parse_graph(lines).compile().explain() for lines in (equations, written)
        )
    assert explained.tier == other.tier
    assert abs(explained.instructions - other.instructions) <= 3  # equal numbers
    assert other.written_out == ()
    assert {text.split("(")[0] for text in definitions} >= {*explained.written_out}
    assert explained.written_out
    told = ", ".join(explained.written_out)
    assert f"written out   {told}: run as the formulas that define" in str(explained)


@pytest.mark.parametrize("size", [3, 60])
def test_what_was_built_can_be_read(size: int):
    """LLVM reads it back, and functions are defined in it."""
    graph = a_graph("chain", size)
    program = graph.compile()
    assert program.source() == ""
    program.values(dict.fromkeys([*graph.inputs, *graph.parameters], 0.5))
    if not jit.available():
        assert program.source() == ""
        return
    import llvmlite.binding as llvm

    sources = [code.source for code in program.built.alive()]
    assert program.source() == "\n".join(sources) != ""
    for source in sources:
        functions = llvm.parse_assembly(source).functions
        assert any(not function.is_declaration for function in functions)


DECLARED = {
    "exact": "1/cosh(a)^2",
    "surrogate": "exp(-a^2)",
    "straight-through": "1",
}


@pytest.mark.every(4)
@pytest.mark.parametrize("contract", DECLARED)
@pytest.mark.parametrize("kind", ["network", "chain"])
@pytest.mark.parametrize("tier", ["by shape", "compiled", "taped"])
def test_custom_derivative_is_kept_by_machine_code(tier: str, kind: str, contract: Any):
    how = {"partials": [DECLARED[contract]], "contract": contract}
    size = {"network": (10, 24, 20, 16), "chain": (60,)}[kind]
    lines = layered(*size) if kind == "network" else list(texts("chain", *size))
    with defined(["act(a) = sinh(a)/cosh(a)"], **how):
        problem = problem_of(parse_graph([t.replace("tanh", "act") for t in lines]), 9)
        params = start(problem)
        runner = RUNNERS[tier](problem)
        assert_agree(runner, problem, params)
        plain = problem_of(parse_graph(lines), 9)
        _, slopes = ByNumpy(plain).value_and_gradient(params)
        _, found = runner.value_and_gradient(params)
        assert np.allclose(found, slopes, rtol=1e-9) == (contract == "exact")
        assert getattr(runner, "layers", 0) == getattr(
            RUNNERS[tier](plain), "layers", 0
        )


def test_custom_derivative_by_numpy_code_has_no_machine_code():
    def forward(ctx: Any, a: Any) -> Any:
        return np.cbrt(a)

    with (
        custom_op("rootthree", forward=forward, partials=["1/(3*y^2)"]),
        custom_op("own(a) = 2*a", partials=["2*rootthree(a)/rootthree(a)"]),
    ):
        program = parse_graph(["xb = p*own(xa)"]).compile()
        assert (program.tier, "rootthree" in program.reason) == ("numpy", True)
        objective = program.objective({"xa": [8.0]}, {"xb": [1.0]})
        assert_close(objective.value_and_gradient([3.0])[1], [2 * 47 * 16], "gradient")


@pytest.mark.parametrize("target", ["numpy", "jit"])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"params": [1.0]}, r"params has shape \(1,\); expected \(2,\)"),
        ({"params": [[1.0, 2.0]]}, "params has shape"),
        ({"order": [0, 4]}, "from 0 to 3"),
        ({"order": [-1]}, "from 0 to 3"),
        ({"order": np.array([2**63], dtype=np.uint64)}, "from 0 to 3"),
        ({"order": [0.0, 1.0]}, "order holds numbers"),
        ({"order": [[0, 1]]}, "order holds numbers"),
        ({"batch": 0}, "batch is a whole number from 1"),
        ({"batch": -3}, "batch is a whole number from 1"),
    ],
)
def test_a_bad_epoch_is_refused(target: Any, how: dict, message: str):
    given = {"params": [1.0, 2.0], "rate": 0.1, **how}
    with pytest.raises(FitError, match=message):
        small(target=target).sgd_epoch(given.pop("params"), **given)


@pytest.mark.parametrize("tier", RUNNERS)
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_an_order_out_of_range_is_refused_by_every_runner(tier: str, batch: int):
    problem = small().problem
    runner = RUNNERS[tier](problem)
    for bad in (4, -1, 2**62, -(2**62)):
        state, order = np.zeros((1, 2)), np.array([0, 1, 2, bad])
        with pytest.raises(FitError, match="from 0 to 3"):
            runner.epoch(state, Steps(PLAIN, np.array([[0.1]]), order, batch))


DATA = {"xa": [0.0, 1.0]}, {"xb": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": {}}, "lack the inputs xa|lack the inputs 'xa'"),
        ({"inputs": {"xa": [1.0, 2.0, 3.0]}}, "samples"),
        ({"inputs": {"xa": [1.0, 2.0], "xz": [1.0, 2.0]}}, "no inputs"),
        ({"targets": {}}, "no target"),
        ({"targets": {"xa": [1.0, 2.0]}}, "no equation computes it"),
        ({"weights": [1.0]}, "weights has shape"),
        ({"weights": [1.0, -1.0]}, "not negative"),
        ({"weights": [0.0, 0.0]}, "not all zero"),
        ({"weights": [1.0, nan]}, "finite"),
        ({"sigma": {}}, "sigma lacks xb"),
        ({"sigma": {"xb": [1.0]}}, "sigma of 'xb' has 1 sample, the data have 2"),
        ({"sigma": {"xb": [1.0] * 3}}, "sigma of 'xb' has 3 samples, the data have 2"),
        ({"sigma": {"xb": [1.0, 0.0]}}, "sigma of 'xb' is not positive"),
        ({"sigma": {"xb": [1.0, inf]}}, "sigma of 'xb' is not positive and finite"),
        ({"loss": "mze"}, "unknown loss 'mze'"),
        ({"loss": "cross-entropy"}, "between 0 and 1"),
    ],
)
def test_bad_data_are_refused(change: dict, message: str):
    given = {"inputs": DATA[0], "targets": DATA[1], **change}
    program = parse_graph(["xb = p*xa + q"]).compile()
    with pytest.raises((FitError, PointError), match=message):
        program.objective(given.pop("inputs"), given.pop("targets"), **given)


# Threads

SETTINGS = [("fused", "random", 3), ("by shape", "chain", 60), ("taped", "chain", 60)]


@pytest.mark.parametrize(("tier", "kind", "size"), SETTINGS)
def test_two_threads_may_share_everything(tier: str, kind: str, size: int):
    graph = a_graph(kind, size)
    problem = problem_of(graph, 40)
    objective = Objective(graph, problem, RUNNERS[tier](problem))
    program = graph.compile()
    rng = np.random.default_rng(0)
    many = rng.uniform(-1, 1, (200, len(problem.parameters)))
    inputs = dict(zip(graph.inputs, problem.inputs, strict=True))
    last = graph.dependents[-1]

    def everything(params: np.ndarray) -> list[np.ndarray]:
        loss, gradient = objective.value_and_gradient(params)
        moved = objective.sgd_epoch(params, rate=0.1, batch=3)
        if tier != "fused":
            return [np.array(loss), gradient, moved]
        at = {**inputs, **dict(zip(graph.parameters, params.tolist(), strict=True))}
        values, _ = program.values_and_partials(at, reuse=True)
        return [np.array(loss), gradient, moved, np.array(values[last])]

    serial = [everything(params) for params in many]
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda _: [everything(p) for p in many], range(2)):
            for a, b in zip(found, serial, strict=True):
                for x, y in zip(a, b, strict=True):
                    np.testing.assert_array_equal(x, y)


@pytest.mark.every(2)
@pytest.mark.parametrize(("tier", "kind", "size"), SETTINGS)
@pytest.mark.parametrize("count", [9, 5_000, 140_001])
def test_threads_do_not_change_the_sums(tier: str, kind: str, size: int, count: int):
    if (size, count) == (60, 140_001):
        count = 17_001
    graph = a_graph(kind, size)
    one = problem_of(graph, count, targets=1)
    inputs = dict(zip(graph.inputs, one.inputs, strict=True))
    wanted = {graph.dependents[-1]: one.targets[0]}
    two = graph.compile(threads=2).objective(inputs, wanted).problem
    for rows in (None, np.arange(0, count, 2)):
        loss, gradient = ByNumpy(one).value_and_gradient(start(one), rows)
        bits = set()
        for problem in (one, two):
            found = RUNNERS[tier](problem).value_and_gradient(start(one), rows)
            bits.add(found[1].tobytes())
            assert_close(found[0], loss, f"loss, {problem.threads} threads")
            assert_close(found[1], gradient, f"gradient, {problem.threads} threads")
        assert len(bits) == 1 or tier != "fused"  # as the README says


SAME = """
import numpy as np
from cgprimer import LeastSquares, SGD, Adam, fit, generate, parse_graph

graph = parse_graph(["xh = tanh(wa*xa + ba)", "xy = wb*xh + sin(wc*xa) + bb"])
truth = {name: 0.5 + 0.1*k for k, name in enumerate(graph.parameters)}
data = generate(graph, truth, 2000, noise=0.1, rng=0)
for column in data.targets.values():
    print(column.tobytes().hex())
for method in (SGD(0.01), Adam(), LeastSquares()):
    found = fit(graph, data, method, epochs=3, progress=False)
    print(found.losses.tobytes().hex(), *map(float.hex, found.parameters.values()))
"""


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_in_every_process():
    run = [sys.executable, "-c", SAME]
    several = [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "CGPRIMER_CACHE": ""}]
    found = {
        subprocess.run(
            run, env=os.environ | env, capture_output=True, text=True, check=True
        ).stdout
        for env in several
    }
    assert len(found) == 1
    assert found.pop().count("\n") == 4


# Memory

FLAT = """
import sys
import numpy as np
from cgprimer import parse_graph

TEXTS = ["xb = p*xa + q", "xb = sin(p*xa)*q", "xb = p*xa\\nxc = q*xb^2"]
DATA = np.arange(5.0)

def resident():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024

def once(k):
    graph = parse_graph(TEXTS[k % 3].split("\\n"))
    objective = graph.compile().objective({"xa": DATA}, {"xb": DATA})
    objective.value_and_gradient([1.0, 0.5][: len(graph.parameters)])

for k in range(100):
    once(k)
before = resident()
for k in range(400):
    once(k)
print(resident() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
def test_memory_stays_flat(tmp_path: Any):
    grown = run_python(FLAT, CGPRIMER_CACHE=str(tmp_path / "cache"))
    assert float(grown) < 8, f"{grown} MiB more"


def run_python(code: str, **environment: str) -> str:
    run = [sys.executable, "-W", "error", "-c", code]
    whole = {**os.environ, **environment}
    return subprocess.run(
        run, capture_output=True, text=True, check=True, env=whole
    ).stdout


@pytest.mark.parametrize("name", ["exp", "tanh", "sinh", "log", "sqrt", "atan", "erf"])
def test_what_stands_beside_a_sine_and_a_cosine_is_still_itself(name: str):
    graph = parse_graph([f"xy = sin(w*xx) + cos(w*xx)*{name}(w*xx)"])
    at = {"xx": np.linspace(0.1, 0.9, 19), "w": 0.7}
    ours, numpys = (
        graph.compile(target=target).values(at)["xy"] for target in ("jit", "numpy")
    )
    np.testing.assert_allclose(ours, numpys, rtol=1e-14)


# Without llvmlite


@pytest.fixture
def without_llvmlite(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = ModuleNotFoundError("No module named 'llvmlite'")
    monkeypatch.setattr(jit, "_load_once", lambda: (None, absent))

    def refuse(text: str) -> Any:
        raise AssertionError("machine code was asked for")

    for module in ("jit", "calling", "machine", "dense", "tape_text"):
        monkeypatch.setattr(f"cgprimer.run.llvm.{module}.compile_text", refuse)


@pytest.mark.usefixtures("without_llvmlite")
def test_without_llvmlite_numpy_does_it():
    graph = parse_graph(list(texts("random", 5)))
    program = graph.compile()
    explanation = program.explain()
    assert (explanation.tier, explanation.functions) == ("numpy", 0)
    assert "pip install 'cgprimer[jit]'" in str(explanation)
    at = point_for(graph, "inputs")
    assert_items(program.values(at), graph.evaluate(at), "value")
    inputs = {leaf: at[leaf] for leaf in graph.inputs}
    objective = program.objective(inputs, {"x4": np.zeros(11)})
    expected = ByNumpy(objective.problem)
    params = start(objective.problem)
    for a, b in zip(
        objective.value_and_gradient(params),
        expected.value_and_gradient(params),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(OptionError, match=r"needs llvmlite\n.*pip install"):
        graph.compile(target="jit")


# Dense layers


def layers(runner: ByShape) -> list[DenseLayer]:
    return [group for group in runner.layout.groups if isinstance(group, DenseLayer)]


@pytest.mark.every(3)
@pytest.mark.parametrize("make", [ByShape, Taped])
@pytest.mark.parametrize("seed", [None, 0, 1, 2])
@pytest.mark.parametrize("count", [1, 9, 600])
def test_layers_are_found_as_products(make: Any, seed: int | None, count: int):
    problem = problem_of(parse_graph(layered(12, 10, 6, seed=seed)), count, targets=3)
    assert_agree(make(problem), problem, start(problem))


def test_layers_of_a_network_become_products():
    problem = problem_of(parse_graph(layered(12, 10, 6)), 9, targets=6)
    found = layers(ByShape(problem))
    assert [layer.weights.shape for layer in found] == [(10, 12), (6, 10)]
    assert [layer.wanted for layer in found] == [False, True]
    assert sum(layer.weights.size for layer in found) == 10 * 12 + 6 * 10


@pytest.mark.parametrize(
    ("rows", "terms", "count"), [(4, 8, 1), (3, 8, 0), (4, 7, 0), (5, 9, 1)]
)
def test_a_layer_is_worth_a_product_from_four_sums_of_eight_on(
    rows: int, terms: int, count: int
):
    own = range(rows)
    sums = [" + ".join(f"w{i}v{j}*xa{j}" for j in range(terms)) for i in own]
    lines = [f"xh{i} = tanh({total} + b)" for i, total in enumerate(sums)]
    lines.append("xt0 = " + " + ".join(f"xh{i}" for i in own))
    lines += [f"xt{k + 1} = xt{k}*b" for k in range(50)]  # too many for one function
    program = parse_graph(lines).compile()
    inputs = {f"xa{j}": [1.0, 2.0] for j in range(terms)}
    program.objective(inputs, {"xt50": [1.0, 2.0]})
    assert (program.tier, program.explain().layers) == ("by shape", count)


def test_layers_are_counted_over_all_objectives():
    program = parse_graph(layered(12, 50, 6)).compile()  # too many equations to fuse
    inputs = {name: np.linspace(-1, 1, 9) for name in program.graph.inputs}
    names = program.graph.dependents
    for wanted, count in ((names[:50], 1), (names[-6:], 2)) * 2:
        program.objective(inputs, dict.fromkeys(wanted, np.zeros(9)))
        assert program.explain().layers >= count
    assert program.explain().layers == 2


@pytest.mark.parametrize("make", [ByShape, Taped])
def test_parameters_of_a_layer_in_any_order(make: Any):
    lines = layered(12, 10, 6)
    names = parse_graph(lines).parameters
    shuffled = np.random.default_rng(4).permutation(names).tolist()
    graph = parse_graph(lines, parameters=shuffled)
    problem = problem_of(graph, 20, targets=6)
    runner = make(problem)
    assert len(layers(runner)) == 2
    assert_agree(runner, problem, start(problem))
    for batch in (1, 4):
        states = [start(problem)[None].copy() for _ in range(2)]
        for state, each in zip(states, (runner, ByNumpy(problem)), strict=True):
            steps = Steps(PLAIN, np.array([[0.05]]), np.arange(20), batch)
            each.epoch(state, steps)
        assert_close(states[0], states[1], "state")


@pytest.mark.parametrize("shared", ["one weight", "one layer"])
def test_layers_that_share_weights(shared: str):
    """A parameter in two places gets what arrives from both."""
    lines = layered(10, 10, 10)
    if shared == "one weight":
        lines = [line.replace("w2r1c1*", "w1r0c0*") for line in lines]
    else:
        lines = [line.replace("w2r", "w1r").replace("b2r", "b1r") for line in lines]
    problem = problem_of(parse_graph(lines), 20, targets=10)
    assert_agree(ByShape(problem), problem, start(problem))


@pytest.mark.parametrize("make", [ByShape, Taped])
def test_what_enters_a_layer_may_go_elsewhere_too(make: Any):
    """Adjoints of two layers and of single equations add up."""
    lines = layered(9, 10, 6)
    second = [line for line in lines if line.startswith("xh2")]
    lines += [line.replace("xh2n", "xs").replace("2r", "3r") for line in second]
    lines += [f"xo{j} = sin(xh2n{j}*xh1n{j} + xs{j})*xh1n{j + 2}" for j in range(6)]
    problem = problem_of(parse_graph(lines), 20, targets=6)
    runner = make(problem)
    assert len(layers(runner)) == 2  # the second has the rows of both
    assert_agree(runner, problem, start(problem))


# What is laid out


@functools.cache
def laid_out(kind: str) -> ByShape:
    """A runner whose layout, tapes and records are there."""
    lines = layered(12, 10, 6) if kind == "layers" else list(texts(kind, 40))
    problem = problem_of(parse_graph(lines), 9, targets=3)
    runner = (Taped if kind == "random" else ByShape)(problem)
    runner.value_and_gradient(start(problem))
    return runner


def swapped(k: int) -> Callable[[Any], None]:
    """Run group k after the next one."""

    def change(layout: Any) -> None:
        layout.groups[k : k + 2] = layout.groups[k : k + 2][::-1]

    return change


def moved(k: int, by: int) -> Callable[[Any], None]:
    """Let group k define other rows."""

    def change(layout: Any) -> None:
        layout.groups[k] = replace(layout.groups[k], first=layout.groups[k].first + by)

    return change


def other_slot(number: int) -> Callable[[Any], None]:
    """Fill the first slot of the first equation otherwise."""

    def change(layout: Any) -> None:
        layout.slot_tables[0].table[0, 0] = number

    return change


def exchanged(layout: Any) -> None:
    """Exchange two weights of a layer."""
    layer = next(g for g in layout.groups if isinstance(g, DenseLayer))
    layer.weights[0, :2] = layer.weights[0, 1::-1]


LAYOUT_BREAKS: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "order": ("chain", swapped(0), "read too early"),
    "rows": ("chain", moved(1, -1), "defined twice"),
    "end": ("chain", moved(-1, 8), "beyond the last row"),
    "gap": ("chain", lambda layout: layout.groups.pop(3), "read too early|spans"),
    "slot": ("chain", other_slot(10**6), "not there"),
    "sign": ("chain", other_slot(-1), "not there"),
    "layer": ("layers", swapped(0), "read too early"),
    "weights": ("layers", exchanged, "weights overlap"),
    "order of numbers": ("layers", lambda layout: layout.number.fill(0), "no order"),
}


@pytest.mark.parametrize("what", LAYOUT_BREAKS)
def test_a_broken_layout_is_noticed(what: str):
    kind, change, message = LAYOUT_BREAKS[what]
    layout = copy.deepcopy(laid_out(kind).layout)
    check_layout(layout)
    change(layout)
    with pytest.raises(AssertionError, match=message):
        check_layout(layout)


TAPE_BREAKS = {  # way, of which move the last or of no move the first; place: said
    "operand": ("forward", None, 2, 10**4, "read too early"),
    "result": ("forward", None, 1, 0, "written over"),
    "operation": ("forward", None, 0, 99, "no such"),
    "register": ("forward", None, 1, 10**4, "no such register"),
    "adjoint": ("reverse", None, 1, 0, "written over"),
    "definition": ("forward", Move.DEFINE, 2, 10**4, "a share is missing"),
    "share": ("reverse", Move.ADD_TO_ROW, 2, 10**4, "a share is missing"),
    "column": ("reverse", Move.ADD_TO_ROW, 3, 10**4, "other columns"),
    "kind": ("forward", Move.ROW, 0, Move.PARAMETER, "another kind"),
}


@pytest.mark.parametrize("what", TAPE_BREAKS)
def test_a_broken_tape_is_noticed(what: str):
    way, move, place, value, message = TAPE_BREAKS[what]
    runner = laid_out("random")
    own = runner.layout.slot_tables[0]
    tape = Tape(own.body, own.columns)
    check_tape(tape, own.body, own.columns)
    code = getattr(tape, way)
    kinds = code[:, 0]
    steps = np.flatnonzero(kinds < len(CODED) if move is None else kinds == move)
    code[steps[0 if move is None else -1], place] = value
    with pytest.raises(AssertionError, match=message):
        check_tape(tape, own.body, own.columns)


def test_a_tape_whose_record_leads_elsewhere_is_noticed():
    own = laid_out("random").layout.slot_tables[0]
    for field in range(len(TapeRecord._fields)):
        tape = Tape(own.body, own.columns)
        tape.record[field] += 10**6
        with pytest.raises(AssertionError):
            check_tape(tape, own.body, own.columns)


@pytest.mark.parametrize("kind", ["random", "chain", "layers"])
def test_a_broken_record_is_noticed(kind: str):
    machine = laid_out(kind).machine(across=False)
    check_records(machine)
    for field, text in enumerate(GroupRecord._fields):
        layered = isinstance(machine.layout.groups[0], DenseLayer)
        if layered and text in ("slots", "width"):
            continue
        before = machine.groups[0, field]
        machine.groups[0, field] = 0 if before else 1
        with pytest.raises(AssertionError, match="record 0"):
            check_records(machine)
        machine.groups[0, field] = before


def test_broken_arguments_are_noticed():
    own = laid_out("chain")._buffers(False)
    check_workspace(own)
    args = "groups", "work", "sum", "cells", "parameters", "block", "loss"
    work = "values", "numbers", "adjoints", "gradient", "stride", "scratch"
    places = [(own.args, DriverRecord._fields.index(text)) for text in args]
    places += [(own.work, WorkRecord._fields.index(text)) for text in work]
    for record, field in places:
        before = record[field]
        record[field] += 10**6
        with pytest.raises(AssertionError):
            check_workspace(own)
        record[field] = before


@pytest.mark.parametrize(
    ("old", "new"),
    [("fadd", "add"), ("ret void", "ret i64 0"), ("load ptr", "load i64")],
)
def test_a_broken_text_is_noticed(old: str, new: str):
    text = laid_out("chain").machine(across=False).codes[0].source
    check_text(text)
    with pytest.raises(AssertionError, match="not well-formed"):
        check_text(text.replace(old, new))


class Example(NamedTuple):
    """A record of each type of field."""

    count: Int
    data: Pointer
    factor: Number = 2


def test_a_record_holds_what_was_packed():
    data = np.arange(3.0)
    given = Example(-3, data, 0.1)
    record = pack(Example, *given)
    assert record.dtype == np.int64
    assert unpack(Example, record) == given._replace(data=data.ctypes.data)
    assert kinds_of(Example) == ("i64", "ptr", "double")
    assert unpack(Example, pack(Example, 1, data)).factor == 2.0


@pytest.mark.parametrize("width", [1, 8])
def test_the_type_of_numbers_is_one_parameter_of_the_writer(width: int):
    a, b = name("a"), name("b")
    by_name = {op.name: op for op in TABLE}
    body = by_name["add"](by_name["max"](a, b), by_name["sqrt"](by_name["relu"](a)))
    e = Emitter(width, NumberType("float", 32), contract=True)
    place = e.room(16)
    e.clear(place, "16")
    known = {a: e.load(place, 0), b: e.splat(e.number(place, 1))}
    [value] = e.emit([body], known)
    e.store(e.keep_lanes(e.lanes_below("0", "5"), value), place, 0)
    total = e.lane_sum(e.fma(value, 0.1, e.from_bits(e.bits(value))))
    e.put(total, place, 3)
    text = module_text([FunctionText("run", e)])
    check_text(text)
    assert "double" not in text
