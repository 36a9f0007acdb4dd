"""Computational graphs: equations, what depends on what, and gradients of graphs.

texts ─ read ─→ Table (which equation has which shape and names) ─→ Graph
                                              Graph ─ gradient ─→ Graph
                      partials on its edges ─ accumulation, paths ─→ sums over paths
"""
