"""Elementary functions for kernels of arrays: any width, float64 and float32.

    {"8_exp", "4_tanh"}, number type ─▶ definitions of @v8_exp, @v4_tanh

Those of float32 go through float64, so that both have the same digits but the last.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from cgprimer.run.llvm.lanes import DOUBLE, NumberType
from cgprimer.run.llvm.vector_math import definitions

_NAMES = re.compile(r"@v_(\w+)")
TWO = frozenset({"pow"})


def math_text(functions: Iterable[str], real: NumberType) -> tuple[str, set[str]]:
    """The definitions of functions, and what the module has to declare for them."""
    by_width: dict[int, set[str]] = defaultdict(set)
    for function in functions:
        lanes, title = function.split("_", 1)
        by_width[int(lanes)].add(title)
    declared: set[str] = set()
    texts: list[str] = []
    narrow = real != DOUBLE
    for width, titles in sorted(by_width.items()):
        prefix = f"@{'d' if narrow else 'v'}{width}_"
        for line in definitions(titles, width).splitlines():
            if line.startswith("declare "):
                declared.add(line.removeprefix("declare "))
            else:
                texts.append(_NAMES.sub(rf"{prefix}\1", line))
        if narrow:
            texts += [_by_double(title, width, real) for title in sorted(titles)]
    return "\n".join(texts), declared


def _by_double(title: str, width: int, real: NumberType) -> str:
    """A function of narrower numbers, which is that of float64, rounded."""
    kinds = [real.name, DOUBLE.name]
    own, wide = kinds if width == 1 else [f"<{width} x {kind}>" for kind in kinds]
    names = ["x", "y"] if title in TWO else ["x"]
    lines = [
        f"define internal {own} @v{width}_{title}("
        + ", ".join(f"{own} %{x}" for x in names)
        + ") noinline {"
    ]
    lines += [f"  %{x}w = fpext {own} %{x} to {wide}" for x in names]
    given = ", ".join(f"{wide} %{x}w" for x in names)
    lines += [
        f"  %w = call {wide} @d{width}_{title}({given})",
        f"  %r = fptrunc {wide} %w to {own}",
        f"  ret {own} %r",
        "}",
    ]
    return "\n".join(lines)
