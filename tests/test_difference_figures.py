"""What differences state, in figures: value, bound, step, and what of it is rounding.

The functions take only operations that are rounded alike everywhere (+ - * / √), so
that their figures are the same on every machine. A bound that grows is worth less and
one that shrinks is no bound: both are seen here, beside the tests that hold bounds
against true slopes.
"""

import numpy as np
import pytest

from cgprimer.judge.code.lines import slopes
from cgprimer.judge.code.rounding import noise
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.disturb import D, off, with_rounding
from cgprimer.judge.differences.finite import difference, second_difference
from cgprimer.judge.differences.schemes import EPSILON, ROUNDING, Told

F = {
    "x³": lambda x: x * x * x,
    "1/x": lambda x: 1 / x,
    "√x": np.sqrt,
    "√x³": lambda x: x * np.sqrt(x),
    "√(1-x)": lambda x: np.sqrt(1 - x),
    "|x|": np.abs,
    "max(x,x²)": lambda x: np.maximum(x, x * x),
    "|x|·√|x|": lambda x: np.abs(x) * np.sqrt(np.abs(x)),
    "√|x|": lambda x: np.sqrt(np.abs(x)),
    "x+1e8-1e8": lambda x: (x + 1e8) - 1e8,
    "1/(1+x²)": lambda x: 1 / (1 + x * x),
    "bell": lambda x: 1 / (1 + (x - 1) * (x - 1) * 1e8),
    "1e12+2|x|": lambda x: 1e12 + 2 * np.abs(x),
    "3": lambda x: 0 * x + 3,
}
#  f           x       scheme        value     bound   step   rounding  rough
FIRST = """
x³          2       forward     12           7.05e-07 2.98e-08 1.69e-07 0
x³          2       central     12           6.29e-10 1.21e-05 2.07e-10 0
x³          2       five-point  12           2.37e-12 0.00148  2.28e-12 0
x³          2       ridders     12           1.51e-13 0.2      8.37e-14 0
x³          0       forward     2.22045e-28  2.1e-27  1.49e-14 9.69e-29 0
x³          0       central     3.66685e-23  1.1e-22  6.06e-12 1.19e-31 0
x³          0       five-point  0            1.31e-33 7.4e-10  1.31e-33 0
x³          0       ridders     8.67897e-33  7.24e-32 9.49e-09 5.5e-32  0
x³          1e-09   forward     3e-18        6.55e-25 1.49e-17 4.93e-25 0
x³          1e-09   central     3e-18        7.25e-28 6.06e-15 6.06e-28 0
x³          1e-09   five-point  3e-18        6.5e-31  2.34e-08 6.25e-31 0
x³          1e-09   ridders     3e-18        2.28e-31 1e-10    2.17e-31 0
x³          10000   forward     3e+08        25.8     0.000149 9.81     0
x³          10000   central     3e+08        0.0221   0.0606   0.0121   0
x³          10000   five-point  3e+08        0.000134 7.4      0.000133 0
x³          10000   ridders     3e+08        5.56e-06 1e+03    4.49e-06 0
1/x         3       forward     -0.111111    2.77e-08 4.47e-08 2.21e-08 0
1/x         3       central     -0.111111    3.94e-11 1.82e-05 2.71e-11 0
1/x         3       five-point  -0.111111    7.01e-13 0.00222  2.98e-13 0
1/x         3       ridders     -0.111111    5.22e-14 0.214    4.78e-14 0
1/x         1e-05   forward     -1e+10       1.89e+03 1.49e-13 1.45e+03 0
1/x         1e-05   central     -1e+10       2.93     6.06e-11 1.79     0
1/x         1e-05   five-point  -1e+10       0.0554   7.4e-09  0.0197   0
1/x         1e-05   ridders     -1e+10       0.00334  7.14e-07 0.00315  0
√x          2e-06   forward     353.553      9.22e-05 2.98e-14 8.12e-05 0
√x          2e-06   central     353.553      1.04e-07 1.21e-11 1e-07    0
√x          2e-06   five-point  353.553      1.17e-09 1.48e-09 1.1e-09  0
√x          2e-06   ridders     353.553      1.49e-10 2e-07    1.26e-10 0
√x³         0       forward     1.2207e-07   0.00797  1.49e-14 0.00797  0
√x³         0       central     1.44149e-06  3.82e-05 6.06e-12 3.53e-05 0
√x³         0       five-point  1.44149e-06  3.82e-05 6.06e-12 3.53e-05 0
√x³         0       ridders     1.44149e-06  3.82e-05 6.06e-12 3.53e-05 0
√(1-x)      0.75    forward     -1           1.83e-07 1.49e-08 1.39e-07 0
√(1-x)      0.75    central     -1           3.95e-10 6.06e-06 1.71e-10 0
√(1-x)      0.75    five-point  -1           5.23e-11 0.00074  1.88e-12 0
√(1-x)      0.75    ridders     -1           4.91e-13 0.1      4.32e-13 0
√(1-x)      1       forward     -525.399     inf      6.06e-06 966      0
√(1-x)      1       central     -525.399     inf      6.06e-06 966      0
√(1-x)      1       five-point  -525.399     inf      6.06e-06 966      0
√(1-x)      1       ridders     -525.399     inf      6.06e-06 966      0
|x|         0       forward     0            1        1.49e-08 6.66e-16 0
|x|         0       central     0            1        6.06e-06 3.14e-16 0
|x|         0       five-point  0            1        6.06e-06 3.14e-16 0
|x|         0       ridders     0            1        6.06e-06 3.14e-16 0
|x|         1e-07   forward     1            2.81e-11 1.49e-08 2.81e-11 0
|x|         1e-07   central     1            1.24e-13 1.91e-09 1.24e-13 0
|x|         1e-07   five-point  1            1.24e-13 1.91e-09 1.24e-13 0
|x|         1e-07   ridders     1            2.62e-14 1e-08    2.62e-14 0
max(x,x²)   1       forward     1.5          0.5      1.49e-08 4.21e-08 0
max(x,x²)   1       central     1.5          0.501    6.06e-09 2.87e-07 0
max(x,x²)   1       five-point  1.5          0.5      7.4e-07  3.15e-09 0
max(x,x²)   1       ridders     1.5          0.5      1e-07    7.54e-08 0
|x|·√|x|    0       forward     1.2207e-07   0.00797  1.49e-14 0.00797  0
|x|·√|x|    0       central     0            9.8e-06  6.06e-12 9.8e-06  0
|x|·√|x|    0       five-point  1.06589e-21  1.08e-07 7.4e-10  1.08e-07 0
|x|·√|x|    0       ridders     0            1.81e-09 1e-07    1.81e-09 2.06e-05
√|x|        0       forward     8192         2.25e+05 1.49e-08 2.18e+05 0
√|x|        0       central     0            268      6.06e-06 268      0
√|x|        0       five-point  0            227      0.00074  2.95     0
√|x|        0       ridders     0            inf      0.1      0.0494   0
x+1e8-1e8   1       forward     1            1        1.49e-08 4.21e-08 0
x+1e8-1e8   1       central     0.999078     0.999    6.06e-06 5.19e-11 0
x+1e8-1e8   1       five-point  0.999078     0.999    6.06e-06 5.19e-11 0
x+1e8-1e8   1       ridders     0.999078     0.999    6.06e-06 5.19e-11 0
1/(1+x²)    0.5     forward     -0.64        1.03e-07 1.49e-08 9.21e-08 0
1/(1+x²)    0.5     central     -0.64        1.82e-10 6.06e-06 1.13e-10 0
1/(1+x²)    0.5     five-point  -0.64        1.88e-12 0.00074  1.25e-12 0
1/(1+x²)    0.5     ridders     -0.64        1.77e-13 0.1      1.43e-13 0
1/(1+x²)    1000    forward     -2e-09       2.97e-16 1.49e-05 1.69e-16 0
1/(1+x²)    1000    central     -2e-09       6.54e-19 0.00606  2.08e-19 0
1/(1+x²)    1000    five-point  -2e-09       2.39e-20 0.74     2.29e-21 0
1/(1+x²)    1000    ridders     -2e-09       3.9e-22  71.4     3.68e-22 0
bell        1       forward     -0.00149011  0.0171   1.49e-11 0.0126   0
bell        1       central     0            1.56e-05 6.06e-09 1.56e-05 0
bell        1       five-point  -5.6254e-11  1.71e-07 7.4e-07  1.71e-07 0
bell        1       ridders     0            2.86e-09 0.0001   2.86e-09 0
1e12+2|x|   1e-06   forward     0            6.1e+04  1.49e-08 6.1e+04  0
1e12+2|x|   1e-06   central     0            75       6.06e-06 75       0
1e12+2|x|   1e-06   five-point  0.0618519    0.833    0.00074  0.825    0
1e12+2|x|   1e-06   ridders     0            4.07     0.1      0.0138   0
3           2       forward     0            6.32e-08 2.98e-08 6.32e-08 0
3           2       central     0            7.78e-11 1.21e-05 7.78e-11 0
3           2       five-point  0            8.55e-13 0.00148  8.55e-13 0
3           2       ridders     0            1.43e-14 0.2      1.43e-14 0
"""
SECOND = """
x³          2       three-point 12           1.46e-07 0.000244 1.46e-07 0
x³          2       ridders     12           9.57e-13 0.2      9.18e-13 0
x³          0       three-point 0            1.68e-22 1.22e-10 1.68e-22 0
x³          0       ridders     0            7.63e-24 6.78e-09 7.63e-24 0
x³          1e-09   three-point 6e-09        2.53e-21 3.86e-09 2.53e-21 0
x³          1e-09   ridders     6e-09        4.82e-22 4.2e-07  4.76e-22 0
x³          10000   three-point 60000        0.0017   1.22     0.0017   0
x³          10000   ridders     60000        1.12e-08 1e+03    1.05e-08 0
1/x         3       three-point 0.0740741    1.58e-08 0.000366 1.27e-08 0
1/x         3       ridders     0.0740741    2.08e-12 0.3      2.03e-12 0
1/x         1e-05   three-point 2e+15        3.32e+08 1.22e-09 2.52e+08 0
1/x         1e-05   ridders     2e+15        4.16e+04 1e-06    4.01e+04 0
√x          2e-06   three-point -8.83883e+07 72.2     2.44e-10 70.4     0
√x          2e-06   ridders     -8.83883e+07 0.00803  2e-07    0.00552  0
√x³         0       three-point 101.15       inf      0.000122 38.2     0
√x³         0       ridders     101.15       inf      0.000122 38.2     0
√(1-x)      0.75    three-point -2           6.87e-07 0.000122 2.4e-07  0
√(1-x)      0.75    ridders     -2           1.52e-10 0.1      1.51e-10 0
√(1-x)      1       three-point -797210      inf      0.000122 1.04e+06 0
√(1-x)      1       ridders     -797210      inf      0.000122 1.04e+06 0
|x|         0       three-point 1.6384e+10   inf      1.22e-10 8.86e-05 0
|x|         0       ridders     1.6384e+10   inf      1.22e-10 8.86e-05 0
|x|         1e-07   three-point 0            5.5e-07  3.86e-08 5.5e-07  0
|x|         1e-07   ridders     0            5.5e-07  3.86e-08 5.5e-07  0
max(x,x²)   1       three-point 8.192e+09    inf      1.22e-10 5.76e+05 0
max(x,x²)   1       ridders     8.192e+09    inf      1.22e-10 5.76e+05 0
|x|·√|x|    0       three-point 181019       inf      1.22e-10 1.38e+04 0
|x|·√|x|    0       ridders     181019       inf      1.22e-10 1.38e+04 0
√|x|        0       three-point 1.48291e+15  inf      1.22e-10 3.77e+14 0
√|x|        0       ridders     1.48291e+15  inf      1.22e-10 3.77e+14 0
x+1e8-1e8   1       three-point 0            7.3e-08  0.000122 7.3e-08  0
x+1e8-1e8   1       ridders     0            4.5e-13  0.1      4.5e-13  0.00174
1/(1+x²)    0.5     three-point -0.256       1.87e-07 0.000122 1.6e-07  0
1/(1+x²)    0.5     ridders     -0.256       2.63e-11 0.1      2.54e-11 0
1/(1+x²)    1000    three-point 5.99998e-12  7.41e-19 0.122    2.93e-19 0
1/(1+x²)    1000    ridders     5.99998e-12  4.8e-23  100      4.67e-23 0
bell        1       three-point -2e+08       916      1.22e-07 21.9     0
bell        1       ridders     -2e+08       0.0557   0.0001   0.0533   0
1e12+2|x|   1e-06   three-point 32768        1.22e+05 0.000122 1.06e+05 0
1e12+2|x|   1e-06   ridders     72.6489      66       0.1      0.651    0
3           2       three-point 0            5.48e-08 0.000244 5.48e-08 0
3           2       ridders     0            3.37e-13 0.2      3.37e-13 0
"""


