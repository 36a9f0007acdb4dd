"""Fits of graphs with arrays, beside the same graphs in numbers, and refusals."""

import copy
import pickle

import numpy as np
import pytest

from cgprimer import SGD, Adam, Dataset, LeastSquares, fit, parse_graph
from cgprimer.diagnosis.diagnose import diagnose
from cgprimer.errors import CGPrimerError, OptionError
from cgprimer.fitting.fit import minimize
from cgprimer.graph.unrolled import unrolled
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.llvm import jit
from cgprimer.run.losses import Loss, output_itself
from cgprimer.run.problem import Steps

N = 24
SOME = np.random.default_rng(5)
XX, XT = SOME.normal(size=(N, 3)), SOME.normal(size=N)
XO = SOME.normal(size=(N, 2))
SHARES = SOME.dirichlet([1.0, 1.0], size=N)
SIGMA, WEIGHTS = SOME.uniform(0.5, 2.0, size=(N, 2)), SOME.uniform(size=N)
MEAN = output_itself("xl")
OWN = Loss("own", lambda p, t: (p - t) ** 4, lambda p, t: 4 * (p - t) ** 3)

NETWORK = [
    "W1: 4 x 3", "b1: 4", "W2: 2 x 4", "c: scalar", "xx: 3",
    "xh = tanh(W1 @ xx + b1)", "xo = W2 @ xh + c",
]  # fmt: skip
CLASSES = ["W: 2 x 3", "xx: 3", "xo = softmax(W @ xx)"]
BY_HAND = ["W: 2 x 3", "xx: 3", "xz = exp(W @ xx)", "xo = xz/sum(xz)"]
ODDS = ["W: 2 x 3", "xx: 3", "xo = sigmoid(W @ xx)"]
PENALTY = [
    "w: 3", "c: scalar", "xx: 3", "xt: scalar",
    "xl = (w @ xx + c - xt)^2 + 0.1*(w @ w) + 0.3*c^2",
]  # fmt: skip
APART = [*PENALTY[:4], "v: 2", "xl = (w @ xx - xt)^2 + c^4 + sum(v^3)"]
NUMBERS = ["w: 3", "c: scalar", "xx: 3", "xo = w @ xx + c"]
WHOLE = ["X: batch x 3", "w: 3", "c: scalar", "xo = X @ w + c"]
LABELS = [
    "W: 4 x 3", "xx: 3", "xt: scalar", "xo = W @ xx", "xl = logsumexp(xo) - xo[xt]",
]  # fmt: skip


def columns(name, array):
    """An array of samples as `unrolled` names its entries."""
    if array.ndim == 1:
        return {name: array}
    return {f"{name}_{i}": array[:, i] for i in range(array.shape[1])}


def both(texts, inputs, targets, **options):
    """The objective of a graph, and of the same in numbers."""
    graph, sigma = parse_graph(texts), options.pop("sigma", None)
    sides = []
    for each, split in ((graph, False), (unrolled(graph), True)):
        given = [
            data and {
                key: column
                for name, array in data.items()
                for key, column in (
                    columns(name, array) if split else {name: array}
                ).items()
            }
            for data in (inputs, targets, sigma)
        ]  # fmt: skip
        program = each.compile(target="numpy")
        sides.append(program.objective(*given[:2], sigma=given[2], **options))
    return sides


OBJECTIVES = {
    "mse": (NETWORK, {"xx": XX}, {"xo": XO}, {}),
    "mae": (NETWORK, {"xx": XX}, {"xo": XO}, {"loss": "mae"}),
    "huber": (NETWORK, {"xx": XX}, {"xo": XO}, {"loss": "huber"}),
    "own": (NETWORK, {"xx": XX}, {"xo": XO}, {"loss": OWN}),
    "sigma": (NETWORK, {"xx": XX}, {"xo": XO}, {"sigma": {"xo": SIGMA}}),
    "weights": (NETWORK, {"xx": XX}, {"xo": XO}, {"weights": WEIGHTS}),
    "two targets": (NETWORK, {"xx": XX}, {"xh": np.tile(XO, 2), "xo": XO}, {}),
    "softmax": (CLASSES, {"xx": XX}, {"xo": SHARES}, {"loss": "softmax-cross-entropy"}),
    "by hand": (BY_HAND, {"xx": XX}, {"xo": SHARES}, {"loss": "softmax-cross-entropy"}),
    "logits": (NETWORK, {"xx": XX}, {"xo": SHARES}, {"loss": "softmax-cross-entropy"}),
    "odds": (ODDS, {"xx": XX}, {"xo": SHARES}, {"loss": "cross-entropy"}),
    "penalty": (PENALTY, {"xx": XX, "xt": XT}, {"xl": XT}, {}),
    "apart": (APART, {"xx": XX, "xt": XT}, {"xl": 0 * XT}, {"loss": MEAN}),
    "itself": (
        PENALTY,
        {"xx": XX, "xt": XT},
        {"xl": 0 * XT},
        {"loss": MEAN},
    ),
}


