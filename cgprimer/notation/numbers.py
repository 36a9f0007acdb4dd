"""Numbers as they are read: four digits, a real minus sign, no noise.

number ─▶ text, for drawings; values ─▶ values without noise, for traces too
"""

import math
from collections.abc import Iterable, Mapping

ROUNDING = 1e-14  # relative, with room for sums of some dozen terms

Links = dict[str, list[tuple[str, float]]]


def number(value: float) -> str:
    """Four significant digits and a real minus sign.

    >>> number(-1.2), number(60.75), number(-0.0), number(2e20)
    ('−1.2', '60.75', '0', '2e20')
    """
    text = f"{value + 0.0:.4g}".replace("e+", "e").replace("e0", "e")
    return text.replace("e-0", "e-").replace("-", "−")


def without_noise(
    values: Mapping[str, float], order: Iterable[str], links: Links
) -> dict[str, float]:
    """``values``, with 0 for those that may be all rounding error.

    ``links[name]`` lists (other, partial): what the value was computed from, earlier
    in the order. To first order the error is Σ |partial| (|rounding| + |error|).
    """
    error: dict[str, float] = {}
    for name in order:
        error[name] = sum(
            abs(partial) * (ROUNDING * abs(values[other]) + error.get(other, 0.0))
            for other, partial in links.get(name, ())
        )
    # an infinite error is no reason: a partial overflowed, the value did not
    return {
        name: 0.0 if abs(values[name]) < e < math.inf else values[name]
        for name, e in error.items()
    }
