r"""A derivation as read: its equalities, and what its definitions say.

    v1 = 1/x                            a definition: a fresh name on the left
    \bar v_1 = \bar v_3 v_2 = \sin x      two claims

`reader` makes a script of a text; `meanings`, `check` and `hints` judge it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONST, OPS


@dataclass(frozen=True)
class Side:
    """One side of an equality: `line[start:end]` of line `number`, and what it spells.

    node : over the author's names; adjoints and derivatives are names too.
    """

    number: int
    line: str
    start: int
    end: int
    node: Node

    @property
    def text(self) -> str:
        """As written."""
        return self.line[self.start : self.end]

    @property
    def is_number(self) -> bool:
        """Whether it is a bare number, perhaps with a minus."""
        node = self.node
        if node.op is OPS["neg"]:
            node = node.args[0]
        return node.op is CONST


@dataclass(frozen=True)
class Equality:
    """Two sides with an '=' between; `fresh` are names that nothing before it has.

    unread : why it is not read, in a sentence or two. It claims nothing then, and the
        nodes of its sides mean nothing; `where` is what of the line that is about.
    note : which of two readings was taken, where there were two.
    rounded : whether '≈' stands between: equal to the digits shown.
    """

    left: Side
    right: Side
    defines: str | None = None
    fresh: tuple[str, ...] = ()
    unread: str = ""
    where: tuple[int, int] = (0, 0)
    note: str = ""
    rounded: bool = False


@dataclass(frozen=True)
class Script:
    """A derivation as read.

    bodies : name → right side of every definition that makes up the graph.
    derived : the same for definitions that use adjoints or derivatives.
    free : names that nothing defines; `output` is the name whose adjoint is 1.
    """

    equalities: tuple[Equality, ...]
    bodies: dict[str, Node]
    derived: dict[str, Node]
    free: tuple[str, ...]
    output: str | None
