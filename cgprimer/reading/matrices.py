r"""A formula of LaTeX over arrays, by the dims of its names.

    W^\top x + b       ─ read_matrix_formula ─▶   W' @ x + b
    x^\top A x         x @ A @ x
    x y^\top           outer(x, y)
    \lVert x\rVert^2   norm2(x)^2

Values side by side are a product of matrices where both are arrays: a vector is a
column, and a row once it is transposed. What does not conform, as two columns, or means
two things, as A^2, is refused. Nothing is evaluated, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import op_called
from cgprimer.expr.dims import Dims, DimsError, Sizing, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONSTANTS, OPS, const, name
from cgprimer.reading.matrix_tokens import (
    CALLED,
    CLOSING,
    ELEMENTWISE,
    MatrixTokens,
)

_COLUMNS = r"write x^\top y for their inner product, x y^\top for the outer one"
_BARS = frozenset(["|", r"\|", r"\lVert", r"\Vert"])
_QUOTIENT = r"write \frac{a}{b}"
_POWER = r"write A A for the product, A \odot A for one entry by entry"


class Factor(NamedTuple):
    """A value that was read; a `row` is a vector that is transposed."""

    node: Node
    row: bool = False


class _Pending(NamedTuple):
    """A sign or bracket that waits: its level (0 of a bracket), what it is, its token.

    Of a bracket, `after` makes a value of what was inside, and `closes` ends it.
    """

    level: int
    what: str
    token: int
    closes: str = ""


def read_matrix_formula(text: str, sizing: Sizing, start: int = 0) -> Node:
    r"""The node that `text[start:]` spells, of names whose dims `sizing` knows.

    Raises ExpressionError with a caret.

    >>> read_matrix_formula(r"\mathbf{W}^\top x", Sizing({"W": (3, 2), "x": (3,)}))
    Node(W' @ x)
    """
    return _MatrixReader(text, sizing, start).read()


class _MatrixReader(MatrixTokens):
    """One formula on its way to one node."""

    def __init__(self, text: str, sizing: Sizing, start: int) -> None:
        super().__init__(text, sizing, start)
        self.values: list[Factor] = []
        self.frames: list[_Pending] = []

    def read(self) -> Node:
        at = 0
        while True:
            at = self.follow(self.value(at))
            if at < 0:
                return self.values[0].node

    # Values

    def value(self, at: int) -> int:
        """Signs and opening brackets, then one atom; what follows it."""
        while True:
            token = self.tokens[at]
            if (
                token in CLOSING
                or token == r"\|"
                or token in ("|", r"\lVert", r"\Vert")
            ):
                at = self.open(token, at)
            elif token == "-":
                self.frames.append(_Pending(3, "neg", at))
                at += 1
            elif token in (r"\frac", r"\sqrt", r"\dfrac", r"\tfrac"):
                if self.tokens[at + 1] != "{":
                    self.fail(f"braces are expected behind {token!r}", at)
                self.frames.append(_Pending(0, token, at, "}"))
                at += 2
            elif (called := self.function(at)) is not None:
                self.frames.append(_Pending(0, called[0], at, ")"))
                at = called[1]
            elif token == r"\pi" and "pi" not in self.names:
                self.values.append(Factor(CONSTANTS["pi"]()))
                return at + 1
            elif token[:1].isdigit():
                self.values.append(Factor(const(float(token))))
                return at + 1
            else:
                named, after = self.name(at)
                self.values.append(Factor(name(named)))
                return after

    def open(self, token: str, at: int) -> int:
        closes = CLOSING.get(token, token)
        closes = r"\rVert" if token == r"\lVert" else closes
        self.frames.append(_Pending(0, token, at, closes))
        return at + 1

    # What follows a value

    def follow(self, at: int) -> int:
        """Powers and closing brackets, then a sign or a factor; -1 at the end."""
        while True:
            token = self.tokens[at]
            if token in ("^", "'"):
                at = self.power(at)
            elif not token:
                self.reduce(1)
                if self.frames:
                    frame = self.frames[-1]
                    self.fail(
                        f"{self.tokens[frame.token]!r} is never closed", frame.token
                    )
                return -1
            elif self.ends(token):
                self.reduce(1)
                at, is_over = self.close(at)
                if not is_over:
                    return at
            elif token in ("+", "-"):
                self.reduce(1)
                self.frames.append(_Pending(1, "add" if token == "+" else "sub", at))
                return at + 1
            elif token in (r"\cdot", r"\odot", r"\circ", r"\times", "*"):
                self.reduce(2)
                self.frames.append(_Pending(2, token, at))
                return at + 1
            elif token in (")", "]", "}", r"\rVert"):
                self.fail(f"{token!r} closes nothing", at)
            elif token == "/":
                self.fail("of a quotient on one line the end is unclear", at, _QUOTIENT)
            elif token[:1].isdigit():
                self.fail(f"a sign is missing before {token!r}", at)
            else:
                self.reduce(2)
                self.frames.append(_Pending(2, "", at))
                return at

    def ends(self, token: str) -> bool:
        frame = next((f for f in reversed(self.frames) if not f.level), None)
        return frame is not None and token == frame.closes

    def power(self, at: int) -> int:
        base = self.values.pop()
        raised, after = ("⊤", at + 1) if self.tokens[at] == "'" else self.raised(at)
        rank = self.rank(base)
        if raised in ("-⊤", "-1") and rank == 2:
            self.check_square(base, at)
        if raised in ("⊤", "-⊤") and not (raised == "-⊤" and rank < 2):
            node = base.node
            if raised == "-⊤":
                node = op_called("inv")(node)
            if rank == 2:
                self.values.append(Factor(op_called("transpose")(node)))
            else:
                self.values.append(Factor(node, rank == 1 and not base.row))
        elif raised == "-1" and rank == 2:
            self.values.append(Factor(op_called("inv")(base.node)))
        elif rank:
            self.fail(f"an array of {self.shown(base)} has no power here", at, _POWER)
        else:
            number = raised.removeprefix("-")
            if number.replace(".", "", 1).isdigit():
                exponent = const(float(number))
            elif number in self.sizing.names:
                exponent = name(number)
            else:
                self.fail("a power is a number or a name here", at)
            exponent = OPS["neg"](exponent) if raised != number else exponent
            self.values.append(Factor(OPS["pow"](base.node, exponent)))
        return after

    def check_square(self, base: Factor, at: int) -> None:
        try:
            self.dims(op_called("inv")(base.node))
        except DimsError as error:
            self.fail(f"there is no inverse: {error.message}", at, error.hint)

    def reduce(self, level: int) -> None:
        while self.frames and self.frames[-1].level >= level:
            frame = self.frames.pop()
            right = self.values.pop()
            if frame.what == "neg":
                self.values.append(Factor(OPS["neg"](right.node), right.row))
                continue
            left = self.values.pop()
            make = self.sum_of if frame.level == 1 else self.product
            self.values.append(self.checked(make, left, right, frame))

    def checked(
        self, make: Callable[..., Factor], left: Factor, right: Factor, frame: _Pending
    ) -> Factor:
        """The value of two, whose dims fit."""
        try:
            made = make(left, right, frame)
            self.dims(made.node)
        except DimsError as error:
            shown = f"{self.shown(left)} and {self.shown(right)}"
            message = f"{shown} do not fit: {error.message}"
            self.fail(message, frame.token, error.hint)
        return made

    def sum_of(self, left: Factor, right: Factor, frame: _Pending) -> Factor:
        ranks = self.rank(left), self.rank(right)
        if all(ranks) and (ranks[0] != ranks[1] or left.row != right.row):
            shown = f"{self.shown(left)} and {self.shown(right)}"
            self.fail(f"{shown} are no two terms of a sum", frame.token)
        return Factor(OPS[frame.what](left.node, right.node), left.row or right.row)

    def product(self, left: Factor, right: Factor, frame: _Pending) -> Factor:
        ranks, rows = (self.rank(left), self.rank(right)), (left.row, right.row)
        if not all(ranks):
            return Factor(OPS["mul"](left.node, right.node), any(rows))
        if frame.what in ELEMENTWISE and ranks[0] == ranks[1] and rows[0] == rows[1]:
            return Factor(OPS["mul"](left.node, right.node), left.row)
        if frame.what == r"\cdot" and ranks == (1, 1) and not any(rows):
            return Factor(op_called("matmul")(left.node, right.node))
        if frame.what:
            hint = r"leave the sign away for a product of matrices, or write \odot"
            self.fail("the product may be either of two", frame.token, hint)
        if ranks == (1, 1) and rows == (False, True):
            return Factor(op_called("outer")(left.node, right.node))
        if ranks == (1, 1) and rows != (True, False):
            what = "rows" if left.row else "columns"
            self.fail(f"two {what} side by side", frame.token, _COLUMNS)
        if ranks == (1, 2) and not left.row:
            self.fail(
                "a column before a matrix", frame.token, r"write x^\top A, or A x"
            )
        if ranks == (2, 1) and right.row:
            hint = r"write A x, or x^\top A"
            self.fail("a row behind a matrix", frame.token, hint)
        return Factor(op_called("matmul")(left.node, right.node), ranks == (1, 2))

    # Brackets

    def close(self, at: int) -> tuple[int, bool]:
        """What follows a closing bracket, and whether a value is complete."""
        frame = self.frames.pop()
        value = self.values.pop()
        if frame.what in (r"\frac", r"\dfrac", r"\tfrac"):
            if self.tokens[at + 1] != "{":
                self.fail("a second pair of braces is expected", at)
            self.values.append(value)
            self.frames.append(_Pending(0, "/", frame.token, "}"))
            return at + 2, False
        after = at + 1
        if frame.what == "/":
            above = self.values.pop()
            if self.rank(value):
                self.fail("an array stands below a fraction", frame.token)
            value = Factor(OPS["div"](above.node, value.node), above.row)
        elif frame.what == "|":
            if self.rank(value):
                hint = r"write \det A, or \lVert x\rVert"
                self.fail("bars around an array mean several things", frame.token, hint)
            value = Factor(OPS["abs"](value.node))
        elif frame.what in (r"\|", r"\lVert", r"\Vert"):
            value, after = self.norm(value, frame, after)
        elif frame.what == r"\sqrt":
            value = Factor(OPS["sqrt"](value.node), value.row)
        elif frame.what not in CLOSING:
            value = self.call(value, frame)
        self.values.append(value)
        return after, True

    def norm(self, value: Factor, frame: _Pending, at: int) -> tuple[Factor, int]:
        kind = ""
        if self.tokens[at] == "_":
            kind, at = self.lowered(at)
        rank = self.rank(value)
        if (rank == 1 and kind in ("", "2")) or (rank == 2 and kind == "F"):
            return Factor(op_called("norm2")(value.node)), at
        if rank == 1 and kind == "1":
            return Factor(op_called("norm1")(value.node)), at
        hint = r"write \lVert A\rVert_F for the root of the sum of squares"
        self.fail("of this array that norm is none here", frame.token, hint)

    def call(self, value: Factor, frame: _Pending) -> Factor:
        op = op_called(CALLED.get(frame.what, frame.what))
        node = op(value.node)
        try:
            self.dims(node)
        except DimsError as error:
            self.fail(
                f"{frame.what} of {self.shown(value)}: {error.message}", frame.token
            )
        return Factor(node, value.row and not isinstance(op, ArrayOp))

    # Asking

    def dims(self, node: Node) -> Dims:
        """As `Sizing.of`, which would walk through all that is below every time."""
        known = self.sizing.known
        for part in (*node.args, node):
            if part not in known and part.args and part is not node:
                self.sizing.of(part)
            elif part not in known:
                known[part] = self.sizing.of_operation(part)
        return self.sizing.settled(known[node])

    def rank(self, value: Factor) -> int:
        return len(self.dims(value.node))

    def shown(self, value: Factor) -> str:
        dims = show_dims(self.dims(value.node))
        return f"a row of {dims}" if value.row else dims
