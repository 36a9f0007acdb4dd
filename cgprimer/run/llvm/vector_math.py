"""Elementary functions of float64 vectors, as text in the language of LLVM.

The functions of `OWN` are polynomials after an argument reduction, alike in all lanes
and without branches; those of `LIBM` call the C library lane by lane.

- exp: x = n·ln 2 + r by Cody and Waite (Software Manual for the Elementary Functions,
  1980), a polynomial in r, and 2^n in two factors, so that subnormal results are
  rounded once. expm1, tanh, sigmoid and softplus reduce their arguments alike.
- log: x = 2^k·(1 + f) and ln(1 + f) = 2·artanh(f/(2 + f)), arranged as in fdlibm
  (Sun Microsystems, 1993). log1p carries the rounding of 1 + x into f.
- sin, cos: x = n·π/2 + r, with π/2 in three parts and fused products up to |x| = 2^30;
  the lanes beyond it go to the C library.

All polynomials are minimax, by the exchange algorithm of Remez.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

LIBM = {
    "tan": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "erf": "erf",
    "pow": "pow",
}
"""The C library function that a function calls lane by lane."""

INF, NAN = float("inf"), float("nan")
ROUND = 1.5 * 2.0**52  # added to a number, leaves its nearest integer in the low bits
TINY = 2.0**-54  # below it, f(x) rounds to x where f(x) = x + O(x²)
FAR = 2.0**30  # the last argument that sin and cos reduce
# LN2 and HALF_PI are sums of doubles, each the rounding of what those before it leave.
# All parts but the last have full precision: a fused product n·part is exact before it
# is added, so no part needs trailing zeros.
LOG2_E = 1.4426950408889634
LN2 = (0.6931471805599453, 2.3190468138462996e-17)
HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
SIGN, MANTISSA = -(1 << 63), (1 << 52) - 1
# Bits of √½, and of 2 and 2^52, whose biased exponents are 1024 and 1075.
SQRT_HALF_BITS, TWO_BITS, TWO52_BITS = 0x3FE6A09E667F3BCD, 1024 << 52, 1075 << 52

EXP = (  # (e^r - 1 - r)/r² by r, |r| ≤ ln 2/2
    0.5000000000000012, 0.166666666666667, 0.04166666666651555, 0.008333333333307168,
    0.001388888894698021, 0.00019841269917463545, 2.480148998132859e-05,
    2.7557216234414544e-06, 2.7631265636341437e-07, 2.511788002127871e-08,
)  # fmt: skip
LOG = (  # (2·artanh(s)/s - 2)/s² by s², |s| ≤ (√2 - 1)/(√2 + 1)
    0.6666666666666734, 0.39999999999414915, 0.28571428742343447, 0.22222198577102048,
    0.1818356414660257, 0.15314054653432257, 0.14795912726420443,
)  # fmt: skip
SIN = (  # (sin(r)/r - 1)/r² by r², |r| ≤ π/4
    -0.16666666666666632, 0.008333333333322425, -0.00019841269829816947,
    2.7557313695194352e-06, -2.5050758645243252e-08, 1.5896827341939414e-10,
)  # fmt: skip
COS = (  # (cos(r) - 1)/r² by r², |r| ≤ π/4
    -0.5, 0.0416666666666666, -0.001388888888887414, 2.4801587289492484e-05,
    -2.7557314355403e-07, 2.087572370306159e-09, -1.1359670689313068e-11,
)  # fmt: skip


class _Body:
    """The instructions of one function, for `width` lanes; methods return names."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self.needs: set[str] = set()
        self.real, self.int, self.bit = (
            _vector(kind, width) for kind in ("double", "i64", "i1")
        )

    def put(self, text: str) -> str:
        """Append an instruction that has a result."""
        self.lines.append(f"  %t{len(self.lines)} = {text}")
        return f"%t{len(self.lines) - 1}"

    def constant(self, value: str | float) -> str:
        """The text of an operand; a number is the same in all lanes."""
        if isinstance(value, str):
            return value
        if isinstance(value, int):
            return _splat("i64", str(value), self.width)
        return _splat("double", _hexadecimal(value), self.width)

    def _apply(self, kind: str, name: str, args: tuple[str | float, ...]) -> str:
        return self.put(f"{name} {kind} " + ", ".join(map(self.constant, args)))

    def add(self, a: str | float, b: str | float) -> str:
        return self._apply(self.real, "fadd", (a, b))

    def sub(self, a: str | float, b: str | float) -> str:
        return self._apply(self.real, "fsub", (a, b))

    def mul(self, a: str | float, b: str | float) -> str:
        return self._apply(self.real, "fmul", (a, b))

    def div(self, a: str | float, b: str | float) -> str:
        return self._apply(self.real, "fdiv", (a, b))

    def compare(self, how: str, a: str | float, b: str | float) -> str:
        return self._apply(self.real, f"fcmp {how}", (a, b))

    def select(self, test: str, yes: str | float, no: str | float) -> str:
        a, b = self.constant(yes), self.constant(no)
        return self.put(f"select {self.bit} {test}, {self.real} {a}, {self.real} {b}")

    def integer(self, name: str, a: str | int, b: str | int) -> str:
        """An integer instruction: add, sub, and, xor, shl, lshr, icmp …"""
        return self._apply(self.int, name, (a, b))

    def bits(self, a: str) -> str:
        return self.put(f"bitcast {self.real} {a} to {self.int}")

    def number(self, a: str) -> str:
        """The number that has these bits."""
        return self.put(f"bitcast {self.int} {a} to {self.real}")

    def intrinsic(self, name: str, *args: str | float) -> str:
        """A call of `llvm.<name>` for these lanes."""
        suffix = f"v{self.width}f64" if self.width > 1 else "f64"
        types = ", ".join([self.real] * len(args))
        self.needs.add(f"declare {self.real} @llvm.{name}.{suffix}({types})")
        values = ", ".join(f"{self.real} {self.constant(arg)}" for arg in args)
        return self.put(f"call {self.real} @llvm.{name}.{suffix}({values})")

    def abs(self, a: str) -> str:
        return self.intrinsic("fabs", a)

    def fma(self, a: str | float, b: str | float, c: str | float) -> str:
        """a·b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def polynomial(self, coefficients: tuple[float, ...], x: str, square: str) -> str:
        """Even and odd powers apart, each by Horner's rule in x²."""
        sums = []
        for part in (coefficients[::2], coefficients[1::2]):
            total: str | float = part[-1]
            for coefficient in part[-2::-1]:
                total = self.fma(total, square, coefficient)
            sums.append(total)
        return self.fma(sums[1], x, sums[0])

    def at_least(self, x: str, low: float) -> str:
        return self.select(self.compare("olt", x, low), low, x)

    def at_most(self, x: str, high: float) -> str:
        return self.select(self.compare("ogt", x, high), high, x)

    def small_as_is(self, x: str, y: str) -> str:
        """x where |x| < `TINY`, the sign of zero with it; y elsewhere."""
        return self.select(self.compare("olt", self.abs(x), TINY), x, y)

    def library(self, name: str, args: tuple[str, ...], helper: str = "each") -> str:
        """A call of the C library in each lane, or in those that `helper` picks."""
        function = LIBM.get(name, name)
        arity = 2 if function == "pow" else 1
        types = ", ".join(["double"] * arity)
        self.needs.add(f"declare double @{function}({types}) {PURE}")
        values = ", ".join(f"{self.real} {arg}" for arg in args)
        if self.width == 1:
            values = ", ".join(f"double {arg}" for arg in args[:arity])
            return self.put(f"call double @{function}({values})")
        self.needs.add(_each(helper, self.width))
        return self.put(f"call {self.real} @v_{helper}({values}, ptr @{function})")


