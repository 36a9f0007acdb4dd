r"""LaTeX in equations, in claims and on the command line, read by one reader.

Names of LaTeX are those of the graph where they are spelled alike: x_a is xa, \alpha is
α. Right claims and subtly wrong ones stand in equal number.
"""

import warnings

import pytest

from cgprimer import (
    check_derivation,
    check_gradients,
    parse_claims,
    parse_graph,
    parse_latex,
)
from cgprimer.cli import main
from cgprimer.errors import CGPrimerError, ReadingWarning
from cgprimer.reading.definitions import definitions
from cgprimer.reading.reader import read_lines

# Equations, as a list or as a text, and the graph

READ = [
    ([r"x_y = \tanh(w x_a) + \frac{b}{2}"], "x_y = tanh(w*x_a) + b/2"),
    (["xy = tanh(w*xa)", r"z = x_y + \frac{b}{2}"], "xy = tanh(w*xa)\nz = xy + b/2"),
    ([r"z = \frac{x_y}{ab}", "xy = ab*xa"], "z = xy/ab\nxy = ab*xa"),
    (["xy = ab*xa", r"x_b = ab\,x_y^{2}"], "xy = ab*xa\nx_b = ab*xy^2"),
    (["y = α*x", r"z = \alpha y + \lambda"], "y = α*x\nz = α*y + lambda"),
    (["y = ŷ*x", r"z = \hat y + \sqrt{y}"], "y = ŷ*x\nz = ŷ + sqrt(y)"),
    (["y = x_bar*x", r"z = \bar x \cdot 2"], "y = x_bar*x\nz = x_bar*2"),
    (["y = w_11*x", r"z = w_{11} y"], "y = w_11*x\nz = w_11*y"),
    (["y = w11*x", r"z = w_{1,1} y"], "y = w11*x\nz = w11*y"),
    (["L = (y_hat - t)^2", r"\hat{y} = w x"], "L = (y_hat - t)^2\ny_hat = w*x"),
    (["e = 3", r"y = e^{x}"], "e = 3\ny = e^x"),
    ([r"y \approx \frac{22}{7} x"], "y = 22/7*x"),
    (["y = wab*w_ab", r"z = w_{a,b}"], "y = wab*w_ab\nz = w_a_b"),
    ([r"\lambda = 2 a", r"y = \lambda x"], "lambda = 2*a\ny = lambda*x"),
    ([r"y = a \cdot x"], "y = a*x"),
    ([r"y = \frac{a}{b}"], "y = a/b"),
    (["y = x^{2}"], "y = x^2"),
    ([r"y = \sigma(x)"], "y = sigmoid(x)"),
    ([r"y = \sqrt{x}"], "y = sqrt(x)"),
    (["y = e^{x}"], "y = exp(x)"),
    (["y = x_{1} + 1"], "y = x1 + 1"),
    ([r"$y = \frac12 x^2$", r"$$z = \ln y$$"], "y = 1/2*x^2\nz = log(y)"),
    ([r"y = \left. x^2 \right|_{x=3} + x"], "y = 3^2 + x"),
    ([r"u = x^2, \quad v = \tanh u"], "u = x^2\nv = tanh(u)"),
    ({"y": r"\frac{a}{b} x"}, "y = a/b*x"),
    ("xy = ab*xa\nz = \\frac{xy}{2} # half\n", "xy = ab*xa\nz = xy/2"),
    (
        "xy = ab*xa\n\\begin{aligned}\nz &= ax^2 \\\\\n u = ax\n"
        "\\end{aligned}\nq = u + xy",
        "xy = ab*xa\nz = a*x^2\nu = a*x\nq = u + xy",
    ),
    (
        "Let $y = \\tanh(wx)$,\nand let\n\\[ z = y^2\n  + b. \\]",
        "y = tanh(w*x)\nz = y^2 + b",
    ),
    ("v = \\tanh(x)\n\\[\nu = ax\n\\]", "v = tanh(x)\nu = a*x"),
    ("y = a \\cdot x \\\\\nz = 2 y", "y = a*x\nz = 2*y"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "meaning"), READ, ids=[m for _, m in READ])
def test_equations_in_latex_are_read_among_plain_ones(equations, meaning):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReadingWarning)
        assert str(parse_graph(equations)) == meaning


@pytest.mark.parametrize("equations", [e for e, _ in READ[14:21]])
def test_one_text_is_the_same_by_all_ways(equations, capsys):
    [text] = equations
    assert str(parse_graph(text)) == str(parse_latex(text)) == str(parse_graph([text]))
    assert main(["show", text]) == 0
    assert str(parse_graph(text)) in capsys.readouterr().out


