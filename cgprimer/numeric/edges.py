"""The partial on every edge of a graph: symbolic, by our own sweep, or by differences.

An edge partial is the derivative of one equation by one name in it, with all other
names held; the variables take the values that the whole graph gives them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.diff.stable import stable
from cgprimer.diff.sweep import Step, sweep
from cgprimer.errors import DifferenceError, OpError, OptionError, listing, suggest
from cgprimer.expr.definitions import computed
from cgprimer.expr.node import postorder
from cgprimer.expr.ops import OPS, ZERO, name, tidy
from cgprimer.graph.graph import Graph, Value
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.graph.values import edge_rows, edges_of, spread
from cgprimer.lower.program import Group
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric import disturb
from cgprimer.numeric.finite import ROUNDING, Difference, check_scheme, difference

Array = NDArray[np.float64]
Edge = tuple[str, str]
Method = Literal["symbolic", "finite", "adjoint"]


AT_ONCE = 1 << 17  # numbers: arrays of a megabyte


class EdgePartials(dict[Edge, Value]):
    """∂node/∂wrt → a number, or an array over samples.

    swept : edges for which sympy was wanted, and whose formulas were so long that our
        own rules differentiated instead.
    """

    swept: frozenset[Edge] = frozenset()


def edge_partials(
    graph: Graph,
    at: Mapping[str, ArrayLike],
    *,
    method: Method = "symbolic",
    scheme: str = "central",
    step: float | None = None,
    typical: Mapping[str, float] | None = None,
) -> EdgePartials:
    """∂node/∂wrt for every arc (node, wrt): variables and parameters of each equation.

    method : "symbolic" differentiates with sympy, "adjoint" with our own sweep,
        "finite" by finite differences. Formulas that are too long for sympy are left
        to our own rules: the result's `.swept` holds their edges.
    scheme, step : for "finite": central, forward, five-point, ridders or complex, and
        an absolute step; by default the step follows from the scheme and the value.
    typical : for "finite": name → the size it usually has, where that is not about 1.

    Returns floats, or arrays (n,) as soon as one value of `at` is an array. Raises
    PointError for a bad `at`, DifferenceError for a step or scheme that cannot work.
    """
    if method not in METHODS:
        hint = suggest(str(method), METHODS) or f"methods are {', '.join(METHODS)}"
        raise OptionError(f"unknown method {method!r}\n  hint: {hint}")
    check_scheme(scheme, step)
    point = Point.of(graph, at)
    if method == "finite":
        rows = {
            edge: result.value
            for edge, result in differences(graph, point, scheme, step, typical).items()
        }
    else:
        rows = dict(_in_order(graph, METHODS[method](graph, point)))
    found = EdgePartials((edge, point.unpack(row)) for edge, row in rows.items())
    if method == "symbolic":
        found.swept = _swept(graph)
    return found


def _swept(graph: Graph) -> frozenset[Edge]:
    """The edges whose formulas are too long for sympy."""
    groups = (g for g in graph.program().alike if not g.shape.asks_sympy)
    return frozenset(
        e for group in groups for row in edges_of(graph, group) for e in row
    )


def by_formula(graph: Graph, point: Point, method: str) -> dict[Edge, Array]:
    """All edge partials by "symbolic" or "adjoint", as arrays (1,) or (n,)."""
    return dict(_in_order(graph, METHODS[method](graph, point)))


def known_formulas(graph: Graph, point: Point) -> dict[Edge, Array]:
    """All edge partials by sympy, nan where it does not say: code, long formulas."""
    found = dict(_in_order(graph, _where_known(graph, point)))
    return found | {edge: np.full_like(found[edge], np.nan) for edge in _swept(graph)}


def differences(
    graph: Graph,
    point: Point,
    scheme: str = "central",
    step: float | None = None,
    typical: Mapping[str, float] | None = None,
) -> dict[Edge, Difference]:
    """All edge partials by finite differences, each with its error bound."""
    sizes = checked_sizes(graph, typical)
    return dict(_in_order(graph, _finite(graph, point, scheme, step, sizes)))


def checked_sizes(
    graph: Graph, typical: Mapping[str, float] | None
) -> dict[str, float]:
    """Typical sizes by name; DifferenceError for a bad name or size."""
    sizes = dict(typical or {})
    for text, size in sizes.items():
        known = (*graph.variable_number, *graph.parameters)
        if text not in known:
            hint = suggest(str(text), known) or f"the names are {listing(known)}"
            raise DifferenceError(f"typical= names {text!r}\n  hint: {hint}")
        if not (np.isfinite(size) and size > 0):
            raise DifferenceError(
                f"the typical size {size!r} of {text!r} is not a positive number"
            )
    return sizes


def _groups(graph: Graph, point: Point) -> Iterator[tuple[Group, list[Array], Array]]:
    """All equations, by shape, with the values in their slots and of their results.

    No more at a time than fit into a cache, with all their samples.
    """
    program = graph.program()
    values = graph.forward(point.inputs, point.parameters)
    many = max(1, AT_ONCE // point.width)
    for group in program.alike:
        slots = program.slots(group, values, point.parameters)
        results = values[group.defined]
        for first in range(0, len(group.equations), many):
            part = slice(first, first + many)
            equations = group.equations[part]
            own = group._replace(
                equations=equations, defined=graph.table.defined[equations]
            )
            yield own, [slot[part] for slot in slots], results[part]


def _in_order(graph: Graph, found: Any) -> Iterator[tuple[Edge, Any]]:
    by_edge = dict(found)
    return ((edge, by_edge[edge]) for edge in graph.arcs)


def _symbolic(graph: Graph, point: Point) -> Iterator[tuple[Edge, Array]]:
    for group in graph.program().alike:
        for i in group.shape.names:
            group.shape.check_formula(i, graph.dependents[int(group.equations[0])])
    yield from _where_known(graph, point)


def _where_known(graph: Graph, point: Point) -> Iterator[tuple[Edge, Array]]:
    for group, slots, _ in _groups(graph, point):
        kernel = symbolic_kernel(group.shape)
        with np.errstate(all="ignore"):
            columns = kernel(*slots)
        yield from spread(graph, group, columns, point.width)


@functools.lru_cache(maxsize=4096)
def symbolic_kernel(shape: Shape) -> Kernel:
    """Numpy code for sympy's derivatives of a shape by each of its names."""
    found = [shape.symbolic[i] for i in shape.names]
    return Kernel(map(stable, found) if shape.asks_sympy else found, shape.slots)


