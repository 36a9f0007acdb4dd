"""Derivations: written out for a reader, and a reader's own checked line by line.

Graph + point ─ trace ─→ steps ─ text, latex, html ─→ a page as in a textbook
a page, plain or LaTeX ─ written ─→ claims ─ check ─→ PASS or FAIL of each line
"""
