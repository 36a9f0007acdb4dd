"""What equations alone say: directions in which no data can tell parameters apart.

    xh = relu(w*xa + b), xo = v*xh     w, b times λ and v by λ: the scale of xh is free
    logits z + t for all classes       a softmax only sees their differences

For xo = v·relu(w·xa + b): w has degree p, b has q. As terms of one sum both are equal,
q = p, and so is the degree of xh. v has r, so xo has p + r, and as a target 0: r = -p.
The one number left free, p, is a symmetry with the powers w: 1, b: 1, v: -1.

Every name gets a degree, the power of λ by which it grows. Data have degree 0; terms of
a sum have the same; what goes into tanh or exp has 0; relu hands its degree on. What
degrees are left free are symmetries, at every point, and cost one walk over the
equations. (Other orders of units, and other signs of tanh units, are no directions.)
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME, OPS, ZERO
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import CONSTANT, PARAMETER, VARIABLE, slot_kind
from cgprimer.graph.table import Table
from cgprimer.run.problem import Problem
from cgprimer.types import Array

Degree = Mapping[int, float]
"""A power of λ, as a sum of free numbers (symbol → coefficient)."""

MOST_SLOTS = 200_000  # names in equations, beyond which a walk takes over a second
NONE: Degree = {}
# relu(λ·z) = λ·relu(z) for λ > 0, which is all that a direction needs.
PASSES = frozenset(OPS[op] for op in ("neg", "abs", "relu"))
LIKE = frozenset(OPS[op] for op in ("add", "sub", "min", "max"))
# sign(λ·z) = sign(z): whatever the degree of the argument, that of the result is 0.
LOST = frozenset(OPS[op] for op in ("sign", "step"))


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A direction in which parameters move unnoticed.

    powers : parameter (its number) → the power of the factor that it is multiplied by,
        or, where `kind` is "shift", what is added to it. units : variables that take
        part in a change of scale.
    """

    kind: str
    powers: Mapping[int, float]
    units: tuple[str, ...] = ()

    def direction(self, params: Array) -> Array:
        """The way in which parameters begin to move, (p,)."""
        found = np.zeros(len(params))
        for number, power in self.powers.items():
            found[number] = power * (1.0 if self.kind == "shift" else params[number])
        return found

    def moved(self, params: Array, t: float) -> Array:
        """Parameters that are further on."""
        if self.kind == "shift":
            # What is added does not depend on where one is; what is multiplied does.
            return params + t * self.direction(params)
        powers = np.zeros(len(params))
        powers[list(self.powers)] = list(self.powers.values())
        return params * np.exp(t * powers)


def symmetries(problem: Problem) -> list[Symmetry]:
    """Scales of units and shifts of logits that the equations leave free."""
    table = problem.sweeps.table
    if len(table.slots) > MOST_SLOTS:
        return []
    # Only a softmax of all targets sees differences alone.
    shifts = _shifts(problem) if problem.loss.joint is not None else []
    return shifts + _scales(problem)


def remarks(found: Sequence[Symmetry]) -> list[str]:
    """A sentence for every kind of symmetry."""
    made = []
    shifts = sum(each.kind == "shift" for each in found)
    if shifts:
        made.append(
            "only differences of the logits count, so what is added to all of them is "
            f"free: {_directions(shifts)}"
        )
    units = [each.units[0] for each in found if each.kind == "scale"]
    if len(units) == 1:
        made.append(f"the scale of the hidden unit {units[0]} is free: 1 direction")
    elif units:
        shown = [*units[:3], f"{len(units) - 3} more"] if len(units) > 4 else units
        made.append(
            f"the scale of each hidden unit is free: {_directions(len(units))} "
            f"({', '.join(shown)})"
        )
    return made


def _directions(count: int) -> str:
    return f"{count} direction{'s' * (count > 1)}"


class _Degrees:
    """Free numbers, and the equations between them, solved as they come."""

    def __init__(self) -> None:
        self.count = 0
        self.solved: dict[int, Degree] = {}

    def free(self) -> Degree:
        """A new free number."""
        self.count += 1
        return {self.count - 1: 1.0}

    def now(self, degree: Degree) -> Degree:
        """A degree in terms of numbers that are still free."""
        # A solution may hold numbers that have been solved for later.
        while not self.solved.keys().isdisjoint(degree):
            made: dict[int, float] = {}
            for symbol, share in degree.items():
                for inner, part in self.solved.get(symbol, {symbol: 1.0}).items():
                    made[inner] = made.get(inner, 0.0) + share * part
            degree = {symbol: share for symbol, share in made.items() if share}
        return degree

    def same(self, a: Degree, b: Degree) -> None:
        """Let two degrees be equal: the newest number that stands in the way gives."""
        if a is not b and (gap := self.now(_plus(a, b, -1.0))):
            # Whichever number gives, the same space is left free.
            newest = max(gap)
            self.solved[newest] = {
                symbol: -share / gap[newest]
                for symbol, share in gap.items()
                if symbol != newest
            }

    def of(self, shape: Shape, slots: Sequence[Degree]) -> Degree:
        """The degree of an equation's right side, from those in its slots."""
        degree = shape.by_slot(slots)
        for node in _order(shape):
            args = [degree[arg] for arg in node.args]
            degree[node] = self._operation(node, args)
        return degree[shape.stable]

    def _operation(self, node: Node, args: list[Degree]) -> Degree:
        if node.op in PASSES:
            return args[0]
        if node.op in LIKE:
            # 0 has any degree: max(z, 0) is a relu.
            if ZERO in node.args:
                return args[1 - node.args.index(ZERO)]
            self.same(args[0], args[1])
            return args[0]
        if node.op is OPS["mul"] or node.op is OPS["div"]:
            return _plus(args[0], args[1], 1.0 if node.op is OPS["mul"] else -1.0)
        if node.op is OPS["sqrt"]:
            return _plus(NONE, args[0], 0.5)
        if node.op is OPS["pow"] and node.args[1].op is CONST:
            return _plus(NONE, args[0], float(node.args[1].value or 0.0))
        if node.op not in LOST:
            # What goes into tanh or exp must not change at all.
            for arg in args:
                self.same(arg, NONE)
        return NONE


