"""Graphs as functions of JAX and modules of torch: the same numbers, by other hands."""

import functools

import numpy as np
import pytest
from test_array_ops import CASES as OPERATIONS
from test_array_ops import computed, drawn, read, with_samples

from cgprimer import (
    OpError,
    OptionError,
    PointError,
    custom_op,
    parse_graph,
    to_jax,
    to_torch,
)
from cgprimer.expr.dims import Sizing
from cgprimer.expr.ops import OPS
from cgprimer.expr.ops import name as name_node
from cgprimer.run.arrays.kernel import ArrayKernel

GRAPHS = {  # texts, names that get samples
    "numbers": (
        ["xx = xa^2", "xy = ab*xx + sigmoid(ac*xa)", "xz = max(bc*xx, xy)"],
        {"xa"},
    ),
    "every function": (
        ["xy = exp(-xa^2)*softplus(b*xa) + log1p(xa^2) - erf(xa)*arctan(b) + relu(xa)",
         "xz = xy*sqrt(1 + xa^2)/cosh(xa) + min(xa, b) + abs(b)^1.5 + step(xa)*b"],
        {"xa"},
    ),
    "a network": (
        ["W: 5 x 3", "b, u: 5", "xx: 3", "xh = tanh(W @ xx + b)", "xo = c + u @ xh",
         "xl = log(1 + exp(xo)) - xt*xo + 0.1*sum(W^2)"],
        {"xx", "xt"},
    ),
    "a batch written out": (
        ["W: 3 x 5", "b: 5", "xx: batch x 3", "xh = tanh(xx @ W + b)",
         "xl = sum(xh^2)"],
        set(),
    ),
}  # fmt: skip
CASES = [(name, many) for name in GRAPHS for many in (False, True)]


def graph_and_point(name, many):
    texts, sampled = GRAPHS[name]
    graph, rng = parse_graph(texts), np.random.default_rng(1)
    at = {}
    for leaf in (*graph.inputs, *graph.parameters):
        dims = tuple(4 if d == "batch" else d for d in graph.dims(leaf))
        lead = (6,) if many and leaf in sampled else ()
        at[leaf] = rng.normal(size=(*lead, *dims))
    return graph, at


@pytest.mark.parametrize(("name", "many"), CASES)
def test_jax_has_the_same_values_and_gradients(name, many):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    graph, at = graph_and_point(name, many)
    [output] = graph.outputs
    function = jax.jit(to_jax(graph, output))
    np.testing.assert_allclose(function(at), graph.evaluate(at)[output], rtol=1e-13)
    slopes = jax.grad(lambda at: function(at).sum())(at)
    ours = graph.gradient_at(output, at)
    for leaf, slope in slopes.items():
        mine = np.asarray(ours[leaf])
        mine = mine.sum(0) if mine.ndim > slope.ndim else mine
        np.testing.assert_allclose(slope, mine, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("name", "many"), CASES)
def test_torch_has_the_same_values_and_gradients(name, many):
    pytest.importorskip("torch")
    graph, at = graph_and_point(name, many)
    [output] = graph.outputs
    module = to_torch(graph, output, at)
    assert {n for n, _ in module.named_parameters()} == {*graph.parameters}
    result = module(**{leaf: at[leaf] for leaf in graph.inputs})
    value = graph.evaluate(at)[output]
    np.testing.assert_allclose(result.detach().numpy(), value, rtol=1e-13)
    result.sum().backward()
    ours = graph.gradient_at(output, at)
    for leaf, parameter in module.named_parameters():
        mine = np.asarray(ours[leaf])
        mine = mine.sum(0) if mine.ndim > parameter.ndim else mine
        np.testing.assert_allclose(parameter.grad, mine, rtol=1e-11, atol=1e-12)


def jax_kernel(dtype):
    """What a kernel takes to run in JAX, and numpy's values as JAX has them."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    from cgprimer.run.exports.jax_names import jax_functions

    own = {"xp": jax.numpy, "dtype": float, "functions": jax_functions()}
    return own, jax.numpy.asarray


def torch_kernel(dtype):
    """What a kernel takes to run in torch, and numpy's values as torch has them."""
    torch = pytest.importorskip("torch")
    from cgprimer.run.exports.torch_names import TorchNames, torch_functions

    number = functools.partial(torch.tensor, dtype=getattr(torch, dtype.__name__))
    own = {"xp": TorchNames(), "dtype": number, "functions": torch_functions()}
    return own, torch.tensor


