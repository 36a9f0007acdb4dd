"""A claim's formula with one change: what it may have been meant to be.

formula ─▶ (kind, sentence, formula changed); `explain` asks which change makes it right

A transpose put in or taken out, arguments exchanged, a sign, an elementwise derivative
multiplied in: the sentence says the part that is wrong, and what stands for it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from cgprimer.diff.rules import local_partial
from cgprimer.errors import CGPrimerError
from cgprimer.expr.array_op import is_array_op
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import NAME, OPS, const, name
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.wrong_rules import (
    ARGUMENT,
    AXIS,
    EXCHANGED,
    LEFT_OUT,
    TRANSPOSE,
)
from cgprimer.notation.text import show

Change = tuple[str, str, Node]
NAMES = 40  # that are tried in place of one
MATMUL, OUTER, T = (ARRAY_OPS[op] for op in ("matmul", "outer", "transpose"))


def mended_claims(
    root: Node, at: ArraysAtPoint, output: str | None, own_adjoint: str = ""
) -> Iterator[Change]:
    """Every change of one part of a claim; of alike ones the first that is likely.

    own_adjoint : the name of what is claimed, which stands for itself alone.
    """
    yield from _elementwise(root, at, output)
    others = functools.partial(_others, at=at, output=output, own_adjoint=own_adjoint)
    for changes in (_changes, others):
        for node in postorder([root]):
            for kind, says, other in changes(node):
                text = f"{says}: {show(other)} belongs where {show(node)} stands"
                yield kind, text, substitute([root], {node: other})[0]


def _changes(node: Node) -> Iterator[tuple[str, str, Node]]:
    if node.op is MATMUL:
        a, b = node.args
        for x, y in ((_t(a), b), (a, _t(b))):
            yield TRANSPOSE, _way(a if x is not a else b), MATMUL(x, y)
        yield TRANSPOSE, "the transposes are wrong", MATMUL(_t(a), _t(b))
        for x, y in ((b, a), (_t(b), a), (b, _t(a)), (_t(b), _t(a))):
            yield EXCHANGED, "the factors are exchanged", MATMUL(x, y)
    elif node.op is OUTER:
        a, b = node.args
        yield EXCHANGED, "the arguments of outer are exchanged", OUTER(b, a)
    elif node.op.name in ("add", "sub"):
        other = OPS["sub" if node.op.name == "add" else "add"]
        yield "sign", "a sign is wrong", other(*node.args)
    elif node.op.name in ("sum", "mean"):
        for axis in range(2):
            made = node.op(*node.args, axis=axis)  # type: ignore[call-arg]
            if made is not node:
                every = dict(node.value or ()).get("axis") is None
                way = "all is summed up" if every else "the wrong axis is taken"
                yield AXIS, way, made
    elif node.op is T:
        yield TRANSPOSE, "there is a transpose too many", node.args[0]


def _way(node: Node) -> str:
    """What is wrong where one more transpose, or one less, makes it right."""
    return f"there is a transpose too {'many' * (node.op is T) or 'few'}"


def _others(
    node: Node, at: ArraysAtPoint, output: str | None, own_adjoint: str
) -> Iterator[tuple[str, str, Node]]:
    """Other names of the same dims, and other adjoints, in place of one."""
    text = str(node.value)
    if node.op is not NAME or (text not in at.values and output is None):
        return
    own = at.dims(text if text in at.values else text[1:])
    if len(own) == 2 and own[0] == own[1]:
        half = OPS["mul"](const(0.5), OPS["add"](node, T(node)))
        yield "symmetric", f"it is right where {text} is symmetric", half
    names = [*at.values]
    if output is not None:
        names += [f"d{n}" for n in at.bodies if f"d{n}" not in at.values]
        names = [n for n in names if n in at.values or n[1:] in at.below(output)]
    alike = (n for n in names if at.dims(n if n in at.values else n[1:]) == own)
    for other in [n for n in alike if n not in (text, own_adjoint)][:NAMES]:
        body = at.bodies.get(other)
        if body is not None and body.args == (node,) and not is_array_op(body.op):
            yield ARGUMENT, "the argument is taken for the result", name(other)
        else:
            yield "other name", "another name is meant", name(other)


def _t(node: Node) -> Node:
    return node.args[0] if node.op is T else T(node)


def _elementwise(root: Node, at: ArraysAtPoint, output: str | None) -> Iterator[Change]:
    """An adjoint without the derivative of the function that its node is made by."""
    if output is None:
        return
    for text, body in at.bodies.items():
        adjoint = name(f"d{text}")
        if (
            is_array_op(body.op)
            or len(body.args) != 1
            or adjoint not in postorder([root])
        ):
            continue
        try:
            slope = local_partial(body, 0)
        except CGPrimerError:
            continue
        [slope] = substitute([slope], {body: name(text)})
        full = OPS["mul"](adjoint, slope)
        says = (
            f"the derivative of {body.op.name} is left out: {show(full)} belongs where "
            f"{show(adjoint)} stands"
        )
        yield LEFT_OUT, says, substitute([root], {adjoint: full})[0]
