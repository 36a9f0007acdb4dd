"""A fit beside the best constants: R², and whether it is better than they are.

objective, parameters ─▶ R² per target, and per target a verdict: better, or why not

A model that is stuck, dead or worthless predicts about one value for every sample.
So a constant is the least that a fit must beat, clearly and not by chance. `fit` asks
after every fit; `outcome` and `compared` say it in sentences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.expr.ops import OPS
from cgprimer.fitting.luck import by_likelihood, by_neighbours, by_runs, by_variance
from cgprimer.fitting.sampled import Sampled
from cgprimer.graph.graph import Graph
from cgprimer.graph.slots import PARAMETER, VARIABLE
from cgprimer.keeping import lazy
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.run.sweeps import Sweeps
from cgprimer.types import Array

CHANCE = 1e-3  # p-value above which a gain may be luck; searches for a place to fit
# (a peak, a frequency) find more by luck than the test allows for, so not 5 %
# A standard deviation of a bell is 1.48 median distances: 20 of these are 13.5 of it.
OFF = 20.0  # times the median distance: 13 standard deviations of a bell
FAR = 100.0  # times the constant's median loss: not even squares of a bell lie there
STRAIGHT = 1e-9  # change of a Jacobian between two points that is none
LARGE = 0.5  # a gain from which few samples, not the fit, are why a test says nothing
POOR = 0.9  # a gain from which no constant does as well
MET = 1e-8  # 1 - R² from which on nothing worth a word is left
# A gain of 5 % that is no chance, beside residuals with a pattern: a straight line
# through some periods of a wave.
FAINT = 0.1  # a gain below which residuals with a pattern mean that the model missed it
LEVEL = 1.1  # a loss beside the constant's that is still about the same
SAME = 1e-14  # spread beside the size from which a column varies by more than rounding
MOST_WALKS = 300_000  # targets times equations: what reaches them is found one by one
MOST_INPUTS = 20  # along which residuals are looked at for a pattern …
MOST_SAMPLES = 10_000  # … and how many of them


@dataclass(frozen=True)
class Score:
    """How some targets are met, beside the constants that meet them best.

    verdict : "better"; "worse" or "by chance" or "with a pattern" where a constant does
        about as well; "constant" where the targets do not vary; "fixed" where no input
        that varies reaches them, "given" where no parameter does.
    loss, constant : the mean loss of the fit and of the best constant.
    chance : how often a gain as large comes by luck where the truth is a constant; nan
        where `samples` are too few for the `parameters` to tell.
    pattern : whether what is left over is no noise. told : whether the losses say more
        than R² does. near : where a loss is robust and samples lie far off fit and
        constant alike, how many, and both losses without them; the gain is theirs.
        apart : where squares are trivial, samples far off the others, and by how much.
    """

    names: tuple[str, ...]
    verdict: str
    loss: float
    constant: float
    samples: int
    parameters: int
    told: bool
    chance: float = math.nan
    pattern: bool = False
    near: tuple[int, float, float] | None = None
    apart: tuple[tuple[int, float], ...] = ()

    @property
    def judged(self) -> tuple[float, float]:
        """The losses of the fit and of the constant that are compared."""
        return self.near[1:] if self.near else (self.loss, self.constant)

    @property
    def gain(self) -> float:
        """The share of the constant's loss that the fit takes away."""
        left, constant = self.judged
        return 1 - left / constant if constant > 0 else np.nan

    @property
    def trivial(self) -> bool:
        """Whether a constant does about as well."""
        return self.verdict in ("worse", "by chance", "with a pattern")


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
    def loss(self) -> float:
        """The mean loss of the fit, in units of sigma where there is one."""
        return sum(score.loss for score in self.scores)

    @property
    def constant(self) -> float:
        """That of the best constants."""
        return sum(score.constant for score in self.scores)

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
    shown = _shown(loss, predicted)
    squares = [_r_squared(*row) for row in zip(shown, targets, sigma, strict=True)]
    every = list(range(len(names)))
    scores = []
    # A softmax has one loss for all its targets; others have one for each.
    for group in [every] if _is_joint(loss) else [[k] for k in every]:
        rows = predicted[group], targets[group], sigma[group]
        judge = _Judge(objective, group, loss, *rows, shown[group], rank)
        score = judge.score(tuple(names[k] for k in group))
        squared = score.trivial and loss.name == "mse"
        scores.append(replace(score, apart=judge.apart()) if squared else score)
    found = Baseline(dict(zip(names, squares, strict=True)), tuple(scores))
    # Each of these is convex in the predictions, so that with predictions linear in the
    # parameters there is one minimum: no other start can help.
    convex = loss.from_logits or loss.name == "mae" or loss.robust is not None
    # The Jacobians for it are only taken where a sentence depends on it.
    asked = found.trivial or any(score.pattern for score in scores)
    return replace(found, one=asked and convex and _is_linear(objective, params))


