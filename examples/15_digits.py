"""15. Written digits, by a network written as 42 scalar equations.

64 pixels, 32 hidden units, 10 outputs: every unit is one line of text with a name for
each of its weights. The engine finds the two layers in that text and runs each as a
matrix product, so that nothing is lost by writing it out. Needs scikit-learn for the
pictures, `pip install 'cgprimer[examples]'`, and says so where it is missing.
"""

import sys
import time

import numpy as np

from cgprimer import parse_graph

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("skipped: needs scikit-learn\n  hint: pip install 'cgprimer[examples]'")
    sys.exit(0)

EPOCHS, BATCH, RATE = 30, 16, 0.2
pixels = [f"xi{k}" for k in range(64)]
hidden = [f"xh{k}" for k in range(32)]
digits = [f"xd{k}" for k in range(10)]


def total(weight, before, bias):
    """What a unit takes in: all of the layer before, weighted, and a bias."""
    return " + ".join(
        [f"{weight}_{k}*{name}" for k, name in enumerate(before)] + [bias]
    )


texts = [f"xh{k} = tanh({total(f'u{k}', pixels, f'b{k}')})" for k in range(32)]
texts += [f"xd{k} = sigmoid({total(f'v{k}', hidden, f'c{k}')})" for k in range(10)]
print(texts[0][:80], "…")
graph = parse_graph(texts, outputs=digits)
print(f"{len(graph)} equations, {len(graph.parameters)} parameters")

# 1 437 pictures to learn from, 360 to be asked about; the loss is the cross-entropy of
# each digit against all others.

rng = np.random.default_rng(15)
pictures, labels = load_digits(return_X_y=True)
order = rng.permutation(len(labels))
seen, asked = order[360:], order[:360]
columns = dict(zip(pixels, pictures.T / 16, strict=True))
inputs = {name: column[seen] for name, column in columns.items()}
targets = {name: 1.0 * (labels[seen] == k) for k, name in enumerate(digits)}

program = graph.compile()
objective = program.objective(inputs, targets, loss="cross-entropy")
params = rng.normal(0, 0.1, len(graph.parameters))
begun = time.perf_counter()
for epoch in range(1, EPOCHS + 1):
    order = rng.permutation(len(seen))
    params = objective.sgd_epoch(params, rate=RATE, batch=BATCH, order=order)
    if epoch % 10 == 0:
        print(f"epoch {epoch:2}  loss {objective.value(params):.4f}")
seconds = time.perf_counter() - begun
print(program.explain())

at = {name: column[asked] for name, column in columns.items()}
at |= dict(zip(graph.parameters, params, strict=True))
values = program.values(at)
guess = np.argmax([values[name] for name in digits], axis=0)
accuracy = np.mean(guess == labels[asked])
print(f"{seconds:.2f} s of training, {accuracy:.1%} of {len(asked)} new pictures right")

assert accuracy >= 0.95
