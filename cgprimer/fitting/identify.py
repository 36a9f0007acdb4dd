"""What data determine: rank, null directions, and what errors follow from.

The Jacobian of the residuals is reduced to its triangular factor, block by block and
target by target. Columns are scaled to length one, and targets to their own units, so
that no unit that somebody chose decides; then singular values do. A combination c·p is
determined where c is orthogonal to every null direction; nothing else is reported.

y = v·exp(-t/(r·c)) at v = 3, r = 0.51, c = 3.9, for forty t from 0 to 5: the scaled
columns have the singular values 1.62, 0.622 and 3e-16. The floor is 10·40·ε times the
first, 1.4e-13, so the rank is 2. The axis of the third is (0, -0.71, 0.71): by the
lengths of the columns that is r·∂/∂r - c·∂/∂c, along which r·c stays.

`determination` calls it for a fit; `invariants` gives the directions names.

Sources: Rothenberg, Econometrica 39 (1971); Numerical Recipes §15.4 for the SVD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.fitting.identification import Identification, Nulls
from cgprimer.fitting.matrices import TOUCHED, lengths
from cgprimer.fitting.sampled import NOTHING
from cgprimer.interrupts import apart
from cgprimer.types import Array, Integers, Mask

EPSILON = float(np.finfo(np.float64).eps)


def identify(
    factors: Sequence[Array],
    params: Array,
    names: Sequence[str],
    samples: int,
    rounding: Array,
) -> tuple[Identification, Nulls]:
    """What a Jacobian determines at `params`, and null directions, yet without words.

    factors : its triangular factor for every target. samples : its rows. rounding :
    (targets, p), the relative part of every column that is rounding.

    >>> one, point = np.array([[1.0, 1.0]]), np.ones(2)
    >>> known, nulls = identify([one], point, ["a", "b"], 9, np.zeros((1, 2)))
    >>> known.rank, known.undetermined, nulls.members.tolist()
    (1, ('a', 'b'), [0, 1])
    """
    units = np.array([_unit(factor, params) for factor in factors])
    scaled = _scale_columns(factors, units)
    # Columns that are all rounding have been set to 0 in the factors; of the rest the
    # worst target counts.
    worst = np.where(rounding < NOTHING, rounding, 0.0).max(axis=0)
    # The usual floor of a numerical rank, max(n, p)·ε·σ₁, with a margin of 10.
    base = 10 * max(samples, len(names)) * EPSILON
    kept, directions = _axes(scaled.rows, base, worst[scaled.active])
    known = _from_axes(names, scaled, kept, directions)
    member = np.flatnonzero(directions.any(axis=0))
    return known, Nulls(
        scaled.active[member], directions[:, member], scaled.scale[member]
    )


def _unit(factor: Array, params: Array) -> float:
    """The size of a target as its parameters make it: of the greatest effect of one."""
    size = lengths(factor)
    # Column length times parameter is what the parameter makes of the target.
    return float((size * np.abs(params)).max() or size.max() or 1.0)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """The factors of a Jacobian, below one another, with columns of length one.

    blocks : the factors as they are given. rows : (r, a), of the parameters `active`
    (a,), whose columns are not zero. scale : (a,), how long these were, with all
    targets in their own units. silent : (p,), whose columns are zero. size : (p,), how
    long all are as they are given.
    """

    blocks: Sequence[Array]
    rows: Array
    active: Integers
    scale: Array
    silent: Mask
    size: Array


def _scale_columns(blocks: Sequence[Array], units: Array) -> _Scaled:
    # Only their ratios count, and no unit overflows then.
    share = units / units.max()
    size = lengths(np.vstack(blocks))
    safe = np.where(size > 0, size, 1.0)
    # Columns are scaled twice: once so that no square overflows, and once the targets
    # have their own units.
    even = [block / safe / unit for block, unit in zip(blocks, share, strict=True)]
    norms = lengths(np.vstack(even)) * safe
    active = np.flatnonzero(norms > 0)
    scale = norms[active]
    rows = np.vstack(even)[:, active] / (scale / safe[active])
    return _Scaled(blocks, rows, active, scale, norms == 0, size)


def _axes(rows: Array, base: float, noise: Array) -> tuple[Array, Array]:
    """Right singular axes of rows (r, a): those of the rank, and null directions.

    base : times the greatest singular value, the floor of the rank. noise : (a,), the
    relative part of every column that is rounding.
    """
    # J = Q·R, and Q turns rows only: J and R have the same singular values and right
    # axes, and R is small.
    _, singular, axes = apart(lambda: np.linalg.svd(np.linalg.qr(rows, mode="r")))
    # Fewer rows than parameters: what is missing has a singular value of 0.
    singular = np.pad(singular, (0, len(axes) - len(singular)))
    # A column that is to 1e-6 rounding adds that much to every axis that it takes part
    # in.
    floor = base * singular.max(initial=0.0) + np.abs(axes) @ noise
    kept = singular > floor
    least = singular[kept].min(initial=1.0)
    # The least singular value that is kept tells how well null axes are parted from
    # others.
    touched = max(TOUCHED, base / least)  # directions are no better known than this
    return axes[kept], np.where(np.abs(axes[~kept]) > touched, axes[~kept], 0.0)


def _from_axes(
    names: Sequence[str], scaled: _Scaled, kept: Array, directions: Array
) -> Identification:
    """What follows from axes (rank, a) and null directions (q, a), without names."""
    null = np.zeros((len(directions), len(names)))
    # From columns of length one back to the parameters' own units.
    null[:, scaled.active] = directions / scaled.scale
    silent = scaled.silent
    half, target, leverage = _half(scaled, kept / scaled.scale)
    return Identification(
        len(kept),
        # A column of zeros is null by itself, and is told apart as without effect.
        tuple(np.array(names)[null.any(axis=0) | silent].tolist()),
        tuple(np.array(names)[silent].tolist()),
        null_space=np.vstack([null, np.eye(len(names))[silent]]),
        half=half,
        target=target,
        leverage=leverage,
        size=scaled.size,
    )


def _half(scaled: _Scaled, basis: Array) -> tuple[Array, Integers, Array]:
    """`half` of an Identification, with the targets of its columns, and the leverage.

    With p = basisᵀ·z, J·basisᵀ = Q·T has full rank, and z = T⁻¹Qᵀ·residuals.
    """
    from scipy.linalg import solve_triangular

    blocks, active = scaled.blocks, scaled.active
    rows = np.vstack(blocks)[:, active] @ basis.T
    target = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    # On the kept axes J has full rank, so that z = T⁻¹Qᵀ·residuals needs no
    # pseudo-inverse.
    q, t = np.linalg.qr(rows)
    half = np.zeros((len(scaled.size), len(rows)))
    if len(basis):
        half[active] = basis.T @ solve_triangular(t, q.T)
    leverage = np.zeros(len(blocks))
    # The diagonal of the hat matrix Q·Qᵀ, summed over a target's rows: its sum is the
    # rank.
    np.add.at(leverage, target, (q**2).sum(axis=1))
    return half, target.astype(np.int64), leverage
