r"""A formula in our language that knows where each piece of it was written.

    \bar v_3 \cdot x   ─▶   bar_v3 | * | x      each with its span of the author's line

`translate` makes it; carets for what our parser refuses come out under the author's
own signs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import Node
from cgprimer.expr.syntax import parse_expression, refuse_foreign
from cgprimer.expr.tokens import RESERVED

if TYPE_CHECKING:
    from cgprimer.reading.specials import Special


class Stretch(NamedTuple):
    """A stretch of the translation and the stretch of the author's line it is from."""

    text: str
    start: int
    end: int
    is_name: bool = False


@dataclass(frozen=True)
class Formula:
    """The translation of `line[start:end]`.

    specials : what stands in it under a name, as our language cannot say it: the name,
        where the author wrote it, and what it is.
    """

    line: str
    pieces: tuple[Stretch, ...]
    specials: tuple[tuple[Stretch, Special], ...] = ()

    @property
    def text(self) -> str:
        """In our language."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def names(self) -> tuple[Stretch, ...]:
        """The names in it, each with its place."""
        return tuple(piece for piece in self.pieces if piece.is_name)

    def parse(self, declared: Collection[str] = ()) -> Node:
        """The expression; ExpressionError with carets in the author's line."""
        # \lambda is a name, though it is a word of Python.
        words = {piece.text for piece in self.names} & RESERVED
        try:
            # What is left untranslated is no name that a derivation knows.
            refuse_foreign(self.text)
            return parse_expression(
                self.text, 0, {*declared, *words} if words else declared
            )
        except ExpressionError as error:
            problem = error.problems[0]
            raise self._move(problem) from None

    def _move(self, problem: Mistake) -> ExpressionError:
        """The problem with its span in the author's line instead of the translation."""
        # One span for every character of the translation, so that a caret under any of
        # them is under the token that it came from.
        spans = [
            (piece.start, piece.end) for piece in self.pieces for _ in piece.text
        ] or [(0, len(self.line))]
        last = len(spans) - 1
        # A mistake beyond the end, such as a value that is missing there, is put behind
        # the last.
        start = spans[min(problem.start, last)][0 if problem.start <= last else 1]
        end = max(start + 1, spans[min(max(problem.end - 1, 0), last)][1])
        return ExpressionError(
            [Mistake(problem.message, self.line, start, end, problem.hint)]
        )
