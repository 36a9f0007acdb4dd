"""The sentence of a report on plain code: what is wrong where, or what agrees.

judged rows ─▶ parts, one for each argument ─ patterns ─▶ sentence
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.code.directions import TELL, Survey
from cgprimer.judge.code.subject import Subject, index
from cgprimer.judge.mistakes.component_patterns import Part, common, likely_mistakes
from cgprimer.judge.report import CheckRow
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, SHARP
from cgprimer.types import Array, Integers


@dataclass(frozen=True)
class Judged:
    """The rows on the `chosen` components of a subject, in order.

    survey : what directions said of all, where they were asked. coarse : whether f
    works in single precision, as its noise tells.
    """

    subject: Subject
    survey: Survey | None
    coarse: bool
    rows: tuple[CheckRow, ...]
    chosen: Integers

    def inside(self, k: int) -> list[CheckRow]:
        """The rows on the components of leaf k."""
        pairs = zip(self.rows, self.chosen.tolist(), strict=True)
        return [row for row, i in pairs if self.subject.owner(i) == k]

    def parts(self, claimed: Array) -> dict[int, Part]:
        """The leaves that something is wrong with, by number."""
        owners = [self.subject.owner(i) for i in self.chosen.tolist()]
        bad = {
            k for k, row in zip(owners, self.rows, strict=True) if row.verdict == FAIL
        }
        return {k: self._part(k, claimed) for k in sorted(bad)}

    def _part(self, k: int, claimed: Array) -> Part:
        place, rows = self.subject.part(k), self.inside(k)
        mine = (self.chosen >= place.start) & (self.chosen < place.stop)
        return Part(
            self.subject.labels[k],
            self.subject.leaves[k],
            claimed[place],
            self.chosen[mine] - place.start,
            np.array([row.difference for row in rows]),
            np.array([row.bound for row in rows]),
            np.flatnonzero([row.verdict == FAIL for row in rows]),
        )


def sentence(judged: Judged, claimed: Array) -> str:
    """What a report says, without a full stop."""
    verdicts = {row.verdict for row in judged.rows}
    if FAIL in verdicts:
        return "; ".join(_mistakes(judged, claimed))
    if INCONCLUSIVE in verdicts:
        return _doubt(judged)
    if judged.survey and judged.survey.left:
        return _unseen(judged, judged.survey)
    return _praise(judged)


def _mistakes(judged: Judged, claimed: Array) -> Iterator[str]:
    """One sentence for all arguments, or one for each that is wrong."""
    subject, parts = judged.subject, judged.parts(claimed)
    says = common(list(parts.values())) if len(parts) > 1 else None
    if says:
        yield f"{subject.name}: {says}, {_where(judged, judged.rows)}"
        return
    several = len(subject.leaves) > 1 or subject.told
    leaves = list(enumerate(zip(subject.labels, subject.leaves, strict=True)))
    for k, part in parts.items():
        others = {
            label: leaf
            for j, (label, leaf) in leaves
            if j != k and leaf.size == part.at.size
        }
        head = f"{subject.name}, {part.label}" if several else subject.name
        where = _where(judged, judged.inside(k))
        yield f"{head}: {next(likely_mistakes(part, others))}, {where}"


def _where(judged: Judged, rows: Sequence[CheckRow]) -> str:
    names = [row.wrt for row in rows if row.verdict == FAIL]
    others, left = (
        len(judged.subject) - len(names),
        judged.survey and judged.survey.left,
    )
    if len(names) == len(rows):
        every = len(judged.chosen) == len(judged.subject)
        looked = f"every one of the {len(names)} components that were looked at"
        return "at every component" if every else f"at {looked}"
    if judged.survey is None:
        part = len(judged.chosen) < len(judged.subject)
        return f"at {index(names)}" + f" of {len(rows)} that were looked at" * part
    rest = ", and perhaps at more" if left else f"; the other {others} agree"
    return f"at {index(names)}{rest}"


def _doubt(judged: Judged) -> str:
    doubts = [row for row in judged.rows if row.verdict == INCONCLUSIVE]
    more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
    which = f"{doubts[0].derivative} could not be decided{more}"
    return f"{judged.subject.name}: {which}: {doubts[0].reason}"


def _unseen(judged: Judged, survey: Survey) -> str:
    n, count = len(judged.subject), len(judged.rows)
    says = (
        f"{judged.subject.name}: {survey.left} of {n} components could not be decided: "
        f"{count} agree by themselves"
    )
    if not np.isfinite(survey.limit):
        return says
    much = f"{100 * survey.limit:.2g} %"
    return f"{says}, and of the rest only an error above {much} would have shown"


def _praise(judged: Judged) -> str:
    subject, survey, rows = judged.subject, judged.survey, judged.rows
    n, several = len(subject), len(subject.leaves) > 1
    about = f" of {index(subject.labels)}" if several and n > 1 else ""
    says = f"{n} components{about} agree" if n != 1 else "it agrees"
    says = f"{subject.name}: {says} with differences"
    if judged.coarse:
        says += ", in single precision"
    if survey is None:
        off = max(r.bound / max(abs(r.claimed), r.bound, 1e-300) for r in rows)
        return f"{says}, known to {off:.0e} only" if SHARP < off < 1 else says
    says += (
        f": all along random directions, in which an error of {100 * TELL:g} % in any "
        f"one of them shows, and {len(rows)} of them by themselves"
    )
    if survey.small:
        aside = "0, or so small beside the others that only larger errors show"
        says += f" ({survey.small} are {aside})"
    return says
