"""What checks of plain code say, in whole sentences, and where they draw the line."""

from dataclasses import replace

import numpy as np
import pytest

from cgprimer import check_function
from cgprimer.errors import OptionError
from cgprimer.judge.code.purity import changes_argument, unlike, varies
from cgprimer.judge.code.subject import Subject

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"
A = np.array
RANDOM = np.random.default_rng(0).uniform(0.5, 2.0, 100)
FLOAT32 = np.float32


def squares(x):
    return float((np.asarray(x) ** 2).sum())


def single(x):
    return float(np.float32((np.asarray(x, dtype=FLOAT32) ** 2).sum()))


def area(width, height):
    return width * height


def one(p):
    return 1.0


def times(factors):
    return lambda x: 2 * x * A(factors)


def at(places, value, count=100):
    return np.where(np.isin(np.arange(count), places), value, 2.0)


AGREE = "squares: {} components agree with differences"
ALONG = (
    ": all along random directions, in which an error of 0.05 % in any one of them "
    "shows, and 32 of them by themselves"
)
ONE = A([[1.0, 2.0], [4.0, 5.0]])
WIDE = A([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
SIX = np.arange(6) + 1.0
NO_SLOPE = ": there is no slope to compare with"
ALL_ZERO = (
    "; every claim is 0 here, where a wrong factor cannot be seen: try another point"
)
DOUBTED = "where a claim is 0 a factor cannot be seen, and beside it "
SAID = [  # f, its gradient, x, the verdict, the sentence
    (squares, lambda x: 2 * x, A([1.0]), PASS, "squares: it agrees with differences"),
    (squares, lambda x: 2 * x, SIX, PASS, AGREE.format(6)),
    # a tuple is a vector where f takes one argument, or the parts that it holds
    (lambda v: float((v**2).sum()), lambda v: 3 * v, (1.0, 2.0), FAIL,
     "f: it is 3/2 times the true derivative, at every component."),
    (lambda v: float((v[0] ** 2).sum() + v[1]), lambda v: (3 * v[0], 1.0),
     (SIX[:2], 2.0), FAIL,
     "f, x[0]: it is 3/2 times the true derivative, at every component."),
    (squares, times([1, 2, 1, 1, 1, 1]), SIX, FAIL,
     "squares: it is 2 times the true derivative, at x[1]."),
    (squares, times([1, 2, 2, 2, 2, 1]), SIX, FAIL, "squares: it is 2 times the true "
     "derivative, at x[1], x[2], x[3], x[4]."),
    (squares, times([1, 2, 2, 2, 2, 2]), SIX, FAIL, "squares: it is 2 times the true "
     "derivative, at x[1], x[2], x[3], x[4] and 1 more."),
    (squares, times([1, np.inf]), SIX[:2], FAIL,
     "squares: the gradient is nan or inf where the slope is not, at x[1]."),
    (squares, lambda x: 2 * x, RANDOM[:64], PASS, AGREE.format(64)),
    (squares, lambda x: 2 * x, RANDOM[:65], PASS, AGREE.format(65) + ALONG),
    (squares, lambda x: 3 * x, RANDOM, FAIL, "squares: it is 3/2 times the true "
     "derivative, at every one of the 32 components that were looked at."),
    (squares, lambda x: x * at([57], 2.2), RANDOM, FAIL,
     "squares: it is 10 % too large, at x[57]; the other 99 agree."),
    (squares, A([0.0, 0.0]), A([0.0, 0.0]), PASS, AGREE.format(2) + ALL_ZERO),
    (squares, A([0.0, 2.0]), A([0.0, 1.0]), PASS, AGREE.format(2)),
    (squares, lambda x: 2 * x, A([0.0, 0.0]), PASS, AGREE.format(2)),
    (squares, lambda x: 3 * x, A([0.0, 0.0]), INCONCLUSIVE, DOUBTED
     + "squares: it is 3/2 times the true derivative, at every component"),
    (squares, lambda x: x * A([2.0, 3.0]), A([1.0, 0.0]), INCONCLUSIVE, DOUBTED
     + "squares: it is 3/2 times the true derivative, at x[1]"),
    (single, lambda x: 2 * x, A([1.0, 0.5], dtype=FLOAT32), PASS,
     "single: 2 components agree with differences, in single precision"),
    (squares, lambda x: (2 * x).astype(FLOAT32), A([1.1, 0.3]), PASS,
     AGREE.format(2) + "; the gradient is float32"),
    (squares, lambda x: 2 * x, A([1.1, 0.3], dtype=FLOAT32), PASS,
     AGREE.format(2) + ", in single precision"),
    (squares, lambda x: (2 * x).astype(np.float16), A([1.1, 0.3]), INCONCLUSIVE,
     "squares: ∂squares/∂x[0] could not be decided (and 1 more): differences say no "
     "more than 2.2 ± 0.009 here; the gradient is float16"),
    (squares, lambda x: 2.0000003 * x, A([1.1, 0.3, 0.7]), FAIL,
     "squares: it is 1.5e-05 % too large, at every component."),
    (area, lambda w, h: (h, h), (2.0, 3.0), FAIL,
     "area, height: it is 3/2 times the true derivative, at every component."),
    (area, lambda w, h: (-h, -w), (2.0, 3.0), FAIL,
     "area: the sign is flipped, at every component."),
    (lambda w: (w * WIDE).sum(), lambda w: WIDE.T, np.ones((2, 3)), FAIL,
     "f: transposed: x has shape (2, 3), the gradient (3, 2)."),
    (lambda w: (w * ONE).sum(), lambda w: ONE.T, np.ones((2, 2)), FAIL,
     "f: the gradient is transposed, at x[0, 1], x[1, 0]."),
    (lambda p: p["w"].sum() * p["b"] ** 2,
     lambda p: {"w": p["b"] ** 2 + 0 * p["w"], "b": p["w"].sum() * p["b"]},
     {"w": ONE, "b": 2.0}, FAIL,
     "f, b: it is 1/2 times the true derivative, at every component."),
    (lambda p: p[0][1] * p[1], lambda p: [[0.0, p[1]], 2 * p[0][1]], [SIX[:2], 3.0],
     FAIL, "f, x[1]: it is 2 times the true derivative, at every component."),
    (squares, lambda x: 2 * x, A([1.0, np.nan]), INCONCLUSIVE,
     "x[1] is nan: x must be finite"),
    (squares, lambda x: 2 * x, A([np.inf]), INCONCLUSIVE,
     "x[0] is inf: x must be finite"),
    (lambda x: np.log(x).sum(), lambda x: 1 / x, A([1.0, -1.0, 2.0]), INCONCLUSIVE,
     "f is nan at x[1] = -1" + NO_SLOPE),
    (lambda x: (1 / x).sum(), lambda x: 1 / x, A([0.0, 0.0, 2.0]), INCONCLUSIVE,
     "f is inf at x[0] = 0, x[1] = 0, x[2] = 2" + NO_SLOPE),
    (lambda x: np.nan, lambda x: x, np.arange(9.0), INCONCLUSIVE,
     "f is nan at x[0] = 0, x[1] = 1, x[2] = 2 and 6 more" + NO_SLOPE),
    (lambda x: np.nan, lambda x: x, np.arange(4.0), INCONCLUSIVE,
     "f is nan at x[0] = 0, x[1] = 1, x[2] = 2 and 1 more" + NO_SLOPE),
]  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("f", "grad", "x", "verdict", "says"), SAID)
def test_a_check_of_plain_code_says(f, grad, x, verdict, says):
    report = check_function(f, grad, x)
    assert (report.verdict, report.diagnosis) == (verdict, says)


REFUSED = [
    (area, lambda w, h: (h, w, 1), (2.0, 3.0),
     "x has 2 parts, but the gradient has 3 parts\n"
     "  hint: one gradient for every argument is expected, in the same order"),
    (squares, lambda x: 2 * x[:1], A([1.0, 2.0]),
     "x has shape (2,), but the gradient has shape (1,)\n"
     "  hint: one derivative for every component is expected"),
    (lambda x: x, lambda x: 1.0, A([1.0, 2.0]),
     "f returns float64 of shape (2,); a number is expected\n"
     "  hint: sum up, or check one output at a time"),
    (lambda x: x + 1j, 0.0, 1.0, "f returns complex128 of shape (); a number is "
     "expected\n  hint: sum up, or check one output at a time"),
    (squares, 0.0, 1 + 2j, "x is complex128, where real numbers are expected\n"
     "  hint: give the real and the imaginary part as two arguments"),
    (squares, 0.0, "a", "x is str, where real numbers are expected\n"
     "  hint: what is no number belongs in a closure: lambda x: f(x, option)"),
    (squares, 0.0, np.ma.array([1.0, 2.0], mask=[0, 1]),
     "x is masked\n  hint: leave out what is masked"),
    (squares, 0.0, [], "x has no components: there is nothing to differentiate by"),
    (one, {"b": 1.0}, {"a": 1.0}, "the gradient has no a, and has b, which x has not\n"
     "  hint: return a dict with the same keys"),
    (one, {"a": 1.0, "b": 1.0}, {"a": 1.0}, "the gradient has b, which x has not\n"
     "  hint: return a dict with the same keys"),
    (one, {"a": 1.0}, {"a": 1.0, "c": 1.0}, "the gradient has no c\n"
     "  hint: return a dict with the same keys"),
    (one, 1.0, {"a": 1.0}, "x is a dict, but the gradient is 1.0\n"
     "  hint: return a dict with the same keys"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "grad", "x", "says"), REFUSED)
def test_what_does_not_fit_plain_code_is_refused(f, grad, x, says):
    with pytest.raises(OptionError) as caught:
        check_function(f, grad, x)
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("names", "first"),
    [(None, "x[0]"), ("v", "v[0]"), (["a", "b"], "a"), (["a", "b", "c"], None)],
)
def test_one_name_for_each_part_or_for_each_component(names, first):
    x = A([1.0, 2.0])
    if first is not None:
        report = check_function(squares, lambda x: 3 * x, x, names=names)
        assert report.first_wrong == ("squares", first)
        return
    with pytest.raises(OptionError) as caught:
        check_function(squares, lambda x: 3 * x, x, names=names)
    assert str(caught.value) == (
        "names has 3, but x has 1 parts and 2 components\n"
        "  hint: give one name for each part, or one for each component"
    )


