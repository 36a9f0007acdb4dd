"""A derivation in HTML: MathML from the same stages as the LaTeX, and nothing loaded.

Every term is a `<math>` of its own, so that the browser breaks long sums where the
window ends.
"""

from __future__ import annotations

from html import escape

from cgprimer.derivation.notations import LATEX
from cgprimer.derivation.stages import forward_stages, reverse_stages
from cgprimer.derivation.to_text import FORWARD, REVERSE, omissions, row_label
from cgprimer.derivation.trace import Row, Trace
from cgprimer.notation.mathml import from_latex
from cgprimer.notation.text_table import cap

STYLE = """\
.cgprimer-trace { overflow-x: auto; }
.cgprimer-trace table { border-collapse: collapse; text-align: left; }
.cgprimer-trace th { border-top: 2px solid; border-bottom: 1px solid; }
.cgprimer-trace table { border-bottom: 2px solid; }
.cgprimer-trace td, .cgprimer-trace th { padding: .35em 1.2em .35em 0;
  vertical-align: baseline; text-align: left; background: none; }
.cgprimer-trace td { padding-left: 2em; text-indent: -2em; line-height: 2; }
.cgprimer-trace th:first-child, .cgprimer-trace td:first-child { min-width: 9em; }
.cgprimer-trace math { font-size: 1.1em; text-indent: 0; }
.cgprimer-trace .value math { color: #0b7a2b; }
.cgprimer-trace .adjoint math { color: #b8151f; }
@media (prefers-color-scheme: dark) {
  .cgprimer-dark .cgprimer-trace .value math { color: #6fcf8b; }
  .cgprimer-dark .cgprimer-trace .adjoint math { color: #ff8a8a; } }
@media (max-width: 45em) {
  .cgprimer-trace th { display: none; }
  .cgprimer-trace table, .cgprimer-trace tbody, .cgprimer-trace tr,
  .cgprimer-trace td { display: block; }
  .cgprimer-trace tr { padding: .4em 0; border-bottom: 1px solid #8885; }
  .cgprimer-trace td { padding-top: 0; padding-bottom: 0; } }
"""

DOCUMENT = """\
<!DOCTYPE html>
<html lang="en" class="cgprimer-dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2em auto;
  max-width: 75em; padding: 0 1em; }}</style>
</head>
<body>
<h1>{title}</h1>
{part}
</body>
</html>
"""


def html_document(trace: Trace) -> str:
    """A page of its own."""
    title = escape(f"Derivation of {row_label(trace[trace.output])}")
    return DOCUMENT.format(title=title, part=html_part(trace))


def html_part(trace: Trace, most: int | None = None) -> str:
    """The table, to stand in a page or a notebook; of so many rows at most."""
    shown, skipped = cap(trace.rows, most=most or len(trace.rows))
    rows = "\n".join(_row(trace, row) for row in shown)
    unneeded = omissions(trace) if trace.left_out else ""
    below = "".join(f"<p>{escape(said)}</p>" for said in (unneeded, skipped) if said)
    return (
        f'<div class="cgprimer-trace"><style>{STYLE}</style>\n<table>\n'
        f"<tr><th>{FORWARD}</th><th>{REVERSE}</th></tr>\n{rows}\n</table>{below}</div>"
    )


def _row(trace: Trace, row: Row) -> str:
    forward = forward_stages(trace, row, LATEX)
    reverse = reverse_stages(trace, row, LATEX)
    values, adjoints = ("value", "adjoint") if trace.has_numbers else ("", "")
    left = _chain(LATEX.name(row.name), forward, values) + _notes(row)
    right = _chain(LATEX.adjoint(row.name), reverse, adjoints)
    return f"<tr><td>{left}</td><td>{right}</td></tr>"


def _chain(left: str, stages: list[list[str]], last: str) -> str:
    """`left = stage = …`, a `<math>` for every term; the result in its colour."""
    pieces = [_math(left)]
    for i, stage in enumerate(stages):
        terms = [_math(term, "+" if k else "=") for k, term in enumerate(stage)]
        text = " ".join(terms)
        result = last and i == len(stages) - 1
        pieces.append(f'<span class="{last}">{text}</span>' if result else text)
    return " ".join(pieces)


def _math(latex: str, sign: str = "") -> str:
    # The sign belongs to the term behind it, so that a line breaks before it.
    before = f'<mo form="infix">{sign}</mo>' if sign else ""
    return f"<math>{before}{from_latex(latex)}</math>"


def _notes(row: Row) -> str:
    names = ", ".join(_math(LATEX.name(name)) for name in row.author)
    return f" ({names})" if names else ""
