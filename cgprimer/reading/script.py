r"""A derivation as read: its equalities, and what its definitions say.

    v1 = 1/x                            a definition: a fresh name on the left
    \bar v_1 = \bar v_3 v_2 = \sin x      two claims

`reader` makes a script of a text; `derivation.checking` judges it, `definitions` makes
equations of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cgprimer.errors import Mistake
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import CONST, OPS, name


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
    def is_numeric(self) -> bool:
        """Whether it is made of numbers alone."""
        return not leaves(self.node)

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

    gap : the line between its two sides that was not read, if there is one.
    note : which of two readings was taken, where there were two.
    rounded : whether '≈' stands between: equal to the digits shown.
    A definition may be a claim as well: then `left` is what its name must be.
    """

    left: Side
    right: Side
    defines: str | None = None
    fresh: tuple[str, ...] = ()
    gap: int | None = None
    note: str = ""
    rounded: bool = False

    @property
    def claims(self) -> bool:
        """Whether there is something to judge."""
        return self.left.node is not name(self.defines) if self.defines else True


@dataclass(frozen=True)
class Unread:
    """A statement of line `number` that was not read, and the mistake that says why."""

    number: int
    mistake: Mistake


@dataclass(frozen=True)
class Script:
    r"""A derivation as read.

    bodies : name → right side of every definition that makes up the graph.
    derived : the same for definitions that use adjoints or derivatives.
    free : names that nothing defines; `output` is the name whose adjoint is 1, and
        `seeded` says whether a line `\bar v = 1` chose it.
    unread : statements that could not be read.
    broken : names that one of them may define, each with the number of its line.
    """

    equalities: tuple[Equality, ...]
    bodies: dict[str, Node]
    derived: dict[str, Node]
    free: tuple[str, ...]
    output: str | None
    seeded: bool = False
    unread: tuple[Unread, ...] = ()
    broken: dict[str, int] = field(default_factory=dict)

    def problems(self) -> list[Mistake]:
        """What is not read, each with its line and carets."""
        return [
            replace(one.mistake, message=f"line {one.number}: {one.mistake.message}")
            for one in self.unread
        ]
