"""Twelve models over arrays, held against differences, entries, JAX and torch."""

import numpy as np
import pytest
from array_models import INDICES, MODELS, SIZES, graph_of_model, point

from cgprimer import gradient, parse_graph, to_jax, to_torch, unrolled
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import show_dims
from cgprimer.expr.ops import OPS
from cgprimer.expr.ops import name as leaf
from cgprimer.graph.rows import graph_of
from cgprimer.run.arrays.evaluation import KEPT


def slopes_by_differences(graph, output, at, name):
    """d output / d entry for every entry of a name, by central differences."""
    value = np.asarray(at[name], dtype=float)
    found = np.zeros(value.shape)
    for place in np.ndindex(*value.shape):
        ends = []
        for sign in (1, -1):
            moved = value.copy()
            moved[place] += sign * 3e-6
            ends.append(graph.evaluate({**at, name: moved})[output])
        found[place] = (ends[0] - ends[1]) / 6e-6
    return found


@pytest.mark.parametrize("name", MODELS)
def test_dims_are_found_with_the_author_s_sizes(name):
    graph = graph_of_model(name)
    found = MODELS[name].found
    assert {v: show_dims(graph.dims(v)) for v in found} == found


@pytest.mark.every(2)
@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_those_of_differences(name):
    graph, at = point(name)
    model = MODELS[name]
    slopes = graph.gradient_at(model.output, at, model.wrt)
    for wrt, slope in slopes.items():
        by_differences = slopes_by_differences(graph, model.output, at, wrt)
        assert np.shape(slope) == by_differences.shape
        scale = 1 + np.abs(by_differences).max()
        np.testing.assert_allclose(slope, by_differences, atol=2e-8 * scale)


def along_direction(first, slope, dims):
    """The graph of ⟨gradient, v⟩, a number: what is differentiated once more."""
    bodies = {v: first.equation(v).body for v in first.dependents}
    product = OPS["mul"](leaf(slope), leaf("v_v"))
    bodies["x_second"] = ARRAY_OPS["sum"](product) if dims else product
    sizing = first.sizing.copy()
    sizing.names |= {"v_v": dims, "x_second": ()}
    names = [*first.parameters, "v_v"]
    return graph_of(bodies, ["x_second"], names, first.inputs, sizing=sizing)


@pytest.mark.every(3)
@pytest.mark.parametrize("name", MODELS)
def test_second_derivatives_are_those_of_differences(name):
    graph, at = point(name)
    model = MODELS[name]
    wrt = model.wrt[0]
    first = gradient(graph, model.output, [wrt])
    [slope] = first.outputs
    direction = np.random.default_rng(2).normal(size=np.shape(at[wrt]))
    second = along_direction(first, slope, graph.dims(wrt))
    used = {*second.inputs, *second.parameters, *second.spare}
    given = {n: v for n, v in {**at, "v_v": direction}.items() if n in used}
    found = second.gradient_at("x_second", given, [wrt])[wrt]
    ends = [
        np.asarray(first.evaluate({**at, wrt: at[wrt] + h * direction})[slope])
        for h in (3e-6, -3e-6)
    ]
    by_differences = (ends[0] - ends[1]) / 6e-6
    scale = 1 + np.abs(by_differences).max()
    np.testing.assert_allclose(found, by_differences, atol=2e-7 * scale)


def flat(at, graph):
    """name → array as name of an entry → number; indices are left out."""
    return {
        "_".join((name, *map(str, place))): np.asarray(value)[place]
        for name, value in at.items()
        if name not in INDICES or not graph.dims(name)
        for place in np.ndindex(*np.shape(value))
    }


@pytest.mark.every(3)
@pytest.mark.parametrize("name", MODELS)
def test_unrolled_is_the_same_in_numbers(name):
    graph, at = point(name)
    model = MODELS[name]
    indices = {n: at[n] for n in INDICES & {*at} if graph.dims(n)}
    numbers = unrolled(graph, SIZES, at=indices)
    entries = flat(at, graph)
    value = graph.evaluate(at)[model.output]
    np.testing.assert_allclose(
        numbers.evaluate(entries)[model.output], value, rtol=1e-10
    )
    slopes = numbers.gradient_at(model.output, entries)
    for wrt, slope in graph.gradient_at(model.output, at, model.wrt).items():
        own = [
            slopes["_".join((wrt, *map(str, place)))]
            for place in np.ndindex(*np.shape(slope))
        ]
        scale = 1 + np.abs(slope).max()
        np.testing.assert_allclose(np.ravel(slope), own, atol=1e-9 * scale)


@pytest.mark.parametrize("name", MODELS)
def test_jax_agrees(name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    graph, at = point(name)
    model = MODELS[name]
    function = to_jax(graph, model.output)
    slopes = jax.grad(lambda part: function({**at, **part}))(
        {n: at[n] for n in model.wrt}
    )
    for wrt, slope in graph.gradient_at(model.output, at, model.wrt).items():
        np.testing.assert_allclose(slopes[wrt], slope, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", MODELS)
def test_torch_agrees(name):
    torch = pytest.importorskip("torch")
    graph, at = point(name)
    model = MODELS[name]
    module = to_torch(graph, model.output, {n: at[n] for n in graph.parameters})
    inputs = {
        n: torch.tensor(at[n], requires_grad=n in model.wrt) for n in graph.inputs
    }
    module(**inputs).backward()
    slopes = dict(module.named_parameters()) | inputs
    for wrt, slope in graph.gradient_at(model.output, at, model.wrt).items():
        np.testing.assert_allclose(slopes[wrt].grad, slope, rtol=1e-9, atol=1e-11)


def test_kernels_of_so_many_sizes_are_kept_and_no_more():
    graph = parse_graph("w: 2\nxx: batch x 2\nxl = sum((xx @ w)^2)")

    def kernels():
        return [k for k in graph.programs if k[0] == "arrays"]

    for size in range(1, KEPT + 1):
        graph.evaluate({"w": [1.0, 2.0], "xx": np.ones((size, 2))})
        assert len(kernels()) == size
    graph.evaluate({"w": [1.0, 2.0], "xx": np.ones((KEPT + 1, 2))})
    assert len(kernels()) == KEPT
