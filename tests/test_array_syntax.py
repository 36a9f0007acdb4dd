"""The language of arrays: what a text means, how it is printed, and what is refused."""

import random

import pytest

from cgprimer import parse_graph
from cgprimer.errors import ExpressionError
from cgprimer.expr.array_op import REQUIRED, ArrayOp
from cgprimer.expr.array_ops import ARRAY_TABLE, op_called
from cgprimer.expr.array_syntax import ArrayParser, parse_array_expression
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, TABLE, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.latex import Typeset, latex
from cgprimer.notation.mathml import from_latex
from cgprimer.notation.text import show

PRINTED = [  # text, and what is printed of it
    ("W'@x+b", "W' @ x + b"),
    ("(A + B)'", "(A + B)'"),
    ("(A @ B)'", "(A @ B)'"),
    ("-A'", "-A'"),
    ("(-A)'", "(-A)'"),
    ("A''", "A''"),
    ('(a @ b)*c', '(a @ b)*c'),
    ('a*(b @ c)', 'a*(b @ c)'),
    ('a @ b*c', '(a @ b)*c'),
    ('a*b @ c', '(a*b) @ c'),
    ('a/b @ c', '(a/b) @ c'),
    ('a @ b @ c', 'a @ b @ c'),
    ('a @ (b @ c)', 'a @ (b @ c)'),
    ('x[1,2:4]', 'x[1, 2:4]'),
    ('x[:, 0]', 'x[:, 0]'),
    ('xo[xt]', 'xo[xt]'),
    ('(a+b)[0]', '(a + b)[0]'),
    ('(a @ b)[1:,::2]', '(a @ b)[1:, ::2]'),
    ('x[-1]', 'x[-1]'),
    ('x[-3:-1]', 'x[-3:-1]'),
    ('x[0][xt]', 'x[0][xt]'),
    ("A'[0]", "A'[0]"),
    ("A[0]'", "A[0]'"),
    ('max(x)', 'max(x)'),
    ('min(x, axis=1)', 'min(x, axis=1)'),
    ('max(x, y)', 'max(x, y)'),
    ('max(x, y, z)', 'max(max(x, y), z)'),
    ('max(x, axis=(0, 1))', 'max(x, axis=(0, 1))'),
    ('concat(a, b, c, axis=1)', 'concat(a, b, c, axis=1)'),
    ('concat(a, concat(b, c))', 'concat(a, concat(b, c))'),
    ('einsum("ij, jk -> ik", A, B)', 'einsum("ij,jk->ik", A, B)'),
    ('einsum("ij->ji", A)', 'einsum("ij->ji", A)'),
    ('a > 0', 'a > 0'),
    ('(a > 0)*b', '(a > 0)*b'),
    ('a + b > c*d', 'a + b > c*d'),
    ('where(a > b, a, b)', 'where(a > b, a, b)'),
    ('-(a > b)', '-(a > b)'),
    ('(a > b)^2', '(a > b)^2'),
    ('a == b', 'a == b'),
    ('a <= b', 'a <= b'),
    ('a >= b', 'a >= b'),
    ('a != b', 'a != b'),
    ('a < b', 'a < b'),
    ('(a < b) < c', '(a < b) < c'),
    ('pad(x, widths=((1,2),(0,1)))', 'pad(x, widths=((1, 2), (0, 1)))'),
    ('reshape(x, shape=(2,-1))', 'reshape(x, shape=(2, -1))'),
    ('reshape(x, shape=6)', 'reshape(x, shape=6)'),
    ('permute(g, axes=inverse(axes))', 'permute(g, axes=inverse(axes))'),
    ('permute(a, axes=(1, 0))', 'permute(a, axes=(1, 0))'),
    ('squeeze(x, axis=0)', 'squeeze(x, axis=0)'),
    ('maxpool2d(x, size=2)', 'maxpool2d(x, size=2)'),
    ('conv2d(x, K, stride=(2,1), padding=1)', 'conv2d(x, K, stride=(2, 1), padding=1)'),
    ('place(g, a, at=at)', 'place(g, a, at=at)'),
    ('slice(a, at=[1:3, 0])', 'a[1:3, 0]'),
    ('place(g, a, at=[1:3, 0])', 'place(g, a, at=[1:3, 0])'),
    ('mean(x, axis=batch)', 'mean(x, axis=batch)'),
    ('logsumexp(xo, axis=1) - xo[xt]', 'logsumexp(xo, axis=1) - xo[xt]'),
    ('mean + 1', 'mean + 1'),
    ('x @ A @ x', 'x @ A @ x'),
    ("sum((X - X@W@W')^2)", "sum((X - X @ W @ W')^2)"),
    ('0.5*(xr @ solve(S, xr) + logdet(S))', '0.5*(xr @ solve(S, xr) + logdet(S))'),
    ("-y' @ g", "-y' @ g"),
    ('relu(W1 @ xx + b1)', 'relu(W1 @ xx + b1)'),
    ("(A^2)'", "(A^2)'"),
    ("exp(A)'", "exp(A)'"),
    ("2*A'", "2*A'"),
    ('1/b @ c', '(1/b) @ c'),
    ('-(a @ b)', '-(a @ b)'),
    ('sum(A, axis=None)', 'sum(A)'),
    ("einsum('ij,jk->ik', A, B)", 'einsum("ij,jk->ik", A, B)'),
    ("np.einsum('ij,jk->ik', A, B)", 'einsum("ij,jk->ik", A, B)'),
    ('np.dot(a, b)', 'a @ b'),
    ('a.dot(b)', 'a @ b'),
    ('np.dot(np.dot(a, b), c)', 'a @ b @ c'),
    ('np.dot(a, b.T).sum(axis=0)', "sum(a @ b', axis=0)"),
    ('a.dot(b).dot(c)', 'a @ b @ c'),
    ('x.sum(axis=0)', 'sum(x, axis=0)'),
    ('x.sum()', 'sum(x)'),
    ('x.max()', 'max(x)'),
    ('np.max(x)', 'max(x)'),
    ('np.max(x, axis=1)', 'max(x, axis=1)'),
    ('np.sum(x, axis=0)', 'sum(x, axis=0)'),
    ('np.cumsum(x, axis=0)', 'cumsum(x, axis=0)'),
    ('np.linalg.inv(A)', 'inv(A)'),
    ('np.linalg.norm(x)', 'norm2(x)'),
    ('np.var(x, axis=0)', 'var(x, axis=0)'),
    ('torch.matmul(A, B)', 'A @ B'),
    ('torch.relu(x)', 'relu(x)'),
    ('np.exp(x)', 'exp(x)'),
    ('np.maximum(a, b)', 'max(a, b)'),
    ('x.exp().sum()', 'sum(exp(x))'),
    ('A^\\top @ x', "A' @ x"),
    ('A^{\\top} @ x', "A' @ x"),
    ('A .* B', 'A*B'),
    ("A.' + B", "A' + B"),
    ('x.t() @ y', "x' @ y"),
    ('x.T.dot(y)', "x' @ y"),
    ('x[0].sum()', 'sum(x[0])'),
    ('sin^2(x)', 'sin(x)^2'),
    ('A @ x₁', 'A @ x1'),
    ('1/2·x', '1/2*x'),
    ('x[::-1]', 'x[::-1]'),
    ('x[1:-1, 2]', 'x[1:-1, 2]'),
    ('x[2][0]', 'x[2][0]'),
    ('sum(x, axis=-1)', 'sum(x, axis=-1)'),
    ('sum(x,axis=(0,))', 'sum(x, axis=(0,))'),
    ('sum(x, axis=(1))', 'sum(x, axis=1)'),
    ('mean(sum(x, axis=0))', 'mean(sum(x, axis=0))'),
    ('sum(sum(x, axis=0)*y)', 'sum(sum(x, axis=0)*y)'),
    ("A'@B'", "A' @ B'"),
    ("A' * B'", "A'*B'"),
    ("(A*B)'", "(A*B)'"),
    ("A' - B'", "A' - B'"),
    ("2*A' @ x", "(2*A') @ x"),
    ('A/2 @ x', '(A/2) @ x'),
    ('A @ x/2', '(A @ x)/2'),
    ('A @ x^2', 'A @ x^2'),
    ('(A @ x)^2', '(A @ x)^2'),
    ('-A @ x', '-A @ x'),
    ('A @ -x', 'A @ (-x)'),
    ('a - b @ c', 'a - b @ c'),
    ('a @ b - c', 'a @ b - c'),
    ('a + b > c', 'a + b > c'),
    ('a > b - 1', 'a > b - 1'),
    ('exp(-(x > 0))', 'exp(-(x > 0))'),
    ('max(a > b, c)', 'max(a > b, c)'),
    ('sum(x > 0)', 'sum(x > 0)'),
    ('(a > 0)[0]', '(a > 0)[0]'),
    ("x'[1:]", "x'[1:]"),
    ('-x[0]', '-x[0]'),
    ('x[0]^2', 'x[0]^2'),
    ('x^y[0]', 'x^y[0]'),
    ('max(max(x), y)', 'max(max(x), y)'),
    ('max(min(x, axis=0), axis=0)', 'max(min(x, axis=0), axis=0)'),
    ('concat(concat(a, b), c, axis=1)', 'concat(concat(a, b), c, axis=1)'),
    ('concat(a, b)', 'concat(a, b)'),
    ('where(x >= 0, x, 0.1*x)', 'where(x >= 0, x, 0.1*x)'),
    ('logsumexp(x) - x[t]', 'logsumexp(x) - x[t]'),
    ("sum_to(g @ b', a)", "sum_to(g @ b', a)"),
    ('spread(g*y, a, axis=axis)/a', 'spread(g*y, a, axis=axis)/a'),
    ("-(y' @ g @ y')", "-(y' @ g @ y')"),
    ("symmetric(solve(y', solve(y', half_tril(y' @ g))')')",
     "symmetric(solve(y', solve(y', half_tril(y' @ g))')')"),
    ('spread(g/sum(T, axis=axis), a, axis=axis)*T',
     'spread(g/sum(T, axis=axis), a, axis=axis)*T'),
    ('norm2(x)^2', 'norm2(x)^2'),
    ("det(A)*inv(A)'", "det(A)*inv(A)'"),
    ('pi*A', 'pi*A'),
]  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize(("text", "printed"), PRINTED)
def test_what_is_read_is_printed_and_read_again(text: str, printed: str):
    node = parse_array_expression(text)
    assert show(node) == printed
    assert parse_array_expression(printed) is node


