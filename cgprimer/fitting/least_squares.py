"""Nonlinear least squares: scipy's trust-region method with our exact Jacobian.

    objective, settings, Trail at a start ─▶ the Trail at its end; called by `fit`

scipy is given all in units of powers of two, and is started again, in new units, where
it stops beside a slope that is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cgprimer import takes
from cgprimer.errors import FitError
from cgprimer.fitting.baseline import plain_loss
from cgprimer.fitting.identify import lengths, triangle
from cgprimer.fitting.loop import Trail
from cgprimer.fitting.sampled import NOTHING, Sampled
from cgprimer.notation.progress import bar
from cgprimer.run.objective import Objective
from cgprimer.types import Array

MOST_BYTES = 2**31
EVALUATIONS = 5_000  # by default; NIST's Bennett5 takes 1 380 from its first start
PER_PARAMETER = 200  # … but never fewer than this for each parameter
REST = 1e-4  # cosine between residuals and a column of J that counts as zero: what is
# left to move is then a hundredth of a standard error for ten thousand samples
FAR = 20  # powers of two by which a parameter has left the units it was given
FEW = 100  # evaluations in new units: none of a table of sizes takes more than 5 …
ON = 0.03  # … but where they took this share of the loss away, they are not enough
ROUNDS = 30  # of new units; each finds 16 digits more of a parameter nearer to 0
LONG = 2e7  # samples × parameters² whose singular values take some 0.1 s
EXACT = 1e-10  # residuals beside the targets that are all rounding


@dataclass(frozen=True)
class LeastSquares:
    """Trust-region reflective least squares, columns scaled by the Jacobian.

    ftol, xtol, gtol : stop where the relative fall of the cost, the relative step, or
        the gradient is smaller. max_steps : evaluations allowed, by default 5 000, or
        200 times the number of parameters where that is more.
    Source: Branch, Coleman & Li, SIAM J. Sci. Comput. 21 (1999), as in scipy.
    """

    ftol: float = 1e-15
    xtol: float = 1e-15
    gtol: float = 1e-15
    max_steps: int | None = None
    gives_errors: ClassVar[bool] = True

    def __post_init__(self) -> None:
        takes.number(ftol=self.ftol, xtol=self.xtol, gtol=self.gtol)
        for name in ("ftol", "xtol", "gtol"):
            if not 0 < getattr(self, name) < 1:
                raise FitError(
                    f"{name} lies between 0 and 1, not {getattr(self, name)}"
                )
        if self.max_steps is not None and not takes.is_count(self.max_steps):
            said = takes.shown(self.max_steps)
            raise FitError(f"max_steps is at least 1, not {said}")

    @property
    def label(self) -> str:
        """Name for curves and reports."""
        return "LeastSquares"


class _Watched:
    """Residuals and Jacobian for scipy, with a memory of the best point seen.

    scipy compares steps and gradients with absolute numbers, so it is given parameters
    in units of their start, and residuals in those of the data: a fit does not depend
    on units that somebody chose. Both are powers of two, which round nothing. Steps are
    judged by residuals in units of sigma; `plain` is the loss in the data's own units,
    which is what is reported.
    """

    def __init__(self, objective: Objective, trail: Trail, tick: Any) -> None:
        self.objective, self.tick, self.trail = objective, tick, trail
        start = trail.params
        loss = self.loss(objective.residuals(start))
        if not np.isfinite(loss):
            raise FitError(
                f"the loss is {loss} at the start: choose another start, or evaluate "
                "the graph there to see which variable is not finite"
            )
        trail.loss, trail.evaluations, trail.unit = loss, 1, "step"
        # `smooth`: whether the last Jacobian was finite, `border`: whether a step has
        # met inf.
        self.last, self.smooth = start, True
        self.scale, self.unit, self.rounds = _powers(start), 1.0, 0
        self.short = False
        self.before = loss
        # Huber's loss bends at residuals of 1, which no unit may move.
        if objective.loss.robust == "linear":  # others have a size of their own
            rows, count = objective.targets.size, len(start)
            self.short = rows > count and rows * count**2 > LONG
            sigma = 1.0 if objective.sigma is None else objective.sigma
            # scipy holds gradients against gtol as a number: with targets of 1e-8 all
            # are small.
            greatest = np.abs(objective.targets / sigma).max()
            self.unit = float(_powers(greatest))

    def again(self, found: Any) -> Array | None:
        """Where to go on from, in new units, if the size of parameters was in the way.

        Beside a start of 1 a parameter of 1e30 is 1e30 steps away, and one of 1e-30
        is lost in rounding: scipy then stops with a gradient that is not zero. One
        step of Gauss and Newton, in all parameters or in one, finds the size; one from
        zero ends where parameters are least, as great ones make up for each other and
        hide what is left in rounding. In a narrow valley steps shrink too; a fresh
        start from there goes on.
        """
        best, self.rounds = self.trail.best, self.rounds + 1
        # Back from scipy's units to the data's own.
        jacobian, zero = found.jac / self.scale * self.unit, np.zeros(len(best))
        tried = [best, *_newton(best, found.fun * self.unit, jacobian)]
        # The Jacobian is that of the best point: for a model that is linear in its
        # parameters it is the same at zero, for others a guess that the losses judge.
        tried += _newton(zero, self.objective.residuals(zero), jacobian)[:1]
        losses = [self.loss(self.objective.residuals(one)) for one in tried]
        start = tried[int(np.nanargmin(losses))]
        scale, before = _powers(start), self.before
        # By 2^20, a million: nearer ones scipy's own column scales take care of.
        far = np.abs(np.log2(scale / self.scale)).max() > FAR
        falls = min(losses) < self.trail.loss / 2 or losses[0] < (1 - ON) * before
        # Neither a new size nor a gain: another start would end where this one did.
        if self.rounds > ROUNDS or not (far or falls):
            return None
        self.trail.keep(start.copy(), min(losses))
        self.scale, self.before = scale, self.trail.loss
        return start

    def plain(self) -> float:
        """The loss of the best point in the data's own units."""
        if self.objective.sigma is None:
            return self.trail.loss
        return plain_loss(self.objective, self.objective.loss, self.trail.best)

    def loss(self, residuals: Array) -> float:
        robust = self.objective.loss.robust
        with np.errstate(over="ignore"):
            terms = residuals**2
        if robust == "huber":
            # Of squares s, as in scipy: s up to 1, then 2·√s - 1.
            terms = np.where(terms <= 1, terms, 2 * np.sqrt(terms) - 1)
        return float(terms.sum()) / len(self.objective)

    def residuals(self, scaled: Array) -> Array:
        params = scaled * self.scale
        residuals = self.objective.residuals(params)
        self.trail.evaluations += 1
        loss = self.loss(residuals)
        self.trail.keep(params.copy(), loss)
        self.trail.border |= not np.isfinite(loss)
        found = self._given(residuals)
        # scipy takes the cost from the residuals, and the step from Jᵀr and JᵀJ. Both
        # stay as they are when the rows are turned by an orthogonal matrix, p + 1 of
        # them at last.
        return _first(lengths(found[:, None])[0], len(params)) if self.short else found

    def _given(self, residuals: Array) -> Array:
        """Residuals for scipy, which takes a huge cost as a step too far, not nan."""
        # 1e150 has a square that is finite: such a step is refused, and a shorter one
        # is tried.
        found = residuals / self.unit
        return np.nan_to_num(found, nan=1e150, posinf=1e150, neginf=-1e150)

    def jacobian(self, scaled: Array) -> Array:
        params, loss = scaled * self.scale, self.plain()
        # scipy asks for a Jacobian at the start and after every step that it keeps.
        if self.trail.losses:
            self.trail.note(self.last, params)
        self.last, self.trail.border = params, False
        self.trail.mark(loss)
        self.trail.losses.append(loss)
        self.trail.epochs += 1
        self.tick(loss)
        self.smooth = True
        if self.short:
            return self._shortened(params)
        return self._finite(self.objective.jacobian(params))

    def _finite(self, block: Array) -> Array:
        """Rows of the Jacobian in scipy's units; `smooth` says whether all were."""
        found = block * (self.scale / self.unit)
        if np.isfinite(found).all():
            return found
        self.smooth = False
        return np.nan_to_num(found)

    def _shortened(self, params: Array) -> Array:
        """J (p + 1, p) turned so that the residuals are their length along the first.

        Lengths and products stay, so scipy steps as before. Of many samples it would
        take the singular values in one call of LAPACK, in which Ctrl-C is not heard.
        """
        residuals, first = self._given(self.objective.residuals(params)), 0

        def beside() -> Iterator[Array]:
            nonlocal first
            for block in map(self._finite, self.objective.jacobian_blocks(params)):
                end = first + len(block)
                yield np.column_stack([block, residuals[first:end]])
                first = end

        # R of (J, r): its last column is r in the same turned axes, with the length of
        # r.
        factor = triangle(beside())
        factor[0] *= -np.sign(factor[0, -1]) or 1.0  # no digits cancel in what follows
        last = factor[:, -1]
        # A Householder mirror takes that column to the first axis; R is turned along
        # with it.
        mirror = last - _first(lengths(last[:, None])[0], len(params))
        mirror /= np.abs(mirror).max() or 1.0
        share = 2 / (mirror @ mirror or 1.0)
        turned: Array = factor[:, :-1] - np.outer(
            share * mirror, mirror @ factor[:, :-1]
        )
        return turned


