"""The report on edge partials. Each verdict has a test that its opposite would fail."""

import re
from dataclasses import replace

import numpy as np
import pytest
from problems import CANONICAL_AT, KINKED, PROBLEMS, problem, random_dag, samples

from cgprimer import compare_partials, parse_graph
from cgprimer.expr.ops import OPS, const, name
from cgprimer.graph.shape import Shape
from cgprimer.judge.differences.finite import SCHEMES
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS


@pytest.mark.every(3)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("key", PROBLEMS)
def test_correct_partials_pass(key: str, scheme: str):
    graph, at = problem(key)
    report = compare_partials(graph, at, scheme=scheme)
    assert [(row.node, row.wrt) for row in report.rows] == graph.arcs
    assert [row.verdict for row in report.rows] == [PASS] * len(report.rows), str(
        report
    )
    assert report.ok
    assert report.failures == ()


@pytest.mark.parametrize("key", KINKED)
def test_correct_partials_pass_beside_kinks(key: str):
    graph, at = problem(key)
    assert compare_partials(graph, at).ok


@pytest.mark.parametrize("seed", range(5))
def test_correct_partials_pass_on_samples_of_random_graphs(seed: int):
    graph, at = random_dag(seed)
    report = compare_partials(graph, samples(at, 20))
    assert not report.failures
    assert report.ok


HARD = [  # correct slopes at points where published checks fail falsely
    ("xy=relu(xa)", 1e-7), ("xy=relu(xa)", -1e-7), ("xy=relu(xa - 1)", 1 + 1e-7),
    ("xy=relu(xa - 1)", 1 + 1e-12), ("xy=max(xa, 1)", 1 - 1e-9), ("xy=abs(xa)", 1e-12),
    ("xy=step(xa - 1)", 1 + 1e-7), ("xy=sin(xa)", 1e9), ("xy=sin(1e6*xa)", 1.0),
    ("xy=sin(1/xa)", 1e-4), ("xy=log(xa)", 1e-8), ("xy=log(xa)", 1e-300),
    ("xy=sqrt(xa)", 2e-6), ("xy=tan(1e3*xa)", 0.5), ("xy=exp(xa)", -700.0),
    ("xy=1e20 + xa", 1.0), ("xy=xa - 1e-9*xa^2", 0.0), ("xy=(xa + 1e8) - 1e8", 0.3),
    ("xy=arcsin(xa)", 1 - 1e-9), ("xy=xa^2", 1e150), ("xy=xa^2", 0.0),
    ("xy=sin(1e9*xa)", 1.0), ("xy=cos(xa)", 0.0), ("xy=1e-12*xa", 5.0),
]  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("scheme", ["forward", "central", "five-point"])
@pytest.mark.parametrize(("text", "at"), HARD)
def test_correct_partials_never_fail(text: str, at: float, scheme: str):
    [row] = compare_partials(parse_graph([text]), {"xa": at}, scheme=scheme).rows
    assert row.verdict != FAIL, row


KINKS = ["abs(xa)", "relu(xa)", "sign(xa)", "step(xa)", "max(xa, 0)", "min(2*xa, xa)",
         "3*abs(xa) + xb", "relu(sin(xa))"]  # fmt: skip


@pytest.mark.parametrize("text", KINKS)
def test_a_kink_is_inconclusive(text: str):
    report = compare_partials(parse_graph([f"xy={text}*xb"]), {"xa": 0.0, "xb": 2.0})
    by_wrt = {row.wrt: row for row in report.rows}
    assert by_wrt["xa"].verdict == INCONCLUSIVE
    jumps = text[:2] == "si" or text[:2] == "st"
    says = "no finite difference can be taken" if jumps else "at a kink: the slope is"
    assert says in by_wrt["xa"].reason
    assert by_wrt["xb"].verdict == PASS
    assert not report.ok
    assert report.failures == ()


def test_a_difference_that_is_shown_and_too_coarse_is_said_to_be():
    graph = parse_graph(["xy=relu(xa - 1)"])
    [row] = compare_partials(graph, {"xa": 1.001}, step=0.1).rows
    assert (row.verdict, row.finite) == (PASS, pytest.approx(0.6, abs=0.2))
    says = r"central is too vague here \(± 0\.\d\), ridders says 1 ± \de-1\d"
    assert re.fullmatch(says, row.reason)
    [row] = compare_partials(graph, {"xa": 2.0}, step=0.1).rows
    assert (row.verdict, row.reason) == (PASS, "")


def test_what_is_not_finite_is_inconclusive():
    [row] = compare_partials(parse_graph(["xy=sqrt(xa)"]), {"xa": 0.0}).rows
    assert row.verdict == INCONCLUSIVE
    assert row.reason == "no finite difference can be taken here"


MUTATIONS = {
    "sign": lambda node: OPS["neg"](node),
    "twice": lambda node: OPS["mul"](const(2.0), node),
    "one percent": lambda node: OPS["mul"](const(1.01), node),
    "0.05 percent": lambda node: OPS["mul"](const(1.0005), node),
    "a term too much": lambda node: OPS["add"](node, const(0.001)),
    "nothing": lambda node: const(0.0),
}