A, B, X, T = map(name, ("A", "B", "x", "t"))


def made(op: str, *args: Node, **attrs: object) -> Node:
    return op_called(op)(*args, **attrs)


TREES = [  # text, and the node that it is, not by way of printing
    ("A @ B", made("matmul", A, B)),
    ("A @ B*x", made("mul", made("matmul", A, B), X)),
    ("A*B @ x", made("matmul", made("mul", A, B), X)),
    ("-A @ B", made("matmul", made("neg", A), B)),
    ("-A'", made("neg", made("transpose", A))),
    ("A^x'", made("pow", A, made("transpose", X))),
    ("A'^x", made("pow", made("transpose", A), X)),
    ("A.T @ x", made("matmul", made("transpose", A), X)),
    ("sum(A)", made("sum", A, axis=None)),
    ("sum(A, axis=(0, -1))", made("sum", A, axis=(0, -1))),
    ("sum(A, axis=rows)", made("sum", A, axis="rows")),
    ("x[t]", made("pick", X, T)),
    ("-x[t]^A", made("neg", made("pow", made("pick", X, T), A))),
    ("x[1, 2:-1, ::2]", made("slice", X, at=(1, (2, -1, None), (None, None, 2)))),
    ("max(x)", made("largest", X, axis=None)),
    ("min(x, axis=1)", made("smallest", X, axis=1)),
    ("max(x, t)", made("max", X, T)),
    ("x + A > t*B", made("greater", made("add", X, A), made("mul", T, B))),
    ("x <= t", made("less_equal", X, T)),
    ('einsum("i,j->ij", x, t)', made("einsum", X, T, form="i,j->ij")),
    ("pad(x, widths=((1, 2),))", made("pad", X, widths=((1, 2),))),
    ("permute(x, axes=inverse(axes))", made("permute", X, axes=("call",
     "inverse", "axes"))),
    ("place(x, t, at=[1, :])", made("place", X, T, at=(1, (None, None, None)))),
    ("place(x, t, at=at)", made("place", X, T, at="at")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "node"), TREES)
