"""What data determine: rank, null directions, combinations, covariance."""

import functools
import re

import numpy as np
import pytest
from scipy.stats import t as student

from cgprimer import Adam, LeastSquares, fit, generate, parse_graph
from cgprimer.data.dataset import Dataset
from cgprimer.fitting import determination as pricing
from cgprimer.fitting.determination import determine, price
from cgprimer.fitting.identify import identify
from cgprimer.fitting.matrices import triangle
from cgprimer.fitting.objective import objective_of
from cgprimer.run.losses import LOSSES, find_loss

CANONICAL = ["xx = xa^2", "xy = ab*xx+ac*xa", "xz = bc*xx+xy", "xw = cd*xx+xz^3"]
NETWORK = [
    "xz1 = tanh(b1 + w11*x1 + w21*x2)",
    "xz2 = tanh(b2 + w12*x1 + w22*x2)",
    "xo = sigmoid(c + u1*xz1 + u2*xz2)",
]
FIVE = {"x1": [0.0, 1, 0, -1, 0], "x2": [0.0, 0, -1, 0, 1]}


def jacobian(texts, outputs=None, seed=0, inputs=None, size=200):
    """The graph and its Jacobian at a generic point."""
    graph = parse_graph(texts, outputs)
    rng = np.random.default_rng(seed)
    at = {name: rng.uniform(0.5, 1.5) for name in graph.parameters}
    inputs = inputs or {name: rng.uniform(-1, 1, size) for name in graph.inputs}
    size = len(next(iter(inputs.values())))
    data = Dataset(inputs, {name: np.zeros(size) for name in graph.outputs})
    params = np.array(list(at.values()))
    return graph, objective_of(graph, data, LOSSES["mse"]).jacobian(params), at


def identified(texts, outputs=None, seed=0, inputs=None):
    graph = parse_graph(texts, outputs)
    rng = np.random.default_rng(seed)
    at = {name: rng.uniform(0.5, 1.5) for name in graph.parameters}
    inputs = inputs or {name: rng.uniform(-1, 1, 200) for name in graph.inputs}
    return known_at(graph, inputs, at), at


def known_at(graph, inputs, at, loss="mse", wanted=True, start=None):
    """What is said at the parameters `at`; the targets do not matter."""
    size = len(next(iter(inputs.values())))
    share = 1 / len(graph.outputs)
    data = Dataset(inputs, {name: np.full(size, share) for name in graph.outputs})
    params = np.array([float(at[name]) for name in graph.parameters])
    start = start and np.array([float(start[name]) for name in graph.parameters])
    objective = objective_of(graph, data, find_loss(loss))
    found = determine(objective, params, wanted, start)
    assert found is not None
    return found


OBSERVED = [
    (["xw"], 3, ["ab + bc"]),
    (["xw", "xy"], 4, []),
    (["xw", "xx"], 3, ["ab + bc"]),
    (["xw", "xz"], 3, ["ab + bc"]),
    (["xw", "xx", "xz"], 3, ["ab + bc"]),
    (["xw", "xy", "xz"], 4, []),
]


