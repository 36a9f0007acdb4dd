"""What the maker of an operation says of it, read and checked.

    arguments, partials, domain, formulas ─▶ the same over a, b, …, or OpError

Operations of formulas and of numpy code both need it: `diff.formula_op` and
`diff.declare`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

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


def given_rules(
    op_name: str,
    partials: Sequence[str] | None,
    arguments: tuple[str, ...],
    contract: str,
) -> tuple[Node, ...]:
    """The caller's partials as nodes; those of a plain straight-through are one."""
    if partials is None:
        # One argument gets the adjoint as it arrives, a factor of one. Which of several
        # should get it is not for us to say.
        if contract == "straight-through" and len(arguments) == 1:
            return (ONE,)
        raise OpError(
            op_name,
            "nothing says how it is differentiated",
            "give a backward, or formulas in partials=",
        )
    partials = takes.texts("partials", partials)
    if len(partials) != len(arguments):
        raise OpError(
            op_name,
            f"partials= has {len(partials)} for {counted(len(arguments), 'argument')} "
            f"({', '.join(arguments)})",
            "give the derivative by each argument, in their order",
        )
    return tuple(rule(op_name, text, arguments, result=True) for text in partials)


def check_arguments(op_name: str, arguments: tuple[str, ...]) -> None:
    """Refuse too many arguments, and two of one name."""
    if len(arguments) > len(ARGUMENTS):
        most = len(ARGUMENTS)
        raise OpError(op_name, f"it has {len(arguments)} arguments; {most} are allowed")
    for argument in arguments:
        if arguments.count(argument) > 1:
            raise OpError(op_name, f"two of its arguments are called {argument!r}")
        if argument == "pi" or argument[0].isdigit() or bad_name(argument):
            raise OpError(op_name, f"{argument!r} cannot be the name of an argument")


def intervals(
    op_name: str, domain: Interval | Sequence[Interval], count: int
) -> tuple[Interval, ...]:
    """One interval for each argument."""
    # np.array asks masked elements for a number, and wide ones overflow, with a warning
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", UserWarning)
        try:
            given = np.asarray(domain)
        except (ValueError, UserWarning):  # ragged or masked
            given = np.empty(0)
        given = given.astype(float) if given.dtype.kind in "iuf" else np.empty(0)
    given = np.broadcast_to(given, (count, 2)) if given.shape == (2,) else given
    if given.shape != (count, 2) or not (given[:, 0] < given[:, 1]).all():
        raise OpError(
            op_name,
            f"domain={takes.quote(domain)} is not an interval (low, high) for each "
            "argument",
        )
    return tuple((float(low), float(high)) for low, high in given)


def rule(
    op_name: str,
    text: str,
    arguments: tuple[str, ...],
    *,
    start: int = 0,
    result: bool = False,
) -> Node:
    """A formula in the caller's names for the arguments, over a, b, … instead."""
    root = parse_expression(text, start)
    known = {*arguments, "y"} if result else set(arguments)
    for leaf in leaves(root):
        if leaf not in known:
            # Not inside a longer name, nor in a number such as 1.e3.
            found = re.compile(rf"(?<![\w.]){leaf}\b").search(text, start)
            span = found.span() if found else (start, len(text))
            hint = suggest(leaf, known) or f"the arguments are {listing(arguments)}"
            problem = f"{shorten(leaf)!r} is no argument of {op_name!r}"
            raise ExpressionError([Mistake(problem, text, *span, hint)])
    by = {name(own): name(a) for own, a in zip(arguments, ARGUMENTS, strict=False)}
    return substitute([root], by)[0]
