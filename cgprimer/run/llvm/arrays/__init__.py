"""Functions of arrays as machine code: value, gradient and step of descent.

    roots, dims, which names have samples
      ─ demand, lowering, planner ─▶ Plan of steps over buffers
            expression    arrays as distances in memory      steps
            operations    one row for each of the table      builder, loop_builder
      ─ module ─▶ text of kernels
            nest, loop_text, array_emitter, convolution_text, math_text, registers
      ─ jit ⇄ cache ─▶ ArrayFunction, ArrayStep              function, blas

Arrays lie with their samples last, and each axis of a value has a distance in memory:
what only moves entries (transpose, slice, spread, pick a window) computes nothing.
Operations entry by entry become one loop where their values are needed in memory, in
vectors along what lies one behind the other; products go to BLAS, in one thread;
convolutions keep sums of several channels in registers. Nothing of Python runs between
the steps, and all sizes are constants of the code.

    f = compile_arrays([loss, slope], sizing, {"xx", "xt"}, samples=100, means=(0, 1))
    value, slope = f({"xx": images, "xt": classes, "W": weights})

Uncoded says which operations have no machine code; `run.arrays` computes them.
"""

from cgprimer.run.llvm.arrays.function import (
    ArrayFunction,
    ArrayStep,
    compile_arrays,
    compile_step,
)
from cgprimer.run.llvm.arrays.request import Uncoded, uncoded

__all__ = [
    "ArrayFunction",
    "ArrayStep",
    "Uncoded",
    "compile_arrays",
    "compile_step",
    "uncoded",
]
