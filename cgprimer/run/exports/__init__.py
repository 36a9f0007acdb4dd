"""Graphs as functions of other tools, which differentiate and place them themselves.

    graph ─ kernel, with their names in the place of numpy's ─▶ to_jax    a function
                                                              ─▶ to_torch  a Module

jax_names, torch_names : what these libraries call otherwise than numpy. An operation
whose forward goes by numpy's names has no entry in either.

Neither library is needed before one of these is called.
"""
