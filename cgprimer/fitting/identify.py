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
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cgprimer.fitting.identification import (
    Combination,
    Describe,
    Described,
    Identification,
    Nulls,
    sum_text,
)
from cgprimer.fitting.matrices import complement, lengths
from cgprimer.interrupts import apart
from cgprimer.types import Array

EPSILON = float(np.finfo(np.float64).eps)
# Entries of a singular vector are known to about ε over the gap between singular
# values.
TOUCHED = 1e-7  # share of a null direction from which a parameter counts as part of it


def identify(
    factor: Array | Sequence[Array],
    names: Sequence[str],
    samples: int,
    *,
    units: Sequence[float] | None = None,
    rounding: Array | None = None,
    describe: Describe | None = None,
) -> Identification:
    """What a Jacobian determines.

    factor : its triangular factor, or one for every target. samples : its rows.
    units : of the targets, by which their rows are divided. rounding : (p,), the
        relative part of every column that is rounding.
    describe : says what null directions mean; by default in sums of parameters.

    >>> known = identify(np.array([[1.0, 1.0]]), ["a", "b"], samples=9)
    >>> known.rank, known.undetermined, known.sentence()
    (1, ('a', 'b'), 'a and b are not determined separately, only a + b')
    """
    blocks = [factor] if isinstance(factor, np.ndarray) else list(factor)
    scaled = _scale_columns(
        blocks, np.array([1.0] * len(blocks) if units is None else units)
    )
    # The usual floor of a numerical rank, max(n, p)·ε·σ₁, with a margin of 10.
    base = 10 * max(samples, len(names)) * EPSILON
    noise = None if rounding is None else rounding[scaled.active]
    kept, directions = _axes(scaled.rows, base, noise)
    known = _from_axes(blocks, names, scaled, kept, directions)
    member = np.flatnonzero(directions.any(axis=0))
    if not len(member):
        return known
    nulls = Nulls(scaled.active[member], directions[:, member], scaled.scale[member])
    combinations, remarks = (describe or sums(names))(nulls)
    return replace(known, combinations=combinations, remarks=remarks)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """The factors of a Jacobian, below one another, with columns of length one.

    rows : (r, a), of the parameters `active` (a,), whose columns are not zero. scale :
    (a,), how long these were, with all targets in their own units. silent : (p,), whose
    columns are zero. size : (p,), how long all are as they are given.
    """

    rows: Array
    active: NDArray[np.int64]
    scale: Array
    silent: NDArray[np.bool_]
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
    return _Scaled(rows, active, scale, norms == 0, size)


def _axes(rows: Array, base: float, noise: Array | None) -> tuple[Array, Array]:
    """Right singular axes of rows (r, a): those of the rank, and null directions.

    base : times the greatest singular value, the floor of the rank. noise : (a,), the
    relative part of every column that is rounding.
    """
    _, singular, axes = apart(lambda: _singular_values(rows))
    # Fewer rows than parameters: what is missing has a singular value of 0.
    singular = np.pad(singular, (0, len(axes) - len(singular)))
    floor = np.full(len(axes), base * singular.max(initial=0.0))
    if noise is not None:
        # A column that is to 1e-6 rounding adds that much to every axis that it takes
        # part in.
        floor += np.abs(axes) @ noise
    kept = singular > floor
    least = singular[kept].min(initial=1.0)
    # The least singular value that is kept tells how well null axes are parted from
    # others.
    touched = max(TOUCHED, base / least)  # directions are no better known than this
    return axes[kept], np.where(np.abs(axes[~kept]) > touched, axes[~kept], 0.0)


def _singular_values(rows: Array) -> tuple[Array, Array, Array]:
    """The decomposition of R, whose right side is that of the rows, and cheap."""
    factors: tuple[Array, Array, Array]
    # J = Q·R, and Q turns rows only: J and R have the same singular values and right
    # axes.
    factors = np.linalg.svd(np.linalg.qr(rows, mode="r"), full_matrices=True)
    return factors


def _from_axes(
    blocks: Sequence[Array],
    names: Sequence[str],
    scaled: _Scaled,
    kept: Array,
    directions: Array,
) -> Identification:
    """What follows from axes (rank, a) and null directions (q, a), without names."""
    null = np.zeros((len(directions), len(names)))
    # From columns of length one back to the parameters' own units.
    null[:, scaled.active] = directions / scaled.scale
    silent = scaled.silent
    basis = kept / scaled.scale
    half, target, leverage = _half(blocks, scaled.active, basis, len(names))
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


def _half(
    blocks: Sequence[Array], active: NDArray[np.int64], basis: Array, count: int
) -> tuple[Array, NDArray[np.int64], Array]:
    """`half` of an Identification, with the targets of its columns, and the leverage.

    With p = basisᵀ·z, J·basisᵀ = Q·T has full rank, and z = T⁻¹Qᵀ·residuals.
    """
    from scipy.linalg import solve_triangular

    rows = np.vstack(blocks)[:, active] @ basis.T
    target = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    # On the kept axes J has full rank, so that z = T⁻¹Qᵀ·residuals needs no
    # pseudo-inverse.
    q, t = np.linalg.qr(rows)
    half = np.zeros((count, len(rows)))
    if len(basis):
        half[active] = basis.T @ solve_triangular(t, q.T)
    leverage = np.zeros(len(blocks))
    # The diagonal of the hat matrix Q·Qᵀ, summed over a target's rows: its sum is the
    # rank.
    np.add.at(leverage, target, (q**2).sum(axis=1))
    return half, target.astype(np.int64), leverage


def sums(names: Sequence[str]) -> Describe:
    """Sums of parameters that are determined in first order: a basis of them all."""

    def describe(nulls: Nulls) -> Described:
        directions = nulls.directions / nulls.effect
        # Unit length for each, so that no direction is lost in the rank below.
        rows = complement(directions / lengths(directions.T)[:, None])
        used = [
            [
                (names[i], c)
                for i, c in zip(nulls.members.tolist(), row.tolist(), strict=True)
                if abs(c) > 1e-6
            ]
            for row in rows
        ]
        return tuple(Combination(sum_text(row), dict(row)) for row in used), ()

    return describe
