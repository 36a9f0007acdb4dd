"""5. a·x² + b·x·y + c·y²: derivatives by variables and by parameters alike.

To differentiation, parameters are nothing special: the gradient has five entries, and
the second derivatives by x and y are the constants 2a, b and 2c.
"""

from cgprimer import gradient, parse_graph

graph = parse_graph(["xq = a*x^2 + b*x*y + c*y^2"], variables=["x", "y"])

for wrt in ("x", "y", "a", "b", "c"):
    print(f"∂xq/∂{wrt} = {graph.partial('xq', wrt).text}")

at = {"x": 1.3, "y": -0.7, "a": 2.0, "b": 0.5, "c": -1.0}
found = graph.gradient_at("xq", at)
x, y, a, b, c = at.values()
expected = {
    "x": 2 * a * x + b * y,
    "y": b * x + 2 * c * y,
    "a": x**2,
    "b": x * y,
    "c": y**2,
}
for name in expected:
    print(f"{name}: {found[name]:+.4f}")

# The gradient is a graph, so its gradient is the matrix of second derivatives.

first = gradient(graph, "xq", wrt=["x", "y"])
hessian = [
    [first.gradient_at(row, at, wrt=["x", "y"])[column] for column in ("x", "y")]
    for row in first.outputs
]
print("second derivatives", hessian)

assert all(abs(found[name] - expected[name]) < 1e-14 for name in expected)
assert hessian == [[2 * a, b], [b, 2 * c]]
