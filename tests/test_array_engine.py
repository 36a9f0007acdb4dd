"""Machine code of arrays against numpy: operations, sizes, types, samples."""

import numpy as np
import pytest

from cgprimer.diff.sweep import partials
from cgprimer.errors import PointError
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import name
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.run.llvm import jit
from cgprimer.run.llvm.arrays import (
    ArrayStep,
    Uncoded,
    compile_arrays,
    compile_step,
)

pytestmark = pytest.mark.skipif(not jit.available(), reason="llvmlite is absent")
GAPS = {"float64": 1e-12, "float32": 2e-4}
# Names: a, b, … by their dims; those with samples begin with x, whole numbers with t.
DIMS = {
    "A": (3, 5), "B": (5, 4), "S": (4, 4), "u": (5,), "v": (3,), "c": (), "r": (1, 5),
    "T": (2, 3, 5), "xa": (5,), "xb": (5,), "xc": (3,), "xs": (), "xA": (3, 5),
    "xB": (5, 4), "xT": (2, 3, 5), "tx": (), "tA": (3,), "tu": (), "xi": (2, 7, 6),
    "K": (3, 2, 3, 2), "xg": (3, 5, 5), "I": (2, 2, 6, 6), "L": (4, 2, 5, 5),
    "xl": (2, 5, 5), "M": (1, 2, 1, 1), "X": (9, 5), "y": (9,), "xj": (1, 9, 4),
    "O": (7, 1, 3, 3),
}  # fmt: skip
SAMPLED = {n for n in DIMS if n[0] == "x"} | {"tx", "tA"}
ROWS = """
xa*xb + 2*u
xA - u
tanh(xA)*exp(-xA^2) + sigmoid(c*xA)
log(1 + xA^2) + softplus(xA) + sin(xA)*cos(xA)
relu(xA)*step(xA) - abs(xA) + max(xA, u) + min(xA, 0.5)
sqrt(xs^2 + 1) + xs*c
A*u + c
sum(xA)
sum(xA, axis=0)
sum(xA, axis=1)
sum(xT, axis=(0, 2))
sum(T, axis=1)
sum(A*u)
mean(xA, axis=1)
mean(T, axis=(0, 1))
max(xT, axis=1)
min(xA, axis=-1)
prod(xA, axis=0)
logsumexp(xA, axis=1)
logsumexp(xa)
softmax(xA)
softmax(xA, axis=0)
logsoftmax(xa)
var(xA, axis=0)
norm2(xa)
A @ xa
xc @ A
xA @ xa
xa @ xb
u @ xa
A @ B
xA @ B
A @ xB
xA @ xB
T @ B
xT @ B
xT @ xB
u @ B
outer(xa, xc)
outer(u, xc)
einsum("ij,jk->ki", xA, B)
einsum("ij->i", xA)
einsum("abc,cd,d->ba", xT, B, sum(S, axis=0))
xA'
A' @ xc
(A @ B)' @ xc
permute(xT, axes=(2, 0, 1))*2
reshape(xA, shape=(5, 3)) @ A
flatten(xT, start=1)
flatten(xT') + 1
squeeze(unsqueeze(xa, axis=0), axis=0)
unsqueeze(xa, axis=1) - unsqueeze(u, axis=0)
xA[1]
xA[1:3, 0:5:2]
xT[1, :, 2] + xc
flip(xA, axis=1)*u
concat(xA, A, axis=0)
stack(xa, u, axis=1)
pad(xA, widths=((1, 2), (0, 1)))
xA[tA]
xa[tx]
A[tA]
u[tx]
u[tu] + xs
where(xA > 0.2, xA, u)
(xA >= 0)*(A < xA) + (xA == xA) + (xs <= c) + (xs != xs)
eye(S)*S + tril(S)
diag(xa) @ xa
diagonal(xA' @ xA) + xa
trace(xA @ A')
maxpool2d(xi, size=2)
maxpool2d(xi, size=(3, 2), stride=(2, 1))
maxpool2d(xi, size=3, stride=2, padding=1)
maxpool2d(I, size=2)
avgpool2d(xi, size=2, stride=1)
conv2d(xi, K)
conv2d(xi, K, stride=2)
conv2d(xi, K, stride=(2, 1), padding=(1, 2))
conv2d(xi, K, padding=1)
conv2d(I, K)
conv2d(I, K, padding=1, stride=3)
conv2d(xl, L)
conv2d(xi, M)
conv2d(xj, O, padding=(1, 0))
relu(conv2d(xi, K) + unsqueeze(unsqueeze(v, axis=1), axis=2))
maxpool2d(relu(conv2d(xi, K)), size=2)
patches(xi, size=2, stride=2)
sum(xa) + 0*sum(xA)
""".strip().splitlines()