@pytest.mark.every(2)
@pytest.mark.parametrize("case", OBJECTIVES)
def test_values_and_derivatives_are_those_in_numbers(case):
    texts, inputs, targets, options = OBJECTIVES[case]
    ours, theirs = both(texts, inputs, targets, **options)
    assert [x.replace("[", "_").replace(",", "_").rstrip("]") for x in ours.names] == [
        *theirs.names
    ]
    params = np.random.default_rng(1).normal(size=len(ours.names))
    for rows in (None, np.array([5, 2, 11]), np.array([3, 4, 5])):
        value, slopes = ours.value_and_gradient(params, rows)
        expected, wanted = theirs.value_and_gradient(params, rows)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(slopes, wanted, rtol=1e-11, atol=1e-12)
    assert ours.value(params) == pytest.approx(theirs.value(params), rel=1e-12)
    for name in ("predictions", "residuals", "jacobian"):
        np.testing.assert_allclose(
            getattr(ours, name)(params), getattr(theirs, name)(params), atol=1e-12
        )
    part = ours.target_jacobian(params, 0, slice(3, 7))
    np.testing.assert_allclose(part, ours.jacobian(params)[3:7], atol=1e-13)
    again = pickle.loads(pickle.dumps(ours)) if case != "own" else ours
    assert again.value(params) == ours.value(params)


@pytest.mark.skipif(not jit.available(), reason="machine code needs llvmlite")
@pytest.mark.every(3)
@pytest.mark.parametrize("method", [SGD(0.1), Adam(0.05)], ids=lambda m: m.label)
@pytest.mark.parametrize("case", ["mse", "sigma", "weights", "softmax", "penalty"])
def test_machine_code_steps_as_numpy_does(case, method):
    texts, inputs, targets, options = OBJECTIVES[case]
    graph, states = parse_graph(texts), []
    order = np.random.default_rng(6).permutation(N)
    for target in ("numpy", "jit"):
        objective = graph.compile(target=target).objective(inputs, targets, **options)
        size = 1 + len(method.rule.memory), len(objective.names)
        state = np.zeros(size)
        state[0] = np.random.default_rng(7).normal(size=size[1])
        steps = Steps(method.rule, method.settings(0, 4), order, 7)
        losses = objective.epoch(state, steps)
        value, slopes = objective.value_and_gradient(state[0], order[:7])
        states.append(np.concatenate([losses, state.ravel(), [value], slopes]))
        again = pickle.loads(pickle.dumps(objective))
        assert again.value(state[0]) == objective.value(state[0])
    np.testing.assert_allclose(states[1], states[0], rtol=1e-10, atol=1e-12)


def test_what_has_no_machine_code_is_run_by_numpy_or_refused():
    graph = parse_graph(["A: 2 x 2", "xx: 2", "xl = sum(solve(A, xx))"])
    assert graph.compile().explain().tier == "numpy"
    if jit.available():
        with pytest.raises(OptionError) as caught:
            graph.compile(target="jit")
        assert str(caught.value) == "there is no machine code for solve: use 'auto'"


def entries_of(result):
    return np.array([*result.entries.values()])


@pytest.mark.parametrize(
    "method",
    [
        SGD(0.05),
        SGD(0.05, momentum=0.9, nesterov=True),
        Adam(0.02),
        LeastSquares(max_steps=12),
    ],
    ids=lambda method: method.label,
)
def test_fits_take_the_same_steps_from_the_same_draws(method):
    graph = parse_graph(NETWORK)
    made = fit(
        graph, {"xx": XX, "xo": XO}, method, epochs=3, batch=7, progress=False, rng=3
    )
    scalars = Dataset(columns("xx", XX), columns("xo", XO))
    same = fit(
        unrolled(graph), scalars, method, epochs=3, batch=7, progress=False, rng=3
    )
    assert (made.status, made.steps, made.rank) == (same.status, same.steps, same.rank)
    np.testing.assert_allclose(made.losses, same.losses, rtol=1e-10)
    np.testing.assert_allclose(
        entries_of(made), [*same.parameters.values()], rtol=1e-7, atol=1e-9
    )


