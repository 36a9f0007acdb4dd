"""Gradients as graphs, held against the reverse sweep, differences and formulas.

And the chain rule itself: over nodes, over equations, over edges and along paths.
"""

import operator
from itertools import combinations, product

import mpmath
import numpy as np
import pytest
from problems import KINKED, PROBLEMS, problem, random_dag

from cgprimer import GraphError, PointError, edge_partials, gradient, parse_graph
from cgprimer.derivation.trace import trace
from cgprimer.diff.chain_rule import accumulate
from cgprimer.diff.rules import fill_rule, local_partial
from cgprimer.diff.sweep import partials
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import ONE, OPS, const
from cgprimer.expr.ops import name as leaf
from cgprimer.expr.syntax import parse_expression
from cgprimer.graph.accumulation import (
    below,
    path_products,
    path_terms,
    tangents,
    totals,
)
from cgprimer.graph.walks import count_paths, edges_along, walks
from cgprimer.judge.rounding import path_rounding, rounding
from cgprimer.notation.text import show
from cgprimer.run.llvm.whole import ExpandedGraph

CANONICAL = ["xx = xa^2", "xy = ab*xx+ac*xa", "xz = bc*xx+xy", "xw = cd*xx+xz^3"]
NETWORK = [
    "xz1 = tanh(b1 + w11*x1 + w21*x2)",
    "xz2 = tanh(b2 + w12*x1 + w22*x2)",
    "xo = sigmoid(c + u1*xz1 + u2*xz2)",
]
GRAPHS = {
    "canonical": (CANONICAL, "xw"),
    "quadratic form": (["xf = a*x^2 + b*x*xy + c*xy^2"], "xf"),
    "sinc": (["xu = 1/x", "xv = sin(x)", "xo = xu*xv"], "xo"),
    "softplus": (["xy = ln(1+exp(xx))"], "xy"),
    "network": (NETWORK, "xo"),
    "shared": (["xq = exp(a*x + b*xy)", "xr = xq*sin(xq)", "xs = xr*xq + xr^2"], "xs"),
    "powers": (["xp = xx^a", "xq = a^xp", "xr = xq/xx - xp^-2"], "xr"),
    "repeated": (["xy = xx^2 + 2*xx", "xz = xy*xy - (xy - xx)*a"], "xz"),
    "alias": (["xy = xx", "xz = xy", "xw = a*xz^2"], "xw"),
    "kinks": (
        ["xy = max(a*xx, xx^2) + abs(b*xx) + relu(-xx)", "xz = min(xy, 2)"],
        "xz",
    ),
    "chain": ([f"x{i + 1} = sin(a*x{i})" for i in range(12)], "x12"),
    "output in the middle": ([*CANONICAL, "xv = xw*a + xa"], "xz"),
}
SMOOTH = [name for name in GRAPHS if name != "kinks"]


def graph_of(name):
    texts, output = GRAPHS[name]
    return parse_graph(texts), output


def names_of(graph):
    return [*graph.inputs, *graph.parameters]


def point_of(graph, seed):
    rng = np.random.default_rng(seed)
    return {name: float(rng.uniform(0.5, 1.5)) for name in names_of(graph)}


def values(graph, at):
    """`graph` at the values that it has a use for."""
    return graph.evaluate({name: at[name] for name in names_of(graph)})


def value(graph, name, at):
    return values(graph, at)[name]


def central(function, at, name, step=1e-5):
    """Five-point difference of `function` by one value of `at`."""
    there = [function(at | {name: at[name] + k * step}) for k in (-2, -1, 1, 2)]
    return (there[0] - 8 * there[1] + 8 * there[2] - there[3]) / (12 * step)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", GRAPHS)
def test_the_gradient_is_the_sweep_and_the_difference(name, seed):
    graph, output = graph_of(name)
    at = point_of(graph, seed)
    derived = gradient(graph, output)
    found = values(derived, at)
    assert derived.outputs == tuple(f"d_{output}_d_{n}" for n in names_of(graph))
    swept = graph.gradient_at(output, at)
    assert list(swept) == names_of(graph)
    for of in names_of(graph):
        expected = central(lambda p: value(graph, output, p), at, of)
        assert found[f"d_{output}_d_{of}"] == pytest.approx(swept[of], 1e-13, 1e-14)
        assert swept[of] == pytest.approx(expected, rel=2e-9, abs=2e-9)


