"""Both sides of the borders that verdicts and sentences rest on.

A row lies just inside of a border or just outside, so that a constant of another size,
or a comparison the other way, shows.
"""

import functools
import math

import numpy as np
import pytest

from cgprimer import check_gradients, compare_partials, parse_graph
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import name
from cgprimer.expr.syntax import parse_expression
from cgprimer.judge.check import report as report_on
from cgprimer.judge.claim import Claim
from cgprimer.judge.claims import read_claims
from cgprimer.judge.differences.schemes import Told
from cgprimer.judge.evidence import Evidence, judged_row, kink_row
from cgprimer.judge.graph_check import GraphCheck, graph_check
from cgprimer.judge.kinks import either_side, kink_mask, kinks
from cgprimer.judge.mistakes.component_patterns import Part, common, likely_mistakes
from cgprimer.judge.mistakes.explain import (
    WrongDerivative,
    explain,
    ratio_text,
    special,
)
from cgprimer.judge.mistakes.terms import missing_term
from cgprimer.judge.mistakes.wrong import Wrong, fraction
from cgprimer.judge.mistakes.wrong_derivatives import derivative
from cgprimer.judge.slopes import Slope, curvature
from cgprimer.judge.slopes import slope as slope_of
from cgprimer.judge.verdict import judge

PASS, FAIL, INCONCLUSIVE, REMARK = "PASS", "FAIL", "INCONCLUSIVE", "REMARK"
EPSILON = float(np.finfo(float).eps)
INF, NAN = math.inf, math.nan
A = np.array

# One claim beside one slope.


def slope(value=1.0, bound=1e-9, typical=1.0, side=0.0, rough=0.0, again=None):
    """A slope at one point, ± `side` to either side of a kink."""
    rows = (value, bound, typical, value - side, value + side)
    rows = (A([float(row)]) for row in rows)
    return Slope(*rows, again=again and (lambda: again), rough=A([rough]))


VAGUE = "differences say no more than {} here"
KINK = "at a kink: the slope is {} before, {} after"
OTHER = "one scheme excludes it, but by another " + VAGUE.format("1.1 ± 0.5")
AGAIN = {"again": slope(1.1, 0.5)}
RULE = [  # claim, the slope, Σ|terms| of the claim, the verdict, the reason
    # a claim is allowed twice the bound
    (1 + 1.99e-6, {"bound": 1e-6}, 0, PASS, ""),
    (1 + 2.01e-6, {"bound": 1e-6}, 0, FAIL, ""),
    (1 - 1.99e-6, {"bound": 1e-6}, 0, PASS, ""),
    (1 - 2.01e-6, {"bound": 1e-6}, 0, FAIL, ""),
    # a bound confirms what is at least 10,000 times as large
    (1, {"bound": 0.99e-4}, 0, PASS, ""),
    (1, {"bound": 1.01e-4}, 0, INCONCLUSIVE, VAGUE.format("1 ± 0.0001")),
    (-30, {"value": -30, "bound": 2.9e-3}, 0, PASS, ""),
    (-30, {"value": -30, "bound": 3.1e-3}, 0, INCONCLUSIVE,
     VAGUE.format("-30 ± 0.003")),
    # or, for 0, a million times less than the slope to expect
    (0, {"value": 0, "bound": 0.99e-6}, 0, PASS, ""),
    (0, {"value": 0, "bound": 1.01e-6}, 0, INCONCLUSIVE, VAGUE.format("0 ± 1e-06")),
    (0, {"value": 0, "bound": 0.99e-4, "typical": 100}, 0, PASS, ""),
    (0, {"value": 0, "bound": 1.01e-4, "typical": 100}, 0, INCONCLUSIVE,
     VAGUE.format("0 ± 0.0001")),
    # as small as rounding is 0 as well
    (7.9 * EPSILON, {"value": 0, "bound": 1e-7}, 0, PASS, ""),
    (8.1 * EPSILON, {"value": 0, "bound": 1e-7}, 0, INCONCLUSIVE,
     VAGUE.format("0 ± 1e-07")),
    (23 * EPSILON, {"value": 0, "bound": 1e-7}, 2, PASS, ""),
    (25 * EPSILON, {"value": 0, "bound": 1e-7}, 2, INCONCLUSIVE,
     VAGUE.format("0 ± 1e-07")),
    (500 * EPSILON, {"value": 0, "bound": 1e-5, "typical": 100}, 0, PASS, ""),
    # to condemn a bound must be 1 % of the larger of the two
    (100, {"bound": 0.99}, 0, FAIL, ""),
    (100, {"bound": 1.01}, 0, INCONCLUSIVE, VAGUE.format("1 ± 1")),
    (1, {"value": 100, "bound": 0.99}, 0, FAIL, ""),
    (1, {"value": 100, "bound": 1.01}, 0, INCONCLUSIVE, VAGUE.format("100 ± 1")),
    # the rounding of a claim is allowed for
    (1 + 1e-6, {"bound": 0}, 0.51e-6 / EPSILON, PASS, ""),
    (1 + 1e-6, {"bound": 0}, 0.49e-6 / EPSILON, FAIL, ""),
    (1 + 15 * EPSILON, {"bound": 0}, INF, PASS, ""),
    (1 + 17 * EPSILON, {"bound": 0}, INF, FAIL, ""),
    (1.5, {"bound": 0}, 0.02 / EPSILON, INCONCLUSIVE, VAGUE.format("1 ± 0")),
    (1 + 1e-9, {"bound": 1e-9}, 1e9 / EPSILON, PASS, ""),  # it is not needed here
    # what bends unseen condemns nobody, and praises nobody
    (1.5, {"rough": 0.51}, 0, INCONCLUSIVE, VAGUE.format("1 ± 0.5")),
    (1.5, {"rough": 0.49}, 0, FAIL, ""),
    (1.0, {"rough": 0.51}, 0, PASS, ""),
    # at a kink nothing is praised, and what lies outside is wrong
    (-0.9, {"value": 0, "bound": 1, "side": 1}, 0, INCONCLUSIVE, KINK.format(-1, 1)),
    (0.9, {"value": 0, "bound": 1, "side": 1}, 0, INCONCLUSIVE, KINK.format(-1, 1)),
    (1.1, {"value": 0, "bound": 1, "side": 1}, 0, FAIL, ""),
    (-1.1, {"value": 0, "bound": 1, "side": 1}, 0, FAIL, ""),
    (NAN, {"value": 0, "bound": 1, "side": 1}, 0, INCONCLUSIVE, KINK.format(-1, 1)),
    (INF, {"value": 0, "bound": 1, "side": 1}, 0, FAIL, ""),
    (0.02, {"value": 0, "bound": 0.015, "side": 0.01}, 0, INCONCLUSIVE,
     KINK.format(-0.01, 0.01)),
    # a claim of inf makes no bound small
    (INF, {"bound": 0.0099}, 0, FAIL, ""),
    (INF, {"bound": 0.0101}, 0, INCONCLUSIVE, VAGUE.format("1 ± 0.01")),
    (INF, {"bound": 0.99, "typical": 100}, 0, FAIL, ""),
    (INF, {"bound": 0.99, "value": -100}, 0, FAIL, ""),
    # what a second scheme cannot tell is condemned where it is ten times as far off
    (1 + 19e-6, {"bound": 1e-6, **AGAIN}, 0, INCONCLUSIVE, OTHER),
    (1 + 21e-6, {"bound": 1e-6, **AGAIN}, 0, FAIL, ""),
    (1 + 19e-6, {"bound": 1e-6, "again": slope(1 + 19e-6)}, 0, PASS, ""),
    (1 + 19e-6, {"bound": 1e-6, "again": slope(1)}, 0, FAIL, ""),
    (1, {"value": NAN}, 0, INCONCLUSIVE, "no finite difference can be taken here"),
    (1, {"bound": INF}, 0, INCONCLUSIVE, "no finite difference can be taken here"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "given", "terms", "verdict", "reason"), RULE)
