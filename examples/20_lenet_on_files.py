"""20. A convolutional network on files of colour images: rate, epochs, each class.

Two layers of windows, two of matrices, eleven lines of text; the files have the form of
CIFAR-10. The pictures are scikit-learn's digits in colours that mean nothing, so that a
network has to learn shapes. What one number hides, the share that is right of every
class shows. Needs `pip install 'cgprimer[examples]'`, and llvmlite to be quick.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from cgprimer import SGD, fit, parse_graph, read_cifar, write_cifar

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("skipped: needs scikit-learn\n  hint: pip install 'cgprimer[examples]'")
    sys.exit(0)

digits, rng = load_digits(), np.random.default_rng(0)
shape = np.repeat(np.repeat(digits.images / 16, 4, axis=1), 4, axis=2)[:, None]
ink, paper = rng.random((2, len(shape), 3, 1, 1)) * 0.5
colours = 255 * (paper + (0.5 + ink) * shape * (1 - paper))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "data_batch_1.bin")
    write_cifar(path, colours.astype(np.uint8), digits.target.astype(np.uint8))
    images, labels = read_cifar(path)
images = images / 255 - 0.5
order = rng.permutation(len(images))
learn, test = order[:900], order[900:1300]

graph = parse_graph(
    """
    K1: 6 x 3 x 5 x 5
    K2: 12 x 6 x 5 x 5
    k1: 6 x 1 x 1
    k2: 12 x 1 x 1
    V1: 40 x 300
    V2: 10 x 40
    c1: 40
    c2: 10
    xx: 3 x 32 x 32
    xa = maxpool2d(relu(conv2d(xx, K1) + k1), size=2)
    xb = maxpool2d(relu(conv2d(xa, K2) + k2), size=2)
    xh = relu(V1 @ flatten(xb) + c1)
    xo = V2 @ xh + c2
    xl = logsumexp(xo) - xo[xt]
    """,
    outputs=["xo", "xl"],
)
print(graph.summary())


def drawn(name):
    """First values by He: 2 over the number of entries that one entry is made from."""
    dims = graph.dims(name)
    if name[0] in "kc":
        return np.zeros(dims)
    scale = np.sqrt(2 / np.prod(dims[1:]))
    return np.random.default_rng(1).normal(size=dims) * scale


def run(rate, epochs):
    """The share that is right of the held out, for each class."""
    start = {name: drawn(name) for name in graph.parameters}
    data = {"xx": images[learn], "xt": labels[learn]}
    found = fit(
        graph, data, SGD(rate, momentum=0.9), loss="xl", start=start, epochs=epochs,
        batch=32, rng=0, progress=False,
    )  # fmt: skip
    end = {**found.parameters, "xx": images[test], "xt": labels[test]}
    right = graph.evaluate(end)["xo"].argmax(axis=1) == labels[test]
    return np.array([right[labels[test] == digit].mean() for digit in range(10)])


RATES, EPOCHS = (0.0005, 0.01), (1, 4)
print("\nright of all classes     " + "  ".join(f"{e} epochs" for e in EPOCHS))
table = {rate: [run(rate, epochs) for epochs in EPOCHS] for rate in RATES}
for rate, row in table.items():
    print(f"rate {rate:<18}  " + "  ".join(f"{each.mean():8.1%}" for each in row))
best = table[0.01][1]
print("digit  " + "  ".join(f"{digit:4}" for digit in range(10)))
print("right  " + "  ".join(f"{share:4.0%}" for share in best))
assert best.mean() > 0.85 > table[0.0005][0].mean()
