"""4. sin(x)/x, in the steps a textbook would take.

Given the author's own steps v1, v2, v3, the graph keeps exactly those. Names that do
not start with x are declared as variables.
"""

from math import cos, sin

import numpy as np

from cgprimer import compare_partials, gradient, parse_graph

graph = parse_graph(["v1 = 1/x", "v2 = sin(x)", "v3 = v1*v2"], variables=["x"])
print(graph)

x = 1.3
values = graph.evaluate({"x": x})
slope = graph.gradient_at("v3", {"x": x})["x"]
print(f"value {values['v3']:.4f}, slope {slope:.4f}")
print(compare_partials(graph, {"x": x}))

# The chain rule written out: the gradient is a graph of its own.

chain = gradient(graph, "v3")
print(chain)

# The closed form of the slope subtracts two nearly equal numbers where x is small.

small = np.array([1e-1, 1e-3, 1e-5, 1e-7])
closed = (small * np.cos(small) - np.sin(small)) / small**2
true = -small / 3 + small**3 / 30  # the first terms of its series
for at, relative in zip(small, np.abs(closed / true - 1), strict=True):
    print(f"x = {at:.0e}: the closed form is off by {relative:.0e}")

assert abs(values["v3"] - 0.7412) < 5e-5
assert abs(slope + 0.3644) < 5e-5
assert abs(slope - (x * cos(x) - sin(x)) / x**2) < 1e-14
assert abs(chain.evaluate({"x": x})[chain.outputs[0]] - slope) < 1e-15
