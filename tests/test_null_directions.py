"""What stays the same along null directions: terms, ways and ratios, by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest

from cgprimer import Dataset, parse_graph
from cgprimer.fitting.identification import (
    Combination,
    Identification,
    Nulls,
    list_names,
)
from cgprimer.fitting.matrices import (
    circuits,
    complement,
    groups,
    lengths,
    reduce_rows,
)
from cgprimer.fitting.motion import Motion, in_small_ratios
from cgprimer.fitting.objective import objective_of
from cgprimer.fitting.scaled import along_first_axis, powers_of_two, turn_to_one_axis
from cgprimer.fitting.symmetry import symmetries
from cgprimer.fitting.terms import Term, join, simplify, sum_text
from cgprimer.run.losses import find_loss

NAMES = ["a", "b", "c", "d"]
A, B, C, D = LEAVES = [Term("name", (), NAMES, index=i) for i in range(4)]
AT = np.array([2.0, 3.0, 0.5, -4.0])


def term(kind, *parts, free=0):
    return Term(kind, parts, NAMES, free=free)


AB = term("product", (A, 1.0), (B, 1.0))
SUM = term("sum", (B, 1.0), (C, 1.0))
TERMS = {  # text → term, its value at AT, the parameter that is adjusted
    "b": (B, 3.0, 1),
    "b + c": (SUM, 3.5, 1),
    "a - 2*d": (term("sum", (A, 1.0), (D, -2.0), free=1), 10.0, 3),
    "a*b": (AB, 6.0, 0),
    "a^2*b": (term("product", (A, 2.0), (B, 1.0)), 12.0, 0),
    "a/b^3": (term("product", (A, 1.0), (B, -3.0), free=1), 2 / 27, 1),
    "a/(b*c)": (term("product", (A, 1.0), (B, -1.0), (C, -1.0)), 4 / 3, 0),
    "a*c^0.5": (term("product", (A, 1.0), (C, 0.5)), 2 * math.sqrt(0.5), 0),
    "a*(b + c)": (term("product", (A, 1.0), (SUM, 1.0), free=1), 7.0, 1),
    "a/(b + c)^2": (term("product", (A, 1.0), (SUM, -2.0)), 2 / 3.5**2, 0),
    "a*b + c": (term("sum", (AB, 1.0), (C, 1.0)), 6.5, 0),
    "d*(a*b)^2": (term("product", (D, 1.0), (AB, 2.0), free=1), -144.0, 0),
    "exp(0.5*d)": (term("exp", (D, 0.5)), math.exp(-2), 3),
    "b*exp(a)": (term("product", (B, 1.0), (term("exp", (A, 1.0)), 1.0), free=1),
                 3 * math.exp(2), 0),
}  # fmt: skip


@pytest.mark.parametrize("text", TERMS)
def test_a_term_is_what_its_text_says(text):
    made, value, leaf = TERMS[text]
    assert (made.text, made.leaf) == (text, leaf)
    assert made.value(AT) == pytest.approx(value)
    graph = parse_graph([f"xc = {text}"])
    at = {n: v for n, v in zip(NAMES, AT.tolist(), strict=True) if n in text}
    at = {name: at[name] for name in graph.parameters}
    assert graph.evaluate(at)["xc"] == pytest.approx(value)
    slopes = dict.fromkeys(NAMES, 0.0) | graph.gradient_at("xc", at)
    assert made.slopes(AT).tolist() == pytest.approx([*slopes.values()])
    assert [NAMES[i] for i in made.members] == sorted(graph.parameters)
    known = made.combination(AT)
    assert known.text == text
    assert known.coefficients == pytest.approx({n: slopes[n] for n in at})
    # What is a plain sum needs no value of its own.
    assert known.value is None if text in ("b + c", "a - 2*d") else known.value


@pytest.mark.parametrize("text", TERMS)
@pytest.mark.parametrize("factor", [1.5, 0.3])
def test_a_term_gets_another_value_by_its_free_parameter(text, factor):
    made, value, leaf = TERMS[text]
    moved = made.with_value(AT, factor * value)
    assert made.value(moved) == pytest.approx(factor * value)
    assert np.flatnonzero(moved != AT).tolist() == [leaf]


@pytest.mark.parametrize(
    ("first", "k", "second", "other", "kind", "text", "leaf"),
    [
        (A, 1.0, B, 1.0, "sum", "a + b", 0),
        (B, 1.0, A, 1.0, "sum", "a + b", 1),  # by order of parameters
        (B, 2.0, A, -4.0, "sum", "a - 0.5*b", 1),
        (B, -1.0, A, -1.0, "sum", "a + b", 1),
        (SUM, 1.0, A, 1.0, "sum", "a + b + c", 1),  # flat
        (SUM, 1.0, C, -1.0, "sum", "b", 1),  # c cancels
        (A, 1.0, AB, 1.0, "sum", "a + a*b", 0),
        (A, 1.0, B, -1.0, "product", "a/b", 0),
        (A, -1.0, B, 2.0, "product", "a/b^2", 0),  # the first has a positive exponent
        (B, 3.0, A, 2.0, "product", "a^2*b^3", 1),
        (AB, 1.0, C, 1.0, "product", "a*b*c", 0),
        (AB, 2.0, B, -1.0, "product", "a^2*b", 0),
        (SUM, 1.0, A, 1.0, "product", "a*(b + c)", 1),
    ],
)
def test_terms_are_joined_as_one_writes_them(first, k, second, other, kind, text, leaf):
    joined = join(kind, first, k, second, other)
    assert (joined.text, joined.leaf) == (text, leaf)


@pytest.mark.parametrize(
    ("x", "simple"),
    [
        (1 / 3 + 1e-9, 1 / 3), (0.75 - 1e-9, 0.75), (-2.0000000001, -2.0),
        (0.3333, 0.3333), (1 / 101, 1 / 101), (1 / 3 + 3.2e-8, 1 / 3),
        (1 / 3 + 3.5e-8, 1 / 3 + 3.5e-8), (1 / 100 + 5e-10, 1 / 100),
        (1 / 101 + 5e-10, 1 / 101 + 5e-10),
    ],
)  # fmt: skip
def test_a_number_is_a_simple_fraction_but_for_rounding(x, simple):
    assert simplify(x) == simple


WAYS = [  # terms, which move by factors, rates → what stays
    ([A, B], "--", [1, -1], ["a + b"]),
    ([A, B], "--", [2, 1], ["a - 2*b"]),
    ([A, B], "**", [1, -1], ["a*b"]),
    ([A, B], "**", [1, 1], ["a/b"]),
    ([A, B], "**", [1, -2], ["a^2*b"]),
    ([A, B], "**", [-0.5, 1], ["a^2*b"]),
    ([A, B], "**", [3, 2], ["a^2/b^3"]),
    ([A, B], "*-", [1, -1], ["a*exp(b)"]),
    ([A, B], "*-", [1, 1], ["a*exp(-b)"]),
    ([A, B], "*-", [-1, 2], ["a*exp(0.5*b)"]),
    ([A, B], "-*", [2, -1], ["exp(0.5*a)*b"]),
    ([A, B], "*-", [2, -1], ["a*exp(2*b)"]),
    ([A, B, C], "---", [1, -1, 1], ["a + b", "b + c"]),
    ([A, B, C], "---", [-1, 1, -1], ["a + b", "b + c"]),
    ([A, B, C], "---", [1, 1, 1], ["a - b", "a - c"]),
    ([A, B, C], "***", [1, -1, 1], ["a*b", "b*c"]),
    ([A, B, C], "***", [1, -1, 2], ["a*b", "b^2*c"]),
    ([A, B, C], "***", [-1, -1, 2], ["a^2*c", "b^2*c"]),
    ([A, B, C], "**-", [1, -1, 1], ["a*b", "a*exp(-c)"]),
    ([AB, C], "--", [1, -1], ["a*b + c"]),
    ([AB, SUM], "**", [1, -1], ["a*b*(b + c)"]),
]


@pytest.mark.parametrize(("terms", "by", "rates", "texts"), WAYS)
def test_what_stays_along_a_way_is_named(terms, by, rates, texts):
    factors = tuple(sign == "*" for sign in by)
    way = Motion(terms, factors, np.array(rates, dtype=float))
    made = way.invariants()
    assert sorted(each.text for each in made) == texts
    for t in (0.3, -0.2):
        if terms[-1] is SUM:  # its members overlap
            continue
        moved = way.at(AT, t)
        for each in made:
            assert each.value(moved) == pytest.approx(each.value(AT))
        for each, factor, rate in zip(terms, factors, rates, strict=True):
            old, new = each.value(AT), each.value(moved)
            step = math.log(new / old) if factor else new - old
            assert step == pytest.approx(rate * t)
        # One member alone, and nothing else.
        alone = way.at(AT, t, 1)
        changed = np.flatnonzero(alone != AT).tolist()
        assert changed == [terms[1].leaf]
        assert terms[1].value(alone) == pytest.approx(terms[1].value(moved))


@pytest.mark.parametrize(
    ("rates", "factors", "expected"),
    [
        ([1.0, -1.0], "**", [1, -1]), ([0.2, 0.3], "**", [1, 1.5]),
        ([0.2, 0.3], "*-", [1, 1.5]), ([0.2, 0.3], "-*", [2 / 3, 1]),
        ([1.0, 12.0], "**", [1, 12]), ([1.0, 13.0], "**", None),
        ([-12.0, 11.0], "**", [-12 / 11, 1]), ([1.0, 1.41421356], "**", None),
        ([1.0, 2.00001], "**", [1, 2]), ([1.0, 2.00003], "**", None),
        ([1.0, 1.99999], "**", [1, 2]), ([1.0, 13.0], "*-", [1, 13]),
        ([0.0, 1.0], "**", None), ([0.0, 1.0], "-*", [0, 1]),
    ],
)  # fmt: skip
def test_rates_are_small_ratios_but_for_rounding(rates, factors, expected):
    found = in_small_ratios(np.array(rates), [sign == "*" for sign in factors])
    if expected is None:
        assert found is None
    else:
        assert found.tolist() == pytest.approx(expected, rel=1e-9)


# Linear algebra


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_lengths_neither_overflow_nor_vanish(scale):
    rows = scale * np.array([[3.0, 0.0, -1.0], [4.0, 0.0, 1.0]])
    assert lengths(rows) / scale == pytest.approx([5, 0, math.sqrt(2)])
    assert lengths(np.zeros((0, 2))).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0, 2, 4]], [[0, 1, 2]]),
        ([[1, 2], [3, 6]], [[1, 2], [0, 0]]),
        ([[0, 1, 1], [2, 0, 2]], [[1, 0, 1], [0, 1, 1]]),
        ([[1e-8, 1, 0], [0, 0, 1]], [[1e-8, 1, 0], [0, 0, 1]]),  # rounding, no pivot
        ([[1e-6, 1, 0], [0, 1, 1]], [[1, 0, -1e6], [0, 1, 1]]),
        ([[1, 1, 1], [-2, 1, 0]], [[1, 0, 1 / 3], [0, 1, 2 / 3]]),
        ([[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 1], [0, 0]]),
    ],
)
def test_rows_are_reduced_by_hand(rows, expected):
    found = reduce_rows(np.array(rows, dtype=float))
    assert found == pytest.approx(np.array(expected, dtype=float), abs=1e-9)


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        ([[1, -1, 0]], [[1, 1, 0], [0, 0, 1]]),
        ([[1, -1, 0], [2, -2, 0]], [[1, 1, 0], [0, 0, 1]]),
        ([[1, -1, 0], [1, -1, 1e-9]], [[1, 1, 0], [0, 0, 1]]),
        ([[1, -1, 0], [1, -1, 1e-7]], [[1, 1, 0]]),
        ([[1, 0, -2], [0, 1, -3]], [[1, 1.5, 0.5]]),
    ],
)
def test_what_is_orthogonal_to_directions_is_found(directions, expected):
    found = complement(np.array(directions, dtype=float))
    assert found == pytest.approx(np.array(expected, dtype=float), abs=1e-6)


def test_sizes_are_given_in_powers_of_two():
    sizes = np.array([1.0, 1.99, 2.0, 5.0, -5.0, 0.0, 0.3, 1e300])
    expected = [1, 1, 2, 4, 4, 1, 0.25, 2.0**996]
    assert powers_of_two(sizes).tolist() == expected


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_turned_keep_lengths_and_products(seed):
    rng = np.random.default_rng(seed)
    jacobian, left = rng.normal(size=(20, 3)), rng.normal(size=20)
    blocks = np.column_stack([jacobian, left])
    found = turn_to_one_axis([blocks[:7], blocks[7:]], 3)
    axis = along_first_axis(float(np.linalg.norm(left)), 3)
    assert axis.tolist() == pytest.approx([np.linalg.norm(left), 0, 0, 0])
    assert found.T @ found == pytest.approx(jacobian.T @ jacobian)
    assert found.T @ axis == pytest.approx(jacobian.T @ left)
    nothing = turn_to_one_axis([np.column_stack([jacobian, 0 * left])], 3)
    assert nothing.T @ nothing == pytest.approx(jacobian.T @ jacobian)


def nulls(directions):
    count = len(directions[0])
    return Nulls(np.arange(count) + 10, np.array(directions, float), np.ones(count))


@pytest.mark.parametrize(
    ("directions", "members"),
    [
        ([[1, -1, 0, 0], [0, 0, 1, 1]], [[10, 11], [12, 13]]),
        ([[1, -1, 1, 1], [1, -1, -1, -1]], [[10, 11], [12, 13]]),
        ([[1, -1, 0, 0], [0, 1, 0, 1]], [[10, 11, 13]]),
        ([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]], [[10, 11, 12, 13]]),
        ([[1, -1, 0, 0], [0, 0, 1, 2e-8]], [[10, 11], [12]]),
        ([[1, -1, 0, 0], [0, 0, 1, 2e-7]], [[10, 11], [12, 13]]),
    ],
)
def test_directions_that_share_no_parameter_are_apart(directions, members):
    found = groups(nulls(directions))
    assert [each.members.tolist() for each in found] == members
    assert sum(len(each.directions) for each in found) == len(directions)


def test_circuits_move_as_few_as_they_can():
    found = circuits(np.array([[1.0, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1]]))
    counts = [np.count_nonzero(row) for row in found]
    assert counts == sorted(counts)
    assert counts == [2] * len(found)
    pairs = {tuple(np.flatnonzero(row).tolist()) for row in found}
    # By eight orders of the columns every pair is found that has the last as a pivot.
    assert pairs >= {pair for k in range(4) for pair in pairwise(range(k, 4))}
    for row in found:
        assert row.sum() == pytest.approx(0)
        assert np.abs(row).max() == pytest.approx(1)


# In words


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""), (1, "x0"), (2, "x0 and x1"), (3, "x0, x1 and x2"),
        (12, ", ".join(f"x{k}" for k in range(11)) + " and x11"),
        (13, ", ".join(f"x{k}" for k in range(10)) + " and 3 more"),
    ],
)  # fmt: skip
def test_names_are_listed_as_in_a_sentence(count, text):
    assert list_names([f"x{k}" for k in range(count)]) == text


def test_long_names_are_cut():
    assert list_names(["a" * 60]) == "a" * 60
    assert len(list_names(["a" * 61])) == 60


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ([("a", 1.0)], "a"), ([("a", -1.0)], "-a"), ([("a", -2.0), ("b", 1.0)],
         "-2*a + b"), ([("a", 1.0), ("b", -1.0), ("c", 0.5)], "a - b + 0.5*c"),
        ([("a", 1.0), ("b", 12345.678)], "a + 1.235e+04*b"),
        ([("a", 1 + 4e-7), ("b", -1 - 4e-7)], "a - b"), ([("a", 1.00001)], "1*a"),
    ],
)  # fmt: skip
def test_sums_are_written_as_in_print(terms, text):
    assert sum_text(terms) == text


def known(undetermined=(), without_effect=(), texts=(), **fields):
    combinations = [Combination(t, dict.fromkeys(t.split(" + "), 1.0)) for t in texts]
    return Identification(
        1, undetermined, without_effect, tuple(combinations), **fields
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (known(), ""),
        (known(local=True), ""),
        (known("a", "a"), "a has no effect on the data"),
        (known("ab", "ab"), "a and b have no effect on the data"),
        (known("a", "a", zero=("x",)),
         "a has no effect on the data (x is 0 in every sample)"),
        (known("a", "a", zero=("x", "y")),
         "a has no effect on the data (x and y are 0 in every sample)"),
        (known("ab", "", ["a + b"]),
         "a and b are not determined separately, only a + b"),
        (known("abcde", "e", ["a + b", "c + d"]),
         "e has no effect on the data; a, b, c and d are not determined separately, "
         "only a + b and c + d"),
        (known("ab", remarks=("the rest is open",)), "the rest is open"),
        (known("a", "a", remarks=("the rest is open",), local=True),
         "at these values a has no effect on the data; the rest is open"),
    ],
)  # fmt: skip
def test_what_is_not_determined_is_said(found, said):
    assert found.sentence() == said


# What equations alone leave free

FREE = {  # equations, loss → powers of each symmetry, and its units
    "a hidden unit": (
        ["xh = relu(w*xx + b)", "xo = v*xh"], "mse",
        [("scale", {"w": 1, "b": 1, "v": -1}, ["xh"])],
    ),
    "two units": (
        ["xh = relu(w*xx)", "xg = abs(u*xx)", "xo = v*xh - q*xg"], "mse",
        [("scale", {"w": 1, "v": -1}, ["xh"]), ("scale", {"u": 1, "q": -1}, ["xg"])],
    ),
    "tanh fixes the scale": (["xh = tanh(w*xx)", "xo = v*xh"], "mse", []),
    "its argument may have one": (
        ["xh = relu(w*xx)", "xo = tanh(v*xh)"], "mse",
        [("scale", {"w": 1, "v": -1}, ["xh"])],
    ),
    "no variable in between": (["xo = a*b*xx"], "mse", []),
    "a quotient": (
        ["xh = w*xx", "xo = xh/v"], "mse", [("scale", {"w": 1, "v": 1}, ["xh"])]
    ),
    "a root": (
        ["xh = w*xx^2", "xo = v*sqrt(xh)"], "mse",
        [("scale", {"w": 1, "v": -0.5}, ["xh"])],
    ),
    "a power": (
        ["xh = relu(w*xx)", "xo = v*xh^3"], "mse",
        [("scale", {"w": 1, "v": -3}, ["xh"])],
    ),
    "a maximum with zero": (
        ["xh = max(w*xx, 0)", "xo = v*xh"], "mse",
        [("scale", {"w": 1, "v": -1}, ["xh"])],
    ),
    "zero first": (
        ["xh = max(0, w*xx)", "xo = v*xh"], "mse",
        [("scale", {"w": 1, "v": -1}, ["xh"])],
    ),
    "a sign loses it": (
        ["xh = w*xx", "xo = sign(xh)*v"], "mse", [("scale", {"w": 1}, ["xh"])]
    ),
    "with a number": (["xh = relu(w*xx + 1)", "xo = v*xh"], "mse", []),
    "used twice": (["xh = relu(w*xx + v)", "xo = v*xh"], "mse", []),
    "softmax": (
        ["xp = a*xx + b", "xq = c*xx + d"], "softmax-cross-entropy",
        [("shift", {"a": 1, "c": 1}, []), ("shift", {"b": 1, "d": 1}, [])],
    ),
    "softmax, a number beside a bias": (
        ["xp = xx*a + 2*b", "xq = c*xx + d"], "softmax-cross-entropy",
        [("shift", {"a": 1, "c": 1}, [])],
    ),
    "softmax, a weight shared": (
        ["xp = a*xx + b", "xq = a*xx + d"], "softmax-cross-entropy",
        [("shift", {"b": 1, "d": 1}, [])],
    ),
    "no softmax": (["xp = a*xx + b", "xq = c*xx + d"], "mse", []),
}  # fmt: skip


@pytest.mark.parametrize("case", FREE)
def test_what_equations_leave_free_is_found(case):
    texts, loss, expected = FREE[case]
    graph = parse_graph(texts)
    x = np.linspace(-1, 1, 5)
    targets = {name: np.full(5, 1 / len(graph.outputs)) for name in graph.outputs}
    data = Dataset({"xx": x}, targets)
    objective = objective_of(graph, data, find_loss(loss))
    found = symmetries(objective.problem)
    told = []
    for each in found:
        powers = {graph.parameters[k]: v for k, v in each.powers.items()}
        # Up to a factor: that of the first parameter is one.
        lead = next(iter(powers.values()))
        told.append(
            (each.kind, {n: v / lead for n, v in powers.items()}, [*each.units])
        )
        params = np.linspace(0.5, 1.5, len(graph.parameters))
        moved = each.apply(params, 0.3)
        # A small step goes the way that `direction` says.
        small = (each.apply(params, 1e-6) - params) / 1e-6
        assert small == pytest.approx(each.direction(params), rel=1e-5)
        assert objective.value(moved) == pytest.approx(objective.value(params))
    assert sorted(told, key=str) == sorted(((k, p, u) for k, p, u in expected), key=str)
