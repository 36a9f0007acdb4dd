"""Derivations with lines that are not read, numbers that are rounded, and traces."""

import io
import sys

import pytest
from problems import CANONICAL, CANONICAL_AT

from cgprimer import check_derivation, gradient, parse_graph, trace
from cgprimer.cli import main
from cgprimer.derivation.checking.samples import is_equal
from cgprimer.errors import ExpressionError
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.report import plain

PASS, FAIL, UNREAD, DOUBT = "PASS", "FAIL", "NOT READ", "INCONCLUSIVE"


def check(text, **options):
    return check_derivation(text, rng=0, symbolic=False, **options)


# What is not read: the text, the verdicts of its rows, what is said of the last

LINES = {
    "y = x^2\ndy/dx = \\weird x\ndy/dx = 2*x": (
        ["defined", UNREAD, PASS], "",
    ),
    "y = x^2\ndy/dx = 2*x\nso y has a slope": (
        ["defined", PASS, UNREAD],
        "a line of a derivation needs '='; what is no formula goes behind a #",
    ),
    "v = \\weird x\nz = v^2\ndz/dv = 2*v": (
        [UNREAD, "defined", PASS], "",
    ),
    "u = x^2\nv = \\weird x\nz = v*u\ndz/dx = 2*x": (
        ["defined", UNREAD, "defined", DOUBT], "it rests on v, and line 2 is not read",
    ),
    "v = \\weird x\nz = v^2\nz = x^2": (
        [UNREAD, "defined", DOUBT], "it rests on v, and line 1 is not read",
    ),
    "v = \\weird x\nz = v^2\nz = v*v": (
        [UNREAD, "defined", PASS], "",
    ),
    "a = x^2\nL = \\weird a\nbar_a = 2": (
        ["defined", UNREAD, DOUBT], "the output may be L, and line 2 is not read",
    ),
    "a = x^2\nL = \\weird a\nbar_a = 1\nbar_x = 3*x": (
        ["defined", UNREAD, PASS, FAIL],
        "the right side is 3/2 times the left side",
    ),
    "y = (x + 1)^2\n= \\weird x\n= x^2 + 2*x": (
        ["defined", UNREAD, DOUBT], "line 2, before it in the chain, is not read",
    ),
    "y = (x + 1)^2\n= \\weird x\n= x^2 + 2*x + 1": (
        ["defined", UNREAD, PASS], "",
    ),
    "f(x) \\weird = x^2\ny = f + x\ndy/dx = 1": (
        [UNREAD, "defined", DOUBT], "it rests on f, and line 1 is not read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", LINES)
def test_a_line_that_is_not_read_makes_no_other_one_wrong(text):
    verdicts, remark = LINES[text]
    report = check(text)
    assert [row.verdict for row in report.rows] == verdicts
    assert report.rows[-1].remark == remark
    assert not report.ok or UNREAD not in verdicts


UNREAD_REPORT = """\
derivation
┏━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┓
┃ line ┃ equality        ┃ numerically ┃ remark              ┃
┡━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━┩
│    1 │ y = x^2         │ defined     │                     │
│    2 │ dy/dx = 2*x     │ PASS        │                     │
│    3 │ dy/dx = (2*x)/( │ NOT READ    │ '(' is never closed │
└──────┴─────────────────┴─────────────┴─────────────────────┘
1 claim: 1 PASS; line 3 is not read, so the whole is not confirmed"""


def test_a_report_is_no_success_while_a_line_is_not_read():
    report = check("y = x^2\ndy/dx = 2*x\ndy/dx = (2*x)/(")
    assert plain(report, 88) == UNREAD_REPORT
    assert not report.ok
    assert len(report.claims) == 1
    [row] = report.unread
    assert row.text[row.start : row.end] == "("


# Numbers

NUMBERS = {
    "1*2.164 = 2.164": PASS,
    "1.37*2.164 = 2.9647": PASS,
    "1.37*2.164 = 2.97": PASS,
    "1.37*2.164 = 2.99": FAIL,
    "1/3 = 0.333": PASS,
    "1/3 = 0.334": FAIL,
    "0.1*3 = 0.3": PASS,
    "0.1*3 = 0.31": FAIL,
    "x/3 = 0.333*x": FAIL,
    "x = 20\ntanh(x) = 1": PASS,
    "x = 20\ntanh(x) = 0.9999": FAIL,
    "x = 2\ntanh(x) = 1": FAIL,
    "tanh(x) = 1": FAIL,
    "y = x^3\ndy/dx = 3*x^2\nx = 2\ndy/dx = 12\nx = 3\ndy/dx = 27": PASS,
    "y = x^3\nx = 2\ndy/dx = 27": FAIL,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_equal_to_the_digits_shown(text):
    assert check(text).claims[-1].verdict == NUMBERS[text]


# Points that saturate, and sides that agree to many digits

SATURATED = {
    "sigmoid(x) = 1": "1 is one number, but sigmoid(x) varies with x",
    "softplus(x) = x": "",
    "tanh(x) = sign(x)": "",
    "y = sigmoid(x)\ndy/dx = sigmoid(x)": "sigmoid itself stands where its "
    "derivative σ′ belongs",
    "relu(x) = x": "it holds only where x > 0, at 10 of 16 points: does it need a "
    "condition?",
    "y = relu(w*x)\ndy/dx = w": "it holds only where w*x > 0, at 13 of 16 points: "
    "does it need a condition?",
    "exp(-x)*relu(x) = exp(-x)*x": "it holds only where x > 0, at 10 of 16 points: "
    "does it need a condition?",
}


@pytest.mark.parametrize("text", SATURATED)
def test_saturation_is_no_condition(text):
    row = check(text).claims[-1]
    assert row.verdict == FAIL
    assert row.remark == SATURATED[text]


@pytest.mark.parametrize(
    ("left", "right", "x", "equal"),
    [
        ("sigmoid(x)", "1", 60.0, False),
        ("sigmoid(x)", "1 - sigmoid(-x)", 60.0, True),
        ("exp(-x)", "0", 300.0, False),
        ("sin(x)^2 + cos(x)^2", "1", 0.7, True),
    ],
)
def test_sides_are_equal_to_the_last_digit_or_not(left, right, x, equal):
    sides = map(parse_expression, (left, right))
    assert is_equal(*sides, {"x": x}) is equal


# Traces are derivations that hold

CHAIN = ["xh = tanh(w1*xa + b1)", "xs = sigmoid(w2*xh + b2)", "xl = (xs - xt)^2"]
POINT = {"xa": 0.123456789, "w1": -1.7654321, "b1": 0.3, "w2": 2.2, "b2": -0.1, "xt": 1}
TRACED = {
    "canonical": (CANONICAL, CANONICAL_AT),
    "square": (["xy = a*xx^2"], {"a": 2, "xx": 3}),
    "sinc": (["xy = sin(xx)/xx"], {"xx": 1.3}),
    "softplus": (["xy = log(1 + exp(xa))"], {"xa": 0.7}),
    "network": (CHAIN, POINT),
    "kinks": (
        ["xh = relu(w1*xa + b1)", "xl = max(xh, xa)*abs(xh - 3)"],
        {"xa": 0.5, "w1": 1.5, "b1": 0.25},
    ),
    "large": (["xy = a*xa^3"], {"a": 1234.567, "xa": 98.7654321}),
    "saturated": (
        ["xh = tanh(w*xa)", "xl = (xh - xt)^2"],
        {"xa": 10, "w": 2.5, "xt": 1},
    ),
    "form": (
        ["xf = a*xx^2 + b*xx*xy + c*xy^2"],
        {"a": 2, "b": -1, "c": 0.5, "xx": 1.5, "xy": -2},
    ),
    "small": (["xy = exp(-xa^2/2)*sin(w*xa)"], {"xa": 1e-4, "w": 3e-5}),
    "zero": (["xy = sin(xa)*cos(xa)"], {"xa": 0}),
    "short": (["v_1 = 1/xa", "d_y = sin(xa)", "v_a = v_1*d_y"], {"xa": 1.5}),
}
FACES = {
    "text": str,
    "ascii": lambda one: one.ascii(),
    "latex": lambda one: one.latex(),
}


def traced(key, order, level, numbers):
    texts, at = TRACED[key]
    graph = parse_graph(texts)
    if order == 2:
        wrt = (*graph.inputs, *graph.parameters)[0]
        graph = gradient(graph, graph.outputs[-1], [wrt])
    known = {text: at[text] for text in (*graph.inputs, *graph.parameters)}
    return trace(graph, known if numbers else None, level=level)


@pytest.mark.every(40)
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("key", TRACED)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("level", ["variables", "operations"])
@pytest.mark.parametrize("numbers", [False, True])
def test_our_own_traces_pass(key, order, level, numbers, face):
    found = FACES[face](traced(key, order, level, numbers))
    report = check(found, points=3)
    assert report.ok, f"{found}\n{report}"
    assert {row.verdict for row in report.rows} == {PASS, "defined"}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("key", "order"), [("short", 1), ("square", 2)])
def test_names_of_a_trace_are_read(key, order, face):
    report = check(FACES[face](traced(key, order, "variables", numbers=True)), points=3)
    assert {row.verdict for row in report.rows} == {PASS, "defined"}


@pytest.mark.parametrize("face", FACES)
def test_the_trace_of_a_derivative_passes(face):
    # Its own equation, d_xy_d_xx = …, is judged as a claim; xx and xy are defined.
    report = check(FACES[face](traced("sinc", 2, "variables", numbers=True)), points=3)
    verdicts = [row.verdict for row in report.rows]
    assert {*verdicts} == {PASS, "defined"}
    assert verdicts.count("defined") == 2


# A name that has an adjoint, d_y_d_x: an equation of the graph, and a claim

NODES = {
    "y = sin(x)/x\nd_y_d_x = cos(x)/x - y/x\nbar_d_y_d_x = 1\nbar_y = -1/x": (
        ["defined", PASS, PASS, PASS], "",
    ),
    "y = sin(x)/x\nd_y_d_x = cos(x)/x + y/x\nbar_d_y_d_x = 1\nbar_y = 1/x": (
        ["defined", FAIL, PASS, PASS], "",
    ),
    "y = x^2\ny = x*x\nd_y_d_x = bar_d_y_d_x": (
        ["defined", PASS, UNREAD], "'d_y_d_x' is defined by itself",
    ),
    "d_y = x^2\nd_y = x*x\nbar_d_y_d_x = 1": (
        ["defined", PASS, UNREAD],
        "'d_y_d_x' is not defined above; did you mean 'd_y'?",
    ),
    "y = x^2\ny = y\n\\frac{\\partial}{\\partial y} \\frac{dy}{dx} = 0": (
        ["defined", PASS, UNREAD],
        "the derivative of 'y' is differentiated by 'y', through which it goes itself; "
        "define a name as its formula, g = …, and differentiate that",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", NODES)
def test_a_derivative_may_be_a_node(text):
    verdicts, remark = NODES[text]
    rows = check(text).rows
    assert [row.verdict for row in rows] == verdicts
    assert rows[-1].remark == remark


def test_a_note_in_a_table_moves_no_cell():
    text = (
        "\\begin{tabular}{ll}\n"
        "$x = 2$ & $\\bar x = \\bar a \\cdot 2x$ \\\\\n"
        " & $\\hphantom{\\bar x} {} = 4$ \\\\\n"
        "$a = x^2 = 4$\\quad ($u$) & $\\bar a = \\bar b$ \\\\\n"
        " & $\\hphantom{\\bar a} {} = 1$ \\\\\n"
        "$b = a + 1 = 5$ & $\\bar b = 1$ \\\\\n\\end{tabular}"
    )
    assert {row.verdict for row in check(text).rows} == {PASS, "defined"}


def test_a_trace_with_a_number_changed_fails():
    found = trace(parse_graph(["xy = sin(xx)/xx"]), {"xx": 1.3}).ascii()
    wrong = found.replace("0.7412", "0.7413")
    assert wrong != found
    assert check(found, points=3).ok
    assert check(wrong, points=3).first_wrong is not None


# On the command line

COMMANDS = {
    ("y = x^2", "dy/dx = 2*x"): 0,
    ("y = x^2", "dy/dx = 3*x"): 1,
    ("y = x^2", "dy/dx = 2*x", "dy/dx = \\weird{x}"): 1,
    ("1 = log(-x^2)",): 1,
    ("y = x^2",): 1,
    ("y = \\weird{x}",): 2,
    ("nowhere.tex",): 2,
    ("y = x^2", "--points", "1"): 2,
}


@pytest.mark.parametrize("arguments", COMMANDS, ids=str)
def test_derive_tells_by_its_exit_code(arguments, capsys):
    assert main(["derive", *arguments, "--numbers-only"]) == COMMANDS[arguments]
    out, err = capsys.readouterr()
    assert bool(err) == (COMMANDS[arguments] == 2)
    assert bool(out) != bool(err)


def test_derive_reads_a_file_and_standard_input(tmp_path, capsys, monkeypatch):
    file = tmp_path / "mine.tex"
    file.write_text("y = x^2\n\\frac{dy}{dx} = 2x\n")
    assert main(["derive", str(file), "--numbers-only"]) == 0
    told = capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO(file.read_text()))
    assert main(["derive", "-", "--numbers-only"]) == 0
    assert capsys.readouterr().out == told


# Right lines and wrong ones that a reader might take for something else: none of them
# gets a verdict that does not follow from what its author has written.
EASILY_MISREAD = {
    "f(x) = 3\nf'(x) = 0": "PASS",
    "f(x) = c\nf'(x) = 0": "PASS",
    "d = 3*x\ndd/dx = 3": "line 2: 'd_d_d_x' is not defined above",
    "f(t) = e^(-kt)\nf'(t) = -k*f(t)": (
        "line 1: 'kt' can be read in two ways: one name or a product"
    ),
    r"f(x) = x^3 \\ f^2(x) = x^7": (
        "line 1: 'f' can be read in two ways: a power of its value, or the function "
        "applied so often"
    ),
    "f(x) = x^3\nf^{-1}(x) = x^{1/3}": (
        "line 2: 'f' can be read in two ways: a power of its value, or the function "
        "applied so often"
    ),
    r"\begin{align} y &= x^2 & (1) \\ y' &= 2x & (2) \end{align}": "PASS",
    r"\begin{align} y &= x^2 & (1) \\ y' &= x & (2) \end{align}": "FAIL",
    "y = x^2\ny' = x (2)": (
        "line 2: '(' can be read in two ways: a factor, or the number of the equation"
    ),
    "f(x, y) = xy + x + y\n∂f/∂x = y + 1": (
        "line 1: 'xy' can be read in two ways: one name or a product of letters"
    ),
    "y = xe^x\ndy/dx = xe^x + e^x": (
        "line 1: 'xe' can be read in two ways: one name or a product of letters"
    ),
    "u = xy\nv = x + y\ndu/dx = y": "PASS",
    "y = x^2\ny' = 2x (power rule)": (
        "line 2: 'power' is neither a function nor a name that is known"
    ),
    "y = x^2\ny' = 2x by the power rule": (
        "line 2: 'by' is neither a function nor a name that is known"
    ),
    r"y = \tanh x \\ \frac{dy}{dx} = \operatorname{sech}^2 x": (
        "line 1: 'sech' is neither a function nor a name that is known"
    ),
    r"y = \sum_{i=0}^{2} x_{3-i} = x_3 + x_2 + x_1": (
        "line 1: of an index only i + 1 and i - 1 are computed"
    ),
    r"y = \sum_{i=1}^{3} x_{2i} = x_2 + x_4 + x_6": (
        "line 1: '2i' may be two indices, or a product"
    ),
    "y = x\n1/3 = 0.33": "INCONCLUSIVE",
    "y = x\n1/3 = 0.34": "FAIL",
    "y = x\n1/3 ≈ 0.33": "PASS",
    "y = x^2\nx = 2\ndy/dx = 3*x": "FAIL",
    "z = a*x - b*y\ndz/da = x = 2": "FAIL",
    "x = 2\ng(x) = x^3\ng'(x) = 6*x": (
        "line 2: 'x' has a value above, and is an argument here"
    ),
    "g(x) = x^3\nx = 2\ng'(x) = 6*x": "FAIL",
    "g(x) = x^3\nx = 2\ng'(x) = 12": "PASS",
    "x = t^2\nf(x) = sin(x)\ndf/dt = 2*t*cos(x)": "PASS",
    "y = x^2\nx = 2\ndy/dx = 2*x = 4": "PASS",
}


@pytest.mark.parametrize("text", EASILY_MISREAD)
def test_what_is_easily_misread_gets_no_verdict_that_does_not_follow(text):
    told = EASILY_MISREAD[text]
    if told in ("PASS", "FAIL", "INCONCLUSIVE"):
        assert check_derivation(text, rng=0).rows[-1].verdict == told
    else:
        with pytest.raises(ExpressionError) as caught:
            check_derivation(text, rng=0)
        assert str(caught.value).splitlines()[0] == told
