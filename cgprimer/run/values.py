"""Values of variables and partials on edges, as names → numbers or arrays.

`run.program` returns them, by one function of machine code or by sweeps.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import OpError, PointError
from cgprimer.expr.node import Node
from cgprimer.expr.ops import name
from cgprimer.graph.names import by_plain_name
from cgprimer.graph.point import (
    Point,
    as_array,
    check_names,
    common_length,
    warn_nonfinite,
)
from cgprimer.keeping import Weakly
from cgprimer.run.llvm.calling import DOUBLES, is_plain
from cgprimer.run.llvm.jit import MachineCode
from cgprimer.run.llvm.sample_rows import RowsCall, SampleRows, empty_rows
from cgprimer.run.llvm.whole import ExpandedGraph
from cgprimer.types import Array, Edge, Integers, Value

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.run.sweeps import Sweeps


def edge_rows(
    graph: Graph, sweeps: Sweeps, values: Array, point: Point
) -> dict[Edge, Array]:
    """The partial on every edge (node, wrt) by our own sweep, as rows (1,) or (n,)."""
    rows: dict[Edge, Array] = {}
    for group in sweeps.alike:
        slots = sweeps.slots(group, values, point.parameters)
        try:
            kernel = group.shape.partial_kernel(group.shape.names)
            with np.errstate(all="ignore"):
                columns = kernel(*slots, values[group.defined])
        except OpError as error:
            raise sweeps.locate(error, group) from error.__cause__
        rows.update(spread(graph, group.equations, columns, point.width))
    return rows


def spread(
    graph: Graph, equations: Integers, columns: Sequence[Any], width: int
) -> Iterator[tuple[Edge, Array]]:
    """Columns (equations, 1|n), one per name, as rows per edge."""
    edges = edges_of(graph, equations)
    for column, own in zip(columns, zip(*edges, strict=True), strict=True):
        full = np.broadcast_to(column, (len(own), width))
        yield from zip(own, full, strict=True)


def edges_of(graph: Graph, equations: Integers) -> list[list[Edge]]:
    """For each of some equations its edges, in the order of its names."""
    return [
        [(graph.dependents[e], wrt) for wrt in graph.table.names(e)]
        for e in equations.tolist()
    ]


class FusedValues:
    """Values, and partials if wanted, of a whole graph by one function."""

    def __init__(
        self,
        graph: Graph,
        whole: ExpandedGraph,
        partials: bool,
        built: Weakly[str, MachineCode],
    ) -> None:
        number, table = graph.variable_number, graph.table
        self.graph = graph
        self.leaves = (*graph.inputs, *graph.parameters)
        self.wanted = dict.fromkeys(self.leaves).keys()
        self.place = {name(leaf): k for k, leaf in enumerate(self.leaves)}
        self.values = {n: whole.value(number[n]) for n in graph.order}
        self.partials: dict[Edge, Node] = {}
        if graph.running is not graph:  # partials are those of the equations as written
            whole = ExpandedGraph(table, table.order.tolist())
        for equation, node in enumerate(graph.dependents if partials else ()):
            shape = table.shape_of(equation)
            for column, wrt in zip(shape.names, table.names(equation), strict=True):
                self.partials[node, wrt] = whole.partials[equation][column]
        roots = [*self.values.values(), *self.partials.values()]
        watched = [self.values[n] for n in graph.dependents]
        self.rows = SampleRows(roots, watched, self.leaves)
        code = self.rows.function.code
        built.hold(code.key, code)
        # Arrays that are used again belong to one thread: another may be in a call of
        # its own.
        self._local = threading.local()

    def run(
        self, at: Mapping[str, ArrayLike], reuse: bool
    ) -> tuple[dict[str, Value], dict[Edge, Value]]:
        """The values and partials at a point; with `reuse`, in the same arrays."""
        given, samples = self._leaf_values(at)
        kept = getattr(self._local, "kept", None) if reuse else None
        if kept is None or not kept.serves(given, samples):
            kept = _Results(self, given, samples)
            if reuse:
                self._local.kept = kept
        finite, values, partials = kept.run(given)
        if not finite:
            warn_nonfinite(values, samples)
        return values, partials

    def _leaf_values(
        self, at: Mapping[str, ArrayLike]
    ) -> tuple[list[float | Array], int | None]:
        """Values of the leaves as floats or contiguous arrays; how many samples."""
        samples = None
        # A point with just the names that are wanted, as a loop of calls gives it,
        # needs no look at each name.
        if not (isinstance(at, Mapping) and at.keys() == self.wanted):
            at = by_plain_name(at, PointError)
            check_names(self.graph, at)
            samples = common_length({n: as_array(n, v) for n, v in at.items()})
            at = dict.fromkeys(self.graph.spare, 0.0) | dict(at)
        given: list[float | Array] = []
        for leaf in self.leaves:
            value: Any = at[leaf]
            if isinstance(value, float):
                given.append(value)
                continue
            array = (
                value
                if is_plain(value, DOUBLES) and len(value)
                else as_array(leaf, value)
            )
            given.append(array if array.ndim else float(array))
            if array.ndim and samples is None:
                samples = len(array)
            elif array.ndim and len(array) != samples:  # it raises, with both names
                common_length({n: np.asarray(at[n]) for n in self.leaves})
        return given, samples


class _Results:
    """Arrays for one number of samples, and the dicts that show them."""

    def __init__(
        self, owner: FusedValues, given: Sequence[float | Array], samples: int | None
    ) -> None:
        self.samples = samples
        self.kinds = [isinstance(value, np.ndarray) for value in given]
        count = samples or 1
        self.rows = empty_rows(len(owner.rows.row), count)
        self.call = RowsCall(owner.rows.function, self.rows, count, self.kinds)
        # What an expression is shown as: its row, whose array stays the same from call
        # to call; a number is its value, and a name is filled in at each call.
        row = owner.rows.row
        cell: dict[Node, Any] = {}
        place = owner.place
        if samples is None:
            # Results are floats, which have to be read anew after each call, as leaves
            # are.
            place = place | {node: len(place) + k for node, k in row.items()}
        else:
            cell = {node: self.rows[k, :count] for node, k in row.items()}
        self.shown: list[tuple[dict[Any, Any], list[tuple[Any, int]]]] = [
            (
                {key: cell.get(node, node.value) for key, node in nodes.items()},
                [(key, place[node]) for key, node in nodes.items() if node in place],
            )
            for nodes in (owner.values, owner.partials)
        ]

    def serves(self, given: Sequence[float | Array], samples: int | None) -> bool:
        """Whether these arrays fit other values of the leaves."""
        return samples == self.samples and all(
            isinstance(value, np.ndarray) == kind
            for value, kind in zip(given, self.kinds, strict=True)
        )

    def run(
        self, given: Sequence[float | Array]
    ) -> tuple[bool, dict[str, Value], dict[Edge, Value]]:
        """Whether all values are finite; the values; the partials."""
        finite = self.call.run(given)
        now = [
            _frozen(v) if kind else v for v, kind in zip(given, self.kinds, strict=True)
        ]
        if self.samples is None:
            now += self.rows[:, 0].tolist()
        shown = []
        for kept, fresh in self.shown:
            items = kept.copy()
            for key, k in fresh:
                items[key] = now[k]
            shown.append(items)
        return finite, shown[0], shown[1]


def _frozen(value: float | Array) -> Value:
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view
