"""Gradients of torch: operations, functions and modules, to first and second order."""

import copy
import re

import numpy as np
import pytest
from functions import FUNCTIONS, gradient, mistakes

from cgprimer import check_torch
from cgprimer.errors import OptionError

torch = pytest.importorskip("torch", reason="torch is not installed")
nn = torch.nn
Function = torch.autograd.Function

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def op(forward, backward, name="Op"):
    """An autograd function; `backward` takes what arrives, and the saved inputs."""

    def save(ctx, *inputs):
        ctx.save_for_backward(*inputs)
        return forward(*inputs)

    def give(ctx, arrived):
        return backward(arrived, *ctx.saved_tensors)

    methods = {"forward": staticmethod(save), "backward": staticmethod(give)}
    return type(name, (Function,), methods)


def plain(f, claim):
    """A function of numpy, with a claimed gradient, as an autograd function."""
    numbers = torch.from_numpy(np.array(claim))
    return op(lambda x: torch.tensor(float(f(x.numpy()))), lambda g, x: g * numbers)


def cube(slope):
    return op(lambda x: x**3, lambda g, x: g * slope(x), "Cube")


X = torch.tensor([0.3, -1.2, 2.0, 0.7])


# Where the output is 0.


def test_the_minus_twelve_that_was_forgotten():
    def valley(x):
        return (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1]

    def slope(g, x, constant):
        return g * torch.stack([2 * x[0] - x[1] - constant, 2 * x[1] - x[0]])

    at = torch.tensor([6.0, 6.0])
    right = op(valley, lambda g, x: slope(g, x, 12))
    wrong = op(valley, lambda g, x: slope(g, x, 0))
    assert check_torch(right, at).verdict == PASS
    report = check_torch(wrong, at)
    assert report.verdict == FAIL
    assert report.first_wrong == ("Op", "input 0[0]")


def zeros(key, sizes, chosen):
    count, f = FUNCTIONS[key]
    x = np.random.default_rng(5).uniform(0.4, 2.2, count)
    right, here = gradient(f, x), f(x)
    for size in sizes:
        at = torch.from_numpy(x)
        g = lambda v, s=size: f(v) - here + s  # noqa: E731
        assert check_torch(plain(g, right), at).verdict == PASS
        for name, claim in list(mistakes(right).items())[chosen]:
            assert check_torch(plain(g, claim), at).verdict == FAIL, name


