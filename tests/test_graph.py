"""Graphs: what depends on what, values, total derivatives, and what is refused."""

import itertools
import math
import pickle
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import invariants
import networkx as nx
import numpy as np
import pytest
import sympy
from problems import (
    CANONICAL,
    CANONICAL_AT,
    CANONICAL_VALUES,
    PROBLEMS,
    problem,
    random_dag,
    relative,
    samples,
)

from cgprimer import edge_partials, gradient, parse_graph
from cgprimer.errors import (
    CycleError,
    ExpressionError,
    GraphError,
    NonFiniteWarning,
    PointError,
)
from cgprimer.expr.dims import Sizing
from cgprimer.expr.ops import OPS
from cgprimer.expr.syntax import parse_expression
from cgprimer.graph.leaves import find_leaves
from cgprimer.graph.named_rows import NamedRows
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.graph.table import Table
from cgprimer.run.logits import with_logits
from cgprimer.run.losses import LOSSES

# The canonical example, fact by fact.


def test_canonical_facts():
    graph = parse_graph(CANONICAL)
    assert graph.inputs == ("xa",)
    assert set(graph.parameters) == {"ab", "ac", "bc", "cd"}
    assert graph.outputs == ("xw",)
    assert graph.dependents == ("xx", "xy", "xz", "xw")
    assert graph.depends_on == {
        "xx": ["xa"], "xy": ["xa", "xx"], "xz": ["xx", "xy"], "xw": ["xx", "xz"],
    }  # fmt: skip
    assert graph.leads_to == {
        "xa": ["xx", "xy"], "xx": ["xw", "xy", "xz"], "xy": ["xz"], "xz": ["xw"],
    }  # fmt: skip
    assert len(graph) == 4
    assert repr(graph) == "Graph(4 equations: xa → xw; parameters ab, ac, bc, cd)"


def test_canonical_values():
    found = parse_graph(CANONICAL).evaluate(CANONICAL_AT)
    assert list(found) == ["xa", "xx", "xy", "xz", "xw"]
    assert found == pytest.approx(CANONICAL_VALUES, rel=1e-15)
    assert all(type(value) is float for value in found.values())


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_order_is_topological_whatever_the_author_wrote_first(order: tuple[int, ...]):
    graph = parse_graph([CANONICAL[i] for i in order])
    place = {name: i for i, name in enumerate(graph.order)}
    assert sorted(place) == ["xa", "xw", "xx", "xy", "xz"]
    assert all(
        place[s] < place[t] for t in graph.depends_on for s in graph.depends_on[t]
    )
    assert graph.evaluate(CANONICAL_AT)["xw"] == pytest.approx(101.669625, rel=1e-15)


def test_order_stays_near_the_authors():
    assert parse_graph(["x1=x2", "x2=xa", "x3=xa"]).order == ("xa", "x2", "x1", "x3")
    assert parse_graph(["x3=xb", "x2=xa"]).order == ("xb", "xa", "x3", "x2")


def test_gradient_descent_of_the_source_exercise():
    graph = parse_graph(["xf = (x1-6)^2 + x2^2 - x1*x2"])
    at, seen = {"x1": 6.0, "x2": 6.0}, []
    for step in (1 / 2, 1 / 3, 1 / 4):
        value, slope = graph.evaluate(at)["xf"], graph.gradient_at("xf", at)
        seen.append((at["x1"], at["x2"], value, slope["x1"], slope["x2"]))
        at = {name: at[name] - step * slope[name] for name in at}
    expected = [(6, 6, 0, -6, 6), (9, 3, -9, 3, -3), (8, 4, -12, 0, 0)]
    assert np.allclose(seen, expected, atol=1e-14)


# What equations may look like.

