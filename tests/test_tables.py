"""Reports as text: every one of them × widths × encodings, and as HTML."""

import itertools
import math
import re
import sys
from io import BytesIO, TextIOWrapper

import numpy as np
import pytest
from rich.console import Console

from cgprimer import (
    Dataset,
    FitResult,
    LeastSquares,
    check_derivation,
    check_function,
    check_gradients,
    check_mutations,
    compare_partials,
    diagnose,
    fit,
    generate,
    parse_graph,
    trace,
)
from cgprimer.errors import columns, excerpt
from cgprimer.judge.compare import PartialReport, PartialRow
from cgprimer.notation import progress
from cgprimer.notation.folding import (
    FACTORS,
    WORDS,
    cut_marked_lines,
    fewer_digits,
    fold,
)
from cgprimer.notation.giving_way import table_lines
from cgprimer.notation.report import Said, as_html, lines_of, plain
from cgprimer.notation.signs import spell
from cgprimer.notation.text_table import TextTable, cap

TEXTS = ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
GRAPH = parse_graph(TEXTS)
AT = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
WRONG = {("xy", "xa"): "2*xa", ("xz", "bc"): "xx*bc"}
WIDTHS = [20, 30, 38, 50, 80, 120, 200]


def partial(**changed):
    row = {
        "node": "xy", "wrt": "xa", "formula": "2*xa", "symbolic": 1 / 3,
        "adjoint": 1 / 3, "finite": 1 / 3 + 1e-12, "bound": 1e-11, "absolute": 1e-12,
        "relative": 3e-12, "verdict": "PASS", "reason": "", "sample": None,
    }  # fmt: skip
    return PartialRow(**row | changed)


LONG_FORMULA = "exp(-a1*x1)*sin(b_long_name*x1 + 1e-05)/(x1^2 + x2^2)" + " + c*x1" * 9
LONG = PartialReport(
    (
        partial(),
        partial(node="x_a_rather_long_name", wrt="w_long_too", formula=LONG_FORMULA),
        partial(verdict="INCONCLUSIVE", reason="at a kink: the slope jumps here"),
        partial(verdict="FAIL", finite=math.inf, formula="größe²"),
    )
)
REPORTS = {
    "partials": compare_partials(GRAPH, AT),
    "long partials": LONG,
    "check": check_gradients(GRAPH, claims=WRONG, output="xw", rng=0, points=2),
    "function": check_function(np.sin, np.cos, 0.3),
    "mutations": check_mutations(parse_graph(["xy = tanh(a*xa)"]), points=1, rng=0),
    "diagnosis": diagnose(parse_graph(["xy = sqrt(xa^2 + 1) - xa"]), {"xa": 1e9}),
    "derivation": check_derivation("y = x^2\ndy/dx = 2*x\ndy/dx = 3*x + sin(7*x)^2"),
    "paths": GRAPH.paths("xa", "xw", AT),
    "trace": trace(GRAPH, AT),
    "operations": trace(GRAPH, level="operations"),
    "fit": fit(
        GRAPH, generate(GRAPH, {"ab": 1, "bc": 2, "cd": 3, "ac": 4}, 50, rng=0),
        LeastSquares(), rng=0, progress=False,
    ),
    "data": Dataset({"xa": [1.0, 2.5]}, {"xw": [3, math.pi]}, sigma=[1, 2]),
    "program": GRAPH.compile(),
    "explanation": GRAPH.compile().explain(),
}  # fmt: skip


@pytest.fixture(params=REPORTS, ids=str)
def report(request):
    return REPORTS[request.param]


def solid(text):
    """Without blanks, frames and line ends: what folding must not change."""
    return re.sub(r"[\s│┃]", "", text)


def printed(report, width, encoding="utf-8"):
    out = TextIOWrapper(BytesIO(), encoding)
    Console(file=out, width=width, color_system=None).print(report)
    out.flush()
    return out.buffer.getvalue().decode(encoding)


@pytest.mark.every(3)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(report, width, encoding):
    lines = printed(report, width, encoding).splitlines()
    assert max(map(columns, lines)) <= width
    assert encoding == "utf-8" or "?" not in "".join(lines).replace("gr??e", "")


def verdicts_and_names(key):
    """For every row of a report: what a reader must find in it at any width."""
    found = REPORTS[key]
    if key in ("partials", "long partials"):
        return [(row.edge, row.formula, row.verdict) for row in found.rows]
    if key == "check":
        return [(r.derivative, r.claim[:21], r.verdict) for r in found.shown()]
    if key == "derivation":
        return [(row.left, row.right, row.verdict) for row in found.rows]
    if key == "fit":
        return [(name, f"{v:.8g}") for name, v in found.parameters.items()]
    return [(row.name,) for row in found.rows]


