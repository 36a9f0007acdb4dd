"""Text in pictures: numbers as a reader expects them, and how wide a text is."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cgprimer.errors import shorten

ROUNDING = 1e-14  # relative, with room for sums of some dozen terms

Links = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True)
class Line:
    """One line of text: its size in points, colour and slant."""

    text: str
    size: float = 11.0
    colour: str = "black"
    italic: bool = False

    @property
    def width(self) -> float:
        """Width in points."""
        return _width(self.text, self.italic) * self.size

    @property
    def height(self) -> float:
        """Height in points, with the usual space between lines."""
        return 1.25 * self.size

    @property
    def style(self) -> str:
        return "italic" if self.italic else "normal"


def label(name: object) -> str:
    """A name as matplotlib draws it: plain, all of it visible, no formula in dollars.

    >>> label("$_a"), label("_a")
    ('\\\\$_a', ' _a')
    """
    text = shorten(name)
    hidden = text.startswith("_")  # such a name is left out of a legend
    return " " * hidden + text.replace("$", r"\$")


@lru_cache(maxsize=20_000)
def _width(text: str, italic: bool) -> float:
    """Width at size 1, measured on the outlines of the font that will be used."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(style="italic" if italic else "normal", size=100)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 100


def number(value: float) -> str:
    """Four significant digits and a real minus sign.

    >>> number(-1.2), number(60.75), number(-0.0), number(2e20)
    ('−1.2', '60.75', '0', '2e20')
    """
    text = f"{value + 0.0:.4g}".replace("e+", "e").replace("e0", "e")
    return text.replace("e-0", "e-").replace("-", "−")


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
