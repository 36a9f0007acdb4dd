"""From a layout to matplotlib: boxes, curves and texts on one scale.

All lengths are points at scale 1, so that a text takes the room that was measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer.draw.layout import Layout, Point, Size
from cgprimer.draw.routes import monotone_slopes
from cgprimer.draw.text import Line
from cgprimer.types import Edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

INK = "#334155"
MARGIN = 12.0
PADDING = 8.0
WIDEST = 60.0  # inches; larger pictures are scaled down, names and all
LARGEST_SCALE = 1.5
MANY = 200  # edges, from which they are drawn finer
# Text on a common baseline: centred boxes would let xy hang higher than xx. A name is
# not a formula: $ and _ stand for themselves.
TEXT: dict[str, Any] = {"va": "baseline", "parse_math": False, "zorder": 3}
ARROW: dict[str, Any] = {
    "arrowstyle": "-|>,head_length=0.7,head_width=0.28", "color": INK,
    "shrinkA": 0, "shrinkB": 0, "joinstyle": "miter", "zorder": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Box:
    """Lines of text, one below the other, on a coloured ground."""

    lines: tuple[Line, ...]
    fill: str

    @property
    def size(self) -> Size:
        """(width, height) in points; never narrower than high."""
        height = sum(line.height for line in self.lines) + PADDING
        width = max(line.width for line in self.lines) + 2 * PADDING
        # A box of one letter would be a narrow strip.
        return max(width, height), height


def paint(
    layout: Layout,
    boxes: Mapping[str, Box],
    labels: Mapping[Edge, Line],
    caption: Sequence[Line],
    ax: Axes | None,
    dashed: Collection[Edge] = (),
) -> Axes:
    """Draw it all; on ``ax`` scaled to fit, otherwise on a figure of its own size."""
    rows = _rows(caption, layout.size[0])
    corner = _lower_right(layout, rows)
    ax, scale = _canvas(corner, layout.size[1], ax)
    fine = 0.4 if len(layout.routes) > MANY else 1.0
    for edge, route in layout.routes.items():
        _arrow(ax, route, scale, fine, "--" if edge in dashed else "-")
    for name, box in boxes.items():
        _box(ax, box, layout.positions[name], scale)
    for edge, line in labels.items():
        _text(ax, line, layout.labels[edge], scale)
    for i, row in enumerate(rows):
        _row(ax, row, -MARGIN - 13 * (i + 0.5), scale)
    return ax


def _rows(caption: Sequence[Line], width: float) -> list[list[Line]]:
    """The caption in one row if that is no wider than the picture, else in several."""
    if sum(line.width + 18 for line in caption) <= max(width, 1):
        return [list(caption)] if caption else []
    return [[line] for line in caption]


def _lower_right(layout: Layout, rows: Sequence[Sequence[Line]]) -> Point:
    widths = [sum(line.width + 18 for line in row) for row in rows]
    below = MARGIN + 13 * len(rows) if rows else 0.0
    return max([layout.size[0], *widths]), -below


def _canvas(corner: Point, top: float, ax: Axes | None) -> tuple[Axes, float]:
    """Axes showing the picture with a margin, and points per unit of length."""
    size = np.array([corner[0], top - corner[1]]) + 2 * MARGIN
    if ax is None:
        ax = _own_axes(size)
    room = _room(ax)
    # Two boxes on large axes are not blown up.
    scale = min(*(room / size), LARGEST_SCALE)
    middle = np.array([corner[0], top + corner[1]]) / 2
    low, high = middle - room / scale / 2, middle + room / scale / 2
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.axis("off")
    return ax, scale


def _own_axes(size: np.ndarray) -> Axes:
    from matplotlib import pyplot as plt

    inches = size / 72 * min(1.0, WIDEST * 72 / size.max())
    return plt.figure(figsize=tuple(inches)).add_axes((0.0, 0.0, 1.0, 1.0))


def _room(ax: Axes) -> np.ndarray:
    """(width, height) of the axes in points."""
    pixels = np.multiply(ax.get_position().size, ax.figure.bbox.size)
    return pixels * 72 / ax.figure.dpi


def _box(ax: Axes, box: Box, centre: Point, scale: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = centre, box.size
    corner = x - width / 2, y - height / 2
    style = f"round,pad=0,rounding_size={min(7.0, height / 4)}"
    look: dict[str, Any] = {"fc": box.fill, "ec": INK, "lw": 1.2 * scale, "zorder": 2}
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, **look))
    top = y + sum(line.height for line in box.lines) / 2
    for line in box.lines:
        _text(ax, line, (x, top - line.height / 2), scale)
        top -= line.height


def _text(
    ax: Axes, line: Line, centre: Point, scale: float, align: str = "center"
) -> None:
    style = "italic" if line.italic else "normal"
    look: dict[str, Any] = {"fontsize": line.size * scale, "style": style, "ha": align}
    # 0.3 of the size is about half the height of a small letter.
    y = centre[1] - 0.3 * line.size
    ax.text(centre[0], y, line.text, color=line.colour, **look, **TEXT)


def _row(ax: Axes, row: Sequence[Line], y: float, scale: float) -> None:
    x = 0.0
    for line in row:
        _text(ax, line, (x, y), scale, align="left")
        x += line.width + 18


def _arrow(ax: Axes, route: np.ndarray, scale: float, fine: float, line: str) -> None:
    from matplotlib.patches import FancyArrowPatch

    width, head = 1.1 * fine * scale, 10 * fine * scale
    look: dict[str, Any] = {"lw": width, "ls": line, "mutation_scale": head}
    ax.add_patch(FancyArrowPatch(path=_curve(route), **look, **ARROW))


def _curve(route: np.ndarray) -> Path:
    """Cubic pieces through the points of a route, straight if there are but two."""
    from matplotlib.path import Path

    x, y = route.T
    slope, third = monotone_slopes(route), np.diff(x) / 3
    # A cubic with slopes at its ends has its control points a third of the width along
    # them.
    leaving = np.c_[x[:-1] + third, y[:-1] + third * slope[:-1]]
    arriving = np.c_[x[1:] - third, y[1:] - third * slope[1:]]
    pieces = np.stack([leaving, arriving, route[1:]], axis=1).reshape(-1, 2)
    codes = [Path.MOVETO] + [Path.CURVE4] * len(pieces)
    return Path(np.vstack([route[:1], pieces]), codes)
