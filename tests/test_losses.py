"""Losses against finite differences, and cross-entropy where sigmoids saturate."""

import mpmath
import numpy as np
import pytest

from cgprimer import (
    SGD,
    Adam,
    Dataset,
    FitError,
    LeastSquares,
    Loss,
    fit,
    huber,
    parse_graph,
)
from cgprimer.fitting.objective import objective_of
from cgprimer.run.llvm import jit
from cgprimer.run.logits import with_logits
from cgprimer.run.losses import LOSSES, SOFTMAX, find_loss

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


WRITTEN_OUT = {
    "1/(1 + exp(-z))": "xo = 1/(1 + exp(-(c + u*xx)))",
    "exp(z)/(1 + exp(z))": "xo = exp(c + u*xx)/(1 + exp(c + u*xx))",
    "another name": "xs = sigmoid(c + u*xx)\nxo = xs",
}


@pytest.mark.parametrize("text", WRITTEN_OUT.values(), ids=WRITTEN_OUT)
def test_a_sigmoid_is_known_however_it_is_written(text):
    graph = parse_graph(text, outputs=["xo"])
    data = Dataset({"xx": [0.0, 1.0, 2.0]}, {"xo": [0.0, 1.0, 0.5]})
    objective = objective_of(graph, data, LOSSES["cross-entropy"])
    params = np.array([{"c": 0.3, "u": -0.7}[name] for name in graph.parameters])
    assert objective.predictions(params) == pytest.approx(
        0.3 - 0.7 * data.inputs["xx"][None]
    )


def test_targets_that_share_a_logit_each_have_their_share_of_the_gradient():
    graph = parse_graph("xs = sigmoid(c*xx)\nxo = xs\nxp = xs", outputs=["xo", "xp"])
    data = Dataset({"xx": [1.0, 2.0]}, {"xo": [0.0, 1.0], "xp": [1.0, 0.2]})
    objective = objective_of(graph, data, LOSSES["cross-entropy"])
    at, step = np.array([0.4]), 1e-6
    gap = objective.value(at + step) - objective.value(at - step)
    assert objective.value_and_gradient(at)[1] == pytest.approx(gap / 2 / step, 1e-7)


@pytest.mark.parametrize("loss", ["cross-entropy", "softmax-cross-entropy"])
def test_only_equations_of_targets_are_touched(loss):
    """All others stay the arrays that they are; without a sigmoid the graph itself."""
    hidden = [f"xh{k} = tanh(u{k}*xx + 0.{k}1)" for k in range(9)]
    for out, added in (("{}", 0), ("sigmoid({})", 2)):
        texts = [f"xo{k} = {out.format(f'a{k}*xh{k} + 0.5*xh5')}" for k in (1, 2)]
        graph = parse_graph([*hidden, *texts], outputs=["xo1", "xo2"])
        targets = {"xo1": [1.0, 0.0], "xo2": [0.0, 1.0]}
        used = graph.compile().objective({"xx": [0.1, 0.2]}, targets, loss=loss).graph
        if loss != "cross-entropy" or not added:
            assert used is graph
            continue
        table, more = graph.table, used.table
        assert len(more) == len(table) + added
        for old, new in ((table.slots, more.slots), (table.shape, more.shape)):
            assert (new[: len(old)] == old).all()
        assert more.shapes[: len(table.shapes)] == table.shapes
        assert used.parameters == graph.parameters


# Softmax

SCORES = {
    "plain": [0.3, -1.2, 2.0],
    "ties": [1.5, 1.5, 1.5],
    "two on top": [7.0, -2.0, 7.0],
    "far apart": [1000.0, -1000.0, 0.0],
    "all huge": [1000.0, 999.0, 1000.5],
    "all tiny": [-1000.0, -1001.0, -999.5],
    "nearly sure": [40.0, 0.0, -3.0],
    "two": [0.4, -0.9],
    "many": list(np.linspace(-3, 4, 12)),
}
WANTED = ["one-hot first", "one-hot last", "even", "uneven"]