SAID = [
    (["y = ax^{2}"], ["'ax' is read as a·x in 'y = ax^{2}'"]),
    (["xy = ab*xa", r"z = \frac{x_y}{a}"], []),
    (["z = ab", r"y = \frac{a}{b}"], [
        "ab is one name in 'z = ab': write a*b for a product"
    ]),
    (["z = ab*x", r"y = \frac{a}{c}"], []),
    (["x1 = 2*a", "x_1 = 3*a", r"z = x_{1}"], ["x1 is read where x_1 may be meant"]),
    ("$y = x^2$, $\\bar y = \\frac12$", [
        "'\\bar y = \\frac12' is passed by, as it follows from the equations"
    ]),
    (["y = e^{x} + e^x"], []),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "said"), SAID)
def test_which_of_two_readings_was_taken_is_said(equations, said):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parse_graph(equations)
    assert [str(one.message) for one in caught] == said


REFUSED = [
    ([r"y = \frac{a}{b", "z = 2 3", "u = x"], r"""
'{' is never closed

    y = \frac{a}{b
                ^

an operator is missing before '3'

    z = 2 3
          ^
  hint: write one number: 23"""),
    (["y = 2*x", r"y = \frac{a}{b}"], r"""
'y' is defined twice

    y = \frac{a}{b}
    ^
  hint: the first definition is 'y = 2*x'; rename or remove one"""),
    (["a = 2", r"y = \foo{x}"], r"""
unknown command '\\foo'

    y = \foo{x}
        ^^^^"""),
    ("a = 2\n\ny = \\int x \\\\\nz = a", r"""
line 3: this is not read: an integral

    y = \int x \\
        ^^^^
  hint: write the value, or its integrand"""),
    ([r"\frac{dy}{dx} = 2x", "y = x"], r"""
'y' is not defined above

    \frac{dy}{dx} = 2x
    ^^^^^^^^^^^^^"""),
    ([r"2x = \frac{a}{b}"], r"""
this defines no name

    2x = \frac{a}{b}
    ^^
  hint: a name stands alone on the left; check_derivation judges claims"""),
    ([r"a = b \cdot c", r"b = a \cdot 2"], r"""
'b' is made of what is made of it

    b = a \cdot 2
    ^
  hint: break the circle by renaming one side"""),
    ([r"\frac{a}{b}", r"y = \frac{a}{b}"], r"""
an equation needs '='

    \frac{a}{b}
    ^^^^^^^^^^^
  hint: what is no formula goes behind a #"""),
    (["y = x^2", r"z = \frac{y}{2} + zz^{2}"], r"""
'zz' can be read in two ways: one name or a product of letters

    z = \frac{y}{2} + zz^{2}
                      ^^
  hint: write blanks for a product, \mathit{zz} for a name"""),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "message"), REFUSED)
def test_what_is_wrong_points_into_what_was_typed(equations, message):
    with pytest.raises(CGPrimerError) as caught:
        parse_graph(equations)
    assert str(caught.value) == message.lstrip("\n")


def test_a_definition_knows_where_it_was_written():
    [one] = (definitions(read_lines(r"$z = 3, y = \frac{x}{2}$.")).values(),)
    spelled = [*one][1].spelled
    assert (spelled.text, spelled.written) == ("y = x/2", r"y = \frac{x}{2}")
    assert spelled.span(0, 1) == (0, 1)
    assert spelled.span(4, 5) == (4, 15)


# Claims

GRAPH = ["xz = tanh(w*xa)", "L = α*xz + v_bar*w11", "q = L^2"]
NAMES = {"parameters": ["α"]}
CLAIMS = [  # of what, a right formula and one that is nearly right
    ("xz w", r"x_a \left(1-\tanh^2(w x_a)\right)", r"x_a \left(1-\tanh(w x_a)\right)"),
    ("xz w", r"x_a \left(1-x_z^2\right)", r"\left(1-x_z^2\right)"),
    ("xz w", r"\frac{x_a}{\cosh^2(w \cdot x_a)}", r"\frac{w}{\cosh^2(w \cdot x_a)}"),
    ("xz w", r"\tanh'(w x_a) x_a", r"\tanh'(x_a) x_a"),
    ("xz xa", "w (1 - x_{z}^{2})", "w (1 - x_{z})"),
    ("L α", "x_{z}", r"\alpha x_{z}"),
    ("L w11", r"\bar v", r"2 \bar v"),
    ("L v_bar", "w_{11}", "w_{11}^2"),
    ("q L", r"2 L^{1}", r"L^{1}"),
]  # fmt: skip