# Whether code is a function.

EPSILON = float(np.finfo(float).eps)
SUBJECT = Subject("f", lambda arrays: float(arrays[0].sum()), (A([2.0, 3.0]),), ("x",))
TWICE = "f gives two values for one x ({}, …): "
ACCUMULATES = "it accumulates over calls"
FIX = "fix its random numbers first, and let it keep nothing between calls"


def results(*values):
    """A call that gives one value after the other."""
    rest = iter(values)
    return lambda: next(rest)


RUNS = [  # the first value, the next two, what is said; f is 5.5 beside the point
    (5.0, (5.0,), ""), (np.nan, (np.nan,), ""),
    (5.0, (5.0 + 63 * 5.5 * EPSILON, 5.0), ""),
    (5.0, (5.0 + 66 * 5.5 * EPSILON, 5.0 + 132 * 5.5 * EPSILON), "accumulates"),
    (0.0, (60 * EPSILON, 0.0), ""),  # next to nothing beside what f is elsewhere
    (4.0, (8.0, 12.0), TWICE.format("4, 8, 12") + ACCUMULATES),
    (4.0, (8.0, 12.1), TWICE.format("4, 8, 12.1") + FIX),
    (4.0, (8.0, 8.0), TWICE.format("4, 8, 8") + FIX),
    (5.0, (5.000000001, 5.0), TWICE.format("5, 5.000000001, 5") + FIX),
    (5.0, (np.nan, 5.0), TWICE.format("5, nan, 5") + FIX),
]  # fmt: skip


