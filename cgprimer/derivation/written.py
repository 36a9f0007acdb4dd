r"""A written derivation, read: which equalities define a name, which claim something.

    v1 = 1/x                          a definition: a fresh name on the left
    \bar v_1 = \bar v_3 v_2 = \sin x    two claims

Names carry meaning: `bar_v1` is an adjoint, `d_v3_d_v1` a total and
`partial_v3_partial_v1` an edge partial, as soon as v1 and v3 are known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cgprimer.derivation.latex_input import Formula, Stretch, translate
from cgprimer.derivation.latex_names import plain_name
from cgprimer.derivation.names import (
    adjoint_of,
    derivative_like,
    derivative_of,
)
from cgprimer.errors import ExpressionError, Mistake, listing, suggest
from cgprimer.expr.node import Node, fold, intern, leaves
from cgprimer.expr.ops import CONST, CONSTANTS, OPS, const, name
from cgprimer.graph.names import name_list

_LATEX = re.compile(r"\\[A-Za-z]")
# Comments and the scaffolding of LaTeX become blanks of the same length, so that
# columns still count in the author's line.
_BLANKED = re.compile(
    r"#.*|(?<!\\)%.*|\\(?:begin|end)\s*\{[^}]*\}|\\\[|\\\]|\\[()]|\$|\\(?:tag|label)\{[^}]*\}"
)
_BREAK = re.compile(r"\\\\(?:\[[^\]]*\])?")
_EULER = name("e")


@dataclass(frozen=True)
class Side:
    """One side of an equality: `line[start:end]` of line `number`, and what it spells.

    node : over the author's names; adjoints and derivatives are names too.
    """

    number: int
    line: str
    start: int
    end: int
    node: Node

    @property
    def text(self) -> str:
        """As written."""
        return self.line[self.start : self.end]


@dataclass(frozen=True)
class Equality:
    """Two sides with an '=' between; `fresh` are names that nothing before it has."""

    left: Side
    right: Side
    defines: str | None = None
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A derivation as read.

    bodies : name → right side of every definition that makes up the graph.
    derived : the same for definitions that use adjoints or derivatives.
    free : names that nothing defines; `output` is the name whose adjoint is 1.
    """

    equalities: tuple[Equality, ...]
    bodies: dict[str, Node]
    derived: dict[str, Node]
    free: tuple[str, ...]
    output: str | None


def read_derivation(text: str, variables: Collection[str] | None = None) -> Script:
    """The equalities of `text`; ExpressionError with every mistake, each with a caret.

    variables : names that no line defines; with None, every such name is one.
    """
    reader = _Reader(variables, latex=bool(_LATEX.search(text)))
    for segment in _segments(text):
        reader.read(segment)
    return reader.script()


class _Segment(NamedTuple):
    """What is to be read at a time: `line[start:end]`, comments blanked in `clean`."""

    number: int
    line: str
    clean: str
    start: int
    end: int


def _segments(text: str) -> Iterator[_Segment]:
    for number, line in enumerate(text.split("\n"), 1):
        clean = _BLANKED.sub(lambda match: " " * len(match[0]), line)
        start = 0
        # A line may hold several, parted by \\.
        for end, after in [*(m.span() for m in _BREAK.finditer(clean)), (len(line), 0)]:
            if clean[start:end].strip(" \t\r&.,;"):
                yield _Segment(number, line, clean, start, end)
            start = after


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without blanks, alignment marks and a sentence's punctuation."""
    inner = text[start:end]
    first = start + len(inner) - len(inner.lstrip(" \t&"))
    last = start + len(inner.rstrip(" \t\r&,;:"))
    # "= 2." at the end of a sentence keeps its point: it is a number as well.
    if text[first:last].endswith(".") and not text[first:last][-2:-1].isdigit():
        last -= 1
    return (first, last) if first < last else (start, start)


