"""How things are written: nodes, numbers and tables, for people and for other programs.

Node ─→ text, latex, mathml, sympy        rows of cells ─ table ─→ text, HTML
"""
