"""LaTeX and MathML of expressions: every bracket that the meaning needs is there."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from test_textbook import expressions

from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, TABLE, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.latex import GREEK, latex, latex_factor, latex_name, latex_number
from cgprimer.notation.mathml import LETTERS, from_latex
from cgprimer.notation.text import show
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.translate import translate

SET = [  # text, and how it is typeset
    ("cd*xx + xz^3", r"\mathit{cd} \cdot \mathit{xx} + \mathit{xz}^{3}"),
    ("a/(b + c)", r"\frac{a}{b + c}"),
    ("-a/b", r"-\frac{a}{b}"),
    ("-a*b/c", r"-\frac{a \cdot b}{c}"),
    ("-2*a/b + c", r"-\frac{2 \cdot a}{b} + c"),
    ("c - (-a/b)", r"c - \left(-\frac{a}{b}\right)"),
    ("c + -2*a", r"c + \left(-2 \cdot a\right)"),
    ("-(a*b)", r"-a \cdot b"),
    ("-(a + b)", r"-\left(a + b\right)"),
    ("-(-a)", r"-\left(-a\right)"),
    ("a - (b - c)", r"a - \left(b - c\right)"),
    ("a + (b - c)", r"a + b - c"),
    ("a*(b*c)", r"a \cdot \left(b \cdot c\right)"),
    ("(a + b)*c", r"\left(a + b\right) \cdot c"),
    ("exp(a)^2", r"\left(e^{a}\right)^{2}"),
    ("(a^b)^c", r"\left(a^{b}\right)^{c}"),
    ("a^(b^c)", r"a^{b^{c}}"),
    ("a^(b + c)", r"a^{b + c}"),
    ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
    ("1e-5^a", r"\left(1 \cdot 10^{-5}\right)^{a}"),
    ("xlogy(a + b, c)", r"\left(a + b\right) \ln\left(c\right)"),
    ("xlogy(a, c)^2", r"\left(a \ln\left(c\right)\right)^{2}"),
    ("log1p(-a)", r"\ln\left(1 + \left(-a\right)\right)"),
    ("log1p(a*b)", r"\ln\left(1 + a \cdot b\right)"),
    ("min(a, -b)", r"\min\left(a, -b\right)"),
    ("abs(a - b)", r"\left|a - b\right|"),
    ("2*pi*a", r"2 \cdot \pi \cdot a"),
    ("sqrt(theta_1)", r"\sqrt{\theta_{1}}"),
]


@pytest.mark.parametrize(("text", "typeset"), SET)
def test_typeset_form(text: str, typeset: str):
    assert latex(parse_expression(text)) == typeset


NAMES = [
    ("x", "x"), ("xa", r"\mathit{xa}"), ("x1", "x_{1}"), ("theta", r"\theta"),
    ("theta_1", r"\theta_{1}"), ("w12", "w_{12}"), ("w_12", "w_{12}"),
    ("x_max", r"x_{\mathit{max}}"), ("x_alpha", r"x_{\alpha}"),
    ("b2_out", r"b_{2,\mathit{out}}"),
    ("x_long_name", r"x_{\mathit{long\_name}}"), ("x_", r"\mathit{x\_}"),
    ("as", r"\mathit{as}"),
    ("a1b2", r"\mathit{a1b2}"), ("Omega", r"\Omega"), ("pi", r"\mathit{pi}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "typeset"), NAMES)
def test_names(text: str, typeset: str):
    assert latex_name(text) == typeset


FACTORS = [
    ("a", "a"), ("2*a", r"2 \cdot a"), ("a + b", r"\left(a + b\right)"),
    ("-a", r"\left(-a\right)"), ("-a/b", r"\left(-\frac{a}{b}\right)"), ("1", "1"),
    ("-2*a", r"\left(-2 \cdot a\right)"), ("a/b", r"\frac{a}{b}"), ("exp(a)", "e^{a}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "typeset"), FACTORS)
def test_factors(text: str, typeset: str):
    assert latex_factor(parse_expression(text)) == typeset


def test_numbers():
    assert latex_number("2.5e−7") == r"2.5 \cdot 10^{-7}"
    assert latex_number("1e+300") == r"1 \cdot 10^{300}"
    assert latex_number("−∞") == r"-\infty"
    assert latex_number("nan") == r"\mathrm{nan}"


# A reader of MathML that knows nothing of how it was made.

CALLED = {"ln": "log", "σ": "sigmoid", "π": "pi"}
SIGNS = {"⋅": "*", "−": "-", "\N{NO-BREAK SPACE}": ""}


def read(element: ET.Element) -> str:
    """MathML as text of our language, a bracket around everything that is one group."""
    parts = [read(child) for child in element]
    match element.tag:
        case "mfrac":
            return f"(({parts[0]})/({parts[1]}))"
        case "msup" if element[0].text == "e":
            return f"exp({parts[1]})"
        case "msup":
            return f"{parts[0]}^({parts[1]})"
        case "msqrt":
            return f"sqrt({''.join(parts)})"
        case "mo" if element.text == "|":
            return "abs(" if element.get("form") == "prefix" else ")"
        case "mo":
            return SIGNS.get(element.text or "", element.text or "")
        case "mi" | "mn":
            return CALLED.get(element.text or "", element.text or "")
    text = ""
    for part in parts:  # a name behind a value is a product without a sign
        text += "*" * (part[:1].isalpha() and text[-1:].isalnum() | (text[-1:] == ")"))
        text += part
    return text


def read_back(root: Node) -> Node:
    mathml = from_latex(latex(root))
    return parse_expression(read(ET.fromstring(f"<math>{mathml}</math>")))


def value(root: Node) -> float:
    with np.errstate(all="ignore"):
        [found] = Kernel([root], "ab")(1.3, 0.7)
    return float(found)


@given(expressions())
def test_what_is_typeset_means_the_same(root: Node):
    before, after = value(root), value(read_back(root))
    if np.isfinite(before) and abs(before) > 1e-9:
        assert after == pytest.approx(before, rel=1e-9)


@pytest.mark.every(2)
@pytest.mark.parametrize("op", [op for op in TABLE if op.arity], ids=lambda op: op.name)
def test_every_operation_inside_every_other(op):
    a, b = name("a"), name("b")
    for inner in [op(*(a, b)[: op.arity]), op(*(OPS["neg"](a), b)[: op.arity])]:
        for outer in (o for o in TABLE if o.arity):
            for args in [(inner, b), (b, inner)][: outer.arity]:
                root = outer(*args[: outer.arity])
                before, after = value(root), value(read_back(root))
                if before != 0:  # 0*ln(0) has no value, where xlogy(0, 0) is 0
                    assert after == pytest.approx(before, rel=1e-9, nan_ok=True)


def test_every_greek_letter_has_a_sign():
    assert set(LETTERS) == GREEK | {"pi"}
    assert LETTERS["omega"] == "ω"
    assert LETTERS["epsilon"] == "ϵ"
    assert LETTERS["Omega"] == "Ω"
    assert from_latex(r"\theta_{1}") == (
        "<msub><mi>θ</mi><mrow><mn>1</mn></mrow></msub>"
    )


def test_an_exponent_stands_above_the_index():
    assert from_latex("v_{6}^{2}") == (
        "<msubsup><mi>v</mi><mrow><mn>6</mn></mrow><mrow><mn>2</mn></mrow></msubsup>"
    )


def test_a_minus_in_front_is_no_difference():
    assert from_latex(r"\left(-1.1\right)").count('form="prefix">−') == 1
    assert from_latex("a - b").count('form="prefix"') == 0
    assert from_latex(r"2 \cdot -b").count('form="prefix">−') == 1


def test_words_stand_as_one_and_are_escaped():
    assert from_latex(r"\mathit{long\_name}") == (
        '<mi style="font-style:italic">long_name</mi>'
    )
    assert "&lt;" in from_latex("a < b")


def test_long_and_deep_expressions():
    count = 6_000
    total = latex(parse_expression("+".join(["a"] * count)))
    assert total == " + ".join(["a"] * count)
    root = name("a")
    for _ in range(count):
        root = OPS["sin"](root)
    assert latex(root).count(r"\sin") == count


def test_shared_expressions_are_listed_not_expanded():
    node = name("a")
    for _ in range(64):
        node = OPS["mul"](node, OPS["sin"](node))
    text = latex(node)
    assert text.startswith(r"v_{1} = a \cdot \sin\left(a\right);\ v_{2} = v_{1} \cdot ")
    assert len(text) < 5_000


def test_constants_keep_their_sign_and_size():
    a = name("a")
    assert latex(OPS["sub"](a, const(-2.0))) == r"a - \left(-2\right)"
    assert latex(OPS["div"](const(-2.0), a)) == r"-\frac{2}{a}"
    assert latex(OPS["mul"](a, const(2e-5))) == (
        r"a \cdot \left(2 \cdot 10^{-5}\right)"
    )


ROUND_TRIPS = r"""
a + b - c
a - (b - c)
a*(b*c)
a/b/c
a/(b/c)
a/(b*c)
a^b^c
(a^b)^c
(-a)^2
-a^2
a^-b
2*a^-1
a + (-b)
1/3
a*0.1
2.5*pi
sqrt(a)^2
sin(a)^2
log(a*b)
arctan(a/b)
abs(a - b)
max(a, b)
min(a, b)
sigmoid(a + b)
tanh(-a)
relu(a)
sign(a)
erf(a)
-a/b         => -(a/b)
-(a*b)       => -a*b
exp(a)^2     => (e^a)^2
exp(-a^2)    => e^-a^2
xlogy(a, b)  => a*log(b)
1e-05*a
alpha_1*x1   => alpha1*x1
log1p(a)     => log(1 + a)
expm1(a)     => e^a - 1
"""  # and what comes back where that is another expression


@pytest.mark.parametrize("line", ROUND_TRIPS.strip().split("\n"))
def test_latex_reads_back(line: str):
    text, _, back = (part.strip() for part in line.partition("=>"))
    typeset = latex(parse_expression(text))
    node = translate(typeset, 0, len(typeset), Lexicon()).parse()
    assert show(node) == (back or text)
    # As a name, which it is before `reader` takes it for Euler's number, e is marked.
    again = latex(node).replace(r"\mathit{e}", "e")
    assert translate(again, 0, len(again), Lexicon()).parse() is node
