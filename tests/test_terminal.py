"""Nothing that a file, a name or an exception holds steers the reader's terminal."""

import io
import unicodedata
import warnings
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import sympy
from rich.console import Console

import cgprimer
from cgprimer import SGD, Dataset, custom_op, fit, generate, parse_graph
from cgprimer.cli import main
from cgprimer.errors import (
    CGPrimerError,
    CycleError,
    DataError,
    ExpressionError,
    Mistake,
    OpError,
    OptionError,
    PointError,
    harmless,
    shorten,
    visible,
)
from cgprimer.notation.report import Beside, Report, Said, as_html
from cgprimer.notation.text_table import TextTable

HOSTILE = {
    "colour": "\x1b[31mred",
    "title": "\x1b]0;owned\x07",
    "bell": "a\x07b",
    "backspace": "FAIL\b\b\b\bPASS",
    "override": "a\u202egpj.exe",
    "isolate": "\u2066a\u2069",
    "mark": "a\u200fb\u061c",
    "return": "all is lost\rall is well",
    "line": "a\nPASS",
    "separators": "a\u2028b\u2029c\x85d",
    "eight bits": "\x9b31mred",
    "delete": "a\x7fb",
    "invisible": "a\u200bb\u2060\ufeff",
    "surrogate": "a\udc9bb",
    "tags": "a\U000e0041b",
    "tab": "a\tb",
}
GRAPH = parse_graph(["xy = w*xx + b"])
COLUMN = np.array([1.0, 2.0, 4.0])


class Bare(Report):
    parts = ()

    def _parts(self):
        return self.parts


def steering(text):
    """The signs of a text that a terminal obeys, or that turn its order around."""
    odd = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return [c for c in text if c != "\n" and unicodedata.category(c) in odd]