def test_a_text_is_the_node_that_it_spells(text: str, node: Node):
    assert parse_array_expression(text) is node


REFUSED = r"""
a keyword before an argument

    sum(axis=0, x)
        ^^^^^
  hint: write the arguments first: sum(x, axis=0)
---
an argument behind a keyword

    sum(x, axis=0, y)
                   ^
  hint: write the arguments first: sum(…, …=…)
---
a comma is missing before 'axis='

    sum(x axis=0)
          ^^^^
---
'axis=' is given twice

    sum(x, axis=0, axis=1)
                   ^^^^
---
'sum' has no keyword 'dim='

    sum(x, dim=0)
           ^^^
  hint: write axis=
---
'sum' has no keyword 'keepdims='

    sum(x, keepdims=1)
           ^^^^^^^^
  hint: unsqueeze(sum(x, axis=1), axis=1) keeps the axis
---
'sum' has no keyword 'axes='

    sum(x, axes=0)
           ^^^^
  hint: write axis=
---
'axis=' is of whole numbers and names of sizes

    sum(x, axis=1.5)
                ^^^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'axis=' is of whole numbers and names of sizes

    sum(x, axis=)
                ^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'axis=' takes one value

    sum(x, axis=0 + 1)
                  ^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'(' is never closed

    sum(x, axis=(0, 1)
       ^
---
'axis=' is of whole numbers and names of sizes

    sum(x, axis=())
                ^^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'axis=' is of whole numbers and names of sizes

    sum(x, axis=((0, 1), 2))
                ^^^^^^^^^^^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'axis=' is of whole numbers and names of sizes

    sum(x, axis=-n)
                ^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'axis=' is of whole numbers and names of sizes

    sum(x, axis="rows")
                ^^^^^^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'sum' takes 1 argument, but 2 are given

    sum(x, 0)
    ^^^^^^^^^
  hint: write the keyword: sum(…, axis=…)
---
'sum' takes 1 argument, but none is

    sum()
    ^^^^^
---
'sum' takes 1 argument, but 2 are given

    sum(x, y)
    ^^^^^^^^^
---
an operator is missing before '('

    sum(x)(y)
          ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
'sin' has no keyword 'axis='

    sin(x, axis=0)
           ^^^^
  hint: sin is taken of each entry
---
'max' takes 1 argument, but 2 are given

    max(x, y, axis=0)
    ^^^^^^^^^^^^^^^^^
  hint: write max(max(a, b), axis=0)
---
a keyword before an argument

    max(axis=0)
        ^^^^^
  hint: write the arguments first: sum(x, axis=0)
---
'max' takes 2 or more arguments, but none is

    max()
    ^^^^^
---
'squeeze' needs 'axis='

    squeeze(x)
    ^^^^^^^^^^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
'squeeze' needs a value of 'axis='

    squeeze(x, axis=None)
               ^^^^
  hint: write a whole number, several in brackets, or the name of a size: axis=1
---
a comma within brackets

    permute(x, (1, 0))
                 ^
  hint: write the keyword: axes=(…, …)
---
'reshape' takes 1 argument, but 3 are given

    reshape(x, 2, 3)
    ^^^^^^^^^^^^^^^^
  hint: write the keyword: reshape(…, shape=…)
---
'reshape' needs 'shape='

    reshape(x)
    ^^^^^^^^^^
  hint: write the new sizes in brackets: shape=(2, 6)
---
'widths=' is of pairs of whole numbers

    pad(x, widths=2)
                  ^
  hint: write what is added before and behind, for each axis: widths=((1, 2), (0, 1))
---
'widths=' is of pairs of whole numbers

    pad(x, widths=((1, 2), 3))
                  ^^^^^^^^^^^
  hint: write what is added before and behind, for each axis: widths=((1, 2), (0, 1))
---
'maxpool2d' needs 'size='

    maxpool2d(x)
    ^^^^^^^^^^^^
  hint: write whole numbers: size=2, or size=(2, 1)
---
'maxpool2d' has no keyword 'kernel_size='

    maxpool2d(x, kernel_size=2)
                 ^^^^^^^^^^^
  hint: write size=
---
'outer' takes 2 arguments, but 1 is given

    outer(x)
    ^^^^^^^^
---
'where' takes 3 arguments, but 2 are given

    where(c, a)
    ^^^^^^^^^^^
---
'concat' takes 1 or more arguments, but none is

    concat()
    ^^^^^^^^
---
'einsum' needs 'form='

    einsum(A, B)
    ^^^^^^^^^^^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
'einsum' takes arrays behind its string, but none is given

    einsum("ij,jk->ik")
           ^^^^^^^^^^^
---
'einsum' needs 'form='

    einsum(ij, A)
    ^^^^^^^^^^^^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
a string stands where none can

    einsum(A, "ij->ji")
              ^^^^^^^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
'form=' is a string

    einsum(A, form=ij)
                   ^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
a string stands where none can

    einsum("ij" A)
           ^^^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
a string stands where none can

    "text"
    ^^^^^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
a string stands where none can

    x + "text"
        ^^^^^^
  hint: write a string of letters: einsum("ij,jk->ik", A, B)
---
'"a"' is no index

    x["a"]
      ^^^
  hint: an index is a whole number, a slice 1:3, or the name of whole numbers
---
unknown function 'foo'

    foo(x)
    ^^^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
unknown function 'sofmax'

    sofmax(x)
    ^^^^^^
  hint: did you mean 'softmax'?
---
unknown function 'dot'

    dot(a, b)
    ^^^
  hint: write a @ b
---
unknown function 'norm'

    norm(x)
    ^^^^
  hint: write norm2(a), the root of the sum of squares
---
unknown function 'std'

    std(x)
    ^^^
  hint: write sqrt(var(a)), which divides by n
---
unknown function 'zeros'

    zeros(x)
    ^^^^^
  hint: write 0*a for zeros as many as a has
---
unknown function 'cross_entropy'

    cross_entropy(x, t)
    ^^^^^^^^^^^^^
  hint: write logsumexp(x) - x[t]
---
unknown function 'f'

    f(x, axis=0)
    ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
an index is missing

    x[]
      ^
  hint: write x[0], x[1:3] or x[:, 0]
---
'[' is never closed

    x[
     ^
---
'[' is never closed

    x[1
     ^
---
'1:2:3:4' is no slice

    x[1:2:3:4]
      ^^^^^^^
  hint: write first:end:step, such as x[0:10:2]
---
'1.5' is no index

    x[1.5]
      ^^^
  hint: an index is a whole number, a slice 1:3, or the name of whole numbers
---
'n:' is no slice

    x[n:]
      ^^
  hint: the ends of a slice are whole numbers: x[0:3]
---
a slice by steps of 0 never ends

    x[::0]
      ^^^
---
a name stands alone in a subscript: it picks one of the last axis

    x[1, xt]
     ^^^^^^^
  hint: write x[1][xt], or take(x, xt, axis=0)
---
a name stands alone in a subscript: it picks one of the last axis

    x[xt, yt]
     ^^^^^^^^
  hint: write x[1][xt], or take(x, xt, axis=0)
---
'xt+1' is no index

    x[xt + 1]
      ^^^^^^
  hint: give the index a name in an equation of its own: xi = xt + 1, and then x[xi]
---
'x>0' is no index

    x[x > 0]
      ^^^^^
  hint: write x*(x > 0) for what is above 0, and 0 elsewhere
---
a subscript is no formula

    x[y[0]]
      ^^
  hint: give the index a name in an equation of its own: xi = xt + 1, and then x[xi]
---
'None' is no index

    x[None]
      ^^^^
  hint: write unsqueeze(x, axis=0) for x[None]
---
'...' is no index

    x[..., 0]
      ^^^
  hint: write a ':' for every axis that is kept: x[:, :, 0] for x[..., 0]
---
an index is missing

    x[,]
      ^
  hint: write x[0], x[1:3] or x[:, 0]
---
']' closes nothing

    x]
     ^
---
an array is no part of an equation

    [1, 2, 3]
    ^
  hint: declare a name, as in w: 3, and give its numbers with the values
---
an array is no part of an equation

    w*[1, 2]
      ^
  hint: declare a name, as in w: 3, and give its numbers with the values
---
the expression ends where a value is expected

    x @
       ^
---
a value is expected before '@'

    @ x
    ^
---
a value is expected before "'"

    ' + x
    ^
---
a value is expected before '@'

    x @@ y
       ^
---
an operator is missing before 'B'

    A B
      ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
an operator is missing before 'B'

    A' B
       ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
a number is not transposed

    2'
     ^
---
a number is not transposed

    A^2'
       ^
  hint: write (A^2)' for the transpose of a power
---
a number has no parts

    2[0]
     ^^^
---
^T may be a transpose or a power

    A^T
     ^^
  hint: write A' for the transpose, or declare T for a power
---
unexpected character '{'

    A^{T} @ x
      ^
  hint: write A' for the transpose
---
two comparisons in a row

    a < b < c
          ^
  hint: write a product of two: (a < b)*(b < c)
---
the expression ends where a value is expected

    a >
       ^
---
a second '=' in one equation

    a = b
      ^
  hint: write one equation per string or line
---
an equation within an equation

    a => b
      ^^
  hint: write '>='
---
unexpected character ':'

    a := b
      ^
  hint: a declaration stands on a line of its own, a slice in brackets: x[1:3]
---
unexpected character '&'

    a && b
      ^
  hint: write the product of two: (a > 0)*(b > 0)
---
unexpected character ';'

    a ; b
      ^
  hint: write one equation per string or line
---
unexpected character '!'

    !a
    ^
  hint: write 1 - (a > 0) for what is not above 0
---
unexpected character '\\'

    A\b
     ^
  hint: write solve(A, b) for A\b
---
unexpected character '·' (U+00B7 MIDDLE DOT)

    A·B
     ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
unexpected character '×' (U+00D7 MULTIPLICATION SIGN)

    A × B
      ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
unexpected character '⊗' (U+2297 CIRCLED TIMES)

    a ⊗ b
      ^
  hint: write outer(a, b) for the outer product of two vectors
---
unexpected character '⁻' (U+207B SUPERSCRIPT MINUS)

    A⁻¹
     ^^
  hint: write inv(A) for the inverse of a matrix, 1/a for one entry by entry
---
unexpected character '‖' (U+2016 DOUBLE VERTICAL LINE)

    ‖x‖
    ^
  hint: write norm2(x), the root of the sum of squares, or norm1(x)
---
unexpected character '|'

    |x|
    ^
  hint: write abs(x) for each entry, norm2(x) for the length of a vector, det(A)
---
unexpected character '∑' (U+2211 N-ARY SUMMATION)

    ∑ x
    ^
  hint: write sum(x), or sum(x, axis=0)
---
unexpected character '∇' (U+2207 NABLA)

    ∇x
    ^
  hint: write the formula of the derivative; `gradient` finds those of a graph
---
unexpected character '†' (U+2020 DAGGER)

    A†
     ^
  hint: there are no complex numbers: a transpose is A'
---
unexpected character '%'

    A %*% B
      ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
unexpected character '.'

    A .* B * C
      ^
  hint: leave the point away: write a @ b for the product of matrices, a*b for one entry by entry
---
'sum' takes 1 argument, but 2 are given

    np.sum(x, 0)
       ^^^^^^^^^
  hint: write the keyword: sum(…, axis=…)
---
unexpected character '.'

    np.cumsum(x)
      ^
  hint: name the axis: cumsum(x, axis=0)
---
unexpected character '.'

    np.max(x, 1)
      ^
  hint: write max(x, axis=1) along an axis, max(a, b) for the larger entries
---
unexpected character '.'

    np.diag(x)
      ^
  hint: write diag(v) for the matrix of a vector, diagonal(A) for its opposite
---
unexpected character '.'

    torch.var(x)
         ^
  hint: var(x) divides by n; torch by n - 1, as sum((x - mean(x))^2)/(n - 1)
---
unexpected character '.'

    x.reshape(2, 3)
     ^
  hint: write reshape(x, shape=(2, 6))
---
unexpected character '.'

    np.concatenate([a, b])
      ^
  hint: write concat(a, b, axis=0)
---
unexpected character '\\'

    \sum_i x_i
    ^
  hint: this is LaTeX: read it by parse_latex, or write a/b for \frac{a}{b}, a*b for a \cdot b
---
'(' is never closed

    (x
    ^
---
')' closes nothing

    x)
     ^
---
empty parentheses

    ()
    ^^
---
a comma outside a function call

    1,000 @ x
     ^
  hint: write 1000 or 1.000
---
'lambda' is a keyword of Python

    lambda x
    ^^^^^^
  hint: choose another name, or declare it in parameters= or variables=
---
'max' is a function

    mean @ max
           ^^^
  hint: call it, max(…, …), or choose another name
---
unexpected character '.'

    x.y
     ^
  hint: names have no dots
---
an operator is missing before 'y'

    x[0]y
        ^
  hint: write a @ b for the product of matrices, a*b for one entry by entry
---
the string of an einsum is of letters, such as ij,jk->ik

    einsum("ij,jk", A, B)
           ^^^^^^^
---
the string of an einsum is of letters, such as ij,jk->ik

    einsum("i1->i", A)
           ^^^^^^^
---
an equation within an equation

    a =< b
      ^^
  hint: write '<='
---
unexpected character '.'

    A.' * B
     ^
  hint: write A' for the transpose
"""  # noqa: E501


