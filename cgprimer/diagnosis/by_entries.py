"""Graphs with arrays for a diagnosis: entry by entry, where there are not too many.

graph, name → array ─ by_entries ─▶ the graph of numbers, entry → number or (n,)
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import GraphError, listing
from cgprimer.expr.array_op import attrs_of
from cgprimer.expr.array_ops import ARRAY_OPS, defined
from cgprimer.expr.array_rule import fill, parsed
from cgprimer.expr.node import Node, fold, intern, postorder
from cgprimer.expr.ops import Op, name
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of
from cgprimer.graph.unrolled import entry_name, unrolled
from cgprimer.types import Array

MOST = 2_000  # entries of inputs and parameters, each in operations of its own
_OTHERWISE = {"where", "det", "logdet", "inv", "solve", "cholesky"}
_BY_NUMBER = {ARRAY_OPS["pick"], ARRAY_OPS["take"]}


def by_entries(
    graph: Graph, at: Mapping[str, ArrayLike]
) -> tuple[Graph, Mapping[str, ArrayLike]]:
    """The graph in numbers, and the point of it; a graph of numbers as it is.

    Raises PointError for an `at` that does not fit, and GraphError where there are too
    many entries, or samples that number different ones.
    """
    if graph.sizing is None:
        return graph, at
    point = ArrayPoint.of(graph, at)
    total = sum(
        math.prod(array.shape[name in point.sampled :])
        for name, array in point.values.items()
    )
    if total > MOST:
        raise GraphError(
            f"diagnose looks at each entry, of {MOST:,} at most; the graph has "
            f"{total:,}",
            "give a graph of the same text with smaller dims",
        )
    indexes = _indexes(graph) & set(point.values)
    if many := sorted(indexes & point.sampled):
        raise GraphError(
            f"{listing(many)} may number another entry in each sample",
            "give one sample to diagnose",
        )
    given = {name: point.values[name] for name in indexes}
    made = unrolled(_as_computed(graph), dict(point.sizes), at=given)
    entries: dict[str, Array] = {}
    taken = {*graph.names, *graph.spare}
    for text in (*graph.inputs, *graph.parameters):
        if text not in indexes:
            entries |= _entries(text, point, taken)
    return made, {k: v for k, v in entries.items() if k in {*made.names, *made.spare}}


def _as_computed(graph: Graph) -> Graph:
    """The graph with operations as their code computes them, where that is written.

    Raises GraphError for one that is computed otherwise than entries can show.
    """
    bodies = {
        name: _rewritten(defined(graph.equation(name).body))
        for name in graph.order
        if name in graph.sources
    }
    for node in postorder(bodies.values()):
        if node.op.name in _OTHERWISE and node.op is ARRAY_OPS.get(node.op.name):
            raise GraphError(
                f"{node.op.name} is not computed entry by entry, so diagnose cannot "
                "judge it",
                "diagnose the equations before and after it in graphs of their own",
            )
    names = graph.parameters, graph.inputs, graph.spare
    return graph_of(bodies, graph.outputs, *names, graph.sizing)


def _rewritten(root: Node) -> Node:
    """`root` with exponentials that are computed by the largest entry written so."""

    def visit(node: Node, args: list[Node]) -> Node:
        made = intern(node.op, tuple(args), node.value) if args else node
        rule = _BY_LARGEST.get(node.op)
        if rule is None:
            return made
        attrs = attrs_of(made)
        # Of all entries the largest is a number, which needs no axis.
        whole = attrs["axis"] is None
        top, total = (
            text if whole else f"unsqueeze({text}, axis=axis)"
            for text in ("max(a, axis=axis)", "sum(exp(a - {top}), axis=axis)")
        )
        text = rule.format(top=top, total=total.format(top=top))
        return fill(parsed(text), {name("a"): args[0]}, attrs)

    return fold([root], visit)[root]


_BY_LARGEST: Mapping[Op, str] = {
    ARRAY_OPS["logsumexp"]: "max(a, axis=axis) + log(sum(exp(a - {top}), axis=axis))",
    ARRAY_OPS["softmax"]: "exp(a - {top})/{total}",
}


def _indexes(graph: Graph) -> set[str]:
    """Names that number entries, as xt in xo[xt]."""
    bodies = [graph.equation(name).body for name in graph.dependents]
    return {str(n.args[1].value) for n in postorder(bodies) if n.op in _BY_NUMBER}


def _entries(name: str, point: ArrayPoint, taken: set[str]) -> dict[str, Array]:
    """The entries of one value, called as `unrolled` calls them."""
    array, found = point.values[name], dict[str, Array]()
    dims = array.shape[name in point.sampled :]
    if not dims:
        return {name: array}
    for place in np.ndindex(*dims):
        called = entry_name(name, place)
        while called in taken:
            called += "_"
        taken.add(called)
        found[called] = array[(..., *place)]
    return found
