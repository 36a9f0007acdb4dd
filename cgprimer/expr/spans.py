"""Where in the author's text an operation stands, found by parsing it once more.

The parser keeps no spans, which would cost every equation; this one remembers which
token made which node, and reads off on demand how far its operands reach.

    text, node ─▶ (start, end), for what `diagnosis` marks in an equation
"""

from __future__ import annotations

from collections.abc import Collection

from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, Op
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.syntax import INFIX, Parser

Span = tuple[int, int]


def operation_span(
    text: str, node: Node, start: int = 0, declared: Collection[str] = ()
) -> Span | None:
    """(start, end) in `text` of the first place in `text[start:]` that spells `node`.

    None where no operation of the text does. Raises ExpressionError where it does not
    parse.

    >>> from cgprimer.expr.syntax import parse_expression
    >>> operation_span("a + (b - c)*d", parse_expression("b - c"))
    (5, 10)
    """
    return _Recorder.read(text, start, declared)[0].first(node)


def span_in_equation(
    text: str, node: Node, declared: Collection[str] = ()
) -> Span | None:
    """The same in the right side of an equation, however its author writes `=`."""
    return _Recorder.read_equation(text, declared)[0].first(node)


class _Recorder(Parser):
    """A parser that remembers the token of every operation."""

    def __init__(
        self, text: str | Spelled, start: int, declared: Collection[str]
    ) -> None:
        super().__init__(text, start, declared)
        self.built: list[tuple[Node, int]] = []

    def build(self, op: Op, args: tuple[Node, ...], token: int) -> Node:
        node = super().build(op, args, token)
        self.built.append((node, token))
        return node

    def first(self, node: Node) -> Span | None:
        """Where a node was made first, if it was."""
        tokens = (token for built, token in self.built if built is node)
        token = next(tokens, None)
        return None if token is None else self.span(node.op, token)

    def span(self, op: Op, token: int) -> Span:
        """From the first token of the left operand to the last of the right one."""
        spans = self.spans()
        if not op.symbol:
            return spans[token][0], spans[self._closing_bracket(token + 1)][1]
        first = token if op is OPS["neg"] else self._left(token, op)
        return spans[first][0], spans[self._right(token, op)][1]

    def _level(self, at: int) -> int | None:
        """How tightly the sign at a token binds; None for what is no sign."""
        token = self.tokens[at]
        if token in "+-" and token and not self._ends_value(at - 1):
            return OPS["neg"].binding
        return INFIX[token].binding if token in INFIX else None

    def _ends_value(self, at: int) -> bool:
        token = self.tokens[at] if at >= 0 else "("
        return token not in INFIX and token not in ("(", ",")

    def _left(self, token: int, op: Op) -> int:
        """The first token of what stands left of an infix sign."""
        depth, at = 0, token - 1
        while at >= 0:
            depth += (self.tokens[at] == ")") - (self.tokens[at] == "(")
            loose = self._level(at)
            if depth < 0 or (not depth and self.tokens[at] == ","):
                break
            # Left of the second minus in `a - b - c` all of `a - b` belongs to it: an
            # equal binding does not end the search. For `^`, which groups to the right,
            # it does: left of the second one in `a^b^c` stands b alone.
            if not depth and loose is not None and loose < op.binding + op.right:
                break
            at -= 1
        return at + 1

    def _right(self, token: int, op: Op) -> int:
        """The last token of what stands right of a sign."""
        depth, at = 0, token + 1
        while self.tokens[at]:
            depth += (self.tokens[at] == "(") - (self.tokens[at] == ")")
            if depth < 0 or (not depth and self.tokens[at] == ","):
                break
            # A sign behind a sign is unary and part of the operand: in `a^-b` the minus
            # does not end what stands right of `^`, though it binds more loosely.
            loose = self._level(at) if self._ends_value(at - 1) else None
            if not depth and loose is not None and loose <= op.binding - op.right:
                break
            at += 1
        return at - 1

    def _closing_bracket(self, opened: int) -> int:
        depth, at = 1, opened + 1
        while depth:
            depth += (self.tokens[at] == "(") - (self.tokens[at] == ")")
            at += 1
        return at - 1
