"""Is a derivative right? Claims are held against differences, and mistakes named.

graph + points ─→ at_points: values, our own partials, equations as sites
                    ├─→ edge_check · total_check · together: differences of each
                    └─→ graph_check: all of them
claims ─→ check: a row for each ─→ mistakes, stories: what it looks like ─→ report
graph ──→ compare: the edges of a check, and sympy's formulas beside them

differences   a slope and the bound of its error, which `slopes` takes twice
rounding      the share that rounding has in it; `kinks` finds where there is no slope
evidence      claims beside slopes at all points: the row that comes of them
verdict       the one rule for a claim beside a slope, wherever one is judged
mistakes      what one wrong derivative looks like
stories       what is told of all of them together
code          the same for functions without a graph
arrays        the same for graphs with arrays: entry by entry, or along directions
mutation      checks the checker
"""
