"""Do finite differences keep the bounds they state, and are the bounds worth having?

    python tests/bench_bounds.py

takes every derivative in the published data sets beside the repository (Feynman, SR,
and the two objectives of ADBench, edges and totals) by every scheme, and holds its true
error against its bound. An error below one unit in the last place of the derivative
counts as one unit.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mpmath
import numpy as np

from cgprimer import Graph, parse_graph
from cgprimer.graph.accumulation import below
from cgprimer.graph.point import Point
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.edges import along, differences, terms_along
from cgprimer.judge.differences.finite import SCHEMES, difference, second_difference
from cgprimer.judge.differences.schemes import SECOND, rounding
from cgprimer.judge.differences.whole import OutputFunction

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
DIGITS = 40


@dataclass(frozen=True)
class Problem:
    """A graph with n points, and by key the true derivatives at them as mpmath numbers.

    A key is an edge (node, wrt); ("total", output, wrt); or ("second", wrt).
    """

    name: str
    graph: Graph
    at: dict[str, np.ndarray]
    truth: dict[tuple[str, ...], list]


@dataclass(frozen=True)
class Figures:
    """How the bounds of one scheme fared."""

    scheme: str
    cases: int
    outside: list[str]
    median: float
    tightest: float
    unbounded: int
    error: float
    seconds: float

    def __str__(self) -> str:
        covered = self.cases - len(self.outside)
        return (
            f"{self.scheme:20} {self.cases:6} {covered:8} {self.median:13.1f} "
            f"{self.tightest:13.2f} {self.unbounded:10} {self.error:14.1e} "
            f"{self.seconds:8.1f}"
        )


HEAD = (
    f"{'scheme':20} {'cases':>6} {'covered':>8} {'bound/error:':>13} "
    f"{'':>13} {'no bound':>10} {'relative':>14} {'CPU':>8}\n"
    f"{'':20} {'':>6} {'':>8} {'median':>13} {'smallest':>13} {'(infinite)':>10} "
    f"{'error, median':>14} {'seconds':>8}"
)


def is_absent() -> bool:
    """Whether the data sets are not there."""
    return not DATA.is_dir()


@cache
def formulas() -> list[Problem]:
    """The equations of AI-Feynman and of symbolic regression."""
    import json

    found = []
    for file in ("feynman_equations.json", "sr_benchmarks.json"):
        for case in json.loads((DATA / file).read_text()):
            points = case["reference_points"]
            names = list(points[0]["at"])
            text = [f"out_ = {case['formula_caret']}"]
            graph = parse_graph(text, ["out_"], variables=names)
            at = {name: np.array([p["at"][name] for p in points]) for name in names}
            truth = {
                ("out_", name): [mpmath.mpf(p["grad"][name]) for p in points]
                for name in graph.table.names(0)
            }
            found.append(Problem(case["id"], graph, at, truth))
    return found


@cache
def adbench() -> list[Problem]:
    """The objectives of ADBench: every edge, and every total of every output."""
    import json

    found = []
    for name, case in json.loads(
        (DATA / "adbench_expressions.json").read_text()
    ).items():
        outputs = case.get("outputs") or [case["output"]]
        at = case["params"]
        graph = parse_graph(case["expressions"], outputs, parameters=list(at))
        truth = dict(_edges(graph, at)) | dict(_totals(graph, at, outputs))
        arrays = {key: np.array([value]) for key, value in at.items()}
        found.append(Problem(name, graph, arrays, truth))
    return found


def _code(graph: Graph, node: str) -> tuple[object, list[str]]:
    """The equation of `node` for mpmath numbers, and the names it takes."""
    import sympy

    names = graph.table.names(graph.equation_number(node))
    formula = graph.sympy(node)
    symbols = {str(symbol): symbol for symbol in formula.free_symbols}
    order = [symbols.get(name, sympy.Dummy()) for name in names]
    return sympy.lambdify(order, formula, "mpmath"), names


def _values(graph: Graph, at: dict, cut: str = "") -> dict:
    """The graph in 40 digits; `cut` keeps the value it has in `at`."""
    values = dict(at)
    for node in graph.order:
        if node in graph.depends_on and node != cut:
            f, names = _code(graph, node)
            values[node] = f(*(values[name] for name in names))
    return values


def _exact(at: dict) -> dict:
    return {name: mpmath.mpf(float(value)) for name, value in at.items()}


def _edges(graph: Graph, at: dict) -> Iterator[tuple[tuple[str, ...], list]]:
    with mpmath.workdps(DIGITS):
        # at the values in double precision, where the differences are taken
        values = _exact(graph.evaluate(at)) | _exact(at)
        for node, wrt in graph.arcs:
            f, names = _code(graph, node)
            place = names.index(wrt)
            where = [values[name] for name in names]
            order = tuple(int(i == place) for i in range(len(names)))
            yield (node, wrt), [mpmath.diff(f, where, order)]


def _totals(
    graph: Graph, at: dict, outputs: list[str]
) -> Iterator[tuple[tuple[str, ...], list]]:
    with mpmath.workdps(DIGITS):
        exact = _exact(at)
        h = mpmath.mpf(10) ** -12
        for wrt in at:
            near, far = (
                _values(graph, exact | {wrt: exact[wrt] + k * h}) for k in (1, -1)
            )
            for output in outputs:  # error h²: 24 digits
                slope = (near[output] - far[output]) / (2 * h)
                if wrt in below(graph.arcs, output):
                    yield ("total", output, wrt), [slope]


@cache
def curvatures() -> list[Problem]:
    """The equations again, with second derivatives by each of their names."""
    found = []
    for problem in formulas():
        f, names = _code(problem.graph, "out_")
        columns = [problem.at[name].tolist() for name in names]
        truth = {}
        with mpmath.workdps(DIGITS):
            for place, wrt in enumerate(names):
                order = tuple(2 * (i == place) for i in range(len(names)))
                truth["second", wrt] = [
                    mpmath.diff(f, [mpmath.mpf(v) for v in values], order)
                    for values in zip(*columns, strict=True)
                ]
        found.append(Problem(problem.name, problem.graph, problem.at, truth))
    return found


def taken(problem: Problem, scheme: str) -> dict[tuple[str, ...], Difference]:
    """Every derivative of the problem by one scheme."""
    graph, point = problem.graph, Point.of(problem.graph, problem.at)
    found: dict = dict(differences(graph, point, scheme))
    for output in {key[1] for key in problem.truth if key[0] == "total"}:
        totals = taken_whole(graph, output, point, scheme)
        found |= {("total", output, wrt): d for wrt, d in totals.items()}
    return found


def taken_whole(
    graph: Graph, output: str, point: Point, scheme: str
) -> dict[str, Difference]:
    """d output / d name by every input and parameter that the output depends on."""
    whole, inside = OutputFunction.of(graph, output, point), below(graph.arcs, output)
    values = graph.table.by_name(whole.values, point.parameters)
    found = {}
    for name in (*graph.inputs, *graph.parameters):
        if name in inside:
            f, noise = whole.along([name]), rounding(whole.terms([name]))
            x = np.broadcast_to(values[name], (1, point.width))
            found[name] = difference(f, x, scheme, None, noise, stacks=True)[0]
    return found


def taken_twice(problem: Problem, scheme: str) -> dict[tuple[str, ...], Difference]:
    """Every second derivative of the problem's one equation."""
    [group] = problem.graph.program().groups
    shape, point = group.shape, Point.of(problem.graph, problem.at)
    values = problem.graph.program().forward(point.inputs, point.parameters)
    slots = problem.graph.program().slots(group, values, point.parameters)
    found = {}
    for wrt, i in zip(problem.graph.table.names(0), shape.names, strict=True):
        x = np.broadcast_to(slots[i], (1, point.width))
        f = along(shape.forward, slots, i)
        noise = rounding(terms_along(shape, slots, i))
        found["second", wrt] = second_difference(f, x, noise, scheme=scheme)[0]
    return found