@pytest.mark.every(3)
@pytest.mark.parametrize("name", SMOOTH)
def test_twice_is_the_hessian(name):
    graph, output = graph_of(name)
    at = point_of(graph, 7)
    first = gradient(graph, output)
    names = names_of(first)
    hessian = {}
    for row in names:
        second = gradient(first, f"d_{output}_d_{row}", names)
        found = values(second, at)
        for column, out in zip(names, second.outputs, strict=True):
            hessian[row, column] = found[out]
    for row, column in product(names, names):
        slope = central(lambda p, r=row: graph.gradient_at(output, p)[r], at, column)
        assert hessian[row, column] == pytest.approx(slope, rel=2e-8, abs=2e-8)
    for row, column in combinations(names, 2):
        assert hessian[row, column] == pytest.approx(hessian[column, row], 1e-11, 1e-12)


CANONICAL_AT = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}


def by_hand(xa, ab, ac, bc, cd):
    """The adjoints of the canonical example, multiplied out."""
    xx = xa**2
    xz = bc * xx + ab * xx + ac * xa
    slope = 3 * xz**2
    return {
        "xa": 2 * xa * (cd + slope * (ab + bc)) + slope * ac,
        "ab": slope * xx,
        "ac": slope * xa,
        "bc": slope * xx,
        "cd": xx,
    }


FORMULAS = [
    (CANONICAL, "xw", CANONICAL_AT, by_hand(**CANONICAL_AT)),
    (
        ["xf = a*x^2 + b*x*xy + c*xy^2"],
        "xf",
        {"x": 1.3, "xy": -0.4, "a": 2.0, "b": -1.0, "c": 0.7},
        {"x": 5.6, "xy": -1.86, "a": 1.69, "b": -0.52, "c": 0.16},
    ),
    (
        ["xu = 1/x", "xv = sin(x)", "xo = xu*xv"],
        "xo",
        {"x": 1.3},
        {"x": (1.3 * np.cos(1.3) - np.sin(1.3)) / 1.69},
    ),
    (["xy = xa^2 + 2*xa"], "xy", {"xa": 3.0}, {"xa": 8.0}),
]


@pytest.mark.parametrize(("texts", "output", "at", "expected"), FORMULAS)
def test_gradients_worked_out_by_hand(texts, output, at, expected):
    graph = parse_graph(texts)
    derived = gradient(graph, output)
    assert graph.gradient_at(output, at) == pytest.approx(expected, rel=1e-14)
    found = {name: value(derived, f"d_{output}_d_{name}", at) for name in expected}
    assert found == pytest.approx(expected, rel=1e-14)


def test_sinc_has_the_published_value_and_slope():
    graph = parse_graph(GRAPHS["sinc"][0])
    assert value(graph, "xo", {"x": 1.3}) == pytest.approx(0.7412, abs=5e-5)
    assert graph.gradient_at("xo", {"x": 1.3})["x"] == pytest.approx(-0.3644, abs=5e-5)


@pytest.mark.parametrize("x", [-1000.0, -710.0, -30.0, 0.0, 2.0, 37.0, 710.0, 1000.0])
def test_ln_1_plus_exp_is_finite_to_second_order_and_right(x):
    graph = parse_graph(["xy = ln(1+exp(xx))"])
    first = gradient(graph, "xy")
    second = gradient(first, "d_xy_d_xx")
    with mpmath.workdps(900):
        grown = mpmath.exp(mpmath.mpf(x))
        expected = [
            mpmath.log(1 + grown),
            grown / (1 + grown),
            grown / (1 + grown) ** 2,
        ]
    found = [
        value(graph, "xy", {"xx": x}),
        value(first, "d_xy_d_xx", {"xx": x}),
        value(second, "d_d_xy_d_xx_d_xx", {"xx": x}),
    ]
    # 1 - sigmoid rounds at 1, so the second derivative is right to an absolute 1e-16
    assert found[:2] == pytest.approx([float(e) for e in expected[:2]], 1e-14, 1e-300)
    assert found[2] == pytest.approx(float(expected[2]), rel=1e-14, abs=2e-16)