def near(value, rel=6e-3):
    """A figure to the digits that are printed here, however small it is."""
    return pytest.approx(value, rel=rel, abs=0)


def cells(table):
    return [line.split() for line in table.strip().splitlines()]


def is_stated(found, numbers):
    """Whether a difference is what a row says of it, to the digits printed there."""
    parts = found.value, found.bound, found.h, found.rounding, found.rough
    stated = [float(np.ravel(part)[0]) for part in parts]
    assert stated == [near(float(n)) for n in numbers]


@pytest.mark.every(3)
@pytest.mark.parametrize("row", cells(FIRST), ids=" ".join)
def test_what_is_stated_of_a_slope(row):
    f, x, scheme, *numbers = row
    is_stated(difference(F[f], np.array([float(x)]), scheme), numbers)


@pytest.mark.parametrize("row", cells(SECOND), ids=" ".join)
def test_what_is_stated_of_a_curvature(row):
    f, x, scheme, *numbers = row
    is_stated(second_difference(F[f], np.array([float(x)]), scheme=scheme), numbers)


# A step, a typical size, or rounding that the caller knows.

A = np.array


def told(size):
    return Told(lambda x: np.full_like(x, size))


GIVEN = [
    ("central", {"noise": told(1e-9)}, 12, 5.84e-5, 1.21e-5),
    ("ridders", {"noise": told(1e-9)}, 12, 2.07e-8, 0.2),
    ("five-point", {"noise": Told(lambda x: 1e-12 * np.abs(x * x * x))},
     12, 5.15e-9, 1.48e-3),
    ("five-point", {"noise": Told(lambda x: 0 * x, complete=False)},
     12, 2.37e-12, 1.48e-3),
    ("ridders", {"noise": told(0.079)}, 12, 0.932, 0.2),  # less than 1 % of f
    ("ridders", {"noise": told(0.11)}, 12, np.inf, 0.2),
    ("forward", {"step": 1e-2}, 12.0601, 0.181, 1e-2),
    ("forward", {"step": 1e-9}, 12, 6.48e-5, 1e-9),
    ("central", {"step": 1e-2}, 12.0001, 3e-4, 1e-2),
    ("five-point", {"step": 1e-2}, 12, 6.14e-12, 1e-2),
    ("ridders", {"step": 1e-2}, 12, 2.3e-11, 1e-2),
    ("complex", {}, 12, 2.47e-14, 1e-20),
    ("complex", {"step": 1e-3}, 12, 3.4e-14, 1e-3),
    ("central", {"typical": 1e-4}, 12, 6.3e-10, 1.21e-5),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "given", "value", "bound", "h"), GIVEN)
