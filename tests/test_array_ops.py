"""The table of operations on arrays: each entry held by the same few tests."""

import functools
import itertools

import numpy as np
import pytest

from cgprimer import OpError, gradient, parse_graph, unrolled
from cgprimer.diff.sweep import partials
from cgprimer.errors import PointError
from cgprimer.expr import array_ops
from cgprimer.expr.array_forwards.choices import BadIndex
from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import ARRAY_OPS, ARRAY_TABLE, defined
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import DimsError, Sizing, show_dims
from cgprimer.expr.node import postorder
from cgprimer.expr.ops import OPS, name
from cgprimer.graph.unrolled import Entry, entries_of, node_of
from cgprimer.run.arrays.kernel import ArrayKernel

INDEXES = {"i": 3, "j": 3, "k": 2}  # name → whole numbers below this
SAMPLES = 3
CASES = {  # S is positive definite; i, j and k hold indexes
    "sum(A)": "A: 3 x 4", "sum(A, axis=0)": "A: 3 x 4",
    "sum(T, axis=(0, 2))": "T: 2 x 3 x 4", "sum(T, axis=-1)": "T: 2 x 1 x 4",
    "mean(A, axis=1)": "A: 3 x 4", "mean(T, axis=(-1, 0))": "T: 2 x 3 x 4",
    "var(A, axis=0)": "A: 5 x 3", "var(A)": "A: 2 x 3",
    "spread(v, A, axis=0)": "v: 4; A: 3 x 4",
    "spread(v, T, axis=(0, -1))": "v: 3; T: 2 x 3 x 4", "spread(s, A)": "s:; A: 2 x 2",
    "expand_to(v, A)": "v: 4; A: 3 x 4", "sum_to(A, v)": "A: 3 x 4; v: 4",
    "sum_to(A, B)": "A: 3 x 4; B: 3 x 1", "sum_to(T, s)": "T: 2 x 1 x 2; s:",
    "A*count(A, axis=0)": "A: 3 x 2",
    "A*v + s": "A: 3 x 4; v: 4; s:", "A/(1 + B^2)": "A: 3 x 4; B: 3 x 4",
    "tanh(A) - v": "A: 3 x 4; v: 4", "A^2*s": "A: 2 x 3; s:", "A*B": "A: 2 x 3; B: 1 x 3",
    "A*unsqueeze(v, axis=1)": "A: 3 x 4; v: 3",
    "unsqueeze(u, axis=1) - unsqueeze(v, axis=0)": "u: 3; v: 2",
    "prod(A, axis=1)": "A: 3 x 3", "prod(T, axis=(0, 2))": "T: 2 x 3 x 2",
    "max(A, axis=1)": "A: 3 x 4", "max(T, axis=(0, 2))": "T: 2 x 3 x 2", "max(v)": "v: 1",
    "min(A)": "A: 3 x 4", "min(T, axis=1)": "T: 2 x 3 x 2",
    "logsumexp(A, axis=1)": "A: 3 x 4", "logsumexp(A)": "A: 3 x 4",
    "logsumexp(T, axis=(0, -1))": "T: 2 x 3 x 2",
    "softmax(A)": "A: 3 x 4", "softmax(A, axis=0)": "A: 3 x 4",
    "softmax(T, axis=1)": "T: 2 x 3 x 2", "logsoftmax(A, axis=1)": "A: 3 x 4",
    "cumsum(A)": "A: 3 x 4", "cumsum(T, axis=0)": "T: 2 x 3 x 2",
    "flip(A, axis=0)": "A: 3 x 4", "flip(T, axis=-2)": "T: 2 x 3 x 2",
    "norm1(A)": "A: 3 x 4", "norm1(A, axis=0)": "A: 3 x 4",
    "norm2(A)": "A: 3 x 4", "norm2(A, axis=1)": "A: 3 x 4",
    "u @ v": "u: 4; v: 4", "A @ v": "A: 3 x 4; v: 4", "v @ A": "v: 3; A: 3 x 4",
    "A @ B": "A: 3 x 4; B: 4 x 2", "T @ B": "T: 2 x 3 x 4; B: 4 x 2",
    "T @ U": "T: 2 x 3 x 4; U: 2 x 4 x 2", "B @ T": "B: 5 x 3; T: 2 x 3 x 2",
    "T @ v": "T: 2 x 3 x 4; v: 4", "v @ T": "v: 3; T: 2 x 3 x 4",
    "v @ F": "v: 3; F: 2 x 1 x 3 x 2", "F @ T": "F: 1 x 2 x 3 x 2; T: 2 x 2 x 3",
    "outer(u, v)": "u: 3; v: 4", "outer(v, v)": "v: 3",
    'einsum("ij,jk->ik", A, B)': "A: 3 x 4; B: 4 x 2",
    'einsum("bij,bkj->bik", T, U)': "T: 2 x 3 x 2; U: 2 x 4 x 2",
    'einsum("ij,k->", A, v)': "A: 3 x 4; v: 2",
    'einsum("i,ij,j->", u, A, v)': "u: 3; A: 3 x 4; v: 4",
    'einsum("ij->j", A)': "A: 3 x 4", 'einsum("abc->ca", T)': "T: 2 x 3 x 2",
    "A'": "A: 3 x 4", "T'": "T: 2 x 3 x 4",
    "permute(T, axes=(2, 0, 1))": "T: 2 x 3 x 4",
    "permute(F, axes=(3, -4, 2, 1))": "F: 2 x 2 x 3 x 4",
    "reshape(A, shape=(2, 6))": "A: 3 x 4", "reshape(A, shape=(-1, 2))": "A: 3 x 4",
    "reshape(A, shape=12)": "A: 3 x 4", "reshape_to(v, A)": "v: 6; A: 2 x 3",
    "flatten(T, start=1)": "T: 2 x 3 x 4", "flatten(A)": "A: 3 x 4",
    "squeeze(T, axis=1)": "T: 2 x 1 x 4", "squeeze(T, axis=(0, -1))": "T: 1 x 2 x 1",
    "unsqueeze(A, axis=0)": "A: 3 x 4", "unsqueeze(A, axis=-1)": "A: 3 x 4",
    "A[1]": "A: 3 x 4", "A[0:2, 1]": "A: 3 x 4", "A[:, 1:3]": "A: 3 x 4",
    "A[1:3:2]": "A: 3 x 4", "A[-1, ::2]": "A: 3 x 4", "v[-2:]": "v: 4",
    "place(A, B, at=[0:2, 1:3])": "A: 2 x 2; B: 3 x 4", "place(s, v, at=[2])": "s:; v: 4",
    "concat(A, B)": "A: 3 x 4; B: 2 x 4", "concat(A, B, A, axis=1)": "A: 3 x 4; B: 3 x 2",
    "concat(A, B, A*2, A, axis=-1)": "A: 2 x 3; B: 2 x 2", "concat(v)": "v: 3",
    "part(v, u, end=1)": "v: 5; u: 2", "unpart(u, v)": "u: 2; v: 5",
    "part(A, B, axis=1)": "A: 2 x 3; B: 2 x 1",
    "stack(u, v)": "u: 3; v: 3", "stack(u, v, u*v, axis=-1)": "u: 3; v: 3",
    "stack(A, A*2, axis=1)": "A: 2 x 3", "stack(s, s^2)": "s:",
    "pad(A, widths=((1, 2), (0, 1)))": "A: 3 x 4",
    "crop(A, widths=((1, 0), (1, 1)))": "A: 3 x 4",
    "take(A, i)": "A: 3 x 4; i: 4", "take(A, i, axis=1)": "A: 3 x 4; i: 3",
    "take(A, i, axis=-2)": "A: 3 x 4; i: 2 x 2", "take(A, i)[0]": "A: 3 x 4; i: 1",
    "take(A, i, axis=0)": "A: 3 x 4; i:", "put(A, i, B)": "A: 4 x 2; i: 4; B: 3 x 2",
    "put(T, i, A, axis=1)": "T: 3 x 2 x 2; i: 2 x 2; A: 3 x 4",
    "A[j]": "A: 3 x 4; j: 3", "v[j]": "v: 4; j:", "T[j]": "T: 2 x 3 x 4; j: 2 x 3",
    "unpick(v, j, A)": "v: 3; j: 3; A: 3 x 4", "unpick(s, j, v)": "s:; j:; v: 4",
    "where(A, B, s)": "A: 3 x 4; B: 3 x 4; s:",
    "where(v > s, A, B*s)": "v: 4; s:; A: 3 x 4; B: 3 x 4",
    "(A > 0)*A^2": "A: 3 x 4", "(v < A)*A^2": "v: 4; A: 3 x 4",
    "(A >= s)*A^2 + (A <= s)*s^2": "A: 3 x 4; s:",
    "(i == k)*v^2 + (i != k)*v^3": "i: 4; k: 4; v: 4",
    "trace(A)": "A: 3 x 3", "s*eye(A)": "s:; A: 3 x 3", "diag(v)": "v: 3",
    "diagonal(A)": "A: 3 x 3", "tril(A)": "A: 3 x 4", "half_tril(A)": "A: 3 x 3",
    "symmetric(A)": "A: 3 x 3", "inv(S)": "S: 3 x 3", "solve(S, v)": "S: 3 x 3; v: 3",
    "solve(S, B)": "S: 3 x 3; B: 3 x 2", "det(A)": "A: 3 x 3", "logdet(S)": "S: 3 x 3",
    "cholesky(S)": "S: 3 x 3", "inv(S)[0:1]": "S: 1 x 1",
    "patches(T, size=(2, 3), stride=(2, 1), padding=(1, 0))": "T: 2 x 4 x 5",
    "patches(F, size=2)": "F: 2 x 1 x 3 x 4",
    "unpatches(A, T, size=2)": "A: 2 x 2 x 2 x 2 x 3; T: 2 x 3 x 4",
    "conv2d(T, K)": "T: 2 x 4 x 4; K: 3 x 2 x 2 x 2",
    "conv2d(F, K, stride=2, padding=1)": "F: 2 x 3 x 6 x 5; K: 2 x 3 x 3 x 2",
    "conv2d(T, K, stride=(2, 1), padding=(0, 1))": "T: 2 x 7 x 5; K: 3 x 2 x 3 x 2",
    "conv2d_data(A, K, T)": "A: 2 x 3 x 3; K: 2 x 1 x 2 x 2; T: 1 x 4 x 4",
    "conv2d_data(A, K, F)": "A: 2 x 2 x 3 x 3; K: 2 x 1 x 2 x 2; F: 2 x 1 x 4 x 4",
    "conv2d_kernel(A, T, K)": "A: 2 x 3 x 3; T: 1 x 4 x 4; K: 2 x 1 x 2 x 2",
    "conv2d_kernel(A, F, K, stride=2)":
        "A: 2 x 2 x 2 x 2; F: 2 x 1 x 5 x 5; K: 2 x 1 x 2 x 2",
    "maxpool2d(F, size=2)": "F: 2 x 2 x 4 x 5", "maxpool2d(T, size=2)": "T: 1 x 5 x 4",
    "maxpool2d(T, size=2, stride=1, padding=1)": "T: 2 x 3 x 3",
    "maxpool2d(T, size=(2, 3), stride=(1, 2))": "T: 1 x 4 x 5",
    "unpool2d(A, T, maxpool2d(T, size=2), size=2)": "A: 1 x 2 x 2; T: 1 x 4 x 5",
    "pool_like2d(A, T, maxpool2d(T, size=2), size=2)": "A: 1 x 4 x 5; T: 1 x 4 x 5",
    "avgpool2d(T, size=2)": "T: 2 x 4 x 6", "avgpool2d(F, size=2)": "F: 1 x 2 x 4 x 4",
    "avgpool2d(T, size=2, stride=1, padding=1)": "T: 1 x 3 x 2",
    "take(v, argsort(v))[0:2]": "v: 5",
}  # fmt: skip
TABLE = pytest.mark.parametrize("text", CASES)


