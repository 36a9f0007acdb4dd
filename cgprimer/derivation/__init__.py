r"""Derivations: written out for a reader, and a reader's own checked line by line.

Written out:  Graph + point ─ trace ─▶ rows ─ stages, in a notation ─▶ text, LaTeX, HTML

Read and checked:

    text ─ lines ─▶ statements ─ translate, with spellings ─▶ formulas in our language
         ─ reader, with a vocabulary ─▶ Script: definitions and claims
         ─ meanings ─▶ expressions ─ check, hints, identity ─▶ DerivationReport
"""
