"""A fit beside the best constant: no failure is called a success, whatever the seed."""

import itertools

import numpy as np
import pytest
from scipy.stats import linregress

from cgprimer import (
    SGD,
    Adam,
    Dataset,
    LeastSquares,
    Loss,
    fit,
    parse_graph,
)
from cgprimer.engine.losses import find_loss
from cgprimer.fitting.baseline import beside_constants
from cgprimer.fitting.compared import rounded_down
from cgprimer.fitting.luck import by_runs
from cgprimer.fitting.objective import objective_of

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
SEEDS = dict.fromkeys(MODELS, 20) | {  # these wander long
    "sine": 2,
    "gompertz": 5,
    "logistic growth from n0": 5,
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
    assert f"R² {rounded_down(found)}" in str(result)
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


@pytest.mark.parametrize("name", MODELS)
def test_least_squares_from_its_own_start_is_never_falsely_a_success(name):
    statuses = set()
    for seed in range(SEEDS[name]):
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


@pytest.mark.parametrize("method", [Adam(0.05), SGD(1e-4)], ids=["Adam", "SGD"])
@pytest.mark.parametrize("name", MODELS)
def test_descents_are_never_falsely_a_success(name, method):
    for seed in range(2):
        graph, data = data_of(name, seed, 0.05)
        result = quiet(graph, data, method, rng=seed, epochs=150)
        check_honesty(graph, data, result)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("name", MODELS)
def test_no_seed_and_no_noise_makes_a_failure_a_success(name, noise):
    for seed in range(60):
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


def test_noise_is_hardly_ever_called_a_find():
    """1 of 1 000 by chance; a peak looks for its place and may find a little more."""
    peak = parse_graph(["xy = a*exp(-(xx - m)^2/(2*s^2)) + b"])
    start = {"a": 0.5, "m": 0.3, "s": 0.2, "b": 0.1}
    x = np.linspace(0, 1, 60)
    for seed in range(40):
        noise = one(np.random.default_rng(seed).standard_normal(60), x)
        assert quiet(LINE, noise).status == "trivial"
        if seed < 6:
            assert not quiet(peak, noise, start=start).converged


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "cross-entropy", "quartic"])
def test_the_best_constant_is_the_best(loss):
    quartic = Loss("quartic", lambda p, t: (p - t) ** 4, lambda p, t: 4 * (p - t) ** 3)
    kind = quartic if loss == "quartic" else find_loss(loss)
    data = one(COINS if loss == "cross-entropy" else np.exp(NOISE))
    objective = objective_of(LINE, data, kind)
    found = beside_constants(objective, ["xy"], kind, np.array([9.0, 0.0]), 2)
    grid = [objective.value(np.array([0.0, b])) for b in np.linspace(-1, 4, 501)]
    assert found.constant <= min(grid) * (1 + 1e-12)
    assert found.constant == pytest.approx(min(grid), rel=1e-4)


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


def test_the_runs_test_keeps_its_level():
    rng = np.random.default_rng(0)
    found = np.array([by_runs(rng.normal(size=50)) for _ in range(2_000)])
    assert 0.02 < np.mean(found < 0.05) < 0.08
    assert np.mean(found < 1e-3) < 5e-3


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
    assert rounded_down(value) == text
