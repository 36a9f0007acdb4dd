r"""Formulas of LaTeX over arrays: what is read by dims, and what does not conform."""

import pytest

from cgprimer import parse_graph
from cgprimer.errors import ExpressionError
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import Sizing
from cgprimer.notation.latex import Typeset, latex
from cgprimer.notation.text import show
from cgprimer.reading.matrices import read_matrix_formula

DIMS = {
    "W": (3, 2), "A": (3, 3), "x": (3,), "y": (3,), "b": (2,), "h": (2,), "c": (),
    "alpha": (), "J": (3, 3), "epsilon": (3,), "p": (3,), "W1": (4, 3), "hat_y": (3,),
    "xh": (3,), "w_sup1": (3,), "w2": (3,), "lambda": (), "k": (),
}  # fmt: skip

READ = [
    (r"W^\top x + b", "W' @ x + b"),
    (r"W^T x", "W' @ x"),
    (r"\mathbf{W}^{\top}\mathbf{x}", "W' @ x"),
    (r"x^\top A x", "x @ A @ x"),
    (r"x y^\top", "outer(x, y)"),
    (r"x^\top y", "x @ y"),
    (r"A^{-1} x", "inv(A) @ x"),
    (r"A^{-\top} x", "inv(A)' @ x"),
    (r"A^{-T}x", "inv(A)' @ x"),
    (r"c^2 x", "c^2*x"),
    (r"x \odot y", "x*y"),
    (r"x \cdot y", "x @ y"),
    (r"\lVert x - y \rVert^2", "norm2(x - y)^2"),
    (r"\|A\|_F^2", "norm2(A)^2"),
    (r"\|x\|_1", "norm1(x)"),
    (r"\frac{1}{2} x^\top A x", "(1/2*x) @ A @ x"),
    (r"\tanh(W_1 x)", "tanh(W1 @ x)"),
    (r"\sigma\left(W^\top x + b\right)", "sigmoid(W' @ x + b)"),
    (r"p + 2\alpha J^\top\epsilon", "p + (2*alpha*J') @ epsilon"),
    (r"p + 2\alpha J\epsilon", "p + (2*alpha*J) @ epsilon"),
    (r"\det(A)", "det(A)"),
    (r"\operatorname{tr}(A J)", "trace(A @ J)"),
    (r"\hat{y} - y", "hat_y - y"),
    (r"(A + \lambda J) x", "(A + lambda*J) @ x"),
    (r"|c|", "abs(c)"),
    (r"w^{(1)} + x", "w_sup1 + x"),
    (r"\exp(x)", "exp(x)"),
    (r"\sqrt{c}", "sqrt(c)"),
    (r"\operatorname{softmax}(A x)", "softmax(A @ x)"),
    (r"2 x'y", "(2*x) @ y"),
    (r"x^\top", "x"),
    (r"c^{-1} x", "c^-1*x"),
    (r"{A}{x}", "A @ x"),
    (r"\left\lVert x \right\rVert_2", "norm2(x)"),
    (r"(((((x)))))", "x"),
    (r"A^{\mathsf{T}} x", "A' @ x"),
    (r"2\pi x", "2*pi*x"),
    (r"\mathit{xh}+y", "xh + y"),
    (r"\frac{x}{2}", "x/2"),
    (r"A J x + y", "A @ J @ x + y"),
    (r"(A + J)^\top x", "(A + J)' @ x"),
    (r"\|x\|_2^2", "norm2(x)^2"),
    (r"\lVert A \rVert_{F}", "norm2(A)"),
    (r"A^{-1} J^{-\mathsf{T}}", "inv(A) @ inv(J)'"),
    (r"c \odot x", "c*x"),
    (r"x^\top y \cdot c", "(x @ y)*c"),
    (r"\boldsymbol{\epsilon} + p", "epsilon + p"),
    (r"\vec{x} + y", "x + y"),
    (r"-x", "-x"),
    (r"2 \cdot x", "2*x"),
    (r"\operatorname{relu}(W_{1}x)", "relu(W1 @ x)"),
    (r"\log(c) x", "log(c)*x"),
    (r"\ln(\det(A))", "log(det(A))"),
    (r"\frac{1}{c}x y^\top", "outer(1/c*x, y)"),
    (r"A^\top A x", "A' @ A @ x"),
    (r"x x^\top y", "outer(x, x) @ y"),
]


