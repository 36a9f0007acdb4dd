"""How long the engine takes, as machine code and by numpy.

    pytest tests/bench_engine.py -o addopts= --benchmark-only

needs pytest-benchmark and takes some minutes. A group is one work; its rows are the
targets "numpy" and "jit", whose ratio pytest-benchmark prints. Nothing here asserts a
time. W1 to W5 are the works of the benches against other libraries.
"""

from typing import Any

import numpy as np
import pytest

from cgprimer import Graph, custom_op, parse_graph
from cgprimer.run.objective import Objective

CANONICAL = ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
FORMS = ["p*sin(a) + q*b", "p*a*b + q", "tanh(p*a) + q*b^2", "p*a/(2 + b^2) + q"]
target = pytest.mark.parametrize("target", ["numpy", "jit"])


def canonical(count: int, target: str) -> tuple[Graph, Objective]:
    graph = parse_graph(CANONICAL, outputs=["xw"])
    data = np.random.default_rng(1).uniform(-1, 1, count)
    truth = dict(zip(graph.parameters, (1.0, 4.0, 2.0, 3.0), strict=True))
    found = graph.evaluate({"xa": data, **truth})["xw"]
    compiled = graph.compile(target=target)
    return graph, compiled.objective({"xa": data}, {"xw": found})


def random_texts(kind: str, count: int) -> tuple[list[str], list[str]]:
    """Equations of two earlier variables each, and the variables that none reads.

    kind : "random", "chain" (of the four before it), or "distinct" (in its shape).
    """
    rng = np.random.default_rng(0)
    names, read, texts = [f"xi{k}" for k in range(10)], set(), []
    for k in range(count):
        low = max(0, len(names) - 4) if kind == "chain" else 0
        a, b = (names[i] for i in rng.integers(low, len(names), 2))
        body = f"p{k}*{a} + q{k}*sin({b}) + {a}*{b}^2"
        if kind == "distinct":
            body = spelled(k, a, b)
        texts.append(f"x{k} = tanh({body})")
        names.append(f"x{k}")
        read |= {a, b}
    return texts, [name for name in names[10:] if name not in read]


def spelled(k: int, a: str, b: str) -> str:
    """A body for every k: its digits are the forms, one inside the other."""
    body, rest = a, k + 1
    while rest:
        rest, digit = divmod(rest, len(FORMS))
        inner = {"p": f"p{k}", "q": f"q{k}", "a": f"({body})", "b": b}
        body = "".join(inner.get(c, c) for c in FORMS[digit].replace("tanh", "T"))
        body = body.replace("T(", "tanh(")
    return body


def network(sizes: tuple[int, ...]) -> tuple[list[str], list[str], list[str]]:
    """Texts, inputs and outputs of tanh layers and a linear last one."""
    texts, layer = [], [f"xi{k}" for k in range(sizes[0])]
    inputs = layer
    for number, size in enumerate(sizes[1:], 1):
        before, layer = layer, [f"xh{number}_{k}" for k in range(size)]
        for k, name in enumerate(layer):
            terms = [f"w{number}_{k}_{i}*{old}" for i, old in enumerate(before)]
            body = " + ".join([*terms, f"b{number}_{k}"])
            last = number == len(sizes) - 1
            texts.append(f"{name} = {body if last else f'tanh({body})'}")
    return texts, inputs, layer


def built(
    texts: list[str], outputs: list[str], count: int, target: str
) -> tuple[Objective, np.ndarray]:
    """The squared error of random targets, and random parameters."""
    rng = np.random.default_rng(3)
    graph = parse_graph(texts, outputs=outputs)
    inputs = {name: rng.uniform(-1, 1, count) for name in graph.inputs}
    targets = {name: rng.uniform(-1, 1, count) for name in outputs}
    objective = graph.compile(target=target).objective(inputs, targets)
    return objective, rng.uniform(-0.1, 0.1, len(graph.parameters))


