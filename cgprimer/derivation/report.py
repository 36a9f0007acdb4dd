"""What a check of a derivation found: one row for every '=', printed as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cgprimer.errors import shorten
from cgprimer.judge.judged import JudgedReport
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS
from cgprimer.notation.report import Part, Said, with_carets
from cgprimer.notation.text_table import TextTable

DEFINED = "defined"
HEAD = ("line", "equality", "numerically", "symbolically", "remark")
COLOURS = {FAIL: "bold red", INCONCLUSIVE: "yellow", PASS: "green", DEFINED: "dim"}


@dataclass(frozen=True)
class DerivationRow:
    """One '=' of the derivation: its two sides as written, and what came of it.

    text : the author's line; the right side is `text[start:end]`.
    verdict : PASS, FAIL, INCONCLUSIVE, or "defined" for the '=' of a definition.
    symbolic : "shown", "shown for positive values", "not shown", or empty where the
        sides differ.
    at, left_value, right_value : an example; where the sides differ, if they do.
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

    @property
    def outcome(self) -> str:
        """The verdict with what sympy says: `PASS, not shown symbolically`."""
        return f"{self.verdict}, {self.symbolic}" if self.symbolic else self.verdict

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        equality = f"{one_line(self.left)} = {one_line(self.right)}"
        return (str(self.line), equality, self.verdict, self.symbolic, self.remark)

    def __str__(self) -> str:
        """Where, with carets under the right side, and an example."""
        head = f"line {self.line}: {one_line(self.left)} is not {one_line(self.right)}"
        if self.verdict != FAIL:
            head = f"line {self.line}: {self.verdict}"
        hint = {"hint": self.remark}
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
        """The rows that claim something: all but the definitions."""
        return tuple(row for row in self.rows if row.verdict != DEFINED)

    @property
    def ok(self) -> bool:
        """Whether there is a claim and every one passed; inconclusive is not passed."""
        # Definitions alone claim nothing, and are no success.
        return bool(self.claims) and all(row.verdict == PASS for row in self.claims)

    @property
    def first_wrong(self) -> DerivationRow | None:
        """The first '=' where the two sides part."""
        return next(iter(self.failures), None)

    def summary(self) -> str:
        """One sentence: how many equalities hold, and where the first one fails."""
        claims = self.claims
        if not claims:
            return "definitions only: nothing is claimed"
        many = f"{len(claims)} claim{'s' * (len(claims) != 1)}: {self._counts(claims)}"
        wrong = self.first_wrong
        return f"{many}; the first wrong one is in line {wrong.line}" if wrong else many

    def _parts(self) -> list[Part]:
        table = self._table(self.rows, lambda r: r.verdict == FAIL, self.summary())
        wrong = self.first_wrong
        return [table, Said(f"\n{wrong}")] if wrong else [table]


def one_line(text: str) -> str:
    """A side of an equality, short enough for a sentence."""
    return shorten(" ".join(text.split()), 44)
