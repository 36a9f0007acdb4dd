"""A fit beside the best constants, in sentences.

baseline ─▶ `R² 0.998 for xp, 0.87 for xq`, what speaks against it, what says nothing
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cgprimer.errors import counted, listing, shorten
from cgprimer.fitting.baseline import Baseline
from cgprimer.fitting.score import Score

SHOWN = 4  # targets that are told one by one
DOUBT = 0.05  # how often noise alone may do as well before that is said


def compare(baseline: Baseline, *, doubted: bool) -> list[str]:
    """R², and with `doubted` what speaks against it, where a fit is not trivial."""
    ordinary = [s for s in baseline.scores if s.verdict not in ("constant", "fixed")]
    sentences = [_figures(ordinary, baseline)] if ordinary else []
    if poor := [score for score in ordinary if score.trivial]:
        word = "no" if all(score.verdict == "worse" for score in poor) else "hardly"
        names = listing(name for score in poor for name in score.names)
        sentences.append(f"As yet {names}: {word} better than a constant")
    if doubted:
        better = (s for s in ordinary if s.verdict == "better")
        doubts = dict.fromkeys(_doubt(s, baseline.one) for s in better)
        sentences += [*filter(None, doubts)][:SHOWN]
    return sentences + _special(baseline)


def shortcomings(baseline: Baseline) -> list[str]:
    """Which targets a constant meets as well, and how the others are met."""
    poor = [score for score in baseline.scores if score.trivial]
    sentences = [_why(score, baseline) for score in poor[:SHOWN]]
    if len(poor) > SHOWN:
        sentences.append(f"The same holds for {len(poor) - SHOWN} more targets")
    better = [s for s in baseline.scores if s.verdict == "better"]
    sentences += [_figures(better, baseline)] if better else []
    return sentences + _special(baseline)


def _why(score: Score, baseline: Baseline) -> str:
    """`xy: R² -0.36, no better than the best constant`."""
    reason = {
        "worse": ", no better than the best constant",
        "with a pattern": ", hardly better than the best constant",
        "by chance": (
            f", from {counted(score.parameters, 'parameter')} for "
            f"{counted(score.samples, 'sample')}"
            if math.isnan(score.chance)
            else f", which noise alone reaches with probability {score.chance:.2g}"
        ),
    }[score.verdict]
    figures = r_squares({name: baseline.r_squared[name] for name in score.names})
    return f"{listing(score.names)}: {figures}{_losses(score)}{reason}"


def _figures(scores: Sequence[Score], baseline: Baseline) -> str:
    """`R² 0.998 for xp, 0.87 for xq`."""
    names = [name for score in scores for name in score.names]
    losses = _losses(scores[0]) if len(scores) == 1 else ""
    figures = r_squares({name: baseline.r_squared[name] for name in names})
    told = len(names) > 1 or len(baseline.r_squared) == 1
    return (figures if told else f"{figures} for {shorten(names[0])}") + losses


def _doubt(score: Score, one: bool) -> str:
    """What speaks against a gain over the constant.

    one : whether there is but one minimum.
    """
    if math.isnan(score.chance):
        return (
            f"{counted(score.samples, 'sample')} for "
            f"{counted(score.parameters, 'parameter')} prove nothing"
        )
    if score.chance > DOUBT:
        return (
            f"Noise alone reaches that of {listing(score.names)} with probability "
            f"{score.chance:.2g}"
        )
    if score.pattern:
        other = "another model may" if one else "another start or another model may"
        return (
            f"What is left of {listing(score.names)} has a pattern: {other} fit better"
        )
    return ""


SPECIAL = {
    "constant": "the same in every sample, so that no model is better than a constant",
    "fixed": "one prediction for all samples, as no input that varies reaches it: no "
    "better than a constant whatever the parameters",
    "given": "no parameter has a part in it",
}
"""Verdicts about targets for which R² says nothing of the fit."""


def _special(baseline: Baseline) -> list[str]:
    sentences = []
    for verdict, words in SPECIAL.items():
        scores = (s for s in baseline.scores if s.verdict == verdict)
        if names := [name for score in scores for name in score.names]:
            sentences.append(f"{listing(names)}: {words}")
    return sentences


def _losses(score: Score) -> str:
    """`; loss 0.69 beside the best constant's 0.6931`, where R² is not of the loss."""
    if not score.told:
        return ""
    # Both losses, as R² is of squares and this loss is not.
    losses = f"; loss {score.loss:.4g} beside the best constant's {score.constant:.4g}"
    if score.near is None:
        return losses
    count, loss, constant = score.near
    far = f"{count} sample{'s' * (count > 1)} far off"
    return f"{losses}, and without {far} {loss:.4g} beside {constant:.4g}"


def r_squares(by: Mapping[str, float]) -> str:
    """`R² 0.998`, `R² 0.998 for xp, 0.87 for xq`, or the range."""
    if len(by) == 1:
        return f"R² {round_down(*by.values())}"
    known = {name: value for name, value in by.items() if not math.isnan(value)}
    if len(by) <= SHOWN or not known:
        parts = (f"{round_down(value)} for {shorten(n)}" for n, value in by.items())
        return f"R² {', '.join(list(parts)[:SHOWN])}"
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    return (
        f"R² from {round_down(known[low])} for {shorten(low)} to "
        f"{round_down(known[high])} for {shorten(high)}"
    )


def round_down(value: float) -> str:
    """R² to four digits, never more than it is: 0.99999 is 0.9999."""
    if math.isnan(value) or value >= 1 - 1e-12:
        return "undefined" if math.isnan(value) else "1"
    if value > 0:
        # 0.99996 rounded would be 1, and read as a perfect fit.
        return f"{math.floor(1e4 * value) / 1e4:.4g}"
    return f"{round(value, 4) + 0.0:.3g}"
