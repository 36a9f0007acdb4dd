"""Texts with declarations: dims in every form, mistakes, names nobody declared."""

import copy
import pickle

import numpy as np
import pytest

from cgprimer import CycleError, ExpressionError, ReadingWarning, parse_graph, unrolled
from cgprimer.errors import CGPrimerError
from cgprimer.expr.dims import show_dims


def shapes(graph):
    return {name: show_dims(graph.dims(name)) for name in graph.names}


# Declarations in all forms: a line, and the dims of W

LINES = [
    ("W: 5 x 3", (5, 3)),
    ("W: 5x3", (5, 3)),
    ("W: 5×3", (5, 3)),
    ("W: 5 × 3", (5, 3)),
    ("W:5 x 3", (5, 3)),
    ("  W : 5  x  3  ", (5, 3)),
    ("W: 5 x 3  # of the first layer", (5, 3)),
    ("W: (5, 3)", (5, 3)),
    ("W: (5,3)", (5, 3)),
    ("W: [5, 3]", (5, 3)),
    ("W: 05 x 3", (5, 3)),
    ("W: 5", (5,)),
    ("W: (5,)", (5,)),
    ("W: [5]", (5,)),
    ("W: n", ("n",)),
    ("W: n x p", ("n", "p")),
    ("W: out x in", ("out", "in")),
    ("W: batch x 3 x 32 x 32", ("batch", 3, 32, 32)),
    ("W: (n, 3)", ("n", 3)),
    ("W: α x β_1", ("α", "β_1")),
    ("W: scalar", ()),
    ("W: Scalar", ()),
    ("W: ()", ()),
    ("W, V: 5 x 3", (5, 3)),
    ("V ,W,U: 5 x 3", (5, 3)),
]


@pytest.mark.parametrize(("line", "dims"), LINES)
def test_a_declaration_gives_dims(line, dims):
    assert parse_graph([line, "v: 2", "xy = W", "xz = 2*v"]).dims("W") == dims


GIVEN = [
    ((5, 3), (5, 3)),
    (("n", 3), ("n", 3)),
    ((), ()),
    ((np.int64(5),), (5,)),
    ("5 x 3", (5, 3)),
    ("(5, 3)", (5, 3)),
    ("scalar", ()),
    (np.zeros((5, 3)), (5, 3)),
    (np.zeros(5, dtype=np.float32), (5,)),
    (np.float64(2.0), ()),
    (2.5, ()),
]


@pytest.mark.parametrize(("given", "dims"), GIVEN)
def test_dims_are_given_by_keyword(given, dims):
    graph = parse_graph(["v: 2", "xy = W", "xz = 2*v"], dims={"W": given})
    assert graph.dims("W") == dims


def test_lines_of_one_text_declare_too():
    graph = parse_graph(
        """
        W: 5 x 3     # one layer
        b, u: 5
        xx: 3

        xh = tanh(W @ xx
                  + b)
        xo = u
             @ xh
        """
    )
    assert shapes(graph) == {
        "xh": "5", "xx": "3", "xo": "scalar", "W": "5 x 3", "b": "5", "u": "5",
    }  # fmt: skip
    assert str(graph) == "xh = tanh(W @ xx + b)\nxo = u @ xh"


def test_a_line_behind_an_operator_is_still_a_declaration():
    with pytest.raises(ExpressionError) as caught:
        parse_graph("xh = W @ xx +\nb: 5\nxx: 3")
    assert str(caught.value) == (
        "line 1: the expression ends where a value is expected\n\n"
        "    xh = W @ xx +\n"
        "                 ^"
    )


def test_names_are_as_in_equations():
    graph = parse_graph(["α, x₁: 5", "ŷ = α @ x₁"])
    assert shapes(graph) == {"ŷ": "scalar", "x1": "5", "α": "5"}
    assert parse_graph(["ŷ = α @ x₁"], dims={"x₁": (4,)}).dims("α") == (4,)