class _Reader:
    """The names known so far, and what has been read."""

    def __init__(self, variables: Collection[str] | None, latex: bool) -> None:
        given = None if variables is None else name_list(variables, "variables")
        self.declared = None if given is None else [plain_name(v) for v in given]
        self.latex = latex
        self.free: dict[str, None] = dict.fromkeys(self.declared or ())
        self.bodies: dict[str, Node] = {}
        self.derived: dict[str, Node] = {}
        # Lines that use such a name are read all the same, so that every mistake in
        # them is told.
        self.broken: set[str] = set()  # names whose definition cannot be read
        self.equalities: list[Equality] = []
        self.problems: list[Mistake] = []
        self.last: Side | None = None
        self.fresh: list[str] = []

    @property
    def known(self) -> set[str]:
        return {*self.free, *self.bodies, *self.derived, *self.broken}

    def script(self) -> Script:
        if self.problems:
            raise ExpressionError(self.problems)
        if not self.equalities:
            raise ExpressionError(
                [Mistake("there is no equality: write at least one, like 'v1 = 1/x'")]
            )
        return Script(
            tuple(self.equalities),
            self.bodies,
            self.derived,
            tuple(self.free),
            self._output(),
        )

    def _output(self) -> str | None:
        """The name whose adjoint is set to 1, or else the last one defined."""
        # \bar v = 1 is how a reverse trace begins.
        for equality in self.equalities:
            text = str(equality.left.node.value)
            base = adjoint_of(text, self.known)
            if base in self.bodies and equality.right.node is const(1.0):
                return base
        return next(reversed(self.bodies), None)

    def read(self, segment: _Segment) -> None:
        try:
            self._chain(segment)
        except ExpressionError as error:
            problem = error.problems[0]
            self.problems.append(
                Mistake(
                    f"line {segment.number}: {problem.message}",
                    problem.text or segment.line,
                    problem.start,
                    problem.end,
                    problem.hint,
                )
            )

    def _chain(self, segment: _Segment) -> None:
        """The sides between the '=' of one line, each held against the one before."""
        spans = self._spans(segment)
        left = self.last
        # An empty left side goes on from the last side of the line before.
        if spans[0][0] < spans[0][1]:
            defined = self._defined(segment, spans)
            if defined:
                left = self._define(segment, defined, spans)
                spans = spans[1:]
            else:
                left = self._side(segment, spans[0])
        self._remember(left)
        for span in spans[1:]:
            right = self._side(segment, span)
            assert left is not None
            self.equalities.append(Equality(left, right, None, tuple(self.fresh)))
            self._remember(right)
            left = right

    def _remember(self, side: Side | None) -> None:
        self.last, self.fresh = side, []

    def _spans(self, segment: _Segment) -> list[tuple[int, int]]:
        _, line, clean, start, end = segment
        equals = [i for i in range(start, end) if clean[i] == "="]
        first, last = _trimmed(clean, start, end)
        if not equals:
            _fail(
                "a line of a derivation needs '='", line, first, last,
                "what is no formula goes behind a #",
            )  # fmt: skip
        bounds = [start, *(i + 1 for i in equals)], [*equals, end]
        # Between one '=' and the next.
        spans = [_trimmed(clean, a, b) for a, b in zip(*bounds, strict=True)]
        for i, (a, b) in enumerate(spans):
            if a == b and (i or self.last is None):
                at = equals[max(i - 1, 0)]
                _fail("a value is missing beside this '='", line, at, at + 1)
        return spans

    def _formula(self, segment: _Segment, span: tuple[int, int]) -> Formula:
        clean = segment.clean.replace("\t", " ")
        formula = translate(clean, *span, self.known, self.latex)
        return Formula(segment.line, formula.pieces)

    def _side(self, segment: _Segment, span: tuple[int, int]) -> Side:
        try:
            formula = self._formula(segment, span)
        except ExpressionError as error:
            [found] = error.problems
            _fail(found.message, segment.line, found.start, found.end, found.hint)
        node = formula.parse(self.known)
        for piece in formula.names:
            self._check(piece, segment.line)
        node = node if "e" in self.known else _with_euler(node)
        return Side(segment.number, segment.line, *span, node)

    def _defined(self, segment: _Segment, spans: list[tuple[int, int]]) -> str | None:
        """The fresh name that alone is the left side, if the line defines one."""
        try:
            formula = self._formula(segment, spans[0])
        # No name, so no definition: the side is read once more as a claim, and
        # complains then.
        except ExpressionError:
            return None
        known = self.known
        if len(formula.pieces) != 1 or len(formula.names) != 1:
            return None
        [piece] = formula.names
        text = piece.text
        if text in known or adjoint_of(text, known) or derivative_of(text, known):
            return None
        # bar_u for a u that is not known is a slip, and no new name.
        if text in CONSTANTS or (text.startswith("bar_") and known):
            return None
        formula.parse()
        return text if not derivative_like(piece, segment.line) else None

    def _define(
        self, segment: _Segment, defined: str, spans: list[tuple[int, int]]
    ) -> Side:
        # While its right side is read the name counts as known, so that a definition by
        # itself is told as that.
        self.broken.add(defined)
        right = self._side(segment, spans[1])
        if defined in leaves(right.node):
            start, end = spans[0]
            _fail(f"{defined!r} is defined by itself", segment.line, start, end)
        self.broken.discard(defined)
        known = self.known
        # Definitions with adjoints in them are no part of the graph that is
        # differentiated.
        special = any(
            text in self.derived
            or adjoint_of(text, known)
            or derivative_of(text, known)
            for text in leaves(right.node)
        )
        (self.derived if special else self.bodies)[defined] = right.node
        left = Side(segment.number, segment.line, *spans[0], name(defined))
        self.equalities.append(Equality(left, right, defined))
        return right

    def _check(self, piece: Stretch, line: str) -> None:
        """Refuse a name that stands for nothing; note one that is new."""
        text, known = piece.text, self.known
        if text in known or text in CONSTANTS or text == "e":
            return
        derivative = derivative_of(text, known)
        parts = derivative[1:] if derivative else (adjoint_of(text, known),)
        if parts[0] is not None:
            self._check_graph(parts, piece, line)
            return
        base = text[4:] if text.startswith("bar_") else None
        if (base and known) or derivative_like(piece, line):
            names = re.split("_(?:d|partial)_|^(?:d|partial|bar)_", text)
            missing = [part for part in names if part and part not in known]
            hint = suggest(missing[0], known) or f"known are {listing(sorted(known))}"
            _fail(
                f"{missing[0]!r} is not defined above",
                line, piece.start, piece.end, hint,
            )  # fmt: skip
        if self.declared is not None:
            hint = suggest(text, known) or "define it above, or name it in variables="
            _fail(f"unknown name {text!r}", line, piece.start, piece.end, hint)
        # Before the first definition every name is an input; later a new one may be a
        # slip.
        if self.bodies:
            self.fresh.append(text)
        self.free[text] = None

    def _check_graph(
        self, parts: tuple[str | None, ...], piece: Stretch, line: str
    ) -> None:
        """Adjoints and derivatives are of names in the graph, and by such names."""
        for part in parts:
            if part in self.derived:
                _fail(
                    f"{part!r} is made of adjoints or derivatives itself",
                    line, piece.start, piece.end,
                    "give the function itself a name, and differentiate that",
                )  # fmt: skip
        of = parts[0]
        if (len(parts) > 1 or not self.bodies) and of in self.free:
            _fail(
                f"no line defines {of!r}, so it has no derivatives",
                line, piece.start, piece.end, f"write a line {of} = …",
            )  # fmt: skip


def _with_euler(root: Node) -> Node:
    """`e` as Euler's number: e^a is exp(a)."""

    def visit(node: Node, args: list[Node]) -> Node:
        if node is _EULER:
            return OPS["exp"](const(1.0))
        # e^a as exp(a), which has rules of its own; a power of 2.718… would be rounded.
        if node.op is OPS["pow"] and node.args[0] is _EULER:
            return OPS["exp"](args[1])
        return intern(node.op, tuple(args), node.value) if args else node

    return fold([root], visit)[root]


def _fail(message: str, line: str, start: int, end: int, hint: str = "") -> None:
    raise ExpressionError([Mistake(message, line, start, end, hint)])


def is_number(side: Side) -> bool:
    """Whether the side is a bare number, perhaps with a minus."""
    node = side.node
    if node.op is OPS["neg"]:
        node = node.args[0]
    return node.op is CONST
