r"""The definitions of a paper to a Graph.

    $z = wx + b$ and $L = (\sigma(z) - t)^2$
      ─ reader ─▶  z = w*x + b, L = (sigmoid(z) - t)^2  ─ parse_graph ─▶  Graph

Read as `check_derivation` reads them; what claims something, and defines nothing, is
refused, but adjoints and derivatives, which follow from the definitions, are passed by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from cgprimer import takes
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import leaves
from cgprimer.expr.tokens import RESERVED
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import name_list
from cgprimer.graph.read import parse_graph
from cgprimer.interrupts import contained
from cgprimer.reading.alphabet import spellings
from cgprimer.reading.definitions import Definition, definitions, wrong_lines
from cgprimer.reading.reader import read_lines


@contained
def parse_latex(
    text: str,
    outputs: Sequence[str] | None = None,
    *,
    parameters: Collection[str] | None = None,
    variables: Collection[str] | None = None,
) -> Graph:
    r"""Turn the definitions of a text in LaTeX, or of plain lines, into a Graph.

    text : equations, one a line or parted by `\\`, in an environment, between `$` in
        words, or bare. Of a chain `y = A = B` the first right side counts. Letters side
        by side are a product, as in `ax^2`, unless the text shows that they are a name;
        `\mathit{ax}` always is one. v_1 and v_{1} are called v1, \hat y is hat_y,
        w^{(1)} is w_sup1.
    outputs, parameters, variables : as `parse_graph` takes them, with its rule:
        variables start with x, all other names that no line defines are parameters.
        What is a name so spelled is called as it is here: α and not alpha.

    Raises ExpressionError, with a caret under every mistake found; GraphError for an
    unknown output.

    >>> from cgprimer import parse_latex
    >>> print(parse_latex(r"$$\hat y = ax + b \qquad L = \frac12 (\hat y - y)^2$$"))
    hat_y = a*x + b
    L = 1/2*(hat_y - y)^2
    """
    takes.text(text=text)
    given = [
        name_list(() if names is None else names, keyword)
        for names, keyword in ((parameters, "parameters"), (variables, "variables"))
    ]
    told = [*given[0], *given[1]]
    script = read_lines(text, stated=spellings(told), latex=True)
    problems = [
        replace(mistake, message=f"line {number}: {mistake.message}")
        for number, mistake in wrong_lines(script)
    ]
    if problems:
        raise ExpressionError(problems)
    found = definitions(script, told)
    if not found:
        raise ExpressionError(
            [Mistake(r"there is no definition: write one, like 'y = \sin x'")]
        )
    words = keywords(found, told)
    return parse_graph(
        [one.text for one in found.values()],
        outputs,
        parameters=[*given[0], *words[0]],
        variables=[*given[1], *words[1]],
    )


def keywords(
    found: Mapping[str, Definition], told: Collection[str]
) -> tuple[list[str], list[str]]:
    r"""Parameters and variables to declare: \lambda is no keyword in a paper."""
    used = {text for one in found.values() for text in leaves(one.body)}
    words = RESERVED.intersection({*found, *used}) - {*told}
    return sorted(words - found.keys()), sorted(words & found.keys())
