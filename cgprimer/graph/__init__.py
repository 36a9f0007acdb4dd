"""Computational graphs: equations, what depends on what, and gradients of graphs.

    texts ─ read ─→ leaves ─ from_texts ─→ Table ─→ Graph ─ gradient ─→ nodes
    nodes ─ rows ──────────────────────────→ ↑
    Graph ─ constants ─→ a Graph with its numbers as parameters
                     partials on its edges ─ accumulation, paths ─→ sums over paths

    texts with declarations ─ declared, inference ─→ bodies, Sizing ─ rows ─→ Graph
                                 └─ shape_errors, fitting_shapes: what would fit
    Graph ─ unrolled ─→ the same in numbers;  steps: loops as equations

A Table says which Shape an equation has and what fills its slots, which equation comes
after which, and which rows of an array a name has. A Point holds values by these rows,
an ArrayPoint those of arrays by name. `Graph.sizing` holds the dims of names, where
some are arrays.
"""