@pytest.mark.every(4)
@pytest.mark.parametrize(("edge", "right", "wrong"), CLAIMS)
def test_a_claim_is_read_in_latex(edge, right, wrong):
    graph, edge = parse_graph(GRAPH, **NAMES), tuple(edge.split())
    for formula, verdict in ((right, "PASS"), (wrong, "FAIL")):
        report = check_gradients(graph, claims={edge: formula}, rng=0)
        assert report.verdict == verdict
        if verdict == "FAIL":
            assert report.first_wrong == edge


LINES = [  # claims as text, right ones and wrong ones
    (
        r"\frac{\partial x_z}{\partial w} = x_a (1 - x_z^2)",
        r"\frac{\partial x_z}{\partial w} = x_a (1 + x_z^2)",
    ),
    (
        r"\dfrac{d x_{z}}{d x_a} = w(1 - x_z^2) \\ \partial L/\partial\alpha = x_z",
        r"\dfrac{d x_{z}}{d x_a} = w(1 - x_z^2) \\ \partial L/\partial\alpha = x_z^2",
    ),
    (
        "d xz/d w = x_a \\left(1 - x_z^2\\right)\nd L/d α = xz\n",
        "d xz/d w = x_a \\left(1 - x_z^2\\right)\nd L/d α = xz^2\n",
    ),
    (
        "\\begin{align}\n\\frac{\\partial x_z}{\\partial w} &= x_a \\\\\n  &\\quad "
        "\\cdot (1 - x_z^2) \\\\\n\\frac{\\partial L}{\\partial w_{11}} &= \\bar v\n"
        "\\end{align}",
        "\\begin{align}\n\\frac{\\partial x_z}{\\partial w} &= x_a \\\\\n  &\\quad "
        "+ (1 - x_z^2) \\\\\n\\frac{\\partial L}{\\partial w_{11}} &= \\bar v\n"
        "\\end{align}",
    ),
]


@pytest.mark.every(2)
@pytest.mark.parametrize(("right", "wrong"), LINES)
def test_a_file_of_claims_is_read_in_latex(right, wrong):
    graph = parse_graph(GRAPH, **NAMES)
    assert check_gradients(graph, claims=parse_claims(right), rng=0).verdict == "PASS"
    assert check_gradients(graph, claims=parse_claims(wrong), rng=0).verdict == "FAIL"


def test_of_a_display_only_the_claim_itself_is_shown():
    text = r"$$\frac{\partial y}{\partial a} &= 2 x_1 \\ \frac{dy}{d x_1} &= a$$"
    report = check_gradients(parse_graph("y = a*x1"), claims=parse_claims(text), rng=0)
    assert report.to_dicts()[0]["claim"] == "2 x_1"
    assert "Change 2 x_1 (line 1) to x1." in " ".join(str(report).split())


def test_a_command_reads_claims_in_latex(tmp_path, capsys):
    file = tmp_path / "mine.txt"
    for text, status in zip(LINES[1], (0, 1), strict=True):
        file.write_text(text)
        assert main(["check", *GRAPH[:2], "--claims", str(file)]) == status


def test_a_claim_of_a_total_may_use_all_names():
    graph = parse_graph(GRAPH, **NAMES)
    for factor, verdict in (("2", "PASS"), ("", "FAIL")):
        text = rf"\frac{{\partial q}}{{\partial w}} = {factor} L \alpha x_a(1-x_z^2)"
        report = check_gradients(graph, claims=parse_claims(text), output="q", rng=0)
        assert report.verdict == verdict


CLAIMS_REFUSED = [
    (r"\frac{\partial x_z}{\partial w} = x_{q}^{2}", r"""
line 1: ∂xz/∂w has no name 'x_q'

    \frac{\partial x_z}{\partial w} = x_{q}^{2}
                                      ^^^^^
  hint: a claim for it may use w, xa, xz"""),
    (r"\frac{\partial x_z}{\partial w} = \frac{\partial x_z}{\partial x_a}", r"""
line 1: a claim holds no other derivative

    \frac{\partial x_z}{\partial w} = \frac{\partial x_z}{\partial x_a}
                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: write its formula"""),
    ("d xz/d w = xa\n\\frac{\\partial^2 x_z}{\\partial w^2} = x_q", r"""
line 2: this is not a claim

    \frac{\partial^2 x_z}{\partial w^2} = x_q
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: claims are of first derivatives; `check_derivation` reads others"""),
    (r"\frac{\partial x_z}{\partial w} = xx_a \\ y = 3", r"""
line 1: this is not a claim

    \frac{\partial x_z}{\partial w} = xx_a \\ y = 3
                                              ^^^^^
  hint: write d node / d name = formula, such as d xy / d ab = xx"""),
    (r"\frac{\partial x_z}{\partial w} = \begin{cases} 1 \\ 2 \end{cases}", r"""
line 1: this is not read: cases

    \frac{\partial x_z}{\partial w} = \begin{cases} 1 \\ 2 \end{cases}
                                      ^^^^^^
  hint: step(x)*a + (1 - step(x))*b is a where x > 0, else b"""),
    ("d xz/d w = \\frac{1}{2}\nd xz / d w = 2", r"""
line 2: a second claim for d xz / d w

    d xz / d w = 2
      ^^^^^^^^"""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), CLAIMS_REFUSED)
