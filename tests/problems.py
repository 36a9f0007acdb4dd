"""Graphs with points and known answers, shared by the tests."""

import math

import numpy as np

from cgprimer import Graph, parse_graph
from cgprimer.expr.ops import TABLE

CANONICAL = ["xx = xa^2", "xy = ab*xx+ac*xa", "xz = bc*xx+xy", "xw = cd*xx+xz^3"]
CANONICAL_AT = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
CANONICAL_VALUES = {"xa": 1.5, "xx": 2.25, "xy": 0.15, "xz": 4.65, "xw": 101.669625}
CANONICAL_PARTIALS = {
    ("xx", "xa"): 3.0,
    ("xy", "ab"): 2.25,
    ("xy", "xx"): 0.8,
    ("xy", "ac"): 1.5,
    ("xy", "xa"): -1.1,
    ("xz", "bc"): 2.25,
    ("xz", "xx"): 2.0,
    ("xz", "xy"): 1.0,
    ("xw", "cd"): 2.25,
    ("xw", "xx"): 0.5,
    ("xw", "xz"): 3 * 4.65**2,
}

NETWORK = [
    "z1 = tanh(b1 + w11*x1 + w21*x2)",
    "z2 = tanh(b2 + w12*x1 + w22*x2)",
    "out = sigmoid(c + u1*z1 + u2*z2)",
]
NETWORK_AT = {
    "x1": 1.0, "x2": -1.0, "b1": 0.1, "b2": -0.2, "w11": 0.3, "w12": -0.7, "w21": 1.1,
    "w22": 0.5, "c": 0.2, "u1": -1.3, "u2": 0.9,
}  # fmt: skip

PROBLEMS: dict[str, tuple[list[str], dict[str, float]]] = {
    "canonical": (CANONICAL, CANONICAL_AT),
    "network": (NETWORK, NETWORK_AT),
    "bivariate": (["xf = a*x1^2 + b*x1*x2 + c*x2^2"],
                  {"x1": 1.2, "x2": -0.7, "a": 2.0, "b": -1.0, "c": 0.5}),
    "sinc": (["v1 = 1/xa", "v2 = sin(xa)", "v3 = v1*v2"], {"xa": 1.3}),
    "softplus": (["xs = softplus(xa)", "xn = ln(1 + exp(xa))"], {"xa": 0.4}),
    "neuron": (["xw = sigmoid(ab*xa + bc*xb + cd*xc + as*xd + bias)"],
               {"xa": 1.0, "xb": 2.0, "xc": -1.0, "xd": 0.5, "ab": 0.3, "bc": -0.2,
                "cd": 0.8, "as": 1.1, "bias": -0.4}),
    "gaussian": (["xg = exp(-((xt - m)/s)^2/2)/(sqrt(2*pi)*s)"],
                 {"xt": 1.1, "m": 0.3, "s": 1.7}),
    "every function": (
        ["xp = exp(xa)*log(xb) + log1p(xb) - expm1(xa) + sqrt(xb) + xlogy(xa, xb)",
         "xq = sin(xa) + cos(xb)*tan(xa) + arcsin(xa)*arccos(xa) + arctan(xp)",
         "xr = sinh(xa) - cosh(xb) + tanh(xq) + sigmoid(xp)*softplus(xq) + erf(xq)"],
        {"xa": 0.3, "xb": 1.9}),
    "powers": (["xp = xa^b + b^xa + xa^-2 + (xa + b)^3 + 2^xa"], {"xa": 1.4, "b": 2.3}),
    "negative base": (["xp = xa^2 + xa^3 - xa^-1"], {"xa": -0.5}),
    "constant": (["xy = 3 + pi"], {}),
    "alike": (["x1 = a*x0 + b", "x2 = a*x1 + c", "x3 = c*x2 + x0*x1", "x4 = b*x0 + a"],
              {"x0": 0.7, "a": 1.5, "b": -2.0, "c": 0.25}),
}  # fmt: skip
KINKED = {
    "activations": (["xr = relu(xa) + abs(xb) + step(xa) + sign(xb)",
                     "xm = min(xa, xb)*max(xa, xr)"], {"xa": 0.8, "xb": -1.2}),
}  # fmt: skip


