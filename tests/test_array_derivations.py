"""Derivations with matrices: read, judged at random arrays, and mistakes told."""

import numpy as np
import pytest

from cgprimer import ExpressionError, check_derivation

SQUARES = r"""W: 3 x 2
x: 2
b, t: 3
z = W x + b
L = (z - t)^T (z - t)
"""
LAYER = """X: n x p
w: p
y: n
L = sum((X @ w - y)^2)
"""
FORM = "x: n\nA: n x n\nq = x^T A x\n"

# A text, and the verdicts of its claims.
VERDICTS = [
    (SQUARES + r"\bar z = 2(z - t)", "PASS"),
    (SQUARES + r"\bar W = \bar z x^\top", "PASS"),
    (SQUARES + r"\bar W = 2(W x + b - t) x^T", "PASS"),
    (SQUARES + r"\bar W = x \bar z^\top", "FAIL"),
    (SQUARES + r"\bar W = \bar z x", "FAIL"),
    (SQUARES + r"\bar x = W^\top \bar z", "PASS"),
    (SQUARES + r"\bar x = W \bar z", "FAIL"),
    (SQUARES + r"\bar x = \bar z^\top W", "PASS"),
    (SQUARES + r"\bar b = \bar z", "PASS"),
    (SQUARES + r"\bar b = -\bar z", "FAIL"),
    (SQUARES + r"\frac{\partial L}{\partial W} = 2 (z - t) x^\top", "PASS"),
    (SQUARES + "∂L/∂b = 2(z − t)", "PASS"),
    (SQUARES + r"\nabla_W L = 2 (z - t) x^\top", "PASS"),
    (SQUARES + "bar_W = outer(bar_z, x)", "PASS"),
    (SQUARES + "bar_W = outer(x, bar_z)", "FAIL"),
    (SQUARES + "z^T = x^T W^T + b^T", "PASS"),
    (SQUARES + "z^T = W x + b", "FAIL"),
    (SQUARES + r"L = \|z - t\|^2", "PASS"),
    (SQUARES + r"L = \lVert z - t \rVert^2", "PASS"),
    (SQUARES + r"L = \|z\|^2 - 2 t^T z + \|t\|^2", "PASS"),
    (SQUARES + r"W x \odot b = b \odot W x", "PASS"),
    (SQUARES + "(W x)^T = x^T W^T", "PASS"),
    (LAYER + "dL/dw = 2*X' @ (X @ w - y)", "PASS"),
    (LAYER + "dL/dw = 2*X @ (X @ w - y)", "FAIL"),
    (LAYER + "dL/dw = X' @ (X @ w - y)", "FAIL"),
    (LAYER + "dL/dX = 2*outer(X @ w - y, w)", "PASS"),
    (LAYER + "dL/dX = 2*outer(w, X @ w - y)", "FAIL"),
    (LAYER + "dL/dy = sum(X, axis=1)", "FAIL"),
    (LAYER + "dL/dy = -2*(X @ w - y)", "PASS"),
    (FORM + "dq/dx = (A + A^T) x", "PASS"),
    (FORM + "dq/dx = 2 A x", "FAIL"),
    (FORM + "dq/dA = x x^T", "PASS"),
    (FORM + "dq/dA = x^T x", "FAIL"),
    ("A: n x n\nb: n\nd: n\nd = A^{-1} b\nA d = b", "PASS"),
    ("S: n x n\nL = log(det(S))\ndL/dS = (S^{-1})^T", "PASS"),
    ("S: n x n\nL = log(det(S))\ndL/dS = S^{-T}", "PASS"),
    ("S: n x n\nL = log(det(S))\ndL/dS = S^{-1}", "FAIL"),
    (r"$\mathbf{w} \in \mathbb{R}^{n}$, $\mathbf{x} \in \mathbb{R}^n$" "\n"
     r"s = \mathbf{w}^\top \mathbf{x} \\ \frac{\partial s}{\partial \mathbf{w}}"
     r" = \mathbf{x}", "PASS"),
    ("w_2: h x k\nh: h\ny: k\nL = ‖y - w_2^T h‖^2\n∂L/∂w₂ = −2 h [y − w₂ᵀh]^T", "PASS"),
    ("w_2: h x k\nh: h\ny: k\nL = ‖y - w_2^T h‖^2\n∂L/∂w₂ = −2[y − w₂ᵀh]h", "FAIL"),
    ("w_2: h\nh: h\ny: scalar\nL = (y - w_2^T h)^2\n∂L/∂w₂ = −2[y − w₂ᵀh]h", "PASS"),
    ("J: m x n\np: n\nε: m\nq = p + 2αJε", "FAIL"),
    # What is made of derivatives
    (SQUARES + r"V = W - 0.1 \bar W" "\n" r"V = W - 0.1 \bar z x^T", "PASS"),
    (SQUARES + r"V = W - 0.1 \bar W" "\n" r"V = W + 0.1 \bar z x^T", "FAIL"),
    (SQUARES + r"V = W - 0.1 \bar W" "\n" r"\bar V = W", "NOT READ"),
    # Numbers
    (r"A = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}" "\n"
     r"x = \begin{bmatrix} 1 \\ 1 \end{bmatrix}" "\n"
     r"A x = \begin{bmatrix} 3 \\ 7 \end{bmatrix}", "PASS"),
    (r"A = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}" "\n"
     r"x = \begin{bmatrix} 1 \\ 1 \end{bmatrix}" "\n"
     r"A^\top x = \begin{bmatrix} 3 \\ 7 \end{bmatrix}", "FAIL"),
    ("x = [1, 2, 3]\nx^T x = 14", "PASS"),
    ("x = [1, 2, 3]\nx x^T = 14", "FAIL"),
    ("x = [0.1, 0.2]\ny = exp(x)\ny = [1.105, 1.221]", "PASS"),
    ("x = [0.1, 0.2]\ny = exp(x)\ny = [1.105, 1.223]", "FAIL"),
    ("A: 2 x 2\nsum(A) = 5", "INCONCLUSIVE"),
    # What may mean two things, or is not known, is not judged.
    (SQUARES + r"W x \cdot b = b \cdot W x", "NOT READ"),
    (SQUARES + r"V x = b", "NOT READ"),
    (SQUARES + r"\bar W = \bar h x^T", "NOT READ"),
    (SQUARES + r"W^2 = W W", "NOT READ"),
    (SQUARES + r"\frac{\partial z}{\partial x} = W", "NOT READ"),
    (SQUARES + r"z = \sum_i W_i x_i", "NOT READ"),
    (SQUARES + r"v W = W v", "PASS"),
    (SQUARES + r"v W = 2 W v", "INCONCLUSIVE"),
    (SQUARES + "c^T W = W", "NOT READ"),
    (SQUARES + "u + 1/2 x", "NOT READ"),
    ("T: n x n\nx: n\ny = T x\ny^T = 2", "NOT READ"),
]  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("text", "verdict"), VERDICTS)
def test_verdict_of_the_last_line(text, verdict):
    report = check_derivation(text, rng=1)
    assert report.rows[-1].verdict == verdict, report
    assert all(row.verdict in ("defined", "PASS") for row in report.rows[:-1]), report


