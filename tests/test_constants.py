"""Numbers of a formula as parameters: which ones, their names, and the same values."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cgprimer import (
    GraphError,
    LeastSquares,
    OptionError,
    fit,
    free_constants,
    generate,
    parse_graph,
)
from cgprimer.cli import main

HALF = {"c1": 0.5}
FREED = [  # right side, options, what it becomes, start
    # as symbolic regression prints it
    ("2.31*exp(-0.5*xx) + 1.07*sin(3.2*xx + 0.1)", {},
     "c1*exp(-c2*xx) + c3*sin(c4*xx + c5)",
     {"c1": 2.31, "c2": 0.5, "c3": 1.07, "c4": 3.2, "c5": 0.1}),
    ("1/(1 + exp(-2.2*(xx - 0.7)))", {},
     "1/(1 + exp(-c1*(xx - c2)))", {"c1": 2.2, "c2": 0.7}),
    ("0.3*xx*sin(2*pi*xx)", {}, "c1*xx*sin(2*pi*xx)", {"c1": 0.3}),
    ("2.5^xx + exp(0.3) + sqrt(1.5)", {}, "c1^xx + exp(c2) + sqrt(c3)",
     {"c1": 2.5, "c2": 0.3, "c3": 1.5}),
    ("max(xx, 0.2) + max(xx, 0)", {}, "max(xx, c1) + max(xx, 0)", {"c1": 0.2}),
    # whole numbers
    ("2*xx + 3", {}, "2*xx + 3", {}),
    ("2*xx + 3", {"integers": True}, "c1*xx + c2", {"c1": 2.0, "c2": 3.0}),
    ("1 + 0*xx - 1*xx", {"integers": True}, "1 + 0*xx - 1*xx", {}),
    ("30*xx/(xx - 10)", {"integers": True}, "c1*xx/(xx - c2)",
     {"c1": 30.0, "c2": 10.0}),
    ("2.0*xx", {}, "2*xx", {}),
    ("6.02e23*xx", {}, "c1*xx", {"c1": 6.02e23}),
    # exponents
    ("xx^2 + xx^-3 + xx^0.5 + xx^-1.5 + xx^(1/3)", {"integers": True},
     "xx^2 + xx^-3 + xx^0.5 + xx^-1.5 + xx^(1/3)", {}),
    ("xx^2.31 + xx^-2.2", {}, "xx^c1 + xx^-c2", {"c1": 2.31, "c2": 2.2}),
    ("xx^(0.3*xx)", {}, "xx^(c1*xx)", {"c1": 0.3}),
    ("xx^(0.25*2)", {}, "xx^(0.25*2)", {}),
    ("xx^(1.1/2)", {}, "xx^c1", {"c1": 1.1 / 2}),
    # signs
    ("-0.5*xx", {}, "-c1*xx", HALF),
    ("-1*xx", {}, "-1*xx", {}),
    ("-(-0.5)*xx", {}, "--c1*xx", HALF),
    ("-0.5", {}, "-c1", HALF),
    ("xx - 0.5", {}, "xx - c1", HALF),
    # numbers that meet are one, for only their product is determined
    ("2*1.5*xx", {}, "c1*xx", {"c1": 3.0}),
    ("1.5/2*xx", {}, "c1*xx", {"c1": 0.75}),
    ("xx*(2 - 0.5)", {}, "xx*c1", {"c1": 1.5}),
    ("0.5*xx*2.5", {}, "c1*xx*c2", {"c1": 0.5, "c2": 2.5}),
    ("1/2*xx", {}, "1/2*xx", {}),
    # each number has a parameter, also where two are equal
    ("exp(0.5*xx)/(1 + exp(0.5*xx))", {}, "exp(c1*xx)/(1 + exp(c2*xx))",
     {"c1": 0.5, "c2": 0.5}),
    ("0.5*xx + 0.5", {}, "c1*xx + c2", {"c1": 0.5, "c2": 0.5}),
    # names
    ("c1*xx + 0.5 + c3*1.5", {}, "c1*xx + c2 + c3*c4", {"c2": 0.5, "c4": 1.5}),
    ("a*xx + 0.5", {}, "a*xx + c1", HALF),
    # numbers that stay
    ("9.81*0.5*xx", {"keep": [9.81]}, "9.81*c1*xx", HALF),
    ("-9.81*xx + 0.5", {"keep": 9.81}, "-9.81*xx + c1", HALF),
    ("0.5*xx + 2", {"keep": [-0.5, 2], "integers": True}, "0.5*xx + 2", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "options", "expected", "start"), FREED)
def test_the_numbers_of_a_formula_become_parameters(text, options, expected, start):
    graph = parse_graph([f"xy = {text}"])
    freed, found = free_constants(graph, **options)
    assert str(freed) == f"xy = {expected}"
    assert found == start
    assert list(found) == list(start)
    assert freed.parameters == (*graph.parameters, *start)
    assert (freed.inputs, freed.outputs) == (graph.inputs, graph.outputs)
    own = dict.fromkeys(graph.parameters, 0.7)
    at = {**own, **({"xx": np.linspace(0.1, 3, 50)} if graph.inputs else {})}
    assert bits(freed.evaluate(at | found)) == bits(graph.evaluate(at))


def bits(values):
    return {name: np.asarray(value).tobytes() for name, value in values.items()}


def test_each_equation_has_numbers_of_its_own():
    graph = parse_graph(["xh = tanh(0.5*xx)", "xy = 1.5*xh + tanh(0.5*xx)"])
    freed, start = free_constants(graph)
    assert str(freed) == "xh = tanh(c1*xx)\nxy = c2*xh + tanh(c3*xx)"
    assert start == {"c1": 0.5, "c2": 1.5, "c3": 0.5}


def test_a_name_of_a_variable_is_not_taken():
    graph = parse_graph(["c2 = 0.5*c1"], variables=["c1"], parameters=["c4"])
    freed, start = free_constants(graph)
    assert str(freed) == "c2 = c3*c1"
    assert (start, freed.parameters, freed.unused) == (
        {"c3": 0.5},
        ("c4", "c3"),
        ("c4",),
    )


def test_what_comes_out_is_what_a_fit_takes():
    truth = parse_graph(["xy = 2*exp(-k*xx) + b"])
    data = generate(truth, {"k": 0.6, "b": 1.2}, 200, low=0, high=3, rng=0)
    graph, start = free_constants(parse_graph(["xy = 2.1*exp(-0.5*xx) + 1.1"]))
    result = fit(graph, data, LeastSquares(), start=start, progress=False)
    assert [result.parameters[name] for name in start] == pytest.approx([2, 0.6, 1.2])


BAD = [
    ({"keep": "a"}, GraphError,
     "keep= is 'a' in sample 0: a real number or an array of real numbers is expected"
     "\n  hint: turn text into numbers first: float('1.5') does"),
    ({"keep": [[1]]}, GraphError, "keep= holds numbers, not [[1]]"),
    ({"keep": None}, GraphError,
     "keep= is None: a real number or an array of real numbers is expected"),
    ({"integers": 2}, OptionError, "integers is 2; True or False is expected"),
    ({"graph": "xy = 2.5*xx"}, OptionError,
     "graph is 'xy = 2.5*xx'; a Graph is expected\n"
     "  hint: parse_graph makes one from equations"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "expected"), BAD)
def test_what_makes_no_sense_is_refused(options, error, expected):
    with pytest.raises(error) as caught:
        free_constants(**{"graph": parse_graph(["xy = 2.5*xx"]), **options})
    assert str(caught.value) == expected


def test_deep_expressions_do_no_harm():
    for text in ("-" * 3000 + "0.5*xx", "sin(" * 3000 + "0.5" + ")" * 3000):
        assert free_constants(parse_graph([f"xy = {text}"])).start == HALF


DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside this")
@pytest.mark.every(3)
@pytest.mark.parametrize("part", range(6))
def test_published_formulas_keep_their_values_bit_for_bit(part):
    files = ("sr_benchmarks.json", "feynman_equations.json")
    paths = [DATA / file for file in files if (DATA / file).is_file()]
    cases = [case for path in paths for case in json.loads(path.read_text())]
    for case in cases[part::6]:
        points = [point["at"] for point in case["reference_points"]]
        at = {name: np.array([p[name] for p in points]) for name in points[0]}
        graph = parse_graph([f"out_ = {case['formula_caret']}"], variables=[*at])
        for integers in (False, True):
            freed, start = free_constants(graph, integers=integers)
            with np.errstate(all="ignore"):
                told = graph.forward(*arrays(graph, at))
                found = freed.forward(*arrays(freed, at | start))
            rows = graph.variable_number, freed.variable_number
            assert told[rows[0]["out_"]].tobytes() == found[rows[1]["out_"]].tobytes()


def arrays(graph, at):
    inputs = np.array([at[name] for name in graph.inputs])
    return inputs, np.array([[at[name]] for name in graph.parameters]).reshape(-1, 1)


SHELL = [  # options, the equations that are printed, and the parameters
    (["--free-constants"], "xy = c1*xx + c2\n", {"c1": 2.0, "c2": 1.5}),
    (["--free-constants", "--start", "c2=9"], "xy = c1*xx + c2\n", {"c1": 2.0}),
]


@pytest.mark.parametrize(("options", "equations", "parameters"), SHELL)
def test_a_shell_frees_constants(options, equations, parameters, tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("xx,xy\n0,1.5\n1,3.5\n2,5.5\n")
    command = ["fit", "xy = 2.1*xx + 1.4", "--data", str(data), "--quiet"]
    assert main([*command, *options]) == 0
    out = capsys.readouterr().out
    assert out.startswith(equations)
    for name, value in parameters.items():
        assert re.search(rf"{name}\s.*{value:g}", out)


def test_a_shell_has_no_parameters_without_it(tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("xx,xy\n0,1.5\n1,3.5\n")
    assert main(["fit", "xy = 2.1*xx", "--data", str(data)]) == 2
    assert "the graph has no parameters" in capsys.readouterr().err