@pytest.mark.parametrize("message", REFUSED.strip("\n").split("\n---\n"))
def test_what_is_wrong_is_told_with_its_place_and_what_to_write(message: str):
    text = message.splitlines()[2].removeprefix("    ")
    with pytest.raises(ExpressionError) as caught:
        parse_array_expression(text)
    assert str(caught.value) == message


def test_carets_stand_in_the_text_of_the_author():
    text = "y = np.sum(Wᵀ@x₁, axis=0)·2 + x[1:3]"
    parser, _ = ArrayParser.read_equation(text)
    found = {show(node): text[a:b] for node, (a, b) in parser.places().items()}
    assert found == {
        "W": "W", "W'": "ᵀ", "x1": "x₁", "W' @ x1": "@", "sum(W' @ x1, axis=0)": "sum",
        "sum(W' @ x1, axis=0)*2": "·", "x": "x", "x[1:3]": "[1:3]",
        "sum(W' @ x1, axis=0)*2 + x[1:3]": "+",
    }  # fmt: skip


def test_a_name_that_is_declared_is_a_name():
    node = parse_array_expression("A^T + mean", declared=["T", "mean"])
    assert node is parse_array_expression("A^(T) + mean")


# What each keyword may be given.
VALUES = {
    "axis": [0, -1, (0, 1), (2,), "rows"],
    "axes": [(1, 0), ("call", "inverse", "axes")],
    "shape": [6, (2, -1), ("n", 3)], "widths": [((1, 2), (0, 1)), ((3, 0),)],
    "at": [(0,), (1, (2, None, None)), ((None, -1, 2), -3), "at"],
    "form": ["ij,jk->ik"],
}  # fmt: skip
OF_NUMBERS = [op for op in TABLE if op.arity]


