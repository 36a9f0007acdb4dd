"""How things are written: nodes, numbers and tables, for people and for other programs.

    Node ─→ text, which is parsed again       number ─→ numbers: exact, or rounded
         ─→ latex ─→ mathml                   text   ─→ signs, that an encoding has
         ⇄  to_sympy, from_sympy                     ─→ folding, to a width

    rows ─ report ─→ table ─ giving_way ─→ a terminal, a file, a notebook

What takes long is shown on standard error meanwhile, by `progress`.
"""
