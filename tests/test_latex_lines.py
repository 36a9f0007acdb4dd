r"""Lines of many courses' styles: what each is read as, or why it is not.

`READ` holds a text and, by hand, its equalities in our language, with every adjoint and
derivative worked out; `REFUSED` holds a text and the whole message. Between them stand
the notations where two readings are possible, with the one that is taken.
"""

import contextlib
import json
import time
from pathlib import Path

import numpy as np
import pytest
from problems import PROBLEMS, problem

from cgprimer import parse_claims, parse_graph, parse_latex, trace
from cgprimer.diagnosis.extended import values
from cgprimer.errors import CGPrimerError, ReadingWarning
from cgprimer.expr.node import fold, intern, leaves, substitute
from cgprimer.expr.ops import NAME, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.latex import _minus_before_fractions
from cgprimer.reading.claimed import read_formula
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.reader import read_lines

READ = {
    # a school's calculus: letters side by side
    r"f(x) = ax^2 + bx + c \\ f'(x) = 2ax + b \\ f''(x) = 2a": """
        f = a*x^2 + b*x + c; 2*a*x + b = 2*a*x + b; 2*a = 2*a""",
    r"f(x) = x^3 \\ f'(2) = 12 \\ f(x+1) = (x+1)^3": """
        f = x^3; 12 = 12; (x + 1)^3 = (x + 1)^3""",
    r"y = x^2 \sin x \\ y' = 2x\sin x + x^2\cos x": """
        y = x^2*sin(x); 2*x*sin(x) + x^2*cos(x) = 2*x*sin(x) + x^2*cos(x)""",
    r"(x^2)' = 2x": "2*x = 2*x",
    r"(\sin x)' = \cos x": "cos(x) = cos(x)",
    r"(x^3)'' = 6x": "6*x = 6*x",
    r"\frac{d}{dx}(x^2) = 2x": "2*x = 2*x",
    r"\frac{d}{dx}\left[x^2 + 3x\right] = 2x + 3": "2*x + 3 = 2*x + 3",
    r"\frac{d}{dx} x^3 = 3x^2": "3*x^2 = 3*x^2",
    r"\frac{d}{dx} 3x^2 = 6x": "6*x = 6*x",
    r"\frac{d}{dx}(x^2+1)^3 = 6x(x^2+1)^2": "6*x*(x^2+1)^2 = 6*x*(x^2+1)^2",
    r"\frac{d}{dx} e^{2x} = 2e^{2x}": "2*exp(2*x) = 2*exp(2*x)",
    r"\frac{d}{dx}\ln x = \frac1x": "1/x = 1/x",
    r"\frac{d}{dx}(u v) = u\frac{dv}{dx} \\ v = x^2": "2*u*x = 2*u*x; v = x^2",
    r"\frac{d(x^2)}{dx} = 2x": "2*x = 2*x",
    r"\frac{d \sin(x)}{dx} = \cos x": "cos(x) = cos(x)",
    r"y = \ln(x^2 + 1) \\ \frac{d^2 y}{dx^2} = \frac{2 - 2x^2}{(x^2+1)^2}": """
        y = log(x^2 + 1); (2 - 2*x^2)/(x^2+1)^2 = (2 - 2*x^2)/(x^2+1)^2""",
    r"y = x^4 \\ \dfrac{\mathrm{d}^3 y}{\mathrm{d}x^3} = 24x": "y = x^4; 24*x = 24*x",
    r"y = 3x^2 \\ \left.\frac{dy}{dx}\right|_{x=2} = 12": "y = 3*x^2; 12 = 12",
    r"y = 3x^2 \\ \frac{dy}{dx}\Big|_{x=2} = 12": "y = 3*x^2; 12 = 12",
    r"f(x, y) = x^2 y \\ \left. f \right|_{x=2, y=3} = 12 = f(2, 3)": """
        f = x^2*y; 12 = 12; 12 = 12""",
    r"\sqrt[3]{x^2} = x^{2/3} = x^{\frac23}": """
        x^(2/3) = x^(2/3); x^(2/3) = x^(2/3)""",
    r"\sin^2 x + \cos^2 x = 1": "sin(x)^2 + cos(x)^2 = 1",
    r"\log_2 8 = 3": "log(8)/log(2) = 3",
    r"\log_{10}(x) = \lg x": "log(x)/log(10) = log(x)/log(10)",
    r"\cot x = \frac{\cos x}{\sin x}": "1/tan(x) = cos(x)/sin(x)",
    r"\sec^2(x) = 1 + \tan^2(x)": "1/cos(x)^2 = 1 + tan(x)^2",
    r"\arctan'(x) = \frac{1}{1+x^2}": "1/(1+x^2) = 1/(1+x^2)",
    r"|x|^2 = x^2": "abs(x)^2 = x^2",
    r"|x||z| = \left|xz\right|": "abs(x)*abs(z) = abs(x*z)",
    "y = 2|x|": "y = 2*abs(x)",
    r"$y = b(x-1)^2 + c$ and $\frac{dy}{dx} = 2b(x-1)$": """
        y = b*(x-1)^2 + c; 2*b*(x-1) = 2*b*(x-1)""",
    r"$k = 2\cdot 10^{-3}$, $y = kx$": "k = 0.002; y = 0.002*x",
    r"y = 2\pi(x+1)": "y = 2*pi*(x + 1)",
    r"\left\lvert x - y \right\rvert = \max(x, y) - \min(x, y)": """
        abs(x - y) = max(x, y) - min(x, y)""",
    r"\max\{0, x\} = \operatorname{ReLU}(x)": "max(0, x) = relu(x)",
    # physics: dots, deltas, orders of magnitude
    r"E = \tfrac{1}{2} mv^2 \\ \frac{\partial E}{\partial v} = mv": """
        E = 1/2*m*v^2; m*v = m*v""",
    r"F = G\frac{m_1m_2}{r^2}": "F = G*m1*m2/r^2",
    r"\dot y = -ky": "dot_y = -k*y",
    r"h = 6.626 \times 10^{-34}": "h = 6.626e-34",
    r"V = -2.5 \cdot 10^{3}\,x": "V = -2500*x",
    r"\Delta x = x_2 - x_1": "Delta_x = x2 - x1",
    r"x = A\cos(\omega t) \\ \dot x = -A\omega\sin(\omega t) \\ \ddot x = "
    r"-\omega^2 x": """
        x = A*cos(omega*t); -A*omega*sin(omega*t) = -A*omega*sin(omega*t);
        -omega^2*A*cos(omega*t) = -omega^2*A*cos(omega*t)""",
    r"F = -\frac{\partial U}{\partial x} = -kx \\ U = \frac12 kx^2": """
        F = -k*x; -k*x = -k*x; U = k*x^2/2""",
    r"y = x^2\,,\qquad y' = 2x\,.": "y = x^2; 2*x = 2*x",
    r"f = x^2 y^3 \\ \frac{\partial^2 f}{\partial x \partial y} = 6xy^2": """
        f = x^2*y^3; 6*x*y^2 = 6*x*y^2""",
    r"f = x^2 y^3 \\ \frac{\partial^2 f}{\partial x^2} = 2y^3": """
        f = x^2*y^3; 2*y^3 = 2*y^3""",
    r"f(x, y) = x^2 y \\ \nabla f = (2xy, x^2)": """
        f = x^2*y; 2*x*y = 2*x*y; x^2 = x^2""",
    r"f = x^2 y \\ \nabla f(y, x) = \begin{pmatrix} x^2 \\ 2xy \end{pmatrix}": """
        f = x^2*y; x^2 = x^2; 2*x*y = 2*x*y""",
    r"f = x^2 y \\ \nabla f = \begin{bmatrix} 2xy & x^2 \end{bmatrix}^\top": """
        f = x^2*y; 2*x*y = 2*x*y; x^2 = x^2""",
    r"L = (wx + b)^2 \\ \nabla_{b,w} L = [2(wx + b), 2x(wx + b)]^T": """
        L = (w*x + b)^2; 2*(w*x + b) = 2*(w*x + b);
        2*x*(w*x + b) = 2*x*(w*x + b)""",
    r"L = (wx + b)^2 \\ \nabla_w L = 2x(wx + b)": """
        L = (w*x + b)^2; 2*x*(w*x + b) = 2*x*(w*x + b)""",
    r"f(x) = x^2 \\ \nabla f = (2x) = (x + x)": "f = x^2; 2*x = 2*x; 2*x = x + x",
    r"y = \tfrac12 a + \dfrac34 b": "y = a/2 + 3*b/4",
    r"y = a - -b": "y = a + b",
    r"F = m \vec a": "F = m*vec_a",
    r"E = \frac32 k_B T + m_{BT}": "E = 3/2*k_B*T + m_BT",
    r"f = x^2 y^3 \\ \partial_x f = 2xy^3 \\ \partial_y (x y) = x": """
        f = x^2*y^3; 2*x*y^3 = 2*x*y^3; x = x""",
    r"\lambda = \frac{2\pi}{k}": "lambda = 2*pi/k",
    r"$\frac{pV}{T} = nR$": "p*V/T = n*R",
    r"\psi = A e^{-\kappa x} \\ \frac{d\psi}{dx} = -\kappa\psi": """
        psi = A*exp(-kappa*x); -kappa*A*exp(-kappa*x) = -kappa*A*exp(-kappa*x)""",
    # machine learning: losses, layers, hats
    r"\hat y = wx + b \\ L = \frac12(\hat y - y)^2 \\ "
    r"\frac{\partial L}{\partial w} = (\hat y - y)x": """
        hat_y = w*x + b; L = 1/2*(w*x + b - y)^2;
        (w*x + b - y)*x = (w*x + b - y)*x""",
    r"L = (y-t)^2 \\ \frac{\delta L}{\delta y} = 2(y-t)": """
        L = (y - t)^2; 2*(y - t) = 2*(y - t)""",
    r"\mathcal{L}(y, f) = -y\ln f - (1-y)\ln(1-f) \\ "
    r"\frac{\partial\mathcal L}{\partial f} = -\frac yf+\frac{1-y}{1-f}": """
        L = -y*log(f) - (1 - y)*log(1 - f);
        -y/f + (1 - y)/(1 - f) = -y/f + (1 - y)/(1 - f)""",
    r"\mathcal L(y, f) = (y - f)^2 \\ \frac{\partial \mathcal L(y, f)}{\partial f} = "
    r"2(f - y)": "L = (y - f)^2; 2*(f - y) = 2*(f - y)",
    r"f_{out} = \sigma(z) \\ \frac{\partial f_{out}}{\partial z} = "
    r"f_{out}(1 - f_{out})": """
        f_out = sigmoid(z); sigmoid(z)*(1 - sigmoid(z)) =
        sigmoid(z)*(1 - sigmoid(z))""",
    r"\sigma'(z) = \sigma(z)(1 - \sigma(z))": """
        sigmoid(z)*(1 - sigmoid(z)) = sigmoid(z)*(1 - sigmoid(z))""",
    r"\sigma(z) = \tanh z \\ \sigma'(z) = 1 - \sigma(z)^2": """
        sigma = tanh(z); 1 - tanh(z)^2 = 1 - tanh(z)^2""",
    r"\sigma(x)=\frac{1}{1+e^{-x}},\quad "
    r"\sigma'(x)=\sigma(x)\bigl(1-\sigma(x)\bigr)": """
        sigma = 1/(1 + exp(-x)); exp(-x)/(1 + exp(-x))^2 =
        exp(-x)/(1 + exp(-x))^2""",
    r"J = \frac12 (h_\theta(x) - y)^2 \\ h_\theta(x) = \theta x": """
        J = (theta*x - y)^2/2; h_theta = theta*x""",
    r"f^{(1)}(x) = wx \\ y = f^{(1)}(2)": "f_sup1 = w*x; y = w*2",
    r"f(x) = x^3 \\ f^{(2)}(x) = 6x = f^{(2)}(1)x": """
        f = x^3; 6*x = 6*x; 6*x = 6*x""",
    r"\tanh'(x) = 1 - \tanh^2 x": "1 - tanh(x)^2 = 1 - tanh(x)^2",
    r"y = \sum_{i=1}^{3} w_i x_i + b \\ \frac{\partial y}{\partial w_2} = x_2": """
        y = w1*x1 + w2*x2 + w3*x3 + b; x2 = x2""",
    r"z = \sum_{j=1}^2 w_{1,j}x_j": "z = w1_1*x1 + w1_2*x2",
    r"n = 2 \\ m = \frac1n \sum_{i=1}^{n} (x_i - \mu)^2": """
        n = 2; m = ((x1 - mu)^2 + (x2 - mu)^2)/2""",
    r"\sum_{i=0}^{2} \frac{x^i}{i+1} = 1 + \frac x2 + \frac{x^2}{3}": """
        1 + x/2 + x^2/3 = 1 + x/2 + x^2/3""",
    r"\prod_{k=1}^{4} k = 24": "24 = 24",
    r"\sum_{i=1}^{2}\sum_{j=1}^{2} a_{i,j} = a_{1,1} + a_{1,2} + a_{2,1} + a_{2,2}": """
        a1_1 + a1_2 + a2_1 + a2_2 = a1_1 + a1_2 + a2_1 + a2_2""",
    r"a^{(1)} = \tanh(w^{(1)}x) \\ \frac{\partial a^{(1)}}{\partial w^{(1)}} = "
    r"(1 - (a^{(1)})^2)x": """
        a_sup1 = tanh(w_sup1*x); (1 - tanh(w_sup1*x)^2)*x =
        (1 - tanh(w_sup1*x)^2)*x""",
    r"a^{[2]} = w^{[2]}_{1} a^{[1]} + b^{(2)}": """
        a_layer2 = w_layer2_1*a_layer1 + b_sup2""",
    r"h_t = \tanh(w h_{t-1} + u x_t)": "h_t = tanh(w*h_t_minus_1 + u*x_t)",
    r"w_{new} = w - \eta g": "w_new = w - eta*g",
    r"w' = w - \alpha g": "w_prime = w - alpha*g",
    r"s = \frac{1}{1+e^{-x}} \\ \frac{ds}{dx} = s(1-s)": """
        s = 1/(1 + exp(-x)); exp(-x)/(1 + exp(-x))^2 = exp(-x)/(1 + exp(-x))^2""",
    r"y = x \cdot \text{ReLU}(w)": "y = x*relu(w)",
    r"$w_1x_1 + w_2x_2 = w_2x_2 + w_1x_1$": "w1*x1 + w2*x2 = w2*x2 + w1*x1",
    # backpropagation: bars, chains, names of two letters
    r"v_1 = 1/x \\ v_2 = \sin x \\ v_3 = v_1 v_2 \\ \bar v_3 = 1 \\ "
    r"\bar v_1 = \bar v_3 v_2 = \bar{v}_3 \frac{\partial v_3}{\partial v_1}": """
        v1 = 1/x; v2 = sin(x); v3 = sin(x)/x; 1 = 1; sin(x) = sin(x);
        sin(x) = sin(x)""",
    r"xy = ab \cdot xa^2 \\ \overline{xy} = 1 \\ \frac{\partial xy}{\partial xa} = "
    r"2 \cdot ab \cdot xa": "xy = ab*xa^2; 1 = 1; 2*ab*xa = 2*ab*xa",
    r"\mathit{xw} = \mathit{ab} x": "xw = ab*x",
    r"y = u^2, \text{ where } u = x + 1 \\ \frac{dy}{dx} = 2u": """
        y = (x + 1)^2; u = x + 1; 2*(x + 1) = 2*(x + 1)""",
    r"y = \left(e^x\right) \left(1 + x\right) = e^x \left(1 + x\right)": """
        y = exp(x)*(1 + x); exp(x)*(1 + x) = exp(x)*(1 + x)""",
    r"\frac{\partial}{\partial x}\left(x^2 y\right) = 2xy": "2*x*y = 2*x*y",
    r"\frac{\partial (wx+b)}{\partial w} = x": "x = x",
    r"y = x^2 \\ \frac{d}{dy} \sin y = \cos y": "y = x^2; cos(x^2) = cos(x^2)",
    # how it is set: displays, words, alignments
    "\\begin{align*}\n  y &= (x+1)^2 \\\\\n    &= x^2 + 2x + 1\n\\end{align*}": """
        y = (x + 1)^2; (x + 1)^2 = x^2 + 2*x + 1""",
    "Let $y = x^2$ and $z = 3y$, so that\n\\[ \\frac{dz}{dx}\n  = 6x \\] as "
    "we know.": "y = x^2; z = 3*x^2; 6*x = 6*x",
    r"$$y = x^2 \implies \frac{dy}{dx} = 2x$$": "y = x^2; 2*x = 2*x",
    r"y = x^2 \Rightarrow y' = 2x \iff \frac{y'}{2} = x \qquad \square": """
        y = x^2; 2*x = 2*x; 2*x/2 = x""",
    r"\boxed{y = \underbrace{x^2}_{\text{square}} + 1} \tag{3}": "y = x^2 + 1",
    r"y = x^2 \quad\text{(chain rule)} % done": "y = x^2",
    "y = a\n  + b\nz = (a\n  + b)": "y = a + b; z = a + b",
    r"$$f(x) = x^2$$ and $g = x^3$, $g' = 3x^2$": "f = x^2; g = x^3; 3*x^2 = 3*x^2",
    r"y = x^2 \\[2pt] y' = 2x": "y = x^2; 2*x = 2*x",
    r"a &= 1 & b &= 2 \\ c &= 3": "a = 1; b = 2; c = 3",
    r"x = 1.3 \\ y = \sin x \approx 0.964": "x = 1.3; y = sin(1.3); sin(1.3) = 0.964",
    r"u := x^2 \\ v \equiv 2u": "u = x^2; v = 2*x^2",
    r"y = {\color{red} x}^2\ \!\cdot\,a": "y = x^2*a",
    r"f(x)=x^2,\; g(x)=f(x+1),\; g'(x)=2(x+1)": """
        f = x^2; g = (x + 1)^2; 2*(x + 1) = 2*(x + 1)""",
    r"f(t) = t^2 \\ y = f(\sin x) \\ \frac{dy}{dx} = f'(\sin x)\cos x": """
        f = t^2; y = sin(x)^2; 2*sin(x)*cos(x) = 2*sin(x)*cos(x)""",
    # plain text and Unicode
    "y = x²·sin(x)\n∂y/∂x = 2x·sin(x) + x²·cos(x)": """
        y = x^2*sin(x); 2*x*sin(x) + x^2*cos(x) = 2*x*sin(x) + x^2*cos(x)""",
    "L = (w*x - t)^2\n∂L/∂w = 2*(w*x - t)*x": """
        L = (w*x - t)^2; 2*(w*x - t)*x = 2*(w*x - t)*x""",
    "L = (w*x - t)^2\ndL/dw = 2*x*(w*x - t)": """
        L = (w*x - t)^2; 2*(w*x - t)*x = 2*(w*x - t)*x""",
    "σ'(z) = σ(z)(1 − σ(z))": """
        sigmoid(z)*(1 - sigmoid(z)) = sigmoid(z)*(1 - sigmoid(z))""",
    "y = √(x² + 1)\ndy/dx = x/y": """
        y = sqrt(x^2 + 1); x/sqrt(x^2 + 1) = x/sqrt(x^2 + 1)""",
    "d/dx (x^2) = 2*x": "2*x = 2*x",
    "d(x^2)/dx = 2*x": "2*x = 2*x",
    "y = x^3\nd^2y/dx^2 = 6*x": "y = x^3; 6*x = 6*x",
    "f = x²y\n∂²f/∂x∂y = 2x": "f = x^2*y; 2*x = 2*x",
    "v₁ = ½x²\nv̄₁ = 1\nx̄ = x": "v1 = x^2/2; 1 = 1; x = x",
    "w = 2\nx = 3\ny = wx + 1\n2wx = 12": "w = 2; x = 3; y = 2*3 + 1; 12 = 12",
    "s = 1/(1 + exp(-x))\nds/dx = s(1 - s)": """
        s = 1/(1 + exp(-x)); exp(-x)/(1 + exp(-x))^2 = exp(-x)/(1 + exp(-x))^2""",
    "y = x**2 # square\n= x·x": "y = x^2; x^2 = x*x",
    "f(x) = x^2\nf'(x) = 2*x\nf'(3) = 6": "f = x^2; 2*x = 2*x; 6 = 6",
    "ŷ = θ₀ + θ₁·x": "hat_y = theta0 + theta1*x",
    "y ≈ 0.964": "y = 0.964",
    "y = x^2\ny'(3) = 6\ny'' = 2": "y = x^2; 6 = 6; 2 = 2",
    "y = a*x^2\ny'(x) = 2*a*x": "y = a*x^2; 2*a*x = 2*a*x",
    "sin²(x) + cos^2(x) = 1": "sin(x)^2 + cos(x)^2 = 1",
    "y = 3·10^-3 + x": "y = 0.003 + x",
}


