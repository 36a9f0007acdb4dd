"""Numbers as text: exactly, to be parsed again, and rounded, for people.

number ─▶ exact, rounded      two numbers ─▶ texts that differ
values ─▶ values without noise, for traces and drawings
"""

import math
from collections.abc import Iterable, Mapping, Sequence

DIGITS = 5
PLAIN = 1e9  # numbers up to this are written out, larger ones with an exponent
NOISE = 1e-13  # relative; two numbers as near as this differ by rounding
ROUNDING = 1e-14  # relative, with room for sums of some dozen terms

Links = dict[str, list[tuple[str, float]]]


def exact(value: float) -> str:
    """A float as short as it can be read back exactly: 2, 0.5, 1e-05."""
    # Below 1e15 whole numbers are exact and are written in full; int(-0.0) would lose
    # its sign, and inf and nan have no int.
    if value == int(value) if abs(value) < 1e15 else False:
        return f"{int(value)}" if value or str(value)[0] != "-" else "-0.0"
    return repr(value)


def rounded(
    value: float, digits: int = DIGITS, plain: float = PLAIN, infinity: str = "∞"
) -> str:
    """Five significant digits and a real minus; up to `plain` whole numbers in full.

    >>> rounded(101.669625), rounded(-1.1), rounded(123456.7), rounded(2.5e-7)
    ('101.67', '−1.1', '123457', '2.5e−7')
    """
    value += 0.0  # turns -0.0 into 0.0
    if not math.isfinite(value):
        text = f"{value}".replace("inf", infinity)
    elif abs(value) < plain and (value.is_integer() or abs(value) >= 10**digits):
        text = f"{value:.0f}"
    else:
        text = f"{value:.{digits}g}"
    return _typeset(text)


def _typeset(text: str) -> str:
    """Python's 1e-05 as it is for people: 1e−5."""
    mantissa, _, exponent = text.partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


def to_its_digits(value: float, infinity: str = "∞") -> str:
    """As `rounded`, but what was rounded shows it: 2.0000 is near 2, and 2 is 2.

    >>> to_its_digits(2.0), to_its_digits(2.00001), to_its_digits(123456.7)
    ('2', '2.0000', '123456.7')
    """
    text = rounded(value, infinity=infinity)
    if not math.isfinite(value):
        return text
    read = float(text.replace("−", "-"))
    # What arithmetic in doubles is off by is no rounding of ours: 0.1 + 0.2 is 0.3.
    if read == value or abs(read - value) < NOISE * abs(read):
        return text
    whole = 10 ** (DIGITS - 1) <= abs(value) < PLAIN
    return _typeset(f"{value:.1f}" if whole else f"{value:#.{DIGITS}g}")


def number(value: float) -> str:
    """The same in four digits, short enough for a picture.

    >>> number(-1.2), number(60.75), number(-0.0), number(2e20)
    ('−1.2', '60.75', '0', '2e20')
    """
    return rounded(value, digits=4, plain=0.0, infinity="inf")


def apart(a: float, b: float, digits: Sequence[int] = range(5, 18)) -> tuple[str, str]:
    """Two numbers in as many digits, of those to choose from, as tell them apart.

    >>> apart(1.0, 0.999999), apart(1.0, 1.5)
    (('1', '0.999999'), ('1', '1.5'))
    """
    # 0.999999 and 1.0 are both 1 in five digits, which would read as no mistake.
    n = next((n for n in digits if f"{a:.{n}g}" != f"{b:.{n}g}"), digits[-1])
    return f"{a:.{n}g}", f"{b:.{n}g}"


def without_noise(
    values: Mapping[str, float], order: Iterable[str], links: Links
) -> dict[str, float]:
    """``values``, with 0 for those that may be all rounding error.

    ``links[name]`` lists (other, partial): what the value was computed from, earlier
    in the order. To first order the error is Σ |partial| (|rounding| + |error|).
    """
    error: dict[str, float] = {}
    for name in order:
        error[name] = sum(
            abs(partial) * (ROUNDING * abs(values[other]) + error.get(other, 0.0))
            for other, partial in links.get(name, ())
        )
    # an infinite error is no reason: a partial overflowed, the value did not
    return {
        name: 0.0 if abs(values[name]) < e < math.inf else values[name]
        for name, e in error.items()
    }
