"""A fit beside the best constant: no failure is called a success, whatever the seed."""

import itertools
import re

import numpy as np
import pytest
from scipy.stats import linregress

from cgprimer import (
    SGD,
    Adam,
    Dataset,
    FitError,
    LeastSquares,
    Loss,
    fit,
    generate,
    parse_graph,
)
from cgprimer.fitting.baseline import beside_constants
from cgprimer.fitting.compared import round_down
from cgprimer.fitting.luck import by_neighbours, by_runs
from cgprimer.fitting.objective import objective_of
from cgprimer.run.losses import find_loss

LINE = parse_graph(["xy = w*xx + b"])
THROUGH_ZERO = parse_graph(["xy = w*xx"])
PAIR = parse_graph(["xp = a*xx + b", "xq = c*xx + d"])
LOGISTIC = parse_graph(["xy = sigmoid(w*xx + b)"])
MEAN = parse_graph(["xy = c"])

# equation, truth, inputs: starts from U(0, 1) often end nowhere
MODELS = {
    "michaelis-menten": (
        "xy = v*xx/(k + xx)", {"v": 10, "k": 3}, np.linspace(0.2, 20, 40)
    ),
    "4pl": (
        "xy = p + (q - p)/(1 + (xx/c)^h)",
        {"p": 2, "q": 90, "c": 50, "h": 1.5}, np.logspace(-1, 4, 40),
    ),
    "4pl in log dose": (
        "xy = p + (q - p)/(1 + exp(h*(xx - c)))",
        {"p": 2, "q": 90, "c": 4, "h": 1.5}, np.linspace(-4, 10, 40),
    ),
    "gaussian peak": (
        "xy = a*exp(-(xx - m)^2/(2*s^2))",
        {"a": 5, "m": 12, "s": 1.5}, np.linspace(0, 20, 80),
    ),
    "logistic growth": (
        "xy = k/(1 + exp(-r*(xx - m)))",
        {"k": 100, "r": 0.6, "m": 15}, np.linspace(0, 30, 50),
    ),
    "logistic growth from n0": (
        "xy = k/(1 + (k/n - 1)*exp(-r*xx))",
        {"k": 800, "r": 0.9, "n": 3}, np.linspace(0, 15, 40),
    ),
    "decay": (
        "xy = a*exp(-k*xx) + c", {"a": 4, "k": 0.7, "c": 1}, np.linspace(0, 8, 50)
    ),
    "slow decay": (
        "xy = a*exp(-k*xx)", {"a": 4, "k": 0.002}, np.linspace(0, 2_000, 50)
    ),
    "hill": (
        "xy = v*xx^n/(k^n + xx^n)", {"v": 8, "k": 5, "n": 2.5}, np.linspace(0.1, 30, 40)
    ),
    "two exponentials": (
        "xy = a*exp(-k*xx) + b*exp(-l*xx)",
        {"a": 3, "k": 0.2, "b": 5, "l": 2}, np.linspace(0, 15, 60),
    ),
    "gompertz": (
        "xy = a*exp(-b*exp(-c*xx))", {"a": 40, "b": 8, "c": 0.3}, np.linspace(0, 25, 40)
    ),
    "sine": (
        "xy = a*sin(w*xx + p)", {"a": 2, "w": 3, "p": 0.4}, np.linspace(0, 10, 80)
    ),
    "line": ("xy = w*xx + b", {"w": 0.5, "b": 3}, np.linspace(0, 10, 50)),
    "level line": ("xy = w*xx + b", {"w": 0, "b": 3}, np.linspace(0, 10, 50)),
    "line through zero": ("xy = w*xx", {"w": 0.5}, np.linspace(0, 10, 50)),
    "wrong line through zero": ("xy = w*xx", {"w": 0}, np.linspace(1, 10, 50)),
}  # fmt: skip
SEEDS = dict.fromkeys(MODELS, range(8)) | {  # one that wanders long for each outcome
    "michaelis-menten": range(12),
    "4pl": (1, 2, 3, 5, 7, 8),
    "4pl in log dose": range(10),
    "gaussian peak": (3, 4, 6, 7, 9, 10),
    "logistic growth from n0": (0, 2, 4, 6),
    "slow decay": range(10),
    "hill": (1, 2, 4, 5),
    "gompertz": (1, 2, 3),
    "sine": (1, 7),
    "level line": range(20),
}
ALWAYS = {"line", "line through zero", "decay", "two exponentials", "logistic growth"}
NEVER = {"level line", "wrong line through zero", "gaussian peak", "sine"}
SOMETIMES = {"michaelis-menten", "4pl", "4pl in log dose", "hill", "slow decay"}