REFUSED = {
    r"y = \sin x^2": r"""
line 1: '^' can be read in two ways: a power of the function or of its argument

    y = \sin x^2
              ^
  hint: add parentheses""",
    r"y = \sin^{-1}(x)": r"""
line 1: a negative power of a function's name is ambiguous

    y = \sin^{-1}(x)
            ^
  hint: write \arcsin(x) for the inverse function, 1/\sin(x) for 1 over it""",
    "y = e^-2x": r"""
line 1: malformed number '2x'

    y = e^-2x
           ^^
  hint: write a product with '*': 2*x""",
    r"f(x+1) = 3 \\ y = f(x+1)": r"""
line 1: no line says what 'f' is, which stands before parentheses

    f(x+1) = 3 \\ y = f(x+1)
    ^
  hint: define it, f(x) = …; a product is written f \cdot (…)

line 1: no line says what 'f' is, which stands before parentheses

    f(x+1) = 3 \\ y = f(x+1)
                      ^
  hint: define it, f(x) = …; a product is written f \cdot (…)""",
    r"f = x^2 \\ y = f(x+1)": r"""
line 1: 'f' can be read in two ways: its value at what is in parentheses or a product

    f = x^2 \\ y = f(x+1)
                   ^
  hint: define it as f(x) = … or write f \cdot (…)""",
    "y = g(x)": r"""
line 1: unknown function 'g'

    y = g(x)
        ^
  hint: write a product with '*': g*(…)""",
    r"\frac{dy}{dx} = f'(g(x))g'(x)": r"""
line 1: 'y' is not defined above

    \frac{dy}{dx} = f'(g(x))g'(x)
    ^^^^^^^^^^^^^""",
    "$xy = 6$": r"""
line 1: 'xy' can be read in two ways: one name or a product of letters

    $xy = 6$
     ^^
  hint: write blanks for a product, \mathit{xy} for a name""",
    r"x = 2, y = 3 \\ $xy = 6$": r"""
line 1: 'xy' can be read in two ways: one name or a product of letters

    x = 2, y = 3 \\ $xy = 6$
                     ^^
  hint: write blanks for a product, \mathit{xy} for a name""",
    "y = 3 sinx": r"""
line 1: an operator is missing before 'sinx'

    y = 3 sinx
          ^^^^
  hint: write a product with '*': 3*sinx""",
    r"y = \int_0^1 x dx": r"""
line 1: this is not read: an integral

    y = \int_0^1 x dx
        ^^^^
  hint: write the value, or its integrand""",
    r"y = \lim_{h \to 0} h": r"""
line 1: this is not read: a limit

    y = \lim_{h \to 0} h
        ^^^^
  hint: write its value""",
    r"\nabla f = 0": r"""
line 1: this is not read: a gradient

    \nabla f = 0
    ^^^^^^
  hint: write a line for each partial derivative""",
    "y = w^T x": r"""
line 1: this is not read: a transpose

    y = w^T x
         ^
  hint: write a line for each component""",
    r"y = w^\top x": r"""
line 1: this is not read: a transpose

    y = w^\top x
          ^^^^
  hint: write a line for each component""",
    "y = x^*": r"""
line 1: this is not read: a star

    y = x^*
         ^
  hint: write a name, such as x_2""",
    r"y = \begin{pmatrix} 1 \\ 2 \end{pmatrix}": r"""
line 1: this is not read: a matrix

    y = \begin{pmatrix} 1 \\ 2 \end{pmatrix}
        ^^^^^^
  hint: write a line for each entry""",
    r"f(x) = \begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases}": r"""
line 1: this is not read: cases

    f(x) = \begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases}
           ^^^^^^
  hint: step(x)*a + (1 - step(x))*b is a where x > 0, else b""",
    r"E = \frac{3}{2} nk_BT": r"""
line 1: 'nk_BT' can be read in two ways: one name or a product of letters

    E = \frac{3}{2} nk_BT
                    ^^^^^
  hint: write blanks for a product, \mathit{nk_BT} for a name""",
    r"c = \vec a \times \vec b": r"""
line 1: this is not read: a product of vectors

    c = \vec a \times \vec b
               ^^^^^^
  hint: write a line for each component""",
    "y = a*b -- comment": r"""
line 1: '-' can be read in two ways: two minus signs or a comment

    y = a*b -- comment
            ^
  hint: a comment goes behind a #""",
    r"L = (wx + b)^2 \\ \nabla L = (1, 2)": r"""
line 1: the gradient of 'L' by (w, x, b) has 3 components, and here are 2

    L = (wx + b)^2 \\ \nabla L = (1, 2)
                                 ^^^^^^
  hint: define it as L(…) = …, by the names in their order""",
    r"f(x) = x^2 \\ \nabla f = 2(x, 1)": r"""
line 1: this is not read: a gradient

    f(x) = x^2 \\ \nabla f = 2(x, 1)
                  ^^^^^^
  hint: write a line for each partial derivative""",
    r"y = x \odot w": r"""
line 1: this is not read: this operation

    y = x \odot w
          ^^^^^
  hint: a product is written \cdot""",
    r"y = \pm\sqrt{x}": r"""
line 1: this is not read: two signs at once

    y = \pm\sqrt{x}
        ^^^
  hint: write a line for each""",
    r"y = x_1 + \ldots + x_n": r"""
line 1: this is not read: what dots stand for

    y = x_1 + \ldots + x_n
              ^^^^^^
  hint: write it out""",
    r"y = \sum_i x_i": r"""
line 1: a sum is read between two whole numbers

    y = \sum_i x_i
        ^^^^
  hint: write the limits as in \sum_{i=1}^{3}""",
    r"y = \sum_{i=1}^{n} x_i": r"""
line 1: a sum is read between two whole numbers

    y = \sum_{i=1}^{n} x_i
        ^^^^
  hint: write the limits as in \sum_{i=1}^{3}""",
    r"y = \sum_{i=1}^{1000} x_i": r"""
line 1: a sum of 200 terms or more is not written out

    y = \sum_{i=1}^{1000} x_i
        ^^^^""",
    r"y = \prod_{i=1}^{2} x_i \cdot a": r"""
line 1: '\\cdot' can be read in two ways: a part of the product or outside

    y = \prod_{i=1}^{2} x_i \cdot a
                            ^^^^^
  hint: add parentheses""",
    r"y = \max_i x_i": r"""
line 1: a subscript stands behind a name

    y = \max_i x_i
            ^""",
    "y = n!": r"""
line 1: this is not read: a factorial

    y = n!
         ^
  hint: write its value""",
    r"y = \infty": r"""
line 1: this is not read: infinity

    y = \infty
        ^^^^^^
  hint: write a finite number""",
    r"y \propto x": r"""
line 1: a line of a derivation needs '='

    y \propto x
    ^^^^^^^^^^^
  hint: what is no formula goes behind a #""",
    r"x \leq 3": r"""
line 1: a line of a derivation needs '='

    x \leq 3
    ^^^^^^^^
  hint: what is no formula goes behind a #""",
    r"f: x \mapsto x^2": r"""
line 1: a line of a derivation needs '='

    f: x \mapsto x^2
    ^^^^^^^^^^^^^^^^
  hint: what is no formula goes behind a #""",
    r"y = \foo{x}": r"""
line 1: unknown command '\\foo'

    y = \foo{x}
        ^^^^""",
    r"y = \frac{a}": r"""
line 1: '\\frac' lacks a value

    y = \frac{a}
        ^^^^^""",
    "y = (x]": r"""
line 1: ']' closes '('

    y = (x]
          ^""",
    "y = x)": r"""
line 1: ')' closes nothing

    y = x)
         ^""",
    r"y = \left.x^2": r"""
line 1: \left. has no \right| with a subscript such as _{x=3}

    y = \left.x^2
        ^^^^^^""",
    r"y = \left. x \right|_{3}": r"""
line 1: \left. has no \right| with a subscript such as _{x=3}

    y = \left. x \right|_{3}
        ^^^^^^""",
    r"y = x^2 \\ z = 2x|_{x=3}": r"""
line 1: '|' can be read in two ways: the value of all that stands before it or of the last factor

    y = x^2 \\ z = 2x|_{x=3}
                     ^
  hint: write \left. … \right|_{…}""",  # noqa: E501
    r"y = x^2 \\ z = x^2 + y|_{x=3}": r"""
line 1: '|' can be read in two ways: the value of all that stands before it or of the last factor

    y = x^2 \\ z = x^2 + y|_{x=3}
                          ^
  hint: write \left. … \right|_{…}""",  # noqa: E501
    r"\frac{\partial f}{2} = 1": r"""
line 1: a derivative is one name by one name

    \frac{\partial f}{2} = 1
    ^^^^^
  hint: write \frac{\partial v_3}{\partial v_1} or dv3/dv1; name an expression on a line of its own first""",  # noqa: E501
    r"\frac{d^2 y}{dx} = 1": r"""
line 1: above and below are derivatives of different order

    \frac{d^2 y}{dx} = 1
    ^^^^^""",
    r"\frac{dy}{dx} = 2x": r"""
line 1: 'y' is not defined above

    \frac{dy}{dx} = 2x
    ^^^^^^^^^^^^^""",
    r"y = x^2 \\ \frac{dy}{dq} = 1": r"""
line 1: 'q' is not defined above

    y = x^2 \\ \frac{dy}{dq} = 1
               ^^^^^^^^^^^^^
  hint: known are x, y""",
    r"y = x^2 \\ \frac{d}{dq} x^2 = 0": r"""
line 1: 'q' is not defined above

    y = x^2 \\ \frac{d}{dq} x^2 = 0
                         ^""",
    r"y = x^2 \\ dy = 2x dx": r"""
line 1: a derivative is one name by one name

    y = x^2 \\ dy = 2x dx
               ^
  hint: write \frac{\partial v_3}{\partial v_1} or dv3/dv1; name an expression on a line of its own first""",  # noqa: E501
    r"y = uv \\ y' = 3": r"""
line 1: the prime leaves open by which of u, v

    y = uv \\ y' = 3
              ^^
  hint: write \frac{df}{dx}, or define f(x) = …""",
    r"\frac{d}{dx} = 3": r"""
line 1: what is differentiated is missing

    \frac{d}{dx} = 3
    ^^^^^""",
    r"\frac{d}{du} \sin u \cdot 3 = 1": r"""
line 1: '\\cdot' can be read in two ways: a part of what is differentiated or outside

    \frac{d}{du} \sin u \cdot 3 = 1
                        ^^^^^
  hint: add parentheses""",
    r"\frac{d}{dx} \sin x \frac{dx}{dt} = 1": r"""
line 1: '\\frac' can be read in two ways: a part of what is differentiated or outside

    \frac{d}{dx} \sin x \frac{dx}{dt} = 1
                        ^^^^^
  hint: add parentheses""",
    r"y = x^2 \\ \frac{dy}{dx}(3) = 6": r"""
line 1: '(' can be read in two ways: a factor, or where the derivative is taken

    y = x^2 \\ \frac{dy}{dx}(3) = 6
                            ^
  hint: add parentheses""",
    r"f(x) = x^2 \\ f(1, 2) = 3": r"""
line 1: 'f' takes 1 argument, but 2 are given

    f(x) = x^2 \\ f(1, 2) = 3
                  ^""",
    r"f(x, y) = xy \\ f' = 3": r"""
line 1: the prime leaves open by which of x, y

    f(x, y) = xy \\ f' = 3
                    ^^""",
    r"y = \log_b x": r"""
line 1: the base of a logarithm is a number

    y = \log_b x
            ^
  hint: write \ln(x)/\ln(b)""",
    r"y = \sqrt[n]{x}": r"""
line 1: only square roots are read

    y = \sqrt[n]{x}
        ^^^^^
  hint: write a power, x^{1/3}""",
    r"y = \hat{x + 1}": r"""
line 1: an accent stands over one name

    y = \hat{x + 1}
            ^""",
    r"z = \sum_{i=1}^{2} w_{ij}": r"""
line 1: 'ij' may be one index or two

    z = \sum_{i=1}^{2} w_{ij}
                        ^
  hint: write w_{i,j} for two of them""",
    r"y = \mathrm{two words}": r"""
line 1: a value is missing beside this '='

    y = \mathrm{two words}
      ^""",
    r"y = x \text{ if } x > 0": r"""
line 1: '>' cannot be checked

    y = x \text{ if } x > 0
                        ^
  hint: write '='""",
    "y =": r"""
line 1: a value is missing beside this '='

    y =
      ^""",
    "We now compute the gradient": r"""
line 1: a line of a derivation needs '='

    We now compute the gradient
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: what is no formula goes behind a #""",
    "= 3": r"""
line 1: a value is missing beside this '='

    = 3
    ^""",
    "y = 2 x 3": r"""
line 1: an operator is missing before 'x'

    y = 2 x 3
          ^
  hint: write a product with '*': 2*x""",
    r"y = \frac 12 3": r"""
line 1: one digit or braces are expected

    y = \frac 12 3
              ^^
  hint: write {12}""",
    "y = x'(3)": r"""
line 1: 'x' is not defined above

    y = x'(3)
        ^
  hint: write a line x = …""",
    "y = f''": r"""
line 1: 'f' is not defined above

    y = f''
        ^
  hint: write a line f = …""",
    "y = 3'": r"""
line 1: a prime stands behind a function

    y = 3'
         ^""",
    r"y = x^2 \\ z = x \\ \frac{\partial z}{\partial y}' = 1": r"""
line 1: the prime leaves open by what

    y = x^2 \\ z = x \\ \frac{\partial z}{\partial y}' = 1
                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: write \frac{df}{dx}, or define f(x) = …""",
    r"x_{n+1} = x_n - \frac{f(x_n)}{f'(x_n)}": r"""
line 1: no line says what 'f' is, which stands before parentheses

    x_{n+1} = x_n - \frac{f(x_n)}{f'(x_n)}
                          ^
  hint: define it, f(x) = …; a product is written f \cdot (…)""",
    r"p(y \mid x) = 3": r"""
line 1: no line says what 'p' is, which stands before parentheses

    p(y \mid x) = 3
    ^
  hint: define it, p(x) = …; a product is written p \cdot (…)""",
    r"L = -\mathbb{E}[\ln p]": r"""
line 1: this is not read: an expectation or a set

    L = -\mathbb{E}[\ln p]
         ^^^^^^^
  hint: write a name for it""",
    r"y \in \mathbb{R}": r"""
line 1: a line of a derivation needs '='

    y \in \mathbb{R}
    ^^^^^^^^^^^^^^^^
  hint: what is no formula goes behind a #""",
    r"\Delta w \to 0": r"""
line 1: a line of a derivation needs '='

    \Delta w \to 0
    ^^^^^^^^^^^^^^
  hint: what is no formula goes behind a #""",
    "df/dx (x^2) = 2*x": r"""
line 1: 'f' is not defined above

    df/dx (x^2) = 2*x
    ^^^^^""",
    "y = √2x": r"""
line 1: 'x' can be read in two ways: part of the argument or a factor outside

    y = √2x
          ^
  hint: add parentheses""",
    "y = x² y": r"""
line 1: 'y' is defined by itself

    y = x² y
    ^""",
    "L = |x": r"""
line 1: '|' is never closed

    L = |x
        ^""",
    "y = 3 % x\nz = а + 1": r"""
line 2: unexpected character 'а' (U+0430 CYRILLIC SMALL LETTER A)

    z = а + 1
        ^
  hint: it looks like 'a' but is another character; type 'a'""",
    r"y = \frac{x}{y}{z}": r"""
line 1: 'y' is defined by itself

    y = \frac{x}{y}{z}
    ^""",
    r"H = -\sum_k p_k \log p_k": r"""
line 1: a sum is read between two whole numbers

    H = -\sum_k p_k \log p_k
         ^^^^
  hint: write the limits as in \sum_{i=1}^{3}""",
    r"\mathrm{d}f = 2x\,\mathrm{d}x": r"""
line 1: a derivative is one name by one name

    \mathrm{d}f = 2x\,\mathrm{d}x
    ^^^^^^^
  hint: write \frac{\partial v_3}{\partial v_1} or dv3/dv1; name an expression on a line of its own first""",  # noqa: E501
    r"y = \binom{n}{2}": r"""
line 1: this is not read: this operation

    y = \binom{n}{2}
        ^^^^^^
  hint: write its value, or a formula for it""",
    r"y = x \cdot \cdot z": r"""
line 1: a value is expected before '*'

    y = x \cdot \cdot z
                ^^^^^
  hint: a power is written ^ or **""",
    "y = x_{a!} + 3": r"""
line 1: a subscript is made of letters and digits

    y = x_{a!} + 3
         ^^^^^""",
    "y = (a, b)": r"""
line 1: a comma outside a function call

    y = (a, b)
          ^
  hint: a comma parts the arguments of a function""",
    "y = 0,5x": r"""
line 1: a comma outside a function call

    y = 0,5x
         ^
  hint: decimal numbers are written with a point""",
    r"y = \vec{x} \times \vec{z} \circ w": r"""
line 1: this is not read: a product of vectors

    y = \vec{x} \times \vec{z} \circ w
                ^^^^^^
  hint: write a line for each component""",
    r"\theta \leftarrow \theta - \eta g": r"""
line 1: a line of a derivation needs '='

    \theta \leftarrow \theta - \eta g
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: what is no formula goes behind a #""",
    r"y = \frac{dx}": r"""
line 1: a derivative is one name by one name

    y = \frac{dx}
        ^^^^^
  hint: write \frac{\partial v_3}{\partial v_1} or dv3/dv1; name an expression on a line of its own first""",  # noqa: E501
    "y = f(x)^{-1}": r"""
line 1: no line says what 'f' is, which stands before parentheses

    y = f(x)^{-1}
        ^
  hint: define it, f(x) = …; a product is written f \cdot (…)""",
    r"y = \operatorname{softmax}(x)": r"""
line 1: no line says what 'softmax' is, which stands before parentheses

    y = \operatorname{softmax}(x)
        ^^^^^^^^^^^^^
  hint: define it, softmax(x) = …; a product is written softmax \cdot (…)""",
    r"y = \text{softmax}(z)_i": r"""
line 1: no line says what 'softmax' is, which stands before parentheses

    y = \text{softmax}(z)_i
        ^^^^^
  hint: define it, softmax(x) = …; a product is written softmax \cdot (…)""",
    "$y = e^kx$": r"""
line 1: 'x' can be read in two ways: a part of the exponent or a factor beside it

    $y = e^kx$
            ^
  hint: put the exponent in braces""",
    "$y = e^-2x$": r"""
line 1: 'x' can be read in two ways: a part of the exponent or a factor beside it

    $y = e^-2x$
             ^
  hint: put the exponent in braces""",
    "$y = abcd + 2$": r"""
line 1: 'abcd' can be read in two ways: one name or a product of letters

    $y = abcd + 2$
         ^^^^
  hint: write blanks for a product, \mathit{abcd} for a name""",
    "$y = lnx$": r"""
line 1: 'lnx' can be read in two ways: one name or a product of letters

    $y = lnx$
         ^^^
  hint: write blanks for a product, \mathit{lnx} for a name""",
    "$y = 1/2x$": r"""
line 1: 'x' can be read in two ways: 2 · … below the '/' or beside the quotient

    $y = 1/2x$
            ^
  hint: add parentheses""",
    r"L = E[x] + \alpha": r"""
line 1: no line says what 'E' is, which stands before parentheses

    L = E[x] + \alpha
        ^
  hint: define it, E(x) = …; a product is written E \cdot (…)""",
    r"\sigma = 2 \\ y = \sigma(x-1)": r"""
line 1: '\\sigma' can be read in two ways: its value at what is in parentheses or a product

    \sigma = 2 \\ y = \sigma(x-1)
                      ^^^^^^
  hint: define it as sigma(x) = … or write sigma \cdot (…)""",  # noqa: E501
    r"y = \int x \\ z = y^2 \\ y' = x": r"""
line 1: this is not read: an integral

    y = \int x \\ z = y^2 \\ y' = x
        ^^^^
  hint: write the value, or its integrand

line 1: 'y' has no definition that is read

    y = \int x \\ z = y^2 \\ y' = x
                             ^
  hint: write a line y = …""",
    "= 3\ny = 2": r"""
line 1: a value is missing beside this '='

    = 3
    ^""",
    r"x = \foo \\ = 3": r"""
line 1: unknown command '\\foo'

    x = \foo \\ = 3
        ^^^^

line 1: it goes on from line 1, which is not read

    x = \foo \\ = 3
                  ^""",
    r"f(x) = x^2 \\ g = \foo{f} \\ g'(x) = 3": r"""
line 1: unknown command '\\foo'

    f(x) = x^2 \\ g = \foo{f} \\ g'(x) = 3
                      ^^^^

line 1: 'g' has no definition that is read

    f(x) = x^2 \\ g = \foo{f} \\ g'(x) = 3
                                 ^
  hint: write a line g = …""",
    r"y = x^2 \\ \bar q = 1": r"""
line 1: 'q' is not defined above

    y = x^2 \\ \bar q = 1
               ^^^^^^
  hint: known are x, y""",
    r"y=\left(x+1\right]": r"""
line 1: ']' closes '('

    y=\left(x+1\right]
                     ^""",
    r"$y = \frac{x}{}$": r"""
line 1: '\\frac' lacks a value

    $y = \frac{x}{}$
         ^^^^^""",
    r"y = \sqrt{}": r"""
line 1: '\\sqrt' lacks a value

    y = \sqrt{}
        ^^^^^""",
    "y = x^{}": r"""
line 1: the expression ends where a value is expected

    y = x^{}
          ^""",
    r"y = \sum_{i=1}^{2}": r"""
line 1: the terms of this sum are missing

    y = \sum_{i=1}^{2}
        ^^^^""",
    r"y = \dot{}": r"""
line 1: an accent stands over one name

    y = \dot{}
            ^""",
    "y = x_{}": r"""
line 1: a subscript is made of letters and digits

    y = x_{}
         ^^""",
    r"y = \frac{d}{dx}\left(x^2\right": r"""
line 1: '(' is never closed

    y = \frac{d}{dx}\left(x^2\right
                         ^""",
    r"y = \bar{\bar{\bar{\bar{\bar{\bar{\bar{\bar{\bar{\bar{x}}}}}}}}}}": r"""
line 1: accents over one another are too many here

    y = \bar{\bar{\bar{\bar{\bar{\bar{\bar{\bar{\bar{\bar{x}}}}}}}}}}
                                                     ^^^^""",
}  # and the whole message


