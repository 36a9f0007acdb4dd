r"""Expressions to LaTeX for math mode, with the templates of the op table.

Pieces are emitted with an explicit stack, so depth belongs to the user. What binds how
tightly is a matter of the notation: a fraction needs no parentheses around its parts,
`e^{x}` needs them as the base of a power, and so does 10^{-5}.
"""

from __future__ import annotations

import functools
import re
import string
import unicodedata
from collections.abc import Collection
from typing import NamedTuple

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, fold, intern, postorder
from cgprimer.expr.ops import ATOM, CONST, NAME, OPS, Op, const
from cgprimer.expr.tokens import MARKS
from cgprimer.notation.array_latex import array_latex_parts, array_level, is_product
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import binding, emit, is_tree, lines

LETTERS = dict(  # those that LaTeX has a command of that name for; pi is a constant
    zip(
        """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho
        sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Sigma Upsilon
        Phi Psi Omega""".split(),  # noqa: SIM905
        "αβγδεζηθικλμνξρστυφχψωΓΔΘΛΞΣΥΦΨΩ",
        strict=True,
    )
)
GREEK = frozenset(LETTERS)
_COMMANDS = {letter: rf"\{called}" for called, letter in LETTERS.items()}

ACCENTS = {
    "\u0302": r"\hat",
    "\u0303": r"\tilde",
    "\u0304": r"\bar",
    "\u0305": r"\bar",
    "\u0307": r"\dot",
    "\u0308": r"\ddot",
    "\u20d7": r"\vec",
}

SUM, PRODUCT, MINUS = (OPS[name].binding for name in ("add", "mul", "neg"))
FRACTION = ATOM - 1
Signed = tuple[Node, Node | None]


class Typeset(NamedTuple):
    r"""How expressions over arrays are set.

    bold : names that are set bold, as courses do with those of arrays.
    sizing : the dims of names. With it what is done entry by entry is told from what is
        done with matrices, a \odot b, A^{\odot 2}, \exp(A), and rows from columns, as
        in x^\top A; without it is a \cdot b and x A.
    """

    bold: Collection[str] = ()
    sizing: Sizing | None = None

    def rank(self, node: Node) -> int:
        """The number of axes, where that is known; else 0."""
        return len(self.sizing.of(node)) if self.sizing else 0

    def template(self, node: Node) -> str:
        """How an operation is written on arrays, where that is not as on numbers."""
        if self.sizing is None or node.op.name not in ("mul", "pow", "exp"):
            return ""
        ranks = [self.rank(arg) for arg in node.args]
        if node.op.name == "mul":
            return r"{0} \odot {1}" if min(ranks) else ""
        if ranks[0] < 2:
            return ""
        power = r"{0}^{{\odot {1}}}"
        return power if node.op.name == "pow" else r"\exp\left({0}\right)"


PLAIN = Typeset()


def latex(root: Node, how: Typeset = PLAIN) -> str:
    """`root` as LaTeX for math mode; a widely shared graph as a list v1 = …; v2 = …"""
    return r";\ ".join(_statements(root, how))


def latex_equation(
    name: str, body: Node, equals: str = "=", how: Typeset = PLAIN
) -> str:
    """An equation; before it what `body` shares with itself, if that is much."""
    *shared, last = _statements(body, how)
    left = latex_name(name, name in how.bold)
    return r";\ ".join([*shared, f"{left} {equals} {last}"])


def _statements(root: Node, how: Typeset) -> list[str]:
    """`root` as one formula, or as definitions and what they end in."""
    if is_tree(root):
        return [_tree(root, how)]
    return [_definition(line, root, how) for line in lines(root)]


def latex_factor(root: Node) -> str:
    r"""`root` as it is written behind a \cdot: sums and minus signs in parentheses."""
    text = latex(root)
    needed = text[0] == "-" or level(root) < PRODUCT
    return rf"\left({text}\right)" if needed else text


def latex_name(name: str, bold: bool = False) -> str:
    r"""A name in math mode: `theta_1` is \theta_{1}, `x1` is x_{1}, `xw` is xw."""
    stem, digits, rest = _split(name)
    head = _bold(_word(stem)) if bold else _word(stem)
    index = ",".join(part for part in (digits, rest and _word(rest)) if part)
    return f"{head}_{{{index}}}" if index else head


def latex_number(text: str) -> str:
    r"""A number as `exact` or `rounded` print it: 2.5e−7 is 2.5 \cdot 10^{-7}."""
    mantissa, _, exponent = text.replace("−", "-").partition("e")
    mantissa = mantissa.replace("∞", r"\infty").replace("nan", r"\mathrm{nan}")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _split(name: str) -> tuple[str, str, str]:
    """Stem, digits, and what follows an underscore."""
    match = re.fullmatch(rf"([^\W\d_](?:[^\W\d_]|[{MARKS}])*)(\d*)(?:_(.+))?", name)
    return (match[1], match[2], match[3] or "") if match else (name, "", "")


def _word(text: str) -> str:
    """Letters set as one word, not as a product of letters; Greek ones as such."""
    if text in GREEK:
        return rf"\{text}"
    letter, accent = _accented(text)
    # e by itself is Euler's number, as e^{x} is how exp is typeset.
    if len(letter) == 1 and text != "e":
        letter = _COMMANDS.get(letter, letter)
        return rf"{ACCENTS[accent]}{{{letter}}}" if accent else letter
    alone = text.isdigit()
    escaped = text.replace("_", r"\_")
    return text if alone else rf"\mathit{{{escaped}}}"