a, b, xa, xy = sympy.symbols("a b xa xy")
KINDS = {
    "list": ["xy = a*xa + b"],
    "tuple": ("xy = a*xa + b",),
    "generator": (text for text in ["xy = a*xa + b"]),
    "text": "\n# line\n  xy = a*xa + b  # the line\n\n",
    "windows text": "xy = a*xa + b\r\n",
    "dict": {"xy": "a*xa + b"},
    "dict of sympy": {"xy": a * xa + b},
    "sympy.Eq": [sympy.Eq(xy, a * xa + b)],
    "pair": [("xy", a * xa + b)],
    "pair of texts": [("xy", "a*xa + b")],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_is_the_same_graph(kind: str):
    graph = parse_graph(KINDS[kind])
    assert (graph.inputs, graph.outputs) == (("xa",), ("xy",))
    assert set(graph.parameters) == {"a", "b"}
    assert graph.evaluate({"a": 2, "b": 1, "xa": 3})["xy"] == 7


WRONG_INPUT = [
    ([], "there are no equations: write at least one, like 'xy = a*xa'"),
    ("# nothing\n", "there are no equations: write at least one, like 'xy = a*xa'"),
    ([3], "an equation is a text like 'xy = a*xa', not 3"),
    ([None], "an equation is a text like 'xy = a*xa', not None"),
    ([["xy", 3]], "an equation is a text like 'xy = a*xa', not ['xy', 3]"),
    ([xa * a], "the sympy expression a*xa has no name\n"
               "  hint: write ('xy', expression) or sympy.Eq(xy, expression)"),
    (7, "equations come as a list of texts or one text, not <class 'int'>"),
    (b"xy=xa", "equations come as a list of texts or one text, not <class 'bytes'>"),
]  # fmt: skip


@pytest.mark.parametrize(("expressions", "message"), WRONG_INPUT)
def test_what_is_not_equations(expressions: object, message: str):
    with pytest.raises(GraphError) as caught:
        parse_graph(expressions)
    assert str(caught.value) == message


CYCLES = [
    (["xa=ab*xb", "xb=ac*xa"], ("xa", "xb", "xa")),
    (["xa=xa+1"], ("xa", "xa")),
    (["xy=ab*xa", "xp=xq", "xq=xr", "xr=xp"], ("xp", "xq", "xr", "xp")),
    (["x0=x1", "x1=x2", "x2=x1", "x3=x0"], ("x1", "x2", "x1")),
]


@pytest.mark.parametrize(("texts", "way"), CYCLES)
def test_cycles_are_named(texts: list[str], way: tuple[str, ...]):
    with pytest.raises(CycleError) as caught:
        parse_graph(texts)
    assert set(caught.value.cycle) == set(way)
    assert len(caught.value.cycle) == len(way)
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert " -> ".join(caught.value.cycle) in str(caught.value)
    edges = [tuple(text.split("=")) for text in texts]
    for user, used in itertools.pairwise(caught.value.cycle):
        assert any(left == user and used in right for left, right in edges) or any(
            left == used and user in right for left, right in edges
        )


def test_the_two_cycle_reads_as_it_should():
    with pytest.raises(CycleError) as caught:
        parse_graph(["xa=ab*xb", "xb=ac*xa"])
    assert str(caught.value) == (
        "the equations go round in a circle: xa -> xb -> xa\n"
        "  hint: a variable cannot depend on itself; break the circle by renaming "
        "one side, for example to its value one step earlier"
    )


@pytest.mark.parametrize(
    ("count", "way"),
    [
        (3, "x0 -> x2 -> x1 -> x0"),
        (11, "x0 -> x10 -> x9 -> x8 -> x7 -> x6 -> x5 -> x4 -> x3 -> x2 -> x1 -> x0"),
        (12, "x0 -> x11 -> x10 -> x9 -> x8 -> x7 -> x6 -> x5 -> … -> x2 -> x1 -> x0"),
        (5000, "x0 -> x4999 -> x4998 -> x4997 -> x4996 -> x4995 -> x4994 -> x4993 -> "
         "… -> x2 -> x1 -> x0"),
    ],
)  # fmt: skip
def test_a_long_cycle_is_cut_short_in_the_message(count, way):
    with pytest.raises(CycleError) as caught:
        parse_graph([f"x{i}=x{(i + 1) % count}" for i in range(count)])
    assert len(caught.value.cycle) == count + 1
    said = str(caught.value).splitlines()[0]
    assert said == f"the equations go round in a circle: {way}"


def test_duplicates_are_refused():
    with pytest.raises(ExpressionError, match="'xy' is defined twice"):
        parse_graph(["xy=ab*xa", "xy=ab*xa"])


OUTPUTS = [
    (["xq"], "unknown output 'xq'\n  hint: the variables are xy, xa"),
    (["xyy"], "unknown output 'xyy'\n  hint: did you mean 'xy'?"),
    (["quite else"], "unknown output 'quite else'\n  hint: the variables are xy, xa"),
    (["ab"], "unknown output: 'ab' is a parameter, not a variable"),
    ([3], "outputs= holds 3, which is not a name"),
    (["__import__('os').getpid()"],
     "unknown output \"__import__('os').getpid()\"\n  hint: the variables are xy, xa"),
]  # fmt: skip


@pytest.mark.parametrize(("outputs", "message"), OUTPUTS)
def test_unknown_outputs(outputs: list, message: str):
    with pytest.raises(GraphError) as caught:
        parse_graph(["xy=ab*xa"], outputs)
    assert str(caught.value) == message


def test_outputs():
    texts = ["xy=xa", "xz=xa"]
    assert parse_graph(texts).outputs == ("xy", "xz")
    assert parse_graph(texts, ["xz"]).outputs == ("xz",)
    assert parse_graph(texts, "xz").outputs == ("xz",)
    assert parse_graph(texts, ["xz", "xa", "xz"]).outputs == ("xz", "xa")
    assert parse_graph(texts, []).outputs == ()


def test_names_that_begin_with_x_are_variables_and_no_others_are():
    graph = parse_graph(["xy = z*x + X*y + a*x1 + w_x*x_"])
    assert graph.inputs == ("x", "x1", "x_")
    assert graph.parameters == ("z", "X", "y", "a", "w_x")


def test_a_defined_name_is_a_variable_whatever_its_letter():
    graph = parse_graph(["z1 = a*xa", "out = z1 + pi"])
    assert graph.dependents == ("z1", "out")
    assert graph.parameters == ("a",)


def test_names_that_begin_alike_stay_apart():
    graph = parse_graph(["xab = a*xa + ab*x", "xabc = a*xab + abc*xa + ab"])
    assert graph.inputs == ("xa", "x")
    assert graph.parameters == ("a", "ab", "abc")
    at = {"xa": 2, "x": 3, "a": 5, "ab": 7, "abc": 11}
    assert graph.evaluate(at) == {"xa": 2, "x": 3, "xab": 31, "xabc": 184}
    assert graph.gradient_at("xabc", at) == {
        "xa": 36, "x": 35, "a": 31 + 10, "ab": 16, "abc": 2,
    }  # fmt: skip


def test_a_repeated_variable_adds_up():
    graph = parse_graph(["xy = xa^2 + 2*xa"])
    assert graph.gradient_at("xy", {"xa": 3}) == {"xa": 8}
    assert edge_partials(graph, {"xa": 3}) == {("xy", "xa"): 8}


def test_signs_are_not_lost():
    graph = parse_graph(["xy = 1*xa - 2*xb"])
    assert graph.evaluate({"xa": 3, "xb": 2})["xy"] == -1


# Equality, immutability, printing.


def test_equal_texts_are_equal_graphs():
    graph = parse_graph(CANONICAL)
    assert graph == parse_graph("\n".join(CANONICAL))
    assert hash(graph) == hash(parse_graph(CANONICAL))
    different = [
        parse_graph(CANONICAL, ["xz"]),
        parse_graph(CANONICAL[:3]),
        parse_graph([*CANONICAL[:3], "xw = cd*xx+xz^2"]),
        parse_graph([*CANONICAL[:3], "xw = cd*xx-xz^3"]),
        parse_graph([text.replace("ab", "az") for text in CANONICAL]),
        parse_graph(CANONICAL, parameters=["xa"]),
    ]
    assert all(graph != other for other in different)
    assert graph != "a graph"
    assert len({graph, *different}) == 7


CONSTANTS = [("2*xa", "3*xa"), ("xa^2", "xa^3"), ("xa+1", "xa+2"), ("xa-xb", "xb-xa")]


@pytest.mark.parametrize(("left", "right"), CONSTANTS)
def test_constants_and_order_tell_graphs_apart(left: str, right: str):
    assert parse_graph([f"xy={left}"]) != parse_graph([f"xy={right}"])
    assert parse_graph([f"xy={left}"]) == parse_graph([f"xy = {left}"])


def test_a_graph_cannot_be_changed():
    graph = parse_graph(CANONICAL)
    for name in ("inputs", "outputs", "parameters", "table", "dependents"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(graph, name, ())
    with pytest.raises(AttributeError):
        graph.equation("xw").name = "xq"


@pytest.mark.parametrize("key", PROBLEMS)
def test_pickle(key: str):
    graph, at = problem(key)
    again = pickle.loads(pickle.dumps(graph))
    assert again == graph
    assert hash(again) == hash(graph)
    assert again.evaluate(at) == graph.evaluate(at)
    assert again.inputs == graph.inputs
    assert again.parameters == graph.parameters


def test_pickle_keeps_declared_kinds_and_outputs():
    graph = parse_graph(["f = m*a"], ["f", "a"], variables=["m", "a"])
    again = pickle.loads(pickle.dumps(graph))
    assert again == graph
    assert again.outputs == ("f", "a")
    assert again.inputs == ("m", "a")


def test_repr_is_short_however_large_the_graph():
    graph = parse_graph([f"y{i}=a{i}*x{i}" for i in range(1000)])
    assert repr(graph) == (
        "Graph(1000 equations: x0, x1, x2, x3 and 996 more → "
        "y0, y1, y2, y3 and 996 more; parameters a0, a1, a2, a3 and 996 more)"
    )
    assert (
        repr(parse_graph(["xy=3"]))
        == "Graph(1 equation: no inputs → xy; parameters none)"
    )


def test_equation():
    graph = parse_graph(CANONICAL)
    equation = graph.equation("xy")
    assert (equation.name, equation.text) == ("xy", "xy = ab*xx+ac*xa")
    assert (equation.variables, equation.parameters) == (("xx", "xa"), ("ab", "ac"))
    assert graph.equations[1] == equation
    with pytest.raises(GraphError, match="'xa' is an input: no equation defines it"):
        graph.equation("xa")
    with pytest.raises(GraphError, match="unknown variable: 'ab' is a parameter"):
        graph.equation("ab")


# networkx.


@pytest.mark.parametrize("key", PROBLEMS)
def test_networkx_of_variables(key: str):
    graph, _ = problem(key)
    view = graph.to_networkx()
    assert isinstance(view, nx.DiGraph)
    assert nx.is_directed_acyclic_graph(view)
    assert set(view) == set(graph.order)
    arcs = {(s, t) for t, sources in graph.depends_on.items() for s in sources}
    assert set(view.edges) == arcs
    for name, data in view.nodes(data=True):
        assert data["kind"] == ("input" if name in graph.inputs else "dependent")
        assert data["output"] == (name in graph.outputs)
        assert (data["equation"] == "") == (name in graph.inputs)


@pytest.mark.parametrize("key", PROBLEMS)
def test_networkx_of_operations(key: str):
    graph, at = problem(key)
    view = graph.to_networkx(level="operations")
    assert nx.is_directed_acyclic_graph(view)
    assert {"op", "label", "variable"} <= set.intersection(
        *(set(data) for _, data in view.nodes(data=True))
    )
    values = {**at}
    for node in nx.topological_sort(view):
        data = view.nodes[node]
        sources = sorted(view.in_edges(node, data="position"), key=lambda e: e[2])
        args = [values[source] for source, _, _ in sources]
        if data["op"] == "const":
            values[node] = float(data["label"])
        elif data["op"] == "name":
            [values[node]] = args
        elif data["op"] not in ("input", "parameter"):
            twice = len(args) < OPS[data["op"]].arity
            values[node] = float(OPS[data["op"]].forward(*args, *args * twice))
    expected = graph.evaluate(at)
    assert {name: values[name] for name in graph.order} == pytest.approx(expected)


FORMATS = {
    "graphml": (nx.write_graphml_xml, nx.read_graphml),
    "gml": (nx.write_gml, nx.read_gml),
    "gexf": (nx.write_gexf, nx.read_gexf),
}


@pytest.mark.every(3)
@pytest.mark.parametrize("key", PROBLEMS)
@pytest.mark.parametrize("level", ["variables", "operations"])
@pytest.mark.parametrize("kind", FORMATS)
def test_networkx_can_be_written_and_read_back(
    key: str, level: Any, kind: str, tmp_path: Path
):
    write, read = FORMATS[kind]
    view = problem(key)[0].to_networkx(level)
    write(view, tmp_path / "graph")
    again = read(tmp_path / "graph")
    assert set(again) == set(view)
    assert set(again.edges) == set(view.edges)
    for node, data in view.nodes(data=True):
        if kind == "gml":  # its labels are the names of the nodes
            data.pop("label", None)
        assert data.items() <= again.nodes[node].items()


def test_networkx_carries_parameters_on_arcs():
    view = parse_graph(CANONICAL).to_networkx()
    assert view.edges["xx", "xy"]["parameters"] == "ab ac"
    assert view.nodes["xy"]["equation"] == "xy = ab*xx + ac*xa"
    view = parse_graph(CANONICAL, ["xa", "xz"]).to_networkx()
    assert [name for name, output in view.nodes(data="output") if output] == [
        "xa",
        "xz",
    ]
    with pytest.raises(GraphError, match="unknown level 'nodes'"):
        parse_graph(CANONICAL).to_networkx(level="nodes")


# Values.


@pytest.mark.parametrize("key", PROBLEMS)
def test_arrays_give_what_numbers_give(key: str):
    graph, at = problem(key)
    many = samples(at)
    if not any(isinstance(v, np.ndarray) for v in many.values()):
        return
    found = graph.evaluate(many)
    for i in range(5):
        one = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in many.items()}
        single = graph.evaluate(one)
        for name in graph.order:
            assert found[name].shape == (5,)
            assert relative(found[name][i], single[name]) < 1e-15


def test_arrays_for_parameters_and_read_only_results():
    graph = parse_graph(["xy=a*xa"])
    found = graph.evaluate({"a": [1, 2, 3], "xa": 2})
    assert found["xy"].tolist() == [2, 4, 6]
    assert found["xa"].tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="read-only"):
        found["xy"][0] = 1
    assert graph.evaluate({"a": True, "xa": np.float32(0.5)})["xy"] == 0.5


