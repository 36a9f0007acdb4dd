"""Machine code of a graph, kept on disk for the next process.

    expressions ─ emit ─┬─ whole graphs     rows_text, sums_text, epoch_text
                        └─ shape by shape   shape_text, tape_text, dense, driver_text
                                                           │ LLVM IR
    functions, called with records ◀── jit ⇄ cache ◀───────┘

blocks, lanes, writer    how IR is written; functions, vector_math: sin, exp, log …
records, group_writer    what Python hands to compiled code, described once
fused                    a Runner of one function: sample_rows, sums
by_shape                 a Runner of groups: layout ─▶ machine (code) ─▶ workspace
"""
