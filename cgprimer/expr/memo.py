"""Results of methods, kept as long as the object they belong to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

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


class lazy(Generic[S, T]):
    """A method as an attribute, computed when it is first asked for.

    As `functools.cached_property` is from Python 3.12 on. Before, that holds one lock
    for all objects of a class while it computes: a fork beside it would leave the child
    with the lock taken, and threads would wait for each other without need. Two threads
    may compute the same here, and find equal values.
    """

    def __init__(self, func: Callable[[S], T]) -> None:
        self.func = func
        self.__doc__ = func.__doc__

    def __set_name__(self, owner: type[S], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type[S]) -> Self: ...

    @overload
    def __get__(self, instance: S, owner: type[S]) -> T: ...

    def __get__(self, instance: S | None, owner: type[S]) -> Self | T:
        if instance is None:
            return self
        value = instance.__dict__[self.name] = self.func(instance)
        return value