PURE = "nounwind willreturn memory(none)"


def _vector(kind: str, width: int) -> str:
    return f"<{width} x {kind}>" if width > 1 else kind


def _splat(kind: str, value: str, width: int) -> str:
    return f"<{', '.join([f'{kind} {value}'] * width)}>" if width > 1 else value


def _hexadecimal(value: float) -> str:
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _each(helper: str, width: int) -> str:
    """A function that calls %f in a loop over the lanes of %x.

    each : %f(x); each2 : %f(x, y); far : y where |x| ≤ `FAR`, %f(x) elsewhere.
    """
    # With `far`, for the lanes 0.5, 2^40 of %x and 0.479, – of %y:
    #
    #     0.5     |x| ≤ FAR: next, with %b, the value that is there already
    #     2^40    call, with %c = %f(2^40)
    #
    # A loop over memory, not over lanes in registers: its text is as long for 8 lanes
    # as for one, and noinline keeps one copy of it.
    real = _vector("double", width)
    second = "" if helper == "each" else f", {real} %y"
    store = "" if helper == "each" else f"  store {real} %y, ptr %ys"
    load = "" if helper == "each" else "  %b = load double, ptr %pb"
    call = f"call double %f(double %a{', double %b' if helper == 'each2' else ''})"
    test = f"""\
  %minus = fneg double %a
  %negative = fcmp olt double %a, 0.0
  %size = select i1 %negative, double %minus, double %a
  %near = fcmp ole double %size, {_hexadecimal(FAR)}
  br i1 %near, label %next, label %call"""
    return f"""\
define internal {real} @v_{helper}({real} %x{second}, ptr %f) noinline {PURE} {{
entry:
  %xs = alloca {real}
  %ys = alloca {real}
  %out = alloca {real}
  store {real} %x, ptr %xs
{store}
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %more, %next ]
  %pa = getelementptr double, ptr %xs, i64 %i
  %pb = getelementptr double, ptr %ys, i64 %i
  %po = getelementptr double, ptr %out, i64 %i
  %a = load double, ptr %pa
{load}
{test if helper == "far" else "  br label %call"}
call:
  %c = {call}
  br label %next
next:
  %r = phi double [ %c, %call ]{", [ %b, %loop ]" if helper == "far" else ""}
  store double %r, ptr %po
  %more = add i64 %i, 1
  %done = icmp eq i64 %more, {width}
  br i1 %done, label %exit, label %loop
exit:
  %result = load {real}, ptr %out
  ret {real} %result
}}"""


