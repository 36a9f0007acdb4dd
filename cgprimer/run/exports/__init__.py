"""Graphs as functions of other tools, which differentiate and place them themselves.

    graph ─ kernel, with their names in the place of numpy's ─▶ to_jax    a function
                                                              ─▶ to_torch  a Module

Neither library is needed before one of these is called.
"""