def test_one_claim_beside_one_slope(claim, given, terms, verdict, reason):
    found = judge(claim, slope(**given), 0, terms)
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [(0.99e-9, 1, (0, 1)), (1.01e-9, 1, (1.01e-9, 1)), (-2, -1.9e-9, (-2, 0)),
     (-2, 2.1e-9, (-2, 2.1e-9))],
)  # fmt: skip
def test_beside_a_steep_slope_rounding_is_told_as_nothing(left, right, told):
    one = A([1.0])
    assert Slope(one, one, one, A([left]), A([right])).sides(0) == told


# Several points: of random ones half must decide, of given ones all.


def evidence(claims, bounds, excused=()):
    """A claim at each of several points, where the slope is 1 ± each bound."""
    one = np.ones(len(claims))
    found = Slope(one, A(bounds), one, one, one)
    at = {"x": np.arange(len(claims)) + 0.5}
    mask = np.isin(np.arange(len(claims)), excused)
    return Evidence(A(claims), one, found, at, mask)


SURE, UNSURE = 1e-9, 0.1
UNDECIDED = VAGUE.format("1 ± 0.1")
VOTES = [  # bounds at five points or four, whether given, verdict, reason
    ([SURE] * 5, True, PASS, ""),
    ([SURE] * 4 + [UNSURE], True, INCONCLUSIVE, UNDECIDED),
    ([SURE] * 4 + [UNSURE], False, PASS, "undecided at 1 of 5"),
    ([SURE] * 3 + [UNSURE] * 2, False, PASS, "undecided at 2 of 5"),
    ([SURE] * 2 + [UNSURE] * 3, False, INCONCLUSIVE, UNDECIDED),
    ([SURE] * 2 + [UNSURE] * 2, False, PASS, "undecided at 2 of 4"),
    ([SURE] * 1 + [UNSURE] * 3, False, INCONCLUSIVE, UNDECIDED),
    ([UNSURE], False, INCONCLUSIVE, UNDECIDED),
]


@pytest.mark.parametrize(("bounds", "given", "verdict", "reason"), VOTES)
def test_of_random_points_half_must_decide(bounds, given, verdict, reason):
    one = evidence([1.0] * len(bounds), bounds)
    row = judged_row("edge", ("y", "x"), None, [one], given=given)
    assert (row.verdict, row.reason) == (verdict, reason)
    assert row.points == len(bounds)


def test_what_lies_beside_kinks_is_judged_but_does_not_decide():
    """Two of three random points decide; two more of four are those beside a kink."""
    at_points = evidence([1.0] * 3, [SURE, UNSURE, UNSURE])
    beside = evidence([1.0] * 4, [SURE] * 4)
    row = judged_row("edge", ("y", "x"), None, [at_points, beside], given=False)
    assert (row.verdict, row.points) == (INCONCLUSIVE, 7)
    at_points = evidence([1.0] * 3, [SURE, SURE, UNSURE])
    row = judged_row("edge", ("y", "x"), None, [at_points, beside], given=False)
    assert (row.verdict, row.reason) == (PASS, "undecided at 1 of 7")
    wrong = evidence([1.0, 1.5], [SURE] * 2)
    row = judged_row("edge", ("y", "x"), None, [at_points, wrong], given=False)
    assert (row.verdict, row.at, row.claimed) == (FAIL, {"x": 1.5}, 1.5)


def test_a_row_shows_the_point_that_is_furthest_off():
    for claims, at in (
        ([1.2, 1.4, 0.9], 1.5),
        ([1.2, NAN, 9], 1.5),
        ([0.1, 1, 1], 0.5),
    ):
        row = judged_row(
            "edge", ("y", "x"), None, [evidence(claims, [SURE] * 3)], given=True
        )
        assert (row.verdict, row.at) == (FAIL, {"x": at})


def test_the_worst_verdict_counts_however_small_its_gap():
    one = evidence([1.001, 1.05], [SURE, UNSURE])
    row = judged_row("edge", ("y", "x"), None, [one], given=False)
    assert (row.verdict, row.claimed) == (FAIL, 1.001)
    one = evidence([1 + 1e-4, 1.0], [0.9e-4, UNSURE])
    row = judged_row("edge", ("y", "x"), None, [one], given=True)
    assert (row.verdict, row.claimed) == (INCONCLUSIVE, 1.0)


def test_a_claim_that_is_excused_is_not_condemned():
    one = evidence([1.5, 1.0], [SURE] * 2, excused=[0])
    row = judged_row("edge", ("y", "x"), None, [one], given=True)
    says = "slopes 1 before, 1 after, but the formula gives 1.5 at this very point"
    assert (row.verdict, row.reason) == (INCONCLUSIVE, says)
    vague = evidence([1.0] * 3, [0.99e-4, 1.01e-4, NAN]).vague
    assert vague.tolist() == [False, True, True]


