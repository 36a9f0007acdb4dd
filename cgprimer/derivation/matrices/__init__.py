"""Derivations with matrices: read by the dims of their names, and judged by numbers.

    text, dims ─ lines ─▶ declarations, sides ─ symbols, formulas ─▶ SideTerm
    SideTerm, dims ─ conform ─▶ Node, or what does not conform
    Node ─ truths, judging, repairs ─▶ rows of a DerivationReport

A vector is a column where letters stand side by side, as in papers: x^T y is a number
and x y^T a matrix. `derivation.checking.check` comes here for texts that declare dims.
"""
