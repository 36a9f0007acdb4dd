"""Layers that are dense products, found in scalar equations and run by BLAS.

Equations of one shape whose body holds a long sum of parameter · variable, over the
same variables in all of them, are one matrix product and what is left of each body:

    xh = tanh(w1*xa + w2*xb + … + b)   ─▶   z = W·x      xh = tanh(z + b)

`run.llvm.layout` finds them, `run.llvm.by_shape` runs them.
"""

from __future__ import annotations

import ctypes
import functools
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import NAME, OPS, name
from cgprimer.graph.slots import PARAMETER, VARIABLE, slot_kind
from cgprimer.run.llvm.group_writer import GroupWriter
from cgprimer.run.llvm.jit import MachineCode, compile_text
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.records import Int, Pointer

if TYPE_CHECKING:
    from cgprimer.graph.shape import Shape

TERMS = 8  # of a sum, from which on it is worth a product
ROWS = 4  # equations, likewise
PRODUCT = "x_z"
_ADD, _MUL = OPS["add"], OPS["mul"]


class Matrix(NamedTuple):
    """Where a matrix lies, and how far apart its rows are, to BLAS its columns."""

    address: str
    distance: str


class Product(NamedTuple):
    """A sum of products inside a shape.

    weights, variables : slots of the factors, term by term. rest : the body with the
    sum replaced by the name PRODUCT.
    """

    weights: list[int]
    variables: list[int]
    rest: Node


def find_product(shape: Shape) -> Product | None:
    """The longest sum of parameter · variable in a shape, if it is long enough."""
    body = shape.stable
    order = postorder([body])
    uses = Counter(arg for node in order for arg in node.args)
    inner = {arg for node in order if node.op is _ADD for arg in node.args}
    best: list[tuple[Node, Node, Node]] = []
    top = None
    for node in order:
        # The top of a sum: an addition that is no term of another, or that something
        # else uses as well.
        if node.op is _ADD and not (node in inner and uses[node] == 1):
            terms = _terms(node, uses)
            products = [found for term in terms if (found := _factors(term, uses))]
            if len(products) > len(best):
                best, top, left = products, node, terms
    if top is None or len(best) < TERMS:
        return None
    # What is no product of the two, such as a bias, stays in the equation: x_z + b.
    taken = {term for term, _, _ in best}
    total = name(PRODUCT)
    for term in left:
        if term not in taken:
            total = _ADD(total, term)
    slot = {name(text): i for i, text in enumerate(shape.slots)}
    weights = [slot[weight] for _, weight, _ in best]
    variables = [slot[variable] for _, _, variable in best]
    [rest] = substitute([body], {top: total})
    return Product(weights, variables, rest)


def _terms(top: Node, uses: Counter[Node]) -> list[Node]:
    """The terms of nested additions, from left to right."""
    terms, stack = [], [top]
    while stack:
        node = stack.pop()
        if node.op is _ADD and (node is top or uses[node] == 1):
            stack += reversed(node.args)
        else:
            terms.append(node)
    return terms


def _factors(term: Node, uses: Counter[Node]) -> tuple[Node, Node, Node] | None:
    """(term, parameter, variable) where a term is their product, used only here."""
    if term.op is not _MUL or uses[term] != 1:
        return None
    kinds = {slot_kind(arg.value): arg for arg in term.args if arg.op is NAME}
    # A weight or a variable that the body uses elsewhere would get a part of its
    # adjoint there; here all of it goes back through the product.
    if kinds.keys() != {PARAMETER, VARIABLE} or any(
        uses[arg] != 1 for arg in term.args
    ):
        return None
    return term, kinds[PARAMETER], kinds[VARIABLE]


class DenseRecord(NamedTuple):
    """Z (rows, n) = W (rows, terms) · X (terms, n).

    weights : the number of the first weight; gap : between rows of weights. first : the
    first row of X. wanted : whether X gets adjoints. dgemm : BLAS's function.
    """

    rows: Int
    terms: Int
    weights: Int
    gap: Int
    first: Int
    wanted: Int
    dgemm: Pointer