FORMULA = Claim(("y", "x"), "step(x)", "here")
SLOPES = "slopes -1 before, 1 after"
NOT_BETWEEN = SLOPES + ": the claim is not between them"
GIVES = SLOPES + ", but the formula gives {} at this very point"
AT_KINKS = [  # claim, whether somebody's, slope, verdict, reason
    (0.5, True, {}, PASS, SLOPES),
    (0.5, False, {}, PASS, SLOPES),
    (1.2, True, {}, REMARK, NOT_BETWEEN),
    (1.2, False, {}, REMARK, GIVES.format("1.2")),
    (NAN, True, {}, REMARK, GIVES.format("nan")),
    (INF, True, {}, REMARK, GIVES.format("inf")),
    (0.5, True, {"bound": INF}, None, None),
    (0.5, True, {"value": NAN}, None, None),
    (0.5, True, {"side": 0.0, "bound": 1.0}, None, None),  # vague, and no kink
    (0.0, True, {"side": 0.0, "bound": 1e-9}, PASS, "slopes 0 before, 0 after"),
    (0.005, True, {"side": 0.0, "bound": 1e-9}, REMARK,
     "slopes 0 before, 0 after: the claim is not between them"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "whose", "given", "verdict", "reason"), AT_KINKS)
def test_what_is_said_at_a_kink(claim, whose, given, verdict, reason):
    found = slope(**{"value": 0.0, "bound": 1.0, "side": 1.0, **given})
    one = Evidence(A([claim]), A([1.0]), found, {"x": A([0.5])}, A([False]))
    row = kink_row(("y", "x"), FORMULA if whose else None, one)
    assert (row and (row.verdict, row.reason)) == (verdict and (verdict, reason))


# What a wrong number looks like.

TIMES = "it is {} times the true derivative"
RATIOS = [
    (0.0, None), (-1.0, "the sign is flipped"), (-1 + 0.9e-7, "the sign is flipped"),
    (-1 + 1.1e-7, None), (1.19, "it is 19 % too large"), (0.81, "it is 19 % too small"),
    (1.21, None), (0.79, None), (1.0001, "it is 0.01 % too large"),
    (2.0, TIMES.format(2)), (-2.0, TIMES.format(-2)), (0.5, TIMES.format("1/2")),
    (-0.5, TIMES.format("-1/2")), (2 + 1.9e-7, TIMES.format(2)), (2 + 2.1e-7, None),
    (1.5, None), (1 / 3, TIMES.format("1/3")), (1e6, TIMES.format(1000000)),
    (1e6 + 1, None), (1e-6, TIMES.format("1/1000000")),
    (4.0, TIMES.format(4) + ", as if a sum stood where the mean over 4 belongs"),
    (0.25, TIMES.format("1/4")),
]  # fmt: skip


@pytest.mark.parametrize(("ratio", "says"), RATIOS)
def test_what_a_ratio_means(ratio, says):
    found = special(ratio, [4.0])
    assert (found and found[1]) == says


@pytest.mark.parametrize(
    ("span", "text"),
    [((1.0, 1.0 + 0.9e-6), "1"), ((1.0, 1.0 + 1.1e-6), "1 … 1"), ((-2.0, -2.0), "-2"),
     ((0.5, 0.75), "0.5 … 0.75"), ((1.0, INF), "∞"), ((NAN, 1.0), "∞"),
     ((-0.0, 0.0), "0"), ((1.234567891, 1.234567891), "1.23457"),
     ((-3.0, -3.0 - 2.9e-6), "-3")],
)  # fmt: skip
def test_a_ratio_for_a_table(span, text):
    assert ratio_text(span) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(2 / 3, "2/3"), (2 / 3 + 0.6e-7, "2/3"), (2 / 3 + 0.7e-7, "0.666667"),
     (-1.5, "-3/2"),
     (5 / 12, "5/12"), (1 / 13, "0.0769231"), (3.0, "3"), (0.7071, "0.7071")],
)  # fmt: skip
def test_a_number_as_a_fraction(ratio, text):
    assert fraction(ratio) == text


def test_claims_agree_to_seven_digits_or_within_what_is_not_known():
    true, none = A([1.0, -20.0]), np.zeros(2)
    for factor, slack, agrees in (
        (1 + 0.99e-7, 0, True), (1 + 1.02e-7, 0, False), (1 - 1.02e-7, 0, False),
        (1.0, 0, True), (1.01, 0.21, True), (1.01, 0.19, False), (INF, 0, False),
        (NAN, 0, False),
    ):  # fmt: skip
        assert Wrong(factor * true, true, none + slack).agrees(true) is agrees
    assert not Wrong(A([1.0, 2.0]), true, none).agrees(A([1.0, 2.1]))  # at one of two


def test_a_ratio_is_taken_where_the_truth_is_known():
    wrong = Wrong(
        A([2.0, 2.0, 0.9e-3, 4.0]), A([1.0, 0.99e-2, 2.0, 2.0]), A([1e-3] * 4)
    )
    assert wrong.ratios().tolist() == [2.0, 0.0, 2.0]  # 0.9e-3 is no more than slack
    assert wrong.constant() is None
    wrong = Wrong(A([2.0, 2.0]), A([1.0, 1.01e-2]), A([1e-3] * 2))
    assert len(wrong.ratios()) == 2
    assert Wrong(A([1.0]), A([0.0]), A([0.0])).constant() is None
    assert Wrong(A([3.0, 6.0]), A([2.0, 4.0]), A([0.0, 0.0])).constant() == 1.5


# Terms that are missing.

X = A([0.5, 1.0, -2.0, 3.0, 0.7])
U, V = A([2.0, -1.0, 0.3, 1.5, -0.6]), A([1.0, 3.0, 2.0, -1.0, 0.5])
TERMS = [  # what is added to the right derivative, what is said of it
    (-X, "the gradient of ½·x² is missing"),
    (X, "the gradient of ½·x² is too much"),
    (-4 * X, "the gradient of 2·x² is missing"),
    (2 * U * X, "the gradient of u·x² is too much"),
    (-U, "the term u is missing"), (3 * U, "the term 3·u is too much"),
    (-0.5 * U * V, "the term ½·u·v is missing"), (U * U, "the term u·u is too much"),
    (5 + 0 * X, "the term 5 is too much"), (-1 + 0 * X, "the term 1 is missing"),
    (np.exp(X), None), (0 * X, None), (X * (U > 0), None),
]  # fmt: skip


@pytest.mark.parametrize(("more", "says"), TERMS)
def test_a_gap_is_told_as_a_term(more, says):
    true, slack = np.cos(X), np.full(5, 1e-9)
    wrong = Wrong(true + more, true, slack)
    term = missing_term("x", {"x": X, "u": U, "v": V}, wrong)
    assert (term and term.says) == says


