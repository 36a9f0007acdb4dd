"""BLAS's products of matrices, as scipy brings them: which it reads, in one thread."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from cgprimer.run.llvm.dense import gemm


def product_address(dtype: np.dtype[Any]) -> int:
    """The address of dgemm, or of sgemm for float32."""
    return gemm("dgemm" if dtype.itemsize == 8 else "sgemm")


def layout(
    inner: int, outer: int, inner_size: int, outer_size: int
) -> tuple[bool, int]:
    """Whether a matrix is turned, to BLAS, and how far apart its columns are then."""
    if (inner == 1 or inner_size == 1) and (outer >= inner_size or outer_size == 1):
        return False, max(outer, inner_size, 1)
    return True, max(inner, outer_size, 1)


def fits_blas(inner: int, outer: int, inner_size: int, outer_size: int) -> bool:
    """Whether BLAS can read a matrix with these distances as it is."""
    plain = (inner == 1 or inner_size == 1) and (outer >= inner_size or outer_size == 1)
    turned = (outer == 1 or outer_size == 1) and (
        inner >= outer_size or inner_size == 1
    )
    return plain or turned


class OneThread:
    """While it is entered, BLAS has one thread: pools of threads wait for each other.

    Two on a busy core were 3 to 78 times as slow as one.
    """

    def __enter__(self) -> None:
        self.before = [(pool, pool.get_num_threads()) for pool in _pools()]
        for pool, count in self.before:
            if count != 1:
                pool.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        for pool, count in self.before:
            if count != 1:
                pool.set_num_threads(count)


@functools.cache
def _pools() -> tuple[Any, ...]:
    """scipy's BLAS, or all that are there."""
    gemm()  # loads it
    from threadpoolctl import ThreadpoolController

    pools = ThreadpoolController().select(user_api="blas").lib_controllers
    own = [pool for pool in pools if "scipy" in str(pool.filepath)]
    return tuple(own or pools)
