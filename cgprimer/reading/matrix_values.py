r"""Values of a formula of LaTeX over arrays: what stands side by side, powers, norms.

    two values, the sign between them ─▶ their product, if they conform

A vector is a column, and a row once it is transposed. `reading.matrices` puts values
together; which of two readings is meant is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import op_called
from cgprimer.expr.dims import Dims, DimsError, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, const, name
from cgprimer.reading.matrix_tokens import CALLED, ELEMENTWISE, MatrixTokens

_COLUMNS = r"write x^\top y for their inner product, x y^\top for the outer one"
_POWER = r"write A A for the product, A \odot A for one entry by entry"


class Factor(NamedTuple):
    """A value that was read; a `row` is a vector that is transposed."""

    node: Node
    row: bool = False


class Pending(NamedTuple):
    """A sign or bracket that waits: its level (0 of a bracket), what it is, its token.

    A bracket is ended by `closes`.
    """

    level: int
    what: str
    token: int
    closes: str = ""


class MatrixValues(MatrixTokens):
    """What is made of values, by their dims."""

    def check_square(self, base: Factor, at: int) -> None:
        try:
            self.dims(op_called("inv")(base.node))
        except DimsError as error:
            self.fail(f"there is no inverse: {error.message}", at, error.hint)

    def checked(
        self, make: Callable[..., Factor], left: Factor, right: Factor, frame: Pending
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

    def sum_of(self, left: Factor, right: Factor, frame: Pending) -> Factor:
        ranks = self.rank(left), self.rank(right)
        if all(ranks) and (ranks[0] != ranks[1] or left.row != right.row):
            shown = f"{self.shown(left)} and {self.shown(right)}"
            self.fail(f"{shown} are no two terms of a sum", frame.token)
        if all(ranks):
            self.sizing.same_dims(self.dims(left.node), self.dims(right.node))
        return Factor(OPS[frame.what](left.node, right.node), left.row or right.row)

    def product(self, left: Factor, right: Factor, frame: Pending) -> Factor:
        ranks, rows = (self.rank(left), self.rank(right)), (left.row, right.row)
        if not all(ranks):
            return Factor(OPS["mul"](left.node, right.node), any(rows))
        if frame.what in ELEMENTWISE and ranks[0] == ranks[1] and rows[0] == rows[1]:
            self.sizing.same_dims(self.dims(left.node), self.dims(right.node))
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

    def norm(self, value: Factor, frame: Pending, at: int) -> tuple[Factor, int]:
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

    def call(self, value: Factor, frame: Pending) -> Factor:
        op = op_called(CALLED.get(frame.what, frame.what))
        node = op(value.node)
        try:
            self.dims(node)
        except DimsError as error:
            self.fail(
                f"{frame.what} of {self.shown(value)}: {error.message}", frame.token
            )
        return Factor(node, value.row and not isinstance(op, ArrayOp))

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

    def power(self, base: Factor, at: int) -> tuple[Factor, int]:
        """What is raised at a token, and what follows the power."""
        raised, after = ("⊤", at + 1) if self.tokens[at] == "'" else self.raised(at)
        rank = self.rank(base)
        if raised in ("-⊤", "-1") and rank == 2:
            self.check_square(base, at)
        if raised in ("⊤", "-⊤") and not (raised == "-⊤" and rank < 2):
            node = base.node
            if raised == "-⊤":
                node = op_called("inv")(node)
            if rank == 2:
                made = Factor(op_called("transpose")(node))
            else:
                made = Factor(node, rank == 1 and not base.row)
        elif raised == "-1" and rank == 2:
            made = Factor(op_called("inv")(base.node))
        elif rank:
            self.fail(f"an array of {self.shown(base)} has no power here", at, _POWER)
        else:
            number = raised.removeprefix("-")
            if number.replace(".", "", 1).isdecimal():
                exponent = const(float(number))
            elif self.sizing.names.get(number) == ():
                exponent = name(number)
            else:
                self.fail("a power is a number or a name here", at)
            exponent = OPS["neg"](exponent) if raised != number else exponent
            made = Factor(OPS["pow"](base.node, exponent))
        return made, after