def test_a_claim_that_is_not_read_points_into_its_line(text, message):
    graph = parse_graph(GRAPH, **NAMES)
    with pytest.raises(CGPrimerError) as caught:
        check_gradients(graph, claims=parse_claims(text), rng=0)
    assert str(caught.value) == message.lstrip("\n")


# Lines of a derivation that were judged otherwise than they are meant

SOFTMAX = "s = exp(a) + exp(b)\np = exp(a)/s\n"
VERDICTS = [  # a line that is right, one that is nearly right, and what comes of each
    (SOFTMAX + "∂p/∂a = p*(1 - p)", SOFTMAX + "∂p/∂a = p*(1 + p)", "PASS", "FAIL"),
    (
        SOFTMAX + "∂p/∂a = p*(1 - p) = p - p^2",
        SOFTMAX + "∂p/∂a = p*(1 - p) = p + p^2",
        "PASS PASS", "PASS FAIL",
    ),
    (SOFTMAX + "∂p/∂a = p", SOFTMAX + "∂p/∂a = 2*p", "PASS", "FAIL"),
    (SOFTMAX + "dp/da = p - p^2", SOFTMAX + "dp/da = p", "PASS", "FAIL"),
    (
        r"f(x, y) = x^2 y \\ \nabla f = (2xy, x^2)",
        r"f(x, y) = x^2 y \\ \nabla f = (x^2, x^2)",
        "PASS PASS", "FAIL PASS",
    ),
    (
        "u = x*y\nf(x, y) = u*x\n∇f = \\begin{pmatrix} 2u \\\\ x^2 \\end{pmatrix}",
        "u = x*y\nf(x, y) = u*x\n∇f = \\begin{pmatrix} u \\\\ x^2 \\end{pmatrix}",
        "PASS PASS", "FAIL PASS",
    ),
    ("r^2 = x^2 + y^2", "(x + y)^2 = x^2 + y^2", "NOT READ", "FAIL"),
    ("y = x^2\n2x = 6\nx = 3\ny = 9", "x = 2\n2x = 6", "NOT READ PASS", "FAIL"),
    ("x + y = 3", "x + y - x = 3", "NOT READ", "FAIL"),
    ("p*V/n = R*T", "p*V/p = R*V", "NOT READ", "FAIL"),
    ("2 = x*y", "y = x^2\ny + 2 = 3", "NOT READ", "FAIL"),
    ("x = 3\n2*x = 6", "x^2 = 2*x", "PASS", "FAIL"),
]  # fmt: skip


@pytest.mark.every(6)
@pytest.mark.parametrize(("right", "wrong", "of_right", "of_wrong"), VERDICTS)
def test_a_line_is_judged_as_it_is_meant(right, wrong, of_right, of_wrong):
    for text, wanted in ((right, of_right), (wrong, of_wrong)):
        rows = check_derivation(text, rng=0, symbolic=False).rows
        verdicts = [row.verdict for row in rows if row.verdict != "defined"]
        assert " ".join(verdicts) == wanted


@pytest.mark.slow
def test_a_chain_from_a_partial_is_held_against_both_readings():
    rows = check_derivation(
        SOFTMAX + "∂p/∂a = p*(1 - p) = p - p^2\n∂p/∂a = 2*p = p + p",
        rng=0, symbolic=False,
    ).rows  # fmt: skip
    assert [row.remark for row in rows[2:4]] == [
        "∂ is read as d, through every path", "",
    ]  # fmt: skip
    assert rows[-1].remark == "but neither is ∂p/∂a"


def test_a_condition_is_said_to_be_one():
    [row] = check_derivation("r^2 = x^2 + y^2", rng=0, symbolic=False).rows
    assert row.remark == (
        "this is no definition that is read, and as a claim holds for some values "
        "only; a definition has a name alone on its left; a condition goes behind a #"
    )
