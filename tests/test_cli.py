"""The command line: commands × inputs, their exit codes and what they say."""

import io
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import cgprimer
from cgprimer import (
    SGD,
    Adam,
    Dataset,
    PartialReport,
    check_gradients,
    compare_partials,
    fit,
    generate,
    parse_graph,
    trace,
)
from cgprimer.cli import COMMANDS, main
from cgprimer.expr.ops import CONSTANTS, TABLE
from cgprimer.judge.differences.finite import SCHEMES
from cgprimer.notation.report import plain
from cgprimer.run.llvm.cache import store
from cgprimer.run.losses import LOSSES, find_loss

CANONICAL = ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
POINT = ["--at", "xa=1.5", "ab=0.8", "ac=-1.1", "bc=2", "cd=0.5"]
LINE = ["xy = w*xx + b"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def run(capsys):
    def call(*arguments):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as exit_:
            code = exit_.code
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return call


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.txt"
    path.write_text("# the canonical example\n" + "\n".join(CANONICAL) + "\n")
    return path


@pytest.fixture
def points(tmp_path):
    """y = 1 - x, in a file."""
    path = tmp_path / "points.csv"
    path.write_text("day,xx,xy\nmon,1,0\ntue,2,-1\nwed,3,-2\nthu,4,-3\n")
    return path


# show


SHOWN = """\
inputs      xa
parameters  ab ac bc cd
outputs     xw
order       xa xx xy xz xw
depends_on
  xx: xa
  xy: xa, xx
  xz: xx, xy
  xw: xx, xz
leads_to
  xa: xx, xy
  xx: xw, xy, xz
  xy: xz
  xz: xw
"""


@pytest.mark.parametrize("source", ["file", "stdin", "arguments", "marked file"])
def test_show_says_who_depends_on_whom(source, run, model, monkeypatch):
    arguments = {"arguments": CANONICAL, "stdin": ["-"]}.get(source, [model])
    monkeypatch.setattr("sys.stdin", io.StringIO(model.read_text()))
    if source == "marked file":
        model.write_text("\ufeff" + model.read_text(), encoding="utf-8")
    code, out, err = run("show", *arguments)
    assert (code, err) == (0, "")
    assert out == "\n".join(CANONICAL) + "\n\n" + SHOWN


def test_a_large_graph_is_shown_in_part_and_says_so(run):
    lines = [f"x{k + 1} = a{k}*x{k}" for k in range(300)]
    code, out, _ = run("show", *lines)
    assert code == 0
    assert len(out.splitlines()) == 3 * 101 + 1 + 4 + 2
    assert out.count("… and 200 more (--all shows them)") == 3
    assert "a199 … and 100 more (--all shows them)\n" in out
    code, out, _ = run("show", "--all", *lines)
    assert "more" not in out
    assert all(line in out for line in lines)
    _, out, _ = run("show", *[f"xy{k} = xx + {k}" for k in range(300)])
    assert "… and 100 more (--all shows them)" in out.splitlines()[-1]


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_shown_has_exact_limits(more, run):
    left_out = "… and 1 more (--all shows them)"
    _, out, _ = run("show", *[f"xy{k} = a{k}*xx" for k in range(100 + more)])
    # Of the equations, and in depends_on.
    assert out.count("… and") == out.count(left_out) == 2 * more
    _, out, _ = run("show", f"xy = {' + '.join(f'b{k}' for k in range(200 + more))}")
    assert out.count("… and") == out.count(left_out) == more  # of the parameters


def test_values_drawn_for_a_large_graph_are_told_in_part(run):
    code, out, _ = run("check", *[f"x{k + 1} = a{k}*x{k}" for k in range(60)])
    assert code == 0
    code, out, _ = run("partials", *[f"x{k + 1} = a{k}*x{k}" for k in range(60)])
    told = out.splitlines()[0]
    assert told.endswith("  … and 21 more, the same for the same --seed")
    _, out, _ = run("partials", *[f"x{k + 1} = a{k}*x{k}" for k in range(39)])
    drawn = out.splitlines()[0].removeprefix("values drawn at random: ").split("  ")
    assert len(drawn) == 40
    assert all(re.fullmatch(r"\w+=\d\.\d{1,3}", each) for each in drawn)
    numbers = [float(each.partition("=")[2]) for each in drawn]
    assert 0.5 <= min(numbers) < 0.6
    assert 1.9 < max(numbers) <= 2
    assert any(round(each, 2) != each for each in numbers)


def test_values_may_have_blanks_around_them(run):
    spaced = ["--at", *(pair.replace("=", " = ") for pair in POINT[1:])]
    assert run("partials", *CANONICAL, *spaced) == run("partials", *CANONICAL, *POINT)


def test_names_are_declared_by_options(run):
    code, out, _ = run(
        "show", "y = a*b + xk", "--variables", "a", "--parameters", "xk",
        "--outputs", "y", "a",
    )  # fmt: skip
    assert code == 0
    assert "inputs      a\nparameters  b xk\noutputs     y a\n" in out


BAD_TEXT = """\
ExpressionError: unknown function 'sn'

    xy=ab*sn(xx)
          ^^
  hint: did you mean 'sin'?
"""


@pytest.mark.parametrize("command", ["show", "partials", "fit", "draw"])
def test_bad_equations_end_in_code_2_and_a_caret(command, run, points):
    more = {"fit": ["--data", points], "draw": ["-o", "graph.png"]}.get(command, [])
    code, out, err = run(command, "xy=ab*sn(xx)", *more)
    assert (code, out, err) == (2, "", BAD_TEXT)


BAD = {
    "no such file": (
        ["show", "none.txt"],
        "OptionError: cannot read 'none.txt': No such file or directory\n",
    ),
    "neither file nor equation": (
        ["show", "xy"],
        "OptionError: cannot read 'xy': No such file or directory\n"
        "  hint: an equation needs '='\n",
    ),
    "one of several without an equals sign": (
        ["show", "xx", "xy = 2*xx"],
        "ExpressionError: an equation needs '='\n\n    xx\n    ^^\n"
        "  hint: write name = expression\n",
    ),
    "folder": (["show", "."], "OptionError: cannot read '.': Is a directory\n"),
    "cycle": (["show", "xa = xb", "xb = xa"], None),
    "empty": (["show", ""], None),
    "unknown output": (["show", *LINE, "--outputs", "xq"], None),
    "at: unknown name": (
        ["partials", *CANONICAL, "--at", "abb=1"],
        "OptionError: unknown name 'abb'\n  hint: did you mean 'ab'?\n",
    ),
    "at: no number": (
        ["partials", *CANONICAL, "--at", "xa=one"],
        "OptionError: write name=value, such as xa=1.5, not 'xa=one'\n",
    ),
    "at: no equals sign": (
        ["partials", *CANONICAL, "--at", "xa"],
        "OptionError: write name=value, such as xa=1.5, not 'xa'\n",
    ),
    "at: a defined variable": (["partials", *CANONICAL, "--at", "xw=1"], None),
    "scheme": (["partials", *CANONICAL, "--scheme", "sideways"], None),
    "step": (["partials", *CANONICAL, "--step", "0"], None),
    "draw: at too little": (["draw", *CANONICAL, "-o", "g.png", "--at", "xa=1"], None),
    "draw: ending": (
        ["draw", *CANONICAL, "-o", "graph.gif"],
        "OptionError: 'graph.gif': the file must end in .png, .svg, .pdf\n",
    ),
    "draw: folder that is not there": (
        ["draw", *CANONICAL, "-o", "none/graph.png"],
        "OptionError: cannot write 'none/graph.png': No such file or directory\n",
    ),
    "fit: no such data": (["fit", *LINE, "--data", "none.csv"], None),
    "fit: loss": (["fit", *LINE, "--data", "points.csv", "--loss", "mes"], None),
    "fit: start": (["fit", *LINE, "--data", "points.csv", "--start", "v=1"], None),
    "fit: sigma": (["fit", *LINE, "--data", "points.csv", "--sigma", "-1"], None),
    "fit: rate": (
        ["fit", *LINE, "--data", "points.csv", "--method", "sgd", "--rate", "-1"],
        "FitError: a learning rate is a positive number, not -1.0\n",
    ),
    "fit: epochs": (
        ["fit", *LINE, "--data", "points.csv", "--method", "sgd", "--epochs", "0"],
        "FitError: epochs is a whole number from 1, not 0\n",
    ),
    "fit: plot": (
        ["fit", *LINE, "--data", "points.csv", "--plot", "loss.txt"],
        "OptionError: 'loss.txt': the file must end in .png, .svg, .pdf\n",
    ),
    "fit: columns": (
        ["fit", "xz = a*xx", "--data", "points.csv"],
        "DataError: there is no column 'xz'\n  hint: the columns are day, xx, xy\n",
    ),
    "demo: folder": (
        ["demo", "-o", "points.csv"],
        "OptionError: cannot make the folder 'points.csv': File exists\n",
    ),
}
USAGE = {
    "no command": [],
    "unknown command": ["shwo"],
    "no equations": ["show"],
    "no data": ["fit", *LINE],
    "no output": ["draw", *LINE],
    "unknown option": ["show", *LINE, "--colour"],
    "unknown method": ["fit", *LINE, "--data", "points.csv", "--method", "newton"],
    "negative seed": ["fit", *LINE, "--data", "points.csv", "--seed", "-1"],
    "rate": ["fit", *LINE, "--data", "points.csv", "--rate", "fast"],
}


@pytest.mark.parametrize(("arguments", "expected"), BAD.values(), ids=BAD)
def test_bad_input_ends_in_code_2_and_a_sentence(arguments, expected, run, points):
    code, _, err = run(*arguments)
    assert code == 2
    assert err.split(":")[0].endswith("Error")
    assert expected is None or err == expected


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage_ends_in_code_2_and_the_usage(arguments, run, points):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("usage: cgprimer")


def test_text_that_is_not_utf_8_is_refused(run, tmp_path, monkeypatch):
    path = tmp_path / "latin.txt"
    path.write_bytes("xy = a*xx # größe".encode("latin-1"))
    expected = "OptionError: cannot read 'latin.txt': it is not UTF-8 text\n"
    assert run("show", "latin.txt") == (2, "", expected)
    monkeypatch.setattr("sys.stdin", path.open(encoding="utf-8"))
    with sys.stdin:
        assert run("show", "-")[0] == 2


# partials


def test_partials_shows_every_edge_both_ways(run, model):
    code, out, err = run("partials", model, *POINT)
    assert (code, err) == (0, "")
    assert "drawn at random" not in out
    for formula in ("2*xa", "3*xz^2", "ab", "bc"):
        assert formula in out


@pytest.mark.parametrize("scheme", ["central", "forward", "five-point", "complex"])
def test_every_scheme_is_at_hand(scheme, run):
    assert run("partials", *CANONICAL, *POINT, "--scheme", scheme)[0] == 0


def test_values_left_out_are_drawn_and_said(run):
    first, again, other = (
        run("partials", *CANONICAL, "--at", "xa=1.5", "--seed", seed)[1]
        for seed in (1, 1, 2)
    )
    assert first.startswith("values drawn at random: ab=")
    assert "xa=" not in first.splitlines()[0]
    assert first == again != other


def test_partials_that_disagree_end_in_code_1(run, monkeypatch):
    monkeypatch.setattr(PartialReport, "ok", property(lambda self: False))
    assert run("partials", *CANONICAL, *POINT)[0] == 1


def test_a_check_is_made_where_its_options_say(run):
    """Points, seed and --at reach the check; several files are a model each."""
    _, out, _ = run("check", *LINE, "--points", "3", "--seed", "4")
    report = check_gradients(parse_graph(LINE), points=3, rng=4)
    assert out.split() == str(report).split()
    at = ["--at", "w=1", "xx=2", "b=3"]
    _, out, _ = run("check", *LINE, *at)
    assert "values drawn at random" not in out
    assert (
        out.split()
        == str(
            check_gradients(parse_graph(LINE), at={"w": 1, "xx": 2, "b": 3}, rng=0)
        ).split()
    )
    code, out, _ = run("check", *LINE, *at[:2])
    assert code == 0
    assert out.startswith("values drawn at random: xx=")


# fit


def test_fit_prints_the_parameters_and_their_errors(run, points):
    code, out, err = run("fit", *LINE, "--data", points)
    assert code == 0
    assert "LeastSquares" in err  # the bar
    assert out.startswith("LeastSquares: loss ")
    assert "converged" in out
    values = {row.split("│")[1].strip(): row for row in out.splitlines() if "│" in row}
    assert float(values["w"].split("│")[2]) == pytest.approx(-1)
    assert float(values["b"].split("│")[2]) == pytest.approx(1)


def test_fit_says_what_is_not_determined(run, model, tmp_path):
    graph = parse_graph(CANONICAL)
    truth = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
    data = generate(graph, truth, 100, rng=0)
    table = np.stack([data.inputs["xa"], data.targets["xw"]], axis=1)
    path = tmp_path / "canonical.csv"
    np.savetxt(path, table, delimiter=",", header="xa,xw", comments="")
    code, out, err = run("fit", model, "--data", path, "--quiet")
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert "ab and bc are not determined separately, only ab + bc." in words


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--method", "sgd", "--epochs", "100"], 1, "stopped after"),
        (["--method", "sgd", "--rate", "0.5", "--batch", "9"], 1, "diverged"),
        (["--method", "adam", "--rate", "0.1", "--epochs", "2000"], 0, "converged"),
        (["--loss", "huber"], 0, "converged"),
        (["--start", "w=-0.9", "b=1.1", "--sigma", "0.1"], 0, "converged"),
        (["--method", "sgd", "--loss", "mae", "--seed", "3"], 1, "stopped after"),
    ],
)
def test_the_exit_code_of_a_fit_is_its_success(options, code, word, run, points):
    found, out, err = run("fit", *LINE, "--data", points, "--quiet", *options)
    assert (found, err) == (code, "")
    assert word in out


