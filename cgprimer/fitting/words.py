"""What a fit says of itself: how it ended, how well it does, and what to change.

trail, baseline ─▶ status, sentences
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cgprimer.errors import listing, shorten
from cgprimer.fitting.baseline import Baseline, Score
from cgprimer.fitting.loop import PATIENCE, Trail

CREEP = 1e-2  # a fall over the last epochs, beside the loss, that is no way out
SHOWN = 4  # targets whose R² is told one by one
TINY = 1e-12  # a share of a parameter that is no move
DOUBT = 0.05  # how often noise alone may do as well before that is said
SLIGHT = 1e-3  # slope times parameter beside the loss that leads nowhere soon
RESCALE = "rescale the inputs and targets to about one, or start elsewhere"
ELSEWHERE = "Start elsewhere (start=…, or another rng=), rescale, or change the model"

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
    return bool(np.isfinite(last).all() and max(last) <= 1.1 * ratio * trail.loss)


def said(
    status: str, trail: Trail, baseline: Baseline | None, names: Sequence[str], by: str
) -> list[str]:
    """How it ended, what to change, and how it compares with constants, in sentences.

    names : of the parameters. by : the label of the method.
    """
    first = OUTCOMES[status]
    if status == "trivial" and baseline is not None:
        return [first, *_trivial(trail, baseline, names, by == "LeastSquares")]
    if status in ("max_steps", "stalled"):
        poor = baseline is not None and baseline.trivial
        first += _unfinished(status, trail, names, by == "LeastSquares", poor)
    if baseline is None:
        return [first]
    if status in ("diverged", "interrupted", "failed"):
        return [first, r_squares(baseline.r_squared)]
    return [first, *_compared(baseline)]


def _unfinished(
    status: str, trail: Trail, names: Sequence[str], exact: bool, poor: bool
) -> str:
    """How far it still moved, and which change of settings that suggests."""
    if status == "stalled":
        return "; " + _way_on(trail, exact)
    up_and_down = (np.diff(trail.overall[-PATIENCE - 1 :]) > 0).any()
    if not exact and up_and_down:
        advice = "allow more, or lower the rate: the loss goes up and down"
    elif not exact and poor and _creeps(trail):
        advice = f"allow many more, {RESCALE}"
    elif exact:
        advice = "allow more, LeastSquares(max_steps=…)"
    else:
        advice = "allow more" + ", or try a higher rate" * (not poor)
    return f": {_last_move(trail, names, exact)}; {advice}"


def _way_on(trail: Trail, exact: bool) -> str:
    """What leads on from where steps no longer count."""
    if exact:
        return f"{_edge(trail)}. Start elsewhere, or change the model"
    if trail.moved is not None and (trail.moved > TINY).any():
        return "it jumps to and fro: lower the rate"
    if trail.slope < SLIGHT:
        return f"slopes are next to nothing: {RESCALE}"
    return "the steps are too small to count: the rate is too low"


def _edge(trail: Trail) -> str:
    beyond = ", beyond which the loss or its slope is not finite" * trail.border
    return f"it stands at an edge{beyond}"


def _last_move(trail: Trail, names: Sequence[str], exact: bool) -> str:
    """`the last epoch changed w by 3 % and the loss by 0.2 %`."""
    if trail.moved is None or len(trail.overall) < 2:
        return "there was none"
    most = int(np.argmax(trail.moved))
    before, after = trail.overall[-2:]
    size = max(abs(before), abs(after)) or 1.0
    return (
        f"the last {'step' if exact else 'epoch'} changed {shorten(names[most])} by "
        f"{_percent(float(trail.moved[most]))} and the loss by "
        f"{_percent(abs(after - before) / size)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _trivial(
    trail: Trail, baseline: Baseline, names: Sequence[str], exact: bool
) -> list[str]:
    """Which targets a constant meets as well, why, and what may help."""
    poor = [score for score in baseline.scores if score.trivial]
    found = [_why(score, baseline) for score in poor[:SHOWN]]
    if len(poor) > SHOWN:
        found.append(f"The same holds for {len(poor) - SHOWN} more targets")
    better = [s for s in baseline.scores if s.verdict == "better"]
    found += _figures(better, baseline) if better else []
    found += _special(baseline)
    return [*found, *_stuck(trail, names, exact), _elsewhere(poor)] if poor else found


def _stuck(trail: Trail, names: Sequence[str], exact: bool) -> list[str]:
    """What is known of why it went no further."""
    if trail.dead:
        return ["Every slope is zero here: units are dead or saturated"]
    if trail.status == "stalled" and exact:
        return [_capital(_edge(trail))]
    if trail.status == "max_steps":
        return [_capital(_last_move(trail, names, exact))]
    return []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _elsewhere(poor: Sequence[Score]) -> str:
    if any(score.pattern for score in poor):
        return ELSEWHERE + ": the targets have a pattern that is no noise"
    return ELSEWHERE + ", unless there is nothing in the data to find"


def _why(score: Score, baseline: Baseline) -> str:
    """`xy: R² -0.36, no better than the best constant`."""
    reason = {
        "worse": ", no better than the best constant",
        "with a pattern": ", hardly better than the best constant",
        "by chance": (
            f", from {score.parameters} parameters for {score.samples} samples"
            if math.isnan(score.chance)
            else f", which noise alone reaches with probability {score.chance:.2g}"
        ),
    }[score.verdict]
    figures = r_squares({name: baseline.r_squared[name] for name in score.names})
    return f"{listing(score.names)}: {figures}{_losses(score)}{reason}"


def _compared(baseline: Baseline) -> list[str]:
    """R², and what to know of it, where a fit is not trivial."""
    ordinary = [s for s in baseline.scores if s.verdict not in ("constant", "fixed")]
    found = _figures(ordinary, baseline) if ordinary else []
    if poor := [name for s in ordinary if s.trivial for name in s.names]:
        found.append(f"As yet {listing(poor)}: no better than a constant")
    return found + _special(baseline)


def _figures(scores: Sequence[Score], baseline: Baseline) -> list[str]:
    """`R² 0.998 for xp, 0.87 for xq`, and doubts about it."""
    names = [name for score in scores for name in score.names]
    losses = _losses(scores[0]) if len(scores) == 1 else ""
    doubts = dict.fromkeys(_doubt(s) for s in scores if s.verdict == "better")
    return [_r_squares(names, baseline) + losses, *filter(None, list(doubts)[:SHOWN])]


def _doubt(score: Score) -> str:
    """What speaks against a gain over the constant."""
    if math.isnan(score.chance):
        return (
            f"{score.samples} samples for {score.parameters} parameters prove nothing"
        )
    if score.chance > DOUBT:
        return (
            f"Noise alone reaches that of {listing(score.names)} with probability "
            f"{score.chance:.2g}"
        )
    if score.pattern:
        return (
            f"What is left of {listing(score.names)} has a pattern: another start or "
            "another model may fit better"
        )
    return ""


def _special(baseline: Baseline) -> list[str]:
    """Targets, and models, that do not vary, so that R² says nothing."""
    by: dict[str, list[str]] = {"constant": [], "fixed": []}
    for score in baseline.scores:
        by.setdefault(score.verdict, []).extend(score.names)
    found = []
    if by["constant"]:
        found.append(
            f"{listing(by['constant'])}: the same in every sample, so that no model is "
            "better than a constant"
        )
    if by["fixed"]:
        found.append(
            f"{listing(by['fixed'])}: a fixed prediction in these data, which is no "
            "better than a constant whatever the parameters"
        )
    return found


def _losses(score: Score) -> str:
    """`; loss 0.69 beside the best constant's 0.6931`, where R² is not of the loss."""
    if not score.told:
        return ""
    return f"; loss {score.loss:.4g} beside the best constant's {score.constant:.4g}"


def _r_squares(names: Sequence[str], baseline: Baseline) -> str:
    found = r_squares({name: baseline.r_squared[name] for name in names})
    told = len(names) > 1 or len(baseline.r_squared) == 1
    return found if told else f"{found} for {shorten(names[0])}"


def r_squares(by: Mapping[str, float]) -> str:
    """`R² 0.998`, `R² 0.998 for xp, 0.87 for xq`, or the range."""
    if len(by) == 1:
        return f"R² {rounded_down(*by.values())}"
    known = {name: value for name, value in by.items() if not math.isnan(value)}
    if len(by) <= SHOWN or not known:
        parts = (f"{rounded_down(value)} for {shorten(n)}" for n, value in by.items())
        return f"R² {', '.join(list(parts)[:SHOWN])}"
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    return (
        f"R² from {rounded_down(known[low])} for {shorten(low)} to "
        f"{rounded_down(known[high])} for {shorten(high)}"
    )


def rounded_down(value: float) -> str:
    """R² to four digits, never more than it is: 0.99999 is 0.9999."""
    if math.isnan(value) or value >= 1 - 1e-12:
        return "undefined" if math.isnan(value) else "1"
    if value > 0:
        return f"{math.floor(1e4 * value) / 1e4:.4g}"
    return f"{round(value, 4) + 0.0:.3g}"
