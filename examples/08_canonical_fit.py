"""8. Fit the canonical graph, and hear what the data cannot tell.

ab and bc enter xw only as ab + bc. Any fit finds their sum and none can find them
apart; an honest one says so. Observing xy as well settles it.
"""

from cgprimer import Adam, LeastSquares, fit, generate, parse_graph

EQUATIONS = ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
TRUTH = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}

graph = parse_graph(EQUATIONS)
data = generate(graph, TRUTH, 2_000, rng=1)

adam = fit(graph, data, Adam(rate=0.1), epochs=40, rng=1, progress=False)
print(adam)

exact = fit(graph, data, LeastSquares(), rng=1, progress=False)
print(exact)

# Noise changes the estimates but not what can be known. The sum has a standard error.

noisy = generate(graph, TRUTH, 2_000, noise=0.1, rng=2)
result = fit(graph, noisy, LeastSquares(), rng=2, progress=False)
print(result)
total, error = result.combination({"ab": 1, "bc": 1})
print(f"ab + bc = {total:.5f} ± {error:.5f}")

# With xy among the observations, all four parameters are determined.

both = parse_graph(EQUATIONS, outputs=["xy", "xw"])
observed = generate(both, TRUTH, 2_000, rng=3)
settled = fit(both, observed, LeastSquares(), rng=3, progress=False)
print(settled)

assert abs(exact.parameters["ab"] + exact.parameters["bc"] - 3) < 1e-6
assert abs(exact.parameters["ac"] - 4) < 1e-6
assert abs(exact.parameters["cd"] - 3) < 1e-6
assert exact.undetermined == ("ab", "bc")
assert "ab + bc" in exact.message
assert exact.standard_errors["ab"] is None
assert abs(total - 3) < 5 * error
assert settled.rank == 4
assert all(abs(settled.parameters[name] - TRUTH[name]) < 1e-6 for name in TRUTH)
