"""The derivative that a line is about: what is derived, and the ways to write it down.

    dy/dx of  a = x^2, y = a*b   ─ body ─▶  x^2*b     ─ written ─▶  2*x*b

`case` asks for it where a line that begins with a derivative or an adjoint is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.local import short_form
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.names import Derivative, adjoint_of, derivative_of


def asked_by(text: str, meanings: Meanings) -> Derivative | None:
    """The derivative, partial or adjoint that a name stands for."""
    base, output = adjoint_of(text, meanings.known), meanings.script.output
    if base and output:
        return Derivative("adjoint", output, base)
    return derivative_of(text, meanings.known)


def body(asked: Derivative, meanings: Meanings) -> Node:
    """What is derived, over the name that it is derived by and names beside it."""
    bodies = meanings.script.bodies
    own = bodies.get(asked.of, name(asked.of))
    if asked.kind == "partial" and asked.wrt in leaves(own):
        return own
    return _opened(asked, meanings).get(name(asked.of), own)


def _opened(asked: Derivative, meanings: Meanings) -> dict[Node, Node]:
    """Definitions that depend on the name, put into one another; others stay names."""
    opened: dict[Node, Node] = {}
    for text, formula in meanings.script.bodies.items():
        [whole] = substitute([formula], opened)
        if text != asked.wrt and asked.wrt in leaves(whole):
            opened[name(text)] = whole
    return opened


def written(asked: Derivative, meanings: Meanings) -> Iterator[Node]:
    """The true derivative in the ways in which an author may write it, shortened."""
    wrt, derived = name(asked.wrt), body(asked, meanings)
    slope = partials(derived, [wrt])[wrt]
    yield short_form(slope)
    # 1 - y^2 for the derivative of y = tanh(x).
    named = {whole: leaf for leaf, whole in _opened(asked, meanings).items()}
    yield short_form(substitute([slope], {**named, derived: name(asked.of)})[0])
    if asked.kind == "adjoint":
        shares = [short_form(share) for _, share in meanings.shares(asked.wrt)]
        if shares:
            yield reduce(lambda a, b: tidy(OPS["add"], a, b), shares)
    yield short_form(meanings.close(slope))
