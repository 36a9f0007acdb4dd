"""Reverse accumulation on an expression: each node's adjoint from its users'.

    adjoint(root) = 1        adjoint(arg) += adjoint(node) * d node / d arg

The chain rule of `diff.chain_rule` over the nodes of an expression, with the rules of
the table for local partials. Shapes are differentiated by it, graphs, and the
operations that formulas define.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cgprimer.diff.chain_rule import accumulate, plus, times
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ARGUMENTS, CONST, NAME, ONE, ZERO, name
from cgprimer.expr.tidy import tidy

Local = Callable[[Node, int], Node]
"""Node, position ─▶ the derivative of the node by its argument there."""

Shares = Iterable[tuple[Node, Node]]
"""Arguments, each with what it gets; a node that is two arguments comes twice."""

_ARGUMENTS = tuple(map(name, ARGUMENTS))
_RESULT = name("y")


@dataclass(frozen=True)
class Step:
    """One line of a derivation: a node, its adjoint, and what its arguments get."""

    node: Node
    adjoint: Node
    shares: tuple[tuple[Node, Node], ...]


def local_partial(node: Node, position: int) -> Node:
    """The derivative of `node` by its argument at `position`, by the table's rule.

    For an operation with a pullback, what that argument gets for an adjoint of one.
    """
    if node.op.pullback:
        return node.op.pullback(node.args, node, ONE)[position]
    return fill_rule(node.op.rules[position], node.args, node)


def fill_rule(rule: Node, args: Sequence[Node], result: Node) -> Node:
    """A rule of the table, over a, b, … and y, for these arguments and this result."""
    # Written out by hand, not by `substitute`: each operation of the rule is tidied as
    # it is made, so b*a^(b - 1) at b = 2 becomes 2*xa at once.
    made = {_RESULT: result} | dict(zip(_ARGUMENTS, args, strict=False))
    for part in _parts(rule):
        if part.op is CONST:
            made[part] = part
        elif part.op is not NAME:
            made[part] = tidy(part.op, *(made[arg] for arg in part.args))
    return made[rule]


@functools.lru_cache(maxsize=1024)
def _parts(rule: Node) -> list[Node]:
    """`postorder` of one rule, which is asked for again and again."""
    return postorder([rule])


def sweep(root: Node, wrt: Iterable[Node]) -> list[Step]:
    """The reverse trace of `root`: a step per node on a path from `wrt`, root first."""
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
        steps.append(Step(node, adjoint, tuple(_shares(node, adjoint, backwards))))
        return steps[-1].shares

    accumulate(backwards, {root: ONE}, shares, plus)
    return steps


def partials(
    root: Node, wrt: Iterable[Node], seed: Node = ONE, local: Local | None = None
) -> dict[Node, Node]:
    """The derivative of `root` by each of `wrt`, as nodes that share what they can.

    With a `seed`, what each of `wrt` gets when that adjoint arrives at `root`: seed
    times derivative, unless an operation below has a pullback of its own.
    local : other local partials than the table's; pullbacks are not asked then.
    """
    wrt = list(wrt)
    backwards = _between(root, wrt)

    def shares(node: Node, adjoint: Node) -> Shares:
        return _shares(node, adjoint, backwards, local)

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
    node: Node, adjoint: Node, active: Container[Node], local: Local | None = None
) -> Iterator[tuple[Node, Node]]:
    """What each active argument gets: adjoint·partial, or what the pullback says."""
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
