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
from cgprimer.judge.mutation.other_tools import RULES, Measured
from cgprimer.judge.points import random_points
from cgprimer.notation.text import show

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


FACTORS = {"sign flipped": -1, "factor 2": 2, "1 % off": 1.01, "0.05 % off": 1.0005}
PUT_IN = [  # an equation, a name in it, and the mistakes beside plain factors
    ("a*tanh(w*xx + c)", "w", [
        ("swapped names", "tanh(w*xx + c)"),
        ("swapped names", "a*(1 - tanh(w*xx + c)^2)*w"),
        ("swapped names", "a*(1 - tanh(w*xx + c)^2)"),
        ("missing factor", "a*(1 - tanh(w*xx + c)^2)"), ("σ′ left out", "a*xx"),
        ("σ′ for tanh′", "a*(tanh(w*xx + c)*(1 - tanh(w*xx + c)))*xx"),
        ("missing factor", "(1 - tanh(w*xx + c)^2)*xx"),
    ]),
    ("(a + w)/2", "w", [("sum for mean", "1")]),
    ("(a + w)/3", "w", []),
    ("sin(w)/b", "w", [("swapped names", "-(sin(w)/b/b)"), ("σ′ left out", "1/b"),
                       ("σ′ for tanh′", "cosh(w)/b"), ("missing factor", "cos(w)")]),
    ("sin(w)/b", "b", [("swapped names", "cos(w)/b")]),
    ("2*w*a", "w", [("swapped names", "2*w"), ("missing factor", "2")]),
    ("exp(w)", "w", [("σ′ left out", "1")]),
    ("w^2", "w", []), ("w - b", "b", [("swapped names", "1")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "put_in"), PUT_IN)
def test_which_mistakes_are_put_in(text, wrt, put_in):
    graph = parse_graph([f"xy = {text}"])
    points = random_points(graph, 3, np.random.default_rng(0))
    check = GraphCheck(graph, points, given=False)
    found = [m for m in mutations(check) if m.edge == ("xy", wrt)]
    own = check.own["xy", wrt]
    for mutation in found:
        if factor := FACTORS.get(mutation.mistake):
            assert mutation.values == pytest.approx(factor * own, rel=1e-12)
    told = [(m.mistake, show(m.node)) for m in found if m.mistake not in FACTORS]
    assert told == put_in
    assert [m.mistake for m in found if m.mistake in FACTORS] == list(FACTORS)


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


BORDERS = [  # claimed, by differences, whether each rule rejects it
    ("torch", 0.0, 0.99e-5, False), ("torch", 0.0, 1.02e-5, True),
    ("torch", 10.0, 10.0 + 0.99e-2, False), ("torch", 10.0, 10.0 + 1.02e-2, True),
    ("JAX", 0.0, 0.99e-5, False), ("JAX", 0.0, 1.01e-5, True),
    ("JAX", 10.0, 10.0 + 1.09e-4, False), ("JAX", 10.0, 10.0 + 1.11e-4, True),
    ("autograd", 0.0, 0.99e-6, False), ("autograd", 0.0, 1.01e-6, True),
    ("autograd", 10.0, 10.0 + 1.99e-5, False), ("autograd", 10.0, 10.0 + 2.01e-5, True),
    ("autograd", 0.0, 1e-6, True), ("autograd", 999999.0, 1000001.0, True),
    ("autograd", -10.0, 10.0, True), ("scipy", 0.0, 1.49e-7, False),
    ("scipy", 0.0, 1.51e-7, True), ("scipy", 1e3, 1e3 + 1.6e-7, True),
    ("torch", 0.0, np.nan, True), ("JAX", 0.0, np.nan, True),
    ("autograd", 0.0, np.nan, True), ("scipy", 0.0, np.nan, True),
]  # fmt: skip


@pytest.mark.parametrize(("called", "claimed", "by_differences", "rejected"), BORDERS)
def test_a_rule_rejects_what_its_tool_does(called, claimed, by_differences, rejected):
    [rule] = [rule for rule in RULES if rule.name == called]
    one = np.ones(1)
    found = rule.rejects(Measured(np.eye(1), by_differences * one, one), claimed * one)
    assert found.tolist() == [rejected]


def test_a_norm_is_taken_over_all_components():
    scipy, two = RULES[3], np.ones(2)
    for size, rejected in ((1.05e-7, False), (1.07e-7, True)):  # times √2
        measured = Measured(np.eye(2), size * two, two)
        assert scipy.rejects(measured, 0 * two).tolist() == [rejected]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_measures_along_its_directions(rule):
    """Of 3x² + xy at (1, 2) the gradient is (8, 1)."""
    measured = rule.measure(
        lambda c: 3 * c[0] * c[0] + c[1] * c[0],
        np.array([1.0, 2.0]),
        np.random.default_rng(0),
    )
    slopes = measured.along @ [8.0, 1.0]
    assert measured.numeric == pytest.approx(slopes, rel=1e-7, abs=1e-9)
    single = rule.name in ("torch", "scipy")
    assert (measured.along == np.eye(2)).all() == single
    assert (measured.weights == 1).tolist() == {
        "JAX": [True, False], "autograd": [False, False]
    }.get(rule.name, [True, True])  # fmt: skip
    same = (measured.along[0] == measured.along[1]).all()
    assert same == (rule.name == "JAX")


STEPS = {"torch": 1e-6, "JAX": 1e-4, "autograd": 0.5e-6, "scipy": 2.0**-26}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_steps_are_those_of_the_tools(rule):
    seen = []

    def f(columns):
        seen.append(columns)
        return cubes(columns)

    measured = rule.measure(f, X, np.random.default_rng(0))
    moved = seen[0] - X[:, None]
    step = STEPS[rule.name]
    assert moved == pytest.approx(step * measured.along.T, rel=1e-3, abs=1e-12)
    back = 0 if rule.name == "scipy" else -1  # forward from x, or central about it
    there = np.broadcast_to(seen[1] - X[:, None], moved.shape)
    assert there == pytest.approx(back * moved, rel=1e-3, abs=1e-12)


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


CELLS = [  # who, of how many, caught, located, what is shown
    ("torch", 1000, 999, 949, "99.9/94.9"), ("torch", 3, 2, 1, "66.6/33.3"),
    ("torch", 1, 1, 0, "100/0"), ("JAX", 3, 2, 0, "66.6"), ("torch", 0, 0, 0, "–"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "count", "caught", "located", "shown"), CELLS)
def test_shares_are_rounded_down(who, count, caught, located, shown):
    rows = (Outcome(who, "factor 2", count, caught, located), outcome(10, 10))
    report = MutationReport(rows, {who: (1, 2), OURS: (3, 3)}, ())
    first, every, none = report.cells()
    assert (first[0], first[2:]) == ("factor 2", (shown, "100/100"))
    assert every == ("all mistakes", "10", shown, "100/100")
    assert none == ("no mistake", "", "1/2", "3/3")
    assert report.rate(who) == (caught / count if count else 1.0)


@pytest.mark.parametrize(("located", "ok"), [(95, True), (94, False)])
def test_ok_asks_that_95_of_100_edges_be_found(located, ok):
    one = Outcome(OURS, "factor 2", 100, 100, located)
    assert MutationReport((one,), {OURS: (1, 1)}, ()).ok is ok


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
