"""Expressions as sums of terms, with exact numbers: what cancels, cancels here.

    Node ─ terms ─→ sum of terms ─→ roots, squares of differences
                                └─→ power_series ─ series ─→ in something small

Nothing here knows a point; `proposals` makes forms of it that are good at one.
"""