def data_of(name, seed, noise):
    text, truth, x = MODELS[name]
    graph = parse_graph([text])
    y = graph.evaluate({"xx": x, **truth})["xy"]
    if name == "wrong line through zero":
        y = y + 7.0
    spread = noise * (np.ptp(y) or 1.0)
    rng = np.random.default_rng(1000 + seed)
    return graph, Dataset({"xx": x}, {"xy": y + spread * rng.standard_normal(len(x))})


def quiet(graph, data, method=LeastSquares(), **options):  # noqa: B008
    return fit(graph, data, method, **{"progress": False} | options)


def r_squared(graph, data, parameters, target="xy"):
    y = data.targets[target]
    left = y - graph.evaluate({**data.inputs, **parameters})[target]
    around = y - y.mean()
    return 1 - left @ left / (around @ around)


def check_honesty(graph, data, result):
    """What every result must satisfy, however it came about."""
    expected = r_squared(graph, data, result.parameters)
    [found] = result.r_squared.values()
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-9)
    assert f"R² {round_down(found)}" in str(result)
    if found <= 0.01:
        assert result.status != "converged"
        assert not result.standard_errors
        assert "raise" not in result.message
        assert "higher rate" not in result.message
    if result.status == "trivial":
        assert found < 0.5
        assert not result.converged
        assert result.standard_errors is result.covariance is None
        assert set(result.intervals().values()) == {None}
        assert result.message.startswith("trivial: a constant does about as well")
    elif result.converged:
        assert found > 0.2 or "pattern" in result.message


def cosine(graph, data, result):
    """The largest between residuals and columns of J: 0 at a minimum."""
    objective = objective_of(graph, data, Loss("", None, None))
    params = np.array(list(result.parameters.values()))
    left, rows = objective.residuals(params), objective.jacobian(params)
    scale = np.linalg.norm(rows, axis=0) * np.linalg.norm(left)
    return np.max(np.abs(left @ rows) / np.where(scale > 0, scale, 1))


@pytest.mark.every(8)
@pytest.mark.parametrize("name", MODELS)
def test_least_squares_from_its_own_start_is_never_falsely_a_success(name):
    statuses = set()
    for seed in SEEDS[name]:
        graph, data = data_of(name, seed, 0.05)
        result = quiet(graph, data, rng=seed)
        check_honesty(graph, data, result)
        if result.converged:
            assert cosine(graph, data, result) < 1e-3
        statuses.add(result.status)
    assert statuses <= {"trivial", "converged", "max_steps", "stalled"}
    assert name not in ALWAYS or statuses == {"converged"}
    assert name not in NEVER or statuses == {"trivial"}
    assert name not in SOMETIMES or statuses >= {"trivial", "converged"}


@pytest.mark.every(3)
@pytest.mark.parametrize("method", [Adam(0.05), SGD(1e-4)], ids=["Adam", "SGD"])
@pytest.mark.parametrize("name", MODELS)
def test_descents_are_never_falsely_a_success(name, method):
    graph, data = data_of(name, 1, 0.05)
    result = quiet(graph, data, method, rng=1, epochs=150)
    check_honesty(graph, data, result)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("name", MODELS)
def test_no_seed_and_no_noise_makes_a_failure_a_success(name, noise):
    for seed in range(4):
        graph, data = data_of(name, seed, noise)
        if np.ptp(data.targets["xy"]) < 1e-9:
            continue
        for method in (LeastSquares(), Adam(0.02), SGD(1e-3)):
            check_honesty(graph, data, quiet(graph, data, method, rng=seed))


# Verdicts on data made for them

N = 200
RNG = np.random.default_rng(7)
X = np.linspace(-1, 1, N)
NOISE = RNG.standard_normal(N)
COINS = (RNG.random(N) < 0.5) * 1.0


def one(y, x=X, sigma=None):
    return Dataset({"xx": x}, {"xy": y}, sigma)


def two(p, q, sigma=None):
    return Dataset({"xx": X}, {"xp": p, "xq": q}, sigma)