def closed(text):
    """What is read, as pairs of expressions over names that nothing defines."""
    script = read_lines(text)
    assert not script.unread, script.unread
    meanings = Meanings(script)
    for one in script.equalities:
        left = name(one.defines) if one.defines else meanings.close(one.left.node)
        yield left, meanings.close(one.right.node)


def same(read, meant, rng):
    """Whether two expressions have the same names and values."""
    names = {*leaves(read), *leaves(meant)}
    at = {text: float(rng.uniform(0.3, 2.0)) for text in sorted(names)}
    numbers = values([read, meant], at)
    return float(numbers[read]) == pytest.approx(float(numbers[meant]), rel=1e-12)


@pytest.mark.parametrize("text", READ)
def test_a_line_is_read_as_it_is_meant(text):
    rng = np.random.default_rng(0)
    read = list(closed(text))
    meant = [one.split("=") for one in READ[text].split(";")]
    assert len(read) == len(meant)
    for (left, right), (name_or_left, hand) in zip(read, meant, strict=True):
        wanted = parse_expression(name_or_left, 0, ["lambda"])
        if left.op is NAME and wanted.op is NAME:
            assert left is wanted
        assert same(left, wanted, rng)
        assert same(right, parse_expression(hand), rng)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_read_is_said_to_be_that(text):
    script = read_lines(text)
    assert "\n\n".join(map(str, script.problems())) == REFUSED[text].lstrip("\n")
    for one in script.unread:
        assert 0 <= one.mistake.start < one.mistake.end
        assert one.mistake.text in text.replace("\n", " ")


