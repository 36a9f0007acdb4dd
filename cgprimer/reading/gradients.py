r"""`\nabla f = (2x, 2y)`, as a claim for each component.

    \nabla f   \nabla f(x, y)   \nabla_{w,b} L     ─ gradient ─▶  f, by x and y
    (2x, 2y)   [2x, 2y]^T   \begin{pmatrix} …      ─ components ─▶  a span for each

`reader` asks of every line; a matrix of one column is a list in brackets to it, as
`scaffolding` sets it.
"""

from __future__ import annotations

from typing import NamedTuple

from cgprimer.reading.lines import Span
from cgprimer.reading.spelling import Spelling
from cgprimer.reading.vocabulary import Vocabulary

NABLA = (r"\nabla", "∇")
_RAISED = (r"\top", r"\intercal", "T")


class Nabla(NamedTuple):
    """Of what, and by which names in their order; `given` if the author says which."""

    of: str
    by: tuple[str, ...]
    given: bool


def gradient(tokens: Spelling, names: Vocabulary) -> Nabla | None:
    """The gradient that a side is, of a function that a line defines."""
    if tokens.tokens[0] not in NABLA:
        return None
    at, by = 1, tuple[str, ...]()
    if tokens.tokens[1:3] == ["_", "{"] and 2 in tokens.closing:
        at = tokens.closing[2] + 1
        by = _names(tokens, 2)
    named = tokens.name(at)
    if not named or named[0] not in names.bodies:
        return None
    of, at = named
    if tokens.tokens[at] == "(" and at in tokens.closing:
        by, at = by or _names(tokens, at), tokens.closing[at] + 1
    if tokens.tokens[at]:
        return None
    by = by or names.functions.get(of, ())
    free = names.depends.get(of, frozenset())
    return Nabla(of, by or tuple(n for n in names.free if n in free), bool(by))


def _names(tokens: Spelling, opening: int) -> tuple[str, ...]:
    """The names between brackets; none where there is anything else."""
    names = tokens.lone_names(opening)
    return tuple(names) if all(names) else ()


def components(tokens: Spelling) -> list[Span]:
    """Where the components of a list in brackets stand; none where it is no list."""
    if tokens.tokens[0] not in ("(", "[", r"\{") or 0 not in tokens.closing:
        return []
    at = tokens.closing[0] + 1
    if tokens.tokens[at] == "^":
        braced = tokens.tokens[at + 1] == "{"
        at = at + 2 + 2 * braced if tokens.tokens[at + 1 + braced] in _RAISED else at
    if tokens.tokens[at]:
        return []
    parts = tokens.arguments(0)
    return [(tokens.spans[a][0], tokens.spans[b - 1][1]) for a, b in parts if a < b]