@pytest.mark.parametrize(
    ("options", "method", "more"),
    [
        ([], Adam(0.01), {"epochs": 100, "batch": 64}),
        (["--rate", "0.2", "--epochs", "7"], Adam(0.2), {"epochs": 7, "batch": 64}),
        (["--batch", "3", "--seed", "5"], Adam(0.01), {"batch": 3, "rng": 5}),
        (["--start", "w=2"], Adam(0.01), {"start": {"w": 2}}),
        (["--loss", "huber", "--method", "sgd"], SGD(0.01), {"loss": "huber"}),
    ],
)
def test_the_options_of_a_fit_are_those_of_fit(options, method, more, run, points):
    _, out, _ = run(
        "fit", *LINE, "--data", points, "--quiet", "--method", "adam", *options
    )
    graph = parse_graph(LINE)
    data = Dataset.from_csv(points, graph)
    result = fit(graph, data, method, progress=False, **more)
    assert out.split() == str(result).split()


STUCK = "xv = v*xs/(k + xs)", "xs,xv", lambda x: 10 * x / (3 + x)
LEVEL = "xv = w*xs + b", "xs,xv", lambda x: 0 * x + 5


@pytest.mark.parametrize(("model", "names", "curve"), [STUCK, LEVEL])
def test_a_fit_no_better_than_a_constant_ends_in_code_1(
    run, tmp_path, model, names, curve
):
    x = np.linspace(0.2, 20, 40)
    path = tmp_path / "data.csv"
    table = np.stack([x, curve(x)], axis=1)
    np.savetxt(path, table, delimiter=",", header=names, comments="")
    codes = set()
    for seed in range(6):
        code, out, err = run(
            "fit", model, "--data", path, "--quiet", "--seed", str(seed)
        )
        assert (code == 1) == ("trivial: a constant does about as well" in out)
        assert (code == 0) == ("converged" in out)
        assert err == ""
        codes.add(code)
    assert 1 in codes


