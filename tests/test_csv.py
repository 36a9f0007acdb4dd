"""CSV files: cells as they are, sizes that are bounded, mistakes with their place."""

import csv as csv_module
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from cgprimer import DataError, Dataset, parse_graph
from cgprimer.data import text_file
from cgprimer.errors import shorten, visible

LINE = parse_graph(["xy = w*xx + b"])


@pytest.fixture
def csv(tmp_path):
    def write(text):
        path = tmp_path / "data.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


def message(path):
    with pytest.raises(DataError) as caught:
        Dataset.from_csv(path, LINE)
    return str(caught.value)


NUMBERS = [
    *("0", "-0.0", "12", "+1", ".5", "7.", "1e3", "1E-3", "-2.5e+08", "1e-400"),
    *map(repr, (0.1, 2**0.5, 1e300, 5e-324, -123456789.125)),
]
NO_NUMBERS = [
    *("1_0", "1_000.5", "１２", "٣", "0x10", "0b1", "1e", "e1", "1 0", "1d3", "--1"),
    *("one", "1\u00a0", "\u20091", "½", "∞", "1\0", "NaN1", "TRUE"),
    *("1+2j", "(1)", "$1", "\x1c1", "2026-01-01", "10:30", "50%"),
]
WHAT = {  # they are, and what to do; all others are no numbers
    "0x10": "hexadecimal\n  hint: write decimal digits",
    "1d3": "a number with a power of ten\n  hint: write such as 1.5e3",
    "TRUE": "no number\n  hint: write 1 and 0",
    "$1": "an amount of money\n  hint: leave its sign out",
    "∞": "no finite number\n  hint: leave the sample out, or its cell empty",
    "2026-01-01": ("a date\n  hint: give a number, such as the days since the first"),
    "10:30": "a time\n  hint: give a number, such as the seconds since the first",
    "50%": (
        "a percentage\n  hint: write the number without the sign, and mind the factor "
        "100"
    ),
}


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_plain_decimals_are_numbers(csv, quote, blank):
    cells = [f"{quote}{blank}{text}{blank}{quote}" for text in NUMBERS]
    data = Dataset.from_csv(csv("xx,xy\n" + "".join(f"{c},1\n" for c in cells)), LINE)
    expected = np.array([float(text) for text in NUMBERS])
    assert data.inputs["xx"].tobytes() == expected.tobytes()


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("row", [2, 5])
@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_all_other_cells_are_refused_with_their_place(csv, cell, row, column):
    cells = [["1", "2"] for _ in range(5)]
    cells[row - 2][column] = f'"{cell}"' if "," in cell else cell
    path = csv("\n".join(map(",".join, [["xx", "xy"], *cells])))
    found = message(path)
    head = f"{path}: row {row}, column '{('xx', 'xy')[column]}' holds "
    what = WHAT.get(cell, "not a number")
    assert found == f"{head}{visible(cell)!r}, which is {what}"


INFINITE = "which is no finite number\n  hint: leave the sample out, or its cell empty"
LARGE = "which is beyond double precision\n  hint: the largest is about 1.8e308"
NOT_FINITE = {
    "inf": INFINITE, "-Infinity": INFINITE, "1.#INF": INFINITE, "1e400": LARGE,
    "-1.5E+0400": LARGE, "9" * 310: LARGE,
}  # fmt: skip


@pytest.mark.parametrize("cell", NOT_FINITE)
def test_what_is_not_finite_is_refused_with_its_place(csv, cell):
    path = csv(f"xx,xy\n1,2\n{cell},2\n{cell},3\n")
    said = f"{path}: row 3, column 'xx' holds {shorten(cell)!r}, {NOT_FINITE[cell]}"
    assert message(path) == said


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_a_column_that_is_not_used_may_hold_anything(csv, cell):
    path = csv(f'xx,note,xy\n1,"{cell}",2\n')
    assert Dataset.from_csv(path, LINE).targets["xy"].tolist() == [2]


@pytest.mark.slow
def test_a_long_cell_in_a_column_that_is_not_used_does_no_harm(csv):
    before = csv_module.field_size_limit()
    cell = "a" * 10**7
    data = Dataset.from_csv(csv(f'note,xx,xy\n{cell},1,2\n"{cell}\n,",3,4\n'), LINE)
    assert data.inputs["xx"].tolist() == [1, 3]
    assert csv_module.field_size_limit() == before


def test_the_columns_may_come_in_any_order_and_twice_be_chosen(csv):
    path = csv("c,b,a\n1,2,3\n4,5,6\n")
    data = Dataset.from_csv(path, inputs=["a", "c"], targets=["b"])
    assert {n: v.tolist() for n, v in data.inputs.items()} == {"a": [3, 6], "c": [1, 4]}
    assert data.targets["b"].tolist() == [2, 5]
    with pytest.raises(DataError, match="both an input and a target"):
        Dataset.from_csv(path, inputs=["a"], targets=["a"])


# Sizes; the limits are smaller here, so that they are met at once


@pytest.mark.slow
def test_a_line_without_end_is_refused(csv, monkeypatch):
    monkeypatch.setattr(text_file, "LONGEST", 2**20)
    for text in ("1" * 2**21, "xx,xy\n" + "1" * 2**21, 'xx,xy\n"' + "1\n" * 2**20):
        found = message(csv(text))
        assert "has more than 1 million characters" in found or "field limit" in found


def test_a_line_of_the_greatest_length_is_read(csv, monkeypatch):
    monkeypatch.setattr(text_file, "LONGEST", 64)
    for blanks, fits in ((64, True), (65, False)):
        text = "note,xx,xy\n" + f"{'':>{blanks - 5}},1,2\n"
        if fits:
            assert Dataset.from_csv(csv(text), LINE).inputs["xx"].tolist() == [1]
        else:
            assert "line 2 has more than 0 million characters" in message(csv(text))


@pytest.mark.parametrize("spare", [0, -1])
def test_a_file_of_the_greatest_size_is_read(csv, spare, monkeypatch):
    path = csv("xx,xy\n1,2\n")
    monkeypatch.setattr(text_file, "MOST", path.stat().st_size + spare)
    if spare:
        assert "and no more is read" in message(path)
    else:
        assert len(Dataset.from_csv(path, LINE)) == 1


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "sparse.csv"
    with path.open("wb") as file:
        file.truncate(text_file.MOST + 1)
    assert message(path) == (
        f"{path}: more than 2 GiB, and no more is read\n"
        "  hint: leave out rows, or columns that are not used"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "MOST", 2**18)
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def fill():
        try:
            with path.open("w") as pipe:
                pipe.write("xx,xy\n" + "1,2\n" * 2**18)
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=fill)
    writer.start()
    assert "and no more is read" in message(path)
    writer.join()


ZERO = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
from cgprimer.cli import main
sys.exit(main(["fit", "xy = w*xx + b", "--data", "/dev/zero"]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_a_device_that_never_ends_is_refused():
    run = [sys.executable, "-c", ZERO]
    env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(run, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2, done.stderr
    assert "line 1 has more than 64 million characters" in done.stderr


@pytest.mark.slow
def test_a_million_rows_are_what_was_written(csv):
    rows = np.random.default_rng(0).normal(size=(10**6, 3))
    lines = (",".join(map(repr, row)) for row in rows.tolist())
    data = Dataset.from_csv(csv("xx,xy,xz\n" + "\n".join(lines)), LINE)
    assert (data.inputs["xx"] == rows[:, 0]).all()
