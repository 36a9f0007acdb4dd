"""Ctrl-C at any moment: it is heard, a fit keeps its best, and all state is intact."""

import functools
import gc
import random
import signal
import time
from collections.abc import Mapping
from types import FrameType, SimpleNamespace

import numpy as np
import pytest

from cgprimer import (
    SGD,
    Adam,
    LeastSquares,
    check_gradients,
    fit,
    generate,
    minimize,
    parse_graph,
    trace,
)
from cgprimer.expr.ops import FUNCTIONS, OPS
from cgprimer.fitting.result import OUTCOMES
from cgprimer.keeping import Weakly
from cgprimer.run import objective as objectives
from cgprimer.run import pace, sweeps
from cgprimer.run.llvm import sample_rows
from cgprimer.run.objective import Objective

pytestmark = [
    pytest.mark.skipif(
        not hasattr(signal, "setitimer"), reason="no timers on this system"
    ),
    # llvmlite's own destructors are Python code, in which an interrupt is lost
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]

CURVE = parse_graph(["xy = a*xa + b*tanh(c*xa)", "xz = xy^2 + sin(xa)"])
TRUTH = {"a": 1.0, "b": 2.0, "c": 3.0}
BOWL = parse_graph(["xf = (w - 3)^2 + exp(w)"])
AT = {**TRUTH, "xa": 0.5}
DATA = generate(CURVE, TRUTH, 4_000, rng=1)


def chain(length: int) -> list[str]:
    return [f"x{k} = a{k}*x{k - 1} + sin(x{k - 1})" for k in range(1, length)]


@functools.cache
def data_of(size: int):
    return generate(CURVE, TRUTH, size, rng=1)


def fitted(method, loss="mse"):
    def run(size: int):
        data = data_of(size)
        return fit(CURVE, data, method, loss=loss, epochs=10, rng=3, progress=False)

    return run


def parsed(size: int):
    graph = parse_graph(chain(size))
    return graph.inputs, graph.outputs, len(graph)


