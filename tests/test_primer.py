"""The historic class: its names and order of calls, without its mistakes."""

import os
import random
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

from cgprimer import (
    CGPrimerError,
    ComputationalGraphPrimer,
    CycleError,
    ExpressionError,
    GraphError,
    OptionError,
)

CANONICAL = ["xx=xa^2", "xy=ab*xx+ac*xa", "xz=bc*xx+xy", "xw=cd*xx+xz^3"]
TRUTH = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
SCRIPT = """\
import random
import numpy

seed = 0
random.seed(seed)
numpy.random.seed(seed)

from cgprimer import *

cgp = ComputationalGraphPrimer(
               expressions = ['xx=xa^2',
                              'xy=ab*xx+ac*xa',
                              'xz=bc*xx+xy',
                              'xw=cd*xx+xz^3'],
               output_vars = ['xw'],
               dataset_size = 10000,
               learning_rate = 1e-6,
               display_loss_how_often = 1000,
               grad_delta = 1e-4,
      )

cgp.{parse}()

cgp.{display}()

cgp.gen_gt_dataset(vals_for_learnable_params = {{'ab':1.0, 'bc':2.0, 'cd':3.0,
                                                'ac':4.0}})

cgp.train_on_all_data()

cgp.plot_loss()
"""
CHECK = """
first, last = (sum(part)/1000 for part in (cgp.LOSS[:1000], cgp.LOSS[-1000:]))
assert len(cgp.LOSS) == 10000 and last < first/2, (first, last)
"""


@pytest.fixture(autouse=True)
def _without_a_screen():
    matplotlib.use("Agg")


def primer(expressions=CANONICAL, **options):
    made = ComputationalGraphPrimer(expressions=expressions, **options)
    made.parse_expressions()
    return made


def trained(seed, size, rate=1e-6, **options):
    random.seed(seed)
    made = primer(dataset_size=size, learning_rate=rate, **options)
    made.gen_gt_dataset(vals_for_learnable_params=TRUTH)
    made.train_on_all_data()
    return made


def test_the_example_script_runs_and_its_loss_falls(tmp_path):
    text = SCRIPT.format(parse="parse_expressions", display="display_network2")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", text + CHECK],
        env=os.environ | {"MPLBACKEND": "Agg"}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("sample 1000: mean error of the last 1000: ")


