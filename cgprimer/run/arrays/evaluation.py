"""Graphs with arrays at a point: values, gradients, and the partials on the edges.

    graph, name → array ─▶ kernel for these sizes ─▶ name → array

`Graph.evaluate`, `Graph.gradient_at` and `edge_partials` come here where a name is an
array.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.diff.stable import stable_arrays
from cgprimer.diff.sweep import partials
from cgprimer.errors import GraphError, NonFiniteWarning, OpError, PointError
from cgprimer.expr.dims import Sizing, count
from cgprimer.expr.node import Node
from cgprimer.expr.ops import name as name_node
from cgprimer.graph.array_point import ArrayPoint, Sizes
from cgprimer.graph.gradient import gradient
from cgprimer.graph.names import known_names
from cgprimer.graph.sizes import dims_at, with_sizes
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array, Edge, Value

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

KEPT = 32  # kernels of one graph: one for each number of rows, say
MOST = 10**8  # numbers in the partials of one edge

Bodies = dict[str, Node]


def evaluate(graph: Graph, at: Mapping[str, ArrayLike]) -> dict[str, Value]:
    """The value of every variable, as `Graph.evaluate` returns them."""
    point = ArrayPoint.of(graph, at)
    values = values_at(graph, point, graph.order)
    _warn_nonfinite(graph, point, values)
    return {
        name: full(value, graph.dims(name), point.samples)
        for name, value in values.items()
    }


def values_at(
    graph: Graph, point: ArrayPoint, wanted: Sequence[str]
) -> dict[str, Array]:
    """Values of some names, those with samples (n, *dims), the others (*dims)."""
    kernel = kernel_of(graph, point.sizes, point.sampled, tuple(wanted))
    return dict(zip(wanted, run(kernel, point.values), strict=True))


def run(kernel: ArrayKernel, values: Mapping[str, Any]) -> list[Array]:
    """What a kernel returns, without numpy's warnings."""
    with np.errstate(all="ignore"):
        return [np.asarray(value) for value in kernel(values)]


def gradient_at(
    graph: Graph,
    output: str,
    at: Mapping[str, ArrayLike],
    wrt: Sequence[str] | None = None,
) -> dict[str, Value]:
    """d output / d name, as `Graph.gradient_at` returns it."""
    [output] = graph.checked_outputs([output])
    wrt = (*graph.inputs, *graph.parameters) if wrt is None else wrt
    wrt = known_names(wrt, "wrt", dict.fromkeys((*graph.names, *graph.spare)))
    point = ArrayPoint.of(graph, at)
    derived = derived_graph(graph, output, tuple(wrt))
    values = values_at(derived, point, (output, *derived.outputs))
    _warn_nonfinite(graph, point, values_at(graph, point, (output,)))
    has = sampled_names(graph, point.sampled)
    adjoints = dict(zip(dict.fromkeys(wrt), derived.outputs, strict=True))
    return {
        name: full(
            values[adjoints[name]],
            derived.dims(adjoints[name]),
            point.samples if {name, output} & has else None,
        )
        for name in wrt
    }


def derived_graph(graph: Graph, output: str, wrt: tuple[str, ...]) -> Graph:
    """`gradient(graph, output, wrt)`, kept with the graph."""
    key = "gradient", output, wrt
    if key not in graph.programs:
        graph.programs[key] = gradient(graph, output, wrt)
    derived: Graph = graph.programs[key]
    return derived


def sampled_names(graph: Graph, given: Collection[str]) -> set[str]:
    """The names that have samples where those in `given` do."""
    has = set(given)
    for name in graph.order:
        if name in graph.sources:
            used = graph.table.names(graph.equation_number(name))
            if not has.isdisjoint(used):
                has.add(name)
    return has


def kernel_of(
    graph: Graph,
    sizes: Sizes,
    sampled: frozenset[str],
    wanted: tuple[str, ...],
    summed: frozenset[str] = frozenset(),
) -> ArrayKernel:
    """The kernel of a graph for some sizes, kept with it."""
    key = "arrays", sizes, sampled, wanted, summed
    kept = graph.programs
    kernel: ArrayKernel | None = kept.get(key)
    if kernel is None:
        bodies, sizing = concrete(graph, sizes)
        kernel = ArrayKernel(bodies, wanted, sizing, sampled, summed)
        # A list, since another thread may add one meanwhile.
        mine = [k for k in list(kept) if isinstance(k, tuple) and k[:1] == ("arrays",)]
        for old in mine[: max(0, len(mine) - KEPT + 1)]:
            kept.pop(old, None)
        kept[key] = kernel
    return kernel


