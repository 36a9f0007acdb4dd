"""The language of arrays: text to nodes, for texts that declare some.

    comparison = sum [ (">" | "<" | ">=" | "<=" | "==" | "!=") sum ]
    product    = signed { ("*"|"/"|"@") signed }
    power      = postfix [ ("^"|"**") signed ]
    postfix    = atom { "'" | "." "T" | "[" index {"," index} "]" }
    index      = whole number | [number] ":" [number] [":" number] | NAME
    atom       = … | NAME "(" args ")"
    args       = comparison {"," comparison} {"," NAME "=" attribute} | STRING "," args

All else is as in `expr.syntax`, whose parser this extends; texts of numbers never come
here. `graph.declared` reads the equations of a text by it, and `diff` the rules of the
table. Calls are in `array_calls`, notations of papers and programs in `array_pasted`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cgprimer.expr.array_attributes import Unreadable, read_index
from cgprimer.expr.array_calls import ArrayCalls, Span
from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import op_called
from cgprimer.expr.array_tokens import COMPARING, COMPARISONS
from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONST, OPS, Op
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.syntax import INFIX, _Frame

_TRANSPOSED = frozenset(["T", "mT"])


def parse_array_expression(
    text: str, start: int = 0, declared: Collection[str] = ()
) -> Node:
    """The node that `text[start:]` spells, in the language of arrays.

    Names in `declared` are names even where they are keywords, `pi`, or `T` as in A^T.
    Raises ExpressionError with carets under all that is wrong.

    >>> parse_array_expression("W' @ x + sum(A, axis=0)")
    Node(W' @ x + sum(A, axis=0))
    """
    return ArrayParser.read(text, start, declared)[1]


class ArrayParser(ArrayCalls):
    """A parser that also knows where its operations stand: see `places`."""

    def __init__(
        self, text: str | Spelled, start: int, declared: Collection[str]
    ) -> None:
        super().__init__(text, start, declared)
        self.marks: dict[Node, Span] = {}  # tokens of each operation, and of each name

    def places(self) -> dict[Node, Span]:
        """Where each operation stands in the author's text: its sign, or its name.

        Of names and operations that are there twice, the first.
        """
        return {node: self.span(*mark) for node, mark in self.marks.items()}

    def leaf(self, token: str, at: int) -> Node:
        node = super().leaf(token, at)
        self.marks.setdefault(node, (at, at))
        return node

    def build(self, op: Op, args: tuple[Node, ...], token: int) -> Node:
        node = op(*args) if isinstance(op, ArrayOp) else super().build(op, args, token)
        self.marks.setdefault(node, (token, token))
        return node

    # Signs behind a value

    def follow(self, at: int) -> int:
        while True:
            at = self.postfixes(at)
            token = self.tokens[at]
            op = INFIX.get(token) or (op_called("matmul") if token == "@" else None)
            if op is not None:
                self.check_power(op, at)
                self.reduce(op.binding + op.right)
                self.frames.append(_Frame(op.binding, op, at, 0))
                return at + 1
            if token in COMPARISONS:
                return self.compare(token, at)
            self.reduce(COMPARING)
            if token == ")":
                self.close(at)
                at += 1
            elif not token or token == ",":
                return super().follow(at)
            else:
                at = self.missing_operator(token, at)
                if self.tokens[at] and self.tokens[at] not in self.signs - {"("}:
                    self.as_product(at)
                    return at

    def check_power(self, op: Op, at: int) -> None:
        """Refuse A^T, where T may be a name or mean the transpose."""
        if op.name == "pow" and self.tokens[at + 1] == "T" and "T" not in self.declared:
            hint = "write A' for the transpose, or declare T for a power"
            self.note("^T may be a transpose or a power", at, hint, at + 1)

    def compare(self, token: str, at: int) -> int:
        self.reduce(COMPARING + 0.1)
        if self.frames and self.frames[-1].level == COMPARING:
            hint = "write a product of two: (a < b)*(b < c)"
            self.note("two comparisons in a row", at, hint)
            self.reduce(COMPARING)
        self.frames.append(_Frame(COMPARING, op_called(COMPARISONS[token]), at, 0))
        return at + 1

    def postfixes(self, at: int) -> int:
        """Apply what stands behind a value and binds tightest: ' .T [ ]."""
        while True:
            token = self.tokens[at]
            if token == "'" or (
                token == "."
                and self.tokens[at + 1] in _TRANSPOSED
                and self.tokens[at + 2] != "("
            ):
                to = at + (token == ".")
                self.apply(op_called("transpose"), {}, at, to)
                at = to + 1
            elif token == "[":
                at = self.subscript(at)
            else:
                return at

    def subscript(self, at: int) -> int:
        try:
            items, after = read_index(self.tokens, at)
        except Unreadable as error:
            self.fail(error.message, error.at, error.hint, error.to)
        chosen = [item for item in items if isinstance(item, str)]
        if not chosen:
            self.apply(op_called("slice"), {"at": items}, at, after - 1)
        elif len(items) == 1:
            self.operands.append(self.leaf(chosen[0], at + 1))
            self.apply(op_called("pick"), {}, at, after - 1)
        else:
            message = (
                "a name stands alone in a subscript: it picks one of the last axis"
            )
            hint = f"write x[1][{chosen[0]}], or take(x, {chosen[0]}, axis=0)"
            self.note(message, at, hint, after - 1)
        return after

    def apply(self, op: Op, attrs: dict[str, Any], at: int, to: int) -> None:
        """Put an operation on the last value, or two, in their place."""
        assert isinstance(op, ArrayOp)
        count = len(self.operands) - op.arity
        args = tuple(self.operands[count:])
        if args[0].op is CONST:
            what = "is not transposed" if op.name == "transpose" else "has no parts"
            power = any(frame.op is OPS["pow"] for frame in self.frames[-2:])
            hint = "write (A^2)' for the transpose of a power" if power else ""
            self.note(f"a number {what}", at, hint, to)
        node = op(*args, **attrs)
        self.operands[count:] = [node]
        self.marks.setdefault(node, (at, to))
