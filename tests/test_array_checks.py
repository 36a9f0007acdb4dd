"""Checks of graphs with arrays: Jacobians, claims, wrong rules, and honest verdicts."""

import functools
import re

import numpy as np
import pytest
from array_models import MODELS, point

from cgprimer import (
    check_gradients,
    check_mutations,
    compare_partials,
    custom_op,
    edge_partials,
    parse_graph,
)
from cgprimer.errors import CGPrimerError
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.check import ArrayCheck, report
from cgprimer.judge.arrays.derivatives import ToldEntries
from cgprimer.judge.arrays.evidence import found
from cgprimer.judge.arrays.given_claims import array_claims
from cgprimer.judge.arrays.points import random_arrays

GRAPHS = {
    "layers": [
        "W1: 3 x 4", "b1: 4", "W2: 4 x 2", "b2: 2", "xx: 5 x 3", "xt: 5 x 2",
        "xz = xx @ W1 + b1", "xh = tanh(xz)", "xo = xh @ W2 + b2",
        "xl = sum((xo - xt)^2)",
    ],
    "square": [
        "W1, W2, xx, xt: 3 x 3", "b1, b2: 3", "xz = xx @ W1 + b1", "xh = relu(xz)",
        "xo = xh @ W2 + b2", "xl = mean((xo - xt)^2)",
    ],
    "softmax": [
        "V: 3 x 3", "xx, xt: 3", "xs = V @ xx", "xp = softmax(xs)",
        "xl = -sum(xt*log(xp))",
    ],
    "vectors": [
        "W: 4 x 3", "b, u: 4", "xx: 3", "xz = W @ xx + b", "xh = sigmoid(xz)",
        "xl = u @ xh",
    ],
    "sum": ["Y: 4 x 4", "xs = sum(Y)", "xl = xs^2"],
    "image": ["K: 2 x 1 x 2 x 2", "xx: 1 x 4 x 4", "xc = conv2d(xx, K)",
              "xl = sum(xc^3)"],
    "picks": ["X: n x 3", "c: n", "y = X[c]", "q = sum(y^2)"],
    "form": ["A: n x n", "x: n", "q = x @ A @ x"],
}  # fmt: skip


@functools.cache
def at_random(name):
    graph = parse_graph(GRAPHS[name])
    return ArraysAtPoint(graph, random_arrays(graph, 2, 0), given=False)


def check_of(name, claims):
    here = at_random(name)
    [output] = here.graph.outputs
    read, of = array_claims(here.graph, claims, output)
    return ArrayCheck(here, read, output, of)


def judged(name, claims):
    """A row for each claim; differences of a graph are taken once for all of them."""
    check = check_of(name, claims)
    here, [output] = check.at, check.at.graph.outputs
    return [
        check.row(here.total(*e) if e[0] == output else here.edges[e], claim)
        for e, claim in check.claims.items()
    ]


RIGHT = [
    ("layers", ["dxo = 2*(xo - xt)", "dxh = dxo @ W2'", "dW2 = xh' @ dxo",
                "db2 = sum(dxo, axis=0)", "dxz = dxh*(1 - xh^2)", "dW1 = xx' @ dxz",
                "db1 = sum(dxz, axis=0)", "dxx = dxz @ W1'", "dxl/dxt = -dxo"]),
    ("square", ["dxo = 2*(xo - xt)/9", "dxz = dxh*(xz > 0)", "dW2 = (dxo' @ xh)'"]),
    ("softmax", ["dxs = sum(xt)*xp - xt", "dxp = -xt/xp", "dV = outer(dxs, xx)",
                 "dxx = V' @ dxs", "dxt = -log(xp)"]),
    ("vectors", ["dxh = u", "du = xh", "dxz = u*xh*(1 - xh)", "dxx = dxz @ W"]),
    ("sum", ["dY = 2*xs"]),
    ("sum", {("xs", "Y"): 1}),
    ("image", ["dK = conv2d_kernel(dxc, xx, K)", "dxx = conv2d_data(dxc, K, xx)"]),
    ("form", ["dx = (A + A') @ x", "dA = outer(x, x)"]),
    ("form", ["dx = A @ x + x @ A"]),
    # edges: Jacobians, the diagonal of one, and what a name gets of an adjoint
    ("vectors", {("xz", "xx"): "W", ("xh", "xz"): "xh*(1 - xh)", ("xz", "b"): "1"}),
    ("vectors", {("xz", "W"): "outer(dxz, xx)", ("xh", "xz"): "dxh*xh*(1 - xh)"}),
    ("vectors", {("xz", "xx"): lambda W: W, ("xh", "xz"): lambda xh: xh - xh**2}),
    ("layers", {("xl", "W2"): lambda xh, xo, xt: 2 * xh.T @ (xo - xt)}),
]  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("name", "claims"), RIGHT)
def test_right_claims_pass(name, claims):
    rows = judged(name, claims)
    assert {row.verdict for row in rows} == {"PASS"}, rows


