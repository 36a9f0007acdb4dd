"""A whole graph as expressions of its inputs and parameters, with sharing kept.

    Table, equations ─▶ a Node for every variable, partial and gradient

`run.llvm.fused` makes one function of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import OPS, ZERO, const, name
from cgprimer.expr.tidy import tidy
from cgprimer.keeping import lazy
from cgprimer.run.llvm.emit import coded, is_coded

if TYPE_CHECKING:
    from cgprimer.graph.shape import Shape
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
            shape = table.shapes[table.shape[equation]]
            slots = self._slots[equation] = self._filled(shape, equation)
            by = dict(zip(map(name, shape.slots), slots, strict=True))
            # Nodes are interned: what two equations have in common is one node of both
            # values, and is computed once in the function that is made of them.
            [value] = substitute([shape.stable], by)
            self.values[table.defined[equation]] = value

    def _filled(self, shape: Shape, equation: int) -> list[Node]:
        """What stands in the slots of an equation, as expressions."""
        table = self.table
        span = slice(table.start[equation], table.start[equation + 1])
        found: list[Node] = []
        for slot, number in zip(shape.slots, table.slots[span].tolist(), strict=True):
            if slot[0] == "x":
                node = self.values[number]
                assert node is not None, "equations come in topological order"
                found.append(node)
            elif slot[0] == "p":
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
            shape = self.table.shapes[self.table.shape[equation]]
            slots = self._slots[equation]
            by = dict(zip(map(name, shape.slots), slots, strict=True))
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
            shape = table.shapes[table.shape[equation]]
            first = int(table.start[equation])
            for column in shape.names:
                number = int(table.slots[first + column])
                partial = self.partials[equation][column]
                share = tidy(OPS["mul"], arriving, partial)
                if shape.slots[column][0] == "p":
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
