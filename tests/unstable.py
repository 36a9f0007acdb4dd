"""Expressions that lose their digits, from the literature, each with hard points.

name → (equations, points). Sources: Hamming, Numerical Methods for Scientists and
Engineers, chapter 3; Higham, Accuracy and Stability of Numerical Algorithms, chapter 1;
Goldberg, What Every Computer Scientist Should Know; the benchmark suite of Herbie.
"""

Case = tuple[list[str], list[dict[str, float]]]


def one(text: str, *points: dict[str, float]) -> Case:
    return ["xy = " + text], list(points)


def at(name: str, *numbers: float) -> list[dict[str, float]]:
    return [{name: number} for number in numbers]


CLASSICS: dict[str, Case] = {
    "cosh(x) - 1": one("cosh(xx) - 1", *at("xx", 1e-9, -3e-6)),
    "tan - sin": one("tan(xx) - sin(xx)", *at("xx", 1e-6, -1e-5)),
    "inverse cotangent": one("1/xx - 1/tan(xx)", *at("xx", 1e-6, -3e-5)),
    "2atan": one("arctan(xn + 1) - arctan(xn)", *at("xn", 1e8, 1e12)),
    "3frac": one("1/(xx + 1) - 2/xx + 1/(xx - 1)", *at("xx", 1e6, -3e9)),
    "variance": (
        ["xm = (xa + xb + xc)/3", "xq = (xa^2 + xb^2 + xc^2)/3", "xv = xq - xm^2"],
        [
            {"xa": 1e8, "xb": 1e8 + 1, "xc": 1e8 + 2},
            {"xa": 5e6, "xb": 5e6, "xc": 5e6 + 0.125},
        ],
    ),
    "qlog": one("log(1 - xx)/log(1 + xx)", *at("xx", 1e-12, -3e-10)),
    "cross-entropy": (
        ["xp = sigmoid(xz)", "xl = -(y*log(xp) + (1 - y)*log(1 - xp))"],
        [{"xz": 40.0, "y": 0.0}, {"xz": 60.0, "y": 0.25}, {"xz": -800.0, "y": 1.0}],
    ),
    "2sqrt": one("sqrt(xx + 1) - sqrt(xx)", *at("xx", 1e14, 1e10)),
    "2sin": one(
        "sin(xx + eps) - sin(xx)",
        {"xx": 1.3, "eps": 1e-12},
        {"xx": -40.0, "eps": 1e-10},
    ),
    "2cos": one(
        "cos(xx + eps) - cos(xx)",
        {"xx": 1.3, "eps": 1e-12},
        {"xx": -40.0, "eps": 1e-10},
    ),
    "2tan": one(
        "tan(xx + eps) - tan(xx)",
        {"xx": 0.7, "eps": 1e-12},
        {"xx": -40.0, "eps": 1e-10},
    ),
    "2isqrt": one("1/sqrt(xx) - 1/sqrt(xx + 1)", *at("xx", 1e10, 1e14)),
    "2frac": one("1/(xx + 1) - 1/xx", *at("xx", 1e10, -1e13)),
    "2cbrt": one("(xx + 1)^(1/3) - xx^(1/3)", *at("xx", 1e12, 1e15)),
    "2log": one("log(xn + 1) - log(xn)", *at("xn", 1e10, 1e14)),
    "logs": one("(xn + 1)*log(xn + 1) - xn*log(xn) - 1", *at("xn", 1e10, 1e13)),
    "exp2": one("exp(xx) - 2 + exp(-xx)", *at("xx", 1e-6, -1e-5)),
    "expm1": one("exp(xx) - 1", *at("xx", 1e-12, -1e-9)),
    "expq2": one("exp(xx)/(exp(xx) - 1)", *at("xx", 1e-12, 800.0)),
    "expq3": one(
        "eps*(exp((a + b)*eps) - 1)/((exp(a*eps) - 1)*(exp(b*eps) - 1))",
        {"a": 1.5, "b": 0.7, "eps": 1e-12},
    ),
    "cos2": one("(1 - cos(xx))/xx^2", *at("xx", 1e-9, -3e-7)),
    "tanhf": one("(1 - cos(xx))/sin(xx)", *at("xx", 1e-9, -3e-7)),
    "quadratic, +": one(
        "(-b + sqrt(b^2 - 4*a*c))/(2*a)", {"a": 1.0, "b": 1e9, "c": 1.0}
    ),
    "quadratic, -": one(
        "(-b - sqrt(b^2 - 4*a*c))/(2*a)", {"a": 1.0, "b": -1e9, "c": 1.0}
    ),
    "nthroot": one("(xx + 1)^(1/n) - xx^(1/n)", {"xx": 1e12, "n": 5.0}),
    "sintan": one("(xx - sin(xx))/(xx - tan(xx))", *at("xx", 1e-5, -1e-4)),
}