@functools.cache
def gemm(title: str = "dgemm") -> int:
    """The address of BLAS's dgemm, or of sgemm."""
    from scipy.linalg import cython_blas

    # scipy's own BLAS, which is there wherever scipy is. Its address is in a capsule
    # whose name is the signature, and which opens only for that name.
    capsules: dict[str, object] = dict(cython_blas.__pyx_capi__)
    capsule = capsules[title]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


@functools.cache
def products() -> MachineCode:
    """The code of dense products, with `forward` and `reverse`."""
    return compile_text(module_text([_forward(), _reverse()]))


class _DenseWriter(GroupWriter):
    """A function of a dense group; BLAS sees our rows as columns."""

    def __init__(self) -> None:
        super().__init__(1)
        self.at = self.record(self.group.code, DenseRecord)
        self.weights, self.slopes = (
            Matrix(self.place(base, self.at.weights), self.at.gap)
            for base in (self.work.numbers, self.work.gradient)
        )
        self.z, self.z_adjoint = self._rows(self.group.first)
        self.x, self.x_adjoint = self._rows(self.at.first)

    def _rows(self, first: str) -> list[Matrix]:
        """The values and the adjoints in rows from `first` on."""
        return [
            Matrix(self.row(base, first), self.work.stride)
            for base in (self.work.values, self.work.adjoints)
        ]

    def multiply(
        self,
        kinds: str,
        sizes: tuple[str, str, str],
        a: Matrix,
        b: Matrix,
        c: Matrix,
        *,
        keep: float,
    ) -> None:
        """C = A·B + keep·C; `kinds` says which of A and B are transposed."""

        def store(kind: str, value: str) -> str:
            room = self.new(f"alloca {kind}")
            self.do(f"store {kind} {value}, ptr {room}")
            return room

        letters = [store("i8", str(ord(kind))) for kind in kinds]
        counts = [store("i32", self.new(f"trunc i64 {n} to i32")) for n in sizes]
        lda, ldb, ldc = (
            store("i32", self.new(f"trunc i64 {x.distance} to i32")) for x in (a, b, c)
        )
        one, beta = (store("double", self.const(number)) for number in (1.0, keep))
        places = [*letters, *counts, one, a.address, lda, b.address, ldb]
        places += [beta, c.address, ldc]
        types = ", ".join(f"ptr {place}" for place in places)
        self.do(f"call void {self.at.dgemm}({types})")


def _forward() -> FunctionText:
    e = _DenseWriter()
    # BLAS counts by columns: our rows, `stride` apart, are its columns. To it the
    # equation Z (rows, n) = W·X is the transposed one,
    #
    #     Zᵀ (n, rows) = Xᵀ (n, terms) · Wᵀ (terms, rows),
    #
    # whose matrices lie in memory as ours do: X comes first, nothing is transposed.
    sizes = e.work.lanes, e.at.rows, e.at.terms
    e.multiply("NN", sizes, e.x, e.weights, e.z, keep=0.0)
    return e.function("forward")


def _reverse() -> FunctionText:
    e = _DenseWriter()
    # Slopes of weights, again transposed: X·Z̄ᵀ, added to what is there. Only the
    # samples count, as padding would be summed.
    sizes = e.at.terms, e.at.rows, e.work.samples
    e.multiply("TN", sizes, e.x, e.z_adjoint, e.slopes, keep=1.0)

    def back(_: str) -> None:
        # And X̄ᵀ += Z̄ᵀ·W, for the samples.
        sizes = e.work.samples, e.at.terms, e.at.rows
        e.multiply("NT", sizes, e.z_adjoint, e.weights, e.x_adjoint, keep=1.0)

    # A loop of one round or none, in place of a branch.
    e.each(0, e.at.wanted, 1, back)
    return e.function("reverse")