def _first(length: float, count: int) -> Array:
    """A vector (count + 1,) along the first axis."""
    found = np.zeros(count + 1)
    found[0] = length
    return found


def _newton(at: Array, residuals: Array, jacobian: Array) -> list[Array]:
    """A Gauss-Newton step from `at` in all parameters, and one in each alone."""
    size = np.abs(jacobian).max(axis=0)
    size[size == 0] = 1.0
    if not (np.isfinite(size).all() and np.isfinite(residuals).all()):
        return []
    columns = jacobian / size  # none overflows when squared
    unit = float(np.abs(residuals).max()) or 1.0
    # All together, and each alone: where one column is nearly that of others the common
    # step is long and wild, and single ones are not.
    steps = [np.linalg.lstsq(columns, residuals / unit, rcond=None)[0]]
    alone = (
        columns.T @ (residuals / unit) / np.maximum((columns**2).sum(axis=0), 1e-300)
    )
    steps += list(np.diag(alone))
    found = [at - step * (unit / size) for step in steps]
    return [one for one in found if np.isfinite(one).all()]


def _powers(sizes: Any) -> Array:
    """The powers of two next to `sizes`; 1 for 0."""
    # frexp(5) is 0.625·2³; the power next below is 2².
    return np.where(sizes == 0, 1.0, np.exp2(np.frexp(sizes)[1] - 1.0))