BAD_POINTS = [
    ({"xa": 1}, "no value for the parameters ab, b"),
    ({"ab": 1, "b": 2}, "no value for the input xa"),
    ({}, "no value for the input and parameters xa, ab, b"),
    ({"xa": 1, "ab": 2, "b": 3, "bb": 4},
     "unknown name 'bb'\n  hint: did you mean 'b'?"),
    ({"xa": 1, "ab": 2, "b": 3, "xy": 4},
     "'xy' is defined by an equation, so its value cannot be given\n"
     "  hint: give values for xa, ab, b"),
    ({"xa": [1, 2], "ab": [1, 2, 3], "b": 1}, "'xa' has 2 samples but 'ab' has 3"),
    ({"xa": [[1, 2]], "ab": 1, "b": 1},
     "the value of 'xa' has shape (1, 2); expected a number or (n,)"),
    ({"xa": "__import__('os')", "ab": 1, "b": 1},
     "the value of 'xa' is \"__import__('os')\": a real number or an "
     "array of real numbers is expected"),
    ({"xa": [], "ab": 1, "b": 1},
     "the value of 'xa' is an empty array: it has no samples"),
    ({"xa": None, "ab": 1, "b": 1}, "the value of 'xa' is None: a real number or an "
     "array of real numbers is expected"),
    ({"xa": 1j, "ab": 1, "b": 1}, "the value of 'xa' is 1j: a real number or an "
     "array of real numbers is expected"),
    ({"xa": ["one"], "ab": 1, "b": 1}, "the value of 'xa' is 'one' in sample 0: a real "
     "number or an array of real numbers is expected\n"
     "  hint: turn text into numbers first: float('1.5') does"),
]  # fmt: skip


