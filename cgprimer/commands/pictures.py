"""Pictures that commands write: matplotlib without a window, endings, files."""

from __future__ import annotations

from pathlib import Path

from cgprimer.commands.files import write_file
from cgprimer.errors import OptionError

ENDINGS = (".png", ".svg", ".pdf")


def headless() -> None:
    """Draw into files only."""
    import matplotlib

    # A window needs a screen, which a server does not have.
    matplotlib.use("Agg")


def check_ending(path: str | Path) -> None:
    """Refuse what is no picture with an OptionError, before any work is done."""
    if Path(path).suffix.lower() not in ENDINGS:
        raise OptionError(f"{str(path)!r}: the file must end in {', '.join(ENDINGS)}")


def save(axes: object, path: str | Path) -> None:
    """Write the picture, as its ending says, print where, and let go of it.

    axes : matplotlib's. Raises OptionError for another ending, or where the file cannot
    be written.
    """
    from matplotlib import pyplot

    check_ending(path)
    figure, kind = axes.figure, Path(path).suffix[1:].lower()  # type: ignore[attr-defined]
    try:
        write_file(
            path,
            lambda file: figure.savefig(
                file, format=kind, dpi=150, bbox_inches="tight"
            ),
        )
    # pyplot keeps every figure until it is closed.
    finally:
        pyplot.close(figure)