SAYS = {  # graph, claim ─▶ what is said of it, to the end of the first sentence
    ("layers", "dW1 = dxz' @ xx"):
        "does not conform: 4 x 3 where W1 is 3 x 4; a transpose is left out: claim' "
        "fits, and is right",
    ("layers", "dW1 = xx @ dxz"):
        "the formula does not conform: inner axes: 3 and 5 differ; there is a "
        "transpose too few: xx' @ dxz belongs where xx @ dxz stands",
    ("layers", "dxh = W2 @ dxo"):
        "the formula does not conform: inner axes: 2 and 5 differ; the factors are "
        "exchanged: dxo @ W2' belongs where W2 @ dxo stands",
    ("layers", "db1 = dxz"):
        "does not conform: 5 x 4 where b1 is 4; it is not summed over axis 0: "
        "sum(claim, axis=0) fits, and is right",
    ("layers", "db1 = sum(dxz, axis=1)"):
        "does not conform: 5 where b1 is 4; the wrong axis is taken: sum(dxz, axis=0) "
        "belongs where sum(dxz, axis=1) stands",
    ("layers", "db1 = unsqueeze(sum(dxz, axis=0), axis=1)"):
        "does not conform: 4 x 1 where b1 is 4; an axis of 1 is kept: squeeze(claim, "
        "axis=1) fits, and is right",
    ("layers", "db1 = mean(dxz, axis=0)"):
        "it is 1/5 times the true derivative, as if a mean stood where b1 is summed "
        "over",
    ("layers", "dxz = dxh"):
        "the derivative of tanh is left out: dxh*(1 - xh^2) belongs where dxh stands",
    ("layers", "dxz = dxh*(1 - xz^2)"):
        "the argument is taken for the result: xh belongs where xz stands",
    ("layers", "dxo = xo - xt"): "it is 1/2 times the true derivative",
    ("layers", "dxo = 2*(xt - xo)"): "the sign is flipped",
    ("layers", "dxo = 2*(xo + xt)"):
        "a sign is wrong: xo - xt belongs where xo + xt stands",
    ("layers", "dW2 = xh' @ dxo*1.01"): "it is 1 % too large",
    ("layers", "db2 = 0"): "it is zero, so that nothing is passed back",
    ("layers", "dW2 = outer(dxo, xx)"):
        "the formula does not conform: outer takes two vectors, not 5 x 2 (for "
        'more axes write einsum, such as einsum("ij,k->ijk", A, b))',
    ("square", "dxh = dxo @ W2"):
        "there is a transpose too few: dxo @ W2' belongs where dxo @ W2 stands",
    ("square", "dxh = dxo' @ W2'"):
        "there is a transpose too many: dxo belongs where dxo' stands",
    ("square", "dxh = W2' @ dxo"):
        "the factors are exchanged: dxo @ W2' belongs where W2' @ dxo stands",
    ("square", "db2 = sum(dxo, axis=1)"):
        "the wrong axis is taken: sum(dxo, axis=0) belongs where sum(dxo, axis=1) "
        "stands",
    ("square", "db2 = sum(dxo)"):
        "all is summed up: sum(dxo, axis=0) belongs where sum(dxo) stands",
    ("square", "dxz = dxh"):
        "the derivative of relu is left out: dxh*step(xz) belongs where dxh stands",
    ("square", "dxo = 2*(xo - xt)"):
        "it is 9 times the true derivative, as if a sum stood where mean((xo - xt)^2) "
        "is a mean",
    ("square", "dxo = 2*(xo - xt)/81"):
        "it is 1/9 times the true derivative, as if mean((xo - xt)^2) were averaged "
        "twice",
    ("softmax", "dxs = dxp*xp*(1 - xp)"):
        "only the diagonal of the Jacobian is taken: g*xp*(1 - xp) stands where xp*(g "
        "- g @ xp) belongs, where g is what arrives at xp",
    ("softmax", "dV = outer(xx, dxs)"):
        "the arguments of outer are exchanged: outer(dxs, xx) belongs where outer(xx, "
        "dxs) stands",
    ("softmax", "dxs = xp - xt"): "3 of 3 entries are wrong: no common mistake fits",
    ("vectors", "dxz = dxh*(1 - xh^2)"):
        "it is the derivative of another function: g*(1 - xh^2) stands where g*xh*(1 - "
        "xh) belongs, where g is what arrives at xh",
    ("vectors", "dW = dxz"): "does not conform: 4 where W is 4 x 3",
    ("sum", "dY = 2*xs*16"):
        "it is 16 times the true derivative, the number of entries in sum(Y), each of "
        "which gets the adjoint once",
    ("sum", "dY = 2*xs/16"):
        "it is 1/16 times the true derivative, as if a mean stood where sum(Y) is a "
        "sum",
    ("image", "dxx = conv2d_data(dxc, flip(flip(K, axis=-1), axis=-2), xx)"):
        "the kernel is flipped: conv2d_data(g, flip(flip(K), axis=-2), xx) stands "
        "where conv2d_data(g, K, xx) belongs, where g is what arrives at xc",
    ("form", "dx = A @ x"):
        "one of several shares is left out: g*(x @ A), where g is what arrives at q",
    ("form", "dx = 2*A @ x"):
        "it is right where A is symmetric: 0.5*(A + A') belongs where A stands",
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("name", "claim"), SAYS)
def test_wrong_claims_are_told_by_their_mistake(name, claim):
    [row] = judged(name, [claim])
    assert row.verdict == "FAIL"
    assert row.looks_like == SAYS[name, claim]


