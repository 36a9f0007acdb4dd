"""Fitting parameters to data, and saying what the data cannot determine.

    graph, data ─ fit ─▶ Trail (loop, least_squares) ─ determined, baseline ─▶ FitResult

`fit.fit` and `fit.minimize` are what callers use.
"""