@pytest.mark.parametrize(("formula", "text"), READ)
def test_what_stands_side_by_side_is_read_by_its_dims(formula: str, text: str):
    assert show(read_matrix_formula(formula, Sizing(DIMS))) == text


REFUSED = r"""
two columns side by side

    x y
      ^
  hint: write x^\top y for their inner product, x y^\top for the outer one
---
an array of 3 x 3 has no power here

    A^2
     ^
  hint: write A A for the product, A \odot A for one entry by entry
---
an array of 3 has no power here

    x^2
     ^
  hint: write A A for the product, A \odot A for one entry by entry
---
the product may be either of two

    A \cdot J
      ^^^^^
  hint: leave the sign away for a product of matrices, or write \odot
---
of this array that norm is none here

    \|A\|
    ^^
  hint: write \lVert A\rVert_F for the root of the sum of squares
---
an array stands below a fraction

    \frac{x}{y}
    ^^^^^
---
two columns side by side

    -2[y - w_2^\top x]x
                      ^
  hint: write x^\top y for their inner product, x y^\top for the outer one
---
'xh' may be one name or a product

    xh + y
    ^
  hint: write \mathit{xh} for the name, blanks for a product
---
3 x 2 and 3 do not fit: inner axes: 2 and 3 differ

    W x
      ^
---
a column before a matrix

    x A
      ^
  hint: write x^\top A, or A x
---
a row behind a matrix

    A x^\top
      ^
  hint: write A x, or x^\top A
---
3 and a row of 3 are no two terms of a sum

    x + y^\top
      ^
---
3 x 3 and 3 are no two terms of a sum

    A + x
      ^
---
a matrix that is written out is no formula

    \begin{bmatrix} 1 & 2 \end{bmatrix}
    ^^^^^^
  hint: give it a name, declare its dims, and give its numbers as values
---
'Q' has no dims

    Q x
    ^
  hint: names with dims are W, A, x, y, b, h, c, alpha and 10 more
---
'(' is never closed

    (A x
    ^
---
')' closes nothing

    A x)
       ^
---
bars around an array mean several things

    |A|
    ^
  hint: write \det A, or \lVert x\rVert
---
'w' has no dims

    w^{(1)\top} x
    ^
  hint: names with dims are W, A, x, y, b, h, c, alpha and 10 more
---
the product may be either of two

    A \times J
      ^^^^^^
  hint: leave the sign away for a product of matrices, or write \odot
---
brackets are expected behind 'ln'

    \ln\det(A)
    ^^^
  hint: write ln(…)
---
an array of 3 x 3 has no power here

    A^{n}
     ^
  hint: write A A for the product, A \odot A for one entry by entry
---
braces are expected behind '\\frac'

    \frac x 2
    ^^^^^
---
a value is expected before '\\foo'

    \foo{x}
    ^^^^
---
a power is a number, a name or a T here

    A^
     ^
---
an index is letters or digits here

    x_
     ^
---
'{' is never closed

    A^{
      ^
---
a value is expected before '\\mathbf'

    \mathbf
    ^^^^^^^
---
of a quotient on one line the end is unclear

    x/2
     ^
  hint: write \frac{a}{b}
---
a sign is missing before '3'

    2 3 x
      ^
---
unknown function 'squeeze'

    \operatorname{squeeze}(x)
    ^^^^^^^^^^^^^
---
'w1' has no dims

    w_{1}
    ^
  hint: names with dims are W, A, x, y, b, h, c, alpha and 10 more
---
a power is a number, a name or a T here

    x^{\top\top}
     ^
---
there is no inverse: a square matrix is expected, not 3 x 2

    W^{-1}
     ^
---
indices of arrays are not read

    \sum_i x_i
    ^^^^
  hint: write x^\top y for a sum of products, or \operatorname{sum}(x)
---
a value is expected before ';'

    x; y
     ^
---
unknown function 'vec'

    \operatorname{vec}(A)
    ^^^^^^^^^^^^^
---
'e' has no dims

    e^{x}
    ^
  hint: names with dims are W, A, x, y, b, h, c, alpha and 10 more
"""


