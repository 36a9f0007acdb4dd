"""Operations on arrays as text: what `notation.text` asks of their nodes.

    transpose(a + b)           (a + b)'
    slice(x, at=(1, (2, 4)))   x[1, 2:4]
    sum(a, axis=None)          sum(a)      what is a default is not written

Parsing the text by `expr.array_syntax` gives the same node back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_tokens import COMPARING, COMPARISONS
from cgprimer.expr.node import Node
from cgprimer.expr.ops import ATOM, NAME, Op

Parts = list[Node | str]
SIGNS = {op: sign for sign, op in COMPARISONS.items()}
_POSTFIX = 8
_CALLED = {"largest": "max", "smallest": "min"}


def array_binding(op: Op) -> float:
    """How tightly the printed form of an operation on arrays binds."""
    if op.name in SIGNS:
        return COMPARING
    return op.binding if op.symbol else ATOM


def array_parts(node: Node, binding: Callable[[Node], float]) -> Parts:
    """A node of an operation on arrays as texts and the arguments still to be spelled.

    `binding` says how tightly an argument binds.
    """
    op, args, attrs = node.op, node.args, attrs_of(node)
    if op.name == "transpose":
        return [*wrap(args[0], binding(args[0]) < _POSTFIX), "'"]
    if op.name == "slice" and isinstance(attrs["at"], tuple):
        return [*wrap(args[0], binding(args[0]) < _POSTFIX), _subscript(attrs["at"])]
    if op.name == "pick" and args[1].op is NAME:
        left = wrap(args[0], binding(args[0]) < _POSTFIX)
        return [*left, "[", args[1], "]"]
    if op.name in SIGNS:
        left, right = (wrap(arg, binding(arg) <= COMPARING) for arg in args)
        return [*left, f" {SIGNS[op.name]} ", *right]
    return _call(node, attrs)


def _call(node: Node, attrs: dict[str, Any]) -> Parts:
    op, args = node.op, node.args
    form = attrs.pop("form", None)
    parts: Parts = [] if form is None else [f', "{form}"']
    for arg in args:
        parts += [", ", arg]
    defaults = op.attrs if isinstance(op, ArrayOp) else {}
    for key, value in attrs.items():
        if value != defaults[key]:
            parts.append(f", {key}={value_text(key, value)}")
    if parts[0] == ", ":
        del parts[0]
    else:
        parts[0] = str(parts[0])[2:]
    return [called(op), "(", *parts, ")"]


def called(op: Op) -> str:
    """What an operation is called in a text: max for the largest of an array."""
    return _CALLED.get(op.name, op.name)


def value_text(key: str, value: Any) -> str:
    """What is written of a keyword."""
    if isinstance(value, tuple) and key == "at":
        return _subscript(value)
    if isinstance(value, tuple) and value[:1] == ("call",):
        return f"{value[1]}({value_text(key, value[2])})"
    if isinstance(value, tuple):
        inner = ", ".join(value_text(key, item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)


def _subscript(at: tuple[Any, ...]) -> str:
    return f"[{', '.join(map(index_text, at))}]"


def index_text(item: Any) -> str:
    """One index or slice of a subscript."""
    if not isinstance(item, tuple):
        return str(item)
    first, last, step = ("" if end is None else str(end) for end in item)
    return f"{first}:{last}" + f":{step}" * bool(step)


def is_mixed(op: Op, arg: Node) -> bool:
    """Whether `@` meets `*` or `/`, which bind alike: brackets say what is first."""
    return (
        op.binding == 2
        and arg.op.binding == 2
        and (op.symbol == "@") != (arg.op.symbol == "@")
    )


def wrap(node: Node, needed: bool) -> Parts:
    """A node, in parentheses where they are needed."""
    return ["(", node, ")"] if needed else [node]
