"""From what was looked at of a subject, and the gradient claimed for it, to the report.

Examined, claims ─▶ rows, one for each component ─▶ verdict, sentence
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cgprimer.judge.code.component_sentences import Judged, sentence
from cgprimer.judge.code.components import component_rows
from cgprimer.judge.code.examined import Examined
from cgprimer.judge.code.rounding import COARSE
from cgprimer.judge.code.subject import ClaimedGradient
from cgprimer.judge.report import CheckReport, CheckRow, overall
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, K

SINGLE = float(np.finfo(np.float32).eps)
BLUR = 16  # times its precision, a gradient is off beside its largest component
ERRATIC = 64 * SINGLE  # single precision may be off by so much, up and down


def report_on(known: Examined, claims: ClaimedGradient) -> CheckReport:
    """The report on claims for all components, as far as they were looked at."""
    judged, remarks = judge_components(known, claims), claims.remarks
    # Judged once more with the precision that it seems to have.
    if claims.precision < SINGLE and _is_erratic(judged):
        judged = judge_components(known, replace(claims, precision=SINGLE))
        remarks = (*remarks, "the gradient has the digits of single precision only")
    verdict = overall(judged.rows)
    # What no direction could resolve has neither agreed nor failed.
    if verdict == PASS and judged.left:
        verdict = INCONCLUSIVE
    says = "; ".join((sentence(judged), *remarks))
    first = next((row.edge for row in judged.rows if row.verdict == FAIL), None)
    return CheckReport(verdict, judged.rows, first, says + "." * (verdict == FAIL))


def judge_components(known: Examined, claims: ClaimedGradient) -> Judged:
    """The rows on claims for all components, as far as they were looked at."""
    # Components may be in the sample and in a suspicious half: once is enough.
    rows = component_rows(known.subject, claims, known.blocks)
    chosen, order = np.unique(known.chosen, return_index=True)
    eased = tuple(
        _beside_others(known, _allow_blur(known, rows[k], i, claims), i)
        for k, i in zip(order.tolist(), chosen.tolist(), strict=True)
    )
    return Judged(known, claims.values, eased, chosen)


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
    known: Examined, row: CheckRow, i: int, claims: ClaimedGradient
) -> CheckRow:
    """In single precision small components have no more digits than large ones."""
    # Sums of a whole leaf are rounded to the size of its largest component: a gradient
    # in float32 with 1e3 beside 1e-5 has no digit left in the latter.
    inside = known.subject.part(known.subject.owner(i))
    largest = np.nan_to_num(np.abs(claims.values[inside])).max()
    gap = abs(row.claimed - row.difference)
    rounding = BLUR * claims.precision * largest if claims.precision > COARSE else 0.0
    if row.verdict != FAIL or not gap <= rounding:
        return row
    reason = f"it is {gap:.1g} off, which is rounding beside {largest:.3g}"
    return replace(row, verdict=INCONCLUSIVE, reason=reason, ratio=None)


def _is_erratic(judged: Judged) -> bool:
    """Whether all that fails is off by the rounding of single precision.

    By so little, and either by less than its last digit, or up and down without a rule,
    or to numbers that it has. A wrong constant is off by one ratio: it is not excused.
    """
    claimed = judged.claimed
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
