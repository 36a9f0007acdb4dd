"""Gradients of plain code: nothing wrong passes, least of all where f is 0."""

import itertools
import math

import numpy as np
import pytest
from functions import FUNCTIONS, HOPELESS, gradient, mistakes

from cgprimer import check_function, check_gradients, parse_graph
from cgprimer.errors import OptionError
from cgprimer.expr.ops import TABLE
from cgprimer.testing import assert_gradient, assert_gradients

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"
SIZES = (0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6)
OPERATIONS = [op for op in TABLE if op.arity]


def shifted(f, x, size):
    """f less its value at x, and a little more: f(x) is `size` there."""
    here = f(x)
    return lambda v: f(v) - here + size


def operation(op, rng):
    """(its function of an array, a point inside its domain, its gradient there)."""
    x = np.array([rng.uniform(low + 0.1, high - 0.1) for low, high in op.domain])
    names = ["xa", "xb"][: op.arity]
    call = f"{op.name}({', '.join(names)})"
    infix = f"{op.symbol}xa" if op.arity == 1 else f"xa {op.symbol} xb"
    graph = parse_graph([f"xf = {infix if op.symbol else call}"])
    slopes = graph.gradient_at("xf", dict(zip(names, x, strict=True)))
    return lambda v: op.forward(*v), x, np.array([slopes[name] for name in names])


def judged(f, x, size, right, chosen, wrong=None):
    """Nothing but right claims pass; `chosen` of the mistakes are put in."""
    g = shifted(f, x, size)
    report = check_function(g, right, x)
    assert report.verdict == PASS, report
    for name, claim in itertools.islice(mistakes(right).items(), *chosen):
        report = check_function(g, claim, x)
        assert report.verdict == FAIL, (name, report)


# Where f is 0, or nearly.


@pytest.mark.parametrize(
    ("f", "claim", "x"),
    [
        (np.sin, -1.0, 0.0),
        (np.sin, 5.0, 0.0),
        (np.log, -6.0, 1.0),
        (np.tanh, -7.0, 0.0),
        (lambda x: x[0] * x[1], [-3.0, 0.0], [0.0, 3.0]),
        (lambda x: np.sin(x - 1e-12), 1.001, 0.0),
        (lambda x: np.cos(x) - 1, 0.0, 1e-3),
    ],
)
def test_a_wrong_gradient_fails_where_f_is_zero(f, claim, x):
    assert check_function(f, claim, x).verdict == FAIL


@pytest.mark.every(4)
@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_operations_at_their_zeros(op):
    rng = np.random.default_rng(0)
    for k, size in enumerate((0.0, 1e-10)):
        f, x, right = operation(op, rng)
        judged(f, x, size, right, (k, None, 4))


@pytest.mark.every(3)
@pytest.mark.parametrize("key", FUNCTIONS)
def test_functions_at_their_zeros(key):
    count, f = FUNCTIONS[key]
    k = list(FUNCTIONS).index(key)
    x = np.random.default_rng(k).uniform(0.4, 2.2, count)
    judged(f, x, SIZES[k % 6], gradient(f, x), (k % 8, None, 8))


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_operations_at_their_zeros_with_every_mistake(op):
    rng = np.random.default_rng(1)
    for size in SIZES:
        f, x, right = operation(op, rng)
        judged(f, x, size, right, (None,))


@pytest.mark.slow
@pytest.mark.parametrize("key", FUNCTIONS)
def test_functions_at_their_zeros_with_every_mistake_and_scale(key):
    count, f = FUNCTIONS[key]
    x = np.round(np.random.default_rng(2).uniform(0.4, 2.2, count), 2)
    right = gradient(f, x)
    for size in SIZES:
        judged(f, x, size, right, (None,))
    for scale in (1e-8, 1e-3, 1e3, 1e8):
        judged(lambda v, s=scale: f(v / s), x * scale, 0.0, right / scale, (None,))


@pytest.mark.parametrize("scale", [1e-8, 1e8])
@pytest.mark.parametrize("key", ["quadratic", "planck"])
def test_the_units_of_x_change_nothing(key, scale):
    count, f = FUNCTIONS[key]
    x = np.random.default_rng(3).uniform(0.4, 2.2, count)
    right = gradient(f, x)
    judged(lambda v: f(v / scale), x * scale, 0.0, right / scale, (0, None, 3))


