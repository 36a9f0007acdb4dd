"""A legend that lies on no curve.

Axes, text → line ─▶ a corner that is free, or room made above the curves; `curves`
calls it last, when all lines are drawn

matplotlib's own loc="best" takes the least bad place, and a line may still pass through
it; here a corner is free or it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

CORNERS = ("upper right", "upper left", "lower left", "lower right")
SIZES = (8, 7, 6)  # points; smaller ones where the legend is too large, …
SMALL = (7, 6, 5, 4)  # … and then for the texts without what follows their colon
MOST = 0.6  # of the height of the axes that a legend may take
GAP = 6.0  # points between legend and curves


def place_legend(ax: Axes, entries: Mapping[str, Any]) -> None:
    """Put a legend where no line of `ax` passes; none without entries."""
    if not entries:
        return
    ax.figure.figure.draw_without_rendering()  # so that the axes have their place
    whole, short = [*entries], [text.partition(":")[0] for text in entries]
    # First all texts, at 8, 7 and 6 points and in one, two and three columns, then the
    # texts up to their colon: a smaller letter is better than a text without its
    # figures.
    tries = [(whole, size) for size in SIZES] + [(short, size) for size in SMALL]
    for (texts, size), columns in product(tries, (1, 2, 3)):
        legend: Any = ax.legend(
            [*entries.values()], texts, frameon=False, fontsize=size,
            ncols=columns, loc="upper right",
        )  # fmt: skip
        box = _box(ax, legend)
        # The first that fits in width and takes no more than 0.6 of the height. If none
        # does, the last one tried stays, the smallest.
        if box.width <= ax.bbox.width and box.height <= MOST * ax.bbox.height:
            break
    # Upper right first: losses fall, so that it is free most often.
    for corner in CORNERS:
        legend.set_loc(corner)
        if _is_free(ax, _box(ax, legend)):
            return
    legend.set_loc("upper right")
    _make_room(ax, _box(ax, legend))


def _box(ax: Axes, legend: Any) -> Bbox:
    """The extent of the legend in pixels, with a gap around it."""
    box: Bbox = legend.get_window_extent()
    return box.padded(GAP * ax.figure.dpi / 72)


def _is_free(ax: Axes, box: Bbox) -> bool:
    """Whether no line passes through the box."""
    for line in ax.lines:
        path = line.get_transform().transform_path(line.get_path())
        # A path that lies inside the box as a whole crosses no side of it.
        if path.intersects_bbox(box, filled=False) or box.count_contains(path.vertices):
            return False
    return True


def _make_room(ax: Axes, box: Bbox) -> None:
    """Raise the upper limit until all lines lie below the box."""
    pixels = [line.get_transform().transform(line.get_xydata()) for line in ax.lines]
    height = np.nanmax(np.concatenate(pixels)[:, 1]) - ax.bbox.y0
    low, high = ax.transScale.transform([(1, limit) for limit in ax.get_ylim()])[:, 1]
    share = (box.y0 - ax.bbox.y0) / height
    if 1 - MOST < share < 1:
        top = low + (high - low) / share
        ax.set_ylim(top=ax.transScale.inverted().transform((1, top))[1])
