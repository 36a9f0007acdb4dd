"""Whatever comes in, only errors of ours come out.

Inputs are written by right grammars with right names and then, half of them, spoilt; a
table gives every argument of every public function values of every wrong kind. Each
failure names its family, seed and number: `attack(family, seed, [number])` repeats it.
"""

import contextlib
import os
import random
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import cgprimer as cg
from cgprimer.errors import CGPrimerError, NonFiniteWarning

LONGEST = 4000  # characters of a message
SECONDS = 20  # that no input may take
FUNCTIONS = ("exp", "log", "sin", "tanh", "sqrt", "abs", "sigmoid", "relu", "erf")
SPOILERS = [
    *"=()+-*/^,.;:_{}[]\\|#%&$~'\"<>!?@ \t\n\r\0", "**", "((", "))", "1e400", "1e-400",
    "0x1", "1_0", "é", "β", "σ", "∂", "−", "×", "²", "𝑥", "ａ", "\u202e", "\ud800",
    "\x1b", "\u200b", "pi", "e", "lambda", "import", "inf", "nan", "max", "bar_",
    "_bar", "d", "d_", r"\bar", r"\frac", r"\frac{", r"\sqrt[", r"\left", r"\\",
    r"\mathrm",
    r"\sin^", r"\partial", "9" * 400, "x" * 300, "xx", "f(", "sin(", "xlogy(", "==",
    "->",
    "\ufeff",
]  # fmt: skip


def spoilt(rng: random.Random, text: str, share: float = 0.55) -> str:
    """The text, or one with up to three mistakes."""
    for _ in range(rng.randint(1, 3) if rng.random() < share else 0):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        j = min(j, i + rng.randint(0, 6))
        text = rng.choice(
            [text[:i] + text[j:], text[:i] + rng.choice(SPOILERS) + text[i:],
             text[:j] + text[i:], text[:i] + rng.choice(SPOILERS) + text[j:]]
        )  # fmt: skip
    return text


def formula(rng: random.Random, names: list[str], depth: int = 3) -> str:
    kind = rng.randrange(8) if depth else rng.randrange(2)
    if kind == 0:
        return rng.choice(["2", "0.5", "1e-3", "3.25", "0", "1", "pi", "7e2"])
    if kind <= 2:
        return rng.choice(names)
    below = formula(rng, names, depth - 1)
    if kind == 3:
        return f"{rng.choice(FUNCTIONS)}({below})"
    if kind == 4:
        return f"({below})^{rng.choice(['2', '3', '-1', '0.5', '(-2)'])}"
    if kind == 5:
        return f"-{below}" if below[0] not in "-+" else f"({below})"
    return f"({below}) {rng.choice('+-*/')} {formula(rng, names, depth - 1)}"


def used(graph: cg.Graph) -> None:
    """What people do first with a graph."""
    at = dict.fromkeys((*graph.inputs, *graph.parameters), 0.5)
    graph.evaluate(at)
    graph.gradient_at(graph.outputs[0], at)
    assert str(graph), repr(graph)


def equations(rng: random.Random) -> Any:
    names, lines = ["xa", "xb", "ab", "ac"], []
    for name in rng.sample(["xc", "xd", "y", "x_1"], rng.randint(1, 3)):
        lines.append(f"{name} = {formula(rng, names)}")
        names.append(name) if name[0] == "x" else None
    text = spoilt(rng, "\n".join(lines))
    given = text if rng.random() < 0.3 else text.split("\n")
    options = {
        "outputs": rng.choice([None, None, None, ["xc"], "xd", [spoilt(rng, "y")]])
    }
    return lambda: used(cg.parse_graph(given, **options)), (given, options)


