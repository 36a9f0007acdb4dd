r"""The left side of a line that defines something.

    y   \hat y   w^{(1)}     a name that is new, and stands alone
    f(x, y)                  a function, with the names that it takes

`reader` asks it of every line before it reads the line as a claim.
"""

from __future__ import annotations

from dataclasses import replace

from cgprimer.errors import ExpressionError
from cgprimer.expr.ops import name
from cgprimer.reading.formula import Formula, Stretch
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.lines import Span, Statement
from cgprimer.reading.script import Side
from cgprimer.reading.spelling import Spelling
from cgprimer.reading.translate import translate
from cgprimer.reading.vocabulary import Vocabulary

LOOKED_AT = 4  # tokens of a line that is not read, among which is what it defines


class Headings:
    """What lines define, by the names and the notation of a text.

    has_sigmoid : whether σ(…) has been read as the sigmoid. notes : which of two
        readings was taken of a side.
    """

    def __init__(self, names: Vocabulary, context: Lexicon) -> None:
        self.names, self.context = names, context
        self.has_sigmoid = False
        self.notes: dict[Side, dict[str, None]] = {}

    def heading(
        self, statement: Statement, span: Span
    ) -> tuple[str, tuple[str, ...]] | None:
        """The new name that a line defines, and its arguments if it is a function."""
        function = self._function_heading(statement, span)
        if function:
            return function
        notes: list[str] = []
        try:
            formula = self.formula(statement, span, notes)
        # No name, so no definition: the side is read once more as a claim, and
        # complains then.
        except ExpressionError:
            return None
        if len(formula.pieces) != 1 or len(formula.names) != 1:
            return None
        [piece] = formula.names
        if not self._defines(statement, piece):
            return None
        formula.parse()
        left = Side(statement.number, statement.line, *span, name(piece.text))
        self.notes[left] = dict.fromkeys(notes)
        return piece.text, ()

    def _function_heading(
        self, statement: Statement, span: Span
    ) -> tuple[str, tuple[str, ...]] | None:
        """`f(x, y)` with an f that is new."""
        tokens = self.tokens(statement, span)
        if not tokens:
            return None
        try:
            named = tokens.name(0)
            if not named or tokens.tokens[named[1]] != "(":
                return None
            close = tokens.closing.get(named[1])
            if close is None or tokens.tokens[close + 1]:
                return None
            takes = tokens.lone_names(named[1])
        except ExpressionError:
            return None
        place = Stretch(named[0], *span, is_name=True)
        sigmoid = named[0] == "sigma" and self.has_sigmoid
        plain = tokens.function(0) and named[0] != "sigma"
        if not all(takes) or sigmoid or plain:
            return None
        is_new = self.names.is_new(place, statement.line)
        return (named[0], tuple(takes)) if is_new else None

    def _defines(self, statement: Statement, piece: Stretch) -> bool:
        """Whether a line with this name alone on its left defines it."""
        names = self.names
        if names.is_new(piece, statement.line):
            return True
        # y = u^2, where u = x + 1: u was used as if no line defined it.
        return piece.text in names.free and piece.text not in (names.declared or ())

    def formula(self, statement: Statement, span: Span, notes: list[str]) -> Formula:
        clean = statement.clean.replace("\t", " ")
        context = replace(self.context, notes=notes)
        formula = translate(clean, *span, context)
        return replace(formula, line=statement.line)

    def tokens(self, statement: Statement, span: Span) -> Spelling | None:
        try:
            return Spelling(statement.clean, *span, replace(self.context, notes=[]))
        except ExpressionError:
            return None


def first_name(tokens: Spelling) -> str | None:
    """The first name near the beginning, which a line that is not read may define."""
    for at in range(LOOKED_AT):
        try:
            named = tokens.name(at)
        except ExpressionError:
            return None
        if named:
            return named[0]
    return None
