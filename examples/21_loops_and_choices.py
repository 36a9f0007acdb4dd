"""21. Loops and choices in a graph that has neither, and what they cost.

A graph is fixed: no value decides what is computed. A choice is an operation, `where`,
of which both branches are computed; a loop is written out, an equation for each step.
Tools that build a graph anew at each call pay for it at each call. Here it is paid
once: how much, for 3 to 300 steps of a recurrent network, is measured below.
"""

import time

import numpy as np

from cgprimer import check_gradients, parse_graph, steps, unrolled

# A choice: the branch that was not taken gets 0 of the adjoint. But it was computed,
# and 0 times a slope that is no number is none. So the argument is chosen instead.

at = {"xx": [4.0, -1.0, 0.25]}
result = parse_graph(["xx: 3", "xy = where(xx > 0, sqrt(xx), 0)", "xl = sum(xy)"])
argument = parse_graph(
    ["xx: 3", "xy = where(xx > 0, sqrt(where(xx > 0, xx, 1)), 0)", "xl = sum(xy)"]
)
late, soon = (graph.gradient_at("xl", at)["xx"] for graph in (result, argument))
print("∂xl/∂xx at 4, -1, 0.25:", late, "or", soon)
assert np.isnan(late[1])
assert np.allclose(soon, [0.25, 0.0, 1.0])

# A loop: what `steps` writes is plain text.

loop = steps("xh{t} = tanh(W @ xh{t-1} + U @ xx{t})", 3)
print("\n".join(loop))


def network(count):
    """A recurrent network of so many steps, as text."""
    inputs = ", ".join(f"xx{t}" for t in range(1, count + 1))
    return [
        "W: 16 x 16", "U: 16 x 4", "xh0: 16", f"{inputs}: 4",
        *steps("xh{t} = tanh(W @ xh{t-1} + U @ xx{t})", count),
        f"xl = xh{count} @ xh{count}",
    ]  # fmt: skip


def point(graph):
    rng = np.random.default_rng(0)
    names = (*graph.inputs, *graph.parameters)
    return {name: rng.normal(size=graph.dims(name)) / 4 for name in names}


def seconds(call):
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


small = parse_graph(network(3))
assert check_gradients(small, at=point(small)).ok
print(unrolled(parse_graph([line.replace("16", "2") for line in network(1)])))

print(f"\n{'steps':>5} {'text → graph':>14} {'first gradient':>16} {'each later':>12}")
later = {}
for count in (3, 30, 300):
    read, graph = seconds(lambda count=count: parse_graph(network(count)))
    at = point(graph)
    first, _ = seconds(lambda: graph.gradient_at("xl", at, ["W", "U"]))  # noqa: B023
    rounds = [
        seconds(lambda: graph.gradient_at("xl", at, ["W", "U"]))[0]  # noqa: B023
        for _ in range(5)
    ]
    later[count] = min(rounds)
    print(
        f"{count:5} {1e3 * read:11.1f} ms {1e3 * first:13.1f} ms "
        f"{1e3 * later[count]:9.2f} ms"
    )

# What is built once is the most of it: a second gradient is a list of calls.
assert later[300] < first
