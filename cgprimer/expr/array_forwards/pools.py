"""The largest entry of each window, and who gets its adjoint.

    image, size ─▶ one entry for each window; entries that tie share evenly

A border of `padding` is never the largest. Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.expr.array_forwards.axes import Ranks
from cgprimer.expr.array_forwards.windows import (
    Pair,
    check_image,
    padded,
    pairs,
    parts,
    places,
    views,
    windows_along,
)
from cgprimer.expr.array_forwards.writing import add_part, cast, is_numpy, zeros
from cgprimer.expr.dims import DimsError


def pool_dims(sizing: Any, a: Any, size: Any, stride: Any, padding: Any) -> Any:
    """Dims with one entry for each window: (…, channels, *places)."""
    check_image(a)
    window, step, pad = pairs(size, stride, padding)
    if pad[0] >= window[0] or pad[1] >= window[1]:
        raise DimsError(
            f"padding={padding} leaves windows without an entry",
            "padding= is less than size=",
        )
    return (*a[:-2], *places(sizing, a, window, step, pad))


def unpool_dims(sizing: Any, a: Any, b: Any, c: Any, **attrs: Any) -> Any:
    """The dims of the image b."""
    sizing.same_dims(a, c)
    sizing.same_dims(a, tuple(pool_dims(sizing, b, **attrs)))
    return b


def pool_like_dims(sizing: Any, a: Any, b: Any, c: Any, **attrs: Any) -> Any:
    """The dims of the pooled image c."""
    sizing.same_dims(a, b)
    sizing.same_dims(c, tuple(pool_dims(sizing, b, **attrs)))
    return c


def maxpool2d(
    xp: Any, ranks: Ranks, a: Any, size: Any, stride: Any, padding: Any
) -> Any:
    """The largest entry of each window."""
    window, step, pad = pairs(size, stride, padding)
    count = windows_along(a, window, step, pad)
    found = [
        part for _, part in views(padded(xp, a, pad, -np.inf), window, step, count)
    ]
    if not is_numpy(a):  # where entries tie, max shares evenly; windows of theirs don't
        return xp.max(xp.stack(found, axis=0), axis=0)
    made = found[0]
    for part in found[1:]:
        made = xp.maximum(made, part)
    return made


def _hits(xp: Any, b: Any, c: Any, window: Pair, step: Pair, pad: Pair) -> Any:
    """For each entry of a window whether it is the largest, and how many are."""
    image = padded(xp, b, pad, -np.inf)
    hits = [part == c for _, part in views(image, window, step, c.shape[-2:])]
    total = sum(cast(hit, c.dtype) for hit in hits)
    return hits, total


def unpool2d(
    xp: Any, ranks: Ranks, a: Any, b: Any, c: Any, size: Any, stride: Any, padding: Any
) -> Any:
    """What maxpool2d hands back: `a` is the adjoint, `b` the image, `c` its pool."""
    window, step, pad = pairs(size, stride, padding)
    hits, total = _hits(xp, b, c, window, step, pad)
    share = a / total
    *lead, height, width = b.shape
    lead = share.shape[:-2]
    made = zeros(xp, (*lead, height + 2 * pad[0], width + 2 * pad[1]), share)
    each = parts(window, step, c.shape[-2:])
    for hit, (_, index) in zip(hits, each, strict=True):
        made = add_part(made, index, xp.where(hit, share, xp.zeros_like(share)))
    return made[..., pad[0] : pad[0] + height, pad[1] : pad[1] + width]


def pool_like2d(
    xp: Any, ranks: Ranks, a: Any, b: Any, c: Any, size: Any, stride: Any, padding: Any
) -> Any:
    """The entries of `a` where the image `b` is largest, its pool being `c`."""
    window, step, pad = pairs(size, stride, padding)
    hits, total = _hits(xp, b, c, window, step, pad)
    each = views(padded(xp, a, pad), window, step, c.shape[-2:])
    chosen = (
        xp.where(hit, part, xp.zeros_like(part))
        for hit, (_, part) in zip(hits, each, strict=True)
    )
    return sum(chosen) / total
