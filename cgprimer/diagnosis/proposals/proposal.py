"""A proposal: another form of an expression, and a word on it."""

from __future__ import annotations

from typing import NamedTuple

from cgprimer.expr.node import Node


class Proposal(NamedTuple):
    """Another form of an expression; the word says what was done, or for what."""

    form: Node
    word: str = ""