def _adjoint(graph: Graph, point: Point) -> Iterator[tuple[Edge, Any]]:
    values = graph.forward(point.inputs, point.parameters)
    return iter(edge_rows(graph, graph.program(), values, point).items())


METHODS: dict[str, Callable[..., Iterator[tuple[Edge, Any]]]] = {
    "symbolic": _symbolic,
    "finite": differences,  # type: ignore[dict-item]
    "adjoint": _adjoint,
}


def _finite(
    graph: Graph,
    point: Point,
    scheme: str,
    step: float | None,
    sizes: Mapping[str, float],
) -> Iterator[tuple[Edge, Difference]]:
    for group, slots, _ in _groups(graph, point):
        if scheme == "complex":
            refuse_kinks(graph, group)
        noise = shape_noise(group.shape, slots)
        edges = edges_of(graph, group)
        room = len(slots) * len(edges) * point.width
        many = max(1, AT_ONCE // room)
        for first in range(0, len(group.shape.names), many):
            moved = group.shape.names[first : first + many]
            full = (len(edges), point.width)
            x = np.array([np.broadcast_to(slots[i], full) for i in moved])
            columns = [*zip(*edges, strict=True)][first : first + many]
            typical = [[[sizes.get(e[1], 1.0)] for e in column] for column in columns]
            f = along(group.shape.forward, slots, moved)
            found = difference(
                f, x, scheme, step, noise, typical=np.array(typical), stacks=True
            )
            if scheme == "complex":
                kernels = (disturb.disturbed(group.shape, r) for r in disturb.RUNS)
                runs = [along(kernel, slots, moved) for kernel in kernels]
                found = disturb.with_rounding(found, runs, x)
            for k, column in enumerate(columns):
                for row, edge in enumerate(column):
                    yield edge, found[k, row]


def shape_noise(shape: Shape, slots: list[Array]) -> Array | None:
    """What rounding does to the result of a shape; None where it has to be probed."""
    if not _steps(shape):
        return None
    with np.errstate(all="ignore"):
        [noise] = rounding_kernel(shape)(*slots)
    return np.asarray(ROUNDING * noise)


@functools.lru_cache(maxsize=4096)
def rounding_kernel(shape: Shape) -> Kernel:
    """Numpy code for Σ |v · ∂result/∂v| over the operations v of a shape.

    Times ε, it bounds to first order what rounding does to the result.
    """
    terms = [
        OPS["abs"](tidy(OPS["mul"], step.node, step.adjoint))
        for step in _steps(shape)
        if step.node.args
    ]
    total = functools.reduce(lambda a, b: tidy(OPS["add"], a, b), terms, ZERO)
    return Kernel([total], shape.slots)


def _steps(shape: Shape) -> list[Step]:
    """The reverse trace of a shape; empty where it does not tell the derivative."""
    [run] = computed([shape.stable])
    if any(node.op.contract != "exact" for node in postorder([run])):
        return []
    try:
        return sweep(run, map(name, shape.slots))
    except OpError:
        return []


def along(
    kernel: Kernel, slots: list[Array], moved: Sequence[int]
) -> Callable[[Any], Any]:
    """The equations along several slots: f(value)[…, k] has slot `moved[k]` at value.

    slots : (equations, 1|n). value : (…, k, equations, n), others held. Evaluated at
        once, a long sum costs what its terms cost, and not their number squared.
    """

    def f(value: Any) -> Any:
        given: list[Any] = list(slots)
        for k, i in enumerate(moved):
            given[i] = np.full(value.shape, slots[i], dtype=value.dtype)
            given[i][..., k, :, :] = value[..., k, :, :]
        [result] = kernel(*given)
        return result

    return f


def refuse_kinks(graph: Graph, group: Group) -> None:
    """Refuse the complex step where an operation is not analytic."""
    for node in postorder([group.shape.body]):
        if not node.op.analytic:
            owner = graph.dependents[int(group.equations[0])]
            raise DifferenceError(
                f"the complex step would be silently wrong for {owner!r}: "
                f"{node.op.name} is not analytic\n"
                "  hint: use scheme='central' or 'ridders'"
            )
