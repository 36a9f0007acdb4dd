"""What a gradient check found: rows, a verdict, the first wrong edge, a sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from cgprimer.checking.claims import Edge
from cgprimer.checking.explain import spoken
from cgprimer.errors import shorten
from cgprimer.numeric.verdict import COLOURS, FAIL, INCONCLUSIVE, PASS, REMARK, UNJUDGED

if TYPE_CHECKING:
    from rich.console import Group

HEAD = ("derivative", "claim", "claimed", "differences", "claimed/true", "verdict")
FORMULA = 22
NOTES = 8
SHOWN = 100
KINDS = {
    "edge": "partial of one equation",
    "component": "component",
    "second": "second derivative of one equation",
    "kink": "at a kink",
    "total": "total derivative",
    "direction": "total derivatives, along random directions",
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


@dataclass(frozen=True)
class CheckReport:
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
        rows = [r for r in self.rows if r.kind != "second" or r.verdict != PASS]
        if len(rows) <= SHOWN:
            return rows
        kept = sorted(range(len(rows)), key=lambda i: rows[i].verdict == PASS)[:SHOWN]
        return [rows[i] for i in sorted(kept)]

    def notes(self) -> list[str]:
        """A line for every row that has something to say, beyond the diagnosis."""
        found = [
            f"{row.derivative}: {row.verdict}, {row.note}"
            for row in self.shown()
            if row.note
            and (row.verdict == REMARK or not row.slopes)
            and row.note not in self.diagnosis
        ]
        more = [f"… and {len(found) - NOTES} more"] if len(found) > NOTES else []
        return found[:NOTES] + more

    def columns(self) -> tuple[list[str], list[list[str]]]:
        """The head and the rows as texts, without columns that are empty."""
        rows = [row.cells() for row in self.shown()]
        kept = [i for i in range(len(HEAD)) if any(row[i] for row in rows)]
        return [HEAD[i] for i in kept], [[row[i] for i in kept] for row in rows]

    def __rich__(self) -> Group:
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        head, cells = self.columns()
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for title in head:
            side: Any = "right" if title in HEAD[2:5] else "left"
            table.add_column(title, justify=side, no_wrap=title != "claim")
        for row, (*texts, verdict) in zip(self.shown(), cells, strict=True):
            table.add_row(*map(Text, texts), Text(verdict, COLOURS[row.verdict]))
        sentence = Text(f"{self.verdict}: {self.diagnosis}", COLOURS[self.verdict])
        notes = [Text(note) for note in self.notes()]
        return (
            Group(table, self.summary(), *notes, sentence) if cells else Group(sentence)
        )

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        out = StringIO()
        Console(file=out, width=100, color_system=None).print(self)
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

    def _repr_html_(self) -> str:
        head, cells = self.columns()
        titles = "".join(f"<th>{escape(title)}</th>" for title in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in cells
        )
        caption = f"<caption>{escape(self.summary())}</caption>"
        lines = [*self.notes(), f"{self.verdict}: {self.diagnosis}"]
        said = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return f"<table>{caption}<tr>{titles}</tr>{body}</table>{said}"


def overall(rows: tuple[CheckRow, ...]) -> str:
    """FAIL where a row failed, PASS where all rows that can be judged passed."""
    verdicts = {row.verdict for row in rows} - UNJUDGED
    if FAIL in verdicts:
        return FAIL
    return PASS if verdicts == {PASS} else INCONCLUSIVE