def test_a_third_application_is_the_third_derivative():
    graph = parse_graph(["xy = sin(xx)*exp(xx)"])
    for _ in range(3):
        [output] = graph.outputs
        graph = gradient(graph, output, ["xx"])
    [output] = graph.outputs
    expected = float(mpmath.diff(lambda x: mpmath.sin(x) * mpmath.exp(x), 0.7, 3))
    assert value(graph, output, {"xx": 0.7}) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("wrt", "outputs"),
    [
        (["ab"], ("d_xw_d_ab",)),
        ("ab", ("d_xw_d_ab",)),
        (["cd", "xa"], ("d_xw_d_cd", "d_xw_d_xa")),
        (["xz", "xx"], ("d_xw_d_xz", "d_xw_d_xx")),
        (["xw"], ("d_xw_d_xw",)),
        (["ac", "ac"], ("d_xw_d_ac",)),
    ],
)
def test_only_what_is_asked_comes_out_in_that_order(wrt, outputs):
    graph = parse_graph(CANONICAL)
    derived = gradient(graph, "xw", wrt)
    assert derived.outputs == outputs
    wanted = [wrt] if isinstance(wrt, str) else wrt
    found = values(derived, CANONICAL_AT)
    swept = graph.gradient_at("xw", CANONICAL_AT, wanted)
    for name in wanted:
        assert found[f"d_xw_d_{name}"] == pytest.approx(swept[name], rel=1e-14)


def test_the_chain_rule_is_written_out():
    derived = gradient(parse_graph(CANONICAL), "xw")
    assert str(derived) == "\n".join(
        [
            "xx = xa^2",
            "xy = ab*xx + ac*xa",
            "xz = bc*xx + xy",
            "xw = cd*xx + xz^3",
            "d_xw_d_xz = 3*xz^2",
            "d_xw_d_xx = cd + d_xw_d_xz*bc + d_xw_d_xz*ab",
            "d_xw_d_xa = d_xw_d_xz*ac + d_xw_d_xx*(2*xa)",
            "d_xw_d_ab = d_xw_d_xz*xx",
            "d_xw_d_ac = d_xw_d_xz*xa",
            "d_xw_d_bc = d_xw_d_xz*xx",
            "d_xw_d_cd = xx",
        ]
    )


@pytest.mark.parametrize(
    ("output", "zero"), [("xy", "bc"), ("xy", "cd"), ("xx", "ab"), ("xy", "xz")]
)
def test_what_does_not_lead_to_the_output_has_gradient_zero(output, zero):
    graph = parse_graph(CANONICAL)
    [name] = gradient(graph, output, [zero]).outputs
    assert value(gradient(graph, output, [zero]), name, CANONICAL_AT) == 0
    assert graph.gradient_at(output, CANONICAL_AT, [zero]) == {zero: 0.0}


def test_an_input_is_its_own_gradient():
    graph = parse_graph(CANONICAL)
    found = gradient(graph, "xa").evaluate({})
    assert found["d_xa_d_xa"] == 1
    assert found["d_xa_d_ab"] == 0


@pytest.mark.parametrize(
    "texts",
    [
        ["d_xy_d_xx = 2*xx", "xy = d_xy_d_xx*a"],
        ["xy = d_xy_d_xx*xx^2"],
        ["xy = sin(xx)*d_xy_v1", "d_xy_d_xx_ = xy"],
        ["d_xy_v1 = exp(xx)", "xy = d_xy_v1/(1 + xx*d_xy_v1)^2"],
    ],
)
def test_names_already_taken_are_left_alone(texts):
    graph = parse_graph(texts)
    at = point_of(graph, 3)
    derived = gradient(graph, "xy")
    found = derived.evaluate(at)
    swept = graph.gradient_at("xy", at)
    assert len(set(derived.outputs)) == len(swept)
    for name, out in zip(swept, derived.outputs, strict=True):
        assert out not in graph.variable_number
        assert out not in graph.parameters
        assert found[out] == pytest.approx(swept[name], rel=1e-13)


@pytest.mark.parametrize(
    ("output", "wrt", "message"),
    [
        (
            "xq",
            None,
            "unknown output 'xq'\n  hint: the variables are xx, xa, xy, xz, xw",
        ),
        ("ab", None, "unknown output: 'ab' is a parameter, not a variable"),
        ("xw", ["abb"], "unknown name 'abb'\n  hint: did you mean 'ab'?"),
        ("xw", ["ab", 1], None),
    ],
)
def test_unknown_names_are_refused(output, wrt, message):
    graph = parse_graph(CANONICAL)
    with pytest.raises(GraphError) as caught:
        gradient(graph, output, wrt)
    assert message is None or str(caught.value) == message
    with pytest.raises(GraphError):
        graph.gradient_at(output, CANONICAL_AT, wrt)


