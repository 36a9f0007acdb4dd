"""How a fit ended, and what to change: a word, and sentences that fit what happened.

trail, baseline ─▶ status, sentences
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgprimer.errors import listing, shorten
from cgprimer.fitting.baseline import LEVEL, Baseline, Score
from cgprimer.fitting.compared import compared, found_wanting, r_squares
from cgprimer.fitting.downhill import FAR
from cgprimer.fitting.loop import PATIENCE, SLIGHT, Trail

CREEP = 1e-2  # a fall over the last epochs, beside the loss, that is no way out
TINY = 1e-12  # a share of a parameter that is no move
SOME = 4  # samples that are named
SHORT = 0.1  # of the way that leads on: a move that cannot jump over its end
RESCALE = "rescale the inputs and targets to about one, or start elsewhere"
UNITS = "write it in units in which numbers are about one, or start elsewhere"
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
    """How a fit ended, all things considered.

    A fit that a constant equals is `trivial` where it has come to rest, and also where
    it hardly moves any more; one that is on its way keeps the word for that.
    stepwise : whether the method is one of steps, which may crawl anywhere.
    """
    ended = trail.status
    if baseline is None or not baseline.trivial:
        return ended
    # A descent that is far worse than a constant is on its way, not at its end.
    at_level = baseline.level or not stepwise
    at_rest = ended == "converged" or (ended == "stalled" and not stepwise)
    if at_rest or (at_level and ended in ("max_steps", "stalled") and _creeps(trail)):
        return "trivial"
    if ended == "diverged" and _hovers(trail, baseline):
        return "trivial"
    return ended


def _creeps(trail: Trail) -> bool:
    """Whether the last epochs, of enough, lowered the loss by hardly anything."""
    last = trail.overall[-PATIENCE - 1 :]
    return len(last) > PATIENCE and last[0] - min(last) <= CREEP * abs(last[0])


def _hovers(trail: Trail, baseline: Baseline) -> bool:
    """Whether a loss that rose went only up and down about the constants'."""
    ratio = baseline.constant / baseline.loss if baseline.loss else 0.0
    last = trail.overall[-PATIENCE - 1 :]
    return bool(np.isfinite(last).all() and max(last) <= LEVEL * ratio * trail.loss)


def said(
    status: str, trail: Trail, baseline: Baseline | None, names: Sequence[str], by: str
) -> list[str]:
    """How it ended, what to change, and how it compares with constants, in sentences.

    names : of the parameters. by : the label of the method.
    """
    first = OUTCOMES[status]
    if status == "trivial" and baseline is not None:
        words = _trivial(trail, baseline, names, by == "LeastSquares")
        return [first, *words, *[_capital(ENDLESS)] * trail.endless]
    exact = by == "LeastSquares"
    if trail.endless:
        first = f"{first.partition(':')[0]}: {ENDLESS}"
    elif status in ("max_steps", "stalled"):
        poor = baseline is not None and baseline.trivial
        first += _unfinished(status, trail, names, exact, poor)
    elif status == "diverged":
        first = _diverged(trail)
    if baseline is None:
        return [first, *_at_once(status, trail)]
    if status in ("diverged", "interrupted", "failed"):
        return [first, r_squares(baseline.r_squared)]
    doubted = status != "max_steps" or (exact and _creeps(trail))
    return [first, *compared(baseline, doubted=doubted)]


def _diverged(trail: Trail) -> str:
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


def _unfinished(
    status: str, trail: Trail, names: Sequence[str], exact: bool, poor: bool
) -> str:
    """How far it still moved, and which change of settings that suggests."""
    if trail.gone:
        return f"; {_gone(trail, names, exact)}"
    if status == "stalled":
        return "; " + _way_on(trail, names, exact, poor)
    # The way down is long beside the loss, and too gentle for steps of this size.
    great = trail.way > CREEP * abs(trail.loss)
    if great and _far(trail) and _creeps(trail):
        return f": {_last_move(trail, names)}; {_too_slow(trail)}"
    up_and_down = (np.diff(trail.overall[-PATIENCE - 1 :]) > 0).any()
    if exact:
        elsewhere = ", or start elsewhere" * _creeps(trail)
        advice = "allow more, LeastSquares(max_steps=…)" + elsewhere
    elif poor and _creeps(trail):
        advice = f"allow many more, {RESCALE}"
    elif up_and_down:
        advice = "allow more, or lower the rate: the loss goes up and down"
    else:
        advice = "allow more" + ", or try a higher rate" * (not poor)
    return f": {_last_move(trail, names)}; {advice}"


