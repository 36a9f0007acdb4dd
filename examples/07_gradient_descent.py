"""7. Gradient descent on (x1 - 6)² + x2² - x1·x2, by hand and to the end.

From (6, 6), steps of 1/2, 1/3 and 1/4 reach the minimum (8, 4) exactly. A constant rate
needs more steps and must know when to stop: not at the first small change, and never
because the loss went up.
"""

from cgprimer import SGD, minimize, parse_graph

graph = parse_graph(["xf = (x1 - 6)^2 + x2^2 - x1*x2"])
start = {"x1": 6.0, "x2": 6.0}

point = dict(start)
path = []
for rate in (1 / 2, 1 / 3, 1 / 4):
    value = graph.evaluate(point)["xf"]
    slope = graph.gradient_at("xf", point)
    print(
        f"({point['x1']:.6g}, {point['x2']:.6g})  f = {value:.6g}  "
        f"gradient ({slope['x1']:.6g}, {slope['x2']:.6g})"
    )
    path.append((point["x1"], point["x2"]))
    point = {name: point[name] - rate * slope[name] for name in point}


def descend(rate, steps):
    return minimize(graph, "xf", SGD(rate), start=start, steps=steps, progress=False)


ten = descend(0.1, steps=10)
print(f"rate 0.1, ten steps: {ten.parameters}")

stopped = descend(0.1, steps=10_000)
print(f"rate 0.1, early stopping: {stopped.steps} steps, {stopped.message}")

rising = descend(0.7, steps=10_000)
print(f"rate 0.7: {rising.steps} steps, {rising.message}")

by_schedule = descend([1 / 2, 1 / 3, 1 / 4], steps=3)

assert [(round(a, 9), round(b, 9)) for a, b in path] == [(6, 6), (9, 3), (8, 4)]
assert abs(by_schedule.loss + 12) < 1e-12
assert abs(ten.parameters["x1"] - 7.9435) < 5e-5
assert abs(ten.parameters["x2"] - 4.0565) < 5e-5
assert stopped.status == "converged"
assert abs(stopped.parameters["x1"] - 8) < 1e-6
assert rising.status == "diverged"
assert rising.parameters == start