NOTES = {
    r"$y = b(x-1)^2 + c$": ["b(…) is read as a product"],
    r"y = ax^2 \\ z = bx": ["'ax' is read as a·x", "'bx' is read as b·x"],
    r"y = ax^2 + bt \\ y' = 2ax": [
        "'ax' is read as a·x; 'bt' is read as b·t", "the prime is read as d/dx",
    ],
    r"\frac{d}{dx} x\sin x = 1": ["what is differentiated is x\\sin x"],
    r"w' = w - \eta": ["w' is read as a name, w_prime"],
    r"x = 2 \\ a = 3 \\ y = ax": ["", "", ""],
    r"y = a \cdot xa \\ z = 3": ["", ""],
    "y = a*b\nz = ab": ["", ""],
}  # fmt: skip


@pytest.mark.parametrize("text", NOTES)
def test_which_of_two_readings_was_taken_is_told(text):
    assert [one.note for one in read_lines(text).equalities] == NOTES[text]


UNAFFECTED = {
    r"y = \int x \\ z = x^2 \\ \frac{dz}{dx} = 2x": ["z", "d_z_d_x"],
    r"f: x \mapsto x^2 \\ z = x^2": ["z"],
    r"y = x^2 = \foo = x\cdot x": ["y"],
    "y = x^2\ndy/dx|x=3 = 6\ny' = 2x": ["y", "d_y_d_x"],
    r"a \leq 3 \\ y = x^2 \\ = xx": ["y"],
    r"y = x^2 \\ \int y = 3 \\ = 4 \\ y' = 2x": ["y", "d_y_d_x"],
}


