"""log, log1p and softplus.

x = 2^k·(1 + f) and ln(1 + f) = 2·artanh(f/(2 + f)), arranged as in fdlibm (Sun
Microsystems, 1993). log1p carries the rounding of 1 + x into f.
"""

from __future__ import annotations

from cgprimer.run.llvm.functions.exponential import exp_of_minus_size
from cgprimer.run.llvm.functions.function_writer import LN2, FunctionWriter

INF, NAN = float("inf"), float("nan")
MANTISSA = (1 << 52) - 1
# Bits of √½, and of 2 and 2^52, whose biased exponents are 1024 and 1075.
SQRT_HALF_BITS, TWO_BITS, TWO52_BITS = 0x3FE6A09E667F3BCD, 1024 << 52, 1075 << 52
LOG = (  # (2·artanh(s)/s - 2)/s² by s², |s| ≤ (√2 - 1)/(√2 + 1)
    0.6666666666666734, 0.39999999999414915, 0.28571428742343447, 0.22222198577102048,
    0.1818356414660257, 0.15314054653432257, 0.14795912726420443,
)  # fmt: skip


def _log_1_plus(b: FunctionWriter, f: str, k: str) -> str:
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


def _exponent(b: FunctionWriter, x: str) -> tuple[str, str, str]:
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
    k = b.sub(b.from_bits(b.integer("or", k, TWO52_BITS)), 2.0**52 + 1024)
    return power, k, b.from_bits(b.integer("sub", word, power))


def _log_edges(b: FunctionWriter, x: str, y: str, pole: float) -> str:
    """y, but infinite at the pole and at infinity, and nan beyond the pole."""
    # x itself where it is infinite, or nan, which is not less than anything.
    y = b.select(b.compare("olt", x, INF), y, x)
    y = b.select(b.compare("olt", x, pole), NAN, y)
    return b.select(b.compare("oeq", x, pole), -INF, y)


def log(b: FunctionWriter, x: str) -> str:
    """ln x; -inf at 0, nan below it."""
    # A subnormal number has no exponent of its own; times 2^54 it is normal, and exact.
    subnormal = b.compare("olt", x, 2.0**-1022)
    _, k, m = _exponent(b, b.select(subnormal, b.mul(x, 2.0**54), x))
    k = b.select(subnormal, b.sub(k, 54.0), k)
    return _log_edges(b, x, _log_1_plus(b, b.sub(m, 1.0), k), 0.0)


def log1p(b: FunctionWriter, x: str) -> str:
    """ln(1 + x), with all digits near 0."""
    u = b.add(x, 1.0)
    power, k, m = _exponent(b, u)
    # u = 1 + x is rounded; `lost` is what was lost, exactly (Knuth's TwoSum). It is
    # carried into f: ln(u + lost) = k·ln 2 + ln(m + lost·2^-k).
    rest = b.sub(u, x)
    lost = b.add(b.sub(1.0, rest), b.sub(x, b.sub(u, rest)))
    # 2^(1 - k), and half of `lost`: at k = 1024 the bits of 2^-k would be below those
    # of 0.
    scale = b.from_bits(b.integer("sub", TWO_BITS, power))
    y = _log_1_plus(b, b.fma(b.mul(lost, 0.5), scale, b.sub(m, 1.0)), k)
    return _log_edges(b, x, b.small_as_is(x, y), -1.0)


def softplus(b: FunctionWriter, x: str) -> str:
    """ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)."""
    e = exp_of_minus_size(b, x)
    # 1 + e lies from 1 to 2, and is 2^k·(1 + f): above √2 with k = 1 and so with
    # f = (1 + e)/2 - 1 = (e - 1)/2, below it with k = 0.
    large = b.compare("ogt", e, 2.0**0.5 - 1)
    f = b.select(large, b.mul(b.sub(e, 1.0), 0.5), e)
    y = _log_1_plus(b, f, b.select(large, 1.0, 0.0))
    return b.add(y, b.select(b.compare("ogt", x, 0.0), x, 0.0))