@pytest.mark.parametrize(
    ("count", "size", "is_told"),
    [(4, 1.0, True), (3, 1.0, False), (5, 1.9e-6, False), (5, 2.1e-6, True)],
)
def test_a_term_needs_four_points_and_digits(count, size, is_told):
    """At the first point the gap is half of `size`: 1000 times the slack, or less."""
    true, x = np.zeros(count), np.abs(X[:count])
    wrong = Wrong(true + size * x, true, np.full(count, 1e-9))
    assert (missing_term("x", {"x": x}, wrong) is not None) is is_told


# Components of a gradient of plain code.

TRUE = A([1.0, -2.0, 0.5, 3.0])
AT = A([0.3, 0.7, -1.1, 0.2])
OTHER_LEAF = A([1.0, 4.0, -2.0, 0.5])
SPREAD = "claimed / true goes from {} to {}"
PATTERNS = [  # the claims for four components, and the likeliest mistake
    (-TRUE, "the sign is flipped"),
    (0 * TRUE, "the gradient is zero where the slope is not"),
    (A([1.0, -2.0, NAN, 3.0]), "the gradient is nan or inf where the slope is not"),
    (4 * TRUE, TIMES.format(4) + ", as if a sum stood where the mean over 4 belongs"),
    (3 * TRUE, TIMES.format(3)),
    (TRUE / 4, TIMES.format("1/4")),
    (1.05 * TRUE, "it is 5 % too large"),
    (1.5 * TRUE, TIMES.format("3/2")),
    (TRUE[[1, 0, 3, 2]], "components have changed places"),
    (TRUE + 0.3 * AT, "a term 0.3·x is too many: the gradient of ½λ‖x‖² is too many, "
     "λ = 0.3"),
    (TRUE - 2 * AT, "a term 2·x is missing: the gradient of ½λ‖x‖² is missing, λ = 2"),
    (TRUE + 0.3 * OTHER_LEAF, "a term 0.3·w is too many"),
    (TRUE - 0.3 * OTHER_LEAF, "a term 0.3·w is missing"),
    (TRUE + 0.25, "each is 0.25 too large"), (TRUE - 0.25, "each is 0.25 too small"),
    (TRUE * A([2.0, 3.0, 4.0, 5.0]), SPREAD.format(2, 5)),
]  # fmt: skip


def part(claimed, true=TRUE, bound=1e-9, wrong=None, at=AT, label="x"):
    """One argument, all of whose components were looked at."""
    every = np.arange(len(true))
    own = every if wrong is None else A(wrong)
    return Part(label, at, claimed, every, true, np.full(len(true), bound), own)


@pytest.mark.parametrize(("claimed", "says"), PATTERNS)
def test_what_wrong_components_look_like(claimed, says):
    with np.errstate(all="ignore"):
        assert next(likely_mistakes(part(claimed), {"w": OTHER_LEAF})) == says


LIKELY = [  # claims, true, what is known to, which are wrong, what is said
    # components that are right bear no witness
    (A([-1.0, -2.0]), A([1.0, -2.0]), 1e-9, [0], "the sign is flipped"),
    (A([1.25, -2.0]), A([1.0, -2.0]), 1e-9, [0], "it is 5/4 times the true derivative"),
    # differences that are known to 0.01 % tell 2 from 2.0002, those to 1 % do not
    (A([2.0003]), A([1.0]), 1e-4, [0], TIMES.format(2)),
    (A([2.005]), A([1.0]), 1e-9, [0], TIMES.format("2.005")),
    (A([2.005]), A([1.0]), 2e-2, [0], TIMES.format("2.005")),
    (A([2.0015]), A([1.0]), 2e-2, [0], TIMES.format(2)),
    # the truth is zero: there is no ratio
    (A([1.0, 3.0]), A([0.0, 0.0]), 1e-9, [0, 1], "the true derivative is zero"),
    (A([1.0, 1.0]), A([0.0, 0.0]), 1e-9, [0, 1], "each is 1 too large"),
    (A([1.0]), A([0.0]), 1e-9, [0], "the true derivative is zero"),
    # a gap that is 4 times the bound, or 1e-7 of the slope, is none
    (A([5.0, 5.0, -10.0 - 1e-6]), A([1.0, 1.0, -2.0]), 1e-9, [0, 1, 2],
     TIMES.format(5)),
    (A([5.0, 5.0, -10.0 - 1.4e-6]), A([1.0, 1.0, -2.0]), 1e-9, [0, 1, 2],
     SPREAD.format(5, "5.000001")),
    (A([5.0, 5.0, -10.0 - 1.4e-6]), A([1.0, 1.0, -2.0]), 1e-7, [0, 1, 2],
     TIMES.format(5)),
]  # fmt: skip


@pytest.mark.parametrize(("claimed", "true", "bound", "wrong", "says"), LIKELY)
def test_what_few_wrong_components_look_like(claimed, true, bound, wrong, says):
    own = part(claimed, true, bound, wrong, at=np.ones(len(true)))
    assert next(likely_mistakes(own, {})) == says


def test_a_matrix_may_be_transposed():
    square = A([[1.0, 2.0], [3.0, 4.0]])
    own = part(square.T.ravel(), square.ravel(), at=square)
    assert next(likely_mistakes(own, {})) == "the gradient is transposed"
    flat = part(square.T.ravel(), square.ravel(), at=square.ravel())
    assert next(likely_mistakes(flat, {})) == "components have changed places"
    wide = part(square.T.ravel(), square.ravel(), at=square.reshape(1, 4))
    assert next(likely_mistakes(wide, {})) == "components have changed places"


def test_a_mean_is_over_the_components_or_over_an_axis():
    at = np.arange(6.0).reshape(2, 3) + 1
    true = np.cos(at).ravel()
    for n in (2, 3, 6, 5):
        says = next(likely_mistakes(part(n * true, true, at=at), {}))
        assert (f"mean over {n} belongs" in says) == (n != 5)


def test_a_term_in_proportion_needs_two_values_that_differ():
    for at, says in (
        (A([2.0, 2.0, 0.0]), "claimed / true goes"),  # one value, beside zeros
        (A([2.0, 1.0, 0.0]), "a term 0.5·x is too many"),
        (A([2.0, 1.0]), "a term 0.5·x is too many"),
    ):
        true = A([1.0, 3.0, -1.0])[: len(at)]
        own = part(true + 0.5 * at, true, wrong=[0, 1], at=at)
        told = list(likely_mistakes(own, {}))
        assert any(s.startswith(says) for s in told) is True
        assert any("a term" in s for s in told) is ("term" in says)


@pytest.mark.parametrize(
    ("second", "says"),
    [(-A([5.0, 6.0, 7.0, 8.0]), "the sign is flipped"),
     (A([5.0, 6.0, 7.0, 8.0]), None), (1.5 * A([5.0, 6.0, 7.0, 8.0]), None)],
)  # fmt: skip
def test_what_two_arguments_have_in_common(second, says):
    other = part(second, A([5.0, 6.0, 7.0, 8.0]), label="w")
    assert common([part(-TRUE), other]) == says


