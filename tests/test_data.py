"""Data sets: read, made, cut, and refused where they make no sense."""

import pickle
import random
from itertools import chain

import numpy as np
import pandas as pd
import pytest

from cgprimer import (
    Adam,
    DataError,
    Dataset,
    FitError,
    LeastSquares,
    fit,
    generate,
    parse_graph,
)
from cgprimer.data import dataset
from cgprimer.data.generate import _memory

CANONICAL = ["xx = xa^2", "xy = ab*xx+ac*xa", "xz = bc*xx+xy", "xw = cd*xx+xz^3"]
TRUTH = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
LINE = ["xy = w*xx + b"]
TWO = ["xp = a*xu + b*xv", "xq = a*xu*xv"]
TABLE = "xx,note,xy\n1,first,2\n2.5,second,-3e2\n"


@pytest.fixture
def line():
    return parse_graph(LINE)


@pytest.fixture
def csv(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "data.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def rows_of(data):
    """Every sample as a tuple, sorted."""
    columns = [*data.inputs.values(), *data.targets.values()]
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def message(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


# Reading


def columns(data):
    parts = (data.inputs, data.targets)
    return [{name: column.tolist() for name, column in part.items()} for part in parts]


READ = [{"xx": [1.0, 2.5]}, {"xy": [2.0, -300.0]}]


@pytest.mark.parametrize(
    "make",
    [
        lambda line, csv: Dataset({"xx": [1, 2.5]}, {"xy": [2, -300]}),
        lambda line, csv: Dataset({"xx": (1, 2.5)}, {"xy": np.array([2, -300])}),
        lambda line, csv: Dataset.from_frame(pd.read_csv(csv(TABLE)), line),
        lambda line, csv: Dataset.from_frame(
            pd.DataFrame({"xx": [1, 2.5], "xy": [2, -300], "day": ["a", "b"]}),
            inputs=["xx"],
            targets=["xy"],
        ),
        lambda line, csv: Dataset.from_csv(csv(TABLE), line),
        lambda line, csv: Dataset.from_csv(str(csv(TABLE)), line),
        lambda line, csv: Dataset.from_csv(csv("\ufeff" + TABLE), line),
        lambda line, csv: Dataset.from_csv(csv(TABLE.replace("\n", "\r\n")), line),
        lambda line, csv: Dataset.from_csv(csv(TABLE.replace("\n", "\n\n")), line),
        lambda line, csv: Dataset.from_csv(csv(TABLE.replace(",", " , ")), line),
        lambda line, csv: Dataset.from_csv(csv(TABLE.replace("first", '"a, b"')), line),
        lambda line, csv: Dataset.from_csv(csv(TABLE), inputs=["xx"], targets=["xy"]),
    ],
)
def test_all_sources_give_the_same_data(make, line, csv):
    data = make(line, csv)
    assert columns(data) == READ
    assert len(data) == 2
    assert data.sigma is None


def test_names_given_replace_those_of_the_graph(line, csv):
    path = csv("xx,xy,other\n1,2,3\n")
    data = Dataset.from_csv(path, line, targets=["other"])
    assert columns(data) == [{"xx": [1.0]}, {"other": [3.0]}]


BAD_FILES = {
    "": "{path}: a first line with names and some samples are expected",
    "xx,xy\n": "{path}: a first line with names and some samples are expected",
    "xx,xy\n1,2\n3\n": "{path}: row 3 has 1 cell, the first 2",
    "xx,xy\n1,2,9\n": (
        "{path}: row 2 has 3 cells, the first 2\n"
        "  hint: if a column has no heading, pass names=['', 'xx', 'xy'] with an empty "
        "name in its place; if commas are decimal signs too, separate cells by ;"
    ),
    "xx,xx\n1,2\n": "{path}: a column name appears twice in xx, xx",
    "xx,xy\n1,2\n3,four\n": (
        "{path}: row 3, column 'xy' holds 'four', which is not a number"
    ),
    "xx,xy\n1,\n": (
        "{path}: 1 value is missing: column 'xy' in row 2 (written '')\n"
        "  hint: missing='drop' leaves out this row"
    ),
    "xx,yy\n1,2\n": "there is no column 'xy'\n  hint: the columns are xx, yy",
    "1,2\n3,4\n": (
        "{path}: row 1 holds numbers, and no row above it the names of columns\n"
        "  hint: pass names=['xx', 'xy'] in the order of the 2 columns"
    ),
    "xx,xy\n1,2\n3,nan\n": (
        "{path}: 1 value is missing: column 'xy' in row 3 (written 'nan')\n"
        "  hint: missing='drop' leaves out this row"
    ),
    "xx,xy\n1,2\ninf,2\n-inf,2\n": (
        "{path}: row 3, column 'xx' holds 'inf', which is no finite number\n"
        "  hint: leave the sample out, or its cell empty"
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD_FILES.items(), ids=range(11))
def test_bad_files_are_refused_with_the_place(text, expected, csv, line):
    path = csv(text)
    found = message(lambda: Dataset.from_csv(path, line))
    assert found == expected.format(path=path)


def test_a_row_number_is_the_line_of_the_file(csv, line):
    path = csv("xx,xy\n\n1,2\n\n3,four\n")
    assert "row 5, column 'xy'" in message(lambda: Dataset.from_csv(path, line))


def test_files_that_cannot_be_read(tmp_path, csv, line):
    path = tmp_path / "none.csv"
    found = message(lambda: Dataset.from_csv(path, line))
    assert found.startswith(f"cannot read {path}: ")
    assert "No such file" in found
    latin = csv("größe,xx,xy\n1,2,3\n", "latin-1")
    found = message(lambda: Dataset.from_csv(latin, line, encoding="utf-8"))
    assert found.startswith("cannot read")
    assert message(lambda: Dataset.from_csv(tmp_path, line)).startswith("cannot read")


ENZYME = parse_graph(["xv = vmax*S/(km + S)"])
CHAIN = parse_graph(CANONICAL)
LEFT_OUT = {  # graph, names of columns, what is said, what else mends it
    "a parameter": (
        ENZYME, ["S", "xv"],
        "the column 'S' is a parameter of the graph, so it would be left out\n"
        "  hint: parse_graph(…, variables=['S']) turns parameters into inputs; "
        "rename a column that is something else",
        {"inputs": []},
    ),
    "two parameters": (
        ENZYME, ["vmax", "S", "xv", "day"],
        "the columns vmax, S are parameters of the graph, so they would be left out\n"
        "  hint: parse_graph(…, variables=['vmax', 'S']) turns parameters into inputs; "
        "rename a column that is something else",
        {"inputs": []},
    ),
    "a declared one": (
        parse_graph(LINE, parameters=["age"]), ["xx", "xy", "age"],
        "the column 'age' is a parameter of the graph, so it would be left out\n"
        "  hint: parse_graph(…, variables=['age']) turns parameters into inputs; "
        "rename a column that is something else",
        {"inputs": ["xx"]},
    ),
    "a variable": (
        CHAIN, ["xa", "xw", "xy"],
        "the column 'xy' is defined by the graph but no output of it, so it would be "
        "left out\n"
        "  hint: parse_graph(…, outputs=['xw', 'xy']) fits all of them, "
        "targets=['xw'] only the outputs",
        {"targets": ["xw"]},
    ),
    "all variables": (
        CHAIN, ["xa", "xx", "xy", "xz", "xw"],
        "the columns xx, xy, xz are defined by the graph but no output of it, so they "
        "would be left out\n"
        "  hint: parse_graph(…, outputs=['xw', 'xx', 'xy', 'xz']) fits all of them, "
        "targets=['xw'] only the outputs",
        {"targets": ["xw", "xy"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("source", ["csv", "frame"])
@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_column_that_means_something_is_not_left_out_in_silence(name, source, csv):
    graph, names, expected, chosen = LEFT_OUT[name]
    if source == "csv":
        read, table = (
            Dataset.from_csv,
            csv(f"{','.join(names)}\n{'1,' * len(names)}"[:-1]),
        )
    else:
        read, table = Dataset.from_frame, pd.DataFrame({n: [1.0] for n in names})
    assert message(lambda: read(table, graph)) == expected
    data = read(table, graph, **chosen)  # who chooses the columns has seen them
    used = {*data.inputs, *data.targets}
    assert data.ignored == tuple(n for n in names if n not in used)
    assert f"; not used: {', '.join(data.ignored)})" in repr(data)
    for part in (data.take([0]), pickle.loads(pickle.dumps(data))):
        assert part.ignored == data.ignored


def test_other_columns_are_left_out_and_mentioned(csv, line):
    data = Dataset.from_csv(csv(TABLE), line)
    assert data.ignored == ("note",)
    first = "Dataset(2 samples: inputs xx; targets xy; not used: note)"
    assert repr(data).startswith(first + "\n")
    result = fit(line, data, LeastSquares(), progress=False)
    assert "The column note of the data was not used." in result.message
    more = Dataset(data.inputs, data.targets, None, ["note", "day"])
    result = fit(line, more, LeastSquares(), progress=False)
    assert "The columns note, day of the data were not used." in result.message


NO_SUCH_ROLE = [  # graph, inputs, targets, what fit says
    (ENZYME, ["S"], ["xv"],
     "the data have an input 'S', which is a parameter of the graph\n"
     "  hint: parse_graph(…, variables=['S']) turns it into an input"),
    (CHAIN, ["xa", "xy"], ["xw"],
     "the data have an input 'xy', which an equation of the graph defines\n"
     "  hint: give it as a target, or leave its equation out"),
    (CHAIN, ["xa"], ["ab"],
     "the data have a target 'ab', which is a parameter of the graph\n"
     "  hint: the defined variables are xx, xy, xz, xw"),
    (CHAIN, [], ["xa"],
     "the data have a target 'xa', which is an input of the graph: no equation "
     "computes it\n  hint: the defined variables are xx, xy, xz, xw"),
]  # fmt: skip


@pytest.mark.parametrize(("graph", "inputs", "targets", "expected"), NO_SUCH_ROLE)
def test_a_fit_names_what_a_column_is_to_the_graph(graph, inputs, targets, expected):
    data = Dataset({n: [1.0, 2] for n in inputs}, {n: [1.0, 2] for n in targets})
    for method in (LeastSquares(), Adam()):
        with pytest.raises(FitError) as caught:
            fit(graph, data, method, progress=False)
        assert str(caught.value) == expected


def test_one_must_say_what_the_columns_are(csv):
    expected = "say which columns are inputs and targets, or give the graph"
    assert message(lambda: Dataset.from_csv(csv(TABLE))) == expected
    frame = pd.DataFrame({"xx": [1.0]})
    assert message(lambda: Dataset.from_frame(frame, inputs=["xx"])) == expected


def test_a_frame_with_text_or_gaps_in_a_used_column_is_refused(line):
    text = pd.DataFrame({"xx": ["a", "b"], "xy": [1, 2]})
    expected = (
        "'xx' is 'a' in sample 0: a real number or an array of real numbers is "
        "expected\n  hint: turn text into numbers first: float('1.5') does"
    )
    assert message(lambda: Dataset.from_frame(text, line)) == expected
    gaps = pd.DataFrame({"xx": [1.0, None], "xy": [1, 2]})
    assert "'xx' is nan in sample 1" in message(lambda: Dataset.from_frame(gaps, line))


BAD = [
    (({"xx": [1]}, {}), "a data set needs at least one target"),
    (({"xx": [1]}, {"xx": [1]}), "xx: both an input and a target"),
    (
        ({"xx": [1, 2]}, {"xy": [1]}),
        "'xx' has 2 samples but 'xy' has 1: every column holds one value per sample",
    ),
    (({"xx": []}, {"xy": []}), "a data set needs at least one sample"),
    (({"xx": 1.0}, {"xy": [1]}), "'xx' has shape (); a column has shape (n,)"),
    (
        ({"xx": [[]]}, {"xy": [1]}),
        "'xx' has shape (1, 0): its samples hold no number",
    ),
    (
        ({"xx": [1j]}, {"xy": [1]}),
        "'xx' is 1j in sample 0: a real number or an array of real numbers is "
        "expected\n  hint: give the real and the imaginary part names of their own",
    ),
    (({"xx": [None]}, {"xy": [1]}), None),
    (({}, {"xy": [1]}, 0.0), "sigma of 'xy' must be positive"),
    (({}, {"xy": [1]}, -1), "sigma of 'xy' must be positive"),
    (({}, {"xy": [1]}, {"xz": 1.0}), "sigma names xz, but the targets are xy"),
    (
        ({}, {"xy": [1, 2]}, [1, 2, 3]),
        "sigma of 'xy' has shape (3,); expected () or (2,)",
    ),
    (
        ({"xx": [1, np.nan, np.inf]}, {"xy": [1, 2, 3]}),
        "'xx' is nan in sample 1 (2 such values)\n  hint: leave these samples out",
    ),
    (({}, {"xy": [1, 2]}, [1, np.nan]), None),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD)
def test_what_is_no_data_set_is_refused(arguments, expected):
    found = message(lambda: Dataset(*arguments))
    assert expected is None or found == expected


# Properties


@pytest.mark.parametrize(
    ("sigma", "expected"),
    [
        (2, {"xp": [2, 2, 2], "xq": [2, 2, 2]}),
        ([1, 2, 3], {"xp": [1, 2, 3], "xq": [1, 2, 3]}),
        ({"xp": 0.5, "xq": [1, 2, 3]}, {"xp": [0.5] * 3, "xq": [1, 2, 3]}),
    ],
)
def test_sigma_is_a_number_an_array_or_a_dict(sigma, expected):
    data = Dataset({}, {"xp": [1, 2, 3], "xq": [4, 5, 6]}, sigma)
    assert {name: column.tolist() for name, column in data.sigma.items()} == expected
    last = data.take([2])
    assert {name: column[0] for name, column in last.sigma.items()} == {
        name: column[2] for name, column in expected.items()
    }


def test_a_data_set_is_frozen_and_keeps_its_own_copy():
    source = np.array([1.0, 2.0])
    data = Dataset({"xx": source}, {"xy": source}, source)
    source[0] = 99
    assert data.inputs["xx"].tolist() == data.sigma["xy"].tolist() == [1, 2]
    for change in (
        lambda: data.inputs["xx"].__setitem__(0, 9),
        lambda: data.sigma["xy"].__setitem__(0, 9),
    ):
        with pytest.raises(ValueError, match="read-only"):
            change()
    with pytest.raises(TypeError):
        data.inputs["xx"] = source
    with pytest.raises(AttributeError):
        data.sigma = None


def test_the_repr_says_what_is_in_it():
    data = Dataset({"xa": [1, 2]}, {"xw": [3, 4]})
    assert repr(data).startswith("Dataset(2 samples: inputs xa; targets xw)\n")
    cells = [line.split("│")[1:-1] for line in repr(data).splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in cells] == [
        ["xa", "input", "1", "1.5", "2", "0.5"],
        ["xw", "target", "3", "3.5", "4", "0.5"],
    ]
    assert repr(Dataset({}, {"xw": [3]})).startswith(
        "Dataset(1 sample: inputs none; targets xw)\n"
    )


@pytest.mark.parametrize(("count", "left_out"), [(19, False), (20, True)])
def test_the_repr_shows_twenty_columns(count, left_out):
    shown = repr(Dataset({f"x{k}": [k] for k in range(count)}, {"xy": [1]}))
    assert (shown.count("│ input  │"), shown.count("│ target │")) == (19, 1)
    assert ("1 of 21 rows are not shown" in shown) == left_out


def test_a_sigma_that_does_not_vary_is_one_number_and_zeros_have_no_spread():
    data = Dataset({"xa": [0, 0]}, {"xw": [1, 3]}, sigma=2)
    cells = [line.split("│")[1:-1] for line in repr(data).splitlines() if "│" in line]
    assert [[cell.strip() for cell in row][2:] for row in cells] == [
        ["0", "0", "0", "0", ""],
        ["1", "2", "3", "1", "2"],
    ]


def test_the_spread_of_huge_numbers_is_a_number():
    data = Dataset({"xa": [1e308, -1e308]}, {"xw": [1, 3]}, sigma=[0.5, 2])
    assert [
        line.split("│")[place].strip()
        for line, place in zip(repr(data).splitlines()[4:6], (6, 7), strict=True)
    ] == ["1e+308", "0.5 … 2"]


def sample(size):
    column = np.arange(size, dtype=float)
    return Dataset({"xx": column}, {"xy": -column}, column + 1)


@pytest.mark.parametrize("size", [2, 3, 10, 101])
@pytest.mark.parametrize("fraction", [0.001, 0.25, 0.5, 0.8, 0.999])
def test_split_shares_out_every_sample_once(size, fraction):
    data = sample(size)
    first, second = data.split(fraction, rng=0)
    assert sorted(rows_of(first) + rows_of(second)) == rows_of(data)
    assert len(first) == min(max(1, round(fraction * size)), size - 1)
    for part in (first, second):
        assert (part.sigma["xy"] == part.inputs["xx"] + 1).all()


@pytest.mark.parametrize("size", [1, 7, 10])
@pytest.mark.parametrize("batch", [1, 3, 10, 99])
def test_batches_hold_every_sample_once(size, batch):
    data = sample(size)
    batches = list(data.batches(batch, rng=0))
    assert sorted(chain.from_iterable(map(rows_of, batches))) == rows_of(data)
    assert [len(b) for b in batches[:-1]] == [batch] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= batch


def test_splits_and_batches_are_shuffled_and_repeat_with_their_seed():
    data = sample(100)

    def order(rng):
        return [list(b.inputs["xx"]) for b in data.batches(10, rng)]

    assert order(1) == order(1) == order(np.random.default_rng(1)) != order(2)
    assert order(1)[0] != list(range(10))
    first, second = (data.split(0.5, rng=s)[0].inputs["xx"] for s in (1, 2))
    assert list(first) != list(second)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2, float("nan")])
def test_a_split_needs_a_fraction(fraction):
    with pytest.raises(DataError, match=r"^split takes a fraction between 0 and 1"):
        sample(4).split(fraction)


def test_one_sample_cannot_be_split_nor_cut_into_nothing():
    with pytest.raises(DataError, match="two samples"):
        sample(1).split(0.5)
    with pytest.raises(DataError, match=r"^a batch has at least one sample, not 0$"):
        next(sample(4).batches(0))


def test_samples_are_taken_by_number_mask_and_slice():
    data = sample(4)
    for rows in ([1, 3], np.array([False, True, False, True]), slice(1, None, 2)):
        assert data.take(rows).inputs["xx"].tolist() == [1, 3]
    with pytest.raises(DataError, match="at least one sample"):
        data.take([])


# Ground truth


def test_ground_truth_is_the_graph_evaluated():
    graph = parse_graph(CANONICAL)
    data = generate(graph, TRUTH, 500, rng=0)
    xa = data.inputs["xa"]
    assert (len(data), list(data.inputs), list(data.targets)) == (500, ["xa"], ["xw"])
    assert data.sigma is None
    assert data.targets["xw"] == pytest.approx(
        3 * xa**2 + (3 * xa**2 + 4 * xa) ** 3, rel=1e-13
    )
    assert -1 <= xa.min() < -0.95 < 0.95 < xa.max() <= 1
    assert abs(xa.mean()) < 0.1


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ({}, {"xu": (-1, 1), "xv": (-1, 1)}),
        ({"low": 2, "high": 3}, {"xu": (2, 3), "xv": (2, 3)}),
        ({"low": {"xu": 0}}, {"xu": (0, 1), "xv": (-1, 1)}),
        (
            {"low": {"xv": 5}, "high": {"xu": 9, "xv": 6}},
            {"xu": (-1, 9), "xv": (5, 6)},
        ),
        ({"low": 3, "high": 3}, {"xu": (3, 3), "xv": (3, 3)}),
    ],
)
def test_every_input_has_its_range(ranges, expected):
    data = generate(parse_graph(TWO), {"a": 1, "b": 2}, 2_000, **ranges, rng=0)
    for name, (low, high) in expected.items():
        column, width = data.inputs[name], high - low
        assert low <= column.min() <= low + 0.01 * width
        assert high - 0.01 * width <= column.max() <= high


def test_samplers_replace_the_uniform_draw():
    graph = parse_graph(TWO)
    normal = generate(
        graph,
        {"a": 1, "b": 2},
        5_000,
        sampler={"xu": lambda rng, size: rng.normal(7, 0.1, size)},
        rng=0,
    )
    assert normal.inputs["xu"].mean() == pytest.approx(7, abs=0.01)
    assert normal.inputs["xu"].std() == pytest.approx(0.1, rel=0.05)
    assert np.abs(normal.inputs["xv"]).max() <= 1
    steps = generate(
        graph, {"a": 1, "b": 2}, 3, sampler=lambda rng, size: range(size), rng=0
    )
    assert steps.inputs["xu"].tolist() == steps.inputs["xv"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("noise", "spread"),
    [(0.5, {"xp": 0.5, "xq": 0.5}), ({"xq": 2}, {"xp": 0, "xq": 2})],
)
def test_noise_is_normal_with_its_deviation(noise, spread):
    graph, size = parse_graph(TWO), 20_000
    data = generate(graph, {"a": 1, "b": 2}, size, noise=noise, rng=0)
    clean = graph.evaluate({**data.inputs, "a": 1, "b": 2})
    for name, deviation in spread.items():
        error = data.targets[name] - clean[name]
        assert error.std() == pytest.approx(deviation, rel=0.02)
        assert abs(error.mean()) <= 4 * deviation / size**0.5
        if deviation:
            assert abs((error**3).mean()) <= 0.1 * deviation**3
            kurtosis = (error**4).mean() / deviation**4
            assert kurtosis == pytest.approx(3, abs=0.2)
    if isinstance(noise, float):
        assert set(data.sigma["xp"]) == {0.5}
        errors = [data.targets[n] - clean[n] for n in spread]
        assert abs(np.corrcoef(errors)[0, 1]) < 0.03


def test_a_seed_repeats_and_a_generator_goes_on():
    graph = parse_graph(CANONICAL)

    def draw(rng):
        return generate(graph, TRUTH, 5, noise=0.1, rng=rng).targets["xw"].tolist()

    assert draw(3) == draw(3) == draw(np.random.default_rng(3))
    assert draw(3) != draw(4)
    rng = np.random.default_rng(3)
    assert draw(rng) != draw(rng)
    assert draw(None) != draw(None)


def test_a_draw_leaves_the_global_generators_alone():
    state, old = random.getstate(), np.random.get_state()  # noqa: NPY002
    generate(parse_graph(CANONICAL), TRUTH, 5)
    assert random.getstate() == state
    assert np.array_equal(np.random.get_state()[1], old[1])  # noqa: NPY002


@pytest.mark.parametrize("size", [0, -1, 2.5, True, float("nan"), float("inf"), "ten"])
def test_an_impossible_size_is_refused(size):
    found = message(lambda: generate(parse_graph(CANONICAL), TRUTH, size))
    assert found == f"the size of a data set is a whole number from 1, not {size!r}"


@pytest.mark.parametrize("size", [10**12, 1e15, 10**30])
def test_a_size_beyond_memory_is_refused_before_memory_is_taken(size, monkeypatch):
    monkeypatch.setattr(dataset.np, "random", None)  # nothing may be drawn
    found = message(lambda: generate(parse_graph(CANONICAL), TRUTH, size))
    assert found.startswith(f"{int(size):,} samples of this graph need about ")
    assert found.endswith("\n  hint: generate less at a time")


@pytest.mark.parametrize(("spare", "refused"), [(0, False), (-2, True)])
def test_samples_may_take_half_the_memory(spare, refused, monkeypatch):
    graph, size = parse_graph(CANONICAL), 1_000  # 5 variables and their adjoints …
    needed = 8 * size * 2 * (5 + 1)  # … and an output with its noise
    monkeypatch.setattr("cgprimer.data.generate._memory", lambda: 2 * needed + spare)
    if not refused:
        assert len(generate(graph, TRUTH, size)) == size
        return
    assert message(lambda: generate(graph, TRUTH, size)) == (
        "1,000 samples of this graph need about 0 GiB, and this machine has 0\n"
        "  hint: generate less at a time"
    )


def test_what_memory_is_needed_is_said_in_gib(monkeypatch):
    monkeypatch.setattr("cgprimer.data.generate._memory", lambda: 4.0 * 2**30)
    size = 3 * 2**30 // (8 * 2 * (5 + 1))
    assert message(lambda: generate(parse_graph(CANONICAL), TRUTH, size)) == (
        f"{size:,} samples of this graph need about 3 GiB, and this machine has 4\n"
        "  hint: generate less at a time"
    )


def test_a_machine_that_does_not_tell_its_memory_has_four_gib(monkeypatch):
    assert 2**26 < _memory() < 2**50  # 64 MB to a petabyte
    assert _memory() % 4096 == 0

    def refuse(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr("os.sysconf", refuse, raising=False)
    assert _memory() == 4 * 2**30


BAD_REQUESTS = [
    ({"parameters": {"ab": 1}}, "parameters: no value for the parameters ac, bc, cd"),
    (
        {"parameters": {**TRUTH, "abb": 1}},
        "parameters: unknown name 'abb'\n  hint: did you mean 'ab'?",
    ),
    ({"parameters": {**TRUTH, "ab": [1, 2]}}, None),
    ({"parameters": {**TRUTH, "ab": "one"}}, None),
    ({"low": 2, "high": 1}, "'xa' cannot be drawn from 2.0 to 1.0"),
    ({"high": float("inf")}, "'xa' cannot be drawn from -1.0 to inf"),
    ({"low": -1e308, "high": 1e308}, "'xa' cannot be drawn from -1e+308 to 1e+308"),
    (
        {"sampler": lambda rng, size: 1 / 0},
        "the sampler of 'xa' raised ZeroDivisionError: division by zero",
    ),
    ({"low": {"xb": 1}}, "low= names xb; known: xa"),
    ({"high": {"xw": 1}}, "high= names xw; known: xa"),
    ({"noise": {"xy": 1}}, "noise= names xy; known: xw"),
    ({"noise": -1}, "noise is a standard deviation: zero or a positive number"),
    (
        {"noise": float("nan")},
        "noise is a standard deviation: zero or a positive number",
    ),
    (
        {"sampler": lambda rng, size: [1.0]},
        "the sampler of 'xa' returned shape (1,), not (5,)",
    ),
    (
        {"sampler": {"xa": 3}},
        "the sampler of 'xa' is not a function (rng, size) → array",
    ),
    ({"sampler": {"xb": np.sin}}, "sampler= names xb; known: xa"),
    ({"sampler": lambda rng, size: np.full(size, np.nan)}, None),
]


@pytest.mark.parametrize(("request_", "expected"), BAD_REQUESTS)
def test_requests_that_make_no_sense_are_refused(request_, expected):
    arguments = {"parameters": TRUTH, **request_}
    found = message(
        lambda: generate(parse_graph(CANONICAL), size=5, rng=0, **arguments)
    )
    assert expected is None or found == expected


def test_outputs_that_are_not_finite_are_refused_with_the_place():
    graph = parse_graph(["xy = ln(xx)"])
    found = message(lambda: generate(graph, {}, 100, rng=0))
    count = int((np.random.default_rng(0).uniform(-1, 1, 100) < 0).sum())
    assert found.startswith(f"'xy' is nan in {count} of 100 samples, first at xx = -")
    assert found.endswith("\n  hint: choose ranges where it is finite")
    values = {"xx": [1.0, 2.0, 1.0], "xz": [2.0, 1.23456789, 1.25]}
    found = message(
        lambda: generate(
            parse_graph(["xp = xx", "xy = ln(xx - xz*w)"]), {"w": 1.0}, 3,
            sampler={k: lambda rng, size, v=v: v for k, v in values.items()},
        )
    )  # fmt: skip
    assert found == (
        "'xy' is nan in 2 of 3 samples, first at xx = 1, xz = 2\n"
        "  hint: choose ranges where it is finite"
    )
    graph, at = parse_graph(["xy = ln(xx)"]), lambda rng, size: [2, -1.23456789, 1]
    found = message(lambda: generate(graph, {}, 3, sampler=at))
    assert found.startswith("'xy' is nan in 1 of 3 samples, first at xx = -1.23457\n")
    many = parse_graph([f"xy = ln({' - '.join(f'x{k}' for k in range(40))})"])
    found = message(lambda: generate(many, {}, 3, low=1, high=1))
    assert len(found.split("first at ")[1].split("\n")[0]) == 120


def test_a_graph_without_inputs_has_no_samples():
    found = message(lambda: generate(parse_graph(["xy = a"]), {"a": 1}, 5))
    assert found == "the graph has no inputs: every sample would be the same"


def test_outputs_in_the_middle_can_be_observed_but_no_inputs():
    data = generate(parse_graph(CANONICAL, ["xy", "xw"]), TRUTH, 5, rng=0)
    assert list(data.targets) == ["xy", "xw"]
    graph = parse_graph(CANONICAL, ["xw", "xa"])
    found = message(lambda: generate(graph, TRUTH, 5))
    assert found == "xa: both an input and a target"
