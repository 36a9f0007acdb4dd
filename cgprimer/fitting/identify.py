"""What data determine: rank, null directions, and combinations with standard errors.

The Jacobian of the residuals is reduced to its triangular factor, block by block, its
columns are scaled to length one, and singular values decide. A combination c·p is
determined where c is orthogonal to every null direction; nothing else is reported.

Sources: Rothenberg, Econometrica 39 (1971); Numerical Recipes §15.4 for the SVD.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
MOST = 2_000  # parameters; beyond, a singular value decomposition takes too long
TOUCHED = 1e-7  # share of a null direction from which a parameter counts as part of it


@dataclass(frozen=True)
class Combination:
    """A sum of parameters that the data determine though not its parts alone."""

    text: str
    coefficients: dict[str, float]


@dataclass(frozen=True)
class Identification:
    """The rank of the Jacobian and what follows.

    undetermined : parameters that a null direction moves.
    without_effect : those of them that change no residual at all.
    combinations : what is determined of the others.
    null_space : (p - rank, p), directions in which nothing changes.
    inverse : (p, p), a generalised inverse of JᵀJ: the covariance for unit noise of
        every combination that is orthogonal to the null space.
    """

    rank: int
    undetermined: tuple[str, ...]
    without_effect: tuple[str, ...]
    combinations: tuple[Combination, ...]
    null_space: Array
    inverse: Array

    def sentence(self) -> str:
        """What is not determined, in words; empty where everything is."""
        parts = []
        if self.without_effect:
            verb = "has" if len(self.without_effect) == 1 else "have"
            parts.append(f"{_and(self.without_effect)} {verb} no effect on the data")
        tied = [n for n in self.undetermined if n not in self.without_effect]
        if tied:
            known = _and([c.text for c in self.combinations])
            parts.append(
                f"{_and(tied)} are not determined separately"
                + (f", only {known}" if known else "")
            )
        return "; ".join(parts)


def triangle(blocks: Iterable[Array]) -> Array:
    """R (≤ p, p) with RᵀR = JᵀJ, from the rows of J a block at a time, by QR."""
    factor: Array | None = None
    for block in blocks:
        rows = block if factor is None else np.vstack([factor, block])
        factor = np.asarray(np.linalg.qr(rows, mode="r"))
    assert factor is not None
    return factor


def identify(factor: Array, names: Sequence[str], samples: int) -> Identification:
    """What a Jacobian with triangular factor `factor` and `samples` rows determines."""
    norms = np.sqrt((factor**2).sum(axis=0))
    silent = norms <= EPSILON * max(norms.max(initial=0.0), np.finfo(float).tiny)
    scale = np.where(silent, 1.0, norms)
    scaled = np.where(silent, 0.0, factor / scale)
    _, singular, axes = np.linalg.svd(scaled, full_matrices=True)
    singular = np.pad(singular, (0, len(names) - len(singular)))
    floor = 10 * max(samples, len(names)) * EPSILON * singular.max(initial=0.0)
    kept = singular > floor
    null = np.where(np.abs(axes[~kept]) > TOUCHED, axes[~kept], 0.0)
    touched = null.any(axis=0)
    null = null / scale  # now in the parameters' own units
    half = axes[kept] / (singular[kept][:, None] * scale)
    return Identification(
        int(kept.sum()),
        tuple(np.array(names)[touched].tolist()),
        tuple(np.array(names)[silent].tolist()),
        _combinations(null, names, touched & ~silent),
        null,
        half.T @ half,
    )


def _combinations(
    null: Array, names: Sequence[str], tied: NDArray[np.bool_]
) -> tuple[Combination, ...]:
    """A basis of what is determined among the `tied` parameters, in reduced form."""
    members = np.flatnonzero(tied)
    if not len(members):
        return ()
    directions = null[:, members]
    directions = directions[np.abs(directions).max(axis=1) > 0]
    _, singular, axes = np.linalg.svd(directions, full_matrices=True)
    rank = int((singular > 1e-8 * singular.max()).sum())
    found = []
    for row in _reduced(axes[rank:]):
        used = [(names[members[i]], c) for i, c in enumerate(row) if abs(c) > 1e-6]
        found.append(Combination(_sum(used), dict(used)))
    return tuple(found)


def _reduced(rows: Array) -> Array:
    """Reduced row echelon form, with pivots chosen by size."""
    rows, top = rows.copy(), 0
    for column in range(rows.shape[1]):
        if top == len(rows):
            break
        pivot = top + int(np.abs(rows[top:, column]).argmax())
        if abs(rows[pivot, column]) < 1e-7:
            continue
        rows[[top, pivot]] = rows[[pivot, top]]
        rows[top] /= rows[top, column]
        others = np.arange(len(rows)) != top
        rows[others] -= np.outer(rows[others, column], rows[top])
        top += 1
    return rows


def _sum(terms: Sequence[tuple[str, float]]) -> str:
    """`ab + bc`, `a - 2*b`: coefficients to four digits, signs as in print."""
    text = ""
    for name, coefficient in terms:
        size = abs(round(coefficient, 6))
        term = name if size == 1 else f"{size:.4g}*{name}"
        sign = "-" if coefficient < 0 else "+"
        text += f" {sign} {term}" if text else ("-" if sign == "-" else "") + term
    return text


def _and(names: Sequence[str]) -> str:
    """`ab`, `ab and bc`, `ab, ac and bc`; long lists are cut."""
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
