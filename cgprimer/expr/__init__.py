"""Expressions: text to nodes, each of which exists once, and the table of operations.

    "ab*xx + xa^2" ─ tokens, syntax ─→ Node(op, args) ─ fold, substitute, tidy ─→ Node
           │ ↑                            └─ ops: name, value, slope, spelling, code
           │ └ printed, pasted ─→ Spelled: x² and np.exp(x) in signs of the language
           └ complaints, advice ─→ ExpressionError: carets, and what to write instead

`foreign_signs` and `foreign_names` are tables of what other languages write, and what
it is here; `errors` draws the carets.

Arrays have a table of their own, `array_ops` (an entry is an `array_op`, its numpy
functions lie in `array_forwards`, its rules are filled in by `array_rule`), a language,
`array_syntax`, and `dims`, which tells how long the axes of every node are.

`custom` registers a caller's own operations (`diff.declare` makes them) beside the
table, as formulas or as `numpy_op`; `definitions` takes formulas out again, and
`kernel` computes nodes with numpy.
"""
