"""Rules of operations with any number of arguments, which no text can give.

    node, adjoint ─▶ a share for each argument

They are the rules of einsum, concat and stack in the table `expr.array_ops`.
"""

from __future__ import annotations

from typing import Any

from cgprimer.expr.array_op import attrs_of
from cgprimer.expr.node import Node


def _call(op: str, *args: Node, **attrs: Any) -> Node:
    from cgprimer.expr.array_ops import ARRAY_OPS

    return ARRAY_OPS[op](*args, **attrs)


def einsum_pull(node: Node, g: Node) -> tuple[Node, ...]:
    """The form with the letters of an argument and of the result exchanged."""
    left, right = attrs_of(node)["form"].split("->")
    parts = left.split(",")
    shares = []
    for i, (own, arg) in enumerate(zip(parts, node.args, strict=True)):
        others = [j for j in range(len(parts)) if j != i]
        known = {*right, *(letter for j in others for letter in parts[j])}
        kept = "".join(letter for letter in own if letter in known)
        form = ",".join([right, *(parts[j] for j in others)]) + "->" + kept
        share = _call("einsum", g, *(node.args[j] for j in others), form=form)
        # What is summed over a letter that nothing else has is the same all along it.
        axis = tuple(k for k, letter in enumerate(own) if letter not in known)
        shares.append(_call("spread", share, arg, axis=axis) if axis else share)
    return tuple(shares)


def concat_pull(node: Node, g: Node) -> tuple[Node, ...]:
    """To each its part: the last entries of the first ones, up to its own."""
    axis = attrs_of(node)["axis"]
    args = node.args
    shares = []
    for i, arg in enumerate(args):
        share = g
        if i and i < len(args) - 1:
            head = _call("concat", *args[: i + 1], axis=axis)
            share = _call("part", g, head, axis=axis, end=0)
        end = int(i > 0)
        shares.append(_call("part", share, arg, axis=axis, end=end))
    return tuple(shares)


def stack_pull(node: Node, g: Node) -> tuple[Node, ...]:
    """To each its entry of the new axis, which its number and the axis name."""
    axis = attrs_of(node)["axis"]
    if axis >= 0:
        everything = ((None, None, None),) * axis
        return tuple(
            _call("slice", g, at=(*everything, i)) for i in range(len(node.args))
        )
    # Counted from the end, it is first where its part has been cut out and squeezed.
    wide = [_call("unsqueeze", arg, axis=axis) for arg in node.args]
    joined = concat_pull(_call("concat", *wide, axis=axis), g)
    return tuple(_call("squeeze", share, axis=axis) for share in joined)
