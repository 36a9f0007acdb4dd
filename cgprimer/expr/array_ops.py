"""The table of operations on arrays: one entry says everything about one operation.

    ArrayOp("outer", outer, 2, ("g @ b", "g' @ a"), outer_dims)

See `expr.array_op` for what an entry holds, and `array_forwards` for what they compute.
A name is one of `ARRAY_FUNCTIONS` only where it is called in a text with arrays, so
that `mean` may still be the name of a parameter, and `outer` that of a caller's own
operation.
"""

from __future__ import annotations

from typing import Any

from cgprimer.expr.array_forwards import (
    algebra,
    choices,
    moves,
    pools,
    products,
    reductions,
    windows,
)
from cgprimer.expr.array_op import REQUIRED, ArrayOp
from cgprimer.expr.array_pulls import concat_pull, einsum_pull, stack_pull
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, Op

_WRITTEN: Any = None  # no forward: `definition` says it all
_ALL, _LAST, _FIRST = {"axis": None}, {"axis": -1}, {"axis": 0}
_LOSSY = {"axis": REQUIRED}
_WINDOW = {"size": REQUIRED, "stride": 1, "padding": 0}
_POOL = {"size": REQUIRED, "stride": None, "padding": 0}
_CONV = {"stride": 1, "padding": 0}
_SIZED = "size=size, stride=stride, padding=padding"
_INSIDE = f"patches(0*{{}} + 1, {_SIZED})"  # 1, and 0 in the border
_HITS = (
    f"equal(patches(b, {_SIZED}), spread(c, patches(b, {_SIZED}), axis=(-4, -3)))"
    f"*{_INSIDE.format('b')}"
)
_MOVED = "stride=stride, padding=padding"
_TIES = "equal(a, spread(y, a, axis=axis))"
_AT_TIES = f"spread(g/sum({_TIES}, axis=axis), a, axis=axis)*{_TIES}"
_CHANGES = "a - spread(y, a, axis=axis)"


# Products with more than two axes; what stands for them in the rules of @ must not
# transpose a vector.
_LONG = range(3, 8)
_MATMUL_PULL: dict[Any, tuple[str, ...]] = {
    (1, 1): ("g*b", "g*a"),
    (2, 1): ("outer(g, b)", "a' @ g"),
    (1, 2): ("b @ g", "outer(a, g)"),
    (2, 2): ("g @ b'", "a' @ g"),
    **{(k, 1): ("unsqueeze(g, axis=-1)*b", "sum_to(unsqueeze(g, axis=-1)*a, b)")
       for k in _LONG},
    **{(1, k): ("sum_to(sum(unsqueeze(g, axis=-2)*b, axis=-1), a)",
                "unsqueeze(a, axis=1)*unsqueeze(g, axis=-2)") for k in _LONG},
    ...: ("sum_to(g @ b', a)", "sum_to(a' @ g, b)"),
}  # fmt: skip

