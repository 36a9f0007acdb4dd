"""The check of code: is it a function, is its gradient right, also where it is not 0?

    subject ─ purity ─▶ its gradient, claimed ─ examined, findings ─▶ report
                                                      └─ a look beside ─▶ doubt

0 times anything is 0, so that a claim of 3x for 2x is right at x = 0. Where the
gradient is code it is looked at once more nearby; what is wrong there was not asked
about, so it fails nothing, but is no PASS either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cgprimer.judge.code.examined import examine
from cgprimer.judge.code.findings import report_on
from cgprimer.judge.code.purity import not_finite, undecided_report, varies
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS
from cgprimer.types import Array

ASIDE = 0.1  # of the size of a component: near, and far enough to see a factor
UNSEEN = "every claim is 0 here, where a wrong factor cannot be seen: try another point"


def check_code(
    subject: Subject,
    first: float,
    claim: Callable[[], ClaimedGradient | CheckReport],
    rng: np.random.Generator,
    progress: bool | None,
    hint: str = "",
) -> CheckReport:
    """The report on a subject, which gave `first`, and on what is claimed for it.

    claim : gives a report instead, where there is nothing to be held against f.
    hint : what to add where f gives another number for the same leaves.
    """
    if says := varies(subject, first):
        return undecided_report(says + hint)
    if not np.isfinite(first):
        return undecided_report(not_finite(subject))
    claims = claim()
    if isinstance(claims, CheckReport):
        return claims
    report = compare(subject, claims, rng, progress)
    # Once more at the end: what keeps a state may show it only after many calls.
    if says := varies(subject, first):
        return undecided_report(says)
    if claims.wrong:
        where = report.first_wrong or report.rows[0].edge
        return replace(
            report, verdict=FAIL, first_wrong=where, diagnosis=f"{claims.wrong}."
        )
    if report.verdict != PASS:
        return report
    if claims.again is None:
        says = f"{report.diagnosis}; {UNSEEN}"
        return report if claims.values.any() else replace(report, diagnosis=says)
    # Only code can be asked for its gradient at another point; numbers are those at x.
    there = _beside(subject, claims.values)
    if there is None:
        return report
    looked = compare(there, claims.again(there.split(there.x)), rng, progress)
    return _doubt(report, looked)


def compare(
    subject: Subject,
    claims: ClaimedGradient,
    rng: np.random.Generator,
    progress: bool | None,
) -> CheckReport:
    """The report on the values of a gradient alone."""
    return report_on(examine(subject, claims, rng, progress), claims)


def _beside(subject: Subject, claimed: Array) -> Subject | None:
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


def _doubt(report: CheckReport, there: CheckReport) -> CheckReport:
    """INCONCLUSIVE where claims that are right at the point are wrong beside it."""
    if there.verdict != FAIL:
        return report
    says = (
        f"where a claim is 0 a factor cannot be seen, and beside it {there.diagnosis}"
    )
    return replace(report, verdict=INCONCLUSIVE, diagnosis=says.rstrip("."))
