"""From a subject and the gradient claimed for it to the report.

few components: each by itself ┐
many: some by themselves,      ├─▶ rows ─▶ verdict, sentence
      all along directions     ┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.components import Block, component_rows, measure
from cgprimer.checking.directions import TELL, Survey, survey
from cgprimer.checking.lines import COARSE
from cgprimer.checking.patterns import Part, common, seen
from cgprimer.checking.report import CheckReport, CheckRow, overall
from cgprimer.checking.subject import Places, Subject, index
from cgprimer.numeric.verdict import FAIL, INCONCLUSIVE, PASS, SHARP, K

Array = NDArray[np.float64]
Tick = Callable[[int], None]

LARGE = 64  # components beyond this many are looked at along directions
SAMPLE = 32  # of very many, so many are looked at by themselves as well
SINGLE = float(np.finfo(np.float32).eps)
ERRATIC = 64 * SINGLE  # single precision may be off by so much, up and down


@dataclass(frozen=True)
class Examined:
    """What was looked at: the components of `blocks` one by one, all in `survey`."""

    subject: Subject
    blocks: tuple[Block, ...]
    survey: Survey | None

    @property
    def chosen(self) -> Places:
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
    if 4 * wrong >= len(rows):  # it is wrong nearly everywhere: that is known now
        return Examined(subject, tuple(blocks), None)
    found = survey(subject, claimed, precision, rng, tick)
    known = set(some.tolist())
    new = [b for b in found.blocks if not known.issuperset(b.chosen.tolist())]
    return Examined(subject, (*blocks, *new), found)


def _sample(subject: Subject, rng: np.random.Generator) -> Places:
    """Components at random, some of every leaf."""
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
    subject = known.subject
    rows = component_rows(subject, claimed, precision, known.blocks)
    if precision < SINGLE and _is_erratic(known, rows, claimed):
        rows = component_rows(subject, claimed, SINGLE, known.blocks)
        remarks = (*remarks, "the gradient is computed in single precision")
    rows = tuple(
        _beside_others(known, row, int(i))
        for row, i in zip(rows, known.chosen, strict=True)
    )
    order = np.argsort(known.chosen, kind="stable")
    rows, chosen = tuple(rows[k] for k in order), known.chosen[order]
    verdict, left = overall(rows), known.survey.left if known.survey else 0
    if verdict == PASS and left:
        verdict = INCONCLUSIVE
    wrong = [k for k, row in enumerate(rows) if row.verdict == FAIL]
    first = rows[wrong[0]].edge if wrong else None
    if wrong:
        says = "; ".join(_mistakes(known, rows, chosen, claimed, wrong)) + "."
    elif any(row.verdict == INCONCLUSIVE for row in rows):
        says = _doubt(known, rows)
    elif left:
        says = _unseen(known, len(rows))
    else:
        says = f"{subject.name}: {_praise(known, rows)}"
    says = "; ".join((says.rstrip("."), *remarks)) + "." * says.endswith(".")
    return CheckReport(verdict, rows, first, says)


def _beside_others(known: Examined, row: CheckRow, i: int) -> CheckRow:
    """Of very many components, one that is next to nothing need not be known sharply."""
    if known.survey is None or row.verdict != INCONCLUSIVE:
        return row
    gap, error = abs(row.claimed - row.difference), K * row.bound
    size, claim, limit = (
        np.array([v]) for v in (known.subject.sizes[i], abs(row.claimed), error)
    )
    little = gap <= error and known.survey.is_little(size, claim, limit).all()
    return replace(row, verdict=PASS, reason="") if little else row


def _is_erratic(known: Examined, rows: Sequence[CheckRow], claimed: Array) -> bool:
    """Whether all that fails is off by the rounding of single precision.

    By so little, and either up and down without a rule, or to the digits that single
    precision has: a wrong constant is off by one ratio, and is not excused.
    """
    failed = [row for row in rows if row.verdict == FAIL]
    if not failed:
        return False
    claims = np.array([row.claimed for row in failed])
    true = np.array([row.difference for row in failed])
    with np.errstate(all="ignore"):
        off = claims / true - 1
        if not (np.abs(off) <= ERRATIC).all():
            return False
        alike = np.ptp(off) <= np.abs(off).max() / 2
        short = (claimed.astype(np.float32) == claimed).all()
    return bool(short or (len(off) > 1 and not alike))


def _mistakes(
    known: Examined,
    rows: Sequence[CheckRow],
    chosen: Places,
    claimed: Array,
    wrong: Sequence[int],
) -> Iterator[str]:
    """A sentence for what is wrong: one for all arguments, or one for each."""
    subject = known.subject
    parts = dict(_parts(subject, rows, chosen, claimed, wrong))
    names = [rows[k].wrt for k in wrong]
    says = common(list(parts.values())) if len(parts) > 1 else None
    if says:
        yield f"{subject.name}: {says}, {_where(known, rows, names)}"
        return
    for k, part in parts.items():
        inside = [
            n
            for n, i in zip(names, chosen[list(wrong)], strict=True)
            if subject.owner(int(i)) == k
        ]
        about = len(subject.leaves) > 1 or subject.told
        head = f"{subject.name}, {part.label}" if about else subject.name
        others = {
            label: leaf
            for j, (label, leaf) in enumerate(
                zip(subject.labels, subject.leaves, strict=True)
            )
            if j != k and leaf.size == part.at.size
        }
        mine = [
            row
            for row, i in zip(rows, chosen, strict=True)
            if subject.owner(int(i)) == k
        ]
        yield f"{head}: {next(seen(part, others))}, {_where(known, mine, inside)}"


def _parts(
    subject: Subject,
    rows: Sequence[CheckRow],
    chosen: Places,
    claimed: Array,
    wrong: Sequence[int],
) -> Iterator[tuple[int, Part]]:
    owners = np.array([subject.owner(int(i)) for i in chosen])
    bad = np.zeros(len(rows), dtype=bool)
    bad[list(wrong)] = True
    for k in np.unique(owners[bad]).tolist():
        mine = np.flatnonzero(owners == k)
        part = subject.part(k)
        yield (
            k,
            Part(
                subject.labels[k],
                subject.leaves[k],
                claimed[part],
                chosen[mine] - part.start,
                np.array([rows[r].difference for r in mine]),
                np.array([rows[r].bound for r in mine]),
                np.flatnonzero(bad[mine]),
            ),
        )


def _where(known: Examined, rows: Sequence[CheckRow], names: Sequence[str]) -> str:
    if len(names) == len(rows) and len(names) > 0:
        every = len(known.chosen) == len(known.subject)
        looked = f"every one of the {len(names)} components that were looked at"
        return "at every component" if every else f"at {looked}"
    found, others = known.survey, len(known.subject) - len(names)
    rest = ""
    if found is not None:
        rest = ", and perhaps at more" if found.left else f"; the other {others} agree"
    return f"at {index(names)}{rest}"


def _doubt(known: Examined, rows: Sequence[CheckRow]) -> str:
    doubts = [row for row in rows if row.verdict == INCONCLUSIVE]
    more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
    first = doubts[0]
    return (
        f"{known.subject.name}: {first.derivative} could not be decided{more}: "
        f"{first.reason}"
    )


def _unseen(known: Examined, count: int) -> str:
    found, n = known.survey, len(known.subject)
    assert found is not None
    says = (
        f"{known.subject.name}: {found.left} of {n} components could not be decided: "
        f"{count} agree by themselves"
    )
    if np.isfinite(found.limit):
        much = f"{100 * found.limit:.2g} %"
        says += f", and of the rest only an error above {much} would have shown"
    return says


def _praise(known: Examined, rows: Sequence[CheckRow]) -> str:
    subject, found = known.subject, known.survey
    n = len(subject)
    count = f"{n} components agree" if n != 1 else "it agrees"
    about = f" of {index(subject.labels)}" if len(subject.leaves) > 1 and n > 1 else ""
    says = count.replace(" agree", f"{about} agree") + " with differences"
    off = max(row.bound / max(abs(row.claimed), row.bound, 1e-300) for row in rows)
    if known.coarse:
        says += ", in single precision"
    if SHARP < off < 1:
        says += f", known to {off:.0e} only"
    if found is None:
        return says
    says += (
        f": all along random directions, in which an error of {100 * TELL:g} % in any "
        f"one of them shows, and {len(rows)} of them by themselves"
    )
    if found.small:
        says += (
            f" ({found.small} are 0, or too small beside the others to tell from it)"
        )
    return says
