"""The chain rule: adjoints passed on from node to node, and added up where they meet.

    adjoint(seed) = what is given
    adjoint(arg) += share(node ─▶ arg)        for every node, once its own is complete

It is written here once. What a node is, and what it passes on, is the caller's:

    nodes                     adjoints      share of an argument
    operations                expressions   adjoint·rule, or a pullback's   diff.sweep
    equations                 expressions   adjoint·partial                 gradient
    equations, written out    expressions   adjoint·partial                 llvm.whole
    names, joined by edges    arrays (n,)   adjoint·partial                 accumulation
    lines of a derivation     numbers       adjoint·partial, or pulled      trace

`run.sweeps` is the same rule for arrays of equations at once, and `run.llvm` has it in
machine code; both are held against these in the tests.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS
from cgprimer.expr.tidy import tidy

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def accumulate(
    order: Iterable[K],
    seeds: Mapping[K, T],
    shares: Callable[[K, T], Iterable[tuple[K, T]]],
    add: Callable[[T, T], T],
) -> dict[K, T]:
    """The adjoint of every node that one of the seeds reaches; of others there is none.

    order : nodes, each after all that pass something on to it; those that pass nothing
        on may be left out.
    shares : node, its adjoint ─▶ (argument, what that gets), an argument as often as it
        is used. It is asked once for each node, and not for what no seed reaches.

    >>> uses = {"y": [("u", 3.0), ("v", 2.0)], "u": [("v", 5.0)]}
    >>> by = lambda node, adjoint: [(arg, adjoint * d) for arg, d in uses[node]]
    >>> accumulate(["y", "u"], {"y": 1.0}, by, lambda a, b: a + b)
    {'y': 1.0, 'u': 3.0, 'v': 17.0}
    """
    adjoints = dict(seeds)
    for node in order:
        # What no seed reaches is not asked: 0 times an infinite slope would be nan, and
        # code of a caller's own may answer an adjoint of 0 with something else.
        if node in adjoints:
            for arg, share in shares(node, adjoints[node]):
                adjoints[arg] = add(adjoints[arg], share) if arg in adjoints else share
    return adjoints


_ADD, _MUL = OPS["add"], OPS["mul"]


def plus(a: Node, b: Node) -> Node:
    """The sum of two shares that are expressions."""
    return tidy(_ADD, a, b)


def times(adjoint: Node, partial: Node) -> Node:
    """adjoint·partial, as an expression."""
    return tidy(_MUL, adjoint, partial)
