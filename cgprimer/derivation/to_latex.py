r"""A derivation in LaTeX: a table of rules from plain LaTeX, or a whole document.

    $xx = xa^{2} = 2.25$ & $\overline{xx} = \overline{xy} \cdot … = 182.13$ \\
"""

from __future__ import annotations

from cgprimer.derivation.notations import LATEX, UNICODE
from cgprimer.derivation.stages import forward_stages, reverse_stages, set_lines
from cgprimer.derivation.trace import Row, Trace

WIDTH = 84  # columns of the plain text; a landscape page of A4 holds as much
PAGE = 20  # lines on a page; longer tables go on on the next
NEEDS = r"% needs \usepackage{amsmath,graphicx,longtable}"
NEEDS_OF_ARRAYS = NEEDS.replace("amsmath", "amsmath,amssymb")
HEAD = r"\hline Forward trace $\downarrow$ & Reverse trace $\uparrow$ \\ \hline"
STRUT = r"\rule{0pt}{2.8ex}%"

FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}"

SHORT = (
    FIT
    + r"""{%%
\begin{tabular}{@{}ll@{}}
%s
%s
\end{tabular}}"""
)

LONG = r"""\begin{longtable}{@{}ll@{}}
%s
\endhead
%s
\end{longtable}"""

DOCUMENT = r"""\documentclass{article}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage{amsmath,graphicx,longtable}
\pagestyle{empty}
\setlength{\parindent}{0pt}
\begin{document}
%s
\end{document}
"""


def latex_document(trace: Trace) -> str:
    """A document that pdflatex sets."""
    page = DOCUMENT % latex_table(trace)
    return page.replace("{amsmath,", "{amsmath,amssymb,") if trace.has_arrays else page


def latex_table(trace: Trace) -> str:
    """The two traces as a table, shrunk to the width of the line where it is wider."""
    lines = [line for row in trace.rows for line in _lines(trace, row)]
    body = "\n".join([STRUT, *lines, r"\hline"])
    stretch = r"\renewcommand{\arraystretch}{1.5}"
    # A tabular cannot break over pages, a longtable cannot be shrunk.
    table = (LONG if len(lines) > PAGE else SHORT) % (HEAD, body)
    needs = NEEDS_OF_ARRAYS if trace.has_arrays else NEEDS
    return f"{needs}\n{{{stretch}\n{table}}}{_omissions(trace)}"


def _omissions(trace: Trace) -> str:
    if not trace.left_out:
        return ""
    names = ", ".join(f"${LATEX.name(name)}$" for name in trace.left_out)
    return f"\n\nNot needed for ${LATEX.name(trace.output)}$: {names}."


def _lines(trace: Trace, row: Row) -> list[str]:
    """The line of one name, and more where its chain rule is long."""
    stages = reverse_stages(trace, row, LATEX)
    # As plain text the stages are about as wide as they are when typeset.
    measured = reverse_stages(trace, row, UNICODE)
    first, *others = set_lines(stages, WIDTH, measured=measured)
    adjoint = LATEX.adjoint(row.name)
    # Further lines begin behind a phantom of the adjoint, below its '='.
    phantom = rf"\hphantom{{{adjoint}}} {{}}"
    return [
        rf"${_forward(trace, row)}${_notes(row)} & ${adjoint} {first}$ \\",
        *(rf" & ${phantom} {line}$ \\" for line in others),
    ]


def _forward(trace: Trace, row: Row) -> str:
    stages = [stage for [stage] in forward_stages(trace, row, LATEX)]
    return " = ".join([LATEX.name(row.name), *stages]) + space_of(trace, row)


def space_of(trace: Trace, row: Row) -> str:
    r"""Where an array without an expression is from: \in \mathbb{R}^{3 \times 2}."""
    if not trace.has_arrays or forward_stages(trace, row, LATEX):
        return ""
    sizes = [str(d) if isinstance(d, int) else LATEX.name(d) for d in row.dims]
    space = r" \times ".join(sizes)
    return r" \in \mathbb{R}" + (f"^{{{space}}}" if sizes else "")


def _notes(row: Row) -> str:
    if row.author:
        return rf"\quad ({', '.join(f'${LATEX.name(name)}$' for name in row.author)})"
    return ""
