"""The language: text to nodes, by precedence climbing with an explicit stack.

    equation  = NAME "=" sum
    sum       = product { ("+"|"-") product }
    product   = signed { ("*"|"/") signed }
    signed    = ["+"|"-"] signed | power
    power     = atom [ ("^"|"**") signed ]
    atom      = NUMBER | NAME | NAME "(" sum {"," sum} ")" | "(" sum ")"

Nodes are built raw, so that what the author wrote is what is drawn. Nothing is
evaluated as code, nothing recurses, and every error points into the author's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple, Self

import numpy as np

from cgprimer.errors import ExpressionError, Mistake, OpError, shorten
from cgprimer.expr.advice import about_comma, about_parts
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.complaints import Complaints
from cgprimer.expr.foreign_names import about_inverse, bad_name
from cgprimer.expr.foreign_signs import about, spell
from cgprimer.expr.lookalikes import looks_like
from cgprimer.expr.node import Content, Node, intern
from cgprimer.expr.ops import CONSTANTS, OPS, TABLE, Op, const, name
from cgprimer.expr.pasted import read_line, read_pasted
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.tokens import DIGITS, GROUPED, NAME, NUMBER, SIGNS

INFIX: dict[str, Op] = {
    op.symbol: op for op in TABLE if op.symbol and op.arity == 2
} | {"**": OPS["pow"]}
_NEG, _MUL = OPS["neg"], OPS["mul"]
_UNKNOWN = Op("unknown", max, ("1",), chains=True)  # a function that is reported
_FOLDED = frozenset(TABLE)  # a caller's own code is not run by the parser


def parse_expression(text: str, start: int = 0, declared: Collection[str] = ()) -> Node:
    """The node that `text[start:]` spells.

    Names in `declared` are names even where they are keywords or `pi`. What papers and
    programs spell otherwise is read where it has one meaning, as x² or np.exp(x).
    Raises ExpressionError with carets under all that is wrong.
    """
    return Parser.read(text, start, declared)[1]


def refuse_foreign(text: str) -> None:
    """ExpressionError at the first sign that is not ASCII, for texts that must be."""
    if not text.isascii():
        at = next(i for i, char in enumerate(text) if not char.isascii())
        message = f"unexpected character {spell(text[at])}"
        hint = about(text[at], text[:at], text[at + 1 :]) or looks_like(text[at])
        raise ExpressionError([Mistake(message, text, at, at + 1, hint)])


class _Frame(NamedTuple):
    """An operator or bracket that waits: its level, operation, token and operands.

    Brackets have level 0; theirs is the function called, or None. `base` counts the
    operands that were there before.
    """

    level: float
    op: Op | None
    token: int
    base: int


class Parser(Complaints):
    """One text on its way to one node; `declared` names are names whatever they are."""

    pasted_read: Callable[[Spelled, int], Spelled] = staticmethod(read_pasted)
    line_read: Callable[[Spelled], Spelled] = staticmethod(read_line)

    def __init__(
        self, text: str | Spelled, start: int, declared: Collection[str]
    ) -> None:
        super().__init__(text, start, declared)
        self.operands: list[Node] = []
        self.frames: list[_Frame] = []
        self.constants: dict[Node, float] = {}

    @classmethod
    def read(
        cls, text: str, start: int = 0, declared: Collection[str] = ()
    ) -> tuple[Self, Node]:
        """The parser of a text, with its node, once that is in the language."""
        parser = cls(text, start, declared)
        try:
            return parser, parser.parse()
        except ExpressionError:
            # Only what is no text of the language is looked at for other notations, so
            # that no text of the language can mean something else.
            spelled = cls.pasted_read(parser.spelled or Spelled(text), start)
            if spelled is parser.spelled or spelled.before is None:
                raise
            again = cls(spelled, start, declared)
            again.problems = parser.foreign
            return again, again.parse()

    @classmethod
    def read_equation(
        cls, text: str, declared: Collection[str] = ()
    ) -> tuple[Self, Node]:
        """The same for the right side of an equation that `graph.read` has read."""
        reading = cls.print_read(text)
        # As in `read`, what is in the language is read as it stands: y = …, y for one.
        is_plain = NAME.fullmatch(reading.text.partition("=")[0].strip())
        for spelled in (reading, cls.line_read(reading))[not is_plain :]:
            try:
                parser = cls(spelled, spelled.text.find("=") + 1, declared)
                return parser, parser.parse()
            except ExpressionError as error:
                failed = error
        raise failed

    def parse(self) -> Node:
        """Alternate between what may start a value and what may follow one."""
        # The empty token behind the last starts no value and is no sign, so both loops
        # stop there without asking where the list ends.
        at, last = 0, len(self.tokens) - 1
        while True:
            at = self.follow(self.operand(at))
            if at > last:
                if self.problems:
                    self.give_up()
                return self.operands[0]

    def operand(self, at: int) -> int:
        """Read signs and opening brackets, then one atom; return what follows it."""
        letters = self.letters
        while True:
            token = self.tokens[at]
            first = token[:1]
            if first in letters:
                if self.tokens[at + 1] != "(":
                    self.operands.append(self.leaf(token, at))
                    return at + 1
                self.check_function(token, at)
                self.open(at + 1, self.functions.get(token, _UNKNOWN))
                at += 1
            elif first in DIGITS and token != ".":
                self.operands.append(self.number(token, at))
                return at + 1
            elif token == "(":
                self.open(at, None)
            elif token == "-":
                self.frames.append(_Frame(_NEG.binding, _NEG, at, 0))
            elif token != "+":  # which makes no node: +a is a
                at = self.missing_value(token, at) - 1
            at += 1

    def follow(self, at: int) -> int:
        """Read closing brackets, then an infix sign, a comma or the end."""
        while True:
            token = self.tokens[at]
            op = INFIX.get(token)
            if op is not None:
                # Of what waits, apply what binds at least as tightly. With `right`
                # one more, so that `^` leaves another `^` waiting. For
                # `a - b*c^d^e - f`, at each sign:
                #     sign   waiting       applied first
                #     -      -             -
                #     *      -             -             * (2) binds tighter than - (1)
                #     ^      - *           -
                #     ^      - * ^         -             none has a level of 5 or more
                #     -      - * ^ ^       ^ ^ * -       right to left, then `*`, `-`
                self.reduce(op.binding + op.right)
                self.frames.append(_Frame(op.binding, op, at, 0))
                return at + 1
            self.reduce(1)
            if not token:
                if self.frames:
                    self.fail("'(' is never closed", self.frames[-1].token)
                return at + 1
            if token == ",":
                self.check_comma(at)
                return at + 1
            if token != ")":
                at = self.missing_operator(token, at)
                if not self.tokens[at] or self.tokens[at] in SIGNS - {"("}:
                    continue
                self.as_product(at)
                return at
            self.close(at)
            at += 1

    def as_product(self, at: int) -> None:
        """Read on as if a product stood there, for what else is wrong."""
        self.reduce(_MUL.binding)
        self.frames.append(_Frame(_MUL.binding, _MUL, at, 0))

    def reduce(self, level: float) -> None:
        """Apply the waiting operators that bind at least as tightly as `level`."""
        frames, operands = self.frames, self.operands
        while frames and frames[-1][0] >= level:
            _, op, token, _ = frames.pop()
            assert op is not None
            right = operands.pop()
            args = (right,) if op is _NEG else (operands.pop(), right)
            operands.append(self.build(op, args, token))

    def build(self, op: Op, args: tuple[Node, ...], token: int) -> Node:
        """The node; a constant one is refused if it overflows."""
        node = intern(op, args)
        # The node stays as written, `2*3` a product; its value is only kept to see,
        # while the place in the text is known, that it overflows.
        known = self.constants
        if args[0] in known and args[-1] in known and op in _FOLDED:
            try:
                value = _evaluate(op, [self.constants[arg] for arg in args])
            except FloatingPointError:
                self.too_large("constant overflows", token)
            else:
                self.constants[node] = value
        return node

    def open(self, at: int, op: Op | None) -> None:
        if self.tokens[at + 1] == ")":
            if op is None:
                self.fail("empty parentheses", at, to=at + 1)
            if op is not _UNKNOWN:
                self.wrong_count(op, 0, at - 1, at + 1)
            self.give_up()
        self.frames.append(_Frame(0, op, at, len(self.operands)))

    def check_comma(self, at: int) -> None:
        op = self.frames[-1].op if self.frames else None
        if op is None:
            hint = about_comma(self.tokens, at)
            self.fail("a comma outside a function call", at, hint)
        elif (
            op.arity > 1
            and self.tokens[at + 1][:1].isdigit()
            and (parts := self.unclear_parts(at - 1))
        ):
            message = f"{shorten(parts)!r} may be one number or several"
            to = at - 1 + 2 * parts.count(",")
            self.fail(message, at - 1, about_parts(parts), to)

    def unclear_parts(self, at: int) -> str:
        """Digits with commas from a token on that may be one number, as 1,000 or 0,5.

        They are none where they stand as all others do, without a blank behind a comma.
        """
        found = GROUPED.match(self.source, self.spans[at][0])
        others = re.search(r",\s", self.source)
        of_thousands = found and re.match(r"\d{1,3},0\d\d(?!\d)", found[0])
        return found[0] if found and (others or of_thousands) else ""

    def close(self, at: int) -> None:
        """Close the innermost bracket; a call takes what was read since it opened."""
        if not self.frames:
            self.fail("')' closes nothing", at)
        _, op, opened, base = self.frames.pop()
        if op is None:
            return
        args = self.operands[base:]
        del self.operands[base:]
        # max(a, b, c) is max(max(a, b), c): the table knows two arguments only.
        if len(args) != op.arity and (not op.chains or len(args) < 2):
            self.wrong_count(op, len(args), opened - 1, at)
            args = (args * op.arity)[: op.arity]
        node = self.build(op, tuple(args[: op.arity]), opened - 1)
        for arg in args[op.arity :]:
            node = self.build(op, (node, arg), opened - 1)
        self.operands.append(node)

    def number(self, token: str, at: int) -> Node:
        if not NUMBER.fullmatch(token):
            self.malformed_number(token, at)
            return name(token)
        value = float(token)
        if value == float("inf"):
            self.too_large("number is too large for", at)
            return name(token)
        node = const(value)
        self.constants[node] = value
        return node

    def leaf(self, token: str, at: int) -> Node:
        # Declared names come first: with `variables=["pi"]` even pi is a name.
        if token in self.declared:
            return name(token)
        if token in CONSTANTS:
            node = CONSTANTS[token]()
            self.constants[node] = float(node.op.forward())
            return node
        problem = bad_name(token)
        if problem and self.tokens[at + 1] not in ("[", "{"):
            behind = "".join(self.tokens[at + 1 : at + 4])
            power = behind in ("^-1", "**-1", "-1(")
            hint = about_inverse(token) if power else ""
            self.note(problem[0], at, hint or problem[1])
            self.muted = at + 4 if self.tokens[at + 1] in ("^", "**") else at + 2
        return name(token)


def _evaluate(op: Op, values: list[float]) -> float:
    """The value of a constant operation; FloatingPointError where it overflows."""
    with np.errstate(all="ignore", over="raise"):
        return float(op.forward(*values))


def restore(rows: list[tuple[str, tuple[int, ...], Content]]) -> Node:
    """The node that `flatten` took apart."""
    nodes: list[Node] = []
    known = OPS | {op.stored: op for op in ARRAY_OPS.values()}
    if unknown := sorted({op for op, _, _ in rows} - known.keys()):
        raise missing_op(unknown[0])
    for op, args, value in rows:
        nodes.append(intern(known[op], tuple(nodes[i] for i in args), value))
    return nodes[-1]


def missing_op(op: str) -> OpError:
    """What to say where an operation is loaded that is not there."""
    return OpError(
        op,
        "is not an operation here, but what is loaded was written with it",
        "run its custom_op first, as where it was saved",
    )
