"""What a graph shows of itself: one equation, and the derivative on one edge.

`Graph.equation` and `Graph.partial` return them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cgprimer.expr.node import Node
from cgprimer.notation.text import show

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Equation:
    """One equation seen with its own names: `name = body`, as written in `text`."""

    name: str
    body: Node
    text: str
    variables: tuple[str, ...]
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} = {show(self.body)}"

    def _repr_latex_(self) -> str:
        from cgprimer.notation.latex import latex_equation

        return f"${latex_equation(self.name, self.body)}$"


class Partial(NamedTuple):
    """The derivative of one equation by one name: as sympy's formula, and as text."""

    formula: sympy.Expr
    text: str

    @property
    def by(self) -> str:
        """Who differentiated: "sympy", or "sweep" for our own rules."""
        return "sympy"


class SweptPartial(Partial):
    """A derivative by our own rules, where sympy has none or would take too long."""

    __slots__ = ()

    @property
    def by(self) -> str:
        """Who differentiated."""
        return "sweep"
