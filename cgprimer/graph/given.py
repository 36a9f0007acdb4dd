"""Equations in the forms that callers give ─▶ texts.

    a text with lines, a list, a dict, pairs, sympy.Eq ─▶ texts, notes on where each is

`graph.read` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from cgprimer import takes
from cgprimer.errors import GraphError, shorten
from cgprimer.graph.declarations import is_declaration
from cgprimer.notation.text import show

_COMMENT = re.compile(r"#.*|^\s*%.*|^\s*```\w*\s*$")
_OPERATORS = ("@", "+", "-", "*", "/", "^", "−", "·", "×", "÷", ",", "=")

Note = tuple[tuple[int, int], ...]
"""From which character of a text on it stands on which line of the author's."""


def texts_of(expressions: Any) -> tuple[list[str], list[Note]]:
    """The equations as texts, and for each a note on where it stands."""
    if isinstance(expressions, str):
        return _lines(expressions)
    if isinstance(expressions, Mapping):
        expressions = list(expressions.items())
    items = None if isinstance(expressions, bytes) else takes.items(expressions)
    if items is None:
        raise GraphError(
            f"equations come as a list of texts or one text, not {type(expressions)}"
        )
    texts = [item if isinstance(item, str) else _other(item) for item in items]
    if not texts:
        raise GraphError("there are no equations: write at least one, like 'xy = a*xa'")
    return texts, []


def _lines(text: str) -> tuple[list[str], list[Note]]:
    # U+2028 parts lines in what word processors copy.
    whole = text.replace("\u2028", "\n").split("\n")
    clean = [
        _COMMENT.sub("", x) if "#" in x or "%" in x or "`" in x else x for x in whole
    ]
    lines = [
        (line, n) for n, line in enumerate(clean, 1) if line and not line.isspace()
    ]
    if not lines:
        raise GraphError("there are no equations: write at least one, like 'xy = a*xa'")
    # Mostly every line is an equation of its own.
    if all("=" in line for line, _ in lines) and "\\" not in text and "..." not in text:
        return [line for line, _ in lines], [((0, number),) for _, number in lines]
    found = [_Lines(*lines[0])]
    for (_, before), (line, number) in pairwise(lines):
        blank = any(not x.strip() for x in whole[before : number - 1])
        if found[-1].goes_on(line, blank):
            found[-1].add(line, number)
        else:
            found.append(_Lines(line, number))
    return [each.text for each in found], [tuple(each.places) for each in found]


class _Lines:
    """The lines of one equation, and where each begins in the whole of them."""

    def __init__(self, line: str, number: int) -> None:
        self.parts, self.places = [line], [(0, number)]
        self.depth = line.count("(") - line.count(")")
        self.size = len(line)

    @property
    def text(self) -> str:
        # A mark behind which nothing follows is none.
        return "".join(self.parts).removesuffix("\\")

    def add(self, line: str, number: int) -> None:
        """One more line, in place of the mark that it follows."""
        last = self.parts[-1].rstrip()
        cut = last.removesuffix("...").removesuffix("\\") + " "
        self.size += len(cut) - len(self.parts[-1])
        self.parts[-1:] = cut, line
        self.places.append((self.size, number))
        self.size += len(line)
        self.depth += line.count("(") - line.count(")")

    def goes_on(self, line: str, after_blank: bool) -> bool:
        """Whether a line belongs to this equation."""
        last = self.parts[-1].rstrip()
        if last.endswith(("\\", "...")):
            return True
        # A bracket or a sign that was forgotten is no reason to swallow the next
        # equation.
        if "=" in line or is_declaration(line):
            return False
        begins = line.lstrip().startswith(_OPERATORS[:-2]) and not after_blank
        return begins or last.endswith(_OPERATORS) or self.depth > 0


def _other(item: Any) -> str:
    """An equation given as sympy.Eq or as a pair (name, right side), as text."""
    if hasattr(item, "free_symbols") and hasattr(item, "lhs"):
        item = (str(item.lhs), item.rhs)
    match item:
        case (str(left), str(right)):
            return f"{left} = {right}"
        case (str(left), right) if hasattr(right, "free_symbols"):
            from cgprimer.notation.from_sympy import from_sympy

            return f"{left} = {show(from_sympy(right))}"
    if hasattr(item, "free_symbols"):
        raise GraphError(
            f"the sympy expression {shorten(str(item))} has no name\n"
            "  hint: write ('xy', expression) or sympy.Eq(xy, expression)"
        )
    raise GraphError(f"an equation is a text like 'xy = a*xa', not {takes.quote(item)}")