ARRAY_TABLE: tuple[ArrayOp, ...] = (
    # sums over axes, and their adjoints
    ArrayOp(
        "sum", reductions.reduction("sum"), pull=("spread(g, a, axis=axis)",),
        dims=reductions.reduced_dims, attrs=_ALL,
    ),
    ArrayOp(
        "spread", reductions.spread, operands=2, pull=("sum(g, axis=axis)", "0"),
        dims=reductions.spread_dims, attrs=_ALL, like=(1,),
    ),
    ArrayOp(
        "sum_to", reductions.sum_to, operands=2, pull=("expand_to(g, a)", "0"),
        dims=reductions.like_dims, like=(1,),
    ),
    ArrayOp(
        "expand_to", reductions.expand_to, operands=2, pull=("sum_to(g, a)", "0"),
        dims=reductions.like_dims, like=(1,),
    ),
    ArrayOp(
        "count", reductions.count, pull=("0",),
        dims=lambda sizing, a, axis: reductions.reduced_dims(sizing, a, axis) and (),
        attrs=_ALL, like=(0,),
    ),
    ArrayOp(
        "mean", reductions.reduction("mean"),
        pull=("spread(g, a, axis=axis)/count(a, axis=axis)",),
        dims=reductions.reduced_dims, attrs=_ALL,
    ),
    ArrayOp(
        "var", _WRITTEN, dims=reductions.reduced_dims, attrs=_ALL,
        definition="mean((a - spread(mean(a, axis=axis), a, axis=axis))^2, axis=axis)",
    ),
    ArrayOp(
        "prod", reductions.reduction("prod"), pull=("spread(g*y, a, axis=axis)/a",),
        dims=reductions.reduced_dims, attrs=_ALL, kinks="a",  # 0/0 at a = 0
    ),
    ArrayOp(
        "largest", reductions.reduction("max"), pull=(_AT_TIES,),
        dims=reductions.reduced_dims, attrs=_ALL, kinks=_CHANGES,
    ),
    ArrayOp(
        "smallest", reductions.reduction("min"), pull=(_AT_TIES,),
        dims=reductions.reduced_dims, attrs=_ALL, kinks=_CHANGES,
    ),
    ArrayOp(
        "logsumexp", reductions.logsumexp,
        pull=("spread(g, a, axis=axis)*exp(a - spread(y, a, axis=axis))",),
        dims=reductions.reduced_dims, attrs=_ALL,
        definition="log(sum(exp(a), axis=axis))",
    ),
    ArrayOp(
        "softmax", reductions.softmax,
        pull=("y*(g - spread(sum(g*y, axis=axis), a, axis=axis))",),
        dims=reductions.kept_dims, attrs=_LAST,
        definition="exp(a)/spread(sum(exp(a), axis=axis), a, axis=axis)",
    ),
    ArrayOp(
        "logsoftmax", _WRITTEN, dims=reductions.kept_dims, attrs=_LAST,
        definition="a - spread(logsumexp(a, axis=axis), a, axis=axis)",
    ),
    ArrayOp(
        "cumsum", reductions.along("cumsum"),
        pull=("flip(cumsum(flip(g, axis=axis), axis=axis), axis=axis)",),
        dims=reductions.kept_dims, attrs=_LAST,
    ),
    ArrayOp(
        "flip", reductions.along("flip"), pull=("flip(g, axis=axis)",),
        dims=reductions.kept_dims, attrs=_LAST,
    ),
    ArrayOp(
        "norm1", _WRITTEN, dims=reductions.reduced_dims, attrs=_ALL,
        definition="sum(abs(a), axis=axis)",
    ),
    ArrayOp(
        "norm2", reductions.norm2, pull=("spread(g/y, a, axis=axis)*a",),
        dims=reductions.reduced_dims, attrs=_ALL, kinks="y",
        definition="sqrt(sum(a^2, axis=axis))",
    ),
    # products
    ArrayOp(
        "matmul", products.matmul, operands=2, pull=_MATMUL_PULL,
        dims=products.matmul_dims, symbol="@", binding=2,
        summed=products.matmul_summed,
    ),
    ArrayOp(
        "outer", products.outer, operands=2, pull=("g @ b", "g' @ a"),
        dims=products.outer_dims, summed=products.outer_summed,
    ),
    ArrayOp(
        "einsum", products.einsum, operands=-1, pull=einsum_pull,
        dims=products.einsum_dims, attrs={"form": REQUIRED},
        summed=products.einsum_summed,
    ),
    # the same entries in other places
    ArrayOp(
        "transpose", lambda xp, ranks, a: xp.swapaxes(a, -1, -2), pull=("g'",),
        dims="nm->mn", symbol="'", binding=8,
    ),
    ArrayOp(
        "permute", moves.permute, pull=("permute(g, axes=inverse(axes))",),
        dims=moves.permute_dims, attrs={"axes": REQUIRED},
    ),
    ArrayOp(
        "reshape", moves.reshape, pull=("reshape_to(g, a)",),
        dims=moves.reshape_dims, attrs={"shape": REQUIRED},
    ),
    ArrayOp(
        "reshape_to", moves.reshape_to, operands=2, pull=("reshape_to(g, a)", "0"),
        dims=moves.reshape_to_dims, like=(1,),
    ),
    ArrayOp(
        "flatten", moves.flatten, pull=("reshape_to(g, a)",),
        dims=moves.flatten_dims, attrs={"start": 0},
    ),
    ArrayOp(
        "squeeze", moves.squeeze, pull=("reshape_to(g, a)",),
        dims=moves.squeeze_dims, attrs=_LOSSY,
    ),
    ArrayOp(
        "unsqueeze", moves.unsqueeze, pull=("reshape_to(g, a)",),
        dims=moves.unsqueeze_dims, attrs=_LOSSY,
    ),
    ArrayOp(
        "slice", moves.slice_of, pull=("place(g, a, at=at)",),
        dims=moves.slice_dims, attrs={"at": REQUIRED},
    ),
    ArrayOp(
        "place", moves.place, operands=2, pull=("slice(g, at=at)", "0"),
        dims=moves.place_dims, attrs={"at": REQUIRED}, like=(1,),
    ),
    ArrayOp(
        "concat", moves.concat, operands=-1, pull=concat_pull,
        dims=moves.concat_dims, attrs=_FIRST,
    ),
    ArrayOp(
        "part", moves.part, operands=2,
        pull=("unpart(g, a, axis=axis, end=end)", "0"),
        dims=moves.part_dims, attrs={"axis": 0, "end": 0}, like=(1,),
    ),
    ArrayOp(
        "unpart", moves.unpart, operands=2,
        pull=("part(g, a, axis=axis, end=end)", "0"),
        dims=moves.unpart_dims, attrs={"axis": 0, "end": 0}, like=(1,),
    ),
    ArrayOp(
        "stack", moves.stack, operands=-1, pull=stack_pull,
        dims=moves.stack_dims, attrs=_FIRST,
    ),
    ArrayOp(
        "pad", moves.pad, pull=("crop(g, widths=widths)",),
        dims=moves.pad_dims, attrs={"widths": REQUIRED},
    ),
    ArrayOp(
        "crop", moves.crop, pull=("pad(g, widths=widths)",),
        dims=moves.crop_dims, attrs={"widths": REQUIRED},
    ),
    # entries by number
    ArrayOp(
        "take", choices.take, operands=2, pull=("put(g, b, a, axis=axis)", "0"),
        dims=choices.take_dims, attrs=_FIRST, whole=(1,),
    ),
    ArrayOp(
        "put", choices.put, operands=3, pull=("take(g, b, axis=axis)", "0", "0"),
        dims=choices.put_dims, attrs=_FIRST, like=(2,), whole=(1,),
        summed=choices.put_summed,
    ),
    ArrayOp(
        "pick", choices.pick, operands=2, pull=("unpick(g, b, a)", "0"),
        dims=choices.pick_dims, whole=(1,),
    ),
    ArrayOp(
        "unpick", choices.unpick, operands=3, pull=("pick(g, b)", "0", "0"),
        dims=choices.unpick_dims, like=(2,), whole=(1,),
    ),
    # entry by entry: no dims of their own, as for operations on numbers
    ArrayOp(
        "where", choices.where, operands=3,
        pull=("0", "where(a, g, 0)", "where(a, 0, g)"), kinks="a",
    ),
    ArrayOp(
        "greater", choices.comparison("greater"), operands=2, pull=("0", "0"),
        kinks="a - b", definition="step(a - b)",
    ),
    ArrayOp(
        "less", choices.comparison("less"), operands=2, pull=("0", "0"),
        kinks="a - b", definition="step(b - a)",
    ),
    ArrayOp(
        "greater_equal", choices.comparison("greater_equal"), operands=2,
        pull=("0", "0"), kinks="a - b", definition="1 - step(b - a)",
    ),
    ArrayOp(
        "less_equal", choices.comparison("less_equal"), operands=2,
        pull=("0", "0"), kinks="a - b", definition="1 - step(a - b)",
    ),
    ArrayOp(
        "equal", choices.comparison("equal"), operands=2, pull=("0", "0"),
        kinks="a - b", definition="1 - abs(sign(a - b))",
    ),
    ArrayOp(
        "not_equal", choices.comparison("not_equal"), operands=2, pull=("0", "0"),
        kinks="a - b", definition="abs(sign(a - b))",
    ),
    # square matrices
    ArrayOp("trace", algebra.trace, pull=("g*eye(a)",), dims=algebra.square("")),
    ArrayOp("eye", algebra.eye, pull=("0",), dims=algebra.square("nn")),
    ArrayOp("diag", algebra.diag, pull=("diagonal(g)",), dims=algebra.diag_dims),
    ArrayOp("diagonal", algebra.diagonal, pull=("diag(g)",), dims=algebra.square("n")),
    ArrayOp("tril", algebra.tril, pull=("tril(g)",), dims=algebra.matrix_dims),
    ArrayOp(
        "half_tril", algebra.half_tril, pull=("half_tril(g)",),
        dims=algebra.square("nn"),
    ),
    ArrayOp(
        "symmetric", _WRITTEN, dims=algebra.square("nn"), definition="0.5*(a + a')",
    ),
    ArrayOp("inv", algebra.inv, pull=("-(y' @ g @ y')",), dims=algebra.square("nn")),
    ArrayOp(
        "solve", algebra.solve, operands=2, dims=algebra.solve_dims,
        pull={
            (2, 1): ("-outer(solve(a', g), y)", "solve(a', g)"),
            (2, 2): ("-(solve(a', g) @ y')", "solve(a', g)"),
        },
    ),
    ArrayOp("det", algebra.det, pull=("g*y*inv(a)'",), dims=algebra.square("")),
    ArrayOp("logdet", algebra.logdet, pull=("g*inv(a)'",), dims=algebra.square("")),
    ArrayOp(
        "cholesky", algebra.cholesky, dims=algebra.square("nn"),
        pull=("symmetric(solve(y', solve(y', half_tril(y' @ g))')')",),
    ),
    # windows of images
    ArrayOp(
        "patches", windows.patches, pull=(f"unpatches(g, a, {_SIZED})",),
        dims=windows.patches_dims, attrs=_WINDOW,
    ),
    ArrayOp(
        "unpatches", windows.unpatches, operands=2,
        pull=(f"patches(g, {_SIZED})", "0"),
        dims=windows.unpatches_dims, attrs=_WINDOW, like=(1,),
    ),
    ArrayOp(
        "conv2d", windows.conv2d, operands=2,
        pull=(f"conv2d_data(g, b, a, {_MOVED})", f"conv2d_kernel(g, a, b, {_MOVED})"),
        dims=windows.conv2d_dims, attrs=_CONV,
    ),
    ArrayOp(
        "conv2d_data", windows.conv2d_data, operands=3,
        pull=(f"conv2d(g, b, {_MOVED})", f"conv2d_kernel(a, g, b, {_MOVED})", "0"),
        dims=windows.conv2d_data_dims, attrs=_CONV, like=(2,),
    ),
    ArrayOp(
        "conv2d_kernel", windows.conv2d_kernel, operands=3,
        pull=(f"conv2d(b, g, {_MOVED})", f"conv2d_data(a, g, b, {_MOVED})", "0"),
        dims=windows.conv2d_kernel_dims, attrs=_CONV, like=(2,),
        summed=windows.conv2d_kernel_summed,
    ),
    ArrayOp(
        "maxpool2d", pools.maxpool2d, pull=(f"unpool2d(g, a, y, {_SIZED})",),
        dims=pools.pool_dims, attrs=_POOL, kinks=f"unpool2d(0*y + 1, a, y, {_SIZED})",
    ),
    ArrayOp(
        "unpool2d", pools.unpool2d, operands=3,
        pull=(f"pool_like2d(g, b, c, {_SIZED})", "0", "0"),
        dims=pools.unpool_dims, attrs=_POOL,
        definition=f"unpatches({_HITS}*spread(a/sum({_HITS}, axis=(-4, -3)), {_HITS}, "
        f"axis=(-4, -3)), b, {_SIZED})",
    ),
    ArrayOp(
        "pool_like2d", pools.pool_like2d, operands=3,
        pull=(f"unpool2d(g, b, c, {_SIZED})", "0", "0"),
        dims=pools.pool_like_dims, attrs=_POOL,
        definition=f"sum(patches(a, {_SIZED})*{_HITS}, axis=(-4, -3))"
        f"/sum({_HITS}, axis=(-4, -3))",
    ),
    ArrayOp(
        "avgpool2d", _WRITTEN, dims=pools.pool_dims, attrs=_POOL,
        definition=f"mean(patches(a, {_SIZED}), axis=(-4, -3))",
    ),
    # order
    ArrayOp("argsort", choices.argsort, pull=("0",), dims=choices.vector_dims),
    ArrayOp(
        "sort", choices.sort, dims=choices.vector_dims,
        refuse="write take(a, argsort(a)): the order is then constant, and the "
        "derivative exact wherever no two entries are equal",
    ),
    ArrayOp(
        "argmax", choices.argmax, dims=choices.argmax_dims, attrs=_LAST,
        refuse="it is a whole number, constant almost everywhere: softmax is its "
        "smooth form; for the value itself use max",
    ),
)  # fmt: skip

ARRAY_OPS: dict[str, ArrayOp] = {op.name: op for op in ARRAY_TABLE}


def op_called(name: str) -> Op:
    """The operation of that name, of arrays or of numbers."""
    return ARRAY_OPS.get(name) or OPS[name]


# max and min of one array are written as those of several numbers.
_SPELLED = frozenset(["largest", "smallest"])

ARRAY_FUNCTIONS: dict[str, ArrayOp] = {
    spelling: op
    for op in ARRAY_TABLE
    if op.name not in _SPELLED
    for spelling in (op.name, *op.aliases)
}


def defined(root: Node) -> Node:
    """`root` with every operation that is written in others written out.

    >>> from cgprimer.expr.array_syntax import parse_array_expression
    >>> defined(parse_array_expression("norm1(x, axis=0)"))
    Node(sum(abs(x), axis=0))
    """
    from cgprimer.expr.array_rule import written_out

    return written_out(root)