@pytest.mark.every(2)
@pytest.mark.parametrize("width", [*WIDTHS, *range(30, 110, 7)])
@pytest.mark.parametrize(
    "key", ["partials", "long partials", "check", "derivation", "fit", "trace"]
)
def test_names_formulas_and_verdicts_never_vanish(key, width):
    text = printed(REPORTS[key], width)
    letters = solid(text)
    for wanted in itertools.chain(*verdicts_and_names(key)):
        # folded cells stand beside each other: every piece is there, if not in a row
        pieces = FACTORS.findall(wanted)
        assert all(solid(piece) in letters for piece in pieces), (wanted, text)


@pytest.mark.parametrize("width", range(20, 140, 3))
def test_what_is_left_out_is_named(width):
    text = " ".join(printed(REPORTS["check"], width).split())
    shown, _, gone = text.partition("no room for: ")
    for title in ("claimed/true", "differences", "claimed"):
        word = re.compile(rf"(?<![\w/]){title}(?![\w/])")
        assert bool(word.search(shown)) != bool(word.search(gone.split(" partial")[0]))


def test_fifty_columns_show_edge_formula_and_verdict_in_one_line():
    lines = printed(REPORTS["partials"], 50).splitlines()
    [row] = [line for line in lines if "∂xw/∂xz" in line]
    assert row.split() == ["∂xw/∂xz", "3*xz^2", "64.8675", "64.8675", "PASS"]
    assert lines[-1].strip() == "no room for: rel. gap, abs. gap"


def table_of(*rows, **more):
    head = ("edge", "claimed", "true", "verdict")
    return TextTable(head, rows, head[1:3], head[2:0:-1], **more)


@pytest.mark.parametrize("width", range(12, 60))
def test_fewer_digits_never_make_two_numbers_equal(width):
    table = table_of(
        ("∂y/∂a", "1.00049999", "1.00000001", "FAIL"), ("∂y/∂b", "2.5", "2.5", "PASS")
    )
    lines = ["".join(p for p, _ in line) for line in table_lines(table, width, "utf-8")]
    [row] = [line for line in lines if "FAIL" in line]
    numbers = re.findall(r"\d[\d.]*", row)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("width", "cells"),
    [
        (60, "∂y/∂a 1.23456789 1.23456789 PASS"),
        (38, "∂y/∂a 1.23456789 1.23456789 PASS"),
        (36, "∂y/∂a 1.235 1.235 PASS"),
        (28, "∂y/∂a 1.23456789 PASS"),
        (24, "∂y/∂a 1.235 PASS"),
        (18, "∂y/∂a PASS"),
    ],
)
def test_digits_give_way_before_columns_and_columns_from_the_right(width, cells):
    table = table_of(("∂y/∂a", "1.23456789", "1.23456789", "PASS"))
    lines = ["".join(p for p, _ in line) for line in table_lines(table, width, "utf-8")]
    [row] = [line for line in lines if "PASS" in line]
    assert row.replace("│", " ").split() == cells.split()


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("-3.867812 ± 5e-14", "-3.868 ± 5e-14"),
        ("2.1725139e-05", "2.173e-05"),
        ("1234567.8", "1234568"),
        ("16 of 16", "16 of 16"),
        ("nan", "nan"),
        ("100/99.375", "100/99.38"),
    ],
)
def test_fewer_digits(text, short):
    assert fewer_digits(text) == short


@pytest.mark.parametrize("pieces", [WORDS, FACTORS])
@pytest.mark.parametrize("width", [1, 2, 5, 17, 40])
def test_folding_changes_nothing_but_the_lines(width, pieces):
    for text in (LONG_FORMULA, "x̅y̅·∂x/∂y + 12", "", " ", "größe（全角）" * 3):
        lines = fold(text, width, pieces)
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert all(columns(line) <= width or len(line) == 1 for line in lines)


def test_numbers_with_an_exponent_are_not_broken():
    for width in range(6, 30):
        assert "1e-05" in " ".join(fold(LONG_FORMULA, width, FACTORS))


# Carets


def marked(lines):
    """What stands above the carets, by columns."""
    [at] = [i for i, line in enumerate(lines) if "^" in line and not line.strip(" ^")]
    ends = np.cumsum([columns(char) for char in lines[at - 1]])
    first, last = lines[at].index("^"), len(lines[at])
    chars = zip(lines[at - 1], ends, strict=True)
    return "".join(char for char, end in chars if first < end <= last)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [24, 40, 100])