def spoil(monkeypatch, graph, wrong, which: str, edge: tuple[str, str]) -> None:
    """Replace the formula of one edge, in the sweep, in sympy's part, or in both."""
    number = graph.equation_number(edge[0])
    shape = graph.table.shapes[graph.table.shape[number]]
    spoiled = Shape(shape.body, shape.slots)
    column = [leaf.value for leaf in graph.table.leaves(number)].index(edge[1])
    for part in ("partials", "symbolic"):
        formulas = list(getattr(shape, part))
        if part == which or which == "both":
            formulas[column] = wrong(formulas[column])
        monkeypatch.setitem(spoiled.__dict__, part, tuple(formulas))
    shapes = list(graph.table.shapes)
    shapes[graph.table.shape[number]] = spoiled
    monkeypatch.setitem(graph.table.__dict__, "shapes", tuple(shapes))
    graph.programs.clear()


@pytest.mark.every(5)
@pytest.mark.parametrize("scheme", ["central", "five-point"])
@pytest.mark.parametrize("which", ["partials", "symbolic", "both"])
@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize(
    "edge", [("xw", "xz"), ("xy", "ac"), ("xx", "xa"), ("xz", "xy")]
)
def test_a_wrong_formula_fails_where_it_is(monkeypatch, edge, mutation, which, scheme):
    graph, at = problem("canonical")
    spoil(monkeypatch, graph, MUTATIONS[mutation], which, edge)
    report = compare_partials(graph, at, scheme=scheme)
    assert [(row.node, row.wrt) for row in report.failures] == [edge], str(report)
    assert not report.ok


def test_a_formula_that_is_wrong_in_one_sample_only_fails_there(monkeypatch):
    graph, at = problem("canonical")
    over = {**at, "xa": np.array([0.5, 1.0, 1.5, 2.0])}
    step = OPS["step"](OPS["sub"](name("x0"), const(1.8)))
    spoil(monkeypatch, graph, lambda n: OPS["add"](n, step), "both", ("xx", "xa"))
    [row] = compare_partials(graph, over).failures
    assert (row.node, row.wrt, row.sample) == ("xx", "xa", 3)
    assert (row.symbolic, row.finite) == (5.0, pytest.approx(4.0))


# What a report looks like.


def report():
    graph, at = problem("canonical")
    return compare_partials(graph, at)


def test_report_prints_as_a_table():
    text = str(report())
    assert "edge partials" in text
    assert "11 edges: 11 PASS" in text
    row = next(line for line in text.splitlines() if "∂xw/∂xz" in line)
    cells = [cell.strip() for cell in row.strip("│┃ ").split("│")]
    assert cells[:3] == ["∂xw/∂xz", "3*xz^2", "64.8675"]
    assert cells[-1] == "PASS"


def test_report_as_html_is_escaped():
    html = report()._repr_html_()
    head = "<table><caption>11 edges: 11 PASS</caption><tr><th>edge</th>"
    assert head in html
    assert html.count("<tr>") == 12
    [first, *_] = report().rows
    bad = replace(first, formula="<script>&", verdict=FAIL, reason="a < b")
    html = type(report())((bad,))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;&amp;" in html
    assert "FAIL: a &lt; b" in html


def test_report_as_dicts():
    rows = report().to_dicts()
    assert len(rows) == 11
    first = rows[0]
    assert list(first) == [
        "node", "wrt", "formula", "symbolic", "adjoint", "finite", "bound", "absolute",
        "relative", "verdict", "reason", "sample",
    ]  # fmt: skip
    assert (first["node"], first["wrt"], first["formula"]) == ("xx", "xa", "2*xa")
    assert first["symbolic"] == first["adjoint"] == 3.0
    assert first["absolute"] == abs(first["symbolic"] - first["finite"])
    assert first["relative"] <= first["absolute"] / 3
    assert first["sample"] is None


def test_samples_are_numbered_only_for_arrays():
    graph = parse_graph(["xy=xa^2"])
    [row] = compare_partials(graph, {"xa": np.array([1.0, 2.0])}).rows
    assert row.sample in (0, 1)
    assert row.symbolic == [2.0, 4.0][row.sample]


def test_summaries():
    kink = compare_partials(parse_graph(["xy=abs(xa)"]), {"xa": 0.0})
    assert kink.summary() == "1 edge: 1 INCONCLUSIVE"
    empty = compare_partials(parse_graph(["xy=3"]), {})
    assert empty.summary() == "0 edges: nothing to compare"
    assert empty.ok


def test_hundreds_of_kinked_equations_are_compared_quickly():
    graph = parse_graph([f"y{i}=relu(a*x{i})" for i in range(300)])
    at = {f"x{i}": 1.0 + i for i in range(300)} | {"a": 2.0}
    assert compare_partials(graph, at).ok


def test_canonical_at_many_points():
    graph, _ = problem("canonical")
    rng = np.random.default_rng(3)
    at = {name: rng.uniform(-1, 1, 50) for name in CANONICAL_AT}
    assert compare_partials(graph, at).ok
