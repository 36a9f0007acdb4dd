"""A derivative by an array judged: each of its entries, or along random directions.

EdgeAt or TotalAt, claimed (n, *dims of node, *dims of wrt) ─▶ WorstEntry

Up to BUDGET entries each is held against its own difference. Beyond it v'Ju is, for
random u and v, in which every entry has a part; where that fails the entry is looked
for, halving the arrays. What directions do not show is a mistake that is small beside
what differences leave open of the whole sum; `WorstEntry.checked` says how it was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.errors import counted
from cgprimer.expr.dims import count
from cgprimer.judge.arrays.cells import Cells
from cgprimer.judge.arrays.derivatives import DIRECTIONS, ArrayDerivative, ToldEntries
from cgprimer.judge.arrays.maps import ArrayMap
from cgprimer.judge.slopes import Slope
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, SURROGATE
from cgprimer.types import Array, Integers

BUDGET = 200  # entries of one derivative that have a difference each
NUMBERS = 20_000  # and of all samples together
MOST = 10**7  # numbers in a Jacobian that is made for a comparison
SUSPECTS = 4  # entries of a claim that are looked at by themselves

Place = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class WorstEntry:
    """What was found of one derivative; the numbers are those of its worst entry.

    place : (index in the node, index in wrt), or None where it is a direction.
    sample : at which of several samples.
    checked : `24 entries`, or `3 directions of 78,400 entries`.
    """

    verdict: str
    reason: str
    place: Place | None
    sample: int | None
    claimed: float
    difference: float
    bound: float
    checked: str
    sides: tuple[float, float]


def found(one: ArrayDerivative, claimed: ToldEntries | None = None) -> WorstEntry:
    """The verdict on our own derivative, or on one that is claimed."""
    said = _found_here(one, claimed)
    if declared := one.declared:
        if _is_own(one, claimed):
            return replace(said, verdict=SURROGATE, reason=declared)
        says = f"{declared}, and the claim is another gradient than that"
        return replace(said, verdict=FAIL, reason=says)
    if said.verdict == FAIL and _is_own(one, claimed):
        # At a tie of all entries sort(x) has kinks that no single entry shows.
        beside = one.beside()
        if beside is not None and _found_here(beside, None).verdict == PASS:
            return replace(said, verdict=INCONCLUSIVE, reason=_at_a_kink(said))
    return said


def _at_a_kink(said: WorstEntry) -> str:
    return (
        f"differences say {said.difference:.6g} where the rules give "
        f"{said.claimed:.6g}, which are right beside this point: it is a kink"
    )


def _is_own(one: ArrayDerivative, claimed: ToldEntries | None) -> bool:
    """Whether a claim is what our own rules give."""
    if claimed is None:
        return True
    if one.map.outside and one.map.entries * one.map.width > MOST:
        return False
    own = one.jacobian.values
    return bool(np.allclose(claimed.values, own, rtol=1e-9, atol=0, equal_nan=True))


def _found_here(one: ArrayDerivative, claimed: ToldEntries | None) -> WorstEntry:
    m = one.map
    if m.entries <= BUDGET and m.entries * m.width <= NUMBERS:
        return _by_entries(one, claimed)
    return _Directions(one, claimed).found()


def _by_entries(one: ArrayDerivative, claimed: ToldEntries | None) -> WorstEntry:
    m, own, told = one.map, one.jacobian, claimed or one.jacobian
    outside, inside = count(m.outside), count(m.inside)

    def cells(a: Array) -> Array:
        return (
            a.reshape(m.width, outside, inside).transpose(2, 1, 0).reshape(-1, m.width)
        )

    values, terms, ours = map(cells, (told.values, told.terms, own.values))
    every = Cells(values, terms, ours, one.entry_slopes, one.at.given)
    shown = f"{m.entries:,} entr{'y' if m.entries == 1 else 'ies'}"
    made, k, _ = _found(every, m, shown)
    j, i = divmod(k, outside)
    return replace(made, place=(_index(i, m.outside), _index(j, m.inside)))


def _found(cells: Cells, m: ArrayMap, checked: str) -> tuple[WorstEntry, int, int]:
    """The worst of some cells, which it is, and at which sample."""
    judged, k, s = cells.worst()
    at = k * cells.claimed.shape[1] + s
    made = WorstEntry(
        judged.verdict, judged.reason, None, s if m.width > 1 else None,
        float(cells.claimed[k, s]), float(cells.slope.value[k, s]),
        float(cells.slope.bound[k, s]), checked, cells.flat.sides(at),
    )  # fmt: skip
    return made, k, s


def _index(flat: int, dims: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(flat, dims)) if dims else ()


class _Directions:
    """The check of one derivative along directions u of its name and v of the node."""

    def __init__(self, one: ArrayDerivative, claimed: ToldEntries | None) -> None:
        self.one, self.claimed, self.map = one, claimed, one.map
        self.u, self.v, self.slope = one.directions

    def found(self) -> WorstEntry:
        """The verdict along the directions; of a failing one, at its entry."""
        m = self.map
        checked = f"{counted(DIRECTIONS, 'direction')} of {m.entries:,} entries"
        made, k, s = _found(self.along(self.u, self.v, self.slope), m, checked)
        if made.verdict == FAIL:
            return self._entry(k, s, checked) or made
        return (self._suspect(checked) if self.claimed else None) or made

    def along(self, u: Array, v: Array, slope: Slope | None = None) -> Cells:
        """Claims, our own and slopes along directions (d, n, *dims)."""
        m, d = self.map, len(u)
        own = self.one.pullback(v)
        flat_u = u.reshape(d, m.width, -1)
        ours = (own.values.reshape(flat_u.shape) * flat_u).sum(axis=-1)
        sizes = (own.terms.reshape(flat_u.shape) * np.abs(flat_u)).sum(axis=-1)
        values = ours
        if self.claimed:
            flat_v = v.reshape(d, m.width, -1)
            values, sizes = (
                np.einsum(
                    "dno,noi,dni->dn", weigh(flat_v), self._flat(a), weigh(flat_u)
                )
                for a, weigh in (
                    (self.claimed.values, np.asarray),
                    (self.claimed.terms, np.abs),
                )
            )
        slope = slope or m.direction_slopes(u, v)
        return Cells(values, sizes, ours, slope, self.one.at.given)

    def _flat(self, a: Array) -> Array:
        m = self.map
        return a.reshape(m.width, count(m.outside), count(m.inside))

    def _suspect(self, checked: str) -> WorstEntry | None:
        """A claim that fails in the entries that differ most from our own, or None."""
        assert self.claimed
        m = self.map
        if m.outside:  # our own is no array that could be held beside it
            return None
        own = self.one.jacobian
        with np.errstate(all="ignore"):
            gaps = np.abs(self.claimed.values - own.values)
            gaps = np.nan_to_num(gaps, nan=np.inf).reshape(m.width, -1)
        s, _ = divmod(int(gaps.argmax()), gaps.shape[1])
        worst = np.argsort(gaps[s])[::-1][:SUSPECTS]
        for j in worst.tolist():
            if gaps[s, j] and (one := self._at_entry(0, j, s, checked)):
                return one
        return None

    def _entry(self, k: int, s: int, checked: str) -> WorstEntry | None:
        """The entry that a failing direction ends in, or None where none stands out."""
        if self.claimed and (one := self._suspect(checked)):
            return one
        u, v = self.u[k : k + 1], self.v[k : k + 1]
        rows = self._halved(u, v, s, count(self.map.outside), rows=True)
        v = v * _mask(rows, self.map.outside)
        columns = self._halved(u, v, s, count(self.map.inside), rows=False)
        return self._at_entry(int(rows[0]), int(columns[0]), s, checked)

    def _halved(self, u: Array, v: Array, s: int, size: int, rows: bool) -> Integers:
        """Which entry of the node, or of the name, has most of the gap: its number."""
        kept = np.arange(size)
        dims = self.map.outside if rows else self.map.inside
        while len(kept) > 1:
            halves = np.array_split(kept, 2)
            masks = np.concatenate([_mask(half, dims) for half in halves])
            pair = (
                (np.repeat(u, 2, 0), masks * v)
                if rows
                else (masks * u, np.repeat(v, 2, 0))
            )
            cells = self.along(*pair)
            over = cells.gaps - cells.slope.bound
            kept = halves[int(np.nan_to_num(over[:, s], nan=-1.0).argmax())]
        return kept

    def _at_entry(self, i: int, j: int, s: int, checked: str) -> WorstEntry | None:
        """What is found of one entry, where it fails."""
        m = self.map
        x = np.abs(m.x.reshape(m.width, -1)[:, j])
        size = np.where(x == 0, 1.0, x)
        u = _mask(np.array([j]), m.inside) * size.reshape(1, -1, *(1,) * len(m.inside))
        v = _mask(np.array([i]), m.outside) * np.ones((1, m.width, *m.outside))
        cells = self.along(u, v)
        scaled = Cells(
            cells.claimed / size, cells.terms / size, cells.own / size,
            cells.slope.each(lambda a: a / size), cells.given,
        )  # fmt: skip
        made, _, _ = _found(scaled, m, checked)
        place = _index(i, m.outside), _index(j, m.inside)
        return replace(made, place=place) if made.verdict == FAIL else None


def _mask(kept: Integers, dims: Sequence[int]) -> Array:
    """1 at some entries and 0 elsewhere: (1, 1, *dims)."""
    mask = np.zeros(count(dims))
    mask[kept] = 1.0
    return mask.reshape(1, 1, *dims)
