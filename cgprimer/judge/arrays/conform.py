"""Claims that do not conform: both shapes, and what of the claim would fit.

DimsMisfit ─▶ `does not conform: 3 x 4 where W is 4 x 3; claim' fits, and is right`

What fits is looked for among REPAIRS, and held beside our own derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cgprimer.expr.dims import show_dims
from cgprimer.judge.arrays.claims import DimsMisfit
from cgprimer.judge.arrays.derivatives import ArrayDerivative
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.types import Array

MOST_AXES = 4
Repair = tuple[str, Array, str]  # what fits, its values, and what was left out


def conforms(one: ArrayDerivative, misfit: DimsMisfit) -> str:
    """The sentence on dims that do not fit."""
    if misfit.has is None:
        return f"the formula does not conform: {misfit.says}"
    wanted = f"{show_dims(misfit.wants)}"
    about = f"{one.wrt} is {wanted}"
    if one.map.outside:
        about = f"∂{one.node}/∂{one.wrt} is {wanted}"
    has = show_dims(misfit.has) if misfit.has else "a number"
    return f"does not conform: {has} where {about}{_repaired(one, misfit)}"


def _repaired(one: ArrayDerivative, misfit: DimsMisfit) -> str:
    """What would fit; of several the right one, and none where they differ."""
    own = one.jacobian
    true = own.values.ravel()
    fits = [
        (text, why, Wrong(value.ravel(), true, 1e-9 * np.abs(true)).agrees(true))
        for text, value, why in _repairs(misfit)
    ]
    right = [(text, why) for text, why, good in fits if good]
    if right:
        text, why = right[0]
        return f"; {why}: {text} fits, and is right"
    if len(fits) == 1:
        return f"; {fits[0][0]} would fit, and is not right either"
    return ""


def _repairs(misfit: DimsMisfit) -> Iterator[Repair]:
    """All that would give the claim the dims that are wanted."""
    assert misfit.value is not None
    assert misfit.has is not None
    value, wants = misfit.value, misfit.wants
    for text, why, make in _ways(len(misfit.has), len(wants)):
        made = make(value)
        if made.shape[1:] == wants:
            yield text, made, why


def _ways(has: int, wants: int) -> Iterator[tuple[str, str, Callable[[Array], Array]]]:
    """Operations on a claim (n, *has) that have `wants` axes."""
    if has == wants >= 2:
        yield "claim'", "a transpose is left out", lambda a: np.swapaxes(a, -1, -2)
    if has == wants + 1:
        for k in range(has):
            yield (
                f"squeeze(claim, axis={k})",
                "an axis of 1 is kept",
                _squeezed(k),
            )
        for k in range(has):
            yield (
                f"sum(claim, axis={k})",
                f"it is not summed over axis {k}",
                _summed(k),
            )
    if has > wants + 1 or (has and not wants):
        axes = tuple(range(has - wants))
        shown = axes if len(axes) > 1 else 0
        yield (
            f"sum(claim, axis={shown})" if wants else "sum(claim)",
            "it is not summed",
            lambda a: a.sum(axis=tuple(k + 1 for k in axes)),
        )


def _squeezed(k: int) -> Callable[[Array], Array]:
    return lambda a: a.squeeze(axis=k + 1) if a.shape[k + 1] == 1 else a


def _summed(k: int) -> Callable[[Array], Array]:
    return lambda a: a.sum(axis=k + 1) if a.shape[k + 1] > 1 else a
