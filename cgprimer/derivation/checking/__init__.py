"""Each line of a derivation judged, and what is wrong with it told.

    Script ─ meanings ─▶ expressions ─ samples, counterexamples, identity ─▶ it holds?
           ─ conditions, hints, corrections ─▶ what is wrong, and the right formula
           ─ report ─▶ DerivationReport

`resting` keeps a line that was not read from making another one wrong.
"""