def test_arrays_give_one_gradient_per_sample():
    graph = parse_graph(CANONICAL)
    xa = np.linspace(-1, 1, 5)
    found = graph.gradient_at("xw", CANONICAL_AT | {"xa": xa})
    for i, at in enumerate(xa):
        alone = graph.gradient_at("xw", CANONICAL_AT | {"xa": at})
        assert {k: v[i] for k, v in found.items()} == pytest.approx(alone, rel=1e-14)
    assert found["cd"] == pytest.approx(xa**2)


@pytest.mark.slow
def test_a_deep_chain_has_a_gradient_graph():
    count = 1_000
    graph = parse_graph([f"x{i + 1} = a*x{i} + b" for i in range(count)])
    derived = gradient(graph, f"x{count}", ["x0", "a"])
    at = {"x0": 0.3, "a": 0.999, "b": 0.1}
    found = derived.evaluate(at)
    swept = graph.gradient_at(f"x{count}", at)
    assert found[f"d_x{count}_d_x0"] == pytest.approx(0.999**count, rel=1e-10)
    assert found[f"d_x{count}_d_a"] == pytest.approx(swept["a"], rel=1e-10)


def test_a_gradient_graph_stays_small():
    texts = [f"x{i + 1} = sin(x{i})*x{i}" for i in range(16)]
    graph = parse_graph(texts)
    assert len(gradient(graph, "x16")) <= 4 * len(graph)


CANCELLED = {  # graph, output, and what the gradient has no use for
    "other outputs": ([*CANONICAL, "xv = q*xb"], "xv", {"xa", "ab", "ac", "bc", "cd"}),
    "linear, twice": (["xy = a*xx + b*xx^2"], "xy", {"a"}),
    "declared": (["xy = a*xx^3"], "xy", {"spare"}),
}


@pytest.mark.parametrize("name", CANCELLED)
def test_a_gradient_is_evaluated_at_its_parents_point(name):
    texts, output, gone = CANCELLED[name]
    graph = parse_graph(texts, parameters=["spare"] if name == "declared" else None)
    at = point_of(graph, 0) | {"xx" if "xx" in graph.inputs else "xb": 0.7}
    expected = graph.gradient_at(output, at)
    first = gradient(graph, output)
    second = gradient(first, first.outputs[0])
    if name == "linear, twice":
        second = gradient(second, second.outputs[0])
    for found in (first, second):
        for values in (found.evaluate, found.compile().values):
            assert set(values(at)) == set(found.order)
        with pytest.raises(PointError, match=r"^unknown name 'xxx'"):
            found.evaluate(at | {"xxx": 1.0})
    assert gone <= second.spare
    assert not gone & {*second.inputs, *second.parameters}
    for text in gone:
        assert second.gradient_at(second.outputs[0], at, [text]) == {text: 0.0}
        again = gradient(second, second.outputs[0], [text])
        assert again.evaluate(at)[again.outputs[0]] == 0
    for wrt, slope in expected.items():
        assert first.evaluate(at)[f"d_{output}_d_{wrt}"] == pytest.approx(slope)


# Three accumulations: nodes of an expression, equations of a graph, arrays of edges.

MEET = ["xb = sin(a*xa)", *(f"xc{i} = a*xb*xa + cos(xb)^{i + 2}" for i in range(4))]
MORE = {
    "many users": ([*MEET, "xd = xc0^2 + xc1*xc2 - xc3"], {"xa": 0.7, "a": 1.3}),
    "ladder": (
        [f"x{i + 1} = tanh(a*x{i}) + b*x{i}^2 - x{max(i - 1, 0)}" for i in range(8)],
        {"x0": 0.4, "a": 0.9, "b": 0.3},
    ),
    "a name alone": (["xb = xa", "xc = xb*xb"], {"xa": 1.7}),
    "a middle output": (["xb = a*xa^2", "xc = xb*sin(xb)"], {"xa": 0.6, "a": 1.1}),
}
CASES = {
    **{key: problem(key) for key in (PROBLEMS | KINKED) if key != "constant"},
    **{key: (parse_graph(texts), at) for key, (texts, at) in MORE.items()},
    **{f"random {seed}": random_dag(seed, 9) for seed in range(4)},
}


def samples(at):
    """Three points near one, as arrays."""
    return {text: value * np.array([1.0, 1.01, 0.98]) for text, value in at.items()}


def partials_of(graph, at):
    """The partial on every edge (n,), nodes in topological order."""
    found = edge_partials(graph, at, method="adjoint")
    order = {text: place for place, text in enumerate(graph.order)}
    return dict(sorted(found.items(), key=lambda item: order[item[0][0]]))


