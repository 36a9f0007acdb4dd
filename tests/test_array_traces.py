"""Traces, paths, nodes and pictures of graphs with arrays, and their derivatives."""

import numpy as np
import pytest

from cgprimer import (
    GraphError,
    PointError,
    check_derivation,
    draw_graph,
    gradient,
    parse_graph,
    trace,
)
from cgprimer.diff.array_textbook import textbook_arrays
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import Sizing
from cgprimer.notation.array_numbers import summed_up, typeset, written
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import show
from cgprimer.run.arrays.kernel import ArrayKernel

NETWORK = [
    "W: 3 x 2", "b, u: 3", "c: scalar", "xp: 2", "xt: scalar",
    "xz = tanh(W @ xp + b)", "xo = c + u @ xz", "xl = softplus(xo) - xt*xo",
]  # fmt: skip
LARGE = ["W: 30 x 40", "b: 30", "xx: 40", "c: scalar", "xh = tanh(W @ xx + b)",
         "xl = c*sum(xh^2)"]  # fmt: skip
SIZES = {"n": 4, "p": 3, "m": 2, "batch": 5}


def point(graph, seed=0):
    rng = np.random.default_rng(seed)
    names = (*graph.inputs, *graph.parameters)
    sizes = [[SIZES.get(d, d) for d in graph.dims(name)] for name in names]
    return {
        name: np.round(rng.normal(size=size), 2)
        for name, size in zip(names, sizes, strict=True)
    }


# Short forms: dims of names, an expression, and what it is printed as.
FORMS = [
    ("A: n p", "spread(1, A)*A", "A"),
    ("A: n p", "spread(2, A)*A - 1", "2*A - 1"),
    ("A: 3 2", "spread(1/count(A), A)*A", "A/6"),
    ("A: n p", "spread(1/count(A), A)*A", "A/count(A)"),
    ("A: n p", "-spread(1, A)", "spread(-1, A)"),
    ("A: n p, v: p", "spread(v, A, axis=0)*A", "v*A"),
    ("A: n p, v: n", "spread(v, A, axis=1)*A", "spread(v, A, axis=1)*A"),
    ("A: n p, v: n", "spread(v, A, axis=1)/2*A", "spread(v, A, axis=1)*A/2"),
    ("A: n p, B: n m", "(A' @ B)'", "B' @ A"),
    ("A: n p, B: p m", "(A @ B)'", "(A @ B)'"),
    ("A: n p", "A''", "A"),
    ("A: n p", "(-A)'", "-A'"),
    ("A: n p, B: n p", "(A'*B')'", "A*B"),
    ("a: n, b: p", "outer(a, b)'", "outer(b, a)"),
    ("a: n, b: p", "outer(-2*a, b)", "-2*outer(a, b)"),
    ("A: n p, x: p", "A @ (-x)", "-(A @ x)"),
    ("A: n p, x: p", "A @ (3*x/2)", "1.5*(A @ x)"),
    ("A: n p, x: n", "x @ A", "x @ A"),
    ("A: n p, x: p", "x @ A'", "A @ x"),
    ("A: n n, x: n", "x @ A + A @ x", "(A + A') @ x"),
    ("A: n n, x: n", "A @ x - x @ A", "(A - A') @ x"),
    ("A: n n, x: n, y: n", "x @ A + A @ y", "x @ A + A @ y"),
    ("A: n p, v: p", "sum_to(A, v)", "sum(A, axis=0)"),
    ("A: n p, c: ", "sum_to(A, c)", "sum(A)"),
    ("A: n p, B: n p", "sum_to(A, B)", "A"),
    ("a: n, b: n", "sum(a*b)", "a @ b"),
    ("a: n, c: ", "sum(-(3*a))", "-3*sum(a)"),
    ("A: n n", "sum(A*eye(A))", "trace(A)"),
    ("a: n, A: n n", "sum(-outer(a, a)*eye(A))", "-(a @ a)"),
    ("A: n p", "exp(A - spread(logsumexp(A, axis=1), A, axis=1))",
     "softmax(A, axis=1)"),
    ("A: n n", "exp(A - spread(logsumexp(A, axis=0), A, axis=0))",
     "softmax(A, axis=0)"),
    ("A: n n", "exp(A - spread(logsumexp(A, axis=0), A, axis=1))",
     "exp(A - spread(logsumexp(A, axis=0), A, axis=1))"),
    ("A: n n", "exp(A - spread(logsumexp(A, axis=1), A, axis=0))",
     "exp(A - logsumexp(A, axis=1))"),
    ("A: n p", "0*A", "0*A"),
    ("v: n", "spread(v, tanh(outer(v, v)), axis=1)",
     "spread(v, tanh(outer(v, v)), axis=1)"),
    ("v: n", "spread(2, tanh(3*v))", "spread(2, v)"),
]  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize(("dims", "text", "printed"), FORMS)
def test_formulas_of_arrays_are_short_and_worth_the_same(dims, text, printed):
    names = {}
    for one in dims.split(","):
        name, _, sizes = one.partition(":")
        names[name.strip()] = tuple(int(d) if d.isdigit() else d for d in sizes.split())
    root = parse_array_expression(text, 0, names)
    sizing = Sizing(names)
    made = textbook_arrays(root, sizing)
    assert show(made) == printed
    assert sizing.of(made) == sizing.of(root)
    numbers = Sizing(
        {n: tuple(SIZES.get(d, d) for d in own) for n, own in names.items()}
    )
    rng = np.random.default_rng(1)
    at = {name: np.asarray(rng.normal(size=own)) for name, own in numbers.names.items()}
    bodies = {"a": root, "b": made, "c": textbook_arrays(root, sizing, printed=False)}
    a, b, c = ArrayKernel(bodies, list(bodies), numbers, frozenset())(at)
    shape = tuple(SIZES.get(d, d) for d in sizing.of(root))
    for value in (b, c):
        np.testing.assert_allclose(np.broadcast_to(value, shape), a, rtol=1e-12)


