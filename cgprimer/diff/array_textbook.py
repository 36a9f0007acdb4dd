"""Derivatives by arrays as a textbook prints them.

    sum_to(spread(1/count(y), y)*y, c)  ─ textbook_arrays ─▶  sum(y)/count(y)

Arrays of one number become that number where it meets an array anyway, transposes go
inward, minus signs and numbers come out of products. Values are the same, up to
rounding, and so are the dims. Each operation that has shorter forms is a row of RULES.

`graph.gradient` makes its equations by it, `graph.local` and traces what they print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cgprimer.diff.factors import MUL, is_product, is_sum, split_product
from cgprimer.diff.textbook import (
    as_fraction,
    as_sum,
    as_written,
    fraction_of,
)
from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import Dims, DimsError, Sizing, count
from cgprimer.expr.node import Node, fold, intern, postorder
from cgprimer.expr.ops import CONST, NAME, ONE, OPS, Op, const
from cgprimer.expr.tidy import tidy

ADD, DIV = OPS["add"], OPS["div"]


def textbook_arrays(root: Node, sizing: Sizing, printed: bool = True) -> Node:
    """`root` in the forms of matrix calculus, with the same dims.

    sizing : the dims of all names in `root`; it remembers those of the new forms.
    printed : whether products are written as one fraction, too, as `textbook` does for
        a reader; without it values are computed in the order of the rules.
    """
    return _Textbook(sizing, printed).run(root)


class _Textbook:
    """One expression being rewritten: its dims, and what stands for what."""

    def __init__(self, sizing: Sizing, printed: bool) -> None:
        self.sizing = sizing
        self.printed = printed

    def run(self, root: Node) -> Node:
        return fold([root], self.visit)[root]

    def visit(self, node: Node, args: list[Node]) -> Node:
        """What stands for a node whose arguments have their short forms."""
        if not args:
            return as_written(node) if node.op is CONST and self.printed else node
        wanted = self.sizing.of(node)
        made = self.make(node.op, args, node.value)
        # A form that has lost its dims, such as 0*A, is none.
        if self.dims(made) != wanted:
            return intern(node.op, tuple(args), node.value)
        return made

    def dims(self, node: Node) -> Dims | None:
        try:
            return self.sizing.of(node)
        except DimsError:
            return None

    def rank(self, node: Node) -> int:
        return len(self.sizing.of(node))

    def make(self, op: Op, args: Sequence[Node], value: Any = None) -> Node:
        """`op(*args)` in its shortest form."""
        args = tuple(args)
        if isinstance(op, ArrayOp):
            rule = RULES.get(op.name)
            made = rule(self, *args, **dict(value or ())) if rule else None
            return intern(op, args, value) if made is None else made
        args = self.without_copies(args)
        if constant := self.of_copies(op, args):
            return constant
        node = intern(op, args, value)
        if is_product(node):
            return self.product(node)
        if is_sum(node):
            return _joined(self, node) or as_sum(op is OPS["sub"], *args)
        if op is OPS["exp"] and self.printed:
            return _softmax(self, args[0]) or node
        return node

    def array(self, op: str, *args: Node, **attrs: Any) -> Node:
        """An operation on arrays in its shortest form."""
        entry = ARRAY_OPS[op]
        return self.make(entry, args, entry.filled(attrs))

    def product(self, node: Node) -> Node:
        if not self.printed:
            return tidy(node.op, *node.args)
        return as_fraction(fraction_of(node))

    def without_copies(self, args: tuple[Node, ...]) -> tuple[Node, ...]:
        """Arguments of an operation entry by entry, without what is a mere stretch.

        spread(s, A)*B is s*B: operations stretch numbers, and arrays along the axes in
        front, by themselves, where another argument has the dims of the result.
        """
        kept = list(args)
        for i, arg in enumerate(args):
            short = self.stretched(arg)
            if short is None:
                continue
            # The others have to have the dims of this one still.
            rest = kept[:i] + kept[i + 1 :]
            if any(self.dims(other) == self.dims(arg) for other in rest):
                kept[i] = short
        return tuple(kept)

    def of_copies(self, op: Op, args: tuple[Node, ...]) -> Node | None:
        """spread(v, A)/2 as spread(v/2, A): an operation on copies, and on numbers."""
        short = [self.stretched(arg) or arg for arg in args]
        copies = [arg for arg, x in zip(args, short, strict=True) if x is not arg]
        own = {self.dims(arg.args[0]) for arg in copies}
        full = {self.dims(arg) for arg in copies}
        if len(own) != 1 or len(full) != 1:
            return None
        others = (x for arg, x in zip(args, short, strict=True) if x is arg)
        if any(self.dims(x) != () for x in others):
            return None
        first = copies[0]
        inner = self.make(op, short)
        return self.make(first.op, (inner, first.args[1]), first.value)

    def stretched(self, node: Node) -> Node | None:
        """What an array is a copy of, along the axes in front or from a number."""
        name = node.op.name
        if name not in ("spread", "expand_to") or not isinstance(node.op, ArrayOp):
            return None
        small, like = node.args
        own, full = self.dims(small), self.dims(like)
        if own is None or full is None:
            return None
        if name == "expand_to":
            return None if 1 in own else small
        axis = attrs_of(node)["axis"]
        gone = _axes(axis, len(full))
        return small if gone == tuple(range(len(gone))) else None

    def like(self, node: Node) -> Node:
        """A name with the dims of a node of which only the dims count."""
        if node.op is NAME:
            return node
        dims = self.sizing.of(node)
        names = (part for part in postorder([node]) if part.op is NAME)
        return next((part for part in names if self.dims(part) == dims), node)

    def numbers_out(self, *args: Node) -> tuple[Node, list[Node]]:
        """A number, and the arguments without the numbers in front of them."""
        number: Node = ONE
        rest = []
        for arg in args:
            numbers, factors = split_product(arg) if is_product(arg) else ([], [])
            plain = [f for f in factors if f[0].op is not CONST]
            above = [node for node, power in plain if power > 0]
            if not numbers or not above or not self.can_lose(arg, above):
                rest.append(arg)
                continue
            number = self.times(number, numbers)
            bare = above[0]
            for node in above[1:]:
                bare = MUL(bare, node)
            for node, power in plain:
                bare = DIV(bare, node) if power < 0 else bare
            rest.append(bare)
        return number, rest

    def can_lose(self, arg: Node, above: list[Node]) -> bool:
        """Whether what is left of an argument without numbers has its dims."""
        return any(self.dims(node) == self.dims(arg) for node in above)

    def times(self, number: Node, numbers: Sequence[tuple[Node, int]]) -> Node:
        for node, power in numbers:
            number = tidy(MUL if power > 0 else DIV, number, node)
        return number

    def pulled(self, op: str, *args: Node, **attrs: Any) -> Node | None:
        """A linear operation with numbers in front of it, if there are any."""
        number, rest = self.numbers_out(*args)
        if number is ONE:
            return None
        return self.make(MUL, (number, self.array(op, *rest, **attrs)))


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(
        sorted(k % rank for k in (axis if isinstance(axis, tuple) else (axis,)))
    )


def _is(node: Node, op: str) -> bool:
    return node.op is ARRAY_OPS.get(op)


# Transposes and products


def _transpose(book: _Textbook, a: Node) -> Node | None:
    if _is(a, "transpose"):
        return a.args[0]
    if _is(a, "eye") or _is(a, "diag"):
        return a
    if _is(a, "outer"):
        return book.array("outer", a.args[1], a.args[0])
    if _is(a, "matmul") and book.rank(a.args[0]) == book.rank(a.args[1]) == 2:
        # (A' @ B)' is B' @ A, and (A @ B)' stays: no form has more transposes.
        if any(_is(arg, "transpose") for arg in a.args):
            left, right = (book.array("transpose", arg) for arg in reversed(a.args))
            return book.array("matmul", left, right)
        return None
    if not isinstance(a.op, ArrayOp) and a.args:
        ranks = [book.rank(arg) for arg in a.args]
        turned = [arg for arg, rank in zip(a.args, ranks, strict=True) if rank]
        if all(_is(arg, "transpose") and book.rank(arg) == 2 for arg in turned):
            args = (book.array("transpose", x) if x in turned else x for x in a.args)
            return book.make(a.op, tuple(args))
    return book.pulled("transpose", a)


def _matmul(book: _Textbook, a: Node, b: Node) -> Node | None:
    pulled = book.pulled("matmul", a, b)
    if pulled is not None:
        return pulled
    if book.rank(a) == 1 and _is(b, "transpose"):
        return book.array("matmul", b.args[0], a)
    return None


def _outer(book: _Textbook, a: Node, b: Node) -> Node | None:
    return book.pulled("outer", a, b)


def _joined(book: _Textbook, node: Node) -> Node | None:
    """x @ A + A @ x as (A + A') @ x, also with a minus between them."""
    sides = []
    for arg in node.args:
        number, [product] = book.numbers_out(arg)
        if not _is(product, "matmul"):
            return None
        left, right = product.args
        if (book.rank(left), book.rank(right)) == (1, 2):
            left, right = book.array("transpose", right), left
        if book.rank(right) != 1 or book.rank(left) != 2:
            return None
        sides.append((number, left, right))
    (one, a, x), (other, b, y) = sides
    # Only of what is its own transpose but for that: others are shorter as they are.
    if x is not y or one is not other or book.array("transpose", a) is not b:
        return None
    if node.op is ADD and _is(a, "transpose"):
        a, b = b, a
    return book.make(MUL, (one, book.array("matmul", node.op(a, b), x)))


# Sums, and what undoes them


def _sum(book: _Textbook, a: Node, axis: Any = None) -> Node | None:
    dims = book.sizing.of(a)
    if not dims:
        return a
    if axis is not None and _axes(axis, len(dims)) == tuple(range(len(dims))):
        return book.array("sum", a)
    pulled = book.pulled("sum", a, axis=axis)
    if pulled is not None or axis is not None:
        return pulled
    if a.op is MUL:
        return _inner(book, a, dims)
    return None


def _inner(book: _Textbook, a: Node, dims: Dims) -> Node | None:
    """The sum of a product: u @ v of vectors, trace(A) for the sum of A*eye(A)."""
    left, right = a.args
    if book.dims(left) != dims or book.dims(right) != dims:
        return None
    if len(dims) == 1:
        return book.array("matmul", left, right)
    for one, other in (left, right), (right, left):
        if _is(one, "eye") and "trace" in ARRAY_OPS:
            return book.array("trace", other)
    return None


def _trace(book: _Textbook, a: Node) -> Node | None:
    if _is(a, "outer"):
        return book.array("matmul", *a.args)
    return book.pulled("trace", a)


def _sum_to(book: _Textbook, a: Node, like: Node) -> Node | None:
    has, wants = book.sizing.of(a), book.sizing.of(like)
    if has == wants:
        return a
    if not wants:
        return book.array("sum", a)
    lead = len(has) - len(wants)
    if lead > 0 and has[lead:] == wants:
        return book.array("sum", a, axis=0 if lead == 1 else tuple(range(lead)))
    return None


def _spread(book: _Textbook, a: Node, like: Node, axis: Any = None) -> Node | None:
    if not book.sizing.of(like):
        return a
    # A copy of copies of a number.
    inner = book.stretched(a)
    if inner is not None and not book.sizing.of(inner):
        return book.array("spread", inner, like)
    short = book.like(like)
    return None if short is like else book.array("spread", a, short, axis=axis)


def _expand_to(book: _Textbook, a: Node, like: Node) -> Node | None:
    if book.sizing.of(a) == book.sizing.of(like):
        return a
    short = book.like(like)
    if not book.sizing.of(a):
        return book.array("spread", a, short)
    return None if short is like else book.array("expand_to", a, short)


def _reshape_to(book: _Textbook, a: Node, like: Node) -> Node | None:
    if book.sizing.of(a) == book.sizing.of(like):
        return a
    short = book.like(like)
    return None if short is like else book.array("reshape_to", a, short)


def _count(book: _Textbook, a: Node, axis: Any = None) -> Node | None:
    dims = book.sizing.of(a)
    sizes = [dims[k] for k in _axes(axis, len(dims))]
    if all(isinstance(size, int) for size in sizes):
        return const(float(count(sizes)))
    if axis is not None and len(sizes) == len(dims):
        return book.array("count", a)
    short = book.like(a)
    return None if short is a else book.array("count", short, axis=axis)


def _softmax(book: _Textbook, a: Node) -> Node | None:
    """exp(a - spread(logsumexp(a), a)) as softmax(a).

    For a reader only: whoever computes has that logsumexp already.
    """
    if a.op is not OPS["sub"]:
        return None
    inner, whole = a.args
    total = whole.args[0] if _is(whole, "spread") else whole
    if not _is(total, "logsumexp") or total.args[0] is not inner:
        return None
    axis, rank = attrs_of(total)["axis"], book.rank(inner)
    gone = _axes(axis, rank)
    # Stretched along the axes that it was summed over, by name or as those in front.
    fits = gone == tuple(range(len(gone)))
    if whole is not total:
        fits = _axes(attrs_of(whole)["axis"], rank) == gone
    if not fits or (axis is None and rank > 1):
        return None
    return book.array("softmax", inner, axis=-1 if axis is None else axis)


RULES: dict[str, Callable[..., Node | None]] = {
    "transpose": _transpose,
    "matmul": _matmul,
    "outer": _outer,
    "sum": _sum,
    "trace": _trace,
    "sum_to": _sum_to,
    "spread": _spread,
    "expand_to": _expand_to,
    "reshape_to": _reshape_to,
    "count": _count,
}