def expanded(graph, output):
    """The graph as expressions, and its output as one of them."""
    whole = ExpandedGraph(graph.table, graph.table.order.tolist())
    return whole, whole.value(graph.variable_number[output])


def over_nodes(graph, output, at):
    """By the sweep of one expression that has the whole graph in it."""
    names = [*graph.inputs, *graph.parameters]
    found = partials(expanded(graph, output)[1], map(leaf, names))
    return dict(zip(names, Kernel(found.values(), names)(*at.values()), strict=True))


def over_equations(graph, output, at):
    """By the gradient as a graph."""
    derived = gradient(graph, output)
    found = derived.evaluate(at)
    names = [*graph.inputs, *graph.parameters]
    return {n: found[o] for n, o in zip(names, derived.outputs, strict=True)}


def over_expanded_equations(graph, output, at):
    """By the gradient that machine code is made of; it has no inputs."""
    row, names = graph.variable_number[output], [*graph.inputs, *graph.parameters]
    found = expanded(graph, output)[0].gradient({row: ONE})
    values = Kernel(found, names)(*at.values())
    return dict(zip(graph.parameters, values, strict=True))


def over_edges(graph, output, at):
    """By arrays on the edges, from the output back."""
    found = totals(partials_of(graph, at), output)
    return {text: found.get(text, 0.0) for text in at}


def over_edges_forward(graph, output, at):
    """By arrays on the edges, from each name on."""
    edges = partials_of(graph, at)
    return {text: tangents(edges, text).get(output, 0.0) for text in at}


def over_paths(graph, output, at):
    """By every path; where there are too many, those names are left out."""
    edges = partials_of(graph, at)
    found = {text: path_products(edges, output, text) for text in at}
    known = below(edges, output)
    return {
        text: sum(products.values(), np.zeros(3))
        for text, products in found.items()
        if products or text not in known
    }


def over_lines(graph, output, at):
    """By a derivation, point by point."""
    rows = [
        trace(
            graph, {text: float(value[i]) for text, value in at.items()}, output=output
        )
        for i in range(3)
    ]
    return {
        text: np.array([t[text].adjoint for t in rows])
        for text in at
        if text not in rows[0].left_out
    }


WAYS = (
    over_nodes, over_equations, over_expanded_equations, over_edges,
    over_edges_forward, over_paths, over_lines,
)  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("key", CASES)
def test_every_way_gives_what_the_sweep_over_arrays_gives(key, way):
    graph, at = CASES[key]
    names = [*graph.inputs, *graph.parameters]
    at = samples({text: at[text] for text in names})
    for output in graph.dependents:
        swept, found = graph.gradient_at(output, at), way(graph, output, at)
        assert set(found) <= set(swept)
        for text, value in found.items():
            terms = np.abs(swept[text]).max() + 1
            assert value == pytest.approx(swept[text], rel=1e-12, abs=1e-13 * terms), (
                output,
                text,
            )


# The rule itself.

USES = {
    "y": [("u", 3.0), ("v", 2.0), ("u", 1.0)],
    "u": [("v", 5.0)],
    "w": [("v", np.inf)],
}
SEEDED = [  # seeds, and the adjoints that they give
    ({"y": 1.0}, {"y": 1.0, "u": 4.0, "v": 22.0}),
    ({"y": 1.0, "u": 1.0}, {"y": 1.0, "u": 5.0, "v": 27.0}),
    ({"u": 2.0}, {"u": 2.0, "v": 10.0}),
    ({"v": 7.0}, {"v": 7.0}),
    ({}, {}),
]


@pytest.mark.parametrize(("seeds", "expected"), SEEDED)
def test_what_no_seed_reaches_is_not_asked(seeds, expected):
    asked = []

    def shares(node, adjoint):
        asked.append(node)
        return [(arg, adjoint * partial) for arg, partial in USES[node]]

    before = dict(seeds)
    assert accumulate(["y", "w", "u"], seeds, shares, operator.add) == expected
    assert seeds == before
    # Each once: w, with its infinite slope, is nowhere on the way.
    assert asked == [node for node in ("y", "u") if node in expected]


def test_a_local_partial_may_be_another_than_the_table_has():
    root = parse_expression("sin(x)*x")

    def local(node, i):
        return const(7.0) if node.op.name == "sin" else local_partial(node, i)

    [changed] = partials(root, [leaf("x")], local=local).values()
    assert show(changed) == "sin(x) + 7*x"
    assert fill_rule(OPS["mul"].rules[0], [leaf("p"), leaf("q")], root) is leaf("q")


# What else is added up along paths.