def declared(text):
    """The dims of the names of a case: "A: 3 x 4; s:" as {"A": (3, 4), "s": ()}."""
    rows = (row.split(":") for row in CASES[text].split(";"))
    return {n.strip(): tuple(map(int, d.replace("x", " ").split())) for n, d in rows}


def drawn(text, dtype=np.float64):
    """Values for the names of a case."""
    rng = np.random.default_rng(len(text))
    values = {}
    for called, dims in declared(text).items():
        if called in INDEXES:
            value = rng.integers(INDEXES[called], size=dims)
        else:
            value = rng.normal(size=dims)
        if called == "S":
            value = value @ value.T + 2 * np.eye(len(value))
        values[called] = np.asarray(value, dtype=dtype)
    return values


def read(text):
    """A case as a node, with the dims of its names."""
    return parse_array_expression(text), Sizing(declared(text))


def computed(node, sizing, at, sampled=(), summed=False):
    """The value of a node; over samples, where `summed`."""
    own = sizing.copy()
    own.names["out"] = own.of(node)
    dtype = next(iter(at.values())).dtype.type
    sums = ["out"] if summed else []
    return ArrayKernel({"out": node}, ["out"], own, sampled, sums, dtype=dtype)(at)[0]


@functools.cache
def subsets(text):
    """The sets of names of a case that may have samples."""
    names = declared(text)
    return [c for r in range(len(names) + 1) for c in itertools.combinations(names, r)]


