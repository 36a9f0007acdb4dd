"""Texts of arrays: declarations and equations ─▶ expressions with the dims of all.

    "W: 32 x 64", "xx: 64", "xh = tanh(W @ xx)" ─▶ bodies, Sizing {xh: (32,), …}

`graph.read` calls it for texts that declare something or hold something of arrays; the
parser is `expr.array_syntax`, and `graph.inference` finds the dims.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from cgprimer.errors import ExpressionError, Mistake, suggest
from cgprimer.expr.array_op import is_array_op
from cgprimer.expr.array_ops import ARRAY_FUNCTIONS
from cgprimer.expr.array_pasted import read_array_line, read_array_print
from cgprimer.expr.array_syntax import ArrayParser
from cgprimer.expr.dims import Sizing
from cgprimer.expr.lookalikes import lookalikes, used_in
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import name as name_node
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.tokens import NAME
from cgprimer.graph.declarations import Declared
from cgprimer.graph.inference import Inference, order_of
from cgprimer.graph.left_sides import left_sides
from cgprimer.graph.numbering import Names
from cgprimer.graph.shape_errors import EquationText
from cgprimer.graph.slots import PARAMETER

_SIGNS = re.compile(r"@|'|\[|ᵀ|⊤|⊙|\.T\b")

MATRICES = "there are no matrices"


@dataclass
class ArrayReading:
    """What texts of arrays were read as, and what is wrong with them.

    bodies : name → right side, in the author's order. texts : the equation of each.
    problems : mistakes by the number of the text.
    misread : how many of them are of texts that are none of the language.
    """

    bodies: dict[str, Node]
    texts: list[str]
    sizing: Sizing
    declared: Declared
    problems: dict[int, list[Mistake]]
    misread: int

    @property
    def is_of_arrays(self) -> bool:
        """Whether any name has axes."""
        return any(self.sizing.names.values())

    @property
    def is_scalar(self) -> bool:
        """Whether it is a text of numbers after all, but for its declarations."""
        return not self.is_of_arrays and not any(
            is_array_op(node.op) for node in postorder(self.bodies.values())
        )

    def is_better(self, mistakes: Sequence[Mistake]) -> bool:
        """Whether it tells more than a reading of numbers with these mistakes."""
        if not self.problems:
            return not self.is_scalar
        # What numbers say of '@' is that there are no matrices, which here there are.
        stale = any("'@'" in m.message and MATRICES in m.hint for m in mistakes)
        known = self.is_of_arrays or stale
        return known and self.misread < len(mistakes) + (not self.is_of_arrays)

    @property
    def used(self) -> dict[str, None]:
        """The names in the equations' right sides, in order of appearance."""
        return dict.fromkeys(n for body in self.bodies.values() for n in leaves(body))

    def parameters(
        self, parameters: Collection[str], variables: Collection[str]
    ) -> tuple[str, ...]:
        """All parameters, in order of appearance; those in no equation come last."""
        names = Names(self.bodies, [*parameters], [*variables])
        every = dict.fromkeys((*self.used, *parameters))
        return tuple(name for name in every if names.kind(name) is PARAMETER)


def holds_arrays(texts: Sequence[str]) -> bool:
    """Whether any text has a sign or a function that only arrays have."""
    whole = "\n".join(texts)
    if _SIGNS.search(whole):
        return True
    called = re.findall(r"([^\W\d]\w*)\s*\(", whole)
    return not ARRAY_FUNCTIONS.keys().isdisjoint(called)


def read_arrays(
    texts: Sequence[str], declared: Declared, names: Collection[str] = ()
) -> ArrayReading:
    """Read equations of declared names; mistakes are in `problems` of the reading.

    names : more names that are names whatever they spell.
    """
    reader = _EquationReader(texts, declared, names)
    found = reader.inferred()
    return ArrayReading(
        {name: body for name, body in reader.bodies.items() if body is not None}
        | found.bodies,
        [texts[reader.numbers[name]] for name, body in reader.bodies.items() if body],
        found.sizing,
        declared,
        reader.problems,
        reader.misread,
    )


