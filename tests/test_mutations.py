"""The check checked: mistakes put in at every edge, and who catches them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from cgprimer import parse_graph
from cgprimer.cli import main
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.mutation.mutation_report import (
    MISTAKES,
    OURS,
    OURS_FUNCTION,
    OURS_TORCH,
    OURS_WHOLE,
    MutationReport,
    Outcome,
)
from cgprimer.judge.mutation.mutations import check_mutations, mutations
from cgprimer.judge.mutation.other_tools import RULES
from cgprimer.judge.points import random_points

EXAMPLES = Path(__file__).parent.parent / "examples"
MEAN = "xm = ((w*x1 - xy1)^2 + (w*x2 - xy2)^2)/2"


def read(stem):
    return parse_graph((EXAMPLES / f"{stem}.txt").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def reports():
    graphs = {stem: read(stem) for stem in ("canonical", "network_2_2_1", "arrhenius")}
    graphs["mean"] = parse_graph([MEAN])
    return {key: check_mutations(g, points=2, rng=0) for key, g in graphs.items()}


def test_ours_catches_everything_at_its_place(reports):
    for stem, report in reports.items():
        assert report.escaped == (), stem
        assert report.rate(OURS) == report.rate(OURS_WHOLE) == 1.0
        assert report.rate(OURS, "located") >= 0.95
        assert report.rate(OURS_WHOLE, "located") >= 0.95
        assert report.correct[OURS] == (1, 1)
        assert report.correct[OURS_WHOLE][0] == report.correct[OURS_WHOLE][1] > 0
        assert report.ok


def test_plain_code_that_is_zero_at_the_point_lets_nothing_by(reports):
    installed = importlib.util.find_spec("torch") is not None
    for stem, report in reports.items():
        assert (OURS_TORCH in report.correct) == installed
        for checker in (OURS_FUNCTION, *[OURS_TORCH] * installed):
            assert report.rate(checker) == 1.0, stem
            assert report.correct[checker] == report.correct[OURS_WHOLE]
        every = next(row for row in report.zeros() if row[0] == "all mistakes")
        assert every[2] == f"{every[1]}/{every[1]}"


def test_tables_with_and_without_a_column_add_up(reports):
    one = reports["arrhenius"]
    correct = {k: v for k, v in one.correct.items() if k != OURS_FUNCTION}
    less = MutationReport(one.outcomes, correct, ())
    assert (less + one).correct[OURS_FUNCTION] == one.correct[OURS_FUNCTION]
    assert (less + one).correct[OURS] == (2, 2)


def test_every_mistake_of_the_list_is_put_in(reports):
    made = {o.mistake for report in reports.values() for o in report.outcomes}
    assert made == set(MISTAKES)


def test_other_rules_let_some_by_or_name_no_place(reports):
    first, *others = reports.values()
    all_of_them = sum(others, start=first)
    assert all_of_them.rate("torch") < 0.95
    small = [o for o in all_of_them.outcomes if o.mistake == "0.05 % off"]
    caught = {o.checker: o.caught / o.count for o in small}
    assert caught["torch"] < 0.5
    assert caught[OURS] == 1
    for name in ("JAX", "autograd", "scipy"):
        assert all_of_them.rate(name, "located") == 0
    good, of = all_of_them.correct["scipy"]
    assert good < of  # a correct gradient is turned away


def test_with_units_tolerances_fail():
    at = {"A": 1e13, "E": 8e4, "xt": 300.0}
    report = check_mutations(read("arrhenius"), at=at, rng=0)
    assert report.ok
    for name in ("torch", "JAX", "autograd"):
        assert report.rate(name) < 0.8


def test_a_mutation_changes_the_derivative():
    graph = parse_graph(["xy = b + xa*exp(0)", "xz = step(xa)*xy"])
    points = random_points(graph, 3, np.random.default_rng(0))
    check = GraphCheck(graph, points, given=False)
    found = list(mutations(check))
    assert ("xz", "xa") not in {m.edge for m in found if "off" in m.mistake}
    for mutation in found:
        gap = np.abs(mutation.values - check.own[mutation.edge])
        assert gap.max() > 0


def test_edges_that_no_output_needs_are_asked_about_one_by_one_only():
    graph = parse_graph(["xy = b*xa", "xz = c*xa"], outputs=["xy"])
    report = check_mutations(graph, points=2, rng=0)
    counts = {o.checker: 0 for o in report.outcomes}
    for o in report.outcomes:
        counts[o.checker] += o.count
    assert counts[OURS] == 2 * counts[OURS_WHOLE] == 2 * counts["torch"]
    assert report.ok


# The rules of others, held against the functions they come from where those are here.


def cubes(columns):
    return (columns**3).sum(axis=0)


X = np.array([0.5, -1.2, 2.0])
RIGHT = 3 * X**2


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_accepts_right_and_rejects_wrong(rule):
    measured = rule.measure(cubes, X, np.random.default_rng(0))
    assert not rule.rejects(measured, RIGHT).any()
    wrong = RIGHT * np.array([1, 1, -1])
    assert rule.rejects(measured, wrong).any()
    if rule.by_component:
        assert rule.rejects(measured, wrong).tolist() == [False, False, True]


TOLERANCE = {"torch": (9e-4, 1.2e-3), "JAX": (3e-6, 3e-4), "autograd": (1e-8, 1e-3)}


@pytest.mark.parametrize("rule", RULES[:3], ids=lambda rule: rule.name)
def test_the_tolerance_of_a_rule(rule):
    below, above = TOLERANCE[rule.name]
    measured = rule.measure(cubes, X, np.random.default_rng(0))
    assert not rule.rejects(measured, (1 + below) * RIGHT).any()
    assert rule.rejects(measured, (1 + above) * RIGHT).any()


def test_the_scipy_rule_measures_what_scipy_measures():
    from scipy.optimize import check_grad

    measured = RULES[3].measure(cubes, X, np.random.default_rng(0))
    norm = np.sqrt(((RIGHT - measured.numeric) ** 2).sum())
    theirs = check_grad(lambda x: (x**3).sum(), lambda x: 3 * x**2, X)
    assert norm == pytest.approx(theirs, rel=1e-6)


def test_a_lost_step_becomes_relative_as_in_scipy():
    measured = RULES[3].measure(cubes, np.array([1e13]), np.random.default_rng(0))
    assert np.isfinite(measured.numeric).all()


# The table.


def outcome(caught, located):
    return Outcome(OURS, "factor 2", 10, caught, located)


@pytest.mark.parametrize(
    ("caught", "located", "good", "ok"),
    [(10, 10, 1, True), (9, 9, 1, False), (10, 9, 1, False), (10, 10, 0, False)],
)
def test_ok_means_all_three(caught, located, good, ok):
    correct = {OURS: (good, 1), OURS_WHOLE: (1, 1)}
    assert MutationReport((outcome(caught, located),), correct, ()).ok is ok


def test_tables_of_models_add_up():
    one = MutationReport((outcome(10, 10),), {OURS: (1, 1), OURS_WHOLE: (1, 1)}, ())
    both = one + one
    assert both.outcomes == (Outcome(OURS, "factor 2", 20, 20, 20),)
    assert both.correct[OURS] == (2, 2)
    assert both.to_dicts()[0]["count"] == 20


def test_the_command_prints_the_table(capsys):
    file = str(EXAMPLES / "arrhenius.txt")
    assert main(["check", file, file, "--mutations", "--points", "2"]) == 0
    out = capsys.readouterr().out
    assert "all mistakes" in out
    assert "autograd" in out
    assert "no mistake" in out
    assert "check_function" in out
    assert max(map(len, out.splitlines())) <= 80
