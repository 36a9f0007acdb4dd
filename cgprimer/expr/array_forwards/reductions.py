"""Along axes: sums and their adjoints, means, products, largest entries, softmax.

    a, axis ─▶ the axes gone, or as before

Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgprimer.expr.array_forwards.axes import (
    Ranks,
    axes_of,
    checked_axes,
    samples_of,
)
from cgprimer.expr.dims import DimsError, show_dims


def reduced_dims(_: Any, a: Any, axis: Any) -> Any:
    """Dims without the axes."""
    gone = checked_axes(a, axis)
    return [dim for k, dim in enumerate(a, -len(a)) if k not in gone]


def kept_dims(_: Any, a: Any, axis: Any) -> Any:
    """Dims as they are, of what is computed along axes."""
    checked_axes(a, axis)
    return a


def like_dims(_: Any, a: Any, like: Any, **attrs: Any) -> Any:
    """The dims of the second argument; DimsError where one cannot be the other's.

    Sizes by name may still turn out to fit.
    """
    for pair in zip(reversed(a), reversed(like), strict=False):
        if len({*pair, 1}) == 3 and not any(isinstance(dim, str) for dim in pair):
            raise DimsError(f"{show_dims(a)} and {show_dims(like)} differ")
    return like


def spread_dims(sizing: Any, a: Any, like: Any, axis: Any) -> Any:
    """The dims of `like`, which has some axes more than `a`."""
    sizing.same_dims(a, tuple(reduced_dims(sizing, like, axis)))
    return like


def reduction(of: str) -> Callable[..., Any]:
    """A forward by numpy's function `of` along axes."""

    def forward(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
        return getattr(xp, of)(a, axis=axes_of(axis, ranks[0]))

    return forward


def along(of: str) -> Callable[..., Any]:
    """A forward by numpy's function `of` along one axis, which stays."""

    def forward(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
        return getattr(xp, of)(a, axis=axes_of(axis, ranks[0])[0])

    return forward


def spread(xp: Any, ranks: Ranks, a: Any, like: Any, axis: Any) -> Any:
    """`a` repeated along the axes that it lacks."""
    gone = axes_of(axis, len(like))
    before = samples_of(ranks[0], a)
    own = (1 if k in gone else dim for k, dim in enumerate(like, -len(like)))
    return xp.broadcast_to(xp.reshape(a, (*before, *own)), (*before, *like))


def sum_to(xp: Any, ranks: Ranks, a: Any, like: Any) -> Any:
    """`a` summed over the axes along which `like` was stretched."""
    lead = ranks[0] - len(like)
    own = a.shape[a.ndim - ranks[0] :]
    long = [k for k, dim in enumerate(like, -len(like)) if dim == 1 and own[k] != 1]
    a = xp.sum(a, axis=tuple(long), keepdims=True) if long else a
    return xp.sum(a, axis=tuple(range(-ranks[0], lead - ranks[0]))) if lead else a


def expand_to(xp: Any, ranks: Ranks, a: Any, like: Any) -> Any:
    """`a` stretched to the dims of `like`."""
    before = samples_of(ranks[0], a)
    own = a.shape[a.ndim - ranks[0] :]
    a = xp.reshape(a, (*before, *(1,) * (len(like) - ranks[0]), *own))
    return xp.broadcast_to(a, (*before, *like))


def count(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """How many entries there are along axes: a number, whatever the type of `a`."""
    total = 1.0
    for k in axes_of(axis, len(a)):
        total *= a[k]
    return total


def logsumexp(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """log Σ exp(a), by its largest entry."""
    axes = axes_of(axis, ranks[0])
    top = xp.max(a, axis=axes, keepdims=True)
    # inf - inf is nan: an infinite largest entry is not taken out.
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    total = xp.sum(xp.exp(a - top), axis=axes)
    return xp.log(total) + xp.reshape(top, total.shape)


def softmax(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """exp(a)/Σ exp(a), by its largest entry."""
    axes = axes_of(axis, ranks[0])
    raised = xp.exp(a - xp.max(a, axis=axes, keepdims=True))
    return raised / xp.sum(raised, axis=axes, keepdims=True)


def norm2(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """The root of the sum of squares; squares may overflow, as in sqrt(sum(a^2))."""
    return xp.sqrt(xp.sum(a * a, axis=axes_of(axis, ranks[0])))
