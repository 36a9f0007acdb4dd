"""Inputs that are indices, as xt in xo[xt]: whole numbers, which no range draws.

graph, names that have samplers ─ check_indices ─▶ nothing, or a DataError
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cgprimer.errors import DataError
from cgprimer.expr.array_op import attrs_of
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import NAME
from cgprimer.graph.graph import Graph
from cgprimer.graph.inference import INDICES


def check_indices(
    graph: Graph, dims: Mapping[str, tuple[int, ...]], sampled: Collection[str]
) -> None:
    """DataError for an index that would be drawn uniformly, with a sampler for it.

    dims : of all names in numbers; sampled : the inputs that have a sampler.
    """
    wanting = set(graph.inputs).difference(sampled)
    for node in _indexing(graph):
        of, index = node.args[:2]
        name = str(index.value)
        if index.op is NAME and name in wanting:
            shape = ", ".join(["n", *map(str, dims[name])])
            shape = f"({shape})" if dims[name] else shape
            drawn = f"rng.integers(0, {_end(graph, node, of, dims)}, {shape})"
            raise DataError(
                f"the input {name!r} is an index, so it is drawn as whole numbers",
                f"pass sampler={{{name!r}: lambda rng, n: {drawn}}}",
            )


def _indexing(graph: Graph) -> Iterator[Node]:
    for equation in graph.equations:
        for node in postorder([equation.body]):
            if node.op.name in INDICES:
                yield node


def _end(
    graph: Graph, node: Node, of: Node, dims: Mapping[str, tuple[int, ...]]
) -> str:
    """How many entries there are to choose from, where that is known."""
    assert graph.sizing is not None
    own = dims.get(str(of.value)) if of.op is NAME else graph.sizing.of(of)
    axis = attrs_of(node).get("axis", -1)
    end = own[axis] if own and isinstance(axis, int) else "…"
    return str(end if isinstance(end, int) else "…")