FITS = {
    "SGD": fitted(SGD(0.01)),
    "Adam": fitted(Adam(0.01)),
    "mae": fitted(Adam(0.01), "mae"),
    "LeastSquares": fitted(LeastSquares()),
    "minimize": lambda size: minimize(
        BOWL,
        "xf",
        start={"w": 1.0},
        steps=max(size // 20, 10),
        progress=False,
    ),
}
CALLS = {
    "evaluate": lambda size: CURVE.evaluate({**AT, "xa": np.linspace(-1, 1, size)}),
    "compiled": lambda size: CURVE.compile().values_and_partials(
        {**AT, "xa": np.linspace(-1, 1, size)}
    ),
    "gradient_at": lambda size: CURVE.gradient_at(
        "xz", {**AT, "xa": np.linspace(-1, 1, size)}
    ),
    "check": lambda size: str(check_gradients(CURVE, at=AT)),
    "trace": lambda size: str(trace(CURVE, AT)),
    "generate": lambda size: generate(CURVE, TRUTH, size, rng=0).targets,
    "parse": parsed,
}
SIZES = {
    "LeastSquares": 50_000,
    "evaluate": 10**6,
    "compiled": 10**6,
    "parse": 10**5,
    "generate": 10**6,
}


@pytest.fixture(autouse=True)
def heard():
    """Ctrl-C as Python hears it; a shell's background jobs are started deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def begun(frame: FrameType | None) -> bool:
    """Whether a fit is at work, which has to return what it found so far."""
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if module == "cgprimer.fitting.fit" and "conclude" in frame.f_locals:
            return True
        frame = frame.f_back
    return False


def interrupted(call, delay: float):
    """What `call` returns or raises if Ctrl-C comes after `delay`, and how late.

    Late in seconds of this process, whatever else the machine does: none where it comes
    when `call` has ended. A KeyboardInterrupt is given back where no fit was at work,
    and raised where one was.
    """
    rung: list[float] = []
    lost: list[bool] = []

    def ring(_, frame):
        lost.append(begun(frame))
        rung.append(time.process_time())
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        found = call()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt as error:
        if any(lost):
            raise AssertionError("what the fit had found is lost") from error
        found = error.with_traceback(None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return found, time.process_time() - rung[0] if rung else 0.0


def same(a, b) -> bool:
    if hasattr(a, "parameters"):
        return a.parameters == b.parameters and a.message == b.message
    if isinstance(a, tuple) and a and isinstance(a[0], Mapping):
        return all(map(same, a, b))
    if isinstance(a, Mapping):
        return all(np.array_equal(a[key], b[key]) for key in a)
    return a == b


def attack(name: str, call, times: int, seed: int) -> float:
    """Interrupt `call` at random moments; how late Ctrl-C was heard at worst."""
    rng, known = random.Random(seed), (dict(FUNCTIONS), dict(OPS))
    right = call()
    began = time.perf_counter()
    call()
    length = time.perf_counter() - began
    latest = 0.0
    for _ in range(times):
        found, late = interrupted(call, max(rng.uniform(0, length), 2e-3))
        if name in FITS and not isinstance(found, KeyboardInterrupt):
            assert np.isfinite([*found.parameters.values()]).all()
            assert found.message.startswith(OUTCOMES[found.status])
            if found.epoch_losses is not None and len(found.epoch_losses):
                assert found.loss <= found.epoch_losses[0]
            heard = found.status == "interrupted"
        else:
            heard = isinstance(found, KeyboardInterrupt)
            assert heard or name in FITS or same(found, right)
        latest = max(latest, late if heard else 0.0)
        assert gc.isenabled()
        assert known == (FUNCTIONS, OPS)
    assert same(call(), right)
    print(f"{name}: seed {seed}, {times} interrupts, heard after {latest:.3f} s")
    return latest


@pytest.mark.every(3)
@pytest.mark.parametrize("name", [*FITS, *CALLS])
def test_ctrl_c_leaves_the_best_and_everything_intact(name: str):
    size = 30_000 if name == "parse" else 4_000
    attack(name, lambda: {**FITS, **CALLS}[name](size), 3, seed=0)


# llvmlite frees its objects in code of Python: an exception that is raised there is
# lost, so one Ctrl-C in some hundreds has to be pressed again. Shown as a warning.
@pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("name", [*FITS, *CALLS])
def test_a_hundred_interrupts_are_heard_in_time(name: str):
    size = SIZES.get(name, 100_000)
    late = attack(name, lambda: {**FITS, **CALLS}[name](size), 100, seed=1)
    assert late < 2  # of all threads; 0.5 s are the goal


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 64, None])
def test_a_long_chain_hears_ctrl_c_within_an_epoch(batch: int | None):
    graph = parse_graph(chain(3000))
    data = generate(graph, dict.fromkeys(graph.parameters, 0.1), 20_000, rng=1)
    for delay in (0.5, 1.7, 2.9):
        found, late = interrupted(
            lambda: fit(graph, data, SGD(1e-4), batch=batch, progress=False), delay
        )
        assert found.status == "interrupted"
        print(f"batch {batch}: heard after {late:.3f} s")
        assert late < 2


# Where it comes, one place after another


def stop(*args, **kwargs):
    raise KeyboardInterrupt


PLACES = {
    "the data are packed": ("cgprimer.fitting.fit._objective", "not computed"),
    "the first loss": ("cgprimer.fitting.fit.Objective.value", "not computed"),
    "the constants": (
        "cgprimer.fitting.conclusion.beside_constants",
        "R² was not computed",
    ),
    "the rank": (
        "cgprimer.fitting.conclusion.determine",
        "determined was not computed",
    ),
    "the errors": (
        "cgprimer.fitting.conclusion.findings",
        "determined was not computed",
    ),
}


@pytest.mark.parametrize("method", [SGD(0.01), Adam(0.01), LeastSquares()])
@pytest.mark.parametrize("place", PLACES)
def test_wherever_it_comes_the_best_is_returned(place, method, monkeypatch):
    start = {"a": 0.4, "b": 0.5, "c": 0.6}
    name, told = PLACES[place]
    monkeypatch.setattr(name, stop)
    found = fit(CURVE, DATA, method, start=start, epochs=3, progress=False)
    monkeypatch.undo()
    whole = fit(CURVE, DATA, method, start=start, epochs=3, progress=False)
    if place == "the first loss" and isinstance(method, LeastSquares):
        assert found.parameters == whole.parameters  # it asks for residuals only
        return
    assert found.status == "interrupted"
    assert told in found.message
    early = place in ("the data are packed", "the first loss")
    assert found.parameters == (start if early else whole.parameters)
    assert np.isnan(found.loss) if early else found.loss == whole.loss


def test_parameters_better_than_those_of_the_last_epoch_are_kept(monkeypatch):
    calls, parts = [], Objective.epoch

    def epoch(self, state, *rest):
        if calls:
            raise KeyboardInterrupt
        calls.append(parts(self, state, *rest))
        return calls[0]

    monkeypatch.setattr(Objective, "epoch", epoch)
    monkeypatch.setattr(pace, "FIRST", 64.0 * 200)  # several parts in an epoch
    found = fit(CURVE, DATA, SGD(0.01), epochs=1, progress=False)
    assert found.status == "interrupted"
    assert len(found.epoch_losses) == 1  # not one epoch was over
    assert found.loss < found.epoch_losses[0]


def test_what_dies_while_ctrl_c_is_pending_does_not_lose_it():
    class Thing:
        pass

    table: Weakly[int, Thing] = Weakly()
    things = [table.hold(k, Thing()) for k in range(1000)]
    code = {ref.__callback__.__class__.__name__ for ref in table.values()}
    assert code == {"builtin_function_or_method"}  # nothing that could be interrupted
    del things
    assert len(table) == 0


# Parts


@pytest.mark.parametrize("count", [1, 7, 100, 1001])
@pytest.mark.parametrize("target", ["auto", "numpy"])
def test_values_in_parts_are_the_same_bit_for_bit(target, count, monkeypatch):
    at = {**AT, "xa": np.linspace(-1, 1, count)}
    whole = CURVE.compile(target=target).values_and_partials(at)
    monkeypatch.setattr(sample_rows, "CHUNK", 64)
    monkeypatch.setattr(sweeps, "BLOCK", 64)
    assert same(CURVE.compile(target=target).values_and_partials(at), whole)


@pytest.mark.every(2)
@pytest.mark.parametrize("batch", [1, 7, 64])
@pytest.mark.parametrize("length", [5, 60])  # one function, and shape by shape
def test_gradients_and_epochs_in_parts_are_the_same_bit_for_bit(
    length, batch, monkeypatch
):
    graph = parse_graph(chain(length))
    data = generate(graph, dict.fromkeys(graph.parameters, 0.1), 3000, rng=1)

    def results():
        objective = graph.compile().objective(data.inputs, data.targets)
        params = np.linspace(0.1, 0.2, len(graph.parameters))
        order = np.random.default_rng(0).permutation(3000)
        after = objective.sgd_epoch(params, rate=1e-3, batch=batch, order=order)
        value, gradient = objective.value_and_gradient(params)
        return [*after, value, *gradient, *objective.jacobian(params).ravel()]

    whole = results()
    monkeypatch.setattr(pace, "FIRST", 1.0)
    monkeypatch.setattr(pace, "GOAL", 1e-5)
    assert results() == whole


@pytest.mark.parametrize("length", [5, 60])
def test_a_long_batch_steps_to_the_same_place(length, monkeypatch):
    graph = parse_graph(chain(length))
    data = generate(graph, dict.fromkeys(graph.parameters, 0.1), 500, rng=1)
    objective = graph.compile().objective(data.inputs, data.targets)
    params = np.linspace(0.1, 0.2, len(graph.parameters))
    once = objective.sgd_epoch(params, rate=1e-2, batch=500)
    monkeypatch.setattr(objectives, "LONG", 0.0)
    np.testing.assert_allclose(
        objective.sgd_epoch(params, rate=1e-2, batch=500), once, rtol=1e-12
    )


def test_an_interrupted_evaluation_leaves_the_data_of_others_alone(monkeypatch):
    from cgprimer.run.llvm import by_shape

    graph = parse_graph(chain(60))
    data = generate(graph, dict.fromkeys(graph.parameters, 0.1), 500, rng=1)
    runner = graph.compile().objective(data.inputs, data.targets).runner
    params = np.linspace(0.1, 0.2, len(graph.parameters))
    right = runner.value_and_gradient(params)[0]
    driver, halted = by_shape._driver, SimpleNamespace(call=stop)
    monkeypatch.setattr(
        by_shape,
        "_driver",
        lambda title: halted if title == "forward" else driver(title),
    )
    with pytest.raises(KeyboardInterrupt):
        runner.rows(params, np.zeros_like(runner.data), runner.layout.row)
    assert runner.value_and_gradient(params)[0] == right
