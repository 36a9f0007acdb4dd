"""6. ln(1 + eˣ) to second order, also where eˣ overflows.

The first derivative is eˣ/(1 + eˣ); backpropagating through the graph of the first
gives the second, eˣ/(1 + eˣ)². Evaluated as written, both are nan from x = 710 on. The
form is recognised and computed in its stable version; the text stays as written.
"""

from math import exp, log

import numpy as np

from cgprimer import gradient, parse_graph

graph = parse_graph(["xy = ln(1 + exp(xa))"])
print(graph.equation("xy").text, "  has the slope  ", graph.partial("xy", "xa").text)

first = gradient(graph, "xy")
second = gradient(first, first.outputs[0])
print(second)

for x in (-2.0, 0.0, 1.3):
    y = graph.evaluate({"xa": x})["xy"]
    values = second.evaluate({"xa": x})
    slope, curvature = (values[d.outputs[0]] for d in (first, second))
    print(f"x = {x:4.1f}: {y:.6f}  {slope:.6f}  {curvature:.6f}")
    e = exp(x)
    assert abs(y - log(1 + e)) < 1e-15
    assert abs(slope - e / (1 + e)) < 1e-15
    assert abs(curvature - e / (1 + e) ** 2) < 1e-15

with np.errstate(over="ignore", invalid="ignore"):
    e = np.exp(1000.0)
    print("as written, at x = 1000:", np.log(1 + e), e / (1 + e))

far = {"xa": np.array([-1000.0, 1000.0])}
y, slopes = graph.evaluate(far)["xy"], second.evaluate(far)
print("computed here:          ", y, slopes[first.outputs[0]])

assert y.tolist() == [0.0, 1000.0]
assert slopes[first.outputs[0]].tolist() == [0.0, 1.0]
assert slopes[second.outputs[0]].tolist() == [0.0, 0.0]