@target
def test_values_and_partials(benchmark: Any, target: str) -> None:
    benchmark.group = "W1 values and partials, 10 000 samples"
    graph, _ = canonical(2, target)
    data = np.random.default_rng(1).uniform(-1, 1, 10_000)
    at = {"xa": data, **dict.fromkeys(graph.parameters, 0.5)}
    compiled = graph.compile(target=target)
    benchmark(lambda: compiled.values_and_partials(at, reuse=True))


@target
@pytest.mark.parametrize("count", [100, 10_000, 1_000_000])
def test_gradient(benchmark: Any, count: int, target: str) -> None:
    benchmark.group = f"W2 loss and gradient, {count} samples"
    graph, objective = canonical(count, target)
    start = np.full(len(graph.parameters), 0.5)
    benchmark(lambda: objective.value_and_gradient(start))


@target
@pytest.mark.parametrize("batch", [1, 8])
def test_epoch(benchmark: Any, batch: int, target: str) -> None:
    benchmark.group = f"W3 epoch of 2 000 samples, batch {batch}"
    graph, objective = canonical(2_000, target)
    start = np.full(len(graph.parameters), 0.5)
    order = np.random.default_rng(7).permutation(2_000)
    benchmark(lambda: objective.sgd_epoch(start, rate=1e-6, batch=batch, order=order))


GRAPHS = [
    ("random", 1_000, 1),
    ("random", 1_000, 64),
    ("random", 10_000, 1),
    ("random", 10_000, 64),
    ("chain", 1_000, 1),
    ("chain", 10_000, 1),
    ("distinct", 200, 1),
]


@target
@pytest.mark.parametrize("case", GRAPHS)
def test_graph(benchmark: Any, case: tuple[str, int, int], target: str) -> None:
    kind, equations, count = case
    benchmark.group = f"W4 gradient: {kind}, {equations} equations, {count} samples"
    objective, start = built(*random_texts(kind, equations), count, target)
    benchmark(lambda: objective.value_and_gradient(start))


@target
@pytest.mark.parametrize("case", GRAPHS[:3:2] + GRAPHS[4:])
def test_first(benchmark: Any, case: tuple[str, int, int], target: str) -> None:
    kind, equations, count = case
    benchmark.group = f"W4 text to gradient: {kind}, {equations}"
    texts, outputs = random_texts(kind, equations)

    def first() -> tuple[float, np.ndarray]:
        objective, start = built(texts, outputs, count, target)
        return objective.value_and_gradient(start)

    benchmark.pedantic(first, rounds=3)


@target
@pytest.mark.parametrize("sizes", [(64, 32, 10), (784, 100, 10)])
def test_network(benchmark: Any, sizes: tuple[int, ...], target: str) -> None:
    benchmark.group = f"W5 network {sizes}, 1 797 samples"
    texts, _, outputs = network(sizes)
    objective, start = built(texts, outputs, 1_797, target)
    benchmark.pedantic(
        lambda: objective.value_and_gradient(start), rounds=3, warmup_rounds=1
    )


@target
@pytest.mark.parametrize("how", ["operation", "written out"])
def test_formula(benchmark: Any, how: str, target: str) -> None:
    benchmark.group = f"W6 custom_op and its formula written out, {target}"
    with custom_op("ssign(a, b) = a*b/(1 + abs(a*b))"):
        lines = ["xy = ssign(p, xa) + q", "xz = ssign(xy, r)"]
        if how == "written out":
            lines = ["xy = p*xa/(1 + abs(p*xa)) + q", "xz = xy*r/(1 + abs(xy*r))"]
        graph = parse_graph(lines)
    data = np.random.default_rng(1).uniform(-1, 1, 100_000)
    compiled = graph.compile(target=target)
    objective = compiled.objective({"xa": data}, {"xz": data})
    benchmark(lambda: objective.value_and_gradient([0.5, 0.2, 0.3]))