def _is_linear(objective: Objective, params: Array) -> bool:
    """Whether predictions are linear in the parameters: one Jacobian everywhere."""
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


def _is_joint(loss: Loss) -> bool:
    return getattr(loss, "joint", None) is not None


def _shown(loss: Loss, predicted: Array) -> Array:
    """Predictions in the units of the targets: probabilities where they are logits."""
    if not loss.from_logits:
        return predicted
    if not _is_joint(loss):
        return np.asarray(OPS["sigmoid"].forward(predicted))
    # Less the greatest, so that no exponential overflows.
    shares: Array = np.exp(predicted - predicted.max(axis=0))
    shares /= shares.sum(axis=0)
    return shares


def _r_squared(predicted: Array, target: Array, sigma: Array) -> float:
    """1 - Σw(y - f)²/Σw(y - ȳ)² with w = 1/σ²; nan where the target does not vary."""
    if not _varies(target):
        return float("nan")
    # At most 1: 1/σ² of a σ of 1e-200 is inf.
    weight = (sigma.min() / sigma) ** 2
    middle = (weight * target).sum() / weight.sum()
    with np.errstate(all="ignore"):
        left = (weight * (target - predicted) ** 2).sum()
        return float(1 - left / (weight * (target - middle) ** 2).sum())


def _side_by_side(some: Array, column: Array) -> bool:
    """Whether no other entry of a column lies among some of its entries."""
    # Samples 7, 8 and 9 along t are a peak; 3, 50 and 91 are readings that went wrong.
    among = (column >= some.min()) & (column <= some.max())
    return int(among.sum()) == len(some)


def _in_order(row: Array, column: Array) -> Array:
    """A row in the order of a column; what was entered several times counts once."""
    order = np.argsort(column, kind="stable")
    # The same sample twice would be a run of two for one residual.
    if (np.diff(column[order]) == 0).any():
        _, first = np.unique(
            np.stack([column, row])[:, order], axis=1, return_index=True
        )
        order = order[np.sort(first)]
    found: Array = row[order]
    return found


def _varies(column: Array) -> bool:
    """Whether a column varies by more than rounding."""
    return bool(np.ptp(column) > SAME * np.abs(column).max())