def _reduced(b: _Body, x: str, bias: int) -> tuple[str, str]:
    """x = n·ln 2 + r: a word with n + bias in its low bits; e^r - 1."""
    # x = 1, bias = 2046: t = 1.5·2^52 + 2047 and n = 1, as 1.4427 is nearest to 1; then
    # r = 1 - ln 2 = 0.30685 in two steps, the second one for the digits that the first
    # part of ln 2 lacks. The spacing of doubles at 1.5·2^52 is 1, so the integer is in
    # the low bits.
    t = b.fma(x, LOG2_E, ROUND + bias)
    n = b.sub(t, ROUND + bias)
    r = b.fma(n, -LN2[1], b.fma(n, -LN2[0], x))
    square = b.mul(r, r)
    # (e^r - 1 - r)/r² is the polynomial, so e^r - 1 is r + r²·p: 1 is not added yet, as
    # that would round away the digits of a small r, which expm1 needs.
    return b.bits(t), b.fma(b.polynomial(EXP, r, square), square, r)


def _exp_to(b: _Body, x: str) -> str:
    """e^x for x from -746 to 710."""
    word, less = _reduced(b, x, 2046)
    # n + 2046 = 2·1023 + n is shared out to two exponents, each with the bias of 1023.
    # For n = -1074: 486 and 486, 2^-537 twice. The first product is a normal number,
    # and only the second is rounded to a subnormal one.
    both = b.integer("and", word, 4095)
    half = b.integer("lshr", both, 1)
    rest = b.integer("sub", both, half)
    y = b.mul(b.add(less, 1.0), b.number(b.integer("shl", half, 52)))
    return b.mul(y, b.number(b.integer("shl", rest, 52)))


def _exp(b: _Body, x: str) -> str:
    # e^-746 is below half of the least subnormal number and e^710 beyond the greatest
    # one, so the results are 0 and infinity; farther out n would leave the bits that it
    # has.
    return _exp_to(b, b.at_most(b.at_least(x, -746.0), 710.0))


def _exp_of_minus_size(b: _Body, x: str) -> str:
    """e^-|x|."""
    return _exp_to(b, b.at_least(b.sub(-0.0, b.abs(x)), -746.0))


def _expm1(b: _Body, x: str) -> str:
    word, less = _reduced(b, b.at_most(b.at_least(x, -40.0), 710.0), 1022)
    # 2^(n - 1), so that n = 1024 is still a number; doubled at the end: e^x - 1 is
    # 2·(2^(n-1)·(e^r - 1) + 2^(n-1) - ½). Below -40 the result rounds to -1 anyway.
    half = b.number(b.integer("shl", word, 52))
    y = b.fma(half, less, b.sub(half, 0.5))
    return b.small_as_is(x, b.add(y, y))


def _tanh(b: _Body, x: str) -> str:
    """(1 - e)/(1 + e), e = e^(-2·|x|) = 2^n·(1 + less)."""
    # 1 - tanh(20) = 8.5e-18, less than half the spacing of doubles below 1: from there
    # on the result is 1.
    size = b.at_most(b.abs(x), 20.0)
    word, less = _reduced(b, b.mul(size, -2.0), 1023)
    power = b.number(b.integer("shl", word, 52))
    above = b.fma(power, less, b.sub(power, 1.0))
    below = b.fma(power, less, b.add(power, 1.0))
    return b.intrinsic("copysign", b.div(above, below), x)


