"""3. Linear regression, and why 100 steps fall short.

The data lie exactly on y = 1 - x. A hundred steps of gradient descent at rate 0.01 end
at w = -0.606, b = -0.157, far from w = -1, b = 1. The model is right and so is the
gradient; it is the rate and the number of steps that do not suffice.
"""

import numpy as np

from cgprimer import SGD, Dataset, LeastSquares, fit, parse_graph

graph = parse_graph(["xy = w*xx + b"])
data = Dataset({"xx": [1, 2, 3, 4]}, {"xy": [0, -1, -2, -3]})
start = {"w": 0.3, "b": -0.3}


def descend(rate, steps):
    """Full-batch gradient descent on the mean squared error."""
    return fit(
        graph, data, SGD(rate), start=start, epochs=steps, batch=None, progress=False
    )


short = descend(rate=0.01, steps=100)
print(short)

# The loss is a valley: steep one way, almost level the other. Its curvatures are the
# eigenvalues of 2·JᵀJ/n. A rate above 2/steepest throws us out of the valley; along
# its floor a step moves by no more than rate·flattest of the way that is left.

J = np.array([[x, 1.0] for x in data.inputs["xx"]])
flattest, steepest = np.linalg.eigvalsh(2 * J.T @ J / len(data))
print(
    f"curvatures {flattest:.3f} and {steepest:.2f}: rates above {2 / steepest:.4f} "
    "diverge"
)
print(
    f"after 100 steps {(1 - 0.01 * flattest) ** 100:.0%} of the way along the floor "
    "is still to go"
)

faster = descend(rate=0.1, steps=100)
print(f"rate 0.1:  loss {faster.loss:.5f}, {faster.status}")
longer = descend(rate=0.1, steps=10_000)
print(
    f"rate 0.1, more steps: loss {longer.loss:.1e} after {longer.steps}, "
    f"{longer.status}"
)
beyond = descend(rate=0.12, steps=100)
print(f"rate 0.12: {beyond.message}")
newton = fit(graph, data, LeastSquares(), start=start, progress=False)
print(f"least squares: {newton.parameters}")

assert abs(short.parameters["w"] + 0.606) < 5e-4
assert abs(short.parameters["b"] + 0.157) < 5e-4
assert abs(short.loss - 0.2236) < 5e-5
assert (longer.status, beyond.status) == ("converged", "diverged")
assert abs(newton.parameters["w"] + 1) < 1e-9
assert abs(newton.parameters["b"] - 1) < 1e-9