@dataclass(frozen=True, eq=False)
class _Judge:
    """The targets that are judged together, usually one; arrays are (k, n)."""

    objective: Objective
    group: list[int]
    loss: Loss
    predicted: Array
    targets: Array
    sigma: Array
    shown: Array
    rank: int

    def score(self, names: tuple[str, ...]) -> Score:
        found = Score(
            names,
            "worse",
            self._mean(self.predicted),
            self._best_constant(),
            self.targets.shape[1],
            self.rank,
            self.loss.name != "mse" and self.objective.sigma is None,
            near=self._near() if self._is_robust() else None,
        )
        # The usual case, for which the equations need not be walked.
        if found.gain >= POOR and found.samples > self.rank:
            every = self._varying(self.objective.problem.inputs)
            return self._judged(replace(found, pattern=self._pattern(1.0, every)))
        found = replace(found, parameters=self._reach[1])
        # R² is 0/0 there; all that can be said is whether the one value is met.
        if not any(map(_varies, self.targets)):
            return replace(found, verdict="constant") if self._is_met() else found
        if not len(self._reach[0]):
            return replace(found, verdict="fixed")
        if not self._reach[1]:
            return replace(found, verdict="given")
        pattern = self._pattern(found.gain, self._reach[0])
        found = replace(found, pattern=pattern)
        return self._judged(found) if found.gain > 0 else found

    def _judged(self, score: Score) -> Score:
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
        with np.errstate(all="ignore"):
            return np.asarray(
                self.loss.value(predicted / self.sigma, self.targets / self.sigma)
            )

    def _is_robust(self) -> bool:
        """Whether a loss grows no faster than the distance."""
        if self.loss.from_logits:
            return False
        # Twice as far off costs twice as much by mae and huber, and four times by
        # squares.
        far = self.loss.value(np.array([1e9, 2e9]), np.zeros(2))
        return bool(far[1] <= 2.1 * far[0])

    def _near(self) -> tuple[int, float, float] | None:
        """Samples far off fit and constant alike, and both losses without them."""
        terms = [self._terms(p)[0] for p in (self.predicted, self._constant())]
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
            map(_side_by_side, self._reach[0][:, far], self._reach[0])
        ):
            return ()
        by = (off * self.sigma[0])[far]
        order = np.argsort(-np.abs(off[far]))
        return tuple((int(far[k]), float(by[k])) for k in order)

    def _mean(self, predicted: Array) -> float:
        """The mean over samples of the summed loss of such predictions."""
        terms = self._terms(predicted)
        found = float(terms.sum()) / self.targets.shape[1]
        return found if np.isfinite(found) else np.inf

    def _best_constant(self) -> float:
        """The least loss that one constant per target reaches."""
        return self._mean(self._constant())

    def _constant(self) -> Array:
        """One constant per target, (k, 1), that reaches the least loss."""
        if self.loss.from_logits:
            # The logit whose sigmoid is the mean of the targets: its cross-entropy is
            # the least.
            share = np.clip(self.targets.mean(axis=1), 1e-300, None)
            if not _is_joint(self.loss):
                share = share / np.clip(1 - share, 1e-16, None)
            return np.asarray(np.log(share)[:, None])
        from scipy.optimize import fminbound

        [column], [sigma] = self.targets, self.sigma
        low, width = float(column.min()), float(np.ptp(column))
        weight = (sigma.min() / sigma) ** 2

        def at(share: float) -> Array:
            return np.full((1, 1), low + share * width)

        def cost(share: float) -> float:
            return self._mean(at(share))

        # Mean and median are the best for squares and for mae; a search between the
        # least and the greatest target finds that of other losses.
        middle = ((column - low) * weight).sum() / weight.sum() / (width or 1.0)
        tried = [float(middle), float(np.median(column) - low) / (width or 1.0)]
        if self.loss.name != "mse":
            tried.append(float(fminbound(cost, 0.0, 1.0, xtol=1e-9)))
        return at(min(tried, key=cost))

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
        graph, rows = self.objective.graph, self.objective.problem.rows
        # Beyond, what reaches any target stands for what reaches each.
        few = len(rows) * len(graph.table) <= MOST_WALKS
        rows = [rows[k] for k in self.group] if few else rows
        used, parameters = reach(graph, graph.table.rows.names_of(rows))
        return self._varying(self.objective.problem.inputs[used]), parameters

    @staticmethod
    def _varying(inputs: Array) -> Array:
        return inputs[[_varies(row) for row in inputs]]

    def _chance(self, score: Score) -> float:
        """How often luck gains as much; nan where samples are too few to tell."""
        count, free = score.samples, min(self.rank, score.parameters)
        # The constants are parameters, too: only what is fitted beyond them has to pay.
        constants = max(len(self.group) - 1, 1)  # of K probabilities, K - 1 are free
        extra = max(free - constants, 1)
        if count <= free:
            return math.nan
        if self.loss.from_logits:
            # Cross-entropy is -ln L per sample.
            return by_likelihood(count * (score.constant - score.loss), extra)
        if score.near and (count := count - score.near[0]) <= free:
            return math.nan
        return by_variance(*score.judged, extra, count - free)

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
        found = [test(_in_order(row[each], x)) for row in left[some] for x in along]
        # Of twenty looks one is at 5 % by chance: the p-value counts times the looks
        # (Bonferroni).
        return any(chance * len(found) < CHANCE for chance in found)


def reach(graph: Graph, names: Sequence[str]) -> tuple[list[int], int]:
    """Places of the inputs that reach the variables `names`; how many parameters do."""
    table = graph.table
    equations = np.zeros(len(table), dtype=bool)
    equations[Sweeps(table, names).needed] = True
    inside = np.repeat(equations, np.diff(table.start))
    used = {
        kind: np.unique(table.slots[inside & (table.kinds == kind)])
        for kind in (VARIABLE, PARAMETER)
    }
    variables = {table.variables[k] for k in used[VARIABLE].tolist()}
    places = [k for k, name in enumerate(graph.inputs) if name in variables]
    return places, len(used[PARAMETER])
