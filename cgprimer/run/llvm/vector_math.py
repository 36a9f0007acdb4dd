"""Elementary functions of float64 vectors, as text in the language of LLVM.

    names, width ─▶ `definitions`: IR of `@v_<name>` and all that they depend on

The functions of `OWN` are polynomials after an argument reduction, alike in all lanes
and without branches; those of `LIBM` call the C library lane by lane. All polynomials
are minimax, by the exchange algorithm of Remez.
"""

from __future__ import annotations

from collections.abc import Iterable

from cgprimer.run.llvm.functions import circular, exponential, logarithm
from cgprimer.run.llvm.functions.function_writer import (
    FAR,
    LIBM,
    PURE,
    FunctionWriter,
    Instructions,
)

__all__ = ["FAR", "LIBM", "OWN", "definitions"]

_WRITERS: dict[str, Instructions] = {
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "log": logarithm.log,
    "log1p": logarithm.log1p,
    "sin": lambda b, x: circular.sine_or_cosine(b, x, ["sin"])[0],
    "cos": lambda b, x: circular.sine_or_cosine(b, x, ["cos"])[0],
    "tanh": exponential.tanh,
    "sigmoid": exponential.sigmoid,
    "softplus": logarithm.softplus,
}

OWN = frozenset(_WRITERS) | {"sincos"}
"""The functions whose value is computed here."""


def definitions(
    names: Iterable[str],
    width: int,
    *,
    inline: bool = False,
    declared: Iterable[str] = (),
) -> str:
    """LLVM IR that defines `@v_<name>` for each name, and what they depend on.

    A function maps `<width x double>`, or `double` where the width is 1, to the same;
    `pow` has two arguments; `sincos` returns both in a structure. `declared` are
    functions that others of the module need, so that each is declared once.
    """
    texts, helpers, known = [], set[str](), set(declared)
    for name in sorted(set(names)):
        b = FunctionWriter(width)
        texts.append(_definition(b, name, inline))
        helpers |= b.helpers
        known |= b.declared
    lines = [f"declare {text}" for text in sorted(known)]
    return "\n".join([*lines, *sorted(helpers), *texts, ""])


def _definition(b: FunctionWriter, name: str, inline: bool) -> str:
    """The text of one function."""
    result, args = b.type, ["%x", "%y"] if name == "pow" else ["%x"]
    if name == "sincos":
        result = f"{{ {b.type}, {b.type} }}"
        sine, cosine = circular.sine_or_cosine(b, "%x", ("sin", "cos"))
        half = b.new(f"insertvalue {result} poison, {b.type} {sine}, 0")
        value = b.new(f"insertvalue {result} {half}, {b.type} {cosine}, 1")
    elif name in LIBM:
        value = b.library(name, args, "each2" if len(args) == 2 else "each")
    else:
        value = _WRITERS[name](b, "%x")
    parameters = ", ".join(f"{b.type} {arg}" for arg in args)
    how = f"{'alwaysinline' if inline else 'noinline'} {PURE}"
    head = f"define internal {result} @v_{name}({parameters}) {how} {{"
    return "\n".join([head, *b.lines, f"  ret {result} {value}", "}"])