def slowly(values):
    """The rest of a sweep."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.mark.parametrize("seed", [0, *slowly(range(1, 5))])
@pytest.mark.parametrize(("outputs", "rank", "texts"), OBSERVED)
def test_the_canonical_rank_depends_on_what_is_observed(outputs, rank, texts, seed):
    found, _ = identified(CANONICAL, outputs, seed)
    assert found.rank == rank
    assert [c.text for c in found.combinations] == texts
    assert found.undetermined == (("ab", "bc") if rank == 3 else ())
    assert found.sentence() == (
        "ab and bc are not determined separately, only ab + bc" if rank == 3 else ""
    )


def test_the_null_direction_is_ab_against_bc():
    graph, rows, _ = jacobian(CANONICAL)
    found, _ = identified(CANONICAL)
    [direction] = found.null_space
    expected = {"ab": 1, "ac": 0, "bc": -1, "cd": 0}
    expected = np.array([expected[name] for name in graph.parameters]) / np.sqrt(2)
    unit = direction / np.linalg.norm(direction)
    assert abs(unit @ expected) == pytest.approx(1, abs=1e-12)
    assert np.abs(rows @ unit).max() < 1e-12


SAID = [
    (["xy = a*xx + b"], 2, ""),
    (["xy = a*b*xx"], 1, "a and b are not determined separately, only a*b"),
    (["xy = (a - b)*xx"], 1, "a and b are not determined separately, only a - b"),
    (["xy = (b - a)*xx"], 1, "b and a are not determined separately, only b - a"),
    (["xy = (a + 2*b)*xx"], 1, "a and b are not determined separately, only a + 2*b"),
    (
        ["xy = (a + b + c)*xx"],
        1,
        "a, b and c are not determined separately, only a + b + c",
    ),
    (
        ["xy = (a + b)*xx + (c - d)*xx^2 + k"],
        3,
        "a, b, c and d are not determined separately, only a + b and c - d",
    ),
    (["xu = k*xx", "xy = a*xx"], 1, "k has no effect on the data"),
    (
        ["xu = k*xx + m", "xy = a*xx"],
        1,
        "k and m have no effect on the data",
    ),
    (
        ["xu = k*xx", "xy = (a + b)*xx"],
        1,
        "k has no effect on the data; "
        "a and b are not determined separately, only a + b",
    ),
    (["xy = a + 0*b + xx"], 1, "b has no effect on the data"),
    (["xy = relu(-1 - a*a)*b + c*xx"], 1, "a and b have no effect on the data"),
]


@pytest.mark.parametrize(("texts", "rank", "sentence"), SAID)
def test_what_is_open_is_said(texts, rank, sentence):
    found, _ = identified(texts, ["xy"])
    assert found.rank == rank
    assert found.sentence() == sentence


def test_a_graph_without_inputs_is_a_model_as_well():
    graph = parse_graph(["xy = a + b", "xz = c*d"])
    data = Dataset({}, {"xy": [1.0, 2.0, 2.5], "xz": [3.0, 3.1, 2.8]})
    result = fit(graph, data, LeastSquares(), rng=0, progress=False)
    assert result.rank == 2
    assert [c.text for c in result.combinations] == ["a + b", "c*d"]


def test_many_open_parameters_are_not_all_listed():
    names = [f"a{i}" for i in range(30)]
    found, _ = identified([f"xy = ({' + '.join(names)})*xx"], ["xy"])
    assert found.rank == 1
    listed = ", ".join(names[:10])
    assert found.sentence().startswith(f"{listed} and 20 more are not determined")


@pytest.mark.parametrize("seed", [0, 1, *slowly(range(2, 5))])
def test_the_network_has_rank_9_at_large_and_5_on_its_five_points(seed):
    assert identified(NETWORK, seed=seed)[0].rank == 9
    found, _ = identified(NETWORK, seed=seed, inputs=FIVE)
    assert found.rank == 5
    assert len(found.undetermined) == 9
    assert found.combinations == ()
    assert found.sentence().startswith("4 directions are undetermined among ")


# Names. A model, its parameters, and what is said of it

NAMED = [
    ("a*b*xx", {"a": -2, "b": 3}, "a*b"),
    ("a*b*xx", {"a": -2, "b": -3}, "a*b"),
    ("a*b*c*xx + d", {"a": 2, "b": 3, "c": -1, "d": 0.5}, "a*b*c"),
    ("a/b*xx + c", {"a": 3, "b": 2, "c": 1}, "a/b"),
    ("a/(b*c)*xx", {"a": 2, "b": 3, "c": 4}, "a/(b*c)"),
    ("a^2*b*xx", {"a": 2, "b": 3}, "a^2*b"),
    ("a*b^2*c^3*xx", {"a": 1, "b": 2, "c": 0.3}, "a*b^2*c^3"),
    ("v*exp(-xx/(r*c))", {"v": 5, "r": 1e9, "c": 1e-9}, "r*c"),
    ("r*c*xx + d", {"r": 1e6, "c": 1e-9, "d": 1e-3}, "r*c"),
    ("kcat*e0*xx/(km + xx)", {"kcat": 1e3, "e0": 1e-6, "km": 0.5}, "kcat*e0"),
    ("h*c/(l*k)*xx", {"h": 6.6e-34, "c": 3e8, "l": 5e-7, "k": 1.4e-23}, "h*c/(l*k)"),
    ("g*u*w*xx", {"g": 6.7e-11, "u": 6e24, "w": 7e22}, "g*u*w"),
    ("(a + 2*b)*xx", {"a": 2, "b": 3}, "a + 2*b"),
    ("(a*1e-6 + b*1e6)*xx", {"a": 1e6, "b": 2e-6}, "a + 1e+12*b"),
    ("(a - b - c)*xx", {"a": 2, "b": 3, "c": 1}, "a - b - c"),
    ("(a + b)*xx", {"a": 0, "b": 3}, "a + b"),
    ("exp(a + b*xx + c)", {"a": 0.2, "b": 0.3, "c": 1}, "a + c"),
    ("sin(a + b + xx)*c", {"a": 1, "b": 0.8, "c": 2}, "a + b"),
    ("a*(b + c)*xx + d", {"a": 2, "b": 3, "c": 1, "d": 2}, "a*(b + c)"),
    ("(b + c)*a*xx", {"a": 2, "b": 3, "c": 1}, "(b + c)*a"),
    ("(a + b)*(c + d)*xx", {"a": 2, "b": 3, "c": -1, "d": 0.5}, "(a + b)*(c + d)"),
    ("(a*b + c)*xx", {"a": 2, "b": 3, "c": 1}, "a*b + c"),
    ("(a*b + c*d)*xx + k*l",
     {"a": 1, "b": 2, "c": 3, "d": 4, "k": 5, "l": 6}, "a*b + c*d and k*l"),
    ("a*b*xx + b*c", {"a": 2, "b": 3, "c": 4}, "a*b and b*c"),
    ("(a + b)*xx + (b + c)", {"a": 2, "b": 3, "c": 4}, "a + b and b + c"),
    ("a/b*xx/(c/b + xx)", {"a": 2, "b": 3, "c": 4}, "a/b and a/c"),
    ("a*relu(b*xx + c)", {"a": 1, "b": 3, "c": 0.5}, "a*b and a*c"),
    ("b*exp(a)*xx", {"a": 0.2, "b": 3}, "b*exp(a)"),
    ("log(a*b*xx) + d", {"a": 1, "b": 2, "d": 0.3}, "a*b*exp(d)"),
]  # fmt: skip
UNNAMED = [
    ("a^b*xx", {"a": 2, "b": 3}, "1 direction is undetermined among a and b"),
    ("(a - 5)*b*xx", {"a": 2, "b": 3}, "1 direction is undetermined among a and b"),
    ("a*b*xx + b*c + c*a", {"a": 2, "b": 3, "c": 4},
     "1 direction is undetermined among a, b and c"),
    # where k = l, only a + b and a*k + b*l are seen; elsewhere all four are
    ("a*exp(-k*xx) + b*exp(-l*xx)", {"a": 1, "b": 0.5, "k": 1, "l": 1},
     "1 direction is undetermined among a and b; "
     "1 direction is undetermined among k and l"),
    ("v*(c/(r*k))^n*xx", {"v": 1, "c": 2, "r": 3, "k": 0.7, "n": 2},
     "2 directions are undetermined among v, c/(r*k) and n"),
]  # fmt: skip
AT = np.linspace(0.3, 3, 40)
HERE = "at these values "
LOCAL = [  # and where the fit began
    ("a*exp(-k*xx) + b*exp(-l*xx)", {"a": 1, "b": 0.5, "k": 1, "l": 1}, {"l": 2},
     HERE + "1 direction is undetermined among a and b; "
     "1 direction is undetermined among k and l"),
    ("a*exp(-k*xx) + b*exp(-l*xx)", {"a": 1, "b": 0.5, "k": 1, "l": 1}, {},
     HERE + "1 direction is undetermined among a and b; "
     "1 direction is undetermined among k and l"),
    ("c*relu(a*xx - b) + d", {"a": 1, "b": 99, "c": 1, "d": 1}, {"b": 1},
     HERE + "c, a and b have no effect on the data"),
    ("u + v*xx^h/(k^h + xx^h)", {"u": 1, "v": 2, "h": 2, "k": 1e-99}, {"k": 1},
     HERE + "h has no effect on the data; "
     "u and v are not determined separately, only u + v"),
    ("a*b*xx + d", {"a": 0, "b": 2, "d": 1}, {"a": 1},
     HERE + "b has no effect on the data"),
    ("b/a + d*xx", {"a": -1e200, "b": 2, "d": 1}, {"a": 1},
     HERE + "a has no effect on the data"),
    ("a*b*xx + d", {"a": 1, "b": 2, "d": 1}, {"a": 3},
     "a and b are not determined separately, only a*b"),
    ("a*xx/a + b", {"a": 3, "b": 1}, {"a": 1}, "a has no effect on the data"),
    ("relu(-1 - a*a)*b + c*xx", {"a": 1, "b": 1, "c": 1}, {"a": 0},
     "a and b have no effect on the data"),
    # where it began no slope is finite, so that nothing is felt there
    ("(a*b)^0.5*xx", {"a": 2, "b": 3}, {"a": 0},
     "a and b are not determined separately, only a*b"),
    # 1 - exp(-r*t) rounds to r*t, and that to eight digits
    ("k*n/(n + (k - n)*exp(-r*xx))", {"k": 4.4e-6, "n": 357.8, "r": -4.4e-10},
     {"k": 1, "n": 1, "r": 1},
     HERE + "k and r are not determined separately, only k/r"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "start", "sentence"), LOCAL)
def test_what_is_open_only_at_the_end_is_said_to_be_so(text, at, start, sentence):
    graph = parse_graph([f"xy = {text}"])
    with np.errstate(all="ignore"):  # as in a fit
        found = known_at(graph, {"xx": AT}, at, start=at | start)
    assert found.sentence() == sentence


@pytest.mark.parametrize("text", ["1/(1 + exp(a*xx)^b)", "1 - exp(-a*xx^b)"])
def test_of_slopes_that_are_not_finite_nothing_is_said(text):
    graph = parse_graph([f"xy = {text}"])
    data = Dataset({"xx": 9 * AT}, {"xy": AT})
    start = {"a": 140.0, "b": 790.0}
    result = fit(graph, data, Adam(1e-12), start=start, epochs=1, progress=False)
    assert result.rank is None
    assert result.message.endswith("Which parameters are determined was not computed.")


@pytest.mark.parametrize("sign", ["*", " + ", " + 7.5*"])
def test_the_longest_combination_fits_on_a_line(sign):
    names = [f"a{k}" for k in range(60)]
    graph = parse_graph([f"xy = ({sign.join(names)})*xx"])
    data = Dataset({"xx": AT}, {"xy": 2 * AT + 0.1 * np.sin(50 * AT)})
    start = dict.fromkeys(names, 1.01)
    result = fit(graph, data, LeastSquares(), start=start, progress=False)
    assert len(result.combinations[0].coefficients) == 60
    assert len(result.message) < 320
    lines = str(result).splitlines()
    assert max(map(len, lines)) <= 88
    assert len(lines) < 75


@pytest.mark.parametrize(("text", "at", "names"), NAMED)
def test_products_are_named_as_products_and_sums_as_sums(text, at, names):
    found = known_at(parse_graph([f"xy = {text}"]), {"xx": AT}, at)
    tied = found.sentence().partition(" are not")[0]
    assert found.sentence() == f"{tied} are not determined separately, only {names}"
    assert set(found.undetermined) == set(re.findall(r"\w+", tied)) - {"and"}


@pytest.mark.parametrize(("text", "at", "sentence"), UNNAMED)
def test_what_the_model_does_not_confirm_gets_no_name(text, at, sentence):
    found = known_at(parse_graph([f"xy = {text}"]), {"xx": AT}, at)
    assert found.sentence() == sentence
    assert found.combinations == ()


@pytest.mark.parametrize(("text", "at", "names"), NAMED)
def test_named_combinations_are_what_the_model_sees_everywhere(text, at, names):
    """Their slopes, by our own gradient of the name as an equation, span those of J."""
    graph = parse_graph([f"xy = {text}"])
    found = known_at(graph, {"xx": AT}, at)
    rng = np.random.default_rng(3)
    point = {p: v * rng.uniform(0.7, 1.3) or 0.4 for p, v in at.items()}
    rows = slopes(graph, "xy", {"xx": AT, **point})
    tied = [k for k, p in enumerate(graph.parameters) if p in found.undetermined]
    scale = np.array([point[p] for p in graph.parameters])[tied]
    seen = np.linalg.svd(rows[:, tied] * scale, full_matrices=False)
    rank = (seen[1] > 1e-9 * seen[1][0]).sum()
    for each in found.combinations:
        named = parse_graph([f"xc = {each.text}"])
        row = dict.fromkeys(graph.parameters, 0.0)
        some = {p: point[p] for p in named.parameters}
        row |= named.gradient_at("xc", some)
        unit = np.array([row[p] for p in graph.parameters])[tied] * scale
        outside = unit - unit @ seen[2][:rank].T @ seen[2][:rank]
        assert np.abs(outside).max() < 1e-9 * np.abs(unit).max()
    assert len(found.combinations) == rank


def slopes(graph, output, at):
    found = graph.gradient_at(output, at, graph.parameters)
    return np.stack([found[name] + 0 * at["xx"] for name in graph.parameters], axis=1)


# Units

MODELS = {
    "line": ("a*xx + b", {"a": 2, "b": -1}),
    "parabola": ("a*xx + b*xx^2 + c", {"a": 2, "b": -1, "c": 0.5}),
    "discharge": ("v*exp(-xx/(r*c))", {"v": 5, "r": 2, "c": 0.5}),
    "decay": ("a*exp(-k*xx) + c", {"a": 2, "k": 1.5, "c": 0.3}),
    "Michaelis-Menten": ("kcat*e0*xx/(km + xx)", {"kcat": 10, "e0": 0.2, "km": 0.5}),
    "square": ("a^2*b*xx + c*xx^2", {"a": 3, "b": 2, "c": 1}),
    "sum": ("(a + b)*xx + c", {"a": 3, "b": 2, "c": 1}),
    "nested": ("a*(b + c)*xx + d", {"a": 3, "b": 2, "c": 1, "d": 0.4}),
    "two products": ("a*b*xx + b*c", {"a": 3, "b": 2, "c": 1}),
    "unused": ("a*xx + b + 0*c", {"a": 3, "b": 2, "c": 1}),
    "cancelling": ("a*xx/a + b*xx^2", {"a": 3, "b": 1}),
    "logistic": ("l/(1 + exp(-k*(xx - m)))", {"l": 3, "k": 2, "m": 1}),
    "peak": ("a*exp(-((xx - m)/w)^2)", {"a": 3, "m": 1, "w": 0.7}),
    "wave": ("a*sin(w*xx + f)", {"a": 3, "w": 1, "f": 0.7}),
    "rational": ("(a + b*xx)/(c + d*xx)", {"a": 1, "b": 2, "c": 3, "d": 0.5}),
    "power": ("a*(b*xx)^c", {"a": 2, "b": 3, "c": 1.4}),
    "Bateman": (
        "d*k/(v*(k - l))*(exp(-l*xx) - exp(-k*xx))",
        {"d": 100, "k": 3, "l": 0.5, "v": 30},
    ),
}


def in_units(text, at, scales, of_x=1.0, of_y=1.0):
    """The same model and point when everything is measured in other units."""
    known = {**{p: f"({p}/{s!r})" for p, s in scales.items()}, "xx": f"(xx/{of_x!r})"}
    text = re.sub(r"[a-z]\w*", lambda m: known.get(m[0], m[0]), text)
    return f"{of_y!r}*({text})", {p: v * scales[p] for p, v in at.items()}


@functools.cache
def plainly(model):
    """The fit in the units of the table, from which no other differs."""
    return fitted(*MODELS[model])


def fitted(text, at, of_x=1.0, of_y=1.0):
    """A fit, from near by, to data with 0.1 % noise."""
    rng = np.random.default_rng(5)
    x, noise = rng.uniform(0.2, 3, 60), rng.normal(size=60)
    graph = parse_graph([f"xy = {text}"])
    y = graph.evaluate({"xx": x * of_x, **at})["xy"]
    data = Dataset({"xx": x * of_x}, {"xy": y + 1e-3 * np.abs(y).max() * noise})
    start = {p: v * (1.1 + 0.03 * k) for k, (p, v) in enumerate(at.items())}
    return fit(graph, data, LeastSquares(), start=start, progress=False)


def relative_errors(result):
    """Of parameters and of combinations, beside their values."""
    found = {
        name: error / abs(result.parameters[name])
        for name, error in result.standard_errors.items()
        if error is not None
    }
    for k, each in enumerate(result.combinations):
        value, error = result.combination(each.coefficients)
        found[k] = error / abs(each.value or value)
    return found


def scales_of(at, seed):
    rng = np.random.default_rng(seed)
    drawn = (10.0 ** rng.integers(-15, 16, len(at) + 2)).tolist()
    return dict(zip(at, drawn[2:], strict=True)), drawn[0], drawn[1]


@pytest.fixture
def uncompiled(monkeypatch):
    """Many small models are not worth machine code."""
    monkeypatch.setattr("cgprimer.run.llvm.jit.available", lambda: False)


@pytest.mark.every(3)
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("seed", [0, *slowly(range(1, 8))])
@pytest.mark.parametrize("model", MODELS)
def test_nothing_that_is_said_depends_on_units(model, seed):
    text, at = MODELS[model]
    plain = plainly(model)
    scales, of_x, of_y = scales_of(at, seed)
    result = fitted(*in_units(text, at, scales, of_x, of_y), of_x, of_y)
    assert (result.status, result.rank) == (plain.status, plain.rank)
    assert result.undetermined == plain.undetermined
    one = re.sub(r"(?<= )\d[\de.+-]*\*", "", result.message)  # a + 1e+12*b
    assert one == plain.message
    expected = relative_errors(plain)
    assert relative_errors(result) == pytest.approx(expected, rel=1e-5)


@functools.cache
def two_targets(unit):
    rng = np.random.default_rng(0)
    x, noise = rng.uniform(0.2, 2, 80), rng.normal(size=(2, 80))
    texts = ["xp = a*xx + b", f"xq = {unit!r}*(u*w*exp(-d*xx))"]
    graph, truth = parse_graph(texts), {"a": 1, "b": 2, "u": 3, "w": 1, "d": 0.7}
    out = graph.evaluate({"xx": x, **truth})
    targets = {"xp": out["xp"] + 0.01 * noise[0]}
    targets["xq"] = out["xq"] + 0.03 * unit * noise[1]
    data = Dataset({"xx": x}, targets)
    return fit(graph, data, LeastSquares(), start=truth, progress=False)


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("of_q", [1e-15, 1e-6, 1e15])
def test_nor_does_it_depend_on_the_units_of_targets(of_q):
    """Each target has a noise of its own, and its own parameters know of no other."""
    plain, result = two_targets(1.0), two_targets(of_q)
    assert result.rank == plain.rank == 4
    assert result.message.endswith("u and w are not determined separately, only u*w.")
    # what little remains is how far a fit goes on for the smaller target
    assert relative_errors(result) == pytest.approx(relative_errors(plain), rel=0.2)


@pytest.mark.parametrize("of_q", [1e-15, 1.0, 1e15])
def test_a_target_in_small_units_counts_as_much(of_q):
    texts = ["xp = a*xx", f"xq = {of_q!r}*((a + b)*xx^2 + c)"]
    found, _ = identified(texts)
    assert (found.rank, found.sentence()) == (3, "")


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("a*xx/a + b", "a"),
        ("(a + b)^2 - a^2 - 2*a*b - b^2 + c*xx", "ab"),
        ("sin(a)^2 + cos(a)^2 + b*xx", "a"),
        ("log(exp(a)) - a + b*xx", "a"),
        ("(a*xx + b) - a*xx", "a"),
        ("a*1e-300*xx + b", ""),
        ("a*1e300*xx + b*1e-300", ""),
        ("exp(-k*xx)*a + b", ""),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_parameter_is_silent_where_its_column_is_rounding(text, silent, seed):
    graph = parse_graph([f"xy = {text}"])
    rng = np.random.default_rng(seed)
    at = {name: rng.uniform(0.3, 5) for name in graph.parameters}
    found = known_at(graph, {"xx": AT}, at)
    assert found.without_effect == tuple(silent)
    assert found.rank == len(graph.parameters) - len(silent)


@pytest.mark.parametrize("steps", [10, 40, 80])
def test_a_chaotic_model_is_not_said_to_feel_nothing(steps):
    """Its columns are all rounding after 50 steps, but great."""
    texts = ["x1 = r*x0*(1 - x0) + q*xx"]
    texts += [f"x{k + 1} = r*x{k}*(1 - x{k})" for k in range(1, steps)]
    graph = parse_graph(texts, variables=["x0", "xx"])
    rng = np.random.default_rng(0)
    inputs = {"x0": rng.uniform(0.2, 0.8, 60), "xx": rng.uniform(0, 0.05, 60)}
    found = known_at(graph, inputs, {"r": 3.7, "q": 0.5})
    assert (found.rank, found.sentence()) == (2, "")


# Networks


def network(sizes, hidden, last, scale=1.0, seed=0):
    """A network as text, and weights; small biases let every unit switch."""
    before, texts, rng = [f"xi{k}" for k in range(sizes[0])], [], np.random.default_rng
    for layer, size in enumerate(sizes[1:]):
        end = layer == len(sizes) - 2
        units = [f"x{'o' if end else f'h{layer}_'}{k}" for k in range(size)]
        for k, unit in enumerate(units):
            terms = [f"w{layer}_{k}_{j}*{name}" for j, name in enumerate(before)]
            form = last if end else hidden
            texts.append(
                f"{unit} = " + form.format(" + ".join([*terms, f"b{layer}_{k}"]))
            )
        before = units
    graph = parse_graph(texts, outputs=before)
    drawn = rng(seed).normal(0, scale, len(graph.parameters)).tolist()
    weights = dict(zip(graph.parameters, drawn, strict=True))
    return graph, {p: w * (0.1 if p[0] == "b" else 1) for p, w in weights.items()}


def pictures(graph, count, empty=()):
    rng = np.random.default_rng(1)
    found = {name: rng.normal(size=count) for name in graph.inputs}
    return found | {name: np.zeros(count) for name in empty}


def test_units_of_a_network_are_told_in_a_sentence():
    graph, at = network([64, 20, 10], "relu({})", "{}", 0.3)
    inputs = pictures(graph, 60, ["xi0", "xi32", "xi39"])
    found = known_at(graph, inputs, at, wanted=False)
    assert (found.rank, found.null_space) == (None, None)
    assert len(found.without_effect) == 60
    assert found.sentence() == (
        "w0_0_0, w0_0_32, w0_0_39, w0_1_0, w0_1_32, w0_1_39, w0_2_0, w0_2_32, w0_2_39, "
        "w0_3_0 and 50 more have no effect on the data "
        "(xi0, xi32 and xi39 are 0 in every sample); "
        "the scale of each hidden unit is free: 20 directions "
        "(xh0_0, xh0_1, xh0_2, 17 more)"
    )


SYMMETRIES = [
    ([2, 3, 1], "relu({})", "{}", "mse", 3,
     "the scale of each hidden unit is free: 3 directions (xh0_0, xh0_1, xh0_2)"),
    ([4, 1, 1], "relu({})", "{}", "mse", 1,
     "the scale of the hidden unit xh0_0 is free: 1 direction"),
    ([2, 2, 2, 1], "relu({})", "{}", "mse", 4,
     "the scale of each hidden unit is free: 4 directions "
     "(xh0_0, xh0_1, xh1_0, xh1_1)"),
    ([2, 3, 1], "max(0.1*({0}), {0})", "{}", "mse", 3,
     "the scale of each hidden unit is free: 3 directions (xh0_0, xh0_1, xh0_2)"),
    ([2, 3, 1], "tanh({})", "{}", "mse", 0, ""),
    ([2, 3, 1], "tanh({})", "sigmoid({})", "cross-entropy", 0, ""),
    ([2, 3, 3], "tanh({})", "{}", "softmax-cross-entropy", 4,
     "only differences of the logits count, so what is added to all of them is free: "
     "4 directions"),
    ([2, 3, 3], "relu({})", "{}", "softmax-cross-entropy", 7,
     "only differences of the logits count, so what is added to all of them is free: "
     "4 directions; the scale of each hidden unit is free: 3 directions "
     "(xh0_0, xh0_1, xh0_2)"),
]  # fmt: skip


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize(
    ("sizes", "hidden", "last", "loss", "free", "sentence"), SYMMETRIES
)
def test_one_sentence_per_symmetry(
    sizes, hidden, last, loss, free, sentence, wanted, monkeypatch
):
    """The same from the rank, and, where that is left out, from the equations alone."""
    monkeypatch.setattr(pricing, "BUDGET", 1e4)
    graph, at = network(sizes, hidden, last, seed=0)
    assert price_of(graph, 300) > 1e4
    found = known_at(graph, pictures(graph, 300), at, loss, wanted)
    assert found.rank == (len(at) - free if wanted else None)
    assert found.sentence() == sentence


def price_of(graph, count):
    data = Dataset(pictures(graph, count), dict.fromkeys(graph.outputs, np.ones(count)))
    return price(objective_of(graph, data, LOSSES["mse"]))


def test_a_dead_unit_takes_its_weights_with_it():
    graph, at = network([3, 4, 2], "relu({})", "{}")
    at["b0_1"] = -100.0
    for wanted in (True, False):
        found = known_at(graph, pictures(graph, 50), at, wanted=wanted)
        assert found.without_effect == (
            "w0_1_0", "w0_1_1", "w0_1_2", "b0_1", "w1_0_1", "w1_1_1",
        )  # fmt: skip
        assert found.sentence().endswith(
            "(xh0_1 is 0 in every sample); the scale of each hidden unit is free: "
            "3 directions (xh0_0, xh0_2, xh0_3)"
        )


def test_linear_layers_mix_as_well():
    """Of 14 weights 8 count: besides scales, units can be mixed and shifted."""
    graph, at = network([3, 2, 2], "{}", "{}")
    found = known_at(graph, pictures(graph, 50), at)
    assert found.rank == 8
    assert "2 directions (xh0_0, xh0_1); 4 directions are undetermined among" in (
        found.sentence()
    )


def test_the_price_is_counted_and_a_switch_is_there(monkeypatch):
    graph, at = network([2, 3, 1], "relu({})", "{}", seed=0)
    inputs = pictures(graph, 200)
    data = Dataset(inputs, {"xo0": np.ones(200)})

    def message(method, **how):
        made = fit(graph, data, method, start=at, epochs=1, progress=False, **how)
        return made.rank, made.message.partition("better than a constant. ")[2]

    units = "the scale of each hidden unit is free: 3 directions (xh0_0, xh0_1, xh0_2)."
    unknown = "Which parameters are determined was not computed"
    assert message(Adam()) == (10, units)
    assert message(Adam(), identify=False) == (None, f"{unknown}.")
    assert message(LeastSquares(max_steps=1), identify=False)[1] == f"{unknown}."
    monkeypatch.setattr(pricing, "BUDGET", price_of(graph, 200) - 1)
    rank, said = message(Adam())
    assert rank is None
    assert said.endswith(
        f"{unknown}, as it would take long: write identify=True for it."
    )
    assert message(Adam(), identify=True) == (10, units)
    assert message(LeastSquares(max_steps=1))[0] == 10


# Sloppy fits


SLOPPY = [
    ("a*exp(-k*xx) + b*exp(-l*xx)", {"a": 1, "k": 1, "b": 1, "l": 1.02}, AT, "akbl"),
    ("a*exp(-k*xx) + b*exp(-l*xx)", {"a": 1, "k": 0.4, "b": 1, "l": 4}, AT, ""),
    ("a*exp(-k*xx) + b*exp(-l*xx)", {"a": 1, "k": 0.4, "b": 0.02, "l": 4}, AT, "bl"),
    ("v*xx/(k + xx)", {"v": 1e5, "k": 1e5}, AT, "vk"),
    ("v*xx/(k + xx)", {"v": 1, "k": 1}, AT, ""),
    ("v*xx/(k + xx)", {"v": 1, "k": 0.001}, AT, ""),
    ("a*xx + b", {"a": 1, "b": 0.001}, AT, ""),
    ("a*xx + b", {"a": 1, "b": 0.1}, AT + 1000, "b"),
    ("a*sin(w*xx)", {"a": 1, "w": 2}, AT, ""),
]


@pytest.mark.parametrize(("text", "at", "x", "doubted"), SLOPPY)
@pytest.mark.parametrize("seed", range(3))
def test_errors_that_say_that_a_parameter_might_be_anything_are_told(
    text, at, x, doubted, seed
):
    from cgprimer.fitting.standard_errors import doubtful

    graph = parse_graph([f"xy = {text}"])
    noise = 0.01 * np.random.default_rng(seed).normal(size=len(x))
    data = Dataset({"xx": x}, {"xy": noise})
    objective = objective_of(graph, data, LOSSES["mse"])
    params = np.array([float(at[name]) for name in graph.parameters])
    known = determine(objective, params, True)
    told, sentence = doubtful(objective, params, known, 1e-4 * known.inverse)
    assert set(told) <= set(doubted)
    assert bool(told) == bool(doubted) == ("practically undetermined" in sentence)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6, 1e12])
def test_units_do_not_change_the_rank(scale):
    found, _ = identified([f"xy = a*xx*{scale!r} + b + c*xx^2"])
    assert found.rank == 3
    texts = [f"xy = (a + b)*xx*{scale!r} + c"]
    found, _ = identified(texts)
    assert (found.rank, found.undetermined) == (2, ("a", "b"))


# Errors

COVERED = {
    "line of eight": (["xy = a*xx + b"], {"a": 2, "b": -1}, 8, {"xy": 0.3}, False),
    "known noise": (["xy = a*xx + b"], {"a": 2, "b": -1}, 40, {"xy": 0.3}, True),
    "decay": (
        ["xy = a*exp(-k*xx) + c"], {"a": 2, "k": 1.5, "c": 0.3}, 40, {"xy": 0.02}, False
    ),
    "product": (
        ["xy = u*w*xx/(k + xx)"], {"u": 10, "w": 0.2, "k": 0.5}, 30, {"xy": 0.02}, False
    ),
    "sum": (["xy = (u + w)*xx + k"], {"u": 3, "w": 1, "k": 2}, 12, {"xy": 0.5}, False),
    "two noises": (
        ["xp = a*xx + b", "xq = a*exp(-d*xx)"], {"a": 1, "b": 2, "d": 0.7}, 30,
        {"xp": 0.5, "xq": 0.02}, False,
    ),
    "one small target": (
        ["xp = a*xx + b", "xq = d*exp(-xx)"], {"a": 1, "b": 2, "d": 1}, 30,
        {"xp": 0.5, "xq": 0.0002}, False,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("case", COVERED)
def test_intervals_cover_the_truth_as_often_as_they_say(case):
    """In 200 repetitions 95 % of intervals, of parameters and combinations, hold it."""
    texts, truth, size, noise, given = COVERED[case]
    graph, rng = parse_graph(texts), np.random.default_rng(8)
    inputs = {"xx": np.linspace(0.1, 3, size)}
    out = graph.evaluate({**inputs, **truth})
    held: dict[str, list[bool]] = {}
    for _ in range(200):
        targets = {
            name: out[name] + s * rng.normal(size=size) for name, s in noise.items()
        }
        data = Dataset(inputs, targets, dict(noise) if given else None)
        result = fit(graph, data, LeastSquares(), start=truth, progress=False)
        for name, interval in result.intervals().items():
            if interval is not None:
                low, high = interval
                held.setdefault(name, []).append(low <= truth[name] <= high)
        for each in result.combinations:
            value, error = result.combination(each.coefficients)
            known = parse_graph([f"xc = {each.text}"])
            wanted = known.evaluate({p: truth[p] for p in known.parameters})["xc"]
            reach = student.ppf(0.975, result.dof) * error
            held.setdefault(each.text, []).append(
                abs((each.value or value) - wanted) <= reach
            )
    for name, hits in held.items():
        # 200 draws at 95 %: a standard deviation is 1.5 %
        assert 0.90 <= np.mean(hits) <= 0.99, (name, np.mean(hits))
    assert len(held) == result.rank


def of_rows(rows):
    """What a Jacobian (n, p) determines where every parameter is 1."""
    size, count = rows.shape
    names, rounding = list("abcdefg"[:count]), np.zeros((1, count))
    return identify([triangle([rows])], np.ones(count), names, size, rounding)[0]


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9])
def test_columns_that_differ_a_little_are_still_told_apart(gap):
    x = np.linspace(-1, 1, 50)
    rows = np.stack([x, x + gap * x**2], axis=1)
    assert of_rows(rows).rank == 2


def test_columns_that_differ_by_rounding_are_not():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 1))
    rows = np.hstack([x, x * 3 * (1 + 1e-16 * rng.normal(size=(50, 1))), x**2])
    found = of_rows(rows)
    assert (found.rank, found.undetermined) == (2, ("a", "b"))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(4, 4), (9, 4), (200, 7)])
def test_the_inverse_is_that_of_the_normal_matrix(shape, seed):
    rows = np.random.default_rng(seed).normal(size=shape) * 10.0 ** np.arange(shape[1])
    found = of_rows(rows)
    scale = np.sqrt((rows**2).sum(axis=0))  # inverting is only exact when scaled
    expected = np.linalg.inv((rows / scale).T @ (rows / scale)) / np.outer(scale, scale)
    assert found.rank == shape[1]
    assert found.inverse == pytest.approx(expected, rel=1e-6)
    assert found.undetermined == found.without_effect == found.combinations == ()


def test_the_inverse_holds_for_every_determined_combination():
    rng = np.random.default_rng(0)
    reduced = rng.normal(size=(40, 3))
    rows = np.stack(
        [reduced[:, 0], reduced[:, 1], reduced[:, 0], reduced[:, 2]], axis=1
    )
    found = of_rows(rows)
    expected = np.linalg.inv(reduced.T @ reduced)
    for c, full in [([1, 0, 0], [1, 0, 1, 0]), ([2, -1, 3], [2, -1, 2, 3])]:
        c, full = np.array(c), np.array(full)
        assert full @ found.inverse @ full == pytest.approx(c @ expected @ c)
    assert np.abs(found.null_space @ np.array([1, 0, 1, 0])).max() < 1e-12


@pytest.mark.parametrize("shape", [(100, 5), (5, 5), (3, 5), (1, 3)])
@pytest.mark.parametrize("block", [1, 2, 7, 1000])
def test_the_triangle_of_blocks_is_that_of_the_whole(shape, block):
    rows = np.random.default_rng(1).normal(size=shape)
    factor = triangle(rows[i : i + block] for i in range(0, shape[0], block))
    assert factor.shape[0] <= shape[1]
    assert factor.T @ factor == pytest.approx(rows.T @ rows, rel=1e-12, abs=1e-12)
    whole = np.linalg.qr(rows, mode="r")
    assert np.abs(factor[: len(whole)]) == pytest.approx(np.abs(whole), 1e-10, 1e-12)


def test_fewer_samples_than_parameters_leave_some_open():
    found, _ = identified(["xy = a + b*xx + c*xx^2"], inputs={"xx": [0.0, 1.0]})
    assert found.rank == 2
    assert found.undetermined == ("b", "c")  # at 0 only a is seen, at 1 the sum
    assert [c.text for c in found.combinations] == ["b + c"]


def test_a_descent_also_says_what_is_open():
    from cgprimer import Adam

    graph = parse_graph(["xy = (a - b)*xx + c"])
    data = generate(graph, {"a": 1, "b": 2, "c": 3}, 50, rng=0)
    for method in (Adam(0.1), LeastSquares()):
        result = fit(graph, data, method, epochs=5, rng=0, progress=False)
        assert (result.rank, result.undetermined) == (2, ("a", "b"))
        assert result.message.endswith(
            ". a and b are not determined separately, only a - b."
        )


def test_a_rank_that_would_take_too_long_is_not_computed(monkeypatch):
    monkeypatch.setattr("cgprimer.fitting.conclusion.MOST_ENTRIES", 10)
    graph = parse_graph(["xy = a*xx + b"])
    data = generate(graph, {"a": 1, "b": 2}, 50, rng=0)
    result = fit(graph, data, LeastSquares(), rng=0, progress=False)
    assert result.rank is None
    assert result.standard_errors is None
    assert result.message.endswith("Which parameters are determined was not computed.")
