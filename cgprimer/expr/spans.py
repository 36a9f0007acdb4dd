"""Where in the author's text an operation stands, found by parsing it once more.

The parser keeps no spans, which would cost every equation; this one remembers which
tokens each of its operands has.

    text, node ─▶ (start, end), for what `diagnosis` marks in an equation
"""

from __future__ import annotations

from collections.abc import Collection

from cgprimer.expr.node import Node
from cgprimer.expr.ops import Op
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.syntax import Parser

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
    """A parser that remembers how far each operand reaches, and each operation."""

    def __init__(
        self, text: str | Spelled, start: int, declared: Collection[str]
    ) -> None:
        super().__init__(text, start, declared)
        self.reach: list[Span] = []  # tokens of each of `operands`, first and last
        self.built: list[tuple[Node, Span]] = []

    def leaf(self, token: str, at: int) -> Node:
        self.reach.append((at, at))
        return super().leaf(token, at)

    def number(self, token: str, at: int) -> Node:
        self.reach.append((at, at))
        return super().number(token, at)

    def build(self, op: Op, args: tuple[Node, ...], token: int) -> Node:
        node = super().build(op, args, token)
        reach = self.reach[-len(args) :]
        self.reach[-len(args) :] = [(min(token, reach[0][0]), reach[-1][1])]
        self.built.append((node, self.reach[-1]))
        return node

    def close(self, at: int) -> None:
        _, op, opened, _ = self.frames[-1] if self.frames else (0, None, at, 0)
        before = len(self.built)
        super().close(at)
        # Brackets, and the name before those of a call, belong to the operand.
        self.reach[-1] = reach = (opened - (op is not None), at)
        self.built[before:] = [(node, reach) for node, _ in self.built[before:]]

    def first(self, node: Node) -> Span | None:
        """Where a node was made first, if it was."""
        reach = next((reach for built, reach in self.built if built is node), None)
        return None if reach is None else self.span(*reach)