@pytest.mark.parametrize("text", UNAFFECTED)
def test_a_line_that_is_not_read_leaves_the_others(text):
    script = read_lines(text)
    assert script.unread
    assert [one.left.node for one in script.equalities] == [
        parse_expression(left) for left in UNAFFECTED[text]
    ]


def test_a_chain_goes_on_behind_what_is_not_read():
    [defined, claim] = read_lines("y = x^2 = \\foo = 3\n = x^3").equalities
    assert (claim.left, claim.gap) == (defined.right, 1)
    assert claim.right.node is parse_expression("x^3")


def test_what_may_be_defined_by_a_line_that_is_not_read_is_no_free_name():
    script = read_lines(r"a = \foo \\ f\mapsto 3 \\ y = a x f \\ \frac{dy}{dx} = a f")
    assert script.broken == {"a": 1, "f": 1}
    assert script.free == ("x",)
    assert len(script.equalities) == 2
    # f′ of an f that needs what is not known is no reading of it.
    script = read_lines(r"a = \foo \\ f(x) = ax \\ f(3) = 1")
    assert script.unread[1].mistake.message == "it needs 'a', and line 1 is not read"


def test_a_definition_below_its_use_is_one():
    text = r"y = u^2 \\ u = x + 1 \\ y' = 2u \\ x = 3 \\ y = 16"
    script = read_lines(text)
    assert [one.defines for one in script.equalities[:2]] == ["y", "u"]
    assert (script.output, script.free) == ("y", ("x",))
    # x = 3 gives a value, and u = y/2 says something of a u that y is made of.
    assert script.equalities[3].defines is None
    assert read_lines("y = 2*u\nu = y/2").equalities[1].defines is None
    [one] = read_lines("z = 1\nz = y^2\n y = z").equalities[1:2]
    assert one.defines is None