def figures(scheme: str, problems: list[Problem], take=taken) -> Figures:
    """Hold every error of one scheme against its bound."""
    ratios, errors, outside, unbounded = [], [], [], 0
    start = time.process_time()
    results = [take(problem, scheme) for problem in problems]
    seconds = time.process_time() - start
    for problem, found in zip(problems, results, strict=True):
        real = _is_real(problem)
        for key, truths in problem.truth.items():
            for i, truth in enumerate(truths):
                if not real[i]:
                    continue  # the data's value was computed with complex numbers
                value, bound = (
                    float(row[i]) for row in (found[key].value, found[key].bound)
                )
                true = float(mpmath.re(truth))
                error = float(abs(mpmath.mpf(value) - mpmath.re(truth)))
                if not error <= bound:
                    outside.append(
                        f"{problem.name} {key} {i}: {error:.1e} > {bound:.1e}"
                    )
                unbounded += bound == np.inf
                ratios.append(bound / max(error, float(np.spacing(abs(true)))))
                errors.append(error / abs(true) if true else 0.0)
    name = scheme if take is taken else f"second, {scheme}"
    some = [ratio for ratio in ratios if ratio]  # of a constant the bound may be 0
    return Figures(
        name, len(ratios), outside, float(np.median(ratios)), min(some), unbounded,
        float(np.median(errors)), seconds,
    )  # fmt: skip


def _is_real(problem: Problem) -> np.ndarray:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = problem.graph.evaluate(problem.at).values()
    return np.isfinite(np.array([np.atleast_1d(value) for value in values])).all(axis=0)


def main() -> int:
    """Print the figures of every scheme."""
    if is_absent():
        print(f"the published data sets are not there: {DATA.resolve()}")
        return 1
    print(HEAD)
    every = [
        # The complex step is for single equations.
        *(
            figures(scheme, formulas() + adbench() * (scheme != "complex"))
            for scheme in SCHEMES
        ),
        *(figures(scheme, curvatures(), taken_twice) for scheme in SECOND),
    ]
    for row in every:
        print(row)
        for line in row.outside:
            print("    outside:", line)
    return int(any(row.outside for row in every))


if __name__ == "__main__":
    sys.exit(main())
