"""The report of `check_gradients` on a graph with arrays.

WorstEntry, claim, cause ─▶ ArrayCheckRow ─▶ ArrayCheckReport, with CheckReport's faces
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from cgprimer.errors import counted, listing, shorten
from cgprimer.judge.arrays.claims import ArrayClaim
from cgprimer.judge.arrays.derivatives import ArrayDerivative
from cgprimer.judge.arrays.evidence import WorstEntry
from cgprimer.judge.arrays.places import entry_text
from cgprimer.judge.report import FORMULA, CheckReport, CheckRow
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, SURROGATE
from cgprimer.notation.text_table import OPEN, TextTable

HEAD = (
    "derivative", "claim", "worst entry", "claimed", "differences", "claimed/true",
    "checked", "verdict",
)  # fmt: skip
MOST = 8  # sentences on what is wrong besides the first


@dataclass(frozen=True)
class ArrayCheckRow(CheckRow):
    """One derivative by an array; the numbers are those of its worst entry.

    entry : `∂xh[2]/∂W[2,17]`, or `d loss/d W[0,3]`, with the sample where there are
        several. checked : `18 entries`, or `3 directions of 78,400 entries`.
    """

    entry: str = ""
    checked: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        derivative, claim, claimed, differences, ratio, verdict = super().cells()
        if self.mistake == "does not conform":
            claimed = differences = ratio = ""
        return (
            derivative, claim, self.entry, claimed, differences, ratio, self.checked,
            verdict,
        )  # fmt: skip

    @property
    def remark(self) -> str:
        """What is to be said beyond the verdict, or nothing."""
        if not self.note:
            return ""
        said = "; ".join(filter(None, (self.note, self.mend)))
        return f"{self.derivative}: {self.verdict}, {said}"

    @property
    def evidence(self) -> str:
        """`d loss/d W[0,3] is 0.31 by differences where 0.62 is claimed`."""
        claimed, true = self.spot.texts
        return f"{self.entry} is {true} by differences where {claimed} is claimed"


@dataclass(frozen=True, repr=False)
class ArrayCheckReport(CheckReport):
    """What `check_gradients` found of a graph with arrays."""

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[3:6],
        spare=(HEAD[5], HEAD[6], HEAD[4], HEAD[3]),
        formulas=["claim"],
        frame=OPEN,
    )

    def summary(self) -> str:
        """How many derivatives, how they came out, and how many along directions."""
        along = sum("direction" in row.checked for row in array_rows(self.rows))
        more = f"; {along} along random directions, not entry by entry" * bool(along)
        return super().summary() + more


def array_rows(rows: Sequence[CheckRow]) -> list[ArrayCheckRow]:
    """The rows, as what they are."""
    return [row for row in rows if isinstance(row, ArrayCheckRow)]


def row_of(
    one: ArrayDerivative, claim: ArrayClaim | None, said: WorstEntry, points: int
) -> ArrayCheckRow:
    """The row on what was found."""
    text, where = (claim.text, claim.where) if claim else ("", "")
    return ArrayCheckRow(
        one.kind, *one.edge, text, where, said.claimed, said.difference, said.bound,
        said.verdict, said.reason, points, {},
        entry=entry_text(said, one.kind, *one.edge), checked=said.checked,
    )  # fmt: skip


def misfit_row(
    one: ArrayDerivative, claim: ArrayClaim, says: str, points: int
) -> ArrayCheckRow:
    """The row on a claim whose dims do not fit."""
    nan = float("nan")
    return ArrayCheckRow(
        one.kind, *one.edge, claim.text, claim.where, nan, nan, nan,
        FAIL, says, points, {}, mistake="does not conform", looks_like=says,
    )  # fmt: skip


def mended(row: ArrayCheckRow, right: str) -> ArrayCheckRow:
    """The row with what to change its claim to."""
    where = f" ({row.where})" if row.where else ""
    return replace(
        row, mend=f"change {shorten(row.claim, 3 * FORMULA)}{where} to {right}"
    )


def diagnosis(rows: Sequence[ArrayCheckRow], width: int, given: bool) -> str:
    """What was found, in sentences: the first wrong derivative, and the others."""
    wrong = [row for row in rows if row.verdict == FAIL]
    if wrong:
        return " ".join([_first(wrong[0]), *_others(wrong[1:])])
    doubtful = [row for row in rows if row.verdict == INCONCLUSIVE]
    if doubtful:
        row = doubtful[0]
        more = f" (and {len(doubtful) - 1} more)" if len(doubtful) > 1 else ""
        return f"{row.entry} could not be decided{more}: {row.reason}"
    if not rows:
        return "there is nothing here that could be judged"
    return _praise(rows, width, given)


def _first(row: ArrayCheckRow) -> str:
    name = f"∂{row.node}/∂{row.wrt}" if row.kind == "edge" else row.derivative
    text = (
        f"{name} is the first wrong derivative: {row.note or 'no common mistake fits'}."
    )
    if row.mistake != "does not conform":
        text += f" {_capital(row.evidence)}."
    return f"{text} {_capital(row.mend)}." if row.mend else text


def _others(rows: Sequence[ArrayCheckRow]) -> list[str]:
    says = [f"{row.derivative} is wrong, too: {row.note}." for row in rows if row.note]
    rest = [row.derivative for row in rows if not row.note]
    says = says[:MOST] + [f"And {len(says) - MOST} more."] * (len(says) > MOST)
    return [*says, *[f"Also wrong: {listing(rest)}."] * bool(rest)]


def _praise(rows: Sequence[ArrayCheckRow], width: int, given: bool) -> str:
    passed = [row for row in rows if row.verdict == PASS]
    if not passed:
        return "every gradient is declared, not derived: nothing could be judged"
    edges = sum(row.kind == "edge" for row in passed)
    totals = len(passed) - edges
    parts = [counted(edges, "edge")] * (edges > 0)
    parts += [counted(totals, "total")] * (totals > 0)
    along = sum("direction" in row.checked for row in passed)
    declared = sum(row.verdict == SURROGATE for row in rows)
    aside = f"; {along} of them along random directions, not entry by entry"
    aside = aside * bool(along)
    aside += f"; {declared} are declared, not derived" * bool(declared)
    points = counted(width, f"{'given' if given else 'random'} point")
    return f"{' and '.join(parts)} agree with finite differences at {points}{aside}"


def _capital(text: str) -> str:
    """A sentence begins with a capital, but a name stays what it is."""
    word = text.split(" ", 1)[0]
    return text[0].upper() + text[1:] if word == "change" else text
