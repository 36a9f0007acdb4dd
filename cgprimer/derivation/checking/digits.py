r"""What the digits of a written number leave open: 2.164 may be any of 2.1635 … 2.1645.

    1.37*2.164 = 2.96468   ─ slack ─▶  0.0005·2.164 + 0.0005·1.37 + 5e-6 = 0.0018

`check` grants it to a line of numbers, where an author has rounded, and never to a
formula: 0.333*x is not x/3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cgprimer.diagnosis.extended import decimal, is_finite, values
from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import const, name
from cgprimer.judge.rounding import rounding
from cgprimer.reading.script import Equality, Side

WRITTEN = 3  # significant digits from which a decimal counts as rounded
EPSILON = 2.0**-52
ROUNDINGS = 8  # a computation in doubles may be off by so many of each operation
_POWER = re.compile(
    r"\s*(?:\\cdot|\\times|[*·×⋅])\s*10\s*(?:\^|\*\*)\s*\{?\s*([-−+]?\d{1,3})"
)
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d*(?:[eE][+-]?\d+)?")


def slack(equality: Equality, fewest: int = WRITTEN) -> float:
    """How far apart the sides may be because numbers in them are rounded.

    fewest : digits of a number that counts as rounded, where no '≈' says so.
    """
    fewest = 1 if equality.rounded else fewest
    return sum(_open(side, fewest) for side in (equality.left, equality.right))


def noise(equality: Equality, left: Node, right: Node) -> float:
    """How far off a side is when it is computed in doubles, as printed numbers are.

    left, right : the two sides over free names. Zero but where a formula without free
    names is held against numbers: with x = 20 above, `tanh(x) = 1`.
    """
    numeric = {side.is_numeric for side in (equality.left, equality.right)}
    if leaves(left) or leaves(right) or len(numeric) == 1:
        return 0.0
    sizes = [rounding(side) for side in (left, right)]
    found = values(sizes, {}, decimal)
    terms = [float(found[size]) for size in sizes if is_finite(found[size])]
    return ROUNDINGS * EPSILON * sum(terms)


def _open(side: Side, fewest: int) -> float:
    """What the digits of its numbers leave open of a side that is made of numbers."""
    if not side.is_numeric:
        return 0.0
    halves = dict(_halves(side, fewest))
    # Each number as a name, to differentiate by it: 2.164 stands for a value near it.
    names = {const(v): name(f" {i}") for i, v in enumerate(halves)}
    [opened] = substitute([side.node], names)
    slopes = partials(
        opened, [n for n in names.values() if str(n.value) in leaves(opened)]
    )
    at = {f" {i}": v for i, v in enumerate(halves)}
    found = values(slopes.values(), at, decimal)
    sizes = {str(leaf.value): abs(found[node]) for leaf, node in slopes.items()}
    return sum(
        float(sizes.get(f" {i}", 0.0)) * half for i, half in enumerate(halves.values())
    )


def _halves(side: Side, fewest: int) -> Iterator[tuple[float, float]]:
    """Each decimal of a side that may be rounded, with half of its last place."""
    text = side.text
    # y ≈ 12 is said of 11.7, too; the 2 of an exponent is not meant so.
    if fewest == 1 and side.is_number and not _DECIMAL.search(text):
        text = text.strip(" -+()") + "."
    for match in _DECIMAL.finditer(text):
        half = half_unit(match[0], fewest)
        if half:
            yield float(match[0]), half
            # 1.5 \cdot 10^{-9} may be read as one number.
            power = _POWER.match(text, match.end())
            if power:
                exponent = power[1].replace("−", "-")
                yield float(f"{match[0]}e{exponent}"), half * 10.0 ** int(exponent)


def half_unit(text: str, fewest: int = WRITTEN) -> float:
    """Half of the last place of a decimal with enough digits to be a rounded one."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, point, decimals = mantissa.partition(".")
    # 0.5 and 25 are meant exactly, 0.333 is not.
    if not point or len((whole + decimals).lstrip("0")) < fewest:
        return 0.0
    # 2.718: three decimals, so half of 1e-3, and a little more for the rounding of
    # that.
    place: float = 10.0 ** (int(exponent or 0) - len(decimals))
    return 0.5000001 * place
