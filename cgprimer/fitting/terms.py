"""Terms: parameters, and sums and products of them.

    r*c     has value 2e-3; to have 3e-3 it moves r, which is its free part

A term can be evaluated, differentiated, set to another value, and written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from cgprimer.fitting.identification import Combination
from cgprimer.fitting.matrices import TOUCHED
from cgprimer.types import Array


@dataclass(frozen=True)
class Term:
    """A parameter, or a sum or product of terms, or exp of a multiple of one.

    parts : terms with their coefficients or exponents; the part number `free` is the
        one that is adjusted when the value of the whole is to be another one.
    """

    kind: str
    parts: tuple[tuple[Term, float], ...]
    names: Sequence[str] = field(compare=False, repr=False)
    index: int = -1
    free: int = 0

    def value(self, params: Array) -> float:
        """Its value."""
        if self.kind == "name":
            return float(params[self.index])
        values = [(part.value(params), k) for part, k in self.parts]
        if self.kind == "sum":
            return math.fsum(k * v for v, k in values)
        if self.kind == "exp":
            return math.exp(values[0][0] * values[0][1])
        return float(math.prod(v**k for v, k in values))

    def slopes(self, params: Array) -> Array:
        """Its derivatives by all parameters, (p,)."""
        gradient = np.zeros(len(params))
        if self.kind == "name":
            gradient[self.index] = 1.0
            return gradient
        whole = self.value(params)
        for part, k in self.parts:
            factor = {"sum": k, "exp": k * whole}.get(self.kind)
            if factor is None:
                # d(u^k·w) = k·(u^k·w)/u·du
                factor = k * whole / part.value(params)
            gradient += factor * part.slopes(params)
        return gradient

    def with_value(self, params: Array, value: float) -> Array:
        """Parameters at which it has another value."""
        if self.kind == "name":
            changed = params.copy()
            changed[self.index] = value
            return changed
        # Only the free part moves: r*c gets another value by r, and c stays.
        part, k = self.parts[self.free]
        old, now = part.value(params), self.value(params)
        if self.kind == "sum":
            return part.with_value(params, old + (value - now) / k)
        ratio = value / now
        if self.kind == "exp":
            return part.with_value(params, old + math.log(ratio) / k)
        return part.with_value(params, old * math.pow(ratio, 1 / k))

    @property
    def leaf(self) -> int:
        """The parameter that is adjusted in the end."""
        return self.index if self.kind == "name" else self.parts[self.free][0].leaf

    @property
    def members(self) -> list[int]:
        """The parameters in it, in order."""
        if self.kind == "name":
            return [self.index]
        return sorted({i for part, _ in self.parts for i in part.members})

    @property
    def text(self) -> str:
        """How it is written."""
        if self.kind == "name":
            return self.names[self.index]
        if self.kind in ("sum", "exp"):
            text = sum_text([(part.text, k) for part, k in self.parts])
            return f"exp({text})" if self.kind == "exp" else text
        above = [_power(part, k) for part, k in self.parts if k > 0]
        below = [_power(part, -k) for part, k in self.parts if k < 0]
        under = below[0] if len(below) == 1 else f"({'*'.join(below)})"
        return "*".join(above) + f"/{under}" * bool(below)

    def combination(self, params: Array) -> Combination:
        """The term as something that is determined, with its value at `params`."""
        slopes, plain = self.slopes(params), self.kind == "sum"
        plain = plain and all(part.kind == "name" for part, _ in self.parts)
        by_name = {self.names[i]: float(slopes[i]) for i in self.members}
        return Combination(self.text, by_name, None if plain else self.value(params))


def _power(part: Term, k: float) -> str:
    text = f"({part.text})" if part.kind == "sum" else part.text
    return text if k == 1 else f"({text})^{k:g}" if "*" in text else f"{text}^{k:g}"


def sum_text(terms: Sequence[tuple[str, float]]) -> str:
    """`ab + bc`, `a - 2*b`: coefficients to four digits, signs as in print."""
    text = ""
    for name, coefficient in terms:
        size = abs(float(f"{coefficient:.6g}"))
        sign = " - " if coefficient < 0 else " + "
        text += sign + (name if size == 1 else f"{size:.4g}*{name}")
    return "-" * (text[1:2] == "-") + text[3:]


def join(kind: str, first: Term, k: float, second: Term, other: float) -> Term:
    """k·first + other·second, or first^k·second^other, adjusted by way of `first`.

    Sums in sums and products in products are written flat, by order of parameters; the
    coefficient of the first is 1, its exponent is positive.
    """
    parts: dict[Term, float] = {}
    for term, factor in ((first, k), (second, other)):
        inner = term.parts if term.kind == kind else ((term, 1.0),)
        for part, share in inner:
            parts[part] = parts.get(part, 0.0) + factor * share
    # `first` may vanish into a longer sum, but its free part stays in it.
    free = first.parts[first.free][0] if first.kind == kind else first
    ordered = sorted((x for x in parts if parts[x]), key=lambda part: part.members)
    lead = parts[ordered[0]]
    scale = lead if kind == "sum" else math.copysign(1.0, lead)
    shares = tuple((part, simplify(parts[part] / scale)) for part in ordered)
    return Term(kind, shares, first.names, free=ordered.index(free))


def simplify(x: float) -> float:
    """The simple fraction that a number is but for rounding, or the number itself."""
    simple = float(Fraction(x).limit_denominator(100))
    return simple if abs(x - simple) <= TOUCHED * abs(x) else x
