"""Residuals and Jacobian as scipy is given them: in units of powers of two, watched.

    Objective, Trail ─▶ ScaledResiduals: .residuals, .jacobian of scaled parameters
    rows of (J, r)   ─ turn_to_one_axis ─▶ p + 1 rows with the same JᵀJ and Jᵀr

`least_squares` hands them to scipy; what they see goes into the Trail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from cgprimer.fitting.baseline import plain_loss
from cgprimer.fitting.matrices import lengths, triangle
from cgprimer.fitting.trail import Trail
from cgprimer.run.objective import Objective
from cgprimer.types import Array

LONG = 2e7  # samples × parameters² whose singular values take some 0.1 s


class ScaledResiduals:
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
        trail.begin(self.loss(objective.residuals(start)))
        trail.unit = "step"
        # `smooth`: whether the last Jacobian was finite.
        self.last, self.smooth = start, True
        self.scale, self.unit = powers_of_two(start), self._unit()
        # Huber's loss bends at every residual: their length does not stand for them.
        rows, count = objective.targets.size, len(start)
        squares = objective.loss.robust == "linear"
        self.short = squares and rows > count and rows * count**2 > LONG

    def _unit(self) -> float:
        """Of the residuals, such that the greatest target is about one."""
        # Huber's loss bends at residuals of 1, which no unit may move.
        if self.objective.loss.robust != "linear":  # others have a size of their own
            return 1.0
        sigma = 1.0 if self.objective.sigma is None else self.objective.sigma
        # scipy holds gradients against gtol as a number: with targets of 1e-8 all are
        # small.
        return float(powers_of_two(np.abs(self.objective.targets / sigma).max()))

    def plain(self) -> float:
        """The loss of the best point in the data's own units."""
        if self.objective.sigma is None:
            return self.trail.loss
        return plain_loss(self.objective, self.objective.loss, self.trail.best)

    def loss(self, residuals: Array) -> float:
        """The mean over samples of Σ residual², or of Huber's function of it."""
        robust = self.objective.loss.robust
        with np.errstate(over="ignore"):
            terms = residuals**2
        if robust == "huber":
            # Of squares s, as in scipy: s up to 1, then 2·√s - 1.
            terms = np.where(terms <= 1, terms, 2 * np.sqrt(terms) - 1)
        return float(terms.sum()) / len(self.objective)

    def residuals(self, scaled: Array) -> Array:
        """Residuals (n·k,), or (p + 1,) of the same length, at scaled parameters."""
        params = scaled * self.scale
        residuals = self.objective.residuals(params)
        self.trail.evaluations += 1
        loss = self.loss(residuals)
        self.trail.keep(params.copy(), loss)
        self.trail.border |= not np.isfinite(loss)
        given = self._for_scipy(residuals)
        if not self.short:
            return given
        # scipy takes the cost from the residuals, and the step from Jᵀr and JᵀJ. Both
        # stay as they are when the rows are turned by an orthogonal matrix, p + 1 of
        # them at last.
        return along_first_axis(lengths(given[:, None])[0], len(params))

    def _for_scipy(self, residuals: Array) -> Array:
        """Residuals for scipy, which takes a huge cost as a step too far, not nan."""
        # 1e150 has a square that is finite: such a step is refused, and a shorter one
        # is tried.
        given = residuals / self.unit
        return np.nan_to_num(given, nan=1e150, posinf=1e150, neginf=-1e150)

    def jacobian(self, scaled: Array) -> Array:
        """Their derivatives by the scaled parameters, (n·k, p) or (p + 1, p)."""
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
            residuals = self._for_scipy(self.objective.residuals(params))
            beside = self._beside(params, residuals)
            return turn_to_one_axis(beside, len(params))
        return self._finite(self.objective.jacobian(params))

    def _finite(self, block: Array) -> Array:
        """Rows of the Jacobian in scipy's units; `smooth` says whether all were."""
        given = block * (self.scale / self.unit)
        if np.isfinite(given).all():
            return given
        self.smooth = False
        return np.nan_to_num(given)

    def _beside(self, params: Array, residuals: Array) -> Iterator[Array]:
        """(J, r), a block of rows at a time."""
        first = 0
        for block in map(self._finite, self.objective.jacobian_blocks(params)):
            end = first + len(block)
            yield np.column_stack([block, residuals[first:end]])
            first = end


def turn_to_one_axis(beside: Iterable[Array], count: int) -> Array:
    """J (p + 1, p) turned so that the residuals are their length along the first axis.

    beside : rows of (J, r), a block at a time. count : p.

    Lengths and products stay, so scipy steps as before. Of many samples it would take
    the singular values in one call of LAPACK, in which Ctrl-C is not heard. Source:
    Golub & Van Loan, Matrix Computations (2013) §5.1, for the mirror.
    """
    # R of (J, r): its last column is r in the same turned axes, with the length of r.
    factor = triangle(beside)
    factor[0] *= -np.sign(factor[0, -1]) or 1.0  # no digits cancel in what follows
    last = factor[:, -1]
    # A Householder mirror takes that column to the first axis; R is turned along with
    # it.
    mirror = last - along_first_axis(lengths(last[:, None])[0], count)
    mirror /= np.abs(mirror).max() or 1.0
    share = 2 / (mirror @ mirror or 1.0)
    turned: Array = factor[:, :-1] - np.outer(share * mirror, mirror @ factor[:, :-1])
    return turned


def along_first_axis(length: float, count: int) -> Array:
    """A vector (count + 1,) along the first axis."""
    return np.pad(np.array([length]), (0, count))


def powers_of_two(sizes: Any) -> Array:
    """The powers of two next to `sizes`; 1 for 0."""
    # frexp(5) is 0.625·2³; the power next below is 2².
    return np.where(sizes == 0, 1.0, np.exp2(np.frexp(sizes)[1] - 1.0))
