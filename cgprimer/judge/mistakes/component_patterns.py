"""What wrong components of a gradient look like, in a sentence.

    the components of one argument (claims, differences, which are wrong) ─▶ sentences

A mistake is recognised where it predicts the claims; likelier ones come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.mistakes.explain import special, varies
from cgprimer.judge.mistakes.wrong import Wrong, fraction
from cgprimer.types import Array, Integers

ALIKE = 1e-7  # relative; claims in single precision agree no better
MEANT = 1e-3  # a ratio this near to a whole number or to -1 is meant to be that


@dataclass(frozen=True)
class Part:
    """One argument: its values and claims, and differences at some of its components.

    claimed : (n,), of all components. chosen : those that were looked at, (m,), with
    `true` ± `bound`; wrong : which of these m are wrong.
    """

    label: str
    at: NDArray[Any]
    claimed: Array
    chosen: Integers
    true: Array
    bound: Array
    wrong: Integers

    @property
    def slack(self) -> Array:
        """What is not known of the differences."""
        slack: Array = 4 * self.bound + ALIKE * np.abs(self.true)
        return slack

    @property
    def mine(self) -> Array:
        """The claims where there are differences."""
        return self.claimed[self.chosen]

    def some(self) -> Wrong:
        """The wrong components alone."""
        own = self.wrong
        return Wrong(self.mine[own], self.true[own], self.slack[own])


def common(parts: list[Part]) -> str | None:
    """What wrong components of several arguments have in common, where they do."""
    pieces = [part.some() for part in parts]
    rows = ((piece.claimed, piece.true, piece.slack) for piece in pieces)
    claimed, true, slack = map(np.concatenate, zip(*rows, strict=True))
    some = Wrong(claimed, true, slack)
    sizes = {float(part.at.size) for part in parts}
    # Arguments of one size only: a factor of 100 where one has 100 components and the
    # other 10 is no forgotten mean of both.
    sizes = sizes if len(sizes) == 1 else set()
    return next(chain(_by_size(some, sizes), _alike(some)), None)


def likely_mistakes(part: Part, others: Mapping[str, Array]) -> Iterator[str]:
    """What the wrong components of one argument look like.

    others : the values of further arguments of the same size, by name.
    """
    some = part.some()
    # Likelier ones first, and the first is said. A transposed gradient is a permutation
    # too, so that it is looked for before.
    sizes = {float(s) for s in (part.at.size, *part.at.shape) if s > 1}
    yield from _by_size(some, sizes)
    if _is_transposed(part):
        yield "the gradient is transposed"
    yield from _alike(some)
    yield from _term(part, others)
    yield from _shift(some)
    if len(some.ratios()):
        yield varies(some)
    yield "the true derivative is zero"


def _by_size(some: Wrong, sizes: set[float]) -> Iterator[str]:
    if not np.isfinite(some.claimed).all():
        yield "the gradient is nan or inf where the slope is not"
    elif not some.claimed.any():
        yield "the gradient is zero where the slope is not"
    elif (ratio := some.constant()) is not None:
        near = np.median(some.slack / np.maximum(np.abs(some.true), 1e-300))
        if known := special(ratio, sizes, min(near, MEANT)):
            yield known[1]


def _alike(some: Wrong) -> Iterator[str]:
    if len(some.claimed) > 1 and _is_permuted(some):
        yield "components have changed places"
    ratio = some.constant()
    if ratio is not None:
        yield f"it is {fraction(ratio)} times the true derivative"


def _is_permuted(some: Wrong) -> bool:
    """Whether the wrong values are the true ones in another order."""
    # Sorted, both are the same list.
    a, b = np.argsort(some.claimed), np.argsort(some.true)
    return Wrong(some.claimed[a], some.true[b], some.slack[b]).agrees(some.true[b])


def _is_transposed(part: Part) -> bool:
    if part.at.ndim != 2 or part.at.shape[0] != part.at.shape[1]:
        return False
    # All claims are turned, though only some have differences to hold them against.
    turned = part.claimed.reshape(part.at.shape).T.ravel()[part.chosen]
    return Wrong(turned, part.true, part.slack).agrees(part.true)


def _term(part: Part, others: Mapping[str, Array]) -> Iterator[str]:
    """A gap in proportion to an argument: a term is forgotten, or is too many."""
    where = part.chosen
    for name, values in {part.label: part.at, **others}.items():
        x = values.reshape(-1).astype(np.float64)[where]
        # Along an x of one value a term in proportion to it is a shift like any other.
        if len(x) < 2 or len(np.unique(x[x != 0])) < 2:
            continue
        gap = part.mine - part.true
        # Least squares: exact where the gap is in proportion to x, which is checked
        # next.
        factor = float(x @ gap / (x @ x))
        if not Wrong(gap, factor * x, part.slack).agrees(factor * x):
            continue
        much, way = f"{abs(factor):.4g}", "too many" if factor > 0 else "missing"
        says = f"a term {much}·{name} is {way}"
        if name == part.label:
            says += f": the gradient of ½λ‖{name}‖² is {way}, λ = {much}"
        yield says


def _shift(some: Wrong) -> Iterator[str]:
    """A gap that is one number."""
    gap = some.claimed - some.true
    middle = float(np.median(gap))
    same = np.full_like(gap, middle)
    if len(gap) > 1 and Wrong(gap, same, some.slack).agrees(same):
        yield f"each is {abs(middle):.4g} too {'large' if middle > 0 else 'small'}"
