"""What somebody claims a derivative to be: a formula, a function or numbers.

read by `claims` ─▶ Claim ─▶ values at points, and Σ|terms| for their rounding
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.diff.stable import stable
from cgprimer.errors import OpError
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, fold, intern, leaves, substitute
from cgprimer.expr.ops import OPS, name
from cgprimer.judge.mistakes.wrong_derivatives import derivative
from cgprimer.judge.rounding import rounding
from cgprimer.keeping import lazy
from cgprimer.types import Array, Edge


@dataclass(frozen=True)
class Claim:
    """A claimed derivative: `text` to show it, `where` its author finds it."""

    edge: Edge
    text: str
    where: str
    node: Node | None = None
    compute: Callable[[Mapping[str, Array], int], Array] | None = None
    everywhere: bool = True  # numbers have been worked out at the caller's own points
    asks: tuple[str, ...] = ()  # the names that a function is called with

    @lazy
    def names(self) -> Sequence[str]:
        """The names whose values it is computed from."""
        return leaves(self.node) if self.node else self.asks

    def values(self, at: Mapping[str, Array], width: int) -> tuple[Array, Array]:
        """The claim at n points, and the Σ|terms| that its rounding is counted in."""
        if self.node is None:
            assert self.compute is not None
            values = self.compute(at, width)
            # Of a number nobody knows how it was computed; eight roundings of it are
            # allowed.
            with np.errstate(over="ignore"):
                return values, 8 * np.abs(values)
        with np.errstate(all="ignore"):
            values, terms = self._kernel(*(at[text] for text in self.names))
        return np.broadcast_to(values, (width,)), np.broadcast_to(terms, (width,))

    @lazy
    def _kernel(self) -> Kernel:
        """Numpy code for a formula in its names, and for its Σ|terms|."""
        assert self.node is not None
        # A claim of exp(x) - 1 is judged by what it means; that it cancels near 0 is a
        # fault of its evaluation, which `diagnose` tells.
        node = stable(_limits(self.node))
        return Kernel([node, rounding(node)], self.names)

    def second_derivative(
        self, body: Node, at: Mapping[str, Array]
    ) -> list[Array] | None:
        """A formula by its name once more, and the Σ|terms| of that, not in full.

        body : of the equation, since z·(1 - z) depends on the name through z too.
        None where there is no formula, or no second derivative is known.
        """
        node, wrt = self.edge
        if self.node is None:
            return None
        try:
            [formula] = substitute([self.node], {name(node): body})
            root = derivative(formula, name(wrt), {})
        except OpError:
            return None
        names = leaves(root)
        with np.errstate(all="ignore"):
            return Kernel([root, rounding(root)], names)(*(at[text] for text in names))


@dataclass(frozen=True)
class Claims:
    """Claims sorted: `local` ones of edges, `whole` ones of totals of one output."""

    output: str | None
    local: Mapping[Edge, Claim]
    whole: Mapping[str, Claim]  # by the name that is derived by

    @classmethod
    def of(cls, claims: Mapping[Edge, Claim], output: str | None) -> Claims:
        """A claim of d output / d name is one of a total."""
        whole = {e[1]: claim for e, claim in claims.items() if e[0] == output}
        local = {e: claim for e, claim in claims.items() if e[0] != output}
        return cls(output, local, whole)


def _limits(root: Node) -> Node:
    """`root` with 0·log(0) as 0 in products, as u^v·log(u) is where u = 0 and v > 0.

    Values of formulas are computed in stable forms, and this is one of them.
    """

    def visit(node: Node, args: list[Node]) -> Node:
        made = intern(node.op, tuple(args), node.value) if args else node
        if node.op.name not in ("mul", "div"):
            return made
        for k, factor in enumerate(args):
            other = args[1 - k]
            # The derivative of u^v by v is u^v·log(u): 0·(-inf), which is nan, at u =
            # 0. xlogy(u^v, u) is 0 there, its limit.
            if factor.op is OPS["log"] and node.op is OPS["mul"]:
                return OPS["xlogy"](other, *factor.args)
            if factor.op is OPS["xlogy"] and (k == 0 or node.op is OPS["mul"]):
                inner, logged = factor.args
                return OPS["xlogy"](node.op(inner, other), logged)
        return made

    return fold([root], visit)[root]
