"""Is a derivative right? Claims are held against differences, and mistakes named.

    claims + points ─ sites ─→ witness ─ verdict ─→ report
                                  │                   └─ mistakes: what it looks like
                                  └─ differences: a slope and the bound of its error

`code` does the same for functions without a graph, `mutation` checks the checker.
"""
