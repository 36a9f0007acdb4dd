"""Derivatives of expressions: nodes to nodes, so derivatives can be derived again.

Node ─ stable ─→ the same, without lost digits ─ sweep ─→ {name: Node}
          └─ stable_forms, match: a table, its matcher │ └─ chain_rule: how adjoints add
                                                       │      up, whoever passes them on
           declare, formula_op, op_parts: operations of one's own, their derivatives

`rules` and `array_rules` fill in what the tables of operations say of one of them.
`textbook` writes a derivative as people do, and `kinks` says where there is none.
"""
