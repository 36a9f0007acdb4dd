"""What a gradient check found: rows, a verdict, the first wrong edge, a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from cgprimer import takes
from cgprimer.errors import listing, shorten
from cgprimer.judge.judged import JudgedReport
from cgprimer.judge.mistakes.explain import ratio_text
from cgprimer.judge.verdict import COLOURS, FAIL, INCONCLUSIVE, PASS, REMARK, UNJUDGED
from cgprimer.notation.numbers import apart
from cgprimer.notation.report import Part, Said
from cgprimer.notation.text_table import OPEN, TextTable, cap
from cgprimer.types import Edge

HEAD = ("derivative", "claim", "claimed", "differences", "claimed/true", "verdict")
FORMULA = 22
NOTES = 8
NAMES = 24  # of the point; a reader of more takes them from `at`
KINDS = {
    "edge": "partial of one equation",
    "component": "component",
    "second": "second derivative of one equation",
    "kink": "at a kink",
    "total": "total derivative",
    "direction": "total derivatives, along random directions",
}


@dataclass(frozen=True)
class Spot:
    """A claim beside a difference ± bound, and the names' values where they meet."""

    at: dict[str, float]
    claimed: float
    difference: float
    bound: float

    @property
    def texts(self) -> tuple[str, str]:
        """The claim and the difference, with as many digits as tell them apart."""
        return apart(self.claimed, self.difference)

    @property
    def where(self) -> str:
        """` at xa=0.5, b=2 (3.1 claimed, 1.55 by differences)`."""
        a, b = self.texts
        return f" at {point_text(self.at, NOTES)} ({a} claimed, {b} by differences)"


@dataclass(frozen=True)
class CheckRow:
    """One derivative, judged at `points` points; its values are those at one of them.

    The rows of a report show the same point, `at` which its names have these values;
    only kinks have points of their own.

    kind : "edge", "second", "kink" or "total"; "component" of code without a graph.
    claim : the formula or function, or "" for our own derivative; `where` it stands.
    ratio : claimed / true over the points, lowest and highest, where it failed.
    slopes : before and after a kink.
    mistake, looks_like : what the claim was taken for, in a word and in a sentence.
    decided : where the verdict was reached, if it does not show at that one point.
    mend : the line to change and what to change it to, where that is known.
    """

    kind: str
    node: str
    wrt: str
    claim: str
    where: str
    claimed: float
    difference: float
    bound: float
    verdict: str
    reason: str
    points: int
    at: dict[str, float]
    ratio: tuple[float, float] | None = None
    slopes: tuple[float, float] | None = None
    mistake: str = ""
    looks_like: str = ""
    decided: Spot | None = None
    mend: str = ""

    @property
    def edge(self) -> Edge:
        """(node, wrt)."""
        return self.node, self.wrt

    @property
    def spot(self) -> Spot:
        """Where the verdict was reached."""
        own = Spot(self.at, self.claimed, self.difference, self.bound)
        return self.decided or own

    @property
    def derivative(self) -> str:
        """`∂xw/∂xz`, `∂²xw/∂xz²`, or `d xw/d xa` for a total derivative."""
        if self.kind == "total":
            return f"d {self.node}/d {self.wrt}"
        if self.kind == "direction":
            return f"d {self.node} along {self.wrt}"
        if self.kind == "second":
            return f"∂²{self.node}/∂{self.wrt}²"
        at = f" at {self.wrt}={self.at[self.wrt]:.4g}" if self.kind == "kink" else ""
        return f"∂{self.node}/∂{self.wrt}{at}"

    @property
    def note(self) -> str:
        """What is to be said beyond the verdict."""
        return self.looks_like or self.reason

    @property
    def is_storied(self) -> bool:
        """Whether it is a total derivative that was looked into by itself."""
        return self.kind == "total" and self.ratio is not None

    @property
    def remark(self) -> str:
        """`∂xy/∂xa: FAIL at xa=0.5, the sign is flipped; change … to …`, or nothing."""
        where = self.decided.where if self.decided else ""
        if not (where or self.note):
            return ""
        said = "; ".join(filter(None, (self.note, self.mend)))
        return f"{self.derivative}: {self.verdict}{where}{', ' * bool(said)}{said}"

    @property
    def proportion(self) -> str:
        """Claimed / true at the point of the row, where it failed."""
        if self.verdict != FAIL or self.slopes or not np.isfinite(self.claimed):
            return ""
        if not self.difference:
            return "∞" if self.claimed else ""
        # A quotient by what may be 0 would say something of rounding only.
        if not abs(self.difference) > self.bound:
            return ""
        ratio = ratio_text((self.claimed / self.difference,) * 2)
        return "" if ratio == "1" else ratio  # what is wrong shows elsewhere

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        differences = f"{self.difference:.5g} ± {self.bound:.0e}"
        if self.slopes:
            differences = " | ".join(f"{slope:.5g}" for slope in self.slopes)
        return (
            self.derivative,
            shorten(self.claim, FORMULA),
            f"{self.claimed + 0.0:.5g}",
            differences,
            self.proportion,
            self.verdict,
        )


