"""Computational graphs: equations, what depends on what, and gradients of graphs.

    texts ─ read ─→ leaves ─ from_texts ─→ Table ─→ Graph ─ gradient ─→ nodes
    nodes ─ rows ──────────────────────────→ ↑
    Graph ─ constants ─→ a Graph with its numbers as parameters
                     partials on its edges ─ accumulation, paths ─→ sums over paths

A Table says which Shape an equation has and what fills its slots, which equation comes
after which, and which rows of an array a name has. A Point holds values by these rows.
"""
