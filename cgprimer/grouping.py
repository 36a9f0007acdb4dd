"""Pairs (key, value) ─▶ key → its values. Whoever turns a list round asks here."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Key → its values, both in the order in which they come.

    >>> grouped([("xy", 1), ("xw", 2), ("xy", 3)])
    {'xy': [1, 3], 'xw': [2]}
    """
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