@pytest.mark.parametrize(("first", "then", "says"), RUNS)
def test_a_function_gives_one_value_for_one_x(first, then, says):
    runs = iter(then)
    subject = replace(SUBJECT, call=lambda arrays: next(runs, float(arrays[0].sum())))
    told = varies(subject, first)
    assert told == says if not says or says.startswith("f ") else says in told


def test_a_gradient_that_accumulates_is_told_from_one_that_is_random():
    one = A([1.0, -20.0])
    for then, says, grows in (
        ((one,), "", False),
        ((one * (1 + 60 * EPSILON),), "", False),
        ((one + A([1e-13, 0.0]),), "", False),  # next to nothing beside 20
        ((2 * one, 3 * one), TWICE.format("-20, -40, -60") + ACCUMULATES, True),
        ((2 * one, 2 * one), TWICE.format("-20, -40, -40") + FIX, False),
        ((one + A([0.0, 3.0]), one), TWICE.format("-20, -17, -20") + FIX, False),
        ((one + A([3.0, 0.0]), one), TWICE.format("1, 4, 1") + FIX, False),
    ):  # fmt: skip
        assert unlike("f", results(*then), one) == (says, grows)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [([1.0, 2.0], [1.0, 2.0], ""), ([1.0, np.nan], [1.0, np.nan], ""),
     ([1.0, 2.0], [1.0, 3.0], "x[1] was 2, then 3"),
     ([1.0, 2.0], [np.nan, 3.0], "x[0] was 1, then nan"),
     ([1.0, 2.0], [1.0 + 1e-9, 2.0], "x[0] was 1, then 1.000000001")],
)  # fmt: skip
def test_an_argument_that_was_changed_is_named(before, after, says):
    told = changes_argument("f", [A(before)], [A(after)], SUBJECT)
    assert told == (says and f"f changes its argument in place: {says}")


