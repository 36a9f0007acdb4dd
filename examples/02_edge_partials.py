"""2. The partial on every edge, three ways.

An edge partial is the derivative of one equation by one name in it. It comes from
sympy, from a reverse sweep over our own operations, and from finite differences: three
roads that share nothing, so where they meet, the number can be trusted.
"""

from itertools import pairwise

import networkx

from cgprimer import compare_partials, edge_partials, parse_graph

graph = parse_graph(
    ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
)
at = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}

report = compare_partials(graph, at)
print(report)

# How far each way of differencing is from the truth; the best possible is 1e-16.

exact = edge_partials(graph, at, method="adjoint")
for scheme in ("forward", "central", "five-point", "complex"):
    found = edge_partials(graph, at, method="finite", scheme=scheme)
    worst = max(abs(found[edge] / exact[edge] - 1) for edge in exact)
    print(f"{scheme:<11} largest relative error {worst:.0e}")

# Backpropagation is a sum over paths: multiply the partials along every path from xa
# to xw, add the products, and there is the gradient that one reverse sweep returns.

view = graph.to_networkx()
total = 0.0
for path in networkx.all_simple_paths(view, "xa", "xw"):
    product = 1.0
    for source, target in pairwise(path):
        product *= exact[target, source]
    print(" -> ".join(path), f"contributes {product:.6g}")
    total += product

sweep = graph.gradient_at("xw", at, wrt=["xa"])["xa"]
print(f"sum over paths {total:.10g}, reverse sweep {sweep:.10g}")

assert report.ok
assert abs(total / sweep - 1) < 1e-12
assert exact["xw", "xz"] == 3 * graph.evaluate(at)["xz"] ** 2
