"""Shapes: what equations that differ only in their names have in common.

`xy=ab*xx+0.5*xa` and `xq=u*xp+2*xr` share the shape `p0*x1+c2*x3`. Its key is the text
with each name and number replaced by its slot, numbered in order of appearance: `p` for
parameters, `x` for variables, `c` for constants. Exponents, 0 and 1 stay, since
derivatives and stable forms depend on them. A key is an expression of the language
itself; a shape is parsed, differentiated and compiled once, however many equations
have it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from math import nan
from typing import TYPE_CHECKING, TypeVar

from cgprimer.diff.stable import stable
from cgprimer.diff.sweep import has_pullback, partials
from cgprimer.errors import GraphError
from cgprimer.expr.custom import CustomOp
from cgprimer.expr.definitions import expand_for_kernels
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, fold, leaves, postorder, substitute
from cgprimer.expr.ops import FORGET, ONE, const, name
from cgprimer.expr.syntax import Parser
from cgprimer.graph.slots import CONSTANT, SlotKind, slot_kind, slot_number
from cgprimer.keeping import Weakly, lazy

if TYPE_CHECKING:
    import sympy

T = TypeVar("T")
RESULT, ADJOINT = name("y"), name("g")

SYMPY = 4_000  # nodes of all derivatives, written out, which cost sympy 0.1 to 0.5 s

# Two tables: texts of one shape may differ in blanks or brackets, and ready-made
# expressions have no text at all. Keys are forgotten when a name leaves the language,
# as `f(x0)` may soon mean another operation; bodies hold the operations themselves.
_by_key: Weakly[str, Shape] = Weakly()
_by_body: Weakly[Node, Shape] = Weakly()
FORGET.append(_by_key.clear)


class Shape:
    """One expression over slots; `slots` are their names, `p0`, `x1`, …, in order."""

    body: Node
    slots: tuple[str, ...]

    def __init__(self, body: Node, slots: tuple[str, ...]) -> None:
        self.body, self.slots = body, slots

    @classmethod
    def from_key(cls, key: str) -> Shape:
        """The shape that the text `key` spells; the same object for the same body."""
        shape = _by_key.find(key)
        if shape is None:
            shape = _by_key.hold(key, cls.from_body(Parser(key, 0, ()).parse()))
        return shape

    @classmethod
    def from_body(cls, body: Node) -> Shape:
        """The shape of an expression whose names are slots already."""
        shape = _by_body.find(body)
        if shape is None:
            # By number: in a body that was rewritten, as by `run.running`, slots may
            # stand in another order than that of their numbers.
            slots = sorted(leaves(body), key=slot_number)
            shape = _by_body.hold(body, cls(body, tuple(slots)))
        return shape

    @lazy
    def kinds(self) -> tuple[SlotKind, ...]:
        """What fills each slot."""
        return tuple(map(slot_kind, self.slots))

    @lazy
    def names(self) -> tuple[int, ...]:
        """Positions of the slots that hold names, not constants."""
        return tuple(i for i, kind in enumerate(self.kinds) if kind is not CONSTANT)

    def by_slot(self, contents: Iterable[T]) -> dict[Node, T]:
        """Each slot, as the name that it is in `body`, with what is in it."""
        return dict(zip(map(name, self.slots), contents, strict=True))

    def fill(self, node: Node, leaves: Iterable[Node]) -> Node:
        """An expression over the slots with `leaves` in them.

        >>> shape = Shape.from_key("p0*x1")
        >>> shape.fill(shape.body, [name("ab"), name("xa")])
        Node(ab*xa)
        """
        [made] = substitute([node], self.by_slot(leaves))
        return made

    @lazy
    def stable(self) -> Node:
        """The body in the form that values and derivatives are computed from."""
        return stable(self.body)

    @lazy
    def operations(self) -> int:
        """How many nodes a value takes, with operations of formulas written out."""
        return len(postorder(expand_for_kernels([self.stable])))

    @lazy
    def partials(self) -> tuple[Node, ...]:
        """The derivative of the body by each slot, by reverse accumulation."""
        return tuple(partials(self.stable, map(name, self.slots)).values())

    @lazy
    def lengths(self) -> tuple[int, ...]:
        """How many nodes each of `partials` has when it is written out."""
        # Bounded, since a shared expression may have more nodes, written out, than
        # there is time to add up digits of.
        sizes = fold(self.partials, lambda _, below: min(1 + sum(below), 10**18))
        return tuple(sizes[partial] for partial in self.partials)

    @property
    def asks_sympy(self) -> bool:
        """Whether the derivatives are short enough for sympy to be asked for them.

        Beyond that sympy takes seconds, and our own rules milliseconds.
        """
        return sum(self.lengths) <= SYMPY

    @lazy
    def has_pullback(self) -> bool:
        """Whether what an adjoint becomes on the way need not be a multiple of it."""
        return has_pullback(self.stable)

    @lazy
    def declares(self) -> bool:
        """Whether some operation has a derivative of its own, given by its maker."""
        return any(isinstance(n.op, CustomOp) for n in postorder([self.stable]))

    @lazy
    def written_out(self) -> frozenset[str]:
        """Operations of formulas in the body, which are run as what defines them."""
        custom = (n.op for n in postorder([self.body]) if isinstance(n.op, CustomOp))
        return frozenset(op.name for op in custom if op.run)

    @lazy
    def is_inexact(self) -> bool:
        """Whether some operation declares that what it passes back is no derivative."""
        return any(node.op.contract != "exact" for node in postorder([self.body]))

    @lazy
    def has_formula(self) -> tuple[bool, ...]:
        """For each slot, whether sympy can differentiate the body by it."""
        # Below numpy code without formulas sympy would have to differentiate that code;
        # a slot beside it is not concerned.
        code = [n for n in postorder([self.body]) if n.args and not n.op.rules]
        hidden = set(postorder(code))
        return tuple(name(slot) not in hidden for slot in self.slots)

    @lazy
    def has_constant_part(self) -> bool:
        """Whether some operation has only constants below it."""

        def variable(node: Node, args: list[bool]) -> bool:
            own = node.op.name == "name" and slot_kind(node.value) is not CONSTANT
            return own or any(args)

        below = fold([self.body], variable)
        return any(node.args and not below[node] for node in below)

    @lazy
    def formulas(self) -> tuple[sympy.Expr, ...]:
        """The derivative of the body by each slot, by sympy, in symbols of slots.

        nan stands for a derivative that sympy cannot find, or has none of real numbers
        for, or only numpy code knows. It may take long: `asks_sympy` says where it is
        not worth that.
        """
        import sympy

        from cgprimer.notation.to_sympy import derivatives

        known = [s for s, ok in zip(self.slots, self.has_formula, strict=True) if ok]
        by_slot = dict(zip(known, derivatives(self.body, known), strict=True))
        return tuple(by_slot.get(slot, sympy.nan) for slot in self.slots)

    @lazy
    def by_sympy(self) -> tuple[Node | None, ...]:
        """`formulas` as expressions; None where sympy has none, or is not asked."""
        if not self.asks_sympy:
            return (None,) * len(self.slots)
        return tuple(map(_read_back, self.formulas))

    def check_formula(self, i: int, variable: str) -> None:
        """Refuse slot `i` where only numpy code knows the derivative of `variable`."""
        from cgprimer.notation.to_sympy import without_formula

        if not self.has_formula[i]:
            slot = name(self.slots[i])
            code = (n for n in postorder([self.body]) if n.args and not n.op.rules)
            op = next(node.op for node in code if slot in postorder([node]))
            raise without_formula(op).within([variable])

    @lazy
    def symbolic(self) -> tuple[Node, ...]:
        """The derivative by each slot as a formula, to be evaluated and printed.

        Where sympy has none the rules of our own operations have: sign(u)·u′ for abs(u)
        of anything. nan where only numpy code knows the derivative.
        """
        return tuple(f or self._by_rules(i) for i, f in enumerate(self.by_sympy))

    def _by_rules(self, i: int) -> Node:
        return self.partials[i] if self.has_formula[i] else const(nan)

    @lazy
    def forward(self) -> Kernel:
        """Numpy code for the body; arguments are the slots."""
        return Kernel([self.stable], self.slots)

    def partial_kernel(self, wanted: tuple[int, ...]) -> Kernel:
        """Numpy code for the partials by the `wanted` slots.

        Arguments are the slots and the result, which rules like `1 - y^2` need.
        """
        return _kernel(self, wanted)

    def pullback_kernel(self, wanted: tuple[int, ...]) -> Kernel:
        """Numpy code for what the `wanted` slots get of the adjoint that arrives.

        Arguments are the slots, the result and that adjoint.
        """
        return _kernel(self, wanted, ADJOINT)


def _read_back(formula: sympy.Expr) -> Node | None:
    """sympy's formula as an expression; None where it is not one of real numbers."""
    from cgprimer.notation.from_sympy import from_sympy

    try:
        return from_sympy(formula)
    except GraphError:
        return None


@functools.lru_cache(maxsize=4096)
def _kernel(shape: Shape, wanted: tuple[int, ...], seed: Node = ONE) -> Kernel:
    # `partials` is kept and shared with whoever prints it; with a seed the same rules
    # are swept once more, as a pullback sees the adjoint on its way.
    slopes = shape.partials
    if seed is not ONE:
        slopes = tuple(partials(shape.stable, map(name, shape.slots), seed).values())
    # Where the body occurs in its own derivative, as in `1 - tanh(x0)^2`, the value
    # that the forward sweep left is read, not computed again.
    roots = substitute([slopes[i] for i in wanted], {shape.stable: RESULT})
    return Kernel(roots, [*shape.slots, "y", "g"])
