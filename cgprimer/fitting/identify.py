"""What data determine: rank, null directions, and what errors follow from.

The Jacobian of the residuals is reduced to its triangular factor, block by block and
target by target. Columns are scaled to length one, and targets to their own units, so
that no unit that somebody chose decides; then singular values do. A combination c·p is
determined where c is orthogonal to every null direction; nothing else is reported.

y = v·exp(-t/(r·c)) at v = 3, r = 0.51, c = 3.9, for forty t from 0 to 5: the scaled
columns have the singular values 1.62, 0.622 and 3e-16. The floor is 10·40·ε times the
first, 1.4e-13, so the rank is 2. The axis of the third is (0, -0.71, 0.71): by the
lengths of the columns that is r·∂/∂r - c·∂/∂c, along which r·c stays.

`determined` calls it for a fit; `invariants` gives the directions names.

Sources: Rothenberg, Econometrica 39 (1971); Numerical Recipes §15.4 for the SVD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import shorten
from cgprimer.interrupts import apart
from cgprimer.types import Array

EPSILON = float(np.finfo(np.float64).eps)
# Ctrl-C waits for the end of a call of LAPACK.
PART = 1e8  # rows of one factorisation × parameters²: about 0.1 s
LONG = 60  # signs of a name or combination in a sentence or table
# Entries of a singular vector are known to about ε over the gap between singular
# values.
TOUCHED = 1e-7  # share of a null direction from which a parameter counts as part of it


@dataclass(frozen=True)
class Combination:
    """What the data determine of parameters that they do not determine apart.

    coefficients : of the sum that it is; or its slopes, where `value` is given, which
        is then its value at the solution.
    """

    text: str
    coefficients: dict[str, float]
    value: float | None = None


@dataclass(frozen=True)
class Identification:
    """The rank of the Jacobian and what follows.

    rank, null_space, half : None where only what the equations show is known.
    undetermined : parameters that a null direction moves.
    without_effect : those of them that change no residual at all; `zero` are variables
        beside them that are 0 in every sample.
    combinations : what is determined of the others.
    remarks : on directions that have no such combinations.
    local : whether elsewhere the same data determine more.
    null_space : (p - rank, p), directions in which nothing changes.
    half : (p, r); half·halfᵀ is a generalised inverse of JᵀJ, the covariance for unit
        noise of every combination that is orthogonal to the null space.
    target : (r,), the target whose residuals a column of `half` comes from.
    leverage : per target, how many parameters its residuals pay for. size : (p,), the
        lengths of the columns of J.
    """

    rank: int | None
    undetermined: tuple[str, ...]
    without_effect: tuple[str, ...]
    combinations: tuple[Combination, ...] = ()
    remarks: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    local: bool = False
    null_space: Array | None = None
    half: Array | None = None
    target: NDArray[np.int64] | None = None
    leverage: Array | None = None
    size: Array | None = None

    @property
    def inverse(self) -> Array:
        """The covariance for unit noise, (p, p)."""
        assert self.half is not None
        found: Array = self.half @ self.half.T
        return found

    def sentence(self) -> str:
        """What is not determined, in words; empty where everything is."""
        text = "; ".join([*self._parts(), *self.remarks])
        return f"at these values {text}" if self.local and text else text

    def _parts(self) -> list[str]:
        parts = []
        if self.without_effect:
            verb = "has" if len(self.without_effect) == 1 else "have"
            why = f" ({listed(self.zero)} {_be(self.zero)} 0 in every sample)"
            parts.append(
                f"{listed(self.without_effect)} {verb} no effect on the data"
                + why * bool(self.zero)
            )
        tied = [n for n in self.undetermined if n in self._combined]
        if tied:
            known = listed([c.text for c in self.combinations])
            parts.append(f"{listed(tied)} are not determined separately, only {known}")
        return parts

    @property
    def _combined(self) -> set[str]:
        return {name for c in self.combinations for name in c.coefficients}


@dataclass(frozen=True)
class Nulls:
    """Null directions of the parameters that have an effect.

    members : numbers of these parameters. directions : (q, members), in units of
        `effect`: how much a parameter does, per unit of its own (members,).
    """

    members: NDArray[np.int64]
    directions: Array
    effect: Array


Described = tuple[tuple[Combination, ...], tuple[str, ...]]
Describe = Callable[[Nulls], Described]


def triangle(blocks: Iterable[Array]) -> Array:
    """R (≤ p, p) with RᵀR = JᵀJ, from the rows of J a block at a time, by QR.

    LAPACK looks for no signals: it is called for so few rows that Ctrl-C is heard.
    """
    factor: Array | None = None
    for block in blocks:
        count = block.shape[1]
        # Never fewer rows than columns, or the factor that is put on top would be most
        # of them.
        size = max(count, int(PART / max(count, 1) ** 2))
        for first in range(0, max(len(block), 1), size):
            part = block[first : first + size]
            # QR of the old triangle with new rows below has the triangle of all rows:
            # RᵀR = JᵀJ without JᵀJ ever being made, whose condition is the square of
            # that of J.
            rows = part if factor is None else np.vstack([factor, part])
            factor = np.asarray(np.linalg.qr(rows, mode="r"))
    assert factor is not None
    if not np.isfinite(factor).all():
        raise np.linalg.LinAlgError("the Jacobian is not finite")
    return factor


def lengths(rows: Array) -> Array:
    """The length of every column, also where squares overflow or vanish."""
    # A column of 1e200 has squares of inf, one of 1e-200 has squares of 0.
    top = np.abs(rows).max(axis=0, initial=0.0)
    safe = np.where(top > 0, top, 1.0)
    found: Array = top * np.sqrt(((rows / safe) ** 2).sum(axis=0))
    return found


def _singular_values(rows: Array) -> tuple[Array, Array, Array]:
    """The decomposition of R, whose right side is that of the rows, and cheap."""
    found: tuple[Array, Array, Array]
    # J = Q·R, and Q turns rows only: J and R have the same singular values and right
    # axes.
    found = np.linalg.svd(np.linalg.qr(rows, mode="r"), full_matrices=True)
    return found


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
    """
    blocks = [factor] if isinstance(factor, np.ndarray) else list(factor)
    share = np.array([1.0] * len(blocks) if units is None else units)
    # Only their ratios count, and no unit overflows then.
    share /= share.max()
    size = lengths(np.vstack(blocks))
    safe = np.where(size > 0, size, 1.0)
    # Columns are scaled twice: once so that no square overflows, and once the targets
    # have their own units.
    even = [block / safe / unit for block, unit in zip(blocks, share, strict=True)]
    norms = lengths(np.vstack(even)) * safe
    active = np.flatnonzero(norms > 0)
    scale = norms[active]
    scaled = np.vstack(even)[:, active] / (scale / safe[active])
    _, singular, axes = apart(lambda: _singular_values(scaled))
    # Fewer rows than parameters: what is missing has a singular value of 0.
    singular = np.pad(singular, (0, len(active) - len(singular)))
    # The usual floor of a numerical rank, max(n, p)·ε·σ₁, with a margin of 10.
    base = 10 * max(samples, len(names)) * EPSILON
    floor = np.full(len(active), base * singular.max(initial=0.0))
    if rounding is not None:
        # A column that is to 1e-6 rounding adds that much to every axis that it takes
        # part in.
        floor += np.abs(axes) @ rounding[active]
    kept = singular > floor
    least = singular[kept].min(initial=1.0)
    # The least singular value that is kept tells how well null axes are parted from
    # others.
    touched = max(TOUCHED, base / least)  # directions are no better known than this
    directions = np.where(np.abs(axes[~kept]) > touched, axes[~kept], 0.0)
    null = np.zeros((len(directions), len(names)))
    # From columns of length one back to the parameters' own units.
    null[:, active] = directions / scale
    silent = norms == 0
    half, target, leverage = _half(blocks, active, axes[kept] / scale, len(names))
    found = Identification(
        int(kept.sum()),
        # A column of zeros is null by itself, and is told apart as without effect.
        tuple(np.array(names)[null.any(axis=0) | silent].tolist()),
        tuple(np.array(names)[silent].tolist()),
        null_space=np.vstack([null, np.eye(len(names))[silent]]),
        half=half,
        target=target,
        leverage=leverage,
        size=size,
    )
    member = np.flatnonzero(directions.any(axis=0))
    if not len(member):
        return found
    nulls = Nulls(active[member], directions[:, member], scale[member])
    made, remarks = (describe or sums(names))(nulls)
    return replace(found, combinations=made, remarks=remarks)


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


