"""Finite differences: each scheme's error, its bound, its step, and domain edges."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from cgprimer.errors import DifferenceError
from cgprimer.judge.differences.finite import SCHEMES, check_scheme, difference

EXPECTED = {  # scheme → relative error expected for e^x sin x at 1, default step
    "forward": 4.9e-9, "central": 1.0e-11, "five-point": 1.4e-13,
    "ridders": 2e-15,
    "complex": 2e-16,
}  # fmt: skip
AT_STEP = [("forward", 1e-4, 3.9e-5), ("forward", 1e-9, 1.2e-7)]


def wave(x):
    return np.exp(x) * np.sin(x)


SLOPE = math.exp(1) * (math.sin(1) + math.cos(1))


def error(scheme: str, step: float | None = None) -> float:
    found = difference(wave, np.array([1.0]), scheme, step)
    return abs(float(found.value[0]) - SLOPE) / SLOPE


@pytest.mark.parametrize("scheme", SCHEMES)
def test_error_is_that_of_the_scheme(scheme: str):
    assert error(scheme) <= 20 * EXPECTED[scheme]


@pytest.mark.parametrize(("scheme", "step", "expected"), AT_STEP)
def test_error_at_a_given_step(scheme: str, step: float, expected: float):
    assert expected / 20 < error(scheme, step) < 20 * expected


def test_error_falls_with_the_order_of_the_scheme():
    """Halving the step divides the error by 2, 4 and 16."""
    for scheme, order in (("forward", 1), ("central", 2), ("five-point", 4)):
        ratio = error(scheme, 2e-2) / error(scheme, 1e-2)
        assert ratio == pytest.approx(2**order, rel=0.1)


def test_weights_differentiate_polynomials_of_their_order():
    for scheme, order in (("forward", 1), ("central", 2), ("five-point", 4)):
        weights = SCHEMES[scheme].weights
        for power in range(order + 1):
            total = sum(w * k**power for k, w in weights.items())
            assert total == pytest.approx(float(power == 1), abs=1e-14)


SMOOTH: dict[str, tuple[Callable, Callable, list[float]]] = {
    "exp": (np.exp, np.exp, [-700.0, -3.0, 0.0, 1e-300, 1.0, 300.0]),
    "log": (np.log, lambda x: 1 / x, [1e-300, 1e-8, 1e-3, 1.0, 1e9]),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x), [1e-300, 2e-6, 1.0, 1e12]),
    "sin": (np.sin, np.cos, [0.0, 1e-20, 1.0, math.pi / 2, -200.0, 1e9]),
    "cube": (lambda x: x**3, lambda x: 3 * x**2, [0.0, -1e-9, 2.0, 1e90]),
    "inverse": (lambda x: 1 / x, lambda x: -1 / x**2, [1e-5, -1e-5, 3.0, 1e7]),
    "fast sine": (lambda x: np.sin(1e6 * x), lambda x: 1e6 * np.cos(1e6 * x), [0.0]),
    "step at 1": (lambda x: np.heaviside(x - 1, 0), lambda x: 0 * x, [0.5, 1.001]),
    "constant": (lambda x: 0 * x + 3, lambda x: 0 * x, [0.0, -2.0, 1e6]),
}


@pytest.mark.parametrize("scheme", ["forward", "central", "five-point"])
@pytest.mark.parametrize("key", SMOOTH)
def test_bound_holds_and_is_worth_having(key: str, scheme: str):
    f, slope, points = SMOOTH[key]
    x = np.array(points)
    with np.errstate(all="ignore"):
        found, truth = difference(f, x, scheme), slope(x)
        assert (np.abs(found.value - truth) <= 2 * found.bound + 1e-15).all()
        scale = np.maximum(np.abs(truth), np.abs(f(x)) / np.maximum(np.abs(x), 1e-9))
    assert (found.bound <= 1e-3 * np.maximum(scale, 1e-3)).all()


def test_elements_are_independent():
    x = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1e-6]])
    found = difference(wave, x)
    assert found.value.shape == found.bound.shape == found.h.shape == (2, 3)
    for i in np.ndindex(2, 3):
        assert float(difference(wave, x[i]).value) == found.value[i]


def test_sign_of_x_stays_out_of_the_step():
    for scheme in ("forward", "central", "five-point"):
        left, right = difference(np.cosh, np.array([-2.0, 2.0]), scheme).h
        assert 0 < left == pytest.approx(right, rel=1e-5)


def test_step_is_the_one_that_floating_point_took():
    x = np.array([1.1])
    found = difference(np.sin, x, "forward", 1e-7)
    h = float(found.h[0])
    assert h == (1.1 + 1e-7) - 1.1
    assert float(found.value[0]) == (np.sin(1.1 + h) - np.sin(1.1)) / h


CURVES: dict[str, tuple[Callable, Callable]] = {
    "tanh": (lambda x: np.tanh(3 * x), lambda x: 3 / np.cosh(3 * x) ** 2),
    "bell": (lambda x: np.exp(-(x**2)), lambda x: -2 * x * np.exp(-(x**2))),
    "hill": (lambda x: 1 / (1 + 25 * x**2), lambda x: -50 * x / (1 + 25 * x**2) ** 2),
    "wave": (wave, lambda x: np.exp(x) * (np.sin(x) + np.cos(x))),
    "power": (lambda x: x**x, lambda x: x**x * (np.log(x) + 1)),
    "decay": (lambda x: 10 ** (2 - 1.46 / (x + 2)), lambda x: 10 ** (2 - 1.46 / (x + 2))
              * math.log(10) * 1.46 / (x + 2) ** 2),
}  # fmt: skip


@pytest.mark.parametrize("scheme", ["ridders", "five-point", "central"])
def test_smooth_curves_have_no_kink_at_any_point(scheme: str):
    x = np.random.default_rng(0).uniform(0.3, 2.2, 4_000)
    for f, slope in CURVES.values():
        found = difference(f, x, scheme, stacks=True)
        assert not found.kink.any()
        gap = np.abs(found.value - slope(x)) - 1e-14 * np.abs(slope(x))
        assert (gap <= 30 * found.bound).all(), gap.max()


@pytest.mark.parametrize("scheme", ["ridders", "five-point", "central"])
@pytest.mark.parametrize("jump", [1.0, 1e-3, 1e-5])
def test_kinks_are_seen_at_any_size(scheme: str, jump: float):
    x = np.random.default_rng(0).uniform(0.3, 2.2, 400)
    found = difference(lambda v: wave(v) + jump * np.abs(v - x), x, scheme)
    assert found.kink.all()
    assert found.right - found.left == pytest.approx(2 * jump, rel=5e-2)


# One-sided at the edge of a domain.

EDGES = [
    ("x^1.5 at 0", lambda x: x**1.5, 0.0, 0.0),
    ("√x³ at 0", lambda x: np.sqrt(x) ** 3, 0.0, 0.0),
    ("√(1-x)³ at 1", lambda x: np.sqrt(1 - x) ** 3, 1.0, 0.0),
    ("arcsin next to 1", np.arcsin, 1 - 1e-9, 1 / math.sqrt(2e-9)),
    ("log near 0", np.log, 1e-12, 1e12),
    ("x·log x beside 0", lambda x: x * np.log(x), 1e-9, math.log(1e-9) + 1),
    ("√(1-x) at 0.75", lambda x: np.sqrt(1 - x), 0.75, -1.0),
]


@pytest.mark.parametrize(("name", "f", "at", "slope"), EDGES)
def test_edge_of_a_domain(name: str, f: Callable, at: float, slope: float):
    """To one side where the other is not there; in any case near, and honest."""
    found = difference(f, np.array([at]))
    value, bound = float(found.value[0]), float(found.bound[0])
    assert value == pytest.approx(slope, rel=1e-3, abs=1e-2)
    assert abs(value - slope) <= 2 * bound + 1e-6 * abs(slope)
    assert bound <= 5e-2 * max(1, abs(slope))


def test_nothing_is_promised_where_nothing_can_be_known():
    """f changes faster than any step; or is lost in rounding; or is not there."""
    x = np.array([1.0])
    for f in (lambda x: np.sin(1e15 * x), lambda x: x * 1e-30 + 1e20, np.arccosh):
        found = difference(f, 0.5 * x)
        value, bound = float(found.value[0]), float(found.bound[0])
        assert not math.isfinite(value) or bound > 1e-3 * abs(value)


# Steps and schemes that cannot work.

STEPS = [
    (0, "the step 0 is not a positive number"),
    (-1e-6, "the step -1e-06 is not a positive number"),
    (math.nan, "the step nan is not a positive number"),
    (math.inf, "the step inf is not a positive number"),
    (1e-300, "the step 1e-300 is lost in rounding at 1: x + step is x again"),
]


@pytest.mark.parametrize("scheme", ["forward", "central", "five-point"])
@pytest.mark.parametrize(("step", "message"), STEPS)
def test_steps_that_cannot_be(step: float, message: str, scheme: str):
    with pytest.raises(DifferenceError) as caught:
        difference(np.sin, np.array([1.0]), scheme, step)
    assert str(caught.value).splitlines()[0] == message
    assert str(caught.value).splitlines()[1].startswith("  hint: ")


def test_a_lost_step_names_the_largest_value_it_is_lost_at():
    with pytest.raises(DifferenceError, match="lost in rounding at 1e\\+20"):
        difference(np.sin, np.array([1.0, 1e20, 1e10]), "central", 1e-3)
    found = difference(np.sin, np.array([1e-310]), "central", 1e-300)
    assert float(found.value[0]) == 1


def test_the_complex_step_may_be_tiny():
    found = difference(wave, np.array([1.0]), "complex", 1e-300)
    assert float(found.value[0]) == pytest.approx(SLOPE, rel=1e-15)


def test_unknown_scheme():
    with pytest.raises(DifferenceError) as caught:
        check_scheme("centrl", None)
    assert str(caught.value) == (
        "unknown scheme 'centrl'\n  hint: did you mean 'central'?"
    )
    with pytest.raises(
        DifferenceError, match="schemes are forward, central, five-point"
    ):
        check_scheme("", None)