@pytest.mark.parametrize("key", CASES)
def test_terms_of_paths_add_up_over_outputs_and_bound_the_totals(key):
    graph, at = CASES[key]
    edges = partials_of(graph, samples(at))
    sizes = {edge: 0.5 * np.abs(partial) for edge, partial in edges.items()}
    weights = {out: np.full(3, 2.0 + k) for k, out in enumerate(graph.outputs)}
    both = path_terms(edges, sizes, weights)
    each = [path_terms(edges, sizes, {out: c}) for out, c in weights.items()]
    for text, terms in both.items():
        alone = sum(one.get(text, np.zeros(3)) for one in each)
        assert terms == pytest.approx(alone, rel=1e-13)
        own = sum(
            c * totals(edges, out).get(text, np.zeros(3)) for out, c in weights.items()
        )
        # Half of each partial, and one product and one sum, on each path.
        if text not in graph.outputs:
            assert (terms >= 2.5 * np.abs(own) * (1 - 1e-12)).all()


@pytest.mark.parametrize("key", CASES)
def test_paths_are_walked_as_often_as_they_are_counted(key):
    graph, at = CASES[key]
    edges = partials_of(graph, samples(at))
    for output in graph.outputs:
        inside = below(edges, output)
        users = {}
        for node, by in edges:
            if node in inside:
                users.setdefault(by, []).append(node)
        for source in at:
            ways = list(walks(users, source, output))
            assert len(ways) == len(set(ways)) == count_paths(users, source, output)
            assert all(edge in edges for way in ways for edge in edges_along(way))


ROUNDED = ["a*b + a*b", "exp(x) - 1", "exp(1e-6) - 1", "tanh(a*b)*sin(a) - b/a", "a"]


@pytest.mark.parametrize("text", ROUNDED)
def test_terms_along_paths_are_never_fewer(text):
    root = parse_expression(text)
    names = leaves(root)
    one, bound = Kernel([rounding(root), *path_rounding([root])], names)(
        *np.linspace(0.3, 0.8, len(names))
    )
    assert one <= bound * (1 + 1e-12)


# Equations, the names that are asked for, and the equations of their derivatives

WRITTEN = [
    # a shared expression of four nodes is named, one of three is not
    ("xy = sin(a*xx)*xz*xw", ["xz", "xw"], ["d_xy_v1 = sin(a*xx)",
     "d_xy_d_xz = xw*d_xy_v1", "d_xy_d_xw = d_xy_v1*xz"]),
    ("xy = sin(xx)*xz*xw", ["xz", "xw", "xx"], ["d_xy_d_xz = xw*sin(xx)",
     "d_xy_d_xw = sin(xx)*xz", "d_xy_d_xx = xw*xz*cos(xx)"]),
    ("xy = a*xx*xz + cos(xz)", ["a", "xx", "xz"], ["d_xy_d_a = xz*xx",
     "d_xy_d_xx = xz*a", "d_xy_d_xz = -sin(xz) + a*xx"]),
    # the value is there under its name, and a name that is taken gets a line
    ("xy = exp(a*xx)", ["xx"], ["d_xy_d_xx = xy*a"]),
    ("d_xy_d_xx = xa*b; xy = d_xy_d_xx*xx^2", ["xx"],
     ["d_xy_d_xx_ = d_xy_d_xx*(2*xx)"]),
    ("xy = 2*xx", ["xx", "xy"], ["d_xy_d_xx = 2", "d_xy_d_xy = 1"]),
    ("xz = xx + a; xy = b*xz", ["xx", "a", "xz"],
     ["d_xy_d_xx = b", "d_xy_d_a = b", "d_xy_d_xz = b"]),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "wrt", "derived"), WRITTEN)
def test_a_gradient_is_written_out(equations, wrt, derived):
    texts = equations.split("; ")
    lines = str(gradient(parse_graph(texts), "xy", wrt)).splitlines()
    assert sorted(lines) == sorted([*texts, *derived])


def test_paths_are_multiplied_up_to_sixty_four():
    def fan(*widths):
        edges = {}
        for k, width in enumerate(widths):
            inner = [f"m{k}n{i}" for i in range(width)]
            edges |= {(m, f"s{k}"): np.full(1, 2.0) for m in inner}
            edges |= {(f"s{k + 1}", m): np.full(1, 3.0) for m in inner}
        return path_products(edges, "s2", "s0")

    assert len(fan(8, 8)) == 64
    assert {product.item() for product in fan(8, 8).values()} == {36.0}
    assert fan(5, 13) == {}
