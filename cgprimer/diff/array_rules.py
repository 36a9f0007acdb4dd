"""What the arguments of an operation on arrays get of its adjoint, by its rule.

    node, adjoint, dims ─▶ one share for each argument, with the dims of that argument

A rule of the table is text in a, b, … (arguments), y (result), g (adjoint) and the
attributes. Operations on numbers have the rules of their own table here too; where an
argument was stretched to the dims of the result, its share is summed back to its own.
`diff.sweep` asks for arrays as it does for numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cgprimer.diff.rules import local_partial
from cgprimer.errors import OpError
from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.array_rule import fill, parsed
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, intern
from cgprimer.expr.ops import ARGUMENTS, OPS, ZERO, name
from cgprimer.expr.tidy import tidy

_RESULT, _ADJOINT = name("y"), name("g")
_ARGUMENTS = tuple(map(name, ARGUMENTS))


Partials = Callable[..., dict[Node, Node]]


def array_shares(
    node: Node, adjoint: Node, sizing: Sizing, partials: Partials
) -> Iterator[Node]:
    """What every argument gets of the adjoint; ZERO for one that gets nothing.

    partials : `diff.sweep.partials`, for operations that are written in others.
    """
    shares = _raw_shares(node, adjoint, sizing, partials)
    for arg, share in zip(node.args, shares, strict=True):
        yield share if share is ZERO else fitted(share, arg, sizing)


def fitted(share: Node, arg: Node, sizing: Sizing) -> Node:
    """A share with the dims of the argument that it belongs to."""
    has, wants = sizing.of(share), sizing.of(arg)
    if has == wants:
        return share
    short = len(has) < len(wants) or (not has and bool(wants))
    return ARRAY_OPS["expand_to" if short else "sum_to"](share, arg)


def _raw_shares(
    node: Node, adjoint: Node, sizing: Sizing, partials: Partials
) -> tuple[Node, ...]:
    op = node.op
    if not isinstance(op, ArrayOp):
        if op.pullback:
            return op.pullback(node.args, node, adjoint)
        times = OPS["mul"]
        return tuple(
            tidy(times, adjoint, local_partial(node, i)) for i in range(len(node.args))
        )
    if op.refuse:
        raise OpError(op.name, "has no derivative", op.refuse)
    if callable(op.pull):
        return op.pull(node, adjoint)
    by = dict(zip(_ARGUMENTS, node.args, strict=False))
    by |= {_RESULT: node, _ADJOINT: adjoint}
    if op.pull:
        ranks = tuple(len(sizing.of(arg)) for arg in node.args)
        texts = _of_ranks(op, ranks)
        return tuple(
            fill(parsed(text), by, attrs_of(node), tidy_array) for text in texts
        )
    # Written in other operations: their rules, over names, since one argument may
    # stand in another.
    names = _ARGUMENTS[: len(node.args)]
    by_name = dict(zip(names, names, strict=True))
    body = fill(parsed(op.definition), by_name, attrs_of(node), tidy_array)
    own = Sizing(
        {str(n.value): sizing.of(a) for n, a in zip(names, node.args, strict=True)}
    )
    own.names |= {"g": sizing.of(node)}
    found = partials(body, names, _ADJOINT, sizing=own)
    return tuple(fill(found[n], by, {}, tidy_array) for n in names)


def _of_ranks(op: ArrayOp, ranks: tuple[int, ...]) -> tuple[str, ...]:
    """The texts of a rule that holds for arguments of these ranks."""
    if isinstance(op.pull, Mapping):
        texts = op.pull.get(ranks) or op.pull[...]
        return tuple(texts)
    return tuple(op.pull)  # type: ignore[arg-type]


def tidy_array(like: Node, args: tuple[Node, ...], value: Any) -> Node:
    """The operation of `like` on other arguments, shorter where that is exact."""
    if not isinstance(like.op, ArrayOp):
        return tidy(like.op, *args)
    if like.op.name == "transpose" and args[0].op is like.op:
        return args[0].args[0]
    return intern(like.op, args, value)