def uncoded(node: Node) -> bool:
    from cgprimer.run.llvm.arrays import uncoded as missing

    return bool(missing([node]))


def sizing() -> Sizing:
    return Sizing(dict(DIMS))


def values(samples: int, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    at = {}
    for title, dims in DIMS.items():
        shape = (samples, *dims) if title in SAMPLED else dims
        whole = title[0] == "t"
        at[title] = rng.integers(0, 3, shape) if whole else rng.normal(size=shape)
        at[title] = np.asarray(at[title], dtype=float)
    return at


def by_numpy(
    roots: list[Node],
    at: dict[str, np.ndarray],
    own: Sizing | None = None,
    sampled: set[str] = SAMPLED,
) -> list[np.ndarray]:
    titles = [f"root {k}" for k in range(len(roots))]
    bodies = dict(zip(titles, roots, strict=True))
    kernel = ArrayKernel(bodies, titles, own or sizing(), sampled)
    with np.errstate(all="ignore"):
        return [np.asarray(value) for value in kernel(at)]


def assert_close(ours: np.ndarray, theirs: np.ndarray, gap: float, what: str) -> None:
    theirs = np.broadcast_to(theirs, ours.shape)
    large = np.nanmax(np.where(np.isfinite(theirs), np.abs(theirs), 0), initial=1.0)
    np.testing.assert_allclose(
        ours, theirs, rtol=gap, atol=gap * large, equal_nan=True, err_msg=what
    )


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("dtype", list(GAPS))
@pytest.mark.parametrize("samples", [1, 3, 4, 8, 17, 64])
@pytest.mark.every(8)
def test_operations_give_what_numpy_gives(samples: int, dtype: str, part: int) -> None:
    texts = ROWS[part::4]
    roots = [parse_array_expression(text) for text in texts]
    at = values(samples)
    compiled = compile_arrays(roots, sizing(), SAMPLED, samples, dtype)
    found = compiled(at)
    for text, ours, theirs in zip(texts, found, by_numpy(roots, at), strict=True):
        assert ours.dtype == dtype
        assert_close(ours, theirs, GAPS[dtype], text)


def slopes_of(text: str) -> tuple[list[str], list[Node]]:
    """d sum(text·weights) / d each name, where it has a rule."""
    body = parse_array_expression(text)
    names = [n for n in DIMS if name(n) in below(body) and n[0] != "t"]
    found = partials(body, map(name, names), name("seed"), sizing=seeded(body))
    return names, [found[name(n)] for n in names]


def below(body: Node) -> set[Node]:
    from cgprimer.expr.node import postorder

    return set(postorder([body]))


def seeded(body: Node) -> Sizing:
    own = sizing()
    own.names["seed"] = own.of(body)
    return own


SMOOTH = [text for text in ROWS if not any(x in text for x in "<>=") or "conv" in text]


@pytest.mark.parametrize("dtype", list(GAPS))
@pytest.mark.parametrize("samples", [1, 4, 17])
@pytest.mark.parametrize("text", ROWS[::2])
@pytest.mark.every(36)
def test_slopes_and_their_means_are_those_of_numpy(
    text: str, samples: int, dtype: str
) -> None:
    names, roots = slopes_of(text)
    if any(map(uncoded, roots)):
        pytest.skip("an operation without machine code")
    own = seeded(parse_array_expression(text))
    at = values(samples)
    dims = tuple(map(int, own.names["seed"]))
    at["seed"] = np.random.default_rng(5).normal(size=(samples, *dims))
    sampled = {*SAMPLED, "seed"}
    theirs = by_numpy(roots, at, own, sampled)
    compiled = compile_arrays(
        roots, own, sampled, samples, dtype, means=range(len(roots))
    )
    for title, ours, each in zip(names, compiled(at), theirs, strict=True):
        has = each.ndim > len(DIMS[title])
        assert_close(
            ours,
            each.mean(0) if has else each,
            4 * GAPS[dtype],
            f"d {text} / d {title}",
        )


@pytest.mark.parametrize(
    "text",
    ["tanh(xA) + xA/xA", "max(xA, axis=1)", "logsumexp(xA, axis=0)", "softmax(xA)",
     "maxpool2d(xi, size=2)", "relu(xA) + step(xA) + abs(xA)", "A @ xa", "xA[tA]",
     "where(xA > 0, xA, 0)", "sum(xA, axis=0)"],
)  # fmt: skip
@pytest.mark.every(3)
def test_nan_and_infinity_go_where_numpy_lets_them_go(text: str) -> None:
    at = values(5)
    for title in ("xA", "xa", "xi"):
        at[title].reshape(-1)[::7] = np.nan
        at[title].reshape(-1)[1::5] = np.inf
        at[title].reshape(-1)[3::11] = -np.inf
    at["xA"][4] = -np.inf
    root = parse_array_expression(text)
    [ours] = compile_arrays([root], sizing(), SAMPLED, 5)(at)
    [theirs] = by_numpy([root], at)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("size", ["2", "3, stride=2, padding=1", "3, stride=1"])
def test_ties_of_a_pool_share_evenly(size: str) -> None:
    body = parse_array_expression(f"maxpool2d(xi, size={size})")
    own = seeded(body)
    slope = partials(body, [name("xi")], name("seed"), sizing=own)[name("xi")]
    at = values(6)
    at["xi"] = np.round(at["xi"])
    at["seed"] = np.random.default_rng(1).normal(size=(6, *map(int, own.names["seed"])))
    sampled = {*SAMPLED, "seed"}
    [ours] = compile_arrays([slope], own, sampled, 6)(at)
    [theirs] = ArrayKernel({"g": slope}, ["g"], own, sampled)(at)
    np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)


