"""Locks that a fork leaves free: a child has only the thread that forked.

What another thread holds at that moment would stay locked in the child for ever. So a
fork waits until every lock is free, takes them all, and both sides let go of them.
"""

from __future__ import annotations

import os
import threading
from typing import Any

_TURN = 0.02  # seconds to wait for one lock before all are let go and tried again
_locks: list[Any] = []
_held: list[Any] = []


def forkable(lock: Any = None) -> Any:
    """A reentrant lock, new or a given one, that a fork leaves free."""
    _locks.append(threading.RLock() if lock is None else lock)
    return _locks[-1]


def _take_all() -> None:
    # Two threads that want two locks in two orders would wait for each other for ever;
    # nothing here knows the order in which garbage collection takes them. So: no
    # waiting while holding.
    while len(_held) < len(_locks):
        _held.clear()
        for lock in _locks:
            if not lock.acquire(timeout=_TURN):
                _let_go()
                break
            _held.append(lock)


def _let_go() -> None:
    # Emptied first: once a lock is free another thread may begin to take them all.
    held = _held.copy()
    _held.clear()
    for lock in reversed(held):
        lock.release()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=_take_all, after_in_parent=_let_go, after_in_child=_let_go
    )
