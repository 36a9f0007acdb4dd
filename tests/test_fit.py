"""Fits: methods × problems, every outcome, and an honest word on each."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from cgprimer import (
    SGD,
    Adam,
    CGPrimerError,
    Dataset,
    FitError,
    FitResult,
    LeastSquares,
    fit,
    generate,
    huber,
    minimize,
    parse_graph,
)
from cgprimer.fitting.cells import round_to_error, rows
from cgprimer.fitting.identification import Combination
from cgprimer.fitting.objective import objective_of
from cgprimer.fitting.result import OUTCOMES
from cgprimer.fitting.standard_errors import reason
from cgprimer.fitting.stopping import is_quiet
from cgprimer.run.losses import find_loss
from cgprimer.run.objective import Objective

CANONICAL = ["xx = xa^2", "xy = ab*xx+ac*xa", "xz = bc*xx+xy", "xw = cd*xx+xz^3"]
TRUTH = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
LINE = parse_graph(["xy = w*xx + b"])
REGRESSION = Dataset({"xx": [1, 2, 3, 4]}, {"xy": [0, -1, -2, -3]})
START = {"w": 0.3, "b": -0.3}
BOWL = parse_graph(["xf = (x1-6)^2 + x2^2 - x1*x2"])
CORNER = {"x1": 6.0, "x2": 6.0}
NETWORK = parse_graph(
    [
        "xz1 = tanh(b1 + w11*x1 + w21*x2)",
        "xz2 = tanh(b2 + w12*x1 + w22*x2)",
        "xo = sigmoid(c + u1*xz1 + u2*xz2)",
    ]
)
FIVE = Dataset(
    {"x1": [0.0, 1, 0, -1, 0], "x2": [0.0, 0, -1, 0, 1]}, {"xo": [1.0, 0, 0, 0, 0]}
)


def quiet(graph, data, method, **options):
    return fit(graph, data, method, **{"progress": False, "rng": 0} | options)


def regression(method, epochs=100, **options):
    options = {"start": START, "batch": None} | options
    return quiet(LINE, REGRESSION, method, epochs=epochs, **options)


def descent(method, steps, start=CORNER):
    return minimize(BOWL, "xf", method, start=start, steps=steps, progress=False)


# Methods × problems


def decay():
    graph = parse_graph(["xy = a*exp(-k*xx) + c"])
    truth = {"a": 2.0, "k": 1.5, "c": -0.5}
    return graph, generate(graph, truth, 200, low=0, high=2, rng=0), truth


def two_outputs():
    graph = parse_graph(["xp = a*xu + b", "xq = tanh(a*xv) - b*xu"])
    truth = {"a": 0.7, "b": -1.2}
    return graph, generate(graph, truth, 100, rng=0), truth


def line():
    return LINE, REGRESSION, {"w": -1.0, "b": 1.0}


PROBLEMS = {"decay": decay, "two outputs": two_outputs, "line": line}
METHODS = {
    "least squares": (LeastSquares(), {}, 1e-12),
    "gradient descent": (SGD(0.1), {"batch": None, "epochs": 3_000}, 1e-3),
    "momentum": (SGD(0.03, momentum=0.9), {"batch": None, "epochs": 1_500}, 1e-4),
    "nesterov": (
        SGD(0.03, momentum=0.9, nesterov=True), {"batch": None, "epochs": 1_500}, 1e-4
    ),
    "adam": (Adam(0.05), {"batch": None, "epochs": 1_500}, 1e-4),
    "batches": (Adam(0.02), {"batch": 16, "epochs": 250}, 1e-2),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_method_finds_the_truth(problem, method):
    graph, data, truth = PROBLEMS[problem]()
    chosen, options, close = METHODS[method]
    if (problem, method) == ("line", "batches"):
        options = {"batch": 2, "epochs": 1_500}
    result = quiet(graph, data, chosen, **options)
    assert result.parameters == pytest.approx(truth, rel=close)
    assert result.status in ("converged", "max_steps")
    assert result.rank == len(truth)
    assert result.undetermined == ()
    assert result.loss == pytest.approx(loss_at(graph, data, result.parameters))


def loss_at(graph, data, parameters):
    out = graph.evaluate({**data.inputs, **parameters})
    return sum(np.mean((out[name] - y) ** 2) for name, y in data.targets.items())


# The canonical example


@pytest.mark.parametrize("seed", range(8))
def test_the_canonical_fit_reaches_what_the_data_determine(seed):
    graph = parse_graph(CANONICAL)
    data = generate(graph, TRUTH, 500, rng=seed)
    result = quiet(graph, data, LeastSquares(), rng=seed)
    found = result.parameters
    assert found["ab"] + found["bc"] == pytest.approx(3, abs=1e-6)
    assert found["ac"] == pytest.approx(4, abs=1e-6)
    assert found["cd"] == pytest.approx(3, abs=1e-6)
    assert result.loss <= 1e-20
    assert result.message == (
        "converged: the loss no longer falls and the gradient is zero. R² 1. "
        "ab and bc are not determined separately, only ab + bc."
    )
    assert (result.rank, result.undetermined) == (3, ("ab", "bc"))
    assert [c.text for c in result.combinations] == ["ab + bc"]
    assert list(found) == list(graph.parameters)


def test_the_sum_is_found_while_its_parts_are_left_where_they_began():
    graph = parse_graph(CANONICAL)
    data = generate(graph, TRUTH, 500, rng=0)
    starts = [{"ab": ab, "bc": bc, "ac": 3, "cd": 2} for ab, bc in [(0, 1), (50, -47)]]
    first, second = (quiet(graph, data, LeastSquares(), start=s) for s in starts)
    assert abs(first.parameters["ab"] - second.parameters["ab"]) > 1
    for result in (first, second):
        total = {"ab": 1.0, "bc": 1.0}
        assert result.combination(total)[0] == pytest.approx(3, abs=1e-6)


def test_errors_belong_to_what_is_determined_only():
    graph = parse_graph(CANONICAL)
    data = generate(graph, TRUTH, 500, noise=0.1, rng=0)
    result = quiet(graph, data, LeastSquares())
    assert result.standard_errors["ab"] is result.standard_errors["bc"] is None
    assert result.standard_errors["cd"] > 0
    assert result.combination({"ab": 1})[1] is None
    assert result.combination({"ab": 1, "bc": -1})[1] is None
    assert result.combination({"ab": 1, "bc": 1.001})[1] is None

    # the same data, fitted by the sum alone, with nothing left open
    sole = parse_graph(["xx = xa^2", "xz = s*xx + ac*xa", "xw = cd*xx + xz^3"])
    start = {"s": 2.9, "ac": 4, "cd": 3}
    other = quiet(sole, data, LeastSquares(), start=start)
    for scale in (1.0, -3.0):
        value, error = result.combination({"ab": scale, "bc": scale})
        assert value == pytest.approx(scale * other.parameters["s"], rel=1e-7)
        assert error == pytest.approx(3 * other.standard_errors["s"] / (3 / abs(scale)))
    mixed = result.combination({"ab": 2, "bc": 2, "ac": -1})
    assert mixed == pytest.approx(other.combination({"s": 2, "ac": -1}), rel=1e-6)
    assert np.isnan(result.covariance[0]).all()
    found = result.intervals()
    assert found["ab"] is found["bc"] is None
    assert found["cd"] == pytest.approx(other.intervals()["cd"], rel=1e-6)


# Exercises with published numbers


def test_linear_regression_falls_short_after_100_steps():
    result = regression(SGD(0.01))
    assert result.parameters == pytest.approx({"w": -0.606, "b": -0.157}, abs=5e-4)
    assert result.loss == pytest.approx(0.2236, abs=5e-5)
    assert result.status == "max_steps"
    assert (result.steps, result.epochs) == (100, 100)
    assert result.losses[0] == pytest.approx(5.915)
    assert (np.diff(result.losses) < 0).all()


@pytest.mark.parametrize(
    ("rate", "status", "loss"),
    [(0.1, "max_steps", 0.00093), (0.119, "max_steps", None), (0.12, "diverged", 5.915),
     (0.125, "diverged", 5.915), (0.2, "diverged", 5.915), (10, "diverged", 5.915),
     (1e200, "diverged", 5.915)],
)  # fmt: skip
def test_rates_beyond_0_1198_diverge_and_are_never_called_a_success(rate, status, loss):
    result = regression(SGD(rate))
    assert result.status == status
    assert result.converged is False
    assert result.loss <= 5.915
    assert loss is None or result.loss == pytest.approx(loss, rel=5e-3)
    if status == "diverged":
        assert result.parameters == START
        assert result.message == (
            "diverged: the loss rose; lower the rate. The best parameters are kept. "
            "R² -3.73."
        )


def test_the_best_parameters_survive_a_late_divergence():
    rates = [0.1] * 20 + [0.5] * 80
    result = regression(SGD(rates))
    assert result.status == "diverged"
    assert result.loss == result.losses.min() < 0.2 < 5.915 < result.losses[-1]
    assert result.loss == pytest.approx(loss_at(LINE, REGRESSION, result.parameters))


@pytest.mark.parametrize(
    ("rates", "steps", "point", "value"),
    [
        ((1 / 2,), 1, (9, 3), -9),
        ((1 / 2, 1 / 3), 2, (8, 4), -12),
        ((1 / 2, 1 / 3, 1 / 4), 3, (8, 4), -12),
        (lambda n: 1 / (n + 2), 2, (8, 4), -12),
        (0.1, 10, (7.9435, 4.0565), -11.9904),
    ],
)
def test_descent_on_the_bowl_goes_where_it_must(rates, steps, point, value):
    result = descent(SGD(rates), steps)
    found = result.parameters["x1"], result.parameters["x2"]
    assert found == pytest.approx(point, abs=5e-5)
    assert result.loss == pytest.approx(value, abs=5e-5)
    assert result.losses[0] == 0
    if value == -12:
        assert result.status == "converged"


def test_the_losses_of_a_descent_are_those_before_its_steps():
    result = descent(SGD((1 / 2, 1 / 3, 1 / 4)), 3)
    assert result.losses == pytest.approx([0, -9, -12])


@pytest.mark.parametrize("rate", [0.667, 0.7, 1.0, 100.0])
def test_a_descent_that_climbs_has_diverged(rate):
    result = descent(SGD(rate), 200)
    assert (result.status, result.loss, result.parameters) == ("diverged", 0, CORNER)
    assert not result.converged


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.5, 0.6])
def test_a_descent_stops_early_at_the_minimum(rate):
    result = descent(SGD(rate), 10_000)
    assert result.status == "converged"
    assert result.steps < 500
    assert result.parameters == pytest.approx({"x1": 8, "x2": 4}, abs=1e-4)


def by_hand(start, steps):
    """The network's losses, with backpropagation written out for its two layers."""
    p, x = np.array(start), np.stack([FIVE.inputs["x1"], FIVE.inputs["x2"]], axis=1)
    target = FIVE.targets["xo"]
    for _ in range(steps + 1):
        b, w, c, u = p[:2], p[2:6].reshape(2, 2), p[6], p[7:]
        z = np.tanh(b + x @ w)
        logit = c + z @ u
        out = 1 / (1 + np.exp(-logit))
        yield -np.mean(np.log(np.where(target == 1, out, 1 - out)))
        error = (out - target) / 5
        hidden = np.outer(error, u) * (1 - z**2)
        p = p - np.concatenate(
            [hidden.sum(0), (x.T @ hidden).ravel(), [error.sum()], z.T @ error]
        )


