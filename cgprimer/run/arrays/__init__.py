"""Arrays, operation by operation by numpy: the reference, always there.

    equations, dims, which names have samples ─ kernel ─▶ values of the names wanted
                                              ─ evaluation ─▶ at a point: values,
                                                gradients, partials on the edges
                                              ─ program ─▶ objectives of data, for fits

A fit works on one vector of all `entries`; `pose` reads its data into a problem of
arrays (`posed`), whose loss is one more equation (`loss_graph`). A `runner` computes it
by numpy, a `compiled` one by machine code.

Samples are one more axis in front, of the names that have them.
"""
