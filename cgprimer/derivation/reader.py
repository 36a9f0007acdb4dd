r"""A written derivation, read: which equalities define a name, which claim something.

    text ─ lines ─▶ statements, sides ─ translate ─▶ formulas ─ vocabulary ─▶ Script

Names carry meaning: `bar_v1` is an adjoint, `d_v3_d_v1` a total and
`partial_v3_partial_v1` an edge partial, as soon as v1 and v3 are known.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from cgprimer.derivation.formula import Formula
from cgprimer.derivation.lines import Span, Statement, statements
from cgprimer.derivation.names import adjoint_of, plain_name
from cgprimer.derivation.script import Equality, Script, Side, Unread
from cgprimer.derivation.translate import translate
from cgprimer.derivation.vocabulary import Vocabulary
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import Node, fold, intern, leaves
from cgprimer.expr.ops import OPS, const, name

_LATEX = re.compile(r"\\[A-Za-z]")
_WORD = re.compile(r"(?<![\\\w])[A-Za-z]\w*")
_EULER = name("e")


def read_derivation(text: str, variables: Collection[str] | None = None) -> Script:
    """The equalities of `text`, and the statements that could not be read.

    variables : names that no line defines; with None, every such name is one.
    Raises ExpressionError with every mistake, each with a caret, where nothing that was
    read claims anything.
    """
    reader = _Reader(Vocabulary(variables), latex=bool(_LATEX.search(text)))
    for statement in statements(text):
        reader.read(statement)
    return reader.script()


class _Reader:
    """The equalities read so far, over the names known so far."""

    def __init__(self, names: Vocabulary, latex: bool) -> None:
        self.names, self.latex = names, latex
        self.equalities: list[Equality] = []
        self.problems: list[Mistake] = []
        self.unread: list[Unread] = []
        self.broken: dict[str, int] = {}
        self.last: Side | None = None
        self.used = tuple(names.free)  # free names of all sides that were read
        self.gap: int | None = None  # the line after `last` that was not read
        self.defining: str | None = None  # what the line may define that is being read

    def script(self) -> Script:
        """What has been read; ExpressionError where that leaves nothing to judge."""
        if self.problems and all(one.defines for one in self.equalities):
            raise ExpressionError(self.problems)
        if not self.equalities:
            raise ExpressionError(
                [Mistake("there is no equality: write at least one, like 'v1 = 1/x'")]
            )
        names, seed = self.names, self._seed()
        output = seed or next(reversed(names.bodies), None)
        return Script(
            tuple(self.equalities), names.bodies, names.derived, tuple(names.free),
            output, seed is not None, tuple(self.unread), self.broken,
        )  # fmt: skip

    def _seed(self) -> str | None:
        """The name whose adjoint a line sets to 1."""
        # \bar v = 1 is how a reverse trace begins.
        for equality in self.equalities:
            base = adjoint_of(str(equality.left.node.value), self.names.known)
            if base in self.names.bodies and equality.right.node is const(1.0):
                return base
        return None

    def read(self, statement: Statement) -> None:
        """Read one statement; what is wrong with it is kept for the end."""
        self.defining = _first_name(statement)
        try:
            self._chain(statement)
        except ExpressionError as error:
            [mistake] = error.problems
            self._refuse(statement, mistake)
            # Names that only stand in what was refused may be defined by a line below.
            self.names.free, self.names.fresh = dict.fromkeys(self.used), []
            self.gap = statement.number
            self.names.broken.discard(self.defining or "")
            if self.defining and self.defining not in self.names.known:
                self.names.broken.add(self.defining)
                self.broken[self.defining] = statement.number

    def _refuse(self, statement: Statement, mistake: Mistake) -> None:
        message = f"line {statement.number}: {mistake.message}"
        text = mistake.text or statement.line
        self.problems.append(
            Mistake(message, text, mistake.start, mistake.end, mistake.hint)
        )
        self.unread.append(Unread(statement.number, replace(mistake, text=text)))

    def _chain(self, statement: Statement) -> None:
        """The sides between the '=' of one line, each held against the one before."""
        spans = statement.sides(follows=bool(self.last or self.gap))
        # An empty left side goes on from the last side of the line before.
        if spans[0][0] < spans[0][1]:
            spans = self._begin(statement, spans)
        for span in spans[1:]:
            left, gap = self.last, self.gap
            right = self._side(statement, span)
            if left is None:
                text = f"it goes on from line {gap}, which is not read"
                self._refuse(statement, Mistake(text, statement.line, *span))
            else:
                fresh = tuple(self.names.fresh)
                self.equalities.append(Equality(left, right, None, fresh, gap))
            self._remember(right)

    def _begin(self, statement: Statement, spans: list[Span]) -> list[Span]:
        """Read the first side, or a definition; the side to go on from and the rest."""
        self.last = self.gap = None
        defined = self._new_name(statement, spans[0])
        if defined:
            self.defining = defined
            self._remember(self._define(statement, defined, spans))
        else:
            self._remember(self._side(statement, spans[0]))
        # What stands behind a first side that is read defines nothing any more.
        self.defining = None
        return spans[1:] if defined else spans

    def _remember(self, side: Side) -> None:
        self.last, self.gap, self.names.fresh = side, None, []
        self.used = tuple(self.names.free)

    def _formula(self, statement: Statement, span: Span) -> Formula:
        clean = statement.clean.replace("\t", " ")
        formula = translate(clean, *span, self.names.known, self.latex)
        return Formula(statement.line, formula.pieces)

    def _side(self, statement: Statement, span: Span) -> Side:
        try:
            formula = self._formula(statement, span)
        except ExpressionError as error:
            [mistake] = error.problems
            statement.fail(mistake.message, (mistake.start, mistake.end), mistake.hint)
        node = formula.parse(self.names.known)
        for piece in formula.names:
            self.names.check(piece, statement.line)
        node = node if "e" in self.names.known else _with_euler(node)
        return Side(statement.number, statement.line, *span, node)

    def _new_name(self, statement: Statement, span: Span) -> str | None:
        """The new name that alone is the left side, if the line defines one."""
        try:
            formula = self._formula(statement, span)
        # No name, so no definition: the side is read once more as a claim, and
        # complains then.
        except ExpressionError:
            return None
        if len(formula.pieces) != 1 or len(formula.names) != 1:
            return None
        [piece] = formula.names
        if not self.names.is_new(piece, statement.line):
            return None
        formula.parse()
        return piece.text

    def _define(self, statement: Statement, defined: str, spans: list[Span]) -> Side:
        # While its right side is read the name counts as known, so that a definition by
        # itself is told as that.
        self.names.broken.add(defined)
        right = self._side(statement, spans[1])
        if defined in leaves(right.node):
            statement.fail(f"{defined!r} is defined by itself", spans[0])
        self.names.broken.discard(defined)
        self.names.define(defined, right.node)
        left = Side(statement.number, statement.line, *spans[0], name(defined))
        self.equalities.append(Equality(left, right, defined))
        return right


def _first_name(statement: Statement) -> str | None:
    """The name that a left side which cannot be read, as `f(x)`, may define."""
    left, equals, _ = statement.clean[statement.start : statement.end].partition("=")
    words = _WORD.findall(left) if equals else []
    return plain_name(words[0]) if words else None


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
