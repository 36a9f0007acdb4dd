"""Numbers of a formula as parameters: where symbolic regression ends, a fit begins.

    Graph ─ free_constants ─▶ graph with parameters c1, c2, …, and the numbers as start

`fit(graph, data, start=start)` then says how well each number is determined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from cgprimer import takes
from cgprimer.errors import GraphError
from cgprimer.expr.node import Node, fold, intern, postorder, substitute
from cgprimer.expr.ops import CONST, OPS, name
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of

NEG, POW = OPS["neg"], OPS["pow"]
# On numbers alone these are one number, to the last bit, wherever they are computed; an
# exp is not.
ARITHMETIC = frozenset(OPS[op] for op in ("add", "sub", "mul", "div", "neg"))
WHOLE = 2.0**53  # beyond, every double is a whole number: 6.02e23 was none


class FreedConstants(NamedTuple):
    """A graph whose numbers are parameters, and what they were."""

    graph: Graph
    start: dict[str, float]


def free_constants(
    graph: Graph, *, keep: Collection[float] = (), integers: bool = False
) -> FreedConstants:
    """The graph with its numbers as parameters c1, c2, …, and these numbers by name.

    integers : whether whole numbers become parameters, too. They stay by default, as
        the 2 of `2*pi*xx` is part of the model; 0 and 1 always stay, and so do signs
        and exponents that are whole, halves or written as fractions: xx^2, xx^(1/3).
    keep : other numbers that stay, such as [9.81].

    Numbers that meet, as in `2*1.5*xx`, become one parameter, since two could not be
    told apart; all others have a parameter each. At `start` the values are those of
    `graph`, bit for bit. Parameters that it had stay, and have no start.

    >>> from cgprimer import free_constants, parse_graph
    >>> graph, start = free_constants(parse_graph(["xy = 2.31*exp(-0.5*xx) + 1"]))
    >>> print(graph, start)
    xy = c1*exp(-c2*xx) + 1 {'c1': 2.31, 'c2': 0.5}
    """
    takes.kind(Graph, graph=graph)
    takes.flag(integers=integers)
    items = takes.items(keep)
    given: Any = keep if items is None else items
    kept = as_numbers("keep=", given, GraphError)
    if kept.ndim > 1:
        raise GraphError(f"keep= holds numbers, not {takes.quote(keep)}")
    freeing = _Freeing(graph, {*np.abs(kept).ravel().tolist()}, bool(integers))
    bodies = {each: freeing.equation(i) for i, each in enumerate(graph.dependents)}
    parameters = [*graph.parameters, *freeing.start]
    freed = graph_of(bodies, graph.outputs, parameters, graph.inputs, graph.spare)
    return FreedConstants(freed, freeing.start)


class _Freeing:
    """Names for numbers, as they are met."""

    def __init__(self, graph: Graph, keep: set[float], integers: bool) -> None:
        self.table, self.keep, self.integers = graph.table, keep, integers
        self.start: dict[str, float] = {}
        self.written: dict[Node, Node] = {}
        taken = {*graph.variable_number, *graph.parameters, *graph.spare}
        names = map("c{}".format, count(1))
        self.names: Iterator[str] = (each for each in names if each not in taken)

    def equation(self, number: int) -> Node:
        """The right side of an equation, with parameters for its numbers.

        Each of the numbers is a leaf of its own, also where two are equal, as in the
        shape: else `0.5*xa` in two places would be one node, and have one parameter.
        """
        shape, leaves = self.table.shape_of(number), self.table.leaves(number)
        places = [
            name(f"{slot} of {number}") if leaf.op is CONST else leaf  # no name of ours
            for slot, leaf in zip(shape.slots, leaves, strict=True)
        ]
        self.written = {
            place: leaf
            for place, leaf in zip(places, leaves, strict=True)
            if leaf.op is CONST
        }
        made = self._body(shape.fill(shape.body, places))
        return substitute([made], self.written)[0]

    def _body(self, root: Node) -> Node:
        """An expression with parameters for its numbers, in the order of the text."""
        number = fold([root], self._is_number)
        if number[root]:
            return self._freed(root, exponent=False)
        by = self._places(root, number)

        def visit(node: Node, args: list[Node]) -> Node:
            if number[node] or not args:  # a number is told by what it stands in
                return node
            made = (by.get((node, i), arg) for i, arg in enumerate(args))
            return intern(node.op, tuple(made), node.value)

        return fold([root], visit)[root]

    def _places(
        self, root: Node, number: dict[Node, bool]
    ) -> dict[tuple[Node, int], Node]:
        """What stands for the numbers: (node, which argument of it) → parameter."""
        by: dict[tuple[Node, int], Node] = {}
        seen: set[Node] = set()
        stack: list[tuple[Node, int]] = [(root, 0)]
        while stack:
            node, i = stack.pop()
            if i == len(node.args) or (i == 0 and node in seen):
                continue
            seen.add(node)
            stack.append((node, i + 1))
            if number[node.args[i]]:
                exponent = node.op is POW and i == 1
                by[node, i] = self._freed(node.args[i], exponent)
            else:
                stack.append((node.args[i], 0))
        return by

    def _is_number(self, node: Node, args: list[bool]) -> bool:
        """Whether a node is arithmetic on numbers, none of which is to be kept."""
        leaf = self.written.get(node, node)
        if leaf.op is CONST:
            return abs(_number(leaf)) not in self.keep
        return node.op in ARITHMETIC and all(args)

    def _freed(self, node: Node, exponent: bool) -> Node:
        """A parameter for a number, behind its signs; the number where it stays."""
        signs, inner = 0, node
        while inner.op is NEG:
            signs, inner = signs + 1, inner.args[0]
        if self._stays(inner, exponent):
            return node
        made = next(self.names)
        self.start[made] = self._value(inner)
        return reduce(lambda below, _: NEG(below), range(signs), name(made))

    def _stays(self, node: Node, exponent: bool) -> bool:
        leaves = (self.written.get(leaf, leaf) for leaf in postorder([node]))
        numbers = [_number(leaf) for leaf in leaves if leaf.op is CONST]
        whole, value = all(map(_is_whole, numbers)), self._value(node)
        if not np.isfinite(value) or all(abs(n) in (0.0, 1.0) for n in numbers):
            return True
        if exponent and (whole or _is_whole(2 * value)):
            return True
        return whole and not self.integers

    def _value(self, root: Node) -> float:
        """What arithmetic on numbers comes to."""

        def visit(node: Node, args: list[float]) -> float:
            leaf = self.written.get(node, node)
            return _number(leaf) if leaf.op is CONST else float(node.op.forward(*args))

        with np.errstate(all="ignore"):
            return fold([root], visit)[root]


def _number(leaf: Node) -> float:
    return float(leaf.value or 0.0)


def _is_whole(value: float) -> bool:
    return value.is_integer() and abs(value) < WHOLE
