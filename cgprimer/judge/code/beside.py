"""A look beside a point where claims are 0: there no wrong factor can be seen.

    subject, claims ─▶ subject beside ─▶ its report ─▶ the report, doubted

0 times anything is 0, so that a claim of 3x for 2x is right at x = 0. Where the
gradient is code it is looked at once more nearby; what is wrong there was not asked
about, so it fails nothing, but is no PASS either.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.code.subject import Subject
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE

ASIDE = 0.1  # of the size of a component: near, and far enough to see a factor
UNSEEN = "every claim is 0 here, where a wrong factor cannot be seen: try another point"


def beside(subject: Subject, claimed: NDArray[np.float64]) -> Subject | None:
    """The subject where all components with a claim of 0 moved; None without any."""
    zero = claimed == 0
    if not zero.any():
        return None
    # Alternate signs: if all moved alike, x - y would be 0 beside the point as well.
    signs = np.where(np.arange(len(zero)) % 2, -1.0, 1.0)  # so that no difference stays
    there = subject.x + np.where(zero, ASIDE * signs * subject.sizes, 0.0)
    moved = replace(subject, leaves=tuple(subject.split(there)))
    # 0.1 beside it log may be nan: then nothing more can be looked at.
    return moved if np.isfinite(moved.value(moved.x)) else None


def doubt(report: CheckReport, there: CheckReport) -> CheckReport:
    """INCONCLUSIVE where claims that are right at the point are wrong beside it."""
    if there.verdict != FAIL:
        return report
    says = (
        f"where a claim is 0 a factor cannot be seen, and beside it {there.diagnosis}"
    )
    return replace(report, verdict=INCONCLUSIVE, diagnosis=says.rstrip("."))