class _EquationReader:
    """The equations of one text, read one by one.

    numbers : name → number of the text that defines it.
    """

    def __init__(
        self, texts: Sequence[str], declared: Declared, names: Collection[str]
    ) -> None:
        self.texts, self.declared = texts, declared
        self.names = frozenset((*names, *declared.dims, *declared.broken))
        self.problems = {number: [*some] for number, some in declared.problems.items()}
        self._find_lookalikes()
        spelled = {number: _spelled(texts[number]) for number in declared.equations}
        self.numbers = self._left_sides(spelled)
        self.names |= self.numbers.keys()
        self.bodies: dict[str, Node | None] = {}
        self.places: dict[str, EquationText] = {}
        for name, number in self.numbers.items():
            self._read(name, number, spelled[number])
        self.misread = sum(map(len, self.problems.values()))
        self._check_sizes()
        self._check_use()

    def _tell(self, number: int, *problems: Mistake) -> None:
        self.problems.setdefault(number, []).extend(problems)

    def _find_lookalikes(self) -> None:
        strange = [n for n, text in enumerate(self.texts) if not text.isascii()]
        used = used_in(self.texts if strange else ())
        for number in strange:
            if alike := [*lookalikes(self.texts[number], 0, used)]:
                self._tell(number, *alike)

    def _left_sides(self, spelled: dict[int, Spelled]) -> dict[str, int]:
        numbers = [*spelled]
        odd: dict[int, Mistake] = {}
        whole = [each.text for each in spelled.values()]
        defined = left_sides(whole, odd, self.names)
        for k, problem in odd.items():
            source = spelled[numbers[k]]
            start, end = source.span(problem.start, problem.end)
            text = source.written if problem.text else ""
            self._tell(numbers[k], replace(problem, text=text, start=start, end=end))
        return {name: numbers[k] for name, k in defined.items()}

    def _read(self, name: str, number: int, spelled: Spelled) -> None:
        text = self.texts[number]
        try:
            parser, body = _parsed(spelled, self.names)
            self.bodies[name] = None if number in self.problems else body
            self.places[name] = EquationText(text, parser.places())
        except ExpressionError as error:
            self._tell(number, *error.problems)
            self.bodies[name], self.places[name] = None, EquationText(text, {})

    def inferred(self) -> Inference:
        """The dims of all that is in order; of what goes round in a circle none."""
        found = Inference(self.bodies, self.places, self.declared)
        found.run(order_of(self.bodies))
        for name, some in found.problems.items():
            self._tell(self.numbers[name], *some)
        return found

    def _check_sizes(self) -> None:
        """Tell of names of sizes that are those of a variable or parameter too."""
        sizes = self.declared.sizes
        if not sizes:
            return
        told: set[str] = set()
        for name, body in self.bodies.items():
            for both in (name, *(leaves(body) if body is not None else ())):
                if both in sizes and both not in told:
                    told.add(both)
                    self.declared.dims.setdefault(both, ())
                    self._tell(self.numbers[name], self._size(both, name, sizes[both]))

    def _check_use(self) -> None:
        """Tell of lines that declare arrays of which no equation has any."""
        arrays = [n for n, dims in self.declared.dims.items() if dims]
        bodies = [body for body in self.bodies.values() if body is not None]
        if len(bodies) < len(self.bodies) or self.declared.problems:
            return
        used = {*self.bodies, *(n for body in bodies for n in leaves(body))}
        if not used.isdisjoint(arrays):
            return
        for name in filter(self.declared.places.get, arrays):
            number, start, end = self.declared.places[name]
            message = f"{name!r} is in no equation, nor is any other array"
            hint = suggest(name, used) or "a comment begins with #"
            self._tell(number, Mistake(message, self.texts[number], start, end, hint))

    def _size(self, both: str, name: str, where: str) -> Mistake:
        text, spans = self.places[name]
        start = len(text) - len(text.lstrip())
        start, end = spans.get(name_node(both), (start, start + len(both)))
        return Mistake(
            f"{both!r} is the name of a size in {where}, and so no name in an equation",
            text,
            start,
            end,
            f"write mean(…) for a sum divided by {both}, or rename one of them",
        )


def _spelled(text: str) -> Spelled:
    """An equation in signs of the language; with what stands round it, if it must."""
    spelled = read_array_print(text)
    left = spelled.text.partition("=")[0].strip()
    return spelled if NAME.fullmatch(left) else read_array_line(spelled)


def _parsed(spelled: Spelled, names: Collection[str]) -> tuple[ArrayParser, Node]:
    """The right side, read as it stands, or else as programs write it."""
    try:
        return _parser(spelled, names)
    except ExpressionError:
        again = read_array_line(spelled)
        if again is spelled:
            raise
        return _parser(again, names)


def _parser(spelled: Spelled, names: Collection[str]) -> tuple[ArrayParser, Node]:
    # Letters that look alike were looked for already; of a str the parser does it too.
    source = spelled.text if spelled.text.isascii() and not spelled.before else spelled
    parser = ArrayParser(source, spelled.text.find("=") + 1, names)
    return parser, parser.parse()
