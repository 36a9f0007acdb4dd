"""Derivatives of expressions: nodes to nodes, so derivatives can be derived again.

Node ─ sweep ─→ {name: Node} ─ stable ─→ the same, without lost digits
         │                       └─ forms, match: the table of stable forms, its matcher
         └─ declare, formula_op: operations of one's own and their derivatives
"""
