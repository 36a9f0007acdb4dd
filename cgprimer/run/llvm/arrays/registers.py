"""The vector registers of this processor: how many there are, and their bytes."""

from __future__ import annotations

import functools
from typing import NamedTuple


class Registers(NamedTuple):
    """What the processor has: vectors in registers, and their bytes."""

    number: int
    bytes: int


@functools.cache
def registers() -> Registers:
    """Those of this processor."""
    import llvmlite.binding as llvm

    has = llvm.get_host_cpu_features()
    if has.get("avx512f"):
        return Registers(32, 64)
    if has.get("avx"):
        return Registers(16, 32)
    return Registers(32 if has.get("neon") else 16, 16)
