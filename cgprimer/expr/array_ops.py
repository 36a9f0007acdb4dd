"""The table of operations on arrays: one entry says everything about one operation.

    ArrayOp("outer", 2, forward, ("g @ b", "g' @ a"), "n,m->nm")

See `expr.array_op` for what an entry holds. A name is one of `ARRAY_FUNCTIONS` only
where it is called in a text with arrays, so that `mean` may still be the name of a
parameter, and `outer` that of a caller's own operation.
"""

from __future__ import annotations

from typing import Any

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.dims import DimsError
from cgprimer.expr.ops import OPS, Op

Ranks = tuple[int, ...]


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that `axis=` names, counted from the end: more in front go along.

    >>> axes_of(None, 2), axes_of(0, 2), axes_of((0, -1), 3)
    ((-2, -1), (-2,), (-3, -1))
    """
    if axis is None:
        return tuple(range(-rank, 0))
    items = axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(k % rank - rank for k in items))


def _reduced(_: Any, a: Any, axis: Any) -> Any:
    gone = axes_of(axis, len(a))
    return [dim for k, dim in enumerate(a, -len(a)) if k not in gone]


def _sum(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    return xp.sum(a, axis=axes_of(axis, ranks[0]))


def _spread(xp: Any, ranks: Ranks, a: Any, like: Any, axis: Any) -> Any:
    gone = axes_of(axis, len(like))
    before = a.shape[: a.ndim - ranks[0]]
    own = (1 if k in gone else dim for k, dim in enumerate(like, -len(like)))
    return xp.broadcast_to(xp.reshape(a, (*before, *own)), (*before, *like))


def _sum_to(xp: Any, ranks: Ranks, a: Any, like: Any) -> Any:
    lead = ranks[0] - len(like)
    own = a.shape[a.ndim - ranks[0] :]
    long = [k for k, dim in enumerate(like, -len(like)) if dim == 1 and own[k] != 1]
    a = xp.sum(a, axis=tuple(long), keepdims=True) if long else a
    return xp.sum(a, axis=tuple(range(-ranks[0], lead - ranks[0]))) if lead else a


def _expand_to(xp: Any, ranks: Ranks, a: Any, like: Any) -> Any:
    before = a.shape[: a.ndim - ranks[0]]
    own = a.shape[a.ndim - ranks[0] :]
    a = xp.reshape(a, (*before, *(1,) * (len(like) - ranks[0]), *own))
    return xp.broadcast_to(a, (*before, *like))


def _matmul(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """The product; of vectors of many samples by one product of matrices."""
    if ranks == (1, 1):
        return xp.sum(a * b, axis=-1)
    if ranks[1] == 1:
        if a.ndim == 2:
            return xp.matmul(b, xp.swapaxes(a, 0, 1))
        return xp.matmul(a, b[..., None])[..., 0]
    if ranks[0] == 1 and b.ndim > 2:
        return xp.matmul(a[..., None, :], b)[..., 0, :]
    return xp.matmul(a, b)


def _matmul_dims(sizing: Any, a: Any, b: Any) -> Any:
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


def _outer(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    return a[..., :, None] * b[..., None, :]


def _outer_summed(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """Σ over samples of outer(a, b): one product of matrices."""
    return xp.matmul(xp.swapaxes(a, 0, 1), b)


def _like(_: Any, a: Any, like: Any, **attrs: Any) -> Any:
    return like


ARRAY_TABLE: tuple[ArrayOp, ...] = (
    ArrayOp(
        "sum", _sum, pull=("spread(g, a, axis=axis)",),
        dims=_reduced, attrs={"axis": None},
    ),
    ArrayOp(
        "spread", _spread, operands=2, pull=("sum(g, axis=axis)", "0"),
        dims=_like, attrs={"axis": None}, like=(1,),
    ),
    ArrayOp(
        "sum_to", _sum_to, operands=2, pull=("expand_to(g, a)", "0"),
        dims=_like, like=(1,),
    ),
    ArrayOp(
        "expand_to", _expand_to, operands=2, pull=("sum_to(g, a)", "0"),
        dims=_like, like=(1,),
    ),
    ArrayOp(
        "matmul", _matmul, operands=2, dims=_matmul_dims, symbol="@", binding=2,
        pull={
            (1, 1): ("g*b", "g*a"),
            (2, 1): ("outer(g, b)", "a' @ g"),
            (1, 2): ("b @ g", "outer(a, g)"),
            (2, 2): ("g @ b'", "a' @ g"),
            ...: ("sum_to(g @ b', a)", "sum_to(a' @ g, b)"),
        },
    ),
    ArrayOp(
        "outer", _outer, operands=2, pull=("g @ b", "g' @ a"), dims="n,m->nm",
        summed=_outer_summed,
    ),
    ArrayOp(
        "transpose", lambda xp, ranks, a: xp.swapaxes(a, -1, -2), pull=("g'",),
        dims="nm->mn", symbol="'", binding=8,
    ),
)  # fmt: skip

ARRAY_OPS: dict[str, ArrayOp] = {op.name: op for op in ARRAY_TABLE}


def op_called(name: str) -> Op:
    """The operation of that name, of arrays or of numbers."""
    return ARRAY_OPS.get(name) or OPS[name]


ARRAY_FUNCTIONS: dict[str, ArrayOp] = {
    spelling: op for op in ARRAY_TABLE for spelling in (op.name, *op.aliases)
}


def defined(root: Any) -> Any:
    """`root` with every operation that is written in others written out."""
    return root
