"""How each operation of the table is computed by the engine: one row per operation.

    OPERATIONS["logsumexp"](builder, Call) ─▶ Expr

What only moves entries changes distances; what works entry by entry becomes part of an
expression; folds, products and convolutions make steps. An operation that is not here
has no machine code.
"""

from cgprimer.run.llvm.arrays.operations.call import Operation
from cgprimer.run.llvm.arrays.operations.choices import CHOICES
from cgprimer.run.llvm.arrays.operations.convolutions import CONVOLUTIONS
from cgprimer.run.llvm.arrays.operations.moves import MOVES
from cgprimer.run.llvm.arrays.operations.products import PRODUCTS
from cgprimer.run.llvm.arrays.operations.reductions import REDUCTIONS
from cgprimer.run.llvm.arrays.operations.windows import WINDOWS

OPERATIONS: dict[str, Operation] = {
    **REDUCTIONS, **PRODUCTS, **MOVES, **CHOICES, **WINDOWS, **CONVOLUTIONS,
}  # fmt: skip
"""Name of an operation → how it is computed."""