def _bold(word: str) -> str:
    r"""A word in bold: \mathbf of Latin letters, \boldsymbol of all others."""
    plain = word.removeprefix(r"\mathit{").removesuffix("}")
    return rf"\mathbf{{{plain}}}" if plain.isalnum() else rf"\boldsymbol{{{word}}}"


def _accented(text: str) -> tuple[str, str]:
    """A letter and the accent over it, where LaTeX sets both as one."""
    apart = unicodedata.normalize("NFD", text)
    letter, accent = apart[:1], apart[1:]
    return (letter, accent) if accent in ACCENTS or not accent else (text, "")


def _definition(line: str, whole: Node, how: Typeset) -> str:
    from cgprimer.expr.array_syntax import parse_array_expression
    from cgprimer.expr.syntax import parse_expression

    of_arrays = any(isinstance(node.op, ArrayOp) for node in postorder([whole]))
    parse = parse_array_expression if of_arrays else parse_expression
    *left, right = line.split(" = ")
    text = _tree(parse(right), how)
    return " = ".join([*map(latex_name, left), text])


def _tree(root: Node, how: Typeset) -> str:
    return emit(_minus_before_fractions(root), lambda node: _parts(node, how))


def _parts(node: Node, how: Typeset) -> list[Node | str]:
    """A node as its LaTeX, with the arguments still to be spelled."""
    if node.op is NAME:
        return [latex_name(str(node.value), node.value in how.bold)]
    if node.op is CONST:
        return [latex_number(exact(float(node.value or 0.0)))]
    if isinstance(node.op, ArrayOp) and not node.op.latex:
        return array_latex_parts(node, level, leads_with_minus, how.rank)
    parts: list[Node | str] = []
    for text, position in _pieces(node.op, how.template(node)):
        parts.append(text)
        if position is not None:
            arg = node.args[position]
            needed = _needs_brackets(node.op, position, arg, text)
            parts += [r"\left(", arg, r"\right)"] if needed else [arg]
    return parts


@functools.cache
def _pieces(op: Op, template: str) -> list[tuple[str, int | None]]:
    """The template of an operation as texts, each with the argument that follows it."""
    called = op.name.replace("_", r"\_")
    places = ", ".join(f"{{{i}}}" for i in range(op.arity))
    template = (
        template or op.latex or rf"\operatorname{{{{{called}}}}}\left({places}\right)"
    )
    pieces: list[tuple[str, int | None]] = []
    text = ""
    # format() would want all arguments spelled first, and so would recurse; cut into
    # pieces, the template goes onto the stack piece by piece.
    for literal, field, _, _ in string.Formatter().parse(template):
        text += literal
        if field is not None:
            pieces.append((text, int(field)))
            text = ""
    return [*pieces, (text, None)]


def _needs_brackets(op: Op, position: int, arg: Node, before: str) -> bool:
    """Whether an argument that follows the text `before` needs parentheses."""
    # e^{x} is an atom to the language, but e^{x}^{2} is no LaTeX.
    if op is OPS["pow"] and position == 0:
        return level(arg) < ATOM or _ends_raised(arg.op)
    if before.endswith(("{", "(", "|", ", ")):
        return False  # the template itself encloses it
    if op is OPS["neg"] or not op.symbol:
        return level(arg) < PRODUCT or leads_with_minus(arg)
    # Products of entries and of matrices bind alike; brackets say which comes first.
    if op is OPS["mul"] and is_product(arg.op):
        return True
    if position == 0:
        return level(arg) < op.binding
    return level(arg) <= op.binding - (op is OPS["add"]) or leads_with_minus(arg)


def level(node: Node) -> float:
    """How tightly a node binds as it is typeset, on the scale of the op table."""
    if node.op is OPS["div"]:
        return FRACTION
    if node.op is CONST and binding(node) == ATOM:
        # 1e-05 is written 1 \cdot 10^{-5}, and so binds as a product.
        return PRODUCT if "e" in exact(float(node.value or 0.0)) else ATOM
    if isinstance(node.op, ArrayOp):
        return array_level(node.op)
    return PRODUCT if _is_bare_product(node.op) else binding(node)


def leads_with_minus(node: Node) -> bool:
    """Whether the LaTeX of `node` begins with a minus sign."""
    while node.op in _LED or _is_bare_product(node.op) or is_product(node.op):
        node = node.args[0]
    return binding(node) == MINUS


_LED = frozenset(OPS[name] for name in ("add", "sub", "mul"))


def _is_bare_product(op: Op) -> bool:
    """Whether an operation is typeset as a product that nothing encloses: xlogy."""
    return not op.symbol and op.latex.startswith("{0}")


def _ends_raised(op: Op) -> bool:
    return op.latex.endswith(("^{{{0}}}", "^{{{1}}}"))


def _minus_before_fractions(root: Node) -> Node:
    """`root` with (-a*b)/c as -(a*b/c): the minus goes before the fraction."""

    def visit(node: Node, args: list[Signed]) -> Signed:
        """The node, and what follows the minus that it begins with, if there is one."""
        made = intern(node.op, tuple(a for a, _ in args), node.value) if args else node
        if binding(node) == MINUS:
            return made, made.args[0] if args else const(-float(node.value or 0.0))
        # -a*b*c is ((-a)*b)*c: the minus is passed on from the left.
        positive = args[0][1] if node.op in (OPS["mul"], OPS["div"]) else None
        if positive is None:
            return made, None
        positive = node.op(positive, made.args[1])
        return made if node.op is OPS["mul"] else OPS["neg"](positive), positive

    return fold([root], visit)[root][0]