def told(call, *arguments):
    """What a person reads of a call: its result, or its error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = call(*arguments)
            texts = [str(found), repr(found)]
            if hasattr(found, "_repr_html_"):
                texts.append(found._repr_html_())
            texts.append(getattr(found, "message", ""))
        except CGPrimerError as error:
            texts = [str(error), repr(error), "\n".join(map(str, problems(error)))]
    return [*texts, *(str(each.message) for each in caught)]


def problems(error):
    return [problem.message for problem in getattr(error, "problems", ())]


def csv(text):
    def make(folder, hostile):
        path = folder / "data.csv"
        cell = '"' + hostile.replace('"', '""') + '"'
        whole = text.replace("HOSTILE", cell)
        path.write_bytes(whole.encode("utf-8", "surrogatepass"))
        return Dataset.from_csv(path, GRAPH)

    return make


def failing(hostile):
    def forward(ctx, a):
        raise ValueError(hostile)

    custom_op("thrower", forward=forward, partials=["1"], replace=True)
    return parse_graph(["xy = thrower(xx)"]).evaluate({"xx": 1.0})


def written(hostile):
    with custom_op("sq(u) = u*u", latex=f"{hostile}({{0}})"):
        return cgprimer.trace(parse_graph(["xy = sq(xx)"])).html(document=True)


def named(hostile):
    def f(x):
        return x**2

    f.__name__ = f.__qualname__ = hostile
    return cgprimer.check_function(f, lambda x: 3 * x, 1.0)


def keyed(hostile):
    return cgprimer.check_function(
        lambda x: x[hostile] ** 2, lambda x: {hostile: 3 * x[hostile]}, {hostile: 1.0}
    )


def column(hostile):
    return Dataset({hostile: COLUMN}, {"xy": COLUMN})


PLACES = {
    "a header": csv("xx,HOSTILE,xy\n1,2,3\n2,4,9\n"),
    "a header twice": csv("HOSTILE,HOSTILE\n1,2\n"),
    "a header instead": csv("HOSTILE,xy\n1,2\n"),
    "a cell": csv("xx,xy\n1,HOSTILE\n"),
    "a short row": csv("xx,xy\nHOSTILE\n"),
    "no file": lambda folder, s: Dataset.from_csv(folder / s, GRAPH),
    "a folder": lambda folder, s: (folder / s).mkdir() or Dataset.from_csv(
        folder / s, GRAPH
    ),
    "a fit": lambda _, s: fit(
        GRAPH,
        Dataset({"xx": COLUMN}, {"xy": COLUMN}, None, [s]),
        SGD(),
        epochs=1,
        identify=False,
        progress=False,
    ),
    "an input": lambda _, s: column(s),
    "a shape": lambda _, s: Dataset({s: [[1.0]]}, {"xy": COLUMN}),
    "a length": lambda _, s: Dataset({s: [1.0]}, {"xy": COLUMN}),
    "a text": lambda _, s: Dataset({"xx": [s]}, {"xy": COLUMN}),
    "twice": lambda _, s: Dataset({s: COLUMN}, {s: COLUMN}),
    "sigma": lambda _, s: Dataset({}, {"xy": COLUMN}, {s: 1.0}),
    "sigma's sign": lambda _, s: Dataset({}, {s: COLUMN}, -1.0),
    "a frame": lambda _, s: Dataset.from_frame(
        pd.DataFrame({"xx": COLUMN, "xy": COLUMN, s: COLUMN}), GRAPH
    ),
    "a frame instead": lambda _, s: Dataset.from_frame(
        pd.DataFrame({s: COLUMN}), GRAPH
    ),
    "columns asked for": lambda _, s: Dataset.from_frame(
        pd.DataFrame({"xx": COLUMN}), inputs=[s], targets=["xx"]
    ),
    "another input": lambda _, s: fit(GRAPH, column(s), progress=False),
    "a start": lambda _, s: fit(
        GRAPH, Dataset({"xx": COLUMN}, {"xy": COLUMN}), start={s: 1.0}
    ),
    "a point": lambda _, s: GRAPH.evaluate({s: 1.0}),
    "a value": lambda _, s: GRAPH.evaluate({"xx": s, "w": 1.0, "b": 1.0}),
    "generate": lambda _, s: generate(GRAPH, {s: 1.0}, 3),
    "a range": lambda _, s: generate(GRAPH, {"w": 1.0, "b": 1.0}, 3, low={s: 1.0}),
    "an equation": lambda _, s: parse_graph([f"xy = {s}"]),
    "a name": lambda _, s: parse_graph([f"{s} = xx"]),
    "an output": lambda _, s: parse_graph(["xy = xx"], outputs=[s]),
    "a parameter": lambda _, s: parse_graph(["xy = xx"], parameters=[s]),
    "a sympy function": lambda _, s: parse_graph(
        {"xy": type("f", (sympy.Function,), {"__name__": s})(sympy.Symbol("xx"))}
    ),
    "a claim": lambda _, s: cgprimer.parse_claims(f"dxy-dxx = {s}"),
    "a derivation": lambda _, s: cgprimer.check_derivation(f"y = x\ny = {s}"),
    "gradient_at": lambda _, s: GRAPH.gradient_at(s, {"xx": 1.0, "w": 1.0, "b": 1.0}),
    "an operation": lambda _, s: custom_op(name=s, forward=np.sin),
    "an exception": lambda _, s: failing(s),
    "a function": lambda _, s: named(s),
    "a sign in LaTeX": lambda _, s: written(s),
    "a component": lambda _, s: keyed(s),
    "a loss": lambda _, s: fit(
        GRAPH, Dataset({"xx": COLUMN}, {"xy": COLUMN}), loss=s, progress=False
    ),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("place", PLACES)
def test_no_text_for_people_steers_a_terminal(place, tmp_path):
    for number, hostile in enumerate(HOSTILE.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        for text in told(PLACES[place], folder, hostile):
            assert not steering(text), (hostile, text)
            assert "\nPASS" not in text, text


COMMANDS = {
    "an equation": ["show", "xy = HOSTILE"],
    "a file": ["show", "HOSTILE"],
    "data": ["fit", "xy = w*xx", "--data", "HOSTILE"],
    "a plot": ["fit", "xy = w*xx", "--data", "x.csv", "--plot", "HOSTILE"],
    "a picture": ["draw", "xy = w*xx", "-o", "HOSTILE.svg"],
    "no folder": ["draw", "xy = w*xx", "-o", "none/HOSTILE.svg"],
    "a trace": ["trace", "xy = w*xx", "-o", "HOSTILE.txt"],
    "an ending": ["trace", "xy = w*xx", "-o", "HOSTILE"],
    "no command": ["HOSTILE"],
    "an option": ["show", "xy = w*xx", "--HOSTILE"],
    "one more": ["cache", "HOSTILE"],
    "a choice": ["fit", "xy = xx", "--data", "x", "--method", "HOSTILE"],
    "a number": ["fit", "xy = xx", "--data", "x", "--rate", "HOSTILE"],
    "a loss": ["fit", "xy = w*xx", "--data", "good.csv", "--loss", "HOSTILE"],
    "a start": ["fit", "xy = w*xx", "--data", "good.csv", "--start", "HOSTILE=1"],
    "a point": ["trace", "xy = w*xx", "--at", "HOSTILE=1"],
    "a value": ["trace", "xy = w*xx", "--at", "xx=HOSTILE"],
    "an output": ["show", "xy = w*xx", "--outputs", "HOSTILE"],
    "a column": ["fit", "xy = w*xx", "--data", "hostile.csv", "--quiet"],
}


@pytest.mark.every(2)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["colour", "override", "line", "surrogate"])
def test_no_command_steers_a_terminal(command, kind, capsys, tmp_path, monkeypatch):
    hostile = HOSTILE[kind]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text("xx,xy\n1,2\n2,4.1\n3,6\n")
    header = f'xx,xy,"{hostile}"\n'.encode("utf-8", "replace")
    (tmp_path / "hostile.csv").write_bytes(header + b"1,2,3\n2,4.1,3\n3,6,3\n")
    with suppress(SystemExit):  # of argparse
        main([word.replace("HOSTILE", hostile) for word in COMMANDS[command]])
    out, err = capsys.readouterr()
    assert out + err
    assert not steering(out + err), out + err
    assert "\nPASS" not in out + err


@pytest.mark.parametrize("kind", HOSTILE)
def test_errors_and_reports_are_harmless_whatever_is_put_into_them(kind):
    hostile = HOSTILE[kind]
    table = TextTable([hostile, "b"], [[hostile, "1"]], title=hostile, caption=hostile)
    report = Bare()
    report.parts = [Said(hostile), table, Beside(table, table)]
    texts = [
        *(str(error(hostile)) for error in (DataError, PointError, OptionError)),
        str(OpError("op", hostile, hostile, (hostile,))),
        str(CycleError(hostile, (hostile,))),
        str(ExpressionError([Mistake(hostile, hostile, 0, 2, hostile)])),
        *(str(report), repr(report), report._repr_html_()),
    ]
    for text in texts:
        assert not steering(text), text
    drawn = io.StringIO()
    Console(file=drawn, width=60, force_terminal=False).print(report)
    assert not steering(drawn.getvalue())


def test_the_folder_of_the_cache_is_quoted(capsys, monkeypatch, tmp_path):
    folder = tmp_path / HOSTILE["colour"]
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CGPRIMER_CACHE", str(folder))
    main(["cache"])
    assert "<U+001B>[31mred" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["größe", "x̄ = ∂y", "数据", "a b", "naïve", "نص"])
def test_letters_of_all_languages_stay(text):
    assert visible(text) == harmless(text) == shorten(text) == text


def test_a_notebook_is_told_the_same():
    assert not steering(as_html([Said(HOSTILE["override"])]))
