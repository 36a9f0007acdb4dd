"""How a fit ended, and what to change, in sentences that fit what happened.

    trail, baseline ─ status_of ─▶ a key of OUTCOMES, the word for it
                    ─ sentences_of ─▶ sentences

`conclusion` asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgprimer.errors import listing
from cgprimer.fitting.advice import RESCALE, Ending, capital
from cgprimer.fitting.baseline import LEVEL, Baseline
from cgprimer.fitting.compared import compare, r_squares, shortcomings
from cgprimer.fitting.score import Score
from cgprimer.fitting.stopping import PATIENCE, creeps
from cgprimer.fitting.trail import Trail

SOME = 4  # samples that are named
NOT_FINITE = (
    "diverged: the loss became nan; lower the rate, or start elsewhere. "
    "The best parameters are kept"
)
ELSEWHERE = "Start elsewhere (start=…, or another rng=), rescale, or change the model"

ENDLESS = (
    "every sample is on its side (separable), so the loss has no minimum: it falls to "
    "zero as the parameters grow without end, and their values only say when it stopped"
)

OUTCOMES = {
    "converged": "converged: the loss no longer falls and the gradient is zero",
    "trivial": "trivial: a constant does about as well, or better",
    "max_steps": "stopped after the steps allowed",
    "stalled": "stalled: the loss hardly changes though the gradient is not zero",
    "unbounded": "unbounded: the loss falls without end; it has no minimum this way",
    "diverged": "diverged: the loss rose; lower the rate. The best parameters are kept",
    "interrupted": "interrupted: these are the best parameters so far",
    "failed": "failed: the method could not go on; start nearer to the solution",
}
"""status → what happened; what to change follows from how it happened."""


def status_of(trail: Trail, baseline: Baseline | None, stepwise: bool) -> str:
    """How a fit ended, beside what constants reach.

    A fit that a constant equals is `trivial` where it has come to rest, and also where
    it hardly moves any more; one that is on its way keeps the word for that.
    stepwise : whether the method is one of steps, which may crawl anywhere.
    """
    ended = trail.status
    if baseline is None or not baseline.trivial:
        # Zero slopes far out are no minimum.
        far = ended == "converged" and (trail.gone or trail.endless)
        return "stalled" if far else ended
    # A descent that is far worse than a constant is on its way, not at its end.
    at_level = baseline.level or not stepwise
    at_rest = ended == "converged" or (ended == "stalled" and not stepwise)
    if at_rest or (at_level and ended in ("max_steps", "stalled") and creeps(trail)):
        return "trivial"
    if ended == "diverged" and _hovers(trail, baseline):
        return "trivial"
    return ended


def _hovers(trail: Trail, baseline: Baseline) -> bool:
    """Whether a loss that rose went only up and down about the constants'."""
    loss, constant = baseline.losses
    ratio = constant / loss if loss else 0.0
    last = trail.overall[-PATIENCE - 1 :]
    return bool(np.isfinite(last).all() and max(last) <= LEVEL * ratio * trail.loss)


def sentences_of(status: str, ending: Ending, baseline: Baseline | None) -> list[str]:
    """How it ended, what to change, and how it compares with constants, in sentences.

    status : the last word on it; that of the Trail is the method's own.
    """
    first, trail = OUTCOMES[status], ending.trail
    if status == "trivial" and baseline is not None:
        words = _trivial(ending, baseline)
        return [first, *words, *[capital(ENDLESS)] * trail.endless]
    if trail.endless:
        first = f"{first.partition(':')[0]}: {ENDLESS}"
    elif status in ("max_steps", "stalled"):
        poor = baseline is not None and baseline.trivial
        first += ending.shortfall(status, poor)
    elif status == "diverged":
        first = _divergence(trail)
    if baseline is None:
        return [first, *_at_once(status, trail)]
    if status in ("diverged", "interrupted", "failed"):
        return [first, r_squares(baseline.r_squared)]
    doubted = status != "max_steps" or (ending.exact and creeps(trail))
    return [first, *compare(baseline, doubted=doubted)]


def _divergence(trail: Trail) -> str:
    """How it went wrong, and whether a rate can help."""
    if np.isnan(trail.overall[-1]):
        return NOT_FINITE
    return OUTCOMES["diverged"].replace(
        "rate.", f"rate, or {RESCALE}." if trail.steep else "rate."
    )


def _at_once(status: str, trail: Trail) -> list[str]:
    """What to think of a minimum found without a step."""
    if status == "converged" and trail.dead and not np.any(trail.moved):
        return ["It never moved: the start may as well be a maximum, or level ground"]
    return []


def _trivial(ending: Ending, baseline: Baseline) -> list[str]:
    """Which targets a constant meets as well, why, and what may help."""
    sentences, poor = shortcomings(baseline), [s for s in baseline.scores if s.trivial]
    if not poor:
        return sentences
    sentences += [*map(_apart, (s for s in poor if s.apart)), *ending.stuck()]
    rest = ending.trail.status == "converged"
    if not baseline.one or (ending.exact and not rest):
        return [*sentences, ELSEWHERE + _unless(poor, ": ")]
    change = ("C" if rest else "Allow more steps, rescale, or c") + "hange the model"
    reason = ": it is linear in its parameters, so no other start leads elsewhere"
    return [*sentences, change + reason + _unless(poor, ", and ")]


def _unless(poor: Sequence[Score], link: str) -> str:
    """That there is something to find, or that there may be nothing."""
    if any(score.pattern for score in poor):
        return link + "the targets have a pattern that is no noise"
    told = any(score.apart for score in poor)
    return "" if told else ", unless there is nothing in the data to find"


def _apart(score: Score) -> str:
    """`xy has samples far off all others, counted from 0: 17 by 1e+06; …`."""
    shown = [f"{k} by {by:.2g}" for k, by in score.apart[:SOME]]
    more = len(score.apart) - len(shown)
    shown += [f"{more} more"] * (more > 0)
    return (
        f"{listing(score.names)} has samples far off all others, counted from 0: "
        f"{', '.join(shown)}; mend them, or try loss='huber'"
    )
