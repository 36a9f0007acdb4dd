"""Derivations: written out for a reader, and a reader's own checked line by line.

Graph + point ─ trace ─▶ rows ─ stages, in a notation ─▶ text, LaTeX, HTML

somebody's text ─ reading ─▶ Script ─ checking ─▶ DerivationReport
"""