ONE = """
xh = tanh(W @ xx + b)
xo = V @ relu(W @ xh + b) + v
xl = logsumexp(xo) - xo[xt] + 0.01*sum(W^2) + 0.1*v @ v
"""
BATCH = """
xh = tanh(xx @ W + b)
xo = relu(xh @ W + b) @ V' + v
xl = mean(logsumexp(xo, axis=1) - xo[xt]) + sum(W @ W')*0.01 + V[0] @ W[1]
"""
NET_DIMS = {"W": (6, 6), "b": (6,), "V": (3, 6), "v": (3,)}


def network(text: str, lead: tuple[int, ...]) -> tuple[Node, dict[str, Node], Sizing]:
    made: dict[Node, Node] = {}
    for line in text.strip().splitlines():
        title, body = line.split(" = ")
        [made[name(title)]] = substitute([parse_array_expression(body)], made)
    loss, own = made[name("xl")], Sizing({**NET_DIMS, "xx": (*lead, 6), "xt": lead})
    found = partials(loss, [name(n) for n in "WbVv"], sizing=own)
    return loss, {n: found[name(n)] for n in "WbVv"}, own


@pytest.mark.parametrize("dtype", list(GAPS))
@pytest.mark.parametrize("text", [ONE, BATCH], ids=["samples", "written out"])
def test_a_step_of_descent_is_that_of_the_gradient(text: str, dtype: str) -> None:
    rng = np.random.default_rng(2)
    loss, slopes, own = network(text, () if text is ONE else (5,))
    start = {n: rng.normal(size=NET_DIMS[n]) for n in "WbVv"}
    data = {"xx": rng.normal(size=(20, 6)), "xt": rng.integers(0, 3, 20).astype(float)}
    sampled = {"xx", "xt"} if text is ONE else set()
    rows, rate = np.array([3, 19, 4, 0, 7]), 0.1
    code = compile_step(loss, slopes, own, sampled, 5 if text is ONE else 1, dtype)
    step = ArrayStep(code, start, data, 5)
    roots = [loss, *slopes.values()]
    now = dict(start)
    for _ in range(3):
        batch = {n: array[rows] for n, array in data.items()}
        value, *found = by_numpy(roots, {**now, **batch}, own, sampled)
        assert abs(step(rows, rate) - value.mean()) < 10 * GAPS[dtype]
        for title, slope in zip("WbVv", found, strict=True):
            mean = slope.mean(0) if slope.ndim > len(NET_DIMS[title]) else slope
            now[title] = now[title] - rate * mean
    for title in "WbVv":
        assert_close(step.values[title], now[title], 10 * GAPS[dtype], title)


def test_what_has_no_machine_code_is_named() -> None:
    root = parse_array_expression("sum(solve(S, S @ xa[0:4])) + trace(inv(S))")
    with pytest.raises(Uncoded, match=r"^no machine code for solve, inv$"):
        compile_arrays([root], sizing(), SAMPLED, 4)


@pytest.mark.parametrize(
    ("value", "message"),
    [(5.0, "tx holds 5: the axis has 5 entries, 0 to 4"),
     (-1.0, "tx holds -1: the axis has 5 entries, 0 to 4"),
     (0.5, "tx holds 0.5: an index is a whole number")],
)  # fmt: skip
def test_an_index_that_names_no_entry_is_refused(value: float, message: str) -> None:
    at = values(4)
    at["tx"][2] = value
    compiled = compile_arrays([parse_array_expression("xa[tx]")], sizing(), SAMPLED, 4)
    with pytest.raises(PointError) as caught:
        compiled(at)
    assert str(caught.value) == message


def test_every_operation_with_code_is_one_of_the_table() -> None:
    from cgprimer.run.llvm.arrays.operations import OPERATIONS

    assert OPERATIONS.keys() <= ARRAY_OPS.keys()
