"""One equality with matrices judged: at random arrays, and what would make it right.

    sides, Truths ─ Judge ─▶ verdict, remark, example

A side that does not conform fails with both shapes; sides of other dims fail with
theirs. What is wrong is told where a small change makes both sides equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgprimer.derivation.checking.digits import half_unit
from cgprimer.derivation.matrices.conform import Conform, NonConforming, Typed
from cgprimer.derivation.matrices.repairs import Repair, repairs
from cgprimer.derivation.matrices.terms import NotRead, SideTerm
from cgprimer.derivation.matrices.truths import Truths
from cgprimer.errors import CGPrimerError
from cgprimer.expr.dims import show_dims
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import CONST, const
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS
from cgprimer.reading.names import adjoint_of, derivative_of
from cgprimer.types import Array

TOLERANCE = 1e-9  # of double precision; products of some thousand terms are within it
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Sided:
    """A side that was read: its term, where it stands, and its line."""

    term: SideTerm
    line: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """As written."""
        return self.line[self.start : self.end]


@dataclass(frozen=True)
class Settled:
    """What came of an equality; `left` and `right` are values at one entry."""

    verdict: str
    remark: str = ""
    left: float | None = None
    right: float | None = None
    points: int = 0
    correct: str = ""


class Judge:
    """Judges equalities by the definitions of one script.

    points : random arrays for the free names, and the same positive ones. given : names
        that lines gave values, for claims that are held against numbers.
    """

    def __init__(
        self,
        truths: Truths,
        points: Sequence[Mapping[str, Array]],
        enough: int,
    ) -> None:
        self.truths, self.points, self.enough = truths, points, enough
        self.given: dict[str, Array] = {}
        self.unsure: set[str] = set()  # names without dims, taken as numbers
        self.known: dict[tuple[bool, int, str], Any] = {}

    def __call__(self, left: Sided, right: Sided) -> Settled:
        try:
            a, b = self.typed(left), self.typed(right)
        except NonConforming as error:
            return self.misfit(left, right, error)
        misfit = self._dims_differ(a, b)
        compared = self.compare(a.node, b.node, left, right)
        if compared is None:
            return Settled(INCONCLUSIVE, self._why(a, b))
        if compared.verdict != FAIL and not misfit:
            return compared
        if compared.verdict == PASS and a.row != b.row:
            if self._is_derivative(left.term) or self._is_derivative(right.term):
                said = "the derivative is written as a row"
                return Settled(PASS, said, points=compared.points)
            said = f"a row on one side, a column on the other: {misfit}"
            return Settled(FAIL, said, points=compared.points)
        if compared.verdict == PASS and misfit:
            return Settled(PASS, "for every entry", points=compared.points)
        if compared.verdict == FAIL:
            return self._wrong(left, right, a, b, compared, misfit)
        return compared

    def typed(self, side: Sided) -> Typed:
        """A side as a node; NonConforming where it does not conform."""
        return Conform(self.truths.sizing, side.line)(side.term)

    def _is_derivative(self, term: SideTerm) -> bool:
        heads = ("bar_", "d_", "partial_")
        return term.kind == "name" and str(term.value).startswith(heads)

    def _dims_differ(self, a: Typed, b: Typed) -> str:
        """What to say where the dims of two sides are not the same."""
        sizing = self.truths.sizing
        one, other = sizing.of(a.node), sizing.of(b.node)
        row = a.row != b.row and bool(one) and bool(other)
        if one == other and not row:
            return ""
        shapes = (f"1 x {show_dims(d)}" if typed.row and d else show_dims(d)
                  for typed, d in ((a, one), (b, other)))  # fmt: skip
        return "the left side is {}, the right side {}".format(*shapes)

    def compare(
        self, a: Node, b: Node, left: Sided | None = None, right: Sided | None = None
    ) -> Settled | None:
        """Both sides at every point; None where there is nothing to compare."""
        numeric = not leaves(a) or not leaves(b)
        met = 0
        for number, point in enumerate(self.points):
            here = {**point, **self.given} if numeric else point
            values = self._both(a, b, here, number, numeric)
            if values is None:
                continue
            x, y = values
            if not (np.isfinite(x).all() and np.isfinite(y).all()):
                continue
            slack = self._slack(a, left) + self._slack(b, right) if numeric else 0.0
            found = _differs(x, y, slack)
            if found is not None:
                return found
            met += 1
            if met >= self.enough:
                break
        return Settled(PASS, points=met) if met else None

    def _both(
        self, a: Node, b: Node, point: Mapping[str, Array], number: int, numeric: bool
    ) -> tuple[Array, Array] | None:
        names = {*leaves(a), *leaves(b)}
        values: dict[str, Any] = {}
        for name in names:
            key = (numeric, number, name)
            if key not in self.known:
                self.known[key] = self.truths.values(point, [name]).get(name)
            values[name] = self.known[key]
        if any(value is None for value in values.values()):
            return None
        try:
            with np.errstate(all="ignore"):
                x, y = self.truths.evaluated([a, b], values)
        except (CGPrimerError, np.linalg.LinAlgError, ArithmeticError):
            return None
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)

    def _slack(self, node: Node, side: Sided | None) -> float:
        """How far off a side of numbers may be, as they were rounded."""
        if side is None or leaves(node):
            return 0.0
        halves = {float(t): half_unit(t) for t in _DECIMAL.findall(side.text)}
        [base] = self.truths.evaluated([node], {})
        total = 0.0
        for leaf in [n for n in postorder([node]) if n.op is CONST]:
            half = halves.get(abs(float(leaf.value)), 0.0)
            if half:
                moved = substitute([node], {leaf: const(float(leaf.value) + half)})
                [value] = self.truths.evaluated(moved, {})
                total += float(np.max(np.abs(value - base)))
        return total

    def lacks(self, names: Sequence[str]) -> list[str]:
        """Names without values, where a claim is held against numbers."""
        needed = {n for name in names for n in self._free_below(name)}
        return sorted(needed - {*self.given})

    def _free_below(self, name: str) -> list[str]:
        bodies = self.truths.bodies
        found, stack, seen = [], [name], set()
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            if at in bodies or at in self.truths.derived:
                stack += leaves(bodies.get(at) or self.truths.derived[at])
            elif at in self.truths.names:
                found.append(at)
            elif asked := derivative_of(at, self.truths.names):
                stack += [asked.of, asked.wrt]
            elif adjoint_of(at, self.truths.names):
                stack.append(str(self.truths.output))
        return found

    def _why(self, a: Typed, b: Typed) -> str:
        return "the sides have no real finite value at any point tried"

    def forget(self) -> None:
        """Values at given names are computed anew: another name got its value."""
        self.known = {key: x for key, x in self.known.items() if not key[0]}

    def misfit(self, left: Sided | None, right: Sided, error: NonConforming) -> Settled:
        """A side that does not conform, and what would; of a definition no `left`."""
        unsure = self.unsure.intersection(error.names)
        if unsure:
            name = min(unsure)
            raise NotRead(
                f"{error.message}, if {name} is a number", error.start, error.end,
                f"declare it, as in {name}: 3, or {name}: scalar",
            )  # fmt: skip
        repair = self._repaired(left, right) if left else None
        if repair is None:
            fits = self._that_conforms(left, right)
            more = f"; {fits.says} it would conform" if fits else ""
            return Settled(FAIL, error.message + more)
        said = f"{error.message}; {repair.says} both sides are equal"
        return Settled(FAIL, said, correct=_edited(right, repair))

    def _wrong(
        self, left: Sided, right: Sided, a: Typed, b: Typed, found: Settled, misfit: str
    ) -> Settled:
        unsure = self._unsure_beside(left.term) | self._unsure_beside(right.term)
        if unsure:
            name = min(unsure)
            said = f"{name} has no dims, and is taken as a number: declare it"
            return Settled(INCONCLUSIVE, said)
        repair = self._repaired(left, right)
        said = f"{repair.says} both sides are equal" if repair else ""
        correct = _edited(right, repair) if repair else ""
        parts = [misfit, said] if misfit else [said, found.remark]
        remark = "; ".join(filter(None, parts))
        if misfit:
            return Settled(FAIL, remark, points=found.points, correct=correct)
        values = found.left, found.right
        return Settled(FAIL, remark, *values, points=found.points, correct=correct)

    def _unsure_beside(self, root: SideTerm) -> set[str]:
        """Names without dims that stand beside an array in a product."""
        found: set[str] = set()
        sizing = self.truths.sizing
        for _, term in root.walk():
            if term.kind != "product":
                continue
            names = [str(arg.value) for arg in term.args if arg.kind == "name"]
            arrays = [n for n in term.names if sizing.of_name(n)]
            found |= {n for n in names if n in self.unsure and arrays}
        return found

    def _repaired(self, left: Sided, right: Sided) -> Repair | None:
        """The first change of the right side that makes both equal."""
        try:
            a = self.typed(left)
        except (NonConforming, NotRead):
            return None
        for repair in repairs(right.term, right.line, _mark(right)):
            try:
                b = self.typed(Sided(repair.term, right.line, right.start, right.end))
            except (NonConforming, NotRead):
                continue
            if self._dims_differ(a, b):
                continue
            found = self.compare(a.node, b.node, left, right)
            if found is not None and found.verdict == PASS:
                return repair
        return None

    def _that_conforms(self, left: Sided | None, right: Sided) -> Repair | None:
        for repair in repairs(right.term, right.line, _mark(right)):
            side = Sided(repair.term, right.line, right.start, right.end)
            try:
                b = self.typed(side)
                a = self.typed(left) if left else b
            except (NonConforming, NotRead):
                continue
            if not self._dims_differ(a, b):
                return repair
        return None


def _mark(side: Sided) -> str:
    """How the author writes a transpose."""
    for mark in (r"^{\top}", r"^\top", "^{T}", "^T", "ᵀ", "⊤", "'"):
        if mark in side.line:
            return mark
    return r"^\top" if "\\" in side.line else "'"


def _edited(side: Sided, repair: Repair) -> str:
    """The right side as it should be, where the change is one of signs."""
    if not repair.edits:
        return ""
    text, at = "", side.start
    for start, end, new in sorted(repair.edits):
        text += side.line[at:start] + new
        at = end
    return text + side.line[at : side.end]


def _differs(x: Array, y: Array, slack: float) -> Settled | None:
    """Where two values differ most, if they do."""
    if x.shape != y.shape and x.ndim and y.ndim:
        return Settled(FAIL, points=1)
    shape = np.broadcast_shapes(x.shape, y.shape)
    x, y = np.broadcast_to(x, shape), np.broadcast_to(y, shape)
    scale = max(float(np.max(np.abs(x))), float(np.max(np.abs(y))))
    allowed = TOLERANCE * np.maximum(np.abs(x), np.abs(y)) + 1e-12 * scale + slack
    gap = np.abs(x - y) - allowed
    if not (gap > 0).any():
        return None
    place = np.unravel_index(int(np.argmax(gap)), shape) if shape else ()
    where = f"they differ most in entry {[int(k) for k in place]}" if shape else ""
    return Settled(FAIL, where, float(x[place]), float(y[place]), points=1)
