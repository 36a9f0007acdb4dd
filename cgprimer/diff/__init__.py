"""Derivatives of expressions: nodes to nodes, so derivatives can be derived again.

Node ─ sweep ─→ {name: Node} ─ stable ─→ the same, without lost digits
         │ │                       └─ forms, match: their table and its matcher
         │ └─ chain_rule: how adjoints add up, for whatever passes them on
         └─ declare, formula_op, op_parts: operations of one's own, their derivatives
"""