def test_reverse_rows_are_matrix_calculus():
    graph = parse_graph(NETWORK)
    text = trace(graph, point(graph)).ascii()
    assert (
        text
        == """\
# Forward trace, first to last
  xp = [0.13, -0.13]  # input
  xt = 0.64  # input
  W  = [[0.1, -0.54], [0.36, 1.3], [0.95, -0.7]]  # parameter
  b  = [-1.27, -0.62, 0.04]  # parameter
  c  = -2.33  # parameter
  u  = [-0.22, -1.25, -0.73]  # parameter
  xz = tanh(W @ xp + b) = [-0.82958, -0.63047, 0.24914]
  xo = c + u @ xz = -1.5413
  xl = softplus(xo) - xt*xo = 1.1804

# Reverse trace, last to first
  bar_xl = 1  # seed
  bar_xo = bar_xl*\\partial xl/\\partial xo = bar_xl*(sigmoid(xo) - xt) = 1*(-0.46365)\
 = -0.46365
  bar_xz = bar_xo*u = [0.10200, 0.57956, 0.33846]
  bar_xp = W' @ (bar_xz*(1 - xz^2)) = [0.43047, 0.21455]
  bar_xt = bar_xl*\\partial xl/\\partial xt = bar_xl*(-xo) = 1*1.5413 = 1.5413
  bar_W  = outer(bar_xz*(1 - xz^2), xp)
         = [[0.0041345, -0.0041345], [0.045395, -0.045395], [0.041269, -0.041269]]
  bar_b  = bar_xz*(1 - xz^2) = [0.031804, 0.34919, 0.31746]
  bar_c  = bar_xo = -0.46365
  bar_u  = bar_xo*xz = [0.38464, 0.29232, -0.11552]"""
    )