@functools.lru_cache(maxsize=256)
def _order(shape: Shape) -> list[Node]:
    """The operations and constants of a shape, arguments first."""
    return [node for node in postorder([shape.stable]) if node.op is not NAME]


def _plus(a: Degree, b: Degree, factor: float) -> Degree:
    """a + factor·b"""
    if not b:
        return a
    found = dict(a)
    for symbol, share in b.items():
        found[symbol] = found.get(symbol, 0.0) + factor * share
    return {symbol: share for symbol, share in found.items() if share}


def _scales(problem: Problem) -> list[Symmetry]:
    """Changes of scale: what moves parameters and a variable between them."""
    table, degrees = problem.sweeps.table, _Degrees()
    parameter: dict[int, Degree] = {}
    variable: dict[int, Degree] = {}
    known = {VARIABLE: variable, PARAMETER: parameter, CONSTANT: dict[int, Degree]()}
    for equation in problem.sweeps.equations:
        shape = table.shape_of(equation)
        filled = table.filling(equation)
        # A parameter is free when it is first met; in further equations it is the same
        # number.
        for kind, number in filled:
            if kind is PARAMETER and number not in parameter:
                parameter[number] = degrees.free()
        slots = [known[kind].get(number, NONE) for kind, number in filled]
        variable[int(table.defined[equation])] = degrees.of(shape, slots)
    # Targets are data: their degree is 0.
    for row in problem.rows:
        degrees.same(variable.get(row, NONE), NONE)
    powers: dict[int, dict[int, float]] = {}
    units: dict[int, list[str]] = {}
    for number, degree in parameter.items():
        for symbol, share in degrees.now(degree).items():
            powers.setdefault(symbol, {})[number] = share
    for number, degree in variable.items():
        for symbol in degrees.now(degree):
            units.setdefault(symbol, []).append(table.variables[number])
    return [
        Symmetry("scale", moved, tuple(units[symbol]))
        for symbol, moved in powers.items()
        # Without a variable in between, as in a·b·x, it is no unit's scale:
        # `invariants` names the product.
        if symbol in units
    ]


def _shifts(problem: Problem) -> list[Symmetry]:
    """What can be added to all logits: biases, and weights of the same variable."""
    table = problem.sweeps.table
    every = [leaf for e in problem.sweeps.equations for leaf in table.filling(e)]
    uses = Counter(number for kind, number in every if kind is PARAMETER)
    found = [_addends(table, int(table.equation_of[row])) for row in problem.rows]
    shared = [key for key in found[0] if all(key in each for each in found)]
    moved = ([each[key] for each in found] for key in shared)
    return [
        Symmetry("shift", dict.fromkeys(numbers, 1.0))
        for numbers in moved
        # A bias that also stands elsewhere cannot be moved unnoticed.
        if all(uses[number] == 1 for number in numbers)
    ]


def _addends(table: Table, equation: int) -> dict[int, int]:
    """Variable (-1: none) → the parameter that it is multiplied by in a sum."""
    if equation < 0:
        return {}
    shape, found = table.shape_of(equation), {}
    number = dict(zip(shape.slots, table.numbers(equation), strict=True))
    # Down the additions only: of w·x + b both terms are addends, of relu(w·x + b) none
    # is.
    stack = [shape.stable]
    while stack:
        node = stack.pop()
        if node.op is OPS["add"]:
            stack += node.args
            continue
        factors = node.args if node.op is OPS["mul"] else (node,)
        kinds = {slot_kind(f.value): str(f.value) for f in factors if f.op is NAME}
        alone = kinds.keys() == {PARAMETER} and len(factors) == 1
        if kinds.keys() == {PARAMETER, VARIABLE} or alone:
            variable = number[kinds[VARIABLE]] if VARIABLE in kinds else -1
            found[variable] = number[kinds[PARAMETER]]
    return found