@pytest.mark.parametrize("k", range(0, 44, 7))
def test_functions_at_their_zeros(k):
    key = list(FUNCTIONS)[k]
    zeros(key, [(0.0, 1e-14, 1e-10, 1e-6)[k // 7 % 4]], slice(k // 7, None, 7))


@pytest.mark.slow
@pytest.mark.parametrize("key", FUNCTIONS)
def test_functions_at_their_zeros_with_every_mistake(key):
    zeros(key, (0.0, 1e-12, 1e-8), slice(None))


# Modules.


def state(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


MODULES = {
    "linear": (lambda: nn.Linear(2, 2), (3, 2)),
    "embedding": (lambda: nn.Embedding(3, 2), None),
    "normalised": (lambda: nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)), (4, 2)),
    "recurrent": (lambda: nn.RNN(1, 2), (2, 1, 1)),
    "convolution": (lambda: nn.Conv2d(1, 2, 2), (1, 1, 3, 3)),
}  # fmt: skip


@pytest.mark.parametrize("key", MODULES)
def test_modules_pass_and_stay_as_they_are(key):
    make, shape = MODULES[key]
    module = make()
    before, mode = state(module), module.training
    seed = torch.random.get_rng_state()
    x = torch.tensor([1, 2, 2]) if shape is None else torch.randn(shape)
    report = check_torch(module, x)
    assert report.verdict == PASS, report
    names = {row.wrt.split("[")[0] for row in report.rows}
    assert {name for name, _ in module.named_parameters()} <= names
    assert (shape is None) == ("input 0" not in names)
    assert "it is float32: a copy in float64 was checked" in report.diagnosis
    assert module.training is mode
    for name, value in module.state_dict().items():
        assert value.dtype == before[name].dtype
        assert torch.equal(value, before[name])
    assert all(p.grad is None for p in module.parameters())
    assert torch.equal(torch.random.get_rng_state(), seed) or shape is not None


class Layer(nn.Module):
    """w·x³ by an operation with a backward of one's own, and a bias."""

    def __init__(self, backward):
        super().__init__()
        self.w, self.bias = nn.Parameter(torch.rand(3)), nn.Parameter(torch.rand(()))
        self.op = op(lambda x, w: w * x**3, backward)

    def forward(self, x):
        return self.op.apply(x, self.w) + self.bias


def test_a_parameter_with_a_wrong_gradient_is_named():
    right = Layer(lambda g, x, w: (g * 3 * w * x**2, (g * x**3).sum(0)))
    wrong = Layer(lambda g, x, w: (g * 3 * w * x**2, (g * x**3).mean(0)))
    x = torch.randn(4, 3)
    assert check_torch(right, x).verdict == PASS
    report = check_torch(wrong, x)
    assert report.verdict == FAIL
    assert report.diagnosis.startswith("Layer, w: it is 1/4 times the true derivative")


def test_what_is_frozen_is_not_checked():
    module = nn.Linear(3, 2)
    module.bias.requires_grad_(False)
    report = check_torch(module, torch.randn(2, 3))
    assert "bias" not in str(report.rows)


def test_one_wrong_of_six_hundred_parameters_is_found():
    net = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 5), nn.Tanh())
    good = check_torch(net, torch.randn(2, 4))
    assert good.verdict == PASS
    assert "all along random directions" in good.diagnosis

    class Slip(Function):
        @staticmethod
        def forward(ctx, weight):
            return weight.clone()

        @staticmethod
        def backward(ctx, g):
            g = g.clone()
            g[17, 13] *= 1.01
            return g

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(0.3 * torch.randn(30, 20))

        def forward(self, x):
            return torch.tanh(x @ Slip.apply(self.weight))

    report = check_torch(Net(), torch.randn(2, 30))
    assert report.first_wrong == ("Net", "weight[17, 13]")
    assert "it is 1 % too large" in report.diagnosis


def test_random_modules_are_named_and_quiet_ones_pass():
    net = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    report = check_torch(net, torch.randn(5, 4))
    assert report.verdict == INCONCLUSIVE
    assert "gives two values for one x" in report.diagnosis
    assert "1 (Dropout) drops out at random in train mode" in report.diagnosis
    assert net.training
    assert check_torch(net.eval(), torch.randn(5, 4)).verdict == PASS


def test_a_state_that_every_call_changes_is_named():
    report = check_torch(nn.BatchNorm1d(2), torch.randn(6, 2))
    assert report.verdict == PASS
    assert "every call changes running_mean, running_var" in report.diagnosis
    quiet = check_torch(nn.BatchNorm1d(2).eval(), torch.randn(6, 2))
    assert "every call" not in quiet.diagnosis


# Inputs and outputs.


def test_nested_inputs_are_checked_by_name():
    def f(d, pair, scale):
        return scale * (cubed.apply(d["a"]) * pair[0]).sum() + (d["b"][0] ** 2).sum()

    inputs = {"a": X, "b": [torch.randn(2)]}, (torch.randn(4), torch.tensor(3)), 2
    cubed = cube(lambda x: 3 * x**2)
    report = check_torch(f, *inputs)
    assert report.verdict == PASS
    wrts = {row.wrt.split("[0]")[0] for row in report.rows}
    assert {"input 0.a", "input 0.b", "input 1"} <= wrts
    cubed = cube(lambda x: x**2)
    assert check_torch(f, *inputs).diagnosis.startswith("f, input 0.a: it is 1/3 times")


def test_marked_inputs_alone_are_checked():
    a, b = X.clone().requires_grad_(), X.clone()
    report = check_torch(lambda a, b: a * b, a, b)
    assert {row.wrt[:7] for row in report.rows} == {"input 0"}
    assert a.grad is None
    assert a.dtype == torch.float32


