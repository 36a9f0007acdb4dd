r"""A written derivation, read: which equalities define a name, which claim something.

    text ─ lines ─▶ statements, sides ─ translate ─▶ formulas ─ vocabulary ─▶ Script

Names carry meaning: `bar_v1` is an adjoint, `d_v3_d_v1` a total and
`partial_v3_partial_v1` an edge partial, as soon as v1 and v3 are known. A line that
cannot be read is kept with the reason, and so is every line that needs it: it never
makes another one wrong.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Sequence
from dataclasses import replace

from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import ZERO, const, name
from cgprimer.reading.euler import named_e
from cgprimer.reading.gradients import components, gradient
from cgprimer.reading.headings import Headings, first_name
from cgprimer.reading.letters import Letters
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.lines import Equals, Span, Statement, statements
from cgprimer.reading.names import adjoint_of
from cgprimer.reading.readings import Readings
from cgprimer.reading.scaffolding import bare
from cgprimer.reading.script import Equality, Script, Side, Unread
from cgprimer.reading.spelling import Spelling
from cgprimer.reading.spellings import LETTERS
from cgprimer.reading.vocabulary import Vocabulary

_LATEX = re.compile(r"\\[A-Za-z\\]|[_^]\{|\$")
_PRINTED = re.compile(_LATEX.pattern + r"|[⁰¹²³⁴-⁹√½¼¾·×∂′₀-₉∑∏α-ω]|[A-Za-z]'")
_SIGMOID = re.compile(r"(?:\\sigma|σ)\s*[′']?\s*(?:\\left)?\s*\(")


def require_claims(scripts: Sequence[Script]) -> None:
    """Raise ExpressionError where scripts say nothing that can be judged.

    It has every mistake, each with a caret.
    """
    said = [one for script in scripts for one in script.equalities]
    # Scripts of one page may share lines.
    told = (problem for script in scripts for problem in script.problems())
    problems = list(dict.fromkeys(told))
    if problems and not any(one.claims for one in said):
        raise ExpressionError(problems)
    if not said:
        raise ExpressionError(
            [Mistake("there is no equality: write at least one, like 'v1 = 1/x'")]
        )


def read_lines(
    text: str,
    variables: Collection[str] | None = None,
    stated: Collection[str] = (),
    latex: bool = False,
) -> Script:
    """The equalities of `text`; what could not be read of it is in `unread`.

    variables : names that no line defines; with None, every such name is one.
    stated : names that are told to be such, if a line uses them.
    latex : whether it is LaTeX even if nothing in it says so.
    """
    reader = _read(text, Vocabulary(variables, told=stated), latex)
    # What is defined below its use is known from the beginning, the second time.
    late, old = reader.late | reader.after_unread(), reader.names
    if late or old.nodes:
        functions = {
            text: old.functions[text] for text in old.functions.keys() & late.keys()
        }
        names = Vocabulary(variables, late, old.free, functions, old.nodes, stated)
        reader = _read(text, names, latex)
    script = reader.script()
    return named_e(script) if r"\mathit" in text else script


def _read(text: str, names: Vocabulary, latex: bool) -> _Reader:
    latex = latex or bool(_LATEX.search(text))
    letters = Letters.of(bare(text), latex)
    context = Lexicon(
        ChainMap(names.known, names.told), names.functions, names.depends,
        names.broken, names.numbers, letters,
        latex=latex or bool(_PRINTED.search(text)), told=True,
    )  # fmt: skip
    reader = _Reader(names, context)
    for statement in statements(text):
        reader.read(statement)
    return reader


class _Reader(Headings):
    """The equalities read so far, over the names known so far."""

    def __init__(self, names: Vocabulary, context: Lexicon) -> None:
        super().__init__(names, context)
        self.equalities: list[Equality] = []
        self.unread: list[Unread] = []
        self.last: Side | None = None
        self.gap: int | None = None  # the line after `last` that was not read
        self.late: dict[str, Node] = {}
        self.was_late = bool(names.late)

    def script(self) -> Script:
        """What has been read."""
        names, seed = self.names, self._seed()
        output = seed or next(reversed(names.bodies), None)
        return Script(
            tuple(self.equalities), names.bodies, names.derived, tuple(names.free),
            output, seed is not None, tuple(self.unread), names.broken,
        )  # fmt: skip

    def after_unread(self) -> dict[str, Node]:
        """Definitions below a line that is not read, which may need them."""
        if not self.unread:
            return {}
        first = self.unread[0].number
        return {
            one.defines: one.right.node
            for one in self.equalities
            if one.defines in self.names.bodies and one.left.number >= first
            if one.defines is not None
        }

    def _seed(self) -> str | None:
        """The name whose adjoint a line sets to 1."""
        # \bar v = 1 is how a reverse trace begins.
        for equality in self.equalities:
            base = adjoint_of(str(equality.left.node.value), self.names.known)
            if base in self.names.bodies and equality.right.node is const(1.0):
                return base
        return None

    def read(self, statement: Statement) -> None:
        """Read one statement; what is wrong with it is kept."""
        try:
            self._chain(statement)
        except ExpressionError as error:
            self.last, self.gap = None, statement.number
            self._doubt(statement)
            self._refuse(statement, error.problems[0])
        line = statement.clean[statement.start : statement.end]
        self.has_sigmoid = self.has_sigmoid or bool(_SIGMOID.search(line))

    def _refuse(self, statement: Statement, problem: Mistake) -> None:
        mistake = replace(problem, text=statement.line)
        self.unread.append(Unread(statement.number, mistake))

    def _doubt(self, statement: Statement) -> None:
        """The first name of a line that is not read may be defined there."""
        tokens = self.tokens(statement, statement.trimmed)
        named = first_name(tokens) if tokens else None
        if named:
            self.names.doubt(named, statement.number, certain=False)

    def _chain(self, statement: Statement) -> None:
        """The sides between the '=' of one line, each held against the one before."""
        spans, signs = statement.sides(follows=bool(self.last or self.gap))
        # An empty left side goes on from the last side of the line before.
        if spans[0][0] < spans[0][1]:
            self.last = self.gap = None
            if self._by_components(statement, spans, signs):
                return
            spans, signs = self._begin(statement, spans, signs)
        self._go_on(statement, spans[1:], signs)

    def _go_on(
        self, statement: Statement, spans: list[Span], signs: list[Equals]
    ) -> None:
        """Hold each side against the one before."""
        for span, sign in zip(spans, signs, strict=True):
            left, gap = self.last, self.gap
            tried = self._try_side(statement, span)
            if not isinstance(tried, Side):
                self._refuse(statement, tried)
                # Whether the next '=' is one is not known either: |x=3 is none. But
                # where another line goes on, A = … = C says A = C.
                self.gap = statement.number
                return
            if left:
                self._keep(left, tried, sign, gap=gap)
            else:
                text = f"it goes on from line {gap}, which is not read"
                self._refuse(statement, Mistake(text, "", *span))
            self._remember(tried)

    def _by_components(
        self, statement: Statement, spans: list[Span], signs: list[Equals]
    ) -> bool:
        r"""Read `\nabla f = (2x, 2y)`, if it is such a line, as claims, one a name."""
        tokens = self.tokens(statement, spans[0])
        found = gradient(tokens, self.names) if tokens else None
        if not found:
            return False
        context = replace(self.context, notes=[])
        sides = [Spelling(statement.clean, *span, context) for span in spans[1:]]
        columns = [*map(components, sides)]
        if not all(columns):
            return False
        every = f"({', '.join(found.by)})"
        for span, column in zip(spans[1:], columns, strict=True):
            if len(column) != len(found.by):
                statement.fail(
                    f"the gradient of {found.of!r} by {every} has {len(found.by)} "
                    f"components, and here are {len(column)}", span,
                    f"define it as {found.of}(…) = …, by the names in their order",
                )  # fmt: skip
        for k, wrt in enumerate(found.by):
            node = name(f"d_{found.of}_d_{wrt}") if wrt in self.names.known else ZERO
            self.last = Side(statement.number, statement.line, *spans[0], node)
            self.notes[self.last] = {f"∂{found.of}/∂{wrt}, by {every}": None}
            self._go_on(statement, [column[k] for column in columns], signs)
        self.last = None
        return True

    def _begin(
        self, statement: Statement, spans: list[Span], signs: list[Equals]
    ) -> tuple[list[Span], list[Equals]]:
        """Read the first side, or a definition; the side to go on from and the rest."""
        heading = self.heading(statement, spans[0])
        if heading:
            return self._define(statement, *heading, spans, signs)
        first = self._try_side(statement, spans[0])
        if isinstance(first, Side):
            self._remember(first)
        else:
            self._doubt(statement)
            self._refuse(statement, first)
            self.gap = statement.number
            return spans[:1], []
        return spans, signs

    def _remember(self, side: Side) -> None:
        self.last, self.gap, self.names.fresh = side, None, []

    def _keep(
        self, left: Side, right: Side, sign: Equals, defines: str | None = None,
        gap: int | None = None,
    ) -> None:  # fmt: skip
        """One more equality."""
        notes = {**self.notes.pop(left, {}), **self.notes.get(right, {})}
        self.equalities.append(
            Equality(
                left,
                right,
                defines,
                () if defines else tuple(self.names.fresh),
                gap,
                "; ".join(notes),
                sign.rounded,
            )
        )

    def _try_side(self, statement: Statement, span: Span) -> Side | Mistake:
        """A side, or what is wrong with it."""
        before = len(self.names.free)
        try:
            return self._side(statement, span)
        except ExpressionError as error:
            # The names of what is not read are no names of the script.
            for text in [*self.names.free][before:]:
                del self.names.free[text]
            return error.problems[0]

    def _side(self, statement: Statement, span: Span) -> Side:
        notes: list[str] = []
        formula = self.formula(statement, span, notes)
        context = replace(self.context, notes=notes)
        node = Readings(self.names, context, statement.line).node(formula)
        side = Side(statement.number, statement.line, *span, node)
        self.notes[side] = dict.fromkeys(notes)
        return side

    def _define(
        self,
        statement: Statement,
        defined: str,
        takes: tuple[str, ...],
        spans: list[Span],
        signs: list[Equals],
    ) -> tuple[list[Span], list[Equals]]:
        """Enter a definition; what is left of its line is a chain that goes on."""
        names = self.names
        was_free = defined in names.free
        left = Side(statement.number, statement.line, *spans[0], name(defined))
        derivative = names.as_node(defined)
        if derivative:
            true = Readings(names, self.context, statement.line).derivative(derivative)
            left = replace(left, node=true)
        # While its right side is read the name counts as known, so that a definition by
        # itself is told as that.
        if not was_free and defined not in names.late:
            names.broken[defined] = statement.number
        right = self._bound_argument(takes, spans[0]) or self._try_side(
            statement, spans[1]
        )
        if isinstance(right, Mistake):
            self._refuse(statement, right)
            names.doubt(defined, statement.number, certain=True)
            self.last, self.gap = None, statement.number
            return spans[:1], []
        if was_free and not self._is_late(defined, right):
            self._remember(left)
            return spans, signs
        # What is known from below may lead back here, and so may an adjoint.
        circular = (self.was_late or derivative) and names.leads_to(right.node, defined)
        if circular or defined in leaves(right.node):
            names.broken[defined] = statement.number
            names.doubtful.discard(defined)
            mistake = Mistake(f"{defined!r} is defined by itself", "", *spans[0])
            self._refuse(statement, mistake)
            self.gap = statement.number
            return spans[:1], []
        if hidden := _hidden_argument(takes, right.node):
            names.doubt(defined, statement.number, certain=True)
            place = right.start, right.end
            self._refuse(statement, Mistake(hidden[0], "", *place, hidden[1]))
            self.gap = statement.number
            return spans[:1], []
        if was_free:
            self.late[defined] = right.node
        names.define(defined, right.node, takes)
        self._keep(left, right, signs[0], defined)
        self._remember(right)
        return spans[1:], signs[1:]

    def _bound_argument(self, takes: Sequence[str], place: Span) -> Mistake | None:
        """x = 2 above g(x) = x^3: g'(x) would be that at 2, and not a function."""
        for text in takes:
            value = self.names.bodies.get(text)
            if value is not None and not leaves(value):
                return Mistake(
                    f"{text!r} has a value above, and is an argument here", "", *place,
                    "call one of them otherwise, or give the value below",
                )  # fmt: skip
        return None

    def _is_late(self, defined: str, right: Side) -> bool:
        """Whether a line with a name alone that lines above have used defines it.

        y = u^2, where u = x + 1 does; x = 3 gives a value, x = y/2 claims something.
        """
        used = leaves(right.node)
        return bool(used) and not self.names.leads_to(right.node, defined)


def _hidden_argument(takes: Sequence[str], body: Node) -> tuple[str, str] | None:
    """The complaint that f(t) has no t but a name such as kt, which may be k·t."""
    used = leaves(body)
    for text in takes:
        for word in used if text not in used else ():
            if text in word and word.isalpha() and word not in LETTERS:
                return (
                    f"{word!r} can be read in two ways: one name or a product",
                    f"there is no {text} but in it; write products with a sign",
                )
    return None
