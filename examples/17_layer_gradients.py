"""17. The gradients of a layer as matrix formulas: right, and as they get printed.

Two layers with a squared error. What a course writes on its slides is held against
differences, line by line: an index pair that is swapped, a transpose that is missing, a
product that does not conform. Where shapes happen to fit, only numbers tell.
"""

from cgprimer import CGPrimerError, check_gradients, parse_graph

network = parse_graph(
    [
        "W1: 3 x 4",
        "W2: 4 x 5",
        "b1: 4",
        "b2, xt: 5",
        "xx: 3",
        "xh = tanh(W1' @ xx + b1)",
        "xo = W2' @ xh + b2",
        "xl = sum((xt - xo)^2)",
    ]
)
print(network.summary())

# A backward pass as one writes it: each line may use the adjoints of the lines above,
# and `dxo` means the true one whatever was written for it.

backward = """
    dxo = -2*(xt - xo)
    dW2 = outer(xh, dxo)
    db2 = dxo
    dxh = W2 @ dxo
    dW1 = outer(xx, dxh*(1 - xh^2))
    db1 = dxh*(1 - xh^2)
"""
right = check_gradients(network, claims=backward, output="xl", points=2, rng=0)
print(right.diagnosis)
assert right.ok

# The same lines with one of them changed: the slide, and what slips from a pen.

PRINTED = {
    "the slide's ∂L/∂W2": ("dW2 = outer(xh, dxo)", "dW2 = -2*(xt - W2' @ xh)*xh"),
    "order of outer": ("dW2 = outer(xh, dxo)", "dW2 = outer(dxo, xh)"),
    "W2 transposed": ("dxh = W2 @ dxo", "dxh = W2' @ dxo"),
    "sign": ("dxo = -2*(xt - xo)", "dxo = 2*(xt - xo)"),
    "factor 2": ("dxo = -2*(xt - xo)", "dxo = -(xt - xo)"),
    "tanh′ left out": ("db1 = dxh*(1 - xh^2)", "db1 = dxh"),
    "σ′ for tanh′": ("db1 = dxh*(1 - xh^2)", "db1 = dxh*xh*(1 - xh)"),
}
said = {}
for mistake, (line, printed) in PRINTED.items():
    lines = backward.replace(line, printed)
    report = check_gradients(network, claims=lines, output="xl", points=2, rng=0)
    said[mistake] = report.diagnosis
    print(f"{mistake:<18}  {printed}\n    {report.diagnosis}")
    assert report.verdict == "FAIL"
    assert report.first_wrong == ("xl", printed.split()[0][1:])
assert "does not conform" in said["the slide's ∂L/∂W2"]
assert "transpose" in said["order of outer"]
assert "sign is flipped" in said["sign"]
assert "1/2 times" in said["factor 2"]

# Descent for a sum of squared residuals e = y - J p goes along Jᵀe. Another slide has
# p ← p + 2αJe. Typed as an equation, the text is refused before there is a number.

declared = ["J: 6 x 3", "e: 6", "p: 3", "a: scalar"]
step = parse_graph([*declared, "xp = p + 2*a*J' @ e"])
assert step.dims("xp") == (3,)
try:
    parse_graph([*declared, "xp = p + 2*a*J @ e"])
except CGPrimerError as error:
    refused = str(error)
    print(refused)
assert "inner axes: 3 and 6 differ" in refused

# With as many samples as parameters J is square, the slide conforms, and a program
# runs. It is still no gradient, and that is found in the numbers.

square = parse_graph(["J: 3 x 3", "y, p: 3", "xe = y - J @ p", "xl = xe @ xe"])
for printed in ("-2*J' @ xe", "-2*J @ xe"):
    claim = {("xl", "p"): printed}
    report = check_gradients(square, claims=claim, output="xl", points=2, rng=0)
    print(f"{printed:<10}  {report.verdict}: {report.diagnosis}")
assert "transpose" in report.diagnosis
assert report.verdict == "FAIL"