def test_outputs_without_a_gradient_are_left_out_and_told():
    report = check_torch(lambda x: {"loss": x**2, "seen": [x.detach() * 3]}, X)
    assert report.verdict == PASS
    assert "left out, as they require no gradient: 1 outputs" in report.diagnosis
    silent = check_torch(lambda x: x.detach() * 2, X)
    assert silent.verdict == FAIL
    assert "backward is never called" in silent.diagnosis
    assert check_torch(torch.fft.fft, X).verdict == PASS


# How a backward computes.


@pytest.mark.parametrize(
    ("slope", "verdict", "says"),
    [
        (lambda x: (3 * x.float() ** 2).double(), PASS, "backward computes in float32"),
        (lambda x: 3 * x.float() ** 2, PASS, "backward computes in float32"),
        (lambda x: 3 * x.half().float() ** 2, INCONCLUSIVE, "computes in float16"),
        (lambda x: torch.from_numpy(3 * x.numpy().astype(np.float32) ** 2), PASS,
         "the digits of single precision only"),
        (lambda x: 3.003 * x.float() ** 2, FAIL, "it is 0.1 % too large"),
        (lambda x: 2 * x.float() ** 2, FAIL, "it is 2/3 times"),
        (lambda x: 3 * x**2, PASS, "4 components agree with differences"),
    ],
)  # fmt: skip
def test_steps_in_single_precision_are_named(slope, verdict, says):
    report = check_torch(cube(slope), X)
    assert report.verdict == verdict, report
    assert re.search(says, report.diagnosis)


def test_what_cannot_run_in_double_precision_runs_as_it_came():
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.table = nn.Parameter(torch.rand(2)), torch.rand(3, 2)

        def forward(self, x):
            return x @ self.table * self.w

    report = check_torch(Fixed(), torch.rand(4, 3))
    assert report.verdict == PASS
    assert "it runs in float32 only, and was checked so" in report.diagnosis
    single = op(lambda x: (x.float() ** 3).double(), lambda g, x: 3.3 * g * x**2)
    wrong = check_torch(single, X)
    assert wrong.verdict == FAIL
    assert "forward computes in float32" in wrong.diagnosis


CONSTANTS = {  # of single precision beside inputs made double: forward, or backward
    "huber": lambda x: nn.functional.huber_loss(x, torch.zeros(4)),
    "product": lambda x: x @ torch.ones(4, 2),
    "backward": op(lambda x: x**2 @ torch.ones(4, dtype=x.dtype),
                   lambda g, x: g * 2 * x * (x @ torch.eye(4) / x)),
}  # fmt: skip


@pytest.mark.parametrize("key", CONSTANTS)
def test_constants_of_single_precision_are_no_mistake(key):
    report = check_torch(CONSTANTS[key], X)
    assert report.verdict == PASS, report
    assert "it runs in float32 only, and was checked so" in report.diagnosis


def test_an_output_of_single_precision_is_that_of_the_forward():
    single = op(lambda x: torch.tensor((x**2).sum().item()), lambda g, x: g * 2 * x)
    report = check_torch(single, X.double())
    assert report.verdict == PASS
    assert "forward computes in float32" in report.diagnosis


class Calls:
    count = 0


def growing(x):
    Calls.count += 1
    return 3 * x**2 * Calls.count


@pytest.mark.parametrize(
    ("slope", "verdict", "says"),
    [
        (growing, FAIL, "the backward of Cube gives .*accumulates over calls"),
        (
            lambda x: 3 * x**2 * torch.rand(()),
            INCONCLUSIVE,
            "the backward of Cube gives",
        ),
        (
            lambda x: x[:2],
            FAIL,
            "Cube: backward raises: .* returned an invalid gradient",
        ),
    ],
)
def test_a_backward_that_is_no_function_is_named(slope, verdict, says):
    backward = cube(slope)
    if verdict == FAIL and slope is not growing:
        backward = op(lambda x: x**3, lambda g, x: g[:2], "Cube")
    report = check_torch(backward, X)
    assert report.verdict == verdict
    assert re.search(says, report.diagnosis)


