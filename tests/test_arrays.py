"""What a caller gives as numbers is read alike everywhere: as it is, or refused."""

import array
import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import sympy

import cgprimer
from cgprimer import (
    SGD,
    Adam,
    Dataset,
    LeastSquares,
    PointError,
    fit,
    generate,
    huber,
    parse_graph,
)
from cgprimer.errors import CGPrimerError
from cgprimer.graph.arrays import as_numbers, as_rows, decimal
from cgprimer.judge.differences.finite import difference, second_difference

GRAPH = parse_graph(["xy = w*xa + b"])
PROGRAM = GRAPH.compile()
GOOD = np.array([1.0, 2.0, 3.0])
AT = {"w": 2.0, "b": 1.0}
LINE = Dataset({"xa": GOOD}, {"xy": GOOD})
ENDLESS = 10**400
FITTED = fit(GRAPH, Dataset({"xa": GOOD}, {"xy": GOOD**2}), LeastSquares())


class Liar:
    """An object whose reading fails in its own way."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("not now")

    def __repr__(self):
        raise RuntimeError("nor that")


DAYS = np.array(["2026-01-01", "2026-01-02", "2026-01-03"], "M8[D]")
RECORDS = np.array([(1.0, 2)] * 3, dtype=[("a", float), ("b", int)])
ODD = {  # three samples each; where, and what of it the message shows
    "masked": (np.ma.array([1.0, 2, 3], mask=[0, 1, 0]), 1, "masked"),
    "masked integers": (np.ma.array([1, 2, 3], mask=[0, 0, 1]), 2, "masked"),
    "masked in a list": ([1.0, np.ma.masked, 3.0], 1, "masked"),
    "dates": (DAYS, 0, "2026-01-01"),
    "dates in a list": ([*DAYS], 0, "2026-01-01"),
    "dates of Python": ([1.0, datetime.date(2026, 1, 1), 2.0], 1, "datetime.date"),
    "dates of pandas": (pd.Series(pd.to_datetime(DAYS)), 0, "2026-01-01"),
    "no date": (np.array(["NaT"] * 3, "M8[s]"), 0, "NaT"),
    "time spans": (DAYS - DAYS[0], 0, "0 days"),
    "time spans of Python": ([datetime.timedelta(1)] * 3, 0, "timedelta"),
    "records": (RECORDS, 0, "(1.0, 2)"),
    "records of one field": (RECORDS[["a"]], 0, "(1.0,)"),
    "masked records": (np.ma.array(RECORDS, mask=[(0, 0), (1, 1), (0, 0)]), 0, "(1."),
    "bytes": (np.array([b"1", b"2", b"3"]), 0, "b'1'"),
    "bytes in a list": ([1.0, b"2", 3.0], 1, "b'2'"),
    "text": (np.array(["1", "2", "3"]), 0, "'1'"),
    "text in a list": ([1, 2, "3"], 2, "'3'"),
    "text of pandas": (pd.Series(["1", "2", "3"]), 0, "'1'"),
    "objects": (np.array([1.0, 2.0, 3.0], dtype=object), 0, "the object 1.0"),
    "a gap": ([1.0, None, 3.0], 1, "None"),
    "a gap in objects": (np.array([1.0, None, 3.0]), 1, "None"),
    "text in objects": (np.array([1.0, "2", 3.0], dtype=object), 1, "'2'"),
    "decimals": ([Decimal(1)] * 3, 0, "Decimal"),
    "fractions": ([1.0, Fraction(1, 2), 3.0], 1, "Fraction"),
    "complex": (GOOD + 0j, 0, "(1+0j)"),
    "complex in a list": ([1.0, 2.0, 3j], 2, "3j"),
    "endless": ([1, 2, ENDLESS], 2, "1000"),
    "sets": ([{1}, {2}, {3}], 0, "{1}"),
}
ALONE = {  # no array at all
    "nothing": None,
    "complex": 1j,
    "masked": np.ma.masked,
    "date": np.datetime64("2026-01-01"),
    "time span": np.timedelta64(1, "s"),
    "date of Python": datetime.datetime(2026, 1, 1),
    "bytes": b"1",
    "bytearray": bytearray(b"123"),
    "set": {1.0},
    "generator": (x for x in (1.0, 2.0)),
    "endless": ENDLESS,
    "decimal": Decimal(1),
    "record": RECORDS[0],
    "ragged": [[1.0], [1.0, 2.0]],
    "liar": Liar(),
    **{
        f"text {text!r}": text
        for text in ("1_0", "１２", "0x10", " 1", "1 ", "1\n", "1e", "", "٣", "1,5")
    },
}


ROUND: list = []
ROUND.append(ROUND)
NO_OPTION = {  # what float() or int() would take as it likes, or numpy to its death
    **{kind: value for kind, value in ALONE.items() if value is not None},
    "decimal nan": Decimal("nan"),
    "fraction": Fraction(1, 2),
    "complex of numpy": np.complex64(0.5),
    "masked array": np.ma.array(0.5, mask=True),
    "symbol": sympy.nan,
    "symbolic": sympy.Rational(1, 2),
    "long": np.longdouble("1e400"),
    "span of numpy": np.timedelta64(2),
    "a list in itself": ROUND,
    "a matrix": np.asmatrix([[0.5, 1.0]]),
}


def data(**columns):
    return Dataset({"xa": GOOD} | columns, {"xy": GOOD})


ARRAYS = {  # where three samples are read
    "evaluate": lambda v: GRAPH.evaluate(AT | {"xa": v}),
    "evaluate, a parameter": lambda v: GRAPH.evaluate({"xa": 1.0, "b": 1.0, "w": v}),
    "gradient_at": lambda v: GRAPH.gradient_at("xy", AT | {"xa": v}),
    "edge_partials": lambda v: cgprimer.edge_partials(GRAPH, AT | {"xa": v}),
    "Program.values": lambda v: PROGRAM.values(AT | {"xa": v}),
    "Program.values_and_partials": lambda v: PROGRAM.values_and_partials(
        AT | {"xa": v}
    ),
    "numpy": lambda v: GRAPH.compile(target="numpy").values(AT | {"xa": v}),
    "objective, an input": lambda v: PROGRAM.objective({"xa": v}, {"xy": GOOD}),
    "objective, a target": lambda v: PROGRAM.objective({"xa": GOOD}, {"xy": v}),
    "weights": lambda v: PROGRAM.objective({"xa": GOOD}, {"xy": GOOD}, weights=v),
    "sigma": lambda v: PROGRAM.objective({"xa": GOOD}, {"xy": GOOD}, sigma={"xy": v}),
    "Dataset, an input": lambda v: Dataset({"xa": v}, {"xy": GOOD}),
    "Dataset, a target": lambda v: Dataset({"xa": GOOD}, {"xy": v}),
    "Dataset, sigma": lambda v: Dataset({"xa": GOOD}, {"xy": GOOD}, v),
    "sampler": lambda v: generate(GRAPH, AT, 3, sampler=lambda rng, n: v, rng=0),
    "compare_partials": lambda v: cgprimer.compare_partials(GRAPH, AT | {"xa": v}),
    "derivative": lambda v: difference(np.sin, v),
    "second_difference": lambda v: second_difference(np.sin, v),
}
NUMBERS = {  # where one number is read
    "evaluate": ARRAYS["evaluate"],
    "gradient_at": ARRAYS["gradient_at"],
    "Program.values": ARRAYS["Program.values"],
    "trace": lambda v: cgprimer.trace(GRAPH, AT | {"xa": v}),
    "diagnose": lambda v: cgprimer.diagnose(GRAPH, AT | {"xa": v}),
    "start": lambda v: fit(GRAPH, LINE, start={"w": v}, progress=False),
    "generate": lambda v: generate(GRAPH, {"w": v, "b": 1.0}, 3),
    "low": lambda v: generate(GRAPH, AT, 3, low=v),
    "high of one": lambda v: generate(GRAPH, AT, 3, high={"xa": v}),
    "noise": lambda v: generate(GRAPH, AT, 3, noise=v),
    "params": lambda v: PROGRAM.objective({"xa": GOOD}, {"xy": GOOD}).value(v),
}


def fitted(**options):
    return fit(GRAPH, LINE, options.pop("method", SGD(0.1)), progress=False, **options)


OPTIONS = {  # where one number sets something
    "rate": SGD,
    "rates": lambda v: SGD([0.1, v]),
    "rate of a step": lambda v: fitted(method=SGD(lambda step: v)),
    "momentum": lambda v: SGD(0.1, v),
    "beta": lambda v: Adam(beta1=v),
    "tolerance": lambda v: LeastSquares(ftol=v),
    "steps": lambda v: LeastSquares(max_steps=v),
    "huber": huber,
    "epochs": lambda v: fitted(epochs=v),
    "batch": lambda v: fitted(batch=v),
    "level": lambda v: FITTED.intervals(v),
    "coefficient": lambda v: FITTED.combination({"w": v}),
    "coefficients": lambda v: FITTED.combination({ENDLESS**13: v}),
    "step": lambda v: difference(np.sin, GOOD, step=v),
    "typical": lambda v: cgprimer.edge_partials(
        GRAPH, AT | {"xa": 1.0}, method="finite", typical={"w": v}
    ),
    "fraction": LINE.split,
    "size": lambda v: generate(GRAPH, AT, v),
    "batches": lambda v: list(LINE.batches(v)),
    "seed": lambda v: generate(GRAPH, AT, 3, rng=v),
    "points": lambda v: cgprimer.check_gradients(GRAPH, points=v),
    "a claimed value": lambda v: cgprimer.check_gradients(
        GRAPH, claims={("xy", "w"): lambda: v}
    ),
    "threads": lambda v: GRAPH.compile(threads=v),
    "limit": lambda v: GRAPH.paths("xa", "xy", limit=v),
    "rows": LINE.take,
    "names of outputs": lambda v: parse_graph(["xy = xa"], outputs=v),
    "historic": lambda v: cgprimer.ComputationalGraphPrimer(
        expressions=["xy=ab*xa"], learning_rate=v
    ),
}


@pytest.mark.parametrize("place", OPTIONS)
def test_what_is_no_number_sets_nothing(place):
    for value in NO_OPTION.values():
        assert len(refusal(OPTIONS[place], value)) < 1000


@pytest.mark.parametrize("kind", [int, np.uint8, np.float16, np.float32, np.array])
def test_numbers_of_every_type_set_the_same(kind):
    two = kind(2)
    assert fitted(epochs=two, batch=two, method=Adam([two])).epochs == 2
    assert len(generate(GRAPH, AT, two, low=0, high=two, rng=0)) == 2
    assert cgprimer.check_gradients(GRAPH, points=two, rng=0).points == 2
    assert len(GRAPH.paths("xa", "xy", limit=two).paths) == 1
    assert LeastSquares(max_steps=two)
    assert GRAPH.compile(threads=two) is GRAPH.compile(threads=2)


def refusal(call, value):
    with pytest.raises(CGPrimerError) as caught:
        call(value)
    return str(caught.value)


@pytest.mark.parametrize("place", ARRAYS)
def test_what_is_no_number_is_refused_by_name_and_place(place):
    for kind, (value, sample, shown) in ODD.items():
        found = refusal(ARRAYS[place], value)
        assert f" in sample {sample}: a real number or " in found, (kind, found)
        assert shown in found, (kind, found)
        assert "\n  hint: " in found, (kind, found)


@pytest.mark.parametrize("place", NUMBERS)
def test_what_is_not_one_number_is_refused(place):
    for kind, value in ALONE.items():
        found = refusal(NUMBERS[place], value)
        assert "a real number or an array of real numbers" in found, (kind, found)


SAME = {  # all of them are 1, 2, 3
    "list": [1, 2.0, 3],
    "tuple": (1, 2, 3),
    "range": range(1, 4),
    "integers": np.array([1, 2, 3], dtype=np.uint8),
    "half": GOOD.astype(np.float16),
    "long": GOOD.astype(np.longdouble),
    "swapped": GOOD.astype(">f8"),
    "strided": np.repeat(GOOD, 2)[::2],
    "a mask of nothing": np.ma.array(GOOD, mask=False),
    "a series": pd.Series([1, 2, 3]),
    "a series that may have gaps": pd.Series([1, 2, 3], dtype="Int64"),
    "an array.array": array.array("d", [1, 2, 3]),
    "numbers of numpy": [np.float32(1), np.int8(2), np.float64(3)],
    "arrays without a dimension": [np.array(1.0), np.array(2), np.array(3.0)],
}


@pytest.mark.parametrize("place", ARRAYS)
def test_what_are_numbers_is_taken(place):
    for value in SAME.values():
        ARRAYS[place](value)


@pytest.mark.parametrize("kind", SAME)
def test_numbers_are_the_same_wherever_they_are_read(kind):
    value = SAME[kind]
    for found in (
        as_numbers("x", value),
        GRAPH.evaluate({"xa": value, "w": 1.0, "b": 0.0})["xy"],
        Dataset({"xa": value}, {"xy": value}).targets["xy"],
    ):
        assert found.dtype == np.float64
        assert found.tolist() == [1, 2, 3]


def test_bools_are_zero_and_one():
    assert as_numbers("x", [True, False]).tolist() == [1, 0]
    assert GRAPH.evaluate(AT | {"xa": True})["xy"] == 3
    assert Dataset({}, {"xy": [True, False]}).targets["xy"].tolist() == [1, 0]


TEXTS = ["1", "-2.5", "+3e8", ".5", "7.", "1e-300", "0.1", "inf", "nan", "-0.0"]


@pytest.mark.parametrize("text", [*TEXTS, repr(2**0.5), repr(5e-324), repr(-1e22)])
def test_one_plain_decimal_may_be_text(text):
    expected = np.float64(text)
    for found in (decimal(text), as_numbers("x", text)):
        assert np.float64(found).tobytes() == expected.tobytes()


def test_a_long_integer_is_a_number_while_it_is_one():
    assert GRAPH.evaluate(AT | {"xa": 10**30})["xa"] == 1e30
    assert Dataset({}, {"xy": [10**30, 1]}).targets["xy"][0] == 1e30
    with pytest.raises(PointError):
        GRAPH.evaluate(AT | {"xa": np.array([np.longdouble("1e400")] * 2)})


def test_custom_operations_and_foreign_code_are_held_to_the_same():
    masked = np.ma.array(GOOD, mask=[0, 1, 0])
    holed = cgprimer.custom_op(
        "holed", forward=lambda ctx, a: np.ma.masked_less(a, 2), partials=["1"]
    )
    with holed:
        graph = parse_graph(["xy = holed(xa)"])
        assert "masked" in refusal(graph.evaluate, {"xa": GOOD})
    for f, grad, x in (
        (np.sum, np.ones_like, masked),
        (np.sum, masked, GOOD),
        (np.sum, [1.0, np.ma.masked, 1.0], GOOD),
    ):
        found = refusal(lambda x, f=f, g=grad: cgprimer.check_function(f, g, x), x)
        assert "masked" in found


def test_order_and_rows_are_not_masked():
    objective = PROGRAM.objective({"xa": GOOD}, {"xy": GOOD})
    rows = np.ma.array([0, 1], mask=[0, 1])
    for call in (
        lambda rows: objective.value([1.0, 1.0], rows),
        lambda rows: objective.sgd_epoch([1.0, 1.0], rate=0.1, order=rows),
        LINE.take,
    ):
        assert "masked" in refusal(call, rows)
    odd = [[0.5], ["0"], [99], [-4], [True], DAYS, np.uint64([2**64 - 1]), [[0]]]
    for rows in [*odd, [1.0, np.ma.masked], [[0], [1, 2]], ROUND, np.array(0)]:
        assert "rows " in refusal(LINE.take, rows)
        assert "order " in refusal(lambda rows: objective.value([1.0, 1], rows), rows)


def test_rows_are_numbers_or_a_mask():
    for rows in ([0, -1], [True, False, True], np.uint8([0, 2]), slice(0, 3, 2)):
        assert LINE.take(rows).inputs["xa"].tolist() == [1, 3]


# Numbers of samples: from 0 or from the end, or a mask

ROWS = "rows holds numbers of samples, or a mask, of shape (n,)"
NAMED_ROWS = [
    ([0, 3], [0, 3]), ([-4, -1], [-4, -1]), ([], []),
    ([True, False, True, False], [0, 2]),
    ([4], "rows holds 4: samples go from 0 to 3"),
    ([0, -5], "rows holds -5: samples go from 0 to 3"),
    ([True] * 3, "rows is a mask of 3 samples, there are 4"),
    (np.array([], dtype=bool), "rows is a mask of 0 samples, there are 4"),
    ([[0]], ROWS), ([0.0], ROWS), (1, ROWS), (np.zeros((0, 2), dtype=int), ROWS),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "wanted"), NAMED_ROWS)
def test_rows_are_numbers_of_samples_or_a_mask(rows, wanted):
    if isinstance(wanted, list):
        assert as_rows("rows", rows, 4, PointError).tolist() == wanted
        return
    with pytest.raises(PointError) as caught:
        as_rows("rows", rows, 4, PointError)
    assert str(caught.value) == wanted
