"""The table of operations on arrays: each entry held by the same few tests."""

import dataclasses
import functools
import itertools

import numpy as np
import pytest

from cgprimer import OpError
from cgprimer.diff.sweep import partials
from cgprimer.errors import PointError
from cgprimer.expr import array_ops
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
CASES = {  # S is positive definite and not symmetric; i, j and k hold indexes
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
    "tanh(A) - v": "A: 3 x 4; v: 4", "A^2*s": "A: 2 x 3; s:",
    "A*B": "A: 2 x 3; B: 1 x 3",
    "A*unsqueeze(v, axis=1)": "A: 3 x 4; v: 3",
    "unsqueeze(u, axis=1) - unsqueeze(v, axis=0)": "u: 3; v: 2",
    "prod(A, axis=1)": "A: 3 x 3", "prod(T, axis=(0, 2))": "T: 2 x 3 x 2",
    "max(A, axis=1)": "A: 3 x 4", "max(T, axis=(0, 2))": "T: 2 x 3 x 2",
    "max(v)": "v: 1",
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
    "permute(T, axes=(2, -2, 0))": "T: 2 x 3 x 4", "permute(v, axes=-1)": "v: 3",
    "permute(F, axes=(3, -4, 2, 1))": "F: 2 x 2 x 3 x 4",
    "reshape(A, shape=(2, 6))": "A: 3 x 4", "reshape(A, shape=(-1, 2))": "A: 3 x 4",
    "reshape(A, shape=12)": "A: 3 x 4", "reshape_to(v, A)": "v: 6; A: 2 x 3",
    "flatten(T, start=1)": "T: 2 x 3 x 4", "flatten(A)": "A: 3 x 4",
    "squeeze(T, axis=1)": "T: 2 x 1 x 4", "squeeze(T, axis=(0, -1))": "T: 1 x 2 x 1",
    "unsqueeze(A, axis=0)": "A: 3 x 4", "unsqueeze(A, axis=-1)": "A: 3 x 4",
    "A[1]": "A: 3 x 4", "A[0:2, 1]": "A: 3 x 4", "A[:, 1:3]": "A: 3 x 4",
    "A[1:3:2]": "A: 3 x 4", "A[-1, ::2]": "A: 3 x 4", "v[-2:]": "v: 4",
    "place(A, B, at=[0:2, 1:3])": "A: 2 x 2; B: 3 x 4",
    "place(s, v, at=[2])": "s:; v: 4",
    "concat(A, B)": "A: 3 x 4; B: 2 x 4",
    "concat(A, B, A, axis=1)": "A: 3 x 4; B: 3 x 2",
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


def sizes_of(text):
    """Dims by name: "A: 3 x n; s:" as {"A": (3, "n"), "s": ()}."""
    rows = (row.split(":") for row in text.split(";"))
    return {
        n.strip(): tuple(int(d) if d.isdigit() else d for d in dims.split() if d != "x")
        for n, dims in rows
    }


def declared(text):
    """The dims of the names of a case."""
    return sizes_of(CASES[text])


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
            value = value @ value.T + 2 * np.eye(len(value)) + 0.3 * np.triu(value, 1)
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


@pytest.mark.every(4)
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


@pytest.mark.every(5)
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


PROVED = [  # rules for these sizes, by sympy on symbols for all entries
    ("sum(A, axis=0)", "A: 2 x 2"),
    ("mean(A)", "A: 2 x 3"),
    ("var(A, axis=1)", "A: 2 x 2"),
    ("prod(A, axis=1)", "A: 2 x 3"),
    ("spread(v, A, axis=0)", "v: 2; A: 2 x 2"),
    ("A*v", "A: 2 x 2; v: 2"),
    ("tanh(A)/(1 + v^2)", "A: 2 x 2; v: 2"),
    ("logsumexp(A, axis=1)", "A: 2 x 2"),
    ("logsoftmax(v)", "v: 2"),
    ("softmax(A)", "A: 2 x 2"),
    ("softmax(v)", "v: 3"),
    ("cumsum(A)", "A: 2 x 3"),
    ("flip(A, axis=0)", "A: 2 x 2"),
    ("norm2(A)", "A: 2 x 2"),
    ("norm2(A, axis=0)", "A: 2 x 2"),
    ("u @ v", "u: 2; v: 2"),
    ("A @ v", "A: 2 x 3; v: 3"),
    ("v @ A", "v: 2; A: 2 x 3"),
    ("A @ B", "A: 2 x 3; B: 3 x 2"),
    ("T @ B", "T: 2 x 2 x 2; B: 2 x 2"),
    ("T @ v", "T: 2 x 2 x 3; v: 3"),
    ("v @ T", "v: 2; T: 2 x 2 x 2"),
    ("outer(u, v)", "u: 2; v: 3"),
    ('einsum("ij,jk->ik", A, B)', "A: 2 x 2; B: 2 x 3"),
    ('einsum("ij,k->", A, v)', "A: 2 x 2; v: 2"),
    ("A'", "A: 2 x 3"),
    ("permute(T, axes=(2, 0, 1))", "T: 2 x 1 x 3"),
    ("reshape(A, shape=(3, 2))", "A: 2 x 3"),
    ("flatten(T, start=1)", "T: 2 x 1 x 2"),
    ("A[0, 1:]", "A: 2 x 3"),
    ("concat(A, B, A, axis=1)", "A: 2 x 2; B: 2 x 1"),
    ("stack(u, v, axis=-1)", "u: 2; v: 2"),
    ("pad(A, widths=((1, 0), (0, 1)))", "A: 2 x 2"),
    ("trace(A)", "A: 2 x 2"),
    ("diag(v)", "v: 2"),
    ("diagonal(A)", "A: 2 x 2"),
    ("tril(A)", "A: 3 x 3"),
    ("symmetric(A)", "A: 2 x 2"),
    pytest.param("inv(A)", "A: 2 x 2", marks=pytest.mark.slow),
    pytest.param("inv(A)[0]", "A: 3 x 3", marks=pytest.mark.slow),
    pytest.param("solve(A, v)", "A: 2 x 2; v: 2", marks=pytest.mark.slow),
    pytest.param("solve(A, B)", "A: 2 x 2; B: 2 x 2", marks=pytest.mark.slow),
    ("det(A)", "A: 3 x 3"),
    ("logdet(A)", "A: 2 x 2"),
    ("cholesky(A)", "A: 2 x 2"),
    ("patches(T, size=2)", "T: 1 x 3 x 2"),
    ("conv2d(T, K)", "T: 1 x 3 x 3; K: 1 x 1 x 2 x 2"),
    ("conv2d(T, K, stride=2, padding=1)", "T: 1 x 3 x 3; K: 1 x 1 x 2 x 2"),
    ("conv2d(F, K)", "F: 2 x 1 x 2 x 2; K: 1 x 1 x 2 x 2"),
    ("avgpool2d(T, size=2)", "T: 1 x 2 x 2"),
]  # fmt: skip


@pytest.mark.every(5)
@pytest.mark.parametrize(("text", "dims"), PROVED)
def test_rules_are_proved_entry_by_entry(text, dims):
    import sympy

    from cgprimer.notation.to_sympy import to_sympy

    node, sizing = parse_array_expression(text), Sizing(sizes_of(dims))
    wrt = [*sizing.names]
    loss = scalar_of(node, sizing)
    given = {called: symbols(called, own) for called, own in sizing.names.items()}
    whole = node_of(entries_of(loss, sizing, given)[()])
    rules = partials(loss, [name(called) for called in wrt], sizing=sizing)
    for called in wrt:
        found = entries_of(rules[name(called)], sizing, given)
        leaves = [entry.node for entry in given[called].ravel()]
        found = np.broadcast_to(found, given[called].shape).ravel()
        by_entries = partials(whole, leaves)
        for entry, leaf in zip(found, leaves, strict=True):
            one, other = node_of(entry), by_entries[leaf]
            gap = to_sympy(one, real=True) - to_sympy(other, real=True)
            gap = gap.replace(
                is_sign, lambda sign: sympy.Abs(*sign.args) / sign.args[0]
            )
            assert sympy.expand(gap) == 0 or sympy.simplify(gap) == 0


def is_sign(formula):
    return type(formula).__name__ == "sign"


def symbols(called, dims):
    """An array with a name for each entry."""
    entries = np.empty(dims, dtype=object)
    for place in np.ndindex(*dims):
        entries[place] = Entry(name(f"{called}{''.join(map(str, place))}"))
    return entries


FITS = [  # text, dims of the names, dims of the result
    ("reshape(T, shape=(batch, -1))", "T: batch x 3 x 4", "batch x 12"),
    ("flatten(T)", "T: batch x 3 x 4", "12*batch"),
    ("flatten(T, start=1)", "T: batch x 3 x 4", "batch x 12"),
    ("v[1:]", "v: n", "n-1"),
    ("v[:3]", "v: n", "3"),
    ("v[:-1]", "v: n", "n-1"),
    ("v[-2:]", "v: n", "2"),
    ("v[::2]", "v: n", "(n+1)//2"),
    ("v[1::3]", "v: n", "(n+1)//3"),
    ("v[-3:2]", "v: n", "n[-3:2]"),
    ("concat(v, u)", "v: n; u: 1", "n+1"),
    ("concat(v, u)", "v: n; u: m", "m+n"),
    ("concat(v, v)", "v: n", "2*n"),
    ("concat(v, u, u)", "v: n; u: 1", "n+2"),
    ("pad(v, widths=((1, 2),))", "v: n", "n+3"),
    ("crop(v, widths=((1, 2),))", "v: n", "n-3"),
    ("take(A, i)", "A: 3 x 4; i: n x 2", "n x 2 x 4"),
    ("conv2d(T, K)", "T: 1 x h x w; K: 6 x 1 x 5 x 5", "6 x h-4 x w-4"),
    ("conv2d(T, K, stride=2, padding=1)", "T: 1 x h x w; K: 6 x 1 x 5 x 5",
     "6 x (h-3)//2+1 x (w-3)//2+1"),
    ("conv2d(T, K)", "T: batch x c x 28 x 28; K: 6 x c x k x k",
     "batch x 6 x 29-k x 29-k"),
    ("maxpool2d(T, size=2)", "T: 3 x 5 x 5", "3 x 2 x 2"),
    ("maxpool2d(T, size=2)", "T: 3 x h x w", "3 x (h-2)//2+1 x (w-2)//2+1"),
    ("maxpool2d(T, size=2, stride=3)", "T: batch x 3 x 9 x 8", "batch x 3 x 3 x 3"),
    ("conv2d(T, K, stride=2)", "T: 1 x 28 x 28; K: 6 x 1 x k x 5",
     "6 x (28-k)//2+1 x 12"),
    ("A @ B", "A: batch x 784; B: 784 x 100", "batch x 100"),
    ("T @ v", "T: 2 x 3 x 4; v: 4", "2 x 3"),
    ("stack(v, v, v, axis=-1)", "v: n", "n x 3"),
    ("unsqueeze(v, axis=-1)", "v: n", "n x 1"),
    ("outer(u, v)", "u: n; v: m", "n x m"),
    ("take(v, i)", "v: 9; i: batch", "batch"),
]  # fmt: skip

MISFITS = [  # text, dims of the names, message, hint
    ("sum(A, axis=2)", "A: 3 x 4",
     "there is no axis 2 in 3 x 4", "its axes are 0 to 1"),
    ("sum(v, axis=1)", "v: 3",
     "there is no axis 1 in 3", "its only axis is 0"),
    ("sum(s, axis=0)", "s:",
     "a scalar has no axis 0", ""),
    ("sum(A, axis=(0, -2))", "A: 3 x 4",
     "axis 0 is named twice", ""),
    ("mean(A, axis=-3)", "A: n x 4",
     "there is no axis -3 in n x 4", "its axes are 0 to 1"),
    ("spread(v, A, axis=0)", "v: 3; A: 3 x 4",
     "3 and 4 differ", ""),
    ("softmax(s)", "s:",
     "a scalar has no axis -1", ""),
    ("u @ v", "u: 3; v: 4",
     "inner axes: 3 and 4 differ", ""),
    ("A @ v", "A: n x 5; v: m",
     "inner axes: 5 and m differ", ""),
    ("s @ v", "s:; v: 3",
     "'@' multiplies arrays", "for a scalar write '*'"),
    ("T @ U", "T: 2 x 3 x 4; U: 3 x 4 x 5",
     "2 and 3 differ", ""),
    ("outer(A, v)", "A: 2 x 3; v: 2",
     "outer takes two vectors, not 2 x 3",
     'for more axes write einsum, such as einsum("ij,k->ijk", A, b)'),
    ('einsum("ij,jk->ik", A, B)', "A: 3 x 4; B: 5 x 2",
     "axes 'j': 4 and 5 differ", ""),
    ('einsum("ii->i", A)', "A: 3 x 3",
     "a letter stands twice in 'ii'",
     "write diagonal(a) or trace(a) for equal indices"),
    ('einsum("ijk->i", A)', "A: 3 x 3",
     "'ijk' names 3 axes of 3 x 3", ""),
    ("v'", "v: 3",
     "a matrix is expected, not 3", ""),
    ("permute(T, axes=(0, 1))", "T: 2 x 3 x 4",
     "axes=(0, 1) is no order of 2 x 3 x 4", "name each of 0 to 2 once"),
    ("permute(A, axes=(0, 0))", "A: 2 x 3",
     "axes=(0, 0) is no order of 2 x 3", "name each of 0 to 1 once"),
    ("reshape(A, shape=(5, 2))", "A: 3 x 4",
     "12 entries do not fit into 5 x 2, which are 10", ""),
    ("reshape(A, shape=(5, -1))", "A: 3 x 4",
     "12 entries are no multiple of 5", ""),
    ("reshape(A, shape=(-1, -1))", "A: 3 x 4",
     "-1 stands twice in shape=", "one size alone can be left over"),
    ("reshape(A, shape=(0, 3))", "A: 3 x 4",
     "no axis is 0 long", "-1 is what is left, once"),
    ("reshape(T, shape=(batch, 11))", "T: batch x 3 x 4",
     "12*batch entries do not fit into batch x 11, which are 11*batch", ""),
    ("reshape(T, shape=(n, -1))", "T: batch x 3 x 4",
     "12*batch entries are no multiple of n", ""),
    ("reshape(A, shape=11)", "A: 3 x 4",
     "12 entries do not fit into 11", ""),
    ("flatten(T, start=3)", "T: batch x 3 x 4",
     "there is no axis 3 in batch x 3 x 4", "its axes are 0 to 2"),
    ("squeeze(A, axis=0)", "A: 3 x 4",
     "axis 0 is 3 long, not 1",
     "an axis is left out by sum, mean or max, or by an index"),
    ("squeeze(A, axis=0)", "A: n x 4",
     "axis 0 is n long, not 1",
     "an axis is left out by sum, mean or max, or by an index"),
    ("unsqueeze(A, axis=3)", "A: 3 x 4",
     "there is no axis 3 in 3 x 4", "its axes are 0 to 2"),
    ("A[3]", "A: 3 x 4",
     "there is no entry 3", "the axis has 0 to 2"),
    ("A[0, 1, 2]", "A: 3 x 4",
     "3 indices for the 2 axes of 3 x 4", ""),
    ("A[-4]", "A: 3 x 4",
     "there is no entry -4", "the axis has 0 to 2"),
    ("s[0]", "s:",
     "a scalar has no entries", ""),
    ("v[1:9]", "v: 4",
     "the slice 1:9 goes beyond an axis of 4", "its entries are 0 to 3"),
    ("v[2:2]", "v: 4",
     "the slice 2:2 is empty", "its end is not taken along"),
    ("v[3:1]", "v: n",
     "the slice 3:1 is empty", ""),
    ("place(u, v, at=[0:2])", "u: 3; v: 4",
     "3 and 2 differ", ""),
    ("concat(A, B)", "A: 3 x 4; B: 3 x 5",
     "axis 1: 4 and 5 differ", ""),
    ("concat(A, v)", "A: 3 x 4; v: 4",
     "3 x 4 and 4 differ", ""),
    ("concat(s, s)", "s:",
     "scalars have no axis", "write stack for a vector of scalars"),
    ("stack(u, v)", "u: 3; v: 4",
     "3 and 4 differ", ""),
    ("stack(A, A, axis=4)", "A: 3 x 4",
     "there is no axis 4 in 3 x 4", "its axes are 0 to 2"),
    ("part(u, v)", "u: 2; v: 5",
     "5 is no part of 2", ""),
    ("pad(A, widths=((1, 2),))", "A: 3 x 4",
     "widths= has 1 pair for 2 axes",
     "write before and behind for each axis: widths=((1, 2), (0, 1))"),
    ("pad(v, widths=((-1, 2),))", "v: 4",
     "a width is no less than 0", "crop takes entries away"),
    ("crop(v, widths=((2, 2),))", "v: 4",
     "nothing is left of 4 less 2 and 2", ""),
    ("take(A, i, axis=2)", "A: 3 x 4; i: 2",
     "there is no axis 2 in 3 x 4", "its axes are 0 to 1"),
    ("A[j]", "A: 3 x 4; j: 4",
     "3 and 4 differ", ""),
    ("A[j]", "A: n x 4; j:",
     "one index is expected for each of n, not scalar",
     "take(x, i, axis=0) takes several along an axis"),
    ("v[j]", "v: 3; j: 2",
     "one index is expected, not 2", "take(x, i, axis=0) takes several along an axis"),
    ("s[j]", "s:; j:",
     "a scalar has no entries to pick from", ""),
    ("where(A, B, v)", "A: 3 x 4; B: 3 x 4; v: 3",
     "axis 1: 4 and 3 differ", ""),
    ("A > v", "A: 3 x 4; v: 3",
     "axis 1: 4 and 3 differ", ""),
    ("sort(A)", "A: 3 x 4",
     "a vector is expected, not 3 x 4", ""),
    ("argmax(A, axis=2)", "A: 3 x 4",
     "there is no axis 2 in 3 x 4", "its axes are 0 to 1"),
    ("trace(A)", "A: 3 x 4",
     "a square matrix is expected, not 3 x 4", ""),
    ("trace(A)", "A: n x m",
     "a square matrix is expected, not n x m", ""),
    ("inv(v)", "v: 3",
     "a square matrix is expected, not 3", ""),
    ("det(T)", "T: 2 x 3 x 3",
     "a square matrix is expected, not 2 x 3 x 3", ""),
    ("diag(A)", "A: 3 x 3",
     "a vector is expected, not 3 x 3", "write diagonal(a) for that of a matrix"),
    ("diag(s)", "s:",
     "a vector is expected, not scalar", ""),
    ("tril(v)", "v: 3",
     "a matrix is expected, not 3", ""),
    ("solve(S, v)", "S: 3 x 3; v: 4",
     "rows: 3 and 4 differ", ""),
    ("solve(S, B)", "S: n x n; B: m x 2",
     "rows: n and m differ", ""),
    ("solve(A, v)", "A: 3 x 4; v: 3",
     "a square matrix is expected, not 3 x 4", ""),
    ("cholesky(A)", "A: 3 x 4",
     "a square matrix is expected, not 3 x 4", ""),
    ("patches(A, size=2)", "A: 3 x 4",
     "an image is expected, not 3 x 4",
     "declare it as channels x rows x columns, such as 1 x 28 x 28"),
    ("patches(T, size=5)", "T: 1 x 4 x 4",
     "a window of 5 does not fit into 4", ""),
    ("patches(T, size=0)", "T: 1 x 4 x 4",
     "size=0 is less than 1", ""),
    ("patches(T, size=(2, 2, 2))", "T: 1 x 4 x 4",
     "size=(2, 2, 2) is no pair", "write size=2, or size=(2, 1)"),
    ("patches(T, size=2, stride=0)", "T: 1 x 4 x 4",
     "stride=0 is less than 1", ""),
    ("patches(T, size=n)", "T: 1 x 4 x 4",
     "size=n is no number", "write size=2"),
    ("conv2d(T, K)", "T: 3 x 28 x 28; K: 6 x 1 x 5 x 5",
     "channels: 3 and 1 differ", ""),
    ("conv2d(T, K)", "T: 1 x 4 x 4; K: 6 x 1 x 5 x 5",
     "a window of 5 does not fit into 4", ""),
    ("conv2d(T, K, padding=1)", "T: 1 x 2 x 2; K: 6 x 1 x 5 x 5",
     "a window of 5 does not fit into 2 with 1 on each side", ""),
    ("conv2d(T, K)", "T: 28 x 28; K: 6 x 1 x 5 x 5",
     "an image is expected, not 28 x 28",
     "declare it as channels x rows x columns, such as 1 x 28 x 28"),
    ("conv2d(T, K)", "T: 1 x 28 x 28; K: 5 x 5",
     "kernels are of 4 axes, not 5 x 5",
     "declare kernels x channels x rows x columns, such as 6 x 1 x 5 x 5"),
    ("maxpool2d(T, size=2, padding=2)", "T: 3 x 5 x 5",
     "padding=2 leaves windows without an entry", "padding= is less than size="),
    ("avgpool2d(T, size=7)", "T: 3 x 5 x 5",
     "a window of 7 does not fit into 5", ""),
    ("s[0, 1]", "s:",
     "a scalar has no entries", ""),
    ("v[0, 1]", "v: 3",
     "2 indices for its only axis of 3", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "dims", "expected"), FITS)
def test_dims_of_a_result(text, dims, expected):
    node = parse_array_expression(text)
    assert show_dims(Sizing(sizes_of(dims)).of(node)) == expected


@pytest.mark.parametrize(("text", "dims", "message", "hint"), MISFITS)
def test_dims_that_do_not_fit_say_why(text, dims, message, hint):
    node = parse_array_expression(text)
    with pytest.raises(DimsError) as error:
        Sizing(sizes_of(dims)).of(node)
    assert (error.value.message, error.value.hint) == (message, hint)


FORMS = [  # forms that the reader of texts refuses before
    ("ij,jk", 2, "the form 'ij,jk' has no '->'", 'a form is as in "ij,jk->ik"'),
    ("ij->i", 2, "the form 'ij->i' is of 1 arrays, not 2", ""),
    ("ij,jk->il", 2, "'l' is an axis of no argument", 'a form is as in "ij,jk->ik"'),
    ("i1,jk->k", 2, "'i1' is not made of letters", 'a form is as in "ij,jk->ik"'),
]


@pytest.mark.parametrize(("form", "count", "message", "hint"), FORMS)
def test_forms_of_einsum_that_are_none(form, count, message, hint):
    node = ARRAY_OPS["einsum"](*[name("A")] * count, form=form)
    with pytest.raises(DimsError) as error:
        Sizing({"A": (3, 3)}).of(node)
    assert (error.value.message, error.value.hint) == (message, hint)


AT_INDEX = [  # equation, values, message
    ("xo[xt]", {"xo": [1, 2, 3], "xt": 2.5},
     "xt holds 2.5: an index is a whole number"),
    ("xo[xt]", {"xo": [1, 2, 3], "xt": np.nan},
     "xt holds nan: an index is a whole number"),
    ("xo[xt]", {"xo": [1, 2, 3], "xt": np.inf},
     "xt holds inf: an index is a whole number"),
    ("xo[xt]", {"xo": [1, 2, 3], "xt": 12}, "xt holds 12: xo has 3 entries, 0 to 2"),
    ("xo[xt]", {"xo": [1, 2, 3], "xt": -1}, "xt holds -1: xo has 3 entries, 0 to 2"),
    ("xo[xt]", {"xo": [1, 2, 3], "xt": 1e300},
     "xt holds 1e+300: xo has 3 entries, 0 to 2"),
    ("xo[xt]", {"xo": [7], "xt": 1}, "xt holds 1: xo has 1 entry, 0 alone"),
    ("A[xt]", {"A": [[1, 2], [3, 4]], "xt": [0, 2]},
     "xt holds 2: axis 1 of A has 2 entries, 0 to 1"),
    ("take(A, xt)", {"A": [[1, 2], [3, 4]], "xt": [0, 2]},
     "xt holds 2: axis 0 of A has 2 entries, 0 to 1"),
    ("take(2*xo, xt + 1)", {"xo": [1, 2, 3], "xt": [0, 2]},
     "xt + 1 holds 3: 2*xo has 3 entries, 0 to 2"),
    ("put(u, xt, v)", {"u": [1, 2], "v": [1, 2, 3], "xt": [0, 3]},
     "xt holds 3: v has 3 entries, 0 to 2"),
    ("unpick(s, xt, v)", {"s": 1, "v": [1, 2, 3], "xt": 3},
     "xt holds 3: v has 3 entries, 0 to 2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "message"), AT_INDEX)
def test_an_index_that_names_no_entry_is_told_by_name(text, values, message):
    at = {n: np.asarray(v, dtype=float) for n, v in values.items()}
    sizing = Sizing({n: v.shape for n, v in at.items()})
    with pytest.raises(PointError) as error:
        computed(parse_array_expression(text), sizing, at)
    assert str(error.value) == message


REFUSED = [
    ("sum(sort(v))", "'sort': has no derivative",
     "write take(a, argsort(a)): the order is then constant, and the derivative exact "
     "wherever no two entries are equal"),
    ("argmax(v)", "'argmax': has no derivative",
     "it is a whole number, constant almost everywhere: softmax is its smooth form; "
     "for the value itself use max"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED)
def test_what_has_no_derivative_says_what_has(text, message, hint):
    with pytest.raises(OpError) as error:
        partials(parse_array_expression(text), [name("v")], sizing=Sizing({"v": (3,)}))
    assert message in str(error.value)
    assert error.value.hint == hint


AT = [  # text, values, result: corners that no difference shows
    ("max(v)", [2, 5, 5, 1], 5), ("argmax(v)", [2, 5, 5, 1], 1),
    ("sort(v)", [2, 5, 1], [1, 2, 5]), ("argsort(v)", [2, 5, 2], [0, 2, 1]),
    ("logsumexp(v)", [1000, 1000], 1000 + np.log(2)),
    ("logsumexp(v)", [-np.inf, -np.inf], -np.inf),
    ("logsumexp(v)", [-np.inf, 3], 3), ("logsumexp(v)", [np.inf, 3], np.inf),
    ("softmax(v)", [1000, -1000], [1, 0]),
    ("where(v > 0, log(v), 0)", [-1, 1], [0, 0]), ("where(v, 1, 2)", [0, -3], [2, 1]),
    ("v == 2", [2, 3], [1, 0]), ("v != 2", [2, np.nan], [0, 1]),
    ("count(v)", [7, 7, 7], 3), ("inv(outer(v, v))", [1, 0], np.full((2, 2), np.nan)),
    ("solve(outer(v, v), v)", [0, 0], [np.nan, np.nan]),
    ("det(outer(v, v))", [1, 0], 0), ("logdet(diag(v))", [-1, np.e], 1),
    ("cholesky(diag(v))", [1, -1], np.full((2, 2), np.nan)),
    ("diag(v)", [np.inf, 1], [[np.inf, 0], [0, 1]]),
    ("maxpool2d(reshape(v, shape=(1, 2, 2)), size=2, padding=1)", [-1, -2, -3, -4],
     [[[-1, -2], [-3, -4]]]),
    ("avgpool2d(reshape(v, shape=(1, 2, 2)), size=2, padding=1)", [-4, -8, -12, -16],
     [[[-1, -2], [-3, -4]]]),
    ("max(unpool2d(a, b, a, size=2))", None, 0.25),
]  # fmt: skip
TIED = {"a": np.full((1, 1, 1), 1.0), "b": np.full((1, 2, 2), 1.0)}


@pytest.mark.parametrize(("text", "v", "expected"), AT)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_at_corners(text, v, expected):
    at = TIED if v is None else {"v": np.asarray(v, dtype=float)}
    sizing = Sizing({n: value.shape for n, value in at.items()})
    found = computed(parse_array_expression(text), sizing, at)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_one_singular_matrix_of_many_spoils_itself_alone():
    node, sizing = read("solve(S, v)")
    S = np.stack([np.eye(3), np.zeros((3, 3)), 2 * np.eye(3)])
    found = computed(node, sizing, {"S": S, "v": np.ones(3)}, ["S"])
    np.testing.assert_array_equal(found[:, 0], [1, np.nan, 0.5])


TIES = [  # each of k entries that tie gets 1/k
    ("max(v)", [3, 5, 5], [0, 0.5, 0.5]), ("min(v)", [3, 3, 3], [1 / 3] * 3),
    ("sum(maxpool2d(reshape(v, shape=(1, 2, 2)), size=2))", [1, 4, 4, 0], [0, 0.5,
     0.5, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "v", "expected"), TIES)
def test_entries_that_tie_share_evenly(text, v, expected):
    at = {"v": np.asarray(v, dtype=float)}
    sizing = Sizing({"v": at["v"].shape})
    found = partials(parse_array_expression(text), [name("v")], sizing=sizing)
    np.testing.assert_allclose(computed(found[name("v")], sizing, at), expected)


def test_samples_and_a_written_batch_may_stand_in_front_of_an_image():
    """Five axes, against images one by one."""
    rng = np.random.default_rng(1)
    images, kernels = rng.normal(size=(2, 3, 1, 5, 5)), rng.normal(size=(2, 4, 1, 3, 3))
    node = parse_array_expression(
        "maxpool2d(conv2d(F, K, padding=1), size=2, stride=1)"
    )
    sizing = Sizing({"F": (3, 1, 5, 5), "K": (4, 1, 3, 3)})
    found = computed(node, sizing, {"F": images, "K": kernels}, ["F", "K"])
    one = Sizing({"F": (1, 5, 5), "K": (4, 1, 3, 3)})
    for sample, image in np.ndindex(2, 3):
        at = {"F": images[sample, image], "K": kernels[sample]}
        np.testing.assert_allclose(found[sample, image], computed(node, one, at))


def test_a_new_operation_is_one_entry(monkeypatch):
    toy = ArrayOp(
        "squares_of_every",
        lambda xp, ranks, a, step: xp.sum(a[..., ::step] ** 2, axis=-1),
        pull=("place(2*a[::2]*g, a, at=[::2])",),
        dims=lambda sizing, a, step: a[:-1],
        attrs={"step": 2},
    )
    for table in (array_ops.ARRAY_OPS, array_ops.ARRAY_FUNCTIONS):
        monkeypatch.setitem(table, toy.name, toy)
    monkeypatch.setitem(CASES, "squares_of_every(v)", "v: 5")
    text = "squares_of_every(v)"
    test_samples_of_any_arguments_are_as_many_single_ones(text, np.float64)
    test_samples_of_any_arguments_are_as_many_single_ones(text, np.float32)
    assert_rules_hold(text, *read(text), drawn(text))
    wrong = dataclasses.replace(toy, pull=("place(2*a[::2]*g, a, at=[1::2])",))
    monkeypatch.setitem(array_ops.ARRAY_FUNCTIONS, toy.name, wrong)
    with pytest.raises((AssertionError, DimsError)):
        assert_rules_hold(text, *read(text), drawn(text))


def test_definitions_are_written_out_with_the_attributes():
    node = defined(parse_array_expression("var(A, axis=0) + norm1(logsoftmax(A))"))
    names = {n.op.name for n in postorder([node])}
    assert names.isdisjoint({"var", "norm1", "logsoftmax"})
    assert str(node) == (
        "Node(mean((A - spread(mean(A, axis=0), A, axis=0))^2, axis=0) + sum(abs(A - …)"
    )
