"""Texts of arrays: declarations and equations ─▶ expressions with the dims of all.

    "W: 32 x 64", "xx: 64", "xh = tanh(W @ xx)" ─▶ bodies, Sizing {xh: (32,), …}

`graph.read` calls it for texts that declare something or hold something of arrays; the
parser is `expr.array_syntax`, and `graph.inference` finds the dims.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.array_op import is_array_op
from cgprimer.expr.array_ops import ARRAY_FUNCTIONS
from cgprimer.expr.array_pasted import read_array_print
from cgprimer.expr.array_syntax import ArrayParser
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import NAME
from cgprimer.graph.declarations import Declared
from cgprimer.graph.inference import Inference, order_of
from cgprimer.graph.left_sides import left_sides
from cgprimer.graph.numbering import Names
from cgprimer.graph.shape_errors import EquationText
from cgprimer.graph.slots import PARAMETER

_SIGNS = re.compile(r"@|'|\[|[<>]|[=!]=|ᵀ|⊤|⊙|\.T\b")


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
    names = {*names, *declared.dims, *declared.broken}
    problems = {number: [*some] for number, some in declared.problems.items()}
    equations = declared.equations
    numbers, odd = _left_sides([texts[n] for n in equations], names)
    for k, problem in odd.items():
        problems.setdefault(equations[k], []).append(problem)
    bodies: dict[str, Node | None] = {}
    places: dict[str, EquationText] = {}
    for name, k in numbers.items():
        text = texts[equations[k]]
        try:
            parser, body = ArrayParser.read_equation(text, {*names, *numbers})
            bodies[name], places[name] = body, EquationText(text, parser.places())
        except ExpressionError as error:
            problems.setdefault(equations[k], []).extend(error.problems)
            bodies[name], places[name] = None, EquationText(text, {})
    misread = sum(map(len, problems.values()))
    _check_sizes(bodies, places, declared, numbers, equations, problems)
    found = _infer(bodies, places, declared)
    for name, some in found.problems.items():
        problems.setdefault(equations[numbers[name]], []).extend(some)
    return ArrayReading(
        found.bodies,
        [texts[equations[numbers[name]]] for name in found.bodies],
        found.sizing,
        declared,
        problems,
        misread,
    )


def _left_sides(
    texts: list[str], names: Collection[str]
) -> tuple[dict[str, int], dict[int, Mistake]]:
    odd: dict[int, Mistake] = {}
    whole = [read_array_print(text).text for text in texts]
    defined = left_sides(whole, odd, [*names])
    return defined, odd


def _infer(
    bodies: dict[str, Node | None], places: dict[str, EquationText], declared: Declared
) -> Inference:
    """The dims of all that is in order; of what goes round in a circle none."""
    found = Inference(bodies, places, declared)
    order = order_of(bodies)
    found.run(order)
    # The graph itself tells of the circle.
    known = {
        name: found.bodies.get(name, body)
        for name, body in bodies.items()
        if body is not None
    }
    found.bodies = {name: body for name, body in known.items() if body is not None}
    return found


def _check_sizes(
    bodies: dict[str, Node | None],
    places: dict[str, EquationText],
    declared: Declared,
    numbers: dict[str, int],
    equations: list[int],
    problems: dict[int, list[Mistake]],
) -> None:
    """Tell of names that are those of sizes, and of a variable or parameter too."""
    sizes = declared.sizes
    told: set[str] = set()
    for name, body in bodies.items():
        used = [name, *(leaves(body) if body is not None else ())]
        for both in used:
            if both not in sizes or both in told:
                continue
            told.add(both)
            place = places[name]
            spans = (
                s for n, s in place.spans.items() if (n.op, n.value) == (NAME, both)
            )
            start = len(place.text) - len(place.text.lstrip())
            start, end = next(spans, (start, start + len(both)))
            problem = Mistake(
                f"{both!r} is the name of a size in {sizes[both]}, and so no name in "
                "an equation",
                place.text,
                start,
                end,
                f"write mean(…) for a sum divided by {both}, or rename one of them",
            )
            problems.setdefault(equations[numbers[name]], []).append(problem)
            declared.dims.setdefault(both, ())