@dataclass(frozen=True, repr=False)
class CheckReport(JudgedReport[CheckRow]):
    """What `check_gradients` found; prints as a table, also in notebooks.

    verdict : PASS, FAIL or INCONCLUSIVE.
    first_wrong : (node, wrt) of the first wrong edge in topological order, or None.
    diagnosis : what was found, and which line to change.
    at : all names' values at the point of the table, of `points` that were tried;
        the product of partials along a path is there the path's share of a total.
    """

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[2:5],
        spare=HEAD[4:1:-1],
        formulas=["claim"],
        frame=OPEN,
    )

    verdict: str
    rows: tuple[CheckRow, ...]
    first_wrong: Edge | None
    diagnosis: str
    at: dict[str, float] = field(default_factory=dict)
    points: int = 0

    @property
    def ok(self) -> bool:
        """Whether the verdict is PASS; INCONCLUSIVE is not."""
        return self.verdict == PASS

    def row(self, node: str, wrt: str, kind: str = "edge") -> CheckRow:
        """The row of one derivative; KeyError where it is not there."""
        takes.text(node=node, wrt=wrt, kind=kind)
        for row in self.rows:
            if (row.node, row.wrt, row.kind) == (node, wrt, kind):
                return row
        raise KeyError((node, wrt, kind))

    def point(self) -> str:
        """At which point the table is: `All values are at xa=0.5, b=2, xy=0.5`."""
        if not self.at:
            return ""
        of = f"one of {self.points} points: " if self.points > 1 else ""
        return f"All values are at {of}{point_text(self.at, NAMES)}"

    def summary(self) -> str:
        """How many derivatives of each kind, and how they came out."""
        counts = {
            words: self._counts(row for row in self.rows if row.kind == kind)
            for kind, words in KINDS.items()
        }
        return "; ".join(f"{words}: {said}" for words, said in counts.items() if said)

    def shown(self) -> list[CheckRow]:
        """The rows worth a line: all first-order ones, and others that did not pass.

        Of very many, those that did not pass come first to be kept.
        """
        return cap(self._worth_a_line(), _did_not_pass)[0]

    def _worth_a_line(self) -> list[CheckRow]:
        return [r for r in self.rows if r.kind != "second" or r.verdict != PASS]

    def notes(self) -> list[str]:
        """A line for every row that has something to say, beyond the diagnosis."""
        remarks = [
            row.remark
            for row in self.shown()
            if row.remark
            # Kinks that agree have their slopes in the table, and no line.
            and (row.verdict == REMARK or not row.slopes)
            and (row.decided or not row.note or row.note not in self.diagnosis)
        ]
        more = [f"… and {len(remarks) - NOTES} more"] if len(remarks) > NOTES else []
        return remarks[:NOTES] + more

    def _parts(self) -> list[Part]:
        sentence = Said(f"{self.verdict}: {self.diagnosis}", COLOURS[self.verdict])
        rows = self._worth_a_line()
        if not rows:
            return [sentence]
        notes = [Said(note) for note in self.notes()]
        point = [Said(self.point())] * bool(self.at)
        table = self._table(rows, _did_not_pass)
        return [*point, table, Said(self.summary()), *notes, sentence]


def point_text(at: Mapping[str, float], most: int) -> str:
    """`xa=0.5, b=2`, of no more names than that."""
    return listing([f"{name}={value:.5g}" for name, value in at.items()], most)


def _did_not_pass(row: CheckRow) -> bool:
    return row.verdict != PASS


def overall(rows: tuple[CheckRow, ...]) -> str:
    """FAIL where a row failed, PASS where all rows that can be judged passed."""
    # Of declared gradients only, nothing was judged: no PASS.
    verdicts = {row.verdict for row in rows} - UNJUDGED
    if FAIL in verdicts:
        return FAIL
    return PASS if verdicts == {PASS} else INCONCLUSIVE