def _sigmoid(b: _Body, x: str) -> str:
    e = _exp_of_minus_size(b, x)
    return b.div(b.select(b.compare("olt", x, 0.0), e, 1.0), b.add(e, 1.0))


def _log_1_plus(b: _Body, f: str, k: str) -> str:
    """k·ln 2 + ln(1 + f)."""
    # fdlibm's e_log.c: with s = f/(2 + f) and R = 2·artanh(s)/s - 2,
    #
    #     ln(1 + f) = f - (f²/2 - s·(f²/2 + R))
    #
    # f itself is exact, and what is subtracted is small beside it.
    half = b.mul(b.mul(f, 0.5), f)
    s = b.div(f, b.add(f, 2.0))
    z = b.mul(s, s)
    tail = b.fma(b.polynomial(LOG, z, b.mul(z, z)), z, half)
    tail = b.fma(s, tail, b.mul(k, LN2[1]))
    return b.fma(k, LN2[0], b.sub(f, b.sub(half, tail)))


def _exponent(b: _Body, x: str) -> tuple[str, str, str]:
    """x = 2^k·m, m from √½ to √2: 2^k as bits without the bias; k; m."""
    # The bits of x less those of √½: what is left in the exponent's place is k. For
    # x = 3 = 4.24·√½ = 2^2·1.06·√½,
    #
    #     above = bits(3) - bits(√½)     its exponent field is 2
    #     power = 2 << 52                taken from the bits of x: m = 3/4
    #
    # k becomes a double without a conversion of integers, which AVX2 lacks for 64 bits:
    # k + 1024 as the low bits of 2^52, less 2^52 + 1024.
    word = b.bits(x)
    above = b.integer("sub", word, SQRT_HALF_BITS)
    power = b.integer("and", above, ~MANTISSA)
    k = b.integer("lshr", b.integer("add", above, 1024 << 52), 52)
    k = b.sub(b.number(b.integer("or", k, TWO52_BITS)), 2.0**52 + 1024)
    return power, k, b.number(b.integer("sub", word, power))


def _log_edges(b: _Body, x: str, y: str, pole: float) -> str:
    """y, but infinite at the pole and at infinity, and nan beyond the pole."""
    # x itself where it is infinite, or nan, which is not less than anything.
    y = b.select(b.compare("olt", x, INF), y, x)
    y = b.select(b.compare("olt", x, pole), NAN, y)
    return b.select(b.compare("oeq", x, pole), -INF, y)


def _log(b: _Body, x: str) -> str:
    # A subnormal number has no exponent of its own; times 2^54 it is normal, and exact.
    subnormal = b.compare("olt", x, 2.0**-1022)
    _, k, m = _exponent(b, b.select(subnormal, b.mul(x, 2.0**54), x))
    k = b.select(subnormal, b.sub(k, 54.0), k)
    return _log_edges(b, x, _log_1_plus(b, b.sub(m, 1.0), k), 0.0)


def _log1p(b: _Body, x: str) -> str:
    u = b.add(x, 1.0)
    power, k, m = _exponent(b, u)
    # u = 1 + x is rounded; `lost` is what was lost, exactly (Knuth's TwoSum). It is
    # carried into f: ln(u + lost) = k·ln 2 + ln(m + lost·2^-k).
    rest = b.sub(u, x)
    lost = b.add(b.sub(1.0, rest), b.sub(x, b.sub(u, rest)))
    # 2^(1 - k), and half of `lost`: at k = 1024 the bits of 2^-k would be below those
    # of 0.
    scale = b.number(b.integer("sub", TWO_BITS, power))
    y = _log_1_plus(b, b.fma(b.mul(lost, 0.5), scale, b.sub(m, 1.0)), k)
    return _log_edges(b, x, b.small_as_is(x, y), -1.0)


def _softplus(b: _Body, x: str) -> str:
    e = _exp_of_minus_size(b, x)
    # 1 + e lies from 1 to 2, and is 2^k·(1 + f): above √2 with k = 1 and so with
    # f = (1 + e)/2 - 1 = (e - 1)/2, below it with k = 0.
    large = b.compare("ogt", e, 2.0**0.5 - 1)
    f = b.select(large, b.mul(b.sub(e, 1.0), 0.5), e)
    y = _log_1_plus(b, f, b.select(large, 1.0, 0.0))
    return b.add(y, b.select(b.compare("ogt", x, 0.0), x, 0.0))