def test_an_argument_changed_in_place_is_named():
    x = X.clone()
    report = check_torch(lambda x: x.mul_(2).sum(), x)
    assert report.verdict == PASS
    assert "every call changes its argument input 0 in place" in report.diagnosis
    assert torch.equal(x, X)


# Contracts, and the second order.


def test_a_declared_surrogate_is_reported_and_not_judged():
    straight = op(torch.round, lambda g, x: g, "Quantise")
    assert check_torch(straight, X).verdict == FAIL
    for contract in ("straight-through", "surrogate"):
        report = check_torch(straight, X, contract=contract)
        assert report.verdict == INCONCLUSIVE
        assert {row.verdict for row in report.rows} == {"SURROGATE"}
        assert f"declared {contract}, reported and not judged" in report.diagnosis
        assert report.first_wrong is None


SECOND = {
    "right": (lambda g, x: g * 3 * x**2, PASS, "second derivative .* agree"),
    "detached": (lambda g, x: g * 3 * x.detach() ** 2, FAIL,
                 "second derivative of Op, input 0: the gradient is zero"),
    "half of it": (lambda g, x: g * 3 * x * x.detach(), FAIL, "it is 1/2 times"),
    "in numpy": (lambda g, x: torch.from_numpy((g * 3 * x**2).detach().numpy()), FAIL,
                 "second derivative of Op: the gradient is zero"),
    "what arrives": (lambda g, x: g.detach() * 3 * x**2, FAIL,
                     "second derivative of Op, grad_output: the gradient is zero"),
}  # fmt: skip


@pytest.mark.parametrize("key", SECOND)
def test_a_second_derivative_that_is_silently_wrong_is_found(key):
    rule, verdict, says = SECOND[key]
    once = op(lambda x: x**3, rule)
    assert check_torch(once, X).verdict == PASS
    report = check_torch(once, X, order=2)
    assert report.verdict == verdict, report
    assert re.search(says, report.diagnosis)


@pytest.mark.parametrize("f", [lambda x, y: x**3, lambda x, y: x**3 + 2 * y])
def test_a_second_derivative_may_be_zero_by_an_input(f):
    report = check_torch(f, X, X.clone(), order=2)
    assert report.verdict == PASS, report
    assert "the second derivative of" in report.diagnosis
    assert "refused" not in report.diagnosis


def test_a_second_derivative_that_is_refused_aloud_is_no_mistake():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            [x] = ctx.saved_tensors
            return 3 * x**2 * g

    report = check_torch(Once, X, order=2)
    assert report.verdict == INCONCLUSIVE
    assert "the second derivative of Once is refused" in report.diagnosis


def test_second_derivatives_of_a_module():
    net = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 1))
    report = check_torch(net, torch.randn(1, 2), order=2)
    assert report.verdict == PASS
    assert {row.node for row in report.rows} == {
        "Sequential", "the second derivative of Sequential"
    }  # fmt: skip


# What is refused.


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: check_torch(nn.Linear, X), "Linear is a class of modules"),
        (lambda: check_torch(torch.abs, X + 1j), "input 0 is torch.complex64"),
        (lambda: check_torch(torch.abs, X, contract="exat"), "did you mean 'exact'"),
        (lambda: check_torch(torch.abs, X, order=3), "order=3"),
        (
            lambda: check_torch(torch.abs, torch.tensor([1])),
            "no tensor of floating point",
        ),
        (lambda: check_torch(lambda x: 3, X), "returns no tensor of floating point"),
    ],
)
def test_what_cannot_be_checked_is_refused(call, says):
    with pytest.raises(OptionError, match=says):
        call()


def test_the_same_call_gives_the_same_report():
    net, x = nn.Linear(3, 2), torch.randn(1, 3)
    assert check_torch(net, x) == check_torch(copy.deepcopy(net), x)
