"""How the inputs of made-up data are drawn: uniformly, or by functions of the caller.

low, high, sampler by name ─ draws_of ─▶ Draw for each input ─ .sample ─▶ (size, *dims)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import DataError, listing, visible
from cgprimer.graph.arrays import as_number, as_numbers
from cgprimer.graph.names import by_plain_name
from cgprimer.types import Array

Sampler = Callable[[np.random.Generator, int], ArrayLike]


@dataclass(frozen=True)
class Draw:
    """How one input is drawn: by its sampler, or without one uniformly in a range."""

    name: str
    low: float
    high: float
    sampler: Any = None
    dims: tuple[int, ...] = ()

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        """Numbers (size, *dims); DataError where range or sampler give none."""
        if self.sampler is None:
            return self._uniform(size, rng)
        called = f"the sampler of {self.name!r}"
        if not callable(self.sampler):
            raise DataError(f"{called} is not a function (rng, size) → array")
        try:
            drawn = self.sampler(rng, size)
        except Exception as error:
            said = f"{type(error).__name__}: {visible(str(error))}"
            raise DataError(f"{called} raised {said}") from error
        values = as_numbers(called, drawn, DataError)
        shape = size, *self.dims
        if values.shape != shape:
            raise DataError(f"{called} returned shape {values.shape}, not {shape}")
        return values

    def _uniform(self, size: int, rng: np.random.Generator) -> Array:
        low, high = self.low, self.high
        # high - low too: from -1e308 to 1e308 it overflows, and every sample would be
        # inf.
        if not (np.isfinite([low, high, high - low]).all() and low <= high):
            raise DataError(f"{self.name!r} cannot be drawn from {low} to {high}")
        return rng.uniform(low, high, (size, *self.dims))


def draws_of(
    dims: Mapping[str, tuple[int, ...]], low: Any, high: Any, sampler: Any
) -> list[Draw]:
    """A Draw for each of the inputs; DataError for other names in a dict.

    dims : name → the dims of one sample.
    """
    names = tuple(dims)
    lows = numbers_by_name(names, low, -1.0, "low")
    highs = numbers_by_name(names, high, 1.0, "high")
    sampler = by_plain_name(sampler, DataError)
    _check_names(names, sampler, "sampler")
    by_name = sampler if isinstance(sampler, Mapping) else dict.fromkeys(names, sampler)
    return [Draw(n, lows[n], highs[n], by_name.get(n), dims[n]) for n in names]


def numbers_by_name(
    names: tuple[str, ...], value: Any, default: float, keyword: str
) -> dict[str, float]:
    """One number for each name, from a number or from a dict with gaps.

    Raises DataError for other names, and for what is no number.
    """
    if not isinstance(value, Mapping):
        return dict.fromkeys(names, as_number(f"{keyword}=", value, DataError))
    value = by_plain_name(value, DataError)
    _check_names(names, value, keyword)
    return {
        name: as_number(f"{keyword}= of {name!r}", value.get(name, default), DataError)
        for name in names
    }


def _check_names(names: tuple[str, ...], value: Any, keyword: str) -> None:
    if not isinstance(value, Mapping):
        return
    if unknown := [name for name in value if name not in set(names)]:
        raise DataError(f"{keyword}= names {listing(unknown)}; known: {listing(names)}")