def complement(directions: Array) -> Array:
    """What is orthogonal to all `directions`, in reduced form."""
    _, singular, axes = np.linalg.svd(directions, full_matrices=True)
    rank = int((singular > 1e-8 * singular.max(initial=0.0)).sum())
    return reduced(axes[rank:])


def reduced(rows: Array) -> Array:
    """Reduced row echelon form, with pivots chosen by size."""
    rows, top = rows.copy(), 0
    for column in range(rows.shape[1]):
        if top == len(rows):
            break
        # The largest entry of the column: a pivot of 1e-9 would blow rounding up.
        pivot = top + int(np.abs(rows[top:, column]).argmax())
        # Rows are of length one at first; what is left below 1e-7 is rounding.
        if abs(rows[pivot, column]) < 1e-7:
            continue
        rows[[top, pivot]] = rows[[pivot, top]]
        rows[top] /= rows[top, column]
        others = np.arange(len(rows)) != top
        rows[others] -= np.outer(rows[others, column], rows[top])
        top += 1
    return rows


def sum_text(terms: Sequence[tuple[str, float]]) -> str:
    """`ab + bc`, `a - 2*b`: coefficients to four digits, signs as in print."""
    text = ""
    for name, coefficient in terms:
        size = abs(float(f"{coefficient:.6g}"))
        term = name if size == 1 else f"{size:.4g}*{name}"
        sign = "-" if coefficient < 0 else "+"
        text += f" {sign} {term}" if text else ("-" if sign == "-" else "") + term
    return text


def listed(names: Sequence[str]) -> str:
    """`ab`, `ab and bc`, `ab, ac and bc`; long names and long lists are cut."""
    names = [shorten(name, LONG) for name in names]
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _be(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