def with_samples(at, sampled):
    """The values with samples for some names, none equal to another."""
    rng = np.random.default_rng(7)
    full = dict(at)
    for called in sampled:
        value = at[called]
        full[called] = np.stack(
            [
                np.roll(value, k)
                if called in INDEXES
                else value
                + (0.1 * k * rng.normal(size=value.shape)).astype(value.dtype)
                for k in range(SAMPLES)
            ]
        )
    return full


@pytest.mark.every(3)
@TABLE
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_samples_of_any_arguments_are_as_many_single_ones(text, dtype):
    (node, sizing), at = read(text), drawn(text, dtype)
    near = {"rtol": 1e-12, "atol": 1e-12} if dtype is np.float64 else {"atol": 1e-3}
    dims = sizing.of(node)
    for sampled in subsets(text):
        full = with_samples(at, sampled)
        found = computed(node, sizing, full, sampled)
        each = [
            computed(
                node, sizing, {n: v[k] if n in sampled else v for n, v in full.items()}
            )
            for k in range(SAMPLES)
        ]
        assert {np.shape(value) for value in each} == {tuple(dims)}
        assert {value.dtype for value in (found, *each)} == {np.dtype(dtype)}
        has = np.ndim(found) > len(dims)
        np.testing.assert_allclose(found, np.stack(each) if has else each[0], **near)
        if has:
            total = computed(node, sizing, full, sampled, summed=True)
            assert (np.shape(total), total.dtype) == (tuple(dims), dtype)
            np.testing.assert_allclose(total, np.sum(each, axis=0), **near)