# Whether what is off is rounding of single precision, or a constant that is wrong.

DIGITS = "; the gradient has the digits of single precision only"
OFF = [  # how far components are off, relatively, the verdict, the sentence
    ([-3e-7, 2e-7], PASS, AGREE.format(2) + DIGITS),
    ([-3e-7, -1.4e-7], PASS, AGREE.format(2) + DIGITS),
    ([-3e-7, -1.6e-7], FAIL, "squares: it is 2.3e-05 % too small, at every component."),
    ([3e-7, 3.1e-7], FAIL, "squares: it is 3.05e-05 % too large, at every component."),
    ([3e-7], FAIL, "squares: it is 3e-05 % too large, at every component."),
    ([1.1e-7], PASS, "squares: it agrees with differences" + DIGITS),
    ([1.3e-7], FAIL, "squares: it is 1.3e-05 % too large, at every component."),
    ([-7e-6, 7e-6], FAIL, "squares: claimed / true goes from 0.999993 to 1.000007, at "
     "every component" + DIGITS + "."),
    ([-8e-6, 8e-6], FAIL, "squares: claimed / true goes from 0.999992 to 1.000008, at "
     "every component."),
]  # fmt: skip


@pytest.mark.parametrize(("off", "verdict", "says"), OFF)
def test_rounding_is_told_from_a_wrong_constant(off, verdict, says):
    x = A([1.1, 0.3])[: len(off)]
    report = check_function(squares, lambda v: 2 * v * (1 + A(off)), x)
    assert (report.verdict, report.diagnosis) == (verdict, says)


@pytest.mark.parametrize(("kind", "verdict"), [(float, FAIL), (FLOAT32, INCONCLUSIVE)])
def test_beside_large_components_single_precision_leaves_small_ones_no_digit(
    kind, verdict
):
    def f(x):
        return float(1000 * x[0] ** 2 + 1e-4 * x[1])

    report = check_function(
        f, lambda x: A([2000 * x[0], 2e-4], dtype=kind), A([1.1, 3])
    )
    assert report.verdict == verdict
    says = (
        "∂f/∂x[1] could not be decided: it is 0.0001 off, which is rounding beside 2."
    )
    assert (says in report.diagnosis) == (verdict == INCONCLUSIVE)
