"""14. A million learnable parameters, each with a name of its own.

The text that inspired this project calls a graph with a million learnable parameters
impossible. It is only large: half a million scalar equations, read, differentiated and
trained on one core in about a minute. The parameters start at random; the targets are
what the same graph gives at others.

    python examples/14_million_parameters.py 2000     # equations; 500 000 by default
"""

import os
import resource
import sys
import time
from itertools import pairwise

import numpy as np
from rich.console import Console
from rich.progress import Progress

from cgprimer import parse_graph

INPUTS, OUTPUTS, SAMPLES = 8, 4, 64
EPOCHS, BATCH, RATE = 8, 16, 0.05

equations = int([*sys.argv, os.environ.get("CGPRIMER_EQUATIONS", 500_000)][1])


def random_graph(count, rng):
    """So many equations of two earlier variables each; the last sum up the unread."""
    names = [f"xi{k}" for k in range(INPUTS)]
    width = max(OUTPUTS, count // 10)
    unread = [names[k % INPUTS] for k in range(width)]
    texts, picks, others = (
        [],
        rng.integers(0, width, count - OUTPUTS),
        rng.random(count),
    )
    for k, (pick, other) in enumerate(zip(picks, others, strict=False)):
        a = unread[pick]
        b = names[-1 - int(other * min(len(names), 2 * width))]
        unread[pick] = f"x{k}"
        names.append(unread[pick])
        texts.append(f"x{k} = tanh({a} + p{k}*{b} + q{k}*sin({a}))")
    for k in range(OUTPUTS):
        own = unread[k::OUTPUTS]
        texts.append(f"xo{k} = u{k} + 8*v{k}*({' + '.join(own)})/{len(own)}")
    return texts


rng = np.random.default_rng(14)
texts = random_graph(equations, rng)
outputs = [f"xo{k}" for k in range(OUTPUTS)]
print(texts[0], texts[equations // 2], sep="\n…\n")

begun = time.perf_counter()
graph = parse_graph(texts, outputs=outputs)
print(f"{time.perf_counter() - begun:.2f} s from text to graph")
print(f"{len(graph):_} equations, {len(graph.parameters):_} parameters")

# Targets are the graph's at true parameters; half of the samples are only looked at.

true, start = rng.uniform(-0.5, 0.5, (2, 2 * equations))
program = graph.compile()
samples = {name: rng.uniform(-1, 1, 2 * SAMPLES) for name in graph.inputs}
nothing = dict.fromkeys(outputs, np.zeros(2 * SAMPLES))
targets = program.objective(samples, nothing).predictions(true)


def build(rows):
    """The loss of the graph on some of the samples."""
    inputs = {name: column[rows] for name, column in samples.items()}
    return program.objective(inputs, dict(zip(outputs, targets[:, rows], strict=True)))


begun = time.perf_counter()
training = build(slice(SAMPLES))
losses = [training.value(start)]
print(f"{time.perf_counter() - begun:.2f} s to build the loss and take it once")
unseen = build(slice(SAMPLES, None))
others = [unseen.value(start)]
print(f"epoch 0             loss {losses[0]:.3g}, on other samples {others[0]:.3g}")
params, lines = start, []
with Progress(console=Console(stderr=True), redirect_stdout=False) as progress:
    for epoch in progress.track(range(1, EPOCHS + 1), description="training"):
        begun, order = time.perf_counter(), rng.permutation(SAMPLES)
        params = training.sgd_epoch(params, rate=RATE, batch=BATCH, order=order)
        lines.append(f"epoch {epoch}  {time.perf_counter() - begun:6.2f} s,  ")
        losses.append(training.value(params))
        others.append(unseen.value(params))
        lines[-1] += f"loss {losses[-1]:.3g}, on other samples {others[-1]:.3g}"
print(*lines, sep="\n")
unit = 2**30 if sys.platform == "darwin" else 2**20
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(f"peak memory {memory:.2f} GiB")

assert all(after < before for before, after in pairwise(losses))
assert others[-1] < 0.1 * others[0]
assert memory < 4