def test_dims_of_a_dict_of_arrays():
    params = {"W": np.ones((5, 3)), "b": np.zeros(5), "c": 0.5}
    graph = parse_graph(["xh = c*(W @ xx) + b"], dims=params)
    assert shapes(graph)["xx"] == "3"
    values = graph.evaluate({**params, "xx": np.arange(3.0)})
    np.testing.assert_array_equal(values["xh"], np.full(5, 1.5))


def test_a_size_with_a_name_is_the_number_that_arrays_have():
    texts = ["X: n x p", "y: n", "w: p", "xr = X @ w - y"]
    assert shapes(parse_graph(texts))["xr"] == "n"
    told = parse_graph(texts, dims={"X": np.ones((7, 2))})
    assert shapes(told) == {"xr": "7", "X": "7 x 2", "y": "7", "w": "2"}


def test_lines_and_keyword_that_say_the_same_agree():
    graph = parse_graph(["W: 5 x 3", "xy = W @ xa"], dims={"W": (5, 3)})
    assert graph.dims("xa") == (3,)


def test_a_graph_of_scalars_is_one_of_numbers():
    texts = ["y = a*xa + b"]
    plain = parse_graph(texts)
    assert parse_graph(["a, b: scalar", "xa: scalar", *texts]) == plain
    assert parse_graph(texts, dims={"a": 2.0, "b": ()}) == plain
    assert parse_graph("a: scalar\ny = a*xa + b").sizing is None
    unused = parse_graph(["c: scalar", *texts])
    assert unused.sizing is None
    assert unused.unused == ("c",)


def test_a_declared_parameter_in_no_equation_stays():
    graph = parse_graph(["W: 5 x 3", "U: 2 x 2", "xu: 7", "xy = W @ xa"])
    assert graph.parameters == ("W", "U")
    assert graph.unused == ("U",)
    assert graph.dims("U") == (2, 2)
    assert "xu" not in graph.names


def test_declared_kinds_hold():
    texts = ["X: n x p", "y: n", "xr = X @ w - y"]
    graph = parse_graph(texts, variables=["X", "y"])
    assert (graph.inputs, graph.parameters) == (("X", "y"), ("w",))
    assert parse_graph(texts, parameters=["w", "y"]).parameters == ("X", "w", "y")


def test_equations_come_in_any_order():
    graph = parse_graph(["xo = V @ xh", "xh = W @ xx", "W: 5 x 3", "V: 2 x 5"])
    assert shapes(graph) == {
        "xo": "2", "xh": "5", "xx": "3", "V": "2 x 5", "W": "5 x 3",
    }  # fmt: skip


def test_a_circle_is_named_as_among_numbers():
    with pytest.raises(CycleError) as caught:
        parse_graph(["W: 3 x 3", "xa = W @ xb", "xb = tanh(xa)"])
    assert caught.value.cycle == ("xa", "xb", "xa")


def test_copies_have_the_dims():
    graph = parse_graph(["W: 5 x n", "xy = W @ xa"])
    for other in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert other == graph
        assert shapes(other) == shapes(graph)
    assert parse_graph(["W: 5 x m", "xy = W @ xa"]) != graph


# Names that nobody declared: texts, and the dims of all

