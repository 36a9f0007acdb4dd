"""Names of a derivation that stand for something: adjoints and derivatives."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from cgprimer.reading.formula import Stretch


def plain_name(text: str) -> str:
    """`v_1` is v1, `v_3_bar` is bar_v3; other names are themselves."""
    # v3_bar and bar_v3 are the same adjoint.
    if text.endswith("_bar"):
        return f"bar_{plain_name(text[:-4])}"
    if text.startswith("bar_"):
        return f"bar_{plain_name(text[4:])}"
    # Only a number may lose its underscore: a_x and ax are two names.
    return re.sub(r"^([A-Za-z]+)_(\d+)(?=$|_)", r"\1\2", text)


class Derivative(NamedTuple):
    """What a name such as `d_v3_d_v1` stands for."""

    kind: str
    of: str
    wrt: str


def adjoint_of(text: str, known: Collection[str]) -> str | None:
    """`v3` for `bar_v3`, where v3 is known and bar_v3 itself is not."""
    # A name that the author has defined as bar_v3 is that, and no adjoint.
    base = text[4:] if text.startswith("bar_") else ""
    return base if base in known and text not in known else None


def derivative_of(text: str, known: Collection[str]) -> Derivative | None:
    """What `d_v3_d_v1` or `partial_v3_partial_v1` stands for, if it stands for one."""
    for kind in ("d", "partial"):
        head, middle = f"{kind}_", f"_{kind}_"
        if text.startswith(head) and text not in known:
            # d_a_d_b_d_c splits in two places: where both parts are known counts.
            for match in re.finditer(re.escape(middle), text):
                of, wrt = text[len(head) : match.start()], text[match.end() :]
                if of in known and wrt in known:
                    return Derivative(kind, of, wrt)
    return None


def derivative_like(piece: Stretch, line: str) -> bool:
    """Whether the author wrote a quotient of differentials, not just a long name."""
    written = line[piece.start : piece.end]
    # d_{\mathit{xy\_d\_xa}} is how the LaTeX of a trace sets the name d_xy_d_xa.
    return bool(
        re.match(r"(d|partial)_.+_\1_", piece.text)
        and plain_name(written) != piece.text
        and not written.startswith(r"d_{\mathit{")
    )
