"""The partial on every edge of a graph: symbolic, by our own sweep, or by differences.

An edge partial is the derivative of one equation by one name in it, with all other
names held; the variables take the values that the whole graph gives them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.diff.stable import stable
from cgprimer.errors import DifferenceError, OptionError, listing, suggest, unknown
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import postorder
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.interrupts import contained
from cgprimer.judge.differences import disturb
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.finite import check_scheme, difference
from cgprimer.judge.differences.schemes import Function, Told, rounding
from cgprimer.judge.rounding import is_opaque, rounding_kernel
from cgprimer.keeping import lazy
from cgprimer.run.sweeps import sweeps_of
from cgprimer.run.values import edge_rows, edges_of, spread
from cgprimer.types import Array, Edge, Value

Method = Literal["symbolic", "finite", "adjoint"]
AT_ONCE = 1 << 17  # numbers: arrays of a megabyte


class EdgePartials(dict[Edge, Value]):
    """∂node/∂wrt → a number, or an array over samples.

    swept : edges for which sympy was wanted, and our own rules differentiated instead:
        sympy has no real formula, or would take too long.
    """

    swept: frozenset[Edge] = frozenset()


@contained
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
        "finite" by finite differences. What sympy cannot, or not in a short time, is
        left to our own rules: the result's `.swept` holds those edges.
    scheme, step : for "finite": central, forward, five-point, ridders or complex, and
        an absolute step; by default the step follows from the scheme and the value.
    typical : for "finite": name → the size it usually has, where that is not about 1.

    Returns floats, or arrays (n,) as soon as one value of `at` is an array. Of a graph
    with arrays Jacobians (*dims of node, *dims of wrt), samples in front; there sympy
    has no part, and "finite" takes up to 200 entries of an edge. Raises PointError for
    a bad `at`, DifferenceError for a step or scheme that cannot work.
    """
    takes.kind(Graph, graph=graph)
    takes.text(method=method)
    takes.mapping(typical=typical)
    if method not in METHODS:
        every = f"methods are {', '.join(METHODS)}"
        raise OptionError(unknown(f"method {method!r}", method, METHODS, every))
    check_scheme(scheme, step)
    if graph.sizing is not None:
        from cgprimer.judge.arrays.partials import array_partials

        sizes = _typical_sizes(graph, typical or {})
        arrays = array_partials(graph, at, method, scheme, step, sizes)
        jacobians = EdgePartials(arrays)
        jacobians.swept = frozenset(arrays if method == "symbolic" else ())
        return jacobians
    point = Point.of(graph, at)
    if method == "finite":
        slopes = differences(graph, point, scheme, step, typical)
        rows = {edge: slope.value for edge, slope in slopes.items()}
    else:
        rows = by_formula(graph, point, method)
    partials = EdgePartials((edge, point.unpack(row)) for edge, row in rows.items())
    if method == "symbolic":
        partials.swept = _swept_edges(graph)
    return partials


def _swept_edges(graph: Graph) -> frozenset[Edge]:
    """The edges for which sympy has no formula, or would take too long."""
    return frozenset(
        edge
        for group in sweeps_of(graph).alike
        for row in edges_of(graph, group.equations)
        for i, edge in zip(group.shape.names, row, strict=True)
        if group.shape.by_sympy[i] is None
    )


def by_formula(graph: Graph, point: Point, method: str) -> dict[Edge, Array]:
    """All edge partials by "symbolic" or "adjoint", as arrays (1,) or (n,)."""
    return dict(_in_order(graph, METHODS[method](graph, point)))


def known_formulas(graph: Graph, point: Point) -> dict[Edge, Array]:
    """All edge partials by sympy, nan where only numpy code knows the derivative."""
    return dict(_in_order(graph, _symbolic(graph, point, known=True)))


def differences(
    graph: Graph,
    point: Point,
    scheme: str = "central",
    step: float | None = None,
    typical: Mapping[str, float] | None = None,
) -> dict[Edge, Difference]:
    """All edge partials by finite differences, each with its error bound."""
    sizes = _typical_sizes(graph, typical or {})
    return dict(_in_order(graph, _finite(graph, point, scheme, step, sizes)))


def _typical_sizes(graph: Graph, typical: Mapping[str, float]) -> dict[str, float]:
    """Typical sizes by name; DifferenceError for a bad name or size."""
    sizes = dict(by_plain_name(typical, DifferenceError))
    for text, size in sizes.items():
        if not isinstance(text, str) or text not in graph.names:
            hint = suggest(text, graph.names) or f"the names are {listing(graph.names)}"
            raise DifferenceError(f"typical= names {takes.quote(text)}\n  hint: {hint}")
        if not (takes.is_real(size) and 0 < size < np.inf):
            raise DifferenceError(
                f"the typical size {takes.quote(size)} of {text!r} is not a positive "
                "number"
            )
    return {text: float(size) for text, size in sizes.items()}