def backward(W1, b1, W2, b2, xx, xt, mistake=""):
    """By hand, as somebody writes it in numpy; with one mistake."""
    h = np.tanh(xx @ W1 + b1)
    do = 2 * (h @ W2 + b2 - xt)
    dz = (do @ W2.T) * (1 - h**2 if mistake != "tanh" else 1)
    dz = -dz if mistake == "sign" else dz
    rows = dz.mean(axis=0) if mistake == "mean" else dz.sum(axis=0)
    return {"W1": xx.T @ dz, "b1": rows, "W2": h.T @ do, "b2": do.sum(axis=0)}


CODE = {
    "": ([], "9 edges and 6 totals agree with finite differences at 2 random "
         "points; 3 of them along random directions, not entry by entry"),
    "tanh": (["W1", "b1"], "the derivative of the function is left out: g stands where "
             "g*(1 - xh^2) belongs, where g is what arrives at xh"),
    "sign": (["W1", "b1"], "the sign is flipped"),
    "mean": (["b1"], "it is 1/5 times the true derivative, as if a mean stood where b1 "
             "is summed over"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", CODE)
def test_a_backward_in_numpy_is_judged_by_name(mistake):
    def claim(name):
        return lambda W1, b1, W2, b2, xx, xt: backward(W1, b1, W2, b2, xx, xt, mistake)[
            name
        ]

    names = ("W1", "b1", "W2", "b2")
    said = report(check_of("layers", {("xl", n): claim(n) for n in names}))
    names, says = CODE[mistake]
    assert [row.wrt for row in said.failures] == names
    assert all(row.looks_like == says for row in said.failures)
    assert names or (said.verdict, said.diagnosis) == ("PASS", says)


def test_blame_ends_in_an_entry():
    right = at_random("layers").total("xl", "W1").jacobian.values.copy()
    right[1, 2, 1] += 0.25
    [row] = judged("layers", {("xl", "W1"): right})
    assert (row.verdict, row.entry) == ("FAIL", "d xl/d W1[2,1], sample 1")
    assert row.looks_like == "1 of 12 entries is wrong: no common mistake fits"
    assert f"{row.claimed - row.difference:.6f}" == "0.250000"


def test_a_claim_that_counts_its_batch_is_told_at_that_batch():
    texts = ["x: n x 3", "t: n", "q = mean(logsumexp(x, axis=1) - x[t])"]
    graph, rng = parse_graph(texts), np.random.default_rng(0)
    at = {"x": rng.normal(size=(7, 3)), "t": np.zeros(7)}
    read, of = array_claims(graph, ["dx = softmax(x, axis=1)/7"], "q")
    here = ArraysAtPoint(graph, at, given=True)
    row = ArrayCheck(here, read, "q", of).row(here.total("q", "x"), read["q", "x"])
    assert (row.verdict, row.mistake) == ("FAIL", "missing path")


def values(name, seed=0, **more):
    graph, rng = parse_graph(GRAPHS[name]), np.random.default_rng(seed)
    drawn = {n: rng.normal(size=graph.dims(n)) for n in graph.names}
    return {n: drawn[n] for n in (*graph.inputs, *graph.parameters)} | more


# Many entries


@functools.cache
def large(rows, columns):
    texts = ["W: n x m", "xx: m", "xh = tanh(W @ xx)", "xl = sum(xh^2)"]
    graph, rng = parse_graph(texts), np.random.default_rng(1)
    scale = np.sqrt(columns)
    at = {"W": rng.normal(size=(rows, columns)) / scale, "xx": rng.normal(size=columns)}
    return ArraysAtPoint(graph, at, given=True)


LARGE = [(20, 40), pytest.param(250, 400, marks=pytest.mark.slow)]


@pytest.mark.parametrize(("rows", "columns"), LARGE)
def test_one_wrong_entry_of_very_many_is_found_and_named(rows, columns):
    one = large(rows, columns).total("xl", "W")
    terms, claim = one.jacobian.terms, one.jacobian.values.copy()
    right = found(one, ToldEntries(claim, terms))
    assert right.verdict == found(one).verdict == "PASS"
    assert right.checked == f"3 directions of {rows * columns:,} entries"
    claim[0, 17, 33] *= 1.01
    wrong = found(one, ToldEntries(claim, terms))
    assert (wrong.verdict, wrong.place) == ("FAIL", ((), (17, 33)))


@pytest.mark.parametrize(("rows", "columns"), LARGE)
def test_a_wrong_entry_of_a_large_jacobian_is_found_and_named(rows, columns):
    one = large(rows, columns).edges["xh", "xx"]
    claim = one.jacobian.values.copy()
    claim[0, 10, 20] += 1.0
    wrong = found(one, ToldEntries(claim, one.jacobian.terms))
    assert (wrong.verdict, wrong.place) == ("FAIL", ((10,), (20,)))


# Honest verdicts

KINKS = {  # texts, all of whose names are 0 ─▶ verdict
    ("relu at 0", "b: 2; q = sum(relu(b) + b)"): "INCONCLUSIVE",
    ("max at a tie", "x: 3; q = max(x)"): "INCONCLUSIVE",
    ("abs at 0", "x: 3; q = sum(abs(x))"): "INCONCLUSIVE",
    ("norm at 0", "x: 3; q = norm2(x)"): "INCONCLUSIVE",
    ("product with a zero", "x: 3; q = prod(x)"): "INCONCLUSIVE",
    ("square at 0", "x: 3; q = sum(x^2)"): "PASS",
    ("one entry", "W: 1 x 1; x: 1; q = sum(tanh(W @ x))"): "PASS",
}


@pytest.mark.parametrize(("what", "text"), KINKS)
def test_what_differences_cannot_tell_is_inconclusive(what, text):
    graph = parse_graph(text.split("; "))
    at = {n: np.zeros(graph.dims(n)) for n in (*graph.inputs, *graph.parameters)}
    assert check_gradients(graph, at=at).verdict == KINKS[what, text]


def test_a_transpose_left_out_of_a_symmetric_matrix_changes_nothing():
    texts = ["W: 3 x 3", "xx: 3", "xz = W @ xx", "xl = sum(xz^3)"]
    graph, rng = parse_graph(texts), np.random.default_rng(0)
    read, of = array_claims(graph, ["dxx = W @ dxz"], "xl")
    W, xx = rng.normal(size=(3, 3)), rng.normal(size=3)
    for matrix, verdict in ((W + W.T, "PASS"), (W, "FAIL")):
        here = ArraysAtPoint(graph, {"W": matrix, "xx": xx}, given=True)
        check = ArrayCheck(here, read, "xl", of)
        assert check.row(here.total("xl", "xx"), read["xl", "xx"]).verdict == verdict


STYLES = {
    "tiny": lambda rng, v: v * 1e-12,
    "huge": lambda rng, v: v * 1e12,
    "mixed": lambda rng, v: v * 10.0 ** rng.integers(-12, 13, v.shape),
    "zeros": lambda rng, v: v * 0,
    "some": lambda rng, v: v * rng.integers(0, 2, v.shape),
    "whole": lambda rng, v: np.round(2 * v),
}


@pytest.mark.every(17)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", GRAPHS)
def test_our_own_rules_never_fail_at_odd_points(name, style):
    graph = parse_graph(GRAPHS[name])
    rng = np.random.default_rng(len(name))
    at = {}
    for n in (*graph.inputs, *graph.parameters):
        dims = [3 if isinstance(d, str) else d for d in graph.dims(n)]
        drawn = STYLES[style](rng, rng.normal(size=dims))
        at[n] = np.ones(dims) if n == "c" else drawn
    said = check_gradients(graph, at=at)
    assert not said.failures, said


@pytest.mark.every(7)
@pytest.mark.parametrize("name", [name for name in MODELS if name != "LeNet"])
def test_models_pass_and_their_mutations_are_caught(name):
    graph, at = point(name)
    assert check_gradients(graph, at=at).verdict == "PASS"
    mutated = check_mutations(graph, at=at)
    assert mutated.ok, mutated.escaped


@pytest.mark.slow
@pytest.mark.every(4)
@pytest.mark.parametrize("name", MODELS)
def test_models_pass_at_random_points(name):
    graph, _ = point(name)
    assert check_gradients(graph, points=2, rng=0).verdict == "PASS"


@pytest.mark.slow
def test_layers_that_are_saturated_do_not_fail():
    graph, at = point("LeNet")
    assert check_gradients(graph, at=at).verdict == "INCONCLUSIVE"


AT_KINKS = {  # the rules give 0 where no slope is, and where the function is smooth
    "q = sum(2*relu(b) - relu(-b))": "slopes 1 before, 2 after, but the formula gives "
    "0 at this very point",
    "q = sum(relu(b) - relu(-b))": "differences say 1 where the rules give 0, which "
    "are right beside this point: it is a kink",
}


@pytest.mark.parametrize("text", AT_KINKS)
def test_what_rules_give_at_a_kink_is_no_mistake(text):
    said = check_gradients(parse_graph(["b: 2", text]), at={"b": np.zeros(2)})
    assert said.verdict == "INCONCLUSIVE"
    start = "∂q/∂b[0] could not be decided (and 1 more): "
    assert said.diagnosis == start + AT_KINKS[text]


def test_ties_of_an_order_are_kinks():
    graph = parse_graph(["a, b: 4", "y = take(a, argsort(a))", "q = y @ b"])
    said = check_gradients(graph, at={"a": np.zeros(4), "b": np.arange(4.0)})
    assert said.diagnosis == (
        "∂y[1]/∂a[1] could not be decided (and 1 more): differences say 0 where the "
        "rules give 1, which are right beside this point: it is a kink"
    )


def test_declared_gradients_are_not_judged():
    text = "hard(a) = step(a)"
    with custom_op(text, partials=["sigmoid(a)"], contract="surrogate"):
        graph = parse_graph(["W: 2 x 3", "x: 3", "h = hard(W @ x)", "q = sum(h^2)"])
        said = check_gradients(graph, points=2, rng=0)
        rows = [row.verdict for row in said.rows]
        assert rows == ["SURROGATE", "SURROGATE", "PASS", "SURROGATE", "SURROGATE"]
        assert said.diagnosis == (
            "1 edge agree with finite differences at 2 random points; 4 are declared, "
            "not derived"
        )


# Partials


@pytest.mark.parametrize("samples", [None, 2])
def test_jacobians_have_dims_behind_the_samples(samples):
    lead = () if samples is None else (samples,)
    at = values("vectors")
    at["xx"] = np.random.default_rng(5).normal(size=(*lead, 3))
    graph = parse_graph(GRAPHS["vectors"])
    ours = edge_partials(graph, at)
    assert ours.swept == set(graph.arcs)
    assert {edge: np.shape(a) for edge, a in ours.items()} == {
        ("xz", "W"): (*lead, 4, 4, 3), ("xz", "b"): (*lead, 4, 4),
        ("xz", "xx"): (*lead, 4, 3), ("xh", "xz"): (*lead, 4, 4),
        ("xl", "u"): (*lead, 4), ("xl", "xh"): (*lead, 4),
    }  # fmt: skip
    swept = edge_partials(graph, at, method="adjoint")
    finite = edge_partials(graph, at, method="finite", scheme="ridders")
    for edge, array in ours.items():
        np.testing.assert_array_equal(array, swept[edge])
        np.testing.assert_allclose(array, finite[edge], atol=1e-10)


def test_a_comparison_names_the_entry_that_differs_most():
    said = compare_partials(parse_graph(GRAPHS["vectors"]), values("vectors"))
    assert said.ok
    rows = {row.edge: row for row in said.rows}
    assert rows["∂xz/∂W"].checked == "48 entries"
    assert rows["∂xz/∂W"].dims == "4 by 4 x 3"
    assert rows["∂xz/∂W"].formula == "outer(dxz, xx)"
    assert re.fullmatch(r"∂xz\[\d\]/∂W\[\d,\d\]", rows["∂xz/∂W"].entry)
    assert said.summary() == "6 edges: 6 PASS"
    assert "∂xz/∂W" in said._repr_html_()


ERRORS = {
    "a name that is not there": (
        "vectors", ["dW = outer(dxy, xx)"],
        "line 1: ∂xl/∂W has no name 'dxy'\n\n    dW = outer(dxy, xx)\n"
        "               ^^^\n  hint: did you mean 'dxz'?",
    ),
    "what is claimed itself": (
        "vectors", ["dW = dW"],
        "line 1: ∂xl/∂W has no name 'dW'\n\n    dW = dW\n         ^^\n"
        "  hint: did you mean 'W'?",
    ),
    "no claim": (
        "vectors", ["W = 3"],
        "line 1: this is not a claim\n\n    W = 3\n    ^^\n"
        "  hint: write d node / d name = formula, such as d xy / d ab = xx",
    ),
    "the number of an entry": (
        "picks", {("y", "c"): "1"}, "'c' is the number of an entry: there is no ∂y/∂c",
    ),
    "no function of it": (
        "vectors", {("xl", "xl"): "1"},
        "'xl' is no function of 'xl': leave that claim out",
    ),
    "another name of the graph": (
        "vectors", {("xl", "xq"): "1"},
        "unknown name 'xq'\n  hint: the names are xz, xx, xh, xl, W, b, u",
    ),
}  # fmt: skip


def test_claims_in_numbers_have_samples_first():
    graph = parse_graph(GRAPHS["vectors"])
    at = values("vectors", xx=np.random.default_rng(3).normal(size=(5, 3)))
    claims = graph.gradient_at("xl", at, ["W"])
    here = ArraysAtPoint(graph, at, given=True)
    for claim in (claims["W"], claims["W"].sum(axis=0)):
        read, of = array_claims(graph, {("xl", "W"): claim}, "xl")
        check = ArrayCheck(here, read, "xl", of)
        if claim.ndim == 3:
            assert check.row(here.total("xl", "W"), read["xl", "W"]).verdict == "PASS"
            continue
        with pytest.raises(CGPrimerError) as error:
            check.row(here.total("xl", "W"), read["xl", "W"])
        assert str(error.value) == (
            "the claim for ∂xl/∂W has shape (4, 3): 5 x 4 x 3 is expected, samples "
            "first\n  hint: one for each sample; their sum is the derivative of a sum"
        )


@pytest.mark.parametrize("what", ERRORS)
def test_claims_that_cannot_be_read_say_why(what):
    name, claims, says = ERRORS[what]
    with pytest.raises(CGPrimerError) as error:
        check_of(name, claims)
    assert str(error.value) == says


def test_differences_of_a_large_edge_are_refused():
    here = large(20, 40)
    with pytest.raises(CGPrimerError) as error:
        edge_partials(here.graph, here.point.values, method="finite")
    assert str(error.value) == (
        "∂xh/∂W has 16,000 entries, and each of them would need a difference: 200 "
        "are the most\n  hint: compare_partials checks it along random directions; "
        "method='adjoint' gives all entries"
    )


AT_THE_POINT = [  # what holds where it was asked about, and not at every other point
    (
        "xo, xt: 4\nxp = softmax(xo)\nxl = -sum(xt*log(xp))", "xo", "xt - xp",
        {"xo": [0.3, -1.0, 0.5, 0.1], "xt": [0.1, 0.2, 0.3, 0.4]},
        "the sign is flipped",
    ),
    (
        "xo, xt: 4\nxp = softmax(xo)\nxl = -sum(xt*log(xp))", "xo", "2*(xp - xt)",
        {"xo": [0.3, -1.0, 0.5, 0.1], "xt": [0.1, 0.2, 0.3, 0.4]},
        "it is 2 times the true derivative",
    ),
    (
        "w: 2\nxx: batch x 2\nxy: batch\nxr = xx @ w - xy\nxl = mean(xr^2)", "w",
        "2*xx' @ xr",
        {"w": [1.0, 2.0], "xx": [[1, 2], [3, -1], [0.5, 2]], "xy": [1.0, 0.0, 2.0]},
        "it is 3 times the true derivative, as if a sum stood where mean(xr^2) is a "
        "mean",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "wrt", "claim", "at", "says"), AT_THE_POINT)
def test_what_is_told_holds_at_the_point_that_was_given(texts, wrt, claim, at, says):
    graph = parse_graph(texts)
    claims = {("xl", wrt): claim}
    report = check_gradients(graph, at=at, claims=claims, output="xl")
    assert not report.ok
    [row] = [row for row in report.rows if row.verdict == "FAIL"]
    assert row.looks_like == says


def test_an_axis_of_a_claim_may_be_named_by_its_size():
    texts = "w: 2\nxx: batch x 2\nxy: batch\nxr = xx @ w - xy\nxl = mean(xr^2)"
    rng = np.random.default_rng(0)
    at = {"w": rng.normal(size=2), "xx": rng.normal(size=(5, 2))}
    at["xy"] = rng.normal(size=5)
    claim = "2*mean(xx*unsqueeze(xr, axis=1), axis=batch)"
    claims = {("xl", "w"): claim}
    assert check_gradients(parse_graph(texts), at=at, claims=claims, output="xl").ok
