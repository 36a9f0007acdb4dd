"""What people paste: equations in the signs of papers, programs and answers of a chat.

Each is read as its author means it, or refused in words that help; none is misread.
"""

# ruff: noqa: E501  (whole messages, and equations as they are pasted)

import time
import warnings

import numpy as np
import pandas as pd
import pytest

from cgprimer import (
    CGPrimerError,
    Dataset,
    LeastSquares,
    check_gradients,
    draw_graph,
    edge_partials,
    fit,
    generate,
    gradient,
    minimize,
    parse_claims,
    parse_graph,
)
from cgprimer.cli import main
from cgprimer.errors import ExpressionError, GraphError, ReadingWarning
from cgprimer.expr.spans import span_in_equation
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.latex import latex_name

READ = [  # what is pasted, how it is read, and its inputs
    ("y = x^1⁄2", "y = x^(1/2)", "x"),
    ("y = π₁·x + π", "y = π1*x + pi", "x"),
    ("y = |x| + |x - 1|²", "y = abs(x) + abs(x - 1)^2", "x"),
    ("y = ln x + a", "y = log(x) + a", "x"),
    ("y = sin x", "y = sin(x)", "x"),
    ("y = sin²(x) + cos^2(x)", "y = sin(x)^2 + cos(x)^2", "x"),
    ("f(x) = a*x²", "f = a*x^2", "x"),
    ("ẏ = −k·y", "ẏ = -k*y", ""),
    ("y = W·x + b", "y = W*x + b", "x"),
    ("y = x ** 2 - -3^-x", "y = x^2 - (-3^-x)", "x"),
    ("y = a*x;", "y = a*x", "x"),
    ("$y = a*x$", "y = a*x", "x"),
    ("y = np.exp(x) + numpy.log(x1) - math.sqrt(x2)", "y = exp(x) + log(x1) - sqrt(x2)", "x x1 x2"),
    ("y = torch.relu(x) + tf.nn.sigmoid(x) + F.softplus(x)", "y = relu(x) + sigmoid(x) + softplus(x)", "x"),
    ("y = np.maximum(0, x)", "y = max(0, x)", "x"),
    ("y = 2*np.pi*x", "y = 2*pi*x", "x"),
    ("y = a*x; % slope of line", "y = a*x", "x"),
    ("y = 1.5e−3·x + 3·10⁻⁴", "y = 0.0015*x + 3*10^-4", "x"),
    ("y = 1.5 × 10³·x", "y = 1.5*10^3*x", "x"),
    ("\"y = a*x\",", "y = a*x", "x"),
    ("'y = a*x'", "y = a*x", "x"),
    ("(1) y = a*x", "y = a*x", "x"),
    ("1. y = a*x", "y = a*x", "x"),
    ("2) y = a*x", "y = a*x", "x"),
    ("Eq. (3): y = a*x", "y = a*x", "x"),
    ("y = a*x   (4)", "y = a*x", "x"),
    ("y = a*x.", "y = a*x", "x"),
    ("y = a*x,", "y = a*x", "x"),
    ("y := a*x", "y = a*x", "x"),
    ("y ≔ a·x", "y = a*x", "x"),
    ("y <- a*x", "y = a*x", "x"),
    ("y ← a·x", "y = a*x", "x"),
    ("y = x.*w./b + x.^2", "y = x*w/b + x^2", "x"),
    ("**y = a·x + b**", "y = a*x + b", "x"),
    ("`y = a*x`", "y = a*x", "x"),
    ("- y = a*x", "y = a*x", "x"),
    ("* y = a*x", "y = a*x", "x"),
    ("• y = a·x", "y = a*x", "x"),
    ("> y = a*x", "y = a*x", "x"),
    ("y = √x + √(x + 1) + √2·x", "y = sqrt(x) + sqrt(x + 1) + sqrt(2)*x", "x"),
    ("y = α·x + β·x² − γ", "y = α*x + β*x^2 - γ", "x"),
    ("y = 𝛼·𝑥 + 𝛽", "y = α*x + β", "x"),
    ("y = ａ＊ｘ＋１", "y = a*x + 1", "x"),
    ("у = а·x", "у = а*x", "x"),
    ("y = χ·x", "y = χ*x", "x"),
    ("y = µ·x", "y = μ*x", "x"),
    ("y = exp(-(x-μ)²/(2·σ²))/√(2·π·σ²)", "y = exp(-(x - μ)^2/(2*σ^2))/sqrt(2*pi*σ^2)", "x"),
    ("y = a×b×x", "y = a*b*x", "x"),
    ("y = aˣ", "y = a^x", "x"),
    ("y = x^½", "y = x^(1/2)", "x"),
    ("y = (x + 1)²/(x − 1)³", "y = (x + 1)^2/(x - 1)^3", "x"),
    ("y = A*exp(-E/(R*T))", "y = A*exp(-E/(R*T))", ""),
    ("y = x ^ 1/2", "y = x^1/2", "x"),
    ("Y = β₀ + β₁·x₁ + β₂·x₂ + ε", "Y = β0 + β1*x1 + β2*x2 + ε", "x1 x2"),
    ("p̂ = 1/(1 + exp(−(w₁·x₁ + w₂·x₂ + b)))", "p̂ = 1/(1 + exp(-(w1*x1 + w2*x2 + b)))", "x1 x2"),
    ("Q = m·c·ΔT", "Q = m*c*ΔT", ""),
    ("F = G·m₁·m₂/r²", "F = G*m1*m2/r^2", ""),
    ("E = ½·m·v² + m·g·h", "E = 1/2*m*v^2 + m*g*h", ""),
    ("T = 2·π·√(l/g)", "T = 2*pi*sqrt(l/g)", ""),
    ("v = √(v₀² + 2·a·s)", "v = sqrt(v0^2 + 2*a*s)", ""),
    ("x̄ = (x₁ + x₂ + x₃)/3", "x̄ = (x1 + x2 + x3)/3", "x1 x2 x3"),
    ("λ = h/(m·v)", "λ = h/(m*v)", ""),
    ("y = A·sin(ω·x + φ)", "y = A*sin(ω*x + φ)", "x"),
    ("η = 1 − T₂/T₁", "η = 1 - T2/T1", ""),
    ("y = x·(1 − x)", "y = x*(1 - x)", "x"),
    ("y = max(0, x) + 0.01·min(0, x)", "y = max(0, x) + 0.01*min(0, x)", "x"),
    ("y = 1⁄2·x", "y = 1/2*x", "x"),
    ("y = ¹⁄₂·x", "y = 1/2*x", "x"),
    ("y = x¹⁰⁻ⁿ", "y = x^(10 - n)", "x"),
    ("y = 10⁻³·x", "y = 10^-3*x", "x"),
    ("y = (−x)²", "y = (-x)^2", "x"),
    ("y = a·x² − −b", "y = a*x^2 - (-b)", "x"),
    ("y = a–b", "y = a - b", ""),
    ("z = a * x + b;", "z = a*x + b", "x"),
    ("y = 3.*x.^2 - 2.*x + 1;", "y = 3*x^2 - 2*x + 1", "x"),
    ("y = 1./(1+exp(-x))", "y = 1/(1 + exp(-x))", "x"),
    ("y <- b0 + b1*x1 + b2*x2", "y = b0 + b1*x1 + b2*x2", "x1 x2"),
    ("y <- log(x)", "y = log(x)", "x"),
    ("y = np.tanh(w*x + b)", "y = tanh(w*x + b)", "x"),
    ("y = torch.sigmoid(w1*x1 + b1)", "y = sigmoid(w1*x1 + b1)", "x1"),
    ("y = math.sqrt(x**2 + 1)", "y = sqrt(x^2 + 1)", "x"),
    ("loss = (y - y_hat)**2", "loss = (y - y_hat)^2", ""),
    ("y = Math.exp(-x);", "y = exp(-x)", "x"),
    ("y = w1*x1 + w2*x2 + b,", "y = w1*x1 + w2*x2 + b", "x1 x2"),
    ("let y = a*x", "y = a*x", "x"),
    ("3. **y = w·x + b**", "y = w*x + b", "x"),
    ("- `y = σ·x`", "y = σ*x", "x"),
    ("Eq. 5: y = a·x,", "y = a*x", "x"),
    ("y = a·x + b.    (12)", "y = a*x + b", "x"),
    ('y = a\xb7x + b,\t(2.1)', "y = a*x + b", "x"),
    ("y = a*x \\tag{1}", "y = a*x", "x"),
    ("\\(y = a*x\\)", "y = a*x", "x"),
    ("$$y = a*x + b$$", "y = a*x + b", "x"),
    ("y = a_1*x_1", "y = a_1*x_1", "x_1"),
    ("y = -x²", "y = -x^2", "x"),
    ("y = 2^−x", "y = 2^-x", "x"),
    ("y = |a − x|/|b|", "y = abs(a - x)/abs(b)", "x"),
    ("y = |x|·|x|", "y = abs(x)*abs(x)", "x"),
    ("y = sqrt x + 1", "y = sqrt(x) + 1", "x"),
    ("y = tanh²(x)", "y = tanh(x)^2", "x"),
    ("y = sin(x)²", "y = sin(x)^2", "x"),
    ("y = x₁₂ + x1", "y = x12 + x1", "x12 x1"),
    ("y = xₐ + x_a", "y = x_a + x_a", "x_a"),
    ("y = 𝐱·w", "y = x*w", "x"),
    ("y = ＡＢ*ｘ", "y = AB*x", "x"),
    ("y = éx*x", "y = éx*x", "x"),
    ("y = é*x", "y = é*x", "x"),
    (" y = a·x", "y = a*x", "x"),
    ('y\u200b = a\xb7x', "y = a*x", "x"),
    ("y = é*x + é", "y = é*x + é", "x"),
    ("y = ax + b*x", "y = ax + b*x", "x"),
    ("y = max(1,x)", "y = max(1, x)", "x"),
    ("y = minx + maxx + sign1*x", "y = minx + maxx + sign1*x", "x"),
    ("y = tf.math.log(x + 1e-8)", "y = log(x + 1e-08)", "x"),
    ("y = 2*x^-2 + x^+2", "y = 2*x^-2 + x^2", "x"),
    ("y = exp(-(x-mu).^2/(2*sigma^2));", "y = exp(-(x - mu)^2/(2*sigma^2))", "x"),
    ("y = torch.exp(-x**2 / (2 * sigma**2))", "y = exp(-x^2/(2*sigma^2))", "x"),
    ("y = ln²x", "y = log(x)^2", "x"),
    ("y = x·sin x", "y = x*sin(x)", "x"),
    ("V = (4/3)*π*r³", "V = 4/3*pi*r^3", ""),
    ("y = max(0,5*x)", "y = max(0, 5*x)", "x"),
    ("y = max(1,500,x)", "y = max(max(1, 500), x)", "x"),
    ("y = max(10, 050, x)", "y = max(max(10, 50), x)", "x"),
    ("y = a*x --b", "y = a*x - (-b)", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning", "inputs"), READ)
def test_what_is_pasted_is_read(text: str, meaning: str, inputs: str):
    graph = parse_graph([text])
    [name] = graph.dependents
    assert str(graph.equation(name)) == meaning
    assert " ".join(graph.inputs) == inputs
    # It is what the language says itself, and it is kept as it was written.
    assert parse_graph([meaning]).equation(name).body is graph.equation(name).body
    assert graph.equation(name).text == text.strip()


NOTED = [
    ("y = E^x", "E is a parameter in 'y = E^x': write exp(x) for E^x, or declare it with parameters=['E']"),
    ("y = e^x + é", "e is a parameter in 'y = e^x + é': write exp(x) for e^x, or declare it with parameters=['e']"),
    ("y = 1/(1+e⁻ˣ)", "e is a parameter in 'y = 1/(1+e⁻ˣ)': write exp(x) for e^x, or declare it with parameters=['e']"),
    ("y = ax² + bx + c", "ax is a parameter in 'y = ax² + bx + c': write a*x for a product, or declare it with parameters=['ax']"),
    ("y = a*b -- comment", "-- is read as two signs of minus in 'y = a*b -- comment': a comment begins with #"),
    ("y = exp(-E/k_BT)", "k_BT is a parameter in 'y = exp(-E/k_BT)': write k_B*T for a product, or declare it with parameters=['k_BT']"),
    ("y = A*exp(-E/RT)", "RT is a parameter in 'y = A*exp(-E/RT)': write R*T for a product, or declare it with parameters=['RT']"),
    ("E = mc²", "mc is a parameter in 'E = mc²': write m*c for a product, or declare it with parameters=['mc']"),
    ("s = gt^2/2", "gt is a parameter in 's = gt^2/2': write g*t for a product, or declare it with parameters=['gt']"),
    ("y = sin2x", "sin2x is a parameter in 'y = sin2x': write sin(2*x) for a call, or declare it with parameters=['sin2x']"),
    ("y = a*lnx1 + x", "lnx1 is a parameter in 'y = a*lnx1 + x': write ln(x1) for a call, or declare it with parameters=['lnx1']"),
    ("y = wx + b", "wx is a parameter in 'y = wx + b': write w*x for a product, or declare it with parameters=['wx']"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), NOTED)
def test_what_is_read_by_the_rules_and_misleads_is_told(text: str, message: str):
    with pytest.warns(ReadingWarning) as caught:
        parse_graph([text])
    assert [str(warning.message) for warning in caught] == [message]


@pytest.mark.parametrize("text", ["u = eps*E^2/2", "y = Kd^n", "v = dx/dt", "y = e*x"])
def test_what_is_commonly_written_and_meant_is_not_told(text: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse_graph([text])


REFUSED = r"""
an operator is missing before 'x2'

    y = x₁x₂
          ^^
  hint: write a product with '*': x1*x2
---
an operator is missing before 'r'

    y = πr²
         ^
  hint: write a product with '*': pi*r
---
'log' is a function

    y = log^10(x)
        ^^^
  hint: call it, log(…), or choose another name
---
malformed number '2x'

    y = 2x
        ^^
  hint: write a product with '*': 2*x
---
an operator is missing before '('

    y = 2(x + 1)
         ^
  hint: write a product with '*': 2*(…)
---
an operator is missing before '('

    y = (x + 1)(x - 1)
               ^
  hint: write a product with '*': (…)*(…)
---
an operator is missing before 'x'

    y = a x + b
          ^
  hint: write a product with '*': a*x
---
unknown function 'x'

    y = x(1 - x)
        ^
  hint: write a product with '*': x*(…)
---
unexpected character '|'

    y = 2|x|
         ^
  hint: write abs(…) for an absolute value
---
unexpected character '!'

    y = x!
         ^
  hint: a factorial is not in the language
---
'sin' is a function

    y = sin x*a
        ^^^
  hint: call it, sin(…), or choose another name
---
'sin' is a function

    y = sin 2x
        ^^^
  hint: call it, sin(…), or choose another name

malformed number '2x'

    y = sin 2x
            ^^
  hint: write a product with '*': 2*x
---
'sin' is a function

    y = sin^-1(x)
        ^^^
  hint: write arcsin(x), or 1/sin(x): sin^-1 is used for either
---
'sin' is a function

    y = sin⁻¹(x)
        ^^^
  hint: write arcsin(x), or 1/sin(x): sin^-1 is used for either
---
unknown function 'log2'

    y = log₂(x)
        ^^^^
  hint: write log(a)/log(2)
---
unknown function 'log_10'

    y = log_10(x)
        ^^^^^^
  hint: write log(a)/log(10)
---
the left side of '=' must be one name

    f(t) = a*t
    ^^^^
  hint: write y = … for y(t) = …, and variables=['t'] for an input that does not begin with x
---
unknown function 'dx'

    y = d/dx (x^2)
          ^^
  hint: write the formula of the derivative; `gradient` finds those of a graph
---
unexpected character '∂' (U+2202 PARTIAL DIFFERENTIAL)

    y = ∂f/∂x
        ^
  hint: write the formula of the derivative; `gradient` finds those of a graph
---
the left side of '=' must be one name

    dy/dt = -k*y
    ^^^^^
  hint: name the derivative: dydt = … for dy/dt = …
---
unexpected character "'"

    y' = -k*y
     ^
  hint: a prime is no part of a name: write y1, or dy
---
unexpected character '∫' (U+222B INTEGRAL)

    y = ∫ x dx
        ^
  hint: an integral is not in the language: write what it comes to
---
unexpected character '∑' (U+2211 N-ARY SUMMATION)

    y = ∑ x
        ^
  hint: write the terms out: xa + xb + xc
---
an operator is missing before 'x_i'

    y = Σ x_i
          ^^^
  hint: write the terms out: xa + xb + xc
---
unexpected character 'ᵀ' (U+1D40 MODIFIER LETTER CAPITAL T)

    y = wᵀx + b
         ^
  hint: there are no matrices: write every component as an equation of its own
---
unexpected character ';'

    y = a*x; z = y^2
           ^
  hint: write one equation per string or line
---
unexpected character '.'

    y = np.max(x, 0)
          ^
  hint: leave the module away, and use a function of the language: exp(x) for np.exp(x)
---
unknown function 'log10'

    y = np.log10(x)
           ^^^^^
  hint: write log(a)/log(10)
---
unexpected character '.'

    y = math.e*x
            ^
  hint: write exp(1) for e, and exp(x) for e^x
---
unexpected character '['

    y = x[0]*w
         ^
  hint: an index is part of a name: write x0 for x[0]
---
'if' is Python, not part of the language

    y = x if x > 0 else 0
          ^^
  hint: step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice

unexpected character '>'

    y = x if x > 0 else 0
               ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
a value is expected before '='

    y == a*x
       ^
  hint: write one '=' per equation
---
unexpected character '&'

    y = a && x
          ^
  hint: there is no logic in the language; step(a)*step(b) is 1 where both are above 0
---
unexpected character '|'

    y = a || x
          ^
  hint: there is no logic in the language; step(a)*step(b) is 1 where both are above 0
---
unexpected character '>'

    y = x > 0 ? a : b
          ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b

unexpected character '?'

    y = x > 0 ? a : b
              ^
  hint: step(x)*a + (1 - step(x))*b is a where x > 0, else b

unexpected character ':'

    y = x > 0 ? a : b
                  ^
  hint: write a quotient with '/'
---
the left side of '=' must be one name

    =A1*B1
    ^
  hint: write a name before '=', such as y
---
unexpected character '$'

    y = $A$1*2
        ^
  hint: write A1 for $A$1
---
a value is expected before '/'

    y = a*x // slope
             ^
  hint: floor division is not in the language; write one '/'
---
unexpected character '%'

    y = a*x % slope of line
            ^
  hint: a comment begins with #
---
a comma outside a function call

    y = 0,5*x
         ^
  hint: decimal numbers are written with a point
---
a comma outside a function call

    y = 1,000*x
         ^
  hint: write 1000 or 1.000
---
'sin' takes 1 argument, but 2 are given

    y = sin(0,5)
        ^^^^^^^^
  hint: decimal numbers are written with a point
---
malformed number '1.5x10'

    y = 1.5x10^3
        ^^^^^^
  hint: write a power of ten, such as 1.5e3, or a product: 1.5*x10
---
unexpected character '%'

    y = 5%*x
         ^
  hint: write 0.05 for 5 %
---
unexpected character '%'

    y = 5 %
          ^
  hint: write 0.05 for 5 %
---
unexpected character '°' (U+00B0 DEGREE SIGN)

    y = 30°
          ^
  hint: write an angle in radians: 30*pi/180 for 30°
---
unexpected character '°' (U+00B0 DEGREE SIGN)

    y = sin(30°)
              ^
  hint: write an angle in radians: 30*pi/180 for 30°
---
an operator is missing before 'kg'

    y = 5 kg*x
          ^^
  hint: leave the unit away, or write a product with '*kg'
---
malformed number '9.81m'

    y = 9.81m*x
        ^^^^^
  hint: leave the unit away, or write a product: 9.81*m
---
unknown function 'x'

    y = a*x (4)
          ^
  hint: leave the number of the equation away, or write x*4
---
a comma outside a function call

    y = a*x, where a = 3
           ^
  hint: write the equation alone, and values as equations of their own
---
an operator is missing before 'where'

    y = a*x where a is the slope
            ^^^^^
  hint: write the equation alone, and values as equations of their own
---
unexpected character '≈' (U+2248 ALMOST EQUAL TO)

    y ≈ a*x
      ^
  hint: write '=' for what is to be computed so
---
unexpected character '~'

    y ~ a*x
      ^
  hint: write '=' for what is to be computed so
---
unexpected character '∝' (U+221D PROPORTIONAL TO)

    y ∝ x
      ^
  hint: write '=' for what is to be computed so
---
unexpected character '>'

    a*x -> y
         ^
  hint: write name = expression
---
the left side of '=' must be one name

    y += a*x
    ^^^
  hint: write the whole sum or product on the right: y = y0 + …
---
unknown function 'softmax'

    y = softmax(x)
        ^^^^^^^
  hint: write each class: exp(xa)/(exp(xa) + exp(xb))
---
unknown function 'swish'

    y = swish(x) + leaky_relu(x)
        ^^^^^
  hint: write a*sigmoid(a)

unknown function 'leaky_relu'

    y = swish(x) + leaky_relu(x)
                   ^^^^^^^^^^
  hint: write max(a, 0.01*a)
---
unknown function 'LeakyReLU'

    y = LeakyReLU(x)
        ^^^^^^^^^
  hint: write max(a, 0.01*a)
---
unknown function 'relu6'

    y = relu6(x) + silu(x)
        ^^^^^
  hint: write min(max(a, 0), 6)

unknown function 'silu'

    y = relu6(x) + silu(x)
                   ^^^^
  hint: write a*sigmoid(a)
---
unknown function 'pow'

    y = pow(x, 2)
        ^^^
  hint: write a power with '^': a^b
---
unexpected character '['

    y = Sin[x]
           ^
  hint: write a call with parentheses: sin(xa) for Sin[xa]
---
unknown function 'Exp'

    y = Exp(x)
        ^^^
  hint: did you mean 'exp'?
---
unknown function 'EXP'

    y = EXP(-A1)
        ^^^
  hint: did you mean 'exp'?
---
unexpected character "'"

    y = x'*w
         ^
  hint: a prime is no part of a name: write y1, or dy
---
unexpected character '@'

    y = @(x) a*x
        ^
  hint: write y = … for y = @(x) …
---
unexpected character '%'

    y = x %*% w
          ^
  hint: there are no matrices: write every component out
---
the left side of '=' must be one name

    − y = a·x
    ^^^
  hint: a name is a letter followed by letters, digits and underscores
---
unexpected character '.'

    y = a*x ...
            ^
  hint: write every term out
---
unexpected character '…' (U+2026 HORIZONTAL ELLIPSIS)

    y = x₁ + x₂ + … + x₁₀
                  ^
  hint: write the terms out: xa + xb + xc
---
unexpected character 'ₙ' (U+2099 LATIN SUBSCRIPT SMALL LETTER N)

    y = xₙ₊₁
         ^
  hint: an index is made of letters or digits alone: x_next for xₙ₊₁
---
unexpected character '±' (U+00B1 PLUS-MINUS SIGN)

    y = ±a*x
        ^
  hint: write two equations, one with + and one with -
---
unexpected character '√' (U+221A SQUARE ROOT)

    y = √x²
        ^
  hint: write sqrt(x^2), or sqrt(x)^2
---
unexpected character '∛' (U+221B CUBE ROOT)

    y = ∛x
        ^
  hint: write a^(1/3) where a > 0, sign(a)*abs(a)^(1/3) for any a
---
an operator is missing before 'x'

    y = ½·m·v² + ¼x
                  ^
  hint: write a product with '*': (…)*x
---
unexpected character '½' (U+00BD VULGAR FRACTION ONE HALF)

    y = 2½
         ^
  hint: write a decimal number: 2.5 for 2½
---
unexpected character '‖' (U+2016 DOUBLE VERTICAL LINE)

    y = ‖x‖
        ^
  hint: write sqrt(xa^2 + xb^2) for a norm
---
unexpected character '⌊' (U+230A LEFT FLOOR)

    y = ⌊x⌋
        ^
  hint: rounding is not in the language

unexpected character '⌋' (U+230B RIGHT FLOOR)

    y = ⌊x⌋
          ^
---
unexpected character '≤' (U+2264 LESS-THAN OR EQUAL TO)

    y = x ≤ 1
          ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
unexpected character '∈' (U+2208 ELEMENT OF)

    y = x ∈ R
          ^
  hint: write the equation alone
---
an operator is missing before 'x'

    y = 𝑎𝑥
         ^
  hint: write a product with '*': a*x
---
unexpected character 'ο' (U+03BF GREEK SMALL LETTER OMICRON)

    y = ο*x + o
        ^
  hint: it looks like 'o' but is another character; type 'o'
---
an operator is missing before 'y'

    y = x²y
          ^
  hint: write a product with '*': …*y
---
malformed number '2y'

    y = x^2y
          ^^
  hint: write a product with '*': 2*y
---
an operator is missing before '000'

    y = 1 000*x
          ^^^
  hint: write one number: 1000
---
'lambda' is a keyword of Python

    y = lambda*x
        ^^^^^^
  hint: choose another name, or declare it in parameters= or variables=
---
'lambda' is a keyword of Python

    lambda x: a*x
    ^^^^^^
  hint: choose another name, or declare it in parameters= or variables=
---
'def' is a keyword of Python

    def f(x): return a*x
    ^^^
  hint: choose another name, or declare it in parameters= or variables=
---
an equation needs '='

    return a*x
    ^^^^^^^^^^
  hint: write name = expression
---
unknown function 'sum'

    y = sum(x)
        ^^^
  hint: write the terms out: xa + xb + xc
---
unexpected character '{'

    y = max{a, x}
           ^
  hint: write a call with parentheses: max(a, b)
---
unexpected character ';'

    y = min(a; x)
             ^
  hint: arguments are parted by a comma
---
unexpected character '{'

    y = {a + b}*x
        ^
  hint: write parentheses ( ) only
---
unexpected character '['

    y = [a + b]*x
        ^
  hint: write parentheses ( ) only
---
'(' is never closed

    y = (a + b*x
        ^
---
')' closes nothing

    y = a + b)*x
             ^
---
the expression ends where a value is expected

    y = a*x +
             ^
---
a value is expected before '*'

    y = * x
        ^
---
an equation needs '='

    y
    ^
  hint: write name = expression
---
unknown function 'sn'

    y = a*sn(x) + 2x + b?
          ^^
  hint: did you mean 'sin'?

malformed number '2x'

    y = a*sn(x) + 2x + b?
                  ^^
  hint: write a product with '*': 2*x

unexpected character '?'

    y = a*sn(x) + 2x + b?
                        ^
  hint: step(x)*a + (1 - step(x))*b is a where x > 0, else b
---
unexpected character '#'

    y = a*x  # note
             ^
  hint: comments belong in a multi-line text or a file, not in a list of equations
---
unexpected character '“' (U+201C LEFT DOUBLE QUOTATION MARK)

    y = “x”
        ^
  hint: equations hold no strings
---
unexpected character '&'

    y = x&nbsp;+ 1
         ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x

unexpected character ';'

    y = x&nbsp;+ 1
              ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x
---
a second '=' in one equation

    y = F·x=m·a
           ^
  hint: write one equation per string or line
---
the left side of '=' must be one name

    N(t) = N₀·e^(−λ·t)
    ^^^^
  hint: write y = … for y(t) = …, and variables=['t'] for an input that does not begin with x
---
the left side of '=' must be one name

    σ² = (x₁ − x̄)²
    ^^
  hint: a power is no name: write c2 = … for c^2 = …
---
the left side of '=' must be one name

    c² = a² + b²
    ^^
  hint: a power is no name: write c2 = … for c^2 = …
---
unexpected character '"'

    "y": a*x
    ^
  hint: equations hold no strings
---
unexpected character '|'

    y = |x
        ^
  hint: write abs(…) for an absolute value
---
'exp' is a function

    y = exp -x
        ^^^
  hint: call it, exp(…), or choose another name
---
'log' is a function

    y = log x^2
        ^^^
  hint: call it, log(…), or choose another name
---
'cos' is a function

    y = cos x sin x
        ^^^
  hint: call it, cos(…), or choose another name
---
'sin' is a function

    y = sin x²
        ^^^
  hint: call it, sin(…), or choose another name
---
unexpected character ':'

    y = x:2
         ^
  hint: write a quotient with '/'
---
a comma outside a function call

    y = x, y
         ^
  hint: a comma parts the arguments of a function
---
unexpected character ';'

    y = max(x; 1; 2)
             ^
  hint: arguments are parted by a comma
---
'if' is Python, not part of the language

    y = a*x if x > 0
            ^^
  hint: step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice

unexpected character '>'

    y = a*x if x > 0
                 ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
unexpected character ']'

    y = a*(x+b]
              ^
  hint: write parentheses ( ) only
---
unexpected character '}'

    y = (a+b}*x
            ^
  hint: write parentheses ( ) only
---
an operator is missing before 'c'

    y = a*x + b c d e
                ^
  hint: write a product with '*': b*c
---
unexpected character '.'

    y = ..5*x
        ^
  hint: write every term out
---
malformed number '1.2.3'

    y = 1.2.3*x
        ^^^^^
  hint: write numbers as 12, 0.5 or 1e-3
---
malformed number '1e5x'

    y = 1e5x
        ^^^^
  hint: write a product with '*': 1e5*x
---
malformed number '5e'

    y = 5e*x
        ^^
  hint: write numbers as 12, 0.5 or 1e-3
---
malformed number '0x1F'

    y = 0x1F
        ^^^^
  hint: write numbers in decimal digits: 31
---
malformed number '3i'

    y = 3i + 2
        ^^
  hint: write a product with '*': 3*i
---
the expression ends where a value is expected

    y = x^
          ^
---
a value is expected before '^'

    y = ^2
        ^
---
a value is expected before '/'

    y = a*/x
          ^
---
an operator is missing before 'x'

    y = a x^2 + b x + c
          ^
  hint: write a product with '*': a*x

an operator is missing before 'x'

    y = a x^2 + b x + c
                  ^
  hint: write a product with '*': b*x
---
an operator is missing before 'W'

    y = 5 · 10^3 W
                 ^
  hint: leave the unit away, or write a product with '*W'
---
unexpected character '°' (U+00B0 DEGREE SIGN)

    y = 20 °C
           ^
  hint: leave the unit away
---
unexpected character '′' (U+2032 PRIME)

    y = 3′
         ^
  hint: a prime is no part of a name: write y1, or dy
---
unexpected character "'"

    y = f'(x)
         ^
  hint: write the formula of the derivative; `gradient` finds those of a graph
---
unknown function 'f'

    y = f(x)
        ^
  hint: write a product with '*': f*(…)
---
unexpected character '⊕' (U+2295 CIRCLED PLUS)

    y = x⊕1
         ^
---
unexpected character '∞' (U+221E INFINITY)

    y = ∞
        ^
  hint: write a finite number
---
unexpected character '→' (U+2192 RIGHTWARDS ARROW)

    y = x → 1
          ^
  hint: write name = expression
---
unexpected character '∂' (U+2202 PARTIAL DIFFERENTIAL)

    y = ∂L/∂w
        ^
  hint: write the formula of the derivative; `gradient` finds those of a graph
---
unexpected character '∇' (U+2207 NABLA)

    y = ∇f
        ^
  hint: write the formula of the derivative; `gradient` finds those of a graph
---
unexpected character 'а' (U+0430 CYRILLIC SMALL LETTER A)

    y = а·x + a
        ^
  hint: it looks like 'a' but is another character; type 'a'
---
unexpected character 'х' (U+0445 CYRILLIC SMALL LETTER HA)

    y = хa
        ^
  hint: it looks like 'x' but is another character; type 'x'
---
unexpected character 'х' (U+0445 CYRILLIC SMALL LETTER HA)

    yх = a·x
     ^
  hint: it looks like 'x' but is another character; type 'x'
---
'𝐱' cannot be told from 'x', which stands here too

    y = 𝐱·x
        ^
  hint: give one of them another name
---
unexpected character ':'

    y = a:b
         ^
  hint: write a quotient with '/'
---
unexpected character ']'

    y = (a+b]*x
            ^
  hint: write parentheses ( ) only
---
unexpected character "'"

    f'(x) = 1 for x > 0
     ^
  hint: name the derivative: df = … for f'(x) = …
---
'for' is Python, not part of the language

    f(x) = 1 for x > 0
             ^^^
  hint: step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice

unexpected character '>'

    f(x) = 1 for x > 0
                   ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
'for' is Python, not part of the language

    y = a*x for all x
            ^^^
  hint: write the equation alone, and values as equations of their own
---
a comma outside a function call

    y = x, x > 0
         ^
  hint: write the equation alone; step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice

unexpected character '>'

    y = x, x > 0
             ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
a comma outside a function call

    y = a*x, z = b*x
           ^
  hint: write one equation per string or line
---
an operator is missing before 'x'

    y = log₁₀ x
              ^
  hint: write log(a)/log(10)
---
an operator is missing before 'x'

    y = log2 x
             ^
  hint: write log(a)/log(2)
---
an operator is missing before 'mod'

    y = x mod b
          ^^^
  hint: the remainder is not an operation of the language
---
an operator is missing before 'x'

    y = 3*e x
            ^
  hint: write a product with '*': e*x
---
unknown function 'root'

    y = root(x,3)
        ^^^^
  hint: write the n-th root as a power: a^(1/n) where a > 0
---
malformed number '0x10'

    y = 0x10
        ^^^^
  hint: write numbers in decimal digits: 16
---
malformed number '0b101'

    y = 0b101
        ^^^^^
  hint: write numbers in decimal digits: 5
---
'1,000' may be one number or several

    y = min(1,000*x, 2)
            ^^^^^
  hint: write 1000 or 1.000 for one number, 1, 000 for several
---
'1,000' may be one number or several

    y = max(1,000,x)
            ^^^^^
  hint: write 1000 or 1.000 for one number, 1, 000 for several
---
'1,500.25' may be one number or several

    y = max(x, 1,500.25)
               ^^^^^^^^
  hint: write 1500.25 for one number, 1, 500.25 for several
---
'1,250,000' may be one number or several

    y = max(x, 1,250,000)
               ^^^^^^^^^
  hint: write 1250000 for one number, 1, 250, 000 for several
---
'0,5' may be one number or several

    y = max(0,5, x)
            ^^^
  hint: write 0.5 for one number, 0, 5 for several
---
'exp' takes 1 argument, but 2 are given

    y = exp(-1,000*x)
        ^^^^^^^^^^^^^
  hint: write 1000 or 1.000
---
'sqrt' takes 1 argument, but 2 are given

    y = sqrt(1,5*x)
        ^^^^^^^^^^^
  hint: decimal numbers are written with a point
---
an operator is missing before 'slope'

    y = a*x -- the slope
                   ^^^^^
  hint: a comment begins with #
---
a value is expected before '/'

    y = a*x // the slope
             ^
  hint: a comment begins with #
---
a value is expected before '*'

    y = a*x /* the slope */
             ^
  hint: a comment begins with #
---
unexpected character ';'

    y = a*x ; the slope
            ^
  hint: a comment begins with #
---
unexpected character '!'

    y = a*x ! slope
            ^
  hint: a comment begins with #
---
unexpected character '%'

    y = a*x % slope
            ^
  hint: a comment begins with #; the remainder is not an operation of the language
---
unknown function 'SUM'

    y = SUM(A1:A3)
        ^^^
  hint: write the terms out: xa + xb + xc

unexpected character ':'

    y = SUM(A1:A3)
              ^
  hint: write the terms out: xa + xb + xc
---
unknown function 'SQRT'

    y = SQRT(A1)+PI()
        ^^^^
  hint: did you mean 'sqrt'?

unknown function 'PI'

    y = SQRT(A1)+PI()
                 ^^
  hint: write pi alone
---
unexpected character '%'

    y <- 3 + 2*x1 - x2 %% 2
                       ^
  hint: the remainder is not an operation of the language
---
malformed number '1.0D'

    Y = 1.0D-3*X
        ^^^^
  hint: write powers of ten as 1.0e-3
---
unexpected character ';'

    y = a*x + b; // slope
               ^
  hint: a comment begins with #
---
unexpected character '['

    y = x[:, 0] * w
         ^
  hint: an index is part of a name: write x0 for x[:, 0]

unexpected character ':'

    y = x[:, 0] * w
          ^
  hint: an index is part of a name: write x0 for x[:, 0]
---
unexpected character '.'

    y = x.pow(2) + 1
         ^
  hint: write a call of a function: exp(x) for x.exp()

unknown function 'pow'

    y = x.pow(2) + 1
          ^^^
  hint: write a power with '^': a^b
---
unknown function 'sigma'

    y = sigma(w*x+b)
        ^^^^^
  hint: write sigmoid(a), or a product with '*'
---
unknown function 'σ'

    y = σ(w·x + b)
        ^
  hint: write sigmoid(a), or a product with '*'
---
unknown function 'tg'

    y = tg(x)
        ^^
  hint: write tan(a)
---
unexpected character '|'

    y = ||x||
        ^
  hint: write sqrt(xa^2 + xb^2) for a norm
---
unexpected character '|'

    y = (a || x)
           ^
  hint: there is no logic in the language; step(a)*step(b) is 1 where both are above 0
---
a comma outside a function call

    y = 3,5x
         ^
  hint: decimal numbers are written with a point

malformed number '5x'

    y = 3,5x
          ^^
  hint: write a product with '*': 5*x
---
an operator is missing before 'x'

    y = 5×10⁻³x
              ^
  hint: write a product with '*': …*x
---
an operator is missing before 'pi'

    y = ⅓πr²h
         ^
  hint: write a product with '*': (…)*pi

an operator is missing before 'r'

    y = ⅓πr²h
          ^
  hint: write a product with '*': pi*r

an operator is missing before 'h'

    y = ⅓πr²h
            ^
  hint: leave the unit away, or write a product with '*h'
---
an operator is missing before 'x'

    y = lim x
            ^
  hint: a limit is not in the language: write what it comes to
---
'tan' is a function

    y = tan-1(x)
        ^^^
  hint: write arctan(x), or 1/tan(x): tan^-1 is used for either

an operator is missing before '('

    y = tan-1(x)
             ^
  hint: write a product with '*': 1*(…)
---
an operator is missing before '('

    y = (x)(2)
           ^
  hint: leave the number of the equation away, or write (…)*2
---
unexpected character '<'

    y = x<sup>2</sup>
         ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x

unexpected character '>'

    y = x<sup>2</sup>
             ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x
---
unexpected character '&'

    y = a &times; x
          ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x

unexpected character ';'

    y = a &times; x
                ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x
---
unexpected character '<'

    <i>y</i> = 2*x
    ^
  hint: this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x
---
unexpected character "'"

    y = 1'000*x
         ^
  hint: write 1000 for 1'000
---
malformed number '.5x'

    y = .5x
        ^^^
  hint: write a product with '*': .5*x
---
malformed number '0.5x'

    y = 0.5x
        ^^^^
  hint: write a product with '*': 0.5*x
---
an operator is missing before 'mod'

    y = x mod 2
          ^^^
  hint: the remainder is not an operation of the language
---
the left side of '=' must be one name

    =A1*2+B$1
    ^
  hint: write a name before '=', such as y
---
unknown function 'IF'

    y = IF(A1>0,A1,0)
        ^^
  hint: step(c)*a + (1 - step(c))*b is a where c > 0, else b

unexpected character '>'

    y = IF(A1>0,A1,0)
             ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
malformed number '2x'

    f(x) = 2x^2 + 3x
           ^^
  hint: write a product with '*': 2*x

malformed number '3x'

    f(x) = 2x^2 + 3x
                  ^^
  hint: write a product with '*': 3*x
---
unexpected character '!'

    y = n!/(k!(n-k)!)
         ^
  hint: a factorial is not in the language
---
unknown function 'float'

    y = float(x)^1,5
        ^^^^^
  hint: write a product with '*': float*(…)

a comma outside a function call

    y = float(x)^1,5
                  ^
  hint: decimal numbers are written with a point
---
unknown function 'fabs'

    y = fabs(x) + expf(-x)
        ^^^^
  hint: write abs(a)

unknown function 'expf'

    y = fabs(x) + expf(-x)
                  ^^^^
  hint: did you mean 'exp'?
---
the expression ends where a value is expected

    y = x ÷ 2 ÷
               ^
---
unknown function 'lg'

    y = lg(x) + ld(x)
        ^^
  hint: write log(a)/log(10)

unknown function 'ld'

    y = lg(x) + ld(x)
                ^^
  hint: write log(a)/log(2)
---
unknown function 'arsinh'

    y = arsinh(x)
        ^^^^^^
  hint: write log(a + sqrt(a^2 + 1))
---
unknown function 'clamp'

    y = clamp(x, 0, 1)
        ^^^^^
  hint: write min(max(a, low), high)
"""


COMMENTED = {  # a line above an equation, and what is said of it
    "// the slope": "an equation needs '='",
    "-- the slope": "an equation needs '='",
    "/* the slope */": "an equation needs '='",
    "// y = a*x": "the left side of '=' must be one name",
    "! the slope": "unexpected character '!'",
}


@pytest.mark.parametrize("line", COMMENTED)
def test_a_comment_of_another_language_is_told(line: str):
    with pytest.raises(ExpressionError) as caught:
        parse_graph(f"{line}\ny = a*x")
    [problem] = caught.value.problems
    assert problem.message == f"line 1: {COMMENTED[line]}"
    assert problem.hint == "a comment begins with #"


def blocks() -> list[str]:
    return [block.strip("\n") for block in REFUSED.split("---\n")]


@pytest.mark.parametrize("message", blocks())
def test_what_is_not_read_is_refused_in_words_that_help(message: str):
    """The whole message; the text refused is its third line."""
    text = message.splitlines()[2].removeprefix("    ")
    with pytest.raises(ExpressionError) as caught:
        parse_graph([text])
    assert str(caught.value) == message


def test_the_tables_are_as_long_as_they_say():
    assert len(READ) + len(NOTED) >= 90
    assert len(blocks()) >= 90


# Names


def test_a_name_is_one_however_it_is_composed():
    graph = parse_graph(["y = e\u0301*x + \u00e9*x", "z = y\u200b·µ + μ"])
    assert graph.parameters == ("\u00e9", "μ")
    assert graph.depends_on == {"y": ["x"], "z": ["y"]}


def test_declared_names_are_read_like_those_of_equations():
    graph = parse_graph(["y = w₁·t₂ + π"], variables=["t₂"], parameters=["π", "w₁"])
    assert (graph.inputs, graph.parameters) == (("t2",), ("w1", "pi"))


SPELLED = parse_graph(["ŷ = α₁·x₁ + π₁·μ", "xz = ŷ²"], variables=["μ"])
SUBSCRIPTS = {"x₁": [0.5, 2.0, 1.0], "µ": [1.5, 0.2, 3.0]}
TRUTH = {"α₁": 2.0, "π₁": 3.0}
AT = SUBSCRIPTS | TRUTH


def _fitted(data: Dataset) -> dict[str, float]:
    result = fit(SPELLED, data, LeastSquares(), start=TRUTH, progress=False)
    return {name: round(value, 6) for name, value in result.parameters.items()}


ASKED = {  # what takes a name, and what it finds
    "at": lambda: SPELLED.evaluate(AT)["ŷ"].tolist(),
    "at of a program": lambda: SPELLED.compile().values(AT)["ŷ"].tolist(),
    "at of a check": lambda: check_gradients(SPELLED, at=AT).ok,
    "claims": lambda: (
        check_gradients(
            SPELLED, claims={("y\u0302", "x₁"): "α₁", ("xz", "ŷ"): "2·ŷ"}
        ).ok
    ),
    "output of a check": lambda: check_gradients(SPELLED, output="y\u0302").ok,
    "gradient of": lambda: gradient(SPELLED, "y\u0302", wrt="x₁").outputs,
    "minimize": lambda: (
        minimize(
            SPELLED, "y\u0302", start=AT | {"x₁": 1, "µ": 1}, steps=1, progress=False
        ).loss_name
    ),
    "picture": lambda: len(draw_graph(SPELLED, at=TRUTH | {"x₁": 1, "µ": 1}).texts) > 4,
    "wrt": lambda: [*gradient(SPELLED, "xz", wrt=["x₁"]).dependents][-1],
    "outputs": lambda: parse_graph(["y₁ = a·x₁", "x₂ = y₁"], outputs=["y₁"]).outputs,
    "typical": lambda: (
        edge_partials(SPELLED, AT, typical={"x₁": 2.0})["ŷ", "x1"] is None
    ),
    "data": lambda: _fitted(
        Dataset(SUBSCRIPTS, {"xz": SPELLED.evaluate(AT)["xz"]}, sigma={"xz": 1.0})
    ),
    "generate": lambda: _fitted(
        generate(SPELLED, TRUTH, 9, low={"x₁": 1}, high={"x₁": 2, "µ": 3}, rng=0)
    ),
    "frame": lambda: [
        *Dataset.from_frame(
            pd.DataFrame(SUBSCRIPTS | {"xz": [1.0] * 3}), SPELLED
        ).inputs
    ],
}
FOUND = {
    "at": [5.5, 4.6, 11.0], "at of a program": [5.5, 4.6, 11.0], "at of a check": True,
    "output of a check": True, "gradient of": ("d_ŷ_d_x1",), "minimize": "ŷ",
    "picture": True, "claims": True, "wrt": "d_xz_d_x1", "outputs": ("y1",), "typical": False,
    "data": {"α1": 2.0, "π1": 3.0}, "generate": {"α1": 2.0, "π1": 3.0},
    "frame": ["x1", "μ"],
}  # fmt: skip


@pytest.mark.parametrize("way", ASKED)
def test_names_are_read_as_in_equations_wherever_they_are_given(way: str):
    assert ASKED[way]() == FOUND[way]


TWICE = {  # and what is said where that makes one of two
    "at": (lambda: SPELLED.evaluate(AT | {"x1": 1.0}), "'x₁' and 'x1' are one name, 'x1': give it once"),
    "data": (lambda: Dataset({"µ": [1.0], "μ": [2.0]}, {"y": [1.0]}), "'µ' and 'μ' are one name, 'μ': give it once"),
    "start": (lambda: fit(SPELLED, Dataset(SUBSCRIPTS, {"xz": [1.0] * 3}), start={"π₁": 1, "π1": 2}), "'π₁' and 'π1' are one name, 'π1': give it once"),
    "claims": (lambda: check_gradients(SPELLED, claims={("ŷ", "x₁"): "α₁", ("ŷ", "x1"): 1}), "a second claim for d ŷ / d x1"),
    "alpha": (lambda: SPELLED.evaluate(AT | {"alpha1": 1.0}), "unknown name 'alpha1'\n  hint: did you mean 'α1'?"),
}  # fmt: skip


@pytest.mark.parametrize("way", TWICE)
def test_a_name_that_is_given_twice_or_in_letters_is_told(way: str):
    ask, said = TWICE[way]
    with pytest.raises(CGPrimerError) as caught:
        ask()
    assert str(caught.value) == said


def test_only_what_begins_with_x_is_a_variable():
    graph = parse_graph(["y = χ + ξ + x̂ + ẋ + ẍ + éx"])
    assert graph.inputs == ("x̂", "ẋ", "ẍ")
    assert graph.parameters == ("χ", "ξ", "éx")


def test_what_looks_alike_is_refused_over_all_equations():
    with pytest.raises(ExpressionError, match=r"looks like 'a' but is another"):
        parse_graph(["y = а·b", "z = a*y"])
    assert parse_graph(["у = а·b"]).parameters == ("а", "b")
    assert parse_graph(["y = скорость*a"]).parameters == ("скорость", "a")
    assert parse_graph(["y = ρ*p + ν*v + α*a + ι*i"]).parameters[:2] == ("ρ", "p")


def test_an_operation_is_found_in_what_its_author_wrote():
    body = parse_expression("x^2 - b")
    text = "(1)  y ≔ a·(x² − b),"
    assert span_in_equation(text, body) == (12, 18)
    assert text[12:18] == "x² − b"


@pytest.mark.parametrize(
    ("name", "latex"),
    [("α", r"\alpha"), ("Ω1", r"\Omega_{1}"), ("λ_x", r"\lambda_{x}"), ("x̂", r"\hat{x}"),
     ("ẋ", r"\dot{x}"), ("ΔT", r"\mathit{ΔT}"), ("é", "é"), ("x1", "x_{1}")],
)  # fmt: skip
def test_a_letter_is_set_as_latex_sets_it(name: str, latex: str):
    assert latex_name(name) == latex


DEFINED = [  # equations, their parameters, and the warnings
    ("y = e^x\ne = 2", (), []),
    ("e = 2\ny = e^x + E^x\nE = e", (), []),
    ("y = k_BT*x\nk_BT = 0.025", (), []),
    (
        "y = ax^2 + e^-x\nax = 3*x",
        ("e",),
        [
            "e is a parameter in 'y = ax^2 + e^-x': write exp(x) for e^x, or declare it with parameters=['e']"
        ],
    ),
    ("y = mc^2 + x", ("mc",), []),
]


@pytest.mark.parametrize(("text", "parameters", "said"), DEFINED)
def test_what_is_defined_is_no_constant_wherever_it_is(text, parameters, said):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert parse_graph(text).parameters == parameters
    assert [str(each.message) for each in caught] == said


# Texts of several lines

LINES = {
    "in brackets": (
        "y = a*(x\n  + b  # why\n\n  + c)\nz = y",
        ["y = a*(x + b + c)", "z = y"],
    ),
    "behind a sign": ("y = a*x +\n b*x", ["y = a*x + b*x"]),
    "before a sign": ("y = a*x\n  − b·x\n  + c", ["y = a*x - b*x + c"]),
    "at the equals sign": ("y =\n  a*x", ["y = a*x"]),
    "a backslash": ("y = a*x \\\n + b\\\n", ["y = a*x + b"]),
    "three points": ("y = a*x ...\n + b", ["y = a*x + b"]),
    "arguments": ("y = max(a,\n  b*x\n)", ["y = max(a, b*x)"]),
    "comments": ("% a\n# b\ny = a*x\n  % c\n  + b # d\n", ["y = a*x + b"]),
    "a fence": ("```python\ny = a*x\nz = y**2\n```", ["y = a*x", "z = y^2"]),
    "a list": ("- y = a*x\n- z = y^2", ["y = a*x", "z = y^2"]),
    "numbers": ("1. y = a*x,\n2. z = y^2.", ["y = a*x", "z = y^2"]),
    "a mark before all": ("\ufeffy = a·x\r\nz = y²\r\n", ["y = a*x", "z = y^2"]),
    "separators of lines": ("y = a*x\u2028z = y", ["y = a*x", "z = y"]),
}


@pytest.mark.parametrize(("text", "equations"), LINES.values(), ids=LINES)
def test_an_equation_goes_on_over_lines(text: str, equations: list[str]):
    graph = parse_graph(text)
    assert [str(graph.equation(name)) for name in graph.dependents] == equations


def test_a_mistake_has_the_line_that_it_is_on_and_swallows_no_equation():
    with pytest.raises(ExpressionError) as caught:
        parse_graph("\ny = a*x +\n  sn(x) +\n  2x\nz = (y\nw = z +\nv = w")
    told = str(caught.value).split("\n\n")[::2]
    heads = [part.splitlines()[0] for part in told if part.startswith("line")]
    assert [problem.message for problem in caught.value.problems] == [
        "line 3: unknown function 'sn'",
        "line 4: malformed number '2x'",
        "line 5: '(' is never closed",
        "line 6: the expression ends where a value is expected",
    ]
    assert heads


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_tells_its_encoding_by_its_mark(encoding: str, tmp_path, capsys):
    path = tmp_path / "model.txt"
    path.write_bytes("y = α·x\r\n".encode(encoding))
    assert main(["show", str(path)]) == 0
    assert capsys.readouterr().out.startswith("y = α*x\n")


def test_a_command_notes_what_misleads(capsys):
    assert main(["show", "y = e^x"]) == 0
    note = "note: e is a parameter in 'y = e^x': write exp(x) for e^x, or declare it"
    assert capsys.readouterr().err.startswith(note)


# Claims

WAYS = [
    "d L / d w11",
    "dL/dw11",
    "∂L/∂w11",
    "∂L/∂w₁₁",
    "dL/dw_11",
    "d L/dw11",
    "- ∂L ⁄ ∂w11",
]


@pytest.mark.every(3)
@pytest.mark.parametrize("left", WAYS)
def test_a_claim_is_read_however_its_differentials_are_set(left: str):
    graph = parse_graph(["xh = w11*xa + w12*xb", "L = (xh - t)^2"])
    right = check_gradients(
        graph, claims=parse_claims(f"{left} = 2·(xh − t)·xa"), output="L"
    )
    wrong = check_gradients(
        graph, claims=parse_claims(f"{left} = (xh − t)·xa"), output="L"
    )
    assert (right.ok, wrong.ok) == (True, False)


def test_a_claim_is_never_taken_for_a_quotient_of_names():
    graph = parse_graph(["dL = w*xa"])
    with pytest.raises(GraphError) as caught:
        check_gradients(graph, claims=parse_claims("dL/dw = xa"))
    assert str(caught.value) == (
        "the graph has 'dL' and no 'L'\n"
        "  hint: dL in a claim is a differential; write d dL for that of dL"
    )
    assert check_gradients(graph, claims=parse_claims("d dL/dw = xa")).ok


def test_two_spellings_of_one_claim_are_two_claims():
    graph = parse_graph(["y = w11*xa"])
    with pytest.raises(ExpressionError, match="line 2: a second claim for d y / d w11"):
        check_gradients(graph, claims=parse_claims("dy/dw11 = xa\ndy/dw_11 = 1"))
    with pytest.raises(ExpressionError, match="claims are of first derivatives"):
        parse_claims("d²y/dw11² = 0")


# A parameter e


def test_a_fit_tells_of_a_parameter_that_looks_like_a_constant():
    with pytest.warns(ReadingWarning, match="e is a parameter"):
        graph = parse_graph(["y = a*e^x"])
    x = np.linspace(0, 1, 9)
    data = Dataset({"x": x}, {"y": 2 * np.exp(x)})
    note = "e is a parameter in 'y = a*e^x': write exp(x) for e^x"
    assert note in fit(graph, data, LeastSquares(), progress=False).message
    declared = parse_graph(["y = a*e^x"], parameters=["e"])
    assert note not in fit(declared, data, LeastSquares(), progress=False).message
    assert parse_graph(["y = a*e*x"]).doubts == ()


# Bad input

N = 4_000
ENDLESS = {
    "roots": "√" * N, "roots in brackets": "√(" * N, "bars": "|" * N, "bars of x": "|x" * N,
    "powers": "x²" * N, "indices": "x₁" * N, "accents": "e\u0301" * N, "marks": "x" + "\u0301" * N,
    "functions": "sin " * N, "powers of functions": "sin^2 " * N, "brackets": "sin(" * N,
    "modules": "np." * N, "points": "." * N, "quotes": "`" * N, "blanks": " " * N + "a b",
    "tags": "a" + " " * N + "(1)", "semicolons": ";%" * N, "stars": "**" * N, "words": "a " * N,
    "Cyrillic": "ха" * N, "styles": "𝐱" * N, "dots": "·" * N, "letters": "é" * N + "(",
    "bullets": "- " * N, "numbers": "(1)" * N, "arrows": "<-" * N, "signs": "∑" * N,
}  # fmt: skip


@pytest.mark.every(8)
@pytest.mark.parametrize("unit", ENDLESS)
def test_bad_input_ends_soon(unit: str):
    for text in (f"y = {ENDLESS[unit]}", ENDLESS[unit]):
        began = time.process_time()
        try:
            parse_graph([text])
        except ExpressionError as error:
            assert len(str(error)) < 5_000  # noqa: PT017
        assert time.process_time() - began < 2