def test_a_mean_that_two_arguments_forgot_is_over_as_many_components():
    times = [4 * TRUE, 4 * OTHER_LEAF]
    of_one_size = [part(times[0]), part(times[1], OTHER_LEAF)]
    assert "mean over 4 belongs" in common(of_one_size)
    short = part(times[1][:2], OTHER_LEAF[:2], at=AT[:2])
    assert common([part(times[0]), short]) == TIMES.format(4)


# A wrong derivative of an equation.

POINTS = {
    "a": A([0.5, 1.3, -0.7, 2.1, 0.9]), "b": A([1.7, 0.4, 2.2, -1.1, 0.8]),
    "x": A([0.3, -0.9, 1.1, 0.6, 1.9]), "c": A([2.0, 1.5, 0.7, 1.2, 3.0]),
}  # fmt: skip
EXPLAINED = [  # the right side of y, by which name, the claim, and what it looks like
    ("a*x + b", "x", "a*2", "factor",
     "it is 2 times the true derivative"),
    ("a*x + b", "x", "-a", "sign flipped",
     "the sign is flipped"),
    ("a*x + b", "x", "0", "zero",
     "it is zero, so this edge passes nothing back"),
    ("a*x + b", "x", "0*a + 1/0", "not finite",
     "it is nan or inf where the slope is not"),
    ("a*x", "x", "x", "swapped factors",
     "x stands where a belongs"),
    ("a*x", "x", "1", "missing factor",
     "the factor a is missing"),
    ("a*x", "a", "a", "swapped factors",
     "a stands where x belongs"),
    ("tanh(a*x)", "x", "1 - tanh(a*x)^2", "missing factor",
     "the factor a is missing"),
    ("tanh(a*x)", "x", "a", "left out",
     "the derivative of tanh, tanh′, is left out"),
    ("tanh(a*x)", "x", "a*tanh(a*x)", "function for derivative",
     "tanh itself stands where its derivative tanh′ belongs"),
    ("tanh(a*x)", "x", "a*(1-tanh(tanh(a*x))^2)", "wrong argument",
     "tanh′ is taken at tanh(a*x) instead of at a*x"),
    ("tanh(a*x)", "x", "a*tanh(a*x)*(1-tanh(a*x))", "other function",
     "you used σ′, the node is tanh"),
    ("sigmoid(a*x)", "x", "a*(1-sigmoid(a*x)^2)", "other function",
     "you used tanh′, the node is sigmoid"),
    ("sin(a*x)", "x", "a*sinh(a*x)", "other function",
     "you used cosh′, the node is sin"),
    ("sin(a*x)", "x", "-a*sin(a*x)", "other function",
     "you used cos′, the node is sin"),
    ("a*x^3", "x", "3*a*x", "exponent",
     "the exponent of x^3 is lowered by 2, not by 1"),
    ("a*x^3", "x", "a*x^2", "factor",
     "it is 1/3 times the true derivative; the exponent 3 is missing as a factor"),
    ("a*x^3", "x", "3*a*x^3", "exponent",
     "the exponent of x^3 is not lowered by 1"),
    ("b/x", "x", "b/x^2", "sign flipped",
     "the sign is flipped; the minus sign of the quotient rule is lost"),
    ("b/x", "x", "-b/x", "missing factor",
     "the denominator x is not squared in the quotient rule"),
    ("b/x", "x", "-1/x^2", "missing factor",
     "the factor b is missing in the quotient rule"),
    ("x/b", "x", "1", "missing factor",
     "the division by b is missing"),
    ("x/b", "x", "b", "inverted factor",
     "multiplied by b instead of divided"),
    ("b - x", "x", "1", "sign flipped",
     "the sign is flipped; the minus before x is lost"),
    ("-x", "x", "1", "sign flipped",
     "the sign is flipped; the minus of -x is lost"),
    ("a*x + sin(x)", "x", "a", "missing path",
     "the path through sin(x) in a*x + sin(x) is missing"),
    ("a*x + sin(x)", "x", "2*a + cos(x)", "path twice",
     "the path through a*x in a*x + sin(x) is counted twice"),
    ("a*x + sin(x)", "x", "a - cos(x)", "sign",
     "the path through sin(x) in a*x + sin(x) has the wrong sign"),
    ("a*x + b", "x", "a*b", "extra factor",
     "there is a factor b too many"),
    ("a*x + b", "x", "-a*b", "extra factor",
     "there is a factor b too many, and the sign is flipped"),
    ("a*x + b", "x", "a/b", "missing factor",
     "there is a factor 1/b too many"),
    ("x*a + b - b", "x", "-a/b", "missing factor",
     "there is a factor 1/b too many, and the sign is flipped"),
    ("a*b*x + c", "x", "a*c", "swapped names",
     "b and c are swapped in it"),
    ("a*x + b", "x", "a + 2*b", "missing term",
     "the term 2·b is too much"),
    ("a*b*x", "x", "a", "missing factor",
     "the factor b is missing"),
    ("a*b*x", "x", "-a", "missing factor",
     "the factor b is missing, and the sign is flipped"),
    ("exp(a*x)", "x", "a*exp(a*x)*1.3", "constant factor",
     "it is 13/10 times the true derivative"),
    ("exp(a*x)", "x", "a*exp(a*x)*1.1", "percent off",
     "it is 10 % too large"),
    ("exp(a*x)", "x", "a*exp(a*x)*0.7071", "constant factor",
     "it is 0.7071 times the true derivative"),
    ("exp(a*x)", "x", "2.5", "a number",
     "it is one number, but the derivative varies"),
    ("exp(a*x)", "x", "a*exp(a*x) + 3", "missing term",
     "the term 3 is too much"),
    ("exp(a*x)", "x", "a*exp(a*x) + 0.5*b", "unknown",
     "claimed / true goes from -2.394 to 2.463: no common mistake fits"),
    ("exp(a*x)", "x", "a*exp(a*x)+0.1*x", "missing term",
     "the gradient of 0.05·x² is too much"),
    ("sin(exp(a*x))", "x", "a*exp(a*x)", "left out",
     "the derivative of sin, sin′, is left out"),
    ("sin(exp(a*x))", "x", "cos(exp(a*x))*a", "left out",
     "the derivative of exp, exp′, is left out"),
    ("sin(exp(a*x))", "x", "cos(exp(a*x))^2*a*exp(a*x)", "upstream twice",
     "what arrives from above at exp(a*x) is counted twice"),
    ("(a*x)^2/2", "x", "2*a^2*x", "factor",
     "it is 2 times the true derivative; the division by 2 is missing"),
    ("(a + b + x)/3", "x", "1", "sum instead of mean",
     "it is 3 times the true derivative, as if a sum stood where the mean over "
     "3 belongs; the division by 3 is missing"),
    ("a*x", "x", "a*c/c*1.00000001", "few digits",
     "it is right to 8 digits only, as float32 would be"),
    ("a*x", "x", "a*1.0000003", "few digits",
     "it is right to 6 digits only, as float32 would be"),
    ("a*x", "x", "a*1.000002", "percent off",
     "it is 0.0002 % too large"),
    ("a*x", "x", "sin(a)", "unknown",
     "claimed / true goes from 0.4111 to 0.9589: no common mistake fits"),
    ("b", "x", "1", "should be zero",
     "the true derivative is zero"),
    ("b", "x", "a", "should be zero",
     "the true derivative is zero"),
    ("a*x - b*x", "x", "a + b", "sign",
     "the minus before b*x is lost"),
    ("2*x", "x", "1", "factor",
     "it is 1/2 times the true derivative; the factor 2 is missing"),
    ("x*x", "x", "x", "factor",
     "it is 1/2 times the true derivative; the path through x in x*x is missing"),
]  # fmt: skip