@pytest.mark.parametrize(("at", "message"), BAD_POINTS)
def test_points_that_do_not_fit(at: dict, message: str):
    graph = parse_graph(["xy=ab*xa+b"])
    for use in (graph.evaluate, lambda at: graph.gradient_at("xy", at)):
        with pytest.raises(PointError) as caught:
            use(at)
        assert str(caught.value) == message


def test_a_point_is_a_dict():
    with pytest.raises(PointError, match="values are given as a dict"):
        parse_graph(["xy=xa"]).evaluate([1.0])


NONFINITE = [
    (["xy=log(xa)", "xz=2*xy"], {"xa": -1.0}, "xy is nan"),
    (["xy=1/xa", "xz=xy-xy"], {"xa": 0.0}, "xy is inf"),
    (["xy=exp(xa)"], {"xa": np.array([1.0, 1000.0, 2000.0])},
     "xy is inf in sample 1 (and in 1 more)"),
    (["xy=2*xa"], {"xa": math.inf}, "xa is inf"),
    (["xz=xy+xa", "xy=sqrt(xa)"], {"xa": -1.0}, "xy is nan"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "at", "message"), NONFINITE)
def test_the_first_variable_that_is_not_finite_is_named(texts, at, message):
    graph = parse_graph(texts)
    with pytest.warns(NonFiniteWarning) as caught:
        graph.evaluate(at)
    assert [str(w.message) for w in caught] == [message]
    with pytest.warns(NonFiniteWarning):
        graph.gradient_at(graph.outputs[0], at)


