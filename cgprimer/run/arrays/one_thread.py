"""One thread of BLAS while many small products are computed.

Pools of threads wait for each other between products: on busy cores two threads were 3
to 78 times as slow as one. `fit` enters it for graphs with arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS with one thread, where threadpoolctl is installed to tell it so."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1, user_api="blas"):
        yield
