"""Wrong rules of operations: what a mistaken backward gives in place of a share.

    node, position, adjoint ─▶ WrongShare: kind, and the share that comes of it

A row is text in the language of the table: a, b, … are the arguments, y the result, g
the adjoint. It is put in by `mutation`, and looked for by `explain`, one table for
both. A row whose share has not the dims of its argument is left out where that is so:
no such mistake passes unseen.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cgprimer.diff.array_rules import array_shares, fitted, tidy_array
from cgprimer.diff.array_textbook import textbook_arrays
from cgprimer.diff.chain_rule import accumulate, plus
from cgprimer.diff.sweep import partials
from cgprimer.errors import CGPrimerError
from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_rule import fill
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import DimsError, Sizing
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import ARGUMENTS, ZERO, name
from cgprimer.notation.text import show

TRANSPOSE, EXCHANGED = "transpose left out", "arguments exchanged"
AXIS, MEAN, SUM = "wrong axis", "mean for sum", "sum for mean"
LEFT_OUT, FLIPPED, DIAGONAL = "σ′ left out", "kernel flipped", "diagonal for Jacobian"
ARGUMENT, OTHER, FACTOR = "argument for result", "σ′ for tanh′", "missing factor"
COUNT, SIGN, TWICE = "factor n for a sum", "sign", "averaged twice"
STRIDE, PATH = "stride off by one", "missing path"
SAYS = {  # what is wrong, before the two shares
    TRANSPOSE: "the transpose is left out",
    EXCHANGED: "the arguments are exchanged",
    AXIS: "the wrong axis is summed",
    MEAN: "a mean stands where a sum belongs",
    SUM: "a sum stands where a mean belongs",
    LEFT_OUT: "the derivative of the function is left out",
    FLIPPED: "the kernel is flipped",
    DIAGONAL: "only the diagonal of the Jacobian is taken",
    ARGUMENT: "the argument is taken for the result",
    OTHER: "it is the derivative of another function",
    FACTOR: "a factor is left out",
    COUNT: "each entry gets the adjoint as often as there are entries",
    SIGN: "the sign of this share is wrong",
    TWICE: "it is averaged twice",
    STRIDE: "the stride is off by one",
    PATH: "one of several shares is left out",
}


@dataclass(frozen=True)
class WrongRule:
    """A row: of argument `i` of an operation; ranks of the arguments, or all."""

    op: str
    i: int
    kind: str
    text: str
    ranks: tuple[int, ...] | None = None


WRONG: tuple[WrongRule, ...] = (
    WrongRule("matmul", 0, TRANSPOSE, "g @ b", (2, 2)),
    WrongRule("matmul", 0, TRANSPOSE, "(g @ b')'", (2, 2)),
    WrongRule("matmul", 1, TRANSPOSE, "a @ g", (2, 2)),
    WrongRule("matmul", 1, TRANSPOSE, "(a' @ g)'", (2, 2)),
    WrongRule("matmul", 0, EXCHANGED, "b' @ g", (2, 2)),
    WrongRule("matmul", 1, EXCHANGED, "g @ a'", (2, 2)),
    WrongRule("matmul", 0, EXCHANGED, "outer(b, g)", (2, 1)),
    WrongRule("matmul", 1, TRANSPOSE, "a @ g", (2, 1)),
    WrongRule("matmul", 0, TRANSPOSE, "g @ b", (1, 2)),
    WrongRule("matmul", 1, EXCHANGED, "outer(g, a)", (1, 2)),
    WrongRule("matmul", 0, FACTOR, "expand_to(g, a)", (1, 1)),
    WrongRule("matmul", 1, FACTOR, "expand_to(g, b)", (1, 1)),
    WrongRule("outer", 0, TRANSPOSE, "g' @ b"),
    WrongRule("outer", 1, TRANSPOSE, "g @ a"),
    WrongRule("transpose", 0, TRANSPOSE, "g"),
    WrongRule("solve", 0, TRANSPOSE, "-outer(solve(a, g), y)", (2, 1)),
    WrongRule("solve", 1, TRANSPOSE, "solve(a, g)"),
    WrongRule("inv", 0, TRANSPOSE, "-(y @ g @ y)"),
    WrongRule("logdet", 0, TRANSPOSE, "g*inv(a)"),
    WrongRule("add", 0, AXIS, "sum(g, axis=1)", (1, 2)),
    WrongRule("add", 1, AXIS, "sum(g, axis=1)", (2, 1)),
    WrongRule("sum", 0, AXIS, "spread(g, a, axis=0)", (2,)),
    WrongRule("sum", 0, AXIS, "spread(g, a, axis=1)", (2,)),
    WrongRule("mean", 0, AXIS, "spread(g, a, axis=0)/count(a, axis=0)", (2,)),
    WrongRule("mean", 0, AXIS, "spread(g, a, axis=1)/count(a, axis=1)", (2,)),
    WrongRule("sum", 0, MEAN, "spread(g, a, axis=axis)/count(a, axis=axis)"),
    WrongRule("sum", 0, COUNT, "spread(g, a, axis=axis)*count(a, axis=axis)"),
    WrongRule("mean", 0, SUM, "spread(g, a, axis=axis)"),
    WrongRule("mean", 0, TWICE, "spread(g, a, axis=axis)/count(a, axis=axis)^2"),
    WrongRule("softmax", 0, DIAGONAL, "g*y*(1 - y)"),
    WrongRule("softmax", 0, AXIS, "y*(g - spread(sum(g*y, axis=0), a, axis=0))", (2,)),
    WrongRule("softmax", 0, AXIS, "y*(g - spread(sum(g*y, axis=1), a, axis=1))", (2,)),
    WrongRule("softmax", 0, LEFT_OUT, "g"),
    WrongRule("softmax", 0, FACTOR, "g*y"),
    WrongRule("logsoftmax", 0, LEFT_OUT, "g"),
    WrongRule("logsumexp", 0, LEFT_OUT, "spread(g, a, axis=axis)"),
    WrongRule("largest", 0, LEFT_OUT, "spread(g, a, axis=axis)"),
    WrongRule("smallest", 0, LEFT_OUT, "spread(g, a, axis=axis)"),
    WrongRule(
        "conv2d", 0, FLIPPED,
        "conv2d_data(g, flip(flip(b, axis=-1), axis=-2), a, "
        "stride=stride, padding=padding)",
    ),
    WrongRule(
        "conv2d", 1, FLIPPED,
        "flip(flip(conv2d_kernel(g, a, b, stride=stride, padding=padding), axis=-1), "
        "axis=-2)",
    ),
    WrongRule("tanh", 0, ARGUMENT, "g*(1 - a^2)"),
    WrongRule("tanh", 0, OTHER, "g*y*(1 - y)"),
    WrongRule("sigmoid", 0, ARGUMENT, "g*a*(1 - a)"),
    WrongRule("sigmoid", 0, OTHER, "g*(1 - y^2)"),
    WrongRule("exp", 0, ARGUMENT, "g*a"),
    WrongRule("sub", 1, SIGN, "g"),
    WrongRule("mul", 0, FACTOR, "g"),
    WrongRule("mul", 1, FACTOR, "g"),
    WrongRule("mul", 0, EXCHANGED, "g*a"),
    WrongRule("mul", 1, EXCHANGED, "g*b"),
    WrongRule("div", 1, SIGN, "g*a/b^2"),
    WrongRule("div", 0, FACTOR, "g"),
)  # fmt: skip


@dataclass(frozen=True)
class WrongShare:
    """What a name gets where one rule is mistaken: `node` in names and the adjoint.

    operation : where the rule belongs to, as text. wrong, right : the shares there, in
        the arguments as they are written and g.
    """

    kind: str
    operation: str
    i: int
    node: Node
    wrong: str
    right: str

    @property
    def says(self) -> str:
        """`the transpose is left out: g @ W stands where g @ W' belongs`."""
        if self.kind == PATH:
            return f"{SAYS[PATH]}: {self.right}"
        return f"{SAYS[self.kind]}: {self.wrong} stands where {self.right} belongs"


def wrong_shares(
    body: Node, node_name: str, wrt: str, seed: str, sizing: Sizing
) -> Iterator[WrongShare]:
    """Every row of the table put in, wherever an equation leads from `wrt` to it.

    seed : the name of what arrives; sizing : knows its dims.
    """
    shown = functools.partial(_text, body=body, node=name(node_name))
    leaf = name(wrt)
    active = {leaf}
    for node in postorder([body]):
        if any(arg in active for arg in node.args):
            active.add(node)
    backwards = [n for n in reversed(postorder([body])) if n in active and n.args]
    for node in backwards:
        for i, arg in enumerate(node.args):
            if arg not in active:
                continue
            for row in _rows(node, i, sizing):
                share = _share(
                    body, leaf, name(seed), backwards, node, row, sizing, shown
                )
                if share is not None:
                    yield share


def _rows(node: Node, i: int, sizing: Sizing) -> Iterator[WrongRule]:
    ranks = tuple(len(sizing.of(arg)) for arg in node.args)
    own = [r for r in WRONG if (r.op, r.i) == (node.op.name, i)]
    yield from (row for row in own if row.ranks in (None, ranks))
    unary = node.op.arity == 1 and not hasattr(node.op, "pull") and not node.op.symbol
    if unary and node.op.rules:
        yield WrongRule(node.op.name, 0, LEFT_OUT, "g")
    yield WrongRule(node.op.name, i, PATH, "0*g")


def _share(
    body: Node,
    leaf: Node,
    seed: Node,
    backwards: list[Node],
    at: Node,
    row: WrongRule,
    sizing: Sizing,
    shown: Callable[..., str],
) -> WrongShare | None:
    """The share with one rule replaced, or None where its dims do not fit."""
    rule = _parsed(row.text)
    if rule is None:
        return None
    own = sizing.copy()
    active = {*backwards, leaf}

    def shares(node: Node, adjoint: Node) -> list[tuple[Node, Node]]:
        made = list(array_shares(node, adjoint, own, partials))
        if node is at and row.kind == PATH:
            made[row.i] = ZERO
        elif node is at:
            made[row.i] = fitted(_filled(rule, node, adjoint), node.args[row.i], own)
            own.of(made[row.i])
        pairs = zip(node.args, made, strict=True)
        return [(arg, s) for arg, s in pairs if arg in active and s is not ZERO]

    try:
        raw = _filled(rule, at, _like(at, own))
        if row.kind == PATH:
            raw = at.args[row.i]  # which fits, and of which nothing is shown
        wanted = [own.of(at.args[row.i])]
        # What is multiplied entry by entry is summed back to the dims of its argument,
        # whatever the mistake; nothing else is.
        if not isinstance(at.op, ArrayOp):
            wanted.append(own.of(at))
        if own.of(raw) not in wanted:
            return None
        node = accumulate(backwards, {body: seed}, shares, plus).get(leaf)
        if node is None or own.of(node) != own.of(leaf):
            return None
        right = shown(_right(at, row.i, own), sizing=own)
    except (DimsError, CGPrimerError, KeyError, IndexError, TypeError, ValueError):
        return None  # attributes of other ops than the row is meant for
    return WrongShare(
        row.kind, shown(at, sizing=own), row.i, node, shown(raw, sizing=own), right
    )


_G = name("g")


def _like(at: Node, sizing: Sizing) -> Node:
    """The name g with the dims of what arrives at an operation."""
    sizing.names["g"] = sizing.of(at)
    sizing.known.clear()
    return _G


def _right(at: Node, i: int, sizing: Sizing) -> Node:
    """The right share of an argument, in g."""
    return list(array_shares(at, _like(at, sizing), sizing, partials))[i]


def _text(root: Node, body: Node, node: Node, sizing: Sizing) -> str:
    """A share as text, with the right side of its equation written as the node."""
    if body.args:
        [root] = substitute([root], {body: node})
    return show(textbook_arrays(root, sizing))


def _filled(rule: Node, node: Node, adjoint: Node) -> Node:
    by = dict(zip(map(name, ARGUMENTS), node.args, strict=False))
    return fill(rule, by | {name("y"): node, _G: adjoint}, attrs_of(node), tidy_array)


@functools.cache
def _parsed(text: str) -> Node | None:
    try:
        return parse_array_expression(text)
    except CGPrimerError:
        return None
