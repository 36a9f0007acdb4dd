"""One name or operation that stands where another should.

case ─▶ Guess: "with sin(x) in place of cos(x) it would hold"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cgprimer.derivation.checking.case import Case
from cgprimer.derivation.checking.hints.guess import Guess, is_right
from cgprimer.derivation.checking.neighbours import exchanges
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import NAME, name
from cgprimer.notation.text import show


def renamed(case: Case) -> Iterator[Guess]:
    """One name on the right in place of another."""
    return _with_one_exchanged(case, _namesakes)


def exchange(case: Case) -> Iterator[Guess]:
    """One operation on the right in place of another."""
    return _with_one_exchanged(case, lambda case, node: exchanges(node))


def exchange_on_the_left(case: Case) -> Iterator[Guess]:
    """ln(a + b) = ln(a) + ln(b): what is on the right is the logarithm of a*b."""
    root = case.equality.left.node
    for node in postorder([root]) if root.args else ():
        for other in exchanges(node):
            if is_right(case, substitute([root], {node: other})[0], wrong=True):
                what = f"{show(other)} in place of {show(node)}"
                yield Guess(f"with {what} on the left it would hold")


def _with_one_exchanged(
    case: Case, others: Callable[[Case, Node], Iterator[Node]]
) -> Iterator[Guess]:
    root = case.equality.right.node
    for node in postorder([root]):
        for other in others(case, node):
            [edited] = substitute([root], {node: other})
            if is_right(case, edited):
                says = f"with {show(other)} in place of {show(node)} it would hold"
                yield Guess(says, edited)


def _namesakes(case: Case, node: Node) -> Iterator[Node]:
    """The other names that might stand where a name stands."""
    if node.op is NAME:
        named = case.names
        if case.adjoint_of(node.value):
            named = [f"bar_{text}" for text in named]
        yield from (name(text) for text in named if text != node.value)
