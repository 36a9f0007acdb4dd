"""Tables of objects that nobody else holds any more: key → object, held weakly.

`weakref.WeakValueDictionary` and `WeakSet` drop what has died in code of Python, and an
exception that is raised in there is lost: so is Ctrl-C, if that is where it arrives.
Here the dead are noted by C code alone, and dropped when the next object comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from contextlib import suppress
from typing import Any, Generic, TypeVar
from weakref import KeyedRef

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Weakly(dict[K, KeyedRef[K, V]], Generic[K, V]):
    """Key → reference. Its length counts the living."""

    def __init__(self) -> None:
        super().__init__()
        self.dead: deque[KeyedRef[K, V]] = deque()

    def living(self, key: K) -> V | None:
        """The object of that key, or None."""
        found = self.get(key)
        return None if found is None else found()

    def hold(self, key: K, value: V) -> V:
        """Take in an object; the same object, which the caller must hold."""
        if self.dead:
            self.bury()
        self[key] = KeyedRef(value, self.dead.append, key)
        return value

    def alive(self) -> list[V]:
        """The objects that somebody holds."""
        found = (reference() for reference in list(self.values()))
        return [value for value in found if value is not None]

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