def test_large_arrays_are_told_in_one_line():
    graph = parse_graph(LARGE)
    text = trace(graph, point(graph)).ascii()
    assert "  W: 30 x 40  # parameter, min -3." in text
    assert "  xh = tanh(W @ xx + b)  # 30, min -1, max 1, norm " in text
    assert "  bar_W  = outer(bar_xh*(1 - xh^2), xx)  # 30 x 40, min " in text
    [line] = [one for one in text.split("\n") if one.startswith("  xl ")]
    assert line.startswith("  xl = c*sum(xh^2)  # ")


def test_formulas_alone_declare_the_dims():
    text = trace(parse_graph(NETWORK)).ascii()
    assert "  W: 3 x 2  # parameter\n  b: 3  # parameter\n  c: scalar  # par" in text


@pytest.mark.every(3)
@pytest.mark.parametrize("texts", [NETWORK, LARGE], ids=["network", "large"])
@pytest.mark.parametrize("level", ["variables", "operations"])
@pytest.mark.parametrize("numbers", [True, False])
def test_adjoints_are_gradients_and_the_text_is_read_again(texts, level, numbers):
    graph = parse_graph(texts)
    at = point(graph)
    made = trace(graph, at if numbers else None, level=level)
    if numbers:
        for name, value in graph.gradient_at("xl", at).items():
            np.testing.assert_allclose(made[name].adjoint, value, rtol=1e-12)
            np.testing.assert_allclose(made[name].value, at[name])
    report = check_derivation(made.ascii(), rng=0)
    assert report.ok, report
    made.html(document=True)
    assert len(made.to_dicts()) == len(made.rows)


def test_latex_has_columns_and_entries():
    graph = parse_graph(NETWORK)
    latex = trace(graph, point(graph)).latex()
    for text in (
        r"\overline{W} = \left(\overline{\mathit{xz}} \odot \left(1 - \mathit{xz}^{2}"
        r"\right)\right)\,\mathit{xp}^{\top}$",
        r"$\mathit{xo} = c + u^{\top}\,\mathit{xz} = -1.5413$",
        r"$b = \begin{bmatrix} -1.27 \\ -0.62 \\ 0.04 \end{bmatrix}$",
    ):
        assert text in latex
    assert check_derivation(latex, rng=0).ok
    assert r"$W \in \mathbb{R}^{3 \times 2}$" in trace(graph).latex()


