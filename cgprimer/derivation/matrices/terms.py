"""A side of an equality as it is written, before dims say what its products mean.

    2αJ'ε  ─▶  product(product(product(2, α), transpose(J)), ε)

`formulas` makes terms, `conform` turns them into nodes, `repairs` changes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class SideTerm:
    """One operation, with where it stands in the line.

    kind : a key of `conform.KINDS`: name, number, product, transpose, ….
    value : a name, a number, or (operation, attributes) of a call.
    said : its text, where it is not known where it stands.
    """

    kind: str
    args: tuple[SideTerm, ...] = ()
    value: Any = None
    start: int = 0
    end: int = 0
    said: str = ""

    def text(self, line: str) -> str:
        """What the author wrote for it, on one line."""
        return self.said or " ".join(line[self.start : self.end].split())

    def walk(self) -> Iterator[tuple[tuple[int, ...], SideTerm]]:
        """Every term below and the way there, the outer ones first."""
        stack: list[tuple[tuple[int, ...], SideTerm]] = [((), self)]
        while stack:
            way, term = stack.pop()
            yield way, term
            stack += [((*way, k), arg) for k, arg in enumerate(term.args)][::-1]

    def replaced(self, way: tuple[int, ...], made: SideTerm) -> SideTerm:
        """The whole with another term at the end of a way."""
        above: list[tuple[SideTerm, int]] = []
        term = self
        for k in way:
            above.append((term, k))
            term = term.args[k]
        for whole, k in reversed(above):
            made = replace(whole, args=(*whole.args[:k], made, *whole.args[k + 1 :]))
        return made

    @property
    def names(self) -> dict[str, None]:
        """The names in it, in order."""
        found = (term.value for _, term in self.walk() if term.kind == "name")
        return dict.fromkeys(found)


class NotRead(Exception):
    """Something in a line is not read, or may mean two things: where, and why."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.hint = message, start, end, hint