def mappings(rng: random.Random) -> Any:
    """A dict, or pairs, of texts and sympy expressions."""
    names = ["xa", "xb", "ab"]
    given = {}
    for name in rng.sample(["xc", "xd", "xe"], rng.randint(1, 2)):
        right: Any = formula(rng, names, 2)
        if rng.random() < 0.6:
            right = symbolic(rng, names)
        given[spoilt(rng, name, 0.1)] = right if rng.random() < 0.9 else odd(rng)
    pairs: Any = given if rng.random() < 0.6 else list(given.items())
    if rng.random() < 0.2:
        equation = sympy.Eq(sympy.Symbol("xq"), symbolic(rng, names), evaluate=False)
        pairs = [equation, symbolic(rng, names)] if rng.random() < 0.3 else [equation]
    return lambda: used(cg.parse_graph(pairs)), pairs


def symbolic(rng: random.Random, names: list[str]) -> Any:
    a, b = (sympy.Symbol(rng.choice(names)) for _ in range(2))
    n = rng.choice([sympy.Integer(2), sympy.Rational(1, 3), sympy.Float("0.5"), a])
    made = rng.choice(
        [lambda: sympy.sin(a) * b + n, lambda: a**n - b, lambda: n * sympy.pi,
         lambda: sympy.exp(-a) / (b + 2), lambda: sympy.Max(a, b) * n,
         lambda: sympy.sqrt(a**2 + b**2),
         lambda: sympy.Abs(a) + sympy.Heaviside(b), lambda: sympy.coth(a + 1) * b]
    )()  # fmt: skip
    if rng.random() < 0.25:
        made = rng.choice(
            [sympy.Function("f")(a), made * sympy.I, made + sympy.oo,
             sympy.Matrix([made]), sympy.Piecewise((made, a > 0)),
             sympy.Derivative(made, a), sympy.gamma(a),
             sympy.Integral(made, a), sympy.Symbol("x y"), sympy.Dummy(), a > b,
             sympy.nan, sympy.zoo, sympy.Integer(10) ** 400, sympy.true,
             sympy.Symbol("sin") * a,
             sympy.Symbol(""), sympy.FiniteSet(a), sympy.Tuple(a, b), sympy.Wild("w")]
        )  # fmt: skip
    return made


def derivations(rng: random.Random) -> Any:
    known = ["x", "a"]
    lines = []
    for i in range(rng.randint(1, 2)):
        lines.append(f"v{i + 1} = {formula(rng, known, 2)}")
        known.append(f"v{i + 1}")
    v = rng.choice(known[2:])
    right = formula(rng, known, 1)
    lines.append(
        rng.choice(
            [f"d{v}/dx = {right}", f"∂{v}/∂x = {right} = {right}", f"bar_{v} = 1",
             rf"\frac{{\partial {v}}}{{\partial x}} = \frac{{1}}{{2}} \cdot ({right})",
             rf"\bar {v} = 1", rf"\bar{{{v}}} = \sin x", f"{v} = {right}",
             rf"\sigma(x) = \sqrt{{x}} # {right}", "β = x + 1",
             rf"v_{{1}} = {right} \\"]
        )
    )  # fmt: skip
    text = spoilt(rng, "\n".join(lines))
    return (
        lambda: str(cg.check_derivation(text, rng=0, points=3, symbolic=False)),
        text,
    )


GRAPH = cg.parse_graph(["xy = a*xa + exp(-b*xb)", "xw = tanh(xy)*a"])
LINE = cg.parse_graph(["xy = a*xa + b"])
AT = {"xa": 0.5, "xb": 0.25, "a": 1.5, "b": 0.5}


def claims(rng: random.Random) -> Any:
    edges = ["xy / d a", "xy / d b", "xy / d xa", "xw / d a", "xw / d xy", "xw / d xa"]
    names = ["a", "xy"] if rng.random() < 0.1 else ["a"]
    lines = [f"d {e} = {formula(rng, names, 2)}" for e in rng.sample(edges, 2)]
    text = spoilt(rng, "\n".join(lines), 0.4)

    def run() -> None:
        found = cg.parse_claims(text)
        if rng_of_run.random() < 0.01:  # the check costs a hundred times as much
            cg.check_gradients(GRAPH, claims=found, at=AT, output="xw")

    rng_of_run = random.Random(rng.random())
    return run, text


