"""Paths: products of edge partials, their sum, and how many there are."""

import json
import math
import re

import networkx
import pytest
from problems import CANONICAL, CANONICAL_AT, KINKED, PROBLEMS, problem, random_dag

from cgprimer import GraphError, OptionError, PointError, edge_partials, parse_graph
from cgprimer.errors import OpError

GRAPH = parse_graph(CANONICAL)


CASES = [
    *(pytest.param(*problem(key), id=key) for key in PROBLEMS | KINKED),
    *(pytest.param(*random_dag(seed), id=f"random {seed}") for seed in range(6)),
]


@pytest.mark.parametrize(("graph", "at"), CASES)
def test_the_sum_over_paths_is_the_gradient(graph, at):
    for output in graph.outputs:
        names = [*graph.inputs, *graph.parameters, *graph.dependents]
        gradient = graph.gradient_at(output, at, wrt=names)
        for source in names:
            found = graph.paths(source, output, at)
            size = sum(abs(path.product) for path in found)
            assert found.total == pytest.approx(gradient[source], abs=1e-12 * size)


@pytest.mark.parametrize(("graph", "at"), CASES)
def test_every_path_is_there_once_with_the_partials_of_its_edges(graph, at):
    view, partials = graph.to_networkx(), edge_partials(graph, at, method="adjoint")
    output = graph.outputs[-1]
    for source in graph.inputs:
        found = graph.paths(source, output, at)
        expected = set(map(tuple, networkx.all_simple_paths(view, source, output)))
        assert {path.names for path in found} == expected
        assert len(found) == len(expected)
        for path in found:
            assert path.values == pytest.approx([partials[e] for e in path.edges])


def test_the_four_ways_from_xa_to_xw():
    found = GRAPH.paths("xa", "xw", CANONICAL_AT)
    slope = 3 * 4.65**2
    assert {path.names: path.product for path in found} == pytest.approx(
        {
            ("xa", "xx", "xy", "xz", "xw"): 3 * 0.8 * slope,
            ("xa", "xx", "xz", "xw"): 3 * 2 * slope,
            ("xa", "xx", "xw"): 3 * 0.5,
            ("xa", "xy", "xz", "xw"): -1.1 * slope,
        }
    )
    assert (
        str(found)
        == """\
┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ path                   ┃ product of partials  ┃ numbers         ┃   value ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ xa → xx → xy → xz → xw │ (2*xa)·ab·1·(3*xz^2) │ 3·0.8·1·64.868  │  155.68 │
│ xa → xx → xz → xw      │ (2*xa)·bc·(3*xz^2)   │ 3·2·64.868      │  389.21 │
│ xa → xx → xw           │ (2*xa)·cd            │ 3·0.5           │     1.5 │
│ xa → xy → xz → xw      │ ac·1·(3*xz^2)        │ (−1.1)·1·64.868 │ −71.354 │
└────────────────────────┴──────────────────────┴─────────────────┴─────────┘
4 paths from xa to xw: the sum is dxw/dxa = 475.03"""
    )


def test_formulas_without_a_point():
    [path] = GRAPH.paths("ab")
    assert path.text == "xx·1·(3*xz^2)"
    assert path.values is None
    assert path.product is None
    assert GRAPH.paths("ab").total is None
    assert "numbers" not in str(GRAPH.paths("ab"))


# A partial as a factor: bare where it is a name, a number, a call or a power

FACTORS = {
    "xz^3/3": "xz^2", "cosh(xz)": "sinh(xz)", "a*xz": "a", "2*xz": "2",
    "xz^2": "(2*xz)", "a/xz": "(-a/xz^2)", "xz^2/2 + sin(xz)": "(cos(xz) + xz)",
    "exp(a*xz)": "(exp(a*xz)*a)", "exp(-a*xz)": "(-xy*a)",  # of 4 nodes, and of 5
    "-xz": "(-1)", "exp(xz) - 1": "exp(xz)", "xz^k": "(k*xz^(k - 1))",
}  # fmt: skip


@pytest.mark.parametrize("body", FACTORS)
def test_a_partial_is_a_factor_of_its_path(body):
    graph = parse_graph(["xz = b*xa", f"xy = {body}"])
    assert graph.paths("xa", "xy").paths[0].text == f"b·{FACTORS[body]}"


def test_the_path_that_goes_nowhere_and_no_path_at_all():
    [path] = here = GRAPH.paths("xw", "xw", CANONICAL_AT)
    assert (path.names, path.product, path.text) == (("xw",), 1.0, "1")
    assert here.total == 1.0
    none = GRAPH.paths("xw", "xz", CANONICAL_AT)
    assert len(none) == 0
    assert none.total == 0.0
    assert "0 paths from xw to xz: the derivative is 0" in str(none)
    assert GRAPH.paths("cd", "xz").paths == ()


