"""Data sets of arrays: kept as they are, cut, written, read, and made from graphs."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgprimer import (
    Adam,
    DataError,
    Dataset,
    LeastSquares,
    fit,
    generate,
    parse_graph,
    read_idx,
    write_idx,
)
from cgprimer.data import csv_writing, summary

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (6, 4, 5), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9], np.uint8)
LAYER = parse_graph(["W: 5 x p", "b: 5", "xx: p", "xh = tanh(W @ xx + b)"])
WEIGHTS = {"W": np.arange(15.0).reshape(5, 3) / 10, "b": np.ones(5)}
PLAIN = parse_graph(["xy = w*xx + b"])


def message(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


def cells(data):
    """The rows of the table that a data set shows."""
    lines = [line.split("│")[1:-1] for line in repr(data).splitlines() if "│" in line]
    return [[cell.strip() for cell in row] for row in lines]


# Arrays as columns


@pytest.mark.parametrize(
    "kind",
    ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8", ">i2", ">f4", ">f8"],
)
def test_arrays_keep_their_type(kind):
    array = IMAGES.astype(kind)
    held = Dataset({"xx": array}, {"xt": LABELS}).inputs["xx"]
    assert held.dtype == array.dtype.newbyteorder("=")
    assert held.dtype.isnative
    assert (held == IMAGES.astype(kind)).all()


@pytest.mark.parametrize(
    "array",
    [
        IMAGES.astype("i8"),
        IMAGES.astype("u8"),
        IMAGES.astype("g"),
        IMAGES.tolist(),
        IMAGES.astype(object).tolist(),
        [*map(np.array, IMAGES)],
        IMAGES > 100,
    ],
    ids=["i8", "u8", "g", "list", "objects", "arrays", "bools"],
)
def test_what_is_else_a_number_is_a_double(array):
    held = Dataset({"xx": array}, {"xt": LABELS}).inputs["xx"]
    assert held.dtype == np.float64
    assert (held == np.asarray(array)).all()


def test_labels_and_other_columns_are_doubles():
    data = Dataset({"xx": IMAGES}, {"xt": LABELS, "xl": [*range(6)]})
    assert data.targets["xt"].dtype == data.targets["xl"].dtype == np.float64


def test_a_data_set_has_its_own_copy_of_arrays_that_others_can_write_to():
    whole = np.zeros((2, 3, 4), np.uint8)
    shown = whole[:, 1:]
    shown.flags.writeable = False  # but `whole` is not
    data = Dataset({"xa": whole, "xb": shown}, {"xt": [1, 2]})
    whole[:] = 9
    assert not data.inputs["xa"].any()
    assert not data.inputs["xb"].any()
    with pytest.raises(ValueError, match="read-only"):
        data.inputs["xa"][0] = 1


def test_what_nobody_can_write_to_is_not_copied():
    closed = IMAGES.copy()
    closed.flags.writeable = False
    content = np.frombuffer(bytes(24), np.uint8).reshape(6, 4)
    data = Dataset({"xa": closed, "xb": content, "xc": closed[:, ::2]}, {"xt": LABELS})
    assert np.shares_memory(data.inputs["xa"], closed)
    assert np.shares_memory(data.inputs["xb"], content)
    assert data.inputs["xc"].flags.c_contiguous
    cut = data.take(slice(2, 4))
    assert np.shares_memory(cut.inputs["xa"], closed)
    assert not cut.inputs["xa"].flags.writeable


def test_arrays_are_cut_along_their_first_axis():
    data = Dataset({"xx": IMAGES}, {"xt": LABELS, "xy": IMAGES / 7}, sigma=LABELS / 1)
    assert len(data) == 6
    taken = [
        data.take([4, 0]),
        data.take([False, True, True, False, False, True]),
        data.take(slice(None, None, 2)),
        *data.split(0.5, rng=1),
        *data.batches(4, rng=1),
        pickle.loads(pickle.dumps(data)),
    ]
    for part in taken:
        rows = [
            np.flatnonzero((image == IMAGES).all((1, 2)))[0]
            for image in part.inputs["xx"]
        ]
        assert len(rows) == len(part)
        for mine, all_ in ((part.inputs, data.inputs), (part.targets, data.targets)):
            for name, column in mine.items():
                assert column.dtype == all_[name].dtype
                assert (column == all_[name][rows]).all()
                assert not column.flags.writeable
                assert column.flags.c_contiguous
        assert (part.sigma["xy"] == data.sigma["xy"][rows]).all()
    assert [sorted(p.targets["xt"]) for p in taken[3:5]] != [[], []]
    assert sum(map(len, taken[3:5])) == sum(map(len, taken[5:7])) == 6
    assert message(lambda: data.take([])) == "a data set needs at least one sample"


BAD = {
    "another number of samples": (
        ({"xx": IMAGES[:5]}, {"xt": LABELS}),
        "'xx' has 5 samples but 'xt' has 6: every column holds one value per sample",
    ),
    "no samples": (
        ({"xx": IMAGES[:0]}, {"xt": []}), "a data set needs at least one sample"
    ),
    "no entries": (
        ({"xx": IMAGES[:, :0]}, {"xt": LABELS}),
        "'xx' has shape (6, 0, 5): its samples hold no number",
    ),
    "nan": (
        ({"xx": np.array([[1, 2], [3, np.nan]], "f4")}, {"xt": [1, 2]}),
        "'xx[1]' is nan in sample 1 (1 such value)\n  hint: leave these samples out",
    ),
    "inf, of a higher rank": (
        ({"xx": np.array([[[1, 2], [np.inf, np.nan]]])}, {"xt": [1]}),
        "'xx[1,0]' is inf in sample 0 (2 such values)\n  hint: leave these samples out",
    ),
    "masked": (
        ({"xx": np.ma.array([[1, 2]], mask=[[0, 1]], dtype="u1")}, {"xt": [1]}),
        "'xx' is masked at [0, 1]: a real number or an array of real numbers is "
        "expected\n  hint: leave the masked samples out of every array",
    ),
    "text": (
        ({"xx": [["a", "b"]]}, {"xt": [1]}),
        "'xx' is 'a' at [0, 0]: a real number or an array of real numbers is expected\n"
        "  hint: turn text into numbers first: float('1.5') does",
    ),
    "sigma of other samples": (
        ({}, {"xy": np.ones((4, 2))}, np.ones(2)),
        "sigma of 'xy' has shape (2,); expected () or (4,) or (4, 2)",
    ),
    "a sigma of zero": (
        ({}, {"xy": np.ones((2, 2))}, [[1, 2], [0, 1]]),
        "sigma of 'xy' must be positive",
    ),
    "a sigma of nan": (
        ({}, {"xy": np.ones((2, 2))}, [[1, 2], [np.nan, 1]]),
        "'sigma of xy[0]' is nan in sample 1 (1 such value)\n"
        "  hint: leave these samples out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_are_no_data_are_refused(name):
    arguments, expected = BAD[name]
    assert message(lambda: Dataset(*arguments)) == expected


@pytest.mark.parametrize("sigma", [2, [1, 2, 3], np.arange(1.0, 7).reshape(3, 2)])
def test_sigma_of_an_array_has_its_shape(sigma):
    data = Dataset({}, {"xy": np.ones((3, 2)), "xz": [1, 2, 3]}, {"xy": sigma, "xz": 1})
    found = data.sigma["xy"]
    assert found.shape == (3, 2)
    wide = np.reshape(sigma, (-1, 1)) if np.ndim(sigma) == 1 else sigma
    assert (found == np.broadcast_to(wide, (3, 2))).all()
    assert data.sigma["xz"].shape == (3,)
    assert data.take([2]).sigma["xy"].shape == (1, 2)


def test_the_repr_tells_of_arrays_over_all_entries(monkeypatch):
    monkeypatch.setattr(summary, "BLOCK", 50)  # in more pieces than one
    data = Dataset({"xx": IMAGES, "xb": np.full((6, 2), -128, "i1")}, {"xt": LABELS})
    numbers = IMAGES.astype(float)
    figures = (numbers.min(), numbers.mean(), numbers.max(), numbers.std())
    assert cells(data) == [
        ["xx: 4 x 5", "input", *(f"{figure:.4g}" for figure in figures)],
        ["xb: 2", "input", "-128", "-128", "-128", "0"],
        ["xt", "target", "1", "3.833", "9", "2.734"],
    ]


def test_images_of_a_file_are_data(tmp_path):
    write_idx(tmp_path / "images", IMAGES)
    data = Dataset({"xx": read_idx(tmp_path / "images")}, {"xt": LABELS})
    assert repr(data).startswith("Dataset(6 samples: inputs xx; targets xt)\n")
    assert data.inputs["xx"].nbytes == IMAGES.nbytes


# Dims that a graph declares

MISFITS = {
    "another size": (
        LAYER, {"xx": np.ones((4, 3))}, {"xh": np.ones((4, 6))},
        "each sample of 'xh' is an array of 6, but in the graph xh is an array of 5",
    ),
    "an axis too many": (
        LAYER, {"xx": np.ones((4, 3, 2))}, {"xh": np.ones((4, 5))},
        "each sample of 'xx' is an array of 3 x 2, but in the graph xx is an array of "
        "p",
    ),
    "numbers": (
        LAYER, {"xx": np.ones(4)}, {"xh": np.ones((4, 5))},
        "each sample of 'xx' is a number, but in the graph xx is an array of p",
    ),
    "one size twice": (
        parse_graph(["xa, xb: p", "c: scalar", "xy = c*xa @ xb"]),
        {"xa": np.ones((4, 3)), "xb": np.ones((4, 2))}, {"xy": np.ones(4)},
        "each sample of 'xb' is an array of 2, but in the graph xb is an array of p, "
        "and p is 3 by 'xa'",
    ),
    "arrays for numbers": (
        PLAIN, {"xx": np.ones((4, 1))}, {"xy": np.ones(4)},
        "each sample of 'xx' is an array of 1, but in the graph xx is a number\n"
        "  hint: leave its axes of 1 out: array.ravel()",
    ),
    "targets for numbers": (
        PLAIN, {"xx": np.ones(4)}, {"xy": np.ones((4, 2))},
        "each sample of 'xy' is an array of 2, but in the graph xy is a number",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
@pytest.mark.parametrize("method", [LeastSquares(), Adam()])
def test_a_fit_refuses_arrays_that_do_not_fit_the_graph(name, method):
    graph, inputs, targets, expected = MISFITS[name]
    data = Dataset(inputs, targets)
    assert message(lambda: fit(graph, data, method, progress=False)) == expected
    assert message(lambda: data.checked(graph)) == expected


# Tables of text


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_writing, "BLOCK", 30)  # in more pieces than one
    path = tmp_path / "data.csv"
    data = generate(LAYER, WEIGHTS, 7, noise=0.1, rng=0)
    data.to_csv(path)
    read = Dataset.from_csv(path, LAYER, sigma={"xh": "sigma xh"})
    for field in ("inputs", "targets", "sigma"):
        mine, its = getattr(data, field), getattr(read, field)
        assert {n: v.tolist() for n, v in mine.items()} == {
            n: v.tolist() for n, v in its.items()
        }
    assert read.ignored == ()
    frame = Dataset.from_frame(pd.read_csv(path), LAYER)
    np.testing.assert_allclose(frame.inputs["xx"], data.inputs["xx"], rtol=1e-15)
    assert frame.ignored == tuple(f"sigma xh[{k}]" for k in range(5))


def test_images_are_columns_of_entries(tmp_path):
    path = tmp_path / "digits.csv"
    Dataset({"xx": IMAGES[:2, :2, :2]}, {"xt": [7, 8.5]}).to_csv(path)
    (a, b, c, d), (e, f, g, h) = (
        image[:2, :2].ravel().tolist() for image in IMAGES[:2]
    )
    assert path.read_text() == (
        '"xx[0,0]","xx[0,1]","xx[1,0]","xx[1,1]",xt\n'
        f"{a},{b},{c},{d},7.0\n{e},{f},{g},{h},8.5\n"
    )
    data = Dataset.from_csv(path, inputs=["xx"], targets=["xt"])
    assert (data.inputs["xx"] == IMAGES[:2, :2, :2]).all()


def test_a_table_has_each_column_once_and_is_written_whole(tmp_path):
    path = tmp_path / "data.csv"
    data = Dataset({"sigma xy": [1, 2]}, {"xy": [1, 2]}, sigma=1)
    expected = "'sigma xy' is the name of a column already"
    assert message(lambda: data.to_csv(path)) == expected
    assert not path.exists()
    found = message(lambda: data.take([0]).to_csv(tmp_path / "none" / "data.csv"))
    assert found == expected
    plain = Dataset({}, {"xy": [1, 2]})
    assert message(lambda: plain.to_csv("data.csv.gz")) == (
        "a table is written as plain text, so data.csv.gz would not be read\n"
        "  hint: leave .gz out of the name"
    )
    found = message(lambda: plain.to_csv(tmp_path / "none" / "x.csv"))
    assert found == f"cannot write {tmp_path}/none/x.csv: No such file or directory"


READ = {  # how others write the same: separators, blanks, order, remarks, units
    "semicolons": "xx[0,0];xx[0,1];xx[1,0];xx[1,1];xt\n1,5;2;3;4;5\n",
    "blanks inside": '"xx[0, 0]","xx [0,1]","xx[ 1 , 0 ]","xx[1,1]",xt\n1.5,2,3,4,5\n',
    "another order": '"xx[1,1]",xt,"xx[0,1]","xx[1,0]","xx[0,0]"\n4,5,2,3,1.5\n',
    "a remark above": '# made on Monday\n\n"xx[0,0]","xx[0,1]","xx[1,0]","xx[1,1]",xt\n'
                      "1.5,2,3,4,5\n",
    "units below": "xx[0,0]\txx[0,1]\txx[1,0]\txx[1,1]\txt\nV\tV\tV\tV\ts\n"
                   "1.5\t2\t3\t4\t5\n",
    "others beside": '"xx[0,0]","xx[0,1]","xx[1,0]","xx[1,1]",xt,T[0],note\n'
                     "1.5,2,3,4,5,6,abc\n",
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_entries_are_gathered_from_tables(name, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(READ[name])
    data = Dataset.from_csv(path, inputs=["xx"], targets=["xt"])
    assert data.inputs["xx"].tolist() == [[[1.5, 2], [3, 4]]]
    assert data.targets["xt"].tolist() == [5]
    assert data.ignored == (("T[0]", "note") if name == "others beside" else ())


NAMED = {f"pixel{k}": f"xx[{k // 2},{k % 2}]" for k in range(4)}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("label,pixel0,pixel1,pixel2,pixel3\n5,1.5,2,3,4\n",
         {"rename": {**NAMED, "label": "xt"}}),
        ("5,1.5,2,3,4\n", {"names": ["xt", *NAMED.values()]}),
    ],
)  # fmt: skip
def test_columns_of_other_names_are_named_as_entries(text, options, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(text)
    data = Dataset.from_csv(path, inputs=["xx"], targets=["xt"], **options)
    assert data.inputs["xx"].tolist() == [[[1.5, 2], [3, 4]]]
    assert data.targets["xt"].tolist() == [5]


DIMS = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["xa", "xb", "T", "x_1", "xá"]), DIMS, min_size=2, max_size=4
    ),
    st.integers(1, 4),
    st.integers(0, 2**32),
)
def test_all_arrays_are_read_as_they_were_written(tmp_path_factory, dims, size, seed):
    rng = np.random.default_rng(seed)
    columns = {
        name: rng.normal(size=(size, *own)) * 10.0 ** rng.integers(-300, 300)
        for name, own in dims.items()
    }
    (first, target), *others = columns.items()
    path = tmp_path_factory.getbasetemp() / "data.csv"
    Dataset(dict(others), {first: target}).to_csv(path)
    data = Dataset.from_csv(path, inputs=[n for n, _ in others], targets=[first])
    for name, column in {**data.inputs, **data.targets}.items():
        assert column.shape == columns[name].shape
        assert (column == columns[name]).all()


def test_a_column_may_be_named_as_an_entry_is(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("T[0],T[1],xx,xx[0],xt\n1,2,3,4,5\n")
    data = Dataset.from_csv(path, inputs=["T[1]", "xx"], targets=["xt"])
    assert {n: v.tolist() for n, v in data.inputs.items()} == {"T[1]": [2], "xx": [3]}
    assert data.ignored == ("T[0]", "xx[0]")


SUM = parse_graph(["xx: 2 x 2", "w: 2", "xy = sum(w @ xx)"])
NOT_WHOLE = {  # heading, what is said; there are as many numbers below
    "one is missing": (
        ["xx[0,0]", "xx[0,1]", "xx[1,1]", "xy"],
        "there is no column 'xx[1,0]', but the entries of 'xx' go up to 'xx[1,1]', so "
        "it is 2 x 2",
    ),
    "counted from one": (
        ["xx[1,1]", "xx[1,2]", "xx[2,1]", "xx[2,2]", "xy"],
        "there is no column 'xx[0,0]', but the entries of 'xx' go up to 'xx[2,2]', so "
        "it is 3 x 3",
    ),
    "one is there twice": (
        ["xx[0,0]", "xx[0,1]", "xx[0, 0]", "xx[1,0]", "xx[1,1]", "xy"],
        "the columns 'xx[0,0]' and 'xx[0, 0]' hold the same entry",
    ),
    "other axes": (
        ["xx[0,0]", "xx[0]", "xy"],
        "the columns 'xx[0,0]' and 'xx[0]' have 2 and 1 indices\n"
        "  hint: every entry of an array has one index for each axis",
    ),
    "far off": (
        ["xx[0,0]", "xx[999999999,999999999]", "xy"],
        "there is no column 'xx[0,1]', but the entries of 'xx' go up to "
        "'xx[999999999,999999999]', so it is 1000000000 x 1000000000",
    ),
    "of other dims": (
        ["xx[0,0]", "xx[0,1]", "xy"],
        "each sample of 'xx' is an array of 1 x 2, but in the graph xx is an array of "
        "2 x 2",
    ),
    "none at all": (
        ["xz", "xy"],
        "there is no column 'xx'\n"
        "  hint: an array has a column for each entry: 'xx[0,0]' and so on",
    ),
    "a parameter": (
        ["xx[0,0]", "xx[0,1]", "xx[1,0]", "xx[1,1]", "w[0]", "w[1]", "xy"],
        "the column 'w' is a parameter of the graph, so it would be left out\n"
        "  hint: parse_graph(…, variables=['w']) turns parameters into inputs; rename "
        "a column that is something else",
    ),
}  # fmt: skip


def test_what_is_missing_is_told_before_a_file_is_read(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("xx[1],xy\n1,2\n1,unread\n")
    found = message(lambda: Dataset.from_csv(path, inputs=["xx"], targets=["xy"]))
    assert found.startswith("there is no column 'xx[0]', but the entries of 'xx' go up")


@pytest.mark.parametrize("source", ["csv", "frame"])
@pytest.mark.parametrize("name", NOT_WHOLE)
def test_entries_that_make_no_array_are_refused(name, source, tmp_path):
    heading, expected = NOT_WHOLE[name]
    path = tmp_path / "data.csv"
    quoted = ",".join(f'"{title}"' for title in heading)
    path.write_text(f"{quoted}\n{','.join('1' * len(heading))}\n")
    if source == "csv":
        found = message(lambda: Dataset.from_csv(path, SUM))
    else:
        found = message(lambda: Dataset.from_frame(pd.read_csv(path), SUM))
    assert found == expected


def test_a_frame_with_a_name_twice_is_refused():
    frame = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["xx", "xx", "xy"])
    expected = "the frame has several columns 'xx'"
    assert message(lambda: Dataset.from_frame(frame, PLAIN)) == expected
    assert message(lambda: Dataset(frame, {"xy": [1]})) == expected


# Ground truth


def test_ground_truth_of_arrays_is_the_graph_evaluated():
    data = generate(LAYER, WEIGHTS, 50, low=-2, high=3, rng=0)
    xx = data.inputs["xx"]
    assert xx.shape == (50, 3)
    assert xx.min() < -1.5
    assert xx.max() > 2.5
    wanted = np.tanh(xx @ WEIGHTS["W"].T + WEIGHTS["b"])
    assert np.allclose(data.targets["xh"], wanted, rtol=1e-14)
    again = LAYER.evaluate({**WEIGHTS, "xx": xx})["xh"]
    assert (again == data.targets["xh"]).all()
    assert data.sigma is None


def test_noise_is_drawn_for_every_entry():
    plain = generate(LAYER, WEIGHTS, 4_000, rng=1)
    noisy = generate(LAYER, WEIGHTS, 4_000, noise=0.25, rng=1)
    errors = noisy.targets["xh"] - plain.targets["xh"]
    assert np.allclose(errors.std(axis=0), 0.25, rtol=0.1)
    assert np.abs(np.corrcoef(errors.T) - np.eye(5)).max() < 0.1
    assert noisy.sigma["xh"].shape == (4_000, 5)
    assert np.unique(noisy.sigma["xh"]).tolist() == [0.25]


def test_samplers_draw_arrays_and_sizes_may_be_told():
    graph = parse_graph(["xx: p", "xk: 2 x p", "xs = sum(xk @ xx)"])
    data = generate(
        graph, {}, 5, sizes={"p": 3}, rng=0,
        sampler={"xx": lambda rng, n: rng.integers(0, 2, (n, 3))},
    )  # fmt: skip
    assert {*np.unique(data.inputs["xx"])} == {0, 1}
    assert data.inputs["xk"].shape == (5, 2, 3)
    assert np.allclose(
        data.targets["xs"],
        np.einsum("nij,nj->n", data.inputs["xk"], data.inputs["xx"]),
    )


def test_indices_are_drawn_by_a_sampler():
    data = generate(
        PICKED, {"W": np.eye(10)}, 30, rng=0,
        sampler={"xt": lambda rng, n: rng.integers(0, 10, n)},
    )  # fmt: skip
    at = data.inputs["xt"].astype(int)
    assert (data.targets["xl"] == data.inputs["xx"][range(30), at]).all()


def test_an_output_that_no_input_reaches_is_the_same_in_every_sample():
    graph = parse_graph(["w: 3", "xx: 3", "xa = 2*w", "xy = w @ xx"])
    data = generate(graph, {"w": np.ones(3)}, 4)
    assert data.targets["xa"].tolist() == [[2.0] * 3] * 4


SQUARES = parse_graph(["xx: p", "xs = sum(xx^2)"])
PICKED = parse_graph(["W: 10 x p", "xx: p", "xo = W @ xx", "xl = xo[xt]"])
REFUSED = {
    "dims exchanged": (
        LAYER, {**WEIGHTS, "W": WEIGHTS["W"].T}, {},
        "the parameter 'W' is an array of 3 x 5, but in the graph W is an array of "
        "5 x p",
    ),
    "another size": (
        LAYER, {**WEIGHTS, "b": np.ones(4)}, {},
        "the parameter 'b' is an array of 4, but in the graph b is an array of 5",
    ),
    "a number for an array": (
        LAYER, {**WEIGHTS, "b": 1.0}, {},
        "the parameter 'b' is a number, but in the graph b is an array of 5",
    ),
    "samples": (
        LAYER, {**WEIGHTS, "b": np.ones((4, 5))}, {},
        "the parameter 'b' is an array of 4 x 5, but in the graph b is an array of 5",
    ),
    "sizes that differ": (
        LAYER, WEIGHTS, {"sizes": {"p": 4}},
        "the parameter 'W' is an array of 5 x 3, but in the graph W is an array of "
        "5 x p, and p is 4 by sizes=",
    ),
    "an unknown size": (
        LAYER, WEIGHTS, {"sizes": {"q": 4}},
        "unknown size 'q'\n  hint: the sizes of this graph are p",
    ),
    "no size": (
        LAYER, WEIGHTS, {"sizes": {"p": 0}},
        "the size 'p' is a whole number from 1, not 0",
    ),
    "nobody tells": (
        SQUARES, {}, {},
        "the input 'xx' is an array of p, and no parameter tells p\n"
        "  hint: pass sizes={'p': 3}, say",
    ),
    "sizes of numbers": (
        PLAIN, {"w": 1, "b": 2}, {"sizes": {"p": 3}},
        "sizes= are those of arrays, and this graph has none",
    ),
    "a parameter is missing": (
        LAYER, {"W": WEIGHTS["W"]}, {}, "parameters: no value for the parameter b"
    ),
    "one too many": (
        LAYER, {**WEIGHTS, "c": 1}, {},
        "parameters: unknown name 'c'\n  hint: the graph has xx, W, b",
    ),
    "a sampler of numbers": (
        LAYER, WEIGHTS, {"sampler": lambda rng, n: rng.normal(size=n)},
        "the sampler of 'xx' returned shape (9,), not (9, 3)",
    ),
    "an index": (
        PICKED, {"W": np.ones((10, 2))}, {},
        "the input 'xt' is an index, so it is drawn as whole numbers\n"
        "  hint: pass sampler={'xt': lambda rng, n: rng.integers(0, 10, n)}",
    ),
    "indices": (
        parse_graph(["xx: 5 x p", "xk: 2", "xy = take(xx, xk, axis=1)"]), {},
        {"sizes": {"p": 3}, "sampler": {"xx": lambda rng, n: rng.random((n, 5, 3))}},
        "the input 'xk' is an index, so it is drawn as whole numbers\n"
        "  hint: pass sampler={'xk': lambda rng, n: rng.integers(0, 3, (n, 2))}",
    ),
    "an index beyond the end": (
        PICKED, {"W": np.ones((10, 2))},
        {"sampler": {"xt": lambda rng, n: np.full(n, 11)}},
        "the outputs cannot be computed: xt holds 11: xo has 10 entries, 0 to 9",
    ),
    "beyond memory": (
        SQUARES, {}, {"sizes": {"p": 10**12}},
        None,
    ),
    "not finite": (
        parse_graph(["xx: 3", "xy = log(xx)"]), {},
        {"sampler": lambda rng, n: np.arange(3 * n).reshape(n, 3) - 4.0},
        "'xy[0]' is nan in sample 0 (2 of 9 samples have such values)\n"
        "  hint: choose ranges where it is finite",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_data_that_cannot_be_made_are_refused(name):
    graph, parameters, options, expected = REFUSED[name]
    found = message(lambda: generate(graph, parameters, 9, **options))
    assert found == expected or (expected is None and "GiB, and this machine" in found)