UNEVEN = np.where(X < 0, 0.1, 10.0)
SLOW = {"epochs": 300, "batch": None}
NO_BETTER = "no better than"
VERDICTS = {  # graph, data, options, status, words
    "noise": (LINE, one(NOISE), {}, "trivial", ["noise alone"]),
    "noise with sigma": (LINE, one(NOISE, sigma=1.0), {}, "trivial", ["noise alone"]),
    "uneven noise": (
        LINE, one(UNEVEN * NOISE, sigma=UNEVEN), {}, "trivial", ["noise alone"]
    ),
    "a slope where sigma is small": (
        LINE, one(X + UNEVEN * NOISE, sigma=UNEVEN), {}, "converged", []
    ),
    "noise, huber": (LINE, one(NOISE), {"loss": "huber"}, "trivial", ["noise alone"]),
    "noise, mae": (
        LINE, one(NOISE), SLOW | {"loss": "mae", "method": Adam(0.05)}, "trivial", []
    ),
    "coins": (
        LOGISTIC, one(COINS), SLOW | {"loss": "cross-entropy", "method": Adam(0.05)},
        "trivial", ["beside the best constant's 0.69", "noise alone"],
    ),
    "classes": (
        LOGISTIC, one((X + 0.5 * NOISE > 0) * 1.0),
        SLOW | {"loss": "cross-entropy", "method": SGD(5.0)}, "converged",
        ["beside the best constant's"],
    ),
    "constant": (LINE, one(np.full(N, 3.0)), {}, "trivial", ["same in every sample"]),
    "zeros": (LINE, one(np.zeros(N)), {}, "trivial", ["same in every sample"]),
    "constant but for rounding": (
        LINE, one(0.1 + 1e-17 * NOISE), {}, "trivial", ["same in every sample"]
    ),
    "constant, out of reach": (
        THROUGH_ZERO, one(np.full(N, 3.0)), {}, "trivial", [NO_BETTER]
    ),
    "one class": (
        LOGISTIC, one(np.ones(N)),
        {"loss": "cross-entropy", "method": SGD(100.0), "epochs": 3_000}, "trivial",
        ["same in every sample"],
    ),
    "no intercept": (THROUGH_ZERO, one(5 + 0.1 * NOISE), {}, "trivial", [NO_BETTER]),
    "no intercept, but right": (THROUGH_ZERO, one(X + NOISE), {}, "converged", []),
    "far from zero": (LINE, one(1e8 + X), {}, "converged", []),
    "noise far from zero": (LINE, one(1e8 + NOISE), {}, "trivial", ["noise alone"]),
    "a mean": (
        MEAN, Dataset({}, {"xy": NOISE}), {}, "converged",
        [NO_BETTER + " a constant whatever the parameters"],
    ),
    "an input that is the same": (
        THROUGH_ZERO, one(2 + NOISE, np.ones(N)), {}, "converged",
        [NO_BETTER + " a constant whatever the parameters"],
    ),
    "one of two is noise": (
        PAIR, two(X, NOISE), {}, "trivial", ["xq: R² ", "R² 1 for xp"]
    ),
    "one of two is noise, weighted": (
        PAIR, two(X, NOISE, {"xp": 1e-3, "xq": 1e3}), {}, "trivial", ["xq: R² "]
    ),
    "one of two is constant": (
        PAIR, two(X, np.ones(N)), {}, "converged", ["R² 1 for xp", "xq: the same in"]
    ),
    "both are found": (PAIR, two(X, -X), {}, "converged", ["R² 1 for xp, 1 for xq"]),
    "all constant": (PAIR, two(X**0, 0 * X), {}, "trivial", ["xp, xq: the same"]),
    "a parabola by a line": (LINE, one(X**2), {}, "trivial", ["pattern"]),
    "hardly a line": (
        LINE, one(0.15 * X + X**2), {}, "trivial", ["hardly better", "pattern"]
    ),
    "a weak effect in noise": (LINE, one(0.6 * X + NOISE), {}, "converged", []),
    "a wrong model": (LINE, one(np.exp(4 * X)), {}, "converged", ["has a pattern"]),
    "as many parameters as samples": (
        LINE, one([1.0, 3.0], [0.0, 1.0]), {}, "converged",
        ["2 samples for 2 parameters prove nothing"],
    ),
    "three samples": (
        LINE, one([1.0, 2.5, 2.0], [0.0, 1.0, 2.0]), {}, "trivial", ["noise alone"]
    ),
    "three samples, nearly a line": (
        LINE, one([1.0, 2.0, 2.5], [0.0, 1.0, 2.0]), {}, "converged",
        ["Noise alone reaches that of xy with probability 0.12"],
    ),
    "no parameter": (
        parse_graph(["xp = a*xx", "xq = xx^2"]), two(X, X**2 + 0.5 * NOISE), {},
        "converged", ["xq: no parameter has a part in it"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VERDICTS)
def test_a_fit_is_trivial_where_a_constant_does_as_well(name):
    graph, data, options, status, words = VERDICTS[name]
    method = options.get("method", LeastSquares())
    rest = {key: value for key, value in options.items() if key != "method"}
    result = quiet(graph, data, method, **rest)
    assert result.status == status, result.message
    for word in words:
        assert word in result.message
    assert set(result.r_squared) == set(data.targets)
    for target, y in data.targets.items():
        if np.ptp(y) < 1e-9:
            assert np.isnan(result.r_squared[target])
    assert (result.standard_errors is None) == (
        status == "trivial" or not isinstance(method, LeastSquares)
    )


def test_a_slope_is_a_success_where_linear_regression_is_sure_of_it():
    """R² made to order: trivial where p > 0.001, unless half of it is explained."""
    rng = np.random.default_rng(3)
    for size, wanted in itertools.product(
        (8, 20, 50, 200, 1000), (0.005, 0.02, 0.1, 0.3, 0.45, 0.6)
    ):
        x = rng.normal(size=size)
        x -= x.mean()
        noise = rng.normal(size=size)
        noise -= noise.mean() + x * (noise @ x) / (x @ x)
        y = np.sqrt(wanted) * x / np.linalg.norm(x)
        y += np.sqrt(1 - wanted) * noise / np.linalg.norm(noise)
        data = one(y, x)
        result = quiet(LINE, data)
        sure = linregress(x, y).pvalue <= 1e-3
        assert result.r_squared["xy"] == pytest.approx(wanted, rel=1e-9)
        assert result.converged == (sure or wanted >= 0.5), (size, wanted)


@pytest.mark.slow
def test_noise_is_hardly_ever_called_a_find():
    """1 of 1 000 by chance; a peak looks for its place and may find a little more."""
    peak = parse_graph(["xy = a*exp(-(xx - m)^2/(2*s^2)) + b"])
    start = {"a": 0.5, "m": 0.3, "s": 0.2, "b": 0.1}
    x = np.linspace(0, 1, 60)
    for seed in range(20):
        noise = one(np.random.default_rng(seed).standard_normal(60), x)
        assert quiet(LINE, noise).status == "trivial"
        if seed < 2:
            assert not quiet(peak, noise, start=start).converged


@pytest.mark.parametrize("outliers", [{17: 1e6}, {3: -1e5, 199: 1e6}, {}])
@pytest.mark.parametrize(
    ("text", "linear"),
    [
        ("xy = w*xx + b", True),
        ("xy = w*xx^2 + b*sin(xx)", True),
        ("xy = w*b*xx + b", False),
        ("xy = relu(w*xx) + b", False),
    ],
)
def test_no_other_start_is_advised_where_there_is_one_minimum(text, linear, outliers):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-2, 2, 200), rng.normal(size=200)
    for number, by in outliers.items():
        y[number] += by
    data = Dataset({"xx": x}, {"xy": y})
    message = quiet(parse_graph([text]), data, LeastSquares()).message
    assert message.startswith("trivial")
    assert ("Start elsewhere" in message) != linear
    assert ("linear in its parameters" in message) == linear
    for number, by in outliers.items():
        assert f"{number} by {'-' * (by < 0)}" in message
    assert ("huber" in message) == bool(outliers)


@pytest.mark.parametrize("slope", [0.0, 2.0])
@pytest.mark.parametrize("size", [1e3, -1e4, 1e7])
@pytest.mark.parametrize(
    ("method", "loss"),
    [(LeastSquares(), "huber"), (Adam(0.05), "huber"), (Adam(0.05), "mae")],
    ids=["LeastSquares huber", "Adam huber", "Adam mae"],
)
def test_an_outlier_does_not_hide_what_a_robust_loss_finds(method, loss, size, slope):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 200)
    y = slope * x + 1 + 0.1 * rng.normal(size=200)
    y[[17, 60]] += size, size / 3
    result = quiet(LINE, Dataset({"xx": x}, {"xy": y}), method, loss=loss, epochs=150)
    found = result.status != "trivial" and "no better" not in result.message
    assert found == (slope > 0), result.message
    assert "without 2 samples far off" in result.message


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "cross-entropy", "quartic"])
def test_the_best_constant_is_the_best(loss):
    quartic = Loss("quartic", lambda p, t: (p - t) ** 4, lambda p, t: 4 * (p - t) ** 3)
    kind = quartic if loss == "quartic" else find_loss(loss)
    data = one(COINS if loss == "cross-entropy" else np.exp(NOISE))
    objective = objective_of(LINE, data, kind)
    found = beside_constants(objective, ["xy"], kind, np.array([9.0, 0.0]), 2)
    grid = [objective.value(np.array([0.0, b])) for b in np.linspace(-1, 4, 501)]
    _, constant = found.losses
    assert constant <= min(grid) * (1 + 1e-12)
    assert constant == pytest.approx(min(grid), rel=1e-4)