def values_at_points(node):
    names = leaves(node)
    with np.errstate(all="ignore"):
        [found] = Kernel([node], names)(*(POINTS[text] for text in names))
    return np.broadcast_to(found, 5).astype(float)


@pytest.mark.parametrize(("text", "wrt", "claim", "kind", "says"), EXPLAINED)
def test_what_a_wrong_derivative_looks_like(text, wrt, claim, kind, says):
    body = parse_expression(text)
    claimed = values_at_points(parse_expression(claim))
    true = values_at_points(derivative(body, name(wrt), {}))
    inside = [own for own in POINTS if own in {*leaves(body), wrt}]
    at = {own: POINTS[own] for own in inside} | {"y": values_at_points(body)}
    wrong = Wrong(claimed, true, 1e-9 * np.abs(true) + 1e-12)
    found = explain(WrongDerivative(body, "y", wrt, at, wrong))
    assert (found.kind, found.says) == (kind, says)
    if kind not in ("not finite", "should be zero"):
        ratios = claimed / true
        assert found.ratio == pytest.approx((ratios.min(), ratios.max()))


# Whole checks.

LADDER = ["xu = a*xa + b*xb", "xv = sin(xu)", "xw = xu^2", "xy = c*xv + xw"]
PATHS = [  # d xy/d xa as claimed, and what is said; d xy/d xb is claimed right
    ("2*a*xu", "the path xa → xu → xv → xy is missing"),
    ("c*a*cos(xu)", "the path xa → xu → xw → xy is missing"),
    ("2*c*a*cos(xu) + 2*a*xu", "the path xa → xu → xv → xy is counted twice"),
    ("c*a*cos(xu) + 4*a*xu", "the path xa → xu → xw → xy is counted twice"),
    ("-c*a*cos(xu) + 2*a*xu", "the path xa → xu → xv → xy has the wrong sign"),
]


@functools.cache
def check_of(texts):
    """One check for all claims about a graph, whose differences are taken once."""
    return graph_check(parse_graph(texts), None, 5, 0)


def claimed(texts, output, by_name):
    """The report on claimed totals of an output."""
    check = check_of(tuple(texts))
    claims = {(output, wrt): claim for wrt, claim in by_name.items()}
    return report_on(check, read_claims(check.graph, claims, output, None), output)


@pytest.mark.parametrize(("claim", "says"), PATHS)
def test_of_two_paths_the_wrong_one_is_named(claim, says):
    report = claimed(LADDER, "xy", {"xa": claim, "xb": "c*b*cos(xu) + 2*b*xu"})
    where = f"Look at {claim} (claims['xy', 'xa'])."
    assert report.diagnosis == f"d xy/d xa is wrong: {says}. {where}"


def test_two_formulas_may_differ_by_the_rounding_of_both():
    """By more than 1e-9 of them here: 2(x + 10000000.3) - 2x, and 20000000.6."""
    graph = parse_graph(["xy = (xa + 10000000.3)^2 - xa^2"])
    [row] = compare_partials(graph, {"xa": 1e16 / 3}).rows
    assert abs(row.symbolic - row.adjoint) > 1e-9 * row.symbolic
    assert row.verdict == PASS


