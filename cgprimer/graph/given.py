"""Equations in the forms that callers give ─▶ texts.

    a text with lines, a list, a dict, pairs, sympy.Eq ─▶ texts, notes on where each is

`graph.read` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cgprimer import takes
from cgprimer.errors import GraphError, shorten
from cgprimer.notation.text import show


def texts_of(expressions: Any) -> tuple[list[str], list[str]]:
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


def _lines(text: str) -> tuple[list[str], list[str]]:
    lines = [
        (line, f"line {number}: ")
        for number, line in enumerate(
            (re.sub(r"#.*", "", x) for x in text.split("\n")), 1
        )
        if line.strip()
    ]
    if not lines:
        raise GraphError("there are no equations: write at least one, like 'xy = a*xa'")
    return [line for line, _ in lines], [note for _, note in lines]


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
