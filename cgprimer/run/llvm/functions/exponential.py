"""exp, expm1, tanh and sigmoid.

x = n·ln 2 + r by Cody and Waite (Software Manual for the Elementary Functions, 1980), a
polynomial in r, and 2^n in two factors, so that subnormal results are rounded once.
"""

from __future__ import annotations

from cgprimer.run.llvm.functions.function_writer import LN2, ROUND, FunctionWriter

LOG2_E = 1.4426950408889634
EXP = (  # (e^r - 1 - r)/r² by r, |r| ≤ ln 2/2
    0.5000000000000012, 0.166666666666667, 0.04166666666651555, 0.008333333333307168,
    0.001388888894698021, 0.00019841269917463545, 2.480148998132859e-05,
    2.7557216234414544e-06, 2.7631265636341437e-07, 2.511788002127871e-08,
)  # fmt: skip


def _reduce(b: FunctionWriter, x: str, bias: int) -> tuple[str, str]:
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


def _exp_to(b: FunctionWriter, x: str) -> str:
    """e^x for x from -746 to 710."""
    word, less = _reduce(b, x, 2046)
    # n + 2046 = 2·1023 + n is shared out to two exponents, each with the bias of 1023.
    # For n = -1074: 486 and 486, 2^-537 twice. The first product is a normal number,
    # and only the second is rounded to a subnormal one.
    both = b.integer("and", word, 4095)
    half = b.integer("lshr", both, 1)
    rest = b.integer("sub", both, half)
    y = b.mul(b.add(less, 1.0), b.from_bits(b.integer("shl", half, 52)))
    return b.mul(y, b.from_bits(b.integer("shl", rest, 52)))


def exp(b: FunctionWriter, x: str) -> str:
    """e^x."""
    # e^-746 is below half of the least subnormal number and e^710 beyond the greatest
    # one, so the results are 0 and infinity; farther out n would leave the bits that it
    # has.
    return _exp_to(b, b.at_most(b.at_least(x, -746.0), 710.0))


def exp_of_minus_size(b: FunctionWriter, x: str) -> str:
    """e^-|x|."""
    return _exp_to(b, b.at_least(b.sub(-0.0, b.abs(x)), -746.0))


def expm1(b: FunctionWriter, x: str) -> str:
    """e^x - 1, with all digits near 0."""
    word, less = _reduce(b, b.at_most(b.at_least(x, -40.0), 710.0), 1022)
    # 2^(n - 1), so that n = 1024 is still a number; doubled at the end: e^x - 1 is
    # 2·(2^(n-1)·(e^r - 1) + 2^(n-1) - ½). Below -40 the result rounds to -1 anyway.
    half = b.from_bits(b.integer("shl", word, 52))
    y = b.fma(half, less, b.sub(half, 0.5))
    return b.small_as_is(x, b.add(y, y))


def tanh(b: FunctionWriter, x: str) -> str:
    """(1 - e)/(1 + e), e = e^(-2·|x|) = 2^n·(1 + less)."""
    # 1 - tanh(20) = 8.5e-18, less than half the spacing of doubles below 1: from there
    # on the result is 1.
    size = b.at_most(b.abs(x), 20.0)
    word, less = _reduce(b, b.mul(size, -2.0), 1023)
    power = b.from_bits(b.integer("shl", word, 52))
    above = b.fma(power, less, b.sub(power, 1.0))
    below = b.fma(power, less, b.add(power, 1.0))
    return b.intrinsic("copysign", b.div(above, below), x)


def sigmoid(b: FunctionWriter, x: str) -> str:
    """1/(1 + e^-x), by the one of e^x and e^-x that does not overflow."""
    e = exp_of_minus_size(b, x)
    return b.div(b.select(b.compare("olt", x, 0.0), e, 1.0), b.add(e, 1.0))
