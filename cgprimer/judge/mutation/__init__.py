"""The checker, checked: mistakes are planted, and counted where they are caught.

graph or code ─ rules ─→ mutants ─ check ─→ caught, missed, at the right place
"""
