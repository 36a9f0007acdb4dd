"""BLAS's products of matrices, as scipy brings them: dtype ─▶ address of a function."""

from __future__ import annotations

import ctypes
import functools

import numpy as np


@functools.cache
def gemm(dtype: np.dtype[np.floating]) -> int:
    """The address of dgemm, or of sgemm for float32."""
    from scipy.linalg import cython_blas

    # Its address is in a capsule whose name is the signature, and which opens only for
    # that name.
    title = "dgemm" if dtype.itemsize == 8 else "sgemm"
    capsule = cython_blas.__pyx_capi__[title]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))
