"""What equations alone say: directions in which no data can tell parameters apart.

    xh = relu(w*xa + b), xo = v*xh     w, b times λ and v by λ: the scale of xh is free
    logits z + t for all classes       a softmax only sees their differences

For xo = v·relu(w·xa + b): w has degree p, b has q. As terms of one sum both are equal,
q = p, and so is the degree of xh. v has r, so xo has p + r, and as a target 0: r = -p.
The one number left free, p, is a symmetry with the powers w: 1, b: 1, v: -1.

Every name gets a degree, the power of λ by which it grows, see `degrees`. What degrees
are left free are symmetries, at every point, and cost one walk over the equations.
(Other orders of units, and other signs of tanh units, are no directions.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.expr.ops import NAME, OPS
from cgprimer.fitting.degrees import NONE, Degree, Degrees
from cgprimer.graph.slots import CONSTANT, PARAMETER, VARIABLE, slot_kind
from cgprimer.graph.table import Table
from cgprimer.grouping import grouped
from cgprimer.run.problem import Posed, Problem
from cgprimer.types import Array

MOST_SLOTS = 200_000  # names in equations, beyond which a walk takes over a second


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
        slopes = np.zeros(len(params))
        for number, power in self.powers.items():
            slopes[number] = power * (1.0 if self.kind == "shift" else params[number])
        return slopes

    def apply(self, params: Array, t: float) -> Array:
        """Parameters that are further on."""
        if self.kind == "shift":
            # What is added does not depend on where one is; what is multiplied does.
            return params + t * self.direction(params)
        powers = np.zeros(len(params))
        powers[list(self.powers)] = list(self.powers.values())
        return params * np.exp(t * powers)


def symmetries(problem: Posed) -> list[Symmetry]:
    """Scales of units and shifts of logits that the equations leave free."""
    # Equations of arrays have no name for each unit that a scale is free of.
    if not isinstance(problem, Problem) or problem.slots > MOST_SLOTS:
        return []
    # Only a softmax of all targets sees differences alone.
    shifts = _shifts(problem) if problem.loss.joint is not None else []
    return shifts + _scales(problem)


def remarks(symmetries: Sequence[Symmetry]) -> list[str]:
    """A sentence for every kind of symmetry."""
    made = []
    shifts = sum(each.kind == "shift" for each in symmetries)
    if shifts:
        made.append(
            "only differences of the logits count, so what is added to all of them is "
            f"free: {directions(shifts)}"
        )
    units = [each.units[0] for each in symmetries if each.kind == "scale"]
    if len(units) == 1:
        made.append(f"the scale of the hidden unit {units[0]} is free: 1 direction")
    elif units:
        shown = [*units[:3], f"{len(units) - 3} more"] if len(units) > 4 else units
        made.append(
            f"the scale of each hidden unit is free: {directions(len(units))} "
            f"({', '.join(shown)})"
        )
    return made


def directions(count: int) -> str:
    """`1 direction`, `2 directions`."""
    return f"{count} direction{'s' * (count > 1)}"


def _scales(problem: Problem) -> list[Symmetry]:
    """Changes of scale: what moves parameters and a variable between them."""
    table, degrees = problem.sweeps.table, Degrees()
    parameter: dict[int, Degree] = {}
    variable: dict[int, Degree] = {}
    known = {VARIABLE: variable, PARAMETER: parameter, CONSTANT: dict[int, Degree]()}
    for equation in problem.sweeps.equations:
        shape = table.shape_of(equation)
        filled = table.fillers(equation)
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
    for number, degree in parameter.items():
        for symbol, share in degrees.now(degree).items():
            powers.setdefault(symbol, {})[number] = share
    units = grouped(
        (symbol, table.variables[number])
        for number, degree in variable.items()
        for symbol in degrees.now(degree)
    )
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
    every = [leaf for e in problem.sweeps.equations for leaf in table.fillers(e)]
    uses = Counter(number for kind, number in every if kind is PARAMETER)
    addends = [_addends(table, int(table.equation_of[row])) for row in problem.rows]
    shared = [key for key in addends[0] if all(key in each for each in addends)]
    moved = ([each[key] for each in addends] for key in shared)
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
    shape, addends = table.shape_of(equation), {}
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
            addends[variable] = number[kinds[PARAMETER]]
    return addends