def test_a_relation_says_how_near_it_is():
    script = read_lines(r"y = 2 \\ y \approx 2.0 = 2 \\ y ≈ 1.99")
    assert [one.rounded for one in script.equalities] == [False, True, False, True]


# One reader: what is printed is read back

EXPANDED = {"log1p": "log(1 + a)", "expm1": "exp(a) - 1", "xlogy": "a*log(b)"}


DATA = Path(__file__).parent.parent.parent / "shared" / "data"
EXAMPLES = Path(__file__).parent.parent / "examples"


def load(file):
    path = DATA / f"{file}.json"
    return json.loads(path.read_text()) if path.is_file() else []


def corpora():
    """The equations of every corpus and example, by name."""
    for file in ("feynman_equations", "sr_benchmarks"):
        for case in load(file):
            yield f"{file} {case['id']}", [f"out_ = {case['formula_caret']}"]
    for case in load("nist_strd"):
        yield f"nist {case['name']}", [case["formula_cgp_style"]]
    for case in load("peer_parser_cases"):
        yield f"peers {case['id']}", case["expressions"]
    for key, case in dict(load("adbench_expressions")).items():
        yield f"adbench {key}", case["expressions"]
    for path in sorted(EXAMPLES.glob("*.txt")):
        yield path.stem, path.read_text()
    for key in PROBLEMS:
        yield key, [str(equation) for equation in problem(key)[0].equations]


