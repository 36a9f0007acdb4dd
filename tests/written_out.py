"""Formulas as operations, and the same equations with the formulas written out.

name → (definitions, equations that use them, the same equations without)
"""

WRITTEN_OUT = {
    "one argument": (
        ["ssign(u) = u/(1 + abs(u))"],
        ["xy = w*ssign(xx*v)", "xz = ssign(ssign(xy)) - xx"],
        ["xy = w*((xx*v)/(1 + abs(xx*v)))",
         "xz = (xy/(1 + abs(xy)))/(1 + abs(xy/(1 + abs(xy)))) - xx"],
    ),
    "arguments in another order": (
        ["blend(b, a) = 2*b - a^2"],
        ["xy = blend(v*xx, blend(xx, w))"],
        ["xy = 2*(v*xx) - (2*xx - w^2)^2"],
    ),
    "an argument used often": (
        ["mish(y) = y*tanh(ln(1 + exp(y)))"],
        ["xy = mish(w*xx) + v"],
        ["xy = (w*xx)*tanh(ln(1 + exp(w*xx))) + v"],
    ),
    "formulas of formulas": (
        ["inner(a) = a^2 + abs(a)", "outer(a, b) = inner(a)*b + inner(b)"],
        ["xy = outer(w*xx, v)"],
        ["xy = ((w*xx)^2 + abs(w*xx))*v + (v^2 + abs(v))"],
    ),
    "a stable form across the call": (
        ["onemore(a) = 1 + exp(a)"],
        ["xy = log(onemore(700*w*xx)) + v"],
        ["xy = log(1 + exp(700*w*xx)) + v"],
    ),
    "numbers and pi": (
        ["area(r) = pi*r^2/4 - 0.3"],
        ["xy = w*area(xx) + v*area(2)"],
        ["xy = w*(pi*xx^2/4 - 0.3) + v*(pi*2^2/4 - 0.3)"],
    ),
    "names and numbers": (
        ["flat(a) = 2 + 0*a", "same(a) = a"],
        ["xz = same(xx)", "xy = w*same(xz)*v + flat(xx)"],
        ["xz = xx", "xy = w*xz*v + (2 + 0*xx)"],
    ),
    "kinks": (
        ["clip(a, low, high) = min(max(a, low), high)"],
        ["xy = clip(w*xx, 0 - 1, v)"],
        ["xy = min(max(w*xx, 0 - 1), v)"],
    ),
    "digits that cancel": (
        ["lossy(a) = (a + 1e7) - 1e7"],
        ["xy = sin(w*lossy(xx)) + v"],
        ["xy = sin(w*((xx + 1e7) - 1e7)) + v"],
    ),
}  # fmt: skip