def test_what_the_output_does_not_need_does_not_warn():
    graph = parse_graph(["xy=2*xa", "xz=log(xa)"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert graph.gradient_at("xy", {"xa": -1.0}) == {"xa": 2}


def test_a_shared_chain_is_linear():
    graph = parse_graph(["x0=xa", *(f"x{i}=x{i - 1}+x{i - 1}" for i in range(1, 65))])
    assert graph.evaluate({"xa": 0.5})["x64"] == 2.0**63
    assert graph.gradient_at("x64", {"xa": 0.5}) == {"xa": 2.0**64}


# Total derivatives: over all paths the product of edge partials, summed.


def over_paths(graph, at, output: str, wrt: str) -> float:
    partials = edge_partials(graph, at, method="symbolic")
    view = nx.DiGraph([(source, node) for node, source in partials])
    if output == wrt:
        return 1.0
    if wrt not in view:
        return 0.0
    return sum(
        math.prod(partials[node, source] for source, node in itertools.pairwise(path))
        for path in nx.all_simple_paths(view, wrt, output)
    )


@pytest.mark.parametrize("seed", range(12))
def test_gradient_is_the_sum_over_paths(seed: int):
    graph, at = random_dag(seed)
    [output] = graph.outputs
    found = graph.gradient_at(output, at)
    for name in (*graph.inputs, *graph.parameters):
        expected = over_paths(graph, at, output, name)
        assert found[name] == pytest.approx(expected, rel=1e-12, abs=1e-14), name


@pytest.mark.parametrize("key", PROBLEMS)
def test_gradient_of_every_output_is_the_sum_over_paths(key: str):
    graph, at = problem(key)
    for output in graph.outputs:
        found = graph.gradient_at(output, at)
        for name in found:
            expected = over_paths(graph, at, output, name)
            assert found[name] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("key", PROBLEMS)
def test_gradients_of_arrays(key: str):
    graph, at = problem(key)
    many = samples(at)
    if not any(isinstance(v, np.ndarray) for v in many.values()):
        return
    for output in graph.outputs:
        found = graph.gradient_at(output, many)
        for i in range(5):
            one = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in many.items()}
            single = graph.gradient_at(output, one)
            assert {k: v[i] for k, v in found.items()} == pytest.approx(
                single, rel=1e-13
            )


def test_gradient_by_chosen_names():
    graph = parse_graph(CANONICAL)
    full = graph.gradient_at("xw", CANONICAL_AT)
    assert list(full) == ["xa", *graph.parameters]
    assert full["ab"] == full["bc"]
    assert full["cd"] == 2.25
    assert graph.gradient_at("xw", CANONICAL_AT, "ab") == {"ab": full["ab"]}
    inner = graph.gradient_at("xw", CANONICAL_AT, ["xz", "xx", "xw"])
    assert inner["xz"] == pytest.approx(3 * 4.65**2, rel=1e-14)
    assert inner["xx"] == pytest.approx(0.5 + 3 * 4.65**2 * 2.8, rel=1e-14)
    assert inner["xw"] == 1
    assert graph.gradient_at("xz", CANONICAL_AT, ["cd", "xw"]) == {"cd": 0, "xw": 0}
    with pytest.raises(GraphError, match="unknown name 'xq'"):
        graph.gradient_at("xw", CANONICAL_AT, ["xq"])
    with pytest.raises(GraphError, match="unknown output 'xq'"):
        graph.gradient_at("xq", CANONICAL_AT)


def test_a_chain_of_thousands_of_equations():
    graph = parse_graph([f"x{i + 1}=x{i}+a" for i in range(4_000)])
    at = {"x0": 0.0, "a": 0.5}
    assert graph.evaluate(at)["x4000"] == 2000
    assert graph.gradient_at("x4000", at) == {"x0": 1, "a": 4_000}


def test_blanks_do_not_make_another_shape():
    graph = parse_graph(["xy=2*tanh(a*xa)^2", " xz\t= 3 *tanh  ( b*xb\n) ^  2 "])
    assert len(graph.table.shapes) == 1
    assert graph.table.constants.tolist() == [2, 3]


# A text, and the name on its left where it can be read without the parser

LEFT_SIDES = {
    "xy=xa": "xy", "xy = xa": "xy", " xy =xa": "xy", "\t xy \n=  xa  ": "xy",
    "a9=xa": "a9", "xy2 = 1": "xy2", "xy == xa": "xy",
    "9 = xa": "", "9y = xa": "", "x.y = xa": "", "x y = xa": "", "= xa": "", "": "",
    "(xy) = xa": "", "_y = xa": "", "xy(2) = xa": "", "-xy = xa": "", "xy": "",
}  # fmt: skip


@pytest.mark.parametrize("text", LEFT_SIDES)
def test_a_left_side_is_read_without_a_look_at_the_text(text):
    found = find_leaves([text, "xq = 2*xb"]).left_sides(2)
    assert found == ([LEFT_SIDES[text], "xq"] if LEFT_SIDES[text] else [])


@pytest.mark.parametrize(
    "texts", [["xy = xa\0xz = xb"], ["xy=xa\0"], ["\0xy=xa"], ["xy\0=xa", "xz=2*xy"]]
)
def test_a_nul_is_in_no_equation(texts):
    with pytest.raises(ExpressionError) as caught:
        parse_graph(texts)
    first, shown = str(caught.value).split("\n\n")
    assert first == "unexpected character (U+0000 control character)"
    assert texts[0].replace("\0", "<U+0000>") in shown


def test_a_number_with_a_signed_exponent_fills_one_slot():
    graph = parse_graph(["xy=1e-3*xa+.5E+2", "xz=x1e-3+2e5"])
    assert graph.table.constants[graph.table.slots[[0, 2]]].tolist() == [0.001, 50]
    assert graph.inputs == ("xa", "x1e")
    assert graph.evaluate({"xa": 1, "x1e": 4})["xz"] == 200_001


@pytest.mark.parametrize("window", [2, 40, 1000])
def test_levels_are_the_longest_paths_however_deep(window: int):
    texts = [f"x{i} = x{i // 2}*x{i - 1 - i % min(i, window)}" for i in range(1, 1000)]
    level = {"x0": -1}
    graph = parse_graph(texts[::-1])
    sources = graph.depends_on
    for name in graph.order[1:]:
        level[name] = 1 + max(level[source] for source in sources[name])
    groups = graph.program().groups
    found = [{level[graph.dependents[e]] for e in group.equations} for group in groups]
    assert all(len(each) == 1 for each in found)
    seen = dict.fromkeys(min(each) for each in found)
    assert [*seen] == [*range(max(level.values()) + 1)]


LARGE = """
import resource
from cgprimer import parse_graph
texts = [f"x{i}=a{i % 99}*x{i - 1}+b{i}*xa^2-0.5" for i in range(1, 100_001)]
graph = parse_graph(texts)
assert len(graph) == 100_000 and graph.outputs == ("x100000",)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_a_hundred_thousand_equations_stay_under_a_gibibyte():
    run = [sys.executable, "-c", LARGE]
    found = subprocess.run(run, capture_output=True, text=True, check=True, timeout=60)
    assert int(found.stdout) < 1024


# Declared parameters that no equation uses

UNUSED = {
    "one function": ["xy = a*xa + c"],
    "a name and a number": ["xy = xa", "xz = 2"],
    "by shape": ["x0 = a*xa", *(f"x{i + 1} = c*x{i} + a" for i in range(60))],
}
SPARE = {
    "left out": {},
    "a number": {"b": 4.0, "d": 5},
    "an array": {"b": np.arange(3.0), "d": 1.0},
}


@pytest.mark.parametrize("extra", SPARE.values(), ids=SPARE)
@pytest.mark.parametrize("texts", UNUSED.values(), ids=UNUSED)
def test_a_declared_parameter_that_no_equation_uses_stays_without_effect(texts, extra):
    plain = parse_graph(texts)
    graph = parse_graph(texts, parameters=["b", *plain.parameters, "d"])
    assert graph.parameters == (*plain.parameters, "b", "d")
    assert graph.unused == ("b", "d")
    assert "b, d are in no equation" in repr(graph)
    at = dict.fromkeys((*plain.inputs, *plain.parameters), 0.5)
    expected, output = plain.evaluate(at), graph.outputs[0]
    for run in (graph, pickle.loads(pickle.dumps(graph))):
        for values in (run.evaluate, run.compile().values):
            found = values(at | extra)
            assert {name: np.max(value) for name, value in found.items()} == expected
        slopes = run.gradient_at(output, at | extra)
        assert np.max(slopes.pop("b")) == np.max(slopes.pop("d")) == 0
        plainly = plain.gradient_at(output, at)
        assert {name: np.max(slope) for name, slope in slopes.items()} == plainly
    with pytest.raises(PointError, match="unknown name 'bb'\n  hint: did you mean 'b'"):
        graph.evaluate(at | {"bb": 1.0})


def test_parameters_that_are_used_are_not_called_unused():
    graph = parse_graph(["xy=a*xa + b"], parameters=["b"])
    assert (graph.parameters, graph.unused) == (("a", "b"), ())
    assert repr(graph) == "Graph(1 equation: xa → xy; parameters a, b)"


def test_what_no_seed_reaches_makes_nothing_nan():
    """d sqrt(p·xx)/d p is infinite at xx = 0, and no part of d xa/d p."""
    graph = parse_graph(["xa = p*xx", "xb = sqrt(p*xx)"])
    sweeps, row = graph.program(), graph.variable_number["xa"]
    parameters = np.ones((1, 1))
    values = sweeps.forward(np.zeros((1, 3)), parameters)
    adjoints, shares = sweeps.backward(values, parameters, {row: np.ones(3)})
    assert np.isfinite(adjoints).all()
    assert shares.tolist() == [[0.0] * 3]


# What holds of every table, shape and point: `invariants` has the rules, and each of
# them is broken here by hand.

CHAIN = parse_graph(
    ["xy = ab*xx + 0.5*xa", "xq = u*xy + 2*xr", "xw = xq - xy"], outputs=["xw"]
)


def changed(field: str, place: int | list[int], value: Any) -> Table:
    """The table of CHAIN with another entry in one of its arrays."""
    array = getattr(CHAIN.table, field).copy()
    array[place] = value
    return replace(CHAIN.table, texts=None, **{field: array})


def kept(table: Table, name: str, value: Any) -> Table:
    """A table for which `name` was computed wrongly."""
    table = replace(table)
    table.__dict__[name] = value
    return table


BROKEN: dict[str, Any] = {
    "a name stands for one thing": lambda table: replace(
        table, parameters=("ab", "xq")
    ),
    "a shape is there once": lambda table: replace(
        table,
        shapes=(table.shapes[0], Shape(table.shapes[0].body, table.shapes[0].slots)),
    ),
    "an equation has a shape": lambda _: changed("shape", 1, 2),
    "an equation has as many slots as its shape": lambda _: changed("start", 1, 3),
    "what fills a slot is there": lambda _: changed("slots", 2, 2),
    "the kind of a slot is that of its shape": lambda table: kept(
        table, "kinds", table.kinds[::-1]
    ),
    "an equation defines a variable of its own": lambda _: changed("defined", 1, 0),
    "a variable knows the equation that defines it": lambda table: kept(
        table, "equation_of", np.roll(table.equation_of, 1)
    ),
    "constants are finite": lambda _: changed("constants", 1, np.inf),
    "there is a text for every equation, or none": lambda table: replace(
        table, texts=table.texts[:2]
    ),
    "the order holds every equation once": lambda table: kept(
        table, "order", table.order[:2]
    ),
    "what an equation uses comes before it": lambda table: kept(
        table, "order", table.order[::-1]
    ),
    "leaves are what the slots hold": lambda table: kept(
        table, "_last", {0: table.leaves(1)}
    ),
    "rows are those of the names": lambda table: kept(
        table, "rows", NamedRows(table.variables[::-1])
    ),
    "an equation is what its text says": lambda table: graph_with(
        "table", replace(table, texts=["xy = ab*xx + 0.4*xa", *table.texts[1:]])
    ),
    "a variable has the dims of its equation": lambda _: graph_with(
        "sizing", Sizing({"xy": (2,)})
    ),
    "slots are the names of the body, by number": lambda table: Shape(
        table.shapes[0].body, ("p0", "x1", "c2")
    ),
    "no two slots have one number": lambda _: Shape(
        parse_expression("p0*x0"), ("p0", "x0")
    ),
    "a slot is its kind and its number": lambda _: Shape(
        parse_expression("p00*x1"), ("p00", "x1")
    ),
    "outputs are variables, each once": lambda _: graph_with("outputs", ("xw", "ab")),
    "every variable is an input or defined": lambda _: graph_with("inputs", ("xx",)),
    "spare names are in no equation": lambda _: graph_with("spare", frozenset({"u"})),
    "values are float64, by rows": lambda _: Point(np.ones(2), np.ones((1, 1)), None),
    "a row has a number for every sample, or one for all": lambda _: Point(
        np.ones((2, 3)), np.ones((1, 2)), 3
    ),
    "there is a sample": lambda _: Point(np.ones((2, 0)), np.ones((1, 1)), 0),
}


def graph_with(field: str, value: Any) -> Any:
    graph = parse_graph(CHAIN.table.texts, outputs=["xw"])
    graph.__dict__[field] = value
    return graph


@pytest.mark.parametrize("sentence", BROKEN)
def test_what_breaks_a_rule_is_found(sentence: str):
    # Those that are checked as they are made, as a Shape is, fail at once.
    with pytest.raises(AssertionError, match=f"^broken: {re.escape(sentence)}"):
        invariants.check(BROKEN[sentence](CHAIN.table))


def test_every_rule_is_broken_once():
    rules = {**invariants.SHAPE, **invariants.TABLE, **invariants.GRAPH}
    assert BROKEN.keys() == (rules | invariants.POINT).keys()


STAGES: dict[str, Any] = {
    "read": lambda graph: graph,
    "as it is run": lambda graph: graph.running,
    "rebuilt": lambda graph: pickle.loads(pickle.dumps(graph)),
    "gradient": lambda graph: gradient(graph, graph.outputs[0]),
    "second": lambda graph: gradient(
        first := gradient(graph, graph.outputs[0]), first.order[-1]
    ),
    "with logits": lambda graph: with_logits(
        graph, graph.outputs[:1], LOSSES["cross-entropy"]
    )[0],
    "with a spare parameter": lambda graph: parse_graph(
        graph.table.texts, parameters=[*graph.parameters, "zz"]
    ),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("key", [*PROBLEMS, *range(3)])
def test_every_stage_keeps_the_rules(key: str | int, stage: str):
    graph = problem(key)[0] if isinstance(key, str) else random_dag(key)[0]
    # `conftest` has it checked already; here the check itself is what is tested.
    invariants.check(STAGES[stage](graph))
