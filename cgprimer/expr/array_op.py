"""Operations on arrays: what an entry of their table holds.

    ArrayOp("outer", 2, outer, ("g @ b", "g' @ a"), "n,m->nm")

As an entry of `expr.ops`, it says everything about one operation; `array_ops` is the
table. Derivatives are texts in our own language, which know sizes only as those of an
argument (`spread(g, a)` is as long as a), so they hold for every size and every order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cgprimer.expr.dims import DimsRule
from cgprimer.expr.node import Node, intern
from cgprimer.expr.ops import Op

REQUIRED = object()
"""The default of an attribute that has none: it must be given."""

Shares = tuple[str, ...]
Rule = Shares | Mapping[Any, Shares] | Callable[[Node, Node], tuple[Node, ...]]
Attrs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, eq=False)
class ArrayOp(Op):
    """One operation on arrays.

    operands : how many arguments it takes; -1 where any number.
    forward : `forward(xp, ranks, *args, **attrs)` with numpy's names in `xp`. `ranks`
        are the numbers of axes that the text speaks of; an argument may have one axis
        more in front, of samples, and then so has the result. An argument in `like` is
        a tuple, the dims as numbers. None where `definition` says it all.
    pull : what each argument gets of the adjoint g: text in a, b, …, the result y and
        g, "0" for nothing; with ranks that differ a mapping ranks → texts, `...` for
        all others; or a function of the node and g. () where `definition` says it all.
    dims : a signature, or a function of a Sizing and the dims.
    attrs : keyword → default, in the order in which a node holds them.
    like : positions of arguments of which only the dims count.
    whole : positions of arguments that are indexes: whole numbers, with no derivative.
    summed : forward with the sum over samples, where that is cheaper.
    refuse : why there is no derivative, and what to write instead.
    """

    operands: int = 1
    pull: Rule = ()
    dims: DimsRule | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)
    like: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()
    summed: Callable[..., Any] | None = None
    refuse: str = ""

    @property
    def arity(self) -> int:
        """Number of arguments; -1 where any number."""
        return self.operands

    @property
    def stored(self) -> str:
        """What a copy of an expression calls it: another than one on numbers."""
        return f"{self.name}[]"

    @property
    def analytic(self) -> bool:
        """Whether a complex step through it gives the derivative."""
        return False

    def __call__(self, *args: Node, **attrs: Any) -> Node:
        """The raw node; attributes that are not given have their defaults."""
        return intern(self, args, self.filled(attrs))

    def filled(self, attrs: Mapping[str, Any]) -> Attrs | None:
        """All attributes, in order; None of an operation that has none."""
        full = tuple((key, attrs.get(key, d)) for key, d in self.attrs.items())
        return full or None


def attrs_of(node: Node) -> dict[str, Any]:
    """The attributes of a node, by keyword."""
    return dict(node.value) if isinstance(node.value, tuple) else {}


def is_array_op(op: Op) -> bool:
    """Whether an operation is one on arrays, not on numbers entry by entry."""
    return isinstance(op, ArrayOp)
