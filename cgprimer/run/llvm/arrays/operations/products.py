"""Products of matrices: @, outer, einsum, with or without an axis of samples."""

from __future__ import annotations

from collections.abc import Sequence

from cgprimer.run.llvm.arrays.builder import MUL, Builder
from cgprimer.run.llvm.arrays.expression import Expr, Shape
from cgprimer.run.llvm.arrays.operations.call import Call, NoCode, Operation, Value


def _letters(dims: Sequence[Shape]) -> tuple[str, str, str]:
    """einsum's letters of a product of matrices or vectors."""
    (a, b), lead = dims, "ABCDEFGH"
    first = "ik"[-min(len(a), 2) :] if len(a) < 2 else "ik"
    second = "k" if len(b) == 1 else "kj"
    more = [max(len(x) - 2, 0) for x in dims]
    own = [lead[8 - count :] for count in more]
    out = lead[8 - max(more) :] + "i" * (len(a) > 1) + "j" * (len(b) > 1)
    return own[0] + first, own[1] + second, out


def lettered(b: Builder, call: Call) -> tuple[Expr, Expr, str, str, str]:
    """The factors of a product and their letters, "s" for samples where they are."""
    x, y = map(b.settled, call.args[:2])
    first, second, out = _letters(call.dims[:2])
    # Axes in front are stretched from 1, where one has them and the other not.
    sizes: dict[str, int] = {}
    for own, dims in ((first, call.dims[0]), (second, call.dims[1])):
        for letter, n in zip(own, dims, strict=True):
            sizes[letter] = max(sizes.get(letter, 1), n)
    parts = []
    for expr, own, dims in ((x, first, call.dims[0]), (y, second, call.dims[1])):
        gone = [k for k, c in enumerate(own) if dims[k] == 1 and sizes[c] > 1]
        kept = "".join(c for k, c in enumerate(own) if k not in gone)
        parts.append((b.views.dropped(expr, gone) if gone else expr, kept))
    (x, first), (y, second) = parts
    return with_samples(b, x, y, first, second, out)


def with_samples(
    b: Builder, x: Expr, y: Expr, first: str, second: str, out: str
) -> tuple[Expr, Expr, str, str, str]:
    """The letter "s" for the axis of samples, which is dropped where it is 1."""
    parts = []
    for expr, own in ((x, first), (y, second)):
        if expr.shape[-1] == 1:
            parts.append((b.views.dropped(expr, [len(expr.shape) - 1]), own))
        else:
            parts.append((expr, own + "s"))
    (x, first), (y, second) = parts
    return x, y, first, second, out + "s" * ("s" in first or "s" in second)


def multiplied(
    b: Builder, x: Expr, y: Expr, first: str, second: str, out: str, factor: float = 1.0
) -> Expr:
    """A product, with an axis of samples again."""
    result = b.product(x, y, f"{first},{second}->{out}", factor)
    if "s" in out:
        return result
    return b.views.inserted(result, [len(out)], [1])


def _matmul(b: Builder, call: Call) -> Value:
    return multiplied(b, *lettered(b, call))


def _outer(b: Builder, call: Call) -> Value:
    x, y = map(b.settled, call.args[:2])
    n, m = call.out
    return b.entries(MUL, b.inserted(x, [1], [m]), b.inserted(y, [0], [n]))


def _einsum(b: Builder, call: Call) -> Value:
    left, out = str(call.attrs["form"]).split("->")
    parts = left.split(",")
    exprs = [b.settled(arg) for arg in call.args]
    if any(len(set(part)) < len(part) for part in (*parts, out)) or "s" in left:
        raise NoCode("einsum with a letter twice, or the letter s")
    while len(parts) > 2:
        first, second, *rest = parts
        kept = "".join(
            c for c in dict.fromkeys(first + second) if c in "".join((*rest, out))
        )
        made = multiplied(b, *with_samples(b, exprs[0], exprs[1], first, second, kept))
        exprs, parts = [made, *exprs[2:]], [kept, *rest]
    if len(parts) == 2:
        x, y = exprs
        return multiplied(b, *with_samples(b, x, y, parts[0], parts[1], out))
    [part], [expr] = parts, exprs
    gone = [k for k, c in enumerate(part) if c not in out]
    expr = b.folded(expr, gone, "sum") if gone else expr
    left = "".join(c for c in part if c in out)
    return b.views.permuted(expr, [*(left.index(c) for c in out), len(out)])


PRODUCTS: dict[str, Operation] = {
    "matmul": _matmul,
    "outer": _outer,
    "einsum": _einsum,
}