def concrete(graph: Graph, sizes: Sizes) -> tuple[Bodies, Sizing]:
    """The equations in order, and the dims of all names, in numbers."""
    known = dict(sizes)
    sizing = Sizing()
    for name in (*graph.inputs, *graph.parameters, *sorted(graph.spare)):
        dims = graph.dims(name)
        sizing.names[name] = tuple(
            known[d] if isinstance(d, str) else int(d) for d in dims
        )
    bodies: Bodies = {}
    for name in graph.order:
        if name in graph.sources:
            body = with_sizes(graph.equation(name).body, known)
            sizing.names[name] = dims_at(name, body, sizing, known, PointError)
            bodies[name] = stable_arrays(body, sizing)
    return bodies, sizing


def jacobians(graph: Graph, at: Mapping[str, ArrayLike]) -> dict[Edge, Value]:
    """∂node/∂wrt of every edge: (*dims of node, *dims of wrt), behind the samples."""
    point = ArrayPoint.of(graph, at)
    known = (*graph.order, *graph.parameters)
    values = values_at(graph, point, known)
    bodies, sizing = concrete(graph, point.sizes)
    found: dict[Edge, Value] = {}
    for node, body in bodies.items():
        names = graph.table.names(graph.equation_number(node))
        try:
            arrays = _jacobian(body, names, values, sizing, point)
        except OpError as error:
            raise error.within([node]) from error.__cause__
        found |= {(node, n): array for n, array in zip(names, arrays, strict=True)}
    return {edge: found[edge] for edge in graph.arcs}


def _jacobian(
    body: Node,
    names: Sequence[str],
    values: Mapping[str, Array],
    sizing: Sizing,
    point: ArrayPoint,
) -> list[Value]:
    """The partials of one equation by its names."""
    # One sweep for each entry of the result, all at once: the seeds that ask for one
    # entry each are so many samples of an adjoint.
    dims = sizing.of(body)
    entries = count(dims)
    samples = point.samples or 1
    seed = "g"
    while seed in sizing.names:
        seed += "_"
    own = sizing.copy()
    own.names[seed] = dims
    by = dict(zip(names, map(name_node, names), strict=True))
    shares = partials(body, by.values(), name_node(seed), sizing=own)
    widest = max((count(own.names[n]) for n in names), default=1)
    if samples * entries * widest > MOST:
        raise GraphError(
            f"the partials of an array of {entries} entries by one of {widest} are "
            f"{samples * entries * widest:,} numbers",
            "ask for gradient_at of one number, which needs no such array",
        )
    given: dict[str, Array] = {}
    sampled = {seed}
    for name in names:
        has = values[name].ndim > len(own.names[name])
        given[name] = np.repeat(values[name], entries, axis=0) if has else values[name]
        sampled |= {name} if has else set()
    eye = np.eye(entries).reshape(entries, *map(int, dims))
    given[seed] = np.tile(eye, (samples, *(1,) * len(dims)))
    bodies = {f"of {name}": shares[node] for name, node in by.items()}
    kernel = ArrayKernel(bodies, list(bodies), own, sampled)
    results = []
    for name, value in zip(names, run(kernel, given), strict=True):
        shape = (*dims, *own.names[name])
        full = np.broadcast_to(value, (samples * entries, *map(int, own.names[name])))
        array = full.reshape(samples, *shape)
        results.append(_shown(array if point.samples else array[0]))
    return results


def full(value: Array, dims: Sequence[Any], samples: int | None) -> Value:
    """A value of these dims, with samples in front where that is wanted."""
    if samples is not None and value.ndim == len(dims):
        value = np.broadcast_to(value, (samples, *value.shape))
    return _shown(value)


def _shown(value: Array) -> Value:
    """A value as the caller expects it: a float, or an array that is read-only."""
    if not value.ndim:
        return float(value)
    view = value.view()
    view.flags.writeable = False
    return view


def _warn_nonfinite(
    graph: Graph, point: ArrayPoint, values: Mapping[str, Array]
) -> None:
    """Name the first entry of the first defined variable that is nan or inf."""
    for name, value in values.items():
        if name not in graph.sources:
            continue
        bad = np.argwhere(~np.isfinite(value))
        if not len(bad):
            continue
        place = bad[0].tolist()
        has = value.ndim > len(graph.dims(name))
        where = f" in sample {place[0]}" if has else ""
        entry = ", ".join(map(str, place[has:]))
        more = "" if len(bad) < 2 else f" (and in {len(bad) - 1} more)"
        warnings.warn(
            f"{name}{f'[{entry}]' * bool(entry)} is {value[tuple(place)]}{where}{more}",
            NonFiniteWarning,
            stacklevel=5,
        )
        return
