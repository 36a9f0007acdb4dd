"""Losses against finite differences, and cross-entropy where sigmoids saturate."""

import mpmath
import numpy as np
import pytest

from cgprimer import SGD, Dataset, FitError, Loss, fit, huber, parse_graph
from cgprimer.engine.losses import LOSSES, find_loss
from cgprimer.fitting.objective import objective_of

POINTS = [(-3.0, 0.3), (-0.7, 1.0), (0.2, 0.0), (0.9, 0.5), (2.6, 1.0), (5.0, 0.1)]
KINDS = {**LOSSES, "huber 0.1": huber(0.1), "huber 3": huber(3.0)}


def entropy(z, t):
    """Binary cross-entropy of the probability sigmoid(z), as it is defined."""
    p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
    return -t * mpmath.log(p) - (1 - t) * mpmath.log(1 - p)


def robust(delta):
    return lambda p, t: (
        (p - t) ** 2 if abs(p - t) <= delta else delta * (2 * abs(p - t) - delta)
    )


DEFINITIONS = {
    "mse": lambda p, t: (p - t) ** 2,
    "mae": lambda p, t: abs(p - t),
    "huber": robust(1),
    "huber 0.1": robust(0.1),
    "huber 3": robust(3),
    "cross-entropy": entropy,
}


@pytest.mark.parametrize("at", POINTS)
@pytest.mark.parametrize("name", KINDS)
def test_value_and_slope_are_those_of_the_definition(name, at):
    loss, (p, t) = KINDS[name], at
    with mpmath.workdps(40):
        value = float(DEFINITIONS[name](mpmath.mpf(p), mpmath.mpf(t)))
        slope = float(mpmath.diff(lambda x: DEFINITIONS[name](x, mpmath.mpf(t)), p))
    arrays = np.array([p]), np.array([t])
    assert loss.value(*arrays) == pytest.approx(value, rel=1e-14, abs=1e-16)
    assert loss.slope(*arrays) == pytest.approx(slope, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("name", KINDS)
def test_a_perfect_prediction_costs_nothing_and_has_no_slope(name):
    if name == "cross-entropy":
        pytest.skip("its least value is the entropy of the target")
    at = np.array([0.7])
    assert KINDS[name].value(at, at) == KINDS[name].slope(at, at) == 0


@pytest.mark.parametrize(("logit", "target"), [(40.0, 0.0), (-40.0, 1.0)])
def test_cross_entropy_keeps_its_slope_at_logit_40(logit, target):
    """Four of five samples wrong by all: the gradient is 0.8 where clamping gives 0."""
    targets = np.array([target] * 4 + [1 - target])
    graph = parse_graph(["xo = sigmoid(c + xx)"])
    data = Dataset({"xx": np.zeros(5)}, {"xo": targets})
    objective = objective_of(graph, data, LOSSES["cross-entropy"])
    loss, gradient = objective.value_and_gradient(np.array([logit]))
    assert loss == pytest.approx(0.8 * 40, rel=1e-12)
    assert abs(gradient[0]) == pytest.approx(0.8, rel=1e-12)

    def clamped(z):
        p = np.clip(1 / (1 + np.exp(-z)), 1e-15, 1 - 1e-15)
        return float(-(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean())

    assert clamped(logit + 1e-3) - clamped(logit - 1e-3) == 0
    result = fit(
        graph, data, SGD(1.0), loss="cross-entropy", start={"c": logit},
        epochs=400, batch=None, progress=False,
    )  # fmt: skip
    assert result.parameters["c"] == pytest.approx(np.sign(logit) * -np.log(4), 1e-3)


@pytest.mark.parametrize("logit", [-1e4, -800.0, 800.0, 1e4])
@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_cross_entropy_is_finite_and_right_at_any_logit(logit, target):
    arrays = np.array([logit]), np.array([target])
    loss = LOSSES["cross-entropy"]
    assert loss.value(*arrays) == max(logit, 0) - target * logit
    assert loss.slope(*arrays) == (logit > 0) - target


WRITTEN = {
    "sigmoid": "xo = sigmoid(c + u*xx)",
    "logit": "xo = c + u*xx",
    "sigmoid of a name": "xl = c + u*xx\nxo = sigmoid(xl)",
    "name taken": "xo_logit = c + u*xx\nxo = sigmoid(xo_logit)",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_an_output_is_a_logit_or_the_sigmoid_of_one(text):
    graph = parse_graph(text)
    data = Dataset({"xx": [0.0, 1.0, 2.0]}, {"xo": [0.0, 1.0, 0.5]})
    objective = objective_of(graph, data, LOSSES["cross-entropy"])
    params = np.array([{"c": 0.3, "u": -0.7}[name] for name in graph.parameters])
    logits = 0.3 - 0.7 * data.inputs["xx"]
    expected = np.mean(
        [float(entropy(z, t)) for z, t in zip(logits, [0, 1, 0.5], strict=True)]
    )
    assert objective.predictions(params) == pytest.approx(logits[None])
    assert objective.value(params) == pytest.approx(expected, rel=1e-13)


def test_a_sigmoid_inside_the_graph_is_left_alone():
    graph = parse_graph(["xh = sigmoid(a*xx)", "xo = sigmoid(b*xh)"])
    data = Dataset({"xx": [1.0]}, {"xo": [1.0]})
    objective = objective_of(graph, data, LOSSES["cross-entropy"])
    hidden = 1 / (1 + np.exp(-0.5))
    assert objective.predictions(np.array([0.5, 2.0])) == pytest.approx(2 * hidden)


@pytest.mark.parametrize("target", [-0.1, 1.1, 2.0])
def test_cross_entropy_refuses_targets_outside_0_to_1(target):
    graph = parse_graph(["xo = sigmoid(c + xx)"])
    data = Dataset({"xx": [0.0, 0.0]}, {"xo": [0.5, target]})
    with pytest.raises(
        FitError, match=r"^cross-entropy needs targets between 0 and 1$"
    ):
        fit(graph, data, loss="cross-entropy", progress=False)


@pytest.mark.parametrize("delta", [0, -1, float("nan"), float("inf")])
def test_huber_needs_a_positive_delta(delta):
    with pytest.raises(FitError, match=r"^huber takes a positive delta, not"):
        huber(delta)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mes", "did you mean 'mse'?"),
        ("crossentropy", "did you mean 'cross-entropy'?"),
        ("?", "losses are mse, mae, huber, cross-entropy"),
    ],
)
def test_an_unknown_loss_names_the_nearest(name, hint):
    with pytest.raises(FitError) as caught:
        find_loss(name)
    assert str(caught.value) == f"unknown loss {name!r}\n  hint: {hint}"


def test_a_loss_of_ones_own_is_a_value_and_a_slope():
    quartic = Loss("quartic", lambda p, t: (p - t) ** 4, lambda p, t: 4 * (p - t) ** 3)
    assert find_loss(quartic) is quartic
    graph = parse_graph(["xy = w*xx"])
    data = Dataset({"xx": [1.0, 2.0]}, {"xy": [3.0, 6.0]})
    result = fit(
        graph, data, SGD(2e-2), loss=quartic, start={"w": 2.5}, epochs=500,
        batch=None, progress=False,
    )  # fmt: skip
    assert result.parameters["w"] == pytest.approx(3, abs=0.05)


GRAPH = ["xh = tanh(a*xx + b)", "xp = c*xh", "xq = a*xx*c"]


@pytest.mark.parametrize("sigma", [None, 0.5, {"xp": [0.5, 1, 2], "xq": 3.0}])
@pytest.mark.parametrize("name", KINDS)
def test_the_loss_of_data_is_the_mean_over_samples_of_the_sum_over_targets(name, sigma):
    loss, graph = KINDS[name], parse_graph(GRAPH)
    targets = {"xp": [0.1, 0.9, 0.4], "xq": [0.0, 1.0, 0.3]}
    data = Dataset({"xx": [0.4, -1.0, 2.0]}, targets, sigma)
    if loss.from_logits and sigma is not None:
        with pytest.raises(FitError, match="no residuals, so no sigma"):
            objective_of(graph, data, loss)
        return
    objective = objective_of(graph, data, loss)
    params = np.array([0.8, -0.3, 1.7])

    def by_hand(values):
        out = graph.evaluate(
            {**data.inputs, **dict(zip(graph.parameters, values, strict=True))}
        )
        total = 0.0
        for target in targets:
            unit = 1 if data.sigma is None else data.sigma[target]
            total += loss.value(out[target] / unit, data.targets[target] / unit).sum()
        return total / 3

    value, gradient = objective.value_and_gradient(params)
    assert value == objective.value(params) == pytest.approx(by_hand(params), rel=1e-13)
    for i in range(3):
        step = np.eye(3)[i] * 1e-6
        slope = (by_hand(params + step) - by_hand(params - step)) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-7, abs=1e-8)


