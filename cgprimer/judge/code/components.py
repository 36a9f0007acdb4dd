"""Gradients component by component: claims of plain code held against differences.

    subject ─ lines ─▶ blocks of slopes ─ claims ─▶ rows; asked by `findings`

For f = Σx² at x = (1, 1e-9) differences give 2 ± 5e-14 and 2e-9 ± 4e-14. Claims of 2·x
pass: even 4e-14 is less than SHARP·2e-9 = 2e-13.

Single precision inside f widens the bounds and condemns nobody; bounds that would let
an error of 0.1 % by vouch for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.judge.code.lines import Slopes, slopes
from cgprimer.judge.code.rounding import COARSE, COARSEST
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.judge.evidence import Evidence
from cgprimer.judge.report import CheckRow
from cgprimer.judge.slopes import Slope
from cgprimer.judge.verdict import (
    FAIL,
    INCONCLUSIVE,
    NEGLIGIBLE,
    PASS,
    SHARP,
    Judgement,
    K,
    judge,
)
from cgprimer.types import Array, Integers

SHARP_COARSE = 4.5e-4  # of single precision: an error of 0.1 % is still seen
CLAIM = 4.0  # a claim is off by so many times the precision it is computed in
NOTHING = 1e-12  # of what the other components do: a claim as small as this is 0
BLOCK = 8  # components that are differenced at a time


@dataclass(frozen=True)
class Block:
    """Components of a subject, `chosen`, and the differences there."""

    chosen: Integers
    slopes: Slopes


def measure(
    subject: Subject, chosen: Integers, tick: Callable[[int], None] = lambda n: None
) -> list[Block]:
    """The differences at the chosen components; `tick` hears how many are done."""
    blocks = []
    for first in range(0, len(chosen), BLOCK):
        some = chosen[first : first + BLOCK]
        each = subject.components(some)
        blocks.append(Block(some, slopes(each, subject.x[some], subject.scale[some])))
        tick(len(some))
    return blocks


def component_rows(
    subject: Subject, claimed: ClaimedGradient, blocks: Sequence[Block]
) -> tuple[CheckRow, ...]:
    """The rows of a check, one for each component in `blocks`."""
    usual = _usual(subject, blocks)
    rows: list[CheckRow] = []
    for block in blocks:
        one = _evidence(block, claimed)
        precisions = np.maximum(block.slopes.precision, claimed.precision)
        for k, i in enumerate(block.chosen.tolist()):
            row = _row(subject, i, one, k, bool(precisions[k] > COARSE))
            # Of terms of size `usual` each component of its own size does about as
            # much: a slope of that over its size.
            rows.append(_beside_usual(row, min(usual, 1.0) / float(subject.sizes[i])))
    return tuple(rows)


def _beside_usual(row: CheckRow, level: float) -> CheckRow:
    """The row, judged beside the slope `level` of what others do."""
    value, bound = row.difference, row.bound
    # The one rule may pass a claim that is as small as its rounding; code of unknown
    # terms says less of that than a graph.
    if row.verdict == PASS and _is_drowned(row, level):
        says = f"differences say no more than {value:.3g} ± {bound:.1g} here"
        row = replace(row, verdict=INCONCLUSIVE, reason=says)
    if row.verdict != PASS and _is_nothing(row, level):
        row = replace(row, verdict=PASS, reason="", ratio=None)
    return row


def _usual(subject: Subject, blocks: Sequence[Block]) -> float:
    """What most components do to f, over steps of their own size."""
    does = [block.slopes.terms * subject.sizes[block.chosen] for block in blocks]
    # The lower median of what does something; components that do nothing, as behind a
    # relu that is 0, are left out.
    some = np.sort(np.concatenate(does)) if does else np.zeros(0)
    some = some[(some > 0) & np.isfinite(some)]
    return float(some[(len(some) - 1) // 2]) if len(some) else 0.0


def _is_nothing(row: CheckRow, level: float) -> bool:
    """Whether a claim is 0 beside what others do, and f says no more than that it is.

    The bias before a batch normalisation has such a slope: rounding is all that f does.
    What others do counts for no more than 1, the size that a value has where nobody
    tells: beside terms of 1e16 every slope would be nothing.
    """
    small = abs(row.claimed) <= NOTHING * level and row.bound <= NEGLIGIBLE * level
    return small and abs(row.difference) <= K * row.bound


def _is_drowned(row: CheckRow, level: float) -> bool:
    """Whether the bound is wider than a claim that is not 0 and than what is found."""
    most = max(abs(row.claimed), abs(row.difference), NEGLIGIBLE * level)
    return row.claimed != 0 and row.bound > most


def _evidence(block: Block, claimed: ClaimedGradient) -> Evidence:
    """The claims beside bounds that leave room for their rounding."""
    slopes, claims = block.slopes, claimed.values[block.chosen]
    # A claim is computed as f is: in single precision it has 1e-7, whatever its own
    # type.
    own = np.maximum(np.minimum(slopes.precision, COARSEST), claimed.precision)
    size = np.nan_to_num(np.abs(claims), posinf=0.0)
    allowed = _widen(slopes.slope, CLAIM * own * size + EPSILON * slopes.terms)
    return Evidence(claims, slopes.terms, allowed, {}, np.zeros(len(claims), bool))


def _widen(slope: Slope, extra: Array) -> Slope:
    again = slope.again
    later = again and (lambda: _widen(again(), extra))
    return replace(slope, bound=slope.bound + extra, again=later)


def _judge(one: Evidence, k: int, coarse: bool) -> Judgement:
    """The one rule, at line k; of single precision all of the bound is made use of."""
    claim, terms = float(one.claimed[k]), float(one.terms[k])
    judged = judge(claim, one.slope, k, terms, SHARP_COARSE if coarse else SHARP)
    gap, bound = float(one.gaps[k]), float(one.slope.bound[k])
    # The rule allows K times the bound. The bound of single precision is wide already.
    if judged.verdict == PASS and coarse and gap > bound:
        return Judgement(INCONCLUSIVE, f"it is {gap:.1g} off, and known to {bound:.1g}")
    return judged


def _row(subject: Subject, i: int, one: Evidence, k: int, coarse: bool) -> CheckRow:
    judged, wrt = _judge(one, k, coarse), subject.wrt(i)
    row = one.row("component", (subject.name, wrt), None, k, judged)
    ratio = row.claimed / row.difference if row.difference else np.inf
    return replace(
        row,
        at={wrt: float(subject.x[i])},
        ratio=(ratio, ratio) if judged.verdict == FAIL else None,
    )
