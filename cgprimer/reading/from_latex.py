r"""The definitions of a paper to a Graph.

    $z = wx + b$ and $L = (\sigma(z) - t)^2$
      ─ reader ─▶  z = w*x + b, L = (sigmoid(z) - t)^2  ─ parse_graph ─▶  Graph

Read as `check_derivation` reads them; what claims something, and defines nothing, is
refused, but adjoints and derivatives, which follow from the definitions, are passed by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from cgprimer import takes
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import NAME
from cgprimer.expr.tokens import RESERVED
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import name_list
from cgprimer.graph.read import parse_graph
from cgprimer.interrupts import contained
from cgprimer.notation.text import is_tree, show
from cgprimer.reading.names import adjoint_of, derivative_of
from cgprimer.reading.reader import read_lines
from cgprimer.reading.script import Equality, Script


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

    Raises ExpressionError, with a caret under every mistake found; GraphError for an
    unknown output.

    >>> from cgprimer import parse_latex
    >>> print(parse_latex(r"$$\hat y = ax + b \qquad L = \frac12 (\hat y - y)^2$$"))
    hat_y = a*x + b
    L = 1/2*(hat_y - y)^2
    """
    takes.text(text=text)
    given = [
        *name_list(() if parameters is None else parameters, "parameters"),
        *name_list(() if variables is None else variables, "variables"),
    ]
    script = read_lines(text, stated=given, latex=True)
    problems = [*script.problems(), *_claims(script)]
    if problems:
        raise ExpressionError(problems)
    bodies = _bodies(script)
    if not bodies:
        raise ExpressionError(
            [Mistake(r"there is no definition: write one, like 'y = \sin x'")]
        )
    used = {text for body in bodies.values() for text in leaves(body)}
    # \lambda is no keyword in a paper.
    words = [text for text in used if text in RESERVED and text not in given]
    return parse_graph(
        [f"{name} = {show(body)}" for name, body in bodies.items()],
        outputs,
        parameters=[*name_list(parameters or (), "parameters"), *words],
        variables=variables,
    )


def _bodies(script: Script) -> dict[str, Node]:
    """Name → right side, in the order of the text."""
    return {
        one.defines or str(one.left.node.value): one.right.node
        for one in script.equalities
        if one.defines or _gives_value(one, script)
    }


def _gives_value(one: Equality, script: Script) -> bool:
    """Whether a line gives a number to a name that lines above it have used."""
    is_free = one.left.node.op is NAME and str(one.left.node.value) in script.free
    return is_free and not leaves(one.right.node)


def _claims(script: Script) -> Iterator[Mistake]:
    """What makes no equation of a graph, and is nothing that follows from it either."""
    last = None
    for one in script.equalities:
        goes_on, last = one.left is last, one.right
        where = one.left.line, one.left.start, one.left.end
        start = f"line {one.left.number}: "
        if one.defines and one.defines in script.derived:
            message = f"{one.defines!r} is made of adjoints or derivatives"
            yield Mistake(start + message, *where, "parse_latex takes formulas only")
        elif one.defines and not is_tree(one.right.node):
            yield Mistake(
                f"{start}this is too large, written out", *where,
                "give its parts names, on lines of their own",
            )  # fmt: skip
        elif not (one.defines or goes_on or _gives_value(one, script)):
            text = str(one.left.node.value) if one.left.node.op is NAME else ""
            known = {*script.free, *script.bodies, *script.derived}
            if adjoint_of(text, known) or derivative_of(text, known):
                continue
            again = f"{text!r} is defined above" if text else "this defines no name"
            hint = "a name stands alone on the left; check_derivation judges claims"
            yield Mistake(start + again, *where, hint)