def test_residuals_and_jacobian_belong_together():
    graph = parse_graph(GRAPH)
    data = Dataset(
        {"xx": np.linspace(-1, 1, 7)},
        {"xq": np.ones(7), "xp": np.zeros(7)},
        {"xp": 0.5, "xq": np.arange(1.0, 8.0)},
    )
    objective = objective_of(graph, data, LOSSES["mse"])
    params = np.array([0.8, -0.3, 1.7])
    residuals, jacobian = objective.residuals(params), objective.jacobian(params)
    assert jacobian.shape == (14, 3)
    loss, gradient = objective.value_and_gradient(params)
    assert residuals @ residuals / 7 == pytest.approx(loss, rel=1e-14)
    assert 2 * residuals @ jacobian / 7 == pytest.approx(gradient, rel=1e-13)
    for i in range(3):
        step = np.eye(3)[i] * 1e-6
        ahead, behind = (
            objective.residuals(params + step),
            objective.residuals(params - step),
        )
        assert jacobian[:, i] == pytest.approx((ahead - behind) / 2e-6, 1e-8, 1e-8)


def test_blocks_do_not_show(monkeypatch):
    graph = parse_graph(GRAPH)
    rng = np.random.default_rng(0)
    data = Dataset(
        {"xx": rng.normal(size=50)},
        {"xp": rng.normal(size=50), "xq": rng.normal(size=50)},
        rng.uniform(1, 2, 50),
    )
    params = np.array([0.8, -0.3, 1.7])

    def everything():
        objective = objective_of(graph, data, LOSSES["mse"])
        value, gradient = objective.value_and_gradient(params)
        parts = (objective.residuals(params), objective.jacobian(params).ravel())
        some = objective.value_and_gradient(params, np.array([49, 3, 3, 17]))
        return np.concatenate([[value], gradient, *parts, [some[0]], some[1]])

    whole = everything()
    monkeypatch.setattr("cgprimer.engine.by_numpy.BLOCK", 3)
    assert everything() == pytest.approx(whole, rel=1e-13)
