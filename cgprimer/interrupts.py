"""Calls that Ctrl-C may end at any moment, and yet leave nothing half done.

Python raises Ctrl-C in the main thread, wherever that is. Code that is not made for it
breaks: llvmlite keeps its lock, frees an object twice, or swallows the interrupt in a
destructor; a progress bar leaves the cursor hidden. Such code is run apart, in another
thread, where no interrupt arrives. The main thread waits in C, hears Ctrl-C at once,
and takes with it nothing that the other still works on.
"""

from __future__ import annotations

import _thread
import functools
import sys
import threading
from collections.abc import Callable, Iterable
from contextvars import copy_context
from importlib import import_module
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """What `work` returns or raises; an interrupt leaves it to end by itself."""
    if threading.get_ident() != threading.main_thread().ident:
        return work()  # nothing arrives here either
    [result] = together([work])
    return result


def together(works: Iterable[Callable[[], T]]) -> list[T]:
    """Several at once, each in a thread of its own; what they return, in some order.

    `threading.Thread` and executors wait in code of Python, and an interrupt in there
    leaves locks taken that their threads then wait for.
    """
    done: SimpleQueue[Any] = SimpleQueue()
    started = [_thread.start_new_thread(_run, (work, done)) for work in works]
    ended = [done.get() for _ in started]
    for _, error in ended:
        if error is not None:
            raise error
    return [result for result, _ in ended]


def _run(work: Callable[[], Any], done: SimpleQueue[Any]) -> None:
    try:
        done.put((work(), None))
    except BaseException as error:  # for the one who waits
        done.put((None, error))


def load(module: str) -> None:
    """Import a package apart: matplotlib and networkx stay broken if interrupted."""
    if module not in sys.modules:
        apart(lambda: import_module(module))


def contained(call: Callable[P, T]) -> Callable[P, T]:
    """`call` in a copy of the context, in which numpy's settings are.

    `np.errstate` sets them back in code of Python, and Ctrl-C may come just before.
    """

    @functools.wraps(call)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        return copy_context().run(call, *args, **kwargs)

    return inner
