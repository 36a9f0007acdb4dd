"""16. Operations of a small tensor library, their backwards, and two that are wrong.

A teaching library has a class for each operation: a forward, and a backward that turns
the gradient of the result into those of the inputs. Here an operation is an equation
and its backward a claim in the same language: `dxy` is what arrives, d xl / d xy.
"""

import numpy as np

from cgprimer import check_gradients, parse_graph

# Every result goes into one number, weighted entry by entry: xl = sum(C*xy), so that
# no two entries of dxy agree by accident.

RIGHT = {
    "divide": (["X, D, C: 5 x 4", "xy = X/D"], {"X": "dxy/D", "D": "-dxy*X/D^2"}),
    "elementwise": (["X, C: 5 x 4", "xy = sigmoid(X)"], {"X": "dxy*xy*(1 - xy)"}),
    "matmul": (
        ["X: 5 x 4", "W: 3 x 4", "C: 5 x 3", "xy = X @ W'"],
        {"X": "dxy @ W", "W": "dxy' @ X"},
    ),
    "expand": (
        ["X: 5 x 1", "A, C: 5 x 16", "xy = expand_to(X, A)"],
        {"X": "unsqueeze(sum(dxy, axis=1), axis=1)"},
    ),
    "select": (["X: 5 x 4", "xi, C: 5", "xy = X[xi]"], {"X": "unpick(dxy, xi, X)"}),
    "squeeze": (
        ["X: 5 x 1", "C: 5", "xy = squeeze(X, axis=1)"],
        {"X": "unsqueeze(dxy, axis=1)"},
    ),
    "unsqueeze": (
        ["X: 5", "C: 5 x 1", "xy = unsqueeze(X, axis=1)"],
        {"X": "squeeze(dxy, axis=1)"},
    ),
    "normalise": (
        ["X, C: 5 x 4", "xs = unsqueeze(sum(X, axis=1), axis=1)", "xy = X/xs"],
        {"X": "(dxy - unsqueeze(sum(dxy*xy, axis=1), axis=1))/xs"},
    ),
}


def check(equations, backward, loss="xl = sum(C*xy)"):
    """The report on a backward: a claim for every input of the operation."""
    graph = parse_graph([*equations, loss])
    claims = {("xl", name): formula for name, formula in backward.items()}
    return check_gradients(graph, claims=claims, output="xl", points=2, rng=0)


verdicts = {}
for name, (equations, backward) in RIGHT.items():
    verdicts[name] = check(equations, backward).verdict
    shares = ", ".join(f"d{wrt} = {formula}" for wrt, formula in backward.items())
    print(f"{verdicts[name]}  {name:<12} {equations[-1]:<24} {shares}")
assert set(verdicts.values()) == {"PASS"}

# A student's answer: a column that stands 16 times gets 16 times the gradient of the
# first. Where a loss treats all columns alike that is so, and a check with such a loss
# cannot tell. Where it does not, the gradient is the sum over the columns.

expand = RIGHT["expand"][0]
sixteen = {"X": "16*dxy[:, 0:1]"}
alike = check(expand, sixteen, "xl = sum(sin(xy))")
report = check(expand, sixteen)
print(f"\n16 equal columns, all alike: {alike.verdict}")
print(f"weighted: {report.diagnosis}")
arrived = np.random.default_rng(4).normal(size=(5, 16))
graph = parse_graph([*expand, "xl = sum(C*xy)"])
at = {"X": np.ones((5, 1)), "A": np.zeros((5, 16)), "C": arrived}
true = graph.gradient_at("xl", at, wrt=["X"])["X"]
said = 16 * arrived[:, :1]
print(f"first row: {said[0, 0]:.2f} claimed, {true[0, 0]:.2f} is the derivative")
assert np.allclose(true, arrived.sum(axis=1, keepdims=True), rtol=1e-12)

# The sum alone is not enough: without its axis of 1 it is no gradient of a column.

keepdims = check(expand, {"X": "sum(dxy, axis=1)"})
print(keepdims.diagnosis)

# A transpose left out of the backward of X @ W'. Shapes tell, unless W is square; then
# only the numbers do.

matmul, transposed = RIGHT["matmul"][0], {"X": "dxy @ W'", "W": "dxy' @ X"}
shapes = check(matmul, transposed)
square = check(["X, C: 5 x 4", "W: 4 x 4", "xy = X @ W'"], transposed)
print(f"3 x 4: {shapes.diagnosis}")
print(f"4 x 4: {square.diagnosis}")

assert alike.verdict == "PASS"
assert [r.verdict for r in (report, keepdims, shapes, square)] == ["FAIL"] * 4
