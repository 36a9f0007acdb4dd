"""What a fit says of itself: every sentence, from Trails and Scores made for it."""

import math

import numpy as np
import pytest

from cgprimer import FitResult
from cgprimer.fitting.advice import Ending
from cgprimer.fitting.baseline import Baseline
from cgprimer.fitting.cells import rows
from cgprimer.fitting.compared import compare, shortcomings
from cgprimer.fitting.conclusion import remarks_on_loss
from cgprimer.fitting.identification import Combination
from cgprimer.fitting.outcome import sentences_of, status_of
from cgprimer.fitting.score import Score
from cgprimer.fitting.trail import Trail

# What to change, from how it moved


def trail_of(losses=(1.0,), best=(2.0, 3.0), origin=(1.0, 1.0), **fields):
    """A Trail with these losses over all data, whose last epoch moved `b` by 5 %."""
    made = Trail(np.array(origin), np.array(best), losses[-1])
    for loss in losses:
        made.mark(loss)
    made.note(np.array([2.0, 3.8]), np.array([2.02, 4.0]))
    for name, value in fields.items():
        setattr(made, name, value)
    return made


FALLING = [10.0 - k for k in range(9)]
LEVEL = [1.001 - 1e-4 * k for k in range(11)]
UPS = [5.0, 4.0, 4.5, 3.0]
LAST = ": the last epoch changed b by 5 % and the loss by "
EDGE = "; it stands at an edge or a kink, or rounding hides the way down"
OR_ELSE = ". Start elsewhere, rescale or centre the inputs, or change the model"
SHORTFALLS = [  # status, poor, exact, the Trail → what is said
    ("stalled", False, True, trail_of(), EDGE + OR_ELSE),
    (
        "stalled", True, True, trail_of(border=True, creeps=True),
        "; it stands at an edge, beyond which the loss or its slope is not finite. "
        "Start elsewhere, or change the model",
    ),
    (
        "stalled", False, True, trail_of(creeps=True),
        "; it creeps on, along a valley or to where there is no minimum" + OR_ELSE,
    ),
    (
        "stalled", True, False, trail_of(best=(2.0, -1.1e8)),
        "; a step led far off, b to -1.1e+08: lower the rate, or start elsewhere",
    ),
    (
        "stalled", True, False, trail_of(best=(1.1e8, 3.0), origin=(0.0, 1.0)),
        "; a step led far off, a to 1.1e+08: lower the rate, or start elsewhere",
    ),
    (
        "stalled", True, False, trail_of(best=(2.0, 0.9e8)),
        "; it jumps to and fro: lower the rate",
    ),
    (
        "stalled", True, False, trail_of(best=(2.0, 9e9), origin=(1.0, -100.0)),
        "; it jumps to and fro: lower the rate",
    ),
    (
        "stalled", False, False, trail_of(best=(2.0, 1.1e8)),
        "; it jumps to and fro: lower the rate",
    ),
    (
        "stalled", False, False, trail_of([12.0], way=0.5, slope=8e-5),
        "; slopes are next to nothing, yet the loss can fall by 0.5 from 12: "
        "rescale the inputs and targets to about one, or start elsewhere",
    ),
    (
        "stalled", False, False, trail_of([12.0], way=0.5, slope=8e-5, unit="step"),
        "; slopes are next to nothing, yet the loss can fall by 0.5 from 12: "
        "write it in units in which numbers are about one, or start elsewhere",
    ),
    (
        "stalled", False, False, trail_of([12.0], way=0.5, slope=9e-5, length=0.49),
        "; it jumps to and fro: lower the rate",
    ),
    (
        "stalled", False, False, trail_of([12.0], way=0.5, slope=9e-5, length=0.51),
        "; slopes are next to nothing: rescale the inputs and targets to about one, "
        "or start elsewhere",
    ),
    (
        "stalled", False, False, trail_of(slope=9e-4, moved=np.array([0.0, 9e-13])),
        "; slopes are next to nothing: rescale the inputs and targets to about one, "
        "or start elsewhere",
    ),
    (
        "stalled", False, False, trail_of(slope=1.1e-3, moved=np.array([0.0, 9e-13])),
        "; the steps are too small to count: the rate is too low",
    ),
    (
        "stalled", False, False, trail_of(slope=1.1e-3, moved=np.array([0.0, 2e-12])),
        "; it jumps to and fro: lower the rate",
    ),
    (
        "stalled", False, False, trail_of(moved=None),
        "; the steps are too small to count: the rate is too low",
    ),
    (
        "max_steps", False, False, trail_of(FALLING),
        LAST + "33 %; allow more, or try a higher rate",
    ),
    ("max_steps", True, False, trail_of(FALLING), LAST + "33 %; allow more"),
    (
        "max_steps", False, False, trail_of(UPS),
        LAST + "33 %; allow more, or lower the rate: the loss goes up and down",
    ),
    (
        "max_steps", True, False, trail_of(UPS),
        LAST + "33 %; allow more, or lower the rate: the loss goes up and down",
    ),
    (
        "max_steps", False, False, trail_of([3.0, 4.0, *FALLING, 1.5, 1.0]),
        LAST + "33 %; allow more, or try a higher rate",
    ),
    (
        "max_steps", False, False, trail_of([3.0, 4.0, *FALLING, 1.5]),
        LAST + "25 %; allow more, or lower the rate: the loss goes up and down",
    ),
    (
        "max_steps", True, False, trail_of(LEVEL),
        LAST + "0.01 %; allow many more, rescale the inputs and targets to about one, "
        "or start elsewhere",
    ),
    (
        "max_steps", False, False, trail_of(LEVEL),
        LAST + "0.01 %; allow more, or try a higher rate",
    ),
    (
        "max_steps", True, False, trail_of(LEVEL[1:]),
        LAST + "0.01 %; allow more",
    ),
    (
        "max_steps", False, True, trail_of(FALLING, unit="step"),
        ": the last step changed b by 5 % and the loss by 33 %; "
        "allow more, LeastSquares(max_steps=…)",
    ),
    (
        "max_steps", True, True, trail_of(LEVEL, unit="step"),
        ": the last step changed b by 5 % and the loss by 0.01 %; "
        "allow more, LeastSquares(max_steps=…), or start elsewhere",
    ),
    (
        "max_steps", True, False, trail_of(LEVEL, way=0.0101, slope=9e-4),
        LAST + "0.01 %; slopes are next to nothing, yet the loss can fall by 0.01 from "
        "1: rescale the inputs and targets to about one, or start elsewhere",
    ),
    (
        "max_steps", False, False, trail_of(LEVEL, way=0.0099, slope=9e-4),
        LAST + "0.01 %; allow more, or try a higher rate",
    ),
    (
        "max_steps", False, False, trail_of(LEVEL, way=0.0101, slope=1.1e-3),
        LAST + "0.01 %; allow more, or try a higher rate",
    ),
    (
        "max_steps", False, False, trail_of(FALLING, way=1.0, slope=1e-9),
        LAST + "33 %; allow more, or try a higher rate",
    ),
    (
        "max_steps", False, False, trail_of([1.0]),
        ": there was none; allow more, or try a higher rate",
    ),
    (
        "max_steps", False, False, trail_of([0.0, 0.0], moved=np.array([0.5, 0.25])),
        ": the last epoch changed a by 50 % and the loss by 0 %; "
        "allow more, or try a higher rate",
    ),
    (
        "max_steps", False, False, trail_of([-3.0, -4.0]),
        LAST + "25 %; allow more, or try a higher rate",
    ),
    (
        "max_steps", True, False, trail_of(gone=[1], best=(2.0, -1.5e9)),
        "; b has run off to -1.5e+09, where it has no effect. "
        "Lower the rate, or start elsewhere",
    ),
    (
        "stalled", True, True, trail_of(gone=[0, 1], best=(2e9, -1.5e9)),
        "; a (and 1 more) has run off to 2e+09, where it has no effect. "
        "Start elsewhere, or change the model",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("status", "poor", "exact", "trail", "said"), SHORTFALLS)
def test_advice_follows_from_how_it_moved(status, poor, exact, trail, said):
    assert Ending(trail, ["a", "b"], exact).shortfall(status, poor) == said


STUCK = [  # whether by LeastSquares, the Trail → what is said
    (False, trail_of(status="converged"), []),
    (False, trail_of(status="stalled"), []),
    (True, trail_of(status="stalled"), ["I" + EDGE[3:]]),
    (True, trail_of(status="converged"), []),
    (False, trail_of(FALLING), [LAST[2].upper() + LAST[3:] + "33 %"]),
    (
        True, trail_of(dead=True, status="stalled"),
        ["Every slope is zero here: units are dead or saturated"],
    ),
    (
        True, trail_of(dead=True, gone=[0], best=(2e9, 1.0)),
        ["a has run off to 2e+09, where it has no effect"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("exact", "trail", "said"), STUCK)
def test_what_is_stuck_says_why(exact, trail, said):
    assert Ending(trail, ["a", "b"], exact).stuck() == said


# How it compares with constants, in words


def score_of(name="xy", verdict="better", **fields):
    known = {"samples": 20, "parameters": 3, "told": False, "chance": 0.01}
    losses = {"loss": 0.25, "constant": 1.0}
    return Score(tuple(name.split()), verdict, **losses | known | fields)


def baseline_of(r_squared, *scores, one=False):
    return Baseline(dict(r_squared), scores or (score_of(),), one)


XY, BOTH = {"xy": 0.99861}, {"xp": 0.99861, "xq": -0.5}
FIVE = {"xa": 0.5, "xb": 0.25, "xc": 0.99996, "xd": math.nan, "xe": 0.75}
GOOD, BAD = score_of("xp"), score_of("xq", "worse")
ALIKE = "the same in every sample, so that no model is better than a constant"
OTHER = (
    "What is left of xy has a pattern: another start or another model may fit better"
)
COMPARED = [  # R², scores, whether there is one minimum → sentences, and doubts
    (XY, [score_of()], False, ["R² 0.9986"], []),
    ({"xy": math.nan}, [score_of()], False, ["R² undefined"], []),
    (BOTH, [GOOD, score_of("xq")], False, ["R² 0.9986 for xp, -0.5 for xq"], []),
    (BOTH, [GOOD, BAD], False,
     ["R² 0.9986 for xp, -0.5 for xq", "As yet xq: no better than a constant"], []),
    (BOTH, [GOOD, score_of("xq", "by chance")], False,
     ["R² 0.9986 for xp, -0.5 for xq", "As yet xq: hardly better than a constant"], []),
    (BOTH, [score_of("xp", "with a pattern"), BAD], False,
     ["R² 0.9986 for xp, -0.5 for xq", "As yet xp, xq: hardly better than a constant"],
     []),
    (BOTH, [score_of("xp xq", "worse")], False,
     ["R² 0.9986 for xp, -0.5 for xq", "As yet xp, xq: no better than a constant"], []),
    (BOTH, [GOOD, score_of("xq", "constant")], False,
     ["R² 0.9986 for xp", f"xq: {ALIKE}"], []),
    (BOTH, [score_of("xp", "constant"), score_of("xq", "constant")], False,
     [f"xp, xq: {ALIKE}"], []),
    (BOTH, [GOOD, score_of("xq", "given")], False,
     ["R² 0.9986 for xp, -0.5 for xq", "xq: no parameter has a part in it"], []),
    (BOTH, [GOOD, score_of("xq", "fixed")], False,
     ["R² 0.9986 for xp", "xq: one prediction for all samples, as no input that varies "
      "reaches it: no better than a constant whatever the parameters"], []),
    (dict([*FIVE.items()][:4]), [score_of(name) for name in [*FIVE][:4]], False,
     ["R² 0.5 for xa, 0.25 for xb, 0.9999 for xc, undefined for xd"], []),
    (FIVE, [score_of(name) for name in FIVE], False,
     ["R² from 0.25 for xb to 0.9999 for xc"], []),
    (dict.fromkeys(FIVE, math.nan), [score_of(name) for name in FIVE], False,
     ["R² undefined for xa, undefined for xb, undefined for xc, undefined for xd"], []),
    (XY, [score_of(told=True)], False,
     ["R² 0.9986; loss 0.25 beside the best constant's 1"], []),
    (XY, [score_of(told=True, near=(1, 0.125, 0.5))], False,
     ["R² 0.9986; loss 0.25 beside the best constant's 1, and without 1 sample far off "
      "0.125 beside 0.5"], []),
    (XY, [score_of(told=True, near=(2, 0.125, 0.5))], False,
     ["R² 0.9986; loss 0.25 beside the best constant's 1, and without 2 samples far "
      "off 0.125 beside 0.5"], []),
    (BOTH, [score_of("xp", told=True), score_of("xq", told=True)], False,
     ["R² 0.9986 for xp, -0.5 for xq"], []),
    (BOTH, [score_of("xp", told=True), score_of("xq", "constant", told=True)], False,
     ["R² 0.9986 for xp; loss 0.25 beside the best constant's 1", f"xq: {ALIKE}"], []),
    (XY, [score_of(chance=math.nan)], False, ["R² 0.9986"],
     ["20 samples for 3 parameters prove nothing"]),
    (XY, [score_of(chance=0.051)], False, ["R² 0.9986"],
     ["Noise alone reaches that of xy with probability 0.051"]),
    (XY, [score_of(chance=0.05)], False, ["R² 0.9986"], []),
    (XY, [score_of(pattern=True)], False, ["R² 0.9986"], [OTHER]),
    (XY, [score_of(pattern=True)], True, ["R² 0.9986"],
     ["What is left of xy has a pattern: another model may fit better"]),
    (XY, [score_of("xy", "given", pattern=True)], False,
     ["R² 0.9986", "xy: no parameter has a part in it"], []),
    (FIVE, [score_of(name, pattern=True) for name in FIVE], True,
     ["R² from 0.25 for xb to 0.9999 for xc"],
     [f"What is left of {name} has a pattern: another model may fit better"
      for name in [*FIVE][:4]]),
]  # fmt: skip


@pytest.mark.parametrize(("r_squared", "scores", "one", "said", "doubts"), COMPARED)
def test_a_fit_is_compared_in_words(r_squared, scores, one, said, doubts):
    baseline = baseline_of(r_squared, *scores, one=one)
    assert compare(baseline, doubted=False) == said
    special = sum(": " in text and not text.startswith("As") for text in said[1:])
    at = len(said) - special
    assert compare(baseline, doubted=True) == [*said[:at], *doubts, *said[at:]]


def short(name, verdict, **fields):
    r_squared = dict.fromkeys(name.split(), -0.25) | {"xq": 0.5}
    return shortcomings(baseline_of(r_squared, score_of(name, verdict, **fields)))


SHORT = [
    (short("xy", "worse"), ["xy: R² -0.25, no better than the best constant"]),
    (short("xy xz", "worse"),
     ["xy, xz: R² -0.25 for xy, -0.25 for xz, no better than the best constant"]),
    (short("xy", "worse", told=True),
     ["xy: R² -0.25; loss 0.25 beside the best constant's 1, no better than the best "
      "constant"]),
    (short("xy", "with a pattern"),
     ["xy: R² -0.25, hardly better than the best constant"]),
    (short("xy", "by chance"),
     ["xy: R² -0.25, which noise alone reaches with probability 0.01"]),
    (short("xy", "by chance", chance=math.nan),
     ["xy: R² -0.25, from 3 parameters for 20 samples"]),
    (short("xy", "constant"), [f"xy: {ALIKE}"]),
    (shortcomings(baseline_of(BOTH, GOOD, BAD)),
     ["xq: R² -0.5, no better than the best constant", "R² 0.9986 for xp"]),
    (shortcomings(baseline_of(FIVE, *(score_of(n, "worse") for n in [*FIVE][:4]))),
     [f"{n}: R² {r}, no better than the best constant"
      for n, r in zip(FIVE, ("0.5", "0.25", "0.9999", "undefined"), strict=False)]),
    (shortcomings(baseline_of(FIVE, *(score_of(n, "worse") for n in FIVE)))[4:],
     ["The same holds for 1 more targets"]),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), SHORT)
def test_what_a_constant_meets_as_well_is_said(found, expected):
    assert found == expected


SCORES = [  # scores → trivial, loss, constant, level
    ([score_of()], False, 0.25, 1.0, True),
    ([GOOD, BAD], True, 0.5, 2.0, True),
    ([score_of("xy", "worse", loss=1.1)], True, 1.1, 1.0, True),
    ([score_of("xy", "worse", loss=1.11)], True, 1.11, 1.0, False),
    ([BAD, score_of("xy", "better", loss=9.0)], True, 9.25, 2.0, True),
    ([score_of("xy", "constant")], True, 0.25, 1.0, True),
    ([score_of("xy", "fixed")], False, 0.25, 1.0, True),
    ([score_of("xp", "fixed"), score_of("xq", "constant")], True, 0.5, 2.0, True),
    ([GOOD, score_of("xq", "constant")], False, 0.5, 2.0, True),
    ([score_of("xy", "given")], False, 0.25, 1.0, True),
    ([score_of("xy", "by chance")], True, 0.25, 1.0, True),
    ([score_of("xy", "with a pattern")], True, 0.25, 1.0, True),
]


@pytest.mark.parametrize(("scores", "trivial", "loss", "constant", "level"), SCORES)
def test_scores_add_up(scores, trivial, loss, constant, level):
    baseline = baseline_of(XY, *scores)
    assert (baseline.trivial, baseline.level) == (trivial, level)
    assert baseline.losses == pytest.approx((loss, constant))


@pytest.mark.parametrize(
    ("fields", "gain"),
    [({}, 0.75), ({"loss": 1.5}, -0.5), ({"near": (1, 0.25, 0.5)}, 0.5),
     ({"constant": 0.0}, math.nan), ({"constant": -1.0}, math.nan)],
)  # fmt: skip
def test_the_gain_is_a_share_of_the_constants_loss(fields, gain):
    assert score_of(**fields).gain == pytest.approx(gain, nan_ok=True)


POOR = baseline_of(XY, score_of("xy", "worse", loss=1.1))
FAR_OFF = baseline_of(XY, score_of("xy", "worse", loss=1.2))
FLAT = [*LEVEL[1:], 0.9998]
STATUSES = [  # how it ended, losses, baseline, whether by steps → the word for it
    ("converged", LEVEL, None, True, "converged"),
    ("converged", LEVEL, baseline_of(XY), True, "converged"),
    ("converged", FALLING, POOR, True, "trivial"),
    ("converged", FALLING, FAR_OFF, True, "trivial"),
    ("stalled", FALLING, POOR, False, "trivial"),
    ("stalled", FALLING, POOR, True, "stalled"),
    ("stalled", LEVEL, POOR, True, "trivial"),
    ("stalled", LEVEL, FAR_OFF, True, "stalled"),
    ("max_steps", LEVEL, POOR, True, "trivial"),
    ("max_steps", LEVEL, FAR_OFF, True, "max_steps"),
    ("max_steps", LEVEL, FAR_OFF, False, "trivial"),
    ("max_steps", FALLING, POOR, False, "max_steps"),
    ("max_steps", LEVEL[1:], POOR, True, "max_steps"),
    ("max_steps", [*LEVEL[:-1], 0.9911], POOR, True, "trivial"),
    ("max_steps", [*LEVEL[:-1], 0.9909], POOR, True, "max_steps"),
    ("interrupted", LEVEL, POOR, True, "interrupted"),
    ("failed", LEVEL, POOR, False, "failed"),
    ("unbounded", LEVEL, POOR, True, "unbounded"),
    # 1/1.1 of the fit's loss, and a tenth more of that.
    ("diverged", [1.0, 1.0], POOR, True, "trivial"),
    ("diverged", [1.0, 1.01], POOR, True, "diverged"),
    ("diverged", [5.0, *[1.0] * 10], POOR, True, "diverged"),
    ("diverged", [5.0, *[1.0] * 11], POOR, True, "trivial"),
    ("diverged", [math.inf, 1.0], POOR, True, "diverged"),
]


@pytest.mark.parametrize(("ended", "losses", "baseline", "stepwise", "word"), STATUSES)
def test_a_fit_that_rests_beside_a_constant_is_trivial(
    ended, losses, baseline, stepwise, word
):
    trail = trail_of(losses, status=ended, loss=1.0)
    assert status_of(trail, baseline, stepwise) == word


# How it ended, in sentences


ARRIVED = "converged: the loss no longer falls and the gradient is zero"
NO_GAIN = "trivial: a constant does about as well, or better"
STOPPED = "stopped after the steps allowed"
ROSE = "diverged: the loss rose; lower the rate. The best parameters are kept"
PRINTED = "xq: R² -0.5, no better than the best constant"
ANEW = "Start elsewhere (start=…, or another rng=), rescale, or change the model"
NO_START = ": it is linear in its parameters, so no other start leads elsewhere"
NOTHING_THERE = ", unless there is nothing in the data to find"
SEPARABLE = (
    "every sample is on its side (separable), so the loss has no minimum: it falls to "
    "zero as the parameters grow without end, and their values only say when it stopped"
)
APART = tuple((k, 10.0 ** (6 - k)) for k in range(5))


def trivial(one=False, **fields):
    return baseline_of(BOTH, score_of("xq", "worse", **fields), one=one)


FOUND = baseline_of(XY, score_of(chance=0.5))
LUCK = "Noise alone reaches that of xy with probability 0.5"
ENDED = trail_of(FALLING, status="converged")
SENTENCES = [  # status, Trail, baseline, method → sentences
    ("converged", ENDED, FOUND, "SGD", [ARRIVED, "R² 0.9986", LUCK]),
    ("max_steps", trail_of(FALLING), FOUND, "SGD",
     [STOPPED + LAST + "33 %; allow more, or try a higher rate", "R² 0.9986"]),
    ("max_steps", trail_of(FALLING), FOUND, "LeastSquares",
     [STOPPED + LAST + "33 %; allow more, LeastSquares(max_steps=…)", "R² 0.9986"]),
    ("max_steps", trail_of(LEVEL), FOUND, "LeastSquares",
     [STOPPED + LAST + "0.01 %; allow more, LeastSquares(max_steps=…), or start "
      "elsewhere", "R² 0.9986", LUCK]),
    ("max_steps", trail_of(LEVEL), FOUND, "SGD",
     [STOPPED + LAST + "0.01 %; allow more, or try a higher rate", "R² 0.9986"]),
    ("max_steps", trail_of(FALLING), POOR, "SGD",
     [STOPPED + LAST + "33 %; allow more", "R² 0.9986",
      "As yet xy: no better than a constant"]),
    ("converged", trail_of(status="converged", endless=True), FOUND, "SGD",
     [f"converged: {SEPARABLE}", "R² 0.9986", LUCK]),
    ("stalled", trail_of(endless=True), FOUND, "SGD",
     [f"stalled: {SEPARABLE}", "R² 0.9986", LUCK]),
    ("diverged", trail_of(UPS), FOUND, "SGD", [ROSE, "R² 0.9986"]),
    ("diverged", trail_of(UPS, steep=True), FOUND, "SGD",
     ["diverged: the loss rose; lower the rate, or rescale the inputs and targets to "
      "about one, or start elsewhere. The best parameters are kept", "R² 0.9986"]),
    ("diverged", trail_of([1.0, math.nan], steep=True), FOUND, "SGD",
     ["diverged: the loss became nan; lower the rate, or start elsewhere. "
      "The best parameters are kept", "R² 0.9986"]),
    ("interrupted", trail_of(), FOUND, "SGD",
     ["interrupted: these are the best parameters so far", "R² 0.9986"]),
    ("failed", trail_of(), FOUND, "LeastSquares",
     ["failed: the method could not go on; start nearer to the solution", "R² 0.9986"]),
    ("unbounded", trail_of(), None, "SGD",
     ["unbounded: the loss falls without end; it has no minimum this way"]),
    ("converged", ENDED, None, "SGD", [ARRIVED]),
    ("converged", trail_of(dead=True), None, "SGD", [ARRIVED]),
    ("converged", trail_of(dead=True, moved=np.zeros(2)), None, "SGD",
     [ARRIVED,
      "It never moved: the start may as well be a maximum, or level ground"]),
    ("converged", trail_of(moved=np.zeros(2)), None, "SGD", [ARRIVED]),
    ("trivial", ENDED, trivial(), "SGD", [NO_GAIN, PRINTED, ANEW + NOTHING_THERE]),
    ("trivial", ENDED, trivial(pattern=True), "SGD",
     [NO_GAIN, PRINTED, ANEW + ": the targets have a pattern that is no noise"]),
    ("trivial", ENDED, trivial(True), "SGD",
     [NO_GAIN, PRINTED, "Change the model" + NO_START + NOTHING_THERE]),
    ("trivial", ENDED, trivial(True, pattern=True), "SGD",
     [NO_GAIN, PRINTED, "Change the model" + NO_START
      + ", and the targets have a pattern that is no noise"]),
    ("trivial", trail_of(status="stalled"), trivial(True), "SGD",
     [NO_GAIN, PRINTED, "Allow more steps, rescale, or change the model" + NO_START
      + NOTHING_THERE]),
    ("trivial", trail_of(status="stalled"), trivial(True), "LeastSquares",
     [NO_GAIN, PRINTED, "I" + EDGE[3:], ANEW + NOTHING_THERE]),
    ("trivial", trail_of(dead=True), trivial(), "SGD",
     [NO_GAIN, PRINTED, "Every slope is zero here: units are dead or saturated",
      ANEW + NOTHING_THERE]),
    ("trivial", ENDED, trivial(apart=APART[:4]), "LeastSquares",
     [NO_GAIN, PRINTED, "xq has samples far off all others, counted from 0: 0 by "
      "1e+06, 1 by 1e+05, 2 by 1e+04, 3 by 1e+03; mend them, or try loss='huber'",
      ANEW]),
    ("trivial", ENDED, trivial(apart=APART), "LeastSquares",
     [NO_GAIN, PRINTED, "xq has samples far off all others, counted from 0: 0 by "
      "1e+06, 1 by 1e+05, 2 by 1e+04, 3 by 1e+03, 1 more; mend them, or try "
      "loss='huber'", ANEW]),
    ("trivial", trail_of(status="converged", endless=True),
     baseline_of(XY, score_of("xy", "constant")), "SGD",
     [NO_GAIN, f"xy: {ALIKE}", SEPARABLE.replace("e", "E", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("status", "trail", "baseline", "by", "said"), SENTENCES)
def test_an_ending_is_told_in_sentences(status, trail, baseline, by, said):
    ending = Ending(trail, ["a", "b"], exact=by == "LeastSquares")
    assert sentences_of(status, ending, baseline) == said


# Cells of a result

SPREAD = np.diag([0.04, 0.09, 0.25])


def result_of(count=3, **fields):
    """`count` parameters, with standard errors of 0.2, 0.3 and 0.5 for three."""
    known = {"spread": SPREAD, "null_space": np.zeros((0, 3)), "dof": 9}
    return FitResult(
        {f"p{k}": 1.0 + k for k in range(count)}, 1.0, np.ones(1), "converged", "said",
        "LeastSquares", 1, 1, 1, 0.0, **(known if count == 3 else {}) | fields,
    )  # fmt: skip


PLAIN = [("p0", "1.00", "0.20"), ("p1", "2.00", "0.30"), ("p2", "3.00", "0.50")]
MET = "data met to rounding"
SAME_SUM = Combination("p0 + p1", {"p0": 1.0, "p1": 1.0})
PRODUCT = Combination("p0*p1", {"p0": 2.0, "p1": 1.0}, 2.0)
CELLS = [
    (result_of(), PLAIN),
    (result_of(practically_undetermined=("p1",)),
     [PLAIN[0], ("p1", "2.00", "0.30 (practically undetermined)"), PLAIN[2]]),
    (result_of(noise_free=("p1",)), [PLAIN[0], ("p1", "2", MET), PLAIN[2]]),
    (result_of(noise_free=("p0", "p1", "p2"), combinations=(SAME_SUM,)),
     [("p0", "1", MET), ("p1", "2", MET), ("p2", "3", MET), ("p0 + p1", "3", MET)]),
    (result_of(undetermined=("p0", "p1"), combinations=(SAME_SUM, PRODUCT)),
     [("p0", "1", "undetermined"), ("p1", "2", "undetermined"), PLAIN[2],
      ("p0 + p1", "3.00", "0.36"), ("p0*p1", "2.00", "0.50")]),
    (result_of(without_errors="n = p", undetermined=("p2",)),
     [("p0", "1", "n = p"), ("p1", "2", "n = p"), ("p2", "3", "undetermined")]),
    (result_of(spread=None),
     [(name, shown[0], "none by LeastSquares") for name, shown, _ in PLAIN]),
    (result_of(spread=np.diag([0.04, np.inf, 0.25])),
     [PLAIN[0], ("p1", "2", "undetermined"), PLAIN[2]]),
]  # fmt: skip


@pytest.mark.parametrize(("result", "cells"), CELLS)
def test_a_cell_shows_an_error_or_why_there_is_none(result, cells):
    assert rows(result) == (cells, "")


@pytest.mark.parametrize(
    ("count", "combinations", "shown", "left"),
    [
        (100, 0, (100, 0), ""),
        (101, 0, (100, 0), "1 more parameters, see .parameters"),
        (1500, 0, (100, 0), "1 400 more parameters, see .parameters"),
        (98, 2, (98, 2), ""),
        (99, 2, (98, 2), "1 more parameters, see .parameters"),
        (9, 50, (9, 50), ""),
        (9, 51, (9, 50), "1 more combinations"),
        (60, 52, (50, 50),
         "10 more parameters, see .parameters; 2 more combinations"),
    ],
)  # fmt: skip
def test_a_table_has_a_hundred_rows(count, combinations, shown, left):
    many = tuple(Combination(f"c{k}", {"p0": 1.0}) for k in range(combinations))
    cells, said = rows(result_of(count, combinations=many))
    names = [name[0] for name, _, _ in cells]
    assert (names.count("p"), names.count("c")) == shown
    assert said == left


# What the loss and the way were


def test_a_loss_that_was_not_computed_is_said_to_be_missing():
    assert remarks_on_loss(trail_of()) == []
    assert remarks_on_loss(trail_of(loss=math.nan)) == ["Their loss was not computed"]
    start = np.array([1.0])
    assert remarks_on_loss(Trail(start, start)) == [
        "Their loss was not computed and nothing better than the start is known"
    ]


def test_a_trail_keeps_the_best_and_how_far_it_moved():
    start, other = np.array([2.0, 0.0, 0.0, -1.0]), np.array([1.0, 0.0, -3.0, -4.0])
    trail = Trail(start, start)
    trail.note(start, other)
    assert trail.moved.tolist() == [0.5, 0.0, 1.0, 0.75]
    for loss, best in ((3.0, start), (3.0, start), (4.0, start), (2.0, other)):
        trail.keep(start if loss == 3.0 else other, loss)
        assert trail.best is best
    trail.losses, trail.evaluations = [1.0, 2.0], 7
    trail.mark(0.5)
    assert (trail.marks, trail.overall) == ([(0.5, 2, 7)], [0.5])
    assert trail.origin is start
