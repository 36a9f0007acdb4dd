"""What a check of a derivation found: one row for every '=', printed as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cgprimer.errors import excerpt, shorten
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS
from cgprimer.notation.report import Part, Report, Said, printable
from cgprimer.notation.table import TextTable, capped

DEFINED = "defined"
HEAD = ("line", "equality", "numerically", "symbolically", "remark")
_COLOURS = {FAIL: "bold red", INCONCLUSIVE: "yellow", PASS: "green", DEFINED: "dim"}


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
        lines = [head, "", *excerpt(self.text, self.start, self.end)]
        if self.left_value is not None and self.right_value is not None:
            where = ", ".join(
                f"{name} = {value:.6g}" for name, value in self.at.items()
            )
            found = f"{self.left_value:.10g} on the left, {self.right_value:.10g} here"
            lines += ["", f"    {f'at {where}: ' if where else ''}{found}"]
        if self.remark:
            lines.append(f"  hint: {self.remark}")
        return printable("\n".join(lines))


@dataclass(frozen=True, repr=False)
class DerivationReport(Report):
    """What `check_derivation` found; prints as a table, also in notebooks."""

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
        return next((row for row in self.rows if row.verdict == FAIL), None)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for pandas.DataFrame or a file."""
        return [asdict(row) for row in self.rows]

    def summary(self) -> str:
        """One sentence: how many equalities hold, and where the first one fails."""
        claims = self.claims
        if not claims:
            return "definitions only: nothing is claimed"
        counts = {v: sum(row.verdict == v for row in claims) for v in _COLOURS}
        found = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
        many = f"{len(claims)} claim{'s' * (len(claims) != 1)}: {found}"
        wrong = self.first_wrong
        return f"{many}; the first wrong one is in line {wrong.line}" if wrong else many

    def _parts(self) -> list[Part]:
        rows, left_out = capped(self.rows, lambda row: row.verdict == FAIL)
        table = TextTable(
            HEAD,
            [row.cells() for row in rows],
            numbers=["line"],
            formulas=["equality"],
            title="derivation",
            caption="\n".join(filter(None, (self.summary(), left_out))),
            styles={"numerically": [_COLOURS[row.verdict] for row in rows]},
        )
        wrong = self.first_wrong
        return [table, *([Said(f"\n{wrong}")] if wrong else [])]


def one_line(text: str) -> str:
    """A side of an equality, short enough for a sentence."""
    return shorten(" ".join(text.split()), 44)
