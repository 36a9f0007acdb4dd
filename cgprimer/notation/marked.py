"""Text to be read: rounded numbers, names under a bar.

`notation.text` spells expressions so that they can be read back exactly; what stands
here is rounded and decorated for a person.
"""

from __future__ import annotations

import math

from cgprimer.errors import columns

DIGITS = 5
PLAIN = 1e9  # numbers up to this are written out, larger ones with an exponent
OVERLINE = "\N{COMBINING OVERLINE}"


def rounded(value: float) -> str:
    """Five significant digits, a real minus, whole numbers in full.

    >>> rounded(101.669625), rounded(-1.1), rounded(123456.7), rounded(2.5e-7)
    ('101.67', '−1.1', '123457', '2.5e−7')
    """
    if not math.isfinite(value):
        text = "nan" if math.isnan(value) else f"{value}".replace("inf", "∞")
    elif abs(value) < PLAIN and (value.is_integer() or abs(value) >= 10**DIGITS):
        # + 0.0 turns -0.0 into 0.0.
        text = f"{value + 0.0:.0f}"
    else:
        mantissa, _, exponent = f"{value:.{DIGITS}g}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


def overlined(name: str) -> str:
    """`name` under a bar, by one combining character per letter."""
    return "".join(letter + OVERLINE for letter in name)


def padded(text: str, width: int) -> str:
    """`text` filled with blanks up to `width` columns."""
    return text + " " * (width - columns(text))
