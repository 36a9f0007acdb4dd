"""What is kept, and for how long: results, objects that nobody else holds, copies.

`memo` and `lazy` keep the results of methods as long as their object. `Weakly` is a
table of objects that are held weakly. A copy of what is `Frozen` is the thing itself.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload
from weakref import KeyedRef

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


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


class Weakly(dict[K, KeyedRef[K, V]], Generic[K, V]):
    """Key → object, held weakly. Its length counts the living.

    `weakref.WeakValueDictionary` and `WeakSet` drop what has died in code of Python,
    and an exception that is raised in there is lost: so is Ctrl-C, if that is where it
    arrives. Here the dead are noted by C code alone, and dropped when the next object
    comes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dead: deque[KeyedRef[K, V]] = deque()

    def find(self, key: K) -> V | None:
        """The object of that key, or None."""
        reference = self.get(key)
        return None if reference is None else reference()

    def hold(self, key: K, value: V) -> V:
        """Take in an object; the same object, which the caller must hold."""
        if self.dead:
            self.bury()
        self[key] = KeyedRef(value, self.dead.append, key)
        return value

    def alive(self) -> list[V]:
        """The objects that somebody holds."""
        objects = (reference() for reference in list(self.values()))
        return [value for value in objects if value is not None]

    def bury(self) -> None:
        """Drop the entries of the dead, unless an equal object has taken the place."""
        with suppress(IndexError):  # another thread may have taken the last one
            while self.dead:
                reference: Any = self.dead.popleft()
                key = reference.key
                if self.get(key) is reference:
                    self.pop(key, None)

    def __len__(self) -> int:
        self.bury()
        return super().__len__()


class Frozen:
    """An object whose copies, shallow or deep, are the object."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