def wanted(kind, count):
    t = np.zeros(count)
    t[0 if kind == "one-hot first" else -1] = 1
    if kind == "even":
        t[:] = 1 / count
    if kind == "uneven":
        t[:] = np.arange(count) / np.arange(count).sum()
    return t


def softmax_by_mpmath(z, t):
    """Loss and slopes to 40 digits."""
    with mpmath.workdps(1000):
        powers = [mpmath.exp(mpmath.mpf(float(x))) for x in z]
        total = mpmath.fsum(powers)
        loss = -mpmath.fsum(
            mpmath.mpf(float(y)) * mpmath.log(p / total)
            for p, y in zip(powers, t, strict=True)
        )
        return float(loss), [
            float(p / total - mpmath.mpf(float(y)))
            for p, y in zip(powers, t, strict=True)
        ]


def softmax_graph(count, tier):
    """Logits xz0 … that are their own parameters, and enough else for the tier."""
    texts = [f"xz{k} = z{k} + 0*xx" for k in range(count)]
    if tier == "by shape":
        texts = [f"xz{k} = xq{k} + 0*xq60" for k in range(count)]
        texts += [f"xq{k} = z{k} + 0*xx" for k in range(61)]
    return parse_graph(texts, outputs=[f"xz{k}" for k in range(count)])


