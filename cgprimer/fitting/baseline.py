"""A fit beside the best constants: R², and whether it is better than they are.

objective, parameters ─▶ R² per target, and per target a verdict: better, or why not

A model that is stuck, dead or worthless predicts about one value for every sample.
So a constant is the least that a fit must beat, clearly and not by chance. `fit` asks
after every fit; `outcome` and `compared` say it in sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.expr.ops import OPS
from cgprimer.fitting.columns import varies
from cgprimer.fitting.group import TargetGroup
from cgprimer.fitting.sampled import Sampled
from cgprimer.fitting.score import Score
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.types import Array

STRAIGHT = 1e-9  # change of a Jacobian between two points that is none
MOST_SLOPES = 200_000  # targets times parameters, of one sample's Jacobian
LEVEL = 1.1  # a loss beside the constant's that is still about the same


@dataclass(frozen=True)
class Baseline:
    """R² of every target, nan where it does not vary, and the scores.

    one : whether there is but one minimum, as predictions are linear in parameters.
    """

    r_squared: dict[str, float]
    scores: tuple[Score, ...]
    one: bool = False

    @property
    def trivial(self) -> bool:
        """Whether constants meet a target, or all there is to meet, about as well."""
        verdicts = {score.verdict for score in self.scores}
        # All targets are the same in every sample, or unreachable: no parameter means
        # anything.
        nothing = verdicts <= {"constant", "fixed"} and "constant" in verdicts
        return nothing or any(score.trivial for score in self.scores)

    @property
    def losses(self) -> tuple[float, float]:
        """The mean losses of the fit and of the best constants, in units of sigma."""
        scores = self.scores
        return sum(one.loss for one in scores), sum(one.constant for one in scores)

    @property
    def level(self) -> bool:
        """Whether a loss that is no better is not much worse either."""
        poor = [score for score in self.scores if score.trivial]
        return all(score.loss <= LEVEL * score.constant for score in poor)


def beside_constants(
    objective: Objective, names: Sequence[str], loss: Loss, params: Array, rank: int
) -> Baseline:
    """The fit at `params` beside the best constants.

    names : of the targets. loss : as reported, per prediction in units of sigma where
    there is one. rank : how many parameters, or combinations, were fitted.
    """
    predicted, targets = objective.predictions(params), objective.targets
    sigma = np.ones(1) if objective.sigma is None else objective.sigma
    sigma = np.broadcast_to(sigma, targets.shape)
    shown = _in_target_units(loss, predicted)
    squares = [_r_squared(*row) for row in zip(shown, targets, sigma, strict=True)]
    every = list(range(len(names)))
    scores = []
    # A softmax has one loss for all its targets; others have one for each.
    for members in [every] if loss.joint else [[k] for k in every]:
        rows = predicted[members], targets[members], sigma[members]
        group = TargetGroup(objective, members, loss, *rows, shown[members], rank)
        score = group.score(tuple(names[k] for k in members))
        squared = score.trivial and loss.name == "mse"
        scores.append(replace(score, apart=group.apart()) if squared else score)
    baseline = Baseline(dict(zip(names, squares, strict=True)), tuple(scores))
    # Each of these is convex in the predictions, so that with predictions linear in the
    # parameters there is one minimum: no other start can help.
    convex = loss.from_logits or loss.name == "mae" or loss.robust is not None
    # The Jacobians for it are only taken where a sentence depends on it.
    asked = baseline.trivial or any(score.pattern for score in scores)
    return replace(baseline, one=asked and convex and _is_linear(objective, params))


def _is_linear(objective: Objective, params: Array) -> bool:
    """Whether predictions are linear in the parameters: one Jacobian everywhere.

    Where Jacobians would be huge, as those of layers, it is taken for no.
    """
    if len(objective.problem.rows) * len(params) > MOST_SLOPES:
        return False
    model, rng = Sampled(objective), np.random.default_rng(0)
    here = model.jacobian(params)
    # Three points far from here: a Jacobian that is the same there is so everywhere,
    # but by a chance that three random points rule out.
    size = 1 + np.abs(params)
    points = [size * rng.normal(size=len(params)) for _ in range(3)]
    most = STRAIGHT * np.abs(here).max(initial=0.0)
    gaps = (np.abs(model.jacobian(each) - here) for each in points)
    return all((gap <= most).all() for gap in gaps)


def plain_loss(objective: Objective, loss: Loss, params: Array) -> float:
    """The mean over samples of the summed loss, in the data's own units."""
    with np.errstate(all="ignore"):
        terms = loss.value(objective.predictions(params), objective.targets)
    return float(terms.sum()) / len(objective)


def _in_target_units(loss: Loss, predicted: Array) -> Array:
    """Predictions in the units of the targets: probabilities where they are logits."""
    if not loss.from_logits:
        return predicted
    if loss.joint is None:
        return np.asarray(OPS["sigmoid"].forward(predicted))
    from scipy.special import softmax

    return np.asarray(softmax(predicted, axis=0))


def _r_squared(predicted: Array, target: Array, sigma: Array) -> float:
    """1 - Σw(y - f)²/Σw(y - ȳ)² with w = 1/σ²; nan where the target does not vary."""
    if not varies(target):
        return float("nan")
    # At most 1: 1/σ² of a σ of 1e-200 is inf.
    weight = (sigma.min() / sigma) ** 2
    middle = (weight * target).sum() / weight.sum()
    with np.errstate(all="ignore"):
        left = (weight * (target - predicted) ** 2).sum()
        return float(1 - left / (weight * (target - middle) ** 2).sum())
