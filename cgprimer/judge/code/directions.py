"""Very many components at once: random directions find a mistake, halves locate it.

    sets of components ─ directions ─▶ agree: an error in one of them would have shown
                                   └─▶ differ: two halves, and so on, to single ones

Along a direction d the claims say Σ claim·d, and the differences D ± b. Where both
agree, an error e in a single component i would have shown if |e·d| > 2K·b: that limit
is kept for each component. Components that are too small beside the others to show are
looked at among themselves. Weights are no whole numbers, so that two mistakes of one
size do not cancel, and there are several directions, each drawn by itself.

With 1,000 components of one size s, slopes of 1, and one claim of 1.01 for 1: along d,
with weights from 0.5 to 1 times s, claims say 0.005·s to 0.01·s more or less than the
differences do, of about 24·s, which differences in double precision tell easily. The
two differ; of the halves of 500, of 250 and so on one differs each time, and after
eight halvings at most four components are left, to be looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cgprimer.judge.code.components import CLAIM, Block, component_rows, measure
from cgprimer.judge.code.lines import Slopes, slopes
from cgprimer.judge.code.rounding import COARSEST
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.judge.verdict import FAIL, NEGLIGIBLE, K
from cgprimer.types import Array, Integers, Mask

TELL = 5e-4  # an error of so much of one component shows along a direction
FIRST, LATER = 6, 3  # how many directions are drawn, for all and for a part of them
FEW = 4  # components that are looked at one by one rather than halved again
MOST_WRONG = 8  # wrong components to locate; then there are more
MOST_LINES = 400  # differences in all, for the price of it
GAIN = 0.7  # of the limit: a set whose halves do no better is not halved again


@dataclass
class Survey:
    """A look at all components along directions, and at suspicious ones singly.

    level : what all of them do to f, moved by about their own size. wrong : how many
    components that are wrong were located.
    small : how many in which no error of TELL would have shown, as they are next to
    nothing beside the others. blocks : those looked at one by one.
    unseen : what is left, with the relative error of each that would have shown.
    """

    subject: Subject
    claims: ClaimedGradient
    rng: np.random.Generator
    tick: Callable[[int], None]
    level: float = 0.0
    wrong: int = 0
    small: int = 0
    lines: int = 0
    blocks: list[Block] = field(default_factory=list)
    unseen: list[tuple[Integers, Array]] = field(default_factory=list)

    def is_little(self, size: Array, claim: Array, limit: Array) -> Mask:
        """Where a claim and an error of it are next to nothing beside the others."""
        little: Mask = np.maximum(claim, limit) * size <= NEGLIGIBLE * self.level
        return little

    @property
    def left(self) -> int:
        """How many components nothing can be said of."""
        return sum(len(some) for some, _ in self.unseen)

    @property
    def limit(self) -> float:
        """The relative error of a component that would have shown nevertheless."""
        every = np.concatenate([limit for _, limit in self.unseen] or [np.zeros(0)])
        return float(np.max(every, initial=0.0))

    def look(self) -> Survey:
        """Search all components for those that are wrong."""
        every = np.arange(len(self.subject))
        # A stack: the half at its end is followed down to single components before the
        # others are looked at, so that MOST_WRONG ends the search early.
        queue = [(every, np.full(len(every), np.inf))]
        while queue:
            some, before = queue.pop()
            # Enough lines were taken, or enough is wrong to say so.
            if self.lines >= MOST_LINES or self.wrong >= MOST_WRONG:
                self._give_up(some, before)
            elif len(some) <= FEW:
                self._one_by_one(some)
            else:
                queue += self._along(some, before)
        return self

    def _give_up(self, some: Integers, limit: Array) -> None:
        """Leave components undecided: errors up to `limit` would not have shown."""
        size = np.abs(self.claims.values[some])
        with np.errstate(all="ignore"):
            relative = limit / size  # inf for a claim of 0: no error of it can be told
        self.unseen.append((some, relative))

    def _one_by_one(self, some: Integers) -> None:
        """Difference components each by itself, and count those that are wrong."""
        blocks = measure(self.subject, some, self.tick)
        rows = component_rows(self.subject, self.claims, blocks)
        self.wrong += sum(row.verdict == FAIL for row in rows)
        self.blocks += blocks
        self.lines += len(some)

    def _along(self, some: Integers, before: Array) -> list[tuple[Integers, Array]]:
        """The parts that are still to be looked at, with the limits known for them."""
        limit, agree = self._limits(some)
        claim = np.abs(self.claims.values[some])
        # In a set that differs all limits are inf, and none is told.
        told = limit <= TELL * claim
        if not told.any():
            told = self.is_little(self.subject.sizes[some], claim, limit)
            self.small += int(told.sum())
        # Without those that are known, directions resolve the rest better: it is drawn
        # anew as one set, and not halved.
        if told.any():
            return [] if told.all() else [(some[~told], limit[~told])]
        # Halving a set that agrees lowers the noise of the others' terms; where it does
        # not, the bound is that of f itself.
        if agree and np.median(limit) > GAIN * np.median(before):
            self._give_up(some, limit)
            return []
        # In random order: neighbours are often alike in size, and by chance both halves
        # have large and small ones.
        halves = np.array_split(self.rng.permutation(len(some)), 2)
        return [(some[half], limit[half]) for half in halves]

    def _limits(self, some: Integers) -> tuple[Array, bool]:
        """(the error of each component that would have shown, whether all agree)."""
        along = self._draw(some, LATER if self.lines else FIRST)
        zero, one = np.zeros(len(along)), np.ones(len(along))
        known = slopes(self.subject.directions(along), zero, one)
        self.tick(len(along))
        self.lines += len(along)
        usual = float(np.median(known.slope.typical))
        self.level = self.level or usual
        says, allowed = along @ self.claims.values, self._allowance(known, along)
        with np.errstate(all="ignore"):
            # One direction that differs is enough. It counts as agreement where a bound
            # is not finite, since then nothing has differed.
            if not (np.abs(says - known.slope.value) <= allowed).all():
                return np.full(len(some), np.inf), not np.isfinite(allowed).all()
            # An error e shifts Σ claim·d by e·d. If claims and differences agree within
            # `allowed`, |e·d| can be twice that and not more: once from the gap, once
            # from the bound itself.
            limits: Array = 2 * allowed[:, None] / np.abs(along[:, some])
        return limits.min(axis=0), True

    def _draw(self, some: Integers, count: int) -> Array:
        """Directions (count, n) that move the components by about their own size."""
        along = np.zeros((count, len(self.subject)))
        shape = (count, len(some))
        signs = self.rng.choice([-1.0, 1.0], shape)
        weights = signs * self.rng.uniform(0.5, 1.0, shape)
        along[:, some] = weights * self.subject.sizes[some]
        return along

    def _allowance(self, known: Slopes, along: Array) -> Array:
        """How far the claims may be off along directions, rounding included."""
        own = np.maximum(np.minimum(known.precision, COARSEST), self.claims.precision)
        with np.errstate(all="ignore"):
            # Rounding errors of single claims are independent, so that squares add up.
            rounding = (
                CLAIM * own * np.sqrt(((along * self.claims.values) ** 2).sum(axis=1))
            )
            allowance: Array = K * (
                known.slope.bound + rounding + EPSILON * known.terms
            )
        return allowance