@pytest.mark.every(4)
@pytest.mark.parametrize("text", OPERATIONS)
@pytest.mark.parametrize("kernel", [jax_kernel, torch_kernel])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_operation_on_arrays_has_the_same_values(text, kernel, dtype):
    """Without samples, with samples of each name, and with samples of all."""
    own, array = kernel(dtype)
    near = {"rtol": 1e-12, "atol": 1e-12} if dtype is np.float64 else {"atol": 1e-3}
    (node, sizing), at = read(text), drawn(text, dtype)
    sizing.names["out"] = sizing.of(node)
    for sampled in {(), *((called,) for called in at), (*at,)}:
        full = with_samples(at, sampled)
        made = ArrayKernel({"out": node}, ["out"], sizing, sampled, **own)
        [found] = made({called: array(value) for called, value in full.items()})
        assert str(found.dtype).removeprefix("torch.") == dtype.__name__
        np.testing.assert_allclose(found, computed(node, sizing, full, sampled), **near)


FUNCTIONS = [op for op in OPS.values() if op.arity]


@pytest.mark.parametrize("op", FUNCTIONS, ids=lambda op: op.name)
@pytest.mark.parametrize("kernel", [jax_kernel, torch_kernel])
def test_every_operation_on_numbers_has_the_same_values(op, kernel):
    """Also far out, where a formula for near 0 would overflow or be cut off."""
    own, array = kernel(np.float64)
    far = np.array([-40.0, -21.5, -0.3, 0.4, 19.0, 25.0, 40.0])
    args = {f"a{k}": np.roll(far, k) for k in range(op.arity)}
    node, sizing = op(*map(name_node, args)), Sizing(dict.fromkeys(args, (7,)))
    sizing.names["out"] = (7,)
    made = ArrayKernel({"out": node}, ["out"], sizing, (), **own)
    [found] = made({called: array(value) for called, value in args.items()})
    with np.errstate(all="ignore"):
        expected = op.forward(*args.values())
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


def test_samples_by_vmap_are_those_of_a_leading_axis():
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    jax.config.update("jax_enable_x64", True)
    graph, at = graph_and_point("a network", True)
    ours = graph.gradient_at("xl", at)
    axes = {called: 0 if called in graph.inputs else None for called in at}
    slopes = jax.grad(to_jax(graph, "xl"))
    every = {called: jax.numpy.asarray(value) for called, value in at.items()}
    for called, slope in jax.vmap(slopes, in_axes=(axes,))(every).items():
        np.testing.assert_allclose(slope, ours[called], atol=1e-13)

    module = to_torch(graph, "xl", at)
    assert [*module.state_dict()] == [*graph.parameters]

    def loss(parameters, inputs):
        return torch.func.functional_call(module, parameters, (), inputs)

    slopes = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))
    inputs = {called: torch.tensor(at[called]) for called in graph.inputs}
    for called, slope in slopes(module.state_dict(), inputs).items():
        np.testing.assert_allclose(slope, ours[called], atol=1e-13)


def test_what_is_missing_is_said_where_the_library_is_not_there(monkeypatch):
    graph = parse_graph("xy = a*xa")
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(OptionError, match=r"hint: pip install 'cgprimer\[jax\]'"):
        to_jax(graph)
    with pytest.raises(OptionError, match=r"hint: pip install 'cgprimer\[torch\]'"):
        to_torch(graph, start={"a": 1})


def test_a_module_wants_a_value_of_every_parameter():
    pytest.importorskip("torch")
    with pytest.raises(PointError, match="no value for the parameters a, b"):
        to_torch(parse_graph("xy = a*xa + b"))


def test_code_for_numpy_is_refused_by_its_name():
    pytest.importorskip("jax")
    code = {"forward": lambda _, a: a**2, "backward": lambda _, g: g}
    with custom_op(name="mine", **code):
        graph = parse_graph("xy = mine(xa)*b")
    with pytest.raises(OpError) as error:
        to_jax(graph)
    assert str(error.value) == (
        "'mine' in the equation of xy: is code for numpy, which no other library can "
        "run\n  hint: give it as a formula: custom_op('mine(a) = …')"
    )


@pytest.mark.parametrize(("name", "many"), CASES)
def test_a_graph_is_compiled_by_jax(name, many):
    pytest.importorskip("jax")
    graph, at = graph_and_point(name, many)
    [output] = graph.outputs
    program = graph.compile(target="jax")
    for found, expected in (
        (program.values(at), graph.evaluate(at)),
        (program.gradient_at(output, at), graph.gradient_at(output, at)),
    ):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            np.testing.assert_allclose(found[key], value, rtol=1e-11, atol=1e-12)
            assert np.shape(found[key]) == np.shape(value)
    assert "in double precision" in program.explain()


def test_compiling_by_jax_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(OptionError, match="target='jax' needs jax"):
        parse_graph("xy = a*xa").compile(target="jax")