UNDECLARED = [
    (["xy = W @ xa"], {"xy": "?", "xa": "?", "W": "? x ?"}),
    (["W: 5 x 3", "xy = W @ xa"], {"xy": "5", "xa": "3", "W": "5 x 3"}),
    (
        ["xo: 10", "xh: 32", "xo = V @ xh"],
        {"xo": "10", "xh": "32", "V": "10 x 32"},
    ),
    (["x: 4", "q = x @ A @ x"], {"q": "scalar", "x": "4", "A": "4 x 4"}),
    (["x: 4", "q = (A' @ A) @ x"], {"q": "4", "x": "4", "A": "? x 4"}),
    (
        ["W: 5 x 3", "xy = W @ x_1 @ x_2"],
        {"xy": "scalar", "x_1": "3", "x_2": "5", "W": "5 x 3"},
    ),
    (
        ["Σ: n x n", "q = μ @ Σ @ μ"],
        {"q": "scalar", "μ": "n", "Σ": "n x n"},
    ),
    (
        ["xz = xh/2", "W: 5 x 3", "xh = W @ xa"],
        {"xz": "5", "xh": "5", "xa": "3", "W": "5 x 3"},
    ),
    (["W: 5 x 3", "s = 2*r", "xy = W @ xa"], {
        "s": "scalar", "xy": "5", "xa": "3", "r": "scalar", "W": "5 x 3",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "expected"), UNDECLARED)
def test_dims_of_names_that_nobody_declared(texts, expected):
    assert shapes(parse_graph(texts)) == expected


# Mistakes of declarations: what is refused, whole

MISTAKES = """\
a size is missing behind 'x'

    W: 5 x
         ^
  hint: write W: 32 x 64, or W: scalar

a size is missing before 'x'

    W: x 3
       ^
  hint: write W: 32 x 64, or W: scalar

a size is missing before 'x'

    W: 5 x x 3
           ^
  hint: write W: 32 x 64, or W: scalar

a size is a whole number from 1, not 0

    W: 0 x 3
       ^

a size is a whole number from 1, not 0

    W: (5, 0)
           ^

a size is a whole number from 1 or a name, not '-3'

    W: -3
       ^^

sizes are parted by 'x', not ','

    W: 5, 3
       ^^^^
  hint: write W: 5 x 3

a size is a whole number from 1 or a name, not '5*3'

    W: 5*3
       ^^^
  hint: write 5 x 3

an 'x' is missing between two sizes

    W: 5 3
         ^
  hint: write W: 5 x 3

an 'x' is missing between two sizes

    W: 5 by 3
         ^^^^
  hint: write W: 5 x 3

an 'x' is missing between two sizes

    W: 5 X 3
         ^^^
  hint: write W: 5 x 3

'nx3' reads as one word

    W: nx3
       ^^^
  hint: write W: n x 3, with blanks

a size is a whole number from 1 or a name, not 'n+1'

    W: n+1 x 3
       ^^^
  hint: sizes are not computed: give this one a name of its own

a size is a whole number from 1 or a name, not '2.5'

    W: 2.5 x 3
       ^^^

the shape is missing behind ':'

    W:
     ^
  hint: write W: 32 x 64, or W: scalar

'matrix' says no size

    W: matrix
       ^^^^^^
  hint: write its sizes, such as 32 or 32 x 64; a number is a scalar

'scalar' says no size

    W: scalar x 3
       ^^^^^^
  hint: write its sizes, such as 32 or 32 x 64; a number is a scalar

a size is at most 1,000,000,000, not 10000000000000000000000…

    W: 1000000000000000000000000000000
       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

an array of 1000000000 x 1000000000 has more numbers than can be held

    W: 1000000000 x 1000000000
       ^^^^^^^^^^^^^^^^^^^^^^^

'3' is not a name

    3: 5
    ^
  hint: a name is a letter followed by letters, digits and underscores

'2W' is not a name

    2W: 5
    ^^
  hint: a name is a letter followed by letters, digits and underscores

a name is missing beside ','

    W, : 5
      ^

'sin' is a function

    sin: 5
    ^^^
  hint: choose another name

an equation needs '='

    W 5 x 3
    ^^^^^^^
  hint: a declaration has a colon: W: 5 x 3\
"""


def blocks():
    parts = MISTAKES.split("\n\n")
    return [f"{a}\n\n{b}" for a, b in zip(parts[::2], parts[1::2], strict=True)]


@pytest.mark.parametrize("message", blocks())
def test_a_wrong_declaration_is_refused(message):
    line = message.split("\n")[2].removeprefix("    ")
    with pytest.raises(ExpressionError) as caught:
        parse_graph([line, "v: 3", "xy = 2*v"])
    assert str(caught.value) == message


def refusal(*args, **kwargs):
    with pytest.raises(CGPrimerError) as caught:
        parse_graph(*args, **kwargs)
    return str(caught.value)


CONFLICTS = [
    (
        (["W: 5 x 3", "W: 5 x 4", "xy = W @ xa"], {}),
        "'W' is declared twice: 5 x 4 here, and before 5 x 3\n\n"
        "    W: 5 x 4\n    ^\n"
        "  hint: the first is 'W: 5 x 3'; remove one",
    ),
    (
        (["W: 5 x 3", "xy = W @ xa"], {"W": (5, 4)}),
        "'W' is 5 x 3 here, but 5 x 4 in dims=\n\n"
        "    W: 5 x 3\n    ^\n"
        "  hint: let both say the same, or one nothing",
    ),
    (
        (["b, W: n x 3", "xy = W @ xa"], {"W": (5, 3), "b": (6, 3)}),
        "'b' is n x 3 here, but 6 x 3 in dims=, and n is 5 by 'W'\n\n"
        "    b, W: n x 3\n    ^\n"
        "  hint: let both say the same, or one nothing",
    ),
    (
        (["X: n x p", "xm = X @ w/n"], {}),
        "'n' is the name of a size in 'X: n x p', and so no name in an equation\n\n"
        "    xm = X @ w/n\n               ^\n"
        "  hint: write mean(…) for a sum divided by n, or rename one of them",
    ),
    (
        (["xm = X @ w/n"], {"X": ("n", 3)}),
        "'n' is the name of a size in dims=, and so no name in an equation\n\n"
        "    xm = X @ w/n\n               ^\n"
        "  hint: write mean(…) for a sum divided by n, or rename one of them",
    ),
    ((["W: 5 x 3"], {}),
     "there are declarations, and no equations: write at least one, like "
     "'xy = W @ xa'"),
    ((["xy = W @ xa"], [1]), "dims= takes a dict such as {'W': (32, 64)}, not [1]"),
    ((["xy = W @ xa"], {"W": 5}), "dims= of 'W' is 5\n"
     '  hint: give a tuple such as (32, 64), a text such as "32 x 64" or "scalar", or '
     "an array"),
    ((["xy = W @ xa"], {"W": (5, -1)}),
     "dims= of 'W': a size is a whole number from 1 or a name, not '-1'"),
    ((["xy = W @ xa"], {"W": np.zeros((5, 0))}),
     "dims= of 'W': a size is a whole number from 1, not 0"),
    ((["xy = W @ xa"], {"W": "5 x"}), "dims= of 'W': a size is missing behind 'x'\n\n"
     "    5 x\n      ^\n  hint: write W: 32 x 64, or W: scalar"),
    ((["xy = W @ xa"], {"2W": (5,)}), "dims= holds '2W', which is not a name"),
    ((["xy = W @ xa"], {"sin": (5,)}),
     "dims=: 'sin' is a function; choose another name"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "message"), CONFLICTS)
def test_what_contradicts_itself_is_refused(given, message):
    texts, dims = given
    assert refusal(texts, dims=dims) == message


# Lines with a colon that declare nothing, in a text of numbers

PROSE = [
    ("Model: linear", "'Model' is in no equation, nor is any other array",
     "a comment begins with #"),
    ("Model: a linear law", "an 'x' is missing between two sizes",
     "write Model: a x linear x law, or begin a comment with #"),
    ("Date: 2026", "'Date' is in no equation, nor is any other array",
     "a comment begins with #"),
    ("y: a*x + b", "a shape is no formula",
     "write y = … for an equation, y: 32 x 64 for a shape"),
    ("y: f(x)", "a shape is no formula",
     "write y = … for an equation, y: 32 x 64 for a shape"),
    ("xs: 3", "'xs' is in no equation, nor is any other array",
     "a comment begins with #"),
    ("abb: 3", "'abb' is in no equation, nor is any other array",
     "did you mean 'ab'?"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message", "hint"), PROSE)
def test_a_line_that_declares_nothing_is_refused(line, message, hint):
    found = refusal([line, "y = ab*xa + c"])
    assert (found.splitlines()[0], found.splitlines()[-1]) == (
        message,
        f"  hint: {hint}",
    )


def test_a_mistake_beside_a_product_is_told_as_one_of_arrays():
    assert refusal(["y = W @ (x + "]) == (
        "the expression ends where a value is expected\n\n"
        "    y = W @ (x + \n                ^"
    )


def test_a_declaration_with_an_equation_in_it():
    assert refusal(["W: 5 x 3 = A @ B", "v: 3", "xy = v"]).splitlines()[0] == (
        "unexpected character ':'"
    )


def test_mistakes_of_lines_and_equations_are_told_together():
    message = refusal("W: 5 x\nxy = W @ xa\nxz = 2*+*xa\nV: 2 x 2\nu: 3\nxq = V @ u")
    heads = [line for line in message.splitlines() if line.startswith("line")]
    assert [head.split(":")[0] for head in heads] == ["line 1", "line 3", "line 6"]


@pytest.mark.every(3)
@pytest.mark.parametrize("count", [30, 1_000, 1_000_000])
def test_a_declaration_of_many_axes_is_refused_at_once(count):
    line = "W: " + " x ".join("1" * count)
    assert "an array has at most 24 axes" in refusal([line, "xy = W"])


HOSTILE = [
    "W: " + "9" * 100_000,
    "W: " + "x" * 100_000,
    "W: " + "(" * 100_000,
    "W: " + "n" * 100_000 + " x 3",
    "a," * 50_000 + "a: 3",
    "a" * 100_000 + " " * 100_000,
    "W: 5 x \x1b[31m",
    "W: \u202e5",
    "W: " + "5x" * 50_000,
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_hangs_or_breaks(line):
    try:
        said = str(parse_graph([line, "v: 3", "xy = 2*v"]).dims("xy"))
    except CGPrimerError as error:
        said = str(error)
    assert "\x1b" not in said
    assert len(said) < 10_000


def test_doubts_are_told_of_arrays_too():
    with pytest.warns(ReadingWarning, match="e is a parameter in") as caught:
        graph = parse_graph(["W: 5 x 3", "xy = W @ xx", "xz = e^2"])
    assert caught[0].filename == __file__
    assert len(graph.doubts) == 1


# Scalar texts are not touched, but for what was no text of numbers

NEW = [
    (["y = W @ x"], {"y": "?", "x": "?", "W": "? x ?"}),
    (["xy = where(xa > 0, xa, 0)"], {"xy": "scalar", "xa": "scalar"}),
    (["c: scalar", "xy = where(xa > c, 1, 0)"],
     {"xy": "scalar", "xa": "scalar", "c": "scalar"}),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "expected"), NEW)
def test_texts_without_declarations_hold_arrays_too(texts, expected):
    graph = parse_graph(texts)
    assert graph.sizing is not None
    assert shapes(graph) == expected


SCALAR = [
    "y = a*xa + b",
    "mean = sum_1 + max(xa, 2)",
    "t = x'",
    "y = mean(xa)",
    "y = xa[1]",
    "y = softmax(xa)",
]


def test_texts_of_numbers_mean_what_they_meant():
    assert parse_graph([SCALAR[0]]).sizing is None
    assert parse_graph([SCALAR[1]]).sizing is None
    assert "a prime is no part of a name" in refusal([SCALAR[2]])
    assert "write the terms out: (xa + xb + xc)/3" in refusal([SCALAR[3]])
    assert refusal(["y = mean(xa)"]).startswith("unknown function 'mean'")


# Sizes that fit a text by their names, and not by the numbers given for them

TOO_SHORT = [
    (["v: n", "xl = v[2]"], "there is no entry 2", "the axis has 0 to 1"),
    (
        ["v: n", "xl = sum(v[2:])"],
        "the slice 2: is empty",
        "its end is not taken along",
    ),
    (["v: n", "u: 3", "xl = sum(expand_to(u, v))"], "3 and 2 differ", ""),
]


@pytest.mark.parametrize(("texts", "message", "hint"), TOO_SHORT)
def test_a_size_too_short_for_an_equation_is_told(texts, message, hint):
    graph = parse_graph(texts)
    values = {"v": np.ones(2)} | ({"u": np.ones(3)} if "u" in graph.names else {})
    whole = f"with n = 2 the equation of 'xl' does not fit: {message}"
    whole += f"\n  hint: {hint}" * bool(hint)
    for call in (
        lambda: graph.evaluate(values),
        lambda: graph.gradient_at("xl", values),
        lambda: unrolled(graph, {"n": 2}),
    ):
        with pytest.raises(CGPrimerError) as caught:
            call()
        assert str(caught.value) == whole


def test_a_choice_by_one_number_is_unrolled():
    numbers = unrolled(parse_graph(["F: 2", "c: scalar", "xv = where(c > 0, c, F)"]))
    at = {"c": 3.0, "F_0": 5.0, "F_1": 7.0}
    assert [numbers.evaluate(at)[n] for n in ("xv_0", "xv_1")] == [3, 3]
    assert [numbers.evaluate(at | {"c": -3.0})[n] for n in numbers.outputs] == [5, 7]


# The report

SUMMARY = """\
summary
┏━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┳━━━━━━━━━━━━┓
┃ name ┃ kind      ┃ equation         ┃ dims        ┃ parameters ┃
┡━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━╇━━━━━━━━━━━━┩
│ xx   │ input     │                  │ batch x 784 │            │
│ W    │ parameter │                  │ 784 x 10    │       7840 │
│ b    │ parameter │                  │ 10          │         10 │
│ c    │ parameter │                  │ scalar      │          1 │
│ xh   │ variable  │ tanh(xx @ W + b) │ batch x 10  │            │
│ xo   │ output    │ c*xh             │ batch x 10  │            │
└──────┴───────────┴──────────────────┴─────────────┴────────────┘
2 equations, 7851 parameters in 3 names"""


def test_a_summary_is_known_before_there_are_values():
    graph = parse_graph(
        "W: 784 x 10\nb: 10\nc: scalar\nxx: batch x 784\n"
        "xh = tanh(xx @ W + b)\nxo = c*xh"
    )
    report = graph.summary()
    assert str(report) == SUMMARY
    assert report.to_dicts()[1] == {
        "name": "W", "kind": "parameter", "equation": "", "dims": (784, 10),
        "count": "7840",
    }  # fmt: skip
    assert "<td>784 x 10</td>" in report._repr_html_()


TOTALS = [
    (["y = a*xa + b", "z = y^2"], "2 equations, 2 parameters"),
    (["y = 2*xa"], "1 equation, 0 parameters"),
    (["y = a*xa"], "1 equation, 1 parameter"),
    (["y = W @ xa"], "1 equation, ? parameters in 1 name"),
    (["W: n x 3", "b: n", "y = W @ xa + b"], "1 equation, 4*n parameters in 2 names"),
    (
        ["W: n x p", "b: n", "c: scalar", "y = c*(W @ xa) + b"],
        "1 equation, n*p + n + 1 parameters in 3 names",
    ),
    (["U: 3", "v: 2", "y = 2*v"], "1 equation, 5 parameters in 2 names"),
]


@pytest.mark.parametrize(("texts", "said"), TOTALS)
def test_parameters_are_counted(texts, said):
    assert parse_graph(texts).summary().summary() == said


def test_latex_may_stand_beside_declarations_of_numbers():
    graph = parse_graph("c: scalar\ny = \\frac{c}{x}")
    assert (str(graph), graph.sizing) == ("y = c/x", None)
