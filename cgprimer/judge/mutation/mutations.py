"""A check of the check: every mistake put in at every edge, and who catches it.

Each mutation replaces the partial of one edge. The claims are then the whole gradient
that backpropagation with this one wrong edge gives, which is all that other tools look
at; ours is also asked about the edges one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import CONST, OPS, const, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.graph import Graph
from cgprimer.interrupts import contained
from cgprimer.judge.check import report
from cgprimer.judge.claim import Claim
from cgprimer.judge.graph_check import GraphCheck, graph_check
from cgprimer.judge.mistakes.explain import divisors
from cgprimer.judge.mistakes.wrong_derivatives import derivative, rule_of
from cgprimer.judge.mutation.array_mutations import mutate_arrays
from cgprimer.judge.mutation.mutation_report import (
    ALL_OURS,
    OURS,
    OURS_WHOLE,
    MutationReport,
    Outcome,
    sum_up,
)
from cgprimer.judge.mutation.trial import Trial
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import FAIL, PASS
from cgprimer.types import Array, Edge

# 0.05 % is what SHARP promises to find, in the one rule of `verdict`.
FACTORS = ("factor 2", 2.0), ("1 % off", 1.01), ("0.05 % off", 1.0005)
INSTEAD = {"tanh": "sigmoid", "sigmoid": "tanh", "sin": "sinh", "cos": "cosh"}


@dataclass(frozen=True)
class Mutation:
    """A wrong partial for one edge: the expression, and its values at the points."""

    mistake: str
    edge: Edge
    node: Node
    values: Array


def mutations(check: GraphCheck) -> Iterator[Mutation]:
    """Every mistake at every edge where it changes the partial at some point."""
    for edge in check.edges:
        body = check.body(edge[0])
        right = check.own[edge]
        seen: set[tuple[str, Node]] = set()
        for mistake, node in _wrong(body, edge[1]):
            values = _values(node, check.sites[edge[0]].values, check.width)
            # A factor w that is 1 at all points may be missing unseen: that is no
            # mistake there.
            changed = (np.abs(values - right) > 1e-9 * np.abs(right)).any()
            new = (mistake, node) not in seen
            if new and changed and np.isfinite(values).all():
                seen.add((mistake, node))
                yield Mutation(mistake, edge, node, values)


def _values(node: Node, at: Mapping[str, Array], width: int) -> Array:
    names = leaves(node)
    with np.errstate(all="ignore"):
        [values] = Kernel([node], names)(*(at[text] for text in names))
    return np.broadcast_to(values, (width,))


def _wrong(body: Node, wrt: str) -> Iterator[tuple[str, Node]]:
    x = name(wrt)
    right = derivative(body, x, {})
    yield "sign flipped", tidy(OPS["neg"], right)
    means = (("sum for mean", count) for count in sorted(divisors(body)))
    for mistake, factor in (*FACTORS, *means):
        yield mistake, tidy(OPS["mul"], const(factor), right)
    for other in leaves(body):
        if other != wrt:
            yield "swapped names", derivative(body, name(other), {})
    for node in postorder([body]):
        for i in range(len(node.args)):
            for mistake, local in _wrong_locally(node, i):
                yield mistake, derivative(body, x, {(node, i): local})


def _wrong_locally(node: Node, i: int) -> Iterator[tuple[str, Node]]:
    if node.op.name == "mul" or (node.op.name == "div" and i == 0):
        # A missing constant is a wrong factor, which is put in by itself.
        if node.args[1 - i].op is not CONST:
            yield "missing factor", const(1.0)
    elif node.op.arity == 1 and not node.op.symbol and node.op.rules:
        yield "σ′ left out", const(1.0)
        other = OPS[INSTEAD.get(node.op.name, "sigmoid")]
        if node.op.name in INSTEAD:
            yield "σ′ for tanh′", rule_of(other, node.args[0], node)


@contained
def check_mutations(
    graph: Graph,
    *,
    at: Mapping[str, ArrayLike] | None = None,
    points: int = 5,
    rng: np.random.Generator | int | None = None,
) -> MutationReport:
    """Put every mistake in at every edge; ask ours and the rules of other tools.

    at : points of your own; otherwise `points` random ones.
    Of a graph with arrays ours is asked, edge by edge, about mistakes of matrices too.
    """
    takes.kind(Graph, graph=graph)
    if graph.sizing is not None:
        return mutate_arrays(graph, at, points, rng)
    rng = takes.generator(rng)
    check = graph_check(graph, at, points, rng)
    trials = [Trial(check, output, rng) for output in graph.outputs]
    outcomes, escaped = [], []
    for mutation in mutations(check):
        mistake = mutation.mistake
        results = {OURS: _edges(check, mutation), **_whole(trials, mutation)}
        for checker, (caught, located) in results.items():
            outcomes.append(Outcome(checker, mistake, 1, int(caught), int(located)))
            if checker in ALL_OURS and not caught:
                escaped.append((checker, mistake, mutation.edge))
    correct = _correct(check, trials)
    return MutationReport(sum_up(outcomes), correct, tuple(escaped))


def _edges(check: GraphCheck, mutation: Mutation) -> tuple[bool, bool]:
    claim = Claim(mutation.edge, "", "", mutation.node)
    return _caught(report(check, {mutation.edge: claim}, None), mutation)


def _whole(trials: list[Trial], mutation: Mutation) -> dict[str, tuple[bool, bool]]:
    """Who catches and locates the mutation from the whole gradient of each output.

    A tool that names components has located an edge when it names its leaf only.
    """
    seen: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for trial in trials:
        if mutation.edge[0] not in trial.inside:
            continue
        gradient = trial.gradient({**trial.check.own, mutation.edge: mutation.values})
        one = trial.ours(gradient)
        seen[OURS_WHOLE].append(_caught(one, mutation))
        for key, names in trial.objections(gradient).items():
            seen[key].append((bool(names - {""}), names == {mutation.edge[1]}))
    return {
        key: (any(caught), any(located))
        for key, pairs in seen.items()
        for caught, located in [zip(*pairs, strict=True)]
    }


def _caught(one: CheckReport, mutation: Mutation) -> tuple[bool, bool]:
    return one.verdict == FAIL, one.first_wrong == mutation.edge


def _correct(check: GraphCheck, trials: list[Trial]) -> dict[str, tuple[int, int]]:
    """Per checker how many outputs with the correct gradient pass, of how many."""
    passes = defaultdict(list, {OURS: [report(check, {}, None).verdict == PASS]})
    for trial in trials:
        gradient = trial.gradient(check.own)
        passes[OURS_WHOLE].append(trial.ours(gradient).verdict == PASS)
        for key, names in trial.objections(gradient).items():
            passes[key].append(not names)
    return {key: (sum(passed), len(passed)) for key, passed in passes.items()}