@pytest.mark.parametrize("message", REFUSED.strip("\n").split("\n---\n"))
def test_what_does_not_conform_is_told_with_its_place(message: str):
    formula = message.splitlines()[2].removeprefix("    ")
    with pytest.raises(ExpressionError) as caught:
        read_matrix_formula(formula, Sizing(DIMS))
    assert str(caught.value) == message


@pytest.mark.parametrize("part", ["(", "A ", "x^T", r"\tanh(", "{", r"\frac{", "-"])
def test_long_formulas_are_read_or_refused_at_once(part: str):
    with pytest.raises(ExpressionError):
        read_matrix_formula(part * 5_000 + "+", Sizing(DIMS))


def test_a_name_T_is_a_power_and_no_transpose():
    sizing = Sizing({"A": (3, 3), "x": (3,), "c": (), "T": ()})
    assert show(read_matrix_formula(r"c^T A^\top x", sizing)) == "(c^T*A') @ x"
    with pytest.raises(ExpressionError, match="an array of 3 x 3 has no power here"):
        read_matrix_formula("A^T x", sizing)


STRANGE = ["²", "c²", "x^²", "①", "c^{①}", "٣ x", "x_²", r"\frac{²}{c}", "\0x", "c^x"]


@pytest.mark.parametrize("formula", STRANGE)
def test_strange_signs_are_refused(formula: str):
    with pytest.raises(ExpressionError):
        read_matrix_formula(formula + " +", Sizing(DIMS))


def test_axes_of_one_are_not_stretched_in_a_formula():
    sizing = Sizing({"A": (3, 3), "u": (1, 3)})
    for formula in ("A + u", r"A \odot u"):
        with pytest.raises(ExpressionError, match="do not fit"):
            read_matrix_formula(formula, sizing)


WRITTEN = [
    "W' @ x + b", "x @ A @ x", "x @ y*c", "outer(x, y)", "inv(A) @ x", "A @ (J @ x)",
    "(A @ x) @ (A @ x)", "tanh(W1 @ x)", "norm2(x - y)^2", "x*y", "det(A)*c",
    "sigmoid(W' @ (x + y) + b)", "inv(A)' @ (-x)", "c*(A*J) @ x", "trace(A @ J)/2",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_typeset_by_dims_is_read_as_the_same(text: str):
    node, sizing = parse_array_expression(text), Sizing(DIMS)
    assert read_matrix_formula(latex(node, Typeset(sizing=sizing)), sizing) is node


EQUATIONS = [  # texts, and what the graph has
    (
        ["W: 3 x 2", "b: 3", "x: 2", r"\mathbf{h} = \tanh(\mathbf{W}\mathbf{x} + b)",
         r"L = \lVert h \rVert^2"],
        ["h = tanh(W @ x + b)", "L = norm2(h)^2"],
    ),
    (
        ["W_1: 3 x 2", "W_2: 4 x 3", "x: 2", "h = relu(W_1 @ x)", r"\hat{y} = W_2 h"],
        ["h = relu(W_1 @ x)", "hat_y = W_2 @ h"],
    ),
    (["A: n x n", "x: n", r"q = x^\top A x"], ["q = x @ A @ x"]),
]  # fmt: skip
UNREAD = [
    (
        "W: 3 x 2\nU: 2 x 3\nx: 2\ny = U h^{\\top}\nh = \\tanh(W x)",
        "line 4: 'h' has no dims\n\n    y = U h^{\\top}\n          ^\n"
        "  hint: names with dims are W, U, x",
    ),
    (
        "W: 3 x 2\nx: 3\ny = W^{\\top} W x",
        "line 3: 2 x 2 and 3 do not fit: inner axes: 2 and 3 differ\n\n"
        "    y = W^{\\top} W x\n                   ^",
    ),
]


@pytest.mark.parametrize(("texts", "read"), EQUATIONS)
def test_equations_of_latex_are_read_by_what_is_declared(texts, read):
    assert str(parse_graph(texts)).splitlines() == read


@pytest.mark.parametrize(("text", "message"), UNREAD)
def test_equations_of_latex_that_do_not_conform_say_where(text, message):
    with pytest.raises(ExpressionError) as error:
        parse_graph(text)
    assert str(error.value) == message
