"""Points at which two sides may part though they agree at a few random ones.

    left, right ─▶ thousands of points in doubles ─▶ a few where the sides differ most

relu(-a)*relu(b)*relu(-c) is zero at 7 of 8 points. `check` looks there once more, with
all digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgprimer.derivation.checking.samples import BOXES, Point
from cgprimer.errors import CGPrimerError
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import CONST
from cgprimer.types import Array

COUNT = 2048  # points, half of them in the boxes, half of all sizes
SIZES = (-6.0, 6.0)  # decimal exponents of the latter
FEW = 6  # points that are handed on
APART = 1e-9  # relative: nearer sides differ by rounding most likely
LARGEST = 20_000  # operations; more are not computed so often


def suspicious_points(left: Node, right: Node, names: Sequence[str]) -> list[Point]:
    """Where doubles say that the sides differ; most are rounding, all worth a look.

    names : every free name of the derivation, each of which gets a value.
    """
    used = list(dict.fromkeys([*leaves(left), *leaves(right)]))
    if not used or len(postorder([left, right])) > LARGEST:
        return []
    # Numbers of its own, so that looking here leaves other random points as they are.
    rng = np.random.default_rng(0)
    # max(x, -100) = x parts below -100 only.
    numbers = {
        abs(float(n.value or 0.0)) for n in postorder([left, right]) if n.op is CONST
    }
    marks = np.array([1.0, *sorted(numbers - {0.0, np.inf})])
    columns = {text: _column(rng, marks) for text in names}
    try:
        with np.errstate(all="ignore"):
            both = Kernel([left, right], used)(*(columns[text] for text in used))
    # An operation of the user's own may refuse any of them.
    except (CGPrimerError, ArithmeticError, TypeError, ValueError):
        return []
    a, b = (np.broadcast_to(np.asarray(side, float), (COUNT,)) for side in both)
    return [
        {text: float(column[i]) for text, column in columns.items()}
        for i in _apart(a, b)
    ]


def _column(rng: np.random.Generator, marks: Array) -> Array:
    """Values of one name: in the boxes, of all sizes, around numbers in the text."""
    lows, highs = np.array(BOXES).T
    box = rng.integers(len(BOXES), size=COUNT)
    values = rng.uniform(lows[box], highs[box])
    wild = rng.choice([-1.0, 1.0], COUNT) * 10.0 ** rng.uniform(*SIZES, COUNT)
    near = rng.choice(marks, COUNT) * rng.uniform(-2.0, 2.0, COUNT)
    kind = rng.choice(3, COUNT, p=(0.5, 0.25, 0.25))
    return np.choose(kind, [values, wild, near])


def _apart(a: Array, b: Array) -> list[int]:
    """The points that differ most, and others that differ, from the first on."""
    with np.errstate(all="ignore"):
        gap = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
    gap = np.where(np.isfinite(gap), gap, 0.0)
    [differ] = np.nonzero(gap > APART)
    most = differ[np.argsort(-gap[differ], kind="stable")][: FEW // 2]
    spread = differ[:: max(1, len(differ) // (FEW - FEW // 2))][: FEW - FEW // 2]
    return list(dict.fromkeys([*most.tolist(), *spread.tolist()]))
