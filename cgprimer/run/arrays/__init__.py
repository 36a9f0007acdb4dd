"""Arrays by numpy, operation by operation: the reference, always there.

    equations, dims, which names have samples ─ kernel ─▶ values of the names wanted
                                              ─ evaluation ─▶ at a point: values,
                                                gradients, partials on the edges

Samples are one more axis in front, of the names that have them.
"""
