"""Whether sympy can show that two expressions are equal, within a time of its own.

`simplify` may think for minutes. It is stopped from a profile hook, which works in
every thread and on every system, and costs a factor of two or so while it is on.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from inspect import CO_GENERATOR
from types import CodeType
from typing import TYPE_CHECKING, Any

from cgprimer.errors import CGPrimerError
from cgprimer.expr.definitions import expand_for_sympy
from cgprimer.expr.node import Node, fold, intern, leaves
from cgprimer.expr.ops import CONST, OPS, const
from cgprimer.notation.text import tree_size

if TYPE_CHECKING:
    import sympy

SHOWN, POSITIVE, NOT_SHOWN = "shown", "shown for positive values", "not shown"
REFUSALS = (
    ArithmeticError, AttributeError, TypeError, ValueError, NotImplementedError,
)  # fmt: skip
"""How sympy's algorithms end where they do not apply."""
PATIENCE = 2.0  # seconds of computing for one equality
BETWEEN = 500  # calls between looks at the clock, which costs more than a call
LARGEST = 400  # operations; sympy would only burn its time on more
SPELLED_OUT = 6  # times more in definitions: a sigmoid written out has six operations


class _TimeUp(BaseException):
    """Not an Exception, so that sympy's own handlers let it pass."""


def prove(a: Node, b: Node, seconds: float = PATIENCE) -> str:
    """SHOWN, POSITIVE (shown where every name is positive) or NOT_SHOWN."""
    if a is b:
        return SHOWN
    if tree_size(a) + tree_size(b) > LARGEST:
        return NOT_SHOWN
    a, b = expand_for_sympy([a, b])
    # Definitions may use an argument many times over.
    if tree_size(a) + tree_size(b) > SPELLED_OUT * LARGEST:
        return NOT_SHOWN
    import sympy  # noqa: F401  (loading it is not counted)

    if _is_shown(a, b, False, seconds):
        return SHOWN
    # log(x^2) = 2·log(x) holds for positive x only, and is what most mean.
    if _is_shown(a, b, True, seconds / 2):
        return POSITIVE
    return NOT_SHOWN


def other_forms(root: Node) -> list[Node]:
    """The same written otherwise, as sympy does: expanded, addition theorems used."""
    if tree_size(root) > LARGEST:
        return []
    import sympy

    from cgprimer.notation.from_sympy import from_sympy
    from cgprimer.notation.to_sympy import to_sympy

    found = expand_for_sympy([root])
    ways = (
        sympy.expand,
        sympy.expand_trig,
        lambda e: sympy.expand_log(e, force=True),
        sympy.simplify,
    )
    for way in ways:
        try:
            with _time_limit(PATIENCE):  # the first one loads half of sympy
                found.append(from_sympy(way(to_sympy(_exact(root), real=True))))
        except _TimeUp:
            _forget()
        except (CGPrimerError, RecursionError, *REFUSALS):
            continue
    return found


def _is_shown(a: Node, b: Node, positive: bool, seconds: float) -> bool:
    try:
        # A thread cannot be stopped from outside, and signals reach the main thread
        # only: so the profile hook raises from within.
        with _time_limit(seconds):
            # Both differences first: every way is then tried on each, the quick ways
            # before the slow.
            gaps = list(_differences(a, b, positive))
            return any(way(d) == 0 for way in _ways() for d in gaps)
    except _TimeUp:
        _forget()
        return False
    except (CGPrimerError, RecursionError, *REFUSALS):
        return False


def _forget() -> None:
    """Drop what sympy remembers: half of a thought may be wrong the next time."""
    from sympy.core.cache import clear_cache

    clear_cache()


def _differences(a: Node, b: Node, positive: bool) -> Iterator[sympy.Expr]:
    """The difference of the two, as it is and over a common denominator."""
    import sympy

    from cgprimer.notation.to_sympy import to_sympy

    both = [to_sympy(_exact(node), real=True) for node in (a, b)]
    if positive:
        names = {*leaves(a), *leaves(b)}
        by = {
            sympy.Symbol(text, real=True): sympy.Symbol(text, positive=True)
            for text in names
        }
        both = [expression.xreplace(by) for expression in both]
    yield both[0] - both[1]
    yield sympy.numer(sympy.together(both[0] - both[1]))


def _ways() -> tuple[Callable[[Any], Any], ...]:
    """Ways of simplifying that may make a difference 0; the quick ones first."""
    import sympy

    return (
        lambda d: d,
        sympy.expand,
        lambda d: sympy.expand_log(sympy.expand(d)),
        lambda d: sympy.expand(d.rewrite(sympy.exp)),
        lambda d: sympy.expand(sympy.numer(sympy.together(d.rewrite(sympy.exp)))),
        sympy.simplify,
        lambda d: sympy.simplify(d.rewrite(sympy.exp)),
    )


def _exact(root: Node) -> Node:
    """Decimal numbers as fractions, so that 0.1*3 is 0.3."""

    def visit(node: Node, args: list[Node]) -> Node:
        if node.op is CONST:
            # sympy would carry 0.1 as a binary float, and find 0.1·3 - 0.3 to be 5e-17.
            exact = Fraction(repr(float(node.value or 0.0)))
            above, below = const(exact.numerator), const(exact.denominator)
            return node if exact.denominator == 1 else OPS["div"](above, below)
        return intern(node.op, tuple(args), node.value) if args else node

    return fold([root], visit)[root]


def _swallows(code: CodeType) -> bool:
    """Whether code may run while an object dies, where exceptions are lost."""
    return bool(code.co_flags & CO_GENERATOR) or code.co_name == "__del__"


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise _TimeUp inside the block when the time is over."""
    deadline = time.thread_time() + seconds
    calls = itertools.count(1)
    over = False

    def look(frame: Any, event: str, arg: Any) -> None:
        nonlocal over
        if not over:
            # Time of this thread, so that a busy machine does not cut a proof short.
            over = next(calls) % BETWEEN == 0 and time.thread_time() > deadline
        # Python drops what is raised in __del__, or in a generator that is being
        # closed.
        if over and event == "call" and not _swallows(frame.f_code):
            raise _TimeUp

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