def test_what_is_stated_with_what_the_caller_knows(scheme, given, value, bound, h):
    found = difference(F["x³"], A([2.0]), scheme, **given)
    stated = [float(part[0]) for part in (found.value, found.bound, found.h)]
    assert stated == [near(n) for n in (value, bound, h)]


# Plain code, whose rounding is found by looking at it: also that of single precision.


def single(f):
    return lambda x: f(np.asarray(x).astype(np.float32)).astype(np.float64)


CODE = F | {
    "(x-1)²": lambda x: (x - 1) * (x - 1),
    "x²-2x+1": lambda x: x * x - 2 * x + 1,
    "1+x-1": lambda x: (1 + x) - 1,
    "1e16+x-1e16": lambda x: (1e16 + x) - 1e16,
    "relu(x-1)": lambda x: np.maximum(x - 1, 0),
    "round": np.round,
    "sign": np.sign,
    "min(x,2)": lambda x: np.minimum(x, 2),
    "x>1": lambda x: (x > 1) * 1.0,
    "x³:single": single(lambda x: x * x * x),
    "x:single": single(lambda x: x),
    "1/(1+x²):single": single(lambda x: 1 / (1 + x * x)),
    "x²-x:single": single(lambda x: x * x - x),
}
#  f              x              value      bound    typical  terms    flat   precision
PLAIN = """
x³               2              12         3.19e-13 19       847      0      0
x³               0              8.67897e-33 7.24e-32 0.25     5.76e-15 0      0
x³               1e-06          3e-12      6.84e-26 4.75e-12 2.12e-10 0      0
x³               100000         3e+10      0.000597 4.75e+10 2.12e+12 0      0
1/x              3              -0.111111  1.45e-14 0.222    7.49     0      0
1/x              0.001          -1e+06     1.1e-07  2e+06    7.11e+07 0      0
√(1-x)           0.999999999069 -16384.1   68.8     1.64e+04 1.05e+06 0      0
√(1-x)           0.5            -0.707107  9e-14    0.828    47.8     0      0
(x-1)²           1              0          3.14e-16 0.5      0.000388 0      0
(x-1)²           1.5            1          8.75e-15 1.75     73.6     0      0
x²-2x+1          1.000001       2e-06      1.28e-14 0.5      6.4      0      0
1+x-1            1e-17          1          1.34e-14 1        64       0      0
1+x-1            1e-08          1          1.34e-14 1        64       0      0
1+x-1            0.3            1          1.09e-14 1        64       0      0
1e16+x-1e16      0.7            0          86       5.71     0        0      0
relu(x-1)        0.5            0          4.49e-15 0.9      0        0.395  0
relu(x-1)        0.999999       0          1.12e-09 1        0        7.91e-07 0
relu(x-1)        1              0.5        0.5      1        64       0      0
relu(x-1)        2              1          1.01e-14 1        64       0      0
|x|              0              0          1        1        64       0      0
|x|              0.001          1          1.01e-14 1        64       0      0
round            0.3            0          0        1        0        0.075  0
round            7.7            1.17965    inf      1.3      83.1     0      0
sign             0.7            0          2.54e-15 1.43     91.4     0.175  0
sign             0              18.1667    inf      10       640      0      0
min(x,2)         3              0          2.37e-15 0.967    42.7     0.75   0
3                2              0          6.66e-22 1.5      96       2e+06  0
3                0              0          1.33e-21 3        192      1e+06  0
x³:single        2              12         4.39e-05 906      1.22e+03 0      4.77e-07
x³:single        0.001          3e-06      6.38e-12 0.000141 0.000304 0      2.97e-07
x:single         1              1          1.78e-06 17.4     64       0      1.74e-07
1/(1+x²):single  0.5            -0.64      2.33e-06 11.2     41       0      1.75e-07
1/(1+x²):single  30             -7.39097e-05 3.97e-10 0.00737  0.00605  0      3.34e-07
x²-x:single      1              1          1.26e-06 38.4     96       0      2.56e-07
x²-x:single      0.5            1.41171e-07 3.21e-07 6.91     32       0      1.38e-07
x>1              2              0          8.88e-16 1        32       0.5    0
"""


