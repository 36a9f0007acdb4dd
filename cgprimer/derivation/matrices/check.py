"""Derivations with matrices, checked: the rows of a report.

    text, dims ─ matrix_rows ─▶ DerivationRow for every '='

`derivation.checking.check.check_derivation` calls it for a text that declares arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.derivation.checking.report import DEFINED, DerivationRow, unread_row
from cgprimer.derivation.matrices.judging import Judge, Settled, Sided
from cgprimer.derivation.matrices.script import MatrixClaim, MatrixScript, read_script
from cgprimer.derivation.matrices.terms import NotRead
from cgprimer.derivation.matrices.truths import Truths
from cgprimer.errors import CGPrimerError, ExpressionError, Mistake
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE
from cgprimer.reading.names import adjoint_of
from cgprimer.reading.script import Unread

TRIES = 4  # points drawn for each that is wanted, every second one positive
MOST = 6  # random arrays that an equality is held at: each is many numbers


def matrix_rows(
    text: str, dims: Any, rng: np.random.Generator, points: int
) -> list[DerivationRow]:
    """A row for every '=' of a derivation, in the order of its lines."""
    script = read_script(text, dims)
    rows = [unread_row(Unread(number, why)) for number, why in script.unread]
    judge = _judge(script, rng, min(points, MOST))
    for claim in script.claims:
        try:
            rows.append(_row(claim, _found(claim, script, judge)))
        except NotRead as error:
            why = Mistake(
                error.message, claim.right.line, error.start, error.end, error.hint
            )
            rows.append(unread_row(Unread(claim.number, why)))
    if not script.claims:
        problems = [why for _, why in script.unread]
        nothing = Mistake("there is no equality: write at least one, like 'z = W @ x'")
        raise ExpressionError(problems or [nothing])
    return sorted(rows, key=lambda row: row.line)


def _judge(script: MatrixScript, rng: np.random.Generator, enough: int) -> Judge:
    truths = Truths(
        script.bodies, script.free, script.sizing, script.output, script.derived
    )
    try:
        drawn = [
            truths.draw(truths.free, rng, tame=number % 2 == 1)
            for number in range(TRIES * enough)
        ]
    except MemoryError as error:
        raise ExpressionError(
            [Mistake(f"{error} has too many entries to be drawn at random")]
        ) from None
    judge = Judge(truths, drawn, enough)
    judge.unsure = script.unsure
    return judge


def _found(claim: MatrixClaim, script: MatrixScript, judge: Judge) -> Settled:
    if claim.misfit is not None:
        return judge.misfit(None, claim.right, claim.misfit)
    if claim.defines:
        if claim.value:
            [value] = judge.truths.evaluated([judge.typed(claim.right).node], {})
            judge.given[claim.defines] = np.asarray(value, dtype=float)
            judge.forget()
        return Settled(DEFINED)
    names = [*claim.left.term.names, *claim.right.term.names]
    lost = [n for n in names if adjoint_of(n, judge.truths.names)]
    if lost and script.output is None:
        said = f"no number is defined that {lost[0]} could be the derivative of"
        return Settled(INCONCLUSIVE, said)
    try:
        found = judge(claim.left, claim.right)
    except CGPrimerError as error:
        return Settled(INCONCLUSIVE, str(error).split("\n")[0])
    # Held against numbers, a formula has to have its values: 1 is one at every point.
    if found.verdict == FAIL and _is_numeric(claim.left) != _is_numeric(claim.right):
        lacking = judge.lacks(names)
        if lacking:
            return Settled(INCONCLUSIVE, f"{lacking[0]} has no value above")
    return found


def _is_numeric(side: Sided) -> bool:
    return not side.term.names


def _row(claim: MatrixClaim, found: Settled) -> DerivationRow:
    left, right = claim.left, claim.right
    return DerivationRow(
        line=claim.number,
        left=left.text,
        right=right.text,
        verdict=found.verdict,
        symbolic="",
        remark=found.remark,
        at={},
        left_value=found.left if found.verdict == FAIL else None,
        right_value=found.right if found.verdict == FAIL else None,
        points=found.points,
        text=right.line,
        start=right.start,
        end=right.end,
        correct=found.correct,
    )
