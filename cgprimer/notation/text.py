"""Expressions as text of our own language: parsing it gives the same node back.

Pieces are emitted with an explicit stack, so depth belongs to the user. A graph whose
tree would be far larger than itself is printed as a list, v1 = …, v2 = …, instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.node import Node, fold, intern, leaves, postorder
from cgprimer.expr.ops import ATOM, CONST, NAME, OPS, name
from cgprimer.notation.array_text import array_binding, array_parts, is_mixed, wrap
from cgprimer.notation.numbers import exact

TREE_LIMIT = 2_000


def show(root: Node) -> str:
    """`root` as text: `cd*xx + xz^3`; a widely shared graph as `v1 = …; v2 = …; …`."""
    return _tree(root) if is_tree(root) else "; ".join(lines(root))


def is_tree(root: Node) -> bool:
    """Whether `root` is written in one piece, not as a list of definitions."""
    # A list names only what is used twice. So a long expression that shares little,
    # such as a sum of a thousand terms, would be no shorter as one.
    return tree_size(root) <= max(TREE_LIMIT, 4 * len(postorder([root])))


def lines(root: Node) -> list[str]:
    """`root` as a list of definitions, one for each operation that is used twice."""
    order = postorder([root])
    uses = Counter(arg for node in order for arg in node.args)
    taken = set(leaves(root))
    fresh = (v for i in count(1) if (v := f"v{i}") not in taken)
    short: dict[Node, Node] = {}
    rows = []
    for node in order:
        args = tuple(short[arg] for arg in node.args)
        short[node] = intern(node.op, args, node.value) if args else node
        if uses[node] > 1 and args:
            called = next(fresh)
            rows.append(f"{called} = {_tree(short[node])}")
            short[node] = name(called)
    return [*rows, _tree(short[root])]


def tree_size(root: Node) -> int:
    """Number of nodes that `root` would have as a tree; at most 10¹⁸."""
    return fold([root], lambda node, sizes: min(1 + sum(sizes), 10**18))[root]


def binding(node: Node) -> float:
    """How tightly a printed node binds; negative numbers bind as a minus does."""
    if node.op is CONST:
        return OPS["neg"].binding if exact(float(node.value or 0))[0] == "-" else ATOM
    if isinstance(node.op, ArrayOp):
        return array_binding(node.op)
    return node.op.binding if node.op.symbol else ATOM


def _tree(root: Node) -> str:
    return emit(root, _parts)


def emit(root: Node, parts: Callable[[Node], list[Node | str]]) -> str:
    """`root` as text by an explicit stack: `parts` of a node are texts and nodes."""
    pieces: list[str] = []
    stack: list[Node | str] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
        else:
            stack.extend(reversed(parts(item)))
    return "".join(pieces)


def _parts(node: Node) -> list[Node | str]:
    """A node as its text, with the arguments still to be spelled."""
    op, args = node.op, node.args
    if op is NAME:
        return [str(node.value)]
    if op is CONST:
        return [exact(float(node.value or 0.0))]
    if not args:
        return [op.name]
    if isinstance(op, ArrayOp) and op.symbol != "@":
        return array_parts(node, binding)
    if not op.symbol:
        return [op.name, "(", *_separate(args), ")"]
    if len(args) == 1:
        return [op.symbol, *wrap(args[0], binding(args[0]) < op.binding)]
    sign = f" {op.symbol} " if op.symbol in "+-@" else op.symbol
    left, right = args
    return [
        *wrap(left, binding(left) < op.binding + op.right or is_mixed(op, left)),
        sign,
        *wrap(right, _right_needs(op.binding, op.right, right)),
    ]


def _right_needs(level: int, right_associative: bool, node: Node) -> bool:
    """Parentheses on the right: always around a minus, except in an exponent."""
    if binding(node) == OPS["neg"].binding:
        # a^-b can be read back; a*-b could be too, but is hard on the eye.
        return not right_associative
    # a - (b - c) and a/(b*c) keep their parentheses, a^b^c needs none.
    return binding(node) <= level - right_associative


def _separate(args: tuple[Node, ...]) -> list[Node | str]:
    return [part for arg in args for part in (", ", arg)][1:]