def least_squares(
    objective: Objective, method: LeastSquares, trail: Trail, progress: bool
) -> None:
    """Minimise the squares of the residuals, or their Huber function.

    From the start of `trail`, which holds the best at any time.
    """
    from scipy.optimize import least_squares as solve

    robust = objective.loss.robust
    if robust is None:
        raise FitError(
            f"LeastSquares fits 'mse' and 'huber', not {objective.loss.name!r}\n"
            "  hint: use Adam or SGD for this loss"
        )
    rows, start = objective.targets.size, trail.params
    # Refused at once, and not after minutes by an exhausted memory.
    if rows * len(start) * 8 > MOST_BYTES:
        raise FitError(
            f"the Jacobian would have {rows:,} × {len(start):,} entries\n"
            "  hint: use Adam, or fewer samples"
        )
    # Evaluations by all starts together.
    most = method.max_steps or max(EVALUATIONS, PER_PARAMETER * len(start))
    allowed = most
    with bar(None, method.label, progress) as tick:
        watched = _Watched(objective, trail, tick)
        try:
            with np.errstate(all="ignore"):
                going: Array | None = start
                while going is not None:
                    found = solve(
                        watched.residuals,
                        going / watched.scale,
                        watched.jacobian,
                        method="trf",
                        x_scale="jac",
                        loss=robust,
                        ftol=method.ftol,
                        xtol=method.xtol,
                        gtol=method.gtol,
                        max_nfev=allowed,
                    )
                    # A later round has FEW evaluations; where these still gain, `again`
                    # starts another.
                    allowed = min(FEW, most - trail.evaluations)
                    # Status 0 is scipy's "out of evaluations": in the first round it is
                    # the caller's limit.
                    ended = watched.smooth and (found.status > 0 or watched.rounds > 0)
                    rests = ended and _rests(found, objective, trail.best)
                    on = ended and not rests and allowed > 0
                    going = watched.again(found) if on else None
            trail.status = "max_steps"
            if found.status > 0 or (watched.rounds and allowed > 0):
                trail.status = "converged" if rests else "stalled"
                # At rest, an edge met on the way is of no account.
                trail.border = not rests and (trail.border or not watched.smooth)
                trail.creeps = found.status == 0
            # All slopes exactly 0: dead units, or a start on level ground.
            trail.dead = not np.any(found.grad)
        except (ValueError, np.linalg.LinAlgError):
            trail.status = "failed"
    trail.params = trail.best
    if (
        trail.status in ("converged", "stalled")
        and trail.loss / watched.unit**2 > 1e200
    ):
        trail.status = "failed"


def _rests(found: Any, objective: Objective, best: Array) -> bool:
    """Whether the gradient is zero where scipy stopped, and not only the steps small.

    Beside a domain's border, such as that of a power, steps shrink to nothing though
    the cost still falls towards the border.
    """
    sigma = 1.0 if objective.sigma is None else objective.sigma
    left = np.linalg.norm(objective.residuals(best))
    # Data that are met to rounding have residuals of any direction, also along a
    # column.
    if left <= EXACT * np.linalg.norm(objective.targets / sigma):
        return True
    largest = np.abs(found.jac).max(axis=0)
    largest[largest == 0] = 1.0  # J may hold 1e300, whose square is infinite
    columns = np.linalg.norm(found.jac / largest, axis=0)
    length = np.linalg.norm(found.fun)
    # |Jᵀr| over |J|·|r| is the cosine between a column and the residuals, free of
    # units.
    steep = np.abs(found.grad / largest) > REST * length * columns
    if not steep.any():
        return True
    # Asked only where it may excuse a slope, since it costs Jacobians.
    rounding = Sampled(objective).rounding(best)  # a column may hold nothing else
    return bool((rounding[:, steep] >= NOTHING).all())