def random_node(rng: random.Random, size: int) -> Node:
    """An expression of some operations of both tables; dims need not fit."""
    nodes = [name(text) for text in ("A", "xb", "c_1")] + [const(2), const(-0.5)]
    for _ in range(size):
        op = rng.choice(ARRAY_TABLE if rng.random() < 0.6 else OF_NUMBERS)
        count = op.arity if op.arity >= 0 else rng.randint(2, 3)
        attrs = {}
        if isinstance(op, ArrayOp):
            count = 2 if "form" in op.attrs else count
            attrs = {key: value_of(rng, key, d) for key, d in op.attrs.items()}
        args = rng.choices(nodes, k=count)
        if op.name in ("transpose", "slice", "pick") and args[0].op is OPS["const"]:
            args[0] = nodes[0]  # a number is not transposed
        nodes.append(op(*args, **attrs))
    return nodes[-1]


def value_of(rng: random.Random, key: str, default: object) -> object:
    if default is not REQUIRED and rng.random() < 0.5:
        return default
    return rng.choice(VALUES.get(key, [2, (3, 1), "k"]))


@pytest.mark.every(5)
@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_printed_is_read_as_the_same_node(seed: int):
    rng = random.Random(seed)
    for _ in range(30):
        node = random_node(rng, rng.randint(1, 8))
        text = show(node)
        # A negative number is printed as the minus of one, in both languages.
        assert show(parse_array_expression(text)) == text


