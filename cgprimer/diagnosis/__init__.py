"""Where nan, inf and lost digits come from, and the stable form to write instead.

Graph + point ─ here ─→ the operation that went wrong ─ remedies ─→ a formula
                                             verify: does it gain digits?
"""