def test_as_dicts_and_html():
    found = GRAPH.paths("xa", at=CANONICAL_AT)
    rows = json.loads(json.dumps(found.to_dicts()))
    assert rows[2] == {
        "path": ["xa", "xx", "xw"],
        "formula": "(2*xa)·cd",
        "values": [3.0, 0.5],
        "product": 1.5,
    }
    assert found._repr_html_().count("<tr>") == 1 + len(found)


def ladder(steps):
    """Two ways from each rung to the next: 2^steps paths."""
    return parse_graph(
        [
            text
            for i in range(steps)
            for text in (
                f"xa{i} = 2*xs{i}",
                f"xb{i} = 3*xs{i}",
                f"xs{i + 1} = xa{i} + xb{i}",
            )
        ]
    )


def test_the_limit_is_the_last_number_allowed():
    graph = ladder(5)
    assert len(graph.paths("xs0", limit=32)) == 32
    with pytest.raises(GraphError) as error:
        graph.paths("xs0", limit=31)
    assert str(error.value) == (
        "there are 32 paths from 'xs0' to 'xs5', and the limit is 31\n"
        "  hint: gradient_at('xs5', at)['xs0'] is their sum, found without following "
        "them; limit=… allows more"
    )
    assert graph.paths("xs0", at={"xs0": 1.0}, limit=32).total == 5.0**5


@pytest.mark.parametrize("widths", [(10, 10, 10), (7, 11, 13)])
def test_a_thousand_paths_are_followed_and_not_one_more(widths):
    lines = []
    for k, width in enumerate(widths):
        lines += [f"xm{k}n{i} = xs{k}" for i in range(width)]
        lines.append(f"xs{k + 1} = " + " + ".join(f"xm{k}n{i}" for i in range(width)))
    graph = parse_graph(lines)
    if math.prod(widths) == 1000:
        assert len(graph.paths("xs0")) == 1000
        return
    with pytest.raises(GraphError, match=r"there are 1001 paths .* the limit is 1000"):
        graph.paths("xs0")


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        (10, "1024"),
        (30, "1073741824"),
        (49, "562949953421312"),
        (50, "about 1.1e+15"),
        (60, "about 1.2e+18"),
        (1200, "more than 1e300"),
    ],
)
def test_paths_are_counted_not_followed(steps, count):
    with pytest.raises(GraphError, match=f"there are {re.escape(count)} "):
        ladder(steps).paths("xs0")


def test_a_long_path_needs_no_recursion():
    length = 1_200
    graph = parse_graph([f"x{i + 1} = a*x{i}" for i in range(length)])
    [path] = graph.paths("x0", at={"x0": 1.0, "a": 1.0})
    assert len(path.names) == length + 1
    assert path.product == 1.0
    with pytest.raises(GraphError, match="there are 1200 paths from 'a'"):
        graph.paths("a")


REFUSED = [
    ({"source": "xq"}, GraphError, "unknown name 'xq'\n  hint: the names are"),
    ({"source": "xa", "output": "ab"}, GraphError, "'ab' is a parameter"),
    ({"source": "xa", "at": {"xa": 1.0}}, PointError, "no value for the parameters"),
    ({"source": "xa", "limit": 0}, OptionError, "a whole number from 1 is expected"),
    ({"source": "xa", "limit": 1.5}, OptionError, "limit is 1.5"),
    (
        {"source": "xa", "at": CANONICAL_AT | {"xa": [1.0, 2.0]}},
        PointError,
        "one point is wanted, but 'xa' has 2 samples\n  hint: take one of them",
    ),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), REFUSED)
def test_what_is_refused(arguments, kind, message):
    with pytest.raises(kind) as error:
        GRAPH.paths(**arguments)
    assert message in str(error.value)


def test_several_outputs_ask_for_a_choice():
    graph = parse_graph(["xy = 2*xx", "xz = 3*xx"])
    with pytest.raises(GraphError, match="2 outputs, xy, xz: choose one") as error:
        graph.paths("xx")
    assert "hint: output='xy'" in str(error.value)
    assert graph.paths("xx", "xz", {"xx": 1.0}).total == 3.0


def test_products_need_a_backward_that_is_one():
    from cgprimer.diff.declare import custom_op

    with custom_op(
        name="rounded_off",
        forward=lambda ctx, a: a.round(),
        backward=lambda ctx, grad: grad + 1.0,
        contract="surrogate",
    ):
        graph = parse_graph(["xy = rounded_off(xx)", "xz = xy^2"])
        with pytest.raises(OpError, match="'rounded_off' in the equation of xy"):
            graph.paths("xx")
        assert len(graph.paths("xy")) == 1


def test_large_formulas_are_named_only():
    text = "xy = " + "*".join(f"sin({k}*xx)" for k in range(1, 30))
    [path] = found = parse_graph([text, "xz = 2*xy"]).paths("xx", at={"xx": 0.1})
    assert path.text == "∂xy/∂xx·2"
    assert math.isfinite(found.total)
