"""Whether a new form may be suggested: it is the same function, and it gains.

At the point, and at a few beside it, both forms are computed in extended precision and
have to agree; in doubles the new one has to be right, or nearer by two digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cgprimer.diagnosis.evaluation import TINY, error
from cgprimer.diagnosis.extended import is_finite
from cgprimer.diagnosis.sample import Sample
from cgprimer.expr.node import Node, leaves

EQUAL = 1e-15  # relative difference up to which two forms are one function
SHARP = 1e-12  # a form that is suggested is at least this right …
GAIN = 100  # … or wins two digits
# Three points close by, each name with a step of its own: forms that agree at the point
# by chance, as where a name is 1, do not agree beside it.
STEPS = (2.0**-44, 2.0**-10, -(2.0**-9))  # relative, to points beside
NEAR_ZERO = 1e-9  # absolute, where a name is 0


def gains(old: Node, new: Node, here: Sample) -> bool:
    """Whether `old` is wrong here, and `new` nearer by two digits."""
    exact = here.exact(old)
    before, after = error(here.double(old), exact), error(here.double(new), exact)
    # Two digits at least: a rewriting for less is not worth the reader's time.
    return before > SHARP and after * GAIN < before


def holds(old: Node, new: Node, here: Sample) -> bool:
    """Whether `new` is as good as `old` at the point and beside it, and equal to it.

    Equal in extended precision, so that it is the same function and not only a near
    one; as good in doubles, so that it does not trade one point for another.
    """
    if not _equal(old, new, here):
        return False
    return all(
        _equal(old, new, beside) and _is_no_worse(old, new, beside)
        for beside in _beside(here.at, leaves(old))
        # Outside of the domain of the old form nothing is asked of the new one.
        if is_finite(beside.exact(old))
    )


def _beside(at: Mapping[str, float], names: list[str]) -> Iterator[Sample]:
    """Points beside, each name moved by its own step."""
    for step in STEPS:
        moved = {
            name: at[name] * (1 + step / (1 + k)) if at[name] else NEAR_ZERO * step
            for k, name in enumerate(names)
        }
        yield Sample({**at, **moved})


def _equal(old: Node, new: Node, here: Sample) -> bool:
    exact, other = here.exact(old), here.exact(new)
    if not (is_finite(exact) and is_finite(other)):
        return False
    return bool(abs(exact - other) <= EQUAL * abs(exact) + TINY)


def _is_no_worse(old: Node, new: Node, here: Sample) -> bool:
    exact = here.exact(old)
    after = error(here.double(new), exact)
    return after < SHARP or after <= error(here.double(old), exact)