@pytest.mark.every(2)
@pytest.mark.parametrize("key", HOPELESS)
def test_where_terms_take_all_digits_nothing_is_decided_wrongly(key):
    count, f = HOPELESS[key]
    x = np.array([1.3, 0.7, 1.1, 0.9, 1.6])[:count]
    right = gradient(f, x)
    g = shifted(f, x, 0.0)
    assert check_function(g, right, x).verdict == INCONCLUSIVE
    third = np.arange(count) == 2
    aside = [right * np.where(third, factor, 1.0) for factor in (0.0, 1.1, 2.0)]
    for claim in (*mistakes(right).values(), *aside):
        assert check_function(g, claim, x).verdict != PASS


VAGUE = {"neuron"}  # no three digits are left of some of its differences


@pytest.mark.every(2)
@pytest.mark.parametrize("key", ["quadratic", "mean", *VAGUE])
def test_single_precision_is_excused_and_gross_errors_are_not(key):
    count, f = FUNCTIONS[key]
    x = np.random.default_rng(4).uniform(0.4, 2.2, count).astype(np.float32)
    right = gradient(f, x.astype(float)).astype(np.float32)
    here = np.float32(f(x))
    for k, g in enumerate(
        (lambda v: np.float32(f(v)), lambda v: np.float32(f(v)) - here)
    ):
        assert check_function(g, right, x).verdict != FAIL
        for name, claim in itertools.islice(mistakes(right).items(), k, None, 2):
            report = check_function(g, claim, x)
            assert report.verdict != PASS, (name, report)
    clear = check_function(lambda v: np.float32(f(v)), right, x)
    assert clear.ok or key in VAGUE


ABSORBED = [
    (lambda x: np.cos(x) - 1, lambda x: -np.sin(x), 1e-8),
    (lambda x: (1 + x) - 1, lambda x: 1.0, 1e-17),
    (lambda x: 1e16 + x - 1e16, lambda x: 1.0, 0.7),
    (lambda x: 0.3 * (np.cosh(x) - 1), lambda x: 0.3 * np.sinh(x), 3e-9),
]


@pytest.mark.parametrize(("f", "grad", "x"), ABSORBED)
def test_an_x_that_is_lost_in_a_larger_number_vouches_for_nothing(f, grad, x):
    for factor in (-1.0, 0.0, 1.001, 2.0):
        assert check_function(f, factor * grad(x), x).verdict != PASS
    assert check_function(f, grad, x).verdict != FAIL