@pytest.mark.slow
def test_the_network_learns_from_logits_as_it_does_by_hand():
    names = ["b1", "b2", "w11", "w12", "w21", "w22", "c", "u1", "u2"]
    rng, losses = np.random.default_rng(0), []
    for _ in range(10):
        start = rng.normal(size=9)
        result = quiet(
            NETWORK, FIVE, SGD(1.0), loss="cross-entropy", batch=None,
            start=dict(zip(names, start, strict=True)),
        )  # fmt: skip
        *before, last = by_hand(start, 100)
        assert result.losses == pytest.approx(before, rel=1e-8)
        assert result.loss == pytest.approx(min(*before[1:], last), rel=1e-8)
        losses.append(result.loss)
    constant = -(np.log(0.2) + 4 * np.log(0.8)) / 5  # the best that ignores x
    assert 0.03 < min(losses) < 0.1
    assert max(losses) < constant + 0.01


# Steps against loops written out


def least_squares_gradient(p):
    x, y = REGRESSION.inputs["xx"], REGRESSION.targets["xy"]
    error = p[0] * x + p[1] - y
    return np.array([2 * (error * x).mean(), 2 * error.mean()])


def plain(p, rates):
    for rate in rates:
        yield p
        p = p - rate * least_squares_gradient(p)


