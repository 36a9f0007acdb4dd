"""Machine code of a graph, kept on disk for the next process.

shapes of equations ─ emit, shape_text, fused_text ─→ LLVM IR ─ jit ─→ functions
                                                                 └─ cache
"""