def test_samples_written_out_are_those_that_nobody_writes():
    sides = []
    for texts, given in ((WHOLE, "X"), (NUMBERS, "xx")):
        graph = parse_graph(texts, variables=[given])
        data = {given: XX, "xo": XX @ [1.0, 2.0, 3.0] + XT}
        descent = fit(graph, data, SGD(0.1), epochs=4, batch=None, progress=False)
        exact = fit(graph, data, LeastSquares(), progress=False)
        sides.append(
            [
                *(descent.loss, descent.steps, exact.loss, exact.status),
                *entries_of(descent),
                *exact.standard_errors["w"],
                exact.r_squared.popitem()[1],
            ]
        )
    status = [side.pop(3) for side in sides]
    assert status[0] == status[1]
    np.testing.assert_allclose(*sides, rtol=1e-8)


def test_an_output_is_the_loss_itself():
    graph, numbers = parse_graph(LABELS), np.arange(N) % 4
    start = {"W": SOME.normal(size=(4, 3))}
    options = {"start": start, "epochs": 5, "batch": 8, "progress": False}
    made = fit(graph, {"xx": XX, "xt": numbers}, SGD(0.1), loss="xl", **options)
    same = fit(
        graph, Dataset({"xx": XX}, {"xt": numbers}), SGD(0.1), loss="xl", **options
    )
    hot = fit(
        graph,
        {"xx": XX, "xt": numbers, "xo": np.eye(4)[numbers]},
        SGD(0.1),
        loss="softmax-cross-entropy",
        **options,
    )
    assert made.loss_name == "xl over all data"
    np.testing.assert_array_equal(made.parameters["W"], same.parameters["W"])
    np.testing.assert_allclose(
        made.parameters["W"], hot.parameters["W"], rtol=1e-12, atol=1e-14
    )
    rows = graph.evaluate({"xx": XX, "xt": numbers, **made.parameters})
    assert np.mean(rows["xl"]) == pytest.approx(made.loss, rel=1e-13)


def test_a_result_holds_arrays_and_names_entries():
    graph = parse_graph(NUMBERS)
    target = XX @ [1.0, 2.0, 3.0] + 0.1 * XT
    made = fit(graph, {"xx": XX, "xo": target}, LeastSquares(), progress=False)
    same = fit(
        unrolled(graph),
        Dataset(columns("xx", XX), {"xo": target}),
        LeastSquares(),
        progress=False,
    )
    assert made.parameters["w"].shape == (3,)
    assert isinstance(made.parameters["c"], float)
    assert list(made.entries) == ["w[0]", "w[1]", "w[2]", "c"]
    errors = [*same.standard_errors.values()]
    np.testing.assert_allclose(made.standard_errors["w"], errors[:3], rtol=1e-8)
    assert made.standard_errors["c"] == pytest.approx(errors[3], rel=1e-8)
    low, high = made.intervals()["w"]
    assert (low < made.parameters["w"]).all()
    assert (made.parameters["w"] < high).all()
    assert made.combination({"w[1]": 1.0})[1] == pytest.approx(errors[1], rel=1e-8)
    for each in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert str(each) == str(made)


SHOWN = "│ W         │ 30 x 40, norm 23.0842 │    none by SGD │\n"


