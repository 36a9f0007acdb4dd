"""What a public function takes: values in, OptionError for one of a wrong kind.

    takes.flag(progress=progress)      True, False or None
    takes.text(scheme=scheme)          a str
    takes.count(points=points)         a whole number from 1
    takes.number(momentum=momentum)    one real number
    takes.kind(Graph, graph=graph)     an instance

Each takes names and values, so that the message can say which argument it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from cgprimer.errors import CGPrimerError, OptionError
from cgprimer.errors import quote as quote

REAL = (int, float, np.bool_, np.integer, np.floating)  # bool is an int
MOST = 2**1000  # a double still holds it; sizes beyond memory are told elsewhere
HINTS = {"Graph": "parse_graph makes one from equations"}


def refuse(name: str, wanted: str, value: object, hint: str = "") -> OptionError:
    """The error for argument `name`."""
    return OptionError(f"{name} is {quote(value)}; {wanted} is expected", hint)


def kind(wanted: type, **values: object) -> None:
    """Every value is an instance of `wanted`."""
    called = wanted.__name__
    for name, value in values.items():
        if not isinstance(value, wanted):
            raise refuse(name, f"a {called}", value, HINTS.get(called, ""))


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


def is_real(value: Any) -> bool:
    """Whether `value` is one real number that a double can hold, nan and inf included.

    By its type, as arrays are read: what else float() would take compares as it likes.
    """
    if type(value) is np.ndarray and not value.ndim:
        value = value[()]
    if isinstance(value, np.timedelta64) or not isinstance(value, REAL):  # it is one
        return False
    try:
        nearest = float(value)
    except OverflowError:
        return False
    return not math.isinf(nearest) or bool(
        value == nearest
    )  # a long double may be larger


def number(**values: object) -> None:
    """Every value is one real number that a double can hold."""
    for name, value in values.items():
        if not is_real(value):
            raise refuse(name, "one real number", value)


def is_count(value: Any) -> bool:
    """Whether `value` is a whole number from 1 that can be counted to, by int()."""
    if isinstance(value, bool | np.bool_) or not is_real(value):
        return False
    number = float(value)
    return number.is_integer() and 1 <= number < MOST


def count(**values: object) -> None:
    """Every value is a whole number from 1."""
    for name, value in values.items():
        if not is_count(value):
            raise refuse(name, "a whole number from 1", value)


def items(value: object) -> list[Any] | None:
    """What an iterable holds; None for what is none, such as an array of shape ()."""
    try:
        iterator = iter(value)  # type: ignore[call-overload]
    except TypeError:
        return None
    return list(iterator)


def texts(name: str, value: object) -> list[str]:
    """The texts of an iterable, or one alone."""
    parts = [value] if isinstance(value, str) else items(value)
    if parts is None:
        raise refuse(name, "a text for each", value)
    text(**{f"{name}[{i}]": part for i, part in enumerate(parts)})
    return parts


def generator(
    rng: object, error: type[CGPrimerError] = OptionError
) -> np.random.Generator:
    """The Generator that a seed stands for; `error` for what is neither.

    numpy would follow a list into itself, until the process dies.
    """
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    if isinstance(rng, int | np.integer) and is_real(rng):
        with suppress(ValueError):  # of a negative one
            return np.random.default_rng(int(rng))
    raise error(
        f"rng= takes a whole number from 0 or a numpy Generator, not {quote(rng)}"
    )
