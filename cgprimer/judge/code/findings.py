"""From a subject and the gradient claimed for it to the report.

few components: each by itself ┐
many: some by themselves,      ├─▶ rows ─▶ verdict, sentence
      all along directions     ┘
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.judge.code.component_sentences import Judged, sentence
from cgprimer.judge.code.components import Block, component_rows, measure
from cgprimer.judge.code.directions import Survey, survey
from cgprimer.judge.code.rounding import COARSE
from cgprimer.judge.code.subject import Subject
from cgprimer.judge.report import CheckReport, CheckRow, overall
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, K
from cgprimer.types import Array, Integers

Tick = Callable[[int], None]

LARGE = 64  # components beyond this many are looked at along directions
SAMPLE = 32  # of very many, so many are looked at by themselves as well
SINGLE = float(np.finfo(np.float32).eps)
BLUR = 16  # times its precision, a gradient is off beside its largest component
ERRATIC = 64 * SINGLE  # single precision may be off by so much, up and down


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
    claimed: Array,
    precision: float,
    rng: np.random.Generator,
    tick: Tick = lambda n: None,
) -> Examined:
    """Take the differences that a report on such claims needs."""
    if len(subject) <= LARGE:
        every = np.arange(len(subject))
        return Examined(subject, tuple(measure(subject, every, tick)), None)
    some = _sample(subject, rng)
    blocks = measure(subject, some, tick)
    rows = component_rows(subject, claimed, precision, blocks)
    wrong = sum(row.verdict == FAIL for row in rows)
    # Where a quarter of a random sample is wrong, sets would only be halved over and
    # over to say the same.
    if 4 * wrong >= len(rows):  # it is wrong nearly everywhere: that is known now
        return Examined(subject, tuple(blocks), None)
    overview = survey(subject, claimed, precision, rng, tick)
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


def report_on(
    known: Examined, claimed: Array, precision: float, remarks: Sequence[str] = ()
) -> CheckReport:
    """The report on claims for all components, as far as they were looked at.

    precision : of the numbers of the claims; remarks : what else is to be said.
    """
    judged = judge_components(known, claimed, precision)
    # Judged once more with the precision that it seems to have.
    if precision < SINGLE and _is_erratic(judged, claimed):
        judged = judge_components(known, claimed, SINGLE)
        remarks = (*remarks, "the gradient has the digits of single precision only")
    verdict = overall(judged.rows)
    # What no direction could resolve has neither agreed nor failed.
    if verdict == PASS and known.survey and known.survey.left:
        verdict = INCONCLUSIVE
    says = "; ".join((sentence(judged, claimed), *remarks))
    first = next((row.edge for row in judged.rows if row.verdict == FAIL), None)
    return CheckReport(verdict, judged.rows, first, says + "." * (verdict == FAIL))


def judge_components(known: Examined, claimed: Array, precision: float) -> Judged:
    """The rows on claims for all components, as far as they were looked at."""
    # Components may be in the sample and in a suspicious half: once is enough.
    rows = component_rows(known.subject, claimed, precision, known.blocks)
    chosen, order = np.unique(known.chosen, return_index=True)
    kept = tuple(rows[k] for k in order.tolist())
    eased = []
    for row, i in zip(kept, chosen.tolist(), strict=True):
        clear = _allow_blur(known, row, i, claimed, precision)
        eased.append(_beside_others(known, clear, i))
    return Judged(known.subject, known.survey, known.coarse, tuple(eased), chosen)


def _beside_others(known: Examined, row: CheckRow, i: int) -> CheckRow:
    """Of very many, a component that is next to nothing need not be known sharply."""
    # `error` is as far as the component may be off unseen.
    gap, error = abs(row.claimed - row.difference), K * row.bound
    size, claim = np.array([known.subject.sizes[i]]), np.array([abs(row.claimed)])
    if known.survey is None or row.verdict != INCONCLUSIVE or not gap <= error:
        return row
    little = known.survey.is_little(size, claim, np.array([error])).all()
    return replace(row, verdict=PASS, reason="") if little else row


def _allow_blur(
    known: Examined, row: CheckRow, i: int, claimed: Array, precision: float
) -> CheckRow:
    """In single precision small components have no more digits than large ones."""
    # Sums of a whole leaf are rounded to the size of its largest component: a gradient
    # in float32 with 1e3 beside 1e-5 has no digit left in the latter.
    inside = known.subject.part(known.subject.owner(i))
    largest = np.nan_to_num(np.abs(claimed[inside])).max()
    gap = abs(row.claimed - row.difference)
    rounding = BLUR * precision * largest if precision > COARSE else 0.0
    if row.verdict != FAIL or not gap <= rounding:
        return row
    reason = f"it is {gap:.1g} off, which is rounding beside {largest:.3g}"
    return replace(row, verdict=INCONCLUSIVE, reason=reason, ratio=None)


def _is_erratic(judged: Judged, claimed: Array) -> bool:
    """Whether all that fails is off by the rounding of single precision.

    By so little, and either by less than its last digit, or up and down without a rule,
    or to numbers that it has. A wrong constant is off by one ratio: it is not excused.
    """
    failed = [row for row in judged.rows if row.verdict == FAIL]
    claims = np.array([row.claimed for row in failed])
    true = np.array([row.difference for row in failed])
    gap, largest = np.abs(claims - true), np.nan_to_num(np.abs(claimed)).max()
    with np.errstate(all="ignore"):
        off = claims / true - 1
        near = (np.abs(off) <= ERRATIC) | (gap <= BLUR * SINGLE * largest)
        if not failed or not near.all():
            return False
        # Off by -3e-7 and by 2e-7 has a spread of 5e-7, more than half of the larger:
        # rounding. Off by 3e-7 and 3.1e-7 has one of 1e-8: a constant that was typed
        # with seven digits.
        up_and_down = len(off) > 1 and np.ptp(off) > np.abs(off).max() / 2
        # All claims are numbers of single precision, as doubles are not by chance.
        short = (claimed.astype(np.float32) == claimed).all()
    return bool(short or up_and_down or (np.abs(off) <= SINGLE).all())
