"""Other ways to write an expression, of which one may be right at a point.

    Node + Sample ─ propose ─→ proposals: a form and a word on it
                      ↑
        diff.stable_forms    the table of forms
        differences   what cancels is gone first (cancelling, difference_rules)
        ranges        nothing overflows
        expansions    the first terms of a series

A proposal may be wrong: whoever takes one has computed it first.
"""
