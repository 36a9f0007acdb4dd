"""Expressions to LLVM's assembly language: one instruction or call per node.

Values are vectors of `width` lanes, or plain doubles for a width of 1. Arithmetic is
that of numpy, bit for bit: nothing is reordered or contracted. Functions are calls of
`@v_<name>`, which `run.llvm.vector_math` defines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import pi
from typing import TYPE_CHECKING, TypeVar

from cgprimer.expr.custom import CustomOp
from cgprimer.expr.definitions import expand
from cgprimer.expr.node import Node, postorder, postorder_above
from cgprimer.expr.ops import CONST, OPS, Op
from cgprimer.run.llvm.functions.function_writer import LIBM
from cgprimer.run.llvm.lanes import DOUBLE, NumberType, Real
from cgprimer.run.llvm.vector_math import OWN
from cgprimer.run.llvm.writer import Writer

if TYPE_CHECKING:
    from cgprimer.graph.shape import Shape

T = TypeVar("T")
INSTRUCTIONS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
MULTIPLIED = 8  # the largest whole exponent that is multiplied out


class Emitter(Writer):
    """A function's text, with expressions turned into instructions.

    functions : names that `run.llvm.vector_math` has to define.
    contract : whether a product and a sum may be rounded once, together.
    """

    def __init__(
        self, width: int, real: NumberType = DOUBLE, *, contract: bool = False
    ) -> None:
        super().__init__(width, real)
        self.contract = " contract" if contract else ""
        self.functions: set[str] = set()
        self._both: set[Node] = set()
        self._pairs: dict[Node, str] = {}

    def emit(self, roots: Iterable[Node], leaves: Mapping[Node, str]) -> list[str]:
        """Instructions for `roots`; `leaves` says which values are there already."""
        roots, values, order = to_translate([*roots], leaves)
        present = set(order)
        self._pairs.clear()
        # Either of the two computes both polynomials, so both cost what one costs.
        self._both = {
            node.args[0]
            for node in order
            if node.op.name == "sin" and OPS["cos"](node.args[0]) in present
        }
        for node in order:
            values[node] = self._node(node, [values[arg] for arg in node.args])
        return [values[root] for root in roots]

    def _node(self, node: Node, args: list[str]) -> str:
        op = node.op.name
        if node.op is CONST:
            return self.const(float(node.value or 0.0))
        if op in INSTRUCTIONS:
            return self._apply(INSTRUCTIONS[op] + self.contract, *args)
        if op in IN_PLACE:
            return IN_PLACE[op](self, *args)
        if op == "pow" and (exponent := whole_exponent(node)) is not None:
            return self._power(args[0], exponent)
        if op in ("sin", "cos") and node.args[0] in self._both:
            return self._sine_or_cosine(node, args[0])
        return self.call(op, *args)

    def call(self, function: str, *args: str) -> str:
        """A call of `@v_<function>`."""
        self.functions.add(function)
        return self.new(f"call {self.type} @v_{function}({self._arguments(args)})")

    def _sine_or_cosine(self, node: Node, arg: str) -> str:
        """Half of `@v_sincos`, called once for both."""
        pair = f"{{{self.type}, {self.type}}}"
        if node.args[0] not in self._pairs:
            self.functions.add("sincos")
            call = self.new(f"call {pair} @v_sincos({self.type} {arg})")
            self._pairs[node.args[0]] = call
        half = 0 if node.op.name == "sin" else 1
        return self.new(f"extractvalue {pair} {self._pairs[node.args[0]]}, {half}")

    def _power(self, base: str, exponent: int) -> str:
        """A small whole power by repeated squaring, or that of the inverse."""
        # Powers of 1/x, not 1 over those of x: at x = 1e155 x^-2 is a subnormal number,
        # where x^2 overflows and would give 0.
        if exponent < 0:
            base = self.div(1.0, base)
        return multiply_out(base, exponent, self.mul) or self.const(1.0)


def multiply_out(base: T, exponent: int, times: Callable[[T, T], T]) -> T | None:
    """base^|exponent| by repeated squaring; None where nothing is multiplied.

    x^5 is x·(x²)²: three products.
    """
    power, square, left = None, base, abs(exponent)
    while left:
        if left & 1:
            power = square if power is None else times(power, square)
        left >>= 1
        if left:
            square = times(square, square)
    return power


def whole_exponent(node: Node) -> int | None:
    """The exponent of a power, where it is a small whole number."""
    value = node.args[1].value
    if node.args[1].op is CONST and isinstance(value, float) and value.is_integer():
        return int(value) if abs(value) <= MULTIPLIED else None
    return None


def is_coded(op: Op) -> bool:
    """Whether an operation can be translated as it is."""
    # By identity: a caller may have an operation of that name in place of another.
    return OPS.get(op.name) is op and op.name in CODED_NAMES


def expand_uncoded(roots: Iterable[Node]) -> list[Node]:
    """What is translated for `roots`: an operation without code by its definition."""
    return expand(roots, _definition)


def to_translate(
    roots: Sequence[Node], known: Mapping[Node, T]
) -> tuple[list[Node], dict[Node, T], list[Node]]:
    """Roots and what is known, written out as they are run; the nodes in between."""
    # What is known is written out too: it is looked for in the roots as they are then.
    expanded = expand_uncoded([*roots, *known])
    roots, leaves = expanded[: len(roots)], expanded[len(roots) :]
    values = dict(zip(leaves, known.values(), strict=True))
    return roots, values, postorder_above(roots, values)


def _definition(op: Op) -> Node | None:
    if isinstance(op, CustomOp):
        return op.run
    return None if is_coded(op) else op.formula


def without_code(shape: Shape) -> str:
    """The first operation of a shape that has no machine code, if there is one."""
    order = postorder(expand_uncoded([shape.stable]))
    if shape.declares:
        order += postorder(expand_uncoded(shape.partials))
    return next((node.op.name for node in order if not is_coded(node.op)), "")


def extremum(e: Emitter, relation: str, a: str, b: Real) -> str:
    """The one of two numbers that a relation prefers; nan if either is."""
    first = e.compare(relation, a, b)
    # numpy's rule: nan if either is. A nan in a is chosen by "uno"; a nan in b fails
    # every comparison, so b itself is chosen.
    missing = e.compare("uno", a, 0.0)
    return e.select(e.new(f"or {e.bool} {first}, {missing}"), a, b)


def _sign(e: Emitter, a: str) -> str:
    # nan fails all three comparisons and stays; -0 becomes 0.
    near = e.select(e.compare("oeq", a, 0.0), 0.0, a)
    below = e.select(e.compare("olt", a, 0.0), -1.0, near)
    return e.select(e.compare("ogt", a, 0.0), 1.0, below)


def _step(e: Emitter, a: str) -> str:
    below = e.select(e.compare("ole", a, 0.0), 0.0, a)
    return e.select(e.compare("ogt", a, 0.0), 1.0, below)


def _xlogy(e: Emitter, a: str, b: str) -> str:
    product = e.mul(a, e.call("log", b))
    nothing, there = e.compare("oeq", a, 0.0), e.compare("ord", b, 0.0)
    return e.select(e.new(f"and {e.bool} {nothing}, {there}"), 0.0, product)


IN_PLACE: dict[str, Callable[..., str]] = {
    "pi": lambda e: e.const(pi),
    "neg": Emitter.negative,
    "abs": Emitter.abs,
    "sqrt": lambda e, a: e.intrinsic("sqrt", a),
    "max": lambda e, a, b: extremum(e, "ogt", a, b),
    "min": lambda e, a, b: extremum(e, "olt", a, b),
    "relu": lambda e, a: extremum(e, "ogt", a, 0.0),
    "sign": _sign,
    "step": _step,
    "xlogy": _xlogy,
}
"""Operations that are single instructions, or comparisons and choices."""

CODED_NAMES = frozenset(("name", "const", *INSTRUCTIONS, *IN_PLACE, *OWN, *LIBM))