@pytest.mark.parametrize("before", ["", "a*", "aaaa + " * 20, "∂→± ", "（全）·"])
@pytest.mark.parametrize("after", ["", " + bb", " + bbbb" * 20])
def test_carets_stay_under_what_they_mark(before, after, width, encoding):
    text = f"xy = {before}sn(xx){after}"
    start = text.index("sn(xx)")
    said = Said("\n".join(["what", "", *excerpt(text, start, start + 6), "hint"]))
    lines = ["".join(p for p, _ in line) for line in lines_of([said], width, encoding)]
    assert max(map(columns, lines)) <= width
    assert marked(lines) == "sn(xx)"


def test_a_marked_line_is_cut_only_where_it_is_too_wide():
    text = "xy = a*xx + b*sn(xx)\n              ^^"
    assert cut_marked_lines(text, 20) == text
    assert cut_marked_lines(text, 19) == "…= a*xx + b*sn(xx)\n            ^^"
    assert cut_marked_lines(text.replace("^^", "  "), 10) == text.replace("^^", "  ")


@pytest.mark.parametrize("key", ["diagnosis", "derivation"])
def test_carets_in_html_are_set_in_one_width(key):
    html = REPORTS[key]._repr_html_()
    [inner] = re.findall("<pre>(.*?)</pre>", html, re.S)
    assert "^^^" in inner
    assert "^^^" not in html.replace(inner, "")


# Encodings


class Terminal(TextIOWrapper):
    """A terminal of some encoding, strict as Python's own are."""

    def __init__(self, encoding, errors="strict"):
        super().__init__(BytesIO(), encoding, errors, newline="")

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8"])
def test_print_and_repr_work_in_any_encoding(report, encoding, monkeypatch):
    terminal = Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    print(report)
    print(repr(report))
    shown = terminal.text()
    monkeypatch.undo()
    assert len(shown) > 50
    if encoding == "utf-8":
        assert shown == f"{report}\n{report!r}\n"


LINE = parse_graph(["xy = w*xx + b"])
POINTS = Dataset({"xx": [1.0, 2, 3]}, {"xy": [1.1, 2, 3]})
SAID = {  # what is printed although it is no report
    "graph": lambda: repr(GRAPH),
    "objective": lambda: GRAPH.compile().objective({"xa": [1.0]}, {"xw": [2.0]}),
    "message": lambda: fit(LINE, POINTS, LeastSquares(), progress=False).message,
    "finding": lambda: diagnose(parse_graph(["xy = tanh(xx)"]), {"xx": 20.0}).first,
    "line": lambda: check_derivation("y = x^2\n∂y/∂x = 3*x").first_wrong,
    "report": lambda: REPORTS["check"],
}  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize("errors", ["strict", "surrogateescape", "replace"])
@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
@pytest.mark.parametrize("key", SAID)
def test_whatever_is_said_is_spelled_for_any_strictness(
    key, encoding, errors, monkeypatch
):
    """Under LC_ALL=C standard output has surrogateescape, which refuses ∂ as well."""
    terminal = Terminal(encoding, errors)
    monkeypatch.setattr(sys, "stdout", terminal)
    print(SAID[key]())
    shown = terminal.text()
    monkeypatch.undo()
    assert shown.strip()
    assert "?" not in shown


@pytest.mark.parametrize(
    ("text", "ascii_"),
    [
        ("∂xy/∂xa ± 2·σ′", "dxy/dxa +/- 2*sigma'"),
        ("xa → xw … ∞", "xa -> xw ... inf"),
        ("x̅w̅·x̅a̅1̅", "bar_xw*bar_xa1"),
        ("∂²f/∂x²", "d^2f/dx^2"),
        ("−1.5 ≤ Δ ≈ ½", "-1.5 <= Delta ~ 1/2"),
        ("größe", "gr??e"),
        ("（", "?"),
        ("\udcc3", "<U+DCC3>"),
    ],
)
def test_signs_are_spelled(text, ascii_):
    assert spell(text, "ascii") == ascii_
    assert spell(text, "utf-8") == text or "\udcc3" in text
    assert spell(text, "no such encoding") == text or "\udcc3" in text


# A plain REPL, and very many rows


def test_reports_are_tables_in_a_plain_repl(report):
    assert repr(report).splitlines() == plain(report).splitlines()
    assert f"{type(report).__name__}(" not in repr(report).replace("Dataset(2", "")


def test_a_table_is_as_wide_as_the_terminal(monkeypatch):
    for width in (40, 60, 140):
        monkeypatch.setenv("COLUMNS", str(width))
        for shown in map(repr, REPORTS.values()):
            assert all(columns(line) <= width for line in shown.splitlines())


HUGE = PartialReport(tuple(partial(wrt=f"x{i}") for i in range(5_000)))
ODD = PartialReport((*HUGE.rows, partial(wrt="xodd", verdict="FAIL"), *HUGE.rows))


