"""sin and cos.

x = n·π/2 + r, with π/2 in three parts and fused products up to |x| = 2^30; the lanes
beyond it go to the C library.
"""

from __future__ import annotations

from collections.abc import Sequence

from cgprimer.run.llvm.functions.function_writer import FAR, ROUND, FunctionWriter

HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
SIGN = -(1 << 63)
SIN = (  # (sin(r)/r - 1)/r² by r², |r| ≤ π/4
    -0.16666666666666632, 0.008333333333322425, -0.00019841269829816947,
    2.7557313695194352e-06, -2.5050758645243252e-08, 1.5896827341939414e-10,
)  # fmt: skip
COS = (  # (cos(r) - 1)/r² by r², |r| ≤ π/4
    -0.5, 0.0416666666666666, -0.001388888888887414, 2.4801587289492484e-05,
    -2.7557314355403e-07, 2.087572370306159e-09, -1.1359670689313068e-11,
)  # fmt: skip


def _sine_and_cosine(b: FunctionWriter, x: str) -> tuple[str, str, str]:
    """sin(r) and cos(r), |x| = n·π/2 + r; a word with n in its low bits."""
    # As in `_reduce`. |x| up to 2^30 has n up to 7·10^8, and x = 355 n = 226.
    t = b.fma(x, 1 / HALF_PI[0], ROUND)
    n = b.sub(t, ROUND)
    r = x
    for part in HALF_PI:
        r = b.fma(n, -part, r)
    z = b.mul(r, r)
    fourth = b.mul(z, z)
    sine = b.fma(b.polynomial(SIN, z, fourth), b.mul(z, r), r)
    return sine, b.fma(b.polynomial(COS, z, fourth), z, 1.0), b.bits(t)


def _with_sign(b: FunctionWriter, y: str, quarter: str) -> str:
    """-y where the second bit of `quarter` is set."""
    # Bit 1 shifted to bit 63. Quarters 2 and 3 of the circle have a negative sine; the
    # cosine is that of the quarter one further on.
    sign = b.integer("shl", b.integer("and", quarter, 2), 62)
    return b.from_bits(b.integer("xor", b.bits(y), sign))


def sine_or_cosine(b: FunctionWriter, x: str, names: Sequence[str]) -> list[str]:
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
            near.append(b.from_bits(b.integer("xor", b.bits(y), sign)))
        else:
            y = b.select(odd, sine, cosine)
            near.append(_with_sign(b, y, b.integer("add", word, 1)))
    # The only branch: rare, and for the whole vector. "ugt" holds for nan as well,
    # which the C library passes on.
    far = b.any_lane(b.compare("ugt", size, FAR))
    b.do(f"br i1 {far}, label %far, label %done")
    b.label("far")
    exact = [
        b.library(name, (x, y), "far") for name, y in zip(names, near, strict=True)
    ]
    b.do("br label %done")
    b.label("done")
    return [
        b.new(f"phi {b.type} [ {y}, %entry ], [ {z}, %far ]")
        for y, z in zip(near, exact, strict=True)
    ]