@pytest.mark.parametrize("row", cells(PLAIN), ids=" ".join)
def test_what_is_stated_of_plain_code(row):
    f, x, *numbers = row
    value, bound, typical, terms, flat, precision = map(float, numbers)
    x, one = A([float(x)]), np.ones(1)
    with np.errstate(all="ignore"):
        found, seen = slopes(CODE[f], x, one), noise(CODE[f], x, *sizes(x))
    assert float(found.slope.value[0]) == pytest.approx(
        value, rel=1e-4, abs=0.5 * bound
    )
    assert float(found.slope.bound[0]) == near(bound, 0.03)
    assert float(found.slope.typical[0]) == near(typical, 0.03)
    assert float(found.terms[0]) == near(terms, 0.03)
    assert float(seen.flat[0]) == near(flat)
    # Of double precision no more is known than that it is no less.
    own = float(found.precision[0])
    assert own == near(precision, 0.03) if precision else own < 1e-14


def sizes(x):
    """The sizes that `slopes` reckons with: those of x, and the usual ones."""
    return np.where(x == 0, 1.0, np.abs(x)), np.ones(1)


@pytest.mark.parametrize(
    ("x", "value", "bound", "h"),
    [
        (2e-5, 1.2e-9, 5.42e-24, 2e-25),
        (2e5, 1.2e11, 3.957e-4, 1e-20),
        (0.0, -1e-40, 3.734e-21, 1e-20),
    ],
)
def test_what_is_stated_of_a_complex_step(x, value, bound, h):
    found = difference(F["x³"], A([x]), "complex")
    stated = [float(part[0]) for part in (found.value, found.bound, found.h)]
    assert stated == [near(n) for n in (value, bound, h)]


