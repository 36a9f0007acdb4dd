r"""A derivation with matrices, read line by line: definitions, values and claims.

    text, dims ─ read_script ─▶ Script of definitions, claims, and what is not read

A fresh single name on the left is defined, or gets a value where the right side is
made of numbers; all else claims something.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cgprimer.derivation.matrices.conform import (
    Conform,
    NonConforming,
    one_reading,
)
from cgprimer.derivation.matrices.formulas import formula
from cgprimer.derivation.matrices.judging import Sided
from cgprimer.derivation.matrices.lines import declarations, matrix_statements
from cgprimer.derivation.matrices.terms import NotRead
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.dims import Dims, Sizing, show_dims
from cgprimer.expr.node import Node, leaves
from cgprimer.reading.lines import Span, Statement
from cgprimer.reading.names import adjoint_of, derivative_of

CONSTANTS = frozenset(["e", "i", "j", "pi", "π"])


@dataclass
class MatrixClaim:
    """One '=': two sides, in line `number`.

    defines : the name that it defines; value : whether it gives that name a value.
    misfit : why a definition's right side does not conform.
    """

    number: int
    left: Sided
    right: Sided
    defines: str | None = None
    value: bool = False
    misfit: NonConforming | None = None


@dataclass
class MatrixScript:
    """What was read.

    bodies : definitions. derived : those that use adjoints or derivatives. free : names
    without one. unsure : those of them that have no dims, and are taken as numbers.
    broken : name → the line that may define it and is not read. seed : the name whose
    adjoint a line sets to 1.
    """

    sizing: Sizing
    bodies: dict[str, Node] = field(default_factory=dict)
    derived: dict[str, Node] = field(default_factory=dict)
    free: dict[str, None] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    broken: dict[str, int] = field(default_factory=dict)
    claims: list[MatrixClaim] = field(default_factory=list)
    unread: list[tuple[int, Mistake]] = field(default_factory=list)
    seed: str | None = None

    @property
    def output(self) -> str | None:
        """The name whose adjoint is 1: told by a line, or the last number defined."""
        if self.seed:
            return self.seed
        numbers = [n for n in self.bodies if not self.sizing.of_name(n)]
        return numbers[-1] if numbers else None


def read_script(text: str, dims: Any = None) -> MatrixScript:
    """Read a text; mistakes of declarations are ExpressionErrors.

    dims : name → dims or arrays, as `parse_graph` takes them.
    """
    declared, rest = declarations(text, _with_shapes(dims))
    problems = [one for some in declared.problems.values() for one in some]
    if problems:
        raise ExpressionError(problems)
    script = MatrixScript(Sizing(declared.dims))
    script.free = dict.fromkeys(declared.dims)
    read = matrix_statements(rest)
    reader = _MatrixReader(script, read)
    for statement in read:
        reader.read(statement)
    return script


def _with_shapes(dims: Any) -> Any:
    """Dims with whole numbers as values, too: those are scalars."""
    if isinstance(dims, Mapping):
        return {k: 0.0 if isinstance(v, int) else v for k, v in dims.items()}
    return dims


def _headings(
    statements: Sequence[Statement], known: Collection[str]
) -> dict[str, int]:
    """The names that lines may define, by themselves on the left, with their lines."""
    found: dict[str, int] = {}
    for statement in statements:
        try:
            spans, _ = statement.sides(follows=True)
            term = formula(statement.clean, *spans[0], known=known)
        except (ExpressionError, NotRead):
            continue
        name = str(term.value)
        if term.kind == "name" and not name.startswith(("bar_", "d_", "partial_")):
            found.setdefault(name, statement.number)
    return found


class _MatrixReader:
    """Reads statements one after another into a script."""

    def __init__(self, script: MatrixScript, statements: Sequence[Statement]) -> None:
        self.script = script
        self.last: Sided | None = None
        self.gap = False
        self.below = _headings(statements, script.free)

    @property
    def known(self) -> dict[str, Any]:
        script = self.script
        more = dict.fromkeys(script.broken)
        return {**script.free, **script.bodies, **script.derived, **more}

    def read(self, statement: Statement) -> None:
        try:
            spans, _ = statement.sides(follows=bool(self.last or self.gap))
        except ExpressionError as error:
            self._unread(statement, error.problems[0])
            self.last, self.gap = None, True
            return
        first = spans[0]
        if first[0] < first[1]:
            self.last, self.gap = None, False
            heading = self._heading(statement, first)
            if heading is not None:
                self._define(statement, heading, spans)
                return
            self.last = self._side(statement, first)
            if self.last is None:
                self.gap = True
                return
        self._go_on(statement, spans[1:])

    def _go_on(self, statement: Statement, spans: list[Span]) -> None:
        for span in spans:
            side = self._side(statement, span)
            if side is None:
                self.last, self.gap = None, True
                return
            if self.last is not None:
                self._claim(statement.number, self.last, side)
            elif self.gap:
                mistake = Mistake(
                    "it goes on from what is not read", statement.line, *span
                )
                self.script.unread.append((statement.number, mistake))
            self.last = side

    def _claim(self, number: int, left: Sided, right: Sided) -> None:
        term = left.term
        base = None
        if term.kind == "name":
            base = adjoint_of(str(term.value), self.known)
        one = right.term.kind == "number" and right.term.value == 1.0
        script = self.script
        if base and one and script.seed is None and not script.sizing.of_name(base):
            script.seed = base
        script.claims.append(MatrixClaim(number, left, right))

    def _heading(self, statement: Statement, span: Span) -> str | None:
        """The name that a line defines, where its left side is a fresh one."""
        script = self.script
        try:
            term = formula(statement.clean, *span, known=self.known)
        except NotRead:
            return None
        if term.kind != "name":
            return None
        name = str(term.value)
        used = name in script.bodies or name in script.broken or name in script.derived
        asked = adjoint_of(name, self.known) or derivative_of(name, self.known)
        return None if used or asked or self._was_used(name) else name

    def _was_used(self, name: str) -> bool:
        """Whether lines above use a name, which then only a claim can be about."""
        script = self.script
        return any(name in leaves(body) for body in script.bodies.values())

    def _define(self, statement: Statement, name: str, spans: list[Span]) -> None:
        script, number = self.script, statement.number
        left = Sided(formula(statement.clean, *spans[0], known=self.known),
                     statement.line, *spans[0])  # fmt: skip
        right = self._side(statement, spans[1])
        if right is None:
            script.broken[name] = number
            self.last, self.gap = None, True
            return
        claim = MatrixClaim(number, left, right, defines=name)
        if name in right.term.names:
            mistake = Mistake(
                f"{name!r} is defined by itself", statement.line, *spans[0],
                "give what is new another name",
            )  # fmt: skip
            script.unread.append((number, mistake))
            script.broken[name] = number
            self.last, self.gap = None, True
            return
        try:
            typed = Conform(script.sizing, statement.line)(right.term)
        except NotRead as error:
            self._refuse(statement, error)
            script.broken[name] = number
            self.last, self.gap = None, True
            return
        except NonConforming as error:
            claim.misfit = error
            script.claims.append(claim)
            script.broken[name] = number
            self.last, self.gap = None, True
            return
        dims = script.sizing.of(typed.node)
        if not self._fits(statement, name, dims, spans[0]):
            self.last, self.gap = None, True
            return
        script.sizing.names[name] = dims
        script.claims.append(claim)
        script.free.pop(name, None)
        used = leaves(typed.node)
        if any(n not in script.free and n not in script.bodies for n in used):
            script.derived[name] = typed.node
        elif used:
            script.bodies[name] = typed.node
        else:
            claim.value = True
            script.free[name] = None
        self.last = right
        self._go_on(statement, spans[2:])

    def _fits(self, statement: Statement, name: str, dims: Dims, span: Span) -> bool:
        """Whether what a definition says has the dims that its name was declared."""
        script = self.script
        wanted = script.sizing.names.get(name)
        if wanted is None or wanted == dims:
            return True
        said = (
            f"{name} is declared {show_dims(wanted)}, and its right side is "
            f"{show_dims(dims)}"
        )
        claim = MatrixClaim(statement.number, self._name(statement, span), self._name(
            statement, span), defines=name)  # fmt: skip
        claim.right = self._whole(statement, span)
        claim.misfit = NonConforming(said, *span, [])
        script.claims.append(claim)
        script.broken[name] = statement.number
        return False

    def _name(self, statement: Statement, span: Span) -> Sided:
        term = formula(statement.clean, *span, known=self.known)
        return Sided(term, statement.line, *span)

    def _whole(self, statement: Statement, span: Span) -> Sided:
        spans, _ = statement.sides(follows=True)
        term = formula(statement.clean, *spans[1], known=self.known)
        return Sided(term, statement.line, *spans[1])

    def _side(self, statement: Statement, span: Span) -> Sided | None:
        """A side that was read, with all its names known."""
        try:
            term = formula(statement.clean, *span, known=self.known)
            for name in term.names:
                self._enter(str(name), span)
            term = one_reading(term, self.script.sizing, statement.line)
        except NotRead as error:
            self._refuse(statement, error)
            return None
        return Sided(term, statement.line, *span)

    def _enter(self, name: str, span: Span) -> None:
        """A name of a side: known, a derivative of known ones, or a new number."""
        script, known = self.script, self.known
        if name in script.broken:
            line = script.broken[name]
            raise NotRead(f"{name} rests on line {line}, which is not read", *span)
        if name in known:
            return
        base = adjoint_of(name, known)
        asked = derivative_of(name, known)
        if base in script.derived or (asked and asked.of in script.derived):
            raise NotRead(f"{name} is of what is made of derivatives itself", *span)
        if base:
            script.sizing.names[name] = script.sizing.of_name(base)
            return
        if asked:
            of, wrt = script.sizing.of_name(asked.of), script.sizing.of_name(asked.wrt)
            if of:
                raise NotRead(
                    f"the derivative of an array, {asked.of}, may be laid out in two "
                    "ways", *span, "write what reaches a number at the end",
                )  # fmt: skip
            script.sizing.names[name] = wrt
            return
        if name in self.below:
            said = f"{name} is defined below, in line {self.below[name]}"
            raise NotRead(said, *span, "put its definition above")
        if name.startswith(("bar_", "d_", "partial_")):
            raise NotRead(f"{name} is of no name that is known here", *span)
        if name in CONSTANTS:
            raise NotRead(f"{name} may be a constant", *span, f"declare {name}: scalar")
        if not (name[0].islower() or (len(name) == 1 and not name.isascii())):
            raise NotRead(
                f"{name} has no dims", *span, f"declare it, as in {name}: 3 x 2",
            )  # fmt: skip
        script.free[name] = None
        script.sizing.names[name] = ()
        if name[0].isascii():
            script.unsure.add(name)

    def _refuse(self, statement: Statement, error: NotRead) -> None:
        mistake = Mistake(
            error.message, statement.line, error.start, error.end, error.hint
        )
        self._unread(statement, mistake)

    def _unread(self, statement: Statement, mistake: Mistake) -> None:
        self.script.unread.append((statement.number, mistake))