FLAT = [
    (np.tanh, 30.0), (np.sign, 0.7), (lambda x: 3.0, 1.0), (lambda x: 0.0, 0.0),
    (lambda x: max(x - 1, 0.0), 0.5), (lambda x: max(x - 1, 0.0), 1 - 1e-6),
    (np.round, 0.3), (lambda x: np.tanh(x) - 1 + 1e-12, 30.0),
    (lambda x: min(x, 2.0) - 2, 3.0), (lambda x: (x > 1) * 1.0, 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x"), FLAT)
def test_a_function_that_stands_still_has_slope_zero(f, x):
    assert check_function(f, 0.0, x).verdict == PASS
    assert check_function(f, 1e-3, x).verdict == FAIL


def test_a_slope_of_zero_is_known_where_f_bends_or_is_noisy():
    assert check_function(np.sin, np.cos, np.pi / 2).verdict == PASS
    w = np.array([1.0, 0.2, -0.7])

    def after_normalising(b):  # its mean is taken off again: only rounding is left
        z = (w + b[0]) - (w + b[0]).mean()
        return (z @ [1.0, 2.0, 3.0]) * b[1] + b[2] ** 2

    right = np.array([0.0, -2.033333333333333 + 0.0, 1.4])
    z = w - w.mean()
    right[1] = z @ [1.0, 2.0, 3.0]
    assert check_function(after_normalising, right, [0.3, 1.1, 0.7]).verdict == PASS
    wrong = right + np.array([1e-3, 0, 0])
    assert check_function(after_normalising, wrong, [0.3, 1.1, 0.7]).verdict == FAIL


# What is no function, and what is not finite.

P = np.array([1.0, 2.0])


def squares(x):
    return float((x**2).sum())


def rude(x):
    x *= 2
    return squares(x / 2)


def rude_gradient(x):
    x += x
    return x


class Growing:
    """A gradient that adds up over calls, as parameters' .grad does."""

    def __init__(self):
        self.total = np.zeros(2)

    def __call__(self, x):
        self.total += 2 * x
        return self.total


class Counting:
    """A function that drifts with every call, or jumps after some."""

    def __init__(self, drift=0.0, after=10**9):
        self.calls, self.drift, self.after = 0, drift, after

    def __call__(self, x):
        self.calls += 1
        return squares(x) + self.drift * self.calls + (self.calls > self.after)


@pytest.mark.parametrize(
    ("f", "grad", "verdict", "says"),
    [
        (rude, lambda x: 2 * x, PASS, "rude changes its argument in place: x[0] was 1"),
        (squares, rude_gradient, PASS, "rude_gradient changes its argument in place"),
        (squares, Growing(), FAIL, "Growing gives two values for one x (4, 8, 12, …): "
         "it accumulates over calls"),
        (Counting(1e-3), lambda x: 2 * x, INCONCLUSIVE, "accumulates over calls"),
        (Counting(after=40), lambda x: 2 * x, INCONCLUSIVE, "two values for one x"),
        (lambda x: squares(x) + np.random.default_rng().normal(), lambda x: 2 * x,
         INCONCLUSIVE, "f gives two values for one x"),
        (squares, lambda x: 2 * x + np.random.default_rng().normal(), INCONCLUSIVE,
         "grad gives two values for one x"),
    ],
)  # fmt: skip
def test_code_that_is_no_function_is_named(f, grad, verdict, says):
    report = check_function(f, grad, P)
    assert says in report.diagnosis
    assert report.verdict == verdict
    assert (report.first_wrong is None) == (verdict != FAIL)
    assert (P == [1.0, 2.0]).all()


@pytest.mark.parametrize(
    ("f", "x", "says"),
    [
        (np.log, -1.0, "log is nan at x = -1"),
        (np.log, 0.0, "log is -inf at x = 0"),
        (lambda x: np.log(x).sum(), [3.0, -1.0, 2.0], "f is nan at x[1] = -1"),
        (lambda x: np.nan, [1.0, 2.0], "f is nan at x[0] = 1, x[1] = 2"),
        (lambda x: np.exp(x) ** 2, 600.0, "f is inf at x = 600"),
        (squares, [1.0, np.nan], "x[1] is nan"),
        (squares, [np.inf, 1.0], "x[0] is inf"),
    ],
)
def test_nan_is_called_nan(f, x, says):
    report = check_function(f, lambda x: x, x)
    assert report.verdict == INCONCLUSIVE
    assert says in report.diagnosis
    assert "two values" not in report.diagnosis


def test_what_happens_far_from_x_does_not_leak():
    for f, grad, x in (
        (np.log, lambda x: 1 / x, 1e-3),
        (np.arcsin, lambda x: 1 / np.sqrt(1 - x * x), 0.999),
        (lambda x: np.exp(300 * x), lambda x: 300 * np.exp(300 * x), 1.0),
        (lambda x: np.nanmean([x, np.inf - np.inf]), lambda x: 1.0, 0.4),
        (math.log, lambda x: 1 / x, 1e-3),
        (lambda x: math.exp(x), math.exp, 600.0),
    ):
        assert check_function(f, grad, x).verdict == PASS
    bad = check_function(squares, lambda x: x / (x - x), P)
    assert bad.verdict == FAIL
    assert "the gradient is nan or inf" in bad.diagnosis


# Several arguments, names, and what does not fit.

W = np.array([[0.3, -0.2], [0.5, 0.1], [-0.4, 0.7]])
NET = {"W": W, "layers": [{"b": np.array([0.1, -0.3])}, 0.8]}


def net(p):
    return p["layers"][1] * np.tanh(p["W"].sum(axis=0) + p["layers"][0]["b"]).sum()


def net_gradient(p):
    h = np.tanh(p["W"].sum(axis=0) + p["layers"][0]["b"])
    inner = p["layers"][1] * (1 - h**2)
    return {"W": np.tile(inner, (3, 1)), "layers": [{"b": inner}, h.sum()]}


def test_a_dict_of_lists_of_dicts_is_checked_by_name():
    report = check_function(net, net_gradient, NET)
    assert report.verdict == PASS
    wrts = [row.wrt for row in report.rows]
    assert wrts == [f"W[{i}, {j}]" for i in range(3) for j in range(2)] + [
        "layers[0].b[0]", "layers[0].b[1]", "layers[1]"
    ]  # fmt: skip

    def wrong(p):
        found = net_gradient(p)
        found["layers"][0]["b"] *= -1
        return found

    report = check_function(net, wrong, NET)
    assert report.first_wrong == ("net", "layers[0].b[0]")
    assert report.diagnosis == (
        "net, layers[0].b: the sign is flipped, at every component."
    )


def area(width, height):
    return width * height


def test_several_arguments_are_those_of_the_function():
    assert check_function(area, lambda w, h: (h, w), (2.0, 3.0)).verdict == PASS
    swapped = check_function(area, lambda w, h: (w, h), (2.0, 3.0))
    assert (
        swapped.diagnosis == "area: components have changed places, at every component."
    )
    one = check_function(area, (3.0, 4.0), (2.0, 3.0))
    assert one.first_wrong == ("area", "height")
    named = check_function(area, (3.0, 4.0), (2.0, 3.0), names=["w", "h"])
    assert named.first_wrong == ("area", "h")
    assert check_function(np.multiply, (3.0, 2.0), (2.0, 3.0)).verdict == PASS
    plain = check_function(lambda x: x[0] * x[1], (3.0, 2.0), (2.0, 3.0))
    assert [row.wrt for row in plain.rows] == ["x[0]", "x[1]"]
    many = check_function(lambda *x: x[0] * x[1], (3.0, 2.0), (2.0, 3.0))
    assert [row.wrt for row in many.rows] == ["x[0]", "x[1]"]


def test_components_can_have_names():
    report = check_function(squares, [2.0, 8.0], P, names=["slope", "offset"])
    assert report.first_wrong == ("squares", "offset")
    report = check_function(squares, [2.0, 8.0], P, names="theta")
    assert report.first_wrong == ("squares", "theta[1]")


@pytest.mark.parametrize(
    ("grad", "says"),
    [
        (lambda w, X: (np.exp(w), 0.3 * X),
         "f, w: a term 0.1·w is missing: the gradient of ½λ‖w‖² is missing, λ = 0.1"),
        (lambda w, X: (np.exp(w) + 0.1 * w, 0 * X), "f, X: the gradient is zero"),
        (lambda w, X: (np.exp(w) + 0.1 * w + 0.2, 0.3 * X),
         "f, w: each is 0.2 too large"),
        (lambda w, X: (np.exp(w) + 0.1 * w + 2 * X, 0.3 * X),
         "f, w: a term 2·X is too many"),
        (lambda w, X: (-np.exp(w) - 0.1 * w, -0.3 * X), "f: the sign is flipped"),
        (lambda w, X: (0.3 * X, np.exp(w) + 0.1 * w),
         "f: components have changed places"),
    ],
)  # fmt: skip
def test_a_mistake_is_recognised_argument_by_argument(grad, says):
    def f(w, X):
        return np.exp(w).sum() + 0.05 * (w**2).sum() + 0.15 * (X**2).sum()

    x = (np.array([0.3, -0.5, 0.9]), np.array([1.0, 0.4, -2.0]))
    report = check_function(f, grad, x)
    assert report.verdict == FAIL
    assert report.diagnosis.startswith(says), report.diagnosis


@pytest.mark.parametrize(
    ("f", "grad", "x", "says"),
    [
        (squares, 2j * P, P, "the gradient is complex128, where real numbers"),
        (squares, 2 * P, P + 1j, "x is complex128, where real numbers"),
        (lambda x: 1j * x[0], 2 * P, P, "f returns complex128"),
        (net, net_gradient, {**NET, "mode": "fast"}, "mode is str, .*\n.*closure"),
        (net, lambda p: {"W": p["W"]}, NET, "the gradient has no layers"),
        (net, lambda p: {**net_gradient(p), "c": 1}, NET, "has c, which x has not"),
        (net, lambda p: net_gradient(p)["W"], NET, "x is a dict, but the gradient is"),
        (area, lambda w, h: (h,), (2.0, 3.0), "x has 2 parts, but the gradient has 1"),
        (squares, lambda x: (4.0, 2 * x), P, "the gradient is tuple, .*\n.*both"),
        (area, (np.ones(2), 2.0), (2.0, 3.0), "width has shape .*, but the gradient"),
        (squares, {"a": 1.0}, P, "the gradient is dict"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(f, grad, x, says):
    with pytest.raises(OptionError, match=says):
        check_function(f, grad, x)


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="names has 3, but x has 1 parts and 2"):
        check_function(squares, 2 * P, P, names=["a", "b", "c"])


# What single precision leaves of a gradient.


def test_single_precision_of_the_gradient_is_named():
    x = np.linspace(0.3, 1.3, 5)
    typed = check_function(lambda x: np.sin(x).sum(), np.cos(x).astype(np.float32), x)
    assert typed.verdict == PASS
    assert "the gradient is float32" in typed.diagnosis
    hidden = np.cos(x.astype(np.float32)).astype(float)
    report = check_function(lambda x: np.sin(x).sum(), hidden, x)
    assert report.verdict == PASS
    assert "the digits of single precision only" in report.diagnosis
    gross = check_function(lambda x: np.sin(x).sum(), 1.001 * hidden, x)
    assert gross.verdict == FAIL


def test_a_wrong_constant_is_not_taken_for_rounding():
    report = check_function(lambda x: np.pi * (x**2).sum(), lambda x: 6.28318 * x, P)
    assert report.verdict == FAIL
    assert "% too small" in report.diagnosis


# Very many components.

N = 3000
RNG = np.random.default_rng(0)
TABLE_X = RNG.standard_normal((10, N))
TABLE_Y = RNG.standard_normal(10)
HIDDEN = RNG.standard_normal((5, 30)), RNG.standard_normal(100)


def regression(b):
    return ((TABLE_X @ b - TABLE_Y) ** 2).mean()


def regression_gradient(b):
    return 2 * TABLE_X.T @ (TABLE_X @ b - TABLE_Y) / 10


def network(w):
    return (np.maximum(HIDDEN[0] @ w, 0) @ HIDDEN[1]).sum() ** 2 / 100


def network_gradient(w):
    z = HIDDEN[0] @ w
    total = (np.maximum(z, 0) @ HIDDEN[1]).sum()
    return total / 50 * HIDDEN[0].T @ ((z > 0) * HIDDEN[1])


MANY = {
    "squares": (squares, lambda x: 2 * x, RNG.standard_normal(N)),
    "regression": (regression, regression_gradient, 0.1 * RNG.standard_normal(N)),
    "network": (network, network_gradient, 0.1 * RNG.standard_normal((30, 100))),
    "sparse": (lambda x: (x[::10] ** 3).sum(),
               lambda x: 3 * x**2 * (np.arange(N) % 10 == 0), RNG.standard_normal(N)),
    "units": (lambda x: np.log(x * x).sum(), lambda x: 2 / x,
              RNG.standard_normal(N) * 10.0 ** RNG.uniform(-8, 8, N)),
    "zeros": (lambda x: np.expm1(x).sum(), np.exp,
              RNG.standard_normal(N) * (RNG.random(N) < 0.5)),
}  # fmt: skip


SOME = ("squares", "sparse", "units")
EACH = [k if k in SOME else pytest.param(k, marks=pytest.mark.slow) for k in MANY]


@pytest.mark.every(6)
@pytest.mark.parametrize("key", EACH)
def test_three_thousand_components_agree(key):
    f, grad, x = MANY[key]
    calls = []
    report = check_function(lambda x: calls.append(0) or f(x), grad, x)
    assert report.verdict == PASS, report
    assert (
        "3000 components agree with differences: all along random" in report.diagnosis
    )
    most = 25_000 if key == "network" else 12_000  # its kinks ask for shorter steps
    assert len(calls) < most  # 200 for each difference
    assert 32 <= len(report.rows) <= 64


def one_mistake_is_found_and_located(key, seeds):
    f, grad, x = MANY[key]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        right = np.asarray(grad(x)).ravel()
        i = int(rng.choice(np.flatnonzero(np.abs(right * x.ravel()) > 1e-3)))
        claim = right.copy()
        claim[i] *= rng.choice([1.01, 1.001, -1.0, 2.0, 0.0])
        report = check_function(f, claim.reshape(x.shape), x, rng=seed)
        place = ", ".join(str(int(p)) for p in np.unravel_index(i, x.shape))
        assert report.verdict == FAIL, report
        assert report.first_wrong[1] == f"x[{place}]"
        assert f"at x[{place}]; the other 2999 agree" in report.diagnosis


@pytest.mark.every(4)
@pytest.mark.parametrize("key", ["squares", "network"])
def test_one_mistake_among_three_thousand_is_found_and_located(key):
    one_mistake_is_found_and_located(key, [0])


@pytest.mark.slow
@pytest.mark.parametrize("key", MANY)
def test_one_mistake_of_many_kinds_is_found_and_located(key):
    one_mistake_is_found_and_located(key, range(1, 4))


@pytest.mark.slow
def test_several_mistakes_are_told_apart_from_mistakes_everywhere():
    f, grad, x = MANY["squares"]
    claim = grad(x)
    claim[[7, 1500]] *= [1.1, -1]
    report = check_function(f, claim, x)
    assert "at x[7], x[1500]; the other 2998 agree" in report.diagnosis
    every = check_function(f, 3 * grad(x), x)
    assert "3 times the true derivative" in every.diagnosis
    assert "every one of the 32 components that were looked at" in every.diagnosis


@pytest.mark.slow
def test_where_there_are_more_mistakes_than_are_worth_locating_it_is_said():
    f, grad, x = MANY["squares"]
    claim = grad(x)
    claim[::100] *= 3
    assert "and perhaps at more" in check_function(f, claim, x).diagnosis


@pytest.mark.slow
def test_two_mistakes_do_not_hide_each_other():
    claim = np.ones(N)
    claim[[3, 2000]] += [0.01, -0.01]
    assert check_function(lambda x: x.sum(), claim, np.ones(N)).verdict == FAIL


@pytest.mark.slow
def test_of_single_precision_it_is_said_what_would_have_shown():
    x = MANY["squares"][2].astype(np.float32)
    report = check_function(lambda x: (x**2).sum(), lambda x: 2 * x, x)
    assert report.verdict == INCONCLUSIVE
    assert "could not be decided" in report.diagnosis


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report_and_a_bar_shows(capsys):
    f, grad, x = MANY["squares"]
    x = x[:100]
    assert check_function(f, grad, x) == check_function(f, grad, x)
    assert capsys.readouterr() == ("", "")
    check_function(f, grad, x, progress=True)
    out, error = capsys.readouterr()
    assert out == ""
    assert "differences" in error


def test_without_a_bar_no_stream_is_needed(monkeypatch):
    f, grad, x = MANY["squares"]
    monkeypatch.setattr("sys.stderr", None)  # as of a program with windows
    assert check_function(f, grad, x[:100], progress=False).verdict == PASS


# Assertions for the test suites of others.


def test_assertions_show_the_whole_report():
    assert assert_gradient(squares, lambda x: 2 * x, P).ok
    with pytest.raises(AssertionError) as caught:
        assert_gradient(squares, [2.0, 5.0], P, names=["a", "b"])
    text = str(caught.value)
    assert "∂squares/∂b" in text
    assert "FAIL: squares: it is 5/4 times the true derivative, at b." in text
    with pytest.raises(AssertionError, match="INCONCLUSIVE: log is nan"):
        assert_gradient(np.log, 1.0, -1.0)
    assert not assert_gradient(np.log, 1.0, -1.0, allow_inconclusive=True).ok
    with pytest.raises(AssertionError):
        assert_gradient(squares, [2.0, 5.0], P, allow_inconclusive=True)


def test_assertions_about_a_graph():
    graph = parse_graph(["xz = tanh(w*xa)"])
    assert assert_gradients(graph, rng=0).ok
    right = {("xz", "w"): "(1 - xz^2)*xa"}
    assert assert_gradients(graph, claims=right, rng=0).ok
    with pytest.raises(AssertionError, match="∂xz/∂w is the first wrong edge"):
        assert_gradients(graph, claims={("xz", "w"): "xa"}, rng=0)
    kink = parse_graph(["xr = relu(xa)"])
    with pytest.raises(AssertionError, match="INCONCLUSIVE"):
        assert_gradients(kink, at={"xa": 0.0})
    assert_gradients(kink, at={"xa": 0.0}, allow_inconclusive=True)


FLAT = {  # f, its gradient, points where that is 0
    "square": (lambda x: (x**2).sum(), lambda x: 2 * x, np.zeros(3)),
    "cosine": (lambda x: np.cos(x).sum(), lambda x: -np.sin(x), np.zeros(2)),
    "power": (lambda x: (x**3).sum(), lambda x: 3 * x**2, np.array([0.0, 0.0])),
    "quartic": (lambda x: float(x) ** 4 / 4, lambda x: x**3, 0.0),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("factor", [-1.0, 0.5, 1.01, 3.0])
@pytest.mark.parametrize("key", FLAT)
def test_a_factor_that_a_zero_hides_is_no_pass(key: str, factor: float):
    f, grad, x = FLAT[key]
    assert check_function(f, grad, x).verdict == "PASS"
    report = check_function(f, lambda at: factor * grad(at), x)
    assert report.verdict != "PASS"
    assert "factor cannot be seen" in report.diagnosis or report.verdict == "FAIL"


def test_values_that_are_all_zero_are_said_to_show_no_factor():
    report = check_function(lambda x: (x**2).sum(), np.zeros(2), np.zeros(2))
    assert report.verdict == "PASS"
    assert "a wrong factor cannot be seen" in report.diagnosis


@pytest.mark.parametrize("size", [1e14, 1e16, 1e20, 1e28])
def test_a_bound_wider_than_the_claim_vouches_for_nothing(size: float):
    x = np.array([1.0, 0.2])
    for f in (
        lambda v: size * v[0] ** 2 + v[1] ** 2,
        lambda v: size + v[0] ** 2 + v[1] ** 2,
    ):
        wrong = np.array([2.0 * x[0], -2 * x[1]])
        assert check_function(f, wrong, x).verdict != "PASS"


T = np.linspace(0.2, 2.0, 7)
A = np.vander(T, 3)
MODELS = {  # values at T of three parameters, and their Jacobian
    "linear": (lambda w: A @ w, lambda w: A),
    "decay": (lambda w: w[0] * np.exp(-w[1] * T) + w[2],
              lambda w: np.stack([np.exp(-w[1] * T), -w[0] * T * np.exp(-w[1] * T),
                                  T**0], 1)),
}  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize("off", [1e-6, 1e-8, 1e-10, 1e-12])
@pytest.mark.parametrize("key", MODELS)
def test_squares_of_what_nearly_cancels_are_judged_by_its_rounding(key, off):
    """Least squares beside their minimum: gradients are small, and right."""
    model, jacobian = MODELS[key]
    best = np.array([0.9, 1.3, 0.6])
    y, w = model(best), best * (1 + off * np.array([1.0, -0.7, 0.4]))
    right = 2 * jacobian(w).T @ (model(w) - y)
    f = lambda w: ((model(w) - y) ** 2).sum()  # noqa: E731
    assert check_function(f, right, w).verdict != FAIL
    for factor in (-1.0, 0.5, 1.01):
        assert check_function(f, factor * right, w).verdict == FAIL


@pytest.mark.parametrize("k", [1e2, 1e4, 1e5])
def test_waves_that_are_fast_for_x_have_no_kinks(k):
    graph = parse_graph([f"xf = cos({k}*xa)"])
    for x in (0.0, 1.3):
        right = -k * np.sin(k * x)
        assert check_function(lambda x: np.cos(k * x), right, x).verdict == PASS
        wrong = check_function(lambda x: np.cos(k * x), right + 0.1 * k, x)
        assert wrong.verdict == FAIL
        assert check_gradients(graph, at={"xa": x}).verdict == PASS


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e3])
def test_rounding_that_next_neighbours_share_is_seen(offset):
    """1 - x stands still where sin(x) moves: x has digits that are lost there."""
    x = 1.7e-3

    def f(v):
        return (offset + 1 - v) - offset - 1 + np.sin(v)

    def slope(v):
        return np.cos(v) - 1

    report = check_function(lambda v: f(v) + v, slope(x) + 1, x)
    assert report.verdict == PASS, report
    assert check_function(lambda v: f(v) + v, 1.001 * (slope(x) + 1), x).verdict == FAIL


@pytest.mark.parametrize("f", [np.cbrt, lambda x: np.sign(x) * np.sqrt(abs(x))])
def test_an_infinite_slope_is_not_held_against_an_infinite_claim(f):
    assert check_function(f, lambda x: np.inf, 0.0).verdict == "INCONCLUSIVE"
    assert check_function(np.sin, lambda x: np.inf, 0.5).verdict == "FAIL"
