"""A graph with arrays as a graph of numbers: a name for every entry.

    xh = W @ xx, W: 2 x 2 ─▶ xh_0 = W_0_0*xx_0 + W_0_1*xx_1,  xh_1 = …

The operations' own forwards compute with arrays of expressions, as numpy does with
arrays of objects; what they cannot, such as a largest entry, is in `BY_ENTRIES`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.errors import GraphError, unknown
from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_ops import defined
from cgprimer.expr.array_rule import fill, parsed
from cgprimer.expr.dims import Dims, Sizing, count, is_unknown, show_dims
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ARGUMENTS, NAME, ONE, OPS, ZERO, const, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of
from cgprimer.graph.sizes import dims_at, with_sizes

MOST = 100_000  # entries of all names together

Entries = NDArray[Any]


class Entry:
    """An expression with the operators of Python, so that numpy computes with it."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __neg__(self) -> Entry:
        return Entry(tidy(OPS["neg"], self.node))


def _operator(op: str, reflected: bool = False) -> Callable[[Entry, Any], Entry]:
    def apply(self: Entry, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # numpy goes through its entries
        pair = (self.node, node_of(other))
        return Entry(tidy(OPS[op], *(pair[::-1] if reflected else pair)))

    return apply


for _sign, _op in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div"}.items():
    setattr(Entry, f"__{_sign}__", _operator(_op))
    setattr(Entry, f"__r{_sign}__", _operator(_op, reflected=True))


def node_of(entry: Any) -> Node:
    """The expression of an entry, which may be a plain number."""
    return entry.node if isinstance(entry, Entry) else const(float(entry))


def entry_name(text: str, place: Sequence[int]) -> str:
    """What an entry of an array is called: W_0_3.

    >>> entry_name("W", (0, 3))
    'W_0_3'
    """
    return "_".join((text, *map(str, place)))


def unrolled(
    graph: Graph,
    sizes: Mapping[str, int] | None = None,
    *,
    at: Mapping[str, ArrayLike] | None = None,
) -> Graph:
    """The same graph in numbers: a variable or parameter for every entry.

    sizes : how long the axes are that were declared by name: {"batch": 2}.
    at : values of names that are indexes, as xt in xo[xt]: they say which entries are
        meant, and are no names of the result.

    Entry (0, 3) of W is called W_0_3. Outputs are all entries of the outputs. Raises
    GraphError where a size is not known, for an index without values, and where there
    would be more entries than a reader or a machine could use.

    >>> from cgprimer import parse_graph
    >>> print(unrolled(parse_graph(["W: 2 x 2", "xx: 2", "xh = tanh(W @ xx)"])))
    xh_0 = tanh(W_0_0*xx_0 + W_0_1*xx_1)
    xh_1 = tanh(W_1_0*xx_0 + W_1_1*xx_1)
    """
    takes.kind(Graph, graph=graph)
    takes.mapping(sizes=sizes, at=at)
    if graph.sizing is None:
        return graph
    return _Unroller(graph, dict(sizes or {}), dict(at or {})).graph()


class _Unroller:
    """One graph on its way to numbers."""

    def __init__(
        self, graph: Graph, sizes: dict[str, int], at: dict[str, ArrayLike]
    ) -> None:
        self.source, self.sizes = graph, sizes
        self.taken = {*graph.names, *graph.spare}
        self.entries: dict[str, Entries] = {}
        self.called: dict[str, list[str]] = {}
        self.given = {
            text: as_numbers(f"the value of {text!r}", value, GraphError)
            for text, value in at.items()
        }
        for text, value in self.given.items():
            if text not in graph.names:
                raise GraphError(unknown(f"name {text!r}", text, graph.names))
            for dim, size in zip(graph.dims(text), value.shape, strict=False):
                if isinstance(dim, str):
                    sizes.setdefault(dim, size)

    def graph(self) -> Graph:
        source = self.source
        bodies: dict[str, Node] = {}
        leaves = (*source.inputs, *source.parameters)
        self.check_size()
        for text in leaves:
            self.enter(text, self.dims(text))
        sizing = Sizing({text: self.dims(text) for text in leaves})
        for text in source.order:
            if text not in source.sources:
                continue
            body = with_sizes(defined(source.equation(text).body), self.sizes)
            dims = dims_at(text, body, sizing, self.sizes, GraphError)
            sizing.names[text] = dims
            try:
                values = entries_of(body, sizing, self.entries)
            except NotUnrolled as error:
                raise GraphError(
                    f"the equation of {text!r}: {error}", error.hint
                ) from None
            shape = tuple(map(int, dims))
            self.enter(text, dims)
            flat = np.broadcast_to(values, shape).reshape(-1).tolist()
            bodies |= dict(zip(self.called[text], map(node_of, flat), strict=True))
        outputs = [entry for text in source.outputs for entry in self.called[text]]
        parameters = [
            e for text in source.parameters for e in self.called.get(text, ())
        ]
        inputs = [e for text in source.inputs for e in self.called.get(text, ())]
        spare = [e for text in source.spare for e in self.called.get(text, ())]
        return graph_of(bodies, outputs, parameters, inputs, spare)

    def dims(self, text: str) -> tuple[int, ...]:
        """The dims of a name in numbers; GraphError where one is not known."""
        dims = self.source.dims(text)
        for dim in dims:
            if isinstance(dim, str) and dim not in self.sizes:
                if is_unknown(dim):
                    raise GraphError(
                        f"the dims of {text!r} are not known", f"declare {text}"
                    )
                raise GraphError(
                    f"{text!r} is {show_dims(dims)}, and {dim} has no number",
                    f"give sizes={{{dim!r}: 2}}",
                )
        return tuple(self.sizes[d] if isinstance(d, str) else int(d) for d in dims)

    def check_size(self) -> None:
        """GraphError where the inputs and parameters have too many entries."""
        names = (*self.source.inputs, *self.source.parameters)
        total = sum(count(self.dims(text)) for text in names)
        if total > MOST:
            raise GraphError(
                f"the graph has {total:,} entries; {MOST:,} are unrolled at most",
                "unroll a smaller one of the same text, with other dims",
            )

    def enter(self, text: str, dims: Dims) -> None:
        """Name the entries of a name."""
        if text in self.given:
            values = self.given[text]
            self.entries[text] = _each(lambda x: Entry(const(x)), values)
            return
        shape = tuple(map(int, dims))
        called = [text]  # of a number its own name
        if shape:
            called = [self.free(entry_name(text, at)) for at in np.ndindex(*shape)]
        entries = np.empty(len(called), dtype=object)
        entries[:] = [Entry(name(each)) for each in called]
        self.called[text] = called
        self.entries[text] = entries.reshape(shape)

    def free(self, text: str) -> str:
        """A name that nothing else has."""
        while text in self.taken:
            text += "_"
        self.taken.add(text)
        return text


def entries_of(body: Node, sizing: Sizing, given: Mapping[str, Entries]) -> Entries:
    """The entries of an expression, from those of its names."""
    made: dict[Node, Any] = {}
    for node in postorder([body]):
        args = [made[arg] for arg in node.args]
        if node.op is NAME:
            made[node] = given[str(node.value)]
        elif not args:
            made[node] = _scalar(node)
        elif isinstance(node.op, ArrayOp):
            found = _of_arrays(node, args, sizing)
            made[node] = np.asarray(found, dtype=object)  # of a number too
        else:
            made[node] = entrywise(node.op, *args)
    return np.asarray(made[body], dtype=object)


class NotUnrolled(Exception):
    """An operation that has no expression entry by entry, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _each(function: Callable[..., Any], *arrays: Any) -> Entries:
    """A function entry by entry, on arrays that broadcast."""
    # Not np.vectorize: an array without axes has to stay one.
    made = np.frompyfunc(function, len(arrays), 1)(*arrays)
    result = np.empty(np.shape(made), dtype=object)
    result[...] = made
    return result


def entrywise(op: Any, *arrays: Any) -> Entries:
    """An operation on numbers, entry by entry, as it is written."""
    return _each(lambda *entries: Entry(op(*map(node_of, entries))), *arrays)


def _scalar(node: Node) -> Entries:
    made = np.empty((), dtype=object)
    made[()] = Entry(node)
    return made


def _of_arrays(node: Node, args: list[Any], sizing: Sizing) -> Any:
    op, dims = node.op, [sizing.of(arg) for arg in node.args]
    assert isinstance(op, ArrayOp)
    for i in op.whole:
        args[i] = _each(_number, args[i]).astype(float)
    if op.definition and op.name not in BY_ENTRIES:
        return _by_definition(node, args, dims)
    args = [
        d if i in op.like else a
        for i, (a, d) in enumerate(zip(args, dims, strict=True))
    ]
    attrs = attrs_of(node)
    if op.name in BY_ENTRIES:
        return BY_ENTRIES[op.name](*args, **attrs)
    try:
        return op.forward(ENTRIES, tuple(map(len, dims)), *args, **attrs)
    except (TypeError, AttributeError, np.linalg.LinAlgError):
        raise NotUnrolled(
            f"{op.name!r} has no formula for its entries",
            "write it in operations that have: sums, products, functions of numbers",
        ) from None


def _by_definition(node: Node, args: list[Any], dims: Sequence[Dims]) -> Entries:
    """The entries of an operation that can be written in others."""
    names = ARGUMENTS[: len(args)]
    body = fill(
        parsed(node.op.definition), {name(x): name(x) for x in names}, attrs_of(node)
    )
    sizing = Sizing(dict(zip(names, dims, strict=True)))
    return entries_of(body, sizing, dict(zip(names, args, strict=True)))


class _Namespace:
    """Numpy, with functions of entries in the place of those that compare numbers."""

    maximum = staticmethod(lambda a, b: _each(_larger, a, b))

    def __getattr__(self, text: str) -> Any:
        return getattr(np, text)


ENTRIES = _Namespace()


def _larger(a: Any, b: Any) -> Any:
    """max(a, b); a border of -inf is never the larger."""
    if -np.inf in (a, b):
        return b if a == -np.inf else a
    return Entry(OPS["max"](node_of(a), node_of(b)))


def _chosen(c: Any, a: Any, b: Any) -> Entries:
    """where(c, a, b) as a sum, of which one term is 0."""
    # The scalar language has no choice; where one branch is nan or inf, so is the sum.
    is_so = _each(lambda entry: _call("abs", _call("sign", entry)), c)
    return np.asarray(is_so * a + (1 - is_so) * b, dtype=object)


def _number(entry: Any) -> float:
    node = node_of(entry)
    if node.op.name != "const":
        raise NotUnrolled(
            "an index is a number that has to be known", "give its values: at={…}"
        )
    return float(node.value)


def _reduced(op: str) -> Callable[..., Entries]:
    """The largest or smallest along axes: f(f(a, b), c)."""

    def reduce(a: Entries, axis: Any) -> Entries:
        step = np.frompyfunc(lambda x, y: Entry(OPS[op](node_of(x), node_of(y))), 2, 1)
        return _along(a, axis, lambda row: functools.reduce(step, row))

    return reduce


def _along(a: Entries, axis: Any, function: Callable[[Entries], Any]) -> Entries:
    """A function of all entries along some axes, in the place of these."""
    axes = (
        range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    )
    gone = [k % a.ndim for k in axes]
    kept = [k for k in range(a.ndim) if k not in gone]
    rows = a.transpose(*kept, *gone).reshape(*(a.shape[k] for k in kept), -1)
    made = np.empty(rows.shape[:-1], dtype=object)
    for place in np.ndindex(*made.shape):
        made[place] = function(rows[place])
    return made


def _call(op: str, entry: Any) -> Entry:
    return Entry(OPS[op](node_of(entry)))


def _minor(a: Entries, i: int, j: int) -> Entries:
    return np.delete(np.delete(a, i, axis=0), j, axis=1)


def _det(a: Entries) -> Any:
    """The determinant by its first row (Laplace); small ones only."""
    if len(a) > LARGEST:
        raise NotUnrolled(
            f"a determinant of more than {LARGEST} rows is not written out"
        )
    if len(a) == 1:
        return a[0, 0]
    terms = [a[0, j] * _det(_minor(a, 0, j)) for j in range(len(a))]
    return functools.reduce(
        lambda x, y: x + y, (t * (-1) ** j for j, t in enumerate(terms))
    )


def _inv(a: Entries) -> Entries:
    """The inverse by the adjugate (Cramer's rule); small ones only."""
    n, det, made = len(a), _det(a), np.empty(a.shape, dtype=object)
    for i, j in itertools.product(range(n), repeat=2):
        cofactor = _det(_minor(a, j, i)) if n > 1 else Entry(ONE)
        made[i, j] = cofactor * (-1) ** (i + j) / det
    return made


def _cholesky(a: Entries) -> Entries:
    """The lower factor, row by row, of the symmetric part."""
    n = len(a)
    half = Entry(const(0.5))
    sym = _each(lambda x, y: half * (x + y) if x is not y else x, a, a.T)
    made = np.empty(a.shape, dtype=object)
    made[...] = Entry(ZERO)
    for i in range(n):
        for j in range(i + 1):
            rest = sym[i, j] - made[i, :j] @ made[j, :j] if j else sym[i, j]
            made[i, j] = _call("sqrt", rest) if i == j else rest / made[j, j]
    return made


LARGEST = 6  # rows: 720 products

BY_ENTRIES: dict[str, Callable[..., Any]] = {
    "where": _chosen,
    "largest": _reduced("max"),
    "smallest": _reduced("min"),
    "matmul": np.matmul,
    "det": _det,
    "logdet": lambda a: _call("log", _call("abs", _det(a))),
    "inv": _inv,
    "solve": lambda a, b: _inv(a) @ b,
    "cholesky": _cholesky,
}
"""What numpy's forwards cannot do with arrays of expressions."""
