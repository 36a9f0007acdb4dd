"""How the targets that are judged together are met, beside the constants that do best.

    TargetGroup: targets, predictions, sigma (k, n) ─ score ─▶ Score: a verdict, and why

A gain over the constant counts where it is large, or no chance (`luck`), and where what
it leaves is no pattern. `baseline` makes the groups: every target, or all of a softmax.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.fitting.columns import are_side_by_side, in_order, varies
from cgprimer.fitting.constant import best_constant, is_robust
from cgprimer.fitting.luck import by_likelihood, by_neighbours, by_runs, by_variance
from cgprimer.fitting.score import Score
from cgprimer.keeping import lazy
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.types import Array

CHANCE = 1e-3  # p-value above which a gain may be luck; searches for a place to fit
# (a peak, a frequency) find more by luck than the test allows for, so not 5 %
# A standard deviation of a bell is 1.48 median distances: 20 of these are 13.5 of it.
OFF = 20.0  # times the median distance: 13 standard deviations of a bell
FAR = 100.0  # times the constant's median loss: not even squares of a bell lie there
LARGE = 0.5  # a gain from which few samples, not the fit, are why a test says nothing
POOR = 0.9  # a gain from which no constant does as well
MET = 1e-8  # 1 - R² from which on nothing worth a word is left
# A gain of 5 % that is no chance, beside residuals with a pattern: a straight line
# through some periods of a wave.
FAINT = 0.1  # a gain below which residuals with a pattern mean that the model missed it
MOST_INPUTS = 20  # along which residuals are looked at for a pattern …
MOST_SAMPLES = 10_000  # … and how many of them


@dataclass(frozen=True, eq=False)
class TargetGroup:
    """The targets that are judged together, usually one; arrays are (k, n).

    members : their numbers among all targets. shown : predictions in the units of the
    targets. rank : how many parameters, or combinations, were fitted.
    """

    objective: Objective
    members: list[int]
    loss: Loss
    predicted: Array
    targets: Array
    sigma: Array
    shown: Array
    rank: int

    def score(self, names: tuple[str, ...]) -> Score:
        """What the fit of these targets, of such names, is worth."""
        score = Score(
            names,
            "worse",
            self._mean(self.predicted),
            self._mean(self._constant),
            self.targets.shape[1],
            self.rank,
            self.loss.name != "mse" and self.objective.sigma is None,
            near=self._near() if is_robust(self.loss) else None,
        )
        # The usual case, for which the equations need not be walked.
        if score.gain >= POOR and score.samples > self.rank:
            every = self._varying_rows(self.objective.problem.inputs)
            return self._judge(replace(score, pattern=self._pattern(1.0, every)))
        score = replace(score, parameters=self._reach[1])
        # R² is 0/0 there; all that can be said is whether the one value is met.
        if not any(map(varies, self.targets)):
            return replace(score, verdict="constant") if self._is_met() else score
        if not len(self._reach[0]):
            return replace(score, verdict="fixed")
        if not self._reach[1]:
            return replace(score, verdict="given")
        pattern = self._pattern(score.gain, self._reach[0])
        score = replace(score, pattern=pattern)
        return self._judge(score) if score.gain > 0 else score

    def _judge(self, score: Score) -> Score:
        """What a gain over the constant is worth."""
        chance, gain = self._chance(score), score.gain
        # Without a p-value a gain counts for itself. With one, a gain of half the loss
        # or more is no chance of noise: too few samples make every p-value large.
        lucky = gain < FAINT if math.isnan(chance) else chance > CHANCE and gain < LARGE
        missed = score.pattern and gain < FAINT
        verdict = "by chance" if lucky else "with a pattern" if missed else "better"
        return replace(score, verdict=verdict, chance=chance)

    def _terms(self, predicted: Array) -> Array:
        """The losses of such predictions."""
        unit = self.sigma
        with np.errstate(all="ignore"):
            return np.asarray(self.loss.value(predicted / unit, self.targets / unit))

    def _near(self) -> tuple[int, float, float] | None:
        """Samples far off fit and constant alike, and both losses without them."""
        terms = [self._terms(p)[0] for p in (self.predicted, self._constant)]
        common = np.fmin(*terms)
        # The less of both losses: what is far off the constant alone is a gain of the
        # fit.
        kept = ~(common > FAR * (np.median(terms[1]) or np.inf))
        if kept.all():
            return None
        left, constant = (float(row[kept].mean()) for row in terms)
        return int((~kept).sum()), left, constant

    def apart(self) -> tuple[tuple[int, float], ...]:
        """Samples far off the others, and by how much, the farthest first.

        Not those that lie side by side along an input: they are a part of the curve.
        """
        left = ((self.targets - self.shown) / self.sigma)[0]
        off = left - np.median(left)
        far = np.flatnonzero(np.abs(off) > OFF * (np.median(np.abs(off)) or np.inf))
        if len(far) > 1 and any(
            map(are_side_by_side, self._reach[0][:, far], self._reach[0])
        ):
            return ()
        by = (off * self.sigma[0])[far]
        order = np.argsort(-np.abs(off[far]))
        return tuple((int(far[k]), float(by[k])) for k in order)

    def _mean(self, predicted: Array) -> float:
        """The mean over samples of the summed loss of such predictions."""
        terms = self._terms(predicted)
        mean = float(terms.sum()) / self.targets.shape[1]
        return mean if np.isfinite(mean) else np.inf

    @lazy
    def _constant(self) -> Array:
        return best_constant(self.loss, self.targets, self.sigma, self._mean)

    def _is_met(self) -> bool:
        """Whether a target that does not vary is predicted in every sample."""
        size = np.abs(self.targets).max(axis=1, keepdims=True)
        # A probability of 1 takes a logit of infinity: 0.99 counts as met.
        near = 1e-2 if self.loss.from_logits else 1e-6
        miss = np.abs(self.shown - self.targets)
        return bool((miss <= near * np.where(size > 0, size, 1.0)).all())

    @lazy
    def _reach(self) -> tuple[Array, int]:
        """The varying inputs that reach these targets, and how many parameters do."""
        problem = self.objective.problem
        used, parameters = problem.reach(self.members)
        return self._varying_rows(problem.inputs[used]), parameters

    @staticmethod
    def _varying_rows(inputs: Array) -> Array:
        return inputs[[varies(row) for row in inputs]]

    def _chance(self, score: Score) -> float:
        """How often luck gains as much; nan where samples are too few to tell."""
        count, free = score.samples, min(self.rank, score.parameters)
        # The constants are parameters, too: only what is fitted beyond them has to pay.
        constants = max(len(self.members) - 1, 1)  # of K probabilities, K - 1 are free
        extra = max(free - constants, 1)
        if count <= free:
            return math.nan
        if self.loss.from_logits:
            # Cross-entropy is -ln L per sample.
            return by_likelihood(count * (score.constant - score.loss), extra)
        if score.near and (count := count - score.near[0]) <= free:
            return math.nan
        return by_variance(*score.losses, extra, count - free)

    def _pattern(self, gain: float, inputs: Array) -> bool:
        """Whether what is left over is no noise: its signs come in runs, or alternate.

        Left over by the fit, or by a constant where that is better.
        """
        around = self.targets - self.targets.mean(axis=1, keepdims=True)
        left = self.targets - self.shown if gain > 0 else around
        # Of what is met to 1e-4 of its spread nothing worth a word is left, pattern or
        # not.
        some = (left**2).sum(axis=1) > MET * (around**2).sum(axis=1)
        each = slice(None, None, -(-left.shape[1] // MOST_SAMPLES))
        test = by_neighbours if self.loss.from_logits else by_runs
        along = [x[each] for x in inputs[:MOST_INPUTS]]
        chances = [test(in_order(row[each], x)) for row in left[some] for x in along]
        # Of twenty looks one is at 5 % by chance: the p-value counts times the looks
        # (Bonferroni).
        return any(chance * len(chances) < CHANCE for chance in chances)
