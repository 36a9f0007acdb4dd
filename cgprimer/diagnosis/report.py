"""What `diagnose` found, as a table and in sentences.

Finding   one operation that goes wrong: where, how, why, and what to write instead
Diagnosis all of them, in the order of evaluation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cgprimer.diagnosis.evaluation import EPSILON
from cgprimer.errors import listing, shorten
from cgprimer.notation.report import Part, RowReport, Said, with_carets
from cgprimer.notation.text_table import TextTable

DIGITS = -float(np.log10(EPSILON))
HINTED = 100  # findings for which a formula is looked for
HEAD = ("where", "operation", "in doubles", "exactly", "digits lost", "sample", "why")


@dataclass(frozen=True)
class Finding:
    """One operation that goes wrong although its arguments were right.

    kind : "value" of an equation, "edge" for an edge partial, "gradient" for the sum
        over all paths, from `node` by `wrt`.
    outcome : "nan", "inf" or "digits"; `lost` is how many of some 15.7 digits.
    text : the equation, or the formula of the derivative; the operation is
        `text[start:end]`.
    exact : in extended precision; a text, since it may be beyond the largest double.
    sample : the worst one, and `samples` how many it befell; None where all values of
        the point are plain numbers.
    suggestion : how to write it, verified at this point and beside it; "" where no
        formula is known. `engine` tells where cgprimer computes another form than the
        one written.
    """

    kind: str
    node: str
    wrt: str | None
    operation: str
    outcome: str
    value: float
    exact: str
    lost: float
    sample: int | None
    samples: int
    reason: str
    suggestion: str
    engine: str
    text: str
    start: int
    end: int

    @property
    def where(self) -> str:
        """`xy`, `∂xy/∂xx` for an edge, `d xw/d xa` for a gradient."""
        if self.kind == "value":
            return self.node
        sign = "∂" if self.kind == "edge" else "d "
        return f"{sign}{self.node}/{sign}{self.wrt}"

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        return (
            self.where,
            shorten(self.operation, 40),
            f"{self.value:.8g}",
            self.exact,
            f"{self.lost:.0f} of {DIGITS:.0f}",
            self._sample(),
            self.reason,
        )

    def _sample(self) -> str:
        more = f" and {self.samples - 1} more" * (self.samples > 1)
        return "" if self.sample is None else f"{self.sample}{more}"

    def __str__(self) -> str:
        """What went wrong, carets under the operation, and what to do."""
        turned = {"nan": "turns nan", "inf": "turns infinite"}
        what = turned.get(self.outcome, f"loses {self.lost:.0f} of its digits")
        kind = {"value": "equation of", "edge": "partial"}.get(self.kind, self.kind)
        sample = "" if self.sample is None else f", sample {self.sample}"
        operation = shorten(self.operation, 60)
        return with_carets(
            f"{operation} {what} in the {kind} {self.where}{sample}",
            self.text,
            self.start,
            self.end,
            f"{self.value:.10g} in doubles, {self.exact} exactly: {self.reason}",
            {"hint": self.suggestion, "note": self.engine},
        )


@dataclass(frozen=True, repr=False)
class Diagnosis(RowReport[Finding]):
    """What `diagnose` found, in the order of evaluation; prints as a table.

    operations : how many were looked at; `samples` of how many samples, `checked` of
        them in extended precision.
    given : names that were given nan or inf, so that no operation is to blame for it.
    """

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[2:6],
        spare=HEAD[5:1:-1],
        formulas=["operation"],
        title="diagnosis",
    )

    rows: tuple[Finding, ...]
    operations: int
    samples: int
    checked: int
    given: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every operation kept at least half its digits."""
        return not (self.rows or self.given)

    @property
    def first(self) -> Finding | None:
        """The first operation that went wrong, in the order of evaluation."""
        return self.rows[0] if self.rows else None

    def summary(self) -> str:
        """One sentence: how many operations, and the first that went wrong."""
        looked = f"{self.operations} operation{'s' * (self.operations != 1)}"
        if self.checked < self.samples:
            looked += f", the {self.checked} most suspect of {self.samples} samples"
        elif self.samples > 1:
            looked += f", {self.samples} samples"
        first = self.first
        if self.given:
            verb = "is" if len(self.given) == 1 else "are"
            looked = f"{listing(self.given)} {verb} nan or inf as given. {looked}"
        if first is None and self.given:
            return f"{looked}: none goes wrong where what it is given is finite"
        if first is None:
            return f"{looked}: all finite, and all keep at least half their digits"
        wrong = f"{len(self.rows)} go{'es' * (len(self.rows) == 1)} wrong"
        if len(self.rows) > HINTED:
            wrong += f" (hints were looked for at {HINTED})"
        return f"{looked}: {wrong}, the first in {first.where}"

    def _parts(self) -> list[Part]:
        if self.first is None:
            return [Said(self.summary())]
        table = self._table(self.rows, said=self.summary())
        return [table, Said(f"\n{self.first}")]