def scalar_of(node, sizing):
    """⟨node, w⟩ for an array w of the same dims: what is differentiated."""
    dims = sizing.names["w_"] = sizing.of(node)
    product = OPS["mul"](node, name("w_"))
    return ARRAY_OPS["sum"](product) if dims else product


def slopes_along(node, sizing, at, wrt):
    """For every name ⟨gradient, v⟩ as a node and by differences, v being random."""
    rng = np.random.default_rng(3)
    leaves = [name(n) for n in wrt]
    found = partials(node, leaves, sizing=sizing)
    for leaf in leaves:
        called = str(leaf.value)
        v = sizing.names[f"v_{called}"] = np.shape(at[called])
        at[f"v_{called}"] = rng.normal(size=v)
        product = OPS["mul"](found[leaf], name(f"v_{called}"))
        along = (
            ARRAY_OPS["sum"](ARRAY_OPS["expand_to"](product, leaf)) if v else product
        )
        yield called, along


def by_difference(node, sizing, at, called, h=1e-5):
    ends = [
        float(computed(node, sizing, at | {called: at[called] + s * at[f"v_{called}"]}))
        for s in (h, -h)
    ]
    return (ends[0] - ends[1]) / (2 * h)


def assert_rules_hold(text, node, sizing, at):
    """First and second derivatives are those of differences, along directions."""
    at["w_"] = np.random.default_rng(5).normal(size=sizing.of(node))
    loss = scalar_of(node, sizing)
    wrt = [n for n in at if n not in INDEXES and n != "w_"]
    for called, along in [*slopes_along(loss, sizing, at, wrt)]:
        slope = float(computed(along, sizing, at))
        assert slope == pytest.approx(
            by_difference(loss, sizing, at, called), 1e-7, 1e-8
        )
        for other, twice in [*slopes_along(along, sizing, at, wrt)]:
            second = float(computed(twice, sizing, at))
            expected = by_difference(along, sizing, at, other)
            assert second == pytest.approx(expected, 1e-6, 1e-7), (called, other)


@pytest.mark.every(3)
@TABLE
def test_rules_are_those_of_differences_to_second_order(text):
    assert_rules_hold(text, *read(text), drawn(text))


def test_every_operation_has_a_case():
    used = {
        node.op.name
        for text in CASES
        for node in postorder([parse_array_expression(text)])
    }
    refused = {op.name for op in ARRAY_TABLE if op.refuse}
    assert {op.name for op in ARRAY_TABLE} - used == refused


@pytest.mark.every(3)
@TABLE
def test_entries_are_those_of_the_forward(text):
    """Expressions for all entries, at numbers, by what unrolled makes of each."""
    if "argsort" in text:
        pytest.skip("an order has no formula")
    (node, sizing), at = read(text), drawn(text)
    names = {n: np.empty(v.shape, dtype=object) for n, v in at.items()}
    flat = {}
    for called, value in at.items():
        for place in np.ndindex(*value.shape):
            entry = f"{called}_{'_'.join(map(str, place))}"
            flat[entry] = value[place]
            leaf = name(entry)
            names[called][place] = Entry(
                leaf if called not in INDEXES else number(value[place])
            )
    found = entries_of(node, sizing, names)
    expected = computed(node, sizing, at)
    for place in np.ndindex(*np.shape(expected)):
        entry = node_of(np.broadcast_to(found, np.shape(expected))[place])
        value = computed(entry, Sizing(), {n: np.asarray(v) for n, v in flat.items()})
        assert float(value) == pytest.approx(float(expected[place]), 1e-9, 1e-12)


def number(value):
    from cgprimer.expr.ops import const

    return const(float(value))