def as_printed(root):
    """A body as it is typeset: without what has no notation of its own."""

    def visit(node, args):
        if node.op.name in EXPANDED:
            by = dict(zip(map(name, "ab"), args, strict=False))
            return substitute([parse_expression(EXPANDED[node.op.name])], by)[0]
        return intern(node.op, tuple(args), node.value) if args else node

    root = _minus_before_fractions(root)
    return fold([root], visit)[root]


GRAPHS = {}
for key, equations in corpora():
    try:
        GRAPHS[key] = parse_graph(equations)
    except CGPrimerError:
        assert key.startswith("peers"), key  # what the historic module should refuse


@pytest.mark.every(3)
@pytest.mark.parametrize("key", GRAPHS)
def test_what_is_typeset_is_read_back_to_the_same_nodes(key):
    graph = GRAPHS[key]
    wanted = {e.name: as_printed(e.body) for e in graph.equations}
    given = {"variables": graph.variable_number, "parameters": graph.parameters}
    again = parse_latex(graph._repr_latex_(), **given)
    assert {e.name: e.body for e in again.equations} == wanted
    one_by_one = " ".join(e._repr_latex_() for e in graph.equations)
    assert str(parse_latex(one_by_one, **given)) == str(again)


@pytest.mark.every(6)
@pytest.mark.parametrize("key", PROBLEMS)
@pytest.mark.parametrize("level", ["variables", "operations"])
def test_a_trace_is_read_back_to_the_same_nodes(key, level):
    graph, at = problem(key)
    one = trace(graph, at, output=graph.outputs[-1], level=level)
    wanted = {
        row.name: as_printed(row.body) for row in one.rows if row.body is not None
    }
    names = [row.name for row in one.rows]
    again = parse_latex(one.latex(document=True), variables=names)
    bodies = {e.name: e.body for e in again.equations}
    assert {key: bodies[key] for key in wanted} == wanted
    assert not read_lines(one.latex()).unread