CHANGES = [  # of a slope of 8 by disturbed runs, and the bound that they tell
    ([0.0, 0.0], 8 * ROUNDING),
    ([1e-6, -3e-6], 4 * 3e-6 * EPSILON / D + 8 * ROUNDING),
    ([0.0799, 0.0], 4 * 0.0799 * EPSILON / D + 8 * ROUNDING),
    ([0.0801, 0.0], 4 * 0.0801 + 8 * ROUNDING),  # no longer in proportion
    ([-3.0, 0.0], 4 * 3.0 + 8 * ROUNDING),
]


@pytest.mark.parametrize(("changes", "bound"), CHANGES)
def test_disturbed_runs_tell_a_bound(changes, bound):
    eight, h = A([8.0]), A([1e-20])
    step = Difference(eight, eight, h, eight, eight, eight)
    runs = [lambda x, c=c: (8.0 + c) * x for c in changes]
    found = with_rounding(step, runs, A([1.0]))
    assert float(found.value[0]) == 8.0
    assert float(found.bound[0]) == near(bound) == float(found.rounding[0])


@pytest.mark.parametrize(
    ("value", "moved"),
    [(2.5, 2.5 * (1 + D)), (3.0, 3.0), (-1.5, -1.5 * (1 + D)), (0.0, 0.0),
     (2.5 + 3j, 2.5 * (1 + D) + 3j * (1 - D)), (2 + 3j, 2 + 3j),
     (2 + 0j, 2 + 0j)],
)  # fmt: skip
def test_a_disturbed_number_is_off_unless_it_is_whole(value, moved):
    assert complex(off(np.asarray(value), A([D, -D]))) == complex(moved)


@pytest.mark.parametrize(("step", "is_told"), [(1e-150, True), (1e-160, False)])
def test_a_step_whose_square_underflows_tells_no_curvature(step, is_told):
    found = second_difference(F["x³"], A([0.0]), scheme="three-point", step=step)
    assert np.isfinite(found.value[0]) == is_told
    first = difference(F["x³"], A([0.0]), "central", step)
    assert np.isfinite(first.value[0])
