"""Reverse accumulation on an expression: each node's adjoint from its users'.

    adjoint(root) = 1        adjoint(arg) += adjoint(node) * d node / d arg

The chain rule of `diff.chain_rule` over the nodes of an expression, with the rules of
the table for local partials. Shapes are differentiated by it, graphs, and the
operations that formulas define.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from cgprimer.diff.array_rules import array_shares
from cgprimer.diff.chain_rule import accumulate, plus, times
from cgprimer.diff.rules import local_partial
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ONE, ZERO

Local = Callable[[Node, int], Node]
"""Node, position ─▶ the derivative of the node by its argument there."""

Shares = Iterable[tuple[Node, Node]]
"""Arguments, each with what it gets; a node that is two arguments comes twice."""


@dataclass(frozen=True)
class Step:
    """One line of a derivation: a node, its adjoint, and what its arguments get."""

    node: Node
    adjoint: Node
    shares: tuple[tuple[Node, Node], ...]


def sweep(
    root: Node, wrt: Iterable[Node], seed: Node = ONE, sizing: Sizing | None = None
) -> list[Step]:
    """The reverse trace of `root`: a step per node on a path from `wrt`, root first.

    seed, sizing : as for `partials`.
    """
    # For xa*exp(xa) by xa, root first:
    #
    #     node          adjoint               what its arguments get
    #     xa*exp(xa)    1                     xa: exp(xa)      exp(xa): xa
    #     exp(xa)       xa                    xa: xa*exp(xa)
    #     xa            exp(xa) + xa*exp(xa)
    #
    # In this order all users of a node come before it, so its adjoint is complete.
    backwards = _between(root, wrt)
    steps: list[Step] = []

    def shares(node: Node, adjoint: Node) -> Shares:
        own = tuple(_shares(node, adjoint, backwards, sizing=sizing))
        steps.append(Step(node, adjoint, own))
        return steps[-1].shares

    accumulate(backwards, {root: seed}, shares, plus)
    return steps


def partials(
    root: Node,
    wrt: Iterable[Node],
    seed: Node = ONE,
    local: Local | None = None,
    sizing: Sizing | None = None,
) -> dict[Node, Node]:
    """The derivative of `root` by each of `wrt`, as nodes that share what they can.

    With a `seed`, what each of `wrt` gets when that adjoint arrives at `root`: seed
    times derivative, unless an operation below has a pullback of its own.
    local : other local partials than the table's; pullbacks are not asked then.
    sizing : the dims of names, where some are arrays. What has none of its own, and is
        added up over nothing, stays the scalar 0 or 1.
    """
    wrt = list(wrt)
    backwards = _between(root, wrt)

    def shares(node: Node, adjoint: Node) -> Shares:
        return _shares(node, adjoint, backwards, local, sizing)

    adjoints = accumulate(backwards, {root: seed}, shares, plus)
    return {node: adjoints.get(node, ZERO) for node in wrt}


def has_pullback(root: Node) -> bool:
    """Whether what an adjoint becomes on the way need not be a multiple of it."""
    return any(node.op.pullback for node in postorder([root]))


def _between(root: Node, wrt: Iterable[Node]) -> dict[Node, None]:
    """The nodes on a path from `wrt` to `root`, last first.

    A node off every such path gets no share: half of a derivative would be made for
    constants and names that nobody asks for.
    """
    order = postorder([root])
    active = set(wrt)
    for node in order:
        if any(arg in active for arg in node.args):
            active.add(node)
    return dict.fromkeys(node for node in reversed(order) if node in active)


def _shares(
    node: Node,
    adjoint: Node,
    active: Container[Node],
    local: Local | None = None,
    sizing: Sizing | None = None,
) -> Iterator[tuple[Node, Node]]:
    """What each active argument gets: adjoint·partial, or what the pullback says."""
    if sizing is not None and node.args:
        pairs = zip(
            node.args, array_shares(node, adjoint, sizing, partials), strict=True
        )
        yield from (pair for pair in pairs if pair[0] in active and pair[1] is not ZERO)
        return
    if node.op.pullback and local is None:
        shares = node.op.pullback(node.args, node, adjoint)
        pairs = zip(node.args, shares, strict=True)
        yield from ((arg, share) for arg, share in pairs if arg in active)
        return
    local = local or local_partial
    # By position, as both may be one node: in xa*xa each gets xa, together 2*xa.
    for i, arg in enumerate(node.args):
        if arg in active:
            yield arg, times(adjoint, local(node, i))