@pytest.mark.parametrize(
    ("left", "low", "high"),
    [
        (np.tile([1.0, -1.0], 30), 0, 1e-8),
        (np.repeat([1.0, -1.0], 30), 0, 1e-8),
        (np.tile([1.0, 1.0, -1.0, -1.0], 15), 0.5, 1),
        (np.ones(60), 1, 1),
        (np.zeros(60), 1, 1),
        (np.r_[np.ones(56), -np.ones(4)], 1, 1),
    ],
)
def test_runs_of_signs_tell_a_pattern_from_noise(left, low, high):
    assert low <= by_runs(left) <= high


@pytest.mark.parametrize("labels", [False, True])
def test_tests_of_residuals_keep_their_level(labels):
    """Labels come in runs where one of them is likely, though the model is right."""
    rng, x = np.random.default_rng(0), np.linspace(-3, 3, 50 + 50 * labels)
    likely, test = 1 / (1 + np.exp(-x)), by_neighbours if labels else by_runs

    def left():
        if labels:
            return (rng.random(len(x)) < likely) - likely
        return rng.normal(size=len(x))

    found = np.array([test(left()) for _ in range(2_000)])
    assert 0.02 < np.mean(found < 0.05) < 0.08
    assert np.mean(found < 1e-3) < 5e-3
    some = np.sin(4 * x) / 4 * (1 - labels) + labels * ((np.sin(2 * x) > 0) - likely)
    assert test(some) < 1e-3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (1 - 1e-15, "1"), (0.99999, "0.9999"), (0.99996, "0.9999"),
        (0.5, "0.5"), (0.12345, "0.1234"), (1e-5, "0"), (0.0, "0"), (-1e-9, "0"),
        (-0.356, "-0.356"), (-12.34, "-12.3"), (-1.2e9, "-1.2e+09"),
        (float("nan"), "undefined"),
    ],
)  # fmt: skip
def test_r_squared_is_never_printed_as_more_than_it_is(value, text):
    assert round_down(value) == text


