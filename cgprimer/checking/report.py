"""What a gradient check found: rows, a verdict, the first wrong edge, a sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cgprimer.checking.claims import Edge
from cgprimer.checking.explain import spoken
from cgprimer.checking.verdict import COLOURS
from cgprimer.errors import shorten
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.table import OPEN, Table, capped
from cgprimer.numeric.compare import FAIL, INCONCLUSIVE, PASS, SURROGATE

HEAD = ("derivative", "claim", "claimed", "differences", "claimed/true", "verdict")
FORMULA = 22
NOTES = 8
KINDS = {
    "edge": "partial of one equation",
    "component": "component",
    "second": "second derivative of one equation",
    "kink": "at a kink",
    "total": "total derivative",
}


@dataclass(frozen=True)
class CheckRow:
    """One derivative, judged at `points` points; values are those of the worst.

    kind : "edge", "second", "kink" or "total"; "component" of code without a graph.
    claim : the formula or function, or "" for our own derivative; `where` it stands.
    ratio : claimed / true over the points, lowest and highest, where it failed.
    slopes : before and after a kink.
    mistake, looks_like : what the claim was taken for, in a word and in a sentence.
    at : the values of the names at the worst point.
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

    @property
    def edge(self) -> Edge:
        """(node, wrt)."""
        return self.node, self.wrt

    @property
    def derivative(self) -> str:
        """`∂xw/∂xz`, `∂²xw/∂xz²`, or `d xw/d xa` for a total derivative."""
        if self.kind == "total":
            return f"d {self.node}/d {self.wrt}"
        if self.kind == "second":
            return f"∂²{self.node}/∂{self.wrt}²"
        at = f" at {self.wrt}={self.at[self.wrt]:.4g}" if self.kind == "kink" else ""
        return f"∂{self.node}/∂{self.wrt}{at}"

    @property
    def note(self) -> str:
        """What is to be said beyond the verdict."""
        return self.looks_like or self.reason

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        differences = f"{self.difference:.5g} ± {self.bound:.0e}"
        if self.slopes:
            differences = " | ".join(f"{slope:.5g}" for slope in self.slopes)
        return (
            self.derivative,
            shorten(self.claim, FORMULA),
            f"{self.claimed:.5g}",
            differences,
            spoken(self.ratio) if self.ratio else "",
            self.verdict,
        )


@dataclass(frozen=True, repr=False)
class CheckReport(Report):
    """What `check_gradients` found; prints as a table, also in notebooks.

    verdict : PASS, FAIL or INCONCLUSIVE.
    first_wrong : (node, wrt) of the first wrong edge in topological order, or None.
    diagnosis : a sentence that says what was found, and which line to change.
    """

    verdict: str
    rows: tuple[CheckRow, ...]
    first_wrong: Edge | None
    diagnosis: str

    @property
    def ok(self) -> bool:
        """Whether the verdict is PASS; INCONCLUSIVE is not."""
        return self.verdict == PASS

    @property
    def failures(self) -> tuple[CheckRow, ...]:
        """The rows that failed."""
        return tuple(row for row in self.rows if row.verdict == FAIL)

    def row(self, node: str, wrt: str, kind: str = "edge") -> CheckRow:
        """The row of one derivative; KeyError where it is not there."""
        for row in self.rows:
            if (row.node, row.wrt, row.kind) == (node, wrt, kind):
                return row
        raise KeyError((node, wrt, kind))

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for pandas.DataFrame or a file."""
        return [asdict(row) for row in self.rows]

    def summary(self) -> str:
        """How many derivatives of each kind, and how they came out."""
        parts = []
        for kind, words in KINDS.items():
            rows = [row for row in self.rows if row.kind == kind]
            counts = {v: sum(row.verdict == v for row in rows) for v in COLOURS}
            found = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
            if rows:
                parts.append(f"{words}: {found}")
        return "; ".join(parts)

    def shown(self) -> list[CheckRow]:
        """The rows worth a line: all first-order ones, and others that did not pass.

        Of very many, those that did not pass come first to be kept.
        """
        return capped(self._worth_a_line(), _failed)[0]

    def _worth_a_line(self) -> list[CheckRow]:
        return [r for r in self.rows if r.kind != "second" or r.verdict != PASS]

    def notes(self) -> list[str]:
        """A line for every row that has something to say, beyond the diagnosis."""
        found = [
            f"{row.derivative}: {row.verdict}, {row.note}"
            for row in self.shown()
            if row.note and not row.slopes and row.note not in self.diagnosis
        ]
        more = [f"… and {len(found) - NOTES} more"] if len(found) > NOTES else []
        return found[:NOTES] + more

    def _parts(self) -> list[Part]:
        shown = self.shown()
        sentence = Said(f"{self.verdict}: {self.diagnosis}", COLOURS[self.verdict])
        if not shown:
            return [sentence]
        notes = [Said(note) for note in self.notes()]
        return [self._table(shown), Said(self.summary()), *notes, sentence]

    def _table(self, shown: list[CheckRow]) -> Table:
        return Table(
            HEAD,
            [row.cells() for row in shown],
            numbers=HEAD[2:5],
            spare=HEAD[4:1:-1],
            formulas=["claim"],
            caption=capped(self._worth_a_line(), _failed)[1],
            styles={"verdict": [COLOURS[row.verdict] for row in shown]},
            frame=OPEN,
        )


def _failed(row: CheckRow) -> bool:
    return row.verdict != PASS


def overall(rows: tuple[CheckRow, ...]) -> str:
    """FAIL where a row failed, PASS where all rows that can be judged passed."""
    verdicts = {row.verdict for row in rows} - {SURROGATE}
    if FAIL in verdicts:
        return FAIL
    return PASS if verdicts == {PASS} else INCONCLUSIVE
