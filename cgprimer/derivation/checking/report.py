"""What a check of a derivation found: one row for every '=', printed as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cgprimer.derivation.checking.samples import BothSides
from cgprimer.errors import listing, shorten
from cgprimer.judge.judged import JudgedReport
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS
from cgprimer.notation.report import Part, Said, with_carets
from cgprimer.notation.text_table import TextTable
from cgprimer.reading.script import Equality, Unread

DEFINED, NOT_READ = "defined", "NOT READ"
HEAD = ("line", "equality", "numerically", "symbolically", "remark")
COLOURS = {
    FAIL: "bold red", INCONCLUSIVE: "yellow", NOT_READ: "yellow", PASS: "green",
    DEFINED: "dim",
}  # fmt: skip


@dataclass(frozen=True)
class DerivationRow:
    """One '=' of the derivation: its two sides as written, and what came of it.

    text : the author's line; the right side is `text[start:end]`.
    A line that was not read is one, too: `left` is the line, `text[start:end]` what in
    it was not read, and `remark` why.

    verdict : PASS, FAIL, INCONCLUSIVE, NOT READ, or "defined" for the '=' of a
        definition.
    symbolic : "shown", "shown for positive values", "not shown", or empty where the
        sides differ.
    at, left_value, right_value : an example; where the sides differ, if they do.
    correct : what belongs on the right side of a wrong '=', where that is known.
    """

    line: int
    left: str
    right: str
    verdict: str
    symbolic: str
    remark: str
    at: dict[str, float]
    left_value: float | None
    right_value: float | None
    points: int
    text: str
    start: int
    end: int
    correct: str = ""

    @property
    def outcome(self) -> str:
        """The verdict with what sympy says: `PASS, not shown symbolically`."""
        return f"{self.verdict}, {self.symbolic}" if self.symbolic else self.verdict

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        equality = f"{one_line(self.left)} = {one_line(self.right)}"
        if self.verdict == NOT_READ:
            equality = one_line(self.left)
        right = f"right: {one_line(self.correct)}" if self.correct else ""
        remark = "; ".join(filter(None, (self.remark, right)))
        return (str(self.line), equality, self.verdict, self.symbolic, remark)

    def __str__(self) -> str:
        """Where, with carets under the right side, and an example."""
        head = f"line {self.line}: {one_line(self.left)} is not {one_line(self.right)}"
        if self.verdict != FAIL:
            head = f"line {self.line}: {self.verdict}"
        hint = {"hint": self.remark, "right": self.correct}
        return with_carets(head, self.text, self.start, self.end, self._example(), hint)

    def _example(self) -> str:
        """`at x = 2: 4 on the left, 6 here`, where both sides have a value."""
        if self.left_value is None or self.right_value is None:
            return ""
        where = ", ".join(f"{name} = {value:.6g}" for name, value in self.at.items())
        sides = f"{self.left_value:.10g} on the left, {self.right_value:.10g} here"
        return f"at {where}: {sides}" if where else sides


@dataclass(frozen=True, repr=False)
class DerivationReport(JudgedReport[DerivationRow]):
    """What `check_derivation` found; prints as a table, also in notebooks."""

    _columns: ClassVar = TextTable(
        HEAD, (), numbers=["line"], formulas=["equality"], title="derivation"
    )
    _coloured: ClassVar = "numerically"
    _colours: ClassVar = COLOURS

    rows: tuple[DerivationRow, ...]

    @property
    def claims(self) -> tuple[DerivationRow, ...]:
        """The rows that claim something: all but definitions and what is not read."""
        silent = (DEFINED, NOT_READ)
        return tuple(row for row in self.rows if row.verdict not in silent)

    @property
    def unread(self) -> tuple[DerivationRow, ...]:
        """The lines that were not read."""
        return tuple(row for row in self.rows if row.verdict == NOT_READ)

    @property
    def ok(self) -> bool:
        """Whether there is a claim, every one passed, and every line was read."""
        # Definitions alone claim nothing, and are no success.
        passed = all(row.verdict == PASS for row in self.claims)
        return bool(self.claims) and passed and not self.unread

    @property
    def first_wrong(self) -> DerivationRow | None:
        """The first '=' where the two sides part."""
        return next(iter(self.failures), None)

    def summary(self) -> str:
        """One sentence: how many equalities hold, and where the first one fails."""
        claims = self.claims
        if not claims:
            return "definitions only: nothing is claimed"
        said = f"{len(claims)} claim{'s' * (len(claims) != 1)}: {self._counts(claims)}"
        if wrong := self.first_wrong:
            said += f"; the first wrong one is in line {wrong.line}"
        lines = list(dict.fromkeys(str(row.line) for row in self.unread))
        if lines:
            many = f"lines {listing(lines)} are" if lines[1:] else f"line {lines[0]} is"
            said += f"; {many} not read, so the whole is not confirmed"
        return said

    def _parts(self) -> list[Part]:
        table = self._table(self.rows, lambda r: r.verdict == FAIL, self.summary())
        wrong = self.first_wrong
        return [table, Said(f"\n{wrong}")] if wrong else [table]


def one_line(text: str) -> str:
    """A side of an equality, short enough for a sentence."""
    return shorten(" ".join(text.split()), 44)


def row_of(
    equality: Equality,
    verdict: str,
    remark: str = "",
    sample: BothSides | None = None,
    points: int = 0,
    symbolic: str = "",
    correct: str = "",
) -> DerivationRow:
    """The row of an equality; `sample` is its example."""
    left, right = equality.left, equality.right
    remark = "; ".join(filter(None, (remark, equality.note)))
    return DerivationRow(
        line=right.number,
        left=left.text,
        right=right.text,
        verdict=verdict,
        symbolic=symbolic,
        remark=remark,
        at=sample.at if sample else {},
        left_value=float(sample.left) if sample else None,
        right_value=float(sample.right) if sample else None,
        points=points,
        text=right.line,
        start=right.start,
        end=right.end,
        correct=correct,
    )


def unread_row(unread: Unread) -> DerivationRow:
    """The row of a line that was not read."""
    why = unread.mistake
    return DerivationRow(
        line=unread.number,
        left=why.text.strip(),
        right="",
        verdict=NOT_READ,
        symbolic="",
        remark="; ".join(filter(None, (why.message, why.hint))),
        at={},
        left_value=None,
        right_value=None,
        points=0,
        text=why.text,
        start=why.start,
        end=why.end,
    )
