"""Terms that a wrong derivative lacks, or has too many: a constant, 3·b, ½·lam·w².

A gap in proportion to the very name that is derived by is the gradient of a square, as
of a penalty: that is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from cgprimer.judge.mistakes.wrong import Wrong, fraction
from cgprimer.types import Array

CLEAR = 1e3  # times the slack: a gap from here on has digits to tell terms apart by
ENOUGH = 4  # points; fewer would fit a term by chance
NAMES = 12  # that may be a factor


@dataclass(frozen=True)
class MissingTerm:
    """The gap of true - claimed: `factor` times the product of `names`."""

    wrt: str
    factor: float
    names: tuple[str, ...]

    @property
    def is_penalty(self) -> bool:
        """Whether it is the gradient of a square, c·wrt²/2."""
        return self.wrt in self.names

    @property
    def coefficient(self) -> str:
        """Of the square, as text: the terms of one penalty have it in common."""
        others = tuple(text for text in self.names if text != self.wrt)
        return _product(abs(self.factor) / 2, others)

    @property
    def says(self) -> str:
        """`the gradient of ½·lam·w² is missing`, `the term 3·b is too much`."""
        return sentence([self])


def sentence(terms: Sequence[MissingTerm]) -> str:
    """One sentence on several; nothing where they are no one penalty's."""
    first = terms[0]
    way = "is missing" if first.factor > 0 else "is too much"
    if len(terms) == 1 and not first.is_penalty:
        return f"the term {_product(abs(first.factor), first.names) or 1} {way}"
    known = {(t.coefficient, t.factor > 0) for t in terms if t.is_penalty}
    if len(known) > 1 or not all(term.is_penalty for term in terms):
        return ""
    squares = " + ".join(f"{term.wrt}²" for term in terms)
    squares = f"({squares})" if len(terms) > 1 else squares
    parts = filter(None, (first.coefficient, squares))
    return f"the gradient of {'·'.join(parts)} {way}"


def missing_term(
    wrt: str, values: Mapping[str, Array], wrong: Wrong
) -> MissingTerm | None:
    """The term that is the gap between truth and claim at every point."""
    gap = wrong.true - wrong.claimed
    # A gap that is 0 at some point is no term like 3·b there, and digits are needed to
    # tell w from w·1.0001.
    if len(gap) < ENOUGH or not (np.abs(gap) > CLEAR * wrong.slack).all():
        return None
    for names, size in _monomials(wrt, values):
        with np.errstate(all="ignore"):
            # The median is right even where one of the points has lost its digits.
            factor = float(np.median(gap / size))
        if np.isfinite(factor) and Wrong(gap, gap, wrong.slack).agrees(factor * size):
            return MissingTerm(wrt, factor, names)
    return None


def _monomials(
    wrt: str, values: Mapping[str, Array]
) -> Iterator[tuple[tuple[str, ...], Array]]:
    """wrt, wrt·v, 1, v, u·v: names and their product at the points."""
    names = [text for text in values if text != wrt][:NAMES]
    # Penalties first: lam·w and 3·w are likelier to be forgotten than u·v.
    penalties = [(wrt,), *((text, wrt) for text in names)] if wrt in values else []
    single = [(), *((text,) for text in names)] if values else []
    for factors in (*penalties, *single, *combinations_with_replacement(names, 2)):
        yield factors, np.prod([values[text] for text in factors], axis=0)


def _product(factor: float, names: tuple[str, ...]) -> str:
    """`½·lam`, `3·b`, `b`; nothing for 1."""
    size = {"1": "", "1/2": "½"}.get(fraction(factor), fraction(factor))
    return "·".join(filter(None, (size, *names)))