@pytest.mark.parametrize("op", ARRAY_TABLE, ids=lambda op: op.name)
def test_rules_of_the_table_are_texts_of_the_language(op: ArrayOp):
    pulls = op.pull.values() if isinstance(op.pull, dict) else [op.pull]
    texts = [text for pull in pulls if isinstance(pull, tuple) for text in pull]
    texts += [op.definition] if isinstance(op.definition, str) and op.definition else []
    for text in texts:
        node = parse_array_expression(text)
        assert parse_array_expression(show(node)) is node


@pytest.mark.parametrize(
    ("before", "middle", "behind"),
    [
        ("(", "x", ")"), ("sum(", "x", ")"), ("", "x", "'"), ("", "x", "[0]"),
        ("-", "x", ""), ("", "x", " @ x"), ("", "x", "^x"), ("max(", "x", ", axis=0)"),
        ("", "x", ".T"), ("concat(", "x", ", y)"),
    ],
)  # fmt: skip
def test_nothing_recurses(before: str, middle: str, behind: str):
    text = before * 2_000 + middle + behind * 2_000
    node = parse_array_expression(text)
    assert parse_array_expression(show(node)) is node


UNFINISHED = ["(", "sum(", "x[", "x[1:", "sum(x, axis=", "x.sum().", "np.dot(", "x @ ",
              "einsum('", "|x", "A^{", "x > "]  # fmt: skip


