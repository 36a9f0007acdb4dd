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

from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONSTANTS, OPS, const, name
from cgprimer.reading.matrix_tokens import CLOSING
from cgprimer.reading.matrix_values import Factor, MatrixValues, Pending

_BARS = frozenset(["|", r"\|", r"\lVert", r"\Vert"])
_QUOTIENT = r"write \frac{a}{b}"


def read_matrix_formula(text: str, sizing: Sizing, start: int = 0) -> Node:
    r"""The node that `text[start:]` spells, of names whose dims `sizing` knows.

    Raises ExpressionError with a caret.

    >>> read_matrix_formula(r"\mathbf{W}^\top x", Sizing({"W": (3, 2), "x": (3,)}))
    Node(W' @ x)
    """
    return _FormulaOfMatrices(text, sizing, start).read()


class _FormulaOfMatrices(MatrixValues):
    """One formula on its way to one node."""

    def __init__(self, text: str, sizing: Sizing, start: int) -> None:
        super().__init__(text, sizing, start)
        self.values: list[Factor] = []
        self.frames: list[Pending] = []

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
                self.frames.append(Pending(3, "neg", at))
                at += 1
            elif token in (r"\frac", r"\sqrt", r"\dfrac", r"\tfrac"):
                if self.tokens[at + 1] != "{":
                    self.fail(f"braces are expected behind {token!r}", at)
                self.frames.append(Pending(0, token, at, "}"))
                at += 2
            elif (called := self.function(at)) is not None:
                self.frames.append(Pending(0, called[0], at, ")"))
                at = called[1]
            elif token == r"\pi" and "pi" not in self.names:
                self.values.append(Factor(CONSTANTS["pi"]()))
                return at + 1
            elif token[:1].isdecimal():
                self.values.append(Factor(const(float(token))))
                return at + 1
            else:
                named, after = self.name(at)
                self.values.append(Factor(name(named)))
                return after

    def open(self, token: str, at: int) -> int:
        closes = CLOSING.get(token, token)
        closes = r"\rVert" if token == r"\lVert" else closes
        self.frames.append(Pending(0, token, at, closes))
        return at + 1

    # What follows a value

    def follow(self, at: int) -> int:
        """Powers and closing brackets, then a sign or a factor; -1 at the end."""
        while True:
            token = self.tokens[at]
            if token in ("^", "'"):
                value, at = self.power(self.values.pop(), at)
                self.values.append(value)
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
                self.frames.append(Pending(1, "add" if token == "+" else "sub", at))
                return at + 1
            elif token in (r"\cdot", r"\odot", r"\circ", r"\times", "*"):
                self.reduce(2)
                self.frames.append(Pending(2, token, at))
                return at + 1
            elif token in (")", "]", "}", r"\rVert"):
                self.fail(f"{token!r} closes nothing", at)
            elif token == "/":
                self.fail("of a quotient on one line the end is unclear", at, _QUOTIENT)
            elif token[:1].isdecimal():
                self.fail(f"a sign is missing before {token!r}", at)
            else:
                self.reduce(2)
                self.frames.append(Pending(2, "", at))
                return at

    def ends(self, token: str) -> bool:
        frame = next((f for f in reversed(self.frames) if not f.level), None)
        return frame is not None and token == frame.closes

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

    # Brackets

    def close(self, at: int) -> tuple[int, bool]:
        """What follows a closing bracket, and whether a value is complete."""
        frame = self.frames.pop()
        value = self.values.pop()
        if frame.what in (r"\frac", r"\dfrac", r"\tfrac"):
            if self.tokens[at + 1] != "{":
                self.fail("a second pair of braces is expected", at)
            self.values.append(value)
            self.frames.append(Pending(0, "/", frame.token, "}"))
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
