"""Results of methods, kept as long as the object they belong to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


def memo(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Compute once for each object and arguments; the object itself is not held.

    `functools.cache` on a method would hold every object for ever.
    """
    store = f"_memo_{method.__name__}"

    @functools.wraps(method)
    def wrapped(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        kept: dict[Any, T] = self.__dict__.setdefault(store, {})
        key = args, tuple(kwargs.items())
        if key not in kept:
            kept[key] = method(self, *args, **kwargs)
        return kept[key]

    return cast(Callable[Concatenate[S, P], T], wrapped)