def _way_on(trail: Trail, names: Sequence[str], exact: bool, poor: bool) -> str:
    """What leads on from where steps no longer count."""
    if exact:
        rescale = "" if trail.border else ", rescale or centre the inputs"
        return f"{_edge(trail)}. Start elsewhere{rescale}, or change the model"
    # A start at 0 has no factor to have grown by: 1 stands for it.
    size = np.abs(trail.best) / np.where(trail.origin != 0, np.abs(trail.origin), 1.0)
    if poor and size.max() > FAR:
        most = int(size.argmax())
        where = f"{shorten(names[most])} to {trail.best[most]:.3g}"
        return f"a step led far off, {where}: lower the rate, or start elsewhere"
    if _far(trail):
        return _too_slow(trail)
    moved = 0.0 if trail.moved is None else float(trail.moved.max())
    # Steps as long as the way itself jump over its end.
    if moved > TINY and not moved < SHORT * trail.length:
        return "it jumps to and fro: lower the rate"
    if trail.slope < SLIGHT:
        return f"slopes are next to nothing: {RESCALE}"
    return "the steps are too small to count: the rate is too low"


def _far(trail: Trail) -> bool:
    """Whether a way leads on downhill, for which slopes are too small by themselves."""
    return trail.way > 0 and trail.slope * abs(trail.loss) < SLIGHT


def _too_slow(trail: Trail) -> str:
    """What to do where the minimum is far for steps of this size."""
    return (
        f"slopes are next to nothing, yet the loss can fall by {trail.way:.2g} from "
        f"{trail.loss:.4g}: {RESCALE if trail.unit == 'epoch' else UNITS}"
    )


def _gone(trail: Trail, names: Sequence[str], exact: bool) -> str:
    """`b has run off to -6.5e+168, where it has no effect`, and what to do."""
    most = trail.gone[0]
    others = f" (and {len(trail.gone) - 1} more)" * (len(trail.gone) > 1)
    first = "Start elsewhere, or change the model"
    advice = first if exact else "Lower the rate, or start elsewhere"
    where = f"{shorten(names[most])}{others} has run off to {trail.best[most]:.3g}"
    return f"{where}, where it has no effect. {advice}"


def _edge(trail: Trail) -> str:
    if trail.border:
        return "it stands at an edge, beyond which the loss or its slope is not finite"
    if trail.creeps:
        return "it creeps on, along a valley or to where there is no minimum"
    return "it stands at an edge or a kink, or rounding hides the way down"


def _last_move(trail: Trail, names: Sequence[str]) -> str:
    """`the last epoch changed w by 3 % and the loss by 0.2 %`."""
    if trail.moved is None or len(trail.overall) < 2:
        return "there was none"
    most = int(np.argmax(trail.moved))
    before, after = trail.overall[-2:]
    size = max(abs(before), abs(after)) or 1.0
    return (
        f"the last {trail.unit} changed {shorten(names[most])} by "
        f"{_percent(float(trail.moved[most]))} and the loss by "
        f"{_percent(abs(after - before) / size)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _trivial(
    trail: Trail, baseline: Baseline, names: Sequence[str], exact: bool
) -> list[str]:
    """Which targets a constant meets as well, why, and what may help."""
    found, poor = found_wanting(baseline), [s for s in baseline.scores if s.trivial]
    if not poor:
        return found
    found += [*map(_apart, (s for s in poor if s.apart)), *_stuck(trail, names, exact)]
    rest = trail.status == "converged"
    if not baseline.one or (exact and not rest):
        return [*found, _elsewhere(poor)]
    advice = ("C" if rest else "Allow more steps, rescale, or c") + "hange the model"
    reason = ": it is linear in its parameters, so no other start leads elsewhere"
    return [*found, advice + reason + _unless(poor)]


def _stuck(trail: Trail, names: Sequence[str], exact: bool) -> list[str]:
    """What is known of why it went no further."""
    if trail.gone:
        return [_gone(trail, names, exact).partition(". ")[0]]
    if trail.dead:
        return ["Every slope is zero here: units are dead or saturated"]
    if trail.status == "stalled" and exact:
        return [_capital(_edge(trail))]
    if trail.status == "max_steps":
        return [_capital(_last_move(trail, names))]
    return []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _elsewhere(poor: Sequence[Score]) -> str:
    if any(score.pattern for score in poor):
        return ELSEWHERE + ": the targets have a pattern that is no noise"
    return ELSEWHERE + _unless(poor)


def _unless(poor: Sequence[Score]) -> str:
    """That there is something to find, or that there may be nothing."""
    if any(score.pattern for score in poor):
        return ", and the targets have a pattern that is no noise"
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
