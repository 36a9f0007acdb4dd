"""9. A hand-written gradient with a mistake in it, and which line it is on.

Backpropagation by hand through the 2-2-1 network: two tanh units, one sigmoid output.
Whoever has just differentiated the output writes the hidden units the same way, with
σ′ = z·(1 - z), where tanh′ = 1 - z² belongs. Training may still go downhill.
"""

from cgprimer import check_function, check_gradients, parse_graph

graph = parse_graph(
    [
        "z1 = tanh(b1 + w11*x1 + w21*x2)",
        "z2 = tanh(b2 + w12*x1 + w22*x2)",
        "out = sigmoid(c + u1*z1 + u2*z2)",
    ]
)

# Edge by edge: a claim is the partial of one equation by one name in it.

mine = {
    ("out", "u1"): "out*(1 - out)*z1",
    ("out", "z1"): "out*(1 - out)*u1",
    ("z1", "w11"): "z1*(1 - z1)*x1",
}
report = check_gradients(graph, claims=mine, rng=0)
print(report)
assert report.verdict == "FAIL"
assert report.first_wrong == ("z1", "w11")
assert "you used σ′, the node is tanh" in report.diagnosis

# As a whole: only the products that the backward pass ends with are claimed. One wrong
# edge leaves its mark on every derivative that passes through it, and on no other; from
# that the edge is found, although nobody claimed anything about it. Here the way from
# the second hidden unit back to the output has lost its weight u2.

delta = "out*(1 - out)"
backprop = {("out", "c"): delta}
for unit in "12":
    weight = f"*u{unit}" if unit == "1" else ""
    hidden = f"{delta}{weight}*(1 - z{unit}^2)"
    backprop["out", f"u{unit}"] = f"{delta}*z{unit}"
    backprop["out", f"b{unit}"] = hidden
    for source in "12":
        backprop["out", f"w{source}{unit}"] = f"{hidden}*x{source}"
whole = check_gradients(graph, claims=backprop, output="out", rng=0)
print(whole.diagnosis)
assert whole.first_wrong == ("out", "z2")
assert "the factor u2 is missing" in whole.diagnosis

# A function of Python is checked like a formula, and code that has no graph as well:
# the mean of squares, with the derivative of their sum.

claim = {("out", "c"): lambda out: 1.0005 * out * (1 - out)}
print(check_gradients(graph, claims=claim, rng=0).diagnosis)
plain = check_function(lambda x: (x**2).mean(), lambda x: 2 * x, [0.5, -1.0, 2.0])
print(plain.diagnosis)
assert "as if a sum stood where the mean over 3 belongs" in plain.diagnosis

# And when the lines are right, that is said too, with what it rests on.

good = check_gradients(graph, claims={**mine, ("z1", "w11"): "(1 - z1^2)*x1"}, rng=0)
print(good.verdict, good.diagnosis)
assert good.ok
