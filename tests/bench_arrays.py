"""How long training steps of arrays take, against torch and JAX where these are.

    python tests/bench_arrays.py [part of a title]

A step is the loss, its gradient and plain descent. All have one thread, and are timed
in turn, round by round in one process, after their losses have been compared; a ratio
is that of the medians, ours to theirs, beside it the goal. Nothing here asserts a time.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import numpy as np

from cgprimer import parse_graph
from cgprimer.diff.sweep import partials
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import Dims, Sizing
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import name
from cgprimer.run.llvm.arrays import ArrayStep, compile_arrays, compile_step

RATE, ROUNDS, SPAN = 1e-3, 15, 5e-3
Arrays = dict[str, np.ndarray]
Step = Callable[[], float]


class Model(NamedTuple):
    """A loss, its slopes by the parameters, the dims of names, and which are data."""

    loss: Node
    slopes: dict[str, Node]
    sizing: Sizing
    sampled: set[str]
    samples: int


def model(text: str, dims: dict[str, Dims], samples: int) -> Model:
    """A model from its text, the loss last; samples is 1 of a batch written out."""
    made: dict[Node, Node] = {}
    for line in text.strip().splitlines():
        title, body = line.strip().split(" = ")
        [made[name(title)]] = substitute([parse_array_expression(body)], made)
    loss, sizing = made[name(title)], Sizing(dict(dims))
    found = partials(loss, [name(n) for n in dims if n[0] != "x"], sizing=sizing)
    slopes = {str(n.value): slope for n, slope in found.items()}
    sampled = {"xx", "xt"} if samples > 1 else set()
    return Model(loss, slopes, sizing, sampled, samples)


def network(sizes: list[int], batch: int, written_out: bool) -> Model:
    """A network with relu between layers, of one sample or with a batch written out."""
    dims: dict[str, Dims] = {}
    lines, before = [], "xx"
    for k, (n, m) in enumerate(pairwise(sizes)):
        dims |= {f"W{k}": (n, m) if written_out else (m, n), f"b{k}": (m,)}
        z = f"{before} @ W{k}" if written_out else f"W{k} @ {before}"
        last = k == len(sizes) - 2
        lines.append(f"x{k} = {z} + b{k}" if last else f"x{k} = relu({z} + b{k})")
        before = f"x{k}"
    if written_out:
        lines.append(f"xl = mean(logsumexp({before}, axis=1) - {before}[xt])")
    else:
        lines.append(f"xl = logsumexp({before}) - {before}[xt]")
    lead = (batch,) if written_out else ()
    dims |= {"xx": (*lead, sizes[0]), "xt": lead}
    return model("\n".join(lines), dims, 1 if written_out else batch)


LENET = """
xc = maxpool2d(relu(conv2d(xx, K1) + k1), size=2)
xd = maxpool2d(relu(conv2d(xc, K2) + k2), size=2)
xe = relu(V1 @ flatten(xd) + v1)
xf = relu(V2 @ xe + v2)
xo = V3 @ xf + v3
xl = logsumexp(xo) - xo[xt]
"""
LENET_DIMS: dict[str, Dims] = {
    "K1": (6, 3, 5, 5), "k1": (6, 1, 1), "K2": (16, 6, 5, 5), "k2": (16, 1, 1),
    "V1": (120, 400), "v1": (120,), "V2": (84, 120), "v2": (84,), "V3": (10, 84),
    "v3": (10,), "xx": (3, 32, 32), "xt": (),
}  # fmt: skip


def values(made: Model) -> Arrays:
    """Numbers for all names."""
    rng, at = np.random.default_rng(0), {}
    for title, dims in made.sizing.names.items():
        own = tuple(map(int, dims))
        shape = (made.samples, *own) if title in made.sampled else own
        if title == "xt":
            at[title] = rng.integers(0, 10, shape).astype(float)
        else:
            scale = 1.0 if title == "xx" else np.sqrt(np.prod(own[1:]))
            at[title] = rng.normal(size=shape) / scale
    return at


def ours(made: Model, at: Arrays, dtype: str) -> tuple[Step, ArrayStep]:
    """A step of ours."""
    code = compile_step(
        made.loss, made.slopes, made.sizing, made.sampled, made.samples, dtype
    )
    data = {title: at[title] for title in ("xx", "xt")}
    start = {title: at[title] for title in made.slopes}
    step = ArrayStep(code, start, data, len(at["xx"]))
    rows = slice(0, len(at["xx"]))
    return lambda: step(rows, RATE), step


# Peers


def torch_step(forward: Callable[..., Any], at: Arrays, dtype: str) -> Step:
    """A step of torch, eager; `forward(torch, parameters, data)` is the output."""
    import torch

    torch.set_num_threads(1)
    kind = torch.float64 if dtype == "float64" else torch.float32
    given = {n: torch.tensor(v, dtype=kind) for n, v in at.items()}
    x, classes = given.pop("xx"), given.pop("xt").long()
    for value in given.values():
        value.requires_grad_()

    def step() -> float:
        output = forward(given, x)
        loss = torch.nn.functional.cross_entropy(output, classes)
        for value in given.values():
            value.grad = None
        loss.backward()
        with torch.no_grad():
            for value in given.values():
                value -= RATE * value.grad
        return float(loss.detach())

    return step


def jax_step(forward: Callable[..., Any], at: Arrays, dtype: str) -> Step:
    """A step of JAX, compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    given = {n: jnp.asarray(v, dtype) for n, v in at.items()}
    x, classes = given.pop("xx"), given.pop("xt").astype(int)

    def loss(given: Any) -> Any:
        output = forward(given, x)
        picked = jnp.take_along_axis(output, classes[:, None], 1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(output, axis=1) - picked)

    def update(given: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(given)
        return value, {n: given[n] - RATE * slopes[n] for n in given}

    state, compiled = [given], jax.jit(update)

    def step() -> float:
        value, state[0] = compiled(state[0])
        return float(value)

    return step


def network_by(relu: Callable[..., Any], layers: int, written_out: bool) -> Any:
    """A network in another library."""

    def forward(at: Mapping[str, Any], x: Any) -> Any:
        for k in range(layers):
            weights = at[f"W{k}"]
            x = x @ (weights if written_out else weights.T) + at[f"b{k}"]
            x = relu(x) if k < layers - 1 else x
        return x

    return forward


def lenet_torch(at: Mapping[str, Any], x: Any) -> Any:
    """LeNet in torch."""
    from torch.nn import functional as f

    for k in "12":
        x = f.conv2d(x, at[f"K{k}"], at[f"k{k}"].view(-1))
        x = f.max_pool2d(f.relu(x), 2)
    x = x.flatten(1)
    for k in "12":
        x = f.relu(f.linear(x, at[f"V{k}"], at[f"v{k}"]))
    return f.linear(x, at["V3"], at["v3"])


def lenet_jax(at: Mapping[str, Any], x: Any) -> Any:
    """LeNet in JAX."""
    import jax

    for k in "12":
        x = jax.lax.conv_general_dilated(
            x, at[f"K{k}"], (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW")
        )
        x = jax.nn.relu(x + at[f"k{k}"])
        window = (1, 1, 2, 2)
        x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, window, window, "VALID")
    x = x.reshape(len(x), -1)
    for k in "12":
        x = jax.nn.relu(x @ at[f"V{k}"].T + at[f"v{k}"])
    return x @ at["V3"].T + at["v3"]


def available() -> list[str]:
    """The peers that are installed."""
    found = []
    for title in ("torch", "jax"):
        try:
            __import__(title)
        except ImportError:
            continue
        found.append(title)
    return found


# Timing


def seconds(step: Step, calls: int) -> float:
    """How long a call takes, over some calls."""
    began = time.perf_counter()
    for _ in range(calls):
        step()
    return (time.perf_counter() - began) / calls


def compare(title: str, steps: Mapping[str, Step], goals: Mapping[str, float],
            gap: float) -> None:  # fmt: skip
    """Time steps in turn and print a row of the table."""
    losses = {who: np.array([step() for _ in range(3)]) for who, step in steps.items()}
    calls = max(1, int(SPAN / seconds(steps["ours"], 3)))
    times: dict[str, list[float]] = {who: [] for who in steps}
    for _ in range(ROUNDS):
        for who, step in steps.items():
            times[who].append(seconds(step, calls))
    median = {who: float(np.median(each)) for who, each in times.items()}
    row = f"{title:34} {median['ours'] * 1e3:9.3f} ms"
    for who in steps:
        if who != "ours":
            ratio = median["ours"] / median[who]
            goal = goals.get(who, float("inf"))
            met = "met" if ratio <= goal else "MISSED"
            row += f"   {who} {ratio:5.2f} (goal {goal:g}: {met})"
            far = float(np.abs(losses["ours"] - losses[who]).max())
            row += f" gap {far:.0e}" + " DISAGREES" * (far > gap)
    print(row, flush=True)


def steps_of(made: Model, dtype: str, by_torch: Any, by_jax: Any) -> dict[str, Step]:
    """Our step and those of the peers, from the same numbers."""
    at = values(made)
    steps = {"ours": ours(made, at, dtype)[0]}
    makers = {"torch": (torch_step, by_torch), "jax": (jax_step, by_jax)}
    for who in available():
        maker, forward = makers[who]
        steps[who] = maker(forward, {n: v.copy() for n, v in at.items()}, dtype)
    return steps


def relus() -> dict[str, Any]:
    """relu of each peer."""
    found: dict[str, Any] = {"torch": None, "jax": None}
    if "torch" in available():
        import torch

        found["torch"] = torch.relu
    if "jax" in available():
        import jax

        found["jax"] = jax.nn.relu
    return found


def networks(dtype: str, gap: float) -> None:
    """Networks of layers."""
    relu = relus()
    for sizes, batch, goals in (
        ([784, 100, 10], 100, {"torch": 0.75, "jax": 0.95}),
        ([784, 512, 512, 10], 100, {"torch": 0.75, "jax": 0.95}),
        ([64, 32, 10], 16, {"torch": 0.1, "jax": 0.25}),
    ):
        for written_out in (False, True):
            title = "-".join(map(str, sizes)) + (" written out" if written_out else "")
            if wanted(title):
                made = network(sizes, batch, written_out)
                peers = [
                    network_by(relu[who], len(sizes) - 1, written_out)
                    for who in ("torch", "jax")
                ]
                steps = steps_of(made, dtype, *peers)
                compare(f"{title} {dtype}", steps, goals, gap)


def lenets(dtype: str, gap: float) -> None:
    """LeNet."""
    for batch, goals in (
        (4, {"torch": 0.4, "jax": 0.4}), (64, {"torch": 0.5, "jax": 0.3}),
    ):  # fmt: skip
        if wanted(f"lenet {batch}"):
            made = model(LENET, LENET_DIMS, batch)
            steps = steps_of(made, dtype, lenet_torch, lenet_jax)
            compare(f"lenet {batch} {dtype}", steps, goals, gap)


def first_gradient() -> None:
    """From the text of LeNet to its first step, nothing kept from before."""
    if not wanted("first gradient"):
        return
    os.environ["CGPRIMER_CACHE"] = ""
    small = network([3, 4, 10], 4, False)
    ours(small, values(small), "float32")[0]()  # what is imported late
    for batch in (4, 64):
        began = time.perf_counter()
        made = model(LENET, LENET_DIMS, batch)
        at = values(made)
        ours(made, at, "float32")[0]()
        own = time.perf_counter() - began
        row = f"lenet {batch} float32, text to first step {own:6.3f} s"
        if "jax" in available():
            began = time.perf_counter()
            jax_step(lenet_jax, at, "float32")()
            ratio = own / (time.perf_counter() - began)
            met = "met" if ratio <= 0.05 else "MISSED"
            row += f"   jax {ratio:.3f} (goal 0.05: {met})"
        print(row, flush=True)


def same_as_scalars() -> None:
    """`W @ x` against the same network as one equation for every number."""
    if not wanted("scalar text"):
        return
    n, m, k, count = 64, 32, 10, 1797
    rng = np.random.default_rng(0)
    data, target = rng.uniform(0, 1, (count, n)), rng.uniform(-1, 1, (count, k))
    weights = {"W": (m, n), "b": (m,), "V": (k, m), "v": (k,)}
    at = {title: rng.normal(size=dims) / 8 for title, dims in weights.items()}
    text = "xh = tanh(W @ xx + b)\nxl = sum((V @ xh + v - xt)^2)"
    made = model(text, {**weights, "xx": (n,), "xt": (k,)}, count)
    roots = [made.loss, *made.slopes.values()]
    f = compile_arrays(roots, made.sizing, made.sampled, count, means=range(len(roots)))
    given = {**at, "xx": data, "xt": target}
    lines = [
        f"xh{j} = tanh(" + " + ".join(f"w{j}a{i}*xi{i}" for i in range(n)) + f" + b{j})"
        for j in range(m)
    ] + [
        f"xo{j} = " + " + ".join(f"v{j}a{i}*xh{i}" for i in range(m)) + f" + c{j}"
        for j in range(k)
    ]
    graph = parse_graph(lines, outputs=[f"xo{j}" for j in range(k)])
    objective = graph.compile(target="jit").objective(
        {f"xi{i}": data[:, i].copy() for i in range(n)},
        {f"xo{j}": target[:, j].copy() for j in range(k)},
    )
    number = {f"w{j}a{i}": at["W"][j, i] for j in range(m) for i in range(n)}
    number |= {f"v{j}a{i}": at["V"][j, i] for j in range(k) for i in range(m)}
    number |= {f"b{j}": at["b"][j] for j in range(m)}
    number |= {f"c{j}": at["v"][j] for j in range(k)}
    params = np.array([number[title] for title in graph.parameters])
    steps: dict[str, Step] = {
        "ours": lambda: float(f(given)[0]),
        "scalar text": lambda: float(objective.value_and_gradient(params)[0]),
    }
    scale = steps["ours"]() / steps["scalar text"]()
    print(f"64-32-10, 1797 samples: losses are in the ratio {scale:.12g}")
    compare("64-32-10 as W @ x, 1797 samples", steps, {"scalar text": 1.0}, np.inf)


def wanted(title: str) -> bool:
    """Whether a row is asked for."""
    return len(sys.argv) < 2 or sys.argv[1] in title


def main() -> None:
    """Print the table."""
    for dtype, gap in (("float64", 1e-10), ("float32", 1e-4)):
        networks(dtype, gap)
        lenets(dtype, gap)
    same_as_scalars()
    first_gradient()


if __name__ == "__main__":
    main()
