"""What a public function takes: values in, OptionError for one of a wrong kind.

    takes.flag(progress=progress)      True, False or None
    takes.text(scheme=scheme)          a str
    takes.count(points=points)         a whole number from 1
    takes.number(momentum=momentum)    one real number
    takes.kind(Graph, graph=graph)     an instance

Each takes names and values, so that the message can say which argument it was.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, SupportsIndex

import numpy as np

from cgprimer.errors import CGPrimerError, OptionError, shorten

MOST = 2**1000  # a double still holds it; sizes beyond memory are told elsewhere
HINTS = {"Graph": "\n  hint: parse_graph makes one from equations"}


def shown(value: object) -> str:
    """`value` for a message: short, and whatever its own repr does."""
    try:
        return shorten(repr(value), 60)
    except Exception:  # such as an int of more digits than Python prints
        return f"some {type(value).__name__}"


def refuse(name: str, wanted: str, value: object) -> OptionError:
    """The error for argument `name`."""
    return OptionError(f"{name} is {shown(value)}; {wanted} is expected")


def kind(wanted: type, **values: object) -> None:
    """Every value is an instance of `wanted`."""
    called = wanted.__name__
    for name, value in values.items():
        if not isinstance(value, wanted):
            found = refuse(name, f"a {called}", value)
            raise OptionError(f"{found}{HINTS.get(called, '')}")


def text(**values: object) -> None:
    """Every value is a text."""
    for name, value in values.items():
        if not isinstance(value, str):
            raise refuse(name, "a text", value)


def flag(**values: object) -> None:
    """Every value is True or False, or None where that is a default."""
    for name, value in values.items():
        if not (value is None or isinstance(value, bool | np.bool_)):
            raise refuse(name, "True or False", value)


def mapping(**values: object) -> None:
    """Every value is a dict of names, or None where that is a default."""
    for name, value in values.items():
        if not (value is None or isinstance(value, Mapping)):
            raise refuse(name, "a dict", value)


def function(**values: object) -> None:
    """Every value can be called."""
    for name, value in values.items():
        if not callable(value):
            raise refuse(name, "a function", value)


def axes(ax: object) -> None:
    """`ax` is where matplotlib draws, or None for a new figure."""
    if ax is not None:
        from matplotlib.axes import Axes

        kind(Axes, ax=ax)


def is_real(value: object) -> bool:
    """Whether `value` is one real number, nan and inf included."""
    if isinstance(value, str | bytes | bytearray | complex):
        return False
    if getattr(value, "ndim", 0):
        return False
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(value, np.complexfloating | np.datetime64 | np.timedelta64)


def number(**values: object) -> None:
    """Every value is one real number that a double can hold."""
    for name, value in values.items():
        if not is_real(value):
            raise refuse(name, "one real number", value)


def is_count(value: Any) -> bool:
    """Whether `value` is a whole number from 1 that can be counted to."""
    if isinstance(value, bool | np.bool_):
        return False
    if isinstance(value, float | np.floating):
        return bool(value.is_integer() and 1 <= value < MOST)
    return isinstance(value, int | np.integer) and bool(1 <= value < MOST)


def count(**values: object) -> None:
    """Every value is a whole number from 1."""
    for name, value in values.items():
        if not is_count(value):
            raise refuse(name, "a whole number from 1", value)


def index(value: SupportsIndex | float) -> int:
    """A count that may have been given as 1e4, as Python's whole number."""
    return int(value) if isinstance(value, float) else operator.index(value)


def generator(
    rng: object, error: type[CGPrimerError] = OptionError
) -> np.random.Generator:
    """The Generator that a seed stands for; `error` for what is neither."""
    try:
        return np.random.default_rng(rng)  # type: ignore[arg-type]
    except (TypeError, ValueError) as found:
        raise error(
            f"rng= takes a whole number from 0 or a numpy Generator, not {shown(rng)}"
        ) from found
