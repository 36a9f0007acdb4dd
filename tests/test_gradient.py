"""Gradients as graphs, held against the reverse sweep, differences and formulas."""

from itertools import combinations, product

import mpmath
import numpy as np
import pytest

from cgprimer import GraphError, PointError, gradient, parse_graph

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