# What to change


QUOTIENTS = parse_graph(["xy = a/b + c/d*xx + a/d*xx^2"])
DIODE = parse_graph(["xy = i*(exp(xx/(n*0.02585)) - 1)"])
WIDE = np.linspace(0.5, 5, 40)
VOLTS = np.linspace(0.2, 0.7, 40)
CURRENT = 1e-12 * np.expm1(VOLTS / (1.4 * 0.02585))
DEAD = parse_graph(["xy = relu(w*xx + b)"])
SATURATED = parse_graph(["xy = tanh(w*xx + b)"])
XOR = parse_graph(
    [
        "xh = tanh(a1*x1 + a2*x2 + a0)",
        "xg = tanh(b1*x1 + b2*x2 + b0)",
        "xo = sigmoid(c0 + c1*xh + c2*xg)",
    ]
)
CORNERS = np.random.default_rng(0).uniform(-1, 1, (2, 200))
EXCLUSIVE = Dataset(
    dict(zip(("x1", "x2"), CORNERS, strict=True)),
    {"xo": (CORNERS[0] * CORNERS[1] > 0) * 1.0},
)
ZEROS = dict.fromkeys(XOR.parameters, 0.0)
SMALL = {name: 1e-3 * k for k, name in enumerate(XOR.parameters)}
BY_LOGITS = {"loss": "cross-entropy", "batch": None}
SLOPE = one(3 * X + 1)
UP = ("raise", "higher rate", "rate is too low")
SITUATIONS = {  # graph, data, method, options, status, said, not said
    "dead": (
        DEAD, SLOPE, Adam(), {"start": {"w": -1, "b": -9}}, "trivial",
        "Every slope is zero here", UP,
    ),
    "dead, least squares": (
        DEAD, SLOPE, LeastSquares(), {"start": {"w": -1, "b": -9}}, "trivial",
        "Every slope is zero here", UP,
    ),
    "saturated": (
        SATURATED, SLOPE, SGD(0.1), {"start": {"w": 1, "b": 90}}, "trivial",
        "Every slope is zero here", UP,
    ),
    "nearly saturated": (
        SATURATED, SLOPE, Adam(), {"start": {"w": 1, "b": 12}}, "trivial",
        "Start elsewhere", UP,
    ),
    "at chance, all alike": (
        XOR, EXCLUSIVE, SGD(0.1), BY_LOGITS | {"start": ZEROS, "epochs": 300},
        "trivial", "beside the best constant's 0.69", UP,
    ),
    "at chance, on a plateau": (
        XOR, EXCLUSIVE, SGD(0.1), BY_LOGITS | {"start": SMALL, "epochs": 50},
        "trivial", "The last epoch changed", UP,
    ),
    "at chance, jumping": (
        XOR, EXCLUSIVE, SGD(0.05),
        {"loss": "cross-entropy", "batch": 8, "start": ZEROS, "epochs": 12},
        "trivial", "Start elsewhere", UP,
    ),
    "at chance, a little above": (
        LOGISTIC,
        one(COINS),
        SGD(0.1),
        {
            "loss": "cross-entropy",
            "batch": 4,
            "start": {"w": 0, "b": np.log(COINS.mean() / (1 - COINS.mean()))},
            "epochs": 15,
        },
        "trivial",
        "beside the best constant's 0.69",
        ("lower", *UP),
    ),
    "worse than a constant, falling": (
        LINE, one(100 + X), SGD(1e-4), {"epochs": 5}, "max_steps", "; allow more.", UP
    ),
    "far off in small steps": (
        LINE, one(1e6 + X), Adam(1e-3), {}, "max_steps",
        "rescale the inputs and targets", UP,
    ),
    "diverging": (
        LINE, SLOPE, SGD(30.0), {}, "diverged", "lower the rate", UP
    ),
    "falling": (
        LINE, SLOPE, SGD(0.02), {"batch": None, "start": {"w": 2, "b": 1}}, "max_steps",
        "allow more, or try a higher rate", ("lower",),
    ),
    "up and down": (
        LINE, one(3 * X + NOISE), SGD(0.3), {"batch": 4, "epochs": 20}, "max_steps",
        "lower the rate: the loss goes up and down", UP,
    ),
    "too small to count": (
        LINE, SLOPE, SGD(1e-30), {}, "stalled", "the rate is too low", ("lower the",)
    ),
    "to and fro": (
        parse_graph(["xy = b"]), Dataset({}, {"xy": [0.0, 1.0]}), SGD(0.25),
        {"loss": "mae", "batch": None, "start": {"b": 0.4}}, "converged", "", UP,
    ),
    "off to infinity": (
        QUOTIENTS, one(2 / 3 + WIDE / 3 + WIDE**2 / 0.75, WIDE), LeastSquares(),
        {"rng": 1}, "stalled", "b has run off to -", ("edge", "gradient is zero"),
    ),
    "off to infinity, growth": (
        parse_graph(["xy = k/(1 + (k/n - 1)*exp(-r*xx))"]),
        one(1000 / (1 + 99 * np.exp(-6 - 6 * X)), 10 * X + 10), LeastSquares(),
        {"start": {"k": 1e6, "n": 200, "r": 0.1}}, "stalled",
        "At these values k has no", ("edge", ". k has no effect"),
    ),
    "a step to nowhere": (
        DIODE, one(CURRENT, VOLTS), SGD(0.01), {}, "stalled",
        "a step led far off, n to", UP,
    ),
    "a step to nowhere, upwards": (
        parse_graph(["xy = s*xx/(e*f)"]), one(1e3 * (2 + X), 2 + X), SGD(0.01), {},
        "diverged", "lower the rate", UP,
    ),
    "no number": (
        parse_graph(["xy = ln(a)*xx"]), one(-5 * X), SGD(1.0), {"start": {"a": 3.0}},
        "diverged", "the loss became nan", ("rose", *UP),
    ),
    "no rate is low enough": (
        LINE, one(X, 1e6 * X), SGD(0.01), {}, "diverged", "or rescale the inputs", UP
    ),
    "up and down on a plateau": (
        parse_graph(["xy = a/(xx^5*(exp(b/xx) - 1))"]),
        one(1e3 / ((2 + X) ** 5 * np.expm1(14 / (2 + X))), 2 + X), Adam(0.05), {},
        "max_steps", "allow many more, rescale", UP,
    ),
    "hardly better as yet": (
        LINE, one(0.15 * X + X**2), SGD(0.05), {"epochs": 10}, "max_steps",
        "As yet xy: hardly better", ("no better",),
    ),
    "an exponential missed": (
        DIODE, one(CURRENT, VOLTS), LeastSquares(), {"rng": 1}, "trivial",
        "pattern", ("far off all others", *UP),
    ),
    "a curve by a line": (
        LINE, one(X + 0.3 * X**2 + 0.02 * NOISE), LeastSquares(), {}, "converged",
        "has a pattern: another model may fit better", UP,
    ),
    "a curve by a line, by steps": (
        LINE, one(X + 0.3 * X**2), SGD(0.2), {"epochs": 500, "batch": None},
        "converged", "has a pattern: another model may fit better", UP,
    ),
    "nothing left": (
        LINE, SLOPE, LeastSquares(), {}, "converged", "R² 1.", ("pattern", *UP)
    ),
    "nothing left of probabilities": (
        LOGISTIC, one(1 / (1 + np.exp(-2 * X))), Adam(0.05),
        BY_LOGITS | {"epochs": 400}, "converged", "R² 1;", ("pattern", *UP),
    ),
    "classes apart, by squares": (
        LOGISTIC, one((X > 0.01) * 1.0), LeastSquares(), {}, "stalled",
        "every sample is on its side", ("gradient is zero", *UP),
    ),
    "a border": (
        parse_graph(["xy = (w - 1)^0.5 + b*xx"]), one(3 * X - 0.1), LeastSquares(),
        {"start": {"w": 1.5, "b": 0.0}}, "stalled",
        "it stands at an edge, beyond which the loss or its slope is not finite", UP,
    ),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("name", SITUATIONS)
def test_advice_fits_what_happened(name):
    graph, data, method, options, status, word, never = SITUATIONS[name]
    result = quiet(graph, data, method, **options)
    assert result.status == status, result.message
    assert word in result.message
    for text in never:
        assert text not in result.message


@pytest.mark.parametrize("steps", [12, 40])
@pytest.mark.parametrize("method", [SGD(0.05), Adam(0.01)], ids=["SGD", "Adam"])
def test_how_far_it_still_moved_is_what_it_moved(method, steps):
    runs = [
        quiet(LINE, SLOPE, method, batch=None, epochs=n) for n in (steps - 1, steps)
    ]
    before, after = (np.array(list(run.parameters.values())) for run in runs)
    moves = np.abs(after - before) / np.maximum(np.abs(before), np.abs(after))
    name = list(LINE.parameters)[int(np.argmax(moves))]
    fall = 1 - runs[1].loss / runs[0].loss
    assert (
        f"the last epoch changed {name} by {100 * moves.max():.2g} % "
        f"and the loss by {100 * fall:.2g} %;"
    ) in runs[1].message


def test_least_squares_also_says_how_far_it_still_moved():
    graph, data = data_of("logistic growth", 0, 0.05)
    result = quiet(graph, data, LeastSquares(max_steps=4), start={"r": 0.1})
    found = re.search(r"the last step changed (\w) by (\S+) % and the loss by (\S+) %",
                      result.message)  # fmt: skip
    assert found
    assert found[1] in result.parameters
    assert float(found[2]) > 0.1
    fall = 1 - result.losses[-1] / result.losses[-2]
    assert float(found[3]) == pytest.approx(100 * fall, rel=0.05)
    assert "allow more, LeastSquares(max_steps=…)" in result.message


def test_a_slow_valley_is_walked_to_its_end():
    """NIST's Bennett5, its model and start, on data of its own."""
    graph = parse_graph(["xy = b1*(b2 + xx)^(-1/b3)"])
    truth = {"b1": -2523.5, "b2": 46.737, "b3": 0.93218}
    x = np.linspace(7.4, 12.2, 154)
    y = graph.evaluate({"xx": x, **truth})["xy"]
    data = one(y + 1.9e-3 * np.random.default_rng(1).standard_normal(154), x)
    start = {"b1": -2000, "b2": 50, "b3": 0.8}
    result = quiet(graph, data, start=start)
    assert result.evaluations > 600
    assert result.converged
    assert cosine(graph, data, result) < 1e-6
    for name, value in truth.items():
        error = result.standard_errors[name]
        assert abs(result.parameters[name] - value) < 4 * error


# The same call, the same answer


@pytest.mark.parametrize(
    "method", [SGD(0.01), Adam(0.01), LeastSquares()], ids=lambda m: m.label
)
def test_the_same_call_gives_the_same_answer(method):
    graph, data = data_of("two exponentials", 0, 0.05)

    def run(**options):
        found = quiet(graph, data, method, epochs=2, batch=16, **options)
        return list(found.parameters.values())

    first = run()
    np.random.seed(5)  # noqa: NPY002
    assert run() == first == run(rng=0) == run(rng=None)
    assert run(rng=1) == run(rng=np.random.default_rng(1)) != first


# Sigma, and the units of the loss


SIGMAS = {"1e-6": 1e-6, "0.01": 0.01, "1": 1.0, "1000": 1000.0}
DESCENTS = {"SGD": SGD(0.05), "momentum": SGD(0.02, momentum=0.9), "Adam": Adam(0.02)}


@pytest.mark.parametrize("sigma", SIGMAS.values(), ids=SIGMAS)
@pytest.mark.parametrize("method", DESCENTS.values(), ids=DESCENTS)
def test_sigma_does_not_change_a_descent_unless_asked(method, sigma):
    plain, known = one(2 * X + 0.1 * NOISE), one(2 * X + 0.1 * NOISE, sigma=sigma)
    first = quiet(LINE, plain, method, epochs=5)
    second = quiet(LINE, known, method, epochs=5)
    assert first.parameters == second.parameters
    assert first.losses.tolist() == second.losses.tolist()
    third = quiet(LINE, known, method, epochs=5, weighted=True)
    assert third.parameters == pytest.approx(first.parameters, rel=1e-9)
    assert third.losses == pytest.approx(first.losses, rel=1e-9)
    assert third.loss == pytest.approx(first.loss, rel=1e-9)


@pytest.mark.parametrize("noise", [1e-4, 0.01, 0.1, 1.0])
def test_noise_does_not_make_a_linear_regression_diverge(noise):
    data = generate(LINE, {"w": 2, "b": 1}, 500, noise=noise, rng=0)
    for method in (SGD(0.1), Adam(0.05)):
        result = quiet(LINE, data, method)
        assert result.status != "diverged"
        assert result.parameters == pytest.approx({"w": 2, "b": 1}, abs=5 * noise)
        assert result.loss == pytest.approx(noise**2, rel=0.3)


EACH = {
    "none": None, "one": 0.3, "uneven": UNEVEN, "by target": {"xp": UNEVEN, "xq": 2.0}
}  # fmt: skip
ALL = {"SGD": SGD(0.05), "Adam": Adam(0.02), "LeastSquares": LeastSquares()}


@pytest.mark.every(3)
@pytest.mark.parametrize("loss", ["mse", "huber"])
@pytest.mark.parametrize("sigma", EACH.values(), ids=EACH)
@pytest.mark.parametrize("method", ALL.values(), ids=ALL)
def test_losses_are_in_the_units_of_the_data(method, sigma, loss):
    """So that those of all methods compare, weighted or not."""
    data = two(X + UNEVEN * NOISE, 1 - X, sigma)
    for weighted in (None, False, True)[: 2 if sigma is None else 3]:
        result = quiet(PAIR, data, method, loss=loss, weighted=weighted, epochs=3)
        out = PAIR.evaluate({**data.inputs, **result.parameters})
        misses = np.concatenate([out[n] - y for n, y in data.targets.items()])
        size = np.abs(misses)
        terms = size**2 if loss == "mse" else np.where(size < 1, size**2, 2 * size - 1)
        assert result.loss == pytest.approx(terms.sum() / N, rel=1e-12)


@pytest.mark.parametrize("loss", ["mse", "huber"])
@pytest.mark.parametrize("sigma", list(EACH.values())[1:], ids=list(EACH)[1:])
def test_weighted_descents_and_least_squares_meet(sigma, loss):
    data = two(X + NOISE, 1 - X + 0.1 * NOISE**3, sigma)
    exact = quiet(PAIR, data, loss=loss)
    slow = quiet(
        PAIR, data, Adam(lambda n: 0.1 * 0.995**n), loss=loss, weighted=True,
        batch=None, epochs=2_500,
    )  # fmt: skip
    assert slow.parameters == pytest.approx(exact.parameters, abs=2e-4)
    assert slow.loss == pytest.approx(exact.loss, rel=1e-3)
    assert slow.r_squared == pytest.approx(exact.r_squared, abs=1e-3)


def test_chi_squared_is_that_of_the_weighted_residuals():
    data = one(X + UNEVEN * NOISE, sigma=UNEVEN)
    result = quiet(LINE, data)
    left = data.targets["xy"] - LINE.evaluate({"xx": X, **result.parameters})["xy"]
    assert result.chi_squared == pytest.approx(((left / UNEVEN) ** 2).sum())
    assert f"χ² {result.chi_squared:.4g} for 198 degrees" in " ".join(
        str(result).split()
    )
    assert quiet(LINE, data, weighted=False).chi_squared is None
    assert quiet(LINE, data, Adam()).chi_squared is None
    weight = UNEVEN**-2.0
    around = data.targets["xy"] - np.average(data.targets["xy"], weights=weight)
    expected = 1 - (weight * left**2).sum() / (weight * around**2).sum()
    assert result.r_squared["xy"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sigma", "word"),
    [(1e-4, "too small"), (0.03, "too small"), (0.05, ""), (0.1, "too great"),
     (50.0, "too great")],
)  # fmt: skip
def test_a_sigma_that_the_residuals_belie_is_mentioned(sigma, word):
    x = np.linspace(0, 1, 60)
    y = 3 * x + 1 + 0.05 * np.random.default_rng(3).normal(size=60)
    result = quiet(LINE, Dataset({"xx": x}, {"xy": y}, {"xy": sigma}))
    assert ("per degree of freedom" in result.message) == bool(word)
    assert word in result.message


def test_weights_that_were_not_used_are_mentioned_where_they_matter():
    said = "All samples weigh the same; weighted=True weighs them by sigma."
    for sigma, method, matters in [
        (UNEVEN, Adam(), True), (2.0, Adam(), False), (None, Adam(), False),
        (UNEVEN, LeastSquares(), False),
    ]:  # fmt: skip
        result = quiet(LINE, one(X, sigma=sigma), method, epochs=2)
        assert (said in result.message) == matters


def test_weights_that_do_not_exist_are_refused():
    with pytest.raises(FitError, match=r"^weighted=True needs the sigma of the data\n"):
        quiet(LINE, one(X), weighted=True)
    classes = one((X > 0) * 1.0, sigma=0.1)
    with pytest.raises(FitError, match=r"^cross-entropy has no residuals, so no sigma"):
        quiet(LOGISTIC, classes, SGD(), loss="cross-entropy", weighted=True)
    assert quiet(LOGISTIC, classes, SGD(), loss="cross-entropy", epochs=2).loss > 0


def test_a_parameter_in_no_equation_is_said_to_be_in_none():
    graph = parse_graph(["xy = w*xx + b"], parameters=["q", "w"])
    for method in (LeastSquares(), Adam()):
        result = quiet(graph, SLOPE, method, start={"q": 3.0}, epochs=2)
        assert result.parameters["q"] == 3.0
        assert "q is in no equation." in result.message
    classes = Dataset({"xx": X}, {"xo": (X > 0) * 1.0})
    labels = parse_graph(["xo = sigmoid(w*xx)"], parameters=["q"])
    result = quiet(labels, classes, Adam(), loss="cross-entropy", epochs=2)
    assert set(result.parameters) == {"w", "q"}