def test_fit_does_not_leave_out_a_column_in_silence(run, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("S,xv,day\n1,2,5\n2,3,5\n3,3.5,5\n")
    model = ["fit", "xv = v*S/(k + S)", "--data", path, "--quiet"]
    code, out, err = run(*model)
    assert (code, out) == (2, "")
    assert "the column 'S' is a parameter of the graph, so it would be left" in err
    code, out, _ = run(*model, "--variables", "S", "--start", "v=4", "k=1")
    assert code == 0
    assert "The column day of the data was not used." in " ".join(out.split())


def test_fit_takes_the_outputs_that_are_named(run, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("xa,xy,xz\n1,2,6\n2,4,12\n3,6,18.1\n")
    model = ["fit", "xy = a*xa", "xz = b*xy", "--data", path, "--quiet"]
    code, _, err = run(*model)
    assert code == 2
    assert "the column 'xy' is defined by the graph but no output of it" in err
    code, out, _ = run(*model, "--outputs", "xz")
    assert code == 0
    assert "The column xy of the data was not used." in " ".join(out.split())
    code, out, _ = run(*model, "--outputs", "xz", "xy")
    assert code == 0
    assert "R² 0.9999 for xz, 1 for xy" in " ".join(out.split())


# trace and cache


FILES = {
    ("trace.htm",): lambda made: made.html(document=True),
    ("trace.html",): lambda made: made.html(document=True),
    ("trace.tex",): lambda made: made.latex(document=True),
    ("trace.txt",): str,
    ("part.tex", "--part"): lambda made: made.latex(),
    ("table.txt", "--format", "table"): lambda made: plain(made, 110),
}


@pytest.mark.parametrize(("arguments", "expected"), FILES.items(), ids=map(str, FILES))
def test_a_trace_is_written_as_its_ending_says(arguments, expected, run, tmp_path):
    name, *options = arguments
    code, out, _ = run("trace", *CANONICAL, *POINT, "-o", name, *options)
    assert (code, out) == (0, f"written: {name}\n")
    at = {name: float(value) for name, value in (p.split("=") for p in POINT[1:])}
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text == expected(trace(parse_graph(CANONICAL), at)).rstrip("\n") + "\n"


def test_the_cache_says_how_much_it_holds(run, tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("CGPRIMER_CACHE", str(folder))
    store("a" * 64, b"x" * 1_500_000)
    store("b" * 64, b"y" * 500_000)
    assert run("cache") == (0, f"2 files, 2.0 MB, in {folder}\n", "")
    assert run("cache", "--clear")[1] == f"deleted 2 files, 2.0 MB, from {folder}\n"
    assert run("cache")[1] == f"0 files, 0.0 MB, in {folder}\n"


# Pictures


MAGIC = {
    "png": b"\x89PNG\r\n\x1a\n",
    "svg": b"<?xml",
    "pdf": b"%PDF-",
    "PNG": b"\x89PNG",
}


@pytest.mark.every(2)
@pytest.mark.parametrize("at", [[], POINT], ids=["names", "numbers"])
@pytest.mark.parametrize("ending", MAGIC)
def test_draw_writes_what_the_ending_says(ending, at, run, model, tmp_path):
    path = tmp_path / f"graph.{ending}"
    code, out, err = run("draw", model, "-o", path, *at)
    assert (code, out, err) == (0, f"written: {path}\n", "")
    assert path.read_bytes().startswith(MAGIC[ending])
    assert path.stat().st_size > 2_000


def test_a_picture_has_its_size_and_is_let_go(run, model, tmp_path):
    from matplotlib import pyplot

    path = tmp_path / "graph.png"
    assert run("draw", model, "-o", path)[0] == 0
    header = path.read_bytes()
    at = header.index(b"pHYs") + 4
    assert round(int.from_bytes(header[at : at + 4]) * 0.0254) == 150  # dots per inch
    assert pyplot.get_fignums() == []


def test_the_loss_curve_is_written(run, points, tmp_path):
    path = tmp_path / "loss.svg"
    code, out, _ = run("fit", *LINE, "--data", points, "--quiet", "--plot", path)
    assert code == 0
    assert out.endswith(f"written: {path}\n")
    assert path.read_bytes().startswith(MAGIC["svg"])


def test_the_demo_shows_everything_and_writes_two_pictures(run, tmp_path):
    code, out, _ = run("demo", "-o", tmp_path / "new" / "folder")
    assert code == 0
    for expected in (*CANONICAL, SHOWN, "3*xz^2", "Dataset(2000 samples: inputs xa;"):
        assert expected in out
    words = " ".join(out.split())
    assert "ab and bc are not determined separately, only ab + bc." in words
    assert words.count("converged: the loss no longer falls") == 2
    assert "so ab + bc = 3, while ab and bc alone could be anything." in words
    assert "at ab = 1, bc = 2, cd = 3, ac = 4" in words
    at = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
    for row in compare_partials(parse_graph(CANONICAL), at).rows:
        assert f"│ {row.formula} │ {row.symbolic:.6g} │" in words
    for name in ("graph.png", "loss.png"):
        picture = tmp_path / "new" / "folder" / name
        assert picture.read_bytes().startswith(MAGIC["png"])


# The process


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_teaches(command, run):
    code, out, err = run(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: cgprimer {command}".rstrip())
    teaches = 'cgprimer show "xx = xa^2" "xy = ab*xx + ac*xa"'
    if command == "derive":  # of lines, which are no equations of a graph
        teaches = "a line with a new name alone on its left defines it"
    assert teaches in out
    if command == "":
        assert all(name in out for name in COMMANDS)


def example(command):
    """The lines of a shell that a help page shows as its own example."""
    return import_module(f"cgprimer.commands.{command}").EXAMPLE.splitlines()


FOUND = {"check": 1, "derive": 1, "diagnose": 1}  # their examples find something


@pytest.mark.every(3)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_of_a_help_page_runs(command, run, monkeypatch):
    _, page, _ = run(command, "--help")
    lines = example(command)
    assert page.count("\n".join(f"  {line}" for line in lines)) == 1
    assert lines[-1].startswith(f"cgprimer {command}")
    for line in lines[:-1]:
        subprocess.run(["sh", "-c", line], check=True)
    code, out, err = run(*shlex.split(lines[-1])[1:])
    assert code == FOUND.get(command, 0)
    assert out
    assert "Error" not in err


def test_every_option_of_a_help_page_is_explained(run):
    for command in COMMANDS:
        _, page, _ = run(command, "--help")
        options = page[page.index("\noptions:") : page.index("\nexample:")]
        for option in re.findall(r"^  (-.*)\n(?=  -|\Z|\n)", options, re.MULTILINE):
            assert "  " in option, f"{command}: {option} has no help"


@pytest.mark.parametrize("command", ["--help", "show --help"])
def test_the_functions_named_in_the_help_are_those_there_are(command, run):
    _, page, _ = run(*command.split())
    named = re.search(r"Functions are\n([^;]*); (\w+)", page)
    known = [op.name for op in TABLE if op.arity and not op.symbol]
    assert sorted(named[1].split()) == sorted(known)
    assert [named[2]] == list(CONSTANTS)


def test_the_losses_and_schemes_named_in_the_help_are_those_there_are(run):
    def named(command, before, after):
        words = " ".join(run(command, "--help")[1].split())
        found = re.search(f"{before} (.*?) {after}", words[words.index("options:") :])
        return set(found[1].replace(" or ", ", ").split(", "))

    losses = named("fit", "--loss LOSS", "--rate")
    assert losses >= LOSSES.keys()
    assert {find_loss(name).name for name in losses} == losses
    assert named("partials", "--scheme SCHEME", "--step") == SCHEMES.keys()


@pytest.mark.parametrize("module", [[], ["-m", "cgprimer"]])
def test_the_version_is_told(module, run):
    if module:
        call = [sys.executable, *module, "--version"]
        found = subprocess.check_output(call, cwd=Path(__file__).parent.parent)
        assert found.decode() == f"cgprimer {cgprimer.__version__}\n"
    else:
        assert run("--version") == (0, f"cgprimer {cgprimer.__version__}\n", "")


def test_only_public_names_are_listed():
    for _ in range(2):  # before and after they are loaded
        names = [name for name in dir(cgprimer) if name[:2] != "__"]
        assert names == sorted(cgprimer.__all__)
        assert all(getattr(cgprimer, name) for name in names)
    assert set(cgprimer.__all__) == set(cgprimer._HOME)


HEAVY = ["sympy", "matplotlib", "scipy", "rich", "networkx", "llvmlite", "pandas"]


@pytest.mark.parametrize(
    "code",
    ["import cgprimer", "from cgprimer.cli import main; main(['show', *TEXTS])"],
    ids=["import", "show"],
)
def test_light_work_loads_nothing_heavy(code):
    code = (
        f"TEXTS = {CANONICAL}\n{code}\nimport sys\n"
        f"sys.exit(', '.join(n for n in {HEAVY} if n in sys.modules) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_the_module_runs_as_a_command():
    run = subprocess.run(
        [sys.executable, "-m", "cgprimer", "show", *CANONICAL],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith(SHOWN)


@pytest.mark.parametrize("count", [1, 5_000])
def test_a_reader_that_stops_reading_is_no_error(count):
    equations = [f"xy{i} = a*xx" for i in range(count)]
    with subprocess.Popen(
        [sys.executable, "-m", "cgprimer", "show", *equations],
        env=os.environ | {"PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0


def test_ctrl_c_ends_quietly(run, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    # its own attribute: one patched where modules import it from would stay in those
    # that are first imported meanwhile
    monkeypatch.setattr("cgprimer.commands.show.graph_of", interrupt)
    assert run("show", *LINE) == (130, "", "interrupted\n")
