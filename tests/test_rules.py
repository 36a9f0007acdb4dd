"""The rules by which a fit is judged, each by itself: at both sides of its border."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from cgprimer.fitting.columns import are_side_by_side, in_order, varies
from cgprimer.fitting.downhill import is_endless, runaways, way_down
from cgprimer.fitting.luck import by_likelihood, by_neighbours, by_runs, by_variance
from cgprimer.fitting.stopping import is_beyond, is_nothing, runs_away, word_at_rest
from cgprimer.fitting.trail import Trail

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
    left = sign * np.r_[np.ones(few), -np.ones(30)]
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
    (lambda p: [[1 / (1 + p[0]), 1, 1], [2, 2, 2]], [0.0], [1e9], [0]),
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
