"""A whole graph as expressions of its inputs and parameters, with sharing kept.

    Table, equations ─▶ a Node for every variable, partial and gradient

For u = a·x and y = exp(u) the variable y is exp(a·x), its partial by u as well, and the
gradient by a is exp(a·x)·x, all over one node exp(a·x). `run.llvm.fused` makes one
function of them; `graph.gradient` has the same equations, each under a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cgprimer.diff.chain_rule import accumulate, plus, times
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import ZERO, name
from cgprimer.keeping import lazy

if TYPE_CHECKING:
    from cgprimer.graph.table import Table


class ExpandedGraph:
    """Every variable that is needed, and derivatives, as expressions.

    equations : numbers of those that are needed, each after those it uses.
    """

    def __init__(self, table: Table, equations: Sequence[int]) -> None:
        self.table = table
        # Variable, as a leaf → its expression; what has none stands for itself.
        self._known: dict[Node, Node] = {}
        self._equation_of: dict[Node, int] = {}
        self._leaves: dict[int, list[Node]] = {}
        self._filling: dict[int, dict[Node, Node]] = {}
        for equation in equations:
            shape, leaves = self.table.shape_of(equation), table.leaves(equation)
            slots = (self._known.get(leaf, leaf) for leaf in leaves)
            by = shape.by_slot(slots)
            # Nodes are interned: what two equations have in common is one node of both
            # values, and is computed once in the function that is made of them.
            [value] = substitute([shape.stable], by)
            variable = self._variable(int(table.defined[equation]))
            self._known[variable], self._equation_of[variable] = value, equation
            self._leaves[equation], self._filling[equation] = leaves, by

    def _variable(self, row: int) -> Node:
        return name(self.table.variables[row])

    def value(self, row: int) -> Node:
        """A variable that is needed, as an expression of inputs and parameters."""
        variable = self._variable(row)
        is_input = self.table.equation_of[row] < 0
        assert is_input or variable in self._known, "the variable was left out"
        return self._known.get(variable, variable)

    @lazy
    def partials(self) -> dict[int, list[Node]]:
        """Per equation the derivatives of its body by each of its slots."""
        return {
            equation: substitute(self.table.shape_of(equation).partials, by)
            for equation, by in self._filling.items()
        }

    def gradient(self, seeds: Mapping[int, Node]) -> list[Node]:
        """Adjoints of the parameters for the given adjoints of variables (rows)."""

        def shares(variable: Node, adjoint: Node) -> Iterator[tuple[Node, Node]]:
            equation = self._equation_of[variable]
            leaves, partials = self._leaves[equation], self.partials[equation]
            for column in self.table.shape_of(equation).names:
                yield leaves[column], times(adjoint, partials[column])

        arriving = {self._variable(row): seed for row, seed in seeds.items()}
        adjoints = accumulate(reversed(self._equation_of), arriving, shares, plus)
        return [adjoints.get(name(text), ZERO) for text in self.table.parameters]
