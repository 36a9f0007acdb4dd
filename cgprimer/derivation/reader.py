r"""A written derivation, read: which equalities define a name, which claim something.

    text ─ lines ─▶ statements, sides ─ translate ─▶ formulas ─ vocabulary ─▶ Script

Names carry meaning: `bar_v1` is an adjoint, `d_v3_d_v1` a total and
`partial_v3_partial_v1` an edge partial, as soon as v1 and v3 are known.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from cgprimer.derivation.formula import Formula
from cgprimer.derivation.lines import Span, Statement, statements
from cgprimer.derivation.names import adjoint_of
from cgprimer.derivation.script import Equality, Script, Side
from cgprimer.derivation.translate import translate
from cgprimer.derivation.vocabulary import Vocabulary
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import Node, fold, intern, leaves
from cgprimer.expr.ops import OPS, const, name

_LATEX = re.compile(r"\\[A-Za-z]")
_EULER = name("e")


def read_derivation(text: str, variables: Collection[str] | None = None) -> Script:
    """The equalities of `text`; ExpressionError with every mistake, each with a caret.

    variables : names that no line defines; with None, every such name is one.
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
        self.last: Side | None = None

    def script(self) -> Script:
        """What has been read; ExpressionError where some of it could not be."""
        if self.problems:
            raise ExpressionError(self.problems)
        if not self.equalities:
            raise ExpressionError(
                [Mistake("there is no equality: write at least one, like 'v1 = 1/x'")]
            )
        names, output = self.names, self._output()
        equalities, free = tuple(self.equalities), tuple(names.free)
        return Script(equalities, names.bodies, names.derived, free, output)

    def _output(self) -> str | None:
        """The name whose adjoint is set to 1, or else the last one defined."""
        # \bar v = 1 is how a reverse trace begins.
        for equality in self.equalities:
            base = adjoint_of(str(equality.left.node.value), self.names.known)
            if base in self.names.bodies and equality.right.node is const(1.0):
                return base
        return next(reversed(self.names.bodies), None)

    def read(self, statement: Statement) -> None:
        """Read one statement; what is wrong with it is kept for the end."""
        try:
            self._chain(statement)
        except ExpressionError as error:
            [mistake] = error.problems
            message = f"line {statement.number}: {mistake.message}"
            text = mistake.text or statement.line
            self.problems.append(
                Mistake(message, text, mistake.start, mistake.end, mistake.hint)
            )

    def _chain(self, statement: Statement) -> None:
        """The sides between the '=' of one line, each held against the one before."""
        spans = statement.sides(follows=self.last is not None)
        left = self.last
        # An empty left side goes on from the last side of the line before.
        if spans[0][0] < spans[0][1]:
            defined = self._new_name(statement, spans[0])
            if defined:
                left = self._define(statement, defined, spans)
                spans = spans[1:]
            else:
                left = self._side(statement, spans[0])
        self._remember(left)
        for span in spans[1:]:
            right = self._side(statement, span)
            assert left is not None
            self.equalities.append(Equality(left, right, None, tuple(self.names.fresh)))
            self._remember(right)
            left = right

    def _remember(self, side: Side | None) -> None:
        self.last, self.names.fresh = side, []

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
