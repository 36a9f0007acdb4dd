"""Twelve models over arrays, as they are typed, with values to run them at.

MODELS: name ─▶ texts, output, what it is differentiated by
point(name) ─▶ graph, name → array, at sizes that are small
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from cgprimer import Graph, parse_graph


class Model(NamedTuple):
    """texts; the output; names to differentiate by; dims of some names, as found."""

    texts: list[str]
    output: str
    wrt: list[str]
    found: dict[str, str]


SIZES = {"batch": 3, "tokens": 3, "n": 4, "p": 3, "h": 2, "d": 2, "k": 3, "m": 3}

MODELS = {
    "2-2-1 network": Model(
        ["W: 2 x 2", "b, u, xp: 2", "c, xt: scalar",
         "xz = tanh(W' @ xp + b)", "xo = c + u @ xz",
         "xl = softplus(xo) - xt*xo"],
        "xl", ["W", "u", "b", "c", "xp"], {"xz": "2", "xo": "scalar"},
    ),
    "MLP on a batch": Model(
        ["W1: 4 x 3", "W2: 3 x 5", "b1: 3", "b2: 5", "xx: batch x 4", "xt: batch",
         "xh = tanh(xx @ W1 + b1)", "xo = xh @ W2 + b2",
         "xl = mean(logsumexp(xo, axis=1) - xo[xt])"],
        "xl", ["W1", "b1", "W2", "b2"], {"xh": "batch x 3", "xo": "batch x 5"},
    ),
    "LeNet": Model(
        ["K1: 2 x 3 x 3 x 3", "K2: 3 x 2 x 3 x 3", "V1: 3 x 4", "V2: 4 x 3",
         "k1: 2 x 1 x 1", "k2: 3 x 1 x 1", "xx: batch x 3 x 10 x 10", "xt: batch",
         "xc = maxpool2d(relu(conv2d(xx, K1) + k1), size=2)",
         "xd = maxpool2d(relu(conv2d(xc, K2) + k2), size=2)",
         "xo = tanh(flatten(xd, start=1) @ V1) @ V2",
         "xl = mean(logsumexp(xo, axis=1) - xo[xt])"],
        "xl", ["K1", "K2", "k2", "V1"],
        {"xc": "batch x 2 x 4 x 4", "xd": "batch x 3 x 1 x 1"},
    ),
    "attention head": Model(
        ["Q, K, V: 4 x 2", "xx: tokens x 4", "xq = xx @ Q", "xk = xx @ K",
         "xa = softmax(xq @ xk'/sqrt(2), axis=-1)", "xy = xa @ (xx @ V)",
         "xl = sum(xy^2)"],
        "xl", ["Q", "K", "V", "xx"], {"xa": "tokens x tokens", "xy": "tokens x 2"},
    ),
    "logistic regression": Model(
        ["X: n x p", "y: n", "w: p", "c: scalar", "xm = X @ w + c",
         "xl = mean(softplus(xm) - y*xm) + 0.01*w @ w"],
        "xl", ["w", "c"], {"xm": "n"},
    ),
    "ridge by normal equations": Model(
        ["X: n x p", "y: n", "lam: scalar",
         "xw = solve(X'@X + lam*eye(X'@X), X'@y)", "xl = sum((X@xw - y)^2)"],
        "xl", ["lam", "X", "y"], {"xw": "p"},
    ),
    "recurrent network": Model(
        ["W: h x h", "U: h x d", "b, x0: h", "x1, x2, x3: d",
         "xa = tanh(W@x0 + U@x1 + b)", "xb = tanh(W@xa + U@x2 + b)",
         "xc = tanh(W@xb + U@x3 + b)", "xl = xc @ xc"],
        "xl", ["W", "U", "b", "x0"], {"xb": "h"},
    ),
    "Gaussian mixture": Model(
        ["X: n x d", "M: k x d", "s, l: k",
         "xd = sum((unsqueeze(X, axis=1) - unsqueeze(M, axis=0))^2, axis=2)",
         "xp = logsoftmax(l) - 0.5*xd/exp(2*s) - s*3",
         "xl = -mean(logsumexp(xp, axis=1))"],
        "xl", ["M", "s", "l", "X"], {"xd": "n x k", "xp": "n x k"},
    ),
    "Kalman step": Model(
        ["F, P, Q: d x d", "H: m x d", "R: m x m", "x0: d", "z: m",
         "xm = F@x0", "xP = F@P@F' + Q", "xS = H@xP@H' + R", "xr = z - H@xm",
         "xl = 0.5*(xr @ solve(xS, xr) + logdet(xS))"],
        "xl", ["F", "Q", "R", "H", "x0"], {"xS": "m x m", "xr": "m"},
    ),
    "principal components": Model(
        ["X: n x d", "W: d x k", "xl = sum((X - X@W@W')^2)"],
        "xl", ["W", "X"], {"xl": "scalar"},
    ),
    "batch norm": Model(
        ["xx: batch x 4", "gam, bet: 4", "xm = mean(xx, axis=0)",
         "xv = var(xx, axis=0)", "xn = gam*(xx - xm)/sqrt(xv + 1e-5) + bet",
         "xl = sum(xn^3)"],
        "xl", ["gam", "bet", "xx"], {"xn": "batch x 4", "xv": "4"},
    ),
    "quadratic form": Model(
        ["A: n x n", "xv: n", "xq = xv @ A @ xv"],
        "xq", ["xv", "A"], {"xq": "scalar"},
    ),
}  # fmt: skip
DEFINITE = {"P", "Q", "R"}  # of the Kalman step: symmetric, positive
INDICES = {"xt"}


@functools.cache
def graph_of_model(name: str) -> Graph:
    """A model, parsed with its sizes as symbols."""
    return parse_graph(MODELS[name].texts, [MODELS[name].output])


def point(name: str) -> tuple[Graph, dict[str, Any]]:
    """A model and values for it, the same at every call."""
    graph, rng = graph_of_model(name), np.random.default_rng(len(name))
    at: dict[str, Any] = {}
    for leaf in (*graph.inputs, *graph.parameters):
        dims = graph.dims(leaf)
        shape = tuple(SIZES[d] if isinstance(d, str) else d for d in dims)
        value = rng.normal(size=shape)
        if leaf in DEFINITE and len({*shape}) == 1 < len(shape):
            value = value @ value.T / len(value) + np.eye(len(value))
        elif leaf in INDICES and shape:
            value = rng.integers(0, 3, shape).astype(float)
        at[leaf] = np.abs(value) if leaf == "lam" else value
    return graph, at
