"""Which differences of a subject are taken: of some components, and along directions.

few components: each by itself          ┐
many: some by themselves, at random,    ├─▶ Examined; judged by `findings`
      all of them along directions      ┘
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.code.components import Block, component_rows, measure
from cgprimer.judge.code.directions import FIRST, Survey
from cgprimer.judge.code.rounding import COARSE
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.verdict import FAIL
from cgprimer.notation.progress import check_bar
from cgprimer.types import Integers

LARGE = 64  # components beyond this many are looked at along directions
SAMPLE = 32  # of very many, so many are looked at by themselves as well


@dataclass(frozen=True)
class Examined:
    """What was looked at: the components of `blocks` one by one, all in `survey`."""

    subject: Subject
    blocks: tuple[Block, ...]
    survey: Survey | None

    @property
    def chosen(self) -> Integers:
        """The components that were looked at by themselves."""
        return np.concatenate([block.chosen for block in self.blocks])

    @property
    def coarse(self) -> bool:
        """Whether f works in single precision, as its noise tells."""
        every = np.concatenate([block.slopes.precision for block in self.blocks])
        return bool(every.min() > COARSE)


def examine(
    subject: Subject,
    claims: ClaimedGradient,
    rng: np.random.Generator,
    progress: bool | None,
) -> Examined:
    """Take the differences that a report on such claims needs, with a bar."""
    began, _ = time.perf_counter(), subject.here  # the value is kept
    seconds = time.perf_counter() - began
    lines = len(subject) if len(subject) <= LARGE else SAMPLE + FIRST
    with check_bar(f"{subject.name}: differences", lines, seconds, progress) as tick:
        return _examine(subject, claims, rng, tick)


def _examine(
    subject: Subject,
    claims: ClaimedGradient,
    rng: np.random.Generator,
    tick: Callable[[int], None],
) -> Examined:
    if len(subject) <= LARGE:
        every = np.arange(len(subject))
        return Examined(subject, tuple(measure(subject, every, tick)), None)
    some = _sample(subject, rng)
    blocks = measure(subject, some, tick)
    rows = component_rows(subject, claims, blocks)
    wrong = sum(row.verdict == FAIL for row in rows)
    # Where a quarter of a random sample is wrong, sets would only be halved over and
    # over to say the same.
    if 4 * wrong >= len(rows):  # it is wrong nearly everywhere: that is known now
        return Examined(subject, tuple(blocks), None)
    overview = Survey(subject, claims, rng, tick).look()
    known = set(some.tolist())
    new = [b for b in overview.blocks if not known.issuperset(b.chosen.tolist())]
    return Examined(subject, (*blocks, *new), overview)


def _sample(subject: Subject, rng: np.random.Generator) -> Integers:
    """Components at random, some of every leaf."""
    # At least two of each leaf: of a bias with ten components beside a matrix with a
    # million a plain sample would see none.
    share = max(2, SAMPLE // len(subject.leaves))
    parts = []
    for k, leaf in enumerate(subject.leaves):
        count = min(share, leaf.size)
        places = np.sort(rng.choice(leaf.size, count, replace=False))
        parts.append(subject.part(k).start + places)
    return np.concatenate(parts)