@pytest.mark.every(3)
@pytest.mark.parametrize("tier", ["numpy", "fused", "by shape"])
@pytest.mark.parametrize("kind", WANTED)
@pytest.mark.parametrize("scores", SCORES)
def test_softmax_is_right_at_all_logits(scores, kind, tier):
    z = np.array(SCORES[scores])
    t = wanted(kind, len(z))
    graph = softmax_graph(len(z), tier)
    compiled = graph.compile(target="numpy" if tier == "numpy" else "auto")
    targets = {name: [y] for name, y in zip(graph.outputs, t, strict=True)}
    found = compiled.objective({"xx": [1.0]}, targets, loss="softmax-cross-entropy")
    assert compiled.tier == (tier if jit.available() else "numpy")
    params = np.zeros(len(graph.parameters))
    for k, value in enumerate(z):
        params[graph.parameter_number[f"z{k}"]] = value
    loss, gradient = found.value_and_gradient(params)
    loss_, slopes = softmax_by_mpmath(z, t)
    assert loss == pytest.approx(loss_, rel=1e-12, abs=1e-300)
    for k, slope in enumerate(slopes):
        share = gradient[graph.parameter_number[f"z{k}"]]
        assert share == pytest.approx(slope, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("gap", [-1000.0, -3.0, 0.0, 0.7, 40.0, 1000.0])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_softmax_of_two_is_the_sigmoid_of_their_difference(gap, t):
    both, one = find_loss("softmax-cross-entropy"), LOSSES["cross-entropy"]
    z, wanted = np.array([[gap + 5], [5.0]]), np.array([[t], [1 - t]])
    expected = np.array([gap]), np.array([t])
    assert both.value(z, wanted).sum() == pytest.approx(one.value(*expected)[0], 1e-13)
    assert both.slope(z, wanted)[0] == pytest.approx(one.slope(*expected), abs=1e-15)


LOGITS = ["xz1 = a*xx + b", "xz2 = c*xx", "xz3 = d - xx"]
SOFTMAXES = {
    "sum of names": [
        "xe1 = exp(xz1)", "xe2 = exp(xz2)", "xe3 = exp(xz3)", "xt = xe1 + xe2 + xe3",
        "xp1 = xe1/xt", "xp2 = xe2/xt", "xp3 = xe3/xt",
    ],
    "sum of powers": [
        "xt = exp(xz1) + exp(xz2) + exp(xz3)",
        "xp1 = exp(xz1)/xt", "xp2 = exp(xz2)/xt", "xp3 = exp(xz3)/xt",
    ],
    "in one": [
        f"xp{k} = exp(xz{k})/(exp(xz3) + exp(xz1) + exp(xz2))" for k in (1, 2, 3)
    ],
    "sums of sums": [
        "xt = exp(xz1) + exp(xz2)", "xu = xt + exp(xz3)",
        "xp1 = exp(xz1)/xu", "xp2 = exp(xz2)/xu", "xp3 = exp(xz3)/xu",
    ],
    "shifted": [
        "xm = max(xz1, max(xz2, xz3))",
        *(f"xe{k} = exp(xz{k} - xm)" for k in (1, 2, 3)),
        "xt = xe1 + xe2 + xe3",
        *(f"xp{k} = xe{k}/xt" for k in (1, 2, 3)),
    ],
}  # fmt: skip


def three_classes(texts, outputs):
    graph = parse_graph(texts, outputs=outputs)
    x = np.linspace(-1, 1, 9)
    classes = np.arange(9) % 3
    targets = {name: 1.0 * (classes == k) for k, name in enumerate(outputs)}
    return graph, {"xx": x}, targets


@pytest.mark.parametrize("written", SOFTMAXES)
def test_a_softmax_that_is_written_out_is_taken_before_it(written):
    params = {"a": 0.3, "b": -0.2, "c": 1.1, "d": 0.4}
    found = []
    for texts, letter in ((LOGITS, "z"), ([*LOGITS, *SOFTMAXES[written]], "p")):
        outputs = [f"x{letter}{k}" for k in (1, 2, 3)]
        graph, inputs, targets = three_classes(texts, outputs)
        objective = graph.compile().objective(
            inputs, targets, loss="softmax-cross-entropy"
        )
        at = np.array([params[name] for name in graph.parameters])
        loss, gradient = objective.value_and_gradient(at)
        by_name = dict(zip(graph.parameters, gradient, strict=True))
        found.append([loss, *(by_name[name] for name in sorted(by_name))])
    assert found[1] == pytest.approx(found[0], rel=1e-13)


# Nearly a softmax of three: what stands above, and below

BELOW = "(exp(xz1) + exp(xz2) + exp(xz3))"
NO_SOFTMAX = {
    "one term more": [f"exp(xz{k})/({BELOW} + exp(2*xz1))" for k in (1, 2, 3)],
    "a term missing": [f"exp(xz{k})/(exp(xz1) + exp(xz2))" for k in (1, 2, 3)],
    "another term": [f"exp(xz{k})/(exp(xz1) + exp(xz2) + exp(xx))" for k in (1, 2, 3)],
    "another sum below one": [*(f"exp(xz{k})/{BELOW}" for k in (1, 2)),
                              "exp(xz3)/(exp(xz1) + exp(xz2) + exp(xx))"],
    "one above twice": [f"exp(xz{k})/{BELOW}" for k in (1, 1, 3)],
    "a difference below": [f"exp(xz{k})/(exp(xz1) + exp(xz2) - exp(xz3))"
                           for k in (1, 2, 3)],
    "a factor above": [f"2*exp(xz{k})/{BELOW}" for k in (1, 2, 3)],
    "a number below": [f"exp(xz{k})/(1 + exp(xz1) + exp(xz2))" for k in (1, 2, 3)],
    "one that is none": [*(f"exp(xz{k})/{BELOW}" for k in (1, 2)), "xz3"],
    "another function": [f"sinh(xz{k})/(sinh(xz1) + sinh(xz2) + sinh(xz3))"
                         for k in (1, 2, 3)],
}  # fmt: skip


@pytest.mark.parametrize("bodies", NO_SOFTMAX.values(), ids=NO_SOFTMAX)
def test_what_is_nearly_a_softmax_is_taken_as_it_is(bodies):
    texts = [f"xp{k} = {body}" for k, body in enumerate(bodies, 1)]
    outputs = ["xp1", "xp2", "xp3"]
    graph = parse_graph([*LOGITS, *texts], outputs=outputs)
    assert with_logits(graph, outputs, SOFTMAX) == (graph, outputs)
    right = [f"xp{k} = exp(xz{k})/{BELOW}" for k in (1, 2, 3)]
    graph = parse_graph([*LOGITS, *right], outputs=outputs)
    assert with_logits(graph, outputs, SOFTMAX)[1] == ["xz1", "xz2", "xz3"]


# A third in single precision is 1e-8 too large


@pytest.mark.parametrize(
    ("targets", "total"),
    [
        ([0.25, 0.25, 0.5], ""),
        (np.float32([1 / 3] * 3), ""),
        ([0.25 + 9e-7, 0.25, 0.5], ""),
        ([0.25 - 9e-7, 0.25, 0.5], ""),
        ([0.25 + 1.1e-6, 0.25, 0.5], "1.0000011"),
        ([0.25 - 1.1e-6, 0.25, 0.5], "0.9999989"),
    ],
)
def test_targets_add_up_to_one_but_for_rounding(targets, total):
    graph, inputs, columns = three_classes(LOGITS, ["xz1", "xz2", "xz3"])
    for column, target in zip(columns.values(), targets, strict=True):
        column[4] = target
    program = graph.compile()
    if not total:
        program.objective(inputs, columns, loss="softmax-cross-entropy")
        return
    with pytest.raises(FitError) as caught:
        program.objective(inputs, columns, loss="softmax-cross-entropy")
    assert str(caught.value) == (
        "softmax-cross-entropy needs targets that add up to 1 in every sample; in "
        f"sample 4 they add up to {total}"
    )


@pytest.mark.parametrize(
    ("target", "fits"), [(0, 1), (1, 1), (-1e-9, 0), (1 + 1e-9, 0)]
)
def test_targets_of_a_cross_entropy_are_from_0_to_1(target, fits):
    program = parse_graph(["xp = sigmoid(a*xx)"]).compile()
    columns = {"xx": [1.0, 2.0]}, {"xp": [0.5, target]}
    if fits:
        program.objective(*columns, loss="cross-entropy")
        return
    with pytest.raises(FitError, match="cross-entropy needs targets between 0 and 1"):
        program.objective(*columns, loss="cross-entropy")


@pytest.mark.parametrize(
    ("texts", "change", "expected"),
    [
        (["xp1 = sigmoid(a*xx)", "xp2 = sigmoid(-a*xx)", "xp3 = 0*b"], None,
         "takes logits, but xp1, xp2, xp3 add up to 1 whatever the parameters are"),
        (LOGITS, lambda t: t | {"xz1": t["xz1"] * 0}, "in sample 0 they add up to 0"),
        (LOGITS, lambda t: t | {"xz1": t["xz1"] * 2}, "targets between 0 and 1"),
        (LOGITS, lambda t: {"xz1": t["xz1"]}, "for one output of two classes write"),
    ],
)  # fmt: skip
def test_softmax_says_what_it_needs(texts, change, expected):
    outputs = [text[:3] for text in texts]
    graph, inputs, targets = three_classes(texts, outputs)
    with pytest.raises(FitError, match=r"^softmax-cross-entropy (needs|takes)") as e:
        graph.compile().objective(
            inputs, change(targets) if change else targets, loss="softmax-cross-entropy"
        )
    assert expected in str(e.value)
    with pytest.raises(FitError, match="has no residuals, so no sigma"):
        graph.compile().objective(
            inputs, targets, loss="softmax-cross-entropy",
            sigma=dict.fromkeys(outputs, 1.0),
        )  # fmt: skip


@pytest.mark.parametrize("method", [SGD(0.5), Adam(0.1)])
def test_classes_are_learned_by_softmax(method):
    graph, inputs, targets = three_classes(LOGITS, ["xz1", "xz2", "xz3"])
    targets = {"xz1": inputs["xx"] < -0.4, "xz3": inputs["xx"] > 0.4}
    targets["xz2"] = ~(targets["xz1"] | targets["xz3"])
    data = Dataset(inputs, {name: 1.0 * t for name, t in targets.items()})
    result = fit(
        graph, data, method, loss="softmax-cross-entropy", epochs=60, progress=False
    )
    assert result.loss < 0.8 * np.log(3)
    with pytest.raises(FitError, match="LeastSquares fits"):
        fit(graph, data, LeastSquares(), loss="softmax-cross-entropy", progress=False)


@pytest.mark.parametrize("delta", [0, -1, float("nan"), float("inf")])
def test_huber_needs_a_positive_delta(delta):
    with pytest.raises(FitError, match=r"^huber takes a positive delta, not"):
        huber(delta)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mes", "did you mean 'mse'?"),
        ("crossentropy", "did you mean 'cross-entropy'?"),
        ("?", "losses are mse, mae, huber, cross-entropy, softmax-cross-entropy"),
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


WEIGHTS = {
    "all alike": [3.0, 3.0, 3.0, 3.0],
    "whole numbers": [1, 2, 3, 4],
    "one silent": [0.0, 0.5, 2.0, 1.0],
    "one alone": [0.0, 0.0, 0.25, 0.0],
    "large": [4e8, 1e8, 2e8, 7e8],
    "small": [4e-8, 1e-8, 2e-8, 7e-8],
}
ENGINES = {  # target, equations up to which there is one function
    "numpy": ("numpy", 48),
    "one function": ("jit", 48),
    "by shape": ("jit", 0),
}


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    """How `Program` is made, so that one way of running is taken."""
    target, most = ENGINES[request.param]
    if target == "jit" and jit.obstacle():
        pytest.skip("llvmlite is not installed")
    monkeypatch.setattr("cgprimer.run.program.FUSED_EQUATIONS", most)
    return target


UNITS = {"xp": [0.5, 1, 2, 4], "xq": 3.0}
WEIGHED = [  # predictions that are logits are no measurements, and have no sigma
    *((name, None) for name in (*KINDS, SOFTMAX.name)),
    *((name, UNITS) for name, loss in KINDS.items() if not loss.from_logits),
]


@pytest.mark.every(3)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(("name", "sigma"), WEIGHED)
def test_weights_make_a_weighted_mean(name, weights, sigma, engine):
    loss, graph = {**KINDS, SOFTMAX.name: SOFTMAX}[name], parse_graph(GRAPH)
    inputs, share = {"xx": np.array([0.4, -1.0, 2.0, 0.9])}, np.array(WEIGHTS[weights])
    targets = {"xp": np.array([0.1, 0.9, 0.4, 1.0]), "xq": np.array([0.9, 0.1, 0.6, 0])}
    objective = graph.compile(target=engine).objective(
        inputs, targets, loss=loss, weights=share, sigma=sigma
    )
    params = np.array([0.8, -0.3, 1.7])
    units = np.array([np.ones(4) * (sigma or {n: 1})[n] for n in targets])
    met = np.array([*targets.values()]) / units

    def by_hand(values, rows=slice(None)):
        """Σ weight·loss, of some samples."""
        named = dict(zip(graph.parameters, values, strict=True))
        out = graph.evaluate(inputs | named)
        each = loss.value(np.array([out[n] for n in targets]) / units, met).sum(axis=0)
        return (share * each)[rows].sum()

    def slopes(rows=slice(None)):
        steps = np.eye(3) * 1e-6
        ends = [[by_hand(params + k * s, rows) for k in (-1, 1)] for s in steps]
        return np.array([(high - low) / 2e-6 for low, high in ends])

    value, gradient = objective.value_and_gradient(params)
    assert value == pytest.approx(by_hand(params) / share.sum(), rel=1e-13)
    assert gradient == pytest.approx(slopes() / share.sum(), rel=1e-6, abs=1e-8)
    # A batch is not weighed by itself: what it weighs beside all data is its step.
    moved = objective.sgd_epoch(params, rate=0.01, batch=2, order=[3, 0])
    step = -0.01 * slopes([3, 0]) / 2 / share.mean()
    assert moved - params == pytest.approx(step, rel=1e-6, abs=1e-10)
    if name == "mse":
        left = objective.residuals(params)
        assert left @ left / 4 == pytest.approx(value, rel=1e-13)


ROWS = {
    "one": [2],
    "two": [3, 0],
    "another order": [1, 0, 3, 2],
    "as many, but not all": [0, 0, 3, 3],
    "more than there are": [1, 1, 1, 2, 0],
}


@pytest.mark.parametrize("rows", ROWS)
def test_the_loss_over_some_samples_is_that_of_these_samples(rows, engine):
    program = parse_graph(GRAPH).compile(target=engine)
    columns = {"xx": [0.4, -1, 2, 0.9], "xp": [0.1, 0.9, 0.4, 1], "xq": [1, 0, 2, 3]}

    def objective(order):
        inputs, xp, xq = (np.array(column)[order] for column in columns.values())
        return program.objective({"xx": inputs}, {"xp": xp, "xq": xq})

    params, order = np.array([0.8, -0.3, 1.7]), ROWS[rows]
    value, gradient = objective(range(4)).value_and_gradient(params, order)
    value_, gradient_ = objective(order).value_and_gradient(params)
    assert value == pytest.approx(value_, rel=1e-14)
    assert gradient == pytest.approx(gradient_, rel=1e-13)
    with pytest.raises(FitError, match="rows names no sample"):
        objective(order).value(params, [])


@pytest.mark.parametrize("block", [1, 3, 5, 7, 8])
def test_a_jacobian_is_the_same_by_any_blocks(block, engine, monkeypatch):
    program, xx = parse_graph(GRAPH).compile(target=engine), np.linspace(-1, 1, 7)
    objective = program.objective({"xx": xx}, {"xp": np.ones(7), "xq": np.zeros(7)})
    params = np.array([0.8, -0.3, 1.7])
    whole = objective.jacobian(params)
    monkeypatch.setattr("cgprimer.run.objective.BLOCK", block)
    blocks = list(objective.jacobian_blocks(params))
    assert np.concatenate(blocks) == pytest.approx(whole, rel=1e-14)
    assert max(map(len, blocks)) == min(block, 7)


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
    monkeypatch.setattr("cgprimer.run.by_numpy.BLOCK", 3)
    assert everything() == pytest.approx(whole, rel=1e-13)


SIDES = {  # targets, x; whether a border between 0 and 1 exists
    "separated": (lambda x, e: x > 2, True),
    "all 1": (lambda x, e: x > -9, True),
    "all 0": (lambda x, e: x > 9, True),
    "mixed": (lambda x, e: x + e > 2, False),
    "one on the other side": (lambda x, e: (x > 2) != (x == x[0]), False),
}


@pytest.mark.every(2)
@pytest.mark.parametrize("name", SIDES)
@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("rate", [0.3, 30.0])
def test_a_cross_entropy_without_a_minimum_is_said_to_have_none(name, joint, rate):
    sides, endless = SIDES[name]
    x = np.linspace(0.15, 4, 40)
    y = sides(x, np.random.default_rng(0).normal(size=40)) * 1.0
    lines, targets, loss = ["xz = a*xa + b", "xy = sigmoid(xz)"], {"xy": y}, ""
    if joint:
        lines = ["xy = a*xa + b", "xn = c*xa + d"]
        targets, loss = {"xy": y, "xn": 1 - y}, "softmax-"
    result = fit(
        parse_graph(lines), Dataset({"xa": x}, targets), Adam(rate), epochs=300,
        loss=loss + "cross-entropy", progress=False,
    )  # fmt: skip
    assert ("has no minimum" in result.message) == endless, result.message
    assert not (endless and ("allow more" in result.message or result.converged))


def test_a_loss_shows_its_name_and_formula_and_no_code():
    assert repr(find_loss("mse")) == (
        "Loss(name='mse', from_logits=False, robust='linear', formula='(p - t)^2', "
        "joint=None)"
    )