ERRORS = [
    (lambda g, at: trace(g, at | {"xp": np.zeros((4, 2))}), PointError,
     "one point is wanted, but 'xp' has 4 samples\n  hint: take one of them, as in "
     "at | {'xp': xp[0]}"),
    (lambda g, at: trace(g, output="xz"), GraphError,
     "'xz' is an array of 3: a gradient is of one number"),
    (lambda g, at: g.paths("W", "xz"), GraphError,
     "'xz' is an array of 3: a gradient is of one number"),
    (lambda g, at: g.paths("W", at=at | {"xp": np.zeros((4, 2))}), PointError,
     "one point is wanted, but 'xp' has 4 samples\n  hint: take one of them, as in "
     "at | {'xp': xp[0]}"),
    (lambda g, at: g.node("W2"), GraphError, "unknown name 'W2'"),
    (lambda g, at: draw_graph(g, at=at | {"xp": np.zeros((4, 2))}), PointError,
     "a picture shows one point, but there are 4 samples\n"
     "  hint: give one value for each input and parameter"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_what_is_refused(call, kind, message):
    graph = parse_graph(NETWORK)
    with pytest.raises(kind) as caught:
        call(graph, point(graph))
    assert str(caught.value).startswith(message)


def test_sum_over_paths_is_the_gradient():
    more = "V: 3 x 3", "xy = V @ xz", "xo = u @ xy + c*sum(xz)"
    graph = parse_graph([*NETWORK[:6], *more, "xl = softplus(xo) - xt*xo"])
    at = point(graph)
    for name, value in graph.gradient_at("xl", at).items():
        np.testing.assert_allclose(graph.paths(name, "xl", at).total, value, rtol=1e-12)
    one, other = graph.paths("W", "xl")
    assert one.names == ("W", "xz", "xy", "xo", "xl")
    slope = "(sigmoid(xo) - xt)"
    assert one.text == f"outer((V' @ ({slope}*u))*(1 - xz^2), xp)"
    assert other.text == f"outer({slope}*c*(1 - xz^2), xp)"
    assert graph.paths("W").total is None
    assert str(graph.paths("c", "xl", at)).endswith(f"dxl/dc = {_five(graph, at)}")


def _five(graph, at):
    return f"{graph.gradient_at('xl', at)['c']:.5g}".replace("-", "−")


def test_gradients_read_as_in_a_textbook_and_go_on():
    texts = ["A: n x n", "x: n", "xq = x @ A @ x"]
    graph = parse_graph(texts)
    derived = gradient(graph, "xq", ["x", "A"])
    assert str(derived) == (
        "xq = x @ A @ x\nd_xq_d_x = (A + A') @ x\nd_xq_d_A = outer(x, x)"
    )
    again = parse_graph([*texts[:2], *str(derived).split("\n"), "xs = sum(d_xq_d_x^2)"])
    at = point(again)
    [slope] = again.gradient_at("xs", at, ["x"]).values()
    both = at["A"] + at["A"].T
    np.testing.assert_allclose(slope, 2 * both @ both @ at["x"])


def test_a_node_holds_what_those_of_a_tape_hold():
    graph = parse_graph(NETWORK)
    at = point(graph)
    node = graph.node("xz", at)
    np.testing.assert_allclose(node.value, graph.evaluate(at)["xz"])
    np.testing.assert_allclose(node.grad, graph.gradient_at("xl", at, ["xz"])["xz"])
    assert (node.op, node.inputs, node.dims) == ("tanh", ("W", "xp", "b"), (3,))
    weight = graph.node("W")
    assert (weight.op, weight.inputs, weight.dims) == ("parameter", (), (3, 2))
    assert weight.value is weight.grad is None
    scalar = parse_graph(["xy = a*xx", "xz = xy"])
    node = scalar.node("xz", {"a": 2, "xx": 3})
    assert (node.op, node.value, node.grad) == ("=", 6.0, 1.0)
    assert scalar.node("a", {"a": 2, "xx": 3}, output="xy").grad == 3.0


def test_other_libraries_see_the_dims():
    pytest.importorskip("networkx")
    graph = parse_graph(NETWORK)
    view = graph.to_networkx()
    assert view.nodes["xz"]["dims"] == "3"
    assert view.edges["xo", "xl"]["dims"] == "scalar"
    assert graph.to_networkx("operations").edges["W", "xz:1"]["dims"] == "3 x 2"
    assert "dims" not in parse_graph(["xy = a*xx"]).to_networkx().nodes["xy"]


def test_pictures_have_dims_on_their_edges():
    graph = parse_graph(["W: 3 x 2", "X: 4 x 3", "xa = X @ W", "xl = sum(xa^2)"])
    texts = [text.get_text() for text in draw_graph(graph).texts]
    assert {"4 x 2", "xa", "xl"} <= {*texts}
    at = point(graph)
    value = graph.evaluate(at)["xl"]
    texts = [text.get_text() for text in draw_graph(graph, at=at).texts]
    assert f"{value:.4g}" in texts
    assert "derivative of xl" in texts


def test_arrays_as_text():
    assert written(np.array([[1, -2.5]]), exact) == "[[1, -2.5]]"
    assert typeset(np.array([1.0, 2.0]), exact) == (
        r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"
    )
    assert summed_up(np.zeros((2, 3, 4))) == "2 x 3 x 4, min 0, max 0, norm 0"