def heavy_ball(p, rates, momentum):
    move = np.zeros(2)
    for rate in rates:
        yield p
        move = momentum * move - rate * least_squares_gradient(p)
        p = p + move


def look_ahead(p, rates, momentum):
    """Nesterov as published: the gradient is taken where the momentum leads."""
    move = np.zeros(2)
    for rate in rates:
        ahead = p + momentum * move
        yield ahead
        move = momentum * move - rate * least_squares_gradient(ahead)
        p = p + move


def adam(p, rates, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = np.zeros(2), np.zeros(2)
    for t, rate in enumerate(rates, 1):
        yield p
        g = least_squares_gradient(p)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        p = p - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)


FIXED, VARIED = [0.01] * 30, [0.01, 0.02, 0.005, *[0.03] * 27]
LOOPS = {
    "plain": (SGD(0.01), lambda p: plain(p, FIXED)),
    "one rate per step, the last is kept": (
        SGD([0.01, 0.02, 0.005, 0.03]), lambda p: plain(p, VARIED)
    ),
    "a function": (SGD(lambda n: VARIED[n]), lambda p: plain(p, VARIED)),
    "momentum": (SGD(0.01, momentum=0.8), lambda p: heavy_ball(p, FIXED, 0.8)),
    "nesterov": (
        SGD(0.01, momentum=0.8, nesterov=True), lambda p: look_ahead(p, FIXED, 0.8)
    ),
    "adam": (Adam(0.01), lambda p: adam(p, FIXED)),
    "adam with rates": (Adam(VARIED), lambda p: adam(p, VARIED)),
    "adam with betas": (
        Adam(0.01, beta1=0.7, beta2=0.9, epsilon=0.1),
        lambda p: adam(p, FIXED, 0.7, 0.9, 0.1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_steps_are_those_of_the_loop_written_out(name):
    method, loop = LOOPS[name]
    result = regression(method, epochs=30)
    points = loop(np.array([0.3, -0.3]))
    losses = [loss_at(LINE, REGRESSION, {"w": w, "b": b}) for w, b in points]
    assert result.losses == pytest.approx(losses, rel=1e-10)


@pytest.mark.parametrize(("batch", "steps"), [(1, 40), (3, 20), (4, 10), (None, 10)])
def test_an_epoch_takes_every_sample_once(batch, steps, monkeypatch):
    seen = []
    original = Objective.epoch

    def watched(self, state, given):
        seen.append(given.order)
        return original(self, state, given)

    monkeypatch.setattr(Objective, "epoch", watched)
    result = regression(SGD(1e-3), epochs=10, batch=batch)
    assert (result.steps, result.epochs) == (steps, 10)
    assert len(result.losses) == steps
    assert [sorted(epoch) for epoch in seen] == [[0, 1, 2, 3]] * 10
    if batch in (1, 3):
        assert len({tuple(epoch) for epoch in seen}) > 1


def test_a_batch_is_a_step_on_its_samples():
    single = Dataset({"xx": [2.0]}, {"xy": [1.0]})
    result = quiet(LINE, single, SGD(0.1), start=START, epochs=1)
    error = 0.3 * 2 - 0.3 - 1
    expected = {"w": 0.3 - 0.1 * 2 * error * 2, "b": -0.3 - 0.1 * 2 * error}
    assert result.parameters == pytest.approx(expected, rel=1e-14)


def test_a_seed_repeats_a_fit():
    graph, data, _ = decay()

    def run(rng):
        result = quiet(graph, data, Adam(0.01), epochs=3, rng=rng)
        return list(result.parameters.values())

    assert run(1) == run(1) == run(np.random.default_rng(1)) != run(2)


def test_starts_left_out_lie_between_0_and_1():
    seen = []
    for seed in range(20):
        result = regression(SGD(1e-15), epochs=1, start={"w": 0.5}, rng=seed)
        assert result.parameters["w"] == pytest.approx(0.5, abs=1e-9)
        seen.append(result.parameters["b"])
    assert min(seen) > 0
    assert max(seen) < 1
    assert np.ptp(seen) > 0.5


# Outcomes


def interrupted(method, after, monkeypatch):
    calls = itertools.count()
    for name in ("epoch", "jacobian"):
        original = getattr(Objective, name)

        def stopping(self, *args, _original=original):
            if next(calls) == after:
                raise KeyboardInterrupt
            return _original(self, *args)

        monkeypatch.setattr(Objective, name, stopping)
    return regression(method)


@pytest.mark.parametrize("after", [1, 5, 50])
def test_ctrl_c_returns_the_best_so_far(after, monkeypatch):
    result = interrupted(SGD(0.01), after, monkeypatch)
    monkeypatch.undo()
    assert result.status == "interrupted"
    assert result.message.startswith(
        "interrupted: these are the best parameters so far. R² "
    )
    assert result.parameters == regression(SGD(0.01), epochs=after).parameters
    assert result.rank == 2


def test_ctrl_c_ends_least_squares_and_a_minimisation_too(monkeypatch):
    result = interrupted(LeastSquares(), 1, monkeypatch)
    assert result.status == "interrupted"
    assert result.loss < 5.915

    def stop(number):
        if number == 2:
            raise KeyboardInterrupt
        return (1 / 2, 1 / 3)[number]

    result = descent(SGD(stop), 10)
    assert (result.status, result.loss) == ("interrupted", pytest.approx(-12))


def broken(monkeypatch):
    def solve(*args, **kwargs):
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr("scipy.optimize.least_squares", solve)
    return regression(LeastSquares())


REACHED = {
    "converged": lambda _: regression(LeastSquares()),
    "trivial": lambda _: quiet(
        LINE, Dataset({"xx": [1, 2, 3, 4]}, {"xy": [1, 0, 0, 1]}), LeastSquares()
    ),
    "max_steps": lambda _: regression(SGD(0.01)),
    "stalled": lambda _: regression(SGD(1e-30)),
    "unbounded": lambda _: minimize(
        parse_graph(["xf = b^2 - exp(w)"]),
        "xf",
        SGD(0.1),
        start={"w": 1.0, "b": 0.0},
        progress=False,
    ),
    "diverged": lambda _: regression(SGD(0.2)),
    "interrupted": lambda patch: interrupted(SGD(0.01), 5, patch),
    "failed": broken,
}


@pytest.mark.parametrize("status", OUTCOMES)
def test_every_outcome_is_reached_and_said(status, monkeypatch):
    result = REACHED[status](monkeypatch)
    assert result.status == status
    assert result.message.startswith(OUTCOMES[status])
    assert result.converged is (status == "converged")
    assert set(result.parameters) == {"w", "b"}
    assert np.isfinite([result.loss, *result.parameters.values()]).all()


@pytest.mark.parametrize("steps", [1, 2])
def test_least_squares_says_when_it_was_not_given_enough_steps(steps):
    graph, data, _ = decay()
    result = quiet(graph, data, LeastSquares(max_steps=steps))
    assert result.status == "max_steps"


@pytest.mark.parametrize("text", ["1 - x1^2", "relu(x1 - 9)", "x1^3", "cos(x1)"])
def test_a_start_that_never_moves_is_not_taken_for_a_minimum(text):
    graph = parse_graph([f"xf = {text}"])
    for method in (SGD(0.1), Adam()):
        result = minimize(graph, "xf", method, start={"x1": 0.0}, progress=False)
        assert "It never moved: the start may as well be a maximum" in result.message
    assert "never moved" not in descent(SGD(0.1), 1_000).message


ULP = 2.0**-52


@pytest.mark.parametrize(
    ("losses", "quiet"),
    [
        ([1.0] * 11, True),
        ([1.0] * 10, False),
        ([1 - k * ULP for k in range(11)], True),
        ([1 + k * ULP for k in range(11)], False),
        ([1.0, *[1 + ULP] * 10], False),
        ([1 - k * 1e-9 for k in range(11)], False),
        ([*[1.0] * 10, 0.9], False),
        ([0.9, *[1.0] * 10], False),
        ([5.0, *[1.0] * 11], True),
        ([0.0] * 11, True),
        ([-3.0] * 11, True),
    ],
)
def test_the_rule_that_stops_early_cannot_be_met_by_a_rise(losses, quiet):
    assert is_quiet(losses) is quiet


def test_steps_too_small_to_matter_are_no_success():
    result = descent(SGD(1e-20), 50, {"x1": 1.0, "x2": 1.0})
    assert result.status == "stalled"
    assert "the rate is too low" in result.message


@pytest.mark.every(3)
@pytest.mark.parametrize("scale", [1e-6, 1e-8, 1e-9, 1e-12])
@pytest.mark.parametrize("method", [SGD(), Adam()], ids=["SGD", "Adam"])
def test_a_slope_that_units_make_small_is_no_minimum(method, scale):
    x = np.linspace(0.1, 5, 40)
    y = 2 * x + 1 + 0.05 * np.random.default_rng(3).normal(size=40)
    data = Dataset({"xx": scale * x}, {"xy": scale * y})
    result = quiet(LINE, data, method, epochs=3000)
    assert result.status in ("max_steps", "stalled"), result.message
    assert "lower the rate" not in result.message
    if result.status == "stalled":
        assert "rescale the inputs and targets" in result.message


@pytest.mark.parametrize(
    ("text", "start", "status"),
    [
        ("1e10 + 1e-3*(x1 - 3)^2", 1.0, "stalled"),
        ("1e6 + 1e-6*(x1 - 3)^2", 1.0, "stalled"),
        ("sigmoid(x1)", 30.0, "stalled"),
        ("tanh(x1)", 15.0, "stalled"),
        ("1 + (x1 - 3)^2", 1.0, "converged"),
        ("cos(x1)", 1.0, "converged"),
        ("1 + exp(x1) - x1", 1.0, "converged"),
    ],
)
def test_a_function_of_great_offset_is_not_at_rest_before_it_is(text, start, status):
    graph, by = parse_graph([f"xf = {text}"]), SGD(0.1)
    result = minimize(graph, "xf", by, start={"x1": start}, progress=False)
    assert result.status == status, result.message
    assert "lower the rate" not in result.message


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("text", "start", "method", "status"),
    [
        ("0 - x1^2", 1.0, SGD(0.1), "unbounded"),
        ("0 - x1^2", 1e-8, SGD(0.1), "unbounded"),
        ("5 - x1^2", 1.0, SGD(0.1, momentum=0.5), "unbounded"),
        ("0 - exp(x1)", 1.0, Adam(0.1), "unbounded"),
        ("x1 - x1^4", -1.0, SGD(0.1), "unbounded"),
        ("x1^4 - x1^2", 1e-9, SGD(0.1), "converged"),
        ("(x1 - 1e6)^2 - 1e12", 0.0, Adam(1.0), "max_steps"),
        ("0 - x1", 1.0, SGD(0.1), "max_steps"),
    ],
)
def test_a_loss_that_falls_ever_faster_is_unbounded(text, start, method, status):
    graph = parse_graph([f"xf = {text}"])
    result = minimize(graph, "xf", method, start={"x1": start}, progress=False)
    assert result.status == status, result.message


def test_a_loss_that_turns_nan_has_diverged():
    graph = parse_graph(["xy = ln(a)*xx"])
    data = Dataset({"xx": [1.0, 2.0]}, {"xy": [-5.0, -10.0]})
    result = quiet(graph, data, SGD(1.0), start={"a": 3.0})
    assert (result.status, result.parameters) == ("diverged", {"a": 3.0})


def test_least_squares_backs_out_of_a_region_without_values():
    graph = parse_graph(["xy = ln(a)*xx"])
    data = Dataset({"xx": [1.0, 2.0]}, {"xy": [-5.0, -10.0]})
    result = quiet(graph, data, LeastSquares(), start={"a": 3.0})
    assert result.converged
    assert result.parameters["a"] == pytest.approx(np.exp(-5), rel=1e-10)


# Weights and robustness


def noisy_line(size=60, seed=3):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 3, size)
    sigma = np.where(x < 1, 0.05, 1.0)
    return x, 2 * x - 1 + sigma * rng.normal(size=size), sigma


def test_weights_and_errors_are_those_of_the_normal_equations():
    x, y, sigma = noisy_line()
    design = np.stack([x, np.ones_like(x)], axis=1)
    for weights in (None, sigma):
        scale = np.ones_like(x) if weights is None else weights
        rows, values = design / scale[:, None], y / scale
        expected = np.linalg.solve(rows.T @ rows, rows.T @ values)
        left = rows @ expected - values
        variance = left @ left / 58 if weights is None else 1.0
        covariance = np.linalg.inv(rows.T @ rows) * variance
        result = quiet(LINE, Dataset({"xx": x}, {"xy": y}, weights), LeastSquares())
        errors = np.sqrt(np.diagonal(covariance))
        assert list(result.parameters.values()) == pytest.approx(expected, rel=1e-10)
        assert result.covariance == pytest.approx(covariance, rel=1e-8)
        assert list(result.standard_errors.values()) == pytest.approx(errors, rel=1e-8)
        assert result.dof == 58
        for level in (0.5, 0.95):
            factor = student.ppf((1 + level) / 2, 58)
            low = (expected - factor * errors).tolist()
            found = [interval[0] for interval in result.intervals(level).values()]
            assert found == pytest.approx(low, rel=1e-8)
        value, error = result.combination({"w": 2, "b": -1})
        c = np.array([2.0, -1.0])
        assert value == pytest.approx(c @ expected)
        assert error == pytest.approx(np.sqrt(c @ covariance @ c), rel=1e-8)


def test_descents_weigh_as_least_squares_does():
    x, y, sigma = noisy_line()
    data = Dataset({"xx": x}, {"xy": y}, np.where(sigma > 0.5, 2.0, 0.5))
    exact = quiet(LINE, data, LeastSquares())
    slow = quiet(LINE, data, Adam(0.05), weighted=True, batch=None, epochs=2_000)
    assert slow.parameters == pytest.approx(exact.parameters, abs=1e-5)
    assert slow.loss == pytest.approx(exact.loss, rel=1e-9)
    unweighted = quiet(LINE, Dataset({"xx": x}, {"xy": y}), LeastSquares())
    assert abs(unweighted.parameters["b"] - exact.parameters["b"]) > 0.01


def test_huber_shrugs_off_what_ruins_a_square():
    x = np.linspace(0, 3, 30)
    y = 2 * x - 1
    y[::10] += 100
    data = Dataset({"xx": x}, {"xy": y})
    truth = np.array([2.0, -1.0])

    def miss(method, loss, **options):
        result = quiet(LINE, data, method, loss=loss, **options)
        return np.abs(np.array(list(result.parameters.values())) - truth).max()

    slow = {"batch": None, "epochs": 1_500}
    assert miss(LeastSquares(), "mse") > 5
    assert miss(LeastSquares(), "huber") < 0.4
    assert miss(SGD(0.05), "huber", **slow) < 0.4
    assert miss(SGD(0.1), huber(0.1), **slow) < 0.05
    assert miss(SGD([0.01] * 900 + [1e-4]), "mae", **slow | {"epochs": 1_000}) < 0.02
    robust = [quiet(LINE, data, m, loss="huber", **slow).loss for m in
              (SGD(0.05), LeastSquares())]  # fmt: skip
    assert robust[0] == pytest.approx(robust[1], rel=1e-6)


# What is refused


def other(inputs, targets):
    return Dataset(
        {name: [1.0] for name in inputs.split()}, {n: [1.0] for n in targets.split()}
    )


REFUSED = {
    "unknown start": (
        lambda: regression(SGD(), start={"ww": 1}),
        "start names ww, which is unknown\n  hint: did you mean 'w'?",
    ),
    "start of two": (
        lambda: regression(SGD(), start={"w": [1, 2]}),
        "the start of 'w' is one finite number",
    ),
    "start nan": (
        lambda: regression(SGD(), start={"w": np.nan}),
        "the start of 'w' is one finite number",
    ),
    "start text": (lambda: regression(SGD(), start={"w": "a"}), None),
    "loss": (
        lambda: regression(SGD(), loss="mes"),
        "unknown loss 'mes'\n  hint: did you mean 'mse'?",
    ),
    "epochs": (
        lambda: regression(SGD(), epochs=0),
        "epochs is a whole number from 1, not 0",
    ),
    "epochs nan": (lambda: regression(SGD(), epochs=float("nan")), None),
    "batch": (
        lambda: regression(SGD(), batch=2.5),
        "batch is a whole number from 1, not 2.5",
    ),
    "steps": (lambda: descent(SGD(), 0), "steps is a whole number from 1, not 0"),
    "method": (
        lambda: regression("adam"),
        "method is a value of SGD, Adam or LeastSquares, not 'adam'",
    ),
    "method class": (lambda: regression(Adam), None),
    "minimise by squares": (lambda: descent(LeastSquares(), 3), None),
    "mae by squares": (
        lambda: regression(LeastSquares(), loss="mae"),
        "LeastSquares fits 'mse' and 'huber', not 'mae'\n"
        "  hint: use Adam or SGD for this loss",
    ),
    "huber(2) by squares": (lambda: regression(LeastSquares(), loss=huber(2)), None),
    "start left out": (
        lambda: descent(SGD(), 3, {"x1": 1.0}),
        "start lacks a value for x2",
    ),
    "unknown variable": (
        lambda: minimize(BOWL, "xg", SGD(), start=CORNER, progress=False),
        "unknown output 'xg'\n  hint: the variables are xf, x1, x2",
    ),
    "no parameters": (
        lambda: quiet(parse_graph(["xy = xx"]), REGRESSION, SGD()),
        "the graph has no parameters: there is nothing to fit",
    ),
    "target": (
        lambda: quiet(LINE, other("xx", "xq"), SGD()),
        "the target 'xq' is not defined by the graph\n"
        "  hint: the defined variables are xy",
    ),
    "no input": (
        lambda: quiet(LINE, other("", "xy"), SGD()),
        "the data lack the inputs xx\n  hint: it has no inputs",
    ),
    "no inputs at all": (
        lambda: quiet(parse_graph(["xy = a*t"]), other("S", "xy"), SGD()),
        "the graph has no inputs S\n  hint: no name starts with x; "
        "parse_graph(…, variables=[…]) declares other inputs",
    ),
    "input too many": (
        lambda: quiet(LINE, other("xx xa", "xy"), SGD()),
        "the graph has no inputs xa\n  hint: it has xx",
    ),
    "rate": (lambda: SGD(-1), "a learning rate is a positive number, not -1"),
    "rate nan": (lambda: Adam(np.nan), "a learning rate is a positive number, not nan"),
    "rate text": (
        lambda: SGD("a"),
        "the learning rate is 'a': a real number or an array of real numbers "
        "is expected",
    ),
    "rates": (lambda: SGD([0.1, 0]), None),
    "no rates": (lambda: SGD([]), "a learning rate is a positive number, not []"),
    "momentum": (lambda: SGD(momentum=1), "momentum lies in [0, 1), not 1"),
    "nesterov": (lambda: SGD(nesterov=True), "nesterov needs momentum > 0"),
    "beta": (lambda: Adam(beta2=1.5), "beta2 lies in [0, 1), not 1.5"),
    "epsilon": (lambda: Adam(epsilon=0), "epsilon is positive, not 0"),
    "ftol": (lambda: LeastSquares(ftol=0), "ftol lies between 0 and 1, not 0"),
    "max_steps": (lambda: LeastSquares(max_steps=0), "max_steps is at least 1, not 0"),
}


@pytest.mark.parametrize(("call", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused(call, expected):
    with pytest.raises(CGPrimerError) as caught:
        call()
    assert expected is None or str(caught.value) == expected


@pytest.mark.parametrize("method", [SGD(), Adam(), LeastSquares()])
@pytest.mark.parametrize(("text", "start"), [("ln(w*xx)", -1), ("exp(w*xx)", 900)])
def test_a_start_without_a_finite_loss_is_refused(text, start, method):
    graph = parse_graph([f"xy = {text}"])
    with pytest.raises(FitError, match=r"^the loss is (nan|inf) at the start: choose"):
        quiet(graph, other("xx", "xy"), method, start={"w": start})


# The result


def test_a_result_prints_what_was_found_and_what_was_not():
    graph = parse_graph(CANONICAL)
    data = generate(graph, TRUTH, 500, noise=0.1, rng=0)
    result = quiet(graph, data, LeastSquares())
    text = str(result)
    lines = {
        line.split("│")[1].strip(): line for line in text.splitlines() if "│" in line
    }
    assert text.startswith(f"LeastSquares: loss {result.loss:.6g} after ")
    assert "undetermined" in lines["ab"]
    assert "undetermined" in lines["bc"]
    assert f" {result.parameters['cd']:.3f} " in lines["cd"]  # to its error's digits
    assert f"{result.standard_errors['cd']:.2g}" in lines["cd"]
    error = result.combination({"ab": 1, "bc": 1})[1]
    assert f"{error:.2g}" in lines["ab + bc"]
    assert "only ab + bc." in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 88
    assert repr(result) == text


LINE_DATA = {"xx": np.linspace(0, 1, 20)}
NOISY = 2 * LINE_DATA["xx"] + 1 + 0.1 * np.sin(40 * LINE_DATA["xx"])
EXACT = {"xx": [0.0, 1.0]}, {"xy": [1.0, 3.0]}


def line_fit(method=None, data=None, **how):
    data = data or (LINE_DATA, {"xy": NOISY})
    return quiet(LINE, Dataset(*data), method or LeastSquares(), **how)


def of_status(status):
    result = line_fit()
    shown = "" if status == "converged" else reason_of(status)
    return dataclasses.replace(result, status=status, without_errors=shown, spread=None)


def reason_of(status):
    data = Dataset(LINE_DATA, {"xy": NOISY})
    objective = objective_of(LINE, data, find_loss("mse"))
    return reason(objective, LeastSquares(), status, True)


REASONS = {
    "no data": (
        lambda: minimize(
            parse_graph(["xf = (w - 1)^2"]), "xf", SGD(0.1), start={"w": 0.0},
            steps=3, progress=False,
        ),
        "none by SGD",
    ),
    "Adam": (lambda: line_fit(Adam()), "none by Adam"),
    "SGD": (lambda: line_fit(SGD()), "none by SGD"),
    "Adam's huber": (lambda: line_fit(Adam(), loss="huber"), "none by Adam"),
    "huber": (lambda: line_fit(loss="huber"), "none with huber"),
    "n = p": (lambda: line_fit(data=EXACT), "n = p"),
    "exact data": (
        lambda: line_fit(data=(LINE_DATA, {"xy": 2 * LINE_DATA["xx"] + 1})),
        "data met to rounding",
    ),
    "switched off": (lambda: line_fit(identify=False), "not asked for"),
    "few steps": (
        lambda: line_fit(LeastSquares(max_steps=1), start={"w": 90, "b": 90}),
        "not converged",
    ),
    "trivial": (lambda: of_status("trivial"), "trivial fit"),
    "failed": (lambda: of_status("failed"), "not converged"),
    "interrupted": (lambda: of_status("interrupted"), "not converged"),
    "not identified": (
        lambda: quiet(
            parse_graph(["xy = w*xx + b + 0*v"]),
            Dataset(LINE_DATA, {"xy": NOISY}),
            LeastSquares(),
        ),
        "undetermined",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REASONS)
def test_a_cell_that_cannot_be_filled_says_why(case):
    make, why = REASONS[case]
    result = make()
    cells, left = rows(result)
    assert left == ""
    assert [name for name, _, _ in cells] == [*result.parameters]
    if why == "undetermined":
        assert [error for _, _, error in cells][-1] == why
        cells = cells[:-1]
        assert all(float(error) > 0 for _, _, error in cells)
    else:
        assert {error for _, _, error in cells} == {why}
    assert why in str(result)


ROUNDED = [
    (2.99971234, 0.00056, "2.99971", "0.00056"),
    (2.99971234, 0.0006, "2.99971", "0.00060"),
    (2.9997, 0.56, "3.00", "0.56"),
    (2.9997, 56.0, "3", "56"),
    (12345.678, 1234.0, "1.23e+04", "1.2e+03"),
    (0.0012345, 2e-6, "0.0012345", "2.0e-06"),
    (1.2345e-12, 3.4e-15, "1.2345e-12", "3.4e-15"),
    (-6.62607015e-34, 8.1e-42, "-6.626070150e-34", "8.1e-42"),
    (5.97219e24, 6.1e20, "5.97219e+24", "6.1e+20"),
    (0.0, 0.12, "0.00", "0.12"),
    (0.004, 0.12, "0.00", "0.12"),
    (1.0, 0.0996, "1.00", "0.10"),
    (3.0, 0.0, "3", "0.0"),
    (12345.0, 15.0, "12345", "15"),
    (12345.0, 150.0, "1.234e+04", "1.5e+02"),
    (-12345.0, 1500.0, "-1.23e+04", "1.5e+03"),
    (2e6, 15.0, "2.000000e+06", "15"),
    (3.0, 1e-13, "3.00000000000000e+00", "1.0e-13"),
]


@pytest.mark.parametrize(("value", "error", "shown", "with_error"), ROUNDED)
def test_values_are_rounded_to_the_second_digit_of_their_error(
    value, error, shown, with_error
):
    assert round_to_error(value, error) == (shown, with_error)
    if error:
        assert abs(float(shown) - value) <= 0.06 * error


def test_a_table_has_a_hundred_rows_and_says_what_it_leaves_out():
    values = {f"p{i}": i / 3 for i in range(1510)}
    result = FitResult(values, 1.0, np.ones(1), "converged", "m", "SGD", 1, 1, 1, 0.0)
    cells, left = rows(result)
    assert len(cells) == 100
    assert left == "1 410 more parameters, see .parameters"
    assert left in str(result)
    assert len(str(result).splitlines()) < 110


def test_names_are_printed_as_they_are():
    combination = Combination("a[red]", {"a": 1.0})
    result = FitResult(
        {"a": 1.0}, 1.0, np.ones(1), "converged", "[bold]", "SGD", 1, 1, 1, 0.0,
        undetermined=("a",), combinations=(combination,),
    )  # fmt: skip
    assert "a[red]" in str(result)
    assert "[bold]" in str(result)


def test_a_result_without_errors_gives_none():
    result = regression(SGD(0.01))
    assert result.standard_errors is result.covariance is None
    assert result.intervals() == {"w": None, "b": None}
    assert result.combination({"w": 1, "b": 1}) == (
        pytest.approx(sum(result.parameters.values())),
        None,
    )
    with pytest.raises(FitError, match=r"^the fit has no parameters v$"):
        result.combination({"v": 1})


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e6, 1e11, 1e12, 1e13])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_noise_on_a_great_offset_is_no_rounding(offset, noise):
    x = np.linspace(0.1, 5, 40)
    y = offset + 2 * x + 1 + noise * np.random.default_rng(3).normal(size=40)
    result = quiet(LINE, Dataset({"xx": x}, {"xy": y}), LeastSquares())
    assert bool(result.noise_free) == (noise == 0), result.message


def test_as_many_parameters_as_samples_leave_no_errors():
    data = Dataset({"xx": [0.0, 1.0]}, {"xy": [1.0, 3.0]})
    result = quiet(LINE, data, LeastSquares())
    assert result.parameters == pytest.approx({"w": 2, "b": 1})
    assert result.dof == 0
    assert result.standard_errors == {"w": None, "b": None}
    assert result.intervals() == {"w": None, "b": None}


def test_the_counts_are_right():
    result = regression(SGD(0.01), epochs=7, batch=3)
    assert (result.epochs, result.steps, len(result.losses)) == (7, 14, 14)
    # the start, each step, each epoch
    assert result.evaluations == 1 + 14 + 7
    assert 0 < result.time < 60
    assert result.method == "SGD"


def test_progress_goes_to_standard_error_and_only_if_asked(capsys):
    regression(SGD(0.01), epochs=2)
    assert capsys.readouterr() == ("", "")
    for method in (SGD(0.01), LeastSquares()):
        regression(method, epochs=2, progress=True)
        shown = capsys.readouterr()
        assert shown.out == ""
        assert method.label in shown.err


def test_outputs_in_the_middle_and_graphs_without_inputs_can_be_fitted():
    graph = parse_graph(["xy = a^2", "xz = xy + b"])
    data = Dataset({}, {"xy": [4.0, 4.0], "xz": [5.0, 5.0]})
    result = quiet(graph, data, LeastSquares(), start={"a": 1.0})
    assert result.parameters == pytest.approx({"a": 2, "b": 1})


SIZES = [10.0**k for k in (-150, -100, -30, 0, 30, 100, 150)]
SIZED: dict[str, tuple[str, Callable[..., Any], Callable[..., Any]]] = {
    "line": ("a*xa + b", lambda a, b, x: a * x + b, lambda x, y: (y / x, y)),
    "exponential": (
        "a*exp(b*xa)",
        lambda a, b, x: a * np.exp(b * x),
        lambda x, y: (y, 1 / x),
    ),
    "Michaelis-Menten": (
        "a*xa/(b + xa)",
        lambda a, b, x: a * x / (b + x),
        lambda x, y: (y, x),
    ),
    "quadratic": (
        "a*xa^2 + b*xa",
        lambda a, b, x: a * x**2 + b * x,
        lambda x, y: (y / x / x, y / x),
    ),
}
"""Right side, the same in numpy, and how large a and b are for x and y of some size."""


@pytest.mark.every(4)
@pytest.mark.parametrize("model", SIZED)
@pytest.mark.parametrize("method", [LeastSquares(), Adam(0.05), SGD(0.05)])
def test_no_size_makes_a_false_success(model: str, method: Any):
    """Least squares from near meets every size; nothing else claims what is not so."""
    right, function, sizes = SIZED[model]
    graph, columns = parse_graph([f"xy = {right}"]), np.linspace(0.2, 3.0, 12)
    exact = isinstance(method, LeastSquares)
    tried = SIZES if exact else SIZES[::3]
    for x, y in [(1.0, size) for size in tried] + [(size, 1.0) for size in tried]:
        a, b = np.array([1.7, 0.6]) * sizes(x, y)
        if not (np.isfinite([a, b]).all() and a and b):
            continue  # parameters that a double cannot hold
        data = Dataset({"xa": columns * x}, {"xy": function(a, b, columns * x)})
        for start in (None, {"a": 1.3 * a, "b": 0.8 * b}):
            try:
                result = fit(graph, data, method, start=start, epochs=4, progress=False)
            except FitError as error:  # the default start may be out of reach
                assert start is None, (x, y)
                assert "at the start" in str(error)  # noqa: PT017
                continue
            found = [result.parameters["a"] / a, result.parameters["b"] / b]
            fits = found == pytest.approx([1, 1], rel=1e-6)
            assert (result.status == "converged") <= fits, (x, y, start, result)
            if exact and (start or (x == 1 and model != "exponential")):
                assert fits, (x, y, start, result.message)
                assert result.status == "converged", (x, y, start, result.message)
                assert result.r_squared["xy"] == pytest.approx(1)
