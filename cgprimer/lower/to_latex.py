"""Expressions to LaTeX: one fold, with the templates of the op table."""

from __future__ import annotations

import re

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ATOM, CONST, NAME, OPS
from cgprimer.expr.show import binding, number

GREEK = frozenset(
    """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma
    tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi
    Omega
    """.split()  # noqa: SIM905  (a list of words reads better as words)
)


def latex(root: Node) -> str:
    """`root` as LaTeX for math mode."""
    done: dict[Node, str] = {}
    for node in postorder([root]):
        done[node] = _latex(node, done)
    return done[root]


def latex_name(name: str) -> str:
    r"""A name in math mode: `theta_1` is \theta_{1}, `x1` is x_{1}, `xw` is xw."""
    stem, digits, rest = _split(name)
    head = f"\\{stem}" if stem in GREEK else stem
    head = head if len(stem) == 1 or stem in GREEK else rf"\mathit{{{stem}}}"
    index = ",".join(part for part in (digits, rest.replace("_", r"\_")) if part)
    return f"{head}_{{{index}}}" if index else head


def _split(name: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"([A-Za-z]+?)(\d*)(?:_(.*))?", name)
    if not match:
        return name.replace("_", r"\_"), "", ""
    return match[1], match[2], match[3] or ""


def _latex(node: Node, done: dict[Node, str]) -> str:
    if node.op is NAME:
        return latex_name(str(node.value))
    if node.op is CONST:
        return _number(float(node.value or 0.0))
    return node.op.latex.format(*_operands(node, done))


def _operands(node: Node, done: dict[Node, str]) -> list[str]:
    """The arguments, in parentheses where the notation needs them."""
    op = node.op
    if op is OPS["div"] or not op.symbol:
        return [done[arg] for arg in node.args]
    if op is OPS["pow"]:
        base, exponent = node.args
        return [_wrapped(done[base], _level(base) < ATOM), done[exponent]]
    first = _level(node.args[0]) < op.binding
    operands = [_wrapped(done[node.args[0]], first)]
    for arg in node.args[1:]:
        needed = _level(arg) <= op.binding - (op is OPS["add"]) or _is_minus(arg)
        operands.append(_wrapped(done[arg], needed))
    return operands


def _level(node: Node) -> int:
    return ATOM - 1 if node.op is OPS["div"] else binding(node)


def _is_minus(node: Node) -> bool:
    return binding(node) == OPS["neg"].binding


def _wrapped(text: str, needed: bool) -> str:
    return rf"\left({text}\right)" if needed else text


def _number(value: float) -> str:
    mantissa, _, exponent = number(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