def operations(rng: random.Random) -> Any:
    text = spoilt(rng, f"fz(u, v) = {formula(rng, ['u', 'v'], 2)}", 0.4)
    options: dict[str, Any] = {"replace": True}
    if rng.random() < 0.3:
        partials = [formula(rng, ["u", "v", "y"], 1) for _ in range(2)]
        options |= {"partials": partials, "contract": "surrogate"}

    def run() -> None:
        made = cg.custom_op(text, **options)
        if not isinstance(made, cg.CustomOp):  # a mere name asks for a class
            return
        try:
            used(cg.parse_graph([f"xy = {made.name}(a, xa)"]))
        finally:
            made.unregister()

    return run, (text, options)


def tables(rng: random.Random) -> Any:
    """CSV files; their bytes are spoilt too."""
    names = rng.choice([["xa", "xy"], ["xy", "xa"], ["xa", "xy", "note"]])
    rows = [[f"{rng.gauss(0, 1):.4g}" for _ in names] for _ in range(rng.randint(1, 4))]
    text = spoilt(rng, "\n".join(",".join(row) for row in [names, *rows]), 0.5)
    coding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    data = text.encode("utf-8" if coding == "utf-16" else coding, "surrogatepass")
    data = (
        data.decode("utf-8", "replace").encode("utf-16") if coding[-1] == "6" else data
    )

    def run() -> None:
        path = Path(os.environ["FUZZ_FOLDER"]) / "data.csv"
        path.write_bytes(data)
        repr(cg.Dataset.from_csv(path, LINE))

    return run, data


class Odd:
    def __repr__(self) -> str:
        return "Odd()"


ROUND: list[Any] = []
ROUND.append(ROUND)


def odd_values() -> list[Any]:
    with warnings.catch_warnings(action="ignore"):  # that matrices are out of use
        matrix = np.asmatrix([[1.0]])
    values = [
        None, True, "q", "", b"xy", 0, -1, 1.5, float("nan"), float("inf"), 10**400,
        1e308, -1e308, 10**5000, 1j, [], [1], [None], ["xa"], {}, {"xa": 1}, {1: 2},
        (1, 2),
        {1}, Odd(), int, np.zeros((2, 2, 2)), np.zeros(0), np.float64("nan"),
        np.int64(-3),
        sympy.Symbol("xa"), GRAPH, "a\0b", "\ud800", np.array([1, "a", None], object),
        np.ma.masked, np.complex64(2), np.float16(2), np.longdouble("1e400"), ROUND,
        np.array(2.0), np.timedelta64(2), Decimal("nan"), Fraction(1, 3), sympy.nan,
        [[1], [1, 2]], [1.0, np.ma.masked], matrix, "x" * 10**5,
        {10**5000: 1}, {("xy", "a"): np.ma.masked}, {("xy", "a"): 10**400},
        np.datetime64("2020-01-01"), {("xy", "a"): None}, {("xy",): 1}, {(1, 2): 1},
    ]  # fmt: skip
    for value in (10**400, None, Odd(), [[1]], "1", b"1", True, 1j, np.zeros(0)):
        values.append({"xa": value, "xb": 0.25, "a": 1.5, "b": 0.5})
        values.append({"xa": value, "a": 1.5, "b": 0.5})
        values.append({"a": value})
        values.append([value, 1.0])
    return values


ODD = odd_values()


def odd(rng: random.Random) -> Any:
    return rng.choice(ODD)


def small_table() -> str:
    path = Path(os.environ["FUZZ_FOLDER"]) / "table.csv"
    path.write_text("xa,xy\n1,2\n2,4.5\n")
    return str(path)


