"""What data determine: rank, null directions, combinations, covariance."""

import numpy as np
import pytest

from cgprimer import LeastSquares, fit, generate, parse_graph
from cgprimer.data.dataset import Dataset
from cgprimer.engine.losses import LOSSES
from cgprimer.fitting.identify import identify, triangle
from cgprimer.fitting.objective import objective_of

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
    graph, rows, at = jacobian(texts, outputs, seed, inputs)
    return identify(triangle([rows]), graph.parameters, len(rows)), at


OBSERVED = [
    (["xw"], 3, ["ab + bc"]),
    (["xw", "xy"], 4, []),
    (["xw", "xx"], 3, ["ab + bc"]),
    (["xw", "xz"], 3, ["ab + bc"]),
    (["xw", "xx", "xz"], 3, ["ab + bc"]),
    (["xw", "xy", "xz"], 4, []),
]


@pytest.mark.parametrize("seed", range(5))
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
    (["xy = a*b*xx"], 1, "a and b are not determined separately, only {b}*a + {a}*b"),
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
    found, at = identified(texts, ["xy"])
    assert found.rank == rank
    if "{" in sentence:  # the slopes of a·b, scaled so that the first is 1
        ratio = f"{at['a'] / at['b']:.4g}"
        sentence = sentence.replace("{b}*a + {a}*b", f"a + {ratio}*b")
    assert found.sentence() == sentence


def test_many_open_parameters_are_not_all_listed():
    names = [f"a{i}" for i in range(30)]
    found, _ = identified([f"xy = ({' + '.join(names)})*xx"], ["xy"])
    assert found.rank == 1
    listed = ", ".join(names[:10])
    assert found.sentence().startswith(f"{listed} and 20 more are not determined")


@pytest.mark.parametrize("seed", range(5))
def test_the_network_has_rank_9_at_large_and_5_on_its_five_points(seed):
    assert identified(NETWORK, seed=seed)[0].rank == 9
    found, _ = identified(NETWORK, seed=seed, inputs=FIVE)
    assert found.rank == 5
    assert len(found.undetermined) == 9


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6, 1e12])
def test_units_do_not_change_the_rank(scale):
    found, _ = identified([f"xy = a*xx*{scale!r} + b + c*xx^2"])
    assert found.rank == 3
    texts = [f"xy = (a + b)*xx*{scale!r} + c"]
    found, _ = identified(texts)
    assert (found.rank, found.undetermined) == (2, ("a", "b"))


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9])
def test_columns_that_differ_a_little_are_still_told_apart(gap):
    x = np.linspace(-1, 1, 50)
    rows = np.stack([x, x + gap * x**2], axis=1)
    assert identify(triangle([rows]), ["a", "b"], 50).rank == 2


def test_columns_that_differ_by_rounding_are_not():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 1))
    rows = np.hstack([x, x * 3 * (1 + 1e-16 * rng.normal(size=(50, 1))), x**2])
    found = identify(triangle([rows]), ["a", "b", "c"], 50)
    assert (found.rank, found.undetermined) == (2, ("a", "b"))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(4, 4), (9, 4), (200, 7)])
def test_the_inverse_is_that_of_the_normal_matrix(shape, seed):
    rows = np.random.default_rng(seed).normal(size=shape) * 10.0 ** np.arange(shape[1])
    found = identify(triangle([rows]), [f"p{i}" for i in range(shape[1])], shape[0])
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
    found = identify(triangle([rows]), list("abcd"), 40)
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
    monkeypatch.setattr("cgprimer.fitting.fit.MOST_ENTRIES", 10)
    graph = parse_graph(["xy = a*xx + b"])
    data = generate(graph, {"a": 1, "b": 2}, 50, rng=0)
    result = fit(graph, data, LeastSquares(), rng=0, progress=False)
    assert result.rank is None
    assert result.standard_errors is None
    assert result.message.endswith("Which parameters are determined was not computed.")
