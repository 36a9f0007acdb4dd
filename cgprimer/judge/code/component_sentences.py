"""The sentence of a report on plain code: what is wrong where, or what agrees.

judged rows ─▶ parts, one for each argument ─ patterns ─▶ sentence
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.code.directions import TELL
from cgprimer.judge.code.examined import Examined
from cgprimer.judge.code.subject import Subject, index
from cgprimer.judge.mistakes.component_patterns import Part, common, likely_mistakes
from cgprimer.judge.report import CheckRow
from cgprimer.judge.stories.sentences import undecided
from cgprimer.judge.verdict import FAIL, SHARP
from cgprimer.types import Array, Integers


@dataclass(frozen=True)
class Judged:
    """The rows on the `chosen` components of a subject, in order.

    known : what was looked at. claimed : for all components, (n,).
    """

    known: Examined
    claimed: Array
    rows: tuple[CheckRow, ...]
    chosen: Integers

    @property
    def subject(self) -> Subject:
        """What the rows are about."""
        return self.known.subject

    @property
    def left(self) -> int:
        """How many components directions could say nothing of."""
        return self.known.survey.left if self.known.survey else 0

    def inside(self, k: int) -> slice:
        """Which of the rows are on components of leaf k."""
        place = self.subject.part(k)
        return slice(*np.searchsorted(self.chosen, (place.start, place.stop)))

    def parts(self) -> dict[int, Part]:
        """The leaves that something is wrong with, by number."""
        every = {k: self._part(k) for k in range(len(self.subject.leaves))}
        return {k: part for k, part in every.items() if len(part.wrong)}

    def _part(self, k: int) -> Part:
        place, mine = self.subject.part(k), self.inside(k)
        rows = self.rows[mine]
        return Part(
            self.subject.labels[k],
            self.subject.leaves[k],
            self.claimed[place],
            self.chosen[mine] - place.start,
            np.array([row.difference for row in rows]),
            np.array([row.bound for row in rows]),
            np.flatnonzero([row.verdict == FAIL for row in rows]),
        )


def sentence(judged: Judged) -> str:
    """What a report says, without a full stop."""
    if any(row.verdict == FAIL for row in judged.rows):
        return "; ".join(_mistakes(judged))
    tell = _unseen if judged.left else _praise
    return f"{judged.subject.name}: {undecided(judged.rows) or tell(judged)}"


def _mistakes(judged: Judged) -> Iterator[str]:
    """One sentence for all arguments, or one for each that is wrong."""
    subject, parts = judged.subject, judged.parts()
    says = common(list(parts.values())) if len(parts) > 1 else None
    if says:
        yield f"{subject.name}: {says}, {_where(judged, judged.rows)}"
        return
    several = len(subject.leaves) > 1 or subject.told
    for k, part in parts.items():
        others = {
            label: leaf
            for label, leaf in zip(subject.labels, subject.leaves, strict=True)
            if leaf is not part.at and leaf.size == part.at.size
        }
        head = f"{subject.name}, {part.label}" if several else subject.name
        where = _where(judged, judged.rows[judged.inside(k)])
        yield f"{head}: {next(likely_mistakes(part, others))}, {where}"


def _where(judged: Judged, rows: Sequence[CheckRow]) -> str:
    names = [row.wrt for row in rows if row.verdict == FAIL]
    others = len(judged.subject) - len(names)
    if len(names) == len(rows):
        every = len(judged.chosen) == len(judged.subject)
        looked = f"every one of the {len(names)} components that were looked at"
        return "at every component" if every else f"at {looked}"
    if judged.known.survey is None:
        part = len(judged.chosen) < len(judged.subject)
        return f"at {index(names)}" + f" of {len(rows)} that were looked at" * part
    rest = ", and perhaps at more" if judged.left else f"; the other {others} agree"
    return f"at {index(names)}{rest}"


def _unseen(judged: Judged) -> str:
    n, count, survey = len(judged.subject), len(judged.rows), judged.known.survey
    says = f"{judged.left} of {n} components could not be decided: "
    says += f"{count} agree by themselves"
    if survey is None or not np.isfinite(survey.limit):
        return says
    much = f"{100 * survey.limit:.2g} %"
    return f"{says}, and of the rest only an error above {much} would have shown"


def _praise(judged: Judged) -> str:
    subject, survey, rows = judged.subject, judged.known.survey, judged.rows
    n, several = len(subject), len(subject.leaves) > 1
    about = f" of {index(subject.labels)}" if several and n > 1 else ""
    says = f"{n} components{about} agree" if n != 1 else "it agrees"
    says += " with differences" + ", in single precision" * judged.known.coarse
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
