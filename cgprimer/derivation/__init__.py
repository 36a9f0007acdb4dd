r"""Derivations: written out for a reader, and a reader's own checked line by line.

Written out:  Graph + point ─ trace ─▶ rows ─ stages, in a notation ─▶ text, LaTeX, HTML

Read and checked:

    text ─ scaffolding, lines ─▶ statements
         ─ letters, tokens, spelling, differentials, compose,
           sums, suffixes, forms, translate ─▶ formulas
         ─ readings, headings, reader, with a vocabulary
           ─▶ Script: definitions and claims
         ─ from_latex ─▶ Graph
         ─ meanings ─▶ expressions ─ check, hints, identity ─▶ DerivationReport
"""
