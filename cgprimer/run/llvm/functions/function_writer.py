"""What the elementary functions are written with: polynomials, edges, the C library.

FunctionWriter ─▶ the body of one function, what it declares, helpers it calls
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cgprimer.run.llvm.lanes import DOUBLE
from cgprimer.run.llvm.writer import Writer

LIBM = {
    name: name.replace("arc", "a")
    for name in ("tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "erf", "pow")
}
"""The C library function that a function calls lane by lane."""

PURE = "nounwind willreturn memory(none)"
ROUND = 1.5 * 2.0**52  # added to a number, leaves its nearest integer in the low bits
TINY = 2.0**-54  # below it, f(x) rounds to x where f(x) = x + O(x²)
FAR = 2.0**30  # the last argument that sin and cos reduce
# LN2, and HALF_PI in `circular`, are sums of doubles, each the rounding of what those
# before it leave. All parts but the last have full precision: a fused product n·part is
# exact before it is added, so no part needs trailing zeros.
LN2 = (0.6931471805599453, 2.3190468138462996e-17)


class FunctionWriter(Writer):
    """The body of one function of `width` lanes, whose arguments are %x and %y.

    helpers : definitions of functions that it calls.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, DOUBLE)
        self.helpers: set[str] = set()

    def polynomial(self, coefficients: tuple[float, ...], x: str, square: str) -> str:
        """Even and odd powers apart, each by Horner's rule in x²."""
        sums = []
        for part in (coefficients[::2], coefficients[1::2]):
            total: str | float = part[-1]
            for coefficient in part[-2::-1]:
                total = self.fma(total, square, coefficient)
            sums.append(total)
        return self.fma(sums[1], x, sums[0])

    def at_least(self, x: str, low: float) -> str:
        """The larger of both; nan for nan."""
        return self.select(self.compare("olt", x, low), low, x)

    def at_most(self, x: str, high: float) -> str:
        """The smaller of both; nan for nan."""
        return self.select(self.compare("ogt", x, high), high, x)

    def small_as_is(self, x: str, y: str) -> str:
        """x where |x| < `TINY`, the sign of zero with it; y elsewhere."""
        return self.select(self.compare("olt", self.abs(x), TINY), x, y)

    def library(self, name: str, args: Sequence[str], helper: str = "each") -> str:
        """A call of the C library in each lane, or in those that `helper` picks."""
        function = LIBM.get(name, name)
        arity = 2 if function == "pow" else 1
        types = ", ".join(["double"] * arity)
        self.declared.add(f"double @{function}({types}) {PURE}")
        if self.width == 1:
            return self.new(f"call double @{function}({self._arguments(args[:arity])})")
        text, declared = lane_loop(helper, self.width)
        self.helpers.add(text)
        self.declared |= declared
        given = f"{self._arguments(args)}, ptr @{function}"
        return self.new(f"call {self.type} @v_{helper}({given})")


def lane_loop(helper: str, width: int) -> tuple[str, set[str]]:
    """A function that calls %f in a loop over the lanes of %x; what it declares.

    each : %f(x); each2 : %f(x, y); far : y where |x| ≤ `FAR`, %f(x) elsewhere.
    """
    # With `far`, for the lanes 0.5, 2^40 of %x and 0.479, – of %y:
    #
    #     0.5     |x| ≤ FAR: the value that is there already, 0.479
    #     2^40    %f(2^40)
    #
    # A loop over memory, not over lanes in registers: its text is as long for 8 lanes
    # as for one, and noinline keeps one copy of it.
    e = Writer(width)
    parameters = f"{e.type} %x, " + f"{e.type} %y, " * (helper != "each") + "ptr %f"
    xs, ys, out = (e.room(width) for _ in range(3))
    e.store("%x", xs, 0)
    if helper != "each":
        e.store("%y", ys, 0)

    def lane(i: str) -> None:
        a, there = e.load(xs, i), e.place(ys, i)
        given = f"double {a}"
        if helper == "each2":
            given += f", double {e.load(there, 0)}"

        def call() -> None:
            e.put(e.new(f"call double %f({given})"), out, i)

        if helper == "far":
            near = e.compare("ole", e.abs(a), FAR)
            e.branch(near, lambda: e.put(e.load(there, 0), out, i), call)
        else:
            call()

    with e.scalar():
        e.each(0, width, 1, lane)
    result = e.load(out, 0)
    head = f"define internal {e.type} @v_{helper}({parameters}) noinline {PURE} {{"
    text = "\n".join([head, *e.lines, f"  ret {e.type} {result}", "}"])
    return text, e.declared


Instructions = Callable[[FunctionWriter, str], str]
"""What writes the value at an argument, and names it."""