@pytest.mark.parametrize("part", UNFINISHED)
def test_long_texts_that_are_none_are_refused(part: str):
    with pytest.raises(ExpressionError):
        parse_array_expression(part * 2_000)


LATEX = [
    ('W @ x + b', r"W\,x + b"),
    ("(A @ B)'", r"\left(A\,B\right)^{\top}"),
    ("-A'", r"-A^{\top}"),
    ("A'^2", r"\left(A^{\top}\right)^{2}"),
    ("exp(A)'", r"\left(e^{A}\right)^{\top}"),
    ("inv(A)'", r"\left(A^{-1}\right)^{\top}"),
    ('inv(A) @ b', r"A^{-1}\,b"),
    ('solve(A + B, b)', r"\left(A + B\right)^{-1}\,b"),
    ('outer(a, b)', r"a\,b^{\top}"),
    ('outer(a, -b)', r"a\,\left(-b\right)^{\top}"),
    ('(a @ b)*c', r"\left(a\,b\right) \cdot c"),
    ('a*b @ c', r"\left(a \cdot b\right)\,c"),
    ('a @ (b @ c)', r"a\,\left(b\,c\right)"),
    ('a @ -b', r"a\,\left(-b\right)"),
    ('a - b @ c', r"a - b\,c"),
    ('(W @ x)/2', r"\frac{W\,x}{2}"),
    ('det(A)', r"\det\left(A\right)"),
    ('logdet(S)', r"\ln\left|\det\left(S\right)\right|"),
    ('norm2(x - y)^2', r"\lVert x - y\rVert^{2}"),
    ('norm2(x, axis=1)', r"\operatorname{norm2}_{1}\left(x\right)"),
    ('norm1(x)', r"\lVert x\rVert_{1}"),
    ('trace(A @ B)', r"\operatorname{tr}\left(A\,B\right)"),
    ('x[1, 2:4]', r"x_{1,2:4}"),
    ('x1[0]', r"\left[x_{1}\right]_{0}"),
    ('xo[xt]', r"\mathit{xo}_{\mathit{xt}}"),
    ('(a > 0)*b', r"\left[a > 0\right] \cdot b"),
    ('a <= b', r"\left[a \le b\right]"),
    ('sum(x)', r"\operatorname{sum}\left(x\right)"),
    ('sum(x, axis=0)', r"\operatorname{sum}_{0}\left(x\right)"),
    ('sum(X*Y, axis=(0, 1))', r"\operatorname{sum}_{0,1}\left(X \cdot Y\right)"),
    ('mean(x, axis=batch)', r"\operatorname{mean}_{\mathit{batch}}\left(x\right)"),
    ('max(x, axis=1)', r"\max_{1}\left(x\right)"),
    ('max(x, y)', r"\max\left(x, y\right)"),
    ('einsum("ij,jk->ik", A, B)',
     r"\operatorname{einsum}_{ij,jk\to ik}\left(A, B\right)"),
    ('conv2d(x, K, stride=2)',
     r"\operatorname{conv2d}\left(x, K,\ \mathrm{stride} = 2\right)"),
    ('sum_to(a, b)', r"\operatorname{sum\_to}\left(a, b\right)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "formula"), LATEX)
def test_latex(text: str, formula: str):
    assert latex(parse_array_expression(text)) == formula


def test_names_of_arrays_are_bold_where_that_is_asked():
    node = parse_array_expression("W1 @ xh + beta*c")
    formula = latex(node, Typeset(bold={"W1", "xh", "beta"}))
    assert formula == r"\mathbf{W}_{1}\,\mathbf{xh} + \boldsymbol{\beta} \cdot c"


def test_what_is_done_entry_by_entry_is_told_from_matrices_where_dims_are_known():
    sizing = Sizing({"A": ("n", 3), "B": ("n", 3), "x": (3,)})
    for text, formula in (
        ("A*B", r"A \odot B"),
        ("2*A*c", r"2 \cdot A \cdot c"),
        ("A*(A @ x)", r"A \odot \left(A\,x\right)"),
        ("A^2", r"A^{\odot 2}"),
        ("x^2 + c^2", r"x^{2} + c^{2}"),
        ("exp(A) + exp(c)", r"\exp\left(A\right) + e^{c}"),
    ):
        how = Typeset(sizing=sizing)
        assert latex(parse_array_expression(text), how) == formula


MATHML = [
    ("A' @ x", '<msup><mi>A</mi><mrow><mo>⊤</mo></mrow></msup>'
     '<mspace width="0.3em"></mspace><mi>x</mi>'),
    ("norm2(x)", "<mo>‖</mo><mi>x</mi><mo>‖</mo>"),
    ("x[t]", "<msub><mi>x</mi><mrow><mi>t</mi></mrow></msub>"),
    ("sum(x, axis=0)", "<msub><mi>sum</mi><mrow><mn>0</mn></mrow></msub><mrow>"
     '<mo form="prefix" stretchy="false">(</mo><mi>x</mi>'
     '<mo form="postfix" stretchy="false">)</mo></mrow>'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "markup"), MATHML)
def test_mathml(text: str, markup: str):
    assert from_latex(latex(parse_array_expression(text))) == markup


SCALAR_TEXTS = ["A @ B", "A'", "x[0]", "x > 0", 'f("a")', "sum(x)"]


@pytest.mark.parametrize("text", SCALAR_TEXTS)
def test_texts_of_numbers_have_none_of_it(text: str):
    with pytest.raises(ExpressionError):
        parse_expression(text)


@pytest.mark.parametrize("power", ["^-1", "**-1", "^(-1)", "^-1.0"])
def test_a_matrix_to_the_power_of_minus_one_is_refused(power: str):
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["A: n x n", "b: n", f"xh = A{power} @ b"])
    assert str(caught.value) == (
        "'A' to the power -1 may be either of two\n\n"
        f"    xh = A{power} @ b\n          {'^' * (1 + (power[1] == '*'))}\n"
        "  hint: write inv(A) for the inverse, 1/A for one entry by entry"
    )


def test_a_number_to_the_power_of_minus_one_is_one():
    graph = parse_graph(["A: n x n", "c: scalar", "b: n", "xh = c^-1*A @ b + b^-1"])
    assert str(graph) == "xh = (c^-1*A) @ b + b^-1"
