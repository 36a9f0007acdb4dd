"""A whole graph as expressions of its inputs and parameters, with sharing kept.

    Table, equations ─▶ a Node for every variable, partial and gradient

`run.llvm.fused` makes one function of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import OPS, ZERO, const, name, tidy
from cgprimer.graph.slots import PARAMETER, VARIABLE
from cgprimer.keeping import lazy
from cgprimer.run.llvm.emit import coded, is_coded

if TYPE_CHECKING:
    from cgprimer.graph.table import Table


class ExpandedGraph:
    """Every variable that is needed, and derivatives, as expressions.

    values : per row of a variable its expression; None where it is left out.
    """

    def __init__(self, table: Table, equations: Sequence[int]) -> None:
        self.table = table
        self.equations = equations
        self.parameters = [name(text) for text in table.parameters]
        self.values: list[Node | None] = [
            None if e >= 0 else name(text)
            for text, e in zip(table.variables, table.equation_of.tolist(), strict=True)
        ]
        self._slots: dict[int, list[Node]] = {}
        for equation in equations:
            shape = table.shape_of(equation)
            slots = self._slots[equation] = self._filled(equation)
            by = shape.by_slot(slots)
            # Nodes are interned: what two equations have in common is one node of both
            # values, and is computed once in the function that is made of them.
            [value] = substitute([shape.stable], by)
            self.values[table.defined[equation]] = value

    def _filled(self, equation: int) -> list[Node]:
        """What stands in the slots of an equation, as expressions."""
        table = self.table
        found: list[Node] = []
        for kind, number in table.filling(equation):
            if kind is VARIABLE:
                node = self.values[number]
                assert node is not None, "equations come in topological order"
                found.append(node)
            elif kind is PARAMETER:
                found.append(self.parameters[number])
            else:
                found.append(const(float(table.constants[number])))
        return found

    def value(self, row: int) -> Node:
        """A variable that is needed, as an expression of inputs and parameters."""
        found = self.values[row]
        assert found is not None, "the variable was left out"
        return found

    @lazy
    def partials(self) -> dict[int, list[Node]]:
        """Per equation the derivatives of its body by each of its slots."""
        found = {}
        for equation in self.equations:
            shape = self.table.shape_of(equation)
            slots = self._slots[equation]
            by = shape.by_slot(slots)
            found[equation] = substitute(shape.partials, by)
        return found

    def gradient(self, seeds: Mapping[int, Node]) -> list[Node]:
        """Adjoints of the parameters for the given adjoints of variables (rows)."""
        table = self.table
        adjoint = dict(seeds)
        found = [ZERO] * len(self.parameters)
        for equation in reversed(self.equations):
            # Nothing that is wanted uses it.
            arriving = adjoint.get(int(table.defined[equation]))
            if arriving is None:
                continue
            shape = table.shape_of(equation)
            filling = table.filling(equation)
            for column in shape.names:
                kind, number = filling[column]
                partial = self.partials[equation][column]
                share = tidy(OPS["mul"], arriving, partial)
                if kind is PARAMETER:
                    found[number] = tidy(OPS["add"], found[number], share)
                elif number in adjoint:
                    adjoint[number] = tidy(OPS["add"], adjoint[number], share)
                else:
                    adjoint[number] = share
        return found

    def has_code(self) -> bool:
        """Whether every operation, in values and in derivatives, can be translated."""
        roots = [value for value in self.values if value is not None]
        roots += [node for nodes in self.partials.values() for node in nodes]
        return all(is_coded(node.op) for node in postorder(coded(roots)))
