"""1. Four equations become a graph.

Names that start with x are variables, the others learnable parameters. The text alone
says who depends on whom, in which order to compute, and what comes out.
"""

from cgprimer import parse_graph

graph = parse_graph("""
    xx = xa^2                # the only input is xa: nothing defines it
    xy = ab*xx + ac*xa
    xz = bc*xx + xy
    xw = cd*xx + xz^3        # xw leads nowhere: it is the output
""")

print(graph)
print("inputs    ", graph.inputs)
print("parameters", graph.parameters)
print("outputs   ", graph.outputs)
print("order     ", graph.order)

for name, sources in graph.depends_on.items():
    print(f"{name} depends on {', '.join(sources)}")
for name, targets in graph.leads_to.items():
    print(f"{name} leads to {', '.join(targets)}")

# Values flow forward along the order.

at = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
values = graph.evaluate(at)
for name in graph.order:
    print(f"{name} = {values[name]:.6g}")

# The same by hand, with the square a square: (-0.5)^2 is 0.25, not -0.25.

xx = 1.5**2
xy = 0.8 * xx - 1.1 * 1.5
xz = 2.0 * xx + xy
assert abs(values["xw"] - (0.5 * xx + xz**3)) < 1e-12
assert graph.evaluate(at | {"xa": -0.5})["xx"] == 0.25
assert graph.depends_on["xw"] == ["xx", "xz"]