REMARKS = [
    (
        "J: m x n\np: n\nε: m\nq = p + 2αJε",
        "2αJε does not conform: 2αJ is m x n and ε is m; with the transpose of J it "
        "would conform",
        "",
    ),
    (
        SQUARES + r"\bar x = W \bar z",
        r"W \bar z does not conform: W is 3 x 2 and \bar z is 3; with the transpose of "
        "W both sides are equal",
        r"W^\top \bar z",
    ),
    (
        SQUARES + r"\bar W = x \bar z^T",
        "the left side is 3 x 2, the right side 2 x 3; with the transpose of the whole "
        "both sides are equal",
        "",
    ),
    (
        LAYER + "dL/dw = 2*X @ (X @ w - y)",
        "(2*X) @ (X @ w - y) does not conform: 2*X is n x p and X @ w - y is n; with "
        "the transpose of X both sides are equal",
        "2*X' @ (X @ w - y)",
    ),
    (
        LAYER + "dL/dw = X' @ (X @ w - y)",
        "2 times as much both sides are equal; they differ most in entry [0]",
        "",
    ),
    (
        FORM + "dq/dA = x^T x",
        "the left side is n x n, the right side scalar; with the factors of x^T x the "
        "other way round both sides are equal",
        "",
    ),
    (
        SQUARES + r"\bar x = \bar z^\top W",
        "the derivative is written as a row",
        "",
    ),
]


@pytest.mark.every(3)
@pytest.mark.parametrize(("text", "remark", "correct"), REMARKS)
def test_what_is_wrong_is_told(text, remark, correct):
    row = check_derivation(text, rng=0).rows[-1]
    assert row.remark == remark
    assert row.correct == correct


def test_dims_may_come_from_arrays():
    text = "z = W x\ns = z^T z\n" + r"\bar W = 2 z x^T"
    report = check_derivation(text, dims={"W": np.zeros((3, 2)), "x": (2,)}, rng=0)
    assert report.ok


NUMBERS = [
    "x: input\ny = x^2\ndy/dx = 2*x",  # a legend is no declaration
    "f(x) = x^2\nf'(x) = 2*x",
    "y = [2 + x]*3\ndy/dx = 3",
    "f = x^2*y\n\\nabla f = \\begin{pmatrix} 2xy \\\\ x^2 \\end{pmatrix}",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_derivations_of_numbers_are_read_as_before(text):
    claims = check_derivation(text, rng=0).claims
    assert claims
    assert all(row.verdict == "PASS" for row in claims)
    assert all(row.symbolic for row in claims)


def test_a_text_without_claims_is_refused():
    with pytest.raises(ExpressionError) as caught:
        check_derivation("W: 3 x 2", dims={"W": (3, 2)})
    assert "there is no equality" in str(caught.value)
