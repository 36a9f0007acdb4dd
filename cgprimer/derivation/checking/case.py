"""A wrong equality in numbers, on which a guess of what is wrong is tried.

    equality, meanings, points ─▶ Case: left, right, column(expression) ─▶ holds or not

`check` makes one of each '=' that fails; `hints` does the guessing, `corrections` looks
for the right formula. A column is the value of one expression at every point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cgprimer.derivation.checking.derivatives import asked_by, written
from cgprimer.derivation.checking.identity import other_forms
from cgprimer.derivation.checking.samples import Point, same
from cgprimer.diagnosis.extended import context, decimal, is_finite, values
from cgprimer.expr.node import Node, leaves
from cgprimer.keeping import lazy
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.names import Derivative, adjoint_of
from cgprimer.reading.script import Equality, Side

Column = list[Any]


class Case:
    """A wrong equality with both sides at the points where both have a value.

    head : the first side of its chain. symbolic : whether sympy may be asked.
    """

    def __init__(
        self,
        equality: Equality,
        meanings: Meanings,
        points: Sequence[Point],
        head: Side | None = None,
        symbolic: bool = False,
    ) -> None:
        self.equality, self.meanings, self.points = equality, meanings, points
        self.head, self.symbolic = head or equality.left, symbolic
        self.left = self.column(equality.left.node)
        self.right = self.column(equality.right.node)

    @property
    def gap(self) -> Column:
        """The left side minus the right one."""
        return minus(self.left, self.right)

    @property
    def varies(self) -> bool:
        """Whether the left side does; else any mistake is a constant factor."""
        return any(not same(value, self.left[0]) for value in self.left)

    @property
    def is_one_number(self) -> bool:
        """Whether a number is held against a number: no formula is to be found."""
        left = self.meanings.close(self.equality.left.node)
        return self.equality.right.is_number and not leaves(left)

    @property
    def names(self) -> list[str]:
        """Everything that has a place in the graph, definitions first."""
        return [*self.meanings.script.bodies, *self.meanings.script.free]

    @lazy
    def asked(self) -> Derivative | None:
        """The derivative or adjoint that is wanted, where a line begins with one."""
        for side in (self.equality.left, self.head):
            derivative = asked_by(str(side.node.value), self.meanings)
            # A chain that has gone wrong before is about something else by now.
            if derivative and self.holds(self.left, self.column(side.node)):
                return derivative
        return None

    @lazy
    def truths(self) -> list[Node]:
        """What has the value of the left side: as written, derived, expanded."""
        left = self.equality.left.node
        found = [left] if left.args else []
        if self.asked:
            found += written(self.asked, self.meanings)
        elif str(left.value) in self.meanings.script.bodies:
            found.append(self.meanings.script.bodies[str(left.value)])
        elif self.symbolic and leaves(left):
            found += other_forms(left)
        return list(filter(self.is_right, found))

    def is_right(self, node: Node) -> bool:
        """Whether an expression has the value of the left side at every point."""
        return self.holds(self.left, self.column(node))

    def column(self, node: Node) -> Column:
        """The value of an expression over the author's names at every point."""
        return self.column_at(node, self.points)

    def column_at(self, node: Node, points: Sequence[Point]) -> Column:
        """The same at some of the points."""
        closed = self.meanings.close(node)
        return [values([closed], at, decimal)[closed] for at in points]

    def holds(self, a: Column, b: Column) -> bool:
        """Whether two columns agree at every point."""
        return all(map(is_finite, a + b)) and all(map(same, a, b))

    def adjoint_of(self, text: object) -> str | None:
        """`v3` for `bar_v3`; None for what is no adjoint."""
        return adjoint_of(str(text), self.meanings.known)


def minus(a: Column, b: Column) -> Column:
    """The difference; zero where it is rounding."""
    # Zero exactly, so that a term of 0 is not seen in what rounding has left.
    pairs = zip(a, b, strict=True)
    return [x - y if not same(x, y) else context().zero for x, y in pairs]


def times(column: Column, by: Column | int) -> Column:
    """The product with a column, or with a number."""
    factors = [by] * len(column) if isinstance(by, int) else by
    return [x * y for x, y in zip(column, factors, strict=True)]
