"""Expressions: text to nodes, each of which exists once, and the table of operations.

"ab*xx + xa^2" ─ syntax ─→ Node(op, args) ─ fold, substitute ─→ Node
                                  └─ ops: name, value, derivative, spelling, code
"""
