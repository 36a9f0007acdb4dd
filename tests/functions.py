"""Functions of several inputs as plain code, with their gradients by complex steps.

Used where code that has no graph is checked. Every function takes an array and is
analytic where it is asked, so that a complex step gives its gradient to the last digit
and owes nothing to what is tested.
"""

import numpy as np

T = np.array([1.0, 2.0, 3.0])
Y = np.array([2.0, 1.0, 4.0])

FUNCTIONS = {
    "product": (2, lambda a: a[0] * a[1]),
    "quadratic": (2, lambda a: (a[0] - 6) ** 2 + a[1] ** 2 - a[0] * a[1]),
    "rosenbrock": (2, lambda a: (1 - a[0]) ** 2 + 100 * (a[1] - a[0] ** 2) ** 2),
    "squares": (4, lambda a: (a**2).sum()),
    "mean": (4, lambda a: (a**2).mean()),
    "logsumexp": (4, lambda a: np.log(np.exp(a).sum())),
    "softmax": (4, lambda a: np.exp(a[0]) / np.exp(a).sum()),
    "cross-entropy": (4, lambda a: np.log(np.exp(a).sum()) - a[1]),
    "dot": (6, lambda a: a[:3] @ a[3:]),
    "norm": (3, lambda a: np.sqrt((a**2).sum())),
    "determinant": (4, lambda a: a[0] * a[3] - a[1] * a[2]),
    "michaelis": (3, lambda a: a[0] * a[1] / (a[2] + a[1])),
    "hill": (3, lambda a: a[0] * a[1] ** 2 / (a[2] ** 2 + a[1] ** 2)),
    "logistic": (3, lambda a: a[0] / (1 + np.exp(-a[1] * (2 - a[2])))),
    "gauss": (3, lambda a: a[0] * np.exp(-((1.5 - a[1]) ** 2) / (2 * a[2] ** 2))),
    "arrhenius": (3, lambda a: a[0] * np.exp(-a[1] / a[2])),
    "planck": (2, lambda a: a[0] ** 3 / (np.exp(a[0] / a[1]) - 1)),
    "waals": (3, lambda a: a[0] / (a[1] - 0.3) - a[2] / a[1] ** 2),
    "lennard": (3, lambda a: 4 * a[0] * ((a[1] / a[2]) ** 12 - (a[1] / a[2]) ** 6)),
    "pendulum": (3, lambda a: a[0] * np.cos(a[1]) + a[2] ** 2 / 2),
    "neuron": (4, lambda a: np.tanh(a[0] * a[1] + a[2] * a[3] + 0.3)),
    "sigmoid": (3, lambda a: 1 / (1 + np.exp(-a[0] * a[1] - a[2]))),
    "hidden": (4, lambda a: a[2] * np.tanh(a[0] / 2 + a[1]) + a[3] * np.tanh(a[0])),
    "line": (2, lambda a: ((T * a[0] + a[1] - Y) ** 2).mean()),
    "ridge": (2, lambda a: ((T * a[0] - Y) ** 2).mean() + 0.05 * (a**2).sum()),
    "all": (5, lambda a: a.prod()),
    "geometric": (5, lambda a: a.prod() ** 0.2),
    "harmonic": (4, lambda a: 1 / (1 / a).sum()),
    "variance": (5, lambda a: ((a - a.mean()) ** 2).mean()),
    "polynomial": (4, lambda a: a[0] + a[1] * 2 + a[2] * 4 + a[3] * 8),
    "wave": (2, lambda a: np.sin(a[0] * a[1])),
    "spiral": (2, lambda a: np.exp(a[0]) * np.sin(a[1])),
    "angle": (2, lambda a: np.arctan(a[0] / a[1])),
    "beale": (2, lambda a: (1.5 - a[0] * (1 - a[1])) ** 2 + (2 - a[0] * a[1]) ** 2),
    "himmelblau": (2, lambda a: (a[0] ** 2 + a[1] - 11) ** 2 + (a[0] + a[1] ** 2) ** 2),
    "rastrigin": (3, lambda a: (a**2 - 10 * np.cos(2 * np.pi * a)).sum()),
    "power": (2, lambda a: a[0] ** a[1]),
    "ratio": (2, lambda a: np.log(a[0] / a[1])),
    "entropy": (4, lambda a: -(a / a.sum() * np.log(a / a.sum())).sum()),
    "divergence": (3, lambda a: (a * np.log(a / np.array([0.2, 0.5, 0.9]))).sum()),
    "parallel": (2, lambda a: a[0] * a[1] / (a[0] + a[1])),
    "cancels": (2, lambda a: 1e6 * (a[0] - a[1]) ** 2 - a[0] * a[1]),
    "cancels more": (3, lambda a: 1e6 * (a[0] * a[1] - a[2]) - a[2]),
    "cancels most": (3, lambda a: 1e9 * (a[0] * a[1] - a[2]) - a[2] ** 2),
}  # fmt: skip
HOPELESS = {  # terms so large that a digit or none is left of what the last input does
    "1e13": (3, lambda a: 1e13 * (a[0] - a[1]) + a[2] ** 2),
    "1e16, twice": (5, lambda a: 1e16 * (a[0] - a[1] + a[3] - a[4]) + a[2] ** 2),
    "1e16": (3, lambda a: 1e16 * (a[0] - a[1]) + a[2] ** 2),
}


def gradient(f, x):
    """By complex steps, one for each component."""
    found = np.empty(len(x))
    for i in range(len(x)):
        z = x.astype(complex)
        z[i] += 1e-30j
        found[i] = f(z).imag / 1e-30
    return found


def mistakes(right):
    """A gradient with a mistake in it, by name."""
    first = np.arange(len(right)) == 0
    large = max(1e-3, float(np.abs(right).max()))
    found = {
        "sign": -right,
        "factor 2": 2 * right,
        "10 %": 1.1 * right,
        "0.1 %": 1.001 * right,
        "a constant": right + large,
        "zero": 0 * right,
        "one component": right + 0.1 * large * first,
        "swapped": right[::-1].copy(),
    }
    off = {name: np.abs(g - right).max() for name, g in found.items()}
    return {name: g for name, g in found.items() if off[name] > 1e-6 * large}
