"""The checks of graphs with arrays: entry by entry, or along directions.

graph, at ─▶ at_points: values, our own derivatives, and each array as a function
               └─▶ maps: an array as a function of another ─ differences ─▶ slopes
                     └─▶ evidence: every entry judged, or directions, an entry blamed
claims ─▶ given_claims ─▶ claims: values, dims ─▶ conform, evidence ─▶ rows
                                    └─ wrong_rules · wrong_claims ─▶ what it looks like
rows ─▶ reports: the faces that those of scalar graphs have

`partials` gives the Jacobians of edges, `compare` is `compare_partials`, and `check`
`check_gradients`, where a name of the graph is an array; `disturbed` tells what
rounding does to any of it.
"""