SPELLED = [  # names as graphs have them, by what they might be confused with
    "α β γ", "ŷ y x", "x_bar x y", "bar_x x y", "v̄ v w", "θ_1 θ2 σ", "x_max x_min k_BT",
    "w_11 w_1_2 w12", "xa x_b ab", "λ lam Λ", "αβ α_β β", "y_prime y x", "ε e_1 G",
    "x_α x_1_α w_αβ", "d_x dx x", "Δw w Δ", "alpha a b", "π_1 p q", "T t T_c",
    "hat_y yhat x", "i j x_i", "N_a N_A n",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:k_BT is a parameter")
@pytest.mark.parametrize("names", SPELLED)
def test_names_come_back_from_what_is_typeset(names):
    a, b, c = names.split()
    forms = [
        f"{a} = tanh({b}*x9) + {c}^2", f"{a} = {b}/{c} - exp(-{b})",
        f"{a} = {b}*({c} + 1)\nq9 = {a}*{b}",
    ]  # fmt: skip
    for text in forms:
        graph = parse_graph(text)
        given = {"variables": graph.variable_number, "parameters": graph.parameters}
        assert str(parse_latex(graph._repr_latex_(), **given)) == text
        # Beside one plain equation that has the names, too.
        [*_, last] = graph.equations
        plain = f"z9 = {' + '.join(names.split())}"
        again = parse_graph([plain, last._repr_latex_().strip("$")])
        assert str(again) == f"{plain}\n{last}"


# What nobody writes, and somebody pastes

PIECES = r"""
\frac { } ( ) [ ] | \left \right \left. \right| _{x=3} _ ^ ^{ ' \sigma \sigma' x y ax
w_1x_1 d dx dy \partial ∂ \frac{dy}{dx} \frac{d}{dx} ^{(1)} \sum_{i=1}^{3} x_i \prod =
= \\ , ; & \quad \text{and} \text{ \begin{cases} \end{cases} \[ \] $ + - * / \cdot 2
3.5 1e e e^ \sqrt \sqrt[3] [3] \log_2 \log \sin \sin^2 \max \hat \bar \mathcal L f(x)
f'(x) f(x+1) f'' ² √ ½ σ ŷ v̄ ₁ \delta \Delta \mathit{e} \boxed{ \underbrace{ }_{
\Big| \nabla \partial_x ≈ \approx := \Rightarrow # % \foo é х ! < bar_x d_y_d_x T ^T i \
""".split()  # noqa: SIM905


def broken_lines(count):
    rng = np.random.default_rng(11)
    for _ in range(count):
        line = " ".join(rng.choice(PIECES, rng.integers(1, 20)))
        yield "y = x^2\nf(x) = ax^2\n" * bool(rng.random() < 0.7) + line


def formula(text):
    """The text as a formula of a claim."""
    line = text.replace("\n", " ")
    return read_formula(line, (0, len(line)), ["x", "y", "xa", "w11"])


@pytest.mark.slow
def test_whatever_is_pasted_is_read_or_refused():
    for text in broken_lines(150):
        script = read_lines(text)
        for one in script.problems():
            assert one.start < one.end, text
            assert str(one)
        for read in (parse_latex, parse_graph, parse_claims, formula):
            with contextlib.suppress(CGPrimerError, ReadingWarning):
                read(text)


LONG = {
    "fractions": "y = " + r"\frac{1}{" * 2_000 + "x" + "}" * 2_000,
    "open braces": "y = " + r"\frac{" * 3_000,
    "derivatives": "y = " + r"\frac{d}{dx}(" * 500 + "x" + ")" * 500,
    "calls": "f(x) = x^2\ny = " + "f(" * 1_000 + "x" + ")" * 1_000,
    "accents": "y = " + r"\hat{" * 2_000 + "x" + "}" * 2_000,
    "sums": r"y = \sum_{i=1}^{150}\sum_{j=1}^{150} x_{i,j}",
    "one line": "y = " + "ax + " * 2_000 + "b",
    "statements": "a_1 = x, " * 1_000,
    "blanks": "y =" + " " * 20_000 + "x",
    "words": r"y = \text{a b" * 1_000,
    "displays": r"\[" * 5_000,
    "chain": "y = x" + " = x" * 500,
}


@pytest.mark.every(4)
@pytest.mark.parametrize("key", LONG)
def test_length_and_depth_cost_in_proportion(key):
    start = time.thread_time()
    read_lines(LONG[key])
    assert time.thread_time() - start < 3
