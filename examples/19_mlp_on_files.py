"""19. A two-layer network on files of images, and two runs that are none.

A course reports 32.6 % and 10.1 % on written digits and asks what layers are good for.
The first run had diverged, the second was dead; neither said so. Here both are made on
purpose, beside runs that differ from a good one in one thing. Digits of scikit-learn go
through IDX files, the form of MNIST; needs `pip install 'cgprimer[examples]'`.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from cgprimer import SGD, fit, parse_graph, read_idx, write_idx

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("skipped: needs scikit-learn\n  hint: pip install 'cgprimer[examples]'")
    sys.exit(0)

# 8 x 8 pixels become 24 x 24 by repetition, and 28 x 28 with a border.
digits = load_digits()
large = np.repeat(np.repeat(digits.images, 3, axis=1), 3, axis=2)
images = np.pad(large * 255 / 16, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
with tempfile.TemporaryDirectory() as folder:
    write_idx(Path(folder, "images.idx"), images)
    write_idx(Path(folder, "labels.idx"), digits.target.astype(np.uint8))
    pixels = read_idx(Path(folder, "images.idx"), axes=3).reshape(-1, 784) / 255
    labels = read_idx(Path(folder, "labels.idx"), axes=1)
order = np.random.default_rng(0).permutation(len(pixels))
learn, test = order[:1500], order[1500:]
CHANCE = np.log(10)  # the loss of a network that says 1/10 to everything


def run(width=32, unit="relu", scale="He", rate=0.02, shift=0.0):
    """(loss, share that is right of the held out, share of units that never speak)."""
    graph = parse_graph(
        [f"W1: {width} x 784", f"b1: {width}", f"W2: 10 x {width}", "b2: 10", "xx: 784",
         f"xh = {unit}(W1 @ xx + b1)", "xo = W2 @ xh + b2",
         "xl = logsumexp(xo) - xo[xt]"],
        outputs=["xo", "xl"],
    )  # fmt: skip
    rng, gain = np.random.default_rng(1), {"He": 2, "Xavier": 1, "one": 784}[scale]
    start = {
        "W1": rng.normal(size=(width, 784)) * np.sqrt(gain / 784),
        "W2": rng.normal(size=(10, width)) / np.sqrt(width),
        "b1": np.full(width, shift),
        "b2": np.zeros(10),
    }
    data = {"xx": pixels[learn], "xt": labels[learn]}
    method = SGD(rate, momentum=0.9)
    found = fit(
        graph, data, method, loss="xl", start=start, epochs=4, batch=32, rng=0,
        progress=False,
    )  # fmt: skip
    end = {**found.parameters, "xx": pixels[test], "xt": labels[test]}
    values = graph.evaluate(end)
    right = np.mean(values["xo"].argmax(axis=1) == labels[test])
    silent = np.mean((values["xh"] == 0).all(axis=0))
    return found.loss, right, silent


RUNS = {
    "relu, He, 32 units": {},
    "sigmoid": {"unit": "sigmoid", "scale": "Xavier", "rate": 0.1},
    "128 units": {"width": 128},
    "Xavier": {"scale": "Xavier"},
    "losses summed, same rate": {"rate": 32 * 0.02},
    "dead: biases at -20": {"shift": -20.0},
}
print(f"{'':26}   loss   right   silent units       (chance: loss {CHANCE:.2f})")
table = {name: run(**change) for name, change in RUNS.items()}
for name, (loss, right, silent) in table.items():
    print(f"{name:26} {loss:6.3f}  {right:6.1%}   {silent:6.0%}")

# A sum over a batch of 32 is 32 times the rate: the steps leave the valley. A unit that
# is 0 for every image has no slope: nothing but the biases of the output can learn.
good, dead = table["relu, He, 32 units"], table["dead: biases at -20"]
summed = table["losses summed, same rate"]
assert good[1] > 0.9
assert dead[2] == 1.0
assert abs(dead[0] - CHANCE) < 0.05
assert summed[1] < 0.5 < 0.9 < table["sigmoid"][1]
