r"""Operations on arrays as LaTeX: what `notation.latex` asks of their nodes.

    W @ x + b      W\,x + b           A'            A^{\top}
    solve(A, b)    A^{-1}\,b          a > 0         \left[a > 0\right]
    norm2(x)       \lVert x\rVert     x[1, 2:4]     x_{1,2:4}

What LaTeX has no sign for is a word, with its axis below: \operatorname{sum}_{0}. Dims
are not known here, so a product of entries is a \cdot, as that of numbers is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.node import Node
from cgprimer.expr.ops import ATOM, NAME, OPS, Op
from cgprimer.notation.array_text import SIGNS, called, index_text, value_text

Parts = list[Node | str]
Level = Callable[[Node], float]
Begins = Callable[[Node], bool]
Rank = Callable[[Node], int]

PRODUCT = OPS["mul"].binding
_PRODUCTS = frozenset(["matmul", "outer", "solve"])
_RAISED = frozenset(["transpose", "inv"])
_COMPARED = SIGNS | {
    "greater_equal": r"\ge", "less_equal": r"\le", "equal": "=", "not_equal": r"\ne",
}  # fmt: skip
_AROUND = {
    "norm2": (r"\lVert ", r"\rVert"),
    "norm1": (r"\lVert ", r"\rVert_{1}"),
    "det": (r"\det\left(", r"\right)"),
    "logdet": (r"\ln\left|\det\left(", r"\right)\right|"),
    "trace": (r"\operatorname{tr}\left(", r"\right)"),
}
"""Of one argument: what stands before and behind it."""
_WORDS = {"max": r"\max", "min": r"\min"}


def is_product(op: Op) -> bool:
    """Whether an operation on arrays is typeset as a product."""
    return isinstance(op, ArrayOp) and op.name in _PRODUCTS


def array_level(op: Op) -> float:
    """How tightly an operation on arrays binds as it is typeset."""
    if is_product(op):
        return PRODUCT
    return ATOM - 1 if op.name in _RAISED else ATOM


def array_latex_parts(node: Node, level: Level, begins: Begins, rank: Rank) -> Parts:
    """A node as its LaTeX, with the arguments still to be spelled.

    `level` says how tightly an argument binds, `begins` whether it leads with a minus,
    `rank` how many axes it has, 0 where that is not known.
    """
    op, args = node.op, node.args
    if op.name in _AROUND and attrs_of(node).get("axis") is None:
        before, behind = _AROUND[op.name]
        return [before, args[0], behind]
    if op.name in _RAISED:
        return _raised(args[0], r"\top" if op.name == "transpose" else "-1", level)
    if op.name in _PRODUCTS:
        return _product(node, level, begins, rank)
    if op.name in _COMPARED:
        return [r"\left[", args[0], f" {_COMPARED[op.name]} ", args[1], r"\right]"]
    if op.name == "pick" and args[1].op is NAME:
        return [*_lowered(args[0]), "_{", args[1], "}"]
    if op.name == "slice" and isinstance(attrs_of(node)["at"], tuple):
        index = ",".join(map(index_text, attrs_of(node)["at"]))
        return [*_lowered(args[0]), f"_{{{index}}}"]
    return _word(node)


def _raised(base: Node, power: str, level: Level) -> Parts:
    plain = level(base) >= ATOM and not base.op.latex.startswith(("e^", "{0}^"))
    return [*_brackets(base, not plain), f"^{{{power}}}"]


def _product(node: Node, level: Level, begins: Begins, rank: Rank) -> Parts:
    left, right = node.args
    # Entry by entry or of matrices: brackets say which comes first, as in text.
    mixed = left.op.symbol == "*"
    if node.op.name == "solve":
        before = _raised(left, "-1", level)
    elif node.op.name == "matmul" and rank(left) == 1 and not _is_row(left, rank):
        before = _raised(left, r"\top", level)
    else:
        before = _brackets(left, level(left) < PRODUCT or mixed)
    if node.op.name == "outer":
        return [*before, r"\,", *_raised(right, r"\top", level)]
    needed = level(right) <= PRODUCT or begins(right)
    return [*before, r"\,", *_brackets(right, needed)]


def _is_row(node: Node, rank: Rank) -> bool:
    """Whether a vector is typeset as a row, being the product of one and a matrix."""
    return node.op.name == "matmul" and tuple(map(rank, node.args)) == (1, 2)


def _lowered(base: Node) -> Parts:
    """What has an index: a name without one, or anything in square brackets."""
    plain = base.op is NAME and str(base.value).isalpha()
    return [base] if plain else [r"\left[", base, r"\right]"]


def _word(node: Node) -> Parts:
    """An operation by its name, with its axis below and other keywords behind."""
    op, attrs = node.op, attrs_of(node)
    defaults = op.attrs if isinstance(op, ArrayOp) else {}
    given = {key: x for key, x in attrs.items() if x != defaults.get(key, key)}
    below = [_plain(given.pop(key)) for key in ("form", "axis") if key in given]
    name = called(op).replace("_", r"\_")
    word = _WORDS.get(name, rf"\operatorname{{{name}}}")
    parts: Parts = [word, f"_{{{','.join(below)}}}" if below else "", r"\left("]
    for position, arg in enumerate(node.args):
        parts += [", " * bool(position), arg]
    for key, value in given.items():
        parts.append(rf",\ \mathrm{{{key}}} = {value_text(key, value)}")
    return [*parts, r"\right)"]


def _plain(value: Any) -> str:
    """An axis or a form below a word."""
    if isinstance(value, tuple):
        return ",".join(map(_plain, value))
    is_name = isinstance(value, str) and value.isalnum()
    return rf"\mathit{{{value}}}" if is_name else str(value).replace("->", r"\to ")


def _brackets(node: Node, needed: bool) -> Parts:
    return [r"\left(", node, r"\right)"] if needed else [node]
