"""12. An operation of your own, with a gradient that is none.

The forward pass casts to an unsigned byte and saves the error it makes. The backward
pass adds the saved error to the gradient that arrives. That is no derivative: a
staircase has the slope 0 wherever it has one. Whoever writes such an operation says so
by its contract, and a check reports it as declared instead of calling it a mistake.
"""

import numpy as np

from cgprimer import (
    Adam,
    CGPrimerError,
    Dataset,
    compare_partials,
    custom_op,
    fit,
    gradient,
    parse_graph,
)


def to_byte(ctx, a):
    """Forward: a whole number from 0 to 255."""
    byte = a.astype(np.uint8)
    ctx.save(error=a - byte)
    return byte


def add_error(ctx, grad):
    """Backward: what the forward cut off comes on top."""
    return grad + ctx.error


quantise = custom_op(
    "quantise", forward=to_byte, backward=add_error, contract="surrogate"
)

# The backward sees the adjoint that arrives, 0.5 here, and need not multiply it: 0.5 +
# 0.75 is passed on. On its own edge, for an adjoint of 1, it is 1.75.

graph = parse_graph(["xk = quantise(xh)", "xo = w*xk"])
at = {"xh": 2.75, "w": 0.5}
report = compare_partials(graph, at)
print(report)
assert graph.gradient_at("xo", at, wrt=["xh"]) == {"xh": 0.5 + 0.75}
assert report.ok
assert {row.edge: row.verdict for row in report.rows}["∂xk/∂xh"] == "SURROGATE"

# The gradient is a graph as ever. A second one would have to differentiate numpy code.

first = gradient(graph, "xo", ["xh"])
print(first)
try:
    gradient(first, first.outputs[0])
except CGPrimerError as error:
    refusal = str(error)
    print(refusal)
assert "'quantise' in the equation of d_xo_d_xh" in refusal

# The same code without the contract claims to be the derivative, and the check objects.

custom_op("claimed", forward=to_byte, backward=add_error)
claim = compare_partials(parse_graph(["xk = claimed(xh)"]), {"xh": 2.75})
print(claim)
assert [row.verdict for row in claim.rows] == ["FAIL"]

# Does it train? Two classes of 1 000 points, around (3, 3) and (5, 5), and ten hidden
# units whose values pass through the byte; three ways back through the same forward.

custom_op("passed_on", forward=to_byte, contract="straight-through")
custom_op("true_slope", forward=to_byte, partials=["0"])
rng = np.random.default_rng(0)
points = np.concatenate([rng.normal(mean, 1.0, (1000, 2)) for mean in (3, 5)])
label = np.repeat([0.0, 1.0], 1000)
data = Dataset({"xp": points[:, 0], "xq": points[:, 1]}, {"xo": label})
right, told = {}, {}
for op in ("quantise", "passed_on", "true_slope"):
    hidden = [f"xh{i} = relu(b{i} + u{i}*xp + v{i}*xq)" for i in range(10)]
    coarse = [f"xk{i} = {op}(xh{i})" for i in range(10)]
    total = " + ".join(f"w{i}*xk{i}" for i in range(10))
    net = parse_graph([*hidden, *coarse, f"xo = sigmoid(c + {total})"])
    begin = np.random.default_rng(0).normal(0, 0.5, len(net.parameters))
    start = dict(zip(net.parameters, begin, strict=True))
    how = {"start": start, "epochs": 10, "batch": 100, "rng": 0, "progress": False}
    result = fit(net, data, Adam(0.01), loss="cross-entropy", **how)
    guess = net.evaluate({**data.inputs, **result.parameters})["xo"]
    right[op], told[op] = np.mean((guess > 0.5) == label), result.message
    print(f"{op:<10}  loss {result.loss:.3f}, {right[op]:.0%} right")
print(quantise)
print(told["quantise"])

assert quantise.calls.backward > 0
assert "The gradient through quantise is a declared surrogate" in told["quantise"]
assert right["passed_on"] > 0.9 > right["true_slope"] > right["quantise"]
