"""Very many components at once: random directions find a mistake, halves locate it.

    sets of components ─ directions ─▶ agree: an error in one of them would have shown
                                   └─▶ differ: two halves, and so on, to single ones

Along a direction d the claims say Σ claim·d, and the differences D ± b. Where both
agree, an error e in a single component i would have shown if |e·d| > 2K·b: that limit
is kept for each component. Components that are too small beside the others to show are
looked at among themselves. Weights are no whole numbers, so that two mistakes of one
size do not cancel, and there are several directions, each drawn by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.components import (
    CLAIM,
    COARSEST,
    Block,
    component_rows,
    measure,
)
from cgprimer.checking.lines import Slopes, slopes
from cgprimer.checking.subject import Places, Subject
from cgprimer.numeric.finite import EPSILON
from cgprimer.numeric.verdict import FAIL, NEGLIGIBLE, K

Array = NDArray[np.float64]

TELL = 5e-4  # an error of so much of one component shows along a direction
FIRST, LATER = 6, 3  # how many directions are drawn, for all and for a part of them
FEW = 4  # components that are looked at one by one rather than halved again
MOST_WRONG = 8  # wrong components to locate; then there are more
MOST_LINES = 400  # differences in all, for the price of it
GAIN = 0.7  # of the limit: a set whose halves do no better is not halved again


@dataclass
class Survey:
    """What directions said of components.

    level : what all of them do to f, moved by about their own size.
    seen : how many in which an error of TELL would have shown; small : how many more
    that are next to nothing beside the others. blocks : those looked at one by one.
    unseen : what is left, with the relative error of each that would have shown.
    """

    level: float = 0.0
    seen: int = 0
    small: int = 0
    lines: int = 0
    blocks: list[Block] = field(default_factory=list)
    unseen: list[tuple[Places, Array]] = field(default_factory=list)

    def is_little(self, size: Array, claim: Array, limit: Array) -> NDArray[np.bool_]:
        """Where a claim and an error of it are next to nothing beside the others."""
        return np.maximum(claim, limit) * size <= NEGLIGIBLE * self.level

    @property
    def left(self) -> int:
        """How many components nothing can be said of."""
        return sum(len(some) for some, _ in self.unseen)

    @property
    def limit(self) -> float:
        """The relative error of a component that would have shown nevertheless."""
        every = np.concatenate([limit for _, limit in self.unseen] or [np.zeros(0)])
        return float(np.max(every, initial=0.0))


def survey(
    subject: Subject,
    claimed: Array,
    precision: float,
    rng: np.random.Generator,
    tick: Callable[[int], None],
) -> Survey:
    """Look at all components along random directions, and at suspicious ones singly."""
    found, wrong = Survey(), 0
    queue = [(np.arange(len(subject)), np.full(len(subject), np.inf))]
    while queue:
        some, before = queue.pop()
        if found.lines >= MOST_LINES or wrong >= MOST_WRONG:
            found.unseen.append((some, _relative(claimed, some, before)))
            continue
        if len(some) <= FEW:
            blocks = measure(subject, some, tick)
            rows = component_rows(subject, claimed, precision, blocks)
            wrong += sum(row.verdict == FAIL for row in rows)
            found.blocks += blocks
            found.lines += len(some)
            continue
        along = _drawn(subject, some, LATER if found.lines else FIRST, rng)
        known = slopes(subject.directions(along), *_unit(along))
        tick(len(along))
        found.level = found.level or float(np.median(known.found.typical))
        found.lines += len(along)
        limit, agree = _limits(known, along, claimed, precision)
        limit = limit[some]
        size, claim = subject.sizes[some], np.abs(claimed[some])
        told = limit <= TELL * claim
        small = ~told & found.is_little(size, claim, limit)
        found.seen += int(told.sum())
        found.small += int(small.sum())
        rest = ~(told | small)
        left, limit = some[rest], limit[rest]
        vain = np.median(limit) > GAIN * np.median(before) if len(left) else False
        if agree and vain and len(left) == len(some):
            found.unseen.append((left, _relative(claimed, left, limit)))
            continue
        if len(left) == len(some):
            order = rng.permutation(len(left))
            halves = np.array_split(order, 2)
            queue += [(left[half], limit[half]) for half in halves]
        elif len(left):
            queue.append((left, limit))
    return found


def _relative(claimed: Array, some: Places, limit: Array) -> Array:
    size = np.abs(claimed[some])
    return np.divide(limit, size, out=np.full(len(some), np.inf), where=size > 0)


def _unit(along: Array) -> tuple[Array, Array]:
    return np.zeros(len(along)), np.ones(len(along))


def _drawn(
    subject: Subject, some: Places, count: int, rng: np.random.Generator
) -> Array:
    """Directions (count, n) that move the components by about their own size."""
    along = np.zeros((count, len(subject)))
    shape = (count, len(some))
    weights = rng.uniform(0.5, 1.0, shape) * rng.choice([-1.0, 1.0], shape)
    along[:, some] = weights * subject.sizes[some]
    return along


def _limits(
    known: Slopes, along: Array, claimed: Array, precision: float
) -> tuple[Array, bool]:
    """(the error of each component that would have shown, whether all agree)."""
    with np.errstate(all="ignore"):
        says = along @ claimed
        own = np.maximum(np.minimum(known.precision, COARSEST), precision)
        rounding = CLAIM * own * np.sqrt((along * claimed) ** 2 @ np.ones(len(claimed)))
        bound = known.found.bound + rounding + EPSILON * known.terms
        allowed = K * bound
        agree = bool((np.abs(says - known.found.value) <= allowed).all())
        if not agree:
            return np.full(len(claimed), np.inf), not np.isfinite(bound).all()
        limits = np.where(along != 0, 2 * allowed[:, None] / np.abs(along), np.inf)
    return limits.min(axis=0), True
