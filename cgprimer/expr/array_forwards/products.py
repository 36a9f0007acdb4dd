"""Products of arrays: @, outer, einsum.

    a, b ─▶ sums of products; of many samples by few products of matrices

Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from cgprimer.expr.array_forwards.axes import Ranks
from cgprimer.expr.dims import Dims, DimsError, show_dims

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def matmul_dims(sizing: Any, a: Any, b: Any) -> Any:
    """Dims of a @ b; the last axis of a and the last but one of b are summed over."""
    if not a or not b:
        raise DimsError("'@' multiplies arrays", "for a scalar write '*'")
    inner = "inner axes"
    if len(b) == 1:
        sizing.same(a[-1], b[0], inner)
        return a[:-1]
    sizing.same(a[-1], b[-2], inner)
    if len(a) == 1:
        return (*b[:-2], b[-1])
    return (*sizing.elementwise([a[:-2], b[:-2]]), a[-2], b[-1])


def matmul(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """The product; of vectors of many samples by one product of matrices."""
    if ranks == (1, 1):
        return xp.sum(a * b, axis=-1)
    if ranks[1] == 1:
        if b.ndim == 1:
            return xp.matmul(a, b)
        if a.ndim == 2:
            return xp.matmul(b, xp.swapaxes(a, 0, 1))
        return xp.matmul(a, _behind(b, ranks[0] - 2)[..., None])[..., 0]
    if ranks[0] == 1:
        if a.ndim == 1 or ranks[1] == b.ndim == 2:
            return xp.matmul(a, b)
        return xp.matmul(_behind(a, ranks[1] - 2)[..., None, :], b)[..., 0, :]
    if b.ndim == 2 and a.ndim > 2:
        flat = xp.matmul(xp.reshape(a, (-1, a.shape[-1])), b)
        return xp.reshape(flat, (*a.shape[:-1], b.shape[-1]))
    if a.ndim > ranks[0] and ranks[0] < ranks[1]:
        a = _behind(a, ranks[1] - ranks[0])
    if b.ndim > ranks[1] and ranks[1] < ranks[0]:
        b = _behind(b, ranks[0] - ranks[1])
    return xp.matmul(a, b)


def _behind(a: Any, axes: int) -> Any:
    """`a` with axes of 1 behind its samples."""
    return a.reshape(a.shape[0], *(1,) * axes, *a.shape[1:])


_SUMMED = {
    (1, 1): ((0, 1), (0, 1)),
    (2, 1): ((0, 2), (0, 1)),
    (1, 2): ((0, 1), (0, 1)),
    (2, 2): ((0, 2), (0, 1)),
}


def matmul_summed(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """Σ over samples of a @ b, samples being one more axis that is summed over."""
    if ranks in _SUMMED:
        return xp.tensordot(a, b, axes=_SUMMED[ranks])
    return xp.sum(matmul(xp, ranks, a, b), axis=0)


def outer_dims(_: Any, a: Any, b: Any) -> Any:
    """Dims of all products of the entries of two vectors."""
    for dims in (a, b):
        if len(dims) != 1:
            raise DimsError(
                f"outer takes two vectors, not {show_dims(dims)}",
                'for more axes write einsum, such as einsum("ij,k->ijk", A, b)',
            )
    return (*a, *b)


def outer(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """All products of an entry of a and one of b."""
    return a[..., :, None] * b[..., None, :]


def outer_summed(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """Σ over samples of outer(a, b): one product of matrices."""
    return xp.matmul(xp.swapaxes(a, 0, 1), b)


def einsum_dims(sizing: Any, *given: Dims, form: str) -> Any:
    """Dims by the letters of the form; DimsError for a form that is none."""
    parts, right = parts_of(form, len(given))
    size: dict[str, Any] = {}
    for letters, dims in zip(parts, given, strict=True):
        if len(letters) != len(dims):
            axes = f"{len(letters)} ax{'i' if len(letters) == 1 else 'e'}s"
            raise DimsError(f"{letters!r} names {axes} of {show_dims(dims)}")
        for letter, dim in zip(letters, dims, strict=True):
            known = size.get(letter, dim)
            size[letter] = sizing.same(known, dim, f"axes {letter!r}")
    return [size[letter] for letter in right]


def parts_of(form: str, count: int) -> tuple[list[str], str]:
    """The letters of the arguments and of the result; DimsError if they are wrong."""
    left, arrow, right = form.partition("->")
    parts = left.split(",")
    example = 'a form is as in "ij,jk->ik"'
    if not arrow:
        raise DimsError(f"the form {form!r} has no '->'", example)
    if len(parts) != count:
        raise DimsError(f"the form {form!r} is of {len(parts)} arrays, not {count}")
    for letters in (*parts, right):
        if not all(letter in LETTERS for letter in letters):
            raise DimsError(f"{letters!r} is not made of letters", example)
        if len(set(letters)) < len(letters):
            hint = "write diagonal(a) or trace(a) for equal indices"
            raise DimsError(f"a letter stands twice in {letters!r}", hint)
    for letter in right:
        if letter not in left:
            raise DimsError(f"{letter!r} is an axis of no argument", example)
    return parts, right


def einsum(xp: Any, ranks: Ranks, *args: Any, form: str) -> Any:
    """Sums of products, by letters; samples are one letter more."""
    return _contract(xp, ranks, args, form, kept=True)


def einsum_summed(xp: Any, ranks: Ranks, *args: Any, form: str) -> Any:
    """Σ over samples of an einsum: their letter is not one of the result."""
    return _contract(xp, ranks, args, form, kept=False)


def _contract(
    xp: Any, ranks: Ranks, args: tuple[Any, ...], form: str, kept: bool
) -> Any:
    left, right = form.split("->")
    free = next(letter for letter in LETTERS if letter not in form)
    has = [a.ndim > rank for a, rank in zip(args, ranks, strict=True)]
    parts = [
        free * own + letters for own, letters in zip(has, left.split(","), strict=True)
    ]
    full = ",".join(parts) + "->" + (free * kept if any(has) else "") + right
    if xp is not np:
        return xp.einsum(full, *args)
    if any(a.dtype == object for a in args):
        return np.einsum(full, *args)
    path = _path(full, tuple(a.shape for a in args))
    return np.einsum(full, *args, optimize=path)


@functools.lru_cache(maxsize=512)
def _path(form: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """The order of the products; finding it takes longer than a small product."""
    arrays = [np.broadcast_to(0.0, shape) for shape in shapes]
    return np.einsum_path(form, *arrays, optimize="greedy")[0]