def _sine_and_cosine(b: _Body, x: str) -> tuple[str, str, str]:
    """sin(r) and cos(r), |x| = n·π/2 + r; a word with n in its low bits."""
    # As in `_reduced`. |x| up to 2^30 has n up to 7·10^8, and x = 355 n = 226.
    t = b.fma(x, 1 / HALF_PI[0], ROUND)
    n = b.sub(t, ROUND)
    r = x
    for part in HALF_PI:
        r = b.fma(n, -part, r)
    z = b.mul(r, r)
    fourth = b.mul(z, z)
    sine = b.fma(b.polynomial(SIN, z, fourth), b.mul(z, r), r)
    return sine, b.fma(b.polynomial(COS, z, fourth), z, 1.0), b.bits(t)


def _with_sign(b: _Body, y: str, quarter: str) -> str:
    """-y where the second bit of `quarter` is set."""
    # Bit 1 shifted to bit 63. Quarters 2 and 3 of the circle have a negative sine; the
    # cosine is that of the quarter one further on.
    sign = b.integer("shl", b.integer("and", quarter, 2), 62)
    return b.number(b.integer("xor", b.bits(y), sign))


def _trigonometric(b: _Body, x: str, names: tuple[str, ...]) -> list[str]:
    """The sine, the cosine or both; lanes beyond `FAR` by the C library."""
    size = b.abs(x)
    sine, cosine, word = _sine_and_cosine(b, size)
    # In odd quarters sine and cosine change places: sin(π/2 + r) = cos(r).
    odd = b.integer("icmp ne", b.integer("and", word, 1), 0)
    near = []
    for name in names:
        if name == "sin":
            y = _with_sign(b, b.select(odd, cosine, sine), word)
            sign = b.integer("and", b.bits(x), SIGN)
            near.append(b.number(b.integer("xor", b.bits(y), sign)))
        else:
            y = b.select(odd, sine, cosine)
            near.append(_with_sign(b, y, b.integer("add", word, 1)))
    # The only branch: rare, and for the whole vector. "ugt" holds for nan as well,
    # which the C library passes on.
    far = b.compare("ugt", size, FAR)
    if b.width > 1:
        mask = b.put(f"bitcast {b.bit} {far} to i{b.width}")
        far = b.put(f"icmp ne i{b.width} {mask}, 0")
    b.lines += [f"  br i1 {far}, label %far, label %done", "far:"]
    exact = [
        b.library(name, (x, y), "far") for name, y in zip(names, near, strict=True)
    ]
    b.lines += ["  br label %done", "done:"]
    return [
        b.put(f"phi {b.real} [ {y}, %entry ], [ {z}, %far ]")
        for y, z in zip(near, exact, strict=True)
    ]


_WRITERS: dict[str, Callable[[_Body, str], str]] = {
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "sin": lambda b, x: _trigonometric(b, x, ("sin",))[0],
    "cos": lambda b, x: _trigonometric(b, x, ("cos",))[0],
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
}

OWN = frozenset(_WRITERS) | {"sincos"}
"""The functions whose value is computed here."""


def _definition(name: str, width: int, inline: bool) -> tuple[str, set[str]]:
    """The text of one function, and the declarations and helpers it needs."""
    b = _Body(width)
    result, args = b.real, ("%x", "%y") if name == "pow" else ("%x",)
    if name == "sincos":
        result = f"{{ {b.real}, {b.real} }}"
        sine, cosine = _trigonometric(b, "%x", ("sin", "cos"))
        half = b.put(f"insertvalue {result} poison, {b.real} {sine}, 0")
        value = b.put(f"insertvalue {result} {half}, {b.real} {cosine}, 1")
    elif name in LIBM:
        value = b.library(name, args, "each2" if len(args) == 2 else "each")
    else:
        value = _WRITERS[name](b, "%x")
    parameters = ", ".join(f"{b.real} {arg}" for arg in args)
    how = f"{'alwaysinline' if inline else 'noinline'} {PURE}"
    head = f"define internal {result} @v_{name}({parameters}) {how} {{\nentry:"
    return "\n".join([head, *b.lines, f"  ret {result} {value}\n}}"]), b.needs


def definitions(names: Iterable[str], width: int, *, inline: bool = False) -> str:
    """LLVM IR that defines `@v_<name>` for each name, and what they depend on.

    A function maps `<width x double>`, or `double` where the width is 1, to the same;
    `pow` has two arguments; `sincos` returns both in a structure.
    """
    texts, needs = [], set()
    for name in sorted(set(names)):
        text, uses = _definition(name, width, inline)
        texts.append(text)
        needs |= uses
    return "\n".join([*sorted(needs), *texts, ""])
