"""Elementary functions of float64 vectors, instruction by instruction.

    FunctionWriter, name of the argument ─▶ instructions ─▶ name of the value

`run.llvm.vector_math` collects them.
"""
