r"""What a formula holds that our language cannot say: it stands there under a name.

    \frac{d}{dx}(x^2)                  Differentiated(x^2, "d", (x,))
    \left. f \right|_{x=3}             Evaluated(f, x at 3)
    f(x + 1)   f'(3)   \sigma'(z)      Applied(f, …), with the number of primes

`translate` makes them; `readings` turns each into an expression, as it knows what the
lines above have defined.
"""

from __future__ import annotations

from dataclasses import dataclass

from cgprimer.reading.formula import Formula, Stretch


@dataclass(frozen=True)
class Differentiated:
    """The derivative of a formula by each of the names, or by the only one in it."""

    of: Formula
    kind: str
    by: tuple[Stretch, ...]


@dataclass(frozen=True)
class Evaluated:
    """A formula where some names have the values given."""

    of: Formula
    at: tuple[tuple[Stretch, Formula], ...]


@dataclass(frozen=True)
class Applied:
    """A function, or a derivative of it, at its arguments; none are its own names."""

    function: Stretch
    arguments: tuple[Formula, ...]
    primes: int = 0
    builtin: bool = False


Special = Differentiated | Evaluated | Applied