def problem(key: str) -> tuple[Graph, dict[str, float]]:
    """The graph of a problem and its point."""
    texts, at = (PROBLEMS | KINKED)[key]
    declared = [name for name in at if name[0] != "x"]
    return parse_graph(texts, parameters=declared), dict(at)


def samples(at: dict[str, float], count: int = 5) -> dict[str, object]:
    """`at` with every variable spread over `count` samples near its value."""
    spread = 1 + 0.1 * np.linspace(-1, 1, count)
    return {k: v * spread if k[0] == "x" else v for k, v in at.items()}


def random_dag(seed: int, size: int = 7) -> tuple[Graph, dict[str, float]]:
    """A random graph whose equations use earlier variables and fresh parameters."""
    rng = np.random.default_rng(seed)
    forms = [
        "p{i}*{a} + {b}",
        "sin({a})*{b}",
        "{a}*{b} + p{i}*{a}^2",
        "tanh({a} - {b})",
    ]
    names = ["x0", "x1"]
    texts = []
    for i in range(2, size):
        a, b = rng.choice(names[-4:], 2)
        texts.append(f"x{i} = " + rng.choice(forms).format(i=i, a=a, b=b))
        names.append(f"x{i}")
    graph = parse_graph(texts, [f"x{size - 1}"])
    known = (*graph.inputs, *graph.parameters)
    return graph, dict(zip(known, rng.uniform(-1, 1, len(known)).tolist(), strict=True))


def relative(a: float, b: float) -> float:
    """The gap of two numbers over the larger; 0 where they are equal."""
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b), math.ulp(0.0))


# Functions of several inputs, to be shifted so that they vanish at their point.

FUNCTIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    "product": ("x0*x1", (1.5, 3.0)),
    "three factors": ("x0*x1*x2", (1.2, -0.7, 2.1)),
    "difference": ("x0 - x1", (0.3, 0.1)),
    "quadratic": ("(x0 - 6)^2 + x1^2 - x0*x1", (5.0, 4.0)),
    "bivariate": ("2*x0^2 - x0*x1 + 0.5*x1^2", (1.2, -0.7)),
    "rosenbrock": ("100*(x1 - x0^2)^2 + (1 - x0)^2", (-1.2, 1.0)),
    "himmelblau": ("(x0^2 + x1 - 11)^2 + (x0 + x1^2 - 7)^2", (1.0, 2.0)),
    "beale": ("(1.5 - x0 + x0*x1)^2 + (2.25 - x0 + x0*x1^2)^2", (1.3, 0.4)),
    "booth": ("(x0 + 2*x1 - 7)^2 + (2*x0 + x1 - 5)^2", (0.5, 1.7)),
    "norm": ("sqrt(x0^2 + x1^2 + x2^2)", (1.0, 2.0, -2.0)),
    "distance": ("sqrt((x0 - x2)^2 + (x1 - x3)^2)", (1.0, 2.0, -0.5, 0.3)),
    "ridge": ("(x0*x1 - 2)^2 + 0.1*(x0^2 + x1^2)", (0.7, 1.4)),
    "quotient": ("x0/x1", (0.4, 1.7)),
    "rational": ("(x0 - x1)/(x0 + x1)", (1.9, 0.6)),
    "michaelis": ("x0*x1/(x2 + x1)", (2.0, 0.8, 1.1)),
    "hill": ("x0^x2/(x1^x2 + x0^x2)", (1.3, 0.9, 2.5)),
    "arrhenius": ("x0*exp(-x1/(8.314*x2))", (5.0, 4e3, 300.0)),
    "ideal gas": ("x0*8.314*x1/x2", (1.5, 293.15, 0.02)),
    "gravity": ("6.674e-11*x0*x1/x2^2", (5.97e24, 7.35e22, 3.84e8)),
    "kinetic": ("x0/sqrt(1 - x1^2)", (2.0, 0.6)),
    "pendulum": ("2*pi*sqrt(x0/9.81)*(1 + x1^2/16)", (0.8, 0.4)),
    "decay": ("x0*exp(-x1*x2)", (3.0, 0.7, 1.1)),
    "logistic": ("x0/(1 + exp(-x1*(x2 - x3)))", (2.0, 1.5, 0.3, 0.8)),
    "gaussian": ("exp(-((x0 - x1)/x2)^2/2)/(sqrt(2*pi)*x2)", (1.1, 0.3, 1.7)),
    "log likelihood": ("-log(x1) - (x0/x1)^2/2", (0.6, 1.4)),
    "entropy": ("-x0*log(x0) - x1*log(x1)", (0.3, 0.6)),
    "cross entropy": ("softplus(x0*x1) - 0.3*x0*x1", (1.4, -0.6)),
    "log sum exp": ("log(exp(x0) + exp(x1) + exp(x2))", (0.2, 1.1, -0.4)),
    "softmax": ("exp(x0)/(exp(x0) + exp(x1))", (0.2, 1.1)),
    "neuron": ("tanh(x0*x1 + x2)", (0.5, -1.3, 0.2)),
    "two layers": ("sigmoid(x0*tanh(x1*x2 + x3) + x4)", (1.2, 0.7, -0.9, 0.3, 0.1)),
    "squared error": ("(x0*x1 + x2 - 1.5)^2/2", (0.5, -1.3, 0.2)),
    "wave": ("sin(x0*x1 + x2)", (2.0, 0.8, 0.5)),
    "modulated": ("exp(-x0)*cos(3*x1)", (0.4, 0.9)),
    "ackley": ("-20*exp(-0.2*sqrt((x0^2 + x1^2)/2))", (0.7, -0.4)),
    "rastrigin": ("20 + x0^2 + x1^2 - 10*cos(2*pi*x0) - 10*cos(2*pi*x1)", (0.3, 0.6)),
    "angle": ("arctan(x1/x0)", (1.2, 0.7)),
    "haversine": ("arcsin(sqrt(sin(x0/2)^2 + cos(x0)*sin(x1/2)^2))", (0.4, 0.9)),
    "power": ("x0^x1", (1.4, 2.3)),
    "erf": ("erf((x0 - x1)/(x2*sqrt(2)))", (0.9, 0.2, 1.3)),
    "far apart": ("1e6*x0 + 1e-3*x1", (0.2, 0.7)),
    "hinge": ("max(0, 1 - x0*x1) + 0.05*abs(x1)", (0.6, -0.8)),
}  # fmt: skip
PLACES = {(-3.0, 3.0): 0.7, (0.1, 4.0): 1.7, (-3.0, 0.0): -1.3}
"""Where the operations of the table are looked at, by the domain they have."""


def operations() -> dict[str, tuple[str, tuple[float, ...]]]:
    """Every operation of the table as a function, at a point in its domain."""
    found = {}
    for op in TABLE:
        at = tuple(PLACES.get(d, 0.4) - 0.2 * i for i, d in enumerate(op.domain))
        names = [f"x{i}" for i in range(len(at))]
        call = f"{op.name}({', '.join(names)})"
        if op.symbol:
            call = op.symbol.join(names) if len(names) > 1 else op.symbol + names[0]
        if op.partials:
            found[op.name] = (call, at)
    return found


def vanishing(text: str, at: tuple[float, ...], value: float = 0.0) -> str:
    """`text - c`, which at its point is `value`, up to the rounding of c."""
    names = {f"x{i}": number for i, number in enumerate(at)}
    here = float(parse_graph([f"xf = {text}"]).evaluate(names)["xf"])
    return f"{text} - {here - value!r}".replace("- -", "+ ")


def python(text: str):
    """A function of an array (n,), of what is numpy when `^` is read as `**`."""
    ours = {op.name: op.forward for op in TABLE}
    code = compile(text.replace("^", "**"), "<function>", "eval")
    return lambda x: eval(
        code, ours | {"pi": np.pi} | {f"x{i}": v for i, v in enumerate(x)}
    )
