"""Fitting parameters to data, and saying what the data cannot determine.

    graph, data ─ arguments ─▶ start ─ loop, least_squares ─▶ Trail
    Trail ─ baseline ─▶ is it better than constants?       group, score, luck, compared
          ─ determination ─▶ what do the data leave open?     identify, symmetry, …
          ─ outcome ─▶ how did it end, what to change?     stopping, advice, downhill
          ─ conclusion, findings, standard_errors ─▶ FitResult

`fit.fit` and `fit.minimize` are what callers use, with a method of `optimisers` or
`least_squares`; losses are those of `run`.
"""
