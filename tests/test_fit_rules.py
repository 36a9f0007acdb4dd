"""The rules by which a fit is judged, each by itself: at both sides of its border."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from cgprimer import (
    SGD,
    Adam,
    Dataset,
    FitError,
    FitResult,
    LeastSquares,
    Loss,
    fit,
    parse_graph,
)
from cgprimer.fitting.baseline import beside_constants
from cgprimer.fitting.columns import are_side_by_side, in_order, varies
from cgprimer.fitting.constant import is_robust
from cgprimer.fitting.determination import determine
from cgprimer.fitting.downhill import is_endless, runaways, way_down
from cgprimer.fitting.identification import list_names
from cgprimer.fitting.luck import by_likelihood, by_neighbours, by_runs, by_variance
from cgprimer.fitting.objective import in_units, objective_of
from cgprimer.fitting.objective import varies as weighs
from cgprimer.fitting.restart import Restarts
from cgprimer.fitting.scaled import ScaledResiduals
from cgprimer.fitting.standard_errors import doubtful, errors_of
from cgprimer.fitting.stopping import is_beyond, is_nothing, runs_away, word_at_rest
from cgprimer.fitting.trail import Trail
from cgprimer.run.losses import find_loss

# Chances


@pytest.mark.parametrize(
    ("left", "constant", "extra", "free"),
    [(1.0, 2.0, 1, 10), (3.0, 3.5, 4, 50), (0.2, 9.0, 2, 3)],
)
def test_a_gain_is_judged_by_the_f_test(left, constant, extra, free):
    ratio = ((constant - left) / extra) / (left / free)
    expected = stats.f.sf(ratio, extra, free)
    assert by_variance(left, constant, extra, free) == pytest.approx(expected)
    # The same as a likelihood ratio: twice the gain in ln L is χ².
    expected = stats.chi2.sf(2 * constant, extra)
    assert by_likelihood(constant, extra) == pytest.approx(expected)


def test_nothing_left_is_no_chance():
    assert by_variance(0.0, 1.0, 1, 10) == by_variance(-1e-300, 1.0, 1, 10) == 0.0
    assert by_variance(1e-300, 1.0, 1, 1) > 0


RUNS = [  # signs, how many runs there are, and how many there would be by chance
    ("++++++++++----------", 2, 11, 90 / 19),
    ("+-+-+-+-+-+-+-+-+-+-", 20, 11, 90 / 19),
    ("++++-++++-++++-+----", 8, 1 + 2 * 13 * 7 / 20, 9.1 * 8.1 / 19),
    ("+++++-----", 2, 6, 20 / 9),
]


@pytest.mark.parametrize(("signs", "runs", "mean", "variance"), RUNS)
def test_runs_of_signs_are_counted_as_by_hand(signs, runs, mean, variance):
    left = np.array([1.0 if sign == "+" else -2.0 for sign in signs])
    expected = 2 * stats.norm.sf(abs(runs - mean) / math.sqrt(variance))
    assert by_runs(left) == pytest.approx(expected)
    # What is met exactly has no sign.
    assert by_runs(np.insert(left, 3, 0.0)) == pytest.approx(expected)


@pytest.mark.parametrize(("few", "told"), [(4, False), (5, True)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_of_fewer_than_five_of_a_sign_nothing_is_said(few, told, sign):
    left = sign * np.r_[np.ones(few), np.zeros(2), -np.ones(30)]
    assert (by_runs(left) < 1) == (by_neighbours(left) < 1) == told


def test_products_of_neighbours_are_summed_as_by_hand():
    left = np.array([1.0, 2.0, -1.0, -3.0, 2.0, 1.0, -1.0, -1.0, 3.0, -2.0, 2.0])
    products = np.array([2, -2, 3, -6, 2, -1, 1, -3, -6, -4])
    expected = 2 * stats.norm.sf(abs(-14 / math.sqrt((products**2).sum())))
    assert by_neighbours(left) == pytest.approx(expected)


# Columns


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1.0, 1.0], False), ([0.0, 0.0], False), ([5.0], False), ([0.0, 5e-324], True),
        ([1.0, 1 + 4e-15], False), ([1.0, 1 + 4e-14], True),
        ([-1e9, -1e9 - 1e-6], False), ([-1e9, -1e9 - 1e-4], True),
        ([1e-300, 2e-300], True),
    ],
)  # fmt: skip
def test_a_column_varies_by_more_than_rounding(column, expected):
    assert varies(np.array(column)) is expected


@pytest.mark.parametrize(
    ("some", "expected"),
    [([0, 1], True), ([2, 3, 4], True), ([0, 2], False), ([4], True), ([1, 4], False)],
)
def test_samples_lie_side_by_side_where_no_other_is_among_them(some, expected):
    column = np.array([3.0, 4.0, 5.0, 6.0, 7.0])
    assert are_side_by_side(column[some], column) is expected
    assert are_side_by_side(-column[some], -column) is expected


@pytest.mark.parametrize(
    ("column", "row", "expected"),
    [
        ([3.0, 1, 2], [30.0, 10, 20], [10.0, 20, 30]),
        ([1.0, 2, 1], [5.0, 6, 7], [5.0, 7, 6]),
        ([2.0, 1, 2, 2], [5.0, 6, 5, 4], [6.0, 5, 4]),  # the same sample twice
    ],
)
def test_a_row_is_put_in_order_and_counts_a_sample_once(column, row, expected):
    found = in_order(np.array(row), np.array(column))
    assert sorted(found[1:]) == sorted(expected[1:])
    assert found[0] == expected[0]
    assert len(found) == len(expected)


# When a descent is through


@pytest.mark.parametrize(
    ("loss", "first", "expected"),
    [
        (1001.0, 1.0, False), (1001.1, 1.0, True), (-1.0, 1.0, False),
        (999.0, -1.0, False), (999.1, -1.0, True), (1000.0, 0.0, False),
        (1000.1, 0.0, True), (math.nan, 1.0, True), (math.inf, 1.0, True),
        (-math.inf, 1.0, True),
    ],
)  # fmt: skip
def test_a_rise_of_a_thousandfold_is_beyond_recall(loss, first, expected):
    assert is_beyond(loss, first) is expected


FASTER = [-(3.0**k) for k in range(11)]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, *(1e9 * loss for loss in FASTER)], True),
        ([100.0, *(1e6 * loss for loss in FASTER)], True),
        ([100.0, *(1e5 * loss for loss in FASTER)], False),  # not far below zero
        ([-200.0, *(1e5 * loss for loss in FASTER)], False),
        ([0.5, *(1700.0 * loss for loss in FASTER)], True),
        ([0.5, *(1690.0 * loss for loss in FASTER)], False),
        ([1e9 * loss for loss in FASTER[1:]], False),  # too few epochs
        ([1.0, *(-1e9 * k for k in range(11))], False),  # as fast as before
        ([1.0, *(-1e9 * math.sqrt(k) for k in range(11))], False),
    ],
)
def test_a_loss_runs_away_where_it_falls_ever_faster_far_below_zero(losses, expected):
    assert runs_away(losses) is expected


@pytest.mark.parametrize(
    ("loss", "first", "targets", "sigma", "expected"),
    [
        (1e-26, 1.0, [1.0, -1.0], None, True),
        (2e-26, 1.0, [1.0, -1.0], None, False),
        (1e-20, 1e9, [1.0, -1.0], None, True),
        (2e-20, 1e9, [1.0, -1.0], None, False),  # 1e-10 of the targets
        (2e-20, 1e9, [2.0, -2.0], None, True),
        (2e-20, 1e9, [1.0, -1.0], 0.5, True),
        (5e-21, 1e9, [1.0, -1.0], 2.0, False),
        (1.0, 1e26, [0.0, 0.0], None, True),  # no size to hold it against
        (0.0, 0.0, [1.0, -1.0], None, True),
    ],
)
def test_a_loss_is_nothing_beside_its_start_and_the_targets(
    loss, first, targets, sigma, expected
):
    sides = {"nonnegative": True, "targets": np.array(targets), "sigma": sigma}
    assert is_nothing(SimpleNamespace(**sides), loss, first) is expected
    sides["nonnegative"] = False
    assert not is_nothing(SimpleNamespace(**sides), loss, first)


class Function:
    """A function of parameters, its gradient by small differences of complex steps."""

    nonnegative = True

    def __init__(self, value, nonnegative=True):
        self._value, self.nonnegative, self.calls = value, nonnegative, 0

    def value(self, params):
        self.calls += 1
        return float(np.real(self._value(params)))

    def value_and_gradient(self, params):
        steps = np.eye(len(params)) * 1e-30j
        slopes = [np.imag(self._value(params + step)) / 1e-30 for step in steps]
        return self.value(params), np.array(slopes)


AT_REST = [  # function, where, the loss at the start → word, dead, way down
    (lambda p: 1 + (p[0] - 3) ** 2, [3.0], 5.0, "converged", True, 0),
    (lambda p: 1 + (p[0] - 3) ** 2, [3 + 1e-7], 5.0, "converged", False, 0),
    (lambda p: 1 + (p[0] - 3) ** 2, [3 + 1e-5], 5.0, "", False, 0),
    (lambda p: 1 + 1e-6 * (p[0] - 3) ** 2, [0.0], 5.0, "", False, 9e-6),
    (lambda p: 1 + 1e-6 * (p[0] - 3) ** 2, [2.9], 5.0, "converged", False, 0),
    # The gradient counts as zero, and yet the minimum is far.
    (lambda p: 1 + 4.5e-8 * (p[0] - 10) ** 2, [0.0], 5.0, "", False, 4.5e-6),
    # A slope of 1.2e-9 is 1.7e-6 as 1400 doubles.
    (lambda p: 1 + 1e-12 * (p[0] - 2000) ** 2, [1400.0], 5.0, "", False, 0),
    (lambda p: 1 + 1e-12 * (p[0] - 2000) ** 2, [1900.0], 5.0, "converged", False, 0),
    (lambda p: 1e-27 * (1 + p[0] ** 2), [1.0], 1.0, "converged", False, 0),
]


@pytest.mark.parametrize(("value", "at", "first", "word", "dead", "way"), AT_REST)
def test_a_descent_is_at_rest_where_no_way_leads_on(value, at, first, word, dead, way):
    start = np.array(at)
    trail = Trail(start, start, losses=[first], epochs=10)
    trail.mark(first)
    assert word_at_rest(Function(value), trail) == word
    assert trail.dead is dead
    assert trail.way == pytest.approx(way, rel=1e-3)


# Ways downhill

WAYS = [  # function, where, the loss at the start, whether it has no negative values
    # → how far it falls, and the length of the way as a share of the parameter
    (lambda p: 1 + (p[0] - 3) ** 2, [4.0], 9.0, True, 1.0, 0.25),
    (lambda p: 1 + (p[0] - 3) ** 2, [2.0], 9.0, True, 1.0, 1 / 3),
    (lambda p: 1 + (p[0] - 3) ** 2, [3 + 2e-3], 9.0, True, 4e-6, 2e-3 / 3.002),
    (lambda p: 1 + (p[0] - 3) ** 2, [3 + 5e-4], 9.0, True, 0, 0),  # a millionth at most
    (lambda p: (p[1] - 5) ** 2 + 1 + 0 * p[0], [1.0, 4.0], 9.0, True, 1.0, 0.2),
    (lambda p: 2 - p[0] ** 2, [0.5], 2.0, True, 2.0, 1.0 / 1.5),  # no minimum
    (lambda p: 2 - p[0] ** 2, [4.0], 2.0, False, 48.0, 0.5),
    (lambda p: 2 - p[0] ** 2, [-4.0], 2.0, False, 48.0, 0.5),
    # Beside a fall of 1e6 from the start, one of less than 1 is none.
    (lambda p: (p[0] - 3) ** 2 - 1e6, [3.9], 0.0, False, 0, 0),
    (lambda p: (p[0] - 3) ** 2 - 1e6, [4.1], 0.0, False, 1.21, 1.1 / 4.1),
    (lambda p: (p[0] - 3) ** 2 - 1e6, [3.9], -9e5, False, 0.81, 0.9 / 3.9),
    # A hill in between is no way.
    (lambda p: 1 + np.cos(7 * p[0]) - p[0], [1.5], 9.0, True, 0, 0),
]


@pytest.mark.parametrize(("value", "at", "first", "positive", "fall", "length"), WAYS)
def test_a_way_down_is_as_far_as_it_goes(value, at, first, positive, fall, length):
    found = way_down(Function(value, positive), np.array(at), first, 9)
    assert found == pytest.approx((fall, length), rel=1e-4)


GONE = [  # predictions of two targets, where they began, where they are → numbers gone
    (lambda p: [[1 / p[0], 1, 1], [2, 2, 2]], [1.0], [1e9], [0]),
    (lambda p: [[1, 1, 1], [2, 2, 1 / p[0]]], [1.0], [-1e9], [0]),
    (lambda p: [[1 / p[0], 1, 1], [2, 2, 2]], [1.0], [0.9e8], []),  # not so far
    (lambda p: [[1 / p[0], 1, 1], [2, 2, 2]], [100.0], [9e9], []),
    (lambda p: [[1 / p[0], 1, 1], [2, 2, 2]], [100.0], [2e10], [0]),
    (lambda p: [[1 / (1 + p[0]), 1, 1], [2, 2, 2]], [0.0], [1.1e8], [0]),
    (lambda p: [[1 / (1 + p[0]), 1, 1], [2, 2, 2]], [0.0], [0.9e8], []),
    (lambda p: [[p[0] / 1e9, 1, 1], [2, 2, 2]], [1.0], [1e9], []),  # is felt there
    (lambda p: [[1, 1, 1], [2, 2, 2 + 1e-7 * np.tanh(p[0])]], [1.0], [1e9], [0]),
    (lambda p: [[1, 1, 1], [2, 2, 2 + 1e-9 * np.tanh(p[0])]], [1.0], [1e9], []),
    (lambda p: [[1 / p[1], 1, 1], [2, 1 / p[0], 2]], [1.0, 1.0], [1e9, 1e9], [0, 1]),
    (lambda p: [[1 / p[1], 1, 1], [2, 1 / p[0], 2]], [1.0, 1.0], [2.0, -1e9], [1]),
]


@pytest.mark.parametrize(("predictions", "first", "at", "gone"), GONE)
def test_parameters_that_ran_off_are_told(predictions, first, at, gone):
    def values(params):
        return np.array(predictions(params), dtype=float)

    assert runaways(values, np.array(first), np.array(at)) == gone


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (lambda p: np.exp(-p[0]), True),
        (lambda p: np.exp(-0.1 * p[0]), False),  # by 1/550 for 64 times as much
        (lambda p: np.exp(-0.12 * p[0]), True),
        (lambda p: 1 + 0 * p[0], False),
        (lambda p: 0 * p[0], True),
        (lambda p: np.where(p[0] == 2, 2.0, np.exp(-p[0])), False),  # rises at first
        (lambda p: np.where(p[0] == 64, 1e-3, 1.0), True),
        (lambda p: np.where(p[0] == 64, 1.1e-3, 1.0), False),
        (lambda p: np.where(p[0] == 32, 0.5, 1 / p[0]), False),
    ],
)
def test_a_loss_is_endless_that_falls_as_parameters_grow(value, expected):
    assert is_endless(lambda p: float(value(p)), np.array([1.0])) is expected


# Verdicts on fits made to order

LINE = parse_graph(["xy = w*xx + b"])
LOGISTIC = parse_graph(["xy = sigmoid(w*xx + b)"])


def judged(y, w, b, x=None, *, loss="mse", rank=2, sigma=None, graph=LINE):
    """The score of predictions w·x + b."""
    x = np.linspace(-1, 1, len(y)) if x is None else x
    data, kind = Dataset({"xx": x}, {"xy": y}, sigma), find_loss(loss)
    objective = objective_of(graph, data, kind, weighted=sigma is not None)
    found = beside_constants(objective, ["xy"], kind, np.array([w, b]), rank)
    [score] = found.scores
    return score


def made_to_order(size, gain, curved):
    """y, and the slope by which a line takes away just that share of its squares."""
    x = np.linspace(-1, 1, size)
    rest = x**2 if curved else np.random.default_rng(5).normal(size=size)
    rest = rest - rest.mean()
    rest -= x * (rest @ x) / (x @ x)
    slope = math.sqrt(gain / (x @ x))
    return slope * x + math.sqrt((1 - gain) / (rest @ rest)) * rest, slope


@pytest.mark.parametrize(
    ("size", "gain", "curved", "verdict"),
    [
        (200, 0.048, False, "by chance"), (200, 0.058, False, "better"),
        (200, 0.095, True, "with a pattern"), (200, 0.105, True, "better"),
        (6, 0.49, False, "by chance"), (6, 0.51, False, "better"),
        (2, 0.99, False, "better"),
    ],
)  # fmt: skip
def test_a_gain_counts_where_it_is_large_or_no_chance(size, gain, curved, verdict):
    y, slope = made_to_order(size, gain, curved) if size > 2 else ([0.0, 1.0], 0.5)
    score = judged(y, slope, 0.5 * (size == 2))
    assert (score.verdict, score.pattern) == (verdict, curved)
    assert score.gain == pytest.approx(gain if size > 2 else 1)
    if size > 2:
        ratio = gain / (1 - gain) * (size - 2)
        assert score.chance == pytest.approx(stats.f.sf(ratio, 1, size - 2))
    else:
        assert math.isnan(score.chance)


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.095, "by chance"), (0.105, "better"), (0.95, "better")]
)
def test_where_samples_are_too_few_a_gain_counts_for_itself(gain, verdict):
    score = judged([0.0, 1.0], 0.5 - 0.5 * math.sqrt(1 - gain), 0.5)
    assert score.gain == pytest.approx(gain)
    assert math.isnan(score.chance)
    assert (score.verdict, score.parameters) == (verdict, 2)


@pytest.mark.parametrize(("size", "pattern"), [(0.9e-4, False), (1.1e-4, True)])
def test_of_what_is_met_to_a_ten_thousandth_no_pattern_is_told(size, pattern):
    y, slope = made_to_order(200, 1 - size**2, True)
    assert judged(y, slope, 0.0).pattern is pattern


@pytest.mark.parametrize(
    ("target", "b", "loss", "verdict"),
    [
        (3.0, 3 + 2.9e-6, "mse", "constant"), (3.0, 3 + 3.1e-6, "mse", "worse"),
        (0.0, 0.9e-6, "mse", "constant"), (0.0, -1.1e-6, "mse", "worse"),
        (-2.0, -2 + 2.1e-6, "mse", "worse"), (-2.0, -2 - 1.9e-6, "mse", "constant"),
        (1.0, math.log(0.991 / 0.009), "cross-entropy", "constant"),
        (1.0, math.log(0.989 / 0.011), "cross-entropy", "worse"),
    ],
)  # fmt: skip
def test_one_value_is_met_or_it_is_not(target, b, loss, verdict):
    graph = LOGISTIC if loss == "cross-entropy" else LINE
    score = judged(np.full(20, target), 0.0, b, loss=loss, graph=graph)
    assert score.verdict == verdict


def even(**outliers):
    """Numbers from -2 to 2 in any order, but for samples that lie far off."""
    y = np.random.default_rng(1).permutation(np.linspace(-2, 2, 401))
    for name, value in outliers.items():
        y[int(name[1:])] = value
    return y


@pytest.mark.parametrize(
    ("outliers", "sigma", "apart"),
    [
        ({"k5": 19.8}, None, ()),
        ({"k5": 20.2}, None, ((5, 20.2),)),
        ({"k5": -20.2}, None, ((5, -20.2),)),
        ({"k5": 30.0, "k20": -40.0}, None, ((20, -40.0), (5, 30.0))),
        ({"k5": 30.0, "k6": 40.0}, None, ()),  # side by side: a part of the curve
        ({"k5": 30.0, "k7": 40.0}, None, ((7, 40.0), (5, 30.0))),
        ({"k5": 30.0}, 0.5, ((5, 30.0),)),
    ],
)
def test_samples_far_off_all_others_are_named(outliers, sigma, apart):
    score = judged(even(**outliers), 0.0, -0.5, sigma=sigma)
    assert score.trivial
    assert [k for k, _ in score.apart] == [k for k, _ in apart]
    assert [by for _, by in score.apart] == pytest.approx(
        [by for _, by in apart], abs=0.02
    )


@pytest.mark.parametrize(
    ("far", "near"), [(99.0, None), (-99.0, None), (103.0, 1), (-103.0, 1)]
)
def test_a_robust_gain_is_told_without_samples_far_off(far, near):
    y = np.tile([1.0, -1.0], 20)
    y[5] = far
    score = judged(y, 0.01, 0.0, loss="mae")
    if not near:
        assert score.near is None
        return
    x = np.linspace(-1, 1, 40)
    left = np.delete(np.abs(y - 0.01 * x), 5).mean()
    assert score.near[:2] == pytest.approx((1, left))
    assert score.near[2] == pytest.approx(1, abs=0.06)
    assert score.losses == score.near[1:]
    assert judged(y, 0.01, 0.0).near is None


def test_a_gain_of_likelihood_is_judged_by_its_ratio():
    y = np.tile([1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0], 8)
    x = np.linspace(-1, 1, 64)
    score = judged(y, 0.2, 0.0, x, loss="cross-entropy", graph=LOGISTIC)
    p = 1 / (1 + np.exp(-0.2 * x))
    loss = -np.log(np.where(y == 1, p, 1 - p)).mean()
    assert (score.loss, score.constant) == pytest.approx((loss, math.log(2)))
    assert score.told
    y = (x > 0.3 * np.sin(9 * x)) * 1.0
    score = judged(y, 0.2, 0.0, x, loss="cross-entropy", graph=LOGISTIC)
    ratio = 2 * 64 * (score.constant - score.loss)
    assert score.chance == pytest.approx(stats.chi2.sf(ratio, 1))


# Parameters that are determined in name only

T = np.arange(64)
U, V, W = (np.cos(2 * np.pi * k * T / 64) / np.sqrt(32) for k in (1, 2, 3))
"""Columns of length one, at right angles."""
WIDE = "their standard errors exceed their values"
ALONE = "its standard error exceeds its value"


def alike(gap, other=U):
    """A column that stands out of another by `gap`: variances grow by 1 + 1/gap²."""
    return {"x1": other, "x2": U + gap * V}


TWO = "a*x1 + b*x2"
DOUBTFUL = [  # equation, inputs, values, noise (None: unknown) → who, and why
    (TWO, alike(1.01e-2), [1, 1], 1.0, "", ""),
    (TWO, alike(0.99e-2), [1, 1], 1.0, "ab",
     f"{WIDE}, and the data hardly tell a from b (correlation -0.999950)"),
    (TWO, alike(1e-3), [1, 1], 1.0, "ab",
     f"{WIDE}, and the data hardly tell a from b (correlation -0.99999950)"),
    (TWO, alike(1e-3, -U), [1, 1], 1.0, "ab",
     f"{WIDE}, and the data hardly tell a from b (correlation 0.99999950)"),
    (TWO, alike(1e-3), [1, 999], 1.0, "ab",
     f"{WIDE}, and the data hardly tell a from b (correlation -0.99999950)"),
    (TWO, alike(1e-3), [1, -1001], 1.0, "a",
     f"{ALONE}, and the data hardly tell a from b (correlation -0.99999950)"),
    (TWO, alike(1e-3), [1, 1], 1e-4, "", ""),
    (TWO, alike(0.995e-5), [1, 1], None, "ab",
     "the data hardly tell a from b (correlation -0.999999999950)"),
    (TWO, alike(1e-8), [1, 1], None, "ab",
     "the data hardly tell a from b (correlation -0.99999999999999)"),
    (TWO, alike(1.01e-5), [1, 1], None, "", ""),
    # Two others stand for a, neither of them alone: a correlation of 0.7.
    (TWO + " + c*x3", alike(1e-3) | {"x3": U + 1e-3 * W}, [1, 1, 1], 1.0, "abc",
     f"{WIDE}, and other parameters together nearly make up for a"),
    # Within an error of 0.405 the effect exp(-k) changes by half.
    ("x1*exp(-k)", {"x1": U}, [0.1], 0.41 * math.exp(-0.1), "k", ALONE),
    ("x1*exp(-k)", {"x1": U}, [0.1], 0.40 * math.exp(-0.1), "", ""),
    ("x1*exp(-k)", {"x1": U}, [0.42], 0.41 * math.exp(-0.42), "", ""),
    ("x1*exp(-k)", {"x1": U}, [-0.1], 0.41 * math.exp(0.1), "k", ALONE),
    ("x1*exp(-k) + d*x2", {"x1": U, "x2": V}, [0.1, 0], 0.41 * math.exp(-0.1), "k",
     ALONE),
    ("x1*exp(-k) + x2*exp(-l)", {"x1": U, "x2": V}, [0, 0], 0.41, "kl", WIDE),
    # What is undetermined is told as such.
    ("(a + c)*x1 + b*x2", alike(1e-3), [1, 1, 1], 1.0, "b",
     f"{ALONE}, and other parameters together nearly make up for b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "at", "noise", "who", "why"), DOUBTFUL)
def test_a_parameter_is_doubted_where_its_error_means_nothing(
    text, inputs, at, noise, who, why
):
    graph = parse_graph([f"xy = {text}"])
    data = Dataset(inputs, {"xy": np.zeros(64)})
    objective, params = objective_of(graph, data, find_loss("mse")), np.array(at, float)
    known = determine(objective, params, True)
    spread = None if noise is None else noise**2 * known.inverse
    told, said = doubtful(objective, params, known, spread)
    assert told == tuple(who)
    verb = "is" if len(who) == 1 else "are"
    assert said == (who and f"{list_names(who)} {verb} practically undetermined: {why}")


@pytest.mark.parametrize("sigma", [None, 0.5])
@pytest.mark.parametrize("size", [2, 40])
def test_errors_are_those_of_each_target_where_it_has_enough_samples(size, sigma):
    """Of two lines each pays for two parameters; of few samples all are taken."""
    graph = parse_graph(["xp = a*xx + b", "xq = c*xx + d", "xr = e + 0*xx"])
    x, rng = np.linspace(0, 1, size), np.random.default_rng(0)
    left = rng.normal(size=(3, size)) * [[1.0], [10.0], [3.0]]
    targets = dict(zip(graph.outputs, left, strict=True))
    objective = objective_of(
        graph, Dataset({"xx": x}, targets, sigma), find_loss("mse"),
        weighted=sigma is not None,
    )  # fmt: skip
    params = np.zeros(5)
    known = determine(objective, params, True)
    found = errors_of(objective, params, known)
    squares = (left**2).sum(axis=1)
    assert found["dof"] == 3 * size - 5
    design = np.linalg.inv(np.array([[x @ x, x.sum()], [x.sum(), size]]))
    if sigma:
        expected = [sigma**2] * 3
        assert found["chi_squared"] == pytest.approx(squares.sum() / sigma**2)
    else:
        each = (
            squares / (size - np.array([2, 2, 1])) if size > 2 else [squares.sum()] * 3
        )
        expected = [*each]
        assert found["chi_squared"] is None
    errors = np.diag(found["spread"])
    assert errors[:2] == pytest.approx(np.diag(design) * expected[0])
    assert errors[2:4] == pytest.approx(np.diag(design) * expected[1])
    assert errors[4] == pytest.approx(expected[2] / size)
    assert found["without_errors"] == ""
    assert found["noise_free"] == ()


@pytest.mark.parametrize("sigma", [[1.0, 2.0, 1.0, 0.5], [3.0, 1.0, 1.0, 1.0]])
def test_the_best_constant_weighs_as_the_fit_does(sigma):
    y, weight = np.array([1.0, 2.0, 3.0, 9.0]), np.array(sigma) ** -2.0
    score = judged(y, 0.0, 0.0, sigma=np.array(sigma))
    middle = (weight * y).sum() / weight.sum()
    assert score.constant == pytest.approx((weight * (y - middle) ** 2).sum() / 4)
    assert score.loss == pytest.approx((weight * y**2).sum() / 4)


def test_a_result_has_the_errors_of_its_covariance():
    """Of two parameters known apart, and of two of which only the sum is known."""
    spread = np.zeros((4, 4))
    spread[:2, :2], spread[2:, 2:] = [[4.0, 1.0], [1.0, 9.0]], 0.25
    result = FitResult(
        {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}, 0.5, np.ones(3), "converged", "said",
        "LeastSquares", 3, 3, 4, 0.1, rank=3, undetermined=("c", "d"), dof=5,
        null_space=np.array([[0.0, 0.0, 1.0, -1.0]]), spread=spread,
        r_squared={"xy": 0.9}, chi_squared=4.5,
    )  # fmt: skip
    assert result.standard_errors == {"a": 2.0, "b": 3.0, "c": None, "d": None}
    assert result.covariance[:2, :2].tolist() == [[4.0, 1.0], [1.0, 9.0]]
    assert np.isnan(result.covariance[2:]).all()
    assert np.isnan(result.covariance[:, 2:]).all()
    assert result.combination({"a": 2, "b": -1}) == (0.0, pytest.approx(21**0.5))
    assert result.combination({"c": 1, "d": 1}) == (7.0, 1.0)
    assert result.combination({"c": 1, "d": 1 + 1.9e-7})[1] == pytest.approx(1)
    assert result.combination({"c": 1, "d": 1 + 2.1e-7}) == (7.0 + 8.4e-7, None)
    half = stats.t.ppf(0.9, 5) * 2
    assert result.intervals(0.8)["a"] == pytest.approx((1 - half, 1 + half))
    assert result.intervals(0.8)["c"] is None
    assert str(result).splitlines()[0] == (
        "LeastSquares: loss 0.5 after 3 steps, R² 0.9, χ² 4.5 for 5 degrees of freedom"
    )
    for level in (0, 1, 1.5, -0.5, True, "half"):
        with pytest.raises(FitError, match=r"^a level lies between 0 and 1, not "):
            result.intervals(level)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (lambda n: 0.1 - 0.1 * n, "a learning rate is a positive number, not 0.0 in"
         " step 1"),
        (lambda n: [0.1, 0.2], None), (lambda n: math.inf, "a learning rate is a "
         "positive number, not inf in step 0"),
        (lambda n: 0.1 / (n + 1), ""),
    ],
)  # fmt: skip
def test_rates_are_asked_for_step_by_step(rate, said):
    data = Dataset({"xx": [1.0, 2.0]}, {"xy": [1.0, 3.0]})
    if said == "":
        assert fit(LINE, data, SGD(rate), epochs=3, progress=False).steps == 3
        assert SGD(rate).settings(2, 2)[:, 0] == pytest.approx([0.1 / 3, 0.1 / 4])
    elif said:
        with pytest.raises(FitError) as caught:
            fit(LINE, data, SGD(rate), epochs=3, progress=False)
        assert str(caught.value) == said


@pytest.mark.parametrize(
    ("rates", "first", "expected"),
    [(0.5, 3, [0.5, 0.5]), ([0.1, 0.2, 0.3], 0, [0.1, 0.2]),
     ([0.1, 0.2, 0.3], 1, [0.2, 0.3]), ([0.1, 0.2, 0.3], 2, [0.3, 0.3]),
     ([0.1, 0.2, 0.3], 9, [0.3, 0.3])],
)  # fmt: skip
def test_of_given_rates_the_last_is_kept(rates, first, expected):
    assert SGD(rates).settings(first, 2)[:, 0].tolist() == expected
    table = Adam(rates, beta1=0.5, beta2=0.75, epsilon=0.1).settings(first, 2)
    number = np.array([first + 1, first + 2])
    rows = expected, [0.5] * 2, [0.75] * 2, [0.1] * 2, 1 - 0.5**number, 1 - 0.75**number
    assert table == pytest.approx(np.stack(rows, axis=1))


def test_a_weighted_loss_is_in_units_of_the_data():
    mse = find_loss("mse")
    # With σ of 1 and 2 the mean of 1/σ² is 0.625.
    found = in_units(mse, {"xp": np.array([1.0, 2.0])})
    p, t = np.array([1.0, 3.0]), np.array([2.0, 0.5])
    assert found.value(p, t) == pytest.approx(1.6 * mse.value(p, t))
    assert found.slope(p, t) == pytest.approx(1.6 * mse.slope(p, t))
    found = in_units(mse, {"xp": np.array([1.0, 2.0]), "xq": np.array([0.5])})
    assert found.value(p, t) == pytest.approx(mse.value(p, t) / 2.3125)
    assert found.formula == f"{1 / 2.3125!r}*({mse.formula})"


@pytest.mark.parametrize(
    ("sigma", "expected"),
    [([1.0, 1.0], False), ([1.0, 2.0], True), ({"xp": 1.0, "xq": 1.0}, False),
     ({"xp": 1.0, "xq": 2.0}, True)],
)  # fmt: skip
def test_some_samples_weigh_more_where_sigma_differs(sigma, expected):
    data = Dataset({}, {"xp": [1.0, 2.0], "xq": [1.0, 2.0]}, sigma)
    assert weighs(data.sigma) is expected


# What a fit adds


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0, 1, 2, 3, 0, 1, 2, 3], "Only 4 of 8 samples differ; errors take all as"
         " independent"),
        ([0, 1, 2, 3] * 2 + [3], "Only 4 of 9 samples differ; errors take all as"
         " independent"),
        ([0, 1, 2, 3, 0, 1, 2], ""),
    ],
)  # fmt: skip
def test_samples_that_are_there_again_are_mentioned(rows, said):
    x, y = np.array([0.0, 1.0, 2.0, 3.0])[rows], np.array([0.0, 1.1, 1.9, 3.0])[rows]
    result = fit(LINE, Dataset({"xx": x}, {"xy": y}), LeastSquares(), progress=False)
    assert result.converged
    assert ("samples differ" in result.message) == bool(said)
    assert said in result.message
    # The same inputs with targets of their own are repeated measurements.
    y = y + 1e-3 * np.arange(len(y))
    result = fit(LINE, Dataset({"xx": x}, {"xy": y}), LeastSquares(), progress=False)
    assert "samples differ" not in result.message
    assert "samples differ" not in fit(LINE, Dataset({"xx": x}, {"xy": y}), Adam(),
                                       progress=False).message  # fmt: skip


@pytest.mark.parametrize(("most", "refused"), [(64, False), (63, True)])
def test_a_jacobian_beyond_memory_is_refused(most, refused, monkeypatch):
    monkeypatch.setattr("cgprimer.fitting.least_squares.MOST_BYTES", most)
    data = Dataset({"xx": [1.0, 2, 3, 4]}, {"xy": [1.0, 3, 5, 7.1]})
    if not refused:
        assert fit(LINE, data, LeastSquares(), progress=False).converged
        return
    with pytest.raises(FitError) as caught:
        fit(LINE, data, LeastSquares(), progress=False)
    assert str(caught.value) == (
        "the Jacobian would have 4 × 2 entries\n  hint: use Adam, or fewer samples"
    )


@pytest.mark.parametrize(("most", "entries"), [(8, True), (7, False)])
def test_a_rank_is_found_up_to_so_many_entries(most, entries, monkeypatch):
    monkeypatch.setattr("cgprimer.fitting.conclusion.MOST_ENTRIES", most)
    data = Dataset({"xx": [1.0, 2, 3, 4]}, {"xy": [1.0, 3, 5, 7.1]})
    result = fit(LINE, data, LeastSquares(), progress=False)
    assert (result.rank is not None) == entries
    assert fit(LINE, data, LeastSquares(), identify=True, progress=False).rank == 2
    assert fit(LINE, data, Adam(), progress=False).rank == 2


@pytest.mark.parametrize(("most", "said"), [(2, ""), (1, "there are 2 of them")])
def test_of_too_many_parameters_no_rank_is_found(most, said, monkeypatch):
    for module in ("determination", "findings"):
        monkeypatch.setattr(f"cgprimer.fitting.{module}.MOST", most)
    data = Dataset({"xx": [1.0, 2, 3, 4]}, {"xy": [1.0, 3, 5, 7.1]})
    result = fit(LINE, data, Adam(), identify=True, progress=False)
    assert (result.rank is None) == bool(said)
    expected = f"Which parameters are determined was not computed, as {said}."
    assert result.message.endswith(expected) == bool(said)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("p*x1 + q*x2 + b", "p, q, b and v are not determined separately, only p*v, q*v"
         " and b*v"),
        ("p*x1 + q*x2 + r*x3 + b", "the scale of the hidden unit xh is free: 1 "
         "direction"),
    ],
)  # fmt: skip
def test_a_unit_of_five_weights_is_told_as_one(inside, said):
    graph = parse_graph([f"xh = relu({inside})", "xo = v*xh"])
    x = np.random.default_rng(0).uniform(-1, 1, (len(graph.inputs), 40))
    data = Dataset(dict(zip(graph.inputs, x, strict=True)), {"xo": np.zeros(40)})
    objective = objective_of(graph, data, find_loss("mse"))
    params = np.linspace(0.6, 1.4, len(graph.parameters))
    assert determine(objective, params, True).sentence() == said


# Where least squares go on from


def stopped(at, target, rest, before=1.0):
    """Restarts of least squares that stopped at `at`, and scipy's answer there.

    Residuals are the distances from `target`, and `rest`, which nothing changes.
    """
    at, target = np.array(at), np.array(target)

    def residuals(params):
        return np.r_[params - target, rest]

    def loss(values):
        return float((values**2).sum())

    trail = Trail(at, at, before)
    scaled = SimpleNamespace(
        trail=trail, scale=np.ones(2), unit=0.5, loss=loss,
        objective=SimpleNamespace(residuals=residuals),
    )  # fmt: skip
    restarts = Restarts(scaled)
    trail.loss = loss(residuals(at))
    jacobian = np.vstack([np.eye(2), np.zeros((1, 2))])
    answer = SimpleNamespace(jac=jacobian / 0.5, fun=residuals(at) / 0.5)
    return restarts, answer, scaled


@pytest.mark.parametrize(
    ("at", "target", "rest", "before", "start"),
    [
        ([1.0, 3.0], [1.0, 2.0], 0.98, 1.0, [1, 2]),  # less than half the loss
        ([1.0, 3.0], [1.0, 2.0], 1.02, 1.0, None),
        ([1.0, 2.0], [1.0, 2.0], 0.98, 1.0, [1, 2]),  # 4 % less than before
        ([1.0, 2.0], [1.0, 2.0], 0.99, 1.0, None),
        ([1.0, 2.0**21], [1.0, 2.0**21], 1.0, 1.0, [1, 2**21]),  # far from its unit
        ([1.0, 2.0**20], [1.0, 2.0**20], 1.0, 1.0, None),
        ([1.0, 2.0**-21], [1.0, 2.0**-21], 1.0, 1.0, [1, 2.0**-21]),
        ([1.0, 2.0**-20], [1.0, 2.0**-20], 1.0, 1.0, None),
    ],
)
def test_another_start_is_one_that_leads_on(at, target, rest, before, start):
    restarts, answer, scaled = stopped(at, target, rest, before)
    found = restarts.next(answer)
    if start is None:
        assert found is None
        return
    assert found.tolist() == start
    assert scaled.trail.best.tolist() == start
    assert scaled.trail.loss == pytest.approx(rest**2)
    assert scaled.scale.tolist() == [2.0 ** math.floor(math.log2(s)) for s in start]
    assert restarts.next(answer) is None  # it is there


def test_there_are_thirty_rounds_of_new_units():
    restarts, answer, scaled = stopped([1.0, 1.0], [1.0, 1.0], 1.0)
    for number in range(31):
        # Each time as if in units that are far off.
        scaled.scale = np.full(2, 2.0**30)
        assert (restarts.next(answer) is not None) == (number < 30)


def test_where_nothing_is_finite_there_is_no_other_start():
    restarts, answer, _ = stopped([1.0, 3.0], [1.0, 2.0], 0.5)
    answer.jac[0, 0] = np.inf
    assert restarts.next(answer) is None


# What scipy is given

SLOPED = {"xx": [0.0, 1.0, 2.0, 4.0]}, {"xy": [1.0, 3.0, 5.5, 9.0]}


def scaled_of(start, sigma=None, loss="mse", columns=SLOPED):
    data = Dataset(*columns, sigma)
    objective = objective_of(LINE, data, find_loss(loss), weighted=sigma is not None)
    trail, ticks = Trail(np.array(start), np.array(start)), []
    return ScaledResiduals(objective, trail, ticks.append), objective, trail, ticks


@pytest.mark.parametrize(
    ("sigma", "loss", "factor", "unit"),
    [(None, "mse", 1.0, 8), (0.5, "mse", 1.0, 16), (None, "huber", 1.0, 1),
     (None, "mse", 1e9, 2.0**33), (None, "mse", 0.0, 1)],
)  # fmt: skip
def test_scipy_is_given_residuals_of_about_one(sigma, loss, factor, unit):
    x, y = SLOPED
    columns = x, {"xy": factor * np.array(y["xy"])}
    scaled, objective, trail, ticks = scaled_of([3.0, 0.3], sigma, loss, columns)
    assert scaled.unit == unit
    assert scaled.scale.tolist() == [2, 0.25]
    assert (trail.evaluations, trail.unit) == (1, "step")
    at = np.array([1.25, 0.5])  # w = 2.5, b = 0.125
    left = objective.residuals(np.array([2.5, 0.125]))
    assert scaled.residuals(at) * unit == pytest.approx(left)
    jacobian = objective.jacobian(np.array([2.5, 0.125]))
    assert scaled.jacobian(at) * unit == pytest.approx(jacobian * [2, 0.25])
    assert scaled.smooth
    assert (trail.evaluations, trail.epochs) == (2, 1)
    assert trail.losses == trail.overall == ticks == [scaled.plain()]
    terms = left**2
    if loss == "huber":
        terms = np.where(np.abs(left) <= 1, terms, 2 * np.abs(left) - 1)
    assert scaled.loss(left) == pytest.approx(terms.mean())
    if sigma:
        assert scaled.plain() == pytest.approx(sigma**2 * trail.loss)


@pytest.mark.parametrize("longest", [15, 16])
def test_many_rows_are_turned_to_few(longest, monkeypatch):
    """Of 4 samples and 2 parameters: 16 operations."""
    monkeypatch.setattr("cgprimer.fitting.scaled.LONG", longest)
    scaled, objective, _, _ = scaled_of([1.0, 1.0])
    at = np.array([2.5, 0.125])
    left, jacobian = scaled.residuals(at), scaled.jacobian(at)
    assert len(left) == len(jacobian) == (3 if longest == 15 else 4)
    expected = objective.residuals(at), objective.jacobian(at)
    assert 64 * left @ left == pytest.approx(expected[0] @ expected[0])
    assert 64 * jacobian.T @ jacobian == pytest.approx(expected[1].T @ expected[1])
    assert 64 * jacobian.T @ left == pytest.approx(expected[1].T @ expected[0])
    robust, _, _, _ = scaled_of([1.0, 1.0], loss="huber")
    assert len(robust.residuals(at)) == 4  # huber bends at every residual


def test_a_step_too_far_costs_more_than_any_other():
    graph = parse_graph(["xy = w*ln(b)*xx"])
    objective = objective_of(graph, Dataset(*SLOPED), find_loss("mse"))
    start = np.array([1.0, 2.0])
    trail = Trail(start, start)
    scaled = ScaledResiduals(objective, trail, lambda loss: None)
    assert not trail.border
    with np.errstate(all="ignore"):
        left = scaled.residuals(np.array([1.0, -1.0]))
        assert np.abs(left).max() == 1e150
        assert trail.border
        assert trail.best is start
        slopes = scaled.jacobian(np.array([1.0, 0.0]))
    assert not scaled.smooth
    assert not trail.border
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    ("texts", "zero", "said"),
    [
        (["xp = a*xx + xw*xx", "xq = k*xz + c"], "xz",
         "k has no effect on the data (xz is 0 in every sample)"),
        (["xp = a*xx + xw*xx", "xq = k*xz*xw + c + l*xz"], "xz",
         "k and l have no effect on the data (xz is 0 in every sample)"),
        (["xu = k*xz", "xp = a*xx + l*xu", "xq = c + xw"], "xz",
         "k and l have no effect on the data (xu and xz are 0 in every sample)"),
        (["xp = a*xx + 0*k", "xq = c*xw + 0*xz"], "xz", "k has no effect on the data"),
    ],
)  # fmt: skip
def test_what_is_zero_beside_a_silent_parameter_is_named(texts, zero, said):
    graph, rng = parse_graph(texts), np.random.default_rng(0)
    inputs = {n: rng.uniform(1, 2, 40) * (n != zero) for n in graph.inputs}
    targets = {name: np.ones(40) for name in graph.outputs}
    objective = objective_of(graph, Dataset(inputs, targets), find_loss("mse"))
    params = np.linspace(0.6, 1.4, len(graph.parameters))
    assert determine(objective, params, True).sentence() == said


def power_loss(power):
    """|p - t| to a power; its slope is not asked for."""
    return Loss("power", lambda p, t: np.abs(p - t) ** power, lambda p, t: 0 * p)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("mse", False), ("mae", True), ("huber", True), ("cross-entropy", False),
        ("softmax-cross-entropy", False), (power_loss(0.5), True),
        (power_loss(1.05), True), (power_loss(1.1), False), (power_loss(4), False),
    ],
)  # fmt: skip
def test_a_loss_is_robust_that_grows_no_faster_than_the_distance(loss, expected):
    assert is_robust(find_loss(loss)) is expected
