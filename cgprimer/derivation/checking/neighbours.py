"""What an expression is made of, and what it may have been mistaken for.

    a*x^2 - b  ─ terms ─▶  +a*x^2, -b        a*x^2  ─ factors ─▶  a, x^2
    sin(x)  ─ exchanges ─▶  cos(x)           x^2    ─ exchanges ─▶  x^1, x^3, x^-2

`hints` tries each of these on a wrong equality.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONST, NAME, OPS, ZERO, const
from cgprimer.expr.tidy import tidy

SIBLINGS: dict[str, tuple[str, ...]] = {
    "add": ("sub", "mul"), "sub": ("add",), "mul": ("add", "div"), "div": ("mul",),
    "sin": ("cos",), "cos": ("sin",), "sinh": ("cosh",), "cosh": ("sinh",),
    "tanh": ("sigmoid", "tan"), "sigmoid": ("tanh", "softplus"), "tan": ("tanh",),
    "softplus": ("sigmoid",), "relu": ("step",), "step": ("relu",), "exp": ("log",),
    "log": ("exp",), "abs": ("sign",), "sign": ("abs",),
    "arcsin": ("arccos",), "arccos": ("arcsin",), "min": ("max",), "max": ("min",),
}  # fmt: skip


def exchanges(node: Node) -> Iterator[Node]:
    """Operations that one may write in place of another, with their arguments."""
    for sibling in SIBLINGS.get(node.op.name, ()):
        yield OPS[sibling](*node.args)
    # exp(x) for exp(-x), sigmoid(x) for sigmoid(2*x), tanh(x) for tanh(x)^2.
    if node.op.arity == 1 and not node.op.symbol:
        [arg] = node.args
        for other in (
            tidy(OPS["neg"], arg),
            tidy(OPS["mul"], const(2.0), arg),
            tidy(OPS["div"], arg, const(2.0)),
        ):
            yield node.op(other)
        yield OPS["pow"](node, const(2.0))
    if node.op is NAME:
        yield OPS["pow"](node, const(2.0))
    if node.op is OPS["sub"]:
        yield OPS["sub"](*reversed(node.args))
    if node.op is OPS["pow"] and node.args[1].op is CONST:
        exponent = float(node.args[1].value or 0.0)
        for value in (exponent - 1, exponent + 1, -exponent):
            yield OPS["pow"](node.args[0], const(value))


def terms(root: Node) -> list[tuple[int, Node]]:
    """The signed terms of a sum."""
    parts, stack = [], [(1, root)]
    while stack:
        sign, node = stack.pop()
        if node.op is OPS["add"] or node.op is OPS["sub"]:
            left, right = node.args
            stack += [(sign if node.op is OPS["add"] else -sign, right), (sign, left)]
        elif node.op is OPS["neg"]:
            stack.append((-sign, node.args[0]))
        else:
            parts.append((sign, node))
    return parts


def total(parts: Iterable[tuple[int, Node]]) -> Node:
    """The sum of signed terms."""
    result = ZERO
    for sign, term in parts:
        result = tidy(OPS["add" if sign > 0 else "sub"], result, term)
    return result


def without(factor: Node, product: Node) -> Node:
    """A product less one of its factors."""
    if product.op is OPS["mul"]:
        for i, part in enumerate(product.args):
            if part is factor:
                return product.args[1 - i]
            shorter = without(factor, part)
            if shorter.op is not OPS["div"] or shorter.args[1] is not factor:
                parts = (
                    [shorter, product.args[1]] if i == 0 else [product.args[0], shorter]
                )
                return OPS["mul"](*parts)
    return tidy(OPS["div"], product, factor)


def factors(root: Node) -> list[Node]:
    """The factors of a product, above and below the line."""
    parts, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.op in (OPS["mul"], OPS["div"], OPS["neg"]):
            stack += node.args
        else:
            parts.append(node)
    return parts
