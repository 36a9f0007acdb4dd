"""Is a derivative right? Claims are held against differences, and mistakes named.

graph + points ─→ at_points: values, our own partials, equations as sites
                    ├─→ edge_check · total_check · together: differences of each
                    └─→ graph_check: all of them
claims ─→ check, compare: a row for each ─→ mistakes: what it looks like ─→ report

differences   a slope and the bound of its error, which `slopes` takes twice
verdict       the one rule for a claim beside a slope; `evidence` asks it
code          the same for functions without a graph
mutation      checks the checker
"""
