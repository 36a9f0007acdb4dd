"""Reverse accumulation on an expression: each node's adjoint from its users'.

    adjoint(root) = 1        adjoint(arg) += adjoint(node) * d node / d arg

Sources: Griewank & Walther, Evaluating Derivatives (2008), section 3.2.

Shapes are differentiated by it, graphs, and the operations that formulas define.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ARGUMENTS, CONST, NAME, ONE, OPS, ZERO, name
from cgprimer.expr.tidy import tidy

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
    # Written out by hand, not by `substitute`: each operation of the rule is tidied as
    # it is made, so b*a^(b - 1) at b = 2 becomes 2*xa at once.
    made = {_RESULT: node} | dict(zip(_ARGUMENTS, node.args, strict=False))
    rule = node.op.rules[position]
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


def sweep(root: Node, wrt: Iterable[Node], seed: Node = ONE) -> list[Step]:
    """The reverse trace of `root`: a step per node on a path from `wrt`, root first."""
    # For xa*exp(xa) by xa, root first:
    #
    #     node          adjoint               what its arguments get
    #     xa*exp(xa)    1                     xa: exp(xa)      exp(xa): xa
    #     exp(xa)       xa                    xa: xa*exp(xa)
    #     xa            exp(xa) + xa*exp(xa)
    #
    # In this order all users of a node come before it, so its adjoint is complete.
    order = postorder([root])
    active = set(wrt)
    for node in order:
        if any(arg in active for arg in node.args):
            active.add(node)
    adjoint = {root: seed}
    steps = []
    for node in reversed(order):
        if node in active and node in adjoint:
            # A node off every path from `wrt` gets no share: half of a derivative would
            # be made for constants and names that nobody asks for.
            shares = tuple(_shares(node, adjoint[node], active))
            for arg, share in shares:
                adjoint[arg] = (
                    tidy(OPS["add"], adjoint[arg], share) if (arg in adjoint) else share
                )
            steps.append(Step(node, adjoint[node], shares))
    return steps


def _shares(
    node: Node, adjoint: Node, active: Container[Node]
) -> Iterator[tuple[Node, Node]]:
    """What each active argument gets: adjoint·partial, or what the pullback says."""
    if node.op.pullback:
        shares = node.op.pullback(node.args, node, adjoint)
        pairs = zip(node.args, shares, strict=True)
        yield from ((arg, share) for arg, share in pairs if arg in active)
        return
    # By position, as both may be one node: in xa*xa each gets xa, together 2*xa.
    for i, arg in enumerate(node.args):
        if arg in active:
            yield arg, tidy(OPS["mul"], adjoint, local_partial(node, i))


def partials(root: Node, wrt: Iterable[Node], seed: Node = ONE) -> dict[Node, Node]:
    """The derivative of `root` by each of `wrt`, as nodes that share what they can.

    With a `seed`, what each of `wrt` gets when that adjoint arrives at `root`: seed
    times derivative, unless an operation below has a pullback of its own.
    """
    wrt = list(wrt)
    found = {step.node: step.adjoint for step in sweep(root, wrt, seed)}
    return {node: found.get(node, ZERO) for node in wrt}
