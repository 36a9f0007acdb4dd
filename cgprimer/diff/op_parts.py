"""What the maker of an operation says of it, read and checked.

    Signature ─ rules, intervals, rule ─▶ partials, domain, formulas over a, b, …

Operations of formulas and of numpy code both need it: `diff.formula_op` and
`diff.declare`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer import takes
from cgprimer.errors import (
    ExpressionError,
    Mistake,
    OpError,
    counted,
    listing,
    shorten,
    suggest,
)
from cgprimer.expr.foreign_names import bad_name
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import ARGUMENTS, ONE, name
from cgprimer.expr.syntax import parse_expression

Interval = tuple[float, float]


@dataclass(frozen=True)
class Signature:
    """`f(u, v)`: an operation, and what its maker calls its arguments.

    Raises OpError for too many arguments, two of one name, and names that are none.
    """

    op: str
    arguments: tuple[str, ...]

    def __post_init__(self) -> None:
        count, most = len(self.arguments), len(ARGUMENTS)
        if count > most:
            raise self.refused(f"it has {count} arguments; {most} are allowed")
        for argument in self.arguments:
            if self.arguments.count(argument) > 1:
                raise self.refused(f"two of its arguments are called {argument!r}")
            if argument == "pi" or argument[0].isdigit() or bad_name(argument):
                raise self.refused(f"{argument!r} cannot be the name of an argument")

    def refused(self, problem: str, hint: str = "") -> OpError:
        """The error for a part that does not fit."""
        return OpError(self.op, problem, hint)

    def rules(self, partials: Sequence[str] | None, contract: str) -> tuple[Node, ...]:
        """The caller's partials as nodes; those of a plain straight-through are one."""
        if partials is None:
            # One argument gets the adjoint as it arrives, a factor of one. Which of
            # several should get it is not for us to say.
            if contract == "straight-through" and len(self.arguments) == 1:
                return (ONE,)
            raise self.refused(
                "nothing says how it is differentiated",
                "give a backward, or formulas in partials=",
            )
        partials = takes.texts("partials", partials)
        if len(partials) != len(self.arguments):
            raise self.refused(
                f"partials= has {len(partials)} for "
                f"{counted(len(self.arguments), 'argument')} "
                f"({', '.join(self.arguments)})",
                "give the derivative by each argument, in their order",
            )
        return tuple(self.rule(text, result=True) for text in partials)

    def intervals(self, domain: Interval | Sequence[Interval]) -> tuple[Interval, ...]:
        """One interval for each argument."""
        shape = len(self.arguments), 2
        # np.array asks masked elements for a number, and wide ones overflow, with a
        # warning
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", UserWarning)
            try:
                given = np.asarray(domain)
            except (ValueError, UserWarning):  # ragged or masked
                given = np.empty(0)
            given = given.astype(float) if given.dtype.kind in "iuf" else np.empty(0)
        given = np.broadcast_to(given, shape) if given.shape == (2,) else given
        if given.shape != shape or not (given[:, 0] < given[:, 1]).all():
            raise self.refused(
                f"domain={takes.quote(domain)} is not an interval (low, high) for each "
                "argument"
            )
        return tuple((float(low), float(high)) for low, high in given)

    def rule(self, text: str, *, start: int = 0, result: bool = False) -> Node:
        """A formula in the caller's names for the arguments, over a, b, … instead."""
        root = parse_expression(text, start)
        known = {*self.arguments, "y"} if result else set(self.arguments)
        for leaf in leaves(root):
            if leaf not in known:
                # Not inside a longer name, nor in a number such as 1.e3.
                found = re.compile(rf"(?<![\w.]){leaf}\b").search(text, start)
                span = found.span() if found else (start, len(text))
                every = f"the arguments are {listing(self.arguments)}"
                problem = f"{shorten(leaf)!r} is no argument of {self.op!r}"
                hint = suggest(leaf, known) or every
                raise ExpressionError([Mistake(problem, text, *span, hint)])
        by = zip(map(name, self.arguments), map(name, ARGUMENTS), strict=False)
        return substitute([root], dict(by))[0]

    def in_its_names(self, formula: Node) -> Node:
        """A formula over a, b, … in the caller's names for them."""
        by = zip(map(name, ARGUMENTS), map(name, self.arguments), strict=False)
        return substitute([formula], dict(by))[0]