NET = [
    "z1 = tanh(w11*x1 + w12*x2)",
    "z2 = tanh(w21*x1 + w22*x2)",
    "out = v1*z1 + v2*z2",
]
GRADIENT = {
    "w11": "v1*(1 - z1^2)*x1", "w12": "v1*(1 - z1^2)*x2",
    "w21": "v2*(1 - z2^2)*x1", "w22": "v2*(1 - z2^2)*x2", "v1": "z1", "v2": "z2",
}  # fmt: skip
LEFT_OUT = (
    "the derivative of tanh, tanh′, is left out (there claimed / true 1.99 … 35.3"
)
SWAPPED = "d out/d {} is given what belongs to {}"
STORIES = [  # totals that are claimed wrongly, the first wrong edge, what is said
    ({"w11": "v1*x1"}, ("z1", "w11"),
     "d out/d w11 is wrong: as if on the edge ∂z1/∂w11 = (1 - z1^2)*x1 " + LEFT_OUT
     + " over 5 random points). Look at v1*x1 (claims['out', 'w11'])."),
    ({"w11": "v1*x1", "w12": "v1*x2"}, ("z1", "w11"),
     "d out/d w11, d out/d w12 are wrong: as if in the equation of z1, whatever the "
     "name, " + LEFT_OUT + " over 5 random points). Look at v1*x1 "
     "(claims['out', 'w11']); v1*x2 (claims['out', 'w12'])."),
    ({"w11": "(1 - z1^2)*x1", "w12": "(1 - z1^2)*x2"}, ("out", "z1"),
     "d out/d w11, d out/d w12 are wrong: as if on the edge ∂out/∂z1 = v1 the factor "
     "v1 is missing (there claimed / true -3.59 … 4.02 over 5 random points). Look at "
     "(1 - z1^2)*x1 (claims['out', 'w11']); (1 - z1^2)*x2 (claims['out', 'w12'])."),
    ({"w12": GRADIENT["w21"], "w21": GRADIENT["w12"]}, ("z1", "w12"),
     "d out/d w12, d out/d w21 are wrong: transposed: " + SWAPPED.format("w12", "w21")
     + "; transposed: " + SWAPPED.format("w21", "w12") + ". Look at v2*(1 - z2^2)*x1 "
     "(claims['out', 'w12']); v1*(1 - z1^2)*x2 (claims['out', 'w21'])."),
    ({"v1": "z2", "v2": "z1"}, ("out", "v1"),
     "d out/d v1, d out/d v2 are wrong: swapped names: " + SWAPPED.format("v1", "v2")
     + "; swapped names: " + SWAPPED.format("v2", "v1") + ". Look at z2 "
     "(claims['out', 'v1']); z1 (claims['out', 'v2'])."),
    ({"w11": "0"}, ("z1", "w11"),
     "d out/d w11 is wrong: as if on the edge ∂z1/∂w11 = (1 - z1^2)*x1 nothing is "
     "passed: the way from w11 through z1 is missing (there claimed / true 0). Look at "
     "0 (claims['out', 'w11'])."),
    ({"w11": "0", "w12": "0"}, ("out", "z1"),
     "d out/d w11, d out/d w12 are wrong: as if on the edge ∂out/∂z1 = v1 nothing is "
     "passed: the way from z1 through out is missing (there claimed / true 0). Look at "
     "0 (claims['out', 'w11']); 0 (claims['out', 'w12'])."),
    ({"w11": "-v1*(1 - z1^2)*x1", "v2": "2*z2", "w22": "v2*(1 - z2)*x2"}, ("z1", "w11"),
     "3 total derivatives are wrong. d out/d w11: as if on the edge ∂z1/∂w11 = "
     "(1 - z1^2)*x1 the sign is flipped (there claimed / true -1). Look at "
     "-v1*(1 - z1^2)*x1 (claims['out', 'w11']). d out/d w22: no single edge explains "
     "it, claimed / true goes from 0.5196 to 6.16 over 5 random points: no common "
     "mistake fits; d out/d w22 should be -0.088984 where -0.29273 is claimed. Look at "
     "v2*(1 - z2)*x2 (claims['out', 'w22']). d out/d v2: as if on the edge ∂out/∂v2 = "
     "z2 it is 2 times the true derivative (there claimed / true 2). Look at 2*z2 "
     "(claims['out', 'v2'])."),
    ({wrt: f"2*{right}" for wrt, right in GRADIENT.items()}, ("out", "v1"),
     "d out/d w11, d out/d w12, d out/d w21, d out/d w22, d out/d v1, d out/d v2 are "
     "wrong: as if in the equation of out, whatever the name, it is 2 times the true "
     "derivative (there claimed / true 2). Look at 2*v1*(1 - z1^2)*x1 "
     "(claims['out', 'w11']); 2*v1*(1 - z1^2)*x2 (claims['out', 'w12']); "
     "2*v2*(1 - z2^2)*x1 (claims['out', 'w21']) and 3 more."),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "first", "says"), STORIES)
def test_wrong_totals_are_told_in_whole_sentences(wrong, first, says):
    report = claimed(NET, "out", GRADIENT | wrong)
    assert (report.first_wrong, report.diagnosis) == (first, says)
    count = len(wrong)
    assert report.summary() == (
        "partial of one equation: 12 PASS; second derivative of one equation: 12 PASS; "
        f"total derivative: {count} FAIL" + f", {8 - count} PASS" * (count < 8)
    )


X3 = np.array([1.0, 2.0, 3.0])
WHOLE = [  # equations, what else is given, the verdict, what is said
    (["xr = relu(xa)*b"], {"rng": 0, "points": 3}, PASS, "2 edges and 2 totals agree "
     "with finite differences at 3 random points, and at 1 kink"),
    (["xr = relu(xa)*b"], {"at": {"xa": 1.0, "b": 2.0}}, PASS, "2 edges and 2 totals "
     "agree with finite differences at 1 given point, and at 1 kink"),
    (["xy = xa^3"], {"rng": 0}, PASS,
     "1 edge and 1 total agree with finite differences at 5 random points"),
    (["xr = relu(xa)*b"], {"at": {"xa": 0.0, "b": 2.0}}, INCONCLUSIVE,
     "∂xr/∂xa could not be decided (and 1 more): at a kink: the slope is 0 before, 2 "
     "after"),
    (["xr = relu(xa)"], {"at": {"xa": 0.0}}, INCONCLUSIVE,
     "∂xr/∂xa could not be decided (and 1 more): at a kink: the slope is 0 before, 1 "
     "after"),
    (["xy = 3"], {}, INCONCLUSIVE, "there is nothing here that could be judged"),
    (["y1 = a*xa"], {"at": {"a": 2.0, "xa": X3}, "claims": {("y1", "a"): [1, 2, 4]}},
     FAIL, "∂y1/∂a is the first wrong edge: claimed / true goes from 1 to 1.333 over 3 "
     "given points: no common mistake fits. Change array of 3 (claims['y1', 'a']) to "
     "xa."),
    (NET, {"rng": 0, "claims": {("z1", "w11"): "x1", ("z2", "w22"): "(1 - z2)*x2"}},
     FAIL, "∂z1/∂w11 is the first wrong edge: the derivative of tanh, tanh′, is left "
     "out. Change x1 (claims['z1', 'w11']) to (1 - z1^2)*x1. Also wrong: ∂z2/∂w22."),
    (["xy = a*xa", "xz = b*xb"], {"rng": 0, "output": "xy",
     "claims": {("xy", "b"): 1.0, ("xy", "a"): "xa"}}, FAIL, "d xy/d b is wrong: xy "
     "does not depend on b: it is zero. Look at 1 (claims['xy', 'b'])."),
    (["xe = w*xa - xy", "xl = xe^2 + lam/2*w^2"], {"rng": 0, "output": "xl",
     "claims": {("xl", "w"): "2*xe*xa"}}, FAIL, "d xl/d w is wrong: as if on the edge "
     "∂xl/∂w = lam/2*(2*w) nothing is passed: the way from w through xl is missing "
     "(there claimed / true 0): the gradient of ½·lam·w² is missing. Look at 2*xe*xa "
     "(claims['xl', 'w'])."),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "given", "verdict", "says"), WHOLE)
def test_a_check_is_told_in_a_whole_sentence(texts, given, verdict, says):
    report = check_gradients(parse_graph(texts), **given)
    assert (report.verdict, report.diagnosis) == (verdict, says)


# Kinks near a point, and the slope to expect there.