FAMILY: dict[str, Case] = {
    # scaled, turned, and put into larger equations
    "scaled cosh": one("3*cosh(k*xx) - 3", {"k": 0.3, "xx": 1e-8}),
    "cosh, turned": one("a*(1 - cosh(xx))", {"a": 5.3, "xx": 1e-8}),
    "cos with a factor": one("c - c*cos(xx)", {"c": 3.7, "xx": 1e-8}),
    "cos in a sum": one("b + 2*(cos(xx) - 1)/xx^2", {"b": 0.25, "xx": 1e-9}),
    "sin - tan, turned": one("b*sin(xx) - b*tan(xx)", {"b": 2.5, "xx": 1e-6}),
    "1/tan - 1/x": one("(1/tan(xx) - 1/xx)*k", {"k": 7.0, "xx": 1e-6}),
    "cot - 1/x": one("cos(xx)/sin(xx) - 1/xx", *at("xx", 1e-6)),
    "arctan, scaled": one("2*arctan(xn) - 2*arctan(xn + h)", {"xn": 1e8, "h": 0.5}),
    "3frac, other order": one(
        "c/(xx - 1) + c/(1 + xx) - 2*c/xx", {"c": 2.0, "xx": 1e6}
    ),
    "variance of two": one(
        "(xa^2 + xb^2)/2 - ((xa + xb)/2)^2", {"xa": 1e8, "xb": 1e8 + 3}
    ),
    "variance of four": one(
        "(xa^2 + xb^2 + xc^2 + xd^2)/4 - ((xa + xb + xc + xd)/4)^2",
        {"xa": 1e8, "xb": 1e8 + 1, "xc": 1e8 + 2, "xd": 1e8 - 2},
    ),
    "sample variance": one(
        "(xa^2 + xb^2 + xc^2 - (xa + xb + xc)^2/3)/2",
        {"xa": 1e8, "xb": 1e8 + 1, "xc": 1e8 + 2},
    ),
    "covariance": (
        [
            "xm = (xa + xb)/2",
            "xn = (ya + yb)/2",
            "xc = (xa*ya + xb*yb)/2 - xm*xn",
        ],
        [{"xa": 1e8, "xb": 1e8 + 1, "ya": 2e8, "yb": 2e8 + 3}],
    ),
    "qlog, scaled": one("a*log(1 + xx)/log(1 - xx)", {"a": 2.0, "xx": 1e-12}),
    "artanh": one("log((1 - xx)/(1 + xx))", *at("xx", 1e-12, -1e-9)),
    "artanh, halved": one("0.5*log((1 + xx)/(1 - xx))", *at("xx", 1e-12)),
    "cross-entropy in one": one(
        "-y*log(sigmoid(xz)) - (1 - y)*log(1 - sigmoid(xz))",
        {"xz": 40.0, "y": 0.25},
        {"xz": 800.0, "y": 0.0},
    ),
    "cross-entropy over four": (
        [
            "xp = 1/(1 + exp(-xz))",
            "xa = log(xp)",
            "xb = log(1 - xp)",
            "xl = -(y*xa + (1 - y)*xb)",
        ],
        [{"xz": 50.0, "y": 0.25}, {"xz": 800.0, "y": 0.25}],
    ),
    "cross-entropy of a neuron": (
        ["xp = sigmoid(a*xa + b)", "xl = -(xt*log(xp) + (1 - xt)*log(1 - xp))"],
        [{"a": 30.0, "xa": 2.0, "b": 1.0, "xt": 0.0}],
    ),
    "log of a sigmoid": one("log(1/(1 + exp(-xz)))", *at("xz", 40.0)),
    # exponentials and logarithms
    "exp - 1 - x": one("exp(xx) - 1 - xx", *at("xx", 1e-9, 1e-5)),
    "exp(a) - exp(b)": one("exp(xa) - exp(xb)", {"xa": 1.3, "xb": 1.3 + 1e-12}),
    "exp difference": one(
        "exp(-k*(xt + h)) - exp(-k*xt)", {"k": 0.3, "xt": 2.0, "h": 1e-12}
    ),
    "exp(x + e) - exp(x)": one("exp(xx + eps) - exp(xx)", {"xx": 1.3, "eps": 1e-12}),
    "x/(exp - 1)": one("xx/(exp(xx) - 1)", *at("xx", 1e-12)),
    "1/(exp - 1) - 1/x": one("1/(exp(xx) - 1) - 1/xx", *at("xx", 1e-7)),
    "(exp - 1)/x": one("(exp(xx) - 1)/xx", *at("xx", 1e-12)),
    "Planck": one("xx^3/(exp(h*xx) - 1)", {"h": 1e-3, "xx": 1e-8}),
    "log(1 - exp)": one("log(1 - exp(-xx))", *at("xx", 1e-12, 40.0)),
    "log(exp - 1)": one("log(exp(xx) - 1)", *at("xx", 1e-12, 800.0)),
    "log(1 + x) - x": one("log(1 + xx) - xx", *at("xx", 1e-7)),
    "log ratio": one("log(xa/xb)", {"xa": 1.3 + 1e-12, "xb": 1.3}),
    "n*log difference": one("xn*(log(xn + 1) - log(xn)) - 1", *at("xn", 1e9)),
    "log(x + sqrt)": one("log(xx + sqrt(xx^2 + 1))", *at("xx", -1e9, 1e-10)),
    "log(cos)": one("log(cos(xx))", *at("xx", 1e-8)),
    "log(cosh)": one("log(cosh(xx))", *at("xx", 1e-8, 800.0)),
    "compound interest": one("(1 + r/n)^n - 1", {"r": 1e-12, "n": 12.0}),
    "towards e": one("(1 + 1/xn)^xn", *at("xn", 1e10)),
    "geometric sum": one("(1 - q^n)/(1 - q)", {"q": 1 - 1e-12, "n": 3.5}),
    "log-sum-exp of 2": one("log(exp(xa) + exp(xb))", {"xa": 1000.0, "xb": 998.5}),
    "log-sum-exp of 3": one(
        "log(exp(xa) + exp(xb) + exp(xc))", {"xa": -900.0, "xb": -901.0, "xc": -905.0}
    ),
    "log-sum-exp of 5": one(
        "log(exp(xa) + exp(xb) + exp(xc) + exp(xd) + exp(xe))",
        {"xa": 800.0, "xb": 801.0, "xc": 10.0, "xd": 799.0, "xe": -5.0},
    ),
    "softmax of 2": one("exp(xa)/(exp(xa) + exp(xb))", {"xa": 800.0, "xb": 801.0}),
    "softmax of 3": one(
        "exp(xb)/(exp(xa) + exp(xb) + exp(xc))", {"xa": 800.0, "xb": 801.0, "xc": 790.0}
    ),
    "softmax of 5": (
        ["xs = exp(xa) + exp(xb) + exp(xc) + exp(xd) + exp(xe)", "xp = exp(xa)/xs"],
        [{"xa": 800.0, "xb": 801.0, "xc": 790.0, "xd": 700.0, "xe": 802.0}],
    ),
    "logistic": one("exp(xx)/(1 + exp(xx))", *at("xx", 800.0)),
    "tanh by hand": one(
        "(exp(xx) - exp(-xx))/(exp(xx) + exp(-xx))", *at("xx", 800.0, 1e-12)
    ),
    "sinh by hand": one("(exp(xx) - exp(-xx))/2", *at("xx", 1e-12)),
    "1 - tanh": one("1 - tanh(xx)", *at("xx", 20.0)),
    "1 - tanh^2": one("1 - tanh(xx)^2", *at("xx", 20.0)),
    "cosh - sinh": one("cosh(xx) - sinh(xx)", *at("xx", 30.0)),
    "sinh/cosh": one("sinh(xx)/cosh(xx)", *at("xx", 800.0)),
    "Langevin": one("1/tanh(xx) - 1/xx", *at("xx", 1e-6)),
    "log(exp - 1) - x": one("log(exp(xx) - 1) - xx", *at("xx", 50.0, 5000.0)),
    "log of a power": one("log(xx^2 + 1) - 2*log(xx)", *at("xx", 1e8, 1e12)),
    "half a log": one("log(xx) - 0.5*log(xx^2 + 1)", *at("xx", 1e8)),
    "1 - sigmoid^2": one("1 - sigmoid(xx)^2", *at("xx", 40.0)),
    "far logit": (["xp = sigmoid(xz)", "xl = -log(1 - xp)"], at("xz", 1000.0)),
    "power times exp": one("xx^k*exp(-xx)", {"xx": 800.0, "k": 120.0}),
    # roots and powers
    "sqrt(1 + x) - 1": one("sqrt(1 + xx) - 1", *at("xx", 1e-12)),
    "1 - sqrt(1 - x^2)": one("1 - sqrt(1 - xx^2)", *at("xx", 1e-7)),
    "sqrt(x^2 + 1) - x": one("sqrt(xx^2 + 1) - xx", *at("xx", 1e9)),
    "sqrt(x^2 + y^2) - x": one("sqrt(xx^2 + xy_^2) - xx", {"xx": 1e9, "xy_": 2.0}),
    "sqrt(x + 1) - sqrt(x - 1)": one("sqrt(xx + 1) - sqrt(xx - 1)", *at("xx", 1e12)),
    "sqrt of sums": one(
        "a*sqrt(xx + b) - a*sqrt(xx + c)", {"a": 3.0, "b": 2.0, "c": 7.0, "xx": 1e13}
    ),
    "fourth root": one("(xx + 1)^(1/4) - xx^(1/4)", *at("xx", 1e12)),
    "power 2/3": one("(xx + h)^(2/3) - xx^(2/3)", {"xx": 1e9, "h": 1e-3}),
    "gamma factor": one("1/sqrt(1 - xv^2/c^2) - 1", {"xv": 1.0, "c": 3e8}),
    "kinetic energy": one(
        "m*c^2*(1/sqrt(1 - (xv/c)^2) - 1)", {"xv": 10.0, "c": 3e8, "m": 2.0}
    ),
    "dipole": one(
        "1/sqrt(xr^2 + (xz - d)^2) - 1/sqrt(xr^2 + (xz + d)^2)",
        {"xr": 3.0, "xz": 5.0, "d": 1e-10},
    ),
    "x*(sqrt(x^2 + 1) - x)": one("xx*(sqrt(xx^2 + 1) - xx)", *at("xx", 1e8)),
    "x - cube root": one("xx - (xx^3 - 1)^(1/3)", *at("xx", 1e5)),
    "hypot": one(
        "sqrt(xa^2 + xb^2)", {"xa": 3e200, "xb": 4e200}, {"xa": 3e-200, "xb": 4e-200}
    ),
    "norm": one("sqrt(xa^2 + xb^2 + xc^2)", {"xa": 3e200, "xb": 4e200, "xc": 1e200}),
    "norm with a minus": one("sqrt(xa^2 - xb^2)", {"xa": 3e200, "xb": 1e200}),
    "third root of cubes": one("(xa^3 + xb^3)^(1/3)", {"xa": 1e150, "xb": 2e150}),
    "norm as a power": one("(xa^2 + xb^2)^0.5", {"xa": 3e-200, "xb": 4e-200}),
    "geometric mean": one("sqrt(xa*xb)", {"xa": 1e200, "xb": 1e150}),
    "a^2 - b^2": one("xa^2 - xb^2", {"xa": 1.3 + 1e-12, "xb": 1.3}),
    "a*a - b*b, scaled": one(
        "k*xa*xa - k*xb*xb", {"k": 0.5, "xa": 1.3 + 1e-12, "xb": 1.3}
    ),
    "square of a difference": one(
        "xa^2 - 2*xa*xb + xb^2", {"xa": 1.3 + 1e-9, "xb": 1.3}
    ),
    "cubes": one("xa^3 - xb^3", {"xa": 1.3 + 1e-12, "xb": 1.3}),
    "binomial": one("xx^3 - 3*xx^2 + 3*xx - 1", *at("xx", 1 + 1e-4)),
    "(x + h)^2 - x^2": one("(xx + h)^2 - xx^2", {"xx": 1.3, "h": 1e-12}),
    "(x + h)^3 - x^3": one("((xx + h)^3 - xx^3)/h", {"xx": 1.3, "h": 1e-12}),
    "1/x^2 difference": one("1/xx^2 - 1/(xx + 1)^2", *at("xx", 1e10)),
    "x/(x + 1) difference": one("xx/(xx + 1) - (xx - 1)/xx", *at("xx", 1e7)),
    "lens": one("1/xf - 1/(xf + d)", {"xf": 0.35, "d": 1e-13}),
    "add and take away": one("(xa + xb) - xa", {"xa": 1e10, "xb": 0.3}),
    "three terms": one("xa + xb - xc", {"xa": 1e16, "xb": 1.0, "xc": 1e16}),
    "needle": (
        ["xs = (xa + xb + xc)/2", "xk = sqrt(xs*(xs - xa)*(xs - xb)*(xs - xc))"],
        [{"xa": 1e8, "xb": 1e8, "xc": 1e-8}],
    ),
    # trigonometry
    "1 - cos": one("1 - cos(xx)", *at("xx", 1e-8)),
    "versine, scaled": one("2*r*(1 - cos(xx/2))", {"r": 6.4e6, "xx": 1e-8}),
    "1 - cos^2": one("1 - cos(xx)^2", *at("xx", 1e-9)),
    "cos^2 - sin^2": one("cos(xx)^2 - sin(xx)^2", *at("xx", 0.7853981633974)),
    "x - sin": one("xx - sin(xx)", *at("xx", 1e-5, 3e-5)),
    "sin - x, scaled": one("a*(sin(w*xx) - w*xx)", {"a": 3.0, "w": 2.0, "xx": 1e-5}),
    "x*cos - sin": one("(xx*cos(xx) - sin(xx))/xx^2", *at("xx", 1e-6)),
    "tan - x": one("tan(xx) - xx", *at("xx", 1e-5)),
    "arctan - x": one("arctan(xx) - xx", *at("xx", 1e-5)),
    "arcsin - x": one("arcsin(xx) - xx", *at("xx", 1e-5)),
    "sinh - x": one("sinh(xx) - xx", *at("xx", 1e-5)),
    "x - tanh": one("xx - tanh(xx)", *at("xx", 1e-5)),
    "1/sin - 1/tan": one("1/sin(xx) - 1/tan(xx)", *at("xx", 1e-9)),
    "1/cos - 1": one("1/cos(xx) - 1", *at("xx", 1e-8)),
    "1/sin - 1/x": one("1/sin(xx) - 1/xx", *at("xx", 1e-6)),
    "cot difference": one("1/tan(xx + eps) - 1/tan(xx)", {"xx": 1.1, "eps": 1e-12}),
    "cot difference, quotient": one(
        "cos(xx + eps)/sin(xx + eps) - cos(xx)/sin(xx)", {"xx": 1.1, "eps": 1e-12}
    ),
    "sin(a) - sin(b)": one("sin(xa) - sin(xb)", {"xa": 1.3, "xb": 1.3 + 1e-12}),
    "cos, turned and scaled": one(
        "k*(cos(xx) - cos(xx + eps))", {"k": 2.5, "xx": 1.3, "eps": 1e-12}
    ),
    "arctan(a) - arctan(b)": one(
        "arctan(xa) - arctan(xb)", {"xa": 1.3, "xb": 1.3 + 1e-12}
    ),
    "arcsin difference": one("arcsin(xx + h) - arcsin(xx)", {"xx": 0.3, "h": 1e-12}),
    "pi/2 - arctan": one("pi/2 - arctan(xx)", *at("xx", 1e9)),
    "pi/2 - arccos": one("pi/2 - arccos(xx)", *at("xx", 1e-10)),
    "second difference": one(
        "sin(xx + h) - 2*sin(xx) + sin(xx - h)", {"xx": 1.3, "h": 1e-5}
    ),
    "sinc": one("sin(xx)/xx", *at("xx", 0.0)),
    "tanh difference": one("tanh(xx + h) - tanh(xx)", {"xx": 0.4, "h": 1e-12}),
    "sigmoid difference": one("sigmoid(xx + h) - sigmoid(xx)", {"xx": 0.4, "h": 1e-12}),
    "cosh difference": one("cosh(xx + h) - cosh(xx)", {"xx": 0.4, "h": 1e-12}),
    "spread 1 - cos": (
        ["xc = cos(w*xt)", "xd = 1 - xc", "xy = k*xd/xt^2"],
        [{"w": 2.0, "xt": 1e-8, "k": 3.0}],
    ),
    "spread roots": (
        ["xa = xx + 1", "xb = sqrt(xa)", "xc = sqrt(xx)", "xd = xb - xc", "xy = 3*xd"],
        [{"xx": 1e14}],
    ),
    "spread exp": (["xe = exp(xx)", "xs = xe - 1", "xy = xs - xx"], [{"xx": 1e-6}]),
}