@pytest.mark.slow
def test_the_later_script_runs_with_its_later_names(tmp_path):
    text = SCRIPT.format(parse="parse_general_dag_expressions", display="display_DAG")
    text = text.replace("10000", "20").replace("1000", "5")
    run = subprocess.run(
        [sys.executable, "-c", text], env=os.environ | {"MPLBACKEND": "Agg"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_loss_falls_from_other_starts_too(seed):
    loss = trained(seed, 6_000).LOSS
    assert len(loss) == 6_000
    assert min(loss) >= 0
    assert np.mean(loss[-600:]) < np.mean(loss[:600]) / 2


# Attributes


def test_the_attributes_are_those_of_the_original():
    made = primer()
    assert made.all_vars == {"xa", "xx", "xy", "xz", "xw"}
    assert made.independent_vars == {"xa"}
    assert made.dependent_vars == {"xx", "xy", "xz", "xw"}
    assert made.learnable_params == {"ab", "ac", "bc", "cd"}
    assert made.depends_on == {
        "xx": ["xa"], "xy": ["xa", "xx"], "xz": ["xx", "xy"], "xw": ["xx", "xz"],
    }  # fmt: skip
    assert made.leads_to == {
        "xa": ["xx", "xy"], "xx": ["xw", "xy", "xz"], "xy": ["xz"], "xz": ["xw"],
    }  # fmt: skip


def test_the_outputs_may_be_left_out():
    assert primer().output_vars == ["xw"]
    assert primer(output_vars=[]).output_vars == ["xw"]
    assert primer(output_vars=["xz", "xw"]).output_vars == ["xz", "xw"]


def test_nothing_is_printed_unless_asked(capfd):
    made = trained(0, 50)
    made.display_network2()
    made.plot_loss()
    assert capfd.readouterr() == ("", "")
    trained(0, 50, display_loss_how_often=20)
    out, err = capfd.readouterr()
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "sample 20",
        "sample 40",
    ]
    assert err == ""
    trained(0, 50, display_vals_how_often=50)
    assert capfd.readouterr()[0].startswith("sample 50: mean error of the last 50: ")


def test_the_pictures_are_axes_with_the_names_and_the_loss():
    made = trained(0, 30)
    for display in (made.display_network1, made.display_network2, made.display_DAG):
        texts = {text.get_text() for text in display().texts}
        assert {"xa", "xx", "xy", "xz", "xw"} <= texts
    axes = made.plot_loss()
    assert axes.lines[-1].get_ydata() == pytest.approx(made.LOSS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("sample", "|error|")


def test_a_window_is_opened_only_by_a_backend_that_has_one(monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(True))
    made = primer()
    made.display_network2()
    assert shown == []
    monkeypatch.setattr(plt, "get_backend", lambda: "TkAgg")
    made.display_network2()
    assert shown == [True]


def test_partials_are_checked_with_the_step_given():
    made = primer(grad_delta=1e-5)
    report = made.check_partials({"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2, "cd": 0.5})
    assert report.ok
    assert len(report.to_dicts()) == 11


# Training


def sample_of(made, i):
    data = made.dataset
    parts = {**data.inputs, **data.targets}
    return {name: float(column[i]) for name, column in parts.items()}


def slope(error, at, name, step=1e-6):
    ahead, behind = (error(at | {name: at[name] + s}) for s in (step, -step))
    return (ahead - behind) / (2 * step)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("expressions", "outputs"),
    [(CANONICAL, None), (["xp = b*xa - a*xb", "xq = tanh(b*xa) - a"], ["xp", "xq"])],
)
def test_a_step_goes_down_the_gradient_of_the_squared_error(seed, expressions, outputs):
    """Every step of three, each held against differences of Σ (predicted - true)²."""
    rate, size = 1e-3, 3
    random.seed(seed)
    made = primer(
        expressions, output_vars=outputs, dataset_size=size, learning_rate=rate
    )
    graph, names = made.graph, sorted(made.learnable_params)
    made.gen_gt_dataset(dict.fromkeys(names, 0.5))
    state = random.getstate()
    made.train_on_all_data()

    random.setstate(state)
    at = {name: random.uniform(0, 1) for name in names}
    assert all(0 <= value <= 1 for value in at.values())
    for i in range(size):
        sample = sample_of(made, i)
        inputs = {name: sample[name] for name in graph.inputs}

        def misses(p, inputs=inputs, sample=sample):
            out = graph.evaluate(inputs | p)
            return np.array([out[name] - sample[name] for name in graph.outputs])

        def squared(p, misses=misses):
            return (misses(p) ** 2).sum()

        assert made.LOSS[i] == pytest.approx(np.abs(misses(at)).sum(), rel=1e-8)
        at = {name: at[name] - rate * slope(squared, at, name) for name in names}
    assert made.vals_for_learnable_params == pytest.approx(at, rel=1e-7)


def test_training_starts_afresh_each_time():
    made = trained(0, 30)
    first = list(made.LOSS)
    made.train_on_all_data()
    assert len(made.LOSS) == 30
    assert first != made.LOSS


def test_the_seed_of_random_repeats_a_run():
    assert trained(3, 40).LOSS == trained(3, 40).LOSS != trained(4, 40).LOSS


def test_a_rate_that_is_too_high_is_reported():
    with pytest.raises(OptionError, match=r"^training diverged at sample \d+: the par"):
        trained(0, 500, rate=10.0)


def test_the_ground_truth_is_drawn_from_minus_1_to_1():
    made = primer(dataset_size=2_000)
    made.gen_gt_dataset(TRUTH)
    xa = made.dataset.inputs["xa"]
    assert xa.min() < -0.99
    assert xa.max() > 0.99


# The historic mistakes, one by one


def test_1_a_negative_value_is_squared_as_a_whole():
    made = primer(dataset_size=200)
    made.gen_gt_dataset(TRUTH)
    xa, xw = made.dataset.inputs["xa"], made.dataset.targets["xw"]
    assert (xa < 0).sum() > 50
    assert xw == pytest.approx(3 * xa**2 + (3 * xa**2 + 4 * xa) ** 3, rel=1e-12)


def test_2_minus_signs_survive():
    made = primer(["xy = a*xa - b*xb"])
    at = {"a": 1.0, "xa": 3.0, "b": 2.0, "xb": 1.0}
    assert made.graph.evaluate(at)["xy"] == 1


def test_3_a_repeated_variable_keeps_all_its_partials():
    made = primer(["xy = xa^2 + 2*xa"])
    assert made.graph.gradient_at("xy", {"xa": 3.0}) == {"xa": 8.0}


def test_4_parameters_at_the_target_stay_there(monkeypatch):
    """The update looks at the error, over all paths: no error, no step."""
    made = primer(dataset_size=20, learning_rate=0.1)
    made.gen_gt_dataset(dict.fromkeys(TRUTH, 0.5))
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.5)
    made.train_on_all_data()
    assert max(made.LOSS) < 1e-12
    there = dict.fromkeys(made.graph.parameters, 0.5)
    assert made.vals_for_learnable_params == pytest.approx(there, abs=1e-14)


def test_5_a_neuron_and_a_network_go_down():
    def run(expressions, truth, seed=1):
        random.seed(seed)
        made = primer(expressions, dataset_size=2_000, learning_rate=1.0)
        made.gen_gt_dataset(truth)
        made.train_on_all_data()
        return np.mean(made.LOSS[:200]), np.mean(made.LOSS[-200:])

    neuron = ["xw = sigmoid(ab*xa + bc*xb + cd*xc + ac*xd + bias)"]
    first, last = run(neuron, {"ab": 1, "bc": -2, "cd": 3, "ac": -4, "bias": 0.5})
    assert last < 0.5 * first
    network = [
        "xw = sigmoid(ap*xp + aq*xq + ar*xr + as*xs)",
        "xz = sigmoid(bp*xp + bq*xq + br*xr + bs*xs)",
        "xo = sigmoid(cp*xw + cq*xz)",
    ]
    names = [a + b for a in "ab" for b in "pqrs"] + ["cp", "cq"]
    truth = dict(zip(names, [2, -3, 1, -1, -2, 1, 3, 2, 4, -4], strict=True))
    first, last = run(network, truth)
    assert last < 0.8 * first


@pytest.mark.parametrize(
    ("expression", "variables", "parameters"),
    [
        ("xy = a*xx + ab*xa", {"xy", "xx", "xa"}, {"a", "ab"}),
        ("xy = sin(xx) + 1e-3*b", {"xy", "xx"}, {"b"}),
        ("x2 = w*x1 + x10", {"x2", "x1", "x10"}, {"w"}),
    ],
)
def test_6_names_are_whole_names(expression, variables, parameters):
    made = primer([expression])
    assert (made.all_vars, made.learnable_params) == (variables, parameters)


def test_6_names_that_share_a_prefix_keep_their_own_values():
    made = primer(["xy = a*xa + ab*xab"])
    at = {"a": 2.0, "ab": 30.0, "xa": 0.5, "xab": 0.1}
    assert made.graph.evaluate(at)["xy"] == 4


def test_7_a_cycle_is_refused_and_named():
    with pytest.raises(CycleError, match="xa -> xb -> xa"):
        primer(["xa = xb + 1", "xb = xa*w"])


def test_7_nothing_is_ever_run_as_code(tmp_path):
    path = tmp_path / "canary"
    for text in (f"xy=open('{path}','w')", f"xy=__import__('os').mkdir('{path}')"):
        with pytest.raises(ExpressionError):
            primer([text])
    assert not path.exists()


# What is refused


REFUSED = {
    "keyword": (
        {"expresions": CANONICAL},
        OptionError,
        "unknown keyword 'expresions'\n  hint: did you mean 'expressions'?",
    ),
    "keyword of another kind": (
        {"expressions": CANONICAL, "momentum": 0.9},
        OptionError,
        "unknown keyword 'momentum'\n  hint: keywords are expressions, output_vars, "
        "dataset_size, learning_rate, grad_delta, display_vals_how_often, "
        "display_loss_how_often, debug",
    ),
    "nothing": (
        {},
        OptionError,
        "expressions= is missing: a list of texts like 'xy=ab*xx'",
    ),
    "one text": (
        {"expressions": "xy=ab*xx"},
        OptionError,
        "expressions= is one text; a list of texts is expected\n"
        "  hint: write expressions=['xy=ab*xx']",
    ),
    "rate": (
        {"expressions": CANONICAL, "learning_rate": 0},
        OptionError,
        "learning_rate is a positive number, not 0",
    ),
    "rate as text": (
        {"expressions": CANONICAL, "learning_rate": "fast"},
        OptionError,
        "learning_rate is a positive number, not 'fast'",
    ),
    "size": (
        {"expressions": CANONICAL, "dataset_size": 2.5},
        OptionError,
        "dataset_size is a whole number, not 2.5",
    ),
    "size true": (
        {"expressions": CANONICAL, "dataset_size": True},
        OptionError,
        "dataset_size is a positive number, not True",
    ),
    "size beyond memory": (
        {"expressions": CANONICAL, "dataset_size": 10**12},
        CGPrimerError,
        None,
    ),
    "delta lost in rounding": (
        {"expressions": CANONICAL, "grad_delta": 1e-17},
        OptionError,
        None,
    ),
    "output": (
        {"expressions": CANONICAL, "output_vars": ["xq"]},
        GraphError,
        "unknown output 'xq'\n  hint: the variables are xx, xa, xy, xz, xw",
    ),
    "equation": ({"expressions": ["xy=ab*"]}, ExpressionError, None),
    "expressions that are no list": ({"expressions": 5}, CGPrimerError, None),
    "outputs that are no list": (
        {"expressions": CANONICAL, "output_vars": 5},
        CGPrimerError,
        None,
    ),
}


@pytest.mark.parametrize(("options", "kind", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused(options, kind, expected):
    with pytest.raises(kind) as caught:
        ComputationalGraphPrimer(**options)
    assert expected is None or str(caught.value) == expected


ORDER = {
    "gen_gt_dataset": "call parse_expressions() first",
    "train_on_all_data": "call parse_expressions() first",
    "display_network2": "call parse_expressions() first",
    "plot_loss": "call train_on_all_data() first",
}


@pytest.mark.parametrize(("method", "expected"), ORDER.items())
def test_calls_out_of_order_say_what_is_missing(method, expected):
    made = ComputationalGraphPrimer(expressions=CANONICAL)
    arguments = [TRUTH] if method == "gen_gt_dataset" else []
    with pytest.raises(GraphError) as caught:
        getattr(made, method)(*arguments)
    assert str(caught.value) == expected


def test_training_needs_data():
    expected = "call gen_gt_dataset(vals_for_learnable_params=…) first"
    with pytest.raises(GraphError) as caught:
        primer().train_on_all_data()
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "values", [{"ab": 1}, TRUTH | {"zz": 1}, TRUTH | {"ab": [1, 2]}, TRUTH | {"xw": 1}]
)
def test_ground_truth_needs_one_number_per_parameter(values):
    with pytest.raises(CGPrimerError):
        primer().gen_gt_dataset(vals_for_learnable_params=values)