@pytest.mark.parametrize("huge", [HUGE, ODD], ids=["passing", "one wrong"])
def test_of_very_many_rows_some_are_shown_and_the_others_counted(huge):
    count = len(huge.rows)
    for face in (repr(huge), str(huge), huge._repr_html_()):
        assert f"{count - 100} of {count} rows are not shown" in face
        assert face.count("∂xy/") == 100
        assert ("∂xodd" in face) == (huge is ODD)


def test_a_long_fit_and_a_long_trace_are_capped():
    values = {f"p{i}": i / 3 for i in range(1_510)}
    result = FitResult(values, 1.0, np.ones(1), "converged", "m", "SGD", 1, 1, 1, 0.0)
    assert "1 410 more parameters, see .parameters" in str(result)
    assert "1 410 more parameters" in result._repr_html_()
    chain = trace(parse_graph([f"x{i + 1} = a*x{i}" for i in range(300)]))
    for face in (repr(chain), chain._repr_html_()):
        assert "202 of 302 rows are not shown" in face
        assert "300" in face
    assert len(str(chain).splitlines()) > 600


def test_what_is_kept_of_many():
    assert cap(range(5)) == ([0, 1, 2, 3, 4], "")
    first, said = cap(range(1_000))
    assert first == [*range(75), *range(975, 1_000)]
    assert said == "900 of 1000 rows are not shown"
    assert cap(range(1_000), lambda i: i % 500 == 7, most=4)[0] == [0, 1, 7, 507]


# HTML


def test_html_is_escaped_and_balanced(report):
    html = report._repr_html_()
    assert "<script" not in html
    for tag in ("table", "tr", "td", "pre", "p", "code", "div", "math"):
        opened = len(re.findall(rf"<{tag}[ >]", html))
        assert opened == html.count(f"</{tag}>")


def test_html_shows_what_is_said():
    odd = TextTable(("<a>", "b"), [("<i>", "x<y")], formulas=("b",), caption="a & b")
    html = as_html([odd, Said("1 < 2"), Said("a\n  ^", "bold red")])
    assert "<i>" not in html
    for expected in (
        "<caption>a &amp; b</caption>", "<th>&lt;a&gt;</th>", "<td>&lt;i&gt;</td>",
        "<td><code>x&lt;y</code></td>", "<p>1 &lt; 2</p>", ">a\n  ^</pre>",
    ):  # fmt: skip
        assert expected in html


def test_a_fit_shows_its_table_and_message_in_a_notebook():
    result = REPORTS["fit"]
    html = result._repr_html_()
    for text in (*result.parameters, "undetermined", "only ab + bc"):
        assert text in html


def test_data_and_programs_show_what_they_are():
    for shown in (repr(REPORTS["program"]), REPORTS["program"]._repr_html_()):
        assert "object at" not in shown
        assert "4 equations" in shown
        assert "tier" in shown
    html = REPORTS["data"]._repr_html_()
    for text in ("2 samples", "<td>xa</td><td>input</td>", ">2.5</td>", "3.071"):
        assert text in html


# The progress bar


@pytest.mark.parametrize("there", [False, True])
def test_a_notebook_without_widgets_gets_no_warning(there, monkeypatch):
    monkeypatch.setattr(progress, "find_spec", lambda name: there or None)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert progress._display(transient=False).console.is_jupyter == there


def test_numbers_give_way_before_texts_are_folded_to_less_than_24_columns():
    rows = [("x", "12345", "one word after another " * 3)]
    table = TextTable(
        ("name", "value", "text"), rows, numbers=["value"], spare=["value"]
    )
    for width, kept in ((37, True), (36, False)):
        [head, *_] = (line for line in table_lines(table, width, "utf-8") if line)
        assert ("value" in "".join(text for text, _ in head)) == kept


def test_a_formula_without_a_place_to_fold_is_cut_before_the_table_is_given_up():
    table = TextTable(("name", "formula"), [("x", "a" * 40)], formulas=["formula"])
    lines = ["".join(t for t, _ in line) for line in table_lines(table, 24, "utf-8")]
    assert lines[0].split() == ["name", "formula"]
    assert sum(line.count("a") for line in lines[1:]) == 40
    assert max(map(len, lines)) <= 24


def test_what_is_spare_is_shared_out_to_cells_that_need_least_first():
    table = TextTable(("less", "more"), [("abcd " * 5 + "abcd", "abcd " * 15)])
    lines = ["".join(t for t, _ in line) for line in table_lines(table, 75, "utf-8")]
    assert {len(line) for line in lines} == {75}
    assert lines[0].index("┳") == 2 + 29 + 1  # all of the shorter one on one line