def public_calls() -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Every public function and method with arguments that suit it."""
    data = cg.generate(LINE, {"a": 2, "b": 1}, 12, rng=0)
    result = cg.fit(LINE, data, cg.LeastSquares(), progress=False)
    code = GRAPH.compile(target="numpy")
    made = LINE.compile(target="numpy").objective(data.inputs, data.targets)
    report = cg.check_gradients(LINE, points=1, rng=0)
    trace = cg.trace(GRAPH, AT)
    at, quiet = {"at": AT}, {"progress": False}
    fitting = {"graph": LINE, "data": data, "loss": "mse", "start": None, "rng": 0}
    start = {"a": 0.5, "b": 0.5, "xa": 1.0}
    of_columns = {"graph": LINE, "inputs": None, "targets": None, "sigma": None}
    of_code = {
        "partials": None,
        "contract": "exact",
        "domain": (-3.0, 3.0),
        "kinks": "",
    }
    calls = {
        "parse_graph": (cg.parse_graph, {"expressions": ["xy = a*xa"],
                        "outputs": ["xy"], "parameters": ["a"], "variables": ["xa"]}),
        "gradient": (cg.gradient, {"graph": GRAPH, "output": "xw", "wrt": ["a"]}),
        "generate": (cg.generate, {"graph": LINE, "parameters": {"a": 1, "b": 2},
                     "size": 4, "low": -1.0, "high": 1.0, "sampler": None, "noise": 0.1,
                     "rng": 0}),
        "Dataset": (cg.Dataset, {"inputs": {"xa": [1.0, 2]},
                    "targets": {"xy": [1.0, 2]}, "sigma": None, "ignored": ()}),
        "from_frame": (cg.Dataset.from_frame, {"frame": None, **of_columns}),
        "from_csv": (cg.Dataset.from_csv, {"path": "/nowhere/data.csv", **of_columns}),
        "from_csv as": (cg.Dataset.from_csv, {"path": small_table(), "graph": LINE,
                        "separator": ",", "decimal": ".", "thousands": None,
                        "comment": "#", "encoding": "utf-8", "names": ["xa", "xy"],
                        "rename": {"a": "xa"}, "missing": "drop", "sigma": 1.0}),
        "free_constants": (cg.free_constants, {"graph": LINE, "keep": (),
                           "integers": False}),
        "take": (data.take, {"rows": [0]}),
        "split": (data.split, {"fraction": 0.5, "rng": 0}),
        "batches": (lambda **k: list(data.batches(**k)), {"size": 4, "rng": 0}),
        "fit": (cg.fit, {**fitting, **quiet, "method": cg.SGD(0.01), "epochs": 1,
                "batch": 4, "weighted": None, "identify": None}),
        "least squares": (cg.fit, {**fitting, **quiet, "method": cg.LeastSquares()}),
        "minimize": (cg.minimize, {"graph": LINE, "output": "xy",
                     "method": cg.Adam(0.1), "start": start, "steps": 2, **quiet}),
        "SGD": (cg.SGD, {"rate": 0.1, "momentum": 0.5, "nesterov": False}),
        "Adam": (cg.Adam, {"rate": 0.1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8}),
        "LeastSquares": (cg.LeastSquares, {"ftol": 1e-8, "xtol": 1e-8, "gtol": 1e-8,
                         "max_steps": 10}),
        "huber": (cg.huber, {"delta": 1.0}),
        "check_gradients": (cg.check_gradients, {"graph": LINE, "at": None, "points": 1,
                            "claims": None, "output": None, "rng": 0}),
        "check at": (cg.check_gradients, {"graph": LINE, "at": start,
                     "claims": {("xy", "a"): "xa"}, "output": "xy"}),
        "check_mutations": (cg.check_mutations, {"graph": LINE, "at": start,
                            "points": 1, "rng": 0}),
        "check_function": (square_checked, {"grad": lambda x: 2 * x, **quiet,
                           "names": None, "rng": 0}),
        "compare_partials": (cg.compare_partials, {"graph": GRAPH, **at, "step": None,
                             "scheme": "central"}),
        "edge_partials": (cg.edge_partials, {"graph": GRAPH, **at, "method": "finite",
                          "scheme": "central", "step": None, "typical": None}),
        "diagnose": (cg.diagnose, {"graph": GRAPH, **at}),
        "draw_graph": (cg.draw_graph, {"graph": LINE, "at": None, "ax": None}),
        "plot_loss": (cg.plot_loss, {"results": result, "x": None, "ax": None}),
        "trace": (cg.trace, {"graph": GRAPH, **at, "level": "variables",
                  "output": "xw"}),
        "check_derivation": (cg.check_derivation, {"text": "v = x^2\ndv/dx = 2*x",
                             "variables": None, "rng": 0, "points": 3,
                             "symbolic": False}),
        "parse_claims": (cg.parse_claims, {"text": "d xy / d a = xa"}),
        "historic": (cg.ComputationalGraphPrimer, {"expressions": ["xy=ab*xa"],
                     "output_vars": ["xy"], "dataset_size": 9, "learning_rate": 1e-3,
                     "grad_delta": 1e-4, "display_loss_how_often": 5}),
        "evaluate": (GRAPH.evaluate, at),
        "gradient_at": (GRAPH.gradient_at, {"output": "xw", **at, "wrt": ["a"]}),
        "partial": (GRAPH.partial, {"node": "xy", "wrt": "a"}),
        "equation": (GRAPH.equation, {"name": "xy"}),
        "sympy": (GRAPH.sympy, {"name": "xy"}),
        "paths": (GRAPH.paths, {"source": "xa", "output": "xw", **at, "limit": 10}),
        "to_networkx": (GRAPH.to_networkx, {"level": "variables"}),
        "program": (GRAPH.program, {"outputs": ["xw"]}),
        "compile": (GRAPH.compile, {"target": "numpy", "threads": 1}),
        "Program": (cg.Program, {"graph": LINE, "target": "numpy", "threads": 1}),
        "values": (code.values, at),
        "values_and_partials": (code.values_and_partials, at),
        "objective": (LINE.compile(target="numpy").objective, {"inputs": data.inputs,
                      "targets": data.targets, "loss": "mse", "weights": None,
                      "sigma": None}),
        "sgd_epoch": (made.sgd_epoch, {"params": [1.0, 2], "rate": 0.1, "batch": 2,
                      "order": None}),
        "combination": (result.combination, {"coefficients": {"a": 1}}),
        "intervals": (result.intervals, {"level": 0.9}),
        "row": (documented(report.row, KeyError), {"node": "xy", "wrt": "a"}),
        "html": (trace.html, {"document": False}),
        "formula op": (kept, {"definition": "sq(u)=u*u", "name": None, "latex": "",
                       "replace": True, **of_code}),
        "code op": (kept, {"definition": Square, "name": None, "latex": "",
                    "replace": True, **of_code}),
    }  # fmt: skip
    for name in ("value", "value_and_gradient", "residuals", "jacobian", "predictions"):
        calls[name] = (getattr(made, name), {"params": [1.0, 2.0]})
    return calls


def square_checked(**options: Any) -> cg.CheckReport:
    """What a caller's own function raises is the caller's."""
    return cg.check_function(lambda x: x * x, x=1.5, **options)


class Square:
    def forward(ctx, a):
        ctx.a = a
        return a * a

    def backward(ctx, grad):
        return 2 * ctx.a * grad


def kept(definition: Any, **options: Any) -> None:
    made = cg.custom_op(definition, **options)
    if isinstance(made, cg.CustomOp):
        made.unregister()


def documented(function: Callable[..., Any], error: type[Exception]) -> Any:
    """The function, whose docstring promises this other error."""
    assert error.__name__ in function.__doc__

    def called(**arguments: Any) -> None:
        with contextlib.suppress(error):
            function(**arguments)

    return called


CALLS: dict[str, Any] = {}


def arguments(rng: random.Random) -> Any:
    """One argument of one public function is of another kind."""
    CALLS.update({} if CALLS else public_calls())
    name = rng.choice([*CALLS])
    function, suitable = CALLS[name]
    wrong = {rng.choice([*suitable]): odd(rng)}
    return lambda: function(**{**suitable, **wrong}), (name, wrong)


FAMILIES = {
    f.__name__: (f, count)
    for f, count in (
        (equations, 2000), (mappings, 800), (derivations, 1000), (claims, 1700),
        (operations, 700), (tables, 1300), (arguments, 2500),
    )
}  # fmt: skip


@contextlib.contextmanager
def no_hang(seconds: float) -> Iterator[None]:
    """A test fails that an input holds up, however busy the machine is."""

    def ring(*_: Any) -> None:
        raise TimeoutError(f"no answer within {seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attack(family: str, seed: int, numbers: Any) -> float:
    """The share of inputs of a family that are accepted; nothing else comes out."""
    accepted, failures = 0, []
    for number in numbers:
        run, given = FAMILIES[family][0](random.Random(f"{family} {seed} {number}"))
        try:
            with no_hang(SECONDS):
                run()
            accepted += 1
        except CGPrimerError as error:
            if not str(error).strip() or len(str(error)) > LONGEST:
                failures.append((number, given, f"message {str(error)[:200]!r}"))
        except Exception:
            failures.append((number, given, traceback.format_exc(limit=-3)))
    told = "\n".join(
        f"{family}, seed {seed}, number {n}: {told_short(g)}\n{what}"
        for n, g, what in failures[:5]
    )
    assert not failures, f"{len(failures)} of {len(numbers)} inputs\n{told}"
    return accepted / len(numbers)


def told_short(given: Any) -> str:
    try:
        return ascii(given)[:600]
    except ValueError:  # 10**5000 has more digits than Python prints
        return f"{given[0]!a} with a number of 5 000 digits"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import matplotlib

    monkeypatch.setenv("FUZZ_FOLDER", str(tmp_path))
    with warnings.catch_warnings(), matplotlib.rc_context({"backend": "Agg"}):
        warnings.simplefilter("ignore", NonFiniteWarning)
        yield
        from matplotlib import pyplot

        pyplot.close("all")


def attack_all(family: str, seed: int, count: int) -> None:
    """Half of what a grammar writes is accepted, or it would test little."""
    print(f"{family}: {count} inputs from seed {seed}")
    share = attack(family, seed, range(count))
    assert family == "arguments" or 0.2 < share < 0.8, f"{share:.0%} accepted"


@pytest.mark.every(2)
@pytest.mark.parametrize("family", FAMILIES)
def test_only_errors_of_ours_come_out(family: str):
    attack_all(family, 0, FAMILIES[family][1] // 8)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(1, 51))
def test_half_a_million_inputs(family: str, seed: int):
    """10 000 of each seed; `-k million[7-` takes one seed of them."""
    attack_all(family, seed, FAMILIES[family][1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: cg.check_derivation("bar_{v1 = 2"),
        lambda: cg.parse_graph([sympy.Function("f")(1)]),
        lambda: cg.generate(LINE, None, 10),  # type: ignore[arg-type]
        lambda: cg.generate(LINE, {"a": 1, "b": 1}, 10, low=-1e308, high=1e308),
        lambda: cg.Dataset({"xa": [10**400]}, {"xy": [1.0]}),
        lambda: cg.generate(LINE, {"a": 1, "b": 1}, 3, sampler=int),  # type: ignore[arg-type]
        lambda: cg.custom_op("f(a)=a", domain=np.longdouble("1e400")),  # type: ignore[call-overload]
        lambda: cg.custom_op("f(a)=a", domain=[1.0, np.ma.masked]),  # type: ignore[call-overload]
    ],
)
def test_what_came_out_raw_once_is_an_error_of_ours(call: Callable[[], Any]):
    with pytest.raises(CGPrimerError):
        call()


def test_the_power_of_a_function_is_a_name_like_others():
    report = cg.check_derivation("v1 = \\sin^n(x)\nv1 = (\\sin x)^n\nv1 = 2")
    assert [row.verdict for row in report.rows[1:]] == ["PASS", "FAIL"]
