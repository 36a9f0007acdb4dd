"""Terms to nodes by the dims of their names: what a product is, or that it is none.

    product(J, ε), J: m x n, ε: m   ─ conform ─▶   NonConforming: J is m x n, ε is m
    product(transpose(x), y)        ─ conform ─▶   x @ y, a number

A vector stands for a column, and its transpose for a row: x^T y is a number, x y^T a
matrix. Each kind of term is a row of KINDS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cgprimer.derivation.matrices.terms import NotRead, SideTerm
from cgprimer.errors import shorten
from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import Dims, DimsError, Sizing, show_dims
from cgprimer.expr.node import Node, intern, leaves
from cgprimer.expr.ops import OPS, const, name

MUL, DIV, NEG = OPS["mul"], OPS["div"], OPS["neg"]


class NonConforming(Exception):
    """Two arrays that do not conform: what is said of them, and where they stand."""

    def __init__(
        self, message: str, start: int, end: int, names: Sequence[str]
    ) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.names = message, start, end, names


@dataclass(frozen=True)
class Typed:
    """A node of the language; `row` for a vector that is the transpose of one."""

    node: Node
    row: bool = False


class Conform:
    """Makes nodes of terms, over names of which the dims are known.

    sizing : the dims of all names. text : the line, for what is said of a misfit.
    """

    def __init__(self, sizing: Sizing, text: str) -> None:
        self.sizing, self.text = sizing, text

    def __call__(self, root: SideTerm) -> Typed:
        made: dict[int, Typed] = {}
        order = [term for _, term in root.walk()][::-1]
        for term in order:
            args = [made[id(arg)] for arg in term.args]
            made[id(term)] = KINDS[term.kind](self, term, *args)
        return made[id(root)]

    def dims(self, typed: Typed) -> Dims:
        return self.sizing.of(typed.node)

    def shape(self, typed: Typed) -> str:
        """The dims as a message tells them: of a row as 1 x n."""
        dims = show_dims(self.dims(typed))
        return f"1 x {dims}" if typed.row else dims

    def quoted(self, term: SideTerm) -> str:
        return shorten(term.text(self.text), 48) or "it"

    def misfit(self, term: SideTerm, *args: Typed, what: str = "") -> NonConforming:
        sides = [
            f"{self.quoted(part)} is {self.shape(typed)}"
            for part, typed in zip(term.args, args, strict=True)
        ]
        both = " and ".join(dict.fromkeys(sides))
        used = [n for typed in args for n in leaves(typed.node)]
        said = f"{self.quoted(term)} does not conform: {both}"
        return NonConforming(said + what, term.start, term.end, used)

    def checked(
        self, term: SideTerm, node: Node, *args: Typed, row: bool = False
    ) -> Typed:
        """The node, if its dims fit."""
        try:
            self.sizing.of(node)
        except DimsError as error:
            if len(args) == 2:
                raise self.misfit(term, *args) from None
            used = [n for typed in args for n in leaves(typed.node)]
            said = f"{self.quoted(term)} does not conform: {error.message}"
            raise NonConforming(said, term.start, term.end, used) from None
        return Typed(node, row and len(self.sizing.of(node)) == 1)


def _name(form: Conform, term: SideTerm) -> Typed:
    return Typed(name(term.value))


def _number(form: Conform, term: SideTerm) -> Typed:
    return Typed(const(term.value))


def _product(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    """Letters side by side: matrices, columns, rows and numbers."""
    left, right = len(form.dims(a)), len(form.dims(b))
    if not left or not right:
        return Typed(MUL(a.node, b.node), a.row or b.row)
    if left > 2 or right > 2:
        raise NotRead("a product of arrays of more than two axes", term.start, term.end)
    if left == 1 and not a.row:
        # A column meets a row, and nothing else: x y^T.
        if right == 1 and b.row:
            return form.checked(term, ARRAY_OPS["outer"](a.node, b.node), a, b)
        raise form.misfit(term, a, b)
    if right == 1 and b.row:
        raise form.misfit(term, a, b)
    made = ARRAY_OPS["matmul"](a.node, b.node)
    return form.checked(term, made, a, b, row=a.row)


def _at(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    """a @ b of the language, in which a vector is neither a row nor a column."""
    if not form.dims(a) or not form.dims(b):
        if form.dims(a) or form.dims(b):
            return _product(form, term, a, b)
        raise NotRead("'@' multiplies arrays", term.start, term.end, "write *")
    if a.row or b.row:
        return _product(form, term, a, b)
    made = ARRAY_OPS["matmul"](a.node, b.node)
    return form.checked(term, made, a, b)


def _entry(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    if a.row != b.row and form.dims(a) and form.dims(b):
        raise form.misfit(term, a, b)
    return form.checked(term, MUL(a.node, b.node), a, b, row=a.row or b.row)


def _dot(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    """A·B: by entries or the product, where only one of them is possible."""
    if not form.dims(a) or not form.dims(b):
        return _product(form, term, a, b)
    found = []
    for reading in (_product, _entry):
        try:
            found.append(reading(form, term, a, b))
        except NonConforming:
            continue
    if len(found) == 1 and (len(form.dims(a)), len(form.dims(b))) != (1, 1):
        return found[0]
    raise NotRead(
        "'·' between two arrays may be by entries or their product",
        term.start, term.end, r"write @ or \odot",
    )  # fmt: skip


def _sum(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    op = OPS["add" if term.kind == "add" else "sub"]
    if a.row != b.row and form.dims(a) and form.dims(b):
        raise form.misfit(term, a, b)
    return form.checked(term, op(a.node, b.node), a, b, row=a.row or b.row)


def _neg(form: Conform, term: SideTerm, a: Typed) -> Typed:
    return Typed(NEG(a.node), a.row)


def _div(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    if a.row != b.row and form.dims(a) and form.dims(b):
        raise form.misfit(term, a, b)
    return form.checked(term, DIV(a.node, b.node), a, b, row=a.row or b.row)


def _transpose(form: Conform, term: SideTerm, a: Typed) -> Typed:
    rank = len(form.dims(a))
    if rank == 0:
        if a.node.op.name == "name":
            raise NotRead(
                f"{form.quoted(term)} is a transpose, and {a.node.value} has no dims",
                term.start, term.end, f"declare it, as in {a.node.value}: 3 x 2",
            )  # fmt: skip
        return a  # of a number it is that number
    if rank == 1:
        return Typed(a.node, not a.row)
    return form.checked(term, ARRAY_OPS["transpose"](a.node), a)


def _inverse(form: Conform, term: SideTerm, a: Typed) -> Typed:
    if not form.dims(a):
        return Typed(OPS["div"](const(1.0), a.node))
    if len(form.dims(a)) != 2:
        raise NotRead("only a matrix has an inverse", term.start, term.end)
    return form.checked(term, ARRAY_OPS["inv"](a.node), a)


def _power(form: Conform, term: SideTerm, a: Typed, b: Typed) -> Typed:
    if form.dims(b):
        raise NotRead("a power is a number", term.start, term.end)
    if term.args[0].kind == "norm" and b.node is const(2.0):
        inner = a.node.args[0]
        if inner.op.name == "sum":  # ‖x‖² without the root
            return Typed(inner)
    if len(form.dims(a)) > 1:
        raise NotRead(
            "a power of a matrix may be a product or by entries", term.start, term.end,
            "write the product out, or by entries with *",
        )  # fmt: skip
    return Typed(OPS["pow"](a.node, b.node), a.row)


def _norm(form: Conform, term: SideTerm, a: Typed) -> Typed:
    if len(form.dims(a)) > 1:
        raise NotRead("the norm of a matrix may be several", term.start, term.end)
    square = OPS["pow"](a.node, const(2.0))
    whole = ARRAY_OPS["sum"](square) if form.dims(a) else square
    return Typed(OPS["sqrt"](whole))


def _call(form: Conform, term: SideTerm, *args: Typed) -> Typed:
    op, value = term.value
    nodes = tuple(typed.node for typed in args)
    if isinstance(op, ArrayOp):
        return form.checked(term, intern(op, nodes, value), *args)
    rows = {typed.row for typed in args if form.dims(typed)}
    return form.checked(term, intern(op, nodes, value), *args, row=rows == {True})


def _list(form: Conform, term: SideTerm, *args: Typed) -> Typed:
    """Numbers in brackets: stacked along a new axis."""
    dims = [form.dims(typed) for typed in args]
    if len({*dims}) > 1:
        raise NotRead("the rows of a matrix are of one length", term.start, term.end)
    stacked = None
    for typed in args:
        one = ARRAY_OPS["unsqueeze"](typed.node, axis=0)
        stacked = one if stacked is None else ARRAY_OPS["concat"](stacked, one, axis=0)
    assert stacked is not None
    made = Typed(stacked)
    if term.value == "matrix":
        rows, columns = len(args), len(term.args[0].args)
        # A matrix of one column is a vector, of one row its transpose.
        if columns == 1:
            made = Typed(ARRAY_OPS["squeeze"](stacked, axis=1))
        elif rows == 1:
            made = Typed(ARRAY_OPS["squeeze"](stacked, axis=0), row=True)
    return made


KINDS: dict[str, Callable[..., Typed]] = {
    "name": _name, "number": _number, "product": _product, "at": _at, "dot": _dot,
    "entry": _entry, "add": _sum, "sub": _sum, "neg": _neg, "div": _div,
    "transpose": _transpose, "inverse": _inverse, "power": _power, "norm": _norm,
    "call": _call, "list": _list,
}  # fmt: skip


def one_reading(root: SideTerm, sizing: Sizing, line: str) -> SideTerm:
    """A side with b ⊙ W x read in the way that conforms; NotRead where both do."""
    form = Conform(sizing, line)
    while True:
        # The last on a walk has no other one below it.
        mixed = [(way, term) for way, term in root.walk() if term.kind == "mixed"]
        if not mixed:
            return root
        way, term = mixed[-1]
        root = root.replaced(way, _reading(form, term))


def _reading(form: Conform, term: SideTerm) -> SideTerm:
    """The one of two readings that conforms, or the first where they are the same."""
    outer, _ = term.args
    fitting = []
    for reading in term.args:
        try:
            form(reading)
        except NonConforming:
            continue
        fitting.append(reading)
    if len(fitting) < 2:
        return (fitting or [outer])[0]
    # Numbers may stand anywhere in a product.
    left, right = outer.args
    while right.kind == "product":
        right = right.args[0]
    if not form.dims(form(left)) or not form.dims(form(right)):
        return outer
    raise NotRead(
        "this may be read in two ways", term.start, term.end,
        "put the product that is meant in parentheses",
    )  # fmt: skip
