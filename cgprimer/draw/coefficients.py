"""Which parameters multiply which variable in an equation: the names on an edge."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from cgprimer.grouping import grouped

SHOWN = 3

Place = tuple[Any, tuple[str, ...], int, bool]  # node, then as in Occurrence


class Occurrence(NamedTuple):
    """One place where a variable stands, and the parameters that multiply it there.

    ``linear`` if that place adds ``sign`` times their product to the partial, and
    nothing else multiplies it.
    """

    variable: str
    parameters: tuple[str, ...]
    sign: int
    linear: bool


def edge_names(body: Any, parameters: Collection[str]) -> dict[str, str]:
    """For each variable of an equation's body the parameters to write on its edge.

    >>> from cgprimer.expr.syntax import parse_expression
    >>> edge_names(parse_expression("ab*xx + sin(ac*xa) + xb"), {"ab", "ac"})
    {'xa': 'ac', 'xx': 'ab'}
    """
    parts = grouped((o.variable, o.parameters) for o in occurrences(body, parameters))
    # ab*x + x has the partial ab+1: to write ab there would mislead
    return {v: _list_names(places) for v, places in parts.items() if all(places)}


def sole_coefficients(body: Any, parameters: Collection[str]) -> dict[str, str]:
    """The variables whose partial is just a parameter, or minus one, as a text."""
    by_variable = grouped((o.variable, o) for o in occurrences(body, parameters))
    return {
        variable: ("−" if o.sign < 0 else "") + o.parameters[0]
        for variable, (o, *others) in by_variable.items()
        if not others and o.linear and len(o.parameters) == 1
    }


def occurrences(body: Any, parameters: Collection[str]) -> Iterator[Occurrence]:
    """Every place of a variable in an expression, found without recursion."""
    stack: list[Place] = [(body, (), 1, True)]
    seen = set()
    while stack:
        node, names, sign, linear = place = stack.pop()
        if node.op.name == "name" and node.value not in parameters:
            yield Occurrence(node.value, names, sign, linear)
        elif node.op.name in ("add", "sub") or place not in seen:
            seen.add(place)  # what is shared inside a function need not be read twice
            stack.extend(_below(place, parameters))


def _below(place: Place, parameters: Collection[str]) -> Iterator[Place]:
    """What holds for each argument of a node, given what holds for the node."""
    node, names, sign, linear = place
    match node.op.name:
        case "add":
            yield from ((arg, names, sign, linear) for arg in node.args)
        case "sub":
            yield node.args[0], names, sign, linear
            yield node.args[1], names, -sign, linear
        case "mul" | "neg":
            factors, turned = _factors(node)
            scale = tuple(f.value for f in factors if f.value in parameters)
            rest = [f for f in factors if f.value not in parameters]
            for factor in rest:
                # ab*xx*xy is linear in each, yet its partial by xx is ab*xy.
                alone = linear and len(rest) == 1
                yield factor, (*names, *scale), sign * turned, alone
        # ab*x/y: the parameter still multiplies x, but so does 1/y: it is not all of
        # the partial.
        case "div" | "pow":
            yield node.args[0], names, sign, False
            yield node.args[1], (), 1, False
        # sin(ac*xa) starts anew inside: what multiplies xa there is ac, what stands
        # outside of the function is left out.
        case _:
            yield from ((arg, (), 1, False) for arg in node.args)


def _factors(node: Any) -> tuple[list[Any], int]:
    """Factors of a product, through products and signs, and the sign of it all."""
    factors, sign, stack = [], 1, [node]
    while stack:
        node = stack.pop()
        if node.op.name in ("mul", "neg"):
            stack.extend(reversed(node.args))
            sign = -sign if node.op.name == "neg" else sign
        else:
            factors.append(node)
    return factors, sign


def _list_names(places: list[tuple[str, ...]]) -> str:
    names = list(dict.fromkeys(name for place in reversed(places) for name in place))
    return ", ".join(names[:SHOWN] + ["…"] * (len(names) > SHOWN))