def test_large_arrays_are_told_by_dims_and_norm():
    graph = parse_graph(["W: 30 x 40", "c: scalar", "xx: 40", "xo = c + W @ xx"])
    xx = np.random.default_rng(2).normal(size=(6, 40))
    start = {"W": np.linspace(-1.2, 1.1, 1200).reshape(30, 40), "c": 0}
    data = {"xx": xx, "xo": np.zeros((6, 30))}
    made = fit(graph, data, SGD(1e-30), start=start, epochs=1, progress=False)
    assert SHOWN in str(made)
    assert "Which parameters are determined was not computed" in made.message


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (
            ["a: 2", "b: 2", "xx: 2", "xo = a*b*xx"],
            "a[0], a[1], b[0] and b[1] are not determined separately, only a[0]*b[0] "
            "and a[1]*b[1]",
        ),
        (
            ["W2: 2 x 1", "W1: 1 x 2", "xx: 2", "xo = W2 @ W1 @ xx"],
            "W2[0,0], W2[1,0], W1[0,0] and W1[0,1] are not determined separately, only "
            "W2[0,0]*W1[0,0], W2[1,0]*W1[0,0] and W1[0,0]/W1[0,1]",
        ),
        (["w: 2", "v: 3", "xx: 2", "xo = w*xx + 0*sum(v)"], "v[0], v[1] and v[2]"),
    ],
)
def test_what_data_leave_open_is_named_by_entries(texts, told):
    graph, rng = parse_graph(texts), np.random.default_rng(3)
    truth = {name: rng.uniform(1, 2, graph.dims(name)) for name in graph.parameters}
    xx = rng.normal(size=(30, 2))
    xo = graph.evaluate({**truth, "xx": xx})["xo"] + 1e-3 * rng.normal(size=(30, 2))
    made = fit(graph, {"xx": xx, "xo": xo}, LeastSquares(), progress=False)
    assert told in made.message


def test_noise_is_trivial_and_a_matrix_is_factored():
    graph = parse_graph(["W: 2 x 3", "xx: 3", "xo = W @ xx"])
    noise = fit(graph, {"xx": XX, "xo": XO}, LeastSquares(), progress=False)
    same = fit(
        unrolled(graph),
        Dataset(columns("xx", XX), columns("xo", XO)),
        LeastSquares(),
        progress=False,
    )
    assert noise.status == same.status == "trivial"
    factors = parse_graph(["A: 5 x 1", "B: 1 x 4", "xM = A @ B"])
    product = np.outer(np.arange(1.0, 6.0), [1.0, -2.0, 0.5, 3.0])
    made = fit(factors, {"xM": product}, LeastSquares(), progress=False)
    assert made.status == "converged"
    np.testing.assert_allclose(made.parameters["A"] @ made.parameters["B"], product)


def test_a_loss_that_ties_nothing_together_is_trivial():
    texts = ["W: 4 x 3", "b: 4", "xx: 3", "xt: scalar", "xh = relu(W @ xx + b)"]
    graph = parse_graph([*texts, "xl = (sum(xh) + c - xt)^2 + 1"])
    start = {"W": -0.1, "b": -9.0, "c": 1.0}
    data = {"xx": XX, "xt": XT}
    options = {"loss": "xl", "start": start, "epochs": 400, "batch": None}
    dead = fit(graph, data, SGD(0.3), progress=False, **options)
    assert dead.status == "trivial"
    assert "whichever samples of xx, xt belong together" in dead.message
    options["start"] = {"W": 0.1, "b": 0.5, "c": 0.0}
    alive = fit(graph, data, SGD(0.01), progress=False, **options)
    assert "belong together" not in alive.message


def test_an_output_is_minimised_over_arrays():
    graph = parse_graph(["A: 2 x 2", "xv: 2", "xl = sum((A @ xv - xv)^2) + sum(xv^2)"])
    start = {"A": np.eye(2) + 0.1, "xv": np.ones(2)}
    made = minimize(graph, "xl", SGD(0.05), start=start, steps=20, progress=False)
    numbers = {"A_0_0": 1.1, "A_0_1": 0.1, "A_1_0": 0.1, "A_1_1": 1.1}
    same = minimize(
        unrolled(graph),
        "xl",
        SGD(0.05),
        start=numbers | {"xv_0": 1, "xv_1": 1},
        steps=20,
        progress=False,
    )
    assert made.loss == pytest.approx(same.loss, rel=1e-12)
    assert made.parameters["A"].shape == (2, 2)


def fitted(texts, data, **options):
    options = {"method": SGD(0.1), "progress": False, "epochs": 1, **options}
    return fit(parse_graph(texts), data, **options)