KINKS = [  # an equation, xa, and where it has kinks near there
    ("relu(xa + 0.3)", 1.0, [-0.3]), ("relu(xa + 0.3)", 3.69, [-0.3]),
    ("relu(xa + 0.3)", 3.71, []), ("relu(xa - 0.3)", -3.69, [0.3]),
    ("relu(xa - 0.3)", -3.71, []), ("relu(xa - 0.3)", 0.3, [0.3]),
    ("abs(xa)*relu(xa - 1)", 0.7, [0.0, 1.0]), ("abs(xa^2 - 4)", 1.0, [2.0]),
    ("abs(xa^2 - 4)", -1.0, [-2.0]), ("abs(xa^2 - 4)", 0.1, [2.0]),
    ("max(xa, xa)", 1.0, []), ("abs(xa*0)", 1.0, []), ("abs(xa)", 2.5, [0.0]),
    ("abs(xa)", 0.0, [0.0]), ("max(xa, 0.1, -xa)", 1.0, [-0.1, 0.1]),
    ("abs(sin(xa))", 1.0, [0.0]), ("abs(sin(xa))", 2.0, [math.pi]),
    ("abs(log(xa))", 3.0, [1.0]), ("abs(xa - 1e-7)", 0.5, [1e-7]),
    ("abs(3*xa - 1)", 0.9, [1 / 3]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "xa", "found"), KINKS)
def test_the_nearest_kinks_are_found(text, xa, found):
    check = GraphCheck(parse_graph([f"xy = {text}"]), {"xa": xa}, given=True)
    near = kinks(check.sites["xy"], "xa")
    assert near == pytest.approx(found, rel=1e-15, abs=1e-300)


def test_a_kink_is_looked_at_from_both_sides_and_at_the_point_itself():
    for at, sides in (
        (0.0, (-0.05, 0.05)),
        (1.0, (0.95, 1.05)),
        (-3.0, (-3.15, -2.85)),
    ):
        assert either_side(at).tolist() == pytest.approx(sides)
    at = {"xa": A([0.0, 1.0, 2.0, 1e-300])}
    check = GraphCheck(parse_graph(["xy = abs(xa)*relu(xa - 1)"]), at, given=True)
    mask = kink_mask(check.sites["xy"], "xa")
    assert mask.tolist() == [True, True, False, False]


TYPICAL = [  # f, x, Σ|terms| where told: the slope, and the curvature to expect
    (lambda x: x * x, 3.0, None, 3.75, 1.25),
    (lambda x: x * x, 0.0, None, 0.25, 0.25),
    (lambda x: 1 + 0 * x, 2.0, None, 0.5, 0.25),
    (lambda x: 1e6 + x, 2.0, None, 0.5, 0.25),
    (lambda x: np.maximum(x - 9, 0), 8.0, None, 0.375, 0.046875),
    (lambda x: 1 / x, 1e-3, None, 1002.004, 1002.004),
    (lambda x: 1 / x, 10.0, None, 0.01, 1e-3),
    (np.sqrt, 0.0, None, 0.5**0.5, 0.5**0.5),
    (lambda x: 0 * x, 5.0, 0.3, 0.06, 0.012),
    (lambda x: 0 * x, 5.0, 3.0, 0.2, 0.04),  # terms count for no more than 1
    (lambda x: np.maximum(x - 2.04, 0), 2.0, None, 0.48, 0.24),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x", "terms", "steep", "bent"), TYPICAL)
def test_the_slope_to_expect_is_that_over_long_steps(f, x, terms, steep, bent):
    with np.errstate(all="ignore"):
        told = terms and Told(lambda x: np.full_like(x, terms))
        found = [take(f, A([x]), told) for take in (slope_of, curvature)]
    assert [float(s.typical[0]) for s in found] == pytest.approx([steep, bent])


@pytest.mark.parametrize(
    ("f", "x", "shorter"),
    [(lambda x: np.maximum(x - 9.1, 0), 8.0, 0.3625), (lambda x: x, 5.0, 0.5)],
)
def test_shorter_steps_count_where_longer_ones_show_nothing(f, x, shorter):
    assert float(slope_of(f, A([x])).typical[0]) == pytest.approx(shorter)
    none = slope_of(lambda x: np.maximum(x - 99, 0), A([1.0])).typical[0]
    assert 0 < none < 1e-300


SQUARE, ONE_POINT = ["xu = a*xa", "xy = xu^2"], {"a": 2.0, "xa": 3.0}
FAR = {"a": 2.0, "xa": 200.0}
AT_ONE_POINT = [  # at one point that is given: d xy/d a as claimed, and what is said
    (ONE_POINT, "xu*xa*a", None),  # right where a is 2
    (ONE_POINT, "2*xu*xa + relu(xa - 100)", None),
    (ONE_POINT, "xu*a", "no single edge explains it, claimed / true goes from -1.722 "
     "to 0.816 over 5 random points: no common mistake fits; d xy/d a should be 36 "
     "where 12 is claimed"),
    # right at random points: only the given one shows the mistake
    (FAR, "2*xu*xa*(1 + step(xa - 100))", "as if on the edge ∂xu/∂a = xa it is 2 times "
     "the true derivative (there claimed / true 2 at the one given point); the same "
     "could have happened on ∂xy/∂xu"),
]  # fmt: skip


@pytest.mark.parametrize(("at", "claim", "says"), AT_ONE_POINT)
def test_a_wrong_total_at_one_point_is_told_at_more(at, claim, says):
    report = check_gradients(
        parse_graph(SQUARE), at=at, claims={("xy", "a"): claim}, output="xy"
    )
    told = f"d xy/d a is wrong: {says}. Look at {claim} (claims['xy', 'a'])."
    assert report.verdict == (FAIL if says else PASS)
    assert not says or report.diagnosis == told


def test_an_output_by_itself_is_a_total_only_where_it_is_claimed():
    graph = parse_graph(["xy = a*xa"], outputs=["xa", "xy"])
    for given, edges in (
        ({}, [("xy", "xa"), ("xy", "a")]),
        ({"output": "xa"}, []),
        ({"output": "xa", "claims": {("xa", "xa"): 1.0}}, [("xa", "xa")]),
        ({"output": "xy", "claims": {("xy", "xy"): 1.0}},
         [("xy", "xa"), ("xy", "a"), ("xy", "xy")]),
    ):  # fmt: skip
        report = check_gradients(graph, rng=0, **given)
        assert report.verdict == PASS
        assert [row.edge for row in report.rows if row.kind == "total"] == edges
    two = {("xy", "xy"): 2.0}
    report = check_gradients(graph, rng=0, output="xy", claims=two)
    assert report.diagnosis == (
        "d xy/d xy is wrong: it is 2 times the true derivative. Look at 2 "
        "(claims['xy', 'xy'])."
    )
