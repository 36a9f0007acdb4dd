"""What is known of parameters: which the data leave open, and what they determine.

`identify` and `from_equations` make an Identification; `findings`, `standard_errors`
and `result` read it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cgprimer.errors import shorten
from cgprimer.types import Array, Integers

LONG = 60  # signs of a name or combination in a sentence or table
_nothing: Callable[[], Any] = functools.partial(np.empty, 0, np.int64)


@dataclass(frozen=True)
class Combination:
    """What the data determine of parameters that they do not determine apart.

    coefficients : of the sum that it is; or its slopes, where `value` is given, which
        is then its value at the solution.
    """

    text: str
    coefficients: dict[str, float]
    value: float | None = None


@dataclass(frozen=True)
class Identification:
    """The rank of the Jacobian and what follows.

    rank, null_space : None where only what the equations show is known; `half`, and
        what follows it, then hold nothing.
    undetermined : parameters that a null direction moves.
    without_effect : those of them that change no residual at all; `zero` are variables
        beside them that are 0 in every sample.
    combinations : what is determined of the others.
    remarks : on directions that have no such combinations.
    local : whether elsewhere the same data determine more.
    null_space : (p - rank, p), directions in which nothing changes.
    half : (p, r); half·halfᵀ is a generalised inverse of JᵀJ, the covariance for unit
        noise of every combination that is orthogonal to the null space.
    target : (r,), the target whose residuals a column of `half` comes from.
    leverage : per target, how many parameters its residuals pay for. size : (p,), the
        lengths of the columns of J.
    """

    rank: int | None
    undetermined: tuple[str, ...]
    without_effect: tuple[str, ...]
    combinations: tuple[Combination, ...] = ()
    remarks: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    local: bool = False
    null_space: Array | None = None
    half: Array = field(default_factory=_nothing)
    target: Integers = field(default_factory=_nothing)
    leverage: Array = field(default_factory=_nothing)
    size: Array = field(default_factory=_nothing)

    @property
    def inverse(self) -> Array:
        """The covariance for unit noise, (p, p)."""
        return np.asarray(self.half @ self.half.T)

    def sentence(self) -> str:
        """What is not determined, in words; empty where everything is."""
        text = "; ".join([*self._parts(), *self.remarks])
        return f"at these values {text}" if self.local and text else text

    def _parts(self) -> list[str]:
        parts = []
        if self.without_effect:
            verb = "has" if len(self.without_effect) == 1 else "have"
            be = "is" if len(self.zero) == 1 else "are"
            why = f" ({list_names(self.zero)} {be} 0 in every sample)"
            parts.append(
                f"{list_names(self.without_effect)} {verb} no effect on the data"
                + why * bool(self.zero)
            )
        combined = {name for c in self.combinations for name in c.coefficients}
        if tied := [name for name in self.undetermined if name in combined]:
            known = list_names([c.text for c in self.combinations])
            every = list_names(tied)
            parts.append(f"{every} are not determined separately, only {known}")
        return parts


@dataclass(frozen=True)
class Nulls:
    """Null directions of the parameters that have an effect.

    members : numbers of these parameters. directions : (q, members), in units of
        `effect`: how much a parameter does, per unit of its own (members,).
    """

    members: Integers
    directions: Array
    effect: Array


Described = tuple[tuple[Combination, ...], tuple[str, ...]]


def list_names(names: Sequence[str]) -> str:
    """`ab`, `ab and bc`, `ab, ac and bc`; long names and long lists are cut."""
    names = [shorten(name, LONG) for name in names]
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