LABELLED = {"xx": XX, "xt": np.arange(N) % 4}
REFUSED = [
    (
        lambda: fitted(LABELS, LABELLED),
        "the data have no target, such as xl\n"
        "  hint: an output that is the loss itself is named: loss='xl'",
    ),
    (
        lambda: fitted(LABELS, LABELLED, loss="xo"),
        "'xo' is 4, and what is made small is one number\n"
        "  hint: add an equation such as xl = sum(xo^2)",
    ),
    (
        lambda: fitted(
            LABELS,
            {**LABELLED, "xo": np.arange(N) % 4},
            loss="softmax-cross-entropy",
        ),
        "softmax-cross-entropy needs 4 numbers of 'xo' in every sample, which are 1 "
        "for its class and 0 else, or probabilities\n"
        "  hint: of numbers of classes make them: np.eye(10)[labels]",
    ),
    (
        lambda: fitted(LABELS, {**LABELLED, "xt": np.arange(N) % 5}, loss="xl"),
        "xt holds 4: xo has 4 entries, 0 to 3",
    ),
    (
        lambda: fitted(LABELS, LABELLED, loss="xl", start={"W": np.ones(3)}),
        "the start of 'W' has shape (3,), but W is 4 x 3\n"
        "  hint: give that, or one number for all entries",
    ),
    (
        lambda: fitted(LABELS, LABELLED, loss="xl", start={"V": 1.0}),
        "start names 'V', which is unknown\n  hint: the parameters are W",
    ),
    (
        lambda: fitted(LABELS, LABELLED, loss="xl", start={"W[0,0]": np.inf}),
        "the start of 'W[0,0]' is not finite",
    ),
    (
        lambda: fitted(LABELS, LABELLED, loss="xl", method=LeastSquares()),
        "LeastSquares fits 'mse' and 'huber', not 'xl'\n"
        "  hint: use Adam or SGD for this loss",
    ),
    (
        lambda: fitted(["W: p x 3", "xx: 3", "xo = sum(W @ xx)"], {"xx": XX, "xo": XT}),
        "nothing in the data tells the size p of 'W', which is p x 3\n"
        "  hint: declare it in numbers, such as W: 3 x 3",
    ),
    (
        lambda: fitted(
            CLASSES, {"xx": XX, "xo": 2 * SHARES}, loss="softmax-cross-entropy"
        ),
        "softmax-cross-entropy needs targets between 0 and 1",
    ),
    (
        lambda: parse_graph(CLASSES).compile().forward(XX.T, XX.T),
        "forward takes graphs of numbers, and this one has arrays\n"
        "  hint: unrolled(graph) is the same with a name for every entry",
    ),
    (
        lambda: diagnose(
            parse_graph(["A: 2 x 2", "b: 2", "xl = sum(solve(A, b))"]),
            {"A": np.eye(2), "b": [1, 2]},
        ),
        "solve is not computed entry by entry, so diagnose cannot judge it\n"
        "  hint: diagnose the equations before and after it in graphs of their own",
    ),
    (
        lambda: diagnose(
            parse_graph(["xo: 3000", "xl = sum(xo)"]), {"xo": np.ones(3000)}
        ),
        "diagnose looks at each entry, of 2,000 at most; the graph has 3,000\n"
        "  hint: give a graph of the same text with smaller dims",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_cannot_be_fitted_is_refused_in_words(call, message):
    with pytest.raises(CGPrimerError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "value", "count"),
    [
        ("xl = log(sum(exp(xo)))", [1.0, 800.0], 1),
        ("xl = logsumexp(xo)", [1.0, 800.0], 0),
        ("xl = sum(softmax(xo)^2)", [1.0, 800.0], 0),
        ("xl = mean(xo^2) - mean(xo)^2", [1e8, 1e8 + 1], 1),
    ],
)
def test_operations_on_arrays_are_diagnosed_by_entries(text, value, count):
    assert len(diagnose(parse_graph(["xo: 2", text]), {"xo": value}).rows) == count


def test_entries_lie_in_one_vector():
    entries = Entries({"W": (2, 3), "c": (), "b": (2,)})
    assert len(entries) == 9
    assert list(entries) == [entries[k] for k in range(9)]
    assert entries[5:8] == ["W[1,2]", "c", "b[0]"]
    assert entries[-1] == "b[1]"
    flat = np.arange(9.0)
    np.testing.assert_array_equal(entries.join(entries.split(flat)), flat)


def test_a_program_of_arrays_runs_and_explains_itself():
    graph = parse_graph(NETWORK)
    program, rng = graph.compile(), np.random.default_rng(4)
    at = {name: rng.normal(size=graph.dims(name)) for name in graph.parameters}
    at["xx"] = XX
    values, partials = program.values_and_partials(at)
    for name, value in graph.evaluate(at).items():
        np.testing.assert_array_equal(values[name], value)
    assert partials["xo", "W2"].shape == (N, 2, 2, 4)
    assert program.explain().tier == ("arrays" if jit.available() else "numpy")
    assert pickle.loads(pickle.dumps(program)).graph == graph
