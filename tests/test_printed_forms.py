"""What is printed of expressions: products, sums, and forms that are recognised.

The tables hold whole texts: numbers in front, signs, brackets, and which of several
forms is taken.
"""

import numpy as np
import pytest
import sympy

from cgprimer.diff.factors import factors_of, negative, product_of, same, terms_of
from cgprimer.diff.match import has_form, matches
from cgprimer.diff.textbook import textbook
from cgprimer.errors import GraphError
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.from_sympy import from_sympy
from cgprimer.notation.text import show
from cgprimer.notation.to_sympy import number, to_sympy

TEXTBOOK = [
    ("6*a/4", "3*a/2"), ("6*a/1.5", "4*a"), ("0.5/a", "1/(2*a)"), ("0.5*a", "0.5*a"),
    ("0.25*a/b", "a/(4*b)"), ("0.3*a/b", "0.3*a/b"), ("0.1*3*a", "0.1*3*a"),
    ("0.1*0.3*a", "0.03*a"), ("0.1+0.2", "0.3"), ("a*0.6666666666666666", "2*a/3"),
    ("a*0.3333333333333333", "a/3"), ("a*0.014925373134328358", "a/67"),
    ("a*0.0099009900990099", "0.0099009900990099*a"),
    ("a*0.30000000000000004", "0.3*a"), ("a*0.1234567890123", "0.1234567890123*a"),
    ("a*999999.3333333334", "2999998*a/3"), ("1234567.5*a", "1234567.5*a"),
    ("-2*a/-3", "2*a/3"), ("a/-2", "-a/2"), ("-(a/b)*-c", "a*c/b"),
    ("a*b*a", "a^2*b"), ("a^2*a^3", "a^5"), ("a^2/a^3", "a^2/a^3"),
    ("a^b*a", "a^b*a"), ("a^-2*b", "b/a^2"), ("1/a^-2", "a^2"), ("a^0.5*a^0.5", "a"),
    ("0*a", "0"), ("a/1", "a"), ("a*-1", "-a"), ("-1/a", "-1/a"), ("-a/-1", "a"),
    ("a + -b", "a - b"), ("a - -b", "a + b"), ("-a + b", "b - a"),
    ("-a - b", "-a - b"), ("-a + -b", "-a - b"), ("a + -2*b", "a - 2*b"),
    ("a - -2*b", "a + 2*b"), ("-2*a + b", "b - 2*a"), ("a + -2", "a - 2"),
    ("a - (-2)", "a + 2"), ("-2 + a", "a - 2"), ("xlogy(a, b)", "a*log(b)"),
    ("xlogy(a, b)*c", "a*log(b)*c"), ("xlogy(2*a, b)", "2*a*log(b)"),
    ("a/b/c", "a/(b*c)"), ("a/(b/c)", "a*c/b"), ("a*2*b*3", "6*a*b"),
    ("12*a/18", "2*a/3"), ("a/3/5", "a/15"), ("3*a/(2*b)*4", "6*a/b"),
    ("0.75*a/b", "0.75*a/b"), ("a/0", "a/0"), ("0.2*a/0.1", "2*a"),
    ("(a + b)*-1", "-(a + b)"), ("-(a - b)", "-(a - b)"),
    ("-(a + b)*c", "-(a + b)*c"), ("b*-(a - b)", "-b*(a - b)"),
    ("2^0.5*a", "2^0.5*a"), ("1e-5*a/b", "1e-05*a/b"), ("1e-7/a", "1e-07/a"),
    ("0.125/a", "1/(8*a)"), ("7*a/7", "a"), ("a/(2*3)", "a/6"),
    ("2*a/(3*b*4)", "a/(6*b)"), ("a*12345.678901234567", "12345.678901234567*a"),
    ("a*0.12345678901234568", "0.12345678901234568*a"),
    ("a*1.2100000000000002", "1.21*a"), ("a*0.32345678910000004", "0.3234567891*a"),
    ("a*0.3234567891200004", "0.3234567891200004*a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "printed"), TEXTBOOK)
def test_a_product_is_one_fraction_with_its_number_in_front(text, printed):
    assert show(textbook(parse_expression(text))) == printed


# Forms: a pattern, an expression, what is to be written instead, each way to write it,
# and whether the expression as a whole is of that form.

FORMS = [
    ("cosh(a) - 1", "3*cosh(x) - 3", "2*sinh(a/2)^2",
     ["6*sinh(x/2)^2"], False),
    ("1 - cos(a)", "2 - 2*cos(x)", "2*sin(a/2)^2",
     ["4*sin(x/2)^2"], False),
    ("1 - cos(a)", "(2 - 2*cos(x))/3", "2*sin(a/2)^2",
     [], False),
    ("exp(a)/(1 + exp(a))", "b*exp(x)/(exp(x) + 1)", "sigmoid(a)",
     ["b*sigmoid(x)"], True),
    ("exp(a)/(1 + exp(a))", "-2*exp(x)/(3*(exp(x) + 1))", "sigmoid(a)",
     ["-2*sigmoid(x)/3"], True),
    ("exp(2*a)", "exp(4*x)", "a",
     ["2*x"], True),
    ("exp(2*a)", "exp(x)", "a",
     ["x/2"], True),
    ("exp(2*a)", "exp(3*x*y)", "a",
     ["3*x*y/2"], True),
    ("exp(-a)", "exp(x - y)", "a",
     ["y - x"], True),
    ("exp(-a)", "exp(-x/3)", "a",
     ["x/3"], True),
    ("a*log(b)", "2*x*log(y)", "xlogy(a, b)",
     ["2*xlogy(x, y)"], True),
    ("a*log(b)", "-x*log(y)/3", "xlogy(a, b)",
     ["-xlogy(x, y)/3"], True),
    ("a*log(b)", "log(y)", "xlogy(a, b)",
     ["xlogy(1, y)"], True),
    ("a*log(b)", "log(y)/x", "xlogy(a, b)",
     ["xlogy(1/x, y)"], True),
    ("log(1 + a)", "log(x + y + 1)", "log1p(a)",
     ["log1p(x + y)"], True),
    ("log(1 + a)", "log(1 - x)", "log1p(a)",
     ["log1p(-x)"], True),
    ("log(1 + a)", "log(2 + x)", "log1p(a)",
     [], False),
    ("exp(a) - 1", "2*exp(x) - 2", "expm1(a)",
     ["2*expm1(x)"], False),
    ("exp(a) - 1", "exp(x) + 1", "expm1(a)",
     [], False),
    ("exp(a) - 1", "1 - exp(x)", "expm1(a)",
     ["-expm1(x)"], False),
    ("a^2 + b^2", "x^2 + 4*y^2", "a",
     [], False),
    ("sin(a) - sin(b)", "sin(x) - sin(x + h)", "a - b",
     ["x - (x + h)", "x - (x + h)"], True),
    ("exp(a) - 2 + exp(-a)", "exp(x) + exp(-x) - 2", "4*sinh(a/2)^2",
     ["4*sinh(x/2)^2", "4*sinh(-(x/2))^2"], True),
    ("exp(a) - 2 + exp(-a)", "exp(-x) - 2 + exp(x)", "4*sinh(a/2)^2",
     ["4*sinh(-(x/2))^2", "4*sinh(x/2)^2"], True),
    ("log(2)*a", "x*log(2)", "a",
     ["x"], True),
    ("a^n/(a^n + b^n)", "k*x^3/(x^3 + c^3)", "1/(1 + (b/a)^n)",
     ["k/(1 + (c/x)^3)"], True),
    ("pi/2 - arctan(a)", "pi/2 - arctan(x)", "arctan(1/a)",
     ["arctan(1/x)"], True),
    ("1 - tanh(a)", "3*(1 - tanh(x))", "2*sigmoid(-2*a)",
     [], False),
    ("1 - tanh(a)", "3 - 3*tanh(x)", "2*sigmoid(-2*a)",
     ["6*sigmoid(-2*x)"], False),
    ("1 - tanh(a)", "-3 + 3*tanh(x)", "2*sigmoid(-2*a)",
     ["-6*sigmoid(-2*x)"], False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text", "better", "written", "whole"), FORMS)
def test_a_form_is_filled_in_with_its_scale(pattern, text, better, written, whole):
    form, node, new = map(parse_expression, (pattern, text, better))
    assert [show(way.fill(new)) for way in matches(form, node)] == written
    assert has_form(form, node) is whole


# Factors and terms.

FACTORS = [  # a product, its number, its factors above (1) and below, and as one again
    ("-2*a*b/(3*c)", "-2/3", [("a", 1), ("b", 1), ("c", -1)], "-2*a*b/(3*c)"),
    ("a/(b/c)", "1", [("a", 1), ("b", -1), ("c", 1)], "a*c/b"),
    ("3*(x/10)", "3/10", [("x", 1)], "3*x/10"),
    ("0.1*a", "3602879701896397/36028797018963968", [("a", 1)], "0.1*a"),
    ("a - b", "1", [("a - b", 1)], "a - b"),
    ("-(-a)", "1", [("a", 1)], "a"),
    ("2*3*a", "6", [("a", 1)], "6*a"),
    ("a/2/b/4", "1/8", [("a", 1), ("b", -1)], "a/(8*b)"),
    ("0*a", "1", [("0", 1), ("a", 1)], "0*a"),
    ("-a/-b", "1", [("a", 1), ("b", -1)], "a/b"),
    ("1/a", "1", [("a", -1)], "1/a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "factors", "again"), FACTORS)
def test_a_product_is_a_number_and_factors(text, number, factors, again):
    found, parts = factors_of(parse_expression(text))
    assert (str(found), [(show(node), power) for node, power in parts]) == (
        number, factors,
    )  # fmt: skip
    assert show(product_of(found, parts)) == again


def test_of_a_long_product_twelve_factors_are_looked_at():
    for names in ("abcdefghijkl", "abcdefghijklmn"):
        _, factors = factors_of(parse_expression("*".join(names)))
        assert len(factors) - 1 == 12 - (len(names) == 12)
    assert show(factors[0][0]) == "a*b"


NEGATIVES = [
    ("a - b", "b - a"), ("-a", "a"), ("a*b", "-(a*b)"), ("-a*b", "a*b"),
    ("-(a*b)", "a*b"), ("2*a", "-2*a"), ("a/b", "-(a/b)"), ("-2", "2"),
    ("a + b", "-(a + b)"), ("(a - b)*c", "-((a - b)*c)"),
    ("(a + b)*c", "-((a + b)*c)"), ("3/a", "-3/a"), ("-a/b", "a/b"),
    ("(a*b)*c", "-(a*b)*c"), ("sin(a)", "-sin(a)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "printed"), NEGATIVES)
def test_a_minus_is_never_doubled(text, printed):
    assert show(negative(parse_expression(text))) == printed


TERMS = [  # a sum, at most how many terms, and the terms with their signs
    ("a - b + c", 9, [(1, "a"), (-1, "b"), (1, "c")]),
    ("a - b + c", 2, [(1, "a - b"), (1, "c")]),
    ("a - (b - c)", 9, [(1, "a"), (-1, "b"), (1, "c")]),
    ("-(a + b)", 9, [(-1, "a"), (-1, "b")]),
    ("-(a - b) - c", 9, [(-1, "a"), (1, "b"), (-1, "c")]),
    ("a", 3, [(1, "a")]),
    ("a*b", 3, [(1, "a*b")]),
    ("a - (b - c)", 2, [(1, "a"), (-1, "b - c")]),
    ("a + b + c + d", 3, [(1, "a + b"), (1, "c"), (1, "d")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "most", "terms"), TERMS)
def test_a_sum_is_split_from_the_right(text, most, terms):
    found = terms_of(parse_expression(text), most)
    assert [(sign, show(node)) for sign, node in found] == terms


SAME = [
    ("a*b", "b*a", True), ("a*b", "-b*a", False), ("a*b", "b*-a", False),
    ("-a*b", "b*-a", True), ("a/b", "1/b*a", True), ("2*a/4", "a/2", True),
    ("a+b", "b+a", False), ("a*b", "a*c", False), ("a*b*b", "a*b", False),
    ("3*(x/10)", "3*x/10", True), ("a", "2*a", False), ("a", "a*1", True),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "equal"), SAME)
def test_products_are_the_same_in_any_order(one, two, equal):
    assert same(parse_expression(one), parse_expression(two)) is equal


# From sympy.

x, y = sympy.symbols("x y")
Q = sympy.Rational
FROM_SYMPY = [
    (Q(2, 3), "2/3"), (-Q(2, 3), "-2/3"), (-sympy.Integer(1), "-1"),
    (x / 3 * y, "x*y/3"), (-x / y, "-(x/y)"), (2 * x / (3 * y), "2*x/(3*y)"),
    (-2 * x / (3 * y), "-2*x/(3*y)"), (x**-y, "1/x^y"), (x ** (-y / 2), "1/x^(y/2)"),
    (1 / sympy.sqrt(x), "1/sqrt(x)"), (x ** Q(3, 2), "x^(3/2)"), (-x - y, "-x - y"),
    (x - y - 1, "x - y - 1"), (-x + y, "y - x"), (-1 - x, "-x - 1"),
    (sympy.pi * sympy.E, "exp(1)*pi"), (1 / (2 * x), "1/(2*x)"),
    (x / (2 * y) - y / 2, "x/(2*y) - y/2"), (x**2 / y**3, "x^2/y^3"),
    (x * (y + 1) / (x - 1), "x*(y + 1)/(x - 1)"), (sympy.Float(2.5) * x, "2.5*x"),
    (-sympy.Float(2.5) * x, "-(2.5*x)"), (sympy.Max(x, y, 1), "max(max(1, x), y)"),
    (sympy.Min(x, y), "min(x, y)"), (sympy.sign(x), "sign(x)"),
    (sympy.Heaviside(x), "(1 + sign(x))/2"), (sympy.Heaviside(x, 0), "step(x)"),
    (sympy.Heaviside(x, 1), "1 - step(-x)"),
    (sympy.Heaviside(x, sympy.Float(0.5)), "(1 + sign(x))/2"),
    (sympy.sec(x), "1/cos(x)"), (sympy.csc(x), "1/sin(x)"), (sympy.cot(x), "1/tan(x)"),
    (sympy.asinh(x), "log(x + sqrt(x^2 + 1))"), (sympy.erfc(x), "1 - erf(x)"),
    (sympy.acosh(x), "log(x + sqrt(x^2 - 1))"), (sympy.acot(x), "arctan(1/x)"),
    (sympy.atanh(x), "log((1 + x)/(1 - x))/2"), (sympy.coth(x), "1/tanh(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "printed"), FROM_SYMPY)
def test_an_expression_of_sympy_is_printed(expression, printed):
    node = from_sympy(expression)
    assert show(node) == printed
    for at in (0.7, -0.7, 0.0):
        meant = expression.subs({x: sympy.Float(at) if at else 0, y: 1.9})
        if meant.is_real:
            with np.errstate(all="ignore"):
                [found] = Kernel([node], ["x", "y"])(at, 1.9)
            assert float(found) == pytest.approx(float(meant), rel=1e-14)


LACKS = "sympy's {} has no counterpart in the language"
REFUSED = [
    (sympy.gamma(x), LACKS.format("gamma") + ", in gamma(x)"),
    (sympy.zeta(3), LACKS.format("zeta") + ", in zeta(3)"),
    (sympy.atan2(x, y), LACKS.format("atan2") + ", in atan2(x, y)"),
    (sympy.Integral(sympy.exp(x), x),
     LACKS.format("Integral") + ", in Integral(exp(x), x)"),
    (x > 1, LACKS.format("StrictGreaterThan") + ", in x > 1"),
    (sympy.Heaviside(x, 2), LACKS.format("Heaviside") + ", in Heaviside(x, 2)"),
    (sympy.Heaviside(x, y), LACKS.format("Heaviside") + ", in Heaviside(x, y)"),
    (sympy.I * x, LACKS.format("I") + ": it is no real, finite number"),
    (sympy.oo, LACKS.format("oo") + ": it is no real, finite number"),
    (sympy.nan, LACKS.format("nan") + ": it is no real, finite number"),
    (sympy.Integer(10) ** 400,
     f"the number 1{38 * '0'}… overflows double precision"),
    (-sympy.Integer(10) ** 400,
     f"the number -1{37 * '0'}… overflows double precision"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "says"), REFUSED)
def test_what_sympy_has_alone_is_refused(expression, says):
    with pytest.raises(GraphError) as caught:
        from_sympy(expression)
    first, *hint = str(caught.value).split("\n")
    assert first == says
    assert bool(hint) == (", in " in says)


NUMBERS = [
    (0.5, "1/2"), (-0.75, "-3/4"), (0.1, "0.100000000000000"), (3.0, "3"),
    (1 / 1024, "1/1024"), (1 / 2048, "0.000488281250000000"), (0.0, "0"),
    (1e6, "1000000"), (1e6 - 0.5, "1999999/2"), (1e6 + 0.5, "1000000.50000000"),
    (-1e6, "-1000000"), (-1e6 - 1, "-1000001.00000000"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "printed"), NUMBERS)
def test_a_simple_number_is_a_fraction_to_sympy(value, printed):
    assert str(number(value)) == printed


TO_SYMPY = [
    ("a - b - c", "a - b - c"), ("a - (b - c)", "a - b + c"), ("(a + b)*(a + b)",
    "(a + b)**2"), ("a*b + a*b", "2*a*b"), ("a*b*c", "a*b*c"), ("a + b*(a + b)",
    "a + b*(a + b)"), ("(a - b)*c - (a - b)", "c*(a - b) - a + b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "printed"), TO_SYMPY)
def test_sums_and_products_are_handed_to_sympy_whole(text, printed):
    found = to_sympy(parse_expression(text))
    assert sympy.simplify(found - sympy.sympify(printed)) == 0
    assert len(found.args) == len(sympy.sympify(printed).args)
