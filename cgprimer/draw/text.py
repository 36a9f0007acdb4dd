"""Text in pictures: names as they are, and how wide a text is."""

from dataclasses import dataclass
from functools import lru_cache

from cgprimer.errors import shorten


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
        # Widths are in proportion to the size, so that one measurement does for all
        # sizes.
        return _width(self.text, self.italic) * self.size

    @property
    def height(self) -> float:
        """Height in points, with the usual space between lines."""
        return 1.25 * self.size


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