@dataclass(frozen=True, eq=False)
class Alike:
    """All equations of one shape at a point: `slots` (equations, 1|n), in order.

    Unlike in a program they may lie on any level, since every value is known.
    """

    shape: Shape
    equations: NDArray[np.int64]
    slots: list[Array]
    results: Array

    @lazy
    def blocks(self) -> list[tuple[int, ...]]:
        """The slots that hold names, as many at a time as arrays have room for."""
        names = self.shape.names
        # One block of names moved at once makes arrays (names, equations, n) for every
        # slot.
        many = max(1, AT_ONCE // (len(self.slots) * self.results.size))
        return [names[k : k + many] for k in range(0, len(names), many)]

    def at(self, moved: Sequence[int]) -> Array:
        """The values in some slots, in full: (slots, equations, n)."""
        return np.array(
            [np.broadcast_to(self.slots[i], self.results.shape) for i in moved]
        )

    def along(self, moved: Sequence[int], kernel: Kernel | None = None) -> Function:
        """f(v)[…, k]: the equations where slot `moved[k]` is v[…, k], the others held.

        A long sum is evaluated once for all of its names, and not once for each.
        """
        kernel = kernel or self.shape.forward

        def f(value: Any) -> Any:
            given: list[Any] = list(self.slots)
            for k, i in enumerate(moved):
                # Row k moves slot moved[k] alone: in all other rows that slot keeps its
                # own value.
                given[i] = np.full(value.shape, self.slots[i], dtype=value.dtype)
                given[i][..., k, :, :] = value[..., k, :, :]
            [result] = kernel(*given)
            return result

        return f

    def terms(self, moved: Sequence[int]) -> Told | None:
        """Σ|terms| for any values of those slots; None where they are not known."""
        return _told(self.shape, lambda kernel: self.along(moved, kernel))


def alike_equations(graph: Graph, point: Point) -> Iterator[Alike]:
    """The equations of a graph by their shapes, with what is in their slots.

    No more at a time than fit into a cache, with all their samples.
    """
    program = sweeps_of(graph)
    values = graph.forward(point.inputs, point.parameters)
    many = max(1, AT_ONCE // point.width)
    for group in program.alike:
        slots = program.slots(group, values, point.parameters)
        results = values[group.defined]
        for k in range(0, len(group.equations), many):
            part = slice(k, k + many)
            own = [slot[part] for slot in slots]
            yield Alike(group.shape, group.equations[part], own, results[part])


def _in_order(graph: Graph, pairs: Any) -> Iterator[tuple[Edge, Any]]:
    by_edge = dict(pairs)
    return ((edge, by_edge[edge]) for edge in graph.arcs)


def _symbolic(
    graph: Graph, point: Point, known: bool = False
) -> Iterator[tuple[Edge, Array]]:
    for own in alike_equations(graph, point):
        # `known` is for a table that shows nan: there a missing formula is no error.
        for i in () if known else own.shape.names:
            own.shape.check_formula(i, graph.dependents[int(own.equations[0])])
        with np.errstate(all="ignore"):
            columns = symbolic_kernel(own.shape)(*own.slots)
        yield from spread(graph, own.equations, columns, point.width)


@functools.lru_cache(maxsize=4096)
def symbolic_kernel(shape: Shape) -> Kernel:
    """Numpy code for the formulas of a shape's derivatives by each of its names."""
    formulas = [shape.symbolic[i] for i in shape.names]
    return Kernel(map(stable, formulas) if shape.asks_sympy else formulas, shape.slots)


def _adjoint(graph: Graph, point: Point) -> Iterator[tuple[Edge, Any]]:
    values = graph.forward(point.inputs, point.parameters)
    return iter(edge_rows(graph, sweeps_of(graph), values, point).items())


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
    for own in alike_equations(graph, point):
        if scheme == "complex":
            _refuse_kinks(graph, own)
        columns = zip(*edges_of(graph, own.equations), strict=True)
        for moved in own.blocks:
            edges = [column for _, column in zip(moved, columns, strict=False)]
            f, x, noise = own.along(moved), own.at(moved), rounding(own.terms(moved))
            typical = np.array([[[sizes.get(e[1], 1.0)] for e in row] for row in edges])
            slopes = difference(f, x, scheme, step, noise, typical=typical, stacks=True)
            if scheme == "complex":
                kernels = (disturb.disturbed_kernel(own.shape, r) for r in disturb.RUNS)
                runs = [own.along(moved, kernel) for kernel in kernels]
                slopes = disturb.with_rounding(slopes, runs, x)
            for k, row in enumerate(edges):
                for equation, edge in enumerate(row):
                    yield edge, slopes[k, equation]


def terms_along(shape: Shape, slots: Sequence[Array], i: int) -> Told | None:
    """Σ|terms| of a shape, for any values of one slot; None where it is not known."""
    return _told(shape, lambda kernel: along(kernel, slots, i))


def _told(shape: Shape, function_of: Callable[[Kernel], Function]) -> Told | None:
    kernel = rounding_kernel(shape)
    if kernel is None:
        return None
    return Told(function_of(kernel), not is_opaque(shape))


def along(kernel: Kernel, slots: Sequence[Array], i: int) -> Function:
    """The equation as a function of one slot, the others held."""

    def f(value: Any) -> Any:
        [result] = kernel(*slots[:i], value, *slots[i + 1 :])
        return result

    return f


def _refuse_kinks(graph: Graph, own: Alike) -> None:
    """Refuse the complex step where an operation is not analytic."""
    for node in postorder([own.shape.body]):
        if not node.op.analytic:
            owner = graph.dependents[int(own.equations[0])]
            raise DifferenceError(
                f"the complex step would be silently wrong for {owner!r}: "
                f"{node.op.name} is not analytic\n"
                "  hint: use scheme='central' or 'ridders'"
            )
