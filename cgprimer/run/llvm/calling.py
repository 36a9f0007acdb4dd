"""Compiled functions of one pointer, and calling them on several threads.

text ─▶ CompiledFunction ─▶ call(address of a record), without the GIL
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cgprimer.interrupts import together
from cgprimer.run.llvm.jit import MachineCode, compile_text

PROTOTYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


INT64, DOUBLES = np.dtype(np.int64), np.dtype(np.float64)


def is_plain(array: Any, dtype: np.dtype[Any]) -> bool:
    """Whether compiled code can read an array (n,) as it is."""
    return (
        type(array) is np.ndarray
        and array.dtype is dtype
        and array.ndim == 1
        and array.flags.c_contiguous
    )


class CompiledFunction:
    """One compiled function of a record of 64-bit fields; called without the GIL."""

    def __init__(self, text: str, title: str = "run") -> None:
        self.code: MachineCode = compile_text(text)
        self.call = PROTOTYPE(self.code.address(title))


def call_each(
    threads: int, call: Callable[[int], None], pointers: Sequence[int], keep: Any
) -> None:
    """Call for every pointer.

    keep : all that the pointers lead to. Threads that an interrupt leaves at work hold
        it until they end, so whoever was interrupted must not use it again.
    """
    waiting = iter(pointers)  # its next step is one step for all threads

    def work(_: Any = keep) -> None:
        for pointer in waiting:
            call(pointer)

    if threads == 1:
        work()
        return
    try:
        together([work] * min(threads, len(pointers)))
    finally:
        deque(waiting, maxlen=0)  # nothing more is begun
