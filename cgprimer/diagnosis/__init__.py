"""Where nan, inf and lost digits come from, and the stable form to write instead.

    Graph + point ─ operations ─→ every operation, and its place
                  ─ evaluation ─→ each in doubles, and exactly (extended)
                  ─ diagnose ───→ those that go wrong though their arguments are right
                  ─ reasons, engine_values ─→ why, and what cgprimer computes instead
                  ─ remedies ───→ a formula that is right there, or nothing
                  ─ report ─────→ Diagnosis, a table of Findings

    remedies ─ regions ─→ the equations around it, at one sample
             ─ rewrite ─→ the best form of each node in them, within a budget
                            proposals: other forms; algebra: how some are made
             ─ clamps ───→ a formula held within its domain, where no form helps
             ─ verify ──→ is it the same function, and does it gain digits?

The table of forms is `diff.stable_forms`: what is proposed here, and what the engine
takes by itself, are entries of it; other proposals follow from rules of algebra.
"""
